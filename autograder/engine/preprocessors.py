"""The engine as nbgrader preprocessors, for plain ``nbgrader autograde`` and formgrader's button."""

import atexit
import os
from pathlib import Path

from nbgrader.api import Gradebook
from nbgrader.converters.base import NbGraderException
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Bool, Float, Int

from autograder.engine import digests, journal, results, submission
from autograder.engine.limits import Limits
from autograder.engine.notebook import grade_notebook, is_given, is_test
from autograder.engine.plan import imported_modules, read_plan
from autograder.engine.sanitise import remarks_cell, sanitise
from autograder.engine.warm import ServerLost
from autograder.engine.work import Worker

_workers = {}  # by course folder; one process grades one course, so there is hardly ever more than one


def close_workers():
    """Stop the fork servers of this process."""
    while _workers:
        _workers.popitem()[1].close()


atexit.register(close_workers)


def _coursedir(step):
    """nbgrader's idea of the class's folders, as the converter above a preprocessor knows it; None without one."""
    while step is not None:
        if getattr(step, "coursedir", None) is not None:
            return step.coursedir
        step = getattr(step, "parent", None)
    return None


def _tell_converter(step, notebook, **found):
    """Hand what a step found to the converter above it, which saves it when the whole submission is graded."""
    while step is not None:
        if hasattr(step, "found"):
            step.found.setdefault(notebook, {}).update(found)
            return
        step = getattr(step, "parent", None)


class Sanitise(NbGraderPreprocessor):
    """Make a clean notebook of the submitted file; it replaces nbgrader's sanitising steps but the last check."""

    def preprocess(self, nb, resources):
        names = resources["nbgrader"]
        folder = Path(resources["metadata"]["path"])
        coursedir = _coursedir(self)
        folders = []
        if coursedir is not None:
            places = (coursedir.release_directory, coursedir.source_directory)
            folders = [
                coursedir.format_path(place, student_id=".", assignment_id=names["assignment"]) for place in places
            ]
        with Gradebook(names["db_url"]) as gradebook:
            plan = read_plan(gradebook, names["assignment"], names["notebook"], folders)
        clean, remarks = sanitise(submission.read_notebook(folder, names["notebook"]), plan)
        _, refused = submission.extra_files(folder)
        remarks = refused + remarks
        for remark in remarks:
            self.log.warning("%s: %s", names["student"], remark)
        if remarks:
            clean.cells.insert(0, remarks_cell(remarks))
        _tell_converter(self, names["notebook"], remarks=remarks)
        return clean, resources


class Execute(NbGraderPreprocessor):
    """Run a sanitised notebook in a confined process and its test cells in this one.

    Parameters
    ----------
    allow_unconfined : bool
        Grade although the host cannot confine submissions; also by ``$AUTOGRADER_ALLOW_UNCONFINED``.
    call_seconds, cell_seconds, notebook_seconds : float
    memory_megabytes : int
        See `autograder.engine.limits.Limits`.
    timeout : float
        nbgrader's own name for the limit of a cell; it also bounds a call, which is a part of a test cell.
    run_rest : bool
        Whether cells after the last one with points are run as well, for the pictures in the feedback.
    """

    allow_unconfined = Bool(False, help="grade although the host cannot confine submissions").tag(config=True)
    call_seconds = Float(Limits.call_seconds, help="time limit of one call of a student's function").tag(config=True)
    cell_seconds = Float(Limits.cell_seconds, help="time limit of one cell").tag(config=True)
    notebook_seconds = Float(Limits.notebook_seconds, help="time limit of a notebook").tag(config=True)
    memory_megabytes = Int(Limits.memory_bytes // 2**20, help="memory limit of a submission").tag(config=True)
    timeout = Float(None, allow_none=True, help="time limit of a cell, by nbgrader's name").tag(config=True)
    run_rest = Bool(False, help="run the cells after the last one with points, too").tag(config=True)

    def __call__(self, nb, resources):
        if not self.enabled:  # without outputs nbgrader would give full points
            raise NbGraderException(
                "nbgrader's --no-execute would grade what students say their outputs are; it is off."
            )
        return super().__call__(nb, resources)

    @property
    def limits(self):
        """The limits that are configured."""
        call, cell = self.call_seconds, self.cell_seconds
        if self.timeout is not None and self.timeout > 0:  # nbgrader takes 0 and less for no limit
            call, cell = min(call, self.timeout), self.timeout
        return Limits(
            call_seconds=call, cell_seconds=cell, notebook_seconds=self.notebook_seconds,
            memory_bytes=self.memory_megabytes * 2**20,
        )  # fmt: skip

    def preprocess(self, nb, resources):
        names = resources["nbgrader"]
        files, _ = submission.extra_files(resources["metadata"]["path"])
        seed = self._seed(nb, names)
        for attempt in (1, 2):
            worker = self._worker(nb)
            try:
                graded = grade_notebook(nb, worker.warm, self.limits, seed, files, self.run_rest)
                break
            except ServerLost:  # not the submission's fault: a fresh server gets a second try
                worker.start()
                if attempt == 2:
                    raise
        for name, verdict in graded.verdicts.items():
            if verdict.mistake:
                self.log.error("The test %s raised %s", name, verdict.mistake)
        points = {
            cell.metadata.nbgrader["grade_id"]: cell.metadata.nbgrader["points"] for cell in nb.cells if is_test(cell)
        }
        _tell_converter(
            self, names["notebook"], results=results.rows(graded.verdicts, points), layers=graded.layers,
            seconds=graded.seconds, reasons={name: v.reason for name, v in graded.verdicts.items() if v.reason},
            mistakes={name: v.mistake for name, v in graded.verdicts.items() if v.mistake},
        )  # fmt: skip
        return nb, resources

    def _seed(self, nb, names):
        """The seed that a class run gives this submission, so that both mark by the same inputs."""
        coursedir = _coursedir(self)
        with Gradebook(names["db_url"]) as gradebook:
            journal.prepare(gradebook.db)
            secret = journal.secret(gradebook.db)
            notebooks = sorted(row.name for row in gradebook.find_assignment(names["assignment"]).notebooks)
        if coursedir is None:  # used without nbgrader's converter
            digest = submission.digest([("", "\0".join(cell.source for cell in nb.cells).encode())])
        else:
            folder = coursedir.format_path(
                coursedir.submitted_directory, student_id=names["student"], assignment_id=names["assignment"]
            )
            digest = submission.folder_digest(folder, notebooks)
        return digests.seed(secret, names["assignment"], names["student"], names["notebook"], digest)

    def _worker(self, nb):
        coursedir = _coursedir(self)
        root = os.getcwd() if coursedir is None else coursedir.root
        if root not in _workers:
            trusting = self.allow_unconfined or os.environ.get("AUTOGRADER_ALLOW_UNCONFINED") == "1"
            imports = imported_modules(cell.source for cell in nb.cells if is_given(cell))
            _workers[root] = Worker(root, imports, self.limits, confine=not trusting)
            self.log.info("Submissions are confined by: %s", ", ".join(_workers[root].layers))
        return _workers[root]
