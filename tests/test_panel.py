"""Panels say the same in HTML and in plain text, and nothing in them is taken for markup."""

import pytest

from utils.panel import Panel


@pytest.fixture
def panel():
    return Panel(
        "wrong",
        "Exercise 0.5: not yet",
        "One case\ndiffers.\n\nSee `a < b`.",
        ("call", "got"),
        [("`f(1)`", "<b>2</b>")],
    )


def test_plain_text(panel):
    assert repr(panel).splitlines() == [
        "✗ Exercise 0.5: not yet", "", "One case", "differs.", "", "See `a < b`.", "", "call  got", "f(1)  <b>2</b>",
    ]  # fmt: skip


def test_html(panel):
    html = panel._repr_html_()
    assert "One case<br>differs.</p>" in html
    assert "<code>a &lt; b</code>" in html
    assert "&lt;b&gt;2&lt;/b&gt;" in html
    assert 'role="status"' in html
    assert "<script" not in html


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("when *both* gain", "when <em>both</em> gain"),
        ("the *column player* first", "the <em>column player</em> first"),
        ("pi_ref * exp(r / beta) * Z", "pi_ref * exp(r / beta) * Z"),
        ("x*y*z and 2**n**2", "x*y*z and 2**n**2"),
    ],
)
def test_stress(text, html):
    assert html in Panel("info", "title", text)._repr_html_()
