"""The map shows the addresses that the run lists, whose they are, and the fronts of that time."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import duckdb
import numpy as np
import pytest
from matplotlib.dates import date2num
from matplotlib.image import AxesImage
from PIL import Image

from sim.addresses.sets.intervals import IntervalSet
from sim.errors import UsageError
from sim.measure.bands import step_values
from sim.report.figures import animation, style
from sim.report.figures.address_map import CHANGING, draw_map
from sim.report.figures.animation import draw_film, save_film
from sim.report.figures.drawing import Choice
from sim.report.figures.scene import (
    OWN,
    MapScene,
    peak_s,
    pixel_table,
    provider_table,
    scene_at,
    window_of,
)
from sim.results.read import RunFolder, open_run
from sim.results.register import read_register
from sim.results.store import NOT_ATTRIBUTED

FIFTY_TWO = (52 << 24, 8)


@pytest.fixture(autouse=True)
def in_house_style() -> Iterator[None]:
    with style.house_style():
        yield


def listed_by_provider(run: RunFolder, at_s: int) -> dict[str, float]:
    """The engine's own count at a time, in replicate 0."""
    found = {}
    for name, curve in run.curves_by("addresses_listed", "provider").items():
        mine = curve.replicate == 0
        found[name] = float(step_values(curve.t_s[mine], curve.value[mine], np.array([at_s]))[0])
    return found


@pytest.mark.parametrize("at_s", [0, 86_400, 3 * 86_400, 20 * 86_400])
def test_providers_have_as_many_listed_addresses_as_the_engine_counted(
    shipped_run: Path, chase_run: Path, at_s: int
) -> None:
    for run in (open_run(shipped_run), open_run(chase_run)):
        scene = scene_at(run, read_register(run), at_s, window_of((0, 0)))
        table = provider_table(scene)
        shown = dict(zip(table.columns["provider"], table.numbers("addresses_listed"), strict=True))
        counted = listed_by_provider(run, at_s)
        for name, count in counted.items():
            assert shown[name] == count, name
        assert sum(shown.values()) == scene.listed.n_addresses
        assert table.numbers("addresses").sum() == 2**32
        assert {OWN, NOT_ATTRIBUTED} <= set(shown)


def test_the_targets_own_are_counted_with_nobody_else() -> None:
    none = np.empty(0, np.int64)
    scene = MapScene(
        window=window_of((192 << 24, 8)),
        listed=IntervalSet.of("192.0.2.0/24"),
        providers={"cloud": IntervalSet.of("192.0.2.0/25", "192.0.3.0/24")},
        target=IntervalSet.of("192.0.2.64/26"),
        fronts=none,
        is_discovered=none.astype(bool),
    )
    table = provider_table(scene)
    assert table.columns["provider"] == ["cloud", OWN, NOT_ATTRIBUTED]
    assert table.columns["addresses"] == [64 + 256, 64, 2**24 - 128 - 256]
    assert table.columns["addresses_listed"] == [64, 64, 128]


@pytest.mark.parametrize("zoom", [(0, 0), FIFTY_TWO, (52 << 24, 11), (52 << 24, 30)])
def test_pixels_of_the_table_hold_all_that_is_listed(
    shipped_run: Path, zoom: tuple[int, int]
) -> None:
    run = open_run(shipped_run)
    register = read_register(run)
    scene = scene_at(run, register, 2 * 86_400, window_of(zoom))
    part = IntervalSet.from_bounds([zoom[0]], [zoom[0] + 2 ** (32 - zoom[1])])
    expected = register.listed_at(2 * 86_400).intersection(part)
    table = pixel_table(scene)
    assert table.numbers("addresses_listed").sum() == expected.n_addresses
    rows = [
        IntervalSet.of(f"{first}-{last}")
        for first, last in zip(
            table.columns["first_address"], table.columns["last_address"], strict=True
        )
    ]
    assert sum(row.n_addresses for row in rows) == table.numbers("addresses").sum()
    for row, count in zip(rows, table.numbers("addresses_listed"), strict=True):
        assert row.intersection(expected).n_addresses == count


def test_the_picture_has_the_pixels_of_the_table(shipped_run: Path) -> None:
    drawing = draw_map(open_run(shipped_run))
    (image,) = [one for one in drawing.figure.axes[0].images if isinstance(one, AxesImage)]
    shown = np.ma.filled(image.get_array(), 0.0)  # type: ignore[no-untyped-call]
    assert shown.shape == (1024, 1024)
    assert shown.sum() * 4096 == drawing.table.numbers("addresses_listed").sum()
    assert (shown > 0).sum() == drawing.table.numbers("n_pixels").sum()
    # 52.0.0.0/8 was hit; 10.0.0.0/8 lies in column 3 and row 3 of the sixteen, and was not.
    assert shown[3 * 64 : 4 * 64, 3 * 64 : 4 * 64].sum() == 0
    title = drawing.figure.axes[0].get_title("left")
    assert title.startswith("18,350,080 IPv4 addresses listed on 17 April 2018")
    assert "18,350,080 of 4,294,967,296 addresses are listed (0.43%)" in drawing.alt


def test_the_map_shows_the_peak_or_the_time_asked_for(shipped_run: Path) -> None:
    run = open_run(shipped_run)
    register = read_register(run)
    at_s = peak_s(run)
    assert register.listed_at(at_s).n_addresses == max(
        register.listed_at(int(t_s)).n_addresses for t_s in register.change_s
    )
    later = draw_map(run, Choice(at_s=49 * 86_400))
    assert "10,870,272 of" in later.alt
    assert "2018-06-04T00:00:00+03:00" in later.alt


def test_fronts_are_those_rented_then_and_known_then(chase_run: Path) -> None:
    run = open_run(chase_run)
    register = read_register(run)
    at_s = 86_400
    scene = scene_at(run, register, at_s, window_of((0, 0)))
    fronts = register.fronts
    rented = [
        row
        for row in range(fronts.address.size)
        if fronts.rented_s[row] <= at_s and not 0 <= fronts.gone_s[row] <= at_s
    ]
    assert scene.fronts.tolist() == fronts.address[rented].tolist()
    known = [0 <= fronts.discovered_s[row] <= at_s for row in rented]
    assert scene.is_discovered.tolist() == known
    assert any(known)
    assert not all(known)
    drawing = draw_map(run, Choice(at_s=at_s))
    ax = drawing.figure.axes[0]
    n_drawn = sum(
        line.get_xdata().size
        for line in ax.lines
        if line.get_gid() == CHANGING and line.get_marker() == "o"
    )  # type: ignore[union-attr]
    assert n_drawn == len(rented)
    assert f"Fronts of Telegram shown: {len(rented)}, of which discovered: {sum(known)}." in (
        drawing.alt
    )


def test_zooming_in_shows_that_part_alone(shipped_run: Path) -> None:
    drawing = draw_map(open_run(shipped_run), Choice(zoom=FIFTY_TWO))
    first = [ipaddress.IPv4Address(str(one)) for one in drawing.table.columns["first_address"]]
    assert first
    assert all(int(one) >> 24 == 52 for one in first)
    assert "in 52.0.0.0/8 as a Hilbert curve" in drawing.alt
    assert "one pixel is a /28" in drawing.alt
    n = drawing.table.numbers("addresses_listed").sum()
    assert f"{n:,.0f} of 16,777,216 addresses are listed" in drawing.alt
    words = {text.get_text() for text in drawing.figure.axes[0].texts}
    assert {".0", ".255"} <= words


@pytest.mark.long
def test_a_film_has_the_frames_of_its_table(
    shipped_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(animation, "MAX_FRAMES", 3)
    monkeypatch.setattr(animation, "HOLD_FRAMES", 1)
    monkeypatch.setattr(animation, "FILM_DPI", 40)
    run = open_run(shipped_run)
    film = draw_film(run, Choice(zoom=FIFTY_TWO))
    assert film.n_frames == 3
    register = read_register(run)
    part = IntervalSet.of("52.0.0.0/8")
    for at_s, count in zip(
        film.drawing.table.columns["t_s"], film.drawing.table.columns["addresses_listed"],
        strict=True,
    ):  # fmt: skip
        assert register.listed_at(int(str(at_s))).intersection(part).n_addresses == count
    film.show(film.n_frames - 1)
    (image,) = film.drawing.figure.axes[0].images
    last = film.drawing.table.columns["addresses_listed"][-1]
    size = 2**24 / image.get_array().size  # type: ignore[union-attr]
    assert np.ma.filled(image.get_array(), 0).sum() * size == pytest.approx(last)  # type: ignore[no-untyped-call]
    title = film.drawing.figure.axes[0].get_title("left")
    assert f"{last:,} IPv4 addresses listed in 52.0.0.0/8" in title
    for folder in ("one", "two"):
        save_film(film, tmp_path / folder, "animation", ["gif"])
    one, two = (tmp_path / folder / "animation.gif" for folder in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()
    with Image.open(one) as gif:
        assert getattr(gif, "n_frames", 1) >= film.n_frames - 1  # equal frames are joined


def value_at(run: Path, metric: str, t_s: int) -> float:
    """A stored curve of replicate 0 at a time: its last change until then, in SQL."""
    ((value,),) = duckdb.execute(
        f"SELECT arg_max(value, t_s) FROM '{run}/curves.parquet' WHERE metric = ? AND t_s <= ? "
        "AND replicate = 0 AND provider IS NULL AND sector IS NULL AND role IS NULL",
        [metric, t_s],
    ).fetchall()
    return float(value)


def test_frames_of_a_film_are_the_values_of_the_curve(
    chase_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(animation, "MAX_FRAMES", 7)
    run = open_run(chase_run)
    film = draw_film(run)
    ax, key, below = film.drawing.figure.axes
    columns = film.drawing.table.columns
    assert film.n_frames == 7
    assert columns["t_s"][0] == 0
    curve, hand = below.lines
    days = np.asarray(curve.get_xdata(), float)
    heights = np.asarray(curve.get_ydata(), float)
    start = date2num(run.start.replace(tzinfo=None))
    # The curve goes on to the end of the run, and its last value with it.
    assert (days[0], days[-1]) == pytest.approx((start, start + run.horizon_s / 86_400))
    assert heights[-1] == heights[-2]
    for day, height in zip(days.tolist()[:-1], heights.tolist()[:-1], strict=True):
        assert height == value_at(chase_run, "addresses_listed", round((day - start) * 86_400))
    assert below.get_ylim() == pytest.approx((0, 1.08 * heights.max()))
    fronts = read_register(run).fronts
    for frame in (3, 0, 6, 5, 1):
        film.show(frame)
        t_s, listed = (int(str(columns[name][frame])) for name in ("t_s", "addresses_listed"))
        assert listed == value_at(chase_run, "addresses_listed", t_s)
        at = run.start + timedelta(seconds=t_s)
        assert columns["time"][frame] == at.isoformat()
        assert list(hand.get_xdata()) == pytest.approx([start + t_s / 86_400] * 2)
        assert ax.get_title("left") == (
            f"{at.day} {at:%B %Y, %H:%M} UTC+03:00: {listed:,} IPv4 addresses listed "
            "\n(the target's own are not counted)"
        )
        # What an earlier frame showed is gone: one picture, with all that is listed in it.
        (image,) = ax.images
        shown = np.ma.filled(image.get_array(), 0.0)  # type: ignore[no-untyped-call]
        whole = value_at(chase_run, "addresses_listed_with_target", t_s)
        assert shown.sum() * 2**32 / shown.size == whole
        rented = [
            (row, 0 <= fronts.discovered_s[row] <= t_s)
            for row in range(fronts.address.size)
            if fronts.rented_s[row] <= t_s and not 0 <= fronts.gone_s[row] <= t_s
        ]
        dots = {
            str(line.get_markerfacecolor()): len(line.get_xdata())  # type: ignore[arg-type]
            for line in ax.lines
            if line.get_gid() == CHANGING and line.get_marker() == "o"
        }
        known = sum(is_known for _, is_known in rented)
        assert dots.get(style.BLACK, 0) == columns["fronts_discovered"][frame] == known
        assert dots.get("white", 0) == len(rented) - known
        assert columns["fronts"][frame] == len(rented)
        named = {text.get_text() for text in key.texts}
        assert ("front, discovered" in named) == bool(rented)
    most = max(heights)
    first = run.start + timedelta(days=float(days[int(heights.argmax())] - start))
    assert f"Most are listed on {first.isoformat(timespec='seconds')}: {most:,.0f}; " in (
        film.drawing.alt
    )
    assert f"at the end {heights[-1]:,.0f} (without the target's own)." in film.drawing.alt


def test_a_film_without_ffmpeg_is_refused_in_words(
    chase_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(animation.shutil, "which", lambda name: None)
    film = animation.Film.__new__(animation.Film)
    with pytest.raises(UsageError, match="--format mp4: needs the program ffmpeg"):
        save_film(film, tmp_path, "animation", ["mp4"])
