"""Every number that the prose states is true, and every decimal number in the prose is such a claim."""

import importlib
import re

import pytest

from autograder import course, notebooks
from tests.chapters import CHAPTERS

DECIMAL = re.compile(r"(?<![\d.\w])\d+\.\d+(?![\d.])")


def claims(number):
    return importlib.import_module(f"tests.claims.{number}").CLAIMS


def flat(text):
    return re.sub(r"\s+", " ", text)


def messages(chapter):
    """All texts that `check` and the hidden tests can show."""
    texts = []
    for exercise in chapter.exercises.values():
        texts += [
            exercise.right,
            *(slip.hint for slip in exercise.slips),
            *(group.message for group in exercise.groups),
        ]
        for question in exercise.questions:
            texts += [getattr(question, "right", ""), getattr(question, "otherwise", "")]
            texts += getattr(question, "options", {}).values()
            slips = getattr(question, "slips", ())
            texts += slips.values() if isinstance(slips, dict) else [slip.hint for slip in slips]
    return texts


def markdown_cells(chapter):
    cells = notebooks.read(course.source_notebook(chapter.notebook)).cells
    return [cell.source for cell in cells if cell.cell_type == "markdown"]


@pytest.mark.parametrize(
    ("number", "position"),
    [
        pytest.param(number, i, marks=pytest.mark.xdist_group(f"claims {number}"))  # one worker solves a notebook once
        for number in CHAPTERS
        for i in range(len(claims(number)))
    ],
)
def test_claim(number, position):
    claim = claims(number)[position]
    chapter = CHAPTERS[number]
    texts = flat(" ".join([*markdown_cells(chapter), *messages(chapter)]))
    assert flat(claim.words) in texts, f"these words stand nowhere any more: {claim.words}"
    value = float(claim.compute())
    assert abs(value - claim.stated) <= claim.tolerance, f"{claim.words!r} states {claim.stated}, computed {value}"


@pytest.mark.parametrize("number", CHAPTERS)
def test_every_decimal_number_of_the_prose_is_claimed(number):
    chapter = CHAPTERS[number]
    known = {exercise for other in CHAPTERS.values() for exercise in other.exercises}
    claimed = " ".join(claim.words for claim in claims(number))
    unproved = []
    for source in markdown_cells(chapter):
        if source.startswith("### Exercise"):
            continue  # givens are not claims
        prose = re.sub(r"^#+ .*$", "", source, flags=re.MULTILINE)  # headings are numbered
        prose = re.sub(r"[Ss]ections? \d+\.\d+|\barXiv[ :]\S+", "", prose)
        unproved += [n for n in DECIMAL.findall(prose) if n not in known and n not in claimed]
    assert not unproved, f"numbers without a claim: {unproved}"
