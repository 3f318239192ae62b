"""One submission from bytes to a record that can be saved: what a worker does, here or on another machine."""

import time
import traceback
from dataclasses import dataclass, field

import nbformat
from nbgrader import utils as nbgrader_utils

from autograder.engine import results
from autograder.engine.limits import Limits
from autograder.engine.notebook import grade_notebook
from autograder.engine.plan import NotebookPlan
from autograder.engine.sanitise import remarks_cell, sanitise
from autograder.engine.warm import ServerLost, Warm


@dataclass
class Job:
    """A submission to be graded; data only, so that it can travel.

    Parameters
    ----------
    assignment, student : str
    submission_digest, tests_digest : str
    plans : list of dict
        See `NotebookPlan.to_json`.
    notebooks : dict of str to bytes or None
    files : dict of str to bytes
    seeds : dict of str to int
        By notebook.
    limits : dict
    remarks : list of str
        About the submission's files.
    timestamp : str or None
    run_rest : bool
        See `grade_notebook`.
    """

    assignment: str
    student: str
    submission_digest: str
    tests_digest: str
    plans: list
    notebooks: dict
    files: dict
    seeds: dict
    limits: dict
    remarks: list = field(default_factory=list)
    timestamp: str | None = None
    run_rest: bool = False


@dataclass
class Record:
    """What is saved of a graded submission.

    Parameters
    ----------
    assignment, student, submission_digest, tests_digest : str
        As in the job.
    notebooks : dict
        By name: ``text`` (the graded notebook's file), ``scores`` (points or None by cell id), ``unanswered``
        (answer cells left as released) and ``results`` (see `autograder.engine.results.rows`).
    remarks : list of str
    reasons : dict
        By test cell: why points are missing.
    mistakes : dict
        By test cell: what went wrong in the test itself.
    layers : list of str
    seconds : dict of str to float
        In the worker: ``fork``, ``cells``, ``tests`` (see `Graded`), ``conversion`` (from the submitted file and to the
        graded one) and ``other``; then in the coordinator: ``reading``, ``files`` and ``database``.
    failed : str
        Why the engine could not grade at all; such a record is not final.
    exercise : str
        The one exercise that is to be saved; empty for all (see `autograder.engine.part`).
    cells : list of str
        Its cells.
    """

    assignment: str
    student: str
    submission_digest: str
    tests_digest: str
    timestamp: str | None = None
    notebooks: dict = field(default_factory=dict)
    remarks: list = field(default_factory=list)
    reasons: dict = field(default_factory=dict)
    mistakes: dict = field(default_factory=dict)
    layers: list = field(default_factory=list)
    seconds: dict = field(default_factory=dict)
    failed: str = ""
    exercise: str = ""
    cells: list = field(default_factory=list)


class Worker:
    """Grades submissions one after the other with a warm fork server.

    Parameters
    ----------
    course_dir : str or None
        Hidden from submissions.
    imports : list of str
        Modules to import before the first submission.
    confine : bool
        Whether to refuse to work on a host that cannot confine submissions.
    """

    def __init__(self, course_dir, imports, limits, confine=True):
        self._arguments = (course_dir, imports)
        self._limits = limits
        self._confine = confine
        self.warm = None
        self.layers = []
        self.start()

    def start(self):
        """Start the fork server, anew when there is one."""
        self.close()
        self.warm = Warm(*self._arguments)
        try:
            if self._confine:
                self.layers = self.warm.require_confinement(self._limits)
            else:
                self.layers = self.warm.probe(self._limits)
        except BaseException:
            self.close()
            raise

    def close(self):
        """Stop the fork server."""
        if self.warm is not None:
            self.warm.close()
            self.warm = None

    def grade(self, job):
        """Grade a submission; whatever happens, there is a record.

        Parameters
        ----------
        job : Job

        Returns
        -------
        Record
        """
        for attempt in (1, 2):
            try:
                return grade_submission(job, self.warm)
            except ServerLost as problem:  # ours, not the submission's: a fresh server gets a second try
                failure = str(problem)
                if attempt == 1:
                    self.start()
            except Exception:
                failure = traceback.format_exc()
                break
        return failed_record(job, failure)


def grade_submission(job, warm):
    """Grade all notebooks of a submission.

    Parameters
    ----------
    job : Job
    warm : Warm

    Returns
    -------
    Record
    """
    start = time.perf_counter()
    record = Record(job.assignment, job.student, job.submission_digest, job.tests_digest, job.timestamp)
    record.remarks = list(job.remarks)
    record.seconds = {"fork": 0.0, "cells": 0.0, "tests": 0.0, "conversion": 0.0}
    limits = Limits(**job.limits)
    for data in job.plans:
        plan = NotebookPlan.from_json(data)
        began = time.perf_counter()
        notebook, remarks = sanitise(job.notebooks.get(plan.name), plan)
        record.seconds["conversion"] += time.perf_counter() - began
        graded = grade_notebook(notebook, warm, limits, job.seeds[plan.name], job.files, job.run_rest)
        remarks = [*job.remarks, *remarks]
        began = time.perf_counter()
        record.notebooks[plan.name] = _saved(notebook, remarks, graded.verdicts)
        record.seconds["conversion"] += time.perf_counter() - began
        record.remarks += [remark for remark in remarks if remark not in record.remarks]
        record.reasons |= {name: verdict.reason for name, verdict in graded.verdicts.items() if verdict.reason}
        record.mistakes |= {name: verdict.mistake for name, verdict in graded.verdicts.items() if verdict.mistake}
        record.layers = graded.layers
        for part, seconds in graded.seconds.items():
            record.seconds[part] += seconds
    record.seconds["other"] = time.perf_counter() - start - sum(record.seconds.values())
    return record


def _saved(notebook, remarks, verdicts):
    scores, unanswered, max_points = {}, [], {}
    for cell in notebook.cells:
        if nbgrader_utils.is_grade(cell):
            name = cell.metadata.nbgrader["grade_id"]
            max_points[name] = float(cell.metadata.nbgrader["points"])
            scores[name] = verdicts[name].points if name in verdicts else nbgrader_utils.determine_grade(cell)[0]
        if nbgrader_utils.is_solution(cell) and _is_unchanged(cell):
            unanswered.append(cell.metadata.nbgrader["grade_id"])
    if remarks:
        notebook.cells.insert(0, remarks_cell(remarks))
    text = nbformat.writes(notebook, version=nbformat.NO_CONVERT)
    return {
        "text": text, "scores": scores, "unanswered": unanswered, "results": results.rows(verdicts, max_points),
    }  # fmt: skip


def _is_unchanged(cell):
    return cell.metadata.nbgrader.get("checksum") == nbgrader_utils.compute_checksum(cell)


def failed_record(job, failure):
    """Record of a submission that the engine could not grade: zero points for now, and a person has to look."""
    remark = "This submission could not be graded automatically; your instructor has been told."
    record = Record(job.assignment, job.student, job.submission_digest, job.tests_digest, job.timestamp, failed=failure)
    record.remarks = [*job.remarks, remark]
    for data in job.plans:
        plan = NotebookPlan.from_json(data)
        try:
            notebook, _ = sanitise(job.notebooks.get(plan.name), plan)
        except Exception:
            notebook, _ = sanitise(None, plan)
        scores = {cell.name: 0.0 for cell in plan.cells if cell.grade}
        text = nbformat.writes(notebook, version=nbformat.NO_CONVERT)
        record.notebooks[plan.name] = {
            "text": text, "scores": scores, "unanswered": [], "results": results.failed_rows(scores, failure),
        }  # fmt: skip
    return record
