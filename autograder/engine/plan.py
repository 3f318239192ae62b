"""What an assignment consists of, as the gradebook and the released notebooks have it."""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import nbformat
from nbgrader.api import Gradebook

SCHEMA = 3  # version of nbgrader's cell metadata


@dataclass(frozen=True)
class PlannedCell:
    """A cell that nbgrader knows: with points, to be answered, or locked."""

    name: str
    cell_type: str
    source: str
    checksum: str | None
    grade: bool
    solution: bool
    locked: bool
    task: bool
    points: float | None

    @property
    def metadata(self):
        """nbgrader's metadata of the cell."""
        metadata = {
            "grade": self.grade, "grade_id": self.name, "locked": self.locked, "schema_version": SCHEMA,
            "solution": self.solution, "task": self.task,
        }  # fmt: skip
        if self.checksum:
            metadata["checksum"] = self.checksum
        if self.grade or self.task:
            metadata["points"] = self.points
        return metadata | ({"cell_type": self.cell_type} if self.grade or self.locked else {})

    @property
    def restored(self):
        """Whether the text comes from here, whatever was handed in."""
        return (self.locked or self.grade or self.task) and not self.solution


@dataclass(frozen=True)
class NotebookPlan:
    """One notebook of an assignment.

    Parameters
    ----------
    name : str
    kernelspec : dict
    cells : tuple of PlannedCell
        In the order of the released notebook when `ordered`.
    ordered : bool
    """

    name: str
    kernelspec: dict
    cells: tuple
    ordered: bool

    @property
    def digest(self):
        """Hash of everything that a submission is marked by, but for the hidden tests' own code."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()

    def to_json(self):
        """JSON form, for a worker."""
        return asdict(self)

    @classmethod
    def from_json(cls, data):
        """Inverse of `to_json`."""
        return cls(**data | {"cells": tuple(PlannedCell(**cell) for cell in data["cells"])})


def read_plan(gradebook, assignment, notebook, folders=()):
    """Plan of one notebook.

    Parameters
    ----------
    gradebook : nbgrader.api.Gradebook
    assignment, notebook : str
    folders : sequence of path
        Where the released or source notebook may be found; it tells the order of the cells, which the gradebook forgets
        when cells are inserted later.

    Returns
    -------
    NotebookPlan
    """
    row = gradebook.find_notebook(notebook, assignment)
    grades = {cell.name: cell for cell in row.grade_cells}
    solutions = {cell.name for cell in row.solution_cells}
    tasks = {cell.name: cell for cell in row.task_cells}
    cells = []
    for cell in row.source_cells:
        worth = grades.get(cell.name) or tasks.get(cell.name)
        cells.append(
            PlannedCell(
                name=cell.name, cell_type=cell.cell_type or "code", source=cell.source or "", checksum=cell.checksum,
                grade=cell.name in grades, solution=cell.name in solutions, locked=bool(cell.locked),
                task=cell.name in tasks, points=None if worth is None else worth.max_score,
            )  # fmt: skip
        )
    order = _released_order(notebook, folders)
    ordered = order is not None and {cell.name for cell in cells} <= set(order)
    if ordered:
        cells.sort(key=lambda cell: order.index(cell.name))
    kernelspec = json.loads(row.kernelspec) if row.kernelspec else {}
    return NotebookPlan(notebook, kernelspec, tuple(cells), ordered)


def read_plans(db_url, course_id, assignment, folders=()):
    """Plans of all notebooks of an assignment.

    Returns
    -------
    list of NotebookPlan
    """
    with Gradebook(db_url, course_id) as gradebook:
        names = [notebook.name for notebook in gradebook.find_assignment(assignment).notebooks]
        return [read_plan(gradebook, assignment, name, folders) for name in sorted(names)]


def _released_order(notebook, folders):
    for folder in folders:
        path = Path(folder) / f"{notebook}.ipynb"
        try:
            cells = nbformat.read(path, as_version=4).cells
        except (OSError, ValueError, KeyError, AttributeError, nbformat.ValidationError):
            continue
        return [cell.metadata.nbgrader["grade_id"] for cell in cells if cell.metadata.get("nbgrader", {}).get("grade_id")]
    return None
