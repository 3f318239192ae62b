"""`python -m autograder export` and `import`: what goes out is what is there, and what comes back changes nothing."""

import csv
import io
import json
import shutil
import sqlite3
import sys

import pytest

from autograder import __main__, class_data, course
from autograder.export import canvas, commands, moodle, restore, table, worksheet
from tests.synthetic import COURSE_ID, make_class

CHAPTER, OTHER = "ch00_reward_modeling", "ch03_dpo_loss"
N = 12
COMMENTS = ("=1+1", 'two\nlines, and a "quote"', "'=quoted", "schön – gut", "ends with a return\r\n")


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """A class of twelve with scores and comments by hand, one who handed in one chapter, one who handed in nothing."""
    folder = make_class(tmp_path_factory.mktemp("template"), N, ["ch00", "ch03"], seed=5)
    with sqlite3.connect(folder / "gradebook.db") as connection:
        of = (
            "SELECT n.id FROM submitted_notebook n JOIN submitted_assignment s ON s.id = n.assignment_id "
            "WHERE s.student_id = ?"
        )
        for i, comment in enumerate(COMMENTS, start=1):
            connection.execute(
                "UPDATE comment SET manual_comment = ? WHERE cell_id = (SELECT id FROM base_cell WHERE name = 'ex0_1') "
                f"AND notebook_id IN ({of})",
                (comment, f"student{i:03d}"),
            )
        connection.execute(
            "UPDATE grade SET manual_score = 1/3.0, extra_credit = 0.1, needs_manual_grade = 1 WHERE cell_id = "
            f"(SELECT id FROM base_cell WHERE name = 'ex0_2_test') AND notebook_id IN ({of})",
            ("student001",),
        )
        for student, chapter in (("student010", OTHER), ("student011", OTHER), ("student011", CHAPTER)):
            query = (
                "SELECT n.id, s.id FROM submitted_notebook n JOIN submitted_assignment s ON s.id = n.assignment_id "
                "JOIN assignment a ON a.id = s.assignment_id WHERE s.student_id = ? AND a.name = ?"
            )
            notebook, submission = connection.execute(query, (student, chapter)).fetchone()
            for name in ("grade", "comment"):
                connection.execute(f"DELETE FROM {name} WHERE notebook_id = ?", (notebook,))
            connection.execute("DELETE FROM submitted_notebook WHERE id = ?", (notebook,))
            connection.execute("DELETE FROM submitted_assignment WHERE id = ?", (submission,))
    return folder


@pytest.fixture
def folder(template, tmp_path):
    """A copy of it."""
    shutil.copytree(template, tmp_path / "class")
    course.write_class_config(tmp_path / "class")
    return tmp_path / "class"


def state(folder):
    """Every row of the gradebook."""
    with sqlite3.connect(folder / "gradebook.db") as connection:
        return list(connection.iterdump())


def export(kind, chapter, folder, **options):
    path = folder / f"out.{kind}"
    code = commands.export(kind, chapter, folder, everything=chapter is None, output=path, **options)
    return code, path


def read_csv(path):
    return list(csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline="")))


def score(folder, student, chapter=CHAPTER):
    """Points of a submission, straight from the database; None without one."""
    query = """SELECT sum(coalesce(g.manual_score, g.auto_score) + coalesce(g.extra_credit, 0)),
        max(coalesce(n.late_submission_penalty, 0)) FROM grade g JOIN submitted_notebook n ON n.id = g.notebook_id
        JOIN submitted_assignment s ON s.id = n.assignment_id JOIN assignment a ON a.id = s.assignment_id
        WHERE s.student_id = ? AND a.name = ?"""
    with sqlite3.connect(folder / "gradebook.db") as connection:
        total, penalty = connection.execute(query, (student, chapter)).fetchone()
    return None if total is None else max(0.0, total - penalty)


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_importing_what_was_exported_changes_nothing(kind, folder, capsys):
    before = state(folder)
    _, path = export(kind, None, folder)
    text = path.read_bytes()
    commands.import_(kind, path, folder)
    assert "0 values changed" in capsys.readouterr().out
    assert state(folder) == before
    assert export(kind, None, folder)[1].read_bytes() == text


def test_there_is_one_row_for_each_student_and_exercise(folder):
    _, path = export("csv", None, folder)
    header, *rows = read_csv(path)
    assert tuple(header) == table.HEADER
    assert len({(row[0], row[1], row[4]) for row in rows}) == len(rows) == N * (7 + 7)
    absent = [row for row in rows if row[1] == "student011"]
    assert len(absent) == 14 and all(row[6] == row[8] == "" for row in absent)
    comments = {table.spreadsheets.unguard(row[12]) for row in rows if row[12]}
    assert comments == set(COMMENTS)
    assert all(not row[12].startswith(("=", "+", "-", "@")) for row in rows)


def test_json_holds_the_group_results(folder):
    _, path = export("json", CHAPTER, folder)
    content = json.loads(path.read_text(encoding="utf-8"))
    (chapter,) = content["chapters"]
    assert [s["student"] for s in chapter["submissions"]] == [f"student{i:03d}" for i in range(N - 1)]
    found = {
        (s["student"], e["cell"], g["name"], g["passed"], g["kind"], g["message"])
        for s in chapter["submissions"] for e in s["exercises"] for g in e["groups"]
    }  # fmt: skip
    with sqlite3.connect(folder / "gradebook.db") as connection:
        query = "SELECT student, cell, name, passed, kind, message FROM grading_result WHERE assignment = ? AND student != ?"
        expected = {(*row[:3], bool(row[3]), *row[4:]) for row in connection.execute(query, (CHAPTER, "student011"))}
    assert found == expected
    for submission in chapter["submissions"]:
        assert submission["points"] == pytest.approx(score(folder, submission["student"]))


def edit(path, **changes):
    """Change cells of the row of student000's exercise 0.5."""
    header, *rows = read_csv(path)
    for row in rows:
        if row[1] == "student000" and row[5] == "ex0_5_test":
            for name, value in changes.items():
                row[header.index(name)] = value
    path.write_text(worksheet.dumps(header, rows), encoding="utf-8", newline="")


def grade_row(folder):
    query = """SELECT g.auto_score, g.manual_score, g.extra_credit, g.needs_manual_grade FROM grade g
        JOIN base_cell c ON c.id = g.cell_id JOIN submitted_notebook n ON n.id = g.notebook_id
        JOIN submitted_assignment s ON s.id = n.assignment_id WHERE s.student_id = 'student000' AND c.name = 'ex0_5_test'"""
    with sqlite3.connect(folder / "gradebook.db") as connection:
        return connection.execute(query).fetchone()


def test_a_changed_score_sets_the_manual_score_and_nothing_else(folder, capsys):
    before, (auto, *_) = state(folder), grade_row(folder)
    _, path = export("csv", CHAPTER, folder)
    edit(path, manual_score="2.5", auto_score="0.77", comment="=good")
    commands.import_("csv", path, folder, dry_run=True)
    assert "2 values would change" in capsys.readouterr().out and state(folder) == before
    commands.import_("csv", path, folder)
    told = capsys.readouterr()
    assert "student000, ex0_5_test: manual_score none → 2.5" in told.out
    assert "1 rows have another auto_score" in told.err
    assert grade_row(folder) == (auto, 2.5, None, 0)
    changed = set(state(folder)) - set(before)
    assert len(changed) == 2 and any("'=good'" in line for line in changed)


def test_an_empty_cell_takes_nothing_away(folder):
    _, path = export("csv", CHAPTER, folder)
    restore.restore(folder, [restore.Row("here", CHAPTER, "student000", "ex0_5_test", 3.0, 0.5, "well done")])
    after = state(folder)
    commands.import_("csv", path, folder)
    assert state(folder) == after


def test_what_excel_makes_of_the_file_is_understood(folder):
    _, path = export("csv", CHAPTER, folder)
    header, *rows = read_csv(path)
    for row in rows:
        for column in (6, 8, 9, 10):
            row[column] = row[column].replace(".", ",")
        if row[1] == "student000" and row[5] == "ex0_5_test":
            row[9] = "2,25"
    text = worksheet.dumps(header, rows, ";").replace("\n", "\r\n")
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    commands.import_("csv", path, folder)
    assert grade_row(folder)[1] == 2.25


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"student": "nobody"}, "has no student 'nobody'"),
        ({"student": "student011", "manual_score": "1"}, "student011 handed in nothing"),
        ({"cell": "ex9_99_test"}, "has no cell 'ex9_99_test'"),
        ({"chapter": "ch77"}, "has no chapter 'ch77'"),
        ({"manual_score": "7"}, "manual_score 7 is not between 0 and 6"),
        ({"manual_score": "-1"}, "is not between 0 and 6"),
        ({"manual_score": "nan"}, "is not between 0 and 6"),
        ({"extra_credit": "inf"}, "is not a number from 0 on"),
        ({"manual_score": "two"}, "manual_score 'two' is not a number"),
        ({"cell": "ex0_4_test"}, "ex0_4_test of ch00_reward_modeling twice"),
    ],
)
def test_what_does_not_fit_is_named_and_nothing_is_written(folder, changes, words):
    before = state(folder)
    _, path = export("csv", CHAPTER, folder)
    header, *rows = read_csv(path)
    rows[1][header.index("manual_score")] = "0.5"  # a change that would be right by itself
    path.write_text(worksheet.dumps(header, rows), encoding="utf-8", newline="")
    edit(path, **changes)
    with pytest.raises(ValueError, match=words):
        commands.import_("csv", path, folder)
    assert state(folder) == before


@pytest.mark.parametrize(
    ("kind", "content", "words"),
    [
        ("csv", b"chapter,student\n", "columns cell, manual_score are missing"),
        ("csv", b"chapter,student,cell,manual_score\nch00\n", "line 2: has another number of cells"),
        ("csv", b"\xff\xfe\x00", "not in UTF-8"),
        ("csv", b"", "are missing"),
        ("json", b"{", "is not JSON"),
        ("json", b"[]", "is not a file that `export json` wrote"),
        ("json", b'{"format": "rl-theory-alignment group results", "version": 7}', "version 7"),
        ("json", b'{"format": "rl-theory-alignment group results", "version": 1}', "something is missing"),
    ],
)
def test_other_files_are_refused(folder, kind, content, words):
    path = folder / "other"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=words):
        commands.import_(kind, path, folder)


# --- Canvas -----------------------------------------------------------------------------------------------------------

CANVAS = [
    ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Notes", "Warm-up (88)", "Reward modeling (101)",
     "DPO (102)", "Final Score"],
    ["", "", "", "", "", "", "", "Manual Posting", "", ""],
    ["    Points Possible", "", "", "", "", "", "5.00", "22.00", "21.00", "(read only)"],
    ["Last0, First0", "1000", "S0", "student000", "A", "x", "4.00", "1.00", "3.00", "50"],
    ["Last1, First1", "1001", "S1", "STUDENT001", "A", "", "", "", "", ""],
    ["Student, Test", "1999", "", "", "A", "", "", "", "", ""],
]  # fmt: skip


def sheet(folder, rows, delimiter=","):
    path = folder / "template.csv"
    path.write_bytes(b"\xef\xbb\xbf" + worksheet.dumps(rows[0], rows[1:], delimiter).encode())
    return path


def test_canvas_gets_its_own_columns_back_filled_in(folder, capsys):
    code, path = export("canvas", CHAPTER, folder, template=sheet(folder, CANVAS))
    assert read_csv(path) == [
        [*CANVAS[0][:5], "Reward modeling (101)"],
        ["", "", "", "", "", "Manual Posting"],
        ["    Points Possible", "", "", "", "", "22.00"],
        [*CANVAS[3][:5], worksheet.short(score(folder, "student000"))],
        [*CANVAS[4][:5], worksheet.short(score(folder, "student001"))],
    ]
    told = capsys.readouterr()
    assert code == 1 and "2 grades" in told.out
    for i in range(2, N - 1):
        assert f"NOT EXPORTED {CHAPTER}: student{i:03d} is not in" in told.err


def test_canvas_takes_several_chapters_and_never_deletes_a_grade(folder, capsys):
    rows = [*CANVAS, ["Last10, First10", "1010", "", "student010", "A", "", "", "", "17.5", ""]]
    rows[0] = [name.replace("DPO (102)", "ch03_dpo_loss (102)") for name in rows[0]]
    _, path = export("canvas", None, folder, template=sheet(folder, rows, ";"))
    found = {row[3]: row[5:] for row in csv.reader(io.StringIO(path.read_text()), delimiter=";")}
    assert found["SIS Login ID"] == ["Reward modeling (101)", "ch03_dpo_loss (102)"]
    assert found["student010"] == [worksheet.short(score(folder, "student010")), "17.5"]


def test_canvas_by_other_columns_and_points(folder):
    rows = [list(row) for row in CANVAS]
    rows[2][8] = "100"
    path = sheet(folder, rows)
    with pytest.raises(ValueError, match=r"'DPO \(102\)' expects 100 points, the chapter has 21; --scale"):
        export("canvas", OTHER, folder, template=path, column="102")
    _, out = export("canvas", OTHER, folder, template=path, column="DPO", scale=True)
    assert read_csv(out)[3][5] == worksheet.short(score(folder, "student000", OTHER) / 21 * 100)
    rows[3][1], rows[4][1] = "9000", "9001"
    _, out = export("canvas", CHAPTER, folder, template=sheet(folder, rows), match="ID", by="lms-id")
    assert len(read_csv(out)) == 5


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"column": "103"}, "no column for '103'; --column names one of: Notes, Warm-up"),
        ({"match": "Login"}, "there is no column 'Login'"),
        ({"match": "Section"}, "holds nobody's id"),
        ({"by": "email"}, "holds nobody's email"),
    ],
)
def test_canvas_says_what_does_not_fit(folder, options, words):
    with pytest.raises(ValueError, match=words):
        export("canvas", CHAPTER, folder, template=sheet(folder, CANVAS), **options)


def test_other_templates_are_refused(folder):
    for rows, words in (
        ([["a", "b"], ["1", "2"]], "no gradebook export of Canvas"),
        ([CANVAS[0], ["too", "short"]], "row 2 has 2 cells"),
        ([*CANVAS, CANVAS[3]], "stands there twice"),
        ([[*CANVAS[0][:-1], "reward modeling"], *CANVAS[1:]], "several columns fit"),
    ):
        with pytest.raises(ValueError, match=words):
            export("canvas", CHAPTER, folder, template=sheet(folder, rows))


def test_canvas_without_a_template_has_the_documented_columns(folder):
    code, path = export("canvas", None, folder)
    rows = read_csv(path)
    assert code == 0 and rows[0] == [*canvas.MINIMAL, CHAPTER, OTHER]
    assert rows[1] == ["    Points Possible", "", "", "", "", "22", "21"]
    assert [row[3] for row in rows[2:]] == [f"student{i:03d}" for i in range(N - 1)]
    assert rows[2][:5] == ["Last0, First0", "9000", "", "student000", ""]
    assert rows[-1][6] == "", "no submission, no grade"


# --- Moodle -----------------------------------------------------------------------------------------------------------

MOODLE = [
    ["Identifier", "Full name", "Email address", "Status", "Grade", "Maximum Grade", "Grade can be changed",
     "Last modified (submission)", "Last modified (grade)", "Feedback comments"],
    ["Participant 71", "First0 Last0", "Student000@example.org", "Submitted", "", "22.00", "Yes", "-", "-", "<p>kept</p>"],
    ["Participant 72", "First1 Last1", "student001@example.org", "Submitted", "3.00", "22.00", "No", "-", "-", ""],
    ["Participant 73", "Someone Else", "else@example.org", "No submission", "", "22.00", "Yes", "-", "-", ""],
]  # fmt: skip


def test_moodles_worksheet_is_filled_in(folder, capsys):
    code, path = export("moodle", CHAPTER, folder, template=sheet(folder, MOODLE))
    expected = list(MOODLE[1])
    expected[4] = worksheet.short(score(folder, "student000"))
    assert read_csv(path) == [MOODLE[0], expected]
    told = capsys.readouterr().err
    assert code == 1 and "Moodle does not let the grade of student001 be changed" in told
    assert "student002 is not in" in told
    with pytest.raises(ValueError, match="Last modified"):
        export("moodle", CHAPTER, folder, template=sheet(folder, [row[:5] for row in MOODLE]))
    with pytest.raises(ValueError, match="expects 10 points"):
        export(
            "moodle",
            CHAPTER,
            folder,
            template=sheet(folder, [[c.replace("22.00", "10,00") for c in r] for r in MOODLE]),
        )


def test_moodles_import_holds_those_with_a_grade(folder):
    code, path = export("moodle", None, folder)
    rows = read_csv(path)
    assert code == 0 and rows[0] == [*moodle.MINIMAL, CHAPTER, OTHER]
    assert rows[1][:3] == ["student000", "9000", "student000@example.org"]
    assert [row[0] for row in rows[1:]] == [f"student{i:03d}" for i in range(N - 1)]
    assert rows[-1][4] == "-", "Moodle's word for no grade"


# --- the commands -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"kind": "csv", "chapter": None}, "name a chapter, or give --all"),
        ({"kind": "csv", "chapter": CHAPTER, "everything": True}, "name a chapter, or give --all"),
        ({"kind": "csv", "chapter": "ch77"}, "'ch77' is not in the gradebook; there are ch00"),
        ({"kind": "csv", "chapter": CHAPTER, "template": "x"}, "--template goes with canvas and moodle"),
        ({"kind": "canvas", "chapter": CHAPTER, "scale": True}, "go with --template"),
        ({"kind": "canvas", "chapter": CHAPTER, "template": "missing.csv"}, "missing.csv: No such file"),
        ({"kind": "moodle", "chapter": None, "everything": True, "template": "x"}, "belongs to one assignment"),
    ],
)
def test_arguments_that_do_not_fit_are_named(folder, arguments, words):
    with pytest.raises(ValueError, match=words):
        commands.export(class_folder=folder, **arguments)


def test_the_commands(folder, monkeypatch, capsys):
    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["autograder", *map(str, arguments), "--class-folder", str(folder)])
        return __main__.main(), capsys.readouterr()

    code, told = run("export", "csv", "--all")
    assert code == 0 and f"21 grades: {folder / 'exports' / 'all.csv'}" in told.out
    assert "still need a person" in told.err
    assert run("import", "csv", folder / "exports" / "all.csv")[1].out == f"{N * 14} rows read, 0 values changed\n"
    code, told = run("import", "csv", folder / "nothing.csv")
    assert code == 2 and told.err.endswith("nothing.csv: No such file or directory\n") and told.err.count("\n") == 1
    code, told = run("export", "canvas", CHAPTER, "--template", folder / "nothing.csv")
    assert code == 2 and told.err.count("\n") == 1


def test_nbgraders_own_export_command_can_write_the_table(folder):
    from nbgrader.api import Gradebook

    from autograder.export.plugin import Exercises

    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}", COURSE_ID) as gradebook:
        Exercises(to=str(folder / "all.csv")).export(gradebook)
        Exercises(to=str(folder / "one.csv"), assignment=[CHAPTER], student=["student003"]).export(gradebook)
    _, path = export("csv", None, folder)
    assert (folder / "all.csv").read_bytes() == path.read_bytes()
    assert {tuple(row[:2]) for row in read_csv(folder / "one.csv")[1:]} == {(CHAPTER, "student003")}


def test_cells_of_a_second_notebook_are_told_apart(folder):
    assert class_data._key("ch00", "ch00", "a_test") == "a_test"
    assert class_data._key("ch00", "more", "a_test") == "more/a_test"
