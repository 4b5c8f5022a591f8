"""The table of the page with the sites of an inventory: rows of ``sites.csv`` as cells.

In: a run folder. Out: a table, or nothing where it has no sites. Of many, those that lose most. As
everywhere on the page a number is the median over the draws where there are some, else the mean.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sim.catalogue.causes import CAUSES
from sim.report.page.at_end import last_day
from sim.report.page.cells import Cell, Choice, Line, PageTable, columns, sort_key
from sim.report.words.languages import IN_ENGLISH, Language
from sim.report.words.money import rate_of
from sim.report.words.numbers import number, percent, span
from sim.results.read import RunFolder
from sim.results.relations import connect_tables

MOST = 200
"""Sites of each strategy that are shown."""
_HOURS = ("affected_h", "impaired_h", "down_h", "lost_demand_h")
_BY_LUCK, _WIDE = ("", "_low", "_high"), ("_all_median", "_all_low", "_all_high")
_LOST = tuple(f"lost_demand_h_{cause.name}" for cause in CAUSES)
_TEXTS = ("strategy", "site", "first_outage_utc", "last_outage_utc", "provider", "drawn")


def site_table(
    run: RunFolder, words: Language = IN_ENGLISH, shown_first: str = ""
) -> PageTable | None:
    """Sites under each strategy, first those that lose most; none without an inventory."""
    if not (run.path / "sites.csv").is_file():
        return None
    ends = _WIDE if run.n_draws else _BY_LUCK
    rows = _rows(run, ends)
    rate = rate_of(run)
    lines = [
        Line.of(
            str(row["site"]),
            *(_cell(row, name, ends, words) for name in _HOURS[:3]),
            _when(row, run, words),
            _cell(row, "lost_demand_h", ends, words),
            _main_cause(row, words),
            _cell(row, "loss_usd", ends, words),
            *([_cell(row, "loss_usd", ends, words, rate.per_usd)] if rate else []),
            _provider(row, words),
            group=str(row["strategy"]),
        )
        for strategy in run.strategies
        for row in rows
        if row["strategy"] == strategy
    ]
    titles = (
        "Site",
        "Affected, h",
        "Impaired, h",
        "Down, h",
        "First and last",
        "Demand lost, h",
        "Most of it by",
        "Loss, USD",
    )
    local = [words.say("Loss, {currency}", currency=rate.currency)] if rate else []
    heads = columns(
        *map(words.say, titles),
        *local,
        words.say("Provider"),
        numbers=(1, 2, 3, 5, 7, *([8] if rate else [])),
    )
    first = shown_first or run.strategies[0]
    choices = [Choice(name, name, name == first) for name in run.strategies]
    text = "Sites of the inventory; of more than {n} those that lose most"
    caption = words.say(text, n=str(MOST))
    return PageTable("sites", caption, heads, lines, choices=choices) if lines else None


def _rows(run: RunFolder, ends: tuple[str, ...]) -> list[dict[str, Any]]:
    names = (*_TEXTS, *_LOST, *(f"{name}{end}" for name in (*_HOURS, "loss_usd") for end in ends))
    order = ", ".join(f"{name}{ends[0]} DESC" for name in ("loss_usd", "lost_demand_h"))
    with connect_tables(run.path, "sites") as connection:
        found = connection.execute(
            f"SELECT {', '.join(names)} FROM sites WHERE operator IS NULL OR operator = '' "
            "QUALIFY row_number() OVER (PARTITION BY strategy "
            f"ORDER BY {order}, site) <= {MOST} ORDER BY {order}, site"
        ).fetchall()
    return [dict(zip(names, row, strict=True)) for row in found]


def _cell(
    row: dict[str, Any], name: str, ends: tuple[str, ...], words: Language, times: float = 1.0
) -> Cell:
    """A number with its range below it, in a unit of which there are some to that of the table."""
    found = (row[f"{name}{end}"] for end in ends)
    scaled: list[Any] = [value if value is None else value * times for value in found]
    middle, low, high = scaled
    has_range = low is not None and high is not None and low < high
    range_ = words.digits(span(low, high)) if has_range else ""
    return Cell(words.digits(number(middle)), sort_key(middle), range_)


def _when(row: dict[str, Any], run: RunFolder, words: Language) -> Cell:
    first, last = (str(row[f"{name}_outage_utc"] or "") for name in ("first", "last"))
    if not first:
        return Cell(words.say("never"), "")
    if last and datetime.fromisoformat(last) >= run.start + timedelta(seconds=run.horizon_s):
        # The run's end ends no outage.
        still = words.say(
            "still affected when the simulation ends on {day}", day=words.date(last_day(run))
        )
        return Cell(_said(first), first, still)
    return Cell(_said(first), first, words.say("to {time}", time=_said(last)))


def _said(instant: str) -> str:
    return instant.replace("T", " ").replace("Z", " UTC")


def _provider(row: dict[str, Any], words: Language) -> Cell:
    drawn = words.say("drawn: {what}", what=row["drawn"]) if row["drawn"] else ""
    return Cell(row["provider"] or "", range=drawn)


def _main_cause(row: dict[str, Any], words: Language) -> str:
    """Cause of most of the demand lost, and its part."""
    lost = [float(row[name]) for name in _LOST]
    whole, most = sum(lost), max(lost)
    if whole <= 0:
        return words.say("nothing was lost")
    cause = words.say(CAUSES[lost.index(most)].label)
    return f"{cause}, {words.digits(percent(most / whole, 2))}"
