"""The class run on a terminal: a progress bar with the time left, then what a person has to know."""

import os
import sys

from autograder.engine.boxed.confine import NotConfined
from autograder.engine.run import AlreadyRunning, NothingToGrade, grade_class


def command_grade(
    assignment, course_dir=".", jobs=None, scheduler=None, allow_unconfined=False, force=False, students=None
):  # fmt: skip
    """Grade an assignment's submissions.

    Parameters
    ----------
    assignment : str
    course_dir : path
        The class's folder.
    jobs : int, optional
        Worker processes; as many as there are processors unless given.
    scheduler : str, optional
        Address of a Dask scheduler.
    allow_unconfined : bool
        Grade although the host cannot confine submissions; also by ``$AUTOGRADER_ALLOW_UNCONFINED``.
    force : bool
        Grade also what did not change.
    students : collection of str, optional
        Only these.

    Returns
    -------
    int
        Exit status: 0 when every submission was graded.
    """
    allow_unconfined = allow_unconfined or os.environ.get("AUTOGRADER_ALLOW_UNCONFINED") == "1"
    jobs = jobs or len(os.sched_getaffinity(0))
    try:
        with _Bar(assignment) as bar:
            summary = grade_class(
                course_dir, assignment, jobs=jobs, scheduler=scheduler, students=students, force=force,
                allow_unconfined=allow_unconfined, progress=bar.show,
            )  # fmt: skip
    except (NotConfined, NothingToGrade, AlreadyRunning) as problem:
        print(problem, file=sys.stderr)
        return 1
    print("\n".join(summary.lines()))
    return 1 if summary.failed else 0


class _Bar:
    """A progress bar on a terminal, nothing elsewhere."""

    def __init__(self, title):
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._progress = Progress(*columns, disable=not sys.stderr.isatty(), transient=True)
        self._title = title
        self._task = None

    def show(self, done, total):
        """Say how far the run is; the first call comes before the workers have started."""
        if self._task is None:
            self._task = self._progress.add_task(self._title, total=total)
        self._progress.update(self._task, completed=done)

    def __enter__(self):
        self._progress.start()
        return self

    def __exit__(self, kind, value, traceback):
        self._progress.stop()
