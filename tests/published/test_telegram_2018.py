"""The addresses listed in April and May 2018, against an independent union and published totals.

The union is computed here, from the order table alone, with the standard ``csv``, ``datetime`` and
``ipaddress``; nothing of the simulator takes part in it.
"""

from datetime import datetime
from ipaddress import IPv4Network, collapse_addresses
from pathlib import Path

import duckdb
import pytest

from tests.csv_rows import csv_rows

MSK = "+03:00"
START = datetime.fromisoformat(f"2018-04-16T00:00{MSK}")
TOTALS = [
    # (instant, distinct addresses from then on, without the target's own)
    ("2018-04-16T16:00", 655_360),
    ("2018-04-16T19:30", 1_835_008),
    ("2018-04-17T16:45", 18_350_080),
    ("2018-04-17T22:00", 16_252_928),
    ("2018-04-20T12:00", 17_771_008),
    ("2018-04-25T16:00", 17_931_776),
    ("2018-04-28T17:00", 14_589_440),
    ("2018-05-08T17:00", 10_845_696),
    ("2018-05-19T21:00", 10_870_272),
]


def seed_rows(repository: Path, name: str) -> list[dict[str, str]]:
    return csv_rows(repository / "seeds" / f"{name}.csv")


def size_outside(networks: list[IPv4Network], own: list[IPv4Network]) -> int:
    """Distinct addresses of ``networks`` outside ``own``; two prefixes nest or are disjoint."""
    total = 0
    for network in collapse_addresses(networks):
        inside = [other for other in collapse_addresses(own) if other.subnet_of(network)]
        if not any(network.subnet_of(other) for other in own):
            total += network.num_addresses - sum(other.num_addresses for other in inside)
    return total


def union_over_time(repository: Path) -> list[tuple[int, int]]:
    """``(seconds since the start, distinct addresses)`` at each time at which the count changes."""
    own = [IPv4Network(row["prefix"]) for row in seed_rows(repository, "telegram-prefixes-2018")]
    rows = seed_rows(repository, "telegram-2018-orders")
    times = sorted({datetime.fromisoformat(row["effective"]) for row in rows})
    in_force: list[IPv4Network] = []
    curve = [(0, 0)]
    for time in times:
        for row in rows:
            if datetime.fromisoformat(row["effective"]) == time:
                network = IPv4Network(row["prefix"])
                if row["action"] == "block":
                    in_force.append(network)
                else:
                    in_force.remove(network)
        size = size_outside(in_force, own)
        if size != curve[-1][1]:
            curve.append((int((time - START).total_seconds()), size))
    return curve


def listed(run: Path, metric: str, replicate: int = 0) -> list[tuple[int, int]]:
    rows = duckdb.execute(
        f"SELECT t_s, value FROM '{run}/curves.parquet' WHERE metric = ? AND replicate = ? "
        "AND provider IS NULL AND sector IS NULL ORDER BY t_s",
        [metric, replicate],
    ).fetchall()
    return [(int(t_s), int(value)) for t_s, value in rows]


def value_at(curve: list[tuple[int, int]], t_s: int) -> int:
    return [value for time, value in curve if time <= t_s][-1]


@pytest.mark.parametrize(("instant", "addresses"), TOTALS)
def test_the_orders_add_up_to_the_totals_reconstructed_from_publications(
    repository, instant, addresses
):
    t_s = int((datetime.fromisoformat(f"{instant}{MSK}") - START).total_seconds())
    curve = union_over_time(repository)
    assert value_at(curve, t_s) == addresses
    assert value_at(curve, t_s - 1) != addresses  # it is this order that makes the total


def test_the_simulated_register_equals_the_union_at_every_change_point(
    shipped_single_run, repository
):
    expected = union_over_time(repository)
    assert len(expected) > 15
    assert listed(shipped_single_run, "addresses_listed") == expected


def test_luck_does_not_touch_the_register_when_times_are_best_estimates(shipped_run):
    assert listed(shipped_run, "addresses_listed", 0) == listed(shipped_run, "addresses_listed", 1)


def test_exact_published_totals_are_met_to_the_address(shipped_single_run, repository):
    """Totals published as exact sums: six prefixes on 16 April, 53 subnets on 20 April."""
    curve = listed(shipped_single_run, "addresses_listed")
    rows = {row["when"]: int(row["addresses"]) for row in seed_rows(
        repository, "telegram-2018-published-totals")}  # fmt: skip
    for when, published in [("2018-04-16T21:00+03:00", 1_835_008), ("2018-04-20", 17_771_008)]:
        assert rows[when] == published
        at = datetime.fromisoformat(when if "T" in when else f"{when}T23:59{MSK}")
        assert value_at(curve, int((at - START).total_seconds())) == published
