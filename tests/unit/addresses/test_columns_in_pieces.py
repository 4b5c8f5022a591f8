"""Columns that come in pieces: written in place, grown, joined."""

import numpy as np
import pytest

from sim.addresses.feeds.coding import Growing
from sim.addresses.text import entries
from sim.addresses.text.cuts import Block
from sim.addresses.text.entries import Entries4, Room, joined


def block(n_lines, n_bytes):
    return Block(b"1" * n_bytes, 1, n_lines)


def test_pieces_that_follow_each_other_are_joined_without_a_copy():
    whole = np.arange(20)
    parts = [whole[2:5], whole[5:5], whole[5:11]]
    assert joined(parts).tolist() == list(range(2, 11))
    assert np.shares_memory(joined(parts), whole)


@pytest.mark.parametrize(
    "cuts",
    [
        [slice(0, 3), slice(4, 6)],
        [slice(3, 6), slice(0, 3)],
        [slice(0, 3), slice(0, 3)],
        [slice(0, 4, 2), slice(2, 4)],
        [slice(0, 4, 2), slice(4, 8, 2)],
        [slice(3, 0, -1), slice(4, 6)],
    ],
)
def test_other_pieces_are_copied_together(cuts):
    whole = np.arange(20)
    parts = [whole[cut] for cut in cuts]
    expected = [number for cut in cuts for number in list(range(20))[cut]]
    assert joined(parts).tolist() == expected
    assert joined([part.copy() for part in parts]).tolist() == expected
    strided = np.arange(40)[::2]
    assert joined([strided[0:2], strided[2:4]]).tolist() == [0, 2, 4, 6]
    assert joined([np.arange(4)[:2], np.arange(4)[2:]]).tolist() == [0, 1, 2, 3]


def test_columns_of_one_dtype_seen_as_another_are_copied():
    whole = np.arange(8, dtype=np.int32)
    assert joined([whole.view(np.int64)[:1], whole.view(np.int64)[1:3]]).size == 3
    assert joined([whole.view(np.int64)[:1], whole[2:4]]).tolist() == [1 << 32, 2, 3]


@pytest.mark.parametrize("n_bytes", [0, 30_000_000])
@pytest.mark.parametrize("n_rows", [1, 7, 40_000])
def test_rooms_give_each_block_rows_of_its_own(n_bytes, n_rows):
    room = Room(n_bytes)
    pieces = [room.take(block(n_rows, 15 * n_rows)) for _ in range(50)]
    for turn, piece in enumerate(pieces):
        assert piece is not None
        for column, values in enumerate(piece):
            assert values.size == n_rows
            values[:] = 2 * turn + column
    for turn, piece in enumerate(pieces):
        for column, values in enumerate(piece):
            assert np.all(values == 2 * turn + column)


def test_a_room_of_known_size_is_one_piece_of_memory():
    n_blocks, n_rows = 20, 20_000
    room = Room(n_blocks * n_rows * 15)
    pieces = [room.take(block(n_rows, n_rows * 15)) for _ in range(n_blocks)]
    for column in range(2):
        whole = joined([piece[column] for piece in pieces])
        assert whole.size == n_blocks * n_rows
        assert np.shares_memory(whole, pieces[-1][column])
    assert pieces[0][0].__array_interface__["data"][0] % 2**21 == 0


def test_a_room_is_no_larger_than_the_text_can_need(monkeypatch):
    made = []

    def columns(n_rows):
        made.append(n_rows)
        return tuple(np.empty(n_rows, np.int64) for _ in range(2))

    monkeypatch.setattr(entries, "_allocate", columns)
    room = Room(10**6)
    made.clear()
    # Lines too short to be addresses get no rows, so that blank lines cost nothing.
    assert room.take(block(1_000, 1_000)) is None
    assert made == []
    assert room.take(block(1_000, 8_000)) is not None
    assert made[0] <= 1_000 + 10**6 / 8 * 17 / 16
    monkeypatch.setattr(entries, "_MOST_ROWS", 10)
    Room(10**9).take(block(1_000, 8_000))
    assert made[-1] == 1_010


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
