"""The staff's commands: `python -m autograder --help`."""

import argparse
import os
import re
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
    grade.add_argument("--student", action="append", metavar="ID", help="only this student; may be given several times")
    grade.add_argument("--students-file", metavar="FILE", help="only the students of a file, one on each line")
    grade.add_argument("--shard", metavar="K/N", help="only part K of N of the class, for several graders")
    grade.add_argument("--exercise", metavar="NUMBER", help="change the points of this exercise alone, such as 3.5")

    _add_engine_options(grade)

    sample = add("sample-class", "Grade a class made from the bank of right and wrong answers.", _sample_class)
    sample.add_argument("chapter", nargs="?", default="ch00_reward_modeling")
    sample.add_argument("--class-folder", help="where to make the class (default: sample_class/)")
    _add_engine_options(sample)

    report = add("report", "Write what a class did well and badly: one HTML page and CSV files.", _report)
    report.add_argument("chapter", nargs="?", help="only this chapter (default: all that are graded)")
    report.add_argument("--class-folder", default=".", help="folder that holds gradebook.db (default: here)")
    report.add_argument("--output", metavar="FOLDER", help="where to write (default: reports/ in the class's folder)")
    report.add_argument("--anonymous", action="store_true", help="leave out names")

    similarity = add("similarity", "Show pairs of submissions that share more code than others do.", _similarity)
    similarity.add_argument("chapter", help="such as ch00_reward_modeling")
    similarity.add_argument("--class-folder", default=".", help="folder that holds submitted/ (default: here)")
    similarity.add_argument("--threshold", type=float, help="least share of the own code, from 0 to 1 (default: 0.5)")
    similarity.add_argument(
        "--common", type=int, help="code that more students have is not rare (default: a tenth, 5 to 10)"
    )
    similarity.add_argument(
        "--output", metavar="FOLDER", help="where to write (default: reports/ in the class's folder)"
    )

    export = add("export", "Write grades as CSV or JSON, or as a file for Canvas or Moodle.", _export)
    export.add_argument("kind", choices=("csv", "canvas", "moodle", "json"))
    export.add_argument("chapter", nargs="?", help="such as ch00_reward_modeling")
    export.add_argument("--all", action="store_true", help="all chapters of the gradebook")
    export.add_argument("--class-folder", default=".", help="folder that holds gradebook.db (default: here)")
    export.add_argument("--output", metavar="FILE", help="where to write (default: exports/ in the class's folder)")
    export.add_argument("--template", metavar="FILE", help="what Canvas or Moodle exported, to be filled in")
    export.add_argument("--column", help="Canvas: title or number of the assignment (default: by the chapter's name)")
    export.add_argument("--match", metavar="COLUMN", help="column of the template that identifies students")
    export.add_argument("--by", choices=("id", "email", "lms-id"), help="what of the gradebook stands in that column")
    export.add_argument("--scale", action="store_true", help="convert where the template has another number of points")

    import_ = add("import", "Bring scores by hand and comments back into the gradebook from an exported file.", _import)
    import_.add_argument("kind", choices=("csv", "json"))
    import_.add_argument("file")
    import_.add_argument("--class-folder", default=".", help="folder that holds gradebook.db (default: here)")
    import_.add_argument("--dry-run", action="store_true", help="only say what would change")

    release = add("release", "Regenerate release/ and the checks from source/.", _release)
    release.add_argument("chapter", nargs="?", help="only this chapter")

    add("lint", "Say what source/ is missing, with file and cell.", _lint)

    new = add("new-exercise", "Begin a new exercise: cells, reference, hidden test, bank; then fill in.", _new_exercise)
    new.add_argument("notebook", metavar="chapter", help="such as ch03_dpo_loss")
    new.add_argument("id", help="such as 3.8")
    new.add_argument("--type", required=True, help="derive, trace, build, debug or design")
    new.add_argument("--title", required=True)
    new.add_argument("--name", help="the function (derive, build, debug): my_loss or 'my_loss(margins, beta=0.1)'")
    new.add_argument("--after", metavar="ID", help="the exercise before it (default: by number)")
    new.add_argument("--points", type=int)
    new.add_argument("--difficulty", type=int, help="1, 2 or 3")
    new.add_argument("--minutes", type=int)
    new.add_argument("--new-chapter", metavar="TITLE", help="begin the chapter too: it does not exist yet")

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

    _add_deadlines(add)

    add("lock", "Write the versions installed here to requirements.lock.", _lock)
    return parser


def _add_deadlines(add):
    due = add("due", "Show or set a chapter's due date, and who is late.", _due)
    due.add_argument("chapter")
    due.add_argument("date", nargs="?", help="with its time zone: '2026-03-01 23:59 Europe/Berlin'")
    due.add_argument("--none", action="store_true", help="take the due date away")

    extend = add("extend", "Give a student more time; penalties are computed again, no code is run.", _extend)
    extend.add_argument("chapter")
    extend.add_argument("student")
    extend.add_argument("--days", type=float, default=0, help="after the due date")
    extend.add_argument("--hours", type=float, default=0, help="after the due date")
    extend.add_argument("--until", metavar="DATE", help="with its time zone, instead of days and hours")
    extend.add_argument("--none", action="store_true", help="take the extension back")

    backup = add("backup", "Copy a SQLite gradebook, also while it is in use.", _backup)
    backup.add_argument("destination", help="a file that does not exist yet")

    for command in (due, extend, backup):
        command.add_argument("--class-folder", default=".", help="folder of the gradebook (default: here)")


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

    return grading.command(
        arguments.chapter, arguments.class_folder, students=_students(arguments), shard=_shard(arguments.shard),
        exercise=arguments.exercise, **_engine_options(arguments),
    )  # fmt: skip


def _students(arguments):
    """The students that were named; None for all."""
    if arguments.students_file is None:
        return arguments.student
    with open(arguments.students_file, encoding="utf-8") as file:
        listed = [line.strip() for line in file]
    return [*(arguments.student or []), *(name for name in listed if name and not name.startswith("#"))]


def _shard(text):
    """``"1/2"`` as a pair of numbers; None for all."""
    if text is None:
        return None
    match = re.fullmatch(r"(\d+)/(\d+)", text)
    if match is None or not 1 <= int(match[1]) <= int(match[2]):
        raise ValueError(f"--shard: must be K/N with K from 1 to N, such as 1/2, not {text!r}")
    return int(match[1]), int(match[2])


def _sample_class(arguments):
    from autograder import sample_class

    return sample_class.command(
        arguments.chapter, arguments.class_folder or sample_class.CLASS, **_engine_options(arguments)
    )


def _report(arguments):
    from autograder import report

    return report.command(arguments.chapter, arguments.class_folder, arguments.output, arguments.anonymous)


def _similarity(arguments):
    from autograder import similarity

    options = {"common": arguments.common, "output": arguments.output}
    if arguments.threshold is not None:
        options["threshold"] = arguments.threshold
    return similarity.command(arguments.chapter, arguments.class_folder, **options)


def _export(arguments):
    from autograder.export import commands

    return commands.export(
        arguments.kind, arguments.chapter, arguments.class_folder, arguments.all, arguments.output, arguments.template,
        arguments.column, arguments.match, arguments.by, arguments.scale,
    )  # fmt: skip


def _import(arguments):
    from autograder.export import commands

    return commands.import_(arguments.kind, arguments.file, arguments.class_folder, arguments.dry_run)


def _release(arguments):
    from autograder import release

    return release.command(arguments.chapter)


def _lint(arguments):
    from autograder import contract

    return contract.command()


def _new_exercise(arguments):
    from autograder import new_exercise

    asked = {key: value for key, value in vars(arguments).items() if key not in ("command", "function")}
    return new_exercise.command(new_exercise.Request(**asked))


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


def _due(arguments):
    from autograder import deadlines

    if arguments.date and arguments.none:
        raise ValueError("say a date or --none, not both")
    return deadlines.due(arguments.chapter, arguments.class_folder, arguments.date, arguments.none)


def _extend(arguments):
    from autograder import deadlines

    return deadlines.extend(
        arguments.chapter, arguments.student, arguments.class_folder, arguments.days, arguments.hours, arguments.until,
        arguments.none,
    )  # fmt: skip


def _backup(arguments):
    from autograder import database

    database.backup(course.course_directory(arguments.class_folder).db_url, arguments.destination)
    print(arguments.destination)


def _lock(arguments):
    frozen = subprocess.run(
        [sys.executable, "-m", "pip", "freeze", "--exclude-editable", "--disable-pip-version-check"],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    lines = [line.replace("+cpu", "") for line in frozen.splitlines() if "@" not in line and "rl-theory" not in line]
    (course.COURSE / "requirements.lock").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return 0


def main():
    """Run the command that was asked for; a problem with its input is one line, not a traceback."""
    arguments = build_parser().parse_args()
    try:
        return arguments.function(arguments) or 0
    except (ValueError, OSError, RuntimeError) as problem:
        print(f"python -m autograder {arguments.command}: {problem}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
