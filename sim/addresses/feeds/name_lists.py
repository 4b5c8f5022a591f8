"""Lists of names, which block no address, the answers that resolve them, and zones of the DNS.

A name that did not resolve is a record whose addresses are not known.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.addresses.feeds.exports import Host, Hosts
from sim.addresses.feeds.feed import RESOLVE, UNPLACED, Feed
from sim.addresses.feeds.gather import Gathering, count_lines, decode_lines, read_numbered
from sim.addresses.feeds.inputs import Sample, is_address, plain_name
from sim.addresses.feeds.inventories import NAME_COLUMNS
from sim.addresses.feeds.json_tables import parse_object, text_of
from sim.addresses.sets.notation import shown
from sim.addresses.text.reading import Entries4, Entries6
from sim.addresses.text.source import Readable, read_blocks
from sim.errors import DataError, Problem

_NAME = r"(?:[\w-]{1,63}\.)+[^\W\d_][\w-]{1,62}\.?"
_LOCAL = r"(?:localhost(?:\.localdomain)?|local|broadcasthost|0\.0\.0\.0|ip6-[a-z]+)"
"""Names that a hosts file gives the machine itself."""
# A name or a web address, alone, and names that a hosts file sends nowhere.
_FORMS = (
    re.compile(rf"(?:\*\.|\+\.|\.)?(?P<names>{_NAME})(?:\s+#.*)?"),
    re.compile(rf"\w+://(?P<names>{_NAME})(?::\d+)?(?:[/?#]\S*)?"),
    re.compile(
        rf"(?:0\.0\.0\.0|127\.0\.0\.1|::1?)(?P<names>(?:\s+{_NAME}|\s+{_LOCAL})+)\s*(?:#.*)?"
    ),
)
_SILENT = re.compile(rf"[!#;].*|[\da-fA-F.:]+(?:%\w+)?(?:\s+{_LOCAL})+\s*(?:#.*)?")
_HEADINGS = ("name", "site", *NAME_COLUMNS)
# To some a comment; in tables of addresses what is not meant.
_NEGATED = re.compile(r"!\s*[\da-fA-F]*[.:][\da-fA-F.:]+(?:/\d+)?$")


def read_names(source: Readable, gathering: Gathering) -> Feed:
    """Read a list of names, one a line, or addresses among them.

    A line is a name, ``0.0.0.0 name`` as in hosts files, a web address, or an address, prefix or
    range. Lines of a hosts file about the machine itself are skipped.
    """
    n_below = 0
    for lines in read_numbered(source, gathering):
        names: list[str] = []
        listed: list[tuple[str, int, int]] = []
        for number, line in lines:
            found = _names_in(line)
            n_below += bool(found) and line.startswith(("*.", "+.", "."))
            if _NEGATED.match(line):
                message = f"expected a name or an address, got {shown(line)}"
                gathering.refuse_opposite(message, number)
            elif is_address(address := line.partition("#")[0].partition(";")[0].strip()):
                listed.append((address, len(names), number))
                names.append("")
            elif found:
                names += found
            elif not (_SILENT.fullmatch(line) or (number == 1 and plain_name(line) in _HEADINGS)):
                gathering.refuse(f"expected a name or an address, got {shown(line)}", number)
        gathering.add_named(names, listed)
    if n_below:
        gathering.note(f"{n_below:,} names stand for all names below them, which are not known")
    feed = gathering.finish("names")
    if feed.n_unplaced and "name" in feed.labels and (n := feed.labels["name"].n_known):
        feed = replace(feed, notes=(*feed.notes, f"{n:,} entries are names: {RESOLVE}"))
    return feed


def _names_in(line: str) -> list[str]:
    """Names that a line has, without those of the machine itself."""
    found = next((found for form in _FORMS if (found := form.fullmatch(line))), None)
    names = found["names"].lower().split() if found else []
    # A wildcard covers no answer to the bare name (RFC 4592, section 2.1.3).
    above = "*." * line.startswith("*.")
    return [above + name.strip(".") for name in names if not re.fullmatch(_LOCAL, name)]


def fits_names(sample: Sample) -> bool:
    """Return whether more than half of the lines are names."""
    texts = [line.strip() for line in sample.first_lines("#", "!", ";")]
    n_found = sum(bool(_names_in(text) or _SILENT.fullmatch(text)) for text in texts)
    return 2 * n_found > len(texts)


_FAILED = re.compile(r"SERVFAIL|REFUSED|TIMEOUT|\bERROR|TRUNCATED|AUTHFAIL")


def read_zdns(source: Readable, gathering: Gathering) -> Feed:
    """Read one JSON object a line, with ``results`` by module, or flat as massdns and old ZDNS do.

    Only answers of type A and AAAA are addresses; CNAME and other answers are skipped.
    """
    n_skipped = n_unresolved = 0
    in_part: list[int] = []
    for found_lines in read_numbered(source, gathering):
        names: list[str] = []
        listed: list[tuple[str, int, int]] = []
        for number, line_text in found_lines:
            found = parse_object(line_text, number, gathering)
            if found is None:
                continue
            if not isinstance(found.get("name"), str):
                gathering.refuse("expected an object with a name, got something else", number)
                continue
            addresses = []
            for answer in _answers(found):
                if answer.get("type") in ("A", "AAAA"):
                    # ZDNS calls it answer, massdns data.
                    addresses.append(str(answer.get("answer", answer.get("data", ""))))
                else:
                    n_skipped += 1
            n_unresolved += not addresses
            if any(_FAILED.search(str(one.get("status"))) for one in _modules(found)):
                in_part.append(gathering.n_records + len(names))
            listed += [(address, len(names), number) for address in dict.fromkeys(addresses)]
            names.append(text_of(found, "name").rstrip("."))
        gathering.add_named(names, listed, "answer")
    if n_skipped:
        gathering.note(f"{n_skipped:,} answers are no addresses (CNAME and others): skipped")
    if n_unresolved:
        gathering.note(f"{n_unresolved:,} names have no address: counted as not known")
    if in_part:
        gathering.note(f"{len(in_part):,} names have a query that failed: they are known in part")
    return replace(gathering.finish("zdns"), known_in_part=np.array(in_part, np.int64))


def _modules(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what each module found."""
    results = found.get("results")
    modules = list(results.values()) if isinstance(results, dict) else [found]
    return [module for module in modules if isinstance(module, dict)]


def _answers(found: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the answers of all modules."""
    for module in _modules(found):
        data = module.get("data")
        answers = data.get("answers") if isinstance(data, dict) else None
        for answer in answers if isinstance(answers, list) else ():
            if isinstance(answer, dict):
                yield answer


Rows = NDArray[np.int64]


@dataclass(frozen=True)
class KnownNames:
    """How many names of a file have an address."""

    file: str
    """As the user named it."""
    n_names: int
    """Distinct names, without regard to capitals and a last dot."""
    n_known: int
    """Those with at least one known address, from the file itself or from the resolutions."""
    n_joined: int
    """Records that were placed by the resolutions."""

    @property
    def share_known(self) -> float | None:
        """Share of the names with a known address; None where there is no name."""
        return self.n_known / self.n_names if self.n_names else None


def check_answers(answers: Feed) -> None:
    """Refuse resolutions without names.

    Raises
    ------
    DataError
        If no record has a name.
    """
    if "name" not in answers.labels:
        message = (
            "expected names with their addresses (JSON lines of ZDNS, massdns, or CSV with the "
            f"columns name and address), got a file of the form {answers.origin.format}"
        )
        raise DataError([Problem(answers.origin.file, message)])


def join_names(feed: Feed, answers: Feed) -> tuple[Feed, KnownNames]:
    """Place records that have a name and no address where the name resolves to.

    Parameters
    ----------
    feed
        Records, some with names.
    answers
        Names with addresses; one that comes several times has all of its addresses.
    """
    if "name" not in feed.labels:
        return feed, KnownNames(feed.origin.file, 0, 0, 0)
    number: dict[str, int] = {}
    own = _numbers(feed, number)
    theirs = _numbers(answers, number)
    wanting = np.flatnonzero(~feed.is_placed & (own >= 0))
    at4, row4 = _matches(own[wanting], theirs[answers.record4])
    at6, row6 = _matches(own[wanting], theirs[answers.record6])
    part, _ = _matches(own[wanting], theirs[answers.known_in_part])
    joined = replace(
        feed,
        known_in_part=np.union1d(feed.known_in_part, wanting[part]),
        # Rows of another file have no line here.
        v4=Entries4.concatenate([feed.v4, replace(answers.v4.take(row4), line=row4 * 0)]),
        v6=Entries6.concatenate([feed.v6, replace(answers.v6.take(row6), line=row6 * 0)]),
        record4=np.concatenate((feed.record4, wanting[at4])),
        record6=np.concatenate((feed.record6, wanting[at6])),
    )
    # Without what was true of its notes before its names were placed.
    notes = [note for note in joined.notes if RESOLVE not in note and UNPLACED not in note]
    if n := joined.n_unplaced:
        notes.append(f"{n:,} {UNPLACED}: counted as not known")
    joined = replace(joined, notes=tuple(notes))
    names = np.unique(own[own >= 0])
    known = np.unique(own[joined.is_placed & (own >= 0)])
    return joined, KnownNames(feed.origin.file, names.size, known.size, np.union1d(at4, at6).size)


def _numbers(feed: Feed, number: dict[str, int]) -> Rows:
    """Number of each record's name, the same for all spellings of it; -1 where it has none."""
    column = feed.labels["name"]
    bare = (name.strip().rstrip(".").lower() for name in column.names)
    coded = [number.setdefault(name, len(number)) for name in bare]
    return np.array([*coded, -1], np.int64)[column.code]


def _matches(wanted: Rows, given: Rows) -> tuple[Rows, Rows]:
    """Pairs of places in both columns with one number, in the sequence of the first."""
    order = np.argsort(given, kind="stable")
    first = np.searchsorted(given[order], wanted, side="left")
    count = np.searchsorted(given[order], wanted, side="right") - first
    at = np.repeat(np.arange(wanted.size), count)
    offset = np.arange(at.size) - np.repeat(np.cumsum(count) - count, count)
    return at, order[np.repeat(first, count) + offset]


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
    """Read the names of a zone with their addresses (RFC 1035, section 5); it may be Cloudflare's.

    What a record that Cloudflare proxies holds is where Cloudflare fetches pages, not where
    visitors go: names of such records are hosts without an address, and a question: which addresses
    they resolve to. A CNAME is followed within the zone. Records that place no name are counted.
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
