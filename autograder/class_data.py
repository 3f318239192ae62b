"""What a class's gradebook holds, read in a few queries: for reports, exports and imports.

nbgrader's own objects issue a query for each submission, which takes minutes for a large class; here each table is
read once.
"""

import contextlib
import json
from dataclasses import dataclass, field
from pathlib import Path

from autograder import course, grading
from autograder.engine import results


@dataclass(frozen=True)
class Person:
    """A student as the gradebook knows them; `lms_id` is the number a learning management system uses."""

    id: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    lms_id: str = ""

    @property
    def name(self):
        """Last name, first name; the id where there is none."""
        return ", ".join(part for part in (self.last_name, self.first_name) if part) or self.id


@dataclass(frozen=True)
class Cell:
    """A cell with points.

    Parameters
    ----------
    id : str
        nbgrader's grade id, such as ``"ex0_5_test"``; in an assignment of several notebooks ``"notebook/ex0_5_test"``.
    notebook : str
    exercise : str
        ``"0.5"``.
    points : float
    """

    id: str
    notebook: str
    exercise: str
    points: float

    @property
    def answer(self):
        """Id of the cell that holds the answer, and the comment on it."""
        return self.id.removesuffix("_test")


@dataclass
class Grade:
    """Points of one cell of one submission; None where there are none."""

    row: str
    auto: float | None
    manual: float | None
    extra: float | None
    needs_person: bool

    @property
    def score(self):
        """Points as nbgrader counts them: a person's before the machine's, extra credit on top."""
        own = self.manual if self.manual is not None else self.auto
        return (own or 0.0) + (self.extra or 0.0) if own is not None else 0.0

    @property
    def is_graded(self):
        """Whether a machine or a person has set points."""
        return self.auto is not None or self.manual is not None


@dataclass
class Comment:
    """Comment on one answer; nbgrader's automatic one says that the cell is as it was handed out."""

    row: str
    auto: str | None
    manual: str | None


@dataclass(frozen=True)
class GroupRow:
    """How one group of a hidden test went; see `autograder.engine.results`."""

    name: str
    weight: float
    passed: bool
    kind: str
    message: str


@dataclass
class Submission:
    """What a student handed in for a chapter, as far as the gradebook knows.

    Parameters
    ----------
    student : str
    timestamp : datetime.datetime or None
    penalty : float
        Points off for lateness.
    grades : dict of str to Grade
        By cell with points.
    comments : dict of str to Comment
        By answer cell.
    groups : dict of str to list of GroupRow
        By test cell; empty when the gradebook keeps none for this submission.
    run : dict
        What the journal noted: ``graded_at``, ``times_graded``, ``remarks``, ``mistakes``, ``layers``, ``seconds``.
    """

    student: str
    timestamp: object = None
    penalty: float = 0.0
    grades: dict = field(default_factory=dict)
    comments: dict = field(default_factory=dict)
    groups: dict = field(default_factory=dict)
    run: dict = field(default_factory=dict)

    @property
    def is_graded(self):
        """Whether any of its cells has points."""
        return any(grade.is_graded for grade in self.grades.values())

    @property
    def score(self):
        """Points after the penalty, as nbgrader's own export has them."""
        return max(0.0, sum(grade.score for grade in self.grades.values()) - self.penalty)

    def is_untouched(self, cell):
        """Whether the answer to a test cell is as it was handed out."""
        comment = self.comments.get(cell.answer)
        return comment is not None and comment.auto == "No response."


@dataclass
class Chapter:
    """An assignment with its submissions, sorted by student."""

    name: str
    cells: list
    submissions: list = field(default_factory=list)

    @property
    def points(self):
        """Most points there are without extra credit."""
        return sum(cell.points for cell in self.cells)

    @property
    def graded(self):
        """Submissions that have points."""
        return [submission for submission in self.submissions if submission.is_graded]


@dataclass
class ClassData:
    """A class.

    Parameters
    ----------
    folder : pathlib.Path
    people : dict of str to Person
        Sorted by id.
    chapters : list of Chapter
        In the order of their names.
    has_groups : bool
        Whether the gradebook has the table of group results at all.
    """

    folder: Path
    people: dict
    chapters: list
    has_groups: bool


@contextlib.contextmanager
def connect(class_folder):
    """Connection to a class's gradebook, as the class's configuration says where that is.

    Changes are committed when the block ends, and undone when it raises.

    Raises
    ------
    ValueError
        If there is no gradebook.
    RuntimeError
        If it cannot be read, in one line.
    """
    import sqlalchemy
    from nbgrader.coursedir import CourseDirectory

    from autograder.engine.run import load_config

    course.put_environment_on_path()
    class_folder = Path(class_folder)
    url = sqlalchemy.make_url(CourseDirectory(config=load_config(class_folder)).db_url)
    waiting = {}
    if url.get_backend_name() == "sqlite":
        if not Path(url.database or "").is_file():
            raise ValueError(f"class_folder: there is no gradebook {url.database}; grade the class first")
        waiting = {"timeout": 60}
    engine = sqlalchemy.create_engine(url, connect_args=waiting)
    try:
        with engine.begin() as connection:
            yield connection
    except sqlalchemy.exc.DBAPIError as problem:
        raise RuntimeError(f"gradebook: {str(problem.orig).strip().splitlines()[0]}") from None
    finally:
        engine.dispose()


def read(class_folder, chapters=None):
    """Read a class's gradebook.

    Parameters
    ----------
    class_folder : path
    chapters : list of str, optional
        Only these.

    Returns
    -------
    ClassData

    Raises
    ------
    ValueError
        If there is no gradebook, or a chapter is not in it; the message lists those that are.
    RuntimeError
        If the gradebook cannot be read.
    """
    with connect(class_folder) as connection:
        return read_from(connection, class_folder, chapters)


def read_from(connection, class_folder, chapters=None):
    """Read a gradebook through a connection that is open; see `read`."""
    import sqlalchemy
    from nbgrader import api
    from sqlalchemy import select

    tables = set(sqlalchemy.inspect(connection).get_table_names())
    if "assignment" not in tables:
        raise ValueError("class_folder: the gradebook is empty; grade the class first")
    names = dict(connection.execute(select(api.Assignment.id, api.Assignment.name)).all())
    for name in chapters or ():
        if name not in names.values():
            known = ", ".join(sorted(names.values())) or "none"
            raise ValueError(f"chapter: {name!r} is not in the gradebook; there are {known}")
    wanted = {key: name for key, name in names.items() if chapters is None or name in chapters}

    people = [
        Person(*(value or "" for value in row))
        for row in connection.execute(
            select(
                api.Student.id, api.Student.first_name, api.Student.last_name, api.Student.email,
                api.Student.lms_user_id,
            )
        )
    ]  # fmt: skip
    found = {
        name: Chapter(name, _cells(connection, key, name)) for key, name in sorted(wanted.items(), key=lambda p: p[1])
    }
    for key, name in wanted.items():
        _read_submissions(connection, key, found[name])
        if "grading_journal" in tables:
            _read_journal(connection, found[name])
        if results.NAME in tables:
            _read_groups(connection, found[name])
    people = {person.id: person for person in sorted(people, key=lambda person: person.id)}
    return ClassData(Path(class_folder), people, list(found.values()), results.NAME in tables)


def exercise_order(exercise):
    """Key that sorts ``"0.10"`` behind ``"0.9"`` and ``"10.1.d"`` behind ``"10.1"``."""
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in exercise.split(".")]


def _key(chapter, notebook, cell):
    """What tells a cell from all others of an assignment: its id, or the notebook's name before it in a second notebook."""
    return cell if notebook == chapter else f"{notebook}/{cell}"


def _cells(connection, assignment, chapter):
    from nbgrader import api
    from sqlalchemy import select

    base = api.BaseCell.__table__
    cells = []
    for kind in (api.GradeCell.__table__, api.TaskCell.__table__):
        rows = connection.execute(
            select(base.c.name, api.Notebook.name, kind.c.max_score)
            .select_from(kind)
            .join(base, base.c.id == kind.c.id)
            .join(api.Notebook.__table__, api.Notebook.id == base.c.notebook_id)
            .where(api.Notebook.assignment_id == assignment)
        )
        for name, notebook, points in rows:
            exercise = _key(chapter, notebook, grading.exercise_id(name))
            cells.append(Cell(_key(chapter, notebook, name), notebook, exercise, points))
    return sorted(cells, key=lambda cell: (cell.notebook, exercise_order(cell.exercise), cell.id))


def _read_submissions(connection, assignment, chapter):
    from nbgrader import api
    from sqlalchemy import select

    handed_in, notebook = api.SubmittedAssignment.__table__, api.SubmittedNotebook.__table__
    submissions = {
        student: Submission(student, timestamp)
        for student, timestamp in connection.execute(
            select(handed_in.c.student_id, handed_in.c.timestamp).where(handed_in.c.assignment_id == assignment)
        )
    }
    for student, penalty in connection.execute(
        select(handed_in.c.student_id, notebook.c.late_submission_penalty)
        .select_from(notebook.join(handed_in, handed_in.c.id == notebook.c.assignment_id))
        .where(handed_in.c.assignment_id == assignment)
    ):
        submissions[student].penalty += penalty or 0.0
    grade, comment = api.Grade.__table__, api.Comment.__table__
    columns = (grade.c.id, grade.c.auto_score, grade.c.manual_score, grade.c.extra_credit, grade.c.needs_manual_grade)
    for student, cell, values in _of_cells(connection, assignment, chapter.name, grade, columns):
        submissions[student].grades[cell] = Grade(*values)
    columns = (comment.c.id, comment.c.auto_comment, comment.c.manual_comment)
    for student, cell, values in _of_cells(connection, assignment, chapter.name, comment, columns):
        submissions[student].comments[cell] = Comment(*values)
    chapter.submissions = [submissions[student] for student in sorted(submissions)]


def _of_cells(connection, assignment, chapter, table, columns):
    """Rows of a table that has one for each cell of each submission: student, cell and the columns asked for."""
    from nbgrader import api
    from sqlalchemy import select

    handed_in, submitted = api.SubmittedAssignment.__table__, api.SubmittedNotebook.__table__
    cell, notebook = api.BaseCell.__table__, api.Notebook.__table__
    rows = connection.execute(
        select(handed_in.c.student_id, notebook.c.name, cell.c.name, *columns)
        .select_from(table)
        .join(submitted, submitted.c.id == table.c.notebook_id)
        .join(handed_in, handed_in.c.id == submitted.c.assignment_id)
        .join(cell, cell.c.id == table.c.cell_id)
        .join(notebook, notebook.c.id == cell.c.notebook_id)
        .where(handed_in.c.assignment_id == assignment)
    )
    for student, notebook_name, name, *values in rows.all():
        yield student, _key(chapter, notebook_name, name), values


def _read_journal(connection, chapter):
    from sqlalchemy import text

    rows = connection.execute(
        text("SELECT student, graded_at, times_graded, details FROM grading_journal WHERE assignment = :name"),
        {"name": chapter.name},
    )
    runs = {student: {"graded_at": at, "times_graded": times} | json.loads(text) for student, at, times, text in rows}
    for submission in chapter.submissions:
        submission.run = runs.get(submission.student, {})


def _read_groups(connection, chapter):
    from sqlalchemy import text

    rows = connection.execute(
        text(
            f"""SELECT student, notebook, cell, name, weight, passed, kind, message FROM {results.NAME}
            WHERE assignment = :name ORDER BY position"""
        ),
        {"name": chapter.name},
    )
    submissions = {submission.student: submission for submission in chapter.submissions}
    for student, notebook, cell, name, weight, passed, kind, message in rows.all():
        if student in submissions:  # of a submission that was taken out of the gradebook, rows stay
            groups = submissions[student].groups.setdefault(_key(chapter.name, notebook, cell), [])
            groups.append(GroupRow(name, weight, bool(passed), kind, message))
