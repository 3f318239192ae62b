"""What students see when they call `check`: right, not yet, not answered, and never a traceback for a wrong answer."""

import re
import subprocess
import sys

import numpy as np
import pytest
import torch

from tests.chapters import CHAPTERS, setup_source
from utils import progress
from utils.check import agree, check, evaluate, show
from utils.listing import clickable
from utils.solutions import ch00 as solutions


@pytest.mark.parametrize(
    "answer", [0.818, np.float64(0.8175744762), np.array(0.8176), torch.tensor(0.81757), 0.8175744761936437]
)
def test_a_right_number_of_any_kind(answer):
    status, panel = evaluate("0.1", answer)
    assert status == "right"
    assert "261 Elo points" in str(panel)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (0.182, "probability that B wins"),
        (0.8, "share of the rewards"),
        (0.969, "powers of 10"),
        (0.817, "last of three significant digits"),
        (0.5, "Not this number"),
        ("0.818", "without quotes"),
        (float("nan"), "finite number"),
        (float("inf"), "finite number"),
        ([0.818], "single number"),
        (np.array([0.8, 0.1]), "single number"),
        (True, "a number is expected"),
        (print, "is a function"),
        (1 + 1j, "single number"),
    ],
)
def test_a_wrong_number_gets_its_hint(answer, words):
    status, panel = evaluate("0.1", answer)
    assert status == "wrong"
    assert words in panel.message


def test_every_slip_of_every_number_opens_its_own_hint():
    for chapter in CHAPTERS.values():
        for exercise in chapter.exercises.values():
            for i, question in enumerate(exercise.questions):
                if question.kind != "number":
                    continue
                for slip in question.slips:
                    arguments = [None] * len(exercise.names)
                    arguments[exercise.names.index(question.name)] = slip.mistake
                    status, panel = evaluate(exercise.id, *arguments)
                    assert status == "wrong", (exercise.id, i)
                    assert slip.hint in panel.message, f"{exercise.id}: {slip.mistake} gets {panel.message!r}"


def test_a_line_and_a_function_are_reported_together():
    status, panel = evaluate("0.6", solutions.reward_loss, 4)
    assert status == "wrong"
    assert "cannot live with a 0" in panel.message
    assert all(row[-1] == "✓" for row in panel.rows)
    status, panel = evaluate("0.6", solutions.reward_loss, None)
    assert status == "wrong"
    assert "not answered yet" in panel.message


def test_an_untouched_debug_exercise_is_not_answered_yet():
    def faulty(r_win, r_lose):
        return float("nan")

    status, panel = evaluate("0.6", faulty, None)
    assert status == "unanswered"
    assert panel.rows
    assert evaluate("0.6", faulty, 5)[0] == "wrong"


def test_a_debug_exercise_prints_its_numbered_listing_until_it_is_right(capsys):
    check("0.6", lambda r_win, r_lose: 0.0, None)
    assert "5          loss += np.log(prob)" in capsys.readouterr().out
    check("0.6", solutions.reward_loss, 5)
    assert "np.log(prob)" not in capsys.readouterr().out


def test_a_click_on_a_line_says_what_to_write():
    root = clickable(["def f(x):", "    return x < 1"], "buggy_line_9_9")
    *buttons, sentence = root.children
    assert [button.description.replace("\xa0", " ") for button in buttons] == ["1  def f(x):", "2      return x < 1"]
    buttons[1].click()
    assert "line 2, <code>return x &lt; 1</code>" in sentence.value
    assert "<code>buggy_line_9_9 = 2</code>" in sentence.value


def test_a_function_that_raises_shows_its_error_in_the_table():
    status, panel = evaluate("0.5", lambda r_win, r_lose: 1 / 0)
    assert status == "wrong"
    assert "ZeroDivisionError: division by zero" in str(panel)


def test_a_function_is_told_what_its_slip_was():
    _, panel = evaluate("0.5", lambda r_win, r_lose: np.mean(np.logaddexp(0, np.subtract(r_win, r_lose))))
    assert "check the sign of the difference" in panel.message


@pytest.mark.parametrize("answers", [(), (1.0, 2.0)])
def test_the_wrong_number_of_answers_is_a_clear_error(answers):
    with pytest.raises(ValueError, match=r'takes 1: check\("0\.1", answer_0_1\)'):
        evaluate("0.1", *answers)


def test_an_unknown_exercise_is_a_clear_error():
    with pytest.raises(ValueError, match=r'no exercise "0\.55"; did you mean "0\.5"'):
        check("0.55", None)


def test_checks_are_remembered_except_unanswered_ones(capsys, monkeypatch):
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    check("0.1", None)
    check("0.1", 0.5)
    check("0.1", 0.818)
    assert [(exercise, right) for exercise, _, right in progress.attempts()] == [("0.1", False), ("0.1", True)]
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    check("0.1", 0.818)
    assert len(progress.attempts()) == 2
    assert "✓ Exercise 0.1: right" in capsys.readouterr().out


def test_the_panel_is_html_in_a_notebook_and_escapes_what_students_write():
    _, panel = evaluate("0.3", "<script>alert(1)</script>")
    assert "<script>" not in panel._repr_html_()
    _, panel = evaluate("0.5", lambda r_win, r_lose: "<b>not a number</b>")
    assert "<b>" not in panel._repr_html_()
    assert 'role="status"' in panel._repr_html_()


class _Hostile:
    def tolist(self):
        raise RuntimeError("no")

    def __repr__(self):
        raise RuntimeError("no")


def test_values_that_cannot_be_read_are_wrong_and_harmless():
    assert not agree(_Hostile(), 1.0)
    assert "cannot be shown" in show(_Hostile())
    status, _ = evaluate("0.5", lambda r_win, r_lose: _Hostile())
    assert status == "wrong"


@pytest.mark.parametrize(
    ("actual", "expected", "same"),
    [
        (1.0 + 1e-7, 1.0, True),
        (1.001, 1.0, False),
        (True, 1, False),
        (1, True, False),
        (np.array([1.0, 2.0]), [1.0, 2.0], True),
        ((np.array([1.0]), 2), [[1.0], 2], True),
        ([1.0, 2.0, 3.0], [1.0, 2.0], False),
        ({"a": torch.tensor([1.0])}, {"a": [1.0]}, True),
        ({"a": 1.0, "b": 2.0}, {"a": 1.0}, False),
        (float("nan"), float("nan"), True),
        (float("inf"), float("inf"), True),
        (None, None, True),
        ("B", "B", True),
        (0.0, 1e-12, True),
    ],
)
def test_agree(actual, expected, same):
    assert agree(actual, expected) is same


@pytest.mark.parametrize(("answer", "right"), [(0.818, True), (0.182, False), (None, False)])
def test_validation_of_a_notebook_passes_right_answers_alone(answer, right, monkeypatch):
    """nbgrader's button runs the notebook and calls right whatever raises nothing."""
    monkeypatch.setenv("NBGRADER_EXECUTION", "validate")
    if right:
        check("0.1", answer)
    else:
        with pytest.raises(AssertionError, match=r"Exercise 0\.1: not"):
            check("0.1", answer)
    assert progress.attempts() == []


NUMPY_CHAPTERS = [number for number in CHAPTERS if "import torch" not in setup_source(number)]


def test_nine_chapters_do_without_torch_in_their_setup():
    assert len(NUMPY_CHAPTERS) == 9


@pytest.mark.parametrize("number", NUMPY_CHAPTERS)
def test_a_check_of_a_numpy_chapter_does_not_import_torch(number):
    """Run the chapter's setup cell, then check an answer to each exercise, in a fresh process."""
    answer_of = {"number": "12345.0", "word": "'?'", "letter": "'A'", "order": "'?'", "line": "1"}
    calls = []
    for exercise in CHAPTERS[number].exercises.values():
        function = ["lambda *a, **k: 0.0"] if exercise.function else []
        answers = [*function, *(answer_of[question.kind] for question in exercise.questions)]
        calls.append(f"check({exercise.id!r}, {', '.join(answers)})")
    code = "\n".join([setup_source(number), *calls, "import sys; sys.exit('torch' in sys.modules)"])
    outcome = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert outcome.returncode == 0, outcome.stderr
    assert len(re.findall(r"^[✓✗] Exercise", outcome.stdout, flags=re.MULTILINE)) == len(calls)
