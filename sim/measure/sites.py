"""Outages and losses of each site of an inventory: in one run, and over simulations.

There is a row for each site over all users, and one for each operator at which it ever failed.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.catalogue.causes import CAUSES
from sim.catalogue.choices import LISTED
from sim.catalogue.measures import USD
from sim.engine.record.outcome import Outcome
from sim.engine.state.ledger import NEVER, SPELL_NAMES
from sim.engine.strategies.calendars import sessions_of
from sim.measure.groups import addresses_of, find_unpolled, state_times_s
from sim.measure.measures import difference_of
from sim.measure.money.losses import LossTotals, Stretches, exposed_customers, moves_of
from sim.measure.money.pricing import ParameterDraws, money_of
from sim.measure.summary import LEVEL, Spread, ends, spreads_of
from sim.results.folder import RunFolder
from sim.results.parquet import Coded, ColumnData, numbers, read_columns
from sim.results.schema import SITE_RUNS
from sim.results.tables import Line
from sim.scenario.resolve import Resolved
from sim.scenario.tables.inventory import read_inventory
from sim.scenario.tables.money import BY_BOTH, BY_CLASS, BY_SECTOR
from sim.scenario.tables.roles import FRONTEND, ROLES
from sim.world.build import MICRO, S_PER_H, World

TIMES = ("affected_h", "impaired_h", "down_h", "lost_demand_h")
BY_CAUSE = tuple(f"lost_demand_h_{cause.name}" for cause in CAUSES)
TEXTS = ("sector", "provider", "region", "country", "drawn")
LOSSES = ("loss_usd", "visits_lost")
SPANS = ("first_outage_s", "last_outage_s", "first_cut_off_s", "last_cut_off_s")


@dataclass(frozen=True, eq=False)
class SiteRuns:
    """The runs of a strategy."""

    site: tuple[str, ...]
    """Names, by site row."""
    replicate: NDArray[np.int64]
    """Numbers of the simulations, ascending; shape (n_replicates,)."""
    number: Mapping[str, NDArray[np.float64]]
    """Numbers by column, each of shape (n_replicates, n_sites); NaN where missing."""
    text: Mapping[str, NDArray[np.object_]]
    """Texts by column, in the same shape; empty where missing."""

    @property
    def is_drawn(self) -> NDArray[np.bool_]:
        """Whether the place of each site's front end is drawn; shape (n_sites,)."""
        return np.array([ROLES[FRONTEND] in str(one).split() for one in self.text["drawn"][0]])


def read_sites(folder: Path, label: str, currency: str = USD) -> SiteRuns:
    """Outages of each site in each run, over all users; ``loss_usd`` in a currency of results."""
    columns = (*TIMES, *BY_CAUSE, *LOSSES, "revenue_usd_per_h", *SPANS)
    loss = "" if currency == USD else " REPLACE (loss_in_currency AS loss_usd)"
    found = read_columns(
        folder / "site_runs.parquet",
        f"SELECT site, replicate, {', '.join((*columns, *TEXTS))} FROM (SELECT *{loss} FROM data) "
        "WHERE strategy = ? AND operator IS NULL ORDER BY replicate, business",
        [label],
    )
    replicate = np.unique(found["replicate"])
    shape = replicate.size, -1
    number = {name: numbers(found[name]).reshape(shape) for name in columns}
    # Who never lost demand lost nothing, whatever it earns.
    is_nothing = np.isnan(number["loss_usd"]) & ~(number["lost_demand_h"] > 0).any(axis=0)
    number["loss_usd"][is_nothing] = 0.0
    return SiteRuns(
        tuple(found["site"].reshape(shape)[0].tolist()),
        replicate,
        number,
        {name: np.ma.filled(found[name], "").reshape(shape) for name in TEXTS},
    )


def read_operators(
    folder: Path, label: str, simulations: Sequence[int]
) -> dict[str, dict[str, NDArray[np.float64]]]:
    """``TIMES`` of each site at each operator at which it failed: a row for each simulation."""
    found = read_columns(
        folder / "site_runs.parquet",
        f"SELECT site, operator, replicate, {', '.join(TIMES)} FROM data "
        "WHERE strategy = ? AND operator IS NOT NULL ORDER BY file_row_number",
        [label],
    )
    columns = [found[name].tolist() for name in ("site", "operator", "replicate", *TIMES)]
    row_of = {replicate: row for row, replicate in enumerate(simulations)}
    by_site: dict[str, dict[str, NDArray[np.float64]]] = {}
    for site, operator, replicate, *values in zip(*columns, strict=True):
        # A simulation without a row met nothing there.
        nothing = np.zeros((len(simulations), len(TIMES)))
        by_site.setdefault(site, {}).setdefault(operator, nothing)[row_of[replicate]] = values
    return by_site


def read_addresses(run: RunFolder) -> dict[str, list[str]]:
    """Addresses of each site of a run's inventory, each once."""
    name = str(run.scenario["population"]["inventory"])
    path = run.input_path(name)
    return addresses_of(read_inventory(name, path)) if path is not None else {}


def read_known(folder: Path, label: str, currency: str, resolved: Resolved) -> SiteRuns:
    """Read outages of sites; hours and losses are NaN where not known.

    They are not known if its place is drawn, as `find_missed` says, or if no simulation affects a
    site, and an operator was not polled for it.
    """
    runs, unpolled = read_sites(folder, label, currency), find_unpolled(resolved)
    is_open = np.array([bool(unpolled.get(site)) for site in runs.site])
    is_unknown = is_open & ~(runs.number["affected_h"] > 0).any(axis=0)
    is_unknown |= np.isin(runs.site, [*find_missed(folder, label, resolved)])
    hidden = {
        name: np.where(is_unknown, np.nan, runs.number[name])
        for name in (*TIMES, *BY_CAUSE, *LOSSES, *SPANS)
    }
    return replace(runs, number={**runs.number, **hidden})


def find_missed(folder: Path, label: str, resolved: Resolved) -> set[str]:
    """Sites whose front end is at a place that is drawn, as no address of it is given.

    Simulations list such an address by chance, however many there are; where one asks for another
    place that is drawn, they are the answer, unless none lists it. Where nothing is listed, no
    place is blocked.
    """
    is_asked = resolved.moves is not None or bool(getattr(resolved.inventory, "away_from", ""))
    query = "SELECT value FROM data WHERE strategy = ? AND list_contains(?, metric) AND value > 0"
    if not read_columns(folder / "measures.parquet", query, [label, [*LISTED]])["value"].size:
        return set()
    found = read_columns(
        folder / "site_runs.parquet",
        "SELECT site FROM data WHERE strategy = ? AND operator IS NULL GROUP BY site HAVING "
        "(NOT ? OR max(affected_h) = 0) AND list_contains(string_split(max(drawn), ' '), ?)",
        [label, is_asked, ROLES[FRONTEND]],
    )
    return {*found["site"].tolist()}


_AT_ONCE = 500
"""Sites that are priced at once, each by all draws of prices."""
BY_SPELL = ("lost_demand_h_below_threshold", *(f"lost_demand_h_{name}" for name in SPELL_NAMES))


def _price(
    number: Mapping[str, NDArray[np.float64]],
    sector_row: NDArray[np.int64],
    left: Stretches,
    p: ParameterDraws,
) -> NDArray[np.float64]:
    """Private loss of each site of a run, mean over the draws of prices; shape (n_sites,)."""
    blocks = [np.empty(0)]
    for first in range(0, sector_row.size, _AT_ONCE):
        some = slice(first, first + _AT_ONCE)
        of_sector = {
            name: getattr(p, name)[:, sector_row[some]]
            for name in (*BY_SECTOR, *BY_CLASS, *BY_BOTH)
        }
        totals = _totals({name: column[some] for name, column in number.items()}, left, first)
        blocks.append(
            money_of(
                totals, replace(p, revenue_level=p.revenue_level[:, some], **of_sector)
            ).private_loss_usd.mean(0)
        )
    return np.concatenate(blocks)


def _totals(number: Mapping[str, NDArray[np.float64]], left: Stretches, first: int) -> LossTotals:
    """Losses of some sites, each as if it were a sector."""
    value, n = number["demand_usd_per_h"], number["demand_usd_per_h"].size
    lost_h = np.stack([number[name] for name in BY_SPELL[1:]], axis=1)
    exposed, longest = exposed_customers(value, lost_h, number["affected_h"])
    by_class = np.zeros_like(lost_h)
    by_class[np.arange(n), longest] = exposed
    row = left.business_row - first
    mine = (row >= 0) & (row < n)
    row, nothing = row[mine], np.zeros(n)
    return LossTotals(
        lost_usd_below_threshold=value * number[BY_SPELL[0]],
        lost_usd=value[:, np.newaxis] * lost_h,
        exposed_usd_per_h=by_class,
        response_usd=number["response_usd"],
        away_usd=nothing,
        domestic_usd=nothing,
        demand_usd=nothing,
        revenue_usd=nothing,
        paid_usd=np.zeros((1, 1)),
        is_domestic=np.zeros(1),
        left_sector_row=row.astype(float),
        left_provider_row=np.zeros(row.size),
        left_is_first=np.zeros(row.size),
        left_usd_per_h=number["revenue_usd_per_h"][row],
        left_h=left.hours[mine],
    )


def site_columns(
    resolved: Resolved, world: World, outcome: Outcome, prices: ParameterDraws
) -> Mapping[str, ColumnData]:
    """Columns of ``site_runs.parquet`` of one run, from ``business`` on.

    Notes
    -----
    Of an operator group in cohorts a site's hours are those at a cohort, mean over its users, and
    its lost demand is that of all cohorts: over groups it sums to what the site lost.
    """
    sites = world.businesses.sites
    assert sites is not None
    n, first = sites.n, world.businesses.n_businesses - sites.n
    group, hours, lost_h = _by_group(world, outcome)
    is_hit = (hours > 0).any(axis=0) | (lost_h > 0)
    row, at = np.nonzero(is_hit)
    ledger, found = outcome.ledger, outcome.at_operators
    # A site's own row comes before those of its operators.
    order = np.argsort(np.concatenate((np.arange(n), row)), kind="stable")
    site = np.concatenate((np.arange(n), row))[order]
    times_s = state_times_s(outcome)
    whole = {f"{state}_h": time_s[first:] / S_PER_H for state, time_s in times_s.items()}
    whole["lost_demand_h"] = ledger.lost_demand_h[first:]
    of_operator = dict(zip(whole, (*hours[:, row, at], lost_h[row, at]), strict=True))
    unknown = np.full(row.size, np.nan)
    moves = moves_of(world, outcome)
    assert resolved.inventory is not None
    # What is given has no level of revenue.
    is_given = ~np.isnan(resolved.inventory.revenue_usd_per_h)
    prices = replace(prices, revenue_level=np.where(is_given, 1.0, prices.revenue_level))
    left = Stretches(moves.left.business_row - first, moves.left.provider_row, moves.left.hours)
    by_cause = {
        f"lost_demand_h_{cause.name}": found.site_lost_by_cause_h[:, column]
        for column, cause in enumerate(CAUSES)
    }
    businesses = world.businesses
    sector_row = businesses.sector_row[first:]
    number = whole | {
        BY_SPELL[0]: ledger.lost_demand_h_below_threshold[first:],
        **{
            name: ledger.lost_demand_h_by_spell[first:, column]
            for column, name in enumerate(BY_SPELL[1:])
        },
        "response_usd": moves.cost_usd[first:],
        "revenue_usd_per_h": businesses.revenue_usd_per_h[first:],
        "demand_usd_per_h": businesses.value_micro_usd_per_h[first:] / MICRO,
    }
    loss, amounts = _price(number, sector_row, left, prices), resolved.amounts
    in_usd = amounts.factor if amounts.currency == USD else math.nan
    alone = by_cause | {
        "response_usd": moves.cost_usd[first:] * in_usd,
        "visits_per_h": sites.visits_per_h,
        "loss_usd": loss * in_usd,
        "loss_in_currency": loss * (math.nan if amounts.currency == USD else amounts.factor),
        "visits_lost": sites.visits_per_h * whole["lost_demand_h"],
        "revenue_usd_per_h": number["revenue_usd_per_h"] * in_usd,
        **{
            name: np.where(t_s == NEVER, np.nan, t_s)
            for name in SPANS
            for t_s in [getattr(ledger, name)[first:]]
        },
    }
    nothing = [""] * row.size
    home = businesses.home_place_row[first:]
    places = world.places
    texts = {
        "sector": [businesses.sector[row] for row in sector_row.tolist()],
        "provider": [places.provider[row] for row in places.provider_row[home].tolist()],
        "region": [places.region[row] for row in home.tolist()],
        "country": sites.country,
        "drawn": sites.drawn,
    }
    return {
        "business": site + first,
        "site": np.array(sites.name, np.object_)[site],
        "operator": Coded(np.concatenate((np.full(n, -1), at))[order], group),
        **{name: np.concatenate((whole[name], of_operator[name]))[order] for name in whole},
        **{name: np.concatenate((column, unknown))[order] for name, column in alone.items()},
        **{
            name: Coded.of(np.array([*cells, *nothing], np.object_)[order].tolist())
            for name, cells in texts.items()
        },
    }


def session_columns(world: World, outcome: Outcome) -> Mapping[str, ColumnData]:
    """Columns of ``site_session_runs.parquet`` of one run, from ``session`` on.

    Notes
    -----
    There is a row where a site was affected in a session, over all users and at an operator group.
    """
    sites = world.businesses.sites
    assert sites is not None
    names, of_operator, weight = _groups(world)
    session, site, operator, *times_s = outcome.site_sessions.T
    is_whole = operator < 0
    # Over all users first, then the groups.
    column = np.where(is_whole, 0, of_operator[operator] + 1)
    places, row = np.unique(np.stack((session, site, column)), axis=1, return_inverse=True)
    share = np.where(is_whole, 1.0, weight[operator]) / S_PER_H
    hours = [np.bincount(row, time_s * share, places.shape[1]) for time_s in times_s]
    return {
        "session": places[0],
        "site": np.array(sites.name, np.object_)[places[1]],
        "operator": Coded(places[2] - 1, names),
        **dict(zip(TIMES, hours, strict=False)),
    }


def _groups(world: World) -> tuple[tuple[str, ...], NDArray[np.int64], NDArray[np.float64]]:
    """Groups, the row of that of each operator, and the operator's share of its users."""
    operators = world.operators
    names = tuple(dict.fromkeys(operators.group))
    of_operator = np.array([names.index(group) for group in operators.group], np.int64)
    share = operators.share_users
    total = np.bincount(of_operator, share, len(names))[of_operator]
    n_in_group = np.bincount(of_operator, minlength=len(names))[of_operator]
    # A group without users is split evenly: it has no mean over them.
    weight = np.where(total > 0, share / np.where(total > 0, total, 1), 1 / n_in_group)
    return names, of_operator, weight


def _by_group(
    world: World, outcome: Outcome
) -> tuple[tuple[str, ...], NDArray[np.float64], NDArray[np.float64]]:
    """Groups, hours in each state at each (3, n_sites, n_groups), and lost demand by group."""
    names, of_operator, weight = _groups(world)
    found = outcome.at_operators
    hours = np.zeros((*found.site_time_s.shape[:2], len(names)))
    lost_h = np.zeros((found.site_lost_h.shape[0], len(names)))
    for row, group in enumerate(of_operator.tolist()):
        hours[..., group] += found.site_time_s[..., row] * weight[row] / S_PER_H
        lost_h[:, group] += found.site_lost_h[:, row]
    return names, hours, lost_h


def summarise_sites(
    folder: Path, resolved: Resolved, label: str, simulations: Sequence[int]
) -> list[dict[str, Any]]:
    """Rows of ``sites.csv`` of one strategy, in the sequence of the inventory.

    Rows of the operators at which a site failed follow it. They lack what is known only of the
    site as a whole. Operators that were not polled for it have a row without hours.

    Parameters
    ----------
    folder
        Where ``site_runs.parquet`` and ``businesses.parquet`` are.
    label
        Label of the strategy.
    simulations
        The finished simulations, ascending.

    Notes
    -----
    A site's loss is the private loss of the firm-level method, for the site alone.
    """
    if not simulations:
        return []
    currency, rate = resolved.amounts.currency, resolved.rate
    unpolled = find_unpolled(resolved)
    runs = read_known(folder, label, currency, resolved)
    missed, operators = (
        find_missed(folder, label, resolved),
        read_operators(folder, label, simulations),
    )
    spreads = {name: spreads_of(runs.number[name].T) for name in (*TIMES, *LOSSES)}
    if currency != USD:
        spreads["loss_in_currency"] = spreads.pop("loss_usd")
    medians = {
        name: np.median(runs.number[name], axis=0) for name in (*BY_CAUSE, "revenue_usd_per_h")
    }
    first = np.fmin.reduce(runs.number["first_outage_s"], axis=0).tolist()
    last = np.fmax.reduce(runs.number["last_outage_s"], axis=0).tolist()
    start = resolved.scenario.start

    def line(
        site: str,
        operator: str,
        found: Iterable[tuple[str, Spread]],
        affected_h: NDArray[np.float64],
    ) -> dict[str, Any]:
        """Columns that the rows of sites and of operators share."""
        cells: dict[str, Any] = {"strategy": label, "site": site, "operator": operator}
        for name, spread in found:
            cells |= ends(name, spread)
        n_affected = None if np.isnan(affected_h).any() else int((affected_h > 0).sum())
        n = {"n_simulations": len(simulations), "n_affected": n_affected}
        return cells | {"level": LEVEL} | n

    unknown = np.full((len(simulations), len(TIMES)), np.nan)
    lines: list[dict[str, Any]] = []
    for row, site in enumerate(runs.site):
        local: dict[str, Any] = {} if currency == USD else {"currency": currency}
        if rate is not None:
            loss = Spread(*(end * rate.per_usd for end in spreads["loss_usd"][row]))
            local = {"currency": rate.currency, "currency_per_usd": rate.per_usd}
            local |= ends("loss_in_currency", loss)
        found = [(name, column[row]) for name, column in spreads.items()]
        lines.append(
            line(site, "", found, runs.number["affected_h"][:, row])
            | local
            | {
                "first_outage_utc": _instant(start, first[row]),
                "last_outage_utc": _instant(start, last[row]),
                "open_ends": _open_ends(runs, row, resolved.scenario.horizon_s),
                **{column: float(median[row]) for column, median in medians.items()},
                **{column: _all_of(runs.text[column][:, row]) for column in TEXTS},
            }
        )
        # Where some address of it was not polled, what was seen there is not all.
        of_operators = {} if site in missed else operators.get(site, {})
        of_operators = of_operators | dict.fromkeys(unpolled.get(site, ()), unknown)
        for operator, values in sorted(of_operators.items()):
            found = list(zip(TIMES, spreads_of(values.T), strict=True))
            lines.append(line(site, operator, found, values[:, 0]))
    return lines


def summarise_sessions(
    folder: Path, resolved: Resolved, label: str, simulations: Sequence[int]
) -> Iterator[dict[str, Any]]:
    """Rows of ``site_sessions.csv`` of one strategy: each site in each session, over all users.

    Rows of operators at which it failed follow. Operators that were not polled for it have a row
    without hours. So has a site that did not fail, if it is not known whether it did.
    """
    inventory, sessions_s = resolved.inventory, sessions_of(resolved)
    if not simulations or not sessions_s or inventory is None:
        return
    times = TIMES[:3]
    found = read_columns(
        folder / "site_session_runs.parquet",
        f"SELECT session, site, operator, replicate, {', '.join(times)} FROM data "
        "WHERE strategy = ? ORDER BY file_row_number",
        [label],
    )
    columns = [found[name].tolist() for name in ("session", "site", "operator", "replicate")]
    hours = np.column_stack([numbers(found[name]) for name in times])
    row_of = {replicate: row for row, replicate in enumerate(simulations)}
    of: dict[tuple[int, str, str], NDArray[np.float64]] = {}
    names = dict.fromkeys(inventory.site)
    by_site: dict[tuple[int, str], list[str]] = {}
    for at, (session, site, operator, replicate) in enumerate(zip(*columns, strict=True)):
        key = session, site, operator or ""
        if key not in of:
            of[key] = np.zeros((len(simulations), len(times)))
            by_site.setdefault(key[:2], []).append(key[2])
        of[key][row_of[replicate]] = hours[at]
    nothing = np.zeros((len(simulations), len(times)))
    unpolled = find_unpolled(resolved)
    runs = read_known(folder, label, USD, resolved)
    drawn = dict(zip(runs.site, runs.text["drawn"][0].tolist(), strict=True))
    hidden = dict(zip(runs.site, np.isnan(runs.number["affected_h"][0]).tolist(), strict=True))
    missed = find_missed(folder, label, resolved)
    for site in names:
        for session, (from_s, to_s) in enumerate(sessions_s):
            met = () if site in missed else by_site.get((session, site), ())
            silent = unpolled.get(site, [])
            for operator in sorted({"", *met, *silent}):
                values = of.get((session, site, operator), nothing)
                if operator in silent or (operator not in met and (hidden[site] or silent)):
                    values = np.full_like(nothing, np.nan)
                n_affected = int((values[:, 0] > 0).sum())
                cells: dict[str, Any] = {
                    "strategy": label, "site": site, "operator": operator,
                    "session_start_utc": _instant(resolved.scenario.start, from_s),
                    "session_end_utc": _instant(resolved.scenario.start, to_s),
                    "level": LEVEL, "n_simulations": len(simulations),
                    "n_affected": None if np.isnan(values).any() else n_affected,
                    "drawn": drawn[site],
                }  # fmt: skip
                for name, spread in zip(times, spreads_of(values.T), strict=True):
                    cells |= ends(name, spread)
                yield cells


def _open_ends(runs: SiteRuns, row: int, horizon_s: int) -> str:
    """Ends of a run at which half or more of the simulations that affect a site do so."""
    first, last = (runs.number[f"{end}_outage_s"][:, row] for end in ("first", "last"))
    is_known = ~np.isnan(first)
    if not is_known.any():
        return ""
    found = {"start": first == 0, "end": last >= horizon_s}
    return " ".join(end for end, one in found.items() if one[is_known].mean() >= 0.5)


def _instant(start: datetime, seconds: float) -> str:
    """Point in time some seconds after the start, or nothing where it is not known."""
    if math.isnan(seconds):
        return ""
    at = start.astimezone(UTC) + timedelta(seconds=seconds)
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")


def _all_of(texts: NDArray[np.object_]) -> str:
    """Texts of a site over all replicates; several where they differ, the most frequent first."""
    names, n = np.unique(texts.astype(str), return_counts=True)
    return "; ".join(names[np.argsort(-n, kind="stable")].tolist())


def compare_sites(
    folder: Path, cases: Mapping[str, Resolved], baseline: str, currency: str = USD
) -> list[Line]:
    """Rows of ``site_differences.csv``: sites under each strategy, less the baseline; then all.

    The sum excludes sites that are not known under either.

    Parameters
    ----------
    folder
        Where ``site_runs.parquet`` is.
    cases
        Scenarios by strategy, of those that have finished simulations; those that the baseline
        has too are compared.
    """
    if baseline not in cases:
        return []
    unpolled = {label: find_unpolled(one) for label, one in cases.items()}
    known = {label: read_known(folder, label, currency, one) for label, one in cases.items()}
    units = {column.name: column.unit for column in SITE_RUNS} | {"loss_usd": currency}
    against, lines = known.pop(baseline), list[Line]()
    for label, runs in known.items():
        _, *rows = np.intersect1d(runs.replicate, against.replicate, return_indices=True)
        for metric in (*TIMES, *LOSSES):
            both = [one.number[metric][row] for one, row in zip((runs, against), rows, strict=True)]
            # Of nothing known there is no sum.
            some = ~np.isnan(both).all(axis=(0, 1))
            some |= not some.any()
            # In a row of its own all sites together.
            after, before = (np.column_stack((one, one[:, some].sum(axis=1))).T for one in both)
            # A demand is a difference of sums over the run, so rounding is of their size: with
            # a minute lost in a year, parts of 10^-10.
            gap = difference_of(after, before)
            # What was seen where some operator did not poll is a lower bound: equal, or not known.
            sides = unpolled[label], unpolled[baseline]
            is_open = np.array([any(one.get(site) for one in sides) for site in runs.site])
            unsure = is_open[:, np.newaxis] & (gap[:-1] != 0)
            gap[np.vstack((unsure, unsure.any(axis=0)))] = np.nan
            known_in = (~np.isnan(gap)).sum(axis=1).tolist()
            columns = zip((*runs.site, ""), *map(spreads_of, (after, before, gap)), strict=True)
            lines += [
                Line.of(
                    "site_differences.csv",
                    strategy=label,
                    baseline=baseline,
                    site=site,
                    metric=metric,
                    unit=units[metric],
                    **spread._asdict(),
                    at_baseline=spread_before.median,
                    **ends("difference", difference),
                    share_less=float(np.mean(gap[row] < 0)) if known_in[row] else math.nan,
                    share_more=float(np.mean(gap[row] > 0)) if known_in[row] else math.nan,
                    level=LEVEL,
                    n_simulations=gap.shape[1],
                    n_known=known_in[row],
                )
                for row, (site, spread, spread_before, difference) in enumerate(columns)
                if metric != "visits_lost" or not np.isnan((after[row], before[row])).all()
            ]
    return lines
