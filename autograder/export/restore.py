"""Bring what persons decide back into the gradebook: scores by hand, extra credit, comments.

Automatic scores are the grader's and never imported. An empty cell leaves things as they are, so an old file cannot take
away a score that somebody gave since. Importing a file that was just exported changes nothing at all.
"""

import math
from dataclasses import dataclass, field

from autograder import class_data


@dataclass(frozen=True)
class Row:
    """What a file says about one exercise of one student; None where it says nothing.

    Parameters
    ----------
    where : str
        File and line, for messages.
    chapter, student, cell : str
    manual, extra : float or None
    comment : str or None
    machine : dict of str to float
        What the file says about points that are not imported: ``auto_score``, ``points``.
    """

    where: str
    chapter: str
    student: str
    cell: str
    manual: float | None
    extra: float | None
    comment: str | None
    machine: dict = field(default_factory=dict)


@dataclass(frozen=True)
class Change:
    """One value that is not as the file says."""

    chapter: str
    student: str
    cell: str
    what: str
    before: object
    after: object

    def __str__(self):
        before = "none" if self.before is None else repr(self.before)
        return f"{self.chapter}, {self.student}, {self.cell}: {self.what} {before} → {self.after!r}"


def restore(class_folder, rows, dry_run=False):
    """Write the rows' scores and comments into a gradebook, all of them or none.

    Parameters
    ----------
    class_folder : path
    rows : list of Row
    dry_run : bool
        Only say what would change.

    Returns
    -------
    changes : list of Change
    ignored : list of Row
        Rows whose automatic score or points are not the gradebook's; these are not imported.

    Raises
    ------
    ValueError
        If the gradebook does not know a chapter, student, submission or exercise, a value is out of range or said twice.
        Nothing is written then.
    RuntimeError
        If the gradebook cannot be read or written.
    """
    with class_data.connect(class_folder) as connection:
        data = class_data.read_from(connection, class_folder)
        changes, ignored, problems = _plan(data, rows)
        if problems:
            more = f" (and {len(problems) - 1} more problems)" if len(problems) > 1 else ""
            raise ValueError(f"{problems[0]}{more}; nothing was changed")
        if not dry_run:
            _write(connection, changes)
    return [change for change, _ in changes], ignored


def _plan(data, rows):
    """Changes to make, each with the object it concerns; rows with other points; and what is wrong with the rows."""
    chapters = {chapter.name: chapter for chapter in data.chapters}
    cells = {name: {cell.id: cell for cell in chapter.cells} for name, chapter in chapters.items()}
    submissions = {(c.name, s.student): s for c in data.chapters for s in c.submissions}
    changes, ignored, problems, seen = [], [], [], set()
    for row in rows:
        cell = cells.get(row.chapter, {}).get(row.cell)
        submission = submissions.get((row.chapter, row.student))
        key = (row.chapter, row.student, row.cell)
        if row.chapter not in chapters:
            problems.append(f"{row.where}: the gradebook has no chapter {row.chapter!r}")
        elif cell is None:
            problems.append(f"{row.where}: {row.chapter} has no cell {row.cell!r} with points")
        elif row.student not in data.people:
            problems.append(f"{row.where}: the gradebook has no student {row.student!r}")
        elif key in seen:
            problems.append(f"{row.where}: {row.student} has {row.cell} of {row.chapter} twice")
        elif submission is None or cell.id not in submission.grades:
            if (row.manual, row.extra, row.comment) != (None, None, None):
                problems.append(f"{row.where}: {row.student} handed in nothing for {row.chapter}")
        else:
            own = list(_changes(row, submission, cell))
            changes += own
            problems += [f"{row.where}: {text}" for change, _ in own if (text := _out_of_range(change, cell))]
            grade = submission.grades[cell.id]
            known = {"auto_score": grade.auto, "points": grade.score}
            if any(value != known[name] for name, value in row.machine.items()):
                ignored.append(row)
        seen.add(key)
    return changes, ignored, problems


def _out_of_range(change, cell):
    if change.what == "manual_score" and not 0 <= change.after <= cell.points:
        return f"manual_score {change.after:g} is not between 0 and {cell.points:g}"
    if change.what == "extra_credit" and not (math.isfinite(change.after) and change.after >= 0):
        return f"extra_credit {change.after:g} is not a number from 0 on"
    return ""


def _changes(row, submission, cell):
    """Pairs of a change and the grade or comment that it concerns."""
    grade, comment = submission.grades[cell.id], submission.comments.get(cell.answer)
    wanted = [(grade, "manual", "manual_score", row.manual), (grade, "extra", "extra_credit", row.extra)]
    if comment is not None:
        wanted.append((comment, "manual", "comment", row.comment))
    for owner, attribute, what, value in wanted:
        before = getattr(owner, attribute)
        if value is not None and value != before:
            yield Change(row.chapter, row.student, cell.id, what, before, value), owner


def _write(connection, changes):
    """Update the rows concerned. As when a person saves a score in formgrader, the cell then needs nobody any more."""
    from nbgrader.api import Comment, Grade
    from sqlalchemy import update

    for change, owner in changes:
        if change.what == "comment":
            statement = update(Comment).where(Comment.id == owner.row).values(manual_comment=change.after)
        else:
            statement = (
                update(Grade)
                .where(Grade.id == owner.row)
                .values(
                    **{
                        change.what: change.after,
                        "needs_manual_grade": not (owner.is_graded or change.what == "manual_score"),
                    }
                )
            )
        connection.execute(statement)
