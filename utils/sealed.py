"""Messages that only a given answer opens.

A released course must recognise right answers and well-known slips, yet hold neither in clear text. So each message is
sealed with its answer: the answer is brought to a canonical form (a number to the cell of a grid, a letter to upper
case), a slow salted hash (scrypt, RFC 7914) of that form gives a tag and a key, the tag finds the message and the key
opens it. Whoever has the answer can read; whoever has only the file must guess, at about six milliseconds a guess.
An answer of three digits can be guessed in the end, by this file or by calling `check` a thousand times: sealing
keeps honest eyes from seeing it, and the grade never rests on it.
"""

import functools
import hashlib
import json
import math

_SCRYPT = {"n": 2**11, "r": 8, "p": 1, "dklen": 48}


def three_digit_width(value):
    """Width of the interval of numbers that round to `value` at three significant digits.

    Two per cent wider than one unit of the third digit, so that each correct rounding lies inside even where the grid's
    origin (stored with two digits) is a little off. Zero gets the width of a number near 0.1.
    """
    exponent = math.floor(math.log10(abs(value))) if value else -1
    return 1.02 * 10.0 ** (exponent - 2)


class Grid:
    """Cells of equal width on the number line, one of them centred on a chosen number.

    Parameters
    ----------
    width : float
        Width of a cell.
    phase : float
        Left edge of the cell that holds 0 <= x < width; known to hundredths of a width, so it says nothing about the
        leading digits of the number in whose cell's middle it was derived.
    """

    def __init__(self, width, phase):
        self.width = width
        self.phase = phase

    @classmethod
    def around(cls, value, width=None):
        """Grid with one cell centred on `value`, of the width of rounding at three digits unless given."""
        width = three_digit_width(value) if width is None else width
        phase = (value - width / 2) % width
        return cls(width, round(phase / width, 2) * width)

    def cell(self, value):
        """Index of the cell that holds `value`."""
        return math.floor((value - self.phase) / self.width)

    def same_cell(self, a, b):
        """Whether two numbers lie in one cell."""
        return self.cell(a) == self.cell(b)


def three_digits(value):
    """Canonical text of a number: rounded to three significant digits, such as ``"8.18e-01"``; 0 has no sign."""
    return f"{value + 0.0:.2e}"


@functools.lru_cache(maxsize=4096)  # a class gives the same few answers again and again
def _tag_and_key(salt, canonical):
    raw = hashlib.scrypt(canonical.encode(), salt=salt.encode(), **_SCRYPT)
    return raw[:12].hex(), raw[16:]


def _mask(key, data):
    stream = hashlib.shake_256(key).digest(len(data))
    return bytes(a ^ b for a, b in zip(data, stream, strict=True))


def seal(salt, messages):
    """Seal messages, each with its canonical answer.

    Parameters
    ----------
    salt : str
        Distinct for every question of the course.
    messages : dict of str to JSON value
        From canonical answer to what it opens.

    Returns
    -------
    dict
        ``{"salt": salt, "boxes": {tag: ciphertext}}``, sorted by tag so that the order tells nothing.
    """
    longest = max(len(json.dumps(message)) for message in messages.values())
    boxes = {}
    for canonical, message in messages.items():
        tag, key = _tag_and_key(salt, canonical)
        boxes[tag] = _mask(key, json.dumps(message).ljust(longest).encode()).hex()
    return {"salt": salt, "boxes": dict(sorted(boxes.items()))}


def unseal(sealed, canonical):
    """Open the message that belongs to an answer.

    Parameters
    ----------
    sealed : dict
        What `seal` returned.
    canonical : str
        The answer in canonical form.

    Returns
    -------
    JSON value or None
        None when the answer opens nothing.
    """
    tag, key = _tag_and_key(sealed["salt"], canonical)
    box = sealed["boxes"].get(tag)
    return None if box is None else json.loads(_mask(key, bytes.fromhex(box)))


def hide(message):
    """Hide a message that many boxes share, so that each need hold no more than its key.

    The key is drawn from the message itself: who knows the message needs no key, and equal releases have equal bytes.

    Parameters
    ----------
    message : JSON value

    Returns
    -------
    key, hidden : str
        Sixteen hexadecimal digits, and the ciphertext.
    """
    data = json.dumps(message).encode()
    key = hashlib.shake_256(b"key of " + data).hexdigest(8)
    return key, _mask(key.encode(), data).hex()


def reveal(hidden, key):
    """Read a hidden message.

    Parameters
    ----------
    hidden, key : str
        As `hide` made them.

    Returns
    -------
    JSON value
    """
    return json.loads(_mask(key.encode(), bytes.fromhex(hidden)))


def stamp(salt, text):
    """Slow salted hash of a text, to tell whether what was generated from it is still fresh.

    Parameters
    ----------
    salt, text : str

    Returns
    -------
    str
    """
    return hashlib.scrypt(text.encode(), salt=salt.encode(), **_SCRYPT).hex()[:32]
