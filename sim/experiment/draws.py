"""Joint draws of all that a scenario does not know: the same for every strategy compared.

In: a scenario under one or more strategies, and a number of draws. Out: for each draw an amount of
every unknown and a weight, and the scenario under each strategy at that draw. Draw 5 is the same
whether ten are made or a thousand. Nothing is simulated.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.scenario.changes import Point
from sim.scenario.resolve import Resolved
from sim.scenario.unknowns import Factor, joint_amounts, list_factors, point_of
from sim.scenario.variants import Variant
from sim.statistics.designs import latin_hypercube
from sim.streams import Stream, Streams

BLOCK = 64
"""Draws of one Latin hypercube: in each block every 64th part of each unknown is drawn once."""
MOST_DRAWS = 2**20
"""Most draws of an ensemble. Replicate r of draw d has the luck of number r * MOST_DRAWS + d."""


@dataclass(frozen=True, eq=False)
class Draws:
    """Joint draws of the unknowns of a scenario.

    Attributes
    ----------
    unknowns
        All that is drawn, whichever strategy has it.
    amounts
        For each unknown, shape (n_draws, n_dials); what they mean says its ``scale``.
    weight : shape (n_draws,)
        Weights, which sum to 1.
    own
        Keys of the unknowns of each strategy, by its label: what another strategy's rule hangs on
        is none of its unknowns.
    origin
        What the draws were taken from: empty for all ranges as declared, else the hash of a table
        of weighted draws.
    """

    unknowns: tuple[Factor, ...]
    amounts: tuple[NDArray[np.float64], ...]
    weight: NDArray[np.float64]
    own: Mapping[str, frozenset[str]]
    origin: str = ""

    @property
    def n(self) -> int:
        """Number of draws."""
        return int(self.weight.size)

    def point(self, draw: int, label: str, resolved: Resolved) -> Point:
        """How a scenario under one strategy is changed in a draw."""
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
        """Return the first draws; all weigh the same again where they did."""
        weight = self.weight[:n] / self.weight[:n].sum()
        amounts = tuple(amount[:n] for amount in self.amounts)
        return Draws(self.unknowns, amounts, weight, self.own, self.origin)


def _places(factor: Factor, amount: NDArray[np.float64]) -> NDArray[np.float64]:
    low, high = factor.low, factor.high
    if factor.is_log:
        return np.asarray(np.log(amount / low) / np.log(high / low))
    return (amount - low) / (high - low)


def luck_of_draw(draw: int, replicate: int) -> int:
    """Number of the luck of a replicate of a draw; that of the first is the draw's own number."""
    return replicate * MOST_DRAWS + draw


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
    points have pairs with a correlation above 0.6 (decision 0057). Of a comparison, the first
    variant's row stands for a key that several have.

    References
    ----------
    McKay, Beckman and Conover, Technometrics 21 (1979).
    """
    unknowns, own = unknowns_of(variants)
    dials = lay_dials(unknowns, n_draws, root_seed, first_block)
    amounts = joint_amounts(variants[0].resolved, unknowns, dials)
    return Draws(unknowns, tuple(amounts), np.full(n_draws, 1 / n_draws), own)
