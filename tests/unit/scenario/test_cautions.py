"""Tables of another country or time are named, and no country's losses are priced as another's."""

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from sim.errors import DataError
from sim.scenario.library import scenario_names, shipped, table_names
from sim.scenario.load import load_scenario
from sim.scenario.resolve import is_of_country, resolve
from sim.scenario.sources import list_warnings
from sim.scenario.tables.seeds import SourceNote, read_note
from tests.borrowed import BORROW, BORROWED
from tests.conftest import REPOSITORY
from tests.csv_rows import csv_rows

SEEDS = REPOSITORY / "seeds"
TABLES = sorted(path.name.removesuffix(".source.yaml") for path in SEEDS.glob("*.source.yaml"))
FILES = r"csv|md|cidr|js|json|yaml|txt|xml"
FOLLOWED = (
    # A page: a domain, and a path or number behind it.
    rf"\b(?:[a-z0-9_-]+\.)+(?!(?:{FILES})\b)[a-z]{{2,}}(?:/[\w?=-]+| \d{{5,}}| \w+ \d{{5,}})",
    # A publisher by its domain, and a date.
    rf"\b(?:[a-z0-9_-]+\.)+(?!(?:{FILES})\b)[a-z]{{2,}}\b.*(?<!\d)(?:19|20)\d\d(?!\d)",
    r"github [\w-]+/[\w.-]+",
    r"et al\., [A-Z]+ (?:19|20)\d\d|arXiv \d{4}\.\d{4,5}|PyPI|npm package",
    # A publisher, a title and a date.
    r'"[^"]{12,}".*(?:19|20)\d\d|(?:19|20)\d\d, "[^"]{12,}"',
)


def can_be_followed(text: str, date: str = "") -> bool:
    """Whether a reader finds what a text names."""
    # A table of ours, by its file, or by its name with that of the row.
    tables = re.findall(r"seeds/([\w-]+)\.csv|\(([\w-]+), [a-z_]+\)", text)
    tables = [name for pair in tables for name in pair if name]
    if text in TABLES or (tables and all(name in TABLES for name in tables)):
        return True
    return any(re.search(form, f"{text}, {date}") for form in FOLLOWED)


LEFT_OUT = "losses by national methods are not computed: economy-"


def warnings(name: str | Path, *overrides: str) -> list[str]:
    return list_warnings(resolve(load_scenario(str(name), overrides)))


def named(sentence: str) -> dict[str, str]:
    """Tables that a sentence names, with their country and time."""
    items = sentence.split(": ")[-1].removesuffix(")").split("), ")
    return dict(item.split(" (", 1) for item in items)  # type: ignore[misc]


@pytest.mark.parametrize("name", table_names())
def test_every_shipped_table_says_its_country_and_time(name):
    note = read_note(shipped("seeds") / f"{name}.csv")
    assert note is not None
    assert note.country
    assert note.time
    for country, code in (("russia", "RU"), ("austria", "AT"), ("italy", "IT"), ("spain", "ES")):
        if country in name:
            assert note.country == code
    year = next((part for part in name.split("-") if part.isdigit()), None)
    if year:
        assert note.time.startswith(year)


@pytest.mark.parametrize("name", scenario_names())
def test_every_shipped_scenario_says_its_country_and_has_its_own_operators(name):
    resolved = resolve(load_scenario(name))
    assert resolved.scenario.name == name
    assert resolved.scenario.country is not None
    assert all(table.note is not None for table in resolved.tables)
    # One member state under sanctions stands for all.
    assert resolved.operators.note.country in (resolved.scenario.country, "EU")
    assert is_of_country(resolved.economy, resolved.scenario)
    assert not any(LEFT_OUT in one for one in list_warnings(resolved))


def test_a_scenario_of_another_country_names_what_stands_in():
    (sentence,) = warnings("match-days")
    assert sentence.startswith("tables of another country or time are used for ES in 2026: ")
    found = named(sentence)
    assert found["components-2018"] == "RU, 2018"
    assert found["assumptions"] == "RU, 2018"
    assert found["sectors-europe"] == "EU"
    own = {"operators-spain-2026", "economy-spain-2026", "cadence-at-once"}
    assert not set(found) & (own | {"shared-proxy-spain-2025"})


def test_what_a_foreign_scenario_leaves_out_is_named(write_scenario):
    """The case of the audit: a user's country, and everything else left to defaults."""
    found = named(warnings(write_scenario(add=f"country: KZ\nborrow: [{BORROWED}]\n"))[0])
    assert {"components-2018", "sharing-2018", "sectors-europe"} <= set(found)
    assert not {"economy-russia-2018", "operators-russia-2018", "sectors-russia-2018"} & set(found)
    ours = named(warnings(write_scenario(add="country: RU\n"))[0])
    assert set(ours) == {"hosting-concentration"}, "of 2020 to 2022"


def test_a_scenario_that_does_not_say_its_country_is_told(write_scenario):
    stand_ins, left_out, _late = warnings(write_scenario())
    assert stand_ins.startswith("the scenario names no country (key country), but these tables ")
    assert "operators-russia-2018" in named(stand_ins)
    assert left_out.startswith(f"{LEFT_OUT}russia-2018 is of RU, the scenario names no country")


def test_assumed_values_are_named_only_where_some_are_taken():
    resolved = resolve(load_scenario("telegram-2018", ["country=KZ", BORROW]))
    assert "assumptions (RU, 2018)" in list_warnings(resolved)[0]
    own = replace(resolved, loaded=replace(resolved.loaded, assumed=()))
    assert "assumptions" not in named(list_warnings(own)[0])


@pytest.mark.parametrize(
    ("span", "is_named"),
    [
        (("2018-06-01", "2019-01-01"), False),  # to the last second of 2018
        (("2018-12-31", "2019-02-01"), False),
        (("2019-01-01", "2019-02-01"), True),
        (("2017-12-01", "2018-01-01"), True),
    ],
)
def test_a_table_is_of_the_time_if_the_years_meet(span, is_named):
    start, end = (f"{day}T00:00+03:00" for day in span)
    overrides = ["strategy={id: none}", f"start={start}", f"end={end}",
                 "register.cadence=cadence-at-once", BORROW]  # fmt: skip
    found = named(warnings("telegram-2018-replay", *overrides)[0])
    assert ("components-2018" in found) is is_named


def test_a_table_of_ones_own_says_what_it_is_of_or_is_not_named(write_scenario, tmp_path):
    for suffix in ("csv", "source.yaml"):
        shutil.copy(
            shipped("seeds") / f"operators-russia-2018.{suffix}", tmp_path / f"mine.{suffix}"
        )
    country = f"country: KZ\nborrow: [{BORROWED}, mine.csv]\n"
    path = write_scenario(add=f"{country}operators: {{groups: mine.csv}}\n")
    assert named(warnings(path)[0])["mine.csv"] == "RU, 2018-04"
    note = tmp_path / "mine.source.yaml"
    text = note.read_text(encoding="utf-8")
    note.write_text(text.replace("country: RU", "country: KZ"), encoding="utf-8")
    assert "mine.csv" not in named(warnings(path)[0])
    note.unlink()
    assert "mine.csv" not in named(warnings(path)[0])


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("country: RU", "country: Russia", "country: expected text that matches"),
        ("country: RU", "country: ru", "country: expected text that matches"),
        ("time: 2018-04", "time: April 2018", "time: expected text that matches"),
        ("time: 2018-04", "time: 2018-13", "time: expected text that matches"),
        ("time: 2018-04", "time: 2020/2018", "time: expected first/last, got 2020/2018"),
    ],
)
def test_a_note_says_country_and_time_in_their_form(tmp_path, old, new, message):
    text = (shipped("seeds") / "operators-russia-2018.source.yaml").read_text(encoding="utf-8")
    assert text.count(old) == 1
    (tmp_path / "t.source.yaml").write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(DataError, match=rf"t\.source\.yaml:\d+:\d+: {message}"):
        read_note(tmp_path / "t.csv")


def test_orders_at_or_after_the_end_are_counted():
    at = [
        datetime.fromisoformat(row["effective"])
        for row in csv_rows(shipped("seeds") / "telegram-2018-orders.csv")
    ]
    end = sorted(at)[len(at) // 3]  # an order comes at that very moment
    n_late = sum(one >= end for one in at)
    assert len(at) - n_late != n_late
    told = warnings("telegram-2018-replay", f"end={end.isoformat()}")
    assert f"{n_late} orders fall at or after the end of the run and are not placed" in told


def warnings_of(orders: str, start: str = "16T00:00") -> list[str]:
    """Warnings of a run to 20 April with given orders."""
    return warnings(
        "telegram-2018-replay",
        f"strategy={{id: orders, orders: {orders}}}",
        f"start=2018-04-{start}+03:00",
        "end=2018-04-20T00:00+03:00",
    )


def test_a_clock_of_customers_that_is_not_that_of_the_time_zone_is_told():
    for zone, start, n in (("Moscow", "16T00:00", 0), ("Kaliningrad", "16T00:00", 1)):
        at = (
            f"time_zone=Europe/{zone}",
            f"start=2018-04-{start}+03:00",
            "end=2018-04-20T00:00+03:00",
        )
        told = [one for one in warnings("telegram-2018-replay", *at) if "customers buy" in one]
        assert len(told) == n
        assert all("UTC+03:00, which Europe/Kaliningrad" in one for one in told)


@pytest.mark.parametrize(("end", "n"), [("00:59", 0), ("01:00", 0), ("01:01", 1)])
def test_a_clock_that_is_put_back_in_the_last_hours_is_told(end, n):
    # Kyiv goes from UTC+03:00 to UTC+02:00 at 01:00 UTC on 28 October 2018.
    told = warnings(
        "telegram-2018-replay",
        "strategy={id: none}",
        "time_zone=Europe/Kiev",
        "start=2018-10-27T03:00+03:00",
        f"end=2018-10-28T{end}+00:00",
    )
    assert sum("customers buy" in one for one in told) == n


@pytest.mark.parametrize(("limit", "n"), [("off", 0), ("1", 1), ("0", 1)])
def test_a_limit_on_given_orders_is_told(limit, n):
    order = "{addresses: [192.0.2.0/24]}"
    told = warnings(
        "telegram-2018-replay",
        f"strategy={{id: orders, orders: [{order}, {order}]}}",
        f"censor.max_rules={limit}",
        "end=2018-04-20T00:00+03:00",
    )
    assert sum("orders that censor.max_rules refuses are not placed" in one for one in told) == n


def test_given_orders_that_are_never_in_force_are_counted():
    spans = (("from", "04-20"), ("from", "04-19"), ("to", "04-16"), ("to", "04-17"))
    orders = ", ".join(
        f"{{addresses: [192.0.2.0/24], {key}: 2018-{day}T00:00+03:00}}" for key, day in spans
    )
    told = warnings_of(f"[{orders}]")
    assert "2 of 4 orders are in force at no time of the run" in told
    assert not any("before the start" in one for one in told)


def test_sessions_on_days_that_never_come_are_counted():
    sessions = (
        "{addresses: [192.0.2.0/24], every: [mon], from: '20:00', to: '22:00'}, "
        "{addresses: [192.0.2.0/24], every: [sun], from: '22:00', to: '02:00'}"
    )
    # Tuesday to Friday, and from Monday, 01:00, which Sunday's session reaches.
    for first_day, told_of in (("17T00:00", "2 of 2"), ("16T01:00", ""), ("16T23:00", "2 of 2")):
        told = warnings_of(f"[{sessions}]", first_day)
        found = [one for one in told if "in force at no time" in one]
        assert found == [f"{told_of} orders are in force at no time of the run"] * bool(told_of)


def test_exceptions_on_days_without_a_session_are_named():
    session = "addresses: [192.0.2.0/24], every: [mon, wed], from: '20:00', to: '22:00'"
    # A Tuesday, a Wednesday of the run, and a Monday long after it.
    told = warnings_of(f"[{{{session}, except: [2018-04-17, 2018-04-18, 2019-04-15]}}]")
    said = "no session of their order begins on these dates of except: 2018-04-17, 2019-04-15"
    assert said in told
    assert not any("except" in one for one in warnings_of(f"[{{{session}, except: [2018-04-18]}}]"))


def test_given_orders_from_before_the_start_are_counted():
    spans = ({"from": 15}, {"to": 17}, {"from": 14, "to": 16}, {"from": 14, "to": 17}, {"from": 16})
    orders = [
        {"addresses": ["192.0.2.0/24"]}
        | {key: f"2018-04-{day}T00:00+03:00" for key, day in span.items()}
        for span in spans
    ]
    told = warnings_of(json.dumps(orders))
    assert (
        "2 of 5 orders are from before the start of the run: they count from the start on" in told
    )
    assert "1 of 5 orders are in force at no time of the run" in told


# Every fact of a shipped table has a reference that a reader can follow.


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
    rows = csv_rows(SEEDS / f"{name}.csv")
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


def test_there_are_facts_to_be_held_to_it():
    assert len(TABLES) > 40
    assert sum(1 for name in TABLES for _ in claims_of(name)) > 1000


@pytest.mark.parametrize("name", TABLES)
def test_a_reader_can_follow_the_source_of_every_fact(name):
    assert [(place, text) for place, text in claims_of(name) if not can_be_followed(text)] == []


@pytest.mark.parametrize("name", scenario_names())
def test_a_reader_can_follow_the_source_of_every_fact_of_a_scenario(name):
    said = load_scenario(name).scenario.provenance
    facts = {key: one for key, one in said.items() if one.kind == "fact"}
    texts = {
        key: f"{' '.join(one.source.split())}, {one.date}" if one.date else one.source
        for key, one in facts.items()
    }
    assert {key: text for key, text in texts.items() if not can_be_followed(text)} == {}


def test_a_reader_can_follow_the_source_of_every_published_outcome():
    text = (REPOSITORY / "docs/explanation/validation.json").read_text(encoding="utf-8")
    published = [one["published"] for one in json.loads(text)["scores"]]
    assert len(published) > 80
    assert [one for one in published if not can_be_followed(one["source"], one["date"])] == []
