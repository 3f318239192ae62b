"""`python -m autograder publish`: write a student repository, in the class or the self-study edition."""

import inspect
import json
import re
import tomllib
from pathlib import Path

import nbformat

from autograder import course, marking, notebooks, release
from utils.catalogue import grade_id, read_notebook

EDITIONS = ("class", "self-study")
COPIED = ("environment.yml", "LICENSE", "LICENSE-TEXT.md", "postBuild", "requirements.lock")
EXECUTABLE = ("postBuild",)

MAKEFILE = """\
# make lab    JupyterLab on the course (ARGS=--no-browser prints the address)

PYTHON ?= python3
BIN := .venv/bin
export OMP_NUM_THREADS := 1

.PHONY: lab

lab: .venv/.ready
	@$(BIN)/python -m utils.lab $(ARGS)

# torch goes first and alone. PyPI's build for Linux brings four gigabytes for graphics cards; this index has one without.
CPU_BUILDS := --retries 2 --extra-index-url https://download.pytorch.org/whl/cpu
.venv/.ready: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info < (3, 14) else \\
		"Python 3.11 to 3.13 is needed; make lab PYTHON=/path/to/python3.12 picks one")'
	@echo "Installing the course into .venv, this once: a few minutes."
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps $(CPU_BUILDS) torch==2.13.0
	@echo "Half of it is done."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c requirements.lock -e .
	@$(BIN)/python -m utils.lab --configure
	@touch .venv/.ready
"""


def publish(edition, destination):
    """Write a complete student repository.

    Parameters
    ----------
    edition : {"class", "self-study"}
        The class edition holds no solution, no hidden test and no answer in clear text. The self-study edition holds the
        solutions too, which `utils.solution.solution` shows after an attempt.
    destination : str or pathlib.Path
        A folder that does not exist yet or is empty.

    Returns
    -------
    list of pathlib.Path
        What was written, relative to `destination`.

    Raises
    ------
    ValueError
        If an argument does not fit, or release/ is stale or holds something of the staff's.
    """
    if edition not in EDITIONS:
        raise ValueError(f"edition: must be one of {', '.join(EDITIONS)}, not {edition!r}")
    destination = Path(destination)
    if destination.exists() and any(destination.iterdir()):
        raise ValueError(f"destination: {destination} is not empty")
    problems = release.stale_files() + release.leaks()
    if problems:
        raise ValueError(f"release/ is not fit to be published, run `make release`: {'; '.join(problems[:5])}")
    files = contents(edition)
    for name, data in files.items():
        path = destination / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        path.chmod(0o755 if name.name in EXECUTABLE else 0o644)
    return list(files)


def contents(edition):
    """Every file of an edition.

    Returns
    -------
    dict of pathlib.Path to bytes
        From relative path to content, sorted; the same bytes whenever and wherever it is called.
    """
    files = {path.relative_to(course.COURSE): path.read_bytes() for path in release.student_files()}
    files |= {Path(name): (course.COURSE / name).read_bytes() for name in COPIED}
    files[Path("README.md")] = _readme(edition).encode()
    files[Path("Makefile")] = MAKEFILE.encode()
    files[Path("pyproject.toml")] = _pyproject().encode()
    files[Path("index.ipynb")] = notebooks.dumps(_start_page()).encode()
    if edition == "self-study":
        for chapter in marking.chapters():
            text = json.dumps(revealed(chapter), indent=1, ensure_ascii=False, sort_keys=True) + "\n"
            files[Path("utils") / "revealed" / f"{chapter.number}.json"] = text.encode()
    return dict(sorted(files.items()))


def _readme(edition):
    text = (course.COURSE / "docs" / "students" / "README.md").read_text(encoding="utf-8")
    body = text.split("\n", 1)[1]
    solutions = {
        "class": "",
        "self-study": '\nThis is the self-study edition: `from utils.solution import solution` and `solution("0.5")` show the '
        "solution of an exercise once you have tried it.\n",
    }
    return f"# Reinforcement learning theory and alignment\n{solutions[edition]}{body}"


def _pyproject():
    """The course's pyproject.toml, without what only the staff needs."""
    project = tomllib.loads((course.COURSE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    dependencies = "".join(f'    "{line}",\n' for line in project["dependencies"])
    return (
        '[build-system]\nrequires = ["setuptools>=77"]\nbuild-backend = "setuptools.build_meta"\n\n'
        f'[project]\nname = "{project["name"]}"\nversion = "{project["version"]}"\n'
        f'description = "{project["description"]}"\nreadme = "README.md"\n'
        f'requires-python = "{project["requires-python"]}"\nlicense = "{project["license"]}"\n'
        f"dependencies = [\n{dependencies}]\n\n"
        '[tool.setuptools.packages.find]\ninclude = ["utils*"]\n\n'
        '[tool.setuptools.package-data]\nutils = ["checks/*.json", "revealed/*.json", "variants/*.json", "tinylm/*.npz"]\n'
    )


def _start_page():
    """A notebook that lists the chapters with their times, and the progress."""
    lines = [
        "# Reinforcement learning theory and alignment\n",
        "Click on a chapter to open it; it says at its top what it builds on. The times are for the exercises alone: reading, "
        "and playing with the demos, takes about an hour more.\n",
        "| chapter | exercises | points | about |",
        "| --- | --- | --- | --- |",
    ]
    for path in course.source_notebooks():
        exercises = read_notebook(path)
        minutes = sum(exercise.minutes for exercise in exercises)
        points = sum(exercise.points for exercise in exercises)
        link = f"[{chapter_title(path)}](release/{path.stem}/{path.stem}.ipynb)"
        lines.append(f"| {link} | {len(exercises)} | {points} | {_hours(minutes)} |")
    cells = [
        nbformat.v4.new_markdown_cell("\n".join(lines)),
        nbformat.v4.new_markdown_cell(
            "To see what you have solved and what is left, click into the next cell and press Shift+Enter."
        ),
        nbformat.v4.new_code_cell("from utils.progress import progress\n\nprogress()"),
    ]
    return notebooks.canonical(nbformat.v4.new_notebook(cells=cells))


def chapter_title(path):
    """Title of a chapter, from the first line of its notebook."""
    first = notebooks.read(path).cells[0].source.split("\n")[0]
    return first.removeprefix("# ")


def _hours(minutes):
    hours, rest = divmod(round(minutes / 10) * 10, 60)
    return " ".join(text for text in (f"{hours} h" if hours else "", f"{rest} min" if rest else "") if text)


def revealed(chapter):
    """Solutions of a chapter's exercises, for `utils.solution`.

    Returns
    -------
    dict of str to dict
        For each exercise ``code`` (what the answer cell of the source notebook holds), ``library`` (source of the library
        functions it uses) and ``why`` (the messages of its right answers).
    """
    cells = notebooks.read(course.source_notebook(chapter.notebook)).cells
    sources = {cell.metadata.get("nbgrader", {}).get("grade_id"): cell.source for cell in cells}
    solutions = {}
    for exercise_id, exercise in chapter.exercises.items():
        code = _solution_region(sources[grade_id(exercise_id)])
        texts = [exercise.right, *(release.right_message(question) for question in exercise.questions)]
        solutions[exercise_id] = {
            "code": code,
            "library": _library_source(chapter.number, code, exercise.reference),
            "why": "\n\n".join(text for text in texts if text),
        }
    return solutions


def _solution_region(source):
    region = re.search(
        r"### BEGIN SOLUTION\n(.*?)\n *### (?:STUDENT VERSION|END SOLUTION)", source, flags=re.DOTALL
    ).group(1)
    lines = [line for line in region.split("\n") if not re.match(r" *from utils\.solutions", line)]
    return inspect.cleandoc("\n".join(lines))


def _library_source(number, code, reference):
    """Source of the functions of a chapter's library that a solution calls."""
    import importlib

    module = importlib.import_module(f"utils.solutions.{number}")
    names = re.findall(r"\bsolutions\.(\w+)", code)
    if reference is not None and reference.__module__ == module.__name__:
        names.append(reference.__name__)
    functions = [getattr(module, name, None) for name in dict.fromkeys(names)]
    return "\n\n".join(inspect.getsource(f) for f in functions if inspect.isfunction(f))


def command(edition, destination):
    """Publish and say what was written.

    Returns
    -------
    int
        Exit code.
    """
    written = publish(edition, destination)
    print(f"{destination}: {len(written)} files, {edition} edition, {len(course.source_notebooks())} chapters")
    return 0
