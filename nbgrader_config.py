"""The course for nbgrader. A class elsewhere on disk loads this file and changes the folders (see sample_class.py)."""

from pathlib import Path

import nbgrader

from autograder.engine.converter import install

c = get_config()
COURSE = Path(__file__).resolve().parent

c.CourseDirectory.course_id = "rl-theory-alignment"
c.CourseDirectory.root = str(COURSE)
c.CourseDirectory.ignore = [".ipynb_checkpoints", "*.pyc", "__pycache__", ".nbgrader.log"]

# --- release ----------------------------------------------------------------------------------------------------------
c.GenerateAssignment.preprocessors = [
    "nbgrader.preprocessors.LockCells",
    "autograder.preprocessors.ReleaseSolutions",
    "nbgrader.preprocessors.ClearOutput",
    "nbgrader.preprocessors.CheckCellMetadata",
    "nbgrader.preprocessors.ComputeChecksums",
    "nbgrader.preprocessors.SaveCells",
    "nbgrader.preprocessors.ClearHiddenTests",
    "nbgrader.preprocessors.ClearMarkScheme",
    "nbgrader.preprocessors.ComputeChecksums",
    "nbgrader.preprocessors.CheckCellMetadata",
]
c.ClearSolutions.code_stub = {"python": "raise NotImplementedError  # take this line out and write your answer here"}
c.ClearSolutions.text_stub = "*Write your answer here, in place of this line.*"
c.ClearMarkScheme.enforce_metadata = (
    False  # a mark scheme stands in the question of a written part (autograder/written.py)
)

# --- grading ----------------------------------------------------------------------------------------------------------
# nbgrader's autograde step, made safe against links, missing notebooks and runs that were cut short; and connections to
# the gradebook that lose nothing. install(sqlite_journal="delete") keeps SQLite's older kind of journal.
install()
c.Autograde.sanitize_preprocessors = [
    "autograder.engine.preprocessors.Sanitise",
    "nbgrader.preprocessors.CheckCellMetadata",
]
c.Autograde.autograde_preprocessors = [
    "autograder.engine.preprocessors.Execute",
    "nbgrader.preprocessors.LimitOutput",
    "nbgrader.preprocessors.SaveAutoGrades",
    "nbgrader.preprocessors.AssignLatePenalties",
    "nbgrader.preprocessors.CheckCellMetadata",
]

# --- late work: one line, such as "10% per day, at most 50%, grace 15 min" (see LatePolicy in autograder/late.py) -------
c.AssignLatePenalties.plugin_class = "autograder.late.LatePolicy"
c.LatePolicy.rule = ""

# --- pages: feedback and formgrader -----------------------------------------------------------------------------------
c.HTMLExporter.filters = {"markdown2html": "autograder.maths.markdown2html"}
c.HTMLExporter.preprocessors = ["autograder.preprocessors.ShowMaths"]
c.HTMLExporter.template_file = "page.html.j2"
c.HTMLExporter.extra_template_basedirs = [  # ours before nbgrader's, which loads MathJax from the web
    str(COURSE / "autograder" / "nbgrader_pages"),
    str(Path(nbgrader.__file__).parent / "server_extensions" / "formgrader" / "templates"),
]

# --- feedback ---------------------------------------------------------------------------------------------------------
c.GenerateFeedback.preprocessors = [
    "nbgrader.preprocessors.AssignLatePenalties",  # points given by hand since then count
    "nbgrader.preprocessors.GetGrades",
    "autograder.preprocessors.HideTests",
    "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
]
