"""The map of the page: frames played one after the other are the addresses listed."""

from __future__ import annotations

import base64
import ipaddress
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from sim.report.figures.map_frames import (
    MAX_FRAMES,
    levels_of,
    map_data,
    middle_replicate,
    replicates_text,
    shown_replicates,
)
from sim.report.page.over_time.charts import read_drawn
from sim.results.read import CurvePoints, open_run


@pytest.fixture(scope="module")
def map_(shipped_run: Path) -> dict[str, Any]:
    run = open_run(shipped_run)
    return map_data(run, read_drawn(run).listed)


def test_the_map_has_a_frame_at_the_moment_of_the_charts(
    map_: dict[str, Any], shipped_run: Path
) -> None:
    run = open_run(shipped_run)
    moment = map_["t"][3] + 1
    assert moment not in map_["t"]
    with_moment = map_data(run, read_drawn(run).listed, moment)
    assert with_moment["t"] == sorted([*map_["t"], moment])
    before, there = (with_moment["strategies"]["replay"]["frames"][row]["n"] for row in (3, 4))
    assert there == before > 0


def words(text: str) -> list[int]:
    return np.frombuffer(base64.b64decode(text), "<u2").tolist()


def networks(way: dict[str, Any]) -> dict[int, int]:
    """Which /16 each pixel is, step by step."""
    taken = base64.b64decode(way["taken"])
    pixel = way["first"]
    found = {pixel: 0}
    for row in range(65_535):
        pixel += way["steps"][taken[row // 4] // 4 ** (row % 4) % 4]
        found[pixel] = row + 1
    return found


def levels(text: str) -> list[int]:
    return list(base64.b64decode(text))


def played(map_: dict[str, Any], frame: int) -> dict[int, int]:
    """Level of each /16 after so many frames, by its first two bytes."""
    network = networks(map_["way"])
    found: dict[int, int] = {}
    for change in map_["strategies"]["replay"]["frames"][: frame + 1]:
        for pixel, level in zip(words(change["pixel"]), levels(change["level"]), strict=True):
            found[network[pixel]] = level
    return {network: level for network, level in found.items() if level}


def listed_at(run: Path, replicate: int, t_s: int) -> list[ipaddress.IPv4Network]:
    """Prefixes in force, in SQL and with the standard library's own arithmetic."""
    rows = duckdb.execute(
        f"""
        SELECT prefix FROM '{run}/entries.parquet' AS entries
        JOIN '{run}/events.parquet' AS block ON block.replicate = entries.replicate
            AND block.entry = entries.entry AND block.kind = 'block' AND block.t_s <= $t
        WHERE entries.replicate = $replicate AND NOT EXISTS (
            FROM '{run}/events.parquet' AS gone WHERE gone.replicate = entries.replicate
            AND gone.entry = entries.entry AND gone.kind = 'unblock' AND gone.t_s <= $t)
        """,
        {"t": t_s, "replicate": replicate},
    ).fetchall()
    return list(ipaddress.collapse_addresses(ipaddress.IPv4Network(text) for (text,) in rows))


def test_frames_played_are_the_register_of_the_run(shipped_run: Path, map_: dict[str, Any]) -> None:
    frames = map_["strategies"]["replay"]["frames"]
    assert len(frames) == len(map_["t"]) <= MAX_FRAMES
    for frame in (0, len(frames) // 2, len(frames) - 1):
        prefixes = listed_at(shipped_run, map_["replicate"], map_["t"][frame])
        assert frames[frame]["n"] == sum(prefix.num_addresses for prefix in prefixes)
        expected: dict[int, int] = {}
        for prefix in prefixes:
            first, last = int(prefix[0]) >> 16, int(prefix[-1]) >> 16
            for network in range(first, last + 1):
                size = min(prefix.num_addresses, 65_536)
                expected[network] = expected.get(network, 0) + size
        level = {
            network: 255 if size == 65_536 else min(max(round(255 * size / 65_536), 1), 254)
            for network, size in expected.items()
        }
        assert played(map_, frame) == level


def test_going_on_and_coming_back_is_told_by_the_time(
    shipped_run: Path, map_: dict[str, Any]
) -> None:
    counts = [frame["n"] for frame in map_["strategies"]["replay"]["frames"]]
    assert map_["t"] == sorted(set(map_["t"]))
    ((peak,),) = duckdb.execute(
        f"SELECT max(value) FROM '{shipped_run}/curves.parquet' WHERE replicate = ? "
        "AND metric = 'addresses_listed_with_target'",
        [map_["replicate"]],
    ).fetchall()
    assert max(counts) == peak
    assert counts[-1] < max(counts)


def test_providers_are_those_who_hold_the_prefixes(map_: dict[str, Any]) -> None:
    network = networks(map_["way"])
    owner = dict(zip(words(map_["owner"]["pixel"]), levels(map_["owner"]["provider"]), strict=True))
    named = {network[pixel]: map_["providers"][row] for pixel, row in owner.items()}
    assert named[(52 << 8) + 16] == "AWS"
    assert (10 << 8) not in named
    frame = map_["strategies"]["replay"]["frames"][-1]
    assert sum(frame["by"]) <= frame["n"]


def test_the_squares_of_the_map_are_named_as_on_xkcd_195(map_: dict[str, Any]) -> None:
    assert map_["network8"][0][:4] == [0, 1, 14, 15]
    assert map_["network8"][0][15] == 255
    network = networks(map_["way"])
    assert sorted(network) == sorted(network.values()) == list(range(65_536))
    # The square of a /8 has 16 pixels a side, and is the one that its name stands in.
    squares = {(pixel // 256 // 16, pixel % 256 // 16, one >> 8) for pixel, one in network.items()}
    assert len(squares) == 256
    assert all(map_["network8"][row][column] == name for row, column, name in squares)


def test_one_address_is_seen_and_all_but_one_is_not_all() -> None:
    share = np.array([0, 1, 2, 32_768, 65_535, 65_536]) / 65_536
    assert levels_of(share).tolist() == [0, 1, 1, 128, 254, 255]


def curve(*peaks: float) -> CurvePoints:
    n = len(peaks)
    replicate = np.repeat(np.arange(n), 2)
    value = np.array([[0.0, peak] for peak in peaks]).ravel()
    return CurvePoints(replicate, np.tile([0, 5], n), value, np.full(2 * n, np.nan))


def test_the_replicate_shown_is_the_one_in_the_middle() -> None:
    assert middle_replicate([curve(9, 1, 5)]) == 2
    assert middle_replicate([curve(9, 1, 5), curve(8, 2, 6)]) == 2
    assert middle_replicate([curve(3)]) == 0
    assert middle_replicate([curve(4, 4, 4)]) == 0
    # Of a comparison that was interrupted, only what all strategies have.
    assert middle_replicate([curve(9, 5, 1), curve(9)]) == 0
    other = curve(7, 7)
    late = CurvePoints(other.replicate + 1, other.t_s, other.value, other.denominator)
    assert middle_replicate([curve(9, 1, 5), late]) in (1, 2)


def test_strategies_without_a_replicate_in_common_show_one_each() -> None:
    one, other = curve(3, 9, 4), curve(7, 7)
    later = CurvePoints(other.replicate + 5, other.t_s, other.value, other.denominator)
    assert shown_replicates({"a": one, "b": later}) == {"a": 2, "b": 5}
    assert replicates_text({"a": 2, "b": 5}) == "2 (a), 5 (b)"
    assert replicates_text(shown_replicates({"a": one, "b": other})) in ("0", "1")
