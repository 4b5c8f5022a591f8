"""The picture of a run: its values are those of the tables, and its SVG is fit for a page."""

import math
import re
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import duckdb
import numpy as np
import pytest

from sim.measure.bands import Band
from sim.measure.estimates import Estimate
from sim.report.figures import look
from sim.report.figures.outage import (
    CUT_OFF,
    LISTED,
    Order,
    Outage,
    _order_text,
    _short_spells,
    draw_outage,
    find_orders,
    peak_row,
    picture,
    read_outage,
    read_published,
)
from sim.report.page.detail import effects_of_sessions
from sim.report.words.answer import answer
from sim.report.words.languages import IN_ENGLISH, NBSP
from sim.results.folder import CurvePoints, RunFolder, open_run
from tests.experiments import percentiles, write_ensemble
from tests.sites import resolved

H, D = 3600, 86_400
START = datetime(2026, 3, 1, 6, tzinfo=UTC)


def _band(t_s: list[int], *lines: list[float]) -> Band:
    median, low, high = (np.array(line) for line in (lines * 3)[:3])
    return Band(np.array(t_s), median, low, high, math.nan, 8)


def _curves(*simulations: Band) -> CurvePoints:
    return CurvePoints(
        np.repeat(range(len(simulations)), [one.t_s.size for one in simulations]),
        *(
            np.concatenate(parts)
            for parts in zip(
                *((one.t_s, one.median, one.median) for one in simulations), strict=True
            )
        ),
    )


def _outage(**changes: object) -> Outage:
    listed = _band([0, 4 * H, 2 * D], [0.0, 3e6, 1e6], [0.0, 2e6, 0.0], [0.0, 4e6, 2e6])
    cut_off = _band([0, 5 * H, 3 * D], [0.0, 0.4, 0.1], [0.0, 0.2, 0.0], [0.0, 0.6, 0.3])
    shown = {
        "start": START, "horizon_s": 5 * D, "listed": listed, "is_addresses": True,
        "cut_off": cut_off, "of_sites": False, "orders": (), "sessions": (), "published": (),
        "step_s": H,
        "peak": Estimate(0.4, 0.2, 0.6, "share"), "most_listed": Estimate(3e6, 2e6, 4e6, ""),
    }  # fmt: skip
    return Outage(**shown | changes)  # type: ignore[arg-type]


def _values_at(run: RunFolder, metric: str, at_s: int, *, as_share: bool) -> list[float]:
    """Values of every simulation at a time, by SQL: of its last change point until then."""
    value = "value / denominator" if as_share else "value"
    found = duckdb.sql(
        f"SELECT arg_max({value}, t_s) FROM '{run.path}/curves.parquet' WHERE metric = '{metric}' "
        f"AND provider IS NULL AND sector IS NULL AND t_s <= {at_s} "
        "GROUP BY replicate"
    )
    return [float(value) for (value,) in found.fetchall()]


def test_the_lines_are_percentiles_of_the_curves(ensemble):
    with look.users_style():
        figure = draw_outage(read_outage(ensemble), 7)
    for ax, metric, as_share in zip(figure.axes, (LISTED, CUT_OFF), (False, True), strict=True):
        line = next(one for one in ax.lines if len(one.get_xdata()) > 2)
        band = ax.collections[0].get_paths()[0].vertices
        x, y = line.get_xdata(), line.get_ydata()
        for hours in (30, 50, 60, 75, 90, 110):
            at = look.dates(ensemble.start, hours * H)
            values = _values_at(ensemble, metric, hours * H, as_share=as_share)
            median, low, high = percentiles(values)
            assert y[np.searchsorted(x, at, side="right") - 1] == pytest.approx(median, abs=1e-12)
            edges = band[np.isclose(band[:, 0], x[np.searchsorted(x, at, side="right") - 1])][:, 1]
            assert np.isclose(edges, low, atol=1e-12).any()
            assert np.isclose(edges, high, atol=1e-12).any()


def test_the_table_holds_what_is_drawn():
    shown = _outage(published=((2 * H, 2_500_000),))
    names, rows = shown.rows()
    assert names == ["series", "t_s", "time", "median", "low", "high", "denominator"]
    by_series = {
        series: [tuple(row[1:6]) for row in rows if row[0] == series] for series, *_ in rows
    }
    assert by_series["addresses_listed"][1] == (4 * H, "2026-03-01T10:00:00+00:00", 3e6, 2e6, 4e6)
    assert by_series["cut_off_share"][2] == (3 * D, "2026-03-04T06:00:00+00:00", 0.1, 0.0, 0.3)
    assert by_series["published"] == [(2 * H, "2026-03-01T08:00:00+00:00", 2_500_000, None, None)]
    with look.users_style():
        top, low = draw_outage(shown, 7).axes
    assert top.get_title(loc="left") == "Addresses listed, millions"
    assert list(top.lines[0].get_ydata()) == [0.0, 3.0, 1.0, 1.0]
    assert list(top.lines[1].get_ydata()) == [2.5]
    assert list(low.lines[0].get_ydata()) == [0.0, 0.4, 0.1, 0.1]
    assert [text.get_text() for text in low.texts] == ["40% at the peak, 1 March"]
    # A phone has no room for the day.
    with look.users_style():
        _, low = draw_outage(shown, 4).axes
    assert [text.get_text() for text in low.texts] == ["40% at the peak"]


def test_days_of_orders_are_those_that_changed_much():
    # Midnight is 18 h into the run: 100 are listed on 1 March, and 60 withdrawn at midnight of the
    # 3rd. The five of the 4th are too few.
    listed = _band([0, 10 * H, 18 * H + D, 18 * H + 3 * D], [0.0, 100.0, 40.0, 45.0])
    a = _band([0, 10 * H, 18 * H + D], [0.0, 93.0, 33.0])
    b = _band([0, 10 * H], [0.0, 7.0])
    unknown = _band([0, 18 * H + 3 * D], [0.0, 5.0])
    parts = {"B": b, "A": a, "(not attributed)": unknown}
    orders = find_orders(listed, parts, START, _curves(*[listed] * 3))
    assert [(one.at_s, one.change, one.providers, one.n_others) for one in orders] == [
        (10 * H, 100.0, ("A",), 1),
        (18 * H + D, -60.0, ("A",), 0),
    ]
    # The first of a day's orders, and the one by which half are placed.
    steps = _band([0, 10 * H, 12 * H], [0.0, 20.0, 100.0])
    (day,) = find_orders(steps, {}, START, _curves(*[steps] * 3))
    assert (day.from_s, day.at_s) == (10 * H, 12 * H)
    assert [one.whose() for one in orders] == ["A and 1 other", "A"]
    # Unless they are where the harm came from, as most of it or less than an eighth.
    for share, n in ((0.5, 3), (0.05, 2)):
        harm = _band([0, 18 * H + 3 * D + 1], [0.5, 0.5 + share])
        assert len(find_orders(listed, parts, START, _curves(*[listed] * 3), harm)) == n
    several = Order(0, 0, 1.0, ("A", "B"), 3)
    assert (several.whose(), several.whose(1)) == ("A, B and 3 others", "A and 4 others")
    assert Order(0, 0, 1.0, (), 3).whose() == ""


def test_what_comes_and_goes_within_a_day_has_a_row_for_each():
    # Beside an entry that stays, another from 22:30 to 01:15 on two nights: 29 March has −1 and +1.
    nights = _band([0, 46 * H, 49 * H, 70 * H, 73 * H], [10.0, 20.0, 10.0, 20.0, 10.0])
    midnight = datetime(2026, 3, 27, tzinfo=UTC)
    orders = find_orders(nights, {}, midnight, _curves(*[nights] * 3))
    assert [(one.from_s // H, one.change) for one in orders] == [
        (0, 10.0), (46, 10.0), (49, -10.0), (70, 10.0), (73, -10.0),
    ]  # fmt: skip
    # Each hour 8 more stay, and 3 that go again: one change of the day, though no step is large.
    hours = np.arange(24) * H // 2
    stairs = _band(hours.tolist(), [8.0 * (n // 2 + 1) + 3 * (n % 2 == 0) for n in range(24)])
    (day,) = find_orders(stairs, {}, midnight, _curves(*[stairs] * 3))
    assert (day.from_s, day.change) == (0, 96.0)
    # A dip of less than that leaves the day whole.
    dip = _band([0, 2 * H, 3 * H, 5 * H], [0.0, 60.0, 59.0, 100.0])
    (day,) = find_orders(dip, {}, midnight, _curves(*[dip] * 3))
    assert (day.from_s, day.change) == (2 * H, 100.0)
    # Nor does a fall of less, of which the rest comes on another day.
    fall = _band([0, 2 * H, 3 * H, 30 * H], [0.0, 100.0, 90.0, 50.0])
    orders = find_orders(fall, {}, midnight, _curves(*[fall] * 3))
    assert [one.change for one in orders] == [90.0, -40.0]


def test_days_begin_at_midnight_of_the_place_when_its_clocks_have_changed():
    # Spain, 29 March 2026: 02:00 becomes 03:00. Orders of the 30th and 31st begin at 00:00 there,
    # 47 and 71 hours after the 28th began.
    start = datetime(2026, 3, 28, tzinfo=ZoneInfo("Europe/Madrid"))
    listed = _band([0, 47 * H, 71 * H], [0.0, 100.0, 40.0])
    orders = find_orders(listed, {"A": listed}, start, _curves(*[listed] * 3))
    assert [(one.at_s, one.change) for one in orders] == [(47 * H, 100.0), (71 * H, -60.0)]
    # The evening of the 29th and the midnight after it: one day of a clock that does not change.
    again = _band([0, 4 * H, 46 * H, 47 * H], [0.0, 100.0, 0.0, 100.0])
    orders = find_orders(again, {}, start, _curves(*[again] * 3))
    assert [(one.at_s, one.change) for one in orders] == [
        (4 * H, 100.0),
        (46 * H, -100.0),
        (47 * H, 100.0),
    ]
    peak = Estimate(100.0, 100.0, 100.0, "share")
    shown = _outage(start=start, horizon_s=95 * H, listed=listed, cut_off=listed, peak=peak)
    times = {row[2] for row in shown.rows()[1] if row[1] == 47 * H}
    assert times == {"2026-03-30T00:00:00+02:00"}
    assert "30 March" in shown.alt.replace(NBSP, " ")


@pytest.mark.parametrize(
    ("begins", "hours", "ticks"),
    [
        (0, 95, {0: "28 Mar", 24: "29 Mar", 47: "30 Mar", 71: "31 Mar"}),
        (0, 30, {0: "28 Mar", 6: "06:00", 12: "12:00", 18: "18:00", 24: "29 Mar", 29: "06:00"}),
        (9, 30, {3: "12:00", 9: "18:00", 15: "29 Mar", 20: "06:00"}),
    ],
)
def test_ticks_are_at_full_hours_and_days_of_the_place(begins, hours, ticks):
    start = datetime(2026, 3, 28, begins, tzinfo=ZoneInfo("Europe/Madrid"))
    with look.users_style():
        figure = look.new_figure(7, 3)
        ax = figure.subplots()
        look.date_axis(ax, start, int(hours * H * 1.05))
        at = ax.xaxis.get_major_locator()()
        texts = [ax.xaxis.get_major_formatter()(one, 0) for one in at]
    found = (np.round((np.array(at) - look.dates(start, 0)) * 24)).astype(int).tolist()
    shown = {hour: text for hour, text in zip(found, texts, strict=True) if hour in ticks}
    assert shown == ticks


def test_a_day_on_which_most_simulations_stay_as_they_are_is_no_order():
    """Medians of 30, 50 and 90 step from 50 to 30 where one of three withdraws its 50 alone."""
    flat = [_band([0, 10 * H], [0.0, n]) for n in (30.0, 90.0)]
    ends = _band([0, 10 * H, 18 * H + D], [0.0, 50.0, 0.0])
    median = _band([0, 10 * H, 18 * H + D], [0.0, 50.0, 30.0])
    (only,) = find_orders(median, {"A": median}, START, _curves(*flat, ends))
    assert (only.at_s, only.change) == (10 * H, 50.0)


def test_a_line_at_nothing_peaks_where_its_range_does():
    band = _band([0, 1, 2], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.2, 0.1])
    assert peak_row(band) == 1
    rarely = _outage(cut_off=band, peak=Estimate(0.0, 0.0, 0.2, "share"))
    assert "0% (0 to 20%) at the peak, 1 March" in rarely.alt.replace(NBSP, " ")
    nothing, none = _band([0, 1], [0.0, 0.0]), Estimate(0.0, 0.0, 0.0, "share")
    assert "0% throughout" in _outage(cut_off=nothing, peak=none).alt
    # A zero of a sample that could hardly have been cut off.
    bounded = _outage(cut_off=nothing, peak=none, bound="at most 0.085%").alt
    assert "t most 0.085% throughout." in bounded
    assert " 0%" not in bounded
    assert "throughout" not in _outage(bound="at most 0.085%").alt
    for bound, values in (("at most 0.085%", {None}), ("", {0.0})):
        _, rows = _outage(cut_off=nothing, peak=none, bound=bound).rows()
        assert {one for row in rows for one in row[3:6] if row[0] == "cut_off_share"} == values


def test_the_day_of_the_peak_is_named_where_the_middle_line_has_the_same_peak():
    same, later = _outage(), _outage(peak=Estimate(0.45, 0.2, 0.7, "share"))
    assert "40% (20 to 60%) at the peak, 1 March; the line ends" in same.alt.replace(NBSP, " ")
    # Steps of six hours may put it a day late.
    assert "at the peak; the line" in _outage(step_s=6 * H).alt
    assert "1 March 2026; the line" in _outage(horizon_s=400 * D).alt.replace(NBSP, " ")
    assert "Median of the peaks: 45% (20 to 70%);" in later.alt.replace(NBSP, " ")
    with look.users_style():
        _, low = draw_outage(later, 7).axes
    # No number on the line that the line does not reach.
    assert (low.get_title(loc="right"), len(low.texts)) == ("median of the peaks: 45%", 0)
    said = "Each simulation peaks at its own time, also between steps of 1 hour."
    assert said in later.note.replace(NBSP, " ")
    assert "Each simulation peaks" not in same.note


def test_what_is_shorter_than_a_step_of_the_line_is_harm_all_the_same():
    nothing = _band([0, 4 * H], [0.0, 0.0], [0.0, 0.0], [0.0, 0.0])
    assert not _outage(cut_off=nothing, peak=Estimate(0, 0, 0, "share")).has_harm
    short = _outage(cut_off=nothing, peak=Estimate(0.2, math.nan, math.nan, "share"))
    assert short.has_harm
    assert "also between steps of" in short.note


def test_counts_derived_later_are_no_published_counts(tmp_path, repository):
    table = tmp_path / "totals.csv"
    table.write_text(
        "when,addresses,source\n2026-03-02,500,published: a newspaper\n"
        "2026-03-01T09:00+00:00,200,published: another\n2026-03-03,900,derived: later\n"
        "2026-04-03,900,published: after the run\n",
        encoding="utf-8",
    )
    note = repository / "seeds" / "telegram-2018-published-totals.source.yaml"
    shutil.copy(note, tmp_path / "totals.source.yaml")
    scenario = {
        "start": START.isoformat(), "end": "2026-03-06T06:00+00:00",
        "published": {"totals": "totals"},
    }  # fmt: skip
    manifest = {"inputs": [{"name": "totals", "copy": "totals.csv"}]}
    run = RunFolder(tmp_path, manifest, scenario)
    assert read_published(run) == ((3 * H, 200), (30 * H, 500))


@pytest.mark.parametrize("narrow", [False, True])
def test_the_svg_is_text_in_colours_of_the_page(ensemble, *, narrow):
    shown = read_outage(ensemble)
    drawn = picture(shown, narrow=narrow)
    assert drawn == picture(shown, narrow=narrow)
    root = ElementTree.fromstring(drawn)
    space = "{http://www.w3.org/2000/svg}"
    assert root.get("viewBox") == ("0 0 358 258" if narrow else "0 0 800 584")
    alone = picture(replace(shown, listed=None), narrow=narrow)
    assert f'viewBox="{"0 0 358 180" if narrow else "0 0 800 360"}"' in alone
    assert [one.tag for one in root][:2] == [f"{space}title", f"{space}desc"]
    assert "Addresses listed: 11 at the peak." in root[1].text
    texts = ["".join(one.itertext()) for one in root.iter(f"{space}text")]
    assert "Addresses listed" in texts
    whose = "Businesses cut off" if narrow else "Businesses cut off from some of their customers"
    assert whose in texts
    assert any("at the peak" in text for text in texts)
    assert not re.search(r"#[0-9a-f]{6}\b|<script|<image|<!--", drawn)
    assert {"var(--ink)", "var(--mute)", "var(--line)", "var(--acc)", "var(--band)"} <= set(
        re.findall(r"var\(--\w+\)", drawn)
    )


def test_the_user_s_own_style_does_not_change_the_page(ensemble):
    import matplotlib as mpl

    shown = read_outage(ensemble)
    before = picture(shown, narrow=False)
    with mpl.rc_context({"font.size": 30, "axes.grid": False}):
        assert picture(shown, narrow=False) == before


def test_the_picture_peaks_at_the_number_of_the_answer(ensemble):
    found = next(one for one in answer(ensemble).figures if "customers at the peak" in one.what)
    assert f"{found.value} at the peak" in picture(read_outage(ensemble), narrow=False)
    assert f"{found.value} ({found.range}) at the peak" in read_outage(ensemble).alt


def test_a_path_loses_points_on_the_way_and_keeps_every_turn():
    drawn = '<path d="M 0 0 \nL 1 0 \nL 2 0 \nL 2 5 \nL 2 3 \nL 4 3 \nL 5 4 \nL 6 5 \nz\n"/>'
    found = re.sub(look._PATH, look._without_straight_points, drawn)
    assert found == '<path d="M0 0 L2 0 L2 5 L2 3 L4 3 L5 4 L6 5z"/>'


def test_of_orders_that_crowd_the_largest_is_named():
    listed = _band([0, 2 * H, 3 * H], [0.0, 3e6, 4e6])
    orders = (
        Order(2 * H, 2 * H, 3e6, ("Large",)),
        *(Order(3 * H, 3 * H, 1e6, ("Small",)) for _ in range(30)),
    )
    with look.users_style():
        top, _ = draw_outage(_outage(listed=listed, orders=orders), 7).axes
    texts = [text.get_text() for text in top.texts]
    assert texts[0] == "1 Mar: +3\N{NO-BREAK SPACE}million\nLarge"
    assert len(texts) < 17  # as many as there are places
    boxes = [text.get_window_extent() for text in top.texts]
    for at, one in enumerate(boxes):
        for other in boxes[at + 1 :]:
            assert look._overlap(other, one) <= look.MOST_COVERED + 0.01


@pytest.mark.parametrize(("width", "height"), [(358, 258), (800, 584)])
def test_labels_of_orders_are_off_the_axis_and_the_line(width, height):
    days = (0, 3, 3.6, 7, 7.6, 11, 12, 12.75, 15, 16, 16.75, 19, 19.6, 20, 27, 27.75)
    n = (2, 262, 518, 780, 1036, 1550, 1295, 1040, 1297, 1041, 786, 1042, 1298, 786, 519, 262)
    listed = _band([int(day * D) for day in days], [float(one) for one in n])
    orders = [Order(at * D, at * D, 512, ("AWS",)) for at in (3, 7, 19, 20, 27)]
    shown = _outage(listed=listed, orders=tuple(orders), horizon_s=55 * D)
    with look.page_style(12 if width < 400 else 14):
        top, _ = draw_outage(shown, width / 72, height / 72).axes
    assert len(top.texts) >= 3
    line = look._dense(look.dates(START, listed.t_s), listed.median)
    at = top.transData.transform(line)
    for box in (text.get_window_extent() for text in top.texts):
        assert top.get_window_extent().y0 < box.y0
        low, high = box.padded(-1).get_points()
        assert not ((low < at) & (at < high)).all(axis=1).any()


def test_spells_of_a_list_are_sessions_where_all_are_short():
    band = _band([0, H, 3 * H, 5 * H, 28 * H], [0.0, 2.0, 0.0, 1.0, 0.0])
    assert _short_spells(band, 30 * H) == ((H, 3 * H), (5 * H, 28 * H))
    # What else comes and goes in a longer spell would not be seen, and one may not end.
    band.t_s[-1] = 29 * H
    assert _short_spells(band, 30 * H) == ()
    assert _short_spells(_band([0, H, 3 * H, 5 * H], [0.0, 2.0, 0.0, 1.0]), 8 * H) == ()
    assert _short_spells(_band([0, H], [0.0, 0.0]), 8 * H) == ()
    # What is never lifted is no session.
    assert _short_spells(_band([0, H], [0.0, 2.0]), 8 * H) == ()


SPANS = (
    # Between the even times of an ensemble, and two on one day.
    (("16T09:03Z", "16T09:07Z"), ("16T12:01Z", "16T12:59Z"), ("17T09:03Z", "17T10:00Z")),
    # Over a midnight.
    (("16T22:30Z", "17T01:15Z"),),
)


@pytest.mark.parametrize("spans", SPANS)
def test_given_orders_of_hours_are_sessions_at_their_own_times(spans, tmp_path):
    orders = [
        {"addresses": ["198.18.0.1"], "from": f"2018-04-{first}", "to": f"2018-04-{last}"}
        for first, last in spans
    ]
    heads = "poll_interval_h,apply_lag_median_h,apply_lag_sigma,release_lag_median_h"
    groups = f"operator,label,share_users,{heads},release_lag_sigma,compliance"
    tables = {"operators.groups": (groups, "a,A,1,0.001,0,0,0,0,1")}
    strategy = {"id": "orders", "orders": orders}
    given = {"register.cadence": "cadence-at-once", "strategy": strategy, "strategy.orders": orders}
    write_ensemble(tmp_path / "run", resolved(tmp_path, tables, **given), 2)
    run = open_run(tmp_path / "run")
    run.manifest["scenario"]["overrides"] = []
    shown = read_outage(run)
    ends = ([datetime.fromisoformat(f"2018-04-{end}") for end in one] for one in spans)
    seconds = (tuple(int((at - run.start).total_seconds()) for at in one) for one in ends)
    assert shown.sessions == tuple(seconds)
    # Both sites on the address, of five.
    assert {found.median for _, found in effects_of_sessions(run, shown)} == {0.4}


def test_an_order_of_a_million_million_is_not_written_in_millions():
    for change, said in ((2e18, f"+2,000,000{NBSP}trillion"), (3e6, "+3")):
        order = Order(0, 0, change, ())
        text = IN_ENGLISH.write(_order_text(_outage(horizon_s=400 * D), order, 1e6, narrow=True))
        assert text == f"1 Mar 2026: {said}"


def test_dots_say_whether_they_were_given_to_the_model():
    seen = replace(_outage(), published=((H, 3),))
    assert "Dots: counts published at the time, known beforehand." in seen.note
    given = replace(seen, is_given=True).note
    assert "Dots: totals published at the time, by their own count; no test." in given
