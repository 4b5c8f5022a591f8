"""What was published beside the measures of a run, and what it is in the model.

In: a run folder. Out: of each measure what stands beside it, and tables of the page. Figures and
their notes are in English.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sim.backtest.error_rate import scores_file
from sim.catalogue.choices import label, measure_name
from sim.experiment.weighted_draws import shipped_table
from sim.files import parse_json
from sim.report.figures.marks import read_marks
from sim.report.page.bands import all_text, beyond, luck_text
from sim.report.page.cells import Cell, Choice, Line, PageTable, columns, sort_key
from sim.report.page.course import own_label, own_name
from sim.report.words.languages import IN_ENGLISH, Language
from sim.report.words.numbers import NOT_KNOWN, capitalised, exact, number, quantity
from sim.results.inputs import input_rows
from sim.results.read import RunFolder
from sim.results.tables import Row, text
from sim.results.tables import number as cell
from sim.scenario.tables.rows import FigureRow, PublishedTotalRow

LISTED = measure_name("addresses_listed_peak")
_ADDRESSES = "IPv4 addresses"
"""Unit of published totals, as the cases of a backtest call it."""
WEIGHS = "weighs the draws"
_TITLE = re.compile(r'[,;]?\s*(?:"|www\.|https?://|;).*', re.DOTALL)
"""What follows who published a thing and when: its title, its address, what is said of it."""


@dataclass(frozen=True)
class Published:
    """One thing that was published beside a measure.

    Attributes
    ----------
    value
        As it was published: a number, or its words.
    where
        Who published it, and when.
    note
        What it is, in English.
    day
        Of a total at a time, the day; empty for others.
    figure
        What the table of figures calls it, in English; empty for totals.
    unit
        Of its value.
    """

    value: str
    where: str
    note: str
    day: str = ""
    figure: str = ""
    unit: str = ""


def value_text(value: str) -> str:
    """A published value as numbers are written here, or its words."""
    try:
        return number(float(value))
    except ValueError:
        return value


def references(run: RunFolder) -> dict[str, str]:
    """What each word stands for that figures have as their source: itself where nothing is told."""
    table = (run.scenario.get("published") or {}).get("figures")
    told = {
        str(one.get("row", "")).partition(" / ")[0]: str(one.get("source", ""))
        for one in run.manifest.get("sources", [])
        if one["key"] == f"{table}.value"
    }
    rows = input_rows(run, "published", "figures", FigureRow)
    return {row.source: " ".join(told.get(row.id, row.source).split()) for row in rows}


def published_beside(run: RunFolder, words: Language = IN_ENGLISH) -> dict[str, list[Published]]:
    """Of each measure that something was published beside: what, where and by whom.

    Beside the most addresses listed is also the highest total of the table in the days of the run.

    Raises
    ------
    DataError
        If the copy of a table cannot be read.
    """
    full = references(run)
    found: dict[str, list[Published]] = {}
    for row in input_rows(run, "published", "figures", FigureRow):
        if row.metric:
            where = _TITLE.sub("", full[row.source])
            note = ": ".join(part for part in (row.unit, row.note) if part)
            called = row.id.replace("_", " ")
            one = Published(row.value, where, note, figure=called, unit=row.unit)
            found.setdefault(row.metric, []).append(one)
    totals = input_rows(run, "published", "totals", PublishedTotalRow)
    marks = [
        (mark.addresses, total)
        for mark, total in zip(read_marks(run), totals, strict=True)
        if mark.is_published and 0 <= (mark.from_s + mark.to_s) // 2 < run.horizon_s
    ]
    if marks:
        most, total = max(marks, key=lambda one: one[0])
        note = total.source.partition(": ")[2] or total.source
        one = Published(str(most), "", note, words.day(total.when[:10]), unit=_ADDRESSES)
        found.setdefault(LISTED, []).append(one)
    return found


def published_text(one: Published, words: Language = IN_ENGLISH) -> str:
    """Say a published value with who published it, or of which day it is."""
    n = words.digits(value_text(one.value))
    if one.day:
        return words.say(
            "highest total in the table of published totals: {n} ({day})", n=n, day=one.day
        )
    return words.say("published beside it: {n} ({source})", n=n, source=one.where)


def beside_table(
    run: RunFolder, rows: Sequence[Row], shown_first: str = "", words: Language = IN_ENGLISH
) -> PageTable | None:
    """Measures of a run beside what was published of the same; none where nothing was.

    Parameters
    ----------
    rows
        Of ``summary.csv``, with both bands where there are draws.
    shown_first
        The strategy of which rows are shown at first.
    """
    beside = published_beside(run, words)
    weighing = {(float(one["value"]), one["unit"]) for one in map(_published, _weighing(run))}
    # One strategy alone is held against them whatever it is: the page is of nothing else.
    own = run.strategies[0] if len(run.strategies) == 1 else own_label(run)
    shown = [own] if own else list(run.strategies)
    lines = []
    for row in (row for row in rows if text(row, "strategy") in shown):
        for one in beside.get(text(row, "metric"), ()):
            name = capitalised(words.name(label(text(row, "metric"))))
            figures = [_ranged(row, "mean", luck_text(row, words), words)]
            if run.n_draws:
                flag = beyond(row, words, is_short=True)
                figures = [
                    _ranged(row, "mean", all_text(row, words), words),
                    replace(_ranged(row, "given", luck_text(row, words), words), all=flag),
                ]
            day = f", {one.day}" if one.day else ""
            value = words.digits(value_text(one.value))
            mark = words.say(WEIGHS) if _key(one) in weighing else ""
            note = Cell(one.note, is_english=True)
            group = text(row, "strategy")
            # Two figures of one article may be the same number of different things.
            which = Cell(name, range=one.figure, is_range_english=True)
            lines.append(
                Line.of(which, Cell(f"{value}{day}", range=mark), *figures, note, group=group)
            )
    if not lines:
        return None
    here = ("Here: median, range with all that is not known", "Here: mean as given, range by luck")
    titles = ("Measure", "Published", *(here if run.n_draws else ("Here: mean and range",)))
    heads = columns(*map(words.say, (*titles, "What was published")), numbers=range(1, len(titles)))
    first = shown_first if shown_first in shown else shown[0]
    choices = [Choice(name, name, name == first) for name in shown]
    caption = words.say("Measures beside what was published of them")
    if not own and run.scenario.get("strategy"):
        caption = words.say(
            "Measures beside what was published of them: of the block that happened, which goes by "
            "{own} in the scenario and by none of the strategies compared",
            own=own_name(run, words),
        )
    return PageTable("published-beside", caption, heads, lines, choices=choices)


def weighs_in_words(table: PageTable | None, words: Language = IN_ENGLISH) -> str:
    """What it means that a figure beside a measure weighs the draws; empty where none does."""
    mark = words.say(WEIGHS)
    if table is None or not any(cell_.range == mark for line in table.rows for cell_ in line.cells):
        return ""
    return words.say(
        "Where it says so, draws weigh more the nearer they come to that very number: that ranges "
        "over draws hold it is no test of them."
    )


def _key(one: Published) -> tuple[float, str] | None:
    try:
        return float(one.value), one.unit
    except ValueError:
        return None


def _ranged(row: Row, name: str, range_: str, words: Language) -> Cell:
    """A number with its range below it."""
    value = cell(row, name)
    said = "" if range_ == NOT_KNOWN else range_
    return Cell(words.digits(quantity(value, text(row, "unit"))), sort_key(value), said)


def published_table(run: RunFolder, words: Language = IN_ENGLISH) -> PageTable:
    """Every published figure of a run, with what it is in the model."""
    lines = [
        Line.of(
            row.id.replace("_", " "),
            Cell(words.digits(_as_published(row.value))),
            row.unit,
            row.how,
            row.source,
            row.note,
        )
        for row in input_rows(run, "published", "figures", FigureRow)
    ]
    titles = ("Figure", "Value", "Unit", "What it is in the model", "Source", "Note")
    heads = columns(*map(words.say, titles), numbers=(1,), english=range(6))
    return PageTable("published", words.say("Published figures"), heads, lines)


def weighing_table(run: RunFolder, words: Language = IN_ENGLISH) -> PageTable | None:
    """Published figures that weigh the draws of a run, where it took a table that is shipped.

    Who made a table of another kind knows which figures are in it; the page names its file.
    """
    figures = _weighing(run)
    if not figures:
        return None
    lines = [
        Line.of(
            one["title"],
            Cell(words.digits(_as_published(str(one["published"]["value"])))),
            one["published"]["unit"],
            one["published"]["source"],
        )
        for one in figures
    ]
    heads = columns(
        *map(words.say, ("Figure", "Value", "Unit", "Source")), numbers=(1,), english=range(4)
    )
    caption = words.say("Published figures that weigh the draws")
    return PageTable("weighing", caption, heads, lines)


def _published(score: Mapping[str, Any]) -> dict[str, Any]:
    return dict(score["published"])


def _weighing(run: RunFolder) -> list[dict[str, Any]]:
    """Cases whose figures weigh the draws of a run; none where its table is not one of ours."""
    sha256 = (run.manifest.get("draws") or {}).get("from")
    about = shipped_table(str(run.manifest["scenario"]["name"])).with_suffix(".json")
    made = parse_json(about.read_text("utf-8")) if sha256 and about.is_file() else {}
    if not sha256 or made.get("sha256") != sha256:
        return []
    document = parse_json(scores_file().read_text("utf-8"))
    score = {one["id"]: one for one in document["scores"]}
    return [score[one["case"]] for one in made["made_from"]["figures"]]


def _as_published(value: str) -> str:
    """Every digit of a number, with separators; words as they are."""
    try:
        return exact(float(value))
    except ValueError:
        return value


def references_in_words(references_: Mapping[str, str]) -> list[str]:
    """Each source of figures by what the table calls it, in English."""
    return [
        f"{name}: {full}" if name != full else name for name, full in references_.items() if name
    ]
