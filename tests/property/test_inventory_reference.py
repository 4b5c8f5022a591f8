"""Random cases of an inventory and given orders: read, built and run, and read a second time.

Sites have several addresses of both families for some roles, or none that is known, orders recur by
the clock of a country that changes it within the run, for some operators: the slow reference agrees
on every site's hours and demand, at each operator and over all.
"""

import csv
import io
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from ipaddress import ip_address, ip_network
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from sim.engine.record.outcome import Outcome
from sim.scenario.resolve import Resolved
from sim.streams import Streams
from sim.world.build import World
from tests.examples import n_examples
from tests.experiments import simulated
from tests.property.test_engine_reference import SIXTEENTHS, assert_same_at_sites
from tests.reference import RefBusiness, RefComponent, RefOperator, RefOrder, RefWorld
from tests.sites import resolved

ROLES = ("frontend", "storage", "payment", "customer_service", "other")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MINUTE = timedelta(minutes=1)

Drawn = Callable[[int, int], tuple[str, ...]]
"""Addresses that were drawn for a role of a business, by rows of the two."""


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
        for first, last in _sessions(order, start, end, zone):
            from_s, to_s = (int((edge - start).total_seconds()) for edge in (first, last))
            if max(from_s, 0) >= min(to_s, horizon_s):
                continue
            for addresses in sets:
                for t_s, rank, action in ((max(from_s, 0), 1, "block"), (to_s, 0, "unblock")):
                    overmatch = float(order.get("overmatch", 0.0))
                    each = RefOrder(t_s, action, mechanism, addresses, overmatch, groups)
                    dated.append((t_s, rank, len(dated), each))
    return tuple(order for t_s, _, _, order in sorted(dated) if t_s < horizon_s)


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


pytestmark = pytest.mark.laws

START, END = "2018-03-24T06:00Z", "2018-03-26T05:00Z"
ZONE = ZoneInfo("Europe/Madrid")
"""Its clocks leave out the hour from 2:00 of 25 March 2018 on."""
PREFIXES = (
    ("alpha", "one", "198.18.0.0/24"),
    ("alpha", "two", "198.18.1.0/24"),
    ("alpha", "one", "2001:db8::/48"),
    ("alpha", "two", "2001:db8:0:7::/64"),
    ("home", "here", "198.19.0.0/24"),
)
FOUR = ("198.18.0.1", "198.18.0.2", "198.18.1.1", "198.18.1.2", "8.8.8.8")
SIX = ("2001:db8::1", "2001:db8:0:7::1", "2001:db8:0:7::2", "2001:db8:1::1")
LISTED = (*FOUR, *SIX, "198.18.0.0/24", "198.18.1.0/30", "2001:db8:0:7::/64", "2001:db8::/48")
COLUMNS = ("site", "address", "role", "mode", "revenue_usd_per_h", "visits_per_h")
TIMES = ("00:00", "02:30", "03:00", "06:15", "12:00", "21:00", "23:59")
MOMENTS = ("2018-03-23T12:00Z", "2018-03-24T09:30Z", "2018-03-25T01:30+02:00", "2018-03-26T01:00Z")
GROUPS = ("a", "b", "c")


@st.composite
def inventories(draw) -> str:
    """Rows of up to four sites, in any sequence; some stand for a site of their own."""
    rows = []
    for number in range(draw(st.integers(1, 4))):
        amounts = draw(st.sampled_from([("", ""), ("2.5", ""), ("", "30"), ("0.125", "7")]))
        for role in draw(st.sets(st.sampled_from(ROLES), min_size=1, max_size=3)):
            four = draw(st.sets(st.sampled_from(FOUR), max_size=2))
            six = draw(st.sets(st.sampled_from(SIX), min_size=not four, max_size=2))
            mode = draw(st.sampled_from(["", "any", "spread", "spread"]))
            shown = "" if role == "frontend" and draw(st.booleans()) else role
            hosts = sorted(four | six)
            if number and draw(st.integers(0, 3)) == 0:
                # Where it sits is not known: beside another address, or of no role at all.
                hosts = [*hosts[: draw(st.integers(0, 1))], ""]
            rows += [(f"s{number}", host, shown, host and mode, *amounts) for host in hosts]
    alone = st.sets(st.sampled_from(("198.18.0.77", "2001:db8:0:9::1")))
    rows += [("", address, "", "", "", "") for address in draw(alone)]
    file = io.StringIO()
    csv.writer(file).writerows([COLUMNS, *draw(st.permutations(rows))])
    return file.getvalue()


@st.composite
def given_orders(draw, lists: dict[str, tuple[str, ...]]) -> dict[str, object]:
    """One order: once or recurring, of addresses or a file of them, for all or some."""
    named = st.lists(st.sampled_from(LISTED), min_size=1, max_size=3, unique=True)
    order: dict[str, object] = {"mechanism": draw(st.sampled_from(["drop", "drop", "throttle"]))}
    order["addresses"] = draw(named)
    if draw(st.integers(0, 3)) == 0:
        name = f"list-{len(lists)}.txt"
        lists[name] = tuple(order["addresses"])
        order["addresses"] = name
    if draw(st.booleans()):
        order["operators"] = sorted(draw(st.sets(st.sampled_from(GROUPS), min_size=1)))
    if draw(st.integers(0, 2)):
        order["every"] = sorted(
            draw(st.sets(st.sampled_from(["fri", "sat", "sun", "mon"]), min_size=1))
        )
        order["from"], order["to"] = draw(
            st.lists(st.sampled_from(TIMES), min_size=2, max_size=2, unique=True)
        )
        if draw(st.integers(0, 3)) == 0:
            order["except"] = [draw(st.sampled_from(["2018-03-24", "2018-03-25"]))]
        return order
    edges = sorted(
        draw(st.sets(st.sampled_from(MOMENTS), min_size=2, max_size=2)), key=datetime.fromisoformat
    )
    order["from"], order["to"] = edges
    return order


@st.composite
def cases(draw):
    """An inventory, orders with the files they name, operators, weights and shares."""
    lists: dict[str, tuple[str, ...]] = {}
    orders = [draw(given_orders(lists)) for _ in range(draw(st.integers(1, 4)))]
    if draw(st.integers(0, 4)) == 0:
        orders.append({"mechanism": "name", "overmatch": 0.5, "from": MOMENTS[1]})
    shares = draw(st.sampled_from([(0.5, 0.25, 0.25), (0.625, 0.375, 0.0)]))
    lags = st.sampled_from([0, 0.5, 2])
    operators = tuple(
        (name, share, draw(st.sampled_from([0.25, 1])), draw(lags), draw(lags))
        for name, share in zip(GROUPS, shares, strict=True)
    )
    weights = tuple(float(draw(SIXTEENTHS)) for _ in ROLES)
    both = draw(st.sampled_from([0, 0.5, 1, 1]))
    ipv6 = {"share_users": float(draw(SIXTEENTHS)), "share_components": both}
    return draw(inventories()), orders, lists, operators, weights, ipv6


def resolve_case(case, folder: Path) -> Resolved:
    """Write the files of a case, and read it as a user's."""
    inventory, orders, lists, operators, weights, ipv6 = case
    for name, prefixes in lists.items():
        (folder / name).write_text("# a list\n" + "\n".join(prefixes) + "\n")
    told = [
        {
            key: str(folder / value) if key == "addresses" and isinstance(value, str) else value
            for key, value in order.items()
        }
        for order in orders
    ]
    heads = "share_domestic,demand_profile," + ",".join(f"weight_{role}" for role in ROLES)
    tables = {
        "population.inventory": tuple(inventory.split()),
        "providers.prefixes": ("provider,region,prefix", *map(",".join, PREFIXES)),
        "operators.groups": (
            "operator,label,share_users,poll_interval_h,apply_lag_median_h,apply_lag_sigma,"
            "release_lag_median_h,release_lag_sigma,compliance",
            *(
                f"{name},{name},{share},{every},{apply},0,{release},0,1"
                for name, share, every, apply, release in operators
            ),
        ),
        "register.cadence": ("from,every_min", "2018-03-01T00:00Z,10"),
        "population.sectors": (
            f"sector,label,share_businesses,revenue_median_usd_per_h,revenue_sigma,{heads}",
            "shops,Shops,1,1.5,0,0.5,flat," + ",".join(map(str, weights)),
        ),
        "population.revenue_per_visit": ("sector,usd_per_visit,sigma", "shops,0.25,0"),
        "population.services": (
            "service,role,provider,region,popularity",
            "pay,payment,alpha,one,1",
        ),
    }
    more = {
        "start": START,
        "end": END,
        "time_zone": str(ZONE),
        "population.n_businesses": 1,
        "population.share_components_at_home": 0.5,
        "ipv6": ipv6,
        "effects.throttle_severity": 0.5,
        "effects.name_evasion": 0.25,
        "strategy": {"id": "orders", "orders": told},
        "strategy.orders": told,
    }
    return resolved(folder, tables, **more)


def reference_of(case, world: World, streams: Streams) -> RefWorld:
    """The same case, read a second time, with the luck of the world."""
    inventory, orders, lists, operators, weights, ipv6 = case
    businesses = world.businesses

    def drawn(row: int, role: int) -> tuple[str, ...]:
        component = businesses.component_row[row, role : role + 1]
        numbers = world.places.line.numbers(world.components.addresses_of(component))
        return tuple(str(ip_address(number)) for number in numbers)

    rules = Rules(PREFIXES, weights, 1.5, 0.25, 0.5, n_drawn=1)
    components, firms = businesses_of(inventory, rules, drawn, businesses.name_draw.tolist())
    start, end = (datetime.fromisoformat(text) for text in (START, END))
    return RefWorld(
        horizon_s=int((end - start).total_seconds()),
        start_second_of_week=0,
        cadence=(
            (int((datetime.fromisoformat("2018-03-01T00:00Z") - start).total_seconds()), 600),
        ),
        operators=tuple(
            RefOperator(
                share,
                round(every * 3600),
                phase_s,
                round(apply * 3600),
                round(release * 3600),
                1.0,
                lambda _: 0.0,
                group=name,
            )
            for (name, share, every, apply, release), phase_s in zip(
                operators, world.operators.poll_phase_s.tolist(), strict=True
            )
        ),
        components=components,
        businesses=firms,
        target_prefixes=(),
        has_ipv6=True,
        orders=orders_of(orders, lists, start, end, ZONE),
        throttle_severity=0.5,
        evasion=0.25,
        share_ipv6=ipv6["share_users"],
    )


def run_both(case, streams: Streams) -> tuple[Outcome, RefWorld]:
    with tempfile.TemporaryDirectory() as name:
        world, outcome = simulated(resolve_case(case, Path(name)), streams)
    return outcome, reference_of(case, world, streams)


def one_site(from_: str, to: str):
    """A site on both families whose IPv4 address is listed on the day that clocks change."""
    inventory = f"{','.join(COLUMNS)}\ns,198.18.0.1,,spread,1,\ns,2001:db8::1,,spread,,\n"
    orders = [{"addresses": ["198.18.0.1"], "every": ["sun"], "from": from_, "to": to}]
    operators = ("a", 0.5, 0.25, 0, 0), ("b", 0.25, 0.25, 0, 0), ("c", 0.25, 0.25, 0, 0)
    ipv6 = {"share_users": 0.25, "share_components": 1}
    return inventory, orders, {}, operators, (1.0, 0.0, 0.0, 0.0, 0.0), ipv6


@settings(max_examples=n_examples(6), deadline=None, phases=[Phase.explicit, Phase.generate])
@example(one_site("02:30", "06:15"), 0)
@given(cases(), st.integers(0, 3))
def test_the_reference_reads_inventories_and_given_orders_alike(case, seed):
    assert_same_at_sites(*run_both(case, Streams(seed, 0)))
