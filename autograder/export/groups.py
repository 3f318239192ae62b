"""JSON with every group result: everything that the gradebook knows about a class's grades."""

import json

from autograder.export.restore import Row
from autograder.export.table import read_text

FORMAT = "rl-theory-alignment group results"
VERSION = 1


def dumps(data):
    """Text of the JSON file.

    ``kind`` of a failed group says what the failure comes from; see `autograder.engine.results`.

    Parameters
    ----------
    data : autograder.class_data.ClassData

    Returns
    -------
    str
    """
    content = {
        "format": FORMAT,
        "version": VERSION,
        "students": [
            {
                "student": p.id,
                "last_name": p.last_name,
                "first_name": p.first_name,
                "email": p.email,
                "lms_id": p.lms_id,
            }
            for p in data.people.values()
        ],
        "chapters": [_chapter(chapter) for chapter in data.chapters],
    }
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def _chapter(chapter):
    return {
        "chapter": chapter.name,
        "max_points": chapter.points,
        "exercises": [{"exercise": c.exercise, "cell": c.id, "max_points": c.points} for c in chapter.cells],
        "submissions": [_submission(chapter, submission) for submission in chapter.submissions],
    }


def _submission(chapter, submission):
    return {
        "student": submission.student,
        "submitted": submission.timestamp.isoformat(sep=" ") if submission.timestamp else None,
        "graded_at": submission.run.get("graded_at"),
        "remarks": submission.run.get("remarks", []),
        "late_penalty": submission.penalty,
        "points": submission.score if submission.is_graded else None,
        "exercises": [_exercise(submission, cell) for cell in chapter.cells if cell.id in submission.grades],
    }


def _exercise(submission, cell):
    grade, comment = submission.grades[cell.id], submission.comments.get(cell.answer)
    return {
        "cell": cell.id,
        "points": grade.score if grade.is_graded else None,
        "auto_score": grade.auto,
        "manual_score": grade.manual,
        "extra_credit": grade.extra,
        "needs_person": bool(grade.needs_person),
        "answered": not submission.is_untouched(cell),
        "comment": comment.manual if comment else None,
        "groups": [vars(group) for group in submission.groups.get(cell.id, ())],
    }


def read(path):
    """Read the rows that `autograder.export.restore` can bring back.

    Returns
    -------
    list of autograder.export.restore.Row

    Raises
    ------
    ValueError
        If it is not such a file; the message says why.
    """
    try:
        content = json.loads(read_text(path))
    except (ValueError, RecursionError) as problem:
        raise ValueError(
            str(problem) if str(problem).startswith(str(path)) else f"{path}: is not JSON: {problem}"
        ) from None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ValueError(f"{path}: is not a file that `export json` wrote")
    if content.get("version") != VERSION:
        raise ValueError(f"{path}: has version {content.get('version')!r}; this program reads version {VERSION}")
    try:
        return [
            _row(
                f"{path}: {submission['student']}, {exercise['cell']}",
                chapter["chapter"],
                submission["student"],
                exercise,
            )
            for chapter in content["chapters"]
            for submission in chapter["submissions"]
            for exercise in submission["exercises"]
        ]
    except (KeyError, TypeError) as problem:
        raise ValueError(f"{path}: something is missing or of another kind: {problem}") from None


def _row(where, chapter, student, exercise):
    comment = exercise.get("comment")
    if not isinstance(comment, str | None):
        raise ValueError(f"{where}: comment is not a text")
    return Row(
        where, chapter, student, exercise["cell"], manual=_number(where, exercise, "manual_score"),
        extra=_number(where, exercise, "extra_credit"), comment=comment or None,
        machine={
            name: value for name in ("auto_score", "points") if (value := _number(where, exercise, name)) is not None
        },
    )  # fmt: skip


def _number(where, exercise, name):
    value = exercise.get(name)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
        raise ValueError(f"{where}: {name} {value!r} is not a number")
    return None if value is None else float(value)
