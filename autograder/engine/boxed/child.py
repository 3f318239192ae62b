"""The student's process: runs cells, and calls the student's functions when the grader asks."""

import collections.abc
import linecache
import os
import signal
import sys
import types

from . import wire
from .channel import Closed

MAX_MESSAGE = 2000  # characters of an exception's text


class GradersError(Exception):
    """A function that the tests passed in raised."""


class ForeignFunction:
    """A function of the tests' (a policy, a model) that lives in the grader's process."""

    def __init__(self, process, number, method=None):
        self._process = process
        self._number = number
        self._method = method

    def __call__(self, *args, **kwargs):
        return self._process.call_grader(self._number, self._method, args, kwargs)

    def __deepcopy__(self, memo):
        return self

    def __repr__(self):
        return "<a function given by the test>"


class ForeignObject:
    """An object of the tests' with the methods and values that they expose."""

    def __init__(self, process, number, methods, values):
        for method in methods:
            setattr(self, method, ForeignFunction(process, number, method))
        for name, value in values.items():
            setattr(self, name, value)


class _Called:
    """What a call gave, and the arguments that it changed in place, as [position or name, value]."""

    def __init__(self, value, changed):
        self.value = value
        self.changed = changed


def _can_change(value):
    """Whether a change of this argument is told to the grader: arrays and lists, which students do change by accident."""
    return type(value) is list or type(value).__name__ == "ndarray"


def _copy(value):
    return list(value) if type(value) is list else value.copy()


def _same(value, copy):
    """Whether an argument is still what it was; an array whose bytes are the same is, NaN or not."""
    if type(value) is list:
        return len(value) == len(copy) and all(a is b for a, b in zip(value, copy, strict=True))
    return value.shape == copy.shape and value.dtype == copy.dtype and value.tobytes() == copy.tobytes()


class StudentProcess(wire.Codec):
    """Answers the grader's requests until the channel closes.

    Parameters
    ----------
    shell : boxed.shell.Shell
    channel : boxed.channel.Channel
    """

    def __init__(self, shell, channel):
        self.shell = shell
        self.channel = channel
        self.objects = {}  # what the grader holds handles of
        self.leaves = []  # tensors with gradient that came with the current call
        self.tensors = {}  # tensors sent whose graph the grader may go back through
        self.withdrawn = {}  # names that a test cell took away for a while
        self.busy = False
        signal.signal(signal.SIGINT, self._interrupted)

    def _interrupted(self, number, frame):
        if self.busy:
            raise KeyboardInterrupt

    def serve(self):
        """Handle requests for ever."""
        while True:
            try:
                message, blobs = self.channel.receive()
            except Closed:
                return
            self.handle(message, blobs)

    def handle(self, message, blobs):
        """Handle one request and send the reply."""
        reply_blobs = []
        try:
            self.busy = True
            result = getattr(self, "do_" + message["op"])(message, blobs)
            changed = []
            if isinstance(result, _Called):
                result, changed = result.value, result.changed
            reply = {"op": "value", "v": self.encode(result, reply_blobs)}
            if changed:
                reply["changed"] = self.encode(changed, reply_blobs)
            self.busy = False
            frame = wire.pack(reply | {"n": message["n"]}, reply_blobs)  # raises when it is too large to be sent
        except BaseException as error:  # SystemExit and KeyboardInterrupt too: the reply must be sent
            self.busy = False
            frame = wire.pack({"op": "error", "n": message["n"]} | self._describe(error))
        self.channel.send_frame(frame)

    # -- requests --

    def do_cell(self, message, blobs):
        """Run a cell; the reply holds its outputs."""
        import json

        return json.dumps(self.shell.run(message["source"]), default=repr).encode()

    def do_name(self, message, blobs):
        """Look a name of the notebook up."""
        names = self.shell.user_ns
        return (message["name"] in names, names.get(message["name"]))

    def do_withdraw(self, message, blobs):
        """Take a name out of the notebook."""
        self.withdrawn[message["name"]] = self.shell.user_ns.pop(message["name"])

    def do_restore(self, message, blobs):
        """Put a withdrawn name back."""
        if message["name"] in self.withdrawn:
            self.shell.user_ns[message["name"]] = self.withdrawn.pop(message["name"])

    def do_call(self, message, blobs):
        """Call an object, or a method of it."""
        self.shell.outputs = type(self.shell.outputs)()  # what the function prints is not kept
        self.leaves = []
        function = self.objects[message["target"]]
        args, kwargs = self.decode(message["args"], blobs), self.decode(message["kwargs"], blobs)
        before = [
            (key, value, _copy(value)) for key, value in [*enumerate(args), *kwargs.items()] if _can_change(value)
        ]
        result = function(*args, **kwargs)
        owner = getattr(function, "__self__", None)
        if isinstance(result, types.GeneratorType) and _is_torch_module(owner):  # parameters(), modules(), ...
            result = list(result)
        return _Called(result, [[key, value] for key, value, copy in before if not _same(value, copy)])

    def do_attribute(self, message, blobs):
        """Read an attribute."""
        return getattr(self.objects[message["target"]], message["name"])

    def do_assign(self, message, blobs):
        """Set an attribute."""
        setattr(self.objects[message["target"]], message["name"], self.decode(message["value"], blobs))

    def do_item(self, message, blobs):
        """Index an object."""
        return self.objects[message["target"]][self.decode(message["key"], blobs)]

    def do_length(self, message, blobs):
        """Length of an object."""
        return len(self.objects[message["target"]])

    def do_backward(self, message, blobs):
        """Go back through the graph of a tensor that was sent; returns the gradients of the call's inputs."""
        import torch

        tensor, leaves = self.tensors[message["target"]]
        torch.autograd.backward([tensor], [self.decode(message["gradient"], blobs)], retain_graph=True)
        gradients = [leaf.grad for leaf in leaves]
        for leaf in leaves:
            leaf.grad = None
        return gradients

    # -- the tests' functions --

    def call_grader(self, number, method, args, kwargs):
        """Call a function that lives in the grader's process."""
        blobs = []
        message = {"op": "callback", "target": number, "method": method}
        message |= {"args": self.encode(list(args), blobs), "kwargs": self.encode(kwargs, blobs)}
        self.channel.send(message, blobs)
        while True:
            reply, blobs = self.channel.receive()
            if reply["op"] == "value":
                return self.decode(reply["v"], blobs)
            if reply["op"] == "error":
                kind = getattr(__import__("builtins"), reply["type"], GradersError)
                raise kind(reply["message"])
            self.handle(reply, blobs)  # the tests' function called back into the student's code
            self.busy = True

    # -- objects --

    def refer(self, value):
        if isinstance(value, ForeignFunction):
            return {"t": "yours", "id": value._number, "method": value._method}
        if isinstance(value, (collections.abc.KeysView, collections.abc.ValuesView, collections.abc.ItemsView)):
            raise wire.Unsendable(f"a {type(value).__name__} was returned: make it a list with list(...)")
        if isinstance(value, (collections.abc.Iterator, collections.abc.AsyncIterator, collections.abc.Awaitable)):
            raise wire.Unsendable(
                f"a {type(value).__name__} was returned, which gives values only on demand: return a list or an array"
            )
        number = len(self.objects) + 1
        self.objects[number] = value
        kind = "class" if isinstance(value, type) else "module" if isinstance(value, types.ModuleType) else "object"
        cls = type(value)
        lineage = [c.__name__ for c in getattr(cls, "__mro__", ())]
        return {"t": "mine", "id": number, "k": kind, "callable": callable(value), "lineage": lineage}

    def resolve(self, node):
        if node.get("t") == "yours":
            return self.objects[node["id"]]
        if "methods" in node:
            values = {name: self.decode(value, []) for name, value in node["values"].items()}
            return ForeignObject(self, node["id"], node["methods"], values)
        return ForeignFunction(self, node["id"])

    def sent_tensor(self, tensor):
        if tensor.requires_grad and tensor.grad_fn is not None:
            number = len(self.tensors) + 1
            self.tensors[number] = (tensor, self.leaves)
            return {"graph": number}
        return {}

    def received_tensor(self, tensor, node):
        if node.get("r"):
            self.leaves.append(tensor)
        return tensor

    # -- errors --

    def _describe(self, error):
        """What the grader learns of an exception: its types, its text, and the student's line."""
        try:
            text = str(error)[:MAX_MESSAGE]
        except BaseException:
            text = ""
        types_ = [cls.__name__ for cls in type(error).__mro__]
        if isinstance(error, wire.Unsendable):
            types_ = ["TypeError", "Exception"]
        return {"types": types_, "message": text, "line": self._students_line(error)}

    def _students_line(self, error):
        """Text of the last line of the notebook on the way to the error."""
        line, trace = "", error.__traceback__
        while trace is not None:
            name = trace.tb_frame.f_code.co_filename
            if name.startswith(("<ipython-input-", "/tmp/ipykernel_")):
                line = linecache.getline(name, trace.tb_lineno).strip()
            trace = trace.tb_next
        return line[:300]


def _is_torch_module(value):
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.nn.Module)


def seed_everything():
    """Equal submissions see equal random numbers, whatever ran before."""
    import random

    import numpy as np

    random.seed(0)
    np.random.seed(0)  # noqa: NPY002
    if "torch" in sys.modules:
        sys.modules["torch"].default_generator.manual_seed(0)  # torch.manual_seed formats a stack trace for CUDA


def move_home(scratch):
    """Make the scratch folder the place for everything that a program writes."""
    import tempfile

    os.environ.update(HOME=scratch, TMPDIR=scratch, COURSE_PROGRESS=os.path.join(scratch, "progress.sqlite"))
    tempfile.tempdir = None
    os.chdir(scratch)
