"""pyproject.toml, environment.yml, the lock file and the Binder files say the same."""

import importlib.metadata
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import rattler
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from autograder import course

CONDA_NAMES = {"torch": "pytorch-cpu", "matplotlib": "matplotlib-base"}
CONDA_ONLY = {"python", "pip", "pygame"}  # pygame: what gymnasium's extras classic-control and toy-text ask for


@pytest.fixture(scope="module")
def project():
    return tomllib.loads((course.COURSE / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.fixture(scope="module")
def conda():
    return yaml.safe_load((course.COURSE / "environment.yml").read_text(encoding="utf-8"))


def test_conda_and_pip_name_the_same_packages_and_ranges(project, conda):
    pip = {}
    for line in project["dependencies"]:
        requirement = Requirement(line)
        pip[CONDA_NAMES.get(requirement.name, requirement.name)] = sorted(str(requirement.specifier).split(","))
    theirs = {}
    for line in conda["dependencies"]:
        name, version = re.fullmatch(r"([a-z0-9-]+)(.*)", line).groups()
        theirs[name] = sorted(version.split(",")) if version else []
    assert theirs.pop("python") == sorted(project["requires-python"].split(","))
    assert {name: version for name, version in theirs.items() if name not in CONDA_ONLY} == pip


def test_each_conda_line_is_a_match_spec(conda):
    for line in conda["dependencies"]:
        spec = rattler.MatchSpec(line)
        assert spec.name is not None


def test_a_bad_match_spec_would_be_noticed():
    with pytest.raises(Exception):  # noqa: B017  (rattler has one exception type for each fault)
        rattler.MatchSpec("numpy>>=2")


def test_every_dependency_has_an_upper_bound(project):
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    for line in (line for group in groups for line in group):
        operators = {spec.operator for spec in Requirement(line).specifier}
        assert operators & {"<", "=="}, f"{line} has no upper bound"


def test_the_lock_file_satisfies_the_project(project):
    locked = dict(
        line.split("==")
        for line in (course.COURSE / "requirements.lock").read_text(encoding="utf-8").split()
        if "==" in line
    )
    locked = {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in locked.items()}
    for group in [project["dependencies"], *project["optional-dependencies"].values()]:
        for line in group:
            requirement = Requirement(line)
            assert requirement.specifier.contains(locked[requirement.name]), line


def test_the_lock_file_fits_the_oldest_python(project):
    """Debian 12 has Python 3.11.2; what is locked must be there for it. Known only of what is installed as locked."""
    assert project["requires-python"].startswith(">=3.11,")
    too_new = []
    for line in (course.COURSE / "requirements.lock").read_text(encoding="utf-8").split():
        name, version = line.split("==")
        if importlib.metadata.version(name) == version:
            required = importlib.metadata.metadata(name)["Requires-Python"]
            if required and not SpecifierSet(required).contains("3.11.0"):
                too_new.append(line)
    assert too_new == []


def test_what_is_installed_satisfies_the_project(project):
    for line in project["dependencies"]:
        requirement = Requirement(line)
        assert requirement.specifier.contains(importlib.metadata.version(requirement.name)), line


def test_binder_writes_its_dockerfile(tmp_path):
    for name in ("environment.yml", "postBuild", "pyproject.toml", "README.md"):
        shutil.copy(course.COURSE / name, tmp_path / name)
    program = Path(sys.executable).with_name("jupyter-repo2docker")
    outcome = subprocess.run(
        [program, "--debug", "--no-build", "--user-id", "1000", "--user-name", "student", tmp_path],
        capture_output=True,
        text=True,
        timeout=120,
    )
    output = outcome.stdout + outcome.stderr
    assert outcome.returncode == 0, output
    assert "environment.yml" in output
    assert "postBuild" in output
    assert "CondaBuildPack" in output or "conda" in output


def test_torch_comes_first_and_alone():
    """A resolver that meets torch among other packages may take the CUDA build, several gigabytes of it."""
    text = (course.COURSE / "Makefile").read_text(encoding="utf-8")
    installs = [line for line in text.splitlines() if "pip install" in line]
    assert re.search(r"torch==2\.13\.0$", installs[0])


def test_tests_that_belong_together_run_in_one_process(tmp_path):
    """Under pytest 9.2, xdist 3.8 forgets the groups, without a word: tests that go on from one another then fail."""
    (tmp_path / "test_group.py").write_text(
        "import pytest\n\n\n"
        "@pytest.mark.xdist_group('together')\n"
        "@pytest.mark.parametrize('i', range(8))\n"
        "def test_one(i, worker_id):\n"
        "    with open('workers.txt', 'a') as file:\n"
        "        print(worker_id, file=file)\n"
    )
    command = [sys.executable, "-m", "pytest", "-c", "/dev/null", "--rootdir", ".", "-n", "2", "--dist", "loadgroup"]
    subprocess.run([*command, "test_group.py"], cwd=tmp_path, check=True, capture_output=True, timeout=300)
    workers = (tmp_path / "workers.txt").read_text().split()
    assert len(workers) == 8 and len(set(workers)) == 1
