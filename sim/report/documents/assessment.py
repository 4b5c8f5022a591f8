"""The assessment of a strategy in words: aim, suitability, necessity, proportionality, safeguards.

In: an assessment. Out: blocks of text made from its numbers, each with its interval. It says what
the model shows; what weighs more is for those who judge. It is long because it is read in sequence.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from sim.assess.assessment import Assessment, parameters_of
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
    share_text,
    suitability_answer,
    target_text,
    unit_name,
    verdict,
    with_interval,
)
from sim.report.documents.blocks import Block, Heading, Items, Paragraph, Table
from sim.report.words.numbers import (
    estimate,
    in_percent,
    interval,
    rounded,
    whole,
)
from sim.report.words.provenance import plain
from sim.results.burdens import Burden

MAX_GROUPS = {"sector": 8, "provider": 5}
MONEY_NAMES = {
    measure_name("private_loss_usd"): "private loss of the businesses",
    measure_name("net_social_loss_usd"): "of it, gained by no rival in the country",
    measure_name("provider_loss_usd"): "loss of the first providers",
    measure_name("domestic_gain_usd"): "gain of domestic providers",
}


def write_assessment(found: Assessment) -> list[Block]:
    """Write the whole assessment."""
    return [
        Heading(title_of(found), 1),
        Paragraph(frame_text(found)),
        Heading("In short"),
        Items([suitability_answer(found), necessity_answer(found), burden_answer(found)]),
        Heading("1. Aim"),
        *_aim(found),
        Heading("2. Suitability: does it reach the target?"),
        *_suitability(found),
        Heading("3. Necessity: would a narrower measure do?"),
        *_necessity(found),
        Heading("4. Proportionality: who bears what?"),
        *_proportionality(found),
        Heading("5. Safeguards: notice, remedy, end"),
        *_safeguards(found),
        Heading("6. Uncertainty and assumptions"),
        *_uncertainty(found),
        *_appendix(found),
    ]


def title_of(found: Assessment) -> str:
    """Title of the assessment."""
    return f"Assessment of {found.label}: {found.run.title}"


def _aim(found: Assessment) -> Iterator[Block]:
    given = parameters_of(found.run, found.label)
    parameters = ", ".join(f"{key} {value}" for key, value in given.items() if key != "id")
    yield Paragraph(
        f"What a block is for, and whether it may be, is no question for a simulation. The model "
        f"takes the aim to be that users in the country do not reach {target_text(found)}. The "
        f"measure assessed is {found.label} ({given.get('id', found.label)}"
        f"{': ' + parameters if parameters else ''}): "
        f"{describe_strategy(str(given.get('id', '')))}"
    )


def _suitability(found: Assessment) -> Iterator[Block]:
    if not is_known(found.efficacy):
        yield Paragraph(suitability_answer(found))
        return
    effect = found.efficacy_difference
    rows = [
        [
            unit_name(found.efficacy_metric),
            with_interval(found.efficacy, found.efficacy_unit),
            share_text(found.efficacy),
            difference_text(effect),
        ]
    ]
    if is_known(found.by_vpn):
        rows.append(
            [
                "user-hours in which it was reached by VPN",
                with_interval(found.by_vpn, "user-hours"),
                share_text(found.by_vpn),
                difference_text(found.by_vpn_difference),
            ]
        )
    if is_known(found.left):
        rows.append(
            [
                "users gone at the end",
                with_interval(found.left, "users"),
                share_text(found.left),
                "",
            ]
        )
    header = ["measure", "mean [95 %]", "share of all", f"difference to {found.baseline}"]
    yield Table(header, rows, (1, 2, 3))
    if found.efficacy.denominator > 0:
        reached = 1 - found.efficacy.mean / found.efficacy.denominator
        yield Paragraph(
            f"In {in_percent(reached)} of their hours users were not denied the service, with a "
            "VPN, without one, or because they had left."
        )


def _necessity(found: Assessment) -> Iterator[Block]:
    if not found.alternatives:
        yield Paragraph("Nothing was compared.")
        return
    yield Paragraph(
        "The question is whether a strategy has no less effect on the target and less collateral. "
        "It is settled only over draws of all that is not known, each the same for every strategy: "
        "better where it has both, worse where it lacks one, in at least 95 % of their weight by "
        "the lower 95 % bound of that share. What luck alone says stands beside it: bootstrap "
        "resamples of the replicates (all strategies together, since they share their luck), and "
        "each replicate."
    )
    rows = [
        [
            one.label,
            with_interval(one.efficacy),
            ratio_text(one.efficacy_ratio),
            with_interval(one.collateral),
            ratio_text(one.collateral_ratio),
            one.verdict.verdict,
            _share_and_bound(one.verdict),
            "not known" if math.isnan(one.share_both) else in_percent(one.share_both),
            f"{one.n_replicates_both} of {found.n_replicates}",
        ]
        for one in found.alternatives
    ]
    own = [
        f"{found.label} (assessed)",
        with_interval(found.efficacy),
        "",
        with_interval(found.collateral),
        *[""] * 5,
    ]
    header = [
        "strategy",
        f"effect, {found.efficacy_unit or 'not known'}",
        "of the assessed",
        f"collateral, {found.collateral_unit}",
        "of the assessed",
        "as much for less",
        "draws with both (lower bound)",
        "resamples with both, luck alone",
        "replicates with both",
    ]
    yield Table(header, [own, *rows], (1, 2, 3, 4, 6, 7, 8))
    yield Items([verdict(one, found.label) for one in found.alternatives])


def _share_and_bound(verdict: Verdict) -> str:
    if not verdict.n_draws:
        return "luck alone was simulated"
    return f"{in_percent(verdict.share_better)} ({in_percent(verdict.bound_better)})"


def _proportionality(found: Assessment) -> Iterator[Block]:
    affected = found.businesses_affected
    text = (
        f"Listed at most {with_interval(found.listed_peak, 'addresses')}. Affected at least once "
        f"were {with_interval(affected, 'businesses')} of {whole(affected.denominator)}."
    )
    if is_known(found.collateral_per_million):
        text += (
            f" For each million {found.efficacy_unit} of effect others bore "
            f"{with_interval(found.collateral_per_million, found.collateral_unit)}."
        )
    yield Paragraph(text)
    for split, lead in (("sector", "Sectors"), ("provider", "Providers of the front end")):
        burdens = found.burdens[split]
        days = found.run.horizon_s / 86_400
        yield Table(
            [lead, "businesses", "impaired at least once", "business-hours impaired", "of all"],
            [_burden(burden, days * 24) for burden in burdens[: MAX_GROUPS[split]]],
            (1, 2, 3, 4),
        )
        others = burdens[MAX_GROUPS[split] :]
        if others:
            rest = sum(float(burden.impaired_h.mean()) for burden in others)
            yield Paragraph(f"{len(others)} more bore {rounded(rest)} business-hours together.")
    yield Paragraph(
        "Means over replicates; the range of business-hours is that of 90 % of replicates."
    )
    if found.money:
        yield Table(
            ["money, USD", f"mean [{in_percent(found.level)} of draws and replicates]"],
            [
                [MONEY_NAMES[name], with_interval(found.money[name])]
                for name in MONEY_NAMES
                if name in found.money
            ],
            (1,),
        )
        yield Paragraph(
            "Revenue, not profit, of the modelled businesses; it is proportional to their assumed "
            "number. Published national methods stand in money.csv and are not mixed in."
        )


def _burden(burden: Burden, horizon_h: float) -> list[str]:
    hours = burden.impaired_h
    n = float(burden.n_businesses.mean())
    low, high = range_of(hours)
    share = float(hours.mean()) / (n * horizon_h) if n > 0 else math.nan
    return [
        burden.name,
        whole(n),
        whole(float(burden.n_impaired.mean())),
        estimate(float(hours.mean()), low, high),
        in_percent(share),
    ]


def _safeguards(found: Assessment) -> Iterator[Block]:
    safe = found.safeguards
    texts = [
        "Notice: none is modelled. A business learns of the block by failing.",
        f"Spread: operators apply an entry {_between(safe.apply_h)} (median of each group) after "
        f"they have downloaded it, and release it {_between(safe.release_h)} after its withdrawal.",
    ]
    if math.isnan(safe.confirmed_share):
        texts.append("Appeal: the scenario has no hotline.")
    else:
        texts.append(
            f"Appeal, as assumed: {rounded(safe.hotline_service_h)} h of handling in the mean, "
            f"{in_percent(safe.confirmed_share)} confirmed, exempted {rounded(safe.exempt_lag_h)} "
            "h later."
        )
        appeal = safe.appeal
        n_all = appeal.n_done + appeal.n_open
        texts.append(
            f"Appeal, as it came out: {appeal.n_done:,} of {n_all:,} appeals by name (all "
            "replicates) led to an exemption within the run"
            + (
                f", after {rounded(appeal.median_h)} h in the median "
                f"{interval(appeal.low_h, appeal.high_h)}."
                if appeal.n_done
                else "."
            )
        )
    release = safe.release
    if release.n_done:
        texts.append(
            "Withdrawal, as it came out: an operator released an entry "
            f"{rounded(release.median_h)} h after it was withdrawn in the median "
            f"{interval(release.low_h, release.high_h)}."
        )
    if safe.time_limits:
        limits = ", ".join(f"{key} {value}" for key, value in safe.time_limits.items())
        texts.append(f"End: the strategy ends blocks by itself ({limits}).")
    else:
        texts.append("End: the strategy sets no end to an entry.")
    texts.append(
        f"Of {rounded(safe.n_placed)} entries placed {rounded(safe.n_withdrawn)} were withdrawn "
        "before the end of the run (means over replicates)."
    )
    yield Items(texts)


def _between(ends: tuple[float, float]) -> str:
    low, high = ends
    if math.isnan(low):
        return "after a time that is not known"
    return f"{rounded(low)} h" if low == high else f"{rounded(low)} to {rounded(high)} h"


def _uncertainty(found: Assessment) -> Iterator[Block]:
    """Say how sure the answers are."""
    manifest = found.run.manifest
    assumptions = manifest.get("assumptions", [])
    over = (
        f'What these would show is in the {found.n_draws:,} draws that verdicts and ranges "with '
        'all that is not known" rest on, and nowhere else'
        if found.n_draws
        else "no draw of them was made, so that no verdict is settled"
    )
    yield Paragraph(
        f"Intervals say what other luck might have shown in {found.n_replicates} replicates. They "
        f"do not say what other assumptions would show: {over}. {len(assumptions)} numbers or "
        "columns rest on assumptions with ranges, all in manifest.json; those with a value of "
        "their own stand in the appendix. How often predictions and publications agree: "
        "docs/explanation/validation.md; what is not modelled: docs/explanation/limitations.md."
    )
    for warning in manifest.get("warnings", []):
        yield Paragraph(str(warning), lead="Warning:")


def _appendix(found: Assessment) -> Iterator[Block]:
    """List every assumption, with its value and range."""
    keys = [one for one in found.run.manifest.get("assumptions", []) if "value" in one]
    if keys:
        yield Heading("Appendix: assumptions with a value of their own")
        yield Table(
            ["assumption", "value", "range", "unit"],
            [
                [
                    str(one["key"]),
                    _given(one["value"]),
                    _stated_range(one.get("range", {})),
                    str(one.get("unit", "")),
                ]
                for one in keys
            ],
            (1, 2),
        )


def _given(value: object) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return rounded(float(value))
    return ", ".join(map(plain, value)) if isinstance(value, list) else plain(value)


def _stated_range(given: object) -> str:
    if isinstance(given, dict):
        for ends in given.values():
            if isinstance(ends, Sequence) and len(ends) == 2:
                low, high = ends
                if isinstance(low, int | float) and isinstance(high, int | float):
                    return f"{rounded(float(low))} to {rounded(float(high))}"
    return "not stated"
