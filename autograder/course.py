"""The course's folders, and nbgrader set up for a class that lives anywhere on disk."""

import os
import sys
from pathlib import Path

from traitlets.config.loader import PyFileConfigLoader

COURSE = Path(__file__).resolve().parent.parent
SOURCE = COURSE / "source"
RELEASE = COURSE / "release"
CONFIG = COURSE / "nbgrader_config.py"
_CLASS_CONFIG_START = '"""The course\'s nbgrader configuration, with this class\'s folders."""'
_CLASS_CONFIG_END = "# --- the course writes what stands above this line; your own settings go below it, and stay ---"


def source_notebooks():
    """Paths of all source notebooks, in the order of the chapters."""
    return sorted(SOURCE.glob("ch*/ch*.ipynb"))


def source_notebook(chapter):
    """Path of a chapter's source notebook.

    Raises
    ------
    ValueError
        If there is no such chapter; the message lists those there are.
    """
    path = SOURCE / chapter / f"{chapter}.ipynb"
    if not path.exists():
        known = ", ".join(path.stem for path in source_notebooks())
        raise ValueError(f"chapter: there is no {chapter!r}; there are {known}")
    return path


def chapter_files(number):
    """Paths of a chapter's files beside its notebook; `number` is such as ``"ch00"``."""
    return [
        COURSE / "utils" / "solutions" / f"{number}.py",
        COURSE / "utils" / "demos" / f"{number}.py",
        COURSE / "autograder" / "hidden_tests" / f"{number}.py",
        COURSE / "tests" / "submissions" / f"{number}.py",
        COURSE / "tests" / "claims" / f"{number}.py",
        COURSE / "tests" / "solutions" / f"test_{number}.py",
    ]


def display(path):
    """A path as messages name it: from the course's folder on, where it lies in it."""
    path = Path(path)
    return path.relative_to(COURSE).as_posix() if path.is_relative_to(COURSE) else str(path)


def put_environment_on_path():
    """Put this environment's programs on PATH: nbgrader calls alembic by name, whether or not a venv is activated."""
    programs = str(Path(sys.executable).parent)
    if programs not in os.environ.get("PATH", "").split(os.pathsep):
        os.environ["PATH"] = os.pathsep.join([programs, os.environ.get("PATH", "")])


def nbgrader_settings(class_folder):
    """nbgrader's configuration for a class: its own ``nbgrader_config.py``, or the course's with the class's folders.

    Parameters
    ----------
    class_folder : pathlib.Path
        Where ``submitted/``, ``autograded/``, ``feedback/`` and, unless configured otherwise, ``gradebook.db`` are.

    Returns
    -------
    traitlets.config.Config
    """
    put_environment_on_path()
    class_folder = Path(class_folder).resolve()
    own = class_folder / CONFIG.name
    config = PyFileConfigLoader(str(own if own.exists() else CONFIG)).load_config()
    if not own.exists():
        config.CourseDirectory.source_directory = str(SOURCE)
        config.CourseDirectory.pop("db_url", None)  # a folder that is no class has no part in the course's gradebook
    if not own.exists() or "root" not in config.CourseDirectory:
        config.CourseDirectory.root = str(class_folder)
    return config


def course_directory(class_folder):
    """nbgrader's idea of a class: its folders, its gradebook's address, its name."""
    from nbgrader.coursedir import CourseDirectory

    return CourseDirectory(config=nbgrader_settings(class_folder))


def write_class_config(class_folder):
    """Write the ``nbgrader_config.py`` with which plain nbgrader commands work inside a class's folder.

    What an instructor wrote below the last line of it stays, and so does a configuration that is not the course's own.
    """
    class_folder = Path(class_folder).resolve()
    class_folder.mkdir(parents=True, exist_ok=True)
    path = class_folder / CONFIG.name
    text = (
        f"{_CLASS_CONFIG_START}\n\n"
        "from pathlib import Path\n\n"
        "c = get_config()  # noqa: F821\n"
        f"load_subconfig({CONFIG.name!r}, path={str(CONFIG.parent)!r})  # noqa: F821\n"
        "c.CourseDirectory.root = str(Path(__file__).resolve().parent)\n"
        f"c.CourseDirectory.source_directory = {str(SOURCE)!r}\n"
        f"{_CLASS_CONFIG_END}\n"
    )
    present = path.read_text(encoding="utf-8") if path.exists() else _CLASS_CONFIG_START
    if not present.startswith(_CLASS_CONFIG_START):
        return
    text += present.partition(f"{_CLASS_CONFIG_END}\n")[2]
    if present != text:
        path.write_text(text, encoding="utf-8")


def generate_assignment(chapter, class_folder):
    """Run nbgrader's generate_assignment: the release notebook, and the chapter's cells in the class's gradebook.

    Raises
    ------
    RuntimeError
        With nbgrader's log, if it fails.
    """
    from nbgrader.apps import NbGraderAPI

    source_notebook(chapter)  # names the chapters there are when this one is not among them
    outcome = NbGraderAPI(config=nbgrader_settings(class_folder)).generate_assignment(chapter, force=True)
    if not outcome["success"]:
        raise RuntimeError(f"nbgrader generate_assignment {chapter} failed:\n{outcome['log'] or outcome['error']}")
