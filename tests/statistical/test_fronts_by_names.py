"""Fronts where names are, against the law the model states: through streams, the actor and runs."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from sim.engine.run import simulate
from sim.engine.strategies.single_rule import exact, none
from sim.measure.names import names_hit
from sim.scenario.load import load_scenario
from sim.scenario.resolve import resolve
from sim.streams import Streams
from sim.world.build import build_world
from tests.sections import Censor, Fronts
from tests.worlds import DAY, Actor, Firm, Pool, SmallWorld

ERRORS = 4.0
N_FRONTS = 4000
NAMES = {"198.18.0.9": 400, "198.18.0.77": 90, "198.18.0.200": 5, "203.0.113.1": 9_000}
"""The last lies outside the pool, of whose 256 addresses half carry 3 names."""
SHARE, A, MEAN = 0.6, 256, 3.0
CROWDED = SmallWorld(
    actors=(Actor(),),
    firms=tuple(Firm((address,) * 5) for address in NAMES),
    names_at=tuple(NAMES.items()),
    pools=(
        Pool(
            "alpha",
            1.0,
            ("198.18.0.0/24",),
            share_by_names=SHARE,
            share_named=0.5,
            mean_names=MEAN,
        ),
    ),
    fronts=Fronts(pools="x", n_fronts=N_FRONTS, monitor_lag_h=3.0, push_tau_h=30.0, lost_share=0.5),
    censor=Censor(discovery_lag_h=12.0, withdraw_lag_h=1.0),
    horizon_s=DAY,
    streams=Streams(17, 0),
)


def address_of(text: str) -> int:
    """An address as a number."""
    return sum(int(part) << 24 - 8 * row for row, part in enumerate(text.split(".")))


def test_a_front_meets_an_address_by_its_names_and_by_one_among_all() -> None:
    """Chance q n / N + (1 - q) / A of an address with n names; neither part alone gives it."""
    fronts = simulate(CROWDED.world(), none, CROWDED.streams).front_address
    assert fronts.size == N_FRONTS
    mine = {text: n for text, n in NAMES.items() if text.startswith("198.18.0.")}
    n_all = sum(mine.values()) + (A / 2 - len(mine)) * MEAN
    for text in ("198.18.0.9", "198.18.0.77"):
        by_names, even = mine[text] / n_all, 1 / A
        share = float((fronts == address_of(text)).mean())
        laws = {
            "as it is": SHARE * by_names + (1 - SHARE) * even,
            "evenly": even,
            "by names": by_names,
            "without what nobody is modelled on": SHARE * mine[text] / sum(mine.values())
            + (1 - SHARE) * even,
        }
        for name, law in laws.items():
            error = math.sqrt(law * (1 - law) / N_FRONTS)
            assert bool(abs(share - law) <= ERRORS * error) is (name == "as it is"), (text, name)
    others = np.setdiff1d(fronts, [address_of(text) for text in mine])
    # Whoever is at none of these is anywhere else, evenly.
    assert others.size > 0.98 * (A - len(mine))


def test_one_more_number_moves_nothing_of_what_was_drawn_before() -> None:
    """With a share of nearly 0 fronts are where they were; as it rises, those by names stay."""
    found = {}
    for share in (0.0, 1e-12, 0.3, 0.6):
        pools = (replace(CROWDED.pools[0], share_by_names=share),)
        fronts = CROWDED.fronts.model_copy(update={"n_fronts": 300})
        small = replace(CROWDED, pools=pools, fronts=fronts)
        found[share] = simulate(small.world(), none, small.streams).front_address
    assert found[0.0].tolist() == found[1e-12].tolist()
    has_moved = found[0.3] != found[0.0]
    assert 0.2 < has_moved.mean() < 0.4
    assert found[0.6][has_moved].tolist() == found[0.3][has_moved].tolist()


def test_more_fronts_by_names_hit_more_names_by_orders_for_single_addresses() -> None:
    n_replicates = 40
    hit = np.zeros((3, n_replicates))
    for row, share in enumerate((0.0, 0.5, 1.0)):
        pools = (replace(CROWDED.pools[0], share_by_names=share),)
        fronts = CROWDED.fronts.model_copy(update={"n_fronts": 3})
        small = replace(CROWDED, pools=pools, fronts=fronts, horizon_s=3 * DAY)
        world = small.world()
        for replicate in range(n_replicates):
            outcome = simulate(world, exact, Streams(17, replicate))
            hit[row, replicate] = names_hit(world, outcome).n_hit
    rise = np.diff(hit, axis=0)
    error = rise.std(axis=1, ddof=1) / math.sqrt(n_replicates)
    assert (rise.mean(axis=1) > 0).all()
    assert rise[0].mean() > ERRORS * error[0]


@pytest.mark.parametrize("kinds", [True, False])
def test_names_of_a_pool_are_those_modelled_and_those_expected_beside_them(kinds) -> None:
    """By the tables, and not by the function: a shared range is crowded, a cloud is not."""
    asked = ["fronts.pools=front-pools-spain-by-names", "population.n_businesses=300"]
    asked += [] if kinds else ["names.kinds=off"]
    resolved = resolve(load_scenario("spain-2025-26", asked))
    world = build_world(resolved, Streams(3, 0))
    address, n_names, _ = world.components.in_use(world.businesses.component_row)
    carry = {("OVH", "rented"): 0.3, ("OVH", "web_hosting"): 0.05}
    mean_of = (
        {"rented": 1.47, "web_hosting": 21.9}
        if kinds
        else dict.fromkeys(("rented", "web_hosting"), 15.957)
    )
    rows = [(row.provider, row.region) for row in resolved.pools.rows]
    for provider, region in (("Cloudflare", "shared"), ("OVH", "")):
        pool = rows.index((provider, region))
        crowding, whole = world.pools.crowding[pool], world.pools.addresses[pool]
        is_mine = whole.contains(address)
        assert crowding.address.tolist() == address[is_mine].tolist()
        assert crowding.n_names.tolist() == n_names[is_mine].tolist()
        n, n_used = whole.n_addresses, int(is_mine.sum())
        if provider == "Cloudflare":
            expected = (n - n_used) * 24_715
        else:
            # In the mean of its kinds, and of so many addresses fewer as are in use.
            named = sum(carry.values())
            mean = sum(share * mean_of[kind] for (_, kind), share in carry.items()) / named
            expected = (n * named - n_used) * mean
        assert n_used > 0
        assert crowding.rest_names * (n - n_used) == pytest.approx(expected, rel=4e-3)
    # No shipped scenario has it, and then nothing is drawn for it.
    assert build_world(resolve(load_scenario("spain-2025-26")), Streams(3, 0)).pools.crowding == ()
