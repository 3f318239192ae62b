"""The student side of the course, copied into a folder of its own: all of the course that a submission can see."""

import contextlib
import fcntl
import os
import shutil
import sys
import sysconfig
import tempfile
from pathlib import Path

from autograder.engine.boxed.confine import DEVICES, SYSTEM

COURSE = Path(__file__).resolve().parent.parent.parent
STAFF_PACKAGES = ("utils/solutions", "autograder")
EXCHANGES = ("/usr/local/share/nbgrader", "/usr/share/nbgrader")  # other students' submissions pass through here
CONFIGURATION = (f"{sys.prefix}/etc/jupyter", "/usr/local/etc/jupyter", "/usr/etc/jupyter")  # may hold tokens


def runs_folder():
    """Folder for the temporary folders of this user's grading processes."""
    return Path(tempfile.gettempdir()).resolve() / f"rl-grading-{os.getuid()}"


def cache_folder():
    """Folder for what is worth keeping between runs: matplotlib's list of fonts."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return Path(base).resolve() / "rl-grading"


class Stage:
    """A temporary folder that disappears with its process, at the latest when the next one starts.

    Holds ``student`` (read-only in the sandbox) and ``scratch`` (where submissions write). A lock on the folder says
    that its process lives; a folder without one is left over from a killed run.
    """

    def __init__(self):
        base = runs_folder()
        base.mkdir(mode=0o700, exist_ok=True)
        if base.stat().st_uid != os.getuid():
            raise PermissionError(f"{base} belongs to someone else")
        remove_left_over(base)
        self.folder = Path(tempfile.mkdtemp(prefix="run-", dir=base))
        self._lock = os.open(self.folder, os.O_RDONLY)
        fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self.student = self.folder / "student"
        self.scratch = self.folder / "scratch"
        self.scratch.mkdir()
        copy_student_side(self.student)

    def close(self):
        """Remove the folder."""
        shutil.rmtree(self.folder, ignore_errors=True)
        os.close(self._lock)
        with contextlib.suppress(OSError):
            runs_folder().rmdir()


def remove_left_over(base):
    """Remove the folders of processes that are gone."""
    for folder in base.glob("run-*"):
        try:
            lock = os.open(folder, os.O_RDONLY)
        except OSError:
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue
        else:
            if any(folder.iterdir()) or _is_old(folder):  # an empty one may be about to be locked by its maker
                shutil.rmtree(folder, ignore_errors=True)
        finally:
            os.close(lock)


def _is_old(folder):
    import time

    return time.time() - folder.stat().st_mtime > 60


def copy_student_side(destination):
    """Copy `utils` without the solutions, the released notebooks, and the code of the student's process."""

    def without_staff(folder, names):
        at_top = Path(folder) == COURSE / "utils"
        return [name for name in names if name == "__pycache__" or (at_top and name == "solutions")]

    shutil.copytree(COURSE / "utils", destination / "utils", ignore=without_staff)
    shutil.copytree(Path(__file__).parent / "boxed", destination / "boxed", ignore=without_staff)
    if (COURSE / "release").is_dir():
        shutil.copytree(COURSE / "release", destination / "release")


def this_python():
    """This Python's program, in its own folder: an environment may be reached through a link, which no wall lets through."""
    folder, name = os.path.split(sys.executable)
    return os.path.join(os.path.realpath(folder), name)


def library_path():
    """Entries of this Python's import path that hold installed libraries, without links."""
    roots = {os.path.realpath(path) for name, path in sysconfig.get_paths().items() if name.endswith(("lib", "stdlib"))}
    entries = [os.path.realpath(entry) for entry in sys.path if entry and os.path.isdir(entry)]
    return list(dict.fromkeys(entry for entry in entries if "dist-packages" in entry or _is_in(entry, roots)))


def readable_paths(student):
    """What a submission may read besides its scratch folder: this Python, the system's libraries, the student side."""
    python = {os.path.realpath(path) for path in (sys.prefix, sys.base_prefix, os.path.dirname(this_python()))}
    python |= {*library_path(), os.path.dirname(os.path.realpath(sys.executable))}
    return [path for path in [*SYSTEM, *DEVICES, *sorted(python), str(student)] if os.path.exists(path)]


def hidden_paths(readable, course_dir=None):
    """Staff folders that lie inside something readable, as those of a course installed by pip do."""
    names = (*STAFF_PACKAGES, "source", "tests", "submitted", "autograded", "feedback")
    names += ("gradebook.db", "gradebook.db-wal", "gradebook.db-shm")
    places = [COURSE / name for name in names] + ([Path(course_dir)] if course_dir is not None else [])
    places += [Path(place) for place in (*EXCHANGES, *CONFIGURATION)]
    places = [str(place.resolve()) for place in places if place.exists()]
    return [place for place in places if _is_in(place, [os.path.realpath(path) for path in readable])]


def _is_in(path, roots):
    return any(path == root or path.startswith(root.rstrip("/") + "/") for root in roots)
