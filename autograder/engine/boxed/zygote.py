"""The fork server: imports what notebooks import, once, and forks a confined process for each submission.

It is a Python of its own, started from the student side of the course; it has never seen a hidden test, so its children
cannot find one in their memory. It takes orders over a control socket, which its children do not inherit.
"""

import ctypes
import gc
import importlib
import json
import os
import signal
import socket
import sys
import time

from . import child, confine, landlock, namespaces, pages, shell, syscalls
from .channel import Channel

_PR_SET_CHILD_SUBREAPER = 36


def main(settings):
    """Serve until the control socket closes.

    Parameters
    ----------
    settings : dict
        ``control`` (descriptor), ``grader`` (process id), ``readable``, ``writable``, ``hidden`` (lists of paths),
        ``imports`` (modules), ``namespaces`` (bool).
    """
    control = socket.socket(fileno=settings["control"])
    libc = ctypes.CDLL(None)
    libc.prctl(1, signal.SIGKILL, 0, 0, 0)  # PR_SET_PDEATHSIG: no fork server without its grader
    libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    if os.getppid() != settings["grader"]:
        return  # it was gone before we asked
    spaces = []
    if settings["namespaces"]:
        spaces = namespaces.enter(settings["readable"], settings["writable"], settings["hidden"])
    filters = syscalls.compiled() if syscalls.available() else None
    rules = landlock.reading_rules([p for p in settings["readable"] if os.path.exists(p)], settings["hidden"])

    _import_all(settings["imports"])
    student_shell = shell.prepare()
    gc.collect()
    gc.freeze()  # children do not touch, and so do not copy, what is here
    pages.enlarge()
    control.send(json.dumps({"namespaces": spaces}).encode())
    _Server(control, student_shell, rules, filters, bool(spaces)).run()
    os._exit(0)  # nothing is left to be done, and an orderly end with all these libraries takes a second


def _import_all(modules):
    for name in modules:
        try:
            importlib.import_module(name)
        except Exception as problem:  # a submission that needs the module will say so itself
            print(f"not preloaded: {name}: {problem}", file=sys.stderr)
    torch = sys.modules.get("torch")  # some utilities import it, and so may the preloaded modules
    if torch is not None:
        torch.set_num_threads(1)  # children of a process with more threads hang in their first parallel region


class _Server:
    """Forks, watches and kills; one child at a time."""

    def __init__(self, control, student_shell, rules, filters, alone):
        self.control = control
        self.shell = student_shell
        self.rules = rules
        self.filters = filters
        self.alone = alone  # whether this process namespace holds nothing but us and our children
        self.pid = None

    def run(self):
        while True:
            data, descriptors, _, _ = socket.recv_fds(self.control, 65536, 1)
            if not data:
                self.kill()
                return
            order = json.loads(data)
            reply = getattr(self, order["do"])(*descriptors, **order.get("with", {}))
            self.control.send(json.dumps(reply).encode())

    def spawn(self, descriptor, scratch, limits):
        """Fork a student's process that talks over the given descriptor."""
        self.kill()
        pid = os.fork()
        if pid == 0:
            try:
                self._become_student(descriptor, scratch, limits)
            finally:
                os._exit(0)
        os.close(descriptor)
        self.pid = pid
        return {"pid": pid}

    def _become_student(self, descriptor, scratch, limits):
        self.control.close()
        null = os.open("/dev/null", os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(null, number)
        os.close(null)
        channel = Channel(socket.socket(fileno=descriptor))
        child.move_home(scratch)
        child.seed_everything()
        layers = confine.enter(scratch, self.rules, self.filters, limits)
        process = child.StudentProcess(self.shell, channel)
        channel.send({"op": "ready", "layers": layers})
        process.serve()

    def interrupt(self):
        """Ask the child to stop what it does."""
        if self.pid is not None:
            os.kill(self.pid, signal.SIGINT)
        return {}

    def kill(self, patience=0.0):
        """End the child and whatever it may have left; say how it ended.

        A child that is dying already keeps the exit status it chose.

        Parameters
        ----------
        patience : float
            Seconds to wait for the child to end by itself.

        Returns
        -------
        dict
            See `autograder.engine.endings.how_it_ended`.
        """
        ending = {"status": None}
        if self.pid is not None:
            ended = self._is_over(patience)
            os.kill(self.pid, signal.SIGKILL)
            _, status, used = os.wait4(self.pid, 0)
            ending = {
                "status": os.waitstatus_to_exitcode(status), "closed": patience > 0 and not ended,
                "cpu": used.ru_utime + used.ru_stime, "peak": used.ru_maxrss * 1024,
            }  # fmt: skip
            self.pid = None
        self._sweep()
        return ending

    def _is_over(self, patience):
        """Whether the child has ended, or does so soon; it stays to be waited for."""
        until = time.monotonic() + patience
        while os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            if time.monotonic() >= until:
                return False
            time.sleep(0.005)
        return True

    def _sweep(self):
        """No process outlives a submission. seccomp forbids to start one; this holds where seccomp has a hole."""
        if self.alone:
            try:
                os.kill(-1, signal.SIGKILL)
            except ProcessLookupError:
                pass
        else:
            for pid in _descendants():
                os.kill(pid, signal.SIGKILL)
        while True:
            try:
                os.waitpid(-1, 0)
            except ChildProcessError:
                return


def _descendants():
    """Children of this process; orphans of theirs have become ours."""
    try:
        with open(f"/proc/self/task/{os.getpid()}/children") as file:
            return [int(pid) for pid in file.read().split()]
    except OSError:
        return []
