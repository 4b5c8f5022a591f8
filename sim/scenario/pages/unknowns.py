"""The page of unknowns: what shipped scenarios do not know, how widely, and why.

In: shipped scenarios. Out: Markdown. ``python -m sim.cli.reference`` makes the page anew; a test
holds it fresh.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sim.scenario.load import load_scenario
from sim.scenario.resolve import resolve
from sim.scenario.unknowns import Factor, LeftOut, list_factors

SHOWN = ("telegram-2018", "spain-2025-26", "piracy-shield")
"""Scenarios of the page: each key and column that one of them does not know stands on it once."""
_HEAD = """\
# What is not known

Every assumption that joint draws draw (`--draws`), in {shown}: its range, how it is
drawn, the value as given, and why. Other scenarios have other tables; `overblock sensitivity
SCENARIO --list` lists theirs. This page is made from `seeds/` and the scenarios by
`python -m sim.cli.reference`; what the words mean is told in [two bands](../explanation/bands.md).

- A factor (x) multiplies all cells of a column; *rows apart* means that each row has its own.
- `--set KEY=VALUE` sets a key, and `--set TABLE.COLUMN=AMOUNT` a column: a factor, or a position
  from -1 (the low end) by 0 (as it stands) to 1 (the high end). What is set is drawn no more.
  Columns with *rows apart* are set in a table of one's own.
- A position is drawn between the ends of each cell's own range, the value as given in the middle.
"""


def unknowns_page() -> str:
    """Return the page in Markdown."""
    unknown: dict[str, Factor] = {}
    others: dict[str, LeftOut] = {}
    for name in SHOWN:
        factors, left_out = list_factors(resolve(load_scenario(name)))
        for factor in factors:
            unknown.setdefault(factor.key, factor)
        for one in left_out:
            others.setdefault(one.key, one)
    keys = [one for one in unknown.values() if one.scale == "value"]
    columns = [one for one in unknown.values() if one.scale != "value"]
    shown = ", ".join(f"`{name}`" for name in SHOWN)
    parts = [_HEAD.format(shown=shown)]
    parts += ["## Keys\n", *_table(keys), "\n## Columns of tables\n", *_table(columns)]
    parts += [
        "\n## Assumptions with a range that are not drawn\n",
        "| what | why not |",
        "| --- | --- |",
    ]
    parts += [f"| `{one.key}` | {_cell(one.why)} |" for one in others.values()]
    return "\n".join(parts) + "\n"


def _table(factors: Sequence[Factor]) -> Iterator[str]:
    yield "| unknown | unit | as given | range | drawn | why |"
    yield "| --- | --- | ---: | --- | --- | --- |"
    for one in sorted(factors, key=lambda factor: factor.key):
        given = {"value": f"{one.given:g}", "times": "x 1", "position": "the middle"}[one.scale]
        drawn = one.distribution + (", whole numbers" if one.is_whole else "")
        drawn += f", {one.n_dials} rows apart" if one.n_dials > 1 else ""
        yield (
            f"| `{one.key}` | {_cell(one.unit)} | {given} | {_cell(one.range_text)} | {drawn} | "
            f"{_cell(one.why)} |"
        )


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")
