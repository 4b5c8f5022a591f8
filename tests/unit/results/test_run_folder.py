"""A run folder: the same bytes for the same question, and tables that agree with each other."""

import csv
import hashlib
import json
import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from sim.catalogue.curves import CURVES
from sim.engine.eventlog import Kind
from sim.engine.run import simulate
from sim.engine.strategies import build_strategy
from sim.errors import DataError
from sim.results.folder import RunFolder, assumptions_of, later, open_run
from sim.results.output import new_folder
from sim.results.schema import ALL_TABLES, ENSEMBLE_TABLES, SITE_TABLES
from sim.scenario.load import load_scenario
from sim.scenario.resolve import resolve
from sim.streams import Streams
from sim.world.build import build_world
from tests.csv_rows import csv_rows
from tests.experiments import files_of, run_experiment

WriteScenario = Callable[..., Path]
TYPES = {
    "VARCHAR": "string", "BIGINT": "integer", "DOUBLE": "number", "BOOLEAN": "boolean",
    "TIMESTAMP WITH TIME ZONE": "datetime",
}  # fmt: skip
WHOLE = "provider IS NULL AND sector IS NULL"


def run_again(folder: Path, *, root_seed: int = 20180416, n_replicates: int = 2) -> Path:
    resolved = resolve(load_scenario("telegram-2018-replay"))
    run_experiment(resolved, root_seed=root_seed, n_replicates=n_replicates, folder=folder)
    return folder


def summary_of(folder: Path) -> dict[str, dict[str, str]]:
    return {row["metric"]: row for row in csv_rows(folder / "summary.csv")}


def query(folder: Path, sql: str) -> list[tuple[Any, ...]]:
    return duckdb.execute(sql.replace("$", f"{folder}/")).fetchall()


def test_the_same_scenario_and_seed_give_the_same_bytes(shipped_run, tmp_path):
    # Elsewhere on the disk, and at another time: neither may show.
    first, again = files_of(shipped_run), files_of(run_again(tmp_path / "elsewhere" / "again"))
    assert first.keys() == again.keys()
    assert [name for name in first if first[name] != again[name]] == []
    assert len(first) == 15 + 2 * 19  # fifteen files of the run, nineteen tables and their notes


def test_only_the_timing_knows_when_and_where(shipped_run):
    assert json.loads((shipped_run / "timing.json").read_text())["run_id"] == shipped_run.name
    for name, data in files_of(shipped_run).items():
        assert str(shipped_run).encode() not in data, name


def test_another_seed_gives_another_result(shipped_run, tmp_path):
    first, other = files_of(shipped_run), files_of(run_again(tmp_path / "other", root_seed=1))
    for name in ("curves.parquet", "businesses.parquet", "enforcement.parquet", "summary.csv"):
        assert first[name] != other[name], name
    assert first["scenario.resolved.json"] == other["scenario.resolved.json"]
    ids = [json.loads(files["manifest.json"])["result_id"] for files in (first, other)]
    assert ids[0] != ids[1]


def test_the_first_replicate_does_not_depend_on_how_many_follow(shipped_run, shipped_single_run):
    for table in ("curves", "businesses", "events", "enforcement"):
        assert query(
            shipped_run,
            f"(SELECT * FROM '$/{table}.parquet' WHERE replicate = 0 EXCEPT ALL "
            f"SELECT * FROM '{shipped_single_run}/{table}.parquet')",
        ) == []  # fmt: skip
        counts = [
            query(folder, f"SELECT count(*) FROM '${table}.parquet' WHERE replicate = 0")
            for folder in (shipped_run, shipped_single_run)
        ]
        assert counts[0] == counts[1]


def test_the_manifest_holds_the_hash_and_the_rows_of_every_file(shipped_run):
    manifest = json.loads((shipped_run / "manifest.json").read_text())
    listed = {entry["file"]: entry for entry in manifest["outputs"]}
    files = files_of(shipped_run)
    assert set(listed) == set(files) - {"manifest.json"}
    for name, entry in listed.items():
        assert entry["sha256"] == hashlib.sha256(files[name]).hexdigest(), name
        if name.endswith(".parquet"):
            assert query(shipped_run, f"SELECT count(*) FROM '${name}'") == [(entry["n_rows"],)]
    assert listed["summary.csv"]["n_rows"] == len(summary_of(shipped_run))


def test_the_inputs_are_copied_as_they_were_read(shipped_run, repository):
    manifest = json.loads((shipped_run / "manifest.json").read_text())
    assert len(manifest["inputs"]) == 19
    for table in manifest["inputs"]:
        original = (repository / "seeds" / f"{table['name']}.csv").read_bytes()
        assert (shipped_run / table["copy"]).read_bytes() == original
        assert table["sha256"] == hashlib.sha256(original).hexdigest()
    # The name alone: where the file lies on this machine is nobody's business.
    assert manifest["scenario"]["file"] == "telegram-2018-replay.yaml"
    scenario = (repository / "scenarios" / "telegram-2018-replay.yaml").read_bytes()
    assert (shipped_run / "scenario.yaml").read_bytes() == scenario
    assert manifest["scenario"]["sha256"] == hashlib.sha256(scenario).hexdigest()


def test_the_manifest_lists_every_assumption_with_its_range(shipped_run, repository):
    manifest = json.loads((shipped_run / "manifest.json").read_text())
    listed = {one["key"]: one for one in assumptions_of(manifest)}
    with (repository / "seeds" / "assumptions.csv").open(encoding="utf-8", newline="") as file:
        sections = ("population", "thresholds", "effects")  # those that every scenario has
        rows = [row for row in csv.DictReader(file) if row["key"].startswith(sections)]
        assert len(rows) == 8
        for row in rows:
            entry = listed[row["key"]]
            assert entry["value"] == float(row["value"])
            assert entry["range"] == {"absolute": [float(row["low"]), float(row["high"])]}
    assert listed["operators-russia-2018.compliance"]["range"]
    assert all(entry["why"] for entry in listed.values())


def test_a_table_without_source_note_is_listed_as_an_assumption(write_scenario, tmp_path):
    (tmp_path / "own.csv").write_text("prefix\n192.0.2.0/24\n", encoding="utf-8")
    loaded = load_scenario(str(write_scenario()), ["target.prefixes=own.csv"])
    experiment = run_experiment(
        resolve(loaded), root_seed=7, n_replicates=1, folder=tmp_path / "out"
    )
    listed = {one["key"]: one for one in assumptions_of(experiment.manifest)}
    assert listed["own.csv.prefix"]["why"] == "A table without a source note"


OTHERS = (*ENSEMBLE_TABLES, *SITE_TABLES)
"""Tables that a run of the point values without an inventory does not have."""


@pytest.mark.parametrize(
    "file", [name for name in ALL_TABLES if name.endswith(".parquet") and name not in OTHERS]
)
def test_the_data_package_describes_the_parquet_columns_and_types(shipped_run, file):
    package = json.loads((shipped_run / "datapackage.json").read_text())
    (resource,) = [entry for entry in package["resources"] if entry["path"] == file]
    described = [(field["name"], field["type"]) for field in resource["schema"]["fields"]]
    rows = query(shipped_run, f"DESCRIBE SELECT * FROM '${file}'")
    assert described == [(row[0], TYPES[row[1]]) for row in rows]
    assert all(field["description"] for field in resource["schema"]["fields"])


def test_the_data_package_describes_the_summary_and_every_metric(shipped_run):
    package = json.loads((shipped_run / "datapackage.json").read_text())
    (resource,) = [entry for entry in package["resources"] if entry["path"] == "summary.csv"]
    header = (shipped_run / "summary.csv").read_text().splitlines()[0].split(",")
    assert [field["name"] for field in resource["schema"]["fields"]] == header
    found = {row[0] for row in query(shipped_run, "SELECT DISTINCT metric FROM '$curves.parquet'")}
    described = {metric["name"] for metric in package["metrics"]}
    assert described == set(CURVES)
    # Where nobody rents fronts and no users are counted, there are no curves of users.
    of_ipv6 = {name for name, curve in CURVES.items() if curve.is_of_ipv6}
    assert described - found - of_ipv6 == {
        "target_reached_share", "target_degraded_share", "target_addresses_lost_share",
        "vpn_share", "target_left_share",
    }  # fmt: skip
    assert not found & of_ipv6
    assert found < described


PEAKS = ["addresses_listed", "addresses_dropped", "businesses_affected", "businesses_impaired",
         "businesses_down"]  # fmt: skip


def check_line(line: dict[str, str], values: list[float]) -> None:
    """Median and interval of a summary line, from the values of the simulations."""
    assert int(line["n_simulations"]) == int(line["n_known"]) == len(values)
    assert float(line["median"]) == pytest.approx(statistics.median(values), rel=1e-12)
    low, high = sorted(values)  # two replicates: linear between them
    assert float(line["low"]) == pytest.approx(low + 0.05 * (high - low), rel=1e-12)
    assert float(line["high"]) == pytest.approx(low + 0.95 * (high - low), rel=1e-12)


@pytest.mark.parametrize("metric", PEAKS)
def test_peaks_in_the_summary_are_the_largest_values_of_the_curves(shipped_run, metric):
    values = query(
        shipped_run,
        f"SELECT max(value) FROM '$curves.parquet' WHERE metric = '{metric}' AND {WHOLE} "
        "GROUP BY replicate ORDER BY replicate",
    )
    check_line(summary_of(shipped_run)[f"{metric}_peak"], [row[0] for row in values])


@pytest.mark.parametrize("state", ["affected", "impaired", "down"])
def test_businesses_and_their_hours_in_the_summary_are_sums_over_the_businesses(shipped_run, state):
    rows = query(
        shipped_run,
        f"SELECT count(*) FILTER ({state}_s > 0), sum({state}_s) / 3600, count(*) "
        "FROM '$businesses.parquet' GROUP BY replicate ORDER BY replicate",
    )
    summary = summary_of(shipped_run)
    check_line(summary[f"businesses_ever_{state}"], [row[0] for row in rows])
    check_line(summary[f"business_hours_{state}"], [float(row[1]) for row in rows])
    assert float(summary[f"businesses_ever_{state}"]["denominator"]) == rows[0][2] == 1000
    assert float(summary[f"business_hours_{state}"]["denominator"]) == 1000 * 50 * 24  # 50 days


def test_time_in_a_state_is_the_area_under_its_curve(shipped_run):
    """Two ways to the same number: the ledger, and the curve integrated between change points."""
    for state in ("affected", "impaired", "down"):
        rows = query(
            shipped_run,
            f"""
            WITH pieces AS (
                SELECT replicate, value,
                    lead(t_s, 1, 50 * 86400) OVER (PARTITION BY replicate ORDER BY t_s) - t_s AS s
                FROM '$curves.parquet' WHERE metric = 'businesses_{state}' AND {WHOLE}
            ), area AS (SELECT replicate, sum(value * s) AS s FROM pieces GROUP BY replicate),
            ledger AS (
                SELECT replicate, sum({state}_s) AS s FROM '$businesses.parquet' GROUP BY replicate
            )
            SELECT area.s, ledger.s FROM area JOIN ledger USING (replicate)
            """,
        )
        assert len(rows) == 2
        for area, ledger in rows:
            assert area == ledger > 0


def demand_h_by_sector(repository: Path) -> dict[str, float]:
    """Demand over the 50 days from a Monday on, in hours of mean demand, from the seed tables."""

    def rows(name: str) -> list[dict[str, str]]:
        return csv_rows(repository / "seeds" / f"{name}.csv")

    demand_h = {}
    for sector in rows("sectors-russia-2018"):
        profile = [r for r in rows("demand-profiles") if r["profile"] == sector["demand_profile"]]
        hours = sum(int(row["weight"]) for row in profile if row["period"] == "hour")
        weekdays = {int(r["index"]): int(r["weight"]) for r in profile if r["period"] == "weekday"}
        mean = hours * sum(weekdays.values()) / 168
        # Seven weeks, and a Monday more.
        demand_h[sector["sector"]] = 7 * 168 + hours * weekdays[0] / mean
    return demand_h


def test_spells_and_lost_demand_in_the_summary_are_sums_over_the_businesses(
    shipped_run, repository
):
    summary = summary_of(shipped_run)
    spells = query(
        shipped_run,
        "SELECT sum(n_spells) FROM '$businesses.parquet' GROUP BY replicate ORDER BY replicate",
    )
    check_line(summary["spells"], [float(row[0]) for row in spells])
    lost = " + ".join(
        column.name
        for column in ALL_TABLES["businesses.parquet"]
        if column.name.startswith("lost_demand_h")
    )
    demand_h = demand_h_by_sector(repository)
    totals = {0: [0.0, 0.0], 1: [0.0, 0.0]}
    for replicate, sector, lost_usd, rate_usd_per_h in query(
        shipped_run,
        f"SELECT replicate, sector, sum(demand_usd_per_h * ({lost})), sum(demand_usd_per_h) "
        "FROM '$businesses.parquet' GROUP BY ALL",
    ):
        totals[replicate][0] += lost_usd
        totals[replicate][1] += rate_usd_per_h * demand_h[sector]
    line = summary["demand_lost_share"]
    low, high = sorted(lost_usd / demand_usd for lost_usd, demand_usd in totals.values())
    assert float(line["median"]) == pytest.approx((low + high) / 2, rel=1e-9)
    assert float(line["low"]) == pytest.approx(low + 0.05 * (high - low), rel=1e-9)
    assert float(line["denominator"]) == pytest.approx(
        statistics.mean(demand_usd for _, demand_usd in totals.values()), rel=1e-9
    )


def test_one_replicate_has_no_interval_rather_than_one_of_width_zero(shipped_single_run):
    lines = summary_of(shipped_single_run)
    assert {(line["low"], line["high"]) for line in lines.values()} == {("", "")}
    assert sum(line["median"] != "" for line in lines.values()) > 35


@pytest.mark.parametrize(
    ("table", "never"),
    [
        ("businesses", "(first_outage_s IS NULL) != (n_spells = 0)"),
        ("curves", "metric LIKE 'addresses%' AND denominator IS NOT NULL"),
        ("curves", "isnan(value) OR value IS NULL"),
        ("curves", "epoch(time_utc) != t_s + epoch(TIMESTAMPTZ '2018-04-15 21:00:00+00')"),
    ],
)
def test_what_is_missing_is_null_and_times_are_seconds_since_the_start(shipped_run, table, never):
    rows = query(shipped_run, f"SELECT count(*) FROM '${table}.parquet' WHERE {never}")
    assert rows == [(0,)]


def test_a_run_is_read_back_as_it_was_written(shipped_run):
    run = open_run(shipped_run)
    points = run.curve("addresses_listed")
    rows = query(
        shipped_run,
        f"SELECT t_s, value FROM '$curves.parquet' WHERE metric = 'addresses_listed' AND {WHOLE} "
        "ORDER BY replicate, t_s",
    )
    assert list(zip(points.t_s.tolist(), points.value.tolist(), strict=True)) == rows
    assert np.isnan(points.denominator).all()
    by_sector = run.curves_by("businesses_down", "sector")
    assert sum(points.denominator[0] for points in by_sector.values()) == 1000
    with pytest.raises(DataError, match="expected curves of nothing for replay, got none"):
        run.curve("nothing")


@pytest.mark.parametrize("name", ["a[1]", "a*", "a?b", "it's", "ä ö"])
def test_a_folders_name_is_no_pattern(shipped_single_run, tmp_path, name):
    """A star must not read the folders beside it as well."""
    for folder in (name, "a1", "ab", "axb"):
        (tmp_path / folder).mkdir()
        for path in shipped_single_run.iterdir():
            (tmp_path / folder / path.name).symlink_to(path)
    n_points = open_run(shipped_single_run).curve("addresses_listed").t_s.size
    assert open_run(tmp_path / name).curve("addresses_listed").t_s.size == n_points


def test_times_are_read_on_the_clock_of_the_place():
    scenario = {"start": "2026-03-28T00:00+01:00", "time_zone": "Europe/Madrid"}
    start = RunFolder(Path(), {}, scenario).start
    assert start.isoformat() == "2026-03-28T00:00:00+01:00"
    assert later(start, 47 * 3600).isoformat() == "2026-03-30T00:00:00+02:00"
    # Without a zone, or with one that is not that of the start, the offset of the start is meant.
    for other in ({"time_zone": None}, {"time_zone": "Europe/Moscow"}):
        start = RunFolder(Path(), {}, scenario | other).start
        assert later(start, 47 * 3600).isoformat() == "2026-03-29T23:00:00+01:00"


def test_a_failed_folder_takes_the_folders_made_for_it_with_it(tmp_path):
    def fail(path: Path) -> None:
        with new_folder(path, force=False):
            raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        fail(tmp_path / "new" / "deep" / "out")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "mine").mkdir()
    with pytest.raises(RuntimeError, match="no"):
        fail(tmp_path / "mine" / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_enforcement_has_each_start_and_stop_of_the_event_log(tmp_path):
    changes = ["population.n_businesses=20", "end=2018-06-11T00:00+03:00"]
    resolved = resolve(load_scenario("telegram-2018", changes))
    run_experiment(resolved, root_seed=1, n_replicates=1, folder=tmp_path / "run")
    streams = Streams(1, 0)
    world = build_world(resolved, streams)
    events = simulate(world, build_strategy(resolved, streams), streams).events
    expected = {}
    for t_s, kind, operator, entry in zip(
        *(column.tolist() for column in (events.t_s, events.kind)),
        (world.operators.name[row] for row in events.operator_row.tolist()),
        events.entry_row.tolist(),
        strict=True,
    ):
        if kind == Kind.ENFORCED:
            assert (entry, operator) not in expected
            expected[entry, operator] = [t_s, None]
        elif kind == Kind.RELEASED:
            expected[entry, operator][1] = t_s
    sql = "SELECT entry, operator, enforced_s, released_s FROM '$enforcement.parquet'"
    found = {(row[0], row[1]): list(row[2:]) for row in query(tmp_path / "run", sql)}
    assert found == expected
    ends = [stop for _, stop in expected.values()]
    assert 0 < ends.count(None) < len(ends)


def test_stances_and_public_events_say_what_they_are(tmp_path):
    changes = ["population.n_businesses=20", "end=2018-05-11T00:00+03:00"]
    resolved = resolve(load_scenario("telegram-2018", changes))
    folder = tmp_path / "run"
    run_experiment(resolved, root_seed=1, n_replicates=1, folder=folder)
    assert resolved.stances is not None
    assert resolved.pressure_events is not None
    sql = "SELECT provider, stance FROM '$events.parquet' WHERE kind = 'stance' ORDER BY t_s"
    dated = sorted(resolved.stances.rows, key=lambda row: row.at)
    taken = [(row.provider, row.stance) for row in dated if row.at < resolved.scenario.end]
    assert sorted(query(folder, sql)) == sorted(taken)
    assert ("Google Cloud", "compliant") in taken
    (letter,) = resolved.pressure_events.rows
    sql = "SELECT epoch(time_utc), public_event FROM '$events.parquet' WHERE kind = 'public_event'"
    ((epoch_s, row),) = query(folder, sql)
    assert (epoch_s, resolved.pressure_events.rows[row]) == (letter.at.timestamp(), letter)
    sql = (
        "SELECT count(*) FROM '$events.parquet' WHERE (stance IS NULL) = (kind = 'stance') "
        "OR (public_event IS NULL) = (kind = 'public_event')"
    )
    assert query(folder, sql) == [(0,)]
