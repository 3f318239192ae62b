"""`make grade` and `python -m autograder grade`: a real class through plain nbgrader, with broken hand-ins among it."""

import hashlib
import subprocess
import sys

import pytest

from autograder import course, grading, notebooks, sample_class
from tests.chapters import CHAPTERS, Right, bank

CHAPTER = "ch00_reward_modeling"
pytestmark = pytest.mark.xdist_group("grading")  # one worker grades the class once


def submission(**changes):
    """A hand-in with every answer right, changed where asked."""
    answers = {
        exercise: next(e for e in entries if isinstance(e, Right)).source for exercise, entries in bank("ch00").items()
    }
    released = notebooks.read(course.RELEASE / CHAPTER / f"{CHAPTER}.ipynb")
    for cell in released.cells:  # plots and training runs are not what is tested here
        if "show" in cell.metadata.get("tags", []):
            cell.source = ""
    return sample_class.fill_in(released, answers | changes)


def hand_in(folder, student, notebook):
    path = folder / "submitted" / student / CHAPTER / f"{CHAPTER}.ipynb"
    path.parent.mkdir(parents=True)
    path.write_text(notebook if isinstance(notebook, str) else notebooks.dumps(notebook), encoding="utf-8")


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """A class of six: right, wrong, warning, a deleted test, a duplicated cell, broken JSON; and the command's output."""
    folder = tmp_path_factory.mktemp("class")
    hand_in(folder, "right", submission())
    hand_in(folder, "wrong", submission(**{"0.3": 'answer_0_3 = "A"'}))
    noisy = bank("ch00")["0.5"][0].source + "\nimport warnings\nwarnings.warn('look out')\n"
    hand_in(folder, "noisy", submission(**{"0.5": noisy}))
    missing = submission()
    missing.cells = [c for c in missing.cells if c.metadata.get("nbgrader", {}).get("grade_id") != "ex0_5_test"]
    hand_in(folder, "deleted-a-test", missing)
    double = submission()
    double.cells.append(next(c for c in double.cells if c.metadata.get("nbgrader", {}).get("grade_id") == "ex0_1_test"))
    hand_in(folder, "a-duplicate", double)
    hand_in(folder, "broken", '{"cells": [')
    outcome = subprocess.run(
        [sys.executable, "-m", "autograder", "grade", CHAPTER, "--class-folder", folder],
        cwd=course.COURSE, capture_output=True, text=True,
    )  # fmt: skip
    return folder, outcome


def scores(folder):
    return {
        student: {exercise: score.points for exercise, score in own.items()}
        for student, own in grading.read_scores(folder, CHAPTER).items()
    }


def full():
    return {exercise: float(CHAPTERS["ch00"].points(exercise)) for exercise in CHAPTERS["ch00"].exercises}


def test_everyone_who_can_be_graded_is(graded):
    folder, _ = graded
    found = scores(folder)
    assert found["right"] == full()
    assert found["wrong"] == full() | {"0.3": 0.0}
    assert found["noisy"] == full(), "a warning costs nothing"
    assert found["a-duplicate"] == full()
    assert found["deleted-a-test"]["0.1"] == full()["0.1"]
    assert None not in found["deleted-a-test"].values(), "no score may stay open for ever"


def test_the_broken_notebook_is_named_with_its_reason_and_gets_nothing(graded):
    folder, outcome = graded
    assert outcome.returncode == 1
    assert "NOT READABLE broken: " in outcome.stdout
    assert set(scores(folder)["broken"].values()) == {0.0}
    assert "Traceback" not in outcome.stdout + outcome.stderr


def test_the_table_holds_everyone(graded):
    folder, outcome = graded
    for student in ("right", "wrong", "noisy", "deleted-a-test", "a-duplicate", "broken"):
        assert student in outcome.stdout
    assert "22/22" in outcome.stdout
    assert str(folder / "feedback") in outcome.stdout


def test_feedback_shows_messages_and_no_hidden_test(graded):
    folder, _ = graded
    page = (folder / "feedback" / "wrong" / CHAPTER / f"{CHAPTER}.html").read_text(encoding="utf-8")
    assert "The level does not matter" in page
    assert "tested" in page  # the table of groups
    for secret in ("HIDDEN TESTS", "hidden_tests", "globals()"):
        assert secret not in page


def digest(folder):
    """Hash of everything in a folder but the log."""
    total = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix != ".log":
            total.update(str(path.relative_to(folder)).encode() + path.read_bytes())
    return total.hexdigest()


def test_grading_again_changes_nothing(graded):
    folder, _ = graded
    (folder / "submitted" / "broken" / CHAPTER / f"{CHAPTER}.ipynb").unlink()
    (folder / "submitted" / "broken" / CHAPTER).rmdir()
    before = digest(folder)
    grading.grade_class(folder, CHAPTER)
    assert digest(folder) == before


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["grade", "ch77_nothing"], "there is no 'ch77_nothing'"),
        (["grade", CHAPTER, "--class-folder", "{tmp}"], "no submission of ch00_reward_modeling"),
        (["sample-class", "ch77_nothing"], "there is no 'ch77_nothing'"),
    ],
)
def test_bad_input_is_one_clear_line(arguments, words, tmp_path):
    outcome = subprocess.run(
        [sys.executable, "-m", "autograder", *[a.format(tmp=tmp_path) for a in arguments]],
        cwd=course.COURSE, capture_output=True, text=True,
    )  # fmt: skip
    assert outcome.returncode == 2
    assert words in outcome.stderr
    assert "Traceback" not in outcome.stderr


def test_the_sample_class_shows_every_bank_entry():
    for chapter in CHAPTERS.values():
        plan = sample_class.plan(chapter)
        assert len(plan) >= sample_class.FEWEST_STUDENTS
        used = {(exercise, id(entry)) for answers in plan.values() for exercise, entry in answers.items()}
        for exercise, entries in bank(chapter.number).items():
            wrong = [entry for entry in entries if not isinstance(entry, Right)]
            assert all((exercise, id(entry)) in used for entry in wrong)
