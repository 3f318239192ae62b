"""Grade files for Moodle, of two kinds.

*The grading worksheet of an assignment* (https://docs.moodle.org/en/Using_Assignment, "Offline grading worksheet";
mod/assign/feedback/offline/importgradeslib.php of https://github.com/moodle/moodle) is downloaded, filled in and uploaded
again. Moodle finds a row by Identifier, reads Grade, and needs "Last modified (grade)" to skip what was graded since; a
grade that is empty or above the maximum is skipped too. Feedback comments go back as they came.

*A grade import* (https://docs.moodle.org/en/Grade_import, "CSV import") is a table with a column that identifies the user
(username, ID number or email address) and one for each grade item, mapped by hand in Moodle. It replaces the grades of
everybody in it and refuses the whole file for one user it does not know, so it holds those with a grade alone.
"""

from autograder.export import worksheet
from autograder.spreadsheets import guard

MINIMAL = ("Username", "ID number", "Email address")
MATCH = "Email address"
IDENTIFIER, GRADE, MODIFIED = "Identifier", "Grade", "Last modified (grade)"
MAXIMUM = ("Maximum Grade", "Maximum grade")  # the capital went with Moodle 4


def dumps(data):
    """Text of a grade import, with one column for each chapter.

    Parameters
    ----------
    data : autograder.class_data.ClassData

    Returns
    -------
    str
    """
    grades = {c.name: {s.student: s for s in c.graded} for c in data.chapters}
    rows = []
    for person in data.people.values():
        own = [
            worksheet.points(grades[c.name][person.id], c.points, "", False, "") if person.id in grades[c.name] else "-"
            for c in data.chapters
        ]
        if any(grade != "-" for grade in own):
            rows.append([guard(person.id), guard(person.lms_id), guard(person.email), *own])
    return worksheet.dumps([*MINIMAL, *grades], rows)


def fill(data, sheet, match=MATCH, by="email", scale=False):
    """Fill the grading worksheet of one assignment in.

    Parameters
    ----------
    data : autograder.class_data.ClassData
        With one chapter.
    sheet : autograder.export.worksheet.Worksheet
    match, by : str
        See `autograder.export.worksheet.match`.
    scale : bool
        Convert the points where Moodle's assignment has another number of them.

    Returns
    -------
    text : str
    n_grades : int
    remarks : list of str
        Whose grade the file does not hold.

    Raises
    ------
    ValueError
        If the file is no grading worksheet, or a column, student or number of points does not fit.
    """
    missing = [name for name in (IDENTIFIER, GRADE, MODIFIED) if name not in sheet.header]
    if missing:
        raise ValueError(f"{sheet.path}: is no grading worksheet of Moodle in English: {', '.join(missing)} is missing")
    (chapter,) = data.chapters
    found = worksheet.match(sheet, sheet.rows, match, by, data.people.values())
    place = sheet.header.index(GRADE)
    maximum = next((sheet.header.index(name) for name in MAXIMUM if name in sheet.header), None)
    locked = sheet.header.index("Grade can be changed") if "Grade can be changed" in sheet.header else None
    rows, remarks = [], []
    for submission in chapter.graded:
        row = found.get(submission.student)
        if row is None:
            remarks.append(f"{chapter.name}: {submission.student} is not in {sheet.path}")
        elif locked is not None and row[locked].strip().casefold() == "no":
            remarks.append(f"{chapter.name}: Moodle does not let the grade of {submission.student} be changed")
        else:
            expected = "" if maximum is None else row[maximum]
            points = worksheet.points(submission, chapter.points, expected, scale, sheet.path)
            rows.append([*row[:place], points, *row[place + 1 :]])
    return worksheet.dumps(sheet.header, rows, sheet.delimiter), len(rows), remarks
