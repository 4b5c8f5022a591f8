from dataclasses import replace

import pytest

from sim.errors import DataError
from sim.scenario.library import scenario_names, shipped
from sim.scenario.resolve import check_together
from sim.scenario.tables.money import (
    ECONOMY_KEYS,
    FIRM_KEYS,
    NEEDED_ECONOMY_KEYS,
    EconomyRow,
    MoneyParameterRow,
    by_cell,
    check_money_parameters,
    find_row,
)
from sim.scenario.tables.roles import ROLES
from sim.scenario.tables.rows import SectorRow
from sim.scenario.tables.seeds import check_rows, read_table
from sim.scenario.tables.sharing import (
    N_ADDRESSES,
    ComponentRow,
    ConcentrationRow,
    KindRow,
    ParkedRow,
    ServiceRow,
    SharingRow,
)
from tests.experiments import resolved_of
from tests.feeds import given
from tests.firms import shipped_money_parameters
from tests.names import shipped_table

SERVICES = ("services-europe-2018", "services-russia-2018", "third-party-services-2018")


def test_every_role_has_one_row_of_components_and_some_services():
    components = shipped_table("components-2018", ComponentRow).rows
    assert tuple(row.role for row in components) == ROLES
    assert all(len(row.address_shares) == len(N_ADDRESSES) for row in components)
    for name in SERVICES:
        services = shipped_table(name, ServiceRow).rows
        for role in ROLES:
            assert sum(row.popularity for row in services if row.role == role) > 0, name


SERVICE = "service,label,role,provider,region,n_addresses,mode,popularity,low,high,evidence,why\n"
SHARING = "provider,region,kind,share_addresses,low,high,why\n"
CENSUS = "study,quantity,relation,value,rounding,unit,role,source,date\n"
PARKED = "kind,share_parked,low,high,why\n"


def problems_of(tmp_path, key, text):
    path = given(tmp_path, text, "table.csv").path
    with pytest.raises(DataError) as caught:
        resolved_of("telegram-2018-replay", [f"{key}={path}"])
    return [str(one) for one in caught.value.problems if one.file == str(path)]


@pytest.mark.parametrize(
    ("key", "text", "told"),
    [
        ("population.services",
         f"{SERVICE}s,l,payment,AWS,eu-west-1,2,any,1,0,2,assumed,w\n"
         "s,l,payment,AWS,eu-west-1,2,any,1,0,2,assumed,w\n"
         "s,l,other,AWS,eu-west-1,4,any,1,0,2,assumed,w\nt,l,other,AWS,z,4,any,1,0,2,assumed,w\n",
         {3: "got 's payment' again", 5: "got 'AWS z'", 4: "same place"}),
        ("names.sharing",
         f"{SHARING}AWS,*,rented,0.7,0,1,w\nAWS,*,proxy,0.7,0,1,w\n"
         "AWS,eu-west-1,rented,0.1,0,1,w\nAWS,eu-west-1,rented,0.1,0,1,w\nC,*,rented,0.1,0,1,w\n",
         {5: "got 'AWS eu-west-1 rented' again", 6: "got 'C *'", 3: "at most 1"}),
    ],
)  # fmt: skip
def test_rows_that_contradict_each_other_are_named(tmp_path, key, text, told):
    found = problems_of(tmp_path, key, text)
    assert [int(part.split(":", 2)[1]) for part in found] == [*told]
    assert all(words in part for part, words in zip(found, told.values(), strict=True))


def test_own_kinds_of_use_at_unknown_places_are_refused_and_the_shipped_ones_are_not(
    tmp_path, replay
):
    text = SHARING + "AWS,*,rented,0.1,0,1,w\nNowhere,x,rented,0.1,0,1,w\n"
    (problem,) = problems_of(tmp_path, "names.sharing", text)
    assert problem.startswith(f"{tmp_path / 'table.csv'}:3:")
    assert "got 'Nowhere x'" in problem
    assert replay.sharing.name == "sharing-2018"
    rows = tuple(row for row in replay.cloud_prefixes.rows if row.provider != "Linode")
    assert any(row.provider == "Linode" for row in replay.sharing.rows)
    fewer = replace(replay, cloud_prefixes=replace(replay.cloud_prefixes, rows=rows))
    assert not [p for p in check_together(fewer) if p.file.endswith("sharing-2018.csv")]


def test_kinds_given_twice_or_not_at_all_are_named(tmp_path):
    path = tmp_path / "parked.csv"
    path.write_text(PARKED + "rented,0.1,0,1,w\nproxy,0.1,0,1,w\nrented,0.2,0,1,w\n")
    found = [str(problem) for problem in check_rows(read_table("p.csv", path, ParkedRow))]
    assert len(found) == 3
    assert "parked.csv:4:" in found[0]
    assert "got 'rented' again" in found[0]
    assert "a row for the kind web_hosting, got none" in found[1]
    assert "a row for the kind parking, got none" in found[2]
    assert not list(check_rows(shipped_table("parked-names", ParkedRow)))


@pytest.mark.parametrize(
    ("model", "text", "message"),
    [
        (ParkedRow, PARKED + "rented,0.7,0,0.5,w\n", "low <= share_parked <= high"),
        (ParkedRow, PARKED + "cloud,0.7,0,1,w\n", "'rented'"),
        (SharingRow, SHARING + "A,*,rented,0.7,0,0.5,w\n", "low <= share_addresses <= high"),
        (ServiceRow, SERVICE + "s,l,other,A,x,1,any,3,0,2,assumed,w\n", "low <= popularity"),
        (ServiceRow, SERVICE + "s,l,other,A,x,1,any,1,0,2,reported,w\n", "expected a source"),
        (
            ComponentRow,
            "role,share_1_address,share_2_addresses,share_4_addresses,share_8_addresses,"
            "share_spread,share_third_party\nother,0.5,0.2,0.2,0.2,0,0\n",
            "sum to 1, got 1.1",
        ),
        (ConcentrationRow, CENSUS + "s,share_top,equal,0.5,0,u,calibration,x,d\n", "n_addresses"),
        (ConcentrationRow, CENSUS + "s,share_single,equal,2,0,u,calibration,x,d\n", "a share in"),
    ],
)
def test_rows_that_contradict_themselves_are_refused(tmp_path, model, text, message):
    path = given(tmp_path, text, "table.csv").path
    with pytest.raises(DataError, match=message):
        read_table("table.csv", path, model)


def test_parameters_of_kinds_are_all_there_once_and_possible(tmp_path):
    table = shipped_table("names-assumptions", KindRow)
    assert not list(check_rows(table))
    rows = tuple(
        row.model_copy(
            update={"key": "rented.share_single"} if row.key == "proxy.min_names" else {}
        )
        for row in table.rows
    )
    assert [problem.message for problem in check_rows(replace(table, rows=rows))] == [
        "expected each once, got 'rented.share_single' again",
        "expected a row for the key proxy.min_names, got none",
    ]
    path = tmp_path / "kinds.csv"
    path.write_text(
        "key,value,unit,low,high,why\n"
        "rented.share_single,1,share,0,1,w\nrented.max_names,0,names,0,1,w\n"
    )
    with pytest.raises(DataError) as caught:
        read_table("kinds.csv", path, KindRow)
    assert [(problem.line, problem.message) for problem in caught.value.problems] == [
        (2, "expected a share from 0 to below 1, got 1"),
        (3, "expected names of at least 1, got 0"),
    ]


def test_a_run_asks_for_kinds_by_a_table_of_them():
    assert resolved_of("sni-era", ["names.kinds=names-assumptions"]).kinds is not None
    assert resolved_of("sni-era", ["names.kinds=off"]).kinds is None
    # Those whose scores were made without.
    without = [name for name in scenario_names() if resolved_of(name).kinds is None]
    assert without == ["blackout-to-year-end", "zello-2018"]


# Tables that price lost demand: what is refused.


SECTORS = read_table("s", shipped("seeds") / "sectors-russia-2018.csv", SectorRow)
ECONOMY = read_table("e", shipped("seeds") / "economy-russia-2018.csv", EconomyRow)
HEADER = "key,sector,spell_class,value,low,high,unit,kind,source,date,why\n"


def read(tmp_path, line):
    path = tmp_path / "prices.csv"
    path.write_text(HEADER + line + "\n", encoding="utf-8")
    return read_table("prices", path, MoneyParameterRow)


@pytest.mark.parametrize(
    ("line", "match"),
    [
        ("sensitivity,,,2,0,1,x,assumption,,,w", "low <= value <= high"),
        ("sensitivity,,,0,-1,1,x,assumption,,,w", "low: expected a number >= 0"),
        ("sensitivity,,,1,0,,x,assumption,,,w", "high"),
        ("recaptured_share,,,1,0,1.5,x,assumption,,,w", r"a share in \[0, 1\]"),
        ("revenue_level,,,1,0,2,factor,assumption,,,w", "revenue_level above 0"),
        ("revenue_level,finance,,1,0.5,2,factor,assumption,,,w", "no sector for revenue_level"),
        ("sensitivity,,under_1_h,1,0.5,2,x,assumption,,,w", "no spell class for sensitivity"),
        ("leaving_share,,a_while,0.1,0,1,x,assumption,,,w", "spell_class"),
        ("price,,,1,0.5,2,x,assumption,,,w", "key"),
        ("sensitivity,,,1,0.5,2,x,assumption,,,", "expected why"),
        ("sensitivity,,,1,0.5,2,x,fact,,2018,w", "expected source and date"),
        ("sensitivity,,,1,0.5,2,x,derived,a,2018,", "expected why"),
    ],
)
def test_a_row_that_cannot_be_is_refused_with_its_line(tmp_path, line, match):
    with pytest.raises(DataError, match=match) as refusal:
        read(tmp_path, line)
    assert {problem.line for problem in refusal.value.problems} == {2}


@pytest.mark.parametrize("key", FIRM_KEYS)
def test_a_key_without_rows_is_refused(key):
    table = shipped_money_parameters()
    rows = tuple(row for row in table.rows if row.key != key)
    found = [str(p) for p in check_money_parameters(replace(table, rows=rows), SECTORS)]
    (problem,) = found
    assert f"expected a row of {key} for e-commerce under_1_h and 47 more, got none" in problem


@pytest.mark.parametrize("key", ECONOMY_KEYS)
def test_a_constant_that_is_needed_and_absent_is_refused(key):
    rows = tuple(row for row in ECONOMY.rows if row.key != key)
    absent = [str(problem) for problem in check_rows(replace(ECONOMY, rows=rows))]
    if key in NEEDED_ECONOMY_KEYS:
        (problem,) = absent
        assert f"expected a row for the key {key}, got none" in problem
    else:
        assert absent == []


def test_a_parameter_or_constant_given_twice_is_refused():
    for table, name in ((shipped_money_parameters(), "sensitivity e-commerce"), (ECONOMY, None)):
        again = table.rows[1]
        twice = replace(table, rows=(*table.rows, again), lines=(*table.lines, 99))
        (problem,) = check_rows(twice)
        assert problem.line == 99
        assert f"got {name or again.key!r} again" in str(problem)
        spelt = replace(
            twice, rows=(*table.rows, again.model_copy(update={"key": f"{again.key} "}))
        )
        assert len([*check_rows(spelt)]) == 1


@pytest.mark.parametrize("column", ["low", "value", "high"])
def test_recapture_that_rises_with_the_length_of_the_spell_is_refused(column):
    table = shipped_money_parameters()
    number = next(
        n
        for n, row in enumerate(table.rows)
        if (row.key, row.spell_class) == ("recaptured_share", "1_d_to_3_d")
    )
    before = getattr(table.rows[number - 1], column)
    rows = list(table.rows)
    rows[number] = rows[number].model_copy(update={column: before + 0.01})
    problems = list(check_money_parameters(replace(table, rows=tuple(rows)), SECTORS))
    assert [(p.line, p.key) for p in problems] == [(table.lines[number], column)]


def test_the_nearest_row_is_found():
    def row(sector, spell_class):
        return MoneyParameterRow(
            key="leaving_share",
            sector=sector,
            spell_class=spell_class,
            value=0.1,
            low=0,
            high=1,
            unit="x",
            kind="assumption",
            why="test",
        )

    places = [("", ""), ("", "over_14_d"), ("finance", ""), ("finance", "over_14_d")]
    rows = [row(*place) for place in places]
    for n in range(1, 5):
        found = find_row(by_cell(rows[:n]), "leaving_share", "finance", "over_14_d")
        assert found == rows[n - 1]
    assert find_row(by_cell(rows), "leaving_share", "b2b", "under_1_h") == rows[0]
    assert find_row(by_cell(rows), "transfer_share", "b2b", "under_1_h") is None


def test_the_level_of_revenue_has_the_range_of_the_sector_table():
    (row,) = [row for row in shipped_money_parameters().rows if row.key == "revenue_level"]
    note = SECTORS.note
    assert note is not None
    interval = note.columns["revenue_median_usd_per_h"].range
    assert interval is not None
    assert interval.times == (row.low, row.high)
    assert row.value == 1
