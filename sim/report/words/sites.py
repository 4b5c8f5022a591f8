"""Sites of one's own, and what is not known of them."""

from __future__ import annotations

import math
from collections.abc import Container
from dataclasses import replace
from ipaddress import ip_address

import numpy as np
from numpy.typing import NDArray

from sim.addresses.sets.intervals import AddressSet
from sim.blocklists.hosts import State, find_hits, without_repeats
from sim.catalogue.measures import USD
from sim.measure.estimates import Estimate, estimate_over
from sim.measure.sites import SiteRuns, read_addresses, read_sites
from sim.report.words.heading import is_replayed, read_mechanisms
from sim.report.words.languages import Text, joined, say, say_n
from sim.report.words.numbers import whole
from sim.report.words.record import is_record
from sim.results.folder import RunFolder
from sim.results.parquet import read_columns
from sim.results.tables import number, read_rows, text
from sim.scenario.tables.inventory import Inventory, read_hosts, read_inventory
from sim.scenario.tables.money import lack_sales


def inventory_of(run: RunFolder) -> Inventory | None:
    """Inventory of a run; None where it has none, or does not keep it."""
    name = run.scenario["population"].get("inventory")
    path = run.input_path(str(name)) if name else None
    return read_inventory(str(name), path) if path else None


def assumed_sales(run: RunFolder) -> list[str] | None:
    """Sites without revenue in the inventory, so that theirs is assumed; None if none is used."""
    found = inventory_of(run)
    if found is None or lack_sales(found, run.scenario["population"].get("n_businesses")):
        return None
    return [found.site[at] for at in np.flatnonzero(np.isnan(found.revenue_usd_per_h))]


def read_known(run: RunFolder, strategy: str, unit: str = USD) -> SiteRuns:
    """Read outages of the sites; hours and losses are NaN where ``sites.csv`` has no hours."""
    runs, unknown = read_sites(run.path, strategy, unit), find_unknown(run, strategy)
    hidden = np.array([(site, "") in unknown for site in runs.site])
    known = {
        name: np.where(hidden, np.nan, runs.number[name]) for name in ("impaired_h", "loss_usd")
    }
    return replace(runs, number={**runs.number, **known})


def read_hours_at(run: RunFolder, strategy: str, operator: str) -> Estimate | None:
    """Mean hours at an operator of the sites of which they are known there; None without any."""
    unknown = find_unknown(run, strategy)
    polled = {site for site, who in unknown if who}
    # A site whose place is drawn has no rows of operators.
    hidden = {s for s, who in unknown if who == operator or (not who and s not in polled)}
    if not (n := len(read_sites(run.path, strategy).site) - len(hidden)):
        return None
    query = (
        "SELECT coalesce(sum(impaired_h) FILTER (operator = ? AND NOT list_contains(?, site)), 0) "
        "AS hours FROM data WHERE strategy = ? GROUP BY replicate"
    )
    given = [operator, sorted(hidden), strategy]
    hours = read_columns(run.path / "site_runs.parquet", query, given)["hours"]
    return estimate_over(hours / n, "h")


def find_unknown(run: RunFolder, strategy: str) -> set[tuple[str, str]]:
    """Sites with operators (empty: all users) for which ``sites.csv`` has no hours."""
    return {
        (text(row, "site"), text(row, "operator"))
        for row in read_rows(run, "sites.csv", ("site", "operator", "impaired_h"))
        if text(row, "strategy") == strategy and math.isnan(number(row, "impaired_h"))
    }


def count_unknown(run: RunFolder, strategy: str) -> int:
    """How many sites are not known."""
    return sum(not operator for _, operator in find_unknown(run, strategy))


def find_unplaced(run: RunFolder, strategy: str) -> list[str]:
    """Sites that are not known, as their place is drawn: by chance some simulation lists it."""
    runs, unknown = read_sites(run.path, strategy), find_unknown(run, strategy)
    return [site for site in np.array(runs.site)[runs.is_drawn].tolist() if (site, "") in unknown]


def find_partly(run: RunFolder, strategy: str) -> set[str]:
    """Sites that some operator was not polled for, so that what was seen is a lower bound."""
    return {site for site, operator in find_unknown(run, strategy) if operator}


def open_ends(run: RunFolder, runs: SiteRuns, at: int, partly: Container[str]) -> tuple[bool, bool]:
    """Whether a site still is cut off at the end, and whether it was before a record.

    Half of the simulations that cut it off decide. It may have been before, too, where an operator
    was not polled for it: ``partly`` has such sites.
    """
    is_cut = runs.number["impaired_h"][:, at] > 0
    if not is_cut.any():
        return False, False
    first, last = (runs.number[f"{end}_cut_off_s"][is_cut, at] for end in ("first", "last"))
    is_before = runs.site[at] in partly or bool((first == 0).mean() >= 0.5)
    return bool((last >= run.horizon_s).mean() >= 0.5), is_before and is_record(run)


def find_least(run: RunFolder, strategy: str) -> set[str]:
    """Sites whose hours are a lower bound: not polled everywhere, or cut off at an end."""
    runs, partly = read_sites(run.path, strategy), find_partly(run, strategy)
    open_ = (site for at, site in enumerate(runs.site) if any(open_ends(run, runs, at, partly)))
    return partly.union(open_)


def note_of_unknown(run: RunFolder, strategy: str) -> str:
    """Write how many sites are not known, so that shares of all are bounds; empty if none."""
    n = len({site for site, _ in find_unknown(run, strategy)})
    return say_n(
        "{n} site is not known, or not at every operator: shares are lower bounds.",
        "{n} sites are not known, or not at every operator: shares are lower bounds.",
        n, n=whole(n),
    ) if n else ""  # fmt: skip


def read_list(run: RunFolder) -> AddressSet | None:
    """Addresses that the orders given list; None where these name names, or are a record."""
    strategy = run.strategies[0]
    if is_record(run) or not is_replayed(run) or "name" in read_mechanisms(run, strategy):
        return None
    query = "SELECT DISTINCT prefix FROM data WHERE strategy = ? AND mechanism <> 'exempt'"
    found = read_columns(run.path / "entries.parquet", query, [strategy])["prefix"]
    return AddressSet.of(*found.tolist())


def count_listed(run: RunFolder) -> dict[str, tuple[int, int]]:
    """Addresses on the list of each site that has any there, and all of its addresses."""
    if (listed := read_list(run)) is None:
        return {}
    families = {32: listed.v4, 128: listed.v6}
    return {
        site: (n, len(some))
        for site, some in read_addresses(run).items()
        for ips in [map(ip_address, some)]
        if (n := sum(int(families[one.max_prefixlen].contains([int(one)])[0]) for one in ips))
    }


def split_by_list(run: RunFolder, times: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Times of the sites cut off that have an address on the list, and of others; or no times."""
    is_listed = np.isin(read_sites(run.path, run.strategies[0]).site, [*count_listed(run)])
    is_cut = (times > 0) & (read_list(run) is not None)
    return [times[is_cut & is_listed], times[is_cut & ~is_listed]]


def sentence_of_unknown(k: int, n: int) -> str:
    """Write how many of one's own sites are not known; empty if none."""
    if n == 1:
        return say("It is not known whether your site was blocked.") if k else ""
    return say_n(
        "It is not known whether {k} of your {n} sites was blocked.",
        "It is not known whether {k} of your {n} sites were blocked.",
        k, k=whole(k), n=whole(n),
    ) if k else ""  # fmt: skip


def sentence_of_list(run: RunFolder) -> Text | None:
    """Write how many hosts and sites are on the list, hosts as `exposure` counts them; or None."""
    path, listed = run.input_path(str(run.scenario["population"]["inventory"])), read_list(run)
    label = run.strategies[0]
    if path is None or listed is None:
        return None
    hosts, _ = without_repeats(read_hosts(path))
    state, n_sites = find_hits(hosts, listed).host_state, len(read_sites(run.path, label).site)
    n, k, n_unknown = state.size, int((state >= State.PARTLY).sum()), int((state == 0).sum())
    if n == 1:
        return None
    sites = say(", in {k} of {n} sites,", k=whole(len(count_listed(run))), n=whole(n_sites))
    said = say_n(
        "{k} of your {n} hosts{sites} is on the list",
        "{k} of your {n} hosts{sites} are on the list",
        k, k=whole(k), n=whole(n), sites=sites if k and 1 < n_sites < n else "",
    )  # fmt: skip
    unknown = say_n("; {n} has no address", "; {n} have no address", n_unknown, n=whole(n_unknown))
    return joined("", (said, unknown if n_unknown else "", "."))
