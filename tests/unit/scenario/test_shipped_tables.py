"""Every shipped table says of each column what it means and what it rests on."""

from collections.abc import Iterator
from ipaddress import ip_network
from itertools import pairwise
from pathlib import Path
from typing import Annotated

import pytest
from pydantic import Field

from sim.addresses.feeds.feed import Feed
from sim.addresses.feeds.formats import read_file
from sim.blocklists.blocklists import find_input
from sim.catalogue.curves import CURVES
from sim.catalogue.measures import MEASURES
from sim.scenario.library import scenario_names, shipped, table_names
from sim.scenario.load import load_scenario
from sim.scenario.overrides import read_packs
from sim.scenario.quantities import Share
from sim.scenario.resolve import ROWS_OF
from sim.scenario.schema import NONE, scenario_tree
from sim.scenario.tables.rows import (
    AssumptionRow,
    CadenceRow,
    CloudPrefixRow,
    CourtQuestionRow,
    FactRow,
    HostingRow,
    OperatorRow,
    PackRow,
    VisitRow,
)
from sim.scenario.tables.seeds import Row, SourceNote, read_note, read_table
from sim.scenario.tables.sharing import ServiceRow
from tests.csv_rows import csv_rows


class ReachRow(Row):
    """How many sites load a service; no run reads it."""

    tracker_id: str
    service: str
    company: str = ""
    role_assumed: str
    cloud_assumed: str
    site_share_global: Share
    load_share_global: Share
    ru_sites_any: Annotated[int, Field(ge=0, le=32)]
    ru_sites_10pct_loads: Annotated[int, Field(ge=0, le=32)]
    load_share_ru: Share
    note: str = ""


def tables_of_scenarios() -> Iterator[tuple[str, type[Row]]]:
    """Tables that the packs and the shipped scenarios name, each with its rows."""
    yield from (
        (row.value, ROWS_OF[row.key])
        for row in read_packs().rows
        if row.key in ROWS_OF and row.value != "none"
    )
    for name in scenario_names():
        tree = scenario_tree(load_scenario(name).scenario)
        for key, rows in ROWS_OF.items():
            section, last = key.split(".")
            named = tree.get(section, {}).get(last)
            if isinstance(named, str) and named != NONE:
                yield named, rows


MODELS: dict[str, type[Row]] = {
    **dict(tables_of_scenarios()),
    "assumptions": AssumptionRow,
    "cadence-as-seen": CadenceRow,
    "cloud-prefixes-2018": CloudPrefixRow,
    "country-packs": PackRow,
    "court-questions": CourtQuestionRow,
    "dated-facts": FactRow,
    "forecast-assumptions": AssumptionRow,
    "hosting-choice-2018": HostingRow,
    "operators-unknown": OperatorRow,
    "provider-prefixes-2026": CloudPrefixRow,
    "revenue-per-visit": VisitRow,
    "third-party-reach-2018-04": ReachRow,
    "third-party-services-2018": ServiceRow,
}
BOUNDS = {
    (table, column)
    for table in (
        *(name for name in MODELS if name.startswith("economy-")),
        "money-parameters",
        "exchange-rates",
    )
    for column in ("low", "high", "date")
}
KEYS = {("demand-profiles", "index"), ("country-packs", "of"), ("exchange-rates", "of"), *BOUNDS}
"""Columns of numbers that name a row, or bound or date another, and assume nothing themselves."""


def path_of(name: str) -> Path:
    return shipped("seeds") / f"{name}.csv"


def note_of(name: str) -> SourceNote:
    note = read_note(path_of(name))
    assert note is not None, f"{name} has no source note"
    return note


def cells_of(name: str) -> list[dict[str, str]]:
    return csv_rows(path_of(name))


def is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def numeric_columns(name: str) -> list[str]:
    """Columns whose cells are all numbers, read off the file and not off the program."""
    rows = cells_of(name)
    return [
        column
        for column in rows[0]
        if any(row[column] for row in rows)
        and all(is_number(row[column]) for row in rows if row[column])
    ]


def test_every_shipped_table_is_known_to_these_tests():
    assert table_names() == sorted(MODELS)


def test_every_note_belongs_to_a_table():
    notes = {path.name for path in shipped("seeds").glob("*.source.yaml")}
    assert notes == {f"{name}.source.yaml" for name in MODELS}


@pytest.mark.parametrize("name", MODELS)
def test_a_table_is_read_whole(name):
    assert len(read_table(name, path_of(name), MODELS[name]).rows) == len(cells_of(name))


@pytest.mark.parametrize("name", MODELS)
def test_each_column_is_described_and_each_described_column_exists(name):
    note = note_of(name)
    assert list(note.columns) == list(cells_of(name)[0])
    assert note.title
    assert note.licence
    for column in note.columns.values():
        assert column.unit
        assert column.meaning
        assert column.kind == "assumption" or column.date.startswith("20")


@pytest.mark.parametrize("name", MODELS)
def test_each_assumed_number_has_a_range_and_a_reason(name):
    for column in numeric_columns(name):
        note = note_of(name).columns[column]
        if note.kind == "assumption" and (name, column) not in KEYS:
            assert note.range is not None, f"{name}.{column} is assumed without a range"
            assert note.why


@pytest.mark.parametrize("name", MODELS)
def test_a_range_of_bounds_holds_every_value_of_its_column_and_one_of_factors_holds_1(name):
    for column, note in note_of(name).columns.items():
        if note.range is not None and note.range.times is not None:
            assert note.range.times[0] <= 1 <= note.range.times[1], f"{name}.{column}"
        if note.range is None or note.range.absolute is None:
            continue
        low, high = note.range.absolute
        # An empty cell is no value: the row has no such limit.
        held = [row[column] for row in cells_of(name) if row[column]]
        assert held, f"{name}.{column}"
        for cell in held:
            assert low <= float(cell) <= high, f"{name}.{column}: {cell}"


def test_each_order_names_its_source_and_its_window():
    for row in cells_of("telegram-2018-orders"):
        assert row["source"]
        assert row["confidence"]
        assert row["earliest"] <= row["effective"] <= row["latest"]


def test_a_published_figure_stands_beside_a_measure_that_exists(chase_run):
    measures = {row["metric"] for row in csv_rows(chase_run / "summary.csv")}
    named = {row["metric"] for row in cells_of("article-figures")} - {""}
    assert named
    assert named <= measures


def measured_percent(cell: str, by_tracker: dict[str, dict[str, str]], least_sites: int) -> float:
    """Sites of a hundred that load the services named, by Russian sites where enough of them do."""
    total = 0.0
    for part in cell.split(";"):
        tracker, _, taken = part.partition(":")
        row = by_tracker[tracker]
        n_sites = int(row["ru_sites_any"])
        share = n_sites / 32 if n_sites >= least_sites else float(row["site_share_global"])
        total += 100 * share * float(taken or 1)
    return total


# All 32 sites and one more: no Russian site counts.
@pytest.mark.parametrize(
    ("name", "least_sites"), [("services-russia-2018", 5), ("services-europe-2018", 33)]
)
def test_weights_of_services_are_those_measured(name, least_sites):
    by_tracker = {row["tracker_id"]: row for row in cells_of("third-party-reach-2018-04")}
    measured = [row for row in cells_of(name) if row["measured"]]
    assert len(measured) > 10
    for row in measured:
        percent = measured_percent(row["measured"], by_tracker, least_sites)
        # Two digits are written.
        assert float(row["popularity"]) == pytest.approx(percent, rel=0.05), row["service"]


def test_prefixes_of_a_world_owe_nothing_to_the_orders():
    rows = cells_of("provider-prefixes-2018")
    sources = {row["source_id"] for row in rows}
    assert sources == {
        "aws-ip-ranges", "cloudflare-ip-ranges", "geolite2-asn-2018-02-07", "google-netblocks",
        "microsoft-netblocks",
    }  # fmt: skip
    assert sources == set(note_of("provider-prefixes-2018").references)
    gathered = {row["as_of"] for row in rows if row["source_id"].startswith("geolite2")}
    assert gathered == {"2018-02-07"}
    # The orders' own table joins Vultr's ordered ranges; here most of Vultr was never listed.
    ordered = {row["prefix"] for row in cells_of("telegram-2018-orders")}
    mine = [row["prefix"] for row in rows if row["provider"] == "Vultr"]
    assert sum(ip_network(prefix).num_addresses for prefix in mine) == 671_488
    assert not ordered & set(mine)


def test_prefixes_of_a_world_do_not_overlap():
    networks = sorted(ip_network(row["prefix"]) for row in cells_of("provider-prefixes-2018"))
    assert len(networks) > 4000
    for before, after in pairwise(networks):
        assert not before.overlaps(after), (before, after)


@pytest.mark.parametrize("name", [one for one, row in MODELS.items() if row is CloudPrefixRow])
def test_a_table_of_ranges_is_read_by_its_name_alone(name):
    feed = read_file(find_input(name))
    assert isinstance(feed, Feed)
    networks = [ip_network(row["prefix"]) for row in cells_of(name)]
    sizes = sum(each.num_addresses for each in networks if each.version == 4)
    assert int((feed.v4.stop - feed.v4.start).sum()) == sizes
    assert len(feed.v6) == sum(each.version == 6 for each in networks)


def test_access_networks_host_nothing():
    regions = {(row["provider"], row["region"]) for row in cells_of("provider-prefixes-2018")}
    access = {place for place in regions if place[1] == "access"}
    assert {provider for provider, _ in access} == {"MTS", "Rostelecom"}
    for name in ("hosting-russia-2018", "services-russia-2018"):
        assert not access & {(row["provider"], row["region"]) for row in cells_of(name)}


def test_dated_facts_are_of_curves_and_measures_that_there_are():
    for row in cells_of("dated-facts"):
        assert {*row["curve"].split(";"), *row["metrics"].split(";")} <= {*CURVES, *MEASURES}
