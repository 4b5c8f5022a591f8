"""The questions put to `sim.addresses` and to the other programs.

In: lists. Out: contests. Where a program cannot do a million items in reasonable time it does a
part, which the table says.
"""

from __future__ import annotations

import io
import ipaddress
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import data, peers
from benchmarks.peers import Lists, exhaust, peer
from benchmarks.timing import Contest, Contestant
from sim.addresses.feeds.gather import parse_entries
from sim.addresses.sets.blocks import format_lines
from sim.addresses.sets.intervals import IntervalSet, format_set
from sim.addresses.sets.prefixes import PrefixTable, PrefixTable6

OURS = "overblock"


def ours(run: Callable[[], object]) -> list[Contestant]:
    """Our contestant."""
    return [Contestant(OURS, run)]


def parse(lists: Lists) -> Contest:
    """Text to numbers."""
    lines, some = lists.lines, lists.lines[: len(lists.lines) // 50]
    columns = lists.text.translate(bytes.maketrans(b"./", b",,"))
    table = Path(tempfile.mkdtemp()) / "octets.csv"
    table.write_bytes(columns)

    def polars(module: Any) -> Callable[[], object]:
        swap = bytes.maketrans(b"./", b",,")
        return lambda: exhaust(
            [module.read_csv(io.BytesIO(lists.text.translate(swap)), has_header=False)]
        )

    def duckdb(module: Any) -> Callable[[], object]:
        query = f"select * from read_csv('{table}', header=false)"
        return lambda: exhaust([module.sql(query).fetchnumpy()])

    def inet_aton() -> None:
        for line in lines:
            address, _, length = line.partition("/")
            socket.inet_aton(address)
            int(length)

    network = ipaddress.ip_network
    return Contest(
        f"Read {len(lines):,} lines of CIDR text ({len(lists.text) / 1e6:.1f} MB)",
        len(lines),
        "line",
        ours(lambda: exhaust([parse_entries(lists.text)])),
        [
            Contestant("ipaddress.ip_network", lambda: exhaust(map(network, lines)), rounds=5),
            Contestant("socket.inet_aton and split, unchecked", inet_aton, rounds=5),
            *peer(
                "netaddr",
                "netaddr.IPNetwork",
                lambda module: lambda: exhaust(map(module.IPNetwork, some)),
                share=len(some) / len(lines),
            ),
            *peer("polars", "polars read_csv after bytes.translate, unchecked", polars),
            *peer("duckdb", "duckdb read_csv of a translated file, unchecked", duckdb),
        ],
        note="Ours checks every line and keeps its number; readers marked unchecked take any four "
        "numbers.",
    )


def union(lists: Lists) -> Contest:
    """Text to a set."""
    n = len(lists.lines)
    # A tenth of a million lines is slow enough to say what all of it would take.
    some = lists.lines if n < 200_000 else lists.lines[: n // 10]
    is_whole = len(some) == n

    def collapse() -> object:
        merged = ipaddress.collapse_addresses(map(ipaddress.ip_network, some))
        total = sum(network.num_addresses for network in merged)
        return total if is_whole else None

    def netaddr(module: Any) -> Callable[[], object]:
        return lambda: sum(network.size for network in module.cidr_merge(some))

    limits: dict[str, Any] = {"rounds": 5 if is_whole else 2, "share": len(some) / n}
    return Contest(
        f"Text of {n:,} prefixes to their union",
        n,
        "line",
        ours(lambda: parse_entries(lists.text).to_set().v4.n_addresses),
        [
            Contestant("ipaddress.collapse_addresses", collapse, **limits),
            *(peer("netaddr", "netaddr.cidr_merge", netaddr, rounds=5) if is_whole else []),
        ],
    )


def file_to_file(lists: Lists) -> Contest:
    """CIDR file to the fewest prefixes in a file."""
    folder = Path(tempfile.mkdtemp())
    source, target = folder / "in.txt", folder / "out.txt"
    source.write_bytes(lists.text)

    def union() -> object:
        return target.write_bytes(format_set(parse_entries(source.read_bytes()).to_set()))

    rivals = []
    if program := shutil.which("iprange"):

        def iprange() -> None:
            with target.open("wb") as out:
                subprocess.run([program, "--optimize", str(source)], stdout=out, check=True)

        iprange()
        # Bytes differ, since it writes single addresses bare; the sets must not.
        assert parse_entries(target.read_bytes()).to_set().v4 == lists.addresses
        rivals.append(Contestant("iprange (C, its start included)", iprange))
    else:
        peers.MISSING.add("iprange")
    return Contest(
        f"File of {len(lists.lines):,} prefixes to file of the fewest prefixes",
        len(lists.lines),
        "line",
        ours(union),
        rivals,
    )


def write(lists: Lists) -> Contest:
    """Numbers to text."""
    address, length = lists.addresses.to_prefixes()

    def pairs() -> zip[tuple[int, int]]:
        return zip(address.tolist(), length.tolist(), strict=True)

    def standard() -> int:
        make = ipaddress.IPv4Address
        return len("".join(f"{make(number)}/{bits}\n" for number, bits in pairs()))

    def f_strings() -> int:
        return len(
            "".join(
                f"{n >> 24}.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}/{bits}\n"
                for n, bits in pairs()
            )
        )

    return Contest(
        f"Write {address.size:,} prefixes as text",
        address.size,
        "prefix",
        [Contestant(OURS, lambda: len(format_lines(address, length)))],
        [Contestant("ipaddress", standard, rounds=5), Contestant("f-strings", f_strings, rounds=5)],
    )


def difference(lists: Lists) -> Contest:
    """A set less another of the same size."""
    one, two = lists.addresses, data.as_set(*data.prefixes(len(lists.lines), seed=11))
    return Contest(
        f"Difference of {one.n_intervals:,} and {two.n_intervals:,} intervals",
        one.n_intervals + two.n_intervals,
        "interval",
        ours(lambda: one.difference(two).n_addresses),
        peers.bitmaps(lambda a, b: lambda: len(a - b), one, two),
        note="The count of addresses is part of the work of all.",
    )


def membership(lists: Lists, n_queries: int) -> Contest:
    """Which addresses a set holds."""
    addresses, queries = lists.addresses, lists.queries[:n_queries]
    numbers = lists.numbers[:n_queries]
    ascending = np.sort(queries)

    def cold() -> int:
        fresh = IntervalSet(addresses.start.copy(), addresses.stop.copy())
        return int(np.count_nonzero(fresh.contains(queries)))

    rivals = [
        *peers.bitmaps(lambda held: lambda: sum(map(held.__contains__, numbers)), addresses),
        *peers.matchers(lists.lines, lists.texts[:n_queries], numbers, lists.packed[:n_queries]),
        peers.bisection(addresses, numbers),
    ]
    if n_queries > 10_000:
        rivals += peers.joins(addresses, queries)
        rivals += [
            Contestant(f"{OURS}, table of pages not yet built", cold),
            Contestant(
                f"{OURS}, queries in order",
                lambda: int(np.count_nonzero(addresses.contains(ascending))),
            ),
        ]
    return Contest(
        f"Membership of {n_queries:,} addresses in {len(lists.lines):,} prefixes",
        n_queries,
        "address",
        ours(lambda: int(np.count_nonzero(addresses.contains(queries)))),
        rivals,
        note="The table of pages is built beforehand unless said, as are trees and bitmaps.",
    )


def longest_match(lists: Lists) -> Contest:
    """Rows of a table that addresses belong to."""
    table = PrefixTable.from_prefixes(lists.address, lists.length)
    queries = lists.queries
    return Contest(
        f"Longest-prefix match of {queries.size:,} addresses in {len(lists.lines):,} prefixes",
        queries.size,
        "address",
        ours(lambda: int(np.count_nonzero(table.longest_match(queries) >= 0))),
        peers.matchers(lists.lines, lists.texts, lists.numbers, lists.packed),
        note="Tables and trees are built beforehand.",
    )


def build(lists: Lists) -> Contest:
    """Prefixes to a table or tree that answers."""
    lines, asked = lists.lines, lists.queries[: 2**19]

    def convert() -> None:
        PrefixTable.from_prefixes(lists.address, lists.length).longest_match(asked)

    def tree(module: str, name: str, make: Callable[[Any, list[str]], Any]) -> list[Contestant]:
        return peer(module, name, lambda m: lambda: exhaust([make(m, lines)]), rounds=1)

    return Contest(
        f"Build a table of {len(lines):,} prefixes",
        len(lines),
        "prefix",
        ours(convert),
        [
            *tree("pytricia", "pytricia", peers.as_pytricia),
            *tree("radix", "py-radix", peers.as_radix),
            *tree("SubnetTree", "pysubnettree", peers.as_subnet_tree),
        ],
        note="Ours includes the table of pages and the half million look-ups that ask for it.",
    )


def ipv6(n_prefixes: int, n_queries: int) -> list[Contest]:
    """The same questions for IPv6."""
    first, length = data.prefixes6(n_prefixes)
    queries = data.hosts6(first, n_queries)
    lines = [
        f"{ipaddress.IPv6Address(number)}/{bits}"
        for number, bits in zip(first.tolist(), length.tolist(), strict=True)
    ]
    text = "".join(f"{line}\n" for line in lines)
    table = PrefixTable6.from_prefixes(first, length)
    addresses = parse_entries(text).to_set().v6
    numbers = queries.tolist()
    packed = [number.to_bytes(16, "big") for number in numbers]
    texts = [socket.inet_ntop(socket.AF_INET6, each) for each in packed]
    network = ipaddress.ip_network
    return [
        Contest(
            f"Read {n_prefixes:,} lines of IPv6 CIDR text",
            n_prefixes,
            "line",
            [Contestant(OURS, lambda: exhaust([parse_entries(text)]))],
            [Contestant("ipaddress.ip_network", lambda: exhaust(map(network, lines)), rounds=5)],
        ),
        Contest(
            f"Longest-prefix match of {n_queries:,} IPv6 addresses in {n_prefixes:,} prefixes",
            n_queries,
            "address",
            [Contestant(OURS, lambda: int(np.count_nonzero(table.longest_match(queries) >= 0)))],
            peers.matchers(lines, texts, [], packed),
        ),
        Contest(
            f"Membership of {n_queries:,} IPv6 addresses in {addresses.n_intervals:,} intervals",
            n_queries,
            "address",
            [Contestant(OURS, lambda: int(np.count_nonzero(addresses.contains(queries))))],
            peers.matchers(lines, texts, [], packed),
        ),
    ]
