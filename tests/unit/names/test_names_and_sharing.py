""""""

import numpy as np
import pytest
from scipy import stats
from scipy.special import ndtri

from sim.names.expected import KindDraws, draw_found_names, draw_kinds, draw_law, draw_laws
from sim.names.law import (
    Calibration,
    NamesLaw,
    RankCurve,
    fit_curve,
    fit_names_law,
    seen_by_popularity,
)
from sim.names.sharing import KINDS, build_kinds, kind_at, kinds_of_places, loneliness, revenue_rank
from sim.scenario.tables.sharing import ConcentrationRow, SharingRow
from tests.names import (
    address_kinds,
    assumptions,
    census_law,
    census_rows,
    cloud_places,
    share_single,
    share_top,
    sharing_rows,
)

LAST = np.nextafter(1, 0)


def test_first_and_last_luck_meet_the_most_and_the_least_crowded_address():
    law = census_law()
    assert LAST == 1 - 2**-53
    names = law.n_names_of(np.array([0.0, LAST]))
    assert names.tolist() == [law.size[0], 1]
    assert names.dtype == np.int64


@pytest.mark.parametrize(
    ("size", "count"), [([], []), ([3, 1], [2, 0]), ([3, 3], [1, 1]), ([1, 3], [1, 1])]
)
def test_a_law_has_falling_sizes_with_addresses_of_each(size, count):
    with pytest.raises(ValueError, match="expected falling sizes with addresses of each"):
        NamesLaw(np.array(size, np.int64), np.array(count, np.int64))


def test_a_law_cannot_be_changed():
    for column in (LAW.size, LAW.count):
        with pytest.raises(ValueError, match="read-only"):
            column[0] = 7


def test_names_never_rise_with_luck():
    u = np.sort(np.append(np.random.default_rng(0).random(100_000), [0.0, LAST]))
    names = census_law().n_names_of(u)
    assert np.all(np.diff(names) <= 0)
    assert names.min() == 1


@pytest.mark.parametrize("u", [-1e-9, 1.0, np.nan])
def test_luck_outside_its_interval_is_refused(u):
    with pytest.raises(ValueError, match=r"expected u in \[0, 1\)"):
        census_law().n_names_of(np.array([0.5, u]))


def test_one_more_address_changes_only_its_own_draw():
    rng = np.random.default_rng(9)
    u, revenue = rng.random(1001), rng.lognormal(6, 1, 1001)
    sectors = np.array([0.5, 0.5]), np.array([300.0, 600.0]), np.array([1.0, 1.5])
    share, place = np.array([[0.01, 0.0, 0.2, 0.3]]), np.zeros(1001, np.int64)

    def draw(n):
        lonely = loneliness(u[:n], revenue_rank(revenue[:n], *sectors), 0.4)
        return lonely, kind_at(share, place[:n], lonely), census_law().n_names_of(lonely)

    for fewer, more in zip(draw(1000), draw(1001), strict=True):
        assert np.array_equal(fewer, more[:1000])


def test_a_small_law_is_drawn_address_by_address_and_name_by_name():
    law = NamesLaw(np.array([5, 2, 1]), np.array([1, 2, 3]))
    assert (law.n_addresses, law.n_names, share_single(law)) == (6, 12, 0.5)
    assert law.n_names_of((np.arange(6) + 0.5) / 6).tolist() == [5, 2, 2, 1, 1, 1]
    assert share_top(law, 2) == pytest.approx(7 / 12)
    assert law.between(2).size.tolist() == [5, 2]
    assert law.between(1, 2).size.tolist() == [2, 1]
    assert law.with_share_single(0.7).count.tolist() == [1, 2, 7]
    assert law.with_share_single(0.0).size.tolist() == [5, 2]
    with pytest.raises(ValueError, match="expected addresses with 6 to None names"):
        law.between(6)


def test_a_curve_adds_names_by_layers_as_by_ranks():
    curve = RankCurve(np.array([1.0, 40.0, 5000.0]), np.array([300.0, 21.5, 1.0]))
    by_rank = curve.n_names_at(np.arange(1, 5001))
    for low, high in ((0, 5000), (0, 200), (10, 4000), (39, 40), (4999, 5000)):
        assert curve.names_between(low, high) == by_rank[low:high].sum(), (low, high)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"share_single": None}, "one calibration row share_single, got 0"),
        ({100: 0.21}, "names per address that fall with rank"),
        ({10_000: 0.95}, "shared names beyond the last rank"),
    ],
)
def test_rows_that_no_law_can_meet_are_refused(change, message):
    rows = []
    for row in census_rows():
        value = change.get(row.n_addresses or row.quantity, row.value)
        if value is not None:
            rows.append(row.model_copy(update={"value": value}))
    with pytest.raises(ValueError, match=message):
        fit_names_law(rows)


def test_a_share_of_fewer_than_one_address_is_refused():
    none = [
        row.model_copy(update={"n_addresses": 1}) if row.relation == "fewer" else row
        for row in census_rows()
    ]
    with pytest.raises(ValueError, match=r"expected ranks from 1, got \[\(0, "):
        fit_names_law(none)


def test_published_ranks_have_the_geometric_mean_of_both_sides():
    calibration = Calibration.of(census_rows())
    curve = fit_curve(calibration)
    at_ranks = curve.size_at(calibration.edge[1:-1].astype(float))
    mean = calibration.mean_names
    assert calibration.names.sum() == calibration.n_names - calibration.n_single
    assert at_ranks == pytest.approx(np.sqrt(mean[:-1] * mean[1:]))
    assert curve.size_at(np.array([float(calibration.n_shared)])) == pytest.approx(2)


def test_comparison_rows_fit_nothing():
    only = [row for row in census_rows() if row.role == "calibration"]
    assert len(only) < len(census_rows())
    assert Calibration.of(only) == Calibration.of(census_rows())


def test_kinds_are_segments_of_the_law():
    kinds = dict(zip(KINDS, address_kinds(), strict=True))
    value = assumptions()
    assert tuple(kinds) == KINDS
    rented = kinds["rented"]
    assert share_single(rented) == pytest.approx(value["rented.share_single"], abs=1e-6)
    assert rented.size[0] <= value["rented.max_names"]
    assert kinds["web_hosting"].size[0] <= value["web_hosting.max_names"]
    assert kinds["web_hosting"].size[-2] >= value["web_hosting.min_names"]
    assert kinds["proxy"].size[-1] >= value["proxy.min_names"]
    assert rented.mean_names < kinds["web_hosting"].mean_names < kinds["proxy"].mean_names
    with pytest.raises(KeyError, match=r"proxy\.min_names"):
        build_kinds(census_law(), {})


def test_every_place_of_the_prefix_table_has_shares():
    places = list(cloud_places())
    share = kinds_of_places(sharing_rows(), places, ())
    assert share.shape == (len(places), len(KINDS))
    assert np.all(share.sum(axis=1) > 0)
    frankfurt, edge = places.index(("AWS", "eu-central-1")), places.index(("AWS", "GLOBAL"))
    assert share[frankfurt, KINDS.index("rented")] == 0.05
    assert share[edge, KINDS.index("proxy")] == 0.0002
    assert share[edge, KINDS.index("web_hosting")] == 0
    (unknown,) = kinds_of_places(sharing_rows(), [("Nowhere", "global")], ())
    assert unknown.tolist() == [float(kind == "rented") for kind in KINDS]


def test_places_hold_no_more_than_the_census():
    places = cloud_places()
    share = kinds_of_places(sharing_rows(), list(places), ())
    n_addresses = np.array(list(places.values()))
    assert n_addresses @ share.sum(axis=1) < census_law().n_addresses
    names = np.array([kind.mean_names for kind in address_kinds()])
    assert n_addresses @ share @ names < census_law().n_names
    proxy = census_law().between(round(assumptions()["proxy.min_names"])).n_addresses
    assert n_addresses @ share[:, KINDS.index("proxy")] < proxy
    for row in sharing_rows():
        if row.kind == "proxy":
            assert row.high * places[row.provider, row.region] < proxy, row.provider


def test_edges_of_luck_fall_in_kinds_that_the_place_has():
    share = np.array([[0.0, 0.0, 0.1, 0.2], [0.3, 0.0, 0.0, 0.0], [0.1, 0.1, 0.1, 0.0]])
    u = np.tile([0.0, 0.5, LAST], 3)
    kind = kind_at(share, np.repeat([0, 1, 2], 3), u)
    assert kind.tolist() == [2, 3, 3, 0, 0, 0, 0, 1, 2]


def test_edges_of_rank_and_luck_give_a_rank_share():
    edges = np.array([0.0, 0.5, LAST, 1.0])
    for rho in (-1.0, 0.0, 0.4, 1.0):
        for rank in edges:
            lonely = loneliness(edges[:3], np.full(3, rank), rho)
            assert np.all((lonely >= 0) & (lonely < 1)), (rho, rank)
    assert loneliness(np.array([0.3]), np.array([0.9]), 0.0) == pytest.approx(0.3)
    assert loneliness(np.array([0.3]), np.array([0.9]), 1.0) == pytest.approx(0.9)
    with pytest.raises(ValueError, match="expected rho"):
        loneliness(edges[:3], edges[:3], 1.1)


def test_a_sector_without_spread_is_a_step():
    sectors = np.array([1.0]), np.array([100.0]), np.array([0.0])
    assert revenue_rank(np.array([99.0, 100.0, 101.0]), *sectors).tolist() == [0.0, 0.5, 1.0]


def test_a_place_with_only_zero_shares_is_taken_for_rented():
    row = SharingRow(
        provider="A", region="*", kind="proxy", share_addresses=0, low=0, high=1, why="x"
    )
    (share,) = kinds_of_places([row], [("A", "b")], ())
    assert share.tolist() == [float(kind == "rented") for kind in KINDS]


# What a study finds of the names it looks at: name by name, and against names that are drawn.


SIZES = [50, 12, 11, 10, 2, 1, 1, 1]
LAW = NamesLaw(np.array([50, 12, 11, 10, 2, 1]), np.array([1, 1, 1, 1, 1, 3]))
QUANTITIES = (
    "n_names", "n_addresses", "share_single", "mean_names", "share_sites_crowded",
    "share_sites_alone",
)  # fmt: skip


def found_in(sizes: list[int]) -> dict[str, float]:
    """Quantities of addresses with these numbers of names, counted name by name."""
    names = [size for size in sizes for _ in range(size)]
    shown = [size for size in sizes if size]
    return {
        "n_names": len(names),
        "n_addresses": len(shown),
        "share_single": sum(size == 1 for size in shown) / max(len(shown), 1),
        "mean_names": len(names) / max(len(shown), 1),
        "share_sites_crowded": sum(size - 1 >= 10 for size in names) / max(len(names), 1),
        "share_sites_alone": sum(size == 1 for size in names) / max(len(names), 1),
    }


def test_all_names_are_counted_one_by_one():
    for quantity, value in found_in(SIZES).items():
        assert LAW.quantity(quantity) == pytest.approx(value), quantity
    assert LAW.quantity("max_names") == 50
    assert LAW.quantity("share_top", 1.0, 2) == pytest.approx(62 / sum(SIZES))
    with pytest.raises(ValueError, match="a quantity of the law"):
        LAW.quantity("share_of_cats")


@pytest.mark.parametrize("share", [0.05, 0.4, 0.9])
def test_a_random_part_of_the_names_shows_what_drawing_them_shows(share):
    wide = NamesLaw(np.array([400, 40, 12, 5, 1]), np.array([20, 100, 300, 900, 4000]))
    sizes = np.repeat(wide.size, wide.count)
    drawn = found_in(np.random.default_rng(1).binomial(sizes, share).tolist())
    for quantity in QUANTITIES:
        expected = wide.quantity(quantity, share)
        assert drawn[quantity] == pytest.approx(expected, rel=0.08, abs=0.004), quantity
    # Negative control: what all names show is another thing.
    assert drawn["n_names"] < 0.96 * wide.n_names


def test_names_with_ten_neighbours_are_counted_by_the_binomial_law():
    size = np.array([4000, 60, 12, 11, 10, 1])
    for share in (0.003, 0.3, 1.0):
        for row, n in enumerate(size.tolist()):
            one = NamesLaw(size[row : row + 1], np.array([3]))
            expected = stats.binom.sf(9, n - 1, share)
            found = one.quantity("share_sites_crowded", share)
            assert found == pytest.approx(expected, rel=1e-9, abs=1e-15), (n, share)


def test_popular_names_are_looked_at_as_drawn_ones_are():
    law = NamesLaw(np.array([500, 20, 3, 1]), np.array([100, 2000, 10_000, 30_000]))
    share, rho, n = 0.1, 0.5, 400_000
    rng = np.random.default_rng(2)
    # Names by how lonely they sit, and a popularity that goes with it; the top tenth is looked at.
    lonely, own = rng.random(n), rng.standard_normal(n)
    popular = rho * ndtri(lonely) + np.sqrt(1 - rho**2) * own
    is_seen = popular > np.quantile(popular, 1 - share)
    row = np.searchsorted(law.name_edge / law.n_names, lonely)
    expected = np.bincount(row, is_seen, law.size.size) / np.bincount(row, minlength=law.size.size)
    seen = seen_by_popularity(law, share, rho)
    assert np.allclose(seen, expected, atol=0.005)
    assert not np.allclose(share, expected, atol=0.02)


def test_popularity_that_goes_with_nothing_is_a_random_part():
    seen = seen_by_popularity(LAW, 0.2, 0.0)
    assert np.allclose(seen, 0.2)
    assert LAW.quantity("n_names", seen) == pytest.approx(0.2 * LAW.n_names)


def test_the_share_looked_at_is_kept_and_popular_names_sit_more_alone():
    for rho in (0.2, 0.4, 0.8):
        seen = seen_by_popularity(LAW, 0.1, rho)
        assert LAW.quantity("n_names", seen) == pytest.approx(0.1 * LAW.n_names)
        alone = LAW.quantity("share_sites_alone", seen)
        assert alone > LAW.quantity("share_sites_alone", 0.1)


# Laws of kinds in many draws: the law of one kind in each, and no size lost between classes.


N_DRAWS = 6


def drawn(**changed: list[float]) -> dict[str, np.ndarray]:
    return {key: np.full(N_DRAWS, value) for key, value in assumptions().items()} | {
        key.replace("__", "."): np.array(value) for key, value in changed.items()
    }


def test_sums_between_sizes_are_those_of_the_law():
    law = NamesLaw(np.array([5000, 100, 4, 2, 1]), np.array([10, 100, 500, 500, 1000]))
    found = law.sums_between(np.array([[1, 2, 5, 5001], [4, 4, 100, 101]]))
    assert found[0].tolist() == [[1000, 1000, 110], [0, 500, 100]]
    assert found[1].tolist() == [[1000, 3000, 60_000], [0, 2000, 10_000]]


def test_each_draw_has_the_law_of_its_own_parameters():
    laws = [census_law(), draw_law(census_rows(), np.random.default_rng(3))]
    value = drawn(
        web_hosting__min_names=[2, 3, 10, 10, 37, 50],
        web_hosting__max_names=[500, 501, 502, 2000, 3000, 5000],
        rented__share_single=[0.6, 0.7, 0.8, 0.85, 0.9, 0.97],
        proxy__min_names=[100, 101, 999, 1000, 1001, 5000],
    )
    found = draw_kinds(laws, value)
    for draw in range(N_DRAWS):
        one = {key: float(each[draw]) for key, each in value.items()}
        for kind, given in zip(build_kinds(laws[draw % 2], one), found, strict=True):
            assert given.mean_names[draw] == pytest.approx(kind.mean_names, rel=1e-4)


def test_names_on_many_addresses_are_as_many_as_their_law_says():
    n = np.full(N_DRAWS, 200_000)
    (rented,) = draw_kinds([census_law()], drawn())[3:]
    names = rented.names_on(n, np.random.default_rng(1))
    # Addresses are in any unit, such as billions.
    billions = KindDraws(rented.n_addresses / 1e9, rented.n_names / 1e9)
    assert billions.names_on(n, np.random.default_rng(1)) == pytest.approx(names)
    law = build_kinds(census_law(), assumptions())[3]
    error = np.sqrt(((law.size - law.mean_names) ** 2 @ law.count) / law.n_addresses / n[0])
    assert np.abs(names / n - law.mean_names).max() < 5 * error
    assert np.abs(names / n - 1.05 * law.mean_names).min() > 5 * error


def test_addresses_of_one_size_are_found_with_all_of_their_names():
    kinds = [KindDraws(np.full((5, 1), 5.0), np.full((5, 1), 15.0))]
    # Of 100 one or none; any where none carry names; more than carry any; all there are.
    carrying, n = np.array([[100, 100, 0, 0.5, 7]]), np.array([1, 0, 5, 2, 7])
    names, expected = draw_found_names(kinds, carrying, n, np.random.default_rng(1))
    assert names.tolist() == [[3, 0, 0, 6, 21]]
    assert expected == pytest.approx(names, rel=2e-3)


def test_a_kind_without_addresses_is_said():
    small = NamesLaw(np.array([5000, 4, 1]), np.array([10, 500, 1000]))
    with pytest.raises(ValueError, match="addresses with 10 to 2000 names of the kind web_hosting"):
        draw_kinds([small], drawn(web_hosting__max_names=[5000] * 5 + [2000]))


def test_large_sizes_are_distinguished_by_a_quarter():
    # Edges of proxies are 20 times powers of 1.25: 711 and 888 lie between 500, 750 and 1000.
    law = NamesLaw(np.array([1000, 750, 500, 10]), np.array([1, 3, 7, 100]))
    proxies, *_ = draw_kinds([law], drawn(proxy__min_names=[100] * 6, parking__min_names=[100] * 6))
    assert proxies.n_addresses[0][proxies.n_addresses[0] > 0].tolist() == [7, 3, 1]


def test_laws_drawn_together_are_spread_evenly_and_meet_the_rows():
    n_laws = 24
    laws = draw_laws(census_rows(), n_laws, np.random.default_rng(5))
    (row,) = (r for r in census_rows() if r.quantity == "share_top" and r.n_addresses == 1000)
    off = np.array([(share_top(law, 1000) - row.value) / row.rounding for law in laws])
    assert np.abs(off).max() < 1.001
    # One in each part of the range, but for those that no curve met and that were drawn anew.
    assert np.unique(np.floor((off + 1) / 2 * n_laws).astype(int)).size > 0.8 * n_laws
    alone = [draw_law(census_rows(), rng) for rng in map(np.random.default_rng, range(n_laws))]
    off = np.array([(share_top(law, 1000) - row.value) / row.rounding for law in alone])
    assert np.unique(np.floor((off + 1) / 2 * n_laws)).size < 0.8 * n_laws


# Laws that a census allows: each meets the rows within their rounding, and they differ.


N = 12


def draws(rows: list[ConcentrationRow]) -> list[NamesLaw]:
    rng = np.random.default_rng(5)
    return [draw_law(rows, rng) for _ in range(N)]


def test_each_law_meets_every_row_within_its_rounding():
    rows = census_rows()
    for law in draws(rows):
        measured = {"n_names": law.n_names, "n_addresses": law.n_addresses}
        measured["share_single"] = share_single(law)
        for row in rows:
            if row.role != "calibration":
                continue
            is_fewer = row.relation == "fewer"
            rank = (row.n_addresses or 0) - is_fewer
            value = measured.get(row.quantity, share_top(law, rank) if rank else None)
            # Sizes are whole names, and so are counts.
            assert abs(value - row.value) <= row.rounding * 1.01 + 1e-3 * row.value, row


def test_laws_differ_where_the_rows_leave_it_open():
    laws = draws(census_rows())
    given = fit_names_law(census_rows())
    most = [int(law.size[0]) for law in laws]
    assert min(most) < given.size[0] < max(most)
    at_the_end = [int(law.n_names_of(np.array([9_999.5 / law.n_addresses]))[0]) for law in laws]
    # The rows leave the size at rank 10,000 anywhere from 5 to 5,674.
    assert min(at_the_end) < 100 < 1000 < max(at_the_end)


def test_the_same_luck_draws_the_same_laws():
    once, again = draws(census_rows()), draws(census_rows())
    assert all(np.array_equal(a.size, b.size) for a, b in zip(once, again, strict=True))
    assert all(np.array_equal(a.count, b.count) for a, b in zip(once, again, strict=True))


def test_rows_that_no_curve_meets_are_refused():
    rows = [
        row.model_copy(update={"value": 0.999}) if row.n_addresses == 100 else row
        for row in census_rows()
    ]
    with pytest.raises(ValueError, match="expected"):
        draw_law(rows, np.random.default_rng(1))


def test_laws_that_no_draw_of_the_rounding_meets_are_refused_and_not_left_out():
    rows = census_rows()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sim.names.expected._law_at", lambda *given: None)
        for draw in (lambda: draw_law(rows, np.random.default_rng(1)),
                     lambda: draw_laws(rows, 2, np.random.default_rng(1))):  # fmt: skip
            with pytest.raises(ValueError, match="expected rows that some falling curve meets"):
                draw()
