"""Kill class runs at random moments and see whether anything is lost.

python -m tests.engine.kills FOLDER [KILLS] [SEED]
"""

import contextlib
import os
import random
import shutil
import signal
import sqlite3
import sys
import time
from pathlib import Path

from autograder.engine.run import grade_class
from tests.engine.classroom import Classroom

STUDENTS = 24


def start(root, jobs):
    """Start a class run in a process group of its own; it is forked, so that it need not import everything again."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            os.setsid()
            grade_class(root, "small", jobs=jobs)
            status = 0
        finally:
            os._exit(status)
    return pid


def finish(root, jobs):
    """A run that is left in peace; returns its seconds."""
    began = time.monotonic()
    _, status = os.waitpid(start(root, jobs), 0)
    assert status == 0, f"the run ended with status {status}"
    return time.monotonic() - began


def make_class(folder):
    """A class with right, half right, empty and broken submissions."""
    classroom = Classroom(folder, "small")
    for i in range(STUDENTS):
        answers = {f"f{k}": f"def f{k}(x):\n    return np.asarray(x) * {k} + 1" for k in range(1, 6) if k <= i % 6}
        classroom.submit(f"student{i:02d}", "{" if i % 8 == 7 else classroom.answered(answers))
    return classroom


def state(root):
    """What must not depend on kills: grades, journal and graded files."""
    with contextlib.closing(sqlite3.connect(Path(root) / "gradebook.db")) as connection:
        grades = connection.execute(
            """SELECT s.student_id, c.name, g.auto_score, g.manual_score, g.needs_manual_grade FROM grade g
            JOIN base_cell c ON c.id = g.cell_id JOIN submitted_notebook n ON n.id = g.notebook_id
            JOIN submitted_assignment s ON s.id = n.assignment_id ORDER BY 1, 2"""
        ).fetchall()
        journal = connection.execute(
            "SELECT student, submission, tests, times_graded FROM grading_journal ORDER BY 1"
        ).fetchall()
        results = connection.execute("SELECT * FROM grading_result ORDER BY 1, 2, 3, 4, 5").fetchall()
        rows = [
            connection.execute(f"SELECT count(*) FROM {table}").fetchone()
            for table in ("comment", "submitted_notebook", "student")
        ]
    files = {
        str(path.relative_to(root)): path.read_bytes() for path in Path(root, "autograded").rglob("*") if path.is_file()
    }
    return {"grades": grades, "journal": journal, "results": results, "rows": rows, "files": files}


def left_over(root):
    """Files that do not belong to a finished class."""
    expected = {"gradebook.db", "source", "release", "submitted", "autograded", "nbgrader_config.py"}
    strays = {path.name for path in Path(root).iterdir()} - expected
    return strays | {str(path) for path in Path(root, "autograded").rglob(".*")}


def run(folder, kills, seed=0, kills_per_class=5, report=print):
    """Kill `kills` runs, each at a random moment; compare the finished class with an undisturbed one.

    Returns
    -------
    int
        Number of runs killed; those that were through before their moment came do not count.
    """
    folder, dice = Path(folder), random.Random(seed)
    template = make_class(folder / "template").root
    _prepare_secret(template)
    # The same path for every class, since nbgrader_config.py holds it.
    work = folder / "class"

    def fresh():
        shutil.rmtree(work, ignore_errors=True)
        shutil.copytree(template, work)
        (work / "nbgrader_config.py").write_text(
            (template / "nbgrader_config.py").read_text().replace(str(template), str(work))
        )

    fresh()
    seconds = finish(work, 2)
    undisturbed = state(work)
    report(f"undisturbed: {seconds:.1f} s, {len(undisturbed['journal'])} graded", flush=True)
    really = 0
    while really < kills:
        fresh()
        moments = []
        for attempt in range(kills_per_class):
            pid = start(work, jobs=1 + attempt % 2)
            _wait_for_a_random_moment(dice, pid, work)
            if os.waitpid(pid, os.WNOHANG) != (0, 0):
                break  # it was through already: nothing was killed
            os.killpg(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            really += 1
            moments.append(graded(work))
        finish(work, 2)
        after = state(work)
        for part, expected in undisturbed.items():
            assert after[part] == expected, f"{part} differs after {really} kills (seed {seed})"
        assert all(times == 1 for *_, times in after["journal"]), "something was graded twice"
        assert not left_over(work), left_over(work)
        report(f"{really} kills, the last ones with {moments} of {STUDENTS} graded: same gradebook", flush=True)
    return really


def _wait_for_a_random_moment(dice, pid, root):
    """Return at a random moment of a run.

    Most of a short run is its start, and a moment drawn from the clock would hardly ever meet it at work. So one in
    five is drawn from the clock; the others wait for a random number of submissions to be graded, and a moment more.
    """
    if dice.random() < 0.2:
        time.sleep(dice.uniform(0.0, 4.0))
        return
    target = dice.randint(min(graded(root) + 1, STUDENTS), STUDENTS)
    while graded(root) < target and os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        time.sleep(0.002)
    time.sleep(dice.uniform(0.0, 0.1))


def graded(root):
    """Number of submissions in the journal."""
    try:
        with contextlib.closing(sqlite3.connect(root / "gradebook.db", timeout=60)) as connection:
            return connection.execute("SELECT count(*) FROM grading_journal").fetchone()[0]
    except sqlite3.OperationalError:  # no journal yet
        return 0


def _prepare_secret(root):
    """Fix the secret of the seeds, so that graded files can be compared byte by byte."""
    from autograder.database import open_gradebook
    from autograder.engine import journal

    with open_gradebook(f"sqlite:///{root}/gradebook.db", "test") as gradebook:
        journal.prepare(gradebook.db)


if __name__ == "__main__":
    run(sys.argv[1], *(int(argument) for argument in sys.argv[2:4]))
