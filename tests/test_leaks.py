"""The class edition, every byte of every file, searched for solutions, hidden tests and answers.

`autograder.release.leaks` refuses to release or publish what holds words of the staff's. This search is wider and slower:
it knows the staff's side line by line, and it is itself tested with things planted for it to find.
"""

import ast
import base64
import binascii
import functools
import io
import itertools
import json
import re
from pathlib import Path

import numpy as np
import pytest

from autograder import course, notebooks, publish
from autograder.marking import Number, Raises
from tests.chapters import CHAPTERS
from utils import check

SHORTEST = {"solution": 10, "library": 25, "hidden": 30, "text": 25}  # shorter ones stand everywhere by chance

# Lines of the staff's side that stand in the students' too because both speak of the same thing, which gives nothing away.
SHARED_LINES = (
    'with np.errstate(all="ignore"):',  # how anybody silences a warning of NumPy's
    'with np.errstate(invalid="ignore"):',
    "for s in np.flatnonzero(~maze.walls).tolist():",  # how chapter 6 goes through the cells of a maze
    "reference = tinylm.load_reference()",  # how chapter 9 gets the model to start from
    "rock_paper_scissors = np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]])",  # two games that everybody knows
    "PENNIES = np.array([[1, -1], [-1, 1]])",
)
# Numbers that are an answer by chance: file, and number as it stands there.
SHARED_NUMBERS = {("utils/checks/ch01.json", "0.73105857863")}  # 1 / (1 + 1/e): a public case of 1.7, and 0.4's answer

NUMBER = re.compile(r"(?<![\w.])(\d+(?:[.,]\d+)*)(?:e([+-]?\d{1,2})(?!\d))?(\s?\\?%)?")


# --- the students' side: everything in a file that could be read -------------------------------------------------------


def words_of(name, data):
    """All text of a file: as it stands, as its strings read once unpacked, and as what these say in base64."""
    if Path(name).suffix == ".npz":
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            assert all(arrays[key].dtype.kind in "fiu" for key in arrays), f"{name} holds more than numbers"
            return "\n".join(arrays)
    text = data.decode("utf-8", errors="replace")
    strings = list(strings_in(json.loads(text))) if name.endswith((".json", ".ipynb")) else []
    return "\n".join([text, *strings, *filter(None, map(from_base64, strings))])


def strings_in(value):
    """Every string of a JSON value; a list of strings, as notebooks keep their lines, also as one."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from value
        for item in value.values():
            yield from strings_in(item)
    elif isinstance(value, list):
        if all(isinstance(item, str) for item in value):
            yield "".join(value)
        for item in value:
            yield from strings_in(item)


def from_base64(text):
    try:
        return base64.b64decode(text, validate=True).decode("utf-8") if len(text) >= 8 else ""
    except (binascii.Error, ValueError):
        return ""


def squeeze(text):
    """Text without what formatting may change: spaces and the kind of quotes."""
    return re.sub(r"\s+", "", text).replace('"', "'")


# --- the staff's side: everything that must not be among it ------------------------------------------------------------


@functools.cache
def secret_lines(number):
    """Squeezed lines of code of a chapter's solutions and hidden tests, but for those students are shown on purpose."""
    chapter = CHAPTERS[number]
    listings = [check.specification(e.id).get("listing", ()) for c in CHAPTERS.values() for e in c.exercises.values()]
    shown = "\n".join(squeeze(line) for line in [*SHARED_LINES, *itertools.chain(*listings)])
    lines = {
        "library": code_of(course.COURSE / "utils" / "solutions" / f"{number}.py"),
        "hidden": code_of(course.COURSE / "autograder" / "hidden_tests" / f"{number}.py"),
        "solution": "\n".join(solution_regions(chapter)),
    }
    found = {
        squeeze(line)
        for kind, text in lines.items()
        for line in text.split("\n")
        if len(squeeze(line)) >= SHORTEST[kind]
    }
    found = {line for line in found if not line.startswith(("#", "import", "from", "def"))}
    return {line for line in found if line not in shown}


def code_of(path):
    """A module's code without docstrings and comments, one statement a line."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Module)) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    return ast.unparse(tree)


def solution_regions(chapter):
    for cell in notebooks.read(course.source_notebook(chapter.notebook)).cells:
        regions = re.findall(r"### BEGIN SOLUTION\n(.*?)### (?:STUDENT VERSION|END SOLUTION)", cell.source, re.DOTALL)
        yield from (re.sub(r"  #.*", "", region) for region in regions)


@functools.cache
def secret_texts(number):
    """Squeezed texts of a chapter's hidden tests: messages to answers and to failed groups.

    What `check` says of a student's function is no secret; what it says of a value would give the value away.
    """
    exercises = CHAPTERS[number].exercises.values()
    public = {text for exercise in exercises for text in strings_in(public_side(exercise))}
    tree = ast.parse((course.COURSE / "autograder" / "hidden_tests" / f"{number}.py").read_text(encoding="utf-8"))
    texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    public = "\n".join(squeeze(text) for text in public)  # calls of public cases may be put together from parts
    return {squeezed for text in texts if len(squeezed := squeeze(text)) >= SHORTEST["text"] and squeezed not in public}


def public_side(exercise):
    """Texts of an exercise that its released notebook or `check` show to everybody."""
    calls = [case.call if isinstance(case, Raises) else case for case in exercise.cases]
    otherwise = [question.otherwise for question in exercise.questions if hasattr(question, "otherwise")]
    return [exercise.setup, exercise.right, *calls, *(slip.hint for slip in exercise.slips), *otherwise]


def secret_numbers():
    """Answers that three digits do not express exactly, as (exercise, size); others stand everywhere for other reasons."""
    for chapter in CHAPTERS.values():
        for exercise in chapter.exercises.values():
            for question in exercise.questions:
                size = abs(float(question.value)) if isinstance(question, Number) else 0.0
                if abs(float(f"{size:.3g}") - size) > 1e-9 * size:
                    yield exercise.id, size


def numbers_in(text):
    """Numbers of three digits or more in a text, as (size, unit of the last digit, as written).

    A comma is read as a decimal and as a thousands separator, a percentage as written and as a share.
    """
    for match in NUMBER.finditer(text):
        written, exponent, percent = match.groups()
        for digits in {written.replace(",", ""), written.replace(",", ".")}:
            if digits.count(".") <= 1 and len(digits.replace(".", "").lstrip("0")) >= 3:
                for power in (0, -2) if percent else (0,):
                    scale = 10.0 ** (int(exponent or 0) + power)
                    yield float(digits) * scale, scale * 10.0 ** -len(digits.partition(".")[2]), match.group()


# --- the search -------------------------------------------------------------------------------------------------------


def search(files):
    """Everything in an edition that belongs to the staff, one line each.

    Parameters
    ----------
    files : dict of str to bytes
    """
    found = []
    names = [name for chapter in CHAPTERS.values() for e in chapter.exercises.values() for name in e.names]
    assigned = re.compile(rf"\b({'|'.join(names)})\s*=(?!=)\s*(?!None\b)(\S[^\n]*)")
    answers = list(secret_numbers())
    for name, data in files.items():
        text = words_of(name, data)
        squeezed = squeeze(text)
        for number in CHAPTERS:
            found += [f"{name}: the line {line!r}" for line in secret_lines(number) if line in squeezed]
            found += [f"{name}: the text {text!r}" for text in secret_texts(number) if text in squeezed]
        found += [f"{name}: {match.group()!r}" for match in assigned.finditer(text)]
        for size, unit, written in set(numbers_in(text)):
            hits = {exercise for exercise, answer in answers if abs(size - answer) < unit and unit <= 0.02 * answer}
            if (name, written) not in SHARED_NUMBERS:
                found += [f"{name}: {written!r}, the answer to {exercise}" for exercise in hits]
    return found


@pytest.fixture(scope="module")
def class_edition():
    return {path.as_posix(): data for path, data in publish.contents("class").items()}


def test_the_class_edition_holds_no_solution_hidden_test_or_answer(class_edition):
    assert len(class_edition) > 60
    assert search(class_edition) == []


PLANTED = {
    "a line of the library": "    return float(np.mean(np.logaddexp(0.0, r_lose - r_win)))",
    "a solution": 'answer_0_1 = solutions.preference_probability(2.0, 0.5)',
    "a letter": 'answer_0_3 = "C"',
    "a number": "it is 0.8176",
    "a percentage": "it is 81.76 %",
    "a cut number": "it is 0.817",
    "a number in scientific notation": "it is 8.1757e-1",
    "a message": "The sigmoid sees only the difference, and at 0 it is one half, whatever the common level.",
    "a line number": "buggy_line_0_6 = 5",
}  # fmt: skip


@pytest.mark.parametrize("kind", PLANTED)
@pytest.mark.parametrize("packed", ["as text", "in a notebook", "in base64"])
def test_what_is_planted_is_found(kind, packed):
    text = PLANTED[kind]
    files = {
        "as text": {"notes.md": text.encode()},
        "in a notebook": {"a.ipynb": json.dumps({"cells": [{"source": re.split(r"(?<=[ ,])", text)}]}).encode()},
        "in base64": {"a.json": json.dumps({"x": base64.b64encode(text.encode()).decode()}).encode()},
    }
    assert search(files[packed])


def test_an_archive_may_hold_numbers_only():
    buffer = io.BytesIO()
    np.savez(buffer, weights=np.zeros(3), secret=np.array("answer_0_1 = 0.818"))
    with pytest.raises(AssertionError, match="more than numbers"):
        search({"weights.npz": buffer.getvalue()})
