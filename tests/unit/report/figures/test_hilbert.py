"""The map's layout is xkcd 195's, pixel by pixel as a second construction has it; counts add up."""

from __future__ import annotations

import ipaddress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from sim.addresses.sets.intervals import IntervalSet
from sim.report.figures.hilbert import Window, counts, n_below, position, shares

# The legend of xkcd 195, "Map of the Internet" (2006): first octets, row by row from the top.
XKCD_195 = [[0, 1, 14, 15, 16, 19], [3, 2, 13, 12, 17, 18], [4, 7, 8, 11], [5, 6, 9, 10]]


def grid(order: int) -> NDArray[np.int64]:
    """The same curve from its definition: four smaller curves joined at their ends.

    The first is mirrored at its diagonal, the last at the other one, so that each begins beside the
    end of the one before. No table of states, no bits.
    """
    if order == 0:
        return np.zeros((1, 1), np.int64)
    part = grid(order - 1)
    n = part.size
    return np.block([[part.T, part[::-1, ::-1].T + 3 * n], [part + n, part + 2 * n]])


def test_the_corner_of_the_map_is_the_legend_of_xkcd_195() -> None:
    octets = Window(order=4).first_address >> 24
    for drawn, printed in zip(octets.tolist(), XKCD_195, strict=False):
        assert drawn[: len(printed)] == printed


def test_the_four_quarters_lie_as_in_ipv4_heatmap() -> None:
    assert (Window(order=1).first_address >> 24).tolist() == [[0, 192], [64, 128]]


@pytest.mark.parametrize("order", [0, 1, 2, 3, 7, 10])
def test_every_pixel_is_where_the_recursive_curve_has_it(order: int) -> None:
    expected = grid(order)
    assert np.array_equal(Window(order=order).first_address // 4 ** (16 - order), expected)
    x, y = position(expected.ravel(), order)
    assert np.array_equal(x.reshape(expected.shape), np.indices(expected.shape)[1])
    assert np.array_equal(y.reshape(expected.shape), np.indices(expected.shape)[0])


def test_the_second_construction_is_a_hilbert_curve() -> None:
    """Negative control of the check above: each step of the curve goes to a neighbour."""
    curve = grid(6)
    y, x = np.unravel_index(np.argsort(curve, axis=None), curve.shape)
    assert (np.abs(np.diff(x)) + np.abs(np.diff(y)) == 1).all()


@given(st.integers(0, 12), st.integers(0, 2**32 - 1))
def test_a_window_is_the_part_of_the_whole_map_over_its_prefix(length: int, anywhere: int) -> None:
    address = anywhere >> (32 - length) << (32 - length)
    window = Window(address, length, order=7)
    whole = grid(7) * 4**9
    rows, columns = np.nonzero((whole >= address) & (whole < address + 2 ** (32 - length)))
    part = whole[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    assert np.array_equal(window.first_address, part)
    assert window.corner == (columns.min(), rows.min())


def test_at_the_finest_order_a_pixel_is_one_address() -> None:
    window = Window(int(ipaddress.IPv4Address("52.16.0.0")), 20, order=16)
    assert window.n_addresses_of_pixel == 1
    hit = counts(IntervalSet.of("52.16.3.7", "52.16.15.255"), window)
    assert hit.sum() == 2
    for text in ("52.16.3.7", "52.16.15.255"):
        x, y = window.place([int(ipaddress.IPv4Address(text))])
        assert hit[y, x] == 1


ADDRESSES = st.one_of(st.integers(0, 2**32), st.sampled_from([0, 1, 2**31, 2**32 - 1, 2**32]))


@given(st.lists(st.tuples(ADDRESSES, ADDRESSES), max_size=6))
def test_pixels_count_what_they_hold(bounds: list[tuple[int, int]]) -> None:
    ordered = [sorted(pair) for pair in bounds]
    addresses = IntervalSet.from_bounds([a for a, _ in ordered], [b for _, b in ordered])
    window = Window(order=3)
    pixels = counts(addresses, window)
    size = window.n_addresses_of_pixel
    for count, first in zip(pixels.ravel(), window.first_address.ravel(), strict=True):
        pixel = IntervalSet.from_bounds([first], [first + size])
        assert count == addresses.intersection(pixel).n_addresses
    assert pixels.sum() == addresses.n_addresses
    assert np.array_equal(shares(addresses, window), pixels / size)


def test_counting_below_an_edge_takes_half_open_intervals() -> None:
    addresses = IntervalSet.of("0.0.0.2/31", "0.0.0.8/32")
    assert n_below(addresses, np.array([0, 2, 3, 4, 8, 9, 2**32])).tolist() == [0, 0, 1, 2, 2, 3, 3]
    assert n_below(IntervalSet.empty(), np.array([0, 2**32])).tolist() == [0, 0]


@pytest.mark.parametrize(
    ("address", "length", "order", "message"),
    [
        (0, 0, 17, "order in \\[0, 16\\]"),
        (0, 0, 13, "at most 16777216 pixels"),
        (1, 8, 10, "host bits"),
        (0, 33, 16, "an IPv4 prefix"),
        (2**32, 0, 4, "an IPv4 prefix"),
        (0, 24, 10, "order >= 12"),
    ],
)
def test_a_window_that_is_none_is_refused(
    address: int, length: int, order: int, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        Window(address, length, order)


def test_cells_beyond_the_curve_are_refused() -> None:
    with pytest.raises(ValueError, match="cells in \\[0, 16\\)"):
        position([16], 2)
