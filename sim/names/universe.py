"""The names that a study looks at, out of all: a random part of them, or the popular ones.

Nothing is drawn here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, ndtr, ndtri

from sim.names.names import NamesLaw

CROWDED_NEIGHBOURS = 10
NODES, WEIGHTS = np.polynomial.legendre.leggauss(32)


@dataclass(frozen=True, eq=False)
class Seen:
    """A law of names per address, and how much of it a study looks at.

    Attributes
    ----------
    law
        Over all names.
    share : shape (n_sizes,)
        Share of the names on addresses of each size that is looked at.
    """

    law: NamesLaw
    share: NDArray[np.float64]

    def quantity(self, quantity: str, n_addresses: int | None = None) -> float:
        """Return what the study finds, expected over which names it looks at.

        Notes
        -----
        Each name on an address of n names is looked at with the probability p of its size, apart
        from the others: such an address shows a binomial number of names. A site is a name: the
        share of sites with ten neighbours or more is the share of names looked at beside ten
        others that are.

        Raises
        ------
        ValueError
            For a quantity that is none of a law.
        """
        size, count, p = self.law.size, self.law.count, self.share
        names = size * count * p
        n_seen = float((-np.expm1(size * np.log1p(-p.clip(max=1 - 1e-16))) * count).sum())
        n_alone = float((names * (1 - p) ** (size - 1)).sum())
        match quantity:
            case "n_names":
                return float(names.sum())
            case "n_addresses":
                return n_seen
            case "share_single":
                return n_alone / n_seen
            case "share_top":
                assert n_addresses is not None
                return self._share_top(n_addresses)
            case "mean_names":
                return float(names.sum()) / n_seen
            case "max_names":
                return float((size * p).max())
            case "share_sites_crowded":
                crowded = _at_least(CROWDED_NEIGHBOURS, size - 1, p)
                return float((names * crowded).sum() / names.sum())
            case "share_sites_alone":
                return n_alone / float(names.sum())
        raise ValueError(f"expected a quantity of the law, got {quantity!r}")

    def _share_top(self, n_addresses: int) -> float:
        """Share of the names looked at on the addresses where most of them are expected."""
        mean = self.law.size * self.share
        order = np.argsort(-mean, kind="stable")
        edge = np.cumsum(self.law.count[order])
        taken = np.diff(np.minimum(edge, n_addresses), prepend=0)
        return float((taken * mean[order]).sum() / (mean * self.law.count).sum())


def seen_evenly(law: NamesLaw, share: float) -> Seen:
    """Look at a random part of all names."""
    return Seen(law, np.full(law.size.size, share))


def seen_by_popularity(law: NamesLaw, share: float, rho: float) -> Seen:
    """Look at the most popular names, which sit on less crowded addresses.

    Parameters
    ----------
    share
        Share of all names, in (0, 1).
    rho
        Correlation of the normal scores of a name's popularity and of how lonely its address is,
        in [0, 1); as in ``sharing.loneliness``.

    Notes
    -----
    With x the rank share of a name by how lonely its address is, and z the normal quantile, a name
    is among the most popular share s with the probability
    ``Phi((rho z(x) + z(s)) / sqrt(1 - rho^2))``, the conditional law of a Gaussian copula. The mean
    over the names of each size is taken by Gauss and Legendre, 32 nodes a size, and scaled so that
    a share s is looked at in all.
    """
    edge = np.append(0, law.name_edge) / law.n_names
    middle, half = (edge[1:] + edge[:-1]) / 2, np.diff(edge) / 2
    x = middle[:, None] + half[:, None] * NODES
    chance = ndtr((rho * ndtri(x) + ndtri(share)) / np.sqrt(1 - rho**2)) @ WEIGHTS / 2
    names = law.size * law.count
    return Seen(law, np.minimum(chance * share * law.n_names / (names * chance).sum(), 1.0))


def _at_least(least: int, n: NDArray[np.int64], p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probability of ``least`` or more out of n with the probability p each: a beta integral."""
    chance = betainc(least, np.maximum(n - least + 1, 1), p)
    return np.where(n >= least, chance, 0.0)
