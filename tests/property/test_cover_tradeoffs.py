"""Trade-offs and regret against every subset of prefixes of a tiny universe."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.addresses.cover.regret import Constraints, judge_order
from sim.addresses.cover.tradeoff import trade_off, widest_within
from sim.addresses.cover.weights import Weights
from sim.addresses.sets.families import AddressSet
from tests.examples import n_examples
from tests.tiny_universe import (
    PART,
    UNITS,
    Case,
    cases,
    mask_of,
    membership,
    per_unit,
    subsets,
)

some = settings(max_examples=n_examples(60), deadline=None)


def outcomes(case: Case, n_rules: int) -> set[tuple[int, int]]:
    """Worth missed and collateral, in parts, of every allowed subset with at most so many rules."""
    _, units, count = subsets()
    is_fine = (count <= n_rules) & ((units & mask_of(case.protected)) == 0)
    blocked = np.unique(units[is_fine])
    worth = membership() @ case.only(per_unit(case.worths()), targets=True)
    collateral = membership() @ case.only(per_unit(case.ranges), targets=False)
    return set(
        zip((worth[-1] - worth)[blocked].tolist(), collateral[blocked].tolist(), strict=True)
    )


def hull(points: set[tuple[int, int]]) -> list[tuple[int, int]]:
    """Corners of the lower left hull, from the least missed to the least collateral."""
    corners: list[tuple[int, int]] = []
    for point in sorted(points):
        if corners and point[1] >= corners[-1][1]:
            continue
        while len(corners) > 1:
            (x0, y0), (x1, y1) = corners[-2:]
            if (x1 - x0) * (point[1] - y0) - (y1 - y0) * (point[0] - x0) > 0:
                break
            corners.pop()
        corners.append(point)
    return corners


def in_parts(number: float) -> int:
    return round(number * PART)


@some
@given(cases(priced=True, hosts=False), st.integers(1, 5))
def test_corners_are_those_of_all_subsets(case: Case, n_rules: int) -> None:
    case = Case(case.place, case.targets, case.ranges, case.protected, price=0, worth=case.worth)
    found = trade_off(
        case.prepare(),
        case.place.weights(case.ranges),
        n_rules,
        worth=case.place.weights(case.worths()),
    )
    assert found.is_complete
    corners = [(in_parts(c.missed), in_parts(c.collateral)) for c in found.corners]
    assert corners == hull(outcomes(case, n_rules))
    assert all(c.n_rules <= n_rules for c in found.corners)


@some
@given(cases(priced=True, hosts=False), st.integers(1, 5), st.integers(0, 20))
def test_widest_cover_is_within_the_limit_and_the_bound(
    case: Case, n_rules: int, limit: int
) -> None:
    case = Case(case.place, case.targets, case.ranges, case.protected, price=0, worth=case.worth)
    widest = widest_within(
        case.prepare(),
        case.place.weights(case.ranges),
        n_rules,
        limit,
        worth=case.place.weights(case.worths()),
    )
    within = [missed for missed, cost in outcomes(case, n_rules) if cost <= limit * PART]
    assert widest.cover.collateral <= limit
    assert (in_parts(widest.cover.missed), in_parts(widest.cover.collateral)) in outcomes(
        case, n_rules
    )
    assert Fraction(widest.missed_at_least) <= Fraction(min(within), PART) + Fraction(1, 10**9)
    assert in_parts(widest.cover.missed) >= min(within)


@some
@given(
    cases(priced=False, hosts=True),
    st.lists(st.integers(0, len(subsets()[0]).bit_length() - 2), min_size=1, max_size=4),
)
def test_regret_is_the_distance_to_the_best_of_all_subsets(case: Case, rules: list[int]) -> None:
    """An order of any prefixes, against covers of the targets it hit."""
    _, units, _ = subsets()
    blocked = int(np.bitwise_or.reduce([units[1 << rule] for rule in rules]))
    order = frozenset(unit for unit in UNITS if blocked >> unit & 1)
    constraints = Constraints(case.place.addresses(case.protected))
    judged = judge_order(
        case.place.addresses(order),
        len(set(rules)),
        case.place.addresses(case.targets),
        {"weight": case.place.weights(case.ranges)},
        "weight",
        constraints,
        worth=case.place.weights(case.worths()),
    )
    weight = per_unit(case.ranges)
    hit = case.targets & order
    regret = judged.by_unit["weight"]
    assert judged.covered == len(hit)
    assert judged.worth == len(case.targets)
    assert in_parts(regret.collateral) == weight[sorted(order - case.targets)].sum()
    beside = [
        Fraction(0) if u in case.targets else Fraction(int(w), PART) for u, w in enumerate(weight)
    ]
    _, all_units, count = subsets()
    fine = (count <= len(set(rules))) & ((all_units & mask_of(case.protected)) == 0)
    fine &= (all_units & mask_of(hit)) == mask_of(hit)
    masks = np.unique(all_units[fine]).tolist()
    if not masks or not hit:
        assert regret.best is None
        assert regret.regret is None
        assert regret.reason
    else:
        least = min(sum(beside[u] for u in UNITS if mask >> u & 1) for mask in masks)
        assert regret.best is not None
        assert regret.best.collateral == least
        assert regret.regret == regret.collateral - least
        if not order & case.protected:
            assert regret.regret >= 0
            assert judged.widest.cover.missed <= judged.worth - judged.covered
    assert judged.widest.cover.collateral <= regret.collateral
    assert judged.widest.missed_at_least <= judged.widest.cover.missed


def test_nothing_hit_is_said_so() -> None:
    judged = judge_order(
        AddressSet.of("192.0.2.0/24"),
        1,
        AddressSet.of("198.51.100.1"),
        {"weight": Weights.per_address()},
        "weight",
        Constraints(AddressSet.empty()),
    )
    assert judged.covered == 0
    assert judged.by_unit["weight"].reason == "the order covers no target"
    assert judged.widest.cover.texts() == ["198.51.100.1/32"]
