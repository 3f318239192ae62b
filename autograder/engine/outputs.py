"""Outputs of a submission's cells: only what is harmless to show a grader gets through.

They come from the student's process and end in a web page that a teaching assistant opens while logged in, so they are
rebuilt here piece by piece; scripts, forms and unknown kinds of data do not survive.
"""

import functools
import json
import re

from nbformat import NotebookNode

from autograder.engine.boxed.wire import clean_text

MAX_OUTPUTS = 200
MAX_TEXT = 250_000
MAX_HTML = 300_000
MAX_IMAGE = 4_000_000
MAX_JSON = 40 * 2**20

# What may stand in a markdown cell: bare tags that only format, comments never, attributes never.
_FORMATTING = (
    "b blockquote br center code dd del details div dl dt em h1 h2 h3 h4 h5 h6 hr i ins kbd li mark ol p pre s "
)
_FORMATTING += "small span strong sub summary sup table tbody td th thead tr tt u ul var"
_BARE_TAG = re.compile(rf"</?({'|'.join(_FORMATTING.split())})\s*/?>", re.IGNORECASE)
_LINK = re.compile(r"<https?://[^\s<>\"']+>")
_TAG_START = re.compile(r"<(?=[A-Za-z/!?])")

_IMAGES = ("image/png", "image/jpeg", "image/gif")
_TEXTS = ("text/plain", "text/latex")
_BASE64 = re.compile(r"[A-Za-z0-9+/=\s]*")


def clean_outputs(data):
    """Turn what a student's process says its cell showed into notebook outputs.

    Parameters
    ----------
    data : bytes
        JSON list of outputs.

    Returns
    -------
    list of NotebookNode
    """
    try:
        items = json.loads(data) if len(data) <= MAX_JSON else []
    except (ValueError, RecursionError, TypeError):
        items = []
    if not isinstance(items, list):
        return []
    cleaned = (_clean(item) for item in items[:MAX_OUTPUTS] if isinstance(item, dict))
    return [output for output in cleaned if output is not None]


def stream(text, name="stdout"):
    """An output of printed text."""
    return NotebookNode(output_type="stream", name=name, text=text)


def error(name, message, lines=()):
    """An output that says that something failed."""
    traceback = [_text(line, 20_000) for line in lines][:100] or [f"{name}: {message}"]
    return NotebookNode(output_type="error", ename=_text(name, 200), evalue=_text(message, 4000), traceback=traceback)


def _text(value, limit):
    text = clean_text(value) if isinstance(value, str) else ""
    return text if len(text) <= limit else text[:limit] + "…"


def _clean(item):
    kind = item.get("output_type")
    if kind == "stream":
        return stream(_text(item.get("text"), MAX_TEXT), "stderr" if item.get("name") == "stderr" else "stdout")
    if kind == "error":
        lines = item.get("traceback")
        return error(item.get("ename"), item.get("evalue"), lines if isinstance(lines, list) else ())
    if kind not in ("display_data", "execute_result"):
        return None
    bundle = item.get("data") if isinstance(item.get("data"), dict) else {}
    data = {mime: _text(bundle[mime], MAX_TEXT) for mime in _TEXTS if isinstance(bundle.get(mime), str)}
    for mime in _IMAGES:
        value = bundle.get(mime)
        if isinstance(value, str) and len(value) <= MAX_IMAGE and _BASE64.fullmatch(value):
            data[mime] = value
    html = bundle.get("text/html")
    if isinstance(html, str) and len(html) <= MAX_HTML:
        data["text/html"] = harmless_html(clean_text(html))
    # An execute_result of a student's cell would be read as points if it stood in a test cell; it is shown as data.
    return NotebookNode(output_type="display_data", data=NotebookNode(data), metadata=NotebookNode()) if data else None


def harmless_html(html):
    """HTML with nothing left that acts: text, tables, emphasis, inline styles."""
    return _cleaner().clean(html)


def harmless_markdown(text):
    """Markdown in which every HTML tag but plain formatting is text; nbgrader's pages show HTML in markdown as it is.

    Mathematics survives: in ``$a<b$`` the sign becomes ``&lt;``, which a browser shows, and MathJax reads, as the sign.
    """

    def keep_or_escape(match):
        here = match.start()
        return "<" if _BARE_TAG.match(text, here) or _LINK.match(text, here) else "&lt;"

    return _TAG_START.sub(keep_or_escape, text)


@functools.cache
def _cleaner():
    from bleach.css_sanitizer import CSSSanitizer
    from bleach.sanitizer import Cleaner

    tags = "a abbr b blockquote br caption code col colgroup dd del details div dl dt em h1 h2 h3 h4 h5 h6 hr i ins "
    tags += "kbd li ol p pre q s samp small span strong sub summary sup table tbody td tfoot th thead tr tt u ul var"
    attributes = {"*": ["style", "class", "title", "role", "scope", "colspan", "rowspan", "align"], "a": ["href"]}
    return Cleaner(
        tags=set(tags.split()),
        attributes=attributes,
        protocols={"http", "https"},
        css_sanitizer=CSSSanitizer(),
        strip=True,
    )
