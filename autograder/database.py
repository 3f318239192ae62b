"""How the course connects to its gradebook: a SQLite file with safe settings, or a PostgreSQL server.

nbgrader opens the gradebook in a dozen places and has no setting for any of this. `install` therefore replaces the one
function with which it makes connections; formgrader, plain nbgrader commands and the course's own then all get

- on SQLite: a write-ahead log, so that nobody who reads waits for one who writes; a minute's patience with another
  writer; a commit that has reached the disk when it returns, so that no power cut takes a grade back;
- on PostgreSQL: the installed driver, READ COMMITTED, and one process at a time creating the tables.
"""

import contextlib
import functools
import hashlib
import random
import re
import sqlite3
import time
from pathlib import Path

import nbgrader.api
import sqlalchemy
from nbgrader.api import Gradebook
from nbgrader.apps.dbapp import DbUpgradeApp
from sqlalchemy import event, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, OperationalError

BUSY_SECONDS = 60  # how long a connection waits for another one's writing
SWITCH_SECONDS = 2  # and for the others to let it change the kind of journal
JOURNALS = ("auto", "wal", "delete")
TRIES = 6
# Of PostgreSQL: serialization failure, deadlock, a row that another grader made at the same moment.
TRY_AGAIN = {"40001", "40P01", "23505"}
# The write-ahead log needs memory that all its users share, which they do not have across machines.
SHARED_FILESYSTEMS = set(
    "9p afs beegfs ceph cifs coda drvfs glusterfs gpfs lustre nfs nfs4 smb3 smbfs virtiofs".split()
)

_journal = "auto"
_created = set()  # gradebooks that this process found complete


def install(sqlite_journal="auto"):
    """Let every gradebook that this process opens be opened as described above.

    Parameters
    ----------
    sqlite_journal : {"auto", "wal", "delete"}
        ``"wal"`` and ``"delete"`` as in SQLite's ``journal_mode``; ``"auto"`` is a write-ahead log except on a network
        file system, where it is not safe.

    Raises
    ------
    ValueError
        If `sqlite_journal` is something else.
    """
    global _journal
    if sqlite_journal not in JOURNALS:
        raise ValueError(f"sqlite_journal: must be one of {', '.join(JOURNALS)}, not {sqlite_journal!r}")
    _journal = sqlite_journal
    _replace()


def _replace():
    if nbgrader.api.create_engine is not create_engine:
        nbgrader.api.create_engine = create_engine
        Gradebook.__init__ = _created_by_one(Gradebook.__init__)
        DbUpgradeApp._backup_db_file = _with_its_log(DbUpgradeApp._backup_db_file)


@contextlib.contextmanager
def explained(db_url):
    """Turn an unreachable or lost gradebook into a `RuntimeError` of one line, without the password."""
    url = make_url(db_url).render_as_string(hide_password=True)
    try:
        yield
    except OperationalError as problem:
        reason = " ".join(str(problem.orig).split())
        raise RuntimeError(f"the gradebook {url} cannot be used (what is saved is safe): {reason}") from None
    except ModuleNotFoundError as problem:
        if problem.name not in ("psycopg", "psycopg2"):
            raise
        raise RuntimeError("a gradebook on PostgreSQL needs `pip install -e '.[postgres]'`") from None


def open_gradebook(db_url, course_id="default_course"):
    """Open a gradebook.

    Parameters
    ----------
    db_url : str
        ``"sqlite:////folder/gradebook.db"`` or ``"postgresql+psycopg://user:password@host/database"``.
    course_id : str

    Returns
    -------
    nbgrader.api.Gradebook
        To be closed by the caller.

    Raises
    ------
    ValueError
        If it is on another kind of database.
    """
    kind = make_url(db_url).get_backend_name()
    if kind not in ("sqlite", "postgresql"):
        raise ValueError(f"c.CourseDirectory.db_url: the gradebook may be on SQLite or PostgreSQL, not on {kind}")
    _replace()
    return Gradebook(db_url, course_id)


def is_shared(db_url):
    """Whether graders on several machines can share this gradebook."""
    return make_url(db_url).get_backend_name() == "postgresql"


# --- connections ------------------------------------------------------------------------------------------------------


def create_engine(url, **options):
    """As `sqlalchemy.create_engine`, with the settings above."""
    url = make_url(url)
    if url.get_backend_name() == "postgresql":
        if "+" not in url.drivername:
            url = url.set(drivername="postgresql+psycopg")  # SQLAlchemy's default driver is an older one
        options = {"isolation_level": "READ COMMITTED", "pool_pre_ping": True} | options
    engine = sqlalchemy.create_engine(url, **options)
    if url.get_backend_name() == "sqlite":
        event.listen(engine, "connect", _set_up_sqlite)
    return engine


def _set_up_sqlite(connection, record):
    """Settings of one connection. Foreign keys stay unchecked, as nbgrader expects of SQLite."""

    def pragma(setting):
        row = connection.execute(f"PRAGMA {setting}").fetchone()
        return row and row[0]

    pragma(f"busy_timeout = {SWITCH_SECONDS * 1000}")
    path = next((row[2] for row in connection.execute("PRAGMA database_list") if row[1] == "main"), "")
    if path:
        wanted = _journal if _journal != "auto" else "delete" if on_network(Path(path).parent) else "wal"
        with contextlib.suppress(sqlite3.OperationalError):  # read-only, or others have it open in the other mode
            if pragma("journal_mode") != wanted:
                pragma(f"journal_mode = {wanted}")
    pragma("synchronous = FULL")
    pragma(f"busy_timeout = {BUSY_SECONDS * 1000}")


@functools.lru_cache(maxsize=64)
def on_network(folder):
    """Whether a folder is on a file system that other machines may have open, as far as Linux tells."""
    return _is_network(filesystem(folder))


def _is_network(kind):
    return kind in SHARED_FILESYSTEMS or kind.startswith("fuse")


def filesystem(folder, mounts="/proc/self/mountinfo"):
    """Kind of file system of a folder, such as ``"ext4"``; empty where the system does not say.

    Parameters
    ----------
    folder : path
    mounts : path
        The kernel's table of mounts.
    """
    try:
        lines = Path(mounts).read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return ""
    folder, found = Path(folder).resolve(), (0, "")
    for line in lines:
        before, _, after = line.partition(" - ")
        point = Path(re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), before.split()[4]))
        if folder.is_relative_to(point) and len(point.parts) >= found[0]:  # a later mount hides an earlier one
            found = (len(point.parts), after.split()[0])
    return found[1]


def _created_by_one(init):
    """`Gradebook.__init__`, which creates missing tables, with one process at a time doing so on a server."""

    @functools.wraps(init)
    def wrapper(self, db_url, course_id="default_course", authenticator=None):
        if not is_shared(db_url) or (db_url, course_id) in _created:
            return init(self, db_url, course_id, authenticator)
        with locked(db_url, "create"):
            init(self, db_url, course_id, authenticator)
        _created.add((db_url, course_id))

    return wrapper


# --- one at a time ----------------------------------------------------------------------------------------------------


def lock_number(*words):
    """The 64-bit number by which PostgreSQL knows a lock."""
    digest = hashlib.blake2b("\0".join(("rl-grading", *words)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


@contextlib.contextmanager
def locked(db_url, *words):
    """Hold a lock of the PostgreSQL server meanwhile; it vanishes with its process. On SQLite nothing is locked."""
    if not is_shared(db_url):
        yield
        return
    engine = create_engine(db_url, isolation_level="AUTOCOMMIT", poolclass=sqlalchemy.NullPool)
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:number)"), {"number": lock_number(*words)})
        yield


def lock(session, *words, shared=False):
    """Hold a lock as `locked` does until the session's transaction ends; with `shared`, as others may at the time."""
    if session.get_bind().dialect.name == "postgresql":
        function = "pg_advisory_xact_lock_shared" if shared else "pg_advisory_xact_lock"
        session.execute(text(f"SELECT {function}(:number)"), {"number": lock_number(*words)})


def write(session, work):
    """Do something in one transaction, and again when the database says that another grader was in the way.

    Parameters
    ----------
    session : sqlalchemy.orm.Session
        What it has not committed is lost.
    work : callable
        Reads and writes by `session`; it may be called several times.

    Returns
    -------
    object
        What `work` returned.
    """
    for attempt in range(1, TRIES + 1):
        session.rollback()  # ends a transaction that only read: what it saw may be old
        try:
            if session.get_bind().dialect.name == "sqlite":
                # SQLite's own BEGIN locks at the first write; what `work` read before could change until then.
                session.execute(text("BEGIN IMMEDIATE"))
            result = work()
            session.commit()
            return result
        except DBAPIError as problem:
            session.rollback()
            if getattr(problem.orig, "sqlstate", None) not in TRY_AGAIN or attempt == TRIES:
                raise
            time.sleep(random.uniform(0, 0.05 * 2**attempt))
        except BaseException:
            session.rollback()
            raise


def insert_missing(session, model, **values):
    """Insert a row unless there is one with the same key, also when another process inserts it at this moment."""
    dialect = {"postgresql": postgresql, "sqlite": sqlite}[session.get_bind().dialect.name]
    session.execute(dialect.insert(model).values(**values).on_conflict_do_nothing())


def _with_its_log(copy_file):
    """`nbgrader db upgrade` copies a SQLite file before it changes it: first its log has to be written into it."""

    @functools.wraps(copy_file)
    def wrapper(self, db_file):
        if Path(db_file).exists():
            with contextlib.closing(sqlite3.connect(db_file, timeout=BUSY_SECONDS)) as connection:
                busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            if busy:
                self.fail("the gradebook is in use: end formgrader and grading runs first")
        copy_file(self, db_file)

    return wrapper


# --- copies -----------------------------------------------------------------------------------------------------------


def backup(db_url, destination):
    """Copy a SQLite gradebook while others use it; copying the file alone would miss what is still in its log.

    Raises
    ------
    ValueError
        If the gradebook is on a server, is not there, or `destination` exists.
    """
    url = make_url(db_url)
    if url.get_backend_name() != "sqlite":
        raise ValueError("the gradebook is on a server: make a copy with pg_dump")
    if not Path(url.database).exists():
        raise ValueError(f"there is no gradebook {url.database}")
    if Path(destination).exists():
        raise ValueError(f"destination: {destination} exists already")
    with contextlib.closing(sqlite3.connect(url.database, timeout=BUSY_SECONDS)) as source:
        with contextlib.closing(sqlite3.connect(destination)) as copy:
            source.backup(copy)
