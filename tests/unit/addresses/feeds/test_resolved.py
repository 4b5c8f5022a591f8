"""Names joined with what they resolve to, against a join by hand."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.addresses.feeds.feed import Feed
from sim.addresses.feeds.formats import read_feed
from sim.addresses.feeds.name_lists import check_answers, join_names
from sim.errors import DataError
from tests.feeds import given as file_of

NAMES = ["a.example", "b.example", "c.example", "d.example"]
SPELLINGS = [str, str.upper, "{}.".format]


def read(folder: Path, name: str, text: str) -> Feed:
    return read_feed(file_of(folder, text, name), allow_empty=True)


def placed(feed: Feed) -> list[tuple[int, int, int]]:
    """Record, family and first address of every row."""
    four = zip(feed.record4.tolist(), feed.v4.start.tolist(), strict=True)
    six = zip(feed.record6.tolist(), feed.v6.start.tolist(), strict=True)
    return sorted([(r, 4, a) for r, a in four] + [(r, 6, a) for r, a in six])


def zdns(answers: list[tuple[str, list[str]]]) -> str:
    def line(name: str, addresses: list[str]) -> str:
        kinds = [("AAAA" if ":" in each else "A", each) for each in addresses]
        found = [{"type": kind, "answer": each} for kind, each in kinds]
        return json.dumps({"name": name, "data": {"answers": found}})

    return "".join(f"{line(*each)}\n" for each in answers)


addresses = st.lists(
    st.sampled_from(["192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8::2"]), unique=True
)
names = st.builds(
    lambda name, spell: spell(name), st.sampled_from(NAMES), st.sampled_from(SPELLINGS)
)


@given(
    st.lists(st.tuples(names, st.sampled_from(["", "198.51.100.7"])), min_size=1, max_size=8),
    st.lists(st.tuples(names, addresses), max_size=6),
)
@settings(max_examples=60, deadline=None)
def test_rows_without_an_address_get_those_of_their_name(tmp_path_factory, rows, answers):
    folder = tmp_path_factory.mktemp("names")
    table = "name,address\n" + "".join(f"{name},{address}\n" for name, address in rows)
    feed = read(folder, "hosts.csv", table)
    # At least one line, so that the file is known for what it is.
    resolved = read(folder, "answers.jsonl", zdns([*answers, ("other.example", [])]))
    joined, known = join_names(feed, resolved)

    def plain(name: str) -> str:
        return name.rstrip(".").lower()

    expected = []
    for row, (name, address) in enumerate(rows):
        own = [address] if address else []
        found = [a for other, listed in answers if plain(other) == plain(name) for a in listed]
        expected += [(row, text) for text in own or found]
    number = {"192.0.2.1": 0xC0000201, "192.0.2.2": 0xC0000202, "198.51.100.7": 0xC6336407}
    number |= {"2001:db8::1": (0x20010DB8 << 96) + 1, "2001:db8::2": (0x20010DB8 << 96) + 2}
    by_hand = sorted((row, 6 if ":" in text else 4, number[text]) for row, text in expected)
    assert placed(joined) == by_hand
    assert known.n_names == len({plain(name) for name, _ in rows})
    assert known.n_known == len({plain(rows[row][0]) for row, _ in expected})
    assert known.n_joined == len({row for row, _ in expected if not rows[row][1]})
    assert joined.n_unplaced == len(rows) - len({row for row, _ in expected})


def test_resolutions_without_names_are_refused(tmp_path):
    with pytest.raises(DataError, match=r"expected names with their addresses .* form list"):
        check_answers(read(tmp_path, "list.txt", "192.0.2.1\n"))


def test_a_file_without_names_is_left_as_it_is(tmp_path):
    feed = read(tmp_path, "list.txt", "192.0.2.1\n")
    joined, known = join_names(feed, read(tmp_path, "a.jsonl", zdns([("a.example", [])])))
    assert joined is feed
    assert known.share_known is None


def test_names_come_from_tables_whose_rows_say_that_they_are_names(tmp_path):
    feed = read(tmp_path, "order.csv", "Type,Address\nFQDN,A.example\nIPv4,198.51.100.7\n")
    joined, known = join_names(
        feed, read(tmp_path, "a.csv", "name,address\na.example,192.0.2.1\na.example,192.0.2.2\n")
    )
    assert placed(joined) == [(0, 4, 0xC0000201), (0, 4, 0xC0000202), (1, 4, 0xC6336407)]
    assert (known.n_names, known.n_known, known.share_known) == (1, 1, 1.0)
