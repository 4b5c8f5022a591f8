"""What the golden files of reports hold is right: held against stored tables, by another way.

Numbers are worked out anew by DuckDB, the csv module or by hand; figures are held to what any
figure must keep: data within its axes, words within its edges, a name at every axis.
"""

from __future__ import annotations

import csv
import json
import math
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from html import unescape
from html.parser import HTMLParser
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.text import Text

from sim.report.figures.drawing import DEFAULT, Choice, Drawing
from sim.report.figures.kinds import FIGURES
from sim.report.figures.layers import TOTAL
from sim.report.words.plain import strategies_of, strategy_names
from sim.results.read import open_run
from tests.golden.reports.runs import N_DRAWS, RUNS
from tests.golden.reports.subjects import COVERING, drawing_of, exported, page_of, side_by_side

pytestmark = pytest.mark.laws

Folders = Callable[[str], Path]
SIZES = {"million": 1e6, "billion": 1e9, "trillion": 1e12, "%": 0.01}
_SAID = re.compile(r"(-?[\d,]+(?:\.\d+)?)(?:\s(million|billion|trillion|%))?")
WHOLE = "provider IS NULL AND sector IS NULL AND role IS NULL"
DRAWN = [
    *(("single", name, DEFAULT) for name, kind in FIGURES.items() if not kind.shows_all_strategies),
    *(("compared", name, DEFAULT) for name, kind in FIGURES.items() if kind.shows_all_strategies),
    *(("compared", name, COVERING) for name in ("addresses", "outages", "reach", "money")),
    *(("sites", name, DEFAULT) for name in ("addresses", "outages-by-role", "uptake")),
    pytest.param(
        *("sites", "map", Choice(at_s=100_000, replicate=1, zoom=(104 << 24, 8))),
        marks=pytest.mark.long,
    ),
    ("named", "outages", DEFAULT),
]


class Tables(HTMLParser):
    """Tables of a page by their ids: rows of cells, each its text and what it is sorted by."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: dict[str, list[list[tuple[str, str]]]] = {}
        self.groups: dict[str, list[str]] = defaultdict(list)
        self._table = ""
        self._is_cell = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "table":
            self._table = given.get("id") or ""
        if tag == "tr":
            self.found.setdefault(self._table, []).append([])
            self.groups[self._table].append(given.get("data-group") or "")
        self._is_cell |= tag in ("td", "th")
        if tag in ("td", "th"):
            self.found[self._table][-1].append(("", given.get("data-sort") or ""))
        elif self._is_cell and tag == "span":
            self._say("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self._is_cell = False

    def handle_data(self, data: str) -> None:
        if self._is_cell:
            self._say(data)

    def _say(self, text: str) -> None:
        said, sort = self.found[self._table][-1][-1]
        self.found[self._table][-1][-1] = (said + text, sort)


@pytest.fixture(scope="module")
def pages(folders: Folders) -> Callable[[str], str]:
    """Page of a run by its name."""
    return lambda name: page_of(folders(name))


def values_of(page: str) -> dict[str, Any]:
    found = re.search(r'id="report-data">(.*?)</script>', page, re.DOTALL)
    assert found
    return dict(json.loads(found[1]))


def rows_of(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def said_number(text: str) -> tuple[float, float]:
    """The first number of a text, and half a step of its last digit."""
    found = _SAID.match(text.strip())
    assert found, text
    digits, size = found[1].replace(",", ""), SIZES.get(found[2] or "", 1.0)
    return float(digits) * size, 0.501 * 10.0 ** -len(digits.partition(".")[2]) * size


def said_range(text: str) -> tuple[list[float], list[float]]:
    """Both ends of a range, as read; its unit stands once where both ends have it."""
    if text.startswith("always "):
        text = f"{text[7:]} to {text[7:]}"
    low, _, high = text.partition(" to ")
    unit = high.replace("\xa0", " ").partition(" ")[2]
    return [said_number(low)[0], said_number(f"{low} {unit}")[0]], [said_number(high)[0]]


def mean_curve(
    folder: Path, metric: str, strategy: str, split: str = WHOLE
) -> Callable[[int], float]:
    """Mean over replicates of the last change at or before a time, in SQL."""

    def at(t_s: int) -> float:
        ((mean,),) = duckdb.execute(
            f"""
            SELECT avg(last) FROM (
                SELECT replicate, arg_max(value, t_s) AS last FROM '{folder}/curves.parquet'
                WHERE strategy = ? AND metric = ? AND t_s <= ? AND {split} GROUP BY replicate
            )
            """,
            [strategy, metric, t_s],
        ).fetchall()
        return float(mean)

    return at


# ---- tables of the page


@pytest.mark.parametrize("name", RUNS)
def test_a_cell_says_what_its_column_is_sorted_by(name: str, pages: Callable[[str], str]) -> None:
    n_held = 0
    for table, rows in Tables(pages(name)).found.items():
        if table == "sectors":
            continue  # counts there are sorted by their sums over replicates
        for row in rows[1:]:
            for text, sort in row:
                first = text.strip().partition("\n")[0]
                if not sort or not re.match(r"-?\d", sort) or "T" in sort or not _SAID.match(first):
                    continue
                if re.search(r"\d\sh$|second|minute|hour|day|\d{4}, |UTC|\sto\s", first):
                    continue  # a length, a time or a range: other tests hold these
                said, half = said_number(first)
                value = float(sort)
                # Counts of people and businesses are said whole.
                near = max(half, 0.5 if re.fullmatch(r"\d+", first) else 0.0)
                assert abs(said - value) <= near + 5e-3 * abs(value), (table, text, sort)
                n_held += 1
    assert n_held > 40


Cells = list[list[tuple[str, str]]]


def with_rows_of_their_own(
    stored: list[dict[str, str]], shown: Cells, drawn: dict[str, float] | None = None
) -> Iterator[tuple[dict[str, str], list[tuple[str, str]]]]:
    """Measures with their rows; what is 0 in all that is told is one line that counts it."""
    ends = ("mean", "median", "low", "high")
    rest = [
        row
        for row in stored
        if all(row[end] and float(row[end]) == 0 for end in ends)
        and (drawn is None or drawn.get(row["metric"]) == 0)
    ]
    assert len(rest) > 1
    assert shown[-1][0][0].startswith(f"0 in every case told of, {len(rest)}: ")
    return zip([row for row in stored if row not in rest], shown[:-1], strict=True)


@pytest.mark.parametrize("name", ["single", "named"])
def test_measures_of_the_page_are_those_of_the_summary(
    name: str, folders: Folders, pages: Callable[[str], str]
) -> None:
    stored = rows_of(folders(name), "summary.csv")
    shown = Tables(pages(name)).found["measures"][1:]
    assert len(stored) > 40
    for row, cells in with_rows_of_their_own(stored, shown):
        for column, (text, sort) in zip(("mean", "median"), cells[1:3], strict=True):
            if row[column]:
                assert float(sort) == pytest.approx(float(row[column])), (row["metric"], text)
            else:
                assert text == "not known"
        assert cells[4][0].replace("\n", " ").strip() == row["unit"]
        if row["low"]:
            for end, said in zip(("low", "high"), said_range(cells[3][0]), strict=True):
                assert any(math.isclose(one, float(row[end]), rel_tol=6e-3) for one in said), row


def test_numbers_of_a_run_with_draws_are_medians_of_its_draws(
    folders: Folders, pages: Callable[[str], str]
) -> None:
    folder = folders("sites")
    drawn = duckdb.execute(
        "SELECT metric, median(value), count(*), max(abs(value)) FROM read_parquet(?) "
        "WHERE value IS NOT NULL GROUP BY metric",
        [str(folder / "draw_measures.parquet")],
    ).fetchall()
    medians = {metric: middle for metric, middle, n, _ in drawn if n == N_DRAWS}
    most = {metric: highest for metric, _, _, highest in drawn}
    stored = rows_of(folder, "summary.csv")
    shown = Tables(pages("sites")).found["measures"][1:]
    n_held = 0
    for row, cells in with_rows_of_their_own(stored, shown, most):
        given, middle = cells[4], cells[1]
        # The target's users lost two hours in a hundred as given: harm for each is a number there,
        # whatever the draws say.
        assert bool(given[1]) == bool(row["mean"]), row["metric"]
        if given[1]:
            assert float(given[1]) == pytest.approx(float(row["mean"])), row["metric"]
        if middle[1] and row["metric"] in medians:
            assert float(middle[1]) == pytest.approx(medians[row["metric"]]), row["metric"]
            n_held += 1
    assert n_held > 30


def test_named_sites_are_told_as_worked_out_by_hand(pages: Callable[[str], str]) -> None:
    """See tests/unit/experiment/test_sites.py for hours; the sums of the five sites stand here."""
    page = unescape(pages("named"))
    sites = {row[0][0]: [cell[0] for cell in row] for row in Tables(page).found["sites"][1:]}
    by_hand = {  # affected, impaired, down, demand lost in hours; USD
        "shop.example": ("6", "6", "2", "4.13", "206"),
        "both.example": ("5", "5", "0", "2.40", "120"),
        "two.example": ("5", "5", "0", "1.88", "93.8"),
        "six.example": ("5", "5", "2", "3.75", "75"),
        "far.example": ("0.500", "0.500", "0", "0.375", "7.50"),
    }
    assert list(sites) == list(by_hand)  # most lost first
    for site, hours in by_hand.items():
        told = sites[site]
        assert (told[1], told[2], told[3], told[5], told[7]) == hours
    # 100 USD an hour of each of three shops and 40 of two papers, over 48 hours.
    whole = 48 * (3 * 100 + 2 * 40)
    lost = 100 * (4.125 + 2.4 + 1.875) + 40 * (3.75 + 0.375)
    assert f"{whole:,} USD of domestic demand" in page.replace("\xa0", " ")
    assert f"{100 * lost / whole:.2f}" == "5.51"
    assert "5.51\xa0%" in page
    # From 12:00 to 13:00 the shop and six.example are down, half of two.example's addresses are
    # dropped, and three in four users meet neither address of both.example.
    worst = (100 + 50 + 75 + 40) / 380
    assert f"{worst:.0%}" == "70%"
    assert "70\xa0% of what domestic customers tried failed" in page
    # 8.8.8.0/24 and one address beside it; a, with three in four users, drops both.
    assert "12 orders placed or withdrew entries; at the peak 257 addresses stood on" in page
    assert "average user's operator dropped 193." in page


def test_nothing_is_said_to_be_nothing(pages: Callable[[str], str]) -> None:
    page = pages("nothing").replace("\xa0", " ")
    assert "Nothing of what customers tried failed." in page
    lines = [
        line for chart in values_of(page)["charts"] for panel in chart["panels"]
        for line in panel["lines"] if panel["unit"].startswith(("businesses", "IPv4"))
    ]  # fmt: skip
    assert len(lines) >= 5
    assert all(not any(line["mean"]) for line in lines)


# ---- charts of the page


@pytest.mark.parametrize("name", RUNS)
def test_lines_of_charts_are_the_means_of_stored_curves(
    name: str, folders: Folders, pages: Callable[[str], str]
) -> None:
    folder, values = folders(name), values_of(pages(name))
    run = open_run(folder)
    several = len(run.strategies) > 1
    label_of = {name: label for label, name in strategy_names(strategies_of(run)).items()}
    metrics = {
        "affected": "businesses_affected", "impaired": "businesses_impaired",
        "down": "businesses_down", "listed": "addresses_listed",
        "share of domestic demand lost": "demand_lost_share",
        "reach the target": "target_reached_share", "on a VPN": "vpn_share",
    }  # fmt: skip
    of_panel = {
        "Businesses impaired": "businesses_impaired", "Addresses listed": "addresses_listed",
        "Share of domestic demand lost": "demand_lost_share",
    }  # fmt: skip
    n_held = 0
    for chart in values["charts"]:
        for panel in chart["panels"]:
            assert panel["title"]
            assert panel["unit"]
            assert panel["finding"]
            for line in panel["lines"]:
                known = [one for one in line["mean"] if one is not None]
                assert len(line["t"]) == len(line["mean"])
                assert line["t"] == sorted(set(line["t"]))
                assert 0 <= line["t"][0] <= line["t"][-1] <= values["horizon_s"]
                assert not panel["is_share"] or all(0 <= one <= 1 for one in known)
                assert line["of"] is None or panel["is_share"] or max(known) <= line["of"]
                for end, other in [(line["low"], line["high"])] if line["low"] else []:
                    assert all(a is None or a <= b for a, b in zip(end, other, strict=True)), panel[
                        "title"
                    ]
                metric = of_panel.get(panel["title"]) if several else metrics.get(line["name"])
                if metric is None or panel["strategy"]:
                    continue
                strategy = label_of[line["name"]] if several else run.strategies[0]
                at = mean_curve(folder, metric, strategy)
                for place in {0, len(line["t"]) // 3, int(np.argmax(known)), len(line["t"]) - 1}:
                    step = 5e-5 if panel["is_share"] else 1e-3 * max(known) + 1e-9
                    assert line["mean"][place] == pytest.approx(at(line["t"][place]), abs=step)
                    n_held += 1
    assert n_held >= (12 if name != "nothing" else 5)


@pytest.mark.parametrize("name", RUNS)
def test_the_first_picture_is_within_its_frame_and_marks_the_worst(
    name: str, folders: Folders, pages: Callable[[str], str]
) -> None:
    page = pages(name)
    if name == "compared":
        for left, width in re.findall(r'class="wide" style="left:([\d.]+)%;width:([\d.]+)%', page):
            assert float(left) + float(width) <= 100.01
        bars = re.findall(r'class="mean bar-(\d)" style="width:([\d.]+)%', page)
        # Harm, its length, the share denied, and harm for each hour denied.
        assert len(bars) == 3 * 4
        return
    svg = re.search(r'<svg class="first" viewBox="0 0 (\d+) (\d+)".*?</svg>', page, re.DOTALL)
    assert svg
    width, height = int(svg[1]), int(svg[2])
    points = [tuple(map(float, one)) for one in re.findall(r"(-?[\d.]+),(-?[\d.]+)", svg[0])]
    assert all(0 <= x <= width and 0 <= y <= height for x, y in points)
    circle = re.search(r'cx="([\d.]+)" cy="([\d.]+)"', svg[0])
    mean = re.search(r'<polyline class="mean" points="([^"]+)"', svg[0])
    assert circle
    assert mean
    line = [tuple(map(float, one)) for one in re.findall(r"([\d.]+),([\d.]+)", mean[1])]
    assert float(circle[2]) == min(y for _, y in line)
    assert any(x == float(circle[1]) for x, y in line if y == float(circle[2]))
    # Heights are shares, from the rule of zero to that of the top, which its label names.
    labels = [
        said_number(one)[0] for one in re.findall(r'end" class="">([^<]+)</text>', svg[0])[:3]
    ]
    rules = [float(y) for y in re.findall(r'class="rule"[^>]*y1="([\d.]+)"', svg[0])]
    assert labels[0] == 0
    assert labels[1] == pytest.approx(labels[2] / 2, rel=0.05)
    share = (rules[0] - float(circle[2])) / (rules[0] - rules[2]) * labels[2]
    run = open_run(folders(name))
    at = mean_curve(folders(name), "demand_lost_share", run.strategies[0])
    times = duckdb.execute(
        f"SELECT DISTINCT t_s FROM '{folders(name)}/curves.parquet' "
        f"WHERE metric = 'demand_lost_share' AND {WHOLE}"
    ).fetchall()
    worst = max(at(t_s) for (t_s,) in times)
    thin = re.search(r'<polyline class="given" points="([^"]+)"', svg[0])
    # With draws the line is their median, and the mean as given is a thin one.
    assert bool(thin) is (run.n_draws > 0)
    if thin:
        top = min(float(y) for y in re.findall(r",([\d.]+)", thin[1]))
        given = (rules[0] - top) / (rules[0] - rules[2]) * labels[2]
        assert given == pytest.approx(worst, abs=0.01 * labels[2] + 1e-9)
        medians = duckdb.execute(
            f"SELECT median(value) FROM '{folders(name)}/draw_curves.parquet' "
            "WHERE metric = 'demand_lost_share' AND strategy = ? GROUP BY t_s",
            [run.strategies[0]],
        ).fetchall()
        worst = max(median for (median,) in medians)
    assert share == pytest.approx(worst, abs=0.01 * labels[2] + 1e-9)


def listed_at(folder: Path, strategy: str, replicate: int, t_s: int) -> int:
    """IPv4 addresses that the register drops or throttles and does not exempt, piece by piece."""
    rows = duckdb.execute(
        "SELECT prefix, mechanism, sum(CASE kind WHEN 'block' THEN 1 WHEN 'unblock' THEN -1 END) n "
        f"FROM '{folder}/events.parquet' JOIN '{folder}/entries.parquet' "
        "USING (strategy, replicate, entry) WHERE strategy = ? AND replicate = ? AND t_s <= ? "
        "AND kind IN ('block', 'unblock') GROUP BY prefix, mechanism, entry HAVING n > 0",
        [strategy, replicate, t_s],
    ).fetchall()
    listed, exempt = np.zeros((0, 2), int), np.zeros((0, 2), int)
    for prefix, mechanism, _ in rows:
        network = ip_network(prefix)
        ends = [[int(network.network_address), int(network.broadcast_address) + 1]]
        if network.version == 4 and mechanism == "exempt":
            exempt = np.concatenate([exempt, ends])
        elif network.version == 4:
            listed = np.concatenate([listed, ends])
    edges = np.unique(np.concatenate([listed.ravel(), exempt.ravel()]))
    held, spared = (
        ((some[:, :1] <= edges[:-1]) & (some[:, 1:] > edges[:-1])).any(axis=0)
        for some in (listed, exempt)
    )
    return int(np.diff(edges)[held & ~spared].sum())


@pytest.mark.parametrize("name", RUNS)
def test_the_map_tells_what_the_register_holds(
    name: str, folders: Folders, pages: Callable[[str], str]
) -> None:
    folder, found = folders(name), values_of(pages(name))["map"]
    assert found["side"] ** 2 * found["n_addresses_of_pixel"] == 2**32
    for strategy, told in found["strategies"].items():
        frames = told["frames"]
        assert len(frames) == len(found["t"])
        for place in {0, len(frames) // 2, len(frames) - 1}:
            frame = frames[place]
            assert len(frame["by"]) == len(found["providers"])
            assert sum(frame["by"]) <= frame["n"]
            assert frame["n"] == listed_at(folder, strategy, found["replicate"], found["t"][place])


@pytest.mark.parametrize("name", ["single", "sites"])
def test_sizes_of_groups_count_each_replicate_once(
    name: str, folders: Folders, pages: Callable[[str], str]
) -> None:
    """However many changes its curve has: what a share is out of, and which groups are largest."""
    folder = folders(name)
    (table,) = (folder / "inputs").glob("sectors-*.csv")
    called = dict(duckdb.execute(f"SELECT sector, label FROM '{table}'").fetchall())
    charts = {chart["id"]: chart for chart in values_of(pages(name))["charts"]}
    for panel, split in zip(charts["who"]["panels"], ("provider", "sector"), strict=False):
        sizes = dict(
            duckdb.execute(
                "SELECT name, avg(whole) FROM "
                f"(SELECT {split} AS name, replicate, any_value(denominator) AS whole "
                f"FROM '{folder}/curves.parquet' WHERE {split} IS NOT NULL "
                "AND metric = 'businesses_impaired' GROUP BY ALL) GROUP BY name"
            ).fetchall()
        )
        if split == "sector":
            sizes = {called[name]: size for name, size in sizes.items()}
        told = {line["name"]: line["of"] for line in panel["lines"]}
        assert told == pytest.approx({shown: sizes[shown] for shown in told}, abs=0.006)
        assert min(told.values()) >= max([*(sizes[one] for one in {*sizes} - {*told}), 0]) - 0.006
    figure = drawn(folder, "outages-by-sector", DEFAULT).figure
    titles = [ax.get_title("left") for ax in figure.axes if ax.axison]
    assert len(titles) == len(sizes)
    for title in titles:
        shown, _, size = " ".join(title.split()).removesuffix(")").partition(" (n = ")
        assert size == f"{sizes[shown]:,.0f}"


# ---- figures


def drawn(folder: Path, name: str, choice: Choice) -> Drawing:
    return drawing_of(exported(folder, name, choice))


def data_of(ax: Axes) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Corners of what is drawn in the units of the axes."""
    for line in ax.lines:
        if line.get_transform() == ax.transData:
            yield np.asarray(line.get_xdata(False), float), np.asarray(line.get_ydata(False), float)
    for patch in ax.patches:
        box = patch.get_extents().transformed(ax.transData.inverted())
        yield np.array([box.x0, box.x1]), np.array([box.y0, box.y1])
    for some in ax.collections:
        for path in some.get_paths() if some.get_transform() == ax.transData else ():
            yield path.vertices[:, 0], path.vertices[:, 1]


def is_named(axis: Axis) -> bool:
    """Whether an axis has a name with its unit, or words or dates at its ticks."""
    said = [label.get_text() for label in axis.get_ticklabels()]
    return bool(axis.label.get_text()) or any(re.search("[a-z]{4}", one) for one in said)


def ticks_beyond(ax: Axes) -> Iterator[Text]:
    """Labels of ticks that lie outside of an axis, and are not drawn."""
    for axis, limits in ((ax.xaxis, ax.get_xlim()), (ax.yaxis, ax.get_ylim())):
        low, high = sorted(limits)
        for tick in axis.get_major_ticks():
            if not ax.axison or not low - 1e-9 <= tick.get_loc() <= high + 1e-9:
                yield from (tick.label1, tick.label2)


def texts_of(figure: Figure) -> list[Text]:
    found = [one for one in figure.findobj(Text) if isinstance(one, Text)]
    return [one for one in found if one.get_text().strip() and one.get_visible()]


@pytest.mark.parametrize(("name", "figure", "choice"), DRAWN)
def test_a_figure_shows_all_its_data_and_names_its_axes(
    name: str, figure: str, choice: Choice, folders: Folders
) -> None:
    drawing = drawn(folders(name), figure, choice)
    fig = drawing.figure
    axes = [ax for ax in fig.axes if ax.axison and ax.get_visible()]
    if figure != "map":
        for axis in ("xaxis", "yaxis"):
            assert any(is_named(getattr(ax, axis)) for ax in axes), f"nothing names the {axis}"
    for ax in axes:
        # A window into a longer run cuts what is outside, left and right; heights are all there.
        low, high = sorted(ax.get_ylim())
        slack = 1e-9 + 1e-6 * abs(high - low)
        left, right = sorted(ax.get_xlim())
        for across, up in data_of(ax):
            inside = (across >= left - 1e-9) & (across <= right + 1e-9) & ~np.isnan(up)
            assert np.all(up[inside] >= low - slack)
            assert np.all(up[inside] <= high + slack)
    # Every word is on the paper.
    fig.draw_without_rendering()
    width, height = fig.canvas.get_width_height()
    beyond = {id(label) for ax in fig.axes for label in ticks_beyond(ax)}
    for text in texts_of(fig):
        if id(text) in beyond:
            continue
        box = text.get_window_extent()
        assert box.x0 >= -2, text.get_text()
        assert box.y0 >= -2, text.get_text()
        assert box.x1 <= width + 2, text.get_text()
        assert box.y1 <= height + 2, text.get_text()
    assert drawing.alt.endswith((".", ")"))
    assert "nan" not in drawing.alt.split()


def test_panels_of_strategies_name_the_zone_of_their_dates(folders: Folders) -> None:
    lines = side_by_side(open_run(folders("compared")))
    named = [line for line in lines if line.startswith("x axis: 'date, UTC+03:00'")]
    shown = [line for line in lines if line.startswith("x ticks:") and "shown True" in line]
    assert len(named) == len(shown) == 1  # told once, as of the panels that are alike


def test_curves_of_figures_are_the_stored_ones(folders: Folders) -> None:
    folder = folders("single")
    strategy = open_run(folder).strategies[0]
    table = drawn(folder, "outages", DEFAULT).table
    for state in ("affected", "impaired", "down"):
        mine = table.where("state", state)
        at = mean_curve(folder, f"businesses_{state}", strategy)
        for t_s, mean in zip(mine.columns["t_s"], mine.columns["mean"], strict=True):
            assert mean == pytest.approx(at(int(str(t_s))))
    reach = drawn(folder, "reach", DEFAULT).table
    for metric in dict.fromkeys(map(str, reach.columns["metric"])):
        mine = reach.where("metric", metric)
        at = mean_curve(folder, metric, strategy)
        last = int(str(mine.columns["t_s"][-1]))
        scale = float(str(mine.columns["denominator"][-1])) if metric.startswith("bus") else 1.0
        assert float(str(mine.columns["mean"][-1])) * scale == pytest.approx(at(last)) or (
            float(str(mine.columns["mean"][-1])) == pytest.approx(at(last))
        )


@pytest.mark.parametrize("split", ["sector", "provider"])
def test_layers_add_up_to_the_businesses_impaired(split: str, folders: Folders) -> None:
    folder = folders("single")
    strategy = open_run(folder).strategies[0]
    table = drawn(folder, f"layers-by-{split}", DEFAULT).table
    whole = mean_curve(folder, "businesses_impaired", strategy)
    sums: dict[int, float] = defaultdict(float)
    totals: dict[int, float] = {}
    for name, t_s, mean in zip(
        *(table.columns[one] for one in (split, "t_s", "mean")), strict=True
    ):
        if name == TOTAL:
            totals[int(str(t_s))] = float(str(mean))
        else:
            sums[int(str(t_s))] += float(str(mean))
    assert totals == pytest.approx(sums)
    assert len(sums) > 20
    for t_s in list(sums)[::7]:
        assert sums[t_s] == pytest.approx(whole(t_s), abs=1e-6)


def test_lengths_of_outages_add_up_to_the_demand_lost(folders: Folders) -> None:
    table = drawn(folders("single"), "spells", DEFAULT).table
    assert sum(table.numbers("share")) == pytest.approx(1)
    (row,) = [
        row for row in rows_of(folders("single"), "summary.csv")
        if row["metric"] == "demand_lost_share"
    ]  # fmt: skip
    # In hours of the mean demand of all businesses: as a share of the hours, what was lost of all.
    assert sum(table.numbers("mean_h")) > 0
    assert float(row["mean"]) > 0


def test_the_difference_figure_draws_the_comparison(folders: Folders) -> None:
    folder = folders("compared")
    table = drawn(folder, "differences", DEFAULT).table
    stored = {(row["strategy"], row["metric"]): row for row in rows_of(folder, "comparison.csv")}
    n_held = 0
    for row in range(len(table)):
        cells = {name: column[row] for name, column in table.columns.items()}
        mine = stored[str(cells["strategy"]), str(cells["metric"])]
        for name in ("difference", "difference_low", "difference_high"):
            if name in cells and mine[name]:
                assert cells[name] == pytest.approx(float(mine[name]))
                n_held += 1
    assert n_held > 10


def test_figures_call_measures_what_the_page_calls_them(
    folders: Folders, pages: Callable[[str], str]
) -> None:
    effect, harm = values_of(pages("compared"))["tradeoff_axes"]
    (ax,) = drawn(folders("compared"), "tradeoff", DEFAULT).figure.axes
    assert ax.get_xlabel().startswith(f"{effect}  (")
    assert ax.get_ylabel().startswith(f"{harm}  (")
    options = re.findall(r'<option value="(\w+)"[^>]*>([^<]+) \([^()<]+\)<', pages("compared"))
    labels = dict(options)
    drawing = drawn(folders("compared"), "differences", DEFAULT)
    metrics = list(dict.fromkeys(map(str, drawing.table.columns["metric"])))
    titles = [ax.get_title("left") for ax in drawing.figure.axes]
    assert titles == [unescape(labels[metric]) for metric in metrics]


def test_the_tradeoff_figure_draws_the_tradeoff(folders: Folders) -> None:
    folder = folders("compared")
    drawing = drawn(folder, "tradeoff", DEFAULT)
    stored = rows_of(folder, "tradeoff.csv")
    table = drawing.table
    assert set(map(str, table.columns["strategy"])) == {row["strategy"] for row in stored}
    harm = str(table.columns["collateral_metric"][0])
    by = {row["strategy"]: row for row in stored if row["collateral_metric"] == harm}
    for name in ("efficacy", "collateral"):
        told = dict(zip(table.columns["strategy"], table.numbers(name), strict=True))
        known = {label: float(row[name] or "nan") for label, row in by.items()}
        assert told == pytest.approx(known, nan_ok=True)


def test_the_money_figure_goes_from_gross_to_net(folders: Folders) -> None:
    folder = folders("single")
    table = drawn(folder, "money", DEFAULT).table
    means = {row["metric"]: float(row["mean"] or "nan") for row in rows_of(folder, "summary.csv")}
    told = dict(zip(map(str, table.columns["metric"]), table.numbers("mean_usd"), strict=True))
    assert len(told) >= 5
    for metric, value in told.items():
        if metric in means:
            assert abs(value) == pytest.approx(abs(means[metric]))
