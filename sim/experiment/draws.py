"""Joint draws of all uncertain inputs of a scenario: one for each member of an ensemble.

Every strategy gets the same draws. Draw 5 is the same whether ten are made or a thousand. Nothing
is simulated here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sim.scenario.resolve import Resolved
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
    """Joint draws of the uncertain inputs of a scenario; each has equal weight.

    Attributes
    ----------
    unknowns
        All inputs that are drawn, whichever strategy has them.
    amounts
        For each input, shape (n_draws, n_dials), in the unit of its ``scale``.
    number : shape (n_draws,)
        Number of each draw in the sequence of its root seed; it is also the number of its chance.
    root_seed
        Root of the sequence, and of the chance of each draw.
    own
        Keys of the inputs of each strategy, by label. Inputs that only other strategies use are
        excluded.
    is_paired
        Whether members 2k and 2k + 1 have the same inputs, each with its own chance.
    """

    unknowns: tuple[Factor, ...]
    amounts: tuple[NDArray[np.float64], ...]
    number: NDArray[np.int64]
    root_seed: int
    own: Mapping[str, frozenset[str]]
    is_paired: bool = False

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

    def point(self, draw: int, label: str, resolved: Resolved) -> Point:
        """Return the change of a scenario under one strategy in a draw."""
        keys = self.own[label]
        return point_of(
            resolved,
            [
                (factor, amount[draw].tolist())
                for factor, amount in zip(self.unknowns, self.amounts, strict=True)
                if factor.key in keys
            ],
        )

    @property
    def dials(self) -> NDArray[np.float64]:
        """Where each amount stands in its range, from 0 to 1, shape (n_draws, n_dials)."""
        columns = [
            _places(factor, amount)
            for factor, amount in zip(self.unknowns, self.amounts, strict=True)
        ]
        return np.concatenate(columns, axis=1) if columns else np.empty((self.n, 0))

    def first(self, n: int) -> Draws:
        """Return the first draws."""
        amounts = tuple(amount[:n] for amount in self.amounts)
        return replace(self, amounts=amounts, number=self.number[:n])


def _places(factor: Factor, amount: NDArray[np.float64]) -> NDArray[np.float64]:
    low, high = factor.low, factor.high
    if factor.is_log:
        return np.asarray(np.log(amount / low) / np.log(high / low))
    return (amount - low) / (high - low)


def unknowns_of(
    variants: Sequence[Variant],
) -> tuple[tuple[Factor, ...], dict[str, frozenset[str]]]:
    """All unknowns of a scenario under its strategies, and the keys of each strategy's own."""
    by_key: dict[str, Factor] = {}
    own: dict[str, frozenset[str]] = {}
    for variant in variants:
        factors, _ = list_factors(variant.resolved)
        own[variant.label] = frozenset(factor.key for factor in factors)
        for factor in factors:
            by_key.setdefault(factor.key, factor)
    return tuple(by_key.values()), own


def lay_dials(
    unknowns: Sequence[Factor], n_draws: int, root_seed: int, first_block: int = 0
) -> NDArray[np.float64]:
    """Settings from 0 to 1 of all dials: Latin hypercubes of ``BLOCK`` draws, one after the other.

    Each unknown has luck of its own, named by its key: what else is unknown does not move it.

    Returns
    -------
    dials : shape (n_draws, n_dials)
        Those of one unknown side by side.
    """
    luck = Streams(root_seed, 0)
    columns = [np.empty((n_draws, 0))]
    for one in unknowns:
        key = int.from_bytes(hashlib.sha256(one.key.encode()).digest()[:4], "big")
        blocks = [
            latin_hypercube(BLOCK, one.n_dials, luck.generator(Stream.DRAWS, (key, block)))
            for block in range(first_block, first_block - (-n_draws // BLOCK))
        ]
        columns.append(np.concatenate([np.empty((0, one.n_dials)), *blocks])[:n_draws])
    return np.concatenate(columns, axis=1)


def lay_draws(
    variants: Sequence[Variant], n_draws: int, root_seed: int, first_block: int = 0
) -> Draws:
    """Draw all unknowns from their declared distributions.

    Parameters
    ----------
    variants
        The scenario under each of the strategies.
    first_block
        Blocks of ``BLOCK`` draws that are skipped.

    Notes
    -----
    Latin hypercubes of ``BLOCK`` draws, one after the other, of each unknown by itself; each
    dial through the quantile function of its unknown (``Factor.amount``), with the bounds of
    ``AT_MOST`` between unknowns. A Sobol' sequence is no choice: among some 230 dials its first 200
    points have pairs with a correlation above 0.6. Of a comparison, the first variant's row stands
    for a key that several have.

    References
    ----------
    McKay, Beckman and Conover, Technometrics 21 (1979).
    """
    unknowns, own = unknowns_of(variants)
    dials = lay_dials(unknowns, n_draws, root_seed, first_block)
    amounts = joint_amounts(variants[0].resolved, unknowns, dials)
    number = np.arange(n_draws) + first_block * BLOCK
    return Draws(unknowns, tuple(amounts), number, root_seed, own)


def lay_members(variants: Sequence[Variant], numbers: Sequence[int], root_seed: int) -> Draws:
    """Draw members by their numbers, in the sequence in which they are given.

    Parameters
    ----------
    numbers
        Numbers of draws of the root seed: 0, 1, 2, … of a prior, those that are kept of others.
    """
    place = {number: row for row, number in enumerate(numbers)}
    laid: Draws | None = None
    columns: list[NDArray[np.float64]] = []
    for block in sorted({number // BLOCK for number in numbers}):
        laid = lay_draws(variants, BLOCK, root_seed, block)
        if not columns:
            columns = [np.empty((len(numbers), one.shape[1])) for one in laid.amounts]
        mine = [number for number in numbers if number // BLOCK == block]
        rows = [number % BLOCK for number in mine]
        for column, amount in zip(columns, laid.amounts, strict=True):
            column[[place[number] for number in mine]] = amount[rows]
    assert laid is not None
    return Draws(laid.unknowns, tuple(columns), np.array(numbers, np.int64), root_seed, laid.own)
