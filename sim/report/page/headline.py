"""The head of the page: what happened, how sure that is, on what it hangs; a sentence each.

In: the rows of a folder's tables. Out: three sentences without figures to quote. These, with both
of their ranges, stand below the first picture.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sim.catalogue.choices import COLLATERAL, EFFICACY, measure_name
from sim.report.page.at_end import StillImpaired, still_impaired
from sim.report.page.bands import hangs_first_on, share_of, with_bands
from sim.report.page.course import own_course
from sim.report.page.use_lost import Lost, use_lost
from sim.report.page.verdicts import LEAST_SETTLING, NOT_SETTLED, counted_as, is_too_few
from sim.report.words.languages import ENGLISH, IN_ENGLISH, Language
from sim.report.words.numbers import at_least, capitalised
from sim.report.words.plain import (
    duration_words,
    share_words,
    strategy_words,
    times_words,
)
from sim.results.read import RunFolder
from sim.results.tables import Row, read_rows, text
from sim.results.tables import number as cell

HIT = measure_name("businesses_ever_impaired")
HIT_SHARE = measure_name("businesses_ever_impaired_share")
HIT_FOR = measure_name("hours_impaired_median")
FEWEST_DRAWS = 20
"""Fewest draws of which nine in ten can be told from all."""
MOST_WORDS, MOST_IN_OTHERS = 60, 75
"""Most words of the head, in English and in languages that say the same in more words: an
assumption that takes more is told among the figures alone."""
ALIKE = 0.9
"""Share of the most that the least must reach for no strategy to be named as the one."""
ALMOST = 0.95
"""Share of their hours above which the target's users are said to have lost nearly all."""
MOST_STILL = 0.5
"""Share of who was hit from which it is told at the head that they still are when the run ends."""
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
        The assumption on which the number hangs most that is said first; empty where none is told,
        or where it takes too many words.
    lacks
        That a comparison is without the scenario's own strategy; empty otherwise.
    """

    says: str
    is_sure: str
    hangs_on: str
    lacks: str = ""


def headline(run: RunFolder, words: Language = IN_ENGLISH) -> Headline:
    """Return the head of the page of a run or a comparison.

    Raises
    ------
    DataError
        If its tables cannot be read.
    """
    if "baseline" not in run.manifest:
        rows = with_bands(run, read_rows(run, "summary.csv"))
        by_metric = {text(row, "metric"): row for row in rows}
        return headline_of_run(run, by_metric, words, use_lost(run), still_impaired(run))
    verdicts = read_rows(run, "verdicts.csv") if run.n_draws else []
    rows = with_bands(run, read_rows(run, "comparison.csv"))
    return headline_of_comparison(run, rows, verdicts, words, use_lost(run))


def headline_of_run(
    run: RunFolder,
    rows: Rows,
    words: Language = IN_ENGLISH,
    lost: Mapping[str, Lost] | None = None,
    at_end: StillImpaired | None = None,
) -> Headline:
    """Return the head of the page of one strategy.

    Parameters
    ----------
    rows
        Rows of ``summary.csv`` with both bands, by metric.
    lost
        What the target lost, where it is known: hours denied alone are said without it.
    at_end
        Who is still impaired when the run ends, where it is known.
    """
    share = next((one.middle for one in (lost or {}).values()), math.nan)
    return _head(
        _what_happened(rows, words, share, at_end, run.scenario["population"]),
        _how_sure(run, rows, words),
        hangs_first_on(run, rows.get(HIT_SHARE), words),
        words,
    )


def headline_of_comparison(
    run: RunFolder,
    rows: Sequence[Row],
    verdicts: Sequence[Row],
    words: Language = IN_ENGLISH,
    lost: Mapping[str, Lost] | None = None,
) -> Headline:
    """Return the head of the page of several strategies.

    Parameters
    ----------
    rows
        Rows of ``comparison.csv`` with both bands.
    verdicts
        Rows of ``verdicts.csv``; none without draws.
    lost
        What the target lost with each, where it is known: hours denied alone are said without it.
    """
    named = {str(one["label"]): strategy_words(one, words) for one in run.manifest["strategies"]}
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
    head = _head(
        _who_harms(by_label[COLLATERAL], by_label[EFFICACY], named, verdicts, words, lost or {}),
        _is_order_sure(run, by_label[COLLATERAL], named, verdicts, words),
        hangs_first_on(run, hung, words, is_harm=True),
        words,
    )
    return replace(head, lacks=own_course(run, words))


def _head(says: str, is_sure: str, hangs_on: str, words: Language = IN_ENGLISH) -> Headline:
    """The sentences, without the last where they would be too many words."""
    n_words = sum(len(one.split()) for one in (says, is_sure, hangs_on))
    most = MOST_WORDS if words.code == ENGLISH else MOST_IN_OTHERS
    return Headline(says, is_sure, hangs_on if n_words <= most else "")


def _what_happened(
    rows: Rows,
    words: Language,
    lost: float,
    at_end: StillImpaired | None,
    population: Mapping[str, Any],
) -> str:
    share, hours = _share_hit(rows), math.nan
    has_sites = bool(population.get("inventory"))
    are_named = has_sites and population["n_businesses"] == 0
    if HIT_FOR in rows:
        hours = cell(rows[HIT_FOR], "mean")
    if math.isnan(share):
        return words.say("How many businesses were hit is not known.")
    if share == 0:
        text = "None of the modelled businesses was hit"
        text = "None of the sites named was hit" if are_named else text
    elif math.isnan(hours):
        text = "{share} modelled businesses in foreign clouds were hit"
        text = "{share} of the sites named were hit" if are_named else text
        if share >= ALMOST and not are_named:
            text = "{share} of the modelled businesses in foreign clouds were hit"
        if has_sites and not are_named:
            text = "{share} of the sites named and businesses modelled were hit"
    else:
        text = (
            "{share} of the sites named were hit, half of these for more than {time} in all"
            if are_named
            else "{share} of the sites named and businesses modelled were hit, half of these for "
            "more than {time} in all"
            if has_sites
            else "{share} of the modelled businesses in foreign clouds were hit, half of these for "
            "more than {time} in all"
            if share >= ALMOST
            else "{share} modelled businesses in foreign clouds were hit, half of these for more "
            "than {time} in all"
        )
    hit = words.say(text, share=share_words(share, words), time=duration_words(hours, words))
    parts = [capitalised(hit), *_still_hit(share, at_end, words), *_the_target(rows, words, lost)]
    return f"{'; '.join(parts)}."


def _still_hit(hit: float, at_end: StillImpaired | None, words: Language) -> list[str]:
    """That the end of the run cuts the time of most off, where it does."""
    if at_end is None or not hit > 0 or at_end.said < MOST_STILL * hit:
        return []
    still = share_words(min(at_end.said / hit, 1.0), words)
    return [words.say("{share} of those hit still were when the run ended", share=still)]


def _share_hit(rows: Rows) -> float:
    """Mean share of the businesses that were ever impaired; folders of 0.2 hold their number."""
    if HIT_SHARE in rows:
        return cell(rows[HIT_SHARE], "mean")
    hit = rows.get(HIT)
    of = math.nan if hit is None else cell(hit, "denominator")
    return cell(hit, "mean") / of if hit is not None and of > 0 else math.nan


def _the_target(rows: Rows, words: Language, lost: float = math.nan) -> list[str]:
    """What users were denied, and what those who left no longer had, where that is known."""
    effect = rows.get(EFFICACY)
    of = math.nan if effect is None else cell(effect, "denominator")
    if effect is None or not of > 0 or math.isnan(cell(effect, "mean")):
        return []
    share = share_of(effect) if math.isnan(lost) else lost
    if share <= 0:
        return [words.say("the target's users lost nothing")]
    if share >= ALMOST:
        return [words.say("the target's users lost nearly all their hours")]
    text = "the target's users lost {share} of all their hours"
    return [words.say(text, share=share_words(share, words))]


def _how_sure(run: RunFolder, rows: Rows, words: Language) -> str:
    row = rows.get(HIT_SHARE, {})
    if 0 < run.n_draws < FEWEST_DRAWS:
        return _few(run.n_draws, words)
    if not run.n_draws:
        return words.say(
            "How sure is that? Only luck was varied here: what the assumptions would change is "
            "open."
        )
    low, high = cell(row, "all_low"), cell(row, "all_high")
    if math.isnan(low):
        return words.say("How far what is not known would move this is not known.")
    # Ends are said without "about": that is what they are.
    few, many = (share_words(end, words, is_rough=False) for end in (low, high))
    text = (
        "How sure is that? In nine of ten cases tried, between {few} and {many} businesses were "
        "hit."
    )
    if few == many:
        text = "How sure is that? In nine of ten cases tried, {few} businesses were hit."
    return words.say(text, few=few, many=many)


def _few(n_draws: int, words: Language) -> str:
    text = "How sure is that? {n:draw} of what is not known: too few to say."
    return words.say(text, n=str(n_draws))


def _who_harms(
    harm: Rows,
    effect: Rows,
    named: Mapping[str, str],
    verdicts: Sequence[Row],
    words: Language,
    lost_by: Mapping[str, Lost],
) -> str:
    by_harm = _by_harm(harm)
    if not by_harm:
        return words.say("What the strategies cost bystanders is not known.")
    means = {name: cell(harm[name], "mean") for name in by_harm}
    least, most = by_harm[0], by_harm[-1]
    ratio = ""
    if means[most] == 0:
        text = "None of the strategies hit a business"
    elif means[most] == means[least] and len(means) == 1:
        text = "Blocking {most} hit bystanders"
    elif means[most] == means[least]:
        text = "Blocking {most} hit bystanders as all others did"
    elif means[least] == 0 and cell(harm[least], "all_high") > 0:
        text = "Blocking {most} harmed bystanders most, {least} hardly at all"
    elif means[least] == 0:
        text = "Blocking {most} harmed bystanders most, {least} not at all"
    else:
        text = "Blocking {most} harmed bystanders {ratio} {least}"
        ratio = times_words(means[most] / means[least], words)
    said = words.say(text, most=named[most], least=named[least], ratio=ratio)
    denied = {name: cell(row, "mean") for name, row in effect.items()}
    known = {name: value for name, value in denied.items() if not math.isnan(value)}
    if not known:
        return f"{capitalised(said)}."
    best = max(known, key=lambda name: known[name])
    # Most can be lost by those who leave: what is lost in all is held against each other.
    in_all = (
        {name: lost_by[name].middle for name in known} if known.keys() <= lost_by.keys() else known
    )
    most_lost = max(in_all, key=lambda name: in_all[name])
    if not max(*known.values(), in_all[most_lost]) > 0:
        lost = "none cost the target anything"
    elif len(known) > 1 and min(in_all.values()) >= ALIKE * in_all[most_lost]:
        lost = "the target lost about as much with each"
        if in_all is not known:
            lost = "the target lost {share} of its use with each"
    elif best != most_lost or not is_most_settled(best, known, verdicts):
        lost = "which costs the target most is not settled"
    else:
        lost = "{best} cost the target most"
    share = share_words(in_all[most_lost], words) if in_all is not known else ""
    return f"{capitalised(said)}; {words.say(lost, best=named[best], share=share)}."


def is_most_settled(best: str, others: Iterable[str], verdicts: Sequence[Row]) -> bool:
    """Whether draws settle that one strategy denies more than each other; True without draws."""
    if not verdicts:
        return True
    found = {
        (text(row, "strategy"), text(row, "other")): text(row, "verdict")
        for row in verdicts
        if text(row, "metric") == EFFICACY
    }
    return all(
        found.get((best, one)) == "better" or found.get((one, best)) == "worse"
        for one in others
        if one != best
    )


def _is_order_sure(
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
    by_harm = _by_harm(harm)
    for row in verdicts:
        if text(row, "metric") != COLLATERAL or len(by_harm) < 2:
            continue
        pair = text(row, "strategy"), text(row, "other")
        if pair not in {(by_harm[0], by_harm[-1]), (by_harm[-1], by_harm[0])}:
            continue
        share = cell(row, "share_less" if pair[0] == by_harm[0] else "share_more")
        often = words.say(
            "in all {n} cases tried" if share >= 1 else "in {share} of {n} cases tried",
            n=words.digits(f"{run.n_draws:,}"),
            # Almost all is not all.
            share=words.digits(at_least(share, 2)),
        )
        counted = counted_as([row], run.n_draws)
        settled = "How sure is that? {least} harmed less than {most} {often}: settled."
        if text(row, "verdict") == NOT_SETTLED:
            settled = "How sure is that? {least} harmed less than {most} {often}: not settled."
            if is_too_few([row], run.n_draws):
                settled = (
                    "How sure is that? {least} harmed less than {most} {often}; {fewest} are "
                    "needed to settle it."
                    if counted == run.n_draws
                    else "How sure is that? {least} harmed less than {most} {often}, which as "
                    "weighted count as {counted}; {fewest} are needed to settle it."
                )
        return words.say(
            settled,
            least=capitalised(named[by_harm[0]]),
            most=named[by_harm[-1]],
            often=often,
            fewest=str(LEAST_SETTLING),
            counted=words.digits(f"{counted:,}"),
        )
    return words.say("How sure is that? No two of them were held against each other.")


def _by_harm(harm: Rows) -> list[str]:
    """Strategies from the least to the most harm, as far as it is known."""
    means = {name: cell(row, "mean") for name, row in harm.items()}
    return sorted(
        (name for name, mean in means.items() if not math.isnan(mean)), key=means.__getitem__
    )
