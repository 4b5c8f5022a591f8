"""Columns in memory as a feed.

Messages count rows from 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sim.addresses.feeds.feed import Feed
from sim.addresses.feeds.gather import Gathering
from sim.addresses.feeds.inventories import Table
from sim.addresses.sets.blocks import format_prefixes
from sim.addresses.sets.intervals import IPV4_STOP
from sim.addresses.text.source import Limits
from sim.errors import DataError, Problem

FRAMES = ("pandas", "polars", "pyarrow")
"""Packages whose frames are taken; none of them is needed."""


def is_frame(value: object) -> bool:
    """Whether a value is a frame of pandas or polars, or a table of Arrow."""
    package = type(value).__module__.partition(".")[0]
    return package in FRAMES and type(value).__name__ in ("DataFrame", "Table")


def lists_of(frame: Any) -> dict[str, list[Any]]:
    """Columns of a frame as lists of plain values, by name."""
    package = type(frame).__module__.partition(".")[0]
    if package == "pandas":
        return {str(name): frame[name].tolist() for name in frame.columns}
    found: dict[str, list[Any]]
    found = frame.to_dict(as_series=False) if package == "polars" else frame.to_pydict()
    return found


def feed_of_columns(columns: Mapping[str, ArrayLike], name: str) -> Feed:
    """Return columns as a feed.

    Parameters
    ----------
    columns
        Equally long, or a frame. Addresses are text, or IPv4 addresses as integers; None, NaN and
        empty text are not known.
    name
        What to call them in messages.

    Raises
    ------
    DataError
        With every value that cannot be read, or if the columns differ in length.
    """
    gathering = Gathering(name, skip_bad=False, limits=Limits())
    if is_frame(columns):
        columns = lists_of(columns)
    arrays = {column: np.asarray(values) for column, values in columns.items()}
    sizes = {values.shape for values in arrays.values()}
    if len(sizes) != 1 or len(next(iter(sizes))) != 1:
        got = ", ".join(f"{column} {values.shape}" for column, values in arrays.items())
        message = f"expected one-dimensional columns of one length, got {got}"
        raise DataError([Problem(name, message)])
    line = np.arange(1, next(iter(arrays.values())).size + 1, dtype=np.int64)
    gathering.n_lines = line.size
    table = Table(gathering, needs_address=True)
    table.choose(dict.fromkeys(arrays, ()))
    cells = {column: _texts(values) for column, values in arrays.items()}
    address = arrays[table.chosen["address"]]
    if np.issubdtype(address.dtype, np.integer):
        for row in np.flatnonzero((address < 0) | (address >= IPV4_STOP)).tolist():
            message = f"expected an IPv4 address in [0, 2**32), got {address[row]}"
            gathering.refuse(message, row + 1)
        number = np.clip(address, 0, IPV4_STOP - 1).astype(np.int64)
        cells[table.chosen["address"]] = format_prefixes(number, np.full(number.size, 32))
    table.add(cells, line)
    return table.finish("columns")


def feed_of_addresses(values: ArrayLike, name: str) -> Feed:
    """Return addresses as a feed; parameters as for `feed_of_columns`.

    Raises
    ------
    DataError
        With every value that cannot be read, or if no row of any holds an address.
    """
    feed = feed_of_columns({"prefix": values}, name)
    if feed.n_records and not len(feed.v4) + len(feed.v6):
        message = f"expected at least one address, got none in {feed.n_records:,} rows"
        raise DataError([Problem(name, message)])
    return feed


def _texts(values: NDArray[np.generic]) -> Sequence[str]:
    """Values as text; what is missing is empty."""
    if values.dtype.kind in "US":
        return [str(value) for value in values.tolist()]
    return ["" if value is None or value != value else str(value) for value in values.tolist()]
