"""Five exercises of a small chapter, one of each type, as an author fills them in; tests put them into the scaffold.

The text files have the form of ``autograder/exercise_templates``: each part stands where the template's part of that name stood.
"""

import json
import re
from pathlib import Path

import nbformat

from autograder import course, new_exercise, notebooks
from autograder.new_exercise import Request

NOTEBOOK, CHAPTER_TITLE = "ch10_elo_ratings", "Elo ratings"
REQUESTS = (
    Request(NOTEBOOK, "10.1", "derive", "A gap in ratings", name="expected_score(gap)", new_chapter=CHAPTER_TITLE),
    Request(NOTEBOOK, "10.2", "trace", "Everybody gets 100 points", new_chapter=CHAPTER_TITLE),
    Request(NOTEBOOK, "10.3", "build", "Rating changes", name="rating_changes(gaps, scores, k=32.0)", new_chapter="-"),
    Request(
        NOTEBOOK, "10.4", "debug", "Points from nowhere", name="season_ratings(ratings, games, k)", new_chapter="-"
    ),
    Request(NOTEBOOK, "10.5", "design", "Which k for newcomers", new_chapter="-"),
)
CELLS = ("statement", "answer", "use", "used", "seen")


def arguments(request, begin_chapter=False):
    """The command line that asks for an exercise."""
    line = ["new-exercise", request.notebook, request.id, "--type", request.type, "--title", request.title]
    line += ["--name", request.name] if request.name else []
    return line + (["--new-chapter", CHAPTER_TITLE] if begin_chapter else [])


def parts(text):
    """Parts of a template or of an authored text, as (name, text) pairs."""
    pieces = re.split(r"^==== (.*)\n", text, flags=re.MULTILINE)[1:]
    return [(name, body.removesuffix("\n")) for name, body in zip(pieces[::2], pieces[1::2], strict=True)]


def authored(kind):
    """What the author of the exercise of this type writes, by part."""
    return dict(parts(Path(__file__).with_name(f"{kind}.txt").read_text(encoding="utf-8")))


def fill_in(folder, request, written):
    """Put all of an author's parts in the place of the scaffold's, in a copy of the course."""
    assert set(written) == set(new_exercise._parts(request))
    for part, text in written.items():
        fill_in_part(folder, request, part, text)


def fill_in_part(folder, request, part, text):
    """Put one part in the place of the scaffold's.

    Raises
    ------
    AssertionError
        If the scaffold's part does not stand in its file exactly once.
    """
    scaffold = new_exercise._parts(request)[part]
    if part in CELLS:
        return replace_cells(folder, request.notebook, {scaffold: text})
    if part == "plan":
        path = folder / "tests" / "contract.json"
        plan = json.loads(path.read_text(encoding="utf-8"))
        next(entry for entry in plan if entry["number"] == request.id).update(json.loads(text))
        path.write_text(json.dumps(plan, indent=1) + "\n", encoding="utf-8")
        return
    library, _, hidden_tests, bank, _, test = course.chapter_files(request.number)
    files = {"reference": library, "declaration": hidden_tests, "bank": bank, "test": test}
    files["formula"] = course.COURSE / "tests" / "formulas.py"
    path = folder / course.display(files[part])
    found = path.read_text(encoding="utf-8")
    assert found.count(scaffold) == 1, f"{part} of {request.id} stands {found.count(scaffold)} times in {path}"
    path.write_text(found.replace(scaffold, text), encoding="utf-8")


def replace_cells(folder, notebook, cells):
    """Replace cells of a source notebook by their text; each must be there once. A list stands for several cells."""
    path = folder / "source" / notebook / f"{notebook}.ipynb"
    document = notebooks.read(path)
    for old, new in cells.items():
        (i,) = (i for i, cell in enumerate(document.cells) if cell.source == old)
        if isinstance(new, list):
            document.cells[i : i + 1] = new
        else:
            document.cells[i].source = new
    path.write_text(notebooks.dumps(notebooks.canonical(document)), encoding="utf-8")


def fill_in_chapter(folder):
    """Everything of the chapter but its exercises: opening, two demos, closing, imports."""
    values = {"chapter": "ch10", "n": "10", "chapter_title": CHAPTER_TITLE, "notebook": NOTEBOOK}
    scaffold = {name: new_exercise._filled(text, values) for name, text in new_exercise._template("chapter").items()}
    written = parts(Path(__file__).with_name("chapter.txt").read_text(encoding="utf-8"))
    opening, closing, demos = (dict(written)[name] for name in ("opening", "closing", "utils/demos/ch10.py"))
    shown = [
        nbformat.v4.new_code_cell(text, metadata={"tags": ["show"]})
        if name == "shown"
        else nbformat.v4.new_markdown_cell(text)
        for name, text in written
        if name in ("shown", "text")
    ]
    last = nbformat.v4.new_markdown_cell(closing)
    replace_cells(folder, NOTEBOOK, {scaffold["opening"]: opening, scaffold["closing"]: [*shown, last]})
    (folder / "utils" / "demos" / "ch10.py").write_text(demos + "\n", encoding="utf-8")
    library = folder / "utils" / "solutions" / "ch10.py"
    text = library.read_text(encoding="utf-8").replace(
        "TODO: which formulas stand here.", "scores and changes of rating."
    )
    imports = "import numpy as np\nfrom scipy.special import expit"
    library.write_text(text.replace("import numpy as np", imports), encoding="utf-8")
