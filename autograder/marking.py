"""How an exercise is described and marked.

A chapter's module in `autograder.hidden_tests` declares each exercise once: the right answers, the slips worth a hint,
the public cases, and the hidden tests as named groups. From this one declaration come the file behind `utils.check`
(see `Exercise.specification`) and the grade (see `Chapter.grade`).
"""

import copy
import importlib
import json
import linecache
import math
import os
import traceback
import warnings
import zlib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from autograder import course, notebooks
from autograder.notebooks import student_version
from utils import sealed
from utils.catalogue import grade_id, read_notebook
from utils.check import (
    CHECKS_FOLDER,
    agree,
    plain,
    read_letter,
    read_line,
    read_number,
    read_order,
    read_word,
    run_case,
)

NOT_ANSWERED = "Not answered."
SLIP, ERROR, UNANSWERED = "slip", "error", "unanswered"  # kinds of failure
CLOSE = "Very close: the last of three significant digits is off. Round only at the end."


FROM_BORDER = 0.06  # in units of the third digit: more than rounding at the fourth can move a number


class Ambiguous(ValueError):
    """Numbers with which rounding could take an answer or a slip for another."""


class Fail(Exception):
    """A hidden test found something wrong; the text is for the student."""


class Slipped(Fail):
    """A wrong answer that a known slip explains; the text is the slip's hint."""


class Unanswered(Exception):
    """The student's function still raises NotImplementedError."""


class StudentError(Exception):
    """The student's function raised; `original` is what it raised."""

    def __init__(self, original):
        super().__init__(describe_error(original))
        self.original = original


def describe_error(error):
    """One sentence on an exception from a student's code, with the line it came from where that is known."""
    text = f"`{type(error).__name__}: {error}`" if str(error) else f"`{type(error).__name__}`"
    here = {__file__, run_case.__code__.co_filename}
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename not in here]
    own = [frame for frame in frames if "site-packages" not in frame.filename and "/lib/python" not in frame.filename]
    if not own:
        return f"Your code stopped with {text}."
    line = linecache.getline(own[-1].filename, own[-1].lineno).strip()
    return f"Your code stopped with {text}" + (f" in the line `{line}`." if line else ".")


# --- what an exercise consists of -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Slip:
    """A mistake that students really make, and the hint that helps.

    `mistake` is the wrong number (Derive) or a wrong implementation with the exercise's signature (Build, Debug).
    """

    mistake: object
    hint: str


@dataclass(frozen=True)
class Number:
    """A question whose answer is a number, right when it rounds to the exact value at three significant digits."""

    name: str
    value: float
    right: str
    slips: tuple = ()
    otherwise: str = "Not this number. Write the formula down, then put the numbers in one by one."
    width: float | None = None

    kind = "number"

    def specification(self, salt):
        grid = sealed.Grid.around(self.value, self.width)
        cell = grid.cell(self.value)
        messages = {str(cell + step): _message(False, CLOSE) for step in (-1, 1)}
        near = [slip for slip in self.slips if abs(grid.cell(slip.mistake) - cell) == 1]
        messages |= {str(grid.cell(slip.mistake)): _message(False, slip.hint) for slip in near}  # better than "close"
        messages[str(cell)] = _message(True, self.right)
        grids = [self._sealed_grid(grid, f"{salt}/0", messages)]
        for i, slip in enumerate(self.slips, start=1):
            slip_grid = sealed.Grid.around(slip.mistake)
            messages = {str(slip_grid.cell(slip.mistake)): _message(False, slip.hint)}
            grids.append(self._sealed_grid(slip_grid, f"{salt}/{i}", messages))
        return {"name": self.name, "kind": self.kind, "grids": grids, "otherwise": self.otherwise}

    def messages(self):
        """What each answer, rounded to three significant digits, opens in practice.

        Returns
        -------
        dict of str to dict

        Raises
        ------
        Ambiguous
            If the answer is 0, if two of answer and slips cannot be told apart at three digits, or if one of them lies so
            near the border between two roundings that a fourth digit given by the student may decide.
        """
        if self.value == 0:
            raise Ambiguous(f"{self.name}: the answer is 0")
        right = _rounded(self.value)
        unit = sealed.three_digit_width(float(right)) / 1.02
        found = {sealed.three_digits(float(right) + step * unit): _message(False, CLOSE) for step in (-1, 1)}
        found[right] = _message(True, self.right)
        for slip in self.slips:
            wrong = _rounded(slip.mistake)
            if wrong in found:
                raise Ambiguous(f"{self.name}: {wrong} stands for two things")
            found[wrong] = _message(False, slip.hint)
        return found

    @staticmethod
    def _sealed_grid(grid, salt, messages):
        return {"width": grid.width, "phase": grid.phase} | sealed.seal(salt, messages)

    def mark(self, answer):
        """Raise Fail unless the answer is right."""
        value = read_number(answer)
        grid = sealed.Grid.around(self.value, self.width)
        if grid.same_cell(value, self.value):
            return
        for slip in self.slips:
            if sealed.Grid.around(slip.mistake).same_cell(value, slip.mistake):
                raise Slipped(slip.hint)
        raise Fail(CLOSE if abs(grid.cell(value) - grid.cell(self.value)) == 1 else self.otherwise)


@dataclass(frozen=True)
class Letter:
    """A question with lettered options; `options` says of each letter why it is right or wrong."""

    name: str
    value: str
    options: dict

    kind = "letter"

    def specification(self, salt):
        messages = {letter: _message(letter == self.value, text) for letter, text in self.options.items()}
        shared = {"name": self.name, "kind": self.kind, "options": list(self.options), "otherwise": ""}
        return shared | sealed.seal(salt, messages)

    def mark(self, answer):
        """Raise Fail unless the answer is right."""
        letter = read_letter(list(self.options), answer)
        if letter != self.value:
            raise Slipped(self.options[letter])


@dataclass(frozen=True)
class Word:
    """A question answered with one of a few words; `options` says of each word why it is right or wrong."""

    name: str
    value: str
    options: dict

    kind = "word"
    otherwise = ""

    def specification(self, salt):
        shared = {"name": self.name, "kind": self.kind, "options": list(self.options), "otherwise": self.otherwise}
        return shared | sealed.seal(salt, self.messages())

    def messages(self):
        """What each word opens."""
        return {word: _message(word == self.value, text) for word, text in self.options.items()}

    def mark(self, answer):
        """Raise Fail unless the answer is right."""
        word = read_word(list(self.options), answer)
        if word != self.value:
            raise Slipped(self.options[word])


@dataclass(frozen=True)
class Order:
    """A question that asks to order lettered things; `slips` maps wrong orders to hints."""

    name: str
    value: tuple
    right: str
    slips: dict = field(default_factory=dict)
    otherwise: str = "Not in this order."

    kind = "order"

    def specification(self, salt):
        messages = {order: _message(False, hint) for order, hint in self.slips.items()}
        messages["".join(self.value)] = _message(True, self.right)
        shared = {"name": self.name, "kind": self.kind, "options": sorted(self.value), "otherwise": self.otherwise}
        return shared | sealed.seal(salt, messages)

    def mark(self, answer):
        """Raise Fail unless the answer is right."""
        order = "".join(read_order(sorted(self.value), answer))
        if order != "".join(self.value):
            raise _slipped_or_not(self.slips.get(order), self.otherwise)


@dataclass(frozen=True)
class Line:
    """A question for the line of a listing; the first line is 1. `slips` maps wrong lines to hints.

    `also` names further lines where the same repair is as good: they are right too.
    """

    name: str
    value: int
    right: str
    slips: dict = field(default_factory=dict)
    otherwise: str = "The fault is not in this line. Follow one pair of numbers through the listing, line by line."
    also: tuple = ()

    kind = "line"

    def specification(self, salt):
        messages = {str(line): _message(False, hint) for line, hint in self.slips.items()}
        messages |= {str(line): _message(True, self.right) for line in (self.value, *self.also)}
        shared = {"name": self.name, "kind": self.kind, "otherwise": self.otherwise}
        return shared | sealed.seal(salt, messages)

    def mark(self, answer):
        """Raise Fail unless the answer is right."""
        line = read_line(answer)
        if line not in (self.value, *self.also):
            raise _slipped_or_not(self.slips.get(line), self.otherwise)


def _slipped_or_not(hint, otherwise):
    return Fail(otherwise) if hint is None else Slipped(hint)


def _message(right, text):
    return {"right": right, "text": text}


def _rounded(value):
    """Three significant digits of a number that is clear of the border between two roundings."""
    if not math.isfinite(value):
        raise Ambiguous(f"{value} has no digits")
    digits = sealed.three_digits(value)
    unit = float(f"1e{digits.split('e')[1]}") / 100
    if abs(value / unit % 1 - 0.5) < FROM_BORDER:
        raise Ambiguous(f"{value} lies between two roundings")
    return digits


@dataclass(frozen=True)
class Raises:
    """A public case that must raise."""

    call: str
    error: type = ValueError


@dataclass(frozen=True)
class Group:
    """A named part of a hidden test.

    `test` is called with the student's function and a seeded generator; it fails by a failed assertion, by `Fail` or
    by an error in the student's code.
    """

    name: str
    message: str
    weight: float
    test: object


class Exercise:
    """One exercise: its questions, and for a function its reference, public cases, slips and hidden groups."""

    def __init__(
        self, exercise_id, questions=(), reference=None, cases=(), slips=(), right="", setup="import numpy as np"
    ):
        self.id = exercise_id
        self.questions = tuple(questions)
        self.reference = reference
        self.cases = tuple(cases)
        self.slips = tuple(slips)
        self.right = right
        self.setup = setup
        self.groups = []
        self.variants = None  # how it is asked with other numbers, see `autograder.variants`

    @property
    def function(self):
        """Name of the function the student writes, or None."""
        return None if self.reference is None else self.reference.__name__

    @property
    def names(self):
        """Names the notebook must define, in the order `check` takes them."""
        return ([self.function] if self.function else []) + [question.name for question in self.questions]

    @property
    def weights(self):
        """Weight of each part of the hidden test, by its name."""
        return {g.name: g.weight for g in self.groups} | {f"`{q.name}`": 1 for q in self.questions}

    def group(self, name, message, weight=1):
        """Register a hidden test (decorator).

        Parameters
        ----------
        name : str
            What is tested, in two or three words; the student sees it.
        message : str
            One sentence that helps a student who fails, without giving the answer away.
        weight : float
            Share of the exercise's points, relative to the other groups; each question counts 1.
        """

        def register(test):
            self.groups.append(Group(name, message, weight, test))
            return test

        return register

    # -- for use in hidden tests --

    def compare(self, student, *args, relative=1e-5, absolute=1e-9, **kwargs):
        """Fail unless the student's function returns what the reference returns.

        A value that a known slip would have returned fails with that slip's hint, any other with the group's message.
        """
        expected = plain(self.reference(*copy.deepcopy(args), **copy.deepcopy(kwargs)))
        actual = student(*copy.deepcopy(args), **copy.deepcopy(kwargs))
        if agree(actual, expected, relative, absolute):
            return
        for slip in self.slips:
            if _slip_explains(slip, actual, expected, args, kwargs, relative, absolute):
                raise Slipped(slip.hint)
        raise Fail("")

    @staticmethod
    def expect_error(student, error, *args, **kwargs):
        """Fail unless the student's function raises `error` on these arguments."""
        try:
            student(*args, **kwargs)
        except StudentError as raised:
            if isinstance(raised.original, error):
                return
            raise Fail(f"A `{error.__name__}` is asked here. {raised}") from None
        raise Fail("")

    # -- what students see --

    def specification(self):
        """What `utils.check` needs to know, as JSON; answers are sealed."""
        answers = [question.specification(f"{self.id}/{question.name}") for question in self.questions]
        specification = {"answers": answers}
        if self.function:
            specification |= {
                "function": self.function,
                "setup": self.setup,
                "right": self.right,
                "cases": [self._public_case(case) for case in self.cases],
                "slips": [{"outputs": self._slip_outputs(slip), "hint": slip.hint} for slip in self.slips],
            }
        return specification

    def _public_case(self, case):
        if isinstance(case, Raises):
            public = {"call": case.call, "raises": case.error.__name__}
            if not run_case(public, self.setup, {self.function: self.reference}).passed:
                raise ValueError(f"exercise {self.id}: the reference does not raise in {case.call}")
            return public
        outcome = run_case({"call": case, "expected": None}, self.setup, {self.function: self.reference})
        if outcome.error:
            raise ValueError(f"exercise {self.id}: the reference fails in {case}: {outcome.error}")
        return {"call": case, "expected": _twelve_digits(plain(outcome.value))}

    def _slip_outputs(self, slip):
        outputs = []
        for case in self.cases:
            call = case.call if isinstance(case, Raises) else case
            outcome = run_case({"call": call, "expected": None}, self.setup, {self.function: slip.mistake})
            outputs.append(None if outcome.error else _twelve_digits(plain(outcome.value)))
        return outputs

    # -- marking --

    def mark(self, namespace, seed):
        """Run every group and question.

        Parameters
        ----------
        namespace : mapping
            The notebook's names.
        seed : int
            Seed of the inputs drawn.

        Returns
        -------
        list of GroupResult
        """
        results = []
        if self.function:
            student = namespace.get(self.function)
            results += [self._mark_group(group, student, (seed, i)) for i, group in enumerate(self.groups)]
        for question in self.questions:
            title = f"`{question.name}`"
            answer = namespace.get(question.name)
            if answer is None:
                results.append(GroupResult(title, 1, False, NOT_ANSWERED, UNANSWERED))
                continue
            try:
                question.mark(answer)
                results.append(GroupResult(title, 1, True, ""))
            except Fail as failure:
                results.append(GroupResult(title, 1, False, str(failure), _kind(failure)))
            except ValueError as problem:  # the answer is not of the kind that is asked
                results.append(GroupResult(title, 1, False, f"`{question.name}` {problem}"))
        return results

    def _mark_group(self, group, student, seed):
        def failed(message, kind=""):
            return GroupResult(group.name, group.weight, False, message or group.message, kind)

        if student is None:
            return failed(NOT_ANSWERED, UNANSWERED)
        if not callable(student):
            return failed(f"`{self.function}` is not a function.")
        try:
            group.test(_Guarded(student), np.random.default_rng(seed))
        except Unanswered:
            return failed(NOT_ANSWERED, UNANSWERED)
        except StudentError as error:
            return failed(str(error), ERROR)
        except (Fail, AssertionError) as failure:
            return failed(str(failure), _kind(failure))
        except Exception:  # such as float(None) in the test: the value is of a kind the test did not expect
            return failed(f"Your function returned something that the test cannot use. {group.message}")
        return GroupResult(group.name, group.weight, True, "")


def _kind(failure):
    return SLIP if isinstance(failure, Slipped) else ""


def _twelve_digits(value):
    """Round nested floats, so that machines whose last bits differ write the same file."""
    if isinstance(value, float):
        return float(f"{value:.12g}")
    if isinstance(value, list):
        return [_twelve_digits(item) for item in value]
    if isinstance(value, dict):
        return {key: _twelve_digits(item) for key, item in value.items()}
    return value


def _slip_explains(slip, actual, expected, args, kwargs, relative, absolute):
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            wrong = plain(slip.mistake(*copy.deepcopy(args), **copy.deepcopy(kwargs)))
    except Exception:
        return False
    if not agree(actual, wrong, relative, absolute) or agree(wrong, expected, relative, absolute):
        return False
    return not _holds_nan(wrong)  # every mistake that ends in NaN looks like every other


def _holds_nan(value):
    """Whether a NaN is in nested lists, of one length or of several."""
    if isinstance(value, dict):
        return _holds_nan(list(value.values()))
    if isinstance(value, list):
        return any(_holds_nan(item) for item in value)
    return isinstance(value, float) and math.isnan(value)


class _Guarded:
    """A student's function whose errors cannot be taken for the test's own."""

    def __init__(self, function):
        self._function = function

    def __call__(self, *args, **kwargs):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return self._function(*args, **kwargs)
        except NotImplementedError as error:
            raise Unanswered from error
        except Exception as error:
            raise StudentError(error) from error


# --- a chapter and its marks ------------------------------------------------------------------------------------------


class Chapter:
    """All exercises of one notebook.

    Parameters
    ----------
    notebook : str
        The notebook's name without its ending, such as ``"ch00_reward_modeling"``.
    """

    def __init__(self, notebook):
        self.notebook = notebook
        self.exercises = {}

    @property
    def number(self):
        """``"ch00"`` of ``"ch00_reward_modeling"``."""
        return self.notebook.split("_")[0]

    def _add(self, exercise):
        if exercise.id in self.exercises:
            raise ValueError(f"exercise_id: {exercise.id} is declared twice")
        self.exercises[exercise.id] = exercise
        return exercise

    def derive(self, exercise_id, *questions):
        """Declare an exercise that asks for one or more `Number` or `Word`."""
        return self._add(Exercise(exercise_id, questions))

    def trace(self, exercise_id, *questions):
        """Declare an exercise that asks for a `Letter`, an `Order` or a `Number` read off a trace."""
        return self._add(Exercise(exercise_id, questions))

    design = trace

    def build(self, exercise_id, reference, **details):
        """Declare an exercise that asks for a function; see `Exercise` for the details."""
        return self._add(Exercise(exercise_id, (), reference, **details))

    def debug(self, exercise_id, reference, line, **details):
        """Declare an exercise that asks for a repaired function and the `Line` of the fault."""
        return self._add(Exercise(exercise_id, (line,), reference, **details))

    def grade(self, exercise_id, namespace, max_points=None, seed=None):
        """Mark one exercise.

        Parameters
        ----------
        exercise_id : str
        namespace : mapping
            The names that the notebook defined.
        max_points : float, optional
            The exercise's points; read from the source notebook unless given.
        seed : int, optional
            Seed of the inputs drawn; ``$AUTOGRADER_SEED`` or 0 unless given.

        Returns
        -------
        Result
            Its text is the number of points, which is what nbgrader reads.
        """
        exercise = self.exercises[exercise_id]
        if max_points is None:
            max_points = self.points(exercise_id)
        if seed is None:
            seed = int(os.environ.get("AUTOGRADER_SEED", "0"))
        groups = exercise.mark(namespace, seed=zlib.crc32(f"{exercise_id}/{seed}".encode()))
        return Result(exercise_id, max_points, groups)

    def points(self, exercise_id):
        """Points of an exercise, from the source notebook."""
        path = course.source_notebook(self.notebook)
        for exercise in read_notebook(path):
            if exercise.id == exercise_id:
                return exercise.points
        raise ValueError(f"exercise_id: {path} states no exercise {exercise_id}")

    def checks_text(self):
        """Text of the chapter's file behind `utils.check`."""
        specifications = {name: exercise.specification() for name, exercise in self.exercises.items()}
        for name, exercise in self.exercises.items():
            if any(isinstance(question, Line) for question in exercise.questions):
                specifications[name]["listing"] = self.listing(exercise)
        return json.dumps(specifications, indent=1, ensure_ascii=False, sort_keys=True) + "\n"

    def listing(self, exercise):
        """Lines of a Debug exercise's faulty function, as the source notebook hands it out."""
        cells = notebooks.read(course.source_notebook(self.notebook)).cells
        wanted = grade_id(exercise.id)
        source = next(c.source for c in cells if c.metadata.get("nbgrader", {}).get("grade_id") == wanted)
        return notebooks.listing(student_version(source), exercise.questions[0].name)

    @property
    def checks_path(self):
        """Where that file is kept."""
        return CHECKS_FOLDER / f"{self.number}.json"


@dataclass(frozen=True)
class GroupResult:
    """How one group went; `message` is empty when it passed.

    `kind` says what a failure comes from, for reports: a known slip, an error in the student's code, no answer; it is
    empty for any other wrong answer.
    """

    name: str
    weight: float
    passed: bool
    message: str
    kind: str = ""


@dataclass(frozen=True)
class Result:
    """Marks of one exercise, group by group."""

    exercise_id: str
    max_points: float
    groups: list

    @property
    def points(self):
        """Points earned: the share of the groups passed, to two decimals."""
        total = math.fsum(group.weight for group in self.groups)
        earned = math.fsum(group.weight for group in self.groups if group.passed)
        return round(self.max_points * earned / total, 2)

    @property
    def messages(self):
        """Messages of the failed groups, each once, in order."""
        return list(dict.fromkeys(group.message for group in self.groups if not group.passed))

    def __repr__(self):
        return repr(float(self.points))

    def _repr_html_(self):
        from utils.panel import Panel

        status = "right" if self.points == self.max_points else "wrong"
        title = f"Exercise {self.exercise_id}: {self.points:g} of {self.max_points:g} points"
        if set(self.messages) == {NOT_ANSWERED}:
            return Panel("unanswered", title, NOT_ANSWERED)._repr_html_()
        rows = [("✓" if group.passed else "✗", group.name, group.message) for group in self.groups]
        return Panel(status, title, "", ("", "tested", "what we saw"), rows)._repr_html_()

    def __str__(self):
        lines = [f"Exercise {self.exercise_id}: {self.points:g} of {self.max_points:g} points"]
        lines += [f"  {'✓' if g.passed else '✗'} {g.name}{': ' + g.message if g.message else ''}" for g in self.groups]
        return "\n".join(lines)


def chapter_numbers():
    """Numbers such as ``"ch00"`` of all chapters that have hidden tests, in order."""
    return sorted(path.stem for path in (Path(__file__).parent / "hidden_tests").glob("ch*.py"))


def chapter(number):
    """The chapter that a module of hidden tests declares."""
    return importlib.import_module(f"autograder.hidden_tests.{number}").chapter


def chapters():
    """All chapters that have hidden tests, in order.

    Returns
    -------
    list of Chapter
    """
    return [chapter(number) for number in chapter_numbers()]
