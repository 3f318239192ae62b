"""Every chapter in a real browser, as a student sees it."""

import pytest

pytest.register_assert_rewrite("tests.browser.work")  # its assertions then say what they compared
