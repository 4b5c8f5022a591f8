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
