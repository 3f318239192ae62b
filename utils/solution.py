"""`solution("0.5")`: the solution of an exercise that was tried, in the self-study edition."""

import json
from pathlib import Path

from utils import progress
from utils.check import specification
from utils.panel import Panel

REVEALED_FOLDER = Path(__file__).parent / "revealed"


def is_self_study():
    """Whether this is the self-study edition, which holds solutions."""
    return any(REVEALED_FOLDER.glob("*.json"))


def solution(exercise_id):
    """Show the solution of an exercise, once it has been tried.

    Parameters
    ----------
    exercise_id : str
        The exercise's number, such as ``"0.5"``.

    Raises
    ------
    ValueError
        If `exercise_id` names no exercise.
    """
    specification(exercise_id)  # names a close match where there is no such exercise
    known = {}
    for path in sorted(REVEALED_FOLDER.glob("*.json")):
        known.update(json.loads(path.read_text(encoding="utf-8")))
    if exercise_id not in known:
        Panel("info", "Solutions are not part of this edition", "Your instructor has them.").show()
    elif not any(exercise == exercise_id for exercise, _, _ in progress.attempts()):
        Panel("info", f"Exercise {exercise_id}: try it first", "Run its check with an answer; then ask again.").show()
    else:
        revealed = known[exercise_id]
        Panel("info", f"Exercise {exercise_id}: solution", revealed["why"]).show()
        show_code("\n\n\n".join(part for part in (revealed["code"], revealed["library"]) if part))


def show_code(text):
    """Show Python source: coloured in a notebook, as text elsewhere."""
    from IPython import get_ipython
    from IPython.display import Code, display

    if get_ipython() is None:
        print(text)
    else:
        display(Code(text, language="python"))
