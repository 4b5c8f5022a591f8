"""A national shutdown, from the table of orders to what is written about sites."""

from __future__ import annotations

import csv
from pathlib import Path

import duckdb
import pytest

from sim.api import run
from tests.sites import overrides

pytestmark = pytest.mark.laws

FOUR, SIX = "0.0.0.0/0", "::/0"
ON_IPV4 = {"shop.example", "two.example", "far.example"}


@pytest.mark.parametrize(
    ("prefixes", "down", "listed"),
    [
        # Whoever has IPv6 still reaches the site of both families, by its IPv6.
        ((FOUR,), ON_IPV4, {FOUR}),
        # The site of both families is reached by its IPv4.
        ((SIX,), {"six.example"}, {"2000::/3"}),
        ((FOUR, SIX), {*ON_IPV4, "six.example", "both.example"}, {FOUR, "2000::/3"}),
    ],
)
def test_a_shutdown_is_of_the_families_it_names(
    tmp_path: Path, prefixes: tuple[str, ...], down: set[str], listed: set[str]
) -> None:
    orders = (
        "effective,action,prefix",
        *(f"2018-04-16T10:00Z,block,{prefix}" for prefix in prefixes),
        *(f"2018-04-16T14:00Z,unblock,{prefix}" for prefix in prefixes),
    )
    asked = overrides(tmp_path, {"strategy.orders": orders})
    run("telegram-2018-replay", set=asked, folder=tmp_path / "run", n_simulations=1, fixed=True)
    with (tmp_path / "run/sites.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["operator"] == "a"]
    # This operator enforces at once. Sites that meet nothing have no row.
    hours = {row["site"]: float(row["down_h"]) for row in rows}
    assert {site: spent for site, spent in hours.items() if spent} == dict.fromkeys(down, 4.0)
    entries = duckdb.execute(f"SELECT prefix FROM '{tmp_path}/run/entries.parquet'").fetchall()
    assert {prefix for (prefix,) in entries} == listed
