"""A run ends where the last of its cases is read, and says the same until then."""

from __future__ import annotations

from pathlib import Path

import pytest
from numpy.testing import assert_array_equal

from sim.backtest.readings import read_run
from sim.backtest.scores import RunGroup, group_runs
from sim.scenario.load import load_scenario
from sim.scenario.resolve import resolve
from tests.cases import case_file

FEW = "population.n_businesses=60"
RUN = f"kind: run, scenario: telegram-2018, overrides: ['{FEW}']"
AT = f"{{{RUN}, curve: businesses_affected, at: '2018-04-18T12:00+03:00'}}"
UNTIL = f"{{{RUN}, curve: addresses_listed, until: '2018-04-19T00:00+03:00', take: mean}}"
WHOLE = f"{{{RUN}, measure: addresses_listed_peak}}"


def group(folder: Path, *predictors: str) -> RunGroup:
    (only,) = group_runs(case_file(folder, *({"predictor": one} for one in predictors)).cases)
    return only


@pytest.mark.parametrize(
    ("predictors", "end"),
    [
        ((AT,), "2018-04-18T12:00:01+03:00"),
        ((UNTIL, AT), "2018-04-19T00:00:00+03:00"),
        ((AT, WHOLE), ""),
    ],
)
def test_a_run_ends_where_the_last_of_its_cases_is_read(
    predictors: tuple[str, ...], end: str, tmp_path: Path
) -> None:
    cut = group(tmp_path, *predictors).resolved.scenario.end
    whole = resolve(load_scenario("telegram-2018", [FEW])).scenario.end
    assert cut.isoformat() == (end or whole.isoformat())


def test_what_comes_later_moves_nothing_before_it(tmp_path: Path) -> None:
    cut = group(tmp_path, UNTIL, AT)
    longer = resolve(load_scenario("telegram-2018", [FEW, "end=2018-05-09T00:00+03:00"]))
    readings = {each.case.id: each.case.predictor for each in cut.cases}
    mine, other = (read_run(each, cut.root_seed, 3, readings) for each in (cut.resolved, longer))
    assert mine.keys() == other.keys() == {"c0", "c1"}
    for case, numbers in mine.items():
        assert numbers[0] > 0
        assert_array_equal(numbers, other[case])
