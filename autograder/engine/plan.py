"""What an assignment consists of, as the gradebook and the released notebooks have it."""

import ast
import hashlib
import importlib.util
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
    imports : tuple of str
        Modules that the released notebook imports; worth importing once, before the first submission.
    shows : tuple of str
        Sources of released cells that only show something (tagged ``show``): a submission's cell with the same source
        need not be run.
    """

    name: str
    kernelspec: dict
    cells: tuple
    ordered: bool
    imports: tuple = ()
    shows: tuple = ()

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
        parts = {
            "cells": tuple(PlannedCell(**cell) for cell in data["cells"]),
            "imports": tuple(data["imports"]),
            "shows": tuple(data["shows"]),
        }
        return cls(**data | parts)


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
                name=cell.name,
                cell_type=cell.cell_type or "code",
                source=cell.source or "",
                checksum=cell.checksum,
                grade=cell.name in grades,
                solution=cell.name in solutions,
                locked=bool(cell.locked),
                task=cell.name in tasks,
                points=None if worth is None else worth.max_score,
            )
        )
    released = _released_cells(notebook, folders)
    order = None
    if released is not None:
        order = [
            cell.metadata.nbgrader["grade_id"] for cell in released if cell.metadata.get("nbgrader", {}).get("grade_id")
        ]
    ordered = order is not None and {cell.name for cell in cells} <= set(order)
    if ordered:
        cells.sort(key=lambda cell: order.index(cell.name))
    kernelspec = json.loads(row.kernelspec) if row.kernelspec else {}
    given = cells if released is None else released
    imports = imported_modules(cell.source for cell in given if cell.cell_type == "code")
    shows = [
        cell.source for cell in released or () if cell.cell_type == "code" and "show" in cell.metadata.get("tags", [])
    ]
    return NotebookPlan(notebook, kernelspec, tuple(cells), ordered, tuple(imports), tuple(shows))


def read_plans(db_url, course_id, assignment, folders=()):
    """Plans of all notebooks of an assignment.

    Returns
    -------
    list of NotebookPlan
    """
    with Gradebook(db_url, course_id) as gradebook:
        names = [notebook.name for notebook in gradebook.find_assignment(assignment).notebooks]
        return [read_plan(gradebook, assignment, name, folders) for name in sorted(names)]


def _released_cells(notebook, folders):
    for folder in folders:
        path = Path(folder) / f"{notebook}.ipynb"
        try:
            return nbformat.read(path, as_version=4).cells
        except (OSError, ValueError, KeyError, AttributeError, nbformat.ValidationError):
            continue
    return None


def imported_modules(sources):
    """Modules that cells import at their top level, but for those of the staff."""
    names = []
    for node in import_statements(sources):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif not node.level:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names if _is_module(node, alias))]
    return list(dict.fromkeys(name for name in names if not name.startswith(("autograder", "utils.solutions"))))


def import_statements(sources):
    """Top-level import statements of cells; cells that are not plain Python have none."""
    for source in sources:
        try:
            body = ast.parse(source).body
        except (SyntaxError, ValueError):
            continue
        yield from (statement for statement in body if isinstance(statement, (ast.Import, ast.ImportFrom)))


def _is_module(node, alias):
    """``from utils.demos import ch00`` imports a module, ``from utils.check import check`` does not."""
    try:
        return importlib.util.find_spec(f"{node.module}.{alias.name}") is not None
    except (ImportError, AttributeError, ValueError):
        return False
