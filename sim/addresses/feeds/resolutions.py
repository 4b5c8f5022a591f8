"""Names and the addresses they resolve to, as ZDNS and massdns write them.

A name that did not resolve is a record whose addresses are not known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

import numpy as np

from sim.addresses.feeds.feed import Feed, Origin
from sim.addresses.feeds.gather import Gathering
from sim.addresses.feeds.numbered import read_numbered
from sim.addresses.feeds.published.documents import text_of
from sim.addresses.feeds.published.objects import parse_object
from sim.addresses.feeds.samples import Sample
from sim.addresses.sets.notation import shown
from sim.addresses.text.source import Limits, Source

_ADDRESS_TYPES = ("A", "AAAA")
_TYPES = (*_ADDRESS_TYPES, "CNAME", "DNAME", "NS", "MX", "TXT", "SOA", "PTR", "CAA", "SRV", "HTTPS")
# Resolvers follow some ten aliases.
_MOST_HOPS = 16
# What CPython takes for a name and an address in dictionaries.
_NAME_BYTES = 500


def read_zdns(source: BinaryIO | Source, name: str, *, skip_bad: bool, limits: Limits) -> Feed:
    """Read one JSON object a line, with ``results`` by module, or flat as massdns and old ZDNS do.

    Only answers of type A and AAAA are addresses; CNAME and other answers are skipped.
    """
    gathering = Gathering(name, skip_bad=skip_bad, limits=limits)
    n_skipped = n_unresolved = 0
    for found_lines in read_numbered(source, gathering, limits):
        names: list[str] = []
        text: list[str] = []
        rows: list[int] = []
        lines: list[int] = []
        for number, line_text in found_lines:
            found = _object(line_text, number, gathering)
            if found is None:
                continue
            addresses = []
            for answer in _answers(found):
                if answer.get("type") in _ADDRESS_TYPES:
                    # ZDNS calls it answer, massdns data.
                    addresses.append(str(answer.get("answer", answer.get("data", ""))))
                else:
                    n_skipped += 1
            n_unresolved += not addresses
            text += dict.fromkeys(addresses)
            rows += [len(names)] * len(dict.fromkeys(addresses))
            lines += [number] * len(dict.fromkeys(addresses))
            names.append(text_of(found, "name").rstrip("."))
        first = gathering.add_records(len(names))
        gathering.add_labels("name", names)
        gathering.add_texts(
            text, np.array(rows, np.int64) + first, np.array(lines, np.int64), key="answer"
        )
    if n_skipped:
        gathering.note(f"{n_skipped:,} answers are no addresses (CNAME and others): skipped")
    if n_unresolved:
        gathering.note(f"{n_unresolved:,} names have no address: not known, not unblocked")
    return gathering.finish(Origin(name, "zdns"))


def read_massdns(source: BinaryIO | Source, name: str, *, skip_bad: bool, limits: Limits) -> Feed:
    """Read ``name. TYPE data`` lines, as ``massdns -o S`` writes them.

    A name that is an alias (CNAME) has the addresses of what it leads to, as far as that is in the
    file. Records of other types are skipped.
    """
    gathering = Gathering(name, skip_bad=skip_bad, limits=limits)
    found: dict[str, dict[str, int]] = {}
    alias: dict[str, str] = {}
    n_skipped = n_bytes = 0
    for lines in read_numbered(source, gathering, limits):
        for number, line in lines:
            cells = line.split(None, 2)
            if len(cells) < 3 or cells[1] not in _TYPES:
                message = f"expected a name, a type and data, got {shown(line)}"
                gathering.refuse(message, number)
                continue
            owner = cells[0].rstrip(".").lower()
            n_bytes += _NAME_BYTES + len(line)
            if cells[1] in _ADDRESS_TYPES:
                found.setdefault(owner, {}).setdefault(cells[2], number)
            elif cells[1] == "CNAME":
                alias[owner] = cells[2].rstrip(".").lower()
                found.setdefault(owner, {})
            else:
                n_skipped += 1
        limits.check_held(n_bytes, name)
    names = list(found)
    placed = [(row, *each) for row, key in enumerate(names) for each in _led(key, found, alias)]
    first = gathering.add_records(len(names))
    gathering.add_labels("name", names)
    gathering.add_texts(
        [text for _, text, _ in placed],
        np.array([row for row, _, _ in placed], np.int64) + first,
        np.array([line for _, _, line in placed], np.int64),
        key="data",
    )
    if n_skipped:
        gathering.note(f"{n_skipped:,} records are no addresses (NS and others): skipped")
    return gathering.finish(Origin(name, "massdns"))


def _led(
    name: str, found: Mapping[str, Mapping[str, int]], alias: Mapping[str, str]
) -> list[tuple[str, int]]:
    """Addresses of a name with their lines, through aliases."""
    for _ in range(_MOST_HOPS):
        if found.get(name) or name not in alias:
            break
        name = alias[name]
    return list(found.get(name, {}).items())


def _object(line: str, number: int, gathering: Gathering) -> dict[str, Any] | None:
    """Read one line; None, and refused, where it is no object with a name."""
    found = parse_object(line, number, gathering)
    if found is not None and not isinstance(found.get("name"), str):
        gathering.refuse("expected an object with a name, got something else", number)
        return None
    return found


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


def fits_zdns(sample: Sample) -> bool:
    """Return whether there are the keys of an answer."""
    return sample.has_keys("name") and (sample.has_keys("data") or sample.has_keys("results"))


def fits_massdns(sample: Sample) -> bool:
    """Return whether more than half of the lines are a name, a type and data."""
    form = rf"\S+\.\s+({'|'.join(_TYPES)})\s+\S.*"
    return bool(sample.lines) and sample.most_lines(form)
