"""The answer of a comparison in three sentences: who harms most, who is beaten, how sure that is.

In: the rows of a folder's tables. Out: sentences, made from the numbers with their uncertainty.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from sim.catalogue.choices import COLLATERAL, EFFICACY
from sim.report.page.bands import share_of
from sim.report.page.head.answer import HIT_SHARE, Rows, in_all
from sim.report.page.head.headline import is_most_settled
from sim.report.page.key_figures import confidence_of
from sim.report.words.languages import IN_ENGLISH, Language
from sim.report.words.numbers import number, percent, span
from sim.results.tables import Row, text
from sim.results.tables import number as cell

WITHOUT_LISTS = (
    "That users are denied hours with {baseline} too, in some draws or replicates, is no effect of "
    "a list: fronts of the target close without one, as when their provider complies."
)


def answer_comparison(
    comparison: Sequence[Row],
    tradeoff: Sequence[Row],
    baseline: str,
    settled: str = "",
    words: Language = IN_ENGLISH,
    verdicts: Sequence[Row] = (),
    enough: str = "",
    *,
    idle: str | None = None,
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
    verdicts
        Which strategy denies more over these draws.
    enough
        How much the target lost over them.
    idle
        The strategy that blocks nothing, which is not ranked; the baseline when None.
    """
    harm, effect = (
        {text(row, "strategy"): row for row in comparison if text(row, "metric") == metric}
        for metric in (COLLATERAL, EFFICACY)
    )
    confidence = words.digits(confidence_of(comparison))
    hit = {text(row, "strategy"): row for row in comparison if text(row, "metric") == HIT_SHARE}
    idle = baseline if idle is None else idle
    return [
        _least_and_most(harm, idle, confidence, words),
        *_shares_hit(hit, idle, words),
        # Who is beaten as given may win over the draws: what is settled over them is said instead.
        _who_denies_most(effect, idle, verdicts, words)
        if settled
        else _who_is_dominated(tradeoff, idle, confidence, words),
        *(_is_more_worth_it(effect, harm, verdicts, idle, enough, words) if settled else ()),
        settled or _how_sure(harm, comparison, baseline, words),
    ]


def _least_and_most(harm: Rows, baseline: str, confidence: str, words: Language) -> str:
    known = _known(harm, baseline)
    if not known:
        return words.say("What the strategies cost bystanders is not known.")
    by_harm = sorted(known, key=lambda name: cell(known[name], "mean"))
    most, least = by_harm[-1], by_harm[0]

    def alike(name: str) -> str:
        """All that have the same number: none of them is the most or the least alone."""
        mean = cell(known[name], "mean")
        return words.listing([other for other in by_harm if cell(known[other], "mean") == mean])

    def said(name: str, *, is_first: bool = False) -> str:
        row = known[name]
        low, high = cell(row, "mean_low"), cell(row, "mean_high")
        doubt = in_all(row, words, is_first=is_first)
        if not doubt:
            doubt = _by_luck(confidence, low, high, words) if low < high else ""
        if low == high and "all_low" not in row:
            doubt = words.say("the same in every replicate")
        return words.say(
            "{n:business-hour} impaired{ranges}"
            if "all_low" in row
            else "{n:business-hour} impaired on average{ranges}",
            n=words.digits(number(cell(row, "mean"))),
            ranges=f" ({doubt})" if doubt else "",
        )

    none = [name for name in by_harm if not cell(known[name], "mean") > 0]
    if len(none) == len(by_harm):
        is_in_some = any(cell(row, "all_high") > 0 for row in known.values())
        return words.say(
            "With each of these strategies half of the draws or more show no harm to bystanders."
            if is_in_some
            else "With none of these strategies does the sample show harm to bystanders."
        )
    if none:
        # A zero of a sample is not the least of all, and one that was hit alone is not the most.
        n = sum(cell(row, "mean") > 0 or cell(row, "all_high") > 0 for row in known.values())
        as_given = (
            "Of {n} strategies under which the sample was hit, {most} cost bystanders most, "
            "{harm_most}; with these it shows none: {names}."
            if n > 1
            else "The strategy {most} cost bystanders {harm_most}; with these the sample shows "
            "none: {names}."
        )
        in_draws = (
            "In the median of the draws, of {n} strategies {most} cost bystanders most, "
            "{harm_most}; with these half of the draws or more show none: {names}."
            if n > 1
            else "In the median of the draws, the strategy {most} cost bystanders {harm_most}; "
            "with these half of the draws or more show none: {names}."
        )
        return words.say(
            in_draws if "all_low" in known[most] else as_given,
            n=str(n),
            most=alike(most),
            harm_most=said(most, is_first=True),
            names=words.listing(none),
        )
    if most == least:
        return words.say(
            "The strategy {most} cost bystanders {harm}.", most=most, harm=said(most, is_first=True)
        )
    if cell(known[most], "mean") == cell(known[least], "mean"):
        harm_ = said(most, is_first=True)
        return words.say(
            "All {n} strategies cost bystanders the same: {harm}.", n=str(len(known)), harm=harm_
        )
    return words.say(
        "In the median of the draws, of {n} strategies {most} cost bystanders most, {harm_most}; "
        "{least} cost them least, {harm_least}."
        if "all_low" in known[most]
        else "Of {n} strategies, {most} cost bystanders most, {harm_most}; {least} cost them "
        "least, {harm_least}.",
        n=str(len(known)),
        most=alike(most),
        harm_most=said(most, is_first=True),
        least=alike(least),
        harm_least=said(least),
    )


def _shares_hit(hit: Rows, baseline: str, words: Language) -> list[str]:
    """Of each strategy the share of the businesses that were hit: what may be quoted of harm."""
    parts: list[str] = []
    for name, row in _known(hit, baseline).items():
        ranges = in_all(row, words, is_first=False)
        parts.append(
            words.say(
                "{share} with {strategy}{ranges}",
                strategy=name,
                share=words.digits(percent(cell(row, "mean"), 2)),
                ranges=f" ({ranges})" if ranges else "",
            )
        )
    if not parts:
        return []
    return [words.say("Share of the businesses that were hit: {parts}.", parts="; ".join(parts))]


def least_harmful(comparison: Sequence[Row], baseline: str) -> str:
    """The strategy that harms least, of those that are no baseline; empty where none is known, or
    where one harms none of the sample, which is no rank.
    """
    harm = {text(row, "strategy"): row for row in comparison if text(row, "metric") == COLLATERAL}
    known = _known(harm, baseline)
    least = min(known, key=lambda name: cell(known[name], "mean"), default="")
    return least if least and cell(known[least], "mean") > 0 else ""


def _known(rows: Rows, baseline: str) -> Rows:
    """Rows with a number, of the strategies that are no baseline."""
    return {
        name: row
        for name, row in rows.items()
        if name != baseline and not math.isnan(cell(row, "mean"))
    }


def _by_luck(confidence: str, low: float, high: float, words: Language) -> str:
    range_ = words.digits(span(low, high))
    return words.say("{level} interval by luck {range}", level=confidence, range=range_)


def _who_denies_most(effect: Rows, baseline: str, verdicts: Sequence[Row], words: Language) -> str:
    """By the medians of draws that stand in the picture above, with the range of each."""
    known = _known(effect, baseline)
    if not known:
        return words.say("What the strategies denied the target's users is not known here.")
    best = max(known, key=lambda name: cell(known[name], "mean"))
    if not cell(known[best], "mean") > 0:
        nothing = words.say("None of them denied the target's users anything")
        return f"{nothing}."
    ranges = in_all(known[best], words, is_first=False)
    text_ = "The strategy {best} denied the target's users most, {n:user-hour}{ranges}."
    if not is_most_settled(best, known, verdicts):
        means = [cell(row, "mean") for row in known.values()]
        return words.say(
            "Which strategy denied the target's users most is not settled: in the median it was "
            "{range} user-hours, by strategy.",
            range=words.digits(span(min(means), max(means))),
        )
    return words.say(
        text_,
        best=best,
        n=words.digits(number(cell(known[best], "mean"))),
        ranges=f" ({ranges})" if ranges else "",
    )


def _is_more_worth_it(
    effect: Rows,
    harm: Rows,
    verdicts: Sequence[Row],
    baseline: str,
    enough: str,
    words: Language = IN_ENGLISH,
) -> list[str]:
    """How much the target lost, and whether more harm than the least denies more.

    In a sentence each, joined; none where what was denied is not known.

    Parameters
    ----------
    verdicts
        Rows of ``verdicts.csv``.
    """
    share = {name: share_of(row) for name, row in effect.items()}
    known = {name: one for name, one in share.items() if name != baseline and not math.isnan(one)}
    harmed = _known(harm, baseline)
    if not known or not max(known.values()) > 0:
        return []
    said = [enough] if enough else []
    without = share.get(baseline, math.nan)
    if without > 0:
        already = "With {baseline} they are denied {share} already."
        said.append(words.say(already, baseline=baseline, share=words.digits(percent(without, 2))))
    if max(cell(effect.get(baseline, {}), name) for name in ("mean", "given", "all_high")) > 0:
        said.append(words.say(WITHOUT_LISTS, baseline=baseline))
    if len(harmed) > 1 and min(cell(row, "mean") for row in harmed.values()) > 0:
        least = min(harmed, key=lambda name: cell(harmed[name], "mean"))
        more = _settled_to_deny_more(verdicts, least, baseline)
        than = (
            "These deny more than {least}, which harms least, and that is settled: {names}."
            if more
            else "Whether any other denies more than {least}, which harms least, is not settled."
        )
        said.append(words.say(than, least=least, names=words.listing(more)))
    return [" ".join(said)]


def _settled_to_deny_more(verdicts: Sequence[Row], than: str, baseline: str) -> list[str]:
    found = []
    for row in verdicts:
        pair = text(row, "strategy"), text(row, "other")
        if text(row, "metric") == EFFICACY and than in pair and baseline not in pair:
            is_first = pair[0] == than
            if text(row, "verdict") == ("worse" if is_first else "better"):
                found.append(pair[is_first])
    return found


def _who_is_dominated(
    tradeoff: Sequence[Row], baseline: str, confidence: str, words: Language
) -> str:
    rows = [row for row in tradeoff if text(row, "strategy") != baseline]
    known = [row for row in rows if not math.isnan(cell(row, "efficacy"))]
    if not known:
        return words.say("What the strategies denied the target's users is not known here.")
    best = max(known, key=lambda row: cell(row, "efficacy"))
    if cell(best, "efficacy") > 0:
        low, high = cell(best, "efficacy_low"), cell(best, "efficacy_high")
        ranges = "" if math.isnan(low) else f" ({_by_luck(confidence, low, high, words)})"
        effect = words.say(
            "As given, the strategy {best} denied the target's users most, {n:user-hour}{ranges}",
            best=text(best, "strategy"),
            n=words.digits(number(cell(best, "efficacy"))),
            ranges=ranges,
        )
    else:
        effect = words.say("None of them denied the target's users anything")
    dominated = [text(row, "strategy") for row in known if row.get("is_dominated") is True]
    by = {text(row, "strategy"): text(row, "dominated_by").split(";") for row in known}
    others = by[dominated[0]] if len(dominated) == 1 else []
    if not dominated and not all(isinstance(row.get("is_dominated"), bool) for row in rows):
        beaten = "which of them is beaten by another is not known"
    elif not dominated:
        beaten = "as given, no strategy is beaten by another on both effect and harm"
    elif len(others) == 1 and others[0]:
        beaten = "as given, {names} is beaten by {other}, which denies no less and harms no more"
    elif len(dominated) == 1:
        beaten = (
            "as given, {names} is beaten by another strategy, which denies no less and harms no "
            "more"
        )
    else:
        beaten = (
            "as given, {names} are each beaten by another strategy, which denies no less and harms "
            "no more"
        )
    found = words.say(beaten, names=words.listing(dominated), other="".join(others[:1]))
    return f"{effect}; {found}."


def _how_sure(harm: Rows, comparison: Sequence[Row], baseline: str, words: Language) -> str:
    tested = {name: cell(row, "p_holm") for name, row in harm.items() if name != baseline}
    known = [name for name, p in tested.items() if not math.isnan(p)]
    n = int(max((cell(row, "n_replicates") for row in comparison), default=0))
    if not known:
        return words.say(
            "With {replicates}, whether the differences from {baseline} are chance is not known.",
            replicates=words.count(n, "replicate"),
            baseline=baseline,
        )
    sure = sum(tested[name] < 0.05 for name in known)
    untested = len(tested) - len(known)
    without = "{n} could not be tested, as it was the same each time"
    said = [
        words.say(
            "In {n:replicate} with the same luck, {sure} of {of} differ from {baseline} in "
            "business-hours impaired by more than chance (at 5 %, corrected for how many are "
            "tested)",
            n=str(n),
            sure=str(sure),
            of=str(len(tested)),
            baseline=baseline,
        ),
        *([words.say(without, n=str(untested))] if untested else []),
        words.say("what the assumptions would change is not in that"),
    ]
    return f"{'; '.join(said)}."
