"""Points and messages of test cells."""

import os

import pytest
from nbgrader.utils import determine_grade

from autograder.engine import trial
from tests.engine.classroom import grader

STUDENT = "def f(x): return 2 * x\ndef bad(x): return 1 / 0\ndef todo(): raise NotImplementedError\nanswer = 3"


def evaluate(student, source, points=4.0, locked="import math"):
    """Verdict on a test cell; its outputs must lead nbgrader to the same points."""
    import nbformat

    names = student(STUDENT)
    verdict = trial.evaluate(source, points, trial.trusted_imports([locked]), names.remote, 5)
    cell = nbformat.v4.new_code_cell(source, metadata=grader("t", grade=True, locked=True, points=points))
    cell.outputs = verdict.outputs
    assert determine_grade(cell)[0] == verdict.points
    return verdict


@pytest.mark.parametrize(
    ("source", "points"),
    [
        ("assert f(2) == 4", 4.0),
        ("assert f(2) == 5", 0.0),
        ("f(1)", 2.0),  # a number is partial credit
        ("f(100)", 4.0),
        ("f(-1)", 0.0),
        ("True", 4.0),
        ("None", 4.0),
        ("'text'", 4.0),
        ("float('nan')", 4.0),
        ("print('hello')\n1.5", 1.5),
        ("import sys; print('noise', file=sys.stderr)\nassert True", 4.0),
        ("import warnings; warnings.warn('old')\n3", 3.0),
        ("undefined", 0.0),
        ("bad(1)", 0.0),
        ("syntax error", 0.0),
        ("raise SystemExit", 0.0),
        ("2.0\n### BEGIN HIDDEN TESTS\nassert f(1) == 2\n### END HIDDEN TESTS", 4.0),
        ("assert f(2) == 5\n### BEGIN HIDDEN TESTS\nassert True\n### END HIDDEN TESTS", 0.0),
        ("bad(1)\n### BEGIN HIDDEN TESTS\nassert True\n### END HIDDEN TESTS", 0.0),
        ("undefined\n### BEGIN HIDDEN TESTS\n1\n### END HIDDEN TESTS", 1.0),  # the hidden part decides what is due
        ("4\n### BEGIN HIDDEN TESTS\nassert f(1) == 3\n### END HIDDEN TESTS", 0.0),
    ],
)
def test_points(student, source, points):
    assert evaluate(student, source).points == points


def test_messages(student):
    assert evaluate(student, "undefined").reason == "`undefined` is not defined."
    assert evaluate(student, "todo()").reason == "Not answered."
    reason = evaluate(student, "bad(1)").reason
    assert (
        reason == "Your code stopped with `ZeroDivisionError: division by zero` in the line `def bad(x): return 1 / 0`."
    )
    hidden = "### BEGIN HIDDEN TESTS\nassert answer == 4, 'the answer is 4'\n### END HIDDEN TESTS"
    assert evaluate(student, hidden).reason == "A hidden test failed."
    assert evaluate(student, "assert answer == 4, 'not yet'").reason == "not yet"


def test_a_test_that_fails_by_itself_is_reported_and_shows_nothing_of_it(student):
    verdict = evaluate(student, "### BEGIN HIDDEN TESTS\n{}['expected 42']\n### END HIDDEN TESTS")
    assert "KeyError" in verdict.mistake
    assert "42" not in str(verdict.outputs)
    assert "Exposed" in evaluate(student, "f(object())").mistake


USES = """\
original = squares
del squares
try:
    total(3)
except NameError:
    pass
else:
    raise AssertionError("total does not use squares")
finally:
    squares = original
assert squares(2) == 4
"""


@pytest.mark.parametrize(("helper", "points"), [("squares(i)", 1.0), ("i * i", 0.0)], ids=["used", "not-used"])
def test_a_test_may_take_a_name_away_for_a_while(student, helper, points):
    names = student(f"def squares(x): return x * x\ndef total(n): return sum({helper} for i in range(n))")

    def marked(source):
        return trial.evaluate(source, 1.0, trial.trusted_imports([]), names.remote, 0)

    assert marked(USES).points == points
    for source in ("del squares", "del squares\nsquares = None"):  # what is not given back comes back by itself
        assert marked(source).points == 1.0
        assert names["squares"](3) == 9
    assert marked("del squares\nsquares").reason == "`squares` is not defined."
    assert marked("del nothing").reason == "`nothing` is not defined."


def test_locked_imports_win_over_the_students_names(student):
    source = "assert math.pi > 3"
    assert evaluate(student, source).points == 4.0
    assert evaluate(student, source.replace("math", "answer")).points == 0.0


def test_the_environment_is_as_it_was(student, monkeypatch):
    monkeypatch.delenv("AUTOGRADER_SEED", raising=False)
    monkeypatch.setenv("NBGRADER_EXECUTION", "validate")
    source = (
        "import os; assert os.environ['AUTOGRADER_SEED'] == '5' and os.environ['NBGRADER_EXECUTION'] == 'autograde'"
    )
    assert evaluate(student, source).points == 4.0
    assert "AUTOGRADER_SEED" not in os.environ and os.environ["NBGRADER_EXECUTION"] == "validate"


def test_students_cannot_stand_in_for_builtins_or_name_their_points(student):
    names = student(
        "abs = lambda x: 0\nall = any = isinstance = lambda *a: True\nanswer = 3\n"
        "class Generous:\n    points = 4.0\n    groups = messages = []\n"
        "    def _repr_html_(self): return '<script>'\n    def __float__(self): return 4.0\n"
        "def f(): return Generous()"
    )
    trusted = trial.trusted_imports([])
    for source in ("assert abs(answer - 5) < 1", "assert all([answer == 5])", "assert isinstance(answer, str)"):
        assert trial.evaluate(source, 4.0, trusted, names.remote, 0).points == 0
    assert "<script>" not in str(trial.evaluate("f()", 4.0, trusted, names.remote, 0).outputs)
