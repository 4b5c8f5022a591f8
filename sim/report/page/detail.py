"""What the detail of the page shows: rows of its tables, and values of its sentences.

In: a run folder. Out: numbers with names, which ``detail.html.j2`` writes as a reader's questions.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from sim.catalogue.causes import CAUSES, lost_by
from sim.catalogue.choices import COLLATERAL, EVER_SHARE, PRIVATE_LOSS
from sim.catalogue.measures import MEASURES
from sim.measure.bands import band_of, peak_row, share_points, step_values, values_at
from sim.measure.estimates import (
    SHARE,
    Estimate,
    estimate_of,
    estimate_over,
    read_estimates,
    read_first_blocks,
    read_group_shares,
    read_share,
)
from sim.measure.sites import read_sites
from sim.report.figures.outage import CUT_OFF, LISTED, NETWORKS, Outage, read_if_any
from sim.report.words.heading import (
    has_sites_alone,
    in_currency,
    input_name,
    is_replayed,
    ordered_days,
    rate_of,
    read_mechanisms,
)
from sim.report.words.languages import (
    NBSP,
    Text,
    joined,
    listing,
    moment,
    say,
    say_name,
    short_day,
    short_weekday,
)
from sim.report.words.numbers import number, percent, percent_span, with_range
from sim.report.words.record import OR_BEFORE, is_record
from sim.report.words.sentences import LOSS_PARTS, read_bound, read_cut_off, read_losses, step_text
from sim.report.words.sites import read_hours_at
from sim.results.folder import RunFolder, assumptions_of, input_rows, later
from sim.results.store import NOT_ATTRIBUTED
from sim.results.tables import text
from sim.scenario.strategies import GivenOrderRow
from sim.scenario.tables.money import MoneyParameterRow
from sim.scenario.tables.rows import FigureRow, OperatorRow, OrderRow
from sim.scenario.tables.seeds import read_note

EVER = MEASURES["businesses_ever_impaired"].name
HOURS = MEASURES["hours_impaired_median"].name
MOST_ROWS, MOST_GROUPS, MOST_OPERATORS, MOST_INPUTS = 8, 4, 9, 2
"""Rows of a table: of sessions and sites, of groups, of operators of sites, of inputs."""
AFTER_H = 36
"""Hours after an order in which its harm is read, unless the next one comes before."""
THROUGH = dict(
    zip(
        CAUSES,
        (
            say("a business's own address"),
            say("a component elsewhere"),
            say("a bought service"),
            say("a business's name"),
            say("an overloaded operator"),
        ),
        strict=True,
    )
)
"""Causes of failures in words."""
METHODS = {"oecd_2011": say("OECD (2011)"), "cost_like": say("After COST (NetBlocks)")}
"""National methods by their authors."""
SAME_SHARE = "country, same share of demand lost"
TIMES = {"sessions": "start", "orders": "effective", "table": "from"}
"""Column of the times of orders, by the key of a strategy that names their table."""


# -- times --------------------------------------------------------------------------------------


def _moment(outage: Outage, at_s: float) -> Text:
    """Day and time; a line may part them, as a column on a phone has no room for both."""
    at = later(outage.start, at_s)
    day = short_day(at, outage.horizon_s)
    return joined(f",{NBSP}", (short_weekday(at), joined(", ", (day, f"{at:%H:%M}"))))


def rounding_of(outage: Outage) -> int:
    """Minutes to which simulated times are rounded down: the line's step, an hour at most."""
    return min(outage.step_s, 3600) // 60


def step_before(at: datetime, minutes: int) -> datetime:
    """The last full step of its day before a time, or the time itself."""
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + (at - midnight) // timedelta(minutes=minutes) * timedelta(minutes=minutes)


# -- orders and sessions ------------------------------------------------------------------------


def effects_of_sessions(run: RunFolder, outage: Outage) -> Iterator[tuple[Text, Estimate]]:
    """The first sessions, each with the most that is cut off until the next one starts."""
    curve = share_points(run.curve(CUT_OFF, run.strategies[0]))
    ends_s = [*(from_s for from_s, _ in outage.sessions[1:]), outage.horizon_s]
    for (from_s, to_s), until_s in list(zip(outage.sessions, ends_s, strict=True))[:MOST_ROWS]:
        t_s = outage.cut_off.t_s
        t_s = np.append(from_s, t_s[(t_s > from_s) & (t_s < until_s)])
        most = values_at(curve, t_s).max(axis=1)
        ends = [later(outage.start, at_s) for at_s in (from_s, to_s)]
        end = f"{ends[1]:%H:%M}" if ends[0].date() == ends[1].date() else _moment(outage, to_s)
        session = say("{begin} to\N{NO-BREAK SPACE}{end}", begin=_moment(outage, from_s), end=end)
        yield session, estimate_over(most, SHARE)


def effects_of_orders(run: RunFolder, outage: Outage) -> Iterator[tuple[str, ...]]:
    """When, whose, how many; what was cut off before and after, with its range."""
    for row, order in enumerate(outage.orders):
        until = [one.from_s - 1 for one in outage.orders[row + 1 : row + 2]]
        end_s = min([order.at_s + AFTER_H * 3600, run.horizon_s - 1, *until])
        at_s = outage.cut_off.t_s
        at_s = np.append(at_s[(at_s >= order.at_s) & (at_s < end_s)], end_s)
        line = step_values(outage.cut_off.t_s, outage.cut_off.median, at_s)
        then_s = at_s[-1 - np.argmax(np.sign(order.change) * line[::-1])]
        sign = "+" if order.change > 0 else "\N{MINUS SIGN}"
        # What begins with the run has nothing before it.
        before = _cut_off_at(outage, order.from_s - 1)[0] if order.from_s else ""
        change = joined("", (sign, number(abs(order.change))))
        when = _moment(outage, order.at_s)
        yield when, order.whose(), change, before, *_cut_off_at(outage, then_s)


def _cut_off_at(outage: Outage, at_s: float) -> tuple[str, str]:
    """Share that is cut off at a time, and its range; a bound where it is zero in all."""
    if outage.is_bounded:
        return outage.bound, ""
    band = outage.cut_off
    median, low, high = (
        float(step_values(band.t_s, line, np.array([int(at_s)]))[0])
        for line in (band.median, band.low, band.high)
    )
    return percent(median), "" if np.isnan(low) else percent_span(low, high)


def file_of_orders(run: RunFolder) -> str:
    """File of the folder that has each order."""
    own = str((run.scenario.get("strategy") or {}).get("orders", ""))
    copies = {str(one["name"]): str(one.get("copy", "")) for one in run.manifest["inputs"]}
    return copies.get(own) or "events.parquet"


def has_networks_too(run: RunFolder, outage: Outage) -> bool:
    """Whether IPv6 is listed beside the addresses that a picture shows."""
    return outage.is_addresses and read_if_any(run, NETWORKS, run.strategies[0]) is not None


# -- harm ---------------------------------------------------------------------------------------


def severities_of(run: RunFolder) -> dict[str, Estimate]:
    """Shares over each threshold, at the peak of each simulation."""
    return {
        name: read_share(run, run.strategies[0], MEASURES[f"businesses_{name}_peak"].name)
        for name in ("affected", "impaired", "down")
    }


def read_course(run: RunFolder, outage: Outage) -> dict[str, Text]:
    """When the picture's line begins, is highest, and is over; empty where it never begins."""
    curve = share_points(run.curve(CUT_OFF, run.strategies[0]))
    return course_of(outage, values_at(curve, outage.cut_off.t_s))


def course_of(outage: Outage, share: NDArray[np.float64]) -> dict[str, Text]:
    """When the picture's line begins, is highest, and is over.

    Where its peak is not the middle of the peaks, those have times of their own.

    Parameters
    ----------
    share : shape (n_simulations, n_times)
        Share of businesses that are cut off, at the times of the line.
    """
    t_s, line = outage.cut_off.t_s, outage.cut_off.median
    if not (some := np.flatnonzero(line > 0)).size:
        return {}
    step = step_text(outage.step_s // 60)
    at_s = {"first": t_s[some[0]], "peak": t_s[peak_row(outage.cut_off)]}
    if not outage.is_peak_of_line:
        tops = t_s[np.nan_to_num(share[np.nanmax(share, axis=1) > 0]).argmax(axis=1)]
        # A time of the line, not one between two.
        ends = np.quantile(tops, (0.5, 0.05, 0.95), method="nearest")
        at_s |= dict(zip(("peak", "low", "high"), ends, strict=True))
    if some[-1] + 1 < line.size:
        at_s["end"] = t_s[some[-1] + 1]
    return {"step": step} | {name: _moment(outage, one) for name, one in at_s.items()}


def is_cut(run: RunFolder, strategy: str) -> bool:
    """Whether half of who was cut off or more still is when the run ends, which cuts the hours."""
    if has_sites_alone(run):
        return bool(read_cut_off(run, strategy)[2])
    last = band_of(run.curve(CUT_OFF, strategy), run.horizon_s, as_share=True).median[-1]
    ever = read_estimates(run).get((strategy, EVER_SHARE))
    return ever is not None and bool(last >= ever.median / 2 > 0)


# -- operators and providers --------------------------------------------------------------------


def largest_operators(run: RunFolder) -> list[OperatorRow]:
    """Groups of operators of a folder, those with the most users first."""
    return sorted(
        input_rows(run, "operators", "groups", OperatorRow), key=lambda one: -one.share_users
    )


def are_named(groups: Sequence[OperatorRow]) -> bool:
    """Whether a table of operators names any of them, and does not number them alone."""
    return any(not re.fullmatch(r"operator \d+", one.label) for one in groups)


def operators_of(
    run: RunFolder, outage: Outage, most: int
) -> Iterator[tuple[Text, float, Text, Estimate | None]]:
    """Name, share of users, first block of others' addresses, and hours of the largest."""
    strategy = run.strategies[0]
    first = read_first_blocks(run, strategy)
    harm = read_group_shares(run, strategy, "operator", COLLATERAL)
    # Names may be blocked where no address is.
    never = say("never an address") if "name" in read_mechanisms(run, strategy) else say("never")
    if is_record(run):
        never = say("not seen")
    for group in largest_operators(run)[:most]:
        at, when = first.get(group.operator), never
        if at is not None:
            when = moment(step_before(later(run.start, at), rounding_of(outage)), run.horizon_s)
            when = joined("", (OR_BEFORE, when)) if not at and is_record(run) else when
        if outage.of_sites:
            hours = read_hours_at(run, strategy, group.operator)
        elif hours := harm.get(group.operator):
            hours = hours.times(run.horizon_s / 3600, "h")
        yield say_name(group.label), group.share_users, when, hours


def bound_of_hours(run: RunFolder) -> str:
    """Text for the hours at operators where none of a sample was cut off; else empty."""
    harm = read_group_shares(run, run.strategies[0], "operator", COLLATERAL)
    is_hit = any(one.high > 0 for one in harm.values())
    return "" if is_hit else read_bound(run, run.strategies[0], run.horizon_s / 3600)


def read_peaks(run: RunFolder) -> dict[str, Estimate]:
    """Addresses of each provider: the most that are listed at the times that a curve keeps."""
    found = {}
    for name, points in run.curves_by(LISTED, "provider", run.strategies[0]).items():
        # A simulation that lists none of them has no line.
        most = np.zeros(run.n_replicates)
        np.maximum.at(most, np.unique(points.replicate, return_inverse=True)[1], points.value)
        found[name] = estimate_over(most, "")
    return found


def read_providers(run: RunFolder) -> tuple[list[tuple[str, Estimate]], list[str]]:
    """Share of each provider's businesses that were ever cut off, the most first; spared ones."""
    shares = read_group_shares(run, run.strategies[0], "provider", EVER)
    most = [item for item in shares.items() if item[1].high > 0]
    most.sort(key=lambda item: (-item[1].median, item[0]))
    return most, sorted(name for name, found in shares.items() if found.high == 0)


def listed_beside(peaks: Mapping[str, Estimate], shown: Container[str]) -> dict[str, Text]:
    """Addresses listed of each provider that a table does not show, the most first."""
    found = [(name, one) for name, one in peaks.items() if one.median > 0 and name not in shown]
    found.sort(key=lambda item: (item[0] == NOT_ATTRIBUTED, -item[1].median))
    return {
        name: joined(" ", (say("in no table") if name == NOT_ATTRIBUTED else name, with_range(one)))
        for name, one in found
    }


def failed_parts(run: RunFolder) -> Text:
    """Share of what customers tried that failed, by cause; empty where none did."""
    estimates = read_estimates(run)
    parts = []
    for cause, what in THROUGH.items():
        found = estimates.get((run.strategies[0], lost_by(cause)))
        if found is not None and found.high > 0:
            parts.append(say("{share} through {what}", share=with_range(found), what=what))
    return joined("; ", parts)


# -- money and what it rests on -----------------------------------------------------------------


def read_loss(run: RunFolder) -> Iterator[tuple[Text, Estimate, bool]]:
    """Parts of the loss of businesses in the country's currency, and which one is the sum."""
    estimates, rate = read_estimates(run), rate_of(run)
    for metric, name in LOSS_PARTS:
        found = estimates.get((run.strategies[0], metric))
        if found is not None and found.is_known and not found.high == found.low == 0:
            yield name, in_currency(found, rate), metric == PRIVATE_LOSS


def national_losses(run: RunFolder) -> list[tuple[Text, Estimate]]:
    """Losses of the country by published methods, if it lost the same share of its demand."""
    rate = rate_of(run)
    return [
        (METHODS[text(row, "method")], in_currency(estimate_of(row), rate))
        for row in read_losses(run, run.strategies[0])
        if text(row, "method") in METHODS and text(row, "scope") == SAME_SHARE
    ]


def count_drawn_sectors(run: RunFolder) -> int:
    """How many of a user's sites have a sector that is drawn."""
    drawn = read_sites(run.path, run.strategies[0]).text["drawn"][0]
    return sum("sector" in str(one).split() for one in drawn)


def published_losses(run: RunFolder) -> list[tuple[float, str]]:
    """Losses that were published, and what they are of where the model counts something else."""
    rows = read_losses(run, run.strategies[0])
    # Of a published loss, where the model counts something else.
    notes = [(row, text(row, "published_note")) for row in rows]
    return [(float(text(row, "published")), note) for row, note in notes if note]


def figure_source(run: RunFolder) -> str:
    """Who published the loss that a folder's is compared with, when and where."""
    path = run.input_path(str((run.scenario.get("published") or {}).get("figures", "")))
    note = read_note(path) if path else None
    rows = input_rows(run, "published", "figures", FigureRow)
    source = next(row.source for row in rows if row.metric == PRIVATE_LOSS)
    said = note.references.get(source, source) if note else source
    return re.sub(r' "[^"]*",', "", said.partition("; ")[0])


def dependence_of(run: RunFolder, found: Estimate | None) -> list[tuple[Text, float]]:
    """Inputs on which an estimate depends most, with their shares of its spread."""
    depends_on = found.depends_on[:MOST_INPUTS] if found is not None else ()
    return [(input_name(run, key), share) for key, share in depends_on]


def inputs_text(run: RunFolder, found: Estimate) -> Text:
    """The inputs on which an estimate depends most, in a sentence."""
    return listing(
        [
            say("{what} ({share} of its spread)", what=what, share=percent(share))
            for what, share in dependence_of(run, found)
        ]
    )


def count_prices(run: RunFolder) -> tuple[int, int]:
    """How many of the prices of lost demand are assumptions, of how many."""
    rows = input_rows(run, "money", "parameters", MoneyParameterRow)
    return sum(row.kind == "assumption" for row in rows), len(rows)


def settings_assumed(run: RunFolder) -> list[tuple[str, str]]:
    """Key and value of the settings that are assumed, numbers first; the appendix marks tables."""
    tables = {str(one["name"]) for one in run.manifest["inputs"]}
    every = ((str(one["key"]), one.get("value")) for one in assumptions_of(run.manifest))
    mine = [(key, value) for key, value in every if key.rpartition(".")[0] not in tables]
    mine.sort(key=lambda one: isinstance(one[1], str))
    return [(key, str(value)) for key, value in mine]


def is_assumed(run: RunFolder, key: str) -> bool:
    """Whether a value of the scenario, or a column of a table, is an assumption."""
    return any(one["key"] == key for one in assumptions_of(run.manifest))


def count_undated(run: RunFolder) -> int:
    """Orders without a time in a list in which others have one."""
    lines = (run.scenario.get("strategy") or {}).get("orders")
    if isinstance(lines, list):
        dated = [bool({"from", "to", "every"} & one.keys()) for one in lines]
    else:
        rows = input_rows(run, "strategy", "table", GivenOrderRow)
        dated = [bool(row.from_ or row.to or row.every) for row in rows]
    return dated.count(False) if any(dated) else 0


def times_of_orders(run: RunFolder) -> tuple[str, list[float], bool]:
    """How the times of orders are known, within which hours each, and if addresses are assumed."""
    own = run.scenario.get("strategy") or {}
    kinds = {str(one["key"]): str(one["kind"]) for one in run.manifest.get("sources", ())}
    key = next((key for key in TIMES if isinstance(own.get(key), str)), "")
    rows = input_rows(run, "strategy", key, OrderRow) if key == "orders" else ()
    hours = [
        (one.latest - one.earliest).total_seconds() / 3600
        for one in rows
        if one.earliest and one.latest
    ]
    name, how, lines = str(own.get(key)), "recorded", own.get("orders")
    # An order with times may come into force at none of the run, or at its start alone.
    is_timed = isinstance(lines, list) and any(
        {"from", "to", "every"} & one.keys() for one in lines
    )
    if not is_replayed(run):
        how = "simulated"
    elif not is_timed and not ordered_days(run):
        how = "none"
    elif kinds.get(f"{name}.{TIMES.get(key)}") != "fact":
        how = "given"
    return how, hours, how == "recorded" and kinds.get(f"{name}.prefix") == "assumption"
