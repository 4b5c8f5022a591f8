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


def test_shares_may_miss_1_by_rounding_only(resolve_with):
    text = table_text("operators-russia-2018")
    assert resolve_with("operators.groups", text.replace("0.2296", "0.2296005"))
    assert problems_of(
        lambda: resolve_with("operators.groups", text.replace("0.2296", "0.229602"))
    ) == ["own.csv: share_users: expected shares that sum to 1, got 1"]


def test_more_operator_groups_than_the_engine_can_hold_are_refused(resolve_with):
    header = ",".join(table_text("operators-russia-2018").splitlines()[0].split(",")[:10])

    def table(n: int) -> str:
        rows = [f"o{row},O,,{1 / n!r},1,1,1,1,1,1" for row in range(n)]
        return "\n".join([header, *rows]) + "\n"

    assert len(resolve_with("operators.groups", table(32)).operators.rows) == 32
    assert problems_of(lambda: resolve_with("operators.groups", table(33))) == [
        "own.csv: expected at most 32 operator groups, got 33"
    ]


def test_sectors_must_be_distinct_sum_to_1_and_follow_a_known_profile(resolve_with):
    text = (
        table_text("sectors-russia-2018")
        .replace("\nfinance,payments and finance,0.08", "\ne-commerce,payments,0.09")
        .replace("0.95,consumer", "0.95,consumers")
    )
    assert problems_of(lambda: resolve_with("population.sectors", text)) == [
        "own.csv:3: sector: expected each once, got 'e-commerce' again",
        "own.csv: share_businesses: expected shares that sum to 1, got 1.01",
        "own.csv:2: demand_profile: expected one of consumer, leisure, office, got 'consumers'; "
        "did you mean 'consumer'?",
    ]


def test_a_profile_has_each_hour_and_weekday_once(resolve_with):
    text = table_text("demand-profiles")
    for change, reported in [
        (text.replace("consumer,hour,3,1\n", ""),
         "own.csv: index: expected one hour row for each of 0 to 23 of 'consumer', got 23"),
        (text.replace("consumer,hour,3,1\n", "consumer,hour,2,1\n"),
         "own.csv: index: expected one hour row for each of 0 to 23 of 'consumer', got 24"),
        (text.replace("consumer,weekday,6,9\n", "consumer,weekday,7,9\n"),
         "own.csv: index: expected one weekday row for each of 0 to 6 of 'consumer', got 7"),
    ]:  # fmt: skip
        assert change != text
        problems = problems_of(
            lambda change=change: resolve_with("population.demand_profiles", change)
        )
        assert problems == [reported]


def test_a_profile_without_any_demand_is_refused(resolve_with):
    lines = [
        line if not line.startswith("office,weekday") else line.rsplit(",", 1)[0] + ",0"
        for line in table_text("demand-profiles").splitlines()
    ]
    assert problems_of(
        lambda: resolve_with("population.demand_profiles", "\n".join(lines) + "\n")
    ) == [
        "own.csv: weight: expected a positive weight among the weekday rows of 'office', got none"
    ]


@pytest.mark.parametrize("side", ["foreign", "domestic"])
def test_each_side_has_a_place_with_weight(resolve_with, side):
    lines = [
        line.rsplit(",", 1)[0] + ",0" if f",{side}," in line else line
        for line in table_text("hosting-russia-2018").splitlines()
    ]
    assert problems_of(lambda: resolve_with("population.hosting", "\n".join(lines) + "\n")) == [
        f"own.csv: weight: expected a positive weight among the {side} rows, got none"
    ]


def test_a_prefix_belongs_to_one_place(resolve_with):
    text = table_text("provider-prefixes-2018") + "Yandex,russia,13.32.0.0/15,2018-04-05,fact,x\n"
    (problem,) = problems_of(lambda: resolve_with("providers.prefixes", text))
    assert problem.startswith(f"own.csv:{text.count(chr(10))}: prefix: expected each once")


def test_the_cadence_holds_from_the_start_and_its_dates_rise(resolve_with):
    late = "from,every_min\n2018-04-16T00:01+03:00,21\n"
    assert problems_of(lambda: resolve_with("register.cadence", late)) == [
        "own.csv:2: from: expected a cadence from the scenario's start, "
        "2018-04-16T00:00:00+03:00, or before, got 2018-04-16T00:01:00+03:00"
    ]
    # The same instant in another offset is not after the start.
    assert resolve_with("register.cadence", "from,every_min\n2018-04-15T21:00+00:00,21\n")
    falling = "from,every_min\n2018-04-16T00:00+03:00,21\n2018-04-16T00:00+03:00,14\n"
    assert problems_of(lambda: resolve_with("register.cadence", falling)) == [
        "own.csv:3: from: expected a later date than in the row before"
    ]


def test_an_order_that_unblocks_what_was_never_blocked_is_refused(resolve_with):
    text = orders(
        "2018-04-16T10:00+03:00,,,block,192.0.2.0/24",
        "2018-04-16T11:00+03:00,,,unblock,192.0.2.0/25",  # inside it, but not the same prefix
        "2018-04-16T12:00+03:00,,,unblock,192.0.2.0/24",
        "2018-04-16T13:00+03:00,,,unblock,192.0.2.0/24",  # nothing is left to withdraw
    )
    wanted = "prefix: expected a prefix that an earlier order blocks, got one that none does"
    assert problems_of(lambda: resolve_with("strategy.orders", text)) == [
        f"own.csv:3: {wanted}",
        f"own.csv:5: {wanted}",
    ]


def test_all_of_one_family_withdraws_nothing_of_the_other(resolve_with):
    wanted = "prefix: expected a prefix that an earlier order blocks, got one that none does"
    rows = ("2018-04-16T10:00+03:00,,,block,", "2018-04-16T11:00+03:00,,,unblock,")
    for one, other in (("0.0.0.0/0", "::/0"), ("::/0", "0.0.0.0/0")):
        text = orders(f"{rows[0]}{one}", f"{rows[1]}{other}")
        found = problems_of(lambda text=text: resolve_with("strategy.orders", text))
        assert found == [f"own.csv:3: {wanted}"]
        assert resolve_with("strategy.orders", orders(f"{rows[0]}{one}", f"{rows[1]}{one}"))


def test_orders_count_by_time_and_not_by_row(resolve_with):
    late_block = orders(
        "2018-04-16T12:00+03:00,,,block,192.0.2.0/24",
        "2018-04-16T11:00+03:00,,,unblock,192.0.2.0/24",
    )
    assert problems_of(lambda: resolve_with("strategy.orders", late_block))[0].startswith(
        "own.csv:3: prefix: "
    )
    early_block = orders(
        "2018-04-16T12:00+03:00,,,unblock,192.0.2.0/24",
        "2018-04-16T11:00+03:00,,,block,192.0.2.0/24",
    )
    assert resolve_with("strategy.orders", early_block)


def test_an_order_before_the_start_is_refused(resolve_with):
    text = orders("2018-04-15T23:59+03:00,,,block,192.0.2.0/24")
    assert problems_of(lambda: resolve_with("strategy.orders", text)) == [
        "own.csv:2: effective: expected a time from the scenario's start, "
        "2018-04-16T00:00:00+03:00, on, got 2018-04-15T23:59:00+03:00"
    ]
    at_start = orders("2018-04-16T00:00+03:00,,,block,192.0.2.0/24")
    assert resolve_with("strategy.orders", at_start)


def test_many_orders_before_the_start_are_told_once(resolve_with):
    rows = [f"2018-04-1{day}T12:00+03:00,,,block,192.0.2.{day}/32" for day in range(1, 8)]
    rows.append("2018-04-17T12:00+03:00,,,unblock,192.0.2.1/32")
    assert problems_of(lambda: resolve_with("strategy.orders", orders(*rows))) == [
        "own.csv:2: effective: expected a time from the scenario's start, "
        "2018-04-16T00:00:00+03:00, on, got 2018-04-11T12:00:00+03:00 and 4 more before it"
    ]


def test_a_window_that_opens_before_the_start_matters_only_when_times_are_drawn(resolve_with):
    text = orders("2018-04-16T01:00+03:00,2018-04-15T23:00+03:00,,block,192.0.2.0/24")
    assert resolve_with("strategy.orders", text)
    (problem,) = problems_of(
        lambda: resolve_with("strategy.orders", text, "strategy.order_times=drawn")
    )
    assert problem.startswith("own.csv:2: effective: expected a time from the scenario's start")


def test_windows_of_a_block_and_its_withdrawal_must_not_overlap_when_times_are_drawn(resolve_with):
    def text(latest: str) -> str:
        return orders(
            f"2018-04-16T10:00+03:00,,{latest},block,192.0.2.0/24",
            "2018-04-16T14:00+03:00,2018-04-16T13:00+03:00,,unblock,192.0.2.0/24",
        )

    drawn = "strategy.order_times=drawn"
    overlapping = text("2018-04-16T14:30+03:00")
    assert resolve_with("strategy.orders", overlapping)
    assert problems_of(lambda: resolve_with("strategy.orders", overlapping, drawn)) == [
        "own.csv:3: earliest: expected a window after that of the order it withdraws, "
        "got an overlap"
    ]
    assert resolve_with("strategy.orders", text("2018-04-16T12:59+03:00"), drawn)


SHARED = "provider,region,prefix\n"


@pytest.mark.parametrize(
    ("row", "reported"),
    [
        ("Cloudflare,global,188.114.96.0/23",
         "own.csv:2: region: expected a region that provider-prefixes-2018 does not have, "
         "got 'global'"),
        ("Cloudflare,shared,10.0.0.0/24",
         "own.csv:2: prefix: expected a part of a range that provider-prefixes-2018 gives "
         "'Cloudflare', got none of them"),
        ("AWS,shared,188.114.96.0/23",
         "own.csv:2: prefix: expected a part of a range that provider-prefixes-2018 gives 'AWS', "
         "got none of them"),
        ("Cloudflare,shared,188.114.0.0/16", "own.csv:2: prefix: expected a part of a range"),
        ("Cloudflare,shared,188.114.96.0/23\nCloudflare,other,188.114.96.0/23",
         "own.csv:3: prefix: expected each once"),
    ],
)  # fmt: skip
def test_a_shared_range_is_a_new_part_of_the_provider_s_own(resolve_with, row, reported):
    (problem,) = problems_of(lambda: resolve_with("providers.shared", f"{SHARED}{row}\n"))
    assert problem.startswith(reported)


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


def test_a_pool_in_a_region_that_is_not_there_is_refused(resolve_with):
    text = "provider,region,weight\nCloudflare,shared,1\n"
    (problem,) = problems_of(lambda: resolve_with("fronts.pools", text, "censor={}"))
    assert problem == (
        "own.csv:2: region: expected a provider and region of the prefixes, got "
        "'Cloudflare shared'; did you mean 'Cloudflare'?"
    )
    text = "provider,region,weight\nCloudflare,,0\nAWS,,0\n"
    (problem,) = problems_of(lambda: resolve_with("fronts.pools", text, "censor={}"))
    assert problem == "own.csv: weight: expected a positive weight among the pools, got none"


def test_orders_after_the_last_one_wanted_need_no_block_before_them(resolve_with):
    rows = orders("2018-04-16T11:00+03:00,,,block,10.0.0.0/24")
    resolved = resolve_with("strategy.orders", rows, "strategy.last_order=2018-04-16T12:00+03:00")
    assert resolved.orders is not None


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


def test_a_place_is_known_to_the_prefix_table_and_named_once(resolve_with):
    text = table_text("hosting-russia-2018") + "AWS,eu-west-9,foreign,1\nAWS,eu-west-1,foreign,1\n"
    line = text.count("\n")
    assert problems_of(lambda: resolve_with("population.hosting", text)) == [
        f"own.csv:{line}: region: expected each once, got 'AWS eu-west-1' again",
        f"own.csv:{line - 1}: region: expected a provider and region of the prefixes, "
        "got 'AWS eu-west-9'; did you mean 'AWS eu-west-3'?",
    ]


@pytest.mark.parametrize(
    ("key", "name", "column"),
    [
        ("money.rates", "exchange-rates", "of"),
        ("stances.events", "stances-2018", "provider"),
    ],
)
def test_what_a_row_says_is_not_said_again(key, name, column, tmp_path):
    text, own = table_text(name), tmp_path / "own.csv"
    own.write_text(f"{text}{text.splitlines()[1]}\n", encoding="utf-8")
    found = problems_of(lambda: resolve(load_scenario("telegram-2018", [f"{key}={own}"])))
    assert any(f": {column}: expected each once, got " in one for one in found)
