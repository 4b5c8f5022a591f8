"""Compiled rule sets and firewall rules are refused by name, with how to get text from them.

Each example of rules is one that a reader of some of them gets wrong: it negates, lets through
before it drops, or names users.
"""

import gzip
import io
import json
import re
import struct
import subprocess
import zlib
from collections.abc import Callable
from datetime import UTC
from zoneinfo import ZoneInfo

import numpy as np
import pytest

import sim
from sim.addresses.feeds import json_tables
from sim.addresses.feeds.formats import read_feed
from sim.addresses.feeds.forms import FORMATS, FORMS
from sim.addresses.feeds.inputs import ColumnChoice, Input, cut_lines, spooled
from sim.addresses.feeds.neighbours import read_date
from sim.addresses.feeds.normal import write_normal
from sim.addresses.feeds.refused import REFUSED, RULES
from sim.addresses.sets.intervals import AddressSet
from sim.addresses.text.source import Limits
from sim.errors import DataError
from sim.scenario.tables.lists import read_list
from tests.feeds import given, read, read_dated, refused

# The first bytes of files that sing-box, mihomo and V2Ray compiled, of MRT and of a database.
BINARY = {
    # Of a database the mark stands behind its tree, however long that is.
    "large.mmdb": bytes(100_000) + b"\xab\xcd\xefMaxMind.com" + bytes(9),
    "updates-with-as4.mrt": struct.pack(">IHHI", 0, 16, 4, 8) + bytes(8),
    "set.srs": b"SRS\x01" + zlib.compress(b"\x01\x00\x06\x01" + bytes(20)),
    "set.mrs": b"MRS\x01\x01" + bytes(30),
    "geoip.dat": b"\n\x12\n\x02RU\x12\x0c\n\x08" + bytes([198, 18, 0, 0]) + b"\x10\x18",
    "geosite.dat": b"\n\x19\n\x03ADS\x12\x10\x12\x0eshop1.example\n",
    "updates.mrt": b"\x65\x92\x00\x80\x00\x0d\x00\x01\x00\x00\x00\x0f",
    "ranges.mmdb": bytes(9) + b"\xab\xcd\xefMaxMind.com",
}


@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize("form", ["", "list"])
def test_what_a_program_compiled_is_refused_by_name(name, form, tmp_path):
    file = given(tmp_path, BINARY[name], name)
    for reading in (
        lambda: read_feed(file, form, skip_bad=True, allow_empty=True),
        lambda: read_dated(file, form, skip_bad=True),
        lambda: read_list(name, file.path),
    ):
        kind = {"mmdb": "a MaxMind database", "mrt": "BGP tables or updates in MRT"}
        told = kind.get(name.partition(".")[2], "a ")
        with pytest.raises(DataError, match=f"expected a list of addresses, got {told}.* writes"):
            reading()


@pytest.mark.parametrize("data", [b"", b"\n\n", b"SRS 198.18.0.1\n", "è \x1b[0m\t\n".encode()])
def test_text_is_not_taken_for_binary(data):
    assert not any(kind.fits(data) for kind in REFUSED)


EXAMPLES = {
    "iptables": [
        "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -s 198.51.100.7/32 -j ACCEPT\n"
        "-A INPUT -s 198.51.100.7/32 -j DROP\nCOMMIT\n",
        "iptables -A OUTPUT ! -d 198.51.100.0/24 -j REJECT\n",
        "for net in $NETS; do\n  $IPT -I FORWARD -d 198.51.100.0/24 -p tcp -j DROP\ndone\n",
        "-A OUTPUT -d 198.51.100.0/24 \\\n  -j ACCEPT\n",
        "[3:180] -A OUTPUT -d 198.51.100.7/32 -j LOGACCEPT\n",
    ],
    "nftables": [
        "table inet f {\n chain c {\n  ip daddr 198.51.100.7 accept\n"
        "  ip daddr 198.51.100.0/24 drop\n }\n}\n",
        "table ip f { set good { type ipv4_addr; elements = { 198.51.100.7 } }\n"
        " chain c { ip daddr != @good drop; } }\n",
        "add rule ip filter output ip daddr 198.51.100.0/24 accept\n",
        "nft add element f g { 198.51.100.7 }\nnft insert rule ip f o ip daddr @g return\n",
        "table ip f {\n map m {\n  type ipv4_addr : verdict\n"
        "  elements = { 198.51.100.7 : accept }\n }\n}\n",
        "table ip f {\n set s {\n type ipv4_addr\n elements = { 198.51.100.7 }\n }\n}\n",
    ],
    "RouterOS": [
        "# 2026-01-02 by RouterOS 7.12\n/ip firewall address-list\n"
        "add address=198.51.100.7 list=good\n/ip firewall filter\n"
        "add action=drop chain=forward src-address-list=!good\n",
        "/ip firewall filter add chain=input src-address=198.51.100.7 action=accept\n",
        ":foreach ip in={198.51.100.7} do={ add list=good address=$ip }\n",
        "add action=drop chain=forward \\\n    dst-address-list=!good\n",
    ],
    "OpenWrt": [
        "config ipset\n\toption name 'good'\n\tlist entry '198.51.100.7'\n"
        "config rule\n\toption ipset '!good dest'\n\toption target 'DROP'\n",
        "config rule\n\toption dest_ip 198.51.100.7\n\toption target ACCEPT\n",
        "\toption src_ip '!198.51.100.7'\n",
        "firewall.@rule[0].dest_ip='198.51.100.7'\nfirewall.@rule[0].target='ACCEPT'\n",
    ],
    "Clash": [
        "payload:\n  - 198.51.100.0/24\n",
        "rules:\n  - IP-CIDR,198.51.100.0/24,DIRECT\n  - IP-CIDR,198.51.100.0/24,REJECT\n",
        "SRC-IP-CIDR,198.51.100.7/32,REJECT\n",
        "[Rule]\nDOMAIN-SUFFIX,a.example,DIRECT\nFINAL,REJECT\n",
        "DOMAIN,a.example,DIRECT\n",
    ],
    "sing-box, Xray": [
        json.dumps({"version": 3, "rules": [{"source_ip_cidr": ["198.51.100.7/32"]}]}),
        json.dumps({"version": 3, "rules": [{"ip_cidr": ["198.51.100.0/24"], "invert": True}]}),
        json.dumps({"routing": {"rules": [{"source": ["198.51.100.7"], "outboundTag": "block"}]}}),
        '{"ip": "198.51.100.0/24", "outboundTag": "direct"}\n'
        '{"ip": "198.51.100.7", "outboundTag": "block"}\n',
        "// rules of our own\n" + json.dumps({"outbounds": [], "route": {"rules": []}}, indent=1),
    ],
    "Windows": [
        "New-NetFirewallRule -DisplayName x -RemoteAddress 198.51.100.0/24 -Action Block\n",
        "netsh advfirewall firewall add rule name=y dir=out action=allow remoteip=198.51.100.7\n",
    ],
    "Suricata": [
        'drop ip [198.51.100.1,198.51.100.2] any -> $HOME_NET any (msg:"x"; sid:1;)\n',
        "pass ip 198.51.100.7 any -> any any (sid:2;)\n",
    ],
    # ipset(8), dnsmasq(8), adblockplus.org/filter-cheatsheet, draft-vixie-dnsop-dns-rpz.
    "ipset": [
        "create s hash:net\nadd s 198.51.100.0/24\nadd s 198.51.100.7 nomatch\n",
        "create s hash:ip netmask 24\n",
        "ipset add s 198.51.100.7 timeout 60\n",
        "add s 2001:db8::/32 -exist\n",
        "Name: s\nType: hash:ip\nHeader: netmask 24\nMembers:\n192.0.2.1\n",
    ],
    "browsers": [
        "||a.example^\n@@||b.a.example^\n",
        "||198.51.100.7^$badfilter\n",
        "! Title\n@@/ads/banner.js\n",
    ],
    "dnsmasq": [
        "local=/a.example/\nserver=/b.a.example/#\n",
        "bogus-nxdomain=198.51.100.7\n",
        "host-record=nas.example,192.0.2.7\n",
    ],
    "response policy zone": [
        "a.example CNAME .\nb.a.example CNAME rpz-passthru.\n",
        "*.a.example 60 IN CNAME *.\n",
    ],
}


def refusal(file: Input, form: str = "", *, skip_bad: bool = False) -> str:
    with pytest.raises(DataError) as error:
        read_feed(file, form, skip_bad=skip_bad, allow_empty=skip_bad)
    (problem,) = error.value.problems
    return problem.message


CASES = [(language, text) for language, texts in EXAMPLES.items() for text in texts]
IDS = [f"{language}-{row}" for language, texts in EXAMPLES.items() for row in range(len(texts))]
LIST = "".join(f"203.0.113.{row}\n" for row in range(1, 21))

DISGUISES: dict[str, Callable[[str], bytes]] = {
    "as it is": lambda text: text.encode(),
    "behind a list": lambda text: (LIST + text).encode(),
    "before a list": lambda text: (text + LIST).encode(),
    "with comments": lambda text: ("# a list\n; of addresses\n\n" + text).encode(),
    "of Windows": lambda text: text.replace("\n", "\r\n").encode(),
    "with a mark": lambda text: text.encode("utf-8-sig"),
    "of two bytes": lambda text: text.encode("utf-16"),
    "compressed": lambda text: gzip.compress((LIST + text).encode()),
}


@pytest.mark.parametrize(("language", "text"), CASES, ids=IDS)
def test_rules_are_refused_by_the_name_of_their_language(language, text, tmp_path):
    for disguise in DISGUISES.values():
        file = given(tmp_path, disguise(text), "list.txt")
        for form, skip_bad in (("", False), ("", True), ("list", True)):
            message = refusal(file, form, skip_bad=skip_bad)
            assert message.startswith("expected a list of addresses, got ")
            assert language in message
            assert "list.txt`" in message
            assert "a person has to" in message.lower()


@pytest.mark.parametrize(("language", "text"), CASES, ids=IDS)
def test_rules_are_refused_whatever_they_are_said_to_be(language, text, tmp_path):
    file = given(tmp_path, text)
    for form in FORMATS:
        assert language in refusal(file, form, skip_bad=True)
    for reading in (lambda: read_dated(file, skip_bad=True), lambda: read_list("given", file.path)):
        with pytest.raises(DataError, match=language):
            reading()


def test_words_of_rules_in_comments_and_columns_make_no_rules(tmp_path):
    for text in (
        "# iptables -A INPUT -s 198.51.100.7 -j DROP\n; *filter\n198.51.100.1 # -A INPUT -j DROP\n",
        'address,name,provider\n198.51.100.1,a.example,"add list=x, DOMAIN,b.example"\n',
        '[{"cidr": "198.51.100.0/24", "notes": "rules: x", "domain": "a.example"}]',
    ):
        assert len(read(text, tmp_path).v4) == 1


def test_no_reader_of_rules_is_left_and_each_language_has_a_way_out():
    assert not {"iptables", "mikrotik", "openwrt", "clash", "routing"} & {f.name for f in FORMS}
    commands = [kind.command for kind in RULES]
    assert all(
        "FILE" in one or one.startswith(("nft -j list", "ipset save", "Get-Net"))
        for one in commands
    )


NFT = {"nftables": [{"metainfo": {"version": "1"}}, {"set": {"name": "s", "elem": [
    "192.0.2.1",
    {"prefix": {"addr": "198.51.100.0", "len": 24}},
    {"range": ["203.0.113.1", "203.0.113.9"]},
    {"elem": {"val": "192.0.2.7", "timeout": 60}},
    {"elem": {"val": {"prefix": {"addr": "2001:db8::", "len": 32}}, "expires": 9}},
]}}]}  # fmt: skip


@pytest.mark.parametrize(
    ("language", "text", "lines"),
    [
        ("nftables", json.dumps(NFT),
         ["192.0.2.1", "198.51.100.0/24", "203.0.113.1-203.0.113.9", "192.0.2.7", "2001:db8::/32"]),
        ("ipset", "create s hash:net\nadd s 198.51.100.0/24 timeout 60\nadd s 192.0.2.1\n",
         ["198.51.100.0/24", "192.0.2.1"]),
        ("Suricata", "drop ip [192.0.2.1,192.0.2.2] any -> $HOME_NET any (sid:1;)\n"
         "pass ip 192.0.2.7 any -> any any (sid:2;)\n", ["192.0.2.1", "192.0.2.2"]),
        ("browsers", "! x\n||a.example^\n||b.example^$third-party\n@@||c.example^\n",
         ["a.example", "b.example"]),
        ("dnsmasq", "address=/a.example/#\nlocal=/b.example/\nserver=/c.example/9.9.9.9\n",
         ["a.example", "b.example"]),
        ("response policy zone", "a.example CNAME .\nb.example CNAME *.\nc CNAME rpz-passthru.\n",
         ["a.example", "b.example"]),
    ],
)  # fmt: skip
def test_the_commands_for_sets_and_names_write_what_they_say(language, text, lines, tmp_path):
    """The element forms of nft are those of libnftables-json(5)."""
    (kind,) = (kind for kind in RULES if language in kind.file)
    (tmp_path / "FILE").write_text(text)
    command = re.sub(r"^(nft -j|ipset)[^|]*\|", "cat FILE |", kind.command)
    subprocess.run(["bash", "-c", command], cwd=tmp_path, check=True)
    assert (tmp_path / "list.txt").read_text().splitlines() == lines


def test_a_long_line_of_beginnings_of_rules_is_looked_at_in_bounded_time(tmp_path):
    text = "-A x " * 12_000 + "\n" + "add x " * 12_000
    assert refused(text, tmp_path, limits=Limits(max_line_bytes=2**20))


# Mistakes and limits that few files meet, each with what is said of it.


@pytest.mark.parametrize(
    ("form", "text", "said"),
    [
        ("", "192.0.2.1 255.0.255.0\n", "expected a list of addresses, got 1 lines that are none"),
        ("", "sep=;\nIP;Comment\n192.0.2.1;x\n", ":1: expected a list or a table, got 'sep=;'"),
        ("list", "192.0.2.0/255.0.255.0\n", ":1: expected a prefix length from 0 to 32, got"),
        ("", '[{"ip": "192.0.2.1", "IP": "192.0.2.2"}]', ":1: IP: expected each column once"),
        ("orders", "effective,action,prefix\n2018-02-30,block,192.0.2.1\n", "2018-02-30"),
    ],
)
def test_a_mistake_is_told_with_its_place(form, text, said, tmp_path):
    assert said in "; ".join(refused(text, tmp_path, form))


def test_a_day_that_no_month_has_is_no_date():
    assert read_date("2018-02-30", ZoneInfo("UTC")) is None
    assert read_date("2018-02-28", ZoneInfo("UTC")).astimezone(UTC).day == 28


def test_half_a_character_is_spelled_in_the_refusal():
    with pytest.raises(DataError, match=r"blocklist:1: .* got '\\ud800'"):
        sim.exposure(["\ud800"])


def test_a_stream_beyond_the_limit_is_refused():
    with (
        pytest.raises(DataError, match="<stdin>: expected at most 10 bytes, got more"),
        spooled(io.BytesIO(bytes(11)), "<stdin>", Limits(max_bytes=10)),
    ):
        pass


def test_lines_with_a_bare_return_have_no_cells():
    assert cut_lines(["a,b"], ",") == [["a", "b"]]
    assert cut_lines(["a\rb,c"], ",") == []


def test_a_last_address_may_be_named_beside_a_first_one(tmp_path):
    """Beside a column of addresses, first ones say again what it says."""
    columns = ColumnChoice.of(["last=until_ip"], [])
    text = "address,start_ip,until_ip\n192.0.2.0,192.0.2.0,192.0.2.1\n"
    file = given(tmp_path, text, columns=columns)
    assert read_feed(Input(file.path, "given", columns)).to_set() == AddressSet.of("192.0.2.0/31")


def test_a_normal_table_says_that_its_source_has_more(tmp_path):
    """Rows without an address that weigh nothing and have no name are told, not asked about."""
    source = read("address,provider\n192.0.2.1,A\n,B\n", tmp_path)
    write_normal(source, tmp_path / "table.parquet", sha256="", version="0")
    feed = read_feed(Input(tmp_path / "table.parquet", "table"))
    assert "1 rows have no usable address: given has them, this table has not" in feed.notes


def test_objects_are_turned_into_columns_some_at_a_time(tmp_path, monkeypatch):
    monkeypatch.setattr(json_tables, "_BATCH", 2)
    text = "[" + ",".join(f'{{"ip": "192.0.2.{row}"}}' for row in range(5)) + "]"
    feed = read(text, tmp_path)
    assert feed.v4.line.tolist() == [1, 2, 3, 4, 5]
    assert np.array_equal(feed.record4, np.arange(5))
