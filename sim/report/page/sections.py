"""Sections of the page: what they hold, and those of the harm, a reader's question each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from sim.catalogue.causes import CAUSES, lost_by
from sim.catalogue.choices import COLLATERAL, EVER_SHARE, TARGET_LOST, curve_name, measure_name
from sim.measure.bands import band_of, peak_row, share_points, step_values, values_at, whole_band
from sim.measure.estimates import (
    SHARE,
    Estimate,
    Grade,
    estimate_over,
    read_estimates,
    read_first_blocks,
    read_group_shares,
    read_share,
)
from sim.report.figures.outage import CUT_OFF, NETWORKS, Outage
from sim.report.words.heading import has_sites, read_mechanisms
from sim.report.words.languages import (
    NBSP,
    Text,
    joined,
    listing,
    moment,
    say,
    say_n,
    say_name,
    sentences,
    short_day,
    short_weekday,
)
from sim.report.words.numbers import (
    as_lower_bound,
    number,
    percent,
    percent_span,
    range_text,
    value_text,
    with_range,
)
from sim.report.words.sentences import read_bound
from sim.results.folder import RunFolder, input_rows, later
from sim.scenario.tables.rows import OperatorRow


@dataclass(frozen=True)
class Bar:
    """A share that is drawn as a bar with its number."""

    share: float

    @property
    def text(self) -> str:
        """The number."""
        return percent(self.share)


@dataclass(frozen=True)
class Strong:
    """A text that stands out."""

    text: str


Cell: TypeAlias = "str | Bar | Strong"


@dataclass(frozen=True)
class Table:
    """A table of texts.

    Attributes
    ----------
    heads
        Names of the columns; none for a table that needs none.
    rows
        Cells by row; the first one names it.
    numbers
        Columns that are set flush right, from 0.
    caption
        What the table is of, where its section does not say so.
    hidden
        Columns that a phone has no room for.
    is_narrow
        Whether it is for phones alone, as wider first screens have room for it.
    """

    heads: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    numbers: tuple[int, ...] = ()
    caption: str = ""
    hidden: tuple[int, ...] = ()
    is_narrow: bool = False


@dataclass(frozen=True)
class Section:
    """One question with its answer.

    Attributes
    ----------
    title
        The question.
    before, after
        Sentences before the tables, and smaller ones after them.
    code
        Text to type.
    items
        Points of a list.
    """

    title: str
    before: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    after: tuple[str, ...] = ()
    code: str = ""
    items: tuple[str, ...] = ()


def cells_of(found: Estimate) -> tuple[Strong, str]:
    """Median and range of an estimate as two cells."""
    return Strong(value_text(found)), range_text(found)


def table_of(
    heads: Sequence[str],
    rows: Sequence[tuple[Cell, ...]],
    numbers: Sequence[int] = (),
    **more: object,
) -> tuple[Table, ...]:
    """A table; none without rows."""
    if not rows:
        return ()
    return (Table(tuple(heads), tuple(rows), tuple(numbers), **more),)  # type: ignore[arg-type]


EVER = measure_name("businesses_ever_impaired")
MOST_ROWS, MOST_GROUPS, MOST_OPERATORS = 8, 5, 9
"""Rows of a table: of sessions and sites, of operators and providers, of operators of sites."""
HOURS = measure_name("hours_impaired_median")
SEVERITIES = tuple(
    (threshold, measure_name(f"businesses_{threshold}_peak"), name)
    for threshold, name in (
        ("affected", say("Affected: more than {share} of what customers try fails")),
        ("impaired", say("Cut off: more than {share}")),
        ("down", say("Down: more than {share}")),
    )
)
"""Thresholds of the scenario, their measures and words."""
DOWN = curve_name("businesses_down")
SHARE_OF = {
    False: say("Share of businesses, at the peak of each simulation"),
    True: say("Share of your sites, at the peak of each simulation"),
}
"""Heading of shares: of businesses, of sites of one's own."""
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
AFTER_H = 36
"""Hours after an order in which its harm is read, unless the next one comes before."""


def _moment(outage: Outage, at_s: float) -> Text:
    """Day and time; a line may part them, as a column on a phone has no room for both."""
    at = later(outage.start, at_s)
    return joined(f",{NBSP}", (short_weekday(at), joined(", ", (short_day(at), f"{at:%H:%M}"))))


def orders_of(run: RunFolder, outage: Outage) -> Iterator[Section]:
    """Effect of each order or session, read off the picture's own lines."""
    if outage.sessions:
        tables, after = _by_session(run, outage)
    else:
        tables, after = _by_order(run, outage)
    if tables:
        when, which = say("When were they cut off?"), say("Which orders did the harm?")
        source = (run.scenario.get("provenance", {}).get("ordered_by") or {}).get("source", "")
        by = say("Who ordered it: see {source}.", source=source) if source else ""
        yield Section(when if has_sites(run) else which, (), tables, (sentences(after, by),))


def _cut_off_at(outage: Outage, at_s: float) -> tuple[str, str]:
    """Share that is cut off at a time, and its range."""
    band = outage.cut_off
    median, low, high = (
        float(step_values(band.t_s, line, np.array([int(at_s)]))[0])
        for line in (band.median, band.low, band.high)
    )
    return percent(median), "" if np.isnan(low) else percent_span(low, high)


def _by_session(run: RunFolder, outage: Outage) -> tuple[tuple[Table, ...], str]:
    curve, rows = share_points(run.curve(CUT_OFF, run.strategies[0])), []
    ends_s = [*(from_s for from_s, _ in outage.sessions[1:]), outage.horizon_s]
    for (from_s, to_s), until_s in list(zip(outage.sessions, ends_s, strict=True))[:MOST_ROWS]:
        t_s = outage.cut_off.t_s
        t_s = np.append(from_s, t_s[(t_s > from_s) & (t_s < until_s)])
        most = values_at(curve, t_s).max(axis=1)
        ends = [later(outage.start, at_s) for at_s in (from_s, to_s)]
        is_day = ends[0].date() == ends[1].date()
        end = f"{ends[1]:%H:%M}" if is_day else _moment(outage, to_s)
        session = say("{begin} to\N{NO-BREAK SPACE}{end}", begin=_moment(outage, from_s), end=end)
        rows.append((session, *cells_of(estimate_over(most, SHARE))))
    after = sentences(
        say("Cut off: highest share from the start of a session to the start of the next."),
        say("Later sessions: curves.parquet.") if len(outage.sessions) > MOST_ROWS else "",
    )
    return table_of((say("Session"), say("Cut off"), say("Range")), rows, (1, 2)), after


def _by_order(run: RunFolder, outage: Outage) -> tuple[tuple[Table, ...], str]:
    rows = []
    for row, order in enumerate(outage.orders):
        until = [one.from_s - 1 for one in outage.orders[row + 1 : row + 2]]
        end = min([order.at_s + AFTER_H * 3600, run.horizon_s - 1, *until])
        sign = "+" if order.change > 0 else "\N{MINUS SIGN}"
        # What begins with the run has nothing before it.
        before, _ = _cut_off_at(outage, order.from_s - 1) if order.from_s else ("", "")
        then, range_ = _cut_off_at(outage, end)
        change = joined("", (sign, number(abs(order.change))))
        when = _moment(outage, order.at_s)
        rows.append((when, order.whose(), change, before, Strong(then), range_))
    own = str((run.scenario.get("strategy") or {}).get("orders", ""))
    copies = {str(one["name"]): str(one.get("copy", "")) for one in run.manifest["inputs"]}
    after = say(
        "The days of the largest changes; a row sums a day's orders. Cut off: before the first, "
        "and {n} hours after the middle one or before the next row. Each order: {file}.",
        n=str(AFTER_H),
        file=copies.get(own) or "events.parquet",
    )
    if outage.is_addresses and run.has_curve(NETWORKS, run.strategies[0]):
        networks = np.nanmax(whole_band(run, NETWORKS, run.strategies[0]).high)
        after = sentences(after, say("Orders of IPv6: events.parquet.") if networks > 0 else "")
    listed = say("Addresses") if outage.is_addresses else say("IPv6 networks")
    heads = (say("When"), say("Owner"), listed, say("Before"), say("After"), say("Range"))
    return table_of(heads, rows, (2, 3, 4, 5)), after


def severities_of(run: RunFolder, strategy: str, outage: Outage) -> Iterator[Section]:
    """Shares of businesses that were affected, cut off and down, each at its own peak, and when."""
    limits = {name: percent(float(one)) for name, one in run.scenario["thresholds"].items()}
    rows: list[tuple[Cell, ...]] = []
    for threshold, peak, name in SEVERITIES:
        found = read_share(run, strategy, peak)
        rows.append((say(name, share=limits[threshold]), *cells_of(found)))
    t_s = outage.cut_off.t_s
    cut_off, down = (
        values_at(share_points(run.curve(name, strategy)), t_s) for name in (CUT_OFF, DOWN)
    )
    only = say("Degraded only: from {low} to {high}", low=limits["impaired"], high=limits["down"])
    rows.insert(2, (only, *cells_of(estimate_over((cut_off - down).max(axis=1), SHARE))))
    if np.nanmax([outage.cut_off.median, outage.cut_off.high]) > 0:
        heads = (SHARE_OF[outage.of_sites], say("Median"), say("Range"))
        title = say("How many were cut off, when, and for how long?")
        hours = "" if outage.of_sites else hours_words(run, strategy)
        after = sentences(*_course(outage, cut_off), hours)
        yield Section(title, (), table_of(heads, rows, (1, 2)), (after,))


def hours_words(run: RunFolder, strategy: str) -> str:
    """For how long the businesses are cut off that ever are; empty where none is."""
    found = read_estimates(run).get((strategy, HOURS))
    if found is None or not found.is_known:
        return ""
    if is_cut(run, strategy):
        return say(
            "Hours cut off, median of the businesses ever cut off: at least {hours}, as most still "
            "are.",
            hours=with_range(as_lower_bound(found)),
        )
    return say(
        "Hours cut off, median of the businesses ever cut off: {hours}.", hours=with_range(found)
    )


def is_cut(run: RunFolder, strategy: str) -> bool:
    """Whether half of who was cut off or more still is when the run ends, which cuts the hours."""
    last = band_of(run.curve(CUT_OFF, strategy), run.horizon_s, as_share=True).median[-1]
    ever = read_estimates(run).get((strategy, EVER_SHARE))
    return ever is not None and bool(last >= ever.median / 2 > 0)


def _course(outage: Outage, share: NDArray[np.float64]) -> Iterator[str]:
    """When the picture's line begins, is highest, and is over.

    Where its peak is not the middle of the peaks, those have times of their own.

    Parameters
    ----------
    share : shape (n_simulations, n_times)
        Share of businesses that are cut off, at the times of the line.
    """
    t_s, line = outage.cut_off.t_s, outage.cut_off.median
    if not (some := np.flatnonzero(line > 0)).size:
        return
    values = {
        "step": step_text(max(int(np.diff(t_s).min()) // 60, 1)),
        "first": _moment(outage, t_s[some[0]]),
        "peak": _moment(outage, t_s[peak_row(outage.cut_off)]),
    }
    if outage.is_peak_of_line:
        yield say(
            "In the median, at steps of {step}, the first are cut off by {first}, the largest "
            "number at once by {peak}.",
            **values,
        )
    else:
        tops = t_s[np.nan_to_num(share[np.nanmax(share, axis=1) > 0]).argmax(axis=1)]
        found = estimate_over(tops.astype(np.float64), "s")
        ends = zip(("low", "peak", "high"), (found.low, found.median, found.high), strict=True)
        values |= {name: _moment(outage, at_s) for name, at_s in ends}
        yield say(
            "In the median, at steps of {step}, the first are cut off by {first}. Half of the "
            "simulations have their peak by {peak}, nine in ten from {low} to {high}.",
            **values,
        )
    if some[-1] + 1 < line.size:
        yield say(
            "In half of the simulations it is over by {end}.",
            end=_moment(outage, t_s[some[-1] + 1]),
        )
    else:
        yield say("It is not over at the end.")


def rounding_of(outage: Outage) -> int:
    """Minutes to which simulated times are rounded down: the line's step, an hour at most."""
    return max(int(np.diff(outage.cut_off.t_s).min(initial=3600)) // 60, 1)


def step_text(minutes: int) -> Text:
    """Time between two points of a line: ``1 hour``, ``6 hours``, ``10 minutes``."""
    if minutes % 60:
        return say_n("{n} minute", "{n} minutes", minutes, n=str(minutes))
    return say_n("{n} hour", "{n} hours", minutes // 60, n=str(minutes // 60))


def step_before(at: datetime, minutes: int) -> datetime:
    """The last full step of its day before a time, or the time itself."""
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + (at - midnight) // timedelta(minutes=minutes) * timedelta(minutes=minutes)


def are_named(groups: Sequence[OperatorRow]) -> bool:
    """Whether a table of operators names any of them, and does not number them alone."""
    return any(not re.fullmatch(r"operator \d+", one.label) for one in groups)


def operators_of(run: RunFolder, strategy: str, outage: Outage) -> Iterator[Section]:
    """When each operator first blocked anything but the target's own, and its harm."""
    first = read_first_blocks(run, strategy)
    harm = read_group_shares(run, strategy, "operator", COLLATERAL)
    hours, is_hit = run.horizon_s / 3600, any(one.high > 0 for one in harm.values())
    bound = "" if is_hit else read_bound(run, strategy, hours)
    rows: list[tuple[Cell, ...]] = []
    most = MOST_OPERATORS if has_sites(run) else MOST_GROUPS
    groups = sorted(
        input_rows(run, "operators", "groups", OperatorRow), key=lambda one: -one.share_users
    )
    for group in groups[:most]:
        at = first.get(group.operator)
        when = say("never")
        if at is not None and at.is_known:
            when = moment(step_before(later(run.start, at.median), rounding_of(outage)))
        cells: tuple[Cell, ...] = ("", "")
        if (found := harm.get(group.operator)) is not None:
            cells = (Strong(bound), "") if bound else cells_of(found.times(hours, "h"))
        rows.append((say_name(group.label), percent(group.share_users), when, *cells))
    heads = (
        say("Operator"),
        say("Its users"),
        say("First block (simulated)"),
        say("Hours per site") if outage.of_sites else say("Hours per business"),
        say("Range"),
    )
    after = say(
        "First block of others' addresses: median, rounded down to {step}; no record is used.",
        step=step_text(rounding_of(outage)),
    )
    mean = say("Hours cut off: mean of all businesses, spared ones too.")
    if outage.of_sites:
        mean = say("Hours cut off: mean of all your sites, spared ones too.")
    earlier = say("In each simulation, no site is cut off before an operator blocks.")
    is_by_name = "name" in read_mechanisms(run, strategy)
    nameless = "" if are_named(groups) else say("The table of operators names none of them.")
    n_more = len(groups) - most
    more = say_n(
        "{n} smaller operator: hits.parquet.",
        "{n} smaller operators: hits.parquet.",
        n_more,
        n=str(n_more),
    )
    after = sentences(
        after,
        mean,
        earlier if has_sites(run) and not is_by_name else "",
        nameless,
        more if n_more > 0 else "",
    )
    tables = table_of(heads, rows, (1, 2, 3, 4))
    if tables:
        yield Section(say("When, and at which operators?"), (), tables, (after,))


def providers_of(run: RunFolder, strategy: str) -> Iterator[Section]:
    """Share of the businesses at each provider that were ever cut off."""
    shares = read_group_shares(run, strategy, "provider", EVER)
    most = sorted(
        (item for item in shares.items() if item[1].high > 0),
        key=lambda item: (-item[1].median, item[0]),
    )
    rows = [(name, Bar(found.median), range_text(found)) for name, found in most[:MOST_GROUPS]]
    heads = (say("Provider"), say("Ever cut off"), say("Range"))
    tables = table_of(heads, rows, (2,))
    zero = sorted(name for name, found in shares.items() if found.high == 0)
    after = [
        say("Of {names}, none in nine of ten simulations.", names=listing(zero)) if zero else "",
        say("Other providers: hits.parquet.") if len(most) > MOST_GROUPS else "",
    ]
    if tables:
        notes = sentences(*after, *failed(run, strategy))
        yield Section(say("At which providers, and through what?"), (), tables, (notes,))


def failed(run: RunFolder, strategy: str) -> Iterator[str]:
    """Share of what customers tried that failed, by cause."""
    estimates = read_estimates(run)
    parts = [
        say("{share} through {what}", share=with_range(found), what=what)
        for cause, what in THROUGH.items()
        if (found := estimates.get((strategy, lost_by(cause)))) is not None and found.high > 0
    ]
    if parts:
        yield say("Of what customers tried, failed: {parts}.", parts=joined("; ", parts))


def target_of(run: RunFolder, strategy: str) -> Section:
    """What the target's users lost."""
    found = read_estimates(run).get((strategy, TARGET_LOST))
    if found is None or not found.is_known:
        said = say("Not computed: no users of the target are modelled here.")
    elif found.grade is Grade.CONTRADICTED:
        said = say("Not printed: the record contradicts it.")
    else:
        said = say(
            "In simulations, the target's users lost {share} of the hours in which they wanted it. "
            "Never checked.",
            share=with_range(found),
        )
    return Section(say("Did it reach its target?"), (said,))
