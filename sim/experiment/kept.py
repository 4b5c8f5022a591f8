"""Kept simulations as a table: draws that agree with the evidence of a scenario.

In: a table of numbers of draws. Out: the numbers, where the table is of the scenario as it is.
Nothing is simulated.

::

    draw        number of the draw, and of its chance, in the sequence of the root seed
    root_seed   root of the sequence, the same in all rows
    model       hash of the uncertain inputs, the other values and the tables
    evidence    hash of the evidence
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sim.errors import DataError, UsageError
from sim.results.manifest import canonical_json
from sim.scenario import library
from sim.scenario.resolve import Resolved
from sim.scenario.schema import scenario_tree
from sim.scenario.tables.rows import KeptRow
from sim.scenario.tables.seeds import MAX_PROBLEMS, read_table
from sim.scenario.unknowns import list_factors

PRIOR = "none"
"""In place of a table of kept simulations: every draw, whatever the evidence says."""
TABLE = "kept.csv"
MOST_BYTES = 2**24
ALL_ASKED = "asked for all draws"
NONE_KEPT = "none are kept of this scenario"
OTHER_SEED = "they are of another root seed"
OTHER_EVIDENCE = "they are of other evidence"
OTHER_MODEL = "they are of other inputs, values or tables"
REASONS = (ALL_ASKED, NONE_KEPT, OTHER_SEED, OTHER_EVIDENCE, OTHER_MODEL)
"""Why simulations are not those that are kept of a scenario."""
MOST_NAMED = 10
"""Mistakes of a table that are named."""
ASKED = {
    *("format", "name", "title", "description", "end", "root_seed", "n_replicates"),
    *("published", "experiment", "evidence", "provenance", "ordered_by", "purpose"),
}
"""Keys of a scenario on which no draw depends. What comes after the end moves nothing before it."""


COLUMNS = tuple(KeptRow.model_fields)


@dataclass(frozen=True)
class Kept:
    """A table of kept simulations.

    Attributes
    ----------
    file
        Where it was read, as given.
    draw
        Numbers of the draws, ascending.
    root_seed
        Root of the sequence.
    model, evidence
        Hashes of what they are of.
    """

    file: str
    draw: tuple[int, ...]
    root_seed: int
    model: str
    evidence: str

    def why_not(self, resolved: Resolved, root_seed: int) -> str:
        """Why they are not those of a scenario; empty where they are."""
        document = resolved.loaded.document
        # A run that is cut short may not reach all of the evidence.
        is_cut = document.is_replaced(("end",)) and not document.is_replaced(("evidence",))
        for name, ours, theirs in (
            (OTHER_SEED, root_seed, self.root_seed),
            (OTHER_MODEL, model_hash(resolved), self.model),
            (
                OTHER_EVIDENCE,
                self.evidence if is_cut else evidence_hash(resolved),
                self.evidence,
            ),
        ):
            if ours != theirs:
                return name
        return ""

    def first(self, n: int | None) -> tuple[int, ...]:
        """Return the first of them; all when left out.

        Raises
        ------
        UsageError
            If there are not so many.
        """
        if n is not None and n > len(self.draw):
            raise UsageError(
                f"{self.file}: expected at most {len(self.draw)} simulations, as many as are kept, "
                f"got {n}; overblock condition SCENARIO --keep {n} keeps more"
            )
        return self.draw[:n]


def model_hash(resolved: Resolved) -> str:
    """SHA-256 of all that a draw depends on but the evidence and the root seed."""
    beside = (resolved.rates, resolved.economy, resolved.totals, resolved.figures)
    drawn = [
        [
            *(one.key, one.scale, one.low, one.given, one.high),
            *(one.n_dials, one.is_whole, one.distribution),
        ]
        for one in list_factors(resolved)[0]
    ]
    tree = scenario_tree(resolved.scenario)
    values = {key: value for key, value in tree.items() if key not in ASKED}
    tables = sorted(
        [table.name, table.sha256]
        for table in resolved.tables
        if all(table is not one for one in beside)
    )
    return hashlib.sha256(canonical_json([drawn, values, tables]).encode()).hexdigest()


def evidence_hash(resolved: Resolved) -> str:
    """SHA-256 of the evidence of a scenario."""
    pieces = scenario_tree(resolved.scenario).get("evidence", [])
    return hashlib.sha256(canonical_json(pieces).encode()).hexdigest()


def kept_rows(resolved: Resolved, root_seed: int, draw: Sequence[int]) -> list[list[object]]:
    """Rows of the table of some draws."""
    hashes = model_hash(resolved), evidence_hash(resolved)
    return [[number, root_seed, *hashes] for number in draw]


def read_kept(path: Path) -> Kept:
    """Read a table of kept simulations, or that of a folder of ``overblock condition``.

    Raises
    ------
    DataError
        With the mistakes in it.
    """
    path = path / TABLE if path.is_dir() else path
    table = read_table(TABLE, path, KeptRow)
    first, last, problems = table.rows[0], -1, []
    for number, row in enumerate(table.rows):
        if row.draw <= last:
            message = f"expected a number of a draw above {last}, got {row.draw}"
            problems.append(table.problem(number, "draw", message))
        problems += [
            table.problem(number, key, "expected the same in all rows")
            for key in COLUMNS[1:]
            if getattr(row, key) != getattr(first, key)
        ]
        last = row.draw
    if problems:
        raise DataError(problems[:MAX_PROBLEMS])
    draw = tuple(row.draw for row in table.rows)
    return Kept(str(path), draw, first.root_seed, first.model, first.evidence)


def shipped_kept(resolved: Resolved) -> Kept | None:
    """Kept simulations that are shipped with a scenario; None for one that has none."""
    loaded, folder = resolved.loaded, library.shipped("scenarios")
    code = {table.name for table in resolved.code}
    is_shipped = loaded.folder.resolve() == folder.resolve() and not set(loaded.copies) - code
    return _shipped(resolved) if is_shipped else None


def is_shipped(resolved: Resolved, root_seed: int, draw: Sequence[int]) -> bool:
    """Whether some draws are the first of those that are shipped with the same scenario."""
    kept = _shipped(resolved)
    if kept is None or kept.why_not(resolved, root_seed):
        return False
    return tuple(draw) == kept.draw[: len(draw)]


def _shipped(resolved: Resolved) -> Kept | None:
    path = library.shipped("seeds") / "kept" / f"{resolved.scenario.name}.csv"
    return read_kept(path) if path.is_file() else None
