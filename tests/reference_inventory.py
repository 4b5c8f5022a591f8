"""Inventories and given orders, read a second time: for tests that compare two implementations.

Written from ``docs/explanation/model.md`` (sites of an inventory) and
``docs/explanation/strategies.md`` (``orders``), with the standard library alone. In: the text of an
inventory, orders as a scenario says them, and the luck of what is drawn. Out: components,
businesses and dated orders in the terms of ``tests/reference.py``.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from ipaddress import ip_address, ip_network
from zoneinfo import ZoneInfo

from tests.reference import RefBusiness, RefComponent, RefOrder

ROLES = ("frontend", "storage", "payment", "customer_service", "other")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MINUTE = timedelta(minutes=1)

Drawn = Callable[[int, int], tuple[str, ...]]
"""Addresses that were drawn for a role of a business, by rows of the two."""
Luck = Callable[[int, int], float]
"""When a session lists a prefix, in [0, 1): by number of session and first address."""


@dataclass(frozen=True)
class Rules:
    """What a scenario says beside the inventory, for a single sector.

    ``prefixes`` are provider, region and prefix; ``n_drawn`` businesses come before the sites.
    """

    prefixes: tuple[tuple[str, str, str], ...]
    role_weights: tuple[float, ...]
    revenue_usd_per_h: float
    usd_per_visit: float
    share_domestic: float
    n_drawn: int


@dataclass
class _Site:
    """What the rows of one site say."""

    hosts: dict[str, list[str]]
    mode: dict[str, str]
    revenue: str = ""
    visits: str = ""


def sites_of(text: str) -> dict[str, _Site]:
    """Sites by name, in the sequence of the file; a row without one is named by its address."""
    found: dict[str, _Site] = {}
    for row in csv.DictReader(io.StringIO(text)):
        address = str(ip_address(row["address"])) if row["address"] else ""
        site = found.setdefault(row["site"] or address, _Site({}, {}))
        role = row["role"] or "frontend"
        if address:
            site.hosts.setdefault(role, []).append(address)
            site.mode[role] = row["mode"] or site.mode.get(role, "")
        site.revenue = row["revenue_usd_per_h"] or site.revenue
        site.visits = row["visits_per_h"] or site.visits
    return found


def businesses_of(
    text: str, rules: Rules, drawn: Drawn, name_draw: Sequence[float]
) -> tuple[tuple[RefComponent, ...], tuple[RefBusiness, ...]]:
    """Components and businesses: those that are drawn, then the sites.

    A component that is drawn is in mode ``any``, and so is one that is given without a mode.
    """
    sites = [_Site({}, {})] * rules.n_drawn + list(sites_of(text).values())
    components: list[RefComponent] = []
    businesses = []
    for row, site in enumerate(sites):
        places = []
        for role_row, role in enumerate(ROLES):
            addresses = tuple(site.hosts.get(role, ())) or drawn(row, role_row)
            components.append(RefComponent(addresses, site.mode.get(role) or "any"))
            places.append(_place(addresses, rules))
        businesses.append(
            RefBusiness(
                components=tuple(range(len(components) - len(ROLES), len(components))),
                is_third_party=(False,) * len(ROLES),
                role_weights=rules.role_weights,
                profile=(1,) * 168,
                value_micro_usd_per_h=_value(site, rules),
                name_draw=name_draw[row],
                is_elsewhere=tuple(place != places[0] for place in places),
            )
        )
    return tuple(components), tuple(businesses)


def _value(site: _Site, rules: Rules) -> int:
    """Revenue from inside the country in micro-dollars: given, by visits, or as drawn."""
    domestic = Fraction(rules.share_domestic)
    if site.revenue:
        usd = Fraction(site.revenue) * domestic
    elif site.visits:
        usd = Fraction(site.visits) * Fraction(rules.usd_per_visit)
    else:
        usd = Fraction(rules.revenue_usd_per_h) * domestic
    return round(usd * 1_000_000)


def _place(addresses: Sequence[str], rules: Rules) -> tuple[str, str] | None:
    """Provider and region of the first address, IPv4 before IPv6, by its longest prefix."""
    first = min(map(ip_address, addresses), key=lambda one: one.version)
    holding = [
        (ip_network(prefix).prefixlen, (provider, region))
        for provider, region, prefix in rules.prefixes
        if first in ip_network(prefix)
    ]
    return max(holding)[1] if holding else None


def orders_of(
    given: Sequence[Mapping[str, object]],
    lists: Mapping[str, Sequence[str]],
    start: datetime,
    end: datetime,
    zone: ZoneInfo,
    luck: Luck,
) -> tuple[RefOrder, ...]:
    """Dated orders of a run, in sequence; of one second withdrawals come first."""
    horizon_s = int((end - start).total_seconds())
    dated: list[tuple[int, int, int, RefOrder]] = []
    for order in given:
        mechanism = str(order.get("mechanism", "drop"))
        named = order.get("addresses", ())
        prefixes = lists[named] if isinstance(named, str) else named
        sets = [()] if mechanism == "name" else [(str(ip_network(text)),) for text in prefixes]
        groups = tuple(order["operators"]) if "operators" in order else None
        for number, (first, last) in enumerate(_sessions(order, start, end, zone)):
            from_s, to_s = (int((edge - start).total_seconds()) for edge in (first, last))
            for addresses in sets:
                due_s = from_s + _waits_s(order, to_s - from_s, number, addresses, luck)
                if max(due_s, 0) >= min(to_s, horizon_s):
                    continue
                for t_s, rank, action in ((max(due_s, 0), 1, "block"), (to_s, 0, "unblock")):
                    overmatch = float(order.get("overmatch", 0.0))
                    each = RefOrder(t_s, action, mechanism, addresses, overmatch, groups)
                    dated.append((t_s, rank, len(dated), each))
    return tuple(order for t_s, _, _, order in sorted(dated) if t_s < horizon_s)


def _waits_s(
    order: Mapping[str, object], length_s: int, session: int, addresses: tuple[str, ...], luck: Luck
) -> int:
    """Seconds from the beginning of a session until a prefix is due."""
    at_start = order.get("share_at_start")
    if at_start is None:
        return 0
    drawn = luck(session, int(ip_network(addresses[0])[0]))
    if drawn <= at_start:
        return 0
    ramp_s = float(order["ramp_h"]) * 3600 if "ramp_h" in order else length_s
    return math.ceil(ramp_s * (drawn - at_start) / (1 - at_start))


def _sessions(
    order: Mapping[str, object], start: datetime, end: datetime, zone: ZoneInfo
) -> list[tuple[datetime, datetime]]:
    """When an order is in force: once, or on weekdays from the day before the run on."""
    if "every" not in order:
        first = datetime.fromisoformat(str(order["from"])) if "from" in order else start
        last = datetime.fromisoformat(str(order["to"])) if "to" in order else end
        return [(first, max(last, first + timedelta(seconds=1)))]
    opens, closes = (time.fromisoformat(str(order[key])) for key in ("from", "to"))
    day = start.astimezone(zone).date() - timedelta(days=1)
    found = []
    while day <= end.astimezone(zone).date():
        if WEEKDAYS[day.weekday()] in order["every"] and str(day) not in order.get("except", ()):
            ends = day + timedelta(days=1) if closes < opens else day
            edges = _instant(day, opens, zone), _instant(ends, closes, zone)
            if edges[0] < edges[1]:
                found.append(edges)
        day += timedelta(days=1)
    return found


def _instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    """First minute at which clocks show a time; one they leave out by the offset before it."""
    wanted = datetime.combine(day, at)
    minute = wanted.replace(tzinfo=UTC) - timedelta(hours=15)
    offset = minute.astimezone(zone).utcoffset()
    for _ in range(30 * 60):
        if minute.astimezone(zone).replace(tzinfo=None) == wanted:
            return minute
        minute += MINUTE
    assert offset is not None
    return wanted.replace(tzinfo=UTC) - offset
