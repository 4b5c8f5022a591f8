"""Figures say what the page says: the same findings and names, and nothing covers anything."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from sim.measure.bands import Band
from sim.report.figures import style
from sim.report.figures.differences import draw_differences
from sim.report.figures.drawing import Choice, Drawing
from sim.report.figures.figures import caption
from sim.report.figures.kinds import FIGURES
from sim.report.figures.outages import draw_outages
from sim.report.figures.panels import do_overlap
from sim.report.figures.strategies import draw_strategies
from sim.report.page.over_time.charts import chart_data, read_drawn
from sim.report.words.groups import group_words
from sim.results.read import RunFolder, open_run


@pytest.fixture(autouse=True)
def in_house_style() -> Iterator[None]:
    with style.house_style():
        yield


def laid_out(run: RunFolder, name: str) -> Drawing:
    """A figure as it is saved, with its caption."""
    drawing = FIGURES[name].draw(run, Choice())
    assert isinstance(drawing, Drawing)
    style.add_caption(drawing.figure, caption(run, Choice(), drawing.spread))
    style.fix_layout(drawing.figure)
    drawing.finish()
    return drawing


def titles_of(figure: Figure) -> str:
    """Everything that stands as a title, in one line."""
    above = figure.get_suptitle()
    return " ".join([above, *(ax.get_title("left") for ax in figure.axes)]).replace("\n", " ")


def test_titles_are_the_findings_of_the_page(shipped_run: Path) -> None:
    run = open_run(shipped_run)
    found = {
        (chart["id"], panel["title"]): panel["finding"]
        for chart in chart_data(run, read_drawn(run))
        for panel in chart["panels"]
    }
    of_page = {
        "outages": ("businesses", "Businesses affected, impaired and down"),
        "addresses": ("addresses", "Addresses listed and dropped"),
        "uptake": ("uptake", "Share of users whose operator enforces it"),
    }
    for name, place in of_page.items():
        assert found[place] in titles_of(laid_out(run, name).figure), name
    for split, title in (
        ("sector", "By sector"),
        ("provider", "By provider of the front end"),
        ("role", "By role of the component"),
    ):
        said = titles_of(laid_out(run, f"outages-by-{split}").figure)
        lead, _, what = found["who", title].partition(": ")
        assert lead == "Impaired at once"
        assert said.startswith(title)
        assert f"impaired at once: {what}" in said


@pytest.mark.parametrize("name", ["spells", "recovery", "money", "layers-by-sector"])
def test_a_title_has_a_number_from_what_is_drawn(name: str, shipped_run: Path) -> None:
    drawing = laid_out(open_run(shipped_run), name)
    title, table = titles_of(drawing.figure), drawing.table
    if name == "spells":
        share = table.numbers("share")
        label = table.columns["label"][int(np.argmax(share))]
        assert title.strip() == f"Most demand was lost in outages of {label}: {share.max():.0%}"
    elif name == "recovery":
        hit, left = (table.columns[f"businesses_{one}"][0] for one in ("hit", "not_recovered"))
        assert (
            title.strip()
            == f"{left:,.0f} of {hit:,.0f} businesses hit had not recovered at the end"
        )
    elif name == "money":
        by = dict(zip(table.columns["metric"], table.numbers("mean_usd"), strict=True))
        private, net = (by[f"{one}_loss_usd"] / 1e6 for one in ("private", "net_social"))
        assert f"lost {private:,.0f} million USD; {net:,.0f} million less" in title
    else:
        named = table.columns["sector"]
        means = table.numbers("mean")
        most = max(
            (row for row in range(len(table)) if named[row] not in ("(all)", "all others")),
            key=lambda row: means[row],
        )
        called = group_words(open_run(shipped_run), "sector")(str(named[most]))
        # Halves are rounded up.
        n_businesses = int(means[most] + 0.5)
        assert f"most with {called}, {n_businesses:,} businesses on" in title


def test_strategies_have_the_names_of_the_page_and_their_labels_below(
    drawn_comparison: Path,
) -> None:
    run = open_run(drawn_comparison)
    panels = [ax.get_title("left") for ax in draw_strategies(run).figure.axes if ax.axison]
    names = [
        "every address alone", "whole /24 networks", "whole /16 networks",
        "the provider's largest prefixes", "all of the provider's region",
        "wider and wider ranges", "the cheapest cover of the addresses", "no blocking",
    ]  # fmt: skip
    assert panels == names
    rows = [one.get_text() for one in draw_differences(run).figure.axes[0].get_yticklabels()]
    assert rows == names[:-1]
    below = caption(run)
    assert "“whole /24 networks” (aggregate:length=24)" in below
    assert "“no blocking” (none)" in below
    assert "most with “the provider's largest prefixes”" in titles_of(draw_strategies(run).figure)


def test_wide_bands_over_each_other_get_a_panel_each_and_all_their_room(
    drawn_run: Path, drawn_comparison: Path
) -> None:
    for drawing, least in (
        (draw_outages(open_run(drawn_run)), 3),
        (draw_strategies(open_run(drawn_comparison)), 8),
    ):
        axes = [ax for ax in drawing.figure.axes if ax.axison]
        assert len(axes) == least
        highest = float(np.nanmax(drawing.table.numbers("all_high")))
        assert all(ax.get_ylim()[1] >= highest for ax in axes)
        # One coloured line a panel, the others pale behind it.
        for ax in axes:
            colours = [line.get_color() for line in ax.lines]
            assert colours.count(style.PALE) == least - 1


def test_bands_that_lie_apart_stand_in_one_picture() -> None:
    def band(low: float, high: float) -> Band:
        flat = np.full(2, (low + high) / 2)
        wide = np.array([[low] * 2, flat.tolist(), [high] * 2])
        return Band(np.array([0, 5]), flat, flat, flat, 100.0, 2, wide)

    assert not do_overlap({"low": band(0, 10), "high": band(10, 30)})
    assert do_overlap({"low": band(0, 12), "high": band(10, 30)})
    # By less than can be seen.
    assert not do_overlap({"low": band(0, 10.3), "high": band(10, 30)})


@pytest.mark.parametrize(
    "name",
    ["outages", "addresses", "outages-by-role", "outages-by-provider", "money", "strategies"],
)
def test_no_words_of_a_figure_cover_others(
    name: str, drawn_run: Path, drawn_comparison: Path
) -> None:
    run = open_run(drawn_comparison if name == "strategies" else drawn_run)
    figure = laid_out(run, name).figure
    canvas = figure.canvas
    assert isinstance(canvas, FigureCanvasAgg)
    renderer = canvas.get_renderer()
    words = [
        *figure.texts,
        *(one for legend in figure.legends for one in legend.get_texts()),
        *(
            one
            for ax in figure.axes
            if ax.axison
            for one in (ax.title, ax._left_title, ax.xaxis.label, ax.yaxis.label, *ax.texts)
        ),
    ]
    drawn = [
        (one.get_text(), one.get_window_extent(renderer)) for one in words if one.get_text().strip()
    ]
    assert len(drawn) > 5
    for (one, box), (other, beside) in combinations(drawn, 2):
        shared = Bbox.intersection(box, beside)
        assert shared is None or min(shared.width, shared.height) < 2, (one, other)
