"""What a scenario and its tables mean together: checked before anything is simulated."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from sim.errors import DataError, ProblemsError, ScenarioError
from sim.scenario.library import shipped
from sim.scenario.load import load_scenario
from sim.scenario.resolve import Resolved, check_together, resolve

WriteScenario = Callable[..., Path]
ORDERS = "effective,earliest,latest,action,prefix\n"


def orders(*rows: str) -> str:
    return ORDERS + "".join(f"{row}\n" for row in rows)


@pytest.fixture
def resolve_with(
    write_scenario: WriteScenario, tmp_path: Path
) -> Callable[[str, str, str], Resolved]:
    """Resolve the minimal scenario with one table replaced by a text."""

    def resolve_it(key: str, text: str, *more: str) -> Resolved:
        (tmp_path / "own.csv").write_text(text, encoding="utf-8")
        return resolve(load_scenario(str(write_scenario()), [f"{key}=own.csv", *more]))

    return resolve_it


def table_text(name: str) -> str:
    return (shipped("seeds") / f"{name}.csv").read_text(encoding="utf-8")


def problems_of(call: Callable[[], object], kind: type[ProblemsError] = DataError) -> list[str]:
    with pytest.raises(kind, match=": ") as caught:
        call()
    return [
        str(problem).replace(str(Path(problem.file).parent), "").removeprefix("/")
        for problem in caught.value.problems
    ]


def test_an_unknown_table_name_is_a_mistake_of_the_scenario_with_a_hint(write_scenario):
    path = write_scenario({"prefixes: telegram-prefixes-2018": "prefixes: telegram-prefixs-2018"})
    assert problems_of(lambda: resolve(load_scenario(str(path))), ScenarioError) == [
        "scenario.yaml:10:13: target.prefixes: expected the name of a seed table, "
        "got 'telegram-prefixs-2018'; did you mean 'telegram-prefixes-2018'?"
    ]


def test_a_table_of_the_users_own_is_found_beside_the_scenario(
    write_scenario, tmp_path, monkeypatch
):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "own.csv").write_text("prefix\n192.0.2.0/24\n", encoding="utf-8")
    monkeypatch.chdir("/")
    resolved = resolve(load_scenario(str(write_scenario()), ["target.prefixes=deep/own.csv"]))
    assert resolved.target_prefixes.path == tmp_path / "deep" / "own.csv"
    assert resolved.target_prefixes.note is None


OPERATORS, SECTORS = table_text("operators-russia-2018"), table_text("sectors-russia-2018")
PROFILES, PREFIXES = table_text("demand-profiles"), table_text("provider-prefixes-2018")
HOSTING, CADENCE = table_text("hosting-russia-2018"), "from,every_min\n"
SHARED, POOLS = "provider,region,prefix\n", "provider,region,weight\n"
DRAWN, BLOCK = "strategy.order_times=drawn", "block,192.0.2.0/24"
NEVER = "prefix: expected a prefix that an earlier order blocks, got one that none does"
FROM_START = (
    "own.csv:2: effective: expected a time from the scenario's start, 2018-04-16T00:00:00+03:00, "
    "on, got 2018-04-"
)
PART = "own.csv:2: prefix: expected a part of a range that provider-prefixes-2018 gives "


def idle(text: str, mark: str) -> str:
    """A table in which all lines with a mark have no weight."""
    lines = text.splitlines()
    return "".join(f"{one.rsplit(',', 1)[0]},0\n" if mark in one else f"{one}\n" for one in lines)


def groups(n: int) -> str:
    header = ",".join(OPERATORS.splitlines()[0].split(",")[:10])
    return "\n".join([header, *(f"o{row},O,,{1 / n!r},1,1,1,1,1,1" for row in range(n)), ""])


def window(latest: str) -> str:
    return orders(
        f"2018-04-16T10:00+03:00,,{latest},{BLOCK}",
        "2018-04-16T14:00+03:00,2018-04-16T13:00+03:00,,unblock,192.0.2.0/24",
    )


def pair(hours: tuple[int, int], one: str, other: str) -> str:
    first, last = hours
    return orders(
        f"2018-04-16T{first}:00+03:00,,,block,{one}",
        f"2018-04-16T{last}:00+03:00,,,unblock,{other}",
    )


MISTAKES = [
    # (key, table, another key, how each problem begins)
    ("operators.groups", OPERATORS.replace("0.2296", "0.229602"), "",
     ["own.csv: share_users: expected shares that sum to 1, got 1"]),
    ("operators.groups", groups(33), "", ["own.csv: expected at most 32 operator groups, got 33"]),
    ("population.sectors",
     SECTORS.replace("\nfinance,payments and finance,0.08", "\ne-commerce,payments,0.09")
     .replace("0.95,consumer", "0.95,consumers"), "",
     ["own.csv:3: sector: expected each once, got 'e-commerce' again",
      "own.csv: share_businesses: expected shares that sum to 1, got 1.01",
      "own.csv:2: demand_profile: expected one of consumer, leisure, office, got 'consumers'; "
      "did you mean 'consumer'?"]),
    ("population.demand_profiles", PROFILES.replace("consumer,hour,3,1\n", ""), "",
     ["own.csv: index: expected one hour row for each of 0 to 23 of 'consumer', got 23"]),
    ("population.demand_profiles",
     PROFILES.replace("consumer,hour,3,1\n", "consumer,hour,2,1\n"), "",
     ["own.csv: index: expected one hour row for each of 0 to 23 of 'consumer', got 24"]),
    ("population.demand_profiles",
     PROFILES.replace("consumer,weekday,6,9\n", "consumer,weekday,7,9\n"), "",
     ["own.csv: index: expected one weekday row for each of 0 to 6 of 'consumer', got 7"]),
    ("population.demand_profiles", idle(PROFILES, "office,weekday"), "",
     ["own.csv: weight: expected a positive weight among the weekday rows of 'office', got none"]),
    *(("population.hosting", idle(HOSTING, f",{side},"), "",
       [f"own.csv: weight: expected a positive weight among the {side} rows, got none"])
      for side in ("foreign", "domestic")),
    ("population.hosting",
     f"{HOSTING}AWS,eu-west-9,foreign,1\nAWS,eu-west-1,foreign,1\n", "",
     [f"own.csv:{HOSTING.count(chr(10)) + 2}: region: expected each once, got 'AWS eu-west-1' "
      "again",
      f"own.csv:{HOSTING.count(chr(10)) + 1}: region: expected a provider and region of the "
      "prefixes, got 'AWS eu-west-9'; did you mean 'AWS eu-west-3'?"]),
    ("providers.prefixes", f"{PREFIXES}Yandex,russia,13.32.0.0/15,2018-04-05,fact,x\n", "",
     [f"own.csv:{PREFIXES.count(chr(10)) + 1}: prefix: expected each once"]),
    ("register.cadence", f"{CADENCE}2018-04-16T00:01+03:00,21\n", "",
     ["own.csv:2: from: expected a cadence from the scenario's start, 2018-04-16T00:00:00+03:00, "
      "or before, got 2018-04-16T00:01:00+03:00"]),
    ("register.cadence", f"{CADENCE}2018-04-16T00:00+03:00,21\n2018-04-16T00:00+03:00,14\n", "",
     ["own.csv:3: from: expected a later date than in the row before"]),
    ("strategy.orders", orders(
        "2018-04-16T10:00+03:00,,,block,192.0.2.0/24",
        "2018-04-16T11:00+03:00,,,unblock,192.0.2.0/25",  # inside it, but not the same prefix
        "2018-04-16T12:00+03:00,,,unblock,192.0.2.0/24",
        "2018-04-16T13:00+03:00,,,unblock,192.0.2.0/24",  # nothing is left to withdraw
     ), "", [f"own.csv:3: {NEVER}", f"own.csv:5: {NEVER}"]),
    # All of one family withdraws nothing of the other.
    ("strategy.orders", pair((10, 11), "0.0.0.0/0", "::/0"), "", [f"own.csv:3: {NEVER}"]),
    ("strategy.orders", pair((10, 11), "::/0", "0.0.0.0/0"), "", [f"own.csv:3: {NEVER}"]),
    # Orders count by time, and not by row.
    ("strategy.orders", pair((12, 11), "192.0.2.0/24", "192.0.2.0/24"), "",
     ["own.csv:3: prefix: "]),
    ("strategy.orders", orders(f"2018-04-15T23:59+03:00,,,{BLOCK}"), "",
     [f"{FROM_START}15T23:59:00+03:00"]),
    ("strategy.orders",
     orders(*(f"2018-04-1{day}T12:00+03:00,,,block,192.0.2.{day}/32" for day in range(1, 8)),
            "2018-04-17T12:00+03:00,,,unblock,192.0.2.1/32"), "",
     [f"{FROM_START}11T12:00:00+03:00 and 4 more before it"]),
    ("strategy.orders", orders(f"2018-04-16T01:00+03:00,2018-04-15T23:00+03:00,,{BLOCK}"), DRAWN,
     [FROM_START]),
    ("strategy.orders", window("2018-04-16T14:30+03:00"), DRAWN,
     ["own.csv:3: earliest: expected a window after that of the order it withdraws, got an "
      "overlap"]),
    ("providers.shared", f"{SHARED}Cloudflare,global,188.114.96.0/23\n", "",
     ["own.csv:2: region: expected a region that provider-prefixes-2018 does not have, got "
      "'global'"]),
    ("providers.shared", f"{SHARED}Cloudflare,shared,10.0.0.0/24\n", "",
     [f"{PART}'Cloudflare', got none of them"]),
    ("providers.shared", f"{SHARED}AWS,shared,188.114.96.0/23\n", "",
     [f"{PART}'AWS', got none of them"]),
    ("providers.shared", f"{SHARED}Cloudflare,shared,188.114.0.0/16\n", "",
     ["own.csv:2: prefix: expected a part of a range"]),
    ("providers.shared",
     f"{SHARED}Cloudflare,shared,188.114.96.0/23\nCloudflare,other,188.114.96.0/23\n", "",
     ["own.csv:3: prefix: expected each once"]),
    ("fronts.pools", f"{POOLS}Cloudflare,shared,1\n", "censor={}",
     ["own.csv:2: region: expected a provider and region of the prefixes, got 'Cloudflare "
      "shared'; did you mean 'Cloudflare'?"]),
    ("fronts.pools", f"{POOLS}Cloudflare,,0\nAWS,,0\n", "censor={}",
     ["own.csv: weight: expected a positive weight among the pools, got none"]),
]  # fmt: skip


@pytest.mark.parametrize(("key", "text", "more", "begin"), MISTAKES)
def test_a_table_that_does_not_fit_is_refused_where_it_stands(resolve_with, key, text, more, begin):
    found = problems_of(lambda: resolve_with(key, text, *filter(None, [more])))
    assert len(found) == len(begin)
    for problem, start in zip(found, begin, strict=True):
        assert problem.startswith(start)


@pytest.mark.parametrize(
    ("key", "text", "more"),
    [
        ("operators.groups", OPERATORS.replace("0.2296", "0.2296005"), ""),  # by rounding
        ("operators.groups", groups(32), ""),
        # The same instant in another offset is not after the start.
        ("register.cadence", f"{CADENCE}2018-04-15T21:00+00:00,21\n", ""),
        *(("strategy.orders", pair((10, 11), one, one), "") for one in ("0.0.0.0/0", "::/0")),
        ("strategy.orders", orders("2018-04-16T12:00+03:00,,,unblock,192.0.2.0/24",
                                   f"2018-04-16T11:00+03:00,,,{BLOCK}"), ""),
        ("strategy.orders", orders(f"2018-04-16T00:00+03:00,,,{BLOCK}"), ""),
        # A window matters only when times are drawn.
        ("strategy.orders",
         orders(f"2018-04-16T01:00+03:00,2018-04-15T23:00+03:00,,{BLOCK}"), ""),
        ("strategy.orders", window("2018-04-16T14:30+03:00"), ""),
        ("strategy.orders", window("2018-04-16T12:59+03:00"), DRAWN),
        # Orders after the last one wanted need no block before them.
        ("strategy.orders", orders("2018-04-16T11:00+03:00,,,block,10.0.0.0/24"),
         "strategy.last_order=2018-04-16T12:00+03:00"),
    ],
)  # fmt: skip
def test_a_table_that_just_fits_is_taken(resolve_with, key, text, more):
    assert resolve_with(key, text, *filter(None, [more])).scenario is not None


def test_businesses_and_pools_can_sit_on_a_shared_range(resolve_with):
    resolved = resolve_with(
        "providers.shared",
        f"{SHARED}Cloudflare,shared,188.114.96.0/23\n",
        "population.hosting=hosting-choice-europe",
        "fronts.pools=front-pools-shared-proxy",
        "censor={}",
    )
    assert resolved.shared_prefixes is not None
    assert resolved.pools is not None


@pytest.mark.parametrize("key", ["censor.pause_pressure", "censor.end_pressure"])
def test_a_pressure_is_a_share_of_full_attention(key):
    # 1 is never passed, and may be said; what lies above is no share.
    assert resolve(load_scenario("telegram-2018", [f"{key}=1"])).scenario.censor is not None
    for refused in ("1.01", "25", "0"):
        with pytest.raises(ScenarioError, match=rf"{key}: expected a (number|share) [<>]"):
            load_scenario("telegram-2018", [f"{key}={refused}"])


def test_a_public_event_adds_a_share_of_what_is_lacking(tmp_path):
    table = tmp_path / "events.csv"
    loaded = load_scenario("telegram-2018", [f"censor.pressure_events={table}"])
    table.write_text("at,adds,what,source\n2018-05-10T12:00+03:00,1,letter,\n")
    assert resolve(loaded).pressure_events is not None
    table.write_text("at,adds,what,source\n2018-05-10T12:00+03:00,1.5,letter,\n")
    (problem,) = problems_of(lambda: resolve(loaded))
    assert "adds: expected a share in [0, 1], got 1.5" in problem


def test_a_figure_beside_a_measure_that_is_none_is_refused_with_its_line(tmp_path):
    table = tmp_path / "figures.csv"
    table.write_text(
        "id,value,unit,metric,source\n"
        "peak,18000000,addresses,addresses_listed_peak,article\n"
        "loss,5,USD,private_los_usd,article\n"
    )
    loaded = load_scenario("telegram-2018", [f"published.figures={table}"])
    (problem,) = problems_of(lambda: resolve(loaded))
    assert problem == (
        "figures.csv:3: metric: expected the name of a measure, got 'private_los_usd'; did you "
        "mean 'private_loss_usd'?"
    )


def test_a_figure_about_a_provider_without_prefixes_is_refused(replay):
    figures = replay.figures
    assert figures is not None
    assert not check_together(replay)
    rows = tuple(
        row.model_copy(update={"providers": "AWS; Gogle"}) if row.providers else row
        for row in figures.rows
    )
    problems = check_together(replace(replay, figures=replace(figures, rows=rows)))
    assert len(problems) == 2
    assert {problem.message for problem in problems} == {
        "expected a provider of the prefixes, got 'Gogle'"
    }


@pytest.mark.parametrize(
    ("key", "name", "column"),
    [("money.rates", "exchange-rates", "of"), ("stances.events", "stances-2018", "provider")],
)
def test_what_a_row_says_is_not_said_again(key, name, column, tmp_path):
    text, own = table_text(name), tmp_path / "own.csv"
    own.write_text(f"{text}{text.splitlines()[1]}\n", encoding="utf-8")
    found = problems_of(lambda: resolve(load_scenario("telegram-2018", [f"{key}={own}"])))
    assert any(f": {column}: expected each once, got " in one for one in found)
