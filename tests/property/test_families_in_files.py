"""The family of each address through every form of file, against the standard library.

Numbers near zero are of both families: what is written as IPv6 is never read as IPv4.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network, collapse_addresses
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sim.addresses.feeds.formats import read_feed
from sim.addresses.feeds.inputs import Input
from sim.addresses.feeds.normal import write_normal
from sim.addresses.sets.blocks import format_lines4, format_lines6
from sim.addresses.sets.families import AddressSet
from tests.edges import V4, V6, read_prefixes
from tests.examples import n_examples

pytestmark = pytest.mark.laws

Network = IPv4Network | IPv6Network
LISTS = st.lists(
    read_prefixes(V4).map(IPv4Network) | read_prefixes(V6).map(IPv6Network), min_size=1, max_size=5
)
LOW = [*map(IPv6Network, ("::", "::1", "::102:304", "::/3", "64:ff9b::/96", "::fffe:0:0/95"))]
SAME_NUMBERS = [IPv4Network("0.0.0.0/0"), IPv6Network("::/0"), IPv6Network("::/1")]


def bounds(network: Network) -> tuple[str, str]:
    return str(network[0]), str(network[-1])


def files(networks: list[Network]) -> Iterator[tuple[str, str]]:
    """The same networks in each form of file that holds both families."""
    texts = [str(network) for network in networks]
    yield "list.txt", "\n".join(texts)
    yield "long.txt", "\n".join(network.exploded for network in networks)
    yield "ranges.txt", "\n".join("-".join(bounds(network)) for network in networks)
    yield "own.csv", "prefix,provider\n" + "".join(f"{text},a\n" for text in texts)
    ends = "".join(f"{first},{last}\n" for first, last in map(bounds, networks))
    yield "ends.csv", "first_ip,last_ip\n" + ends
    lengths = "".join(f"{network[0]},{network.prefixlen}\n" for network in networks)
    yield "lengths.csv", "network,netmask\n" + lengths
    yield "array.json", json.dumps(texts)
    yield "objects.json", json.dumps([{"prefix": text, "provider": "a"} for text in texts])
    yield "lines.jsonl", "".join(json.dumps({"prefix": text}) + "\n" for text in texts)


def networks_of(addresses: AddressSet) -> list[Network]:
    """What a set holds, as it is written."""
    text = format_lines4(*addresses.v4.to_prefixes()) + format_lines6(*addresses.v6.to_prefixes())
    return [
        IPv6Network(line) if ":" in line else IPv4Network(line)
        for line in text.decode().splitlines()
    ]


def merged(networks: list[Network]) -> list[Network]:
    by_family = ([one for one in networks if one.version == version] for version in (4, 6))
    return [network for family in by_family for network in collapse_addresses(family)]


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with TemporaryDirectory() as name:
        yield Path(name)


@settings(max_examples=n_examples(20))
@given(networks=LISTS)
@example(networks=LOW)
@example(networks=SAME_NUMBERS)
def test_each_form_of_file_keeps_the_families(folder: Path, networks: list[Network]) -> None:
    for name, text in files(networks):
        path = folder / name
        path.write_text(text)
        feed = read_feed(Input(path, name))
        assert networks_of(feed.to_set()) == merged(networks), name
        if name == "own.csv":
            table = folder / "table.parquet"
            write_normal(feed, table, sha256="", version="1", force=True)
            again = read_feed(Input(table, table.name))
            assert again.to_set() == feed.to_set()
            assert (len(again.v4) > 0, len(again.v6) > 0) == (len(feed.v4) > 0, len(feed.v6) > 0)
