"""A run that does nothing says why, in one sentence, in the terminal and in the folder."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from sim.experiment.simulation import Simulation
from sim.measure.facts import DENIES, HITS, LIMITS, ORDERS, read_kinds, why_nothing
from sim.measure.measures import Measure
from sim.measure.summary import Measured
from sim.results.folder import read_manifest
from sim.scenario.reactions import Censor
from tests.commands import run
from tests.experiments import resolved_of

LATE = "no operator carried an order out before the end"
A_DAY = "end=2018-04-17T12:00+03:00"
SHORT = "end=2018-04-16T11:40+03:00"
NARROW = "strategy={id: exact}"
NO_LIMITS = {
    "pressure_events", "narrow_length", "review_every_d", "review_silent_d", "review_addresses",
    "outside_withdrawals_per_d", "outside_withdrawal_share",
    "saturation_finds",
}  # fmt: skip
"""Keys of a censor that may be left out and hold no order back."""


def nothing(folder: Path, scenario: str, *overrides: str) -> dict[str, str]:
    resolved = resolved_of(scenario, ["population.n_businesses=20", *overrides])
    record = Simulation({("",): resolved}, 1).begin()(("", 0))
    for table in ("events", "enforcement"):
        (folder / f"{table}.parquet").write_bytes(record.tables[table])
    return why_nothing(resolved, read_kinds(folder, ""), Measured.of({0: record.measures}))


def test_every_key_that_a_censor_may_leave_out_is_known_as_a_limit_or_as_none():
    """Else a run that a new limit holds back would name others as the reason."""
    fields = Censor.model_fields.items()
    optional = {key for key, field in fields if not field.is_required() and field.default is None}
    assert set(LIMITS).isdisjoint(NO_LIMITS)
    assert optional == NO_LIMITS.union(LIMITS)


@pytest.mark.parametrize(
    ("scenario", "overrides", "expected"),
    [
        ("no-blocking", [A_DAY], {ORDERS: "the strategy none places no order"}),
        ("telegram-2018-replay", ["strategy.last_order=2018-04-16T00:00+03:00", A_DAY],
         {ORDERS: "every order of telegram-2018-orders lies beyond end or strategy.last_order"}),
        ("telegram-2018", [SHORT],
         {ORDERS: "no front was found before the end (censor.discovery_lag_h)"}),
        ("telegram-2018", [A_DAY, "censor.max_rules=0"],
         {ORDERS: "no order passed what the censor holds itself to "
                  "(censor.max_rules, censor.pause_pressure)"}),
        ("telegram-2018", [A_DAY, "strategy={id: negotiate, talks_h: 1000, purity: 0.9}"],
         {ORDERS: "no provider of a front that was found refused before the end "
                  "(strategy.talks_h)"}),
        ("telegram-2018",
         [A_DAY, "strategy={id: time-window, "
                 "windows: [[2018-04-16T11:30+03:00, 2018-04-16T11:31+03:00]]}"],
         {ORDERS: "no front was known, and free to be listed, in any of strategy.windows"}),
        ("telegram-2018", ["end=2018-04-16T11:31+03:00", "censor.discovery_lag_h=1e-9"],
         {HITS: LATE, DENIES: LATE}),
        ("telegram-2018", [A_DAY, NARROW],
         {HITS: "no customer of one needed an address or a name while it was blocked; they are a "
                   "sample: names expected behind what was listed are in expected_names.csv"}),
        ("telegram-2018", [A_DAY, "thresholds={affected: 0.97, impaired: 0.98, down: 0.99}"],
         {HITS: "no business lost more than 0.97 of its demand at a time (thresholds.affected)"}),
        ("sni-era", ["end=2021-03-11T00:00+03:00", "strategy.overmatch=0",
                     "effects.name_evasion=1"],
         {HITS: "the entry matches no other name (strategy.overmatch 0)",
          DENIES: "at every operator the clients always reached it, by a front or a VPN"}),
        ("telegram-2018", [A_DAY], {}),
        ("telegram-2018-replay", [A_DAY], {}),
    ],
)  # fmt: skip
def test_why_is_said_of_what_a_run_does_not_do(scenario, overrides, expected, tmp_path):
    assert nothing(tmp_path, scenario, *overrides) == expected


GIVEN = "{id: orders, orders: [{addresses: [198.51.100.0/24]}]}"
AN_HOUR = "windows: [[2018-04-16T11:00+03:00, 2018-04-16T12:00+03:00]]"
FEW_RULES = "no order passed what the censor holds itself to (censor.max_rules)"
A_SAMPLE = (
    "no customer of one needed an address or a name while it was blocked; they are a sample: "
    "names expected behind what was listed are in expected_names.csv"
)


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        (["censor={}", f"strategy={GIVEN}"],
         "no given order comes into force between start and end; or what was found called for no "
         "order"),
        (["censor={max_rules: 5}", f"strategy={GIVEN}"],
         f"no given order comes into force between start and end; or {FEW_RULES}"),
        (["censor={max_rules: 5}",
          f"strategy={{id: time-window, {AN_HOUR}}}"],
         "no front was known, and free to be listed, in any of strategy.windows"),
        (["censor={max_rules: 5}", "strategy={id: exact}"], FEW_RULES),
        (["censor={}", "strategy={id: exact}"], "what was found called for no order"),
    ],
)  # fmt: skip
def test_who_orders_nothing_though_fronts_are_found_is_told_by_strategy_and_limits(
    overrides, expected
):
    resolved = resolved_of("netblocks", overrides)
    assert why_nothing(resolved, {"discovered"}, measured(orders_placed=0)) == {ORDERS: expected}


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        (["strategy={id: dns, overmatch: 0}"], "the entry matches no other name "
                                               "(strategy.overmatch 0)"),
        (["strategy={id: sni, overmatch: 0.1}", "effects.name_evasion=1"],
         "all users get round the blocking of a name (effects.name_evasion 1)"),
        (["strategy={id: throttle, length: 24}", "effects.throttle_severity=0"],
         "no attempt fails at a throttled address (effects.throttle_severity 0)"),
        (["strategy={id: throttle, length: 24}"], A_SAMPLE),
        (["strategy={id: exact}", "effects.throttle_severity=0", "effects.name_evasion=1"],
         A_SAMPLE),
    ],
)  # fmt: skip
def test_who_hits_nobody_is_told_by_what_the_strategy_does(overrides, expected):
    resolved = resolved_of("netblocks", overrides)
    none = {"orders_placed": 1, "businesses_ever_affected": 0}
    free = measured(**none, demand_lost_share=0.0, target_user_hours_denied=1)
    assert why_nothing(resolved, {"enforced"}, free) == {HITS: expected}
    some = measured(**none, demand_lost_share=0.1)
    bar = f"{resolved.scenario.thresholds.affected:g}"
    assert why_nothing(resolved, {"enforced"}, some) == {
        HITS: f"no business lost more than {bar} of its demand at a time (thresholds.affected)"
    }


def measured(*runs: Mapping[str, float], **value: float) -> Measured:
    found = [[Measure(name, "", each) for name, each in run.items()] for run in runs or (value,)]
    return Measured.of(dict(enumerate(found)))


def test_it_is_said_of_a_strategy_if_no_replicate_does_it():
    resolved = resolved_of("netblocks")
    late, free = (
        {"orders_placed": 1, "businesses_ever_affected": n, "target_user_hours_denied": 1}
        for n in (0, 3)
    )
    assert why_nothing(resolved, {"block"}, measured(late, late)) == {HITS: LATE}
    assert why_nothing(resolved, {"block"}, measured(late, free)) == {}


@pytest.fixture(scope="module")
def idle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("idle")


def test_the_terminal_and_the_folder_say_it(idle):
    short = ["--fixed", "-n", "1", "--set", "population.n_businesses=20", "--set", SHORT]
    done = run("run", "telegram-2018", *short, "-o", str(idle / "run"))
    why = "orders nothing: no front was found before the end (censor.discovery_lag_h)"
    assert f"warning: {why}\n" in done.stderr
    assert why in read_manifest(idle / "run")["warnings"]


def test_a_comparison_says_of_which_strategy_but_not_of_none(idle):
    asked = ("compare", "telegram-2018", "--strategy", "none", "--strategy", "narrow=exact")
    few = ("--fixed", "-n", "1", "--set", "population.n_businesses=20", "--set", SHORT)
    done = run(*asked, *few, "-o", idle / "compared")
    assert [line for line in done.stderr.splitlines() if "nothing" in line] == [
        "warning: narrow orders nothing: no front was found before the end (censor.discovery_lag_h)"
    ]
