"""Each strategy id has one implementation, and does what its sentence says."""

import re
from pathlib import Path

import numpy as np
import pytest

from sim.engine.decisions import Decision
from sim.engine.eventlog import Kind
from sim.engine.orders import Mechanism
from sim.engine.record.outcome import Outcome
from sim.engine.run import simulate
from sim.engine.state.tally import Group
from sim.engine.strategies import build_strategy
from sim.engine.strategies.own import Strategy
from sim.engine.strategies.registry import RULES, register
from sim.scenario.load import load_scenario
from sim.scenario.resolve import Resolved, resolve
from sim.scenario.strategies import DECLARED, Exact, Own
from sim.streams import Streams
from sim.world.build import build_world
from tests.reference_strategies import EXAMPLES, WINDOWS_S, section


def ask(tmp_path: Path, name: str) -> Resolved:
    text = load_scenario("netblocks").source.decode()
    (tmp_path / "allowed.csv").write_text("prefix\n203.0.113.0/24\n", encoding="utf-8")
    path = tmp_path / "scenario.yaml"
    path.write_text(text, encoding="utf-8")
    overrides = [
        f"strategy={section(name)}",
        "end=2018-04-19T00:00+03:00",
        "population.n_businesses=60",
        "censor.pause_pressure=1",
    ]
    return resolve(load_scenario(str(path), overrides))


def run(tmp_path: Path, name: str) -> Outcome:
    resolved, streams = ask(tmp_path, name), Streams(3, 0)
    return simulate(build_world(resolved, streams), build_strategy(resolved, streams), streams)


def sizes(outcome: Outcome) -> list[int]:
    return [addresses.n_addresses for addresses in outcome.entry_addresses]


def test_every_id_of_the_language_is_tried_here():
    assert list(DECLARED) == list(EXAMPLES)
    assert len(DECLARED) >= 16


def test_every_id_of_the_language_has_one_rule():
    mine = {kind for kind in RULES if kind is not Own and not issubclass(kind, Strategy)}
    assert mine == set(DECLARED.values())


def test_a_second_rule_for_a_strategy_is_refused():
    with pytest.raises(AssertionError, match="Exact has two rules"):
        register(Exact, lambda observation: Decision())


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_strategy_says_where_it_was_really_used(name):
    # The function's own words, as a module may hold several strategies.
    assert re.search(r"^ *Really used: \S", RULES[DECLARED[name]].written.__doc__, re.MULTILINE)


@pytest.mark.parametrize("name", sorted(set(EXAMPLES) - {"none"}))
def test_every_strategy_but_none_places_an_entry(tmp_path, name):
    outcome = run(tmp_path, name)
    assert len(outcome.entry_addresses) > 0
    is_block = outcome.events.kind == Kind.BLOCK
    assert is_block.sum() == len(outcome.entry_addresses)


def test_none_places_nothing_and_harms_nobody(tmp_path):
    outcome = run(tmp_path, "none")
    assert outcome.entry_addresses == ()
    assert not outcome.ledger.lost_demand_h.any()
    assert outcome.users is not None
    assert not outcome.users.denied_s.any()


@pytest.mark.parametrize(("name", "size"), [("exact", 1), ("aggregate", 2**8)])
def test_prefixes_around_fronts_have_the_length_asked_for(tmp_path, name, size):
    assert set(sizes(run(tmp_path, name))) == {size}


def test_a_covering_prefix_is_nearly_all_its_providers(tmp_path):
    resolved, streams = ask(tmp_path, "covering-prefix"), Streams(3, 0)
    world = build_world(resolved, streams)
    outcome = simulate(world, build_strategy(resolved, streams), streams)
    for addresses in outcome.entry_addresses:
        shares = world.places.count_by_provider(addresses)[:-1] / addresses.n_addresses
        assert shares.max() >= 0.9
    assert max(sizes(outcome)) == 2**16


def test_whole_providers_are_wider_than_regions_and_regions_than_addresses(tmp_path):
    # The first front is the same for all three.
    first = [sizes(run(tmp_path, name))[0] for name in ("exact", "provider-region", "provider")]
    assert first[0] < first[1] < first[2]


def test_escalation_widens_while_the_target_is_reached(tmp_path):
    widths = sizes(run(tmp_path, "escalate"))
    assert widths[0] == 1
    assert {1, 2**5, 2**10} <= set(widths)


@pytest.mark.parametrize(
    ("name", "mechanism"),
    [("dns", Mechanism.NAME), ("sni", Mechanism.NAME), ("throttle", Mechanism.THROTTLE)],
)
def test_a_mechanism_other_than_dropping_is_used(tmp_path, name, mechanism):
    assert mechanism in set(run(tmp_path, name).entry_mechanism)


def test_windows_block_only_inside(tmp_path):
    t_s, listed = run(tmp_path, "time-window").curves.points("addresses_listed", Group())
    first, last = WINDOWS_S[0]
    outside = (t_s < first) | (t_s >= last)
    assert outside.sum() > 1
    assert not listed[outside].any()
    assert listed.max() > 0


def test_rolling_entries_are_released_after_their_time(tmp_path):
    events = run(tmp_path, "rolling").events
    placed = {}
    lives = []
    for t_s, kind, entry in zip(events.t_s, events.kind, events.entry_row, strict=True):
        if kind == Kind.BLOCK:
            placed[entry] = t_s
        elif kind == Kind.UNBLOCK:
            lives.append(t_s - placed[entry])
    assert lives
    assert max(lives) <= 40 * 3600


def test_an_allow_list_drops_all_but_what_is_on_it(tmp_path):
    assert sizes(run(tmp_path, "allow-list")) == [2**32 - 2**8]


def test_talks_come_before_blocks(tmp_path):
    events = run(tmp_path, "negotiate").events
    discovered = events.t_s[events.kind == Kind.DISCOVERED].min()
    assert events.t_s[events.kind == Kind.BLOCK].min() >= discovered + 24 * 3600


def test_a_cover_keeps_to_its_rules_and_covers_what_is_known(tmp_path):
    outcome = run(tmp_path, "cover")
    for addresses in outcome.entry_addresses:
        assert addresses.to_prefixes()[0].size <= 2
    known = outcome.events.front_row[outcome.events.kind == Kind.DISCOVERED]
    last = outcome.entry_addresses[-1]
    assert last.contains(outcome.front_address[np.unique(known)]).mean() > 0.9
