"""The picture of a run: what was listed above, what it did below, on one time axis."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim.catalogue.curves import CURVES
from sim.catalogue.measures import MEASURES
from sim.measure.bands import (
    MAX_GRID,
    Band,
    band_of,
    even_step,
    peak_row,
    step_values,
    values_at,
    whole_band,
)
from sim.measure.estimates import Estimate, contradictions, read_estimates, read_share
from sim.report.words.heading import has_sites_alone, is_simulated, sessions_of
from sim.report.words.languages import (
    IN_ENGLISH,
    Language,
    Text,
    capitalised,
    day_in_year,
    joined,
    listing,
    say,
    say_n,
    sentences,
    short_day,
    short_weekday,
)
from sim.report.words.numbers import number, percent, percent_span, range_text, value_text
from sim.report.words.sentences import read_bound, step_text
from sim.report.words.sites import note_of_unknown
from sim.results.folder import CurvePoints, RunFolder, input_rows, later
from sim.scenario.tables.rows import PublishedTotalRow

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.transforms import Bbox

CUT_OFF = CURVES["businesses_impaired"].name
PEAK = MEASURES["businesses_impaired_peak"].name
LISTED = CURVES["addresses_listed"].name
NETWORKS = CURVES["networks_listed"].name
LEAST_CHANGE = 0.12
"""Part of the most that is ever listed from which on a day's change is labelled."""
LEAST_PART = 0.1
"""Part of a day's change from which on a provider is named."""
MOST_ORDERS, MOST_NAMED_SESSIONS = 5, 6
LEAST_TOP = 0.01
"""Share that the lower panel shows at least: a line at nothing has a scale too."""
CUT_OFF_TITLES = {
    (False, False): say("Businesses cut off from some of their customers"),
    (False, True): say("Businesses cut off"),
    (True, False): say("Your sites cut off from some of their customers"),
    (True, True): say("Your sites cut off"),
}
"""Title of the lower panel: of sites of one's own, in a narrow picture."""
PAGE_PT = {False: (14.0, 800, 584, 360), True: (12.0, 358, 258, 180)}
"""Letters, width, height of two panels and of one, in points, by whether it is narrow."""


@dataclass(frozen=True)
class Order:
    """Addresses listed or withdrawn on a day, by the medians."""

    from_s: int
    at_s: int
    """When the first of it was, and half of it."""
    change: float
    """Addresses listed, less those withdrawn."""
    providers: tuple[str, ...]
    """Providers that hold them, those with most first; two at most."""
    n_others: int = 0
    """Providers of the rest."""

    def whose(self, most: int = 2) -> Text:
        """Names of providers, and how many others there are; empty where none has a name."""
        n = self.n_others + len(self.providers[most:])
        if not self.providers or not n:
            return listing(self.providers[:most])
        names = joined(", ", self.providers[:most])
        return say_n("{names} and {n} other", "{names} and {n} others", n, names=names, n=str(n))


@dataclass(frozen=True, eq=False)
class Outage:
    """Content of the picture of a run."""

    start: datetime
    horizon_s: int
    """Start of the run, in the scenario's offset."""
    listed: Band | None
    """Addresses listed, without the target's own; networks where there are none of IPv4; or
    None."""
    is_addresses: bool
    """Whether these are addresses, not networks of IPv6."""
    cut_off: Band
    """Share of businesses that are cut off from some of their customers."""
    peak: Estimate
    most_listed: Estimate
    """The highest of both in each simulation, by whatever time."""
    of_sites: bool
    """Whether these businesses are the sites of an inventory."""
    orders: tuple[Order, ...]
    sessions: tuple[tuple[int, int], ...]
    published: tuple[tuple[int, int], ...]
    """Days of orders; sessions of blocking, from and to; published counts, when and how many."""
    step_s: int
    """Time between two points at which the lines are known; a minute where every change is kept."""
    bound: str = ""
    """Text for a zero of a sample that was unlikely to be cut off."""
    is_given: bool = False
    """Whether what is listed was given to the model."""
    unknown: str = ""
    """How many sites are not known, if some are."""
    has_both: bool = False
    """Whether addresses of both families are listed; those of IPv4 are shown."""

    @property
    def listed_title(self) -> Text:
        """What the upper panel shows."""
        if self.has_both:
            return say("IPv4 addresses listed")
        return say("Addresses listed") if self.is_addresses else say("IPv6 networks listed")

    @property
    def title(self) -> Text:
        """What it shows."""
        share = (
            say("share of your sites cut off from some of their customers")
            if self.of_sites
            else say("share of businesses cut off from some of their customers")
        )
        if self.listed is None:
            return capitalised(share)
        return say("{listed}, and {share}", listed=self.listed_title, share=share)

    @property
    def has_harm(self) -> bool:
        """Whether anybody is cut off at any time, by the median or the upper end."""
        # Peaks also count what begins and ends between two points of the line.
        ends = (self.cut_off.median, self.cut_off.high, self.peak.median, self.peak.high)
        return max(float(np.nanmax(np.append(0.0, one))) for one in ends) > 0

    @property
    def is_bounded(self) -> bool:
        """Whether none is cut off in any simulation, and a bound is printed instead."""
        return bool(self.bound) and not self.has_harm

    @property
    def is_peak_of_line(self) -> bool:
        """Whether the middle of the peaks is the peak of the middle line, as printed."""
        top = float(self.cut_off.median[peak_row(self.cut_off)])
        return value_text(self.peak) == percent(top)

    @property
    def alt(self) -> Text:
        """What it shows, in numbers."""
        peak = _peak_text(self, with_range=True, with_day=True)
        # The line's last time may be some hours before the end of the run.
        end = percent(self.cut_off.median[-1])
        said = say("{peak}; the line ends at {end}.", peak=capitalised(peak), end=end)
        if self.is_bounded:
            said = joined("", (capitalised(peak), "."))
        said = sentences(said, self.unknown)
        if self.listed is None:
            return said
        n = value_text(self.most_listed)
        return sentences(say("{listed}: {n} at the peak.", listed=self.listed_title, n=n), said)

    @property
    def note(self) -> Text:
        """What its marks are."""
        dots = say("Dots: counts published at the time, known beforehand.")
        if self.is_given:
            dots = say("Dots: totals published at the time, by their own count; no test.")
        grey = say("Grey: sessions of blocking, an input.")
        return sentences(
            marks_of(self.cut_off),
            ""
            if self.is_peak_of_line
            else say(
                "Each simulation peaks at its own time, also between steps of {step}.",
                step=step_text(self.step_s // 60),
            ),
            dots if self.published else "",
            grey if self.sessions else "",
            self.unknown,
        )

    def rows(self) -> tuple[list[str], list[list[object]]]:
        """Names of the columns of its table, and the rows."""
        bands = {"cut_off_share": self.cut_off}
        if self.listed is not None:
            bands = {LISTED if self.is_addresses else NETWORKS: self.listed, **bands}
        names, rows = band_rows(bands, self.start, self.published)
        if self.is_bounded:
            # What is cut off is not known.
            rows = [
                row[:3] + [None] * 3 + row[6:] if row[0] == "cut_off_share" else row for row in rows
            ]
        return names, rows


def read_outage(run: RunFolder, strategy: str | None = None) -> Outage:
    """Read what the picture of one strategy shows.

    Raises
    ------
    UsageError
        If the folder holds several strategies, and none is named.
    """
    metric, listed = LISTED, read_if_any(run, LISTED, strategy)
    if listed is None and (found := read_if_any(run, NETWORKS, strategy)) is not None:
        metric, listed = NETWORKS, found
    sessions = tuple(
        (int(max(from_s, 0)), int(min(to_s, run.horizon_s)))
        for row in sessions_of(run)
        for from_s, to_s in [[(at - run.start).total_seconds() for at in (row.start, row.end)]]
    )
    band = whole_band(run, CUT_OFF, strategy)
    n = band.denominator
    cut_off = Band(band.t_s, band.median / n, band.low / n, band.high / n, n, band.n_simulations)
    fixed_s = 60 if band.t_s.size < MAX_GRID else max(run.horizon_s // MAX_GRID, 60)
    orders: tuple[Order, ...] = ()
    if listed is not None and not sessions:
        sessions = () if is_simulated(run) else _short_spells(listed, run.horizon_s)
        if not sessions:
            curves = run.curves_by(metric, "provider", strategy) if metric == LISTED else {}
            by_provider = {name: band_of(one, run.horizon_s) for name, one in curves.items()}
            curve = run.curve(metric, run.strategy(strategy))
            orders = find_orders(listed, by_provider, run.start, curve, cut_off)
    estimates = read_estimates(run)
    six = estimates.get((run.strategy(strategy), f"{NETWORKS}_peak"))
    return Outage(
        start=run.start,
        horizon_s=run.horizon_s,
        listed=listed,
        is_addresses=metric == LISTED,
        cut_off=cut_off,
        peak=read_share(run, run.strategy(strategy), PEAK),
        most_listed=estimates[run.strategy(strategy), f"{metric}_peak"],
        of_sites=has_sites_alone(run),
        orders=orders,
        sessions=sessions,
        published=read_published(run) if metric == LISTED and listed is not None else (),
        step_s=even_step(run.horizon_s) if run.is_ensemble else fixed_s,
        bound="" if has_sites_alone(run) else read_bound(run, run.strategy(strategy)),
        is_given=not is_simulated(run),
        unknown=note_of_unknown(run, run.strategy(strategy)) if has_sites_alone(run) else "",
        has_both=metric == LISTED and six is not None and six.high > 0,
    )


def _short_spells(listed: Band, horizon_s: int) -> tuple[tuple[int, int], ...]:
    """Spells in which something is listed, from and to, if all end within a day's length."""
    is_listed = np.concatenate(([False], listed.median > 0, [False]))
    ends_s = np.append(listed.t_s, horizon_s)[np.flatnonzero(np.diff(is_listed))]
    spells = tuple((int(from_s), int(to_s)) for from_s, to_s in ends_s.reshape(-1, 2))
    # What is never lifted is no session; what comes and goes in a longer spell changes it.
    is_short = all(to_s - from_s < 24 * 3600 for from_s, to_s in spells)
    return spells if is_short and horizon_s not in ends_s else ()


def read_if_any(run: RunFolder, metric: str, strategy: str | None) -> Band | None:
    """Read a curve that is above 0 at some time; None if there is none."""
    if not run.has_curve(metric, run.strategy(strategy)):
        return None
    band = whole_band(run, metric, strategy)
    return band if np.nanmax([band.median, band.high]) > 0 else None


def read_published(run: RunFolder) -> tuple[tuple[int, int], ...]:
    """Total numbers of addresses that were published at the time: second of the run, number.

    Totals that others derived later are not among them. One of a day stands at its noon.
    """
    found = []
    for row in input_rows(run, "published", "totals", PublishedTotalRow):
        at = datetime.fromisoformat(row.when)
        if "T" not in row.when:
            at = at.replace(hour=12, tzinfo=run.start.tzinfo)
        at_s = int(at.timestamp() - run.start.timestamp())
        if row.source.startswith("published") and 0 <= at_s <= run.horizon_s:
            found.append((at_s, row.addresses))
    return tuple(sorted(found))


def find_orders(
    listed: Band,
    by_provider: dict[str, Band],
    start: datetime,
    curves: CurvePoints,
    cut_off: Band | None = None,
) -> tuple[Order, ...]:
    """Days on which much was listed or withdrawn, in sequence; at most so many.

    Much, or a sixth of that where as large a part of the harm came or went on that day. A day on
    which that much was both listed and withdrawn has a row for each.

    A median of simulations may step where none of them does: on such a day most of them have to
    step as well, by half as much or more.
    """
    stop = int(listed.t_s[-1]) + 1
    days = [start.date() + timedelta(days=n) for n in range(1, stop // 86400 + 3)]
    midnights = (datetime.combine(day, time(), start.tzinfo).timestamp() for day in days)
    at_s = (int(midnight - start.timestamp()) for midnight in midnights)
    least = LEAST_CHANGE * float(np.max(listed.median))
    edges = np.unique([0, *(one for one in at_s if one < stop), stop])
    turns = _turns_s(listed, least)
    # What is true at midnight is of the day that begins.
    change = np.diff(_until(listed, edges))
    while turns:
        within = np.unique([*edges, *turns])
        change = np.diff(_until(listed, within))
        # A turn that leaves less on one of its sides, up to the end of its day, parts nothing.
        at = np.searchsorted(within, turns)
        size = np.minimum(np.abs(change[at - 1]), np.abs(change[np.minimum(at, change.size - 1)]))
        if size.min() >= least:
            edges = within
            break
        turns.pop(int(size.argmin()))
        change = np.diff(_until(listed, edges))
    much = np.abs(change) >= least
    if cut_off is not None and np.max(cut_off.median) > 0:
        # The last day of orders goes on after the last of them.
        ends = np.append(edges[:-1], stop + 24 * 3600)
        harm = np.abs(np.diff(_until(cut_off, ends))) >= LEAST_CHANGE * np.max(cut_off.median)
        much |= harm & (np.abs(change) >= least / 6)
    steps = np.diff(np.nan_to_num(values_at(curves, edges - 1)), axis=1) * np.sign(change)
    much &= (steps >= np.abs(change) / 2).mean(axis=0) > 0.5
    rows = sorted(np.flatnonzero(much).tolist(), key=lambda row: -abs(change[row]))[:MOST_ORDERS]
    found = []
    for row in sorted(rows):
        ends = edges[row : row + 2]
        parts = {name: float(np.diff(_until(one, ends))[0]) for name, one in by_provider.items()}
        least_part = LEAST_PART * sum(abs(part) for part in parts.values())
        largest = sorted(parts.items(), key=lambda one: -abs(one[1]))
        named = [
            name for name, part in largest if part * change[row] > 0 and abs(part) >= least_part
        ]
        providers = [name for name in named if not name.startswith("(")]
        n_others = sum(part != 0 for part in parts.values()) - len(providers[:2])
        times = _first_and_middle_s(listed, ends)
        found.append(Order(*times, float(change[row]), tuple(providers[:2]), n_others))
    return tuple(found)


def _turns_s(band: Band, least: float) -> list[int]:
    """When a median that rose begins to fall, or the other way, by some amount at least."""
    from scipy.signal import find_peaks  # slow to import

    median, turns = np.append(0.0, band.median), []
    for line in (median, -median):
        _, found = find_peaks(line, prominence=least, plateau_size=1)
        turns += band.t_s[found["right_edges"]].tolist()
    return turns


def _until(band: Band, at_s: NDArray[np.int64]) -> NDArray[np.float64]:
    """Median right before some times; nothing before the run."""
    return np.nan_to_num(step_values(band.t_s, band.median, at_s - 1))


def _first_and_middle_s(band: Band, ends: NDArray[np.int64]) -> tuple[int, int]:
    """When a change between two times began, and when half of it was done."""
    before, after = _until(band, ends)
    is_inside = (band.t_s >= ends[0]) & (band.t_s < ends[1])
    done = np.abs(band.median[is_inside] - before)
    t_s = band.t_s[is_inside]
    return int(t_s[np.argmax(done > 0)]), int(t_s[np.argmax(done >= abs(after - before) / 2)])


def _peak_text(shown: Outage, *, with_range: bool, with_day: bool) -> Text:
    """The peak of what is cut off, in words; the day where the middle line has the same peak."""
    found = shown.peak
    if not found.high > 0:
        return say("{share} throughout", share=shown.bound if shown.is_bounded else percent(0))
    if not with_range and found.median == 0:
        return say("{least}, at most {most}", least=percent(0), most=percent(found.high))
    value: Text = value_text(found)
    if with_range and (range_ := range_text(found)):
        value = say("{value} ({range})", value=value, range=range_)
    if not shown.is_peak_of_line:
        return say("median of the peaks: {value}", value=value)
    # A line with long steps has its peak some hours, or a day, late.
    if not with_day or shown.step_s > 3600:
        return say("{value} at the peak", value=value)
    at = later(shown.start, shown.cut_off.t_s[peak_row(shown.cut_off)])
    return say("{value} at the peak, {day}", value=value, day=day_in_year(at, shown.horizon_s))


def picture(shown: Outage, *, narrow: bool, words: Language = IN_ENGLISH) -> str:
    """The picture for the page, as an ``<svg>`` element; a narrow one for phones."""
    from sim.report.figures import look  # matplotlib is slow to import

    font_pt, width, tall, low = PAGE_PT[narrow]
    with look.page_style(font_pt):
        height = low if shown.listed is None else tall
        figure = draw_outage(shown, width / 72, height / 72, words)
        return look.page_svg(figure, words.write(shown.title), words.write(shown.alt))


def draw_outage(
    shown: Outage, width_in: float, height_in: float = 0.0, words: Language = IN_ENGLISH
) -> Figure:
    """Draw addresses listed above, businesses cut off below."""
    from sim.report.figures import look

    has_two = shown.listed is not None
    height = height_in or width_in * ((0.73 if has_two else 0.45) if width_in > 6 else 0.72)
    figure = look.new_figure(width_in, height)
    narrow = look.is_narrow(figure)
    heights = (1, 1.35) if has_two else (1,)
    axes = figure.subplots(len(heights), height_ratios=heights, squeeze=False)[:, 0]
    look.leave_room(figure, 3.4, 0.4, 2.0, 1.7, 3.4 if has_two else 0.0)
    for ax in axes:
        look.date_axis(ax, shown.start, shown.horizon_s, words)
        for from_s, to_s in shown.sessions:
            ends = look.dates(shown.start, [from_s, to_s])
            ax.axvspan(*ends, color=look.rc("grid.color"), linewidth=0, zorder=0)
        for order in shown.orders:
            at = look.dates(shown.start, order.at_s)
            ax.axvline(at, color=look.rc("xtick.color"), linewidth=0.8, linestyle=(0, (2, 2)))
    if shown.listed is not None:
        _draw_listed(axes[0], shown, shown.listed, words, narrow=narrow)
    _draw_cut_off(axes[-1], shown, words, narrow=narrow)
    return figure


def _draw_listed(ax: Axes, shown: Outage, listed: Band, words: Language, *, narrow: bool) -> None:
    from sim.report.figures import look

    most = max([np.nanmax([listed.median, listed.high]), *(n for _, n in shown.published)])
    scale = look.MILLION if most >= look.MILLION else 1
    title = shown.listed_title
    if scale > 1:
        title = say("{what} (m)", what=title) if narrow else say("{what}, millions", what=title)
    ax.set_title(words.write(title))
    line = look.plot_band(ax, listed, shown.start, shown.horizon_s, scale)
    is_named = 0 < len(shown.sessions) <= MOST_NAMED_SESSIONS
    room = 1.3 if is_named or (narrow and shown.orders) else 1.12
    look.number_axis(ax, most / scale * room, words=words)
    ax.tick_params(labelbottom=False)
    if shown.published:
        at_s, n = np.array(shown.published).T
        ax.plot(
            look.dates(shown.start, at_s), n / scale, "o", color="C1", markersize=5, zorder=5,
            markeredgewidth=0, clip_on=False,
        )  # fmt: skip
        dots = say("● published") if narrow else say("● published at the time")
        ax.set_title(words.write(dots), loc="right", color="C1")
    taken: list[Bbox] = []
    least = LEAST_CHANGE * np.max(listed.median)
    large = [one for one in shown.orders if abs(one.change) >= least]
    days = [look.dates(shown.start, [one.at_s, one.at_s + 1]) for one in shown.orders]
    stems = [(day, np.array(ax.get_ylim()), 2.0) for day in days]
    for order in sorted(large, key=lambda one: -abs(one.change)):
        row = int(np.searchsorted(listed.t_s, order.at_s, side="right")) - 1
        at = (float(look.dates(shown.start, order.at_s)), listed.median[row] / scale)
        text = words.write(_order_text(shown, order, scale, narrow=narrow))
        look.place_text(
            ax, text, at, [(*line, 1.0), *stems], taken, fontsize="small", most=1.5,
            gap_pt=4 if narrow else 7,
        )  # fmt: skip
    if is_named:
        _name_sessions(ax, shown, words, narrow=narrow)


def _order_text(shown: Outage, order: Order, scale: float, *, narrow: bool) -> Text:
    at = short_day(later(shown.start, order.at_s), shown.horizon_s)
    sign = "+" if order.change > 0 else "\N{MINUS SIGN}"
    # A number of millions above a million would be read as one of a million million.
    in_scale = scale if narrow and abs(order.change) < scale**2 else 1
    change = joined("", (sign, number(abs(order.change) / in_scale)))
    return joined("\n", (joined(": ", (at, change)), order.whose(1 if narrow else 2)))


def _name_sessions(ax: Axes, shown: Outage, words: Language, *, narrow: bool) -> None:
    """Write when sessions begin, above them; those that are near to the next one to its left."""
    from sim.report.figures import look

    near = shown.horizon_s * (0.16 if narrow else 0.11)
    starts = [from_s for from_s, _ in shown.sessions]
    for row, (from_s, to_s) in enumerate(shown.sessions):
        at = later(shown.start, from_s)
        side, x_s = "center", (from_s + to_s) / 2
        if row + 1 < len(starts) and starts[row + 1] - from_s < near:
            side, x_s = "right", to_s
        elif row and from_s - starts[row - 1] < near:
            side, x_s = "left", from_s
        day = float(look.dates(shown.start, x_s))
        clock = say("{hour}h", hour=f"{at:%H}") if narrow else f"{at:%H:%M}"
        text = words.write(joined(" ", (short_weekday(at), clock)))
        ax.annotate(
            text, (day, 1), xycoords=("data", "axes fraction"), xytext=(0, -2), fontsize="small",
            textcoords="offset points", ha=side, va="top",
        )  # fmt: skip


def _draw_cut_off(ax: Axes, shown: Outage, words: Language, *, narrow: bool) -> None:
    from sim.report.figures import look

    ax.set_title(words.write(CUT_OFF_TITLES[shown.of_sites, narrow]))
    band, row = shown.cut_off, peak_row(shown.cut_off)
    line = look.plot_band(ax, band, shown.start, shown.horizon_s)
    most = float(np.nanmax([band.median, band.high, np.full(band.t_s.shape, LEAST_TOP / 1.12)]))
    look.number_axis(ax, (1.35 if narrow else 1.12) * most, is_share=True, words=words)
    at = (float(look.dates(shown.start, band.t_s[row])), float(band.median[row]))
    if at[1] > 0 and shown.is_peak_of_line:
        ax.plot(*at, "o", color="C0", markersize=6)
    text = _peak_text(shown, with_range=False, with_day=not narrow)
    if shown.peak.median > 0 and not shown.is_peak_of_line:
        # The line does not reach this number, so it is written away from it.
        ax.set_title(words.write(text), loc="right", color="C0", fontweight="bold")
        return
    bounds = look.extend_steps(band.low, band.high)
    ends = [(line[0], one, 0.2) for one in bounds if not np.isnan(one[0])]
    look.place_text(
        ax, words.write(text), at, [(*line, 1.0), *ends], [], fontweight="bold",
        gap_pt=5 if narrow else 9,
    )  # fmt: skip


def instant(start: datetime, at_s: int) -> str:
    """A time of the run in a table, in the scenario's time zone."""
    return later(start, int(at_s)).isoformat()


def marks_of(band: Band) -> Text:
    """Describe line and band of a figure."""
    if band.n_simulations < 2:
        return say("One simulation.")
    return say(
        "Line: median of {n} simulations; band: {range} of them.",
        n=str(band.n_simulations),
        range=percent_span(0.05, 0.95),
    )


def band_rows(
    bands: dict[str, Band], start: datetime, published: tuple[tuple[int, int], ...] = ()
) -> tuple[list[str], list[list[object]]]:
    """Bands and published counts as a table: names of columns, rows."""
    names = ["series", "t_s", "time", "median", "low", "high", "denominator"]
    rows: list[list[object]] = [
        [series, int(at), instant(start, at), *map(float, ends), band.denominator]
        for series, band in bands.items()
        for at, *ends in zip(band.t_s, band.median, band.low, band.high, strict=True)
    ]
    rows += [["published", at, instant(start, at), n, None, None, None] for at, n in published]
    return names, rows


def refuted_note(run: RunFolder, *names: str) -> str:
    """That the record contradicts one of some measures or curves; empty where it does not."""
    found = contradictions(run)
    refuted = {*found, *(one.fact.curve for one in found.values())}
    return " Contradicted by the record: do not quote." if refuted & set(names) else ""
