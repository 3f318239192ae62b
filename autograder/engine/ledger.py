"""The only writer of a class run: one transaction per submission, files before it, in one step each."""

import os
import shutil
import time
from pathlib import Path

from nbgrader import utils as nbgrader_utils
from nbgrader.api import (
    Assignment,
    BaseCell,
    Comment,
    Grade,
    Gradebook,
    Notebook,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
    new_uuid,
)  # fmt: skip
from sqlalchemy import select

from autograder.engine import journal

PART, OLD = ".part", ".old"


def open_gradebook(db_url, course_id):
    """Gradebook that waits for a locked SQLite file (formgrader may be writing) instead of failing at once."""
    if db_url.startswith("sqlite:") and "?" not in db_url:
        db_url += "?timeout=60"
    return Gradebook(db_url, course_id)


class Ledger:
    """Saves records.

    Parameters
    ----------
    coursedir : nbgrader.coursedir.CourseDirectory
    assignment : str
    late_plugin : nbgrader.plugins.BasePlugin
        Decides on penalties for late submissions.
    """

    def __init__(self, coursedir, assignment, late_plugin):
        self.coursedir = coursedir
        self.assignment = assignment
        self.late_plugin = late_plugin
        self.gradebook = open_gradebook(coursedir.db_url, coursedir.course_id)
        self.session = self.gradebook.db
        journal.prepare(self.session)

    def close(self):
        """Close the gradebook."""
        self.gradebook.close()

    def save(self, record, files=None):
        """Write a graded submission's notebooks, then its grades and its line in the journal.

        Parameters
        ----------
        record : Record
        files : dict of str to bytes
            What else belongs into the submission's graded folder.
        """
        began = time.perf_counter()
        self._write_files(record, files or {})
        record.seconds["files"] = time.perf_counter() - began
        began = time.perf_counter()
        try:
            with self.session.no_autoflush:  # rows have their ids from the start and are written all at once
                submission = self._submission(record)
                rows = [
                    self._save_notebook(submission, name, graded, bool(record.failed))
                    for name, graded in record.notebooks.items()
                ]
            self.session.flush()
            for row in rows:
                row.late_submission_penalty = self._penalty(submission, row)
            if record.failed:
                journal.forget(self.session, self.assignment, record.student)
            else:
                journal.note(
                    self.session, self.assignment, record.student, record.submission_digest, record.tests_digest,
                    {"remarks": record.remarks, "reasons": record.reasons, "mistakes": record.mistakes,
                     "layers": record.layers},
                )  # fmt: skip
            self.session.commit()
        except BaseException:
            self.session.rollback()
            raise
        self.session.expire_all()
        record.seconds["database"] = time.perf_counter() - began

    # -- files --

    def folder(self, student):
        """Folder of a student's graded notebooks."""
        return Path(
            self.coursedir.format_path(
                self.coursedir.autograded_directory, student_id=student, assignment_id=self.assignment
            )
        )

    def _write_files(self, record, files):
        folder = self.folder(record.student)
        part, old = (folder.with_name(f".{folder.name}{ending}") for ending in (PART, OLD))
        for left_over in (part, old):
            _remove(left_over)
        part.mkdir(parents=True)
        for name, content in files.items():
            path = part / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        for name, graded in record.notebooks.items():
            (part / f"{name}.ipynb").write_text(graded["text"] + "\n", encoding="utf-8")
        if record.timestamp:
            (part / "timestamp.txt").write_text(record.timestamp)
        mode = 0o664 if self.coursedir.groupshared else 0o444
        for where, _, names in os.walk(part):
            for name in names:
                os.chmod(os.path.join(where, name), mode)
        if folder.exists():
            folder.rename(old)
        part.rename(folder)
        _remove(old)

    def sweep(self):
        """Remove what a killed run left half written."""
        pattern = Path(self.coursedir.format_path(self.coursedir.autograded_directory, "*", self.assignment))
        base = Path(self.coursedir.format_path(self.coursedir.autograded_directory, ".", ".")).parent
        for ending in (PART, OLD):
            for path in base.glob(str((pattern.parent / f".{pattern.name}{ending}").relative_to(base))):
                _remove(path)

    # -- rows --

    def _submission(self, record):
        """The submission's row, made when there is none."""
        session = self.session
        if session.get(Student, record.student) is None:
            session.add(Student(id=record.student))
        assignment = self.gradebook.find_assignment(self.assignment)
        own = {"assignment_id": assignment.id, "student_id": record.student}
        submission = self._row(SubmittedAssignment, **own)
        submission.timestamp = nbgrader_utils.parse_utc(record.timestamp) if record.timestamp else submission.timestamp
        return submission

    def _save_notebook(self, submission, name, graded, failed):
        """Set a notebook's grades and comments; rows that the assignment has and the submission lacks are made."""
        notebook, with_grade, with_comment = self._cells(name)
        row = self._row(SubmittedNotebook, notebook_id=notebook, assignment_id=submission.id)
        for cell, grade in self._rows(Grade, row, with_grade):
            if cell not in graded["scores"]:
                continue
            grade.auto_score = graded["scores"][cell]
            # As nbgrader does: a score given by hand stays, and wants a second look.
            grade.needs_manual_grade = failed or grade.manual_score is not None or grade.auto_score is None
        for cell, comment in self._rows(Comment, row, with_comment):
            comment.auto_comment = "No response." if cell in graded["unanswered"] else None
        return row

    def _cells(self, name):
        """A notebook's id, and the names of its cells with a grade and of those with a comment, by id."""
        query = (
            select(Notebook.id, BaseCell.id, BaseCell.name, BaseCell.type)
            .select_from(Notebook).join(Assignment, Notebook.assignment_id == Assignment.id)
            .outerjoin(BaseCell, BaseCell.notebook_id == Notebook.id)
            .where(Assignment.name == self.assignment, Notebook.name == name).order_by(BaseCell.name)
        )  # fmt: skip
        found = self.session.execute(query).all()
        with_grade = {cell: name for _, cell, name, kind in found if kind in ("GradeCell", "TaskCell")}
        with_comment = {cell: name for _, cell, name, kind in found if kind in ("SolutionCell", "TaskCell")}
        return found[0][0], with_grade, with_comment

    def _rows(self, table, row, cells):
        """Pairs of a cell's name and its row in a table of grades or comments."""
        # By cell and notebook, because that is what nbgrader's tables have an index on.
        query = self.session.query(table).filter(table.cell_id.in_(cells), table.notebook_id == row.id)
        present = {found.cell_id: found for found in query}
        for cell, name in cells.items():
            if cell not in present:
                present[cell] = table(cell_id=cell, notebook_id=row.id)
                self.session.add(present[cell])
            yield name, present[cell]

    def _row(self, table, **key):
        """The row with this key, made when there is none."""
        row = self.session.query(table).filter_by(**key).one_or_none()
        if row is None:
            row = table(id=new_uuid(), **key)
            self.session.add(row)
        return row

    def _penalty(self, submission, row):
        """What `nbgrader.preprocessors.AssignLatePenalties` would set."""
        late = submission.total_seconds_late
        if late <= 0:
            return None
        penalty = self.late_plugin.late_submission_penalty(submission.student_id, row.score, late)
        return None if penalty is None else min(max(penalty, 0), row.score)


def _remove(path):
    """Remove a folder, whatever the modes of what is in it."""
    if path.is_dir():
        shutil.rmtree(path)
