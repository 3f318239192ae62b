"""`python -m autograder grade`: grade a class and print who got what, and why somebody got nothing."""

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from nbgrader.api import MissingEntry
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from sqlalchemy.engine import make_url

from autograder import course, database
from autograder.written import part_id


@dataclass(frozen=True)
class Score:
    """One exercise of one student; `points` is None when nobody has graded it."""

    points: float | None
    max_points: float


def grade_class(class_folder, chapter, **options):
    """Grade every submission of a chapter and write the feedback pages.

    Parameters
    ----------
    class_folder : pathlib.Path
        A folder with ``submitted/STUDENT/CHAPTER/CHAPTER.ipynb``.
    chapter : str
        Name of the chapter, such as ``"ch00_reward_modeling"``.
    **options
        ``jobs``, ``scheduler``, ``students``, ``shard``, ``exercise``, ``force``, ``allow_unconfined``: see
        `autograder.engine.run.grade_class`.

    Returns
    -------
    scores : dict of str to dict of str to Score
        From student to exercise to score.
    summary : autograder.engine.run.Summary
        Who was graded in this run, and what was remarkable about whose files.

    Raises
    ------
    ValueError
        If nobody submitted anything.
    """
    from autograder.engine import run

    class_folder = Path(class_folder)
    course.source_notebook(chapter)  # names the chapters there are when this one is not among them
    students = submitters(class_folder, chapter)
    if not students:
        raise ValueError(f"class_folder: no submission of {chapter} below {class_folder / 'submitted'}")
    prepare(class_folder, chapter)
    with database.explained(course.course_directory(class_folder).db_url):
        with _Bar(f"grading {chapter}") as bar:
            summary = run.grade_class(class_folder, chapter, progress=bar.show, **options)
        if summary.graded or summary.penalties:
            _write_feedback(class_folder, chapter)
        scores = read_scores(class_folder, chapter)
    return {student: scores.get(student, {}) for student in students}, summary


def submitters(class_folder, chapter):
    """Students who have a folder for the chapter, sorted."""
    return sorted(path.parent.name for path in (Path(class_folder) / "submitted").glob(f"*/{chapter}") if path.is_dir())


def prepare(class_folder, chapter):
    """Give a class's folder its configuration, and its gradebook the chapter as source/ has it now.

    Parameters
    ----------
    class_folder : pathlib.Path
    chapter : str
    """
    course.put_environment_on_path()
    course.write_class_config(class_folder)
    db_url = course.course_directory(class_folder).db_url
    with database.explained(db_url), database.locked(db_url, "release", chapter):  # of two graders, one after the other
        if not _is_prepared(class_folder, chapter):
            course.generate_assignment(chapter, class_folder)


def _is_prepared(class_folder, chapter):
    """Whether the class's gradebook knows the chapter as source/ has it now."""
    released = class_folder / "release" / chapter / f"{chapter}.ipynb"
    if not released.exists() or released.stat().st_mtime < course.source_notebook(chapter).stat().st_mtime:
        return False
    directory = course.course_directory(class_folder)
    with database.open_gradebook(directory.db_url, directory.course_id) as gradebook:
        try:
            return bool(gradebook.find_assignment(chapter).notebooks)
        except MissingEntry:
            return False


class _Bar:
    """A progress bar with the time left on a terminal, nothing elsewhere."""

    def __init__(self, title):
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._progress = Progress(
            *columns, disable=not sys.stderr.isatty(), console=Console(stderr=True), transient=True
        )
        self._title = title
        self._task = None

    def show(self, done, total):
        """Say how far the run is."""
        if self._task is None:
            self._task = self._progress.add_task(self._title, total=total)
        self._progress.update(self._task, completed=done)

    def __enter__(self):
        self._progress.start()
        return self

    def __exit__(self, kind, value, traceback):
        self._progress.stop()


def _write_feedback(class_folder, chapter):
    """Run nbgrader's generate_feedback; its output goes to a log, and is shown when it fails."""
    log = class_folder / "feedback.log"
    command = [sys.executable, "-m", "nbgrader", "generate_feedback", chapter, "--force"]
    with log.open("w", encoding="utf-8") as file:
        outcome = subprocess.run(command, cwd=class_folder, stdout=file, stderr=subprocess.STDOUT)
    if outcome.returncode:
        raise RuntimeError(f"nbgrader generate_feedback failed; the end of {log}:\n{log.read_text()[-2000:]}")


def read_scores(class_folder, chapter):
    """Scores of a chapter from the gradebook.

    Returns
    -------
    dict of str to dict of str to Score
        From student to exercise to score.
    """
    directory = course.course_directory(class_folder)
    scores = {}
    with database.open_gradebook(directory.db_url, directory.course_id) as gradebook:
        try:
            assignment = gradebook.find_assignment(chapter)
        except MissingEntry:
            return {}
        for submission in assignment.submissions:
            cells = [grade for notebook in submission.notebooks for grade in notebook.grades]
            own = {exercise_id(grade.name): Score(_points(grade), grade.max_score) for grade in cells}
            if any(score.points is not None for score in own.values()):
                scores[submission.student.id] = own
    return scores


def read_penalties(class_folder, chapter):
    """Points that are taken off for lateness, by student; the scores of `read_scores` are before that."""
    directory = course.course_directory(class_folder)
    with database.open_gradebook(directory.db_url, directory.course_id) as gradebook:
        penalties = {
            submission.student_id: sum(row.late_submission_penalty or 0 for row in submission.notebooks)
            for submission in gradebook.assignment_submissions(chapter)
        }
    return {student: points for student, points in sorted(penalties.items()) if points}


def _points(grade):
    """Points of a gradebook entry; None when neither a machine nor a person has set any."""
    return None if grade.auto_score is None and grade.manual_score is None else grade.score


def exercise_id(cell_id):
    """Exercise of a cell with points: ``"ex0_5_test"`` gives ``"0.5"``, the written part ``"ex10_1_d"`` ``"10.1d"``."""
    return part_id(cell_id) or cell_id.removeprefix("ex").removesuffix("_test").replace("_", ".")


def in_order(exercises):
    """Exercises sorted by their numbers: 0.2, 0.10, 10.1, 10.1d."""
    return sorted(
        exercises,
        key=lambda name: [
            (not part.isdigit(), int(part) if part.isdigit() else 0, part) for part in re.findall(r"\d+|[^\d.]+", name)
        ],
    )


def unreadable(class_folder, chapter):
    """Submissions whose notebook is missing or damaged; each of them got 0 points.

    Returns
    -------
    dict of str to str
        From student to the reason.
    """
    from autograder.engine import sanitise, submission

    reasons = {}
    for student in submitters(class_folder, chapter):
        folder = Path(class_folder) / "submitted" / student / chapter
        try:
            sanitise.read_cells(submission.read_notebook(folder, chapter))
        except sanitise.Unreadable as problem:
            reasons[student] = str(problem)
    return reasons


def print_table(scores, summary, console=None):
    """Print students, exercises and points, and below them whatever a person should know.

    Parameters
    ----------
    scores : dict of str to dict of str to Score
    summary : autograder.engine.run.Summary
        As `grade_class` returns them.
    console : rich.console.Console, optional
    """
    console = console or wide_console()
    exercises = in_order({e for own in scores.values() for e in own})
    table = Table("student", *[f"{e}" for e in exercises], "total", box=None, pad_edge=False)
    for student, own in scores.items():
        if not own:
            table.add_row(student, *["–"] * len(exercises), "not graded")
            continue
        cells = [_cell(own[e]) if e in own else "–" for e in exercises]
        total = sum(score.points or 0 for score in own.values())
        table.add_row(student, *cells, f"{total:g}/{sum(score.max_points for score in own.values()):g}")
    console.print(table)
    n_open = sum(score.points is None for own in scores.values() for score in own.values())
    if n_open:
        console.print(f"{n_open} answers wait for a person to read them, in formgrader", highlight=False)
    for line in summary.lines():
        console.print(line, highlight=False, markup=False)


def wide_console():
    """A console that does not fold a table because nobody is watching."""
    console = Console()
    return console if console.is_terminal else Console(width=200)


def _cell(score):
    if score.points is None:
        return "–"
    colour = "green" if score.points == score.max_points else "yellow" if score.points else "red"
    return f"[{colour}]{score.points:g}/{score.max_points:g}[/]"


def _gradebook_in_words(class_folder):
    url = make_url(course.course_directory(class_folder).db_url)
    return url.database if url.get_backend_name() == "sqlite" else url.render_as_string(hide_password=True)


def command(chapter, class_folder, **options):
    """Grade a class and print the table.

    Returns
    -------
    int
        Exit code: 1 when a submission could not be read or graded.
    """
    class_folder = Path(class_folder)
    scores, summary = grade_class(class_folder, chapter, **options)
    print_table(scores, summary)
    for student, points in read_penalties(class_folder, chapter).items():
        print(f"{student}: {points:g} points are taken off for lateness")
    broken = unreadable(class_folder, chapter)
    for student, reason in broken.items():
        print(f"NOT READABLE {student}: {reason}")
    print(f"Feedback pages: {class_folder / 'feedback'}/STUDENT/{chapter}/{chapter}.html")
    print(f"Gradebook:      {_gradebook_in_words(class_folder)}")
    return 1 if summary.failed or broken else 0
