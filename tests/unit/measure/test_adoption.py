"""Addresses that each operator drops, weighted by users, are the engine's own curve."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sim.addresses.sets.intervals import IntervalSet
from sim.measure.adoption import _overlapping, adoption
from sim.measure.bands import step_values, values_at
from sim.measure.by_operator import DROPPED, operator_curves
from sim.measure.even_bands import even_times
from sim.results.folder import open_run
from sim.results.register import (
    NEVER,
    Enforcement,
    Fronts,
    RegisterHistory,
    read_enforcement,
    read_register,
)
from sim.scenario.tables.rows import OperatorRow
from sim.scenario.tables.seeds import read_table


@pytest.mark.parametrize("replicate", [0, 1])
def test_operators_weighted_by_users_drop_what_the_engine_counted(
    shipped_run: Path, chase_run: Path, replicate: int
) -> None:
    for run in (open_run(shipped_run), open_run(chase_run)):
        path = run.input_path("operators-russia-2018")
        assert path is not None
        operators = read_table("operators", path, OperatorRow).rows
        found = adoption(
            read_register(run, replicate=replicate),
            read_enforcement(run, replicate=replicate),
            [name for row in operators for name in row.actors],
            even_times(run.horizon_s),
        )
        users = np.array([row.share_users for row in operators])
        by_group = found.by_group([row.cohort_sizes for row in operators])
        assert len(found.dropped) > len(by_group.dropped) == users.size
        for metric, values in (
            ("addresses_dropped_with_target", users @ by_group.dropped),
            ("addresses_listed_with_target", found.listed),
        ):
            curve = run.curve(metric)
            mine = curve.replicate == replicate
            expected = step_values(curve.t_s[mine], curve.value[mine], found.t_s)
            assert expected.max() > 1e6
            assert np.abs(values - expected).max() < 1e-3


def test_the_targets_own_ranges_are_dropped_and_do_not_count_where_they_shall_not(
    shipped_run: Path,
) -> None:
    run = open_run(shipped_run)
    path = run.input_path("operators-russia-2018")
    assert path is not None
    share = {row.operator: row.share_users for row in read_table("o", path, OperatorRow).rows}
    at_s = even_times(run.horizon_s)
    most = {}
    for metric in DROPPED:
        own = operator_curves(run, metric)
        together = sum(share[name] * values_at(points, at_s) for name, points in own.items())
        expected = values_at(run.curve(metric), at_s)
        assert np.abs(together - expected).max() < 1e-3
        most[metric] = expected.max()
    assert most["addresses_dropped_with_target"] > most["addresses_dropped"] > 0


def test_entries_that_share_an_address_with_others_are_found() -> None:
    others = IntervalSet.of("192.0.2.64/26", "255.255.255.255")
    sets = [
        IntervalSet.of(*texts)
        for texts in (
            ("192.0.2.0/26",),  # ends where the other begins
            ("192.0.2.128/25",),  # begins where it ends
            ("192.0.2.127",), ("192.0.2.64",), ("192.0.0.0/16",), (), ("10.0.0.0/8", "192.0.2.70"),
            ("10.0.0.0/8", "255.255.255.254"), ("255.255.255.254/31",), ("0.0.0.0/0",),
        )
    ]  # fmt: skip
    expected = [row for row, one in enumerate(sets) if one.intersection(others).n_addresses]
    assert expected == [2, 3, 4, 6, 8, 9]
    assert _overlapping(sets, others) == expected
    assert _overlapping(sets, IntervalSet.of("9.0.0.0/8")) == [9]
    assert _overlapping(sets, IntervalSet.empty()) == []
    assert _overlapping([], others) == []


def history() -> RegisterHistory:
    """Two overlapping entries, the second withdrawn, and an exemption."""
    none = np.empty(0, np.int64)
    return RegisterHistory(
        addresses=(
            IntervalSet.of("192.0.2.0/24"),
            IntervalSet.of("192.0.2.128/25", "198.51.100.0/25"),
            IntervalSet.of("192.0.2.0/26"),
        ),
        is_listing=np.array([True, True, False]),
        is_exempt=np.array([False, False, True]),
        placed_s=np.array([10, 20, 30]),
        withdrawn_s=np.array([NEVER, 50, NEVER]),
        fronts=Fronts(none, none, none, none),
    )


def test_a_piece_is_dropped_once_and_an_exemption_lets_it_pass() -> None:
    enforcement = Enforcement(
        t_s=np.array([12, 22, 35, 55, 12]),
        entry=np.array([0, 1, 2, 1, 1]),
        operator=np.array(["a", "a", "a", "a", "b"]),
        is_begin=np.array([True, True, True, False, True]),
    )
    times = np.array([0, 12, 22, 35, 52, 55])
    found = adoption(history(), enforcement, ["a", "b", "c"], times)
    assert found.listed.tolist() == [0, 256, 384, 320, 192, 192]
    assert found.dropped.tolist() == [
        [0, 256, 384, 320, 320, 192],  # released later than withdrawn
        [0, 256, 256, 256, 256, 256],
        [0] * 6,
    ]
    halves = found.by_group([(3, 1), (5,)])
    assert halves.dropped.tolist() == [[0, 256, 352, 304, 304, 208], [0] * 6]
    share = found.share
    assert np.isnan(share[:, 0]).all()  # nothing is listed: no share, not zero
    assert share[0, 4] == pytest.approx(320 / 192)
    assert (share[2, 1:] == 0).all()
