"""Files that a plot writes, and the README that shows them: each held against what is there."""

from __future__ import annotations

import csv
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageSequence

from sim.errors import UsageError
from sim.files import RECORD
from sim.report.figures import figures, kinds, style
from sim.report.figures.animation import (
    FILM_DPI,
    FRAMES_PER_S,
    HOLD_FRAMES,
    Film,
    _writer,
    save_film,
)
from sim.report.figures.drawing import Choice, Drawing, FigureTable
from sim.report.figures.figures import caption, plot_run
from sim.report.figures.kinds import Kind
from sim.report.words.markdown import markdown_text
from sim.results.read import RunFolder

RUN = RunFolder(
    Path("nowhere"),
    {
        "outputs": [],
        "scenario": {"name": "a-name"}, "strategies": [{"label": "exact", "id": "exact"}],
        "n_replicates": 3, "status": "complete", "root_seed": 5, "tool": {"version": "9.9"},
        "result_id": "0a" * 32,
    },
    {"title": "What *was* [run]", "name": "a-name"},
)  # fmt: skip
SEEN = {"one": "Two lines of [a] curve.", "two": "Bars; 5 * 3 of them.", "three": "Nobody <b>."}
GREYS = (20, 240, 120, 200, 60)
"""What the frames of the film are filled with, in their sequence."""
TWO = {"strategies": [{"label": "a", "id": "a"}, {"label": "b", "id": "b"}]}
drawn: list[str] = []


def drawing(name: str, alt: str) -> Drawing:
    """A small figure, with room for a caption."""
    drawn.append(name)
    figure = style.new_figure(5, 3)
    figure.subplots().plot([0, 1], [0, len(name)])
    return Drawing(figure, alt, FigureTable.of(name=[name], n=[len(name)]))


def film(*, has_caption: bool = False) -> Film:
    """A square of one grey, another one in each frame."""
    figure = style.new_figure(5, 3) if has_caption else style.new_figure(0.5, 0.4)

    def show(frame: int) -> None:
        figure.set_facecolor(str(GREYS[frame] / 255))

    show(0)
    return Film(Drawing(figure, "A square.", FigureTable.of(grey=list(GREYS))), show)


@pytest.fixture(autouse=True)
def few_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn.clear()
    made = {
        name: Kind(name, lambda run, choice, name=name: drawing(name, SEEN[name])) for name in SEEN
    }
    made["two"] = Kind("two", made["two"].draw, lambda run: "it is not there")
    made["film"] = Kind("film", lambda run, choice: film(has_caption=True), is_film=True)
    for module in (kinds, figures):
        monkeypatch.setattr(module, "FIGURES", made)


SHOWN = {
    (): ("png", "svg"), ("svg",): ("svg",), ("pdf", "png"): ("pdf", "png"),
    ("gif",): ("png", "svg"), ("gif", "svg"): ("svg",),
}  # fmt: skip
"""Formats asked for, and those of a picture, the first of which is shown."""


@pytest.mark.parametrize("formats", SHOWN)
def test_the_readme_shows_each_figure_that_is_there_with_its_words_and_numbers(
    formats: tuple[str, ...], tmp_path: Path
) -> None:
    written = plot_run(RUN, tmp_path / "out", formats=formats)
    there = {path.name for path in (tmp_path / "out").iterdir()}
    assert sorted(path.name for path in written) == sorted(there - {RECORD})
    assert all(path.parent == tmp_path / "out" for path in written)
    suffixes = (*SHOWN[formats], "alt.txt", "csv")
    applying = ["one", "three"]
    assert there == {
        RECORD, "README.md", *(f"{name}.{suffix}" for name in applying for suffix in suffixes)
    }  # fmt: skip
    readme = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    head, *parts = re.split(r"^## ", readme, flags=re.MULTILINE)
    title, said = head.strip().split("\n\n")
    assert title == r"# Figures: What \*was\* \[run\]"
    assert said == markdown_text(caption(RUN))
    assert [part.partition("\n")[0] for part in parts] == applying
    for name, part in zip(applying, parts, strict=True):
        alt = (tmp_path / "out" / f"{name}.alt.txt").read_text(encoding="utf-8")
        assert alt == f"{SEEN[name]}\n"
        words = markdown_text(SEEN[name])
        _, picture, beside = part.strip().split("\n\n")
        assert picture == f"![{words}]({name}.{SHOWN[formats][0]})"
        assert beside == f"{words} Numbers: [{name}.csv]({name}.csv)."
        with (tmp_path / "out" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            assert list(csv.DictReader(file)) == [{"name": name, "n": str(len(name))}]
    for _, target in re.findall(r"\[((?:[^\]\\]|\\.)*)\]\(([^)]+)\)", readme):
        assert target in there


def test_a_list_of_some_figures_has_no_readme_and_a_film_comes_when_named(tmp_path: Path) -> None:
    written = plot_run(RUN, tmp_path, ["film", "one", "film"])
    names = ["film.gif", "film.alt.txt", "film.csv"]
    names += ["one.png", "one.svg", "one.alt.txt", "one.csv"]
    assert [path.name for path in written] == names
    assert {path.name for path in tmp_path.iterdir()} == {RECORD, *names}


@pytest.mark.parametrize("names", [(), ("one", "film")])
def test_every_file_that_would_be_written_is_asked_for_before_anything_is_drawn(
    names: tuple[str, ...], tmp_path: Path
) -> None:
    written = plot_run(RUN, tmp_path / "first", names)
    for path in written:
        place = tmp_path / f"taken-{path.name}"
        place.mkdir()
        (place / path.name).write_text("mine", encoding="utf-8")
        drawn.clear()
        with pytest.raises(UsageError, match=rf"{re.escape(path.name)}: exists; give --force"):
            plot_run(RUN, place, names)
        assert drawn == []
        assert (place / path.name).read_text(encoding="utf-8") == "mine"
    again = plot_run(RUN, place, names, force=True)
    assert [one.name for one in again] == [one.name for one in written]
    assert (place / path.name).read_bytes() == path.read_bytes() != b"mine"


@pytest.mark.parametrize(
    ("changes", "choice", "spread", "said"),
    [
        ({}, Choice(), "", "strategy “every address alone” (exact), root seed 5, overblock 9.9, "
         "result 0a0a0a0a0a0a. Lines: mean of 3 replicates; bands: 90% of them (luck only, "
         "assumptions held)."),
        ({"n_replicates": 1}, Choice(), "", "One replicate: no band can be given."),
        (TWO, Choice(), "One history.", "strategies a, b, root"),
        (TWO, Choice("b"), "", "strategy b, root"),
        ({"status": "interrupted"}, Choice(), "Bars.", "Bars. Status: interrupted."),
        ({"n_draws": 1, "n_replicates": 1}, Choice(), "", "Lines in light bands: median of 1 draw "
         "of all that is not known, and these bands 90% of them; dashed lines and all others: one "
         "replicate at the values as given."),
        ({"n_draws": 64}, Choice(), "", "Lines in light bands: median of 64 draws of all that is "
         "not known, and these bands 90% of them; dashed lines and all others: mean of 3 "
         "replicates at the values as given, with dark bands: 90% of them, by luck."),
    ],
)  # fmt: skip
def test_a_caption_says_who_was_run_and_what_marks_mean(
    changes: dict[str, object], choice: Choice, spread: str, said: str
) -> None:
    run = RunFolder(RUN.path, RUN.manifest | changes, RUN.scenario)
    run.__dict__["_finished"] = {"exact": {0, 1, 2}}  # there are no tables to read it from
    text = caption(run, choice, spread)
    assert text.startswith("What *was* [run]. Scenario a-name, ")
    assert said in text
    assert ("One history." in text) == (spread == "One history.")
    assert (re.search("Lines(: | in )", text) is not None) == (
        "n_draws" in changes or (not spread and run.n_replicates > 1)
    )


def test_a_film_shows_each_frame_for_a_quarter_of_a_second_and_holds_the_last(
    tmp_path: Path,
) -> None:
    (path,) = save_film(film(), tmp_path / "a" / "b", "name", ["gif"])
    assert path == tmp_path / "a" / "b" / "name.gif"
    with Image.open(path) as gif:
        assert gif.size == (round(0.5 * FILM_DPI), round(0.4 * FILM_DPI))
        told = [
            (np.asarray(frame.convert("L")).mean(), frame.info["duration"])
            for frame in ImageSequence.Iterator(gif)
        ]
    assert [grey for grey, _ in told] == pytest.approx(GREYS, abs=3)
    each = 1000 / FRAMES_PER_S
    # Equal frames in a row are joined to one that stands longer.
    assert [ms for _, ms in told] == [each] * (len(GREYS) - 1) + [each * (1 + HOLD_FRAMES)]
    assert (FRAMES_PER_S, HOLD_FRAMES) == (4, 6)


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="needs ffmpeg")
def test_a_film_is_had_in_both_formats(tmp_path: Path) -> None:
    paths = save_film(film(), tmp_path, "name", ["mp4", "gif"])
    assert [path.name for path in paths] == ["name.mp4", "name.gif"]
    assert b"ftyp" in paths[0].read_bytes()[:16]


def test_a_film_runs_as_fast_in_either_format_and_plays_everywhere() -> None:
    gif, mp4 = _writer("gif"), _writer("mp4")
    assert gif.fps == mp4.fps == FRAMES_PER_S
    assert mp4.codec == "libx264"
    assert mp4.extra_args[-2:] == ["-pix_fmt", "yuv420p"]
    # Nothing of when or where: the same film is the same file.
    assert "+bitexact" in mp4.extra_args
    assert list(mp4.metadata) == ["comment"]
