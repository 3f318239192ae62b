"""The staff's commands: `python -m autograder --help`."""

import argparse
import importlib.metadata
import os
import subprocess
import sys

from autograder import course

sys.path.insert(0, str(course.COURSE))  # tests/submissions, whatever folder the command is called from


def build_parser():
    """Describe every command."""
    parser = argparse.ArgumentParser(prog="python -m autograder", description="What staff do with the course.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(name, help_text, function):
        command = commands.add_parser(name, help=help_text, description=help_text)
        command.set_defaults(function=function)
        return command

    grade = add("grade", "Grade the submissions of a chapter and print the table.", _grade)
    grade.add_argument("chapter", help="such as ch00_reward_modeling")
    grade.add_argument("--class-folder", default=".", help="folder that holds submitted/ (default: here)")

    _add_engine_options(grade)

    sample = add("sample-class", "Grade a class made from the bank of right and wrong answers.", _sample_class)
    sample.add_argument("chapter", nargs="?", default="ch00_reward_modeling")
    sample.add_argument("--class-folder", help="where to make the class (default: sample_class/)")
    _add_engine_options(sample)

    release = add("release", "Regenerate release/ and the checks from source/.", _release)
    release.add_argument("chapter", nargs="?", help="only this chapter")

    add("lint", "Say what source/ is missing, with file and cell.", _lint)

    tidy = add("tidy", "Bring source notebooks to the form that is committed.", _tidy)
    tidy.add_argument("notebooks", nargs="*", help="files (default: all of source/)")

    to_text = add("to-text", "Write a source notebook as text for an editor.", _to_text)
    to_text.add_argument("source")
    to_text.add_argument("destination", nargs="?")

    to_notebook = add("to-notebook", "Turn such text back into a source notebook.", _to_notebook)
    to_notebook.add_argument("source")
    to_notebook.add_argument("destination", nargs="?")

    publish = add("publish", "Write a student repository.", _publish)
    publish.add_argument("destination", help="a folder that does not exist yet or is empty")
    publish.add_argument("--edition", choices=("class", "self-study"), required=True)

    add("lock", "Write the versions installed here to requirements.lock.", _lock)
    return parser


def _add_engine_options(command):
    command.add_argument("--jobs", type=int, help="worker processes (default: one for each processor)")
    command.add_argument("--scheduler", metavar="ADDRESS", help="let the workers of a Dask cluster do the work")
    command.add_argument("--force", action="store_true", help="grade also what did not change")
    command.add_argument(
        "--allow-unconfined", action="store_true", help="grade although this host cannot confine submissions"
    )


def _engine_options(arguments):
    return {
        "jobs": arguments.jobs or len(os.sched_getaffinity(0)),
        "scheduler": arguments.scheduler,
        "force": arguments.force,
        "allow_unconfined": arguments.allow_unconfined or os.environ.get("AUTOGRADER_ALLOW_UNCONFINED") == "1",
    }


# Each command imports what it needs: `lint` must not wait for nbgrader.


def _grade(arguments):
    from autograder import grading

    return grading.command(arguments.chapter, arguments.class_folder, **_engine_options(arguments))


def _sample_class(arguments):
    from autograder import sample_class

    return sample_class.command(
        arguments.chapter, arguments.class_folder or sample_class.CLASS, **_engine_options(arguments)
    )


def _release(arguments):
    from autograder import release

    return release.command(arguments.chapter)


def _lint(arguments):
    from autograder import contract

    return contract.command()


def _tidy(arguments):
    from autograder import notebooks

    for path in arguments.notebooks or course.source_notebooks():
        if notebooks.write_if_changed(path, notebooks.dumps(notebooks.canonical(notebooks.read(path)))):
            print(path)
    return 0


def _to_text(arguments):
    from autograder import notebooks

    return notebooks.command_to_text(arguments.source, arguments.destination)


def _to_notebook(arguments):
    from autograder import notebooks

    return notebooks.command_to_notebook(arguments.source, arguments.destination)


def _publish(arguments):
    from autograder import publish

    return publish.command(arguments.edition, arguments.destination)


def _runs_on_oldest_python(name):
    """Whether an installed package runs on the oldest Python that pyproject.toml admits."""
    from packaging.specifiers import SpecifierSet

    required = importlib.metadata.metadata(name)["Requires-Python"] or ""
    return SpecifierSet(required).contains("3.11.0")


def _lock(arguments):
    frozen = subprocess.run(
        [sys.executable, "-m", "pip", "freeze", "--exclude-editable", "--disable-pip-version-check"],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    lines = [line.replace("+cpu", "") for line in frozen.splitlines() if "@" not in line and "rl-theory" not in line]
    too_new = [line for line in lines if not _runs_on_oldest_python(line.split("==")[0])]
    if too_new:
        raise ValueError(f"these need a newer Python than the course does, install older ones first: {', '.join(too_new)}")
    (course.COURSE / "requirements.lock").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return 0


def main():
    """Run the command that was asked for; a problem with its input is one line, not a traceback."""
    arguments = build_parser().parse_args()
    try:
        return arguments.function(arguments) or 0
    except (ValueError, FileNotFoundError, RuntimeError) as problem:
        print(f"python -m autograder {arguments.command}: {problem}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
