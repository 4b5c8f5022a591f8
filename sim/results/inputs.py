"""Tables of numbers that a run rests on, from the copies in its folder.

In: a run folder, and where the scenario names a table. Out: its rows; none where it names none.
Sets of addresses are of IPv4 alone, as in the maps.
"""

from __future__ import annotations

from collections.abc import Iterable

from sim.addresses.sets.intervals import IntervalSet
from sim.addresses.sets.line import IPV4
from sim.addresses.sets.notation import Prefix
from sim.results.read import RunFolder
from sim.scenario.tables.rows import TargetPrefixRow
from sim.scenario.tables.seeds import RowType, read_table


def input_rows(run: RunFolder, section: str, key: str, model: type[RowType]) -> tuple[RowType, ...]:
    """Rows of the table that a key of the scenario names.

    Raises
    ------
    DataError
        If the copy cannot be read.
    """
    name = (run.scenario.get(section) or {}).get(key)
    path = run.input_path(str(name)) if name else None
    return read_table(str(name), path, model).rows if path else ()


def read_target(run: RunFolder) -> IntervalSet:
    """The target's own addresses, from the copy of its table in the folder."""
    rows = input_rows(run, "target", "prefixes", TargetPrefixRow)
    return ipv4_set(row.prefix for row in rows)


def ipv4_set(prefixes: Iterable[Prefix]) -> IntervalSet:
    """The IPv4 addresses of some prefixes."""
    return IPV4.union(prefix for prefix in prefixes if prefix.version == 4)
