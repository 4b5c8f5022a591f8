"""A strategy of a comparison assessed for a court: numbers, verdicts, burdens and remedies.

It reports results of the simulations; the court weighs them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sim.catalogue.measures import MEASURES
from sim.errors import UsageError
from sim.experiment.comparison import JUDGED
from sim.measure import estimates
from sim.measure.summary import spread_of
from sim.results.folder import RunFolder, input_rows
from sim.results.parquet import read_columns
from sim.results.tables import Row, number, read_rows, text
from sim.scenario.tables.rows import OperatorRow

LISTED, EVER, HOURS, VPN, LOST, FAILED = (
    MEASURES[name].name
    for name in (
        "addresses_listed_peak",
        "businesses_ever_impaired",
        "hours_impaired_median",
        "target_user_hours_by_vpn",
        "target_user_hours_lost_share",
        "target_addresses_lost_share",
    )
)
MOST_GROUPS = 5
"""Groups that bear most and are named."""


@dataclass(frozen=True)
class Assessment:
    """Results of the simulations for one strategy."""

    run: RunFolder
    label: str
    baseline: str
    others: tuple[str, ...]
    """The strategy under assessment, the one that differences are taken to, and its
    alternatives."""
    numbers: Mapping[tuple[str, str], estimates.Estimate]
    """Estimates by strategy and measure."""
    shares: Mapping[str, estimates.Estimate]
    """Businesses ever cut off from some of their customers, as a share, by strategy."""
    differences: Mapping[str, estimates.Estimate]
    """Estimates of differences from the baseline, by measure, of the strategy under assessment."""
    verdicts: tuple[Row, ...]
    """Rows of ``verdicts.csv`` that compare it with its alternatives, it being the first."""
    burdens: Mapping[str, Sequence[tuple[str, estimates.Estimate]]]
    """Groups with the largest share ever cut off, by kind of group: name and share."""
    remedies: Remedies
    """How remedies work."""

    def number(self, metric: str, label: str = "") -> estimates.Estimate | None:
        """Estimate of a measure under a strategy; None where it is not measured."""
        return self.numbers.get((label or self.label, metric))


def assess(run: RunFolder, label: str | None, versus: Sequence[str]) -> Assessment:
    """Assess one strategy of a comparison.

    Parameters
    ----------
    label
        The strategy; the first that is not the baseline when None.
    versus
        Its alternatives; all others but the baseline when empty.

    Raises
    ------
    UsageError
        If the folder is no comparison, or has no such strategy.
    """
    if "baseline" not in run.manifest:
        raise UsageError(f"{run.path}: expected a comparison, got a run; make one by compare")
    if any("what_if" in one for one in run.manifest["strategies"]):
        raise UsageError(
            f"{run.path}: expected a comparison of strategies, got one of other addresses of sites "
            "under the same orders; overblock report writes its page"
        )
    baseline = str(run.manifest["baseline"])
    candidates = [one for one in run.strategies if one != baseline] or [baseline]
    own = run.strategy(label) if label else candidates[0]
    others = tuple(run.strategy(one) for one in versus) or tuple(
        one for one in candidates if one != own
    )
    if own in others:
        raise UsageError(f"--versus {own}: expected another strategy than the one under assessment")
    numbers = estimates.read_estimates(run)
    shown = dict.fromkeys((own, *others, baseline))
    return Assessment(
        run,
        own,
        baseline,
        others,
        numbers,
        {one: estimates.read_share(run, one, EVER) for one in shown if (one, EVER) in numbers},
        {
            text(row, "metric"): estimates.estimate_of(row, "difference")
            for row in read_rows(run, "comparison.csv", ("metric", "difference"))
            if text(row, "strategy") == own and own != baseline
        },
        tuple(_verdicts(run, own, tuple(dict.fromkeys((*others, baseline))))),
        {by: _most_cut_off(run, own, by) for by in ("sector", "provider", "operator")},
        _read_remedies(run, own),
    )


def _verdicts(run: RunFolder, own: str, others: Sequence[str]) -> list[Row]:
    """Verdicts on a strategy and others, each turned so that it comes first."""
    found: dict[tuple[str, str], Row] = {}
    for row in read_rows(run, "verdicts.csv", ("metric", "verdict")):
        one, other = text(row, "strategy"), text(row, "other")
        if own in (one, other):
            mine = row if one == own else _turned(row)
            found[text(mine, "other"), text(row, "metric")] = mine
    pairs = [(other, metric) for metric in JUDGED for other in others]
    return [found[pair] for pair in pairs if pair in found]


def _turned(row: Row) -> Row:
    """A verdict on two strategies, seen from the other."""
    return {
        **row,
        "strategy": row["other"],
        "other": row["strategy"],
        "n_less": row["n_more"],
        "n_more": row["n_less"],
        "difference": -number(row, "difference"),
        "difference_low": -number(row, "difference_high"),
        "difference_high": -number(row, "difference_low"),
    }


def _most_cut_off(run: RunFolder, own: str, by: str) -> list[tuple[str, estimates.Estimate]]:
    """Groups whose largest share of businesses was ever cut off, without groups with none."""
    found = estimates.read_group_shares(run, own, by, EVER).items()
    cut_off = [one for one in found if one[1].high > 0]
    return sorted(cut_off, key=lambda one: -one[1].median)[:MOST_GROUPS]


@dataclass(frozen=True)
class Wait:
    """Times between two events, over all simulations."""

    median_h: float
    """Their median; NaN without any."""
    n_done: int
    n_open: int
    """Waits that ended within the run, and those that did not."""


@dataclass(frozen=True)
class Remedies:
    """Remedies under one strategy."""

    apply_h: tuple[float, float]
    """Least and most of the operator groups' median lags, from the scenario's table; NaN where it
    cannot be read."""
    appeal: Wait
    """From an appeal by name to the exemption of its addresses."""
    release: Wait
    """From a withdrawal to its release by each operator that enforced it."""
    n_placed: float
    n_withdrawn: float
    """Entries placed, and withdrawn before the end; medians over simulations."""
    time_limits: Mapping[str, Any]
    """Parameters of the strategy that end blocks, by name."""
    ends_by_order: bool = False
    """Whether it places given orders; each has an end of its own, or none."""


TIME_LIMITS = ("ttl_h", "gap_h", "windows", "sessions")
"""Parameters of strategies that end a block."""


def _read_remedies(run: RunFolder, label: str) -> Remedies:
    given = parameters_of(run, label)
    n_placed, n_withdrawn = _count_entries(run, label)
    return Remedies(
        _operator_lags(run),
        appeal=_wait(run, label, _APPEALS),
        release=_wait(run, label, _RELEASES),
        n_placed=n_placed,
        n_withdrawn=n_withdrawn,
        time_limits={name: given[name] for name in TIME_LIMITS if given.get(name) is not None},
        ends_by_order=given.get("id") in ("orders", "replay"),
    )


_BLOCKING = (
    "exempting AS (SELECT DISTINCT replicate, entry FROM entries "
    "WHERE strategy = $label AND mechanism = 'exempt'), "
    "blocking AS (SELECT * FROM data ANTI JOIN exempting USING (replicate, entry) "
    "WHERE strategy = $label)"
)
"""Events of one strategy without those of exempting entries, which block nothing."""


_APPEALS = (
    "SELECT done.t_s - begun.t_s AS wait_s FROM blocking AS begun LEFT JOIN blocking AS done "
    "ON done.kind = 'exempted' AND done.replicate = begun.replicate "
    "AND done.business = begun.business AND done.t_s >= begun.t_s WHERE begun.kind = 'complained'"
)
_RELEASES = (
    "SELECT released_s - t_s AS wait_s FROM blocking JOIN enforcement USING (replicate, entry) "
    "WHERE kind = 'unblock' AND enforcement.strategy = $label"
)
"""Waits: from the event that begins each to the one that ends it; missing where none does."""


def _wait(run: RunFolder, label: str, waits: str) -> Wait:
    """Times that a query over the events of one strategy finds."""
    wait_s = read_columns(
        run.path / "events.parquet",
        f"WITH {_BLOCKING} {waits} ORDER BY wait_s",
        {"label": label},
        others={name: run.path / f"{name}.parquet" for name in ("entries", "enforcement")},
    )["wait_s"]
    waits_h = np.ma.compressed(wait_s).astype(float) / 3600
    return Wait(spread_of(waits_h).median, waits_h.size, wait_s.size - waits_h.size)


def _count_entries(run: RunFolder, label: str) -> tuple[float, float]:
    """Medians of the entries placed, and of those withdrawn before the end of a simulation."""
    columns = read_columns(
        run.path / "events.parquet",
        f"WITH {_BLOCKING}, runs AS (SELECT DISTINCT replicate FROM measures WHERE "
        "strategy = $label) SELECT count(*) FILTER (kind = 'block') AS placed, "
        "count(*) FILTER (kind = 'unblock') AS withdrawn FROM runs LEFT JOIN blocking "
        "USING (replicate) GROUP BY replicate",
        {"label": label},
        others={name: run.path / f"{name}.parquet" for name in ("entries", "measures")},
    )
    return float(np.median(columns["placed"])), float(np.median(columns["withdrawn"]))


def _operator_lags(run: RunFolder) -> tuple[float, float]:
    rows = input_rows(run, "operators", "groups", OperatorRow)
    lags = [row.apply_lag_median_h for row in rows if row.compliance > 0] or [math.nan]
    return min(lags), max(lags)


def parameters_of(run: RunFolder, label: str) -> dict[str, Any]:
    """Id and parameters of a strategy of a comparison."""
    one = next(one for one in run.manifest["strategies"] if one["label"] == label)
    return {"id": one["id"], **one.get("parameters", {})}
