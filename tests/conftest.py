"""What every test needs: one thread, and a progress file of its own."""

import os

for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[variable] = "1"  # before numpy or torch is imported: two workers with more threads wait for each other
os.environ.setdefault("MPLBACKEND", "agg")

import pytest  # noqa: E402

from autograder import course  # noqa: E402

course.put_environment_on_path()  # nbgrader calls alembic by name, also where nobody activated the environment


@pytest.fixture(autouse=True)
def own_progress_file(tmp_path, monkeypatch):
    """Keep the tests' attempts out of the developer's own progress."""
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "progress.sqlite"))


def pytest_collection_modifyitems(items):
    """Let one worker run all tests of a module of these folders: their classes are graded once, and no test of another
    module looks on while a fork server of theirs is alive."""
    for item in items:
        folder = item.path.parent.name
        if folder in ("engine", "attacks"):
            item.add_marker(pytest.mark.xdist_group(f"{folder} {item.path.stem}"))
