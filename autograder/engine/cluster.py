"""Workers on other machines, by Dask.

A worker is a machine of the staff: it has the course with its hidden tests installed, it runs each submission confined
as here, and it sends a record back. The gradebook, the students' folders and the secret of the seeds stay with the
coordinator. Dask's own messages are pickled, so whoever can talk to the scheduler can run code on all of its machines:
keep it in a trusted network or behind Dask's TLS (see docs/maintainers/grading-engine.md).
"""

import atexit
import threading

from autograder.engine import digests
from autograder.engine.plan import NotebookPlan
from autograder.engine.work import Worker, failed_record

_lock = threading.Lock()
_worker = {}  # of this process: by the arguments it was started with


class OutOfDate(Exception):
    """A worker's hidden tests are not the coordinator's."""


def _grade(job, imports, limits, confine):
    """Grade a job on a Dask worker; one at a time per process, whatever number of threads it has."""
    plans = [NotebookPlan.from_json(plan) for plan in job.plans]
    if digests.tests_digest(plans) != job.tests_digest:
        raise OutOfDate("a worker has other hidden tests than the coordinator: update its copy of the course")
    with _lock:
        key = (tuple(imports), limits, confine)
        if key not in _worker:
            while _worker:
                _worker.popitem()[1].close()
            _worker[key] = Worker(None, imports, limits, confine)
            atexit.register(_worker[key].close)
        return _worker[key].grade(job)


class ClusterPool:
    """A Dask cluster as a pool.

    Parameters
    ----------
    scheduler : str
        Its address.
    imports : list of str
    limits : Limits
    confine : bool
    """

    def __init__(self, scheduler, imports, limits, confine):
        self._scheduler = scheduler
        self._arguments = (imports, limits, confine)

    def __enter__(self):
        from distributed import Client
        from distributed.scheduler import KilledWorker

        self.broken = KilledWorker
        self._client = Client(self._scheduler, set_as_default=False)
        self.size = max(1, len(self._client.scheduler_info(n_workers=-1)["workers"]))
        return self

    def submit(self, job):
        """Have a job done; returns a future."""
        # A job whose worker vanishes goes to another one; `pure=False` since equal jobs are still two jobs.
        return self._client.submit(_grade, job, *self._arguments, pure=False, retries=2)

    def wait(self, futures):
        """Wait until one of the futures is done; returns those that are, and the rest."""
        from distributed import wait

        with self._client.as_current():
            done, rest = wait(list(futures), return_when="FIRST_COMPLETED")
        return done, rest

    def again(self, job, problem):
        """A job that took several workers with it."""
        return failed_record(job, f"several workers died: {problem}")

    def __exit__(self, kind, value, traceback):
        self._client.close()
