"""The commands ``export`` and ``import``."""

import sys
from pathlib import Path

from autograder import class_data
from autograder.export import canvas, groups, moodle, restore, table, worksheet

FORMATS = ("csv", "canvas", "moodle", "json")
READERS = {"csv": table.read, "json": groups.read}


def export(kind, chapter, class_folder, everything=False, output=None, template=None, column=None, match=None, by=None,
           scale=False):  # fmt: skip
    """Write a file of grades.

    Parameters
    ----------
    kind : {"csv", "canvas", "moodle", "json"}
    chapter : str or None
    class_folder : path
    everything : bool
        All chapters of the gradebook in the place of `chapter`.
    output : path, optional
        ``exports/CHAPTER.csv`` in the class's folder, or a name like it, unless given.
    template, column, match, by, scale
        See `autograder.export.canvas.fill` and `autograder.export.moodle.fill`.

    Returns
    -------
    int
        Exit code: 1 when somebody's grade is not in the file.

    Raises
    ------
    ValueError
        If arguments do not fit together, or to the gradebook.
    """
    if (chapter is None) != everything:
        raise ValueError("name a chapter, or give --all for all of them")
    if template is None and (column or match or by or scale):
        raise ValueError("--column, --match, --by and --scale go with --template")
    if template is not None and kind not in ("canvas", "moodle"):
        raise ValueError(f"--template goes with canvas and moodle, not with {kind}")
    if column is not None and (kind != "canvas" or everything):
        raise ValueError("--column goes with canvas and one chapter")
    if kind == "moodle" and template is not None and everything:
        raise ValueError(
            "a grading worksheet of Moodle belongs to one assignment: name a chapter in the place of --all"
        )
    data = class_data.read(class_folder, None if everything else [chapter])
    if not any(c.graded for c in data.chapters):
        raise ValueError(f"nothing is graded yet in {class_folder}: run python -m autograder grade CHAPTER first")
    text, n_grades, remarks = _text(kind, data, template, column, match, by, scale)
    path = Path(output) if output else _default_path(class_folder, kind, chapter or "all")
    path.parent.mkdir(parents=True, exist_ok=True)
    encoding = "utf-8-sig" if kind == "csv" else "utf-8"  # the mark makes Excel read UTF-8; other programs need none
    path.write_text(text, encoding=encoding, newline="")
    for remark in remarks:
        print(f"NOT EXPORTED {remark}", file=sys.stderr)
    for one in data.chapters:
        unsure = sum(any(grade.needs_person for grade in submission.grades.values()) for submission in one.graded)
        if unsure:
            print(f"{one.name}: {unsure} submissions still need a person; their grades may change", file=sys.stderr)
    print(f"{n_grades} grades: {path}")
    return 1 if remarks else 0


def _text(kind, data, template, column, match, by, scale):
    """The file's text, how many grades it holds, and whose it does not."""
    if template is not None:
        sheet = worksheet.read(template)
        if kind == "canvas":
            return canvas.fill(data, sheet, column, match or canvas.MATCH, by or "id", scale)
        return moodle.fill(data, sheet, match or moodle.MATCH, by or "email", scale)
    write = {"csv": table.dumps, "json": groups.dumps, "canvas": canvas.dumps, "moodle": moodle.dumps}[kind]
    return write(data), sum(len(chapter.graded) for chapter in data.chapters), []


def _default_path(class_folder, kind, name):
    suffix = {"csv": ".csv", "json": ".json"}.get(kind, f"_{kind}.csv")
    return Path(class_folder) / "exports" / f"{name}{suffix}"


def import_(kind, file, class_folder, dry_run=False):
    """Bring the scores and comments of persons in a file back into the gradebook.

    Parameters
    ----------
    kind : {"csv", "json"}
    file : path
    class_folder : path
    dry_run : bool
        Only say what would change.

    Raises
    ------
    ValueError
        If the file or anything in it does not fit; nothing is written then.
    """
    rows = READERS[kind](file)
    changes, ignored = restore.restore(class_folder, rows, dry_run)
    for change in changes:
        print(change)
    if ignored:
        print(
            f"{len(ignored)} rows have another auto_score or points than the gradebook ({ignored[0].where}): these are "
            "never imported; write manual_score",
            file=sys.stderr,
        )
    print(f"{len(rows)} rows read, {len(changes)} values {'would change' if dry_run else 'changed'}")
