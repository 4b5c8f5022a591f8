"""Every number of a shipped scenario says what it rests on; every figure of the article is used."""

from collections.abc import Iterator
from functools import cache

import pytest

from sim.catalogue.curves import CURVES
from sim.experiment.plan import metrics_of
from sim.scenario.library import scenario_names, shipped
from sim.scenario.load import load_scenario
from sim.scenario.resolve import Resolved, resolve
from sim.scenario.schema import leaves, scenario_tree
from sim.scenario.sources import LABELS, Source, list_sources
from tests.csv_rows import csv_rows


@cache
def shipped_scenario(name: str) -> Resolved:
    return resolve(load_scenario(name))


@cache
def sources_of(name: str) -> tuple[Source, ...]:
    return list_sources(shipped_scenario(name), each_row=True)


def figures() -> list[dict[str, str]]:
    return csv_rows(shipped("seeds") / "article-figures.csv")


@pytest.mark.parametrize("name", scenario_names())
def test_every_value_of_a_shipped_scenario_says_what_it_rests_on(name):
    resolved = shipped_scenario(name)
    found = sources_of(name)
    keys = {key for key, _ in leaves(scenario_tree(resolved.scenario))} - set(LABELS)
    assert len(keys) > 20
    assert keys <= {source.key for source in found}
    for source in found:
        # A choice of table needs no more than the table's title; all other choices say why.
        assert source.why or source.source, source.key
        if isinstance(source.value, int | float) and not isinstance(source.value, bool):
            assert source.unit, source.key


@pytest.mark.parametrize("name", scenario_names())
def test_every_assumed_number_of_a_shipped_scenario_has_a_range_and_a_reason(name):
    assumed = [source for source in sources_of(name) if source.kind == "assumption"]
    assert len(assumed) > 50
    for source in assumed:
        assert source.is_range_stated, source.key
        assert source.why, source.key
        if source.range is not None and isinstance(source.value, int | float):
            low, high = source.range["absolute"]
            assert low <= source.value <= high, f"{source.key}: {source.value}"


@pytest.mark.parametrize("figure", figures(), ids=lambda row: row["id"])
def test_a_figure_of_the_article_stands_where_the_table_says(figure):
    for name in figure["scenarios"].split(";"):
        assert name in scenario_names(), figure["id"]
        resolved = shipped_scenario(name)
        assert resolved.figures is not None, f"{name} does not carry the article's figures"
        assert resolved.figures.name == "article-figures"
        values = dict(leaves(scenario_tree(resolved.scenario)))
        stands_at = figure["stands_at"]
        if figure["metric"]:
            assert stands_at == figure["metric"]
            assert stands_at in metrics_of(resolved), f"{name} does not measure {stands_at}"
        else:
            assert stands_at in values or stands_at in CURVES, f"{name} has no {stands_at}"
    assert figure["how"]


def test_a_stance_is_dated_for_each_provider_of_the_fronts_of_telegram_2018():
    resolved = shipped_scenario("telegram-2018")
    assert resolved.pools is not None
    assert resolved.stances is not None
    assert {row.provider for row in resolved.pools.rows} <= {
        row.provider for row in resolved.stances.rows
    }


SPAIN = {"names.sharing"}
"""What the scenario of Spain leaves to `borrow`: a word more would make its weights stale."""


@pytest.mark.parametrize("name", scenario_names())
def test_a_table_of_another_time_has_a_word_of_the_scenario(name):
    resolved = shipped_scenario(name)
    scenario = load_scenario(name).scenario
    time_of = {table.name: table.note.time for table in resolved.tables}
    years = range(scenario.start.year, scenario.end.year + 1)
    stand_ins = {
        key
        for key, table in dict(_tables_named(scenario_tree(resolved.scenario), ())).items()
        if table in scenario.borrow
        and time_of[table] != "any"
        and not any(str(year) in time_of[table] for year in years)
    }
    if scenario.start.year > 2018:
        assert stand_ins
    without = stand_ins - set(scenario.provenance)
    assert without == (SPAIN if name == "spain-2025-26" else set())


def _tables_named(part: object, path: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Keys of a scenario whose value is a text, with it."""
    if isinstance(part, dict):
        for key, value in part.items():
            if key not in ("borrow", "provenance"):
                yield from _tables_named(value, (*path, key))
    elif isinstance(part, str):
        yield ".".join(path), part
