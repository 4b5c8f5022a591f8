"""From the tables of a scenario to what providers end, and when."""

from pathlib import Path

import pytest

from sim.engine.eventlog import Kind
from sim.engine.run import simulate
from sim.engine.strategies.single_rule import exact
from sim.errors import DataError
from sim.scenario.load import load_scenario
from sim.scenario.resolve import Resolved, resolve
from sim.streams import Streams
from sim.world.build import build_world

POOLS = """provider,weight,by
AWS,1,rental
Google Cloud,1,domain-fronting
Google Cloud,1,rental
DigitalOcean,1,rental
"""
DAY = 86_400
# From 11:30 on 16 April to noon on 18 April.
END_OF_FRONTING_S = 2 * DAY + 1800


def with_pools(folder: Path, pools: str) -> Resolved:
    (folder / "pools.csv").write_text(pools, encoding="utf-8")
    text = load_scenario("telegram-2018").source.decode()
    (folder / "s.yaml").write_text(text, encoding="utf-8")
    changes = ["fronts.pools=pools.csv", "fronts.n_fronts=24", "end=2018-04-20T00:00+03:00"]
    changes.append("population.n_businesses=50")
    return resolve(load_scenario(str(folder / "s.yaml"), changes))


def test_google_ended_domain_fronting_in_april_and_kept_the_machines(tmp_path: Path) -> None:
    resolved = with_pools(tmp_path, POOLS)
    streams = Streams(resolved.scenario.root_seed, 0)
    world = build_world(resolved, streams)
    assert world.pools is not None
    assert world.stances is not None
    assert world.pools.is_fronting.tolist() == [False, True, False, False]
    acts = [
        (event.t_s, world.places.provider[event.provider_row], event.stance)
        for event in world.stances.events
        if event.ends_fronting
    ]
    assert acts == [(END_OF_FRONTING_S, "Google Cloud", "constructive")]
    events = simulate(world, exact, streams).events
    assert set(events.t_s[events.kind == Kind.EVICTED].tolist()) == {END_OF_FRONTING_S}


def test_pools_are_rented_where_nothing_else_is_said() -> None:
    resolved = resolve(load_scenario("telegram-2018"))
    world = build_world(resolved, Streams(1, 0))
    assert world.pools is not None
    assert not world.pools.is_fronting.any()


def test_another_right_is_refused_at_its_cell(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"pools\.csv:2.*by.*'rental' or 'domain-fronting'"):
        with_pools(tmp_path, POOLS.replace("AWS,1,rental", "AWS,1,lease"))
