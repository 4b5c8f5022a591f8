"""Each site of an inventory over simulations: the rows of ``sites.csv``.

There is one line for each site over all users, and one for each operator at which it ever failed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.measure.site_runs import (
    BY_CAUSE,
    LOSSES,
    TEXTS,
    TIMES,
    SiteRuns,
    read_operators,
    read_sites,
)
from sim.measure.summary import LEVEL, spreads_of
from sim.scenario.resolve import Resolved
from sim.scenario.tables.rows import RateRow


@dataclass(frozen=True)
class SiteLine:
    """One site under one strategy: a row of ``sites.csv``, whose columns say what each is.

    A row for an operator has an operator's name; what is known of the site as a whole alone is NaN
    or empty there.
    """

    strategy: str
    site: str
    operator: str
    affected_h: float
    affected_h_low: float
    affected_h_high: float
    impaired_h: float
    impaired_h_low: float
    impaired_h_high: float
    down_h: float
    down_h_low: float
    down_h_high: float
    lost_demand_h: float
    lost_demand_h_low: float
    lost_demand_h_high: float
    level: float
    n_simulations: int
    n_affected: int
    first_outage_utc: str = ""
    last_outage_utc: str = ""
    lost_demand_h_own_address: float = math.nan
    lost_demand_h_component_elsewhere: float = math.nan
    lost_demand_h_bought_service: float = math.nan
    lost_demand_h_name: float = math.nan
    lost_demand_h_overloaded_operator: float = math.nan
    loss_usd: float = math.nan
    loss_usd_low: float = math.nan
    loss_usd_high: float = math.nan
    visits_lost: float = math.nan
    visits_lost_low: float = math.nan
    visits_lost_high: float = math.nan
    loss_in_currency: float = math.nan
    loss_in_currency_low: float = math.nan
    loss_in_currency_high: float = math.nan
    currency: str = ""
    currency_per_usd: float = math.nan
    revenue_usd_per_h: float = math.nan
    sector: str = ""
    provider: str = ""
    region: str = ""
    country: str = ""
    drawn: str = ""


def summarise_sites(
    folder: Path, resolved: Resolved, label: str, simulations: Sequence[int]
) -> list[SiteLine]:
    """Lines of one strategy, in the sequence of the inventory; a site's operators follow it.

    Parameters
    ----------
    folder
        Where ``site_runs.parquet`` and ``businesses.parquet`` are.
    label
        Label of the strategy.
    simulations
        The finished simulations, ascending.

    Raises
    ------
    DataError
        If the tables cannot be read.

    Notes
    -----
    A site's loss is the private loss of the firm-level method, for the site alone.
    """
    replicates = simulations
    if not replicates:
        return []
    runs, operators = read_sites(folder, label), read_operators(folder, label)
    n = len(replicates)
    spreads = {name: _spread(runs.number[name]) for name in (*TIMES, *LOSSES)}
    n_affected = (runs.number["affected_h"] > 0).sum(axis=0)
    medians = {
        name: np.median(runs.number[name], axis=0) for name in (*BY_CAUSE, "revenue_usd_per_h")
    }
    first = _extreme(runs.number["first_outage_s"], np.fmin)
    last = _extreme(runs.number["last_outage_s"], np.fmax)
    start = resolved.scenario.start
    lines = []
    for row, name in enumerate(runs.site):
        lines.append(
            SiteLine(
                strategy=label,
                site=name,
                operator="",
                **_of_row(spreads, row),
                **_local(resolved.rate, spreads["loss_usd"][:, row]),
                level=LEVEL,
                n_simulations=n,
                n_affected=int(n_affected[row]),
                first_outage_utc=_instant(start, first[row]),
                last_outage_utc=_instant(start, last[row]),
                **_at_row(medians, row),
                **_texts_of(runs, row),
            )
        )
        for operator, found in sorted(operators.get(name, {}).items()):
            values = np.zeros((len(TIMES), n))
            # A replicate without a row met nothing there.
            values[:, [replicates.index(replicate) for replicate in found]] = np.transpose(
                list(found.values())
            )
            at_operator = {
                each: _spread(column[:, np.newaxis])
                for each, column in zip(TIMES, values, strict=True)
            }
            lines.append(
                SiteLine(
                    strategy=label,
                    site=name,
                    operator=operator,
                    **_of_row(at_operator, 0),
                    level=LEVEL,
                    n_simulations=n,
                    n_affected=int((values[0] > 0).sum()),
                )
            )
    return lines


def _of_row(spreads: Mapping[str, NDArray[np.float64]], row: int) -> dict[str, Any]:
    """Median and ends of some quantities of one site, by the names of columns."""
    return {
        f"{name}{end}": float(column[place, row])
        for name, column in spreads.items()
        for place, end in enumerate(("", "_low", "_high"))
    }


def _local(rate: RateRow | None, loss: NDArray[np.float64]) -> dict[str, Any]:
    """A loss in the country's currency; nothing without a rate."""
    if rate is None:
        return {}
    found = zip(("", "_low", "_high"), (loss * rate.per_usd).tolist(), strict=True)
    said = {"currency": rate.currency, "currency_per_usd": rate.per_usd}
    return {f"loss_in_currency{end}": value for end, value in found} | said


def _extreme(seconds: NDArray[np.float64], of: np.ufunc) -> list[float]:
    """Earliest or latest of each column, NaN where none is known."""
    return list(of.reduce(seconds, axis=0).tolist())


def _instant(start: datetime, seconds: float) -> str:
    """Point in time some seconds after the start, or nothing where it is not known."""
    if math.isnan(seconds):
        return ""
    at = start.astimezone(UTC) + timedelta(seconds=seconds)
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")


def _at_row(columns: Mapping[str, NDArray[np.float64]], row: int) -> dict[str, Any]:
    return {name: float(column[row]) for name, column in columns.items()}


def _spread(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Median, 5th and 95th percentile of each site, shape (3, n_sites)."""
    return np.array(spreads_of(values.T), np.float64).reshape(-1, 3).T


def _texts_of(runs: SiteRuns, row: int) -> dict[str, Any]:
    return {name: _all_of(runs.text[name][:, row]) for name in TEXTS}


def _all_of(texts: NDArray[np.object_]) -> str:
    """What a site is in all replicates; where it is drawn otherwise in some, each, by weight."""
    names, n = np.unique(texts.astype(str), return_counts=True)
    return "; ".join(names[np.argsort(-n, kind="stable")].tolist())
