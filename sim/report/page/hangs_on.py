"""What a number hangs on: luck, and the unknowns whose knowledge would narrow it most.

In: rows with both bands. Out: shares of the variance over draws, and sentences that name unknowns.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sim.catalogue.choices import label
from sim.report.page.sources import range_text, value_cell
from sim.report.words.languages import IN_ENGLISH, Language
from sim.report.words.numbers import NBSP, capitalised, is_share, percent
from sim.results.read import RunFolder
from sim.results.tables import Row, text
from sim.results.tables import number as cell
from sim.scenario.meanings import meaning_of

SIZES = ("population.n_businesses", "users.n_target_users")
"""Unknowns that say how many businesses or users there are."""
_PER = {"1/d": "a day", "1/h": "an hour"}
"""Rates as they are read aloud."""
LEAST_TOLD = 32
"""Fewest draws in which one unknown is told from another."""


def shares_of(row: Row) -> list[tuple[str, float]]:
    """Unknowns that a measure is told to hang on, and their shares, the largest first."""
    named = [(text(row, f"hangs_on_{place}"), f"hangs_on_{place}_share") for place in (1, 2, 3)]
    return [(key, cell(row, share)) for key, share in named if key]


def telling_shares_of(row: Row) -> list[tuple[str, float]]:
    """The same without how many there are of what is counted: that a count hangs on it is idle."""
    told = shares_of(row)
    if is_share(text(row, "unit") if "unit" in row else ""):
        return told
    return [(key, share) for key, share in told if key not in SIZES]


def leaves_sizes_aside(row: Row) -> bool:
    """Whether a measure hangs most on how many there are, and is said to hang on another unknown.

    Whoever says so has to say that this is left aside.
    """
    telling = telling_shares_of(row)
    return bool(telling) and telling[0] != shares_of(row)[0]


def hangs_on_text(
    row: Row, words: Language = IN_ENGLISH, called: Callable[[str], str] = str
) -> str:
    """What a measure hangs on, in a cell: ``luck 12 %; compliance 45 %``.

    Parameters
    ----------
    called
        What an unknown is called, by its key.
    """
    luck = cell(row, "share_luck")
    parts = [] if math.isnan(luck) else [(words.say("luck"), luck)]
    parts += [(called(key), share) for key, share in shares_of(row)]
    return "; ".join(f"{name} {_rough(share, words)}" for name, share in parts)


def hangs_on(run: RunFolder, row: Row, who: str = "", words: Language = IN_ENGLISH) -> str:
    """A sentence or two on what a measure hangs on, and what it would help most to know.

    Parameters
    ----------
    row
        With both bands.
    who
        Label of the strategy, where there are several.
    """
    luck, unknowns = cell(row, "share_luck"), shares_of(row)
    lead = capitalised(words.name(label(text(row, "metric"))))
    lead = words.say("{measure} under {strategy}", measure=lead, strategy=who) if who else lead
    n = words.digits(f"{run.n_draws:,}")
    if math.isnan(luck):
        return words.say("{measure}: the same in all {n} draws, or not known.", measure=lead, n=n)
    parts = [words.say("luck for {share}", share=_rough(luck, words))]
    for key, share in unknowns:
        said = {"meaning": unknown_in_words(run, key, words), "share": _rough(share, words)}
        parts.append(words.say("{meaning} for {share}", **said))
    if unknowns:
        text_ = (
            "{measure}: how far {n:draw} lie apart is due to {parts}. What would narrow this "
            "number most is to know one unknown alone: {first}."
        )
        first = unknown_in_words(run, unknowns[0][0], words)
        return words.say(text_, measure=lead, parts=words.listing(parts), n=n, first=first)
    few = (
        "{measure}: how far {n:draw} lie apart is due to {parts}; which of the unknowns make the "
        "rest cannot be told in fewer than {least} draws."
        if run.n_draws < LEAST_TOLD
        else "{measure}: how far {n:draw} lie apart is due to {parts}; which of the unknowns make "
        "the rest cannot be told in so few."
    )
    return words.say(few, measure=lead, parts=parts[0], n=n, least=str(LEAST_TOLD))


def unknown_in_words(run: RunFolder, key: str, words: Language = IN_ENGLISH) -> str:
    """What an unknown means; its key where that cannot be said in the language."""
    meaning = meaning_of(key, run.input_path(key.rpartition(".")[0]))
    return words.say(meaning) if words.has(meaning) else words.say("the assumption {key}", key=key)


def hang_most_on(
    run: RunFolder,
    rows: Sequence[Row],
    metrics: Sequence[str],
    who: str = "",
    words: Language = IN_ENGLISH,
) -> str:
    """On what each of some numbers hangs most, in one sentence; empty where none is told.

    Parameters
    ----------
    rows
        Of one strategy, with both bands.
    who
        Its label, where there are several.
    """
    by = {text(row, "metric"): row for row in rows}
    measures: dict[str, list[str]] = {}
    for metric in metrics:
        if metric in by and (told := telling_shares_of(by[metric])):
            measures.setdefault(told[0][0], []).append(words.name(label(metric)))
    parts = [
        words.say(
            "{meaning} ({measure})",
            measure="; ".join([", ".join(names), *_assumed(run, key, words)]),
            meaning=unknown_in_words(run, key, words),
        )
        for key, names in measures.items()
    ]
    if not parts:
        return ""
    # Of the first number nobody should have to ask why it is left out.
    first = by.get(metrics[0], {})
    if not math.isnan(cell(first, "share_luck")) and not shares_of(first):
        measure = words.name(label(metrics[0]))
        parts.insert(0, words.say("{measure}: not told in so few", measure=measure))
    # Else the key figures, which name all that a number hangs on, would contradict it.
    if any(leaves_sizes_aside(by[metric]) for metric in metrics if metric in by):
        text_ = (
            "What each number hangs on most, under {strategy}, how many businesses and users there "
            "are left aside: {parts}."
            if who
            else "What each number hangs on most, how many businesses and users there are left "
            "aside: {parts}."
        )
    else:
        text_ = "What each number hangs on most: {parts}."
        text_ = "What each number hangs on most, under {strategy}: {parts}." if who else text_
    return words.say(text_, parts="; ".join(parts), strategy=who)


def _assumed(run: RunFolder, key: str, words: Language) -> list[str]:
    """One number without a source: its value as given and its range; nothing of a column's."""
    one: dict[str, Any] = next(
        (one for one in run.manifest.get("assumptions", ()) if one["key"] == key), {}
    )
    limits = one.get("range")
    if one.get("value") is None or not isinstance(limits, Mapping) or "absolute" not in limits:
        return []
    unit = _PER.get(str(one.get("unit")), str(one.get("unit")))
    value = value_cell(one["value"], words).text
    return [
        words.say(
            "as given {value}, in the draws {range}",
            value=f"{value} {words.name(unit)}" if words.has(unit) else value,
            range=range_text(limits, words),
        )
    ]


def hangs_first_on(
    run: RunFolder, row: Row | None, words: Language = IN_ENGLISH, *, is_harm: bool = False
) -> str:
    """On what harm or the share hit hangs most, for the head; empty where it is not told."""
    told = telling_shares_of(row) if row is not None and run.n_draws else []
    if row is None or not told:
        return ""
    text_ = "The share hit hangs most on: {meaning}."
    if is_harm:
        text_ = (
            "Harm hangs most on, how many businesses there are left aside: {meaning}."
            if leaves_sizes_aside(row)
            else "Harm hangs most on: {meaning}."
        )
    return words.say(text_, meaning=unknown_in_words(run, told[0][0], words))


def _rough(share: float, words: Language) -> str:
    return words.digits(percent(share, 2) if share >= 0.01 else f"less than 1{NBSP}%")
