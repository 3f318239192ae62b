"""What of a submission may reach a grader's browser."""

import json

import pytest

from autograder.engine.outputs import clean_outputs, harmless_html, harmless_markdown


@pytest.mark.parametrize(
    "text",
    [
        "plain",
        "a < b and b > c",
        "<b>bold</b>, <br/> and <details><summary>Hint</summary>x</details>",
        "> a quote",
        "<https://example.org/?a=1>",
        "$x_1 < y$",
        "`f(x) <= 3`",
    ],
)
def test_harmless_markdown_stays(text):
    assert harmless_markdown(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<SCRIPT SRC=x>",
        "<img src=x onerror=alert(1)>",
        "<b onmouseover=alert(1)>x</b>",
        "<iframe src='javascript:alert(1)'>",
        "<svg/onload=alert(1)>",
        "<!-- x --><style>*{}</style>",
        "<a href=x>",
        "<b\nonclick=alert(1)>",
        "<form action=x><input>",
        "<?php",
        "<bold>",
    ],
)
def test_tags_that_do_something_become_text(text):
    cleaned = harmless_markdown(text)
    assert cleaned.startswith("&lt;") and cleaned.replace("&lt;", "<") == text


def test_html_outputs_lose_what_acts():
    html = "<table style='color: red'><tr><td onclick='x()'>1</td></tr></table><script>x</script><a href='javascript:x'>y</a>"
    cleaned = harmless_html(html)
    assert "<td>1</td>" in cleaned and "color: red" in cleaned
    assert "<script" not in cleaned and "onclick" not in cleaned and "javascript" not in cleaned


@pytest.mark.parametrize(
    "data", [b"", b"{", b"5", b"[" * 10**6, b"x" * (41 * 2**20)], ids=["empty", "cut", "number", "deep", "large"]
)
def test_malformed_outputs_are_none(data):
    assert clean_outputs(data) == []


def test_only_known_outputs_survive():
    items = [
        {"output_type": "execute_result", "data": {"text/plain": "2.0"}, "metadata": {"x": 1}, "execution_count": 3},
        {"output_type": "display_data", "data": {"application/javascript": "alert(1)"}},
        {
            "output_type": "display_data",
            "data": {"image/png": "iVBORw0KGgo=", "image/svg+xml": "<svg/>", "text/plain": 5},
        },
        {"output_type": "display_data", "data": {"image/png": "<script>"}},
        {"output_type": "stream", "name": "evil", "text": ["a"]},
        {"output_type": "error", "ename": 5, "evalue": None, "traceback": [1, "line"]},
        {"output_type": "unknown"},
        7,
    ]
    kinds = [
        (output.output_type, sorted(output.get("data", {}))) for output in clean_outputs(json.dumps(items).encode())
    ]
    assert kinds == [("display_data", ["text/plain"]), ("display_data", ["image/png"]), ("stream", []), ("error", [])]
