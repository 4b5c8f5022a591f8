"""Names expected on listed addresses: by hand where kinds are simple; the rest is not known."""

from dataclasses import replace

import numpy as np
import pytest

from sim import exposure
from sim.addresses.feeds.frames import feed_of_columns
from sim.blocklists.exposure import expect_names
from sim.cli.verbs.exposure import expected_table
from sim.names.expected import ListedPlaces, draw_found_names, draw_kinds, draw_names
from sim.names.law import NamesLaw
from sim.names.listed import Band
from sim.scenario.tables.rows import AssumptionRow
from sim.scenario.tables.sharing import ParkedRow, SharingRow
from tests.names import shipped_table

CENSUS = NamesLaw(np.array([5000, 100, 4, 2, 1]), np.array([10, 100, 500, 500, 1000]))
"""Proxies have 5,000 names; hosting a hundred; rented machines 4, 2 or 1."""
N_DRAWS = 1000
FIXED = {
    "rented.share_single": 0.5, "rented.max_names": 10, "web_hosting.share_single": 0.0,
    "web_hosting.min_names": 50, "web_hosting.max_names": 500, "proxy.min_names": 1000,
    "parking.min_names": 1000, "rented.addresses_per_name": 1, "web_hosting.addresses_per_name": 1,
    "proxy.addresses_per_name": 2, "parking.addresses_per_name": 1, "listed.share_by_names": 0.0,
}  # fmt: skip


def assumptions(**changed: float) -> list[AssumptionRow]:
    values = FIXED | {key.replace("__", "."): value for key, value in changed.items()}
    return [
        AssumptionRow(key=key, value=v, unit="x", low=v, high=v, why="a test")
        for key, v in values.items()
    ]


def sharing(*rows: tuple[str, str, float]) -> list[SharingRow]:
    return [
        SharingRow(provider=p, region="*", kind=k, share_addresses=s, low=s, high=s, why="a test")
        for p, k, s in rows
    ]


ALL_ALIKE = {
    "rented.max_names": 5000, "web_hosting.min_names": 4, "web_hosting.max_names": 5000,
    "proxy.min_names": 4, "parking.min_names": 4,
}  # fmt: skip
PARKED = [
    ParkedRow(kind=kind, share_parked=s, low=s, high=s, why="a test")
    for kind, s in (("rented", 0.0), ("web_hosting", 0.25), ("proxy", 0.1), ("parking", 1.0))
]


def draws(listed: ListedPlaces, rows: list[SharingRow], **changed: float):
    rng = np.random.default_rng(7)
    found = draw_names(listed, [CENSUS], rows, assumptions(**changed), PARKED, rng, N_DRAWS)
    return found["one"]


def places(n: int, swept: int, single: int) -> ListedPlaces:
    listed = (np.array([[each]]) for each in (swept, single))
    return ListedPlaces((("one", "here"),), np.array([n]), *listed)


def mean_of(values: np.ndarray, expected: float, n_sigma: float = 5) -> None:
    error = values.std() / np.sqrt(values.size)
    assert abs(values.mean() - expected) <= n_sigma * max(error, 1e-9 * expected)


def test_swept_addresses_carry_what_the_place_carries():
    # Of 10,000 a tenth hosts a hundred names each, a fifth is rented, with two in the mean.
    found = draws(
        places(50_000, 10_000, 0), sharing(("one", "web_hosting", 0.1), ("one", "rented", 0.2))
    )
    assert found.names.shape == (N_DRAWS,)
    mean_of(found.names, 10_000 * (0.1 * 100 + 0.2 * 2))
    mean_of(found.active, 10_000 * (0.1 * 100 * 0.75 + 0.2 * 2))
    # One address each: what is hit is hit wholly.
    assert found.hit == pytest.approx(found.names)
    assert found.wholly == pytest.approx(found.names)


@pytest.mark.parametrize("p", [0.1, 0.5, 1.0])
def test_names_on_several_addresses_count_once_and_wholly_where_all_are_listed(p):
    n = 100_000
    found = draws(places(n, round(p * n), 0), sharing(("one", "proxy", 0.02)))
    # 2,000 proxies of 5,000 names, each name on two of them.
    names = 2000 * 5000 / 2
    mean_of(found.hit, names * (1 - (1 - p) ** 2))
    mean_of(found.wholly, names * p**2)


def test_addresses_found_by_a_name_come_up_by_their_names():
    rows = sharing(("one", "web_hosting", 0.001), ("one", "rented", 0.5))
    found = draws(places(10**6, 0, 100), rows, listed__share_by_names=1.0)
    # Names of a place: a thousandth of a hundred, half of two; the rented are drawn by size too:
    # of 2 names each on the mean, sum of squares (0.5 * 1 + 0.25 * 16 + 0.25 * 4) / 2 = 2.75.
    share = 0.1 / (0.1 + 1.0)
    mean_of(found.names, 100 * (share * 100 + (1 - share) * 2.75))
    # Evenly drawn, half of them carry nothing.
    even = draws(places(10**6, 0, 100), rows)
    mean_of(even.names, 100 * (0.1 + 1.0))


def test_addresses_found_by_a_name_are_found_once():
    # A thousandth of 10,000 addresses are proxies: ten, with 5,000 names each on two of them.
    rows, by_names = sharing(("one", "proxy", 0.001)), {"listed__share_by_names": 1.0}
    few = draws(places(10_000, 0, 4), rows, **by_names)
    assert few.names == pytest.approx(4 * 5000)
    # Of the names a share 0.4 is listed address by address, so 1 - 0.6^2 of 25,000 are hit.
    assert few.hit == pytest.approx((1 - 0.6**2) * 25_000, rel=1e-3)
    # More are listed than carry names: all names are hit, and of each both addresses are listed.
    all_ = draws(places(10_000, 0, 900), rows, **by_names)
    assert all_.names == pytest.approx(10 * 5000, rel=2e-3)
    assert all_.hit == pytest.approx(25_000, rel=3e-3)
    assert all_.wholly == pytest.approx(25_000, rel=3e-3)


def test_addresses_found_by_a_name_come_up_one_after_the_other():
    # Three of 5,000 names, seven of a hundred, 90 of four: which ten come up first.
    sizes = np.repeat([5000.0, 100.0, 4.0], [3, 7, 90])
    rng = np.random.default_rng(11)
    clock = rng.exponential(size=(20_000, sizes.size)) / sizes
    one_by_one = sizes[np.argsort(clock, axis=1)[:, :10]].sum(axis=1)
    law = NamesLaw(np.array([5000, 100, 4]), np.array([3, 7, 90]))
    value = {key: np.full(4000, float(each)) for key, each in (FIXED | ALL_ALIKE).items()}
    kinds = draw_kinds([law], value)
    n_of_kind = np.zeros((len(kinds), 4000))
    n_of_kind[0] = 100
    assert not np.any(draw_found_names(kinds, n_of_kind, np.zeros(4000, int), rng)), "none found"
    found, expected = draw_found_names(kinds, n_of_kind, np.full(4000, 10), rng)
    assert not found[1:].any()
    assert expected[0] == pytest.approx(one_by_one.mean(), rel=0.02)
    assert found[0].mean() == pytest.approx(one_by_one.mean(), rel=0.02)
    # With repetition nearly every one would be of the three.
    assert one_by_one.mean() < 0.4 * 10 * (sizes**2).sum() / sizes.sum()


def test_places_that_one_row_tells_of_are_found_in_together():
    where = (("one", "here"), ("one", "there"))
    listed = ListedPlaces(where, np.array([10_000, 10_000]), *np.array([[[0], [0]], [[1], [7]]]))
    found = draws(listed, sharing(("one", "proxy", 0.001)), listed__share_by_names=1.0)
    # Eight of twenty proxies of 5,000 names.
    assert found.names == pytest.approx(8 * 5000)


def test_a_part_of_a_provider_holds_no_more_names_than_all_of_it():
    rows = sharing(("one", "proxy", 0.001), ("one", "rented", 0.01))

    def mean_of_listed(swept: int, single: int) -> tuple[float, float]:
        found = draws(places(10**5, swept, single), rows, listed__share_by_names=0.5)
        return float(found.names.mean()), float(found.hit.mean())

    few, many, all_ = mean_of_listed(0, 16), mean_of_listed(0, 2000), mean_of_listed(10**5, 0)
    assert few < many
    assert np.less_equal(many, np.multiply(all_, 1.02)).all()


OWNERS = {
    "prefix": ["198.51.100.0/24", "203.0.113.0/24", "192.0.2.0/24"],
    "provider": ["Hetzner", "Hetzner", "Nobody we know"],
    "region": ["global", "global", "global"],
}


def expect(*rules: str, owners: dict[str, list[str]] = OWNERS):
    lists = [feed_of_columns({"prefix": list(rules)}, "list")]
    return expect_names(lists, feed_of_columns(owners, "owners"))


def test_what_no_table_tells_of_is_not_known():
    found = expect(
        "198.51.100.0/25", "203.0.113.7/32", "192.0.2.1/32", "10.0.0.0/30", "2001:db8::/63"
    )
    assert (found.n_not_known, found.n_not_known6) == (5, 2)
    rows = [(one.provider, one.n_listed, one.n_addresses, one.state) for one in found.providers]
    assert rows == [
        ("Hetzner", 129, 129, "known"),
        ("(in no prefix of the table)", 4, 0, "not known"),
        ("Nobody we know", 1, 0, "not known"),
    ]
    assert found.providers[1].n_addresses6 == 2 * 2**64
    assert (found.all.n_listed, found.all.n_addresses, found.all.state) == (134, 129, "lower bound")
    assert found.all.share_known == 129 / 134
    assert 0 <= found.all.hit.low < found.all.hit.median < found.all.hit.high
    # What is not known moves no number of what is.
    assert found.all.hit == expect("198.51.100.0/25", "203.0.113.7/32").all.hit


def test_names_on_a_list_of_unknown_providers_are_not_known():
    found = expect("192.0.2.0/24")
    assert found.n_not_known == 256
    for one in (found.all, *found.providers):
        assert (one.n_listed, one.n_addresses, one.state) == (256, 0, "not known")
        assert (one.names, one.hit, one.wholly, one.active) == (None, None, None, None)
    six = expect("2001:db8::/64").all
    assert (six.hit, six.share_known, six.state) == (None, None, "not known")


def test_a_list_of_nothing_hits_no_name():
    found = expect()
    assert (found.all.hit.high, found.all.state, found.providers) == (0, "known", ())


PROXY = {"prefix": ["104.16.0.0/12"], "provider": ["Cloudflare"], "region": ["global"]}


def test_a_prefix_takes_no_names_from_single_addresses_in_it():
    singles = [f"104.{16 + number}.0.7/32" for number in range(16)]
    # All of them, in one sequence or the other, and as two rules of one address.
    wide = [f"104.{16 + number}.0.0/16" for number in range(16)]
    few, many = expect(*singles, owners=PROXY), expect(*singles, *wide, owners=PROXY)
    assert many == expect(*wide, *singles, owners=PROXY)
    for name in ("low", "median", "high"):
        # Chance apart: the draws are not the same.
        assert getattr(many.all.hit, name) >= 0.97 * getattr(few.all.hit, name) > 0


def test_names_on_too_few_addresses_are_not_known():
    rules = [f"104.{16 + number}.0.6/31" for number in range(16)]
    found = expect(*rules, owners=PROXY)
    for one in (found.all, *found.providers):
        assert (one.n_listed, one.n_addresses, one.state) == (32, 32, "not known")
        assert (one.names, one.hit, one.wholly, one.active) == (None, None, None, None)
    assert "too few" in " ".join(expected_table(found, 9).notes)
    # Beside another provider, the numbers of that one are a lower bound.
    both = {key: [*OWNERS[key], *PROXY[key]] for key in OWNERS}
    found = expect("198.51.100.0/24", *rules, owners=both)
    assert [one.state for one in found.providers] == ["known", "not known"]
    assert (found.all.state, found.all.hit.median > 0) == ("lower bound", True)
    # A bound is rounded down, ends of ranges and what is known to the nearest.
    bands = [Band(median, 1259.0, 1351.0) for median in (1289.0, 9.7, 12.99)]
    of = replace(found.all, **dict(zip(("hit", "active", "wholly"), bands, strict=True)))
    for state, told in (("lower bound", (1200, 9, 12)), ("known", (1300, 10, 13))):
        (row,) = expected_table(replace(found, all=replace(of, state=state)), 0).rows
        assert row[4:] == (state, told[0], 1300, 1400, *told[1:])


def test_a_region_that_no_row_tells_of_is_not_known():
    # The shipped rows of Hetzner are of the region global alone, and none is for all regions.
    owners = {"prefix": ["198.51.100.0/24"], "provider": ["Hetzner"], "region": ["elsewhere"]}
    found = expect("198.51.100.0/24", owners=owners)
    assert (found.all.names, found.all.n_listed, found.all.n_addresses) == (None, 256, 0)


def test_shipped_assumptions_are_all_there():
    keys = {row.key for row in shipped_table("names-assumptions", AssumptionRow).rows}
    assert keys == set(FIXED)


def test_a_notebook_asks_for_the_same():
    owners = {key: list(values) for key, values in OWNERS.items()}
    found = exposure(["198.51.100.0/24"], attribute=owners, expect_names=True)
    assert found.expected == expect("198.51.100.0/24")
    # Without a table of one's own the shipped one tells: a range of the Hetzner of 2018.
    shipped = exposure(["88.198.0.0/16"], expect_names=True).expected
    assert [one.provider for one in shipped.providers] == ["Hetzner"]
