"""The map of the explorer, under way and finished, holds the /16 networks that the tables list."""

from __future__ import annotations

import base64
import ipaddress
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

import sim
from sim.engine.record.curves import Series
from sim.engine.state.tally import Group
from sim.explore.answer import answer_of
from sim.explore.live_map import LiveMap
from sim.report.figures.map_frames import WINDOW
from sim.results.read import open_run

SHORT = {"population.n_businesses": 30, "end": "2018-04-18T00:00+03:00"}
STRATEGIES = ("exact", "covering-prefix")


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mapped") / "out"
    sim.compare(
        "telegram-2018", list(STRATEGIES), n_replicates=1, n_draws=0, set=SHORT, folder=folder
    )
    return folder


def most_listed(folder: Path, strategy: str) -> tuple[int, float]:
    """When most is listed of the one replicate, and how much, the target's own left out."""
    return duckdb.execute(
        "SELECT t_s, value FROM read_parquet(?) WHERE strategy = ? AND metric = 'addresses_listed' "
        "AND provider IS NULL AND sector IS NULL AND role IS NULL ORDER BY value DESC, t_s LIMIT 1",
        [str(folder / "curves.parquet"), strategy],
    ).fetchone() or (0, 0.0)


def networks_in_force(folder: Path, strategy: str, at_s: int) -> set[int]:
    """The /16 networks of all entries that are in force at a time, by the tables alone."""
    rows = duckdb.execute(
        "SELECT prefix FROM read_parquet(?) AS entry WHERE strategy = ? "
        "AND mechanism IN ('drop', 'throttle') AND entry IN ("
        "  SELECT entry FROM read_parquet(?) WHERE strategy = ? AND kind = 'block' AND t_s <= ?) "
        "AND entry NOT IN ("
        "  SELECT entry FROM read_parquet(?) WHERE strategy = ? AND kind = 'unblock' AND t_s <= ?)",
        [
            str(folder / "entries.parquet"), strategy,
            str(folder / "events.parquet"), strategy, at_s,
            str(folder / "events.parquet"), strategy, at_s,
        ],
    ).fetchall()  # fmt: skip
    found: set[int] = set()
    for (prefix,) in rows:
        network = ipaddress.ip_network(prefix)
        if network.version == 4:
            first, last = int(network.network_address) >> 16, int(network.broadcast_address) >> 16
            found.update(range(first, last + 1))
    return found


def networks_on(map_: dict[str, Any]) -> set[int]:
    pixel = np.frombuffer(base64.b64decode(map_["pixel"]), "<u2")
    level = np.frombuffer(base64.b64decode(map_["level"]), "u1")
    assert pixel.size == level.size
    assert (level > 0).all()
    return set((WINDOW.first_address.ravel()[pixel] >> 16).tolist())


def test_the_map_of_an_answer_is_of_when_most_was_listed(compared: Path) -> None:
    maps = answer_of(compared)["maps"]
    shown = [one for one in maps if one["strategy"] in STRATEGIES]
    assert {one["strategy"] for one in shown} == set(STRATEGIES)
    sizes = set()
    for one in shown:
        at_s, _ = most_listed(compared, one["strategy"])
        expected = networks_in_force(compared, one["strategy"], at_s)
        assert len(expected) > 3
        assert networks_on(one) == expected
        assert "listed on 1" in one["title"]
        sizes.add(len(expected))
    assert len(sizes) == 2


def test_the_map_under_way_is_of_the_first_replicate_once_it_is_finished(compared: Path) -> None:
    start = open_run(compared).start
    live = LiveMap(STRATEGIES, start)
    series = (
        Series("target_reached_share", Group(), 1.0),
        Series("addresses_listed", Group(), 1.0),
    )
    tables = {name: (compared / f"{name}.parquet").read_bytes() for name in ("events", "entries")}
    for draw, strategy, replicate in ((0, "exact", 0), (0, "covering-prefix", 0)):
        at_s, most = most_listed(compared, strategy)
        key = (draw, strategy, replicate)
        # The most comes in the middle of three goes, whatever their times; a draw and a later
        # replicate do not count.
        live.note(key, [0, 60], np.array([[1.0, 0.0], [0.5, 3.0]]), series)
        live.note(key, [at_s], np.array([[0.5, most]]), series)
        live.note((1, strategy, replicate), [at_s + 1], np.array([[0.5, 2 * most]]), series)
        live.note((draw, strategy, 1), [at_s + 2], np.array([[0.5, 2 * most]]), series)
        live.note(key, [at_s // 4], np.array([[0.5, most / 2]]), series)
        expected = networks_in_force(compared, strategy, at_s)
        assert expected != networks_in_force(compared, strategy, at_s // 4)
        before = live.maps()
        live.finish((1, strategy, replicate), tables)
        assert live.maps() == before
        live.finish(key, tables)
        assert networks_on(live.maps()[-1]) == expected
    assert [one["strategy"] for one in live.maps()] == list(STRATEGIES)
    assert live.maps()[0]["note"].startswith("Of the first replicate")


def test_a_run_without_tables_changes_no_map(compared: Path) -> None:
    live = LiveMap(STRATEGIES, open_run(compared).start)
    series = (Series("addresses_listed", Group(), 1.0),)
    live.note((0, "exact", 0), [0], np.array([[5.0]]), series)
    live.finish((0, "exact", 0), {})
    assert live.maps() == []
