"""What the course changes in nbgrader's release, grading and feedback, one small class for each change."""

from nbconvert.preprocessors import Preprocessor
from nbgrader import utils as nbgrader_utils
from nbgrader.preprocessors import ClearSolutions
from traitlets import Bool

from autograder import maths
from autograder.notebooks import STUDENT_VERSION, student_version, without_hidden_tests
from autograder.written import without_mark_scheme


class ReleaseSolutions(ClearSolutions):
    """Clear solutions as nbgrader does, with one marker more: what the student finds in a solution's place.

    Within a solution region, lines after ``### STUDENT VERSION`` are comments in the source notebook and become code in
    the release::

        ### BEGIN SOLUTION
        answer_0_1 = solutions.preference_probability(2.0, 0.5)
        ### STUDENT VERSION
        # answer_0_1 = None  # a probability
        ### END SOLUTION

    A region without the marker becomes nbgrader's stub.
    """

    def _replace_solution_region(self, cell, language):
        if STUDENT_VERSION not in cell.source:
            return super()._replace_solution_region(cell, language)
        cell.source = student_version(cell.source)
        return True


class PageStep(Preprocessor):
    """A step on the way to a page; nbgrader's own base class makes nbconvert warn of an option that it does not know."""

    enabled = Bool(True, help="whether to take this step").tag(config=True)


class HideTests(PageStep):
    """Take the hidden tests' source and the mark schemes out of a feedback page; messages and comments stay.

    Parameters
    ----------
    show_mark_scheme : bool
        Leave the mark schemes of written parts in: ``c.HideTests.show_mark_scheme = True``.
    """

    show_mark_scheme = Bool(False, help="show students the mark schemes of written parts").tag(config=True)

    def preprocess_cell(self, cell, resources, cell_index):
        if cell.cell_type == "code" and nbgrader_utils.is_grade(cell):
            cell.source = without_hidden_tests(cell.source)
        if cell.cell_type == "markdown" and nbgrader_utils.is_locked(cell) and not self.show_mark_scheme:
            cell.source = without_mark_scheme(cell.source)
        return cell, resources


class ShowMaths(PageStep):
    """Formulas that a cell displayed, as MathML: pages show them with no script and no network."""

    def preprocess_cell(self, cell, resources, cell_index):
        for output in cell.get("outputs", ()):
            data = output.get("data", {})
            if "text/latex" in data and "text/html" not in data:
                data["text/html"] = maths.in_latex("".join(data["text/latex"]))
        return cell, resources
