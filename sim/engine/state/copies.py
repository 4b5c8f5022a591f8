"""Values of one array written into another, in loops, and how arrays grow.

numba's own assignment of arrays takes some seconds to compile.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from numpy.typing import NDArray

from sim.engine.state.parts import part

Values: TypeAlias = NDArray[Any]


@part
def write_row(place: Values, row: Values) -> None:
    """Write a row of values into the first places of another."""
    for column in range(row.size):
        place[column] = row[column]


@part
def write_table(place: Values, table: Values) -> None:
    """Write rows of values into the first rows of another table, as wide or wider."""
    for row in range(table.shape[0]):
        for column in range(table.shape[1]):
            place[row, column] = table[row, column]


@part
def double(room: int) -> int:
    """Room of columns that grow: twice as much, so that it is seldom done."""
    return 2 * room
