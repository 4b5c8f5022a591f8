"""Rows of a comparison, from values that can be checked by hand or by scipy."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from sim.catalogue.choices import COLLATERAL, EFFICACY, HARMS
from sim.errors import ScenarioError
from sim.experiment.comparison import (
    Measured,
    compare_strategies,
)
from sim.experiment.metrics import check_metrics
from sim.experiment.tradeoff import weigh_strategies
from sim.measure.measures import Measure

RNG = np.random.default_rng(1)
LUCK = RNG.normal(100, 30, 25)  # what a replicate brings to every strategy
VALUES = {
    "none": {EFFICACY: LUCK * 0, COLLATERAL: LUCK},
    "narrow": {EFFICACY: LUCK + 50, COLLATERAL: LUCK + RNG.normal(5, 1, 25)},
    "wide": {EFFICACY: LUCK + 40, COLLATERAL: LUCK + RNG.normal(50, 5, 25)},
    "twin": {EFFICACY: LUCK + 50, COLLATERAL: LUCK},
}


def measured(values: dict[str, np.ndarray], skip: tuple[int, ...] = ()) -> Measured:
    return Measured.of(
        {
            replicate: [
                Measure(metric, "hours", float(column[replicate]), 1000.0, "hours")
                for metric, column in values.items()
            ]
            for replicate in range(25)
            if replicate not in skip
        }
    )


@pytest.fixture(scope="module")
def lines():
    parts = {label: measured(values) for label, values in VALUES.items()}
    return {(line.strategy, line.metric): line for line in compare_strategies(parts, "none", (), 7)}


def test_rows_stand_by_strategy_and_metric(lines) -> None:
    assert list(lines) == [(label, metric) for label in VALUES for metric in VALUES[label]]
    line = lines["wide", COLLATERAL]
    values = VALUES["wide"][COLLATERAL]
    assert (line.n_replicates, line.unit, line.level, line.confidence) == (25, "hours", 0.9, 0.95)
    assert line.mean == pytest.approx(values.mean())
    assert line.median == pytest.approx(np.median(values))
    assert (line.low, line.high) == pytest.approx(tuple(np.quantile(values, [0.05, 0.95])))
    assert (line.denominator, line.denominator_unit) == (1000, "hours")
    assert line.mean_low < line.mean < line.mean_high


def test_differences_are_taken_in_pairs(lines) -> None:
    line = lines["wide", COLLATERAL]
    pairs = VALUES["wide"][COLLATERAL] - VALUES["none"][COLLATERAL]
    assert line.difference == pytest.approx(pairs.mean())
    found = stats.ttest_rel(VALUES["wide"][COLLATERAL], VALUES["none"][COLLATERAL])
    ends = found.confidence_interval(0.95)
    assert (line.difference_t_low, line.difference_t_high) == pytest.approx((ends.low, ends.high))
    assert line.p_value == pytest.approx(found.pvalue, rel=1e-6)
    # What is drawn in pairs is far surer than two means drawn apart.
    assert (line.difference_high - line.difference_low) * 3 < line.mean_high - line.mean_low


def test_the_same_in_every_replicate_differs_by_exactly_zero(lines) -> None:
    line = lines["twin", COLLATERAL]
    assert (line.difference, line.difference_low, line.difference_high) == (0, 0, 0)
    assert math.isnan(line.p_value)
    assert math.isnan(line.p_holm)


def test_the_baseline_is_not_held_against_itself(lines) -> None:
    for metric in (EFFICACY, COLLATERAL):
        line = lines["none", metric]
        assert math.isnan(line.difference)
        assert math.isnan(line.p_value)


def test_p_values_are_corrected_over_all_rows(lines) -> None:
    raw = sorted(line.p_value for line in lines.values() if not math.isnan(line.p_value))
    corrected = sorted(line.p_holm for line in lines.values() if not math.isnan(line.p_holm))
    assert len(raw) == len(corrected) == 5  # three strategies in two metrics, one without spread
    assert corrected[0] == pytest.approx(min(1, 5 * raw[0]))


def test_a_chosen_metric_makes_a_smaller_family() -> None:
    parts = {label: measured(values) for label, values in VALUES.items()}
    chosen = compare_strategies(parts, "none", (COLLATERAL,), 7)
    assert [line.metric for line in chosen] == [COLLATERAL] * 4
    tested = sorted((line.p_value, line.p_holm) for line in chosen if not math.isnan(line.p_holm))
    assert len(tested) == 2  # twin has no spread
    assert tested[0][1] == pytest.approx(2 * tested[0][0])
    assert tested[1][1] == pytest.approx(max(tested[1][0], 2 * tested[0][0]))


def test_a_strategy_that_lacks_replicates_is_paired_where_it_can_be() -> None:
    parts = {label: measured(values) for label, values in VALUES.items()}
    parts["wide"] = measured(VALUES["wide"], skip=(3, 4))
    parts["none"] = measured(VALUES["none"], skip=(9,))
    lines = {
        (line.strategy, line.metric): line for line in compare_strategies(parts, "none", (), 7)
    }
    line = lines["wide", COLLATERAL]
    assert line.n_replicates == 22
    kept = np.setdiff1d(np.arange(25), [3, 4, 9])
    pairs = (VALUES["wide"][COLLATERAL] - VALUES["none"][COLLATERAL])[kept]
    assert line.difference == pytest.approx(pairs.mean())
    assert line.mean == pytest.approx(VALUES["wide"][COLLATERAL][kept].mean())
    assert line.difference == pytest.approx(line.mean - lines["none", COLLATERAL].mean)
    weighed = weigh_strategies(parts, 7, 0)
    assert weighed[0].n_replicates == 22


def test_without_the_baseline_there_are_means_and_no_differences() -> None:
    parts = {"wide": measured(VALUES["wide"])}
    (_, line) = compare_strategies(parts, "none", (), 7)
    assert line.mean == pytest.approx(VALUES["wide"][COLLATERAL].mean())
    assert math.isnan(line.difference)


def test_the_trade_off_marks_dominated_strategies() -> None:
    parts = {label: measured(values) for label, values in VALUES.items()}
    weighed = weigh_strategies(parts, 7, 0)
    assert {line.collateral_metric for line in weighed} == {COLLATERAL}  # the only harm measured
    by_label = {line.strategy: line for line in weighed}
    assert list(by_label) == list(VALUES)
    assert by_label["wide"].dominated_by == "twin"
    assert by_label["narrow"].is_dominated
    assert by_label["twin"].is_on_frontier
    assert by_label["twin"].share_of_draws_on_frontier == 1
    # No effect and no less harm: the same efficacy at a price of nothing cannot be told.
    assert math.isnan(by_label["none"].collateral_per_efficacy)
    assert by_label["narrow"].collateral_per_efficacy == pytest.approx(
        VALUES["narrow"][COLLATERAL].mean() / VALUES["narrow"][EFFICACY].mean()
    )


def test_a_sample_that_could_hardly_be_hit_is_in_no_trade_off() -> None:
    """At a bare zero narrow would beat all others; its effect stays known."""
    zero = LUCK * 0
    values = VALUES | {"narrow": {EFFICACY: LUCK + 50, COLLATERAL: zero}}
    more = {"addresses_listed_peak": zero + 16, "businesses_expected_listed": zero + 0.01}
    parts = {label: measured(one | more) for label, one in values.items()}
    by = {line.strategy: line for line in weigh_strategies(parts, 7, 1000)}
    assert math.isnan(by["narrow"].collateral)
    assert by["narrow"].efficacy == pytest.approx((LUCK + 50).mean())
    assert (by["narrow"].is_dominated, by["narrow"].is_on_frontier) == (None, None)
    assert by["wide"].dominated_by == "twin"
    # Where the listed sites are known by name, or nothing was listed, none is none.
    for n_drawn, listed in ((0, 16), (1000, 0)):
        more["addresses_listed_peak"] = zero + listed
        parts = {label: measured(one | more) for label, one in values.items()}
        by = {line.strategy: line for line in weigh_strategies(parts, 7, n_drawn)}
        assert (by["narrow"].collateral, by["twin"].dominated_by) == (0, "narrow")


def test_without_a_target_there_is_no_trade_off() -> None:
    parts = {"one": measured({COLLATERAL: LUCK}), "two": measured({COLLATERAL: LUCK})}
    assert weigh_strategies(parts, 7, 0) == ()


KNOWN = ("addresses", "hours")


def test_questions_about_metrics_are_read() -> None:
    checks, widths = check_metrics(
        KNOWN,
        (),
        ["exact", "covering-prefix:purity=0.99"],
        ["hours > 5", "covering-prefix:purity=0.99.addresses<=1e6"],
        ["hours=10%", "difference:addresses=2.5"],
    )
    assert [(c.strategy, c.metric, c.operator, c.bound) for c in checks] == [
        (None, "hours", ">", 5.0),
        ("covering-prefix:purity=0.99", "addresses", "<=", 1e6),
    ]
    assert [(w.of_difference, w.metric, w.width, w.is_share) for w in widths] == [
        (False, "hours", 0.1, True),
        (True, "addresses", 2.5, False),
    ]


def test_mistakes_in_questions_about_metrics_are_found_at_once() -> None:
    with pytest.raises(ScenarioError) as refused:
        check_metrics(
            KNOWN,
            ("hour",),
            ["exact"],
            ["hours=5", "hours>x", "wide.hours>5", "hours>nan"],
            ["hours", "hours=0", "hours=-3", "hours=inf%"],
        )
    said = [str(problem) for problem in refused.value.problems]
    assert said[0].startswith("--metric hour: expected one of the metrics addresses, hours")
    assert said[0].endswith("did you mean 'hours'?")
    assert sum("expected [strategy.]metric>number" in line for line in said) == 3
    assert any("expected one of the strategies exact, got 'wide'" in line for line in said)
    assert sum("expected [difference:]metric=width" in line for line in said) == 4


def test_a_check_fails_for_what_is_not_known_and_spares_the_baseline(lines) -> None:
    (check,), _ = check_metrics((EFFICACY, COLLATERAL), (), list(VALUES), [f"{COLLATERAL}<120"], [])
    broken = check.broken_by(list(lines.values()))
    assert [text.split(":")[0] for text in broken] == ["narrow", "twin"]
    (named,), _ = check_metrics((EFFICACY,), (), list(VALUES), [f"none.{EFFICACY}<=0"], [])
    assert len(named.broken_by(list(lines.values()))) == 1
    unknown = measured({COLLATERAL: np.full(25, np.nan)})
    found = compare_strategies({"none": unknown, "wide": unknown}, "none", (), 7)
    assert check.broken_by(found) == [f"wide: the mean of {COLLATERAL} is not known"]


def test_a_width_says_how_many_times_too_wide_the_widest_interval_is() -> None:
    parts = {label: measured(values) for label, values in VALUES.items()}
    by_label = {line.strategy: line for line in compare_strategies(parts, "none", (COLLATERAL,), 7)}
    widest = max(line.mean_high - line.mean_low for line in by_label.values())
    metrics = (EFFICACY, COLLATERAL)
    _, (mean, share, difference) = check_metrics(
        metrics, (), [], [],
        [f"{COLLATERAL}=10", f"{COLLATERAL}=1%", f"difference:{COLLATERAL}=10"],
    )  # fmt: skip
    assert mean.excess(parts, "none", 7) == pytest.approx(widest / 10)
    assert share.excess(parts, "none", 7) == pytest.approx(
        max((line.mean_high - line.mean_low) / (line.mean / 100) for line in by_label.values())
    )
    assert difference.excess(parts, "none", 7) == pytest.approx(
        max((line.difference_high - line.difference_low) / 10 for line in by_label.values()
            if line.strategy != "none")
    )  # fmt: skip


def test_harm_is_weighed_in_hours_names_and_money() -> None:
    parts = {
        label: measured(
            values
            | {"names_hit": 3 * values[COLLATERAL], "private_loss_usd": 1000 - values[COLLATERAL]}
        )
        for label, values in VALUES.items()
    }
    lines = weigh_strategies(parts, 7, 0)
    assert [(line.collateral_metric, line.strategy) for line in lines] == [
        (harm, label) for harm in HARMS for label in VALUES
    ]
    by = {(line.collateral_metric, line.strategy): line for line in lines}
    assert {line.efficacy_metric for line in lines} == {EFFICACY}
    denied = VALUES["wide"][EFFICACY]
    names, loss = by["names_hit", "wide"], by["private_loss_usd", "wide"]
    assert names.collateral_per_efficacy == pytest.approx(
        3 * VALUES["wide"][COLLATERAL].sum() / denied.sum()
    )
    assert loss.collateral == pytest.approx((1000 - VALUES["wide"][COLLATERAL]).mean())
    # Each kind of harm has a frontier of its own.
    assert by[COLLATERAL, "narrow"].is_dominated
    assert by["private_loss_usd", "narrow"].is_on_frontier
