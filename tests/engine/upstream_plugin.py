"""Runs nbgrader's own tests with the engine and the course's pages configured; a plugin of pytest.

    python -m pytest -n 0 -p tests.engine.upstream_plugin --pyargs nbgrader.tests.apps.test_nbgrader_autograde

The tests write configurations of their own, so ours goes underneath: what `nbgrader_config.py` says about grading and pages
holds unless a test says otherwise. (What it says about releases does not: nbgrader's tests have other code stubs.)

`EXPECTED` lists the tests that assert what the engine replaces, with the reason. They must fail; one that passes is reported
as an error. Where a test runs ``--no-execute`` just to be done sooner, the option is left out: the engine refuses it, because
it would grade outputs that students wrote themselves.

nbgrader's tests of formgrader's pages are written for another test runner, Galata for Node; tests/test_formgrader.py drives
formgrader in a browser instead.
"""

import functools
import getpass
import os
from pathlib import Path

import pytest

MODULES = (
    "nbgrader.tests.apps.test_nbgrader_autograde",
    "nbgrader.tests.apps.test_nbgrader_generate_feedback",
    "nbgrader.tests.apps.test_nbgrader_releasefeedback",
    "nbgrader.tests.apps.test_nbgrader_fetchfeedback",
    "nbgrader.tests.apps.test_nbgrader_formgrade",
    "nbgrader.tests.apps.test_nbgrader_export",
    "nbgrader.tests.apps.test_nbgrader_update",
    "nbgrader.tests.apps.test_api",  # what formgrader calls
)
SECTIONS = ("Autograde", "GenerateFeedback", "HTMLExporter")
COURSE = Path(__file__).resolve().parents[2]

_ALWAYS_GRADED = "no submission fails: it gets points or 0 with a reason, and stands in autograded/"
_ANY_KERNEL = "the kernel's name does not matter: code is run as Python by the fork server"
EXPECTED = {
    "TestNbGraderAutograde": {
        "test_side_effects": "files that a submission writes stay in its scratch folder and are not graded material",
        "test_handle_failure": _ALWAYS_GRADED,
        "test_handle_failure_single_notebook": _ALWAYS_GRADED,
        "test_missing_files": _ALWAYS_GRADED,
        "test_grade_missing_notebook": _ALWAYS_GRADED,
        "test_missing_source_kernelspec": _ANY_KERNEL,
        "test_incorrect_source_kernelspec": _ANY_KERNEL,
        "test_no_execute": "--no-execute would grade outputs that students wrote themselves, so it is refused",
    },
    "TestNbGraderAPI": {
        "test_filter_existing_notebooks": _ALWAYS_GRADED,
        "test_get_student_notebook_submissions": _ALWAYS_GRADED,
    },
    "TestNbGraderUpdate": {
        "test_update_autograde": "cells of an old schema are restored from the gradebook; no `nbgrader update` is needed",
        "test_update_autograde_old_assign": "as test_update_autograde",
    },
}
WITH_NO_EXECUTE = {"test_no_execute"}  # is about the option, and keeps it


def pytest_configure():
    """Configure nbgrader before its tests are imported."""
    from nbgrader import tests as upstream

    os.environ.setdefault("USER", getpass.getuser())  # one of the tests asks for it
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    _configure(_configuration())
    upstream.run_nbgrader = _execute(upstream.run_nbgrader)


def _configuration():
    from traitlets.config import Config, PyFileConfigLoader

    whole = PyFileConfigLoader("nbgrader_config.py", path=str(COURSE)).load_config()  # also installs the engine's step
    return Config({section: whole[section] for section in SECTIONS})


def _configure(ours):
    """Put our configuration below that of every command and of the interface that formgrader uses."""
    from nbgrader.apps.api import NbGraderAPI
    from nbgrader.apps.baseapp import NbGrader

    build_extra_config, start_api = NbGrader.build_extra_config, NbGraderAPI.__init__

    def with_ours(app):
        config = ours.copy()
        config.merge(build_extra_config(app))
        return config

    def api_with_ours(api, *args, **kwargs):
        if "config" in kwargs:
            theirs, kwargs["config"] = kwargs["config"], ours.copy()
            kwargs["config"].merge(theirs)
        start_api(api, *args, **kwargs)

    NbGrader.build_extra_config = with_ours
    NbGraderAPI.__init__ = api_with_ours


def _execute(run_nbgrader):
    """Leave out ``--no-execute``, but for the tests about it."""

    @functools.wraps(run_nbgrader)
    def run(arguments, *args, **kwargs):
        current = os.environ.get("PYTEST_CURRENT_TEST", "").split("::")[-1].split(" ")[0]
        if current not in WITH_NO_EXECUTE:
            arguments = [argument for argument in arguments if argument != "--no-execute"]
        return run_nbgrader(arguments, *args, **kwargs)

    return run


def pytest_collection_modifyitems(items):
    """Mark the tests that must fail; a name in the list that no test has is a mistake in the list."""
    for owner, reasons in EXPECTED.items():
        tests = [item for item in items if item.cls is not None and item.cls.__name__ == owner]
        for name, reason in reasons.items():
            if tests and not hasattr(tests[0].cls, name):
                raise pytest.UsageError(f"upstream_plugin: {owner} has no test {name}")
            for item in tests:
                if item.originalname == name:
                    item.add_marker(pytest.mark.xfail(reason=reason, strict=True))
