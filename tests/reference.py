"""Independent slow reference of the simulator, for tests that compare two implementations.

Written from ``docs/explanation/model.md`` alone; it shares no code with the engine and its author
did not read the engine. A small world goes in; curves, ledger and events come out, all exact:
floats are taken as the fractions they are, and nothing is rounded but where the document says so.

There is no clock and no queue. Every entry has an interval of time in which it is in force; every
pair of operator and entry has an interval in which the entry is dropped. Each interval is found by
itself from the definitions. The ends of all intervals cut ``[0, horizon_s)`` into pieces, and on
each piece the whole state is computed anew. Intervals are half-open ``[start, stop)`` throughout.

It refuses what the document does not define: orders before the start, IPv6, prefixes with host bits
set. It knows nothing of sectors, providers, random draws or the splits by role.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from ipaddress import IPv4Address, IPv4Network, collapse_addresses
from itertools import pairwise

HOUR_S = 3600
DAY_S = 24 * HOUR_S
WEEK_H = 7 * 24

CurveValue = int | Fraction | None
Curve = list[tuple[int, CurveValue]]
Event = tuple[int, str, int, str]


@dataclass(frozen=True)
class RefOrder:
    """One order: ``action`` is ``'block'`` or ``'unblock'``."""

    t_s: int
    action: str
    prefix: str


@dataclass(frozen=True)
class RefOperator:
    """One operator group; ``enforces`` holds the prefixes whose entries it enforces."""

    share: float
    poll_interval_s: int
    poll_phase_s: int
    apply_lag_s: int
    release_lag_s: int
    enforces: frozenset[str]


@dataclass(frozen=True)
class RefBusiness:
    """One business: an address and a weight per role, and the weight of each hour of the week."""

    addresses: tuple[str, ...]
    role_weights: tuple[float, ...]
    profile: tuple[int, ...]
    value_micro_usd_per_h: int


@dataclass(frozen=True)
class RefWorld:
    """Everything the outcome depends on.

    ``orders`` are in table order. ``cadence`` holds rows ``(from_s, every_s)`` with ``from_s``
    ascending, which may be negative. ``start_second_of_week`` counts from Monday 00:00 local time
    to t = 0 and is taken modulo one week. ``thresholds`` are affected, impaired, down.
    """

    horizon_s: int
    start_second_of_week: int
    cadence: tuple[tuple[int, int], ...]
    orders: tuple[RefOrder, ...]
    operators: tuple[RefOperator, ...]
    businesses: tuple[RefBusiness, ...]
    target_prefixes: tuple[str, ...]
    thresholds: tuple[float, float, float]


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
    n_spells: int
    is_affected_at_end: bool


@dataclass(frozen=True)
class RefOutcome:
    """Curves by name, one ledger row per business in the order given, and sorted events."""

    curves: dict[str, Curve]
    ledger: list[RefLedgerRow]
    events: list[Event]


@dataclass(frozen=True)
class _Hold:
    """One entry holding its prefix for the time ``[start_s, stop_s)``; stop None: never ends."""

    network: IPv4Network
    start_s: int
    stop_s: int | None

    def holds_at(self, t_s: int) -> bool:
        return self.start_s <= t_s and (self.stop_s is None or t_s < self.stop_s)


@dataclass(frozen=True)
class _Entry(_Hold):
    """One block order, held in force by the register; ``number`` counts in order of placing."""

    number: int


@dataclass(frozen=True)
class _Dropping(_Hold):
    """One entry, held dropped by one operator."""

    operator_row: int


@dataclass(frozen=True)
class _Spell:
    """A maximal time ``[start_s, stop_s)`` in which a business is affected."""

    start_s: int
    stop_s: int
    lost_h: Fraction


def simulate_reference(world: RefWorld) -> RefOutcome:
    """Outcome of a world over ``[0, horizon_s)``.

    Raises
    ------
    ValueError
        If an order withdraws a prefix of which no entry is in force, or the world is outside what
        the document defines (see the module docstring).
    """
    _check_world(world)
    orders = _orders_by_time(world)
    entries = _entries_of(orders)
    droppings = [
        dropping
        for operator_row in range(len(world.operators))
        for entry in entries
        if (dropping := _dropping_of(world, operator_row, entry)) is not None
    ]

    cuts = {0, world.horizon_s}
    holds: list[_Hold] = [*entries, *droppings]
    for hold in holds:
        cuts.update(t_s for t_s in (hold.start_s, hold.stop_s) if t_s is not None)
    times = sorted(t_s for t_s in cuts if 0 <= t_s <= world.horizon_s)
    pieces = list(pairwise(times))

    # One row per piece: the networks each operator drops, and the lost share of each business.
    dropped = [_networks_dropped(world, droppings, start_s) for start_s, _ in pieces]
    failing = [
        [_failing_share(world, business, networks) for business in world.businesses]
        for networks in dropped
    ]
    return RefOutcome(
        curves=_curves(world, entries, pieces, dropped, failing),
        ledger=[
            _ledger_row(world, business, pieces, [shares[business_row] for shares in failing])
            for business_row, business in enumerate(world.businesses)
        ],
        events=sorted(_events(world, orders, entries, droppings)),
    )


def _check_world(world: RefWorld) -> None:
    """Refuse worlds the document gives no meaning to."""
    if world.horizon_s <= 0:
        raise ValueError(f"horizon_s: expected > 0, got {world.horizon_s}")
    if any(later[0] <= earlier[0] for earlier, later in pairwise(world.cadence)):
        raise ValueError("cadence: expected from_s ascending")
    if any(every_s <= 0 for _, every_s in world.cadence):
        raise ValueError("cadence: expected every_s > 0")
    for order in world.orders:
        if order.action not in ("block", "unblock"):
            raise ValueError(f"action: expected block or unblock, got {order.action!r}")
        if order.t_s < 0:
            raise ValueError(f"order at {order.t_s} s: expected a time from the start on")
    for operator in world.operators:
        if operator.poll_interval_s <= 0 or operator.poll_phase_s < 0:
            raise ValueError("operator: expected poll_interval_s > 0 and poll_phase_s >= 0")
        if operator.apply_lag_s < 0 or operator.release_lag_s < 0:
            raise ValueError("operator: expected lags >= 0")
    for business in world.businesses:
        if len(business.profile) != WEEK_H or sum(business.profile) <= 0:
            raise ValueError(f"profile: expected {WEEK_H} weights with a positive sum")


# --- Orders and the register


def _orders_by_time(world: RefWorld) -> list[RefOrder]:
    """Orders that happen: before the horizon, by time, in table order within one second."""
    happening = [order for order in world.orders if order.t_s < world.horizon_s]
    return sorted(happening, key=lambda order: order.t_s)  # sorted() keeps ties in table order


def _entries_of(orders: Sequence[RefOrder]) -> list[_Entry]:
    """Entries in the order they were placed, those in force for zero seconds among them."""
    started: list[tuple[IPv4Network, int]] = []
    stopped_at: dict[int, int] = {}
    for order in orders:
        network = IPv4Network(order.prefix)
        if order.action == "block":
            started.append((network, order.t_s))
            continue
        in_force = [
            number
            for number, (held, _) in enumerate(started)
            if held == network and number not in stopped_at
        ]
        if not in_force:
            raise ValueError(f"unblock at {order.t_s} s: no entry of {network} in force")
        stopped_at[in_force[0]] = order.t_s
    return [
        _Entry(network, start_s, stopped_at.get(number), number)
        for number, (network, start_s) in enumerate(started)
    ]


def _latest_version_time(world: RefWorld, t_s: int) -> int | None:
    """Time of the last tick of the cadence at or before ``t_s``; None before the first tick."""
    begun = [row for row in world.cadence if row[0] <= t_s]
    if not begun:
        return None
    from_s, every_s = begun[-1]
    return from_s + (t_s - from_s) // every_s * every_s


def _publications(world: RefWorld, entries: Sequence[_Entry]) -> list[int]:
    """Ticks in ``[0, horizon_s)`` whose version shows other entries than the version before."""
    publications: list[int] = []
    shown_before: set[int] = set()  # nothing is listed before the first order
    for row, (from_s, every_s) in enumerate(world.cadence):
        is_last = row + 1 == len(world.cadence)
        end_s = world.horizon_s if is_last else min(world.cadence[row + 1][0], world.horizon_s)
        first_s = from_s if from_s >= 0 else from_s + -(from_s // every_s) * every_s
        for tick_s in range(first_s, end_s, every_s):
            shown = {entry.number for entry in entries if entry.holds_at(tick_s)}
            if shown != shown_before:
                publications.append(tick_s)
                shown_before = shown
    return publications


# --- Operators


def _dropping_of(world: RefWorld, operator_row: int, entry: _Entry) -> _Dropping | None:
    """When an operator drops an entry, or None when it never does."""
    operator = world.operators[operator_row]
    if entry.network not in {IPv4Network(prefix) for prefix in operator.enforces}:
        return None
    first_seen_s: int | None = None
    first_missed_s: int | None = None
    for download_s in range(operator.poll_phase_s, world.horizon_s, operator.poll_interval_s):
        version_s = _latest_version_time(world, download_s)
        is_shown = version_s is not None and entry.holds_at(version_s)
        if first_seen_s is None and is_shown:
            first_seen_s = download_s
        if first_seen_s is not None and not is_shown:
            first_missed_s = download_s
            break  # an entry once withdrawn never comes back
    if first_seen_s is None:
        return None
    start_s = first_seen_s + operator.apply_lag_s
    stop_s = None if first_missed_s is None else first_missed_s + operator.release_lag_s
    if stop_s is not None and start_s >= stop_s:
        return None
    return _Dropping(entry.network, start_s, stop_s, operator_row)


def _networks_dropped(
    world: RefWorld, droppings: Iterable[_Dropping], t_s: int
) -> list[set[IPv4Network]]:
    """Networks each operator drops at ``t_s``, one set per operator."""
    dropped: list[set[IPv4Network]] = [set() for _ in world.operators]
    for dropping in droppings:
        if dropping.holds_at(t_s):
            dropped[dropping.operator_row].add(dropping.network)
    return dropped


# --- Counts of addresses


def _n_addresses(networks: Iterable[IPv4Network]) -> int:
    """Distinct addresses in the union of the networks."""
    return sum(network.num_addresses for network in collapse_addresses(networks))


def _n_addresses_outside(networks: Iterable[IPv4Network], target: Sequence[IPv4Network]) -> int:
    """Distinct addresses of the networks that are not in the target: |A or T| - |T|."""
    return _n_addresses([*networks, *target]) - _n_addresses(target)


# --- Businesses


def _failing_share(
    world: RefWorld, business: RefBusiness, dropped: Sequence[set[IPv4Network]]
) -> Fraction:
    """The share ``u`` of the business's domestic demand that fails."""
    failing = Fraction(0)
    for operator, networks in zip(world.operators, dropped, strict=True):
        working = Fraction(1)
        for text, weight in zip(business.addresses, business.role_weights, strict=True):
            address = IPv4Address(text)
            if any(address in network for network in networks):
                working *= 1 - Fraction(weight)
        failing += Fraction(operator.share) * (1 - working)
    return failing


def _demand_lost_share(
    businesses: Sequence[RefBusiness], shares: Sequence[Fraction]
) -> Fraction | None:
    """Lost value over all value, in whole micro-dollars; None when there is no value at all."""
    total = sum(business.value_micro_usd_per_h for business in businesses)
    if total == 0:
        return None
    lost = sum(
        round(business.value_micro_usd_per_h * share)  # round() of a Fraction: half to even
        for business, share in zip(businesses, shares, strict=True)
    )
    return Fraction(lost, total)


# --- Curves


def _curves(
    world: RefWorld,
    entries: Sequence[_Entry],
    pieces: Sequence[tuple[int, int]],
    dropped: Sequence[Sequence[set[IPv4Network]]],
    failing: Sequence[Sequence[Fraction]],
) -> dict[str, Curve]:
    """All curves as change points: a point at 0, then one wherever the value changes."""
    target = [IPv4Network(prefix) for prefix in world.target_prefixes]
    levels = ("businesses_affected", "businesses_impaired", "businesses_down")
    sampled: dict[str, Curve] = {}
    for (start_s, _), networks_by_operator, shares in zip(pieces, dropped, failing, strict=True):
        listed = [entry.network for entry in entries if entry.holds_at(start_s)]
        values: dict[str, CurveValue] = {
            "addresses_listed": _n_addresses_outside(listed, target),
            "addresses_listed_with_target": _n_addresses(listed),
            "addresses_dropped": sum(
                (
                    Fraction(operator.share) * _n_addresses_outside(networks, target)
                    for operator, networks in zip(
                        world.operators, networks_by_operator, strict=True
                    )
                ),
                start=Fraction(0),
            ),
            "demand_lost_share": _demand_lost_share(world.businesses, shares),
        }
        for level, threshold in zip(levels, world.thresholds, strict=True):
            values[level] = sum(share > Fraction(threshold) for share in shares)
        for name, value in values.items():
            sampled.setdefault(name, []).append((start_s, value))
    return {name: _change_points(curve) for name, curve in sampled.items()}


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
    pieces: Sequence[tuple[int, int]],
    shares: Sequence[Fraction],
) -> RefLedgerRow:
    """The ledger of one business from its failing share on each piece."""
    affected, impaired, down = (Fraction(threshold) for threshold in world.thresholds)
    lost_below = Fraction(0)
    spells: list[_Spell] = []
    for (start_s, stop_s), share in zip(pieces, shares, strict=True):
        lost_h = share * _mean_demand_h(world, business.profile, start_s, stop_s)
        if share <= affected:
            lost_below += lost_h
        elif spells and spells[-1].stop_s == start_s:  # the spell of the piece before goes on
            spells[-1] = _Spell(spells[-1].start_s, stop_s, spells[-1].lost_h + lost_h)
        else:
            spells.append(_Spell(start_s, stop_s, lost_h))

    def lost_in_spells(from_s: int, to_s: int | None) -> Fraction:
        """Demand lost in spells of length ``[from_s, to_s)``; None: any length from there on."""
        return sum(
            (
                spell.lost_h
                for spell in spells
                if from_s <= spell.stop_s - spell.start_s
                and (to_s is None or spell.stop_s - spell.start_s < to_s)
            ),
            start=Fraction(0),
        )

    def time_above(threshold: Fraction) -> int:
        return sum(
            stop_s - start_s
            for (start_s, stop_s), share in zip(pieces, shares, strict=True)
            if share > threshold
        )

    return RefLedgerRow(
        lost_demand_h_below_threshold=lost_below,
        lost_demand_h_under_1_h=lost_in_spells(0, HOUR_S),
        lost_demand_h_1_to_6_h=lost_in_spells(HOUR_S, 6 * HOUR_S),
        lost_demand_h_6_to_24_h=lost_in_spells(6 * HOUR_S, DAY_S),
        lost_demand_h_1_to_3_d=lost_in_spells(DAY_S, 3 * DAY_S),
        lost_demand_h_3_to_14_d=lost_in_spells(3 * DAY_S, 14 * DAY_S),
        lost_demand_h_over_14_d=lost_in_spells(14 * DAY_S, None),
        affected_s=time_above(affected),
        impaired_s=time_above(impaired),
        down_s=time_above(down),
        first_outage_s=spells[0].start_s if spells else None,
        last_outage_s=spells[-1].stop_s if spells else None,
        n_spells=len(spells),
        is_affected_at_end=bool(spells) and spells[-1].stop_s == world.horizon_s,
    )


# --- Events


def _events(
    world: RefWorld,
    orders: Sequence[RefOrder],
    entries: Sequence[_Entry],
    droppings: Sequence[_Dropping],
) -> Iterator[Event]:
    """Every event in ``[0, horizon_s)``, in no particular order."""
    for order in orders:
        yield order.t_s, order.action, -1, str(IPv4Network(order.prefix))

    publications = _publications(world, entries)
    for published_s in publications:
        yield published_s, "published", -1, ""

    for operator_row, operator in enumerate(world.operators):
        n_seen_before = 0  # versions published up to the download before; 0: no version yet
        for download_s in range(operator.poll_phase_s, world.horizon_s, operator.poll_interval_s):
            n_seen = sum(published_s <= download_s for published_s in publications)
            if n_seen != n_seen_before:
                yield download_s, "downloaded", operator_row, ""
            n_seen_before = n_seen

    for dropping in droppings:
        prefix = str(dropping.network)
        if dropping.start_s < world.horizon_s:
            yield dropping.start_s, "enforced", dropping.operator_row, prefix
        if dropping.stop_s is not None and dropping.stop_s < world.horizon_s:
            yield dropping.stop_s, "released", dropping.operator_row, prefix
