"""What a run rests on, for readers: its tables, the source of every value, published figures.

In: a run folder. Out: tables of the page.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any

from sim.report.page.cells import Cell, Choice, Line, PageTable, columns
from sim.report.words.languages import IN_ENGLISH, Language
from sim.report.words.numbers import capitalised
from sim.report.words.plain import quoted
from sim.report.words.warnings import stood_in
from sim.results.read import RunFolder

_YEAR = re.compile(r"\b(?:19|20)\d\d")
_EN_DASH = "\N{EN DASH}"
_KINDS = ("fact", "derived", "assumption", "choice")


def input_table(run: RunFolder, words: Language = IN_ENGLISH) -> PageTable:
    """Every table that a run rests on."""
    lines = [
        Line.of(
            str(table["name"]),
            str(table.get("title", "")) or "no source note",
            Cell(words.digits(f"{table['n_rows']:,}"), table["n_rows"]),
            str(table["sha256"])[:16],
        )
        for table in run.manifest["inputs"]
    ]
    titles = ("Table", "What it holds", "Rows", "SHA-256")
    heads = columns(*map(words.say, titles), numbers=(2,), english=(0, 1))
    return PageTable("inputs", words.say("Tables the run rests on"), heads, lines)


def source_table(run: RunFolder, words: Language = IN_ENGLISH) -> PageTable:
    """Every value a run rests on, as its manifest lists them: kind, source and date."""
    lines = []
    listed = run.manifest.get("sources", [])
    for one in listed:
        why = [one.get("source", ""), one.get("why", "")]
        if one.get("formula"):
            why.append(f"computed: {one['formula']}")
        row = str(one.get("row", ""))
        lines.append(
            Line.of(
                Cell(str(one["key"]), range=row),
                # A seed is no quantity: it has no separators.
                value_cell(
                    str(one["value"]) if one.get("unit") == "seed" else one.get("value"), words
                ),
                str(one.get("unit", "")),
                "; ".join(" ".join(str(part).split()) for part in why if part),
                str(one.get("date", "")),
                words.name(str(one["kind"])),
                range_text(one.get("range"), words),
                group=str(one["kind"]),
            )
        )
    titles = ("Value of", "Value", "Unit", "Source, or why it is so", "Date", "Kind", "Range")
    heads = columns(*map(words.say, titles), numbers=(1, 6), english=(0, 2, 3, 4))
    choices = [Choice(kind, said) for kind, said in _counted(run, words).items()]
    caption = words.say("Every value the run rests on")
    return PageTable("values", caption, heads, lines, choices=choices)


def counts_in_words(run: RunFolder, words: Language = IN_ENGLISH) -> str:
    """Say how many values a run rests on, and of which kinds, as the table of all counts them."""
    listed = run.manifest.get("sources", [])
    if not listed:
        return words.say(
            "{n} keys and columns of tables hold numbers without a source: assumptions, each with "
            "a range.",
            n=words.digits(f"{len(run.manifest.get('assumptions', [])):,}"),
        )
    n_ranged = sum(one["kind"] == "assumption" and bool(one.get("range")) for one in listed)
    return words.say(
        "The run rests on {n} values: {kinds}. An assumption is no source's own number, though "
        "its reason may name some; {ranged} of {of} have a range.",
        n=words.digits(f"{len(listed):,}"),
        kinds=", ".join(_counted(run, words).values()),
        ranged=words.digits(f"{n_ranged:,}"),
        of=words.digits(f"{sum(one['kind'] == 'assumption' for one in listed):,}"),
    )


def other_years_in_words(run: RunFolder, words: Language = IN_ENGLISH) -> str:
    """Name the tables of which a source is of no year of the run; empty where there is none.

    Those that a warning names as of another country or time are left out, and exchange rates: of
    these a run takes those of its own year.
    """
    warned = stood_in(run)
    rates = (run.scenario.get("money") or {}).get("rates")
    titles = {str(one["name"]): str(one.get("title", "")) for one in run.manifest["inputs"]}
    first, last = run.start.year, (run.start + timedelta(seconds=run.horizon_s - 1)).year
    found: dict[str, set[int]] = {}
    for one in run.manifest.get("sources", []):
        table = str(one["key"]).rpartition(".")[0]
        years = {int(year) for year in _YEAR.findall(str(one.get("date", "")))}
        if (
            table in titles
            and table != rates
            and table not in warned
            and years.isdisjoint(range(first, last + 1))
        ):
            found.setdefault(table, set()).update(years)
    parts = []
    for table, years in found.items():
        if years:
            span = _EN_DASH.join(map(str, dict.fromkeys((min(years), max(years)))))
            name = quoted(words.name(titles[table] or table), words)
            parts.append(f"{name} ({span})")
    if not parts:
        return ""
    return words.say(
        "Tables of another country or time are named in the warnings. Others hold for the "
        "country and time of the run, or for any, and take single values from sources of other "
        "years: {tables}. Years that only the reason of an assumption names are not counted.",
        tables="; ".join(parts),
    )


def assumption_table(
    assumptions: Iterable[Mapping[str, Any]],
    words: Language = IN_ENGLISH,
    called: Callable[[str], str] = str,
) -> PageTable:
    """Every number without a source, one that several strategies share once.

    Parameters
    ----------
    called
        What an unknown is called, by its key, which stands below.
    """
    # The first of them has its reason and range; another strategy has it from the command line.
    told: dict[tuple[str, str], Mapping[str, Any]] = {}
    for one in assumptions:
        told.setdefault((str(one["key"]), str(one.get("value"))), one)
    lines = [
        Line.of(
            _called_cell(str(one["key"]), called),
            value_cell(one.get("value"), words),
            range_text(one.get("range"), words),
            str(one.get("unit", "")),
            str(one.get("why", "")),
        )
        for one in told.values()
    ]
    titles = ("Number", "Value", "Range", "Unit", "Why this value")
    heads = columns(*map(words.say, titles), numbers=(1, 2), english=(3, 4))
    return PageTable("assumptions", words.say("Numbers without a source"), heads, lines)


def _called_cell(key: str, called: Callable[[str], str]) -> Cell:
    name = called(key)
    return Cell(capitalised(name) if name != key else key, range=key if key not in name else "")


def value_cell(value: object, words: Language = IN_ENGLISH) -> Cell:
    """One value of a scenario or table; many have no one text."""
    if value is None:
        return Cell(words.say("by row"))
    return Cell(_plain(value, words), is_english=not isinstance(value, int | float))


def range_text(limits: object, words: Language = IN_ENGLISH) -> str:
    """Range of an assumption as a manifest states it; empty where it has none."""
    if not isinstance(limits, Mapping):
        return ""
    for kind, ends in limits.items():
        low, high = (_plain(end, words) for end in ends)
        text_ = "{low} to {high}" if kind == "absolute" else "columns {low} to {high}"
        text_ = "times {low} to {high}" if kind == "times" else text_
        return words.say(text_, low=low, high=high)
    return ""


def _plain(value: object, words: Language) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(_plain(one, words) for one in value)
    is_number = isinstance(value, int | float)
    return words.digits(f"{value:,.12g}") if is_number else str(value)


def _counted(run: RunFolder, words: Language) -> dict[str, str]:
    """Kinds of values with how many there are."""
    kinds = Counter(str(one["kind"]) for one in run.manifest.get("sources", []))
    return {
        kind: f"{words.name(kind)} ({words.digits(f'{kinds[kind]:,}')})"
        for kind in _KINDS
        if kinds[kind]
    }
