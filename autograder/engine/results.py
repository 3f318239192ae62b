"""How each group of each test cell went: a table of the gradebook's database, for reports and exports.

nbgrader's own tables hold points alone. The single writer of a class run fills this one in the same transaction as the
grades; behind plain ``nbgrader autograde`` the converter fills it with the journal.
"""

from sqlalchemy import bindparam, text

from autograder.engine.boxed.wire import clean_text

MAX_MESSAGE = 2000

# `kind` says what a failure comes from: "slip", "error" (the student's code raised, or ended the process), "unanswered",
# "mistake" (the test itself went wrong), "engine" (the submission could not be graded), empty for any other wrong answer.
MISTAKE, ENGINE = "mistake", "engine"

NAME = "grading_result"
TABLE = f"""CREATE TABLE IF NOT EXISTS {NAME} (
        assignment TEXT NOT NULL,
        student TEXT NOT NULL,
        notebook TEXT NOT NULL,
        cell TEXT NOT NULL,
        position INTEGER NOT NULL,
        name TEXT NOT NULL,
        weight DOUBLE PRECISION NOT NULL,
        passed INTEGER NOT NULL,
        kind TEXT NOT NULL,
        message TEXT NOT NULL,
        PRIMARY KEY (assignment, student, notebook, cell, position))"""


def rows(verdicts, max_points):
    """Rows of a notebook's test cells.

    Parameters
    ----------
    verdicts : dict of str to autograder.engine.trial.Verdict
        By the test cell's id.
    max_points : dict of str to float

    Returns
    -------
    list of dict
        One for each group, in order; a test without groups is one row without a name. Plain data, so that it can travel.
    """
    found = []
    for cell, verdict in verdicts.items():
        groups = [(group.name, group.weight, group.passed, group.kind, group.message) for group in verdict.groups]
        if not groups:
            passed = verdict.points >= max_points[cell]
            groups = [("", 1.0, passed, "" if passed else verdict.kind, "" if passed else verdict.reason)]
        found += [_row(cell, position, *group) for position, group in enumerate(groups)]
    return found


def failed_rows(cells, failure):
    """Rows of a notebook that the engine could not grade; the message is the failure's last line."""
    return [_row(cell, 0, "", 1.0, False, ENGINE, failure.strip().splitlines()[-1]) for cell in cells]


def _row(cell, position, name, weight, passed, kind, message):
    message = clean_text(message).replace("\0", "")  # PostgreSQL keeps no NUL in a text
    return {
        "cell": cell, "position": position, "name": name, "weight": float(weight), "passed": int(passed),
        "kind": kind, "message": message if len(message) <= MAX_MESSAGE else message[:MAX_MESSAGE] + "…",
    }  # fmt: skip


def replace(session, assignment, student, notebook, found, cells=None):
    """Write a graded notebook's rows in the place of those there are; the caller commits.

    Parameters
    ----------
    session : sqlalchemy.orm.Session
    assignment, student, notebook : str
    found : list of dict
        See `rows`.
    cells : list of str, optional
        Only the rows of these test cells; the others stay.
    """
    whose = {"assignment": assignment, "student": student, "notebook": notebook}
    old = f"DELETE FROM {NAME} WHERE assignment = :assignment AND student = :student AND notebook = :notebook"
    if cells is None:
        session.execute(text(old), whose)
    else:
        these = text(f"{old} AND cell IN :cells").bindparams(bindparam("cells", expanding=True))
        session.execute(these, whose | {"cells": list(cells)})
    if found:
        session.execute(
            text(
                f"""INSERT INTO {NAME} VALUES (:assignment, :student, :notebook, :cell, :position, :name, :weight,
                :passed, :kind, :message)"""
            ),
            [whose | row for row in found],
        )
