"""Runs nbgrader's own tests with the engine configured.

    python -m pytest -p tests.engine.upstream_plugin --pyargs nbgrader.tests.apps.test_nbgrader_autograde

The tests write configurations of their own, so the engine goes into the defaults that these build on.

Expected failures, since they assert what the engine replaces:

- test_side_effects: files that a submission writes stay in its scratch folder and are not graded material;
- test_handle_failure, test_handle_failure_single_notebook: no submission fails, each gets a grade with a reason;
- test_missing_source_kernelspec, test_incorrect_source_kernelspec: the kernel's name does not matter, Python is run;
- test_no_execute: ``--no-execute`` would grade outputs that students wrote themselves, so it is refused.
"""

from nbgrader.converters.autograde import Autograde

from autograder.engine.converter import install

Autograde.sanitize_preprocessors.default_args = (
    ["autograder.engine.preprocessors.Sanitise", "nbgrader.preprocessors.CheckCellMetadata"],
)
Autograde.autograde_preprocessors.default_args = (
    [
        "autograder.engine.preprocessors.Execute",
        "nbgrader.preprocessors.LimitOutput",
        "nbgrader.preprocessors.SaveAutoGrades",
        "nbgrader.preprocessors.AssignLatePenalties",
        "nbgrader.preprocessors.CheckCellMetadata",
    ],
)
install()
