"""nbgrader's exchange between an instructor and two students: three users of one machine, each in processes of their own."""

import json
import shutil
import sqlite3
import sys
from pathlib import Path

import pytest

from tests import ordinary
from tests.browser import places
from tests.engine.classroom import ANSWERS, COURSE

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(2400),
    pytest.mark.skipif(bool(ordinary.missing()), reason=ordinary.missing() or "-"),
]
CHAPTER = "ch00_reward_modeling"
COURSE_ID = "rl-theory-alignment"
WRONG = ANSWERS | {
    "ex0_1": "answer_0_1 = 0.182",
    "ex0_5": "def bradley_terry(r_win, r_lose):\n    return np.mean(np.log(1 + np.exp(np.subtract(r_lose, r_win))))",
    "ex0_7": "",
}
POINTS = {"ada": 22.0, "bob": 12.0}

# The instructor's class: the course's configuration, with folders and an exchange.
INSTRUCTOR = """\
c = get_config()
load_subconfig("nbgrader_config.py", path={course!r})
c.CourseDirectory.root = {root!r}
c.CourseDirectory.source_directory = {course!r} + "/source"
c.Exchange.root = {exchange!r}
"""
STUDENT = """\
c = get_config()
c.CourseDirectory.course_id = {course_id!r}
c.Exchange.root = {exchange!r}
"""
ANSWER = """\
import json, sys
path, answers = sys.argv[1], json.load(sys.stdin)
with open(path) as file: notebook = json.load(file)
for cell in notebook["cells"]:
    name = cell["metadata"].get("nbgrader", {}).get("grade_id")
    if name in answers: cell["source"] = answers[name]
with open(path, "w") as file: json.dump(notebook, file)
"""
# What of some paths can be read or listed, and which modules be imported.
PROBE = """\
import importlib, json, os, sys
found = []
for path in json.load(sys.stdin):
    try:
        os.listdir(path) if os.path.isdir(path) else open(path, "rb").read(1)
    except FileNotFoundError: found.append("NOT THERE " + path)
    except PermissionError: continue
    else: found.append(path)
for name in ("autograder", "utils.solutions"):
    try: importlib.import_module(name)
    except ImportError: continue
    found.append(name)
json.dump(found, sys.stdout)
"""


class Place:
    """A user's desk: a folder with a configuration, and a Python."""

    def __init__(self, user, folder, python, config, environment=None):
        self.user, self.folder, self.python, self.environment = user, folder, python, environment
        folder.mkdir(exist_ok=True)
        (folder / "nbgrader_config.py").write_text(config)
        user.owns(folder)

    def nbgrader(self, *arguments):
        """Run a command of nbgrader's; returns what it said."""
        done = self.user.run(
            [self.python, "-m", "nbgrader", *arguments], cwd=self.folder, environment=self.environment,
            capture_output=True,
        )  # fmt: skip
        return done.stdout + done.stderr

    def python_says(self, code, *arguments, about=None):
        """Run a program with JSON on its standard input; returns its output."""
        return self.user.run(
            [self.python, "-c", code, *arguments], cwd=self.folder, environment=self.environment, capture_output=True,
            input=json.dumps(about),
        ).stdout  # fmt: skip


@pytest.fixture(scope="module")
def term():
    """A term of one chapter, from release to feedback."""
    with ordinary.users("ann", "ada", "bob") as (folder, [ann, ada, bob]):
        exchange, edition = folder / "exchange", folder / "edition"
        exchange.mkdir()
        exchange.chmod(0o777)
        places.write("class", edition)
        python = places.make_environment(folder / "environment", edition)

        course = ann.home / "course"
        for name in ("autograder", "utils", "source"):
            shutil.copytree(COURSE / name, course / name, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(COURSE / "nbgrader_config.py", course)
        ann.owns(course)
        config = INSTRUCTOR.format(course=str(course), root=str(ann.home / "class"), exchange=str(exchange))
        instructor = Place(ann, ann.home / "class", sys.executable, config, {"PYTHONPATH": str(course)})
        config = STUDENT.format(course_id=COURSE_ID, exchange=str(exchange))
        students = {user.home.name: Place(user, user.home / "work", python, config) for user in (ada, bob)}

        said = {}
        instructor.nbgrader("generate_assignment", CHAPTER)
        instructor.nbgrader("release_assignment", CHAPTER)
        for name, place in students.items():
            assert CHAPTER in place.nbgrader("list")
            place.nbgrader("fetch_assignment", CHAPTER)
            answers = ANSWERS if name == "ada" else WRONG
            place.python_says(ANSWER, f"{CHAPTER}/{CHAPTER}.ipynb", about=answers)
            place.nbgrader("submit", CHAPTER)
        said["collect"] = instructor.nbgrader("collect", CHAPTER)
        said["autograde"] = instructor.nbgrader("autograde", CHAPTER)
        instructor.nbgrader("generate_feedback", CHAPTER)
        instructor.nbgrader("release_feedback", CHAPTER)
        for place in students.values():
            place.nbgrader("fetch_feedback", CHAPTER)
        yield exchange / COURSE_ID, instructor, students, said


def test_the_instructor_grades_confined_submissions(term):
    _, instructor, students, said = term
    assert instructor.user.uid != 0
    assert "confined by" in said["autograde"] and "seccomp" in said["autograde"]
    with sqlite3.connect(instructor.folder / "gradebook.db") as connection:
        rows = connection.execute(
            "SELECT s.student_id, SUM(g.auto_score) FROM grade g JOIN submitted_notebook n ON n.id = g.notebook_id "
            "JOIN submitted_assignment s ON s.id = n.assignment_id GROUP BY 1"
        ).fetchall()
    assert dict(rows) == {students[name].user.name: points for name, points in POINTS.items()}


@pytest.mark.parametrize("name", POINTS)
def test_a_student_reads_the_own_feedback(term, name):
    _, _, students, _ = term
    place = students[name]
    [page] = (place.folder / CHAPTER / "feedback").rglob("*.html")
    assert page.owner() == place.user.name
    text = place.python_says("import sys; print(open(sys.argv[1]).read())", str(page))
    assert f"{CHAPTER}: {POINTS[name]:g} of 22 points" in text
    assert ("A gap of -1000 must cost 1000 nats" in text) == (name == "bob")
    for secret in ("HIDDEN TESTS", "hidden_tests", "globals()"):
        assert secret not in text


def test_nobody_sees_what_is_not_theirs(term):
    exchange, instructor, students, _ = term
    theirs = instructor.folder
    staff = [
        theirs / "gradebook.db",
        theirs / "submitted",
        theirs / "feedback",
        instructor.user.home / "course" / "autograder" / "hidden_tests" / "ch00.py",
        instructor.user.home / "course" / "source" / CHAPTER / f"{CHAPTER}.ipynb",
        exchange / "inbound",  # handed in, under names that nobody can list or guess
        exchange / "feedback",
    ]
    for name, place in students.items():
        other = students["bob" if name == "ada" else "ada"]
        paths = [*staff, other.user.home, other.folder / CHAPTER / f"{CHAPTER}.ipynb"]
        assert all(path.exists() for path in paths)
        assert json.loads(place.python_says(PROBE, about=[str(path) for path in paths])) == []
        own = place.folder / CHAPTER / f"{CHAPTER}.ipynb"
        assert json.loads(place.python_says(PROBE, about=[str(own)])) == [str(own)]
    handed_in = [path.name for path in (exchange / "inbound").iterdir()]
    assert len(handed_in) == 2 and all(len(name.split("+")) == 4 for name in handed_in)


def test_the_release_holds_no_solution(term):
    _, _, students, _ = term
    text = Path(students["ada"].folder / CHAPTER / f"{CHAPTER}.ipynb").read_text()
    released = (COURSE / "release" / CHAPTER / f"{CHAPTER}.ipynb").read_text()
    for word in ("BEGIN SOLUTION", "BEGIN HIDDEN", "hidden_tests"):
        assert word not in text and word not in released
