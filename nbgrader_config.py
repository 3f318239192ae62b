"""The course for nbgrader. A class elsewhere on disk loads this file and changes the folders (see sample_class.py)."""

from pathlib import Path

c = get_config()

c.CourseDirectory.course_id = "rl-theory-alignment"
c.CourseDirectory.root = str(Path(__file__).resolve().parent)
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

# --- grading ----------------------------------------------------------------------------------------------------------
c.Autograde.sanitize_preprocessors = [
    "nbgrader.preprocessors.ClearOutput",
    "autograder.preprocessors.ForgetDuplicates",
    "nbgrader.preprocessors.OverwriteKernelspec",
    "nbgrader.preprocessors.OverwriteCells",
    "nbgrader.preprocessors.CheckCellMetadata",
]
c.OverwriteCells.add_missing_cells = True  # a deleted test cell would else stay "needs manual grading" for ever
c.ExecutePreprocessor.skip_cells_with_tag = ""  # else a test cell tagged skip-execution earns full marks
c.ExecutePreprocessor.shutdown_kernel = "immediate"
c.ExecutePreprocessor.timeout = 120
c.IgnorePattern.enabled = True  # a warning on stderr must not cost a point
c.IgnorePattern.pattern = r"(?s).*"

# --- feedback ---------------------------------------------------------------------------------------------------------
c.GenerateFeedback.preprocessors = [
    "nbgrader.preprocessors.GetGrades",
    "autograder.preprocessors.HideTests",
    "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
]
