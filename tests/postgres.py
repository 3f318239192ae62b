"""A PostgreSQL server for the tests: its own data folder, a Unix socket and no port, ended with the tests."""

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

SETTINGS = ("listen_addresses=", "fsync=off", "max_connections=60", "shared_buffers=16MB", "timezone=UTC")


def programs():
    """Folder of the server's programs; the newest of those that Debian installs side by side, or that of PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("postgres")
    return found[-1].parent if found else Path(on_path).parent if on_path else None


class Server:
    """A running server.

    Parameters
    ----------
    folder : pathlib.Path
        Of the socket; `folder` / "data" is the server's.
    """

    def __init__(self, folder):
        self.folder = folder

    def url(self, database="postgres"):
        """Address of a database, as ``c.CourseDirectory.db_url`` takes it."""
        return f"postgresql+psycopg://grader@/{database}?host={self.folder}"

    def new_database(self, name, empty=False):
        """Address of a new database: with nbgrader's tables in it, or empty."""
        import psycopg

        from autograder import database

        with psycopg.connect(host=str(self.folder), user="grader", dbname="postgres", autocommit=True) as connection:
            if not empty and connection.execute("SELECT 1 FROM pg_database WHERE datname = 'made'").fetchone() is None:
                connection.execute("CREATE DATABASE made")
                database.open_gradebook(self.url("made"), "test").close()
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {'template1' if empty else 'made'}")
        return self.url(name)


@contextlib.contextmanager
def running_server():
    """Start a server and end it; skips the test where its programs are missing."""
    pytest.importorskip("psycopg", reason="psycopg is missing: pip install -e '.[postgres]'")
    folder = programs()
    if folder is None:
        pytest.skip("PostgreSQL's programs are missing: `make system` installs them")
    account = {}
    if os.geteuid() == 0:  # the server refuses to run as root
        import pwd

        names = [entry.pw_name for entry in pwd.getpwall()]
        name = "postgres" if "postgres" in names else "nobody"
        account = {"user": name, "group": pwd.getpwnam(name).pw_gid, "extra_groups": []}
    home = Path(tempfile.mkdtemp(prefix="rl-pg-", dir="/tmp"))  # a socket's path must be short
    try:
        home.chmod(0o755)
        if account:
            shutil.chown(home, account["user"])
        quiet = {"cwd": home, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, **account}
        command = [folder / "initdb", "-D", home / "data", "-U", "grader", "-A", "trust", "-E", "UTF8", "--no-sync"]
        made = subprocess.run(command, text=True, **quiet)
        assert made.returncode == 0, made.stdout
        options = [word for setting in (*SETTINGS, f"unix_socket_directories={home}") for word in ("-c", setting)]
        with (home / "log").open("wb") as log:
            server = subprocess.Popen(
                [folder / "postgres", "-D", home / "data", *options], preexec_fn=_end_with_parent,
                **quiet | {"stdout": log},
            )  # fmt: skip
        try:
            _wait_until_ready(server, home)
            yield Server(home)
        finally:
            server.send_signal(signal.SIGINT)  # ends connections, then itself
            server.wait(30)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _end_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGINT, 0, 0, 0)  # PR_SET_PDEATHSIG: tests that are killed leave no server behind


def _wait_until_ready(server, home):
    import psycopg

    for _ in range(300):
        assert server.poll() is None, (home / "log").read_text()
        try:
            psycopg.connect(host=str(home), user="grader", dbname="postgres").close()
            return
        except psycopg.OperationalError:
            time.sleep(0.1)
    raise AssertionError((home / "log").read_text())
