"""`python -m autograder similarity`: copies are found however they are disguised, and nobody else."""

import io
import itertools
import keyword
import os
import sys
import token
import tokenize

import pytest

from autograder import __main__, course, notebooks, sample_class, similarity
from autograder.similarity import answers, compare
from tests.chapters import CHAPTERS, Right, bank

CHAPTER = "ch00_reward_modeling"


def rights(number, style):
    """Right answers to a chapter's exercises, each in the given style as far as there are so many."""
    own = {}
    for exercise, entries in bank(number).items():
        good = [entry for entry in entries if isinstance(entry, Right)]
        own["ex" + exercise.replace(".", "_")] = good[min(style, len(good) - 1)].source
    return own


def disguise(source, keep=()):
    """Other names for whatever the code assigns, other comments, other layout."""
    tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    own = {
        t.string
        for t, following in itertools.pairwise(tokens)
        if t.type == token.NAME
        and following.string in ("=", ",", ")", "in", "+=", ":")
        and not keyword.iskeyword(t.string)
    } - {*keep, "self", "np", "torch", "None", "True", "False", "float", "int", "len", "range", "sum", "dtype", "axis"}
    names = {name: f"renamed_{i}" for i, name in enumerate(sorted(own))}
    changed, previous = [], None
    for t in tokens:
        text = names.get(t.string, t.string) if t.type == token.NAME and (previous or "") != "." else t.string
        changed.append((t.type, "# my own idea" if t.type == tokenize.COMMENT else text))
        previous = t.string
    return "# written alone at night\n" + tokenize.untokenize(changed) + "\n# done\n"


def given(number):
    return answers.given_code(
        notebooks.read(course.RELEASE / CHAPTERS[number].notebook / f"{CHAPTERS[number].notebook}.ipynb")
    )


@pytest.mark.parametrize("number", CHAPTERS)
def test_a_disguised_copy_is_found_and_independent_right_answers_are_not(number):
    found = {f"style {style}": rights(number, style) for style in range(3)}
    assert compare.find_pairs(found, given(number)) == []
    found["copy"] = {cell: disguise(source) for cell, source in rights(number, 0).items()}
    assert all(found["copy"][cell] != source for cell, source in found["style 0"].items())
    (pair,) = compare.find_pairs(found, given(number))
    assert pair.students == ("copy", "style 0")
    assert min(pair.share, pair.rare_share) > 0.85 and pair.rare > 1.5 * compare.FEWEST_SHARED


def test_one_copied_function_among_own_answers_is_found():
    mine, yours = rights("ch00", 0), rights("ch00", 1)
    yours["ex0_7"] = disguise(mine["ex0_7"])
    (pair,) = compare.find_pairs({"me": mine, "you": yours}, given("ch00"))
    assert pair.parts[0].cell == "ex0_7" and pair.parts[0].share > 0.9


def test_untouched_copies_and_what_everybody_has_are_no_evidence():
    released = notebooks.read(course.RELEASE / CHAPTER / f"{CHAPTER}.ipynb")
    wanted = answers.answer_cells(released)
    untouched = {cell.metadata.nbgrader["grade_id"]: cell.source for cell in released.cells if cell.id in wanted}
    assert len(untouched) == 7
    assert compare.find_pairs({f"student {i}": untouched for i in range(4)}, given("ch00")) == []
    one_line = {"ex0_1": "answer_0_1 = 1 / (1 + np.exp(-1.5))", "ex0_3": 'answer_0_3 = "C"'}
    assert compare.find_pairs({f"student {i}": one_line for i in range(4)}, given("ch00")) == []


def test_what_many_have_is_common_and_how_many_can_be_said():
    same = rights("ch00", 0)
    found = {f"student {i}": same for i in range(8)}
    assert compare.find_pairs(found, given("ch00")) == []
    assert len(compare.find_pairs(found, given("ch00"), common=8)) == 28


@pytest.mark.parametrize(
    ("options", "words"),
    [({"threshold": 0}, "threshold"), ({"threshold": 1.5}, "threshold"), ({"common": 1}, "common")],
)
def test_options_out_of_range_are_named(options, words):
    with pytest.raises(ValueError, match=words):
        compare.find_pairs({}, [], **options)


@pytest.fixture
def folder(tmp_path):
    """A class on disk: two who share, one alone, and what comes in besides."""
    released = notebooks.read(course.RELEASE / CHAPTER / f"{CHAPTER}.ipynb")
    trap = f"\nopen({str(tmp_path / 'ran')!r}, 'w')\n"

    def submit(student, own):
        filled = sample_class.fill_in(released, {cell[2:].replace("_", "."): source for cell, source in own.items()})
        path = tmp_path / "submitted" / student / CHAPTER / f"{CHAPTER}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(notebooks.dumps(filled), encoding="utf-8")
        return path

    mine = rights("ch00", 0)
    submit("<script>alert(1)<!--", {cell: source + trap for cell, source in mine.items()})
    submit("bo", {cell: disguise(source) for cell, source in mine.items()})
    other = rights("ch00", 1)
    submit("cy", other | {"ex0_1": other["ex0_1"] + "\n#" + "x" * 60_000})
    submit("damaged", {}).write_text('{"cells": [', encoding="utf-8")
    submit("empty", {}).write_bytes(b"")
    link = submit("link", {})
    link.unlink()
    os.symlink("/etc/passwd", link)
    return tmp_path


def test_the_command_shows_the_pair_side_by_side_and_runs_nothing(folder, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["autograder", "similarity", CHAPTER, "--class-folder", str(folder)])
    assert __main__.main() == 0
    told = capsys.readouterr().out
    assert "3 submissions compared, 1 pairs" in told
    for student in ("damaged", "empty", "link"):
        assert f"{student}: not compared. " in told
    assert "cy: of ex0_1 only the first 50,000 characters" in told
    page = (folder / "reports" / CHAPTER / "similarity.html").read_text(encoding="utf-8")
    assert "never a verdict" in page and "<mark>" in page and page.count("<pre>") >= 4
    assert "&lt;script&gt;alert(1)" in page and page.count("<script>") == 1
    assert "renamed_" in page and "root:" not in page
    assert not (folder / "ran").exists()
    assert "bo" in (folder / "reports" / CHAPTER / "similarity.csv").read_text(encoding="utf-8-sig")


def test_bad_input_is_one_clear_line(tmp_path):
    with pytest.raises(ValueError, match="there is no 'ch77'"):
        similarity.write_similarity(tmp_path, "ch77")
    with pytest.raises(ValueError, match="fewer than two readable submissions"):
        similarity.write_similarity(tmp_path, CHAPTER)
