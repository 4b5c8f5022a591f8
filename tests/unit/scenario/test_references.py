"""Every fact of a shipped table has a reference that a reader can follow.

That is an address, a repository, a paper by authors, venue and year, a publisher with a title and a
date, or another table of ours, whose facts are held to the same.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator

import pytest

from sim.scenario.library import scenario_names
from sim.scenario.load import load_scenario
from sim.scenario.tables.seeds import SourceNote, read_note
from tests.conftest import REPOSITORY
from tests.references import SEEDS, TABLES, can_be_followed

ARTICLE = (
    "The Moscow Times, 26 April 2018, "
    '"Amazon, Google Still Uncooperative in Telegram Ban, Says Russian Regulator"'
)
# Ours: names, links between tables, and what is judged of the sources of the rows.
OURS = re.compile(r"(judged by )?the project\b.*")
# The rows say it, in their column of sources or of short names.
IN_ROWS = re.compile(
    r"the source (of each row|named by source_id)\b.*|named in this (meaning|note)"
)


def claims_of(name: str) -> Iterator[tuple[str, str]]:
    """Yield where a fact stands, its source spelled out."""
    note = read_note(SEEDS / f"{name}.csv")
    assert isinstance(note, SourceNote)
    with (SEEDS / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    said = note.rows
    for column, about in note.columns.items():
        if about.kind == "assumption" or OURS.fullmatch(about.source):
            continue
        source = " ".join(about.source.split())
        if IN_ROWS.fullmatch(source):
            assert said.source, f"{name}.{column}: no column of sources"
            continue
        yield f"{name}.{column}", f"{source}, {about.date}"
    for number, row in enumerate(rows, start=2):
        kind = row[said.kind] if said.kind else ""
        source = row[said.source] if said.source else ""
        if kind == "assumption" or not (source or kind):
            continue
        date = row[said.date] if said.date else ""
        text = " ".join(note.references.get(source, source).split())
        yield f"{name}.csv:{number}", f"{text}, {date}" if date else text


def owed(name: str) -> list[tuple[str, str]]:
    """Return facts whose source nobody can follow, and that source."""
    return [(place, text) for place, text in claims_of(name) if not can_be_followed(text)]


def test_there_are_facts_to_be_held_to_it() -> None:
    assert len(TABLES) > 40
    assert sum(1 for name in TABLES for _ in claims_of(name)) > 1000


@pytest.mark.parametrize("name", TABLES)
def test_a_reader_can_follow_the_source_of_every_fact(name: str) -> None:
    assert owed(name) == []


@pytest.mark.parametrize("name", scenario_names())
def test_a_reader_can_follow_the_source_of_every_fact_of_a_scenario(name: str) -> None:
    said = load_scenario(name).scenario.provenance
    facts = {key: one for key, one in said.items() if one.kind == "fact"}
    texts = {
        key: f"{' '.join(one.source.split())}, {one.date}" if one.date else one.source
        for key, one in facts.items()
    }
    assert {key: text for key, text in texts.items() if not can_be_followed(text)} == {}


@pytest.mark.parametrize(
    ("text", "is_good"),
    [
        ("tvrain.tv/amp/464396 (Zharov, 24 May 2018)", True),
        ("inferred: forbes.ru 360353 (19.3M at 17:00 on 17 Apr)", True),
        ("github ailove-lab/cidr@b815d08f cidrs/rkn/rkn-2018-04-20.cidr", True),
        ("seeds/economy-russia-2018.csv, rows of calibration", True),
        ("spain-sessions-2025-26", True),
        (ARTICLE, True),
        ("the article, as summarised by the project, 2018-05", False),
        ("article of 2018", False),
        ("register mirror statistics, 7-17 April 2018", False),
        ("Boston Consulting Group via ifri (forecast for 2016), 2016", False),
        ("seeds/no-such-table.csv", False),
        ("cidrs/rkn/rkn-2018-04-20.cidr", False),
    ],
)
def test_what_can_be_followed_is_told_from_what_cannot(text: str, is_good: bool) -> None:
    assert can_be_followed(text) is is_good


@pytest.mark.parametrize("page", ["README.md", "scenarios/README.md", "docs/explanation/money.md"])
def test_pages_with_figures_of_the_article_cite_it(page: str) -> None:
    text = " ".join((REPOSITORY / page).read_text(encoding="utf-8").split())
    assert ARTICLE in text


def test_the_tables_that_take_the_article_cite_it() -> None:
    for name, short in (
        ("article-figures", "article"),
        ("pressure-events-2018", "article of 2018"),
    ):
        note = read_note(SEEDS / f"{name}.csv")
        assert note is not None
        assert ARTICLE in " ".join(note.references[short].split())
