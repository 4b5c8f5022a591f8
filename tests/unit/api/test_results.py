"""What a notebook calls, and the notebook itself."""

import json
import math
import sys
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import numpy as np
import pytest

import sim
from sim.api.results import Results, _grid
from sim.errors import ScenarioError, UsageError
from tests.unit.api.conftest import BRIEF


def test_a_frame_has_a_column_for_each_strategy(results):
    assert results.strategies == ("none", "exact", "wide")
    frame = results.frame("addresses_listed_peak")
    assert list(frame) == ["replicate", "none", "exact", "wide"]
    assert frame["replicate"].tolist() == [0, 1]
    assert (frame["none"] == 0).all()
    assert (frame["wide"] >= 2**20 - 2**13).all()
    # There is no price where there is no effect.
    assert np.isnan(results.frame("collateral_per_million_user_hours_denied")["none"]).all()
    assert "addresses_listed_peak" in results.metrics
    with pytest.raises(UsageError, match="expected one of the metrics addresses_listed_peak, "):
        results.frame("nothing")


def test_every_table_is_a_view_in_duckdb(results):
    with results.to_duckdb() as connection:
        tables = {row[0] for row in connection.execute("SHOW TABLES").fetchall()}
        assert {"measures", "curves", "events", "summary", "comparison", "tradeoff"} <= tables
        frame = results.frame("spells")
        rows = connection.execute(
            "SELECT median, difference FROM comparison "
            "WHERE metric = 'spells' AND strategy = 'wide'"
        ).fetchall()
        # Of two the median is the mean.
        assert rows == [(frame["wide"].mean(), (frame["wide"] - frame["none"]).mean())]
        (missing,) = connection.execute(
            "SELECT difference FROM comparison WHERE metric = 'spells' AND strategy = 'none'"
        ).fetchone()
        assert missing is None
        types = dict(
            connection.execute(
                "SELECT column_name, column_type FROM (DESCRIBE tradeoff)"
            ).fetchall()
        )
        assert (types["strategy"], types["efficacy"]) == ("VARCHAR", "DOUBLE")


def test_pandas_and_xarray_are_said_to_be_missing_where_they_are(results, monkeypatch):
    for package, call in (("pandas", results.to_pandas), ("xarray", results.to_xarray)):
        monkeypatch.setitem(sys.modules, package, None)
        with pytest.raises(UsageError, match=r"pip install 'overblock\[analysis\]'"):
            call()


def test_units_are_attributes_and_curves_an_array_of_simulations_and_times(results):
    pytest.importorskip("xarray")
    assert results.to_pandas("summary").attrs["units"]["n_known"] == "simulations"
    found, curve = results.to_xarray(every="2h", strategy="exact"), results.curve
    assert dict(found.sizes) == {"simulation": 2, "time": 5}
    assert found["businesses_down"].attrs["units"] == "businesses"
    assert found["businesses_down_denominator"].values.tolist() == [30, 30]
    # As DuckDB has it: the last value before or at a time.
    ((last,),) = results.to_duckdb().execute(
        "SELECT arg_max(value, t_s) FROM curves WHERE strategy = 'exact' AND replicate = 1 AND "
        "metric = 'addresses_listed' AND provider IS NULL AND sector IS NULL AND t_s <= 6 * 3600"
    ).fetchall()  # fmt: skip
    assert found["addresses_listed"].sel(simulation=1).values[3] == last > 0
    middle = curve("addresses_listed", every="2h", strategy="exact")["median"]
    assert (found["addresses_listed"].median("simulation") == middle).all()


def test_each_simulation_of_an_array_has_its_own_businesses(tmp_path):
    pytest.importorskip("xarray")
    brief = {"end": BRIEF["end"]}
    kept = sim.run("telegram-2018", n_simulations=2, set=brief, folder=tmp_path / "out")
    rows = kept.to_duckdb().execute(
        "SELECT arg_max(value, t_s), any_value(denominator) FROM curves WHERE "
        "metric = 'businesses_affected' AND sector IS NULL AND provider IS NULL GROUP BY replicate "
        "ORDER BY replicate"
    ).fetchall()  # fmt: skip
    found = kept.to_xarray(every=None)
    last = found["businesses_affected"].isel(time=-1).values.tolist()
    of = found["businesses_affected_denominator"].values.tolist()
    assert list(zip(last, of, strict=True)) == rows
    assert len({*of}) == 2


def test_a_single_run_and_a_folder_read_again(tmp_path):
    brief = {**BRIEF, "population": {"n_businesses": 30}, "complaints": None}
    run = sim.run("telegram-2018", n_simulations=1, fixed=True, set=brief, folder=tmp_path / "out")
    assert run.strategies == ("escalate",)
    scenario = json.loads((tmp_path / "out" / "scenario.resolved.json").read_text("utf-8"))
    assert scenario["population"]["sectors"] == "sectors-russia-2018"
    assert "complaints" not in scenario
    assert sim.open_results(tmp_path / "out").frame("spells") == run.frame("spells")


def test_mistakes_are_those_of_the_command_line(tmp_path):
    with pytest.raises(ScenarioError, match="did you mean 'spells'"):
        sim.compare("telegram-2018", ["exact"], metrics=["spell"], folder=tmp_path / "out")
    for fixed in (False, True):
        with pytest.raises(UsageError, match="expected at least one simulation, got 0"):
            sim.run("telegram-2018", n_simulations=0, fixed=fixed, folder=tmp_path / "out")
    with pytest.raises(UsageError, match=r"^kept: expected an ensemble, got fixed"):
        sim.run("telegram-2018", kept="none", fixed=True, folder=tmp_path / "out")


def test_one_text_is_taken_as_a_list_of_one(tmp_path, results):
    brief = {"set": BRIEF, "n_simulations": 1, "fixed": True}
    found = sim.compare(
        "telegram-2018", "exact", metrics="spells", folder=tmp_path / "one", **brief
    )
    assert found.strategies == ("none", "exact")
    with pytest.raises(UsageError, match="expected at least one, got 0"):
        sim.run("telegram-2018", n_workers=0, **brief)
    with pytest.raises(UsageError, match="got the run folder"):
        sim.run(results.run.path)


def test_the_notebooks_tables_hold_one_unit_a_column(repository, results):
    """Its queries, on another comparison: a row a strategy, and what the headings say."""
    notebook = json.loads((repository / "docs/how-to/compare-strategies.ipynb").read_text("utf-8"))
    cells = ["".join(cell["source"]) for cell in notebook["cells"]]
    (query,) = [cell.split('"""')[1] for cell in cells if "FROM tradeoff" in cell]
    with results.to_duckdb() as tables:
        found = tables.sql(query)
        rows = [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]
    assert [row["strategy"] for row in rows] == list(results.strategies)
    for row in rows:
        for heading, metric in (
            ("user_hours_denied", "target_user_hours_denied"),
            ("business_hours_impaired", "business_hours_impaired"),
        ):
            median = np.median(results.frame(metric)[row["strategy"]])
            # A sample that could hardly be hit is no zero.
            missed = ("exact", "business_hours_impaired", 0)
            has_missed = (row["strategy"], metric, median) == missed
            assert row[heading] == (None if has_missed else pytest.approx(median, abs=0.5))


@pytest.mark.laws
def test_an_ensemble_and_its_verdicts_are_read(tmp_path):
    found = sim.compare(
        "telegram-2018", ["exact"], n_simulations=3, set=BRIEF, folder=tmp_path / "out"
    )
    assert found.run.is_ensemble
    orders = found.frame("orders_placed")
    row = found.summary(all_measures=True)
    (median,) = row["median"][(row["strategy"] == "exact") & (row["metric"] == "orders_placed")]
    assert median == sorted(orders["exact"])[1]
    with found.to_duckdb() as tables:
        verdicts = tables.execute("SELECT strategy, other, n_simulations FROM verdicts").fetchall()
        assert verdicts == [("none", "exact", 3)] * 3
        # Three simulations certify nothing.
        said = tables.execute("SELECT DISTINCT verdict FROM verdicts").fetchall()
        assert {one for (one,) in said} <= {"too few", "differ", "not known"}
        (n_inputs,) = tables.execute("SELECT count(DISTINCT replicate) FROM inputs").fetchone()
    assert n_inputs == 3


def test_a_grid_has_whole_seconds_and_not_too_many(results):
    for every, message in (
        (0.5, "every: expected whole seconds above 0, got 0.5"),
        (0, "every: expected whole seconds above 0, got 0"),
        (1.5, "every: expected whole seconds above 0, got 1.5"),
    ):
        with pytest.raises(UsageError) as caught:
            results.curve("businesses_impaired", every=every)
        assert str(caught.value) == message
    grid = _grid("1h", 3600 * 1_000_000)
    assert grid is not None
    assert (grid.size, grid[-1]) == (1_000_000, 3600 * 999_999)
    with pytest.raises(UsageError, match="every: expected at most 1,000,000 steps, got '1h'"):
        _grid("1h", 3600 * 1_000_000 + 1)


# A curve on a grid is what a slow reading of its change points says, at every time.


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
