"""``datapackage.json``: what a validator of Data Packages, and pandas, make of a folder."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from sim.results.schema import ALL_TABLES, COMPARISON_TABLES, KEYS, SITE_TABLES
from tests.commands import run

pytestmark = pytest.mark.laws

frictionless = pytest.importorskip("frictionless")
pandas = pytest.importorskip("pandas")

BRIEF = ["--set", "population.n_businesses=15", "--set", "end=2018-04-16T14:00+03:00"]
ONLY = "thresholds.impaired,thresholds.down"
COMMANDS = {
    "run": ["run"],
    "comparison": ["compare", "--strategy", "exact"],
    "sweep": ["sweep", "--over", "thresholds.impaired=0.1,0.3"],
    "sensitivity": ["sensitivity", "--only", ONLY],
}  # fmt: skip


@pytest.fixture(scope="module")
def folder_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Folders by what they hold, each made once; do not write into them."""
    made = tmp_path_factory.mktemp("packages")

    def make(kind: str) -> Path:
        folder = made / kind
        if not folder.exists():
            verb, *options = COMMANDS[kind]
            few = ("-n", "2", "--seed", "5", "-q", "-w", "1", "-o", folder)
            run(verb, "telegram-2018", *options, *BRIEF, *few)
        return folder

    return make


@pytest.mark.parametrize(
    "kind",
    [pytest.param(kind, marks=[pytest.mark.long] * (kind != "comparison")) for kind in COMMANDS],
)
def test_a_validator_of_data_packages_accepts_the_folder(kind, folder_of):
    folder = folder_of(kind)
    report = frictionless.validate(str(folder / "datapackage.json"), type="package")
    assert report.flatten(["type", "message"]) == []
    assert (report.valid, report.errors, report.warnings) == (True, [], [])
    tables = {file.stem for file in folder.iterdir() if file.suffix in (".csv", ".parquet")}
    assert {task.name for task in report.tasks} == tables


def test_the_validator_sees_a_changed_table_a_key_that_comes_twice_and_one_that_leads_nowhere(
    folder_of, tmp_path
):
    package = json.loads((folder_of("comparison") / "datapackage.json").read_text())
    # The table that is changed and one that leads to it: the others take seconds.
    package["resources"] = [
        one for one in package["resources"] if one["name"] in ("summary", "measures")
    ]
    assert len(package["resources"]) == 2
    for resource in package["resources"]:
        (tmp_path / resource["path"]).symlink_to(folder_of("comparison") / resource["path"])
    path = tmp_path / "summary.csv"
    lines = path.read_text().splitlines()
    path.unlink()
    path.write_text("\n".join([*lines[:-1], lines[1]]) + "\n")
    (tmp_path / "datapackage.json").write_text(json.dumps(package))
    report = frictionless.validate(str(tmp_path / "datapackage.json"), type="package")
    found = {task.name: {error.type for error in task.errors} for task in report.tasks}
    assert found["summary"] >= {"hash-count", "primary-key"}


def test_every_resource_carries_its_hash_and_its_key(folder_of):
    folder = folder_of("comparison")
    package = json.loads((folder / "datapackage.json").read_text())
    assert {resource["path"] for resource in package["resources"]} == set(ALL_TABLES) - {
        *SITE_TABLES
    }
    for resource in package["resources"]:
        digest = hashlib.sha256((folder / resource["path"]).read_bytes()).hexdigest()
        assert resource["hash"] == f"sha256:{digest}"
        key = resource["schema"].get("primaryKey", [])
        assert tuple(key) == KEYS.get(resource["path"], ())
        if key:
            columns = ", ".join(f'"{name}"' for name in key)
            twice = duckdb.execute(
                f"SELECT {columns} FROM '{folder / resource['path']}' "
                "GROUP BY ALL HAVING count(*) > 1"
            ).fetchall()
            assert twice == [], resource["path"]


def test_pandas_reads_integers_that_may_be_missing_as_integers(folder_of):
    folder = folder_of("run")
    for file, columns in ALL_TABLES.items():
        if not file.endswith(".parquet") or file in (*COMPARISON_TABLES, *SITE_TABLES):
            continue
        frame = pandas.read_parquet(folder / file)
        whole = [column.name for column in columns if column.type == "integer"]
        assert {str(frame[name].dtype) for name in whole} <= {"int64", "Int64"}, file
    events = pandas.read_parquet(folder / "events.parquet")
    held = duckdb.execute(f"SELECT entry FROM '{folder}/events.parquet'").fetchall()
    assert [None if row is pandas.NA else int(row) for row in events["entry"]] == [
        row[0] for row in held
    ]
    assert events["entry"].isna().any()
    assert events["entry"].notna().any()
