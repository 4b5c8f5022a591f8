"""Falsified run folders: every hash is mended, and verification still says what is wrong."""

import csv
import hashlib
import json
import math
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from sim.errors import DataError, UsageError
from sim.experiment import verification
from sim.experiment.executors.task import Failure, SerialExecutor
from sim.experiment.pipeline import carry_out
from sim.experiment.plan import Plan
from sim.experiment.runs import Runs, derive
from sim.experiment.verification import Verdict, verify_folder
from sim.measure.measures import Measure
from sim.scenario.load import load_scenario
from sim.scenario.resolve import resolve
from sim.scenario.variants import choose_variants

pytestmark = pytest.mark.laws

BRIEF = ["population.n_businesses=30", "end=2018-04-16T23:00+03:00"]
LABEL = "as widely as it was done"


def plan_of(*overrides: str) -> Plan:
    resolved = resolve(load_scenario("telegram-2018", [*BRIEF, *overrides]))
    variants, baseline = choose_variants(resolved, [f"{LABEL}=covering-prefix"])
    return Plan.of_comparison(resolved, variants, baseline, (), 11, 3)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A comparison of two strategies in three replicates; do not write into it."""
    return carry_out(Runs(plan_of()), folder=tmp_path_factory.mktemp("verified") / "whole").folder


@pytest.fixture
def folder(whole: Path, tmp_path: Path) -> Path:
    """A copy of it, to be falsified."""
    shutil.copytree(whole, tmp_path / "copy")
    return tmp_path / "copy"


def verified(folder: Path, n_sample: int = 0) -> Verdict:
    return verify_folder(folder, SerialExecutor(), n_sample=n_sample)


def mend(folder: Path, change: Callable[[dict[str, Any]], None] = lambda manifest: None) -> None:
    """Write the hash of every file, as it is now, wherever hashes are written."""

    def digest(name: str) -> str:
        return hashlib.sha256((folder / name).read_bytes()).hexdigest()

    package = json.loads((folder / "datapackage.json").read_text())
    for resource in package["resources"]:
        resource["hash"] = f"sha256:{digest(resource['path'])}"
        if "bytes" in resource:
            resource["bytes"] = (folder / resource["path"]).stat().st_size
    (folder / "datapackage.json").write_text(json.dumps(package, indent=2))
    manifest = json.loads((folder / "manifest.json").read_text())
    change(manifest)
    for output in manifest["outputs"]:
        output["sha256"] = digest(output["file"])
    for table in manifest["inputs"]:
        table["sha256"] = digest(table["copy"])
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2))


def rewrite(path: Path, query: str) -> None:
    """Replace a Parquet file by a query over it, keeping its metadata."""
    with duckdb.connect() as connection:
        held = connection.execute(
            f"SELECT decode(key), decode(value) FROM parquet_kv_metadata('{path}')"
        ).fetchall()
        pairs = ", ".join(f"{key}: '{value}'" for key, value in held)
        connection.execute(f"CREATE TABLE held AS SELECT * FROM '{path}'")
        connection.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet, KV_METADATA {{{pairs}}})")


def raise_last_number(path: Path) -> int:
    """Add one to a number of a CSV table; return its line."""
    with path.open(encoding="utf-8", newline="") as file:
        lines = list(csv.reader(file))
    names = ("median", "efficacy", "difference", "hit")
    column = next(lines[0].index(name) for name in names if name in lines[0])
    lines[-1][column] = str(float(lines[-1][column] or 0) + 1)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(lines)
    return len(lines)


def test_a_folder_as_it_was_written_is_accounted_for(whole):
    found = verified(whole, n_sample=2)
    assert found.differences == found.unchecked == found.notes == ()
    n_files = sum(path.is_file() for path in whole.rglob("*"))
    assert found.n_files == n_files - 2  # all but the manifest and the timing
    assert (len(found.checked), found.n_runs) == (2, 6)


def test_no_table_over_replicates_is_believed_for_its_hash(folder):
    tables = (
        *("summary", "money", "groups", "expected_names"),
        *("comparison", "tradeoff", "verdicts"),
    )
    changed = {table: raise_last_number(folder / f"{table}.csv") for table in tables}
    mend(folder)
    said = verified(folder).differences
    assert len(said) == len(tables)
    for table, line in changed.items():
        assert f"{table}.csv: does not follow from the runs, first in line {line}" in said


def test_measures_are_compared_by_name_with_all_they_say():
    one, other, new = (Measure(name, "USD", n) for name, n in (("a", 1.0), ("b", 2.0), ("c", 3.0)))
    unknown = replace(new, value=math.nan)
    changed = verification._changed_measures
    assert changed((one, other, unknown), (replace(unknown), other, one)) == []
    assert changed((one, other), (new, one)) == ["b", "c"]
    for change in ({"value": 4.0}, {"unit": "h"}, {"denominator_unit": "h"}, {"denominator": 9.0}):
        assert changed((one,), (replace(one, **change),)) == ["a"]
    failed: Any = (None, None, ("a", 3), Failure("ValueError", "it broke"), (), Path())
    (told,) = verification._changed_run(*failed)
    assert told == "strategy=a replicate=3: fails now: ValueError: it broke"


def test_units_ranges_and_sources_are_held_against_the_tables_and_assumptions(folder):
    package = json.loads((folder / "datapackage.json").read_text())
    package["resources"][0]["schema"]["fields"][2]["unit"] = "min"
    package["resources"][1]["schema"]["primaryKey"] = ["strategy"]
    package["metrics"][0]["description"] = "Something else"
    (folder / "datapackage.json").write_text(json.dumps(package))

    def change(manifest: dict[str, Any]) -> None:
        by_key = {one["key"]: one for one in manifest["sources"]}
        by_key["thresholds.down"]["range"] = {"absolute": [0.0, 1.0]}
        by_key["thresholds.down"]["unit"] = "percent"
        manifest["sources"].remove(by_key["thresholds.impaired"])
        fact = next(one for one in manifest["sources"] if one["kind"] == "fact" and "lines" in one)
        fact["source"] = "hearsay"
        manifest["inputs"][0]["title"] = "Figures of somebody else"
        manifest["inputs"][1]["n_rows"] += 1
        manifest["warnings"] = []
        manifest["scenario"]["title"] = "Another block"
        manifest["streams"] = "none"
        manifest["outputs"][0]["n_rows"] += 1
        manifest["root_seed_of"] = "nobody"

    mend(folder, change)
    said = verified(folder).differences
    first = json.loads((folder / "manifest.json").read_text())["outputs"][0]["file"]
    assert "datapackage.json: does not describe the tables as they are" in said
    assert f"manifest.json: outputs: {first}: is not listed as in every such folder" in said
    for key in ("sources", "inputs", "warnings", "scenario", "streams", "root_seed_of"):
        text = f"manifest.json: {key}: does not follow from the scenario, its tables and the runs"
        assert text in said, key


def test_every_file_is_accounted_for(folder):
    (folder / "notes.md").write_text("mine")
    (folder / "inputs" / "more.csv").write_text("a\n1\n")
    (folder / "link").symlink_to(folder / "summary.csv")
    (folder / "parts").mkdir()
    (folder / "parts" / "000-0000000.json").write_text("{}")
    (folder / "report.html").write_text("<p>All is well")
    (folder / "figures").mkdir()
    (folder / "figures" / "map.png").write_bytes(b"")
    (folder / "money.csv").unlink()
    dropped = ("groups.csv", "money.csv")

    def change(manifest: dict[str, Any]) -> None:
        kept = [one for one in manifest["outputs"] if one["file"] not in dropped]
        manifest["outputs"] = [*kept, {"file": "notes.md", "sha256": ""}]

    package = json.loads((folder / "datapackage.json").read_text())
    package["resources"] = [one for one in package["resources"] if one["path"] != "money.csv"]
    (folder / "datapackage.json").write_text(json.dumps(package))
    mend(folder, change)
    found = verified(folder)
    for name in ("inputs/more.csv", "link", "groups.csv"):
        assert f"{name}: is not in the manifest" in found.differences
    for name in (*dropped, "notes.md"):
        said = f"manifest.json: outputs: {name}: is not listed as in every such folder"
        assert said in found.differences
    # What other commands draw is named, and not taken for checked.
    assert found.unchecked == ("figures/map.png", "parts", "report.html")


@pytest.mark.long
def test_files_outside_the_folder_are_not_taken_for_its_own(folder, tmp_path):
    (tmp_path / "elsewhere.csv").write_bytes((folder / "summary.csv").read_bytes())
    (folder / "summary.csv").unlink()
    (folder / "summary.csv").symlink_to(tmp_path / "elsewhere.csv")

    def change(manifest: dict[str, Any]) -> None:
        manifest["outputs"].append({"file": "../elsewhere.csv", "sha256": ""})

    mend(folder, change)
    said = verified(folder).differences
    assert "summary.csv: lies outside the folder" in said
    assert "../elsewhere.csv: lies outside the folder" in said


def test_a_note_and_a_manifest_falsified_alike_differ_from_the_shipped_note(folder):
    (note,) = folder.glob("inputs/operators-russia-2018-*.source.yaml")
    text = note.read_text()
    assert "AC&M via Reuters" in text
    note.write_text(text.replace("AC&M via Reuters", "hearsay"))
    mend(folder)
    said = verified(folder).differences
    shipped = "differs from the note of the shipped table operators-russia-2018"
    assert f"inputs/{note.name}: {shipped}" in said
    assert any(text.startswith("manifest.json: sources: ") for text in said)


def test_another_scenario_than_was_run_is_found(folder):
    path = folder / "scenario.yaml"
    path.write_text(path.read_text().replace("end: 2018-12-31", "end: 2018-12-30"))
    assert path.read_bytes() != (folder / "scenario.resolved.json").read_bytes()

    def change(manifest: dict[str, Any]) -> None:
        manifest["scenario"]["overrides"].remove("population.n_businesses=30")

    mend(folder, change)
    said = verified(folder).differences
    assert "scenario.resolved.json: is another scenario than scenario.yaml gives" in said
    assert any(text.startswith("manifest.json: scenario: ") for text in said)


@pytest.mark.long
def test_losses_falsified_with_all_that_follows_from_them_are_found_by_a_run(folder, tmp_path):
    rewrite(
        folder / "hits.parquet",
        "SELECT * REPLACE (CASE WHEN \"by\" = 'method' THEN 2 * value ELSE value + 1 END AS value) "
        "FROM held",
    )
    derive(folder, folder, plan_of(), tmp_path)
    mend(folder)
    assert verified(folder).differences == ()  # consistent: only a run tells
    said = verified(folder, n_sample=6).differences
    for replicate in range(3):
        name = f"strategy={LABEL} replicate={replicate}"
        assert f"{name}: hits.parquet: has other rows" in said


def test_runs_that_only_some_tables_have_are_found(folder):
    rewrite(folder / "curves.parquet", "SELECT * REPLACE (replicate + 7 AS replicate) FROM held")
    rewrite(folder / "measures.parquet", "FROM held WHERE replicate < 2 OR strategy <> 'none'")
    mend(folder)
    said = verified(folder).differences
    assert "curves.parquet: strategy=none replicate=7: is not in measures.parquet" in said
    assert "events.parquet: strategy=none replicate=2: is not in measures.parquet" in said
    for key in ("n_replicates", "status"):
        assert any(text.startswith(f"manifest.json: {key}: does not follow") for text in said)


@pytest.mark.parametrize("table", ["hits", pytest.param("measures", marks=pytest.mark.long)])
def test_tables_that_cannot_be_added_up_are_a_difference(folder, table):
    query = {
        "hits": "SELECT * EXCLUDE (denominator) FROM held",
        "measures": "FROM held WHERE metric <> 'spells' OR replicate > 0",
    }[table]
    rewrite(folder / f"{table}.parquet", query)
    mend(folder)
    assert any("cannot be added up" in text for text in verified(folder).differences)


@pytest.mark.parametrize("key", ["inputs", "scenario", "outputs", "strategies"])
def test_a_manifest_that_is_none_is_refused(folder, key):
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest[key] = [1, 2]
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(DataError, match="manifest"):
        verified(folder)


@pytest.mark.long
def test_a_folder_of_a_scenario_of_ones_own_is_verified_elsewhere(write_scenario, tmp_path):
    own = tmp_path / "own.csv"
    own.write_text("prefix\n192.0.2.0/24\n", encoding="utf-8")
    loaded = load_scenario(str(write_scenario()), [f"target.prefixes={own.name}"])
    made = carry_out(Runs(Plan.of_run(resolve(loaded), 7, 2)), folder=tmp_path / "out").folder
    own.unlink()
    moved = tmp_path / "far" / "away"
    moved.parent.mkdir()
    os.rename(made, moved)
    assert verified(moved, n_sample=1).differences == ()


def test_the_manifest_names_every_package_that_shapes_numbers_and_other_versions_are_told(folder):
    packages = json.loads((folder / "manifest.json").read_text())["packages"]
    assert packages.keys() >= {"numpy", "scipy", "simpy", "numba", "duckdb"}

    def change(manifest: dict[str, Any]) -> None:
        manifest["packages"] |= {"scipy": "0.1", "numba": "none"}
        manifest["python"] = "2.7.18"
        manifest["tool"]["version"] = "0.0.1"

    mend(folder, change)
    found = verified(folder)
    assert found.differences == ()
    for said in ("with scipy 0.1", "with Python 2.7.18", "by overblock 0.0.1"):
        assert any(note.startswith(f"made {said}, checked ") for note in found.notes)


def test_a_scenario_that_this_version_does_not_read_is_named_with_its_folder(folder, monkeypatch):
    def plan(*_: object, **__: object) -> Plan:
        raise UsageError("no such key")

    monkeypatch.setattr(verification, "plan_of_folder", plan)
    with pytest.raises(DataError, match=r"copy: expected a scenario .* error: no such key$"):
        verified(folder)
