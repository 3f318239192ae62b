"""Fresh numbers: `practice("0.1")` asks a Derive exercise again with other givens.

What it knows stands in ``utils/variants/chNN.json``, which the release step writes: for each exercise a fixed supply of
variants, drawn and sealed (see `utils.sealed`) where the course is made, because a student's copy holds no solutions to
compute new ones with.
"""

import functools
import json
import os
import random
from pathlib import Path

from utils import progress
from utils.check import RIGHT, UNANSWERED, check_answer, specification, summary
from utils.panel import Panel
from utils.solution import is_self_study

VARIANTS_FOLDER = Path(__file__).parent / "variants"


def practice(exercise_id=None, *answers):
    """Ask a Derive exercise again, with other numbers, and check the answer at once.

    In a notebook a box to answer in appears: type a number or an expression such as ``1 / (1 + exp(-0.5))``, press
    Enter, and ask for new numbers as often as you like. Each exercise has a supply of sixteen sets of numbers; when you have
    seen them all they come round again in another order. Where no box appears, answer in a cell:
    ``practice("0.1", 0.73)`` checks 0.73 with the numbers shown last.

    In the class edition an exercise must have been solved first. What you practise is remembered for your streak of days;
    it neither counts as solved nor is graded.

    Parameters
    ----------
    exercise_id : str, optional
        The exercise's number, such as ``"0.1"``. Without it, what can be practised is listed.
    *answers
        Answers with the numbers shown last, in the order of the questions.

    Raises
    ------
    ValueError
        If `exercise_id` names no exercise or one that is no Derive exercise; if `answers` come before numbers were shown or are
        not as many as the questions.
    """
    if "NBGRADER_EXECUTION" in os.environ:
        Panel("info", "Practice rests while a notebook is graded").show()
    elif exercise_id is None:
        _list_exercises()
    else:
        supply = _supply(exercise_id)
        if not is_open(exercise_id):
            _closed(exercise_id).show()
        elif answers:
            supply.answer(supply.shown, answers).show()
        else:
            _ask(supply)


def is_open(exercise_id):
    """Whether an exercise may be practised: in the self-study edition always, otherwise once it is solved."""
    return is_self_study() or exercise_id in _solved()


class Task:
    """An exercise with one of its sets of numbers."""

    def __init__(self, entry, number):
        variant = entry["variants"][number]
        self.number = number
        self.statement = variant["statement"]
        self.questions = [
            question | {"texts": entry["texts"]} | sealed
            for question, sealed in zip(entry["questions"], variant["answers"], strict=True)
        ]


class Supply:
    """The tasks of one exercise, in an order that repeats none before all were shown.

    Parameters
    ----------
    exercise_id : str
    entry : dict
        What ``utils/variants/`` holds of the exercise.
    """

    def __init__(self, exercise_id, entry):
        self.exercise_id = exercise_id
        self.names = [question["name"] for question in entry["questions"]]
        self.tasks = [Task(entry, number) for number in range(len(entry["variants"]))]
        self.shown = None
        self._waiting = []

    def new_task(self):
        """The next task; after a restart those that were answered right before come last."""
        if not self._waiting:
            before = {number for name, number, _, right in progress.practised() if right and name == self.exercise_id}
            self._waiting = [task for task in self.tasks if task is not self.shown]
            random.SystemRandom().shuffle(self._waiting)  # the notebook's own generators must not be disturbed
            self._waiting.sort(key=lambda task: task.number in before)
        self.shown = self._waiting.pop(0)
        return self.shown

    def answer(self, task, answers):
        """Check the answers to a task, remember the outcome.

        Parameters
        ----------
        task : Task or None
        answers : sequence
            One for each question; None where there is none yet.

        Returns
        -------
        utils.panel.Panel

        Raises
        ------
        ValueError
            As `practice` does.
        """
        call = f'practice("{self.exercise_id}")'
        if task is None:
            raise ValueError(f"answers: there are no numbers yet to answer with; run {call} first")
        if len(answers) != len(self.names):
            raise ValueError(f"answers: exercise {self.exercise_id} takes {len(self.names)}; got {len(answers)}")
        several = len(self.names) > 1
        parts = [check_answer(q, a, label=several) for q, a in zip(task.questions, answers, strict=True)]
        status, panel = summary(f"Practice {self.exercise_id}", parts)
        if status != UNANSWERED:
            progress.record_practice(self.exercise_id, task.number, right=status == RIGHT)
        return panel


def heading(exercise_id):
    """Title over a task, with the exercise's own title where its notebook is at hand."""
    title = _titles().get(exercise_id)
    return f"Practice {exercise_id}" + (f" · {title}" if title else "")


def in_words(supply, task):
    """A task as text, with how to answer it where there is no box."""
    return (
        f"{heading(supply.exercise_id)}\n\n{task.statement}\n\n"
        f'Answer with practice("{supply.exercise_id}", {", ".join(supply.names)}); '
        f'practice("{supply.exercise_id}") gives new numbers.'
    )


def _ask(supply):
    from IPython import get_ipython
    from IPython.display import display

    if get_ipython() is None:
        print(in_words(supply, supply.new_task()))
    else:
        from utils.answer_box import AnswerBox

        display(AnswerBox(supply))


@functools.cache
def _supply(exercise_id):
    known = _entries()
    if exercise_id not in known:
        specification(exercise_id)  # names a close match where there is no such exercise
        near = [name for name in known if name.split(".")[0] == exercise_id.split(".")[0]]
        raise ValueError(
            f"exercise_id: exercise {exercise_id} cannot be asked with other numbers; of this chapter {', '.join(near)} can"
        )
    return Supply(exercise_id, known[exercise_id])


@functools.cache
def _entries():
    entries = {}
    for path in sorted(VARIANTS_FOLDER.glob("*.json")):
        entries.update(json.loads(path.read_text(encoding="utf-8")))
    return entries


def _solved():
    return {exercise for exercise, _, right in progress.attempts() if right}


def _titles():
    return {exercise.id: exercise.title for exercise in progress.exercises()}


def _closed(exercise_id):
    return Panel(
        "info",
        f"Practice {exercise_id} opens once the exercise is solved",
        f'Answer exercise {exercise_id} in its notebook and run `check("{exercise_id}", ...)` until it says right; then ask for '
        "other numbers again. What is solved is remembered on each computer for itself.",
    )


def _list_exercises():
    solved, practised, titles = _solved(), progress.practised(), _titles()
    everything = sorted(_entries(), key=lambda name: [int(part) for part in name.split(".")])
    open_ones = [name for name in everything if is_self_study() or name in solved]
    rows = []
    for name in open_ones:
        right = {number for exercise, number, _, correct in practised if correct and exercise == name}
        rows.append((f'`practice("{name}")`', titles.get(name, ""), f"{len(right)} of {len(_supply(name).tasks)}"))
    left = len(everything) - len(open_ones)
    message = f"{left} more Derive exercises open once you have solved them." if left else ""
    if not rows:
        message = "Nothing yet: a Derive exercise opens once you have solved it."
    Panel("info", "Practice", message, ("call", "exercise", "answered right"), rows).show()
