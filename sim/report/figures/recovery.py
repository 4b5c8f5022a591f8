"""How long businesses that were hit take to recover, and demand lost by length of the outage.

In: columns of ``businesses.parquet``. Out: shares over time and hours by length of spell, over
replicates. It reads no file.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.measure.bands import over_replicates

N_TIMES = 400
"""At which the share recovered is computed."""


@dataclass(frozen=True, eq=False)
class Recovery:
    """Share of the businesses hit that have recovered, by time since each one's first outage.

    Attributes
    ----------
    since_s : shape (n_times,)
        Time since a business's first outage.
    mean, low, high : shape (n_times,)
        Share recovered: mean, and 5th and 95th percentile over replicates.
    n_hit, n_not_recovered
        Businesses hit, and of those the ones still affected when the run ended: mean over
        replicates.
    n_replicates
        Replicates in which any business was hit; the others have no share.
    """

    since_s: NDArray[np.int64]
    mean: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    n_hit: float
    n_not_recovered: float
    n_replicates: int


def recovery(
    replicate: NDArray[np.float64],
    first_outage_s: NDArray[np.float64],
    last_outage_s: NDArray[np.float64],
    is_affected_at_end: NDArray[np.float64],
    horizon_s: int,
) -> Recovery:
    """Product-limit estimate of the time from the first outage to the end of the last.

    Parameters
    ----------
    replicate, first_outage_s, last_outage_s, is_affected_at_end : shape (n,)
        Of each business; times are NaN where it was never affected.
    horizon_s
        Length of the run.

    Notes
    -----
    A business that is still affected when the run ends recovers later than the run can tell: its
    time is censored there, neither left out nor counted as recovered. A business counts as
    recovered from the end of the last outage within the run; whether a later one would have come
    is not known.

    References
    ----------
    Kaplan and Meier, J. Am. Stat. Assoc. 53 (1958), as in ``scipy.stats.ecdf``.
    """
    from scipy.stats import CensoredData, ecdf  # slow to import, and few commands need it

    # Times that grow by a factor: recoveries of minutes and of months fit on one scale.
    since_s = np.unique(
        np.append(0, np.geomspace(60, max(horizon_s, 61), N_TIMES)).astype(np.int64)
    )
    is_hit = ~np.isnan(first_outage_s)
    is_open = is_affected_at_end > 0
    replicates = np.unique(replicate)
    shares = []
    for one in replicates:
        mine = (replicate == one) & is_hit
        if not mine.any():
            continue
        lasted = (last_outage_s - first_outage_s)[mine]
        sample = CensoredData.right_censored(lasted, is_open[mine])
        shares.append(1 - ecdf(sample).sf.evaluate(since_s))
    if not shares:
        unknown = np.full(since_s.shape, np.nan)
        return Recovery(since_s, unknown, unknown, unknown, 0.0, 0.0, 0)
    n = replicates.size
    return Recovery(
        since_s,
        *over_replicates(np.array(shares)),
        n_hit=float(is_hit.sum()) / n,
        n_not_recovered=float((is_hit & is_open).sum()) / n,
        n_replicates=len(shares),
    )


@dataclass(frozen=True, eq=False)
class LostBySpell:
    """Demand lost by length of the spell in which it was lost, all businesses together.

    Attributes
    ----------
    mean, low, high : shape (n_classes,)
        Hours of mean domestic demand of a business, added up over businesses.
    share : shape (n_classes,)
        Share of all demand lost, of the means; NaN where none was lost.
    n_replicates
        Replicates.
    """

    mean: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    share: NDArray[np.float64]
    n_replicates: int


def lost_by_spell(
    replicate: NDArray[np.float64], lost_demand_h: NDArray[np.float64]
) -> LostBySpell:
    """Add up over businesses, and summarise over replicates.

    Parameters
    ----------
    lost_demand_h : shape (n, n_classes)
        Of each business, by class of length.
    """
    sums = np.array([lost_demand_h[replicate == one].sum(axis=0) for one in np.unique(replicate)])
    mean, low, high = over_replicates(sums)
    total = mean.sum()
    share = mean / total if total > 0 else np.full(mean.shape, np.nan)
    return LostBySpell(mean, low, high, share, len(sums))
