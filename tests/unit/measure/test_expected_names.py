"""Names expected behind what a run listed are those of the list; a sample's zero is no verdict."""

import math
from ipaddress import ip_address
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from sim.addresses.feeds.frames import feed_of_columns
from sim.addresses.sets.intervals import IntervalSet
from sim.blocklists.exposure import expect_names
from sim.engine.decisions import Mechanism
from sim.engine.eventlog import Kind
from sim.measure.estimates import estimate_of
from sim.measure.names import Change, ever_listed, expected_businesses, expected_names
from sim.names import listed
from sim.results.parquet import Coded, ColumnData, Optional, merge_parts, write_part
from sim.scenario.resolve import Resolved
from sim.world.providers import prefix_rows

LIST = ("104.16.0.7/32", "104.16.3.9/32", "88.198.0.0/16", "52.58.0.0/15", "10.0.0.0/30")


def tables_of(
    tmp_path: Path, *entries: tuple[int, str, tuple[str, ...]]
) -> tuple[list[Path], list[Path]]:
    """Entries and events of runs: replicate, mechanism, prefixes; none is withdrawn."""
    rows = [(*one[:2], number, prefix) for number, one in enumerate(entries) for prefix in one[2]]
    replicate, mechanism, entry, prefix = zip(*rows, strict=True)
    strategy = Coded(np.zeros(len(rows), np.int64), ("mine",))
    names, texts = list(dict.fromkeys(mechanism)), list(dict.fromkeys(prefix))
    columns: dict[str, ColumnData] = {
        "strategy": strategy,
        "replicate": np.array(replicate),
        "entry": np.array(entry),
        "mechanism": Coded(np.array([names.index(one) for one in mechanism]), names),
        "prefix": Coded(np.array([texts.index(one) for one in prefix]), texts),
    }
    n = len(entries)
    events: dict[str, ColumnData] = {
        "strategy": Coded(np.zeros(n, np.int64), ("mine",)),
        "replicate": np.array([one[0] for one in entries]),
        "kind": Coded(np.zeros(n, np.int64), ("block",)),
        "entry": Optional(np.arange(n), -1),
        "t_s": np.arange(n) * 60,
    }
    for name, of in (("entries", columns), ("events", events)):
        write_part(tmp_path / name, of)
        merge_parts([tmp_path / name], tmp_path / f"{name}.parquet", {})
    return [tmp_path / "entries.parquet"], [tmp_path / "events.parquet"]


def of_list(replay: Resolved, *rules: str) -> Any:
    """What is expected of the same list in a file, by the prefixes of the scenario."""
    rows = [row for row in prefix_rows(replay) if row.prefix.version == 4]
    owners = {
        "prefix": [f"{ip_address(row.prefix[1])}/{row.prefix[2]}" for row in rows],
        "provider": [row.provider for row in rows],
        "region": [row.region for row in rows],
    }
    lists = [feed_of_columns({"prefix": list(rules)}, "list")]
    return expect_names(lists, feed_of_columns(owners, "owners"))


def test_a_run_expects_the_names_of_its_list(tmp_path, replay):
    entries = [(0, "drop", (rule,)) for rule in LIST]
    (all_, *providers) = expected_names(*tables_of(tmp_path, *entries), replay, "mine", (0,))
    wanted = of_list(replay, *LIST)
    assert (all_.provider, all_.n_listed, all_.state) == ("", wanted.all.n_listed, "lower bound")
    assert (all_.n_listed, all_.n_known) == (2 + 2**16 + 2**17 + 4, 2 + 2**16 + 2**17)
    hit, active = wanted.all.hit, wanted.all.active
    assert (all_.hit, all_.hit_low, all_.hit_high) == (hit.median, hit.low, hit.high)
    assert (all_.active, all_.active_low) == (active.median, active.low)
    assert {one.provider for one in providers} == {one.provider for one in wanted.providers}
    # Negative control: one address less is another list.
    assert of_list(replay, *LIST[1:]).all.hit.median != hit.median


def test_what_no_table_tells_of_is_not_known_and_nothing_listed_is_none(tmp_path, replay):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    tables = tables_of(tmp_path / "a", (0, "drop", ("10.0.0.0/30", "2001:db8::/63")))
    (line, *_) = expected_names(*tables, replay, "mine", (0,))
    assert (line.n_listed, line.n_networks6, line.state) == (4, 2, "not known")
    assert math.isnan(line.hit)
    # Names and exemptions list nothing.
    tables = tables_of(tmp_path / "b", (0, "exempt", ("104.16.0.7/32",)))
    (line,) = expected_names(*tables, replay, "mine", (0,))
    assert (line.n_listed, line.state, line.hit, line.hit_high) == (0, "known", 0, 0)


def test_a_run_lists_no_address_that_was_exempt_whenever_it_was_blocked(tmp_path, replay):
    """Entries come one after the other: the first /28 is exempt before its /24, the other after."""
    entries = [
        (0, "exempt", ("88.198.0.0/28",)),
        (0, "drop", ("10.0.0.0/30",)),
        (0, "drop", ("88.198.0.0/24", "88.198.4.0/24")),
        (0, "exempt", ("88.198.4.0/28", "10.9.0.0/30")),
    ]
    (line, *_) = expected_names(*tables_of(tmp_path, *entries), replay, "mine", (0,))
    assert line.n_listed == 4 + 256 - 16 + 256


def test_runs_that_list_different_addresses_are_as_likely(tmp_path, replay):
    entries = [(0, "drop", ("88.198.0.0/16",)), (1, "throttle", ("88.198.0.0/17",))]
    (line, *_) = expected_names(*tables_of(tmp_path, *entries), replay, "mine", (0, 1))
    whole, half = (
        of_list(replay, rule).all.hit.median for rule in ("88.198.0.0/16", "88.198.0.0/17")
    )
    assert line.n_listed == round(1.5 * 2**15)
    assert half < line.hit < whole


def test_what_a_table_tells_nothing_of_in_one_simulation_makes_a_lower_bound(tmp_path, replay):
    """Counts are medians over simulations; of what one lists more, names are not known there."""
    alike = ("88.198.0.0/16",)
    entries = [(0, "drop", alike), (1, "drop", alike), (2, "drop", (*alike, "10.0.0.0/30"))]
    tables = tables_of(tmp_path, *entries)
    (line, *_) = expected_names(*tables, replay, "mine", (0, 1, 2))
    assert (line.n_listed, line.n_known, line.state) == (2**16, 2**16, "lower bound")
    (line, *_) = expected_names(*tables, replay, "mine", (0, 1))
    assert (line.n_listed, line.state) == (2**16, "known")


def test_an_exempt_address_is_listed_only_while_it_is_not_exempt():
    entries = [IntervalSet.of("192.0.2.0/24"), IntervalSet.of("192.0.2.0/28")]
    means = [Mechanism.DROP, Mechanism.EXEMPT]

    def at(*changes: tuple[int, int, int]) -> int:
        change = Change(*np.array(changes, np.int64).reshape(-1, 3).T)
        return ever_listed(entries, means, change).n_addresses

    # Exempt from the first second, from a later one, and no more at the end.
    assert at((5, 0, 1), (5, 1, 1)) == 256 - 16
    assert at((5, 0, 1), (6, 1, 1)) == 256
    assert at((5, 0, 1), (5, 1, 1), (9, 1, -1)) == 256


def world_of(n_addresses: int, n_businesses: int, n_sites: int = 0) -> Any:
    """A place from address 1000 on, a business on every hundredth address of it, from the end."""
    component = np.arange(n_businesses)
    return SimpleNamespace(
        businesses=SimpleNamespace(
            n_businesses=n_businesses, n_sites=n_sites, component_row=component[:, None]
        ),
        components=SimpleNamespace(
            address=np.sort(1000 + n_addresses - 1 - 100 * component),
            component_row=component,
            is_spread=np.zeros(n_businesses, np.bool_),
        ),
        places=SimpleNamespace(
            pieces=(np.array([1000]), np.array([1000 + n_addresses]), np.array([0])),
            addresses=(None,),
        ),
    )


def outcome_of(listed_: IntervalSet) -> Any:
    events = SimpleNamespace(
        kind=np.array([Kind.BLOCK]), t_s=np.array([0]), entry_row=np.array([0])
    )
    return SimpleNamespace(
        events=events, entry_addresses=(listed_,), entry_mechanism=(Mechanism.DROP,)
    )


@pytest.mark.parametrize("n_sites", [0, 400])
def test_a_sample_expects_hits_by_the_share_of_its_place(n_sites):
    few = IntervalSet.from_bounds([1000], [1016])
    world = world_of(1_800_000, 1000, n_sites)
    found = expected_businesses(cast("Any", world), outcome_of(few))
    # A thousand over 1.8 million addresses, of which 16 are listed: a hundredth of one is hit.
    assert found == pytest.approx((1000 - n_sites) * 16 / 1_800_000, rel=1e-9)
    everything = IntervalSet.from_bounds([0], [2**32])
    assert expected_businesses(cast("Any", world), outcome_of(everything)) == 1000 - n_sites
    assert expected_businesses(cast("Any", world), outcome_of(IntervalSet.empty())) == 0


def test_a_business_on_two_addresses_is_counted_once():
    world = world_of(1000, 10)
    world.components.component_row = np.repeat(np.arange(5), 2)
    world.businesses = SimpleNamespace(
        n_businesses=5, n_sites=0, component_row=np.arange(5)[:, None]
    )
    half = IntervalSet.from_bounds([1000], [1500])
    found = expected_businesses(cast("Any", world), outcome_of(half))
    assert found == pytest.approx(5 * (1 - 0.5**2))


def test_an_expected_number_has_two_figures_and_a_bound_is_never_rounded_up():
    for value, rounded, bound in (
        (1.26, 1.3, 1.2), (125.0, 120.0, 120.0), (135.0, 140.0, 130.0), (199.9, 200.0, 190.0),
        (2.5e7, 2.5e7, 2.5e7), (0.0999, 0.1, 0.099), (0.0, 0.0, 0.0),
    ):  # fmt: skip
        assert listed.rounded_names(value) == rounded
        assert listed.rounded_names(value, is_bound=True) == bound


def test_an_estimate_has_all_inputs_that_its_row_names():
    row: dict[str, Any] = {"median": 2.0, "low": 1.0, "high": 3.0, "unit": "h"}
    row["n_simulations"] = 64
    named = {f"depends_on_{rank}": f"key.{rank}" for rank in (1, 2, 3)}
    shares = {f"depends_on_{rank}_share": (4 - rank) / 10 for rank in (1, 2, 3)}
    found = estimate_of({**row, **named, **shares, "chance_share": 0.2})
    assert found.depends_on == (("key.1", 0.3), ("key.2", 0.2), ("key.3", 0.1))
    assert (found.median, found.low, found.high, found.unit) == (2.0, 1.0, 3.0, "h")
    assert (found.n_simulations, found.n_known, found.chance) == (64, 64, 0.2)
    of_one = estimate_of({**row, "depends_on_1": "key.1", "depends_on_1_share": 0.3})
    assert of_one.depends_on == (("key.1", 0.3),)
