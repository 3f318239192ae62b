"""Each chapter run as a whole: by the instructor, by a student who answered nothing, by students who answered right."""

import copy

import pytest
from nbclient import NotebookClient

from autograder import course, notebooks, sample_class
from autograder.grading import exercise_id
from tests.chapters import CHAPTERS, Right, bank
from utils.catalogue import read_notebook

N_STYLES = 3


def run(notebook, folder):
    """Execute a notebook in a kernel whose working folder is empty; errors stay in the outputs."""
    executed = copy.deepcopy(notebook)
    resources = {"metadata": {"path": str(folder)}}
    NotebookClient(executed, timeout=400, allow_errors=True, kernel_name="python3", resources=resources).execute()
    return executed


def errors(notebook):
    return [
        f"cell {i + 1}: {output.ename}: {output.evalue}"
        for i, cell in enumerate(notebook.cells)
        for output in cell.get("outputs", [])
        if output.output_type == "error"
    ]


def stderr(notebook):
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return "".join(output.text for output in outputs if output.output_type == "stream" and output.name == "stderr")


def points(notebook):
    """Points by exercise, as nbgrader reads them: the first result of a test cell."""
    found = {}
    for cell in notebook.cells:
        grader = cell.metadata.get("nbgrader", {})
        if grader.get("grade"):
            results = [o.data["text/plain"] for o in cell.outputs if o.output_type == "execute_result"]
            found[exercise_id(grader["grade_id"])] = float(results[0])
    return found


def with_tests(released, source):
    """Put the source's test cells, hidden tests included, into a released copy, as autograding does."""
    notebook = copy.deepcopy(released)
    tests = {
        cell.metadata.nbgrader.grade_id: cell for cell in source.cells if cell.metadata.get("nbgrader", {}).get("grade")
    }
    for cell in notebook.cells:
        cell_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        if cell_id in tests:
            cell.source = tests[cell_id].source
    return notebook


def source_of(number):
    return notebooks.read(course.source_notebook(CHAPTERS[number].notebook))


def release_of(number):
    name = CHAPTERS[number].notebook
    return notebooks.read(course.RELEASE / name / f"{name}.ipynb")


def full_points(number):
    return {e.id: float(e.points) for e in read_notebook(course.source_notebook(CHAPTERS[number].notebook))}


@pytest.mark.parametrize("number", CHAPTERS)
def test_the_instructor_gets_all_points(number, tmp_path):
    executed = run(source_of(number), tmp_path)
    assert errors(executed) == []
    assert stderr(executed) == ""
    assert points(executed) == full_points(number)


@pytest.mark.parametrize("number", CHAPTERS)
def test_an_untouched_copy_gets_nothing_without_a_traceback(number, tmp_path):
    executed = run(with_tests(release_of(number), source_of(number)), tmp_path)
    assert errors(executed) == []
    assert stderr(executed) == ""
    assert points(executed) == dict.fromkeys(full_points(number), 0.0)


@pytest.mark.parametrize("style", range(N_STYLES))
@pytest.mark.parametrize("number", CHAPTERS)
def test_right_answers_get_all_points(number, style, tmp_path):
    answers = {}
    for exercise, entries in bank(number).items():
        right = [entry for entry in entries if isinstance(entry, Right)]
        answers[exercise] = right[style % len(right)].source
    filled = sample_class.fill_in(with_tests(release_of(number), source_of(number)), answers)
    if style > 0:  # the first style has shown that plots and training runs work with a student's functions
        filled.cells = [cell for cell in filled.cells if "show" not in cell.metadata.get("tags", [])]
    executed = run(filled, tmp_path)
    assert errors(executed) == []
    assert points(executed) == full_points(number)
