"""Whom a business pays after it moved."""

from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest

from sim.engine.eventlog import Kind
from sim.measure.money.losses import Moves, Stretches, moves_of
from tests.sections import Reactions
from tests.worlds import AT_HOME, DAY, FIRST, HOUR, Firm, Response, SmallWorld

BLOCK = ((0, "block", "0.0.0.0/0"),)  # wherever a business goes, it stays impaired
RULES = Reactions(
    responses="x",
    n_rounds=2,
    patience_median_h=1.0,
    patience_sigma=0.0,
    onboarding_slots=1,
    onboarding_h=2.0,
)


def moves_after(*responses: Response) -> tuple[SmallWorld, Moves]:
    """What a business did that is patient for one hour."""
    firm = Firm(patience_s=HOUR, responses=responses)
    rules = RULES.model_copy(update={"n_rounds": max(2, len(responses))})
    small = SmallWorld(BLOCK, firms=(firm,), reactions=rules, horizon_s=DAY)
    return small, moves_of(small.world(), small.run())


def hours(*kinds: str) -> tuple[int, float, float]:
    """Moves, hours away and hours domestic, of a business that is patient for one hour."""
    _, moves = moves_after(*(Response(kind, HOUR) for kind in kinds))
    is_domestic = moves.is_domestic[moves.stays.provider_row]
    away_h = float(moves.stays.hours.sum())
    return int(moves.n_moves[0]), away_h, float(moves.stays.hours[is_domestic].sum())


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        # Patience ends after an hour, a move takes one; the second round likewise.
        (("foreign", "same"), (2, 22.0, 0.0)),
        (("same", "foreign"), (2, 20.0, 0.0)),
        (("wait", "foreign"), (1, 21.0, 0.0)),
        (("wait", "wait"), (0, 0.0, 0.0)),
        (("proxy", "same"), (2, 0.0, 0.0)),
        # A domestic provider takes two hours more to take the business on.
        (("domestic", "same"), (2, 20.0, 20.0)),
        (("domestic", "foreign"), (2, 20.0, 2.0)),
        (("foreign", "domestic"), (2, 22.0, 18.0)),
    ],
)
def test_the_bill_goes_to_whom_the_business_moved(kinds, expected):
    assert hours(*kinds) == expected


def rows_of(small: SmallWorld, stretches: Stretches) -> list[tuple[str, float]]:
    names = small.world().places.provider
    pairs = zip(stretches.provider_row.tolist(), stretches.hours.tolist(), strict=True)
    return [(names[row], hours) for row, hours in pairs]


def test_a_move_back_to_the_first_provider_ends_the_time_away():
    small, moves = moves_after(
        Response("domestic", HOUR), Response("foreign", HOUR, provider=FIRST), Response("same")
    )
    # There from hour 4 to hour 6; then the clock of patience starts anew.
    assert rows_of(small, moves.stays) == [(AT_HOME, 2.0)]
    assert rows_of(small, moves.left) == [(FIRST, 2.0), (AT_HOME, 18.0)]


def test_other_addresses_of_the_provider_it_moved_to_leave_nobody():
    small, moves = moves_after(Response("foreign", HOUR), Response("same", HOUR))
    assert rows_of(small, moves.stays) == [("abroad-0", 2.0), ("abroad-0", 20.0)]
    assert rows_of(small, moves.left) == [(FIRST, 22.0)]


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        (("wait", "wait"), 0.0),
        (("same", "proxy"), 2300.0),
        (("foreign", "domestic"), 15_000.0),
        (("foreign", "foreign", "foreign", "foreign"), 20_000.0),
    ],
)
def test_every_response_costs_what_its_kind_costs(kinds, expected):
    _, moves = moves_after(*(Response(kind, HOUR) for kind in kinds))
    assert moves.cost_usd.tolist() == [expected]


@pytest.mark.parametrize("seed", range(20))
def test_bills_are_those_of_each_business_followed_by_itself(seed):
    """Against one business after the other, in plain Python, over random events."""
    luck = np.random.default_rng(seed)
    n, n_events, horizon_s = 4, 24, 100 * HOUR
    home = luck.integers(0, 3, n)
    kind = luck.choice([Kind.MOVED, Kind.MOVED, Kind.BLOCK], n_events)
    t_s = np.sort(luck.choice(horizon_s, n_events, replace=False))
    who, payee = luck.integers(0, n, n_events), luck.integers(0, 4, n_events)
    places = SimpleNamespace(provider_row=np.array([2, 0, 1]), provider=("a", "b", "c", "d"))
    n_responses, cost_usd = luck.integers(0, 5, (n, 2)), np.array([100.0, 7.0])
    moves = SimpleNamespace(
        response=np.zeros((n, n_events)), cost_usd=cost_usd, is_domestic=np.zeros(4, np.bool_)
    )
    world = SimpleNamespace(
        businesses=SimpleNamespace(n_businesses=n, home_place_row=home),
        places=places, moves=moves, horizon_s=horizon_s,
    )  # fmt: skip
    events = SimpleNamespace(kind=kind, t_s=t_s, business_row=who, provider_row=payee)
    found = moves_of(world, SimpleNamespace(events=events, n_responses=n_responses))
    stays, left, n_moves = [], [], []
    for business in range(n):
        first = int(places.provider_row[home[business]])
        mine = [
            (int(t), int(to))
            for t, one, of, to in zip(t_s, who, kind, payee, strict=True)
            if one == business and of == Kind.MOVED
        ]
        n_moves.append(len(mine))
        paid = [(0, first), *mine, (horizon_s, -1)]
        for (since, at), (until, to) in pairwise(paid):
            if at != first:
                stays.append((business, at, (until - since) / HOUR))
            if to not in (at, -1):
                back = [t for t, again in mine if t > until and again == at]
                left.append((business, at, (min([*back, horizon_s]) - until) / HOUR))
    for stretches, expected in ((found.stays, stays), (found.left, left)):
        columns = (stretches.business_row, stretches.provider_row, stretches.hours)
        assert list(zip(*(one.tolist() for one in columns), strict=True)) == expected
    assert found.n_moves.tolist() == n_moves
    assert found.cost_usd.tolist() == [100.0 * a + 7.0 * b for a, b in n_responses.tolist()]
    assert found.first_row.tolist() == [[2, 0, 1][one] for one in home]
