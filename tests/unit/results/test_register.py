"""The register read back says what the engine's own count of listed addresses says."""

from __future__ import annotations

import ipaddress
from itertools import pairwise
from pathlib import Path

import duckdb
import pytest

from sim.errors import DataError, UsageError
from sim.results.folder import RunFolder, open_run
from sim.results.register import NEVER, read_register


@pytest.fixture
def chase(chase_run: Path) -> RunFolder:
    return open_run(chase_run)


@pytest.mark.parametrize("replicate", [0, 1])
def test_listed_addresses_are_as_many_as_the_curve_says(
    shipped_run: Path, chase: RunFolder, replicate: int
) -> None:
    for run in (open_run(shipped_run), chase):
        history = read_register(run, replicate=replicate)
        curve = run.curve("addresses_listed_with_target")
        mine = curve.replicate == replicate
        assert mine.sum() > 5
        for t_s, count in zip(curve.t_s[mine].tolist(), curve.value[mine], strict=True):
            assert history.listed_at(t_s).n_addresses == count


def test_nothing_changes_between_two_changes(chase: RunFolder) -> None:
    history = read_register(chase)
    times = history.change_s
    assert times[0] == 0
    for before, after in pairwise(times):
        assert history.listed_at(int(after) - 1) == history.listed_at(int(before))


def test_fronts_are_where_and_when_the_events_say(chase: RunFolder) -> None:
    fronts = read_register(chase).fronts
    rows = duckdb.execute(
        f"SELECT kind, t_s, front, address FROM '{chase.path}/events.parquet' "
        "WHERE replicate = 0 AND front IS NOT NULL"
    ).fetchall()
    rented = [row for row in rows if row[0] == "rented"]
    assert fronts.address.size == len(rented) > 6
    for _, t_s, front, address in rented:
        assert fronts.address[front] == int(ipaddress.IPv4Address(address))
        assert fronts.rented_s[front] == t_s
    for kinds, times in (
        (("discovered",), fronts.discovered_s),
        (("evicted", "cancelled"), fronts.gone_s),
    ):
        known = {front: t_s for name, t_s, front, _ in rows if name in kinds}
        assert known
        for front in range(len(rented)):
            assert times[front] == known.get(front, NEVER)
    gone = int((fronts.gone_s != NEVER).nonzero()[0][0])
    at = int(fronts.gone_s[gone])
    assert fronts.at(at - 1)[gone]
    assert not fronts.at(at)[gone]
    assert fronts.at(0).sum() == 6


def test_a_run_without_fronts_has_none(shipped_run: Path) -> None:
    assert read_register(open_run(shipped_run)).fronts.address.size == 0


def test_another_strategy_or_replicate_is_refused(shipped_run: Path) -> None:
    run = open_run(shipped_run)
    with pytest.raises(UsageError, match="expected a replicate from 0 to 1, got 2"):
        read_register(run, replicate=2)
    with pytest.raises(UsageError, match="unknown strategy 'exact'; known: replay"):
        read_register(run, "exact")


def test_entries_without_an_order_are_refused(shipped_single_run: Path, tmp_path: Path) -> None:
    for name in ("manifest.json", "scenario.resolved.json", "entries.parquet"):
        (tmp_path / name).symlink_to(shipped_single_run / name)
    duckdb.execute(
        f"COPY (SELECT * FROM '{shipped_single_run}/events.parquet' WHERE kind <> 'block' "
        f"OR entry < 3) TO '{tmp_path}/events.parquet' (FORMAT parquet)"
    )
    with pytest.raises(DataError, match="expected an order for every entry, got none for some"):
        read_register(open_run(tmp_path))
