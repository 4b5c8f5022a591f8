"""What of an operator is taken from its table as it stands."""

from dataclasses import replace

import numpy as np
import pytest
from pydantic import ValidationError

from sim.scenario.resolve import check_together
from sim.scenario.tables.rows import OperatorRow
from sim.streams import Streams
from sim.world.operators import Overload, build_operators
from tests.experiments import resolved_of


@pytest.fixture(scope="module")
def resolved():
    whole = resolved_of("full-routers")
    alone = dict.fromkeys(("n_operators", "cohorts", "over_dispersion"))
    rows = tuple(row.model_copy(update=alone) for row in whole.operators.rows)
    return replace(whole, operators=replace(whole.operators, rows=rows))


@pytest.mark.parametrize(("hours", "seconds"), [(1, 3600), (0.25, 900), (1e-4, 1), (12, 43_200)])
def test_an_interval_is_its_hours_and_a_second_at_least(resolved, hours, seconds):
    rows = [row.model_copy(update={"poll_interval_h": hours}) for row in resolved.operators.rows]
    changed = replace(resolved, operators=replace(resolved.operators, rows=tuple(rows)))
    operators = build_operators(changed, Streams(0, 0))
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


COHORTS = {"n_operators": 10, "cohorts": 4, "over_dispersion": 0.2}


def with_values(resolved, operator: str, **values: object):
    rows = [
        OperatorRow.model_validate(row.model_dump() | values) if row.operator == operator else row
        for row in resolved.operators.rows
    ]
    return replace(resolved, operators=replace(resolved.operators, rows=tuple(rows)))


def test_a_group_is_split_in_cohorts_that_share_its_users_and_its_luck(resolved):
    operators = build_operators(with_values(resolved, "other-mobile", **COHORTS), Streams(0, 0))
    rows = [row for row, group in enumerate(operators.group) if group == "other-mobile"]
    assert [operators.name[row] for row in rows] == [
        f"other-mobile#{part}" for part in (1, 2, 3, 4)
    ]
    np.testing.assert_allclose(operators.share_users[rows], [0.002, 0.003, 0.002, 0.003])
    assert operators.share_users.sum() == pytest.approx(1)
    assert set(operators.luck_row[rows].tolist()) == {7}
    assert np.all(np.diff(operators.compliance[rows]) <= 0)


def test_who_is_not_split_keeps_its_luck_beside_cohorts(resolved):
    before = build_operators(resolved, Streams(0, 0))
    after = build_operators(with_values(resolved, "other-mobile", **COHORTS), Streams(0, 0))
    kept = [after.name.index(name) for name in before.name if name != "other-mobile"]
    others = [row for row, name in enumerate(before.name) if name != "other-mobile"]
    for column in ("poll_phase_s", "apply_lag_s", "release_lag_s", "compliance", "luck_row"):
        assert np.array_equal(getattr(before, column)[others], getattr(after, column)[kept]), column
    more = with_values(resolved, "other-mobile", **(COHORTS | {"cohorts": 5}))
    small = with_values(more, "regional-fixed", **COHORTS)
    first, second = (build_operators(one, Streams(0, 0)) for one in (more, small))
    mine = [row for row, group in enumerate(first.group) if group == "other-mobile"]
    assert np.array_equal(first.apply_lag_s[mine], second.apply_lag_s[mine])


def test_a_row_without_cohorts_may_say_how_many_it_stands_for(resolved):
    operators = build_operators(
        with_values(resolved, "small-fixed", n_operators=4000), Streams(0, 0)
    )
    assert operators.n_operators == 11


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"cohorts": 2}, "expected cohorts and over_dispersion together"),
        ({"n_operators": 9, "over_dispersion": 0.1}, "expected cohorts and over_dispersion"),
        ({"cohorts": 2, "over_dispersion": 0.1}, "n_operators of at least cohorts, 2, got none"),
        (COHORTS | {"cohorts": 11}, "expected n_operators of at least cohorts, 11, got 10"),
        ({"adoption_median_d": 3.0}, "adoption_median_d and adoption_sigma together, got 1 of"),
        (COHORTS | {"n_operators": 100_001}, "less than or equal to 100000"),
    ],
)
def test_half_a_cohort_or_adoption_is_refused(resolved, values, message):
    with pytest.raises(ValidationError, match=message):
        with_values(resolved, "small-fixed", **values)


def test_cohorts_count_among_the_operators_that_a_table_may_have(resolved):
    asked = with_values(resolved, "small-fixed", **(COHORTS | {"n_operators": 99, "cohorts": 23}))
    (problem,) = check_together(asked)
    assert "expected at most 32 cohorts of operators, got 33" in problem.message
    fewer = with_values(resolved, "small-fixed", **(COHORTS | {"n_operators": 99, "cohorts": 22}))
    assert not check_together(fewer)
