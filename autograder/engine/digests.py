"""What a grade depends on, as hashes: when none of them changed, there is nothing to grade again."""

import ast
import hashlib
import hmac
import importlib.util
from pathlib import Path

from autograder.engine.stage import COURSE

_OURS = ("autograder", "utils")
_ENGINE_VERSION = "2"  # raise it when a change of the engine changes grades or what graded notebooks show


def tests_digest(plans):
    """Hash of everything but the submission that an assignment's grades depend on.

    That is the cells with points, and every module of the course that they import, directly or not.

    Parameters
    ----------
    plans : list of NotebookPlan

    Returns
    -------
    str
    """
    total = hashlib.sha256(_ENGINE_VERSION.encode())
    sources = []
    for plan in sorted(plans, key=lambda plan: plan.name):
        total.update(plan.digest.encode())
        sources += [cell.source for cell in plan.cells if cell.cell_type == "code"]
    for path in course_modules(sources):
        total.update(str(path.relative_to(COURSE)).encode() + hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def course_modules(sources):
    """Files of the course's own modules that some code imports, directly or through other modules of the course.

    Parameters
    ----------
    sources : list of str
        Cells; the hidden regions are part of them.

    Returns
    -------
    list of pathlib.Path
        Sorted. The engine's own modules are left out, except what hidden tests may use of it.
    """
    found = {}
    waiting = [name for source in sources for name in _imported(source)]
    while waiting:
        name = waiting.pop()
        if name in found or name.split(".")[0] not in _OURS or name.startswith("autograder.engine"):
            continue
        found[name] = path = _file_of(name)
        if path is not None:
            package = name if path.name == "__init__.py" else name.rpartition(".")[0]
            waiting += _imported(path.read_text(encoding="utf-8"), package)
    return sorted({path for path in found.values() if path is not None})


def _imported(source, package=""):
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return []
    names = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = (
                importlib.util.resolve_name("." * node.level + (node.module or ""), package)
                if node.level
                else node.module
            )
            names += [base, *(f"{base}.{alias.name}" for alias in node.names)]
    return names


def _file_of(name):
    path = COURSE.joinpath(*name.split("."))
    for candidate in (path.with_suffix(".py"), path / "__init__.py"):
        if candidate.is_file():
            return Path(candidate)
    return None


def seed(secret, *parts):
    """Seed of the inputs that hidden tests draw for one submission.

    It depends on the submission's content, so inputs that a submission smuggled out into its feedback page are of no
    use to the next one; and on a secret, so nobody can compute it in advance.

    Parameters
    ----------
    secret : bytes
    *parts : str
    """
    return int.from_bytes(hmac.digest(secret, "\0".join(parts).encode(), "sha256")[:6], "big")
