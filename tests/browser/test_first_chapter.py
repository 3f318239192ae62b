"""The first chapter of the class edition in JupyterLab: what a student meets first."""

import pytest

from tests.browser.work import work

pytestmark = pytest.mark.browser


def test_the_first_chapter(open_chapter):
    work(open_chapter("ch00"), "ch00")
