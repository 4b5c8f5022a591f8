"""Independent slow reference of the simulator, for tests that compare two implementations.

Written from ``docs/explanation/model.md`` alone; it shares no code with the engine and its author
did not read the engine. A small world goes in, with all its luck: nothing is drawn here. Curves,
ledger, events and totals come out. Shares are taken as the decimal fractions they are written as
and nothing is rounded but where the document says so; floating point enters only with exponentials
(reach of the target, VPN, drift, attention, user-hours), and attention and reach are compared with
limits in twelve digits.

An agenda of seconds is walked in order. In each second the events due are taken in the sequence of
the document, then the whole state is computed anew from who enforces what, which components are in
use and which fronts exist; no counter is carried along, and what is remembered hangs on its
arguments alone. A decision sees the state of the second before it. What a second brings about for
itself (a lag of zero) is taken in one more round of the same second, in which a phase that has
passed does not come back for it: an order placed in such a round misses the version of its second.
Intervals are half-open ``[start, stop)`` throughout.

An address of either family is its number: those of IPv4 lie below 2**32, those of IPv6 in 2000::/3.
It refuses what the document does not define: orders before the start, prefixes with host bits set.
It knows nothing of sectors, random draws or the splits by role.

Events are tuples ``(t_s, kind, row, text)``, sorted:

=============== ============== ==========================================================
kind            row            text
=============== ============== ==========================================================
block, unblock  -1             prefixes of the set, joined by a space; empty for a name
published       -1             empty
downloaded      operator       empty; only downloads that see another version than before
enforced        operator       prefixes of the entry
released        operator       prefixes of the entry
rented          front          address
discovered      front          address; the censor learns of the front
evicted         front          address
cancelled       front          address; the target gives a lost front back
responded       business       kind of the response that it takes
moved           business       kind of the response that is complete, and who hosts it from then
readdressed     business       empty; a component comes to other addresses as a tenant
switched_off    business       empty; its program takes it off a shared range
switched_back   business       empty; its program brings it back there
complained      business       empty; a complaint by name is filed
exempted        business       prefixes; the order itself is a ``block`` event beside it
stance          -1             provider and the stance it takes
public_event    event          empty; something in public raises attention
=============== ============== ==========================================================
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction
from functools import cache, lru_cache
from heapq import heappop, heappush
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network, summarize_address_range
from itertools import accumulate, pairwise, permutations

import numpy as np

HOUR_S = 3600
DAY_S = 24 * HOUR_S
WEEK_H = 7 * 24
N_ROLES = 5
FRONTEND = 0  # the row of the front end among the roles
ZERO = Fraction(0)
CAUSES = ("own_address", "component_elsewhere", "bought_service", "name", "overloaded_operator")
ASKING = (
    "look", "ask", "again", "order", "discover", "withdraw", "outside", "review", "exempt", "rent",
)  # fmt: skip
"""Kinds of the agenda at which pressure may tell."""
NOTICE_S = 1  # the censor sees a state one second after it began, at the earliest

CurveValue = int | Fraction | None
Curve = list[tuple[int, CurveValue]]
Event = tuple[int, str, int, str]
IPV4_STOP = 2**32
INTERNET6 = IPv6Network("2000::/3")
Ranges = tuple[tuple[int, int], ...]  # sorted disjoint half-open intervals of addresses
TextRanges = tuple[tuple[str, str], ...]  # first and last address of each interval, both in it


@dataclass(frozen=True)
class RefOrder:
    """One order: ``action`` is ``'block'`` or ``'unblock'``; a name order has no prefixes.

    ``groups`` are the operators that it is for; None stands for all.
    """

    t_s: int
    action: str
    mechanism: str = "drop"
    prefixes: tuple[str, ...] = ()
    overmatch: float = 0.0
    groups: tuple[str, ...] | None = None


@dataclass(frozen=True)
class RefOperator:
    """One operator: a group, or a cohort of one, which shares its luck.

    Before ``begins_s`` it makes no download. ``luck`` gives the draw in [0, 1) for the set of an
    entry as a sorted tuple of its fewest prefixes, such as ``('192.0.2.0/24',)``; for a name entry
    as ``()``; it is never asked for an ``exempt`` entry. ``overload`` is ``'stop'`` or
    ``'degrade'``.
    """

    share: float
    poll_interval_s: int
    poll_phase_s: int
    apply_lag_s: int
    release_lag_s: int
    compliance: float
    luck: Callable[[tuple[str, ...]], float]
    rule_capacity: int | None = None
    overload: str = "stop"
    overload_severity: float = 0.0
    begins_s: int = 0
    group: str = ""


@dataclass(frozen=True)
class RefComponent:
    """Addresses that serve one role, in mode ``'any'`` or ``'spread'``."""

    addresses: tuple[str, ...]
    mode: str = "any"


@dataclass(frozen=True)
class RefResponse:
    """What a business does at the end of its patience.

    ``components`` names the new component of every role. Of these only the roles that move count:
    the front end for ``'proxy'``, all that are no third-party service for the other moves.
    ``provider`` is where a ``'foreign'`` or ``'domestic'`` move leads; the others lead to none.
    """

    kind: str
    duration_s: int = 0
    components: tuple[int, ...] = ()
    provider: str = ""


@dataclass(frozen=True)
class RefArrival:
    """A tenant's component comes to other addresses if its role then holds the seat.

    Seat 0 is that of t = 0; seat ``n`` is that of the business's n-th response.
    """

    t_s: int
    role: int
    seat: int
    component: int


@dataclass(frozen=True)
class RefBusiness:
    """One business: a component, a flag and a weight per role; a weight per hour of the week."""

    components: tuple[int, ...]
    is_third_party: tuple[bool, ...]
    role_weights: tuple[float, ...]
    profile: tuple[int, ...]
    value_micro_usd_per_h: int
    name_draw: float = 1.0
    patience_s: int = 1
    responses: tuple[RefResponse, ...] = ()
    named_draw: float = math.inf
    service_s: int = 0
    verdict_draw: float = 1.0
    arrivals: tuple[RefArrival, ...] = ()
    provider: str = ""  # who hosts it at t = 0
    tolerance: str = "impaired"  # the state from which on its patience runs
    is_elsewhere: tuple[bool, ...] = (False,) * 5  # at t = 0, by role; of a service it says nothing
    first_look_s: int | None = None  # of its program; None without one
    off: tuple[int | None, ...] = (None,) * 5  # its component off the shared range, by served role


@dataclass(frozen=True)
class RefPool:
    """Addresses of one provider in one region, at which there are fronts.

    ``given_out`` are those at which fronts may be; all where it is None.
    """

    provider: str
    weight: float
    ranges: TextRanges
    region: str = ""
    given_out: TextRanges | None = None


@dataclass(frozen=True)
class RefFronts:
    """The target's fronts; the j-th front ever rented uses the j-th draw of each kind.

    Where ``n_known`` is None each client knows all fronts of the start; where ``cancel_s`` is None
    a lost front is never given back. A target with ``given`` addresses has those and rents none;
    the censor knows them from the start. Where ``arrivals_s`` is not None fronts are rented then,
    and no lost one is replaced. ``drift`` has the factor of the heaviest pool's weight by week.
    """

    n_fronts: int
    monitor_lag_s: int
    push_tau_s: float
    share_told: float
    lost_share: float
    pools: tuple[RefPool, ...]
    pool_draws: tuple[float, ...]
    address_draws: tuple[float, ...]
    discovery_lags_s: tuple[int, ...]
    n_known: int | None = None
    cancel_s: int | None = None
    given: tuple[str, ...] = ()
    arrivals_s: tuple[int, ...] | None = None
    drift: tuple[float, ...] = ()


@dataclass(frozen=True)
class RefUsers:
    """Users of the Internet, ``phi`` of them the target's; ``n_users`` counts the target's.

    Nobody hops where ``hop_s`` is None.
    """

    tick_s: int
    n_users: float
    phi: float
    vpn_start: float
    vpn_max: float
    vpn_rate_per_d: float
    vpn_decay_per_d: float
    leave_rate_per_d: float
    return_rate_per_d: float
    hop_s: int | None = None


@dataclass(frozen=True)
class RefComplaints:
    """Complaints, appeals and attention; no people without ``per_million_people_per_d``."""

    tick_s: int
    per_business_per_d: float
    per_million_per_d: float
    snowball: float
    half_life_d: float
    attention_per_complaint: float
    named_per_d: float
    hotline_servers: int
    confirmed_share: float
    exempt_lag_s: int
    per_million_people_per_d: float | None = None


@dataclass(frozen=True)
class RefReactions:
    """How often a business reacts, and how domestic providers take customers on."""

    n_rounds: int
    onboarding_slots: int
    onboarding_s: int


@dataclass(frozen=True)
class RefStances:
    """Dated stances ``(t_s, provider, stance)`` by time.

    Waverings are ``(t_s, provider)`` by time, and
    nothing for a provider that is in ``events``.
    """

    events: tuple[tuple[int, str, str], ...]
    withdraw_lag_s: int


@dataclass(frozen=True)
class RefPressure:
    """Public events ``(t_s, adds)``, each a share of what attention lacks to 1, and limits.

    Above ``pause_pressure`` no block is placed, or with ``narrow_length`` prefixes of that length
    around fronts instead; above ``end_pressure`` all are withdrawn.
    """

    events: tuple[tuple[int, float], ...] = ()
    pause_pressure: float = math.inf
    end_pressure: float = math.inf
    narrow_length: int | None = None


@dataclass(frozen=True)
class RefReview:
    """The censor's reviews of what is in force; no limit to what one withdraws without one."""

    every_s: int
    silent_s: int
    addresses: int | None = None


@dataclass(frozen=True)
class RefProgramme:
    """What wears a programme out: easy finds are used up."""

    saturation_finds: int | None = None


@dataclass(frozen=True)
class RefDecision:
    """A withdrawal decided elsewhere, of a share of what is listed."""

    t_s: int
    share: float


@dataclass(frozen=True)
class RefLimits:
    """Limits of what the strategy may place."""

    orders_per_day: int | None = None
    max_addresses: int | None = None
    max_rules: int | None = None
    exempt_prefixes: tuple[str, ...] = ()


@dataclass(frozen=True)
class RefSight:
    """What the censor knows when it decides.

    ``fronts`` are known and not gone, in the sequence they were rented: address, provider, and when
    each was discovered. ``in_force`` are entries in the sequence they were placed: mechanism, set,
    and when. ``reached`` is None where it is not known. A provider that is not in ``stances`` is
    silent; one that is not in ``holdings`` holds nothing. ``regions`` are what each holds in its
    regions, one by one. Providers and regions are in the sequence of the tables.
    """

    t_s: int
    fronts: tuple[tuple[int, str, int], ...]
    in_force: tuple[tuple[str, Ranges, int], ...]
    reached: float | None
    pressure: float
    stances: dict[str, str]
    holdings: dict[str, Ranges]
    regions: dict[str, tuple[Ranges, ...]]
    exempt: Ranges


@dataclass(frozen=True)
class RefAnswer:
    """Orders in sequence, and when the strategy wants to be asked again."""

    orders: tuple[RefOrder, ...] = ()
    look_s: int | None = None


RefStrategy = Callable[[RefSight], RefAnswer]


@dataclass(frozen=True)
class RefWorld:
    """Everything the outcome depends on; a section that is None does not exist.

    ``orders`` are in table order and belong to strategy ``'replay'``; the others are ``'exact'``
    and those of ``tests/reference_strategies.py``. ``cadence`` holds rows ``(from_s, every_s)``
    with ``from_s`` ascending, which may be negative. ``start_second_of_week`` counts from Monday
    00:00 local time to t = 0 and is taken modulo one week. ``thresholds`` are affected, impaired,
    down.
    """

    horizon_s: int
    start_second_of_week: int
    cadence: tuple[tuple[int, int], ...]
    operators: tuple[RefOperator, ...]
    components: tuple[RefComponent, ...]
    businesses: tuple[RefBusiness, ...]
    target_prefixes: tuple[str, ...]
    has_ipv6: bool = False
    thresholds: tuple[float, float, float] = (0.01, 0.10, 0.90)
    orders: tuple[RefOrder, ...] = ()
    strategy: str | RefStrategy = "replay"
    throttle_severity: float = 1.0
    evasion: float = 0.0
    fronts: RefFronts | None = None
    users: RefUsers | None = None
    complaints: RefComplaints | None = None
    reactions: RefReactions | None = None
    stances: RefStances | None = None
    pressure: RefPressure | None = None
    limits: RefLimits | None = None
    review: RefReview | None = None
    programme: RefProgramme = RefProgramme()
    decisions: tuple[RefDecision, ...] = ()  # from outside; dated ones first, then drawn ones
    share_ipv6: float | None = None  # of users; families are not told apart without
    look_every_s: int | None = None  # of programs; there are none without


@dataclass(frozen=True)
class RefLedgerRow:
    """The ledger of one business; lost demand is in hours of its mean domestic demand."""

    lost_demand_h_below_threshold: Fraction
    lost_demand_h_under_1_h: Fraction
    lost_demand_h_1_to_6_h: Fraction
    lost_demand_h_6_to_24_h: Fraction
    lost_demand_h_1_to_3_d: Fraction
    lost_demand_h_3_to_14_d: Fraction
    lost_demand_h_over_14_d: Fraction
    affected_s: int
    impaired_s: int
    down_s: int
    first_outage_s: int | None
    last_outage_s: int | None
    first_cut_off_s: int | None
    last_cut_off_s: int | None
    n_spells: int
    is_affected_at_end: bool
    worst_share: Fraction


@dataclass(frozen=True)
class RefAtOperator:
    """What businesses met at one operator; three numbers are affected, impaired, down.

    ``lost`` is, by cause, the demand that failed for the operator's users, in hours of mean demand
    times the value of the business.
    """

    n_ever: tuple[int, ...]
    time_s: tuple[int, ...]
    lost: dict[str, Fraction]


@dataclass(frozen=True)
class RefPair:
    """What one business met at one operator; three numbers are affected, impaired, down.

    ``lost_h`` is the demand that failed for the operator's users, in hours of its mean demand.
    """

    time_s: tuple[int, ...]
    lost_h: Fraction


@dataclass(frozen=True)
class RefTarget:
    """Totals over ``[0, horizon_s)`` and, per operator, the shares at the end.

    Use is in user-hours of mean use. Lost is what is neither reached nor on a VPN.
    """

    user_hours_denied: float
    user_hours_on_vpn: float
    user_hours_left: float
    user_hours_hopping: float
    lost_share: float
    vpn_share: tuple[float, ...]
    left_share: tuple[float, ...]


@dataclass(frozen=True)
class RefOutcome:
    """Curves by name, a ledger row per business, sorted events; ``target`` is None without users.

    ``listed_of`` has the curve ``addresses_listed`` of each provider at which fronts are rented,
    and under an empty name that of all other addresses.
    ``pairs`` has what each business met at each operator. ``lost_by_cause`` has, for each
    business, hours of its mean demand that failed by each cause.
    ``responses`` are the kinds of those each business has completed, in sequence. ``sights`` are
    what the censor saw whenever it was asked. ``attention`` holds time and value after each cut of
    its pieces, the last at the horizon. ``user_shares`` tells, at a second, who of the target's
    users reach it, are on a VPN and have left; the first changes at any time, and may jump at
    those of ``state_s`` alone, at which the others change. ``degraded`` is the share of them who
    are cut off or hopping, as means over the time from each tick to the next; empty without hops.
    ``target_lost`` is the share of attempts that fail at a target's given addresses.
    """

    curves: dict[str, Curve]
    listed_of: dict[str, Curve]
    ledger: list[RefLedgerRow]
    at_operators: list[RefAtOperator]
    pairs: list[list[RefPair]]
    lost_by_cause: list[dict[str, Fraction]]
    responses: list[tuple[str, ...]]
    events: list[Event]
    sights: list[RefSight]
    target: RefTarget | None
    target_lost: Curve
    state_s: list[int]
    user_shares: Callable[[int], tuple[float, float, float]]
    degraded: list[tuple[int, float]]
    attention: list[tuple[int, float]]
    n_complaints: float


# --- Sets of addresses


@cache
@lru_cache(maxsize=2**14)
def _exact(value: float) -> Fraction:
    """The decimal number that is written for a float."""
    return Fraction(str(value))


@cache
def _numbered(text: str) -> tuple[int, int]:
    """Version and number of an address."""
    address = ip_address(text)
    return address.version, int(address)


def _union(ranges: Iterable[tuple[int, int]]) -> Ranges:
    """Sorted disjoint intervals that hold the same addresses; neighbours are joined."""
    joined: list[tuple[int, int]] = []
    for start, stop in sorted(ranges):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(stop, joined[-1][1]))
        else:
            joined.append((start, stop))
    return tuple(joined)


def _minus(ranges: Ranges, removed: Ranges) -> Ranges:
    """Addresses of the first set that are not in the second."""
    left = list(ranges)
    for cut_start, cut_stop in removed:
        pieces = [
            piece
            for start, stop in left
            for piece in ((start, min(stop, cut_start)), (max(start, cut_stop), stop))
        ]
        left = [(start, stop) for start, stop in pieces if start < stop]
    return _union(left)


def _size(ranges: Ranges) -> int:
    """Addresses of both families together; counts that are published are kept apart."""
    return sum(stop - start for start, stop in ranges)


def _n_addresses(ranges: Ranges) -> int:
    """Addresses of IPv4."""
    return _size(tuple(interval for interval in ranges if interval[1] <= IPV4_STOP))


def _n_networks(ranges: Ranges) -> int:
    """Networks of 64 bits of IPv6 of which at least one address is in the set."""
    touched = ((start >> 64, (stop - 1 >> 64) + 1) for start, stop in ranges if start >= IPV4_STOP)
    return _size(_union(touched))


def _n_limited(ranges: Ranges) -> int:
    """What a limit on addresses is held against: each family by itself."""
    return max(_n_addresses(ranges), _n_networks(ranges))


def _holds(ranges: Ranges, address: int) -> bool:
    return bool(ranges) and any(start <= address < stop for start, stop in ranges)


def _ranges_of_prefixes(prefixes: Iterable[str]) -> Ranges:
    """Addresses of prefixes; of IPv6 those of 2000::/3, so that no number is of both families."""
    return _union((int(network[0]), int(network[-1]) + 1) for network in map(_network, prefixes))


@cache
def _network(text: str) -> IPv4Network | IPv6Network:
    network = ip_network(text)
    if isinstance(network, IPv4Network) or network.subnet_of(INTERNET6):
        return network
    assert network.supernet_of(INTERNET6), f"{text} holds nothing that may be on the Internet"
    return INTERNET6


def _ranges_of_text(intervals: TextRanges) -> Ranges:
    return _union((int(ip_address(first)), int(ip_address(last)) + 1) for first, last in intervals)


def _given_out(pool: RefPool) -> Ranges:
    """Addresses of a pool at which fronts may be."""
    if pool.given_out is None:
        return _ranges_of_text(pool.ranges)
    return _ranges_of_text(pool.given_out)


def _prefixes_of(ranges: Ranges) -> tuple[str, ...]:
    """The fewest prefixes that make up the set, ascending."""
    return tuple(
        str(network)
        for start, stop in ranges
        for network in summarize_address_range(ip_address(start), ip_address(stop - 1))
    )


# --- What happens, and the state between events


@dataclass
class _Entry:
    """One entry of the register, in force in ``[start_s, stop_s)``; numbers in order of placing."""

    number: int
    mechanism: str
    ranges: Ranges
    prefixes: tuple[str, ...]
    overmatch: float
    start_s: int
    stop_s: int | None = None
    groups: tuple[str, ...] | None = None


@dataclass
class _Sighting:
    """One entry as one operator has seen it in its downloads."""

    entry: _Entry
    seen_s: int
    missed_s: int | None = None
    is_enforced: bool = False  # its time came, and it was taken

    def start_s(self, operator: RefOperator) -> int:
        is_exempt = self.entry.mechanism == "exempt"
        return self.seen_s + (operator.release_lag_s if is_exempt else operator.apply_lag_s)

    def stop_s(self, operator: RefOperator) -> int | None:
        if self.missed_s is None:
            return None
        is_exempt = self.entry.mechanism == "exempt"
        return self.missed_s + (operator.apply_lag_s if is_exempt else operator.release_lag_s)


@dataclass
class _Front:
    """One front ever rented."""

    provider: str
    address: int
    rented_s: int
    is_lost: bool = False
    gone_s: int | None = None
    discovered_s: int | None = None

    @property
    def is_gone(self) -> bool:
        return self.gone_s is not None


@dataclass
class _Conduct:
    """Where a business stands: its components, its clock of patience, its complaint by name."""

    components: tuple[int, ...]
    provider: str  # who hosts it
    seats: tuple[int, ...] = (0,) * N_ROLES  # the response that brought each role there; 0: none
    clock_s: int | None = None  # not tolerating it without a break, as far as it counts, since then
    is_responding: bool = False
    n_responses: int = 0
    completed: tuple[str, ...] = ()  # kinds of responses
    loud_d: float = 0.0  # loudness gathered while impaired, without the present spell
    has_complained: bool = False
    is_elsewhere: tuple[bool, ...] = (False,) * N_ROLES  # than the front end
    is_off: bool = False  # its program has taken it off the shared range


@dataclass(frozen=True)
class _Enforcement:
    """What one operator enforces: sets by mechanism, names, and the share overload makes fail."""

    dropped: Ranges
    throttled: Ranges
    exempt: Ranges
    overmatches: tuple[float, ...]
    overloaded: Fraction

    def treatment(self, address: int) -> str:
        if _holds(self.exempt, address):
            return "pass"
        if _holds(self.dropped, address):
            return "drop"
        return "throttle" if _holds(self.throttled, address) else "pass"


@dataclass(frozen=True)
class _View:
    """The whole state on a time without events.

    ``missing[i][k]`` is m, ``by_cause[i][k]`` how causes share it, and ``failing[i]`` is u.
    """

    key: tuple[object, ...]  # all that the rest hangs on
    in_force: tuple[int, ...]
    fronts: tuple[int, ...]
    vpn: tuple[float, ...]
    left: tuple[float, ...]
    enforcements: list[_Enforcement]
    components: list[tuple[int, ...]]  # of each business
    missing: list[list[Fraction]]
    by_cause: list[list[dict[str, Fraction]]]
    failing: list[Fraction]
    reaching: list[Fraction]  # share of all users at each operator and on no VPN


@dataclass(frozen=True)
class _Spell:
    """A maximal time ``[start_s, stop_s)`` in which a business is affected."""

    start_s: int
    stop_s: int
    lost_h: Fraction


def simulate_reference(world: RefWorld) -> RefOutcome:
    """Outcome of a world over ``[0, horizon_s)``."""
    _check_world(world)
    run = _Run(world)
    run.walk()
    pieces = run.pieces(0, world.horizon_s)
    return RefOutcome(
        curves=_curves(world, run.entries, pieces),
        listed_of=_listed_of(run, pieces),
        ledger=[
            _ledger_row(
                world,
                business,
                [(start_s, stop_s, view.failing[row]) for start_s, stop_s, view in pieces],
                _worst_share(world, [view.missing[row] for _, _, view in pieces]),
            )
            for row, business in enumerate(world.businesses)
        ],
        at_operators=[_at_operator(world, row, pieces) for row in range(len(world.operators))],
        pairs=[
            [_pair(world, row, operator, pieces) for operator in range(len(world.operators))]
            for row in range(len(world.businesses))
        ],
        lost_by_cause=[_lost_by_cause(world, row, pieces) for row in range(len(world.businesses))],
        responses=[conduct.completed for conduct in run.conducts],
        events=sorted(run.events),
        sights=run.sights,
        target=None if world.users is None else _target(run, world.users, pieces),
        target_lost=_target_lost(run, pieces),
        state_s=[start_s for start_s, _, _ in pieces],
        user_shares=lambda t_s: _user_shares(run, pieces, t_s),
        degraded=_degraded(run, world.users, pieces),
        attention=run.attention,
        n_complaints=run.n_complaints,
    )


def _check_world(world: RefWorld) -> None:
    """Refuse worlds the document gives no meaning to."""
    n_rounds = world.reactions.n_rounds if world.reactions else 0
    ticks_s = [section.tick_s for section in (world.users, world.complaints) if section]
    sound = {
        "horizon_s": world.horizon_s > 0,
        "cadence": all(every_s > 0 for _, every_s in world.cadence)
        and all(a[0] < b[0] for a, b in pairwise(world.cadence)),
        "strategy": callable(world.strategy) or world.strategy in ("replay", "exact"),
        "order": all(
            order.action in ("block", "unblock")
            and order.mechanism in ("drop", "throttle", "name", "exempt")
            and order.t_s >= 0
            and (order.mechanism == "name") == (not order.prefixes)
            for order in world.orders
        ),
        "operator": all(
            operator.poll_interval_s > 0
            and min(operator.poll_phase_s, operator.apply_lag_s, operator.release_lag_s) >= 0
            and operator.overload in ("stop", "degrade")
            for operator in world.operators
        ),
        "component": all(
            component.addresses and component.mode in ("any", "spread")
            for component in world.components
        ),
        "business": all(
            len(business.components) == len(business.is_third_party) == N_ROLES
            and len(business.profile) == WEEK_H
            and sum(business.profile) > 0
            and business.patience_s > 0
            and len(business.responses) >= n_rounds
            and all(
                arrival.t_s > 0 and (arrival.seat > 0 or not business.is_third_party[arrival.role])
                for arrival in business.arrivals
            )
            and not (business.arrivals and business.first_look_s is not None)
            for business in world.businesses
        ),
        "push_tau_s": world.fronts is None or world.fronts.push_tau_s > 0,
        "n_known": world.fronts is None or (world.fronts.n_known or 1) <= world.fronts.n_fronts,
        "review": world.review is None or world.review.every_s > 0,
        "tick_s": all(tick_s > 0 for tick_s in ticks_s),
    }
    for name, is_sound in sound.items():
        if not is_sound:
            raise ValueError(f"{name}: outside what the document defines")


def _next_version_s(world: RefWorld, t_s: int) -> int | None:
    """The first version of the cadence after ``t_s``; None where there is no cadence."""
    later = [from_s for from_s, _ in world.cadence if from_s > t_s]
    begun = [row for row in world.cadence if row[0] <= t_s]
    if begun:
        from_s, every_s = begun[-1]
        later.append(from_s + ((t_s - from_s) // every_s + 1) * every_s)
    return min(later, default=None)


class _Run:
    """One walk through the agenda; the agenda holds heaps of ``(t_s, row)`` by kind."""

    def __init__(self, world: RefWorld) -> None:
        self.world = world
        self.limits = world.limits or RefLimits()
        self.pressure_rule = world.pressure or RefPressure()
        self.shares = [_exact(operator.share) for operator in world.operators]
        self.agenda: dict[str, list[tuple[int, int]]] = {}
        self.events: list[Event] = []
        self.sights: list[RefSight] = []
        self.views: list[tuple[int, _View]] = []  # state from each time on; ascending
        self.entries: list[_Entry] = []
        self.placed_s: list[int] = []  # times of the strategy's orders that were placed
        self.known: list[int] = []  # fronts the censor has discovered
        self.next_ask_s = 0  # when the strategy is asked next, discoveries apart
        self.versions: list[frozenset[int]] = []
        self.n_seen = [0 for _ in world.operators]  # versions out at the download before
        self.sightings: list[dict[int, _Sighting]] = [{} for _ in world.operators]
        self.fronts: list[_Front] = []
        self.stances: list[tuple[int, str, str]] = []  # when which provider took which
        self.turned: list[str] = []  # who turned compliant, turn by turn
        self.closed: set[str] = set()
        self.conducts = [
            _Conduct(business.components, business.provider, is_elsewhere=business.is_elsewhere)
            for business in world.businesses
        ]
        self.n_onboarding = 0
        self.onboarding_queue: list[int] = []
        vpn_start = world.users.vpn_start if world.users else 0.0
        self.vpn = [vpn_start for _ in world.operators]
        self.left = [0.0 for _ in world.operators]
        # Attention is told at the cuts of its pieces; complaints and loudness come with it.
        self.attention: list[tuple[int, float]] = [(0, 0.0)]
        self.n_complaints = 0.0
        self.loud_d = 0.0  # integral of 1 + snowball * A
        self.impaired_s: dict[int, int] = {}  # since when each business is impaired
        self.loud_at: dict[int, float] = {}  # loud_d then
        self.hops: list[tuple[int, int, Fraction]] = []  # when, at whom, share of users on the way
        self.servers_free_s = [0] * (world.complaints.hotline_servers if world.complaints else 0)
        self.has_stopped = False
        self.dropped: list[tuple[str, int]] = []  # by the last decision: why, and when
        self.freed_s: dict[str, int] = {}  # when room was made for a reason, since that decision
        self.pressure_before = 0.0
        self.in_force_before: list[_Entry] = []
        self.met: dict[tuple[object, ...], tuple[Fraction, dict[str, Fraction]]] = {}

    def walk(self) -> None:
        """Take every second in which something is due."""
        self._plan_start()
        now_s, horizon_s = 0, self.world.horizon_s
        while True:
            next_s = min((due[0][0] for due in self.agenda.values() if due), default=horizon_s)
            end_s = self._first_above(self.pressure_rule.end_pressure, now_s, next_s)
            if end_s is not None:
                self._plan(end_s, "look", -1)
                next_s = end_s
            if next_s >= horizon_s:
                break
            self._take_second(next_s)
            now_s = next_s
        self._talk_until(horizon_s)

    def pieces(self, from_s: int, to_s: int) -> list[tuple[int, int, _View]]:
        """Times ``[start_s, stop_s)`` of constant state that make up ``[from_s, to_s)``.

        While the walk is at ``to_s``, its own state is not among them yet.
        """
        ends = [start_s for start_s, _ in self.views[1:]] + [to_s]
        cut = [
            (max(start_s, from_s), min(end_s, to_s), view)
            for (start_s, view), end_s in zip(self.views, ends, strict=True)
        ]
        return [piece for piece in cut if piece[0] < piece[1]]

    def _plan_start(self) -> None:
        for day_s in range(0, self.world.horizon_s, DAY_S):
            self._plan(day_s, "look", -1)
        self._plan(0, "ask", -1)
        for row, order in enumerate(self.world.orders if self.world.strategy == "replay" else ()):
            self._plan(order.t_s, "order", row)
        version_s = _next_version_s(self.world, -1)
        if version_s is not None:
            self._plan(version_s, "version", -1)
        for row, operator in enumerate(self.world.operators):
            self._plan(operator.poll_phase_s, "download", row)
        for row, business in enumerate(self.world.businesses):
            for t_s in {arrival.t_s for arrival in business.arrivals}:
                self._plan(t_s, "arrive", row)
            if self.world.look_every_s is not None and business.first_look_s is not None:
                self._plan(business.first_look_s, "program", row)
        if self.world.stances:
            for row, event in enumerate(self.world.stances.events):
                if event[0] < 0:
                    self._take_stance(*event)
                else:
                    self._plan(event[0], "stance", row)
        for row, (t_s, _) in enumerate(self.pressure_rule.events):
            if t_s >= 0:
                self._plan(t_s, "public", row)
            self._plan(max(t_s + NOTICE_S, 0), "look", -1)
        self._remember_public_events()
        if self.world.review:
            self._plan(self.world.review.every_s, "review", -1)
        for row, decision in enumerate(self.world.decisions):
            if decision.t_s >= 0:
                self._plan(decision.t_s, "outside", row)
        if self.world.users:
            self._plan(self.world.users.tick_s, "users", -1)
        if self.world.complaints:
            self._plan(self.world.complaints.tick_s, "complaints", -1)
        given = self.world.fronts.given if self.world.fronts else ()
        for row, (_, number) in enumerate(sorted(map(_numbered, given))):
            self.fronts.append(_Front(self._holder(number), number, 0))
            self._plan(0, "discover", row)
        for _ in range(self.world.fronts.n_fronts if self.world.fronts and not given else 0):
            self._rent_one(0)
        for t_s in (self.world.fronts.arrivals_s or ()) if self.world.fronts else ():
            self._plan(t_s, "rent", -1)

    def _holder(self, address: int) -> str:
        """The provider that has an address, or that it is not known."""
        pools = self.world.fronts.pools if self.world.fronts else ()
        held = [one.provider for one in pools if _holds(_ranges_of_text(one.ranges), address)]
        return held[0] if held else "(not known)"

    def _plan(self, t_s: int, kind: str, row: int) -> None:
        if t_s < self.world.horizon_s:
            heappush(self.agenda.setdefault(kind, []), (t_s, row))

    def _is_due(self, t_s: int, *kinds: str) -> bool:
        for kind in kinds:
            due = self.agenda.get(kind)
            if due and due[0][0] <= t_s:
                return True
        return False

    def _take(self, t_s: int, kind: str) -> list[int]:
        """Rows of one kind due by now, ascending; they leave the agenda."""
        rows, due = [], self.agenda.get(kind)
        while due and due[0][0] <= t_s:
            rows.append(heappop(due)[1])
        return rows

    def _take_second(self, t_s: int) -> None:
        self.in_force_before = self._in_force()
        self._change_stances(t_s)
        if self._is_due(t_s, *ASKING):
            self.pressure_before = self._attention_at(t_s)
        while True:
            while self._is_due(t_s, *self.agenda):
                self._place_orders(t_s)
                self._publish(t_s)
                self._download(t_s)
                self._apply_and_release(t_s)
                for _ in self._take(t_s, "rent"):
                    self._rent_one(t_s)
                self._evict(t_s)
                self._cancel(t_s)
                self._complete_moves(t_s)
                self._run_programs(t_s)
                self._let_tenants_arrive(t_s)
                if self.world.users and (t_s, -1) in self.agenda.get("users", ()):
                    self._talk_until(t_s)
                self._tick_users(t_s)
                self._tick_complaints(t_s)
                self._hear_public_events(t_s)
                self._end_patience(t_s)
            view = self._view(t_s)
            is_as_before = bool(self.views) and self.views[-1][1] is view
            if not is_as_before:
                self._notice_losses(t_s, view)
            if not self._is_due(t_s, *self.agenda):
                break
        self._wind_clocks(t_s, view)
        if not is_as_before:
            self._complain_on(t_s, view)
        self._hop(t_s, view)
        if not self.views or self.views[-1][1] != view:
            self.views.append((t_s, view))

    # The censor and the register

    def _in_force(self) -> list[_Entry]:
        return [entry for entry in self.entries if entry.stop_s is None]

    def _place_orders(self, t_s: int) -> None:
        self._take(t_s, "look")
        has_turned = bool(self._take(t_s, "ask"))
        looks_again = bool(self._take(t_s, "again")) and t_s == self.next_ask_s
        turns_due = self._take(t_s, "withdraw")
        replayed = self._take(t_s, "order")
        discovered = self._take(t_s, "discover")
        exempted = self._take(t_s, "exempt")
        decided = self._take(t_s, "outside")
        reviews = self._take(t_s, "review")
        if self.has_stopped:
            return
        is_asked = bool(replayed) or has_turned or looks_again or self._may_pass(t_s)
        if self.pressure_before > self.pressure_rule.end_pressure:
            for entry in self._in_force():
                if entry.mechanism != "exempt":
                    self._withdraw(entry, t_s)
            self.has_stopped = True
            return

        for row in turns_due:
            self._withdraw_provider(self.turned[row], t_s)
        for business_row in exempted:
            self._exempt(business_row, t_s)
        learnt = [front_row for front_row in discovered if not self.fronts[front_row].is_gone]
        for front_row in learnt:
            front = self.fronts[front_row]
            address = str(ip_address(front.address))
            self.events.append((t_s, "discovered", front_row, address))
            self.known.append(front_row)
            front.discovered_s = t_s
        for row in decided:
            self._obey(self.world.decisions[row], t_s)
        for _ in reviews:
            self._review(t_s)
        if not (learnt or is_asked):
            return
        self.dropped = []
        self.freed_s = {}
        self.in_force_before = self._in_force()  # its own orders of this second it knows
        self.sights.append(self._sight(t_s))
        for order_row in replayed:
            self._place(self.world.orders[order_row], t_s)
        if callable(self.world.strategy):
            self._decide(self.world.strategy, t_s)
        if self.world.strategy == "exact":
            self._place_exactly(t_s)

    def _may_pass(self, t_s: int) -> bool:
        """Whether what dropped an order of the last decision may have ended by this second."""
        for reason, dropped_s in self.dropped:
            begins = t_s % DAY_S == 0 and t_s > dropped_s
            if reason == "pause" and begins and self._is_quiet():
                return True
            if reason == "day" and self.limits.orders_per_day and t_s // DAY_S > dropped_s // DAY_S:
                return True
            if self.freed_s.get(reason, t_s) < t_s:
                return True
        return False

    def _is_quiet(self) -> bool:
        return self.pressure_before <= self.pressure_rule.pause_pressure

    def _free(self, t_s: int, *reasons: str) -> None:
        """Room is made for what was dropped for these reasons; it tells in the next second."""
        for reason in reasons:
            self.freed_s.setdefault(reason, t_s)
        self._plan(t_s + NOTICE_S, "look", -1)

    def _place_exactly(self, t_s: int) -> None:
        """Drop every known front that no entry in force covers, as they were rented."""
        ordered: set[int] = set()
        for front_row in sorted(self.known):
            front = self.fronts[front_row]
            is_covered = front.address in ordered or any(
                entry.mechanism == "drop" and _holds(entry.ranges, front.address)
                for entry in self.in_force_before
            )
            if not front.is_gone and not is_covered:
                ordered.add(front.address)
                prefix = str(ip_network(front.address))
                self._place(RefOrder(t_s, "block", "drop", (prefix,)), t_s)

    def _decide(self, strategy: RefStrategy, t_s: int) -> None:
        """Ask a strategy; of the times it wanted to look again the one it named last counts."""
        answer = strategy(self.sights[-1])
        for order in answer.orders:
            self._place(order, t_s)
        if answer.look_s is not None:
            self.next_ask_s = max(answer.look_s, t_s + 1)
            self._plan(self.next_ask_s, "again", -1)

    def _sight(self, t_s: int) -> RefSight:
        pools = self.world.fronts.pools if self.world.fronts else ()
        providers = dict.fromkeys(pool.provider for pool in pools)
        return RefSight(
            t_s=t_s,
            fronts=tuple(
                (front.address, front.provider, front.discovered_s or 0)
                for front in self._known_fronts()
            ),
            in_force=tuple((e.mechanism, e.ranges, e.start_s) for e in self.in_force_before),
            reached=self._reached_before(t_s),
            pressure=self.pressure_before,
            stances={name: self._stance(name, t_s) for name in providers},
            holdings={name: self.provider_ranges(name) for name in providers},
            regions={name: self._region_ranges(name) for name in providers},
            exempt=_ranges_of_prefixes(self.limits.exempt_prefixes),
        )

    def _reached_before(self, t_s: int) -> float | None:
        """The share of users who reach the target without a VPN just before a second."""
        if not self.views or self.world.fronts is None:
            return None
        view = self.views[-1][1]
        rows = range(len(self.world.operators))
        return 1 - sum(float(self.shares[row]) * self.unreached(view, row, t_s) for row in rows)

    def _known_fronts(self) -> list[_Front]:
        fronts = [self.fronts[row] for row in sorted(self.known)]
        return [front for front in fronts if not front.is_gone]

    def _stance(self, provider: str, t_s: int) -> str:
        """The stance it has just before a second."""
        return self._stance_until(provider, t_s - 1)

    def _stance_until(self, provider: str, t_s: int) -> str:
        """The one it has taken last by a second, as far as the second is walked through."""
        taken = [took for at_s, name, took in self.stances if name == provider and at_s <= t_s]
        return taken[-1] if taken else "silent"

    def _change_stances(self, t_s: int) -> None:
        """Take what is dated in a second."""
        rule = self.world.stances
        for row in self._take(t_s, "stance") if rule else ():
            self._take_stance(*rule.events[row])

    def _take_stance(self, t_s: int, provider: str, stance: str) -> None:
        """Note a stance, and plan what follows from it."""
        before = self._stance_until(provider, t_s)
        if t_s >= 0 and stance != before:
            self._plan(t_s + NOTICE_S, "ask", -1)
        self.stances.append((t_s, provider, stance))
        self.events.append((max(t_s, 0), "stance", -1, f"{provider} {stance}"))
        if stance != "compliant" or before == "compliant":
            return
        self.turned.append(provider)
        if t_s < 0:
            self.closed.add(provider)
        else:
            self._plan(t_s, "evict", len(self.turned) - 1)
        lag_s = self.world.stances.withdraw_lag_s if self.world.stances else 0
        if t_s + lag_s >= 0:
            self._plan(t_s + lag_s, "withdraw", len(self.turned) - 1)

    def provider_ranges(self, provider: str) -> Ranges:
        pools = self.world.fronts.pools if self.world.fronts else ()
        return _union(
            interval
            for pool in pools
            if pool.provider == provider
            for interval in _ranges_of_text(pool.ranges)
        )

    def _region_ranges(self, provider: str) -> tuple[Ranges, ...]:
        held: dict[str, list[tuple[int, int]]] = {}
        for pool in self.world.fronts.pools if self.world.fronts else ():
            if pool.provider == provider:
                held.setdefault(pool.region, []).extend(_ranges_of_text(pool.ranges))
        return tuple(_union(intervals) for intervals in held.values())

    def _withdraw_provider(self, provider: str, t_s: int) -> None:
        """Withdraw what blocks and lies wholly in its ranges."""
        ranges = self.provider_ranges(provider)
        for entry in self.in_force_before:
            is_inside = bool(entry.ranges) and not _minus(entry.ranges, ranges)
            if entry.stop_s is None and is_inside and entry.mechanism != "exempt":
                self._withdraw(entry, t_s)
                self._free(t_s, "rules", "addresses")

    def _obey(self, decision: RefDecision, t_s: int) -> None:
        """Withdraw the oldest of what is decided on, until a share of its addresses is gone."""
        meant = [
            entry
            for entry in self.in_force_before
            if entry.stop_s is None and entry.mechanism in ("drop", "throttle")
        ]
        wanted = _exact(decision.share) * sum(_n_limited(entry.ranges) for entry in meant)
        withdrawn = 0
        for entry in meant:
            if withdrawn >= wanted:
                break
            withdrawn += _n_limited(entry.ranges)
            self._withdraw(entry, t_s)
            self._free(t_s, "rules", "addresses")

    def _review(self, t_s: int) -> None:
        """Withdraw what has held no known front for long, or is all of providers that comply."""
        rule = self.world.review
        assert rule is not None
        self._plan(t_s + rule.every_s, "review", -1)
        pools = self.world.fronts.pools if self.world.fronts else ()
        compliant = _union(
            interval
            for pool in pools
            if self._stance(pool.provider, t_s) == "compliant"
            for interval in _ranges_of_text(pool.ranges)
        )
        known = [self.fronts[row] for row in self.known]
        left = math.inf if rule.addresses is None else rule.addresses
        for entry in self.in_force_before:
            if entry.stop_s is not None or entry.mechanism not in ("drop", "throttle"):
                continue
            held = [front for front in known if _holds(entry.ranges, front.address)]
            gone_s = [front.gone_s for front in held if front.gone_s is not None]
            if len(gone_s) < len(held):
                continue
            is_silent = max([entry.start_s, *gone_s]) + rule.silent_s <= t_s
            if not is_silent and _minus(entry.ranges, compliant):
                continue
            if _n_limited(entry.ranges) <= left:
                left -= _n_limited(entry.ranges)
                self._withdraw(entry, t_s)
                self._free(t_s, "rules", "addresses")

    def _narrowed(self, mechanism: str, ranges: Ranges) -> list[Ranges]:
        """What is placed under pressure in place of a set of addresses to be blocked."""
        length = self.pressure_rule.narrow_length
        if length is None:
            return []
        size = 2 ** (32 - length)
        if mechanism not in ("drop", "throttle") or _size(ranges) <= size:
            return [ranges]
        in_force = [entry.ranges for entry in self.in_force_before if entry.mechanism == mechanism]
        exempt = _ranges_of_prefixes(self.limits.exempt_prefixes)
        narrow: list[Ranges] = []
        for front in self._known_fronts():
            is_open = not any(_holds(held, front.address) for held in [*in_force, *narrow])
            if is_open and _holds(ranges, front.address):
                first = front.address - front.address % size
                narrow.append(_minus(((first, first + size),), exempt))
        return narrow

    def _place(self, order: RefOrder, t_s: int) -> None:
        """Place one order of the strategy, or what pressure leaves of it, within the limits."""
        exempt = _ranges_of_prefixes(self.limits.exempt_prefixes)
        ranges = _minus(_ranges_of_prefixes(order.prefixes), exempt)
        if order.mechanism != "name" and not ranges:
            return  # nothing is left of it
        if order.action == "unblock":
            twins = [
                entry
                for entry in self._in_force()
                if (entry.mechanism, entry.groups) == (order.mechanism, order.groups)
                and entry.ranges == ranges
            ]
            if not twins and not (self.world.limits or self.world.pressure or self.world.stances):
                raise ValueError(f"unblock at {t_s} s: no entry of {order.prefixes} in force")
            if twins:
                self._withdraw(twins[0], t_s)
            return
        wanted = [ranges] if self._is_quiet() else self._narrowed(order.mechanism, ranges)
        if not wanted:
            self._drop("pause", t_s)
        for one in wanted:
            self._place_block(order, one, t_s)

    def _place_block(self, order: RefOrder, ranges: Ranges, t_s: int) -> None:
        placed_today = sum(placed_s // DAY_S == t_s // DAY_S for placed_s in self.placed_s)
        per_day = self.limits.orders_per_day
        if per_day is not None and placed_today >= per_day:
            self._drop("day", t_s)
            return
        entry = self._new_entry(order.mechanism, ranges, order.overmatch, t_s)
        entry.groups = order.groups
        wanted = [*self._in_force(), entry]
        n_rules = sum(len(listed.prefixes) for listed in wanted if listed.mechanism != "exempt")
        takes_rules = bool(entry.prefixes) and order.mechanism != "exempt"
        if self.limits.max_rules is not None and takes_rules and n_rules > self.limits.max_rules:
            self._drop("rules", t_s)
            return
        if (
            self.limits.max_addresses is not None
            and order.mechanism in ("drop", "throttle")
            and _n_limited(_listed(wanted)) > self.limits.max_addresses
        ):
            self._drop("addresses", t_s)
            return
        self._put_in_force(entry, t_s)
        self.placed_s.append(t_s)

    def _drop(self, reason: str, t_s: int) -> None:
        self.dropped.append((reason, t_s))

    def _exempt(self, business_row: int, t_s: int) -> None:
        """Exempt the addresses of a business's own components, by one order beyond all limits."""
        business = self.world.businesses[business_row]
        own = [
            self.world.components[component]
            for component, is_shared in zip(
                self.conducts[business_row].components, business.is_third_party, strict=True
            )
            if not is_shared
        ]
        addresses = [int(ip_address(text)) for component in own for text in component.addresses]
        if not addresses:
            return
        ranges = _union((address, address + 1) for address in addresses)
        entry = self._new_entry("exempt", ranges, 0.0, t_s)
        self._put_in_force(entry, t_s)
        self.events.append((t_s, "exempted", business_row, " ".join(entry.prefixes)))
        self._free(t_s, "addresses")

    def _new_entry(self, mechanism: str, ranges: Ranges, overmatch: float, t_s: int) -> _Entry:
        number = len(self.entries)
        return _Entry(number, mechanism, ranges, _prefixes_of(ranges), overmatch, t_s)

    def _put_in_force(self, entry: _Entry, t_s: int) -> None:
        self.entries.append(entry)
        self.events.append((t_s, "block", -1, " ".join(entry.prefixes)))

    def _withdraw(self, entry: _Entry, t_s: int) -> None:
        entry.stop_s = t_s
        self.events.append((t_s, "unblock", -1, " ".join(entry.prefixes)))

    def _publish(self, t_s: int) -> None:
        for _ in self._take(t_s, "version"):
            shown = frozenset(entry.number for entry in self._in_force())
            if shown != (self.versions[-1] if self.versions else frozenset()):
                self.versions.append(shown)
                self.events.append((t_s, "published", -1, ""))
            version_s = _next_version_s(self.world, t_s)
            if version_s is not None:
                self._plan(version_s, "version", -1)

    # Operators

    def _download(self, t_s: int) -> None:
        for row in self._take(t_s, "download"):
            operator = self.world.operators[row]
            if t_s < operator.begins_s:
                self._plan(t_s + operator.poll_interval_s, "download", row)
                continue
            if self.n_seen[row] != len(self.versions):
                self.n_seen[row] = len(self.versions)
                self.events.append((t_s, "downloaded", row, ""))
            shown = self.versions[-1] if self.versions else frozenset()
            for number in sorted(shown - self.sightings[row].keys()):
                sighting = _Sighting(self.entries[number], t_s)
                self.sightings[row][number] = sighting
                self._plan(sighting.start_s(operator), "apply", row)
            for number, sighting in self.sightings[row].items():
                if number not in shown and sighting.missed_s is None:
                    sighting.missed_s = t_s
                    self._plan(sighting.stop_s(operator) or 0, "apply", row)
            self._plan(t_s + operator.poll_interval_s, "download", row)

    def _apply_and_release(self, t_s: int) -> None:
        """Take and give up entries whose time has come; releases make room first."""
        for row in sorted(set(self._take(t_s, "apply"))):
            operator = self.world.operators[row]
            for _, sighting in sorted(self.sightings[row].items()):
                text = " ".join(sighting.entry.prefixes)
                stop_s = sighting.stop_s(operator)
                if sighting.is_enforced and stop_s == t_s:
                    self.events.append((t_s, "released", row, text))
                is_over = stop_s is not None and stop_s <= t_s
                if sighting.start_s(operator) != t_s or is_over or sighting.is_enforced:
                    continue
                entry = sighting.entry
                is_exempt = entry.mechanism == "exempt"
                if entry.groups is not None and operator.group not in entry.groups:
                    continue
                if not is_exempt and operator.luck(entry.prefixes) >= operator.compliance:
                    continue
                wanted = [*self._enforced(row, t_s), entry]
                n_rules = sum(len(one.prefixes) for one in wanted)
                is_full = operator.rule_capacity is not None and n_rules > operator.rule_capacity
                if is_full and operator.overload == "stop":
                    continue
                sighting.is_enforced = True
                self.events.append((t_s, "enforced", row, text))

    def _enforced(self, row: int, t_s: int) -> list[_Entry]:
        operator = self.world.operators[row]
        return [
            sighting.entry
            for _, sighting in sorted(self.sightings[row].items())
            if sighting.is_enforced
            and ((stop_s := sighting.stop_s(operator)) is None or t_s < stop_s)
        ]

    # The target and the providers

    def _rent_one(self, t_s: int) -> None:
        """Rent one more front; without an open pool nothing is rented, then or later."""
        rule = self.world.fronts
        assert rule is not None
        row = len(self.fronts)
        listed = _listed(self._in_force())
        free = {pool: _minus(_given_out(pool), listed) for pool in rule.pools}
        is_open = {pool: pool.provider not in self.closed for pool in rule.pools}
        pools = [pool for pool in rule.pools if is_open[pool] and free[pool]]
        heaviest = max(rule.pools, key=lambda pool: pool.weight)
        drift = Fraction(rule.drift[t_s // (WEEK_H * HOUR_S)]) if rule.drift else Fraction(1)
        cumulative = list(
            accumulate(Fraction(pool.weight) * (drift if pool is heaviest else 1) for pool in pools)
        )
        if not cumulative or cumulative[-1] == 0:
            return
        draws = (rule.pool_draws, rule.address_draws, rule.discovery_lags_s)
        if any(len(column) <= row for column in draws):
            raise ValueError(f"fronts: no luck for front {row}")
        point = Fraction(rule.pool_draws[row]) * cumulative[-1]
        pool = next(pool for pool, upper in zip(pools, cumulative, strict=True) if upper > point)
        address = self._address_of(free[pool], row)
        self.fronts.append(_Front(pool.provider, address, t_s))
        self.events.append((t_s, "rented", row, str(ip_address(address))))
        # A second at least, before finds get slow.
        lag_s = max(rule.discovery_lags_s[row], int(t_s > 0))
        easy = self.world.programme.saturation_finds
        if easy is not None:
            lag_s = math.ceil(Fraction(lag_s) * (1 + Fraction(len(self.known), easy)))
        self._plan(t_s + lag_s, "discover", row)

    def _address_of(self, free: Ranges, row: int) -> int:
        """Address of a new front, out of the free ones of its pool."""
        rule = self.world.fronts
        assert rule is not None
        luck = Fraction(rule.address_draws[row])
        rest = math.floor(luck * _size(free))
        for start, stop in free:
            if rest < stop - start:
                return start + rest
            rest -= stop - start
        raise AssertionError(free)

    def _lose(self, row: int, t_s: int) -> None:
        rule, front = self.world.fronts, self.fronts[row]
        assert rule is not None
        if not front.is_lost:
            front.is_lost = True
            if rule.arrivals_s is None:
                self._plan(t_s + max(1, rule.monitor_lag_s), "rent", -1)
            if rule.cancel_s is not None:
                self._plan(t_s + max(1, rule.cancel_s), "cancel", row)

    def _notice_losses(self, t_s: int, view: _View) -> None:
        for row in view.fronts:
            dropped_share = sum(
                share
                for share, enforcement in zip(self.shares, view.enforcements, strict=True)
                if enforcement.treatment(self.fronts[row].address) == "drop"
            )
            if self.world.fronts and dropped_share > _exact(self.world.fronts.lost_share):
                self._lose(row, t_s)

    def _evict(self, t_s: int) -> None:
        for turn_row in self._take(t_s, "evict"):
            provider = self.turned[turn_row]
            self.closed.add(provider)
            for row, front in enumerate(self.fronts):
                if front.provider == provider and not front.is_gone:
                    front.gone_s = t_s
                    self.events.append((t_s, "evicted", row, str(ip_address(front.address))))
                    self._lose(row, t_s)

    def _cancel(self, t_s: int) -> None:
        for row in self._take(t_s, "cancel"):
            front = self.fronts[row]
            if not front.is_gone:
                front.gone_s = t_s
                self.events.append((t_s, "cancelled", row, str(ip_address(front.address))))

    # Businesses

    def _end_patience(self, t_s: int) -> None:
        """A clock that runs has seen no break, so its business did not tolerate it just before."""
        for row in self._take(t_s, "patience"):
            conduct, business = self.conducts[row], self.world.businesses[row]
            if conduct.clock_s is None or conduct.clock_s + business.patience_s != t_s:
                continue
            response = business.responses[conduct.n_responses]
            conduct.n_responses += 1
            conduct.clock_s = None
            self.events.append((t_s, "responded", row, response.kind))
            if response.kind == "wait":
                conduct.completed += ("wait",)
            else:
                conduct.is_responding = True
                self._plan(t_s + max(1, response.duration_s), "prepared", row)

    def _complete_moves(self, t_s: int) -> None:
        for row in self._take(t_s, "onboarded"):
            self.n_onboarding -= 1
            self._complete_move(row, t_s)
        for row in self._take(t_s, "prepared"):
            if self._response(row).kind == "domestic":
                self.onboarding_queue.append(row)
            else:
                self._complete_move(row, t_s)
        rule = self.world.reactions
        while rule and self.onboarding_queue and self.n_onboarding < rule.onboarding_slots:
            self.n_onboarding += 1
            self._plan(t_s + rule.onboarding_s, "onboarded", self.onboarding_queue.pop(0))

    def _response(self, row: int) -> RefResponse:
        """The response under way."""
        return self.world.businesses[row].responses[self.conducts[row].n_responses - 1]

    def _complete_move(self, row: int, t_s: int) -> None:
        conduct, response = self.conducts[row], self._response(row)
        is_shared = self.world.businesses[row].is_third_party
        if response.kind == "proxy":
            moves = [role == FRONTEND for role in range(N_ROLES)]
        else:
            moves = [not shared for shared in is_shared]
        conduct.components = tuple(
            new if is_moving else old
            for old, new, is_moving in zip(
                conduct.components, response.components, moves, strict=True
            )
        )
        conduct.is_elsewhere = tuple(
            is_elsewhere and not is_moving
            for is_elsewhere, is_moving in zip(conduct.is_elsewhere, moves, strict=True)
        )
        conduct.seats = tuple(
            conduct.n_responses if is_moving else seat
            for seat, is_moving in zip(conduct.seats, moves, strict=True)
        )
        conduct.is_responding = False
        conduct.completed += (response.kind,)
        if response.kind in ("foreign", "domestic"):
            conduct.provider = response.provider
        self.events.append((t_s, "moved", row, f"{response.kind} {conduct.provider}"))

    def _let_tenants_arrive(self, t_s: int) -> None:
        """Arrivals of one business in one second come in the order in which they are given."""
        for row in self._take(t_s, "arrive"):
            conduct = self.conducts[row]
            for arrival in self.world.businesses[row].arrivals:
                if arrival.t_s != t_s or conduct.seats[arrival.role] != arrival.seat:
                    continue
                components = list(conduct.components)
                components[arrival.role] = arrival.component
                conduct.components = tuple(components)
                self.events.append((t_s, "readdressed", row, ""))

    def _run_programs(self, t_s: int) -> None:
        """Every look of every program, at the state that held until this second."""
        for row in self._take(t_s, "program"):
            self._plan(t_s + (self.world.look_every_s or 0), "program", row)
            business, conduct = self.world.businesses[row], self.conducts[row]
            if not self.views or any(kind != "wait" for kind in conduct.completed):
                continue
            served = [role for role, off in enumerate(business.off) if off is not None]
            is_blocked = any(
                held.treatment(_numbered(text)[1]) != "pass"
                for held in self.views[-1][1].enforcements
                for role in served
                for text in self.world.components[business.components[role]].addresses
            )
            if is_blocked == conduct.is_off:
                continue
            components = list(conduct.components)
            for role in served:
                off = business.off[role]
                assert off is not None
                components[role] = off if is_blocked else business.components[role]
            conduct.components, conduct.is_off = tuple(components), is_blocked
            self.events.append((t_s, "switched_off" if is_blocked else "switched_back", row, ""))

    def _wind_clocks(self, t_s: int, view: _View) -> None:
        """Start and stop the clocks of patience by the state that holds from this second on."""
        n_rounds = self.world.reactions.n_rounds if self.world.reactions else 0
        for row, conduct in enumerate(self.conducts):
            is_idle = not conduct.is_responding and conduct.n_responses < n_rounds
            state = ("affected", "impaired", "down").index(self.world.businesses[row].tolerance)
            if not view.failing[row] > _exact(self.world.thresholds[state]):
                conduct.clock_s = None
            elif is_idle and conduct.clock_s is None:
                conduct.clock_s = t_s
                self._plan(t_s + self.world.businesses[row].patience_s, "patience", row)

    # Users, attention, complaints

    def _tick_users(self, t_s: int) -> None:
        rule = self.world.users
        if rule is None or not self._take(t_s, "users"):
            return
        values = [business.value_micro_usd_per_h for business in self.world.businesses]
        days = rule.tick_s / DAY_S
        vpn, left = [], []
        for row in range(len(self.world.operators)):
            unreached_s, lost_s = [], []
            for start_s, stop_s, view in self.pieces(t_s - rule.tick_s, t_s):
                unreached_s.append(self.unreached(view, row, start_s, stop_s))
                missed = sum(v * m[row] for v, m in zip(values, view.missing, strict=True))
                lost_s.append(
                    float(missed / sum(values)) * (stop_s - start_s) if any(values) else 0
                )
            unreached = math.fsum(unreached_s) / rule.tick_s
            missing = rule.phi * unreached + (1 - rule.phi) * math.fsum(lost_s) / rule.tick_s
            unreached_without = (1 - self.vpn[row]) * unreached
            rise, fall = rule.vpn_rate_per_d * missing, rule.vpn_decay_per_d * (1 - missing)
            pull = rise * rule.vpn_max + fall * rule.vpn_start
            vpn.append(_relax(self.vpn[row], pull, rise + fall, days))
            leave = rule.leave_rate_per_d * unreached_without
            come_back = rule.return_rate_per_d * (1 - unreached_without)
            left.append(_relax(self.left[row], leave, leave + come_back, days))
        self.vpn, self.left = vpn, left
        self._plan(t_s + rule.tick_s, "users", -1)

    def _tick_complaints(self, t_s: int) -> None:
        """Who is impaired just before a tick, and has gathered enough, appeals by name."""
        rule = self.world.complaints
        if rule is None or not self._take(t_s, "complaints"):
            return
        for row in sorted(self.impaired_s):
            conduct, business = self.conducts[row], self.world.businesses[row]
            if conduct.has_complained:
                continue
            gathered_d = conduct.loud_d + self.loud_d - self.loud_at[row]
            if rule.named_per_d * gathered_d >= business.named_draw:
                conduct.has_complained = True
                self.events.append((t_s, "complained", row, ""))
                self._queue_complaint(rule, row, t_s)
        self._plan(t_s + rule.tick_s, "complaints", -1)

    def _complain_on(self, t_s: int, view: _View) -> None:
        """Cut where from a second on others are impaired, or users meet other fronts."""
        if self.world.complaints is None:
            return
        threshold = _exact(self.world.thresholds[1])
        impaired = {row for row, failing in enumerate(view.failing) if failing > threshold}
        before = self.views[-1][1] if self.views else None
        meets_others = before is None or self._fronts_met(before) != self._fronts_met(view)
        people = self._people(view)
        people_before = self._people(before) if before else [0.0 for _ in people]
        if impaired != set(self.impaired_s) or meets_others or people != people_before:
            self._talk_until(t_s)
        for row in set(self.impaired_s) - impaired:
            self.conducts[row].loud_d += self.loud_d - self.loud_at.pop(row)
            del self.impaired_s[row]
        for row in impaired - set(self.impaired_s):
            self.impaired_s[row], self.loud_at[row] = t_s, self.loud_d

    def _people(self, view: _View) -> list[float]:
        """People at each operator who miss what businesses offer; nobody where none complain."""
        users, rule = self.world.users, self.world.complaints
        if users is None or rule is None or not rule.per_million_people_per_d:
            return [0.0 for _ in self.world.operators]
        values = [business.value_micro_usd_per_h for business in self.world.businesses]
        return [
            users.n_users
            / users.phi
            * float(reaching * Fraction(_missed(values, view, row), sum(values) or 1))
            for row, reaching in enumerate(view.reaching)
        ]

    def _fronts_met(self, view: _View) -> object:
        met = [
            [enforced.treatment(self.fronts[row].address) for row in view.fronts]
            for enforced in view.enforcements
        ]
        return view.fronts, met, [bool(enforced.overmatches) for enforced in view.enforcements]

    def _n_cut_off(self, view: _View, row: int, start_s: int, stop_s: int | None = None) -> float:
        """Users of an operator cut off at a second, or their integral in seconds."""
        n_users = self.world.users.n_users if self.world.users else 0.0
        n_users *= self.world.operators[row].share * (1 - view.left[row]) * (1 - view.vpn[row])
        return n_users * self.unreached(view, row, start_s, stop_s)

    def _talk(self, t_s: int) -> tuple[float, float, float]:
        """Attention at a second, complaints and loud days since the cut before it."""
        noted_s, attention = self.attention[-1]
        rule = self.world.complaints
        if rule is None or t_s == noted_s:
            return attention, 0.0, 0.0
        days, fade = (t_s - noted_s) / DAY_S, math.log(2) / rule.half_life_d
        base = 0.0
        if self.views:
            view = self.views[-1][1]
            firms_d = len(self.impaired_s) * days
            users_d = math.fsum(
                self._n_cut_off(view, row, noted_s, t_s) / DAY_S
                for row in range(len(self.world.operators))
            )
            people_d = math.fsum(self._people(view)) * days
            base = rule.per_business_per_d * firms_d + rule.per_million_per_d * users_d / 1e6
            base += (rule.per_million_people_per_d or 0.0) * people_d / 1e6
        rate = rule.attention_per_complaint * base / days
        value, talked_d = _riccati(attention, rate, rule.snowball, fade, days)
        loud_d = days + rule.snowball * talked_d
        return value, base / days * loud_d, loud_d

    def _talk_until(self, t_s: int) -> None:
        """End a piece."""
        value, complaints, loud_d = self._talk(t_s)
        self.n_complaints += complaints
        self.loud_d += loud_d
        if t_s > self.attention[-1][0]:
            self.attention.append((t_s, value))

    def _first_above(self, limit: float, from_s: int, to_s: int) -> int | None:
        """First second in ``(from_s, to_s]`` at which attention exceeds a limit."""
        if math.isinf(limit) or self.has_stopped or self.world.complaints is None:
            return None
        # It rises and then falls, if at all: some second among many lies above, or none does.
        step_s = max(1, (to_s - from_s) // 6)
        seconds = [*range(from_s + 1, to_s, step_s), to_s]
        above = [t_s for t_s in seconds if t_s > from_s and self._attention_at(t_s) > limit]
        if not above:
            return None
        low_s, high_s = max((t_s for t_s in seconds if t_s < above[0]), default=from_s), above[0]
        while high_s - low_s > 1:
            middle_s = (low_s + high_s) // 2
            if self._attention_at(middle_s) > limit:
                high_s = middle_s
            else:
                low_s = middle_s
        return high_s

    def _queue_complaint(self, rule: RefComplaints, row: int, t_s: int) -> None:
        """The server that is free first serves first: complaints are filed in order."""
        if not self.servers_free_s:
            return
        server = self.servers_free_s.index(min(self.servers_free_s))
        business = self.world.businesses[row]
        served_s = max(t_s, self.servers_free_s[server]) + business.service_s
        self.servers_free_s[server] = served_s
        if business.verdict_draw < rule.confirmed_share:
            self._plan(served_s + rule.exempt_lag_s, "exempt", row)

    def _attention_at(self, t_s: int) -> float:
        return round(self._talk(t_s)[0], 12)

    def _remember_public_events(self) -> None:
        """What is left at the start of the events before it."""
        for row, (t_s, _) in enumerate(self.pressure_rule.events):
            if t_s < 0:
                self.events.append((0, "public_event", row, ""))
        for t_s, adds in sorted(self.pressure_rule.events):
            if t_s < 0:
                if self.attention == [(0, 0.0)]:
                    self.attention = [(t_s, 0.0)]
                self._raise(t_s, adds)
        self._talk_until(0)

    def _hear_public_events(self, t_s: int) -> None:
        for row in self._take(t_s, "public"):
            self._raise(t_s, self.pressure_rule.events[row][1])
            self.events.append((t_s, "public_event", row, ""))

    def _raise(self, t_s: int, adds: float) -> None:
        self._talk_until(t_s)
        self.attention.append((t_s, 1 - (1 - self.attention[-1][1]) * (1 - adds)))

    def unreached(self, view: _View, row: int, start_s: int, stop_s: int | None = None) -> float:
        """The share of an operator's users that does not reach the target.

        At ``start_s`` or, with ``stop_s``, its integral over ``[start_s, stop_s)`` in seconds.
        """
        if self.world.fronts is None:
            return 0.0
        severity, tau_s = self.world.throttle_severity, self.world.fronts.push_tau_s
        enforcement = view.enforcements[row]
        rented_s: dict[str, list[int]] = {"pass": [], "throttle": [], "drop": []}
        for front_row in view.fronts:
            front = self.fronts[front_row]
            rented_s[enforcement.treatment(front.address)].append(front.rented_s)
        told = self.world.fronts.share_told
        passing, usable = rented_s["pass"], rented_s["pass"] + rented_s["throttle"]
        q = self._none(passing) * _unknown(tuple(passing), told, tau_s, start_s, stop_s)
        g = self._none(usable) * _unknown(tuple(usable), told, tau_s, start_s, stop_s)
        unreached = q - (1 - severity) * (q - g)
        whole = 1 if stop_s is None else stop_s - start_s
        is_named = bool(enforcement.overmatches)
        return whole - self.world.evasion * (whole - unreached) if is_named else unreached

    def _none(self, rented_s: Sequence[int]) -> float:
        """The share of clients who know none of those fronts that are of the start."""
        rule = self.world.fronts
        assert rule is not None
        n, u = rule.n_fronts, sum(t_s == 0 for t_s in rented_s)
        m = n if rule.n_known is None else rule.n_known
        return math.comb(n - u, m) / math.comb(n, m) if u else 1.0

    def _hop(self, t_s: int, view: _View) -> None:
        """Note what share of users is on the way to another front from this second on."""
        if self.world.users is None or self.world.users.hop_s is None or not self.views:
            return
        before = self.views[-1][1]
        for row, (old, new) in enumerate(zip(before.enforcements, view.enforcements, strict=True)):
            usable = [one for one in before.fronts if self._is_usable(old, one)]
            lost = [
                one for one in usable if one not in view.fronts or not self._is_usable(new, one)
            ]
            if lost:
                self.hops.append((t_s, row, Fraction(len(lost), len(usable))))

    def _is_usable(self, enforcement: _Enforcement, front_row: int) -> bool:
        return enforcement.treatment(self.fronts[front_row].address) != "drop"

    def hopping(self, view: _View, row: int, start_s: int, stop_s: int) -> float:
        """Users of an operator who are on the way, as a share of those who are or could be reached.

        Its integral over ``[start_s, stop_s)``, in seconds.
        """
        length_s = self.world.users.hop_s if self.world.users else None
        if length_s is None:
            return 0.0
        hops = [
            (t_s, t_s + length_s, share)
            for t_s, at, share in self.hops
            if at == row and t_s < stop_s and t_s + length_s > start_s
        ]
        edges = {start_s, stop_s, *(edge for first, last, _ in hops for edge in (first, last))}
        total = 0.0
        for a, b in pairwise(sorted(edge for edge in edges if start_s <= edge <= stop_s)):
            staying = math.prod(1 - share for first, last, share in hops if first <= a < last)
            if staying < 1:
                total += float(1 - staying) * (b - a - self.unreached(view, row, a, b))
        return total

    # The state

    def _view(self, t_s: int) -> _View:
        """The state from ``t_s`` on; the one before it when nothing it hangs on differs."""
        enforced = [self._enforced(row, t_s) for row in range(len(self.world.operators))]
        key = (
            tuple(entry.number for entry in self._in_force()),
            tuple(tuple(entry.number for entry in entries) for entries in enforced),
            tuple((conduct.components, conduct.is_elsewhere) for conduct in self.conducts),
            tuple(row for row, front in enumerate(self.fronts) if not front.is_gone),
            tuple(self.vpn),
            tuple(self.left),
        )
        if self.views and self.views[-1][1].key == key:
            return self.views[-1][1]
        enforcements = [
            self._enforcement(operator, entries)
            for operator, entries in zip(self.world.operators, enforced, strict=True)
        ]
        rows = range(len(self.world.businesses))
        met = [[self._met(row, held) for held in enforcements] for row in rows]
        missing = [[share for share, _ in of_operators] for of_operators in met]
        by_cause = [[shares for _, shares in of_operators] for of_operators in met]
        reaching = [
            share * (1 - _exact(vpn)) for share, vpn in zip(self.shares, self.vpn, strict=True)
        ]
        failing = [
            sum((a * b for a, b in zip(reaching, row, strict=True)), ZERO) for row in missing
        ]
        return _View(
            key=key,
            in_force=key[0],
            fronts=key[3],
            vpn=key[4],
            left=key[5],
            enforcements=enforcements,
            components=[conduct.components for conduct in self.conducts],
            missing=missing,
            by_cause=by_cause,
            failing=failing,
            reaching=reaching,
        )

    def _enforcement(self, operator: RefOperator, entries: Sequence[_Entry]) -> _Enforcement:
        n_rules = sum(len(entry.prefixes) for entry in entries)
        is_over = operator.rule_capacity is not None and n_rules > operator.rule_capacity
        return _Enforcement(
            dropped=_union_of(entries, "drop"),
            throttled=_union_of(entries, "throttle"),
            exempt=_union_of(entries, "exempt"),
            overmatches=tuple(entry.overmatch for entry in entries if entry.mechanism == "name"),
            overloaded=_exact(operator.overload_severity) if is_over else ZERO,
        )

    def _met(self, row: int, enforcement: _Enforcement) -> tuple[Fraction, dict[str, Fraction]]:
        """What a business misses at one operator, and how causes share it.

        Remembered by all that it hangs on: few of the times differ in that.
        """
        conduct = self.conducts[row]
        key = (row, conduct.components, conduct.is_elsewhere, enforcement)
        if key not in self.met:
            degrees = self._broken(row, enforcement)
            missing = self._missing(row, enforcement, degrees, CAUSES)
            self.met[key] = missing, self._by_cause(row, enforcement, degrees)
        return self.met[key]

    def _broken(self, row: int, enforcement: _Enforcement) -> list[Fraction]:
        """The degree b to which the component of each role fails by its addresses."""
        severity = _exact(self.world.throttle_severity)
        degree = {"drop": Fraction(1), "throttle": severity, "pass": Fraction(0)}
        broken = []
        for component_row in self.conducts[row].components:
            component = self.world.components[component_row]
            met: dict[int, list[str]] = {4: [], 6: []}
            for text in component.addresses:
                version, number = _numbered(text)
                met[version].append(enforcement.treatment(number))

            def fails(treatments: Sequence[str], mode: str, *, dropped: Fraction) -> Fraction:
                each = [dropped if one == "drop" else degree[one] for one in treatments]
                if mode == "any":
                    # Whoever answers is taken, one that is throttled too: dropped ones do not.
                    answering = [degree[one] for one in treatments if one != "drop"]
                    return min(answering) if answering else dropped
                return sum(each, ZERO) / len(each)

            one = Fraction(1)
            if self.world.share_ipv6 is None or not met[4] or not met[6]:
                broken.append(fails([*met[4], *met[6]], component.mode, dropped=one))
                continue
            # Who has no IPv6 meets IPv4 alone; who has it falls back to that where IPv6 is dropped.
            share = _exact(self.world.share_ipv6)
            without = fails(met[4], component.mode, dropped=one)
            having = fails(met[6], component.mode, dropped=without)
            broken.append((1 - share) * without + share * having)
        return broken

    def _missing(
        self,
        row: int,
        enforcement: _Enforcement,
        degrees: Sequence[Fraction],
        at_work: Sequence[str],
    ) -> Fraction:
        """The share m of the demand of a business at one operator that some causes make fail."""
        business = self.world.businesses[row]
        is_named = any(business.name_draw < overmatch for overmatch in enforcement.overmatches)
        working = Fraction(1)
        if "overloaded_operator" in at_work:
            working -= enforcement.overloaded
        for role, degree in enumerate(degrees):
            broken = degree if self._cause(row, role) in at_work else ZERO
            if role == FRONTEND and is_named and "name" in at_work:
                broken = 1 - (1 - broken) * _exact(self.world.evasion)
            if broken:
                working *= 1 - _exact(business.role_weights[role]) * broken
        return 1 - working

    def _cause(self, row: int, role: int) -> str:
        """What it is put down to when the component of a role fails by its addresses."""
        if self.world.businesses[row].is_third_party[role]:
            return "bought_service"
        is_elsewhere = self.conducts[row].is_elsewhere[role]
        return "component_elsewhere" if is_elsewhere else "own_address"

    def _by_cause(
        self, row: int, enforcement: _Enforcement, degrees: Sequence[Fraction]
    ) -> dict[str, Fraction]:
        """What each cause adds to those before it, as a mean over all sequences of those at work.

        Who alone does nothing adds nothing wherever it stands.
        """
        at_work = [
            cause for cause in CAUSES if self._missing(row, enforcement, degrees, (cause,)) > 0
        ]
        added = dict.fromkeys(CAUSES, ZERO)
        # Whatever the sequence in which they came, the same causes come to the same.
        together: dict[frozenset[str], Fraction] = {frozenset(): ZERO}
        for sequence in permutations(at_work):
            before = ZERO
            for n, cause in enumerate(sequence, start=1):
                causes = frozenset(sequence[:n])
                if causes not in together:
                    together[causes] = self._missing(row, enforcement, degrees, sequence[:n])
                added[cause] += together[causes] - before
                before = together[causes]
        n_sequences = math.factorial(len(at_work))
        return {cause: share / n_sequences for cause, share in added.items()}


def _relax(value: float, pull: float, rate: float, days: float) -> float:
    """``dx/dt = pull - rate * x`` solved over some days."""
    if rate == 0:
        return value
    level = pull / rate
    return level + (value - level) * math.exp(-rate * days)


def _riccati(
    value: float, rate: float, snowball: float, fade: float, days: float
) -> tuple[float, float]:
    """A and its integral after some days of dA/dt = -fade A + (1 - A) rate (1 + snowball A).

    A is y / x with x' = -p x + q y and y' = r x + p y, which is linear. In 45 digits, since the
    integral is a small difference over a small q.
    """
    r, q = rate, rate * snowball
    if r + fade == 0:
        return value, value * days
    if q * days < 1e-20:
        rest, left = r / (r + fade), math.exp(-(r + fade) * days)
        return (
            rest + (value - rest) * left,
            rest * days + (value - rest) * (1 - left) / (r + fade),
        )
    with localcontext() as context:
        context.prec = 45
        a, r_, s, f, t = (Decimal(number) for number in (value, rate, snowball, fade, days))
        q_ = r_ * s
        p = (q_ - r_ - f) / 2
        d = (p * p + q_ * r_).sqrt()
        up = (d * t).exp()
        down = 1 / up
        cosh, sinh = (up + down) / 2, (up - down) / (2 * d)
        x = cosh + sinh * (q_ * a - p)
        y = a * cosh + sinh * (r_ + p * a)
        return float(y / x), float((x.ln() + p * t) / q_)


@lru_cache(maxsize=2**16)
def _unknown(
    rented_s: tuple[int, ...], told: float, tau_s: float, start_s: int, stop_s: int | None
) -> float:
    """The probability that a client knows none of the later fronts; with ``stop_s``, its integral.

    The integral is taken numerically (Gauss and Legendre, pieces of at most half a time constant),
    not by the closed form of the document.
    """
    later_s = np.array([t_s for t_s in rented_s if t_s > 0], float)

    def shares(at_s: np.ndarray) -> np.ndarray:
        known = 1 - np.exp(-(at_s[..., None] - later_s) / tau_s)
        return np.prod(1 - told * known, axis=-1)

    if stop_s is None:
        return float(shares(np.array(start_s)))
    n_pieces = math.ceil((stop_s - start_s) / (tau_s / 2))
    piece_s = (stop_s - start_s) / n_pieces
    middle_s = start_s + (np.arange(n_pieces) + 0.5) * piece_s
    at_nodes = shares(middle_s[:, None] + _NODES * piece_s / 2)
    return float((at_nodes @ _WEIGHTS).sum()) * piece_s / 2


_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(8)


def _union_of(entries: Iterable[_Entry], *mechanisms: str) -> Ranges:
    return _union(
        interval for entry in entries if entry.mechanism in mechanisms for interval in entry.ranges
    )


def _listed(entries: Sequence[_Entry]) -> Ranges:
    return _minus(_union_of(entries, "drop", "throttle"), _union_of(entries, "exempt"))


def _target(run: _Run, users: RefUsers, pieces: Sequence[tuple[int, int, _View]]) -> RefTarget:
    """User-hours of the target's users by where they were, exact on each piece."""
    denied_h, on_vpn_h, left_h, hopping_h = [], [], [], []
    kept_h: list[float] = []
    for start_s, stop_s, view in pieces:
        for row, operator in enumerate(run.world.operators):
            n_users, hours = users.n_users * operator.share, (stop_s - start_s) / HOUR_S
            n_staying, vpn = n_users * (1 - view.left[row]), view.vpn[row]
            unreached_h = run.unreached(view, row, start_s, stop_s) / HOUR_S
            denied_h.append(n_staying * (1 - vpn) * unreached_h)
            on_vpn_h.append(n_staying * vpn * hours)
            kept_h.append(n_staying * (hours - (1 - vpn) * unreached_h))
            left_h.append(n_users * view.left[row] * hours)
            hopping_h.append(
                n_staying * (1 - vpn) * run.hopping(view, row, start_s, stop_s) / HOUR_S
            )
    return RefTarget(
        user_hours_denied=math.fsum(denied_h),
        user_hours_on_vpn=math.fsum(on_vpn_h),
        user_hours_left=math.fsum(left_h),
        user_hours_hopping=math.fsum(hopping_h),
        lost_share=1 - math.fsum(kept_h) / (users.n_users * run.world.horizon_s / HOUR_S),
        vpn_share=tuple(run.vpn),
        left_share=tuple(run.left),
    )


def _target_lost(run: _Run, pieces: Sequence[tuple[int, int, _View]]) -> Curve:
    """Share of attempts that fail at one of a target's given addresses, averaged over users."""
    severity, evasion = _exact(run.world.throttle_severity), _exact(run.world.evasion)
    fails = {"drop": Fraction(1), "throttle": severity, "pass": Fraction(0)}
    given = run.fronts if run.world.fronts and run.world.fronts.given else []
    curve: Curve = []
    for start_s, _, view in pieces if given else ():
        total = Fraction(0)
        for operator, held in zip(run.world.operators, view.enforcements, strict=True):
            works = 1 - sum(fails[held.treatment(one.address)] for one in given) / len(given)
            total += _exact(operator.share) * (1 - works * (evasion if held.overmatches else 1))
        curve.append((start_s, total))
    return _change_points(curve)


def _degraded(
    run: _Run, users: RefUsers | None, pieces: Sequence[tuple[int, int, _View]]
) -> list[tuple[int, float]]:
    """Of the target's users those cut off or hopping, from each tick to the next on average."""
    if users is None or users.hop_s is None:
        return []
    means: list[tuple[int, float]] = []
    for tick_s in range(0, run.world.horizon_s, users.tick_s):
        end_s = min(tick_s + users.tick_s, run.world.horizon_s)
        share_s = [
            operator.share
            * (1 - view.left[row])
            * (1 - view.vpn[row])
            * (run.unreached(view, row, a, b) + run.hopping(view, row, a, b))
            for start_s, stop_s, view in pieces
            if start_s < end_s and stop_s > tick_s
            for a, b in [(max(start_s, tick_s), min(stop_s, end_s))]
            for row, operator in enumerate(run.world.operators)
        ]
        means.append((tick_s, math.fsum(share_s) / (end_s - tick_s)))
    return means


def _missed(values_per_h: Sequence[int], view: _View, row: int) -> int:
    """Domestic demand that fails for users of an operator, in whole micro-dollars an hour."""
    return sum(
        round(value * missing[row])  # round() of a Fraction: half to even
        for value, missing in zip(values_per_h, view.missing, strict=True)
    )


def _user_shares(
    run: _Run, pieces: Sequence[tuple[int, int, _View]], t_s: int
) -> tuple[float, float, float]:
    """Of the target's users at a second: who reach it, are on a VPN, have left."""
    view = next(view for start_s, stop_s, view in pieces if start_s <= t_s < stop_s)
    on_vpn, left, cut_off = [], [], []
    for row, operator in enumerate(run.world.operators):
        staying, vpn = operator.share * (1 - view.left[row]), view.vpn[row]
        on_vpn.append(staying * vpn)
        left.append(operator.share * view.left[row])
        cut_off.append(staying * (1 - vpn) * run.unreached(view, row, t_s))
    return 1 - math.fsum(left + cut_off), math.fsum(on_vpn), math.fsum(left)


# --- Curves


def _curves(
    world: RefWorld, entries: Sequence[_Entry], pieces: Sequence[tuple[int, int, _View]]
) -> dict[str, Curve]:
    """All curves as change points: a point at 0, then one wherever the value changes."""
    target = _ranges_of_prefixes(world.target_prefixes)
    values_per_h = [business.value_micro_usd_per_h for business in world.businesses]
    levels = ("businesses_affected", "businesses_impaired", "businesses_down")
    sampled: dict[str, Curve] = {}
    counts = {"addresses": _n_addresses} | ({"networks": _n_networks} if world.has_ipv6 else {})
    for start_s, _, view in pieces:
        listed = _listed([entries[number] for number in view.in_force])
        dropped = [
            _minus(_union((*held.dropped, *held.throttled)), held.exempt)
            for held in view.enforcements
        ]
        lost = sum(
            (
                reaching * _missed(values_per_h, view, row)
                for row, reaching in enumerate(view.reaching)
            ),
            ZERO,
        )
        values: dict[str, CurveValue] = {
            f"{counted}_{what}": value
            for counted, size in counts.items()
            for what, value in (
                ("listed", size(_minus(listed, target))),
                (
                    "dropped",
                    sum(
                        (
                            _exact(operator.share) * size(_minus(ranges, target))
                            for operator, ranges in zip(world.operators, dropped, strict=True)
                        ),
                        ZERO,
                    ),
                ),
            )
        }
        values |= {
            "demand_lost_share": Fraction(lost, sum(values_per_h)) if any(values_per_h) else None
        }
        for level, threshold in zip(levels, world.thresholds, strict=True):
            values[level] = sum(share > _exact(threshold) for share in view.failing)
        for name, value in values.items():
            sampled.setdefault(name, []).append((start_s, value))
    return {name: _change_points(curve) for name, curve in sampled.items()}


def _listed_of(run: _Run, pieces: Sequence[tuple[int, int, _View]]) -> dict[str, Curve]:
    """Addresses that are listed and not the target's own: of each provider, and of none."""
    pools = run.world.fronts.pools if run.world.fronts else ()
    held = {pool.provider: run.provider_ranges(pool.provider) for pool in pools}
    rented = _union(interval for ranges in held.values() for interval in ranges)
    own = _ranges_of_prefixes(run.world.target_prefixes)
    found: dict[str, Curve] = {name: [] for name in (*held, "")}
    for start_s, _, view in pieces:
        listed = _minus(_listed([run.entries[number] for number in view.in_force]), own)
        for name, ranges in held.items():
            n = _n_addresses(listed) - _n_addresses(_minus(listed, ranges))
            found[name].append((start_s, n))
        found[""].append((start_s, _n_addresses(_minus(listed, rented))))
    return {name: _change_points(curve) for name, curve in found.items()}


def _change_points(curve: Curve) -> Curve:
    """The first point, and each later point whose value is not that of the point before it."""
    return curve[:1] + [point for before, point in pairwise(curve) if point[1] != before[1]]


# --- Demand and the ledger


def _mean_demand_h(world: RefWorld, profile: Sequence[int], start_s: int, stop_s: int) -> Fraction:
    """Demand over ``[start_s, stop_s)`` in hours of mean demand, hour of the week by hour."""
    weighted_s = 0
    t_s = start_s
    while t_s < stop_s:
        second_of_week = (world.start_second_of_week + t_s) % (WEEK_H * HOUR_S)
        hour_end_s = t_s + HOUR_S - second_of_week % HOUR_S
        next_s = min(hour_end_s, stop_s)
        weighted_s += profile[second_of_week // HOUR_S] * (next_s - t_s)
        t_s = next_s
    mean_weight = Fraction(sum(profile), WEEK_H)
    return weighted_s / mean_weight / HOUR_S


def _ledger_row(
    world: RefWorld,
    business: RefBusiness,
    pieces: Sequence[tuple[int, int, Fraction]],
    worst_share: Fraction,
) -> RefLedgerRow:
    """The ledger of one business from its failing share on each piece."""
    affected, impaired, down = (_exact(threshold) for threshold in world.thresholds)
    lost_below = ZERO
    spells: list[_Spell] = []
    for start_s, stop_s, share in pieces:
        lost_h = ZERO
        if share:
            lost_h = share * _mean_demand_h(world, business.profile, start_s, stop_s)
        if share <= affected:
            lost_below += lost_h
        elif spells and spells[-1].stop_s == start_s:  # the spell of the piece before goes on
            spells[-1] = _Spell(spells[-1].start_s, stop_s, spells[-1].lost_h + lost_h)
        else:
            spells.append(_Spell(start_s, stop_s, lost_h))

    lost_by_length = [
        sum((s.lost_h for s in spells if a <= Fraction(s.stop_s - s.start_s, HOUR_S) < b), ZERO)
        for a, b in pairwise((0, 1, 6, 24, 3 * 24, 14 * 24, math.inf))
    ]

    def time_above(threshold: Fraction) -> int:
        return sum(stop_s - start_s for start_s, stop_s, share in pieces if share > threshold)

    cut_off = [(start_s, stop_s) for start_s, stop_s, share in pieces if share > impaired]
    return RefLedgerRow(
        lost_demand_h_below_threshold=lost_below,
        lost_demand_h_under_1_h=lost_by_length[0],
        lost_demand_h_1_to_6_h=lost_by_length[1],
        lost_demand_h_6_to_24_h=lost_by_length[2],
        lost_demand_h_1_to_3_d=lost_by_length[3],
        lost_demand_h_3_to_14_d=lost_by_length[4],
        lost_demand_h_over_14_d=lost_by_length[5],
        affected_s=time_above(affected),
        impaired_s=time_above(impaired),
        down_s=time_above(down),
        first_outage_s=spells[0].start_s if spells else None,
        last_outage_s=spells[-1].stop_s if spells else None,
        first_cut_off_s=cut_off[0][0] if cut_off else None,
        last_cut_off_s=cut_off[-1][1] if cut_off else None,
        n_spells=len(spells),
        is_affected_at_end=bool(spells) and spells[-1].stop_s == world.horizon_s,
        worst_share=worst_share,
    )


def _worst_share(world: RefWorld, missing: Sequence[Sequence[Fraction]]) -> Fraction:
    """The largest share of attempts that fails on any piece, were nobody on a VPN."""
    shares = [_exact(operator.share) for operator in world.operators]
    failing = [sum((s * m for s, m in zip(shares, row, strict=True)), ZERO) for row in missing]
    return max(failing, default=ZERO)


# --- By operator and by cause


def _at_operator(
    world: RefWorld, operator_row: int, pieces: Sequence[tuple[int, int, _View]]
) -> RefAtOperator:
    """States of businesses at one operator, and the demand that each cause made fail there."""
    n_ever, time_s = [], []
    for threshold in world.thresholds:
        above = [
            [missing[operator_row] > _exact(threshold) for missing in view.missing]
            for _, _, view in pieces
        ]
        n_ever.append(sum(map(any, zip(*above, strict=True))))
        time_s.append(
            sum(
                (stop_s - start_s) * sum(states)
                for (start_s, stop_s, _), states in zip(pieces, above, strict=True)
            )
        )
    lost = dict.fromkeys(CAUSES, ZERO)
    for start_s, stop_s, view in pieces:
        for business, by_cause in zip(world.businesses, view.by_cause, strict=True):
            if any(by_cause[operator_row].values()):
                demand_h = _mean_demand_h(world, business.profile, start_s, stop_s)
                worth = business.value_micro_usd_per_h * view.reaching[operator_row] * demand_h
                for cause, share in by_cause[operator_row].items():
                    lost[cause] += worth * share
    return RefAtOperator(tuple(n_ever), tuple(time_s), lost)


def _pair(
    world: RefWorld, row: int, operator: int, pieces: Sequence[tuple[int, int, _View]]
) -> RefPair:
    """Time of one business above each threshold at one operator, and demand it lost there."""
    lost_h = ZERO
    time_s = [0] * len(world.thresholds)
    for start_s, stop_s, view in pieces:
        share = view.missing[row][operator]
        for place, threshold in enumerate(world.thresholds):
            time_s[place] += (stop_s - start_s) * (share > _exact(threshold))
        if share:
            demand_h = _mean_demand_h(world, world.businesses[row].profile, start_s, stop_s)
            lost_h += view.reaching[operator] * share * demand_h
    return RefPair(tuple(time_s), lost_h)


def _lost_by_cause(
    world: RefWorld, row: int, pieces: Sequence[tuple[int, int, _View]]
) -> dict[str, Fraction]:
    """Demand of one business that each cause made fail, in hours of its mean demand."""
    lost = dict.fromkeys(CAUSES, ZERO)
    for start_s, stop_s, view in pieces:
        shares = {
            cause: sum(
                (
                    reaching * by_cause[cause]
                    for reaching, by_cause in zip(view.reaching, view.by_cause[row], strict=True)
                ),
                ZERO,
            )
            for cause in CAUSES
        }
        if any(shares.values()):
            profile = world.businesses[row].profile
            demand_h = _mean_demand_h(world, profile, start_s, stop_s)
            for cause, share in shares.items():
                lost[cause] += share * demand_h
    return lost
