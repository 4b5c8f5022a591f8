"""Verdicts over draws: settled only where the order holds in nearly all of the weight."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from sim.catalogue.choices import COLLATERAL, EFFECTS
from sim.experiment.ensemble import Ensemble
from sim.experiment.plan import Plan
from sim.experiment.verdicts import VerdictLine, judge_pairs, weigh_regrets
from sim.measure.measures import measured
from sim.scenario.load import load_scenario
from sim.scenario.resolve import Resolved, resolve
from sim.scenario.variants import choose_variants

N = 200
KEY = "fronts.monitor_lag_h"


@pytest.fixture(scope="module")
def plan() -> Plan:
    resolved = resolve(load_scenario("telegram-2018", ["population.n_businesses=40"]))
    variants, baseline = choose_variants(resolved, ["exact", "escalate"])
    return Plan.of_comparison(resolved, variants, baseline, (), 7, 2).with_draws(N)


def ensemble(plan: Plan, harm: NDArray[np.float64], effect: NDArray[np.float64]) -> Ensemble:
    """An ensemble with these values, each of shape (n_draws, 3): of none, exact and escalate."""
    values = np.stack([effect, effect, harm], axis=2)[:, :, None, :]
    measures = tuple(measured(name, np.nan) for name in (*EFFECTS, COLLATERAL))
    return Ensemble(plan, plan.labels, measures, values, np.ones(harm.shape, bool))


def of(lines: tuple[VerdictLine, ...], metric: str) -> VerdictLine:
    (line,) = [
        one
        for one in lines
        if (one.metric, one.strategy, one.other) == (metric, "exact", "escalate")
    ]
    return line


def drawn(plan: Plan, key: str) -> NDArray[np.float64]:
    assert plan.draws is not None
    (row,) = [row for row, one in enumerate(plan.draws.unknowns) if one.key == key]
    return plan.draws.amounts[row][:, 0]


def triples(none: float, exact: NDArray[np.float64], escalate: NDArray[np.float64]) -> NDArray:
    return np.stack([np.full(N, none), exact, escalate], axis=1)


def test_an_order_that_holds_in_every_draw_is_settled(plan: Plan) -> None:
    harm = triples(0, np.ones(N), np.full(N, 2.0))
    lines = judge_pairs(ensemble(plan, harm, harm))
    assert of(lines, COLLATERAL).verdict == "better"
    assert (of(lines, COLLATERAL).share_less, of(lines, COLLATERAL).share_more) == (
        pytest.approx(1),
        0,
    )
    # Less effect is worse, where less harm is better.
    assert [of(lines, metric).verdict for metric in EFFECTS] == ["worse"] * 2
    assert of(lines, COLLATERAL).difference == -1


def harm_of(plan: Plan, exact: NDArray[np.float64], escalate: NDArray[np.float64]) -> VerdictLine:
    """How exact is judged by harm."""
    found = ensemble(plan, triples(0, exact, escalate), np.zeros((N, 3)))
    return of(judge_pairs(found), COLLATERAL)


@pytest.mark.parametrize(("n_against", "verdict"), [(3, "better"), (5, "not settled")])
def test_a_bound_below_the_share_stated_settles_nothing(
    plan: Plan, n_against: int, verdict: str
) -> None:
    """Of 200, 197 have a Clopper-Pearson bound of 0.9617 and 195 one of 0.9482."""
    escalate = np.full(N, 2.0)
    escalate[:n_against] = 0.5
    line = harm_of(plan, np.ones(N), escalate)
    bound = stats.binomtest(N - n_against, N, alternative="greater").proportion_ci(0.95).low
    assert line.share_better_bound == pytest.approx(bound)
    assert line.verdict == verdict


def test_few_draws_settle_nothing_however_alike(plan: Plan) -> None:
    """With 58 draws even an order without exception has a bound below 0.95; with 59 not."""
    assert plan.draws is not None
    for n, verdict in ((58, "not settled"), (59, "better")):
        few = replace(plan, draws=plan.draws.first(n))
        harm = triples(0, np.ones(N), np.full(N, 2.0))[:n]
        assert of(judge_pairs(ensemble(few, harm, harm)), COLLATERAL).verdict == verdict


def test_what_is_not_known_counts_for_neither_order(plan: Plan) -> None:
    exact = np.ones(N)
    exact[:40] = np.nan
    line = harm_of(plan, exact, np.full(N, 2.0))
    assert (line.share_known, line.share_less) == (pytest.approx(0.8), pytest.approx(0.8))
    assert line.verdict == "not settled"


def test_the_same_in_every_draw_is_alike(plan: Plan) -> None:
    line = harm_of(plan, np.ones(N), np.ones(N))
    assert (line.verdict, line.share_equal) == ("alike", pytest.approx(1))


def test_two_that_harm_none_of_a_sample_are_not_settled_to_be_alike(plan: Plan) -> None:
    """Both may have missed it; what users are denied is no sample, and none of it is none."""
    line = harm_of(plan, np.zeros(N), np.zeros(N))
    assert (line.verdict, line.share_known) == ("not known", 0)
    none = np.zeros((N, 3))
    assert of(judge_pairs(ensemble(plan, none, none)), EFFECTS[0]).verdict == "alike"
    priced = plan.resolved.money_parameters
    scenario = SimpleNamespace(population=SimpleNamespace(n_businesses=0))
    sites = replace(
        plan, resolved=cast("Resolved", SimpleNamespace(scenario=scenario, money_parameters=priced))
    )
    assert of(judge_pairs(ensemble(sites, none, none)), COLLATERAL).verdict == "alike"


def test_a_sample_that_was_never_hit_is_in_no_verdict(plan: Plan) -> None:
    """Against one that is hit in every draw it would be better, at a bare zero."""
    line = harm_of(plan, np.zeros(N), np.full(N, 2.0))
    assert (line.verdict, line.share_less, line.share_known) == ("not known", 0, 0)
    assert np.isnan(line.difference)


@pytest.mark.parametrize(
    ("listed", "expected", "verdict"),
    [(16.0, 0.01, "not known"), (16.0, 2.9, "not known"), (16.0, 3.0, "better"),
     (16.0, np.nan, "not known"), (0.0, 0.0, "better")],
)  # fmt: skip
def test_a_zero_counts_where_nothing_was_listed_or_three_were_to_be_hit(
    plan: Plan, listed: float, expected: float, verdict: str
) -> None:
    found = ensemble(plan, triples(0, np.zeros(N), np.full(N, 2.0)), np.zeros((N, 3)))
    more = np.broadcast_to(np.array([listed, expected]), (*found.value.shape[:3], 2))
    names = ("addresses_listed_peak", "businesses_expected_listed")
    found = replace(
        found,
        measures=(*found.measures, *(measured(name, np.nan) for name in names)),
        value=np.concatenate([found.value, more], axis=3),
    )
    assert of(judge_pairs(found), COLLATERAL).verdict == verdict


def test_the_unknown_that_decides_is_named_with_its_bound(plan: Plan) -> None:
    lag = drawn(plan, KEY)
    escalate = np.where(lag > 1.0, 0.5, 2.0)
    line = harm_of(plan, np.ones(N), escalate)
    assert line.verdict == "not settled"
    assert line.region_says == "not less"
    key, sign, bound = line.region.split()
    assert (key, sign) == (KEY, ">=")
    assert float(bound) == pytest.approx(1.0, abs=0.1)
    assert line.coverage > 0.9
    assert line.density > 0.9


def test_regret_is_the_distance_to_the_best_that_blocks(plan: Plan) -> None:
    """By hand: exact is 3 worse in a quarter of the draws, escalate 2 worse in the others."""
    quarter = np.arange(N) < N // 4
    harm = triples(0, np.where(quarter, 5.0, 1.0), np.where(quarter, 2.0, 3.0))
    effect = triples(0, np.where(quarter, 0.0, 4.0), np.full(N, 1.0))
    by = {
        (line.metric, line.strategy): line for line in weigh_regrets(ensemble(plan, harm, effect))
    }
    # Doing nothing is no strategy that blocks.
    assert {label for _, label in by} == {"exact", "escalate"}
    exact, escalate = by[COLLATERAL, "exact"], by[COLLATERAL, "escalate"]
    assert (exact.expected_regret, exact.most_regret) == (pytest.approx(0.75), 3)
    assert (escalate.expected_regret, escalate.most_regret) == (pytest.approx(1.5), 2)
    assert (exact.has_least_expected, exact.has_least_most) == (True, False)
    assert (escalate.has_least_expected, escalate.has_least_most) == (False, True)
    assert exact.share_without_effect == pytest.approx(0.25)
    for metric in EFFECTS:
        assert by[metric, "escalate"].expected_regret == pytest.approx(0.75 * 3)


def test_a_sample_that_was_never_hit_has_no_regret(plan: Plan) -> None:
    """It listed addresses: nothing of 40 businesses is no zero, and one alone has no rank."""
    harm = triples(0, np.zeros(N), np.full(N, 3.0))
    lines = [one for one in weigh_regrets(ensemble(plan, harm, harm)) if one.metric == COLLATERAL]
    assert [one.strategy for one in lines] == ["exact", "escalate"]
    assert np.isnan([(one.expected_regret, one.most_regret) for one in lines]).all()
    assert not any(one.has_least_expected or one.has_least_most for one in lines)
    # One draw in which it was hit is enough to tell of it.
    harm[0, 1] = 1.0
    (line, _) = (
        one for one in weigh_regrets(ensemble(plan, harm, harm)) if one.metric == COLLATERAL
    )
    assert (line.expected_regret, line.has_least_expected) == (0, True)


def test_weights_decide(plan: Plan) -> None:
    assert plan.draws is not None
    weight = np.where(np.arange(N) < 100, 2.0, 0.0)
    weighted = replace(plan, draws=replace(plan.draws, weight=weight / weight.sum()))
    harm = triples(0, np.where(np.arange(N) < 100, 1.0, 9.0), np.full(N, 2.0))
    line = of(judge_pairs(ensemble(weighted, harm, harm)), COLLATERAL)
    assert (line.verdict, line.n_effective) == ("better", pytest.approx(100))
