"""The wall between what students receive and what staff keep."""

import pkgutil
import subprocess
import sys
import tomllib
from pathlib import Path

import utils
from autograder import course


def test_student_code_never_imports_the_staff_side():
    program = Path(sys.executable).with_name("lint-imports")
    outcome = subprocess.run([program, "--no-cache"], cwd=course.COURSE, capture_output=True, text=True)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


def test_every_student_module_stands_behind_the_wall():
    contract = tomllib.loads((course.COURSE / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"][0]
    modules = {f"utils.{module.name}" for module in pkgutil.iter_modules(utils.__path__)}
    assert set(contract["source_modules"]) == modules - {"utils.solutions"}


def test_the_code_passes_its_linter():
    for command in (["check"], ["format", "--check"]):
        outcome = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "."], cwd=course.COURSE, capture_output=True, text=True
        )
        assert outcome.returncode == 0, outcome.stdout + outcome.stderr
