"""Commands in a file that take back what was added before, carried out as the program would.

What is expected is worked out by hand from ipset(8).
"""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.addresses.feeds.feed import Feed
from sim.addresses.feeds.formats import read_feed
from sim.addresses.feeds.inputs import Input
from sim.addresses.sets.families import AddressSet
from sim.errors import DataError


def read_text(text: str, form: str, folder: Path, **options: bool) -> Feed:
    """A file that is told by its content to be of a form."""
    path = folder / "given"
    path.write_text(text)
    feed = read_feed(Input(path, "given"), **options)
    assert feed.origin.format == form
    return feed


def refused(text: str, form: str, folder: Path) -> list[str]:
    path = folder / "given"
    path.write_text(text)
    with pytest.raises(DataError) as error:
        read_feed(Input(path, "given"), form)
    return [str(problem) for problem in error.value.problems]


B = "create b hash:net family inet\nadd b 198.51.100.0/24\nadd b 192.0.2.0/25\n"


@pytest.mark.parametrize(
    ("then", "left"),
    [
        ("flush b\nadd b 203.0.113.7\n", ["203.0.113.7"]),
        ("flush\nadd b 203.0.113.7\n", ["203.0.113.7"]),
        ("-F b\nadd b 203.0.113.7\n", ["203.0.113.7"]),
        ("destroy b\ncreate b hash:ip\nadd b 203.0.113.7\n", ["203.0.113.7"]),
        ("destroy\ncreate b hash:ip\nadd b 203.0.113.7\n", ["203.0.113.7"]),
        ("flush other\nadd b 203.0.113.7\n", ["198.51.100.0/24", "192.0.2.0/25", "203.0.113.7"]),
        (
            "create c hash:net\nadd c 203.0.113.7\nswap b c\nflush b\n",
            ["198.51.100.0/24", "192.0.2.0/25"],
        ),
        ("create c hash:net\nadd c 203.0.113.7\nswap b c\ndestroy c\n", ["203.0.113.7"]),
        ("swap b elsewhere\nflush elsewhere\nadd b 203.0.113.7\n", ["203.0.113.7"]),
        ("rename b c\nflush b\n", ["198.51.100.0/24", "192.0.2.0/25"]),
        ("rename b c\nflush c\nadd b 203.0.113.7\n", ["203.0.113.7"]),
        ("list b\nsave\n", ["198.51.100.0/24", "192.0.2.0/25"]),
    ],
)
def test_later_commands_of_ipset_act_on_what_was_added(then, left, tmp_path):
    feed = read_text(B + then, "ipset", tmp_path)
    assert feed.to_set() == AddressSet.of(*left)
    assert feed.n_records == len(left)


def test_what_is_taken_back_is_said(tmp_path):
    feed = read_text(B + "flush b\nadd b 203.0.113.7\n", "ipset", tmp_path)
    assert feed.notes == ("2 entries are taken back by later commands: left out",)


@pytest.mark.parametrize("command", ["del b 198.51.100.0/24", "-D b 192.0.2.0/25", "frob b"])
def test_other_commands_of_ipset_are_refused_with_the_way_to_a_saved_set(command, tmp_path):
    assert refused(B + command + "\n", "ipset", tmp_path) == [
        "given:4: expected create, add, flush, destroy, swap or rename of ipset, got "
        f"{command!r}: restore and save the sets (ipset restore < FILE; ipset save > list.ipset)"
    ]
    if command != "frob b":
        with pytest.raises(DataError, match="ipset restore"):
            read_text(B + command + "\n", "ipset", tmp_path, skip_bad=True)
