"""The documentation: every command on its pages is run, with the outcome they state; whatever else they name exists."""

import importlib.util
import re
import shlex
import shutil
import subprocess
import sys
import tomllib

import pytest

from autograder import course, publish
from autograder.__main__ import build_parser
from tests import scratch
from tests.docs.pages import (
    Command,
    commands,
    headings,
    inline_commands,
    links,
    missing_output,
    named_paths,
    pages,
    resolve,
    steps,
    stray_commands,
)
from tests.docs.reader import Reader

PAGES = pages()
STUDENTS = "docs/students/README.md"

# Commands that no test can run as they stand, why, and what is run in their place.
NOT_RUN = {
    "make lab": ("it serves until it is stopped; tests/test_lab.py serves and asks for a page", "make -n lab"),
    "jupyter lab": ("it serves until it is stopped", "jupyter lab --version"),
    "python -m venv .venv": ("the reader has one", "python -m venv --help"),
    ".venv/bin/python -m pip install --no-deps --extra-index-url https://download.pytorch.org/whl/cpu torch==2.13.0": (
        "it downloads 200 MB; CI runs it, in `make test`",
        "pip install --help",
    ),
    ".venv/bin/python -m pip install -c requirements.lock -e .": (
        "it downloads as much again; tests/test_published_install.py runs it by `make lab`",
        "pip install --help && test -f pyproject.toml && test -f requirements.lock",
    ),
    ".venv/bin/python -m utils.lab --configure": (
        "it needs what was installed",
        "python -m utils.lab --help | grep -e --configure",
    ),
    ".venv/bin/python -m utils.lab": ("it serves until it is stopped", "python -m utils.lab --help"),
    "make system": ("it needs root and the network; CI runs it", "make -n system"),
    "make bench": ("it takes minutes", "make -n bench && python -m autograder.engine.bench --help"),
    "python -m tests.engine.kills /tmp/kills 100": (
        "it takes half an hour; tests/engine/test_kills.py runs it",
        "true",
    ),
    "dask scheduler --port 8786": ("it serves; tests/engine/test_cluster.py does", "dask scheduler --help"),
    "dask worker tcp://SCHEDULER:8786 --nworkers 4 --nthreads 1": (
        "it serves; tests/engine/test_cluster.py does",
        "dask worker --help | grep -e --nworkers && dask worker --help | grep -e --nthreads",
    ),
    'make grade CLASS=myclass CHAPTER=ch00_reward_modeling ARGS="--scheduler tcp://SCHEDULER:8786"': (
        "it needs a cluster; tests/engine/test_cluster.py grades on one",
        'make -n grade CLASS=myclass ARGS="--scheduler tcp://SCHEDULER:8786"',
    ),
}
QUICK = {
    STUDENTS,
    "docs/README.md",
    "docs/assistants/README.md",
    "docs/instructors/README.md",
    "docs/maintainers/README.md",
}
WITH_COMMANDS = [page for page, text in PAGES.items() if steps(text)]


def as_run(block):
    """A block's steps, with stand-ins for the commands of `NOT_RUN`."""
    return [
        Command(NOT_RUN[step.line][1]) if isinstance(step, Command) and step.line in NOT_RUN else step for step in block
    ]


@pytest.mark.timeout(3600)
@pytest.mark.parametrize(
    "page", [pytest.param(page, marks=[] if page in QUICK else pytest.mark.slow) for page in WITH_COMMANDS]
)
def test_a_reader_can_do_what_a_page_says(page, tmp_path):
    reader = Reader(tmp_path / "course", edition="class" if page == STUDENTS else None)
    for block in steps(PAGES[page]):
        reader.do(as_run(block))


def test_both_editions_print_the_students_page():
    """So that the test above runs every command that a published README holds."""
    body = PAGES[STUDENTS].split("\n", 1)[1]
    for edition in publish.EDITIONS:
        assert publish._readme(edition).endswith(body)
        assert commands(publish._readme(edition)) == commands(PAGES[STUDENTS])


def test_every_command_that_is_not_run_stands_on_a_page():
    written = {command.line for text in PAGES.values() for command in commands(text)}
    assert set(NOT_RUN) <= written


@pytest.mark.parametrize("page", PAGES)
def test_commands_stand_in_console_blocks_only(page):
    assert stray_commands(PAGES[page]) == []


def targets():
    text = (course.COURSE / "Makefile").read_text(encoding="utf-8")
    return set(re.search(r"^\.PHONY: (.*)$", text, flags=re.MULTILINE)[1].split())


def parses(command):
    """Whether a command that is only named could be typed: the target, the subcommand, the flags exist."""
    words = shlex.split(command)
    if words[0] == "make":
        return words[1] in targets() and all(re.match(r"[A-Z]+=", word) for word in words[2:])
    if words[:3] == ["python", "-m", "autograder"]:
        given = [re.sub(r"^[A-Z]+$", "x", word) for word in words[3:]]
        try:
            build_parser().parse_args(given if len(given) > 1 else [*given, "--help"])
        except SystemExit as stopped:
            return stopped.code == 0
        return True
    if words[0] == "nbgrader":
        from nbgrader.apps.nbgraderapp import NbGraderApp

        return words[1] in NbGraderApp.subcommands
    if words[:2] == ["python", "-m"]:
        return importlib.util.find_spec(words[2]) is not None
    if words[0] in ("pip", "jupyter"):
        return shutil.which(words[0], path=str(course.COURSE / ".venv" / "bin") + ":" + sys.prefix + "/bin") is not None
    return False


@pytest.mark.parametrize(
    ("page", "command"), [(page, command) for page, text in PAGES.items() for command in inline_commands(text)]
)
def test_a_command_that_is_only_named_could_be_typed(page, command, capsys):
    assert parses(command)


@pytest.mark.parametrize(("page", "target"), [(page, target) for page, text in PAGES.items() for target in links(text)])
def test_a_link_leads_somewhere(page, target):
    if target.startswith(("http://", "https://")):
        return
    path, anchor = resolve(page, target)
    assert path.exists()
    if anchor:
        assert anchor in headings(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("page", "path"), sorted({(page, path) for page, text in PAGES.items() for path in named_paths(text)})
)
def test_a_file_that_a_page_names_exists(page, path):
    assert (course.COURSE / path).exists() or any(course.COURSE.rglob(path)), path


def test_a_test_that_a_page_names_exists():
    written = {
        name
        for path in (course.COURSE / "tests").rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    }
    named = {name for text in PAGES.values() for name in re.findall(r"`(test_\w+)`", text)}
    assert named
    assert named <= written


def test_every_page_is_on_the_map():
    """Whoever starts at docs/README.md comes to each page."""
    reached, new = set(), {"docs/README.md"}
    while new:
        page = new.pop()
        reached.add(page)
        linked = {resolve(page, target)[0].resolve() for target in links(PAGES[page]) if "://" not in target}
        new |= {path.relative_to(course.COURSE).as_posix() for path in linked if path.suffix == ".md"} - reached
    assert {page for page in PAGES if page.startswith("docs/")} <= reached


def test_versions_on_pages_are_those_of_the_project():
    dependencies = tomllib.loads((course.COURSE / "pyproject.toml").read_text(encoding="utf-8"))["project"][
        "dependencies"
    ]
    pinned = {version for text in PAGES.values() for version in re.findall(r"\b[a-z]+==[\d.]*\d", text)}
    assert pinned <= set(dependencies)


# --- the reader itself ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expected", "missing"),
    [
        (["one", "three"], None),
        (["one", "...", "three"], None),
        (["o...e", "th...", "3: ... files"], None),
        (["three", "one"], "one"),
        (["four"], "four"),
        (["on"], "on"),
    ],
)
def test_output_is_compared_line_by_line_in_order(expected, missing):
    assert missing_output(expected, "one\ntwo  \nthree\n3: 17 files\n") == missing


@pytest.mark.parametrize(
    ("block", "words"),
    [
        ("$ echo hello\nhallo", "does not print 'hallo'"),
        ("$ exit 3", "exits with 3"),
        ("$ true  # exits with 2", "exits with 0"),
    ],
)
def test_a_page_that_is_wrong_is_noticed(block, words, tmp_path, monkeypatch):
    monkeypatch.setattr(scratch, "copy_course", lambda folder: folder.mkdir())
    reader = Reader(tmp_path / "course")
    with pytest.raises(AssertionError, match=words):
        for steps_of_block in steps(f"```console\n{block}\n```\n"):
            reader.do(steps_of_block)


@pytest.mark.parametrize("edition", [None, "class"])
def test_the_reader_installs_nothing(edition, tmp_path):
    """`make` finds the environment ready, whatever is newer in the copy."""
    reader = Reader(tmp_path / "course", edition=edition)
    reader.run(Command("touch pyproject.toml requirements.lock"), reader.folder)
    outcome = subprocess.run(["make", "-n", "lab"], cwd=reader.folder, capture_output=True, text=True)
    assert "pip install" not in outcome.stdout
