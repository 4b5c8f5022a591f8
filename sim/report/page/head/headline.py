"""The head of the page: what happened, how sure that is, on what it hangs; a sentence each.

In: the rows of a folder's tables. Out: three sentences without figures to quote. These, with both
of their ranges, stand below the first picture. It is one file, since both heads keep the same limit
of words and drop the same parts first.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sim.catalogue.choices import COLLATERAL, EFFICACY, EXPECTED, TARGET_LOST, measure_name
from sim.report.page.at_end import StillImpaired, still_impaired, still_of_hit
from sim.report.page.bands import lost_measure, share_of, with_bands
from sim.report.page.course import own_course
from sim.report.page.hangs_on import hangs_first_on
from sim.report.page.head.how_sure import (
    FEWEST_DRAWS,
    HIT_FOR,
    HIT_SHARE,
    by_harm_of,
    how_sure,
    is_order_sure,
    lost_span,
)
from sim.report.page.head.withheld import withheld
from sim.report.words.expected_names import (
    bound_words,
    is_nothing_listed,
    missed_strategies,
    names_by_strategy,
    names_words,
    none_hit,
)
from sim.report.words.languages import ENGLISH, IN_ENGLISH, Language
from sim.report.words.numbers import capitalised
from sim.report.words.plain import (
    duration_words,
    share_words,
    strategy_names,
    times_words,
)
from sim.results.read import RunFolder
from sim.results.tables import Row, read_rows, text
from sim.results.tables import number as cell

HIT = measure_name("businesses_ever_impaired")
MOST_WORDS, MOST_IN_OTHERS = 60, 80
"""Most words of the head, in English and in languages that say the same in more words: an
assumption that takes more is told among the figures alone."""
ALIKE = 0.9
"""Share of the most that the least must reach for no strategy to be named as the one."""
ALMOST = 0.95
"""Share of their hours above which the target's users are said to have lost nearly all."""
Rows = Mapping[str, Row]


@dataclass(frozen=True)
class Headline:
    """Three sentences, and what is missing from them.

    Attributes
    ----------
    says
        What happened.
    is_sure
        How sure that is; empty where nothing is quoted that is sure or not.
    hangs_on
        The assumption on which the number hangs most that is said first; empty where none is told,
        or where it takes too many words.
    lacks
        That a comparison is without the scenario's own strategy; empty otherwise.
    withheld
        Which measures are not quoted, and why; empty where all are.
    """

    says: str
    is_sure: str
    hangs_on: str
    lacks: str = ""
    withheld: str = ""

    @property
    def sentences(self) -> tuple[str, ...]:
        """All that are not empty."""
        all_ = (self.says, self.is_sure, self.hangs_on, self.lacks, self.withheld)
        return tuple(filter(None, all_))


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
        return headline_of_run(run, by_metric, words, still_impaired(run))
    verdicts = read_rows(run, "verdicts.csv") if run.n_draws else []
    rows = with_bands(run, read_rows(run, "comparison.csv"))
    return headline_of_comparison(run, rows, verdicts, words)


def headline_of_run(
    run: RunFolder,
    rows: Rows,
    words: Language = IN_ENGLISH,
    at_end: StillImpaired | None = None,
) -> Headline:
    """Return the head of the page of one strategy.

    Parameters
    ----------
    rows
        Rows of ``summary.csv`` with both bands, by metric.
    at_end
        Who is still impaired when the run ends, where it is known.
    """
    apart = withheld(run, [*rows.values()], words=words)
    rows = {metric: row for metric, row in rows.items() if metric not in apart.metrics}
    if HIT_SHARE in apart.metrics:
        target = _the_target(rows, words)
        sure = how_sure(run, rows, words) if target else ""
        return Headline(_quoted(target, words), sure, "", withheld=apart.why)
    timed, untimed = (
        how_sure(run, rows, words, has_time=has_time, at_end=at_end) for has_time in (True, False)
    )
    # The range of what was lost goes before what stands among the figures as well.
    has_range = run.n_draws >= FEWEST_DRAWS and cell(rows.get(TARGET_LOST, {}), "all_high") > 0
    says, short = (
        _what_happened(rows, words, at_end, run, is_short=is_short)
        for is_short in (False, has_range)
    )
    # A range that finds room goes before how many still were hit at the end.
    fits = _n_words(short, timed) <= _most_words(words)
    sure = timed if fits else untimed
    hung = hangs_first_on(run, rows.get(HIT_SHARE), words)
    head = _head(_fitting(says, short, sure, words), sure, hung, words)
    return replace(head, withheld=apart.why)


def headline_of_comparison(
    run: RunFolder,
    rows: Sequence[Row],
    verdicts: Sequence[Row],
    words: Language = IN_ENGLISH,
) -> Headline:
    """Return the head of the page of several strategies.

    Parameters
    ----------
    rows
        Rows of ``comparison.csv`` with both bands.
    verdicts
        Rows of ``verdicts.csv``; none without draws.
    """
    named = strategy_names(run.manifest["strategies"], words)
    effect = lost_measure(rows)
    by_label = {
        metric: {
            text(row, "strategy"): row
            for row in rows
            if text(row, "metric") == metric and text(row, "strategy") != run.idle_strategy
        }
        for metric in (COLLATERAL, effect)
    }
    apart = withheld(run, rows, words=words)
    by_label |= {metric: {} for metric in apart.metrics}
    if COLLATERAL in apart.metrics:
        target = _whom_it_costs(by_label[effect], named, verdicts, words, has_range=True)
        head = Headline(_quoted(target, words), "", "")
        return replace(head, lacks=own_course(run, words), withheld=apart.why)
    n_drawn, listed = float(run.scenario["population"]["n_businesses"]), names_by_strategy(run)
    missed = missed_strategies(rows, COLLATERAL, n_drawn, listed)
    by_harm = by_harm_of(by_label[COLLATERAL])
    hung = by_label[COLLATERAL][by_harm[-1]] if by_harm else None
    ranked = {name: row for name, row in by_label[COLLATERAL].items() if name not in missed}
    sure = is_order_sure(run, ranked, named, verdicts, words)
    says, short = (
        _who_harms(
            *(by_label[COLLATERAL], by_label[effect], named, verdicts, words),
            listed,
            n_drawn,
            missed,
            has_range=has_range,
        )
        for has_range in (run.n_draws >= FEWEST_DRAWS, False)
    )
    hung_on = hangs_first_on(run, hung, words, is_harm=True)
    head = _head(_fitting(says, short, sure, words), sure, hung_on, words)
    return replace(head, lacks=own_course(run, words), withheld=apart.why)


def _quoted(parts: Sequence[str], words: Language) -> str:
    """What is left of the first sentence without the businesses."""
    if not parts:
        return words.say("No number of this result is fit for a headline.")
    return f"{capitalised('; '.join(parts))}."


def _fitting(says: str, short: str, is_sure: str, words: Language) -> str:
    """What happened, without what stands among the figures too where it is too many words."""
    return says if _n_words(says, is_sure) <= _most_words(words) else short


def _n_words(*said: str) -> int:
    return sum(len(one.split()) for one in said)


def _most_words(words: Language) -> int:
    return MOST_WORDS if words.code == ENGLISH else MOST_IN_OTHERS


def _head(says: str, is_sure: str, hangs_on: str, words: Language = IN_ENGLISH) -> Headline:
    """The sentences, without the last where they would be too many words."""
    has_room = _n_words(says, is_sure, hangs_on) <= _most_words(words)
    return Headline(says, is_sure, hangs_on if has_room else "")


def _what_happened(
    rows: Rows,
    words: Language,
    at_end: StillImpaired | None,
    run: RunFolder,
    *,
    is_short: bool,
) -> str:
    share, hours = _share_hit(rows), math.nan
    population: Mapping[str, Any] = run.scenario["population"]
    has_sites = bool(population.get("inventory"))
    are_named = has_sites and population["n_businesses"] == 0
    if HIT_FOR in rows:
        hours = cell(rows[HIT_FOR], "mean")
        if at_end is not None and "all_low" not in rows[HIT_FOR]:
            # Half of the businesses: of those of all replicates, and not a mean of medians.
            hours = at_end.median_h if at_end.median_h > 0 else hours
    still = still_of_hit(at_end, words, is_short=is_short) if share > 0 else ""
    if still:
        hours = math.nan
    if math.isnan(share):
        return words.say("How many businesses were hit is not known.")
    if share == 0 and not are_named:
        return _nobody_hit(rows, words, run)
    if share == 0:
        text = "None of the sites named was hit"
    elif math.isnan(hours):
        text = "{share} modelled businesses in foreign clouds were hit"
        text = "{share} of the sites named were hit" if are_named else text
        if share >= ALMOST and not are_named:
            text = "{share} of the modelled businesses in foreign clouds were hit"
        if has_sites and not are_named:
            text = "{share} of the sites named and businesses modelled were hit"
    else:
        text = (
            "{share} of the sites named were hit, half for {time} or more in all"
            if are_named
            else "{share} of the sites named and businesses modelled were hit, half for "
            "{time} or more in all"
            if has_sites
            else "{share} of the modelled businesses in foreign clouds were hit, half for "
            "{time} or more in all"
            if share >= ALMOST
            else "{share} modelled businesses in foreign clouds were hit, half for "
            "{time} or more in all"
        )
    hit = words.say(text, share=share_words(share, words), time=duration_words(hours, words))
    parts = [capitalised(hit), *filter(None, [still]), *_the_target(rows, words)]
    return f"{'; '.join(parts)}."


def _nobody_hit(rows: Rows, words: Language, run: RunFolder) -> str:
    """That no business of the sample was hit, and what lies behind what was listed all the same."""
    listed = names_by_strategy(run).get(run.strategies[0])
    expected = rows.get(EXPECTED)
    n = cell(expected or rows.get(HIT_SHARE, {}), "denominator")
    parts = [none_hit(expected, n, listed, words)]
    if cell(rows.get(HIT_SHARE, {}), "all_high") > 0:
        parts = [words.say("In most simulations none of the modelled businesses was hit")]
    if listed is not None and not is_nothing_listed(listed):
        names = names_words(listed, words)
        parts.append(words.say("expected behind what was listed: {names}", names=names))
    return f"{'; '.join([*map(capitalised, parts[:1]), *parts[1:], *_the_target(rows, words)])}."


def _share_hit(rows: Rows) -> float:
    """Mean share of the businesses that were ever impaired; folders of 0.2 hold their number."""
    if HIT_SHARE in rows:
        return cell(rows[HIT_SHARE], "mean")
    hit = rows.get(HIT)
    of = math.nan if hit is None else cell(hit, "denominator")
    return cell(hit, "mean") / of if hit is not None and of > 0 else math.nan


def _the_target(rows: Rows, words: Language) -> list[str]:
    """What users lost, or what they were denied where a folder of 0.3 has nothing else."""
    effect = rows.get(TARGET_LOST, rows.get(EFFICACY))
    share = math.nan if effect is None else share_of(effect)
    if math.isnan(share):
        return []
    if TARGET_LOST not in rows:
        text = "the target's users were denied {share} of their hours"
    elif share <= 0:
        text = "the target's users lost nothing"
    elif share >= ALMOST:
        text = "the target's users lost nearly all their hours"
    else:
        text = "the target's users lost {share} of their hours"
    return [words.say(text, share=share_words(share, words))]


def _who_harms(
    harm: Rows,
    effect: Rows,
    named: Mapping[str, str],
    verdicts: Sequence[Row],
    words: Language,
    listed: Rows,
    n_businesses: float,
    missed: Collection[str],
    *,
    has_range: bool,
) -> str:
    by_harm = by_harm_of(harm)
    if not by_harm:
        return words.say("What the strategies cost bystanders is not known.")
    means = {name: cell(harm[name], "mean") for name in by_harm}
    least, most = by_harm[0], by_harm[-1]
    ratio = ""
    if means[most] == 0:
        text = (
            "None of the strategies hit a business of the sample ({bound})"
            if n_businesses
            else "None of the strategies hit a site named"
        )
        if all(is_nothing_listed(listed.get(name)) for name in means):
            text = "None of the strategies listed an address or hit a business"
    elif means[most] == means[least] and len(means) == 1:
        text = "Blocking {most} hit bystanders"
    elif means[most] == means[least]:
        text = "Blocking {most} hit bystanders as all others did"
    elif means[least] == 0 and cell(harm[least], "all_high") > 0:
        text = "Blocking {most} harmed bystanders most, {least} none in at least half of the draws"
    elif means[least] == 0:
        text = (
            "Blocking {most} harmed bystanders most, {least} none of the sample ({bound})"
            if n_businesses
            else "Blocking {most} harmed bystanders most, {least} none of the sites named"
        )
        if is_nothing_listed(listed.get(least)):
            text = "Blocking {most} harmed bystanders most; {least} listed no address"
        elif least in missed:
            # It could hardly be hit: no order is known.
            text = (
                "Blocking {most} hit bystanders, {least} none of a sample too small to tell "
                "({bound})"
            )
    else:
        text = "Blocking {most} harmed bystanders {ratio} {least}"
        ratio = times_words(means[most] / means[least], words)
    bound = bound_words(n_businesses, words) if "{bound}" in text else ""
    worst = words.listing([named[name] for name in by_harm if means[name] == means[most]])
    said = words.say(text, most=worst, least=named[least], ratio=ratio, bound=bound)
    if bound and least in listed:
        names = names_words(listed[least], words)
        behind = words.say(
            "expected behind what {least} listed: {names}", least=named[least], names=names
        )
        said = f"{said}; {behind}"
    costs = _whom_it_costs(effect, named, verdicts, words, has_range=has_range)
    return f"{'; '.join([capitalised(said), *costs])}."


def _whom_it_costs(
    effect: Rows,
    named: Mapping[str, str],
    verdicts: Sequence[Row],
    words: Language,
    *,
    has_range: bool,
) -> list[str]:
    """What the strategies cost the target; nothing where it is not known."""
    known = {name: row for name, row in effect.items() if not math.isnan(cell(row, "mean"))}
    if not known:
        return []
    metric, lost = lost_measure(known.values()), {name: cell(known[name], "mean") for name in known}
    best = max(lost, key=lambda name: lost[name])
    share = share_words(lost[best], words) if metric == TARGET_LOST else ""
    if not lost[best] > 0:
        text = "none cost the target anything"
    elif len(known) > 1 and min(lost.values()) >= ALIKE * lost[best]:
        text = "the target lost about as much with each"
        if share:
            text = "each cost the target's users {share} of their hours"
    elif not is_most_settled(best, known, verdicts, metric):
        text = "which costs the target most is not settled"
    else:
        text = "{best} cost the target most"
    if has_range and metric == TARGET_LOST:
        share = f"{share}{lost_span([*known.values()], words)}"
    return [words.say(text, best=named[best], share=share)]


def is_most_settled(
    best: str, others: Iterable[str], verdicts: Sequence[Row], metric: str = EFFICACY
) -> bool:
    """Whether draws settle that a measure is more with one strategy than with each other; True
    without draws.
    """
    if not verdicts:
        return True
    found = {
        (text(row, "strategy"), text(row, "other")): text(row, "verdict")
        for row in verdicts
        if text(row, "metric") == metric
    }
    return all(
        found.get((best, one)) == "better" or found.get((one, best)) == "worse"
        for one in others
        if one != best
    )
