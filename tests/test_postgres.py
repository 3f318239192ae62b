"""One gradebook on a PostgreSQL server, several graders: nothing lost, nothing graded twice, killed graders included."""

import contextlib
import multiprocessing
import os
import shutil
import signal
import sys
import threading
import time
import traceback

import nbformat
import pytest
from nbgrader.api import Grade, Student
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from autograder import course, database, late
from autograder.__main__ import main
from autograder.engine import journal
from autograder.engine.claims import ServerClaims
from autograder.engine.ledger import Ledger
from autograder.engine.run import grade_class, in_shard
from tests.engine.classroom import SMALL_ANSWERS, Classroom
from tests.postgres import running_server
from tests.test_gradebook import record

pytestmark = [pytest.mark.postgres, pytest.mark.xdist_group("postgres")]
STUDENTS = [f"student{i:02d}" for i in range(14)]


@pytest.fixture(scope="module")
def server():
    with running_server() as running:
        yield running


def rows(url, query, **values):
    engine = database.create_engine(url)
    with engine.connect() as connection:
        found = connection.execute(text(query), values).fetchall()
    engine.dispose()
    return [tuple(row) for row in found]


GRADES = """
    SELECT s.student_id, sum(g.auto_score), sum(g.manual_score) FROM grade g
    JOIN submitted_notebook n ON n.id = g.notebook_id JOIN submitted_assignment s ON s.id = n.assignment_id
    GROUP BY s.student_id ORDER BY s.student_id"""
JOURNAL = "SELECT student, times_graded FROM grading_journal ORDER BY student"


def small_class(root, url):
    """The small class with a gradebook on the server."""
    return Classroom(root, "small", more=f"c.CourseDirectory.db_url = {url!r}")


class Grader:
    """Another grader, as on another machine: a process group of its own, forked to spare it the imports."""

    def __init__(self, work, log):
        self.log = log
        self.pid = os.fork()
        if self.pid == 0:
            status = 1
            try:
                os.setsid()
                for stream in (1, 2):
                    os.dup2(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND), stream)
                sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w")
                status = work() or 0
                sys.stdout.flush()
            except BaseException:
                os.write(2, traceback.format_exc().encode())
            finally:
                os._exit(status)

    def is_running(self):
        """Whether it has not ended."""
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None

    def kill(self):
        """Kill it with all its processes, at once."""
        os.killpg(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)

    def finish(self):
        """Wait for it; returns what it printed."""
        _, status = os.waitpid(self.pid, 0)
        output = self.log.read_text()
        assert status == 0, output
        return output


def command(source, *arguments):
    """`python -m autograder` with other source notebooks."""
    course.SOURCE = source
    sys.argv[1:] = arguments
    return main()


def another_folder(classroom, name):
    """The same class in the folder of another grader, who has graded nothing."""
    root = classroom.root.parent / name
    shutil.copytree(classroom.root, root, ignore=shutil.ignore_patterns("autograded"))
    config = root / "nbgrader_config.py"
    config.write_text(config.read_text().replace(str(classroom.root), str(root)))
    return root


# --- whole runs -------------------------------------------------------------------------------------------------------


def test_two_graders_share_a_class_and_one_is_killed(server, tmp_path):
    url = server.new_database("shared")
    classroom = small_class(tmp_path / "one", url)
    for i, student in enumerate(STUDENTS):
        slow = f"import time; time.sleep(0.1)\ndef f1(x): return np.asarray(x) + {1 + i % 2}"
        classroom.submit(student, classroom.answered(SMALL_ANSWERS | {"f1": slow}))
    other = another_folder(classroom, "two")
    with database.open_gradebook(url, "test") as gradebook:
        journal.prepare(gradebook.db)
    one, two = (
        Grader(lambda root=root: print("graded", *grade_class(root, "small").graded), root / "log")
        for root in (classroom.root, other)
    )
    while len(rows(url, JOURNAL)) < 4 or not list(classroom.root.glob("autograded/*/small")):
        assert one.is_running(), one.log.read_text()
        time.sleep(0.05)
    one.kill()
    graded_by_two = two.finish().splitlines()[-1].split()[1:]
    assert rows(url, JOURNAL) == [(student, 1) for student in STUDENTS], "graded twice, or not at all"
    assert rows(url, GRADES) == [(student, 10.0 - 2 * (i % 2), None) for i, student in enumerate(STUDENTS)]
    assert {path.name for path in (other / "autograded").iterdir()} == set(graded_by_two)
    # What the other has graded is not graded again, although its graded notebooks are not in this folder.
    assert classroom.grade().graded == []


def test_two_graders_grade_halves_by_the_command(server, tmp_path):
    """Each with a folder of its own, from nothing: both create the gradebook, release the chapter and grade."""
    url = server.new_database("halves", empty=True)
    template = Classroom(tmp_path / "template", "small")
    folders = [tmp_path / "one", tmp_path / "two"]
    students = ["ada", "bob", "cem", "dia", "eve", "fei"]
    for folder in folders:
        course.write_class_config(folder)
        with (folder / "nbgrader_config.py").open("a") as config:
            config.write(f"c.CourseDirectory.db_url = {url!r}\n")
        for student in students:
            path = folder / "submitted" / student / "small" / "small.ipynb"
            path.parent.mkdir(parents=True)
            nbformat.write(template.answered() if student < "d" else template.released(), path)
    arguments = ("grade", "small", "--jobs", "1", "--class-folder")
    graders = [
        Grader(
            lambda folder=folder, k=k: command(template.root / "source", *arguments, str(folder), "--shard", f"{k}/2"),
            folder / "log",
        )
        for k, folder in enumerate(folders, start=1)
    ]
    outputs = [grader.finish() for grader in graders]
    assert rows(url, JOURNAL) == [(student, 1) for student in students]
    assert rows(url, GRADES) == [(student, 10.0 if student < "d" else 0.0, None) for student in students]
    halves = [{path.name for path in (folder / "autograded").iterdir()} for folder in folders]
    assert all(halves) and not halves[0] & halves[1] and halves[0] | halves[1] == set(students)
    for k, folder in enumerate(folders, start=1):
        assert {path.name for path in (folder / "feedback").iterdir()} == halves[k - 1]
        assert {in_shard(student, k, 2) for student in halves[k - 1]} == {True}
    assert all("postgresql+psycopg://grader@" in output and "10/10" in output for output in outputs)


def test_plain_nbgrader_works_on_the_server(server, tmp_path):
    classroom = small_class(tmp_path / "plain", server.new_database("plain"))
    classroom.submit("ada")
    classroom.submit("bob", classroom.released())
    api = classroom.api()
    result = api.autograde("small", "*")
    assert result["success"], result["log"][-3000:]
    assert {entry["student"]: entry["score"] for entry in api.get_submissions("small")} == {"ada": 10.0, "bob": 0.0}
    with api.gradebook as gradebook:  # what formgrader asks for, and what it does when a person types
        (notebook,) = gradebook.notebook_submission_dicts("small", "small")[:1]
        assert notebook["max_score"] == 10.0
        gradebook.find_grade("f1_test", "small", "small", "bob").manual_score = 1.5
        gradebook.db.commit()
    assert api.autograde("small", "bob", force=True)["success"]
    assert rows(api.coursedir.db_url, GRADES) == [("ada", 10.0, None), ("bob", 0.0, 1.5)]
    assert api.generate_feedback("small", "*")["success"]
    with ServerClaims(api.coursedir.db_url, "small") as other:
        assert other.take("bob")
        log = api.autograde("small", "bob", force=True)["log"]
    assert "another grader is grading it at the moment: bob" in log
    assert rows(api.coursedir.db_url, JOURNAL) == [("ada", 1), ("bob", 2)]


# --- races ------------------------------------------------------------------------------------------------------------


def _create(url, barrier, results):
    barrier.wait(60)
    with database.open_gradebook(url, "course") as gradebook:
        journal.prepare(gradebook.db)
        results.put(journal.secret(gradebook.db))


def test_graders_who_start_at_once_make_one_gradebook(server):
    url = server.new_database("created", empty=True)
    context = multiprocessing.get_context("fork")
    barrier, results = context.Barrier(4), context.Queue()
    graders = [context.Process(target=_create, args=(url, barrier, results)) for _ in range(4)]
    for grader in graders:
        grader.start()
    secrets = {results.get(timeout=120) for _ in graders}
    for grader in graders:
        grader.join(60)
    assert [grader.exitcode for grader in graders] == [0] * 4
    assert len(secrets) == 1
    assert rows(url, "SELECT count(*) FROM grading_secret") == rows(url, "SELECT count(*) FROM course") == [(1,)]


def test_the_same_student_saved_by_several_at_once_is_one_row(server, tmp_path):
    classroom = small_class(tmp_path / "rows", server.new_database("rows"))
    failures = []

    def save(k):
        try:
            ledger = Ledger(classroom.api().coursedir, "small", late.LatePolicy())
            ledger.folder = lambda student: tmp_path / f"files{k}" / student / "small"  # each its own folder
            for student in STUDENTS:
                ledger.save(record(student, k / 4))
            ledger.close()
        except Exception as problem:
            failures.append(problem)

    graders = [threading.Thread(target=save, args=(k,)) for k in range(4)]
    for grader in graders:
        grader.start()
    for grader in graders:
        grader.join(120)
    assert failures == []
    found = rows(classroom.api().coursedir.db_url, GRADES)
    assert [student for student, *_ in found] == STUDENTS
    # Each submission holds the five grades of one grader, not some of one and some of another.
    assert {points for _, points, _ in found} <= {0.0, 1.25, 2.5, 3.75}
    assert rows(classroom.api().coursedir.db_url, JOURNAL) == [(student, 4) for student in STUDENTS]


def test_a_save_waits_for_a_person_who_is_writing(server, tmp_path):
    classroom = small_class(tmp_path / "person", server.new_database("person"))
    url = classroom.api().coursedir.db_url
    ledger = Ledger(classroom.api().coursedir, "small", late.LatePolicy())
    ledger.save(record("ada", 0.5))
    with database.open_gradebook(url, "test") as gradebook:
        gradebook.find_grade("f1_test", "small", "small", "ada").manual_score = 0.25
        gradebook.db.flush()  # written, not yet committed
        saving = threading.Thread(target=ledger.save, args=(record("ada", 1.0),))
        saving.start()
        saving.join(0.5)
        assert saving.is_alive()
        gradebook.db.commit()
        saving.join(60)
    ledger.close()
    query = "SELECT auto_score, manual_score FROM grade WHERE needs_manual_grade"
    assert rows(url, query) == [(1.0, 0.25)], "the person's points stay, and get their second look"


def test_a_serialization_failure_is_tried_again(server):
    url = server.new_database("serial")
    with database.open_gradebook(url, "test") as gradebook:
        session = gradebook.db
        session.add(Student(id="ada", first_name=""))
        session.commit()
        tries = []

        def rename():
            session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            name = session.get(Student, "ada").first_name
            if not tries:
                other = database.create_engine(url)
                with other.begin() as connection:
                    connection.execute(text("UPDATE student SET first_name = 'x'"))
                other.dispose()
            tries.append(name)
            session.get(Student, "ada").first_name = name + "y"

        database.write(session, rename)
        assert tries == ["", "x"]
        assert rows(url, "SELECT first_name FROM student") == [("xy",)]
        with pytest.raises(DBAPIError):  # but what is wrong for good is not
            database.write(session, lambda: [tries.append(None), session.execute(text("SELECT 1 / 0"))])
        assert tries.count(None) == 1


def test_claims_are_exclusive_and_end_with_their_holder(server):
    url = server.new_database("claims")
    with ServerClaims(url, "ch01") as mine, ServerClaims(url, "ch01") as theirs, ServerClaims(url, "ch02") as others:
        assert mine.take("ada") and mine.take("ada")
        assert not theirs.take("ada") and theirs.take("bob") and others.take("ada")
        mine.give_back("ada")
        assert theirs.take("ada") and not mine.take("ada")
    with ServerClaims(url, "ch01") as later:
        assert later.take("ada") and later.take("bob")


def test_releasing_waits_for_saves_and_saves_for_releasing(server, tmp_path):
    classroom = small_class(tmp_path / "release", server.new_database("release"))
    ledger = Ledger(classroom.api().coursedir, "small", late.LatePolicy())
    with database.locked(classroom.api().coursedir.db_url, "release", "small"):
        saving = threading.Thread(target=ledger.save, args=(record("ada", 1.0),))
        saving.start()
        saving.join(0.5)
        assert saving.is_alive()
    saving.join(60)
    assert not saving.is_alive()
    assert ledger.session.query(Grade).count() == 5
    ledger.close()


def test_half_written_folders_of_others_are_left_alone(server, tmp_path):
    classroom = small_class(tmp_path / "sweep", server.new_database("sweep"))
    ledger = Ledger(classroom.api().coursedir, "small", late.LatePolicy())
    for student in ("ada", "bob"):
        (ledger.folder(student).with_name(".small.part")).mkdir(parents=True)
    url = classroom.api().coursedir.db_url
    with contextlib.closing(ledger), ServerClaims(url, "small") as mine, ServerClaims(url, "small") as theirs:
        assert theirs.take("bob")
        ledger.sweep(mine)
    left = [path.parent.name for path in (classroom.root / "autograded").glob("*/.small.part")]
    assert left == ["bob"]
