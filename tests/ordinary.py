"""Ordinary users of this machine, for tests that root runs: made for the while, with homes that nobody else can read.

    python -m tests.ordinary python -m pytest -n 0 tests/engine tests/attacks

runs a command as such a user, in the repository; needs root, and leaves nothing behind.
"""

import contextlib
import os
import pwd
import shutil
import stat
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

COURSE = Path(__file__).resolve().parents[1]
PROGRAMS = ("useradd", "userdel", "unshare", "setpriv", "mount")


def missing():
    """Why there can be no such users here; empty when there can."""
    if os.getuid() != 0:
        return "only root can act for other users"
    absent = [name for name in PROGRAMS if shutil.which(name) is None]
    return f"{', '.join(absent)} not found" if absent else ""


@dataclass(frozen=True)
class User:
    """A user of the machine.

    Parameters
    ----------
    name : str
    uid, gid : int
    home : pathlib.Path
    mounts : str
        Shell lines that open the way to Python and the course in a mount namespace of the user's own.
    """

    name: str
    uid: int
    gid: int
    home: Path
    mounts: str

    def run(self, command, cwd=None, environment=None, check=True, **options):
        """Run a command as this user.

        Parameters
        ----------
        command : list of str
        cwd : path, optional
            The home unless given.
        environment : dict of str to str, optional
            Variables besides those that every login has.
        check : bool
            Whether a failure raises, with what the command said.

        Returns
        -------
        subprocess.CompletedProcess
        """
        become = f'{self.mounts}exec setpriv --reuid {self.uid} --regid {self.gid} --clear-groups --no-new-privs "$@"'
        done = subprocess.run(
            ["unshare", "--mount", "sh", "-c", become, "sh", *map(str, command)],
            cwd=cwd or self.home, env=self.environment | (environment or {}), text=True, **options,
        )  # fmt: skip
        if check and done.returncode:
            raise AssertionError(f"{self.name}: {command} ended with {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done

    @property
    def environment(self):
        """What a login has, and nothing of root's."""
        programs = os.pathsep.join([str(Path(sys.executable).parent), "/usr/local/bin", "/usr/bin", "/bin"])
        return {
            "HOME": str(self.home), "USER": self.name, "LOGNAME": self.name, "PATH": programs, "LANG": "C.UTF-8",
            "TMPDIR": str(self.home / "tmp"), "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1",
        }  # fmt: skip

    def owns(self, path):
        """Give the user a file or a folder with all that is in it."""
        for where, _, names in os.walk(path):
            for one in (where, *(os.path.join(where, name) for name in names)):
                os.chown(one, self.uid, self.gid, follow_symlinks=False)
        os.chown(path, self.uid, self.gid)
        return path


@contextlib.contextmanager
def users(*roles):
    """Make users, and remove them at the end.

    Parameters
    ----------
    *roles : str
        What each is for; part of the name, such as ``course-ada-4711``.

    Yields
    ------
    folder : pathlib.Path
        A temporary folder of root's that everybody can enter.
    made : list of User
        With homes in the folder, for nobody else to read.
    """
    folder = Path(tempfile.mkdtemp(prefix="course-users-", dir="/tmp"))
    folder.chmod(0o755)
    made = []
    try:
        (folder / "mounts").mkdir()
        mounts = _mounts(folder / "mounts")
        for role in roles:
            name, home = f"course-{role}-{os.getpid()}", folder / role
            subprocess.run(
                ["useradd", "--no-create-home", "--home-dir", home, "--shell", "/bin/sh", "--user-group", name],
                check=True, capture_output=True,
            )  # fmt: skip
            (home / "tmp").mkdir(parents=True)
            entry = pwd.getpwnam(name)
            made.append(User(name, entry.pw_uid, entry.pw_gid, home, mounts))
            home.chmod(0o700)
            made[-1].owns(home)
        yield folder, made
    finally:
        for user in made:
            subprocess.run(["userdel", user.name], capture_output=True)
        shutil.rmtree(folder, ignore_errors=True)


def _mounts(spare):
    """Shell lines that make Python, its environment and the course reachable where a folder above them is closed."""
    needed = [path for path in dict.fromkeys(map(Path, (sys.base_prefix, sys.prefix, COURSE))) if _closed(path)]
    lines = ["set -e"]
    for i, path in enumerate(needed):
        (spare / str(i)).mkdir()
        lines.append(f"mount --bind '{path}' '{spare}/{i}'")
    lines += [f"mount -t tmpfs -o mode=755 tmpfs '{folder}'" for folder in dict.fromkeys(map(_closed, needed))]
    for i, path in enumerate(needed):
        lines += [f"mkdir -p '{path}'", f"mount --bind '{spare}/{i}' '{path}'"]
    return "\n".join(lines) + "\n"


def _closed(path):
    """The outermost folder on the way to a path that others cannot enter, or None."""
    for folder in [*reversed(path.parents), path]:
        if not folder.stat().st_mode & stat.S_IXOTH:
            return folder
    return None


def main():
    """Run a command as an ordinary user."""
    if reason := missing():
        print(f"python -m tests.ordinary: {reason}", file=sys.stderr)
        return 2
    with users("user") as (_, [user]):
        own = {"PYTHONPATH": str(COURSE), "PYTEST_ADDOPTS": f"-p no:cacheprovider --basetemp={user.home}/tmp/pytest"}
        return user.run(sys.argv[1:], cwd=COURSE, environment=own, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
