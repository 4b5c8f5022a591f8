"""Whom a business pays after it moved."""

import pytest

from sim.measure.moves import moves_of
from sim.scenario.reactions import Reactions
from tests.worlds import DAY, HOUR, Firm, Response, SmallWorld

BLOCK = ((0, "block", "0.0.0.0/0"),)  # wherever a business goes, it stays impaired
RULES = Reactions(
    responses="x",
    n_rounds=2,
    patience_median_h=1.0,
    patience_sigma=0.0,
    onboarding_slots=1,
    onboarding_h=2.0,
)


def hours(*kinds: str) -> tuple[int, float, float]:
    """Moves, hours away and hours domestic, of a business that is patient for one hour."""
    firm = Firm(patience_s=HOUR, responses=tuple(Response(kind, HOUR) for kind in kinds))
    small = SmallWorld(BLOCK, firms=(firm,), reactions=RULES, horizon_s=DAY)
    moves = moves_of(small.world(), small.run())
    return int(moves.n_moves[0]), float(moves.away_h[0]), float(moves.domestic_h[0])


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
