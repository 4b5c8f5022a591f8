"""What courts ask for beside an assessment: by operator, by site, and measures with both ranges.

In: an assessment, and the folder of its comparison. Out: frozen values. It judges nothing, and
writes no text.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from sim.assess.assessment import Assessment
from sim.assess.estimates import Estimate
from sim.catalogue.choices import measure_name
from sim.results.draws import read_draws
from sim.results.tables import number, read_rows, text
from sim.statistics.ensembles import SETTLED, effective_size, share_bound

IMPAIRED_SHARE = measure_name("businesses_ever_impaired_share")
DEMAND, DENIED, IMPAIRED_H, IMPAIRED, NET, RULES, COMPLAINTS, NAMED, EXEMPTIONS, NAMES = map(
    measure_name,
    (
        "demand_lost_share",
        "target_user_hours_denied",
        "business_hours_impaired",
        "businesses_ever_impaired",
        "net_social_loss_usd",
        "rules_in_force_peak",
        "complaints",
        "complaints_named",
        "exemptions_granted",
        "names_hit_share",
    ),
)

SITES = "sites.csv"
CLAIMED = (IMPAIRED, DEMAND, DENIED)
"""Measures of which it is claimed that they are above zero."""


@dataclass(frozen=True)
class Number:
    """A measure of a strategy, with both of its ranges.

    Attributes
    ----------
    unit
        Its unit.
    by_luck
        Mean, and 5th and 95th percentile over replicates.
    with_all
        5th and 95th percentile over all that is not known; None without draws.
    """

    unit: str
    by_luck: Estimate
    with_all: tuple[float, float, float] | None


@dataclass(frozen=True)
class Above:
    """In how many draws of all that is not known a measure is above zero.

    Attributes
    ----------
    n_draws
        Finished draws in which it is known; 0 where luck alone was simulated.
    share, bound
        Weight of those in which it is above zero, and the lower 95 % bound of that share at the
        effective number of draws (Clopper and Pearson, one-sided).
    """

    n_draws: int
    share: float
    bound: float

    @property
    def is_settled(self) -> bool:
        """Whether it is above zero whatever is not known, by the rule of all verdicts."""
        return self.bound >= SETTLED


@dataclass(frozen=True)
class AtOperator:
    """What the users of one operator met: means over replicates."""

    operator: str
    impaired_h: float
    demand_lost_share: float


@dataclass(frozen=True)
class CourtFacts:
    """What courts ask for beside an assessment.

    Attributes
    ----------
    numbers
        Measures by name, those that the runs have.
    above
        Of the measures that claims are made of, in how many draws they are above zero.
    operators
        All operators, those that cut off most first.
    n_sites, n_sites_hit
        Sites of the inventory, and those of them impaired at least once in the mean of a replicate;
        both 0 without an inventory.
    """

    numbers: Mapping[str, Number]
    above: Mapping[str, Above]
    operators: tuple[AtOperator, ...]
    n_sites: int
    n_sites_hit: int


def read_court_facts(found: Assessment) -> CourtFacts:
    """Read them from the tables of the comparison that was assessed.

    Raises
    ------
    DataError
        If the folder cannot be read.
    """
    run, label = found.run, found.label
    # How many businesses there are is drawn as well: how many are impaired is told as a share.
    numbers = {
        IMPAIRED if text(row, "metric") == IMPAIRED_SHARE else text(row, "metric"): Number(
            text(row, "unit"),
            Estimate(
                number(row, "mean"), number(row, "low"), number(row, "high"),
                number(row, "denominator"),
            ),
            found.wide.get(text(row, "metric")),
        )
        for row in read_rows(run, "summary.csv")
        if text(row, "strategy") == label
    }  # fmt: skip
    by: dict[str, dict[str, float]] = {}
    for row in read_rows(run, "groups.csv"):
        if text(row, "strategy") == label and text(row, "by") == "operator":
            by.setdefault(text(row, "group"), {})[text(row, "metric")] = number(row, "mean")
    operators = [
        AtOperator(name, of.get(IMPAIRED_H, float("nan")), of.get(DEMAND, float("nan")))
        for name, of in by.items()
    ]
    sites = [
        number(row, "impaired_h")
        for row in (read_rows(run, SITES) if (run.path / SITES).exists() else [])
        if text(row, "strategy") == label and text(row, "operator") == ""
    ]
    return CourtFacts(
        numbers,
        {metric: _above(found, metric) for metric in CLAIMED},
        tuple(sorted(operators, key=lambda one: (-one.impaired_h, one.operator))),
        len(sites),
        sum(hours > 0 for hours in sites),
    )


def _above(found: Assessment, metric: str) -> Above:
    if not found.n_draws:
        return Above(0, math.nan, math.nan)
    draws = read_draws(found.run, (found.label,), (metric,))
    value = draws.value[found.label, metric]
    weight = np.where(draws.is_finished & ~np.isnan(value), draws.weight, 0.0)
    if not weight.sum() > 0:
        return Above(0, math.nan, math.nan)
    share = min(float(weight[value > 0].sum() / weight.sum()), 1.0)
    bound = share_bound(share, effective_size(weight))
    return Above(int(np.count_nonzero(weight)), share, bound)
