"""Runs nbgrader's own tests with the engine configured.

    python -m pytest -p tests.engine.upstream_plugin --pyargs nbgrader.tests.apps.test_nbgrader_autograde

The tests write configurations of their own, so the engine goes into the defaults that these build on.
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
