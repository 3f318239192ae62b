"""Messages between the grader and the student's process: JSON and raw array bytes, never pickle.

A message is a frame: the length of its JSON text, the length of its binary part, the text, the binary part. Values
travel inside the JSON. Numbers, text, None, lists, tuples, sets and dicts are written out; arrays and tensors are a
dtype, a shape and a slice of the binary part (the content of an ``.npy`` file without its header, which is Python
syntax and so needs a parser); random generators are their state. Everything else is a reference to an object that
stays where it is (see `Codec.refer`).

The grader decodes what an attacker may have written, so the decoder accepts what is listed here and nothing else,
within caps on size, depth and number of parts.
"""

import json
import math
import random
import struct
import sys

import numpy as np

HEADER = struct.Struct("!IQ")
MAX_TEXT = 8 * 2**20
MAX_BINARY = 64 * 2**20
MAX_DEPTH = 40
MAX_PARTS = 300_000

BIT_GENERATORS = ("PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64")
TORCH_TYPES = (
    "float16", "bfloat16", "float32", "float64", "complex64", "complex128",
    "uint8", "int8", "int16", "int32", "int64", "bool",
)  # fmt: skip


class WireError(Exception):
    """What arrived is not a message, or breaks a cap."""


class Unsendable(TypeError):
    """A value that cannot cross; the text says why and is fit for a student's eyes."""


# --- frames -----------------------------------------------------------------------------------------------------------


def pack(message, blobs=()):
    """Frame of a message.

    Parameters
    ----------
    message : dict
        JSON values only.
    blobs : list of bytes
        Binary parts, to which the message refers by number.

    Returns
    -------
    bytes

    Raises
    ------
    Unsendable
        If a cap is exceeded.
    """
    text = json.dumps(message | {"blobs": [len(blob) for blob in blobs]}, separators=(",", ":")).encode()
    binary = b"".join(blobs)
    if len(text) > MAX_TEXT or len(binary) > MAX_BINARY:
        raise Unsendable(
            f"a value of {(len(text) + len(binary)) / 2**20:.0f} MB is too large: at most {MAX_TEXT // 2**20} MB of "
            f"numbers and text and {MAX_BINARY // 2**20} MB of arrays can cross between your code and the tests"
        )
    return HEADER.pack(len(text), len(binary)) + text + binary


def body_sizes(header):
    """Lengths of text and binary part, from a frame's first bytes."""
    text, binary = HEADER.unpack(header)
    if text > MAX_TEXT or binary > MAX_BINARY:
        raise WireError("a message is larger than allowed")
    return text, binary


def unpack(text, binary):
    """Message and blobs from the two parts of a frame.

    Raises
    ------
    WireError
        If the text is not JSON of the right form.
    """
    try:
        message = json.loads(text)
    except (ValueError, RecursionError) as problem:
        raise WireError(f"a message is not JSON: {type(problem).__name__}") from None
    if not isinstance(message, dict):
        raise WireError("a message is not an object")
    sizes = message.pop("blobs", None)
    if not isinstance(sizes, list) or not all(type(size) is int and size >= 0 for size in sizes):
        raise WireError("a message does not say what its binary part holds")
    if sum(sizes) != len(binary):
        raise WireError("the binary part of a message has another length than announced")
    view, blobs, start = memoryview(binary), [], 0
    for size in sizes:
        blobs.append(view[start : start + size])
        start += size
    return message, blobs


# --- values -----------------------------------------------------------------------------------------------------------


class Codec:
    """Writes values into messages and reads them back.

    The two sides differ only in what they do with objects that are not data; subclasses say so.
    """

    def refer(self, value):
        """JSON reference to an object that stays on this side; raise `Unsendable` when it must not be referred to."""
        raise Unsendable(f"a value of type {type(value).__name__} cannot cross")

    def resolve(self, node):
        """Object for a reference that arrived."""
        raise WireError("a reference is not expected here")

    def sent_tensor(self, tensor):
        """What to note beside a tensor that is sent: a dict, merged into its node."""
        return {}

    def received_tensor(self, tensor, node):
        """Last word on a tensor that arrived."""
        return tensor

    # -- writing --

    def encode(self, value, blobs, depth=0):
        """JSON form of a value; array contents are appended to `blobs`.

        Raises
        ------
        Unsendable
        """
        if depth > MAX_DEPTH:
            raise Unsendable(f"a value is nested more than {MAX_DEPTH} levels deep")
        kind = type(value)
        if value is None or kind is bool or kind is str or kind is float:
            return value
        if kind is int:
            return value if -(2**63) <= value < 2**63 else {"t": "int", "v": hex(value)}
        if kind is list:
            return [self.encode(item, blobs, depth + 1) for item in value]
        if kind is np.ndarray and value.dtype.kind in "biufcUSMm":
            return {"t": "array"} | self._bytes_of(value, blobs)
        if isinstance(value, np.generic) and value.dtype.kind in "biufcUSMm":
            return {"t": "scalar"} | self._bytes_of(np.asarray(value), blobs)
        if isinstance(value, (bool, str, int, float, list)):  # subclasses carry behaviour: the plain part crosses
            base = next(base for base in (bool, str, int, float, list) if isinstance(value, base))
            return self.encode(base(value), blobs, depth)
        if isinstance(value, (tuple, set, frozenset)):
            tag = "tuple" if isinstance(value, tuple) else "frozenset" if isinstance(value, frozenset) else "set"
            return {"t": tag, "v": [self.encode(item, blobs, depth + 1) for item in value]}
        if isinstance(value, dict):
            items = [[self.encode(part, blobs, depth + 1) for part in item] for item in value.items()]
            return {"t": "dict", "v": items}
        if isinstance(value, complex):
            return {"t": "complex", "v": [value.real, value.imag]}
        if isinstance(value, (bytes, bytearray)):
            blobs.append(bytes(value))
            return {"t": "bytes", "b": len(blobs) - 1}
        if value is Ellipsis:
            return {"t": "ellipsis"}
        if isinstance(value, slice):
            parts = [self.encode(part, blobs, depth + 1) for part in (value.start, value.stop, value.step)]
            return {"t": "slice", "v": parts}
        if isinstance(value, range):
            return {"t": "range", "v": [value.start, value.stop, value.step]}
        if isinstance(value, (np.random.Generator, np.random.RandomState, random.Random)):
            return self._encode_generator(value, blobs, depth)
        torch = sys.modules.get("torch")
        if torch is not None:
            if kind is torch.Tensor or kind is torch.nn.Parameter:
                return self._encode_tensor(torch, value, blobs)
            if kind is torch.Generator:
                node = {"t": "torch-generator", "v": self.encode(value.get_state().numpy(), blobs, depth + 1)}
                torch.rand(1, generator=value)  # see _encode_generator
                return node
            if kind is torch.dtype:
                return {"t": "torch-dtype", "v": str(value).removeprefix("torch.")}
            if kind is torch.Size:
                return self.encode(tuple(value), blobs, depth)
        if isinstance(value, np.dtype) and value.kind in "biufcUSMm":
            return {"t": "dtype", "v": value.str}
        return self.refer(value)

    @staticmethod
    def _bytes_of(array, blobs):
        blobs.append(array.tobytes())
        return {"d": array.dtype.str, "s": list(array.shape), "b": len(blobs) - 1}

    def _encode_generator(self, generator, blobs, depth):
        """State of a random generator.

        The copy on the other side starts where this one stands. This one then moves on by itself: it must not hand out
        the same numbers twice, and what the other side says about its copy is not to be trusted.
        """
        if isinstance(generator, random.Random):
            node = {"t": "random", "v": self.encode(generator.getstate(), blobs, depth + 1)}
            generator.getrandbits(64)
            return node
        legacy = isinstance(generator, np.random.RandomState)
        bits = generator._bit_generator if legacy else generator.bit_generator
        kind = type(bits).__name__
        if kind not in BIT_GENERATORS:
            raise Unsendable(f"a random generator of kind {kind} cannot cross")
        tag = "random-state" if legacy else "generator"
        node = {"t": tag, "k": kind, "v": self.encode(bits.state, blobs, depth + 1)}
        bits.random_raw()
        return node

    def _encode_tensor(self, torch, tensor, blobs):
        name = str(tensor.dtype).removeprefix("torch.")
        if tensor.layout is not torch.strided or tensor.device.type != "cpu" or name not in TORCH_TYPES:
            raise Unsendable(f"a tensor with layout {tensor.layout}, device {tensor.device}, {name} cannot cross")
        plain = tensor.detach().resolve_conj().resolve_neg().contiguous()
        if name == "bfloat16":  # NumPy has no such type
            plain = plain.view(torch.int16)
        blobs.append(plain.numpy().tobytes())
        node = {"t": "tensor", "d": name, "s": list(tensor.shape), "b": len(blobs) - 1}
        if type(tensor) is torch.nn.Parameter:
            node["p"] = True
        if tensor.requires_grad:
            node["r"] = True
            if tensor.is_leaf and tensor.grad is not None:
                node["g"] = self._encode_tensor(torch, tensor.grad, blobs)
        return node | self.sent_tensor(tensor)

    # -- reading --

    def decode(self, node, blobs):
        """Value of a JSON form.

        Raises
        ------
        WireError
        """
        self._parts = 0
        try:
            return self._decode(node, blobs, 0)
        except WireError:
            raise
        except Exception as problem:  # whatever a malformed node upsets: the message is not valid
            raise WireError(f"a value is malformed: {type(problem).__name__}") from None

    def _decode(self, node, blobs, depth):
        self._parts += 1
        if self._parts > MAX_PARTS:
            raise WireError("a value has too many parts")
        if depth > MAX_DEPTH:
            raise WireError("a value is nested too deep")
        if isinstance(node, str):
            return clean_text(node)
        if isinstance(node, list):
            return [self._decode(item, blobs, depth + 1) for item in node]
        if not isinstance(node, dict):
            return node
        tag = node.get("t")
        if tag == "array":
            return self._array(node, blobs).copy()
        if tag == "scalar":
            return self._array(node, blobs)[()]
        if tag == "tensor":
            return self._decode_tensor(node, blobs)
        if tag in ("tuple", "set", "frozenset"):
            items = (self._decode(item, blobs, depth + 1) for item in _list(node["v"]))
            return {"tuple": tuple, "set": set, "frozenset": frozenset}[tag](items)
        if tag == "dict":
            pairs = (_list(pair, 2) for pair in _list(node["v"]))
            return {self._decode(k, blobs, depth + 1): self._decode(v, blobs, depth + 1) for k, v in pairs}
        if tag == "int":
            return int(node["v"], 16)
        if tag == "complex":
            return complex(*_list(node["v"], 2))
        if tag == "bytes":
            return bytes(blobs[_index(node["b"], blobs)])
        if tag == "ellipsis":
            return ...
        if tag == "slice":
            return slice(*(self._decode(part, blobs, depth + 1) for part in _list(node["v"], 3)))
        if tag == "range":
            return range(*_list(node["v"], 3))
        if tag in ("generator", "random-state"):
            return self._decode_generator(node, blobs, depth)
        if tag == "random":
            generator = random.Random()
            generator.setstate(self._decode(node["v"], blobs, depth + 1))
            return generator
        if tag == "dtype":
            return _dtype(node["v"])
        if tag in ("torch-generator", "torch-dtype"):
            import torch

            if tag == "torch-dtype":
                return getattr(torch, _one_of(node["v"], TORCH_TYPES))
            generator = torch.Generator()
            generator.set_state(torch.from_numpy(self._decode(node["v"], blobs, depth + 1)))
            return generator
        return self.resolve(node)

    @staticmethod
    def _array(node, blobs):
        dtype, shape = _dtype(node["d"]), _shape(node["s"])
        blob = blobs[_index(node["b"], blobs)]
        if math.prod(shape) * dtype.itemsize != len(blob):
            raise WireError("an array's content does not fit its shape")
        return np.frombuffer(blob, dtype=dtype).reshape(shape) if len(blob) else np.empty(shape, dtype)

    def _decode_tensor(self, node, blobs):
        import torch

        dtype = getattr(torch, _one_of(node["d"], TORCH_TYPES))
        shape = _shape(node["s"])
        blob = blobs[_index(node["b"], blobs)]
        if math.prod(shape) * dtype.itemsize != len(blob):
            raise WireError("a tensor's content does not fit its shape")
        tensor = torch.frombuffer(bytearray(blob), dtype=dtype) if len(blob) else torch.empty(0, dtype=dtype)
        tensor = tensor.reshape(shape)
        if node.get("p"):
            tensor = torch.nn.Parameter(tensor, requires_grad=False)
        if node.get("r"):
            tensor.requires_grad_(True)
            if node.get("g") is not None:
                tensor.grad = self._decode_tensor({**node["g"], "r": False}, blobs)
        return self.received_tensor(tensor, node)

    def _decode_generator(self, node, blobs, depth):
        kind = getattr(np.random, _one_of(node["k"], BIT_GENERATORS))
        bits = kind(0)
        bits.state = self._decode(node["v"], blobs, depth + 1)
        return np.random.Generator(bits) if node["t"] == "generator" else np.random.RandomState(bits)


def clean_text(text):
    """Text without lone surrogates, which no file can hold."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _dtype(text):
    if not isinstance(text, str) or len(text) > 24:
        raise WireError("a dtype is malformed")
    dtype = np.dtype(text)
    if dtype.kind not in "biufcUSMm" or dtype.names is not None or dtype.subdtype is not None:
        raise WireError("a dtype is not allowed")
    return dtype


def _shape(sizes):
    sizes = _list(sizes)
    if len(sizes) > 32 or not all(type(size) is int and 0 <= size < 2**40 for size in sizes):
        raise WireError("a shape is malformed")
    return tuple(sizes)


def _list(value, length=None):
    if not isinstance(value, list) or (length is not None and len(value) != length):
        raise WireError("a list is expected")
    return value


def _index(value, blobs):
    if type(value) is not int or not 0 <= value < len(blobs):
        raise WireError("a binary part is missing")
    return value


def _one_of(value, allowed):
    if value not in allowed:
        raise WireError("a name is not allowed")
    return value
