"""Grade files for Canvas.

The format is that of Canvas's own gradebook export (https://community.canvaslms.com, Instructor Guide, "How do I export
grades in the Gradebook?" and "How do I import grades in the Gradebook?"; lib/gradebook_exporter.rb and
lib/gradebook_importer.rb of https://github.com/instructure/canvas-lms): the columns Student (or LastName, FirstName), ID,
SIS User ID, SIS Login ID, Section, then one for each assignment, titled ``Name (12345)`` with Canvas's number of it; then
perhaps a row "Manual Posting", and the row "Points Possible". On import Canvas finds a student by ID, else by SIS User ID,
else by SIS Login ID, else by name; it leaves students and assignments alone that the file does not hold, makes a new
assignment of a column whose title it does not know, and takes an empty cell for a grade that is to be deleted.

So what is written here holds nothing but what shall change: the columns that identify students, those that are filled in,
and the students who have a grade.
"""

import re

from autograder.export import worksheet
from autograder.report.statistics import chapter_title
from autograder.spreadsheets import guard

MINIMAL = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
MATCH = "SIS Login ID"
_ASSIGNMENT = re.compile(r"(?P<title>.*\S)\s*\((?P<number>\d+)\)$")
_POSTING = re.compile(r"\s*(Muted|Manual Posting.*)?\s*$", flags=re.IGNORECASE)


def dumps(data):
    """Text of a file without a template: Canvas makes a new assignment of each chapter.

    Parameters
    ----------
    data : autograder.class_data.ClassData

    Returns
    -------
    str
    """
    grades = {c.name: {s.student: s for s in c.graded} for c in data.chapters}
    header = [*MINIMAL, *grades]
    rows = [["    Points Possible", "", "", "", "", *[worksheet.short(chapter.points) for chapter in data.chapters]]]
    for person in data.people.values():
        own = [
            worksheet.points(grades[c.name][person.id], c.points, "", False, "") if person.id in grades[c.name] else ""
            for c in data.chapters
        ]
        if any(own):
            rows.append([guard(person.name), guard(person.lms_id), "", guard(person.id), "", *own])
    return worksheet.dumps(header, rows)


def fill(data, sheet, column=None, match=MATCH, by="id", scale=False):
    """Fill chapters' columns of Canvas's own export in.

    Parameters
    ----------
    data : autograder.class_data.ClassData
    sheet : autograder.export.worksheet.Worksheet
    column : str, optional
        Title or number of the assignment, when there is one chapter; found by the chapter's name or title unless given.
    match, by : str
        See `autograder.export.worksheet.match`.
    scale : bool
        Convert the points where Canvas's assignment has another number of them.

    Returns
    -------
    text : str
    n_grades : int
    remarks : list of str
        Whose grade, or which chapter, the file does not hold.

    Raises
    ------
    ValueError
        If the file is no export of Canvas, or a column, student or number of points does not fit.
    """
    if "Section" not in sheet.header or "ID" not in sheet.header:
        raise ValueError(f"{sheet.path}: is no gradebook export of Canvas: the columns ID and Section are missing")
    n_identity = sheet.header.index("Section") + 1
    kinds = [_kind(row) for row in sheet.rows]
    students = [row for row, kind in zip(sheet.rows, kinds, strict=True) if kind == "student"]
    others = [row for row, kind in zip(sheet.rows, kinds, strict=True) if kind != "student"]
    possible = next((row for row, kind in zip(sheet.rows, kinds, strict=True) if kind == "points"), None)
    found = worksheet.match(sheet, students, match, by, data.people.values())

    remarks, places, grades = [], [], []
    for chapter in data.chapters:
        place = _assignment(sheet, n_identity, chapter.name, column)
        if place is None:
            remarks.append(f"{chapter.name}: {sheet.path} has no column for it")
            continue
        expected = possible[place] if possible else ""
        places.append(place)
        grades.append(
            {
                s.student: worksheet.points(
                    s, chapter.points, expected, scale, f"{sheet.path}: {sheet.header[place]!r}"
                )
                for s in chapter.graded
                if s.student in found
            }
        )
        remarks += [
            f"{chapter.name}: {s.student} is not in {sheet.path}" for s in chapter.graded if s.student not in found
        ]
    if not places:
        titles = ", ".join(sheet.header[n_identity:]) or "none"
        wanted = repr(column) if column else data.chapters[0].name
        raise ValueError(f"{sheet.path}: no column for {wanted}; --column names one of: {titles}")
    rows = [[*row[:n_identity], *(row[place] for place in places)] for row in others]
    for student, row in found.items():
        own = [given.get(student) for given in grades]
        if any(own):
            # Where one of several columns has no grade, Canvas's own value goes back: an empty cell would delete it.
            rows.append([*row[:n_identity], *(o or row[place] for o, place in zip(own, places, strict=True))])
    header = [*sheet.header[:n_identity], *(sheet.header[place] for place in places)]
    return worksheet.dumps(header, rows, sheet.delimiter), sum(map(len, grades)), remarks


def _kind(row):
    if "Points Possible" in row[0]:
        return "points"
    return "posting" if all(_POSTING.match(cell) for cell in row) else "student"


def _assignment(sheet, start, chapter, column):
    """Place of the column of a chapter; None when there is none.

    Raises
    ------
    ValueError
        If several columns fit.
    """
    title = chapter_title(chapter)
    wanted = {text.casefold() for text in ((column,) if column else (chapter, title, title.split(" · ")[-1]))}
    places = []
    for place, name in enumerate(sheet.header[start:], start=start):
        parts = _ASSIGNMENT.match(name)
        names = {name.casefold()} | ({parts["title"].casefold(), parts["number"]} if parts else set())
        if wanted & names:
            places.append(place)
    if len(places) > 1:
        fitting = ", ".join(sheet.header[place] for place in places)
        raise ValueError(f"{sheet.path}: several columns fit {column or chapter}: {fitting}; --column names one")
    return places[0] if places else None
