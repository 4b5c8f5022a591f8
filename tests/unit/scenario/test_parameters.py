"""The page of parameters and the tables of symbols: fresh, and nothing of an equation missing."""

import re
from pathlib import Path
from typing import get_args

import pytest

from sim.scenario.library import shipped
from sim.scenario.schema import meaning_of
from sim.scenario.tables import rows as tables
from sim.scenario.tables import sharing as tables_sharing
from sim.scenario.tables.rows import AssumptionRow
from sim.scenario.tables.seeds import read_table
from tools.scenario_page import Symbol, keys_by_path, read_symbols

DOCS = Path(__file__).parents[3] / "docs"
SYMBOLS = read_symbols(DOCS)
KEYS = {key for symbol in SYMBOLS for key in symbol.keys}
ROWS = {
    "register.cadence": tables.CadenceRow,
    "operators.groups": tables.OperatorRow,
    "population.sectors": tables.SectorRow,
    "population.revenue_per_visit": tables.VisitRow,
    "population.demand_profiles": tables.ProfileRow,
    "population.hosting": tables.HostingRow,
    "population.components": tables_sharing.ComponentRow,
    "population.services": tables_sharing.ServiceRow,
    "names.sharing": tables_sharing.SharingRow,
    "names.parked": tables_sharing.ParkedRow,
    "fronts.pools": tables.PoolRow,
    "reactions.responses": tables.ResponseRow,
    "censor.pressure_events": tables.PressureRow,
}
NO_PARAMETER = {"low", "high", "index"}


def test_every_number_of_the_language_is_a_symbol():
    path = DOCS.parent / "seeds" / "assumptions.csv"
    rows = read_table("assumptions", path, AssumptionRow).rows
    assert len(rows) > 40
    numbers = {p for p, key in keys_by_path().items() if re.match(r"number|whole|share", key.type)}
    assert {row.key for row in rows} <= numbers <= KEYS


def test_a_key_without_a_row_takes_its_symbol_from_the_schema(tmp_path):
    (tmp_path / "reference").mkdir()
    path = tmp_path / "reference" / "symbols.csv"
    path.write_text("page,section,symbol,unit,key,meaning\n", encoding="utf-8")
    found = {symbol.keys: symbol for symbol in read_symbols(tmp_path)}
    assert found["strategy.ttl_h",] == Symbol(
        "strategies", "Symbols", "ttl", "s", ("strategy.ttl_h",), "time an entry stays in force"
    )
    assert found["users.tick_h",].page == ""
    assert ("strategy.id",) not in found
    assert ("strategy.orders",) not in found


@pytest.mark.parametrize("key", sorted(ROWS))
def test_every_number_of_a_table_is_a_symbol(key):
    numbers = {
        name
        for name, field in ROWS[key].model_fields.items()
        if {int, float} & {field.annotation, *get_args(field.annotation)}
        or any({int, float} & set(get_args(part)) for part in get_args(field.annotation))
    }
    assert len(numbers) > 0
    assert {f"{key}:{name}" for name in numbers - NO_PARAMETER} <= KEYS


def test_every_key_of_a_symbol_exists():
    keys = keys_by_path()
    for key in KEYS:
        path, _, column = key.partition(":")
        assert path in keys, key
        assert not column or key.split(":")[0] in {*ROWS, "strategy.orders", "strategy.allowed"} | {
            "censor.exempt",
            "strategy.sessions",
        }


# Keys in words: from the note of a table, from the schema, else from the key itself.


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("population.n_businesses", "number of domestic businesses hosted in foreign clouds"),
        ("fronts.n_fronts", "fronts at the start"),
        ("operators-russia-2018.compliance", "share of the block list that an operator enforces"),
        ("money-parameters.revenue_level", "revenue level"),
        ("no.such_key", "such key"),
        # A parameter of a strategy is found among all of them.
        ("strategy.purity", "least share of the prefix's addresses that must be the provider's"),
    ],
)
def test_a_key_is_said_in_words(key, said):
    path = shipped("seeds") / f"{key.rpartition('.')[0]}.csv"
    assert meaning_of(key, path if path.exists() else None) == said
