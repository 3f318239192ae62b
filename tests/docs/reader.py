"""A reader who does what a page says, in a copy of the course."""

import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from autograder import notebooks, publish
from autograder.__main__ import build_parser
from autograder.new_exercise import Request
from tests import authored, scratch
from tests.docs.pages import Command, missing_output


class Reader:
    """Do what a page says.

    Parameters
    ----------
    folder : pathlib.Path
        A folder that does not exist yet: the reader's course.
    edition : str, optional
        Read as a student, in a published edition; in the staff's course unless given.
    """

    def __init__(self, folder, edition=None):
        self.folder = Path(folder)
        self.scratch = Path(tempfile.mkdtemp(dir=self.folder.parent))  # the reader's /tmp
        self.request = None
        self.texts = {}  # notebooks that were turned into text
        if edition is None:
            scratch.copy_course(self.folder)
        else:
            for name, data in publish.contents(edition).items():
                (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
                (self.folder / name).write_bytes(data)
        self._install()

    def _install(self):
        """Give the copy this environment as its .venv."""
        if not (Path(sys.prefix) / ".ready").exists():
            pytest.skip("`make` did not make this environment, and would install into it: run the tests by `make test`")
        (self.folder / ".venv").symlink_to(sys.prefix)
        self._nothing_to_install()

    def _nothing_to_install(self):
        """Make the environment newer than what it is made of, also after `make lock`: it is the one that runs the tests,
        and an installation would put this copy of the course in the place of the course."""
        for name in ("pyproject.toml", "requirements.lock"):
            if (self.folder / name).exists():
                os.utime(self.folder / name, (0, 0))

    def do(self, block):
        """Do one block's steps, from the course's folder on."""
        here = self.folder
        for step in block:
            if isinstance(step, Command):
                moved = re.fullmatch(r"cd (\S+)", step.line)
                if moved:
                    here = here / moved[1]
                else:
                    self.run(step, here)
            else:
                self.write(step)

    def run(self, command, here):
        """Run a command and compare what it prints."""
        line = command.line.replace("/tmp/", f"{self.scratch}/")
        environment = scratch.environment(self.folder)
        environment["PATH"] = f"{self.folder / '.venv' / 'bin'}:{environment['PATH']}"
        environment["HOME"] = str(self.scratch)
        outcome = subprocess.run(
            ["bash", "-c", line], cwd=here, env=environment, text=True, timeout=1500, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        self._nothing_to_install()
        printed = outcome.stdout.replace(f"{self.scratch}/", "/tmp/").replace(f"{self.folder}/", "")
        assert outcome.returncode == command.code, f"{command.line} exits with {outcome.returncode}:\n{printed[-3000:]}"
        missing = missing_output(command.expected, printed)
        assert missing is None, f"{command.line} does not print {missing!r} where it should:\n{printed[-3000:]}"
        self._remember(line)

    def _remember(self, line):
        words = shlex.split(line)
        if words[1:4] == ["-m", "autograder", "new-exercise"]:
            asked = vars(build_parser().parse_args(words[3:]))
            self.request = Request(**{key: asked[key] for key in Request.__dataclass_fields__})
        if words[1:4] == ["-m", "autograder", "to-text"]:
            self.texts[self.folder / words[4]] = Path(words[5])

    def write(self, part):
        """Put a part of the exercise where the reader writes it."""
        authored.fill_in_part(self.folder, self.request, part.name, part.text)
        for notebook, text in self.texts.items():  # a reader who works in the text changes the text
            text.write_text(notebooks.to_text(notebooks.read(notebook)), encoding="utf-8")
