"""Symbols of the equations: the page of parameters, and the lists at the head of each section.

In: ``docs/reference/symbols.csv``, the schema and the seed tables. Out: Markdown. A number of the
language that has no row in that file takes its symbol and meaning from the schema, so that no
parameter is missing from the page. ``python -m tools.reference`` makes the pages anew; a test
holds them fresh.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sim.scenario import library
from sim.scenario.tables.rows import AssumptionRow
from sim.scenario.tables.seeds import ColumnNote, read_note
from sim.scenario.tables.shipped import assumed_by_key
from tools.scenario_page import Key, keys_by_path, plain

EXPLAINED = ("model", "strategies")
"""Pages whose sections carry a list of their symbols."""
STANDING_IN = {
    "strategy.orders": "telegram-2018-orders",
    "strategy.allowed": "allow-list-russia-2025",
    "strategy.sessions": "spain-sessions-2025-26",
    "fronts.pools": "front-pools-2018",
    "reactions.responses": "responses-2018",
    "censor.exempt": "exempt-shared-2018",
    "censor.pressure_events": "pressure-events-2018",
    "users.use": "use-messenger-2017",
}
"""A shipped table for each key that names one and has no default: an example of its columns."""
_NAMES = {"strategy.id", "strategy.file", "strategy.rule", "strategy.values"}
"""Keys of a strategy that name something, and set no parameter of an equation."""
_MARKED = re.compile(r"(<!-- symbols: (.+?) -->\n)(.*?)(<!-- end of symbols -->\n)", re.DOTALL)
_HEAD = """\
# Parameters and symbols

Every parameter of the equations: the symbol it has there, the scenario key that sets it, its unit,
its value when nothing is said, the row that holds it, the range held possible. This page is made
from `docs/reference/symbols.csv`, the schema and the seed tables by
`python -m tools.reference`.

- *Unit* is that of the key or column. Where the equation takes another one, it follows after *in
  the equation*: hours of a key are seconds on the clock of the engine.
- A key such as `operators.groups:share_users` is the column `share_users` of the table that the key
  `operators.groups` names. Its values are those of the default table, lowest to highest, or of a
  shipped example where there is no default; a scenario may name another table.
- *Factor* ranges multiply the value of a row. Ranges of keys that *the scenario* holds are what the
  language allows. `overblock sources telegram-2018` prints the sources and reasons of all values of
  a scenario.

Parameters of the money methods are rows of `seeds/money-parameters.csv`
([money.md](../explanation/money.md)), those of the law of names are in
[names.md](../explanation/names.md), all other keys in [scenario.md](scenario.md).
"""


@dataclass(frozen=True)
class Symbol:
    """One symbol of one section.

    Attributes
    ----------
    page, section
        Where it stands: a page of ``docs/explanation``, and a heading there. No page if no equation
        names it.
    symbol, unit
        As in the equation; the unit is empty where there is none.
    keys
        Scenario keys that set it, ``key:column`` for a column of a table; none if it is computed.
    meaning
        In words.
    """

    page: str
    section: str
    symbol: str
    unit: str
    keys: tuple[str, ...]
    meaning: str


@dataclass(frozen=True)
class Held:
    """What holds a parameter: its unit, default, row and range, in words."""

    unit: str
    default: str
    row: str
    range: str


def read_symbols(docs: Path) -> tuple[Symbol, ...]:
    """Symbols in the sequence of the file, then those of keys that have no row there."""
    with (docs / "reference" / "symbols.csv").open(encoding="utf-8", newline="") as file:
        written = tuple(
            Symbol(
                row["page"],
                row["section"],
                row["symbol"],
                row["unit"],
                tuple(row["key"].split()),
                row["meaning"],
            )
            for row in csv.DictReader(file)
        )
    named = {key for symbol in written for key in symbol.keys}
    return (
        *written,
        *(
            _declared(key)
            for path, key in keys_by_path().items()
            if _is_parameter(key) and path not in named
        ),
    )


def parameters_page(symbols: Sequence[Symbol]) -> str:
    """Return the page of parameters as Markdown."""
    lines = [_HEAD]
    keys, assumed = keys_by_path(), assumed_by_key()
    for page, section in dict.fromkeys((s.page, s.section) for s in symbols if s.keys):
        mine = [s for s in symbols if (s.page, s.section) == (page, section)]
        where = f"[{page}.md](../explanation/{page}.md): {section}" if page else section
        lines += [
            f"\n## {where}\n",
            "| symbol | key | unit | default | held by | range |",
            "| --- | --- | --- | --- | --- | --- |",
        ]
        for symbol in mine:
            for key in symbol.keys:
                held = _held(key, symbol, keys, assumed)
                unit = held.unit
                if symbol.unit != unit:
                    unit += f"; in the equation {symbol.unit or 'a number'}"
                lines.append(
                    f"| `{symbol.symbol}` | `{key}` | {unit} | {held.default} | {held.row} | "
                    f"{held.range} |"
                )
    return "\n".join(lines) + "\n"


def with_symbols(page: str, text: str, symbols: Sequence[Symbol]) -> str:
    """Return a page with the lists between its marks regenerated."""

    def table(found: re.Match[str]) -> str:
        mine = [s for s in symbols if (s.page, s.section) == (page, found[2])]
        return found[1] + "\n".join([*_symbol_list(mine), "", found[4]])

    return _MARKED.sub(table, text)


def _is_parameter(key: Key) -> bool:
    """Whether a key sets a number, or how a strategy decides."""
    is_number = re.match(r"number|whole number|share", key.type)
    return bool(is_number) or (
        key.path.startswith("strategy.") and key.path not in _NAMES and key.type != "table"
    )


def _declared(key: Key) -> Symbol:
    """Symbol of a key as the schema declares it: its name without the hours, and what it means.

    Keys of strategies stand with the symbols of their page. Of others nothing is known but that no
    equation names them.
    """
    name = key.path.rpartition(".")[2]
    meaning = key.meaning[:1].lower() + key.meaning[1:].rstrip(".")
    if key.path.startswith("strategy."):
        unit = "s" if name.endswith("_h") else key.unit
        return Symbol("strategies", "Symbols", name.removesuffix("_h"), unit, (key.path,), meaning)
    unit = "h" if name.endswith("_h") else key.unit
    return Symbol("", "In no equation", name, unit, (key.path,), meaning)


def _symbol_list(symbols: Sequence[Symbol]) -> Iterator[str]:
    yield ""
    for symbol in symbols:
        of = "; ".join(filter(None, (symbol.unit, ", ".join(f"`{key}`" for key in symbol.keys))))
        yield f"- `{symbol.symbol}`: {symbol.meaning}{f' ({of})' if of else ''}"


def _held(
    path: str, symbol: Symbol, keys: Mapping[str, Key], assumed: Mapping[str, AssumptionRow]
) -> Held:
    if ":" in path:
        key_path, column = path.split(":")
        return _column(key_path, column, symbol, keys)
    if path in assumed:
        row = assumed[path]
        low, high = plain(row.low), plain(row.high)
        held = f"`seeds/assumptions.csv`, row `{path}`"
        return Held(row.unit, plain(row.value), held, f"{low} to {high}")
    key = keys[path]
    return Held(_unit_of(path, symbol), key.need.replace("**", ""), "the scenario", key.type)


def _unit_of(path: str, symbol: Symbol) -> str:
    """Unit of a key that no table holds: its name says hours, else it is that of the equation."""
    return "h" if path.endswith("_h") else symbol.unit


def _column(key: str, column: str, symbol: Symbol, keys: Mapping[str, Key]) -> Held:
    need = keys[key].need
    name = need.split("`")[1] if need.startswith("default") else STANDING_IN.get(key, "")
    if not name:
        return Held(symbol.unit, keys[key].need, f"the scenario's own table, column `{column}`", "")
    path = library.shipped("seeds") / f"{name}.csv"
    with path.open(encoding="utf-8", newline="") as file:
        cells = [row[column] for row in csv.DictReader(file) if row.get(column)]
    note = read_note(path)
    about = note.columns.get(column) if note else None
    held = f"`seeds/{name}.csv`, column `{column}`"
    if not need.startswith("default"):
        held += " (example)"
    unit = about.unit if about else symbol.unit
    return Held(unit, _spread(cells), held, _range(about))


def _spread(cells: Sequence[str]) -> str:
    """Lowest to highest number; the count where they are no numbers; none where there are none."""
    if not cells:
        return "none in this table"
    try:
        numbers = sorted(float(cell) for cell in cells)
    except ValueError:
        return f"{len(cells)} rows"
    low, high = plain(numbers[0]), plain(numbers[-1])
    return low if low == high else f"{low} to {high}"


def _range(about: ColumnNote | None) -> str:
    if about is None or about.range is None:
        return ""
    asked: dict[str, Any] = about.range.model_dump(exclude_none=True)
    ((kind, pair),) = asked.items()
    if kind == "columns":
        return " to ".join(f"column `{name}`" for name in pair)
    text = " to ".join(plain(number) for number in pair)
    return f"factor {text}" if kind == "times" else text
