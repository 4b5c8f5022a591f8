"""A scenario and the tables it names: everything the run rests on, checked for meaning.

In: a loaded scenario. Out: a ``Resolved`` scenario with no default left, its tables in memory. It
does not draw luck and does not build the world.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sim.errors import DataError, Problem, ProblemsError, ScenarioError
from sim.scenario.library import table_names
from sim.scenario.load import LoadedScenario
from sim.scenario.refusal import hint
from sim.scenario.schema import Replay, Scenario
from sim.scenario.seeds import RowType, Table, find_table, read_table
from sim.scenario.tables import (
    AssumptionRow,
    CadenceRow,
    CloudPrefixRow,
    FigureRow,
    HostingRow,
    OperatorRow,
    OrderRow,
    ProfileRow,
    PublishedTotalRow,
    SectorRow,
    TargetPrefixRow,
)

MAX_OPERATORS = 32
SHARE_TOLERANCE = 1e-6


@dataclass(frozen=True)
class Resolved:
    """A scenario with its tables.

    Attributes
    ----------
    loaded
        The scenario file, its bytes and the overrides.
    target_prefixes, cloud_prefixes, cadence, operators, sectors, profiles, hosting
        Tables every run needs.
    orders
        Dated orders; None unless the strategy replays some.
    totals, figures
        Published numbers to set beside the results; None when the scenario names none.
    """

    loaded: LoadedScenario
    target_prefixes: Table[TargetPrefixRow]
    cloud_prefixes: Table[CloudPrefixRow]
    cadence: Table[CadenceRow]
    operators: Table[OperatorRow]
    sectors: Table[SectorRow]
    profiles: Table[ProfileRow]
    hosting: Table[HostingRow]
    orders: Table[OrderRow] | None
    totals: Table[PublishedTotalRow] | None
    figures: Table[FigureRow] | None

    @property
    def scenario(self) -> Scenario:
        """The scenario itself."""
        return self.loaded.scenario

    @property
    def assumed(self) -> tuple[AssumptionRow, ...]:
        """Assumed values that the scenario took."""
        return self.loaded.assumed

    @property
    def tables(self) -> tuple[Table[Any], ...]:
        """All tables read, by name."""
        tables: list[Table[Any] | None] = [
            self.target_prefixes,
            self.cloud_prefixes,
            self.cadence,
            self.operators,
            self.sectors,
            self.profiles,
            self.hosting,
            self.orders,
            self.totals,
            self.figures,
        ]
        return tuple(sorted((t for t in tables if t is not None), key=lambda table: table.name))


def resolve(loaded: LoadedScenario) -> Resolved:
    """Read the tables a scenario names and check what they mean together.

    Raises
    ------
    DataError
        If a table is missing or malformed, or its rows contradict each other.
    ScenarioError
        If the scenario names a table that does not exist.
    """
    scenario = loaded.scenario
    reader = _Reader(loaded)
    published, strategy = scenario.published, scenario.strategy
    tables: dict[str, Any] = {
        "target_prefixes": reader.read(
            "target.prefixes", scenario.target.prefixes, TargetPrefixRow
        ),
        "cloud_prefixes": reader.read(
            "providers.prefixes", scenario.providers.prefixes, CloudPrefixRow
        ),
        "cadence": reader.read("register.cadence", scenario.register_.cadence, CadenceRow),
        "operators": reader.read("operators.groups", scenario.operators.groups, OperatorRow),
        "sectors": reader.read("population.sectors", scenario.population.sectors, SectorRow),
        "profiles": reader.read(
            "population.demand_profiles", scenario.population.demand_profiles, ProfileRow
        ),
        "hosting": reader.read("population.hosting", scenario.population.hosting, HostingRow),
        "orders": reader.read("strategy.orders", strategy.orders, OrderRow)
        if isinstance(strategy, Replay)
        else None,
        "totals": reader.read("published.totals", published.totals, PublishedTotalRow)
        if published.totals
        else None,
        "figures": reader.read("published.figures", published.figures, FigureRow)
        if published.figures
        else None,
    }
    reader.stop_if_any()
    resolved = Resolved(loaded, **tables)
    problems = [
        *_check_operators(resolved.operators),
        *_check_sectors(resolved.sectors, resolved.profiles),
        *_check_profiles(resolved.profiles),
        *_check_places(resolved.hosting, resolved.cloud_prefixes),
        *_check_cadence(resolved.cadence, scenario.start),
        *(_check_orders(resolved.orders, scenario) if resolved.orders else ()),
    ]
    if problems:
        raise DataError(problems)
    return resolved


class _Reader:
    """Reads tables and gathers the problems of all of them."""

    def __init__(self, loaded: LoadedScenario) -> None:
        self.loaded = loaded
        self.unknown: list[Problem] = []
        self.malformed: list[Problem] = []

    def read(self, key: str, name: str, model: type[RowType]) -> Table[RowType] | None:
        path = find_table(name, self.loaded.folder)
        if not path.exists() and not name.endswith(".csv"):
            place = self.loaded.document.place(tuple(key.split(".")))
            message = f"expected the name of a seed table, got {name!r}{hint(name, table_names())}"
            self.unknown.append(Problem(place.file, message, place.line, place.column, key))
            return None
        try:
            return read_table(name, path, model)
        except ProblemsError as error:
            self.malformed += error.problems
            return None

    def stop_if_any(self) -> None:
        if self.unknown:
            raise ScenarioError([*self.unknown, *self.malformed])
        if self.malformed:
            raise DataError(self.malformed)


def _check_operators(table: Table[OperatorRow]) -> Iterable[Problem]:
    if len(table.rows) > MAX_OPERATORS:
        message = f"expected at most {MAX_OPERATORS} operator groups, got {len(table.rows)}"
        yield Problem(str(table.path), message)
    yield from _check_unique(table, [row.operator for row in table.rows], "operator")
    yield from _check_sum(table, [row.share_users for row in table.rows], "share_users")


def _check_sectors(table: Table[SectorRow], profiles: Table[ProfileRow]) -> Iterable[Problem]:
    yield from _check_unique(table, [row.sector for row in table.rows], "sector")
    yield from _check_sum(table, [row.share_businesses for row in table.rows], "share_businesses")
    known = {row.profile for row in profiles.rows}
    for number, row in enumerate(table.rows):
        if row.demand_profile not in known:
            message = f"expected one of {', '.join(sorted(known))}, got {row.demand_profile!r}"
            yield table.problem(number, "demand_profile", message)


def _check_profiles(table: Table[ProfileRow]) -> Iterable[Problem]:
    for name in sorted({row.profile for row in table.rows}):
        for period, length in (("hour", 24), ("weekday", 7)):
            rows = [row for row in table.rows if (row.profile, row.period) == (name, period)]
            if sorted(row.index for row in rows) != list(range(length)):
                message = f"expected one {period} row for each of 0 to {length - 1} of {name!r}"
                yield Problem(str(table.path), f"{message}, got {len(rows)}", key="index")
            if not any(row.weight for row in rows):
                message = (
                    f"expected a positive weight among the {period} rows of {name!r}, got none"
                )
                yield Problem(str(table.path), message, key="weight")


def _check_places(hosting: Table[HostingRow], prefixes: Table[CloudPrefixRow]) -> Iterable[Problem]:
    known = {(row.provider, row.region) for row in prefixes.rows}
    places = [(row.provider, row.region) for row in hosting.rows]
    yield from _check_unique(
        hosting, [f"{provider} {region}" for provider, region in places], "region"
    )
    for number, place in enumerate(places):
        if place not in known:
            message = f"expected a provider and region of {prefixes.name}, got {' '.join(place)!r}"
            yield hosting.problem(number, "region", message)
    for side in ("foreign", "domestic"):
        if not any(row.weight for row in hosting.rows if row.side == side):
            message = f"expected a positive weight among the {side} rows, got none"
            yield Problem(str(hosting.path), message, key="weight")
    yield from _check_unique(prefixes, [str(row.prefix) for row in prefixes.rows], "prefix")


def _check_cadence(table: Table[CadenceRow], start: datetime) -> Iterable[Problem]:
    for number in range(1, len(table.rows)):
        if table.rows[number].from_ <= table.rows[number - 1].from_:
            yield table.problem(number, "from", "expected a later date than in the row before")
    if table.rows[0].from_ > start:
        message = f"expected a cadence from the scenario's start, {start.isoformat()}, or before"
        yield table.problem(0, "from", f"{message}, got {table.rows[0].from_.isoformat()}")


def _check_orders(table: Table[OrderRow], scenario: Scenario) -> Iterable[Problem]:
    """Refuse orders before the start and unblock orders of what is not blocked."""
    is_drawn = isinstance(scenario.strategy, Replay) and scenario.strategy.order_times == "drawn"
    in_force: dict[tuple[int, int], list[int]] = {}
    order_of_time = sorted(range(len(table.rows)), key=lambda number: table.rows[number].effective)
    for number in order_of_time:
        row = table.rows[number]
        first = (row.earliest or row.effective) if is_drawn else row.effective
        if first < scenario.start:
            message = f"expected a time from the scenario's start, {scenario.start.isoformat()}, on"
            yield table.problem(number, "effective", f"{message}, got {first.isoformat()}")
        holders = in_force.setdefault(row.prefix, [])
        if row.action == "block":
            holders.append(number)
        elif not holders:
            message = "expected a prefix that an earlier order blocks, got one that none does"
            yield table.problem(number, "prefix", message)
        else:
            blocking = table.rows[holders.pop(0)]
            if is_drawn and (blocking.latest or blocking.effective) > first:
                message = "expected a window after that of the order it withdraws, got an overlap"
                yield table.problem(number, "earliest", message)


def _check_unique(table: Table[RowType], names: Sequence[str], key: str) -> Iterable[Problem]:
    for name, count in Counter(names).items():
        if count > 1:
            again = [number for number, other in enumerate(names) if other == name][1]
            yield table.problem(again, key, f"expected each once, got {name!r} again")


def _check_sum(table: Table[RowType], shares: Sequence[float], key: str) -> Iterable[Problem]:
    total = sum(shares)
    if abs(total - 1) > SHARE_TOLERANCE:
        yield Problem(str(table.path), f"expected shares that sum to 1, got {total:g}", key=key)
