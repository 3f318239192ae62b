"""`make lab`: JupyterLab on the course. `python -m utils.lab --help` says more."""

import argparse
import json
import os
import secrets
import socket
import subprocess
import sys
from pathlib import Path

COURSE = Path(__file__).resolve().parent.parent
SETTINGS = {
    # No toast about news on the first start.
    "@jupyterlab/apputils-extension:notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
        "doNotDisturbMode": True,
    },
    "@jupyterlab/notebook-extension:tracker": {
        # Keep cells in the page once they are drawn: a chapter is short, and demos must not vanish while one scrolls.
        "windowingMode": "defer",
        # Nobody must scroll sideways to read the end of a line, whatever the window's width or the letters' size.
        "codeCellConfig": {"lineWrap": True},
    },
}
# What nbgrader adds to JupyterLab for those who make and grade assignments: it would only puzzle a student.
STAFF_EXTENSIONS = ("create-assignment", "formgrader", "course-list")


def configure():
    """Write JupyterLab's defaults into the environment this Python belongs to.

    In a published edition the parts of nbgrader that serve instructors are switched off as well.
    """
    folder = Path(sys.prefix) / "share" / "jupyter" / "lab" / "settings"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "overrides.json").write_text(json.dumps(SETTINGS, indent=1) + "\n", encoding="utf-8")
    if is_published():
        disabled = {f"@jupyter/nbgrader:{name}": True for name in STAFF_EXTENSIONS}
        folder = Path(sys.prefix) / "etc" / "jupyter" / "labconfig"
        folder.mkdir(parents=True, exist_ok=True)
        page = json.dumps({"disabledExtensions": disabled}, indent=1)
        (folder / "page_config.json").write_text(page + "\n", encoding="utf-8")


def is_published():
    """Whether this is a published edition: only those have a start page."""
    return (COURSE / "index.ipynb").exists()


def free_port(first=8888, last=8999):
    """First port of a range that nobody listens on.

    Raises
    ------
    RuntimeError
        If all are taken.
    """
    for port in range(first, last + 1):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError(f"all ports from {first} to {last} are taken")


def start_page():
    """What JupyterLab opens with: the published course's start page, else the first chapter."""
    if is_published():
        return "index.ipynb"
    return next(iter(sorted(COURSE.glob("release/ch*/ch*.ipynb")))).relative_to(COURSE).as_posix()


def serve(browser=True, port=None):
    """Serve the course until interrupted; print the address with its token, which the server's own log masks.

    Parameters
    ----------
    browser : bool
        Whether to open a browser.
    port : int, optional
        The first free one from 8888 on unless given.

    Returns
    -------
    int
        JupyterLab's exit code.
    """
    port = port or free_port()
    token = os.environ.get("JUPYTER_TOKEN") or secrets.token_urlsafe(24)
    start = f"lab/tree/{start_page()}"
    print(f"JupyterLab: http://127.0.0.1:{port}/{start}?token={token}", flush=True)
    options = [
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        "--ServerApp.log_level=ERROR",  # the address above is what a student looks for, not forty lines about extensions
        "--LabApp.log_level=ERROR",
        f"--ServerApp.root_dir={COURSE}",
        f"--LabApp.default_url=/{start}",
    ]
    if not browser:
        options.append("--no-browser")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        options.append("--allow-root")
    environment = os.environ | {"JUPYTER_TOKEN": token}
    try:
        return subprocess.call([sys.executable, "-m", "jupyterlab", *options], cwd=COURSE, env=environment)
    except KeyboardInterrupt:
        return 0


def main():
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m utils.lab", description="Serve the course in JupyterLab.")
    parser.add_argument("--no-browser", action="store_true", help="only print the address")
    parser.add_argument("--port", type=int, help="port to listen on (default: the first free one from 8888)")
    parser.add_argument(
        "--configure", action="store_true", help="set JupyterLab's defaults in this environment and stop"
    )
    arguments = parser.parse_args()
    if arguments.configure:
        configure()
        return 0
    return serve(browser=not arguments.no_browser, port=arguments.port)


if __name__ == "__main__":
    sys.exit(main())
