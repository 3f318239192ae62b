"""The report's tables as CSV files, one for each kind of table."""

from autograder import spreadsheets


def write(folder, chapters):
    """Write the CSV files.

    Parameters
    ----------
    folder : pathlib.Path
        Where to; it exists.
    chapters : list of autograder.report.statistics.ChapterStatistics

    Returns
    -------
    list of pathlib.Path
    """
    tables = {
        "chapters.csv": (
            ("chapter", "title", "points", "handed in", "graded", "not graded yet", "need a person",
             "mean", "median", "standard deviation", "lower quartile", "upper quartile", "seconds of grading"),
            [
                (c.name, c.title, c.points, c.handed_in, c.graded, c.waiting, c.needing, c.mean, c.quantile(0.5),
                 c.deviation, c.quantile(0.25), c.quantile(0.75), c.run.seconds.get("sum"))
                for c in chapters
            ],
        ),
        "grades.csv": (
            ("chapter", "from", "to", "submissions"),
            [(c.name, *row) for c in chapters for row in c.bins],
        ),
        "exercises.csv": (
            ("chapter", "exercise", "title", "type", "points", "submissions", "all points", "some points", "no points",
             "not answered", "mean", "discrimination"),
            [
                (c.name, e.exercise, e.title, e.type, e.points, e.n, e.full, e.part, e.none, e.unanswered, e.mean,
                 e.discrimination)
                for c in chapters for e in c.exercises
            ],
        ),
        "messages.csv": (
            ("chapter", "exercise", "slip", "message", "tests", "students", "share"),
            [
                (c.name, m.exercise, int(m.kind == "slip"), m.message, ", ".join(m.groups), m.students, m.share)
                for c in chapters for m in (*c.slips, *c.messages)
            ],
        ),
        "attention.csv": (
            ("chapter", "student", "exercises", "reason"),
            [(c.name, a.student, a.exercises, a.reason) for c in chapters for a in c.attention],
        ),
        "run.csv": (
            ("chapter", "where", "what", "submissions"),
            [
                (c.name, where, what, n)
                for c in chapters
                for where, found in (("engine", c.run.failures), ("test", c.run.mistakes), ("files", c.run.remarks))
                for what, n in found
            ],
        ),
    }  # fmt: skip
    paths = []
    for name, (header, rows) in tables.items():
        spreadsheets.write(folder / name, header, rows)
        paths.append(folder / name)
    return paths
