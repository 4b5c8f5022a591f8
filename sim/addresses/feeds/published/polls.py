"""What a public poll of Internet providers found blocked, address by address.

In: JSON with the states of each address at each provider over time, as Spanish users consult it.
Out: dated orders by operator: one when an address is first seen blocked at a provider, one when it
is first seen free again. Between two polls nothing is known: times are those of the polls.
"""

from __future__ import annotations

from typing import Any, BinaryIO

import numpy as np

from sim.addresses.feeds.coding import Coder
from sim.addresses.feeds.feed import Feed, Origin
from sim.addresses.feeds.gather import Gathering
from sim.addresses.feeds.orders import Orders, orders_of, party_of, read_instant
from sim.addresses.feeds.published.documents import check_keys, items, read_document, text_of
from sim.addresses.feeds.rows.choice import plain_name
from sim.addresses.feeds.samples import Sample
from sim.addresses.sets.notation import shown
from sim.addresses.text.source import Limits, Source


def read_polls(source: BinaryIO | Source, name: str, *, skip_bad: bool, limits: Limits) -> Orders:
    """Read ``{"lastUpdate": …, "data": [{"ip", "isp", "description", "stateChanges": […]}]}``.

    Each change has a ``timestamp`` with its offset and a ``state``, true where blocked. A state
    that repeats the one before says nothing, nor does a first one that is free. Operators are the
    names of providers in small letters, with ``_`` for what is no letter or digit. Entries of
    ``data`` are counted from 1 as lines are.
    """
    document = read_document(source, name, limits)
    check_keys(document, ("data",), name, "polls of providers")
    gathering = Gathering(name, skip_bad=skip_bad, limits=limits)
    times: list[int] = []
    blocks: list[bool] = []
    texts: list[str] = []
    lines: list[int] = []
    owners: list[str] = []
    operators: list[str] = []
    for number, (_, entry) in enumerate(items(document, "data", name), 1):
        gathering.n_lines += 1
        changes = _changes(entry, number, gathering)
        times += [at for at, _ in changes]
        blocks += [is_block for _, is_block in changes]
        texts += [text_of(entry, "ip")] * len(changes)
        lines += [number] * len(changes)
        owners += [text_of(entry, "description")] * len(changes)
        operators += [party_of(plain_name(text_of(entry, "isp")))] * len(changes)
    record = np.arange(gathering.add_records(len(texts)), gathering.n_records, dtype=np.int64)
    gathering.add_labels("provider", owners)
    gathering.add_texts(texts, record, np.array(lines, np.int64), key="ip")
    parties = Coder()
    parties.add(operators)
    gathering.note("times are those of polls: what was blocked and freed between two is not seen")
    feed = gathering.finish(Origin(name, "polls", text_of(document, "lastUpdate"), ""))
    return orders_of(feed, times, blocks, parties.finish())


def _changes(entry: dict[str, Any], number: int, gathering: Gathering) -> list[tuple[int, bool]]:
    """Times of an entry at which its state turned, in their sequence; free before the first."""
    listed = entry.get("stateChanges")
    if not isinstance(listed, list):
        got = type(listed).__name__
        gathering.refuse(f"expected a list of changes, got {got}", number, "stateChanges")
        return []
    read: list[tuple[int, bool]] = []
    for change in listed:
        found = change if isinstance(change, dict) else {}
        at, state = read_instant(text_of(found, "timestamp")), found.get("state")
        if at is None or not isinstance(state, bool):
            message = f"expected a time with offset and a state, got {shown(str(change))}"
            gathering.refuse(message, number, "stateChanges")
        else:
            read.append((int(at.timestamp()), state))
    turned: list[tuple[int, bool]] = []
    state = False
    for at_s, is_blocked in sorted(read, key=lambda change: change[0]):
        if is_blocked != state:
            turned.append((at_s, is_blocked))
            state = is_blocked
    return turned


def read_polls_feed(
    source: BinaryIO | Source, name: str, *, skip_bad: bool, limits: Limits
) -> Feed:
    """Read the same without its times."""
    return read_polls(source, name, skip_bad=skip_bad, limits=limits).feed


def fits_polls(sample: Sample) -> bool:
    """Return whether there are the keys of such polls."""
    return sample.has_keys("data", "stateChanges")
