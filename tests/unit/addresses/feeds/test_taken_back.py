"""Commands in a file that take back what was added before, carried out as the program would.

What is expected is worked out by hand from ipset(8), nft(8) and RouterOS's documentation.
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
            "create s hash:ip,port\nadd s 203.0.113.1,tcp:80\ndel s 203.0.113.1,tcp:80\n",
            "given:6: expected to remove a member that is an address alone, got one with a port or "
            "interface: '203.0.113.1,tcp:80'",
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


T = (
    "table ip f {\n set b {\n  type ipv4_addr\n  flags interval\n"
    "  elements = { 198.51.100.1, 192.0.2.0/25 }\n }\n}\n"
)
MORE = "add element ip f b { 203.0.113.7 }\n"
OTHER = "table ip6 f {\n set b {\n  type ipv6_addr\n  elements = { 2001:db8::1 }\n }\n}\n"
DROPS = "table ip f {\n chain c {\n  ip saddr 203.0.113.9 drop\n  ip saddr @b accept\n }\n}\n"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (T + "delete element ip f b { 198.51.100.1 }\n" + MORE, ["192.0.2.0/25", "203.0.113.7"]),
        (
            T + "delete element f b { 198.51.100.1, 192.0.2.0-192.0.2.127 }\n" + MORE,
            ["203.0.113.7"],
        ),
        (
            T + "destroy element ip f b { \\\n 198.51.100.1 }\n" + MORE,
            ["192.0.2.0/25", "203.0.113.7"],
        ),
        (T + "flush set ip f b\n" + MORE, ["203.0.113.7"]),
        (T + "flush set f b; " + MORE, ["203.0.113.7"]),
        (T + "flush set ip g b\n" + MORE, ["198.51.100.1", "192.0.2.0/25", "203.0.113.7"]),
        (T + "flush set ip6 f b\n" + MORE, ["198.51.100.1", "192.0.2.0/25", "203.0.113.7"]),
        (T + "delete set ip f b\nadd set ip f b { type ipv4_addr; }\n" + MORE, ["203.0.113.7"]),
        (T + "destroy set ip f b\n" + MORE, ["203.0.113.7"]),
        (T + "flush ruleset\n" + MORE, ["203.0.113.7"]),
        (T + "flush ruleset ip6\n" + MORE, ["198.51.100.1", "192.0.2.0/25", "203.0.113.7"]),
        (T + "delete table ip f\n" + T, ["198.51.100.1", "192.0.2.0/25"]),
        (T + DROPS + "delete table f\nadd table ip f\n" + MORE, ["203.0.113.7"]),
        # What accepted the set was a rule, and that is gone: the set is counted again.
        (T + DROPS + "flush table ip f\n", ["198.51.100.1", "192.0.2.0/25"]),
        (T + OTHER + "flush ruleset\n" + MORE, ["203.0.113.7"]),
        (
            "add table ip f\nflush chain ip f c\ndelete table ip f\n" + T,
            ["198.51.100.1", "192.0.2.0/25"],
        ),
        (
            "define X = { 203.0.113.8 }\nflush ruleset\n" + T,
            ["203.0.113.8", "198.51.100.1", "192.0.2.0/25"],
        ),
        (
            "add map ip f m { type ipv4_addr : verdict; }\n"
            "add element ip f m { 203.0.113.8 : drop, 203.0.113.9 : accept, 203.0.113.10 : drop }\n"
            "delete element ip f m { 203.0.113.8 : drop }\n",
            ["203.0.113.10"],
        ),
    ],
)
def test_later_commands_of_nftables_act_on_what_was_added(text, left, tmp_path):
    assert read_text(text, "nftables", tmp_path).to_set() == AddressSet.of(*left)


UNKNOWN = "expected a command of which it is known which entries of the file it takes away, got "


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (T + "delete element ip f b { 192.0.2.1 }\n", f"given:8: {REFUSED}"),
        (
            T + "delete element ip f b { 198.51.100.1 . 80 }\n",
            "given:8: expected to delete an element that is an address alone, got "
            "'198.51.100.1 . 80'",
        ),
        (T + OTHER + "flush set ip f b\n", f"given:14: {UNKNOWN}'flush set ip f b'"),
        (
            T + OTHER + "delete element ip f b { 198.51.100.1 }\n",
            f"given:14: {UNKNOWN}'delete element b {{ 198.51.100.1 }}'",
        ),
        (DROPS + "flush chain ip f c\n", f"given:7: {UNKNOWN}'flush chain ip f c'"),
        (
            DROPS + "delete rule ip f c handle 4\n",
            f"given:7: {UNKNOWN}'delete rule ip f c handle 4'",
        ),
        (
            DROPS + DROPS.replace("ip f", "ip g") + "delete table ip f\n",
            f"given:13: {UNKNOWN}'delete table ip f'",
        ),
        (
            "define X = { 203.0.113.8 }\nredefine X = { 203.0.113.9 }\n",
            f"given:2: {UNKNOWN}'redefine X ='",
        ),
        (
            "define X = { 203.0.113.8 }\ntable ip f {\n set b {\n  elements = $X\n }\n}\n"
            "flush set ip f b\n",
            f"given:7: {UNKNOWN}'flush set ip f b'",
        ),
        (
            "get element ip f b { 203.0.113.9 }\n",
            "given:1: expected elements to be added or deleted, got 'get element ip f b'",
        ),
    ],
)
def test_a_command_of_nftables_that_cannot_be_carried_out_is_refused(text, told, tmp_path):
    assert refused(text, "nftables", tmp_path) == [told]


def test_rules_of_included_files_are_asked_for(tmp_path):
    feed = read_text('include "/etc/nftables/*.nft"\n' + T, "nftables", tmp_path)
    assert feed.notes == ("rules of further files are included: give those files, too",)


L = "/ip firewall address-list\nadd address=198.51.100.0/24 list=b\nadd address=192.0.2.9 list=c\n"
V6 = "/ipv6 firewall address-list\nadd address=2001:db8::/32 list=b\n"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (
            L
            + "remove [find address=198.51.100.0/24]\n"
            + "add address=198.51.100.1-198.51.100.9 list=b\n",
            ["192.0.2.9", "198.51.100.1-198.51.100.9"],
        ),
        (L + "remove [find list=b]\n", ["192.0.2.9"]),
        (L + "remove [/ip firewall address-list find where list=b]\n", ["192.0.2.9"]),
        (L + 'remove numbers=[find where list="b" and address=198.51.100.0/24]\n', ["192.0.2.9"]),
        (L + "remove [find list=c address=198.51.100.0/24]\n", ["198.51.100.0/24", "192.0.2.9"]),
        (L + "remove [find address=198.51.100.7]\n", ["198.51.100.0/24", "192.0.2.9"]),
        (L + "disable [find list=b]\n", ["192.0.2.9"]),
        (L + "set [find list=b] disabled=yes\n", ["192.0.2.9"]),
        (L + "remove [find]; add address=203.0.113.7 list=b\n", ["203.0.113.7"]),
        (L + ":do { remove [find list=b] } on-error {}\n", ["192.0.2.9"]),
        (L + "/ip route remove [find]\n", ["198.51.100.0/24", "192.0.2.9"]),
        (L + "/ip service\nset telnet disabled=yes\n", ["198.51.100.0/24", "192.0.2.9"]),
        (
            L + 'add address=203.0.113.7 list=c comment="x; remove [find list=b]"\n',
            ["198.51.100.0/24", "192.0.2.9", "203.0.113.7"],
        ),
        (
            L + "add address=203.0.113.7 list=c; add address=203.0.113.8 list=c\n",
            ["198.51.100.0/24", "192.0.2.9", "203.0.113.7-203.0.113.8"],
        ),
        (
            "/ip route\nadd blackhole dst-address=198.51.100.0/24\n"
            "add blackhole dst-address=192.0.2.9/32\nremove [find dst-address=198.51.100.0/24]\n",
            ["192.0.2.9"],
        ),
        (L + V6 + "remove [find list=b]\n", ["198.51.100.0/24", "192.0.2.9"]),
        (
            L + V6 + "/ip firewall address-list remove [find list=b]\n",
            ["2001:db8::/32", "192.0.2.9"],
        ),
        (
            V6 + "/ip firewall address-list\nremove [find list=b]\n" + L,
            ["2001:db8::/32", "198.51.100.0/24", "192.0.2.9"],
        ),
    ],
)
def test_later_commands_of_routeros_act_on_what_was_added(text, left, tmp_path):
    assert read_text(text, "mikrotik", tmp_path).to_set() == AddressSet.of(*left)


CHANGES = "expected a command of which it is known which entries of the file it changes, got "
RULE = "/ip firewall filter\nadd action=drop chain=input src-address=192.0.2.9\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (L + "remove 0\n", f"given:4: {CHANGES}'remove 0'"),
        (L + 'remove [find comment~"x"]\n', f"given:4: {CHANGES}'remove [find comment~\"x\"]'"),
        (L + "remove [find list=$X]\n", f"given:4: {CHANGES}'remove [find list=$X]'"),
        (L + "remove [find dynamic]\n", f"given:4: {CHANGES}'remove [find dynamic]'"),
        (L + "set [find list=b] list=d\n", f"given:4: {CHANGES}'set [find list=b] list=d'"),
        (L + "enable [find list=b]\n", f"given:4: {CHANGES}'enable [find list=b]'"),
        (
            L + ":foreach i in=[find list=b] do={ remove $i }\n",
            f"given:4: {CHANGES}':foreach i in=[find list=b] do={{ remove $i }}'",
        ),
        (L + V6 + "remove [find]\n", f"given:6: {CHANGES}'remove [find]'"),
        (
            L + "add address=a.example list=b\nremove [find address=a.example]\n",
            f"given:5: {CHANGES}'remove [find address=a.example]'",
        ),
        (RULE + "remove [find chain=input]\n", f"given:3: {CHANGES}'remove [find chain=input]'"),
        (RULE + "set 0 action=accept\n", f"given:3: {CHANGES}'set 0 action=accept'"),
    ],
)
def test_a_command_of_routeros_that_cannot_be_carried_out_is_refused(text, told, tmp_path):
    assert refused(text, "mikrotik", tmp_path) == [told]


def _deleted(form: str, prefix: str) -> str:
    is_six = ":" in prefix
    match form:
        case "ipset":
            return f"del {'b' if is_six else 'a'} {prefix}\n"
        case "mikrotik":
            menu = f"/{'ipv6' if is_six else 'ip'} firewall address-list"
            return f"{menu} remove [find address={prefix}]\n"
        case _:
            return f"delete element inet filter {'b' if is_six else 'a'} {{ {prefix} }}\n"


@pytest.mark.parametrize("form", ["ipset", "nftables", "mikrotik"])
def test_what_is_added_and_deleted_is_as_if_it_never_was(form, tmp_path):
    @given(st.lists(networks(), min_size=2, max_size=12, unique=True), st.data())
    @settings(max_examples=40, deadline=None)
    def holds(prefixes: list[str], data: st.DataObject) -> None:
        gone = data.draw(st.lists(st.sampled_from(prefixes), unique=True, max_size=6))
        text = RENDERED[form](prefixes) + "".join(_deleted(form, prefix) for prefix in gone)
        feed = read_text(text, form, tmp_path, allow_empty=True)
        left = [prefix for prefix in prefixes if prefix not in gone]
        assert feed.to_set() == AddressSet.of(*left)
        assert feed.n_records == len(left)

    holds()
