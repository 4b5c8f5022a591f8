"""Several feeds as one.

A column that only some of them have is not known for the records of the others.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sim.addresses.feeds.feed import Feed, Labels, Origin
from sim.addresses.text.entries import Entries4, Entries6


def concatenate(feeds: Sequence[Feed]) -> Feed:
    """Return feeds as one; lines are those of each record's own file.

    Raises
    ------
    ValueError
        If there is no feed.
    """
    if not feeds:
        raise ValueError("expected at least one feed, got none")
    if len(feeds) == 1:
        return feeds[0]
    first = np.cumsum([0, *(feed.n_records for feed in feeds)])
    columns = dict.fromkeys(column for feed in feeds for column in feed.labels)
    numbers = dict.fromkeys(column for feed in feeds for column in feed.numbers)
    return Feed(
        Origin(
            ", ".join(feed.origin.file for feed in feeds),
            ", ".join(dict.fromkeys(feed.origin.format for feed in feeds)),
        ),
        int(first[-1]),
        Entries4.concatenate([feed.v4 for feed in feeds]),
        Entries6.concatenate([feed.v6 for feed in feeds]),
        np.concatenate([feed.record4 + at for feed, at in zip(feeds, first, strict=False)]),
        np.concatenate([feed.record6 + at for feed, at in zip(feeds, first, strict=False)]),
        {column: _labels(feeds, column) for column in columns},
        {column: _numbers(feeds, column) for column in numbers},
        sum(feed.n_lines for feed in feeds),
        sum(feed.n_bad for feed in feeds),
        tuple(problem for feed in feeds for problem in feed.problems),
        tuple(f"{feed.origin.file}: {note}" for feed in feeds for note in feed.notes),
    )


def _labels(feeds: Sequence[Feed], column: str) -> Labels:
    """One column of several, with one number for each distinct value."""
    given = [feed.labels[column] for feed in feeds if column in feed.labels]
    is_list = any(labels.lists is not None for labels in given)
    number: dict[str | tuple[str, ...], int] = {}
    pieces: list[NDArray[np.int32]] = []
    for feed in feeds:
        if column not in feed.labels:
            pieces.append(np.full(feed.n_records, -1, np.int32))
            continue
        labels = feed.labels[column]
        values: Sequence[str | tuple[str, ...]] = labels.names
        if is_list:
            values = labels.lists or [(name,) for name in labels.names]
        recoded = [number.setdefault(value, len(number)) for value in values]
        pieces.append(np.array([*recoded, -1], np.int32)[labels.code])
    code = np.concatenate(pieces)
    if is_list:
        return Labels.of_lists(code, [value for value in number if isinstance(value, tuple)])
    return Labels(code, [value for value in number if isinstance(value, str)])


def _numbers(feeds: Sequence[Feed], column: str) -> NDArray[np.float64]:
    return np.concatenate(
        [feed.numbers.get(column, np.full(feed.n_records, np.nan)) for feed in feeds]
    )
