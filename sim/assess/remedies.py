"""How remedies work: the lags that a scenario assumes, and the waits that the simulations show."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.measure.summary import spread_of
from sim.results.folder import RunFolder
from sim.results.register import read_entries, read_waits
from sim.scenario.tables.rows import OperatorRow
from sim.scenario.tables.seeds import read_table

UNKNOWN = math.nan


@dataclass(frozen=True)
class Wait:
    """Times between two events, over all simulations.

    Attributes
    ----------
    median_h, low_h, high_h
        Median, 5th and 95th percentile; NaN without any.
    n_done, n_open
        Waits that ended within the run, and those that did not.
    """

    median_h: float
    low_h: float
    high_h: float
    n_done: int
    n_open: int


@dataclass(frozen=True)
class Remedies:
    """Remedies under one strategy.

    Attributes
    ----------
    apply_h, release_h
        Least and most of the operator groups' median lags, from the scenario's table; NaN where it
        cannot be read.
    hotline_service_h, exempt_lag_h, confirmed_share
        Assumed handling of appeals; NaN where nobody complains.
    withdraw_lag_h
        From a provider's compliance to the withdrawal of its ranges; NaN without a censor section.
    appeal
        From an appeal by name to the exemption of its addresses.
    release
        From a withdrawal to its release by each operator that enforced it.
    n_placed, n_withdrawn
        Entries placed, and withdrawn before the end; medians over simulations.
    time_limits
        Parameters of the strategy that end blocks, by name.
    ends_by_order
        Whether it places given orders; each has an end of its own, or none.
    """

    apply_h: tuple[float, float]
    release_h: tuple[float, float]
    hotline_service_h: float
    exempt_lag_h: float
    confirmed_share: float
    withdraw_lag_h: float
    appeal: Wait
    release: Wait
    n_placed: float
    n_withdrawn: float
    time_limits: Mapping[str, Any]
    ends_by_order: bool = False


TIME_LIMITS = ("ttl_h", "gap_h", "windows", "sessions", "every")
"""Parameters of strategies that end a block."""


def read_remedies(run: RunFolder, label: str) -> Remedies:
    """Read remedies under one strategy.

    Raises
    ------
    DataError
        If the folder cannot be read.
    """
    scenario = run.scenario
    complaints, censor = scenario.get("complaints") or {}, scenario.get("censor") or {}
    appeal = _wait(read_waits(run, label, "complained", "exempted", "business"))
    entries, given = read_entries(run, label), parameters_of(run, label)
    # What it ordered in a session is withdrawn at the end of it.
    limits = {**given, **(given.get("when") or {})}
    lags = _operator_lags(run)
    return Remedies(
        apply_h=lags[0],
        release_h=lags[1],
        hotline_service_h=float(complaints.get("hotline_service_h", UNKNOWN)),
        exempt_lag_h=float(complaints.get("exempt_lag_h", UNKNOWN)),
        confirmed_share=float(complaints.get("confirmed_share", UNKNOWN)),
        withdraw_lag_h=float(censor.get("withdraw_lag_h", UNKNOWN)),
        appeal=appeal,
        release=_wait(read_waits(run, label, "unblock", "released", "entry")),
        n_placed=float(np.median(entries.n_placed)),
        n_withdrawn=float(np.median(entries.n_withdrawn)),
        time_limits={name: limits[name] for name in TIME_LIMITS if limits.get(name) is not None},
        ends_by_order=given.get("id") in ("orders", "replay"),
    )


def _wait(found: tuple[NDArray[np.float64], int]) -> Wait:
    waits, n_open = found
    if not waits.size:
        return Wait(UNKNOWN, UNKNOWN, UNKNOWN, 0, n_open)
    return Wait(*spread_of(waits), int(waits.size), n_open)


def _operator_lags(run: RunFolder) -> tuple[tuple[float, float], tuple[float, float]]:
    name = str(run.scenario.get("operators", {}).get("groups", ""))
    path = run.input_path(name)
    if path is None:
        return (UNKNOWN, UNKNOWN), (UNKNOWN, UNKNOWN)
    rows = [row for row in read_table(name, path, OperatorRow).rows if row.compliance > 0]
    applied = [row.apply_lag_median_h for row in rows] or [UNKNOWN]
    released = [row.release_lag_median_h for row in rows] or [UNKNOWN]
    return (min(applied), max(applied)), (min(released), max(released))


def parameters_of(run: RunFolder, label: str) -> dict[str, Any]:
    """Id and parameters of a strategy of a comparison."""
    for one in run.manifest["strategies"]:
        if one["label"] == label:
            return {"id": one["id"], **one.get("parameters", {})}
    return {}
