"""What an author may forget in the files beside a notebook, and what lint must say to it.

`python -m tests.omissions` runs in a copy of the course that holds the finished chapter of `tests.authored`: it breaks one
thing after another, lints in one process and writes what lint says, as JSON.
"""

import json
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.authored import NOTEBOOK

HIDDEN_TESTS, LIBRARY, DEMOS = "autograder/hidden_tests/ch10.py", "utils/solutions/ch10.py", "utils/demos/ch10.py"
BANK, PLAN, TESTS = "tests/submissions/ch10.py", "tests/contract.json", "tests/solutions/test_ch10.py"
SOURCE = f"source/{NOTEBOOK}/{NOTEBOOK}.ipynb"


@dataclass(frozen=True)
class Omission:
    """Text of one file that is taken out or changed (all of it when `old` is None), and what lint must say.

    `old` may name a beginning and an end, with ``…`` between them.
    """

    path: str
    old: str | None
    new: str
    says: str


OMISSIONS = {
    "no reference": Omission(
        LIBRARY, "def rating_changes(", "def changes(", f"{LIBRARY} has no `rating_changes`"
    ),
    "no docstring sections": Omission(
        LIBRARY, "    gaps : array_like…Returns\n    -------", "    ", f"{LIBRARY}: `rating_changes` of exercise 10.3: "
        "the docstring has no section Returns",
    ),
    "no library": Omission(LIBRARY, None, "", f"{HIDDEN_TESTS}: line 7: utils/solutions/ch10.py is missing"),
    "a reference among the hidden tests": Omission(
        HIDDEN_TESTS, 'ex10_3 = chapter.build(\n    "10.3",\n    solutions.rating_changes,',
        'def rating_changes(gaps, scores, k=32.0):\n    return gaps\n\n\n'
        'ex10_3 = chapter.build(\n    "10.3",\n    rating_changes,',
        f"{LIBRARY}: `rating_changes` of exercise 10.3: no reference: a formula stands in the solution library",
    ),
    "no hidden test": Omission(
        HIDDEN_TESTS, 'chapter.trace(…    ),\n)\n', "", f"{SOURCE}: cell 6, exercise 10.2: no hidden test"
    ),
    "no hidden tests at all": Omission(HIDDEN_TESTS, None, "", f"{SOURCE}: file: {HIDDEN_TESTS} is missing"),
    "broken hidden tests": Omission(HIDDEN_TESTS, "chapter.trace(", "chapter.trace((", f"{HIDDEN_TESTS}: line "),
    "an unknown question": Omission(HIDDEN_TESTS, "return Number(", "return Numbre(", "NameError: name 'Numbre' is not defined"),
    "no group": Omission(
        HIDDEN_TESTS, '@ex10_4.group("one game"…[(1, 0, 0.5)], 24)\n', "",
        f"{HIDDEN_TESTS}: exercise 10.4: 1 groups of hidden tests; 2 are the least",
    ),
    "two groups of one name": Omission(
        HIDDEN_TESTS, '"large gaps"', '"values"', "exercise 10.3: two groups are called 'values'"
    ),
    "no message": Omission(
        HIDDEN_TESTS, "A gap of a million points must give 0 or k, not nan or an error.", "",
        "exercise 10.3: the group 'large gaps' has no message",
    ),
    "no public case": Omission(
        HIDDEN_TESTS, '        "season_ratings([1600, 1400, 1500], [(0, 1, 0), (2, 0, 0.5)], 20)",\n', "",
        "exercise 10.4: 1 public cases for the visible check; 2 are the least",
    ),
    "no slips of a function": Omission(
        HIDDEN_TESTS, "        Slip(\n            lambda ratings, games, k: _season(ratings, games, k, sign…\n        ),\n", "",
        "exercise 10.4: 1 recognised slips; 2 are the least",
    ),
    "no slips of a number": Omission(
        HIDDEN_TESTS, '            Slip(1 / (1 + np.exp(-gap / 400))…),\n', "",
        "exercise 10.1: answer_10_1 recognises 1 slips; 2 are the least",
    ),
    "no slips of a line": Omission(
        HIDDEN_TESTS, '            1: "Line 1 only…            6: "Line 6 only returns.",\n', "",
        "exercise 10.4: buggy_line_10_4 recognises 0 slips; 2 are the least",
    ),
    "no variants": Omission(
        HIDDEN_TESTS, "@variants_of(ex10_1, …, 10)))\n", "", "exercise 10.1: has no variants: `practice` cannot ask it"
    ),
    "no formula": Omission(
        "tests/formulas.py", '    "10.1": lambda… 400)),\n', "", "exercise 10.1: has no formula that leads from its numbers"
    ),
    "no hint for a number": Omission(
        HIDDEN_TESTS, "This is what the weaker player may expect: the sign of the gap is turned.", "",
        "exercise 10.1: answer_10_1: slip 1 has no hint",
    ),
    "no hint for a function": Omission(
        HIDDEN_TESTS, "The sign is turned: who scores more than expected gains points.", "", "exercise 10.3: slip 1 has no hint"
    ),
    "no hint for an option": Omission(
        HIDDEN_TESTS, "A shift is no stretching: the gaps are what they were.", " ",
        "exercise 10.2: answer_10_2: no hint for the option D",
    ),
    "a slip that is right": Omission(
        HIDDEN_TESTS, "Slip(1 - score,", "Slip(score + 1e-5,", "answer_10_1: slip 1 is the right answer itself"
    ),
    "an option too few": Omission(
        HIDDEN_TESTS, '            "D": "It arrives…,\n', "", "exercise 10.5: answer_10_5 has 3 options; 4 are the least"
    ),
    "a right answer that is no option": Omission(
        HIDDEN_TESTS, '        "answer_10_5",\n        "C",', '        "answer_10_5",\n        "E",',
        "answer_10_5: the right answer 'E' is not among the options",
    ),
    "nothing seen after a number": Omission(
        HIDDEN_TESTS, "Three points of four: a gap of 200 is large, but the weaker player still takes a quarter.", "",
        "exercise 10.1: answer_10_1: `right` is empty: say what the student should have seen",
    ),
    "nothing seen after a function": Omission(
        HIDDEN_TESTS, "Equals win and lose 16 points to each other, and an upset moves nearly all of k.", "",
        "exercise 10.3: `right` is empty: say what the student should have seen",
    ),
    "a line beyond the listing": Omission(
        HIDDEN_TESTS, "            6: \"Line 6", "            7: \"Line 6",
        "exercise 10.4: buggy_line_10_4 speaks of line 7; the listing has 6",
    ),
    "no bank": Omission(BANK, None, "", f"{BANK}: file: is missing"),
    "no entries in the bank": Omission(
        BANK, '    "10.5": […\n    ],\n', "", f"{BANK}: exercise 10.5: 0 right answers in the bank; 1 of different style"
    ),
    "a right answer too few": Omission(
        BANK, '        Right(\n            """\\\nimport torch…            "torch",\n        ),\n', "",
        f"{BANK}: exercise 10.3: 2 right answers in the bank; 3",
    ),
    "a wrong answer too few": Omission(
        BANK, '        return ratings\n\n\nbuggy_line_10_4 = 5\n…"After many games",\n        ),\n',
        '        return ratings\n""", ALL, "x"),\n    ], "10.4": [\n', "exercise 10.4: 0 wrong answers in the bank; 6",
    ),
    "no words of a message": Omission(
        BANK, '"you are the stronger one"', '""', "exercise 10.3: wrong answer 2 names no words of the message"
    ),
    "an unknown group": Omission(
        BANK, '("a season",)', '("seasons",)', "wrong answer 5 fails ['seasons'], which are no groups of it"
    ),
    "an answer to nothing": Omission(BANK, '    "10.5": [', '    "10.6": [', "answers an exercise that is not declared"),
    "not in the plan": Omission(
        PLAN, '"number": "10.3"', '"number": "10.9"', f"{PLAN}: exercise 10.3: has no entry"
    ),
    "planned and forgotten": Omission(PLAN, '"number": "10.3"', '"number": "10.9"', "exercise 10.9: is planned but not declared"),
    "no value by hand": Omission(PLAN, "0.7597469266", "null", "answer_10_1 must be a number, worked out by hand"),
    "no signature": Omission(PLAN, '"signature": "season', '"sign": "season', f"{PLAN}: exercise 10.4: has no signature"),
    "no independent test": Omission(
        TESTS, "rating_changes", "expected_score", f"{TESTS}: `rating_changes` of exercise 10.3: is compared with nothing"
    ),
    "no tests of the library": Omission(TESTS, None, "", f"{TESTS}: file: is missing"),
    "no claims": Omission("tests/claims/ch10.py", None, "", "tests/claims/ch10.py: file: is missing"),
    "no demos": Omission(DEMOS, None, "", f"{DEMOS}: file: is missing"),
    "a demo nobody wrote": Omission(DEMOS, "def odds_of_gap", "def odds", f"{DEMOS}: file: has no demo `odds_of_gap`"),
    "a figure without words": Omission(
        DEMOS, 'f"A curve of {ylabel} against the gap in ratings: {words}."', '""', "a figure has no text alternative"
    ),
    "a placeholder in code": Omission(
        LIBRARY, "return k * ", "return 0  # TODO: the formula", f"{LIBRARY}: line "
    ),
}  # fmt: skip


def changed(text, omission):
    """The text with the omission."""
    if "…" not in omission.old:
        assert omission.old in text, f"{omission.path} has no {omission.old!r}"
        return text.replace(omission.old, omission.new)
    begin, end = omission.old.split("…")
    start = text.index(begin)
    return text[:start] + omission.new + text[text.index(end, start) + len(end) :]


def lint():
    """Everything lint says, of files as they are now."""
    from autograder import contract
    from utils import catalogue

    for name in [name for name in sys.modules if name.endswith((".ch10", "test_ch10", "tests.formulas"))]:
        del sys.modules[name]
    for package in ("autograder.hidden_tests", "utils.solutions", "tests.submissions"):
        if package in sys.modules and hasattr(sys.modules[package], "ch10"):
            delattr(sys.modules[package], "ch10")
    catalogue.read_notebook.cache_clear()
    return [str(problem) for problem in contract.problems()]


def main():
    """Lint the finished chapter, then with each omission; print it all as JSON."""
    sys.dont_write_bytecode = True
    said = {"": lint()}
    for name, omission in OMISSIONS.items():
        path = Path(omission.path)
        text = path.read_text(encoding="utf-8")
        if omission.old is None:
            path.unlink()
        else:
            path.write_text(changed(text, omission), encoding="utf-8")
        try:
            said[name] = lint()
        finally:
            path.write_text(text, encoding="utf-8")
    print(json.dumps(said))


if __name__ == "__main__":
    main()
