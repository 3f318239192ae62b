"""The list of exercises, read from notebooks: a notebook's cells are the only place where an exercise is described."""

import functools
import json
import re
from dataclasses import dataclass
from pathlib import Path

TYPES = ("Derive", "Trace", "Build", "Debug", "Design")

HEADING = re.compile(rf"^### Exercise (?P<id>[0-9]+(?:\.[0-9]+)+) · (?P<type>{'|'.join(TYPES)}) · (?P<title>\S.*)$")
CARD = re.compile(r"^(?P<points>\d+) points? · difficulty (?P<difficulty>[123]) of 3 · about (?P<minutes>\d+) minutes$")


@dataclass(frozen=True)
class Exercise:
    """One exercise as its notebook describes it."""

    id: str
    type: str
    title: str
    points: int
    difficulty: int
    minutes: int
    chapter: str

    @property
    def grade_id(self):
        """The answer cell's nbgrader id; the test cell's has ``_test`` behind it."""
        return grade_id(self.id)


def grade_id(exercise_id):
    """nbgrader id of an exercise's answer cell: ``"0.5"`` gives ``"ex0_5"``."""
    return "ex" + exercise_id.replace(".", "_")


def parse_statement(source, chapter):
    """Read an exercise from its statement cell.

    Parameters
    ----------
    source : str
        The markdown cell's text.
    chapter : str
        The notebook's name, such as ``"ch00_reward_modeling"``.

    Returns
    -------
    Exercise or None
        None when the cell states no exercise.

    Raises
    ------
    ValueError
        If the cell begins like a statement but breaks its form; the message says how.
    """
    if not source.startswith("### Exercise"):
        return None
    lines = [line.strip() for line in source.splitlines() if line.strip()]
    heading = HEADING.match(lines[0])
    if heading is None:
        raise ValueError(f"the heading must read '### Exercise 0.5 · Build · Title', not {lines[0]!r}")
    card = CARD.match(lines[1].strip("*")) if len(lines) > 1 else None
    if card is None:
        found = lines[1] if len(lines) > 1 else ""
        raise ValueError(
            f"the second line must read '*3 points · difficulty 2 of 3 · about 10 minutes*', not {found!r}"
        )
    numbers = {key: int(text) for key, text in card.groupdict().items()}
    return Exercise(**heading.groupdict(), **numbers, chapter=chapter)


@functools.cache
def read_notebook(path):
    """All exercises of one notebook, in its order.

    Parameters
    ----------
    path : str or pathlib.Path

    Returns
    -------
    tuple of Exercise
    """
    path = Path(path)
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    sources = ("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    return tuple(exercise for source in sources if (exercise := parse_statement(source, path.stem)) is not None)


def read_course(folder):
    """All exercises below a folder that holds ``chNN_slug/chNN_slug.ipynb``, in the order of the chapters."""
    paths = sorted(Path(folder).glob("ch*/ch*.ipynb"))
    return tuple(exercise for path in paths for exercise in read_notebook(path))
