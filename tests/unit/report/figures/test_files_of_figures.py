"""Files of figures: every format, the same bytes each time, texts as text, the user's own style."""

import re
import shutil
import struct
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import matplotlib as mpl
import pytest
from cycler import cycler

from sim.errors import UsageError
from sim.report.figures.kinds import FIGURES, FORMATS, choose, plot_run, read_addresses
from sim.report.words.languages import NBSP
from sim.results.folder import RunFolder
from tests.csv_rows import csv_rows

SVG = "{http://www.w3.org/2000/svg}"


def _texts(path: Path) -> list[str]:
    root = ElementTree.parse(path).getroot()
    return ["".join(one.itertext()) for one in root.iter(f"{SVG}text")]


@pytest.mark.laws
def test_every_figure_that_applies_is_written_in_every_format(ensemble, tmp_path):
    chosen = choose(ensemble, [])
    assert {"outage", "addresses", "money", "operators"} <= set(chosen)
    written = plot_run(ensemble, tmp_path / "a", (), None, ["svg", "pdf"])
    suffixes = ("svg", "pdf", "alt.txt", "csv")
    assert [path.name for path in written] == [f"{n}.{s}" for n in chosen for s in suffixes]
    for name in chosen:
        pdf = (tmp_path / "a" / f"{name}.pdf").read_bytes()
        assert b"/FontFile2" in pdf
        assert b"/Type3" not in pdf
        texts = " ".join(_texts(tmp_path / "a" / f"{name}.svg"))
        assert "overblock" in texts
        assert csv_rows(tmp_path / "a" / f"{name}.csv")


def test_lines_of_an_ensemble_tell_how_far_their_points_are_apart(ensemble):
    shown = read_addresses(ensemble, None)
    said = "Points are 1 hour apart: what is shorter may be missing."
    assert said in shown.alt.replace(NBSP, " ")
    assert said in shown.note.replace(NBSP, " ")
    assert "apart" not in replace(shown, step_s=0).alt


@pytest.mark.laws
def test_the_same_figure_is_the_same_bytes(ensemble, tmp_path):
    one, other = (
        plot_run(ensemble, tmp_path / to, ["outage"], None, FORMATS, dpi=50) for to in "ab"
    )
    for path, again in zip(one, other, strict=True):
        assert path.read_bytes() == again.read_bytes(), path.name


@pytest.mark.laws
def test_width_resolution_and_title_are_as_asked_for(ensemble, tmp_path):
    plot_run(ensemble, tmp_path, ["outage"], None, FORMATS, width_mm=88, dpi=100, has_words=False)
    png = (tmp_path / "outage.png").read_bytes()
    assert struct.unpack(">I", png[16:20])[0] == pytest.approx(88 / 25.4 * 100, abs=1)
    root = ElementTree.parse(tmp_path / "outage.svg").getroot()
    assert float(root.get("width", "").removesuffix("pt")) == pytest.approx(88 / 25.4 * 72, abs=0.1)
    texts = _texts(tmp_path / "outage.svg")
    assert "Addresses listed" in texts
    assert not any("overblock" in text for text in texts)


def test_the_user_s_style_is_respected(ensemble, tmp_path):
    with mpl.rc_context({"axes.prop_cycle": cycler(color=["#ff00ff"]), "font.size": 13.0}):
        plot_run(ensemble, tmp_path, ["outage"], None, ["svg"])
    drawn = (tmp_path / "outage.svg").read_text(encoding="utf-8")
    assert "#ff00ff" in drawn
    assert re.search(r"font(-size)?: [^;\"]*\b13px", drawn)
    assert "#0f5f8f" not in drawn
    (tmp_path / "outage.svg").write_text("mine")
    with pytest.raises(UsageError, match=r"outage\.svg"):
        plot_run(ensemble, tmp_path, ["outage"], None, ["svg"])


def test_tables_are_written_without_pictures(ensemble, tmp_path):
    written = plot_run(ensemble, tmp_path, ["tables", "outage", "money"])
    assert [path.name for path in written] == ["outage.csv", "money.csv"]
    every = plot_run(ensemble, tmp_path / "all", ["tables"])
    assert {path.suffix for path in every} == {".csv"}


def test_figures_of_a_strategy_need_one_and_comparisons_several(ensemble, compared):
    assert choose(compared, []) == ["strategies", "tradeoff"]
    assert "outage" in choose(compared, [], compared.strategies[-1])
    with pytest.raises(UsageError, match="give --strategy"):
        choose(compared, ["outage"])
    with pytest.raises(UsageError, match="it compares strategies, and the folder holds one"):
        choose(ensemble, ["strategies"])
    with pytest.raises(UsageError, match="pie: unknown figure; known: outage, addresses"):
        choose(ensemble, ["pie"])
    assert all(FIGURES[name].shows for name in FIGURES)


@pytest.mark.laws
def test_a_comparison_is_drawn(compared, tmp_path):
    plot_run(compared, tmp_path, (), None, ["svg"])
    plot_run(compared, tmp_path / "one", ["users", "outage"], compared.strategies[-1], ["svg"])
    assert "Share of businesses' time cut off" in _texts(tmp_path / "strategies.svg")
    drawn = [row["collateral"] for row in csv_rows(tmp_path / "tradeoff.csv")]
    table = [
        row["collateral"]
        for row in csv_rows(compared.path / "tradeoff.csv")
        if row["collateral_metric"] == "business_hours_impaired" and row["efficacy"]
    ]
    assert [float(cell or "nan") for cell in drawn] == pytest.approx(
        [float(cell or "nan") for cell in table], nan_ok=True
    )


def test_a_tradeoff_without_rows_does_not_apply(compared, tmp_path):
    folder = shutil.copytree(compared.path, tmp_path / "run")
    header = (folder / "tradeoff.csv").read_text(encoding="utf-8").splitlines()[0]
    (folder / "tradeoff.csv").write_text(f"{header}\n", encoding="utf-8")
    assert choose(RunFolder(folder, compared.manifest, compared.scenario), []) == ["strategies"]
