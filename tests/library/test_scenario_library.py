"""Every shipped scenario loads, runs, and shows the one thing its head comment says.

One small replicate each: fewer businesses and, where the chase is long, an earlier end.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest

from sim.addresses.sets.intervals import IntervalSet
from sim.engine.decisions import Mechanism
from sim.engine.eventlog import Kind
from sim.engine.record.outcome import Outcome
from sim.engine.state.ledger import Group
from sim.measure.impact import measure_impact
from sim.scenario.library import scenario_names
from sim.scenario.load import load_scenario
from sim.scenario.resolve import Resolved
from sim.streams import Streams
from sim.world.build import World
from tests.borrowed import BORROW
from tests.experiments import resolved_of, simulated

H = 3600
FEW = ("population.n_businesses=120",)
WEEK = (*FEW, "end=2018-04-20T00:00+03:00")
SMALLER: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(
        (
            "carpet-bombing", "surgical", "subnets", "one-region", "escalation-2018",
            "least-collateral", "netblocks", "no-blocking", "telegram-2018",
        ),
        WEEK,
    ),
    "negotiated": (*FEW, "end=2018-04-27T00:00+03:00", "strategy.talks_h=72"),
    "snowball": (*FEW, "end=2018-04-27T00:00+03:00"),
    "open-letter": FEW,
    "domestic-migration": ("population.n_businesses=400", "end=2018-05-16T00:00+03:00"),
    "zello-2018": (*FEW, "end=2018-04-10T00:00+03:00"),
    "rolling-blackouts": WEEK,
    "piracy-shield": ("population.n_businesses=200", "end=2024-02-19T00:00+01:00"),
    "match-days": ("population.n_businesses=500",),
    "spain-record": ("population.n_businesses=50",),
    "spain-2025-26": ("population.n_businesses=100", "end=2025-12-22T12:00+01:00"),
    "austria-2022": ("population.n_businesses=2000",),
    "whole-as": ("population.n_businesses=300",),
    "sni-era": ("population.n_businesses=1000",),
    "throttle-2025": ("population.n_businesses=300",),
    "full-routers": ("population.n_businesses=300",),
    "careful-censor": ("population.n_businesses=300",),
}  # fmt: skip


@dataclass(frozen=True)
class Run:
    """One replicate of one scenario."""

    resolved: Resolved
    world: World
    outcome: Outcome

    def measure(self, metric: str) -> float:
        return {m.metric: m.value for m in measure_impact(self.world, self.outcome)}[metric]

    def times(self, kind: Kind) -> np.ndarray:
        return self.outcome.events.t_s[self.outcome.events.kind == kind]

    def listed(self) -> tuple[np.ndarray, np.ndarray]:
        return self.outcome.curves.points("addresses_listed", Group())

    def provider_row(self, name: str) -> int:
        return self.world.places.provider.index(name)

    def entries(self, mechanism: Mechanism) -> list[IntervalSet]:
        pairs = zip(self.outcome.entry_addresses, self.outcome.entry_mechanism, strict=True)
        return [addresses for addresses, what in pairs if what is mechanism]

    def sizes(self) -> list[int]:
        return [addresses.n_addresses for addresses in self.outcome.entry_addresses]


@cache
def run(name: str, *overrides: str) -> Run:
    resolved = resolved_of(name, overrides or SMALLER.get(name, FEW))
    return Run(resolved, *simulated(resolved, Streams(resolved.scenario.root_seed or 0, 0)))


CHECKS: dict[str, Callable[[], None]] = {}


def shows(name: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    def register(check: Callable[[], None]) -> Callable[[], None]:
        CHECKS[name] = check
        return check

    return register


@shows("telegram-2018")
def millions_come_out_of_a_chase_that_lists_no_order_of_the_time() -> None:
    it = run("telegram-2018")
    assert it.resolved.orders is None
    assert it.measure("addresses_listed_peak") > 10_000_000


@shows("telegram-2018-replay")
def the_replay_lists_what_the_register_held() -> None:
    assert run("telegram-2018-replay").measure("addresses_listed_peak") == 18_350_080


@shows("carpet-bombing")
def every_entry_is_all_that_a_provider_has() -> None:
    it = run("carpet-bombing")
    whole = {
        it.world.places.provider_addresses(row).n_addresses
        for row in range(len(it.world.places.provider))
    }
    assert set(it.sizes()) <= whole
    assert it.measure("addresses_listed_peak") > run("telegram-2018").measure(
        "addresses_listed_peak"
    )


@shows("surgical")
def precision_lists_a_few_single_addresses() -> None:
    assert set(run("surgical").sizes()) == {1}
    listed = [
        run(name).measure("addresses_listed_peak")
        for name in ("surgical", "subnets", "telegram-2018", "carpet-bombing")
    ]
    assert listed == sorted(listed)
    assert listed[0] < 200
    assert listed[-1] > 30_000_000


@shows("subnets")
def each_entry_has_256_addresses() -> None:
    assert set(run("subnets").sizes()) == {256}


@shows("netblocks")
def each_entry_is_a_prefix_that_is_the_providers() -> None:
    it = run("netblocks")
    places = it.world.places
    of_provider = [places.provider_addresses(row) for row in range(len(places.provider))]
    for addresses in it.entries(Mechanism.DROP):
        assert addresses.to_prefixes()[0].size == 1
        held = max(addresses.intersection(mine).n_addresses for mine in of_provider)
        assert held >= 0.99 * addresses.n_addresses
    listed = [run(name).measure("addresses_listed_peak") for name in ("subnets", "netblocks")]
    assert 1000 * listed[0] < listed[1]
    assert listed[1] < run("carpet-bombing").measure("addresses_listed_peak")


@shows("one-region")
def each_entry_is_a_region() -> None:
    it = run("one-region")
    regions = {addresses.n_addresses for addresses in it.world.places.addresses}
    assert set(it.sizes()) <= regions


@shows("escalation-2018")
def entries_widen_while_the_target_is_reached() -> None:
    sizes = run("escalation-2018").sizes()
    assert sizes[0] == 1
    first = [sizes.index(size) for size in (1, 2**8, 2**16)]
    assert first == sorted(first)


@shows("least-collateral")
def a_cover_keeps_to_its_budget_and_holds_every_known_front() -> None:
    it = run("least-collateral")
    budget = it.resolved.scenario.strategy.rules  # type: ignore[union-attr]
    log, sets = it.outcome.events, it.outcome.entry_addresses
    in_force: set[int] = set()
    for t_s in np.unique(log.t_s[np.isin(log.kind, (Kind.BLOCK, Kind.UNBLOCK))]):
        for kind, change in ((Kind.UNBLOCK, in_force.discard), (Kind.BLOCK, in_force.add)):
            for row in log.entry_row[(log.t_s == t_s) & (log.kind == kind)].tolist():
                change(row)
        assert sum(sets[row].to_prefixes()[0].size for row in in_force) <= budget
    found = it.outcome.front_address[log.front_row[log.kind == Kind.DISCOVERED]]
    assert IntervalSet.union_all(sets[row] for row in in_force).contains(found).all()


@shows("no-blocking")
def nothing_happens_to_anybody() -> None:
    it = run("no-blocking")
    assert it.outcome.entry_addresses == ()
    assert it.times(Kind.DISCOVERED).size > 0
    assert it.measure("demand_lost_share") == 0
    assert it.measure("target_user_hours_denied") == 0


@shows("rolling-blackouts")
def entries_go_and_come_back() -> None:
    it = run("rolling-blackouts")
    prefixes = [str(addresses.to_prefixes()) for addresses in it.outcome.entry_addresses]
    assert len(prefixes) > len(set(prefixes))  # placed again
    assert it.times(Kind.UNBLOCK).size > 0
    ttl_s = it.resolved.scenario.strategy.ttl_h * H  # type: ignore[union-attr]
    assert it.times(Kind.UNBLOCK).min() >= it.times(Kind.BLOCK).min() + ttl_s


@shows("negotiated")
def who_talks_is_not_blocked() -> None:
    it = run("negotiated")
    listed = IntervalSet.union_all(it.outcome.entry_addresses)
    count = it.world.places.count_by_provider(listed)
    assert count[it.provider_row("AWS")] > 1_000_000
    assert count[it.provider_row("Google Cloud")] == 0
    # Without talks the same luck lists Google's ranges.
    blocked = IntervalSet.union_all(run("netblocks").outcome.entry_addresses)
    places = run("netblocks").world.places
    assert places.count_by_provider(blocked)[it.provider_row("Google Cloud")] > 0


@shows("snowball")
def complaints_grow_faster_than_outages_and_exempt_single_addresses() -> None:
    it = run("snowball")
    calm = run("snowball", *SMALLER["snowball"], "complaints.snowball=0")
    assert it.outcome.n_complaints > 1.5 * calm.outcome.n_complaints
    assert it.times(Kind.EXEMPTED).size > 0
    assert 0 < sum(one.n_addresses for one in it.entries(Mechanism.EXEMPT)) < 1000


@shows("open-letter")
def all_is_withdrawn_after_the_letter() -> None:
    it = run("open-letter")
    letter_s = next(t_s for t_s, adds in it.world.pressure_events if adds > 0)
    t_s, listed = it.listed()
    assert listed[np.searchsorted(t_s, letter_s) - 1] > 1_000_000
    assert listed[-1] == 0
    assert it.times(Kind.UNBLOCK).min() > letter_s


@shows("blackout-to-year-end")
def what_stood_on_26_april_stands_at_the_end() -> None:
    it = run("blackout-to-year-end")
    assert it.resolved.scenario.end.isoformat() == "2019-01-01T00:00:00+03:00"
    t_s, listed = it.listed()
    # 17,931,776: the register of 25 to 28 April 2018, as in the replay.
    assert listed[-1] == 17_931_776
    assert t_s[-1] < 11 * 24 * H
    assert it.outcome.ledger.is_affected_at_end.any()
    assert not it.outcome.n_responses.any()


@shows("domestic-migration")
def desks_set_the_pace_of_moves_home() -> None:
    it = run("domestic-migration")
    wide = run(
        "domestic-migration", *SMALLER["domestic-migration"], "reactions.onboarding_slots=50"
    )
    rules = it.resolved.scenario.reactions
    assert rules is not None
    domestic = it.outcome.n_responses[:, 3].sum()
    # No more than the desks can take on, and nearly as many from the first move on.
    first_s = it.times(Kind.RESPONDED).min()
    most = rules.onboarding_slots * (it.world.horizon_s - first_s) / (rules.onboarding_h * H)
    assert 0.7 * most < domestic <= most
    assert wide.outcome.n_responses[:, 3].sum() > domestic


@shows("zello-2018")
def thirty_six_rules_list_millions_until_the_provider_evicts() -> None:
    it = run("zello-2018")
    in_force, most = 0, 0
    for kind in it.outcome.events.kind.tolist():
        in_force += (kind == Kind.BLOCK) - (kind == Kind.UNBLOCK)
        most = max(most, in_force)
    assert 0 < most <= 36
    assert it.measure("addresses_listed_peak") > 5_000_000
    assert it.times(Kind.EVICTED).size > 0
    _, listed = it.listed()
    assert listed[-1] < listed.max() / 2


@shows("austria-2022")
def eleven_addresses_touch_those_who_share_them_and_are_gone_by_noon() -> None:
    it = run("austria-2022")
    assert it.measure("addresses_listed_peak") == 11
    assert it.measure("addresses_listed_at_end") == 0
    assert not it.world.target_addresses
    affected = it.measure("businesses_ever_affected")
    assert affected > 11
    # Thousands of sites went with them: an address of a shared range carries as many.
    assert it.measure("names_hit") > 5_000
    elsewhere = run(
        "austria-2022",
        *SMALLER["austria-2022"],
        "population.hosting=hosting-russia-2018",
        BORROW,
    )
    assert elsewhere.measure("businesses_ever_affected") == 0


@shows("sanctions-2022")
def a_name_is_blocked_operator_by_operator_and_nobody_else() -> None:
    it = run("sanctions-2022")
    assert set(it.outcome.entry_mechanism) == {Mechanism.NAME}
    assert it.measure("businesses_ever_affected") == 0
    assert it.measure("target_user_hours_denied") > 0
    enforced = it.times(Kind.ENFORCED)
    assert enforced.max() - enforced.min() > 14 * 24 * H


@shows("piracy-shield")
def entries_act_within_half_an_hour_and_are_never_released() -> None:
    it = run("piracy-shield")
    events = it.outcome.events
    assert it.times(Kind.UNBLOCK).size == it.times(Kind.RELEASED).size == 0
    placed = dict(
        zip(events.entry_row[events.kind == Kind.BLOCK].tolist(), it.times(Kind.BLOCK), strict=True)
    )
    bound = [
        row for row, name in enumerate(it.world.operators.name) if name != "small"
    ]  # the rule was met by the large ones
    is_enforced = (events.kind == Kind.ENFORCED) & np.isin(events.operator_row, bound)
    assert is_enforced.sum() > 100
    lag_s = [
        t_s - placed[entry]
        for t_s, entry in zip(
            events.t_s[is_enforced].tolist(), events.entry_row[is_enforced].tolist(), strict=True
        )
    ]
    assert max(lag_s) <= H / 2
    assert it.times(Kind.READDRESSED).size > 0


@pytest.mark.laws
@pytest.mark.long
def test_months_of_piracy_shield_show_what_it_says():
    it = run("piracy-shield")
    # Finds slow down by their number: 3,032 addresses after about 60 days.
    months = run("piracy-shield", "population.n_businesses=200", "end=2024-04-16T00:00+02:00")
    after_60_d = len(months.outcome.entry_addresses)
    assert 2700 < after_60_d < 3400
    per_day = len(it.outcome.entry_addresses) / (it.world.horizon_s / 86_400)
    assert 1.1 * after_60_d / 60 < per_day < 80
    # What stays listed cuts off who comes later too: fewer where tenants keep their addresses.
    many = "population.n_businesses=1000"
    kept = [f"tenancy.{key}=1e12" for key in ("rented_stay_d", "shared_stay_d")]
    moving, staying = run("piracy-shield", many), run("piracy-shield", many, *kept)
    for measure in ("businesses_ever_affected", "business_hours_affected"):
        assert moving.measure(measure) > staying.measure(measure) > 0


def sessions_of(it: Run) -> list[tuple[int, int]]:
    """Start and end of the sessions of a run's table that begin in it, in seconds."""
    assert it.resolved.sessions is not None
    start = it.resolved.scenario.start
    found = [
        (int((row.start - start).total_seconds()), int((row.end - start).total_seconds()))
        for row in it.resolved.sessions.rows
    ]
    return [(first, last) for first, last in found if 0 <= first < it.world.horizon_s]


def lists_are_of_sessions_alone_and_grow_in_them(it: Run) -> None:
    t_s, listed = it.listed()
    inside = np.zeros(t_s.size, np.bool_)
    at_start, at_end = [], []
    for first, last in sessions_of(it):
        here = (t_s >= first) & (t_s < last)
        inside |= here
        assert np.all(np.diff(listed[here]) > 0)
        at_start.append(listed[here][0] if t_s[here][0] == first else 0)
        at_end.append(listed[here][-1])
    assert not listed[~inside].any()
    # About three times their start.
    assert 2 < sum(at_end) / sum(at_start) < 4.5


@shows("match-days")
def a_week_end_has_four_sessions_and_short_spells() -> None:
    it = run("match-days")
    assert len(sessions_of(it)) == 4
    lists_are_of_sessions_alone_and_grow_in_them(it)
    assert it.measure("businesses_ever_affected") > 0
    # Between matches everybody is reached again: spells are short.
    assert it.outcome.ledger.lost_demand_h_by_spell[:, 3:].sum() == 0


@shows("spain-2025-26")
def lists_of_a_season_grow_and_come_again() -> None:
    it = run("spain-2025-26")
    sessions = sessions_of(it)
    assert len(sessions) == 10
    lists_are_of_sessions_alone_and_grow_in_them(it)
    addresses = [int(addresses.start[0]) for addresses in it.outcome.entry_addresses]
    assert len(addresses) > 2 * len(set(addresses))
    # Addresses come that no session listed before, and the pool of all is larger than any session.
    assert len(set(addresses)) > 1.5 * it.listed()[1].max()


@shows("spain-record")
def lists_are_those_that_were_published_session_by_session() -> None:
    it = run("spain-record")
    t_s, listed = it.listed()
    assert it.resolved.sessions is not None
    for row in it.resolved.sessions.rows:
        start = it.resolved.scenario.start
        first, last = ((at - start).total_seconds() for at in (row.start, row.end))
        begin = np.searchsorted(t_s, first, side="right") - 1
        assert listed[begin] == row.n_at_start
        assert listed[begin : np.searchsorted(t_s, last, side="right")].max() == row.n_peak


@shows("sni-era")
def a_pattern_overmatches_without_a_single_address() -> None:
    it = run("sni-era")
    assert it.measure("addresses_listed_peak") == 0
    exact = run("sni-era", *SMALLER["sni-era"], "strategy.overmatch=0")
    assert it.measure("businesses_ever_affected") > 0
    assert exact.measure("businesses_ever_affected") == 0


@shows("throttle-2025")
def many_are_impaired_and_nobody_is_down() -> None:
    it = run("throttle-2025")
    assert set(it.outcome.entry_mechanism) == {Mechanism.THROTTLE}
    assert it.measure("businesses_ever_impaired") > 0
    assert it.measure("businesses_ever_down") == 0


@shows("allow-list")
def all_but_the_list_is_dropped_and_home_still_works() -> None:
    it = run("allow-list")
    allowed = it.resolved.line.union(row.prefix for row in it.resolved.allowed.rows)  # type: ignore[union-attr]
    assert it.measure("addresses_listed_peak") == 2**32 - allowed.n_addresses
    assert it.measure("businesses_ever_affected") == it.world.businesses.n_businesses
    # Fixed lines go on: no business loses more than the mobile half.
    assert it.measure("demand_lost_share") <= 0.5


@shows("whole-as")
def harm_ends_at_the_edge_of_the_network() -> None:
    it = run("whole-as")
    row = it.provider_row("Hetzner")
    assert it.sizes() == [it.world.places.provider_addresses(row).n_addresses]
    businesses, component_of = it.world.businesses, it.world.components
    home = it.world.places.provider_row[businesses.home_place_row]
    down = it.outcome.ledger.down_s > 0
    assert down.sum() > 0
    assert (home[down] == row).all()
    inside = it.world.places.provider_addresses(row).contains(component_of.address)
    touched = np.zeros(businesses.n_businesses, np.bool_)
    hosts = [component_of.hosts_of(np.unique(c))[0] for c in businesses.component_row]
    for number, host in enumerate(hosts):
        touched[number] = inside[host].any()
    affected = it.outcome.ledger.affected_s > 0
    assert not (affected & ~touched).any()


@shows("full-routers")
def who_takes_no_more_rules_spares_some_and_who_gives_way_harms_all() -> None:
    it = run("full-routers")
    roomy = run("full-routers", *SMALLER["full-routers"], "operators.groups=operators-russia-2018")
    full = {"regional-fixed": "degrade", "small-fixed": "stop"}
    limits = {"rule_capacity": None, "overload": None, "overload_severity": None}
    for row, other in zip(
        it.resolved.operators.rows, roomy.resolved.operators.rows, strict=True
    ):  # the same operators but for their room
        assert row.overload == full.get(row.operator)
        assert row.model_copy(update=limits) == other
    assert it.world.operators.name == roomy.world.operators.name
    group = np.array(it.world.operators.group)
    (capacity,) = set(it.world.operators.rule_capacity[np.isin(group, list(full))].tolist())
    small, regional = (
        np.flatnonzero(group == name).tolist() for name in ("small-fixed", "regional-fixed")
    )
    assert max(most_rules(it, row) for row in small) <= capacity
    assert max(most_rules(roomy, row) for row in small) > capacity
    held = [most_rules(it, row) for row in regional]
    assert held == [most_rules(roomy, row) for row in regional]
    assert max(held) > capacity
    # Everybody is affected, also who sits on no listed address; in the hours of the overload alone.
    n = it.world.businesses.n_businesses
    spared = roomy.outcome.ledger.affected_s == 0
    assert it.measure("businesses_ever_affected") == n
    assert 0 < spared.sum() < n / 2
    assert (it.outcome.ledger.affected_s[spared] > 0).all()
    # The overload of regional operators falls on 18 April, when it was reported.
    first_s = it.outcome.ledger.first_outage_s[spared]
    assert (first_s >= 2 * 24 * H).all()
    assert (first_s < 3 * 24 * H).all()


def most_rules(it: Run, operator_row: int) -> int:
    """Most entries that an operator enforces at a time; each of these orders is one prefix."""
    assert all(a.to_prefixes()[0].size == 1 for a in it.outcome.entry_addresses)
    events = it.outcome.events
    mine = events.operator_row == operator_row
    step = (events.kind == Kind.ENFORCED).astype(int) - (events.kind == Kind.RELEASED).astype(int)
    return int(np.cumsum(step[mine]).max())


@shows("careful-censor")
def limits_alone_hold_the_list_at_its_ceiling() -> None:
    it = run("careful-censor")
    rules = it.resolved.scenario.censor
    assert rules is not None
    assert rules.max_addresses is not None
    assert rules.orders_per_day is not None
    exempt = it.world.exempt
    listed = IntervalSet.union_all(it.outcome.entry_addresses)
    assert listed.n_addresses <= rules.max_addresses
    assert not listed.intersection(exempt)
    day = it.times(Kind.BLOCK) // (24 * H)
    assert np.bincount(day).max() == rules.orders_per_day
    # Each limit holds something back that is placed without it.
    without = {
        name: run("careful-censor", *SMALLER["careful-censor"], f"censor.{name}=off")
        for name in ("orders_per_day", "max_addresses", "exempt")
    }
    days = np.bincount(without["orders_per_day"].times(Kind.BLOCK) // (24 * H))
    assert days.max() > rules.orders_per_day
    assert without["max_addresses"].measure("addresses_listed_peak") > rules.max_addresses
    unspared = IntervalSet.union_all(without["exempt"].outcome.entry_addresses)
    assert unspared.intersection(exempt)


@pytest.mark.parametrize("name", scenario_names())
def test_a_scenario_shows_what_it_says(name):
    CHECKS[name]()


def test_every_shipped_scenario_is_checked():
    assert sorted(CHECKS) == scenario_names()


@pytest.mark.parametrize("name", ["sanctions-2022", "sni-era"])
def test_a_blocked_name_is_reached_the_more_the_more_get_round_it(name):
    # Not denied the less: who cannot get round it leaves in the end, and is denied no longer.
    smaller = SMALLER.get(name, FEW)
    runs = [
        run(name, *smaller, f"effects.name_evasion={evasion}")
        for evasion in (0, load_scenario(name).scenario.effects.name_evasion, 1)
    ]
    reached = [it.measure("target_user_hours_reached") for it in runs]
    assert reached[0] < reached[1] < reached[2]
    assert runs[0].measure("target_user_hours_denied") > 0
    assert runs[2].measure("target_user_hours_denied") == 0
