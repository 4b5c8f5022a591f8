"""Makes the tables of ``docs/reference/measures.md`` from the catalogue.

``python -m tools.reference`` calls it; the text between the tables stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sim.catalogue.choices import label
from sim.catalogue.curves import CURVES
from sim.catalogue.declaration import Metric, Section
from sim.catalogue.measures import MEASURES

_MARKED = re.compile(r"(<!-- (measures: [a-z -]+|curves) -->\n).*?(\n<!-- end -->)", re.DOTALL)
NAMED = "a published figure that names providers"
IPV6 = "IPv6 in the tables"


def with_measures(text: str) -> str:
    """Return the page with the tables between its marks made anew.

    Raises
    ------
    ValueError
        If a mark names no section.
    """

    def table(found: re.Match[str]) -> str:
        kind, _, section = found[2].partition(": ")
        rows = _curve_rows() if kind == "curves" else _measure_rows(Section(section))
        return found[1] + "\n".join(["", *rows]) + "\n" + found[3]

    return _MARKED.sub(table, text)


def _measure_rows(section: Section) -> Iterator[str]:
    yield from (
        "| measure | label | unit | value | out of | only with |",
        "| --- " * 6 + "|",
    )
    for name, entry in MEASURES.items():
        if entry.section is section:
            cells = (label(name), entry.unit, entry.what, entry.of, ", ".join(_needs(entry)))
            yield f"| `{name}` | {' | '.join(cells)} |"


def _needs(entry: Metric) -> Iterator[str]:
    if entry.needs:
        yield f"`{entry.needs}`"
    if entry.is_beside_figure:
        yield NAMED
    if entry.is_of_ipv6:
        yield f"{IPV6}, else 0"


def _curve_rows() -> Iterator[str]:
    yield from ("| curve | label | unit | value | only with |", "| --- " * 5 + "|")
    for name, curve in CURVES.items():
        needs = IPV6 if curve.is_of_ipv6 else f"`{curve.needs}`" if curve.needs else ""
        yield f"| `{name}` | {curve.full_label} | {curve.unit} | {curve.description} | {needs} |"
