"""CSV tables of a run folder: numbers, texts, what is missing, and every mistake with its line."""

import ast
import bisect
import csv
import io
import math
import os
import re
import shutil
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sim.addresses.feeds.gather import parse_entries
from sim.addresses.sets.intervals import IntervalSet
from sim.addresses.sets.line import IPV4
from sim.errors import DataError, UsageError
from sim.experiment.pipeline import carry_out
from sim.experiment.plan import Plan
from sim.experiment.runs import Runs
from sim.measure.bands import MOST_TIMES, band_at, even_step
from sim.measure.facts import read_measures
from sim.results.csvtext import GUARDED, cell_text, csv_text, text_of
from sim.results.folder import CurvePoints, RunFolder, input_rows, open_run, rescaled
from sim.results.parquet import is_part_of, merge_parts, read_columns, write_part
from sim.results.schema import ALL_TABLES, KEYS
from sim.results.tables import connect_tables, number, read_rows, text
from sim.scenario.tables.rows import TargetPrefixRow
from sim.scenario.variants import choose_variants
from tests.experiments import resolved_of


def folder(path: Path, content: str) -> RunFolder:
    (path / "tradeoff.csv").write_text(content, encoding="utf-8")
    return RunFolder(path, {}, {})


def test_cells_are_read_by_the_kind_of_their_column(tmp_path):
    run = folder(tmp_path, 'strategy,efficacy,n_known\n"a,""b""",1.5,2\nc,,0\n')
    first, second = read_rows(run, "tradeoff.csv")
    assert (text(first, "strategy"), number(first, "efficacy")) == ('a,"b"', 1.5)
    assert (first["n_known"], second["n_known"]) == (2, 0)
    assert math.isnan(number(second, "efficacy"))  # missing is not zero
    run = folder(tmp_path, "strategy,efficacy,n_known,of another version\na,,,x\n")
    (row,) = read_rows(run, "tradeoff.csv")
    assert math.isnan(number(row, "n_known"))
    assert text(row, "of another version") == "x"
    assert math.isnan(number(first, "no such column"))


def test_every_mistake_is_told_with_its_line(tmp_path):
    run = folder(tmp_path, "strategy,efficacy,n_known\na,fast,2\nb,1\nc,inf,maybe\n")
    with pytest.raises(DataError) as caught:
        read_rows(run, "tradeoff.csv")
    assert [str(problem).removeprefix(f"{tmp_path}/") for problem in caught.value.problems] == [
        "tradeoff.csv:2: efficacy: expected a number, got 'fast'",
        "tradeoff.csv:3: expected 3 cells, got 2",
        "tradeoff.csv:4: efficacy: expected a number, got 'inf'",
        "tradeoff.csv:4: n_known: expected a number, got 'maybe'",
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [("metric\na\n", "expected a column strategy"), ('strategy\n"a\n', "expected CSV")],
)
def test_what_is_no_such_table_is_refused(tmp_path, content, message):
    with pytest.raises(DataError, match=message):
        read_rows(folder(tmp_path, content), "tradeoff.csv")


@pytest.mark.parametrize("name", ALL_TABLES)
def test_there_is_one_statistic(name):
    """A number over simulations is a median with its range: no mean, and no band of its own."""
    for column in ALL_TABLES[name]:
        parts = set(column.name.split("_"))
        assert not parts & {"mean", "luck", "given", "draws", "all"}, column.name
        assert "luck" not in column.description, column.name
        assert not re.search(r"(?i)\bmean over\b", column.description), column.name
    ends = [column.name for column in ALL_TABLES[name] if column.name.endswith("low")]
    names = {column.name for column in ALL_TABLES[name]}
    for low in ends:
        stem = low.removesuffix("low").removesuffix("_")
        assert {stem or "median", f"{low.removesuffix('low')}high"} <= names


def test_a_table_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(DataError, match="No such file"):
        read_rows(RunFolder(tmp_path, {}, {}), "tradeoff.csv")


@pytest.mark.parametrize("name", ALL_TABLES)
def test_columns_of_a_table_are_named_apart_and_its_keys_are_columns(name):
    names = [column.name for column in ALL_TABLES[name]]
    assert len(set(names)) == len(names)
    assert set(KEYS.get(name, ())) <= set(names)


# Parts of tables: merged in sequence, and told apart by their values.


def write(path: Path, replicate: int, values: list[float]) -> Path:
    write_part(path, {"replicate": np.full(len(values), replicate), "value": np.array(values)})
    return path


def test_parts_are_merged_in_the_sequence_given(tmp_path):
    parts = [write(tmp_path / f"{n}", n, [n + 0.5, n + 0.25]) for n in (2, 0, 1)]
    assert merge_parts(parts, tmp_path / "whole.parquet", {"result_id": "x"}) == 6
    rows = duckdb.execute(f"SELECT value FROM '{tmp_path}/whole.parquet'").fetchall()
    assert [row[0] for row in rows] == [2.5, 2.25, 0.5, 0.25, 1.5, 1.25]


def test_a_part_that_cannot_be_read_or_written_is_an_error(tmp_path):
    part = write(tmp_path / "part", 0, [1.0])
    with pytest.raises(OSError, match=r"^whole\.parquet: "):
        merge_parts([tmp_path / "none"], tmp_path / "whole.parquet", {})
    with pytest.raises(OSError, match=r"^whole\.parquet: "):
        merge_parts([part], tmp_path / "no" / "whole.parquet", {})


@pytest.mark.parametrize(
    ("held", "values", "is_same"),
    [
        *(([1.0, np.nan, 3.0], values, is_same) for values, is_same in (
            ([1.0, np.nan, 3.0], True),
            ([1.0, 2.0, 3.0], False),  # missing is not a number
            ([1.0, np.nan, 3.5], False),
            ([3.0, np.nan, 1.0], False),  # in another sequence
            ([1.0, np.nan], False),
            ([np.nan, np.nan, 3.0], False),
        )),
        ([], [], True),  # a run without rows
    ],
)  # fmt: skip
def test_a_part_is_told_from_another_by_its_values(tmp_path, held, values, is_same):
    parts = [write(tmp_path / "0", 0, [7.0]), write(tmp_path / "1", 1, held)]
    merge_parts(parts, tmp_path / "whole.parquet", {})
    part = write(tmp_path / "again", 1, values)
    assert is_part_of(part, tmp_path / "whole.parquet", "replicate = ?", [1]) is is_same
    assert not is_part_of(part, tmp_path / "whole.parquet", "replicate = ?", [0])


IN_TOKYO = """\
import sys
from pathlib import Path
import numpy as np
from sim.results.parquet import Instants, read_columns, write_part
path = Path(sys.argv[1])
write_part(path, {"time_utc": Instants(np.array([1523836800]))})
print(*read_columns(path, "SELECT CAST(time_utc AS VARCHAR) AS text FROM data")["text"])
"""


def test_instants_are_read_in_utc_wherever_the_machine_is(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", IN_TOKYO, str(tmp_path / "part")],
        capture_output=True, text=True, check=True, env=os.environ | {"TZ": "Asia/Tokyo"},
    )  # fmt: skip
    # 1,523,836,800 s is midnight of 16 April 2018 (`date -u -d @1523836800`).
    assert done.stdout.strip() == "2018-04-16 00:00:00+00"


def test_a_limit_on_the_size_of_files_is_no_fault_of_the_program(tmp_path):
    resource = pytest.importorskip("resource")
    path = tmp_path / "part.parquet"
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    values = np.random.default_rng(1).integers(0, 2**60, 100_000)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        with pytest.raises(OSError, match=r"^part\.parquet: File too large$"):
            write_part(path, {"value": values})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


# Many curves in one scan are the same curves as one by one, whatever reads them.


METRICS = ("businesses_down", "demand_lost_share", "addresses_listed")


@pytest.fixture(scope="module")
def small_groups(shipped_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped run with its curves in very many row groups, so that threads share them."""
    folder = shutil.copytree(shipped_run, tmp_path_factory.mktemp("groups") / "run")
    (folder / "curves.parquet").unlink()
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute(
            f"COPY (FROM '{shipped_run}/curves.parquet') TO '{folder}/curves.parquet' "
            "(FORMAT parquet, ROW_GROUP_SIZE 2048)"
        )
    return folder


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("split", ["", "provider", "sector"])
def test_curves_of_groups_are_the_rows_of_the_file(small_groups, metric, split):
    run = open_run(small_groups)
    file = str(small_groups / "curves.parquet")
    try:
        curves = run.curves_by(metric, split)
    except DataError:
        curves = {}
    assert bool(curves) == ((metric, split) != ("addresses_listed", "sector"))
    for group, points in curves.items():
        held = duckdb.execute(
            "SELECT replicate, t_s, value FROM read_parquet(?, file_row_number = true) WHERE "
            "metric = ? AND coalesce(provider, '') = ? AND coalesce(sector, '') = ? "
            "ORDER BY file_row_number",
            [file, metric, *((group if split == one else "") for one in ("provider", "sector"))],
        ).fetchnumpy()
        for name in ("replicate", "t_s", "value"):
            np.testing.assert_array_equal(getattr(points, name), held[name])
    ((n,),) = duckdb.execute(
        "SELECT count(*) FROM read_parquet(?) WHERE metric = ? AND (provider IS NOT NULL) = ? AND "
        "(sector IS NOT NULL) = ?",
        [file, metric, split == "provider", split == "sector"],
    ).fetchall()
    assert n == sum(points.t_s.size for points in curves.values())


def test_a_measure_that_is_not_there_is_refused(shipped_run):
    run = open_run(shipped_run)
    with pytest.raises(DataError, match="expected curves of no_such for replay, got none"):
        run.curve("no_such")
    with pytest.raises(UsageError, match="got 'other'"):
        run.curve("addresses_listed", "other")


def test_counts_are_as_if_there_were_the_median_number_of_businesses():
    """How many there are is drawn: a band of counts would show that alone."""
    row, of = np.array([0, 0, 1, 2]), np.array([10.0, 10.0, 40.0, 0.0])
    points = CurvePoints(row, np.array([0, 5, 0, 0]), np.array([0.0, 5.0, 8.0, 0.0]), of)
    found = rescaled("businesses_down", points)
    # Half of ten and a fifth of forty, of the median ten; none of none.
    assert found.value.tolist() == [0, 5, 2, 0]
    assert set(found.denominator) == {10}
    for same in (rescaled("demand_lost_share", points), rescaled("addresses_listed", points)):
        assert same is points
    alike = CurvePoints(row, points.t_s, points.value, np.full(4, 7.0))
    assert rescaled("businesses_down", alike) is alike


def test_every_cursor_sees_the_tables(shipped_run):
    with connect_tables(shipped_run) as connection:
        views = {row[0] for row in connection.cursor().execute("SHOW TABLES").fetchall()}
        # The machine's zone is "Etc/UTC" or another name; instants are read in UTC.
        zone = connection.execute("SELECT current_setting('TimeZone')").fetchone()
    assert {"curves", "entries", "events", "measures", "summary"} <= views
    assert zone == ("UTC",)


def test_a_table_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "curves.parquet").write_bytes(b"no table")
    with pytest.raises(DataError, match=r"curves\.parquet: expected a readable table, got"):
        connect_tables(tmp_path)


ANOTHER_VERSION = (
    "expected the columns {absent}, got none: another version of overblock wrote this table; run "
    "the scenario again, or use the version that manifest.json names"
)


@pytest.mark.parametrize(
    ("file", "absent", "read"),
    [
        ("measures.parquet", "value, denominator", lambda run: read_measures(run.path)),
        ("curves.parquet", "t_s", lambda run: run.curve("addresses_listed")),
        ("summary.csv", "n_known", lambda run: connect_tables(run.path)),
    ],
)
def test_a_table_of_an_earlier_version_is_named_with_the_columns_that_it_lacks(
    file, absent, read, shipped_run, tmp_path
):
    for path in shipped_run.iterdir():
        if path.name != file:
            (tmp_path / path.name).symlink_to(path)
    rows = f"SELECT * EXCLUDE ({absent}) FROM '{shipped_run / file}'"
    duckdb.sql(f"COPY ({rows}) TO '{tmp_path / file}' (FORMAT {file.partition('.')[2]})")
    with pytest.raises(DataError) as caught:
        read(open_run(tmp_path))
    assert str(caught.value) == f"{tmp_path / file}: {ANOTHER_VERSION.format(absent=absent)}"


# Entries and their orders give what the engine's own count of listed addresses says.

IN_FORCE = """
SELECT prefix, mechanism = 'exempt' FROM entries JOIN (
    SELECT entry, max(t_s) FILTER (kind = 'block') AS placed_s,
        max(t_s) FILTER (kind = 'unblock') AS withdrawn_s
    FROM events WHERE replicate = ? GROUP BY entry) USING (entry)
WHERE replicate = ? AND mechanism IN ('drop', 'throttle', 'exempt')
    AND placed_s <= ? AND coalesce(withdrawn_s > ?, true)
"""


def listed_at(tables: duckdb.DuckDBPyConnection, replicate: int, t_s: int) -> IntervalSet:
    found = tables.execute(IN_FORCE, [replicate, replicate, t_s, t_s]).fetchall()
    listed, exempt = (
        parse_entries("\n".join(prefix for prefix, is_exempt in found if is_exempt == of), "").v4
        for of in (False, True)
    )
    sets = (IntervalSet.from_bounds(one.start, one.stop) for one in (listed, exempt))
    return next(sets).difference(next(sets))


@pytest.mark.laws
@pytest.mark.parametrize("replicate", [0, 1])
def test_listed_addresses_are_as_many_as_the_curve_says(shipped_run, chase_run, replicate):
    for run in map(open_run, (shipped_run, chase_run)):
        rows = input_rows(run, "target", "prefixes", TargetPrefixRow)
        own = IPV4.union(row.prefix for row in rows if row.prefix.version == 4)
        curve = run.curve("addresses_listed")
        (mine,) = np.nonzero(curve.replicate == replicate)
        some = mine[::4]  # each is a query of some hundredths of a second
        assert some.size > 5
        with connect_tables(run.path) as tables:
            for t_s, count in zip(curve.t_s[some].tolist(), curve.value[some], strict=True):
                assert listed_at(tables, replicate, t_s).difference(own).n_addresses == count


def test_another_strategy_is_refused(shipped_run):
    with pytest.raises(UsageError, match="the strategies replay, got 'exact'"):
        open_run(shipped_run).strategy("exact")


# CSV cells that a spreadsheet shows and does not run, and that are read back as they were.


HOSTILE = "@SUM(1+1)*cmd|' /C calc'!A0"
letters = st.text(st.sampled_from("=+-@＝＠'\"; \u00a0ab1.,|\t\r\n\x00\x07")) | st.text()


def runs_in_a_spreadsheet(cell: str) -> bool:
    """Written from what spreadsheets do, not from the writer: they skip blanks and quotes."""
    if re.fullmatch(r"[+-]?[0-9.]+(e[+-]?[0-9]+)?", cell, re.I):
        return False
    return any(
        part.lstrip('" \u00a0\u3000')[:1] in set("=+-@\t\r＝＋－＠") - {""}
        for part in cell.split(";")
    )


@given(letters)
@example("=1+1")
@example("\t=1+1")
@example(" =1+1")
@example("Ltd; =HYPERLINK(1)")
@example("＝1+1")
@example("'=1+1")
def test_no_text_is_a_formula_or_holds_a_control_character(value):
    cell = str(cell_text(value))
    assert not runs_in_a_spreadsheet(cell)
    assert re.search(r"[\x00-\x1f\x7f-\x9f]", cell) is None
    if not re.search(r"[\x00-\x1f\x7f-\x9f]", value):
        assert text_of(cell) == value
        query = r"SELECT regexp_replace(?, ?, '\1\2', 'g')"
        assert duckdb.execute(query, [cell, GUARDED]).fetchall() == [(value,)]


@pytest.mark.parametrize("value", [-5, -5.25, "-5", "+1.5e-3", "-.5", "3 to 5", "a-b", "'tis", ""])
def test_numbers_and_plain_texts_stay_as_they_are(value):
    assert cell_text(value) == value


def test_what_is_not_known_is_empty_and_truth_is_a_word():
    assert [cell_text(value) for value in (None, float("nan"), True)] == ["", "", "true"]
    assert str(cell_text(-0.0)) == "0.0"


def test_a_table_keeps_its_cells_apart():
    rows = [['a,"b"', -1.5, "x;=1"], ["two\nlines", None, "@b"]]
    written = csv_text(["text", "=number", "more"], rows)
    assert list(csv.reader(io.StringIO(written))) == [
        ["text", "'=number", "more"],
        ['a,"b"', "-1.5", "x;'=1"],
        [r"two\x0alines", "", "'@b"],
    ]
    assert written.count("\n") == 3


WRITERS = ("writer", "DictWriter", "to_csv", "write_csv")


def test_every_csv_table_is_written_in_one_place(repository):
    found = []
    for path in sorted((repository / "sim").rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if not any(name in text for name in WRITERS):
            continue  # most of three hundred files need not be parsed
        found += [
            f"{path.relative_to(repository)}: {ast.unparse(node)}"
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.Attribute) and node.attr in WRITERS
        ]
    # Tables of operators and ranges that `init` fills, tables given from Python, and one with a
    # column set hold cells as they are in what they are made of, which the program reads again.
    assert found == [
        "sim/api/given.py: csv.writer",
        "sim/results/csvtext.py: csv.writer",
        "sim/scenario/starter/operators.py: csv.DictWriter",
        "sim/scenario/tables/column_changes.py: csv.writer",
        "sim/scenario/tables/inventory.py: csv.writer",
        "sim/scenario/tables/lists.py: csv.writer",
    ]


@pytest.mark.laws
def test_a_hostile_label_is_harmless_in_every_table_and_read_back_as_it_is(tmp_path):
    brief = ["population.n_businesses=20", "end=2018-04-17T00:00+03:00"]
    resolved = resolved_of("telegram-2018", brief)
    variants, baseline = choose_variants(resolved, [f"{HOSTILE}=exact"])
    folder = tmp_path / "out"
    carry_out(Runs(Plan.of_comparison(resolved, variants, baseline, (), 1, 2)), folder=folder)
    tables = sorted(folder.glob("*.csv"))
    assert len(tables) == 7
    for table in tables:
        cells = [cell for row in csv.reader(io.StringIO(table.read_text())) for cell in row]
        assert f"'{HOSTILE}" in cells, table.name
        assert [cell for cell in cells if runs_in_a_spreadsheet(cell)] == []
    rows = read_rows(open_run(folder), "summary.csv")
    assert {text(row, "strategy") for row in rows} == {HOSTILE, "none"}
    with connect_tables(folder) as connection:
        held = connection.execute("SELECT DISTINCT strategy FROM comparison ORDER BY 1").fetchall()
    assert held == [(HOSTILE,), ("none",)]


# Queries as documents show them, against medians worked out from change points in plain Python.


WHOLE = "provider IS NULL AND sector IS NULL"
DOCUMENTS = ("README.md", "docs")
PAGE = "docs/reference/run-folder.md"


def queries(repository: Path) -> dict[str, str]:
    """Every block of SQL in a document, by its file and its number there."""
    files = [
        path
        for name in DOCUMENTS
        for path in (
            [repository / name] if name.endswith(".md") else (repository / name).rglob("*.md")
        )
    ]
    return {
        f"{path.relative_to(repository)}:{number}": block
        for path in files
        for number, block in enumerate(re.findall(r"```sql\n(.*?)```", path.read_text(), re.S))
    }


WITHOUT_PYTZ = (2, 0, 1)


def version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".")[:3])


def test_who_needs_pytz_is_told_so_as_long_as_such_a_duckdb_may_be_installed(repository):
    project = (repository / "pyproject.toml").read_text(encoding="utf-8")
    (lowest,) = re.findall(r'"duckdb>=([\d.]+)"', project)
    page = (repository / PAGE).read_text(encoding="utf-8")
    assert ("`pytz`" in page) == (version(lowest) < WITHOUT_PYTZ)


def asked(query: str) -> list[dict[str, Any]]:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        found = connection.execute(query)
        names = [column[0] for column in found.description]
        if version(duckdb.__version__) < WITHOUT_PYTZ:
            pytest.importorskip("pytz", reason="DuckDB before 2.0.1 needs it to hand out times")
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


@cache
def curves_of(folder: Path, metric: str, strategy: str) -> list[list[tuple[int, float]]]:
    """Points of a curve by time, replicate by replicate."""
    rows = duckdb.execute(
        f"SELECT replicate, t_s, value FROM '{folder}/curves.parquet' "
        f"WHERE metric = ? AND strategy = ? AND {WHOLE}",
        [metric, strategy],
    ).fetchall()
    curves: dict[int, list[tuple[int, float]]] = {}
    for replicate, at, value in rows:
        curves.setdefault(replicate, []).append((at, value))
    return [sorted(points) for points in curves.values()]


def values_at(folder: Path, metric: str, strategy: str, t_s: int) -> list[float]:
    """What each replicate's curve holds at one moment: its last point that is not later."""
    return [
        points[bisect.bisect_right([at for at, _ in points], t_s) - 1][1]
        for points in curves_of(folder, metric, strategy)
    ]


def seconds(folder: Path, row: Mapping[str, Any]) -> int:
    return int((row["time_utc"] - open_run(folder).start) / timedelta(seconds=1))


def test_the_query_for_other_statistics_reads_every_replicate_at_every_time(
    comparison_folder, repository, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "out"
    folder.symlink_to(comparison_folder)
    query = queries(repository)["docs/explanation/ensembles.md:0"]
    found = asked(query.replace("members/", "out/"))
    assert {row["strategy"] for row in found} == {"covering-prefix", "exact", "none"}
    for row in found:
        t_s = seconds(folder, row)
        values = values_at(folder, "businesses_down", row["strategy"], t_s)
        assert row["n_simulations"] == len(values) == 6
        assert row["median"] == pytest.approx(statistics.median(values), rel=1e-12)
        assert row["most"] == max(values)


def test_no_document_averages_change_points(repository):
    averaged = [
        name
        for name, query in queries(repository).items()
        if re.search(r"avg|mean\(", query) and "curves.parquet" in query and "ASOF" not in query
    ]
    assert averaged == []
    assert len(queries(repository)) >= 2


@pytest.mark.parametrize(
    ("horizon_s", "step_s"),
    [(1, 600), (4 * 86_400, 600), (4 * 86_400 + 1, 3600), (49 * 86_400, 3600),
     (365 * 86_400, 21_600), (1500 * 86_400, 86_400), (1501 * 86_400, 7 * 86_400),
     (40_000 * 86_400, 28 * 86_400)],
)  # fmt: skip
def test_times_are_even_and_not_too_many(horizon_s, step_s):
    found = np.arange(0, horizon_s, even_step(horizon_s))
    assert found.tolist() == list(range(0, horizon_s, step_s))
    assert len(found) <= MOST_TIMES


def curve(points: Sequence[tuple[int, int, float, float]]) -> CurvePoints:
    replicate, t_s, value, denominator = (np.array(column) for column in zip(*points, strict=True))
    return CurvePoints(replicate, t_s, value.astype(float), denominator.astype(float))


def test_a_replicate_counts_once_in_what_a_band_is_out_of_however_often_it_changes():
    points = curve([(0, 0, 1, 10), (0, 5, 2, 10), (0, 6, 3, 10), (1, 0, 7, 20)])
    band = band_at(points, np.array([0, 5, 9]))
    assert band.denominator == 15
    assert band.median.tolist() == [4, 4.5, 5]


def test_each_file_of_a_query_that_may_not_be_readable_is_named(tmp_path):
    data, other = tmp_path / "data.parquet", tmp_path / "other.parquet"
    write_part(data, {"a": np.arange(3)})
    other.write_bytes(b"garbage")
    with pytest.raises(DataError) as caught:
        read_columns(data, "SELECT count(*) AS n FROM data, more", others={"more": other})
    assert str(caught.value).startswith(f"{data} or {other}: expected a readable Parquet file")
