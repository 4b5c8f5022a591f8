"""How sure the head of the page is: what the draws span, and whether an order is settled.

In: the rows of a folder's tables. Out: one sentence without figures to quote.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from sim.catalogue.choices import COLLATERAL, TARGET_LOST, measure_name
from sim.report.page.at_end import StillImpaired
from sim.report.page.verdicts import NOT_KNOWN, NOT_SETTLED, counted_as, is_too_few
from sim.report.words.languages import Language
from sim.report.words.numbers import at_least, capitalised
from sim.report.words.plain import duration_words, share_words
from sim.results.read import RunFolder
from sim.results.tables import Row, text
from sim.results.tables import number as cell

HIT_SHARE = measure_name("businesses_ever_impaired_share")
HIT_FOR = measure_name("hours_impaired_median")
FEWEST_DRAWS = 20
"""Fewest draws of which nine in ten can be told from all."""
Rows = Mapping[str, Row]


def how_sure(
    run: RunFolder,
    rows: Rows,
    words: Language,
    *,
    has_time: bool = False,
    at_end: StillImpaired | None = None,
) -> str:
    """What nine in ten draws span of who was hit, and of what the target lost.

    Parameters
    ----------
    rows
        With both bands, by metric.
    has_time
        Whether it is told as well for how long half of those were hit, where that is known.
    at_end
        Who is still impaired when the run ends, which cuts how long they were.
    """
    row, lost = rows.get(HIT_SHARE, {}), rows.get(TARGET_LOST, {})
    if 0 < run.n_draws < FEWEST_DRAWS:
        return _few(run.n_draws, words)
    if not run.n_draws:
        return words.say(
            "How sure is that? Only luck was varied here: what the assumptions would change is "
            "open."
        )
    low, high = cell(row, "all_low"), cell(row, "all_high")
    least, most = (
        share_words(cell(lost, f"all_{end}"), words, is_rough=False) for end in ("low", "high")
    )
    gone = _ends(least, most, words)
    if math.isnan(low) and cell(lost, "all_high") > 0:
        return words.say(
            "How sure is that? In nine of ten cases tried, {gone} hours were lost.", gone=gone
        )
    if math.isnan(low):
        return words.say("How far what is not known would move this is not known.")
    # Ends are said without "about": that is what they are.
    few, many = (share_words(end, words, is_rough=False) for end in (low, high))
    time = _time_span(rows.get(HIT_FOR, {}), at_end, words) if has_time else ""
    if not cell(lost, "all_high") > 0:
        if time and few != many:
            text_ = (
                "How sure is that? In nine of ten cases tried, between {few} and {many} businesses "
                "were hit, half for {time}."
            )
            return words.say(text_, few=few, many=many, time=time)
        text_ = (
            "How sure is that? In nine of ten cases tried, between {few} and {many} businesses "
            "were hit."
        )
        if few == many:
            text_ = "How sure is that? In nine of ten cases tried, {few} businesses were hit."
        return words.say(text_, few=few, many=many)
    text_ = (
        "How sure is that? In nine of ten cases tried, {hit} businesses were hit and {gone} hours "
        "lost."
    )
    hit = _ends(few, many, words)
    if time:
        # As few words as say it: the head has hardly room for three ranges.
        text_ = (
            "How sure? Nine of ten cases tried: {hit} businesses, half for {time}; {gone} hours."
        )
        return words.say(text_, hit=hit, time=time, gone=gone)
    return words.say(text_, hit=hit, gone=gone)


def _time_span(row: Row, at_end: StillImpaired | None, words: Language) -> str:
    """Both ends of the time for which half of those hit were hit; empty where it is not known.

    Where the run ends before, its end is the upper one, and no length of time.
    """
    ends = [cell(row, f"all_{end}") for end in ("low", "high")]
    if not all(end > 0 for end in ends) or (at_end is not None and at_end.is_median_cut):
        return ""
    if at_end is not None and at_end.is_range_cut:
        least = duration_words(ends[0], words)
        return words.say("{low} to the simulation's end", low=least)
    least, most = (duration_words(end, words, rounded="nearest") for end in ends)
    if least != most and least.split()[-1] == most.split()[-1]:
        # A unit is said once.
        least = least.rsplit(maxsplit=1)[0]
    return _ends(least, most, words)


def lost_span(lost: Sequence[Row], words: Language) -> str:
    """Both ends of what the target lost under several strategies, in brackets."""
    low = min(cell(row, "all_low") for row in lost)
    high = max(cell(row, "all_high") for row in lost)
    if math.isnan(low) or math.isnan(high):
        return ""
    least, most = (share_words(end, words, is_rough=False) for end in (low, high))
    return f" ({_ends(least, most, words)})"


def _ends(few: str, many: str, words: Language) -> str:
    return few if few == many else words.say("{few} to {many}", few=few, many=many)


def _few(n_draws: int, words: Language) -> str:
    text_ = "How sure is that? {n:draw} of what is not known: too few to say."
    return words.say(text_, n=str(n_draws))


def is_order_sure(
    run: RunFolder,
    harm: Rows,
    named: Mapping[str, str],
    verdicts: Sequence[Row],
    words: Language,
) -> str:
    """In how many draws the strategy that harms least harms less than the one that harms most."""
    if not run.n_draws:
        return words.say(
            "How sure is that? Only luck was varied: what the assumptions would change is open."
        )
    if run.n_draws < FEWEST_DRAWS:
        return _few(run.n_draws, words)
    ordered = by_harm_of(harm)
    if len(ordered) < 2:
        return words.say("How sure is that? No order is known: that takes two with a known harm.")
    for row in verdicts:
        if text(row, "metric") != COLLATERAL or text(row, "verdict") == NOT_KNOWN:
            continue
        pair = text(row, "strategy"), text(row, "other")
        if pair not in {(ordered[0], ordered[-1]), (ordered[-1], ordered[0])}:
            continue
        share = cell(row, "share_less" if pair[0] == ordered[0] else "share_more")
        often = words.say(
            "in all {n} cases tried" if share >= 1 else "in {share} of {n} cases tried",
            n=words.digits(f"{run.n_draws:,}"),
            # Almost all is not all.
            share=words.digits(at_least(share, 2)),
        )
        settled = "How sure is that? {least} harmed less than {most} {often}: settled."
        if text(row, "verdict") == NOT_SETTLED:
            settled = "How sure is that? {least} harmed less than {most} {often}: not settled."
            if is_too_few([row], run.n_draws):
                # Whatever they show: no share of so few has a bound that is high enough.
                settled = (
                    "How sure is that? {least} harmed less than {most} {often}, too few to settle "
                    "any order."
                    if counted_as([row], run.n_draws) == run.n_draws
                    else "How sure is that? {least} harmed less than {most} {often}, as weighted "
                    "too few to settle any order."
                )
        return words.say(
            settled,
            least=capitalised(named[ordered[0]]),
            most=named[ordered[-1]],
            often=often,
        )
    return words.say("How sure is that? No two of them were held against each other.")


def by_harm_of(harm: Rows) -> list[str]:
    """Strategies from the least to the most harm, as far as it is known."""
    means = {name: cell(row, "mean") for name, row in harm.items()}
    return sorted(
        (name for name, mean in means.items() if not math.isnan(mean)), key=means.__getitem__
    )
