"""From assignment to feedback in formgrader, by the clicks of an instructor; nothing is asked of any other machine."""

import contextlib
import getpass
import os
import secrets
import signal
import sqlite3
import subprocess
import sys

import nbformat
import pytest

from autograder import course
from tests.browser import places
from tests.engine.classroom import ANSWERS

pytestmark = [pytest.mark.browser, pytest.mark.slow]
CHAPTER = "ch00_reward_modeling"
COURSE_ID = "rl-theory-alignment"
HALF = ANSWERS | {
    "ex0_5": "def bradley_terry(r_win, r_lose):\n    return np.mean(np.log(1 + np.exp(np.subtract(r_lose, r_win))))",
    "ex0_1": "answer_0_1 = 0.182",
}
COMMENT = r"See section 0.5: $\log(e^0 + e^{-\Delta})$ at once."
PATIENCE = 240_000  # milliseconds


@pytest.fixture(scope="module")
def classroom(tmp_path_factory):
    """A class's folder before its first assignment, and an exchange."""
    root = tmp_path_factory.mktemp("formgrader")
    (root / "class").mkdir()
    exchange = root / "exchange"
    exchange.mkdir()
    exchange.chmod(0o777)
    course.write_class_config(root / "class")
    with open(root / "class" / "nbgrader_config.py", "a", encoding="utf-8") as file:
        file.write(f"c.Exchange.root = {str(exchange)!r}\n")
    return root / "class"


@pytest.fixture(scope="module")
def server(classroom, tmp_path_factory):
    """JupyterLab, started in the class's folder."""
    home = tmp_path_factory.mktemp("home")
    port, token = places.free_port(), secrets.token_hex(8)
    options = ["--no-browser", "--allow-root", f"--ServerApp.port={port}", "--ServerApp.port_retries=0"]
    command = [sys.executable, "-m", "jupyterlab", *options, f"--ServerApp.root_dir={classroom}"]
    with open(home / "lab.log", "w", encoding="utf-8") as log:
        process = subprocess.Popen(
            command, cwd=classroom, env=_environment(home) | {"JUPYTER_TOKEN": token}, stdout=log,
            stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    running = places.Server(f"http://127.0.0.1:{port}", token, classroom, home, process.pid)
    try:
        places._wait_for(f"{running.base}/api/status?token={token}", process, home / "lab.log")
        yield running
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(60)


def _environment(home):
    return places.student_environment(home) | {"PYTHONPATH": str(course.COURSE)}


class Formgrader:
    """Formgrader in a page; what it asks of other machines and what goes wrong in it is kept."""

    def __init__(self, page, server, screenshots):
        self.page, self.server = page, server
        self.elsewhere, self.errors = [], []
        self.pictures = screenshots / "formgrader"
        self.pictures.mkdir(parents=True, exist_ok=True)
        page.route("**/*", self._allow)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda line: self.errors.append(line.text) if line.type == "error" else None)
        page.goto(f"{server.base}/formgrader/manage_assignments?token={server.token}")

    def _allow(self, route):
        if route.request.url.startswith((self.server.base, "data:", "file:")):
            route.continue_()
        else:
            self.elsewhere.append(route.request.url)
            route.abort()

    def open(self, path):
        """Go to one of formgrader's pages."""
        self.page.goto(f"{self.server.base}/formgrader/{path}")

    def row(self, text):
        """Row of the main table."""
        row = self.page.locator("#main-table tr", has_text=text)
        row.wait_for(timeout=PATIENCE)
        return row

    def press(self, row, icon):
        """Press an icon of a row, wait for what formgrader says about it and close that.

        Returns
        -------
        str
            The text that formgrader showed.
        """
        row.locator(f".glyphicon-{icon}").click()
        said = self.page.locator(".modal.in")
        said.wait_for(timeout=PATIENCE)
        text = said.inner_text()
        assert said.get_attribute("id") == "success-modal", text
        said.get_by_role("button", name="OK").click()
        said.wait_for(state="detached")
        self.page.locator(".modal-backdrop").wait_for(state="detached")
        return text

    def saving(self, what):
        """Wait at the end of the block until the server has saved a ``grade`` or a ``comment``."""
        return self.page.expect_response(
            lambda answer: f"/api/{what}/" in answer.url and answer.request.method == "PUT" and answer.ok,
            timeout=PATIENCE,
        )

    def picture(self, name):
        """Keep a picture of the page for people."""
        self.page.screenshot(path=self.pictures / f"{name}.png", full_page=True)


def nbgrader(folder, server, *arguments):
    """A command of nbgrader's, run by a student."""
    return subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments], cwd=folder, env=_environment(server.home), check=True,
        capture_output=True, text=True,
    )  # fmt: skip


def hand_in(folder, server, exchange):
    """Fetch the assignment, answer it half right and submit it; the student is whoever runs the tests."""
    folder.mkdir()
    (folder / "nbgrader_config.py").write_text(
        f"c = get_config()\nc.Exchange.root = {str(exchange)!r}\nc.CourseDirectory.course_id = {COURSE_ID!r}\n"
    )
    nbgrader(folder, server, "fetch_assignment", CHAPTER)
    path = folder / CHAPTER / f"{CHAPTER}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        cell.source = HALF.get(cell.metadata.get("nbgrader", {}).get("grade_id"), cell.source)
    nbformat.write(notebook, path)
    nbgrader(folder, server, "submit", CHAPTER)


def manual_scores(classroom):
    """Scores given by hand, by cell."""
    query = (
        "SELECT c.name, g.manual_score FROM grade g JOIN base_cell c ON c.id = g.cell_id WHERE g.manual_score NOT NULL"
    )
    with contextlib.closing(sqlite3.connect(classroom / "gradebook.db")) as connection:
        return dict(connection.execute(query).fetchall())


def test_from_assignment_to_feedback(classroom, server, page, screenshots, tmp_path):
    formgrader = Formgrader(page, server, screenshots)

    student = getpass.getuser()

    # Generate the students' version and release it.
    formgrader.row(CHAPTER)
    formgrader.picture("1-assignments")
    formgrader.press(formgrader.row(CHAPTER), "education")
    assert (classroom / "release" / CHAPTER / f"{CHAPTER}.ipynb").exists()
    formgrader.press(formgrader.row(CHAPTER), "cloud-upload")
    assert "released" in formgrader.row(CHAPTER).inner_text()
    formgrader.picture("2-released")

    hand_in(tmp_path / "student", server, classroom.parent / "exchange")
    formgrader.press(formgrader.row(CHAPTER), "cloud-download")
    assert (classroom / "submitted" / student / CHAPTER / f"{CHAPTER}.ipynb").exists()

    # Grade it.
    formgrader.open(f"manage_submissions/{CHAPTER}")
    assert "needs autograding" in formgrader.row(student).inner_text()
    log = formgrader.press(formgrader.row(student), "flash")
    assert "confined by" in log
    row = formgrader.row(student)
    assert "18 / 22" in row.inner_text() and "graded" in row.inner_text()
    formgrader.picture("3-autograded")

    # Read it as a teaching assistant, and correct it.
    formgrader.open(f"gradebook/{CHAPTER}/{CHAPTER}")
    formgrader.row("Submission #1")
    formgrader.picture("4-submissions")
    formgrader.row("Submission #1").get_by_role("link").first.click()
    page.wait_for_url("**/formgrader/submissions/**")
    page.wait_for_function(
        "formgrader.loaded && formgrader.grades.loaded && formgrader.comments.loaded && MathJax.loaded"
    )
    cell = page.locator(".nbgrader_cell", has=page.locator("#ex0_5_test"))
    assert cell.locator("input.score").get_attribute("placeholder") == "3"
    assert page.locator("math").count() > 80 and page.locator("mfrac").first.bounding_box()["height"] > 10
    panel = page.locator(".output_html, .output", has_text="Exercise 0.5: 3 of 6 points").last
    assert "A gap of -1000 must cost 1000 nats" in panel.inner_text()
    assert "badly wrong pairs" in panel.inner_text()
    formgrader.picture("5-submission-whole")

    with formgrader.saving("grade"):
        cell.locator("input.score").fill("4.5")
        cell.locator("input.score").press("Tab")  # one of formgrader's own keys: on to the next box, and save this one
    page.wait_for_function("document.activeElement.id !== 'ex0_5_test'")
    with formgrader.saving("comment"):
        page.locator("#ex0_5-comment").fill(COMMENT)
        page.locator("#ex0_5-comment").press("Escape")
    assert manual_scores(classroom) == {"ex0_5_test": 4.5}
    page.screenshot(path=formgrader.pictures / "5-submission.png")

    # Feedback, for the student to fetch.
    formgrader.open(f"manage_submissions/{CHAPTER}")
    assert "19.5 / 22" in formgrader.row(student).inner_text()
    formgrader.press(formgrader.row(student), "comment")
    formgrader.press(formgrader.row(student), "envelope")
    formgrader.picture("6-feedback")
    assert formgrader.elsewhere == [] and formgrader.errors == []

    nbgrader(tmp_path / "student", server, "fetch_feedback", CHAPTER)
    [feedback] = (tmp_path / "student" / CHAPTER / "feedback").rglob("*.html")
    page.goto(feedback.as_uri())
    row = page.locator("#toc tr", has_text="Exercise 0.5")
    assert row.locator("td").last.inner_text() == "4.5 of 6"
    row.get_by_role("link", name="comment").click()
    assert page.locator(".panel-footer", has_text="See section 0.5").locator("math").count() == 1
    page.screenshot(path=formgrader.pictures / "7-feedback.png")
