"""Small classes on disk for the tests: a course with its gradebook, and submissions to put into it."""

import contextlib
import json
import shutil
import sqlite3
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

COURSE = Path(__file__).resolve().parents[2]
CONFIG = """\
c = get_config()
load_subconfig("nbgrader_config.py", path={course!r})
c.CourseDirectory.root = {root!r}
c.CourseDirectory.db_url = "sqlite:///" + {root!r} + "/gradebook.db"
c.CourseDirectory.course_id = "test"
{more}
"""

ANSWERS = {
    "ex0_1": "answer_0_1 = 1 / (1 + np.exp(-1.5))",
    "ex0_2": "answer_0_2 = -sum(np.log1p(np.exp(-gap)) for gap in (0.7, 1.5, -0.6))",
    "ex0_3": 'answer_0_3 = "C"',
    "ex0_4": "answer_0_4 = 1 / (1 + np.exp(-1.0))",
    "ex0_5": """\
def bradley_terry(r_win, r_lose):
    winners, losers = np.asarray(r_win, dtype=float), np.asarray(r_lose, dtype=float)
    if winners.shape != losers.shape or winners.size == 0:
        raise ValueError("r_win and r_lose must have the same length, at least 1")
    return float(np.mean(np.logaddexp(0, losers - winners)))
""",
    "ex0_6": """\
def reward_loss(r_win, r_lose):
    loss = 0.0
    for w, l in zip(r_win, r_lose):
        loss += np.logaddexp(0, -(w - l))
    return loss / len(r_win)


buggy_line_0_6 = 5
""",
    "ex0_7": """\
def fit_bradley_terry(comparisons, n_items, l2=1e-2):
    pairs = np.asarray(comparisons)
    if pairs.min() < 0 or pairs.max() >= n_items:
        raise ValueError("comparisons: an index is out of range")
    rewards = np.zeros(n_items)
    for _ in range(100):
        surprise = 1 / (1 + np.exp(rewards[pairs[:, 0]] - rewards[pairs[:, 1]]))
        gradient, hessian = l2 * rewards, l2 * np.eye(n_items)
        np.add.at(gradient, pairs[:, 0], -surprise)
        np.add.at(gradient, pairs[:, 1], surprise)
        for (i, j), weight in zip(pairs, surprise * (1 - surprise)):
            hessian[[i, j], [i, j]] += weight
            hessian[[i, j], [j, i]] -= weight
        step = np.linalg.solve(hessian, gradient)
        rewards = rewards - step
        if np.abs(step).max() < 1e-12:
            break
    return rewards
""",
}
FULL = 22.0


def grader(name, *, grade=False, solution=False, locked=False, points=None, task=False):
    """nbgrader's metadata of a cell."""
    metadata = {
        "grade": grade,
        "grade_id": name,
        "locked": locked,
        "schema_version": 3,
        "solution": solution,
        "task": task,
    }
    return {"nbgrader": metadata | ({"points": points} if points is not None else {})}


def small_notebook():
    """Five functions, two points each, with visible and hidden assertions; stock nbgrader can grade it too."""
    cells = [
        new_markdown_cell("# Small", id="title"),
        new_code_cell("import numpy as np", id="setup", metadata=grader("setup", locked=True)),
    ]
    for i in range(1, 6):
        answer = f"def f{i}(x):\n    ### BEGIN SOLUTION\n    return np.asarray(x) * {i} + 1\n    ### END SOLUTION"
        plain = f"assert f{i}(2) == {2 * i + 1}\n" if i < 5 else ""  # the fifth rests on numpy.testing alone
        visible = f"assert f{i}(0) == 1\n" if i < 5 else ""
        test = (
            f"{visible}### BEGIN HIDDEN TESTS\n{plain}"
            f"np.testing.assert_allclose(f{i}([1.0, 7.0]), [{i + 1}, {7 * i + 1}])\n### END HIDDEN TESTS"
        )
        cells += [
            new_code_cell(answer, id=f"f{i}", metadata=grader(f"f{i}", solution=True)),
            new_code_cell(test, id=f"f{i}_test", metadata=grader(f"f{i}_test", grade=True, locked=True, points=2)),
        ]
    kernelspec = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernelspec})


SMALL_ANSWERS = {f"f{i}": f"def f{i}(x):\n    return np.asarray(x) * {i} + 1" for i in range(1, 6)}


class Classroom:
    """A class's folder.

    Parameters
    ----------
    root : path
        Empty.
    assignment : str
        ``"ch00_reward_modeling"``, or ``"small"`` for `small_notebook`.
    more : str
        Lines to add to the configuration.
    notebook : nbformat.NotebookNode, optional
        The assignment's source notebook, when it is another one than its name says.
    """

    def __init__(self, root, assignment="ch00_reward_modeling", more="", notebook=None):
        self.root = Path(root).resolve()
        self.assignment = assignment
        self.root.mkdir(parents=True, exist_ok=True)
        self.configure(more)
        source = self.root / "source" / assignment
        source.mkdir(parents=True)
        if notebook is not None or assignment == "small":
            nbformat.write(notebook or small_notebook(), source / f"{assignment}.ipynb")
        else:
            shutil.copy(COURSE / "source" / assignment / f"{assignment}.ipynb", source)
        result = self.api().generate_assignment(assignment)
        assert result["success"], result["log"]

    def configure(self, more=""):
        """Write the class's configuration."""
        text = CONFIG.format(course=str(COURSE), root=str(self.root), more=more)
        (self.root / "nbgrader_config.py").write_text(text)

    @property
    def config(self):
        """The class's configuration, loaded."""
        from autograder.engine.run import load_config

        return load_config(self.root)

    def api(self):
        """nbgrader's own Python interface to the class."""
        from nbgrader.apps.api import NbGraderAPI

        return NbGraderAPI(config=self.config)

    def released(self):
        """The released notebook, fresh."""
        return nbformat.read(self.root / "release" / self.assignment / f"{self.assignment}.ipynb", as_version=4)

    def answered(self, answers=None):
        """The released notebook with answers filled in; the right ones unless given."""
        right = SMALL_ANSWERS if self.assignment == "small" else ANSWERS
        notebook = self.released()
        for cell in notebook.cells:
            name = cell.metadata.get("nbgrader", {}).get("grade_id")
            cell.source = (right if answers is None else answers).get(name, cell.source)
        return notebook

    def folder(self, student):
        """Folder of a student's submission, made when needed."""
        folder = self.root / "submitted" / student / self.assignment
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def submit(self, student, notebook=None):
        """Hand in a notebook (or text, or bytes); the right answers unless given."""
        path = self.folder(student) / f"{self.assignment}.ipynb"
        notebook = self.answered() if notebook is None else notebook
        if isinstance(notebook, bytes):
            path.write_bytes(notebook)
        else:
            path.write_text(notebook if isinstance(notebook, str) else json.dumps(notebook))
        return path

    def grade(self, **options):
        """Grade the class with the engine; returns the summary."""
        from autograder.engine.run import grade_class

        return grade_class(self.root, self.assignment, config=self.config, **options)

    def rows(self):
        """All grades: student, cell, automatic score, manual score, whether a person has to look."""
        query = """
            SELECT s.student_id, c.name, g.auto_score, g.manual_score, g.needs_manual_grade
            FROM grade g JOIN base_cell c ON c.id = g.cell_id JOIN submitted_notebook n ON n.id = g.notebook_id
            JOIN submitted_assignment s ON s.id = n.assignment_id ORDER BY 1, 2"""
        with contextlib.closing(sqlite3.connect(self.root / "gradebook.db")) as connection:
            return connection.execute(query).fetchall()

    def results(self):
        """All rows of the table of group results."""
        with sqlite3.connect(self.root / "gradebook.db") as connection:
            return connection.execute("SELECT * FROM grading_result ORDER BY 1, 2, 3, 4, 5").fetchall()

    def scores(self, student):
        """Automatic scores of a student by test cell."""
        return {name: score for who, name, score, *_ in self.rows() if who == student}

    def total(self, student):
        """Sum of a student's automatic scores; None when there are none."""
        scores = self.scores(student)
        return None if not scores or None in scores.values() else sum(scores.values())

    def graded(self, student):
        """A student's graded notebook."""
        path = self.root / "autograded" / student / self.assignment / f"{self.assignment}.ipynb"
        return nbformat.read(path, as_version=4)
