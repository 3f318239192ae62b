"""Instant feedback: `check("0.5", bradley_terry)` says what is right, what is not, and what the slip probably was.

What `check` knows of an exercise stands in ``utils/checks/chNN.json``, which the release step writes: worked public
cases for functions, and sealed messages (see `utils.sealed`) for numbers, letters and lines. The grade never comes
from here.
"""

import difflib
import functools
import json
import math
import os
from pathlib import Path

from utils.panel import Panel
from utils.sealed import Grid, reveal, three_digits, unseal

CHECKS_FOLDER = Path(__file__).parent / "checks"

RIGHT, WRONG, UNANSWERED = "right", "wrong", "unanswered"


def check(exercise_id, *answers):
    """Check the answers to one exercise and show the result as a panel.

    Parameters
    ----------
    exercise_id : str
        The exercise's number, such as ``"0.5"``.
    *answers
        What the exercise asks for, in its order: a function (Build, Debug), then numbers, letters, orders or lines.

    Raises
    ------
    ValueError
        If `exercise_id` names no exercise or the number of answers is not what the exercise asks for.
    AssertionError
        If an answer is not right while nbgrader validates the notebook, and only then.
    """
    status, panel = evaluate(exercise_id, *answers)
    panel.show()
    execution = os.environ.get("NBGRADER_EXECUTION")
    if (
        execution == "validate" and status != RIGHT
    ):  # the button "Validate": nbgrader counts what raises nothing as right
        raise AssertionError(str(panel))
    if execution is not None:
        return
    if status != RIGHT and "listing" in specification(exercise_id):
        from utils.listing import show_listing

        show_listing(specification(exercise_id))
    if status != UNANSWERED:
        from utils import progress

        progress.record(exercise_id, right=status == RIGHT)


def evaluate(exercise_id, *answers):
    """Do what `check` does without showing or recording anything.

    Returns
    -------
    status : {"right", "wrong", "unanswered"}
    panel : utils.panel.Panel
    """
    spec = specification(exercise_id)
    expected = ([spec["function"]] if "function" in spec else []) + [question["name"] for question in spec["answers"]]
    if len(answers) != len(expected):
        raise ValueError(
            f'answers: exercise {exercise_id} takes {len(expected)}: check("{exercise_id}", {", ".join(expected)}); '
            f"got {len(answers)}"
        )
    answers = list(answers)
    parts = []
    rows = []
    if "function" in spec:
        part, rows = _check_function(spec, answers.pop(0))
        parts.append(part)
    for question, answer in zip(spec["answers"], answers, strict=True):
        parts.append(check_answer(question, answer, label=len(expected) > 1))

    # A Debug exercise starts with a function that is wrong: it counts as answered once the line is named too.
    is_debug = "function" in spec and bool(spec["answers"])
    untouched = is_debug and parts[0][0] == WRONG and all(status == UNANSWERED for status, _ in parts[1:])
    return summary(f"Exercise {exercise_id}", parts, ("call", "expected", "got", ""), rows, untouched)


def summary(name, parts, header=(), rows=(), untouched=False):
    """Bring the verdicts on an exercise's parts together.

    Parameters
    ----------
    name : str
        What the panel's title begins with.
    parts : list of (str, str)
        Status and text of each part.
    header, rows
        The panel's table.
    untouched : bool
        Whether a wrong part is what the student was given.

    Returns
    -------
    status : {"right", "wrong", "unanswered"}
    panel : utils.panel.Panel
    """
    statuses = {status for status, _ in parts}
    if statuses == {UNANSWERED} or untouched:
        status, title = UNANSWERED, "not answered yet"
    elif statuses == {RIGHT}:
        status, title = RIGHT, "right"
    else:
        status, title = WRONG, "not yet"
    message = "\n\n".join(
        text for part_status, text in parts if text and (part_status != UNANSWERED or status == WRONG)
    )
    return status, Panel(status, f"{name}: {title}", message, header, rows)


def specification(exercise_id):
    """Everything `check` knows of one exercise.

    Raises
    ------
    ValueError
        If there is no such exercise.
    """
    if not isinstance(exercise_id, str):
        raise ValueError(f'exercise_id: must be written in quotes, such as "0.5", not {exercise_id!r}')
    known = _all_specifications()
    if exercise_id not in known:
        close = difflib.get_close_matches(exercise_id, known, n=1)
        hint = f'; did you mean "{close[0]}"?' if close else ""
        raise ValueError(f'exercise_id: there is no exercise "{exercise_id}"{hint}')
    return known[exercise_id]


@functools.cache
def _all_specifications():
    specifications = {}
    for path in sorted(CHECKS_FOLDER.glob("*.json")):
        specifications.update(json.loads(path.read_text(encoding="utf-8")))
    return specifications


# --- numbers, letters, words, orders, lines ---------------------------------------------------------------------------


def check_answer(question, answer, label=False):
    """Check one answer that is a value.

    Parameters
    ----------
    question : dict
        Its ``name``, ``kind``, ``otherwise`` and sealed messages; with ``texts``, a box holds the place and the key of a
        text that it shares with others.
    answer : object
        None where there is none yet.
    label : bool
        Whether the question's name must be told from others.

    Returns
    -------
    status : {"right", "wrong", "unanswered"}
    text : str
    """
    name = question["name"]
    prefix = f"`{name}`: " if label else ""
    if answer is None:
        return UNANSWERED, f"{prefix}not answered yet." if label else ""
    try:
        boxes = READERS[question["kind"]](question, answer)
    except ValueError as problem:
        return WRONG, f"`{name}` {problem}"
    for sealed, canonical in boxes:
        opened = unseal(sealed, canonical)
        if opened is not None:
            if "texts" in question:
                place, key = opened
                opened = reveal(question["texts"][place], key)
            return (RIGHT if opened["right"] else WRONG), prefix + opened["text"]
    return WRONG, prefix + question["otherwise"]


def read_number(answer):
    """Bring an answer to a finite float.

    Raises
    ------
    ValueError
        With the end of a sentence that begins with the answer's name.
    """
    if isinstance(answer, str):
        raise ValueError(f"is text ({answer!r}): write the number without quotes.")
    if callable(answer):
        raise ValueError("is a function: call it, and assign what it returns.")
    if isinstance(answer, bool):
        raise ValueError(f"is {answer}: a number is expected.")
    try:
        value = float(answer)
    except (TypeError, ValueError, RuntimeError):
        raise ValueError(f"is a {type(answer).__name__}: a single number is expected.") from None
    if not math.isfinite(value):
        raise ValueError(f"is {value}: a finite number is expected.")
    return value


def read_letter(options, answer):
    """Bring an answer to one of the options' letters; raise like `read_number`."""
    letter = answer.strip().strip("().").upper() if isinstance(answer, str) else None
    if letter not in options:
        raise ValueError(f'must be one of the letters {", ".join(options)} in quotes, such as "{options[0]}".')
    return letter


def read_word(options, answer):
    """Bring an answer to one of the words offered, in small letters; raise like `read_number`."""
    word = answer.strip().strip(".").lower() if isinstance(answer, str) else None
    if word not in options:
        raise ValueError(f'must be one of the words {", ".join(options)} in quotes, such as "{options[0]}".')
    return word


def read_order(options, answer):
    """Bring an answer to a list of the options' letters, each once; raise like `read_number`."""
    letters = list(answer) if isinstance(answer, (list, tuple, str)) else []
    letters = [str(letter).strip().upper() for letter in letters]
    if sorted(letters) != sorted(options):
        raise ValueError(f"must be a list with each of the letters {', '.join(options)} once, such as {list(options)}.")
    return letters


def read_line(answer):
    """Bring an answer to a line number; raise like `read_number`."""
    value = read_number(answer)
    if value != int(value) or value < 1:
        raise ValueError("must be the number of a line of the listing; the first line is 1.")
    return int(value)


def _number_boxes(question, answer):
    value = read_number(answer)  # at once: the caller turns its error into a message
    grids = question["grids"]
    return ((sealed, str(Grid(sealed["width"], sealed["phase"]).cell(value))) for sealed in grids)


# From a question's kind to a function that turns an answer into (sealed messages, canonical answer) pairs to try.
READERS = {
    "number": _number_boxes,
    "digits": lambda question, answer: [(question, three_digits(read_number(answer)))],
    "letter": lambda question, answer: [(question, read_letter(question["options"], answer))],
    "word": lambda question, answer: [(question, read_word(question["options"], answer))],
    "order": lambda question, answer: [(question, "".join(read_order(question["options"], answer)))],
    "line": lambda question, answer: [(question, str(read_line(answer)))],
}


# --- functions --------------------------------------------------------------------------------------------------------


def _check_function(spec, function):
    name = spec["function"]
    if function is None:
        return (UNANSWERED, f"`{name}`: not answered yet."), []
    if not callable(function):
        return (WRONG, f"`{name}` is a {type(function).__name__}: a function is expected."), []
    outcomes = []
    for case in spec["cases"]:
        outcome = run_case(case, spec["setup"], {name: function})
        if outcome.error and outcome.error.startswith("NotImplementedError"):
            return (UNANSWERED, f"`{name}`: not answered yet."), []
        outcomes.append(outcome)
    rows = [
        (
            f"`{case['call']}`",
            case.get("raises") or show(case["expected"]),
            outcome.shown,
            "✓" if outcome.passed else "✗",
        )
        for case, outcome in zip(spec["cases"], outcomes, strict=True)
    ]
    n_failed = sum(not outcome.passed for outcome in outcomes)
    if not n_failed:
        return (RIGHT, spec["right"]), rows
    hint = _recognise_slip(spec, outcomes)
    count = f"{n_failed} of {len(rows)} cases {'differs' if n_failed == 1 else 'differ'}."
    return (WRONG, f"{count} {hint}".strip()), rows


class Outcome:
    """What a public case gave: a value or an error, and whether it is what was expected."""

    def __init__(self, case, value=None, error=None, error_types=()):
        self.value = value
        self.error = error
        if "raises" in case:
            self.passed = case["raises"] in error_types
        else:
            self.passed = error is None and agree(value, case["expected"])
        self.shown = error if error is not None else show(value)


def run_case(case, setup, names):
    """Evaluate one public case.

    Parameters
    ----------
    case : dict
        ``call``, a Python expression, and ``expected`` (a JSON value) or ``raises`` (an exception's name).
    setup : str
        Statements to run before, such as imports.
    names : dict
        The student's function by its name.

    Returns
    -------
    Outcome
    """
    import warnings

    namespace = {}
    exec(setup, namespace)
    namespace.update(names)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return Outcome(case, eval(case["call"], namespace))
    except Exception as error:
        message = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        return Outcome(case, error=message, error_types=[c.__name__ for c in type(error).__mro__])


def _recognise_slip(spec, outcomes):
    for slip in spec["slips"]:
        wrong_values = [
            (outcome.value, value)
            for outcome, value, case in zip(outcomes, slip["outputs"], spec["cases"], strict=True)
            if "raises" not in case and value is not None and outcome.error is None
        ]
        explains_a_failure = any(not outcome.passed and outcome.error is None for outcome in outcomes)
        if wrong_values and explains_a_failure and all(agree(got, value) for got, value in wrong_values):
            return slip["hint"]
    return ""


def plain(value):
    """Bring arrays, tensors and NumPy scalars to nested lists and Python numbers."""
    if hasattr(value, "detach"):
        value = value.detach()
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return value


def agree(actual, expected, relative=1e-5, absolute=1e-9):
    """Whether a value is the expected one, up to rounding.

    Parameters
    ----------
    actual : object
        Numbers, arrays, tensors, text, None, or nestings of them.
    expected : JSON value
    relative, absolute : float
        Tolerances as in `math.isclose`; the default admits single precision.

    Returns
    -------
    bool
    """
    try:
        actual = plain(actual)
    except Exception:
        return False
    if isinstance(expected, bool) or expected is None or isinstance(expected, str):
        return type(actual) is type(expected) and actual == expected
    if isinstance(expected, (int, float)):
        is_number = isinstance(actual, (int, float)) and not isinstance(actual, bool)
        if is_number and math.isnan(expected):
            return math.isnan(actual)
        return is_number and math.isclose(actual, expected, rel_tol=relative, abs_tol=absolute)
    if isinstance(expected, dict):
        return (
            isinstance(actual, dict)
            and actual.keys() == expected.keys()
            and all(agree(actual[key], expected[key], relative, absolute) for key in expected)
        )
    return (
        isinstance(actual, list)
        and len(actual) == len(expected)
        and all(agree(a, e, relative, absolute) for a, e in zip(actual, expected, strict=True))
    )


def show(value, limit=70):
    """Short text of a value for a table: floats at six digits, long things cut."""
    try:
        text = _show(plain(value))
    except Exception as error:
        text = f"<a {type(value).__name__} that cannot be shown: {type(error).__name__}>"
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _show(value):
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list):
        return "[" + ", ".join(_show(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key!r}: {_show(item)}" for key, item in value.items()) + "}"
    return repr(value)
