"""nbgrader's autograde step, made safe against what it copies and what is missing.

nbgrader has no setting for these, so `install` puts a subclass in the place of its converter. Everything that is
configured for `Autograde` holds for it.
"""

import contextlib
import datetime as dt
import fnmatch
import glob
import os
from pathlib import Path

import nbformat
from nbconvert.exporters import NotebookExporter
from nbconvert.exporters.exporter import ResourcesDict
from nbgrader.api import Gradebook, MissingEntry, Student
from nbgrader.converters.autograde import Autograde
from nbgrader.converters.base import BaseConverter, NbGraderException
from nbgrader.utils import is_ignored
from traitlets import Type

from autograder import database, late
from autograder.engine import digests, journal, results, submission
from autograder.engine.boxed.confine import NotConfined
from autograder.engine.claims import AlreadyRunning, claims
from autograder.engine.plan import read_plans
from autograder.engine.preprocessors import close_workers

MAX_FILE = 100 * 2**20


class LenientExporter(NotebookExporter):
    """Hands the preprocessors an empty notebook where the file is broken or missing; `Sanitise` says what is wrong."""

    def from_filename(self, filename, resources=None, **kwargs):
        resources = ResourcesDict() if resources is None else resources
        path, name = os.path.split(str(filename))
        resources.setdefault("metadata", ResourcesDict())
        resources["metadata"] |= {"name": os.path.splitext(name)[0], "path": path, "modified_date": _today()}
        data = submission.read_regular(filename, submission.NOTEBOOK_BYTES)
        try:
            notebook = nbformat.reads(data.decode("utf-8-sig"), as_version=4)
        except Exception:  # whatever a damaged file brings forth
            notebook = nbformat.v4.new_notebook()
        return self.from_notebook_node(notebook, resources=resources, **kwargs)


def _today():
    today = dt.date.today()
    return f"{today:%B} {today.day}, {today.year}"


class _RegularFiles(BaseConverter):
    """Copies what came with a submission, but only regular files: nbgrader follows links, wherever they point."""

    def init_assignment(self, assignment_id, student_id):
        source = self._format_source(assignment_id, student_id)
        destination = self._format_dest(assignment_id, student_id)
        for where, folders, names in os.walk(source):
            folders[:] = [
                name for name in folders
                if not os.path.islink(os.path.join(where, name))
                and not is_ignored(os.path.join(where, name), self.coursedir.ignore)
            ]  # fmt: skip
            for name in names:
                path = os.path.join(where, name)
                if name.endswith(".ipynb") or is_ignored(path, self.coursedir.ignore):
                    continue
                content = submission.read_regular(path, MAX_FILE + 1)
                if content is None or len(content) > MAX_FILE:
                    self.log.warning("Not copied, a link or too large: %s", path)
                    continue
                target = Path(destination) / os.path.relpath(path, source)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.unlink(missing_ok=True)
                target.write_bytes(content)


class EngineAutograde(Autograde, _RegularFiles):
    """Autograde that grades missing notebooks, redoes what a killed run left half done, and leaves the rest alone."""

    exporter_class = Type(LenientExporter, klass=NotebookExporter).tag(config=True)
    _now = None  # hashes of the submission at hand and its tests, from before it is graded
    _was_done = False  # whether the journal had it so
    _details = None  # what the journal had of it

    def start(self):
        self.found = {}  # what the preprocessors found, by notebook of the submission at hand
        with contextlib.ExitStack() as stack:
            stack.callback(close_workers)
            try:
                late.plugin(self.config)  # a rule that is not understood is one line now, not one for each submission
                self._claims = stack.enter_context(claims(self.coursedir, self.coursedir.assignment_id))
            except (AlreadyRunning, ValueError) as problem:
                self.log.error("%s", problem)
                raise NbGraderException(str(problem)) from None
            self._claimed = None
            super().start()

    def init_notebooks(self):
        """Find submissions; one without notebook counts as an empty one."""
        expected = self._expected_notebooks()
        pattern = self._format_source(self.coursedir.assignment_id, self.coursedir.student_id)
        found = {}
        for folder in sorted(glob.glob(pattern)):
            if os.path.islink(folder) or not os.path.isdir(folder):
                continue
            present = {os.path.basename(path) for path in glob.glob(os.path.join(glob.escape(folder), "*.ipynb"))}
            names = sorted(f"{name}.ipynb" for name in expected) or sorted(present)
            for name in sorted(present - set(names)):
                self.log.warning("Skipping unknown notebook: %s", os.path.join(folder, name))
            wanted = [name for name in names if fnmatch.fnmatch(name, f"{self.coursedir.notebook_id}.ipynb")]
            if wanted:
                found[folder] = [os.path.join(folder, name) for name in wanted]
        if not found:
            super().init_notebooks()  # says what it looked for
        self.assignments, self.notebooks = found, []

    def _expected_notebooks(self):
        with Gradebook(self.coursedir.db_url, self.coursedir.course_id) as gradebook:
            try:
                return [notebook.name for notebook in gradebook.find_assignment(self.coursedir.assignment_id).notebooks]
            except MissingEntry:
                return []

    def init_destination(self, assignment_id, student_id):
        """Whether to grade: always what the journal does not know, and what has changed since."""
        if self._claimed is not None:
            self._claims.give_back(self._claimed)
            self._claimed = None
        if not self._claims.take(student_id):
            self.log.warning("Left out, another grader is grading it at the moment: %s", student_id)
            return False
        self._claimed = student_id
        should = super().init_destination(assignment_id, student_id)
        excluded = (self.coursedir.student_id_exclude or "").split(",")
        if student_id in excluded or not (should or self._is_whole()):
            return should
        with self._journal() as session:
            done = journal.entries(session, assignment_id, student_id).get(student_id)
        self._now = self._digests(assignment_id, student_id)
        self._was_done = done is not None and done.hashes == self._now
        self._details = done.details if done else {}
        if not should and self._was_done:
            return False
        if not should:
            self.log.info(
                "Grading again, because the submission or its tests changed or a run was cut short: %s", student_id
            )
            force, self.force = self.force, True
            try:
                should = super().init_destination(assignment_id, student_id)
            finally:
                self.force = force
        if done is not None:  # from here to the last step a kill leaves notebooks behind that are not graded
            with self._journal() as session:
                journal.reopen(session, assignment_id, student_id)
        return should

    def init_assignment(self, assignment_id, student_id):
        """Prepare a submission's folder and rows; of two graders who meet a student first, one makes the row."""
        self.found = {}
        if self.create_student:
            with Gradebook(self.coursedir.db_url, self.coursedir.course_id) as gradebook:
                database.insert_missing(gradebook.db, Student, id=student_id)
                gradebook.db.commit()
        super().init_assignment(assignment_id, student_id)

    def set_permissions(self, assignment_id, student_id):
        """The last step for a submission: when all its notebooks are graded, the journal may say so."""
        super().set_permissions(assignment_id, student_id)
        with self._journal() as session:
            for notebook, found in self.found.items():
                results.replace(session, assignment_id, student_id, notebook, found.get("results", []))
            if self._was_done or self._is_whole():
                before = [] if self._is_whole() else [self._kept_details()]
                details = journal.details([*before, *self.found.values()])
                details["place"] = journal.here(self.coursedir.root)
                journal.note(session, assignment_id, student_id, *self._now, details)

    def _kept_details(self):
        """Details of the run before about notebooks that this one leaves out."""
        again = {row["cell"] for found in self.found.values() for row in found.get("results", [])}
        kept = dict(self._details or {})
        for kind in ("reasons", "mistakes"):
            kept[kind] = {cell: text for cell, text in kept.get(kind, {}).items() if cell not in again}
        return kept

    def _is_whole(self):
        """Whether this run grades all notebooks of the submission at hand: ``--notebook`` may leave some out."""
        return {Path(path).stem for path in self.notebooks} >= set(self._expected_notebooks())

    @contextlib.contextmanager
    def _journal(self):
        """The gradebook's session with the journal's tables; committed at the end."""
        with Gradebook(self.coursedir.db_url, self.coursedir.course_id) as gradebook:
            journal.prepare(gradebook.db)
            yield gradebook.db
            gradebook.db.commit()

    def convert_single_notebook(self, notebook_filename):
        """Convert a notebook; where submissions cannot be confined, stop the run instead of failing one by one."""
        try:
            super().convert_single_notebook(notebook_filename)
        except NotConfined as problem:
            raise SystemExit(str(problem)) from None

    def _digests(self, assignment_id, student_id):
        """Hashes of submission and tests, as the class run writes them; None when there is no such assignment."""
        places = (self.coursedir.release_directory, self.coursedir.source_directory)
        folders = [self.coursedir.format_path(place, student_id=".", assignment_id=assignment_id) for place in places]
        try:
            plans = read_plans(self.coursedir.db_url, self.coursedir.course_id, assignment_id, folders)
        except MissingEntry:  # nbgrader's own step says so
            return None
        folder = self.coursedir.format_path(
            self.coursedir.submitted_directory, student_id=student_id, assignment_id=assignment_id
        )
        return submission.folder_digest(folder, [plan.name for plan in plans]), digests.tests_digest(plans)


def install(sqlite_journal="auto"):
    """Let ``nbgrader autograde`` and formgrader use `EngineAutograde`; called in nbgrader_config.py.

    Parameters
    ----------
    sqlite_journal : {"auto", "wal", "delete"}
        See `autograder.database.install`, which makes connections to the gradebook safe.
    """
    import nbgrader.apps.api
    import nbgrader.apps.autogradeapp

    database.install(sqlite_journal)
    nbgrader.apps.api.Autograde = EngineAutograde
    nbgrader.apps.autogradeapp.Autograde = EngineAutograde
