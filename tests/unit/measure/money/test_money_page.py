"""The page on money says what the tables say."""

import csv

import pytest

from sim.measure.money.money_parameters import economy_parameters
from sim.measure.money.national import NATIONAL_METHODS, national_loss_usd
from sim.scenario.library import shipped
from sim.scenario.tables.money import EconomyRow
from sim.scenario.tables.seeds import read_table
from tests.firms import LOW_TIER, central

SEEDS = shipped("seeds")
PAGE = (SEEDS.parent / "docs/explanation/money.md").read_text(encoding="utf-8").splitlines()


def rows_of(table):
    with (SEEDS / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_parameter_stands_on_the_page_as_in_its_table():
    rows = rows_of("money-parameters")
    assert len(rows) > 60
    expected = [
        f"| `{r['key']}` | {r['sector'] or 'others'} | {r['spell_class'] or 'all'} | {r['value']} "
        f"[{r['low']}, {r['high']}] | {r['unit']} | {r['kind']} |"
        for r in rows
    ]
    first = PAGE.index(expected[0])
    assert PAGE[first : first + len(expected)] == expected
    assert not PAGE[first + len(expected)].startswith("|")


def test_every_constant_stands_on_the_page_as_in_its_table():
    rows = rows_of("economy-russia-2018")
    expected = [
        f"| `{r['key']}` | {r['value']} [{r['low']}, {r['high']}] | {r['unit']} | {r['kind']} | "
        f"{r['source']} |"
        for r in rows
    ]
    first = PAGE.index(expected[0])
    assert PAGE[first : first + len(expected)] == expected
    assert not PAGE[first + len(expected)].startswith("|")


@pytest.mark.parametrize("method", NATIONAL_METHODS, ids=lambda method: method.id)
def test_a_day_of_each_method_stands_on_the_page(method):
    table = read_table("e", SEEDS / "economy-russia-2018.csv", EconomyRow)
    loss = national_loss_usd(method, economy_parameters((*table.rows, *LOW_TIER), central), 1, 1)
    (line,) = [line for line in PAGE if line.startswith(f"| `{method.id}` |")]
    assert line.endswith(f"| {float(loss[0]) / 1e6:.0f} million USD |")
