"""What every test needs: one thread, and a progress file of its own."""

import os

for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[variable] = "1"  # before numpy or torch is imported: two workers with more threads wait for each other
os.environ.setdefault("MPLBACKEND", "agg")

import pytest  # noqa: E402


@pytest.fixture(autouse=True)
def own_progress_file(tmp_path, monkeypatch):
    """Keep the tests' attempts out of the developer's own progress."""
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "progress.sqlite"))
