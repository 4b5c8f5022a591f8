"""Weighted draws as a table: what a calibration leaves of the draws of a scenario.

In: a table of numbers of draws and weights. Out: the draws, laid again from the same sequence;
refused where the scenario has other unknowns than those the table was made of. Nothing is
simulated. It is one file, since whoever reads, writes or lays them again has to know these columns.

::

    draw        number of the draw in the sequence of the root seed
    weight      its weight; weights sum to 1
    root_seed   root of the sequence, the same in all rows
    unknowns    hash of the unknowns that were drawn, the same in all rows
"""

from __future__ import annotations

import csv
import hashlib
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.errors import DataError, Problem
from sim.experiment.draws import MOST_DRAWS, Draws, lay_dials, lay_draws, unknowns_of
from sim.files import parse_json
from sim.results.csvtext import csv_text
from sim.results.manifest import canonical_json
from sim.scenario import library
from sim.scenario.resolve import Resolved
from sim.scenario.unknowns import Factor, joint_amounts
from sim.scenario.variants import Variant, own_variant
from sim.statistics.ensembles import effective_size

COLUMNS = ("draw", "weight", "root_seed", "unknowns")
UNWEIGHTED = "none"
"""In place of a table of weighted draws: every draw counts alike, whatever figures say."""
MOST_BYTES = 2**27
MOST_SAID = 10
"""Most mistakes of a table that are named."""


@dataclass(frozen=True, eq=False)
class WeightedDraws:
    """A table of weighted draws.

    Attributes
    ----------
    file
        Where it was read, as given.
    data
        Its bytes.
    draw, weight : shape (n,)
        Numbers of draws, ascending, and weights, which sum to 1.
    root_seed
        Root of the sequence.
    unknowns
        Hash of the unknowns.
    """

    file: str
    data: bytes
    draw: NDArray[np.int64]
    weight: NDArray[np.float64]
    root_seed: int
    unknowns: str

    @property
    def sha256(self) -> str:
        """Hash of the table."""
        return hashlib.sha256(self.data).hexdigest()


def copy_of(sha256: str) -> str:
    """Name of a table's copy in a run folder."""
    return f"inputs/weighted-draws-{sha256[:8]}.csv"


def with_table(asked: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Return what was asked, with the table of draws that lies in a folder, where there is one.

    Raises
    ------
    DataError
        If it cannot be read.
    KeyError, TypeError, AttributeError
        If ``asked`` has another form.
    """
    draws = asked.get("draws") or {}
    if "from" not in draws:
        return dict(asked)
    table = read_weighted_draws(folder / copy_of(draws["from"]))
    return {**asked, "draws": {**draws, "table": table}}


def unknowns_hash(unknowns: Sequence[Factor]) -> str:
    """SHA-256 of what is drawn, in its order, and how it is drawn from which range."""
    drawn = [
        [
            *(one.key, one.scale, one.low, one.given, one.high),
            *(one.n_dials, one.is_whole, one.distribution),
        ]
        for one in unknowns
    ]
    return hashlib.sha256(canonical_json(drawn).encode()).hexdigest()


def weighted_rows(draws: Draws, root_seed: int, weight: NDArray[np.float64]) -> list[list[object]]:
    """Rows of the table, of draws that weigh something.

    Parameters
    ----------
    draws
        Draws from the declared ranges.
    weight : shape (draws.n,)
        What each weighs.
    """
    told = [float(f"{one:.9g}") for one in weight.tolist()]
    unknowns = unknowns_hash(draws.unknowns)
    return [[draw, one, root_seed, unknowns] for draw, one in enumerate(told) if one > 0]


def weighted_text(rows: Sequence[Sequence[object]]) -> str:
    """Return the table as CSV."""
    return csv_text(COLUMNS, rows)


def read_weighted_draws(path: Path, name: str = "") -> WeightedDraws:
    """Read a table of weighted draws.

    Parameters
    ----------
    name
        What to call the file in errors; its path when left out.

    Raises
    ------
    DataError
        With every mistake in it.
    """
    name = name or str(path)
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
        rows = list(csv.reader(io.StringIO(data.decode("utf-8"))))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        message = f"expected a readable table of weighted draws, got an error: {error}"
        raise DataError([Problem(name, message)]) from None
    if len(data) > MOST_BYTES:
        raise DataError([Problem(name, f"expected at most {MOST_BYTES} bytes, got more")])
    if not rows or tuple(rows[0]) != COLUMNS:
        got = ", ".join(rows[0]) if rows else "nothing"
        message = f"expected the columns {', '.join(COLUMNS)}, got {got}"
        raise DataError([Problem(name, message, 1, 1)])
    if len(rows) == 1:
        raise DataError([Problem(name, "expected at least one draw that weighs something", 2, 1)])
    problems: list[Problem] = []
    draws: list[int] = []
    weights: list[float] = []
    for line, row in enumerate(rows[1:], 2):
        last = draws[-1] if draws else -1
        problems += _mistakes(name, line, row, last, rows[1])
        if not problems:
            draws.append(int(row[0]))
            weights.append(float(row[1]))
    if problems:
        raise DataError(problems[:MOST_SAID])
    weight = np.array(weights)
    return WeightedDraws(
        name,
        data,
        np.array(draws, np.int64),
        weight / weight.sum(),
        int(rows[1][2]),
        rows[1][3],
    )


def shipped_draws(resolved: Resolved) -> WeightedDraws | None:
    """Weighted draws that runs of a shipped scenario take, if they are of its unknowns as they are.

    None for a scenario that is not shipped, for one whose settings fix an unknown or bring in
    another, as no figure has weighed those, and where a table is shipped to be scored alone.
    """
    loaded, folder = resolved.loaded, library.shipped("scenarios")
    path = shipped_table(resolved.scenario.name)
    is_shipped = loaded.folder.resolve() == folder.resolve() and not loaded.copies
    if not is_shipped or not path.is_file() or not is_taken(path):
        return None
    table = read_weighted_draws(path)
    known, _ = unknowns_of([own_variant(resolved)])
    return table if unknowns_hash(known) == table.unknowns else None


def is_taken(path: Path) -> bool:
    """Whether runs take a shipped table unasked: what lies beside it says so, and why not."""
    about = path.with_suffix(".json")
    return not (about.is_file() and parse_json(about.read_text("utf-8"))["why_not_taken"])


def shipped_table(scenario: str) -> Path:
    """Where the weighted draws of a shipped scenario are, if it has any."""
    return library.shipped("seeds") / "draws" / f"{scenario}.csv"


def effective_draws(table: WeightedDraws, n_draws: int) -> float:
    """How many draws of equal weight say as much as ``n_draws`` that a run takes of a table."""
    weight = table.weight
    if n_draws < table.draw.size:
        _, weight = _picked(weight, n_draws)
    return effective_size(weight)


def _picked(weight: NDArray[np.float64], n: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Rows that n picks by weight meet, in the sequence they are met first, and how often each is.

    Picks are evenly spread by the sequence of van der Corput: more picks only add.
    """
    from scipy.stats import qmc  # slow to import, and only this needs it

    place = qmc.Halton(1, scramble=False).random(n)[:, 0]
    ends = np.cumsum(weight) / weight.sum()
    met = np.minimum(np.searchsorted(ends, place, side="right"), weight.size - 1)
    row, first, times = np.unique(met, return_index=True, return_counts=True)
    order = np.argsort(first)
    return row[order], times[order].astype(np.float64)


def _mistakes(
    name: str, line: int, row: Sequence[str], last: int, first: Sequence[str]
) -> list[Problem]:
    if len(row) != len(COLUMNS):
        return [Problem(name, f"expected {len(COLUMNS)} cells, got {len(row)}", line, 1)]
    found = []
    checks = (
        (_whole(row[0], last + 1, MOST_DRAWS - 1), f"a number of a draw above {last}"),
        (_is_weight(row[1]), "a weight above 0"),
        (_whole(row[2], 0, 2**63 - 1) and row[2] == first[2], "one root seed in all rows"),
        (len(row[3]) == 64 and row[3] == first[3], "one hash of the unknowns in all rows"),
    )
    cells = zip(row, COLUMNS, checks, strict=True)
    for place, (cell, column, (is_right, expected)) in enumerate(cells, 1):
        if not is_right:
            found.append(Problem(name, f"expected {expected}, got {cell!r}", line, place, column))
    return found


def _whole(text: str, low: int, high: int) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 20 and low <= int(text) <= high


def _is_weight(text: str) -> bool:
    try:
        weight = float(text)
    except ValueError:
        return False
    return math.isfinite(weight) and weight > 0


def lay_weighted(
    variants: Sequence[Variant],
    resolved: Resolved,
    table: WeightedDraws,
    root_seed: int,
    n_draws: int | None = None,
) -> Draws:
    """Lay the draws of a table again.

    Parameters
    ----------
    variants
        The scenario under each of the strategies.
    resolved
        The scenario under its own: what the table was made of.
    root_seed
        Of the unknowns that the table does not have: those of rules of other strategies.
    n_draws
        How many are picked by weight: one that is picked twice counts twice. All as they weigh when
        left out, or where the table has no more.

    Raises
    ------
    DataError
        If the scenario has other unknowns than those the table was made of.
    """
    base = own_variant(resolved)
    known, _ = unknowns_of([base])
    if (ours := unknowns_hash(known)) != table.unknowns:
        message = (
            f"expected draws of the {len(known)} unknowns of {resolved.scenario.name} as they are "
            f"here ({ours[:12]}…), got draws of others ({table.unknowns[:12]}…)"
        )
        raise DataError([Problem(table.file, message, 2, 4, "unknowns")])
    draw, weight = table.draw, table.weight
    if n_draws is not None and n_draws < draw.size:
        row, weight = _picked(weight, n_draws)
        draw = draw[row]
    laid = lay_draws([base], int(draw.max()) + 1, table.root_seed)
    amounts = {factor.key: amount[draw] for factor, amount in zip(known, laid.amounts, strict=True)}
    unknowns, own = unknowns_of(variants)
    others = [factor for factor in unknowns if factor.key not in amounts]
    if others:
        found = joint_amounts(variants[0].resolved, others, lay_dials(others, draw.size, root_seed))
        amounts |= {factor.key: one for factor, one in zip(others, found, strict=True)}
    return Draws(
        unknowns,
        tuple(amounts[factor.key] for factor in unknowns),
        weight / weight.sum(),
        own,
        table.sha256,
    )
