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


BREAKAGES = {
    "an output": lambda cells: cells[1].update(outputs=[{"output_type": "stream", "name": "stdout", "text": "x"}]),
    "an absolute path": lambda cells: _answer(cells, "0_1").update(
        source=_answer(cells, "0_1")["source"] + "\n# /home/ada/x"
    ),
    "a changed id": lambda cells: _answer(cells, "0_5")["metadata"]["nbgrader"].update(grade_id="ex0_55"),
    "other points": lambda cells: _test(cells, "0_5")["metadata"]["nbgrader"].update(points=7),
    "cells exchanged": lambda cells: cells.insert(5, cells.pop(6)),
    "a cell between": lambda cells: cells.insert(
        6, {"cell_type": "markdown", "id": "x", "metadata": {}, "source": "hello"}
    ),
    "an unlocked test": lambda cells: _test(cells, "0_5")["metadata"]["nbgrader"].update(locked=False),
    "another name": lambda cells: _test(cells, "0_1").update(
        source=_test(cells, "0_1")["source"].replace("answer_0_1", "a")
    ),
    "no hidden test": lambda cells: _test(cells, "0_1").update(source='check("0.1", answer_0_1)'),
    "a bad card": lambda cells: _statement(cells, "Exercise 0.5").update(
        source=_statement(cells, "Exercise 0.5")["source"].replace("difficulty 2 of 3", "hard")
    ),
    "a lost option": lambda cells: _statement(cells, "Exercise 0.3").update(
        source=_statement(cells, "Exercise 0.3")["source"].replace("- **D** ", "- ")
    ),
    "no student version": lambda cells: _answer(cells, "0_6").update(
        source=_answer(cells, "0_6")["source"].split(STUDENT_VERSION)[0] + "### END SOLUTION"
    ),
    "an answer given away": lambda cells: _answer(cells, "0_3").update(
        source=_answer(cells, "0_3")["source"].replace("# answer_0_3 = None", '# answer_0_3 = "C"')
    ),
    "no progress at the end": lambda cells: cells.pop(),
    "no title": lambda cells: cells[0].update(source="Reward modeling"),
    "an exercise lost": lambda cells: _statement(cells, "Exercise 0.7").update(source="Exercise 0.7"),
}


@pytest.mark.parametrize("breakage", BREAKAGES)
def test_a_broken_contract_is_noticed(breakage, tmp_path, monkeypatch):
    chapter = "ch00_reward_modeling"
    notebook = json.loads(course.source_notebook(chapter).read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        cell["source"] = "".join(cell["source"])
    BREAKAGES[breakage](notebook["cells"])
    (tmp_path / "source" / chapter).mkdir(parents=True)
    path = tmp_path / "source" / chapter / f"{chapter}.ipynb"
    path.write_text(json.dumps(notebook), encoding="utf-8")
    if breakage != "an output":  # whatever is found must not be the form of the file alone
        path.write_text(notebooks.dumps(notebooks.canonical(notebooks.read(path))), encoding="utf-8")
    monkeypatch.setattr(course, "SOURCE", tmp_path / "source")
    monkeypatch.setattr(course, "COURSE", tmp_path)
    monkeypatch.setattr(marking, "chapters", lambda: [CHAPTERS["ch00"]])
    assert contract.problems()


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
