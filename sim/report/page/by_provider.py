"""What hit the businesses of each provider, and what of the provider was listed.

In: the businesses of a run folder, and values of the map. Out: a table, and sentences on what
would puzzle in it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from sim.catalogue.causes import CAUSES, OWN_ADDRESS
from sim.report.page.cells import Cell, Choice, Line, PageTable, columns, folded, sort_key
from sim.report.page.groups import with_nothing
from sim.report.words.languages import IN_ENGLISH, Language
from sim.report.words.numbers import businesses, number, percent
from sim.results.inputs import input_rows
from sim.results.read import RunFolder
from sim.results.relations import connect_tables
from sim.scenario.tables.rows import HostingRow

OWN = CAUSES[OWN_ADDRESS].name
_MOVES = tuple(f"n_responses_{name}" for name in ("foreign", "domestic", "proxy"))
"""Columns of moves to another provider."""


def hit_by_provider(
    run: RunFolder, map_: Mapping[str, Any], shown_first: str, words: Language = IN_ENGLISH
) -> tuple[PageTable | None, dict[str, str]]:
    """What hit the businesses of each provider, and a sentence on the one that puzzles most.

    Parameters
    ----------
    map_
        Values of the map: how much of each provider was listed at its times.
    shown_first
        The strategy of which rows are shown at first.

    Returns
    -------
    table
        None where the folder does not say by what each business lost most.
    puzzle
        Of each strategy under which it is so: a provider of which nothing was listed, and whose
        businesses were hit all the same.
    """
    counts = _counts(run)
    if not counts:
        return None, {}
    listed = {
        strategy: _most_listed(map_, strategy, map_["providers"]) for strategy in run.strategies
    }
    shown = [cause for cause in CAUSES if any(hit.get(cause.name) for _, hit, _ in counts.values())]
    lines, puzzle = [], {}
    for (strategy, provider), (n, hit, n_moved) in counts.items():
        whole = sum(hit.values())
        if n == 0:
            continue
        of_it = listed[strategy].get(provider, math.nan)
        lines.append(
            Line.of(
                provider,
                Cell(words.digits(businesses(n)), n),
                Cell(words.digits(percent(whole / n, 2)), whole / n),
                *(
                    Cell(words.digits(businesses(hit.get(c.name, 0.0))), hit.get(c.name, 0.0))
                    for c in shown
                ),
                Cell(words.digits(number(of_it)), sort_key(of_it)),
                group=strategy,
            )
        )
        # The map is of one replicate, and in another one some of them may have been listed. Who
        # moved was hit by an address of another provider.
        is_never_listed = of_it == 0 and hit.get(OWN, 0.0) <= n_moved
        if is_never_listed and whole / n > 0.1 and whole > 1 and strategy not in puzzle and shown:
            first = max(shown, key=lambda cause: hit.get(cause.name, 0.0))
            puzzle[strategy] = words.say(
                "{provider}: none of its addresses was listed, and {share} of the businesses with "
                "their front end there were hit all the same, {part} of them mostly by {cause}.",
                provider=provider,
                share=words.digits(percent(whole / n, 2)),
                part=words.digits(percent(hit[first.name] / whole, 2)),
                cause=words.say(_with_article(first.label)),
            )
    heads = columns(
        words.say("Provider of the front end"),
        words.say("Businesses"),
        words.say("Impaired at some time"),
        *(
            words.say("mostly by {cause}", cause=words.say(_with_article(cause.label)))
            for cause in shown
        ),
        # The others are means; the tables keep this of no replicate but the map's.
        words.say("Of its addresses listed at once, in replicate {n} alone", n=map_["replicate"]),
        numbers=range(1, 4 + len(shown)),
    )
    lines = folded(
        lines,
        lambda row: row.cells[2].sort == 0 and row.cells[-1].sort in (0, ""),
        lambda n, names: with_nothing(n, names, words),
    )
    caption = words.say("Businesses by where their front end is, and by what hit them")
    choices = [Choice(name, name, name == shown_first) for name in run.strategies]
    return PageTable("providers-hit", caption, heads, lines, choices=choices), puzzle


def unlisted_in_words(run: RunFolder, map_: Mapping[str, Any], words: Language = IN_ENGLISH) -> str:
    """Why own addresses hit businesses of providers of which the map lists none.

    A business counts at the provider that it began with, and after a move it has its own address
    at another one. Empty where there are no such businesses.
    """
    hit = moved = 0.0
    counts = _counts(run)
    listed = {name: _most_listed(map_, name, map_["providers"]) for name in run.strategies}
    for (strategy, provider), (_, by_cause, n_moved) in counts.items():
        if listed[strategy].get(provider) == 0:
            hit, moved = hit + by_cause.get(OWN, 0.0), moved + n_moved
    if not hit:
        return ""
    if not moved:
        text_ = (
            "Where that one lists none of a provider, another may, and hit its businesses by their "
            "own address."
        )
    elif moved < hit:
        text_ = (
            "Where that one lists none of a provider, and some of its businesses were hit by their "
            "own address, {share} of these had moved to another provider; of the others, another "
            "replicate lists some."
        )
    else:
        text_ = (
            "Where that one lists none of a provider, and some of its businesses were hit by their "
            "own address, all of these had moved to another provider."
        )
    return words.say(text_, share=words.digits(percent(moved / hit, 2)))


def stand_ins_in_words(
    run: RunFolder, map_: Mapping[str, Any], words: Language = IN_ENGLISH
) -> str:
    """Which providers of the map stand for hosting inside the country, and what is hit there.

    Front ends stand at foreign providers alone. Empty where none of them is ever listed.
    """
    rows = input_rows(run, "population", "hosting", HostingRow)
    foreign = {row.provider for row in rows if row.side == "foreign"}
    foreign |= {provider for _, provider in _counts(run)}
    listed = [_most_listed(map_, name, map_["providers"]) for name in run.strategies]
    names = [
        name
        for name in dict.fromkeys(row.provider for row in rows if row.side == "domestic")
        if name not in foreign and any(one.get(name, 0) > 0 for one in listed)
    ]
    if not names:
        return ""
    return words.say(
        "Providers that stand for hosting inside the country, and are told as domestic: {names}. "
        "No front end is there at the start; what is listed there can hit parts of sites alone.",
        names=words.listing(names),
    )


def _with_article(label: str) -> str:
    return {
        "own address": "their own address",
        "component elsewhere": "a component elsewhere",
        "bought service": "a bought service",
        "name": "their name",
        "overloaded operator": "an overloaded operator",
    }.get(label, label)


def _most_listed(
    map_: Mapping[str, Any], strategy: str, providers: Sequence[str]
) -> dict[str, float]:
    frames = map_["strategies"][strategy]["frames"]
    return {
        name: float(max(frame["by"][row] for frame in frames)) for row, name in enumerate(providers)
    }


_Counts = dict[tuple[str, str], tuple[float, dict[str, float], float]]


def _counts(run: RunFolder) -> _Counts:
    """Businesses of each provider at the start, those impaired by main cause, and who moved.

    The last are those hit by their own address that moved to another provider. Means over
    replicates, the provider with most businesses first.
    """
    known = _columns(run)
    if "main_cause" not in known:
        return {}
    away = [name for name in _MOVES if name in known]
    with connect_tables(run.path, "businesses") as connection:
        found = connection.execute(
            "SELECT strategy, provider, coalesce(main_cause, ''), "
            "count(*), count(*) FILTER (impaired_s > 0), "
            f"count(*) FILTER (impaired_s > 0 AND {' + '.join((*away, '0'))} > 0) "
            "FROM businesses GROUP BY ALL"
        ).fetchall()
    whole: dict[tuple[str, str], float] = {}
    hit: dict[tuple[str, str], dict[str, float]] = {}
    moved: dict[tuple[str, str], float] = {}
    for strategy, provider, cause, n_all, n_hit, n_moved in found:
        key, n = (strategy, provider or "not known"), len(run.finished(strategy))
        whole[key] = whole.get(key, 0.0) + n_all / n
        if cause:
            hit.setdefault(key, {})[cause] = n_hit / n
        if cause == OWN:
            moved[key] = n_moved / n
    place = {name: row for row, name in enumerate(run.strategies)}
    keys = sorted(whole, key=lambda key: (place.get(key[0], -1), -whole[key], key[1]))
    return {key: (whole[key], hit.get(key, {}), moved.get(key, 0.0)) for key in keys}


def _columns(run: RunFolder) -> set[str]:
    with connect_tables(run.path, "businesses") as connection:
        if not (run.path / "businesses.parquet").is_file():
            return set()
        return {row[0] for row in connection.execute("DESCRIBE businesses").fetchall()}
