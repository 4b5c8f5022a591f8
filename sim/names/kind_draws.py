"""Laws of names per address by kind of use, in many draws of what is assumed.

In: laws that a census allows, drawn parameters of the kinds, how many addresses are listed. Out:
draws of the number of names on them. It does not know whose addresses they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.names.names import NamesLaw
from sim.names.sharing import KINDS, Segment, segment_of

EVERY_SIZE, WIDER = 20, 1.25
"""Sizes up to the first are told apart; above it, those within a quarter of each other are one."""


@dataclass(frozen=True, eq=False)
class KindDraws:
    """Names per address of one kind of use, in each draw, by classes of size.

    Attributes
    ----------
    n_addresses : shape (n_draws, n_classes)
        Addresses of each class, in any unit.
    n_names, n_squares : shape (n_draws, n_classes)
        Sums over these addresses of their names, and of the squares of these.
    """

    n_addresses: NDArray[np.float64]
    n_names: NDArray[np.float64]
    n_squares: NDArray[np.float64]

    @property
    def mean_names(self) -> NDArray[np.float64]:
        """Names per address, shape (n_draws,)."""
        return np.asarray(self.n_names.sum(axis=1) / self.n_addresses.sum(axis=1))

    def names_on(self, n: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.float64]:
        """Draw the names on so many addresses that are drawn evenly.

        Parameters
        ----------
        n : shape (n_draws,)
            Addresses.

        Returns
        -------
        names : shape (n_draws,)
            An address counts with the mean of its class.
        """
        return _drawn(n, self.n_addresses, self.n_names, rng)

    def names_by_names(self, n: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.float64]:
        """Draw the names on addresses that come up in proportion to them; as ``names_on``."""
        return _drawn(n, self.n_names, self.n_squares, rng)


def draw_kinds(
    censuses: Sequence[NamesLaw], value: Mapping[str, NDArray[np.float64]]
) -> tuple[KindDraws, ...]:
    """Cut laws into those of the kinds of use, in the order of ``KINDS``.

    Parameters
    ----------
    censuses
        Laws over all addresses; draws take them in turn.
    value
        Drawn parameters by key, as ``kind.parameter``, each of shape (n_draws,).

    Raises
    ------
    ValueError
        If a law has no address with as many names as a kind is drawn to have.
    KeyError
        If a value is absent.
    """
    n_draws = next(iter(value.values())).size
    return tuple(_draws_of(kind, segment_of(kind, value), censuses, n_draws) for kind in KINDS)


def _draws_of(kind: str, segment: Segment, censuses: Sequence[NamesLaw], n_draws: int) -> KindDraws:
    """Classes of one kind: the first are singles beside its segment."""
    low, share_single = (np.broadcast_to(each, n_draws) for each in (segment.low, segment.single))
    largest = max(int(law.size[0]) for law in censuses)
    high = np.broadcast_to(largest if segment.high is None else segment.high, n_draws)
    edge = _edges(int(low.min()), int(high.max()) + 1)
    found = np.zeros((3, n_draws, edge.size))
    for number, law in enumerate(censuses):
        mine = slice(number, None, len(censuses))
        ends = low[mine, None], high[mine, None] + 1
        found[:, mine, 1:] = law.sums_between(np.clip(edge, *ends))
    n_shared = found[0].sum(axis=1)
    if not n_shared.all():
        (draw, *_) = np.flatnonzero(n_shared == 0)
        wanted = f"{low[draw]} to {high[draw]} names of the kind {kind}"
        raise ValueError(f"expected addresses with {wanted}, got none")
    # A single has one name, and its square is one.
    found[:, :, 0] = n_shared * share_single / (1 - share_single)
    return KindDraws(*found)


def _edges(low: int, stop: int) -> NDArray[np.int64]:
    """Ends of classes of size, from ``low`` to ``stop``."""
    n_wide = int(np.ceil(np.log(max(stop / EVERY_SIZE, 1)) / np.log(WIDER)))
    wide = np.rint(EVERY_SIZE * WIDER ** np.arange(1, n_wide + 1))
    edge = np.unique(np.append(np.arange(1, EVERY_SIZE + 1), wide).astype(np.int64))
    inside = edge[(edge > low) & (edge < stop)]
    return np.concatenate(([low], inside, [stop]))


def _drawn(
    n: NDArray[np.int64],
    weight: NDArray[np.float64],
    weighted_names: NDArray[np.float64],
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """Names on n addresses whose class comes up by a weight, in each draw."""
    if not n.any():
        return np.zeros(n.shape)
    mean = weighted_names / np.where(weight > 0, weight, 1)
    share = weight / weight.sum(axis=1, keepdims=True)
    return np.asarray((rng.multinomial(n, share) * mean).sum(axis=1))
