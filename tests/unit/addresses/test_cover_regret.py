"""Trade-offs and regret in examples small enough to work out by hand."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from sim.addresses.cover.regret import Constraints, judge_order
from sim.addresses.cover.targets import Targets
from sim.addresses.cover.tradeoff import trade_off, widest_within
from sim.addresses.cover.tree import LengthLimits
from sim.addresses.cover.weights import Weights
from sim.addresses.sets.families import AddressSet
from sim.addresses.text.text import parse_entries

COARSE = LengthLimits(0, 30)


def weights(total_by_text: dict[str, float]) -> Weights:
    entries = parse_entries("\n".join(total_by_text))
    total = np.array([0, *total_by_text.values()])
    return Weights.on_rows(entries.v4, total[entries.v4.line], entries.v6, [])


def neighbours(*amounts: float) -> tuple[AddressSet, Weights]:
    """A target in a /30 of its own for each amount, with a neighbour that weighs it."""
    targets = AddressSet.of(*(f"192.0.{row}.0" for row in range(len(amounts))))
    return targets, weights({f"192.0.{row}.1": amount for row, amount in enumerate(amounts)})


def test_every_corner_is_found() -> None:
    targets, weight = neighbours(1, 2, 4, 8, 16)
    ready = Targets.prepare(targets, limits4=COARSE, may_miss=True)
    found = trade_off(ready, weight, 5)
    assert [(c.missed, c.collateral) for c in found.corners] == [
        (0, 31), (1, 15), (2, 7), (3, 3), (4, 1), (5, 0),
    ]  # fmt: skip
    assert found.is_complete
    few = trade_off(ready, weight, 5, max_corners=3)
    assert len(few.corners) == 3
    assert not few.is_complete


@pytest.mark.parametrize(
    "amounts",
    [(0.1, 0.1, 0.1, 0.2, 0.2, 0.3, 0.3, 0.7), (0.2, 0.3, 0.1, 0.7 / 3, 0.1, 0.7 / 3, 0.3)],
)
def test_corners_of_float_weights_are_those_of_exact_ones(amounts: tuple[float, ...]) -> None:
    """Leaving the dearest out first, a line between two corners goes through those of one price."""
    exact = sorted((Fraction(amount).limit_denominator(1_000) for amount in amounts), reverse=True)
    n = len(exact)
    corners = [
        (n_missed, sum(exact[n_missed:]))
        for n_missed in range(n + 1)
        if n_missed in (0, n) or exact[n_missed - 1] != exact[n_missed]
    ]
    targets, weight = neighbours(*amounts)
    found = trade_off(Targets.prepare(targets, limits4=COARSE, may_miss=True), weight, n)
    assert found.is_complete
    assert [c.missed for c in found.corners] == [missed for missed, _ in corners]
    assert [c.collateral for c in found.corners] == pytest.approx([float(c) for _, c in corners])


def test_collateral_equal_to_the_limit_is_within_it() -> None:
    targets, weight = neighbours(1, 2, 4, 8)
    ready = Targets.prepare(targets, limits4=COARSE, may_miss=True)
    for limit, missed in ((6, 2), (7, 1), (14, 1), (15, 0), (99, 0)):
        widest = widest_within(ready, weight, 4, limit)
        assert widest.cover.missed == missed
        assert widest.missed_at_least <= missed


def test_targets_the_order_missed_are_no_collateral_of_the_best() -> None:
    """The best joins two targets around a third that the order left, and splits the first pair."""
    weight = weights({"192.0.2.1": 10, "198.51.100.1": 50})
    judged = judge_order(
        AddressSet.of("192.0.2.0/30", "198.51.100.0", "198.51.100.2"),
        3,
        AddressSet.of("192.0.2.0", "192.0.2.2", "198.51.100.0/31", "198.51.100.2"),
        {"weight": weight},
        "weight",
        Constraints(AddressSet.empty()),
    )
    regret = judged.by_unit["weight"]
    assert regret.best is not None
    assert regret.best.texts() == ["192.0.2.0/32", "192.0.2.2/32", "198.51.100.0/30"]
    assert (regret.collateral, regret.regret) == (10, 10)


def test_the_widest_is_no_narrower_than_the_best_for_the_same_targets() -> None:
    """Covering one of two equal targets is best at no price, and still within the limit."""
    targets, weight = neighbours(5, 5)
    judged = judge_order(
        AddressSet.of("192.0.0.0/30"),
        1,
        targets,
        {"weight": weight},
        "weight",
        Constraints(AddressSet.empty(), COARSE),
    )
    assert judged.widest.cover.missed == 1
    assert judged.widest.cover.texts() == ["192.0.0.0/30"]


def test_an_order_that_broke_the_constraints_may_do_better() -> None:
    targets, weight = neighbours(5)
    order = AddressSet.of("192.0.0.0")
    judged = judge_order(
        order, 1, targets, {"weight": weight}, "weight", Constraints(AddressSet.empty(), COARSE)
    )
    assert judged.by_unit["weight"].regret == -5
