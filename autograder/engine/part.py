"""One exercise of submissions that are graded already: only its points and its cells change, everything else stays."""

import dataclasses

import nbformat

from utils.catalogue import grade_id


class Part:
    """One exercise of an assignment.

    Parameters
    ----------
    exercise : str
        Its number, such as ``"3.5"``, or the name of a test cell.
    plans : list of NotebookPlan
        The assignment's notebooks.

    Raises
    ------
    ValueError
        If the assignment has no test cell of this exercise; the message names those there are.
    """

    def __init__(self, exercise, plans):
        self.exercise = exercise
        own = {exercise, grade_id(exercise), f"{grade_id(exercise)}_test"}
        planned = [cell for plan in plans for cell in plan.cells]
        # What a person reads is no matter of running tests again: its points stay, and need no second look.
        self.cells = {cell.name for cell in planned if cell.name in own and not (cell.grade and cell.solution)}
        tests = [cell.name for cell in planned if cell.grade and not cell.solution]
        if not self.cells.intersection(tests):
            raise ValueError(f"exercise: {exercise!r} has no test; the tests are {', '.join(tests)}")

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
