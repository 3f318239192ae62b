"""A new exercise of each type: scaffolded, half done, filled in, released and graded; and what lint says to each omission."""

import json
import re
import shutil

import pytest

from autograder import course, new_exercise, sample_class
from autograder.new_exercise import Request
from tests import scratch
from tests.authored import NOTEBOOK, REQUESTS, arguments, authored, fill_in, fill_in_chapter
from tests.omissions import OMISSIONS

pytestmark = pytest.mark.xdist_group("new exercise")  # one worker writes the chapter once


@pytest.fixture(scope="module")
def begun(tmp_path_factory):
    """A course with a chapter of five exercises, as the command leaves it; and what commands say of it."""
    folder = scratch.copy_course(tmp_path_factory.mktemp("authors") / "course", chapters=("ch00",))
    asked = [arguments(request, begin_chapter=request is REQUESTS[0]) for request in REQUESTS]
    *written, lint, release = scratch.run_commands(folder, *asked, ["lint"], ["release"])
    assert [code for code, _ in written] == [0] * len(REQUESTS), written
    return folder, lint, release


@pytest.fixture(scope="module")
def done(begun, tmp_path_factory):
    """The same course after its author is through."""
    folder = shutil.copytree(begun[0], tmp_path_factory.mktemp("authors") / "done")
    fill_in_chapter(folder)
    for request in REQUESTS:
        fill_in(folder, request, authored(request.kind))
    return folder


def test_lint_names_file_and_place_of_every_placeholder(begun):
    folder, (code, said), _ = begun
    assert code == 1
    for path in [path for path in course.chapter_files("ch10") if path.parent.name != "claims"]:
        path = course.display(path)
        lines = [
            str(i)
            for i, line in enumerate((folder / path).read_text().split("\n"), 1)
            for _ in re.findall("TODO", line)
        ]
        assert lines
        assert re.findall(rf"^{re.escape(path)}: line (\d+): still to write: \S", said, flags=re.MULTILINE) == lines
    notebook = f"source/{NOTEBOOK}/{NOTEBOOK}.ipynb"
    places = re.findall(rf"^{notebook}: cell \d+(?:, exercise 10\.\d)?: still to write: \S", said, flags=re.MULTILINE)
    assert len(places) == (folder / notebook).read_text().count("TODO")


def test_a_half_done_exercise_is_not_released(begun):
    folder, _, (code, said) = begun
    assert code == 1
    assert "problems in source/: nothing was released" in said
    assert not (folder / "release" / NOTEBOOK).exists()


def test_asking_twice_changes_nothing(begun):
    folder, *_ = begun
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    ((code, said),) = scratch.run_commands(folder, arguments(REQUESTS[2]))
    assert code == 2
    assert said.startswith("python -m autograder new-exercise: exercise_id: 10.3 is taken")
    assert said.endswith("nothing was written\n")
    assert said.count("\n") == 1
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


@pytest.fixture(scope="module")
def said(done):
    """What lint says of the finished chapter, and with each omission."""
    outcome = scratch.run(done, "-m", "tests.omissions")
    assert outcome.returncode == 0, outcome.stdout
    return json.loads(outcome.stdout)


def test_lint_has_nothing_to_say_of_the_finished_chapter(said):
    assert said[""] == []


@pytest.mark.parametrize("omission", OMISSIONS)
def test_lint_names_an_omission(omission, said):
    assert any(OMISSIONS[omission].says in problem for problem in said[omission]), said[omission]


@pytest.fixture(scope="module")
def released(done):
    """The finished chapter, released."""
    ((code, said),) = scratch.run_commands(done, ["release"])
    assert code == 0, said
    assert "leaks: 0" in said
    return done


def test_every_answer_of_its_bank_gets_the_points_and_the_message_it_should(released):
    outcome = scratch.run(released, "-m", "pytest", "-n", "0", "-q", "-k", "ch10", "tests/test_bank.py")
    assert outcome.returncode == 0, outcome.stdout
    entries = sum(
        authored(request.kind)["bank"].count(f"        {kind}(") for request in REQUESTS for kind in ("Right", "Wrong")
    )
    assert int(re.search(r"(\d+) passed", outcome.stdout)[1]) > entries


@pytest.mark.slow
def test_a_class_of_the_finished_chapter_is_graded(released):
    """Right answers in three styles, an untouched copy and every wrong answer, through the grading engine."""
    graded = scratch.run(released, "-m", "autograder", "sample-class", NOTEBOOK, "--jobs", "1")
    assert graded.returncode == 0, graded.stdout
    assert "Right answers at full marks: 15 of 15" in graded.stdout
    assert f"Wrong or missing answers below full marks: {5 * (sample_class.FEWEST_STUDENTS - 3)} of 45" in graded.stdout


@pytest.mark.slow
def test_the_finished_chapter_passes_its_own_tests(released):
    outcome = scratch.run(released, "-m", "pytest", "-n", "0", "-q", "-k", "ch10 or contract", timeout=1200)
    assert outcome.returncode == 0, outcome.stdout[-3000:]
    assert int(re.search(r"(\d+) passed", outcome.stdout)[1]) > 60


@pytest.mark.slow
def test_a_half_done_exercise_fails_the_tests(begun):
    outcome = scratch.run(begun[0], "-m", "pytest", "-n", "0", "-q", "tests/test_release.py::test_the_contract_holds")
    assert outcome.returncode == 1
    assert "still to write" in outcome.stdout


# --- what is refused --------------------------------------------------------------------------------------------------

GOOD = {"notebook": "ch03_dpo_loss", "id": "3.20", "type": "build", "title": "Hinge", "name": "hinge_loss"}
REFUSED = {
    "a wrong type": ({"type": "quiz"}, "type: there is no 'quiz'; there are derive, trace, build, debug, design"),
    "an unknown chapter": ({"notebook": "ch77_none"}, "chapter: there is no 'ch77_none'; there are ch00"),
    "another chapter's number": ({"id": "4.20"}, "exercise_id: exercises of ch03_dpo_loss are numbered 3.1 and so on"),
    "no number": ({"id": "new"}, "exercise_id: exercises of"),
    "a number that is taken": (
        {"id": "3.5"},
        "exercise_id: 3.5 is taken, see source/ch03_dpo_loss/ch03_dpo_loss.ipynb",
    ),
    "a name that is taken": ({"name": "ipo_loss"}, "name: ipo_loss is taken, see"),
    "a name of the library": (
        {"name": "implicit_reward"},
        "name: implicit_reward is taken, see utils/solutions/ch03.py",
    ),
    "a name of the notebook": ({"name": "log_probs"}, "name: log_probs is taken, see source/ch03"),
    "a name of the hidden tests": ({"name": "_draw"}, "name: _draw is taken, see autograder/hidden_tests/ch03.py"),
    "a name that the notebook imports": ({"name": "check"}, "name: check is taken, see source/ch03"),
    "a name of Python's own": ({"name": "sum"}, "name: sum is Python's own"),
    "no name": ({"name": None}, "name: a Build exercise needs the name of a function"),
    "a name too many": ({"type": "trace"}, "name: a Trace exercise has no function to name"),
    "no function": ({"name": "hinge loss"}, "name: 'hinge loss' is no function"),
    "parameters without names": ({"name": "hinge(*args)"}, "name: 'hinge(*args)' must have parameters"),
    "an unknown predecessor": ({"after": "3.17"}, "after: ch03_dpo_loss has no exercise '3.17'; it has 3.1, 3.2"),
    "no title": ({"title": " "}, "title: must be one line"),
    "no points": ({"points": 0}, "points and minutes: must be 1 or more"),
    "too difficult": ({"difficulty": 4}, "difficulty: must be 1, 2 or 3"),
    "a new chapter that exists": ({"new_chapter": "DPO"}, "new-chapter: source/ch03_dpo_loss is there already"),
    "a badly named chapter": (
        {"notebook": "chapter ten", "new_chapter": "Ten"},
        "chapter: a new chapter is called like",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_does_not_fit_is_refused_in_one_line(case):
    changes, words = REFUSED[case]
    with pytest.raises(ValueError, match=re.escape(words)) as refusal:
        new_exercise.new_exercise(Request(**GOOD | changes))
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("after", "before"),
    [(None, "## 3.9 Using it: a policy that spells"), ("3.2", "### Exercise 3.3"), ("3.5", "### Exercise 3.6")],
)
def test_an_exercise_goes_to_the_end_of_a_passage(after, before):
    import nbformat

    texts = new_exercise.new_exercise(Request(**GOOD, after=after))
    notebook = nbformat.reads(texts[course.source_notebook("ch03_dpo_loss")], as_version=4)
    sources = [cell.source for cell in notebook.cells]
    i = next(i for i, source in enumerate(sources) if source.startswith("### Exercise 3.20"))
    assert sources[i + 6].startswith(before)  # statement, answer, test, and the three cells that use the function
    rulers = re.findall(r"^# --- (\S+) ", texts[course.chapter_files("ch03")[2]], flags=re.MULTILINE)
    keys = re.findall(r'^    "(3\.\d+)": \[', texts[course.chapter_files("ch03")[3]], flags=re.MULTILINE)
    order = ["3.1", "3.2", "3.3", "3.4", "3.5", "3.6", "3.7"]
    order.insert(order.index(after or "3.7") + 1, "3.20")
    assert rulers == keys == order


def test_a_file_that_looks_otherwise_is_left_alone(tmp_path, monkeypatch):
    """Names over several lines, where the command expects one."""
    folder = scratch.copy_course(tmp_path / "course", chapters=("ch03",))
    hidden_tests = folder / "autograder" / "hidden_tests" / "ch03.py"
    text = hidden_tests.read_text(encoding="utf-8")
    line = re.search(r"^from autograder\.marking import (.*)$", text, flags=re.MULTILINE)
    hidden_tests.write_text(
        text.replace(line[0], f"from autograder.marking import (\n    {line[1]},\n)"), encoding="utf-8"
    )
    monkeypatch.setattr(course, "COURSE", folder)
    monkeypatch.setattr(course, "SOURCE", folder / "source")
    with pytest.raises(ValueError, match=r"ch03\.py, line \d+ would not be Python any more .*; nothing was written"):
        new_exercise.new_exercise(Request(**GOOD))


def test_all_files_are_written_or_none(tmp_path):
    (tmp_path / "a").write_text("old")
    (tmp_path / "taken").write_text("a file where a folder is needed")
    with pytest.raises(ValueError, match="nothing was written"):
        new_exercise.write({tmp_path / "a": "new", tmp_path / "taken" / "b": "new"})
    assert (tmp_path / "a").read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "taken"]
