"""Worker processes on this machine."""

import atexit
import ctypes
import multiprocessing
import os
import signal
import time
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool

from autograder.engine.work import Worker, failed_record

_worker = None  # of this process


def _start(root, imports, limits, confine, parent):
    """Make this process a worker: it starts a fork server of its own and ends with the process that started it."""
    global _worker
    ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)  # PR_SET_PDEATHSIG
    if os.getppid() != parent:
        os._exit(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the coordinator's to handle
    _worker = Worker(root, imports, limits, confine)
    atexit.register(_worker.close)


def _grade(job):
    return _worker.grade(job)


class LocalPool:
    """A pool of `size` worker processes.

    Parameters
    ----------
    size : int
    root : str
        The class's folder, hidden from submissions.
    imports : list of str
    limits : Limits
    confine : bool
        Whether to refuse a host that cannot confine submissions.
    """

    broken = BrokenProcessPool

    def __init__(self, size, root, imports, limits, confine):
        self.size = size
        self._arguments = (root, imports, limits, confine, os.getpid())

    def __enter__(self):
        self._executor = self._new_executor()
        return self

    def _new_executor(self):
        context = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(self.size, mp_context=context, initializer=_start, initargs=self._arguments)

    def submit(self, job):
        """Have a job done; returns a future."""
        try:
            return self._executor.submit(_grade, job)
        except BrokenProcessPool:
            self._executor.shutdown(wait=False)
            self._executor = self._new_executor()
            return self._executor.submit(_grade, job)

    def wait(self, futures):
        """Wait until one of the futures is done; returns those that are, and the rest."""
        return wait(futures, return_when=FIRST_COMPLETED)

    def again(self, job, problem):
        """Do a job whose worker died once more; a second death is a record too."""
        time.sleep(0.1)
        try:
            return self.submit(job).result()
        except BrokenProcessPool as second:
            return failed_record(job, f"a worker died twice: {problem}; {second}")

    def __exit__(self, kind, value, traceback):
        self._executor.shutdown(wait=True, cancel_futures=True)
