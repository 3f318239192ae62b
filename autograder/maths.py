"""TeX in nbgrader's pages becomes MathML when a page is written, so it shows with no script and no network.

Feedback pages and formgrader are made by nbconvert, which leaves TeX to a MathJax from the web. Browsers render MathML by
themselves. `latex2mathml` converts; here its result is made safe, since students write TeX too, and spaced as TeX does.
"""

import functools
import html
import itertools
import re
from xml.etree import ElementTree

from jinja2 import pass_context
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

MAX_TEX = 5000
# A definition can be made to grow without end.
_DEFINES = re.compile(r"\\(?:(?:re|provide)?newcommand|def|edef|gdef|let|DeclareMathOperator)(?![A-Za-z])")
_MATH = re.compile(r"(?<!\\)\$\$(?P<block>.+?)(?<!\\)\$\$|(?<![\\$])\$(?P<inline>[^$]+?)(?<!\\)\$", re.DOTALL)
_MARKUP = re.compile(
    r"(<(?:pre|code|script|style)\b.*?</(?:pre|code|script|style)>|<[^>]*>)", re.DOTALL | re.IGNORECASE
)

# Attributes that only lay out. Others, such as href and style, could act on whoever looks at a student's formula.
_ATTRIBUTES = frozenset(
    "accent accentunder columnalign columnlines columnspacing depth display displaystyle fence form frame height "
    "linebreak linethickness lspace mathbackground mathcolor mathsize mathvariant maxsize minsize movablelimits notation "
    "rowlines rowspacing rspace scriptlevel separator stretchy symmetric voffset width xmlns".split()
)
_FUNCTIONS = frozenset(
    "arccos arcsin arctan arg cos cosh cot coth csc deg det dim exp gcd hom inf ker lg lim ln log max min Pr sec sin sinh "
    "sup tan tanh".split()
)
_LIMITS = frozenset("det gcd inf lim max min Pr sup".split())  # with what stands below them in display style
_SCRIPTS = frozenset("msub msup msubsup munder mover munderover".split())
_OPENING, _CLOSING = frozenset("([{⟨⌈⌊"), frozenset(")]}⟩⌉⌋!")
_MISTAKEN = {"~": ("mo", "∼"), "∞": ("mi", "∞"), ":": ("mo", ":"), "\\|": ("mo", "‖")}  # by the converter
# Browsers know no alphabet by attribute; each has letters of its own: the first small one, capital, digit.
_ALPHABETS = {
    "double-struck": ("𝕒", "𝔸", "𝟘"), "bold": ("𝐚", "𝐀", "𝟎"), "bold-italic": ("𝒂", "𝑨", "𝟎"),
    "sans-serif": ("𝖺", "𝖠", "𝟢"), "monospace": ("𝚊", "𝙰", "𝟶"),
}  # fmt: skip
_THIN = "0.1667em"


def to_mathml(tex, display=False):
    """Convert a formula.

    Parameters
    ----------
    tex : str
        Without its dollar signs.
    display : bool
        Whether it stands in a line of its own.

    Returns
    -------
    str
        A ``<math>`` element; the TeX itself in a ``<code>`` element where it cannot be converted.
    """
    return _to_mathml(html.unescape(tex).strip(), bool(display))  # in what students write, `<` is `&lt;` already


@functools.lru_cache(maxsize=4096)
def _to_mathml(tex, display):
    from latex2mathml.converter import convert_to_element

    tex = tex.replace(r"\operatorname*", r"\operatorname")
    try:
        if len(tex) > MAX_TEX or _DEFINES.search(tex):
            raise ValueError(tex)
        math = convert_to_element(tex, display="block" if display else "inline")
        _make_safe(math)
        _space(math)
        return ElementTree.tostring(math, encoding="unicode")
    except Exception:  # whatever a student's TeX makes of a converter
        return f'<code class="tex">{html.escape(tex)}</code>'


def _make_safe(math):
    """Keep layout attributes only, and text as text: the converter leaves character references in it."""
    for element in math.iter():
        for name in [name for name in element.attrib if name not in _ATTRIBUTES]:
            del element.attrib[name]
        if element.text:
            element.text = html.unescape(element.text)


def _in_alphabet(text, variant):
    """Letters and digits of an alphabet; others stay as they are, and so do all where there is no such alphabet."""
    firsts = zip("aA0", _ALPHABETS.get(variant, "aA0"), strict=True)
    table = {ord(plain) + i: ord(first) + i for plain, first in firsts for i in range(10 if plain == "0" else 26)}
    return text.translate(table)


def _space(element, script=False):
    """Space operators, function names and signs as TeX does, where a browser would do otherwise."""
    before = None  # the last element that is not a space
    for child in list(element):
        inner = script or (element.tag in _SCRIPTS and child is not element[0])
        text = _nucleus(child)
        if child.tag in ("mi", "mo") and text in _MISTAKEN:
            child.tag, child.text = _MISTAKEN[text]
        elif child.get("mathvariant") in _ALPHABETS and child.text:
            child.text = _in_alphabet(child.text, child.attrib.pop("mathvariant"))
        elif child.tag == "mi" and len(text) == 1 and "Α" <= text <= "Ω":
            child.set("mathvariant", "normal")
        elif child.tag == "mo" and text.isalpha() and text not in _FUNCTIONS and len(text) > 1:  # \operatorname
            child.tag = "mi"
        if child.tag == "mo":
            if text in "+−±" and (before is None or _is_operator(before)):
                child.set("form", "prefix")
            elif text in "/." or (inner and len(text) == 1 and "stretchy" not in child.attrib):
                child.attrib |= {"lspace": "0em", "rspace": "0em"}
        if (
            child.tag == "msup" and child[1].text and set(child[1].text) <= set("′″‴⁗")
        ):  # raised already, and too small in a script
            child.tag, child[1].tag = "mrow", "mo"
            child[1].attrib |= {"lspace": "0em", "rspace": "0em"}
        _space(child, inner)
        if child.tag != "mspace":
            before = child
    if element.tag in ("mrow", "mtd", "math", "mstyle"):
        _space_functions(element)


def _space_functions(row):
    """A thin space between a function's name and what it stands beside, but for brackets and operators."""
    children = list(row)
    for child, following in itertools.pairwise(children):
        if "mspace" in (child.tag, following.tag):
            continue
        named = _is_function(child), _is_function(following)
        beside = following if named[0] else child
        gap = any(named) and (all(named) or not _is_operator(beside))
        if gap or (named[1] and _nucleus(child) in _CLOSING):
            row.insert(list(row).index(following), ElementTree.Element("mspace", width=_THIN))
    for child in children:
        base = child[0] if child.tag in _SCRIPTS and len(child) else child
        if base.tag == "mo" and _is_function(base):
            base.attrib |= {"lspace": "0em", "rspace": "0em"}
            if child.tag == "msub" and _nucleus(base) in _LIMITS:
                child.tag = "munder"
                base.set("movablelimits", "true")
        elif base is not child and "minsize" in base.attrib:  # \Big)^2: only in a row of its own it grows
            child[0] = row_of_one = ElementTree.Element("mrow")
            row_of_one.append(base)


def _nucleus(element):
    """Text of the symbol that scripts and accents are attached to."""
    while element.tag in _SCRIPTS and len(element):
        element = element[0]
    return (element.text or "").strip()


def _is_function(element):
    text = _nucleus(element)
    return text in _FUNCTIONS or (element.tag == "mi" and len(text) > 1 and text.isalpha())


def _is_operator(element):
    """Whether a sign behind it, or a name beside it, needs no space: an operator or a bracket that opens."""
    return element.tag == "mo" and _nucleus(element) not in _CLOSING and not _is_function(element)


# --- in pages ---------------------------------------------------------------------------------------------------------


class _Renderer(IPythonRenderer):
    """nbconvert's rendering of markdown, with formulas as MathML."""

    def inline_math(self, body):
        return to_mathml(body)

    def block_math(self, body):
        return to_mathml(body, display=True)

    def latex_environment(self, name, body):
        return to_mathml(f"\\begin{{{name}}}{body}\\end{{{name}}}", display=True)

    def block_html(self, html):
        return in_html(super().block_html(html))


@pass_context
def markdown2html(context, source):
    """nbconvert's filter of this name, with formulas as MathML; ``c.HTMLExporter.filters`` puts it in place.

    Parameters
    ----------
    context : jinja2.runtime.Context
        Of the page; holds the cell with its attachments.
    source : str
        Markdown.

    Returns
    -------
    str
    """
    cell = context.get("cell", {})
    path = context.get("resources", {}).get("metadata", {}).get("path", "")
    renderer = _Renderer(escape=False, attachments=cell.get("attachments", {}), path=path)
    return MarkdownWithMath(renderer=renderer).render(source)


def in_html(text):
    """Convert the formulas in a piece of HTML, but for those in code; what is no text stays as it is."""

    def convert(match):
        block = match["block"] is not None
        return to_mathml(match["block"] if block else match["inline"], display=block)

    parts = _MARKUP.split(text)
    return "".join(part if i % 2 else _MATH.sub(convert, part) for i, part in enumerate(parts))


def in_latex(text):
    """HTML of an output of type ``text/latex``: formulas with their dollar signs or environments, and text between."""
    return MarkdownWithMath(renderer=_Renderer(escape=True)).render(text)
