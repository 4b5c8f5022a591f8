"""The assessment of a strategy in words: aim, suitability, necessity, proportionality, safeguards.

In: an assessment, a language. Out: blocks of text made from its numbers, each with its interval. It
says what the model shows; what weighs more is for those who judge. It is long because it is read in
sequence.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

from sim.assess.assessment import Assessment
from sim.assess.safeguards import parameters_of
from sim.assess.verdicts import Verdict
from sim.catalogue.choices import measure_name
from sim.report.documents.assessment_answers import (
    burden_answer,
    describe_strategy,
    difference_text,
    frame_text,
    is_known,
    necessity_answer,
    range_of,
    ratio_text,
    scaled,
    share_text,
    suitability_answer,
    target_text,
    unit_name,
    verdict,
    with_interval,
)
from sim.report.documents.assessment_uncertainty import appendix_blocks, uncertainty_blocks
from sim.report.documents.blocks import Block, Heading, Items, Paragraph, Table
from sim.report.page.at_end import still_impaired, still_impaired_in_words
from sim.report.words.expected_names import names_by_strategy, names_of_strategies
from sim.report.words.groups import group_words
from sim.report.words.languages import ENGLISH, IN_ENGLISH, Language
from sim.report.words.money import rate_of, rate_sentence
from sim.report.words.numbers import at_least, estimate, in_percent, interval, rounded, whole
from sim.report.words.plain import counted_as_businesses, strategy_words
from sim.results.burdens import Burden

MAX_GROUPS = {"sector": 8, "provider": 5}
MONEY_NAMES = {
    measure_name("private_loss_usd"): "private loss of the businesses",
    measure_name("net_social_loss_usd"): "of it, gained by no rival in the country",
    measure_name("provider_loss_usd"): "loss of the first providers",
    measure_name("domestic_gain_usd"): "gain of domestic providers",
}


def write_assessment(found: Assessment, words: Language = IN_ENGLISH) -> list[Block]:
    """Write the whole assessment."""
    say = words.say
    return [
        Heading(title_of(found, words), 1),
        *_about_language(words),
        Paragraph(frame_text(found, words)),
        Heading(say("In short")),
        Items(
            [
                suitability_answer(found, words),
                necessity_answer(found, words),
                burden_answer(found, words),
            ]
        ),
        Heading(say("1. Aim")),
        *_aim(found, words),
        Heading(say("2. Suitability: does it reach the target?")),
        *_suitability(found, words),
        Heading(say("3. Necessity: would a narrower measure do?")),
        *_necessity(found, words),
        Heading(say("4. Proportionality: who bears what?")),
        *_proportionality(found, words),
        Heading(say("5. Safeguards: notice, remedy, end")),
        *_safeguards(found, words),
        Heading(say("6. Uncertainty and assumptions")),
        *uncertainty_blocks(found, words),
        *appendix_blocks(found, words),
    ]


def title_of(found: Assessment, words: Language = IN_ENGLISH) -> str:
    """Title of the assessment."""
    title = words.name(found.run.title)
    return words.say("Assessment of {strategy}: {title}", strategy=found.label, title=title)


def _about_language(words: Language) -> Iterator[Block]:
    if words.code != ENGLISH:
        yield Paragraph(
            words.say(
                "Some details of this document are in English: labels, names and units of the "
                "data, and its warnings."
            )
        )


def _aim(found: Assessment, words: Language) -> Iterator[Block]:
    given = parameters_of(found.run, found.label)
    parameters = ", ".join(f"{key} {value}" for key, value in given.items() if key != "id")
    name = str(given.get("id", found.label))
    about = describe_strategy(str(given.get("id", "")))
    if words.code != ENGLISH:
        about = f"{strategy_words({'id': name, 'parameters': {}}, words)}."
    yield Paragraph(
        words.say(
            "What a block is for, and whether it may be, is no question for a simulation. The "
            "model takes the aim to be that users in the country do not reach {target}. The "
            "measure assessed is {label} ({rule}): {about}",
            target=target_text(found, words),
            label=found.label,
            rule=f"{name}: {parameters}" if parameters else name,
            about=about,
        )
    )


def _suitability(found: Assessment, words: Language) -> Iterator[Block]:
    if not is_known(found.efficacy):
        yield Paragraph(suitability_answer(found, words))
        return
    effect = found.efficacy_difference
    rows = [
        [
            unit_name(found.efficacy_metric, words),
            with_interval(found.efficacy, found.efficacy_unit, words),
            share_text(found.efficacy, words),
            difference_text(effect, words),
        ]
    ]
    if is_known(found.by_vpn):
        rows.append(
            [
                words.say("user-hours in which it was reached by VPN"),
                with_interval(found.by_vpn, "user-hours", words),
                share_text(found.by_vpn, words),
                difference_text(found.by_vpn_difference, words),
            ]
        )
    if is_known(found.left):
        rows.append(
            [
                words.say("users gone at the end"),
                with_interval(found.left, "users", words),
                share_text(found.left, words),
                "",
            ]
        )
    header = [
        words.say("measure"),
        words.say("mean [95 %]"),
        words.say("share of all"),
        words.say("difference to {baseline}", baseline=found.baseline),
    ]
    yield Table(header, rows, (1, 2, 3))
    if found.efficacy.denominator > 0:
        reached = 1 - found.efficacy.mean / found.efficacy.denominator
        yield Paragraph(
            words.say(
                "In {share} of their hours users were not denied the service, with a VPN, without "
                "one, or because they had left.",
                share=words.digits(in_percent(reached)),
            )
        )


def _necessity(found: Assessment, words: Language) -> Iterator[Block]:
    if not found.alternatives:
        yield Paragraph(words.say("Nothing was compared."))
        return
    yield Paragraph(
        words.say(
            "The question is whether a strategy has no less effect on the target and less "
            "collateral. It is settled only over draws of all that is not known, each the same for "
            "every strategy: better where it has both, worse where it lacks one, in at least 95 % "
            "of their weight by the lower 95 % bound of that share. What luck alone says stands "
            "beside it: bootstrap resamples of the replicates (all strategies together, since they "
            "share their luck), and each replicate."
        )
    )
    rows = [
        [
            one.label,
            with_interval(one.efficacy, words=words),
            ratio_text(one.efficacy_ratio, words),
            with_interval(one.collateral, words=words),
            ratio_text(one.collateral_ratio, words),
            words.name(one.verdict.verdict),
            _share_and_bound(one.verdict, words),
            words.digits(in_percent(one.share_both)),
            words.say("{n} of {of}", n=str(one.n_replicates_both), of=str(found.n_replicates)),
        ]
        for one in found.alternatives
    ]
    own = [
        words.say("{label} (assessed)", label=found.label),
        with_interval(found.efficacy, words=words),
        "",
        with_interval(found.collateral, words=words),
        *[""] * 5,
    ]
    unit = words.name(found.efficacy_unit) if found.efficacy_unit else words.say("not known")
    header = [
        words.say("strategy"),
        words.say("effect, {unit}", unit=unit),
        words.say("of the assessed"),
        words.say("collateral, {unit}", unit=words.name(found.collateral_unit)),
        words.say("of the assessed"),
        words.say("as much for less"),
        words.say("draws with both (lower bound)"),
        words.say("resamples with both, luck alone"),
        words.say("replicates with both"),
    ]
    yield Table(header, [own, *rows], (1, 2, 3, 4, 6, 7, 8))
    yield Items([verdict(one, found.label, words) for one in found.alternatives])


def _share_and_bound(judged: Verdict, words: Language) -> str:
    if not judged.n_draws:
        return words.say("luck alone was simulated")
    return words.digits(f"{in_percent(judged.share_better)} ({at_least(judged.bound_better)})")


def _proportionality(found: Assessment, words: Language) -> Iterator[Block]:
    affected = found.businesses_affected
    texts = [
        words.say(
            "Listed at most {listed}. Affected at least once were {affected} of {of}.",
            listed=with_interval(found.listed_peak, "addresses", words),
            affected=with_interval(affected, "businesses", words),
            of=words.digits(whole(affected.denominator)),
        )
    ]
    if names := names_of_strategies(names_by_strategy(found.run), words):
        texts.append(names)
    still = still_impaired(found.run, found.label)
    texts += filter(None, [still_impaired_in_words(still, words)])
    if is_known(found.collateral_per_million):
        texts.append(
            words.say(
                "For each million {unit} of effect others bore {collateral}.",
                unit=words.name(found.efficacy_unit),
                collateral=with_interval(
                    found.collateral_per_million, found.collateral_unit, words
                ),
            )
        )
    yield Paragraph(" ".join(texts))
    titles = ("businesses", "impaired at least once", "business-hours impaired", "of all")
    for split, lead in (
        ("sector", words.say("Sectors")),
        ("provider", words.say("Providers of the front end")),
    ):
        burdens, named = found.burdens[split], group_words(found.run, split, words)
        days = found.run.horizon_s / 86_400
        yield Table(
            [lead, *map(words.say, titles)],
            [_burden(burden, days * 24, named, words) for burden in burdens[: MAX_GROUPS[split]]],
            (1, 2, 3, 4),
        )
        others = burdens[MAX_GROUPS[split] :]
        if others:
            rest = sum(float(burden.impaired_h.mean()) for burden in others)
            yield Paragraph(
                words.say(
                    "{n} more bore {hours:business-hour} together.",
                    n=str(len(others)),
                    hours=words.digits(rounded(rest)),
                )
            )
    yield Paragraph(
        words.say(
            "Means over replicates; the range of business-hours is that of 90 % of replicates."
        )
    )
    if not found.money:
        return
    level = words.digits(in_percent(found.level))
    rate = rate_of(found.run)
    scales = [1.0, rate.per_usd] if rate else [1.0]
    yield Table(
        [
            words.say("money, USD"),
            words.say("mean [{level} of draws and replicates]", level=level),
            *([words.say("in {currency}", currency=rate.currency)] if rate else []),
        ],
        [
            [
                words.say(MONEY_NAMES[name]),
                *(with_interval(scaled(found.money[name], by), words=words) for by in scales),
            ]
            for name in MONEY_NAMES
            if name in found.money
        ],
        tuple(range(1, 1 + len(scales))),
    )
    if rate:
        yield Paragraph(rate_sentence(rate, words))
    yield Paragraph(
        words.say(
            "Revenue, not profit, of the modelled businesses; it is proportional to their assumed "
            "number. Published national methods stand in money.csv and are not mixed in."
            if counted_as_businesses(found.run.scenario["population"]) == "modelled"
            else "Revenue, not profit. Published national methods stand in money.csv and are not "
            "mixed in."
        )
    )


def _burden(
    burden: Burden, horizon_h: float, named: Callable[[str], str], words: Language
) -> list[str]:
    hours = burden.impaired_h
    n = float(burden.n_businesses.mean())
    low, high = range_of(hours)
    share = float(hours.mean()) / (n * horizon_h) if n > 0 else math.nan
    numbers = (
        whole(n),
        whole(float(burden.n_impaired.mean())),
        estimate(float(hours.mean()), low, high),
        in_percent(share),
    )
    return [named(burden.name), *map(words.digits, numbers)]


def _safeguards(found: Assessment, words: Language) -> Iterator[Block]:
    safe = found.safeguards
    texts = [
        words.say("Notice: none is modelled. A business learns of the block by failing."),
        words.say(
            "Spread: operators apply an entry {apply} (median of each group) after they have "
            "downloaded it, and release it {release} after its withdrawal.",
            apply=_between(safe.apply_h, words),
            release=_between(safe.release_h, words),
        ),
    ]
    if math.isnan(safe.confirmed_share):
        texts.append(words.say("Appeal: the scenario has no hotline."))
    else:
        texts += _appeals(found, words)
    release = safe.release
    if release.n_done:
        texts.append(
            words.say(
                "Withdrawal, as it came out: of releases by operators before the simulation's end "
                "the median came {median} h after the withdrawal {interval}.",
                median=words.digits(rounded(release.median_h)),
                interval=words.digits(interval(release.low_h, release.high_h)),
            )
        )
    if safe.time_limits:
        limits = ", ".join(f"{key} {_listed(value)}" for key, value in safe.time_limits.items())
        text = "End: the strategy ends blocks by itself ({limits})."
        texts.append(words.say(text, limits=limits))
    elif safe.ends_by_order:
        texts.append(words.say("End: each order given has its own, or none."))
    else:
        texts.append(words.say("End: the strategy sets no end to an entry."))
    texts.append(
        words.say(
            "Of {placed} entries placed {withdrawn} were withdrawn before the end of the run "
            "(means over replicates).",
            placed=words.digits(rounded(safe.n_placed)),
            withdrawn=words.digits(rounded(safe.n_withdrawn)),
        )
    )
    yield Items(texts)


def _listed(value: object) -> str:
    return " ".join(map(_listed, value)) if isinstance(value, list) else str(value)


def _appeals(found: Assessment, words: Language) -> Iterator[str]:
    """Appeals as assumed, and as they came out."""
    safe, appeal = found.safeguards, found.safeguards.appeal
    yield words.say(
        "Appeal, as assumed: {handling} h of handling in the mean, {share} confirmed, exempted "
        "{lag} h later.",
        handling=words.digits(rounded(safe.hotline_service_h)),
        share=words.digits(in_percent(safe.confirmed_share)),
        lag=words.digits(rounded(safe.exempt_lag_h)),
    )
    text = (
        "Appeal, as it came out: {done} of {n} appeals by name (all replicates) led to an "
        "exemption within the run, after {median} h in the median {interval}."
        if appeal.n_done
        else "Appeal, as it came out: {done} of {n} appeals by name (all replicates) led to an "
        "exemption within the run."
    )
    yield words.say(
        text,
        done=words.digits(f"{appeal.n_done:,}"),
        n=words.digits(f"{appeal.n_done + appeal.n_open:,}"),
        median=words.digits(rounded(appeal.median_h)),
        interval=words.digits(interval(appeal.low_h, appeal.high_h)),
    )


def _between(ends: tuple[float, float], words: Language) -> str:
    low, high = (words.digits(rounded(end)) for end in ends)
    if math.isnan(ends[0]):
        return words.say("after a time that is not known")
    if low == high:
        return words.say("{n} h", n=low)
    return words.say("{low} to {high} h", low=low, high=high)
