"""`make lab` serves the course at the address it prints."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest

from utils import lab


@pytest.fixture
def server(tmp_path):
    port = lab.free_port(18000, 18999)
    environment = os.environ | {"JUPYTER_CONFIG_DIR": str(tmp_path), "JUPYTER_RUNTIME_DIR": str(tmp_path)}
    environment.pop("JUPYTER_TOKEN", None)
    process = subprocess.Popen(
        [sys.executable, "-m", "utils.lab", "--no-browser", "--port", str(port)],
        cwd=lab.COURSE, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    yield process.stdout.readline()
    os.killpg(process.pid, signal.SIGTERM)
    process.wait(30)


def get(url):
    with urllib.request.urlopen(url, timeout=10) as response:
        return response.read()


def test_the_printed_address_opens_chapter_0(server):
    address = server.split(": ", 1)[1].strip()
    base, token = address.split("/lab/tree/")[0], address.split("token=")[1]
    for _ in range(120):
        try:
            get(f"{base}/api?token={token}")
            break
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.5)
    notebook = address.split("/lab/tree/")[1].split("?")[0]
    model = json.loads(get(f"{base}/api/contents/{notebook}?token={token}&content=0"))
    assert model["type"] == "notebook"
    with pytest.raises(urllib.error.HTTPError):
        get(f"{base}/api/contents/{notebook}?token=wrong")


def test_a_taken_port_is_passed_over():
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert lab.free_port(port, port + 20) != port
        with pytest.raises(RuntimeError, match="are taken"):
            lab.free_port(port, port)


@pytest.mark.parametrize("published", [True, False])
def test_students_do_not_get_the_instructors_side_of_nbgrader(published, tmp_path, monkeypatch):
    monkeypatch.setattr(lab, "COURSE", tmp_path / "course")
    monkeypatch.setattr(lab.sys, "prefix", str(tmp_path / "environment"))
    (tmp_path / "course").mkdir()
    if published:
        (tmp_path / "course" / "index.ipynb").write_text("{}")
    lab.configure()
    assert (tmp_path / "environment" / "share" / "jupyter" / "lab" / "settings" / "overrides.json").exists()
    page = tmp_path / "environment" / "etc" / "jupyter" / "labconfig" / "page_config.json"
    assert page.exists() == published
    if published:
        assert json.loads(page.read_text())["disabledExtensions"]["@jupyter/nbgrader:formgrader"] is True
