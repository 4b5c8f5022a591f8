"""What a scenario says to borrow every table that stands in for another country or time."""

from sim.scenario.library import shipped, table_names
from sim.scenario.tables.seeds import ANY, read_note


def _is_of_a_country(name: str) -> bool:
    note = read_note(shipped("seeds") / f"{name}.csv")
    return note is not None and note.country not in ("", ANY)


BORROWED = ", ".join(filter(_is_of_a_country, table_names()))
"""Names of all shipped tables that are of a country."""
BORROW = f"borrow=[{BORROWED}]"
"""The same as an override."""
