"""CSV with one row for each student and exercise."""

import csv
import io
from pathlib import Path

from autograder import spreadsheets
from autograder.export.restore import Row

HEADER = (
    "chapter", "student", "last_name", "first_name", "exercise", "cell", "points", "max_points", "auto_score",
    "manual_score", "extra_credit", "needs_person", "comment", "submitted", "late_penalty",
)  # fmt: skip
_REQUIRED = ("chapter", "student", "cell", "manual_score")


def dumps(data, students=None):
    """Text of the CSV file.

    A student who handed nothing in has rows with empty scores. `points` are nbgrader's: a person's before the machine's,
    extra credit counted in, the late penalty (which belongs to the whole submission) not taken off.

    Parameters
    ----------
    data : autograder.class_data.ClassData
    students : collection of str, optional
        Only these.

    Returns
    -------
    str
    """
    rows = []
    for chapter in data.chapters:
        submissions = {submission.student: submission for submission in chapter.submissions}
        for person in data.people.values():
            if students is None or person.id in students:
                rows += _rows(chapter, person, submissions.get(person.id))
    return spreadsheets.dumps(HEADER, rows)


def _rows(chapter, person, submission):
    who = (chapter.name, person.id, person.last_name, person.first_name)
    for cell in chapter.cells:
        grade = submission.grades.get(cell.id) if submission else None
        if grade is None:
            yield (*who, cell.exercise, cell.id, None, _plain(cell.points), *[None] * 7)
            continue
        comment = submission.comments.get(cell.answer)
        yield (
            *who, cell.exercise, cell.id, _plain(grade.score if grade.is_graded else None), _plain(cell.points),
            _plain(grade.auto), _plain(grade.manual), _plain(grade.extra), int(grade.needs_person),
            comment.manual if comment else None,
            submission.timestamp.isoformat(sep=" ") if submission.timestamp else None, _plain(submission.penalty),
        )  # fmt: skip


def _plain(number):
    """``6`` for ``6.0``; any other number unchanged, so that it comes back to the last bit."""
    return int(number) if number is not None and number == int(number) else number


def read(path):
    """Read the rows that `autograder.export.restore` can bring back.

    Parameters
    ----------
    path : path
        As `dumps` wrote it and a person changed it; Excel's semicolons and decimal commas are understood.

    Returns
    -------
    list of autograder.export.restore.Row

    Raises
    ------
    ValueError
        If it is not such a file; the message says why.
    """
    text = read_text(path)
    delimiter = find_delimiter(text)
    lines = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        missing = [name for name in _REQUIRED if name not in (lines.fieldnames or ())]
        if missing:
            raise ValueError(f"{path}: the columns {', '.join(missing)} are missing; export a file to see its form")
        return [_row(line, f"{path}: line {lines.line_num}", delimiter == ";") for line in lines]
    except csv.Error as problem:
        raise ValueError(f"{path}: line {lines.line_num}: {problem}") from None


def read_text(path):
    """Text of a file in UTF-8, with or without a byte order mark; ends of lines as they are.

    Raises
    ------
    ValueError
        If it cannot be read or is not UTF-8.
    """
    try:
        return Path(path).read_bytes().decode("utf-8-sig")
    except OSError as problem:
        raise ValueError(f"{path}: {problem.strerror}") from None
    except UnicodeDecodeError:
        raise ValueError(f"{path}: is not in UTF-8; save it as CSV UTF-8") from None


def find_delimiter(text):
    """Comma, or the semicolon that spreadsheet programs write where the comma is a decimal sign."""
    first = text.split("\n", 1)[0]
    return ";" if first.count(";") > first.count(",") else ","


def _row(line, where, decimal_comma):
    if None in line or None in line.values():
        raise ValueError(f"{where}: has another number of cells than the first line")
    text = {name: spreadsheets.unguard(value) for name, value in line.items()}

    def number(name):
        value = text.get(name, "").strip()
        if not value:
            return None
        try:
            return float(value.replace(",", ".") if decimal_comma else value)
        except ValueError:
            raise ValueError(f"{where}: {name} {value!r} is not a number") from None

    return Row(
        where, text["chapter"], text["student"], text["cell"], manual=number("manual_score"),
        extra=number("extra_credit"), comment=text.get("comment") or None,
        machine={name: value for name in ("auto_score", "points") if (value := number(name)) is not None},
    )  # fmt: skip
