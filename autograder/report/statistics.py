"""What the numbers of a class say: computed from `autograder.class_data`, shown by `page.html` and `files`."""

import math
import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field

import numpy as np

from autograder import course
from autograder.engine.results import ENGINE, MISTAKE
from autograder.marking import SLIP, UNANSWERED
from utils.catalogue import read_notebook

FEWEST = 3  # submissions below which a correlation says nothing at all
BINS = 10  # of the distribution of grades
# Of an error in a student's code only its type counts: the rest is different in each notebook.
_STUDENTS_ERROR = re.compile(r"Your code stopped with `(\w+).*", flags=re.DOTALL)


@dataclass(frozen=True)
class ExerciseStatistics:
    """How a class did in one exercise; shares are fractions of the graded submissions.

    Parameters
    ----------
    exercise, title, type : str
    points : float
    n : int
        Graded submissions.
    full, part, none, unanswered : float
        Shares with all points, with some, with none though something was written, and with the cell as handed out.
    mean : float
        Mean share of the points.
    discrimination : float or None
        Correlation of the points with those in the chapter's other exercises; None where it is undefined.
    """

    exercise: str
    title: str
    type: str
    points: float
    n: int
    full: float
    part: float
    none: float
    unanswered: float
    mean: float
    discrimination: float | None


@dataclass(frozen=True)
class MessageStatistics:
    """A message and how many students got it, each counted once."""

    exercise: str
    message: str
    kind: str
    groups: tuple
    students: int
    share: float


@dataclass(frozen=True)
class Attention:
    """A submission that needs a person, and why."""

    student: str
    exercises: str
    reason: str


@dataclass(frozen=True)
class RunStatistics:
    """Time and failures of grading.

    Parameters
    ----------
    timed : int
        Submissions whose seconds are known.
    seconds : dict of str to float
        Sum, median, 95th percentile and most of the seconds a submission took.
    parts : dict of str to float
        Sum of the seconds by part: fork, cells, tests, other.
    first, last : str
        When the first and the last submission was graded, as the journal has it.
    again : int
        Submissions graded more than once.
    failures, mistakes, remarks : list of (str, int)
        What went wrong in the engine, in tests, and with files, and how often.
    layers : tuple of tuple of str
        Each set of confinement layers that was on.
    """

    timed: int
    seconds: dict
    parts: dict
    first: str
    last: str
    again: int
    failures: list
    mistakes: list
    remarks: list
    layers: tuple


@dataclass(frozen=True)
class ChapterStatistics:
    """Everything the report says about one chapter.

    `grades` holds the grades of the graded submissions as fractions of the chapter's points, after late penalties;
    `without_groups` counts graded submissions of which the gradebook keeps points but no group results.
    """

    name: str
    title: str
    points: float
    handed_in: int
    waiting: int
    grades: np.ndarray
    exercises: list
    messages: list
    slips: list
    attention: list
    run: RunStatistics
    without_groups: int
    bins: list = field(default_factory=list)

    @property
    def graded(self):
        """Number of graded submissions."""
        return len(self.grades)

    @property
    def needing(self):
        """Number of submissions that need a person."""
        return len({row.student for row in self.attention})

    def quantile(self, share):
        """Quantile of the grades; NaN when there are none."""
        return float(np.quantile(self.grades, share)) if self.graded else math.nan

    @property
    def mean(self):
        """Mean grade; NaN when there is none."""
        return float(self.grades.mean()) if self.graded else math.nan

    @property
    def deviation(self):
        """Standard deviation of the grades (n − 1 in the denominator); NaN for fewer than two."""
        return float(self.grades.std(ddof=1)) if self.graded > 1 else math.nan


def summarise(chapter, waiting=0, hide_details=False):
    """Compute a chapter's statistics.

    Parameters
    ----------
    chapter : autograder.class_data.Chapter
    waiting : int
        Submissions in the class's folder that the gradebook does not know, or that have no points.
    hide_details : bool
        Whether to leave out what could tell who a student is: the texts of failures.

    Returns
    -------
    ChapterStatistics
    """
    graded = chapter.graded
    points = chapter.points
    grades = np.array([submission.score / points for submission in graded]) if points else np.zeros(0)
    messages = _messages(chapter, graded)
    return ChapterStatistics(
        name=chapter.name,
        title=chapter_title(chapter.name),
        points=points,
        handed_in=len(chapter.submissions),
        waiting=waiting,
        grades=grades,
        exercises=_exercises(chapter, graded),
        messages=[message for message in messages if message.kind != SLIP],
        slips=[message for message in messages if message.kind == SLIP],
        attention=_attention(chapter),
        run=_run(chapter, hide_details),
        without_groups=sum(
            not submission.groups and any(grade.auto is not None for grade in submission.grades.values())
            for submission in graded
        ),
        bins=_bins(grades),
    )


def chapter_title(name):
    """Title of a chapter as its source notebook has it; the name where there is no such notebook."""
    path = course.SOURCE / name / f"{name}.ipynb"
    if path.exists():
        from autograder import notebooks

        heading = notebooks.read(path).cells[0].source.split("\n")[0]
        return heading.removeprefix("# ").strip()
    return name


def discrimination(scores, rest):
    """Corrected item-total correlation: of an exercise's points with those in all other exercises.

    For an exercise that is right or wrong this is the point-biserial correlation of the item with the rest score.

    Parameters
    ----------
    scores, rest : array_like, shape (n,)

    Returns
    -------
    float or None
        None where it is undefined: fewer than three submissions, or equal values throughout.
    """
    scores, rest = np.asarray(scores, dtype=float), np.asarray(rest, dtype=float)
    if len(scores) < FEWEST or np.ptp(scores) < 1e-9 or np.ptp(rest) < 1e-9:
        return None
    return float(np.corrcoef(scores, rest)[0, 1])


def _bins(grades):
    """Rows of the histogram: from, to, how many; what is above 100 % counts to the last bin."""
    counts, edges = np.histogram(np.clip(grades, 0.0, 1.0), bins=BINS, range=(0.0, 1.0))
    return [(float(low), float(high), int(n)) for low, high, n in zip(edges[:-1], edges[1:], counts, strict=True)]


def _exercises(chapter, graded):
    path = course.SOURCE / chapter.name / f"{chapter.name}.ipynb"
    known = {exercise.id: exercise for exercise in read_notebook(path)} if path.exists() else {}
    if not graded:
        return []
    scores = np.array(
        [[s.grades[cell.id].score if cell.id in s.grades else 0.0 for cell in chapter.cells] for s in graded]
    )
    total = scores.sum(axis=1)
    statistics = []
    for column, cell in enumerate(chapter.cells):
        own = scores[:, column]
        untouched = np.array([submission.is_untouched(cell) for submission in graded]) & (own <= 0)
        stated = known.get(cell.exercise)
        statistics.append(
            ExerciseStatistics(
                exercise=cell.exercise,
                title=stated.title if stated else cell.id,
                type=stated.type if stated else "",
                points=cell.points,
                n=len(graded),
                full=float(np.mean(own >= cell.points - 1e-9)),
                part=float(np.mean((own > 0) & (own < cell.points - 1e-9))),
                none=float(np.mean((own <= 0) & ~untouched)),
                unanswered=float(np.mean(untouched)),
                mean=float(np.mean(own / cell.points)) if cell.points else math.nan,
                discrimination=discrimination(own, total - own),
            )
        )
    return statistics


def _messages(chapter, graded):
    """Messages with the number of students who got them, the most frequent first."""
    who, groups = defaultdict(set), defaultdict(dict)
    for submission in graded:
        for cell in chapter.cells:
            if submission.is_untouched(cell):
                continue  # a Debug exercise's listing as it was handed out fails its tests, but nobody slipped
            for row in submission.groups.get(cell.id, ()):
                if row.passed or row.kind in (UNANSWERED, MISTAKE, ENGINE):
                    continue
                key = (cell.exercise, _STUDENTS_ERROR.sub(r"Your code stopped with `\1`.", row.message), row.kind)
                who[key].add(submission.student)
                groups[key][row.name] = None
    found = [
        MessageStatistics(*key, tuple(name for name in groups[key] if name), len(students), len(students) / len(graded))
        for key, students in who.items()
    ]
    return sorted(found, key=lambda m: (-m.students, m.exercise, m.message))


def _attention(chapter):
    """Submissions that need a person, each reason once."""
    exercise = {cell.id: cell.exercise for cell in chapter.cells}
    found = []
    for submission in chapter.submissions:
        reasons = defaultdict(list)
        for cell, grade in submission.grades.items():
            if grade.needs_person and cell in exercise:
                reasons[_why(submission, cell, grade)].append(exercise[cell])
        remarks = submission.run.get("remarks", [])
        if remarks and submission.is_graded and sum(grade.score for grade in submission.grades.values()) == 0:
            reasons["0 points, and with the files: " + " ".join(remarks)] = []
        found += [Attention(submission.student, ", ".join(exercises), reason) for reason, exercises in reasons.items()]
    return found


def _why(submission, cell, grade):
    """Why nbgrader says that a cell needs a person."""
    failure = next((row.message for row in submission.groups.get(cell, ()) if row.kind == ENGINE), None)
    if failure is not None:
        return f"The engine could not grade it, and tries again in the next run: {failure}"
    if grade.manual is not None:
        return "Scored by hand before it was graded again: is the score still right?"
    if grade.auto is None:
        return "To be graded by hand."
    return "Marked for a look."


def _run(chapter, hide_details):
    runs = [submission.run for submission in chapter.submissions if submission.run]
    seconds = np.array([sum(run["seconds"].values()) for run in runs if run.get("seconds")])
    parts, mistakes, remarks, failures = Counter(), Counter(), Counter(), Counter()
    for run in runs:
        parts.update(run.get("seconds", {}))
        remarks.update(run.get("remarks", []))
        mistakes.update(f"The test {cell} raised {mistake}" for cell, mistake in run.get("mistakes", {}).items())
    for submission in chapter.submissions:
        rows = [row for rows in submission.groups.values() for row in rows if row.kind == ENGINE]
        failures.update({row.message for row in rows})
    if hide_details:
        mistakes = Counter({text.split(" raised ")[0] + " raised an error": n for text, n in mistakes.items()})
        failures = Counter({"The engine failed": sum(failures.values())}) if failures else failures
    times = sorted(run["graded_at"] for run in runs)
    return RunStatistics(
        timed=len(seconds),
        seconds={
            "sum": float(seconds.sum()),
            "median": float(np.median(seconds)),
            "95th percentile": float(np.quantile(seconds, 0.95)),
            "longest": float(seconds.max()),
        }
        if len(seconds)
        else {},
        parts=dict(parts),
        first=times[0] if times else "",
        last=times[-1] if times else "",
        again=sum(run["times_graded"] > 1 for run in runs),
        failures=failures.most_common(),
        mistakes=mistakes.most_common(),
        remarks=remarks.most_common(),
        layers=tuple(sorted({tuple(run["layers"]) for run in runs if run.get("layers")})),
    )
