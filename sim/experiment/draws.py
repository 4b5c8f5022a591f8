"""Joint draws of all uncertain inputs of a scenario, and tables of draws that are kept.

Every strategy gets the same draws. Draw 5 is the same whether ten are drawn or a thousand.
Nothing is simulated here. A table of kept draws has the columns of ``KeptRow``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.errors import DataError, UsageError
from sim.results.manifest import canonical_json
from sim.scenario import library
from sim.scenario.readings import Evidence
from sim.scenario.resolve import Resolved
from sim.scenario.schema import Scenario, scenario_tree
from sim.scenario.tables.rows import KeptRow
from sim.scenario.tables.seeds import MAX_PROBLEMS, read_table
from sim.scenario.unknowns import Factor, joint_amounts, list_factors, point_of
from sim.scenario.variants import Point, Variant
from sim.statistics.designs import latin_hypercube
from sim.streams import Stream, Streams

BLOCK = 64
"""Draws of one Latin hypercube: in each block every 64th part of each input is drawn once."""
MOST_DRAWS = 2**20
"""Most members of an ensemble."""


@dataclass(frozen=True, eq=False)
class Draws:
    """Joint draws of the uncertain inputs of a scenario; each has equal weight."""

    unknowns: tuple[Factor, ...]
    """All inputs that are drawn, whichever strategy has them."""
    amounts: tuple[NDArray[np.float64], ...]
    """For each input, shape (n_draws, n_dials), in the unit of its ``scale``."""
    number: NDArray[np.int64]
    """Number of each draw in the sequence of its root seed; it is also the number of its
    chance; shape (n_draws,)."""
    root_seed: int
    """Root of the sequence, and of the chance of each draw."""
    own: Mapping[str, frozenset[str]]
    """Keys of the inputs of each strategy, by label. Inputs that only other strategies use are
    excluded."""
    is_paired: bool = False
    """Whether members 2k and 2k + 1 have the same inputs, each with its own chance."""

    @property
    def n(self) -> int:
        """Number of draws."""
        return int(self.number.size)

    def streams(self, member: int) -> Streams:
        """Random streams of a member."""
        is_second = self.is_paired and member % 2 == 1
        return Streams(self.root_seed, int(self.number[member]) + MOST_DRAWS * is_second)

    def input_streams(self, member: int) -> Streams:
        """Random streams of the prices of a member: both of a pair have the same."""
        return Streams(self.root_seed, int(self.number[member]))

    def paired(self) -> Draws:
        """Return each draw twice, for two members that differ by chance alone."""
        amounts = tuple(np.repeat(amount, 2, axis=0) for amount in self.amounts)
        return replace(self, amounts=amounts, number=np.repeat(self.number, 2), is_paired=True)

    def point(self, draw: int, label: str) -> Point:
        """Return the change of a scenario under one strategy in a draw."""
        return point_of(
            [
                (factor, amount[draw].tolist())
                for factor, amount in zip(self.unknowns, self.amounts, strict=True)
                if factor.key in self.own[label]
            ]
        )


def lay_dials(
    unknowns: Sequence[Factor], n_draws: int, root_seed: int, first_block: int = 0
) -> NDArray[np.float64]:
    """Settings from 0 to 1 of all dials: Latin hypercubes of ``BLOCK`` draws, one after the other.

    Each input has its own random stream, named by its key, so that other inputs do not change it.

    Returns
    -------
    dials : shape (n_draws, n_dials)
        Those of one unknown side by side.
    """
    chance = Streams(root_seed, 0)
    columns = [np.empty((n_draws, 0))]
    for one in unknowns:
        key = int.from_bytes(hashlib.sha256(one.key.encode()).digest()[:4], "big")
        blocks = [
            latin_hypercube(BLOCK, one.n_dials, chance.generator(Stream.DRAWS, (key, block)))
            for block in range(first_block, first_block - (-n_draws // BLOCK))
        ]
        columns.append(np.concatenate([np.empty((0, one.n_dials)), *blocks])[:n_draws])
    return np.concatenate(columns, axis=1)


def lay_draws(variants: Sequence[Variant], numbers: Sequence[int], root_seed: int) -> Draws:
    """Draw all unknowns from their declared distributions.

    Parameters
    ----------
    variants
        The scenario under each of the strategies.
    numbers
        Numbers of the draws of the root seed, in the sequence in which they are given: 0, 1, 2, …
        of a prior, those that are kept of others.

    Notes
    -----
    Latin hypercubes of ``BLOCK`` draws, one after the other, of each unknown by itself; each
    dial through the quantile function of its unknown (``Factor.amount``), with the bounds of
    ``AT_MOST`` between unknowns. A Sobol' sequence is no choice: among some 230 dials its first 200
    points have pairs with a correlation above 0.6. If several variants have a key, the row
    of the first is drawn.

    References
    ----------
    McKay, Beckman and Conover, Technometrics 21 (1979).
    """
    factors = {one.label: list_factors(one.resolved)[0] for one in variants}
    own = {label: frozenset(one.key for one in mine) for label, mine in factors.items()}
    by_key: dict[str, Factor] = {}
    for mine in factors.values():
        by_key |= {one.key: one for one in mine if one.key not in by_key}
    unknowns = tuple(by_key.values())
    number = np.array(numbers, np.int64)
    blocks, block = np.unique(number // BLOCK, return_inverse=True)
    dials = [lay_dials(unknowns, BLOCK, root_seed, first) for first in blocks.tolist()]
    amounts = joint_amounts(variants[0].resolved, unknowns, np.concatenate(dials))
    row = block * BLOCK + number % BLOCK
    return Draws(unknowns, tuple(one[row] for one in amounts), number, root_seed, own)


PRIOR = "none"
"""In place of a table of kept simulations: every draw, whatever the evidence says."""
TABLE = "kept.csv"
ALL_ASKED = "asked for all draws"
NONE_KEPT = "none are kept of this scenario"
OTHER_SEED = "they are of another root seed"
OTHER_EVIDENCE = "they are of other evidence"
OTHER_MODEL = "they are of other inputs, values or tables"
REASONS = (ALL_ASKED, NONE_KEPT, OTHER_SEED, OTHER_EVIDENCE, OTHER_MODEL)
"""Reasons why the kept simulations of a scenario are not taken."""
ASKED = {
    *("format", "name", "title", "description", "end", "root_seed", "n_replicates"),
    *("published", "experiment", "evidence", "provenance", "ordered_by", "purpose"),
}
"""Keys of a scenario on which no draw depends. Later events change no earlier ones."""
COLUMNS = tuple(KeptRow.model_fields)


@dataclass(frozen=True)
class Kept:
    """A table of kept simulations."""

    file: str
    """Path of the table, as the user wrote it."""
    draw: tuple[int, ...]
    """Numbers of the draws, ascending."""
    root_seed: int
    """Root of the sequence."""
    model: str
    evidence: str
    """Hashes of what they are of."""

    def why_not(self, resolved: Resolved, root_seed: int) -> str:
        """Why they are not those of a scenario; empty where they are."""
        if root_seed != self.root_seed:
            return OTHER_SEED
        if model_hash(resolved) != self.model:
            return OTHER_MODEL
        # A run that is cut short may not reach all of the evidence.
        stated: Any = resolved.loaded.document.tree.get("evidence", [])
        pieces = tuple(map(Evidence.model_validate, stated))
        whole = resolved.scenario.model_copy(update={"evidence": pieces})
        found = {evidence_hash(one) for one in (resolved.scenario, whole)}
        return "" if self.evidence in found else OTHER_EVIDENCE

    def first(self, n: int | None) -> tuple[int, ...]:
        """Return the first of them; all by default.

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
    names = ("key", "scale", "low", "given", "high", "n_dials", "is_whole", "distribution")
    drawn = [[getattr(one, name) for name in names] for one in list_factors(resolved)[0]]
    tree = scenario_tree(resolved.scenario)
    values = {key: value for key, value in tree.items() if key not in ASKED}
    used = [table for table in resolved.tables if all(table is not one for one in beside)]
    tables = sorted([table.name, table.sha256] for table in used)
    return hashlib.sha256(canonical_json([drawn, values, tables]).encode()).hexdigest()


def evidence_hash(scenario: Scenario) -> str:
    """SHA-256 of the evidence of a scenario, and of its end where a piece is read at the end."""
    tree = scenario_tree(scenario)
    pieces = tree.get("evidence", [])
    if any(one.is_read_by is None for one in scenario.evidence or ()):
        pieces = [*pieces, tree["end"]]
    return hashlib.sha256(canonical_json(pieces).encode()).hexdigest()


def kept_rows(resolved: Resolved, root_seed: int, draw: Sequence[int]) -> list[list[object]]:
    """Rows of the table of some draws."""
    hashes = model_hash(resolved), evidence_hash(resolved.scenario)
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
    DataError.raise_any(problems[:MAX_PROBLEMS])
    draw = tuple(row.draw for row in table.rows)
    return Kept(str(path), draw, first.root_seed, first.model, first.evidence)


def shipped_kept(resolved: Resolved, root_seed: int | None = None) -> Kept | None:
    """Kept simulations that are shipped with a scenario; None for one that has none.

    A copy of a scenario, such as that of a run folder, has them if nothing of it is otherwise.
    """
    loaded, folder = resolved.loaded, library.shipped("scenarios")
    code, kept = {table.name for table in resolved.code}, kept_by_name(resolved)
    is_shipped = loaded.folder.resolve() == folder.resolve() and not set(loaded.copies) - code
    if kept is None or is_shipped:
        return kept
    return None if kept.why_not(resolved, root_seed or kept.root_seed) else kept


def is_shipped(resolved: Resolved, root_seed: int, draw: Sequence[int]) -> bool:
    """Whether some draws are the first of those that are shipped with the same scenario."""
    kept = kept_by_name(resolved)
    if kept is None or kept.why_not(resolved, root_seed):
        return False
    return tuple(draw) == kept.draw[: len(draw)]


def kept_by_name(resolved: Resolved) -> Kept | None:
    """Kept simulations of the shipped scenario of that name, which may be another one."""
    path = library.shipped("seeds") / "kept" / f"{resolved.scenario.name}.csv"
    return read_kept(path) if path.is_file() else None
