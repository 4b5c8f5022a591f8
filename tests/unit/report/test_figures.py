"""Figures: the same files each time, words that say what they show, and no markup from users."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import duckdb
import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from sim.errors import UsageError
from sim.files import RECORD
from sim.measure.bands import band_of
from sim.report.figures import figures, kinds, outages, style
from sim.report.figures.addresses import draw_addresses
from sim.report.figures.curves import offset_name
from sim.report.figures.drawing import Choice
from sim.report.figures.figures import caption, plot_run
from sim.report.figures.kinds import FIGURES, choose
from sim.report.figures.marks import read_marks
from sim.report.figures.outages import draw_outages, draw_outages_by
from sim.report.words.markdown import markdown_text
from sim.results.read import RunFolder, open_run
from sim.scenario.load import load_scenario
from sim.scenario.resolve import resolve
from sim.version import __version__
from tests.experiments import run_experiment

WriteScenario = Callable[..., Path]
NOT_OF_A_REPLAY = ("reach", "strategies", "tradeoff", "differences", "animation")
"""It has no users of the target, one strategy, and a film is drawn only when it is named."""
ODD_TITLE = r"$\frac{1}{0}$ costs $5 & 10 % of a_b^c <b>bold</b> #1 [x](y) `z` \q"


PICTURES = ("outages",)
"""Drawn as PNG too, which takes most of the time."""

TWICE = (
    "addresses", "outages-by-sector", "layers-by-sector", "spells", "recovery", "uptake", "map",
    "money",
)  # fmt: skip
"""Drawn a second time: one figure for each way of drawing."""


@pytest.fixture(scope="module")
def drawn_folder(shipped_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every figure that applies, as SVG, and two as PNG."""
    folder = tmp_path_factory.mktemp("figures") / "first"
    plot_run(open_run(shipped_run), folder, PICTURES, formats=["png"])
    plot_run(open_run(shipped_run), folder, formats=["svg"])
    return folder


def test_what_svg_names_by_its_place_does_not_hang_on_the_last_digits_of_a_layout() -> None:
    """Which differ from drawing to drawing of one process, the more panels the more often."""
    with style.house_style():
        figure = style.new_figure(9, 5.4)
        figure.subplots(3, 4, sharex=True, sharey=True)
        style.add_caption(figure, "caption")
        style.fix_layout(figure)
    assert len(figure.axes) == 12
    for ax in figure.axes:
        corners = ax.get_position().get_points()
        assert np.array_equal(corners, np.round(corners, 9))


@pytest.fixture
def odd_run(write_scenario: WriteScenario, tmp_path: Path) -> RunFolder:
    """A run whose title holds everything that some renderer takes for markup."""
    loaded = load_scenario(str(write_scenario()), [f"title={json.dumps(ODD_TITLE)}"])
    assert loaded.scenario.title == ODD_TITLE
    run_experiment(resolve(loaded), root_seed=7, n_replicates=1, folder=tmp_path / "odd")
    return open_run(tmp_path / "odd")


@pytest.fixture
def in_house_style() -> Iterator[None]:
    with style.house_style():
        yield


@pytest.mark.laws
@pytest.mark.laws
def test_the_same_run_gives_the_same_files_of_two_figures(
    shipped_run: Path, tmp_path: Path
) -> None:
    """Of one with times and of one with bars, each by a fresh reading of the folder."""
    one, two = (
        plot_run(open_run(shipped_run), tmp_path / name, ("addresses", "uptake"), formats=["svg"])
        for name in ("one", "two")
    )
    assert len(one) == len(two) == 2 * 3
    for path, other in zip(one, two, strict=True):
        assert path.read_bytes() == other.read_bytes(), path.name


@pytest.mark.long
def test_the_same_run_gives_the_same_figures_byte_for_byte(
    shipped_run: Path, drawn_folder: Path, tmp_path: Path
) -> None:
    # PNG is compared for figures below.
    drawn = choose(open_run(shipped_run), ())
    assert drawn == [name for name in FIGURES if name not in NOT_OF_A_REPLAY]
    kinds = ("svg", "alt.txt", "csv")
    assert {path.name for path in drawn_folder.iterdir()} == {
        *(f"{name}.{kind}" for name in drawn for kind in kinds),
        *(f"{name}.png" for name in PICTURES),
        "README.md",
        RECORD,
    }
    # What is not drawn again is drawn by the same lines as one that is.
    ways = {name.split("-by-")[0] for name in drawn}
    assert {name.split("-by-")[0] for name in TWICE} == ways
    written = plot_run(open_run(shipped_run), tmp_path, TWICE, formats=["svg"])
    names = [path.name for path in written]
    assert names == [f"{name}.{kind}" for name in TWICE for kind in kinds]
    for name in names:
        assert (tmp_path / name).read_bytes() == (drawn_folder / name).read_bytes(), name


def test_figures_hold_no_date_and_are_whole_files(drawn_folder: Path) -> None:
    for path in drawn_folder.glob("*.svg"):
        assert ElementTree.fromstring(path.read_bytes()).tag.endswith("svg")
        assert b"dc:date" not in path.read_bytes()
    for path in drawn_folder.glob("*.png"):
        data = path.read_bytes()
        assert data.startswith(b"\x89PNG")
        assert data.endswith(b"IEND\xaeB`\x82")


def test_a_users_own_settings_do_not_change_the_figures(
    shipped_run: Path, drawn_folder: Path, tmp_path: Path
) -> None:
    import matplotlib as mpl

    with mpl.rc_context({"lines.linewidth": 9, "font.size": 20, "savefig.dpi": 30}):
        plot_run(open_run(shipped_run), tmp_path, ["outages"])
    assert (tmp_path / "outages.png").read_bytes() == (drawn_folder / "outages.png").read_bytes()


def largest_mean(run: Path, metric: str) -> float:
    """Peak of the mean over replicates, in SQL: at every change point, the last value of each."""
    ((peak,),) = duckdb.execute(
        f"""
        WITH curve AS (
            SELECT replicate, t_s, value FROM '{run}/curves.parquet' WHERE metric = ?
            AND provider IS NULL AND sector IS NULL AND role IS NULL
        ), times AS (SELECT DISTINCT t_s FROM curve),
        replicates AS (SELECT DISTINCT replicate FROM curve),
        grid AS (SELECT * FROM times CROSS JOIN replicates),
        held AS (
            SELECT grid.t_s, curve.value FROM grid
            ASOF JOIN curve ON grid.replicate = curve.replicate AND grid.t_s >= curve.t_s
        )
        SELECT max(mean) FROM (SELECT avg(value) AS mean FROM held GROUP BY t_s)
        """,
        [metric],
    ).fetchall()
    return float(peak)


@pytest.mark.usefixtures("in_house_style")
def test_alt_texts_give_the_peaks(shipped_run: Path) -> None:
    run = open_run(shipped_run)
    outages = draw_outages(run).alt
    for state in ("affected", "impaired", "down"):
        peak = largest_mean(shipped_run, f"businesses_{state}")
        band = band_of(run.curve(f"businesses_{state}"), run.horizon_s)
        at = int(np.argmax(band.mean))
        span = f"({band.low[at]:,.0f} to {band.high[at]:,.0f})"
        assert f"{state}: peak {peak:,.0f} {span}, at the end".lower() in outages.lower()
    assert outages.endswith("Means over 2 replicates; in brackets the range of 90% of them.")
    assert "of 1,000" in outages
    addresses = draw_addresses(run).alt
    assert (
        "Listed: peak 18,350,080 (18,350,080 to 18,350,080), "
        "at the end 10,870,272 (10,870,272 to 10,870,272)." in addresses
    )
    dropped = largest_mean(shipped_run, "addresses_dropped")
    assert f"Dropped, averaged over users: peak {dropped:,.0f}" in addresses


@pytest.mark.usefixtures("in_house_style")
def test_the_bands_drawn_are_the_bands_computed(shipped_run: Path) -> None:
    run = open_run(shipped_run)
    figure = draw_outages(run).figure
    (ax,) = figure.axes
    band = band_of(run.curve("businesses_affected"), run.horizon_s)
    heights = [np.asarray(line.get_ydata(), float).max() for line in ax.lines]
    assert heights[0] == band.mean.max()
    top = max(path.vertices[:, 1].max() for path in ax.collections[0].get_paths())
    assert top == pytest.approx(band.high.max())
    assert ax.get_ylim()[0] == 0  # counts are shown from zero
    assert ax.get_ylabel() == "businesses (of 1,000)"


@pytest.mark.usefixtures("in_house_style")
def test_one_replicate_is_drawn_without_a_band_and_says_so(shipped_single_run: Path) -> None:
    run = open_run(shipped_single_run)
    (ax,) = draw_outages(run).figure.axes
    assert len(ax.lines) == 3
    assert len(ax.collections) == 0
    assert "One replicate: no band can be given." in caption(run)


def test_the_caption_names_scenario_seed_version_and_result(shipped_run: Path) -> None:
    run = open_run(shipped_run)
    text = caption(run)
    for part in (
        "telegram-2018-replay",
        "root seed 20180416",
        f"overblock {__version__}",
        run.manifest["result_id"][:12],
        "mean of 2 replicates",
        "90% of them",
    ):
        assert part in text
    assert "Status" not in text
    cut = RunFolder(run.path, run.manifest | {"status": "interrupted"}, run.scenario)
    assert caption(cut).endswith("Status: interrupted.")


def test_marks_are_the_published_totals_at_their_times(shipped_run: Path, repository: Path) -> None:
    marks = read_marks(open_run(shipped_run))
    lines = (repository / "seeds" / "telegram-2018-published-totals.csv").read_text().splitlines()
    assert len(marks) == len(lines) - 1
    by_total = {mark.addresses: mark for mark in marks}
    exact = by_total[1_835_008]  # 16 April 21:00
    assert (exact.from_s, exact.to_s, exact.is_published) == (21 * 3600, 21 * 3600, True)
    whole_day = by_total[17_771_008]  # 20 April, the fifth day; computed, not published
    assert (whole_day.from_s, whole_day.to_s) == (4 * 86_400, 5 * 86_400)
    assert not whole_day.is_published
    assert by_total[38_000].from_s < 0


def drawn_texts(figure: Figure) -> list[Text]:
    return [text for text in figure.findobj(Text) if isinstance(text, Text) and text.get_text()]


@pytest.mark.usefixtures("in_house_style")
def test_a_title_is_drawn_as_text_and_never_as_mathematics(odd_run: RunFolder) -> None:
    drawing = draw_outages(odd_run)
    style.add_caption(drawing.figure, caption(odd_run))
    texts = drawn_texts(drawing.figure)
    assert any(ODD_TITLE.split()[1] in text.get_text() for text in texts)
    assert any("$\\frac{1}{0}$" in text.get_text() for text in texts)
    assert not any(text.get_parse_math() for text in texts)


def test_a_title_with_markup_gives_whole_files(
    odd_run: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (kinds, figures):
        monkeypatch.setattr(module, "FIGURES", {"outages": FIGURES["outages"]})
    written = plot_run(odd_run, tmp_path / "figures")
    for path in written:
        if path.suffix == ".svg":
            ElementTree.fromstring(path.read_bytes())
    readme = (tmp_path / "figures" / "README.md").read_text(encoding="utf-8")
    assert not re.search(r"(?<!\\)<b>", readme)
    assert r"\<b\>bold\</b\>" in readme
    assert r"\[x\](y)" in readme
    first = readme.splitlines()[0]
    # Without the backslashes it is the title again: nothing was lost.
    assert re.sub(r"\\(.)", r"\1", first) == f"# Figures: {ODD_TITLE}"


def test_escaped_text_is_the_same_text_to_a_reader() -> None:
    text = r"a_b*c [d] <e> #f &g |h ~i $j `k` \l"
    escaped = markdown_text(text)
    assert re.sub(r"\\(.)", r"\1", escaped) == text
    assert markdown_text("plain, 90 % (luck)") == "plain, 90 % (luck)"


@pytest.mark.usefixtures("in_house_style")
def test_panels_are_sorted_by_size_and_the_rest_is_named(
    shipped_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = open_run(shipped_run)
    monkeypatch.setattr(outages, "MAX_PANELS", 3)
    drawing = draw_outages_by(run, "sector", "By sector")
    titles = [ax.get_title("left") for ax in drawing.figure.axes if ax.get_title("left")]
    sizes = [float(title.split("=")[1].rstrip(")").replace(",", "")) for title in titles]
    assert len(titles) == 3
    assert sizes == sorted(sizes, reverse=True)
    assert drawing.alt.endswith(" 5 smaller ones are in the table alone.")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("2018-04-16T00:00+03:00", "UTC+03:00"),
        ("2018-04-16T00:00-09:30", "UTC-09:30"),
        ("2018-04-16T00:00+00:00", "UTC+00:00"),
    ],
)
def test_axes_name_the_scenarios_own_offset(text: str, name: str) -> None:
    from datetime import datetime

    assert offset_name(datetime.fromisoformat(text)) == name


@pytest.mark.usefixtures("in_house_style")
def test_labels_at_the_edge_do_not_touch() -> None:
    figure = style.new_figure(4, 3)
    ax = figure.subplots()
    ax.set_ylim(0, 100)
    style.label_ends(ax, [(50, "a", "#000000"), (50.5, "b", "#000000"), (51, "c", "#000000")])
    heights = sorted(text.xy[1] for text in ax.texts)  # type: ignore[attr-defined]
    assert all(high - low >= 0.05 for low, high in pairwise(heights))
    # Spread to both sides: the middle one stays where it belongs.
    assert heights[1] == pytest.approx(0.505, abs=0.002)


@pytest.mark.usefixtures("in_house_style")
@pytest.mark.parametrize("height", [0, 100])
def test_labels_at_the_edge_stay_inside(height: float) -> None:
    ax = style.new_figure(4, 3).subplots()
    ax.set_ylim(0, 100)
    style.label_ends(ax, [(height, name, "#000000") for name in "abcd"])
    heights = [text.xy[1] for text in ax.texts]  # type: ignore[attr-defined]
    assert min(heights) >= 0
    assert max(heights) <= 1
    assert len({round(one, 6) for one in heights}) == 4


@pytest.mark.usefixtures("in_house_style")
def test_dates_on_the_axis_are_local_to_the_scenario(shipped_run: Path) -> None:
    from matplotlib.dates import num2date

    run = open_run(shipped_run)
    (ax,) = draw_outages(run).figure.axes
    left, right = (num2date(limit).replace(tzinfo=None) for limit in ax.get_xlim())
    assert left == run.start.replace(tzinfo=None)
    assert (right - left).days == 50


@pytest.mark.usefixtures("in_house_style")
def test_first_days_of_addresses_go_to_the_last_published_total(shipped_run: Path) -> None:
    from matplotlib.dates import num2date

    near, far = draw_addresses(open_run(shipped_run)).figure.axes
    left, right = (num2date(limit).replace(tzinfo=None) for limit in near.get_xlim())
    assert left == datetime(2018, 4, 16)
    # The last row of telegram-2018-published-totals is of 20 April, and a day is left beside it.
    assert right == datetime(2018, 4, 22)
    assert num2date(far.get_xlim()[1]).replace(tzinfo=None) == datetime(2018, 6, 5)


def test_what_is_drawn_stands_beside_it_in_words_and_numbers(drawn_folder: Path) -> None:
    for name in FIGURES:
        if name in NOT_OF_A_REPLAY:
            continue
        words = (drawn_folder / f"{name}.alt.txt").read_text(encoding="utf-8")
        assert len(words) > 80
        rows = (drawn_folder / f"{name}.csv").read_text(encoding="utf-8").splitlines()
        assert len(rows) > 3
        readme = (drawn_folder / "README.md").read_text(encoding="utf-8")
        assert f"[{name}.csv]({name}.csv)" in readme
        assert markdown_text(words.strip()) in readme


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
def test_each_format_is_the_same_file_each_time(
    shipped_run: Path, tmp_path: Path, suffix: str
) -> None:
    for folder in ("one", "two"):
        plot_run(open_run(shipped_run), tmp_path / folder, ["spells"], formats=[suffix])
    one, two = (tmp_path / folder / f"spells.{suffix}" for folder in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()
    beside = {path.name for path in (tmp_path / "one").iterdir()}
    assert beside == {f"spells.{suffix}", "spells.alt.txt", "spells.csv", RECORD}


def test_every_figure_that_cannot_be_drawn_is_refused_with_its_reason(shipped_run: Path) -> None:
    wanted = ["outages", "reach", "tradeoff", "nonsense"]
    with pytest.raises(UsageError) as refused:
        choose(open_run(shipped_run), wanted)
    lines = str(refused.value).splitlines()
    assert lines[0].startswith("reach: does not apply to ")
    assert lines[0].endswith("the scenario has no users of the target")
    assert lines[1].endswith("it compares strategies, and the folder holds one")
    assert lines[2].startswith("nonsense: unknown figure; known: addresses, outages,")
    assert len(lines) == 3


def test_a_strategy_that_is_not_there_is_refused(shipped_run: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="unknown strategy 'exact'; known: replay"):
        plot_run(open_run(shipped_run), tmp_path, ["map"], Choice(strategy="exact"))


def test_the_how_to_page_explains_every_figure_and_shows_files_that_exist(
    repository: Path,
) -> None:
    page = repository / "docs" / "how-to" / "read-the-figures.md"
    text = page.read_text(encoding="utf-8")
    explained = [
        name
        for line in text.splitlines()
        if line.startswith("| `")
        for name in re.findall(r"`([^`]+)`", line.split("|")[1])
    ]
    assert sorted(explained) == sorted(FIGURES)
    pictures = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", text)
    assert len(pictures) == 3
    assert all((page.parent / picture).is_file() for picture in pictures)
