"""The course in Chromium. Assertions of `work` and of the page are explained like a test's own."""

import pytest

pytest.register_assert_rewrite("tests.browser.work", "tests.browser.notebook_page")
