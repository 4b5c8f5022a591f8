"""Businesses by how much of their demand failed at once, by hand."""

from sim.measure.groups import is_above
from tests.worlds import Actor, Dated, Firm, SmallWorld

HERE, THERE, FREE = "192.0.2.7", "198.51.100.7", "203.0.113.7"


def small(**changes: object) -> SmallWorld:
    values: dict[str, object] = {
        "orders": (
            Dated(100, "block", (f"{HERE}/32",)),
            Dated(200, "unblock", (f"{HERE}/32",)),
            Dated(300, "block", (f"{THERE}/32",)),
        ),
        "actors": (Actor(0.5), Actor(0.25), Actor(0.25, compliance=0.0)),
        "firms": (
            Firm((HERE,) * 5),
            Firm((FREE, HERE, FREE, FREE, THERE), weights=(1.0, 0.5, 0.0, 0.0, 0.25)),
            Firm((FREE,) * 5),
            Firm((THERE,) * 5, weights=(0.125, 0.0, 0.0, 0.0, 0.0)),
        ),
        "horizon_s": 1000,
    }
    return SmallWorld(**(values | changes))


def test_the_worst_moment_of_each_business() -> None:
    found = small().run().ledger.worst_share.tolist()
    # Entries do not overlap in time: the second firm's worst is the larger of the two.
    assert found == [0.75, 0.75 * 0.5, 0.0, 0.75 * 0.125]


def test_what_lasts_no_second_does_not_count() -> None:
    late = small(orders=(Dated(1000, "block", (f"{HERE}/32",)),))
    assert not late.run().ledger.worst_share.any()
    at_the_end = small(orders=(Dated(999, "block", (f"{HERE}/32",)),))
    assert at_the_end.run().ledger.worst_share[0] == 0.75


def test_counts_fall_with_the_share() -> None:
    outcome = small().run()
    found = [int(is_above(outcome, share).sum()) for share in (0.01, 0.1, 0.3, 0.5, 0.9)]
    assert found == [3, 2, 2, 1, 0]
