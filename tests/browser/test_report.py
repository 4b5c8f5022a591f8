"""The report as its readers meet it: offline, by mouse and by keyboard, narrow, dark, on paper."""

from __future__ import annotations

import base64
import csv
import io
import json
import os
import re
import struct
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import numpy as np
import pytest

from benchmarks.comparisons import EIGHT, Made, write_comparison
from sim.measure.bands import band_of, step_values
from sim.report.figures.map_frames import WINDOW
from sim.report.page.document import write_report
from sim.report.page.scripts import own_text
from sim.report.words.languages import LANGUAGES, language
from sim.results.read import open_run
from tests.browser.conftest import Opened, OpenReport

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytestmark = pytest.mark.browser

EACH = pytest.mark.parametrize("which", ["run", "comparison", "drawn"])
ONE_LANGUAGE = pytest.mark.parametrize(
    "code",
    [pytest.param(code, marks=[pytest.mark.long] * (code != "ru")) for code in LANGUAGES[1:]],
)
"""Russian, whose letters, days and thousands are unlike English most; the others are long."""
AXE = Path(
    os.environ.get("OVERBLOCK_AXE", "")
    or Path(__file__).parents[2] / ".ci" / "node_modules" / "axe-core" / "axe.min.js"
)


OPEN_AND_CHOOSE_ALL = """() => {
  const summaries = [...document.querySelectorAll("details > summary")];
  for (const summary of summaries) summary.click();
  let chosen = 0;
  for (const select of document.querySelectorAll("select"))
    for (const option of select.options) {
      select.value = option.value;
      select.dispatchEvent(new Event("change", {bubbles: true}));
      chosen += 1;
    }
  return [summaries.filter((one) => one.parentElement.open).length, chosen];
}"""
"""Opens what is closed and makes every choice: some hundred, in one go."""


@pytest.mark.parametrize(
    "which", ["run", pytest.param("comparison", marks=pytest.mark.long), "drawn"]
)
def test_it_says_nothing_and_asks_for_nothing(which: str, open_report: OpenReport) -> None:
    opened = open_report(which)
    page = opened.page
    n_opened, n_chosen = page.evaluate(OPEN_AND_CHOOSE_ALL)
    assert n_opened > 10
    assert n_chosen > 10
    page.get_by_role("button", name="First 3 days").first.click()
    page.mouse.move(600, 400)
    assert opened.said == []
    assert opened.asked == []


@ONE_LANGUAGE
def test_it_speaks_its_language_and_stays_within_a_narrow_window(
    code: str, chase_run: Path, open_report: OpenReport, tmp_path: Path
) -> None:
    words = language(code)
    write_report(open_run(chase_run), tmp_path / "report.html", words)
    opened = open_report(tmp_path / "report.html", width=390)
    page = opened.page
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert words.say("Read all charts at") in page.locator("#chart-businesses").inner_text()
    assert page.locator("#window button").first.inner_text() == words.say("Whole run")
    assert page.locator("#map-play").inner_text() == words.say("Play")
    # Months, thousands and decimals by locale.
    axis = " ".join(page.locator("#chart-businesses .plot text").all_text_contents())
    assert {"es": "17 abr", "it": "17 apr", "ru": "17 апр."}[code] in axis
    listed = page.locator("#map-readout").inner_text().replace("\u00a0", " ")
    assert re.search({"es": r"\d\.\d{3}", "it": r"\d\.\d{3}", "ru": r"\d \d{3}"}[code], listed)
    assert (opened.said, opened.asked) == ([], [])


@EACH
def test_curves_are_drawn(which: str, shared: dict[str, Opened]) -> None:
    page = shared[which].page
    charts = page.query_selector_all("#charts figure")
    assert len(charts) == (5 if which == "run" else 4)
    for chart in charts:
        lines = chart.query_selector_all(".plot path.mean")
        assert len(lines) >= 2
        paths = [str(line.get_attribute("d")) for line in lines]
        assert all(re.match(r"M[\d.]+,[\d.]+L", path) for path in paths)
        assert max(len(path) for path in paths) > 100  # steps, not one flat line


def test_the_slider_under_a_chart_reads_the_run_at_that_moment(
    chase_run: Path, shared: dict[str, Opened]
) -> None:
    page = shared["run"].page
    chart = page.locator("#chart-businesses")
    slider = chart.get_by_role("slider")
    run = open_run(chase_run)
    seen = []
    for place in (0, 60, 120, 300, 1000):
        slider.fill(str(place))
        second = min(round(place / 1000 * run.horizon_s), run.horizon_s - 1)
        for row, state in enumerate(("affected", "impaired", "down")):
            band = band_of(run.curve(f"businesses_{state}"), run.horizon_s)
            values = [
                float(step_values(band.t_s, getattr(band, name), np.array([second]))[0])
                for name in ("mean", "low", "high")
            ]
            shown = chart.locator("output").nth(row).inner_text()
            numbers = [float(part) for part in re.findall(r"[\d.]+", shown)]
            if len(numbers) == 1:  # the same in all replicates: no range is shown
                numbers *= 3
            assert numbers == pytest.approx(values, abs=0.06 + 0.002 * 60)
            seen.append(shown)
    assert len(set(seen)) > 5
    slider.press("Home")  # by keyboard too
    assert [chart.locator("output").nth(row).inner_text() for row in range(3)] == seen[:3]


def test_a_chart_names_the_bands_it_draws(shared: dict[str, Opened]) -> None:
    drawn = {
        which: shared[which].page.locator("#chart-businesses .bands span").all_inner_texts()
        for which in ("run", "drawn")
    }
    assert len(drawn["run"]) == 1
    assert drawn["run"][0].startswith("by luck: 90")
    assert "luck alone" in drawn["run"][0]
    assert [text.partition(":")[0] for text in drawn["drawn"]] == [
        "lines", "by luck, as given",
        "with all that is not known but how many businesses there are",
    ]  # fmt: skip
    chart = shared["drawn"].page.locator("#chart-businesses")
    read = chart.locator("output").first.inner_text()
    assert re.fullmatch(
        r"[\d,.]+ businesses \([\d,.]+ to [\d,.]+ with all that is not known but their number; "
        r"as given [\d,.]+, [\d,.]+ to [\d,.]+ by luck\)",
        read,
    )
    median, low, high, mean, *_ = (
        float(part.replace(",", "")) for part in re.findall(r"[\d,.]+", read)
    )
    # Told with one digit behind the point.
    made = mean / 2, 1.25 * mean, 2 * mean
    assert (low, median, high) == pytest.approx(made, rel=0.05, abs=0.15)


def test_the_draws_median_is_the_line_and_the_mean_as_given_a_thin_one_beside_it(
    shared: dict[str, Opened],
) -> None:
    chart = shared["drawn"].page.locator("#chart-businesses")
    lines = chart.locator(".legend li")
    thin, told = chart.locator(".plot path.given"), chart.locator(".plot path.mean")
    lines.first.hover()
    # Of several lines, of the one whose bands are shown.
    assert thin.count() == 1
    assert thin.get_attribute("stroke-width") == "1"
    assert thin.get_attribute("stroke-dasharray")

    def highest(path: str | None) -> float:
        return min(float(y) for y in re.findall(r",([\d.]+)", path or ""))

    def lowest(path: str | None) -> float:
        return max(float(y) for y in re.findall(r",([\d.]+)", path or ""))

    first, median = thin.get_attribute("d"), told.first.get_attribute("d")
    foot = lowest(median)
    assert foot - highest(median) == pytest.approx(1.25 * (foot - highest(first)), rel=0.02)
    lines.nth(1).hover()
    assert thin.count() == 1
    assert thin.get_attribute("d") != first
    assert shared["run"].page.locator(".plot path.given").count() == 0
    # Events that a scenario dates count nothing.
    assert "Triangles" in chart.locator("figcaption").inner_text()
    assert "what it counts" not in chart.locator("figcaption").inner_text()


def test_what_is_nothing_as_given_too_is_said_once(open_report: OpenReport) -> None:
    chart = open_report("drawn").page.locator("#chart-businesses")
    chart.get_by_role("slider").press("Home")
    assert set(chart.locator("output").all_inner_texts()) == {"0 businesses"}


def test_numbers_of_a_legend_say_what_they_count(shared: dict[str, Opened]) -> None:
    page = shared["run"].page
    chart = page.locator("#chart-addresses")
    read = chart.locator("output").first.inner_text()
    assert re.match(r"[\d,.]+(\u00a0million)? addresses\b", read)
    chart.get_by_role("slider").press("Home")
    assert re.match(r"[\d,.]+ addresses\b", chart.locator("output").first.inner_text())
    # In the form that goes with the number.
    count = re.search(r"function countText.*?\n}\n", own_text("base.js"), re.DOTALL)
    assert count is not None
    nouns = json.dumps(language("ru").forms("address"))
    of = "[1, 3, 5, 1e7].map((n) => countText(n, n < 1e6 ? `${n}` : '10 млн', nouns))"
    told = page.evaluate(
        f"(() => {{ const locale = 'ru', say = () => 'млн', nouns = {nouns}; "
        f"{count[0]}; return {of}; }})()"
    )
    assert told == ["1 адрес", "3 адреса", "5 адресов", "10 млн адресов"]


def test_a_line_without_a_band_has_no_swatch(shared: dict[str, Opened]) -> None:
    page = shared["drawn"].page
    data = json.loads(page.locator("#report-data").text_content() or "")
    (businesses,) = (one for one in data["charts"] if one["id"] == "businesses")
    lines = businesses["panels"][0]["lines"]
    # No blocking harms nobody, whatever the luck.
    n_wide = sum(line["low"] != line["high"] for line in lines)
    assert 0 < n_wide < len(lines)
    chart = page.locator("#chart-businesses")
    # Of several lines, bands of one alone are shown.
    assert chart.locator(".plot path.luck").count() == 1
    assert chart.locator(".plot path.all").count() == 1
    for row in range(3):
        assert chart.locator(".bands span").nth(row).locator("i").count() == 1
    names = chart.locator(".legend li")
    (still,) = (row for row, line in enumerate(lines) if line["low"] == line["high"])
    names.nth(still).hover()
    assert chart.locator(".plot path.luck").count() == 1


def test_of_several_lines_one_shows_its_wide_band(shared: dict[str, Opened]) -> None:
    chart = shared["drawn"].page.locator("#chart-businesses")
    lines = chart.locator(".legend li")
    wide = chart.locator(".plot path.all")
    assert lines.count() > 1
    lines.first.hover()
    first = wide.get_attribute("fill")
    assert wide.count() == 1
    lines.nth(1).hover()
    assert wide.count() == 1
    assert wide.get_attribute("fill") != first
    told = lines.nth(1).locator(".name").inner_text()
    assert f"shown: {told} " in chart.locator(".bands").inner_text()


def test_no_day_is_told_where_nothing_is_left_of_the_run(shared: dict[str, Opened]) -> None:
    axes = own_text("axes.js")

    def told(from_: str, to: str, n: int) -> list[str]:
        ticks = f"timeTicks(Date.UTC({from_}), Date.UTC({to}), {n}).map((one) => one.text)"
        return list(
            shared["run"].page.evaluate(
                f"(() => {{ const locale = 'en'; {axes}; return {ticks}; }})()"
            )
        )

    assert told("2018, 3, 16", "2018, 3, 20", 5) == ["16 Apr", "17 Apr", "18 Apr", "19 Apr"]
    assert told("2018, 3, 16", "2019, 0, 1", 12)[-1] == "Dec"


def test_numbers_of_the_map_stand_over_its_dots(shared: dict[str, Opened]) -> None:
    drawn = shared["run"].page.evaluate(
        """() => {
            const drawn = [];
            const kept = {};
            for (const name of ['arc', 'fillText']) {
                kept[name] = CanvasRenderingContext2D.prototype[name];
                CanvasRenderingContext2D.prototype[name] = function (...given) {
                    drawn.push(name);
                    return kept[name].apply(this, given);
                };
            }
            document.getElementById('map-time').dispatchEvent(new Event('input'));
            Object.assign(CanvasRenderingContext2D.prototype, kept);
            return drawn;
        }"""
    )
    assert "arc" in drawn
    assert drawn.count("fillText") == 256
    assert "arc" not in drawn[drawn.index("fillText") :]


def test_days_that_changed_most_are_marked_and_told(shared: dict[str, Opened]) -> None:
    chart = shared["run"].page.locator("#chart-businesses")
    told = chart.locator(".turns li").all_inner_texts()
    marks = chart.locator(".plot .turn").evaluate_all(
        "all => all.map((one) => one.firstChild.data)"
    )
    assert len(told) >= 1
    assert marks == [str(row + 1) for row in range(len(told))]
    assert "entries ordered that hit businesses: " in told[0]
    # Of a comparison only what the scenario dates itself, which is the same for all.
    compared = shared["comparison"].page.locator("#chart-businesses .turns li")
    assert compared.all_inner_texts() == ["18 Apr, given: Google Cloud talks with the censor"]


def test_a_line_can_be_hidden(shared: dict[str, Opened]) -> None:
    page = shared["run"].page
    chart = page.locator("#chart-businesses")
    lines = chart.locator(".plot path.mean")
    colours = lines.evaluate_all("lines => lines.map(line => line.getAttribute('stroke'))")
    chart.get_by_role("checkbox").first.uncheck()
    left = lines.evaluate_all("lines => lines.map(line => line.getAttribute('stroke'))")
    assert left == colours[1:]  # the others keep theirs
    assert chart.locator(".plot .label").count() == len(left)
    chart.get_by_role("checkbox").first.check()
    assert lines.count() == len(colours)


def until(page: Page, condition: str) -> None:
    """Wait for a condition in the page, whose policy lets Playwright's own waiting run nothing."""
    deadline = time.monotonic() + 10
    while not page.evaluate(condition):
        assert time.monotonic() < deadline, condition
        page.wait_for_timeout(20)


def n_wholly_listed(page: Page) -> int:
    """Points of the map in the full colour of what is listed."""
    count = """() => {
        const canvas = document.getElementById('map-canvas');
        const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        let n = 0;
        for (let at = 0; at < data.length; at += 4)
            n += data[at] === 0xc2 && data[at + 1] === 0x4e && data[at + 2] === 0;
        return n;
    }"""
    return int(page.evaluate(count))


def canvas(page: Page) -> str:
    return str(page.evaluate("document.getElementById('map-canvas').toDataURL()"))


@EACH
def test_the_slider_moves_the_map(which: str, shared: dict[str, Opened]) -> None:
    page = shared[which].page
    map_ = json.loads(page.locator("#report-data").text_content() or "")["map"]
    name = page.locator("#map-strategy").input_value() if which != "run" else ""
    frames = map_["strategies"][name or next(iter(map_["strategies"]))]["frames"]
    slider = page.locator("#map-time")
    slider.focus()
    page.keyboard.press("Home")
    empty = canvas(page)
    assert (frames[0]["n"], n_wholly_listed(page)) == (0, 0)  # the page opened on the peak
    assert (
        f"{frames[0]['n']:,} addresses listed in replicate"
        in page.locator("#map-readout").inner_text()
    )
    page.keyboard.press("ArrowRight")
    assert (
        f"{frames[1]['n']:,} addresses listed in replicate"
        in page.locator("#map-readout").inner_text()
    )
    page.keyboard.press("End")
    full = canvas(page)
    assert full != empty
    assert n_wholly_listed(page) > 0
    page.keyboard.press("Home")  # backwards is drawn anew, not added to
    assert canvas(page) == empty
    assert slider.get_attribute("aria-valuetext")


def test_single_addresses_are_seen_on_the_map(open_report: OpenReport) -> None:
    page = open_report("comparison").page
    map_ = json.loads(page.locator("#report-data").text_content() or "")["map"]
    page.locator("#map-strategy").select_option("exact")
    page.locator("#map-time").focus()
    page.keyboard.press("End")
    levels = np.zeros(map_["side"] ** 2, np.uint8)
    for frame in map_["strategies"]["exact"]["frames"]:
        pixel = np.frombuffer(base64.b64decode(frame["pixel"]), "<u2")
        levels[pixel] = np.frombuffer(base64.b64decode(frame["level"]), "u1")
    # A /16 is four points square. What stands alone has the full colour, however little it is.
    n_of_wholly = 16 * int((levels == 255).sum())
    assert ((levels > 0) & (levels < 255)).any()
    assert n_wholly_listed(page) > n_of_wholly


def test_the_map_plays_and_stops(shared: dict[str, Opened]) -> None:
    page = shared["run"].page
    page.locator("#map-time").focus()
    page.keyboard.press("Home")
    play = page.locator("#map-play")
    play.click()
    assert play.get_attribute("aria-pressed") == "true"
    until(page, "document.getElementById('map-time').value > 1")
    play.click()
    assert play.get_attribute("aria-pressed") == "false"


def test_the_map_is_read_by_pointing_at_it(shared: dict[str, Opened]) -> None:
    page = shared["run"].page
    page.locator("#map-canvas").hover(position={"x": 2, "y": 2})
    assert page.locator("#map-pointer").inner_text().startswith("0.0.0.0/16: not listed")
    network = WINDOW.first_address >> 16
    places = [[one * 37 % 256, one * 101 % 256] for one in range(256)]
    said = page.evaluate(
        """(places) => places.map(([column, row]) => {
          const canvas = document.getElementById("map-canvas");
          const at = new PointerEvent("pointermove");
          const middle = (place, size) => ({ value: ((place + 0.5) / 256) * size });
          Object.defineProperty(at, "offsetX", middle(column, canvas.clientWidth));
          Object.defineProperty(at, "offsetY", middle(row, canvas.clientHeight));
          canvas.dispatchEvent(at);
          return document.getElementById("map-pointer").textContent.split(":")[0];
        })""",
        places,
    )
    assert said == [
        f"{network[row, column] >> 8}.{network[row, column] & 255}.0.0/16" for column, row in places
    ]


def column(page: Page, table: str, place: int) -> list[str]:
    cells = page.locator(f"#{table} tbody tr:not([hidden]) > :nth-child({place + 1})")
    return [str(text) for text in cells.evaluate_all(
        "cells => cells.map(cell => cell.dataset.sort ?? cell.textContent.trim())"
    )]  # fmt: skip


def test_a_table_is_sorted_by_its_titles(shared: dict[str, Opened]) -> None:
    page = shared["comparison"].page
    head = page.locator("#tradeoff thead th").nth(3)
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    values = column(page, "tradeoff", 3)
    known = [float(value) for value in values if value]
    assert known == sorted(known)
    assert len(known) == 7
    assert values[-1] == ""  # what is not known comes last
    head.get_by_role("button").press("Enter")  # by keyboard too
    assert head.get_attribute("aria-sort") == "descending"
    values = column(page, "tradeoff", 3)
    assert [float(value) for value in values[:-1]] == sorted(known, reverse=True)
    assert values[-1] == ""
    name = page.locator("#tradeoff thead th").nth(0)
    name.get_by_role("button").click()
    assert column(page, "tradeoff", 0) == sorted(column(page, "tradeoff", 0))


def test_a_choice_shows_the_rows_of_one_group(shared: dict[str, Opened]) -> None:
    page = shared["comparison"].page
    page.locator("details:has(#measures) > summary").click()
    choice = page.locator("select[data-filters=measures]")
    assert choice.input_value() == "business_hours_impaired"
    whose = page.locator("#measures .of-group")
    assert not whose.first.is_visible()
    assert column(page, "measures", 1) == [
        "Every address alone",
        "Whole /24 networks",
        "Whole /16 networks",
        "The provider's largest prefixes",
        "All of the provider's region",
        "Wider and wider ranges",
        "The cheapest cover of the addresses",
        "No blocking",
    ]
    n_measures = choice.locator("option").count() - 1
    choice.select_option("")
    assert len(column(page, "measures", 1)) == n_measures * len(EIGHT)
    assert whose.first.is_visible()
    told = column(page, "measures", 0)
    assert len(set(told)) == n_measures
    assert "Business-hours impaired (business-hours)" in told


def test_the_curves_are_downloaded_as_they_are_drawn(shared: dict[str, Opened]) -> None:
    page = shared["run"].page
    with page.expect_download() as started:
        page.locator("#save-curves").click()
    text = started.value.path().read_text(encoding="utf-8")
    rows = list(csv.DictReader(io.StringIO(text)))
    data = json.loads(page.locator("#report-data").text_content() or "")
    lines = [
        line for chart in data["charts"] for panel in chart["panels"] for line in panel["lines"]
    ]
    assert len(rows) == sum(len(line["t"]) for line in lines) > 100
    assert float(rows[5]["mean"]) == lines[0]["mean"][5]


def test_a_chart_is_saved_as_a_picture(shared: dict[str, Opened]) -> None:
    opened = shared["run"]
    n_said = len(opened.said)
    chart = opened.page.locator("#chart-addresses")
    png = saved(opened.page, chart, "PNG")
    assert png.startswith(b"\x89PNG")
    assert struct.unpack(">II", png[16:24]) == (2400, 1350)
    # It is no blank: the lines are in it.
    assert len(png) > 20_000
    assert opened.said[n_said:] == []
    assert opened.asked == []


def test_a_saved_figure_says_what_it_shows_and_where_it_is_from(
    chase_run: Path, open_report: OpenReport
) -> None:
    page = open_report("run", color_scheme="dark").page
    chart = page.locator("#chart-addresses")
    root = ElementTree.fromstring(saved(page, chart, "SVG"))  # well-formed XML
    text = " ".join(" ".join(root.itertext()).split())
    assert " ".join(chart.locator("h3").inner_text().split()) in text
    assert open_run(chase_run).manifest["result_id"][:12] in text
    assert "listed" in text
    # In the colours of paper, whatever the reader's theme, and with none that the page gives.
    svg = "{http://www.w3.org/2000/svg}"
    assert root.find(f"{svg}rect").get("fill") == "#ffffff"  # type: ignore[union-attr]
    assert all("class" not in one.attrib or one.get("stroke") or one.get("fill") or one.text
               for one in root.iter())  # fmt: skip
    assert not page.evaluate("document.documentElement.classList.contains('on-paper')")


def test_a_saved_chart_says_which_of_its_lines_has_the_wide_band(open_report: OpenReport) -> None:
    page = open_report("drawn").page
    chart = page.locator("#chart-businesses")
    shown = re.search(r"shown: (.*) \(point at", chart.locator(".bands").inner_text())
    assert shown is not None
    root = ElementTree.fromstring(saved(page, chart, "SVG"))
    text = " ".join(" ".join(root.itertext()).split())
    assert f"shown of {shown[1]} alone" in text
    assert "point at" not in text


def test_the_first_picture_and_the_map_are_saved(open_report: OpenReport) -> None:
    opened = open_report("run", color_scheme="dark")
    page = opened.page
    first = saved(page, page.locator("figure.first"), "SVG").decode()
    assert page.locator("#answer-in-words").inner_text().split(";")[0][:30] in first
    assert "var(" not in first
    assert "class=" not in first.replace('class="mean"', "")
    before = canvas(page)
    png = saved(page, page.locator("#map"), "PNG")
    assert struct.unpack(">II", png[16:24]) == (2400, 1350)
    assert len(png) > 50_000  # the canvas is in it
    until(page, f"document.getElementById('map-canvas').toDataURL() === {json.dumps(before)}")
    svg = saved(page, page.locator("#map"), "SVG").decode()
    assert "data:image/png;base64," in svg
    assert opened.asked == []
    assert [one for one in opened.said if "Canvas2D" not in one] == []


def saved(page: Page, figure: Locator, kind: str) -> bytes:
    with page.expect_download() as started:
        figure.get_by_role("button", name=f"Save {kind}").click()
    assert started.value.suggested_filename.endswith(f".{kind.lower()}")
    return started.value.path().read_bytes()


def test_all_charts_share_one_time(shared: dict[str, Opened]) -> None:
    page = shared["run"].page
    charts = page.locator("#charts figure")
    axes = charts.evaluate_all(
        """charts => charts.map(chart => [...chart.querySelectorAll('.plot text')]
            .filter(one => /^[0-9]+ [A-Z][a-z]{2}$/.test(one.textContent))
            .map(one => [one.textContent, one.getAttribute('x')]))"""
    )
    assert len(axes[0]) >= 3
    assert all(axis == axes[0] for axis in axes)
    charts.nth(0).get_by_role("slider").fill("500")
    assert (
        charts.get_by_role("slider").evaluate_all("all => all.map(one => one.value)")
        == ["500"] * charts.count()
    )
    places = charts.locator(".cursor").evaluate_all("all => all.map(one => one.getAttribute('x1'))")
    assert len(set(places)) == 1
    page.get_by_role("button", name="First 3 days").click()
    # Titles of marks are no part of the axis.
    assert "16 Apr" not in charts.nth(1).locator(".plot text").all_text_contents()
    page.get_by_role("button", name="Whole run").click()


def test_the_strip_says_what_is_known_in_the_window_of_the_charts(
    shared: dict[str, Opened],
) -> None:
    page = shared["run"].page
    known = json.loads(page.locator("#report-data").text_content() or "")["known"]
    marks = known[0]["marks"]
    strip = page.locator("#known svg")
    assert strip.locator(".mark").count() == len(marks) > 3
    # Where they lie too close to be seen one by one they are counted, inside the frame.
    size = page.viewport_size
    assert size is not None
    page.set_viewport_size({"width": 320, "height": 800})
    page.wait_for_selector("#known .crowd", state="attached")
    counted = re.findall(r"(\d+) totals", strip.text_content() or "")
    assert sum(map(int, counted)) + strip.locator(".mark").count() == len(marks)
    boxes = strip.locator(":scope > rect").evaluate_all(
        "all => all.map(one => one.getBBox()).map(one => [one.x, one.x + one.width])"
    )
    assert all(boxes[0][0] <= left < right <= boxes[0][1] for left, right in boxes)
    page.set_viewport_size(size)
    page.wait_for_selector("#known .crowd", state="detached")
    assert strip.locator(".dated").count() == 0  # a censor that decides: nothing is dated
    page.get_by_role("button", name="First 3 days").click()
    inside = [from_ for from_, _, _ in marks if from_ <= 3 * 86_400]
    assert strip.locator(".mark").count() == len(inside) < len(marks)
    page.get_by_role("button", name="Whole run").click()


def test_a_report_of_a_run_can_be_mailed(reports: dict[str, Path]) -> None:
    assert reports["run"].stat().st_size < 2_000_000


def test_money_stands_on_an_axis_that_sorting_leaves_there(shared: dict[str, Opened]) -> None:
    page = shared["run"].page
    head = page.locator("#money-methods thead th").nth(3)
    ticks = head.locator(".axis span")
    assert ticks.count() >= 2
    values = page.locator("#money-methods tbody tr").first.locator("td").nth(2)
    places = ticks.evaluate_all("all => all.map(one => parseFloat(one.style.left))")
    assert places[0] == 0
    assert sorted(places) == places
    mean = float(values.get_attribute("data-sort") or "nan")
    shown = float(values.locator("line:not(.tick)").get_attribute("x1") or "nan")
    named = {"k": 1e3, "m": 1e6, "bn": 1e9, "tn": 1e12}
    low, high = (
        float(text.split()[0]) * named[text.split()[1]]
        for text in (ticks.first.inner_text(), ticks.last.inner_text())
    )
    place = places[-1] * np.log(mean / low) / np.log(high / low)
    assert shown == pytest.approx(place, abs=0.02)
    head.get_by_role("button").click()
    assert ticks.count() == len(places)


def test_the_key_of_the_map_names_what_is_on_it(shared: dict[str, Opened]) -> None:
    page = shared["run"].page
    found = json.loads(page.locator("#report-data").text_content() or "")["map"]
    has_fronts = any(one["fronts"] for one in found["strategies"].values())
    assert page.locator("#map .key .dot").count() == has_fronts
    assert page.locator("#map .key .key-listed").count() == 1


def test_dragging_over_a_chart_looks_closer(shared: dict[str, Opened]) -> None:
    page = shared["run"].page
    plot = page.locator("#chart-addresses .plot")
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    assert box is not None
    before = plot.text_content()
    page.mouse.move(box["x"] + 200, box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + 300, box["y"] + 100)
    page.mouse.up()
    assert plot.text_content() != before
    plot.dblclick()
    assert plot.text_content() == before


@EACH
def test_it_prints(which: str, open_report: OpenReport) -> None:
    opened = open_report(which, color_scheme="dark")
    page = opened.page
    page.emulate_media(media="print")
    until(page, "document.documentElement.classList.contains('on-paper')")
    assert not page.locator("nav").is_visible()
    assert not page.get_by_role("slider").first.is_visible()
    assert page.locator("details:not([open])").count() == 0  # everything is on paper
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert background == "rgb(255, 255, 255)"
    drawn = page.query_selector_all(".plot > svg")
    assert len(drawn) >= 4
    for svg in drawn:
        box = svg.bounding_box()
        assert box is None or (box["width"], box["height"]) == (680, 236)
    page.set_viewport_size({"width": 688, "height": 900})  # A4 within its margins
    cut = page.evaluate(
        "() => [...document.querySelectorAll('table')]"
        ".filter(one => one.getBoundingClientRect().right > 689).map(one => one.id)"
    )
    assert cut == []
    assert page.locator("#charts figure").first.get_by_text("Read all charts at").is_visible()
    if which == "run":
        assert len(page.pdf()) > 50_000
    page.emulate_media(media="screen")
    until(page, "!document.documentElement.classList.contains('on-paper')")
    assert page.locator("details[open]").count() == 0
    assert opened.said == []


@pytest.mark.parametrize(
    ("which", "scheme"), [("run", "dark"), ("comparison", "light"), ("drawn", "dark")]
)
def test_axe_finds_no_violation(which: str, scheme: str, open_report: OpenReport) -> None:
    page = open_report(which, color_scheme=scheme).page
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    assert violations(page) == []


def test_axe_finds_what_is_wrong(open_report: OpenReport, tmp_path: Path) -> None:
    file = tmp_path / "bad.html"
    file.write_text("<!doctype html><html><body><img src='data:,'><button></button></body></html>")
    found = {text.partition(":")[0] for text in violations(open_report(file).page)}
    assert {"image-alt", "button-name", "html-has-lang"} <= found


def violations(page: Page) -> list[str]:
    """Rules that axe-core finds broken, of any impact."""
    assert AXE.is_file(), f"{AXE}: axe-core is not there; see tests/browser/conftest.py"
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = page.evaluate(
        "axe.run({resultTypes: ['violations']}).then(result => result.violations)"
    )
    return [f"{one['id']}: {one['nodes'][0]['target']}" for one in found]


@EACH
def test_it_fits_a_telephone(which: str, open_report: OpenReport) -> None:
    page = open_report(which, width=390).page
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    # No text is cut at the edge but inside what scrolls by itself.
    cut = page.evaluate(
        """() => [...document.querySelectorAll('p, h1, h2, h3, li, dd, label, select, button')]
            .filter(one => !one.closest('.scroll, nav') && one.offsetParent
                && one.getBoundingClientRect().right > 391)
                .map(one => one.outerHTML.slice(0, 80))"""
    )
    assert cut == []


@ONE_LANGUAGE
def test_a_comparison_in_any_language_fits_a_telephone(
    code: str, reports: dict[str, Path], open_report: OpenReport, tmp_path: Path
) -> None:
    """Words of the heads of its four bars are longer there than in English."""
    folder = reports["drawn"].with_suffix("")
    write_report(open_run(folder), tmp_path / "report.html", language(code))
    page = open_report(tmp_path / "report.html", width=390).page
    assert page.locator("table.bars tbody tr").count() == len(EIGHT)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_no_word_of_the_first_picture_is_cut_on_a_telephone(open_report: OpenReport) -> None:
    page = open_report("run", width=390).page
    svg = page.locator("svg.first")
    assert svg.evaluate("one => getComputedStyle(one).overflow") == "visible"
    lefts = svg.locator("text").evaluate_all(
        "all => all.map((one) => one.getBoundingClientRect().left)"
    )
    assert len(lefts) >= 5
    assert min(lefts) >= 0


def test_dark_and_light_are_two_pages_in_one(open_report: OpenReport) -> None:
    page = open_report("run", color_scheme="light").page
    light = canvas(page)
    line = "document.querySelector('#charts path.mean').getAttribute('stroke')"
    before = page.evaluate(line)
    page.emulate_media(color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 23, 27)"
    until(page, f"{line} !== '{before}'")
    assert canvas(page) != light


def test_without_scripts_the_tables_are_there(open_report: OpenReport) -> None:
    page = open_report("comparison", java_script_enabled=False).page
    assert page.get_by_text("The curves and the map need JavaScript").is_visible()
    assert page.locator("#tradeoff tbody tr").count() == len(EIGHT)
    assert page.locator("#tradeoff thead").inner_text().startswith("Strategy")


def test_no_other_script_runs_and_nothing_is_fetched(open_report: OpenReport) -> None:
    opened = open_report("run")
    opened.page.evaluate(
        """async () => {
            const script = document.createElement('script');
            script.textContent = 'window.gotIn = true';
            document.body.append(script);
            const image = document.createElement('img');
            image.src = 'https://192.0.2.1/x.png';
            document.body.append(image);
            await fetch('https://192.0.2.1/').catch(() => 0);
        }"""
    )
    assert opened.page.evaluate("window.gotIn") is None
    blocked = [text for text in opened.said if "Content Security Policy" in text]
    for part in ("inline script", "192.0.2.1/x.png", "connect"):
        assert any(part in text for text in blocked), part


def test_markup_in_names_does_nothing(
    chase_run: Path, open_report: OpenReport, tmp_path: Path
) -> None:
    evil = "</script><img src=x onerror=alert(1)><script>alert(2)</script>\u2028<b>x</b>"
    folder = write_comparison(
        chase_run, tmp_path / "evil", [Made(evil, "exact", 0.4), EIGHT[0], EIGHT[-1]], 2
    )
    for name in ("scenario.resolved.json", "manifest.json"):
        document = json.loads((folder / name).read_text(encoding="utf-8"))
        document |= {"title": evil, "description": evil}
        (folder / name).write_text(json.dumps(document), encoding="utf-8")
    write_report(open_run(folder), tmp_path / "evil.html")
    opened = open_report(tmp_path / "evil.html")
    # The days that were asked for stand behind the title of the scenario.
    assert opened.page.locator("h1").text_content() == f"{evil} (here to 21 April 2018)"
    # Two strategies do the same, and are told apart by their labels.
    evil = f"every address alone ({evil})"
    assert opened.page.locator("#map-strategy option").first.text_content() == evil
    assert opened.page.locator("#charts .legend .name").first.text_content() == evil
    assert opened.page.locator("img, .plot b, main b").count() == 0
    assert evil in opened.page.locator("#frontier .name").all_text_contents()
    assert opened.page.locator("#charts .label title").first.text_content() == evil
    assert opened.said == []
    assert opened.asked == []
