"""What a run rests on, for readers: its tables, the source of every value, published figures.

In: a run folder. Out: tables of the page.
"""

from __future__ import annotations

from collections import Counter

from sim.report.page.cells import Cell, Choice, Line, PageTable, columns
from sim.report.page.tables import range_text, value_cell
from sim.report.words.languages import IN_ENGLISH, Language
from sim.results.inputs import input_rows
from sim.results.read import RunFolder
from sim.scenario.tables.rows import FigureRow

_KINDS = ("fact", "derived", "assumption", "choice")


def input_table(run: RunFolder, words: Language = IN_ENGLISH) -> PageTable:
    """Every table that a run rests on."""
    lines = [
        Line.of(
            str(table["name"]),
            str(table.get("title", "")) or "no source note",
            Cell(words.digits(f"{table['n_rows']:,}"), table["n_rows"]),
            str(table["sha256"])[:16],
        )
        for table in run.manifest["inputs"]
    ]
    titles = ("Table", "What it holds", "Rows", "SHA-256")
    heads = columns(*map(words.say, titles), numbers=(2,), english=(0, 1))
    return PageTable("inputs", words.say("Tables the run rests on"), heads, lines)


def source_table(run: RunFolder, words: Language = IN_ENGLISH) -> PageTable:
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
                value_cell(one.get("value"), words),
                str(one.get("unit", "")),
                "; ".join(" ".join(str(part).split()) for part in why if part),
                str(one.get("date", "")),
                words.name(str(one["kind"])),
                range_text(one.get("range"), words),
                group=str(one["kind"]),
            )
        )
    titles = ("Value of", "Value", "Unit", "Source, or why it is so", "Date", "Kind", "Range")
    heads = columns(*map(words.say, titles), numbers=(1, 6), english=(0, 2, 3, 4))
    kinds = Counter(line.group for line in lines)
    choices = [
        Choice(kind, f"{words.name(kind)} ({kinds[kind]})", kind == "fact")
        for kind in _KINDS
        if kinds[kind]
    ]
    caption = words.say("Every value the run rests on")
    return PageTable("values", caption, heads, lines, choices=choices)


def published_table(run: RunFolder, words: Language = IN_ENGLISH) -> PageTable:
    """Published figures that stand beside the results, from the copy in the run folder."""
    lines = [
        Line.of(row.id.replace("_", " "), row.value, row.unit, row.source, row.note)
        for row in input_rows(run, "published", "figures", FigureRow)
    ]
    titles = ("Figure", "Value", "Unit", "Source", "Note")
    heads = columns(*map(words.say, titles), numbers=(1,), english=range(5))
    return PageTable("published", words.say("Published figures"), heads, lines)
