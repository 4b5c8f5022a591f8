"""What a run rests on, for readers: its tables, the source of every value, published figures.

In: a run folder. Out: tables of the page.
"""

from __future__ import annotations

from collections import Counter

from sim.report.page.cells import Cell, Choice, Line, PageTable, columns
from sim.report.page.tables import range_text, value_cell
from sim.report.words.languages import IN_ENGLISH, Language
from sim.results.read import RunFolder

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
                # A seed is no quantity: it has no separators.
                value_cell(
                    str(one["value"]) if one.get("unit") == "seed" else one.get("value"), words
                ),
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
    choices = [Choice(kind, said) for kind, said in _counted(run, words).items()]
    caption = words.say("Every value the run rests on")
    return PageTable("values", caption, heads, lines, choices=choices)


def counts_in_words(run: RunFolder, words: Language = IN_ENGLISH) -> str:
    """Say how many values a run rests on, and of which kinds, as the table of all counts them."""
    listed = run.manifest.get("sources", [])
    if not listed:
        return words.say(
            "{n} keys and columns of tables hold numbers without a source: assumptions, each with "
            "a range.",
            n=words.digits(f"{len(run.manifest.get('assumptions', [])):,}"),
        )
    n_ranged = sum(one["kind"] == "assumption" and bool(one.get("range")) for one in listed)
    return words.say(
        "The run rests on {n} values: {kinds}. An assumption has no source; {ranged} of them have "
        "a range.",
        n=words.digits(f"{len(listed):,}"),
        kinds=", ".join(_counted(run, words).values()),
        ranged=words.digits(f"{n_ranged:,}"),
    )


def _counted(run: RunFolder, words: Language) -> dict[str, str]:
    """Kinds of values with how many there are."""
    kinds = Counter(str(one["kind"]) for one in run.manifest.get("sources", []))
    return {
        kind: f"{words.name(kind)} ({words.digits(f'{kinds[kind]:,}')})"
        for kind in _KINDS
        if kinds[kind]
    }
