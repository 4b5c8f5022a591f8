"""Files of a user's: written, read, refused."""

from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Any

import pytest

from sim.addresses.feeds.feed import Feed
from sim.addresses.feeds.formats import read_feed, read_file
from sim.addresses.feeds.inputs import AS_NAMED, ColumnChoice, Input
from sim.addresses.feeds.orders import Orders
from sim.errors import DataError


def given(
    folder: Path, content: str | bytes, name: str = "given", columns: ColumnChoice = AS_NAMED
) -> Input:
    """A file as a user gives it."""
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return Input(path, name, columns)


def read(content: str | bytes, folder: Path, form: str = "", **options: Any) -> Feed:
    """What a file with some content is read as."""
    return read_feed(given(folder, content), form, **options)


def refused(content: str | bytes, folder: Path, form: str = "", **options: Any) -> list[str]:
    """What the refusal of a file with some content says, problem by problem."""
    with pytest.raises(DataError) as error:
        read(content, folder, form, **options)
    return [str(problem) for problem in error.value.problems]


def read_dated(given: Input, form: str = "", **options: Any) -> Orders:
    """Read dated orders."""
    found = read_file(given, form, **options)
    assert isinstance(found, Orders)
    return found


def hosts_of(feed: Feed) -> list[tuple[str, list[str]]]:
    """Name and addresses of each record."""
    addresses: list[list[str]] = [[] for _ in range(feed.n_records)]
    for rows, record, kind in (
        (feed.v4, feed.record4, IPv4Address),
        (feed.v6, feed.record6, IPv6Address),
    ):
        for start, at in zip(rows.start.tolist(), record.tolist(), strict=True):
            addresses[at].append(str(kind(start)))
    names = feed.labels["name"].texts if "name" in feed.labels else [""] * feed.n_records
    return list(zip(names, addresses, strict=True))
