"""The answer in three sentences: what was listed and who was hit, what it cost, what it achieved.

In: the rows of a folder's tables. Out: sentences, made from the numbers with their uncertainty. A
number that is not known is said to be so.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from sim.catalogue.choices import COLLATERAL, EFFICACY, measure_name
from sim.report.page.key_figures import confidence_of
from sim.report.words.numbers import (
    count,
    listing,
    number,
    percent,
    quantity,
    quantity_span,
    span,
)
from sim.results.tables import Row, text
from sim.results.tables import number as cell

Rows = Mapping[str, Row]
LISTED, HIT, HIT_SHARE, LOSS = map(
    measure_name,
    (
        "addresses_listed_peak",
        "businesses_ever_impaired",
        "businesses_ever_impaired_share",
        "private_loss_usd",
    ),
)
BYSTANDERS = "addresses that were not the target's"


def answer_run(rows: Rows, impaired_above: float) -> list[str]:
    """Sentences about one strategy.

    Parameters
    ----------
    rows
        Summary rows of the strategy, by metric.
    impaired_above
        Share of domestic demand that fails, above which a business counts as impaired.
    """
    return [
        _what_was_hit(rows, impaired_above),
        _what_it_cost(rows),
        _what_the_target_lost(rows),
    ]


def _what_was_hit(rows: Rows, impaired_above: float) -> str:
    listed, hit = rows.get(LISTED), rows.get(HIT)
    first = (
        "How many addresses were listed is not known"
        if listed is None
        else f"At its peak the register listed {_value(listed, BYSTANDERS)}"
        if cell(listed, "mean") > 0
        else "No addresses but the target's own were listed"
    )
    if hit is None:
        return f"{first}."
    share = rows.get(HIT_SHARE)
    if share is not None and not math.isnan(cell(share, "mean")):
        # Their number is assumed, and drawn where draws are: a range of it would say nothing.
        return (
            f"{first}; of the modelled businesses, {_value(share)} had more than "
            f"{percent(impaired_above)} of their domestic customers' attempts fail at some time."
        )
    of = number(cell(hit, "denominator"))
    return (
        f"{first}; of {of} modelled businesses, {_value(hit)} had more than "
        f"{percent(impaired_above)} of their domestic customers' attempts fail at some time."
    )


def _what_it_cost(rows: Rows) -> str:
    harm, loss = rows.get(COLLATERAL), rows.get(LOSS)
    parts = []
    if harm is not None:
        share = _share(harm)
        of = "" if math.isnan(share) else f", {percent(share)} of all business-hours"
        parts.append(f"Together they were impaired for {_value(harm, 'business-hours')}{of}")
    if loss is not None:
        mean, low, high = (cell(loss, name) for name in ("mean", "low", "high"))
        amount = "an amount that is not known" if math.isnan(mean) else f"{number(mean)} USD"
        if wide := _in_all(loss):
            about = f" (mean; {wide})"
        else:
            ends = f"{span(low, high)} USD in {_level(loss)} of draws"
            about = "" if math.isnan(low) else f" (mean; {ends})"
        lost = f"{'the' if parts else 'The'} modelled businesses lost {amount}{about}"
        parts.append(lost)
    return "; ".join(parts) + "." if parts else "What bystanders lost is not known."


def _what_the_target_lost(rows: Rows) -> str:
    effect = rows.get(EFFICACY)
    if effect is None:
        return "What the target and its users lost is not part of this scenario: it is not known."
    share = _share(effect)
    of = "" if math.isnan(share) else f" of {number(cell(effect, 'denominator'))}"
    return (
        f"The target's users were denied {_value(effect, 'user-hours')}{of}"
        f"{'' if math.isnan(share) else f', {percent(share)}'}."
    )


def answer_comparison(
    comparison: Sequence[Row], tradeoff: Sequence[Row], baseline: str, settled: str = ""
) -> list[str]:
    """Sentences about several strategies tried on the same worlds with the same luck.

    Parameters
    ----------
    comparison, tradeoff
        Rows of the two tables.
    baseline
        Label of the strategy that the others are held against.
    settled
        What is settled over draws of all that is not known; without draws, how sure differences
        are by luck alone is said instead.
    """
    harm = {text(row, "strategy"): row for row in comparison if text(row, "metric") == COLLATERAL}
    confidence = confidence_of(comparison)
    return [
        _least_and_most(harm, baseline, confidence),
        _who_is_dominated(tradeoff, baseline, confidence),
        settled or _how_sure(harm, comparison, baseline),
    ]


def _least_and_most(harm: Rows, baseline: str, confidence: str) -> str:
    known = {
        name: row
        for name, row in harm.items()
        if name != baseline and not math.isnan(cell(row, "mean"))
    }
    if not known:
        return "What the strategies cost bystanders is not known."
    by_harm = sorted(known, key=lambda name: cell(known[name], "mean"))
    most, least = by_harm[-1], by_harm[0]

    def said(name: str) -> str:
        row = known[name]
        low, high = cell(row, "mean_low"), cell(row, "mean_high")
        doubt = f"{confidence} interval by luck {span(low, high)}" if low < high else ""
        if low == high:
            doubt = "the same in every replicate"
        doubts = "; ".join(filter(None, [doubt, _in_all(row)]))
        about = f" ({doubts})" if doubts else ""
        return f"{number(cell(row, 'mean'))} business-hours impaired on average{about}"

    if most == least:
        return f"The strategy {most} cost bystanders {said(most)}."
    return (
        f"Of {len(known)} strategies, {most} cost bystanders most, {said(most)}; "
        f"{least} cost them least, {said(least)}."
    )


def _who_is_dominated(tradeoff: Sequence[Row], baseline: str, confidence: str) -> str:
    rows = [row for row in tradeoff if text(row, "strategy") != baseline]
    known = [
        row
        for row in rows
        if not math.isnan(cell(row, "efficacy")) and not math.isnan(cell(row, "collateral"))
    ]
    if not known:
        return "What the strategies denied the target's users is not known here."
    best = max(known, key=lambda row: cell(row, "efficacy"))
    effect = (
        f"The strategy {text(best, 'strategy')} denied the target's users most, "
        f"{number(cell(best, 'efficacy'))} user-hours"
        if cell(best, "efficacy") > 0
        else "None of them denied the target's users anything"
    )
    low, high = cell(best, "efficacy_low"), cell(best, "efficacy_high")
    if cell(best, "efficacy") > 0 and not math.isnan(low):
        effect += f" ({confidence} interval by luck {span(low, high)})"
    dominated = [text(row, "strategy") for row in known if row.get("is_dominated") is True]
    if not dominated:
        return f"{effect}; as given, no strategy is beaten by another on both effect and harm."
    by = {text(row, "strategy"): text(row, "dominated_by").split(";") for row in known}
    if len(dominated) == 1 and len(by[dominated[0]]) == 1 and by[dominated[0]][0]:
        return (
            f"{effect}; as given, {dominated[0]} is beaten by {by[dominated[0]][0]}, which denies "
            "no less and harms no more."
        )
    verb = "is" if len(dominated) == 1 else "are each"
    return (
        f"{effect}; as given, {listing(dominated)} {verb} beaten by another strategy, which denies "
        "no less and harms no more."
    )


def _how_sure(harm: Rows, comparison: Sequence[Row], baseline: str) -> str:
    tested = {name: cell(row, "p_holm") for name, row in harm.items() if name != baseline}
    known = [name for name, p in tested.items() if not math.isnan(p)]
    n = int(max((cell(row, "n_replicates") for row in comparison), default=0))
    if not known:
        return (
            f"With {count(n, 'replicate')}, whether the differences from "
            f"{baseline} are chance is not known."
        )
    sure = sum(tested[name] < 0.05 for name in known)
    untested = len(tested) - len(known)
    without = f"; {untested} could not be tested, as it was the same each time" if untested else ""
    return (
        f"Over {n} paired replicates, {sure} of {len(tested)} differ from {baseline} in "
        "business-hours impaired by more than luck (paired t test, Holm's correction, below 5 %)"
        f"{without}; what the assumptions would change is not in that."
    )


def _value(row: Row, noun: str = "") -> str:
    """Mean with the interval over replicates."""
    mean, low, high = (cell(row, name) for name in ("mean", "low", "high"))
    what = f" {noun}" if noun else ""
    unit = text(row, "unit") if "unit" in row else ""
    if math.isnan(mean):
        return f"a number{f' of{what}' if noun else ''} that is not known"
    luck = f"{quantity_span(low, high, unit)} in {_level(row)} of replicates" if low < high else ""
    if "all_low" in row and luck:
        luck = f"{quantity_span(low, high, unit)} by luck"
    if low == high:
        luck = "the same in every replicate"
        if mean == cell(row, "all_low") == cell(row, "all_high"):
            return f"{quantity(mean, unit)}{what} (the same by any luck, and whatever is not known)"
    ranges = "; ".join(filter(None, [luck, _in_all(row)]))
    return f"{quantity(mean, unit)}{what}{f' ({ranges})' if ranges else ''}"


def _in_all(row: Row) -> str:
    """The range over all that is not known; empty without draws, or where there is none."""
    low, high = cell(row, "all_low"), cell(row, "all_high")
    unit = text(row, "unit") if "unit" in row else ""
    ends = "the same" if low == high == cell(row, "mean") else quantity_span(low, high, unit)
    return "" if math.isnan(low) else f"{ends} with all that is not known"


def _share(row: Row) -> float:
    """Mean as a share of what it is out of; NaN where there is nothing."""
    of = cell(row, "denominator")
    return cell(row, "mean") / of if of > 0 else math.nan


def _level(row: Row) -> str:
    level = cell(row, "level")
    return "an unknown share" if math.isnan(level) else percent(level, 2)


def doubt(rows: Sequence[Row], n_replicates: int, n_draws: int = 0) -> str:
    """What the ranges span, and what they do not."""
    if n_draws:
        return (
            f"Two ranges stand beside each number, each of 90 %. By luck: {n_replicates:,} "
            "replicates of the scenario as given, other luck in the same world. With all that is "
            f"not known: {n_draws:,} draws, each with another value of every unknown assumption "
            "and luck of its own. Who quotes a number should quote the second. No published figure "
            "weighs in it, and what the model leaves out is in neither."
        )
    if n_replicates < 2:
        return (
            "One replicate: how far luck alone would move these numbers is not known. Money is a "
            "range over assumed prices."
        )
    level = next((_level(row) for row in rows if not math.isnan(cell(row, "level"))), "most")
    return (
        f"Ranges of counts span luck alone, {level} of {n_replicates:,} replicates; ranges of "
        "money span assumed prices as well. What the other assumptions may change is not in them: "
        "they are listed below with their own ranges."
    )
