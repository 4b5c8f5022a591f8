"""The table of assumed values: what a key takes that a scenario leaves out.

In: nothing but the shipped table. Out: its rows. It does not know which of them a scenario takes.
"""

from __future__ import annotations

from pathlib import Path

from sim.scenario import library
from sim.scenario.tables.rows import AssumptionRow
from sim.scenario.tables.seeds import Table, read_table


def assumptions_path() -> Path:
    """Path of the table."""
    return library.shipped("seeds") / "assumptions.csv"


def read_assumptions() -> Table[AssumptionRow]:
    """Read the table."""
    return read_table("assumptions", assumptions_path(), AssumptionRow)


def assumed_by_key() -> dict[str, AssumptionRow]:
    """Rows by the key of the scenario that takes them."""
    return {row.key: row for row in read_assumptions().rows}
