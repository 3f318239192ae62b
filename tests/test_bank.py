"""Right answers in every style get full marks; each wrong one loses the points, and gets the message, it should."""

import pytest

from tests.chapters import CHAPTERS, Right, Wrong, bank, bank_entries, setup_source
from tests.submissions import ALL
from utils.check import evaluate


def run_entry(number, exercise, position):
    """Execute a bank entry as its notebook would; return the entry, the names it defines and the result of grading."""
    entry = bank(number)[exercise][position]
    namespace = {"__name__": "__main__"}
    exec(setup_source(number), namespace)
    exec(entry.source, namespace)
    return entry, namespace, CHAPTERS[number].grade(exercise, namespace)


@pytest.mark.parametrize(("number", "exercise", "position"), bank_entries(Right))
def test_right_answer(number, exercise, position):
    entry, namespace, result = run_entry(number, exercise, position)
    assert result.points == result.max_points, f"{entry.style}: {result!s}"
    names = CHAPTERS[number].exercises[exercise].names
    status, panel = evaluate(exercise, *(namespace[name] for name in names))
    assert status == "right", f"{entry.style}: {panel}"


@pytest.mark.parametrize(("number", "exercise", "position"), bank_entries(Wrong))
def test_wrong_answer(number, exercise, position):
    entry, namespace, result = run_entry(number, exercise, position)
    failed = {group.name for group in result.groups if not group.passed}
    expected = {group.name for group in result.groups} if entry.fails == ALL else set(entry.fails)
    assert failed == expected, str(result)
    assert result.points < result.max_points
    assert any(entry.message in message for message in result.messages), str(result)
    # The visible check may be kinder than the hidden tests, but it must not break.
    names = CHAPTERS[number].exercises[exercise].names
    evaluate(exercise, *(namespace.get(name) for name in names))


@pytest.mark.parametrize("number", CHAPTERS)
def test_unanswered_exercises_get_nothing_and_say_so(number):
    chapter = CHAPTERS[number]
    for exercise_id, exercise in chapter.exercises.items():

        def untouched(*args, **kwargs):
            raise NotImplementedError

        namespace = {name: (untouched if name == exercise.function else None) for name in exercise.names}
        for names in (namespace, {}):
            result = chapter.grade(exercise_id, names)
            assert result.points == 0
            assert result.messages == ["Not answered."]
        status, _ = evaluate(exercise_id, *namespace.values())
        assert status == "unanswered"


@pytest.mark.parametrize(("number", "exercise", "position"), bank_entries(Right)[::5])
def test_grades_do_not_depend_on_the_seed(number, exercise, position):
    entry = bank(number)[exercise][position]
    namespace = {"__name__": "__main__"}
    exec(setup_source(number), namespace)
    exec(entry.source, namespace)
    for seed in range(5):
        result = CHAPTERS[number].grade(exercise, namespace, seed=seed)
        assert result.points == result.max_points, f"seed {seed}: {result!s}"
