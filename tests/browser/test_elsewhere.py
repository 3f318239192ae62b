"""Notebook 7, and what VS Code and other viewers show: plain HTML on their own colours, and plain text."""

import subprocess

import nbformat
import pytest
from axe_playwright_python.sync_playwright import Axe

from autograder import course, notebooks, sample_class
from tests.browser import places
from tests.browser.notebook_page import NotebookPage
from tests.browser.work import right_answer, work, wrong_answer
from tests.chapters import CHAPTERS

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(1800)]

# Colours of VS Code's default themes, Light Modern and Dark Modern, which its notebooks set on the page around an output.
VS_CODE = {
    "light": "background: #ffffff; color: #3b3b3b",
    "dark": "background: #1f1f1f; color: #cccccc",
}
AA = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], "rules": {"region": {"enabled": False}}}


def test_chapter_0_in_notebook_7(published, page, tmp_path, screenshots):
    folder, python = published
    with places.serving(python, folder, tmp_path / "home", application="notebook") as server:
        name = CHAPTERS["ch00"].notebook
        notebook = NotebookPage(page, server, f"release/{name}/{name}.ipynb", application="notebook")
        work(notebook, "ch00", screenshots / "notebook-7")


@pytest.fixture(scope="module")
def outputs(published, tmp_path_factory):
    """What chapter 0 shows, run in the edition's own environment: panels of every kind, demos, figures, a listing, a
    solution."""
    _, python = published
    released = notebooks.read(course.RELEASE / CHAPTERS["ch00"].notebook / f"{CHAPTERS['ch00'].notebook}.ipynb")
    answers = {exercise: right_answer("ch00", exercise) for exercise in ("0.1", "0.5", "0.7")}
    answers |= {exercise: wrong_answer("ch00", exercise) for exercise in ("0.3", "0.6")}
    filled = sample_class.fill_in(released, answers)
    filled.cells.append(nbformat.v4.new_code_cell('from utils.solution import solution\nsolution("0.5")'))
    home = tmp_path_factory.mktemp("home")
    path = home / "chapter.ipynb"
    nbformat.write(filled, path)
    command = [python, "-m", "nbconvert", "--to", "notebook", "--execute", "--inplace", str(path)]
    subprocess.run(command, env=places.student_environment(home), cwd=home, check=True, capture_output=True)
    cells = nbformat.read(path, as_version=4).cells
    return [output for cell in cells if cell.cell_type == "code" for output in cell.outputs]


def test_every_output_has_plain_text_that_can_be_read(outputs):
    assert [output for output in outputs if output.output_type == "error"] == []
    shown = [output.data for output in outputs if output.output_type in ("display_data", "execute_result")]
    assert len(shown) > 15
    for data in shown:
        text = data["text/plain"]
        if "application/javascript" in data:  # it shows nothing: see utils.controls
            assert text == ""
        else:
            assert len(text) > 10
            assert " object at 0x" not in text
            assert not text.startswith(("<", "VBox(", "HBox("))


@pytest.mark.parametrize("edition", ["self-study"], indirect=True, scope="module")
@pytest.mark.parametrize("theme", VS_CODE)
def test_html_alone_is_readable_in_light_and_dark(theme, outputs, chromium, screenshots):
    """No style sheet of Jupyter's, no script, no widget."""
    html = [output.data["text/html"] for output in outputs if "text/html" in output.get("data", {})]
    assert len(html) > 15
    assert not any("<script" in text for text in html)
    context = chromium.new_context(
        color_scheme=theme, java_script_enabled=True, viewport={"width": 900, "height": 1000}
    )
    page = context.new_page()
    body = "\n".join(f"<div>{text}</div>" for text in html)
    page.set_content(
        f'<!DOCTYPE html><html lang="en"><head><title>outputs</title></head>'
        f'<body class="vscode-{theme}" style="{VS_CODE[theme]}; font-family: sans-serif"><main>{body}</main></body></html>'
    )
    found = Axe().run(page, options=AA).response
    folder = screenshots / "vs-code"
    folder.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=folder / f"ch00_{theme}.png", full_page=True)
    context.close()
    assert any(passed["id"] == "color-contrast" for passed in found["passes"])
    assert [(fault["id"], node["html"][:200]) for fault in found["violations"] for node in fault["nodes"]] == []
