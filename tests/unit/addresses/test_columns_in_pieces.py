"""Columns that come in pieces: grown, joined."""

import numpy as np
import pytest

from sim.addresses.text.entries import Entries4, Growing


def rows(numbers):
    return Entries4(np.zeros(len(numbers), np.int64), np.ones(len(numbers), np.int64), numbers)


@pytest.mark.parametrize(
    ("parts", "is_range"),
    [
        ([range(1, 4), range(4, 6)], True),
        ([range(1, 4), range(4, 4), range(4, 6)], True),
        ([range(1, 4), range(9, 9), range(4, 6)], True),
        ([range(1, 4), np.empty(0, np.int64), range(4, 6)], True),
        ([range(1, 4), range(5, 6)], False),
        ([range(4, 6), range(1, 4)], False),
        ([range(1, 4), np.array([4, 5])], False),
        ([np.array([1, 7]), range(8, 9)], False),
        ([range(1, 1), range(3, 3)], False),
    ],
)
def test_line_numbers_stay_a_range_while_no_line_is_left_out(parts, is_range):
    whole = Entries4.concatenate([rows(part) for part in parts])
    assert isinstance(whole.numbers, range) == is_range
    assert whole.line.dtype == np.int64
    assert whole.line.tolist() == [number for part in parts for number in part]
    assert not whole.line.flags.writeable


@pytest.mark.parametrize("dtype", [np.int64, np.int32, np.uint8, np.float64])
def test_a_growing_column_is_its_pieces_one_after_the_other(dtype):
    rng = np.random.default_rng(3)
    pieces = [rng.integers(0, 200, n).astype(dtype) for n in (0, 3, 5_000, 0, 1, 60_000, 2)]
    column = Growing(dtype)
    for piece in pieces:
        column.append(piece)
    assert len(column) == 65_006
    whole = column.finish()
    assert whole.dtype == dtype
    assert np.array_equal(whole, np.concatenate(pieces))
    assert len(column) == 0
    assert column.finish().dtype == dtype
