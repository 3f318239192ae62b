"""The feedback page as a student opens it: a file on a machine that is not connected to anything."""

import pytest

from tests.engine.classroom import ANSWERS, Classroom

pytestmark = pytest.mark.browser
CHAPTER = "ch00_reward_modeling"
ANSWERED = ANSWERS | {
    "ex0_5": "def bradley_terry(r_win, r_lose):\n    return np.mean(np.log(1 + np.exp(np.subtract(r_lose, r_win))))",
    "ex0_1": "answer_0_1 = 0.182",
}
DISPLAYS = "from IPython.display import Math\nMath(r'\\frac{1}{1 + e^{-x}}')"
COMMENT = r"Right, since $\log \frac{p}{1 - p} = \Delta$."


@pytest.fixture(scope="module")
def feedback(tmp_path_factory):
    """Feedback page of a student with mistakes, a displayed formula of his own and a comment with a formula."""
    made = Classroom(tmp_path_factory.mktemp("feedback"))
    notebook = made.answered(ANSWERED)
    at = next(
        i for i, cell in enumerate(notebook.cells) if cell.metadata.get("nbgrader", {}).get("grade_id") == "ex0_2"
    )
    notebook.cells.insert(at, {"cell_type": "code", "metadata": {}, "source": DISPLAYS, "outputs": [], "id": "shows"})
    made.submit("kim", notebook)
    made.grade()
    with made.api().gradebook as gradebook:
        gradebook.find_comment("ex0_2", CHAPTER, CHAPTER, "kim").manual_comment = COMMENT
        gradebook.db.commit()
    result = made.api().generate_feedback(CHAPTER, "kim")
    assert result["success"], result["log"]
    return made.root / "feedback" / "kim" / CHAPTER / f"{CHAPTER}.html"


def test_it_shows_everything_with_no_network(feedback, page, screenshots):
    asked, said = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.route("**/*", lambda route: route.continue_() if route.request.url.startswith("file:") else route.abort())
    page.goto(feedback.as_uri())
    page.screenshot(path=_picture(screenshots), full_page=True)
    assert asked == [feedback.as_uri()] and said == []
    assert page.locator("script, link[rel=stylesheet], iframe").count() == 0

    formulas = page.locator("math")
    assert formulas.count() > 80
    sizes = formulas.evaluate_all("all => all.map(one => [one.clientWidth, one.getBoundingClientRect().height])")
    assert all(height > 0 for _, height in sizes)
    fractions = page.locator("mfrac").evaluate_all(
        "all => all.map(one => [...one.children].map(part => part.getBoundingClientRect().top))"
    )
    assert len(fractions) > 10 and all(top < bottom for top, bottom in fractions)  # laid out, not a line of letters
    prose = page.locator("p, li, td").all_inner_texts()
    assert not any("$" in text or "\\frac" in text for text in prose)

    assert page.locator(".panel-footer", has_text="Right, since").locator("mfrac").count() == 1
    assert page.locator(".output mfrac, .output_area mfrac").count() == 1


def test_it_names_the_exercises_and_says_what_to_do(feedback, page):
    page.goto(feedback.as_uri())
    contents = page.locator("#toc tr")
    assert contents.count() == 7
    row = contents.filter(has_text="Exercise 0.5 · Build · Mean negative log-likelihood")
    assert row.locator("td").last.inner_text() == "3 of 6"
    assert contents.filter(has_text="comment").count() == 1
    row.get_by_role("link", name="Exercise 0.5").click()
    assert page.evaluate("document.querySelector('[name=ex0_5_test]').getBoundingClientRect().top") < 200
    assert "A gap of -1000 must cost 1000 nats" in page.locator("body").inner_text()


def _picture(screenshots):
    screenshots.mkdir(parents=True, exist_ok=True)
    return screenshots / "feedback.png"
