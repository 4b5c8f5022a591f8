"""What a scenario says to borrow every table that stands in for another country or time."""

from sim.scenario.library import shipped, table_names
from sim.scenario.tables.seeds import ANY, read_note

_NOTES = {name: read_note(shipped("seeds") / f"{name}.csv") for name in table_names()}
BORROWED = ", ".join(
    name for name, note in _NOTES.items() if note and note.country not in ("", ANY)
)
"""Names of all shipped tables that are of a country."""
BORROW = f"borrow=[{BORROWED}]"
"""The same as an override."""
