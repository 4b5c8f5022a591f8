"""What courts ask for beside an assessment: by operator, by site, and measures with both ranges.

In: a comparison folder and a strategy. Out: frozen values. It judges nothing, and writes no text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sim.assess.estimates import Estimate
from sim.catalogue.choices import measure_name
from sim.results.read import RunFolder
from sim.results.tables import number, read_rows, text

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
    with_all: tuple[float, float] | None


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
    operators
        All operators, those that cut off most first.
    n_sites, n_sites_hit
        Sites of the inventory, and those of them impaired at least once in the mean of a replicate;
        both 0 without an inventory.
    """

    numbers: Mapping[str, Number]
    operators: tuple[AtOperator, ...]
    n_sites: int
    n_sites_hit: int


def read_court_facts(run: RunFolder, label: str) -> CourtFacts:
    """Read them from the tables of a comparison.

    Raises
    ------
    DataError
        If the folder cannot be read.
    """
    wide = {}
    if run.n_draws:
        wide = {
            text(row, "metric"): (number(row, "low"), number(row, "high"))
            for row in read_rows(run, "uncertainty.csv")
            if text(row, "strategy") == label
        }
    numbers = {
        text(row, "metric"): Number(
            text(row, "unit"),
            Estimate(
                number(row, "mean"), number(row, "low"), number(row, "high"),
                number(row, "denominator"),
            ),
            wide.get(text(row, "metric")),
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
        tuple(sorted(operators, key=lambda one: (-one.impaired_h, one.operator))),
        len(sites),
        sum(hours > 0 for hours in sites),
    )
