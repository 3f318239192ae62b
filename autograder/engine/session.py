"""One submission's process, seen from the grader: deadlines, restarts, and a scratch folder that stays small."""

import itertools
import os
import shutil
import time

from autograder.engine.boxed.channel import Closed, Late
from autograder.engine.boxed.wire import WireError
from autograder.engine.endings import how_it_ended

GRACE = 1.0  # seconds between asking a process to stop and killing it
_numbers = itertools.count()


class ProcessEnded(Exception):
    """The student's process is no more; the text says why, as the end of a sentence for the student."""


class Session:
    """A confined process that runs one submission's cells and functions.

    Parameters
    ----------
    warm : Warm
    limits : Limits
    files : dict of str to bytes
        Files that the submission brought along, by relative path.

    Notes
    -----
    When the process dies, the next request starts a new one and repeats the cells that ran, except those at which a
    process died. `generation` tells how many processes there have been, and so whether a handle is still good.
    """

    def __init__(self, warm, limits, files=None):
        self.warm = warm
        self.limits = limits
        self.files = files or {}
        self.deadline = time.monotonic() + limits.notebook_seconds
        self.scratch = warm.stage.scratch / f"{os.getpid()}-{next(_numbers)}"
        self.generation = 0
        self.layers = []
        self.callbacks = None  # answers requests that the process makes while it is asked something
        self._channel = None
        self._done = []  # sources of the cells that ran, in order
        self._failures = 0  # of the test that runs
        self._n = 0

    # -- life --

    def _start(self):
        if time.monotonic() > self.deadline:
            raise ProcessEnded(f"the notebook used up its {self.limits.notebook_seconds:g} seconds")
        shutil.rmtree(self.scratch, ignore_errors=True)
        self.scratch.mkdir()
        for name, content in self.files.items():
            path = self.scratch / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        self._channel, self.layers = self.warm.spawn(self.scratch, self.limits)
        self._channel.connection.setblocking(False)
        self._channel.tick = self._watch_scratch
        self.generation += 1
        for source in list(self._done):
            self._ask({"op": "cell", "source": source}, (), self.limits.cell_seconds)

    def _watch_scratch(self):
        size = count = 0
        for folder, _, names in os.walk(self.scratch):
            count += len(names) + 1
            for name in names:
                try:
                    size += os.lstat(os.path.join(folder, name)).st_blocks * 512
                except OSError:
                    continue
            if size > self.limits.scratch_bytes or count > self.limits.scratch_files:
                self.end("it wrote too many or too large files")

    def end(self, reason):
        """Kill the process and say why; without a reason, it has closed its channel, and how it ended is the reason."""
        self._channel.close()
        self._channel = None
        ending = self.warm.order("kill", patience=0.0 if reason else GRACE)
        raise ProcessEnded(reason or how_it_ended(ending, self.limits)) from None

    def close(self):
        """End the process, whatever it does, and remove its folder."""
        if self._channel is not None:
            self._channel.close()
            self._channel = None
        self.warm.order("kill")
        shutil.rmtree(self.scratch, ignore_errors=True)

    # -- requests --

    def begin_test(self):
        """Forget the failures of the test before."""
        self._failures = 0

    def run_cell(self, source):
        """Run a cell.

        Parameters
        ----------
        source : str

        Returns
        -------
        value : node of the wire
        blobs : list of memoryview

        Raises
        ------
        ProcessEnded
        """
        self._failures = 0
        reply, blobs = self.request({"op": "cell", "source": source}, (), self.limits.cell_seconds)
        self._done.append(source)
        return reply, blobs

    def request(self, message, blobs=(), seconds=None):
        """Send a request and wait for the reply; start the process first when there is none.

        Returns
        -------
        reply : dict
            With ``op`` ``"value"`` or ``"error"``.
        blobs : list of memoryview

        Raises
        ------
        ProcessEnded
        """
        if self._failures >= self.limits.failures_per_test:
            raise ProcessEnded("it ended its process, or took too long, too often in this test")
        try:
            if self._channel is None:
                self._start()
            reply, reply_blobs = self._ask(message, blobs, self.limits.call_seconds if seconds is None else seconds)
        except ProcessEnded:
            self._failures += 1
            raise
        self._failures += reply["late"]
        return reply, reply_blobs

    def _ask(self, message, blobs, seconds):
        self._n += 1
        n = self._n
        end = min(time.monotonic() + seconds, self.deadline)
        late = False
        try:
            self._channel.send(message | {"n": n}, blobs, end)
            while True:
                try:
                    reply, reply_blobs = self._channel.receive(end)
                except Late:
                    if late:
                        self.end(f"it took longer than {seconds:g} seconds and could not be interrupted")
                    late, end = True, time.monotonic() + GRACE
                    self.warm.order("interrupt")
                    continue
                if reply.get("op") == "callback" and self.callbacks is not None:
                    answer, answer_blobs = self.callbacks(reply, reply_blobs)
                    if self._channel is None:  # the callback asked in turn, and the process died of it
                        raise ProcessEnded("it ended its own process")
                    self._channel.send(answer, answer_blobs, end)
                    continue
                if reply.get("n") != n or reply.get("op") not in ("value", "error"):
                    self.end(
                        f"it took longer than {seconds:g} seconds"
                        if late
                        else "it interfered with the grader's channel"
                    )
                return reply | {"late": late}, reply_blobs
        except Late:
            self.end(f"it took longer than {seconds:g} seconds")
        except Closed:
            self.end(None)
        except WireError as problem:
            if late:  # the interrupt may have cut a message in two
                self.end(f"it took longer than {seconds:g} seconds")
            self.end(f"it interfered with the grader's channel: {problem}")
