"""A copy of the course that a test may change, and commands run in it as a person would."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from autograder import course

LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv", "__pycache__", ".ipynb_checkpoints", ".pytest_cache", ".ruff_cache", "*.egg-info", "sample_class",
    "myclass", "build", "test-results",
)  # fmt: skip


def copy_course(destination, chapters=None):
    """Copy the course.

    Parameters
    ----------
    destination : pathlib.Path
        A folder that does not exist yet.
    chapters : tuple of str, optional
        Numbers such as ``"ch00"`` of the chapters to keep: commands on few chapters are fast. All unless given.
    """
    shutil.copytree(course.COURSE, destination, ignore=LEFT_OUT)
    if chapters is not None:
        per_chapter = ("source/ch*", "release/ch*", "autograder/hidden_tests/ch*.py", "utils/checks/ch*.json")
        for path in (p for pattern in per_chapter for p in Path(destination).glob(pattern)):
            if path.name[:4] not in chapters:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
    return destination


def environment(folder):
    """Environment in which `folder`, and not the course that is being tested, is imported from."""
    changed = {
        "PYTHONPATH": str(folder),
        "COURSE_PROGRESS": str(folder / ".progress.sqlite"),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    for left in ("PYTEST_CURRENT_TEST", "PYTEST_XDIST_WORKER"):
        changed[left] = ""
    return os.environ | changed


def run(folder, *arguments, timeout=600):
    """Run ``python *arguments`` in a copy.

    Returns
    -------
    subprocess.CompletedProcess
        With standard output and standard error as one text.
    """
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder, env=environment(folder), text=True, timeout=timeout, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


def run_commands(folder, *lines):
    """Run several ``python -m autograder`` commands in a copy, one after another in one process.

    Parameters
    ----------
    folder : pathlib.Path
    *lines : list of str
        What stands behind ``python -m autograder``.

    Returns
    -------
    list of (int, str)
        Exit code and output of each.
    """
    driver = (
        "import contextlib, io, json, sys\n"
        "from autograder.__main__ import main\n"
        "done = []\n"
        "for line in json.loads(sys.argv[1]):\n"
        "    sys.argv = ['autograder', *line]\n"
        "    with contextlib.redirect_stdout(io.StringIO()) as said, contextlib.redirect_stderr(said):\n"
        "        code = main()\n"
        "    done.append((code, said.getvalue()))\n"
        "print(json.dumps(done))\n"
    )
    outcome = run(folder, "-c", driver, json.dumps(lines))
    if outcome.returncode:
        raise RuntimeError(outcome.stdout)
    return [tuple(pair) for pair in json.loads(outcome.stdout.splitlines()[-1])]
