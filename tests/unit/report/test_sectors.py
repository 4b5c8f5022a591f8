"""The tables by sector say what a slow reading of businesses says, and add up to the losses."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path
from statistics import median

import duckdb
import pytest

from sim.report.page.at_end import still_impaired
from sim.report.page.cells import PageTable
from sim.report.page.sectors import sector_and_provider_table, sector_demand_h, sector_table
from sim.report.words.numbers import businesses, number
from sim.results.read import open_run
from sim.results.tables import read_rows


def test_sectors_are_told_from_their_businesses(shipped_run: Path) -> None:
    run = open_run(shipped_run)
    table = sector_table(run)
    assert table is not None
    found = duckdb.execute(
        "SELECT * FROM read_parquet(?)", [str(shipped_run / "businesses.parquet")]
    )
    names = [column[0] for column in found.description]
    rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    of: dict[str, list[dict[str, float]]] = defaultdict(list)
    for row in rows:
        of[row["sector"]].append(row)
    assert len(table.rows) == len(of)
    # What a column is sorted by is what it shows: means over replicates.
    n = run.n_replicates
    by_lost = {round(n * float(line.cells[4].sort or 0)): line for line in table.rows}
    for mine in of.values():
        hit = [row["impaired_s"] for row in mine if row["impaired_s"] > 0]
        lost = sum(
            row["demand_usd_per_h"]
            * sum(value for name, value in row.items() if name.startswith("lost_demand_h"))
            for row in mine
        )
        line = by_lost[round(lost)]
        assert line.cells[1].sort == len(mine) / n
        assert line.cells[1].text == businesses(len(mine) / n)
        assert line.cells[4].text == number(lost / n)
        assert line.cells[2].sort == pytest.approx(len(hit) / len(mine))
        assert line.cells[3].sort == pytest.approx(median(hit) / 3600)
    # What the engine booked as lost, sector by sector and length by length, is the same money.
    (booked,) = duckdb.execute(
        "SELECT sum(value) FROM read_parquet(?) WHERE quantity LIKE 'lost_usd%'",
        [str(shipped_run / "losses.parquet")],
    ).fetchone() or (0.0,)
    assert sum(by_lost) == pytest.approx(booked, abs=len(by_lost))


def test_sectors_together_would_have_what_all_demand_is_out_of(chase_run: Path) -> None:
    """Of a run that is no whole number of weeks, by how its hours are wanted."""
    run = open_run(chase_run)
    (whole,) = {
        float(row["denominator"])
        for row in read_rows(run, "summary.csv")
        if row["metric"] == "demand_lost_share"
    }
    of_h = sector_demand_h(run)
    rows = duckdb.execute(
        "SELECT sector, sum(demand_usd_per_h) FROM read_parquet(?) GROUP BY sector",
        [str(chase_run / "businesses.parquet")],
    ).fetchall()
    of_all = sum(of_h[sector] * usd_per_h for sector, usd_per_h in rows)
    assert of_all / run.n_replicates == pytest.approx(whole, rel=1e-9)
    # And each has the share that is said, to its two digits.
    said = {
        re.match(r"[\d.]+\s%", line.cells[4].range)[0]: float(line.cells[4].sort or 0)  # type: ignore[index]
        for line in (sector_table(run) or PageTable("", "", (), ())).rows
    }
    assert said
    for share, lost in said.items():
        among = [100 * lost * run.n_replicates / (of_h[one] * usd_per_h) for one, usd_per_h in rows]
        assert any(float(share.split()[0]) == float(f"{one:.2g}") for one in among)


def test_how_long_of_all_lies_between_how_long_of_the_sectors(
    shipped_run: Path, tmp_path: Path
) -> None:
    """Each is the median of businesses of all replicates."""
    for path in shipped_run.iterdir():
        if path.name != "businesses.parquet":
            (tmp_path / path.name).symlink_to(path)
    # In one replicate everything lasts fifty times as long.
    duckdb.execute(
        "COPY (SELECT * REPLACE (impaired_s * if(replicate = 0, 50, 1) AS impaired_s) "
        f"FROM '{shipped_run}/businesses.parquet') "
        f"TO '{tmp_path}/businesses.parquet' (FORMAT parquet)"
    )
    (middle,) = duckdb.execute(
        "SELECT median(impaired_s) / 3600 FROM read_parquet(?) WHERE impaired_s > 0",
        [str(tmp_path / "businesses.parquet")],
    ).fetchone() or (0.0,)
    table = sector_table(open_run(tmp_path))
    assert table is not None
    told = [float(line.cells[3].sort or 0) for line in table.rows if line.cells[2].sort]
    assert min(told) <= middle <= max(told)
    found = still_impaired(open_run(tmp_path))
    assert found is not None
    assert found.median_h == middle


@pytest.mark.parametrize(("n_still", "said"), [(2, "35 days"), (3, "at least 35 days")])
def test_the_middle_business_of_a_sector_is_one_of_them(
    n_still: int, said: str, shipped_run: Path, tmp_path: Path
) -> None:
    """Of three for 35 days and two for 45 in another replicate it is 35 days, and never 40."""
    for path in shipped_run.iterdir():
        if path.name not in ("businesses.parquet", "curves.parquet"):
            (tmp_path / path.name).symlink_to(path)
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE b AS SELECT * FROM '{shipped_run}/businesses.parquet'")
        connection.execute(
            "COPY (SELECT * REPLACE (if(replicate = 0, 35, 45) * 86400 AS impaired_s, 'a' AS "
            "sector) FROM (SELECT *, row_number() OVER (PARTITION BY replicate) AS n FROM b) "
            f"WHERE n <= 3 - replicate) TO '{tmp_path}/businesses.parquet' (FORMAT parquet)"
        )
        # All are impaired at first, and some in the first replicate at the end.
        connection.execute(
            "COPY (SELECT c.* REPLACE ('a' AS sector, moment AS t_s, n AS value, r AS replicate) "
            f"FROM (SELECT * FROM '{shipped_run}/curves.parquet' WHERE metric = "
            "'businesses_impaired' AND provider IS NULL AND role IS NULL LIMIT 1) AS c, "
            f"(VALUES (0, 0, 3), (0, 9, {n_still}), (1, 0, 2), (1, 9, 0)) AS v(r, moment, n)) "
            f"TO '{tmp_path}/curves.parquet' (FORMAT parquet)"
        )
    table = sector_table(open_run(tmp_path))
    assert table is not None
    (line,) = table.rows
    assert line.cells[3].text == said
    still = "three in five of them were still hit when the simulation ends on "
    assert line.cells[3].range.startswith(still) == (n_still == 3)
    assert bool(line.cells[3].range) == (n_still == 3)


def test_each_pair_of_sector_and_provider_has_its_share(shipped_run: Path, tmp_path: Path) -> None:
    for path in shipped_run.iterdir():
        if path.name != "businesses.parquet":
            (tmp_path / path.name).symlink_to(path)
    # Nobody is of one of the pairs.
    duckdb.execute(
        f"COPY (SELECT * FROM '{shipped_run}/businesses.parquet' WHERE (sector, provider) != "
        f"(SELECT min((sector, provider)) FROM '{shipped_run}/businesses.parquet')) "
        f"TO '{tmp_path}/businesses.parquet' (FORMAT parquet)"
    )
    run = open_run(tmp_path)
    table = sector_and_provider_table(run)
    assert table is not None
    rows = duckdb.execute(
        "SELECT sector, provider, impaired_s FROM read_parquet(?)",
        [str(tmp_path / "businesses.parquet")],
    ).fetchall()
    providers = [column.title for column in table.columns[1:]]
    sectors = sorted({sector for sector, _, _ in rows})
    assert sorted(providers) == sorted({provider for _, provider, _ in rows})
    n_empty = n_hit = 0
    for sector, line in zip(sectors, table.rows, strict=True):
        for provider, cell in zip(providers, line.cells[1:], strict=True):
            mine = [hit > 0 for one, at, hit in rows if (one, at) == (sector, provider)]
            n_empty, n_hit = n_empty + (not mine), n_hit + sum(mine)
            if mine:
                assert cell.sort == pytest.approx(sum(mine) / len(mine))
                assert cell.range == f"of {businesses(len(mine) / run.n_replicates)}"
            else:
                assert (cell.text, cell.sort, cell.range) == ("", "", "")
    assert n_empty == 1
    assert n_hit


@pytest.mark.parametrize(
    ("mean", "said"),
    [
        (0.0, "0"),
        (0.2, "<1"),
        (0.94, "<1"),
        (0.95, "1"),
        (1.4, "1"),
        (43.6, "44"),
        (1260.0, "1,260"),
    ],
)
def test_businesses_are_counted_whole(mean: float, said: str) -> None:
    assert businesses(mean) == said
