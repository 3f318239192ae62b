"""Late work: the rule in one line, dates with their zones, extensions; the same in a class run and in plain nbgrader."""

import datetime as dt
import shutil
import subprocess
import sys

import pytest
from nbgrader.api import Gradebook

from autograder import course, deadlines, late
from autograder.deadlines import parse_date, show, to_gradebook
from autograder.late import Rule
from tests.engine.classroom import SMALL_ANSWERS, Classroom
from tests.engine.inline import one_worker

pytestmark = pytest.mark.xdist_group("late")
MINUTE, HOUR, DAY = 60, 3600, 86400


# --- the rule ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "seconds", "taken"),
    [
        ("", 3 * DAY, 0),
        ("none", 3 * DAY, 0),
        ("10% per day", 1, 2),
        ("10% per day", DAY, 2),
        ("10% per day", DAY + 1, 4),
        ("10% per started day, at most 5 days, 15 minutes' grace", 15 * MINUTE, 0),
        ("10% per started day, at most 5 days, 15 minutes' grace", 15 * MINUTE + 1, 2),
        ("10% per started day, at most 5 days, 15 minutes' grace", DAY + 15 * MINUTE, 2),
        ("10% per started day, at most 5 days, 15 minutes' grace", 99 * DAY, 10),
        ("10% per day, at most 35%, grace 1 h", 9 * DAY, 7),
        ("2 points per hour", HOUR + 1, 4),
        ("2 points per hour", 99 * HOUR, 20),
        ("2 points each hour, at most 5 points", 99 * HOUR, 5),
        ("10% per day, nothing after 3 days", 3 * DAY, 6),
        ("10% per day, nothing after 3 days", 3 * DAY + 1, 20),
        ("nothing after 2 weeks", 15 * DAY, 20),
        ("0.5% per hour", 7 * HOUR, 0.7),
    ],
)
def test_what_lateness_costs_of_twenty_points(rule, seconds, taken):
    assert Rule.parse(rule).penalty(20.0, seconds) == pytest.approx(taken)


def test_no_more_is_taken_than_was_earned_and_cents_are_rounded():
    assert Rule.parse("3 points per day").penalty(2.0, DAY) == 2.0
    assert Rule.parse("10% per day").penalty(3.33, 1) == 0.33
    assert Rule.parse("10% per day").penalty(0.0, 1) == 0.0
    assert Rule.parse("10% per day").penalty(5.0, 0) == 0.0


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("ten percent", "'ten percent' is not understood; write it like '10% per day, at most 50%, grace 15 min'"),
        ("10% per day, sometimes", "'sometimes' is not understood"),
        ("10% per day, 5% per day", "'5% per day' says again"),
        ("10% per day, 5 points per hour", "says again"),
        ("grace 10 min", "does not say what lateness costs"),
        ("120% per day", "120% is more than everything"),
        ("-1% per day", "'-1% per day' is not understood"),
        ("10% per day none", "not understood"),
        ("10% per day, none", "not understood"),
    ],
)
def test_rules_that_are_not_understood_are_refused_at_once(rule, words):
    with pytest.raises(ValueError) as problem:
        Rule.parse(rule)
    assert words in str(problem.value)
    config = course.nbgrader_settings("/nowhere")
    config.LatePolicy.rule = rule
    with pytest.raises(ValueError, match=r"c\.LatePolicy\.rule: "):
        late.plugin(config)


# --- dates ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-03-01 23:59 Europe/Berlin", "2026-03-01 22:59:00"),
        ("2026-07-01 23:59 Europe/Berlin", "2026-07-01 21:59:00"),
        ("2026-03-01T23:59:30+01:00", "2026-03-01 22:59:30"),
        ("2026-03-01 9:00 -0800", "2026-03-01 17:00:00"),
        ("2026-03-01T22:59Z", "2026-03-01 22:59:00"),
        ("2026-03-01 UTC", "2026-03-01 23:59:00"),
        ("2026-03-01 Asia/Kolkata", "2026-03-01 18:29:00"),
        ("2026-10-25 02:30 Europe/Berlin", "2026-10-25 01:30:00"),  # there twice; the later one
    ],
)
def test_dates_are_read_with_their_zone(text, utc):
    assert str(to_gradebook(parse_date(text))) == utc


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("2026-03-01 23:59", "names no time zone; write it like '2026-03-01 23:59 Europe/Berlin'"),
        ("2026-03-01 23:59 EST", "'EST' may mean several zones"),
        ("2026-03-01 23:59 Europe/Atlantis", "there is no time zone 'Europe/Atlantis'"),
        ("2026-03-29 02:30 Europe/Berlin", "does not exist: clocks are set forward then"),
        ("2026-02-30 UTC", "2026-02-30"),
        ("2026-03-01 25:00 UTC", "25:00"),
        ("tomorrow UTC", "'tomorrow UTC' is not understood"),
    ],
)
def test_dates_that_could_be_misread_are_refused(text, words):
    with pytest.raises(ValueError, match=r"^date: ") as problem:
        parse_date(text)
    assert words in str(problem.value)


def test_a_date_is_shown_as_written_and_in_utc():
    assert show(parse_date("2026-03-01 23:59 Europe/Berlin")) == (
        "Sun 2026-03-01 23:59 Europe/Berlin = Sun 2026-03-01 22:59 UTC"
    )
    assert show(parse_date("2026-03-01 09:00 -08:00")) == "Sun 2026-03-01 09:00 UTC-0800 = Sun 2026-03-01 17:00 UTC"
    assert show(parse_date("2026-03-01 UTC")) == "Sun 2026-03-01 23:59 UTC"


# --- a class ----------------------------------------------------------------------------------------------------------

RULE = 'c.LatePolicy.rule = "10% per day, at most 50%, grace 15 min"'
DUE = "2026-03-01 23:59 Europe/Berlin"
TIMES = {  # of handing in; what is earned is 10 points, 8 by "half"
    "punctual": "2026-03-01 22:58:00.123456 UTC",
    "in-grace": "2026-03-01 23:10:00 UTC",
    "a-day": "2026-03-02 20:00:00 UTC",
    "half": "2026-03-03 20:00:00 UTC",
    "weeks": "2026-03-20 08:00:00 UTC",
    "early": "2026-03-20 08:00:00 UTC",
    "no-time": None,
    "scribble": "yesterday, I think",
}
PENALTIES = {"a-day": 1.0, "half": 1.6, "weeks": 5.0}


@pytest.fixture(scope="module")
def classroom(tmp_path_factory):
    """A class with a due date, graded."""
    with one_worker():
        yield _graded(tmp_path_factory)


def _graded(tmp_path_factory):
    made = Classroom(tmp_path_factory.mktemp("late"), "small", more=RULE)
    deadlines.due("small", made.root, DUE)
    deadlines.extend("small", "early", made.root, days=30)  # before anything is handed in
    made.waiting = [row for row in made.rows() if row[-1]]
    for student, stamp in TIMES.items():
        answers = SMALL_ANSWERS | ({"f1": "def f1(x): return 0"} if student == "half" else {})
        path = made.submit(student, made.answered(answers))
        if stamp:
            path.with_name("timestamp.txt").write_text(stamp)
    made.summary = made.grade()
    return made


def penalties(classroom):
    with Gradebook(classroom.api().coursedir.db_url) as gradebook:
        found = {
            row.student_id: row.notebooks[0].late_submission_penalty
            for row in gradebook.assignment_submissions("small")
        }
    return {student: points for student, points in found.items() if points is not None}


def graded_times(classroom):
    """Modification times of the graded notebooks, which show whether code was run."""
    return {path: path.stat().st_mtime_ns for path in classroom.root.glob("autograded/*/small/small.ipynb")}


def test_a_class_run_takes_off_what_the_rule_says(classroom):
    assert penalties(classroom) == PENALTIES
    assert classroom.summary.failed == {}


def test_grading_again_later_costs_nothing_more(classroom):
    assert classroom.grade(students=["a-day"], force=True).graded == ["a-day"]
    assert penalties(classroom) == PENALTIES


def test_plain_nbgrader_takes_off_the_same(classroom):
    path = classroom.submit("half-again", (classroom.folder("half") / "small.ipynb").read_text())
    path.with_name("timestamp.txt").write_text(TIMES["half"])
    classroom.submit("early-again").with_name("timestamp.txt").write_text(TIMES["early"])
    deadlines.extend("small", "early-again", classroom.root, hours=24 * 30)
    assert classroom.api().autograde("small", "*-again")["success"]
    assert penalties(classroom) == PENALTIES | {"half-again": PENALTIES["half"]}
    assert classroom.total("early-again") == classroom.total("early") == 10.0
    shutil.rmtree(path.parents[1])
    with Gradebook(classroom.api().coursedir.db_url) as gradebook:
        gradebook.remove_student("half-again")


def test_an_extension_may_come_before_the_submission(classroom):
    assert classroom.waiting == []  # nothing of it waited for a person
    assert classroom.total("early") == 10.0 and "early" not in penalties(classroom)


def test_due_shows_who_is_late(classroom, capsys):
    deadlines.due("small", classroom.root)
    assert capsys.readouterr().out.splitlines() == [
        "small is due Sun 2026-03-01 22:59 UTC",
        "late work costs: 10% per day, at most 50%, grace 15 min",
        "a-day: 21 h 1 min late, penalty 1 points",
        "early: 30 days more, until Tue 2026-03-31 22:59 UTC",
        "early-again: 30 days more, until Tue 2026-03-31 22:59 UTC",
        "half: 1 day 21 h 1 min late, penalty 1.6 points",
        "in-grace: 11 min late, penalty 0 points",
        "weeks: 18 days 9 h 1 min late, penalty 5 points",
    ]


def test_an_extension_changes_the_penalty_without_running_anything(classroom, capsys):
    before = graded_times(classroom)
    deadlines.extend("small", "half", classroom.root, days=1)
    assert penalties(classroom) == PENALTIES | {"half": 0.8}
    assert capsys.readouterr().out.splitlines() == [
        "half: the penalty was 1.6 points and is 0.8",
        "half may hand in small until Mon 2026-03-02 22:59 UTC",
    ]
    deadlines.extend("small", "half", classroom.root, until="2026-03-04 12:00 Europe/Berlin")
    assert "half" not in penalties(classroom)
    deadlines.extend("small", "half", classroom.root, remove=True)
    assert penalties(classroom) == PENALTIES
    assert graded_times(classroom) == before
    assert classroom.grade().graded == []  # nor does the journal see a reason to


def test_another_rule_or_points_by_hand_count_from_the_next_run_on(classroom):
    with Gradebook(classroom.api().coursedir.db_url) as gradebook:
        gradebook.find_grade("f2_test", "small", "small", "a-day").manual_score = 0.0
        gradebook.db.commit()
    summary = classroom.grade()
    assert summary.graded == [] and summary.penalties == {"a-day": (1.0, 0.8)}
    assert "a-day: the penalty for lateness was 1 points and is 0.8" in summary.lines()
    classroom.configure(RULE.replace("10%", "20%"))
    assert classroom.grade().penalties == {"a-day": (0.8, 1.6), "half": (1.6, 3.2)}
    classroom.configure(RULE)
    # So they do in plain nbgrader's feedback, which formgrader writes.
    assert classroom.api().generate_feedback("small", "half", force=True)["success"]
    page = (classroom.root / "feedback" / "half" / "small" / "small.html").read_text()
    assert "−1.6</td>" in page and "small: 6.4 of 10 points" in page
    assert classroom.grade().penalties == {"a-day": (1.6, 0.8)}


def test_moving_the_due_date(classroom, capsys):
    deadlines.due("small", classroom.root, "2026-03-02 23:59 Europe/Berlin")
    assert penalties(classroom) == {"half": 0.8, "weeks": 5.0}
    lines = capsys.readouterr().out.splitlines()
    assert "small is due Mon 2026-03-02 23:59 Europe/Berlin = Mon 2026-03-02 22:59 UTC" in lines
    assert "early: 30 days more, until Wed 2026-04-01 22:59 UTC" in lines
    deadlines.due("small", classroom.root, remove=True)
    assert penalties(classroom) == {}
    assert "extensions are taken back with the due date from which they count" in capsys.readouterr().out
    with pytest.raises(ValueError, match="small has no due date: set one"):
        deadlines.extend("small", "half", classroom.root, days=1)
    # One that is left all the same, by another tool, stops no run.
    with Gradebook(classroom.api().coursedir.db_url) as gradebook:
        gradebook.grant_extension("small", "half", days=2)
    assert classroom.grade(students=["half"], force=True).graded == ["half"]
    assert classroom.grade().graded == [] and penalties(classroom) == {}
    deadlines.due("small", classroom.root, DUE)
    assert penalties(classroom) == {"a-day": 0.8, "weeks": 5.0, "early": 5.0, "early-again": 5.0}


def test_a_due_date_may_be_set_before_anything_is_handed_in(classroom, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(course, "SOURCE", classroom.root / "source")
    with pytest.raises(ValueError, match="there is no gradebook"):
        deadlines.due("small", tmp_path)
    assert not list(tmp_path.iterdir())  # just asking leaves nothing behind
    deadlines.due("small", tmp_path, DUE)
    assert capsys.readouterr().out.startswith("small is due Sun 2026-03-01 23:59 Europe/Berlin")
    assert {"gradebook.db", "nbgrader_config.py", "release"} <= {path.name for path in tmp_path.iterdir()}
    with pytest.raises(ValueError, match="there is no folder"):
        deadlines.due("small", tmp_path / "none", DUE)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["due", "smal", "2026-03-01 UTC"], "the gradebook does not know 'smal'; it knows small"),
        (["due", "small", "2026-03-01"], "names no time zone"),
        (["extend", "small", "hal", "--days", "2"], "the gradebook knows no 'hal'; did you mean half"),
        (["extend", "small", "half"], "say one of --days and --hours, --until, --none"),
        (["extend", "small", "half", "--days", "-2"], "must not be negative"),
        (["extend", "small", "half", "--until", "2026-02-01 UTC"], "is before the due date, Sun 2026-03-01 22:59 UTC"),
    ],
)
def test_bad_input_is_one_clear_line(arguments, words, classroom, monkeypatch, capsys):
    from autograder.__main__ import main

    monkeypatch.setattr(sys, "argv", ["autograder", *arguments, "--class-folder", str(classroom.root)])
    assert main() == 2
    output = capsys.readouterr()
    assert words in output.err and len(output.err.splitlines()) == 1


def test_the_commands_work_from_a_shell(classroom):
    command = [sys.executable, "-m", "autograder", "due", "small", "--class-folder", str(classroom.root)]
    done = subprocess.run(command, cwd=course.COURSE, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("small is due Sun 2026-03-01 22:59 UTC\n") and done.stderr == ""


def test_lateness_is_counted_in_utc_as_nbgrader_does():
    assert to_gradebook(parse_date(DUE)) == dt.datetime(2026, 3, 1, 22, 59)
