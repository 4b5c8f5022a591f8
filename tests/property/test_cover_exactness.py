"""Covers of least cost against every subset of prefixes of a tiny universe."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sim.addresses.cover.frontier import find_covers
from sim.addresses.cover.tree import Targets
from sim.addresses.cover.weights import Weights
from sim.addresses.sets.families import AddressSet
from sim.addresses.sets.intervals import IntervalSet
from sim.addresses.sets.intervals6 import IntervalSet6
from sim.errors import UsageError
from tests.examples import n_examples
from tests.tiny_universe import DEPTH, N_UNITS, PART, PLACES, UNITS, Case, cases, per_unit


def check(case: Case) -> None:
    """Compare every point of the frontier, and every cover behind it, with the enumeration."""
    best = case.best()
    if best[-1] is None:
        with pytest.raises(UsageError, match="protected"):
            case.prepare()
        return
    targets = case.prepare()
    options = {"breadth": Weights.per_address() if case.has_breadth else None}
    weights = case.place.weights(case.ranges)
    possible = [k for k, option in enumerate(best) if option is not None]
    if possible[0] > 1:
        with pytest.raises(UsageError, match=f"at least {possible[0]} rules"):
            find_covers(targets, weights, possible[0] - 1, **options)
    frontier = find_covers(targets, weights, N_UNITS, **options)
    assert frontier.n_rules[0] == possible[0]
    assert np.all(np.diff(frontier.collateral.astype(float)) <= 0)
    is_exact = frontier.collateral.dtype != np.float64
    weight = per_unit(case.ranges)
    few = find_covers(targets, weights, max(possible[0], 2), **options)
    assert few.collateral.tolist() == frontier.collateral[: few.collateral.size].tolist()
    assert few.saved_by_next.tolist() == frontier.saved_by_next[: few.collateral.size].tolist()
    for k in range(possible[0], N_UNITS + 1):
        row = min(k - possible[0], frontier.n_rules.size - 1)
        cover = frontier.cover(k)
        units = [case.place.units(text) for text in cover.texts()]
        blocked = frozenset().union(*units)
        assert sum(map(len, units)) == len(blocked), "rules overlap"
        assert not blocked & case.protected
        assert all(
            case.limits[0] <= DEPTH - len(own).bit_length() + 1 <= case.limits[1] for own in units
        )
        collateral = weight[sorted(blocked - case.targets)].sum()
        assert case.targets <= blocked
        cost, n_fewest = best[k]
        assert collateral == cost
        assert cover.n_rules == n_fewest == frontier.n_used[row]
        for got, parts in (
            (cover.collateral, collateral),
            (frontier.collateral[row], collateral),
            (frontier.saved_by_next[row], cost - best[min(k + 1, N_UNITS)][0]),
        ):
            if is_exact:
                assert got * PART == parts
            else:
                assert float(got) == pytest.approx(parts / PART, rel=1e-9, abs=1e-9)


many = settings(max_examples=n_examples(60), deadline=None)


@many
@given(cases(hosts=True))
@example(Case(PLACES["whole space"], frozenset(UNITS), [(0, 8, 8)], limits=(1, 1)))
def test_covers_with_hosts_is_the_best_of_all_subsets(case: Case) -> None:
    check(case)


@many
@given(cases(hosts=False))
@example(Case(PLACES["IPv6 hosts"], frozenset({0, 7}), [(0, 8, 1), (1, 3, 7)]))
def test_covers_with_shared_ranges_is_the_best_of_all_subsets(case: Case) -> None:
    check(case)


@settings(max_examples=n_examples(40), deadline=None)
@given(st.lists(st.tuples(st.sampled_from(UNITS), st.integers(1, N_UNITS)), min_size=1))
def test_nested_and_repeated_targets_change_nothing(bounds: list[tuple[int, int]]) -> None:
    """Targets given as overlapping ranges are the union of what they hold."""
    place = PLACES["networks"]
    units = frozenset(u for low, n in bounds for u in range(low, min(low + n, N_UNITS)))
    edges = [place.bounds(low, min(low + n, N_UNITS)) for low, n in bounds]
    nested = IntervalSet.from_bounds([e[0] for e in edges], [e[1] for e in edges])
    targets = Targets.prepare(AddressSet(nested, IntervalSet6.empty()))
    frontier = find_covers(targets, Weights.per_address(), N_UNITS)
    best = Case(place, units, [(0, 8, 8 * place.unit)]).best()
    assert frontier.collateral.tolist() == [best[k][0] // PART for k in frontier.n_rules]
