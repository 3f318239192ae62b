"""Chapter 0 by keyboard alone, in the light and the dark theme, and what axe-core says of panels, demos and listing."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser import places
from tests.browser.work import BUTTONS, right_answer, wrong_answer

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(1800)]

THEMES = ("JupyterLab Light", "JupyterLab Dark")
AA = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
OUTPUTS = {"include": [[".jp-Notebook .jp-OutputArea-output"]]}

NAME = "element => element.innerText || element.getAttribute('aria-label') || element.tagName"
# The name of the element that has the focus, unless it is part of JupyterLab itself; ours stand in outputs.
FOCUSED = f"() => document.activeElement.closest('.jp-OutputArea-output') && ({NAME})(document.activeElement)"
# Contrast of the line around the element that has the focus with what lies behind it, at least two pixels thick.
FOCUS_LINE = """() => {
    const element = document.activeElement, style = getComputedStyle(element);
    if (style.outlineStyle == 'none' || parseFloat(style.outlineWidth) < 2) return 0;
    const numbers = colour => colour.match(/[\\d.]+/g).map(Number);
    const luminance = colour => numbers(colour).slice(0, 3)
        .map(part => part / 255).map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
        .reduce((sum, part, i) => sum + part * [0.2126, 0.7152, 0.0722][i], 0);
    let behind = element.parentElement;
    while ((numbers(getComputedStyle(behind).backgroundColor)[3] ?? 1) == 0) behind = behind.parentElement;
    const [one, other] = [style.outlineColor, getComputedStyle(behind).backgroundColor].map(luminance);
    return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
}"""


@pytest.fixture(params=THEMES)
def notebook(request, server, open_chapter):
    """Chapter 0 in one of JupyterLab's themes, all cells run, with a panel of each kind."""
    places.set_theme(server, request.param)
    opened = open_chapter("ch00")
    opened.run_all()
    assert request.param == opened.page.evaluate("document.body.dataset.jpThemeName")
    opened.answer("ex0_1", right_answer("ch00", "0.1"))
    opened.answer("ex0_5", wrong_answer("ch00", "0.5"))
    opened.answer("ex0_6", wrong_answer("ch00", "0.6"))
    return opened


def test_axe_finds_no_fault(notebook, screenshots):
    found = Axe().run(notebook.page, context=OUTPUTS, options=AA).response
    assert len(found["passes"]) > 5
    assert [(fault["id"], node["html"]) for fault in found["violations"] for node in fault["nodes"]] == []
    theme = notebook.page.evaluate("document.body.dataset.jpThemeName").split()[-1].lower()
    notebook.photograph(screenshots / "themes", f"ch00_{theme}")


def test_every_control_is_reached_by_tab_and_shows_that_it_is(notebook):
    page = notebook.page
    controls = page.locator(".jp-OutputArea-output").locator(f".noUi-handle, {BUTTONS}, select, input").all()
    assert len(controls) >= 12
    names = {control.evaluate(NAME) for control in controls}
    notebook.cell(0).click()
    page.keyboard.press("Escape")
    reached = {}
    for _ in range(400):
        page.keyboard.press("Tab")
        name = page.evaluate(FOCUSED)
        if name in names:
            reached[name] = page.evaluate(FOCUS_LINE)
        if names <= set(reached):
            break
    assert names - set(reached) == set()
    assert {name: contrast for name, contrast in reached.items() if contrast < 3} == {}


def test_a_chapter_is_worked_without_a_mouse(server, open_chapter):
    """From the first cell on: run, move a slider, press a button, answer, choose a line of the listing."""
    notebook = open_chapter("ch00")
    page, keys = notebook.page, notebook.page.keyboard
    page.evaluate("document.querySelector('.jp-Notebook').focus()")
    keys.press("Escape")
    keys.press("Control+Home")
    for _ in notebook.cells:
        keys.press("Shift+Enter")
    notebook.wait_until_idle()
    assert notebook.not_run() == []
    assert notebook.failures() == []

    slider = notebook.demos()[0].locator(".noUi-handle").first
    before = slider.get_attribute("aria-valuenow")
    select_cell(notebook, "demos.reward_gap()")
    tab_to(notebook, "reward of A")
    keys.press("ArrowRight")
    notebook.wait_until_idle()
    assert slider.get_attribute("aria-valuenow") != before

    select_cell(notebook, "demos.fit_tournament()")
    tab_to(notebook, "Ten steps")
    keys.press("Space")
    notebook.demos()[1].get_by_text("10 steps").wait_for()

    position = select_cell(notebook, "answer_0_1")
    keys.press("Enter")
    keys.press("Control+A")
    keys.insert_text(right_answer("ch00", "0.1"))
    keys.press("Shift+Enter")
    keys.press("Shift+Enter")
    notebook.wait_until_idle()
    assert "Exercise 0.1: right" in notebook.panel(position + 1)

    position = select_cell(notebook, "buggy_line_0_6")
    keys.press("Enter")
    keys.press("Control+A")
    keys.insert_text(wrong_answer("ch00", "0.6"))
    keys.press("Shift+Enter")
    keys.press("Shift+Enter")
    notebook.wait_until_idle()
    select_cell(notebook, 'check("0.6"')
    tab_to(notebook, "loss = 0.0")
    keys.press("Enter")
    notebook.cell(position + 1).get_by_text("You chose line 2").wait_for()


def select_cell(notebook, words):
    """Go to the first code cell that holds some words, by the keys J and K; return its place."""
    cells = notebook.cells
    target = next(i for i, cell in enumerate(cells) if cell["cell_type"] == "code" and words in "".join(cell["source"]))
    notebook.page.keyboard.press("Escape")
    here = notebook.page.evaluate(
        "[...document.querySelectorAll('.jp-Notebook .jp-Cell')].findIndex(e => e.classList.contains('jp-mod-active'))"
    )
    for _ in range(abs(target - here)):
        notebook.page.keyboard.press("j" if target > here else "k")
    return target


def tab_to(notebook, words):
    """Press Tab until something in an output with these words has the focus."""
    for _ in range(60):
        notebook.page.keyboard.press("Tab")
        name = notebook.page.evaluate(FOCUSED)
        if name is not None and words in name.replace("\N{NO-BREAK SPACE}", " "):
            return
    raise AssertionError(f"Tab never reached {words!r}")
