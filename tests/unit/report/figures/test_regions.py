"""Outlines enclose what they should, and names stand inside their region."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from sim.report.figures.regions import name_places, outline


def edges_of(inside: NDArray[np.bool_]) -> set[tuple[int, int, int, int]]:
    """Unit edges between inside and outside, pixel by pixel."""
    found = set()
    n_rows, n_columns = inside.shape

    def is_in(row: int, column: int) -> bool:
        return 0 <= row < n_rows and 0 <= column < n_columns and bool(inside[row, column])

    for row in range(-1, n_rows):
        for column in range(-1, n_columns):
            if is_in(row, column) != is_in(row + 1, column):
                found.add((column, row + 1, column + 1, row + 1))
            if is_in(row, column) != is_in(row, column + 1):
                found.add((column + 1, row, column + 1, row + 1))
    return found


@given(st.integers(1, 6), st.integers(1, 6), st.data())
def test_the_outline_is_every_edge_between_inside_and_outside(
    n_rows: int, n_columns: int, data: st.DataObject
) -> None:
    cells = data.draw(
        st.lists(st.booleans(), min_size=n_rows * n_columns, max_size=n_rows * n_columns)
    )
    inside = np.array(cells, bool).reshape(n_rows, n_columns)
    units = []
    for (x0, y0), (x1, y1) in outline(inside).astype(int).tolist():
        assert (x0 == x1) != (y0 == y1)
        n = abs(x1 - x0) + abs(y1 - y0)
        dx, dy = (x1 - x0) // n, (y1 - y0) // n
        units += [
            (x0 + k * dx, y0 + k * dy, x0 + (k + 1) * dx, y0 + (k + 1) * dy) for k in range(n)
        ]
    assert len(units) == len(set(units))
    assert set(units) == edges_of(inside)


def test_a_rectangle_has_four_lines_and_its_name_in_the_middle() -> None:
    inside = np.zeros((10, 12), bool)
    inside[2:7, 3:10] = True
    assert len(outline(inside)) == 4
    ((x, y, n_pixels),) = name_places(inside, least_pixels=4)
    assert (x, y, n_pixels) == (6.5, 4.5, 35)


def test_a_name_stands_inside_a_hollow_part_and_small_parts_have_none() -> None:
    ring = np.ones((9, 9), bool)
    ring[2:7, 2:7] = False
    ring[4, 4] = True
    places = name_places(ring, least_pixels=2)
    assert len(places) == 1
    x, y, n_pixels = places[0]
    assert ring[int(y), int(x)]
    assert n_pixels == 81 - 25
    assert name_places(np.zeros((3, 3), bool), 1) == []
