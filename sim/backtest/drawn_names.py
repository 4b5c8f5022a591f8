"""Names on addresses that are drawn evenly or by their names, thinned to the names a study counts.

In: laws of kinds of addresses, how many addresses of each, uniform luck. Out: draws of the number
of names. Nothing is read here.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sim.names.names import NamesLaw
from sim.scenario.predictors import NameDraw, ShareRange
from sim.statistics.triangular import triangular_quantile
from sim.streams import Stream, Streams

MOST_DRAWN = 0.5
"""Largest share of a kind's addresses that can be drawn: draws by name meet the same ones again."""


def names_drawn(
    laws: Sequence[NamesLaw],
    draws: Sequence[NameDraw],
    universe: ShareRange | None,
    streams: Streams,
    n_draws: int,
) -> NDArray[np.float64]:
    """Names on distinct addresses of several kinds, summed, of those that a study counts.

    Parameters
    ----------
    laws
        Law of the kind of each member of ``draws``.
    draws
        How many addresses, and which share of them is drawn by names.
    universe
        Share of all names that the study counts; None for all of them.

    Returns
    -------
    n_names : shape (n_draws,)

    Notes
    -----
    An address is drawn by its names with probability q, so that it comes up in proportion to
    them, and evenly otherwise; one that came up already is drawn anew. Of N names in all a
    binomial number with the universe's share is counted, as if it were a random part of all
    names. Shares with a range are triangular, one for all addresses of a draw.
    """
    total = np.zeros(n_draws, np.int64)
    for row, (law, draw) in enumerate(zip(laws, draws, strict=True)):
        # Names of entries keep the streams of several kinds, and of shares, apart.
        rng = streams.generator(Stream.ADDRESS_NAMES, (row,) if row else ())
        by_names = _shares(draw.share_by_names, streams, f"by_names {row}", n_draws)
        total += [
            int(distinct_sizes(law, draw.n_addresses, float(share), rng).sum())
            for share in by_names
        ]
    if universe is not None:
        share = _shares(universe, streams, "universe", n_draws)
        rng = streams.generator(Stream.ADDRESS_NAMES, tuple(b"thinning"))
        total = rng.binomial(total, share)
    return total.astype(np.float64)


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


def _shares(share: ShareRange, streams: Streams, key: str, n_draws: int) -> NDArray[np.float64]:
    """Draws of a share from its range."""
    u = streams.generator(Stream.ADDRESS_NAMES, tuple(key.encode())).random(n_draws)
    return triangular_quantile(u, *share.ends)
