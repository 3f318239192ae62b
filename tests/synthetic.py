"""Gradebooks of invented classes: the course's own exercises and messages, students drawn by chance."""

import datetime as dt
import json
from pathlib import Path

import numpy as np
from nbgrader.api import (
    Comment,
    Grade,
    Gradebook,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
    new_uuid,
)
from sqlalchemy import insert, text

from autograder import course
from autograder.engine import journal, results
from autograder.marking import ERROR, NOT_ANSWERED, SLIP, UNANSWERED
from tests.chapters import CHAPTERS
from utils.catalogue import grade_id, read_notebook

COURSE_ID = "rl-theory-alignment"


def make_class(folder, n_students, numbers=None, seed=0):
    """Make a class's folder with a gradebook in which everybody is graded.

    Parameters
    ----------
    folder : path
        Made if it is not there.
    n_students : int
    numbers : list of str, optional
        Chapters, such as ``["ch00"]``; all unless given.
    seed : int

    Returns
    -------
    pathlib.Path
        The folder.
    """
    folder = Path(folder).resolve()
    course.write_class_config(folder)
    rng = np.random.default_rng(seed)
    ability = rng.normal(size=n_students)
    students = [f"student{i:03d}" for i in range(n_students)]
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}", COURSE_ID) as gradebook:
        session = gradebook.db
        journal.prepare(session)
        session.execute(
            insert(Student),
            [
                {"id": name, "first_name": f"First{i}", "last_name": f"Last{i}", "email": f"{name}@example.org",
                 "lms_user_id": str(9000 + i)}
                for i, name in enumerate(students)
            ],
        )  # fmt: skip
        for number in numbers or CHAPTERS:
            cells = _add_assignment(gradebook, CHAPTERS[number])
            _hand_in(session, CHAPTERS[number], cells, students, ability, rng)
        session.commit()
    return folder


def _add_assignment(gradebook, chapter):
    """Add a chapter as generate_assignment would; returns the ids of its cells by name, and of the notebook."""
    name = chapter.notebook
    gradebook.add_assignment(name, duedate=dt.datetime(2026, 3, 1))
    gradebook.add_notebook(name, name)
    ids = {"assignment": gradebook.find_assignment(name).id, "notebook": gradebook.find_notebook(name, name).id}
    for exercise in read_notebook(course.source_notebook(name)):
        test = gradebook.add_grade_cell(
            f"{exercise.grade_id}_test", name, name, max_score=exercise.points, cell_type="code"
        )
        ids[f"{exercise.grade_id}_test"] = test.id
        ids[exercise.grade_id] = gradebook.add_solution_cell(exercise.grade_id, name, name).id
    return ids


def _hand_in(session, chapter, cells, students, ability, rng):
    points = {exercise.id: exercise.points for exercise in read_notebook(course.source_notebook(chapter.notebook))}
    difficulty = dict(zip(points, rng.normal(scale=0.8, size=len(points)), strict=True))
    rows = {table: [] for table in (SubmittedAssignment, SubmittedNotebook, Grade, Comment)}
    groups, runs = [], []
    for student, skill in zip(students, ability, strict=True):
        submission, notebook = new_uuid(), new_uuid()
        late = 1.0 if rng.random() < 0.05 else None
        rows[SubmittedAssignment].append(
            {"id": submission, "assignment_id": cells["assignment"], "student_id": student,
             "timestamp": dt.datetime(2026, 3, 2 if late else 1)}
        )  # fmt: skip
        rows[SubmittedNotebook].append(
            {"id": notebook, "assignment_id": submission, "notebook_id": cells["notebook"],
             "late_submission_penalty": late, "flagged": False}
        )  # fmt: skip
        for exercise_id, exercise in chapter.exercises.items():
            chance = 1 / (1 + np.exp(-1.3 * (skill - difficulty[exercise_id]) - 1))
            outcome = _outcome(exercise, chance, rng)
            share = sum(w for _, w, passed, *_ in outcome if passed) / sum(w for _, w, *_ in outcome)
            unanswered = all(kind == UNANSWERED for *_, kind, _ in outcome)
            test = f"{grade_id(exercise_id)}_test"
            by_hand = float(points[exercise_id]) if rng.random() < 0.005 else None
            rows[Grade].append(
                {"id": new_uuid(), "cell_id": cells[test], "notebook_id": notebook, "manual_score": by_hand,
                 "auto_score": round(points[exercise_id] * share, 2), "extra_credit": None,
                 "needs_manual_grade": by_hand is not None}
            )  # fmt: skip
            rows[Comment].append(
                {"id": new_uuid(), "cell_id": cells[grade_id(exercise_id)], "notebook_id": notebook,
                 "auto_comment": "No response." if unanswered else None, "manual_comment": None}
            )  # fmt: skip
            groups += [
                {"assignment": chapter.notebook, "student": student, "notebook": chapter.notebook, "cell": test,
                 "position": position, "name": name, "weight": float(weight), "passed": int(passed), "kind": kind,
                 "message": message}
                for position, (name, weight, passed, kind, message) in enumerate(outcome)
            ]  # fmt: skip
        seconds = dict(zip(("fork", "cells", "tests", "other"), rng.gamma(2.0, 0.08, size=4).round(4), strict=True))
        remarks = ["Cell ex0_1_test was missing; it was put back."] if rng.random() < 0.02 else []
        runs.append(
            {"assignment": chapter.notebook, "student": student, "submission": "0" * 64, "tests": "0" * 64,
             "graded_at": "2026-03-03T08:00:00+00:00", "times_graded": 1,
             "details": json.dumps({"remarks": remarks, "reasons": {}, "mistakes": {}, "layers": ["seccomp"],
                                    "seconds": seconds})}
        )  # fmt: skip
    for table, values in rows.items():
        session.execute(insert(table), values)
    for table, values in ((results.NAME, groups), ("grading_journal", runs)):
        names = ", ".join(f":{name}" for name in values[0])
        session.execute(text(f"INSERT INTO {table} VALUES ({names})"), values)


def _outcome(exercise, chance, rng):
    """How one student did in one exercise: name, weight, passed, kind and message of each part."""
    parts = [(group.name, group.weight, group.message) for group in exercise.groups]
    parts += [
        (f"`{question.name}`", 1, getattr(question, "otherwise", "Not this one.")) for question in exercise.questions
    ]
    if rng.random() < 0.15 * (1 - chance):
        return [(name, weight, False, UNANSWERED, NOT_ANSWERED) for name, weight, _ in parts]
    hints = [slip.hint for slip in exercise.slips]
    hints += [slip.hint for q in exercise.questions for slip in getattr(q, "slips", ()) if hasattr(slip, "hint")]
    slip = hints[int(rng.integers(len(hints)))] if hints and rng.random() < 0.6 else None
    solid = rng.random() < chance
    found = []
    for name, weight, message in parts:
        if solid or rng.random() < 0.5 * chance:
            found.append((name, weight, True, "", ""))
        elif slip:
            found.append((name, weight, False, SLIP, slip))
        elif rng.random() < 0.1:
            error = f"Your code stopped with `IndexError: index {rng.integers(9)} is out of bounds`."
            found.append((name, weight, False, ERROR, error))
        else:
            found.append((name, weight, False, "", message))
    return found
