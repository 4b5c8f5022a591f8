"""Active sites of addresses: their bounds, the kind of an address, and the page in plain words."""

import math
from dataclasses import replace
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sim.world.build
from sim.names.sharing import KINDS, kinds_of_places, n_active_sites, shares_parked
from sim.scenario.resolve import Resolved
from sim.scenario.tables.sharing import SharingRow
from sim.streams import Streams
from sim.world.build import World, build_world, census_law, neighbours_of_hosts
from tests.experiments import resolved_of
from tests.names import parked_rows, sharing_rows

LAST = math.nextafter(1, 0)
N = 150


def ask(name: str, *overrides: str) -> Resolved:
    brief = [f"population.n_businesses={N}", "end=2018-04-20T00:00+03:00"]
    return resolved_of(name, [*(brief if "2018" in name else brief[:1]), *overrides])


def active(n: int, m: int, p: float, u: float) -> int:
    columns = np.array([n]), np.array([m]), np.array([p]), np.array([u])
    return int(n_active_sites(*columns)[0])


unit = st.floats(0, 1) | st.sampled_from([0.0, LAST, 0.5])


@given(st.integers(1, 2**40), st.integers(0, 50), unit, unit.filter(lambda u: u < 1))
def test_active_sites_are_one_at_least_and_all_names_at_most(n, m, p, u):
    found = active(n, m, p, u)
    assert 1 <= found <= n
    assert found >= min(n, m)
    # No more are parked than asked for, and one less by rounding at most.
    assert found >= math.floor((n - 1) * (1 - p)) + 1


def test_edges_of_shares_and_luck():
    assert [active(n, 1, 1.0, LAST) for n in (1, 2, 17_000_000)] == [1, 1, 1]
    assert [active(n, 1, 0.0, LAST) for n in (1, 2, 17_000_000)] == [1, 2, 17_000_000]
    assert [active(n, 0, 0.5, 0.0) for n in (1, 2, 3, 4)] == [1, 1, 2, 2]
    assert [active(n, 0, 0.5, 0.5) for n in (1, 2, 3, 4)] == [1, 2, 2, 3]


def test_who_is_modelled_is_active_whatever_the_luck():
    assert [active(5, m, 0.97, 0.0) for m in range(8)] == [1, 1, 2, 3, 4, 5, 5, 5]


def test_a_place_takes_its_own_row_then_its_provider_s_then_the_usual_kind():
    rows = [
        SharingRow(provider=p, region=r, kind=k, share_addresses=s, low=0, high=1, why="x")
        for p, r, k, s in (
            ("A", "*", "web_hosting", 0.3),
            ("A", "x", "proxy", 0.2),
            ("A", "y", "proxy", 0.0),
            ("S", "own", "parking", 0.5),
        )
    ]
    places = [("A", "x"), ("A", "y"), ("A", "z"), ("B", "x"), ("A", "shared"), ("S", "own")]
    share = kinds_of_places(rows, places, {("A", "shared"), ("S", "own")})
    assert [{KINDS[k]: float(s[k]) for k in np.flatnonzero(s)} for s in share] == [
        {"proxy": 0.2}, {"rented": 1.0}, {"web_hosting": 0.3}, {"rented": 1.0}, {"proxy": 1.0},
        {"parking": 0.5},
    ]  # fmt: skip
    assert kinds_of_places([], [("B", "x")], ()).tolist() == [[0, 0, 0, 1]]


def in_words(resolved: Resolved, parts: list, revenue: np.ndarray, places) -> dict[int, int]:
    """Active sites by address as names.md says it, one host after the other, by the stdlib."""
    normal = NormalDist()
    rho = resolved.scenario.names.loneliness
    parked = {row.kind: row.share_parked for row in parked_rows()}
    shares: dict[tuple[str, str], dict[str, float]] = {}
    for row in sharing_rows():
        shares.setdefault((row.provider, row.region), {})[row.kind] = row.share_addresses
    shared = resolved.shared_prefixes.rows if resolved.shared_prefixes else ()
    shared_places = {(row.provider, row.region) for row in shared}
    sectors = resolved.sectors.rows

    def rank(usd_per_h: float) -> float:
        return sum(
            s.share_businesses
            * normal.cdf(math.log(usd_per_h / s.revenue_median_usd_per_h) / s.revenue_sigma)
            for s in sectors
        )

    first: dict[int, tuple[float, float, tuple[str, str]]] = {}
    modelled: dict[int, set[int]] = {}
    seat = [row for part in parts for row in part.seat_row.tolist()]
    u_of = [u for part in parts for u in part.parked_luck.tolist()]
    for number, part in enumerate(parts):
        hosts = zip(
            part.host_address.tolist(),
            part.host_component.tolist(),
            part.host_business.tolist(),
            part.host_luck.tolist(),
            strict=True,
        )
        for address, component, business, luck in hosts:
            if business >= 0:
                z = normal.inv_cdf(rank(float(revenue[business])))
                luck = normal.cdf(rho * z + math.sqrt(1 - rho**2) * normal.inv_cdf(luck))
            place = seat[component]
            name = places.provider[places.provider_row[place]], places.region[place]
            first.setdefault(address, (luck, u_of[component], name))
            if number == 0:
                modelled.setdefault(address, set()).add(component)
    law, least = census_law(resolved.census.rows), resolved.scenario.names.shared_min_names
    found = {}
    for address, (luck, u, place) in first.items():
        if place in shared_places:
            mix, crowd = {"proxy": 1.0}, law.share_with_at_least(least)
        else:
            mix = shares.get(place) or shares.get((place[0], "*")) or {"rented": 1.0}
            crowd = 1.0
        passed, kind = 0.0, ""
        for kind in ("proxy", "parking", "web_hosting", "rented"):
            passed += mix.get(kind, 0.0) / sum(mix.values())
            if luck < passed:
                break
        n = int(law.n_names_of(np.array([luck * crowd]))[0])
        others = math.floor((n - 1) * (1 - parked[kind]) + u)
        m = len(modelled.get(address, ()))
        found[address] = min(n, max(m, 1 + others))
    return found


@pytest.fixture
def hosts_of(monkeypatch):
    """World of a scenario, and the hosts that its neighbours were found for."""

    def build(resolved: Resolved):
        given = []

        def remember(resolved, places, parts, revenue, sites):
            given.append((places, list(parts), revenue))
            return neighbours_of_hosts(resolved, places, parts, revenue, sites)

        monkeypatch.setattr(sim.world.build, "neighbours_of_hosts", remember)
        return build_world(resolved, Streams(8, 1)), *given[0]

    return build


def test_who_may_come_later_is_no_modelled_name_of_today(hosts_of):
    resolved = ask("telegram-2018")
    _, places, (now, later), revenue = hosts_of(resolved)
    n = now.host_address.size

    def names_with(later):
        """Names and active sites of each host, by host."""
        host_row, _, n_names, n_active = neighbours_of_hosts(
            resolved, places, [now, later], revenue
        )
        by_host = np.argsort(host_row)
        return n_names[by_host], n_active[by_host]

    names, before = names_with(later)
    row = int(np.flatnonzero((before[:n] < names[:n]) & (names[:n] < 50))[0])
    crowd = replace(later, host_address=np.full_like(later.host_address, now.host_address[row]))
    _, after = names_with(crowd)
    assert after[row] == before[row]
    assert (after[n:] == before[row]).all()


@pytest.mark.parametrize("name", ["telegram-2018", "match-days", "piracy-shield"])
def test_the_page_in_plain_words_gives_the_same_active_sites(name, hosts_of):
    # The words tell the census alone.
    resolved = ask(name, "names.kinds=off")
    world, places, parts, revenue = hosts_of(resolved)
    components = world.components
    expected = in_words(resolved, parts, revenue, places)
    held = [expected[address] for address in components.address.tolist()]
    assert components.n_active_sites.tolist() == held
    # Worth something only where names are parked, and where kinds differ.
    assert (components.n_active_sites < components.n_names).sum() > 50


def world_with(share_parked: float) -> World:
    resolved = ask("telegram-2018-replay")
    rows = tuple(
        row.model_copy(update={"share_parked": share_parked}) for row in resolved.parked.rows
    )
    changed = replace(resolved, parked=replace(resolved.parked, rows=rows))
    return build_world(changed, Streams(3, 0))


def test_none_parked_leaves_all_active_and_all_parked_the_modelled_alone():
    none, some, whole = (world_with(share).components for share in (0.0, 0.4, 1.0))
    assert np.array_equal(none.n_active_sites, none.n_names)
    assert np.median(whole.n_active_sites) == 1
    assert (whole.n_active_sites <= some.n_active_sites).all()
    assert (some.n_active_sites <= none.n_active_sites).all()
    # How many are parked says nothing of how many there are.
    assert np.array_equal(none.n_names, whole.n_names)


def test_shares_parked_come_in_the_order_of_the_kinds():
    by_kind = {row.kind: row.share_parked for row in parked_rows()}
    assert shares_parked(parked_rows()[::-1]).tolist() == [by_kind[kind] for kind in KINDS]
    assert len(set(by_kind.values())) > 1
