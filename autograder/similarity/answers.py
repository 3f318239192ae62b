"""The code that students wrote, taken out of notebooks that nobody trusts: read as data, never run."""

import re
from pathlib import Path

from autograder import course, grading, notebooks
from autograder.engine import sanitise, submission

MAX_ANSWER = 50_000  # characters of one answer that are compared
_FENCED = re.compile(r"^```[^\n]*\n(.*?)^```", flags=re.MULTILINE | re.DOTALL)


def released_notebook(class_folder, chapter):
    """The notebook that the class was handed; the course's own when the class's folder holds none.

    Raises
    ------
    ValueError
        If there is no such chapter.
    """
    own = Path(class_folder) / "release" / chapter / f"{chapter}.ipynb"
    if not own.is_file():
        course.source_notebook(chapter)  # names the chapters there are when this one is not among them
        own = course.RELEASE / chapter / f"{chapter}.ipynb"
    return notebooks.read(own)


def answer_cells(released):
    """Ids of the code cells that students answer in, in order."""
    return [
        cell.metadata.nbgrader["grade_id"]
        for cell in released.cells
        if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("solution")
    ]


def given_code(released):
    """All code that the class was handed: cells, and blocks of code in the text."""
    code = [cell.source for cell in released.cells if cell.cell_type == "code"]
    text = "\n".join(cell.source for cell in released.cells if cell.cell_type == "markdown")
    return code + _FENCED.findall(text)


def read_answers(class_folder, chapter, wanted):
    """Read the answers of all submissions of a chapter.

    Parameters
    ----------
    class_folder : path
    chapter : str
    wanted : list of str
        Ids of the answer cells.

    Returns
    -------
    answers : dict of str to dict of str to str
        From student to cell to code.
    remarks : list of str
        What could not be read, or not in full.
    """
    answers, remarks = {}, []
    for student in grading.submitters(class_folder, chapter):
        folder = Path(class_folder) / "submitted" / student / chapter
        try:
            cells = sanitise.read_cells(submission.read_notebook(folder, chapter))
        except sanitise.Unreadable as problem:
            remarks.append(f"{student}: not compared. {problem}")
            continue
        answers[student] = own = {}
        for name, source in _labelled(cells, wanted):
            if len(source) > MAX_ANSWER:
                remarks.append(f"{student}: of {name} only the first {MAX_ANSWER:,} characters were compared.")
            own.setdefault(name, source[:MAX_ANSWER])
    return answers, remarks


def _labelled(cells, wanted):
    """Answer cells with their ids; as in grading, an editor that drops nbgrader's labels leaves the cell's own id."""
    labels = {cell["name"] for cell in cells}
    for cell in cells:
        by_id = cell["id"] if cell["name"] is None and cell["id"] not in labels else None
        name = cell["name"] or by_id
        if name in wanted:
            yield name, cell["source"]
