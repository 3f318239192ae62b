"""One exercise of submissions that are graded already: only its points and its cells change, everything else stays."""

import dataclasses
import re

import nbformat

from utils.catalogue import grade_id


class Part:
    """One exercise of an assignment.

    Parameters
    ----------
    exercise : str
        Its number, such as ``"3.5"``, or the name of a cell with points.
    plans : list of NotebookPlan
        The assignment's notebooks.

    Raises
    ------
    ValueError
        If the assignment has no cell with points of this exercise; the message names those there are.
    """

    def __init__(self, exercise, plans):
        self.exercise = exercise
        own = re.compile(rf"{re.escape(grade_id(exercise))}(_test|_[a-z])?")
        planned = [cell for plan in plans for cell in plan.cells]
        self.cells = {cell.name for cell in planned if cell.name == exercise or own.fullmatch(cell.name)}
        with_points = [cell.name for cell in planned if cell.grade or cell.task]
        if not self.cells.intersection(with_points):
            raise ValueError(f"exercise: {exercise!r} has no cell with points; there are {', '.join(with_points)}")

    def of(self, record, folder):
        """What of a record is to be saved.

        Parameters
        ----------
        record : Record
            The whole submission, graded again.
        folder : pathlib.Path
            The graded notebooks that there are; their other cells stay.

        Returns
        -------
        Record
        """
        notebooks = {}
        for name, graded in record.notebooks.items():
            before = nbformat.read(folder / f"{name}.ipynb", as_version=4)
            after = nbformat.reads(graded["text"], as_version=4)
            own = {_name(cell): cell for cell in after.cells if _name(cell) in self.cells}
            before.cells = [own.get(_name(cell), cell) for cell in before.cells]
            notebooks[name] = {
                "text": nbformat.writes(before, version=nbformat.NO_CONVERT),
                "scores": {cell: points for cell, points in graded["scores"].items() if cell in self.cells},
                "unanswered": [cell for cell in graded["unanswered"] if cell in self.cells],
                "results": [row for row in graded["results"] if row["cell"] in self.cells],
            }
        return dataclasses.replace(
            record, notebooks=notebooks, exercise=self.exercise, cells=sorted(self.cells),
            reasons={cell: record.reasons.get(cell) for cell in self.cells},
            mistakes={cell: record.mistakes.get(cell) for cell in self.cells},
        )  # fmt: skip


def _name(cell):
    return cell.metadata.get("nbgrader", {}).get("grade_id")
