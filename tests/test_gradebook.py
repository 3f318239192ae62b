"""The SQLite gradebook: safe settings on every connection, a person and a run writing at once, copies that miss nothing."""

import contextlib
import json
import sqlite3
import subprocess
import sys

import pytest
from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI

from autograder import course, database, late
from autograder.engine.claims import alone
from autograder.engine.ledger import Ledger
from autograder.engine.work import Record
from tests.engine.classroom import Classroom

pytestmark = pytest.mark.xdist_group("gradebook")
STUDENTS = [f"student{i:02d}" for i in range(12)]


@pytest.fixture(autouse=True)
def default_settings():
    yield
    database.install()


@pytest.fixture(scope="module")
def classroom(tmp_path_factory):
    """A class without submissions."""
    return Classroom(tmp_path_factory.mktemp("class"), "small")


def settings(engine):
    with engine.connect() as connection:
        return [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "busy_timeout")
        ]


# --- settings ---------------------------------------------------------------------------------------------------------


def test_every_connection_of_nbgrader_is_safe(classroom):
    with Gradebook(classroom.api().coursedir.db_url) as gradebook:
        assert settings(gradebook.engine) == ["wal", 2, 60_000]


def test_plain_nbgrader_gets_them_from_the_configuration_alone(classroom):
    script = (
        "from nbgrader.apps import NbGraderAPI\n"
        "from traitlets.config import PyFileConfigLoader\n"
        "config = PyFileConfigLoader('nbgrader_config.py').load_config()\n"
        "with NbGraderAPI(config=config).gradebook as gradebook, gradebook.engine.connect() as connection:\n"
        "    print(connection.exec_driver_sql('PRAGMA journal_mode').scalar(), end=' ')\n"
        "    print(connection.exec_driver_sql('PRAGMA busy_timeout').scalar())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=classroom.root, capture_output=True, text=True, check=True
    )
    assert done.stdout == "wal 60000\n"


def test_one_configured_line_keeps_the_older_journal_and_changes_back(tmp_path):
    url = f"sqlite:///{tmp_path}/x.db"
    for line, mode in (('install(sqlite_journal="delete")', "delete"), ("install()", "wal")):
        exec(f"from autograder.engine.converter import install; {line}")
        engine = database.create_engine(url)
        with engine.begin() as connection:
            connection.exec_driver_sql("CREATE TABLE IF NOT EXISTS t (x)")
        assert settings(engine) == [mode, 2, 60_000]
        engine.dispose()
    with pytest.raises(ValueError, match=r"sqlite_journal: must be one of auto, wal, delete, not 'memory'"):
        database.install("memory")


def test_a_gradebook_that_is_open_in_the_older_mode_can_be_used(tmp_path):
    with contextlib.closing(sqlite3.connect(tmp_path / "x.db")) as other:
        other.execute("CREATE TABLE t (x)")
        other.execute("BEGIN")
        other.execute("SELECT * FROM t").fetchall()
        engine = database.create_engine(f"sqlite:///{tmp_path}/x.db")
        with engine.connect() as connection:
            assert connection.exec_driver_sql("SELECT count(*) FROM t").scalar() == 0
        engine.dispose()


@pytest.mark.parametrize(
    ("folder", "kind", "network"),
    [
        ("/srv/class", "nfs4", True),
        ("/srv/class/deeper", "nfs4", True),
        ("/srv/classic", "ext4", False),
        ("/mnt/my disk/class", "fuse.sshfs", True),
        ("/", "ext4", False),
    ],
)
def test_network_file_systems_are_told_from_local_ones(folder, kind, network, tmp_path):
    mounts = tmp_path / "mountinfo"
    mounts.write_text(
        "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
        "31 22 0:40 / /srv/class rw - nfs4 server:/class rw\n"
        "32 22 0:41 / /mnt/my\\040disk rw shared:7 master:1 - fuse.sshfs ada@host: rw\n"
    )
    assert database.filesystem(folder, mounts) == kind
    assert database._is_network(kind) is network
    assert database.filesystem(folder, tmp_path / "none") == ""


def test_a_network_file_system_gets_no_shared_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(database, "filesystem", lambda folder: "nfs4")
    database.on_network.cache_clear()
    engine = database.create_engine(f"sqlite:///{tmp_path}/x.db")
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE t (x)")
    assert settings(engine)[0] == "delete"
    database.on_network.cache_clear()


# --- two at once ------------------------------------------------------------------------------------------------------

TEXT = json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
FORMGRADER = """\
# Does what formgrader does when a person types: read a grade and a comment, write both, read the table of submissions.
import json, sys, time
from nbgrader.apps import NbGraderAPI
from traitlets.config import PyFileConfigLoader

students, written = sys.argv[1:], {}
with NbGraderAPI(config=PyFileConfigLoader("nbgrader_config.py").load_config()).gradebook as gradebook:
    print("ready", flush=True)
    for turn in range(1, 1000):
        student = students[turn % len(students)]
        grade = gradebook.find_grade("f1_test", "small", "small", student)
        grade.manual_score, grade.needs_manual_grade = turn / 8, False
        gradebook.db.commit()
        comment = gradebook.find_comment("f1", "small", "small", student)
        comment.manual_comment = f"turn {turn}"
        gradebook.db.commit()
        gradebook.notebook_submission_dicts("small", "small")
        written[student] = turn
        if turn > 3 * len(students) and sys.stdin in __import__("select").select([sys.stdin], [], [], 0)[0]:
            break
print(json.dumps(written))
"""


def record(student, points):
    scores = {f"f{i}_test": points for i in range(1, 6)}
    notebook = {"text": TEXT, "scores": scores, "unanswered": ["f5"], "results": []}
    return Record("small", student, f"digest {points}", "tests", notebooks={"small": notebook})


def test_a_person_and_a_run_write_at_once_and_nothing_is_lost(classroom):
    ledger = Ledger(classroom.api().coursedir, "small", late.LatePolicy())
    for student in STUDENTS:
        ledger.save(record(student, 0.0))
    person = subprocess.Popen(
        [sys.executable, "-c", FORMGRADER, *STUDENTS], cwd=classroom.root, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert person.stdout.readline() == "ready\n"
    for round_ in range(1, 5):
        for student in STUDENTS:
            ledger.save(record(student, round_ / 4))
    ledger.close()
    output, errors = person.communicate("stop\n", timeout=120)
    assert person.returncode == 0, errors
    written = json.loads(output)
    assert set(written) == set(STUDENTS)
    by_person = {row[0]: row[3] for row in classroom.rows() if row[1] == "f1_test"}
    assert by_person == {student: turn / 8 for student, turn in written.items()}
    assert {row[2] for row in classroom.rows()} == {1.0}
    with contextlib.closing(sqlite3.connect(classroom.root / "gradebook.db")) as connection:
        comments = connection.execute("SELECT manual_comment FROM comment WHERE manual_comment IS NOT NULL").fetchall()
    assert sorted(comments) == sorted((f"turn {turn}",) for turn in written.values())


def test_what_a_run_reads_cannot_change_before_it_writes(classroom, monkeypatch):
    """Else a person's points, given in between, would not get their second look."""
    ledger = Ledger(classroom.api().coursedir, "small", late.LatePolicy())
    outcome = []

    def intrude(*arguments):
        with contextlib.closing(sqlite3.connect(classroom.root / "gradebook.db", timeout=0)) as connection:
            with pytest.raises(sqlite3.OperationalError, match="locked") as problem:
                connection.execute("UPDATE grade SET manual_score = 1")
            outcome.append(str(problem.value))
            assert connection.execute("SELECT count(*) FROM grade").fetchone() is not None  # but reading goes on

    find = ledger.gradebook.find_assignment  # the first thing that a save reads
    monkeypatch.setattr(ledger.gradebook, "find_assignment", lambda name: [intrude(), find(name)][1])
    ledger.save(record("student00", 0.5))
    ledger.close()
    assert outcome == ["database is locked"]


def test_plain_nbgrader_and_a_class_run_take_turns(classroom):
    with alone(classroom.root):
        result = classroom.api().autograde("small", "student00")
    assert not result["success"] and "Another run is grading the class" in result["log"] + str(result["error"])


# --- copies -----------------------------------------------------------------------------------------------------------


def test_a_backup_holds_what_is_still_in_the_log(tmp_path):
    url = f"sqlite:///{tmp_path}/gradebook.db"
    engine = database.create_engine(url)
    with engine.connect() as connection:
        connection.exec_driver_sql("CREATE TABLE t (x)")
        connection.exec_driver_sql("INSERT INTO t VALUES (7)")
        connection.commit()
        assert (tmp_path / "gradebook.db-wal").stat().st_size > 0
        database.backup(url, tmp_path / "copy.db")
    with contextlib.closing(sqlite3.connect(tmp_path / "copy.db")) as copy:
        assert copy.execute("SELECT x FROM t").fetchall() == [(7,)]
    for words, arguments in (
        ("exists already", (url, tmp_path / "copy.db")),
        ("no gradebook", (f"sqlite:///{tmp_path}/none.db", tmp_path / "other.db")),
        ("pg_dump", ("postgresql+psycopg://host/class", tmp_path / "other.db")),
    ):
        with pytest.raises(ValueError, match=words):
            database.backup(*arguments)
    engine.dispose()


def test_the_copy_of_nbgraders_upgrade_holds_it_too(tmp_path):
    from nbgrader.apps.dbapp import DbUpgradeApp

    engine = database.create_engine(f"sqlite:///{tmp_path}/gradebook.db")
    database.install()
    with engine.connect() as connection:
        connection.exec_driver_sql("CREATE TABLE t (x)")
        connection.exec_driver_sql("INSERT INTO t VALUES (7)")
        connection.commit()
        app = DbUpgradeApp()
        app._backup_db_file(str(tmp_path / "gradebook.db"))
        (copy,) = [path for path in tmp_path.iterdir() if path.name.startswith("gradebook.db.20")]
        with contextlib.closing(sqlite3.connect(copy)) as opened:
            assert opened.execute("SELECT x FROM t").fetchall() == [(7,)]
    engine.dispose()


# --- a class's own settings -------------------------------------------------------------------------------------------


def test_a_class_keeps_its_own_lines(tmp_path):
    course.write_class_config(tmp_path)
    path = tmp_path / "nbgrader_config.py"
    own = 'c.CourseDirectory.db_url = "postgresql+psycopg://grader@host/class"\nc.LatePolicy.rule = "5% per day"\n'
    path.write_text(path.read_text() + own)
    course.write_class_config(tmp_path)
    assert path.read_text().endswith(own)
    assert course.course_directory(tmp_path).db_url == "postgresql+psycopg://grader@host/class"
    assert course.course_directory(tmp_path).root == str(tmp_path.resolve())
    assert late.plugin(course.nbgrader_settings(tmp_path)).rule == "5% per day"


def test_a_configuration_of_somebody_else_is_left_alone(tmp_path):
    path = tmp_path / "nbgrader_config.py"
    path.write_text("c = get_config()\nc.CourseDirectory.course_id = 'mine'\n")
    course.write_class_config(tmp_path)
    assert "mine" in path.read_text()
    assert course.course_directory(tmp_path).course_id == "mine"


def test_an_unreachable_server_is_one_line_without_the_password():
    pytest.importorskip("psycopg")
    url = "postgresql+psycopg://grader:secret@/class?host=/nowhere"
    with pytest.raises(RuntimeError, match="cannot be used") as problem, database.explained(url):
        database.open_gradebook(url)
    assert "secret" not in str(problem.value) and "\n" not in str(problem.value)


def test_other_kinds_of_database_are_refused():
    with pytest.raises(ValueError, match="SQLite or PostgreSQL, not on mysql"):
        database.open_gradebook("mysql://host/class")


def test_a_rule_that_is_not_understood_stops_plain_nbgrader_at_once(classroom):
    config = classroom.config
    config.LatePolicy.rule = "ten percent"
    result = NbGraderAPI(config=config).autograde("small", "student00")
    assert not result["success"]
    assert "c.LatePolicy.rule: 'ten percent' is not understood; write it like '10% per day" in result["log"]
