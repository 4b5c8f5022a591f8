"""Verdicts over pairs of strategies: agree, differ, too few simulations to say, not known."""

from __future__ import annotations

import math
from fractions import Fraction
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
from numpy.typing import NDArray

from sim.catalogue.choices import COLLATERAL, EFFICACY, EXPECTED, LISTED, PRIVATE_LOSS
from sim.experiment.comparison import Measured, has_missed_sample
from sim.experiment.ensemble import Inputs
from sim.experiment.plan import Plan
from sim.experiment.verdicts import VerdictLine, judge_pairs, n_needed
from sim.measure.measures import Measure

N = 120
NAN = math.nan


def plan(n_businesses: int = 0) -> Plan:
    """A plan of so many drawn businesses; nothing else of it is asked."""
    population = SimpleNamespace(n_businesses=n_businesses)
    scenario = SimpleNamespace(population=population)
    return cast("Plan", SimpleNamespace(resolved=SimpleNamespace(scenario=scenario)))


def measured(unit: str = "business-hours", **values: list[float]) -> Measured:
    """Measures of one strategy, by simulation."""
    columns = zip(*values.values(), strict=True)
    return Measured.of(
        {
            row: [Measure(name, unit, float(one)) for name, one in zip(values, cells, strict=True)]
            for row, cells in enumerate(columns)
        }
    )


def judged(
    one: list[float],
    other: list[float],
    metric: str = COLLATERAL,
    n_businesses: int = 0,
    inputs: Inputs | None = None,
) -> VerdictLine:
    """The verdict on two strategies in one measure."""
    parts = {"one": measured(**{metric: one}), "other": measured(**{metric: other})}
    (line,) = judge_pairs(plan(n_businesses), parts, inputs)
    return line


@pytest.mark.parametrize(("n_verdicts", "n"), [(1, 59), (3, 80), (12, 107), (36, 129)])
def test_as_many_have_to_agree_as_clopper_and_pearson_say(n_verdicts: int, n: int) -> None:
    assert n_needed(n_verdicts) == n
    # Exactly: of an order that holds in 95 % of all, n agree with at most this probability.
    share, risk = Fraction(19, 20), Fraction(1, 20 * n_verdicts)
    assert share**n <= risk < share ** (n - 1)


@pytest.mark.parametrize(
    ("n", "verdict"), [(59, "agree"), (58, "too few"), (1, "too few"), (64, "agree")]
)
def test_all_agree_and_are_enough_or_too_few(n: int, verdict: str) -> None:
    line = judged([1.0] * n, [2.0] * n)
    assert (line.verdict, line.n_needed) == (verdict, 59)
    assert (line.n_less, line.n_equal, line.n_more, line.n_not_known) == (n, 0, 0, 0)
    assert (line.strategy, line.other, line.n_simulations) == ("one", "other", n)
    assert line.difference == -1
    assert judged([3.0] * n, [2.0] * n).n_more == n
    equal = judged([2.0] * n, [2.0] * n)
    assert (equal.n_equal, equal.verdict) == (n, verdict)


@pytest.mark.parametrize("against", [1.0, 3.0])
def test_one_against_all_others_makes_them_differ(against: float) -> None:
    line = judged([1.0] * 200, [2.0] * 199 + [4 - against * 1.0 - 2])
    assert line.verdict == "differ"
    assert (line.n_less + line.n_equal + line.n_more, line.n_less) == (200, 199)


@pytest.mark.parametrize("n_verdicts", [1, 12])
@pytest.mark.parametrize("n_not_known", [0, 1, 5])
def test_what_is_not_known_takes_more_simulations_that_agree(
    n_verdicts: int, n_not_known: int
) -> None:
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
def test_what_is_not_known_is_no_agreement(
    n_known: int, n_not_known: int, verdict: str, needed: int | None
) -> None:
    one, other = [1.0] * (n_known + n_not_known), [2.0] * (n_known + n_not_known)
    for row in range(n_not_known):
        (one, other)[row % 2][row] = NAN
    line = judged(one, other)
    assert (line.n_less, line.n_not_known, line.verdict) == (n_known, n_not_known, verdict)
    assert needed is None or line.n_needed == needed


def test_two_known_orders_differ_however_much_is_not_known() -> None:
    line = judged([1.0, 3.0] + [NAN] * 50, [2.0] * 52)
    assert (line.n_less, line.n_more, line.n_not_known, line.verdict) == (1, 1, 50, "differ")


def test_a_sample_in_which_both_hit_nothing_does_not_know_which_harms_more() -> None:
    one, other = [0.0] * 30 + [1.0] * 60, [0.0] * 30 + [2.0] * 60
    sample = judged(one, other, n_businesses=40)
    assert (sample.n_less, sample.n_equal, sample.n_not_known) == (60, 0, 30)
    assert sample.verdict == "not known"
    # Named sites, or what users lost, are no sample.
    for line in (judged(one, other), judged(one, other, EFFICACY, 40)):
        assert (line.n_less, line.n_equal, line.verdict) == (60, 30, "differ")


def test_a_strategy_that_hit_none_of_a_sample_is_not_known_to_harm_nobody() -> None:
    listed = {LISTED[0]: [5.0] * 80, EXPECTED: [0.1] * 80}
    missed = measured(**{COLLATERAL: [0.0] * 80}, **listed)
    hit = measured(**{COLLATERAL: [0.0] * 40 + [1.0] * 40}, **listed)
    idle = measured(**{COLLATERAL: [0.0] * 80}, **{LISTED[0]: [0.0] * 80, EXPECTED: [0.0] * 80})
    parts = {"missed": missed, "hit": hit, "idle": idle}
    found = [has_missed_sample(COLLATERAL, part, 40) for part in parts.values()]
    assert found == [True, False, False]
    assert not has_missed_sample(COLLATERAL, missed, 0)
    lines = {(one.strategy, one.other): one for one in judge_pairs(plan(40), parts, None)}
    assert lines["missed", "hit"].n_not_known == lines["missed", "idle"].n_not_known == 80
    assert (lines["hit", "idle"].n_more, lines["hit", "idle"].n_not_known) == (40, 40)
    assert {line.verdict for line in lines.values()} == {"not known"}


def test_every_pair_is_judged_by_harm_effect_and_cost_as_one_family() -> None:
    names = (COLLATERAL, EFFICACY, PRIVATE_LOSS)
    parts = {
        label: measured(**{name: [row + 1.0] * N for name in names})
        for row, label in enumerate("abcd")
    }
    lines = judge_pairs(plan(), parts, None)
    pairs = [(one, other) for row, one in enumerate("abcd") for other in "abcd"[row + 1 :]]
    assert [(line.metric, line.strategy, line.other) for line in lines] == [
        (name, *pair) for name in names for pair in pairs
    ]
    assert {(line.n_needed, line.verdict) for line in lines} == {(n_needed(18), "agree")}
    # What is not measured under all of them makes the family smaller.
    parts["a"] = measured(**{COLLATERAL: [1.0] * N})
    assert {line.n_needed for line in judge_pairs(plan(), parts, None)} == {n_needed(6)}


def test_only_simulations_of_all_strategies_are_judged() -> None:
    short = measured(**{COLLATERAL: [1.0] * 60})
    parts = {"one": measured(**{COLLATERAL: [2.0] * 70}), "other": short}
    (line,) = judge_pairs(plan(), parts, None)
    assert (line.n_simulations, line.n_more) == (60, 60)


class Fake(Inputs):
    """Inputs with chosen amounts."""

    def __init__(self, amount: NDArray[np.float64]) -> None:
        self.amount, self._ranks, self.is_paired = amount, {}, False
        self.keys = [f"k.{row}" for row in range(amount.shape[1])]
        self.owner = np.arange(amount.shape[1])


def test_where_they_differ_the_inputs_on_which_the_order_depends_are_named() -> None:
    """Of an even input below 0.3, the order explains 3 p (1 - p) of the variance of its rank."""
    rng = np.random.default_rng(4)
    inputs = Fake(rng.random((400, 30)))
    is_less = inputs.amount[:, 7] < 0.3
    share = 3 * is_less.mean() * (1 - is_less.mean())
    for one, other in ((1.0, np.where(is_less, 2.0, 0.5)), (np.where(is_less, 2.0, 0.5), 1.0)):
        values = [np.broadcast_to(each, 400).tolist() for each in (one, other)]
        line = judged(*values, inputs=inputs)
        assert (line.verdict, line.depends_on_1, line.depends_on_2) == ("differ", "k.7", "")
        assert line.depends_on_1_share == pytest.approx(share, abs=0.03)


def test_an_order_of_chance_alone_names_no_input() -> None:
    """A negative control: an input is named in about one of 20 cases at most."""
    named = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        is_less = (rng.random(128) < 0.3).tolist()
        other = [2.0 if one else 0.5 for one in is_less]
        named += bool(judged([1.0] * 128, other, inputs=Fake(rng.random((128, 30)))).depends_on_1)
    assert named <= 3


def test_too_few_of_the_rarer_order_name_no_input() -> None:
    inputs = Fake(np.random.default_rng(4).random((100, 5)))
    is_less = np.argsort(np.argsort(inputs.amount[:, 2])) < 9
    assert (
        judged([1.0] * 100, np.where(is_less, 2.0, 0.5).tolist(), inputs=inputs).depends_on_1 == ""
    )
