"""The only writer of a class run: one transaction per submission, files before it, in one step each."""

import os
import shutil
from pathlib import Path

from nbgrader import utils as nbgrader_utils
from nbgrader.api import Comment, Grade, Student, SubmittedAssignment, SubmittedNotebook

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
        self._write_files(record, files or {})
        database.write(self.session, lambda: self._write_rows(record))
        self.session.expire_all()

    def _write_rows(self, record):
        # Other graders may save at the same time; whoever releases the chapter anew may not.
        database.lock(self.session, "release", self.assignment, shared=True)
        submission = self._submission(record)
        for name, graded in record.notebooks.items():
            self._save_notebook(submission, name, graded, record)
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
        """The submission with all its rows, made or completed to mirror the assignment."""
        session = self.session
        assignment = self.gradebook.find_assignment(self.assignment)
        database.insert_missing(session, Student, id=record.student)
        own = {"assignment_id": assignment.id, "student_id": record.student}
        database.insert_missing(session, SubmittedAssignment, **own)
        submission = session.query(SubmittedAssignment).filter_by(**own).with_for_update().populate_existing().one()
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

    def _save_notebook(self, submission, name, graded, record):
        row = next(row for row in submission.notebooks if row.name == name)
        # As they are now, and so until the end of the transaction: a person may be giving points at this moment.
        grades = self.session.query(Grade).filter_by(notebook_id=row.id).with_for_update().populate_existing()
        for grade in grades.order_by(Grade.id):
            if grade.name not in graded["scores"]:
                continue
            grade.auto_score = graded["scores"][grade.name]
            # As nbgrader does: a score given by hand stays, and wants a second look.
            grade.needs_manual_grade = bool(record.failed) or grade.manual_score is not None or grade.auto_score is None
        for comment in row.comments:
            if not record.exercise or comment.name in record.cells:
                comment.auto_comment = "No response." if comment.name in graded["unanswered"] else None
        self.session.flush()
        self.session.expire(row)
        row.late_submission_penalty = late.penalty(self.late_plugin, submission, row.score)


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
