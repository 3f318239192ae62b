"""What the files of Canvas and Moodle have in common: a table of theirs, whose rows are found for our students."""

import csv
import io
import math
from dataclasses import dataclass

from autograder.export.table import find_delimiter, read_text

BY = {"id": "id", "email": "email", "lms-id": "lms_id"}  # how --by calls what the gradebook knows of a student


@dataclass(frozen=True)
class Worksheet:
    """A CSV file of a learning management system.

    Parameters
    ----------
    path : str
    header : list of str
    rows : list of list of str
    delimiter : str
    """

    path: str
    header: list
    rows: list
    delimiter: str

    def column(self, name):
        """Place of a column.

        Raises
        ------
        ValueError
            If it is not there; the message lists those that are.
        """
        if name not in self.header:
            raise ValueError(f"{self.path}: there is no column {name!r}; there are {', '.join(self.header)}")
        return self.header.index(name)


def read(path):
    """Read a worksheet.

    Raises
    ------
    ValueError
        If the file cannot be read or is no table.
    """
    text = read_text(path)
    delimiter = find_delimiter(text)
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True) if any(row)]
    except csv.Error as problem:
        raise ValueError(f"{path}: {problem}") from None
    if not rows:
        raise ValueError(f"{path}: is empty")
    header = [name.strip() for name in rows[0]]
    for number, row in enumerate(rows[1:], start=2):
        if len(row) != len(header):
            raise ValueError(f"{path}: row {number} has {len(row)} cells where the first has {len(header)}")
    return Worksheet(str(path), header, rows[1:], delimiter)


def dumps(header, rows, delimiter=","):
    """Text of a worksheet; what came from the system goes back unchanged."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n", delimiter=delimiter)
    writer.writerows([header, *rows])
    return buffer.getvalue()


def match(sheet, rows, column, by, people):
    """Find students in a worksheet.

    Parameters
    ----------
    sheet : Worksheet
    rows : list of list of str
        Those of its rows that are students.
    column : str
        The column that identifies a student.
    by : {"id", "email", "lms-id"}
        What of the gradebook stands in it. Upper and lower case are the same.
    people : iterable of autograder.class_data.Person

    Returns
    -------
    dict of str to list of str
        From student to row.

    Raises
    ------
    ValueError
        If there is no such column, it names somebody twice, or it names nobody whom the gradebook knows.
    """
    place = sheet.column(column)
    known = {getattr(person, BY[by]).casefold(): person.id for person in people if getattr(person, BY[by])}
    found = {}
    for row in rows:
        student = known.get(row[place].strip().casefold())
        if student in found:
            raise ValueError(f"{sheet.path}: {column} {row[place]!r} stands there twice")
        if student is not None:
            found[student] = row
    if not found:
        raise ValueError(
            f"{sheet.path}: the column {column!r} holds nobody's {by} in the gradebook; "
            "--match names the column, --by what stands in it"
        )
    return found


def points(submission, most, possible, scale, where):
    """A submission's points as text, with two decimals at most, as these systems keep them.

    Parameters
    ----------
    submission : autograder.class_data.Submission
    most : float
        The chapter's points.
    possible : str
        The points that the other system expects, as its file has them; empty when it does not say.
    scale : bool
        Whether to convert where both differ.
    where : str
        For the message.

    Raises
    ------
    ValueError
        If both differ and `scale` is not set.
    """
    score = submission.score
    theirs = _number(possible)
    if theirs is not None and not math.isclose(theirs, most):
        if not scale:
            raise ValueError(f"{where} expects {theirs:g} points, the chapter has {most:g}; --scale converts")
        score = score / most * theirs
    return short(score)


def short(number):
    """A number with two decimals at most: ``6``, ``6.5``, ``6.67``."""
    return f"{number:.2f}".rstrip("0").rstrip(".")


def _number(text):
    try:
        return float(text.strip().replace(",", "."))
    except ValueError:
        return None
