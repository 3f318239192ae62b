"""A warm fork server for the tests of a module, and students made of a few lines of code."""

import pytest

from autograder.engine.limits import Limits
from autograder.engine.remote import Remote
from autograder.engine.session import Session
from autograder.engine.warm import Warm

LIMITS = Limits(call_seconds=5, cell_seconds=10, notebook_seconds=120, memory_bytes=2**30)


@pytest.fixture(scope="module")
def warm():
    """A running fork server."""
    server = Warm(imports=["torch"])
    yield server
    server.close()


class Student:
    """The names that some code defines in a confined process."""

    def __init__(self, warm, code, limits=LIMITS):
        self.session = Session(warm, limits)
        self.remote = Remote(self.session)
        self.run(code)

    def run(self, code):
        """Run a cell; returns its outputs as the grader would show them."""
        from autograder.engine.outputs import clean_outputs

        reply, blobs = self.session.run_cell(code)
        return clean_outputs(self.remote.decode(reply["v"], blobs))

    def __getitem__(self, name):
        self.session.begin_test()
        return self.remote.lookup(name)


@pytest.fixture
def student(warm):
    """Make students; their processes end with the test."""
    made = []

    def make(code, **options):
        made.append(Student(warm, code, **options))
        return made[-1]

    yield make
    for one in made:
        one.session.close()
