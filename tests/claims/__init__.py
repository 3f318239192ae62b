"""Numbers that a chapter's prose states, each with the computation that proves it; one module for each chapter."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Claim:
    """One stated number.

    Parameters
    ----------
    words : str
        The words as they stand in the notebook, or in a message of `check`; line breaks count as spaces.
    stated : float
        The number they state.
    compute : callable
        Takes nothing and returns the number, from the solution library, a demo or first principles.
    tolerance : float
        Largest difference that the words allow; half a unit of the last digit stated is usual.
    """

    words: str
    stated: float
    compute: Callable[[], float]
    tolerance: float
