"""History matching of joint draws: two waves of runs, what figures rule out, and weights.

In: settings of all unknowns of many draws, a function that runs some of them, and published
figures. Out: which draws were run, what each figure rules out, and a weight for each draw. What is
run is not known here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.statistics.emulators import Emulated, emulate
from sim.statistics.matching import (
    RULED_OUT,
    by_number,
    implausibility,
    log_likelihood_in_common,
    weights_of,
)

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

DISCREPANCY = 0.15
"""Standard deviation, in log10, of how far the model is held to be from what it is of, unless said
otherwise: a factor of 1.4. An assumption: it is said wherever weights are."""
SHARE_IN_COMMON = 0.5
"""Share of the variance of the discrepancy that all figures of one quantity have in common: what
the model gets wrong in one session it gets wrong in the next, but not all of it. An assumption, as
the discrepancy is; the half is the middle of nothing and all."""
DECADES = 3.0
"""How far below the published figure a result is told from nothing, where no floor is stated."""
LOOKED_AT = 16
"""Draws among which each draw of the second wave is looked for, at most."""
FEWEST = 8
"""Fewest draws in which a figure must be known for it to be emulated."""


@dataclass(frozen=True)
class Figure:
    """A published figure on the scale on which it is compared: log10.

    Attributes
    ----------
    name
        Id of the case.
    observed
        Middle of what the publication allows, or its bound.
    tolerance
        Standard deviation of what the publication allows: half its width over the root of three.
    side
        0 for the quantity itself, 1 where it is at least the bound, -1 where it is at most that.
    floor
        Least number told from nothing, in the figure's unit.
    number
        Name of the number it shows; figures of one number count once.
    quantity
        What it is a figure of, whenever it was counted: some of a discrepancy is the quantity's.
    """

    name: str
    observed: float
    tolerance: float
    side: int
    floor: float
    number: str
    quantity: str

    @classmethod
    def of(
        cls,
        name: str,
        low: float,
        high: float,
        floor: float | None = None,
        number: str = "",
        quantity: str = "",
    ) -> Figure:
        """Return a figure of which a publication allows a range.

        Parameters
        ----------
        low, high
            The range; an infinite end makes the other one a bound.
        floor
            Least number told from nothing; ``DECADES`` below the figure when left out.

        Raises
        ------
        ValueError
            If it has no logarithm.
        """
        is_least, is_most = np.isinf(high), np.isinf(low)
        ends = [end for end in (low, high) if np.isfinite(end)]
        if not ends or max(ends) <= 0:
            raise ValueError(f"expected a figure above 0, got {low:g} to {high:g}")
        least = max(ends) * 10**-DECADES if floor is None else floor
        first, last = (float(np.log10(max(end, least))) for end in (ends[0], ends[-1]))
        side = 1 if is_least else -1 if is_most else 0
        tolerance = (last - first) / 2 / np.sqrt(3)
        mine = number or name
        middle = (first + last) / 2
        return cls(name, middle, float(tolerance), side, least, mine, quantity or mine)

    def logs(self, values: Floats) -> Floats:
        """Results on the scale of the figure; NaN where not known."""
        return np.asarray(np.log10(np.maximum(values, self.floor)))


@dataclass(frozen=True, eq=False)
class History:
    """Draws that were run, and what figures leave of them.

    Attributes
    ----------
    figures, numbers
        What was compared, and the distinct numbers that these show.
    draw, wave : shape (n_run,)
        Number of each draw that was run, and its wave.
    values : shape (n_run, n_figures)
        What the runs gave; NaN where not known.
    expected, variance : shape (n_run, n_figures)
        Emulated mean of log10 of each figure, and the variance of all that may keep it from the
        published one.
    implausible : shape (n_run, n_numbers)
        Implausibility of each draw by each number.
    weight : shape (n_run,)
        Weights, which sum to 1; all 0 where every draw is ruled out.
    emulated
        The emulator of each figure after the last wave, at the draws that were run; None for a
        figure known in too few of them, which then rules out nothing.
    n_looked_at, n_not_ruled_out
        Draws that were looked at for the second wave, and those not ruled out before it.
    discrepancy
        Of the model, in log10.
    """

    figures: tuple[Figure, ...]
    numbers: tuple[str, ...]
    draw: Ints
    wave: Ints
    values: Floats
    expected: Floats
    variance: Floats
    implausible: Floats
    weight: Floats
    emulated: tuple[Emulated | None, ...]
    n_looked_at: int
    n_not_ruled_out: int
    discrepancy: float

    @property
    def is_ruled_out(self) -> NDArray[np.bool_]:
        """Whether some number rules out a draw, shape (n_run,)."""
        return np.asarray(self.implausible.max(axis=1) > RULED_OUT)


@dataclass(frozen=True, eq=False)
class _Judged:
    expected: Floats
    variance: Floats
    implausible: Floats
    likelihood: Floats
    emulated: tuple[Emulated | None, ...]


def match_history(
    dials: Floats,
    run: Callable[[Ints], Floats],
    figures: Sequence[Figure],
    n_first: int,
    n_second: int,
    discrepancy: float = DISCREPANCY,
) -> History:
    """Run draws in two waves, rule out what figures speak against, and weigh the rest.

    Parameters
    ----------
    dials : shape (n_laid, n_dials)
        Settings of all unknowns of each draw, between 0 and 1.
    run
        Takes numbers of draws; returns what they gave, shape (n, n_figures), NaN where not known.
    n_first, n_second
        Draws of each wave, of which ``n_laid`` must hold more than the first. The second has fewer
        where not as many are left among all that were laid.

    Raises
    ------
    ImportError
        If scikit-learn is not installed.

    Notes
    -----
    The first wave is draws 0, 1, …; the second those that follow and that the emulators of the
    first do not rule out. With the draws of the first wave that they leave, these are draws from
    the declared ranges less what is ruled out, so that weights by likelihood alone are right. The
    likelihood is that of the emulated mean: what luck makes of a single run enters as variance, and
    no lucky run collects the weight. Luck and all unknowns that an emulator does not have are its
    noise.
    """
    numbers = tuple(dict.fromkeys(figure.number for figure in figures))
    first = np.arange(n_first)
    values = run(first)
    later = np.arange(n_first, len(dials))
    judged = _judge(dials[first], values, dials, figures, numbers, discrepancy)
    is_left = ~(judged.implausible.max(axis=1) > RULED_OUT)
    second = later[is_left[later]][:n_second]
    n_looked_at = int(second[-1] - n_first + 1) if len(second) == n_second > 0 else len(later)
    draw = np.concatenate([first, second])
    if second.size:
        values = np.concatenate([values, run(second)])
    before = is_left[draw]
    judged = _judge(dials[draw], values, dials[draw], figures, numbers, discrepancy)
    is_run = ~np.isnan(values).all(axis=1)
    still = before & is_run & ~(judged.implausible.max(axis=1) > RULED_OUT)
    return History(
        tuple(figures),
        numbers,
        draw,
        np.where(np.arange(draw.size) < n_first, 1, 2),
        values,
        judged.expected,
        judged.variance,
        judged.implausible,
        weights_of(judged.likelihood, still),
        judged.emulated,
        n_looked_at,
        int(is_left[later[:n_looked_at]].sum()),
        discrepancy,
    )


def _judge(
    dials: Floats,
    values: Floats,
    at: Floats,
    figures: Sequence[Figure],
    numbers: Sequence[str],
    discrepancy: float,
) -> _Judged:
    """Emulate each figure, and hold what is expected at some draws against what was published."""
    expected, variance = np.zeros((2, len(at), len(figures)))
    emulated: list[Emulated | None] = []
    for column, figure in enumerate(figures):
        logs = figure.logs(values[:, column])
        is_known = ~np.isnan(logs)
        if is_known.sum() < FEWEST:
            emulated.append(None)
            expected[:, column], variance[:, column] = figure.observed, 1.0
            continue
        one = emulate(dials[is_known], logs[is_known], at)
        emulated.append(one)
        expected[:, column] = one.mean
        rest = one.noise + discrepancy**2 + figure.tolerance**2
        variance[:, column] = one.variance + rest
    observed = np.array([figure.observed for figure in figures])
    side = np.array([figure.side for figure in figures])
    of = [numbers.index(figure.number) for figure in figures]
    distance = implausibility(expected, variance, observed, side)
    likelihood = np.zeros(len(at))
    in_common = SHARE_IN_COMMON * discrepancy**2
    for columns in _by_quantity(figures):
        of_these = (expected[:, columns], variance[:, columns], observed[columns], side[columns])
        mine = np.unique([of[column] for column in columns], return_inverse=True)[1].tolist()
        likelihood += log_likelihood_in_common(*of_these, mine, in_common)
    return _Judged(expected, variance, by_number(distance, of, 2), likelihood, tuple(emulated))


def _by_quantity(figures: Sequence[Figure]) -> list[list[int]]:
    """Columns of the figures of each quantity; all of one number are where its first one is."""
    quantity_of: dict[str, str] = {}
    columns: dict[str, list[int]] = {}
    for column, figure in enumerate(figures):
        quantity = quantity_of.setdefault(figure.number, figure.quantity)
        columns.setdefault(quantity, []).append(column)
    return list(columns.values())
