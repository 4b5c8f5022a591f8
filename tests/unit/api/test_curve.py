"""A curve on a grid is what a slow reading of its change points says, at every time."""

import math
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import numpy as np
import pytest

import sim
from sim.api.results import Results
from tests.unit.api.conftest import BRIEF

Steps = dict[tuple[str, str], dict[int, list[tuple[int, float]]]]


@pytest.fixture(scope="module")
def single(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """One simulation, whose medians are its values."""
    folder = tmp_path_factory.mktemp("single") / "out"
    return sim.run("telegram-2018", n_simulations=1, fixed=True, set=BRIEF, folder=folder)


def steps_of(results: Results, name: str, by: str | None) -> Steps:
    """Change points by strategy and group, and by replicate, one row after the other."""
    with results.to_duckdb() as tables:
        rows = tables.execute(
            "SELECT strategy, replicate, t_s, value, provider, sector FROM curves "
            "WHERE metric = ? ORDER BY strategy, replicate, t_s",
            [name],
        ).fetchall()
    found: Steps = defaultdict(lambda: defaultdict(list))
    for strategy, replicate, t_s, value, *groups in rows:
        named = dict(zip(("provider", "sector"), groups, strict=True))
        if {key for key, group in named.items() if group is not None} != ({by} if by else set()):
            continue
        group = named[by] if by else ""
        found[strategy, group][replicate].append((t_s, value))
    return found


def value_at(steps: list[tuple[int, float]], t_s: int) -> float:
    """The value of the last change before or at a time."""
    value = math.nan
    for since_s, new in steps:
        if since_s <= t_s:
            value = new
    return value


def quantile(values: list[float], share: Fraction) -> float:
    """Linear between the two nearest of the sorted values."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + float(place - low) * (ordered[high] - ordered[low])


@pytest.mark.parametrize(
    ("every", "by"),
    [("1h", None), (437, None), (timedelta(minutes=90), "sector"), (None, None), (None, "sector")],
)
def test_a_curve_on_a_grid_is_what_its_steps_say(results, every, by):
    # Of a share: counts are as if every simulation had the median number of businesses.
    curve = results.curve("demand_lost_share", every=every, by=by)
    steps = steps_of(results, "demand_lost_share", by)
    horizon_s = 8 * 3600 + 30 * 60
    step_s = {"1h": 3600, 437: 437, timedelta(minutes=90): 5400}.get(every)
    seen = set()
    for row in curve.rows():
        key = row["strategy"], row[by] if by else ""
        seen.add((*key, row["t_s"]))
        values = [value_at(own, row["t_s"]) for own in steps[key].values()]
        assert row["median"] == pytest.approx(quantile(values, Fraction(1, 2)), abs=1e-9)
        assert row["low"] == pytest.approx(quantile(values, Fraction(5, 100)), abs=1e-9)
        assert row["high"] == pytest.approx(quantile(values, Fraction(95, 100)), abs=1e-9)
    asked = {
        (*key, t_s)
        for key, own in steps.items()
        for t_s in (
            range(0, horizon_s, step_s)
            if step_s
            else {t_s for points in own.values() for t_s, _ in points}
        )
    }
    assert seen == asked
    assert curve["median"].max() > 0


def test_times_are_those_of_the_clock_in_utc(results):
    curve = results.curve("businesses_impaired", every="30 min", strategy="wide")
    start = datetime.fromisoformat(results.run.scenario["start"]).astimezone(UTC)
    assert curve["time"][0].item() == start.replace(tzinfo=None)
    assert curve["time"][2] - curve["time"][0] == np.timedelta64(1, "h")
    assert (curve["low"] <= curve["median"]).all()
    assert (curve["median"] <= curve["high"]).all()
    assert set(curve["denominator"]) == {30}
    assert "businesses_impaired" in results.curves


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"name": "businesses_dwn"}, "did you mean 'businesses_down'"),
        ({"by": "region"}, "by: expected one of provider, sector, got 'region'"),
        ({"every": "1 fortnight"}, "every: expected a number with s, min, h, d, w"),
        ({"every": float("nan")}, "every: expected whole seconds above 0"),
        ({"strategy": "narrow"}, "got 'narrow'"),
    ],
)
def test_what_cannot_be_is_refused(results, asked, said):
    with pytest.raises(sim.UsageError, match=said):
        results.curve(**{"name": "businesses_down", **asked})  # type: ignore[arg-type]


def test_results_are_summarised(single):
    assert single.answer in repr(single)
    figures = single.summary()
    everything = single.summary(all_measures=True)
    assert set(figures["metric"]) < set(everything["metric"])
    assert tuple(everything["metric"]) == single.metrics
    row = figures["metric"].tolist().index("business_hours_impaired")
    value = single.frame("business_hours_impaired")[single.strategies[0]]
    assert figures["median"][row] == value.item()
    assert figures["n_known"][row] == 1


@pytest.mark.laws
def test_figures_and_report(results, tmp_path):
    picture = results.plot("outage", strategy="wide")
    assert picture.png.startswith(b"\x89PNG")
    assert picture.alt in picture._repr_html_()
    assert 'alt="a &quot;b&quot; &lt;"' in replace(picture, alt='a "b" <')._repr_html_()
    assert picture.table.n_rows > 0
    assert picture.svg.startswith(b"<?xml")
    assert picture.pdf.startswith(b"%PDF")
    with pytest.raises(sim.UsageError, match="outags: unknown figure"):
        results.plot("outags")
    with pytest.raises(sim.UsageError, match="it shows one strategy; give strategies, one of"):
        results.plot("outage")
    assert results.report(tmp_path / "out.html").read_text("utf-8").startswith("<!doctype html>")
    other = results.report(tmp_path / "informe.html", language="es").read_text("utf-8")
    assert '<html lang="es">' in other
    with pytest.raises(
        sim.UsageError, match=r"^language: expected one of en, es, it, ru, got 'fr'"
    ):
        results.report(tmp_path / "out.html", language="fr")


def test_a_hostile_title_is_text(tmp_path):
    title = '<script>alert(1)</script> & "quotes" '
    found = sim.run("telegram-2018-replay", n_simulations=1, fixed=True,
                    set={**BRIEF, "title": title + "x" * 100}, folder=tmp_path / "out")  # fmt: skip
    assert "<script" not in found._repr_html_()
    assert "&lt;script&gt;" in found._repr_html_()
