"""The other programs: each is called in the way that suits it best.

In: lists and queries. Out: contestants. A program that is not installed is left out and named.
"""

from __future__ import annotations

import bisect
import collections
import importlib
import socket
from collections.abc import Callable, Iterable, Sequence
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import data
from benchmarks.timing import Contestant
from sim.addresses.sets.intervals import IntervalSet

MISSING: set[str] = set()

# Contestants that answer one address a call.
PER_ITEM = (
    "pyroaring.BitMap",
    "pyroaring.BitMap64",
    "pytricia (text, frozen)",
    "pytricia (integers, frozen)",
    "py-radix (packed)",
    "pysubnettree (packed)",
    "bisect on the bounds",
)


class Lists:
    """Generated data in every form a program may want, made once."""

    def __init__(self, n_prefixes: int, n_queries: int) -> None:
        self.address, self.length = data.prefixes(n_prefixes)
        self.text = data.text(self.address, self.length)
        self.lines = self.text.decode().splitlines()
        self.addresses = data.as_set(self.address, self.length)
        self.queries = data.hosts(self.address, self.length, n_queries)
        self.numbers = self.queries.tolist()
        self.packed = [number.to_bytes(4, "big") for number in self.numbers]
        self.texts = [socket.inet_ntoa(packed) for packed in self.packed]


def peer(
    module: str, name: str, make: Callable[[Any], Callable[[], object]], **limits: Any
) -> list[Contestant]:
    """One contestant made from its module, or none if that is not installed."""
    if find_spec(module) is None:
        MISSING.add(module)
        return []
    return [Contestant(name, make(importlib.import_module(module)), **limits)]


def exhaust(items: Iterable[object]) -> None:
    """Make all items and keep none."""
    collections.deque(items, maxlen=0)


def bitmaps(use: Callable[[Any], Callable[[], object]], *sets: IntervalSet) -> list[Contestant]:
    """Contestants of pyroaring; ``use`` gets a bitmap of each set."""

    def make(kind: str) -> Callable[[Any], Callable[[], object]]:
        return lambda module: use(*(as_bitmap(getattr(module, kind)(), each) for each in sets))

    return [
        contestant
        for kind in ("BitMap", "BitMap64")
        for contestant in peer("pyroaring", f"pyroaring.{kind}", make(kind))
    ]


def as_bitmap(bitmap: Any, addresses: IntervalSet) -> Any:
    """Fill a bitmap with a set."""
    for start, stop in zip(addresses.start.tolist(), addresses.stop.tolist(), strict=True):
        bitmap.add_range(start, stop)
    return bitmap


def matchers(lines: Sequence[str], texts: Sequence[str], numbers: Sequence[int],
             packed: Sequence[bytes]) -> list[Contestant]:  # fmt: skip
    """Contestants that find the longest prefix of one address a call, and count those found."""

    def pytricia(queries: Sequence[object]) -> Callable[[Any], Callable[[], object]]:
        def make(module: Any) -> Callable[[], object]:
            get = as_pytricia(module, lines).get
            return lambda: sum(row is not None for row in map(get, queries))

        return make

    def radix(module: Any) -> Callable[[], object]:
        best = as_radix(module, lines).search_best
        return lambda: sum(best(packed=each) is not None for each in packed)

    def subnets(module: Any) -> Callable[[], object]:
        tree = as_subnet_tree(module, lines)
        return lambda: sum(each in tree for each in packed)

    found = peer("pytricia", "pytricia (text, frozen)", pytricia(texts), rounds=5)
    if numbers:
        found += peer("pytricia", "pytricia (integers, frozen)", pytricia(numbers), rounds=5)
    found += peer("radix", "py-radix (packed)", radix, rounds=3)
    if numbers:
        found += peer("SubnetTree", "pysubnettree (packed)", subnets, rounds=3)
    return found


def as_pytricia(module: Any, lines: Sequence[str]) -> Any:
    """Build a frozen tree of either family."""
    is_v6 = ":" in lines[0]
    tree = module.PyTricia(128, socket.AF_INET6) if is_v6 else module.PyTricia(32)
    for row, line in enumerate(lines):
        tree.insert(line, row)
    tree.freeze()
    return tree


def as_radix(module: Any, lines: Sequence[str]) -> Any:
    """Build a tree of py-radix."""
    tree = module.Radix()
    for line in lines:
        tree.add(line)
    return tree


def as_subnet_tree(module: Any, lines: Sequence[str]) -> Any:
    """Build a tree of pysubnettree that takes packed addresses."""
    tree = module.SubnetTree()
    for row, line in enumerate(lines):
        tree.insert(line, row)
    tree.set_binary_lookup_mode(True)
    return tree


def bisection(addresses: IntervalSet, numbers: Sequence[int]) -> Contestant:
    """The standard library: a place among the bounds is odd inside the set."""
    bounds = np.stack((addresses.start, addresses.stop), axis=1).reshape(-1).tolist()
    place = bisect.bisect_right
    return Contestant(
        "bisect on the bounds",
        lambda: sum(place(bounds, number) & 1 for number in numbers),
        rounds=5,
    )


def joins(addresses: IntervalSet, queries: NDArray[np.int64]) -> list[Contestant]:
    """The joins of two dataframe engines."""

    def polars(module: Any) -> Callable[[], object]:
        left = module.DataFrame({"a": queries})
        right = module.DataFrame({"start": addresses.start, "stop": addresses.stop})

        def asof() -> int:
            joined = left.sort("a").join_asof(right, left_on="a", right_on="start")
            return int((joined["a"] < joined["stop"]).sum())

        return asof

    def duckdb(module: Any) -> Callable[[], object]:
        connection = module.connect()
        columns = {
            "q": {"a": queries},
            "s": {"start": addresses.start, "stop": addresses.stop},
        }
        for name, each in columns.items():
            connection.register(f"{name}_view", each)
            connection.execute(f"create table {name} as select * from {name}_view")
        query = "select count(*) from q asof join s on q.a >= s.start where q.a < s.stop"
        return lambda: int(connection.execute(query).fetchone()[0])

    return [
        *peer("polars", "polars join_asof", polars, rounds=5),
        *peer("duckdb", "duckdb asof join", duckdb, rounds=5),
    ]
