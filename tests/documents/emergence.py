"""What `docs/explanation/emergence.md` must say, from the folders that its own commands made.

In: the clone in which the page was run. Out: rows of its tables and parts of its sentences.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from tests.conftest import REPOSITORY
from tests.documents.rows import rows_of

MOSCOW = timezone(timedelta(hours=3))
START = datetime(2018, 4, 16, 11, 30, tzinfo=MOSCOW)
"""Of `telegram-2018`."""
N, N_TIRED = 50, 10
"""Replicates of the page, and those with fatigue or without the letter."""
PUBLISHED = 17_771_008
"""Addresses of the list of 20 April 2018: `seeds/telegram-2018-published-totals.csv`."""
AMAZON_AND_GOOGLE = ("AWS", "Google Cloud")
WIDE = 2
"""By how many million an assumption moves the addresses that the page names."""


def in_april(day: int, hour: int = 12) -> datetime:
    return datetime(2018, 4, day, hour, tzinfo=MOSCOW)


TEN_MAY = datetime(2018, 5, 10, 12, tzinfo=MOSCOW)
YEAR_END = datetime(2018, 12, 31, 12, tzinfo=MOSCOW)


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
        "AND c.provider IS NOT DISTINCT FROM $provider AND c.sector IS NULL AND c.role IS NULL "
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


def extreme(folder: Path, of: str, metric: str, until: datetime) -> NDArray[np.float64]:
    """The least (`min`) or most (`max`) of a curve of all, until an instant; shape (N,)."""
    found = duckdb.execute(
        f"SELECT {of}(value) FROM '{folder}/curves.parquet' WHERE metric = $metric "
        "AND provider IS NULL AND sector IS NULL AND role IS NULL AND t_s <= $until_s "
        "GROUP BY replicate ORDER BY replicate",
        {"metric": metric, "until_s": second_of(until)},
    ).fetchall()
    assert len(found) == N
    return np.array(found)[:, 0]


def with_band(values: NDArray[np.float64], digits: str) -> str:
    """Median and the 5th to the 95th percentile, as cells."""
    median, low, high = np.percentile(values, [50, 5, 95])
    return f"{median:{digits}} | {low:{digits}} to {high:{digits}}"


def in_brackets(values: NDArray[np.float64], digits: str) -> str:
    """Mean, and the 5th to the 95th percentile in brackets."""
    low, high = np.percentile(values, [5, 95])
    return f"{values.mean():{digits}} [{low:{digits}}, {high:{digits}}]"


def blocks(folder: Path, n: int, condition: str) -> list[list[int]]:
    """Seconds in which each of the first replicates blocked a prefix with such a length."""
    found = duckdb.execute(
        f"SELECT DISTINCT e.replicate, e.t_s, e.entry FROM '{folder}/events.parquet' AS e "
        f"JOIN '{folder}/entries.parquet' AS b USING (replicate, entry) "
        "WHERE e.kind = 'block' AND b.mechanism <> 'exempt' AND e.replicate < $n "
        f"AND split_part(b.prefix, '/', 2)::INT {condition} ORDER BY ALL",
        {"n": n},
    ).fetchall()
    times: list[list[int]] = [[] for _ in range(n)]
    for replicate, t_s, _ in found:
        times[replicate].append(t_s)
    return times


def orders(folder: Path) -> list[tuple[Any, ...]]:
    """Prefixes blocked and freed in the first ten replicates, exemptions left out."""
    return duckdb.execute(
        "SELECT e.replicate, e.t_s, e.kind, b.mechanism, b.prefix "
        f"FROM '{folder}/events.parquet' AS e "
        f"JOIN '{folder}/entries.parquet' AS b USING (replicate, entry) "
        "WHERE e.kind IN ('block', 'unblock') AND b.mechanism <> 'exempt' AND e.replicate < $n "
        "ORDER BY ALL",
        {"n": N_TIRED},
    ).fetchall()


def addresses(emerged: Path) -> Iterator[str]:
    instants = [in_april(17), in_april(18, 0), *map(in_april, (18, 19, 20)), TEN_MAY]
    listed = curve(emerged, instants)
    for instant, values in zip(instants, listed.T, strict=True):
        yield f"| {hour_of(instant)} | {with_band(values / 1e6, '.1f')} |"
    on_20_april = listed[:, instants.index(in_april(20))]
    yield f"{(on_20_april >= PUBLISHED).sum() or 'none'} of the {N} replicates reaches 17.8 million"
    yield f"{(on_20_april < 6e6).sum()} of them stay below 6 million"
    # Those whose wide orders ended before the patience of the strategy had.
    wide = [(min(times), max(times)) for times in blocks(emerged, N, "< 24")]
    assert [last < first + 26 * 3600 for first, last in wide] == [*(on_20_april < 6e6)]


def who_is_hit(emerged: Path) -> Iterator[str]:
    for percent in (1, 10, 30, 50, 90):
        all_, *there = (
            curve(emerged, [in_april(20)], N, f"businesses_over_{percent}_percent", provider)[:, 0]
            for provider in (None, *AMAZON_AND_GOOGLE)
        )
        yield f"| {percent} % | {np.median(all_):.0f} | {with_band(np.add(*there), '.0f')} |"
    rows: dict[str, dict[str, Any]] = {
        row["metric"]: row for row in rows_of(emerged / "summary.csv")
    }

    def said(metric: str, unit: float = 1, digits: str = ",.0f") -> str:
        mean, low, high = (float(rows[metric][name]) / unit for name in ("mean", "low", "high"))
        return f"{mean:{digits}} [{low:{digits}}, {high:{digits}}]"

    yield (
        f"Of 1,000 businesses {said('businesses_ever_affected')} are ever affected and "
        f"{said('businesses_ever_impaired')} impaired"
    )
    named = "affected_at_named_providers"
    there_are = float(rows[named]["denominator"])
    yield f"of the {there_are:,.0f} that the model places there {said(named)}"
    unreached = 1 - extreme(emerged, "min", "target_reached_share", YEAR_END)
    yield f"{in_brackets(100 * unreached, '.0f')} % of its users do not reach it"
    for metric, what in (
        ("target_user_hours_denied", "of its user-hours are denied"),
        ("target_users_left_at_end", "of its users have left"),
    ):
        yield f"{said(metric, float(rows[metric]['denominator']) / 100, '.1f')} % {what}"
    denied, all_hours = (
        float(rows["target_user_hours_denied"][name]) / 1e9 for name in ("mean", "denominator")
    )
    yield f"({denied:.2f} of {all_hours:.1f} billion)"


def over_the_population(populations: Path) -> Iterator[str]:
    rows = {
        (row["population.n_businesses"], row["metric"]): row
        for row in rows_of(populations / "sweep.csv")
    }
    for n in ("600", "1000", "2000"):
        cells = []
        for metric, unit, digits in (
            ("businesses_ever_affected", 1, ",.0f"),
            ("businesses_ever_impaired", 1, ",.0f"),
            ("addresses_listed_peak", 1e6, ".1f"),
        ):
            mean, low, high = (
                f"{float(rows[n, metric][name]) / unit:{digits}}"
                for name in ("mean", "mean_low", "mean_high")
            )
            cells.append(f"{mean} [{low}, {high}]")
        yield f"| {int(n):,} | {' | '.join(cells)} |"


def widest_swings(hangs: Path, emerged: Path) -> Iterator[str]:
    # What two replicates of other luck would give: all pairs.
    peak = extreme(emerged, "max", "addresses_listed", in_april(21, 0)) / 1e6
    pairs = ((peak[:, None] + peak) / 2)[np.triu_indices(N, 1)]
    least, most = np.percentile(pairs, [5, 95])
    beyond = []
    for row in rows_of(hangs / "sensitivity.csv"):
        if int(row["n_dials"]) > 1:
            continue
        given, low, high = (float(row[name]) / 1e6 for name in ("given", "at_low", "at_high"))
        if max(given, low, high) - min(given, low, high) >= WIDE:
            yield f"| `{row['factor']}` | {row['range']} | {low:.1f} | {high:.1f} |"
        if min(low, high) < least or max(low, high) > most:
            beyond.append(f"`{row['factor']}`")
    yield f"{given:.1f} million as given"
    yield f"of such pairs lie between {least:.1f} and {most:.1f} million"
    yield f"{', '.join(beyond[:-1])} and {beyond[-1]} alone have an end outside"


def the_pause(emerged: Path, no_letter: Path) -> Iterator[str]:
    last = np.array([max(times) for times in blocks(emerged, N, "< 24")])
    median, low, high = (
        START + timedelta(minutes=round(float(np.percentile(last, end)) / 60))
        for end in (50, 5, 95)
    )
    yield f"on {hour_of(median)} ({hour_of(low)}, to {hour_of(high)})"
    narrow = [len(times) for times in blocks(emerged, N, ">= 24")]
    yield f"{np.median(narrow):,.0f} narrow ones"
    impaired = np.median(curve(emerged, [YEAR_END], N, "businesses_impaired"))
    yield f"{impaired:.0f} of 1,000 businesses are impaired on 31 December"
    lengths = [
        int(row["prefix"].split("/")[1])
        for row in rows_of(REPOSITORY / "seeds" / "telegram-2018-orders.csv")
        if row["action"] == "block" and "2018-04-18T12" <= row["effective"] < "2018-04-26"
    ]
    yield f"the prefixes are a /{min(lengths)} to a /{max(lengths)}"
    assert orders(no_letter) == orders(emerged) != []


def wide_again_from(folder: Path) -> str:
    """From the first to the last replicate: its first wide block after 19 April."""
    after = second_of(in_april(20, 0))
    of_each = [[t_s for t_s in times if t_s >= after] for times in blocks(folder, N_TIRED, "< 24")]
    if not any(of_each):
        return "never"
    assert all(of_each)
    first, last = (START + timedelta(seconds=end(map(min, of_each))) for end in (min, max))
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day} to {day_of(last)}"
    return f"{day_of(first)} to {day_of(last)}"


def with_fatigue(clone: Path) -> Iterator[str]:
    for words, name in (("none", "emerged"), *((f"{d} d", f"tired-{d}") for d in (30, 7, 1))):
        listed = curve(clone / name, [in_april(20), TEN_MAY, YEAR_END], N_TIRED)
        cells = " | ".join(f"{median:.1f}" for median in np.median(listed, axis=0) / 1e6)
        yield f"| {words} | {cells} | {wide_again_from(clone / name)} |"


def emergence(clone: Path) -> Iterator[str]:
    yield from addresses(clone / "emerged")
    yield from who_is_hit(clone / "emerged")
    yield from over_the_population(clone / "populations")
    yield from widest_swings(clone / "hangs", clone / "emerged")
    yield from the_pause(clone / "emerged", clone / "no-letter")
    yield from with_fatigue(clone)
