"""The command: from a class's folder to the files of its report."""

import datetime as dt
from dataclasses import replace
from pathlib import Path

from markupsafe import Markup

from autograder import class_data, grading, pages
from autograder.report import figures, files, statistics

PAGE = "report.html"


def write_report(class_folder, chapter=None, output=None, anonymous=False):
    """Write the report of a class.

    Parameters
    ----------
    class_folder : path
    chapter : str, optional
        Only this one; all chapters of the gradebook unless given.
    output : path, optional
        Folder for the files; ``reports/CHAPTER`` or ``reports/all`` in the class's folder unless given.
    anonymous : bool
        Whether to leave out names, and texts of failures in which names could stand.

    Returns
    -------
    page : pathlib.Path
    chapters : list of autograder.report.statistics.ChapterStatistics

    Raises
    ------
    ValueError
        If there is no gradebook, no such chapter, or nothing is graded yet.
    RuntimeError
        If the gradebook cannot be read.
    """
    class_folder = Path(class_folder)
    data = class_data.read(class_folder, None if chapter is None else [chapter])
    found = [
        statistics.summarise(one, _waiting(class_folder, one), hide_details=anonymous)
        for one in data.chapters
        if one.submissions or chapter
    ]
    if not any(one.graded for one in found):
        raise ValueError(f"nothing is graded yet in {class_folder}: run python -m autograder grade CHAPTER first")
    if anonymous:
        found = _without_names(found)
    folder = Path(output) if output else class_folder / "reports" / (chapter or "all")
    folder.mkdir(parents=True, exist_ok=True)
    page = folder / PAGE
    page.write_text(_html(data, found, anonymous), encoding="utf-8")
    files.write(folder, found)
    return page, found


def command(chapter, class_folder, output=None, anonymous=False):
    """Write the report and say where it is."""
    page, chapters = write_report(class_folder, chapter, output, anonymous)
    for one in chapters:
        median = pages.percent(one.quantile(0.5))
        print(
            f"{one.name}: {one.graded} graded, median {median}, {one.needing} need a person, {one.waiting} not graded yet"
        )
    print(f"Report:    {page}")
    print(f"CSV files: {page.parent}")


def _waiting(class_folder, chapter):
    """How many hand-ins in the class's folder have no points."""
    graded = {submission.student for submission in chapter.graded}
    return len(set(grading.submitters(class_folder, chapter.name)) - graded)


def _without_names(chapters):
    """Statistics with running numbers in the place of names; a student has the same number throughout."""
    students = sorted({row.student for chapter in chapters for row in chapter.attention})
    number = {student: f"student {i}" for i, student in enumerate(students, start=1)}
    return [
        replace(chapter, attention=[replace(row, student=number[row.student]) for row in chapter.attention])
        for chapter in chapters
    ]


def _html(data, chapters, anonymous):
    drawn = [
        {
            "grades_figure": Markup(figures.grades(one)) if one.graded else "",
            "exercises_figure": Markup(figures.exercises(one)) if one.graded else "",
        }
        for one in chapters
    ]
    n_students = len({s.student for chapter in data.chapters for s in chapter.submissions})
    heading = chapters[0].title if len(chapters) == 1 else f"{len(chapters)} chapters"
    return pages.render(
        Path(__file__).with_name("page.html"),
        heading=heading,
        origin=f"{n_students} students, {dt.date.today().isoformat()}, class folder {data.folder.resolve().name}",
        chapters=[_Shown(one, **pictures) for one, pictures in zip(chapters, drawn, strict=True)],
        overview_figure=Markup(figures.chapters(chapters)) if len(chapters) > 1 else "",
        missing_groups=_what_is_missing(data, chapters),
        names_note="Names are left out."
        if anonymous
        else "Names stand only where somebody has to act; --anonymous leaves them out.",
    )


class _Shown:
    """A chapter's statistics with its pictures, as the template asks for them."""

    def __init__(self, statistics, **pictures):
        self._statistics = statistics
        self.__dict__ |= pictures

    def __getattr__(self, name):
        return getattr(self._statistics, name)


def _what_is_missing(data, chapters):
    """One sentence on results that were not kept, or nothing."""
    without = sum(one.without_groups for one in chapters)
    if not without:
        return ""
    graded = sum(one.graded for one in chapters)
    return (
        f"Of {without} of {graded} graded submissions the gradebook keeps points but no group results, as they were graded "
        "before it kept them: messages and slips of these are missing here. Grade them again with "
        "python -m autograder grade CHAPTER --force."
    )
