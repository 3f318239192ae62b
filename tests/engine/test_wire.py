"""The decoder takes what it knows and nothing else."""

import json
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.engine.boxed import wire

CODEC = wire.Codec()
LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(max_size=20)
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text() | st.integers(), inner, max_size=4)
    ),
    max_leaves=20,
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["t", "v", "d", "s", "b", "k", "id", "r", "g", "p", "x"]), inner, max_size=5)
    ),
    max_leaves=30,
)
TAGS = ("array scalar tensor tuple set frozenset dict int complex bytes ellipsis slice range generator random-state random "
        "dtype torch-generator torch-dtype mine yours").split()  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(VALUES)
def test_round_trip(value):
    blobs = []
    node = CODEC.encode(value, blobs)
    frame = wire.pack({"v": node}, blobs)
    text, binary = wire.body_sizes(frame[: wire.HEADER.size])
    start = wire.HEADER.size
    message, parts = wire.unpack(frame[start : start + text], frame[start + text :])
    expected = json.loads(json.dumps(value)) if isinstance(value, float) else value
    assert len(frame) == start + text + binary
    assert CODEC.decode(message["v"], parts) == _clean(expected)


def _clean(value):
    if isinstance(value, str):
        return wire.clean_text(value)
    if isinstance(value, (list, tuple)):
        return type(value)(_clean(item) for item in value)
    if isinstance(value, dict):
        return {_clean(k): _clean(v) for k, v in value.items()}
    return value


@settings(max_examples=500, deadline=None)
@given(JSON, st.lists(st.binary(max_size=16), max_size=3), st.sampled_from(TAGS))
def test_nonsense_is_refused_or_harmless(node, blobs, tag):
    if isinstance(node, dict):
        node = {**node, "t": tag}
    try:
        CODEC.decode(node, [memoryview(blob) for blob in blobs])
    except wire.WireError:
        pass


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=60))
def test_frames_of_noise_are_refused(noise):
    try:
        wire.unpack(noise, b"")
    except wire.WireError:
        pass


@pytest.mark.parametrize("sizes", [(2**32 - 1, 0), (0, 2**63), (wire.MAX_TEXT + 1, 0), (0, wire.MAX_BINARY + 1)])
def test_oversized_frames_are_refused_before_they_are_read(sizes):
    with pytest.raises(wire.WireError, match="larger"):
        wire.body_sizes(struct.pack("!IQ", *sizes))


def test_deep_text_is_refused():
    with pytest.raises(wire.WireError):
        wire.unpack(b"[" * 1_000_000, b"")
    node = None
    for _ in range(wire.MAX_DEPTH + 2):
        node = [node]
    with pytest.raises(wire.WireError, match="deep"):
        CODEC.decode(node, [])


@pytest.mark.parametrize(
    "node",
    [
        {"t": "array", "d": "|O", "s": [1], "b": 0}, {"t": "array", "d": "<f8,<i4", "s": [1], "b": 0},
        {"t": "array", "d": "<f8", "s": [2**60, 2**60], "b": 0}, {"t": "array", "d": "<f8", "s": [-1], "b": 0},
        {"t": "array", "d": "<f8", "s": [2], "b": 0}, {"t": "array", "d": "<f8", "s": [1], "b": 5},
        {"t": "tensor", "d": "os", "s": [1], "b": 0}, {"t": "generator", "k": "os", "v": None},
        {"t": "dict", "v": [[[], 1]]}, {"t": "dict", "v": [1]}, {"t": "torch-dtype", "v": "load"}, {"t": "mine", "id": 1},
        {"t": ["array"]}, {},
    ],
    ids=str,
)  # fmt: skip
def test_malformed_nodes_are_refused(node):
    with pytest.raises(wire.WireError):
        CODEC.decode(node, [memoryview(np.zeros(1).tobytes())])


def test_object_arrays_do_not_cross_as_data():
    with pytest.raises(wire.Unsendable):
        CODEC.encode(np.array([object()]), [])
