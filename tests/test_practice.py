"""Fresh numbers: every Derive exercise can be had again with other givens, and only the right answer is right."""

import itertools
import json
import math
import re
import sqlite3

import pytest

from autograder import contract, contract_files, marking, release, variants
from autograder.marking import Ambiguous, Chapter, Number, Slip, Word
from autograder.variants import Variant, different, in_steps, one_of, several, shares, variants_of
from tests.chapters import CHAPTERS
from tests.formulas import FORMULAS
from utils import practice as practice_module
from utils import progress, solution
from utils.catalogue import read_course
from utils.check import check_answer
from utils.practice import Supply, practice

DERIVE = {
    exercise.id: CHAPTERS[exercise.chapter.split("_")[0]].exercises[exercise.id]
    for exercise in read_course(release.course.SOURCE)
    if exercise.type == "Derive"
}


@pytest.fixture(autouse=True)
def new_kernel():
    """Nothing has been shown yet."""
    practice_module._supply.cache_clear()


def entries():
    return practice_module._entries()


def solve(*exercise_ids):
    for exercise_id in exercise_ids:
        progress.record(exercise_id, right=True)


# --- every variant of every exercise ----------------------------------------------------------------------------------


def test_every_derive_exercise_and_no_other_has_its_variants():
    assert list(entries()) == sorted(DERIVE)
    for exercise_id, entry in entries().items():
        statements = [variant["statement"] for variant in entry["variants"]]
        assert len(set(statements)) == variants.N_VARIANTS, exercise_id


def numbers_of(statement):
    """Numbers of a statement in their order, without indices and exponents."""
    text = re.sub(r"(?<=\d),(?=\d{3}\b)", "", statement)
    return [float(number) for number in re.findall(r"(?<![\w.^])-?\d+(?:\.\d+)?", text)]


@pytest.mark.parametrize("exercise_id", DERIVE)
def test_the_shown_numbers_lead_to_the_answer_that_opens(exercise_id):
    supply = Supply(exercise_id, entries()[exercise_id])
    for task in supply.tasks:
        answers = FORMULAS[exercise_id](*numbers_of(task.statement))
        answers = answers if isinstance(answers, tuple) else (answers,)
        for question, answer in zip(task.questions, answers, strict=True):
            status, text = check_answer(question, answer)
            assert status == "right", (task.statement, answer, text)
            if task.number == 0 and question["kind"] == "digits":
                assert check_answer(question, float(f"{answer:.3g}"))[0] == "right"


@pytest.mark.parametrize("exercise_id", DERIVE)
def test_every_slip_gets_its_hint_and_anything_else_the_general_one(exercise_id):
    supply = Supply(exercise_id, entries()[exercise_id])
    for i, (_, variant) in list(enumerate(variants.draw(DERIVE[exercise_id])))[:: variants.N_VARIANTS // 2]:
        for place, question in enumerate(variant.questions):
            mistakes = (
                [(word, hint) for word, hint in question.options.items() if word != question.value]
                if isinstance(question, Word)
                else [(slip.mistake, slip.hint) for slip in question.slips]
            )
            assert len(contract_files.recognised_slips(question)) >= 2
            asked = supply.tasks[i].questions[place]
            for mistake, hint in mistakes:
                assert check_answer(asked, mistake) == ("wrong", hint)
            if isinstance(question, Number):
                known = question.messages()
                far = next(v for k in range(1, 50) if f"{(v := question.value * (1.3 + k / 7)):.2e}" not in known)
                last_digit = float(f"{question.value:.2e}") + 10.0 ** (math.floor(math.log10(abs(question.value))) - 2)
                assert check_answer(asked, far) == ("wrong", question.otherwise)
                assert check_answer(asked, last_digit) == ("wrong", marking.CLOSE)


# --- drawing and sealing ----------------------------------------------------------------------------------------------


def number(value, *mistakes):
    return Number("answer_99_1", value, right="yes", slips=tuple(Slip(m, f"hint {i}") for i, m in enumerate(mistakes)))


@pytest.mark.parametrize(
    ("value", "mistakes"),
    [
        (0.0, ()),  # no three digits
        (0.818, (0.81801,)),  # the slip is right
        (0.818, (0.5, 0.5004)),  # two slips in one
        (0.818, (0.819,)),  # the slip is close
        (0.81752, ()),  # 0.8175 could be 0.817 or 0.818
        (0.818, (0.31449,)),
        (0.818, (math.nan,)),
        (0.818, (math.inf,)),
    ],
)
def test_numbers_that_rounding_could_confuse_are_ambiguous(value, mistakes):
    with pytest.raises(Ambiguous):
        number(value, *mistakes).messages()


@pytest.mark.parametrize("value", [0.818, -0.818, 1.0, 9.99, 123600.0, -3e-7, 2.4000000000000004])
def test_a_clear_number_opens_right_and_its_neighbours_close(value):
    messages = number(value, -value, 3 * value).messages()
    assert [m["text"] for m in messages.values()].count(marking.CLOSE) == 2
    assert messages[f"{value:.2e}"]["right"]
    assert not messages[f"{-value:.2e}"]["right"]
    assert len(messages) == 5


@pytest.fixture
def made():
    """A chapter of one exercise that asks for a product."""
    chapter = Chapter("ch99_example")
    exercise = chapter.derive("99.1", number(6.0, 5.0, 1.0))

    @variants_of(exercise, a=in_steps(1, 9, 0.5), b=one_of(2, 3, 5, 7))
    def _(a, b):
        return None if a == b else Variant(f"{a:g} times {b}?", number(a * b, a + b, a - b))

    return chapter


def test_draws_repeat_and_leave_out_what_does_not_fit(made):
    drawn = variants.draw(made.exercises["99.1"])
    assert [variant.statement for _, variant in drawn] == [
        variant.statement for _, variant in variants.draw(made.exercises["99.1"])
    ]
    assert len({variant.statement for _, variant in drawn}) == variants.N_VARIANTS
    assert all(givens["a"] != givens["b"] for givens, _ in drawn)
    products = [givens["a"] * givens["b"] for givens, _ in drawn]
    assert 6.0 not in products  # the exercise's own answer
    assert max(map(products.count, products)) <= variants.MOST_ALIKE


def test_too_few_variants_are_an_error(made):
    @variants_of(made.exercises["99.1"], a=one_of(1.5, 2.5))
    def _(a):
        return Variant(f"{a:g}?", number(a, 9 * a))

    with pytest.raises(ValueError, match=r"exercise 99\.1: only 2 of 16 variants"):
        variants.draw(made.exercises["99.1"])


def test_samplers(made):
    import random

    rng = random.Random(0)
    for _ in range(200):
        assert math.fsum(shares(3)(rng)) == pytest.approx(1)
        assert min(shares(3)(rng)) >= 0.1
        assert len(set(different(3, one_of(1, 2, 3, 4))(rng))) == 3
        assert all(value in (0.1, 0.2, 0.3) for value in several(4, in_steps(0.1, 0.3, 0.1))(rng))


@pytest.fixture
def variants_file(made, tmp_path, monkeypatch):
    monkeypatch.setattr(variants, "VARIANTS_FOLDER", tmp_path)
    path = tmp_path / "ch99.json"
    path.write_text(variants.variants_text(made), encoding="utf-8")
    return path


def test_sealing_again_gives_the_same_bytes(made, variants_file):
    assert variants.variants_text(made, anew=True) == variants_file.read_text(encoding="utf-8")


def test_what_is_fresh_is_not_sealed_again(made, variants_file, monkeypatch):
    monkeypatch.setattr(variants.sealed, "seal", None)
    assert variants.variants_text(made) == variants_file.read_text(encoding="utf-8")


def test_a_changed_file_or_a_changed_exercise_is_stale(made, variants_file):
    text = variants_file.read_text(encoding="utf-8")
    entries = json.loads(text)
    entries["99.1"]["variants"][3]["statement"] += " Really?"
    variants_file.write_text(json.dumps(entries), encoding="utf-8")
    assert variants.variants_text(made) == text

    @variants_of(made.exercises["99.1"], a=in_steps(1, 9, 0.5), b=one_of(2, 3, 5, 7))
    def _(a, b):
        return None if a == b else Variant(f"{a:g} times {b}?", number(a * b, a + b, 2 * a - b))

    assert variants.variants_text(made) != text


def test_the_file_holds_no_answer_and_no_message_in_clear_text(variants_file, made):
    text = variants_file.read_text(encoding="utf-8")
    assert "times" in text
    assert "hint" not in text
    assert "yes" not in text
    assert marking.CLOSE not in text
    entry = json.loads(text)["99.1"]
    assert len({len(hidden) for hidden in entry["texts"]}) == 1
    for (givens, _), variant in zip(variants.draw(made.exercises["99.1"]), entry["variants"], strict=True):
        product = f"{givens['a'] * givens['b']:.2e}"
        assert product not in json.dumps(variant)


@pytest.mark.parametrize("what", ["an answer", "a hint"])
def test_a_leak_would_be_noticed(what, made, variants_file):
    assert release._answers_in_variants(made) == []
    entries = json.loads(variants_file.read_text(encoding="utf-8"))

    @variants_of(made.exercises["99.1"], a=in_steps(1, 9, 0.5), b=one_of(2, 3, 5, 7))
    def _(a, b):
        return None if a == b else Variant(f"{a:g} times {b}?", number(a * b / 7, a + b, a - b))

    answer = variants.draw(made.exercises["99.1"])[0][1].questions[0].value
    entries["99.1"]["variants"][0]["statement"] += f" {answer:.4f}" if what == "an answer" else " hint 0"
    variants_file.write_text(json.dumps(entries), encoding="utf-8")
    assert release._answers_in_variants(made)


@pytest.mark.slow
@pytest.mark.parametrize("number", CHAPTERS)
def test_sealing_a_chapter_again_gives_the_released_bytes(number):
    chapter = CHAPTERS[number]
    assert variants.variants_text(chapter, anew=True) == variants.variants_path(chapter).read_text(encoding="utf-8")


def test_lint_asks_for_variants_and_for_slips_that_differ(monkeypatch):
    monkeypatch.setattr(DERIVE["0.1"], "variants", None)
    assert "has no variants" in " ".join(str(problem) for problem in contract.problems())
    question = Number("x", 2.5, right="", slips=(Slip(2.5, "a"), Slip(1.0, "b"), Slip(1.0, "c")))
    assert contract_files.recognised_slips(question) == {"b"}


def test_every_derive_question_recognises_two_slips():
    for exercise_id, exercise in DERIVE.items():
        for question in exercise.questions:
            assert len(contract_files.recognised_slips(question)) >= 2, f"{exercise_id}: {question.name}"


# --- what students see ------------------------------------------------------------------------------------------------


@pytest.fixture
def self_study(tmp_path, monkeypatch):
    (tmp_path / "revealed").mkdir()
    (tmp_path / "revealed" / "ch00.json").write_text("{}", encoding="utf-8")
    monkeypatch.setattr(solution, "REVEALED_FOLDER", tmp_path / "revealed")


def test_the_class_edition_opens_an_exercise_once_it_is_solved(capsys):
    practice("0.1")
    assert "opens once the exercise is solved" in capsys.readouterr().out
    progress.record("0.1", right=False)
    practice("0.1", 0.5)
    assert "opens once the exercise is solved" in capsys.readouterr().out
    solve("0.1")
    practice("0.1")
    assert "Bradley-Terry model?" in capsys.readouterr().out
    practice("0.2")
    assert "opens once the exercise is solved" in capsys.readouterr().out


def test_the_self_study_edition_opens_every_exercise(self_study, capsys):
    practice("0.1")
    assert "Bradley-Terry model?" in capsys.readouterr().out
    practice()
    shown = capsys.readouterr().out
    assert all(f'practice("{exercise_id}")' in shown for exercise_id in DERIVE)
    assert "more Derive exercises" not in shown


def test_the_list_names_what_is_open(capsys):
    practice()
    assert "Nothing yet" in capsys.readouterr().out
    solve("5.2", "0.5")
    progress.record_practice("5.2", 3, right=True)
    progress.record_practice("5.2", 3, right=True)
    progress.record_practice("5.2", 4, right=False)
    practice()
    shown = capsys.readouterr().out
    assert re.search(r'practice\("5\.2"\)  Is V the expectile\?  1 of 16', shown)
    assert "31 more Derive exercises" in shown
    assert "0.5" not in shown


def test_without_a_notebook_the_task_is_text_and_answers_go_into_the_call(capsys):
    solve("5.2")
    practice("5.2")
    shown = capsys.readouterr().out
    assert "Practice 5.2 · Is V the expectile?" in shown
    assert 'Answer with practice("5.2", a, b, c)' in shown
    left, right, word = FORMULAS["5.2"](*numbers_of(shown.split("\n\n")[1] + " 1"))
    practice("5.2", left, right, None)
    assert "`c`: not answered yet" in capsys.readouterr().out
    practice("5.2", left, right, word)
    assert "✓ Practice 5.2: right" in capsys.readouterr().out
    practice("5.2", None, None, None)
    assert "not answered yet" in capsys.readouterr().out
    assert [(exercise, right) for exercise, _, _, right in progress.practised()] == [("5.2", False), ("5.2", True)]
    assert [exercise for exercise, _, right in progress.attempts()] == ["5.2"]  # the exercise itself, from before


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("0.5",), r"exercise 0\.5 cannot be asked with other numbers; of this chapter 0\.1, 0\.2, 0\.4 can"),
        (("0.11",), r'no exercise "0\.11"; did you mean "0\.1"'),
        ((0.1,), "must be written in quotes"),
        (("0.1", 0.5), r'answers: there are no numbers yet to answer with; run practice\("0\.1"\) first'),
    ],
)
def test_bad_arguments_are_named(arguments, words):
    solve("0.1")
    with pytest.raises(ValueError, match=words):
        practice(*arguments)


def test_the_wrong_number_of_answers_is_named(capsys):
    solve("0.1")
    practice("0.1")
    with pytest.raises(ValueError, match=r"answers: exercise 0\.1 takes 1; got 2"):
        practice("0.1", 0.5, 0.6)


def test_nothing_repeats_before_all_were_shown_and_then_the_order_is_another():
    supply = Supply("0.1", entries()["0.1"])
    rounds = [[supply.new_task().number for _ in range(16)] for _ in range(3)]
    assert sorted(rounds[0]) == list(range(16))
    shown = [number for numbers in rounds for number in numbers]
    assert all(a != b for a, b in itertools.pairwise(shown))
    assert len({tuple(numbers) for numbers in rounds}) == 3
    assert set(shown[16:31]) == set(range(16)) - {shown[15]}


def test_after_a_restart_new_numbers_come_first():
    for number in range(10):
        progress.record_practice("0.1", number, right=number != 4)
    supply = Supply("0.1", entries()["0.1"])
    first = {supply.new_task().number for _ in range(7)}
    assert first == {4, *range(10, 16)}


def test_the_notebooks_own_random_numbers_are_not_disturbed(capsys):
    import random

    solve("0.1")
    random.seed(0)
    expected = random.random()
    random.seed(0)
    practice("0.1")
    assert random.random() == expected


def test_practice_rests_while_a_notebook_is_graded(monkeypatch, capsys):
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    practice("0.1")
    practice("0.1", 0.5)
    assert "rests while a notebook is graded" in capsys.readouterr().out
    assert progress.practised() == []


def test_practice_counts_for_the_streak_and_not_as_solved(capsys):
    progress.record_practice("0.1", 0, right=True)
    progress.progress("ch00_reward_modeling")
    shown = capsys.readouterr().out
    assert "Streak: 1 day" in shown
    assert "0.1 Preference probability" in shown  # among what is left


def test_a_progress_file_of_before_there_was_practice_goes_on():
    with sqlite3.connect(progress.progress_file()) as connection:
        connection.execute("CREATE TABLE attempt (exercise TEXT NOT NULL, day TEXT NOT NULL, correct INTEGER NOT NULL)")
        connection.execute("INSERT INTO attempt VALUES ('0.1', '2026-11-20', 1)")
    connection.close()
    assert progress.practised() == []
    assert practice_module.is_open("0.1")
    progress.record_practice("0.1", 2, right=True)
    assert [row[:2] for row in progress.practised()] == [("0.1", 2)]
    assert len(progress.attempts()) == 1


# --- the box ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def answer_box():
    """The module, whose import needs ipywidgets."""
    from utils import answer_box

    return answer_box


def enter(field):
    """Press Enter in a field, as the browser reports it."""
    field._handle_custom_msg({"event": "submit"}, [])


def shown_in(box):
    return box.statement.outputs[0]["data"]["text/markdown"]


def test_enter_checks_and_the_button_brings_new_numbers(answer_box):
    box = answer_box.AnswerBox(Supply("0.1", entries()["0.1"]))
    (field,) = box.fields
    first = shown_in(box)
    assert first.startswith("**Practice 0.1 · Preference probability**\n\nResponse A")
    enter(field)
    assert "not answered yet" in box.verdict.value
    field.value = "12345"
    enter(field)
    assert "Practice 0.1: not yet" in box.verdict.value
    a, b = numbers_of(first.split("\n\n")[1])
    field.value = f"1 / (1 + exp({b} - {a}))"
    enter(field)
    assert "Practice 0.1: right" in box.verdict.value
    box.new_button.click()
    assert shown_in(box) != first
    assert field.value == box.verdict.value == ""
    field.value = "12345"
    box.check_button.click()
    assert "Practice 0.1: not yet" in box.verdict.value
    assert [(number >= 0, right) for _, number, _, right in progress.practised()] == [(True, r) for r in (0, 1, 0)]


def test_a_word_is_chosen(answer_box):
    box = answer_box.AnswerBox(Supply("5.2", entries()["5.2"]))
    assert [field.description for field in box.fields] == ["a", "b", "c"]
    left, right, word = FORMULAS["5.2"](*numbers_of(shown_in(box).split("\n\n", 1)[1]))
    box.fields[0].value, box.fields[1].value = str(left), str(right)
    box.check_button.click()
    assert "<code>c</code>: not answered yet" in box.verdict.value
    box.fields[2].value = word
    box.check_button.click()
    assert "Practice 5.2: right" in box.verdict.value
    box.new_button.click()
    assert [field.value for field in box.fields] == ["", "", None]


def test_where_no_widget_shows_the_task_is_text(answer_box):
    box = answer_box.AnswerBox(Supply("0.1", entries()["0.1"]))
    text = box._repr_mimebundle_()["text/plain"]
    assert box.task.statement in text
    assert 'Answer with practice("0.1", answer)' in text


def test_in_a_notebook_the_box_is_displayed(answer_box, monkeypatch):
    import IPython
    import IPython.display

    displayed = []
    monkeypatch.setattr(IPython, "get_ipython", lambda: object())
    monkeypatch.setattr(IPython.display, "display", displayed.append)
    solve("0.1")
    practice("0.1")
    (box,) = displayed
    assert isinstance(box, answer_box.AnswerBox)
    practice("0.1", 12345)
    assert displayed[1].status == "wrong"


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        (" 0.5 ", 0.5),
        ("-1e-3", -1e-3),
        ("50_000", 50000),
        ("−2", -2),
        ("2^3 · 3", 24),
        ("exp(0) + log(e) + sqrt(4) + pi - pi", 4.0),
        ("sum((1, 2)) / max(3, 4)", 0.75),
    ],
)
def test_typed_numbers(answer_box, typed, value):
    assert answer_box.typed_number(typed) == value


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("1/(", "neither a number nor an expression"),
        ("x", "neither a number nor an expression"),
        ("1/0", "division by zero"),
        ("open('x')", "neither a number nor an expression"),
        ("0,5", "Write a decimal point"),
    ],
)
def test_what_is_no_number_is_said_in_the_box(answer_box, typed, words):
    box = answer_box.AnswerBox(Supply("0.1", entries()["0.1"]))
    box.fields[0].value = typed
    enter(box.fields[0])
    assert words in box.verdict.value
    assert progress.practised() == []


@pytest.mark.parametrize("chapter", CHAPTERS.values(), ids=CHAPTERS)
def test_every_chapter_offers_practice(chapter):
    cells = json.loads((release.course.RELEASE / chapter.notebook / f"{chapter.notebook}.ipynb").read_text())["cells"]
    sources = ["".join(cell["source"]) for cell in cells]
    assert "from utils.practice import practice" in sources[1]
    (exercise_id,) = re.findall(r'`practice\("([\d.]+)"\)`', sources[-2])
    assert exercise_id in DERIVE
    assert exercise_id in chapter.exercises
