"""What `docs/explanation/emergence.md` must say, from the folders that its own commands made.

In: the clone in which the page was run. Out: rows of its tables and parts of its sentences.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path

import duckdb
import numpy as np
from numpy.typing import NDArray

from tests.documents.rows import rows_of

MOSCOW = timezone(timedelta(hours=3))
START = datetime(2018, 4, 16, 11, 30, tzinfo=MOSCOW)
"""Of `telegram-2018`."""
N = 50
"""Replicates of the page."""
PUBLISHED = 17_771_008
"""Addresses of the list of 20 April 2018: `seeds/telegram-2018-published-totals.csv`."""
WIDE = 2
"""By how many million an assumption moves the addresses that the page names."""


def in_april(day: int, hour: int = 12) -> datetime:
    return datetime(2018, 4, day, hour, tzinfo=MOSCOW)


TEN_MAY = datetime(2018, 5, 10, 12, tzinfo=MOSCOW)


def second_of(instant: datetime) -> int:
    return int((instant - START).total_seconds())


def hour_of(instant: datetime) -> str:
    return f"{day_of(instant)}, {instant:%H:%M}"


def day_of(instant: datetime) -> str:
    return f"{instant.day} {instant:%B}"


def curve(
    folder: Path,
    instants: Sequence[datetime],
    n: int = N,
    metric: str = "addresses_listed",
    provider: str | None = None,
) -> NDArray[np.float64]:
    """A curve in the first replicates, 0 where it has no row yet; shape (n, n_instants)."""
    found = duckdb.execute(
        "SELECT i.place, c.replicate, arg_max(c.value, c.t_s) "
        "FROM (SELECT unnest($then_s) AS then_s, unnest(range(len($then_s))) AS place) AS i "
        f"JOIN '{folder}/curves.parquet' AS c ON c.t_s <= i.then_s "
        "WHERE c.metric = $metric AND c.replicate < $n "
        "AND c.provider IS NOT DISTINCT FROM $provider AND c.sector IS NULL "
        "GROUP BY ALL",
        {
            "then_s": [second_of(one) for one in instants],
            "metric": metric, "n": n, "provider": provider,
        },
    ).fetchall()  # fmt: skip
    assert found
    values = np.zeros((n, len(instants)))
    for place, replicate, value in found:
        values[replicate, place] = value
    return values


def with_band(values: NDArray[np.float64], digits: str) -> str:
    """Median and the 5th to the 95th percentile, as cells."""
    median, low, high = np.percentile(values, [50, 5, 95])
    return f"{median:{digits}} | {low:{digits}} to {high:{digits}}"


def addresses(emerged: Path) -> Iterator[str]:
    instants = [in_april(17), in_april(18, 0), *map(in_april, (18, 19, 20)), TEN_MAY]
    listed = curve(emerged, instants)
    for instant, values in zip(instants, listed.T, strict=True):
        yield f"| {hour_of(instant)} | {with_band(values / 1e6, '.1f')} |"
    on_20_april = listed[:, instants.index(in_april(20))]
    yield f"{(on_20_april >= PUBLISHED).sum() or 'none'} of the {N} replicates reaches 17.8 million"
    yield f"{(on_20_april < 6e6).sum()} of them stay below 6 million"
    # Those that were as low before, when the censor of the others had gone over to providers.
    by_midnight = listed[:, instants.index(in_april(18, 0))]
    yield f"in {((by_midnight < 6e6) & (on_20_april < 6e6)).sum()} of these pressure came before"


def widest_swings(hangs: Path) -> Iterator[str]:
    for row in rows_of(hangs / "sensitivity.csv"):
        if int(row["n_dials"]) > 1:
            continue
        given, low, high = (float(row[name]) / 1e6 for name in ("given", "at_low", "at_high"))
        if max(given, low, high) - min(given, low, high) >= WIDE:
            yield f"| `{row['factor']}` | {row['range']} | {low:.1f} | {high:.1f} |"
    yield f"{given:.1f} million at the point values"


def emergence(clone: Path) -> Iterator[str]:
    yield from addresses(clone / "emerged")
    yield from widest_swings(clone / "hangs")
