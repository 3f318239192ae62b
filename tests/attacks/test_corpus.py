"""The whole corpus in one class with honest students, graded by two workers."""

import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from autograder.engine.limits import Limits
from autograder.engine.stage import runs_folder
from tests.attacks.corpus import ATTACKS
from tests.engine.classroom import Classroom

FULL = 10.0
HONEST = ("aa-first", "mm-middle", "zz-last")
# Short times, so that endless loops do not make the suite endless. Nothing here asserts on time.
LIMITS = Limits(call_seconds=4, cell_seconds=8, notebook_seconds=60, memory_bytes=2**30)


def hand_in(classroom, attack):
    """Put an attack's files into the class."""
    notebook = classroom.answered(attack.answers())
    if attack.edit:
        attack.edit(notebook)
    path = classroom.submit(attack.name, notebook)
    for name, content in attack.files.items():
        if content.startswith("-> "):
            (path.parent / name).symlink_to(content[3:])
        else:
            (path.parent / name).write_text(content)


def fingerprint(folder):
    """What a folder holds: names, modes and contents."""
    found = {}
    for path in sorted(Path(folder).rglob("*")):
        status = path.lstat()
        content = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() and not path.is_symlink() else ""
        found[str(path)] = (status.st_mode, content)
    return found


def untouched(classroom):
    """Everything of a class and its surroundings that grading must leave alone."""
    import numpy

    places = [
        classroom.root / "source",
        classroom.root / "release",
        classroom.root / "submitted",
        Path(numpy.__file__).parent,
    ]
    return {str(place): fingerprint(place) for place in places}


@pytest.fixture(scope="module")
def attacked(tmp_path_factory):
    """A graded class of honest and other students."""
    classroom = Classroom(tmp_path_factory.mktemp("attacked"), "small")
    for student in HONEST:
        classroom.submit(student)
    for attack in ATTACKS:
        hand_in(classroom, attack)
    classroom.before = untouched(classroom)
    classroom.summary = classroom.grade(jobs=2, limits=LIMITS)
    return classroom


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_gains_nothing(attacked, attack):
    due = FULL if attack.right else attack.points or 0.0
    scores = attacked.scores(attack.name)
    assert len(scores) == 5
    assert sum(scores.values()) == due


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_has_a_graded_notebook_that_tells_why(attacked, attack):
    notebook = attacked.graded(attack.name)
    tests = [cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade")]
    assert len(tests) == 5
    if not attack.right:
        assert all(any(output.output_type == "error" for output in cell.outputs) for cell in tests)
    text = str([cell.get("outputs") for cell in notebook.cells])
    assert "BREACH" not in text
    assert not re.search(r"<script|onerror|<iframe|javascript", text)


def test_no_manual_scores(attacked):
    assert all(manual is None for _, _, _, manual, _ in attacked.rows())


@pytest.mark.parametrize("student", HONEST)
def test_honest_students_get_their_points(attacked, student):
    assert attacked.total(student) == FULL


def test_nothing_outside_was_changed(attacked):
    assert untouched(attacked) == attacked.before
    assert not [
        path for path in ("/tmp/breach", "/var/tmp/breach", "/dev/shm/breach", "/breach") if os.path.exists(path)
    ]


def test_links_were_not_followed(attacked):
    folder = attacked.root / "autograded" / "symlink" / "small"
    assert sorted(path.name for path in folder.iterdir()) == ["small.ipynb"]
    assert "leak.txt" in attacked.summary.remarks["symlink"][0]


def test_nothing_is_left_running(attacked):
    mine = [
        process
        for process in psutil.process_iter(["cmdline"])
        if "boxed/start.py" in " ".join(process.info["cmdline"] or [])
    ]
    folders = {str(folder) for folder in runs_folder().glob("run-*")} if runs_folder().exists() else set()
    ours = [process for process in mine if os.getpid() in {parent.pid for parent in process.parents()}]
    assert ours == []
    assert not [folder for folder in folders if not _in_use(folder)]


def _in_use(folder):
    import fcntl

    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def test_the_engine_graded_everybody(attacked):
    assert attacked.summary.failed == {}
    assert len(attacked.summary.graded) == len(ATTACKS) + len(HONEST)


# --- against stock nbgrader -------------------------------------------------------------------------------------------

STOCK = """\
c = get_config()
c.CourseDirectory.root = {root!r}
c.CourseDirectory.db_url = "sqlite:///" + {root!r} + "/gradebook.db"
c.CourseDirectory.course_id = "test"
c.Execute.timeout = 10
"""


@pytest.mark.slow
@pytest.mark.parametrize("attack", [attack for attack in ATTACKS if attack.beats_stock], ids=lambda attack: attack.name)
def test_beats_stock_nbgrader(tmp_path, attack):
    """The corpus bites: stock nbgrader gives points, gives none where they are due, or fails to grade."""
    classroom = Classroom(tmp_path, "small")
    hand_in(classroom, attack)
    (tmp_path / "nbgrader_config.py").write_text(STOCK.format(root=str(tmp_path)))
    command = [sys.executable, "-m", "nbgrader", "autograde", "small", "--course", "test"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=600)
    scores = classroom.scores(attack.name)
    manual = {name: score for _, name, _, score, _ in classroom.rows() if score is not None}
    points = sum(score or 0 for score in scores.values()) + sum(manual.values())
    graded = bool(scores) and None not in scores.values()
    leaked = (tmp_path / "autograded" / attack.name / "small" / "leak.txt").exists()
    print(
        f"{attack.name}: stock gave {points:g} of {FULL:g}, graded: {graded}, exit status {done.returncode}, leaked: {leaked}"
    )
    assert points < FULL if attack.right else points > 0 or not graded or leaked
