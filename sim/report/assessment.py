"""The assessment of a strategy in words: aim, suitability, necessity, proportionality, safeguards.

In: an assessment. Out: blocks of text made from its numbers, each with its interval. It says what
the model shows; what weighs more is for those who judge.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from sim.measure.assessment import Alternative, Assessment, Estimate, parameters_of
from sim.measure.paired import PairedDifference
from sim.report.assessment_terms import describe_strategy, hours, unit_name
from sim.report.blocks import Block, Heading, Items, Paragraph, Table
from sim.report.numerals import (
    count,
    estimate,
    interval,
    percent,
    percent_estimate,
    rounded,
)
from sim.report.source_texts import plain
from sim.results.burdens import Burden

SURE, UNSURE = 0.95, 0.05
"""Shares of bootstrap draws above which a comparison is called sure, and below which it fails."""
MAX_GROUPS = {"sector": 8, "provider": 5}
MONEY_NAMES = {
    "private_loss_usd": "private loss of the businesses",
    "net_social_loss_usd": "of it, gained by no rival in the country",
    "provider_loss_usd": "loss of the first providers",
    "domestic_gain_usd": "of it, gained by domestic providers",
}


def write_assessment(found: Assessment) -> list[Block]:
    """Write the whole assessment."""
    return [
        Heading(title_of(found), 1),
        Paragraph(_frame(found)),
        Heading("In short"),
        Items([_short_suitability(found), _short_necessity(found), _short_burden(found)]),
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
    return f"Assessment of {found.label}: {found.run.scenario['title']}"


def _target(found: Assessment) -> str:
    return str(found.run.scenario.get("target", {}).get("name", "the target"))


def _frame(found: Assessment) -> str:
    run = found.run
    days = run.horizon_s / 86_400
    others = ", ".join(one.label for one in found.alternatives) or "no other strategy"
    status = str(run.manifest["status"])
    partial = "" if status == "complete" else f" The comparison is {status}."
    return (
        f"{run.scenario['start']} to {run.scenario['end']} ({days:,.0f} days). Held against: "
        f"{others}; effects are differences to {found.baseline}. {found.n_replicates} replicates, "
        "each the same world with the same luck for every strategy. Intervals of means are "
        f"{percent(found.confidence)} BCa intervals over replicates; they span luck, not the "
        f"ranges of assumptions. overblock {run.manifest['tool']['version']}, result "
        f"{str(run.manifest['result_id'])[:12]}.{partial}"
    )


def _with_interval(found: Estimate, unit: str = "") -> str:
    return estimate(found.mean, found.low, found.high, unit)


def _share(found: Estimate) -> str:
    """Share of the denominator, with its interval."""
    of = found.denominator if found.denominator > 0 else math.nan
    return percent_estimate(found.mean / of, found.low / of, found.high / of)


def _is_known(found: Estimate) -> bool:
    return not math.isnan(found.mean)


def _short_suitability(found: Assessment) -> str:
    if not _is_known(found.efficacy):
        return (
            f"Suitability is not known: the runs have no {unit_name(found.efficacy_metric)} in all "
            "replicates."
        )
    return (
        f"Under {found.label} {_with_interval(found.efficacy, found.efficacy_unit)} of "
        f"{_target(found)} were denied, {_share(found.efficacy)} of all."
        if found.efficacy_metric == "target_user_hours_denied"
        else f"{found.label}: {unit_name(found.efficacy_metric)} "
        f"{_with_interval(found.efficacy, found.efficacy_unit)}."
    )


def _short_necessity(found: Assessment) -> str:
    settled = [one for one in found.alternatives if one.share_both >= SURE]
    if not found.alternatives:
        return "Necessity is not assessed: nothing was compared."
    if settled:
        best = min(settled, key=lambda one: one.collateral.mean)
        return (
            f"A narrower measure does as much: {best.label} has no less effect and less collateral "
            f"in {percent(best.share_both)} of bootstrap draws."
        )
    mildest = min(found.alternatives, key=lambda one: _or_inf(one.collateral_ratio.mean))
    if _is_known(mildest.efficacy_ratio) and _is_known(mildest.collateral_ratio):
        return (
            "No strategy compared is sure to have no less effect and less collateral; "
            f"{mildest.label} keeps {_ratio(mildest.efficacy_ratio)} of the effect at "
            f"{_ratio(mildest.collateral_ratio)} of the collateral."
        )
    return "No strategy compared is sure to have no less effect and less collateral."


def _short_burden(found: Assessment) -> str:
    text = f"Others bore {_with_interval(found.collateral, found.collateral_unit)}"
    if found.collateral_metric.startswith("business_hours"):
        state = found.collateral_metric.removeprefix("business_hours_")
        text += f" in which a business was {state}, {_share(found.collateral)} of all"
    loss = found.money.get("private_loss_usd")
    if loss is not None and not math.isnan(loss.low):
        text += (
            f"; private loss {estimate(loss.mean, loss.low, loss.high, 'USD')} (median, "
            f"{percent(found.level)} of draws and replicates)"
        )
    return f"{text}."


def _or_inf(value: float) -> float:
    return math.inf if math.isnan(value) else value


def _ratio(found: Estimate) -> str:
    return percent_estimate(found.mean, found.low, found.high)


def _aim(found: Assessment) -> Iterator[Block]:
    given = parameters_of(found.run, found.label)
    parameters = ", ".join(f"{key} {value}" for key, value in given.items() if key != "id")
    yield Paragraph(
        f"What a block is for, and whether it may be, is no question for a simulation. The model "
        f"takes the aim to be that users in the country do not reach {_target(found)}. The measure "
        f"assessed is {found.label} ({given.get('id', found.label)}"
        f"{': ' + parameters if parameters else ''}): "
        f"{describe_strategy(str(given.get('id', '')))}"
    )


def _suitability(found: Assessment) -> Iterator[Block]:
    if not _is_known(found.efficacy):
        yield Paragraph(_short_suitability(found))
        return
    effect = found.efficacy_difference
    rows = [
        [
            unit_name(found.efficacy_metric),
            _with_interval(found.efficacy, found.efficacy_unit),
            _share(found.efficacy),
            _difference(effect),
        ]
    ]
    if _is_known(found.by_vpn):
        rows.append(
            [
                "user-hours in which it was reached by VPN",
                _with_interval(found.by_vpn, "user-hours"),
                _share(found.by_vpn),
                _difference(found.by_vpn_difference),
            ]
        )
    if _is_known(found.left):
        rows.append(
            [
                "users gone at the end",
                _with_interval(found.left, "users"),
                _share(found.left),
                "",
            ]
        )
    header = ["measure", "mean [95 %]", "share of all", f"difference to {found.baseline}"]
    yield Table(header, rows, (1, 2, 3))
    if found.efficacy.denominator > 0:
        reached = 1 - found.efficacy.mean / found.efficacy.denominator
        yield Paragraph(
            f"In {percent(reached)} of their hours users were not denied the service, with a VPN, "
            "without one, or because they had left."
        )


def _difference(pair: PairedDifference) -> str:
    sign = "+" if pair.mean > 0 else ""
    return sign + estimate(pair.mean, pair.low, pair.high)


def _necessity(found: Assessment) -> Iterator[Block]:
    if not found.alternatives:
        yield Paragraph("Nothing was compared.")
        return
    yield Paragraph(
        "The question is whether a strategy has no less effect on the target and less collateral. "
        "It is asked of the means over replicates, in bootstrap draws of the replicates (all "
        "strategies resampled together, since they share their luck), and in each replicate."
    )
    rows = [
        [
            one.label,
            _with_interval(one.efficacy),
            _ratio(one.efficacy_ratio),
            _with_interval(one.collateral),
            _ratio(one.collateral_ratio),
            "not known" if math.isnan(one.share_both) else percent(one.share_both),
            f"{one.n_replicates_both} of {found.n_replicates}",
        ]
        for one in found.alternatives
    ]
    own = [
        f"{found.label} (assessed)",
        _with_interval(found.efficacy),
        "",
        _with_interval(found.collateral),
        "",
        "",
        "",
    ]
    header = [
        "strategy",
        f"effect, {found.efficacy_unit or 'not known'}",
        "of the assessed",
        f"collateral, {found.collateral_unit}",
        "of the assessed",
        "draws with both",
        "replicates with both",
    ]
    yield Table(header, [own, *rows], (1, 2, 3, 4, 5, 6))
    yield Items([verdict(one, found.label) for one in found.alternatives])


def verdict(one: Alternative, label: str) -> str:
    """Say whether another strategy does no less for less collateral, and how sure that is."""
    if math.isnan(one.share_both):
        return f"{one.label}: not known; two replicates at least, with known values, are needed."
    effect, collateral = one.efficacy_difference, one.collateral_difference
    by_how_much = (
        f"effect {_difference(effect)}, collateral {_difference(collateral)}, against {label}"
    )
    if one.share_both >= SURE:
        return (
            f"{one.label}: yes. No less effect and less collateral in {percent(one.share_both)} of "
            f"draws ({by_how_much})."
        )
    if one.share_both > UNSURE:
        return (
            f"{one.label}: not settled. No less effect and less collateral in "
            f"{percent(one.share_both)} of draws ({by_how_much})."
        )
    reasons = []
    if one.share_no_less_effect < SURE:
        reasons.append(f"less effect in {percent(1 - one.share_no_less_effect)} of draws")
    if one.share_less_collateral < SURE:
        reasons.append(f"no less collateral in {percent(1 - one.share_less_collateral)} of draws")
    return f"{one.label}: no, {' and '.join(reasons)} ({by_how_much})."


def _proportionality(found: Assessment) -> Iterator[Block]:
    affected = found.businesses_affected
    text = (
        f"Listed at most {_with_interval(found.listed_peak, 'addresses')}. Affected at least once "
        f"were {_with_interval(affected, 'businesses')} of {count(affected.denominator)}."
    )
    if _is_known(found.collateral_per_million):
        text += (
            f" For each million {found.efficacy_unit} of effect others bore "
            f"{_with_interval(found.collateral_per_million, found.collateral_unit)}."
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
            ["money, USD", f"median [{percent(found.level)} of draws and replicates]"],
            [
                [MONEY_NAMES[name], _with_interval(found.money[name])]
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
    hours_ = burden.impaired_h
    n = float(burden.n_businesses.mean())
    low, high = hours(hours_)
    share = float(hours_.mean()) / (n * horizon_h) if n > 0 else math.nan
    return [
        burden.name,
        count(n),
        count(float(burden.n_impaired.mean())),
        estimate(float(hours_.mean()), low, high),
        percent(share),
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
            f"{percent(safe.confirmed_share)} confirmed, exempted {rounded(safe.exempt_lag_h)} h "
            "later."
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
    manifest = found.run.manifest
    assumptions = manifest.get("assumptions", [])
    yield Paragraph(
        f"Intervals say what other luck might have shown in {found.n_replicates} replicates. They "
        f"do not say what other assumptions would show: {len(assumptions)} numbers or columns rest "
        "on assumptions with ranges, all in manifest.json; those with a value of their own stand "
        "in the appendix. How often predictions and publications agree: "
        "docs/explanation/validation.md; what is not modelled: docs/explanation/limitations.md."
    )
    for warning in manifest.get("warnings", []):
        yield Paragraph(str(warning), lead="Warning:")


def _appendix(found: Assessment) -> Iterator[Block]:
    keys = [one for one in found.run.manifest.get("assumptions", []) if "value" in one]
    if keys:
        yield Heading("Appendix: assumptions with a value of their own")
        yield Table(
            ["assumption", "value", "range", "unit"],
            [
                [
                    str(one["key"]),
                    _given(one["value"]),
                    _range(one.get("range", {})),
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


def _range(given: object) -> str:
    if isinstance(given, dict):
        for ends in given.values():
            if isinstance(ends, Sequence) and len(ends) == 2:
                low, high = ends
                if isinstance(low, int | float) and isinstance(high, int | float):
                    return f"{rounded(float(low))} to {rounded(float(high))}"
    return "not stated"
