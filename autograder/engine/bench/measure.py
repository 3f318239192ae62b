"""Costs per notebook, from runs in processes of their own."""

import json
import os
import sqlite3
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field

from autograder.engine.bench import classes
from autograder.engine.stage import COURSE

WORKER_PARTS = ("fork", "cells", "tests", "conversion", "other")
COORDINATOR_PARTS = ("reading", "files", "database")


@dataclass
class Cost:
    """What one more notebook costs, in seconds; what the start of a run costs is not in it.

    Parameters
    ----------
    wall, cpu : float
        Processor time is that of all processes together.
    parts : dict of str to float
        Of the engine: see `autograder.engine.work.Record`.
    layers : list of str
    scores : dict
        Points by student and cell, to see that both did the same.
    growth : list of (int, float)
        Submissions done, and processor time until then.
    run : float
        Wall time of the whole run, its start included.
    """

    wall: float
    cpu: float
    parts: dict = field(default_factory=dict)
    layers: list = field(default_factory=list)
    scores: dict = field(default_factory=dict)
    growth: list = field(default_factory=list)
    run: float = 0.0


def stock(template, root, assignment, notebooks):
    """Cost with stock nbgrader; one submission more than `notebooks` is graded, and the first one left out."""
    classes.copy(template, root, notebooks + 1, classes.STOCK)
    marks = _run("stock_run", [assignment], root)
    (wall, cpu), (last_wall, last_cpu) = marks[1], marks[-1]
    if len(marks) != notebooks + 2:
        raise RuntimeError(f"stock nbgrader graded {len(marks) - 1} of {notebooks + 1}")
    return Cost((last_wall - wall) / notebooks, (last_cpu - cpu) / notebooks, scores=_scores(root))


def engine(template, root, assignment, notebooks, jobs=1, skip=10):
    """Cost with the engine; `skip` submissions more are graded, and the first ones left out."""
    classes.copy(template, root, notebooks + skip, classes.ENGINE)
    began = time.perf_counter()
    notes = _run("engine_run", [str(root), assignment, str(jobs), str(skip)], root)
    run = time.perf_counter() - began
    if len(notes["wall"]) != notebooks + skip:
        raise RuntimeError(f"the engine graded {len(notes['wall'])} of {notebooks + skip}")
    wall, cpu, seconds = notes["wall"], dict(notes["cpu"]), notes["seconds"][skip:]
    parts = {part: statistics.mean(one[part] for one in seconds) for part in WORKER_PARTS + COORDINATOR_PARTS}
    return Cost(
        wall=(wall[-1] - wall[skip - 1]) / notebooks, cpu=(cpu[notebooks + skip] - cpu[skip]) / notebooks,
        parts=parts, layers=notes["layers"], scores=_scores(root), growth=notes["cpu"], run=run,
    )  # fmt: skip


def again(root, assignment):
    """Seconds of one more run on a class, in which nothing is left to be graded."""
    began = time.perf_counter()
    notes = _run("engine_run", [str(root), assignment, "1", "1"], root)
    if notes["wall"]:
        raise RuntimeError("a second run graded something")
    return time.perf_counter() - began


# A worker's kind of work: objects are made and dropped, arrays go through the cache.
_WORK = """\
import sys, time
import numpy as np
array, done = np.ones(200_000), 0
print("ready", flush=True)
sys.stdin.readline()
end = time.perf_counter() + float(sys.argv[1])
while time.perf_counter() < end:
    {i: str(i) for i in range(2000)}
    (array * 2).sum()
    done += 1
print(done)
"""


def two_processes(seconds=3.0):
    """How much more two processes that have nothing to do with one another get done than one: two workers' ceiling."""

    def done(n):
        command = [sys.executable, "-c", _WORK, str(seconds)]
        processes = [
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(n)
        ]
        for process in processes:
            process.stdout.readline()
        for process in processes:
            process.stdin.write("go\n")
            process.stdin.flush()
        return sum(int(process.communicate()[0]) for process in processes)

    return done(2) / done(1)


def memory(template, root, assignment, notebooks=12):
    """Largest megabytes of each kind of process in a run with one worker.

    Returns
    -------
    dict of str to (int, int)
        Resident, and shared with no other process.
    """
    classes.copy(template, root, notebooks, classes.ENGINE)
    notes = _run("engine_run", [str(root), assignment, "1", "1", "memory"], root)
    return {kind: tuple(round(size / 2**20) for size in sizes) for kind, sizes in notes["memory"].items()}


def _run(module, arguments, cwd):
    command = [sys.executable, "-m", f"autograder.engine.bench.{module}", *arguments]
    environment = os.environ | {"PYTHONPATH": str(COURSE)}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{module} failed: {done.stderr[-3000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def _scores(root):
    query = """SELECT s.student_id, c.name, g.auto_score FROM grade g JOIN base_cell c ON c.id = g.cell_id
        JOIN submitted_notebook n ON n.id = g.notebook_id JOIN submitted_assignment s ON s.id = n.assignment_id"""
    with sqlite3.connect(root / "gradebook.db") as connection:
        return {(student, cell): score for student, cell, score in connection.execute(query)}
