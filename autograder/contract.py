"""What every source notebook promises, checked: `make lint` says what is missing, with file and cell.

Programs (release, grading, progress, reports) and people find exercises by these promises, so a broken one is an error
and not a matter of taste.
"""

import ast
import importlib
import re
from dataclasses import dataclass

from autograder import course, marking, notebooks, written
from autograder.marking import Letter, Line, Number, Order, Word
from autograder.notebooks import student_version, without_hidden_tests
from utils.catalogue import grade_id, parse_statement

ABSOLUTE_PATH = re.compile(r"(?<![\w.:/])/(?:home|Users|root|tmp|work|mnt|opt|srv|var)/|\b[A-Z]:\\")
KINDS = {  # what each type of exercise may ask for; a function is asked for besides where the type says so
    "Derive": (Number, Word),
    "Trace": (Letter, Number, Order),
    "Build": (),
    "Debug": (Line,),
    "Design": (Letter, Order),
}
WITH_FUNCTION = ("Build", "Debug")
FEWEST_RIGHT, FEWEST_WRONG = 3, 6  # bank entries of an exercise that asks for a function
FEWEST_SLIPS = 2  # recognised slips of a number


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
    found = []
    declared = {chapter.notebook: chapter for chapter in marking.chapters()}
    seen_ids = {}
    for path in course.source_notebooks():
        name = str(path.relative_to(course.COURSE))

        def report(cell, text, name=name):
            found.append(Problem(name, cell, text))

        notebook = notebooks.read(path)
        if notebooks.dumps(notebooks.canonical(notebook)) != path.read_text(encoding="utf-8"):
            report("file", "is not in canonical form (outputs, ids, metadata): run `python -m autograder tidy`")
        if path.stem not in declared:
            report("file", f"autograder/hidden_tests/{path.stem.split('_')[0]}.py is missing or names another notebook")
            continue
        _check_cells(notebook.cells, declared[path.stem], report)
        for cell in notebook.cells:
            cell_id = cell.metadata.get("nbgrader", {}).get("grade_id")
            if cell_id and cell_id in seen_ids and cell_id.startswith("ex"):
                report(cell_id, f"this grade_id stands in {seen_ids[cell_id]} already")
            seen_ids.setdefault(cell_id, name)
        _check_bank(declared[path.stem], report)
    for notebook in declared.keys() - {path.stem for path in course.source_notebooks()}:
        found.append(Problem(f"autograder/hidden_tests/{notebook.split('_')[0]}.py", "file", f"no notebook {notebook}"))
    return found


def _check_cells(cells, chapter, report):
    if not re.match(r"# Chapter \d+ · \S", cells[0].source):
        report("first cell", "must begin '# Chapter 0 · Title'")
    if cells[-1].source.strip() != f'progress("{chapter.notebook}")':
        report("last cell", f'must be progress("{chapter.notebook}")')

    stated = []
    belongs = set()  # positions of cells that are part of an exercise
    for i, cell in enumerate(cells):
        if ABSOLUTE_PATH.search(cell.source):
            report(f"cell {i + 1}", "holds an absolute path")
        try:
            exercise = parse_statement(cell.source, chapter.notebook) if cell.cell_type == "markdown" else None
        except ValueError as problem:
            report(f"cell {i + 1}", str(problem))
            continue
        if exercise is None:
            continue
        stated.append(exercise.id)
        if exercise.id not in chapter.exercises:
            report(exercise.id, "is not declared among the chapter's hidden tests")
            continue
        _check_exercise(exercise, cells[i : i + 3], chapter.exercises[exercise.id], chapter, report)
        n_written = _check_written(exercise, cells[i + 3 :], report)
        belongs |= set(range(i + 1, i + 3 + n_written))

    for exercise_id in chapter.exercises.keys() - set(stated):
        report(exercise_id, "is declared among the hidden tests but stated nowhere")
    if len(stated) != len(set(stated)):
        report("file", "states an exercise twice")
    for i, cell in enumerate(cells):
        grader = cell.metadata.get("nbgrader")
        if grader and i not in belongs and (grader["grade"] or grader["solution"] or grader.get("task")):
            report(grader["grade_id"], "is an answer or test cell outside the cells of an exercise")
        if "MARK SCHEME" in cell.source and i not in belongs:
            report(f"cell {i + 1}", "holds a mark scheme, which belongs into the question cell of a written part")


def _check_exercise(exercise, cells, declared, chapter, report):
    def fail(text):
        report(exercise.id, text)

    if len(cells) < 3:
        return fail("the statement must be followed by the answer cell and the test cell")
    statement, answer, test = cells

    expected = notebooks.nbgrader_metadata(grade_id(exercise.id), solution=True)
    if answer.cell_type != "code" or answer.metadata.get("nbgrader") != expected:
        return fail(f"the cell after the statement must be the answer cell, with nbgrader metadata {expected}")
    expected = notebooks.nbgrader_metadata(f"{exercise.grade_id}_test", grade=True, locked=True, points=exercise.points)
    if test.cell_type != "code" or test.metadata.get("nbgrader") != expected:
        return fail(f"the cell after the answer must be the test cell, with nbgrader metadata {expected}")

    call = f'check("{exercise.id}", {", ".join(declared.names)})'
    grade = (
        "### BEGIN HIDDEN TESTS\n"
        f'from autograder.hidden_tests import {chapter.number}; {chapter.number}.grade("{exercise.id}", globals())\n'
        "### END HIDDEN TESTS"
    )
    if test.source != f"{call}\n{grade}":
        fail(f"the test cell must read\n{call}\n{grade}")
    if without_hidden_tests(test.source) != call:
        fail("the release's test cell must hold the visible check alone")

    if bool(declared.function) != (exercise.type in WITH_FUNCTION):
        fail(
            f"a {exercise.type} exercise {'asks' if exercise.type in WITH_FUNCTION else 'does not ask'} for a function"
        )
    for question in declared.questions:
        if not isinstance(question, KINDS[exercise.type]):
            fail(f"a {exercise.type} exercise does not ask for a {question.kind}")
        if isinstance(question, Number) and len(question.slips) < FEWEST_SLIPS:
            fail(f"{question.name} recognises {len(question.slips)} slips; {FEWEST_SLIPS} are the least")
        if isinstance(question, Letter):
            offered = re.findall(r"^- \*\*([A-Z])\*\* ", statement.source, flags=re.MULTILINE)
            if offered != list(question.options):
                fail(f"the statement offers the options {offered}, the hidden tests know {list(question.options)}")
    _check_answer(exercise, answer.source, declared, fail)


def _check_written(exercise, cells, report):
    """Check the written parts that follow an exercise; returns their number of cells."""
    letters = []
    for k in range(0, len(cells), 2):
        question, answer = cells[k], cells[k + 1] if k + 1 < len(cells) else None
        announced = question.source.startswith("#### Part") or "MARK SCHEME" in question.source
        if question.cell_type != "markdown" or not announced:
            if _is_written(question):
                report(
                    question.metadata.nbgrader.grade_id,
                    f"no question cell stands before it; it begins {written.FORM!r}",
                )
                return k + 1
            return k
        try:
            part = written.parse_part(question.source)
        except ValueError as problem:
            report(exercise.id, str(problem))
            return k + 2
        if part is None:
            report(exercise.id, f"a cell with a mark scheme must begin {written.FORM!r}")
            return k + 2

        def fail(text, part=part):
            report(part.id, text)

        if part.exercise != exercise.id:
            fail(f"stands behind exercise {exercise.id}")
        if part.letter in letters:
            fail("is there twice")
        letters.append(part.letter)
        expected = notebooks.nbgrader_metadata(f"{part.grade_id}_rubric", locked=True)
        if question.metadata.get("nbgrader") != expected:
            fail(f"the question must be locked, with nbgrader metadata {expected}")
        _check_scheme(part, question.source, fail)
        expected = notebooks.nbgrader_metadata(part.grade_id, grade=True, solution=True, points=part.points)
        if answer is None or answer.cell_type != "markdown" or answer.metadata.get("nbgrader") != expected:
            fail(f"the cell after the question must be the answer cell, markdown, with nbgrader metadata {expected}")
            return k + 2
        model = re.search(r"^### BEGIN SOLUTION$(.*?)^### END SOLUTION$", answer.source, re.DOTALL | re.MULTILINE)
        if model is None or not model[1].strip():
            fail("the answer cell holds no model answer between ### BEGIN SOLUTION and ### END SOLUTION")
        if "MARK SCHEME" in answer.source:
            fail("the mark scheme belongs into the question cell, not into the answer cell, which is the student's")
    return len(cells)


def _is_written(cell):
    grader = cell.metadata.get("nbgrader")
    return cell.cell_type == "markdown" and bool(grader) and grader["grade"]


def _check_scheme(part, source, fail):
    scheme = written.mark_scheme(source)
    if not scheme:
        return fail(
            "has no mark scheme between ### BEGIN MARK SCHEME and ### END MARK SCHEME, each in a line of its own"
        )
    marks = written.marks(scheme)
    if not marks:
        fail("the mark scheme must say in lines '- 2 points: what earns them' what earns points")
    elif sum(marks) != part.points:
        fail(f"the mark scheme gives {sum(marks):g} points, the heading says {part.points}")
    if len(written.without_mark_scheme(source).strip().split("\n")) < 2:
        fail("asks nothing: the question stands between the heading and the mark scheme")


def _check_answer(exercise, source, declared, fail):
    """The answer cell before and after the release step."""
    for name in declared.names:
        if not re.search(rf"\b{name}\b", source):
            fail(f"the answer cell does not mention {name}")
    if "### BEGIN SOLUTION" not in source:
        return fail("the answer cell has no solution region")
    if exercise.type != "Build" and "### STUDENT VERSION" not in source:
        return fail("the answer cell has no ### STUDENT VERSION: say what the student finds there")
    if "### STUDENT VERSION" not in source:
        return
    try:
        released = student_version(source)
        tree = ast.parse(released)
    except (ValueError, SyntaxError) as problem:
        return fail(f"the student's version of the answer cell: {problem}")
    unanswered = {
        node.targets[0].id
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and node.value.value is None
    }
    for question in declared.questions:
        if question.name not in unanswered:
            fail(f"the student's version must assign None to {question.name}")


def _check_bank(chapter, report):
    try:
        bank = importlib.import_module(f"tests.submissions.{chapter.number}").BANK
    except ModuleNotFoundError:
        return report("file", f"tests/submissions/{chapter.number}.py is missing")
    from tests.submissions import Right, Wrong

    for exercise_id, exercise in chapter.exercises.items():
        entries = bank.get(exercise_id, [])
        n_right = sum(isinstance(entry, Right) for entry in entries)
        n_wrong = sum(isinstance(entry, Wrong) for entry in entries)
        least = (FEWEST_RIGHT, FEWEST_WRONG) if exercise.function else (1, 1)
        if n_right < least[0] or n_wrong < least[1]:
            report(exercise_id, f"the bank holds {n_right} right and {n_wrong} wrong answers; {least} are the least")


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
    n_exercises = sum(len(chapter.exercises) for chapter in marking.chapters())
    print(f"{len(course.source_notebooks())} notebooks, {n_exercises} exercises, {len(found)} problems")
    return 1 if found else 0
