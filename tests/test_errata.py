"""docs/errata.md: each number it calls right is computed, and each place in the course that it names exists."""

import re

import pytest

from autograder import course, notebooks
from tests.chapters import CHAPTERS
from tests.errata import CORRECTIONS, LITERATURE, answer
from utils.catalogue import read_notebook

PAGE = (course.COURSE / "docs" / "errata.md").read_text(encoding="utf-8")
KNOWN_BY = {"computed", "argument", "run once", "literature", "not verified"}
NUMBER = re.compile(r"(?<![\w.,/])\d+\.\d+(?![\w.])|(?<![\w.,/])\d{1,3}(?:,\d{3})+|(?<![\w.,/])\d{3,}(?![\w.])")


def tables():
    """Rows of each table, as lists of four cells, by heading."""
    found = {}
    for heading, body in re.findall(r"^## (.*?)\n(.*?)(?=^#|\Z)", PAGE, flags=re.MULTILINE | re.DOTALL):
        rows = [line.strip("|").split(" | ") for line in body.split("\n") if line.startswith("| ")]
        found[heading] = [
            [cell.strip() for cell in row] for row in rows if not row[0].startswith(("place", " place", " ---"))
        ]
    return {heading: rows for heading, rows in found.items() if rows}


TABLES = tables()
BUILT = {heading: rows for heading, rows in TABLES.items() if heading.startswith("Chapter")}
TO_COME = {heading: rows for heading, rows in TABLES.items() if heading not in BUILT}
ROWS = [
    pytest.param(heading, row, id=f"{heading.split(',')[0]}: {row[0]}: {i}")
    for heading in TABLES
    for i, row in enumerate(TABLES[heading])
]


def rows_of(correction):
    return [row for heading, rows in TABLES.items() if heading.startswith(correction.table) for row in rows]


def test_the_page_has_a_table_for_every_chapter():
    assert [int(heading.split()[1]) for heading in BUILT] == list(range(len(CHAPTERS)))
    assert len(TO_COME) == 9
    assert all(len(row) == 4 for rows in TABLES.values() for row in rows)


@pytest.mark.parametrize("correction", CORRECTIONS, ids=lambda c: f"{c.table}: {c.words}")
def test_a_number_is_right(correction):
    assert any(correction.words in row[2] for row in rows_of(correction)), "these words stand in no row of the table"
    value = float(correction.compute())
    assert abs(value - correction.stated) <= correction.tolerance, f"stated {correction.stated}, computed {value}"


@pytest.mark.parametrize(("heading", "row"), ROWS)
def test_every_number_of_a_row_is_computed(heading, row):
    """But for rows that say that nobody recomputes theirs."""
    _, _, right, last = row
    if heading in TO_COME:
        assert last in KNOWN_BY
        if last in ("run once", "literature", "not verified"):
            return
    computed = [c.words for c in CORRECTIONS if heading.startswith(c.table) and c.words in right]
    numbers = [n for n in NUMBER.findall(right) if n not in LITERATURE and n not in exercises()]
    missing = [n for n in numbers if not any(n in words for words in computed)]
    assert not missing
    if last == "computed":
        assert computed
    if last == "argument":
        assert not numbers


def exercises():
    return {exercise for chapter in CHAPTERS.values() for exercise in chapter.exercises}


@pytest.mark.parametrize(("heading", "row"), [p for p in ROWS if p.values[0] in BUILT])
def test_the_course_has_what_a_row_says(heading, row):
    chapter = CHAPTERS[f"ch{int(heading.split()[1]):02d}"]
    places = row[3].split(", ")
    cells = notebooks.read(course.source_notebook(chapter.notebook)).cells
    sections = re.findall(r"^## (\d+\.\d+) ", "\n".join(cell.source for cell in cells), flags=re.MULTILINE)
    stated = {exercise.id for exercise in read_notebook(course.source_notebook(chapter.notebook))}
    for place in places:
        kind, number = place.split(" ")
        assert number in {"section": sections, "exercise": stated}[kind], place


def test_a_wrong_number_of_the_source_is_no_right_answer_here():
    """The answers that the source accepts or states wrongly lose the points."""
    wrong = {
        ("0.2", 0): -1.466, ("1.1", 0): 0.192, ("1.4", 0): 0.67, ("2.3", 0): 0.98, ("3.2", 0): 0.622, ("5.1", 0): 4.0,
        ("5.5", 1): 7.4, ("6.4", 0): 5.49, ("8.1", 0): 3.0, ("9.6", 0): 7.964, ("9.2", 0): 167.2,
    }  # fmt: skip
    from autograder.marking import Fail

    for (exercise_id, position), number in wrong.items():
        chapter = CHAPTERS[f"ch{int(exercise_id.split('.')[0]):02d}"]
        question = chapter.exercises[exercise_id].questions[position]
        with pytest.raises(Fail):
            question.mark(number)
        question.mark(answer(exercise_id, position))
