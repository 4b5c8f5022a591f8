"""Changing a seed value changes the identity of the result, what it affects, and nothing else."""

import csv
import io
import shutil
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from sim.errors import ProblemsError
from sim.experiment.plan import Plan
from sim.scenario.library import shipped, table_names
from sim.scenario.load import load_scenario
from sim.scenario.resolve import Resolved
from sim.scenario.schema import leaves, scenario_tree
from sim.scenario.sources import claiming_columns
from sim.scenario.tables.seeds import Range, Table, read_table
from tests.csv_rows import csv_rows
from tests.experiments import resolved_of, run_experiment

Folder = Path
SMALL = ("population.n_businesses=80", "end=2018-04-19T00:00+03:00")


@pytest.fixture(scope="module")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """A folder with copies of all shipped tables and their notes."""
    folder = tmp_path_factory.mktemp("seeds")
    for path in shipped("seeds").iterdir():
        if path.is_file():
            shutil.copy(path, folder / path.name)
    return folder


def on(folder: Folder, name: str, *overrides: str) -> Resolved:
    """Resolve a shipped scenario on the tables of a folder."""
    tables = {
        f"{key}={folder / value}.csv"
        for key, value in leaves(scenario_tree(load_scenario(name).scenario))
        if isinstance(value, str) and value in table_names()
    }
    return resolved_of(name, [*sorted(tables), *overrides])


def change(path: Path, column: str, edit: Callable[[str], str], row: int = 0) -> None:
    """Change one cell of a table on disk."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    rows[row + 1][rows[0].index(column)] = edit(rows[row + 1][rows[0].index(column)])
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    path.write_text(text.getvalue(), encoding="utf-8")


def result_id(resolved: Resolved) -> str:
    return Plan.of_run(resolved, 7, 1).result_id


def identity(resolved: Resolved) -> tuple[str, dict[str, str]]:
    return result_id(resolved), {table.name: table.sha256 for table in resolved.tables}


EDITS: tuple[Callable[[str], str], ...] = (
    lambda cell: f"{float(cell) * 0.999:.12g}",
    lambda cell: f"{float(cell) * 1.001:.12g}",
    lambda cell: f"{float(cell) + 1:.0f}",
    lambda cell: f"{float(cell) / 2:.12g}",
    lambda cell: f"{cell} ",
    lambda cell: f"{cell.split('/')[0]}/{int(cell.split('/')[1]) + 1}",  # half a prefix
    lambda cell: cell.replace("T16:", "T15:").replace("T12:", "T11:"),
)


def changed_identities(
    resolved: Resolved, attribute: str, table: Table[Any]
) -> Iterator[tuple[str, str]]:
    """Hash of the table and identity after each edit of one cell that leaves the table valid."""
    original = table.path.read_bytes()
    header = table.data.decode("utf-8-sig").splitlines()[0].split(",")
    for column in claiming_columns(header, table.note):
        for edit in EDITS:
            try:
                change(table.path, column, edit)
                if table.path.read_bytes() != original:
                    changed = read_table(table.name, table.path, type(table.rows[0]))
                    after = result_id(replace(resolved, **{attribute: changed}))
                    yield changed.sha256, after
            except (ProblemsError, ValueError, IndexError):
                continue  # an edit for cells of another kind
            finally:
                table.path.write_bytes(original)


def test_any_changed_cell_changes_the_identity(seeds):
    resolved = on(seeds, "telegram-2018")
    before, hashes = identity(resolved)
    tables = {name: getattr(resolved, name) for name in (field.name for field in fields(Resolved))}
    named = {name: table for name, table in tables.items() if isinstance(table, Table)}
    assert len(named) > 15
    for attribute, table in named.items():
        found = set(changed_identities(resolved, attribute, table))
        assert found, table.name
        assert len({before, *(after for _, after in found)}) == len(found) + 1, table.name
    assert identity(on(seeds, "telegram-2018")) == (before, hashes)


def test_a_changed_range_changes_the_identity_and_no_other_word_of_a_note_does():
    resolved = resolved_of("telegram-2018")

    def with_note(attribute: str, column: str, **changes: object) -> str:
        table = getattr(resolved, attribute)
        columns = table.note.columns
        columns = columns | {column: columns[column].model_copy(update=changes)}
        note = table.note.model_copy(update={"columns": columns})
        return result_id(replace(resolved, **{attribute: replace(table, note=note)}))

    ids = [result_id(resolved)]
    for attribute in (field.name for field in fields(Resolved)):
        table = getattr(resolved, attribute)
        for column in table.drawn if isinstance(table, Table) else ():
            ids.append(with_note(attribute, column, range=Range(times=(0.1, 0.2))))
            assert with_note(attribute, column, why="x") == ids[0]
    assert len({*ids}) == len(ids) > 20


def test_a_changed_assumption_changes_the_identity():
    resolved = resolved_of("telegram-2018")
    assumed = resolved.assumed
    seen = {result_id(resolved)}
    assert len(assumed) > 20
    for row in assumed:
        other = row.low if row.low != row.value else row.high
        number = int(other) if isinstance(row.number, int) and other.is_integer() else other
        loaded = load_scenario("telegram-2018", [f"{row.key}={number}"])
        seen.add(result_id(replace(resolved, loaded=loaded)))
    assert len(seen) == len(assumed) + 1


Results = dict[str, Any]


def results(resolved: Resolved, folder: Path) -> Results:
    """Rows of every table of a run, without what names the run."""
    run_experiment(resolved, root_seed=7, n_replicates=2, folder=folder)
    found: Results = {}
    for name in ("curves", "businesses", "events", "enforcement", "entries"):
        found[name] = duckdb.execute(f"SELECT * FROM '{folder}/{name}.parquet'").fetchall()
    found["addresses"] = [row for row in found["curves"] if "addresses" in str(row[4])]
    rows = csv_rows(folder / "summary.csv")
    published = ("published", "published_source")
    found["published"] = [[row.pop(key) for key in published] for row in rows]
    found["measures"] = [row for row in rows if row["unit"] != "USD"]
    found["money"] = [row for row in rows if row["unit"] == "USD"]
    methods = csv_rows(folder / "money.csv")
    found["methods"] = [[row["method"], row["median"], row["low"], row["high"]] for row in methods]
    return found


@pytest.fixture(scope="module")
def base(seeds: Folder, tmp_path_factory: pytest.TempPathFactory) -> Results:
    folder = tmp_path_factory.mktemp("base") / "run"
    return results(on(seeds, "telegram-2018-replay", *SMALL), folder)


def halved(cell: str) -> str:
    return f"{float(cell) / 2:g}"


ALL = {
    "curves", "businesses", "events", "enforcement", "entries", "measures", "money", "methods",
    "published",
}  # fmt: skip
CHANGES: list[tuple[str, str, int, Callable[[str], str], set[str]]] = [
    # table, column, row, edit: what it changes; nothing else moves.
    ("article-figures", "value", 1, lambda cell: "17000000", {"published"}),
    ("telegram-2018-published-totals", "addresses", 0, lambda cell: "39000", set()),
    ("money-parameters", "value", 0, lambda cell: "1.5", {"money", "methods"}),
    ("economy-russia-2018", "value", 0, lambda cell: "1.65e12", {"methods"}),
    ("sectors-russia-2018", "revenue_median_usd_per_h", 0, halved,
     {"businesses", "curves", "measures", "money", "methods"}),
    ("demand-profiles", "weight", 12, lambda cell: "5",
     {"businesses", "measures", "money", "methods"}),
    ("hosting-russia-2018", "weight", 0, halved,
     {"businesses", "curves", "measures", "money", "methods"}),
    ("operators-russia-2018", "apply_lag_median_h", 0, lambda cell: "3",
     {"businesses", "curves", "enforcement", "measures", "money", "methods"}),
    ("telegram-2018-orders", "prefix", 6, lambda cell: "52.58.0.0/16",
     {"businesses", "curves", "entries", "enforcement", "measures", "money", "methods"}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("table", "column", "row", "edit", "affected"),
    # Each is two runs; the first, with what it leaves alone, is for every day.
    [
        pytest.param(*one, marks=[pytest.mark.laws] * (row > 0), id=f"{one[0]}.{one[1]}")
        for row, one in enumerate(CHANGES)
    ],
)
def test_a_changed_value_changes_what_it_affects_and_nothing_else(
    table, column, row, edit, affected, seeds, base, tmp_path
):
    path = seeds / f"{table}.csv"
    original = path.read_bytes()
    try:
        change(path, column, edit, row)
        assert path.read_bytes() != original
        after = results(on(seeds, "telegram-2018-replay", *SMALL), tmp_path / "run")
    finally:
        path.write_bytes(original)
    assert {name for name in ALL if base[name] != after[name]} == affected
    if "entries" not in affected:
        listed = [[r for r in of["addresses"] if "listed" in str(r[4])] for of in (base, after)]
        assert listed[0] == listed[1]
