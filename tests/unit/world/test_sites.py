"""Sites of an inventory in the world: true addresses, and drawn what is left out."""

from ipaddress import ip_address, ip_network
from pathlib import Path

import numpy as np
import pytest

from sim.engine.state.states import degrees
from sim.scenario.tables.roles import FRONTEND
from sim.streams import Stream, Streams
from sim.world.build import World, build_world
from sim.world.components import N_ROLES
from tests.sites import resolved

N_DRAWN = 40
INVENTORY = {
    "population.inventory": (
        "site,address,role,revenue_usd_per_h,n_names",
        "b.example,198.18.0.9,,,3",
        "a.example,198.18.1.1,payment,250,",
        "b.example,198.18.0.10,frontend,,",
        ",198.18.0.9,,,7",
    )
}


def world_of(folder: Path, **more: object) -> World:
    more = {"population.n_businesses": N_DRAWN, **more}
    return build_world(resolved(folder, INVENTORY, **more), Streams(7, 0))


def addresses(world: World, row: int, role: int) -> list[str]:
    component = world.businesses.component_row[row, role : role + 1]
    found = world.components.addresses_of(component)
    return [str(ip_address(number)) for number in sorted(world.places.line.numbers(found))]


def test_sites_are_the_last_businesses_at_their_own_addresses(tmp_path):
    world = world_of(tmp_path)
    sites = world.businesses.sites
    assert sites is not None
    # In the sequence of the file; a row without a name is named by its address.
    assert sites.name == ("b.example", "a.example", "198.18.0.9")
    assert world.businesses.n_businesses == N_DRAWN + 3
    assert addresses(world, N_DRAWN, FRONTEND) == ["198.18.0.9", "198.18.0.10"]
    assert addresses(world, N_DRAWN + 1, 2) == ["198.18.1.1"]
    assert addresses(world, N_DRAWN + 2, FRONTEND) == ["198.18.0.9"]
    assert world.businesses.revenue_usd_per_h[N_DRAWN + 1] == 250
    # Whether b.example needs both of its addresses.
    assert [("mode" in text.split()) for text in sites.drawn] == [True, False, False]
    assert sites.drawn[1] == "sector frontend storage customer_service other"


def test_a_site_earns_in_proportion_to_its_visits(tmp_path):
    sectors = (
        "sector,label,share_businesses,revenue_median_usd_per_h,revenue_sigma,share_domestic,"
        "demand_profile,weight_frontend,weight_storage,weight_payment,weight_customer_service,"
        "weight_other",
        "shops,Shops,0.5,100,1,0.8,flat,1,0,0.5,0,0",
        "news,News,0.5,40,0.5,0.5,flat,1,0,0,0,0",
    )
    tables = {
        "population.inventory": (
            "site,address,sector,revenue_usd_per_h,visits_per_h",
            "a.example,198.18.0.9,shops,,60",
            "b.example,198.18.0.10,news,,60",
            "both.example,198.18.0.11,shops,7,60",
            "none.example,198.18.0.12,shops,,",
        ),
        "population.sectors": sectors,
    }

    def revenue(folder: str, *rows: str, **more: object) -> tuple[np.ndarray, tuple[str, ...]]:
        (tmp_path / folder).mkdir()
        asked = tables | ({"population.revenue_per_visit": rows} if rows else {})
        world = build_world(resolved(tmp_path / folder, asked, **more), Streams(7, 0))
        assert world.businesses.sites is not None
        domestic = world.businesses.value_micro_usd_per_h / 1e6
        np.testing.assert_allclose(
            domestic, world.businesses.revenue_usd_per_h * [0.8, 0.5, 0.8, 0.8], rtol=1e-6
        )
        words = tuple(text.split()[0] for text in world.businesses.sites.drawn)
        return world.businesses.revenue_usd_per_h, words

    # Sixty visits from inside the country, of 2 USD each or, of a sector without a row, 0.5; they
    # are 0.8 or 0.5 of what the site earns.
    head = "sector,usd_per_visit,sigma"
    found, words = revenue("even", head, "shops,2,0", ",0.5,0")
    assert found[:3].tolist() == [150, 60, 7]
    assert words == ("revenue_per_visit", "revenue_per_visit", "storage", "revenue")
    # What is not drawn by visits, and the luck of what is, are as they would be without visits.
    plain, words = revenue("none", **{"population.revenue_per_visit": "none"})
    assert words == ("revenue", "revenue", "storage", "revenue")
    assert plain[2] == 7
    assert found[3] == plain[3]
    luck = np.log(plain[:2] / [100, 40]) / [1, 0.5]
    spread, _ = revenue("spread", head, "shops,2,0.3", "news,0.5,0.7")
    np.testing.assert_allclose(spread[:2], [150, 60] * np.exp([0.3, 0.7] * luck), rtol=1e-12)


def test_names_that_are_counted_are_not_drawn(tmp_path):
    held = world_of(tmp_path).components
    (there,) = np.unique(held.n_names[held.address == int(ip_address("198.18.0.9"))])
    # Two rows count the names of one address: the larger number.
    assert there == 7
    # Each site whose front end is there is one, whatever a row counts; a payment is not.
    sites = [f"{name}.example,198.18.0.9,,,1" for name in "cdefghijkl"]
    rows = (*INVENTORY["population.inventory"], *sites, "m.example,198.18.0.9,payment,,")
    more = resolved(tmp_path, {"population.inventory": rows}, **{"population.n_businesses": 0})
    held = build_world(more, Streams(7, 0)).components
    assert set(held.n_names[held.address == int(ip_address("198.18.0.9"))]) == {12}


def test_an_inventory_changes_no_drawn_business(tmp_path):
    world, without = world_of(tmp_path), world_of(tmp_path, **{"population.inventory": None})
    assert without.businesses.sites is None
    for column in ("sector_row", "home_place_row", "revenue_usd_per_h", "name_draw", "role_cause"):
        ours = getattr(world.businesses, column)[:N_DRAWN]
        np.testing.assert_array_equal(ours, getattr(without.businesses, column))
    for row in range(N_DRAWN):
        for role in range(5):
            assert addresses(world, row, role) == addresses(without, row, role)


def test_one_site_more_changes_no_other(tmp_path):
    world = world_of(tmp_path)
    (tmp_path / "more").mkdir()
    lines = INVENTORY["population.inventory"]
    more = {"population.inventory": (*lines, "c.example,198.18.0.77,,,")}
    both = build_world(
        resolved(tmp_path / "more", more, **{"population.n_businesses": N_DRAWN}), Streams(7, 0)
    )
    n = N_DRAWN + 3
    np.testing.assert_array_equal(
        both.businesses.revenue_usd_per_h[:n], world.businesses.revenue_usd_per_h
    )
    for row in range(n):
        for role in range(5):
            assert addresses(both, row, role) == addresses(world, row, role)


def test_tenants_stay_where_an_inventory_seats_them(tmp_path):
    stays = {"tenancy": {"rented_stay_d": 1, "shared_stay_d": 1}, "end": "2018-05-17T00:00Z"}
    world = world_of(tmp_path, **stays)
    assert world.stays is not None
    moving = set(zip(world.stays.business_row.tolist(), world.stays.role_row.tolist(), strict=True))
    assert (N_DRAWN + 1, FRONTEND) in moving  # drawn
    assert not moving & {(N_DRAWN, FRONTEND), (N_DRAWN + 1, 2), (N_DRAWN + 2, FRONTEND)}


@pytest.mark.parametrize("share", [1, 0.5])
def test_where_a_provider_has_both_families_components_have_both(tmp_path, share):
    world = world_of(tmp_path, ipv6={"share_users": 0.4, "share_components": share})
    held, places = world.components, world.places
    one = places.row_of["alpha", "one"]
    # The numbers drawn belong to a business and role, and do not change with anything else.
    draw = Streams(7, 0).generator(Stream.COMPONENT_IPV6, (1,)).random
    has_both = draw((world.businesses.home_place_row.size, N_ROLES))[:, FRONTEND] < share
    n_both = 0
    for row in range(N_DRAWN):
        texts = addresses(world, row, FRONTEND)
        n4, n6 = (sum(kind in text for text in texts) for kind in (".", ":"))
        is_at_one = world.businesses.home_place_row[row] == one
        assert n6 == (n4 if is_at_one and has_both[row] else 0)
        n_both += n6 > 0
    assert n_both > 0
    assert (held.address[held.address >= 2**33] < places.line.end).all()


def test_ipv6_beside_many_addresses_is_limited(tmp_path):
    """A hundred of each family would make a table of a hundred million ways to fail."""
    head = "service,label,role,provider,region,n_addresses,mode,popularity"
    tables = {"population.services": (head, "pool,a pool,payment,alpha,one,100,spread,1")}
    ipv6 = {"share_users": 0.4, "share_components": 1}
    world = build_world(resolved(tmp_path, tables, ipv6=ipv6), Streams(7, 0))
    held = world.components
    mine = held.address[held.component_row == 0]
    assert ((mine < 2**33).sum(), (mine >= 2**33).sum()) == (100, 8)
    assert degrees(world)["degree_at"].size < 2**21


def test_who_moves_comes_to_an_address_of_each_family_it_had(tmp_path):
    prefixes = (
        "provider,region,prefix",
        "alpha,both,198.18.0.0/24",
        "alpha,both,2001:db8::/48",
        "beta,four,198.18.1.0/24",
        "gamma,six,2001:db8:1::/48",
        "home,here,198.19.0.0/24",
        "home,here,2001:db8:2::/48",
    )
    regions = (("alpha", "both"), ("beta", "four"), ("gamma", "six"))
    kinds = ("same", "foreign", "domestic", "proxy")
    addresses_of = {"4": ("198.18.0.9",), "6": ("2001:db8::9",)}
    addresses_of["46"] = addresses_of["4"] + addresses_of["6"]
    held = {f"s{row}.example": tuple(addresses_of)[row % 3] for row in range(60)}
    tables = {
        "providers.prefixes": prefixes,
        "population.inventory": (
            "site,address,role",
            *(
                f"{site},{address},{role}"
                for site, families in held.items()
                for address in addresses_of[families]
                for role in ("frontend", "storage")
            ),
        ),
        "population.hosting": (
            "provider,region,side,weight",
            *(f"{provider},{region},foreign,1" for provider, region in regions),
            "home,here,domestic,1",
        ),
        "reactions.responses": (
            "response,share,time_median_h,time_sigma,cost_usd",
            *(f"{kind},0.25,1,0,0" for kind in kinds),
        ),
    }
    reactions = {"responses": str(tmp_path / "reactions.responses.csv"), "n_rounds": 2}
    more: dict[str, object] = {"population.services": "none", "reactions": reactions}
    more |= {"ipv6": {"share_users": 0.4, "share_components": 0.5}}
    (tmp_path / "reactions.responses.csv").write_text("\n".join(tables.pop("reactions.responses")))
    world = build_world(resolved(tmp_path, tables, **more), Streams(7, 0))
    moves, places = world.moves, world.places
    assert moves is not None
    networks = {
        (provider, region): [
            ip_network(text.split(",")[2])
            for text in prefixes[1:]
            if f"{provider},{region}," in text
        ]
        for provider, region in (*regions, ("home", "here"))
    }
    seen = set()
    for row, families in enumerate(held.values()):
        for turn in range(2):
            place = moves.place_row[row, turn]
            of_place = networks[places.provider[places.provider_row[place]], places.region[place]]
            given_out = {str(network.version) for network in of_place}
            for role in (FRONTEND, 1):
                component = moves.component_row[row, turn, role]
                if component < 0:
                    continue
                found = [
                    ip_address(number)
                    for number in places.line.numbers(
                        world.components.addresses_of(np.array([component]))
                    )
                ]
                assert sorted(str(one.version) for one in found) == sorted(
                    set(families) & given_out or given_out
                )
                assert all(any(one in network for network in of_place) for one in found)
                seen.add((families, "".join(sorted(given_out))))
    assert len(seen) == 9


def test_families_that_are_not_told_apart_leave_what_is_drawn_as_it_is(tmp_path):
    none = world_of(tmp_path, ipv6={"share_users": 0.4, "share_components": 0})
    without = world_of(tmp_path, ipv6=None)
    np.testing.assert_array_equal(none.components.address, without.components.address)
    np.testing.assert_array_equal(none.components.n_names, without.components.n_names)
