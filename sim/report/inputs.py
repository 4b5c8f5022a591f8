"""Tables of numbers that a run rests on, from the copies in its folder.

In: a run folder, and where the scenario names a table. Out: its rows; none where it names none.
"""

from __future__ import annotations

from sim.results.read import RunFolder
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
