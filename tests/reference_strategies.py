"""The rules of the strategies a second time, plain and slow, and an example of each strategy.

Written from ``docs/explanation/strategies.md`` alone; it shares no code with the engine. All tests
that hold for every strategy take their strategies from ``EXAMPLES``; what is asked for there is in
the words of the scenario language. Sets of
addresses are sorted tuples of half-open intervals, as in ``tests/reference.py``. ``cover`` is not
among them: its least cover has references of its own (``tests/property/test_cover_exactness.py``).

Where the document leaves something open, the rule here takes the plain reading:

- of the times at which a strategy wanted to look again, the one it named last counts;
- a block order is asked for whether a limit will refuse it or not, and holds its addresses for the
  rest of the decision either way.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np

from sim.scenario import strategies as ask
from sim.scenario.quantities import Model
from tests.reference import (
    IPV4_STOP,
    Ranges,
    RefAnswer,
    RefOrder,
    RefSight,
    RefStrategy,
    _holds,
    _minus,
    _prefixes_of,
    _ranges_of_prefixes,
    _size,
)

HOUR = 3600
DAY = 24 * HOUR
SetOf = Callable[[RefSight, int, str], Ranges]
EVERYTHING: Ranges = ((0, IPV4_STOP),)
EVERYTHING_OF_BOTH: Ranges = (*EVERYTHING, (0x2000 << 112, 0x4000 << 112))
"""All there is where a world holds IPv6: 2000::/3 of it."""


def prefix(address: int, length: int) -> Ranges:
    """The prefix of a length that holds an address; of IPv6 twice as long, or a single address."""
    if address < IPV4_STOP:
        return _around(address, 2 ** (32 - length))
    return _around(address, 2 ** (128 - 2 * length) if length < 32 else 1)


def _around(address: int, size: int) -> Ranges:
    return ((address // size * size, address // size * size + size),)


def _order(sight: RefSight, action: str, ranges: Ranges, mechanism: str = "drop") -> RefOrder:
    return RefOrder(sight.t_s, action, mechanism, _prefixes_of(ranges))


def _open(sight: RefSight, mechanism: str) -> list[tuple[int, str, int]]:
    """Known fronts, not exempt, that no entry in force of a mechanism holds."""
    listed = [ranges for kind, ranges, _ in sight.in_force if kind == mechanism]
    return [
        front
        for front in sight.fronts
        if not _holds(sight.exempt, front[0]) and not any(_holds(r, front[0]) for r in listed)
    ]


def _answers(
    sight: RefSight,
    fronts: Iterable[tuple[int, str, int]],
    set_of: SetOf,
    mechanism: str = "drop",
) -> list[RefOrder]:
    """Block the set of each front less exempt, unless an order of this decision holds the front."""
    asked: list[Ranges] = []
    for address, provider, _ in fronts:
        if not any(_holds(ranges, address) for ranges in asked):
            asked.append(_minus(set_of(sight, address, provider), sight.exempt))
    return [_order(sight, "block", ranges, mechanism) for ranges in asked]


def _of_each_front(set_of: SetOf, mechanism: str = "drop") -> RefStrategy:
    def decide(sight: RefSight) -> RefAnswer:
        return RefAnswer(tuple(_answers(sight, _open(sight, mechanism), set_of, mechanism)))

    return decide


def aggregate(length: int) -> RefStrategy:
    """The enclosing prefix of a length."""
    return _of_each_front(lambda sight, address, provider: prefix(address, length))


def throttle(length: int) -> RefStrategy:
    """The same, throttled."""
    return _of_each_front(lambda sight, address, provider: prefix(address, length), "throttle")


def _n_shared(one: Ranges, other: Ranges) -> int:
    """Addresses of both sets."""
    return _size(one) - _size(_minus(one, other))


def _largest(address: int, held: Ranges, purity: float, shortest: int) -> Ranges:
    """The largest prefix around an address that is pure enough, or the address alone."""
    if address >= IPV4_STOP:
        for length in range(2 * shortest, 65):
            wide = _around(address, 2 ** (128 - length))
            if _n_shared(wide, held) >= Fraction(purity) * 2 ** (128 - length):
                return wide
        return _around(address, 1)
    for length in range(shortest, 32):
        wide = prefix(address, length)
        if _n_shared(wide, held) >= Fraction(purity) * 2 ** (32 - length):
            return wide
    return prefix(address, 32)


def _covering(purity: float, shortest: int) -> SetOf:
    def set_of(sight: RefSight, address: int, provider: str) -> Ranges:
        return _largest(address, sight.holdings.get(provider, ()), purity, shortest)

    return set_of


def covering_prefix(purity: float, shortest: int = 8) -> RefStrategy:
    """The largest prefix that is pure enough."""
    return _of_each_front(_covering(purity, shortest))


def whole_provider() -> RefStrategy:
    """All that a provider has; the address alone where no provider holds it."""
    return _of_each_front(
        lambda sight, address, provider: sight.holdings.get(provider) or prefix(address, 32)
    )


def _region(sight: RefSight, address: int, provider: str) -> Ranges:
    """All that a provider has in the region of an address; or the address alone."""
    regions = (ranges for ranges in sight.regions.get(provider, ()) if _holds(ranges, address))
    return next(regions, prefix(address, 32))


def provider_region() -> RefStrategy:
    """All that a provider has in the region of the front."""
    return _of_each_front(_region)


@dataclass(frozen=True)
class Step:
    """A step of an escalation: the set around a front, and around an address of what is in force.

    ``around`` takes the address, the ranges of the region and those of the provider.
    """

    around: Callable[[int, Ranges, Ranges], Ranges]

    def at_front(self, sight: RefSight, address: int, provider: str) -> Ranges:
        region = _region(sight, address, provider)
        return self.around(address, region, sight.holdings.get(provider, ()))

    def at_entry(self, sight: RefSight, ranges: Ranges) -> Ranges:
        """Of an entry with those addresses, if it is of this step."""
        regions = [region for mine in sight.regions.values() for region in mine]
        region = max(regions, key=lambda held: _n_shared(ranges, held), default=())
        provider = max(
            sight.holdings.values(), key=lambda held: _n_shared(ranges, held), default=()
        )
        whose = [held if _n_shared(ranges, held) else () for held in (region, provider)]
        return _minus(self.around(ranges[0][0], *whose), sight.exempt)


def _steps(
    lengths: Sequence[int] = (), rules: Sequence[str] = (), purity: float = 1, shortest: int = 8
) -> list[Step]:
    """Steps of an escalation by lengths, or by what whois tells."""
    of: dict[str, Callable[[int, Ranges, Ranges], Ranges]] = {
        "region-prefix": lambda a, region, provider: _largest(a, region, purity, shortest),
        "provider-prefix": lambda a, region, provider: _largest(a, provider, purity, shortest),
        "region": lambda a, region, provider: region or prefix(a, 32),
        "provider": lambda a, region, provider: provider or prefix(a, 32),
    }
    by_length = [Step(lambda address, region, provider, n=n: prefix(address, n)) for n in lengths]
    return by_length or [Step(of[name]) for name in rules]


def escalate(patience_h: float, goal: float, **kind: Any) -> RefStrategy:
    """One step wider after each patience, while the target is reached."""
    steps, patience_s = _steps(**kind), int(patience_h * HOUR)

    def step_of(sight: RefSight, ranges: Ranges) -> int | None:
        return next((j for j, s in enumerate(steps) if s.at_entry(sight, ranges) == ranges), None)

    def wider(sight: RefSight, step: Step) -> list[RefOrder]:
        in_force = [ranges for kind, ranges, _ in sight.in_force if kind == "drop"]
        fresh = [
            front
            for front in sight.fronts
            if not _holds(sight.exempt, front[0])
            and _minus(step.at_front(sight, *front[:2]), sight.exempt) not in in_force
        ]
        return _answers(sight, fresh, step.at_front)

    def decide(sight: RefSight) -> RefAnswer:
        placed = [
            (step, placed_s)
            for kind, ranges, placed_s in sight.in_force
            if kind == "drop" and (step := step_of(sight, ranges)) is not None
        ]
        now = max((step for step, _ in placed), default=0)
        since_s = min((placed_s for step, placed_s in placed if step == now), default=None)
        is_reached = sight.reached is None or round(sight.reached, 12) >= goal
        next_orders = [orders for step in steps[now + 1 :] if (orders := wider(sight, step))]
        is_over = since_s is not None and sight.t_s >= since_s + patience_s
        if is_reached and is_over and next_orders:
            orders, began_s, has_more = next_orders[0], sight.t_s, True
        else:
            orders = _answers(sight, _open(sight, "drop"), steps[now].at_front)
            began_s = since_s if since_s is not None else sight.t_s
            has_more = now + 1 < len(steps) and bool(placed or orders)
        if not has_more:
            return RefAnswer(tuple(orders))
        over_s = began_s + patience_s
        later_s = sight.t_s + max(patience_s // 4, 1)
        return RefAnswer(tuple(orders), over_s if over_s > sight.t_s else later_s)

    return decide


def name(overmatch: float) -> RefStrategy:
    """One order for a name, and again only if it is no longer in force: ``dns`` and ``sni``."""

    def decide(sight: RefSight) -> RefAnswer:
        if any(kind == "name" for kind, _, _ in sight.in_force):
            return RefAnswer()
        return RefAnswer((RefOrder(sight.t_s, "block", "name", (), overmatch),))

    return decide


def allow_list(allowed: Sequence[str], everything: Ranges = EVERYTHING) -> RefStrategy:
    """One order for all that is not allowed, and again only if nothing is dropped."""

    def decide(sight: RefSight) -> RefAnswer:
        if any(kind == "drop" for kind, _, _ in sight.in_force):
            return RefAnswer()
        ranges = _minus(everything, _ranges_of_prefixes(allowed))
        return RefAnswer((_order(sight, "block", ranges),))

    return decide


def time_window(
    windows: Sequence[tuple[int, int]],
    length: int = 32,
    share_at_start: float = 1.0,
    share_in_session: float = 1.0,
    share_in_session_sd_logit: float = 0.0,
    share_in_session_memory_d: float | None = None,
    front_sd_logit: float = 0.0,
    front_leave_per_d: float = 0.0,
    front_return_per_d: float = 0.0,
) -> RefStrategy:
    """As aggregate inside sessions, for fronts that are due; all is withdrawn at their end."""

    def luck(stream: int, *key: int) -> np.random.Generator:
        return np.random.default_rng(np.random.SeedSequence(0, spawn_key=(0, stream, *key)))

    def around(sight: RefSight, address: int, provider: str) -> Ranges:
        return prefix(address, length)

    def days_before(k: int) -> float:
        return (windows[k][0] - windows[k - 1][0]) / DAY

    def level(k: int) -> float:
        own = share_in_session_sd_logit * float(luck(36, k).standard_normal())
        if k == 0:
            return own
        memory_d = share_in_session_memory_d
        r = 0.0 if memory_d is None else math.exp(-days_before(k) / memory_d)
        return r * level(k - 1) + math.sqrt(1 - r**2) * own

    def first_of(discovered_s: int) -> int:
        return next(k for k, (_, stop) in enumerate(windows) if stop > discovered_s)

    def is_active(k: int, address: int, discovered_s: int) -> bool:
        both = front_leave_per_d + front_return_per_d
        if k == first_of(discovered_s) or both == 0:
            return True
        share = front_return_per_d / both
        before = 1 if is_active(k - 1, address, discovered_s) else 0
        w = luck(37, k, address).random(3)[2]
        return bool(w < share + (before - share) * math.exp(-both * days_before(k)))

    def is_listed(k: int, address: int, discovered_s: int) -> bool:
        odds = math.exp(level(k))
        earlier = range(first_of(discovered_s), k)
        began_s = next(max(start, 0) for start, stop in windows if stop > 0)
        if discovered_s <= began_s or any(is_listed(j, address, discovered_s) for j in earlier):
            odds *= math.exp(front_sd_logit * float(luck(50, address).standard_normal()))
        q = share_in_session
        u = luck(37, k, address).random(3)[0]
        p = q * odds / (q * odds + 1 - q)
        return bool(u < p and is_active(k, address, discovered_s))

    @cache
    def due_s(k: int, address: int, discovered_s: int) -> float:
        start, stop = windows[k]
        if not is_listed(k, address, discovered_s):
            return math.inf
        v = float(luck(37, k, address).random(3)[1])
        if v <= share_at_start:
            return start
        return start + math.ceil((v - share_at_start) / (1 - share_at_start) * (stop - start))

    def decide(sight: RefSight) -> RefAnswer:
        edges = [edge for window in windows for edge in window if edge > sight.t_s]
        for k, (start, stop) in enumerate(windows):
            if start <= sight.t_s < stop:
                due = [(front, due_s(k, front[0], front[2])) for front in _open(sight, "drop")]
                looks = [*edges, *(when_s for _, when_s in due if sight.t_s < when_s < math.inf)]
                fronts = [front for front, when_s in due if when_s <= sight.t_s]
                return RefAnswer(tuple(_answers(sight, fronts, around)), int(min(looks)))
        dropped = [ranges for kind, ranges, _ in sight.in_force if kind == "drop"]
        orders = tuple(_order(sight, "unblock", ranges) for ranges in dropped)
        return RefAnswer(orders, min(edges, default=None))

    return decide


def limited(groups: Sequence[str], rule: RefStrategy) -> RefStrategy:
    """A rule whose orders are for some operators."""

    def decide(sight: RefSight) -> RefAnswer:
        answer = rule(sight)
        orders = tuple(replace(order, groups=tuple(sorted(groups))) for order in answer.orders)
        return replace(answer, orders=orders)

    return decide


@dataclass(frozen=True)
class Given:
    """One given order: when it is in force, what it blocks and who is to."""

    windows: Sequence[tuple[int, int]]
    prefixes: Sequence[str] = ()
    mechanism: str = "drop"
    overmatch: float = 0.0
    groups: tuple[str, ...] | None = None


def given_orders(given: Sequence[Given]) -> RefStrategy:
    """Each prefix of each order blocked when it is due and withdrawn at the end, every time."""
    timed: list[tuple[int, int, RefOrder]] = []
    for one in given:
        for start, stop in one.windows:
            for prefixes in [(text,) for text in one.prefixes] or [()]:
                due = max(start, 0)
                if due < stop:
                    rest = (one.mechanism, prefixes, one.overmatch, one.groups)
                    timed.append((due, 1, RefOrder(due, "block", *rest)))
                    timed.append((stop, 0, RefOrder(stop, "unblock", *rest)))
    timed.sort(key=lambda one: one[:2])

    def decide(sight: RefSight) -> RefAnswer:
        later = [t_s for t_s, _, _ in timed if t_s > sight.t_s]
        orders = tuple(order for t_s, _, order in timed if t_s == sight.t_s)
        return RefAnswer(orders, min(later, default=None))

    return decide


def rolling(ttl_h: float, gap_h: float, length: int) -> RefStrategy:
    """Each front's prefix in force for a time, and out of force for a time."""
    ttl_s, gap_s = int(ttl_h * HOUR), int(gap_h * HOUR)

    def decide(sight: RefSight) -> RefAnswer:
        fronts = [front for front in sight.fronts if not _holds(sight.exempt, front[0])]
        wanted: list[Ranges] = []
        changes_s = []
        for address, _, discovered_s in fronts:
            age_s = (sight.t_s - discovered_s) % (ttl_s + gap_s)
            ranges = _minus(prefix(address, length), sight.exempt)
            if age_s < ttl_s and ranges not in wanted:
                wanted.append(ranges)
            if gap_s:
                changes_s.append(sight.t_s - age_s + (ttl_s if age_s < ttl_s else ttl_s + gap_s))
        dropped = [ranges for kind, ranges, _ in sight.in_force if kind == "drop"]
        orders = [_order(sight, "unblock", ranges) for ranges in dropped if ranges not in wanted]
        orders += [_order(sight, "block", ranges) for ranges in wanted if ranges not in dropped]
        return RefAnswer(tuple(orders), min(changes_s, default=None))

    return decide


def negotiate(talks_s: int, purity: float, shortest: int = 8) -> RefStrategy:
    """Providers that do not talk are blocked when their time is over, hostile ones at once."""
    set_of = _covering(purity, shortest)

    def decide(sight: RefSight) -> RefAnswer:
        over_s: dict[str, int] = {}
        for _, provider, discovered_s in sight.fronts:
            over_s[provider] = min(
                over_s.get(provider, discovered_s + talks_s), discovered_s + talks_s
            )
        stances = {provider: sight.stances.get(provider, "silent") for provider in over_s}
        refusing = {
            provider
            for provider, t_s in over_s.items()
            if stances[provider] == "hostile"
            or (t_s <= sight.t_s and stances[provider] == "silent")
        }
        fronts = [front for front in _open(sight, "drop") if front[1] in refusing]
        # With who is hostile there are no talks that could be over.
        ends_s = [
            t_s
            for provider, t_s in over_s.items()
            if t_s > sight.t_s and stances[provider] != "hostile"
        ]
        return RefAnswer(tuple(_answers(sight, fronts, set_of)), min(ends_s, default=None))

    return decide


START = datetime.fromisoformat("2018-04-16T11:30+03:00")
"""Start of the scenario ``telegram-2018``, in which each example is tried as well."""


def at(t_s: int) -> str:
    """The time so many seconds after ``START``, as a scenario says it."""
    return (START + timedelta(seconds=t_s)).isoformat()


_RULES: dict[str, Callable[..., RefStrategy]] = {
    "aggregate": aggregate,
    "covering-prefix": covering_prefix,
    "provider-region": provider_region,
    "provider": whole_provider,
    "escalate": escalate,
    "dns": name,
    "sni": name,
    "throttle": throttle,
    "rolling": rolling,
    "allow-list": lambda allowed: allow_list(["203.0.113.0/24"]),
    "negotiate": lambda talks_h, **kind: negotiate(int(talks_h * HOUR), **kind),
}


def _pair(strategy_id: str, **fields: Any) -> tuple[Model, RefStrategy]:
    """What is asked for, and its second rule by the same parameters."""
    asked = ask.DECLARED[strategy_id].model_validate({"id": strategy_id} | fields)
    groups = fields.pop("operators", None)
    rule = _RULES[strategy_id](**fields)
    return asked, rule if groups is None else limited(groups, rule)


def _in_sessions(edges_s: Sequence[tuple[int, int]], **fields: Any) -> tuple[Model, RefStrategy]:
    windows = [(at(start), at(stop)) for start, stop in edges_s]
    asked = ask.TimeWindow(id="time-window", windows=windows, **fields)
    return asked, time_window(edges_s, **fields)


EXAMPLES: dict[str, tuple[Model, RefStrategy | str | None]] = {
    "none": (ask.NoBlocking(id="none"), "replay"),
    "replay": (ask.Replay(id="replay", orders="telegram-2018-orders"), "replay"),
    "exact": (ask.Exact(id="exact"), "exact"),
    "aggregate": _pair("aggregate", length=24),
    "covering-prefix": _pair("covering-prefix", purity=0.9, shortest=16),
    "provider-region": _pair("provider-region"),
    "provider": _pair("provider"),
    "escalate": _pair("escalate", lengths=(32, 27, 22), patience_h=18.0, goal=0.9),
    "dns": _pair("dns", overmatch=0.4),
    "sni": _pair("sni", overmatch=0.4),
    "throttle": _pair("throttle", length=22),
    "time-window": _in_sessions([(DAY, 2 * DAY), (4 * DAY, 5 * DAY)], length=22),
    "orders": (
        ask.Orders.model_validate(
            {
                "id": "orders",
                "orders": [
                    {
                        "addresses": ["198.18.0.0/21", "198.19.0.3"],
                        "every": ["tue", "wed", "fri"],
                        "from": "21:30",
                        "to": "07:30",
                        "except": ["2018-04-20"],
                    },
                    {"addresses": ["198.18.8.0/22"], "mechanism": "throttle", "from": at(DAY)},
                    {"mechanism": "name", "overmatch": 0.4, "to": at(3 * DAY)},
                ],
            }
        ),
        given_orders(
            [
                Given(
                    [(34 * HOUR, 44 * HOUR), (58 * HOUR, 68 * HOUR)],
                    ["198.18.0.0/21", "198.19.0.3/32"],
                ),
                Given([(DAY, 6 * DAY)], ["198.18.8.0/22"], "throttle"),
                Given([(0, 3 * DAY)], mechanism="name", overmatch=0.4),
            ]
        ),
    ),
    "rolling": _pair("rolling", ttl_h=40.0, gap_h=20.0, length=20),
    "allow-list": _pair("allow-list", allowed="allowed.csv"),
    "negotiate": _pair("negotiate", talks_h=24.0, purity=0.9, shortest=16),
    "cover": (ask.Cover(id="cover", rules=2), None),
}
"""What is asked for, and its second rule: the name of one of ``tests/reference.py``, or None."""


def section(strategy_id: str) -> str:
    """What an example asks for, as the section ``strategy`` of a scenario."""
    return EXAMPLES[strategy_id][0].model_dump_json(exclude_none=True)


MANY_WINDOWS_S = [
    (DAY, DAY + 9 * HOUR),
    (2 * DAY, 3 * DAY),
    (3 * DAY + 1, 3 * DAY + HOUR),
    (5 * DAY, 9 * DAY),
]
WORKDAYS = [
    # The 16th of April 2018 was a Monday; seconds count from 11:30 on that day.
    Given(
        [(day * 24 * HOUR + 10 * HOUR, day * 24 * HOUR + 20 * HOUR) for day in range(5)],
        ["192.0.2.0/28", "192.0.2.0/30"],
        groups=("operator-1",),
    ),
    Given([(DAY, 2 * DAY)], ["192.0.2.0/28"], groups=("operator-0", "operator-9")),
    Given(
        [(HOUR, 30 * DAY)], mechanism="name", overmatch=0.25, groups=("operator-0", "operator-9")
    ),
]
"""What the strategy ``orders`` is asked for there: nights before weekdays."""
IN_RANDOM_WORLDS: dict[str, tuple[Model, RefStrategy]] = {
    "aggregate": _pair("aggregate", length=28),
    "throttle": _pair("throttle", length=27),
    "covering-prefix": _pair("covering-prefix", purity=0.5, shortest=20),
    "covering-prefix, shortest": _pair("covering-prefix", purity=0.01, shortest=26),
    "provider-region": _pair("provider-region"),
    "provider": _pair("provider"),
    "escalate": _pair("escalate", lengths=(32, 30, 28, 25), patience_h=20.0, goal=0.5),
    "escalate, rules": _pair(
        "escalate",
        rules=("region-prefix", "provider-prefix", "region", "provider"),
        purity=0.5,
        shortest=24,
        patience_h=15.0,
        goal=0.3,
    ),
    "dns": _pair("dns", overmatch=0.25),
    "sni": _pair("sni", overmatch=0.75),
    "time-window": _in_sessions(MANY_WINDOWS_S, length=28),
    "time-window, sessions that grow": _in_sessions(
        MANY_WINDOWS_S, share_at_start=0.3, share_in_session=0.7, share_in_session_sd_logit=1.0
    ),
    "time-window, fronts that leave and return": _in_sessions(
        [(-2 * DAY, -DAY), *MANY_WINDOWS_S],
        share_at_start=0.3,
        share_in_session=0.6,
        share_in_session_sd_logit=1.0,
        share_in_session_memory_d=2.0,
        front_sd_logit=2.0,
        front_leave_per_d=0.4,
        front_return_per_d=0.3,
    ),
    "time-window, growth as long as a session": _in_sessions(
        MANY_WINDOWS_S, share_at_start=0.5, length=30
    ),
    "orders": (
        ask.Orders.model_validate(
            {
                "id": "orders",
                "operators": ["operator-0", "operator-9"],
                "orders": [
                    {
                        "addresses": ["192.0.2.0/28", "192.0.2.0/30"],
                        "every": ["mon", "tue", "wed", "thu", "fri"],
                        "from": "21:30",
                        "to": "07:30",
                        "operators": ["operator-1"],
                    },
                    {"addresses": ["192.0.2.0/28"], "from": at(DAY), "to": at(2 * DAY)},
                    {"mechanism": "name", "overmatch": 0.25, "from": at(HOUR)},
                ],
            }
        ),
        given_orders(WORKDAYS),
    ),
    "escalate, at some operators": _pair(
        "escalate", lengths=(32, 28, 24), patience_h=5.0, goal=0.5, operators=["operator-1"]
    ),
    "rolling, at some operators": _pair(
        "rolling", ttl_h=20.0, gap_h=7.0, length=29, operators=["operator-0"]
    ),
    "dns, at some operators": _pair("dns", overmatch=0.25, operators=["operator-0"]),
    "rolling": _pair("rolling", ttl_h=20.0, gap_h=7.0, length=29),
    "allow-list": _pair("allow-list", allowed="allowed.csv"),
    "negotiate": _pair("negotiate", talks_h=30.0, purity=0.9, shortest=20),
}
"""What is asked for in random worlds, and its second rule.

A label is an id; what follows a comma says what is particular.
"""
