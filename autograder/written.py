"""Written parts of exercises, which a person grades in formgrader: two markdown cells behind the exercise's test cell.

The first is locked: a heading with the part's points, the question, and a mark scheme that students never receive::

    #### Part 10.1d · 4 points · read by a person

    In three sentences: why does the estimator need a baseline?

    ### BEGIN MARK SCHEME
    - 2 points: without one the variance grows with the level of the rewards
    - 2 points: a baseline that does not depend on the action leaves the mean as it is
    ### END MARK SCHEME

The second is the answer cell, ``ex10_1_d``, with the points; in source/ it holds a model answer in a solution region.
"""

import re
from dataclasses import dataclass

from utils.catalogue import grade_id

HEADING = re.compile(
    r"#### Part (?P<exercise>\d+(?:\.\d+)+)(?P<letter>[a-z]) · (?P<points>\d+) points? · read by a person"
)
FORM = "#### Part 10.1d · 4 points · read by a person"
_SCHEME = re.compile(r"\n?^### BEGIN MARK SCHEME$(.*?)^### END MARK SCHEME$", re.DOTALL | re.MULTILINE)
_MARKS = re.compile(r"^[-*] (\d+(?:\.\d+)?) points?: \S", re.MULTILINE)


@dataclass(frozen=True)
class Part:
    """A written part as its question cell announces it."""

    exercise: str
    letter: str
    points: int

    @property
    def id(self):
        """``"10.1d"``."""
        return f"{self.exercise}{self.letter}"

    @property
    def grade_id(self):
        """nbgrader id of the answer cell; the question's has ``_rubric`` behind it."""
        return part_grade_id(self.id)


def part_grade_id(part):
    """nbgrader id of a written part's answer cell: ``"10.1d"`` gives ``"ex10_1_d"``."""
    return f"{grade_id(part[:-1])}_{part[-1]}"


def part_id(cell_id):
    """Inverse of `part_grade_id`, also for the question's cell; None for the id of another cell."""
    match = re.fullmatch(r"ex(\d+(?:_\d+)+)_([a-z])(?:_rubric)?", cell_id)
    return match and match[1].replace("_", ".") + match[2]


def parse_part(source):
    """Read a written part from its question cell.

    Returns
    -------
    Part or None
        None when the cell begins no written part.

    Raises
    ------
    ValueError
        If the cell begins like one but breaks the form.
    """
    if not source.startswith("#### Part"):
        return None
    first = source.split("\n")[0].strip()
    match = HEADING.fullmatch(first)
    if match is None:
        raise ValueError(f"the heading of a written part must read {FORM!r}, not {first!r}")
    return Part(match["exercise"], match["letter"], int(match["points"]))


def mark_scheme(source):
    """The mark scheme in a question cell; None when there is none, or its markers do not stand in lines of their own."""
    match = _SCHEME.search(source)
    return match and match[1].strip()


def marks(scheme):
    """Points of each line ``- N points: what earns them`` of a mark scheme."""
    return [float(points) for points in _MARKS.findall(scheme)]


def without_mark_scheme(source):
    """Cut mark schemes out of a cell."""
    return _SCHEME.sub("", source).rstrip()
