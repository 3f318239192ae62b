"""The bank of right and wrong answers: what students really write, one module for each chapter.

The tests prove with it that right answers in every style get full marks and that each mistake loses the points, and
gets the message, that it should; `make grade` makes its sample class of it.
"""

from dataclasses import dataclass

# Names of groups that stand for all groups of an exercise.
ALL = ("*",)


@dataclass(frozen=True)
class Right:
    """A right answer.

    Parameters
    ----------
    source : str
        What stands in the answer cell.
    style : str
        In two or three words, how it is written.
    """

    source: str
    style: str = ""


@dataclass(frozen=True)
class Wrong:
    """A wrong answer.

    Parameters
    ----------
    source : str
        What stands in the answer cell.
    fails : tuple of str
        Names of the hidden groups that must fail; all others must pass. `ALL` for every group.
    message : str
        Words that must stand in one of the messages the student gets.
    """

    source: str
    fails: tuple
    message: str
