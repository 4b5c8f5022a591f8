"""The answer of a run in three sentences: what was listed and who was hit, what that cost whom.

In: the rows of a folder's tables. Out: sentences, made from the numbers with their uncertainty. A
number that is not known is said to be so. It is one file, since it is read in sequence.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from sim.catalogue.choices import COLLATERAL, EFFICACY, measure_name
from sim.measure.money.ceilings import Spread
from sim.report.page.bands import LEFT, beyond, share_of
from sim.report.page.target_lost import LEAST_LEFT
from sim.report.words.languages import IN_ENGLISH, Language
from sim.report.words.money import amount_sentence
from sim.report.words.numbers import (
    capitalised,
    number,
    percent,
    quantity,
    quantity_span,
    span,
)
from sim.report.words.plain import Counted
from sim.results.tables import Row, text
from sim.results.tables import number as cell
from sim.scenario.tables.rows import RateRow

Rows = Mapping[str, Row]
LISTED, NETWORKS, HIT, HIT_SHARE, LOSS = map(
    measure_name,
    (
        "addresses_listed_peak",
        "networks_listed_peak",
        "businesses_ever_impaired",
        "businesses_ever_impaired_share",
        "private_loss_usd",
    ),
)


def answer_run(
    rows: Rows,
    impaired_above: float,
    words: Language = IN_ENGLISH,
    rate: RateRow | None = None,
    *,
    are_orders_given: bool = False,
    has_own: bool = True,
    counted: Counted = "modelled",
) -> list[str]:
    """Sentences about one strategy.

    Parameters
    ----------
    rows
        Summary rows of the strategy, by metric.
    impaired_above
        Share of domestic demand that fails, above which a business counts as impaired.
    rate
        What a dollar is worth in the country's currency, in which the loss is said beside USD.
    are_orders_given
        Whether the orders are given with their times, so that what is listed is not varied.
    has_own
        Whether the target has ranges of its own, which are not counted.
    counted
        What the businesses are.
    """
    cost = _what_it_cost(rows, counted, words), _in_currency(rows.get(LOSS), rate, words)
    return [
        _what_was_hit(
            rows,
            impaired_above,
            counted,
            words,
            are_orders_given=are_orders_given,
            has_own=has_own,
        ),
        " ".join(filter(None, cost)),
        _what_the_target_lost(rows, words),
    ]


_OF: Mapping[Counted, str] = {
    "sites": "of the sites named, {n}{ranges} had more than {limit} of their domestic customers' "
    "attempts fail at some time",
    "both": "of the sites named and businesses modelled, {n}{ranges} had more than {limit} of "
    "their domestic customers' attempts fail at some time",
    "modelled": "of the modelled businesses, {n}{ranges} had more than {limit} of their domestic "
    "customers' attempts fail at some time",
}
_LOST: Mapping[Counted, str] = {
    "sites": "the sites named lost {n} USD{ranges}",
    "both": "the sites named and businesses modelled lost {n} USD{ranges}",
    "modelled": "the modelled businesses lost {n} USD{ranges}",
}


def _what_was_hit(
    rows: Rows,
    impaired_above: float,
    counted: Counted,
    words: Language,
    *,
    are_orders_given: bool,
    has_own: bool,
) -> str:
    listed, hit = rows.get(LISTED), rows.get(HIT)
    if listed is None or math.isnan(cell(listed, "mean")):
        first = words.say("How many addresses were listed is not known")
    elif cell(listed, "mean") > 0:
        first = words.say(
            "At its peak the register listed {n:address}, not counting the target's own{ranges}"
            if has_own
            else "At its peak the register listed {n:address}{ranges}",
            **_value(listed, words, is_given=are_orders_given),
        )
    else:
        first = words.say("No addresses but the target's own were listed")
    networks = rows.get(NETWORKS)
    if networks is not None and cell(networks, "mean") > 0:
        six = words.say("of IPv6 it listed /64 networks: {n}{ranges}", **_value(networks, words))
        first = f"{first}; {six}"
    share = rows.get(HIT_SHARE)
    # A median over draws is of no one number of businesses.
    if hit is None or (share is None and "all_low" in hit):
        return f"{first}."
    limit = words.digits(percent(impaired_above))
    if share is not None and not math.isnan(cell(share, "mean")):
        # Their number is assumed, and drawn where draws are: a range of it would say nothing.
        second = words.say(_OF[counted], limit=limit, **_value(share, words))
    else:
        second = words.say(
            "of {of:modelled business}, {n}{ranges} had more than {limit} of their domestic "
            "customers' attempts fail at some time",
            limit=limit,
            of=words.digits(number(cell(hit, "denominator"))),
            **_value(hit, words),
        )
    return f"{first}; {second}."


def _what_it_cost(rows: Rows, counted: Counted, words: Language) -> str:
    harm, loss = rows.get(COLLATERAL), rows.get(LOSS)
    parts = []
    if harm is not None:
        share = share_of(harm)
        if math.isnan(cell(harm, "mean")):
            text = "together they were impaired for a number of business-hours that is not known"
        elif math.isnan(share):
            text = "together they were impaired for {n:business-hour}{ranges}"
        else:
            text = (
                "together they were impaired for {n:business-hour}{ranges}; as a share of all "
                "business-hours of the same draw, {share} in the median"
                if "all_share" in harm
                else "together they were impaired for {n:business-hour}{ranges}, {share} of all "
                "business-hours"
            )
        values = {**_value(harm, words), "share": words.digits(percent(share))}
        parts.append(words.say(text, **values))
    if loss is not None:
        mean, low, high = (cell(loss, name) for name in ("mean", "low", "high"))
        text = _LOST[counted]
        if math.isnan(mean):
            text = "the modelled businesses lost an amount that is not known{ranges}"
        ranges = in_all(loss, words)
        if not ranges and not math.isnan(low):
            span_ = words.digits(span(low, high))
            level = _level(loss, words)
            ranges = words.say("{range} USD in {level} of draws", range=span_, level=level)
        if "all_low" not in loss and ranges:
            ranges = words.say("mean; {range}", range=ranges)
        ranges = f" ({ranges})" if ranges else ""
        parts.append(words.say(text, n=words.digits(number(mean)), ranges=ranges))
    if not parts:
        return words.say("What bystanders lost is not known.")
    return f"{'; '.join([capitalised(parts[0]), *parts[1:]])}."


def _in_currency(loss: Row | None, rate: RateRow | None, words: Language) -> str:
    """The loss in the country's currency; empty without a rate."""
    if loss is None:
        return ""
    ends = ("all_low", "all_high") if "all_low" in loss else ("low", "high")
    usd = Spread(*(cell(loss, name) for name in ("mean", *ends)))
    return amount_sentence(rate, usd, words)


WITHOUT_A_BLOCK = (
    "What they would have lacked without a block is among these; a comparison with no blocking "
    "tells it apart."
)
"""Fronts come and go anyway: over draws of what is not known that can be most of it."""


def _what_the_target_lost(rows: Rows, words: Language) -> str:
    effect = rows.get(EFFICACY)
    if effect is None:
        return words.say(
            "What the target and its users lost is not part of this scenario: it is not known."
        )
    share = share_of(effect)
    if math.isnan(cell(effect, "mean")):
        text = "The target's users were denied a number of user-hours that is not known."
    elif math.isnan(share):
        text = "The target's users were denied {n:user-hour}{ranges}."
    elif "all_share" in effect:
        # How many hours there are is drawn as well: the number is no share of those as given.
        text = (
            "The target's users were denied {n:user-hour}{ranges}; as a share of all in the same "
            "draw, {share} in the median."
        )
    else:
        text = "The target's users were denied {n:user-hour}{ranges} of {of}, {share}."
    told = words.say(
        text,
        of=words.digits(number(cell(effect, "denominator"))),
        share=words.digits(percent(share)),
        **_value(effect, words),
    )
    if not cell(effect, "mean") > 0:
        return told
    return " ".join(filter(None, (told, words.say(WITHOUT_A_BLOCK), _who_left(rows, words))))


def _who_left(rows: Rows, words: Language) -> str:
    """How many hours those would have had who left, as these are not among those denied."""
    row = rows.get(LEFT)
    if row is None or not share_of(row) >= LEAST_LEFT:
        return ""
    return words.say(
        "Users who had left are not among those: they would have had {n:user-hour}{ranges}, "
        "{share} of all.",
        share=words.digits(percent(share_of(row), 2)),
        **_value(row, words),
    )


def _value(row: Row, words: Language, *, is_given: bool = False) -> dict[str, str]:
    """The number as ``n``, and as ``ranges`` in brackets what it spans.

    With draws it is their median, and the scenario as given stands behind with its luck.
    """
    mean, low, high = (cell(row, name) for name in ("mean", "low", "high"))
    unit = text(row, "unit") if "unit" in row else ""
    if math.isnan(mean):
        return {"n": words.say("a number that is not known"), "ranges": ""}
    n = words.digits(quantity(mean, unit))
    if is_given and low == high == mean:
        # That it never varies says nothing of how sure it is.
        return {"n": n, "ranges": f" ({words.say('the orders are given here, and not varied')})"}
    if low == high == mean == cell(row, "all_low") == cell(row, "all_high"):
        same = words.say("the same in every replicate and draw")
        return {"n": n, "ranges": f" ({same})"}
    by_luck, same = "{range} in {level} of replicates", "the same in every replicate"
    if "all_low" in row:
        by_luck = "as given {given}, {range} by luck"
        same = "as given {given}, the same in every replicate"
    luck = words.say(
        same if low == high else by_luck,
        given=words.digits(quantity(cell(row, "given"), unit)),
        range=words.digits(quantity_span(low, high, unit)),
        level=_level(row, words),
    )
    known = [in_all(row, words), luck if low <= high else "", beyond(row, words)]
    ranges = "; ".join(filter(None, known))
    return {"n": n, "ranges": f" ({ranges})" if ranges else ""}


def in_all(row: Row, words: Language, *, is_first: bool = True) -> str:
    """The range over all that is not known; empty without draws, or where there is none.

    Parameters
    ----------
    is_first
        Whether to say what it spans: of several that stand together the first says so.
    """
    low, high = cell(row, "all_low"), cell(row, "all_high")
    unit = text(row, "unit") if "unit" in row else ""
    if math.isnan(low):
        return ""
    if low == high == cell(row, "mean"):
        return words.say("the same with all that is not known")
    range_ = words.digits(quantity_span(low, high, unit))
    return words.say("{range} with all that is not known", range=range_) if is_first else range_


def _level(row: Row, words: Language) -> str:
    level = cell(row, "level")
    return words.say("an unknown share") if math.isnan(level) else words.digits(percent(level, 2))


def doubt(
    rows: Sequence[Row],
    n_replicates: int,
    n_draws: int = 0,
    words: Language = IN_ENGLISH,
    *,
    is_weighed: bool = False,
    n_picked: int = 0,
    n_drawn: int = 0,
) -> str:
    """What the ranges span, and what they do not.

    Parameters
    ----------
    is_weighed
        Whether published figures weigh the draws.
    n_picked
        How many were picked by these weights, where one that is picked twice counts twice.
    n_drawn
        How many numbers the draws vary.
    """
    if n_draws:
        return words.say(
            "A number is the median of {draws} draws, each with other values of {drawn} assumed "
            "numbers and luck of its own; nine in ten of them lie in the range beside it. As "
            "given, every assumption has the value it was written with, but for those on money, "
            "which are drawn; the range by luck is where nine in ten would lie, as {n} replicates "
            "estimate it: other luck in the same world. {weighed} What the model leaves out is in "
            "neither range.",
            weighed=words.say(
                "Published figures weigh the draws: {picked} were picked by these weights, and one "
                "that is picked again counts again, which makes {draws} different ones."
                if is_weighed and n_picked > n_draws
                else "Published figures weigh the draws."
                if is_weighed
                else "All draws count alike.",
                picked=words.digits(f"{n_picked:,}"),
                draws=words.digits(f"{n_draws:,}"),
            ),
            n=words.digits(f"{n_replicates:,}"),
            draws=words.digits(f"{n_draws:,}"),
            drawn=words.digits(f"{n_drawn:,}"),
        )
    if n_replicates < 2:
        return words.say(
            "One replicate: how far luck alone would move these numbers is not known. Money is a "
            "range over assumed prices."
        )
    known = (_level(row, words) for row in rows if not math.isnan(cell(row, "level")))
    return words.say(
        "Ranges of counts span luck alone, {level} of {n} replicates; ranges of money span assumed "
        "prices as well. What the other assumptions may change is not in them: they are listed "
        "below with their own ranges.",
        level=next(known, words.say("most")),
        n=words.digits(f"{n_replicates:,}"),
    )
