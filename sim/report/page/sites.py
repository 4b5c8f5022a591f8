"""Sites of one's own on the page: at which operators they are cut off, by which entry, how long."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from ipaddress import ip_network
from pathlib import Path

import numpy as np
from markupsafe import Markup, escape
from numpy.typing import NDArray

from sim.catalogue import causes
from sim.catalogue.choices import PRIVATE_LOSS
from sim.measure.estimates import Estimate, count_over, estimate_over, middle_of, read_estimates
from sim.measure.sites import BY_CAUSE, SiteRuns, read_addresses
from sim.report.page.detail import MOST_OPERATORS, MOST_ROWS, largest_operators, step_before
from sim.report.words.heading import in_currency, rate_of, read_mechanisms, sessions_of
from sim.report.words.languages import Text, joined, moment, say
from sim.report.words.numbers import NOT_KNOWN, as_bound, value_text, whole, with_range
from sim.report.words.record import OR_BEFORE, is_record
from sim.report.words.sites import (
    assumed_sales,
    count_listed,
    find_partly,
    find_unknown,
    find_unplaced,
    open_ends,
    read_known,
    read_list,
)
from sim.results.folder import RunFolder, input_rows, later
from sim.results.parquet import numbers, read_columns
from sim.results.tables import number as cell
from sim.results.tables import read_rows
from sim.scenario.strategies import NO_NAME, GivenOrderRow

NO_PROVIDER = "(not known)"
MOST_NAMES = 2
"""Addresses, entries and providers of a site that are named."""
MOST_SITES = 12
MOST_ON_PHONE = 6
MOST_DETAILED = 40
"""Sites in the table of the first screen, also on a phone; of those listed or cut off, in the
tables below."""
WHYS = {
    causes.OWN_ADDRESS: say("an assumed address of it is listed"),
    causes.COMPONENT_ELSEWHERE: say("an assumed address of it is listed"),
    causes.BOUGHT_SERVICE: say("a service that it is assumed to use is listed"),
    causes.OVERLOADED_OPERATOR: say("its customers' operators are overloaded"),
}
"""Causes by which a site is cut off though it is not listed, as they read after “not listed”."""
SITES_BY_SESSION = 4
FILE_OF_SESSIONS = "site_sessions.csv"


@dataclass(frozen=True)
class SiteRow:
    """A site of one's own."""

    name: str
    """Its name, or its address."""
    first: str
    """When it is first cut off, the median of the simulations in which it is; or that it never is,
    or that this is not known."""
    n_cut: int
    """Simulations in which it is cut off from some of its customers."""
    hours: Estimate
    """For how long, over the simulations in which it is cut off."""
    is_still: bool
    """Whether half of those in which it is cut off end before it is not: hours are rounded down."""
    is_before: bool
    """Whether a record begins when it is cut off already: likewise."""
    shares: tuple[float, ...]
    """Share of simulations in which the users of each operator are cut off from it; NaN where not
    known."""
    is_drawn: bool = False
    """Whether the place of its front end is drawn, for want of an address."""
    n_sessions: Text | str = ""
    """Sessions that cut it off, if there are any."""
    n_listed: int = 0
    n_addresses: int = 0
    """Addresses of it that are on the list, of how many; 0 where none is."""
    why: Text | str = ""
    """Why it is cut off, though none of its addresses is on a list that is given."""


def rows_of_sites(run: RunFolder, step: int) -> list[SiteRow]:
    """Read which sites are cut off at the largest operators, the longest cut off first.

    Parameters
    ----------
    step
        Minutes to which times are rounded down.
    """
    none = dict.fromkeys(find_unknown(run, run.strategies[0]), math.nan)
    runs, partly = read_known(run, run.strategies[0]), find_partly(run, run.strategies[0])
    cells = _cells(run, run.strategies[0])
    hours, sessions = runs.number["impaired_h"], sessions_by_site(run, runs.site, partly)
    listed, whys = count_listed(run), whys_unlisted(run, runs)
    groups = [one.operator for one in largest_operators(run)[:MOST_OPERATORS]]
    rows = []
    for at in _longest_first(runs, listed):
        site, lasts = runs.site[at], _hours_of(run, runs, at, partly)
        is_drawn = bool(runs.is_drawn[at])
        other = 0.0 if lasts[0].is_known or not is_drawn else math.nan
        n_sessions = sessions.get(site, "") if lasts[0].is_known else ""
        rows.append(
            SiteRow(
                site,
                _first_moment(run, runs, at, step, partly, cells),
                int((hours[:, at] > 0).sum()),
                *lasts,
                tuple(cells.get((site, one), none.get((site, one), other)) for one in groups),
                is_drawn,
                n_sessions,
                *listed.get(site, (0, 0)),
                whys.get(site, ""),
            )
        )
    return rows


def whys_unlisted(run: RunFolder, runs: SiteRuns) -> dict[str, Text]:
    """Return why sites are cut off that have no address on the list that is given."""
    if read_list(run) is None:
        return {}
    listed, is_cut = count_listed(run), [one.any() for one in (runs.number["impaired_h"] > 0).T]
    lost = [np.nansum(runs.number[name], axis=0) for name in BY_CAUSE]
    return {
        site: WHYS[main]
        for site, main, cut in zip(runs.site, np.argmax(lost, axis=0).tolist(), is_cut, strict=True)
        if cut and site not in listed
    }


def _cells(run: RunFolder, strategy: str) -> dict[tuple[str, str], float]:
    """Share of simulations in which a site is cut off for the users of an operator.

    There is no row where it is not affected.
    """
    found = read_columns(
        run.path / "site_runs.parquet",
        "SELECT site, operator, count(*) / ? AS share FROM data WHERE strategy = ? AND operator "
        "IS NOT NULL AND impaired_h > 0 AND NOT list_contains(?, site) GROUP BY site, operator",
        [run.n_replicates, strategy, find_unplaced(run, strategy)],
    )
    pairs = zip(found["site"].tolist(), found["operator"].tolist(), strict=True)
    return dict(zip(pairs, numbers(found["share"]).tolist(), strict=True))


def _longest_first(runs: SiteRuns, listed: Container[str] = ()) -> list[int]:
    """Rows of the sites: those listed, then others, each by how long it is cut off or affected."""
    hours, affected = (np.nan_to_num(runs.number[f"{one}_h"]) for one in ("impaired", "affected"))
    is_listed = np.array([float(site in listed) for site in runs.site])
    keys = is_listed, np.median(hours, axis=0), (hours > 0).sum(axis=0), affected.mean(axis=0)
    order: list[int] = np.lexsort([-key for key in reversed(keys)]).tolist()
    return order


def _detailed(run: RunFolder, runs: SiteRuns) -> list[int]:
    """Rows of the sites that have details: those listed or cut off, unless they are many."""
    listed, is_cut = count_listed(run), [one.any() for one in (runs.number["impaired_h"] > 0).T]
    n = sum(bool(cut) or site in listed for site, cut in zip(runs.site, is_cut, strict=True))
    return _longest_first(runs, listed)[: min(max(n, MOST_SITES), MOST_DETAILED)]


def _hours_of(
    run: RunFolder, runs: SiteRuns, at: int, partly: Container[str]
) -> tuple[Estimate, bool, bool]:
    """Hours of a site, rounded down where it still is cut off at the end, or was before a record.

    They are over the simulations that cut it off, of a record over all.
    """
    hours = runs.number["impaired_h"][:, at]
    is_still, is_before = open_ends(run, runs, at, partly)
    lasts = estimate_over(hours[(hours > 0) | is_record(run) | ~(hours > 0).any()], "h")
    return (as_bound(lasts) if is_still or is_before else lasts), is_still, is_before


def _first_moment(
    run: RunFolder,
    runs: SiteRuns,
    at: int,
    step: int,
    partly: Container[str],
    cells: Iterable[tuple[str, str]],
) -> Text:
    """When a site is first cut off, marked where that was before a record begins.

    Of one that never is, in how many simulations it is affected.
    """
    hours, first_s = (runs.number[one][:, at] for one in ("impaired_h", "first_cut_off_s"))
    is_before = _hours_of(run, runs, at, partly)[2]
    # A bound from above is rounded up.
    first = _middle_moment(run, hours, first_s, step, is_end=is_before)
    n_affected = int((runs.number["affected_h"][:, at] > 0).sum())
    if not (hours > 0).any() and not np.isnan(hours).all():
        if n_affected and not is_record(run):
            return say("affected in {k}", k=whole(n_affected))
        if any(site == runs.site[at] for site, _ in cells):
            return say("in part")
    return joined("", (OR_BEFORE, first)) if is_before else first


def has_sessions(run: RunFolder) -> bool:
    """Whether a folder has sites by session: older ones do not."""
    return any(one["file"] == FILE_OF_SESSIONS for one in run.manifest["outputs"])


def counts_sessions(run: RunFolder) -> bool:
    """Whether sessions are counted for each site: several, or those of a record."""
    if not has_sessions(run):
        return False
    begins = {row["session_start_utc"] for row in read_rows(run, FILE_OF_SESSIONS)}
    return len(begins) > (not sessions_of(run))


def sessions_by_site(
    run: RunFolder, sites: Sequence[str], partly: Container[str]
) -> dict[str, Text]:
    """How many sessions cut each site off; nothing in a run without sessions, or an older one.

    They are a lower bound of a site that some operator was not polled for: ``partly`` has such.
    """
    if not counts_sessions(run):
        return {}
    found = read_columns(
        run.path / "site_session_runs.parquet",
        "SELECT site, count(*) AS n FROM data WHERE strategy = ? AND operator IS NULL AND "
        "impaired_h > 0 GROUP BY site, replicate",
        [run.strategies[0]],
    )
    counts = numbers(found["n"])
    of = {site: _n_in_all(counts[found["site"] == site], run.n_replicates) for site in sites}
    return {one: joined("", ("≥" * (one in partly), n)) for one, n in of.items()}


def _n_in_all(counts: NDArray[np.float64], n: int) -> Text:
    """A count over all simulations, with its range: those without a row have none."""
    padded = np.concatenate((counts, np.zeros(n - counts.size)))
    return with_range(replace(count_over(padded, ""), other=None))


def _middle_moment(
    run: RunFolder,
    hours: NDArray[np.float64],
    times_s: NDArray[np.float64],
    step: int,
    *,
    is_end: bool = False,
) -> Text:
    """The middle one of the times at which a site is cut off, rounded down to a step, an end up.

    Never if there are none.
    """
    times_s = times_s[hours > 0]
    if not times_s.size:
        never = say("not seen") if is_record(run) else say("never")
        return NOT_KNOWN if np.isnan(hours).all() else never
    at = later(run.start, middle_of(times_s))
    # One second before the next step: an end on a step stays.
    at = step_before(at + timedelta(minutes=step, seconds=-1) * is_end, step)
    return moment(at, run.horizon_s)


def hours_by_session(
    run: RunFolder,
) -> tuple[list[str], list[tuple[Text, list[tuple[Estimate, bool]]]]]:
    """Hours for which the sites cut off longest are, in the first sessions that cut off any.

    Returns
    -------
    sites, rows
        Names of the sites; each session with the hours of each, and whether they are a bound.
    """
    if not has_sessions(run):
        return [], []
    partly = find_partly(run, run.strategies[0])
    runs = read_known(run, run.strategies[0])
    shown = [runs.site[at] for at in _longest_first(runs)[:SITES_BY_SESSION]]
    found: dict[tuple[str, str], dict[str, Estimate]] = {}
    for row in read_rows(run, FILE_OF_SESSIONS):
        if row["operator"] or row["strategy"] != run.strategies[0]:
            continue
        median, low, high = (cell(row, f"impaired_h{end}") for end in ("", "_low", "_high"))
        edges = str(row["session_start_utc"]), str(row["session_end_utc"])
        lasts = Estimate(median, low, high, "h")
        is_least = (site := str(row["site"])) in partly
        found.setdefault(edges, {})[site] = as_bound(lasts) if is_least else lasts
    cutting = [
        (edges, [(hours[site], site in partly) for site in shown])
        for edges, hours in found.items()
        if any(one.high > 0 or one.median > 0 for one in hours.values())
    ]
    return shown, [(_session(run, *edges), hours) for edges, hours in cutting[:MOST_ROWS]]


def _session(run: RunFolder, start: str, end: str) -> Text:
    """From when to when, in the run's clock; a line may part the two."""
    begin, until = (datetime.fromisoformat(at).astimezone(run.start.tzinfo) for at in (start, end))
    last = f"{until:%H:%M}" if until.date() == begin.date() else moment(until, run.horizon_s)
    return say("{begin} to {end}", begin=moment(begin, run.horizon_s), end=last)


def read_spells(folder: Path, label: str) -> dict[str, NDArray[np.float64]]:
    """How often each site began to be affected, in each run."""
    found = read_columns(
        folder / "businesses.parquet",
        "SELECT site, n_spells FROM data JOIN sites USING (strategy, replicate, business) "
        "WHERE strategy = ? AND operator IS NULL ORDER BY replicate, business",
        [label],
        others={"sites": folder / "site_runs.parquet"},
    )
    site, n_spells = found["site"], numbers(found["n_spells"])
    return {name: n_spells[site == name] for name in dict.fromkeys(site.tolist())}


def find_entries(folder: Path, label: str, addresses: Sequence[str]) -> list[str]:
    """Prefixes that were ever listed and contain one of some addresses, the most specific first."""
    around = {
        str(one.supernet(new_prefix=length))
        for one in map(ip_network, addresses)
        for length in range(one.prefixlen + 1)
    }
    found = read_columns(
        folder / "entries.parquet",
        "SELECT DISTINCT prefix FROM data WHERE strategy = ? AND mechanism <> 'exempt' "
        "AND list_contains(?, prefix)",
        [label, sorted(around)],
    )
    return sorted(found["prefix"].tolist(), key=lambda one: (-ip_network(one).prefixlen, one))


def names_listed(run: RunFolder) -> dict[str, dict[str, None]]:
    """Names that each prefix of the user's list is listed for, in their sequence."""
    found: dict[str, dict[str, None]] = {}
    for row in input_rows(run, "strategy", "table", GivenOrderRow):
        for prefix, name in zip(row.addresses or (), row.names or (), strict=False):
            if name != NO_NAME:
                found.setdefault(str(ip_network(prefix)), {})[name] = None
    return found


def places_of(run: RunFolder) -> Iterator[tuple[str, str, str, Text]]:
    """Name, addresses, entries and providers of the sites that are cut off longest.

    Entries have the names that they are listed for.
    """
    strategy = run.strategies[0]
    runs, addresses = read_known(run, strategy), read_addresses(run)
    none = say("none by address") if "name" in read_mechanisms(run, strategy) else say("none")
    names, whys = names_listed(run), whys_unlisted(run, runs)
    for at in _detailed(run, runs):
        site = runs.site[at]
        mine = addresses.get(site, [])
        # A place that is drawn may be blocked as well.
        found = find_entries(run.path, strategy, mine) if mine else []
        others = joined("; ", (none, whys.get(site, "")))
        entries = (_broken(found) or others) if mine else NOT_KNOWN
        if for_ := [*dict.fromkeys(name for one in found for name in names.get(one, ()))]:
            entries = Markup("{} ({})").format(entries, _shortened(for_))
        whose = Counter(runs.text["provider"][:, at].tolist())
        yield _broken([site]), _broken(mine) or say("not given"), entries, _providers(whose)


def times_of(run: RunFolder, step: int) -> Iterator[tuple[str, Text, str, Text, Text, Estimate]]:
    """Name, sessions or simulations, times, hours, spells and loss of the sites cut off longest.

    Parameters
    ----------
    step
        Minutes to which a begin is rounded down, and an end up.
    """
    unit, rate = read_estimates(run)[run.strategies[0], PRIVATE_LOSS].unit, rate_of(run)
    runs = read_known(run, run.strategies[0], unit)
    partly, cells = find_partly(run, run.strategies[0]), _cells(run, run.strategies[0])
    spells = read_spells(run.path, run.strategies[0])
    sessions = sessions_by_site(run, runs.site, partly)
    for at in _detailed(run, runs):
        site, cut_h = runs.site[at], runs.number["impaired_h"][:, at]
        is_cut = cut_h > 0
        first = _first_moment(run, runs, at, step, partly, cells)
        until = _middle_moment(run, cut_h, runs.number["last_cut_off_s"][:, at], step, is_end=True)
        lasts, is_still, is_before = _hours_of(run, runs, at, partly)
        least = "≥" * (site in partly)
        until = say("the end") if is_still else joined(" ", (least, until))
        when = say("{begin} to {end}", begin=first, end=until) if is_cut.any() else first
        loss = in_currency(estimate_over(runs.number["loss_usd"][:, at], unit), rate)
        times = joined("", (least, _n_in_all(spells[site], len(spells[site]))))
        is_least = (is_still or is_before) and lasts.median > 0
        hours = joined("", ("≥" * is_least, value_text(lasts)))
        n_cut = sessions[site] if sessions else whole(int(is_cut.sum()))
        if not lasts.is_known:
            n_cut = times = NOT_KNOWN
        yield site, n_cut, when, hours, times, loss


def names_of_list(run: RunFolder) -> Text:
    """The first names that the user's list gives, and how many more there are."""
    names = dict.fromkeys(name for of in names_listed(run).values() for name in of)
    return _shortened([*names], MOST_ROWS)


def sales_line(run: RunFolder) -> Text | str:
    """Name the sites whose sales are assumed; empty where no sales are known or assumed."""
    if (assumed := assumed_sales(run)) is None:
        return ""
    if not assumed:
        return say("Sales by the hour: yours of every site, not printed here.")
    sites = _shortened(assumed, MOST_SITES)
    return say("Sales assumed, as your table gives no revenue: {sites}.", sites=sites)


def _shortened(names: Sequence[str], most: int = MOST_NAMES) -> Text:
    """The first names, and how many more there are."""
    n_more = len(names) - most
    return joined(", ", (*names[:most], f"+{n_more}" if n_more > 0 else ""))


def _broken(texts: Sequence[str]) -> str:
    """The first addresses or names; a line may break between their parts, as they fill a phone."""
    return Markup(re.sub(r"(?<=[:._])|(?=[/\[])", "<wbr>", str(escape(_shortened(texts)))))


def _providers(times: Counter[str]) -> Text:
    """Providers of a site, the most frequent first; several where its place is drawn."""
    names = [name for name, _ in times.most_common()]
    if names == [NO_PROVIDER]:
        return say("in no table")
    return say("drawn: {names}", names=_shortened(names)) if len(names) > 1 else joined("", names)
