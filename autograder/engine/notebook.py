"""One sanitised notebook, from the first cell to the last."""

import time
from dataclasses import dataclass, field

from nbgrader import utils as nbgrader_utils

from autograder.engine import outputs, trial
from autograder.engine.boxed.wire import WireError
from autograder.engine.remote import Remote
from autograder.engine.sanitise import UNREADABLE
from autograder.engine.session import ProcessEnded, Session

NOT_RUN = "Not run while grading: nothing from here on has points.\n"
ONLY_SHOWS = "Not run while grading: this cell only shows something, and it is as it was handed out.\n"


@dataclass
class Graded:
    """What came of a notebook.

    Parameters
    ----------
    verdicts : dict of str to trial.Verdict
        By the test cell's id.
    layers : list of str
        What confined the student's process.
    seconds : dict of str to float
        Time spent on ``fork`` (starting and ending the student's process), ``cells`` and ``tests``.
    """

    verdicts: dict = field(default_factory=dict)
    layers: list = field(default_factory=list)
    seconds: dict = field(default_factory=lambda: {"fork": 0.0, "cells": 0.0, "tests": 0.0})


def is_test(cell):
    """Whether a cell is graded by running it: a locked code cell with points."""
    return cell.cell_type == "code" and nbgrader_utils.is_grade(cell) and not nbgrader_utils.is_solution(cell)


def is_given(cell):
    """Whether a cell's text is the staff's: locked and without points."""
    return cell.cell_type == "code" and nbgrader_utils.is_locked(cell) and not nbgrader_utils.is_grade(cell)


def counts(cell):
    """Whether a cell has points, given by a test or by hand."""
    return nbgrader_utils.is_grade(cell) or nbgrader_utils.is_task(cell)


def grade_notebook(notebook, warm, limits, seed, files=None, run_rest=False):
    """Run a notebook and mark its test cells; outputs are put into the notebook.

    Parameters
    ----------
    notebook : NotebookNode
        Sanitised: locked and test cells hold what the gradebook has.
    warm : Warm
    limits : Limits
    seed : int
        Seed of the inputs that hidden tests draw.
    files : dict of str to bytes, optional
        Files of the submission that the process may see.
    run_rest : bool
        Whether to run the cells that cannot change a grade, too: those after the last one with points, and those
        that only show something.

    Returns
    -------
    Graded
    """
    if UNREADABLE in notebook.metadata:
        return _nothing_to_grade(notebook)
    graded = Graded()
    trusted = trial.trusted_imports(cell.source for cell in notebook.cells if is_given(cell))
    session = Session(warm, limits, files)
    remote = Remote(session)
    count = 0
    last = max((i for i, cell in enumerate(notebook.cells) if counts(cell)), default=-1)
    try:
        graded.seconds["fork"] += _timed(lambda: _start_early(session))
        for i, cell in enumerate(notebook.cells):
            if cell.cell_type != "code":
                continue
            cell.outputs = []
            if not cell.source.strip():
                continue
            if i > last and not run_rest:
                cell.outputs = [outputs.stream(NOT_RUN)]
                continue
            if (
                "show" in cell.metadata.get("tags", []) and not run_rest
            ):  # `sanitise` lets no tag of a student's through
                cell.outputs = [outputs.stream(ONLY_SHOWS)]
                continue
            count += 1
            cell.execution_count = count
            start = time.perf_counter()
            if is_test(cell):
                points = float(cell.metadata.nbgrader["points"])
                session.begin_test()
                verdict = trial.evaluate(cell.source, points, trusted, remote, seed)
                cell.outputs = verdict.outputs
                for output in cell.outputs:
                    if output.output_type == "execute_result":
                        output.execution_count = count
                graded.verdicts[cell.metadata.nbgrader["grade_id"]] = verdict
                graded.seconds["tests"] += time.perf_counter() - start
            else:
                cell.outputs = _run_cell(session, remote, cell.source)
                graded.seconds["cells"] += time.perf_counter() - start
        graded.layers = session.layers
    finally:
        graded.seconds["fork"] += _timed(session.close)
    return graded


def _nothing_to_grade(notebook):
    """Zero points for everything: a test might pass on cells as they were handed out."""
    graded = Graded()
    for cell in filter(is_test, notebook.cells):
        reason = notebook.metadata[UNREADABLE]
        cell.outputs = [outputs.error("NothingToGrade", reason)]
        graded.verdicts[cell.metadata.nbgrader["grade_id"]] = trial.Verdict(0.0, cell.outputs, reason)
    return graded


def _timed(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _start_early(session):
    session.request({"op": "name", "name": "__name__"})


def _run_cell(session, remote, source):
    """Outputs of an ordinary cell; a cell at which the process ended says so."""
    try:
        reply, blobs = session.run_cell(source)
    except ProcessEnded as end:
        return [outputs.error("ProcessEnded", f"This cell's process ended: {end}.")]
    if reply["op"] == "error":
        return [outputs.error("InternalError", "The outputs of this cell could not be sent.")]
    try:
        data = remote.decode(reply["v"], blobs)
    except (WireError, KeyError):
        data = b""
    return outputs.clean_outputs(data if isinstance(data, bytes) else b"")
