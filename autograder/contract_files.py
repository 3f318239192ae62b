"""What belongs to a chapter beside its notebook, checked for `make lint`: declaration, references, bank, plan, tests."""

import ast
import importlib
import inspect
import json
import math
import re
import traceback

from autograder import course
from autograder.marking import Fail, Letter, Number, Word
from utils import sealed

FEWEST_RIGHT, FEWEST_WRONG = 3, 6  # bank entries of an exercise that asks for a function
FEWEST_SLIPS = 2  # recognised slips of a number, a word, a line, an order or a function
FEWEST_CASES = 2  # public cases of a function
FEWEST_GROUPS = 2  # groups of a function's hidden test
FEWEST_OPTIONS = 4  # options of a letter question
PLACEHOLDER = re.compile(r"\bTODO\b:?\s*(.*?)(?=[\"'][,)]|[\"']$|\bTODO\b|$)")


def placeholders(text):
    """What is still to be written, as `python -m autograder new-exercise` marks it.

    Returns
    -------
    list of (int, str)
        Line number and message of each word TODO.
    """
    return [
        (number, f"still to write: {what.strip()}" if what.strip() else "still holds a TODO")
        for number, line in enumerate(text.split("\n"), start=1)
        for what in PLACEHOLDER.findall(line)
    ]


def import_problem(path, error):
    """Where and why a module of hidden tests cannot be imported.

    Returns
    -------
    tuple of str
        Path, place and words.
    """
    if isinstance(error, SyntaxError):
        return path, f"line {error.lineno}", f"is not Python: {error.msg}"
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.endswith(path)]
    line = f"line {frames[-1].lineno}" if frames else "file"
    missing = re.fullmatch(r"module 'utils\.solutions\.(\w+)' has no attribute '(\w+)'", str(error))
    if missing:
        return path, line, f"no reference: utils/solutions/{missing[1]}.py has no `{missing[2]}`"
    missing = re.match(r"cannot import name '(ch\d\d)' from 'utils\.solutions'", str(error))
    if missing:
        return path, line, f"utils/solutions/{missing[1]}.py is missing"
    return path, line, f"cannot be read: {type(error).__name__}: {error}"


def problems(chapter, cells):
    """Check everything of one chapter that stands in other files than its notebook.

    Parameters
    ----------
    chapter : autograder.marking.Chapter
    cells : list of nbformat.NotebookNode
        The source notebook's cells.

    Returns
    -------
    list of tuple of str
        Path, place and words of each problem.
    """
    found = []
    for path in course.chapter_files(chapter.number):
        if not path.exists():
            found.append((course.display(path), "file", "is missing"))
            continue
        lines = placeholders(path.read_text(encoding="utf-8"))
        found += [(course.display(path), f"line {number}", message) for number, message in lines]
    for exercise in chapter.exercises.values():
        found += _declaration_problems(chapter, exercise)
        found += _reference_problems(chapter, exercise)
    found += _demo_problems(chapter, cells)
    found += _bank_problems(chapter)
    found += _plan_problems(chapter)
    found += _formula_problems(chapter)
    return found


# --- the declaration --------------------------------------------------------------------------------------------------


def _declaration_problems(chapter, exercise):
    path, place = f"autograder/hidden_tests/{chapter.number}.py", f"exercise {exercise.id}"
    messages = [text for question in exercise.questions for text in _question_problems(question)]
    if exercise.function:
        messages += _function_problems(exercise)
    return [(path, place, text) for text in messages]


def _question_problems(question):
    name = question.name
    if isinstance(question, (Letter, Word)):
        if question.value not in question.options:
            yield f"{name}: the right answer {question.value!r} is not among the options"
        if isinstance(question, Letter) and len(question.options) < FEWEST_OPTIONS:
            yield f"{name} has {len(question.options)} options; {FEWEST_OPTIONS} are the least"
        for option, text in question.options.items():
            if not text.strip():
                yield f"{name}: no hint for the option {option}: say why it is right or wrong"
        if isinstance(question, Word):
            yield from _too_few_slips(question, recognised_slips(question))
        return
    if not question.right.strip():
        yield f"{name}: `right` is empty: say what the student should have seen, in numbers"
    if isinstance(question, Number) and not math.isfinite(question.value):
        yield f"{name} has no value"
        return
    yield from _too_few_slips(question, recognised_slips(question) if isinstance(question, Number) else question.slips)
    hints = question.slips.values() if isinstance(question.slips, dict) else [slip.hint for slip in question.slips]
    for i, hint in enumerate(hints, start=1):
        if not hint.strip():
            yield f"{name}: slip {i} has no hint"
    if isinstance(question, Number):
        grid = sealed.Grid.around(question.value, question.width)
        for i, slip in enumerate(question.slips, start=1):
            if not math.isfinite(slip.mistake):
                yield f"{name}: slip {i} has no value"
            elif grid.same_cell(slip.mistake, question.value):
                yield f"{name}: slip {i} is the right answer itself, to three digits"


def _too_few_slips(question, slips):
    if len(slips) < FEWEST_SLIPS:
        yield f"{question.name} recognises {len(slips)} slips; {FEWEST_SLIPS} are the least"


def recognised_slips(question):
    """Hints of the slips of a `Number` or a `Word` that marking tells from the right answer and from each other."""
    if isinstance(question, Word):
        mistakes, hints = question.options, set(question.options.values())
    else:
        mistakes, hints = [slip.mistake for slip in question.slips], {slip.hint for slip in question.slips}
    said = set()
    for mistake in mistakes:
        try:
            question.mark(mistake)
        except Fail as failure:
            said.add(str(failure))
        except ValueError:  # a slip without value, which is reported as such
            continue
    return said & hints


def _function_problems(exercise):
    if not exercise.right.strip():
        yield "`right` is empty: say what the student should have seen, in numbers"
    counted = (
        (exercise.cases, FEWEST_CASES, "public cases for the visible check"),
        (exercise.slips, FEWEST_SLIPS, "recognised slips"),
        (exercise.groups, FEWEST_GROUPS, "groups of hidden tests"),
    )
    for things, fewest, words in counted:
        if len(things) < fewest:
            yield f"{len(things)} {words}; {fewest} are the least"
    for i, slip in enumerate(exercise.slips, start=1):
        if not slip.hint.strip():
            yield f"slip {i} has no hint"
    names = [group.name for group in exercise.groups]
    for group in exercise.groups:
        if not group.message.strip():
            yield f"the group '{group.name}' has no message for a student who fails it"
    for name in {name for name in names if names.count(name) > 1}:
        yield f"two groups are called '{name}'"


# --- reference, demos -------------------------------------------------------------------------------------------------


def _reference_problems(chapter, exercise):
    if not exercise.function:
        return
    name, module = exercise.function, f"utils.solutions.{chapter.number}"
    path, place = f"utils/solutions/{chapter.number}.py", f"`{name}` of exercise {exercise.id}"
    if exercise.reference.__module__ != module:
        yield path, place, "no reference: a formula stands in the solution library, not among the hidden tests"
        return
    document = inspect.getdoc(exercise.reference) or ""
    for section in ("Parameters", "Returns"):
        if f"{section}\n---" not in document:
            yield path, place, f"the docstring has no section {section}, with shapes and units"
    tests = course.COURSE / "tests" / "solutions" / f"test_{chapter.number}.py"
    if tests.exists() and not re.search(
        rf"{name}(?![A-Za-z0-9])|_{exercise.id.replace('.', '_')}_", tests.read_text("utf-8")
    ):
        yield course.display(tests), place, "is compared with nothing independent: write a test of it"


def _demo_problems(chapter, cells):
    """Demos that a notebook calls and nobody wrote, and figures without a text alternative."""
    path = course.COURSE / "utils" / "demos" / f"{chapter.number}.py"
    if not path.exists():
        return
    tree = ast.parse(path.read_text(encoding="utf-8"))
    written = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    for i, cell in enumerate(cells):
        for name in re.findall(r"^demos\.(\w+)\(", cell.source, flags=re.MULTILINE):
            if name not in written:
                yield course.display(path), "file", f"has no demo `{name}`, which cell {i + 1} of the notebook shows"
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "draw":
            alternative = node.args[1] if len(node.args) > 1 else None
            if isinstance(alternative, ast.Constant) and not str(alternative.value or "").strip():
                yield course.display(path), f"line {node.lineno}", "a figure has no text alternative: say what it shows"


# --- bank, plan -------------------------------------------------------------------------------------------------------


def _bank_problems(chapter):
    from tests.submissions import ALL, Right, Wrong

    path = f"tests/submissions/{chapter.number}.py"
    try:
        bank = importlib.import_module(f"tests.submissions.{chapter.number}").BANK
    except Exception as error:
        if (course.COURSE / path).exists():  # a missing file is reported with the other files
            yield import_problem(path, error)
        return
    for exercise_id in bank.keys() - chapter.exercises.keys():
        yield path, f"exercise {exercise_id}", "the bank answers an exercise that is not declared"
    for exercise_id, exercise in chapter.exercises.items():
        entries = bank.get(exercise_id, [])
        right = [entry for entry in entries if isinstance(entry, Right)]
        wrong = [entry for entry in entries if isinstance(entry, Wrong)]
        fewest_right, fewest_wrong = (FEWEST_RIGHT, FEWEST_WRONG) if exercise.function else (1, 1)
        place = f"exercise {exercise_id}"
        if len(right) < fewest_right:
            yield (
                path,
                place,
                f"{len(right)} right answers in the bank; {fewest_right} of different style are the least",
            )
        if len(wrong) < fewest_wrong:
            yield (
                path,
                place,
                f"{len(wrong)} wrong answers in the bank; {fewest_wrong} that students give are the least",
            )
        for i, entry in enumerate(wrong, start=1):
            if not entry.message.strip():
                yield path, place, f"wrong answer {i} names no words of the message it must get"
            unknown = set(entry.fails) - set(exercise.weights)
            if entry.fails != ALL and unknown:
                yield path, place, f"wrong answer {i} fails {sorted(unknown)}, which are no groups of it"


def _plan_problems(chapter):
    """Exercises without an entry in the plan, by which names and values worked out by hand are tested."""
    path = course.COURSE / "tests" / "contract.json"
    entries = {
        entry["number"]: entry
        for entry in json.loads(path.read_text(encoding="utf-8"))
        if entry["notebook"] == chapter.notebook
    }
    for exercise_id, exercise in chapter.exercises.items():
        place = f"exercise {exercise_id}"
        if exercise_id not in entries:
            yield course.display(path), place, "has no entry: its names and the values you worked out by hand"
            continue
        entry = entries[exercise_id]
        for what, text in [("signature", entry.get("signature", "")), *entry["names"].items()]:
            for _, message in placeholders(str(text)):
                yield course.display(path), f"{place}, {what}", message
        if exercise.function and "signature" not in entry:
            yield course.display(path), place, "has no signature"
        for question in exercise.questions:
            value = entry["names"].get(question.name)
            if isinstance(question, Number) and not isinstance(value, (int, float)):
                yield course.display(path), place, f"{question.name} must be a number, worked out by hand"
    for exercise_id in entries.keys() - chapter.exercises.keys():
        yield course.display(path), f"exercise {exercise_id}", "is planned but not declared among the hidden tests"


def _formula_problems(chapter):
    """Exercises with variants without a formula of their own, by which the variants' answers are tested."""
    path = "tests/formulas.py"
    for number, line in enumerate((course.COURSE / path).read_text(encoding="utf-8").split("\n"), start=1):
        key = re.match(r'    "([\d.]+)": ', line)
        if key and key[1] in chapter.exercises:
            for _, message in placeholders(line):
                yield path, f"line {number}", message
    formulas = importlib.import_module("tests.formulas").FORMULAS
    for exercise_id, exercise in chapter.exercises.items():
        if exercise.variants is not None and exercise_id not in formulas:
            yield path, f"exercise {exercise_id}", "has no formula that leads from its numbers to its answers"
