"""Shares of users and of operators that enforce, by hand and beside a count event by event."""

from fractions import Fraction

import numpy as np
import pytest

from sim.engine.eventlog import Kind
from sim.engine.orders import Mechanism
from sim.engine.record.outcome import Outcome
from sim.engine.state.tally import Group
from sim.measure.uptake import with_uptake
from tests.chases import STRATEGIES, chase_world, run
from tests.crowded import crowded_world
from tests.worlds import Actor, Dated, SmallWorld

ALPHA, BETA = ("192.0.2.0/24",), ("198.51.100.0/24",)
NAMES = tuple(
    f"{who}_{what}_share"
    for who in ("users", "operators")
    for what in ("enforcing", "enforcing_entry")
)


def curves_of(
    small: SmallWorld, outcome: Outcome | None = None
) -> dict[str, list[tuple[int, float]]]:
    curves = with_uptake(small.world(), outcome or small.run()).curves
    found = {}
    for name in NAMES:
        t_s, value = curves.points(name, Group())
        found[name] = list(zip(t_s.tolist(), value.tolist(), strict=True))
    return found


def test_any_entry_and_the_mean_entry_by_users_and_by_operators():
    # The first drops both entries, the second none of them, the third, late, the first one alone.
    small = SmallWorld(
        orders=(
            Dated(10, "block", ALPHA),
            Dated(20, "block", BETA),
            Dated(40, "unblock", BETA),
            Dated(60, "unblock", ALPHA),
        ),
        actors=(
            Actor(0.5, release_lag_s=7),
            Actor(0.25, compliance=0.0, stands_for=5),
            Actor(0.25, apply_lag_s=25, stands_for=2),
        ),
        horizon_s=100,
    )
    found = curves_of(small)
    # The third would drop the second entry from 45 on, which is listed until 40.
    assert found["users_enforcing_share"] == [(0, 0), (10, 0.5), (35, 0.75), (60, 0.5), (67, 0)]
    assert found["users_enforcing_entry_share"] == [
        (0, 0),
        (10, 0.5),
        (35, 0.625),
        (40, 0.75),
        (60, 0),
    ]
    first, third = 1 / 8, 2 / 8
    assert found["operators_enforcing_share"] == [
        (0, 0), (10, first), (35, first + third), (60, first), (67, 0)
    ]  # fmt: skip
    assert found["operators_enforcing_entry_share"] == [
        (0, 0), (10, first), (35, first + third / 2), (40, first + third), (60, 0)
    ]  # fmt: skip


def test_denominators_are_operators_and_users_have_none():
    small = SmallWorld(actors=(Actor(0.5), Actor(0.5, stands_for=41)), horizon_s=10)
    series = with_uptake(small.world(), small.run()).curves.series[-4:]
    assert [one.metric for one in series] == list(NAMES)
    assert [one.denominator for one in series[2:]] == [42, 42]
    assert np.isnan([one.denominator for one in series[:2]]).all()


def test_exempting_entries_count_as_none():
    small = SmallWorld(
        orders=(Dated(10, "block", ALPHA, "exempt"), Dated(30, "block", BETA)), horizon_s=60
    )
    found = curves_of(small)
    assert found["users_enforcing_entry_share"] == [(0, 0), (30, 1)]
    assert found["users_enforcing_share"] == [(0, 0), (30, 1)]


def naive(small: SmallWorld, outcome: Outcome) -> dict[str, list[tuple[int, float]]]:
    """Count again after every event, with sets."""
    log = outcome.events
    whole = sum(actor.stands_for for actor in small.actors)
    weights = {
        "users": [Fraction(actor.share) for actor in small.actors],
        "operators": [Fraction(actor.stands_for, whole) for actor in small.actors],
    }
    in_force: set[int] = set()
    enforced: list[set[int]] = [set() for _ in small.actors]
    states = {0: [Fraction(0)] * 4}
    rows = zip(log.t_s.tolist(), log.kind.tolist(), log.operator_row.tolist(),
               log.entry_row.tolist(), strict=True)  # fmt: skip
    for t_s, kind, operator, entry in rows:
        if entry < 0 or outcome.entry_mechanism[entry] is Mechanism.EXEMPT:
            continue
        if kind == Kind.BLOCK:
            in_force.add(entry)
        elif kind == Kind.UNBLOCK:
            in_force.discard(entry)
        elif kind == Kind.ENFORCED:
            enforced[operator].add(entry)
        elif kind == Kind.RELEASED:
            enforced[operator].remove(entry)
        states[t_s] = [
            value
            for weight in weights.values()
            for value in (
                sum(w for w, held in zip(weight, enforced, strict=True) if held),
                sum(w * len(held & in_force) for w, held in zip(weight, enforced, strict=True))
                / max(1, len(in_force)),
            )
        ]
    found: dict[str, list[tuple[int, float]]] = {name: [] for name in NAMES}
    for t_s, values in states.items():
        for name, value in zip(NAMES, values, strict=True):
            if not found[name] or found[name][-1][1] != value:
                found[name].append((t_s, value))
    return found


@pytest.mark.parametrize("world", [chase_world, crowded_world])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_count_after_every_event_agrees(world, seed):
    small = world(seed, "aggregate") if world is crowded_world else world(seed)
    outcome = run(small, STRATEGIES["aggregate"])
    found, expected = curves_of(small, outcome), naive(small, outcome)
    assert max(len(points) for points in expected.values()) > 10
    for name in NAMES:
        assert len(expected[name]) > 2, name
        assert [t_s for t_s, _ in found[name]] == [t_s for t_s, _ in expected[name]], name
        values = [float(value) for _, value in expected[name]]
        np.testing.assert_allclose([value for _, value in found[name]], values, rtol=1e-12)
