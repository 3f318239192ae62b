"""`python -m autograder report`: its numbers, its page, its files."""

import csv
import io
import re
import shutil
import sqlite3
import sys
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from autograder import __main__, class_data, course, pages, report, spreadsheets
from autograder.report import statistics
from tests.synthetic import make_class

CHAPTER = "ch00_reward_modeling"
N = 40
EVIL = '<script>document.title = "owned"</script>'
CHROMIUM = shutil.which("chromium")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """An invented class of two chapters, with a name and a message that are not what they should be."""
    folder = make_class(tmp_path_factory.mktemp("class"), N, ["ch00", "ch03"], seed=1)
    evil = f"</td><img src=x onerror='document.title=1'>{EVIL}"
    with sqlite3.connect(folder / "gradebook.db") as connection:
        for table, column in (
            ("student", "id"), ("submitted_assignment", "student_id"), ("grading_result", "student"),
            ("grading_journal", "student"),
        ):  # fmt: skip
            connection.execute(f"UPDATE {table} SET {column} = ? WHERE {column} = 'student007'", (evil,))
        connection.execute(
            "UPDATE grade SET needs_manual_grade = 1 WHERE notebook_id IN (SELECT n.id FROM submitted_notebook n "
            "JOIN submitted_assignment s ON s.id = n.assignment_id WHERE s.student_id = ?)",
            (evil,),
        )
        connection.execute(
            "UPDATE grading_result SET passed = 0, kind = '', message = ? WHERE student = 'student003' AND cell = "
            "'ex0_5_test' AND position = 0",
            (f'=HYPERLINK("http://evil.example") {EVIL} `{EVIL}`',),
        )
        connection.execute("UPDATE comment SET auto_comment = NULL")
    return folder


@pytest.fixture(scope="module")
def written(folder, tmp_path_factory):
    """The report of all chapters: its folder and the statistics."""
    page, chapters = report.write_report(folder, output=tmp_path_factory.mktemp("report"))
    return page.parent, chapters


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """A class of eight, for tests that change something."""
    return make_class(tmp_path_factory.mktemp("template"), 8, ["ch00"], seed=3)


@pytest.fixture
def small(template, tmp_path):
    """A copy of it."""
    folder = tmp_path / "class"
    shutil.copytree(template, folder)
    course.write_class_config(folder)
    return folder


class Page(HTMLParser):
    """What a page consists of."""

    def __init__(self, text):
        super().__init__()
        self.tags = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def all(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]


def read_csv(path):
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"))))


def scores(folder, chapter):
    """Scores by student and cell, straight from the database."""
    query = """SELECT s.student_id, c.name, coalesce(g.manual_score, g.auto_score), n.late_submission_penalty
        FROM grade g JOIN base_cell c ON c.id = g.cell_id JOIN submitted_notebook n ON n.id = g.notebook_id
        JOIN submitted_assignment s ON s.id = n.assignment_id JOIN assignment a ON a.id = s.assignment_id
        WHERE a.name = ?"""
    found, penalties = {}, {}
    with sqlite3.connect(folder / "gradebook.db") as connection:
        for student, cell, score, penalty in connection.execute(query, (chapter,)):
            found.setdefault(student, {})[cell] = score
            penalties[student] = penalty or 0.0
    return found, penalties


def test_grades_and_exercises_are_what_the_gradebook_says(folder, written):
    _, chapters = written
    chapter = chapters[0]
    found, penalties = scores(folder, CHAPTER)
    expected = sorted(max(0, sum(own.values()) - penalties[student]) / 22 for student, own in found.items())
    assert sorted(chapter.grades) == pytest.approx(expected)
    assert sum(n for *_, n in chapter.bins) == chapter.graded == N
    for row in chapter.exercises:
        cell = "ex" + row.exercise.replace(".", "_") + "_test"
        own = np.array([marks[cell] for marks in found.values()])
        rest = np.array([sum(marks.values()) - marks[cell] for marks in found.values()])
        assert row.full == pytest.approx(np.mean(own == row.points))
        assert row.full + row.part + row.none + row.unanswered == pytest.approx(1)
        assert row.discrimination == pytest.approx(stats.pearsonr(own, rest).statistic)


def test_discrimination_of_right_or_wrong_is_point_biserial_and_undefined_for_equal_scores():
    right, rest = [1, 0, 1, 1, 0, 0], [9, 4, 7, 8, 5, 3]
    assert statistics.discrimination(right, rest) == pytest.approx(stats.pointbiserialr(right, rest).statistic)
    assert statistics.discrimination([2, 2, 2, 2], [1, 2, 3, 4]) is None
    assert statistics.discrimination([1, 2, 3, 4], [5, 5, 5, 5]) is None
    assert statistics.discrimination([0, 1], [0, 1]) is None


def test_each_student_counts_once_for_a_message(folder, written):
    _, chapters = written
    query = (
        "SELECT count(DISTINCT student) FROM grading_result WHERE cell = ? AND message = ? AND kind = ? AND passed = 0"
    )
    with sqlite3.connect(folder / "gradebook.db") as connection:
        for row in [*chapters[0].slips, *chapters[0].messages]:
            if "IndexError" not in row.message:
                cell = "ex" + row.exercise.replace(".", "_") + "_test"
                assert connection.execute(query, (cell, row.message, row.kind)).fetchone()[0] == row.students
    assert chapters[0].slips and all(row.kind == "slip" for row in chapters[0].slips)
    assert [row.students for row in chapters[0].slips] == sorted((r.students for r in chapters[0].slips), reverse=True)


def test_errors_are_counted_by_their_type(written):
    _, chapters = written
    errors = [row.message for chapter in chapters for row in chapter.messages if row.kind == "error"]
    assert set(errors) == {"Your code stopped with `IndexError`."}


def test_an_untouched_listing_is_no_slip(small):
    """A Debug exercise's faulty listing fails its tests, though nobody wrote it."""
    with sqlite3.connect(small / "gradebook.db") as connection:
        connection.execute("UPDATE comment SET auto_comment = 'No response.'")
    data = class_data.read(small)
    chapter = statistics.summarise(data.chapters[0])
    assert chapter.slips == chapter.messages == []


def test_the_page_stands_alone_and_can_be_read_by_everybody(written):
    text = (written[0] / "report.html").read_text(encoding="utf-8")
    page = Page(text)
    assert not [a for tag in ("img", "link", "iframe", "object", "video") for a in page.all(tag)]
    assert all(attributes["href"].startswith("#") for attributes in page.all("a"))
    assert not re.search(r"url\((?!#)|@import", text), "nothing is fetched"
    assert len(page.all("svg")) == 5 and all(
        len(svg["aria-label"]) > 40 and svg["role"] == "img" for svg in page.all("svg")
    )
    assert all(attributes.get("scope") in ("col", "row") for attributes in page.all("th"))
    assert page.all("html")[0]["lang"] == "en"
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    sections = [i for i in ids if not re.fullmatch(r"[mhpc][0-9a-f]{8,}|[mhpc]\w{8,}", i)]
    assert len(sections) == len(set(sections))
    targets = {attributes["href"][1:] for attributes in page.all("a")}
    assert targets <= set(ids)


def test_what_students_wrote_does_not_act(written):
    text = (written[0] / "report.html").read_text(encoding="utf-8")
    page = Page(text)
    assert len(page.all("script")) == 1 and not page.all("img")
    assert EVIL not in text and "&lt;script&gt;" in text
    policy = next(a["content"] for a in page.all("meta") if "content" in a and "script-src" in a["content"])
    assert "default-src 'none'" in policy and "script-src 'sha256-" in policy
    cells = [row["message"] for row in read_csv(written[0] / "messages.csv")]
    assert any(cell.startswith("'=HYPERLINK") for cell in cells)


@given(st.text(alphabet="'=+-@\t\r\nab＝", max_size=6))
def test_guarding_a_cell_can_be_undone(text):
    assert spreadsheets.unguard(spreadsheets.guard(text)) == text
    assert not spreadsheets.guard(text).startswith(tuple("=+-@\t\r\n＝"))


def test_csv_files_say_what_the_page_says(written):
    folder, chapters = written
    rows = read_csv(folder / "exercises.csv")
    assert [(r["chapter"], r["exercise"]) for r in rows] == [
        (c.name, e.exercise) for c in chapters for e in c.exercises
    ]
    assert float(rows[0]["all points"]) == pytest.approx(chapters[0].exercises[0].full)
    assert sum(int(row["submissions"]) for row in read_csv(folder / "grades.csv")) == 2 * N
    people = {row["student"] for row in read_csv(folder / "attention.csv")}
    assert people == {row.student for chapter in chapters for row in chapter.attention}
    assert (folder / "chapters.csv").read_bytes().startswith(b"\xef\xbb\xbf"), "Excel takes it for UTF-8"


def test_names_stand_only_where_somebody_has_to_act(written, folder, tmp_path):
    _, chapters = written
    text = (written[0] / "report.html").read_text(encoding="utf-8")
    named = set(re.findall(r"student\d{3}", text))
    assert named <= {row.student for chapter in chapters for row in chapter.attention}
    page, _ = report.write_report(folder, output=tmp_path, anonymous=True)
    for path in page.parent.iterdir():
        assert not re.search(r"student\d{3}", path.read_text(encoding="utf-8")), path
    assert "student 1" in page.read_text(encoding="utf-8")


def test_an_old_gradebook_gets_a_report_that_says_what_is_missing(small):
    with sqlite3.connect(small / "gradebook.db") as connection:
        connection.execute("DROP TABLE grading_result")
        connection.execute("DROP TABLE grading_journal")
    page, (chapter,) = report.write_report(small)
    assert page == small / "reports" / "all" / "report.html"
    assert chapter.graded == 8 and chapter.slips == [] and chapter.without_groups == 8
    text = page.read_text(encoding="utf-8")
    assert "keeps points but no group results" in text and "keeps no times" in text


def test_why_a_submission_needs_a_person(small):
    with sqlite3.connect(small / "gradebook.db") as connection:
        connection.execute("UPDATE grade SET needs_manual_grade = 0, manual_score = NULL")

        def change(student, what):
            connection.execute(
                f"UPDATE grade SET {what} WHERE cell_id IN (SELECT id FROM base_cell WHERE name = 'ex0_5_test') AND "
                "notebook_id IN (SELECT n.id FROM submitted_notebook n JOIN submitted_assignment s "
                "ON s.id = n.assignment_id WHERE s.student_id = ?)",
                (student,),
            )

        change("student000", "needs_manual_grade = 1, manual_score = 2")
        change("student001", "needs_manual_grade = 1, auto_score = NULL")
        change("student002", "needs_manual_grade = 1")
        connection.execute(
            "UPDATE grading_result SET kind = 'engine', message = 'RuntimeError: no server', passed = 0 WHERE cell = "
            "'ex0_5_test' AND student = 'student002'"
        )
        connection.execute(
            "UPDATE grade SET auto_score = 0 WHERE notebook_id IN (SELECT n.id FROM submitted_notebook n JOIN "
            "submitted_assignment s ON s.id = n.assignment_id WHERE s.student_id = 'student003')"
        )
        connection.execute(
            """UPDATE grading_journal SET details = '{"remarks": ["No notebook was handed in."]}' WHERE student = 'student003'"""
        )
    (small / "submitted" / "late-comer" / CHAPTER).mkdir(parents=True)
    _, (chapter,) = report.write_report(small, CHAPTER)
    reasons = {row.student: (row.exercises, row.reason) for row in chapter.attention}
    assert set(reasons) == {f"student00{i}" for i in range(4)}
    assert reasons["student000"] == ("0.5", "Scored by hand before it was graded again: is the score still right?")
    assert reasons["student001"] == ("0.5", "To be graded by hand.")
    assert reasons["student002"][1].endswith("RuntimeError: no server")
    assert reasons["student003"] == ("", "0 points, and with the files: No notebook was handed in.")
    assert chapter.waiting == 1 and chapter.run.failures == [("RuntimeError: no server", 1)]


def test_bad_input_is_one_clear_line(small, tmp_path):
    with pytest.raises(ValueError, match="no gradebook"):
        report.write_report(tmp_path)
    with pytest.raises(ValueError, match="'ch77_nothing' is not in the gradebook; there are ch00"):
        report.write_report(small, "ch77_nothing")
    with pytest.raises(ValueError, match="'ch05_offline_rl_iql' is not in the gradebook; there are ch00"):
        report.write_report(small, "ch05_offline_rl_iql")
    with sqlite3.connect(small / "gradebook.db") as connection:
        connection.execute("UPDATE grade SET auto_score = NULL, manual_score = NULL")
    with pytest.raises(ValueError, match="nothing is graded yet"):
        report.write_report(small)
    (small / "gradebook.db").write_text("not a database, but a file of a kilobyte " * 30)
    with pytest.raises(RuntimeError, match="gradebook: file is not a database"):
        report.write_report(small)


def test_the_command(folder, monkeypatch, capsys):
    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["autograder", "report", *map(str, arguments)])
        return __main__.main(), capsys.readouterr()

    code, told = run(CHAPTER, "--class-folder", folder)
    assert code == 0 and f"{CHAPTER}: {N} graded, median" in told.out
    assert str(folder / "reports" / CHAPTER / "report.html") in told.out
    code, told = run("ch77", "--class-folder", folder)
    assert code == 2 and "'ch77' is not in the gradebook" in told.err and told.err.count("\n") == 1


def contrast(one, other):
    """WCAG's contrast ratio of two colours."""

    def luminance(colour):
        channels = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
        linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
        return float(linear @ [0.2126, 0.7152, 0.0722])

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_colours_reach_wcag_aa_in_every_theme():
    style = (Path(pages.__file__).parent / "style.css").read_text(encoding="utf-8")
    themes = re.findall(r":root \{[^}]*?--paper[^}]*\}", style)
    assert len(themes) == 3  # light, dark, print
    for theme in themes:
        colours = dict(re.findall(r"--(\w+): (#\w{6})", theme))
        for text in ("ink", "soft", "accent"):
            for ground in ("paper", "band"):
                assert contrast(colours[text], colours[ground]) >= 4.5, (text, ground, theme)
        for ground in set(colours) & {"bar", "shared"}:
            assert contrast(colours["ink"], colours[ground]) >= 4.5, (ground, theme)


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed: make system")
def test_tables_sort_by_mouse_and_keyboard_and_nothing_injected_runs(written):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(color_scheme="dark")
        problems = []
        page.on("console", lambda message: problems.append(message.text))
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto((written[0] / "report.html").as_uri())
        assert page.title() == "Report: 2 chapters" and problems == []
        table = page.locator("table", has_text="How the class did in each exercise").first

        def values():
            return [float(v) for v in table.locator("td:nth-child(9)").evaluate_all("c => c.map(x => x.dataset.sort)")]

        button = table.get_by_role("button", name="mean")
        button.click()
        assert values() == sorted(values(), reverse=True)
        button.press("Enter")
        assert values() == sorted(values()) and len(values()) == 7
        assert table.locator("th[aria-sort=ascending]").inner_text().startswith("mean")
        assert "Sorted by mean, ascending" in page.locator("#sorted").text_content()
        browser.close()


def test_messages_are_set_as_panels_set_them():
    assert pages.code("when *both* gain, write `a <b`: 2 * 3 < 7") == (
        "when <em>both</em> gain, write <code>a &lt;b</code>: 2 * 3 &lt; 7"
    )
