"""Names and the addresses they resolve to, as ZDNS writes them.

In: JSON lines. Out: one record per name, with its addresses. A name that did not resolve is a
record whose addresses are not known.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np

from sim.addresses.feeds.documents import parse_json, text_of
from sim.addresses.feeds.feed import Feed, Origin
from sim.addresses.feeds.gather import Gathering
from sim.addresses.text.cuts import read_blocks
from sim.addresses.text.source import Limits, Source

_ADDRESS_TYPES = ("A", "AAAA")


def read_zdns(source: BinaryIO | Source, name: str, *, skip_bad: bool, limits: Limits) -> Feed:
    """Read ZDNS output: one JSON object a line, with ``results`` by module, or flat as of old.

    Only answers of type A and AAAA are addresses; CNAME and other answers are skipped.
    """
    gathering = Gathering(name, skip_bad=skip_bad, limits=limits)
    n_skipped = n_unresolved = 0
    for block in read_blocks(source, limits.max_line_bytes):
        gathering.n_lines += block.n_lines
        for line in block.overlong:
            gathering.refuse(
                f"expected at most {limits.max_line_bytes:,} bytes in a line, got more", line
            )
        names: list[str] = []
        text: list[str] = []
        rows: list[int] = []
        lines: list[int] = []
        for number, line_text in enumerate(block.text.split(b"\n")[:-1], block.first_line):
            if not line_text.strip() or number in block.overlong:
                continue
            found = _object(line_text, number, gathering)
            if found is None:
                continue
            addresses = []
            for answer in _answers(found):
                if answer.get("type") in _ADDRESS_TYPES:
                    addresses.append(str(answer.get("answer", "")))
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


def _object(line: bytes, number: int, gathering: Gathering) -> dict[str, Any] | None:
    """Read one line; None, and refused, where it is no object with a name."""
    try:
        found = parse_json(line)
    except json.JSONDecodeError as error:
        gathering.refuse(f"expected a JSON object, got an error: {error.msg}", number)
        return None
    except ValueError as error:
        gathering.refuse(str(error), number)
        return None
    if not isinstance(found, dict) or not isinstance(found.get("name"), str):
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
