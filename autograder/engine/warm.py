"""The grader's end of the fork server (see `boxed.zygote`)."""

import json
import os
import socket
import subprocess
import tempfile

from autograder.engine.boxed import confine
from autograder.engine.boxed.channel import Channel
from autograder.engine.stage import Stage, cache_folder, hidden_paths, library_path, readable_paths, this_python

PRELOADED = ("numpy", "scipy.special", "scipy.optimize", "matplotlib.pyplot")
_ONE_THREAD = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS")


class ServerLost(Exception):
    """The fork server does not answer."""


class Warm:
    """A running fork server with its temporary folder.

    Parameters
    ----------
    course_dir : path, optional
        The class's folder, hidden from submissions like the course itself.
    imports : iterable of str
        Modules to import before the first submission, besides the usual ones.
    namespaces : bool
        Whether to enter namespaces where the host allows it.
    """

    def __init__(self, course_dir=None, imports=(), namespaces=True):
        self.stage = Stage()
        self.process = None
        try:
            self._start(course_dir, list(dict.fromkeys([*PRELOADED, *imports])), namespaces)
        except BaseException:
            self.close()
            raise

    def _start(self, course_dir, imports, namespaces):
        cache = cache_folder()
        cache.mkdir(parents=True, exist_ok=True)
        student = str(self.stage.student)
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        readable = readable_paths(student)
        settings = {
            "control": theirs.fileno(),
            "grader": os.getpid(),
            "path": [student, *library_path()],
            "readable": readable,
            "writable": [str(self.stage.scratch), str(cache)],
            "hidden": hidden_paths(readable, course_dir),
            "imports": imports,
            "namespaces": namespaces,
        }
        self._complaints = tempfile.TemporaryFile()
        with theirs:
            self.process = subprocess.Popen(
                [this_python(), "-P", "-s", f"{student}/boxed/start.py", json.dumps(settings)],
                pass_fds=[theirs.fileno()], cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=self._complaints, env=self._environment(cache), start_new_session=True,
            )  # fmt: skip
        self.control = ours
        ours.settimeout(180)
        self.namespaces = self._answer()["namespaces"]

    def _environment(self, cache):
        """A fresh environment: nothing of the grader's own is in it."""
        kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
        fixed = {
            "LANG": "C.UTF-8",
            "HOME": str(self.stage.scratch),
            "IPYTHONDIR": str(self.stage.scratch / ".ipython"),
            "MPLCONFIGDIR": str(cache),
            "MPLBACKEND": "module://matplotlib_inline.backend_inline",
            "NBGRADER_EXECUTION": "autograde",
            "PYTHONHASHSEED": "0",  # sets of strings in the same order in every run
            "PYTHONDONTWRITEBYTECODE": "1",
            "SDL_VIDEODRIVER": "dummy",
            "XDG_RUNTIME_DIR": str(self.stage.scratch),
        }
        return kept | fixed | dict.fromkeys(_ONE_THREAD, "1")

    def order(self, do, descriptors=(), **details):
        """Give the fork server an order and wait for its reply."""
        data = json.dumps({"do": do, "with": details}).encode()
        try:
            socket.send_fds(self.control, [data], list(descriptors))
            return self._answer()
        except OSError as problem:
            raise ServerLost(f"the fork server does not answer: {problem}") from None

    def _answer(self):
        data = self.control.recv(65536)
        if not data:
            self._complaints.seek(0)
            words = self._complaints.read()[-2000:].decode(errors="replace")
            raise ServerLost(f"the fork server ended: {words}")
        return json.loads(data)

    def spawn(self, scratch, limits):
        """Start a student's process.

        Returns
        -------
        channel : boxed.channel.Channel
        layers : list of str
            What confines it.
        """
        ours, theirs = socket.socketpair()
        with theirs:
            self.order("spawn", [theirs.fileno()], scratch=str(scratch), limits=limits.as_dict())
        channel = Channel(ours)
        message, _ = channel.receive()  # written before any code of the student's ran
        return channel, message["layers"] + (["namespaces"] if self.namespaces else [])

    def probe(self, limits):
        """Layers that a submission would be confined by; see `boxed.confine.missing`."""
        scratch = self.stage.scratch / "probe"
        scratch.mkdir(exist_ok=True)
        channel, layers = self.spawn(scratch, limits)
        channel.close()
        self.order("kill")
        return layers

    def require_confinement(self, limits):
        """Raise `boxed.confine.NotConfined` unless the host confines submissions well enough.

        Returns
        -------
        list of str
            The layers that are on.
        """
        layers = self.probe(limits)
        confine.require(layers)
        return layers

    def close(self):
        """Stop the fork server and remove its folder."""
        if self.process is not None:
            self.control.close()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self._complaints.close()
            self.process = None
        self.stage.close()
