"""When a test changes, what it marks is graded again, and nothing else is touched: by a class run and by nbgrader's own."""

import re
import shutil
import sqlite3

import nbformat
import pytest
from nbgrader.apps import NbGraderAPI

from autograder.engine import digests
from autograder.engine.plan import NotebookPlan, PlannedCell
from autograder.engine.run import grade_class
from tests.engine.classroom import SMALL_ANSWERS, Classroom, small_notebook

HALF = SMALL_ANSWERS | {"f1": "def f1(x): return None"}
OTHER = "other"


@pytest.fixture(scope="module")
def classroom(tmp_path_factory):
    """Two students, two assignments of the same cells, all graded; one score given by hand. The tests change it in turn."""
    made = Classroom(tmp_path_factory.mktemp("regrade"), "small")
    (made.root / "source" / OTHER).mkdir()
    nbformat.write(small_notebook(), made.root / "source" / OTHER / f"{OTHER}.ipynb")
    result = made.api().generate_assignment(OTHER)
    assert result["success"], result["log"]
    for student, answers in (("right", SMALL_ANSWERS), ("half", HALF)):
        made.submit(student, made.answered(answers))
        handed_in = made.root / "submitted" / student / OTHER / f"{OTHER}.ipynb"
        handed_in.parent.mkdir()
        shutil.copy(made.root / "submitted" / student / "small" / "small.ipynb", handed_in)
    for assignment in ("small", OTHER):
        assert len(grade_class(made.root, assignment, config=made.config).graded) == 2
    with made.api().gradebook as gradebook:
        grade = gradebook.find_grade("f2_test", "small", "small", "right")
        grade.manual_score, grade.needs_manual_grade = 1.5, False
        gradebook.db.commit()
    return made


def change_test(classroom, values):
    """Let the first hidden test of ``small`` expect other values, and generate the assignment anew."""
    path = classroom.root / "source" / "small" / "small.ipynb"
    notebook = nbformat.read(path, as_version=4)
    cell = next(cell for cell in notebook.cells if cell.id == "f1_test")
    cell.source = re.sub(r"(f1\(\[1.0, 7.0\]\)), \[.*?\]", rf"\1, {values}", cell.source)
    assert str(values) in cell.source
    nbformat.write(notebook, path)
    result = classroom.api().generate_assignment("small", force=True)
    assert result["success"], result["log"]


def rows(classroom):
    """Every grade by assignment, student and cell."""
    query = """
        SELECT a.name, s.student_id, c.name, g.auto_score, g.manual_score FROM grade g
        JOIN base_cell c ON c.id = g.cell_id JOIN submitted_notebook n ON n.id = g.notebook_id
        JOIN submitted_assignment s ON s.id = n.assignment_id JOIN assignment a ON a.id = s.assignment_id"""
    with sqlite3.connect(classroom.root / "gradebook.db") as connection:
        return {row[:3]: row[3:] for row in connection.execute(query)}


def files(classroom, assignment):
    """Content and time of an assignment's graded files."""
    found = (classroom.root / "autograded").glob(f"*/{assignment}/*")
    return {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in found}


CHANGED = {("small", "right", "f1_test")}  # the other student has no points there at any time


def test_by_a_class_run(classroom):
    before, others = rows(classroom), files(classroom, OTHER)
    change_test(classroom, [55, 56])
    assert sorted(classroom.grade().graded) == ["half", "right"]
    after = rows(classroom)
    assert {key for key in before if before[key] != after[key]} == CHANGED
    assert after["small", "right", "f1_test"] == (0.0, None)
    assert after["small", "right", "f2_test"] == (2.0, 1.5)  # by hand
    assert classroom.grade().graded == []
    assert grade_class(classroom.root, OTHER, config=classroom.config).graded == []
    assert files(classroom, OTHER) == others


def test_by_nbgraders_own_command(classroom):
    before, others = rows(classroom), files(classroom, OTHER)
    change_test(classroom, [2, 8])
    result = classroom.api().autograde("small", "*", force=False)  # without --force
    assert result["success"] and result["log"].count("Grading again") == 2, result["log"]
    after = rows(classroom)
    assert {key for key in before if before[key] != after[key]} == CHANGED
    for assignment in ("small", OTHER):
        result = classroom.api().autograde(assignment, "*", force=False)
        assert result["success"] and result["log"].count("Skipping existing assignment") == 2, result["log"]
    assert rows(classroom) == after and files(classroom, OTHER) == others
    assert classroom.grade().graded == []  # the class run knows


def test_by_formgraders_button(classroom):
    """It forces: one student's one assignment is graded whatever the journal says, and comes to the same."""
    before, others, small = rows(classroom), files(classroom, OTHER), files(classroom, "small")
    result = classroom.api().autograde("small", "right", force=True)
    assert result["success"], result["log"]
    assert rows(classroom) == before and files(classroom, OTHER) == others
    again = files(classroom, "small")
    touched = {path.parent.parent.name for path in small if small[path] != again.get(path)}
    assert touched == {"right"}


def test_a_forced_run_that_was_cut_short_is_done_again(classroom, monkeypatch):
    """nbgrader writes a notebook before its cells are run; a kill between leaves it there, and the journal must know."""
    from autograder.engine.preprocessors import Execute

    class Killed(BaseException):
        pass

    def die(*_):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Execute, "preprocess", die)
        assert not classroom.api().autograde("small", "right", force=True)["success"]
    left = nbformat.read(classroom.root / "autograded" / "right" / "small" / "small.ipynb", as_version=4)
    assert not any(cell.get("outputs") for cell in left.cells)
    result = classroom.api().autograde("small", "*", force=False)
    assert result["success"] and result["log"].count("Grading again") == 1, result["log"]
    assert any(cell.get("execution_count") for cell in classroom.graded("right").cells)


def test_one_notebook_alone_counts_as_the_whole_where_there_is_no_other(classroom):
    change_test(classroom, [57, 58])
    config = classroom.config
    config.CourseDirectory.notebook_id = "small"
    result = NbGraderAPI(config=config).autograde("small", "*", force=False)
    assert result["success"] and result["log"].count("Grading again") == 2, result["log"]
    assert classroom.grade().graded == []


def test_the_hash_follows_the_modules_that_a_test_imports(tmp_path, monkeypatch):
    for name, text in {
        "autograder/__init__.py": "",
        "autograder/hidden_tests/__init__.py": "",
        "autograder/hidden_tests/ch00.py": "from utils import helper",
        "autograder/hidden_tests/ch01.py": "import math",
        "utils/__init__.py": "",
        "utils/helper.py": "a = 1",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(digests, "COURSE", tmp_path)

    def plan(chapter):
        source = f"from autograder.hidden_tests import {chapter}; {chapter}.grade('1', globals())"
        cell = PlannedCell("t", "code", source, None, True, False, True, False, 1.0)
        return NotebookPlan(chapter, {}, (cell,), True)

    def both():
        return [digests.tests_digest([plan(chapter)]) for chapter in ("ch00", "ch01")]

    first = both()
    (tmp_path / "utils/helper.py").write_text("a = 2")
    second = both()
    assert first[0] != second[0] and first[1] == second[1]
    (tmp_path / "autograder/hidden_tests/ch01.py").write_text("import cmath")
    third = both()
    assert second[0] == third[0] and second[1] != third[1]
