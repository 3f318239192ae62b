"""A class with everything that goes wrong in classes, graded by the engine's own command and by plain nbgrader."""

import copy
import json
import sqlite3
from pathlib import Path

import nbformat
import pytest

from autograder.engine.claims import AlreadyRunning, alone
from autograder.engine.limits import Limits
from autograder.engine.run import NothingToGrade
from tests.engine.classroom import SMALL_ANSWERS, Classroom

LIMITS = Limits(call_seconds=10, cell_seconds=10, notebook_seconds=90, memory_bytes=2**30)
FULL = 10.0


def index(notebook, name):
    """Place of a cell."""
    return next(i for i, cell in enumerate(notebook.cells) if cell.metadata.get("nbgrader", {}).get("grade_id") == name)


def duplicated(notebook):
    for name in ("f2", "f2_test"):
        notebook.cells.insert(index(notebook, name) + 1, copy.deepcopy(notebook.cells[index(notebook, name)]))


def deleted_test(notebook):
    del notebook.cells[index(notebook, "f2_test")]


def deleted_answer(notebook):
    del notebook.cells[index(notebook, "f2")]


def retyped(notebook):
    for name in ("f2", "f3_test"):
        cell = notebook.cells[index(notebook, name)]
        notebook.cells[index(notebook, name)] = nbformat.v4.new_markdown_cell(cell.source, metadata=cell.metadata)


def retagged(notebook):
    for cell in notebook.cells:
        cell.metadata["tags"] = ["skip-execution", "remove_cell"]


def reordered(notebook):
    notebook.cells.reverse()


def unflagged(notebook):
    for cell in notebook.cells:
        if "nbgrader" in cell.metadata:
            cell.metadata.nbgrader |= {"grade": not cell.metadata.nbgrader.grade, "solution": True, "locked": False}


def other_kernel(notebook):
    notebook.metadata.kernelspec = {"name": "myconda", "display_name": "My conda", "language": "R"}


def with_prelude(code):
    def edit(notebook):
        cell = notebook.cells[index(notebook, "f2")]
        cell.source += "\n" + code

    return edit


CASES = {  # what is done to a right answer, and the points due
    "right": (lambda notebook: None, FULL),
    "duplicated": (duplicated, FULL),
    "deleted-test": (deleted_test, FULL),
    "deleted-answer": (deleted_answer, FULL - 2),
    "retyped": (retyped, FULL),
    "retagged": (retagged, FULL),
    "reordered": (reordered, FULL),
    "unflagged": (unflagged, FULL),
    "other-kernel": (other_kernel, FULL),
    "stderr": (with_prelude("import sys, warnings; print('x', file=sys.stderr); warnings.warn('old')"), FULL),
    "exits": (with_prelude("import os; os._exit(1)"), FULL - 2),
    "loops": (with_prelude("while True: pass"), FULL),
    "hog": (with_prelude("x = bytearray(10**11)"), FULL),
    "noisy": (with_prelude("for _ in range(300): print('x' * 10**6)"), FULL),
    "raises": (with_prelude("1 / 0"), FULL),
    "syntax": (with_prelude("def ("), FULL - 2),
}
BROKEN = {"broken": b"{", "binary": b"\x00\xff" * 100, "empty-file": b"", "list": b"[]"}


def nbformat3(classroom):
    """The right answers in the format of 2013."""
    cells = []
    for cell in classroom.answered().cells:
        part = {"cell_type": cell.cell_type, "metadata": cell.metadata}
        code = {"input": cell.source, "outputs": [], "language": "python", "collapsed": False}
        cells.append(part | (code if cell.cell_type == "code" else {"source": cell.source}))
    content = {
        "nbformat": 3,
        "nbformat_minor": 0,
        "metadata": {"name": ""},
        "worksheets": [{"cells": cells, "metadata": {}}],
    }
    return json.dumps(content)


@pytest.fixture(scope="module")
def classroom(tmp_path_factory):
    """The class, handed in but not graded."""
    made = Classroom(
        tmp_path_factory.mktemp("class"), "small", more="c.Execute.call_seconds = 10\nc.Execute.cell_seconds = 10"
    )
    for name, (edit, _) in CASES.items():
        notebook = made.answered()
        edit(notebook)
        made.submit(name, notebook)
    for name, data in BROKEN.items():
        made.submit(name, data)
    made.submit("format3", nbformat3(made))
    made.submit("unanswered", made.released())
    made.folder("no-notebook")
    (made.folder("other-name") / "small (1).ipynb").write_text(json.dumps(made.answered()))
    return made


DUE = {name: points for name, (_, points) in CASES.items()} | dict.fromkeys(BROKEN, 0.0)
DUE |= {"format3": FULL, "unanswered": 0.0, "no-notebook": 0.0, "other-name": 0.0}


@pytest.fixture(scope="module")
def graded(classroom):
    """The class graded by `grade_class` with two workers."""
    classroom.summary = classroom.grade(jobs=2, limits=LIMITS)
    classroom.by_engine = classroom.rows()
    classroom.results_by_engine = classroom.results()
    return classroom


def test_everybody_gets_what_is_due(graded):
    assert {student: graded.total(student) for student in DUE} == DUE
    assert graded.summary.failed == {} and graded.summary.mistakes == {}


def test_every_missing_point_has_a_reason(graded):
    for student, due in DUE.items():
        for cell in graded.graded(student).cells:
            name = cell.metadata.get("nbgrader", {}).get("grade_id", "")
            if name.endswith("_test") and graded.scores(student)[name] < 2:
                assert cell.outputs[-1].output_type == "error" and cell.outputs[-1].evalue, (student, name, due)


def test_each_test_has_a_result_that_says_what_the_score_says(graded):
    results = {(row[1], row[3]): row for row in graded.results()}
    assert {key: bool(row[7]) for key, row in results.items()} == {
        (student, name): score == 2 for student, name, score, *_ in graded.rows()
    }
    _, _, _, _, _, _, _, passed, kind, message = results["deleted-answer", "f2_test"]
    assert (passed, kind, message) == (0, "unanswered", "Not answered.")
    assert results["raises", "f1_test"][7:] == (1, "", "")
    assert results["exits", "f2_test"][8] == "error"


def test_the_journal_knows_how_long_it_took(graded):
    with sqlite3.connect(graded.root / "gradebook.db") as connection:
        details = [json.loads(text) for (text,) in connection.execute("SELECT details FROM grading_journal")]
    assert all(set(found["seconds"]) >= {"fork", "cells", "tests"} for found in details)


def test_what_was_mended_is_told(graded):
    told = graded.summary.remarks
    assert told["no-notebook"] == told["other-name"] == ["No notebook was handed in."]
    assert "more than once" in told["duplicated"][0] and "missing" in told["deleted-test"][0]
    assert "Remarks from grading" in graded.graded("reordered").cells[0].source
    assert not {"right", "other-kernel", "retagged", "unanswered"} & set(told)


def test_nothing_needs_a_person(graded):
    assert not any(needs for *_, needs in graded.rows())


def test_unanswered_cells_are_commented_on(graded):
    with sqlite3.connect(graded.root / "gradebook.db") as connection:
        comments = connection.execute("SELECT auto_comment FROM comment").fetchall()
    assert comments.count(("No response.",)) >= 5


def test_a_second_run_has_nothing_to_do(graded):
    before = graded.rows()
    summary = graded.grade(jobs=2, limits=LIMITS)
    assert summary.graded == [] and sorted(summary.unchanged) == sorted(DUE)
    assert graded.rows() == before


def test_plain_nbgrader_gives_the_same_grades(graded):
    result = graded.api().autograde(graded.assignment, "*", force=True)
    assert result["success"], result["log"][-3000:]
    assert graded.rows() == graded.by_engine
    assert graded.results() == graded.results_by_engine
    assert graded.grade().graded == []  # both write the same journal
    with sqlite3.connect(graded.root / "gradebook.db") as connection:
        query = "SELECT details FROM grading_journal WHERE student = 'no-notebook'"
        details = json.loads(connection.execute(query).fetchone()[0])
    assert details["remarks"] == ["No notebook was handed in."] and details["seconds"]["cells"] >= 0


def test_one_run_at_a_time(graded):
    with alone(graded.root), pytest.raises(AlreadyRunning):
        graded.grade()


def test_unknown_assignments_are_named(graded):
    from autograder.engine.run import grade_class

    with pytest.raises(NothingToGrade, match="no assignment bogus"):
        grade_class(graded.root, "bogus", config=graded.config)


def test_feedback_shows_results_and_no_hidden_test(graded):
    result = graded.api().generate_feedback(graded.assignment, "deleted-answer")
    assert result["success"], result["log"][-3000:]
    page = (graded.root / "feedback" / "deleted-answer" / "small" / "small.html").read_text()
    assert "Not answered" in page and "Remarks from grading" in page
    assert "HIDDEN" not in page and "assert_allclose" not in page


def test_formgrader_sees_the_class(graded):
    submissions = graded.api().get_submissions(graded.assignment)
    assert {entry["student"]: entry["score"] for entry in submissions} == DUE
    assert all(entry["autograded"] for entry in submissions)


def test_only_what_changed_is_graded_again(graded):
    """Runs last: it changes the class."""
    before = {row[:2]: row for row in graded.rows()}
    graded.submit("right", graded.answered(SMALL_ANSWERS | {"f1": "def f1(x): return None"}))
    with sqlite3.connect(graded.root / "gradebook.db") as connection:  # a score given by hand stays
        connection.execute(
            "UPDATE grade SET manual_score = 1.5 WHERE id IN (SELECT g.id FROM grade g JOIN base_cell c ON c.id = g.cell_id JOIN "
            "submitted_notebook n ON n.id = g.notebook_id JOIN submitted_assignment s ON s.id = n.assignment_id "
            "WHERE s.student_id = 'right' AND c.name = 'f2_test')"
        )
    summary = graded.grade(limits=LIMITS)
    assert summary.graded == ["right"]
    changed = [row for row in graded.rows() if before[row[:2]] != row]
    assert changed == [("right", "f1_test", 0.0, None, 0), ("right", "f2_test", 2.0, 1.5, 1)]


@pytest.mark.slow
def test_two_hundred_students_of_whom_one_in_twenty_is_broken(tmp_path):
    made = Classroom(tmp_path, "small")
    trouble = [
        "duplicated",
        "deleted-test",
        "retyped",
        "reordered",
        "exits",
        "loops",
        "hog",
        "noisy",
        "stderr",
        "other-kernel",
    ]
    due = {}
    for i in range(200):
        name, notebook = f"student{i:03d}", made.answered()
        if i % 20 == 10:
            edit, due[name] = CASES[trouble[i // 20]]
            edit(notebook)
        elif i in (5, 105):
            notebook, due[name] = ("{" if i == 5 else nbformat3(made)), (0.0 if i == 5 else FULL)
        elif i == 55:
            made.folder(name)
            due[name] = 0.0
            continue
        else:
            due[name] = FULL
        made.submit(name, notebook)
    summary = made.grade(jobs=2, limits=LIMITS)
    print("\n".join(summary.lines()))
    assert len(summary.graded) == 200 and summary.failed == {}
    assert {student: made.total(student) for student in due} == due


def test_a_changed_test_changes_its_hash(tmp_path):
    import dataclasses

    from autograder.engine.digests import course_modules, tests_digest
    from tests.engine.test_sanitise import PLAN

    other = dataclasses.replace(
        PLAN, cells=(*PLAN.cells[:-1], dataclasses.replace(PLAN.cells[-1], source="assert b == 3"))
    )
    assert tests_digest([PLAN]) != tests_digest([other])
    assert tests_digest([PLAN]) == tests_digest([PLAN])
    modules = {
        str(path.relative_to(Path(__file__).parents[2]))
        for path in course_modules(["from autograder.hidden_tests import ch00"])
    }
    assert {"autograder/hidden_tests/ch00.py", "autograder/marking.py", "utils/solutions/ch00.py"} <= modules
