"""The page of parameters and the tables of symbols: fresh, and nothing of an equation missing."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from sim.scenario.tables import rows as table_rows
from sim.scenario.tables import rows as tables
from sim.scenario.tables import sharing as tables_sharing
from sim.scenario.tables.rows import AssumptionRow
from sim.scenario.tables.seeds import read_table
from tools.scenario_page import EXPLAINED, Symbol, keys_by_path, read_symbols

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
    "fronts.pools": table_rows.PoolRow,
    "reactions.responses": table_rows.ResponseRow,
    "censor.pressure_events": table_rows.PressureRow,
}
NO_PARAMETER = {"low", "high", "index"}


def sections(page: str) -> dict[str, str]:
    """Text of each section, without its table of symbols."""
    text = (DOCS / "explanation" / f"{page}.md").read_text(encoding="utf-8")
    text = re.sub(r"<!-- symbols.*?end of symbols -->", "", text, flags=re.DOTALL)
    parts = re.split(r"^## (.+?)(?: \[.+\])?$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def names_in(text: str) -> set[str]:
    return set(re.findall(r"[A-Za-z_][A-Za-z_0-9]*[*']?(?![\w])", re.sub(r"`", " ", text)))


def symbols_of(page: str, section: str) -> set[str]:
    """Names that the table of a section explains, and those that hold everywhere on the page."""
    wide = {section, "Symbols"} if page == "model" else {symbol.section for symbol in SYMBOLS}
    mine = [s for s in SYMBOLS if s.page == page and s.section in wide]
    return set().union(*(names_in(symbol.symbol) for symbol in mine))


def is_word(name: str) -> bool:
    """Whether a name in an equation may be a plain word of it, such as ``min`` or ``open``."""
    return re.fullmatch("[a-z]{2,}|a", name) is not None


def defined_in(text: str) -> set[str]:
    """Names that an equation begins with."""
    return set(re.findall(r"^ *([A-Za-z_]\w*) *=", text, re.MULTILINE))


def equations() -> list[tuple[str, str, str]]:
    found = []
    for page in EXPLAINED:
        for section, text in sections(page).items():
            parts = [part.strip("\n") for part in text.split("\n\n")]
            blocks = [p for p in parts if all(line[:4] == "    " for line in p.splitlines())]
            inline = [code for code in re.findall(r"`([^`]+)`", text) if " * " in code]
            if blocks or inline:
                found.append((page, section, "\n".join([*blocks, *inline])))
    return found


def test_every_symbol_is_in_a_table_or_on_a_page_that_has_it() -> None:
    for symbol in (symbol for symbol in SYMBOLS if symbol.page):
        text = (DOCS / "explanation" / f"{symbol.page}.md").read_text(encoding="utf-8")
        if symbol.page in EXPLAINED:
            assert f"<!-- symbols: {symbol.section} -->" in text, symbol
        assert symbol.section in sections(symbol.page), symbol
        assert names_in(symbol.symbol) & names_in(text), symbol


def test_every_section_with_an_equation_explains_every_name_in_it() -> None:
    assert len(equations()) > 10
    for page, section, text in equations():
        names = {name for name in names_in(text) if not is_word(name)}
        known = symbols_of(page, section) | defined_in(text)
        unknown = names - known - {f"d{symbol}" for symbol in known}
        assert not unknown, f"{page}.md, {section}: {sorted(unknown)}"


def test_every_number_of_the_language_is_a_symbol() -> None:
    path = DOCS.parent / "seeds" / "assumptions.csv"
    rows = read_table("assumptions", path, AssumptionRow).rows
    assert len(rows) > 40
    numbers = {p for p, key in keys_by_path().items() if re.match(r"number|whole|share", key.type)}
    assert {row.key for row in rows} <= numbers <= KEYS


def test_a_key_without_a_row_takes_its_symbol_from_the_schema(tmp_path: Path) -> None:
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
def test_every_number_of_a_table_is_a_symbol(key: str) -> None:
    fields = ROWS[key].model_fields.items()
    numbers = {
        name
        for name, field in fields
        if {int, float} & {field.annotation, *get_args(field.annotation)}
        or any({int, float} & set(get_args(part)) for part in get_args(field.annotation))
    }
    assert len(numbers) > 0
    assert {f"{key}:{name}" for name in numbers - NO_PARAMETER} <= KEYS


def test_every_key_of_a_symbol_exists() -> None:
    keys = keys_by_path()
    for key in KEYS:
        path, _, column = key.partition(":")
        assert path in keys, key
        assert not column or key.split(":")[0] in {*ROWS, "strategy.orders", "strategy.allowed"} | {
            "censor.exempt",
            "strategy.sessions",
        }
