"""A whole class: find what is to be graded, have it graded in parallel, save it one by one."""

import difflib
import hashlib
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

from nbgrader.coursedir import CourseDirectory

from autograder import database, late
from autograder.engine import digests, journal, submission
from autograder.engine.claims import claims
from autograder.engine.ledger import Ledger
from autograder.engine.part import Part
from autograder.engine.plan import read_plan
from autograder.engine.preprocessors import Execute
from autograder.engine.work import Job

TAKEN_SECONDS = 0.3  # how often to ask for submissions that another grader has


class NothingToGrade(RuntimeError):
    """The assignment or its submissions are not there; the text says which."""


@dataclass
class Summary:
    """What a run did.

    Parameters
    ----------
    graded, unchanged : list of str
        Students.
    not_whole : list of str
        Students of whom one exercise cannot be graded alone, because the whole submission has not been graded.
    penalties : dict of str to (float, float)
        By student whose penalty for lateness changed: what it was and is.
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
    not_whole: list = field(default_factory=list)
    penalties: dict = field(default_factory=dict)
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
        if self.not_whole:
            lines.append(f"not graded, grade them whole first: {', '.join(sorted(self.not_whole))}")
        lines += [
            f"{student}: the penalty for lateness was {before:g} points and is {after:g}"
            for student, (before, after) in sorted(self.penalties.items())
        ]
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
    course_dir, assignment, jobs=1, scheduler=None, students=None, shard=None, exercise=None, force=False,
    allow_unconfined=False, limits=None, config=None, progress=None,
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
    shard : (int, int), optional
        Only part k of n of the class; who is in it depends on the student's name and n alone.
    exercise : str, optional
        Change the points of this exercise alone, such as ``"3.5"``, in submissions that are graded already.
    force : bool
        Grade also what did not change.
    allow_unconfined : bool
        Go on where the host cannot confine submissions.
    limits : Limits, optional
        As ``c.Execute`` has them unless given.
    config : traitlets.config.Config, optional
        Read from `course_dir` unless given.
    progress : callable, optional
        Called with the number of submissions done and to do, at the start and after each one.

    Returns
    -------
    Summary

    Raises
    ------
    NothingToGrade, autograder.engine.claims.AlreadyRunning
    ValueError
        If `exercise` or the configured late policy is not understood.
    autograder.engine.boxed.confine.NotConfined
    """
    start = time.perf_counter()
    config = config or load_config(course_dir)
    coursedir = CourseDirectory(config=config)
    settings = Execute(config=config)
    limits = limits or settings.limits
    allow_unconfined = allow_unconfined or settings.allow_unconfined
    report = progress or (lambda done, total: None)
    summary = Summary()
    policy = late.plugin(config)
    with claims(coursedir, assignment) as mine:
        ledger = Ledger(coursedir, assignment, policy)
        try:
            ledger.sweep(mine)
            class_ = _Class(coursedir, assignment, ledger, limits, settings.run_rest, exercise)
            todo = class_.to_grade(_chosen(class_.students(), students, shard, class_), force, summary)
            report(0, len(todo))
            if todo:
                imports = sorted({name for plan in class_.plans for name in plan.imports})
                with _pool(scheduler, min(jobs, len(todo)), coursedir.root, imports, limits, allow_unconfined) as pool:
                    ahead = 2 * max(jobs, pool.size)
                    for record in _results(pool, class_, todo, ahead, mine, force, summary):
                        class_.save(record)
                        mine.give_back(record.student)
                        record.seconds["reading"] = class_.seconds_reading(record.student)
                        summary.add(record)
                        report(len(summary.graded), len(todo))
            summary.penalties = ledger.refresh_penalties()
        finally:
            ledger.close()
    summary.wall = time.perf_counter() - start
    return summary


def _chosen(known, students, shard, class_):
    """Of the students who handed in, those that a run is for."""
    if not known:
        raise NothingToGrade(f"No submissions of {class_.assignment} in {class_.folder('*')}.")
    if students is not None:
        for name in students:
            if name not in known:
                close = difflib.get_close_matches(name, known)
                hint = f"; did you mean {' or '.join(close)}?" if close else ""
                raise NothingToGrade(f"No submission of {class_.assignment} by {name!r} in {class_.folder('*')}{hint}")
        known = [name for name in known if name in students]
    if shard is not None:
        known = [name for name in known if in_shard(name, *shard)]
    return known


def in_shard(student, k, n):
    """Whether a student is in part k of n of a class, whoever else is in it; parts are about equal."""
    return int.from_bytes(hashlib.sha256(student.encode()).digest()[:8], "big") % n == k - 1


def _pool(scheduler, jobs, root, imports, limits, allow_unconfined):
    if scheduler is None:
        from autograder.engine.boxed import confine
        from autograder.engine.workers import LocalPool

        if not allow_unconfined:
            confine.require(confine.offered())  # one clear line here, where a worker's refusal would be a traceback
        return LocalPool(jobs, root, imports, limits, not allow_unconfined)
    from autograder.engine.cluster import ClusterPool

    return ClusterPool(scheduler, imports, limits, not allow_unconfined)


def _results(pool, class_, todo, ahead, mine, force, summary):
    """Records in the order in which they get ready; at most `ahead` submissions are in memory at a time."""
    waiting, running = deque(todo), {}
    while waiting or running:
        for _ in range(len(waiting)):
            if len(running) >= ahead:
                break
            student = waiting.popleft()
            if not mine.take(student):  # another grader has it, and may be killed before it is saved
                waiting.append(student)
            elif mine.shared and not force and class_.is_done(student):  # another grader did it in the meantime
                mine.give_back(student)
                todo.remove(student)
                summary.unchanged.append(student)
            else:
                job = class_.job(student)
                running[pool.submit(job)] = job
        if not running:
            if waiting:
                time.sleep(TAKEN_SECONDS)
            continue
        ready, _ = pool.wait(running)
        for future in ready:
            job = running.pop(future)
            try:
                yield future.result()
            except pool.broken as problem:  # a worker died, which is no submission's doing: once more, alone
                yield pool.again(job, problem)


class _Class:
    """The submissions of an assignment and what they are graded by."""

    def __init__(self, coursedir, assignment, ledger, limits, run_rest, exercise=None):
        self.coursedir = coursedir
        self.assignment = assignment
        self.limits = limits
        self.run_rest = run_rest
        self.ledger = ledger
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
        self.part = None if exercise is None else Part(exercise, self.plans)
        self.shared = database.is_shared(coursedir.db_url)
        self._files, self._current, self._reading = {}, {}, {}

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

    def to_grade(self, students, force, summary):
        """Students whose submission or tests changed."""
        names = [plan.name for plan in self.plans]
        entries = journal.entries(self.session, self.assignment)
        self.session.rollback()  # on a server, a transaction that only read would stay open while cells run
        todo = []
        for student in students:
            self._current[student] = (submission.folder_digest(self.folder(student), names), self.tests)
            entry = entries.get(student)
            if self.part is not None and not self._is_whole(student, entry):
                summary.not_whole.append(student)
            elif not force and self._is_graded(student, entry):
                summary.unchanged.append(student)
            else:
                todo.append(student)
        return todo

    def is_done(self, student):
        """Whether a submission is graded by now."""
        entry = journal.entries(self.session, self.assignment, student).get(student)
        self.session.rollback()
        return self._is_graded(student, entry)

    def _graded_folder(self, student):
        return self._path(self.coursedir.autograded_directory, student)

    def _is_graded(self, student, entry):
        if entry is None:
            return False
        if self.part is not None:
            return entry.has_exercise(self.part.exercise, self._current[student])
        elsewhere = self.shared and entry.details.get("place", "") != journal.here(self.coursedir.root)
        return entry.hashes == self._current[student] and (elsewhere or self._graded_folder(student).is_dir())

    def _is_whole(self, student, entry):
        """Whether there is a graded submission, the same that is there now, of which a part can change."""
        return (
            entry is not None
            and entry.submission == self._current[student][0]
            and all((self._graded_folder(student) / f"{plan.name}.ipynb").is_file() for plan in self.plans)
        )

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
            limits=self.limits.as_dict(), remarks=remarks, timestamp=_timestamp(stamp), run_rest=self.run_rest,
        )  # fmt: skip
        self._reading[student] = time.perf_counter() - began
        return job

    def seconds_reading(self, student):
        """How long it took to make a student's job."""
        return self._reading.pop(student, 0.0)

    def save(self, record):
        """Save a record: all of it, or one exercise's part."""
        files = self._files.pop(record.student, {})
        if self.part is None:
            self.ledger.save(record, files)
        elif not record.failed:  # else the submission stays as it was graded before
            self.ledger.save(self.part.of(record, self._graded_folder(record.student)), files)


def _timestamp(stamp):
    """The submission's time as text, when it can be read."""
    from nbgrader.utils import parse_utc

    try:
        text = stamp.decode().strip()
        parse_utc(text)
    except Exception:  # whatever a student put into the file
        return None
    return text
