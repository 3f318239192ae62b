"""What has been graded: a table of the gradebook's own database, written in the same transaction as the grades."""

import datetime as dt
import json
import secrets

from sqlalchemy import text

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
    for statement in _TABLES:
        session.execute(text(statement))
    if session.execute(text("SELECT value FROM grading_secret")).first() is None:
        session.execute(text("INSERT INTO grading_secret VALUES (:value)"), {"value": secrets.token_hex(32)})
    session.commit()


def secret(session):
    """The secret from which seeds are derived; made once per gradebook, so that a second run draws the same inputs."""
    return bytes.fromhex(session.execute(text("SELECT value FROM grading_secret")).scalar_one())


def done(session, assignment):
    """What is graded already.

    Returns
    -------
    dict of str to (str, str)
        By student: hashes of the submission and of the tests.
    """
    rows = session.execute(
        text("SELECT student, submission, tests FROM grading_journal WHERE assignment = :assignment"),
        {"assignment": assignment},
    )
    return {student: (submission, tests) for student, submission, tests in rows}


def note(session, assignment, student, submission, tests, details=None):
    """Write down that a submission is graded; the caller commits."""
    session.execute(
        text(
            """INSERT INTO grading_journal VALUES (:assignment, :student, :submission, :tests, :now, 1, :details)
            ON CONFLICT (assignment, student) DO UPDATE SET submission = :submission, tests = :tests,
            graded_at = :now, times_graded = times_graded + 1, details = :details"""
        ),
        {
            "assignment": assignment, "student": student, "submission": submission, "tests": tests,
            "now": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"), "details": json.dumps(details or {}),
        },
    )  # fmt: skip


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


def forget(session, assignment, student):
    """Take a submission out of the journal; the caller commits."""
    session.execute(
        text("DELETE FROM grading_journal WHERE assignment = :assignment AND student = :student"),
        {"assignment": assignment, "student": student},
    )
