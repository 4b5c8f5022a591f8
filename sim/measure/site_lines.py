"""Each site of an inventory over replicates: the rows of ``sites.csv``.

In: the runs of a folder, read strategy by strategy, and draws of prices. Out: lines, one for each
site over all users, and one for each operator at which it ever failed. Nothing is simulated.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sim.catalogue.causes import CAUSES
from sim.engine.state.ledger import SPELL_NAMES
from sim.measure.money.losses import LossTotals, exposed_customers
from sim.measure.money.money import money_of
from sim.measure.money.money_parameters import N_DRAWS, ParameterDraws, draw_parameters
from sim.measure.summary import LEVEL
from sim.results.parquet import numbers, read_columns
from sim.scenario.resolve import Resolved
from sim.streams import Streams

TIMES = ("affected_h", "impaired_h", "down_h", "lost_demand_h")
BY_CAUSE = tuple(f"lost_demand_h_{cause.name}" for cause in CAUSES)
TEXTS = ("sector", "provider", "region", "country", "drawn")
_BY_SPELL = ("lost_demand_h_below_threshold", *(f"lost_demand_h_{name}" for name in SPELL_NAMES))
Spreads: TypeAlias = "NDArray[np.float64]"
"""Mean, 5th and 95th percentile of some sites; shape (3, n_sites)."""
_AT_ONCE = 500
"""Sites that are priced at once, each by all draws of all replicates."""


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
    n_replicates: int
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
    revenue_usd_per_h: float = math.nan
    sector: str = ""
    provider: str = ""
    region: str = ""
    country: str = ""
    drawn: str = ""


@dataclass(frozen=True, eq=False)
class _Runs:
    """The runs of a strategy.

    Attributes
    ----------
    site
        Names, by site row.
    number
        Numbers by column, each of shape (n_replicates, n_sites); NaN where missing.
    text
        Texts by column, in the same shape; empty where missing.
    """

    site: tuple[str, ...]
    number: Mapping[str, NDArray[np.float64]]
    text: Mapping[str, NDArray[np.object_]]


def summarise_sites(
    folder: Path,
    resolved: Resolved,
    root_seed: int,
    label: str,
    replicates: Sequence[int],
    n_draws: int = N_DRAWS,
) -> list[SiteLine]:
    """Lines of one strategy, in the sequence of the inventory; a site's operators follow it.

    Parameters
    ----------
    folder
        Where ``site_runs.parquet`` and ``businesses.parquet`` are.
    label
        Label of the strategy.
    replicates
        Its finished replicates, ascending.

    Raises
    ------
    DataError
        If the tables cannot be read.

    Notes
    -----
    A site's loss is the private loss of the firm-level method, for the site alone: over all
    businesses these sum to that of ``summary.csv``. Its interval spans luck and the ranges of
    prices together: all draws of all replicates. The other intervals span luck.
    """
    if not replicates:
        return []
    runs, operators = _read_sites(folder, label), _read_operators(folder, label)
    n = len(replicates)
    hours = {name: _spread(runs.number[name]) for name in TIMES}
    loss = _losses(resolved, runs, root_seed, replicates, n_draws)
    visits = _spread(runs.number["visits_per_h"] * runs.number["lost_demand_h"])
    n_affected = (runs.number["affected_h"] > 0).sum(axis=0)
    means = {name: runs.number[name].mean(axis=0) for name in (*BY_CAUSE, "revenue_usd_per_h")}
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
                **_of_row(hours | {"loss_usd": loss, "visits_lost": visits}, row),
                level=LEVEL,
                n_replicates=n,
                n_affected=int(n_affected[row]),
                first_outage_utc=_instant(start, first[row]),
                last_outage_utc=_instant(start, last[row]),
                **_means_of(means, row),
                **_texts_of(runs, row),
            )
        )
        for operator, found in sorted(operators.get(name, {}).items()):
            values = np.zeros((len(TIMES), n))
            # A replicate without a row met nothing there.
            values[:, [replicates.index(replicate) for replicate in found]] = np.transpose(
                list(found.values())
            )
            spreads = {
                each: _spread(column[:, np.newaxis])
                for each, column in zip(TIMES, values, strict=True)
            }
            lines.append(
                SiteLine(
                    strategy=label,
                    site=name,
                    operator=operator,
                    **_of_row(spreads, 0),
                    level=LEVEL,
                    n_replicates=n,
                    n_affected=int((values[0] > 0).sum()),
                )
            )
    return lines


def _read_sites(folder: Path, label: str) -> _Runs:
    """What each site met in each run over all users."""
    of_site = (*TIMES, *BY_CAUSE, "response_usd", "visits_per_h")
    of_business = (
        *("revenue_usd_per_h", "demand_usd_per_h", "first_outage_s", "last_outage_s"),
        *_BY_SPELL,
    )
    texts = ("left_h", *TEXTS)
    chosen = [
        *(f"s.{name}" for name in (*of_site, "left_h", "country", "drawn")),
        *(f"b.{name}" for name in (*of_business, "sector", "provider", "region")),
    ]
    found = read_columns(
        folder / "site_runs.parquet",
        f"SELECT s.site, s.replicate, {', '.join(chosen)} FROM data AS s JOIN businesses AS b "
        "ON b.strategy = s.strategy AND b.replicate = s.replicate AND b.business = s.business "
        "WHERE s.strategy = ? AND s.operator IS NULL ORDER BY s.replicate, s.business",
        [label],
        others={"businesses": folder / "businesses.parquet"},
    )
    shape = np.unique(found["replicate"]).size, -1
    names = found["site"].reshape(shape)[0].tolist()
    return _Runs(
        tuple(names),
        {name: numbers(found[name]).reshape(shape) for name in (*of_site, *of_business)},
        {name: np.ma.filled(found[name], "").reshape(shape) for name in texts},
    )


def _read_operators(folder: Path, label: str) -> dict[str, dict[str, dict[int, list[float]]]]:
    """``TIMES`` of each site at each operator in each replicate in which it failed there."""
    found = read_columns(
        folder / "site_runs.parquet",
        f"SELECT site, operator, replicate, {', '.join(TIMES)} FROM data "
        "WHERE strategy = ? AND operator IS NOT NULL ORDER BY file_row_number",
        [label],
    )
    columns = [found[name].tolist() for name in ("site", "operator", "replicate", *TIMES)]
    by_site: dict[str, dict[str, dict[int, list[float]]]] = {}
    for site, operator, replicate, *values in zip(*columns, strict=True):
        by_site.setdefault(site, {}).setdefault(operator, {})[replicate] = values
    return by_site


def _losses(
    resolved: Resolved, runs: _Runs, root_seed: int, replicates: Sequence[int], n_draws: int
) -> Spreads:
    """Private loss of each site over all draws of all replicates."""
    n_sites = len(runs.site)
    is_hit = (runs.number["lost_demand_h"] > 0).any(axis=0)
    is_hit |= (runs.number["response_usd"] > 0).any(axis=0)
    # Who lost nothing in any draw needs no price.
    spreads = np.zeros((3, n_sites))
    if n_draws * len(replicates) < 2:
        spreads[1:] = np.nan
    hit = np.flatnonzero(is_hit)
    draws = [
        draw_parameters(resolved, Streams(root_seed, replicate), n_draws)
        for replicate in replicates
    ]
    sectors = [row.sector for row in resolved.sectors.rows]
    for at in range(0, hit.size, _AT_ONCE):
        some = hit[at : at + _AT_ONCE]
        priced = [
            _price(runs, row, some, sectors, parameters) for row, parameters in enumerate(draws)
        ]
        spreads[:, some] = _spread(np.concatenate(priced))
    return spreads


def _price(
    runs: _Runs, run: int, sites: NDArray[np.int64], sectors: list[str], p: ParameterDraws
) -> NDArray[np.float64]:
    """Private loss of some sites in one run; shape (n_draws, n_sites).

    Each site is priced as if it were a sector with the prices of its own.
    """

    def column(name: str) -> NDArray[np.float64]:
        return np.asarray(runs.number[name][run, sites])

    n = sites.size
    sector = np.array([sectors.index(name) for name in runs.text["sector"][run, sites]], np.int64)
    value = column("demand_usd_per_h")
    lost_h = np.stack([column(name) for name in _BY_SPELL[1:]], axis=1)
    exposed, longest = exposed_customers(value, lost_h, column("affected_h"))
    by_class = np.zeros_like(lost_h)
    by_class[np.arange(n), longest] = exposed
    left = [
        (row, float(hours))
        for row, text in enumerate(runs.text["left_h"][run, sites].tolist())
        for hours in text.split()
    ]
    left_row = np.array([row for row, _ in left], np.int64)
    nothing = np.zeros(n)
    totals = LossTotals(
        lost_usd_below_threshold=value * column(_BY_SPELL[0]),
        lost_usd=value[:, np.newaxis] * lost_h,
        exposed_usd_per_h=by_class,
        response_usd=column("response_usd"),
        away_usd=nothing.copy(),
        domestic_usd=nothing.copy(),
        demand_usd=nothing.copy(),
        revenue_usd=nothing.copy(),
        paid_usd=np.zeros((1, 1)),
        is_domestic=np.zeros(1),
        left_sector_row=left_row.astype(float),
        left_provider_row=np.zeros(left_row.size),
        left_is_first=np.zeros(left_row.size),
        left_usd_per_h=column("revenue_usd_per_h")[left_row],
        left_h=np.array([hours for _, hours in left], np.float64),
    )
    prices = replace(
        p,
        **{
            name: getattr(p, name)[:, sector]
            for name in (
                "sensitivity",
                "recaptured_share",
                "leaving_share",
                "recovery_time_d",
                "transfer_share",
            )
        },
    )
    return money_of(totals, prices).private_loss_usd


def _spread(values: NDArray[np.float64]) -> Spreads:
    """Mean, 5th and 95th percentile of each column; the two are NaN where there is one row."""
    found = np.full((3, values.shape[1]), np.nan)
    found[0] = values.mean(axis=0)
    if values.shape[0] > 1:
        tail = (1 - LEVEL) / 2
        found[1:] = np.quantile(values, [tail, 1 - tail], axis=0)
    return found


def _of_row(spreads: Mapping[str, Spreads], row: int) -> dict[str, Any]:
    """Mean and ends of some quantities of one site, by the names of columns."""
    return {
        f"{name}{end}": float(column[place, row])
        for name, column in spreads.items()
        for place, end in enumerate(("", "_low", "_high"))
    }


def _extreme(seconds: NDArray[np.float64], of: np.ufunc) -> list[float]:
    """Earliest or latest of each column, NaN where none is known."""
    return list(of.reduce(seconds, axis=0).tolist())


def _instant(start: datetime, seconds: float) -> str:
    """Point in time some seconds after the start, or nothing where it is not known."""
    if math.isnan(seconds):
        return ""
    at = start.astimezone(UTC) + timedelta(seconds=seconds)
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")


def _means_of(means: Mapping[str, NDArray[np.float64]], row: int) -> dict[str, Any]:
    return {name: float(column[row]) for name, column in means.items()}


def _texts_of(runs: _Runs, row: int) -> dict[str, Any]:
    return {name: _all_of(runs.text[name][:, row]) for name in TEXTS}


def _all_of(texts: NDArray[np.object_]) -> str:
    """What a site is in all replicates; where it is drawn otherwise in some, each, by weight."""
    names, n = np.unique(texts.astype(str), return_counts=True)
    return "; ".join(names[np.argsort(-n, kind="stable")].tolist())
