"""The page of uncertain inputs: those of each shipped scenario, with ranges and reasons.

In: shipped scenarios. Out: Markdown. ``python -m tools.reference`` makes the page anew; a test
holds it fresh.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sim.scenario.library import scenario_names
from sim.scenario.load import load_scenario
from sim.scenario.resolve import resolve
from sim.scenario.unknowns import LOG_FROM, Factor, LeftOut, list_factors

_HEAD = """\
# Uncertain inputs

Every input that the simulations of an ensemble draw, in each of the {n} shipped scenarios: its
range, how it is drawn, its point value, and why. An input that scenarios have alike is listed once;
one of which they have different ranges has a row for each. `overblock sensitivity SCENARIO --list`
lists those of one scenario, also of your own ([ensembles](../explanation/ensembles.md)).

- A factor (x) multiplies all cells of a column; *rows apart* means that each row has its own.
- `--set KEY=VALUE` sets a key, and `--set TABLE.COLUMN=AMOUNT` a column: a factor, or a position
  from -1 (the low end) by 0 (as it stands) to 1 (the high end). What is set is not drawn.
  Set columns with *rows apart* in a table of your own.
- A position is drawn between the ends of each cell's own range.
- *By default* means that the assumption states no distribution, as in {n_default} of
  the {n_rows} rows below, {n_default_columns} of them columns of tables (of {n_columns}). Then a
  factor, and a range whose high end is {log_from:g} times its low end or more, is drawn
  log-uniform; any other range, and a position, uniform.

## Scenarios

| scenario | keys | columns | amounts drawn |
| --- | ---: | ---: | ---: |
"""


def unknowns_page() -> str:
    """Return the page in Markdown."""
    held_by: dict[Factor, list[str]] = {}
    others: dict[LeftOut, list[str]] = {}
    counts = []
    names = scenario_names()
    for name in names:
        factors, left_out = list_factors(resolve(load_scenario(name)))
        for factor in factors:
            held_by.setdefault(factor, []).append(name)
        for one in left_out:
            others.setdefault(one, []).append(name)
        n_keys = sum(one.scale == "value" for one in factors)
        n_dials = sum(one.n_dials for one in factors)
        counts.append(f"| `{name}` | {n_keys} | {len(factors) - n_keys} | {n_dials} |")
    keys = {one: held for one, held in held_by.items() if one.scale == "value"}
    columns = {one: held for one, held in held_by.items() if one.scale != "value"}
    head = _HEAD.format(
        n=len(names),
        n_default=sum(one.stated is None for one in held_by),
        n_rows=len(held_by),
        n_default_columns=sum(one.stated is None for one in columns),
        n_columns=len(columns),
        log_from=LOG_FROM,
    )
    parts = [
        head + "\n".join(counts),
        "\n## Keys\n",
        *_table(keys, names),
        "\n## Columns of tables\n",
        *_table(columns, names),
        "\n## Assumptions with a range that are not drawn\n",
        "| what | why not | scenarios |",
        "| --- | --- | --- |",
    ]
    parts += [
        f"| `{one.key}` | {_cell(one.why)} | {_scenarios(held, names)} |"
        for one, held in sorted(others.items(), key=lambda item: item[0].key)
    ]
    return "\n".join(parts) + "\n"


def _table(held_by: Mapping[Factor, Sequence[str]], names: Sequence[str]) -> Iterator[str]:
    yield "| input | unit | point value | range | drawn | scenarios | why |"
    yield "| --- | --- | ---: | --- | --- | --- | --- |"
    # What most scenarios hold stands before what one of them holds instead.
    for one, held in sorted(held_by.items(), key=lambda item: (item[0].key, -len(item[1]))):
        given = {"value": f"{one.given:g}", "times": "x 1", "position": "the middle"}[one.scale]
        drawn = one.distribution + (" by default" if one.stated is None else "")
        drawn += ", whole numbers" if one.is_whole else ""
        drawn += f", {one.n_dials} rows apart" if one.n_dials > 1 else ""
        yield (
            f"| `{one.key}` | {_cell(one.unit)} | {given} | {_cell(one.range_text)} | {drawn} | "
            f"{_scenarios(held, names)} | {_cell(one.why)} |"
        )


def _scenarios(held: Sequence[str], names: Sequence[str]) -> str:
    """Return the scenarios that hold something, or those that do not where these are the fewer."""
    rest = [name for name in names if name not in held]
    if not rest:
        return "all"
    if len(rest) < len(held):
        return "all but " + ", ".join(f"`{name}`" for name in rest)
    return ", ".join(f"`{name}`" for name in held)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")
