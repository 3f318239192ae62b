"""nbgrader's own tests pass with the engine and the course's pages configured, but for those listed in the plugin."""

import re
import subprocess
import sys

import pytest

from tests.engine import upstream_plugin
from tests.engine.classroom import COURSE


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("module", upstream_plugin.MODULES, ids=lambda name: name.rpartition(".")[2])
def test_nbgraders_own_tests(module, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-o", "addopts=", "-p", "no:cacheprovider", "-p", "tests.engine.upstream_plugin",
         "-rxs", f"--basetemp={tmp_path}", "--pyargs", module],
        cwd=COURSE, capture_output=True, text=True,
    )  # fmt: skip
    print(done.stdout)
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
    assert re.search(r"[1-9]\d* passed", done.stdout)
