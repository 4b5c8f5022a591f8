"""Names on addresses that are drawn evenly or by their names, thinned to the names a study counts.

In: laws of kinds of addresses, how many addresses of each, uniform numbers. Out: draws of the
number of names. Nothing is read here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.names.expected import draw_within
from sim.names.names import NamesLaw
from sim.names.universe import Seen
from sim.scenario.predictors import NameDraw, ShareRange
from sim.streams import Stream, Streams

MOST_DRAWN = 0.5
"""Largest share of a kind's addresses that can be drawn: draws by name meet the same ones again."""


def names_drawn(
    worlds: Sequence[NamesWorld], draws: Sequence[NameDraw], streams: Streams, n_draws: int
) -> NDArray[np.float64]:
    """Names on distinct addresses of several kinds, summed, of those that a study counts.

    Parameters
    ----------
    worlds
        What is assumed, drawn as often as worlds are given; draws of chance take them in turn.
    draws
        How many addresses of each kind, and which share of them is drawn by names.

    Returns
    -------
    n_names : shape (n_draws,)

    Notes
    -----
    An address is drawn by its names with probability q, so that it comes up in proportion to
    them, and evenly otherwise; one that came up already is drawn anew. Of the N names on it a
    binomial number is counted, with the share of names on such addresses that the study looks at.
    A share q with a range is triangular, one for all addresses of a draw.
    """
    total = np.zeros(n_draws, np.int64)
    for row, draw in enumerate(draws):
        # Names of entries keep the streams of several kinds, and of shares, apart.
        rng = streams.generator(Stream.ADDRESS_NAMES, (row,) if row else ())
        thinning = streams.generator(Stream.ADDRESS_NAMES, (*b"thinning", row))
        by_names = shares_within(draw.share_by_names, streams, f"by_names {row}", n_draws)
        for number, share in enumerate(by_names):
            world = worlds[number % len(worlds)]
            size = distinct_sizes(world.laws[row], draw.n_addresses, float(share), rng)
            total[number] += thinning.binomial(size, world.share_seen(size)).sum()
    return total.astype(np.float64)


@dataclass(frozen=True, eq=False)
class NamesWorld:
    """One draw of what is assumed of names per address.

    Attributes
    ----------
    seen
        Law of the census, and how much of it the study looks at.
    laws
        Law of each kind of address that is asked for; its sizes are sizes of the census.
    """

    seen: Seen
    laws: tuple[NamesLaw, ...]

    def share_seen(self, size: NDArray[np.int64]) -> NDArray[np.float64]:
        """Share of the names on addresses of these sizes that is looked at, shape of ``size``."""
        falling = self.seen.law.size
        row = np.searchsorted(-falling, -size).clip(max=falling.size - 1)
        return np.asarray(self.seen.share[row])


def distinct_sizes(
    law: NamesLaw, n_addresses: int, share_by_names: float, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Names on each of some distinct addresses of one kind, shape (n_addresses,).

    Parameters
    ----------
    share_by_names
        Probability that an address is drawn by its names and not evenly.
    rng
        Uniform numbers: which address, then, if any is drawn by names, how.
    """
    address = np.empty(0, np.int64)
    while True:
        u = rng.random(n_addresses - address.size if address.size else n_addresses)
        is_by_name = np.zeros(u.size, np.bool_)
        if share_by_names > 0:
            is_by_name = rng.random(u.size) < share_by_names
        more = np.where(is_by_name, _rank_of_name(law, u), _rank(law.n_addresses, u))
        address = np.concatenate((address, more))
        _, first = np.unique(address, return_index=True)
        address = address[np.sort(first)]
        if address.size == n_addresses:
            return np.asarray(law.size[np.searchsorted(law.address_edge, address, side="right")])


def _rank(n: int, u: NDArray[np.float64]) -> NDArray[np.int64]:
    """The ``floor(u * n)``-th of n things, counted from 0."""
    return np.asarray(np.minimum(np.floor(u * n), n - 1), np.int64)


def _rank_of_name(law: NamesLaw, u: NDArray[np.float64]) -> NDArray[np.int64]:
    """Rank of the address that holds the ``floor(u * n_names)``-th name, 0 the most crowded."""
    name = _rank(law.n_names, u)
    row = np.searchsorted(law.name_edge, name, side="right")
    before = law.name_edge[row] - law.count[row] * law.size[row]
    first = law.address_edge[row] - law.count[row]
    return np.asarray(first + (name - before) // law.size[row])


def shares_within(
    share: ShareRange, streams: Streams, key: str, n_draws: int
) -> NDArray[np.float64]:
    """Draws of a share: triangular over its range, of the logarithm where that spans decades."""
    rng = streams.generator(Stream.ADDRESS_NAMES, tuple(key.encode()))
    return np.array([draw_within(*share.ends, rng) for _ in range(n_draws)])
