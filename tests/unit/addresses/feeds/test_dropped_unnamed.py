"""What rules drop and do not name by an address: a set of another file, every address, a port."""

from __future__ import annotations

import pytest

from sim.addresses.sets.families import AddressSet
from tests.unit.addresses.feeds.test_taken_back import read_text, refused

DROP = "-A INPUT -s 198.51.100.1/32 -j DROP\n"


def test_a_set_that_is_dropped_and_not_in_the_file_is_asked_for(tmp_path):
    text = (
        f"*filter\n:INPUT ACCEPT [0:0]\n{DROP}-A INPUT -m set --match-set b src -j DROP\n"
        "-A INPUT -m set --match-set a dst -j LOGDROP\n"
        "-A FORWARD -m set --match-set b src -j DROP\n"
        "-A INPUT -m set --match-set friends src -j ACCEPT\n-A LOGDROP -j DROP\nCOMMIT\n"
    )
    feed = read_text(text, "iptables", tmp_path)
    assert feed.to_set() == AddressSet.of("198.51.100.1")
    assert feed.notes == (
        "3 rules drop sets that are not in this file: 'b', 'a'; give those too, as ipset save "
        "writes them",
    )


def test_rules_that_drop_ports_or_protocols_are_counted(tmp_path):
    text = f"{DROP}-A INPUT -p tcp --dport 23 -j DROP\n-A INPUT -m state --state INVALID -j DROP\n"
    feed = read_text(text, "iptables", tmp_path)
    assert feed.notes == ("2 dropping rules name no address: left out",)


ALL = "given:{}: expected rules that drop the addresses they name, got {}: it drops every address"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            f"*filter\n:INPUT DROP [0:0]\n-A INPUT -s 192.0.2.1 -j ACCEPT\n{DROP}COMMIT\n",
            ALL.format(2, "the policy DROP of 'INPUT'"),
        ),
        (f"iptables -P FORWARD DROP\n{DROP}", ALL.format(1, "the policy DROP of 'FORWARD'")),
        (f"{DROP}-A INPUT -j DROP\n", ALL.format(2, "a rule without a condition in INPUT")),
        (
            f"{DROP}-A OUTPUT -j A\n-A A -j REJECT\n",
            ALL.format(2, "a rule without a condition in OUTPUT"),
        ),
        # The chain that is come to first goes back, and the second drops what comes to it.
        (
            f"{DROP}-A INPUT -j A\n-A INPUT -j B\n-A A -s 192.0.2.1 -j ACCEPT\n-A B -j LOG\n"
            "-A B -j C\n-A C -p icmp -j RETURN\n-A C -j DROP\n",
            ALL.format(3, "a rule without a condition in INPUT"),
        ),
        (
            f"{DROP}-A FORWARD -g A\n-A FORWARD -j ACCEPT\n-A A -j RETURN\n"
            "iptables -I A 1 -j DROP\n",
            ALL.format(2, "a rule without a condition in FORWARD"),
        ),
        (
            f"{DROP}iptables -I INPUT 2 -j DROP\n",
            "given:2: expected rules in their sequence, as iptables-save writes them, got one "
            "between: 'iptables -I INPUT 2 -j DROP'",
        ),
        (
            f"{DROP}-A INPUT -m set ! --match-set b src -j DROP\n",
            "given:2: expected a set that a rule matches, got one it does not (!): '-A INPUT -m "
            "set ! --match-set b src -j DROP'",
        ),
        (
            f"{DROP}-F INPUT\n",
            "given:2: expected rules that stay, got a command that takes away what was added: "
            "'-F INPUT'",
        ),
        (
            f"{DROP}iptables -F\n",
            "given:2: expected rules that stay, got a command that takes away what was added: "
            "'iptables -F'",
        ),
        (
            f"{DROP}-D INPUT -s 198.51.100.1/32 -j DROP\n",
            "given:2: expected a rule as iptables-save writes it, got '-D INPUT -s 198.51.100.1/32 "
            "-j DROP'",
        ),
    ],
)
def test_what_drops_every_address_or_takes_rules_away_is_refused(text, told, tmp_path):
    assert refused(text, "iptables", tmp_path) == [told]


@pytest.mark.parametrize(
    "text",
    [
        f":INPUT ACCEPT [0:0]\n{DROP}",
        f"iptables -F\niptables -P INPUT ACCEPT\n{DROP}",
        f"{DROP}-F OTHER\n-A INPUT -j ACCEPT\n-A A -j DROP\n",
        f"{DROP}-A INPUT -m set ! --match-set b src -j ACCEPT\n",
        f"{DROP}-A INPUT -j A\n-A INPUT -j ACCEPT\n-A INPUT -j DROP\n-A A -j RETURN\n"
        "-A A -j DROP\n",
        # Who is sent away for good comes back to whoever called, not to the next rule.
        f"{DROP}-A INPUT -j A\n-A A -g B\n-A A -j DROP\n-A B -j RETURN\n",
        f"{DROP}-A INPUT -j NFQUEUE\n-A INPUT -j DROP\n",
    ],
)
def test_what_drops_nothing_more_is_read(text, tmp_path):
    feed = read_text(text, "iptables", tmp_path)
    assert feed.to_set() == AddressSet.of("198.51.100.1")
    assert feed.notes == ()


CHAIN = "table inet f {\n chain c {\n  ip saddr 198.51.100.1 drop\n"
HOOK = "  type filter hook input priority 0; policy accept;\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            f"{CHAIN}  type filter hook input priority 0; policy drop;\n }}\n}}\n",
            ALL.format(4, "'policy drop'"),
        ),
        (
            f"{CHAIN}{HOOK}  counter packets 5 bytes 9 drop\n }}\n}}\n",
            ALL.format(5, "'counter packets 5 bytes 9 drop'"),
        ),
        (
            f"{CHAIN}{HOOK}  reject with icmpx admin-prohibited\n }}\n}}\n",
            ALL.format(5, "'reject with icmpx admin-prohibited'"),
        ),
    ],
)
def test_a_chain_of_nftables_that_drops_every_address_is_refused(text, told, tmp_path):
    assert refused(text, "nftables", tmp_path) == [told]


def test_a_chain_of_nftables_that_nothing_comes_to_by_itself_may_drop_all(tmp_path):
    feed = read_text(f"{CHAIN}  drop\n }}\n chain d {{\n{HOOK} }}\n}}\n", "nftables", tmp_path)
    assert feed.to_set() == AddressSet.of("198.51.100.1")


@pytest.mark.parametrize(
    ("form", "text", "told"),
    [
        (
            "nftables",
            f"{CHAIN}  ip saddr @b drop\n  tcp dport @p drop\n  ip saddr @e drop\n }}\n"
            " set p { type inet_service; }\n set e { type ipv4_addr; }\n}\n",
            "1 rules drop sets that are not in this file: 'b'; give those too, as nft list ruleset "
            "writes them",
        ),
        (
            "mikrotik",
            "/ip firewall address-list\nadd address=198.51.100.1 list=a\n/ip firewall filter\n"
            "add action=drop chain=input src-address-list=a\n"
            "add action=drop chain=input src-address-list=b\n",
            "1 rules drop lists that are not in this file: 'b'; give those too, as /export writes "
            "them",
        ),
        (
            "openwrt",
            "config ipset\n\toption name 'a'\n\tlist entry '198.51.100.1'\n"
            "config rule\n\toption ipset 'b src'\n\toption target 'DROP'\n",
            "1 rules drop sets that are not in this file: 'b'; give those too, as uci export "
            "writes them",
        ),
    ],
)
def test_what_rules_drop_and_no_line_lists_is_asked_for(form, text, told, tmp_path):
    feed = read_text(text, form, tmp_path)
    assert feed.to_set() == AddressSet.of("198.51.100.1")
    assert feed.notes == (told,)


LED = "-A INPUT -s 203.0.113.0/24 -j A\n"
SOME = (
    "{} drops by a port, a protocol or another condition: addresses that rules lead there are "
    "counted as blocked"
)


@pytest.mark.parametrize(
    ("chains", "is_dropped", "notes"),
    [
        ("-A A -j B\n-A A -j DROP\n-A B -j LOG\n", True, ()),
        ("-A A -p tcp --dport 80 -j ACCEPT\n-A A -j DROP\n", True, ()),
        ("-A A -j B\n-A A -j DROP\n-A B -j ACCEPT\n", False, ("1 addresses of 'A' are let",)),
        ("-A A -p tcp --dport 25 -j DROP\n", True, (SOME.format("'A'"), "1 dropping rules name")),
        (
            "-A A -p udp -j B\n-A A -j RETURN\n-A B -p udp --dport 53 -j REJECT\n", True,
            (SOME.format("'A'"), "1 dropping rules name"),
        ),
        # Behind what decides of everything no rule is come to.
        (
            "-A A -j ACCEPT\n-A A -p tcp -j DROP\n", False,
            ("1 dropping rules name", "1 addresses of 'A' are let"),
        ),
        # What a chain drops by address is that address, and not all that is led there.
        ("-A A -s 203.0.113.9/32 -j DROP\n", False, ("1 addresses of 'A' are let",)),
    ],
)  # fmt: skip
def test_what_is_led_to_a_chain_is_followed_to_where_it_is_dropped(
    chains, is_dropped, notes, tmp_path
):
    feed = read_text(f"*filter\n{DROP}{LED}{chains}COMMIT\n", "iptables", tmp_path)
    expected = AddressSet.of("198.51.100.1")
    if is_dropped:
        expected = AddressSet.of("198.51.100.1", "203.0.113.0/24")
    elif "203.0.113.9" in chains:
        expected = AddressSet.of("198.51.100.1", "203.0.113.9")
    assert feed.to_set() == expected
    told = [note for note in feed.notes if not note.startswith("targets read")]
    assert len(told) == len(notes)
    assert all(note.startswith(begin) for note, begin in zip(told, notes, strict=True))


def test_a_row_of_chains_without_an_end_is_refused(tmp_path):
    chains = "".join(f"-A C{n} -j C{n + 1}\n" for n in range(100))
    told = refused(f"{DROP}-A INPUT -s 203.0.113.1 -j C0\n{chains}", "iptables", tmp_path)
    assert told == ["given: expected at most 64 chains that lead to each other, got more"]


@pytest.mark.parametrize(
    ("n_chains", "more"),
    [(8, ()), (9, ("9 more, for 1 other reason: left out",)),
     (11, ("30 more, for 3 other reasons: left out",))],
)  # fmt: skip
def test_of_many_reasons_to_leave_out_it_is_said_how_many_are_not_told(n_chains, more, tmp_path):
    # Of chain n as many addresses are let through as its number.
    rules = "".join(
        f"-A INPUT -s 192.0.2.{16 * n + row}/32 -j C{n}\n"
        for n in range(1, n_chains + 1)
        for row in range(n)
    )
    chains = "".join(f"-A C{n} -j ACCEPT\n" for n in range(1, n_chains + 1))
    feed = read_text(f"{DROP}{rules}{chains}", "iptables", tmp_path)
    told = [f"{n:,} addresses of 'C{n}' are let through: left out" for n in range(1, 9)]
    assert feed.notes == (*told, *more)
