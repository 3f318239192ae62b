"""The only writer of a class run: one transaction per submission, files before it, in one step each."""

import os
import shutil
from pathlib import Path

from nbgrader import utils as nbgrader_utils
from nbgrader.api import Comment, Grade, Gradebook, Student, SubmittedAssignment, SubmittedNotebook

from autograder.engine import journal, results

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
        self._write_files(record, files or {})
        try:
            submission = self._submission(record)
            for name, graded in record.notebooks.items():
                self._save_notebook(submission, name, graded, bool(record.failed))
                results.replace(self.session, self.assignment, record.student, name, graded["results"])
            if record.failed:
                journal.forget(self.session, self.assignment, record.student)
            else:
                journal.note(
                    self.session, self.assignment, record.student, record.submission_digest, record.tests_digest,
                    journal.details([vars(record)]),
                )  # fmt: skip
            self.session.commit()
        except BaseException:
            self.session.rollback()
            raise
        self.session.expire_all()

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
        """The submission with all its rows, made or completed to mirror the assignment."""
        session = self.session
        student = session.get(Student, record.student)
        if student is None:
            student = Student(id=record.student)
            session.add(student)
        assignment = self.gradebook.find_assignment(self.assignment)
        submission = (
            session.query(SubmittedAssignment)
            .filter_by(assignment_id=assignment.id, student_id=record.student)
            .one_or_none()
        )
        if submission is None:
            submission = SubmittedAssignment(assignment_id=assignment.id, student_id=record.student)
            session.add(submission)
            session.flush()
        submission.timestamp = nbgrader_utils.parse_utc(record.timestamp) if record.timestamp else submission.timestamp
        present = {row.notebook_id: row for row in submission.notebooks}
        for notebook in assignment.notebooks:
            row = present.get(notebook.id)
            if row is None:
                row = SubmittedNotebook(notebook_id=notebook.id, assignment_id=submission.id)
                session.add(row)
                session.flush()
            graded = {grade.cell_id for grade in row.grades}
            commented = {comment.cell_id for comment in row.comments}
            for cell in [*notebook.grade_cells, *notebook.task_cells]:
                if cell.id not in graded:
                    session.add(Grade(cell_id=cell.id, notebook_id=row.id))
            for cell in [*notebook.solution_cells, *notebook.task_cells]:
                if cell.id not in commented:
                    session.add(Comment(cell_id=cell.id, notebook_id=row.id))
        session.flush()
        session.expire_all()
        return session.get(SubmittedAssignment, submission.id)

    def _save_notebook(self, submission, name, graded, failed):
        row = next(row for row in submission.notebooks if row.name == name)
        for grade in row.grades:
            if grade.name not in graded["scores"]:
                continue
            grade.auto_score = graded["scores"][grade.name]
            # As nbgrader does: a score given by hand stays, and wants a second look.
            grade.needs_manual_grade = failed or grade.manual_score is not None or grade.auto_score is None
        for comment in row.comments:
            comment.auto_comment = "No response." if comment.name in graded["unanswered"] else None
        self.session.flush()
        self.session.expire(row)
        row.late_submission_penalty = self._penalty(submission, row)

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
