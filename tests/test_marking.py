"""How groups, weights, slips and errors become points and messages."""

import numpy as np
import pytest

from autograder.marking import NOT_ANSWERED, Chapter, Fail, Letter, Number, Order, Slip
from utils.sealed import Grid, unseal


def double(x):
    """Twice x."""
    return 2 * np.asarray(x)


@pytest.fixture
def chapter():
    made = Chapter("ch99_example")
    exercise = made.build(
        "99.1", double, slips=(Slip(lambda x: np.asarray(x) ** 2, "You squared."),), cases=("double(3.0)",)
    )

    @exercise.group("values", "Your values are off.", weight=3)
    def _(student, rng):
        exercise.compare(student, rng.normal(size=4))

    @exercise.group("errors", "Text must raise TypeError.")
    def _(student, rng):
        exercise.expect_error(student, TypeError, None)

    made.derive("99.2", Number("answer_a", 2.5, right="yes"), Number("answer_b", 0.0, right="yes"))
    made.design("99.3", Order("order", ("B", "A", "C"), right="yes", slips={"ABC": "That is the alphabet."}))
    made.trace("99.4", Letter("letter", "B", {"A": "no", "B": "yes"}))
    return made


def grade(chapter, exercise, **names):
    return chapter.grade(exercise, names, max_points=4)


def strict_double(x):
    if x is None:
        raise TypeError("x is None")
    return 2 * np.asarray(x)


def test_points_are_the_share_of_the_weights(chapter):
    assert grade(chapter, "99.1", double=strict_double).points == 4
    assert grade(chapter, "99.1", double=lambda x: np.asarray(x) * 2.0 if x is not None else 0).points == 3
    assert grade(chapter, "99.1", double=lambda x: None).points == 0


def test_the_text_of_a_result_is_its_points(chapter):
    result = grade(chapter, "99.1", double=strict_double)
    assert float(repr(result)) == 4.0
    assert "4 of 4 points" in result._repr_html_()


def test_a_slip_gets_its_hint_and_anything_else_the_groups_message(chapter):
    assert "You squared." in grade(chapter, "99.1", double=lambda x: np.asarray(x) ** 2).messages
    assert "Your values are off." in grade(chapter, "99.1", double=lambda x: np.asarray(x) + 1).messages


def test_an_error_in_the_students_code_names_its_line(chapter):
    def broken(x):
        return {}["missing"]

    message = grade(chapter, "99.1", double=broken).messages[0]
    assert "KeyError" in message
    assert 'return {}["missing"]' in message


def test_the_students_own_assertion_is_an_error_of_theirs(chapter):
    def asserting(x):
        assert x is None, "mine"

    assert "AssertionError: mine" in grade(chapter, "99.1", double=asserting).messages[0]


def test_a_value_that_the_test_cannot_use_is_wrong_and_no_crash(chapter):
    @chapter.exercises["99.1"].group("type", "A number is asked.")
    def _(student, rng):
        assert float(student(1.0)) > 0

    message = grade(chapter, "99.1", double=lambda x: None).messages[-1]
    assert "cannot use. A number is asked." in message


def test_a_slip_beside_the_answer_gets_its_own_hint():
    number = Number("x", 0.6209570, right="yes", slips=(Slip(0.6217572, "You rounded too early."),))
    for answer in (0.622, 0.6217572):
        with pytest.raises(Fail, match="rounded too early"):
            number.mark(answer)
    sealed = number.specification("salt")["grids"][0]
    grid = Grid(sealed["width"], sealed["phase"])
    assert unseal(sealed, str(grid.cell(0.622)))["text"] == "You rounded too early."


def test_unanswered_in_every_way(chapter):
    def untouched(x):
        raise NotImplementedError

    for names in ({}, {"double": None}, {"double": untouched}):
        assert grade(chapter, "99.1", **names).messages == [NOT_ANSWERED]
    assert grade(chapter, "99.2", answer_a=None).messages == [NOT_ANSWERED]


def test_a_function_that_changes_its_arguments_fools_nobody(chapter):
    def zeroing(x):
        result = 2 * np.asarray(x)
        if isinstance(x, np.ndarray):
            x[:] = 0
        return result

    results = {g.name: g.passed for g in grade(chapter, "99.1", double=zeroing).groups}
    assert results["values"]  # the value is right; the reference saw its own copy


def test_several_answers_are_marked_one_by_one(chapter):
    result = grade(chapter, "99.2", answer_a=2.5, answer_b=1.0)
    assert [(g.name, g.passed) for g in result.groups] == [("`answer_a`", True), ("`answer_b`", False)]
    assert result.points == 2
    assert grade(chapter, "99.2", answer_a=2.5, answer_b=0).points == 4


@pytest.mark.parametrize(
    ("answer", "points", "message"),
    [
        (["B", "A", "C"], 4, None),
        ("bac", 4, None),
        (("A", "B", "C"), 0, "That is the alphabet."),
        (["C", "A", "B"], 0, "Not in this order."),
        (["B", "A"], 0, "each of the letters"),
        (7, 0, "each of the letters"),
    ],
)
def test_orders(chapter, answer, points, message):
    result = grade(chapter, "99.3", order=answer)
    assert result.points == points
    if message:
        assert message in result.messages[0]


def test_the_seed_decides_the_inputs(chapter):
    seen = []

    def spy(x):
        seen.append(x)
        return 2 * np.asarray(x)

    for seed in (1, 1, 2):
        chapter.grade("99.1", {"double": spy}, max_points=4, seed=seed)
    arrays = [x for x in seen if x is not None]
    np.testing.assert_array_equal(arrays[0], arrays[1])
    assert not np.array_equal(arrays[0], arrays[2])


def test_an_exercise_cannot_be_declared_twice(chapter):
    with pytest.raises(ValueError, match=r"99\.2 is declared twice"):
        chapter.derive("99.2")


def test_a_reference_that_fails_its_own_public_case_stops_the_release():
    made = Chapter("ch99_example")
    made.build("99.1", double, cases=("double(undefined)",))
    with pytest.raises(ValueError, match="the reference fails in double"):
        made.checks_text()


def test_a_failure_without_words_takes_the_groups_message(chapter):
    @chapter.exercises["99.1"].group("more", "The group's own sentence.")
    def _(student, rng):
        raise Fail("")

    assert "The group's own sentence." in grade(chapter, "99.1", double=strict_double).messages


def test_a_failure_says_what_it_comes_from(chapter):
    """Reports tell known slips, errors, missing answers and other wrong answers apart."""

    def kinds(exercise, **namespace):
        return {group.kind for group in grade(chapter, exercise, **namespace).groups if not group.passed}

    def untouched(x):
        raise NotImplementedError

    assert "slip" in kinds("99.1", double=lambda x: np.asarray(x) ** 2)
    assert kinds("99.3", order=["A", "B", "C"]) == kinds("99.4", letter="A") == {"slip"}
    assert "error" in kinds("99.1", double=lambda x: 1 / 0)
    assert kinds("99.1") == kinds("99.1", double=untouched) == kinds("99.3") == {"unanswered"}
    assert kinds("99.1", double=lambda x: np.asarray(x) + 1 if x is not None else 0) == {""}
    assert kinds("99.3", order=["C", "A", "B"]) == kinds("99.3", order=7) == {""}
    assert all(group.kind == "" for group in grade(chapter, "99.1", double=strict_double).groups)
