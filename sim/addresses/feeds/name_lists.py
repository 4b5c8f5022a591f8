"""Lists of names, which block no address, and the answers that resolve names to addresses.

A name that did not resolve is a record whose addresses are not known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from sim.addresses.feeds.feed import RESOLVE, Feed
from sim.addresses.feeds.gather import Gathering, read_numbered
from sim.addresses.feeds.inputs import Sample, is_address
from sim.addresses.feeds.json_tables import parse_object, text_of
from sim.addresses.sets.notation import shown
from sim.addresses.text.source import Readable

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
# To some a comment; in tables of addresses what is not meant.
_NEGATED = re.compile(r"!\s*[\da-fA-F]*[.:][\da-fA-F.:]+(?:/\d+)?$")


def read_names(source: Readable, gathering: Gathering) -> Feed:
    """Read a list of names, one a line, or addresses among them.

    A line is a name, ``0.0.0.0 name`` as in hosts files, a web address, or an address, prefix or
    range. Lines of a hosts file about the machine itself are skipped.
    """
    for lines in read_numbered(source, gathering):
        names: list[str] = []
        listed: list[tuple[str, int, int]] = []
        for number, line in lines:
            found = _names_in(line)
            if _NEGATED.match(line):
                message = f"expected a name or an address, got {shown(line)}"
                gathering.refuse_opposite(message, number)
            elif is_address(address := line.partition("#")[0].partition(";")[0].strip()):
                listed.append((address, len(names), number))
                names.append("")
            elif found:
                names += found
            elif not _SILENT.fullmatch(line):
                gathering.refuse(f"expected a name or an address, got {shown(line)}", number)
        gathering.add_named(names, listed)
    feed = gathering.finish("names")
    if feed.n_unplaced and "name" in feed.labels and (n := feed.labels["name"].n_known):
        feed = replace(feed, notes=(*feed.notes, f"{n:,} entries are names: {RESOLVE}"))
    return feed


def _names_in(line: str) -> list[str]:
    """Names that a line has, without those of the machine itself."""
    found = next((found for form in _FORMS if (found := form.fullmatch(line))), None)
    names = found["names"].lower().split() if found else []
    return [name.strip(".") for name in names if not re.fullmatch(_LOCAL, name)]


def fits_names(sample: Sample) -> bool:
    """Return whether more than half of the lines are names."""
    texts = [line.strip() for line in sample.first_lines("#", "!")]
    n_found = sum(bool(_names_in(text) or _SILENT.fullmatch(text)) for text in texts)
    return 2 * n_found > len(texts)


_ADDRESS_TYPES = ("A", "AAAA")


def read_zdns(source: Readable, gathering: Gathering) -> Feed:
    """Read one JSON object a line, with ``results`` by module, or flat as massdns and old ZDNS do.

    Only answers of type A and AAAA are addresses; CNAME and other answers are skipped.
    """
    n_skipped = n_unresolved = 0
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
                if answer.get("type") in _ADDRESS_TYPES:
                    # ZDNS calls it answer, massdns data.
                    addresses.append(str(answer.get("answer", answer.get("data", ""))))
                else:
                    n_skipped += 1
            n_unresolved += not addresses
            listed += [(address, len(names), number) for address in dict.fromkeys(addresses)]
            names.append(text_of(found, "name").rstrip("."))
        gathering.add_named(names, listed, "answer")
    if n_skipped:
        gathering.note(f"{n_skipped:,} answers are no addresses (CNAME and others): skipped")
    if n_unresolved:
        gathering.note(f"{n_unresolved:,} names have no address: counted as not known")
    return gathering.finish("zdns")


def _answers(found: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the answers of all modules."""
    results = found.get("results")
    modules = list(results.values()) if isinstance(results, dict) else [found]
    for module in modules:
        data = module.get("data") if isinstance(module, dict) else None
        answers = data.get("answers") if isinstance(data, dict) else None
        for answer in answers if isinstance(answers, list) else ():
            if isinstance(answer, dict):
                yield answer
