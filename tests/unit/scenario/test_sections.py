"""What acts has what it acts on, or the scenario is refused where it says so."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from sim.errors import DataError, ScenarioError
from sim.scenario.load import load_scenario
from sim.scenario.resolve import resolve
from sim.scenario.strategies import DECLARED, Chase
from sim.scenario.variants import choose_variants
from tests.reference_strategies import EXAMPLES, section

REPLAY = "  id: replay\n  orders: telegram-2018-orders"
CHASES = [name for name in DECLARED if isinstance(EXAMPLES[name][0], Chase)]
OTHERS = [name for name in DECLARED if name not in CHASES]
FRONTS = "fronts: {pools: front-pools-2018}\n"


def problems_of(name: str | Path, overrides: Sequence[str] = ()) -> list[str]:
    with pytest.raises(ScenarioError, match=": expected a section ") as caught:
        load_scenario(str(name), overrides)
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize("name", CHASES)
def test_a_strategy_that_chases_needs_fronts(write_scenario, name):
    path = write_scenario({REPLAY: f"  {section(name)}"})
    (problem,) = problems_of(path)
    assert problem == (
        f"{path}:12:4: strategy.id: expected a section fronts or target.addresses with the "
        f"strategy {name}, which answers the fronts that are found; got none"
    )
    with_fronts = write_scenario({REPLAY: f"  {section(name)}"}, add=FRONTS + "censor: {}\n")
    assert load_scenario(str(with_fronts)).scenario.strategy.id == name


@pytest.mark.parametrize("name", OTHERS)
def test_other_strategies_act_alone(write_scenario, name):
    path = write_scenario({REPLAY: f"  {section(name)}"})
    assert load_scenario(str(path)).scenario.fronts is None


def test_strategies_that_are_compared_need_what_the_own_one_needs(write_scenario):
    resolved = resolve(load_scenario(str(write_scenario())))
    with pytest.raises(ScenarioError, match="with the strategy exact") as caught:
        choose_variants(resolved, ["none", "exact"])
    assert str(caught.value).startswith("--strategy exact: strategy.id: expected a section fronts ")


@pytest.mark.parametrize(
    ("added", "reported"),
    [
        (FRONTS, ["16:1: fronts: expected a section censor with it"]),
        ("users: {}\n", ["16:1: users: expected a section fronts or target.addresses with it"]),
        ("complaints: {}\n", ["16:1: complaints: expected a section users with it"]),
        ("stances: {events: stances-2018}\nusers: {}\n",
         ["16:1: stances: expected a section fronts with it",
          "17:1: users: expected a section fronts or target.addresses with it"]),
        ("censor: {pause_pressure: 0.5, end_pressure: 0.9}\n",
         ["16:10: censor.pause_pressure: expected a section complaints, or censor.pressure_events",
          "16:31: censor.end_pressure: expected a section complaints, or censor.pressure_events"]),
    ],
)  # fmt: skip
def test_a_section_needs_what_it_acts_on(write_scenario, added, reported):
    path = write_scenario(add=added)
    found = problems_of(path)
    assert len(found) == len(reported)
    for problem, expected in zip(found, reported, strict=True):
        assert problem.startswith(f"{path}:{expected}"), problem


def test_programs_need_a_shared_range_and_no_tenants():
    with pytest.raises(ScenarioError) as caught:
        load_scenario("telegram-2018", ["switching={}", "tenancy={}"])
    shared, tenants = [str(problem) for problem in caught.value.problems]
    assert "switching: expected providers.shared with it, whose ranges the programs" in shared
    assert "switching: expected no section tenancy with it: where a program comes" in tenants


def test_programs_need_a_place_that_is_not_shared(tmp_path):
    hosting = tmp_path / "hosting.csv"
    rows = ["Cloudflare,shared,foreign,1", "Cloudflare,shared,domestic,1"]
    hosting.write_text("\n".join(["provider,region,side,weight", *rows, ""]), encoding="utf-8")
    with pytest.raises(DataError) as caught:
        resolve(load_scenario("match-days", [f"population.hosting={hosting}"]))
    assert any(
        "weight: expected a place with weight that is no shared range" in str(problem)
        for problem in caught.value.problems
    )


def test_what_lacks_what_it_acts_on_after_an_override_is_refused():
    (problem,) = problems_of("match-days", ["users=off", "fronts=off"])
    assert (
        "strategy.id: expected a section fronts or target.addresses with the strategy time-window"
        in problem
    )
    (problem,) = problems_of("snowball", ["complaints=off"])
    assert "censor.pause_pressure: expected a section complaints" in problem
    # Public events raise attention as well.
    load_scenario("snowball", ["complaints=off", "censor.pressure_events=pressure-events-2018"])


def test_drawn_decisions_have_a_rate_and_a_share():
    share, rate = "outside_withdrawal_share", "outside_withdrawals_per_d"
    for given, told in ((rate, f"{share} with outside_with"), (share, f"{rate} with it, without")):
        with pytest.raises(ScenarioError, match=f"expected {told}"):
            load_scenario("escalation-2018", [f"censor.{given}=0.1"])
