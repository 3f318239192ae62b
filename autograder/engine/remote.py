"""The student's names, as a hidden test sees them: values are values, functions and objects are proxies."""

import builtins
import keyword
import linecache

import numpy as np

from autograder.engine.boxed import wire
from autograder.engine.session import ProcessEnded

MAX_TEXT = 2000


class MistakeInTest(BaseException):
    """A hidden test asks for something impossible. No test must take this for an error of the student's code."""


class Exposed:
    """An object of the tests' that student code may use, but only by what is listed.

    Functions cross by themselves. An environment or an agent, which has methods, is wrapped:
    ``student(Exposed(env, methods=("reset", "step"), values={"n_states": 16}))``.

    Parameters
    ----------
    target : object
    methods : sequence of str
        Methods that can be called; they run in the grader's process.
    values : dict
        Attributes with the values they have for the student.
    """

    def __init__(self, target, methods=(), values=None):
        self.target = target
        self.methods = tuple(methods)
        self.values = values or {}


def _take_over(changed, args, kwargs):
    """Change the test's own arguments as the student's function changed its copies of them.

    Only the content of arrays (of the same shape and type) and of lists can change, so a test that asks whether its
    inputs stayed as they were sees what it would see in one process.
    """
    for pair in changed if isinstance(changed, list) else ():
        if not isinstance(pair, list) or len(pair) != 2:
            raise wire.WireError("changed arguments are malformed")
        key, value = pair
        if isinstance(key, str) and key in kwargs:
            target = kwargs[key]
        elif type(key) is int and 0 <= key < len(args):
            target = args[key]
        else:
            raise wire.WireError("an argument that was never passed")
        if type(target) is list and type(value) is list:
            target[:] = value
        elif isinstance(target, np.ndarray) and isinstance(value, np.ndarray):
            if target.shape == value.shape and target.dtype == value.dtype and target.flags.writeable:
                target[...] = value


class Remote(wire.Codec):
    """Everything that can be asked of a submission's process, in terms of Python objects.

    Parameters
    ----------
    session : Session
    """

    def __init__(self, session):
        self.session = session
        session.callbacks = self._answer_callback
        self._given = {}  # functions and objects that the tests passed to the student, by number
        self._leaves = []  # tensors with gradient among the arguments of the call that runs

    # -- requests --

    def lookup(self, name):
        """Value of a name of the notebook.

        Raises
        ------
        KeyError
            If the notebook does not define it.
        ProcessEnded
        """
        found, value = self._request({"op": "name", "name": name})
        if not found:
            raise KeyError(name)
        if isinstance(value, Handle):
            object.__setattr__(value, "_name", name)
        return value

    def withdraw(self, name):
        """Take a name out of the notebook, as ``del`` would, until it is restored."""
        self._request({"op": "withdraw", "name": name})

    def restore(self, name):
        """Give a withdrawn name back."""
        self._request({"op": "restore", "name": name})

    def call(self, handle, args, kwargs):
        """Call an object of the student's."""
        leaves, self._leaves = self._leaves, []
        try:
            blobs = []
            encoded = {"args": self._written(list(args), blobs), "kwargs": self._written(kwargs, blobs)}
            return self._request({"op": "call", "target": self._number(handle)} | encoded, blobs, (args, kwargs))
        finally:
            self._leaves = leaves

    def attribute(self, handle, name):
        """Attribute of an object of the student's."""
        value = self._request({"op": "attribute", "target": self._number(handle), "name": name})
        if isinstance(value, Handle) and handle._name is not None:
            object.__setattr__(value, "_name", f"{handle._name}.{name}")
        return value

    def assign(self, handle, name, value):
        """Set an attribute of an object of the student's."""
        blobs = []
        node = self._written(value, blobs)
        self._request({"op": "assign", "target": self._number(handle), "name": name, "value": node}, blobs)

    def item(self, handle, key):
        """Index an object of the student's."""
        blobs = []
        node = self._written(key, blobs)
        return self._request({"op": "item", "target": self._number(handle), "key": node}, blobs)

    def length(self, handle):
        """Length of an object of the student's."""
        value = self._request({"op": "length", "target": self._number(handle)})
        if type(value) is not int or value < 0:
            raise TypeError("len() did not give a number")
        return value

    def backward(self, number, generation, gradient):
        """Gradients of a call's inputs, given that of its result."""
        if generation != self.session.generation:
            raise ProcessEnded("its process was started anew and the tensors of the one before are gone")
        blobs = []
        node = self._written(gradient, blobs)
        return self._request({"op": "backward", "target": number, "gradient": node}, blobs)

    def _written(self, value, blobs):
        """Encode what a hidden test sends; that it cannot cross is the test's mistake, not the student's."""
        try:
            return self.encode(value, blobs)
        except wire.Unsendable as problem:
            raise MistakeInTest(str(problem)) from None

    def _request(self, message, blobs=(), given=None):
        reply, reply_blobs = self.session.request(message, blobs)
        if reply["op"] == "error":
            raise_students_error(reply, self.session.limits)
        try:
            value = self.decode(reply["v"], reply_blobs)
            if given is not None and "changed" in reply:
                _take_over(self.decode(reply["changed"], reply_blobs), *given)
            return value
        except (wire.WireError, KeyError) as problem:
            self.session.end(f"it interfered with the grader's channel: {problem}")

    def _number(self, handle):
        """Number of a handle in the process that runs now; names are looked up again after a restart."""
        if handle._generation != self.session.generation or self.session._channel is None:
            if handle._name is None:
                raise ProcessEnded("its process was started anew and the objects of the one before are gone")
            name, *path = handle._name.split(".")
            fresh = self.lookup(name)
            for part in path:
                fresh = getattr(fresh, part)
            if not isinstance(fresh, Handle):
                raise TypeError(f"`{handle._name}` is something else now")
            object.__setattr__(handle, "_id", fresh._id)
            object.__setattr__(handle, "_generation", fresh._generation)
        return handle._id

    # -- objects --

    def refer(self, value):
        if isinstance(value, Handle):
            return {"t": "yours", "id": self._number(value)}
        if isinstance(value, Exposed):
            self._given[len(self._given) + 1] = value
            values = {name: self.encode(part, _NoBlobs()) for name, part in value.values.items()}
            return {"t": "mine", "id": len(self._given), "methods": list(value.methods), "values": values}
        if callable(value):
            self._given[len(self._given) + 1] = value
            return {"t": "mine", "id": len(self._given)}
        raise wire.Unsendable(
            f"a {type(value).__name__} was passed to the student's code: wrap it in autograder.engine.remote.Exposed"
        )

    def resolve(self, node):
        tag, number = node.get("t"), node.get("id")
        if type(number) is not int:
            raise wire.WireError("a reference without a number")
        if tag == "yours":
            return self._given_part(number, node.get("method"))
        if tag != "mine":
            raise wire.WireError("a value of an unknown kind")
        lineage = node.get("lineage")
        if not isinstance(lineage, list) or not all(isinstance(name, str) for name in lineage[:50]):
            raise wire.WireError("a reference without a type")
        lineage = tuple(name[:80] for name in lineage[:50])
        kind = CallableHandle if node.get("callable") is True else Handle
        return kind(self, number, self.session.generation, lineage, node.get("k") == "class")

    def _given_part(self, number, method):
        if number not in self._given:
            raise wire.WireError("a function that was never passed")
        given = self._given[number]
        if isinstance(given, Exposed):
            if method not in given.methods:
                raise wire.WireError("a method that was not exposed")
            return getattr(given.target, method)
        return given

    def _answer_callback(self, message, blobs):
        """Run a function of the tests' for the student's code."""
        given = message.get("target")
        args, kwargs = self.decode(message.get("args"), blobs), self.decode(message.get("kwargs"), blobs)
        if not isinstance(args, list) or not isinstance(kwargs, dict) or not all(isinstance(k, str) for k in kwargs):
            raise wire.WireError("arguments are malformed")
        function = self._given_part(given, message.get("method"))
        try:
            result_blobs = []
            return {"op": "value", "v": self.encode(function(*args, **kwargs), result_blobs)}, result_blobs
        except ProcessEnded:
            raise
        except Exception as error:
            return {"op": "error", "type": type(error).__name__, "message": str(error)[:MAX_TEXT]}, []

    # -- gradients --

    def sent_tensor(self, tensor):
        if tensor.requires_grad:
            self._leaves.append(tensor)
        return {}

    def received_tensor(self, tensor, node):
        if type(node.get("graph")) is int:
            from autograder.engine.gradients import connect

            return connect(self, node["graph"], tensor.detach(), list(self._leaves))
        return tensor


class _NoBlobs(list):
    """Arrays are not allowed among exposed values: they would need blobs of their own."""

    def append(self, blob):
        raise wire.Unsendable("values of an Exposed object must not be arrays; give them as lists")


class Handle:
    """An object that stays in the student's process.

    Equality is identity, so an object whose ``__eq__`` always agrees gains nothing; attributes and methods are asked
    for by name.
    """

    def __init__(self, remote, number, generation, lineage, is_class):
        for name, value in (
            ("_remote", remote), ("_id", number), ("_generation", generation), ("_name", None),
            ("_lineage", lineage), ("_is_class", is_class),
        ):  # fmt: skip
            object.__setattr__(self, name, value)

    @property
    def type_names(self):
        """Names of the object's class and of that class's bases, as the student's process tells them."""
        return self._lineage

    def __getattr__(self, name):
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        return self._remote.attribute(self, name)

    def __setattr__(self, name, value):
        self._remote.assign(self, name, value)

    def __getitem__(self, key):
        return self._remote.item(self, key)

    def __len__(self):
        return self._remote.length(self)

    def __iter__(self):
        raise TypeError(
            f"a {self._lineage[0] if self._lineage else 'thing'} is returned where a list or array is expected"
        )

    def __bool__(self):
        return True

    def __copy__(self):
        return self

    def __deepcopy__(self, memo):
        return self

    def __repr__(self):
        return f"<{self._lineage[0] if self._lineage else 'object'} in the student's process>"


class CallableHandle(Handle):
    """A function, class, or object that can be called."""

    def __call__(self, *args, **kwargs):
        return self._remote.call(self, args, kwargs)


# --- the student's exceptions -----------------------------------------------------------------------------------------

_FILE = "<the student's notebook>"


def raise_students_error(reply, limits):
    """Raise here what was raised in the student's process.

    The exception has the student's type name, a builtin base and the student's line as the last frame of its traceback,
    so that whatever prints tracebacks names that line.
    """
    names = reply.get("types")
    names = [name for name in names if isinstance(name, str)][:50] if isinstance(names, list) else []
    message = wire.clean_text(str(reply.get("message", "")))[:MAX_TEXT]
    line = wire.clean_text(str(reply.get("line", "")))[:300].replace("\n", " ")
    if reply.get("late"):
        names, message = (
            ["TimeoutError", "OSError", "Exception"],
            f"it took longer than {limits.call_seconds:g} seconds",
        )
    error = exception_class(names)(message) if message else exception_class(names)()
    error.raised_by_student, error.students_line = True, line
    _raise_at(line, error)


def exception_class(names):
    """Exception class for a list of class names, the most special first."""
    base = next((kind for name in names if (kind := _builtin_error(name)) is not None), RuntimeError)
    first = names[0] if names else "Exception"
    if base.__name__ == first or not first.isidentifier() or keyword.iskeyword(first) or len(first) > 80:
        return base
    return type(first, (base,), {})


def _builtin_error(name):
    """Builtin exception of this name that can be raised with one text; exits and interrupts are none."""
    kind = getattr(builtins, name, None)
    if not (isinstance(kind, type) and issubclass(kind, Exception)) or kind is Exception:
        return None
    return None if issubclass(kind, (UnicodeError, ExceptionGroup)) else kind


def _raise_at(line, error):
    linecache.cache[_FILE] = (len(line), None, [line + "\n"], _FILE)
    exec(compile("raise error", _FILE if line else __file__, "exec"), {"error": error})
