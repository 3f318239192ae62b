"""A student's process that ends says why, and names the limit that it met."""

import pytest

from autograder.engine.endings import how_it_ended
from autograder.engine.session import ProcessEnded
from tests.engine.conftest import LIMITS


@pytest.mark.parametrize(
    "code, words",
    [
        ("import os; os._exit(3)", "ended its own process"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", r"\(SIGKILL\).*no memory left.*1,024 MB.*killed itself"),
        ("import ctypes; ctypes.string_at(0)", r"crashed \(SIGSEGV\).*1,024 MB"),
        ("import os; os.abort()", r"crashed \(SIGABRT\)"),
        ("import os\nfor number in range(3, 20):\n    try: os.close(number)\n    except OSError: pass\n"
         "while True: pass", "closed its connection"),
    ],
)  # fmt: skip
def test_a_cell_that_ends_its_process(student, code, words):
    names = student("x = 1")
    with pytest.raises(ProcessEnded, match=words):
        names.run(code)
    assert names["x"] == 1


def test_too_much_processor_time(student):
    names = student("import resource; limit = resource.getrlimit(resource.RLIMIT_CPU)")
    assert names["limit"] == (LIMITS.notebook_seconds + 5, LIMITS.notebook_seconds + 10)
    with pytest.raises(ProcessEnded, match="120 seconds of processor time"):  # what the kernel does at the limit
        names.run("import os, signal; os.kill(os.getpid(), signal.SIGXCPU)")


@pytest.mark.parametrize(
    "ending, words",
    [
        ({"status": -24, "cpu": 125.0, "peak": 0}, "used up its 120 seconds of processor time"),
        ({"status": -9, "cpu": 130.0, "peak": 0}, "used up its 120 seconds of processor time"),
        ({"status": -9, "cpu": 3.0, "peak": 700 * 2**20}, "held 700 MB"),
        ({"status": -7, "cpu": 3.0, "peak": 0}, "SIGBUS"),
        ({"status": -25, "cpu": 3.0, "peak": 0}, "file of more than 64 MB"),
        ({"status": -6, "cpu": 3.0, "peak": 0}, "when memory runs out"),
        ({"status": -15, "cpu": 3.0, "peak": 0}, "SIGTERM"),
        ({"status": -63, "cpu": 3.0, "peak": 0}, "signal 63"),
        ({"status": 1, "cpu": 3.0, "peak": 0}, "ended its own process"),
        ({"status": None}, "ended its own process"),
    ],
)
def test_words(ending, words):
    assert words in how_it_ended(ending, LIMITS)
