"""Estimates: a number of an ensemble with its range, as every surface shows it.

Page, plots, terminal, notebook, assessments and bundles read numbers through this module alone.
"""

from __future__ import annotations

import math
from collections.abc import Container
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.addresses.sets.notation import parse_prefix
from sim.errors import DataError, Problem
from sim.measure.bands import Band, values_at
from sim.measure.summary import spread_of
from sim.results.folder import RunFolder, input_rows
from sim.results.parquet import numbers, read_columns
from sim.results.tables import Row, number, read_rows, text
from sim.scenario.tables.rows import FactRow, TargetPrefixRow, facts_of

MOST_AGAINST = 1 / 20
"""Share of the simulations that may contradict a fact, as one end of a range leaves out so many."""


class Contradiction(NamedTuple):
    """A dated fact that the simulations of a folder contradict."""

    fact: FactRow
    """The fact."""
    median: float
    """Median of its curve at its time."""
    n_against: int
    n_simulations: int
    """Simulations that contradict it, of how many."""


def own_strategy(run: RunFolder) -> str:
    """Label of the strategy that is the scenario's own; empty where it is not in the folder.

    A strategy that was set for the run is not the strategy of the record.
    """
    overrides = run.manifest["scenario"].get("overrides", ())
    if any(str(one).startswith("strategy") for one in overrides):
        return ""
    return strategy_of_scenario(run)


def strategy_of_scenario(run: RunFolder) -> str:
    """Label of the strategy that the scenario has in the folder, though it was set for the run."""
    own = run.scenario.get("strategy") or {}
    for one in run.manifest.get("strategies", ()):
        given = one.get("parameters", {}).items()
        if own and one["id"] == own["id"] and all(own.get(k, v) == v for k, v in given):
            return str(one["label"])
    return "" if "strategies" in run.manifest else run.strategies[0]


def contradictions(run: RunFolder) -> dict[str, Contradiction]:
    """Fact by each measure that the record contradicts.

    A fact is contradicted if the median of the simulations lies beyond it, or more than one in
    twenty of them.
    """
    own = own_strategy(run)
    found: dict[str, Contradiction] = {}
    for fact in facts_of(str(run.manifest["scenario"]["name"])) if own else ():
        at_s = (fact.at - run.start).total_seconds()
        if not 0 <= at_s < run.horizon_s or not run.has_curve(fact.curve, own):
            continue
        value = values_at(run.curve(fact.curve, own), np.array([int(at_s)]))[:, 0]
        against = int((value > fact.at_most).sum())
        median = float(np.median(value))
        if median > fact.at_most or against > MOST_AGAINST * value.size:
            met = Contradiction(fact, median, against, value.size)
            found |= dict.fromkeys(fact.metrics.split(";"), met)
    return found


SHARE = "share"
LEAST_OF_TWO = 8
"""Simulations from which on two outcomes are told one by one, not as a range."""


class Grade(StrEnum):
    """Result of comparing a number with the record."""

    NEVER_CHECKED = "never checked"
    """No figure was published that its makers did not know (record 0141)."""
    CONTRADICTED = "contradicted by the record"
    """The record says otherwise: do not quote."""
    GIVEN = "given"
    """An input: the orders state it, and the model does not compute it."""


@dataclass(frozen=True)
class Estimate:
    """A number over the simulations of an ensemble."""

    median: float
    low: float
    high: float
    """Median, 5th and 95th percentile; NaN where not known."""
    unit: str
    """Unit, as in the tables; ``share`` of a share."""
    of: str = ""
    """Unit of what it is out of; empty where it is out of nothing."""
    whole: float = math.nan
    """Median of what it is out of; NaN likewise."""
    n_simulations: int = 0
    n_known: int = 0
    """All simulations, and those in which it is known; the statistics are of these."""
    depends_on: tuple[tuple[str, float], ...] = ()
    """Inputs on which it depends most, each with the share of its variance that it explains."""
    grade: Grade = Grade.NEVER_CHECKED
    """What the record says of it."""
    chance: float = math.nan
    """Share of its spread that is chance; NaN where no inputs were simulated twice."""
    zero_at_most: float = 0.0
    """Bound of a zero; see `sim.measure.summary.Sample.bound`."""
    other: tuple[float, int] | None = None
    """Where simulations have two outcomes in two digits: the one that is not the median, and in how
    many it is."""

    @property
    def is_known(self) -> bool:
        """Whether it is known in any simulation."""
        return not math.isnan(self.median)

    @property
    def has_range(self) -> bool:
        """Whether it has a range that is wider than a point."""
        return self.low < self.high

    def times(self, factor: float, unit: str) -> Estimate:
        """Return the same in another unit."""
        median, low, high = (factor * one for one in (self.median, self.low, self.high))
        other = self.other and (factor * self.other[0], self.other[1])
        return replace(self, median=median, low=low, high=high, unit=unit, other=other)


def estimate_of(row: Row, prefix: str = "") -> Estimate:
    """Return the estimate of a row of any table over simulations.

    Parameters
    ----------
    prefix
        Name of the columns in place of ``median``, ``low`` and ``high``: ``difference`` stands for
        ``difference``, ``difference_low`` and ``difference_high``.
    """
    names = (prefix, f"{prefix}_low", f"{prefix}_high") if prefix else ("median", "low", "high")
    median, low, high = (number(row, name) for name in names)
    n = number(row, "n_simulations")
    n_known = number(row, "n_known")
    depends_on = tuple(
        (key, number(row, f"depends_on_{rank}_share"))
        for rank in (1, 2, 3)
        if (key := text(row, f"depends_on_{rank}"))
    )
    return Estimate(
        *_with_ends(median, low, high),
        text(row, "unit"),
        text(row, "denominator_unit"),
        number(row, "denominator"),
        0 if math.isnan(n) else int(n),
        int(n if math.isnan(n_known) else n_known) if not math.isnan(n) else 0,
        depends_on,
        chance=number(row, "chance_share"),
        zero_at_most=number(row, "zero_at_most"),
    )


def read_estimates(run: RunFolder) -> dict[tuple[str, str], Estimate]:
    """Estimates of a folder by strategy and measure."""
    refuted = contradictions(run)
    return {
        (text(row, "strategy"), metric): _graded(estimate_of(row), metric, refuted)
        for row in read_rows(run, "summary.csv", ("metric", "median", "low", "high"))
        if (metric := text(row, "metric"))
    }


def _graded(found: Estimate, metric: str, refuted: Container[str]) -> Estimate:
    """The same with its grade; no figure is known that did not set the model, so none checks."""
    return replace(found, grade=Grade.CONTRADICTED) if metric in refuted else found


def read_shares(
    run: RunFolder, strategy: str, metric: str
) -> tuple[NDArray[np.float64], NDArray[np.float64], str]:
    """Shares of the simulations, what they are out of, and its unit; NaN for a share of nothing.

    Raises
    ------
    DataError
        If the folder has no such measure.
    """
    path = run.path / "measures.parquet"
    found = read_columns(
        path,
        "SELECT value, denominator, denominator_unit AS of FROM data WHERE strategy = ? AND "
        "metric = ? ORDER BY file_row_number",
        [strategy, metric],
    )
    value, whole = numbers(found["value"]), numbers(found["denominator"])
    if not value.size:
        message = f"expected the measure {metric} of {strategy}, got none"
        raise DataError([Problem(str(path), message)])
    share = np.divide(value, whole, where=whole > 0, out=np.full(value.shape, np.nan))
    return share, whole, str(np.ma.filled(found["of"], "")[0])


def read_share(run: RunFolder, strategy: str, metric: str) -> Estimate:
    """A measure as a share of what it is out of, simulation by simulation.

    How many businesses there are is drawn, so that the share is no ratio of two medians.

    Raises
    ------
    DataError
        If the folder has no such measure.
    """
    share, whole, of = read_shares(run, strategy, metric)
    share_ = replace(estimate_over(share, SHARE), of=of, whole=float(np.median(whole)))
    return _graded(share_, metric, contradictions(run))


def read_group_shares(run: RunFolder, strategy: str, by: str, metric: str) -> dict[str, Estimate]:
    """A measure of each group as a share of what it is out of, simulation by simulation.

    Parameters
    ----------
    by
        What groups are of, as in ``hits.parquet``: sector, provider, operator, and others.
    """
    found = read_columns(
        run.path / "hits.parquet",
        'SELECT "group" AS name, value / denominator AS share, denominator AS whole FROM data '
        'WHERE strategy = ? AND "by" = ? AND metric = ? AND denominator > 0 '
        "ORDER BY file_row_number",
        [strategy, by, metric],
    )
    names, share, whole = found["name"], numbers(found["share"]), numbers(found["whole"])
    return {
        str(name): replace(
            estimate_over(share[names == name], SHARE), whole=float(np.median(whole[names == name]))
        )
        for name in dict.fromkeys(names.tolist())
    }


def middle_of(times_s: NDArray[np.float64]) -> float:
    """The middle one of some times, the earlier of two: between them may nothing be blocked."""
    return float(np.quantile(times_s, 0.5, method="inverted_cdf"))


def read_first_blocks(run: RunFolder, strategy: str) -> dict[str, float]:
    """When each operator first blocks anything but the target's own addresses, in seconds.

    The middle one of the simulations in which it does; of an empty name, the first of all of them.
    """
    own = [row.prefix for row in input_rows(run, "target", "prefixes", TargetPrefixRow)]
    entries = run.path / "entries.parquet"
    query = "SELECT DISTINCT prefix FROM data WHERE strategy = ?"
    prefixes = read_columns(entries, query, [strategy])["prefix"].tolist()
    parsed = [(name, parse_prefix(name, version=0)) for name in prefixes]
    ours = [name for name, prefix in parsed if any(one.holds(prefix) for one in own)]
    found = read_columns(
        run.path / "enforcement.parquet",
        "WITH others AS (SELECT strategy, replicate, entry FROM entries WHERE strategy = $label "
        "AND mechanism <> 'exempt' AND NOT list_contains($ours, prefix)) "
        "SELECT regexp_replace(operator, '#[0-9]+$', '') AS name, replicate, "
        "min(enforced_s) AS first_s FROM data JOIN others USING (strategy, replicate, entry) "
        "GROUP BY name, replicate",
        {"label": strategy, "ours": ours},
        others={"entries": entries},
    )
    times: dict[str, dict[int, float]] = {}
    for name, run_, at_s in zip(*(found[one].tolist() for one in found), strict=True):
        for mine in (times.setdefault(name, {}), times.setdefault("", {})):
            mine[run_] = min(at_s, mine.get(run_, at_s))
    return {name: middle_of(np.array([*one.values()], float)) for name, one in times.items()}


def estimate_over(value: NDArray[np.float64], unit: str) -> Estimate:
    """Estimate of a value of each simulation; NaN where it is not known."""
    n_known = int((~np.isnan(value)).sum())
    ends = _with_ends(*spread_of(value))
    return Estimate(
        *ends, unit, n_simulations=value.size, n_known=n_known, other=_other(value, ends[0])
    )


def count_over(n: NDArray[np.float64], unit: str) -> Estimate:
    """Estimate of a count in each simulation; its median and ends are values of simulations."""
    median, low, high = np.quantile(n, (0.5, 0.05, 0.95), method="inverted_cdf").tolist()
    return replace(estimate_over(n, unit), median=median, low=low, high=high)


def _other(value: NDArray[np.float64], median: float) -> tuple[float, int] | None:
    """The outcome beside the median of enough simulations that have two, and in how many it is."""
    digits = [float(f"{one:.2g}") for one in (*value[~np.isnan(value)], median)]
    kinds, n = np.unique(digits[:-1], return_counts=True)
    if kinds.size != 2 or digits[-1] not in kinds or value.size < LEAST_OF_TWO:
        return None
    at = int(digits[-1] == kinds[0])
    return kinds.item(at), n.item(at)


def _with_ends(median: float, low: float, high: float) -> tuple[float, float, float]:
    """The same; the median in place of an end that is not known."""
    low, high = (median if math.isnan(end) else float(end) for end in (low, high))
    return median, low, high


def estimate_at(band: Band, row: int, unit: str) -> Estimate:
    """A curve at one of its times."""
    return Estimate(
        *_with_ends(float(band.median[row]), band.low[row], band.high[row]),
        unit,
        whole=band.denominator,
        n_simulations=band.n_simulations,
        n_known=band.n_simulations,
    )
