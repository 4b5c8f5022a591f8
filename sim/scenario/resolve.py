"""A scenario and the tables it names: everything the run rests on, checked for meaning."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from functools import cached_property, partial
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_args, get_type_hints

from sim.addresses.sets.line import Line
from sim.addresses.sets.notation import Prefix
from sim.errors import DataError, Problem, ProblemsError, ScenarioError
from sim.scenario.calendars import GivenOrder, GivenOrderRow
from sim.scenario.library import table_names
from sim.scenario.lists import ListTable, read_list
from sim.scenario.load import LoadedScenario
from sim.scenario.overrides import rate_at
from sim.scenario.own import own_code, read_code
from sim.scenario.quantities import read_prefix
from sim.scenario.refusal import hint
from sim.scenario.schema import NONE, Names, Scenario
from sim.scenario.strategies import Orders
from sim.scenario.tables.column_changes import with_settings
from sim.scenario.tables.consistency import (
    check_cadence,
    check_figures,
    check_operators,
    check_orders,
    check_own_places,
    check_places,
    check_profiles,
    check_providers,
    check_sectors,
    check_sessions,
    check_shared,
    places_of,
)
from sim.scenario.tables.inventory import Inventory, check_sites, check_visits, read_inventory
from sim.scenario.tables.money import (
    EconomyRow,
    MoneyParameterRow,
    check_money_parameters,
)
from sim.scenario.tables.rows import (
    AssumptionRow,
    CadenceRow,
    CloudPrefixRow,
    FigureRow,
    HostingRow,
    OperatorRow,
    OrderRow,
    PoolRow,
    PrefixRow,
    PressureRow,
    ProfileRow,
    PublishedTotalRow,
    RateRow,
    ResponseRow,
    SectorRow,
    SessionRow,
    StanceRow,
    TargetPrefixRow,
    VisitRow,
)
from sim.scenario.tables.seeds import ANY, Row, SourceNote, Table, read_table
from sim.scenario.tables.sharing import (
    ComponentRow,
    ConcentrationRow,
    KindRow,
    ParkedRow,
    ServiceRow,
    SharingRow,
    check_services,
    check_sharing,
)
from sim.scenario.tables.shipped import read_assumptions

ASSUMPTIONS = "assumptions"
"""Name of the table of assumed values."""
USD = "USD"
"""Currency in which everything is computed."""
VISIT_VALUES = "revenue-per-visit"
"""Table that is read where an inventory gives visits and no revenue, unless another is named."""
TableType = TypeVar("TableType", bound=Table[Any])


def stand_ins(
    scenario: Scenario, tables: Iterable[Table[Any]], *, has_assumed: bool
) -> Mapping[str, SourceNote]:
    """Notes of the tables that are of another country or time, by name, in sequence.

    Parameters
    ----------
    has_assumed
        Whether the scenario takes assumed values.
    """
    notes = {table.name: table.note for table in tables}
    if has_assumed:
        notes[ASSUMPTIONS] = read_assumptions().note
    return {
        name: note
        for name, note in sorted(notes.items())
        if note is not None
        and (note.country not in ("", ANY, scenario.country) or not _is_of_time(note, scenario))
    }


def undeclared(scenario: Scenario, found: Mapping[str, SourceNote]) -> list[str]:
    """Names of tables of another country or time that a scenario uses and does not borrow.

    A table of no country in particular may be of another time without a word; a scenario that does
    not name its country borrows nothing.
    """
    if scenario.country is None:
        return []
    return [
        name
        for name, note in found.items()
        if note.country not in ("", ANY) and name not in scenario.borrow
    ]


def described(note: SourceNote) -> str:
    """Country and time of a table, in words."""
    parts = (note.country, note.time.replace("/", " to "))
    return ", ".join(part for part in parts if part not in ("", ANY))


def years(scenario: Scenario) -> str:
    """Years of the run, in words."""
    first, last = _years(scenario)
    return f"{first}" if first == last else f"{first} to {last}"


def _is_of_time(note: SourceNote, scenario: Scenario) -> bool:
    """Whether the years of a table and of the scenario have one in common."""
    if note.time in ("", ANY):
        return True
    first, _, last = note.time.partition("/")
    begins, ends = _years(scenario)
    return int(first[:4]) <= ends and begins <= int((last or first)[:4])


def _years(scenario: Scenario) -> tuple[int, int]:
    """First and last year of the run."""
    return scenario.start.year, (scenario.end - timedelta(seconds=1)).year


@dataclass(frozen=True)
class Resolved:
    """A scenario with its tables; each table with the key that names it.

    Attributes
    ----------
    loaded
        The scenario file, its bytes and the overrides.
    cloud_prefixes, cadence, operators, sectors, profiles, hosting, components, census, sharing,
    parked
        Tables every run needs.
    kinds
        Parameters of the kinds of use of addresses; None where names follow the census alone.
    services
        Third-party services; None where there are none.
    target_prefixes, shared_prefixes
        Ranges of the target's own, and parts of ranges that many tenants share; None where the
        scenario names none.
    money_parameters, economy
        What lost demand is priced with.
    inventory
        Sites with their own addresses; None where the scenario names none.
    visit_values
        What visits earn; None where no site gives visits alone.
    orders, given, allowed, sessions
        Dated orders, given ones, prefixes that pass, and sessions; None unless the strategy asks
        for them.
    lists
        Files of addresses that the strategy names, by name.
    code
        Python files of strategy and measures of the user's own, which have no rows.
    pools, stances, responses, exempt, pressure_events
        Tables of mechanisms by which actors react; None where the scenario names none.
    rates
        What a dollar was worth; None where money is shown in USD alone.
    totals, figures
        Published numbers to set beside the results; None when the scenario names none.
    """

    loaded: LoadedScenario
    target_prefixes: Annotated[Table[TargetPrefixRow] | None, "target.prefixes"]
    cloud_prefixes: Annotated[Table[CloudPrefixRow], "providers.prefixes"]
    shared_prefixes: Annotated[Table[CloudPrefixRow] | None, "providers.shared"]
    cadence: Annotated[Table[CadenceRow], "register.cadence"]
    operators: Annotated[Table[OperatorRow], "operators.groups"]
    sectors: Annotated[Table[SectorRow], "population.sectors"]
    profiles: Annotated[Table[ProfileRow], "population.demand_profiles"]
    hosting: Annotated[Table[HostingRow], "population.hosting"]
    components: Annotated[Table[ComponentRow], "population.components"]
    services: Annotated[Table[ServiceRow] | None, "population.services"]
    census: Annotated[Table[ConcentrationRow], "names.census"]
    kinds: Annotated[Table[KindRow] | None, "names.kinds"]
    sharing: Annotated[Table[SharingRow], "names.sharing"]
    parked: Annotated[Table[ParkedRow], "names.parked"]
    money_parameters: Annotated[Table[MoneyParameterRow], "money.parameters"]
    economy: Annotated[Table[EconomyRow], "money.economy"]
    inventory: Inventory | None
    visit_values: Annotated[Table[VisitRow] | None, "population.revenue_per_visit"]
    orders: Annotated[Table[OrderRow] | None, "strategy.orders"]
    given: Annotated[Table[GivenOrderRow] | None, "strategy.table"]
    allowed: Annotated[Table[PrefixRow] | None, "strategy.allowed"]
    sessions: Annotated[Table[SessionRow] | None, "strategy.sessions"]
    pools: Annotated[Table[PoolRow] | None, "fronts.pools"]
    stances: Annotated[Table[StanceRow] | None, "stances.events"]
    responses: Annotated[Table[ResponseRow] | None, "reactions.responses"]
    exempt: Annotated[Table[PrefixRow] | None, "censor.exempt"]
    pressure_events: Annotated[Table[PressureRow] | None, "censor.pressure_events"]
    rates: Annotated[Table[RateRow] | None, "money.rates"]
    totals: Annotated[Table[PublishedTotalRow] | None, "published.totals"]
    figures: Annotated[Table[FigureRow] | None, "published.figures"]
    lists: tuple[Table[PrefixRow], ...] = ()
    code: tuple[Table[Any], ...] = ()

    @property
    def scenario(self) -> Scenario:
        """The scenario itself."""
        return self.loaded.scenario

    @property
    def assumed(self) -> tuple[AssumptionRow, ...]:
        """Assumed values that the scenario took."""
        return self.loaded.assumed

    @cached_property
    def line(self) -> Line:
        """Where the addresses of all its tables lie."""
        seated = self.cloud_prefixes, self.shared_prefixes
        others = self.target_prefixes, self.orders, self.allowed, self.exempt
        named = [prefix for names in _named(self) for prefix in self.prefixes_of(names)]
        sites = self.inventory.prefixes6 if self.inventory else ()
        return Line.of(
            _prefixes_of(seated), [*_prefixes_of((*others, *self.lists)), *named, *sites]
        )

    @property
    def service_rows(self) -> Sequence[ServiceRow]:
        """Third-party services; none where the scenario has none."""
        return self.services.rows if self.services is not None else ()

    @property
    def rate(self) -> RateRow | None:
        """Exchange rate of the scenario's currency at its time; None without a currency."""
        scenario, rows = self.scenario, self.rates.rows if self.rates is not None else ()
        return rate_at(rows, scenario.money.currency, scenario.start.year)

    @property
    def given_orders(self) -> Sequence[GivenOrder | GivenOrderRow]:
        """Orders of the strategy ``orders``, wherever they stand; none of another."""
        strategy = self.scenario.strategy
        if self.given is not None:
            return self.given.rows
        return (strategy.orders or ()) if isinstance(strategy, Orders) else ()

    def prefixes_of(self, addresses: str | Sequence[str]) -> list[Prefix]:
        """Prefixes in a scenario, or in a file that it names."""
        if not isinstance(addresses, str):
            return [read_prefix(text) for text in addresses]
        (named,) = (table for table in self.lists if table.name == addresses)
        return [row.prefix for row in named.rows]

    @property
    def tables(self) -> tuple[Table[Any], ...]:
        """All tables read, by name."""
        tables = [getattr(self, column.name) for column in fields(self)]
        found = {table.name: table for table in tables if isinstance(table, Table)}
        found |= {table.name: table for table in (*self.lists, *self.code)}
        return tuple(found[name] for name in sorted(found))


def _keys_of_tables() -> Iterator[tuple[str, str, type[Row]]]:
    """Attribute and key of each table that a scenario may name, and its rows."""
    for name, hint_ in get_type_hints(Resolved, include_extras=True).items():
        table, *key = get_args(hint_) or (None,)
        if len(key) == 1 and isinstance(key[0], str):
            rows = get_args(table)[0]
            yield name, key[0], (get_args(rows) or (rows,))[0]


ROWS_OF: Mapping[str, type[Row]] = {key: rows for _, key, rows in _keys_of_tables()}
"""Rows of the table that each key of a scenario names."""
_ATTRIBUTE_OF = {key: name for name, key, _ in _keys_of_tables()}


def _named(resolved: Resolved) -> list[str | tuple[str, ...]]:
    """Addresses that the strategy names: lists of them and names of files, in sequence."""
    return [order.addresses for order in resolved.given_orders if order.addresses is not None]


def _prefixes_of(tables: Iterable[Table[Any] | None]) -> Iterator[Prefix]:
    rows = (row for table in tables if table is not None for row in table.rows)
    return (row.prefix for row in rows if row.prefix is not None)


def resolve(loaded: LoadedScenario, known: Resolved | None = None) -> Resolved:
    """Read the tables a scenario names and check what they mean together.

    Parameters
    ----------
    known
        The same scenario under another strategy: its tables are taken, not read again.

    Raises
    ------
    DataError
        If a table is missing or malformed, or its rows contradict each other.
    ScenarioError
        If the scenario names a table that does not exist.
    """
    return checked(read_tables(loaded, known))


def checked(resolved: Resolved) -> Resolved:
    """Return the scenario if its tables do not contradict each other.

    Raises
    ------
    DataError
        If they do.
    """
    problems = check_together(resolved) or _check_line(resolved)
    if problems:
        raise DataError(problems)
    return resolved


def read_tables(loaded: LoadedScenario, known: Resolved | None = None) -> Resolved:
    """Read the tables a scenario names; errors as for ``resolve``, but for what they mean."""
    scenario = loaded.scenario
    reader = _Reader(loaded, {} if known is None else vars(known))
    found: dict[str, Any] = dict.fromkeys(column.name for column in fields(Resolved))
    inventory = None
    if (name := scenario.population.inventory) is not None:
        inventory = reader.read("inventory", "population.inventory", name, read_inventory)
    names = {key: name for key in ROWS_OF if (name := _name_at(scenario, key, inventory))}
    for key, name in names.items():
        attribute, read = _ATTRIBUTE_OF[key], partial(read_table, model=ROWS_OF[key])
        found[attribute] = reader.read(attribute, key, name, read)
    for one in loaded.columns if known is None else ():
        if one.table not in names.values():
            close = hint(one.table, names.values())
            message = f"expected a table that the scenario names, got {one.table!r}{close}"
            reader.malformed.append(Problem(one.origin, message, key=one.key))
    reader.stop_if_any()
    found |= {"loaded": loaded, "inventory": inventory, "lists": (), "code": ()}
    resolved = Resolved(**found)
    listed = dict.fromkeys(name for name in _named(resolved) if isinstance(name, str))
    lists = tuple(filter(None, map(reader.read_list, listed)))
    reader.stop_if_any()
    held = {} if known is None else {one.name: one for one in known.code}
    code = dict.fromkeys(one.file for one in own_code(scenario))
    return replace(
        resolved,
        lists=lists,
        code=tuple(held.get(name) or read_code(loaded, name) for name in code),
    )


def _name_at(scenario: Scenario, key: str, inventory: Inventory | None) -> str | None:
    """Name of the table at a key; None where the key names none, or nothing rests on it."""
    section, last = key.split(".")
    part = scenario.register_ if section == "register" else getattr(scenario, section)
    name = getattr(part, last, None)
    if key == "money.rates" and scenario.money.currency in (None, USD):
        return None
    if key == "population.revenue_per_visit":
        name = name or VISIT_VALUES
        if inventory is None or not inventory.has_visits_alone:
            return None
    # The strategy `orders` has a key of that name, which holds no table.
    return name if isinstance(name, str) and name != NONE else None


class _Reader:
    """Reads tables, unless they are held already, and gathers the problems of all of them."""

    def __init__(self, loaded: LoadedScenario, held: Mapping[str, Any]) -> None:
        self.loaded, self.held = loaded, held
        self.unknown: list[Problem] = []
        self.malformed: list[Problem] = []

    def read(
        self, attribute: str, key: str, name: str, read: Callable[[str, Path], TableType]
    ) -> TableType | None:
        held: TableType | None = self.held.get(attribute)
        if held is not None and held.name == name:
            return held
        path = self.loaded.find_table(name)
        if not path.exists() and not name.endswith(".csv"):
            message = f"expected the name of a seed table, got {name!r}{hint(name, table_names())}"
            self.unknown.append(self.loaded.document.problem(tuple(key.split(".")), message))
            return None
        return self._try(lambda: self._with_settings(key, read(name, path)))

    def read_list(self, name: str) -> ListTable | None:
        held = {one.name: one for one in self.held.get("lists", ())}
        path = self.loaded.find_list(name)
        return held.get(name) or self._try(lambda: read_list(name, path))

    def stop_if_any(self) -> None:
        if self.unknown:
            raise ScenarioError([*self.unknown, *self.malformed])
        if self.malformed:
            raise DataError(self.malformed)

    def _try(self, read: Callable[[], TableType]) -> TableType | None:
        try:
            return read()
        except ProblemsError as error:
            self.malformed += error.problems
            return None

    def _with_settings(self, key: str, table: TableType) -> TableType:
        asked = [one for one in self.loaded.columns if one.table == table.name]
        if asked and key.startswith("money."):
            message = "expected another table: this one is drawn over its ranges in every run"
            raise DataError([Problem(one.origin, message, key=one.key) for one in asked])
        is_moved = self.loaded.are_columns_moved
        return with_settings(table, asked, is_moved=is_moved) if asked else table


def check_together(resolved: Resolved) -> list[Problem]:
    """Problems of tables that are valid one by one."""
    scenario, inventory = resolved.scenario, resolved.inventory
    hosting, shared, sectors = resolved.hosting, resolved.shared_prefixes, resolved.sectors
    places = places_of(resolved.cloud_prefixes, shared)
    checks: list[tuple[Callable[..., Iterable[Problem]], tuple[Any, ...]]] = [
        (check_operators, (resolved.operators,)),
        (_check_groups, (resolved,)),
        (_check_borrowed, (resolved,)),
        (_check_rates, (resolved,)),
        (check_sectors, (sectors, resolved.profiles)),
        (check_profiles, (resolved.profiles,)),
        (partial(check_places, shared=shared), (hosting, resolved.cloud_prefixes)),
        (check_shared, (shared, resolved.cloud_prefixes)),
        (check_sites, (inventory, sectors, scenario)),
        (check_visits, (inventory, resolved.visit_values, sectors)),
        (check_services, (resolved.services, places)),
        (_check_sharing, (resolved, places)),
        (check_cadence, (resolved.cadence, scenario.start)),
        (check_money_parameters, (resolved.money_parameters, sectors)),
        (check_orders, (resolved.orders, scenario)),
        (check_sessions, (resolved.sessions,)),
        (check_figures, (resolved.figures, places)),
    ]
    found = [problem for table in resolved.tables for problem in table.contradictions]
    for check, parts in checks:
        # What a scenario does not have contradicts nothing.
        found += check(*parts) if all(part is not None for part in parts) else ()
    found += check_own_places(hosting, shared) if scenario.switching else ()
    found += check_providers(places, resolved.pools, resolved.stances)
    return found


def _check_borrowed(resolved: Resolved) -> Iterator[Problem]:
    """Refuse tables of another country or time that the scenario does not say it borrows."""
    scenario, document = resolved.scenario, resolved.loaded.document
    found = stand_ins(scenario, resolved.tables, has_assumed=bool(resolved.assumed))
    if names := undeclared(scenario, found):
        missing = ", ".join(f"{name} ({described(found[name])})" for name in names)
        place = document.locate(("borrow",) if scenario.borrow else ("country",))
        message = (
            f"expected borrow to name the tables used in place of those of {scenario.country} in "
            f"{years(scenario)}: {missing}; hint: borrow: [{', '.join([*scenario.borrow, *names])}]"
        )
        yield place.problem(message, "borrow")
    known = {*found, *(table.name for table in resolved.tables), *table_names()}
    for name in scenario.borrow:
        if name not in known:
            message = f"expected the name of a table, got {name!r}{hint(name, known)}"
            yield document.problem(("borrow",), message)


def _check_rates(resolved: Resolved) -> Iterator[Problem]:
    """Refuse a currency without a known rate."""
    currency = resolved.scenario.money.currency
    if resolved.rates is not None and currency is not None and resolved.rate is None:
        known = ", ".join(sorted({row.currency for row in resolved.rates.rows} | {USD}))
        message = f"expected one of {known}, got {currency!r}"
        yield resolved.loaded.document.problem(("money", "currency"), message)


def _check_groups(resolved: Resolved) -> Iterator[Problem]:
    """Refuse orders for operators that the table does not have."""
    known = {row.operator for row in resolved.operators.rows}
    wanted = f"an operator of {resolved.operators.name}"
    document, strategy = resolved.loaded.document, resolved.scenario.strategy
    asked: dict[tuple[str | int, ...], Sequence[str]] = {
        ("strategy", "operators"): getattr(strategy, "operators", None) or ()
    }
    orders = strategy.orders if isinstance(strategy, Orders) else ()
    for number, order in enumerate(orders or ()):
        asked["strategy", "orders", number, "operators"] = order.operators or ()
    for path, names in asked.items():
        for name in names:
            if name not in known:
                message = f"expected {wanted}, got {name!r}{hint(name, known)}"
                yield document.problem(path, message)
    tables: list[Table[Any]] = [one for one in (resolved.orders, resolved.given) if one]
    for table in tables:
        yield from table.misnamed("operators", known, wanted, lambda row: row.operators or ())


def _check_line(resolved: Resolved) -> list[Problem]:
    """Refuse more IPv6 than can be told apart."""
    try:
        _ = resolved.line
    except ValueError as error:
        path = str(resolved.cloud_prefixes.path)
        return [Problem(path, f"expected fewer or longer IPv6 prefixes, got {error}", key="prefix")]
    return []


def _check_sharing(resolved: Resolved, places: set[tuple[str, str]]) -> Iterable[Problem]:
    """Refuse what contradicts itself; rows of the default table may be of places not rented from.

    A scenario with prefixes of its own need not bring a table of kinds of use.
    """
    table = resolved.sharing
    is_default = table.name == Names.model_fields["sharing"].default
    others = {(row.provider, row.region) for row in table.rows} if is_default else set()
    return check_sharing(table, places | others)


def is_of_country(table: Table[Any], scenario: Scenario) -> bool:
    """Whether a table is of the scenario's country, or names no country.

    Where the scenario does not name its country, only tables that name none are taken for its own.
    """
    country = table.note.country if table.note else ""
    return country in ("", ANY, scenario.country)
