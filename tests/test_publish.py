"""Both editions hold what a student needs, the class edition nothing more, and equal sources give equal bytes."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from autograder import publish, release
from tests.chapters import CHAPTERS
from utils import progress, solution

pytestmark = pytest.mark.xdist_group("publish")  # one worker publishes once


@pytest.fixture(scope="module")
def editions(tmp_path_factory):
    root = tmp_path_factory.mktemp("published")
    for edition in publish.EDITIONS:
        publish.publish(edition, root / edition)
    return root


def files(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def test_the_class_edition_holds_nothing_of_the_staff(editions):
    for name, data in files(editions / "class").items():
        assert not name.startswith(("source", "autograder", "tests", "utils/solutions", "utils/revealed"))
        text = data.decode("utf-8", errors="replace")
        for word in release.FORBIDDEN:
            assert word not in text, f"{name} holds {word!r}"


def test_the_self_study_edition_adds_the_solutions_and_says_so(editions):
    class_files, self_study = files(editions / "class"), files(editions / "self-study")
    extra = {f"utils/revealed/{number}.json" for number in CHAPTERS}
    assert set(self_study) - set(class_files) == extra
    assert {name for name in class_files if class_files[name] != self_study[name]} == {"README.md"}
    assert "self-study edition" in self_study["README.md"].decode()


def test_publishing_twice_gives_the_same_bytes(editions, tmp_path):
    publish.publish("class", tmp_path / "again")
    assert files(tmp_path / "again") == files(editions / "class")


def test_a_published_check_works_without_the_rest_of_the_course(editions, tmp_path):
    """Run far from the repository, with only the published utils on the path."""
    folder = shutil.copytree(editions / "class", tmp_path / "course")
    code = (
        f"import sys; sys.path[:0] = [{str(folder)!r}]; sys.meta_path = [f for f in sys.meta_path if 'editable' not in repr(f)]\n"
        "from utils.check import check; check('0.1', 0.818)\n"
        "from utils.progress import progress; progress('ch00_reward_modeling')\n"
        "from utils.solution import solution; solution('0.1')\n"
        "import utils, importlib.util\n"
        f"assert utils.__file__.startswith({str(folder)!r}), utils.__file__\n"
        "assert importlib.util.find_spec('autograder') is None\n"
    )
    outcome = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert outcome.returncode == 0, outcome.stderr
    assert "Exercise 0.1: right" in outcome.stdout
    assert "not part of this edition" in outcome.stdout


def test_solutions_are_shown_after_an_attempt(editions, monkeypatch, capsys):
    monkeypatch.setattr(solution, "REVEALED_FOLDER", editions / "self-study" / "utils" / "revealed")
    solution.solution("0.5")
    assert "try it first" in capsys.readouterr().out
    progress.record("0.5", right=False)
    solution.solution("0.5")
    shown = capsys.readouterr().out
    assert "np.logaddexp(0.0, r_lose - r_win)" in shown
    with pytest.raises(ValueError, match="there is no exercise"):
        solution.solution("77.7")


@pytest.mark.parametrize(
    ("edition", "words"), [("class", "opens once the exercise is solved"), ("self-study", "What is")]
)
def test_practice_is_open_in_the_self_study_edition(editions, edition, words, tmp_path):
    folder = editions / edition
    code = f"import sys; sys.path[:0] = [{str(folder)!r}]; from utils.practice import practice; practice('0.1')"
    environment = os.environ | {"COURSE_PROGRESS": str(tmp_path / "progress.sqlite")}
    outcome = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, cwd=tmp_path
    )
    assert words in outcome.stdout, outcome.stderr


def test_every_exercise_has_a_solution_to_show(editions):
    for number, chapter in CHAPTERS.items():
        shown = json.loads((editions / "self-study" / "utils" / "revealed" / f"{number}.json").read_text())
        for exercise_id, exercise in chapter.exercises.items():
            entry = shown[exercise_id]
            assert entry["code"] or entry["library"]  # an answer cell may hold nothing but the library's function
            assert entry["why"]
            if exercise.function:
                assert f"def {exercise.function}" in entry["library"] + entry["code"]


def test_the_start_page_lists_every_chapter(editions):
    page = (editions / "class" / "index.ipynb").read_text()
    for chapter in CHAPTERS.values():
        assert f"release/{chapter.notebook}/{chapter.notebook}.ipynb" in page


@pytest.mark.parametrize(("edition", "words"), [("teacher", "edition: must be one of"), ("class", "is not empty")])
def test_bad_arguments_are_named(edition, words, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match=words):
        publish.publish(edition, tmp_path)
