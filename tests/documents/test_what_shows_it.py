"""Each part of the model that is said to be built has a run, and a measure of it, that shows it."""

from __future__ import annotations

import csv
import re
from pathlib import Path

from sim.catalogue.measures import MEASURES
from sim.scenario.load import load_scenario
from sim.scenario.resolve import resolve

ELSEWHERE = {"Sites of an inventory", "Address families", "Chance"}
"""Parts that are shown by another file, a network of IPv6, or a command."""


def test_each_built_part_is_seen_in_a_measure_of_a_run(repository: Path) -> None:
    """By the runs whose numbers the golden files keep."""
    page = (repository / "docs/explanation/model.md").read_text(encoding="utf-8")
    table = page.partition("## What shows it")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", table, re.M)[2:]
    parts = [part for part, _, _ in rows]
    assert parts == re.findall(r"^## (.+) \[built\]$", page, re.M)
    known = set(MEASURES)
    seen = 0
    for part, scenario, measures in rows:
        if part in ELSEWHERE:
            continue
        golden = repository / "tests/golden/values" / f"{scenario.strip('`')}.csv"
        with golden.open(encoding="utf-8", newline="") as file:
            moved = {row["metric"] for row in csv.DictReader(file) if float(row["value"] or 0) > 0}
        named = set(re.findall("`([a-z_0-9]+)`", measures))
        assert named, part
        assert named <= known & moved, part
        seen += len(named)
    assert seen > 20


def test_what_switches_ipv6_on_is_taken() -> None:
    assert resolve(load_scenario("telegram-2018", ["ipv6={}"])).scenario.ipv6 is not None
