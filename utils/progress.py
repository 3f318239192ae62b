"""What a student has solved, kept in one small SQLite file on their own machine; it never leaves it."""

import contextlib
import datetime as dt
import os
import sqlite3
import warnings
from collections import defaultdict
from pathlib import Path

from utils.catalogue import TYPES, read_course
from utils.panel import Panel

_TABLES = (
    "CREATE TABLE IF NOT EXISTS attempt (exercise TEXT NOT NULL, day TEXT NOT NULL, correct INTEGER NOT NULL)",
    # Practice stands apart: it does not count as solved. Files of before there was any get the table when opened.
    "CREATE TABLE IF NOT EXISTS practice "
    "(exercise TEXT NOT NULL, variant INTEGER NOT NULL, day TEXT NOT NULL, correct INTEGER NOT NULL)",
)


def progress_file():
    """Where progress is kept: ``$COURSE_PROGRESS`` or the user's data folder."""
    if "COURSE_PROGRESS" in os.environ:
        return Path(os.environ["COURSE_PROGRESS"])
    import platformdirs

    return Path(platformdirs.user_data_dir("rl-theory-alignment-course", appauthor=False)) / "progress.sqlite"


def record(exercise_id, right, day=None):
    """Remember one attempt. Trouble with the file is a warning: a check must not fail because a disk is full.

    Parameters
    ----------
    exercise_id : str
    right : bool
    day : datetime.date, optional
        Today unless given.
    """
    _insert("INSERT INTO attempt VALUES (?, ?, ?)", exercise_id, _iso(day), int(right))


def record_practice(exercise_id, variant, right, day=None):
    """Remember one answer to an exercise with other numbers, apart from the attempts at the exercise itself.

    Parameters
    ----------
    exercise_id : str
    variant : int
        Which numbers, counted from 0.
    right : bool
    day : datetime.date, optional
        Today unless given.
    """
    _insert("INSERT INTO practice VALUES (?, ?, ?, ?)", exercise_id, variant, _iso(day), int(right))


def attempts():
    """All remembered attempts.

    Returns
    -------
    list of (str, datetime.date, bool)
        Exercise, day and whether the answer was right, oldest first.
    """
    rows = _select("SELECT exercise, day, correct FROM attempt ORDER BY rowid")
    return [(exercise, dt.date.fromisoformat(day), bool(correct)) for exercise, day, correct in rows]


def practised():
    """All remembered answers to exercises with other numbers.

    Returns
    -------
    list of (str, int, datetime.date, bool)
        Exercise, which numbers, day and whether the answer was right, oldest first.
    """
    rows = _select("SELECT exercise, variant, day, correct FROM practice ORDER BY rowid")
    return [(exercise, variant, dt.date.fromisoformat(day), bool(right)) for exercise, variant, day, right in rows]


def _iso(day):
    return (dt.date.today() if day is None else day).isoformat()


def _insert(statement, *values):
    try:
        with _open() as connection, connection:
            connection.execute(statement, values)
    except (sqlite3.Error, OSError) as problem:
        warnings.warn(f"progress was not saved: {problem}", stacklevel=4)


def _select(query):
    try:
        with _open() as connection:
            return connection.execute(query).fetchall()
    except (sqlite3.Error, OSError) as problem:
        warnings.warn(f"progress could not be read: {problem}", stacklevel=4)
        return []


@contextlib.contextmanager
def _open():
    """Open the file; one that is damaged is kept aside under another name and a new one started."""
    path = progress_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        connection = _connect(path)
    except sqlite3.OperationalError:  # locked, read-only, full: the file is not to blame
        raise
    except sqlite3.DatabaseError:
        aside = path.with_name(f"{path.stem}.damaged-{dt.datetime.now():%Y%m%d-%H%M%S}{path.suffix}")
        path.rename(aside)
        warnings.warn(f"the progress file was damaged: it is kept as {aside}, and a new one was started", stacklevel=6)
        connection = _connect(path)
    with contextlib.closing(connection):
        yield connection


def _connect(path):
    connection = sqlite3.connect(path, timeout=5)  # two notebooks may write at once: the second waits
    try:
        with connection:
            for table in _TABLES:
                connection.execute(table)
        if connection.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
            raise sqlite3.DatabaseError("quick_check failed")
    except sqlite3.DatabaseError:
        connection.close()
        raise
    return connection


def streaks(days, today=None):
    """Runs of consecutive days.

    Parameters
    ----------
    days : iterable of datetime.date
        Days with at least one right answer, in an exercise or in practice.
    today : datetime.date, optional

    Returns
    -------
    current, best : int
        The current run counts when it reaches today or yesterday: a day that is not over yet breaks nothing.
    """
    today = dt.date.today() if today is None else today
    best = run = 0
    previous = None
    for day in sorted(set(days)):
        run = run + 1 if previous is not None and day - previous == dt.timedelta(days=1) else 1
        best = max(best, run)
        previous = day
    current = run if previous is not None and today - previous <= dt.timedelta(days=1) else 0
    return current, best


def progress(chapter=None, course=None):
    """Show what is solved and what is left.

    Parameters
    ----------
    chapter : str, optional
        Name of a chapter's notebook, such as ``"ch00_reward_modeling"``: list its exercises too.
    course : str or pathlib.Path, optional
        Folder of the released chapters; found beside this package or above the working folder unless given.
    """
    listed = exercises(course)
    log = attempts()
    solved = {exercise for exercise, _, correct in log if correct}
    tried = {exercise for exercise, _, _ in log}
    current, best = streaks(
        [*(day for _, day, correct in log if correct), *(day for _, _, day, correct in practised() if correct)]
    )

    groups = defaultdict(list)
    for exercise in listed:
        groups[exercise.chapter].append(exercise)
    rows = [_summary_row(name, members, solved) for name, members in groups.items()]
    if len(groups) > 1:
        rows.append(_summary_row("all chapters", listed, solved))
    message = f"Streak: {_days(current)}, best {_days(best)}."
    if chapter is not None:
        left = [e for e in groups.get(chapter, []) if e.id not in solved]
        listing = ", ".join(f"{e.id} {e.title}{' (tried)' if e.id in tried else ''}" for e in left)
        message += f"\n\nLeft in this chapter: {listing}." if left else "\n\nEvery exercise of this chapter is solved."
    Panel("info", "Progress", message, ("chapter", "solved", "points", *TYPES), rows).show()


def exercises(course=None):
    """All exercises of the released chapters; see `progress` for where they are found."""
    return read_course(_find_course() if course is None else course)


def _summary_row(name, exercises, solved):
    def fraction(members, weight=lambda exercise: 1):
        total = sum(weight(e) for e in members)
        return f"{sum(weight(e) for e in members if e.id in solved)} / {total}" if total else "–"

    by_type = [fraction([e for e in exercises if e.type == kind]) for kind in TYPES]
    return (name, fraction(exercises), fraction(exercises, lambda e: e.points), *by_type)


def _days(count):
    return f"{count} day{'' if count == 1 else 's'}"


def _find_course():
    candidates = [Path(__file__).parent.parent / "release", *(p for p in [Path.cwd(), *Path.cwd().parents])]
    for folder in candidates:
        if any(folder.glob("ch*/ch*.ipynb")):
            return folder
    return candidates[0]
