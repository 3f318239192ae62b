"""Who grades what at the moment, when several graders work at once; a claim vanishes with the process that holds it.

A SQLite gradebook belongs to one class folder, and one run at a time grades it. Graders who share a PostgreSQL gradebook
claim one submission after the other at the server, wherever their folders are.
"""

import contextlib
import fcntl
import os

import sqlalchemy
from sqlalchemy import text

from autograder import database


class AlreadyRunning(RuntimeError):
    """Another run grades this class at the moment."""


@contextlib.contextmanager
def claims(coursedir, assignment):
    """Claims of one run on submissions of an assignment.

    Parameters
    ----------
    coursedir : nbgrader.coursedir.CourseDirectory
    assignment : str

    Yields
    ------
    FolderClaims or ServerClaims

    Raises
    ------
    AlreadyRunning
        If the gradebook is a SQLite file and another run grades the class.
    """
    if database.is_shared(coursedir.db_url):
        with ServerClaims(coursedir.db_url, assignment) as mine:
            yield mine
    else:
        with alone(coursedir.root):
            yield FolderClaims()


@contextlib.contextmanager
def alone(root):
    """Hold the class's folder: two runs at once would do everything twice. The lock vanishes with its process."""
    descriptor = os.open(root, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(f"Another run is grading the class in {root}.") from None
        yield
    finally:
        os.close(descriptor)


class FolderClaims:
    """Every submission is this run's, since it holds the class's folder."""

    shared = False

    def take(self, student):
        """Claim a submission; False when another run has it."""
        return True

    def give_back(self, student):
        """Let others have a submission."""


class ServerClaims:
    """Claims held as locks of a PostgreSQL server, on a connection of their own.

    Parameters
    ----------
    db_url : str
    assignment : str
    """

    shared = True

    def __init__(self, db_url, assignment):
        self._engine = database.create_engine(db_url, isolation_level="AUTOCOMMIT", poolclass=sqlalchemy.NullPool)
        self._assignment = assignment
        self._held = set()

    def __enter__(self):
        self._connection = self._engine.connect()
        return self

    def __exit__(self, kind, value, traceback):
        self._connection.close()

    def _ask(self, function, student):
        number = {"number": database.lock_number("submission", self._assignment, student)}
        return self._connection.execute(text(f"SELECT {function}(:number)"), number).scalar_one()

    def take(self, student):
        """Claim a submission; False when another run has it."""
        if student not in self._held and self._ask("pg_try_advisory_lock", student):
            self._held.add(student)
        return student in self._held

    def give_back(self, student):
        """Let others have a submission."""
        if student in self._held:
            self._held.remove(student)
            self._ask("pg_advisory_unlock", student)
