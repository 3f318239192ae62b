"""Each published edition, installed as its README says into an environment of its own, runs every notebook."""

import os
import shutil
import subprocess
import sys

import nbformat
import pytest

from autograder import publish
from tests.chapters import CHAPTERS

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600), pytest.mark.xdist_group("install")]

# A test must not meet what the developer has set for Python, pip and Jupyter; how to reach a package index is kept.
KEPT = ("PATH", "LANG", "LC_ALL", "HOME", "OMP_NUM_THREADS", "COURSE_PROGRESS")
KEPT_PREFIXES = ("PIP_", "UV_", "HTTP", "http", "SSL_", "REQUESTS_")


def environment(**more):
    kept = {name: value for name, value in os.environ.items() if name in KEPT or name.startswith(KEPT_PREFIXES)}
    kept["PATH"] = os.pathsep.join(p for p in kept["PATH"].split(os.pathsep) if not p.startswith(sys.prefix))
    return kept | more


@pytest.fixture(scope="module", params=publish.EDITIONS)
def installed(request, tmp_path_factory):
    """An edition outside the repository in which `make` has prepared the environment; it is removed afterwards."""
    folder = tmp_path_factory.mktemp(request.param) / "course"
    publish.publish(request.param, folder)
    outcome = subprocess.run(
        ["make", ".venv/.ready", f"PYTHON={sys._base_executable}"],
        cwd=folder,
        capture_output=True,
        text=True,
        env=environment(),
    )
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    yield folder
    shutil.rmtree(folder)


@pytest.mark.parametrize("name", ["index", *(chapter.notebook for chapter in CHAPTERS.values())])
def test_every_notebook_runs_as_it_was_handed_out(name, installed, tmp_path):
    path = installed / "index.ipynb" if name == "index" else installed / "release" / name / f"{name}.ipynb"
    before = path.read_bytes()
    program = installed / ".venv" / "bin" / "jupyter-execute"
    progress = str(tmp_path / "progress.sqlite")
    command = [program, str(path), f"--output={tmp_path / 'executed'}", "--timeout=1200"]
    outcome = subprocess.run(
        command, cwd=path.parent, capture_output=True, text=True, env=environment(COURSE_PROGRESS=progress)
    )
    assert outcome.returncode == 0, outcome.stderr
    assert path.read_bytes() == before
    outputs = [o for cell in nbformat.read(tmp_path / "executed.ipynb", 4).cells for o in cell.get("outputs", ())]
    assert outputs
    assert [output for output in outputs if output.output_type == "error"] == []
    assert [output.text for output in outputs if output.get("name") == "stderr"] == []


def test_only_the_edition_is_installed(installed):
    code = "import importlib.util as u, utils; print(utils.__file__, u.find_spec('autograder'), u.find_spec('utils.solutions'))"
    command = [installed / ".venv" / "bin" / "python", "-c", code]
    shown = subprocess.run(
        command, capture_output=True, text=True, check=True, cwd="/", env=environment()
    ).stdout.split()
    assert shown == [str(installed / "utils" / "__init__.py"), "None", "None"]
    assert (installed / "utils" / "revealed").exists() == (installed.parent.name.startswith("self-study"))
