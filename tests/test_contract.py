"""The exercises are those of the course's plan: same names, signatures, listings and verified values.

``tests/contract.json`` was worked out by hand and checked before any chapter was written, so it is independent of the
solution library.
"""

import inspect
import json
import re
from pathlib import Path

import pytest

from autograder import course, notebooks
from autograder.marking import Number
from tests.chapters import CHAPTERS, setup_source
from utils.catalogue import grade_id, read_notebook

CONTRACT = json.loads(Path(__file__).with_name("contract.json").read_text(encoding="utf-8"))
WRITTEN = [entry for entry in CONTRACT if entry["notebook"] in {chapter.notebook for chapter in CHAPTERS.values()}]
IDS = [entry["number"] for entry in WRITTEN]


def declared(entry):
    chapter = next(c for c in CHAPTERS.values() if c.notebook == entry["notebook"])
    return chapter.exercises[entry["number"]]


def released_answer(entry):
    notebook = notebooks.read(course.RELEASE / entry["notebook"] / f"{entry['notebook']}.ipynb")
    wanted = grade_id(entry["number"])
    return next(c.source for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == wanted)


@pytest.mark.parametrize("notebook", sorted({entry["notebook"] for entry in WRITTEN}))
def test_a_chapter_has_exactly_its_exercises(notebook):
    stated = {exercise.id: exercise.type for exercise in read_notebook(course.source_notebook(notebook))}
    assert stated == {entry["number"]: entry["type"] for entry in WRITTEN if entry["notebook"] == notebook}


@pytest.mark.parametrize("entry", WRITTEN, ids=IDS)
def test_names_and_values(entry):
    questions = {question.name: question for question in declared(entry).questions}
    assert list(questions) == list(entry["names"])
    for name, value in entry["names"].items():
        if isinstance(questions[name], Number):
            assert questions[name].value == pytest.approx(value, rel=1e-6)
        elif value is not None:
            assert questions[name].value == value


@pytest.mark.parametrize("entry", [e for e in WRITTEN if "signature" in e], ids=lambda e: e["number"])
def test_signatures(entry):
    name, parameters = re.match(r"(\w+)\((.*?)\)", entry["signature"]).groups()
    exercise = declared(entry)
    assert exercise.function == name
    wanted = re.sub(r"\s", "", parameters)
    assert parameter_text(exercise.reference) == wanted
    namespace = {}
    exec(setup_source(entry["notebook"].split("_")[0]), namespace)
    exec(released_answer(entry), namespace)
    assert parameter_text(namespace[name]) == wanted


def parameter_text(function):
    """Parameters as in the contract: names and defaults, without annotations."""
    parts = []
    for parameter in inspect.signature(function).parameters.values():
        default = "" if parameter.default is parameter.empty else f"={parameter.default!r}"
        parts.append(f"{parameter.name}{default}")
    return ",".join(parts).replace("0.01", "1e-2").replace("1e-08", "1e-8")


@pytest.mark.parametrize("entry", [e for e in WRITTEN if "listing" in e], ids=lambda e: e["number"])
def test_listings_stand_in_the_release_as_planned(entry):
    assert "\n".join(entry["listing"]) in released_answer(entry)
    assert CHAPTERS[entry["notebook"].split("_")[0]].listing(declared(entry)) == entry["listing"]  # what can be clicked
