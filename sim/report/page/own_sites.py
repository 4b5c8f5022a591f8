"""Sites of one's own: which were cut off, at which operators, when first and for how long."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from sim.measure.estimates import Estimate, estimate_over
from sim.measure.sites import read_sites
from sim.report.words.dates import moment
from sim.report.words.languages import Text, joined, say_name
from sim.report.words.numbers import range_text, value_text
from sim.results.folder import RunFolder, input_rows
from sim.results.parquet import numbers, read_columns
from sim.scenario.tables.rows import OperatorRow

MOST_SITES, MOST_OPERATORS = 12, 9
LEVELS = ((1.0, 4), (0.5, 3), (0.0, 2))
"""Share of simulations from which on a cell has which shade; above nothing the last one."""


@dataclass(frozen=True)
class SiteRow:
    """A site that is cut off in some simulation.

    Attributes
    ----------
    name
        Its name, or its address.
    first
        When it is first affected, the median of the simulations in which it is.
    n_cut
        Simulations in which it is cut off from some of its customers.
    hours
        For how long, over all simulations.
    is_still
        Whether half of those in which it is cut off end before it is not.
    shares
        Share of simulations in which the users of each operator are cut off from it.
    """

    name: str
    first: str
    n_cut: int
    hours: Estimate
    is_still: bool
    shares: tuple[float, ...]

    @property
    def lasts(self) -> Text:
        """Hours, at least so many where the run ends first."""
        return joined("", ("≥" if self.is_still else "", value_text(self.hours)))

    @property
    def range(self) -> str:
        """Range of the hours."""
        return range_text(self.hours)

    @property
    def shades(self) -> tuple[int, ...]:
        """Shade of each operator's cell, from 0 to 4."""
        return tuple(
            next((shade for least, shade in LEVELS if share >= least and share > 0), 0)
            for share in self.shares
        )


@dataclass(frozen=True)
class SiteMatrix:
    """The sites that are cut off longest, by operator.

    Attributes
    ----------
    operators
        Names and shares of users of the largest operators.
    rows
        Sites, the longest cut off first.
    n_sites, n_simulations
        All sites, and all simulations.
    n_more
        Sites that are cut off as well and not shown.
    are_all
        Whether there are no other businesses in the simulations.
    """

    operators: tuple[tuple[str, float], ...]
    rows: tuple[SiteRow, ...]
    n_sites: int
    n_simulations: int
    n_more: int
    are_all: bool


def site_matrix(run: RunFolder) -> SiteMatrix:
    """Read which sites are cut off at which operators.

    Raises
    ------
    DataError
        If the tables of sites cannot be read.
    """
    strategy = run.strategies[0]
    runs = read_sites(run.path, strategy)
    hours, first, last = (
        runs.number[name] for name in ("impaired_h", "first_outage_s", "last_outage_s")
    )
    n_cut = (hours > 0).sum(axis=0)
    order = sorted(np.flatnonzero(n_cut), key=lambda at: (-np.median(hours[:, at]), -n_cut[at]))
    groups = sorted(
        input_rows(run, "operators", "groups", OperatorRow), key=lambda one: -one.share_users
    )[:MOST_OPERATORS]
    cells = _cells(run, strategy)
    rows = []
    for at in order[:MOST_SITES]:
        is_cut = hours[:, at] > 0
        still = (last[is_cut, at] >= run.horizon_s).mean() >= 0.5
        begins = run.start + timedelta(seconds=float(np.median(first[is_cut, at])))
        rows.append(
            SiteRow(
                runs.site[at],
                moment(begins),
                int(n_cut[at]),
                estimate_over(hours[:, at], "h"),
                bool(still),
                tuple(cells.get((runs.site[at], one.operator), 0.0) for one in groups),
            )
        )
    operators = tuple((say_name(one.label), one.share_users) for one in groups)
    return SiteMatrix(
        operators,
        tuple(rows),
        len(runs.site),
        len(hours),
        len(order) - len(rows),
        are_all=not run.scenario["population"].get("n_businesses"),
    )


def _cells(run: RunFolder, strategy: str) -> dict[tuple[str, str], float]:
    """Share of simulations in which a site is cut off for the users of an operator.

    There is no row where it is not affected.
    """
    found = read_columns(
        run.path / "site_runs.parquet",
        "SELECT site, operator, count(*) / ? AS share FROM data "
        "WHERE strategy = ? AND operator IS NOT NULL AND impaired_h > 0 GROUP BY site, operator",
        [run.n_replicates, strategy],
    )
    pairs = zip(found["site"].tolist(), found["operator"].tolist(), strict=True)
    return dict(zip(pairs, numbers(found["share"]).tolist(), strict=True))
