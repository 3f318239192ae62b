"""Lists of what there is to test, and ways to run it, shared by the tests."""

import contextlib
import functools
import importlib
import io
import json

from autograder import course, marking
from tests.submissions import Right, Wrong

CHAPTERS = {chapter.number: chapter for chapter in marking.chapters()}


@functools.cache
def bank(number):
    """The bank of answers of a chapter."""
    return importlib.import_module(f"tests.submissions.{number}").BANK


def bank_entries(kind):
    """All bank entries of a kind, `Right` or `Wrong`, as (chapter, exercise, position) triples."""
    return [
        (number, exercise, i)
        for number in CHAPTERS
        for exercise, entries in bank(number).items()
        for i, entry in enumerate(entries)
        if isinstance(entry, kind)
    ]


def setup_source(number):
    """Source of a chapter's locked setup cell."""
    cells = json.loads(course.source_notebook(CHAPTERS[number].notebook).read_text(encoding="utf-8"))["cells"]
    for cell in cells:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == "setup":
            return "".join(cell["source"])
    raise AssertionError(f"{number} has no setup cell")


@functools.cache
def solved_notebook(number):
    """Run a source notebook's code from top to bottom, as an instructor would.

    Returns
    -------
    dict
        The names it defined.
    """
    import matplotlib.pyplot as plt

    cells = json.loads(course.source_notebook(CHAPTERS[number].notebook).read_text(encoding="utf-8"))["cells"]
    namespace = {"__name__": "__main__"}
    with contextlib.redirect_stdout(io.StringIO()):
        for cell in cells:
            if cell["cell_type"] == "code":
                exec("".join(cell["source"]), namespace)
    plt.close("all")
    return namespace


__all__ = ["CHAPTERS", "Right", "Wrong", "bank", "bank_entries", "setup_source", "solved_notebook"]
