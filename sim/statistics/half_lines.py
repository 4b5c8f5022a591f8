"""On which side of one number an outcome that is rare elsewhere is frequent.

In: inputs and a yes or no for each draw. Out: the half-line of one input within which most draws
say yes, if chance does not make one as telling; else nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FEWEST = 5
"""Fewest draws on a half-line of which anything is said."""
N_SHUFFLES = 1000
_RNG_SEED = 20180416


@dataclass(frozen=True)
class HalfLine:
    """The draws of which one input lies on one side of an amount.

    Attributes
    ----------
    column
        The input.
    amount
        Between the draws inside and those outside.
    is_below
        Whether those below are inside.
    n, n_yes
        Draws inside, and those of them that say yes.
    """

    column: int
    amount: float
    is_below: bool
    n: int
    n_yes: int


def telling_half_line(
    inputs: NDArray[np.float64], is_yes: NDArray[np.bool_], risk: float
) -> HalfLine | None:
    """The half-line on which most say yes and that tells most, if it is not chance.

    Parameters
    ----------
    inputs : shape (n_draws, n_inputs)
    is_yes : shape (n_draws,)
    risk
        How often chance alone may make one as telling, whichever input it is on.

    Notes
    -----
    A half-line tells by how many standard deviations more of its draws say yes than as many taken
    at random. Chance is what shuffled answers make of the most telling half-line of all inputs.
    """
    n = is_yes.size
    if min(int(is_yes.sum()), n - int(is_yes.sum())) < FEWEST or not inputs.size:
        return None
    order = np.argsort(inputs, axis=0, kind="stable")
    ranked = np.take_along_axis(inputs, order, axis=0)
    sizes = np.arange(1, n)
    # A half-line ends between two different amounts.
    is_end = (ranked[1:] > ranked[:-1]) & (sizes >= FEWEST)[:, np.newaxis]
    is_start = (ranked[1:] > ranked[:-1]) & (n - sizes >= FEWEST)[:, np.newaxis]
    share = is_yes.mean()
    spread = np.sqrt(sizes * (n - sizes) / (n - 1) * share * (1 - share))[:, np.newaxis]

    def tells(answers: NDArray[np.bool_]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        below = np.cumsum(answers[order].astype(np.int64), axis=0)[:-1]
        # As many more below as are fewer above.
        surplus = (below - sizes[:, np.newaxis] * share) / spread
        both = np.stack([np.where(is_end, surplus, -np.inf), np.where(is_start, -surplus, -np.inf)])
        return both, below

    told, below = tells(is_yes)
    yes = np.stack([below, is_yes.sum() - below])
    size = np.stack([sizes, n - sizes])[:, :, np.newaxis]
    told = np.where(2 * yes > size, told, -np.inf)
    best = np.unravel_index(int(told.argmax()), told.shape)
    if not np.isfinite(told[best]):
        return None
    rng = np.random.default_rng(_RNG_SEED)
    n_as_telling = sum(
        bool(tells(rng.permutation(is_yes))[0].max() >= told[best]) for _ in range(N_SHUFFLES)
    )
    if (n_as_telling + 1) / (N_SHUFFLES + 1) > risk:
        return None
    side, row, column = map(int, best)
    return HalfLine(
        column,
        float(ranked[row : row + 2, column].mean()),
        side == 0,
        int(size[side, row, 0]),
        int(yes[side, row, column]),
    )
