"""A run that does nothing says why, in one sentence, in the terminal and in the report."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from sim.cli.app import app
from sim.experiment.simulation import Simulation
from sim.measure.nothing import DENIES, HITS, LIMITS, ORDERS, say_nothing
from sim.results.folder import read_manifest
from sim.scenario.load import load_scenario
from sim.scenario.reactions import Censor
from sim.scenario.resolve import resolve

LATE = "no operator carried an order out before the end"
A_DAY = "end=2018-04-17T12:00+03:00"
SHORT = "end=2018-04-16T11:40+03:00"
NARROW = "strategy={id: exact}"
NO_LIMITS = {
    "pressure_events", "narrow_length", "review_every_d", "review_silent_d", "review_addresses",
    "outside_withdrawals", "outside_withdrawals_per_d", "outside_withdrawal_share",
    "entry_life_d", "entry_life_from", "saturation_finds",
}  # fmt: skip
"""Keys of a censor that may be left out and hold no order back."""


def nothing(scenario: str, *overrides: str) -> dict[str, str]:
    resolved = resolve(load_scenario(scenario, ["population.n_businesses=20", *overrides]))
    job = Simulation({("",): resolved}, 1, with_tables=False)
    return dict(job.begin()(("", 0)).nothing)


def test_every_key_that_a_censor_may_leave_out_is_known_as_a_limit_or_as_none() -> None:
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
def test_why_is_said_of_what_a_run_does_not_do(
    scenario: str, overrides: list[str], expected: dict[str, str]
) -> None:
    assert nothing(scenario, *overrides) == expected


def test_it_is_said_of_a_strategy_if_no_replicate_does_it() -> None:
    late, free = {HITS: "late"}, {HITS: "free", DENIES: "free"}
    assert say_nothing([late, free, late]) == ["hits no modelled business: late; or free"]
    assert say_nothing([late, {}]) == []
    assert say_nothing([]) == []


@pytest.fixture(scope="module")
def idle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("idle")


def test_the_terminal_the_folder_and_the_report_say_it(idle: Path) -> None:
    short = ["-n", "1", "--set", "population.n_businesses=20", "--set", SHORT]
    done = CliRunner().invoke(app, ["run", "telegram-2018", *short, "-o", str(idle / "run")])
    assert done.exit_code == 0
    why = "orders nothing: no front was found before the end (censor.discovery_lag_h)"
    assert f"warning: {why}\n" in done.stderr
    assert why in read_manifest(idle / "run")["warnings"]
    assert CliRunner().invoke(app, ["report", str(idle / "run")]).exit_code == 0
    # On the page it begins like a sentence.
    assert f"O{why[1:]}" in (idle / "run" / "report.html").read_text(encoding="utf-8")


def test_a_comparison_says_of_which_strategy_but_not_of_none(idle: Path) -> None:
    done = CliRunner().invoke(
        app,
        ["compare", "telegram-2018", "--strategy", "none", "--strategy", "narrow=exact", "-n", "1",
         "--set", "population.n_businesses=20", "--set", SHORT, "-o", str(idle / "compared")],
    )  # fmt: skip
    assert done.exit_code == 0
    said = [line for line in done.stderr.splitlines() if "nothing" in line]
    assert said == [
        "warning: narrow orders nothing: no front was found before the end (censor.discovery_lag_h)"
    ]
