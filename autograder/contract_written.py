"""What the written parts behind an exercise promise (see `autograder.written`): question, mark scheme, answer cell."""

import re

from autograder import notebooks, written


def check(exercise, cells, report):
    """Check the written parts that follow an exercise.

    Parameters
    ----------
    exercise : utils.catalogue.Exercise
    cells : list of NotebookNode
        Those behind the exercise's test cell.
    report : callable
        Takes the position among `cells`, the part's name and what is wrong.

    Returns
    -------
    int
        How many cells the written parts have together.
    """
    letters = []
    for k in range(0, len(cells), 2):
        question, answer = cells[k], cells[k + 1] if k + 1 < len(cells) else None
        announced = question.source.startswith("#### Part") or "MARK SCHEME" in question.source
        if question.cell_type != "markdown" or not announced:
            if _is_answer(question):
                name = question.metadata.nbgrader.grade_id
                report(k, exercise.id, f"{name}: no question cell stands before it; it begins {written.FORM!r}")
                return k + 1
            return k
        try:
            part = written.parse_part(question.source)
        except ValueError as problem:
            report(k, exercise.id, str(problem))
            return k + 2
        if part is None:
            report(k, exercise.id, f"a cell with a mark scheme must begin {written.FORM!r}")
            return k + 2

        def fail(offset, text, k=k, part=part):
            report(k + offset, part.id, text)

        if part.exercise != exercise.id:
            fail(0, f"stands behind exercise {exercise.id}")
        if part.letter in letters:
            fail(0, "is there twice")
        letters.append(part.letter)
        expected = notebooks.nbgrader_metadata(f"{part.grade_id}_rubric", locked=True)
        if question.metadata.get("nbgrader") != expected:
            fail(0, f"the question must be locked, with nbgrader metadata {expected}")
        for text in _scheme_problems(part, question.source):
            fail(0, text)
        for text in _answer_problems(part, answer):
            fail(1, text)
    return len(cells)


def _is_answer(cell):
    grader = cell.metadata.get("nbgrader")
    return cell.cell_type == "markdown" and bool(grader) and grader["grade"]


def _scheme_problems(part, source):
    scheme = written.mark_scheme(source)
    if not scheme:
        yield "has no mark scheme between ### BEGIN MARK SCHEME and ### END MARK SCHEME, each in a line of its own"
        return
    marks = written.marks(scheme)
    if not marks:
        yield "the mark scheme must say in lines '- 2 points: what earns them' what earns points"
    elif sum(marks) != part.points:
        yield f"the mark scheme gives {sum(marks):g} points, the heading says {part.points}"
    if len(written.without_mark_scheme(source).strip().split("\n")) < 2:
        yield "asks nothing: the question stands between the heading and the mark scheme"


def _answer_problems(part, answer):
    expected = notebooks.nbgrader_metadata(part.grade_id, grade=True, solution=True, points=part.points)
    if answer is None or answer.cell_type != "markdown" or answer.metadata.get("nbgrader") != expected:
        yield f"the cell after the question must be the answer cell, markdown, with nbgrader metadata {expected}"
        return
    model = re.search(r"^### BEGIN SOLUTION$(.*?)^### END SOLUTION$", answer.source, re.DOTALL | re.MULTILINE)
    if model is None or not model[1].strip():
        yield "the answer cell holds no model answer between ### BEGIN SOLUTION and ### END SOLUTION"
    if "MARK SCHEME" in answer.source:
        yield "the mark scheme belongs into the question cell, not into the answer cell, which is the student's"
