"""What a run rests on, for readers: its tables, the source of every value, published figures.

In: a run folder. Out: tables of the page.
"""

from __future__ import annotations

from collections import Counter

from sim.report.inputs import input_rows
from sim.report.page.cells import Cell, Choice, Line, PageTable, columns
from sim.report.page.tables import range_text, value_text
from sim.results.read import RunFolder
from sim.scenario.tables.rows import FigureRow

_KINDS = ("fact", "derived", "assumption", "choice")


def input_table(run: RunFolder) -> PageTable:
    """Every table that a run rests on."""
    lines = [
        Line.of(
            str(table["name"]),
            str(table.get("title", "")) or "no source note",
            Cell(f"{table['n_rows']:,}", table["n_rows"]),
            str(table["sha256"])[:16],
        )
        for table in run.manifest["inputs"]
    ]
    heads = columns("Table", "What it holds", "Rows", "SHA-256", numbers=(2,))
    return PageTable("inputs", "Tables the run rests on", heads, lines)


def source_table(run: RunFolder) -> PageTable:
    """Every value a run rests on, as its manifest lists them: kind, source and date."""
    lines = []
    listed = run.manifest.get("sources", [])
    for one in listed:
        why = [one.get("source", ""), one.get("why", "")]
        if one.get("formula"):
            why.append(f"computed: {one['formula']}")
        row = str(one.get("row", ""))
        lines.append(
            Line.of(
                Cell(str(one["key"]), range=row),
                value_text(one.get("value")),
                str(one.get("unit", "")),
                str(one["kind"]),
                range_text(one.get("range")),
                "; ".join(" ".join(str(part).split()) for part in why if part),
                str(one.get("date", "")),
                group=str(one["kind"]),
            )
        )
    titles = ("Value of", "Value", "Unit", "Kind", "Range", "Source, or why it is so", "Date")
    heads = columns(*titles, numbers=(1, 4))
    kinds = Counter(line.group for line in lines)
    choices = [
        Choice(kind, f"{kind} ({kinds[kind]})", kind == "fact") for kind in _KINDS if kinds[kind]
    ]
    caption = "Every value the run rests on"
    return PageTable("values", caption, heads, lines, choices=choices)


def published_table(run: RunFolder) -> PageTable:
    """Published figures that stand beside the results, from the copy in the run folder."""
    lines = [
        Line.of(row.id.replace("_", " "), row.value, row.unit, row.source, row.note)
        for row in input_rows(run, "published", "figures", FigureRow)
    ]
    heads = columns("Figure", "Value", "Unit", "Source", "Note", numbers=(1,))
    return PageTable("published", "Published figures", heads, lines)
