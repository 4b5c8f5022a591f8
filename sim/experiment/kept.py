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

import csv
import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sim.errors import DataError, Problem, UsageError
from sim.experiment.draws import MOST_DRAWS
from sim.results.manifest import canonical_json
from sim.scenario import library
from sim.scenario.dump import scenario_tree
from sim.scenario.resolve import Resolved
from sim.scenario.unknowns import list_factors

COLUMNS = ("draw", "root_seed", "model", "evidence")
PRIOR = "none"
"""In place of a table of kept simulations: every draw, whatever the evidence says."""
TABLE = "kept.csv"
MOST_BYTES = 2**24
MOST_NAMED = 10
"""Mistakes of a table that are named."""
ASKED = {
    *("format", "name", "title", "description", "end", "root_seed", "n_replicates", "n_draws"),
    *("published", "experiment", "evidence", "provenance", "ordered_by", "purpose"),
}
"""Keys of a scenario on which no draw depends. What comes after the end moves nothing before it."""


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
            ("another root seed", root_seed, self.root_seed),
            ("other inputs, values or tables", model_hash(resolved), self.model),
            ("other evidence", self.evidence if is_cut else evidence_hash(resolved), self.evidence),
        ):
            if ours != theirs:
                return f"they are of {name}"
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
    name = str(path)
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
        rows = list(csv.reader(io.StringIO(data.decode("utf-8"))))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        message = f"expected a readable table of kept simulations, got an error: {error}"
        raise DataError([Problem(name, message)]) from None
    if len(data) > MOST_BYTES:
        raise DataError([Problem(name, f"expected at most {MOST_BYTES} bytes, got more")])
    if not rows or tuple(rows[0]) != COLUMNS:
        got = ", ".join(rows[0]) if rows else "nothing"
        message = f"expected the columns {', '.join(COLUMNS)}, got {got}"
        raise DataError([Problem(name, message, 1, 1)])
    if len(rows) == 1:
        raise DataError([Problem(name, "expected at least one simulation, got none", 2, 1)])
    problems: list[Problem] = []
    draw: list[int] = []
    for line, row in enumerate(rows[1:], 2):
        problems += _mistakes(name, line, row, draw[-1] if draw else -1, rows[1])
        if problems:
            break
        draw.append(int(row[0]))
    if problems:
        raise DataError(problems[:MOST_NAMED])
    return Kept(name, tuple(draw), int(rows[1][1]), rows[1][2], rows[1][3])


def shipped_kept(resolved: Resolved) -> Kept | None:
    """Kept simulations that are shipped with a scenario; None for one that has none."""
    path = library.shipped("seeds") / "kept" / f"{resolved.scenario.name}.csv"
    loaded, folder = resolved.loaded, library.shipped("scenarios")
    is_shipped = loaded.folder.resolve() == folder.resolve() and not loaded.copies
    return read_kept(path) if is_shipped and path.is_file() else None


def _mistakes(
    name: str, line: int, row: Sequence[str], last: int, first: Sequence[str]
) -> list[Problem]:
    if len(row) != len(COLUMNS):
        return [Problem(name, f"expected {len(COLUMNS)} cells, got {len(row)}", line, 1)]
    checks = (
        (_is_whole(row[0], last + 1, MOST_DRAWS - 1), f"a number of a draw above {last}"),
        (_is_whole(row[1], 0, 2**63 - 1) and row[1] == first[1], "one root seed in all rows"),
        (len(row[2]) == 64 and row[2] == first[2], "one hash of the model in all rows"),
        (len(row[3]) == 64 and row[3] == first[3], "one hash of the evidence in all rows"),
    )
    return [
        Problem(name, f"expected {expected}, got {cell!r}", line, place, column)
        for place, (cell, column, (is_right, expected)) in enumerate(
            zip(row, COLUMNS, checks, strict=True), 1
        )
        if not is_right
    ]


def _is_whole(text: str, low: int, high: int) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 20 and low <= int(text) <= high
