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
    Notebook,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
)  # fmt: skip
from sqlalchemy import select

from autograder import database, late
from autograder.engine import journal, results

PART, OLD = ".part", ".old"


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
        self.gradebook = database.open_gradebook(coursedir.db_url, coursedir.course_id)
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
        database.write(self.session, lambda: self._write_rows(record))
        self.session.expire_all()
        record.seconds["database"] = time.perf_counter() - began

    def _write_rows(self, record):
        # Other graders may save at the same time; whoever releases the chapter anew may not.
        database.lock(self.session, "release", self.assignment, shared=True)
        with self.session.no_autoflush:  # grades and comments are written all at once
            submission = self._submission(record)
            rows = [self._save_notebook(submission, name, graded, record) for name, graded in record.notebooks.items()]
        self.session.flush()
        if late.seconds_late(submission) > 0 or any(row.late_submission_penalty is not None for row in rows):
            for row in rows:
                self.session.expire(row, ["score"])  # a sum over the grades, which have changed
                row.late_submission_penalty = late.penalty(self.late_plugin, submission, row.score)
        for name, graded in record.notebooks.items():
            only = record.cells if record.exercise else None
            results.replace(self.session, self.assignment, record.student, name, graded["results"], only)
        names = (self.session, self.assignment, record.student)
        hashes = (record.submission_digest, record.tests_digest)
        if record.failed:
            journal.forget(*names)
        elif record.exercise:
            changes = {"reasons": record.reasons, "mistakes": record.mistakes}
            journal.note_exercise(*names, record.exercise, hashes, changes)
        else:
            details = journal.details([vars(record)]) | {"place": journal.here(self.coursedir.root)}
            journal.note(*names, *hashes, details)

    def refresh_penalties(self):
        """Bring the penalties for lateness up to date; returns those that changed (see `autograder.late.refresh`)."""

        def refresh():
            return late.refresh(self.session, self.gradebook.find_assignment(self.assignment), self.late_plugin)

        return database.write(self.session, refresh)

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
                _to_disk(os.path.join(where, name))
            _to_disk(where)
        if folder.exists():
            folder.rename(old)
        part.rename(folder)
        _to_disk(folder.parent)  # the database will say that this is graded, also after a power cut
        _remove(old)

    def sweep(self, claims):
        """Remove what a killed run left half written; what another run is writing at the moment stays.

        Parameters
        ----------
        claims : autograder.engine.claims.FolderClaims or autograder.engine.claims.ServerClaims
        """
        pattern = Path(self.coursedir.format_path(self.coursedir.autograded_directory, "*", self.assignment))
        base = Path(self.coursedir.format_path(self.coursedir.autograded_directory, ".", ".")).parent
        student = pattern.parts.index("*")
        for ending in (PART, OLD):
            for path in base.glob(str((pattern.parent / f".{pattern.name}{ending}").relative_to(base))):
                if not claims.take(path.parts[student]):
                    continue
                whole = path.with_name(path.name[1 : -len(ending)])
                if ending == OLD and not whole.exists():  # killed between the two renames: the database has the old one
                    path.rename(whole)
                _remove(path)
                claims.give_back(path.parts[student])

    # -- rows --

    def _submission(self, record):
        """The submission's row, made when there is none."""
        session = self.session
        assignment = self.gradebook.find_assignment(self.assignment)
        database.insert_missing(session, Student, id=record.student)
        own = {"assignment_id": assignment.id, "student_id": record.student}
        submission = self._row(SubmittedAssignment, **own)
        submission.timestamp = nbgrader_utils.parse_utc(record.timestamp) if record.timestamp else submission.timestamp
        return submission

    def _save_notebook(self, submission, name, graded, record):
        """Set a notebook's grades and comments; rows that the assignment has and the submission lacks are made."""
        notebook, with_grade, with_comment = self._cells(name)
        row = self._row(SubmittedNotebook, notebook_id=notebook, assignment_id=submission.id)
        for cell, grade in self._rows(Grade, row, with_grade):
            if cell not in graded["scores"]:
                continue
            grade.auto_score = graded["scores"][cell]
            # As nbgrader does: a score given by hand stays, and wants a second look.
            grade.needs_manual_grade = bool(record.failed) or grade.manual_score is not None or grade.auto_score is None
        for cell, comment in self._rows(Comment, row, with_comment):
            if not record.exercise or cell in record.cells:
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
        # By cell and notebook, because that is what nbgrader's tables have an index on. As they are now, and so until the
        # end of the transaction: a person may be giving points at this moment.
        query = self.session.query(table).filter(table.cell_id.in_(cells), table.notebook_id == row.id)
        query = query.order_by(table.id).with_for_update().populate_existing()
        present = {found.cell_id: found for found in query}
        for cell, name in cells.items():
            if cell not in present:
                present[cell] = table(cell_id=cell, notebook_id=row.id)
                self.session.add(present[cell])
            yield name, present[cell]

    def _row(self, table, **key):
        """The row with this key, made when there is none, and kept from other graders until the transaction ends."""
        database.insert_missing(self.session, table, **key)
        return self.session.query(table).filter_by(**key).with_for_update().populate_existing().one()


def _to_disk(path):
    """Wait until a file's content, or a folder's list of names, is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove(path):
    """Remove a folder, whatever the modes of what is in it."""
    if path.is_dir():
        shutil.rmtree(path)
