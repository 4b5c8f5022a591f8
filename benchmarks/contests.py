"""The questions, and who answers them.

In: sizes. Out: contests between the two ways of `sim.addresses` and the peers that are installed;
a peer that is not installed is left out and named.
"""

from __future__ import annotations

import bisect
import io
import ipaddress
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from benchmarks import data
from benchmarks.timing import Contest, Contestant
from sim.addresses import backend
from sim.addresses.format import format_lines4
from sim.addresses.intervals import IntervalSet
from sim.addresses.prefixes import PrefixTable
from sim.addresses.prefixes6 import PrefixTable6
from sim.addresses.text import format_set, parse_entries, read_set

MISSING: set[str] = set()


def installed(module: str) -> bool:
    """Return whether a peer can be imported, and note it if not."""
    if find_spec(module) is None:
        MISSING.add(module)
        return False
    return True


def ways(run: Callable[[], object]) -> list[Contestant]:
    """Our contestants: NumPy, and numba where it is installed."""

    def by(choice: backend.Choice) -> Callable[[], object]:
        def chosen() -> object:
            with backend.using(choice):
                return run()

        return chosen

    names: list[backend.Choice] = ["numpy", "numba"] if find_spec("numba") else ["numpy"]
    return [Contestant(name, by(name)) for name in names]


class Lists:
    """Generated data, made once."""

    def __init__(self, n_prefixes: int, n_queries: int) -> None:
        self.address, self.length = data.prefixes(n_prefixes)
        self.text = data.text(self.address, self.length)
        self.lines = self.text.decode().splitlines()
        self.addresses = IntervalSet.from_bounds(
            self.address, self.address + (1 << (32 - self.length))
        )
        self.queries = data.hosts(self.address, self.length, n_queries)
        self.numbers = self.queries.tolist()
        self.packed = [number.to_bytes(4, "big") for number in self.numbers]
        self.texts = [socket.inet_ntoa(packed) for packed in self.packed]


def another_set(lists: Lists) -> IntervalSet:
    """Return a second set of the same size and shape."""
    address, length = data.prefixes(lists.address.size, seed=11)
    return IntervalSet.from_bounds(address, address + (1 << (32 - length)))


def parse(lists: Lists) -> Contest:
    """Text to numbers."""
    n = len(lists.lines)
    peers = [
        Contestant(
            "ipaddress.ip_network",
            lambda: [*map(ipaddress.ip_network, lists.lines)] and None,
            rounds=3,
        ),
        Contestant(
            "socket.inet_aton, split (no validation)", lambda: _inet_aton(lists.lines), rounds=3
        ),
    ]
    table = bytes.maketrans(b"./", b",,")
    if installed("netaddr"):
        import netaddr

        some = lists.lines[: n // 50]
        peers.append(
            Contestant(
                "netaddr.IPNetwork",
                lambda: [*map(netaddr.IPNetwork, some)] and None,
                share=len(some) / n,
                rounds=3,
            )
        )
    if installed("polars"):
        import polars

        peers.append(
            Contestant(
                "polars read_csv after translate (no validation)",
                lambda: (
                    polars.read_csv(io.BytesIO(lists.text.translate(table)), has_header=False)
                    is None
                    or None
                ),
            )
        )
    if installed("duckdb"):
        import duckdb

        with tempfile.NamedTemporaryFile(suffix=".csv", delete=False) as file:
            file.write(lists.text.translate(table))
        query = f"select * from read_csv('{file.name}', header=false)"
        peers.append(
            Contestant(
                "duckdb read_csv of a translated file (no validation)",
                lambda: duckdb.sql(query).fetchnumpy() and None,
            )
        )
    return Contest(
        f"Read {n:,} lines of CIDR text ({len(lists.text) / 1e6:.1f} MB), validated",
        n, "line", ways(lambda: _nothing(parse_entries(lists.text))), peers,
    )  # fmt: skip


def union(lists: Lists) -> Contest:
    """Text to a set."""
    n = len(lists.lines)
    peers = []
    if n <= 200_000:
        peers.append(
            Contestant(
                "ipaddress.collapse_addresses",
                lambda: sum(
                    net.num_addresses
                    for net in ipaddress.collapse_addresses(map(ipaddress.ip_network, lists.lines))
                ),
                rounds=3,
            )
        )
        if installed("netaddr"):
            import netaddr

            peers.append(
                Contestant(
                    "netaddr.cidr_merge",
                    lambda: sum(net.size for net in netaddr.cidr_merge(lists.lines)),
                    rounds=3,
                )
            )
    else:
        some = lists.lines[: n // 10]
        peers.append(
            Contestant(
                "ipaddress.collapse_addresses",
                lambda: [*ipaddress.collapse_addresses(map(ipaddress.ip_network, some))] and None,
                share=len(some) / n,
                rounds=2,
            )
        )
    return Contest(
        f"Text of {n:,} prefixes to their union", n, "line",
        ways(lambda: parse_entries(lists.text).to_set().v4.n_addresses), peers,
    )  # fmt: skip


def file_to_file(lists: Lists) -> Contest:
    """CIDR file to the fewest prefixes in a file."""
    folder = Path(tempfile.mkdtemp())
    source, target = folder / "in.txt", folder / "out.txt"
    source.write_bytes(lists.text)

    def ours() -> int:
        target.write_bytes(format_set(read_set(source)[0]))
        return target.stat().st_size

    peers = []
    if program := shutil.which("iprange"):

        def iprange() -> None:
            with target.open("wb") as out:
                subprocess.run([program, "--optimize", str(source)], stdout=out, check=True)

        iprange()
        # Single addresses are written bare there and as /32 here: the sets must be the same.
        assert read_set(target)[0].v4 == lists.addresses
        peers.append(Contestant("iprange (C program, start included)", iprange))
    else:
        MISSING.add("iprange")
    return Contest(
        f"File of {len(lists.lines):,} prefixes to file of the fewest prefixes",
        len(lists.lines), "line", ways(ours), peers,
    )  # fmt: skip


def write(lists: Lists) -> Contest:
    """Numbers to text."""
    address, length = lists.addresses.to_prefixes()

    def standard() -> int:
        make = ipaddress.IPv4Address
        pairs = zip(address.tolist(), length.tolist(), strict=True)
        return len("".join(f"{make(number)}/{bits}\n" for number, bits in pairs))

    def f_strings() -> int:
        pairs = zip(address.tolist(), length.tolist(), strict=True)
        return len(
            "".join(f"{n >> 24}.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}/{k}\n" for n, k in pairs)
        )

    return Contest(
        f"Write {address.size:,} prefixes as text", address.size, "prefix",
        [Contestant("numpy", lambda: len(format_lines4(address, length)))],
        [Contestant("ipaddress", standard, rounds=3), Contestant("f-strings", f_strings, rounds=3)],
    )  # fmt: skip


def difference(lists: Lists) -> Contest:
    """A set less another of the same size."""
    a, b = lists.addresses, another_set(lists)
    peers = []
    if installed("pyroaring"):
        import pyroaring

        for kind in (pyroaring.BitMap, pyroaring.BitMap64):
            left, right = _roaring(kind, a), _roaring(kind, b)
            peers.append(
                Contestant(f"pyroaring.{kind.__name__}", lambda x=left, y=right: len(x - y))
            )
    return Contest(
        f"Difference of {a.n_intervals:,} and {b.n_intervals:,} intervals",
        a.n_intervals + b.n_intervals, "interval",
        ways(lambda: a.difference(b).n_addresses), peers,
        note="The count of addresses is part of the work on both sides.",
    )  # fmt: skip


def membership(lists: Lists, n_queries: int) -> Contest:
    """Which addresses a set holds."""
    addresses, n = lists.addresses, len(lists.lines)
    queries, numbers = lists.queries[:n_queries], lists.numbers[:n_queries]
    texts, packed = lists.texts[:n_queries], lists.packed[:n_queries]

    def ours() -> int:
        return int(np.count_nonzero(addresses.contains(queries)))

    def cold() -> int:
        fresh = IntervalSet(addresses.start.copy(), addresses.stop.copy())
        return int(np.count_nonzero(fresh.contains(queries)))

    peers = []
    if installed("pyroaring"):
        import pyroaring

        for kind in (pyroaring.BitMap, pyroaring.BitMap64):
            bitmap = _roaring(kind, addresses)
            peers.append(
                Contestant(
                    f"pyroaring.{kind.__name__}", lambda m=bitmap: sum(map(m.__contains__, numbers))
                )
            )
    if installed("pytricia"):
        tree = _pytricia(lists)
        peers.append(
            Contestant(
                "pytricia (text, frozen)",
                lambda: sum(row is not None for row in map(tree.get, texts)),
                rounds=5,
            )
        )
    if installed("radix"):
        best = _radix(lists).search_best
        peers.append(
            Contestant(
                "py-radix (packed)",
                lambda: sum(best(packed=p) is not None for p in packed),
                rounds=3,
            )
        )
    if installed("SubnetTree"):
        subnets = _subnet_tree(lists)
        peers.append(
            Contestant("pysubnettree (packed)", lambda: sum(p in subnets for p in packed), rounds=3)
        )
    bounds = np.stack((addresses.start, addresses.stop), axis=1).reshape(-1).tolist()
    right = bisect.bisect_right
    peers.append(
        Contestant(
            "bisect on the bounds",
            lambda: sum(right(bounds, number) & 1 for number in numbers),
            rounds=5,
        )
    )
    if n_queries >= 100_000:
        peers += _joins(addresses, queries)
    sizes = f"{n_queries:,} addresses in {n:,} prefixes"
    contest = Contest(
        f"Membership of {sizes}", n_queries, "address", ways(ours), peers,
        note="The table of pages is built beforehand, as are the peers' trees and bitmaps.",
    )  # fmt: skip
    if n_queries >= 1_000_000:
        contest.peers.append(Contestant("numpy, with the table built each time", ways(cold)[0].run))
        ascending = np.sort(queries)
        contest.peers.append(
            Contestant(
                "numpy, queries in order",
                lambda: int(np.count_nonzero(addresses.contains(ascending))),
            )
        )
    return contest


def longest_match(lists: Lists) -> Contest:
    """Rows of a table that addresses belong to."""
    table = PrefixTable.from_prefixes(lists.address, lists.length)
    queries = lists.queries
    peers = []
    if installed("pytricia"):
        tree = _pytricia(lists)
        peers.append(
            Contestant(
                "pytricia (text, frozen)",
                lambda: sum(row is not None for row in map(tree.get, lists.texts)),
                rounds=5,
            )
        )
        peers.append(
            Contestant(
                "pytricia (integers, frozen)",
                lambda: sum(row is not None for row in map(tree.get, lists.numbers)),
                rounds=5,
            )
        )
    if installed("radix"):
        best = _radix(lists).search_best
        peers.append(
            Contestant(
                "py-radix (packed)",
                lambda: sum(best(packed=p) is not None for p in lists.packed),
                rounds=3,
            )
        )
    if installed("SubnetTree"):
        subnets = _subnet_tree(lists)
        peers.append(
            Contestant(
                "pysubnettree (packed)", lambda: sum(p in subnets for p in lists.packed), rounds=3
            )
        )
    return Contest(
        f"Longest-prefix match of {queries.size:,} addresses in {len(lists.lines):,} prefixes",
        queries.size, "address",
        ways(lambda: int(np.count_nonzero(table.longest_match(queries) >= 0))), peers,
        note="Tables and trees are built beforehand.",
    )  # fmt: skip


def build(lists: Lists) -> Contest:
    """Prefixes to a table or tree that answers."""

    def ours() -> int:
        table = PrefixTable.from_prefixes(lists.address, lists.length)
        return int(np.count_nonzero(table.longest_match(lists.queries[: 2**19]) >= 0)) and 0

    peers = []
    if installed("pytricia"):
        peers.append(Contestant("pytricia", lambda: _pytricia(lists) is None or None, rounds=1))
    if installed("radix"):
        peers.append(Contestant("py-radix", lambda: _radix(lists) is None or None, rounds=1))
    if installed("SubnetTree"):
        peers.append(
            Contestant("pysubnettree", lambda: _subnet_tree(lists) is None or None, rounds=1)
        )
    return Contest(
        f"Build a table of {len(lists.lines):,} prefixes", len(lists.lines), "prefix",
        ways(ours), peers,
        note="Ours includes the table of pages and 524,288 look-ups, which ask for it; theirs none.",
    )  # fmt: skip


def ipv6(n_prefixes: int, n_queries: int) -> list[Contest]:
    """The same questions for IPv6."""
    first, length = data.prefixes6(n_prefixes)
    queries = data.hosts6(first, n_queries)
    lines = [
        f"{ipaddress.IPv6Address(n)}/{k}"
        for n, k in zip(first.to_ints(), length.tolist(), strict=True)
    ]
    text = "".join(f"{line}\n" for line in lines)
    table = PrefixTable6.from_prefixes(first, length)
    addresses = parse_entries(text).to_set().v6
    peers: list[Contestant] = []
    if installed("pytricia"):
        import pytricia

        tree = pytricia.PyTricia(128, socket.AF_INET6)
        for row, line in enumerate(lines):
            tree.insert(line, row)
        tree.freeze()
        texts = [str(ipaddress.IPv6Address(number)) for number in queries.to_ints()]
        peers.append(
            Contestant(
                "pytricia (text, frozen)",
                lambda: sum(row is not None for row in map(tree.get, texts)),
                rounds=3,
            )
        )
    if installed("radix"):
        import radix

        tree6 = radix.Radix()
        for line in lines:
            tree6.add(line)
        packed = [number.to_bytes(16, "big") for number in queries.to_ints()]
        peers.append(
            Contestant(
                "py-radix (packed)",
                lambda: sum(tree6.search_best(packed=p) is not None for p in packed),
                rounds=3,
            )
        )
    return [
        Contest(
            f"Read {n_prefixes:,} lines of IPv6 CIDR text, validated", n_prefixes, "line",
            [Contestant("numpy", lambda: _nothing(parse_entries(text)))],
            [Contestant("ipaddress.ip_network", lambda: [*map(ipaddress.ip_network, lines)] and None, rounds=3)],
        ),
        Contest(
            f"Longest-prefix match of {n_queries:,} IPv6 addresses in {n_prefixes:,} prefixes",
            n_queries, "address",
            [Contestant("numpy", lambda: int(np.count_nonzero(table.longest_match(queries) >= 0)))],
            peers,
        ),
        Contest(
            f"Membership of {n_queries:,} IPv6 addresses in {addresses.n_intervals:,} intervals",
            n_queries, "address",
            [Contestant("numpy", lambda: int(np.count_nonzero(addresses.contains(queries))))],
            peers[:],
        ),
    ]  # fmt: skip


def _nothing(_: object) -> None:
    """Take an answer that is not compared."""


def _inet_aton(lines: list[str]) -> None:
    for line in lines:
        address, _, length = line.partition("/")
        socket.inet_aton(address)
        int(length)


def _roaring(kind: Any, addresses: IntervalSet) -> Any:
    bitmap = kind()
    for start, stop in zip(addresses.start.tolist(), addresses.stop.tolist(), strict=True):
        bitmap.add_range(start, stop)
    return bitmap


def _pytricia(lists: Lists) -> Any:
    import pytricia

    tree = pytricia.PyTricia(32)
    for row, line in enumerate(lists.lines):
        tree.insert(line, row)
    tree.freeze()
    return tree


def _radix(lists: Lists) -> Any:
    import radix

    tree = radix.Radix()
    for line in lists.lines:
        tree.add(line)
    return tree


def _subnet_tree(lists: Lists) -> Any:
    import SubnetTree

    tree = SubnetTree.SubnetTree()
    for row, line in enumerate(lists.lines):
        tree.insert(line, row)
    tree.set_binary_lookup_mode(True)
    return tree


def _joins(addresses: IntervalSet, queries: np.ndarray) -> list[Contestant]:
    """The joins of two dataframe engines."""
    peers = []
    if installed("polars"):
        import polars

        left = polars.DataFrame({"a": queries})
        right = polars.DataFrame({"start": addresses.start, "stop": addresses.stop})

        def asof() -> int:
            ordered = left.sort("a").set_sorted("a")
            joined = ordered.join_asof(right.set_sorted("start"), left_on="a", right_on="start")
            return int((joined["a"] < joined["stop"]).sum())

        peers.append(Contestant("polars join_asof", asof, rounds=5))
    if installed("duckdb"):
        import duckdb

        connection = duckdb.connect()
        frames: dict[str, ModuleType | Any] = {
            "q": {"a": queries}, "s": {"start": addresses.start, "stop": addresses.stop},
        }  # fmt: skip
        for name, columns in frames.items():
            connection.register(f"{name}_view", columns)
            connection.execute(f"create table {name} as select * from {name}_view")
        query = "select count(*) from q asof join s on q.a >= s.start where q.a < s.stop"
        peers.append(
            Contestant(
                "duckdb asof join", lambda: int(connection.execute(query).fetchone()[0]), rounds=5
            )
        )
    return peers
