"""release/ is fresh, holds nothing of the staff's, and each way to break a source notebook is noticed."""

import json

import pytest

from autograder import contract, course, marking, notebooks, release
from autograder.notebooks import STUDENT_VERSION, student_version, without_hidden_tests
from tests.chapters import CHAPTERS

RIGHT_MESSAGE = "A gap of 1.5 wins about 82 times in 100. On the chess scale that is 261 Elo points."


def test_release_and_checks_are_fresh():
    assert release.stale_files() == [], "run `make release`"


def test_nothing_of_the_staff_is_released():
    assert release.leaks() == []


@pytest.mark.parametrize(
    "words", ["### BEGIN SOLUTION", "from autograder.hidden_tests import ch00", "0.8176", "0.818", RIGHT_MESSAGE]
)
def test_a_leak_would_be_noticed(words, tmp_path, monkeypatch):
    chapter = "ch00_reward_modeling"
    notebook = notebooks.read(course.RELEASE / chapter / f"{chapter}.ipynb")
    notebook.cells[5].source += f"\n{words}"
    (tmp_path / chapter).mkdir()
    (tmp_path / chapter / f"{chapter}.ipynb").write_text(notebooks.dumps(notebook), encoding="utf-8")
    monkeypatch.setattr(course, "RELEASE", tmp_path)
    monkeypatch.setattr(course, "COURSE", tmp_path)
    monkeypatch.setattr(release, "STUDENT_CODE", ())
    monkeypatch.setattr(marking.Chapter, "checks_path", property(lambda self: tmp_path / chapter / f"{chapter}.ipynb"))
    monkeypatch.setattr(marking, "chapters", lambda: [CHAPTERS["ch00"]])
    assert release.leaks()


@pytest.mark.parametrize(
    ("number", "leak"),
    [("0.818", True), ("0.817", True), ("0.8175744", True), ("0.82", False), ("0.8195", False), ("818", False)],
)
def test_an_answer_is_recognised_rounded_and_cut_off(number, leak):
    (question,) = CHAPTERS["ch00"].exercises["0.1"].questions
    assert release.gives_away(number, question) is leak


def test_the_contract_holds():
    assert [str(problem) for problem in contract.problems()] == []


def _answer(cells, exercise):
    return next(c for c in cells if c["metadata"].get("nbgrader", {}).get("grade_id") == f"ex{exercise}")


def _test(cells, exercise):
    return next(c for c in cells if c["metadata"].get("nbgrader", {}).get("grade_id") == f"ex{exercise}_test")


def _statement(cells, words):
    return next(c for c in cells if c["cell_type"] == "markdown" and words in c["source"])


def _change(exercise, old, new, find=_answer):
    """A breakage: other words in one cell of an exercise."""

    def breakage(cells):
        cell = find(cells, exercise)
        assert old in cell["source"]
        cell["source"] = cell["source"].replace(old, new)

    return breakage


def _metadata(exercise, find=_test, **changes):
    return lambda cells: find(cells, exercise)["metadata"]["nbgrader"].update(changes)


def _position(cells, exercise):
    return cells.index(_statement(cells, f"Exercise {exercise}"))


def _insert_text(cells):
    text = {"cell_type": "markdown", "id": "x", "metadata": {}, "source": "hello"}
    cells.insert(_position(cells, "0.1") + 1, text)


def _exchange(cells):
    i = _position(cells, "0.1")
    cells[i + 1], cells[i + 2] = cells[i + 2], cells[i + 1]


def _lose_the_title(cells):
    cells[0]["source"] = "Reward modeling"


def _leave_an_output(cells):
    cells[1]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "x"}]


def _code_cell(words):
    return lambda cells, _: next(c for c in cells if c["cell_type"] == "code" and words in c["source"])


def _forget_to_predict(cells):
    before = cells[cells.index(_code_cell("demos.")(cells[2:], "")) - 1]
    before["source"] = before["source"].replace("Predict", "Look").replace("predict", "look")


def _say_nothing_after_a_demo(cells):
    del cells[cells.index(_code_cell("demos.")(cells[2:], "")) + 1]


BREAKAGES = {  # what is broken, and words of what lint says
    "an output": (_leave_an_output, "is not in canonical form"),
    "an absolute path": (_change("0_1", "# answer", "# /home/ada/x\n# answer"), "holds an absolute path"),
    "a changed id": (_metadata("0_5", grade_id="ex0_55"), "has the id 'ex0_55'; it must be 'ex0_5_test'"),
    "an answer cell of another id": (_metadata("0_5", _answer, grade_id="ex0_8"), "the answer cell has the id 'ex0_8'"),
    "other points": (_metadata("0_5", points=7), "has 7 points, the statement's card 6"),
    "cells exchanged": (_exchange, "the answer cell has the id 'ex0_1_test'"),
    "a cell between": (_insert_text, "must be followed by two code cells"),
    "an unlocked test": (_metadata("0_5", locked=False), "the test cell must be locked"),
    "a locked answer": (_metadata("0_5", _answer, locked=True), "must not be locked: students write in it"),
    "no nbgrader cell": (lambda cells: _answer(cells, "0_5")["metadata"].clear(), "is no nbgrader cell"),
    "another name": (_change("0_1", "answer_0_1", "a", _test), 'must be the one line check("0.1", answer_0_1)'),
    "no visible check": (_change("0_1", 'check("0.1", answer_0_1)\n', "", _test), "the visible check must be"),
    "no hidden test": (_change("0_1", "ch00.grade", "ch00.mark", _test), "the hidden test must be the three lines"),
    "a bad card": (_change("Exercise 0.5", "difficulty 2 of 3", "hard", _statement), "the second line must read"),
    "a bad heading": (_change("Exercise 0.5", "· Build ·", "· Write ·", _statement), "the heading must read"),
    "a lost option": (_change("Exercise 0.3", "- **D** ", "- ", _statement), "the statement offers the options"),
    "no solution region": (_change("0_1", "### BEGIN SOLUTION", "###"), "no solution region"),
    "no student version": (_change("0_6", STUDENT_VERSION, "###"), "no ### STUDENT VERSION"),
    "an answer given away": (
        _change("0_3", "# answer_0_3 = None", '# answer_0_3 = "C"'),
        "the student's version must assign None to answer_0_3",
    ),
    "no progress at the end": (lambda cells: cells.pop(), "the last cell must be progress"),
    "no title": (_lose_the_title, "the first cell must begin '# Chapter 0 · Title'"),
    "an exercise lost": (_change("Exercise 0.7", "### Exercise", "Exercise", _statement), "stated nowhere"),
    "an exercise twice": (_change("Exercise 0.7", "0.7", "0.5", _statement), "exercise 0.5 is stated twice"),
    "another listing": (_change("Exercise 0.6", "np.log(prob)", "np.log2(prob)", _statement), "the numbered listing"),
    "a function nobody uses": (_change("", "waiting_for(", "print(", _code_cell('waiting_for("0.7')), "nothing uses"),
    "an axis without a label": (_change("", "xlabel=", "", _code_cell("xlabel")), "a plot has no xlabel"),
    "a picture without words": (
        _change("Exercise 0.5", "Write", "![](plot.png) Write", _statement),
        "an image has no text alternative",
    ),
    "no question before a demo": (_forget_to_predict, "no question before the demo"),
    "nothing after a demo": (_say_nothing_after_a_demo, "no text after the demo"),
    "a placeholder": (
        _change("Exercise 0.5", "Write", "TODO: the task. Write", _statement),
        "still to write: the task",
    ),
}


@pytest.mark.parametrize("breakage", BREAKAGES)
def test_a_broken_contract_is_noticed(breakage, tmp_path, monkeypatch):
    chapter = "ch00_reward_modeling"
    notebook = json.loads(course.source_notebook(chapter).read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        cell["source"] = "".join(cell["source"])
    change, words = BREAKAGES[breakage]
    change(notebook["cells"])
    (tmp_path / chapter).mkdir()
    path = tmp_path / chapter / f"{chapter}.ipynb"
    path.write_text(json.dumps(notebook), encoding="utf-8")
    if breakage != "an output":  # whatever is found must not be the form of the file alone
        path.write_text(notebooks.dumps(notebooks.canonical(notebooks.read(path))), encoding="utf-8")
    monkeypatch.setattr(course, "SOURCE", tmp_path)
    monkeypatch.setattr(marking, "chapters", lambda: [CHAPTERS["ch00"]])
    problems = [str(problem) for problem in contract.problems()]
    assert any(words in problem for problem in problems), problems
    assert all(problem.startswith(str(path)) for problem in problems if words in problem)


def test_the_student_version_replaces_the_solution():
    region = "### BEGIN SOLUTION\ny = 2\n### STUDENT VERSION\n# y = None  # say\n#\n#     indented\n### END SOLUTION"
    source = f"x = 1\n{region}\nz = 3"
    assert student_version(source) == "x = 1\ny = None  # say\n\n    indented\nz = 3"


@pytest.mark.parametrize(
    "source",
    [
        "### BEGIN SOLUTION\n### STUDENT VERSION\ny = None\n### END SOLUTION",
        "### STUDENT VERSION\n# y\n### END SOLUTION",
        "### BEGIN SOLUTION\n### STUDENT VERSION\n# y",
        "### BEGIN SOLUTION\ny = 1\n### END SOLUTION\n### STUDENT VERSION",
    ],
)
def test_misplaced_markers_are_errors(source):
    with pytest.raises(ValueError, match=r"comment|place|closed"):
        student_version(source)


def test_hidden_tests_are_cut_out_of_feedback():
    source = "check('0.1', a)\n### BEGIN HIDDEN TESTS\nsecret\n### END HIDDEN TESTS"
    assert without_hidden_tests(source) == "check('0.1', a)"


@pytest.mark.parametrize("path", course.source_notebooks(), ids=lambda path: path.stem)
def test_text_and_back_changes_nothing(path):
    notebook = notebooks.read(path)
    again = notebooks.from_text(notebooks.to_text(notebook), path.stem)
    assert notebooks.dumps(again) == path.read_text(encoding="utf-8")


def test_a_file_that_is_no_notebook_is_named(tmp_path):
    path = tmp_path / "x.ipynb"
    path.write_text("{ not json")
    with pytest.raises(ValueError, match=r"x\.ipynb is not a notebook"):
        notebooks.read(path)
