"""The head of the page: what happened, how sure that is, on what it hangs; a sentence each.

In: the rows of a folder's tables. Out: three sentences without figures to quote. These, with both
of their ranges, stand below the first picture.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sim.catalogue.choices import COLLATERAL, EFFICACY, measure_name
from sim.report.page.bands import shares_of, with_bands
from sim.report.page.verdicts import NOT_SETTLED
from sim.report.words.numbers import capitalised
from sim.report.words.plain import duration_words, share_words, strategy_words, times_words
from sim.results.read import RunFolder
from sim.results.tables import Row, read_rows, text
from sim.results.tables import number as cell
from sim.scenario.meanings import meaning_of

HIT = measure_name("businesses_ever_impaired")
HIT_SHARE = measure_name("businesses_ever_impaired_share")
HIT_FOR = measure_name("hours_impaired_median")
FEWEST_DRAWS = 20
"""Fewest draws of which nine in ten can be told from all."""
MOST_WORDS = 14
"""Most words of an assumption's meaning that the head of the page gives."""
ALIKE = 0.9
"""Share of the most that the least must reach for no strategy to be named as the one."""
Rows = Mapping[str, Row]


@dataclass(frozen=True)
class Headline:
    """Three sentences.

    Attributes
    ----------
    says
        What happened.
    is_sure
        How sure that is.
    hangs_on
        The assumption on which it hangs most; empty where none is told.
    """

    says: str
    is_sure: str
    hangs_on: str


def headline(run: RunFolder) -> Headline:
    """Return the head of the page of a run or a comparison.

    Raises
    ------
    DataError
        If its tables cannot be read.
    """
    if "baseline" not in run.manifest:
        rows = with_bands(run, read_rows(run, "summary.csv"))
        return headline_of_run(run, {text(row, "metric"): row for row in rows})
    verdicts = read_rows(run, "verdicts.csv") if run.n_draws else []
    rows = with_bands(run, read_rows(run, "comparison.csv"))
    return headline_of_comparison(run, rows, verdicts)


def headline_of_run(run: RunFolder, rows: Rows) -> Headline:
    """Return the head of the page of one strategy.

    Parameters
    ----------
    rows
        Rows of ``summary.csv`` with both bands, by metric.
    """
    return Headline(
        _what_happened(rows, _who(run)), _how_sure(run, rows), _hangs_on(run, rows.get(HIT_SHARE))
    )


def headline_of_comparison(
    run: RunFolder, rows: Sequence[Row], verdicts: Sequence[Row]
) -> Headline:
    """Return the head of the page of several strategies.

    Parameters
    ----------
    rows
        Rows of ``comparison.csv`` with both bands.
    verdicts
        Rows of ``verdicts.csv``; none without draws.
    """
    named = {str(one["label"]): strategy_words(one) for one in run.manifest["strategies"]}
    baseline = str(run.manifest["baseline"])
    by_label = {
        metric: {
            text(row, "strategy"): row
            for row in rows
            if text(row, "metric") == metric and text(row, "strategy") != baseline
        }
        for metric in (COLLATERAL, EFFICACY)
    }
    by_harm = _by_harm(by_label[COLLATERAL])
    hung = by_label[COLLATERAL][by_harm[-1]] if by_harm else None
    return Headline(
        _who_harms(by_label[COLLATERAL], by_label[EFFICACY], named),
        _is_order_sure(run, by_label[COLLATERAL], verdicts),
        _hangs_on(run, hung, "Harm"),
    )


def _who(run: RunFolder) -> str:
    """What the businesses are called: sites that were named, where there are no others."""
    population = run.scenario["population"]
    is_named = population.get("inventory") and population["n_businesses"] == 0
    return "sites named" if is_named else "modelled businesses"


def _what_happened(rows: Rows, who: str) -> str:
    share, hours = _share_hit(rows), math.nan
    if HIT_FOR in rows:
        hours = cell(rows[HIT_FOR], "mean")
    if math.isnan(share):
        return "How many businesses were hit is not known."
    if share == 0:
        return f"None of the {who} was hit{_and_the_target(rows)}."
    time = "" if math.isnan(hours) else f", half of these for more than {duration_words(hours)}"
    hit = f"{capitalised(share_words(share))} of the {who} were hit{time}"
    return f"{hit}{_and_the_target(rows)}."


def _share_hit(rows: Rows) -> float:
    """Mean share of the businesses that were ever impaired; folders of 0.2 hold their number."""
    if HIT_SHARE in rows:
        return cell(rows[HIT_SHARE], "mean")
    hit = rows.get(HIT)
    of = math.nan if hit is None else cell(hit, "denominator")
    return cell(hit, "mean") / of if hit is not None and of > 0 else math.nan


def _and_the_target(rows: Rows) -> str:
    effect = rows.get(EFFICACY)
    of = math.nan if effect is None else cell(effect, "denominator")
    if effect is None or not of > 0 or math.isnan(cell(effect, "mean")):
        return ""
    share = cell(effect, "mean") / of
    return f"; the target's users lost {'nothing' if share == 0 else _of_their_time(share)}"


def _of_their_time(share: float) -> str:
    return f"{share_words(share)} of their hours" if share < 0.95 else "nearly all their hours"


def _how_sure(run: RunFolder, rows: Rows) -> str:
    row = rows.get(HIT_SHARE, {})
    if 0 < run.n_draws < FEWEST_DRAWS:
        return _few(run.n_draws)
    if run.n_draws:
        low, high = cell(row, "all_low"), cell(row, "all_high")
        if math.isnan(low):
            return "How far what is not known would move this is not known."
        few, many = (share_words(end).removeprefix("about ") for end in (low, high))
        if few == many:
            return f"How sure is that? In nine cases of ten of what is not known it is {few}."
        return (
            f"How sure is that? By what is not known, as few as {few} or as many as {many}, in "
            "nine cases of ten."
        )
    return "How sure is that? Only luck was varied here: what the assumptions would change is open."


def _few(n_draws: int) -> str:
    return f"How sure is that? {n_draws} draws of what is not known are too few to say."


def _hangs_on(run: RunFolder, row: Row | None, who: str = "It") -> str:
    told = shares_of(row) if row is not None and run.n_draws else []
    if not told:
        return ""
    key = told[0][0]
    meaning = meaning_of(key, run.input_path(key.rpartition(".")[0]))
    if len(meaning.split()) > MOST_WORDS:
        meaning = f"the assumption {key}"
    return f"{who} hangs most on one assumption: {meaning}."


def _who_harms(harm: Rows, effect: Rows, named: Mapping[str, str]) -> str:
    by_harm = _by_harm(harm)
    if not by_harm:
        return "What the strategies cost bystanders is not known."
    means = {name: cell(harm[name], "mean") for name in by_harm}
    least, most = by_harm[0], by_harm[-1]
    if means[most] == 0:
        said = "None of the strategies hit a business"
    elif means[most] == means[least]:
        said = f"Blocking {named[most]} hit bystanders"
        said += "" if len(means) == 1 else " as all others did"
    elif means[least] == 0:
        said = f"Blocking {named[most]} harmed bystanders most, {named[least]} not at all"
    else:
        ratio = times_words(means[most] / means[least])
        said = f"Blocking {named[most]} harmed bystanders {ratio} {named[least]}"
    denied = {name: cell(row, "mean") for name, row in effect.items()}
    known = {name: value for name, value in denied.items() if not math.isnan(value)}
    if not known:
        return f"{said}."
    best = max(known, key=lambda name: known[name])
    if known[best] == 0:
        return f"{said}; none cost the target anything."
    if len(known) > 1 and min(known.values()) >= ALIKE * known[best]:
        return f"{said}; the target lost about as much with each."
    return f"{said}; {named[best]} cost the target most."


def _is_order_sure(run: RunFolder, harm: Rows, verdicts: Sequence[Row]) -> str:
    """In how many draws the strategy that harms least harms less than the one that harms most."""
    if not run.n_draws:
        return "How sure is that? Only luck was varied: what the assumptions would change is open."
    if run.n_draws < FEWEST_DRAWS:
        return _few(run.n_draws)
    by_harm = _by_harm(harm)
    for row in verdicts:
        if text(row, "metric") != COLLATERAL or len(by_harm) < 2:
            continue
        pair = text(row, "strategy"), text(row, "other")
        if pair not in {(by_harm[0], by_harm[-1]), (by_harm[-1], by_harm[0])}:
            continue
        share = cell(row, "share_less" if pair[0] == by_harm[0] else "share_more")
        n = math.floor(100 * share + 1e-9)
        settled = "not settled" if text(row, "verdict") == NOT_SETTLED else "settled"
        return (
            f"How sure is that? Over all that is not known, the second harmed less in {n} cases of "
            f"100: {settled}."
        )
    return "How sure is that? No two of them were held against each other."


def _by_harm(harm: Rows) -> list[str]:
    """Strategies from the least to the most harm, as far as it is known."""
    means = {name: cell(row, "mean") for name, row in harm.items()}
    return sorted(
        (name for name, mean in means.items() if not math.isnan(mean)), key=means.__getitem__
    )
