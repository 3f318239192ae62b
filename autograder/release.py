"""`make release`: what students get, generated from source/ and proved to hold nothing of the staff's."""

import filecmp
import json
import re
import shutil
import tempfile
from pathlib import Path

from autograder import course, marking, notebooks, variants
from autograder.marking import Number

# Words of the staff side that must not stand in anything a student receives.
FORBIDDEN = (
    "BEGIN SOLUTION",
    "END SOLUTION",
    "STUDENT VERSION",
    "HIDDEN TESTS",
    "MARK SCHEME",
    "hidden_tests",
    "autograder.",
    "utils.solutions",
)
NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?![\w.]*\d)")
STUDENT_CODE = ("utils",)
STAFF_CODE = ("utils/solutions",)


def generate(destination, only=None):
    """Write the release of every chapter.

    Parameters
    ----------
    destination : pathlib.Path
        Folder for ``chNN_slug/chNN_slug.ipynb``; what stood there before is replaced.
    only : str, optional
        A chapter's name, to release just this one.
    """
    destination = Path(destination)
    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch)
        for path in course.source_notebooks():
            if only in (None, path.stem):
                course.generate_assignment(path.stem, scratch)
        if only is None:
            keep = {path.stem for path in course.source_notebooks()}
            for old in destination.glob("ch*"):
                if old.name not in keep:
                    shutil.rmtree(old)
        for folder in sorted((scratch / "release").iterdir()):
            shutil.rmtree(destination / folder.name, ignore_errors=True)
            shutil.copytree(folder, destination / folder.name)


def sealed_files():
    """The files behind `utils.check` and `utils.practice`.

    Yields
    ------
    path : pathlib.Path
    text : str
        What it should hold.
    """
    for chapter in marking.chapters():
        yield chapter.checks_path, chapter.checks_text()
        yield variants.variants_path(chapter), variants.variants_text(chapter)


def write_sealed_files():
    """Write the files behind `utils.check` and `utils.practice`; say which changed."""
    return [_in_utils(path) for path, text in sealed_files() if notebooks.write_if_changed(path, text)]


def _in_utils(path):
    return f"{path.parent.name}/{path.name}"


def stale_files():
    """Names of generated files that differ from what source/ would generate now.

    Returns
    -------
    list of str
    """
    stale = [
        _in_utils(path)
        for path, text in sealed_files()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    with tempfile.TemporaryDirectory() as fresh:
        generate(fresh)
        names = {p.relative_to(root) for root in (Path(fresh), course.RELEASE) for p in root.rglob("*") if p.is_file()}
        names = {name for name in names if ".ipynb_checkpoints" not in name.parts}
        for name in sorted(names):
            both = Path(fresh) / name, course.RELEASE / name
            if not all(path.exists() for path in both) or not filecmp.cmp(*both, shallow=False):
                stale.append(f"release/{name}")
    return stale


def leaks():
    """Everything in the students' files that belongs to the staff: markers, staff modules, answers.

    Returns
    -------
    list of str
        One line each, naming the file.
    """
    found = []
    for path in student_files():
        text = path.read_bytes().decode("utf-8", errors="replace")
        name = path.relative_to(course.COURSE)
        found += [f"{name}: {word!r}" for word in FORBIDDEN if word in text]
    for chapter in marking.chapters():
        found += _answers_in(chapter) + _answers_in_variants(chapter)
    return found


def student_files():
    """Every file of the course's two folders, release/ and utils/, that students receive."""
    files = [p for p in course.RELEASE.rglob("*") if p.suffix in {".ipynb", ".md", ".py", ".csv", ".json"}]
    for folder in STUDENT_CODE:
        files += [p for p in (course.COURSE / folder).rglob("*") if p.suffix in {".py", ".json", ".npz"}]
    staff = [course.COURSE / folder for folder in STAFF_CODE]
    return sorted(p for p in files if not any(p.is_relative_to(folder) for folder in staff))


def _answers_in(chapter):
    """Answers of a chapter that stand in its released notebook, its demos or its checks."""
    notebook = course.RELEASE / chapter.notebook / f"{chapter.notebook}.ipynb"
    demos = course.COURSE / "utils" / "demos" / f"{chapter.number}.py"
    texts = {notebook: _sources(notebook), chapter.checks_path: chapter.checks_path.read_text(encoding="utf-8")}
    if demos.exists():
        texts[demos] = demos.read_text(encoding="utf-8")
    found = []
    for path, text in texts.items():
        numbers = set(NUMBER.findall(text))
        for exercise in chapter.exercises.values():
            for question in exercise.questions:
                given_away = [number for number in numbers if gives_away(number, question)]
                if right_message(question) in text:
                    given_away.append(right_message(question))
                place = path.relative_to(course.COURSE)
                found += [f"{place}: {words!r}, of exercise {exercise.id}" for words in given_away]
    return found


def _answers_in_variants(chapter):
    """Answers of a chapter's variants that stand in clear text in their own statements or anywhere in their file."""
    path = variants.variants_path(chapter)
    text = path.read_text(encoding="utf-8")
    entries = json.loads(text)
    found = []
    for exercise in chapter.exercises.values():
        drawn = variants.draw(exercise) if exercise.id in entries else []
        for (_, variant), released in zip(drawn, entries.get(exercise.id, {}).get("variants", ()), strict=False):
            numbers = set(NUMBER.findall(re.sub(r"(?<=\d),(?=\d{3})", "", released["statement"])))
            for question in variant.questions:
                given_away = [number for number in numbers if gives_away(number, question)]
                messages = question.messages().values()
                given_away += [message["text"] for message in messages if message["text"] in text]
                found += [
                    f"{_in_utils(path)}: {words!r}, of a variant of exercise {exercise.id}" for words in given_away
                ]
    return found


def right_message(question):
    """What `check` says to a right answer."""
    return getattr(question, "right", None) or question.options[question.value]


def gives_away(number, question):
    """Whether a number in a text is the answer to a question, rounded or cut off at three digits or more.

    An answer that three digits express exactly, such as 1.5, stands everywhere for other reasons and is no leak.
    """
    if not isinstance(question, Number):
        return False
    size = abs(float(question.value))
    if abs(float(f"{size:.3g}") - size) <= 1e-9 * size or len(number.replace(".", "").lstrip("0")) < 3:
        return False
    unit = 10.0 ** -len(number.partition(".")[2])
    return abs(float(number) - size) < unit


def _sources(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return "\n".join("".join(cell["source"]) for cell in cells)


def command(only=None):
    """Regenerate release/ and the checks; say what changed, and refuse to leave a leak unmentioned.

    Returns
    -------
    int
        Exit code: 1 when something of the staff's stands in the students' files.
    """
    from autograder import contract

    problems = contract.problems()
    for problem in problems:
        print(problem)
    if problems:
        print(f"{len(problems)} problems in source/: nothing was released")
        return 1
    changed = write_sealed_files()
    generate(course.RELEASE, only)
    found = leaks()
    for leak in found:
        print(f"LEAK  {leak}")
    released = list(course.RELEASE.glob("ch*"))
    print(f"release/: {len(released)} chapters; rewritten: {', '.join(changed) or 'none'}; leaks: {len(found)}")
    return 1 if found else 0
