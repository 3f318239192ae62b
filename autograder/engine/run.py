"""A whole class: find what is to be graded, have it graded in parallel, save it one by one."""

import contextlib
import fcntl
import os
import time
from dataclasses import dataclass, field
from pathlib import Path

from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import AssignLatePenalties

from autograder.engine import digests, journal, submission
from autograder.engine.ledger import Ledger
from autograder.engine.limits import Limits
from autograder.engine.plan import read_plan
from autograder.engine.work import Job


class NothingToGrade(Exception):
    """The assignment or its submissions are not there; the text says which."""


class AlreadyRunning(Exception):
    """Another run grades this class at the moment."""


@dataclass
class Summary:
    """What a run did.

    Parameters
    ----------
    graded, unchanged : list of str
        Students.
    remarks : dict of str to list of str
        By student: what was wrong with the files.
    mistakes : dict of str to str
        By test cell: what went wrong in the test itself, with the first student it happened to.
    failed : dict of str to str
        By student: why the engine could not grade.
    layers : list of str
    seconds : dict of str to float
        Summed over submissions.
    wall : float
    """

    graded: list = field(default_factory=list)
    unchanged: list = field(default_factory=list)
    remarks: dict = field(default_factory=dict)
    mistakes: dict = field(default_factory=dict)
    failed: dict = field(default_factory=dict)
    layers: list = field(default_factory=list)
    seconds: dict = field(default_factory=dict)
    wall: float = 0.0

    def add(self, record):
        """Count a saved record."""
        self.graded.append(record.student)
        if record.remarks:
            self.remarks[record.student] = record.remarks
        for name, mistake in record.mistakes.items():
            self.mistakes.setdefault(name, f"{mistake} (student {record.student})")
        if record.failed:
            self.failed[record.student] = record.failed
        self.layers = record.layers or self.layers
        for part, seconds in record.seconds.items():
            self.seconds[part] = self.seconds.get(part, 0.0) + seconds

    def lines(self):
        """Text for a person, line by line."""
        lines = [f"graded {len(self.graded)}, unchanged {len(self.unchanged)}, {self.wall:.1f} s"]
        if self.layers:
            lines.append("confined by " + ", ".join(self.layers))
        lines += [f"{student}: {' '.join(remarks)}" for student, remarks in sorted(self.remarks.items())]
        lines += [f"the test {name} raised {mistake}" for name, mistake in sorted(self.mistakes.items())]
        lines += [
            f"NOT GRADED {student}: {why.strip().splitlines()[-1]}" for student, why in sorted(self.failed.items())
        ]
        return lines


def load_config(course_dir):
    """Configuration of a class: its nbgrader_config.py, as nbgrader itself loads it."""
    from traitlets.config import Config, PyFileConfigLoader

    path = Path(course_dir) / "nbgrader_config.py"
    config = PyFileConfigLoader(path.name, path=str(path.parent)).load_config() if path.exists() else Config()
    if "root" not in config.CourseDirectory:
        config.CourseDirectory.root = str(Path(course_dir).resolve())
    return config


def grade_class(
    course_dir, assignment, jobs=1, scheduler=None, students=None, force=False, allow_unconfined=False, limits=None,
    config=None, progress=None,
):  # fmt: skip
    """Grade an assignment's submissions; those graded already from the same files by the same tests are left alone.

    Parameters
    ----------
    course_dir : path
        The class's folder, with ``submitted/`` and ``nbgrader_config.py``.
    assignment : str
    jobs : int
        Worker processes on this machine.
    scheduler : str, optional
        Address of a Dask scheduler, such as ``"tcp://10.0.0.1:8786"``; its workers then do the work.
    students : collection of str, optional
        Only these.
    force : bool
        Grade also what did not change.
    allow_unconfined : bool
        Go on where the host cannot confine submissions.
    limits : Limits, optional
    config : traitlets.config.Config, optional
        Read from `course_dir` unless given.
    progress : callable, optional
        Called with the number of submissions done and to do, at the start and after each one.

    Returns
    -------
    Summary

    Raises
    ------
    NothingToGrade, AlreadyRunning
    autograder.engine.boxed.confine.NotConfined
    """
    start = time.perf_counter()
    config = config or load_config(course_dir)
    coursedir = CourseDirectory(config=config)
    limits = limits or Limits()
    report = progress or (lambda done, total: None)
    summary = Summary()
    with _alone(coursedir.root):
        ledger = Ledger(coursedir, assignment, _late_plugin(config))
        try:
            ledger.sweep()
            class_ = _Class(coursedir, assignment, ledger, limits)
            todo = class_.to_grade(students, force, summary)
            report(0, len(todo))
            if todo:
                imports = sorted({name for plan in class_.plans for name in plan.imports})
                with _pool(scheduler, min(jobs, len(todo)), coursedir.root, imports, limits, allow_unconfined) as pool:
                    for record in _results(pool, class_, todo, ahead=2 * max(jobs, pool.size)):
                        ledger.save(record, class_.files_beside(record.student))
                        record.seconds["reading"] = class_.seconds_reading(record.student)
                        summary.add(record)
                        report(len(summary.graded), len(todo))
        finally:
            ledger.close()
    summary.wall = time.perf_counter() - start
    return summary


def _pool(scheduler, jobs, root, imports, limits, allow_unconfined):
    if scheduler is None:
        from autograder.engine.boxed import confine
        from autograder.engine.workers import LocalPool

        if not allow_unconfined:
            confine.require(confine.offered())  # one clear line here, where a worker's refusal would be a traceback
        return LocalPool(jobs, root, imports, limits, not allow_unconfined)
    from autograder.engine.cluster import ClusterPool

    return ClusterPool(scheduler, imports, limits, not allow_unconfined)


def _results(pool, class_, todo, ahead):
    """Records in the order in which they get ready; at most `ahead` submissions are in memory at a time."""
    waiting, running = list(reversed(todo)), {}
    while waiting or running:
        while waiting and len(running) < ahead:
            job = class_.job(waiting.pop())
            running[pool.submit(job)] = job
        ready, _ = pool.wait(running)
        for future in ready:
            job = running.pop(future)
            try:
                yield future.result()
            except pool.broken as problem:  # a worker died, which is no submission's doing: once more, alone
                yield pool.again(job, problem)


class _Class:
    """The submissions of an assignment and what they are graded by."""

    def __init__(self, coursedir, assignment, ledger, limits):
        self.coursedir = coursedir
        self.assignment = assignment
        self.limits = limits
        self.session = ledger.session
        gradebook = ledger.gradebook
        source = self._path(coursedir.source_directory, ".")
        folders = (self._path(coursedir.release_directory, "."), source)
        try:
            names = sorted(notebook.name for notebook in gradebook.find_assignment(assignment).notebooks)
        except Exception:
            raise NothingToGrade(
                f"The gradebook has no assignment {assignment}: run nbgrader generate_assignment."
            ) from None
        self.plans = [read_plan(gradebook, assignment, name, folders) for name in names]
        self.given_files, _ = submission.extra_files(source) if source.is_dir() else ({}, [])
        self.tests = digests.tests_digest(self.plans)
        self.secret = journal.secret(self.session)
        self._files = {}
        self._reading = {}

    def _path(self, directory, student):
        return Path(self.coursedir.format_path(directory, student_id=student, assignment_id=self.assignment))

    def folder(self, student):
        return self._path(self.coursedir.submitted_directory, student)

    def students(self):
        """Everyone who handed a folder in, with or without a notebook in it."""
        pattern = self._path(self.coursedir.submitted_directory, "*")
        excluded = set(self.coursedir.student_id_exclude.split(","))
        index = pattern.parts.index("*")
        base = Path(*pattern.parts[:index])
        found = {
            path.parts[index]
            for path in base.glob(str(pattern.relative_to(base)))
            if path.is_dir() and not path.is_symlink()
        }
        return sorted(name for name in found if name not in excluded and not name.startswith("."))

    def to_grade(self, only, force, summary):
        """Students whose submission or tests changed."""
        known, names = self.students(), [plan.name for plan in self.plans]
        if not known:
            raise NothingToGrade(
                f"No submissions of {self.assignment} in {self._path(self.coursedir.submitted_directory, '*')}."
            )
        done = {} if force else journal.done(self.session, self.assignment)
        todo = []
        for student in known:
            if only is not None and student not in only:
                continue
            current = (submission.folder_digest(self.folder(student), names), self.tests)
            if done.get(student) == current and self._path(self.coursedir.autograded_directory, student).is_dir():
                summary.unchanged.append(student)
            else:
                todo.append(student)
        return todo

    def job(self, student):
        """The job of grading one student's submission."""
        began = time.perf_counter()
        names = [plan.name for plan in self.plans]
        notebooks, files, remarks, stamp = submission.read_parts(self.folder(student), names)
        digest = submission.parts_digest(notebooks, files, stamp)
        self._files[student] = files | self.given_files
        job = Job(
            assignment=self.assignment, student=student, submission_digest=digest, tests_digest=self.tests,
            plans=[plan.to_json() for plan in self.plans], notebooks=notebooks, files=files | self.given_files,
            seeds={name: digests.seed(self.secret, self.assignment, student, name, digest) for name in names},
            limits=self.limits.as_dict(), remarks=remarks, timestamp=_timestamp(stamp),
        )  # fmt: skip
        self._reading[student] = time.perf_counter() - began
        return job

    def seconds_reading(self, student):
        """How long it took to make a student's job."""
        return self._reading.pop(student, 0.0)

    def files_beside(self, student):
        """Files to put beside a student's graded notebooks."""
        return self._files.pop(student, {})


def _timestamp(stamp):
    """The submission's time as text, when it can be read."""
    from nbgrader.utils import parse_utc

    try:
        text = stamp.decode().strip()
        parse_utc(text)
    except Exception:  # whatever a student put into the file
        return None
    return text


def _late_plugin(config):
    step = AssignLatePenalties(config=config)
    step.init_plugin()
    return step.plugin_inst


@contextlib.contextmanager
def _alone(root):
    """Hold the class's folder: two runs at once would do everything twice. The lock vanishes with its process."""
    descriptor = os.open(root, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(f"Another run is grading the class in {root}.") from None
        yield
    finally:
        os.close(descriptor)
