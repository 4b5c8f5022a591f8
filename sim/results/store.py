"""Encodes the outcome of one run as its part of the tables of a run folder."""

from __future__ import annotations

import json
import math
import tempfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from ipaddress import IPv6Address
from pathlib import Path
from socket import inet_ntoa
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.addresses.sets.blocks import format_prefixes, split_ranges
from sim.addresses.sets.intervals import IPV4_STOP, IntervalSet, format_set
from sim.addresses.sets.line import Line, split
from sim.catalogue.causes import CAUSES
from sim.engine.decisions import Mechanism
from sim.engine.eventlog import NOBODY, Events, Kind
from sim.engine.record.outcome import Curves, Outcome
from sim.engine.state.ledger import NEVER, SPELL_NAMES
from sim.files import write_whole
from sim.results.parquet import Coded, ColumnData, Instants, Optional, write_part
from sim.scenario.tables.roles import FRONTEND
from sim.scenario.tables.rows import RESPONSES, STANCES
from sim.world.build import MICRO, World

NOT_ATTRIBUTED = "(not attributed)"

RUN_TABLES = (
    "curves", "businesses", "events", "enforcement", "entries", "measures", "hits",
)  # fmt: skip
"""Tables with the facts of each run."""

SITE_RUNS, SITE_SESSION_RUNS = SITE_RUN_TABLES = ("site_runs", "site_session_runs")
"""Table of each run beside an inventory: what each of its sites met."""


def encode_run(
    strategy: str,
    replicate: int,
    world: World,
    outcome: Outcome,
    *,
    start: datetime,
    folder: Path | None,
    measured: Mapping[str, Mapping[str, ColumnData]],
    is_in_usd: bool = True,
    at_s: NDArray[np.int64] | None = None,
) -> dict[str, bytes]:
    """Return a run's part of each table: the bytes of a Parquet file, by name.

    Parameters
    ----------
    strategy
        Label of the strategy.
    start
        Start of the run.
    folder
        Folder for temporary files; the system's when None.
    measured
        Columns of the tables that are measured, by name.
    is_in_usd
        Whether revenue is known in USD.
    at_s
        Times at which curves are read; at every change when None.
    """
    curves, start_s = outcome.curves, int(start.timestamp())
    tables: dict[str, Mapping[str, ColumnData]] = {
        "curves": _curves(world, curves if at_s is None else curves.at(at_s), start_s),
        "businesses": _businesses(world, outcome, 1.0 if is_in_usd else math.nan),
        "events": _events(world, outcome, start_s),
        "enforcement": _enforcement(world, outcome.events),
        "entries": _entries(world.places.line, outcome),
        **measured,
    }
    encoded = {}
    with tempfile.NamedTemporaryFile(dir=folder) as scratch:
        for table, columns in tables.items():
            path = Path(scratch.name)
            write_part(path, {"strategy": strategy, "replicate": replicate, **columns})
            encoded[table] = path.read_bytes()
    return encoded


def _curves(world: World, curves: Curves, start_s: int) -> dict[str, ColumnData]:
    row = curves.series_row
    metric = [series.metric for series in curves.series]
    names = sorted(set(metric))
    groups = np.array(
        [(series.group.provider_row, series.group.sector_row) for series in curves.series], np.int64
    )
    denominator = np.array([series.denominator for series in curves.series])
    code = np.array([names.index(name) for name in metric], np.int64)
    return {
        "t_s": curves.t_s,
        "time_utc": Instants(curves.t_s + start_s),
        "metric": Coded(code[row], names),
        "provider": Coded(groups[row, 0], (*world.places.provider, NOT_ATTRIBUTED)),
        "sector": Coded(groups[row, 1], world.businesses.sector),
        "value": curves.value,
        "denominator": denominator[row],
    }


def _businesses(world: World, outcome: Outcome, factor: float) -> dict[str, ColumnData]:
    businesses, ledger, places = world.businesses, outcome.ledger, world.places
    n = businesses.n_businesses
    home = businesses.home_place_row
    n_names, n_active = world.components.names_on(businesses.component_row[:, FRONTEND])
    return {
        "business": np.arange(n),
        "sector": Coded(businesses.sector_row, businesses.sector),
        "provider": Coded(places.provider_row[home], places.provider),
        "region": Coded(home, places.region),
        "revenue_usd_per_h": businesses.revenue_usd_per_h * factor,
        "demand_usd_per_h": businesses.value_micro_usd_per_h / MICRO * factor,
        "n_names": n_names,
        "n_active_sites": n_active,
        "lost_demand_h_below_threshold": ledger.lost_demand_h_below_threshold,
        **{
            f"lost_demand_h_{name}": ledger.lost_demand_h_by_spell[:, column].copy()
            for column, name in enumerate(SPELL_NAMES)
        },
        "affected_s": ledger.affected_s,
        "impaired_s": ledger.impaired_s,
        "down_s": ledger.down_s,
        "first_outage_s": Optional(ledger.first_outage_s, NEVER),
        "last_outage_s": Optional(ledger.last_outage_s, NEVER),
        "n_spells": ledger.n_spells,
        "worst_share": ledger.worst_share,
        "is_affected_at_end": ledger.is_affected_at_end,
        "main_cause": Coded(
            outcome.at_operators.main_cause.astype(np.int64), [cause.name for cause in CAUSES]
        ),
        **{
            f"n_responses_{name}": outcome.n_responses[:, column].copy()
            if outcome.n_responses.shape[1]
            else np.zeros(n, np.int64)
            for column, name in enumerate(RESPONSES)
        },
    }


def _events(world: World, outcome: Outcome, start_s: int) -> dict[str, ColumnData]:
    events = outcome.events
    rows = np.flatnonzero(events.operator_row == NOBODY)
    t_s, front_row = events.t_s[rows], events.front_row[rows]
    return {
        "t_s": t_s,
        "time_utc": Instants(t_s + start_s),
        "kind": Coded(events.kind[rows], [kind.name.lower() for kind in Kind]),
        "entry": Optional(events.entry_row[rows], NOBODY),
        "front": Optional(front_row, NOBODY),
        "address": Coded(front_row, _address_texts(world.places.line, outcome.front_address)),
        "business": Optional(events.business_row[rows], NOBODY),
        "provider": Coded(events.provider_row[rows], world.places.provider),
        "stance": Coded(events.stance_row[rows], STANCES),
        "public_event": Optional(events.public_event_row[rows], NOBODY),
    }


def _enforcement(world: World, events: Events) -> dict[str, ColumnData]:
    """When each operator enforced each entry, which it does at most once."""
    began, ended = (np.flatnonzero(events.kind == of) for of in (Kind.ENFORCED, Kind.RELEASED))
    pair = events.entry_row * world.operators.n_operators + events.operator_row
    released_s = np.full(pair.max(initial=-1) + 1, NEVER)
    released_s[pair[ended]] = events.t_s[ended]
    return {
        "entry": events.entry_row[began],
        "operator": Coded(events.operator_row[began], world.operators.name),
        "enforced_s": events.t_s[began],
        "released_s": Optional(released_s[pair[began]], NEVER),
    }


def _entries(line: Line, outcome: Outcome) -> dict[str, ColumnData]:
    texts_of = _prefix_texts if line.has_ipv6 else _prefix_texts4
    entry, prefix = texts_of(outcome.entry_addresses)
    mechanisms = list(Mechanism)
    code = np.array([mechanisms.index(m) for m in outcome.entry_mechanism], np.int64)
    return {
        "entry": entry,
        "mechanism": Coded(code[entry], [str(mechanism) for mechanism in mechanisms]),
        "prefix": Coded(np.arange(entry.size), prefix),
    }


def _prefix_texts4(sets: Sequence[IntervalSet]) -> tuple[NDArray[np.int64], list[str]]:
    """Prefixes of sets of IPv4 as text, and whose each is: at once, as there are thousands."""
    none = np.empty(0, np.int64)
    start = np.concatenate([none, *(one.start for one in sets)])
    stop = np.concatenate([none, *(one.stop for one in sets)])
    entry = np.repeat(np.arange(len(sets)), [one.start.size for one in sets])
    row, address, length = split_ranges(start, stop)
    return entry[row], format_prefixes(address, length)


def _prefix_texts(sets: Sequence[IntervalSet]) -> tuple[NDArray[np.int64], list[str]]:
    """Prefixes of sets of both families as text, IPv4 first, and whose each is."""
    texts = [format_set(split(addresses)).decode("ascii").split() for addresses in sets]
    entry = np.repeat(np.arange(len(sets)), [len(prefixes) for prefixes in texts])
    return entry, [prefix for prefixes in texts for prefix in prefixes]


def _address_texts(line: Line, address: NDArray[np.int64]) -> list[str]:
    """Plain addresses of both families as text."""
    return [
        inet_ntoa(number.to_bytes(4, "big")) if place < IPV4_STOP else str(IPv6Address(number))
        for place, number in zip(address.tolist(), line.numbers(address), strict=True)
    ]


def write_json(path: Path, value: Any) -> None:
    """Write JSON for people."""
    write_whole(path, json_bytes(value))


def json_bytes(value: Any) -> bytes:
    """JSON for people: indented, with keys in the given order and a final newline."""
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    return f"{text}\n".encode()
