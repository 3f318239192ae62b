"""Every chapter of both published editions in JupyterLab, first as handed out, then solved."""

import pytest

from tests.browser.work import assert_clean, chapter_exercises, solve, work
from tests.chapters import CHAPTERS

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(1800)]
EDITIONS = ("class", "self-study")


@pytest.mark.parametrize("edition", EDITIONS, indirect=True, scope="module")
@pytest.mark.parametrize("number", CHAPTERS)
def test_chapter(number, edition, open_chapter, screenshots):
    notebook = open_chapter(number)
    work(notebook, number, screenshots / edition)
    solve(notebook, number, screenshots / edition)

    last = chapter_exercises(notebook)[-1].id
    shown = notebook.ask(f'from utils.solution import solution\nsolution("{last}")').inner_text()
    assert ("Solutions are not part of this edition" in shown) == (edition == "class")
    assert (f"Exercise {last}: solution" in shown) == (edition == "self-study")
    assert_clean(notebook)


@pytest.mark.parametrize("edition", EDITIONS, indirect=True, scope="module")
def test_nothing_but_the_edition_is_used(edition, server, open_chapter):
    """The kernel's `utils` is the edition's, and the repository's staff side is nowhere."""
    question = 'import importlib.util, utils\nprint(utils.__file__, importlib.util.find_spec("autograder"))'
    answer = open_chapter("ch00").ask(question).inner_text()
    assert answer.split() == [str(server.edition / "utils" / "__init__.py"), "None"]


BROKEN_BUTTON = """\
import ipywidgets
button = ipywidgets.Button(description="break")
button.on_click(lambda _: 1 / 0)
button
"""


@pytest.mark.parametrize("edition", EDITIONS, indirect=True, scope="module")
def test_trouble_would_be_noticed(edition, open_chapter):
    """Errors in a cell, on stderr, in a widget's callback and in the page's own scripts are all seen."""
    notebook = open_chapter("ch00")
    assert_clean_so_far = notebook.failures() + notebook.troubles
    assert assert_clean_so_far == []
    notebook.ask("import sys\nprint('a warning', file=sys.stderr)")
    notebook.ask("1 / 0")
    assert len(notebook.failures()) == len(notebook.troubles) == 2
    notebook.ask(BROKEN_BUTTON).locator("button").click()
    notebook.wait_until_idle()
    assert len(notebook.failures()) == 2
    assert len(notebook.troubles) == 3
    notebook.page.evaluate("console.error('a complaint'); setTimeout(() => { throw new Error('a mistake') })")
    notebook.page.evaluate("fetch('/nowhere')")
    notebook.page.wait_for_timeout(1000)
    assert any("a complaint" in text for text in notebook.troubles)
    assert any("a mistake" in text for text in notebook.troubles)
    assert any("404" in text for text in notebook.troubles)
