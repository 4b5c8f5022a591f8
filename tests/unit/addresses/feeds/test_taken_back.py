"""Commands in a file that take back what was added before, carried out as the program would.

What is expected is worked out by hand from ipset(8).
"""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.addresses.feeds.feed import Feed
from sim.addresses.feeds.formats import read_feed
from sim.addresses.feeds.inputs import Input
from sim.addresses.sets.families import AddressSet
from sim.errors import DataError
from tests.forms import RENDERED
from tests.unit.addresses.feeds.test_forms import networks


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
REFUSED = "expected to remove an entry that was added before as it stands here, got another"


@pytest.mark.parametrize(
    ("then", "left"),
    [
        ("flush b\nadd b 203.0.113.7\n", ["203.0.113.7"]),
        ("flush\nadd b 203.0.113.7\n", ["203.0.113.7"]),
        ("-F b\nadd b 203.0.113.7\n", ["203.0.113.7"]),
        ("destroy b\ncreate b hash:ip\nadd b 203.0.113.7\n", ["203.0.113.7"]),
        ("destroy\ncreate b hash:ip\nadd b 203.0.113.7\n", ["203.0.113.7"]),
        ("flush other\nadd b 203.0.113.7\n", ["198.51.100.0/24", "192.0.2.0/25", "203.0.113.7"]),
        ("del b 198.51.100.0/24\n", ["192.0.2.0/25"]),
        ("ipset del b 198.51.100.0/24 -exist\n", ["192.0.2.0/25"]),
        ("del b 198.51.100.0/24\nadd b 198.51.100.0/24\n", ["198.51.100.0/24", "192.0.2.0/25"]),
        ("del b 203.0.113.7 -exist\n", ["198.51.100.0/24", "192.0.2.0/25"]),
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
    feed = read_text(B + "del b 203.0.113.7 -exist\n", "ipset", tmp_path)
    assert feed.notes == ("1 entries to be removed are not in this file",)


@pytest.mark.parametrize(
    ("then", "told"),
    [
        ("del b 198.51.100.7\n", f"given:4: {REFUSED}"),
        ("del c 198.51.100.0/24\n", f"given:4: {REFUSED}"),
        ("flush b\ndel b 198.51.100.0/24\n", f"given:5: {REFUSED}"),
        ("del b 192.0.2.0/25\ndel b 192.0.2.0/25\n", f"given:5: {REFUSED}"),
        (
            "create s hash:ip\nadd s 203.0.113.1-203.0.113.9\ndel s 203.0.113.2 -exist\n",
            f"given:6: {REFUSED}",
        ),
        (
            "frob b\n",
            "given:4: expected create, add, del, flush, destroy, swap or rename of ipset, got "
            "'frob b'",
        ),
    ],
)
def test_a_command_of_ipset_that_cannot_be_carried_out_is_refused_by_its_line(then, told, tmp_path):
    assert refused(B + then, "ipset", tmp_path) == [told]


def test_mistakes_of_removal_are_counted_when_they_are_left_out(tmp_path):
    feed = read_text(B + "del b 198.51.100.7\n", "ipset", tmp_path, skip_bad=True)
    assert feed.n_bad == 1
    assert feed.to_set() == AddressSet.of("198.51.100.0/24", "192.0.2.0/25")


def test_ipv6_is_taken_back_as_it_was_added(tmp_path):
    text = (
        "create b hash:net family inet6\nadd b 2001:db8::/32\nadd b 2001:db8::/33\n"
        "del b 2001:DB8:0::/33\n"
    )
    feed = read_text(text, "ipset", tmp_path)
    assert feed.n_records == 1
    assert feed.to_set() == AddressSet.of("2001:db8::/32")


def test_what_is_added_and_deleted_is_as_if_it_never_was(tmp_path):
    @given(st.lists(networks(), min_size=2, max_size=12, unique=True), st.data())
    @settings(max_examples=40, deadline=None)
    def holds(prefixes: list[str], data: st.DataObject) -> None:
        gone = data.draw(st.lists(st.sampled_from(prefixes), unique=True, max_size=6))
        deleted = "".join(f"del {'b' if ':' in each else 'a'} {each}\n" for each in gone)
        text = RENDERED["ipset"](prefixes) + deleted
        feed = read_text(text, "ipset", tmp_path, allow_empty=True)
        left = [prefix for prefix in prefixes if prefix not in gone]
        assert feed.to_set() == AddressSet.of(*left)
        assert feed.n_records == len(left)

    holds()
