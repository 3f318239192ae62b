"""`make grade`: a class made from the bank of right and wrong answers, graded as a real one and compared."""

import copy
import importlib
from pathlib import Path

from autograder import course, grading, marking, notebooks
from utils.catalogue import grade_id

CLASS = course.COURSE / "sample_class"
STUDENTS = tuple(
    "amara bilal chen devi elena farid grace hugo ines jonas kira liam mei noor oscar priya quinn rosa sven tala".split()
)
N_RIGHT = 3  # students whose answers are all right; one more hands in an untouched copy
FEWEST_STUDENTS = 12


def plan(chapter):
    """Say who answers what.

    Parameters
    ----------
    chapter : autograder.marking.Chapter

    Returns
    -------
    dict of str to dict of str to Right or Wrong
        From student to exercise to bank entry. The first `N_RIGHT` students answer everything right, each in another
        style; the next hands in an untouched copy; the others go through the wrong answers, one after another.
    """
    bank = importlib.import_module(f"tests.submissions.{chapter.number}").BANK
    from tests.submissions import Right, Wrong

    right = {e: [entry for entry in entries if isinstance(entry, Right)] for e, entries in bank.items()}
    wrong = {e: [entry for entry in entries if isinstance(entry, Wrong)] for e, entries in bank.items()}
    n_wrong = max(max(len(entries) for entries in wrong.values()), FEWEST_STUDENTS - N_RIGHT - 1)
    answers = {}
    for i, student in enumerate(STUDENTS[: N_RIGHT + 1 + n_wrong]):
        if i == N_RIGHT:
            answers[student] = {}
        else:
            entries, turn = (right, i) if i < N_RIGHT else (wrong, i - N_RIGHT - 1)
            answers[student] = {e: entries[e][turn % len(entries[e])] for e in bank}
    return answers


def fill_in(released, answers):
    """Put answers into a copy of a released notebook.

    Parameters
    ----------
    released : nbformat.NotebookNode
    answers : dict of str to str
        From exercise to the answer cell's new source.

    Returns
    -------
    nbformat.NotebookNode
    """
    filled = copy.deepcopy(released)
    cells = {cell.metadata.get("nbgrader", {}).get("grade_id"): cell for cell in filled.cells}
    for exercise, source in answers.items():
        cells[grade_id(exercise)].source = source
    return filled


def write(class_folder, chapter):
    """Write the submissions of a planned class; files that are right already are left alone."""
    released = notebooks.read(course.RELEASE / chapter.notebook / f"{chapter.notebook}.ipynb")
    for student, answers in plan(chapter).items():
        filled = fill_in(released, {exercise: entry.source for exercise, entry in answers.items()})
        path = Path(class_folder) / "submitted" / student / chapter.notebook / f"{chapter.notebook}.ipynb"
        notebooks.write_if_changed(path, notebooks.dumps(filled))


def expected_points(chapter, exercise_id, entry):
    """Points that a bank entry, or None for an untouched cell, must get."""
    from tests.submissions import ALL, Right

    exercise = chapter.exercises[exercise_id]
    points = chapter.points(exercise_id)
    if isinstance(entry, Right):
        return points
    if entry is None or entry.fails == ALL:
        return 0.0
    weights = exercise.weights
    return round(points * sum(w for name, w in weights.items() if name not in entry.fails) / sum(weights.values()), 2)


def command(chapter_name="ch00_reward_modeling", class_folder=CLASS, **options):
    """Make the class, grade it with plain nbgrader and compare with what the bank promises.

    Returns
    -------
    int
        Exit code: 1 when a score is not what it should be or a submission could not be graded.
    """
    from tests.submissions import Right

    chapter = next((c for c in marking.chapters() if c.notebook == chapter_name), None)
    if chapter is None:
        raise ValueError(f"chapter: there is no {chapter_name!r}")
    class_folder = Path(class_folder)
    write(class_folder, chapter)
    scores, summary = grading.grade_class(class_folder, chapter_name, **options)
    grading.print_table(scores, summary)

    counts = {"right": [0, 0], "wrong": [0, 0]}
    surprises = []
    for student, answers in plan(chapter).items():
        for exercise_id in chapter.exercises:
            entry = answers.get(exercise_id)
            score = scores[student].get(exercise_id)
            points = score.points if score else None
            kind = "right" if isinstance(entry, Right) else "wrong"
            counts[kind][1] += 1
            full = points == chapter.points(exercise_id)
            counts[kind][0] += full if kind == "right" else points is not None and not full
            expected = expected_points(chapter, exercise_id, entry)
            if points is None or abs(points - expected) > 1e-9:
                surprises.append(f"{student}, exercise {exercise_id}: {points} points where {expected:g} were expected")
    print()
    print(f"Right answers at full marks: {counts['right'][0]} of {counts['right'][1]}")
    print(f"Wrong or missing answers below full marks: {counts['wrong'][0]} of {counts['wrong'][1]}")
    for surprise in surprises:
        print(f"NOT AS EXPECTED  {surprise}")
    print(f"Feedback pages: {class_folder / 'feedback'}/STUDENT/{chapter_name}/{chapter_name}.html")
    return 1 if surprises or summary.failed else 0
