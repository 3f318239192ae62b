"""Grading with a Python that is reached in another way than by its own path."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.engine.classroom import COURSE, Classroom
from tests.engine.test_confinement import GRADE


@pytest.mark.parametrize("linked", ["the environment", pytest.param("its folders", marks=pytest.mark.slow)])
def test_an_environment_behind_a_link_grades_as_well(tmp_path, linked):
    """Many keep environments elsewhere, and have a link called .venv in the course's folder."""
    environment = tmp_path / "linked"
    if linked == "the environment":
        environment.symlink_to(sys.prefix)
    else:
        environment.mkdir()
        for path in Path(sys.prefix).iterdir():
            (environment / path.name).symlink_to(path)
    classroom = Classroom(tmp_path / "class", "small")
    classroom.submit("someone")
    (tmp_path / "grade.py").write_text(GRADE)
    done = subprocess.run(
        [environment / "bin" / "python", tmp_path / "grade.py", tmp_path / "class"],
        env=os.environ | {"PYTHONPATH": str(COURSE)}, capture_output=True, text=True, timeout=850,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert classroom.total("someone") == 10
