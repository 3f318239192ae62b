"""`python -m autograder new-exercise`: the cells, reference, hidden test and bank entries of a new exercise, to be filled in.

What is written stands in ``autograder/exercise_templates``. What only an author can write is marked TODO there; `make lint` lists
each that is left, so a half-done exercise is not released.
"""

import ast
import builtins
import contextlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

import nbformat

from autograder import course, notebooks
from utils.catalogue import grade_id, parse_statement

TEMPLATES = Path(__file__).parent / "exercise_templates"
USUAL = {  # points, difficulty, minutes
    "derive": (1, 1, 3),
    "trace": (1, 1, 3),
    "build": (6, 2, 15),
    "debug": (3, 2, 12),
    "design": (2, 2, 5),
}
WITH_NAME = ("derive", "build", "debug")
IMPORTS = {  # names that a declaration may need, by module
    "autograder.marking": ("Letter", "Line", "Number", "Raises", "Slip"),
    "autograder.variants": ("Variant", "one_of", "variants_of"),
}
WRONG_ANSWERS = ("first", "second", "third", "fourth", "fifth", "sixth")  # of a function, in the bank
CHAPTER_NAME = re.compile(r"ch(\d\d)(?:_[a-z0-9]+)+")


@dataclass(frozen=True)
class Request:
    """What the author asks for, checked.

    Parameters
    ----------
    notebook : str
        The chapter, such as ``"ch03_dpo_loss"``.
    id : str
        Such as ``"3.8"``.
    type : str
        Derive, Trace, Build, Debug or Design, in any case.
    title : str
    name : str, optional
        The function that Build and Debug ask for, and that computes a Derive's answer, with its parameters if they are
        known: ``"ipo_loss(margins, beta=0.1)"``. Trace and Design have none.
    after : str, optional
        The exercise behind whose passage the new one goes; the one with the next smaller number unless given.
    points, difficulty, minutes : int, optional
        For the statement's card; what is usual for the type unless given.
    new_chapter : str, optional
        Title of a chapter that does not exist yet.

    Raises
    ------
    ValueError
        If something does not fit; the message names it.
    """

    notebook: str
    id: str
    type: str
    title: str
    name: str | None = None
    after: str | None = None
    points: int | None = None
    difficulty: int | None = None
    minutes: int | None = None
    new_chapter: str | None = None

    def __post_init__(self):
        if self.kind not in USUAL:
            raise ValueError(f"type: there is no {self.type!r}; there are {', '.join(USUAL)}")
        if self.new_chapter is None:
            course.source_notebook(self.notebook)  # names the chapters there are when this one is not among them
        elif not CHAPTER_NAME.fullmatch(self.notebook):
            raise ValueError(f"chapter: a new chapter is called like ch10_bellman_by_hand, not {self.notebook!r}")
        if not re.fullmatch(rf"{int(self.number[2:])}\.[1-9]\d*", self.id):
            first = f"{int(self.number[2:])}.1"
            raise ValueError(
                f"exercise_id: exercises of {self.notebook} are numbered {first} and so on, not {self.id!r}"
            )
        for argument in ("title", "new_chapter"):
            text = getattr(self, argument)
            if text is not None and (not text.strip() or "\n" in text):
                raise ValueError(f"{argument}: must be one line")
        if (self.name is not None) != (self.kind in WITH_NAME):
            need = "needs the name of a function" if self.kind in WITH_NAME else "has no function to name"
            raise ValueError(f"name: a {self.kind.capitalize()} exercise {need}")
        points, difficulty, minutes = self.numbers
        if points < 1 or minutes < 1:
            raise ValueError("points and minutes: must be 1 or more")
        if difficulty not in (1, 2, 3):
            raise ValueError("difficulty: must be 1, 2 or 3")
        _ = self.function

    @property
    def kind(self):
        """The type in small letters, as templates are called."""
        return self.type.lower()

    @property
    def number(self):
        """``"ch03"`` of ``"ch03_dpo_loss"``."""
        return self.notebook.split("_")[0]

    @property
    def numbers(self):
        """Points, difficulty and minutes."""
        given = (self.points, self.difficulty, self.minutes)
        return tuple(u if g is None else g for g, u in zip(given, USUAL[self.kind], strict=True))

    @property
    def function(self):
        """Name, parameters and signature of the function; empty where there is none."""
        if self.name is None:
            return "", ("",), ""
        text = self.name.strip()
        try:
            (node,) = ast.parse(f"def {text if '(' in text else text + '(values)'}:\n    pass").body
        except SyntaxError:
            raise ValueError(f"name: {self.name!r} is no function, such as my_loss or 'my_loss(x, beta=0.1)'") from None
        if hasattr(builtins, node.name):
            raise ValueError(f"name: {node.name} is Python's own")
        arguments = node.args
        parameters = [argument.arg for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
        if not parameters or arguments.vararg or arguments.kwarg or node.returns:
            raise ValueError(f"name: {self.name!r} must have parameters, each with a name")
        return node.name, tuple(parameters), f"{node.name}({ast.unparse(arguments)})"

    @property
    def answers(self):
        """Names that the student's notebook must define, in the order `check` takes them."""
        line, answer = f"buggy_line_{self.id_}", f"answer_{self.id_}"
        return {"build": [self.function[0]], "debug": [self.function[0], line]}.get(self.kind, [answer])

    @property
    def id_(self):
        """``"3_8"`` of ``"3.8"``."""
        return self.id.replace(".", "_")


def new_exercise(request):
    """Work out what a new exercise changes; nothing is written.

    Parameters
    ----------
    request : Request

    Returns
    -------
    dict of pathlib.Path to str
        New content of each file that changes.

    Raises
    ------
    ValueError
        If the exercise's number or name is taken or `after` does not exist; the message says where.
    """
    begun = _begin_chapter(request) if request.new_chapter else {}
    source, library, hidden_tests, bank, tests, plan, formulas = paths = _paths(request)
    texts = {path: begun[path] if path in begun else path.read_text(encoding="utf-8") for path in paths}
    _refuse_what_is_taken(request, texts)
    stated = _stated(texts[source], request.notebook)
    after = _predecessor(request, stated)
    following = stated[stated.index(after) + 1 :] if after else stated

    parts = _parts(request)
    texts[source] = _with_cells(texts[source], parts, request, after)
    texts[hidden_tests] = _with_declaration(texts[hidden_tests], parts["declaration"], request, following)
    texts[bank] = _with_bank_entries(texts[bank], parts["bank"], after)
    texts[plan] = _with_plan_entry(texts[plan], json.loads(parts["plan"]), request)
    if "formula" in parts:
        texts[formulas] = _with_formula(texts[formulas], parts["formula"], request)
    if request.name:
        texts[library] += f"\n\n{parts['reference']}\n"
        texts[tests] += f"\n\n{parts['test']}\n"
    changed = begun | texts
    _refuse_broken_python(changed)
    return {path: text for path, text in changed.items() if not path.exists() or path.read_text("utf-8") != text}


def _refuse_broken_python(texts):
    """A file that does not look as expected must stay as it is."""
    for path, text in texts.items():
        if path.suffix == ".py":
            try:
                ast.parse(text)
            except SyntaxError as problem:
                place = f"{course.display(path)}, line {problem.lineno}"
                raise ValueError(f"{place} would not be Python any more ({problem.msg}); nothing was written") from None


def _paths(request):
    library, _, hidden_tests, bank, _, tests = course.chapter_files(request.number)
    source = course.SOURCE / request.notebook / f"{request.notebook}.ipynb"
    shared = course.COURSE / "tests"
    return source, library, hidden_tests, bank, tests, shared / "contract.json", shared / "formulas.py"


def _stated(notebook_text, chapter):
    """Exercises that a notebook states, in its order."""
    cells = nbformat.reads(notebook_text, as_version=4).cells
    exercises = (parse_statement(cell.source, chapter) for cell in cells if cell.cell_type == "markdown")
    return [exercise.id for exercise in exercises if exercise is not None]


def _predecessor(request, stated):
    if request.after is None:
        smaller = (i for i in stated if _order(i) < _order(request.id))
        return max(smaller, key=_order, default=None)
    if request.after not in stated:
        raise ValueError(f"after: {request.notebook} has no exercise {request.after!r}; it has {', '.join(stated)}")
    return request.after


def _order(exercise_id):
    return tuple(map(int, exercise_id.split(".")))


def _refuse_what_is_taken(request, texts):
    function = request.function[0]
    for path, text in texts.items():
        place = course.display(path)
        if path.suffix == ".ipynb":
            id_taken = request.id in _stated(text, request.notebook)
            name_taken = any(_defines(cell.source, function) for cell in nbformat.reads(text, as_version=4).cells)
        elif path.suffix == ".json":
            id_taken, name_taken = any(entry["number"] == request.id for entry in json.loads(text)), False
        else:
            id_taken = re.search(rf'^ +"{re.escape(request.id)}"[:,]', text, flags=re.MULTILINE)
            name_taken = _defines(text, function)
        if id_taken:
            raise ValueError(f"exercise_id: {request.id} is taken, see {place}; nothing was written")
        if name_taken:
            raise ValueError(f"name: {function} is taken, see {place}; nothing was written")


def _defines(source, name):
    """Whether code makes or imports a name at the outermost level."""
    made = rf"(?:def|class) {name}\b|{name} *=|(?:from \S+ )?import .*\b{name}\b"
    return name and re.search(rf"^(?:{made})", source, flags=re.MULTILINE)


# --- templates --------------------------------------------------------------------------------------------------------


def _parts(request):
    """The type's template, filled in."""
    function, parameters, signature = request.function
    points, difficulty, minutes = request.numbers
    values = {
        "id": request.id,
        "id_": request.id_,
        "chapter": request.number,
        "title": request.title.strip(),
        "card": f"{points} point{'s' * (points > 1)} · difficulty {difficulty} of 3 · about {minutes} minutes",
        "name": function,
        "signature": signature,
        "parameters": ", ".join(parameters),
        "first": parameters[0],
        "nans": ", ".join(['float("nan")'] * len(parameters)),
        "samplers": ", ".join(f'{parameter}=one_of(float("nan"))' for parameter in parameters),
    }
    parts = _template(request.kind)
    if "wrong" in parts:
        values["wrong"] = "\n".join(_filled(parts["wrong"], values | {"nth": nth}) for nth in WRONG_ANSWERS)
    return {part: _filled(text, values) for part, text in parts.items() if part != "wrong"}


def _template(name):
    """Parts of a template file, by name."""
    text = (TEMPLATES / f"{name}.txt").read_text(encoding="utf-8")
    pieces = re.split(r"^==== (.*)\n", text, flags=re.MULTILINE)[1:]
    return {part: body.removesuffix("\n") for part, body in zip(pieces[::2], pieces[1::2], strict=True)}


def _filled(text, values):
    return re.sub(r"\{\{(\w+)\}\}", lambda match: values[match[1]], text)


# --- each file with the exercise --------------------------------------------------------------------------------------


def _begin_chapter(request):
    """Files of the chapter before it has an exercise."""
    source, files = _paths(request)[0], course.chapter_files(request.number)
    existing = [*course.SOURCE.glob(f"{request.number}_*"), *(path for path in files if path.exists())]
    if existing:
        raise ValueError(f"new-chapter: {course.display(existing[0])} is there already; nothing was written")
    values = {
        "chapter": request.number,
        "n": str(int(request.number[2:])),
        "chapter_title": request.new_chapter.strip(),
        "notebook": request.notebook,
    }
    parts = {_filled(part, values): _filled(text, values) for part, text in _template("chapter").items()}
    cells = [
        nbformat.v4.new_markdown_cell(parts["opening"]),
        _code_cell(parts["setup"], nbgrader=notebooks.nbgrader_metadata("setup", locked=True)),
        nbformat.v4.new_markdown_cell(parts["closing"]),
        _code_cell(f'progress("{request.notebook}")', tags=["show"]),
    ]
    notebook = notebooks.canonical(nbformat.v4.new_notebook(cells=cells))
    return {path: parts[course.display(path)] + "\n" for path in files} | {source: notebooks.dumps(notebook)}


def _code_cell(source, **metadata):
    return nbformat.v4.new_code_cell(source, metadata=metadata)


def _with_cells(text, parts, request, after):
    """The notebook with the exercise's cells at the end of the passage of the exercise before."""
    notebook = nbformat.reads(text, as_version=4)
    answer_id = grade_id(request.id)
    test = notebooks.nbgrader_metadata(f"{answer_id}_test", grade=True, locked=True, points=request.numbers[0])
    cells = [
        nbformat.v4.new_markdown_cell(parts["statement"]),
        _code_cell(parts["answer"], nbgrader=notebooks.nbgrader_metadata(answer_id, solution=True)),
        _code_cell(notebooks.test_cell(request.number, request.id, request.answers), nbgrader=test),
    ]
    if "use" in parts:
        cells += [
            nbformat.v4.new_markdown_cell(parts["use"]),
            _code_cell(parts["used"], tags=["show"]),
            nbformat.v4.new_markdown_cell(parts["seen"]),
        ]
    ids = [cell.metadata.get("nbgrader", {}).get("grade_id") for cell in notebook.cells]
    start = ids.index(f"{grade_id(after)}_test" if after else "setup") + 1
    passage_ends = ("# ", "## ", "### Exercise", "progress(")
    end = next(i for i in range(start, len(ids)) if notebook.cells[i].source.startswith(passage_ends))
    notebook.cells[end:end] = cells
    return notebooks.dumps(notebooks.canonical(notebook))


def _with_declaration(text, declaration, request, following):
    """The hidden tests with the declaration before those of the exercises that come later in the notebook."""
    for module, names in IMPORTS.items():
        text = _with_imports(text, module, [name for name in names if re.search(rf"\b{name}\(", declaration)])
    ruler = f"# --- {request.id} {request.title.strip()} "
    block = f"{ruler}{'-' * (120 - len(ruler))}\n\n{declaration}\n"
    for exercise_id in following:
        later = re.search(rf"^# --- {re.escape(exercise_id)} ", text, flags=re.MULTILINE)
        if later:
            return _below(_below(text[: later.start()], block), text[later.start() :])
    return _below(text, block)


def _with_imports(text, module, needed):
    """The hidden tests with names added to what they import from a module of `autograder`."""
    known = re.search(rf"^from {re.escape(module)} import (.*)$", text, flags=re.MULTILINE)
    if known:
        names = sorted({*known[1].split(", "), *needed})
        return text.replace(known[0], f"from {module} import {', '.join(names)}", 1)
    if not needed:
        return text
    marking = re.search(r"^from autograder\.marking import .*$", text, flags=re.MULTILINE)
    if not marking:
        raise ValueError("chapter: its hidden tests lack the line `from autograder.marking import ...`")
    return text.replace(marking[0], f"{marking[0]}\nfrom {module} import {', '.join(sorted(needed))}", 1)


def _below(above, below):
    """Two pieces of a module, with as many blank lines between them as `ruff format` wants."""
    above = above.rstrip()
    gap = "\n" if above.rsplit("\n", 1)[-1].startswith(" ") else ""  # after a function's body
    return f"{above}\n\n{gap}{below}"


def _with_bank_entries(text, entries, after):
    """The bank with the entries after those of the exercise before."""
    lines = text.split("\n")
    bank = next(
        node.value for node in ast.parse(text).body if isinstance(node, ast.Assign) and node.targets[0].id == "BANK"
    )
    ends = {key.value: value.end_lineno for key, value in zip(bank.keys, bank.values, strict=True)}
    line = ends.get(after) or bank.lineno
    return "\n".join([*lines[:line], entries, *lines[line:]])


def _with_formula(text, formula, request):
    """The formulas with the exercise's before that of the next exercise that has one."""
    table = next(node.value for node in ast.parse(text).body if isinstance(node, ast.Assign))
    later = [key.lineno for key in table.keys if _order(key.value) > _order(request.id)]
    line = min(later, default=table.end_lineno) - 1
    lines = text.split("\n")
    return "\n".join([*lines[:line], formula, *lines[line:]])


def _with_plan_entry(text, details, request):
    entries = json.loads(text)
    own = {"number": request.id, "type": request.kind.capitalize(), "notebook": request.notebook} | details
    place = (request.notebook, _order(request.id))
    earlier = sum((entry["notebook"], _order(entry["number"])) < place for entry in entries)
    entries.insert(earlier, own)
    return json.dumps(entries, indent=1) + "\n"


# --- the command ------------------------------------------------------------------------------------------------------


def write(texts):
    """Write all files or none.

    Raises
    ------
    ValueError
        If one of them cannot be written; then none is changed.
    """
    staged = {path: path.with_name(path.name + ".part") for path in texts}
    try:
        for path, temporary in staged.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_text(texts[path], encoding="utf-8")
    except OSError as problem:
        for temporary in staged.values():
            with contextlib.suppress(OSError):
                temporary.unlink()
        raise ValueError(f"nothing was written: {problem}") from None
    for path, temporary in staged.items():
        temporary.replace(path)


def command(request):
    """Write a new exercise and say where it is to be filled in."""
    texts = new_exercise(request)
    write(texts)
    for path, text in texts.items():
        print(f"{course.display(path)}: {text.count('TODO')} to fill in")
    print("Fill in each TODO; `make lint` says what is left. docs/maintainers/new-exercise.md walks through it.")
