"""What has been graded: a table of the gradebook's own database, written in the same transaction as the grades."""

import datetime as dt
import json
import re
import secrets
import socket
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import inspect, text

from autograder import database
from autograder.engine import results

_TABLES = (
    """CREATE TABLE IF NOT EXISTS grading_journal (
        assignment TEXT NOT NULL,
        student TEXT NOT NULL,
        submission TEXT NOT NULL,
        tests TEXT NOT NULL,
        graded_at TEXT NOT NULL,
        times_graded INTEGER NOT NULL,
        details TEXT NOT NULL,
        PRIMARY KEY (assignment, student))""",
    "CREATE TABLE IF NOT EXISTS grading_secret (value TEXT NOT NULL)",
    results.TABLE,
)


def prepare(session):
    """Create the tables and the course's secret when they are not there."""
    present = set(inspect(session.connection()).get_table_names())
    if present.issuperset(re.search(r"EXISTS (\w+)", statement)[1] for statement in _TABLES):
        session.rollback()
        return

    def create():
        database.lock(session, "create")  # of two graders who start at once, one makes the secret
        for statement in _TABLES:
            session.execute(text(statement))
        if session.execute(text("SELECT value FROM grading_secret")).first() is None:
            session.execute(text("INSERT INTO grading_secret VALUES (:value)"), {"value": secrets.token_hex(32)})

    database.write(session, create)


def secret(session):
    """The secret from which seeds are derived; made once per gradebook, so that a second run draws the same inputs."""
    return bytes.fromhex(session.execute(text("SELECT value FROM grading_secret")).scalar_one())


@dataclass(frozen=True)
class Entry:
    """A graded submission.

    Parameters
    ----------
    submission, tests : str
        Their hashes.
    details : dict
        ``place`` where its graded notebooks are, ``exercises`` that were graded by themselves since (hashes of submission
        and tests by exercise), and what `autograder.engine.ledger` adds.
    """

    submission: str
    tests: str
    details: dict

    @property
    def hashes(self):
        """Hashes of the submission and of the tests."""
        return self.submission, self.tests

    def has_exercise(self, exercise, hashes):
        """Whether one exercise is graded from and by what has these hashes."""
        return hashes in (self.hashes, tuple(self.details.get("exercises", {}).get(exercise, ())))


def entries(session, assignment, student=None):
    """What is graded already.

    Parameters
    ----------
    session : sqlalchemy.orm.Session
    assignment : str
    student : str, optional
        Only this one.

    Returns
    -------
    dict of str to Entry
        By student.
    """
    query = "SELECT student, submission, tests, details FROM grading_journal WHERE assignment = :assignment"
    values = {"assignment": assignment}
    if student is not None:
        query, values = f"{query} AND student = :student", values | {"student": student}
    return {
        name: Entry(submission, tests, json.loads(details))
        for name, submission, tests, details in session.execute(text(query), values)
    }


def done(session, assignment):
    """What is graded already.

    Returns
    -------
    dict of str to (str, str)
        By student: hashes of the submission and of the tests.
    """
    return {student: entry.hashes for student, entry in entries(session, assignment).items()}


def here(root):
    """A class's folder on this machine, told from those of other graders of the same gradebook."""
    return f"{socket.gethostname()}:{Path(root).resolve()}"


def note(session, assignment, student, submission, tests, details=None):
    """Write down that a submission is graded; the caller commits."""
    session.execute(
        text(
            """INSERT INTO grading_journal VALUES (:assignment, :student, :submission, :tests, :now, 1, :details)
            ON CONFLICT (assignment, student) DO UPDATE SET submission = :submission, tests = :tests,
            graded_at = :now, times_graded = grading_journal.times_graded + 1, details = :details"""
        ),
        {
            "assignment": assignment, "student": student, "submission": submission, "tests": tests,
            "now": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"), "details": json.dumps(details or {}),
        },
    )  # fmt: skip


def note_exercise(session, assignment, student, exercise, hashes, changes):
    """Write down that one exercise of a graded submission was graded again by itself; the caller commits.

    Parameters
    ----------
    session : sqlalchemy.orm.Session
    assignment, student, exercise : str
    hashes : (str, str)
        Of the submission and of the tests.
    changes : dict of str to dict
        Details by kind and test cell; None for a cell takes it out.
    """
    details = entries(session, assignment, student)[student].details
    details.setdefault("exercises", {})[exercise] = list(hashes)
    for kind, by_cell in changes.items():
        merged = details.get(kind, {}) | by_cell
        details[kind] = {cell: value for cell, value in merged.items() if value is not None}
    session.execute(
        text("UPDATE grading_journal SET details = :details WHERE assignment = :assignment AND student = :student"),
        {"assignment": assignment, "student": student, "details": json.dumps(details)},
    )


def details(found):
    """What to note of a submission whose notebooks were graded one after the other.

    Parameters
    ----------
    found : iterable of dict
        For each notebook ``remarks``, ``reasons``, ``mistakes``, ``layers`` and ``seconds``, as far as they are known.

    Returns
    -------
    dict
    """
    total = {"remarks": [], "reasons": {}, "mistakes": {}, "layers": [], "seconds": {}}
    for part in found:
        total["remarks"] += [remark for remark in part.get("remarks", []) if remark not in total["remarks"]]
        total["reasons"] |= part.get("reasons", {})
        total["mistakes"] |= part.get("mistakes", {})
        total["layers"] = part.get("layers") or total["layers"]
        for name, seconds in part.get("seconds", {}).items():
            total["seconds"][name] = round(total["seconds"].get(name, 0.0) + seconds, 4)
    return total


def reopen(session, assignment, student):
    """Write down that a submission is being graded anew, and so is not graded from here on; the caller commits."""
    session.execute(
        text("UPDATE grading_journal SET tests = '' WHERE assignment = :assignment AND student = :student"),
        {"assignment": assignment, "student": student},
    )


def forget(session, assignment, student):
    """Take a submission out of the journal; the caller commits."""
    session.execute(
        text("DELETE FROM grading_journal WHERE assignment = :assignment AND student = :student"),
        {"assignment": assignment, "student": student},
    )
