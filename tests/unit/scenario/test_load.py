"""A scenario file to a ``Scenario``: every mistake at once, each where it stands."""

import io
import sys
from pathlib import Path

import pytest

from sim.errors import ScenarioError
from sim.scenario.load import load_scenario
from sim.scenario.schema import dump_scenario
from sim.scenario.strategies import DECLARED, Escalate


def problems_of(path: Path, overrides: list[str] | None = None) -> list[str]:
    """Messages without the folder, so that they can be compared."""
    with pytest.raises(ScenarioError, match=": ") as caught:
        load_scenario(str(path), overrides or [])
    return [str(problem).replace(f"{path}", "f") for problem in caught.value.problems]


OFFSET = "expected a date and time with offset such as 2018-04-16T00:00+03:00"
SLUG = "expected text that matches ^[a-z0-9]+(-[a-z0-9]+)*$"
IDS = ", ".join([*DECLARED, "own"])
MISTAKES = [
    # (line in the minimal scenario, line instead, what is reported)
    ("start: 2018-04-16T00:00+03:00", "start: 2018-04-16T00:00",
     f"f:4:8: start: {OFFSET}, got '2018-04-16T00:00'; the offset is missing"),
    ("start: 2018-04-16T00:00+03:00", "start: 1523836800",
     f"f:4:8: start: {OFFSET}, got 1523836800"),
    ("start: 2018-04-16T00:00+03:00", "start: 2018-02-30T00:00+03:00",
     "f:4:8: start: expected a date that exists, got '2018-02-30T00:00+03:00' "
     "(day is out of range for month)"),
    ("end: 2018-04-20T00:00+03:00", "end: 2018-04-15T21:00+00:00",
     "f:5:6: end: expected an end after the start and within ten years, got 0 days"),
    ("end: 2018-04-20T00:00+03:00", "end: 2030-04-20T00:00+03:00",
     "f:5:6: end: expected an end after the start and within ten years, got 4387 days"),
    ("n_replicates: 2", 'n_replicates: "2"',
     "f:7:15: n_replicates: expected a whole number, got '2'"),
    ("n_replicates: 2", "n_replicates: 2.0",
     "f:7:15: n_replicates: expected a whole number, got 2.0"),
    ("n_replicates: 2", "n_replicates: true",
     "f:7:15: n_replicates: expected a whole number, got True"),
    ("n_replicates: 2", "n_replicates: 0",
     "f:7:15: n_replicates: expected a number >= 1, got 0"),
    ("root_seed: 7", "root_seed: 9223372036854775808",
     "f:6:12: root_seed: expected a number < 9223372036854775808, got 9223372036854775808"),
    ("name: small", "name: Small World", f"f:2:7: name: {SLUG}, got 'Small World'"),
    ("title: A small scenario", 'title: ""',
     "f:3:8: title: expected at least 1 character, got ''"),
    ("title: A small scenario", r'title: "two\nlines"',
     r"f:3:8: title: expected one line of printable text, got 'two\nlines'"),
    ("format: overblock/scenario/1", "format: overblock/scenario/2",
     "f:1:9: format: expected 'overblock/scenario/1', got 'overblock/scenario/2'; "
     "did you mean 'overblock/scenario/1'?"),
    ("  id: replay", "  id: repaly",
     f"f:12:7: strategy.id: expected one of {IDS}, got 'repaly'; did you mean 'replay'?"),
    ("  id: replay\n", "",
     "f:12:3: strategy: expected a key id that names the strategy, got none"),
    ("  id: replay", "  id: replay\n  order_times: bset",
     "f:13:16: strategy.order_times: expected 'best' or 'drawn', got 'bset'; "
     "did you mean 'best'?"),
    ("  n_businesses: 40", "  n_businesses: many",
     "f:15:17: population.n_businesses: expected a whole number, got 'many'"),
    ("population:\n  n_businesses: 40", "population: many",
     "f:14:13: population: expected a mapping of keys, got 'many'"),
    ("  prefixes: telegram-prefixes-2018", "  prefixes: Telegram Prefixes",
     "f:10:13: target.prefixes: expected the name of a seed table or a path that ends in .csv, "
     "got 'Telegram Prefixes'"),
    ("  n_businesses: 40",
     "  share_components_at_home: 0.8\n  share_components_domestic: 0.4",
     "f:15:3: population: expected share_components_at_home + share_components_domestic <= 1, "
     "got 1.2"),
    ("  n_businesses: 40", "  share_components_at_home: 70",
     "f:15:29: population.share_components_at_home: expected a share in [0, 1], got 70; "
     "did you mean 0.7?"),
    ("  n_businesses: 40", "  share_components_at_home: -0.5",
     "f:15:29: population.share_components_at_home: expected a share in [0, 1], got -0.5"),
    ("population:\n  n_businesses: 40", "thresholds:\n  down: 0.1",
     "f:15:3: thresholds: expected affected < impaired < down, got 0.01, 0.1, 0.1"),
    ("population:\n  n_businesses: 40", "thresholds:\n  affected: 0.1",
     "f:15:3: thresholds: expected affected < impaired < down, got 0.1, 0.1, 0.9"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "instead", "reported"), MISTAKES)
def test_a_wrong_value_is_reported_with_its_place_and_what_was_expected(
    write_scenario, line, instead, reported
):
    assert problems_of(write_scenario({line: instead})) == [reported]


@pytest.mark.parametrize(
    ("line", "instead", "place", "hint"),
    [
        ("n_replicates: 2", "n_replicats: 2", "f:7:1: n_replicats", "n_replicates"),
        ("  n_businesses: 40", "  n_busineses: 40", "f:15:3: population.n_busineses",
         "n_businesses"),
        ("  orders: telegram", "  ordres: telegram", "f:13:3: strategy.ordres", "orders"),
        ("population:", "popluation:", "f:14:1: popluation", "population"),
    ],
)  # fmt: skip
def test_a_misspelt_key_is_refused_with_the_key_that_was_meant(
    write_scenario, line, instead, place, hint
):
    reported = problems_of(write_scenario({line: instead}))
    expected = f"{place}: unknown key; did you mean '{hint}'? (known: "
    assert any(problem.startswith(expected) for problem in reported), reported


def test_every_missing_key_is_named(write_scenario):
    assert problems_of(write_scenario(text="format: overblock/scenario/1\n")) == [
        f"f:1:1: {key}: expected a value, got nothing"
        for key in ("name", "title", "start", "end", "target", "strategy")
    ]


def test_all_mistakes_are_reported_at_once_each_in_its_line(write_scenario):
    path = write_scenario(
        {
            "name: small": "name: Small",
            "title: A small scenario": "title: ~",
            "start: 2018-04-16T00:00+03:00": "start: 2018-04-16T00:00",
            "root_seed: 7": "root_seed: 0x7",
            "n_replicates: 2": "n_replicats: ten",
            "  name: Target": "  name: Target\n  name: Other",
            "  id: replay": "  id: rplay",
        },
        add="thresholds:\n  affected: 40\n  down: .nan\n",
    )
    reported = problems_of(path)
    assert [problem.split(": expected")[0].split(": unknown")[0] for problem in reported] == [
        "f:2:7: name", "f:3:8: title", "f:4:8: start", "f:6:12: root_seed", "f:7:1: n_replicats",
        "f:10:3: target.name", "f:13:7: strategy.id", "f:18:13: thresholds.affected",
        "f:19:9: thresholds.down",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("written", "reported"),
    [
        ("[65536( 16777216]",
         ["f:20:12: provenance.end.range.1: expected a value, got nothing",
          "f:20:13: provenance.end.range.0: expected a number, got '65536( 16777216'"]),
        ("[1, 2, 3]", ["f:20:12: provenance.end.range: expected at most 2 of them, got [1, 2, 3]"]),
        ("1", ["f:20:12: provenance.end.range: expected a list, got 1"]),
    ],
)  # fmt: skip
def test_a_pair_that_is_none_is_refused_where_it_stands(write_scenario, written, reported):
    note = f"provenance:\n  end:\n    kind: choice\n    why: w\n    range: {written}\n"
    assert problems_of(write_scenario(add=note)) == reported
    (told,) = problems_of(write_scenario(add="evidence: []\n"))
    assert told.endswith("evidence: expected at least 1 of them, got []")


@pytest.mark.parametrize(
    "overrides",
    [
        ["population={n_businesses: 60}"],
        ["population={n_businesses: 60, sectors: sectors-europe}"],
        ["population={}", "population.n_businesses=60"],
    ],
)
def test_a_mapping_is_merged_into_what_stands_there(overrides):
    found = load_scenario("match-days", overrides)
    written = load_scenario("match-days", ["population.n_businesses=60"])
    assert found.scenario == written.scenario
    assert found.scenario.population.sectors == "sectors-europe"
    assert found.scenario.population.hosting == "hosting-choice-europe"
    assert found.assumed == written.assumed


def test_a_list_is_one_value(write_scenario):
    path = write_scenario({"  id: replay\n  orders: telegram-2018-orders": ESCALATE}, add=FRONTS)
    strategy = load_scenario(str(path), ["strategy={lengths: [24]}"]).scenario.strategy
    assert strategy == Escalate(id="escalate", lengths=(24,), patience_h=5, goal=0.1)


ONE_ADDRESS = "addresses: [198.51.100.0/24]"
LADDER = "strategy={id: escalate, patience_h: 5, goal: 0.1, "


@pytest.mark.parametrize(
    ("name", "override", "expected"),
    [
        ("netblocks", f"{LADDER}lengths: [24], rules: [region]}}",
         "expected either lengths or rules"),
        ("netblocks", f"{LADDER}purity: 1}}", "expected either lengths or rules"),
        ("netblocks", f"{LADDER}rules: [region, region]}}", "expected each rule once"),
        ("netblocks", "censor.narrow_length=24",
         "censor.narrow_length: expected under_pressure: narrow"),
        ("netblocks", "censor.under_pressure=narrow", "censor: expected narrow_length with"),
        ("netblocks", "censor.review_every_d=7",
         "censor: expected review_silent_d with review_every_d"),
        ("netblocks", "censor.review_addresses=7",
         "censor.review_addresses: expected review_every_d"),
        ("netblocks", "fronts.n_known=7", "expected n_known <= n_fronts, got 7 and 6"),
        ("netblocks", "strategy={id: orders}", "strategy: expected either orders or table"),
        ("netblocks", f"strategy={{id: orders, table: a.csv, orders: [{{{ONE_ADDRESS}}}]}}",
         "expected either orders or table"),
        ("snowball", "users.share_target_users=0",
         r"users\.share_target_users: expected a share above 0"),
    ],
)  # fmt: skip
def test_keys_that_contradict_each_other_are_refused(name, override, expected):
    changes = ["complaints.per_million_people_per_d=1"] * (name == "snowball")
    with pytest.raises(ScenarioError, match=expected):
        load_scenario(name, [*changes, override])


TEN = "2018-04-17T10:00+03:00"
APART = "expected from and to that differ, got the same time of day"
DISJOINT = "expected windows that end after they start, and start after the one before ends"


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("addresses: []", ".addresses: expected prefixes, or the path of a file of them, got []"),
        ("addresses: 5", ".addresses: expected prefixes, or the path of a file of them, got 5"),
        ('addresses: ""',
         ".addresses: expected the path of a file, or a list such as [192.0.2.1], got ''"),
        ("addresses: [5]",
         ".addresses: expected a prefix such as 198.51.100.0/24 or 2001:db8::/32, got 5"),
        ("mechanism: name", ": expected overmatch with mechanism name, and there alone"),
        (f"{ONE_ADDRESS}, overmatch: 0.1",
         ": expected overmatch with mechanism name, and there alone"),
        (f"{ONE_ADDRESS}, mechanism: name, overmatch: 0.1",
         ": expected addresses, or mechanism name without any"),
        (f'{ONE_ADDRESS}, every: [mon], from: "09:00", to: "09:00"', f": {APART}"),
        (f'{ONE_ADDRESS}, every: [mon], from: "09:00"',
         ": expected from and to as times of day with every"),
        (f'{ONE_ADDRESS}, from: "09:00", to: "10:00"',
         ": expected from and to as dates and times, or every with them"),
        (f"{ONE_ADDRESS}, from: {TEN}, to: {TEN}", ": expected a withdrawal after the order"),
        (f"{ONE_ADDRESS}, except: [2018-04-17]",
         ".except: expected it with every, got no every"),
    ],
)  # fmt: skip
def test_an_order_says_what_and_when_in_one_way(write_scenario, order, expected):
    override = f"strategy={{id: orders, orders: [{{{order}}}]}}"
    (reported,) = problems_of(write_scenario(), [override])
    assert reported == f"--set {override}: strategy.orders.0{expected}"


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        (f"windows: [[{TEN}, {TEN}]]", f": {DISJOINT}"),
        (f"windows: [[{TEN}, 2018-04-18T00:00+03:00], [2018-04-17T20:00+03:00, "
         "2018-04-19T00:00+03:00]]", f": {DISJOINT}"),
    ],
)  # fmt: skip
def test_sessions_have_one_calendar(write_scenario, when, expected):
    path = write_scenario({"  id: replay\n  orders: telegram-2018-orders": ESCALATE}, add=FRONTS)
    override = f"strategy={{id: time-window, {when}}}"
    assert problems_of(path, [override]) == [f"--set {override}: strategy{expected}"]


FRONTS = "fronts: {pools: front-pools-2018}\ncensor: {}\n"
ESCALATE = "  id: escalate\n  lengths: [32, 16]\n  patience_h: 5\n  goal: 0.1"


def test_another_strategy_takes_the_place_of_the_whole(write_scenario):
    loaded = load_scenario(str(write_scenario()), ["strategy={id: none}"])
    assert loaded.scenario.strategy.id == "none"
    # What belongs to the strategy of the file does not fit the other: refused where it stands.
    with pytest.raises(ScenarioError, match=r"strategy\.purity: unknown key \(known: id\)"):
        load_scenario("telegram-2018", ["strategy.id=none"])


OPTIONAL = [
    "fronts", "censor", "users", "stances", "reactions", "complaints", "tenancy", "switching",
]  # fmt: skip


def test_every_optional_section_can_be_switched_off():
    overrides = [f"{section}=off" for section in OPTIONAL]
    loaded = load_scenario("telegram-2018", ["tenancy={}", "strategy={id: none}", *overrides])
    assert [getattr(loaded.scenario, section) for section in OPTIONAL] == [None] * len(OPTIONAL)
    # Nothing is assumed of what does not act, and no note speaks of it.
    sections = {row.key.split(".")[0] for row in loaded.assumed}
    assert sections == {"population", "thresholds", "effects", "names"}
    assert set(loaded.scenario.provenance) == {"start", "end", "ordered_by", "purpose"}


def test_a_single_key_that_may_be_absent_can_be_taken_away_too():
    silent = "{pause_pressure: off, under_pressure: silence, narrow_length: off}"
    loaded = load_scenario("telegram-2018", [f"censor={silent}", "published.figures=off"])
    assert loaded.scenario.censor is not None
    assert loaded.scenario.censor.pause_pressure is None
    assert loaded.scenario.censor.pressure_events == "pressure-events-2018"
    assert loaded.scenario.published.figures is None
    assert loaded.scenario.published.totals is not None


def test_text_that_reads_off_stays_text(write_scenario):
    loaded = load_scenario(str(write_scenario()), ["title=off", "description=off"])
    assert (loaded.scenario.title, loaded.scenario.description) == ("off", "off")


@pytest.mark.parametrize(
    "overrides",
    [
        ["strategy={id: none}"],
        ["strategy.purity=0.5"],
        [
            "complaints=off",
            *(f"censor.{key}=off" for key in ("pressure_events", "pause_pressure")),
            "censor={under_pressure: silence, narrow_length: off}",
        ],
    ],
)
def test_what_is_set_loses_the_note_of_the_file_and_can_be_written_out(tmp_path, overrides):
    scenario = load_scenario("telegram-2018", overrides).scenario
    assert "strategy.purity" not in scenario.provenance or overrides[0] == "complaints=off"
    path = tmp_path / "again.yaml"
    path.write_text(dump_scenario(scenario), encoding="utf-8")
    assert load_scenario(str(path)).scenario == scenario


def test_a_note_that_is_set_with_its_value_is_kept():
    note = "provenance={strategy.purity: {kind: choice, why: half, range: [0, 1]}}"
    scenario = load_scenario("telegram-2018", ["strategy.purity=0.5", note]).scenario
    assert scenario.provenance["strategy.purity"].why == "half"
    assert "end" in scenario.provenance


@pytest.mark.parametrize(
    ("override", "reported"),
    [
        ("population.n_businesses", "expected key.path=value"),
        ("=5", "expected key.path=value"),
        ("a..b=5", "expected key.path=value"),
        ("name.x=3", "name.x: expected a mapping of keys at name, got a single value"),
        ("root_seed=abc", "root_seed: expected a whole number, got 'abc'"),
        ("root_seed=", "root_seed: expected a value, got nothing; leave the key out instead"),
        ("root_seed=0x10", "root_seed: expected a plain decimal number, got '0x10'"),
        ("root_seed=1\nname: x", "root_seed: expected a single value, got several lines"),
        ("population.x=3", "population.x: unknown key (known: "),
        ("root_sed=3", "root_sed: unknown key; did you mean 'root_seed'? (known: "),
        ("thresholds.affected=40",
         "thresholds.affected: expected a share in [0, 1], got 40; did you mean 0.4?"),
        # What must be there cannot be switched off.
        ("population=off", "population: expected a mapping of keys, got 'off'"),
        ("thresholds.down=off", "thresholds.down: expected a number, got 'off'"),
        ("title=\udc80", "title: expected text, got the character U+DC80"),
    ],
)  # fmt: skip
def test_a_bad_override_is_reported_under_its_own_name(write_scenario, override, reported):
    (problem,) = problems_of(write_scenario(), [override])
    assert problem.startswith(f"--set {override}: {reported}")


def test_all_bad_overrides_are_reported_beside_the_mistakes_of_the_file(write_scenario):
    reported = problems_of(write_scenario({"name: small": "name: X"}), ["x", "root_seed=a", "y=1"])
    assert [problem.split(":")[0] for problem in reported] == [
        "--set x",
        "--set root_seed=a",
        "--set y=1",
        "f",
    ]


def test_a_key_left_out_takes_the_value_of_the_assumption_table_and_is_listed(
    write_scenario, repository
):
    text = (repository / "seeds" / "assumptions.csv").read_text(encoding="utf-8")
    loaded = load_scenario(str(write_scenario()))
    listed = {row.key: row.value for row in loaded.assumed}
    # The minimal scenario says how many businesses there are, and nothing else of these.
    # Nor has it any of the sections that may be left out, which are then not assumed either.
    sections = ("population.share", "thresholds.", "effects.", "names.")
    keys = [line.split(",")[0] for line in text.splitlines()[1:]]
    assert set(listed) == {key for key in keys if key.startswith(sections)}
    assert len(listed) >= 9
    for key, value in listed.items():
        section, name = key.split(".")
        assert getattr(getattr(loaded.scenario, section), name) == value
        assert f"{key},{value:g}," in text


def test_a_key_that_is_given_is_not_listed_as_assumed_even_with_the_same_value(write_scenario):
    path = write_scenario(add="thresholds:\n  impaired: 0.1\n")
    listed = {row.key for row in load_scenario(str(path), ["thresholds.down=0.9"]).assumed}
    assert "thresholds.affected" in listed
    assert not listed & {"thresholds.impaired", "thresholds.down", "population.n_businesses"}


def test_a_scenario_without_seed_has_none_and_not_zero(write_scenario):
    assert load_scenario(str(write_scenario({"root_seed: 7\n": ""}))).scenario.root_seed is None


def test_a_folder_of_the_same_name_does_not_hide_a_shipped_scenario(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "telegram-2018-replay").mkdir()
    assert load_scenario("telegram-2018-replay").scenario.name == "telegram-2018-replay"


def test_a_file_of_the_same_name_is_read_instead_of_a_shipped_scenario(
    write_scenario, tmp_path, monkeypatch
):
    write_scenario().rename(tmp_path / "telegram-2018-replay")
    monkeypatch.chdir(tmp_path)
    assert load_scenario("telegram-2018-replay").scenario.name == "small"


def test_a_terminal_is_no_scenario(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdin", Terminal())
    with pytest.raises(ScenarioError, match=r"-: expected a scenario on standard input, got a te"):
        load_scenario("-")


def test_no_more_of_a_file_is_read_than_a_scenario_may_have():
    with pytest.raises(ScenarioError, match="expected at most 262144 bytes, got 262145"):
        load_scenario("/dev/zero")


@pytest.mark.parametrize("title", ["16\u00a0апреля", "می\u200cخواهم", "👩\u200d💻", "$5 & <b>"])
def test_titles_in_any_script_are_taken_as_they_are(write_scenario, title):
    path = write_scenario({"title: A small scenario": f"title: {title}"})
    assert load_scenario(str(path)).scenario.title == title


def test_an_unknown_key_of_one_order_is_told_with_those_there_are(tmp_path):
    asked = "strategy={id: orders, orders: [{address: [192.0.2.0/24], every: [sat]}]}"
    with pytest.raises(ScenarioError) as caught:
        load_scenario("telegram-2018", [asked])
    (problem,) = caught.value.problems
    assert problem.key == "strategy.orders.0.address"
    assert "did you mean 'addresses'? (known: addresses, every, except, from, " in problem.message
