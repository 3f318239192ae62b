"""What every source notebook promises, checked: `make lint` says what is missing, with file and cell.

Programs (release, grading, progress, reports) and people find exercises by these promises, so a broken one is an error
and not a matter of taste. This module looks at notebooks; `autograder.contract_files` at the files beside them.
"""

import ast
import functools
import re
from dataclasses import dataclass

from autograder import contract_files, contract_written, course, marking, notebooks
from autograder.marking import Letter, Line, Number, Order, Word
from autograder.notebooks import student_version, without_hidden_tests
from utils.catalogue import HEADING, grade_id, parse_statement

ABSOLUTE_PATH = re.compile(r"(?<![\w.:/])/(?:home|Users|root|tmp|work|mnt|opt|srv|var)/|\b[A-Z]:\\")
DRAWS = re.compile(r"\.(?:plot|bar|barh|hist|scatter|step|errorbar|fill_between|semilogy|semilogx|loglog)\(")
IMAGE_WITHOUT_TEXT = re.compile(r"!\[\s*\]\(|<img(?![^>]*\balt=\"[^\"])[^>]*>")
KINDS = {  # what each type of exercise may ask for; a function is asked for besides where the type says so
    "Derive": (Number, Word),
    "Trace": (Letter, Number, Order),
    "Build": (),
    "Debug": (Line,),
    "Design": (Letter, Order),
}
WITH_FUNCTION = ("Build", "Debug")


@dataclass(frozen=True)
class Problem:
    """One broken promise."""

    path: str
    cell: str
    text: str

    def __str__(self):
        return f"{self.path}: {self.cell}: {self.text}"


def problems():
    """Check every source notebook and what belongs to it.

    Returns
    -------
    list of Problem
    """
    chapters, found = _declared()
    declared = {chapter.notebook: chapter for chapter in chapters}
    unreadable = {problem.path for problem in found}
    seen_ids = {}
    for path in course.source_notebooks():
        name = course.display(path)
        report = functools.partial(_add, found, name)
        notebook = notebooks.read(path)
        if notebooks.dumps(notebooks.canonical(notebook)) != path.read_text(encoding="utf-8"):
            report("file", "is not in canonical form (outputs, ids, metadata): run `python -m autograder tidy`")
        _check_placeholders(notebook.cells, report)
        hidden_tests = f"autograder/hidden_tests/{path.stem.split('_')[0]}.py"
        if path.stem not in declared:
            if hidden_tests not in unreadable:
                report("file", f"{hidden_tests} is missing or names another notebook")
            continue
        _check_cells(notebook.cells, declared[path.stem], report)
        for cell in notebook.cells:
            cell_id = cell.metadata.get("nbgrader", {}).get("grade_id")
            if cell_id and cell_id in seen_ids and cell_id.startswith("ex"):
                report(cell_id, f"this grade_id stands in {seen_ids[cell_id]} already")
            seen_ids.setdefault(cell_id, name)
        found += [Problem(*problem) for problem in contract_files.problems(declared[path.stem], notebook.cells)]
    for notebook in declared.keys() - {path.stem for path in course.source_notebooks()}:
        found.append(Problem(f"autograder/hidden_tests/{notebook.split('_')[0]}.py", "file", f"no notebook {notebook}"))
    return found


def _add(found, path, cell, text):
    found.append(Problem(path, cell, text))


def _declared():
    """Chapters whose hidden tests can be imported, and a problem for each that cannot."""
    try:
        return marking.chapters(), []
    except Exception:
        pass  # found out below, chapter by chapter
    chapters, found = [], []
    for number in marking.chapter_numbers():
        try:
            chapters.append(marking.chapter(number))
        except Exception as error:
            found.append(Problem(*contract_files.import_problem(f"autograder/hidden_tests/{number}.py", error)))
    return chapters, found


def _place(position, exercise_id=None):
    """How a message names a cell; the first is 1."""
    return f"cell {position + 1}" + (f", exercise {exercise_id}" if exercise_id else "")


def _check_placeholders(cells, report):
    last = None  # position and number of the exercise stated last
    for i, cell in enumerate(cells):
        heading = HEADING.match(cell.source.split("\n")[0])
        last = (i, heading["id"]) if heading else last
        inside = last is not None and i - last[0] < 3
        for _, text in contract_files.placeholders(cell.source):
            report(_place(i, last[1] if inside else None), text)


def _check_cells(cells, chapter, report):
    if not re.match(r"# Chapter \d+ · \S", cells[0].source):
        report(_place(0), "the first cell must begin '# Chapter 0 · Title'")
    if cells[-1].source.strip() != f'progress("{chapter.notebook}")':
        report(_place(len(cells) - 1), f'the last cell must be progress("{chapter.notebook}")')

    stated = []
    belongs = set()  # positions of cells that are part of an exercise
    for i, cell in enumerate(cells):
        _check_reading(cells, i, report)
        try:
            exercise = parse_statement(cell.source, chapter.notebook) if cell.cell_type == "markdown" else None
        except ValueError as problem:
            report(_place(i), str(problem))
            continue
        if exercise is None:
            continue
        stated.append(exercise.id)
        belongs |= {i + 1, i + 2}
        if exercise.id not in chapter.exercises:
            report(_place(i, exercise.id), f"no hidden test: autograder/hidden_tests/{chapter.number}.py declares none")
            continue
        _check_exercise(exercise, cells, i, chapter, report)

        def report_part(offset, name, text, start=i + 3):
            report(_place(start + offset, name), text)

        n_written = contract_written.check(exercise, cells[i + 3 :], report_part)
        belongs |= set(range(i + 3, i + 3 + n_written))

    for exercise_id in chapter.exercises.keys() - set(stated):
        report("file", f"exercise {exercise_id} is declared among the hidden tests but stated nowhere")
    for exercise_id in {exercise_id for exercise_id in stated if stated.count(exercise_id) > 1}:
        report("file", f"exercise {exercise_id} is stated twice")
    for i, cell in enumerate(cells):
        grader = cell.metadata.get("nbgrader")
        if grader and i not in belongs and (grader["grade"] or grader["solution"] or grader.get("task")):
            report(_place(i), f"{grader['grade_id']} is an answer or test cell outside the cells of an exercise")
        if "MARK SCHEME" in cell.source and i not in belongs:
            report(_place(i), "holds a mark scheme, which belongs into the question cell of a written part")


def _check_reading(cells, i, report):
    """What every reader needs: paths that exist elsewhere, labels, text alternatives, a prediction, what was seen."""
    cell = cells[i]
    if ABSOLUTE_PATH.search(cell.source):
        report(_place(i), "holds an absolute path")
    if cell.cell_type == "markdown" and IMAGE_WITHOUT_TEXT.search(cell.source):
        report(_place(i), "an image has no text alternative: write what it shows between the brackets of ![...](...)")
    if cell.cell_type != "code":
        return
    if "plt.subplots(" in cell.source and DRAWS.search(cell.source):
        for label in ("xlabel", "ylabel"):
            if label not in cell.source and not (label == "ylabel" and ".barh(" in cell.source):
                report(_place(i), f"a plot has no {label}: say what the axis shows, with its unit")
    if re.search(r"^demos\.\w+\(", cell.source, flags=re.MULTILINE):
        before, after = cells[i - 1], cells[i + 1] if i + 1 < len(cells) else None
        if before.cell_type != "markdown" or "predict" not in before.source.lower():
            report(_place(i), "no question before the demo: let the reader predict ('**Predict first.** ...')")
        if after is None or after.cell_type != "markdown" or after.source.startswith("### Exercise"):
            report(_place(i), "no text after the demo: say what the reader should have seen, in numbers")


def _check_exercise(exercise, cells, i, chapter, report):
    declared = chapter.exercises[exercise.id]

    def fail(offset, text):
        report(_place(i + offset, exercise.id), text)

    following = cells[i + 1 : i + 3]
    if len(following) < 2 or any(cell.cell_type != "code" for cell in following):
        return fail(0, "the statement must be followed by two code cells: the answer cell and the test cell")
    statement, (answer, test) = cells[i], following
    for text in _metadata_problems(answer, notebooks.nbgrader_metadata(grade_id(exercise.id), solution=True)):
        fail(1, f"the answer cell {text}")
    expected = notebooks.nbgrader_metadata(f"{exercise.grade_id}_test", grade=True, locked=True, points=exercise.points)
    for text in _metadata_problems(test, expected):
        fail(2, f"the test cell {text}")

    wanted = notebooks.test_cell(chapter.number, exercise.id, declared.names)
    call, hidden = wanted.split("\n", 1)
    if without_hidden_tests(test.source) != call:
        fail(2, f"the visible check must be the one line {call}")
    if hidden not in test.source:
        fail(2, f"the hidden test must be the three lines\n{hidden}")
    elif test.source != wanted:
        fail(2, f"the test cell must read\n{wanted}")

    if bool(declared.function) != (exercise.type in WITH_FUNCTION):
        asks = "asks" if exercise.type in WITH_FUNCTION else "does not ask"
        fail(0, f"a {exercise.type} exercise {asks} for a function; the declaration says otherwise")
    for question in declared.questions:
        if not isinstance(question, KINDS[exercise.type]):
            fail(0, f"a {exercise.type} exercise does not ask for a {question.kind}")
        if isinstance(question, Letter):
            offered = re.findall(r"^- \*\*([A-Z])\*\* ", statement.source, flags=re.MULTILINE)
            if offered != list(question.options):
                fail(0, f"the statement offers the options {offered}, the hidden tests know {list(question.options)}")
    _check_answer(exercise, statement.source, answer.source, declared, fail)
    used = f'"{exercise.id}"'
    if exercise.type == "Build" and not any("waiting_for(" in cell.source and used in cell.source for cell in cells):
        fail(0, f"nothing uses the student's function: add a plot or a run in `with waiting_for({used}):`")
    if exercise.type == "Derive" and declared.variants is None:
        fail(0, "has no variants: `practice` cannot ask it with other numbers")


def _metadata_problems(cell, expected):
    """What is wrong with a cell's nbgrader metadata, in words."""
    found = cell.metadata.get("nbgrader")
    if found is None:
        return [f"is no nbgrader cell: give it the id {expected['grade_id']!r}"]
    words = []
    if found.get("grade_id") != expected["grade_id"]:
        words.append(f"has the id {found.get('grade_id')!r}; it must be {expected['grade_id']!r}")
    if found.get("points") != expected.get("points") and "points" in expected:
        words.append(f"has {found.get('points')} points, the statement's card {expected['points']}")
    if found.get("locked") != expected["locked"]:
        words.append("must be locked" if expected["locked"] else "must not be locked: students write in it")
    if not words and dict(found) != expected:
        words.append(f"must have the nbgrader metadata {expected}")
    return words


def _check_answer(exercise, statement, source, declared, fail):
    """The answer cell before and after the release step."""
    for name in declared.names:
        if not re.search(rf"\b{name}\b", source):
            fail(1, f"the answer cell does not mention {name}")
    if "### BEGIN SOLUTION" not in source:
        return fail(1, "the answer cell has no solution region (### BEGIN SOLUTION ... ### END SOLUTION)")
    if exercise.type != "Build" and "### STUDENT VERSION" not in source:
        return fail(1, "the answer cell has no ### STUDENT VERSION: say what the student finds there")
    if "### STUDENT VERSION" not in source:
        return
    try:
        released = student_version(source)
        tree = ast.parse(released)
    except (ValueError, SyntaxError) as problem:
        return fail(1, f"the student's version of the answer cell: {problem}")
    unanswered = {
        node.targets[0].id
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and node.value.value is None
    }
    for question in declared.questions:
        if question.name not in unanswered:
            fail(1, f"the student's version must assign None to {question.name}")
        elif isinstance(question, Line):
            _check_listing(statement, released, question, fail)


def _check_listing(statement, released, question, fail):
    """The listing of a Debug exercise: numbered in the statement, and the same in the answer cell."""
    if not re.search(r"^def ", released, flags=re.MULTILINE):
        return fail(1, "the student's version holds no faulty function")
    listing = notebooks.listing(released, question.name)
    numbered = re.search(r"```text\n(.*?)\n```", statement, flags=re.DOTALL)
    printed = re.findall(r"^ *\d+(?:  (.*))?$", numbered.group(1), flags=re.MULTILINE) if numbered else []
    if [line.rstrip() for line in printed] != [line.rstrip() for line in listing]:
        fail(0, "the numbered listing (```text) is missing or differs from the one in the answer cell")
    for line in (question.value, *question.also, *question.slips):
        if not 1 <= line <= len(listing):
            fail(1, f"{question.name} speaks of line {line}; the listing has {len(listing)}")


def command():
    """Print every problem.

    Returns
    -------
    int
        Exit code: 1 when there is one.
    """
    found = problems()
    for problem in found:
        print(problem)
    n_exercises = sum(len(chapter.exercises) for chapter in _declared()[0])
    print(f"{len(course.source_notebooks())} notebooks, {n_exercises} exercises, {len(found)} problems")
    return 1 if found else 0
