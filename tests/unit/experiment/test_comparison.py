"""Rows of a comparison, from values whose medians and ranges are recomputed in plain Python."""

import math
import statistics
from collections.abc import Sequence
from fractions import Fraction
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
from numpy.typing import NDArray

from sim.catalogue.choices import COLLATERAL, EFFICACY, EXPECTED, HARMS, LISTED, PRIVATE_LOSS
from sim.experiment.comparison import (
    Inputs,
    compare_strategies,
    judge_pairs,
    n_needed,
    weigh_strategies,
    with_dependence,
)
from sim.experiment.plan import Plan
from sim.measure.measures import Measure
from sim.measure.summary import Measured, end_errors
from sim.results.tables import Line
from sim.statistics.designs import chance_share

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
    # The harm of "none" but for rounding.
    "twin": {EFFICACY: CHANCE + 50, COLLATERAL: np.nextafter(CHANCE, np.inf)},
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


def by_key(lines: Sequence[Line]) -> dict[tuple[str, str], Line]:
    return {(line.strategy, line.metric): line for line in lines}


@pytest.fixture(scope="module")
def lines() -> dict[tuple[str, str], Line]:
    return by_key(compare_strategies(all_measured(), "none", ()))


def test_the_same_in_every_simulation_differs_by_exactly_zero(lines):
    line = lines["twin", COLLATERAL]
    assert (line.difference, line.difference_low, line.difference_high) == (0, 0, 0)
    assert (line.share_less, line.share_more) == (0, 0)
    assert line.baseline == "none"


def test_only_chosen_metrics_are_compared():
    chosen = compare_strategies(all_measured(), "none", (COLLATERAL,))
    assert [line.metric for line in chosen] == [COLLATERAL] * 4


def test_a_strategy_that_lacks_simulations_is_compared_where_all_have_them():
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


def test_what_is_not_known_in_some_simulations_is_summarised_over_the_others():
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


def test_a_metric_that_only_some_strategies_have_is_compared_where_it_is():
    """A list of both families has networks of IPv6, and no blocking has none."""
    networks = "networks_listed_peak"
    parts = all_measured(wide=measured(VALUES["wide"] | {networks: CHANCE}))
    (line,) = compare_strategies(parts, "none", (networks,))
    assert (line.strategy, line.metric) == ("wide", networks)
    assert line.median == pytest.approx(statistics.median(CHANCE))
    assert math.isnan(line.difference)


def test_without_the_baseline_there_are_medians_and_no_differences():
    (_, line) = compare_strategies({"wide": measured(VALUES["wide"])}, "none", ())
    assert line.median == pytest.approx(statistics.median(VALUES["wide"][COLLATERAL]))
    assert math.isnan(line.difference)


def test_a_strategy_is_on_the_frontier_where_no_other_is_better_in_one_and_as_good_in_both():
    weighed = weigh_strategies(PLAN, all_measured())
    assert {line.collateral_metric for line in weighed} == {COLLATERAL}  # the only harm measured
    assert [line.strategy for line in weighed] == list(VALUES)
    for line in weighed:
        found = [line.efficacy, line.efficacy_low, line.efficacy_high]
        assert found == pytest.approx(spread(VALUES[line.strategy][EFFICACY].tolist()))
        assert (line.n_simulations, line.n_known) == (N, N)
    share = {line.strategy: line.share_on_frontier for line in weighed}
    # As much effect as the twin's, and less harm in some simulations alone.
    less = np.mean(VALUES["narrow"][COLLATERAL] <= VALUES["twin"][COLLATERAL])
    assert share == {"none": 0, "narrow": less, "wide": 0, "twin": 1}


def test_what_is_not_known_keeps_no_strategy_on_the_frontier():
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


def test_strategies_that_hit_none_of_a_sample_are_not_known_to_harm_alike():
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


def test_without_a_target_there_is_no_trade_off():
    parts = {"one": measured({COLLATERAL: CHANCE}), "two": measured({COLLATERAL: CHANCE})}
    assert weigh_strategies(PLAN, parts) == ()


def test_each_kind_of_harm_has_a_frontier_of_its_own():
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


def test_a_difference_from_a_sample_that_was_hardly_hit_is_not_known():
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
    # Ten simulations hit the sample; in the others it may have been missed, so that a median of
    # the ten would be one of simulations with harm.
    line = found["hit", COLLATERAL]
    assert np.isnan([line.difference, line.difference_low, line.difference_high]).all()
    assert (line.share_less, line.share_more) == (0, 10 / N)
    # One in 25 that misses it is no such choice.
    often = measured({COLLATERAL: np.arange(0.0, N), EFFICACY: zero + 1, **listed})
    line = by_key(compare_strategies(parts | {"hit": often}, "idle", (), 3565))["hit", COLLATERAL]
    assert line.difference == statistics.median(range(1, N))
    # What was listed, and the effect on the target, are no samples.
    assert found["missed", LISTED[0]].difference == 256
    assert found["missed", EXPECTED].difference == 0.02
    assert found["missed", EFFICACY].difference == 0
    against = by_key(compare_strategies(parts, "missed", (), 3565))
    assert np.isnan(against["hit", COLLATERAL].difference)
    # Nor is a count known where operators were not polled for a site, whatever it is.
    for known in ((0, 1), (1, 0)):
        names = "businesses_not_known", "businesses_known_in_part"
        unpolled = {name: zero + one for name, one in zip(names, known, strict=True)}
        parts["hit"] = measured({COLLATERAL: hit + 1, EFFICACY: zero + 1, **unpolled})
        line = by_key(compare_strategies(parts, "idle", ()))["hit", COLLATERAL]
        assert np.isnan(line.difference)
    assert by_key(compare_strategies(parts, "idle", ()))["missed", COLLATERAL].difference == 0


# Verdicts over pairs of strategies: agree, differ, too few simulations to say, not known.


N_PAIRS = 120
NAN = math.nan


def plan(n_businesses: int = 0) -> Plan:
    """A plan of so many drawn businesses; nothing else of it is asked."""
    scenario = SimpleNamespace(population=SimpleNamespace(n_businesses=n_businesses))
    return cast("Plan", SimpleNamespace(resolved=SimpleNamespace(scenario=scenario)))


def measures_of(unit: str = "business-hours", **values: list[float]) -> Measured:
    """Measures of one strategy, by simulation."""
    return Measured.of(
        {
            row: [Measure(name, unit, float(one)) for name, one in zip(values, cells, strict=True)]
            for row, cells in enumerate(zip(*values.values(), strict=True))
        }
    )


def judged(
    one: list[float],
    other: list[float],
    metric: str = COLLATERAL,
    n_businesses: int = 0,
    inputs: Inputs | None = None,
) -> Line:
    """The verdict on two strategies in one measure."""
    parts = {"one": measures_of(**{metric: one}), "other": measures_of(**{metric: other})}
    (line,) = judge_pairs(plan(n_businesses), parts, inputs)
    return line


@pytest.mark.parametrize(("n_verdicts", "n"), [(1, 59), (3, 80), (12, 107), (36, 129)])
def test_as_many_have_to_agree_as_clopper_and_pearson_say(n_verdicts, n):
    assert n_needed(n_verdicts) == n
    # Exactly: of an order that holds in 95 % of all, n agree with at most this probability.
    share, risk = Fraction(19, 20), Fraction(1, 20 * n_verdicts)
    assert share**n <= risk < share ** (n - 1)


@pytest.mark.parametrize(
    ("n", "verdict"), [(59, "agree"), (58, "too few"), (1, "too few"), (64, "agree")]
)
def test_all_agree_and_are_enough_or_too_few(n, verdict):
    line = judged([1.0] * n, [2.0] * n)
    assert (line.verdict, line.n_needed) == (verdict, 59)
    assert (line.n_less, line.n_equal, line.n_more, line.n_not_known) == (n, 0, 0, 0)
    assert (line.strategy, line.other, line.n_simulations) == ("one", "other", n)
    assert line.difference == -1
    assert judged([3.0] * n, [2.0] * n).n_more == n
    equal = judged([0.3] * n, [0.1 + 0.2] * n)
    assert (equal.n_equal, equal.verdict, equal.difference) == (n, verdict, 0)


@pytest.mark.parametrize("against", [1.0, 3.0])
def test_one_against_all_others_makes_them_differ(against):
    line = judged([1.0] * 200, [2.0] * 199 + [4 - against * 1.0 - 2])
    assert line.verdict == "differ"
    assert (line.n_less + line.n_equal + line.n_more, line.n_less) == (200, 199)


@pytest.mark.parametrize("n_verdicts", [1, 12])
@pytest.mark.parametrize("n_not_known", [0, 1, 5])
def test_what_is_not_known_takes_more_simulations_that_agree(n_verdicts, n_not_known):
    """Exactly: so few are without the order in this share of ensembles, if one in twenty is."""

    def probability(n: int) -> Fraction:
        return sum(
            (
                math.comb(n, k) * Fraction(1, 20) ** k * Fraction(19, 20) ** (n - k)
                for k in range(n_not_known + 1)
            ),
            Fraction(0),
        )

    n, risk = n_needed(n_verdicts, n_not_known), Fraction(1, 20 * n_verdicts)
    assert probability(n) <= risk < probability(n - 1)


@pytest.mark.parametrize(
    ("n_known", "n_not_known", "verdict", "needed"),
    [
        (58, 1, "too few", 93),
        (91, 1, "too few", 93),
        (92, 1, "agree", 93),
        (121, 2, "too few", 124),
        (122, 2, "agree", 124),
        (107, 893, "not known", 18_850),
        (0, 80, "not known", None),
        (56, 3, "not known", 153),
    ],
)
def test_what_is_not_known_is_no_agreement(n_known, n_not_known, verdict, needed):
    one, other = [1.0] * (n_known + n_not_known), [2.0] * (n_known + n_not_known)
    for row in range(n_not_known):
        (one, other)[row % 2][row] = NAN
    line = judged(one, other)
    assert (line.n_less, line.n_not_known, line.verdict) == (n_known, n_not_known, verdict)
    assert needed is None or line.n_needed == needed


def test_two_known_orders_differ_however_much_is_not_known():
    line = judged([1.0, 3.0] + [NAN] * 50, [2.0] * 52)
    assert (line.n_less, line.n_more, line.n_not_known, line.verdict) == (1, 1, 50, "differ")


def test_a_sample_in_which_both_hit_nothing_does_not_know_which_harms_more():
    one, other = [0.0] * 30 + [1.0] * 60, [0.0] * 30 + [2.0] * 60
    sample = judged(one, other, n_businesses=40)
    assert (sample.n_less, sample.n_equal, sample.n_not_known) == (60, 0, 30)
    assert sample.verdict == "not known"
    # Named sites, or what users lost, are no sample.
    for line in (judged(one, other), judged(one, other, EFFICACY, 40)):
        assert (line.n_less, line.n_equal, line.verdict) == (60, 30, "differ")


def test_a_strategy_that_hit_none_of_a_sample_is_not_known_to_harm_nobody():
    listed = {LISTED[0]: [5.0] * 80, EXPECTED: [0.1] * 80}
    missed = measures_of(**{COLLATERAL: [0.0] * 80}, **listed)
    hit = measures_of(**{COLLATERAL: [0.0] * 40 + [1.0] * 40}, **listed)
    idle = measures_of(**{COLLATERAL: [0.0] * 80}, **{LISTED[0]: [0.0] * 80, EXPECTED: [0.0] * 80})
    parts = {"missed": missed, "hit": hit, "idle": idle}
    found = [part.has_missed(COLLATERAL, 40) for part in parts.values()]
    assert found == [True, False, False]
    assert not missed.has_missed(COLLATERAL, 0)
    # Three expected on the list, where that is known, and none cut off: that is a zero.
    for expected, is_missed in ((3.0, False), (2.9, True), (NAN, True)):
        some = {LISTED[0]: [5.0] * 80, EXPECTED: [expected] * 79 + [NAN]}
        part = measures_of(**{COLLATERAL: [0.0] * 80}, **some)
        assert part.has_missed(COLLATERAL, 40) is is_missed
    lines = {(one.strategy, one.other): one for one in judge_pairs(plan(40), parts, None)}
    assert lines["missed", "hit"].n_not_known == lines["missed", "idle"].n_not_known == 80
    assert (lines["hit", "idle"].n_more, lines["hit", "idle"].n_not_known) == (40, 40)
    assert {line.verdict for line in lines.values()} == {"not known"}


def test_every_pair_is_judged_by_harm_effect_and_cost_as_one_family():
    names = (COLLATERAL, EFFICACY, PRIVATE_LOSS)
    parts = {
        label: measures_of(**{name: [row + 1.0] * N_PAIRS for name in names})
        for row, label in enumerate("abcd")
    }
    lines = judge_pairs(plan(), parts, None)
    pairs = [(one, other) for row, one in enumerate("abcd") for other in "abcd"[row + 1 :]]
    assert [(line.metric, line.strategy, line.other) for line in lines] == [
        (name, *pair) for name in names for pair in pairs
    ]
    assert {(line.n_needed, line.verdict) for line in lines} == {(n_needed(18), "agree")}
    # What is not measures_of under all of them makes the family smaller.
    parts["a"] = measures_of(**{COLLATERAL: [1.0] * N_PAIRS})
    assert {line.n_needed for line in judge_pairs(plan(), parts, None)} == {n_needed(6)}


def test_only_simulations_of_all_strategies_are_judged():
    short = measures_of(**{COLLATERAL: [1.0] * 60})
    parts = {"one": measures_of(**{COLLATERAL: [2.0] * 70}), "other": short}
    (line,) = judge_pairs(plan(), parts, None)
    assert (line.n_simulations, line.n_more) == (60, 60)


class Fake(Inputs):
    """Inputs with chosen amounts."""

    def __init__(self, amount: NDArray[np.float64], *, is_paired: bool = False) -> None:
        self.amount, self._ranks, self.is_paired = amount, {}, is_paired
        self.keys = [f"k.{row}" for row in range(amount.shape[1])]
        self.owner = np.arange(amount.shape[1])


def test_where_they_differ_the_inputs_on_which_the_order_depends_are_named():
    """Of an even input below 0.3, the order explains 3 p (1 - p) of the variance of its rank."""
    inputs = Fake(np.random.default_rng(4).random((400, 30)))
    is_less = inputs.amount[:, 7] < 0.3
    share = 3 * is_less.mean() * (1 - is_less.mean())
    for one, other in ((1.0, np.where(is_less, 2.0, 0.5)), (np.where(is_less, 2.0, 0.5), 1.0)):
        values = [np.broadcast_to(each, 400).tolist() for each in (one, other)]
        line = judged(*values, inputs=inputs)
        assert (line.verdict, line.depends_on_1, line.depends_on_2) == ("differ", "k.7", "")
        assert line.depends_on_1_share == pytest.approx(share, abs=0.03)


def test_an_order_of_chance_alone_names_no_input():
    """A negative control: an input is named in about one of 20 cases at most."""
    named = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        is_less = (rng.random(128) < 0.3).tolist()
        other = [2.0 if one else 0.5 for one in is_less]
        named += bool(judged([1.0] * 128, other, inputs=Fake(rng.random((128, 30)))).depends_on_1)
    assert named <= 3


def test_too_few_of_the_rarer_order_name_no_input():
    inputs = Fake(np.random.default_rng(4).random((100, 5)))
    is_less = np.argsort(np.argsort(inputs.amount[:, 2])) < 9
    assert (
        judged([1.0] * 100, np.where(is_less, 2.0, 0.5).tolist(), inputs=inputs).depends_on_1 == ""
    )


def test_the_first_of_each_pair_names_the_inputs_and_both_tell_the_chance():
    rng = np.random.default_rng(4)
    amount = rng.random((60, 5))
    value = np.repeat(amount[:, 2], 2) + rng.random(120) / 9
    value[1::2] += rng.random(60)
    inputs = Fake(np.repeat(amount, 2, axis=0), is_paired=True)
    part = Measured.of(
        {
            member: [Measure(COLLATERAL, "hours", one, 1.0, "hours")]
            for member, one in enumerate(value.tolist())
            if member != 40
        }
    )
    value[40] = np.nan
    known = ~np.isnan(value[::2])
    ((key, share),) = Fake(amount).shares(value[::2][known], np.flatnonzero(known)).items()
    low_error, high_error = end_errors(value[::2])
    line = SimpleNamespace(strategy="one", metric=COLLATERAL, n_known=119, also=dict)
    assert with_dependence([cast("Line", line)], {"one": part}, inputs) == [
        {
            "chance_share": chance_share(value.reshape(-1, 2)), "low_error": low_error,
            "high_error": high_error, "depends_on_1": key, "depends_on_1_share": share,
        }
    ]  # fmt: skip
    assert key == "k.2"
