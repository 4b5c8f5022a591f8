"""How many names share an address: the law of names per address."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, ndtr, ndtri

from sim.scenario.tables.sharing import ConcentrationRow

SHARED = 2
"""An address is shared from this many names on; a definition."""
CROWDED_NEIGHBOURS = 10
"""Names beside which a name is in a crowd."""
SLACK = 1e-12
"""Relative error of a logarithm and back that is forgiven when rounding down."""


@dataclass(frozen=True)
class Calibration:
    """Counts of a census."""

    n_names: int
    n_addresses: int
    n_single: int
    """Names, addresses with at least one name, and addresses with exactly one."""
    top: tuple[tuple[int, float], ...]
    """``(rank, names)``: the ``rank`` most crowded addresses hold that many names; ascending."""

    @classmethod
    def of(cls, rows: Sequence[ConcentrationRow]) -> Calibration:
        """Gather the calibration rows of one study.

        A row ``fewer`` says that fewer than ``n_addresses`` reach the share; the largest such
        number, ``n_addresses - 1``, is taken.

        Raises
        ------
        ValueError
            If a quantity is absent or given twice, or if no law can meet the rows because names
            per address do not fall from one group of ranks to the next.
        """
        mine = [row for row in rows if row.role == "calibration"]
        found: dict[str, float] = {}
        for quantity in ("n_names", "n_addresses", "share_single"):
            values = [row.value for row in mine if row.quantity == quantity]
            if len(values) != 1:
                raise ValueError(f"expected one calibration row {quantity}, got {len(values)}")
            found[quantity] = values[0]
        n_names, n_addresses = round(found["n_names"]), round(found["n_addresses"])
        top = sorted(
            ((row.n_addresses or 0) - (row.relation == "fewer"), row.value * n_names)
            for row in mine
            if row.quantity == "share_top"
        )
        calibration = cls(
            n_names, n_addresses, round(found["share_single"] * n_addresses), tuple(top)
        )
        if not top or top[0][0] < 1:
            raise ValueError(f"expected ranks from 1, got {top}")
        mean = calibration.mean_names
        if mean[-1] < SHARED:
            raise ValueError(f"expected shared names beyond the last rank, got {top}")
        if not np.all(np.diff(mean) < 0):
            raise ValueError(f"expected names per address that fall with rank, got {mean}")
        return calibration

    @property
    def n_shared(self) -> int:
        """Number of addresses with two names or more."""
        return self.n_addresses - self.n_single

    @property
    def edge(self) -> NDArray[np.int64]:
        """Ranks that end the groups, shape (n_groups + 1,), from 0 to ``n_shared``."""
        return np.array([0, *(rank for rank, _ in self.top), self.n_shared], np.int64)

    @property
    def names(self) -> NDArray[np.float64]:
        """Names held by each group of ranks, shape (n_groups,)."""
        held = [0, *(names for _, names in self.top), self.n_names - self.n_single]
        return np.diff(np.array(held, np.float64))

    @property
    def mean_names(self) -> NDArray[np.float64]:
        """Names per address of each group of ranks, shape (n_groups,)."""
        return np.asarray(self.names / np.diff(self.edge))


@dataclass(frozen=True, eq=False)
class RankCurve:
    """Names against rank: straight between knots in logarithms of both, falling."""

    rank: NDArray[np.float64]
    size: NDArray[np.float64]
    """Knots; ``rank`` ascending, ``size`` descending; shape (n_knots,)."""

    def __post_init__(self) -> None:
        for column in (self.rank, self.size):
            column.flags.writeable = False

    def size_at(self, rank: NDArray[np.float64]) -> NDArray[np.float64]:
        """Size before rounding at each rank, shape of ``rank``."""
        return np.exp(np.interp(np.log(rank), np.log(self.rank), np.log(self.size)))

    def n_at_least(self, size: NDArray[np.int64]) -> NDArray[np.int64]:
        """Whole ranks with at least that size, shape of ``size``."""
        log = np.log(size.astype(np.float64))
        return _whole(np.exp(np.interp(-log, -np.log(self.size), np.log(self.rank))))

    def n_names_at(self, rank: NDArray[np.int64]) -> NDArray[np.int64]:
        """Whole names at each rank, shape of ``rank``."""
        return _whole(self.size_at(rank.astype(np.float64)))

    def names_between(self, low: int, high: int) -> int:
        """Names on ranks low + 1 to high, sizes rounded down.

        Ranks are added one by one, or, where there are fewer sizes than ranks, in layers: the
        names are the ranks of size 1 or more, and those of 2 or more, and so on.
        """
        largest = int(self.n_names_at(np.array([low + 1]))[0])
        if largest < high - low:
            layer = self.n_at_least(np.arange(1, largest + 1))
            return int(np.clip(layer - low, 0, high - low).sum())
        return int(self.n_names_at(np.arange(low + 1, high + 1)).sum())


def fit_curve(
    calibration: Calibration, place: NDArray[np.float64] | None = None, tolerance: float = 0.0
) -> RankCurve:
    """Solve the knots of the rank curve from calibration rows.

    Parameters
    ----------
    calibration
        What the census says.
    place : shape (n_groups - 1,)
        Where the size at each rank that ends a group lies between the names per address before it
        (0) and after it (1), in the logarithm; half-way where None is given.
    tolerance
        Relative error of the names of a group that is good enough; 0 to solve as far as floating
        numbers go.

    Notes
    -----
    Half-way is the geometric mean. Within a group, one more knot lies on the diagonal of the box
    between the two ends, at the fraction theta of both its sides in logarithms: theta = 1/2 is a
    straight line, less falls early, more falls late. The names of the group rise with theta from
    the least to the most a falling curve between these ends can hold, so exactly one theta meets
    them. The first group is straight, and its size at rank 1 is solved. The last group ends with
    size 2 at the last shared address; from there the curve falls to 1 at the last address.
    """
    edge, names, mean = calibration.edge, calibration.names, calibration.mean_names
    if place is None:
        end = np.append(np.sqrt(mean[:-1] * mean[1:]), SHARED)
    else:
        end = np.append(mean[:-1] ** (1 - place) * mean[1:] ** place, SHARED)

    def first(size: float) -> RankCurve:
        return RankCurve(np.array([1.0, edge[1]]), np.array([size, end[0]]))

    curve = first(_solve(first, 0, int(edge[1]), names[0], end[0], names[0], tolerance))
    for group in range(1, names.size):
        low, high = int(edge[group]), int(edge[group + 1])
        bent = partial(_bend, low, high, end[group], end[group - 1])
        solved = bent(_solve(bent, low, high, names[group], 1e-6, 1 - 1e-6, tolerance))
        curve = RankCurve(
            np.append(curve.rank, solved.rank[1:]), np.append(curve.size, solved.size[1:])
        )
    return RankCurve(
        np.append(curve.rank, float(calibration.n_addresses)), np.append(curve.size, 1.0)
    )


def _whole(value: NDArray[np.float64]) -> NDArray[np.int64]:
    # A knot's own value must count although exp(log(value)) may fall short of it.
    return np.floor(value * (1 + SLACK)).astype(np.int64)


def _bend(low: int, high: int, least: float, most: float, theta: float) -> RankCurve:
    """Curve from size ``most`` at rank ``low`` to ``least`` at ``high``, bent on the diagonal."""
    knot_rank, knot_size = low * (high / low) ** theta, least * (most / least) ** theta
    return RankCurve(np.array([low, knot_rank, high]), np.array([most, knot_size, least]))


def _solve(
    curve: Callable[[float], RankCurve],
    low: int,
    high: int,
    names: float,
    least: float,
    most: float,
    tolerance: float,
) -> float:
    """Parameter in [least, most] for which ranks low + 1 to high hold that many names."""
    from scipy.optimize import brentq  # slow to import, and many worlds need none of it

    def too_many(x: float) -> float:
        found = curve(x).names_between(low, high) - names
        return 0.0 if abs(found) <= tolerance * names else found

    return float(brentq(too_many, least, most, xtol=1e-14))


@dataclass(frozen=True, eq=False)
class NamesLaw:
    """How many addresses carry how many names."""

    size: NDArray[np.int64]
    """Numbers of names that occur, descending; shape (n_sizes,), int64."""
    count: NDArray[np.int64]
    """Addresses with that many names; shape (n_sizes,), int64."""

    def __post_init__(self) -> None:
        if self.size.size == 0 or np.any(self.count <= 0) or np.any(np.diff(self.size) >= 0):
            raise ValueError("expected falling sizes with addresses of each, got others")
        for column in (self.size, self.count):
            column.flags.writeable = False

    @cached_property
    def address_edge(self) -> NDArray[np.int64]:
        """Addresses up to and including each size, shape (n_sizes,)."""
        return np.asarray(np.cumsum(self.count))

    @cached_property
    def name_edge(self) -> NDArray[np.int64]:
        """Names up to and including each size, shape (n_sizes,)."""
        return np.asarray(np.cumsum(self.count * self.size))

    @property
    def n_addresses(self) -> int:
        """Number of addresses."""
        return int(self.address_edge[-1])

    @property
    def n_names(self) -> int:
        """Number of names on all of them."""
        return int(self.name_edge[-1])

    @property
    def mean_names(self) -> float:
        """Names per address."""
        return self.n_names / self.n_addresses

    def share_with_at_least(self, n_names: int) -> float:
        """Share of addresses that carry at least so many names."""
        return float(self.count[self.size >= n_names].sum()) / self.n_addresses

    def n_names_of(self, u: NDArray[np.float64]) -> NDArray[np.int64]:
        """Names on an address drawn evenly from all addresses.

        Parameters
        ----------
        u : any shape
            Uniform in [0, 1): rank share, 0 for the most crowded address. One per address.

        Returns
        -------
        n_names : shape of ``u``
            At least 1; never rises with ``u``.

        Raises
        ------
        ValueError
            If some ``u`` lies outside [0, 1).
        """
        edge = self.address_edge
        if u.size and not (u.min() >= 0 and u.max() < 1):
            raise ValueError("expected u in [0, 1), got a value outside")
        position = np.minimum(np.floor(u * edge[-1]), edge[-1] - 1)
        return np.asarray(self.size[np.searchsorted(edge, position, side="right")])

    @cached_property
    def _from_most(self) -> NDArray[np.float64]:
        """Addresses, and names, from the most crowded on; shape (2, n_sizes + 1)."""
        power = self.count * self.size.astype(np.float64) ** np.arange(2)[:, None]
        return np.concatenate((np.zeros((2, 1)), np.cumsum(power, axis=1)), axis=1)

    def sums_between(self, edge: NDArray[np.int64]) -> NDArray[np.float64]:
        """Addresses with numbers of names within ranges, and their names.

        Parameters
        ----------
        edge : shape (..., n + 1)
            Ends of n ranges ``[edge, next edge)`` of the number of names, along the last axis.

        Returns
        -------
        sums : shape (2, ..., n)
            Of 1, and of the names, over the addresses of each range.
        """
        at_least = self._from_most[:, np.searchsorted(-self.size, -edge, side="right")]
        return at_least[..., :-1] - at_least[..., 1:]

    def between(self, low: int, high: int | None = None) -> NamesLaw:
        """Return the law of the addresses with ``low`` to ``high`` names; None for no upper end.

        Raises
        ------
        ValueError
            If there are none.
        """
        kept = (self.size >= low) & (self.size <= (self.size[0] if high is None else high))
        if not kept.any():
            raise ValueError(f"expected addresses with {low} to {high} names, got none")
        return NamesLaw(self.size[kept], self.count[kept])

    def with_share_single(self, share: float) -> NamesLaw:
        """Return the law of the shared addresses, with a share in [0, 1) of singles added."""
        shared = self.between(SHARED)
        n_single = round(shared.n_addresses * share / (1 - share))
        if n_single == 0:
            return shared
        return NamesLaw(np.append(shared.size, 1), np.append(shared.count, n_single))

    def quantity(
        self,
        quantity: str,
        share: float | NDArray[np.float64] = 1.0,
        n_addresses: int | None = None,
    ) -> float:
        """Return what a study finds, expected over which names it looks at.

        Parameters
        ----------
        share : scalar, or shape (n_sizes,)
            Share of the names on addresses of each size that is looked at.

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
        size, count, p = self.size, self.count, np.broadcast_to(share, self.size.shape)
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
                # On the addresses where most of them are expected.
                order = np.argsort(-size * p, kind="stable")
                edge = np.cumsum(count[order])
                taken = np.diff(np.minimum(edge, n_addresses or 0), prepend=0)
                return float((taken * (size * p)[order]).sum() / names.sum())
            case "mean_names":
                return float(names.sum()) / n_seen
            case "max_names":
                return float((size * p).max())
            case "share_sites_crowded":
                # Of n - 1 others ten or more, with the probability p each: a beta integral.
                tail = betainc(CROWDED_NEIGHBOURS, np.maximum(size - CROWDED_NEIGHBOURS, 1), p)
                crowded = np.where(size > CROWDED_NEIGHBOURS, tail, 0.0)
                return float((names * crowded).sum() / names.sum())
            case "share_sites_alone":
                return n_alone / float(names.sum())
        raise ValueError(f"expected a quantity of the law, got {quantity!r}")


def fit_names_law(rows: Sequence[ConcentrationRow]) -> NamesLaw:
    """Fit the law of names per address to the calibration rows of a census.

    Sizes are rounded down to whole names after the knots were solved for rounded sizes.

    Raises
    ------
    ValueError
        As ``Calibration.of``.
    """
    return law_of(Calibration.of(rows))


def law_of(
    calibration: Calibration, place: NDArray[np.float64] | None = None, tolerance: float = 0.0
) -> NamesLaw:
    """Law of names per address that meets what a census says; parameters as ``fit_curve``."""
    curve = fit_curve(calibration, place, tolerance)
    n_head = calibration.top[-1][0]
    head = curve.n_names_at(np.arange(1, n_head + 1))
    # Beyond the last published rank, sizes are few and addresses many: count by size.
    size = np.arange(int(head[-1]), 0, -1)
    reach = np.clip(curve.n_at_least(size), n_head, calibration.n_shared)
    reach[-1] = calibration.n_addresses
    count = np.diff(reach, prepend=n_head)
    size, row = np.unique(np.concatenate((head, size)), return_inverse=True)
    total = np.bincount(row, np.concatenate((np.ones(n_head, np.int64), count))).astype(np.int64)
    return NamesLaw(size[total > 0][::-1].copy(), total[total > 0][::-1].copy())


NODES, WEIGHTS = np.polynomial.legendre.leggauss(32)


def seen_by_popularity(law: NamesLaw, share: float, rho: float) -> NDArray[np.float64]:
    """Share of each size that is looked at of the most popular names, on less crowded addresses.

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
    return np.asarray(np.minimum(chance * share * law.n_names / (names * chance).sum(), 1.0))
