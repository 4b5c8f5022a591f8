"""Zones of the DNS as text (RFC 1035, section 5), as Cloudflare exports them and BIND reads them.

Names with addresses are hosts; a CNAME is followed within the zone. What a record that Cloudflare
proxies holds is where Cloudflare fetches pages, not where visitors go: the addresses that its name
resolves to are asked for.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from sim.addresses.feeds.exports import Host, Hosts
from sim.addresses.feeds.feed import RESOLVE, Feed
from sim.addresses.feeds.gather import Gathering, count_lines, decode_lines
from sim.addresses.feeds.inputs import Sample
from sim.addresses.sets.notation import shown
from sim.addresses.text.source import Readable, read_blocks
from sim.errors import Problem

_TYPES = (
    "A|AAAA|CNAME|MX|TXT|NS|SOA|SRV|CAA|PTR|HTTPS|SVCB|DS|DNSKEY|TLSA|SSHFP|NAPTR|LOC|SPF|CERT|URI"
    "|SMIMEA|OPENPGPKEY|ALIAS|ANAME|DNAME|HINFO|RP"
)
_RECORD = rf"\S*\s+(?:(?:\d+\w*|IN)\s+){{1,2}}(?:{_TYPES})\s.*"
# A zone of response policies has names that are blocked, not hosts.
_POLICY = re.compile(r"\sCNAME\s+(?:\.|\*\.|rpz-\S+)(?:\s|$)|\.rpz-", re.I)
# What only a zone has, and most have at their beginning.
_BEGINNING = re.compile(r"^(?:\$ORIGIN\s|[^;#\s]*\s+(?:(?:\d+\w*|IN)\s+){0,2}SOA\s)", re.I | re.M)
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|;.*|[()]|[^\s();"]+')
_TTL = re.compile(r"\d+(?:[smhdw]\d*)*[smhdw]?", re.I)
_MOST_NAMES, _MOST_STEPS = 20, 16


class _Record(NamedTuple):
    line: int
    name: str
    kind: str
    data: str
    is_proxied: bool


def fits_zone(sample: Sample) -> bool:
    """Return whether it begins as a zone, or most lines are records of one, and none a policy."""
    is_zone = _BEGINNING.search(sample.text) is not None
    is_zone = is_zone or sample.most_lines(rf"{_RECORD}|\$TTL\s.*", "#", ";")
    return is_zone and not any(map(_POLICY.search, sample.first_lines("#", ";")))


def read_zone(source: Readable, gathering: Gathering) -> Feed:
    """Read the names of a zone with their addresses.

    Names of proxied records are hosts without an address, and a question: which addresses they
    resolve to. Records that place no name are counted.
    """
    of_name: dict[str, list[_Record]] = {}
    others: Counter[str] = Counter()
    for record in _records(source, gathering):
        is_host = record.kind in ("A", "AAAA", "CNAME") and "_" not in record.name
        if is_host:
            of_name.setdefault(record.name.lower(), []).append(record)
        else:
            others[record.kind] += 1
    hosts = Hosts(gathering)
    proxied: dict[str, int] = {}
    for records in of_name.values():
        host = Host(records[0].line, records[0].name)
        hosts.found.append(host)
        found = _resolved(records, of_name)
        if any(record.is_proxied for record in found):
            proxied[host.name] = host.line
            continue
        for record in found:
            if record.kind != "CNAME":
                hosts.place(host, record.data, record.kind)
    if others:
        kinds = ", ".join(f"{n:,} {kind}" for kind, n in others.most_common())
        gathering.note(f"records that place no host are ignored: {kinds}")
    if not proxied:
        return hosts.finish("zone")
    more = len(proxied) - _MOST_NAMES
    named = ", ".join([*proxied][:_MOST_NAMES]) + (f" and {more:,} more" if more > 0 else "")
    message = (
        f"expected the addresses that visitors reach, got {len(proxied):,} names proxied by "
        f"Cloudflare, of which a zone has the origin alone: {named}; {RESOLVE}; init and a run "
        "take answers.jsonl in place of the zone"
    )
    gathering.note(
        f"{len(proxied):,} names are proxied by Cloudflare, and the origin in their records is not "
        f"read: {named}"
    )
    question = Problem(gathering.name, message, min(proxied.values()))
    return replace(hosts.finish("zone"), questions=(question,))


def _resolved(records: Sequence[_Record], of_name: dict[str, list[_Record]]) -> Sequence[_Record]:
    """Records that a name leads to within the zone; its own if that leads out of it."""
    for _ in range(_MOST_STEPS):
        (first, *_) = records
        if first.kind != "CNAME" or first.is_proxied or first.data.lower() not in of_name:
            return records
        records = of_name[first.data.lower()]
    return []


def _records(source: Readable, gathering: Gathering) -> Iterator[_Record]:
    """Yield the records of a zone, with names as a whole, without the dot at their ends."""
    origin, owner = "", ""
    tokens: list[str] = []
    start, depth, comment, is_indented = 0, 0, "", False
    for block in read_blocks(source, gathering.limits.max_line_bytes, gathering.name):
        count_lines(block, gathering)
        for number, line in decode_lines(block, gathering):
            if not depth:
                tokens, start, comment = [], number, ""
                is_indented = line[:1] in (" ", "\t")
            for token in _TOKEN.findall(line):
                if token.startswith(";"):
                    comment += token
                elif token in "()":
                    depth = max(0, depth + (1 if token == "(" else -1))
                else:
                    tokens.append(token)
            if depth or not tokens:
                continue
            if tokens[0].upper() == "$ORIGIN" and len(tokens) > 1:
                origin = _whole(tokens[1], origin)
            elif tokens[0].upper() != "$TTL":
                owner = owner if is_indented else _whole(tokens.pop(0), origin)
                while tokens and (_TTL.fullmatch(tokens[0]) or tokens[0].upper() in ("IN", "CH")):
                    tokens.pop(0)
                kind = tokens.pop(0).upper() if tokens else ""
                # Their servers answer with the addresses of the other name.
                kind = "CNAME" if kind in ("ALIAS", "ANAME") else kind
                if not tokens or not re.fullmatch(rf"{_TYPES}|TYPE\d+", kind):
                    message = f"expected a record of a zone, got {shown(line.strip())}"
                    gathering.refuse(message, start)
                    continue
                data = _whole(tokens[0], origin) if kind == "CNAME" else tokens[0]
                yield _Record(start, owner, kind, data, "cf-proxied:true" in comment)
    if depth:
        gathering.refuse("expected a closing parenthesis, got the end of the zone", start)


def _whole(name: str, origin: str) -> str:
    """A name with the origin behind it, if it is not whole; ``@`` is the origin."""
    if name == "@":
        return origin
    return name.rstrip(".") if name.endswith(".") or not origin else f"{name}.{origin}"
