"""`python -m autograder grade`: run nbgrader on a class and print who got what, and why somebody got nothing."""

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from autograder import course, notebooks


@dataclass(frozen=True)
class Score:
    """One exercise of one student; `points` is None when nobody has graded it."""

    points: float | None
    max_points: float


def grade_class(class_folder, chapter):
    """Autograde every submission of a chapter and write the feedback pages.

    Parameters
    ----------
    class_folder : pathlib.Path
        A folder with ``submitted/STUDENT/CHAPTER/CHAPTER.ipynb``.
    chapter : str
        Name of the chapter, such as ``"ch00_reward_modeling"``.

    Returns
    -------
    scores : dict of str to dict of str to Score
        From student to exercise to score; a student who could not be graded has no exercises.
    reasons : dict of str to str
        Why students could not be graded.

    Raises
    ------
    ValueError
        If nobody submitted anything.
    """
    class_folder = Path(class_folder)
    course.source_notebook(chapter)  # names the chapters there are when this one is not among them
    students = submitters(class_folder, chapter)
    if not students:
        raise ValueError(f"class_folder: no submission of {chapter} below {class_folder / 'submitted'}")
    course.write_class_config(class_folder)
    if not _is_prepared(class_folder, chapter):
        course.generate_assignment(chapter, class_folder)
    log = class_folder / "autograde.log"
    _run_nbgrader(class_folder, log, "autograde", chapter, f"grading {chapter}", len(students))
    scores = read_scores(class_folder, chapter)
    graded = [student for student in students if scores.get(student)]
    if graded:
        _run_nbgrader(class_folder, log, "generate_feedback", chapter, "writing feedback", len(graded))
    reasons = {s: _reason(class_folder, chapter, s, log) for s in students if not scores.get(s)}
    return {student: scores.get(student, {}) for student in students}, reasons


def submitters(class_folder, chapter):
    """Students who have a folder for the chapter, sorted."""
    return sorted(path.parent.name for path in (Path(class_folder) / "submitted").glob(f"*/{chapter}") if path.is_dir())


def _is_prepared(class_folder, chapter):
    """Whether the class's gradebook knows the chapter as source/ has it now."""
    released = class_folder / "release" / chapter / f"{chapter}.ipynb"
    source = course.source_notebook(chapter)
    return (
        released.exists()
        and (class_folder / "gradebook.db").exists()
        and released.stat().st_mtime >= source.stat().st_mtime
    )


def _run_nbgrader(class_folder, log, command, chapter, title, total):
    """Run an nbgrader command with a progress bar; its whole output goes to the log."""
    course.put_environment_on_path()
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with (
        log.open("a", encoding="utf-8") as log_file,
        Progress(*columns, console=Console(stderr=True), transient=True) as progress,
        subprocess.Popen(
            [sys.executable, "-m", "nbgrader", command, chapter],
            cwd=class_folder, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        ) as process,
    ):  # fmt: skip
        task = progress.add_task(title, total=total)
        for line in process.stdout:
            log_file.write(line)
            if "Converting notebook" in line or "Skipping existing assignment" in line:
                progress.advance(task)


def read_scores(class_folder, chapter):
    """Scores of a chapter from the gradebook.

    Returns
    -------
    dict of str to dict of str to Score
        From student to exercise to score.
    """
    from nbgrader.api import Gradebook, MissingEntry

    settings = course.nbgrader_settings(class_folder)
    url = f"sqlite:///{Path(class_folder).resolve() / 'gradebook.db'}"
    scores = {}
    with Gradebook(url, settings.CourseDirectory.course_id) as gradebook:
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


def _points(grade):
    """Points of a gradebook entry; None when neither a machine nor a person has set any."""
    return None if grade.auto_score is None and grade.manual_score is None else grade.score


def exercise_id(cell_id):
    """Exercise of a test cell: ``"ex0_5_test"`` gives ``"0.5"``."""
    return cell_id.removeprefix("ex").removesuffix("_test").replace("_", ".")


def _reason(class_folder, chapter, student, log):
    """Why a student has no grade, in one line."""
    path = class_folder / "submitted" / student / chapter / f"{chapter}.ipynb"
    if not path.exists():
        return f"{path.name} is missing"
    try:
        notebooks.read(path)
    except ValueError as problem:
        return str(problem).replace(f"{path} ", "the file ").splitlines()[0][:200]
    text = log.read_text(encoding="utf-8", errors="replace")
    own = text[text.rfind(f"submitted/{student}/") :]
    errors = re.findall(r"^(?:\S+Error|\[AutogradeApp \| ERROR\]).*", own, flags=re.MULTILINE)
    return errors[0][:200] if errors else f"nbgrader gave no grade; see {log}"


def print_table(scores, reasons, console=None):
    """Print students, exercises and points.

    Parameters
    ----------
    scores : dict of str to dict of str to Score
    reasons : dict of str to str
        As `grade_class` returns them.
    console : rich.console.Console, optional
    """
    console = console or wide_console()
    exercises = sorted({e for own in scores.values() for e in own}, key=lambda e: [int(part) for part in e.split(".")])
    table = Table("student", *[f"{e}" for e in exercises], "total", box=None, pad_edge=False)
    for student, own in scores.items():
        if not own:
            table.add_row(student, *["–"] * len(exercises), "not graded")
            continue
        cells = [_cell(own[e]) if e in own else "–" for e in exercises]
        total = sum(score.points or 0 for score in own.values())
        table.add_row(student, *cells, f"{total:g}/{sum(score.max_points for score in own.values()):g}")
    console.print(table)
    for student, reason in reasons.items():
        console.print(f"[bold red]{student}[/] was not graded: {reason}", highlight=False)


def wide_console():
    """A console that does not fold a table because nobody is watching."""
    console = Console()
    return console if console.is_terminal else Console(width=200)


def _cell(score):
    if score.points is None:
        return "–"
    colour = "green" if score.points == score.max_points else "yellow" if score.points else "red"
    return f"[{colour}]{score.points:g}/{score.max_points:g}[/]"


def command(chapter, class_folder):
    """Grade a class and print the table.

    Returns
    -------
    int
        Exit code: 1 when somebody could not be graded.
    """
    class_folder = Path(class_folder)
    scores, reasons = grade_class(class_folder, chapter)
    print_table(scores, reasons)
    print(f"Feedback pages: {class_folder / 'feedback'}/STUDENT/{chapter}/{chapter}.html")
    print(f"Gradebook:      {class_folder / 'gradebook.db'}")
    return 1 if reasons else 0
