"""`make lab`: JupyterLab on the course."""

import json
import os
import secrets
import socket
import subprocess
import sys
from pathlib import Path

from autograder import course

SETTINGS = {
    # No toast about news on the first start.
    "@jupyterlab/apputils-extension:notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
        "doNotDisturbMode": True,
    },
    # Keep cells in the page once they are drawn: a chapter is short, and demos must not vanish while one scrolls.
    "@jupyterlab/notebook-extension:tracker": {"windowingMode": "defer"},
}


def configure():
    """Write JupyterLab's defaults into the environment this Python belongs to."""
    folder = Path(sys.prefix) / "share" / "jupyter" / "lab" / "settings"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "overrides.json").write_text(json.dumps(SETTINGS, indent=1) + "\n", encoding="utf-8")


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


def command(browser=True, port=None):
    """Serve the course until interrupted; print the address with its token, which the server's own log masks."""
    port = port or free_port()
    token = os.environ.get("JUPYTER_TOKEN") or secrets.token_urlsafe(24)
    start = "lab/tree/release/ch00_reward_modeling/ch00_reward_modeling.ipynb"
    print(f"JupyterLab: http://127.0.0.1:{port}/{start}?token={token}", flush=True)
    options = [
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        f"--ServerApp.root_dir={course.COURSE}",
        f"--LabApp.default_url=/{start}",
    ]
    if not browser:
        options.append("--no-browser")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        options.append("--allow-root")
    environment = os.environ | {"JUPYTER_TOKEN": token}
    try:
        return subprocess.call([sys.executable, "-m", "jupyterlab", *options], cwd=course.COURSE, env=environment)
    except KeyboardInterrupt:
        return 0
