"""The facts of each run (measures, who was hit) to files and back, to the last bit.

All tables over simulations are computed from these files and from the curves.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.catalogue.choices import ADDRESSES_LOST, effect_in
from sim.catalogue.measures import USD
from sim.measure.groups import GroupCount, unit_of
from sim.measure.measures import Measure
from sim.measure.summary import Measured
from sim.results.parquet import Coded, ColumnData, read_columns
from sim.scenario import strategies
from sim.scenario.resolve import Resolved
from sim.scenario.schema import Scenario

ORDERS, HITS, DENIES = (
    "orders nothing",
    "hits no modelled business",
    "denies the target's users nothing",
)
LIMITS = (
    "orders_per_day",
    "max_addresses",
    "max_rules",
    "exempt",
    "pause_pressure",
    "end_pressure",
)
"""Keys by which a censor limits itself."""


def why_nothing(resolved: Resolved, kinds: Collection[str], part: Measured) -> dict[str, str]:
    """Effects that no run of a strategy had, with the reason; without orders there are none.

    Parameters
    ----------
    kinds
        Kinds of events that any of the runs has.
    part
        Measures of the runs.
    """

    def is_none(metric: str) -> bool:
        return metric in part.row and not part.values((metric,)).any()

    if is_none("orders_placed"):
        return {ORDERS: _why_no_order(resolved, has_found="discovered" in kinds)}
    is_enforced = "enforced" in kinds
    late = "no operator carried an order out before the end"
    found = {}
    if is_none("businesses_ever_affected") and not part.is_open:
        has_lost = bool(part.values(("demand_lost_share",)).any())
        found[HITS] = _why_no_hit(resolved.scenario, has_lost=has_lost) if is_enforced else late
    if is_none(effect_in(part.row)):
        reached = "at every operator the clients always reached it, by a front or a VPN"
        if effect_in(part.row) == ADDRESSES_LOST:
            reached = "nothing failed at the addresses it was given"
        found[DENIES] = reached if is_enforced else late
    return found


def _why_no_order(resolved: Resolved, *, has_found: bool) -> str:
    scenario, strategy = resolved.scenario, resolved.scenario.strategy
    if isinstance(strategy, strategies.NoBlocking):
        return "the strategy none places no order"
    if isinstance(strategy, strategies.Replay):
        assert resolved.orders is not None
        last = strategy.last_order
        for row in resolved.orders.rows:
            if row.effective < scenario.end and (last is None or row.effective <= last):
                return _held_back(scenario)
        keys = "end" if last is None else "end or strategy.last_order"
        return f"every order of {strategy.orders} lies beyond {keys}"
    if isinstance(strategy, strategies.Orders):
        limits = _held_back(scenario)
        return f"no given order comes into force between start and end; or {limits}"
    if not has_found:
        return "no front was found before the end (censor.discovery_lag_h)"
    if isinstance(strategy, strategies.TimeWindow):
        key = next(key for key in strategies.CALENDARS if getattr(strategy, key) is not None)
        return f"no front was known, and free to be listed, in any of strategy.{key}"
    if isinstance(strategy, strategies.Negotiate):
        return "no provider of a front that was found refused before the end (strategy.talks_h)"
    return _held_back(scenario)


def _held_back(scenario: Scenario) -> str:
    censor = scenario.censor
    limits = [f"censor.{key}" for key in LIMITS if censor and getattr(censor, key) is not None]
    if limits:
        return f"no order passed what the censor holds itself to ({', '.join(limits)})"
    return "what was found called for no order"


def _why_no_hit(scenario: Scenario, *, has_lost: bool) -> str:
    strategy = scenario.strategy
    if has_lost:
        bar = scenario.thresholds.affected
        return f"no business lost more than {bar:g} of its demand at a time (thresholds.affected)"
    if isinstance(strategy, strategies.Dns | strategies.Sni) and strategy.overmatch == 0:
        return "the entry matches no other name (strategy.overmatch 0)"
    if isinstance(strategy, strategies.Dns | strategies.Sni) and scenario.effects.name_evasion == 1:
        return "all users get round the blocking of a name (effects.name_evasion 1)"
    if isinstance(strategy, strategies.Throttle) and scenario.effects.throttle_severity == 0:
        return "no attempt fails at a throttled address (effects.throttle_severity 0)"
    why = "no customer of one needed an address or a name while it was blocked"
    if not scenario.population.n_businesses:
        return why
    expected = "names expected behind what was listed are in expected_names.csv"
    return f"{why}; they are a sample: {expected}"


def measures_of(plain: Mapping[str, Any]) -> tuple[Measure, ...]:
    """Measures among the plain values of a run."""
    return tuple(Measure(*row) for row in plain["measures"])


def measure_columns(measures: Sequence[Measure]) -> dict[str, ColumnData]:
    """Columns of ``measures.parquet`` of one run, from ``metric`` on."""
    return {
        **{name: Coded.of([getattr(one, name) for one in measures]) for name in ("metric", "unit")},
        **{name: _numbers(measures, name) for name in ("value", "denominator")},
        "denominator_unit": Coded.of([one.denominator_unit for one in measures]),
    }


def group_columns(counts: Sequence[GroupCount], currency: str = USD) -> dict[str, ColumnData]:
    """Columns of ``hits.parquet`` of one run, from ``by`` on."""
    return {
        **{name: Coded.of([getattr(one, name) for one in counts]) for name in _OF_GROUP},
        "unit": Coded.of([unit_of(one.metric, currency)[0] for one in counts]),
        **{name: _numbers(counts, name) for name in ("value", "denominator")},
    }


_OF_GROUP = ("by", "group", "metric")


def _numbers(facts: Sequence[Any], name: str) -> NDArray[np.float64]:
    return np.array([getattr(one, name) for one in facts], np.float64)


def read_measures(folder: Path) -> dict[str, dict[int, tuple[Measure, ...]]]:
    """Measures of all runs by strategy and replicate."""
    names = ("strategy", "replicate", "metric", "unit", "value", "denominator", "denominator_unit")
    runs: dict[str, dict[int, list[Measure]]] = {}
    for label, replicate, *cells in _rows(folder / "measures.parquet", names):
        runs.setdefault(label, {}).setdefault(replicate, []).append(Measure(*cells))
    return {
        label: {replicate: tuple(found) for replicate, found in by_replicate.items()}
        for label, by_replicate in runs.items()
    }


def read_groups(folder: Path, label: str) -> dict[int, list[GroupCount]]:
    """Counts of the runs of one strategy, by replicate and group."""
    names = ("replicate", "by", "group", "metric", "value", "denominator")
    found: dict[int, list[GroupCount]] = {}
    for replicate, *cells in _rows(folder / "hits.parquet", names, label):
        found.setdefault(replicate, []).append(GroupCount(*cells))
    return found


def read_kinds(folder: Path, label: str) -> set[str]:
    """Kinds of the events of one strategy, ``enforced`` among them."""
    query = (
        "SELECT DISTINCT kind FROM data WHERE strategy = $label "
        "UNION SELECT 'enforced' FROM enforcement WHERE strategy = $label"
    )
    others = {"enforcement": folder / "enforcement.parquet"}
    found = read_columns(folder / "events.parquet", query, {"label": label}, others=others)
    return {*found["kind"].tolist()}


def _rows(path: Path, names: Sequence[str], label: str | None = None) -> Iterator[tuple[Any, ...]]:
    chosen = ", ".join(f'"{name}"' for name in names)
    mine = "" if label is None else "WHERE strategy = ?"
    query = f"SELECT {chosen} FROM data {mine} ORDER BY file_row_number"
    columns = read_columns(path, query, [] if label is None else [label])
    return zip(*(_python_values(columns[name]) for name in names), strict=True)


def _python_values(column: NDArray[Any]) -> list[Any]:
    """Cells as Python values; what is missing is NaN, or an empty text."""
    if np.issubdtype(column.dtype, np.integer):
        return list(column.tolist())
    missing: float | str = np.nan if np.issubdtype(column.dtype, np.floating) else ""
    return list(np.ma.filled(column, missing).tolist())
