"""Files that are refused by name: binary ones, rules and sets of firewalls, rules of names.

Rules are no list: they let through, negate, name users and depend on each other, so an address in
them may be one that nobody blocks. There is no reader of some of them for that reason.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from sim.addresses.feeds.inputs import SAMPLE_BYTES, Input, take_sample
from sim.addresses.text.source import Limits
from sim.errors import DataError, Problem

_CONTROL = re.compile(rb"[\x01-\x08\x0e-\x1a]")
"""Bytes that are in no text."""
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_MMDB = b"\xab\xcd\xefMaxMind.com"
"""Begins the metadata at the end of a database (MaxMind DB File Format Specification 2.0)."""

_EXTRACT = (
    "some addresses of its rules. Rules also let through, negate and name users: a person has to "
    "compare the extract with the rules before it is used as a list"
)
_CHECK_SET = "A person has to check what the rules do with that set before it is used as a list"
_SET = (
    "the members of all sets. A set may have exceptions (nomatch), netmasks and ports: a person "
    "has to check these, and what is done with each set"
)
_NAMES = (
    "names of its rules. Rules also make exceptions: a person has to compare the extract with them "
    "before it is used as a list of names"
)
_NFT = (
    "nft -j list set FAMILY TABLE SET | jq -r '.nftables[].set?.elem[]? | (.elem?.val? // .) | "
    r'if type == "string" then . elif .prefix then "\(.prefix.addr)/\(.prefix.len)" '
    'else .range | join("-") end\' > list.txt'
)
_JQ = "jq -r '.. | objects | select(.invert != true) | .ip_cidr, .ip | strings, arrays[]?'"


@dataclass(frozen=True)
class Refused:
    """A kind of file that is refused."""

    file: str
    """Name for people."""
    command: str
    """Command that makes text or a list of a file FILE."""
    gives: str
    """What that is."""
    fits: Callable[[bytes], bool]
    """Whether some bytes are the beginning, or a part, of a file of the kind."""

    @property
    def refusal(self) -> str:
        """Message for such a file."""
        return (
            f"expected a list of addresses, got {self.file}; `{self.command}` writes {self.gives}"
        )


def refuse_unread(given: Input, limits: Limits) -> None:
    """Refuse a file whose first bytes are of no text, or hold firewall rules.

    Raises
    ------
    DataError
        If they are, with how to get a list from it, or if the file cannot be read.
    """
    sample = take_sample(given, limits)
    _refuse(given.name, sample.data)
    if _MMDB in sample.tail:
        raise DataError([Problem(given.name, MMDB.refusal)])


def refuse_rules(given: Input, limits: Limits) -> None:
    """Refuse a file that holds firewall rules anywhere.

    Raises
    ------
    DataError
        If it does, or if the file cannot be read.
    """
    with given.open(limits) as source:
        rest = b""
        while piece := source.read(SAMPLE_BYTES):
            block = rest + piece
            # What may be half a line is looked at again; a longer line is no rule.
            rest = block[block.rfind(b"\n") + 1 :][:SAMPLE_BYTES]
            _refuse(given.name, block, RULES)


def _refuse(name: str, data: bytes, kinds: Sequence[Refused] | None = None) -> None:
    kind = next((kind for kind in kinds or REFUSED if kind.fits(data)), None)
    if kind is not None:
        raise DataError([Problem(name, kind.refusal)])


def _is_mrt(data: bytes) -> bool:
    """Return whether the first entry is of a table or of updates (RFC 6396, section 4)."""
    is_early = len(data) >= 12 and data[4] == data[6] == 0
    kinds = {12: (1, 2), 13: range(1, 7), 16: range(12), 17: range(12)}
    return is_early and data[7] in kinds.get(data[5], ())


def _has(*forms: str) -> Callable[[bytes], bool]:
    """Return what tells whether a text, without its comments, has one of some forms in a line."""
    form = re.compile("|".join(forms), re.M)
    return lambda data: form.search(_without_comments(data)) is not None


@lru_cache(maxsize=1)
def _without_comments(data: bytes) -> str:
    """Text without comments and quoted sentences; a backslash joins a line to the next."""
    # Lines of most lists go first: no rule is one, and what is left is looked through many times.
    text = _OF_LISTS.sub("", _decoded(data).replace("\r\n", "\n"))
    text = text.replace("\r", "\n").replace("\\\n", " ")
    text = re.sub(r'"(?=[^"\n]*[ \t])(?:[^"\\\n]|\\.)*"', '""', text)
    return re.sub(r"(?m)^[ \t]*(?:[#;!]|//).*$|[ \t]#.*$", "", text)


def _decoded(data: bytes) -> str:
    return data.decode("utf-16" if data.startswith(_UTF16) else "utf-8-sig", "replace")


def _is_routing(data: bytes) -> bool:
    """Return whether there are the keys of routing rules of sing-box, Xray or V2Ray."""
    if b'"' not in data:
        return False
    text = _decoded(data)
    keys = set(re.findall(r'"(\w+)"\s*:', text))
    named = {"ip_cidr", "domain_suffix", "domain_keyword", "domain_regex", "outbounds"}
    sure = {"outboundTag", "balancerTag", "source_ip_cidr"}
    return (
        bool(keys & sure or (keys & named and keys & {"rules", "routing"}))
        or re.search(r'"ip_cidr"\s*:\s*\[', text) is not None
    )


# One word, or a name of a hosts file.
_OF_LISTS = re.compile(r"^(?:(?:0\.0\.0\.0|127\.0\.0\.1)[ \t]+)?[\w.:/-]*[\w.-]\n", re.M | re.A)
_START = r"^[ \t]*"
_QUOTED = r"(?:\"[^\"\n]*\"|'[^'\n]*')"
MMDB = Refused(
    "a MaxMind database (.mmdb)",
    "mmdbctl export FILE ranges.csv",
    "its ranges as CSV. Name the columns by --column; most vendors offer the CSV, too",
    lambda data: _MMDB in data,
)
NFTABLES = Refused(
    "rules, sets or commands of nftables",
    _NFT,
    f"one set. {_CHECK_SET}",
    _has(
        rf"{_START}(?:table[ \t]+(?:(?:inet|ip6?|bridge|netdev|arp)[ \t]+)?|set[ \t]+)[\w.-]+"
        r"[ \t]*\{",
        rf"{_START}(?:nft[ \t].*)?(?:add|create|insert|replace|delete|destroy|flush)[ \t]+"
        r"(?:(?:chain|rule|map|flowtable)[ \t]"
        r"|(?:table|set|element)[ \t]+(?:(?:inet|ip6?|bridge|netdev|arp)[ \t]|.*\{))",
        rf"{_START}(?:nft[ \t].*)?(?:flush|delete|destroy)[ \t]+(?:ruleset|table|set|element)"
        r"(?:[ \t]+[\w-]+){2}|^[ \t]*flush ruleset|^[ \t]*define[ \t]+\w+[ \t]*=",
        r"(?:^|[ \t{;])(?:chain|map|flowtable)[ \t]+[\w.-]+[ \t]*\{",
        r"(?:^|[ \t{;])type[ \t]+\w+[ \t]+hook[ \t]",
        r"(?:^|[ \t{;])vmap[ \t]",
        rf"{_START}(?:ip6?|tcp|udp|th|ct|meta|[io]if(?:name)?|ether|icmp\w*)[ \t]"
        r".{0,2000}[ \t](?:accept|drop|reject|return|queue|jump|goto)\b",
        r'"nftables"[ \t\n]*:[ \t\n]*\[',
    ),
)
RULES = (
    Refused(
        "firewall rules of iptables",
        'awk \'/-j (DROP|REJECT)/ && !/!/ {for (i = 1; i < NF; i++) if ($i == "-d") '
        "print $(i + 1)}' FILE > list.txt",
        _EXTRACT,
        _has(
            rf"{_START}\*(?:filter|nat|mangle|raw|security)[ \t]*$",
            rf"{_START}:\S+ (?:ACCEPT|DROP|-)(?: \[\d+:\d+\])?[ \t]*$",
            rf"{_START}Chain \S+ \((?:policy |\d+ references)",
            r"(?:^|[\s;&|/(])(?:ip6?|arp|eb)tables(?:-\w+)?[ \t]+-",
            r"(?:^|[ \t])(?:-[AIDR]|--(?:append|insert|delete|replace))[ \t]+\S+[ \t]"
            r"(?:.{0,300}[ \t])?(?:-[jgsdpiom][ \t\w]|--(?:jump|goto|source|destination|src|dst"
            r"|protocol|match|in-interface|out-interface)[ \t])",
            r"(?:^|[ \t])(?:-P|--policy)[ \t]+\S+[ \t]+(?:ACCEPT|DROP)\b",
        ),
    ),
    NFTABLES,
    Refused(
        "rules of the firewall of Windows",
        "Get-NetFirewallRule -Enabled True -Action Block | Get-NetFirewallAddressFilter | "
        "ForEach-Object RemoteAddress > list.txt",
        f"on that machine {_EXTRACT}",
        _has(r"(?i:(?:^|[ \t])(?:(?:New|Set)-NetFirewallRule|netsh[ \t]+advfirewall)[ \t])"),
    ),
    Refused(
        "rules of Suricata or Snort",
        "awk '/^(drop|reject)/ {gsub(/[][]/, \"\"); print $3; print $6}' FILE | tr , '\\n' | "
        "grep '[.:]' > list.txt",
        _EXTRACT,
        _has(rf"{_START}(?:alert|drop|pass|reject\w*|log)[ \t].{{0,2000}}[ \t](?:->|<>)[ \t].*\("),
    ),
    Refused(
        "a script of MikroTik RouterOS",
        'awk \'{gsub(/"[^"]*"/, "")} / list=NAME/ && !/disabled=yes/ {for (i = 1; i <= NF; i++) '
        'if (sub(/^address=/, "", $i)) print $i}\' FILE > list.txt',
        _EXTRACT,
        _has(
            rf"{_START}/(?:ip|ipv6)[ /](?:firewall|route|dns)(?:[ /]|$)",
            r"(?:^|[ \t{;])add[ \t](?:.{0,300}[ \t])?"
            r"(?:list|action|chain|address|(?:src|dst)-address(?:-list)?)=",
            rf"{_START}:(?:global|local|foreach|do|put|log|if)[ \t]",
        ),
    ),
    Refused(
        "a configuration of OpenWrt",
        _NFT.replace("FAMILY TABLE", "inet fw4"),
        f"one set on the router. {_CHECK_SET}",
        _has(
            rf"{_START}config[ \t]+(?:rule|redirect|zone|defaults|ipset|forwarding|route6?|nat"
            r"|interface|include|globals|device)\b",
            rf"{_START}(?:option|list)[ \t]+\w+[ \t]+{_QUOTED}[ \t]*$",
            rf"{_START}(?:option|list)[ \t]+(?:src_ip|dest_ip|target|ipset|src|dest|entry)[ \t]",
            rf"{_START}(?:uci[ \t].*)?(?:firewall|network)\.@?\w+(?:\[-?\d+\])?(?:\.\w+)?=",
        ),
    ),
    Refused(
        "rules of Clash, Surge or Shadowrocket",
        "awk -F, '/^[ -]*IP-CIDR6?,/ && !/DIRECT/ {print $2}' FILE > list.txt",
        _EXTRACT,
        _has(
            rf"{_START}(?:-[ \t]*)?['\"]?(?:"
            r"(?i:(?:SRC-)?IP6?-CIDR6?|SRC-IP)[ \t]*,[ \t]*[\da-fA-F]*[:.]"
            r"|(?i:(?:DOMAIN|HOST)-(?:SUFFIX|KEYWORD|REGEX|WILDCARD))[ \t]*,"
            r"|(?:DOMAIN|HOST)[ \t]*,[ \t]*[\w-]+\.\w|(?:RULE-SET|DOMAIN-SET|GEOSITE)[ \t]*,"
            r"|GEOIP[ \t]*,[ \t]*[A-Z]{2}\b|IP-(?:ASN|SUFFIX)[ \t]*,[ \t]*\d"
            r"|(?:AND|OR|NOT)[ \t]*,[ \t]*\(\(|(?:MATCH|FINAL)[ \t]*,[ \t]*[\w-]+[ \t]*['\"]?$)",
            rf"{_START}(?:payload:|\[Rule\])[ \t]*$",
        ),
    ),
    Refused(
        "routing rules of sing-box, Xray or V2Ray", f"{_JQ} FILE > list.txt", _EXTRACT, _is_routing
    ),
    Refused(
        "sets of ipset",
        "ipset save | awk '$1 == \"add\" {print $3}' > list.txt",
        _SET,
        _has(
            rf"{_START}(?:ipset[ \t]+)?(?:create|-N)[ \t]+\S+[ \t]+(?:hash|bitmap|list):",
            rf"{_START}(?:ipset[ \t]+)?(?:add|-A)[ \t]+\S+[ \t]+[\da-fA-F]*[.:][\da-fA-F.:]+",
            r"^Name: .*\nType: ",
        ),
    ),
    Refused(
        "rules for browsers",
        r"sed -n 's/^||\([^/^$]*\)^.*/\1/p' FILE > list.txt",
        _NAMES,
        _has(rf"{_START}(?:@@)?\|\|[\w*]", rf"{_START}@@\S"),
    ),
    Refused(
        "a configuration of dnsmasq",
        r"sed -nE 's#^(address|local)=/([^/]+)/.*#\2#p' FILE > list.txt",
        _NAMES,
        _has(
            rf"{_START}(?:address|server|local|ipset|nftset)=/",
            rf"{_START}(?:bogus-nxdomain|ignore-address|host-record)=",
        ),
    ),
    Refused(
        "a response policy zone",
        """awk '/CNAME[ \\t]+([*]?[.]|rpz-drop[.])$/ {print $1}' FILE > list.txt""",
        _NAMES,
        _has(r"[ \t]CNAME[ \t]+(?:\*?\.|rpz-\w+\.)[ \t]*$"),
    ),
)
"""Languages of rules. Binary kinds are recognised by their first bytes."""

REFUSED = (
    *RULES,
    MMDB,
    Refused(
        "BGP tables or updates in MRT",
        r"""bgpdump -m FILE | """
        r"""awk -F'[|/]' '{gsub(/[{}]/, "", $8); n = split($8, path, " "); """
        r"""print $6 "\t" $7 "\t" path[n]}' | sort -u > origins.txt""",
        "the prefixes of a table with their origins, which are read as pfx2as",
        _is_mrt,
    ),
    Refused(
        "UTF-16 text", "iconv -f utf-16 -t utf-8 FILE > NEW", "UTF-8 text",
        lambda data: data.startswith(_UTF16),
    ),
    Refused(
        "a binary file",
        "file FILE",
        "of what program it is. Let that program write text, as `sing-box rule-set decompile`, "
        "`mihomo convert-ruleset` and `v2dat unpack` do",
        lambda data: data[:4] != b"PAR1" and _CONTROL.search(data[: 2**10]) is not None,
    ),
)  # fmt: skip
"""Kinds of files that are refused, and how to get text from them."""
