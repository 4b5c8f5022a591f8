"""The outcome of one run: facts as frozen columns, and curves at their change points."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim.addresses.sets.intervals import IntervalSet
from sim.engine.decisions import Mechanism
from sim.engine.eventlog import Events
from sim.engine.state.ledger import Group, LedgerColumns, OperatorColumns
from sim.world.frozen import FrozenColumns

if TYPE_CHECKING:
    # It imports compiled loops, which readers of results need not.
    from sim.engine.state.space import UserColumns


BUSINESS_METRICS = ("businesses_affected", "businesses_impaired", "businesses_down")
ADDRESSES_LOST_SHARE = "target_addresses_lost_share"
REACHED_SHARE = "target_reached_share"
USER_METRICS = (REACHED_SHARE, "vpn_share", "target_left_share")


@dataclass(frozen=True)
class Series:
    """One curve."""

    metric: str
    """Name of the measure."""
    group: Group
    """Whom it is about."""
    denominator: float
    """What a share of it would be a share of: businesses of the group, or their value in USD an
    hour; NaN where there is none."""


@dataclass(frozen=True, eq=False)
class Curves(FrozenColumns):
    """Change points of all series of one run, sorted by series and time."""

    series: tuple[Series, ...]
    """The series."""
    series_row: NDArray[np.int64]
    t_s: NDArray[np.int64]
    value: NDArray[np.float64]
    """From ``t_s`` on, the series has this value. Each series starts at t = 0. Shape
    (n_points,)."""

    def points(self, metric: str, group: Group) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Times and values of one series.

        Raises
        ------
        KeyError
            If there is no such series.
        """
        for row, series in enumerate(self.series):
            if series.metric == metric and series.group == group:
                mine = self.series_row == row
                return self.t_s[mine], self.value[mine]
        raise KeyError(metric, group)

    def at(self, at_s: NDArray[np.int64]) -> Curves:
        """Return what is known of the curves from their values at some times.

        Parameters
        ----------
        at_s : shape (n_times,)
            Ascending, from 0.
        """
        row = np.searchsorted(at_s, self.t_s)
        series, value = self.series_row, self.value
        # The last value before the next of these times is the one that a reader sees there.
        following = np.append((series[1:] != series[:-1]) | (row[1:] != row[:-1]), True)
        kept = np.flatnonzero(following & (row < at_s.size))
        is_new = np.append(True, series[kept[1:]] != series[kept[:-1]])
        is_new[1:] |= value[kept[1:]] != value[kept[:-1]]
        kept = kept[is_new]
        return Curves(self.series, series[kept], at_s[row[kept]], value[kept])


@dataclass(frozen=True, eq=False)
class Outcome(FrozenColumns):
    """What happened in one run.

    Attributes
    ----------
    events
        Facts in the order they happened.
    entry_addresses, entry_mechanism, entry_rules
        Addresses, mechanism and rules of each entry of the register, by entry row.
    front_address : shape (n_fronts,)
        Fronts of the target, by front row.
    ledger
        What each business lost.
    at_operators
        What businesses met at each operator, and by which causes demand failed.
    n_responses : shape (n_businesses, n_kinds)
        Responses each business completed.
    users
        What became of the target's users, or of one user in all where nobody counted them; None
        where the target has no addresses, or rents them and has no users.
    n_complaints, n_named, attention
        Expected complaints, businesses that appealed by name, and attention at the end; NaN, 0
        and 0 where nobody complains.
    curves
        How the counts moved.
    site_sessions : shape (n_rows, 6)
        Row of a session, of a site and of an operator (-1 for all users), and for how long the site
        was affected, impaired and down there in the session, in seconds; where it was at all.
    """

    events: Events
    entry_addresses: tuple[IntervalSet, ...]
    entry_mechanism: tuple[Mechanism, ...]
    entry_rules: NDArray[np.int64]
    front_address: NDArray[np.int64]
    ledger: LedgerColumns
    at_operators: OperatorColumns
    n_responses: NDArray[np.int64]
    users: UserColumns | None
    n_complaints: float
    n_named: int
    attention: float
    curves: Curves
    site_sessions: NDArray[np.int64]
