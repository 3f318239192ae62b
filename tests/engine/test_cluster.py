"""The same run on a Dask cluster over TCP, with a worker that is killed on the way."""

import os
import signal

import pytest

from autograder.engine.limits import Limits
from tests.engine.classroom import Classroom

LIMITS = Limits(call_seconds=20, cell_seconds=20)


@pytest.mark.slow
def test_a_killed_worker_changes_nothing(tmp_path):
    distributed = pytest.importorskip("distributed")
    from tests.engine.classroom import SMALL_ANSWERS

    classroom = Classroom(tmp_path, "small")
    for i in range(20):
        slow = f"import time; time.sleep(0.5)\ndef f1(x): return np.asarray(x) + {1 + i % 2}"
        classroom.submit(f"student{i:02d}", classroom.answered(SMALL_ANSWERS | {"f1": slow}))
    classroom.submit("broken", b"{")
    classroom.grade(limits=LIMITS)
    alone = classroom.rows()
    assert len(alone) == 21 * 5

    with distributed.LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=True,
        protocol="tcp://",
        dashboard_address=None,
        worker_dashboard_address=None,
    ) as cluster:
        victim = next(iter(cluster.workers.values())).pid
        killed = []

        def kill(done, total):
            if done == 5:
                os.kill(victim, signal.SIGKILL)
                killed.append(done)

        summary = classroom.grade(scheduler=cluster.scheduler_address, limits=LIMITS, force=True, progress=kill)
    assert killed == [5]
    assert len(summary.graded) == 21 and summary.failed == {}
    assert classroom.rows() == alone
    assert "seccomp" in summary.layers
