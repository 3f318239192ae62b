"""Classes to grade: a small notebook of our own, and solved copies of real chapters."""

import importlib
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from autograder import course, marking, notebooks, sample_class

MINI = "mini"
IMPORTS = """\
import numpy as np
import torch
import matplotlib.pyplot as plt
import gymnasium as gym
import ipywidgets as widgets"""
ANSWER_1 = "def softmax(x):\n    shifted = np.exp(np.asarray(x) - np.max(x))\n    return shifted / shifted.sum()"
ANSWER_2 = """\
def discounted(rewards, gamma):
    total = 0.0
    for r in reversed(rewards):
        total = r + gamma * total
    return total"""
TEST_1 = """\
assert softmax([0.0]) == 1
### BEGIN HIDDEN TESTS
np.testing.assert_allclose(softmax([0, 0]), 0.5)
assert softmax([800., 0])[0] == 1
### END HIDDEN TESTS"""
TEST_2 = """\
assert discounted([1], 0.5) == 1
### BEGIN HIDDEN TESTS
assert discounted([1, 1, 4], 0.5) == 2.5
assert discounted([], 0.9) == 0
### END HIDDEN TESTS"""
PLOT = "fig, ax = plt.subplots()\nax.plot(softmax(np.linspace(-3, 3, 50)))\nax.set_title('softmax')\nplt.show()"
WIDGET = "widgets.IntSlider(description='n')"

STOCK = """\
c = get_config()
c.CourseDirectory.root = {root!r}
c.CourseDirectory.db_url = "sqlite:///" + {root!r} + "/gradebook.db"
c.CourseDirectory.course_id = "bench"
"""
ENGINE = STOCK + "from autograder.engine.converter import install\ninstall()\n"


def _flags(name, **flags):
    base = {"grade": False, "grade_id": name, "locked": False, "schema_version": 3, "solution": False, "task": False}
    return {"nbgrader": base | flags}


def mini_notebook():
    """A small notebook with the imports of a real chapter, two functions, a figure, a widget and an essay."""
    cells = [
        new_markdown_cell("# Mini"),
        new_code_cell(IMPORTS, metadata=_flags("imports", locked=True)),
        new_code_cell(f"### BEGIN SOLUTION\n{ANSWER_1}\n### END SOLUTION", metadata=_flags("a1", solution=True)),
        new_code_cell(TEST_1, metadata=_flags("t1", grade=True, locked=True, points=3)),
        new_code_cell(f"### BEGIN SOLUTION\n{ANSWER_2}\n### END SOLUTION", metadata=_flags("a2", solution=True)),
        new_code_cell(TEST_2, metadata=_flags("t2", grade=True, locked=True, points=2)),
        new_code_cell(PLOT),
        new_code_cell(WIDGET),
        new_markdown_cell("Your thoughts", metadata=_flags("essay", grade=True, solution=True, points=5)),
    ]
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel})


def make(root, name, students, shows=True):
    """Make a class that answered everything right.

    Parameters
    ----------
    root : pathlib.Path
        Its folder, not there yet.
    name : str
        ``"mini"`` or a chapter, such as ``"ch00_reward_modeling"``.
    students : int
    shows : bool
        Whether submissions keep the cells that only show something, which the engine does not run and stock does.
    """
    root.mkdir(parents=True)
    answered = _make_mini(root) if name == MINI else _make_chapter(root, name)
    texts = [_without_shows(notebook) if not shows else nbformat.writes(notebook) for notebook in answered]
    for i in range(students):
        folder = root / "submitted" / f"student{i:04d}" / name
        folder.mkdir(parents=True)
        (folder / f"{name}.ipynb").write_text(texts[i % len(texts)])


def _make_mini(root):
    source = root / "source" / MINI
    source.mkdir(parents=True)
    nbformat.write(mini_notebook(), source / f"{MINI}.ipynb")
    (root / "nbgrader_config.py").write_text(STOCK.format(root=str(root)))
    command = [sys.executable, "-m", "nbgrader", "generate_assignment", MINI]
    subprocess.run(command, cwd=root, check=True, capture_output=True)
    released = nbformat.read(root / "release" / MINI / f"{MINI}.ipynb", as_version=4)
    for cell in released.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        cell.source = {"a1": ANSWER_1, "a2": ANSWER_2, "essay": "Mine."}.get(name, cell.source)
    return [released]


def _make_chapter(root, name):
    """The chapter's right answers from the bank, in each of their styles."""
    from tests.submissions import Right

    chapter = next((chapter for chapter in marking.chapters() if chapter.notebook == name), None)
    if chapter is None:
        raise ValueError(f"chapter: there is no {name!r}")
    course.generate_assignment(name, root)
    released = notebooks.read(root / "release" / name / f"{name}.ipynb")
    bank = importlib.import_module(f"tests.submissions.{chapter.number}").BANK
    right = {exercise: [entry for entry in entries if isinstance(entry, Right)] for exercise, entries in bank.items()}
    styles = range(max(len(entries) for entries in right.values()))
    return [
        sample_class.fill_in(released, {e: entries[style % len(entries)].source for e, entries in right.items()})
        for style in styles
    ]


def _without_shows(notebook):
    notebook.cells = [cell for cell in notebook.cells if "show" not in cell.metadata.get("tags", [])]
    return nbformat.writes(notebook)


def copy(template, root, students, config):
    """Make a class with the first so many students of another one, ungraded."""
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    for name in ("source", "release", "gradebook.db"):
        origin = template / name
        if origin.is_dir():
            shutil.copytree(origin, root / name)
        elif origin.exists():
            shutil.copy(origin, root / name)
    for folder in sorted((template / "submitted").iterdir())[:students]:
        shutil.copytree(folder, root / "submitted" / folder.name)
    (root / "nbgrader_config.py").write_text(config.format(root=str(Path(root).resolve())))
