"""Formulas in feedback and formgrader: every one of the course converts, students' TeX can do no harm, spaces are TeX's."""

import html
import re
from xml.etree import ElementTree

import nbformat
import pytest
from nbconvert.exporters import HTMLExporter

from autograder import course, maths, preprocessors

MATHML = "{http://www.w3.org/1998/Math/MathML}"
FALLBACK = '<code class="tex">'


def rendered(source):
    """A markdown cell as the pages show it."""
    return maths.markdown2html({"cell": {}, "resources": {}}, source)


def shape(tex, display=False):
    """The converted formula as words: text of the symbols, `_` for a thin space, tags of scripts in brackets."""
    root = ElementTree.fromstring(maths.to_mathml(tex, display))

    def words(element):
        tag = element.tag.removeprefix(MATHML)
        if tag == "mspace":
            return ["_"]
        inner = [word for child in element for word in words(child)]
        if tag in ("msub", "msup", "munder", "msubsup"):
            return [tag, "(", *inner, ")"]
        return ([element.text] if element.text else []) + inner

    return " ".join(words(root))


@pytest.mark.parametrize("path", course.source_notebooks(), ids=lambda path: path.stem[:4])
def test_every_formula_of_a_chapter_converts(path):
    cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "markdown"]
    found = written = 0
    for cell in cells:
        page = rendered(cell.source)
        assert FALLBACK not in page
        assert not re.search(r"\$|\\[a-zA-Z(\[]", re.sub(r"<(code|pre)\b.*?</\1>", "", page, flags=re.DOTALL)), page
        for formula in re.findall(r"<math.*?</math>", page, flags=re.DOTALL):
            root = ElementTree.fromstring(formula)
            texts = [element.text for element in root.iter() if element.text]
            assert texts and not any("\\" in text or "&" in text for text in texts), formula
            found += 1
        text = re.sub(r"`[^`]*`", "", cell.source)
        written += (text.count("$") - text.count("$$")) // 2  # two dollars around each, or two pairs
    assert found == written


@pytest.mark.parametrize(
    ("tex", "words"),
    [
        (r"\log \sigma(x)", "log _ σ ( x )"),
        (r"2\log x", "2 _ log _ x"),
        (r"-\log(x)", "− log ( x )"),
        (r"(a)\log x", "( a ) _ log _ x"),
        (r"\beta\,\log x", "β _ log _ x"),
        (r"\log_2 x", "msub ( log 2 ) _ x"),
        (r"\max_a Q", "munder ( max a ) _ Q"),
        (r"s' = a''", "s ′ = a ″"),
        (r"y \sim \pi", "y ∼ π"),
        (r"\mathbb{1}, \boldsymbol{x}, \mathbf{Q}, \mathbb{E}", "𝟙 , 𝒙 , 𝐐 , 𝔼"),
        (r"\big\| x", "‖ x"),
        (r"\operatorname*{sign} x", "sign _ x"),
        (r"a &lt; b", "a < b"),
    ],
)
def test_symbols_and_spaces(tex, words):
    assert shape(tex) == words


def attributes(tex, text):
    """Attributes of the symbol with a text."""
    return next(e.attrib for e in ElementTree.fromstring(maths.to_mathml(tex)).iter() if e.text == text)


def test_signs_are_told_from_operators():
    assert "form" not in attributes("a - b", "−")
    for tex in ("-b", "a = -b", "(-b)", r"(a, -b)", r"e^{-b}", r"(0,\, -b)"):
        assert attributes(tex, "−").get("form") == "prefix" or attributes(tex, "−").get("lspace") == "0em"
    assert attributes(r"y_{<t}", "<") == {"lspace": "0em", "rspace": "0em"}
    assert attributes(r"a < t", "<") == {}
    assert attributes(r"\Delta", "Δ") == {"mathvariant": "normal"}
    assert attributes(r"\max_a Q", "max")["movablelimits"] == "true"


def test_a_tall_bracket_with_an_exponent_stands_in_a_row_of_its_own():
    root = ElementTree.fromstring(maths.to_mathml(r"\Big(x\Big)^2"))
    assert root.find(f".//{MATHML}msup/{MATHML}mrow/{MATHML}mo").text == ")"


@pytest.mark.parametrize(
    "tex",
    [
        r"\text{<script>alert(1)</script>}",
        r"\text{&lt;script>alert(1)&lt;/script>}",
        r"<img src=x onerror=alert(1)>",
        r"\href{javascript:alert(1)}{x}",
        r"\style{background:url(http://x.org)}{x}",
        r"\class{score}{x}",
        r"\frac{<img src=x onerror=alert(1)>",
        "a_b_c <script>alert(1)</script>",
    ],
)
def test_tex_cannot_act(tex):
    for display in (False, True):
        page = maths.to_mathml(tex, display)
        assert set(re.findall(r"</?([a-z]+)", page)) <= {
            "math", "mrow", "mi", "mo", "mn", "mtext", "msub", "mfrac", "mstyle", "mspace", "code",
        }, page  # fmt: skip
        assert not re.search(r"<[^>]*\b(href|style|onerror|src)\s*=", page)
        assert 'class="score"' not in page
    assert "<script" not in rendered(f"before ${tex}$ after")


@pytest.mark.parametrize(
    "tex",
    [
        r"\newcommand{\a}{xx}\a",
        r"\def\a{\a\a}\a",
        "x" * (maths.MAX_TEX + 1),
        "a_b_c",
        r"\left( a",
        "{" * 3000,
        "%",
    ],
    ids=["newcommand", "def", "long", "double", "open", "deep", "comment"],
)
def test_what_cannot_be_converted_is_shown_as_it_is(tex):
    assert maths.to_mathml(tex) == f"{FALLBACK}{html.escape(tex)}</code>"


def test_formulas_in_blocks_of_html_and_in_code():
    page = rendered("<div>\n$x^2$ and <code>$y$</code>\n</div>\n\n`$z$` costs \\$5")
    assert page.count("<math") == 1 and "<code>$y$</code>" in page and "<code>$z$</code>" in page and "$5" in page


def test_environments():
    page = rendered("\\begin{align*}\na &= b \\\\\nc &= d\n\\end{align*}")
    assert page.count("<mtr>") == 2 and "\\" not in page


def test_formulas_that_a_cell_displayed():
    cell = nbformat.v4.new_code_cell("Math('x')", metadata={})
    cell.outputs = [
        nbformat.v4.new_output("display_data", {"text/latex": r"$\displaystyle \frac{x}{2}$", "text/plain": "x/2"}),
        nbformat.v4.new_output("display_data", {"text/latex": "<script>alert(1)</script> $x$"}),
        nbformat.v4.new_output("display_data", {"text/latex": "$x$", "text/html": "<b>x</b>"}),
    ]
    preprocessors.ShowMaths().preprocess_cell(cell, {}, 0)
    first, second, third = (output["data"]["text/html"] for output in cell.outputs)
    assert "<mfrac>" in first
    assert "<script" not in second and "<math" in second
    assert third == "<b>x</b>"


def test_the_filter_takes_the_place_of_nbconverts_own():
    exporter = HTMLExporter(config=course.nbgrader_settings(course.COURSE))
    assert exporter.environment.filters["markdown2html"] is maths.markdown2html
