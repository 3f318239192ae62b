"""What the course changes in nbgrader's release, grading and feedback, one small class for each change."""

from nbgrader import utils as nbgrader_utils
from nbgrader.preprocessors import ClearSolutions, DeduplicateIds, NbGraderPreprocessor

from autograder.notebooks import STUDENT_VERSION, student_version, without_hidden_tests


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


class ForgetDuplicates(DeduplicateIds):
    """Treat a cell with an id that stood above already as an ordinary cell.

    nbgrader empties the metadata of such a cell, its validator then takes the emptiness for metadata of an old version,
    and the whole class stays ungraded (issue 1083 of nbgrader).
    """

    def preprocess(self, nb, resources):
        nb, resources = super().preprocess(nb, resources)
        for cell in nb.cells:
            if cell.metadata.get("nbgrader") == {}:
                del cell.metadata["nbgrader"]
        return nb, resources


class HideTests(NbGraderPreprocessor):
    """Take the hidden tests' source out of a feedback page; their messages stay."""

    def preprocess_cell(self, cell, resources, cell_index):
        if cell.cell_type == "code" and nbgrader_utils.is_grade(cell):
            cell.source = without_hidden_tests(cell.source)
        return cell, resources
