"""Sealed messages open for their answer and for nothing else; grids accept every correct rounding and little more."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from utils.sealed import Grid, seal, three_digit_width, unseal

numbers = st.one_of(
    st.floats(min_value=1e-6, max_value=1e9), st.floats(min_value=-1e9, max_value=-1e-6), st.just(0.0), st.just(1.0)
)


@given(numbers)
def test_every_rounding_at_three_digits_is_accepted(value):
    grid = Grid.around(value)
    assert grid.same_cell(value, value)
    assert grid.same_cell(value, float(f"{value:.2e}"))
    assert grid.same_cell(value, float(f"{value:.5e}"))


@given(numbers)
def test_nothing_far_is_accepted(value):
    grid = Grid.around(value)
    for direction in (-1, 1):
        assert not grid.same_cell(value, value + direction * 0.55 * grid.width)


@given(st.floats(min_value=1e-6, max_value=1e9))
def test_the_width_is_one_unit_of_the_third_digit(value):
    unit = 10.0 ** (math.floor(math.log10(value)) - 2)
    assert three_digit_width(value) == pytest.approx(1.02 * unit)


def test_the_phase_tells_nothing_of_the_leading_digits():
    """Numbers that differ by whole widths have the same grid."""
    first = Grid.around(0.8175744762)
    second = Grid.around(0.8175744762 - 300 * first.width)
    assert (first.width, first.phase) == pytest.approx((second.width, second.phase), rel=1e-6)


def test_a_message_opens_for_its_answer_alone():
    sealed = seal("0.3/answer", {"A": {"text": "first"}, "B": {"text": "a much longer second message"}})
    assert unseal(sealed, "A") == {"text": "first"}
    assert unseal(sealed, "B") == {"text": "a much longer second message"}
    assert unseal(sealed, "C") is None
    assert unseal(sealed | {"salt": "other"}, "A") is None


def test_boxes_show_neither_text_nor_length_nor_order():
    messages = {letter: {"right": letter == "C", "text": "x" * ord(letter)} for letter in "ABCD"}
    sealed = seal("salt", messages)
    assert len({len(box) for box in sealed["boxes"].values()}) == 1
    assert list(sealed["boxes"]) == sorted(sealed["boxes"])
    assert "xxxx" not in str(sealed)
    assert seal("salt", messages) == sealed  # the release must be reproducible to the byte
