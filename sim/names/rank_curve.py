"""Names against rank: a falling curve through a census of addresses, and the solving of its knots.

It draws nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from sim.scenario.tables.sharing import ConcentrationRow

SHARED = 2
"""An address is shared from this many names on; a definition."""
SLACK = 1e-12
"""Relative error of a logarithm and back that is forgiven when rounding down."""


@dataclass(frozen=True)
class Calibration:
    """What a census says, in whole numbers.

    Attributes
    ----------
    n_names, n_addresses, n_single
        Names, addresses with at least one name, and addresses with exactly one.
    top
        ``(rank, names)``: the ``rank`` most crowded addresses hold that many names; ascending.
    """

    n_names: int
    n_addresses: int
    n_single: int
    top: tuple[tuple[int, float], ...]

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
    """Names against rank: straight between knots in logarithms of both, falling.

    Attributes
    ----------
    rank, size : shape (n_knots,)
        Knots; ``rank`` ascending, ``size`` descending.
    """

    rank: NDArray[np.float64]
    size: NDArray[np.float64]

    def __post_init__(self) -> None:
        for column in (self.rank, self.size):
            column.flags.writeable = False

    def size_at(self, rank: NDArray[np.float64]) -> NDArray[np.float64]:
        """Size before rounding at each rank, shape of ``rank``."""
        return np.exp(np.interp(np.log(rank), np.log(self.rank), np.log(self.size)))

    def rank_at(self, size: NDArray[np.float64]) -> NDArray[np.float64]:
        """Largest rank with at least that size, shape of ``size``."""
        return np.exp(np.interp(-np.log(size), -np.log(self.size), np.log(self.rank)))

    def n_at_least(self, size: NDArray[np.int64]) -> NDArray[np.int64]:
        """Whole ranks with at least that size, shape of ``size``."""
        return _whole(self.rank_at(size.astype(np.float64)))

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
    calibration: Calibration,
    place: NDArray[np.float64] | None = None,
    tolerance: float = 0.0,
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
