"""Rows of a comparison, from values whose medians and ranges are recomputed in plain Python."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from sim.catalogue.choices import COLLATERAL, EFFICACY, EXPECTED, HARMS, LISTED
from sim.experiment.comparison import ComparisonLine, Measured, compare_strategies
from sim.experiment.plan import Plan
from sim.experiment.verdicts import weigh_strategies
from sim.measure.measures import Measure

N = 25
NO_SAMPLE = SimpleNamespace(population=SimpleNamespace(n_businesses=0))
PLAN = cast("Plan", SimpleNamespace(resolved=SimpleNamespace(scenario=NO_SAMPLE)))
"""A plan without drawn businesses; nothing else of it is asked."""
RNG = np.random.default_rng(1)
CHANCE = RNG.normal(100, 30, N)  # what a simulation brings to every strategy
VALUES = {
    "none": {EFFICACY: CHANCE * 0, COLLATERAL: CHANCE},
    "narrow": {EFFICACY: CHANCE + 50, COLLATERAL: CHANCE + RNG.normal(5, 1, N)},
    "wide": {EFFICACY: CHANCE + 40, COLLATERAL: CHANCE + RNG.normal(50, 5, N)},
    "twin": {EFFICACY: CHANCE + 50, COLLATERAL: CHANCE},
}


def measured(values: dict[str, np.ndarray], skip: tuple[int, ...] = ()) -> Measured:
    return Measured.of(
        {
            replicate: [
                Measure(metric, "hours", float(column[replicate]), 1000.0 + replicate, "hours")
                for metric, column in values.items()
            ]
            for replicate in range(N)
            if replicate not in skip
        }
    )


def all_measured(**others: Measured) -> dict[str, Measured]:
    return {label: measured(values) for label, values in VALUES.items()} | others


def spread(values: Sequence[float]) -> list[float]:
    """Median, 5th and 95th percentile of definition 7 of Hyndman and Fan."""
    ends = statistics.quantiles(values, n=20, method="inclusive")
    return [statistics.median(values), ends[0], ends[18]]


def by_key(lines: Sequence[ComparisonLine]) -> dict[tuple[str, str], ComparisonLine]:
    return {(line.strategy, line.metric): line for line in lines}


@pytest.fixture(scope="module")
def lines() -> dict[tuple[str, str], ComparisonLine]:
    return by_key(compare_strategies(all_measured(), "none", ()))


def test_the_same_in_every_simulation_differs_by_exactly_zero(lines) -> None:
    line = lines["twin", COLLATERAL]
    assert (line.difference, line.difference_low, line.difference_high) == (0, 0, 0)
    assert (line.share_less, line.share_more) == (0, 0)


def test_only_chosen_metrics_are_compared() -> None:
    chosen = compare_strategies(all_measured(), "none", (COLLATERAL,))
    assert [line.metric for line in chosen] == [COLLATERAL] * 4


def test_a_strategy_that_lacks_simulations_is_compared_where_all_have_them() -> None:
    parts = all_measured(
        wide=measured(VALUES["wide"], skip=(3, 4)), none=measured(VALUES["none"], skip=(9,))
    )
    line = by_key(compare_strategies(parts, "none", ()))["wide", COLLATERAL]
    kept = [row for row in range(N) if row not in (3, 4, 9)]
    pairs = (VALUES["wide"][COLLATERAL] - VALUES["none"][COLLATERAL])[kept].tolist()
    assert line.n_simulations == line.n_known == 22
    assert line.difference == pytest.approx(statistics.median(pairs))
    assert line.median == pytest.approx(statistics.median(VALUES["wide"][COLLATERAL][kept]))
    assert weigh_strategies(PLAN, parts)[0].n_simulations == 22


def test_what_is_not_known_in_some_simulations_is_summarised_over_the_others() -> None:
    ratio = VALUES["wide"][COLLATERAL].copy()
    ratio[[2, 5]] = math.nan
    mine = measured(VALUES["wide"] | {COLLATERAL: ratio})
    theirs = VALUES["none"][COLLATERAL].copy()
    theirs[[5, 7, 8]] = math.nan
    parts = all_measured(wide=mine, none=measured(VALUES["none"] | {COLLATERAL: theirs}))
    line = by_key(compare_strategies(parts, "none", ()))["wide", COLLATERAL]
    known = [row for row in range(N) if row not in (2, 5)]
    assert (line.n_simulations, line.n_known) == (N, N - 2)
    assert [line.median, line.low, line.high] == pytest.approx(spread(ratio[known].tolist()))
    assert line.denominator == statistics.median(1000 + row for row in known)
    both = [row for row in known if row not in (5, 7, 8)]
    pairs = (ratio - theirs)[both].tolist()
    assert line.difference_low == pytest.approx(spread(pairs)[1])
    # Out of all simulations: those in which it is not known have no order.
    assert line.share_more == len(both) / N
    turned = by_key(compare_strategies(parts, "wide", ()))["none", COLLATERAL]
    assert (turned.share_less, turned.share_more) == (len(both) / N, 0)
    nothing = measured(VALUES["wide"] | {COLLATERAL: ratio * math.nan})
    line = by_key(compare_strategies(parts | {"wide": nothing}, "none", ()))["wide", COLLATERAL]
    assert line.n_known == 0
    assert np.isnan([line.median, line.low, line.difference, line.share_less]).all()


def test_a_metric_that_only_some_strategies_have_is_compared_where_it_is() -> None:
    """A list of both families has networks of IPv6, and no blocking has none."""
    networks = "networks_listed_peak"
    parts = all_measured(wide=measured(VALUES["wide"] | {networks: CHANCE}))
    (line,) = compare_strategies(parts, "none", (networks,))
    assert (line.strategy, line.metric) == ("wide", networks)
    assert line.median == pytest.approx(statistics.median(CHANCE))
    assert math.isnan(line.difference)


def test_without_the_baseline_there_are_medians_and_no_differences() -> None:
    parts = {"wide": measured(VALUES["wide"])}
    (_, line) = compare_strategies(parts, "none", ())
    assert line.median == pytest.approx(statistics.median(VALUES["wide"][COLLATERAL]))
    assert math.isnan(line.difference)


def test_a_strategy_is_on_the_frontier_where_no_other_is_better_in_one_and_as_good_in_both() -> (
    None
):
    weighed = weigh_strategies(PLAN, all_measured())
    assert {line.collateral_metric for line in weighed} == {COLLATERAL}  # the only harm measured
    assert [line.strategy for line in weighed] == list(VALUES)
    # One simulation at a time, by the definition.
    for line in weighed:
        n_on = 0
        for row in range(N):
            mine = VALUES[line.strategy]
            n_on += not any(
                other[EFFICACY][row] >= mine[EFFICACY][row]
                and other[COLLATERAL][row] <= mine[COLLATERAL][row]
                and (other[EFFICACY][row], other[COLLATERAL][row])
                != (mine[EFFICACY][row], mine[COLLATERAL][row])
                for other in VALUES.values()
            )
        assert line.share_on_frontier == pytest.approx(n_on / N)
        found = [line.efficacy, line.efficacy_low, line.efficacy_high]
        assert found == pytest.approx(spread(VALUES[line.strategy][EFFICACY].tolist()))
        assert (line.n_simulations, line.n_known) == (N, N)
    share = {line.strategy: line.share_on_frontier for line in weighed}
    assert (share["twin"], share["wide"], share["none"]) == (1, 0, 0)


def test_what_is_not_known_keeps_no_strategy_on_the_frontier() -> None:
    harm = VALUES["twin"][COLLATERAL].copy()
    harm[[0, 1]] = math.nan
    parts = all_measured(twin=measured(VALUES["twin"] | {COLLATERAL: harm}))
    found = {line.strategy: line for line in weigh_strategies(PLAN, parts)}
    assert (found["twin"].n_simulations, found["twin"].n_known) == (N, N - 2)
    assert found["twin"].share_on_frontier == (N - 2) / N
    # Others are beaten by one that is known, or not known to be spared by the one that is not.
    assert found["wide"].n_known == N
    parts = {label: parts[label] for label in ("narrow", "twin")}
    alone = {line.strategy: line for line in weigh_strategies(PLAN, parts)}
    assert (alone["narrow"].n_known, alone["narrow"].share_on_frontier) == (N - 2, 0)


def test_strategies_that_hit_none_of_a_sample_are_not_known_to_harm_alike() -> None:
    sample = SimpleNamespace(population=SimpleNamespace(n_businesses=40))
    plan = cast("Plan", SimpleNamespace(resolved=SimpleNamespace(scenario=sample)))
    harm = np.array([0.0] * 20 + [1.0] * 5)
    parts = {
        "weak": measured({EFFICACY: CHANCE * 0 + 1, COLLATERAL: harm}),
        "strong": measured({EFFICACY: CHANCE * 0 + 2, COLLATERAL: harm}),
    }
    found = {line.strategy: line for line in weigh_strategies(plan, parts)}
    # Nothing is better than the strong one in effect; where both hit none, it may harm more.
    assert (found["strong"].n_known, found["strong"].share_on_frontier) == (N, 1)
    assert (found["weak"].n_known, found["weak"].share_on_frontier) == (5, 0)
    named = {line.strategy: line for line in weigh_strategies(PLAN, parts)}
    assert (named["weak"].n_known, named["weak"].share_on_frontier) == (N, 0)


def test_without_a_target_there_is_no_trade_off() -> None:
    parts = {"one": measured({COLLATERAL: CHANCE}), "two": measured({COLLATERAL: CHANCE})}
    assert weigh_strategies(PLAN, parts) == ()


def test_each_kind_of_harm_has_a_frontier_of_its_own() -> None:
    parts = {
        label: measured(
            values
            | {"names_hit": 3 * values[COLLATERAL], "private_loss_usd": 1000 - values[COLLATERAL]}
        )
        for label, values in VALUES.items()
    }
    lines = weigh_strategies(PLAN, parts)
    assert [(line.collateral_metric, line.strategy) for line in lines] == [
        (harm, label) for harm in HARMS for label in VALUES
    ]
    by = {(line.collateral_metric, line.strategy): line for line in lines}
    loss = 1000 - VALUES["wide"][COLLATERAL]
    assert by["private_loss_usd", "wide"].collateral == pytest.approx(statistics.median(loss))
    assert by[COLLATERAL, "narrow"].share_on_frontier < 0.2
    assert by["private_loss_usd", "narrow"].share_on_frontier > 0.8


def test_a_difference_from_a_sample_that_was_hardly_hit_is_not_known() -> None:
    zero, listed = np.zeros(N), {EXPECTED: np.full(N, 0.02), LISTED[0]: np.full(N, 256.0)}
    hit = zero.copy()
    hit[:10] = np.arange(1.0, 11)
    parts = {
        "idle": measured({COLLATERAL: zero, EFFICACY: zero, EXPECTED: zero, LISTED[0]: zero}),
        "missed": measured({COLLATERAL: zero, EFFICACY: zero, **listed}),
        "hit": measured({COLLATERAL: hit, EFFICACY: zero + 1, **listed}),
    }
    found = by_key(compare_strategies(parts, "idle", (), 3565))
    line = found["missed", COLLATERAL]
    assert np.isnan([line.difference, line.difference_low, line.difference_high]).all()
    assert np.isnan([line.share_less, line.share_more]).all()
    # The ten simulations in which the sample is hit; in the others it may have been missed.
    line = found["hit", COLLATERAL]
    assert line.difference == 5.5
    assert (line.share_less, line.share_more) == (0, 10 / N)
    # What was listed, and the effect on the target, are no samples.
    assert found["missed", LISTED[0]].difference == 256
    assert found["missed", EXPECTED].difference == 0.02
    assert found["missed", EFFICACY].difference == 0
    against = by_key(compare_strategies(parts, "missed", (), 3565))
    assert np.isnan(against["hit", COLLATERAL].difference)
    assert by_key(compare_strategies(parts, "idle", ()))["missed", COLLATERAL].difference == 0
