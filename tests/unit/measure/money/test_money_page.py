"""The page on money has a day of each national method."""

import pytest

from sim.measure.money.accounts import NATIONAL_METHODS, national_loss_usd
from sim.measure.money.prices import economy_parameters
from sim.scenario.library import shipped
from sim.scenario.tables.money import EconomyRow
from sim.scenario.tables.seeds import read_table
from tests.firms import central

SEEDS = shipped("seeds")
PAGE = (SEEDS.parent / "docs/explanation/money.md").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("method", NATIONAL_METHODS, ids=lambda method: method.id)
def test_a_day_of_each_method_stands_on_the_page(method):
    table = read_table("e", SEEDS / "economy-russia-2018.csv", EconomyRow)
    loss = national_loss_usd(method, economy_parameters(table.rows, central), 1, 1)
    (line,) = [line for line in PAGE if line.startswith(f"| `{method.id}` |")]
    assert line.endswith(f"| {float(loss[0]) / 1e6:.0f} million USD |")
