"""A test cell is evaluated here, in the grader's own process; only the student's functions run elsewhere."""

import ast
import builtins
import contextlib
import copy
import io
import os
import warnings
from dataclasses import dataclass, field

from nbformat import NotebookNode

from autograder import marking
from autograder.engine import outputs, results
from autograder.engine.boxed.wire import clean_text
from autograder.engine.plan import import_statements
from autograder.engine.remote import Handle, MistakeInTest
from autograder.engine.session import ProcessEnded

BEGIN_HIDDEN, END_HIDDEN = "BEGIN HIDDEN TESTS", "END HIDDEN TESTS"
MAX_PRINTED = 20_000


@dataclass
class Verdict:
    """What a test cell came to.

    Parameters
    ----------
    points : float
    outputs : list of NotebookNode
        In a form from which nbgrader reads the same points.
    reason : str
        Why points are missing, where the test could not tell by itself.
    mistake : str
        What went wrong in the test itself; for the staff, empty when nothing did.
    groups : list of autograder.marking.GroupResult
        How the parts of the test went, when it says so.
    kind : str
        What a failure as a whole comes from; see `autograder.engine.results`.
    refuted : bool
        Whether an assertion failed or the student's code raised an error.
    """

    points: float
    outputs: list = field(default_factory=list)
    reason: str = ""
    mistake: str = ""
    groups: list = field(default_factory=list)
    kind: str = ""
    refuted: bool = False


class Names(dict):
    """Globals of a test cell: trusted names first, then the student's, fetched when asked for.

    Python looks for a builtin after the globals. A student's ``abs`` must not stand in for the real one, so names of
    builtins are never asked for.

    ``del squares`` takes the student's name away until the cell assigns it again or ends: nbgrader's examples find out so
    whether one function uses another. Whatever else a test cell assigns stays in the grader.

    Parameters
    ----------
    trusted : dict
        See `trusted_imports`.
    remote : Remote
    """

    def __init__(self, trusted, remote):
        super().__init__(trusted)
        self._trusted = trusted
        self._remote = remote
        self._absent = set()
        self._theirs = {}  # values that came from the student's process
        self._withdrawn = set()

    def __missing__(self, name):
        try:
            self[name] = self._trusted[name]
            return self[name]
        except KeyError:
            pass
        if name in self._absent or not isinstance(name, str) or name.startswith("__") or hasattr(builtins, name):
            raise KeyError(name)
        try:
            value = self._remote.lookup(name)
        except KeyError:
            self._absent.add(name)
            raise
        self._theirs[name] = self[name] = value
        return value

    def __delitem__(self, name):
        if name not in self:
            self.__missing__(name)
        super().__delitem__(name)
        if name in self._theirs:
            self._absent.add(name)
            self._withdrawn.add(name)
            self._remote.withdraw(name)

    def __setitem__(self, name, value):
        super().__setitem__(name, value)
        if name in self._withdrawn and value is self._theirs[name]:
            self._withdrawn.remove(name)
            self._remote.restore(name)

    def restore(self):
        """Give the student's process back what the cell took away."""
        while self._withdrawn:
            with contextlib.suppress(ProcessEnded):  # a new process has all its names
                self._remote.restore(self._withdrawn.pop())

    def get(self, name, default=None):
        try:
            return self[name]
        except KeyError:
            return default


class _Imports(dict):
    """Names that are imported when they are first asked for: a test cell calls ``check`` and has no use for torch."""

    def __init__(self, sources):
        super().__init__({"__name__": "__main__", "__builtins__": __builtins__})
        self._statements = {}  # by the name that they define, in order
        for statement in import_statements(sources):
            for alias in statement.names:
                one = copy.copy(statement)
                one.names = [alias]
                if alias.name == "*":
                    self._run(one)
                    continue
                name = alias.asname or alias.name.split(".")[0]
                self._statements.setdefault(name, []).append(one)

    def __missing__(self, name):
        for statement in self._statements.get(name, ()):
            self._run(statement)
        if name not in self:
            raise KeyError(name)
        return self[name]

    def _run(self, statement):
        with contextlib.suppress(ImportError), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            exec(compile(ast.Module([statement], []), "<locked cell>", "exec"), self)


def trusted_imports(sources):
    """Names that locked cells import, imported from the staff's own installation.

    A test cell calls ``check``; it must be the real one, not what the student's process has under that name.

    Parameters
    ----------
    sources : iterable of str
        Locked cells as the gradebook has them.

    Returns
    -------
    dict
    """
    return _Imports(sources)


def evaluate(source, max_points, trusted, remote, seed):
    """Evaluate a test cell.

    Parameters
    ----------
    source : str
        As the gradebook has it, hidden tests included.
    max_points : float
    trusted : dict
        See `trusted_imports`.
    remote : Remote
    seed : int
        Seed of the inputs that hidden tests draw.

    Returns
    -------
    Verdict
    """
    visible, hidden = split_hidden(source)
    names = Names(trusted, remote)
    shown = []
    try:
        verdict = _run(visible, names, seed, max_points, secret=False)
        if hidden and not verdict.refuted:
            # Points come from the hidden part. A visible part that broke down, for want of a name or by its own mistake,
            # does not keep the student from getting them.
            shown = [_as_shown(output) for output in verdict.outputs if output.output_type != "error"]
            verdict = _run(hidden, names, seed, max_points, secret=True)
    finally:
        names.restore()
    verdict.outputs = shown + verdict.outputs
    return verdict


def split_hidden(source):
    """Visible and hidden part of a test cell; the hidden part is empty where there are no markers.

    Where visible code follows a hidden region, it may use what that computed: then the whole cell counts as hidden.
    """
    visible, hidden, inside = [], [], False
    for line in source.split("\n"):
        if BEGIN_HIDDEN in line:
            inside = True
        elif END_HIDDEN in line:
            inside = False
        elif hidden and not inside and line.strip():
            return "", source
        else:
            (hidden if inside else visible).append(line)
    return "\n".join(visible), "\n".join(hidden).strip("\n")


def _run(source, names, seed, max_points, secret):
    printed = io.StringIO()
    value, verdict = None, None
    try:
        with (
            _environment(AUTOGRADER_SEED=str(seed), NBGRADER_EXECUTION="autograde"),  # the latter keeps `check` from
            contextlib.redirect_stdout(printed),  # writing the attempt into the grader's own progress file
            contextlib.redirect_stderr(printed),
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("ignore")
            value = _execute(source, names)
    except (KeyboardInterrupt, GeneratorExit):
        raise  # somebody stops the grader
    except BaseException as error:
        verdict = _failure(error, secret)
    if verdict is None:
        verdict = _success(value, max_points)
    text = clean_text(printed.getvalue())[:MAX_PRINTED]
    if text:
        verdict.outputs.insert(0, outputs.stream(text))
    return verdict


@contextlib.contextmanager
def _environment(**values):
    """Set environment variables for a while."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _execute(source, names):
    """Run statements; the value of a last expression is returned, as a notebook would show it."""
    tree = ast.parse(source)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "<test cell>", "exec"), names)
    return None if last is None else eval(compile(ast.Expression(last.value), "<test cell>", "eval"), names)


def _success(value, max_points):
    if value is None:  # nothing failed and nothing is said: full points, which nbgrader reads from an empty output
        return Verdict(float(max_points))
    if isinstance(value, Handle):  # an object of the student's: what it says of itself is not asked
        value = True
    points = _points(value, max_points)
    # nbgrader reads the points from the text of the first execute_result.
    data = NotebookNode({"text/plain": repr(points)})
    reason, groups = "", []
    if hasattr(value, "groups") and hasattr(value, "_repr_html_"):
        data["text/html"] = value._repr_html_()
        reason = " ".join(value.messages)
        groups = list(value.groups)
    result = NotebookNode(output_type="execute_result", data=data, metadata=NotebookNode(), execution_count=None)
    return Verdict(points, [result], reason, groups=groups)


def _points(value, max_points):
    """Points of a test cell's value: a number is partial credit, anything else means that nothing failed."""
    value = getattr(value, "points", value)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value:
        return float(max_points)
    return float(min(max(value, 0.0), max_points))


def _failure(error, secret):
    name, message, mistake, kind = type(error).__name__, str(error), "", marking.ERROR
    students = getattr(error, "raised_by_student", False)
    if isinstance(error, ProcessEnded):
        message = f"Your code stopped the test: {error}."
    elif students:
        message = _students_error(error)
        kind = marking.UNANSWERED if isinstance(error, NotImplementedError) else kind
    elif isinstance(error, AssertionError):
        kind = ""
        if secret:  # an assertion's text may quote what was expected
            message = "A hidden test failed."
    elif isinstance(error, NameError) and error.name:
        message = f"`{error.name}` is not defined."
    else:
        mistake, kind = f"{name}: {message}", results.MISTAKE
        if isinstance(error, MistakeInTest) or secret:
            name, message = "TestError", "The test could not deal with your answer. Your instructor has been told."
    message = clean_text(message)[:2000]
    refuted = students or isinstance(error, AssertionError)
    return Verdict(0.0, [outputs.error(name, message)], message or name, mistake, kind=kind, refuted=refuted)


def _students_error(error):
    if isinstance(error, NotImplementedError):
        return "Not answered."
    name, text = type(error).__name__, str(error)
    where = f" in the line `{error.students_line}`" if error.students_line else ""
    return f"Your code stopped with `{name}{': ' * bool(text)}{text}`{where}."


def _as_shown(output):
    """An output that does not count as points."""
    if output.output_type == "execute_result":
        return NotebookNode(output_type="display_data", data=output.data, metadata=output.metadata)
    return output
