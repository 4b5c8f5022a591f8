"""The page on money says what the tables say."""

import csv
import re

import pytest

from sim.experiment.simulation import Simulation
from sim.measure.money.accounts import MODELLED, SHUTDOWN, draw_up_accounts
from sim.measure.money.money_parameters import economy_parameters
from sim.measure.money.national import NATIONAL_METHODS, national_loss_usd
from sim.report.words.money import difference_sentence, times
from sim.scenario.library import shipped
from sim.scenario.load import load_scenario
from sim.scenario.resolve import resolve
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


@pytest.fixture(scope="module")
def replay():
    """What every method says of the replay of April 2018, as ``overblock run`` has it."""
    resolved = resolve(load_scenario("telegram-2018-replay"))
    scenario = resolved.scenario
    runs = Simulation({("",): resolved}, scenario.root_seed, with_tables=False).begin()
    totals = [runs(("", replicate)).totals for replicate in range(scenario.n_replicates)]
    return draw_up_accounts(resolved, scenario.root_seed, totals).methods


def test_how_far_methods_are_apart_stands_in_the_documents_as_it_is_printed(replay):
    printed = difference_sentence((line.scope, line.mean) for line in replay)
    low, high, apart = re.search(
        r"are (\S+) to (\S+) times the private loss as given .*, and (\S+) times apart", printed
    ).groups()
    meanings = SEEDS.parent / "docs" / "explanation" / "what-numbers-mean.md"
    said = " ".join(meanings.read_text(encoding="utf-8").split())
    assert (
        f"in `telegram-2018-replay` they come to {low} to {high} times the private loss, and lie "
        f"{apart} times apart;"
    ) in said
    private = next(line.mean for line in replay if line.scope == MODELLED)
    most = max(line.mean for line in replay if line.scope == SHUTDOWN) / private
    page = " ".join(" ".join(PAGE).split())
    assert f"({apart} with the medium tier)" in page
    assert f"from a firm-level sum by up to {times(most)} (in the replay" in page
