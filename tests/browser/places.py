"""A published edition far from the repository, and an environment that has the course's packages but not the repository.

The environment is what `make lab` builds for a student, without a second download: its own interpreter prefix, whose
packages are read from the environment that runs the tests. The editable install of the repository lies there behind a
``.pth`` file, which Python does not read from a folder that is only on its path.
"""

import contextlib
import json
import os
import random
import secrets
import signal
import subprocess
import sys
import sysconfig
import time
import urllib.error
import urllib.request
import venv
from dataclasses import dataclass
from pathlib import Path

from autograder import course
from autograder import publish as publishing
from utils import lab

# Jupyter's files that belong to packages of the staff: a student's JupyterLab does not have them.
STAFF_EXTENSIONS = ("jupytext",)


def publish(edition, destination):
    """Publish an edition as an instructor does, from the command line: release/ is proved fresh first."""
    command = [sys.executable, "-m", "autograder", "publish", "--edition", edition, str(destination)]
    subprocess.run(command, cwd=course.COURSE, check=True, capture_output=True, text=True)
    return Path(destination)


def write(edition, destination):
    """Write the files of an edition without the proof that release/ is fresh, which takes twenty seconds."""
    for name, data in publishing.contents(edition).items():
        (destination / name).parent.mkdir(parents=True, exist_ok=True)
        (destination / name).write_bytes(data)
    return Path(destination)


def make_environment(folder, edition):
    """Make an environment for a published edition and set JupyterLab's defaults in it, as the edition's Makefile does.

    Parameters
    ----------
    folder : pathlib.Path
        Where to; it does not exist yet.
    edition : pathlib.Path
        The published edition, which is importable there as after ``pip install -e .``.

    Returns
    -------
    pathlib.Path
        The environment's Python.
    """
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin" / "python"
    packages = Path(sysconfig.get_path("purelib"))
    own = folder / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
    (own / "course.pth").write_text(f"{edition}\n{packages}\n", encoding="utf-8")
    _link(Path(sys.prefix) / "share" / "jupyter", folder / "share" / "jupyter", split=("lab", "labextensions"))
    _link(Path(sys.prefix) / "etc" / "jupyter", folder / "etc" / "jupyter", split=("jupyter_server_config.d",))
    subprocess.run([python, "-m", "utils.lab", "--configure"], cwd=edition, check=True)
    return python


def _link(source, target, split=()):
    """Link what a folder holds; the folders named in `split` are made anew and what they hold is linked."""
    target.mkdir(parents=True)
    for path in sorted(source.iterdir()):
        if path.name in split:
            _link(path, target / path.name)
        elif path.name != "settings" and not any(name in path.name for name in STAFF_EXTENSIONS):
            (target / path.name).symlink_to(path)


@dataclass(frozen=True)
class Server:
    """A running Jupyter server."""

    base: str
    token: str
    edition: Path
    home: Path
    process: int


def free_port():
    """A free port; the search begins anywhere, as two tests that start servers at once must not find the same."""
    return lab.free_port(random.randint(19000, 29000), 29999)


def student_environment(home):
    """Environment variables of a student with a home of their own: nothing of the developer's, nothing of the tests'."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "TZ") if name in os.environ}
    return kept | {
        "HOME": str(home),
        "OMP_NUM_THREADS": "1",
        "COURSE_PROGRESS": str(home / "progress.sqlite"),
        "JUPYTER_CONFIG_DIR": str(home / "jupyter-config"),
        "JUPYTER_DATA_DIR": str(home / "jupyter-data"),
        "JUPYTER_RUNTIME_DIR": str(home / "jupyter-runtime"),
        "IPYTHONDIR": str(home / "ipython"),
    }


@contextlib.contextmanager
def serving(python, edition, home, application="lab", before=None):
    """Serve an edition until the block ends.

    Parameters
    ----------
    python : pathlib.Path
        The environment's Python.
    edition : pathlib.Path
    home : pathlib.Path
        The student's home; made here.
    application : {"lab", "notebook"}
        JupyterLab, started by the edition's own `utils.lab`, or Notebook 7.
    before : callable, optional
        Called in the new process before it starts.

    Yields
    ------
    Server
    """
    home.mkdir(parents=True, exist_ok=True)
    port = free_port()
    token = secrets.token_hex(8)
    if application == "lab":
        command = [python, "-m", "utils.lab", "--no-browser", "--port", str(port)]
    else:
        options = ["--no-browser", "--allow-root", f"--ServerApp.port={port}", "--ServerApp.port_retries=0"]
        command = [python, "-m", "notebook", *options, f"--ServerApp.root_dir={edition}"]
    environment = student_environment(home) | {"JUPYTER_TOKEN": token}
    with open(home / f"{application}.log", "w", encoding="utf-8") as log:
        process = subprocess.Popen(
            command, cwd=edition, env=environment, stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
            preexec_fn=before,
        )  # fmt: skip
    base = f"http://127.0.0.1:{port}"
    try:
        _wait_for(f"{base}/api/status?token={token}", process, home / f"{application}.log")
        yield Server(base, token, edition, home, process.pid)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(60)


def start_kernel(server, path):
    """Start a kernel for a notebook; return what the server says of it."""
    return _ask(server, "POST", "api/kernels", {"name": "python3", "path": path})


def end_kernels(server):
    """End every kernel of a server: one with torch takes some hundred megabytes."""
    for kernel in _ask(server, "GET", "api/kernels"):
        _ask(server, "DELETE", f"api/kernels/{kernel['id']}")


def set_theme(server, theme):
    """Choose a theme of JupyterLab for the server's student, as the menu Settings > Theme does."""
    path = "lab/api/settings/@jupyterlab/apputils-extension:themes"
    _ask(server, "PUT", path, {"raw": json.dumps({"theme": theme})})


def _ask(server, method, path, content=None):
    data = None if content is None else json.dumps(content).encode()
    request = urllib.request.Request(f"{server.base}/{path}", method=method, data=data)
    request.add_header("Authorization", f"token {server.token}")
    request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request, timeout=60) as response:
        return json.loads(response.read() or "null")


def _wait_for(url, process, log, patience=240):
    for _ in range(2 * patience):
        try:
            with urllib.request.urlopen(url, timeout=10):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            if process.poll() is not None:
                break
            time.sleep(0.5)
    raise RuntimeError(f"the server did not start:\n{log.read_text(encoding='utf-8')[-3000:]}")
