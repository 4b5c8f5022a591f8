"""The tables by sector: who was hit, at which provider, for how long, and what demand was lost.

In: a run folder. Out: tables of the scenario as given: means over replicates, and of how long a
business was impaired the median over those of all replicates.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np

from sim.report.page.at_end import IMPAIRED, StillImpaired, last_day, still_of_hit
from sim.report.page.cells import Cell, Line, PageTable, columns, folded, sort_key
from sim.report.page.groups import table_of_groups, with_nothing
from sim.report.words.groups import group_words
from sim.report.words.languages import IN_ENGLISH, Language
from sim.report.words.numbers import businesses, number, percent
from sim.report.words.plain import days_words
from sim.results.inputs import input_rows
from sim.results.parquet import numbers, read_columns
from sim.results.read import RunFolder
from sim.results.relations import connect_tables
from sim.scenario.tables.rows import ProfileRow, SectorRow
from sim.world.demand import demand_of

_LOST = "lost_demand_h_"
"""Columns of the demand that a business lost, in hours of all its demand, by length of outage."""


def sector_table(
    run: RunFolder, shown_first: str = "", words: Language = IN_ENGLISH
) -> PageTable | None:
    """Businesses by sector; none where the folder does not say what businesses lost.

    Parameters
    ----------
    shown_first
        The strategy of which rows are shown at first.
    """
    if not (run.path / "businesses.parquet").is_file():
        return None
    named = group_words(run, "sector", words)
    of_h = sector_demand_h(run)
    lines = []
    still_in = _still_impaired(run)
    for strategy, sector, n, n_hit, median_s, lost_usd, of_usd_per_h in _by_sector(run):
        n_made = len(run.finished(strategy))
        share, of_usd = n_hit / n, of_usd_per_h * of_h.get(sector, math.nan)
        hours = math.nan if median_s is None else median_s / 3600
        part = lost_usd / of_usd if of_usd > 0 else math.nan
        lines.append(
            Line.of(
                named(sector),
                Cell(words.digits(businesses(n / n_made)), n / n_made),
                Cell(words.digits(percent(share, 2)), share),
                _how_long(hours, still_in.get((strategy, sector), 0) / max(n_hit, 1), run, words),
                Cell(
                    words.digits(number(lost_usd / n_made)),
                    lost_usd / n_made,
                    words.say("{share} of its demand", share=words.digits(percent(part, 2))),
                ),
                group=strategy,
            )
        )
    titles = (
        "Sector",
        "Businesses",
        "Impaired at some time",
        "The middle one of these was impaired for",
        "Demand lost at table revenue, USD",
    )
    heads = columns(*map(words.say, titles), numbers=range(1, 5))
    # A share of its demand stands below what a sector lost, also where it lost nothing.
    lines = folded(
        lines,
        lambda row: row.cells[2].sort == 0 and row.cells[4].sort == 0,
        lambda n, names: with_nothing(n, names, words),
    )
    caption = words.say("Businesses by sector: who was hit, for how long, and what demand was lost")
    return table_of_groups("sectors", caption, heads, lines, run.strategies, shown_first)


def _how_long(hours: float, still: float, run: RunFolder, words: Language) -> Cell:
    """How long the middle one of who was hit was impaired, and how many are when the run ends."""
    if math.isnan(hours):
        return Cell(words.say("nobody hit"), sort_key(hours))
    told = still_of_hit(
        StillImpaired(math.nan, math.nan, math.nan, math.nan, of_hit=still, last_day=last_day(run)),
        words,
    )
    length = days_words(hours, words, rounded="down" if told else "nearest")
    if told:
        length = words.say("at least {n}", n=length)
    return Cell(length, sort_key(hours), told)


def sector_and_provider_table(
    run: RunFolder, shown_first: str = "", words: Language = IN_ENGLISH
) -> PageTable | None:
    """Share impaired of the businesses of a sector with their front end at a provider, all pairs.

    Of how many it is a share stands below it; nothing where no business of a replicate is such.
    None where the folder does not tell of businesses.

    Parameters
    ----------
    shown_first
        The strategy of which rows are shown at first.
    """
    if not (run.path / "businesses.parquet").is_file():
        return None
    counts: dict[tuple[str, str], dict[str, tuple[int, int]]] = {}
    n_at: Counter[str] = Counter()
    with connect_tables(run.path, "businesses") as connection:
        found = connection.execute(
            "SELECT strategy, sector, provider, count(*), count(*) FILTER (impaired_s > 0) "
            "FROM businesses GROUP BY ALL ORDER BY strategy, sector, provider"
        ).fetchall()
    for strategy, sector, provider, n, n_hit in found:
        at = provider or words.say("not known")
        counts.setdefault((strategy, sector), {})[at] = (n_hit, n)
        n_at[at] += n
    providers = sorted(n_at, key=lambda name: (-n_at[name], name))
    named = group_words(run, "sector", words)
    place = {name: row for row, name in enumerate(run.strategies)}
    lines = [
        Line.of(
            named(sector),
            *(
                _share_of(
                    *counts[strategy, sector].get(at, (0, 0)), len(run.finished(strategy)), words
                )
                for at in providers
            ),
            group=strategy,
        )
        for strategy, sector in sorted(counts, key=lambda key: (place.get(key[0], -1), key[1]))
    ]
    heads = columns(words.say("Sector"), *providers, numbers=range(1, 1 + len(providers)))
    caption = words.say("Share of businesses impaired at some time, by sector and provider")
    return table_of_groups(
        "sectors-and-providers", caption, heads, lines, run.strategies, shown_first
    )


def _share_of(n_hit: int, n: int, n_made: int, words: Language) -> Cell:
    if not n:
        return Cell("", "")
    said = words.say("of {n}", n=businesses(n / n_made))
    return Cell(words.digits(percent(n_hit / n, 2)), n_hit / n, words.digits(said))


def sector_demand_h(run: RunFolder) -> dict[str, float]:
    """Demand of each sector over a run, had nothing failed, in hours of its mean demand."""
    sectors = input_rows(run, "population", "sectors", SectorRow)
    profiles = input_rows(run, "population", "demand_profiles", ProfileRow)
    if not (sectors and profiles):
        return {}
    demand = demand_of(profiles, sectors, run.start)
    rows = np.arange(len(sectors))
    hours = demand.hours(demand.cumulative(run.horizon_s).astype(float), rows).tolist()
    return {row.sector: of_h for row, of_h in zip(sectors, hours, strict=True)}


_Found = tuple[str, str, int, int, float | None, float, float]


def _by_sector(run: RunFolder) -> Sequence[_Found]:
    """Over all replicates, the sector that lost most first.

    Businesses, those impaired, the median of their seconds impaired, USD of demand lost and of
    demand in an hour, at table revenue. Seconds are of the businesses of all replicates together: a
    mean of the replicates' medians may be a length that no business was impaired for.
    """
    with connect_tables(run.path, "businesses") as connection:
        known = [row[0] for row in connection.execute("DESCRIBE businesses").fetchall()]
        lost = [name for name in known if name.startswith(_LOST)]
        if not lost:
            return []
        found = connection.execute(
            "SELECT strategy, sector, count(*), count(*) FILTER (impaired_s > 0), "
            "median(impaired_s) FILTER (impaired_s > 0), "
            f"fsum(demand_usd_per_h * ({' + '.join(lost)})) AS all_lost, fsum(demand_usd_per_h) "
            "FROM businesses GROUP BY strategy, sector ORDER BY strategy, all_lost DESC, sector"
        ).fetchall()
    place = {name: row for row, name in enumerate(run.strategies)}
    return sorted(found, key=lambda row: place.get(row[0], -1))


def _still_impaired(run: RunFolder) -> dict[tuple[str, str], float]:
    """Businesses impaired when the run ends, over all replicates, by strategy and sector."""
    found = read_columns(
        run.path / "curves.parquet",
        "SELECT strategy, sector, sum(n) AS n FROM (SELECT strategy, sector, "
        "max_by(value, t_s) AS n FROM data WHERE metric = ? AND sector IS NOT NULL "
        "GROUP BY strategy, sector, replicate) GROUP BY strategy, sector",
        [IMPAIRED],
    )
    keys = zip(found["strategy"].tolist(), found["sector"].tolist(), strict=True)
    return dict(zip(keys, numbers(found["n"]).tolist(), strict=True))
