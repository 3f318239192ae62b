"""Written parts from the author's text to the student's feedback, and points given by hand through every kind of regrade."""

import contextlib
import json
import socket
import subprocess
import sys
import time
import urllib.request

import nbformat
import pytest
from nbgrader.api import Gradebook

from autograder import contract, course, grading, marking, notebooks, written
from autograder.__main__ import _shard, _students, build_parser
from autograder.engine.run import NothingToGrade, in_shard
from tests.chapters import CHAPTERS
from tests.engine.classroom import ANSWERS, Classroom
from tests.engine.inline import one_worker

pytestmark = pytest.mark.xdist_group("manual grading")
CHAPTER = "ch00_reward_modeling"
PART = """\
# %% [markdown] rubric="0.3b"
# #### Part 0.3b · 4 points · read by a person
#
# In two sentences: what does a tie say about the *level* of the two rewards?
#
# ### BEGIN MARK SCHEME
# - 3 points: nothing, since only the gap enters the model
# - 1 point: an example of two levels with the same probability
# ### END MARK SCHEME

# %% [markdown] written="0.3b"
# ### BEGIN SOLUTION
# Nothing: only the gap enters. Rewards 0 and 0 tie as 9 and 9 do.
# ### END SOLUTION
"""


def source_text():
    """Chapter 0 as an author edits it, with a written part behind exercise 0.3."""
    cells = notebooks.to_text(notebooks.read(course.source_notebook(CHAPTER))).split("\n# %%")
    place = next(i for i, cell in enumerate(cells) if cell.startswith(' test="0.3"'))
    return "\n# %%".join([*cells[: place + 1], PART.removeprefix("# %%"), *cells[place + 1 :]])


def small_source():
    """The first two exercises of it, with fewer imports."""
    notebook = notebooks.from_text(source_text(), CHAPTER)
    names = [cell.metadata.get("nbgrader", {}).get("grade_id") for cell in notebook.cells]
    first, last = names.index("ex0_1"), names.index("ex0_3_b")
    setup = notebook.cells[names.index("setup")]
    setup.source = "import numpy as np\n\nfrom utils.check import check"
    notebook.cells = [setup, *notebook.cells[first - 1 : last + 1]]
    return notebook


# --- the author's side ------------------------------------------------------------------------------------------------


def test_text_and_back_changes_nothing():
    notebook = notebooks.from_text(source_text(), CHAPTER)
    cells = {cell.metadata.nbgrader.grade_id: cell for cell in notebook.cells if "nbgrader" in cell.metadata}
    assert cells["ex0_3_b"].metadata.nbgrader == {
        "grade": True, "grade_id": "ex0_3_b", "locked": False, "points": 4, "schema_version": 3, "solution": True,
        "task": False,
    }  # fmt: skip
    assert cells["ex0_3_b_rubric"].metadata.nbgrader.locked and not cells["ex0_3_b_rubric"].metadata.nbgrader.grade
    assert notebooks.dumps(notebooks.from_text(notebooks.to_text(notebook), CHAPTER)) == notebooks.dumps(notebook)
    with pytest.raises(ValueError, match=r"the answer cell of part 0\.3b comes before its question"):
        notebooks.from_text(source_text().replace("Part 0.3b", "Part 0.3c"), CHAPTER)


def test_names_of_written_parts():
    assert written.part_grade_id("10.1d") == "ex10_1_d"
    assert written.part_id("ex10_1_d") == written.part_id("ex10_1_d_rubric") == "10.1d"
    assert written.part_id("ex10_1") is written.part_id("ex10_1_test") is written.part_id("f1") is None
    assert [grading.exercise_id(name) for name in ("ex0_5_test", "ex10_1_d")] == ["0.5", "10.1d"]
    assert grading.in_order({"0.10", "0.2", "0.2b", "10.1", "0.2a"}) == ["0.2", "0.2a", "0.2b", "0.10", "10.1"]


def problems(tmp_path, monkeypatch, text):
    notebook = notebooks.from_text(text, CHAPTER) if isinstance(text, str) else text
    (tmp_path / "source" / CHAPTER).mkdir(parents=True)
    path = tmp_path / "source" / CHAPTER / f"{CHAPTER}.ipynb"
    path.write_text(notebooks.dumps(notebooks.canonical(notebook)), encoding="utf-8")
    for folder in ("tests", "utils", "autograder"):
        (tmp_path / folder).symlink_to(course.COURSE / folder)
    monkeypatch.setattr(course, "SOURCE", tmp_path / "source")
    monkeypatch.setattr(course, "COURSE", tmp_path)
    monkeypatch.setattr(marking, "chapters", lambda: [CHAPTERS["ch00"]])
    return [str(problem) for problem in contract.problems()]


def test_a_written_part_passes_lint(tmp_path, monkeypatch):
    assert problems(tmp_path, monkeypatch, source_text()) == []


MISSING = {  # what an author forgets, and what lint says
    "# ### BEGIN MARK SCHEME\n": "0.3b: has no mark scheme between ### BEGIN MARK SCHEME and ### END MARK SCHEME",
    "# - 3 points: nothing, since only the gap enters the model\n": "0.3b: the mark scheme gives 1 points, the heading says 4",
    "# In two sentences: what does a tie say about the *level* of the two rewards?\n": "0.3b: asks nothing",
    "# Nothing: only the gap enters. Rewards 0 and 0 tie as 9 and 9 do.\n": "0.3b: the answer cell holds no model answer",
    " · read by a person": "0.3: the heading of a written part must read '#### Part 10.1d · 4 points · read by a person'",
    "points: nothing, since": "0.3b: the mark scheme gives 1 points",
}


@pytest.mark.parametrize("words", MISSING)
def test_lint_says_what_is_missing(words, tmp_path, monkeypatch):
    notebook = notebooks.from_text(source_text(), CHAPTER)
    for cell in notebook.cells:  # as an author edits in JupyterLab, where nothing else changes
        plain = words.replace("# ", "", 1) if words.startswith("# ") else words
        if cell.metadata.get("nbgrader", {}).get("grade_id", "").startswith("ex0_3_b"):
            cell.source = cell.source.replace(plain.rstrip("\n"), "")
    assert any(MISSING[words] in problem for problem in problems(tmp_path, monkeypatch, notebook))


def _drop(name):
    def edit(cells):
        del cells[_place(cells, name)]

    return edit


def _place(cells, name):
    return next(i for i, cell in enumerate(cells) if cell.metadata.get("nbgrader", {}).get("grade_id") == name)


def _set(name, **values):
    return lambda cells: cells[_place(cells, name)].metadata.nbgrader.update(values)


def _add(name, words):
    def edit(cells):
        cells[_place(cells, name)].source += words

    return edit


def _move_away(cells):
    place = _place(cells, "ex0_3_b_rubric")
    cells[3:3] = [cells.pop(place), cells.pop(place)]


EDITS = {
    "no question": (_drop("ex0_3_b_rubric"), "ex0_3_b: no question cell stands before it"),
    "no answer cell": (_drop("ex0_3_b"), "0.3b: the cell after the question must be the answer cell"),
    "other points": (_set("ex0_3_b", points=5), "0.3b: the cell after the question must be the answer cell"),
    "an open question": (_set("ex0_3_b_rubric", locked=False), "0.3b: the question must be locked"),
    "rubric with the answer": (
        _add("ex0_3_b", "\n### BEGIN MARK SCHEME\n### END MARK SCHEME"), "0.3b: the mark scheme belongs into the question",
    ),
    "rubric elsewhere": (_add("setup", "\n# MARK SCHEME"), "holds a mark scheme, which belongs into the question cell"),
    "far from its exercise": (_move_away, "ex0_3_b is an answer or test cell outside the cells of an exercise"),
}  # fmt: skip


@pytest.mark.parametrize("edit", EDITS)
def test_lint_names_what_is_not_in_its_place(edit, tmp_path, monkeypatch):
    notebook = notebooks.from_text(source_text(), CHAPTER)
    change, words = EDITS[edit]
    change(notebook.cells)
    found = problems(tmp_path, monkeypatch, notebook)
    assert any(words in problem for problem in found), found


# --- a class ----------------------------------------------------------------------------------------------------------

ESSAY = "Nothing, for $r_a<r_b$ matters only by the gap. <script>alert(1)</script>\n\n### BEGIN MARK SCHEME"
RIGHT = {"ex0_1": ANSWERS["ex0_1"], "ex0_3": ANSWERS["ex0_3"]}


@pytest.fixture(scope="module")
def classroom(tmp_path_factory):
    """Four students, graded by the machine."""
    with one_worker():
        yield _graded(tmp_path_factory)


def _graded(tmp_path_factory):
    made = Classroom(tmp_path_factory.mktemp("written"), CHAPTER, notebook=small_source())
    made.submit("essay", made.answered(RIGHT | {"ex0_3_b": ESSAY}))
    made.submit("blank", made.answered(RIGHT | {"ex0_3_b": " \n"}))
    made.submit("untouched", made.released())
    made.submit("stub", made.answered(RIGHT | {"ex0_3_b": made.released().cells[-1].source + "\n"}))
    made.summary = made.grade()
    return made


def marks(classroom, student):
    """By cell: automatic points, points by hand, whether a person has to look."""
    return {cell: tuple(rest) for who, cell, *rest in classroom.rows() if who == student}


def comments(classroom, student):
    with Gradebook(classroom.api().coursedir.db_url) as gradebook:
        (notebook,) = gradebook.find_submission(CHAPTER, student).notebooks
        return {comment.name: (comment.auto_comment, comment.manual_comment) for comment in notebook.comments}


def by_hand(classroom, student, cell, points, comment=None):
    """What formgrader's handlers do when a person types."""
    with Gradebook(classroom.api().coursedir.db_url) as gradebook:
        grade = gradebook.find_grade(cell, CHAPTER, CHAPTER, student)
        grade.manual_score, grade.needs_manual_grade = points, False
        if comment:
            gradebook.find_comment(cell, CHAPTER, CHAPTER, student).manual_comment = comment
        gradebook.db.commit()


def page(classroom, student):
    path = classroom.root / "feedback" / student / CHAPTER / f"{CHAPTER}.html"
    return path.read_text(encoding="utf-8")


def test_the_release_asks_and_gives_nothing_away(classroom):
    question, answer = classroom.released().cells[-2:]
    assert question.source.startswith("#### Part 0.3b · 4 points · read by a person\n\nIn two sentences")
    assert answer.source == "*Write your answer here, in place of this line.*"
    assert (
        question.metadata.editable is False and answer.metadata.deletable is False and "editable" not in answer.metadata
    )
    text = (classroom.root / "release" / CHAPTER / f"{CHAPTER}.ipynb").read_text(encoding="utf-8")
    assert not [words for words in ("MARK SCHEME", "since only the gap", "Rewards 0 and 0") if words in text]


def test_what_is_written_waits_for_a_person_and_what_is_not_gets_nothing(classroom):
    assert marks(classroom, "essay") == {
        "ex0_1_test": (1.0, None, 0),
        "ex0_3_test": (1.0, None, 0),
        "ex0_3_b": (None, None, 1),
    }
    for student in ("blank", "stub"):
        assert marks(classroom, student)["ex0_3_b"] == (0.0, None, 0)
        assert comments(classroom, student) == {
            "ex0_1": (None, None), "ex0_3": (None, None), "ex0_3_b": ("No response.", None),
        }  # fmt: skip
    assert set(marks(classroom, "untouched").values()) == {(0.0, None, 0)}
    assert classroom.summary.failed == {} and classroom.summary.remarks == {}


@contextlib.contextmanager
def formgrader(root):
    """A Jupyter server with formgrader, asked as a browser asks; yields a function of method, path and content."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = {
        "ServerApp.port": port, "ServerApp.port_retries": 0, "ServerApp.open_browser": False, "ServerApp.allow_root": True,
        "IdentityProvider.token": "word", "ServerApp.root_dir": str(root),
        "ServerApp.jpserver_extensions": "{'nbgrader.server_extensions.formgrader': True}",
    }  # fmt: skip
    command = [sys.executable, "-m", "jupyter_server", *(f"--{name}={value}" for name, value in options.items())]
    log = root.parent / "server.log"
    with log.open("w") as file:
        server = subprocess.Popen(command, cwd=root, stdout=file, stderr=subprocess.STDOUT)

    def ask(method, path, content=None):
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/formgrader/{path}", method=method,
            data=None if content is None else json.dumps(content).encode(), headers={"Authorization": "token word"},
        )  # fmt: skip
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.read().decode()

    try:
        for _ in range(600):
            assert server.poll() is None, log.read_text()
            with contextlib.suppress(OSError):
                ask("GET", "api/status")
                break
            time.sleep(0.1)
        yield ask
    finally:
        server.terminate()
        server.wait(30)


def test_a_person_reads_and_marks_in_formgrader(classroom):
    with formgrader(classroom.root) as ask:
        listed = json.loads(ask("GET", f"api/submitted_notebooks/{CHAPTER}/{CHAPTER}"))
        waiting = [entry for entry in listed if entry["needs_manual_grade"]]
        assert [entry["student"] for entry in waiting] == ["essay"]
        shown = ask("GET", f"submissions/{waiting[0]['id']}/")
        assert "since only the gap enters the model" in shown, "the mark scheme stands beside the answer"
        assert "matters only by the gap" in shown and "<script>alert(1)" not in shown
        assert 'id="ex0_3_b"' in shown and 'id="ex0_3_b-comment"' in shown
        (grade,) = [
            entry
            for entry in json.loads(ask("GET", f"api/grades?submission_id={waiting[0]['id']}"))
            if entry["name"] == "ex0_3_b"
        ]
        ask("PUT", f"api/grade/{grade['id']}", grade | {"manual_score": 3, "extra_credit": None})
        (comment,) = [
            entry
            for entry in json.loads(ask("GET", f"api/comments?submission_id={waiting[0]['id']}"))
            if entry["name"] == "ex0_3_b"
        ]
        ask("PUT", f"api/comment/{comment['id']}", comment | {"manual_comment": "An example is missing."})
    assert marks(classroom, "essay")["ex0_3_b"] == (None, 3.0, 0)


def test_points_and_comment_are_in_feedback_and_exports_and_the_mark_scheme_is_not(classroom):
    assert classroom.api().generate_feedback(CHAPTER, "*")["success"]
    shown = page(classroom, "essay")
    assert (
        "Score: 3.0 / 4.0" in shown
        and "An example is missing." in shown
        and "ch00_reward_modeling: 5 of 6 points" in shown
    )
    assert "In two sentences" in shown and "since only the gap" not in shown
    assert "matters only by the gap" in shown and "<script>alert(1)" not in shown
    assert "No response." in page(classroom, "blank")
    scores = grading.read_scores(classroom.root, CHAPTER)
    assert scores["essay"]["0.3b"] == grading.Score(3.0, 4.0) and scores["blank"]["0.3b"] == grading.Score(0.0, 4.0)
    subprocess.run(
        [sys.executable, "-m", "nbgrader", "export", "--to", "grades.csv"],
        cwd=classroom.root,
        check=True,
        capture_output=True,
    )
    (line,) = [line for line in (classroom.root / "grades.csv").read_text().splitlines() if ",essay," in line]
    assert line.endswith(",5.0,0.0,5.0,6.0")


def test_one_line_shows_students_the_mark_scheme(classroom):
    classroom.configure("c.HideTests.show_mark_scheme = True")
    assert classroom.api().generate_feedback(CHAPTER, "essay", force=True)["success"]
    assert "since only the gap" in page(classroom, "essay")
    classroom.configure()


# --- points by hand through every kind of regrade; these tests go on from one another -----------------------------------

BY_HAND = {"ex0_3_b": 3.0, "ex0_1_test": 0.75}  # of a written part, and in place of a machine's points
COMMENTS = {"ex0_1": (None, None), "ex0_3": (None, None), "ex0_3_b": (None, "An example is missing.")}


def look_again(classroom):
    """A person looks again at everything and agrees."""
    for cell, points in BY_HAND.items():
        by_hand(classroom, "essay", cell, points)


def survives(classroom, looked_at=tuple(BY_HAND)):
    """Whether the points by hand are there, those in `looked_at` marked for a second look; then they get it."""
    found = marks(classroom, "essay")
    assert {cell: by_hand for cell, (_, by_hand, _) in found.items() if by_hand is not None} == BY_HAND
    assert {cell for cell, (_, _, needs) in found.items() if needs} == set(looked_at)
    assert comments(classroom, "essay")["ex0_3_b"][1] == "An example is missing."
    look_again(classroom)


def test_a_class_run_keeps_them(classroom):
    look_again(classroom)
    assert classroom.grade(force=True).failed == {}
    survives(classroom)
    assert comments(classroom, "essay") == COMMENTS


def test_plain_nbgrader_keeps_them(classroom):
    assert classroom.api().autograde(CHAPTER, "essay", force=True)["success"]
    survives(classroom)
    assert comments(classroom, "essay") == COMMENTS


def test_grading_one_student_keeps_them_and_leaves_the_others(classroom):
    before = {path: path.stat().st_mtime_ns for path in classroom.root.glob("autograded/*/*/*.ipynb")}
    assert classroom.grade(students=["essay"], force=True).graded == ["essay"]
    survives(classroom)
    after = {path: path.stat().st_mtime_ns for path in before}
    assert {path.parts[-3] for path in before if before[path] != after[path]} == {"essay"}
    with pytest.raises(NothingToGrade, match=r"by 'esay' in .*; did you mean essay\?"):
        classroom.grade(students=["esay"])


def change_tests(classroom, points):
    """Release with other hidden tests, which give these points whatever the answer."""
    path = classroom.root / "source" / CHAPTER / f"{CHAPTER}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if name in points:
            visible = cell.source.split("\n")[0]
            cell.source = f"{visible}\n### BEGIN HIDDEN TESTS\n{points[name]}\n### END HIDDEN TESTS"
    path.write_text(nbformat.writes(notebook))
    assert classroom.api().generate_assignment(CHAPTER, force=True)["success"]


def outputs(classroom, student):
    return {cell.metadata.nbgrader.grade_id: cell.outputs for cell in classroom.graded(student).cells
            if cell.cell_type == "code" and "nbgrader" in cell.metadata}  # fmt: skip


def test_grading_one_exercise_changes_nothing_else(classroom):
    change_tests(classroom, {"ex0_1_test": 0.25, "ex0_3_test": 0.5})
    classroom.submit("stub", classroom.answered(RIGHT))  # handed in anew: nothing to change a part of
    classroom.submit("newcomer", classroom.answered(RIGHT))
    before = {student: marks(classroom, student) for student in ("essay", "blank", "untouched", "stub")}
    shown = outputs(classroom, "essay")
    summary = classroom.grade(exercise="0.3")
    assert sorted(summary.graded) == ["blank", "essay", "untouched"] and sorted(summary.not_whole) == [
        "newcomer",
        "stub",
    ]
    assert "not graded, grade them whole first: newcomer, stub" in summary.lines()
    for student in ("essay", "blank", "untouched"):
        assert marks(classroom, student) == before[student] | {"ex0_3_test": (0.5, None, 0)}
    assert marks(classroom, "stub") == before["stub"] and marks(classroom, "newcomer") == {}
    survives(classroom, looked_at=())
    after = outputs(classroom, "essay")
    assert {name for name in after if after[name] != shown[name]} == {"ex0_3_test"}
    again = classroom.grade(exercise="0.3")
    assert again.graded == [] and sorted(again.unchanged) == ["blank", "essay", "untouched"]
    with pytest.raises(ValueError, match=r"exercise: '0\.3b' has no test; the tests are ex0_1_test, ex0_3_test"):
        classroom.grade(exercise="0.3b")


def test_a_changed_test_keeps_them(classroom):
    summary = classroom.grade()  # whole: the rest of the tests changed, too
    assert sorted(summary.graded) == ["blank", "essay", "newcomer", "stub", "untouched"]
    assert marks(classroom, "blank") == {
        "ex0_1_test": (0.25, None, 0), "ex0_3_test": (0.5, None, 0), "ex0_3_b": (0.0, None, 0),
    }  # fmt: skip
    assert marks(classroom, "essay")["ex0_1_test"] == (0.25, 0.75, 1)
    survives(classroom)
    assert classroom.grade(exercise="0.3").graded == []


def test_a_new_submission_keeps_them(classroom):
    classroom.submit("essay", classroom.answered(RIGHT | {"ex0_3_b": "Something else."}))
    assert classroom.grade().graded == ["essay"]
    survives(classroom)
    classroom.submit("essay", classroom.answered(RIGHT))  # and also when the answer is gone
    assert classroom.grade().graded == ["essay"]
    assert marks(classroom, "essay")["ex0_3_b"] == (0.0, 3.0, 1)
    survives(classroom)
    assert comments(classroom, "essay")["ex0_3_b"] == ("No response.", "An example is missing.")


# --- the command's options --------------------------------------------------------------------------------------------


def test_students_and_shards_are_read(tmp_path):
    (tmp_path / "half.txt").write_text("ada\n# not bob\n\n cem \n")
    arguments = build_parser().parse_args(
        ["grade", CHAPTER, "--student", "dia", "--student", "eve", "--students-file", str(tmp_path / "half.txt")]
    )
    assert _students(arguments) == ["dia", "eve", "ada", "cem"]
    assert _students(build_parser().parse_args(["grade", CHAPTER])) is None
    assert _shard("2/3") == (2, 3) and _shard(None) is None
    for text in ("3/2", "0/2", "half", "1/0", "1/2/3"):
        with pytest.raises(ValueError, match="--shard: must be K/N"):
            _shard(text)


def test_shards_divide_a_class_about_equally_whoever_is_in_it():
    students = [f"student{i:03d}" for i in range(300)]
    parts = [{student for student in students if in_shard(student, k, 3)} for k in (1, 2, 3)]
    assert set.union(*parts) == set(students) and sum(map(len, parts)) == 300
    assert all(80 <= len(part) <= 120 for part in parts)
