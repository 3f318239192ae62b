"""`python -m autograder due` and `extend`: dates with their time zones, and the penalties that follow from them."""

import datetime as dt
import difflib
import math
import re
import zoneinfo
from pathlib import Path

from nbgrader.api import Grade, GradeCell, MissingEntry, Student, SubmittedAssignment, SubmittedNotebook

from autograder import course, database, late

# --- dates ------------------------------------------------------------------------------------------------------------


def parse_date(text):
    """Read a date with its time zone.

    Parameters
    ----------
    text : str
        Such as ``"2026-03-01 23:59 Europe/Berlin"``, ``"2026-03-01T22:59Z"``, ``"2026-03-01 23:59+01:00"``. Without a time
        it is the day's last minute.

    Returns
    -------
    datetime.datetime
        With its zone. Of the two times that an hour has when clocks are set back, the later one.

    Raises
    ------
    ValueError
        If the text is no date, names no zone or an ambiguous one, or a time that clocks leave out.
    """
    match = re.fullmatch(
        r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d?:\d\d(?::\d\d)?))? ?(Z|UTC|[+-]\d\d:?\d\d|[A-Za-z_]+(?:/[A-Za-z0-9_+-]+)*)?",
        text.strip(),
    )
    if match is None:
        raise ValueError(f"date: {text!r} is not understood; write it like '2026-03-01 23:59 Europe/Berlin'")
    day, time, name = match.groups()
    if name is None:
        raise ValueError(f"date: {text!r} names no time zone; write it like '{text.strip()} Europe/Berlin' or ... UTC")
    try:
        naive = dt.datetime.fromisoformat(f"{day}T{(time or '23:59').zfill(5)}")
    except ValueError as problem:
        raise ValueError(f"date: {text!r}: {problem}") from None
    if name in ("Z", "UTC"):
        return naive.replace(tzinfo=dt.UTC)
    if name[0] in "+-":
        return dt.datetime.fromisoformat(f"{naive.isoformat()}{name}")
    if "/" not in name:
        raise ValueError(f"date: {name!r} may mean several zones; write a place such as Europe/Berlin, or +01:00")
    try:
        zone = zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"date: there is no time zone {name!r}") from None
    date = naive.replace(tzinfo=zone, fold=1)
    if date.astimezone(dt.UTC).astimezone(zone).replace(tzinfo=None) != naive:
        raise ValueError(f"date: {text!r} does not exist: clocks are set forward then")
    return date


def to_gradebook(date):
    """A date as nbgrader keeps it: UTC, without saying so."""
    return date.astimezone(dt.UTC).replace(tzinfo=None)


def show(date):
    """A date in words: as written, and in UTC."""
    utc = f"{date.astimezone(dt.UTC):%a %Y-%m-%d %H:%M} UTC"
    if date.tzinfo is dt.UTC:
        return utc
    zone = getattr(date.tzinfo, "key", None) or f"UTC{date:%z}"
    return f"{date:%a %Y-%m-%d %H:%M} {zone} = {utc}"


def show_span(seconds):
    """A span in words, such as ``"1 day 2 h"``."""
    minutes = math.ceil(seconds / 60)
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    parts = [f"{days} day{'s' * (days != 1)}" if days else "", f"{hours} h" if hours else ""]
    return " ".join(part for part in [*parts, f"{minutes} min" if minutes else ""] if part) or "0 min"


# --- commands ---------------------------------------------------------------------------------------------------------


class _Chapter:
    """A chapter in a class's gradebook.

    Raises
    ------
    ValueError
        If the gradebook does not know the chapter; the message lists those it knows.
    """

    def __init__(self, class_folder, chapter):
        self.policy = late.plugin(course.nbgrader_settings(class_folder))
        self.coursedir = course.course_directory(class_folder)
        self.gradebook = database.open_gradebook(self.coursedir.db_url, self.coursedir.course_id)
        self.session = self.gradebook.db
        self.name = chapter
        try:
            self.assignment = self.gradebook.find_assignment(chapter)
        except MissingEntry:
            known = ", ".join(sorted(assignment.name for assignment in self.gradebook.assignments)) or "none"
            self.gradebook.close()
            raise ValueError(
                f"chapter: the gradebook does not know {chapter!r}; it knows {known}. `nbgrader generate_assignment` "
                "adds a chapter."
            ) from None

    def __enter__(self):
        return self

    def __exit__(self, kind, value, traceback):
        self.gradebook.close()

    def change(self, work, students=None):
        """Change something in one transaction and bring the penalties up to date; print those that changed."""

        def both():
            work()
            self.session.flush()
            self.session.expire_all()
            return late.refresh(self.session, self.assignment, self.policy, students)

        changed = database.write(self.session, both)
        for student, (before, after) in changed.items():
            print(f"{student}: the penalty was {before:g} points and is {after:g}")
        return changed


def due(chapter, class_folder, text=None, remove=False):
    """Set, remove or show a chapter's due date, with who was late and what it costs.

    Parameters
    ----------
    chapter : str
    class_folder : path
    text : str, optional
        The new date, as `parse_date` reads it.
    remove : bool

    Raises
    ------
    ValueError
        If the date or the chapter is not understood.
    """
    date = parse_date(text) if text else None
    with _Chapter(class_folder, chapter) as here:

        def change():
            here.assignment.duedate = None if remove else to_gradebook(date)
            for submission in here.assignment.submissions:
                if remove and submission.extension is not None:  # it counts from the due date
                    submission.extension = None

        if remove and any(submission.extension is not None for submission in here.assignment.submissions):
            print("extensions are taken back with the due date from which they count")
        if date or remove:
            here.change(change)
        if date:
            print(f"{chapter} is due {show(date)}")
        else:
            print(f"{chapter} {_due_in_words(here.assignment.duedate)}")
        if getattr(here.policy, "rule", None) is not None:
            print(f"late work costs: {here.policy.rule or 'nothing (set c.LatePolicy.rule in nbgrader_config.py)'}")
        for submission in sorted(here.assignment.submissions, key=lambda one: one.student_id):
            for line in _about(submission):
                print(line)


def _due_in_words(date):
    return "has no due date" if date is None else f"is due {show(date.replace(tzinfo=dt.UTC))}"


def _about(submission):
    """Lines on a submission with an extension, or late."""
    if submission.extension and submission.assignment.duedate:
        until = show(submission.duedate.replace(tzinfo=dt.UTC))
        yield f"{submission.student_id}: {show_span(submission.extension.total_seconds())} more, until {until}"
    if late.seconds_late(submission) > 0:
        points = math.fsum(row.late_submission_penalty or 0 for row in submission.notebooks)
        yield f"{submission.student_id}: {show_span(late.seconds_late(submission))} late, penalty {points:g} points"


def extend(chapter, student, class_folder, days=0, hours=0, until=None, remove=False):
    """Give one student more time for a chapter, or take it back. A later extension replaces an earlier one.

    What is graded already gets its penalty computed again; no code is run.

    Parameters
    ----------
    chapter, student : str
    class_folder : path
    days, hours : float
        After the chapter's due date.
    until : str, optional
        Instead of these: a date, as `parse_date` reads it.
    remove : bool

    Raises
    ------
    ValueError
        If an argument is not understood, or the chapter has no due date.
    """
    if (bool(days or hours) + bool(until) + remove) != 1:
        raise ValueError("say one of --days and --hours, --until, --none")
    if min(days, hours) < 0:
        raise ValueError("days, hours: must not be negative")
    date = parse_date(until) if until else None
    with _Chapter(class_folder, chapter) as here:
        due_date = here.assignment.duedate
        if due_date is None:
            raise ValueError(f"{chapter} has no due date: set one with `python -m autograder due {chapter} DATE`")
        span = to_gradebook(date) - due_date if date else dt.timedelta(days=days, hours=hours)
        if span < dt.timedelta(0):
            raise ValueError(f"until: {show(date)} is before the due date, {show(due_date.replace(tzinfo=dt.UTC))}")
        _require_student(here, student)
        _require_rows(here, student)

        def change():
            own = {"assignment_id": here.assignment.id, "student_id": student}
            here.session.query(SubmittedAssignment).filter_by(**own).one().extension = None if remove else span

        here.change(change, [student])
        until = show(date) if date else show((due_date + span).replace(tzinfo=dt.UTC))
        what = "has no extension any more" if remove else f"may hand in {chapter} until {until}"
        print(f"{student} {what}")


def _require_student(here, student):
    """Refuse a misspelt name: one that neither the gradebook nor the hand-ins know, unless they know nobody yet."""
    pattern = here.coursedir.format_path(here.coursedir.submitted_directory, student, here.name)
    known = [row.id for row in here.session.query(Student)]
    if student in known or not known or Path(pattern).is_dir():
        return
    close = difflib.get_close_matches(student, known, n=3)
    raise ValueError(
        f"student: the gradebook knows no {student!r}{'; did you mean ' + ' or '.join(close) if close else ''}. "
        f"`nbgrader db student add {student}` adds one."
    )


def _require_rows(here, student):
    """A student who has not handed in yet gets the rows of a submission, since nbgrader keeps extensions there."""
    here.gradebook.update_or_create_student(student)
    try:
        here.gradebook.find_submission(here.name, student)
        return
    except MissingEntry:
        submission = here.gradebook.add_submission(here.name, student)
    rows = here.session.query(Grade).join(SubmittedNotebook, Grade.notebook_id == SubmittedNotebook.id)
    rows = rows.join(GradeCell, Grade.cell_id == GradeCell.id)
    for grade in rows.filter(SubmittedNotebook.assignment_id == submission.id):
        grade.needs_manual_grade = False  # nothing is there to be looked at
    here.session.commit()
