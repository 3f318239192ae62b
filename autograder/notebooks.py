"""Source notebooks: their one canonical form on disk, and the way to text and back.

In text a notebook is a Python file with ``# %%`` cells (jupytext's percent format). The nbgrader metadata is shortened
to what a person decides::

    # %% locked="setup"        a cell that students cannot change
    # %% answer="0.5"          the answer cell of exercise 0.5
    # %% test="0.5"            its test cell; the points come from the statement's card
    # %% [markdown] rubric="10.1d"     question and mark scheme of a part that a person reads (see `autograder.written`)
    # %% [markdown] written="10.1d"    its answer cell; the points come from the question's heading
"""

import re
from pathlib import Path

import nbformat

from autograder.written import parse_part, part_grade_id, part_id
from utils.catalogue import grade_id, parse_statement

KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
STUDENT_VERSION = "### STUDENT VERSION"
SCHEMA = 3  # version of nbgrader's cell metadata


def nbgrader_metadata(cell_id, *, grade=False, solution=False, locked=False, points=None):
    """nbgrader's metadata of a cell, in full."""
    metadata = {
        "grade": grade,
        "grade_id": cell_id,
        "locked": locked,
        "schema_version": SCHEMA,
        "solution": solution,
        "task": False,
    }
    return metadata | ({"points": points} if grade else {})


def test_cell(number, exercise_id, names):
    """Source of a test cell: the visible check and the hidden line that grades.

    Parameters
    ----------
    number : str
        The chapter's, such as ``"ch00"``.
    exercise_id : str
    names : list of str
        What `check` takes, in its order.
    """
    return (
        f'check("{exercise_id}", {", ".join(names)})\n'
        "### BEGIN HIDDEN TESTS\n"
        f'from autograder.hidden_tests import {number}; {number}.grade("{exercise_id}", globals())\n'
        "### END HIDDEN TESTS"
    )


def canonical(notebook):
    """Bring a notebook to the one form that is committed: no outputs, fixed metadata, cell ids that do not wander.

    Parameters
    ----------
    notebook : nbformat.NotebookNode

    Returns
    -------
    nbformat.NotebookNode
        A new notebook.
    """
    cells = []
    for i, old in enumerate(notebook.cells):
        grader = old.metadata.get("nbgrader")
        metadata = {"nbgrader": dict(grader)} if grader else {}
        tags = old.metadata.get("tags")
        if tags:
            metadata["tags"] = sorted(tags)
        cell = {
            "cell_type": old.cell_type,
            "id": grader["grade_id"] if grader else f"cell-{i:03d}",
            "metadata": metadata,
            "source": old.source.strip("\n"),
        }
        if old.cell_type == "code":
            cell |= {"execution_count": None, "outputs": []}
        cells.append(cell)
    metadata = {"kernelspec": KERNELSPEC, "language_info": {"name": "python"}}
    return nbformat.from_dict({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5})


def dumps(notebook):
    """Text of a notebook file: sorted keys, one space of indentation, a newline at the end."""
    return nbformat.writes(notebook, version=nbformat.NO_CONVERT, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def read(path):
    """Read a notebook.

    Raises
    ------
    ValueError
        If the file is no notebook; the message names it.
    """
    try:
        return nbformat.read(path, as_version=4)
    except (nbformat.reader.NotJSONError, nbformat.ValidationError, KeyError, AttributeError) as problem:
        raise ValueError(f"{path} is not a notebook: {problem}") from None


def to_text(notebook):
    """Turn a source notebook into text for an editor.

    Parameters
    ----------
    notebook : nbformat.NotebookNode

    Returns
    -------
    str
    """
    import jupytext

    plain = canonical(notebook)
    for cell in plain.cells:
        grader = cell.metadata.pop("nbgrader", None)
        if grader is None:
            continue
        part = part_id(grader["grade_id"]) if cell.cell_type == "markdown" else None
        if part is not None:
            cell.metadata["written" if grader["grade"] else "rubric"] = part
        elif grader["grade"]:
            cell.metadata["test"] = _exercise_id(grader["grade_id"].removesuffix("_test"))
        elif grader["solution"]:
            cell.metadata["answer"] = _exercise_id(grader["grade_id"])
        else:
            cell.metadata["locked"] = grader["grade_id"]
    plain.metadata = {"jupytext": {"notebook_metadata_filter": "-all", "cell_metadata_filter": "all"}}
    return jupytext.writes(plain, fmt="py:percent")


def from_text(text, chapter):
    """Turn edited text back into a source notebook in canonical form.

    Parameters
    ----------
    text : str
    chapter : str
        Name of the chapter, for messages.

    Returns
    -------
    nbformat.NotebookNode

    Raises
    ------
    ValueError
        If a test cell names an exercise that no statement cell before it announces, or a written part's answer cell
        one that no question announces.
    """
    import jupytext

    notebook = jupytext.reads(text, fmt="py:percent")
    points = {}
    for cell in notebook.cells:
        exercise = parse_statement(cell.source, chapter) if cell.cell_type == "markdown" else None
        if exercise is not None:
            points[exercise.id] = exercise.points
        part = parse_part(cell.source) if cell.cell_type == "markdown" else None
        if part is not None:
            points[part.id] = part.points
        metadata = cell.metadata
        if "answer" in metadata:
            metadata["nbgrader"] = nbgrader_metadata(grade_id(metadata["answer"]), solution=True)
        elif "test" in metadata:
            exercise_id = metadata["test"]
            if exercise_id not in points:
                raise ValueError(f"{chapter}: the test cell of exercise {exercise_id} comes before its statement")
            metadata["nbgrader"] = nbgrader_metadata(
                f"{grade_id(exercise_id)}_test", grade=True, locked=True, points=points[exercise_id]
            )
        elif "rubric" in metadata:
            metadata["nbgrader"] = nbgrader_metadata(f"{part_grade_id(metadata['rubric'])}_rubric", locked=True)
        elif "written" in metadata:
            if metadata["written"] not in points:
                raise ValueError(f"{chapter}: the answer cell of part {metadata['written']} comes before its question")
            metadata["nbgrader"] = nbgrader_metadata(
                part_grade_id(metadata["written"]), grade=True, solution=True, points=points[metadata["written"]]
            )
        elif "locked" in metadata:
            metadata["nbgrader"] = nbgrader_metadata(metadata["locked"], locked=True)
    return canonical(notebook)


def student_version(source):
    """Replace solution regions that hold the marker by the student's version of them.

    Parameters
    ----------
    source : str
        An answer cell of a source notebook.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        If markers are missing or out of order, or a line of the student's version is not a comment.
    """
    lines, place = [], "outside"
    for line in source.split("\n"):
        text = line.strip()
        if text == "### BEGIN SOLUTION":
            place = _next_place(place, "outside", "solution", text)
        elif text == STUDENT_VERSION:
            place = _next_place(place, "solution", "student", text)
        elif text == "### END SOLUTION":
            place = _next_place(place, "student", "outside", text)
        elif place == "student":
            if not text.startswith("#"):
                raise ValueError(f"a line of the student's version is not a comment: {line!r}")
            lines.append(re.sub(r"# ?", "", line, count=1))
        elif place == "outside":
            lines.append(line)
    if place != "outside":
        raise ValueError("a solution region is not closed by ### END SOLUTION")
    return "\n".join(lines)


def listing(released, line_name):
    """Lines of a Debug exercise's faulty function; line 1 is the one with ``def``, whatever stands above it.

    Parameters
    ----------
    released : str
        The answer cell as students find it.
    line_name : str
        Name of the answer that asks for the line; the listing ends before it.

    Returns
    -------
    list of str
    """
    definition = re.split(rf"^{line_name}\b", released, flags=re.MULTILINE)[0]
    return definition[re.search(r"^def ", definition, flags=re.MULTILINE).start() :].rstrip("\n").split("\n")


def _next_place(place, expected, following, marker):
    if place != expected:
        raise ValueError(f"the marker {marker!r} stands in the wrong place")
    return following


def without_hidden_tests(source):
    """Cut the regions between ``### BEGIN HIDDEN TESTS`` and ``### END HIDDEN TESTS``."""
    return re.sub(r"\n?### BEGIN HIDDEN TESTS.*?### END HIDDEN TESTS", "", source, flags=re.DOTALL).rstrip()


def _exercise_id(cell_id):
    return re.sub(r"^ex", "", cell_id).replace("_", ".")


def write_if_changed(path, text):
    """Write a file only when its content changes, in one step; say whether it did."""
    path = Path(path)
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".part")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)
    return True


def command_to_text(source, destination=None):
    """Write a notebook as text beside it, or where `destination` says."""
    source = Path(source)
    destination = Path(destination) if destination else source.with_suffix(".py")
    write_if_changed(destination, to_text(read(source)))
    print(destination)


def command_to_notebook(source, destination=None):
    """Write text back as a notebook in canonical form."""
    source = Path(source)
    destination = Path(destination) if destination else source.with_suffix(".ipynb")
    notebook = from_text(source.read_text(encoding="utf-8"), destination.stem)
    write_if_changed(destination, dumps(notebook))
    print(destination)
