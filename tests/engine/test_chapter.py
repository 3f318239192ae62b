"""The real chapter 0 through the engine: partial credit, messages, and equal results wherever it is graded."""

# ruff: noqa: E501  (tables and quoted code)

import pytest

from tests.engine.classroom import ANSWERS, FULL, Classroom

HALF = ANSWERS | {
    "ex0_5": "def bradley_terry(r_win, r_lose):\n    return np.mean(np.log(1 + np.exp(np.subtract(r_lose, r_win))))",
    "ex0_7": "def fit_bradley_terry(comparisons, n_items, l2=1e-2):\n    return np.zeros(n_items) / (len(comparisons) - len(comparisons))",
    "ex0_1": "answer_0_1 = 0.182",
}


@pytest.fixture(scope="module")
def classroom(tmp_path_factory):
    """Three students: all right, half right, nothing done."""
    made = Classroom(tmp_path_factory.mktemp("chapter"))
    made.submit("right")
    made.submit("half", made.answered(HALF))
    made.submit("nothing", made.released())
    scripts = made.answered(HALF)
    scripts.cells[0].source += "\n<script>alert(1)</script> <img src=x onerror=alert(2)> $r_w < r_l$ <b>bold</b>"
    made.submit("scripts", scripts)
    made.summary = made.grade()
    return made


def test_points(classroom):
    assert classroom.total("right") == FULL
    assert classroom.total("nothing") == 0
    scores = classroom.scores("half")
    assert scores["ex0_1_test"] == 0
    assert 0 < scores["ex0_5_test"] < 6
    assert scores["ex0_6_test"] == 4
    assert classroom.summary.mistakes == {} and classroom.summary.failed == {}


def test_feedback_names_groups_and_hints(classroom):
    assert classroom.api().generate_feedback(classroom.assignment, "half")["success"]
    page = (classroom.root / "feedback" / "half" / classroom.assignment / f"{classroom.assignment}.html").read_text()
    for text in (
        "badly wrong pairs",
        "A gap of -1000 must cost 1000 nats",
        "the reward of the response you ask about comes first",
    ):
        assert text in page
    assert "autograder.hidden_tests" not in page and "ex0_5.compare" not in page


def test_unanswered_exercises_say_so(classroom):
    cells = {cell.metadata.get("nbgrader", {}).get("grade_id"): cell for cell in classroom.graded("nothing").cells}
    for name in ("ex0_1_test", "ex0_5_test", "ex0_6_test"):
        assert "Not answered" in str(cells[name].outputs)


def test_markdown_of_students_cannot_act_in_a_graders_browser(classroom):
    assert classroom.api().generate_feedback(classroom.assignment, "scripts")["success"]
    page = (classroom.root / "feedback" / "scripts" / classroom.assignment / f"{classroom.assignment}.html").read_text()
    assert "<script>alert" not in page and "<img src=x" not in page
    assert "<b>bold</b>" in page and "<summary>Hint" in page and "<mo>&lt;</mo>" in page
    assert "border-left: 5px solid" in page  # the result panels keep their look
