"""Small worlds built from plain values, for the engine and for the slow reference alike."""

import ipaddress
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, cached_property
from itertools import count

import numpy as np
from hypothesis import HealthCheck, Phase, reject, settings
from numpy.typing import ArrayLike

from sim.addresses.sets.intervals import IntervalSet, format_set
from sim.addresses.sets.line import IPV4, Line, Seats, split
from sim.addresses.sets.notation import Prefix, parse_prefix
from sim.addresses.sets.prefixes import PrefixTable
from sim.engine.decisions import Mechanism, Order, Strategy
from sim.engine.record.outcome import Outcome
from sim.engine.run import simulate
from sim.engine.strategies.answers import exact, negotiate
from sim.engine.strategies.calendars import replay
from sim.scenario.tables.rows import RESPONSES
from sim.streams import Stream, Streams
from sim.world.build import Businesses, Demand, World, role_causes
from sim.world.components import Components
from sim.world.moves import Moves, Programs, Stays
from sim.world.operators import Operators, Overload
from sim.world.placement import Sites
from sim.world.providers import NOT_KNOWN, Places, Pools, StanceEvent, given_pools
from tests import reference as ref
from tests.examples import n_examples
from tests.reference_strategies import negotiate as ref_negotiate
from tests.sections import (
    Censor,
    Complaints,
    Effects,
    Fronts,
    Ipv6,
    Reactions,
    Thresholds,
    Users,
    still,
)

HOUR = 3600
DAY = 24 * HOUR
WEEK = 7 * DAY
FLAT = (1,) * 168
N_FRONT_DRAWS = 10_000
FIRST = "elsewhere"
ABROAD = ("abroad-0", "abroad-1", "abroad-2", "abroad-3")
AT_HOME = "at-home"
STATES = ("fine", "affected", "impaired", "down")
"""Providers of small worlds: of all businesses at t = 0, and where their responses lead."""


@dataclass(frozen=True)
class Dated:
    """A dated order in plain values."""

    t_s: int
    action: str
    prefixes: tuple[str, ...] = ()
    mechanism: str = "drop"
    overmatch: float = 0.0
    groups: tuple[str, ...] | None = None

    def order(self, line: Line = IPV4) -> Order:
        """Return the order of the engine."""
        addresses = _set_of(self.prefixes, line)
        groups = None if self.groups is None else frozenset(self.groups)
        mechanism = Mechanism(self.mechanism)
        return Order(self.action, addresses, mechanism, self.overmatch, operators=groups)


def many_worlds(n: int) -> settings:
    """Hypothesis' settings for n random worlds in the daily run.

    Without shrinking: a world of this size shrinks for minutes, and the seed is printed.
    """
    return settings(
        max_examples=n_examples(n),
        deadline=None,
        phases=[Phase.explicit, Phase.reuse, Phase.generate],
        suppress_health_check=[HealthCheck.too_slow],
    )


@dataclass(frozen=True)
class Actor:
    """An operator in plain values; one of a group has the luck of the row ``luck_of``."""

    share: float = 1.0
    poll_interval_s: int = 1
    poll_phase_s: int = 0
    apply_lag_s: int = 0
    release_lag_s: int = 0
    compliance: float = 1.0
    rule_capacity: int | None = None
    overload: str = "stop"
    overload_severity: float = 0.0
    begins_s: int = 0
    luck_of: int | None = None


@dataclass(frozen=True)
class Seat:
    """A component in plain values."""

    addresses: tuple[str, ...]
    mode: str = "any"


@dataclass(frozen=True)
class Response:
    """What a business does in one round, and the address each role moves to.

    A move to a provider that is not named leads to the one of ``ABROAD`` of that round, or to
    ``AT_HOME``.
    """

    kind: str
    time_s: int = 1
    addresses: tuple[str, ...] = ("203.0.113.9",) * 5
    provider: str = ""
    beside: tuple[str, ...] = ("",) * 5
    """A second address of each role; none where empty."""

    def seat_of(self, role: int) -> Seat:
        """Where a role sits after it."""
        return Seat(tuple(filter(None, (self.addresses[role], self.beside[role]))))

    def leads_to(self, turn: int) -> str:
        """Name of the provider that hosts the business afterwards; empty where it stays."""
        default = {"foreign": ABROAD[turn], "domestic": AT_HOME}
        return (self.provider or default[self.kind]) if self.kind in default else ""


@dataclass(frozen=True)
class Arrival:
    """A component comes to other addresses if it holds a seat then: 0, or r + 1 by response r."""

    t_s: int
    role: int
    addresses: tuple[str, ...]
    mode: str = "any"
    seat: int = 0


@dataclass(frozen=True)
class Program:
    """When a business's program looks first, and the address each role has off the shared range.

    A role that it does not serve has an empty one.
    """

    first_look_s: int
    addresses: tuple[str, ...]


@dataclass(frozen=True)
class Firm:
    """A business in plain values: a seat (or the row of a shared service) and a weight per role.

    ``elsewhere`` are the roles that are in another place than the front end.
    """

    addresses: tuple[str, ...] = ("203.0.113.1",) * 5
    weights: tuple[float, ...] = (1.0, 0.0, 0.0, 0.0, 0.0)
    profile: tuple[int, ...] = FLAT
    value_micro_usd_per_h: int = 1_000_000
    seats: tuple[Seat | int, ...] = ()
    name_draw: float = 1.0
    patience_s: int = 10 * DAY
    responses: tuple[Response, ...] = ()
    arrivals: tuple[Arrival, ...] = ()
    tolerance: str = "impaired"
    elsewhere: tuple[int, ...] = ()
    program: Program | None = None

    def is_elsewhere(self) -> tuple[bool, ...]:
        """Return whether each role is in another place than the front end."""
        return tuple(role in self.elsewhere for role in range(5))

    def all_seats(self) -> tuple[Seat | int, ...]:
        """Return what it sits on, role by role."""
        return self.seats or tuple(Seat((address,)) for address in self.addresses)


@dataclass(frozen=True)
class Pool:
    """Addresses of a provider in one region, at which the target has fronts."""

    provider: str
    weight: float
    prefixes: tuple[str, ...]
    region: str = "region"


@dataclass(frozen=True)
class SmallWorld:
    """A world in plain values. Each firm is a sector of its own.

    ``decisions`` are withdrawals decided elsewhere, by time: time and share. The target rents no
    fronts where ``given`` has its addresses.
    """

    orders: tuple[tuple[int, str, str] | Dated, ...] = ()
    actors: tuple[Actor, ...] = (Actor(),)
    firms: tuple[Firm, ...] = (Firm(),)
    services: tuple[Seat, ...] = ()
    horizon_s: int = 10 * DAY
    cadence: tuple[tuple[int, int], ...] = ((0, 1),)
    start_s: int = 0
    target_prefixes: tuple[str, ...] = ()
    thresholds: tuple[float, float, float] = (0.01, 0.10, 0.90)
    throttle_severity: float = 0.5
    name_evasion: float = 0.25
    strategy: str = "replay"
    talks_s: int = DAY
    purity: float = 1.0
    shortest: int = 8
    pools: tuple[Pool, ...] = ()
    fronts: Fronts | None = None
    given: tuple[str, ...] = ()
    censor: Censor | None = None
    users: Users | None = None
    complaints: Complaints | None = None
    reactions: Reactions | None = None
    cost_usd: tuple[float, ...] = (0.0, 1500.0, 5000.0, 10_000.0, 800.0)
    has_tenancy: bool = False
    look_every_s: int | None = None
    share_ipv6: float | None = None
    stances: tuple[tuple[int, str, str], ...] = ()
    pressure_events: tuple[tuple[int, float], ...] = ()
    exempt_prefixes: tuple[str, ...] = ()
    decisions: tuple[tuple[int, float], ...] = ()
    streams: Streams = field(default_factory=lambda: Streams(0, 0))

    @cached_property
    def line(self) -> Line:
        """The line on which the addresses of all its prefixes and hosts lie."""
        listed = [prefix for order in self.dated() for prefix in order.prefixes]
        arrivals = [arrival for firm in self.firms for arrival in firm.arrivals]
        responses = [response for firm in self.firms for response in firm.responses]
        seats = [seat for firm in self.firms for seat in firm.all_seats()]
        programs = [firm.program for firm in self.firms if firm.program]
        hosts = [
            address
            for seat in (*self.services, *seats, *arrivals, *responses, *programs)
            if not isinstance(seat, int)
            for address in seat.addresses
            if address
        ]
        hosts += [address for one in responses for address in one.beside if address]
        return Line.of(
            (_prefix(prefix) for pool in self.pools for prefix in pool.prefixes),
            map(
                _prefix,
                (*listed, *hosts, *self.target_prefixes, *self.exempt_prefixes, *self.given),
            ),
        )

    def dated(self) -> list[Dated]:
        """Return the orders, in table order."""
        return [
            order if isinstance(order, Dated) else Dated(order[0], order[1], (order[2],))
            for order in self.orders
        ]

    def world(self) -> World:
        """Return the frozen columns that the engine takes."""
        firms, n = self.firms, len(self.firms)
        places = self._places()
        components, component_row, moved_row, stays, programs = self._components()
        is_third_party = np.array(
            [[isinstance(seat, int) for seat in firm.all_seats()] for firm in firms]
        )
        return World(
            horizon_s=self.horizon_s,
            cadence=self.cadence,
            thresholds=Thresholds(
                affected=self.thresholds[0], impaired=self.thresholds[1], down=self.thresholds[2]
            ),
            effects=Effects(
                throttle_severity=self.throttle_severity, name_evasion=self.name_evasion
            ),
            target_addresses=_set_of(self.target_prefixes, self.line),
            places=places,
            operators=self._operators(),
            demand=Demand(np.array([firm.profile for firm in firms], np.int64), self.start_s),
            businesses=Businesses(
                sector=tuple(f"sector-{row}" for row in range(n)),
                role_weight=np.array([firm.weights for firm in firms]),
                sector_row=np.arange(n),
                home_place_row=np.zeros(n, np.int64),
                revenue_usd_per_h=np.array([firm.value_micro_usd_per_h / 1e6 for firm in firms]),
                value_micro_usd_per_h=np.array(
                    [firm.value_micro_usd_per_h for firm in firms], np.int64
                ),
                name_draw=np.array([firm.name_draw for firm in firms]),
                component_row=component_row,
                is_third_party=is_third_party,
                role_cause=role_causes(
                    is_third_party, np.array([firm.is_elsewhere() for firm in firms])
                ),
                sites=self.sites(),
            ),
            components=components,
            pools=self._pools(places),
            moves=self._moves(moved_row, places.provider),
            stays=stays if self.has_tenancy else None,
            programs=programs,
            stances=tuple(
                sorted(
                    StanceEvent(t_s, places.provider.index(name), stance)
                    for t_s, name, stance in self.stances
                )
            ),
            users=self.users,
            censor=self.censor,
            reactions=self.reactions,
            complaints=self.complaints,
            ipv6=None
            if self.share_ipv6 is None
            else Ipv6(share_users=self.share_ipv6, share_components=0),
            exempt=_set_of(self.exempt_prefixes, self.line),
            pressure_events=self.pressure_events,
            outside_withdrawals=self.decisions,
        )

    def sites(self) -> Sites:
        """All firms but the first as sites of an inventory."""
        names = tuple(f"site-{row}" for row in range(1, len(self.firms)))
        unknown = np.full(len(names), np.nan)
        return Sites(names, ("",) * len(names), unknown, ("",) * len(names))

    def engine_strategy(self) -> Strategy:
        """Return the strategy that the engine runs."""
        if self.strategy == "exact":
            return exact
        if self.strategy == "negotiate":
            return negotiate(self.talks_s, self.purity, self.shortest)
        timed = [(order.t_s, order.order(self.line)) for order in self.dated()]
        return replay(sorted(timed, key=lambda pair: pair[0]))

    def run(self) -> Outcome:
        """Let the engine run it."""
        return self.run_by(self.engine_strategy())

    def run_by(self, strategy: Strategy, *, has_groups: bool = True) -> Outcome:
        """Let the engine run it under a strategy; another world is tried if luck does not last.

        A censor that finds fronts at once, and a target that rents others as soon, come to more
        fronts than the slow reference has luck for.
        """
        outcome = simulate(self.world(), strategy, self.streams, has_groups=has_groups)
        if outcome.front_address.size > N_FRONT_DRAWS:
            reject()
        return outcome

    def reference(self) -> ref.RefWorld:
        """Return the same world in the terms of the slow reference."""
        components, firms = self._reference_firms()
        rules, users, complaints = self.censor, self.users, self.complaints
        if self.given and users is None:
            # How many use the target is not known: one in all, so that sums are shares.
            users = still(tick_h=168.0, n_target_users=1.0)
        return ref.RefWorld(
            horizon_s=self.horizon_s,
            start_second_of_week=self.start_s,
            cadence=self.cadence,
            operators=self._reference_operators(),
            components=components,
            businesses=firms,
            target_prefixes=self.target_prefixes,
            has_ipv6=self.line.has_ipv6,
            thresholds=self.thresholds,
            orders=tuple(
                ref.RefOrder(o.t_s, o.action, o.mechanism, o.prefixes, o.overmatch, o.groups)
                for o in self.dated()
            ),
            strategy=(
                ref_negotiate(self.talks_s, self.purity, self.shortest)
                if self.strategy == "negotiate"
                else self.strategy
            ),
            throttle_severity=self.throttle_severity,
            evasion=self.name_evasion,
            fronts=self._reference_fronts(),
            users=ref.RefUsers(
                round(users.tick_h * HOUR),
                users.n_target_users,
                users.share_target_users,
                users.vpn_start,
                users.vpn_max,
                users.vpn_rate_per_d,
                users.vpn_decay_per_d,
                users.leave_rate_per_d,
                users.return_rate_per_d,
                None if users.hop_min is None else round(users.hop_min * 60),
            )
            if users
            else None,
            complaints=ref.RefComplaints(
                round(users.tick_h * HOUR),
                complaints.per_business_per_d,
                complaints.per_million_users_per_d,
                complaints.snowball,
                complaints.half_life_d,
                complaints.attention_per_complaint,
                complaints.named_per_d,
                complaints.hotline_servers,
                complaints.confirmed_share,
                round(complaints.exempt_lag_h * HOUR),
                complaints.per_million_people_per_d,
            )
            if complaints and users
            else None,
            reactions=ref.RefReactions(
                self.reactions.n_rounds,
                self.reactions.onboarding_slots,
                round(self.reactions.onboarding_h * HOUR),
            )
            if self.reactions
            else None,
            stances=ref.RefStances(
                tuple(sorted(self.stances)), round(rules.withdraw_lag_h * HOUR) if rules else 0
            )
            if self.stances
            else None,
            pressure=ref.RefPressure(
                self.pressure_events,
                rules.pause_pressure or float("inf"),
                rules.end_pressure or float("inf"),
                rules.narrow_length if rules.under_pressure == "narrow" else None,
            )
            if rules
            else None,
            limits=ref.RefLimits(
                rules.orders_per_day, rules.max_addresses, rules.max_rules, self.exempt_prefixes
            )
            if rules
            else None,
            review=ref.RefReview(
                round(rules.review_every_d * DAY),
                round((rules.review_silent_d or 0.0) * DAY),
                rules.review_addresses,
            )
            if rules and rules.review_every_d
            else None,
            programme=ref.RefProgramme(rules.saturation_finds) if rules else ref.RefProgramme(),
            decisions=tuple(ref.RefDecision(*one) for one in self.decisions),
            share_ipv6=self.share_ipv6,
            look_every_s=self.look_every_s,
        )

    def _luck_rows(self) -> list[int]:
        """Return the row whose luck with entries each operator has: its own, unless in a group."""
        given = [actor.luck_of for actor in self.actors]
        return [row if of is None else of for row, of in enumerate(given)]

    def _operators(self) -> Operators:
        actors = self.actors
        return Operators(
            name=tuple(f"operator-{row}" for row in range(len(actors))),
            group=tuple(f"operator-{row}" for row in self._luck_rows()),
            luck_row=np.array(self._luck_rows(), np.int64),
            share_users=np.array([actor.share for actor in actors]),
            begins_s=np.array([actor.begins_s for actor in actors], np.int64),
            poll_interval_s=np.array([actor.poll_interval_s for actor in actors], np.int64),
            poll_phase_s=np.array([actor.poll_phase_s for actor in actors], np.int64),
            apply_lag_s=np.array([actor.apply_lag_s for actor in actors], np.int64),
            release_lag_s=np.array([actor.release_lag_s for actor in actors], np.int64),
            compliance=np.array([actor.compliance for actor in actors]),
            rule_capacity=np.array([actor.rule_capacity or 0 for actor in actors], np.int64),
            overload=tuple(
                Overload.NONE if actor.rule_capacity is None else Overload(actor.overload)
                for actor in actors
            ),
            overload_severity=np.array([actor.overload_severity for actor in actors]),
        )

    def _reference_operators(self) -> tuple[ref.RefOperator, ...]:
        @cache
        def drawn(prefixes: tuple[str, ...]) -> list[float]:
            networks = [ipaddress.ip_network(prefix) for prefix in prefixes]
            bounds = [int(network[at]) for network in networks for at in (0, -1)]
            key = (min(bounds), max(bounds)) if bounds else ()
            luck = self.streams.generator(Stream.OPERATOR_COMPLIANCE, key)
            return luck.random(len(self.actors)).tolist()

        def luck_of(row: int) -> Callable[[tuple[str, ...]], float]:
            return lambda prefixes: drawn(prefixes)[row]

        return tuple(
            ref.RefOperator(
                actor.share,
                actor.poll_interval_s,
                actor.poll_phase_s,
                actor.apply_lag_s,
                actor.release_lag_s,
                actor.compliance,
                luck_of(row),
                actor.rule_capacity,
                actor.overload,
                actor.overload_severity,
                actor.begins_s,
                f"operator-{row}",
            )
            for row, actor in zip(self._luck_rows(), self.actors, strict=True)
        )

    def _components(self) -> tuple[Components, np.ndarray, np.ndarray, Stays, Programs | None]:
        seats: list[Seat] = list(self.services)
        links: list[tuple[int, int]] = []
        rows = np.empty((len(self.firms), 5), np.int64)
        n_rounds = self.reactions.n_rounds if self.reactions else 0
        moved = np.full((len(self.firms), n_rounds, 5), -1, np.int64)
        for firm_row, firm in enumerate(self.firms):
            for role, seat in enumerate(firm.all_seats()):
                rows[firm_row, role] = seat if isinstance(seat, int) else len(seats)
                if not isinstance(seat, int):
                    seats.append(seat)
        for firm_row, firm in enumerate(self.firms):
            for turn, response in enumerate(firm.responses[:n_rounds]):
                for role in range(5):
                    is_own = not isinstance(firm.all_seats()[role], int)
                    moves = role == 0 if response.kind == "proxy" else is_own
                    if moves and response.kind != "wait":
                        moved[firm_row, turn, role] = len(seats)
                        links.append((len(seats), firm_row))
                        seats.append(response.seat_of(role))
            links += [(int(row), firm_row) for row in rows[firm_row]]
        seat_of = np.zeros(len(seats), np.int64)
        for turn in range(n_rounds):
            seat_of[moved[:, turn][moved[:, turn] >= 0]] = turn + 1
        arrivals = self._arrivals()
        stays = Stays(
            *np.array(
                [
                    (arrival.t_s, firm_row, arrival.role, arrival.seat, len(seats) + row)
                    for row, (firm_row, arrival) in enumerate(arrivals)
                ],
                np.int64,
            )
            .reshape(-1, 5)
            .T.copy(),
            np.concatenate((seat_of, np.array([a.seat for _, a in arrivals], np.int64))),
        )
        links += zip(stays.component_row.tolist(), stays.business_row.tolist(), strict=True)
        seats += [Seat(arrival.addresses, arrival.mode) for _, arrival in arrivals]
        programs, led_to = self._programs(len(seats))
        seats += [Seat((address,)) for _, address in led_to]
        links += [(len(seats) - len(led_to) + at, row) for at, (row, _) in enumerate(led_to)]
        hosts = [
            (row, _place(a, self.line)) for row, seat in enumerate(seats) for a in seat.addresses
        ]
        components = components_of(
            [seat.mode == "spread" for seat in seats],
            [row for row, _ in hosts],
            [address for _, address in hosts],
            [row for row, _ in links],
            [firm for _, firm in links],
        )
        return components, rows, moved, stays, programs

    def _programs(self, n_components: int) -> tuple[Programs | None, list[tuple[int, str]]]:
        """Programs, and the row of a firm and an address for each component they lead to."""
        if self.look_every_s is None:
            return None, []
        running = [(row, firm.program) for row, firm in enumerate(self.firms) if firm.program]
        led_to: list[tuple[int, str]] = []
        component_row = np.full((len(running), 5), -1, np.int64)
        for at, (row, program) in enumerate(running):
            for role, address in enumerate(program.addresses):
                if address:
                    component_row[at, role] = n_components + len(led_to)
                    led_to.append((row, address))
        programs = Programs(
            every_s=self.look_every_s,
            business_row=np.array([row for row, _ in running], np.int64),
            first_look_s=np.array([program.first_look_s for _, program in running], np.int64),
            component_row=component_row,
        )
        return programs, led_to

    def _arrivals(self) -> list[tuple[int, Arrival]]:
        """Arrivals of all firms by time, each with the row of the firm; none where tenants stay.

        As where worlds are drawn, there are none from the end of the run on.
        """
        found = [
            (row, arrival)
            for row, firm in enumerate(self.firms)
            for arrival in firm.arrivals
            if arrival.t_s < self.horizon_s
        ]
        return sorted(found, key=lambda pair: pair[1].t_s) if self.has_tenancy else []

    def _reference_firms(self) -> tuple[tuple[ref.RefComponent, ...], tuple[ref.RefBusiness, ...]]:
        components = [ref.RefComponent(seat.addresses, seat.mode) for seat in self.services]
        number = count(len(components))
        complaint_luck = self._complaint_luck()
        firms = []
        for row, firm in enumerate(self.firms):
            mine = []
            for seat in firm.all_seats():
                if isinstance(seat, int):
                    mine.append(seat)
                else:
                    components.append(ref.RefComponent(seat.addresses, seat.mode))
                    mine.append(next(number))
            responses = []
            for turn, response in enumerate(firm.responses):
                new = []
                for role in range(5):
                    components.append(ref.RefComponent(response.seat_of(role).addresses))
                    new.append(next(number))
                responses.append(
                    ref.RefResponse(
                        response.kind, response.time_s, tuple(new), response.leads_to(turn)
                    )
                )
            arrivals = []
            for arrival in firm.arrivals if self.has_tenancy else ():
                components.append(ref.RefComponent(arrival.addresses, arrival.mode))
                arrivals.append(
                    ref.RefArrival(arrival.t_s, arrival.role, arrival.seat, next(number))
                )
            off: list[int | None] = [None] * 5
            for role, address in enumerate(firm.program.addresses if firm.program else ()):
                if address:
                    components.append(ref.RefComponent((address,)))
                    off[role] = next(number)
            named, service_s, verdict = complaint_luck[row]
            firms.append(
                ref.RefBusiness(
                    tuple(mine),
                    tuple(isinstance(seat, int) for seat in firm.all_seats()),
                    firm.weights,
                    firm.profile,
                    firm.value_micro_usd_per_h,
                    firm.name_draw,
                    firm.patience_s,
                    tuple(responses),
                    named,
                    service_s,
                    verdict,
                    tuple(arrivals),
                    FIRST,
                    firm.tolerance,
                    firm.is_elsewhere(),
                    firm.program.first_look_s if firm.program else None,
                    tuple(off),
                )
            )
        return tuple(components), tuple(firms)

    def _complaint_luck(self) -> list[tuple[float, int, float]]:
        n = len(self.firms)
        named = self.streams.generator(Stream.COMPLAINT_BY_NAME).standard_exponential(n)
        service = self.streams.generator(Stream.HOTLINE_SERVICE).standard_exponential(n)
        verdict = self.streams.generator(Stream.HOTLINE_VERDICT).random(n)
        mean_h = self.complaints.hotline_service_h if self.complaints else 1.0
        seconds = np.rint(service * mean_h * HOUR).astype(np.int64)
        return list(zip(named.tolist(), seconds.tolist(), verdict.tolist(), strict=True))

    def _places(self) -> Places:
        others = (*ABROAD, AT_HOME) if self.reactions else ()
        unknown = (NOT_KNOWN,) * bool(self.given)
        named = (FIRST, *(pool.provider for pool in self.pools), *others, *unknown)
        names = tuple(dict.fromkeys(named))
        held: dict[tuple[str, str], list[str]] = {
            # Whoever has no pool has a place all the same, where businesses live.
            (name, region): []
            for name in names
            for region in self._regions(name)
        }
        for pool in self.pools:
            held[pool.provider, pool.region] += pool.prefixes
        pairs = [
            (names.index(pool.provider), *_prefix(prefix)[1:])
            for pool in self.pools
            for prefix in pool.prefixes
            if ":" not in prefix
        ]
        columns = np.array(pairs, np.int64).reshape(-1, 3).T
        addresses = tuple(_set_of(tuple(prefixes), self.line) for prefixes in held.values())
        return Places(
            provider=names,
            region=tuple(region for _, region in held),
            provider_row=np.array([names.index(name) for name, _ in held], np.int64),
            addresses=addresses,
            seats=tuple(map(Seats.of, addresses)),
            prefixes=PrefixTable.from_prefixes(columns[1], columns[2]),
            prefix_provider_row=columns[0].copy(),
            line=self.line,
        )

    def _regions(self, provider: str) -> tuple[str, ...]:
        mine = dict.fromkeys(pool.region for pool in self.pools if pool.provider == provider)
        return tuple(mine) or (Pool.region,)

    def _pools(self, places: Places) -> Pools | None:
        if self.given:
            return given_pools(np.sort([_place(one, self.line) for one in self.given]), places)
        if self.fronts is None:
            return None
        seats = tuple(
            Seats.of(_set_of(pool.prefixes, self.line))
            if any(":" not in prefix for prefix in pool.prefixes)
            else self.line.seats(map(_prefix, pool.prefixes))
            for pool in self.pools
        )
        rows = [places.provider.index(pool.provider) for pool in self.pools]
        return Pools(
            rules=self.fronts,
            provider_row=np.array(rows, np.int64),
            weight=np.array([pool.weight for pool in self.pools]),
            seats=seats,
        )

    def _reference_fronts(self) -> ref.RefFronts | None:
        pools = tuple(
            ref.RefPool(
                pool.provider,
                pool.weight,
                _ranges(pool.prefixes),
                pool.region,
                _given_out(pool.prefixes),
            )
            for pool in self.pools
        )
        if self.given:
            n = len(self.given)
            return ref.RefFronts(n, 1, 1.0, 1.0, 1.0, pools, (), (), (), given=self.given)
        if self.fronts is None or self.censor is None:
            return None
        lag = self.streams.generator(Stream.FRONT_DISCOVERY).standard_exponential(N_FRONT_DRAWS)
        return ref.RefFronts(
            self.fronts.n_fronts,
            round(self.fronts.monitor_lag_h * HOUR),
            round(self.fronts.push_tau_h * HOUR),
            self.fronts.share_told,
            self.fronts.lost_share,
            pools,
            tuple(self.streams.generator(Stream.FRONT_POOL).random(N_FRONT_DRAWS).tolist()),
            tuple(self.streams.generator(Stream.FRONT_ADDRESS).random(N_FRONT_DRAWS).tolist()),
            tuple(np.rint(lag * self.censor.discovery_lag_h * HOUR).astype(int).tolist()),
            self.fronts.n_known,
            None if self.fronts.cancel_h is None else round(self.fronts.cancel_h * HOUR),
            arrivals_s=self._arrivals_s(),
            drift=self._drift(),
        )

    def _arrivals_s(self) -> tuple[int, ...] | None:
        """When new fronts appear, by the words of the document."""
        assert self.fronts is not None
        mean, shape = self.fronts.arrivals_per_week, self.fronts.arrivals_shape
        if mean is None:
            return None
        found = []
        for week in range(self.horizon_s // WEEK + 1):
            rng = self.streams.generator(Stream.FRONT_ARRIVAL, (week,))
            rate = mean if shape is None else mean * rng.gamma(shape, 1.0) / shape
            parts = [rng.random() for _ in range(rng.poisson(rate))]
            found += sorted(WEEK * week + math.floor(WEEK * part) + 1 for part in parts)
        return tuple(t_s for t_s in found if t_s < self.horizon_s)

    def _drift(self) -> tuple[float, ...]:
        """Factor of the heaviest pool's weight, by week."""
        assert self.fronts is not None
        sd, b = self.fronts.drift_sd_logit, [0.0]
        if sd is None:
            return ()
        for week in range(1, self.horizon_s // WEEK + 1):
            b.append(b[-1] + sd * self.streams.generator(Stream.POOL_DRIFT, (week,)).normal())
        return tuple(map(math.exp, b))

    def _moves(self, moved_row: np.ndarray, provider: tuple[str, ...]) -> Moves | None:
        if self.reactions is None:
            return None
        n_rounds, n = self.reactions.n_rounds, len(self.firms)
        kinds = np.zeros((n, n_rounds), np.int64)
        time_s = np.zeros((n, n_rounds), np.int64)
        payee_row = np.zeros((n, n_rounds), np.int64)
        for row, firm in enumerate(self.firms):
            for turn, response in enumerate(firm.responses[:n_rounds]):
                kinds[row, turn] = RESPONSES.index(response.kind)
                time_s[row, turn] = response.time_s
                name = response.leads_to(turn)
                before = payee_row[row, turn - 1] if turn else 0
                payee_row[row, turn:] = provider.index(name) if name else before
        states = [STATES.index(firm.tolerance) for firm in self.firms]
        return Moves(
            tolerance=np.array(states, np.int8),
            patience_s=np.array([firm.patience_s for firm in self.firms], np.int64),
            response=kinds,
            time_s=time_s,
            component_row=moved_row,
            place_row=np.zeros((n, n_rounds), np.int64),
            payee_row=payee_row,
            is_domestic=np.array([name == AT_HOME for name in provider]),
            cost_usd=np.array(self.cost_usd, np.float64),
        )


def _prefix(text: str) -> Prefix:
    return parse_prefix(text, version=0)


def _place(address: str, line: Line) -> int:
    """Where an address lies on the line."""
    return int(line.prefix(_prefix(address)).start[0])


def _set_of(prefixes: tuple[str, ...], line: Line = IPV4) -> IntervalSet:
    return line.union(map(_prefix, prefixes))


def _ranges(prefixes: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """First and last address of each prefix, as text."""
    networks = [ipaddress.ip_network(prefix) for prefix in prefixes]
    return tuple((str(network[0]), str(network[-1])) for network in networks)


def _given_out(prefixes: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Addresses of a pool at which fronts may be: of IPv4, or of IPv6 where it has no others."""
    networks = [ipaddress.ip_network(prefix) for prefix in prefixes]
    if any(network.version == 4 for network in networks):
        return tuple((str(one[0]), str(one[-1])) for one in networks if one.version == 4)
    wide = [network for network in networks if network.prefixlen < 64]
    given = {str(each[1]) for network in wide for each in network.subnets(new_prefix=64)}
    for network in networks:
        if network.prefixlen >= 64 and not any(network.subnet_of(other) for other in wide):
            n = min(network.num_addresses, 2**16)
            given |= {str(network[row * (network.num_addresses // n)]) for row in range(n)}
    return tuple((text, text) for text in given)


def prefixes_text(addresses: IntervalSet) -> str:
    """Canonical prefixes of a set, joined by spaces."""
    return " ".join(format_set(split(addresses)).decode("ascii").split())


def components_of(
    is_spread: ArrayLike,
    host_component: ArrayLike,
    host_address: ArrayLike,
    link_component: ArrayLike,
    link_business: ArrayLike,
    host_names: ArrayLike = 1,
    host_active_sites: ArrayLike = 1,
) -> Components:
    """Components of hosts in any order; names on the address of each, or one number for all."""
    component, address = np.asarray(host_component, np.int32), np.asarray(host_address, np.int64)
    by_address = np.argsort(address, kind="stable")
    return Components.by_address(
        np.array(is_spread, np.bool_),
        component[by_address],
        address[by_address],
        np.asarray(link_component, np.int32),
        np.asarray(link_business, np.int32),
        *(
            np.broadcast_to(np.asarray(held, np.int64), component.shape)[by_address]
            for held in (host_names, host_active_sites)
        ),
    )
