"""What of an operator is taken from its table as it stands."""

from dataclasses import replace

import numpy as np
import pytest

from sim.scenario.load import load_scenario
from sim.scenario.resolve import resolve
from sim.streams import Streams
from sim.world.operators import Overload, build_operators


@pytest.fixture(scope="module")
def resolved():
    return resolve(load_scenario("full-routers"))


def with_hours(resolved, hours: float):
    rows = [row.model_copy(update={"poll_interval_h": hours}) for row in resolved.operators.rows]
    return replace(resolved, operators=replace(resolved.operators, rows=tuple(rows)))


@pytest.mark.parametrize(("hours", "seconds"), [(1, 3600), (0.25, 900), (1e-4, 1), (12, 43_200)])
def test_an_interval_is_its_hours_and_a_second_at_least(resolved, hours, seconds):
    operators = build_operators(with_hours(resolved, hours), Streams(0, 0))
    assert set(operators.poll_interval_s.tolist()) == {seconds}
    assert np.all(operators.poll_phase_s < seconds)


def test_shares_compliance_and_room_are_those_of_the_row(resolved):
    rows = resolved.operators.rows
    operators = build_operators(resolved, Streams(0, 0))
    assert operators.name == tuple(row.operator for row in rows)
    assert operators.share_users.tolist() == [row.share_users for row in rows]
    assert operators.compliance.tolist() == [row.compliance for row in rows]
    room = {
        name: (int(operators.rule_capacity[row]), operators.overload[row])
        for row, name in enumerate(operators.name)
        if operators.overload[row] is not Overload.NONE
    }
    assert room == {"regional-fixed": (32, Overload.DEGRADE), "small-fixed": (32, Overload.STOP)}
    severity = dict(zip(operators.name, operators.overload_severity.tolist(), strict=True))
    assert severity.pop("regional-fixed") == 0.25
    assert not any(severity.values())
