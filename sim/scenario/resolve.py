"""A scenario and the tables it names: everything the run rests on, checked for meaning."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from functools import cached_property
from typing import Any

from sim.addresses.sets.line import Line
from sim.addresses.sets.notation import Prefix
from sim.errors import DataError, Problem
from sim.scenario.calendars import GivenOrder, GivenOrderRow
from sim.scenario.document import format_path
from sim.scenario.library import table_names
from sim.scenario.load import LoadedScenario
from sim.scenario.named_tables import USD, ListTable, TableReader
from sim.scenario.overrides import rate_at
from sim.scenario.own import own_code
from sim.scenario.quantities import read_prefix
from sim.scenario.refusal import hint
from sim.scenario.schema import Names, Scenario
from sim.scenario.strategies import Orders, TimeWindow
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
    check_use,
    places_of,
)
from sim.scenario.tables.inventory import Inventory, check_sites, check_visits
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
    UseRow,
    VisitRow,
    WithdrawalRow,
)
from sim.scenario.tables.seeds import ANY, SourceNote, Table, read_note
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
from sim.scenario.tables.shipped import assumptions_path

ASSUMPTIONS = "assumptions"
"""Name of the table of assumed values."""


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
        notes[ASSUMPTIONS] = read_note(assumptions_path())
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
    """A scenario with its tables.

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
    pools, stances, responses, exempt, pressure_events, withdrawals
        Tables of mechanisms by which actors react; None where the scenario names none.
    use
        When the target is used; None where the scenario names no such table.
    rates
        What a dollar was worth; None where money is shown in USD alone.
    totals, figures
        Published numbers to set beside the results; None when the scenario names none.
    """

    loaded: LoadedScenario
    target_prefixes: Table[TargetPrefixRow] | None
    cloud_prefixes: Table[CloudPrefixRow]
    shared_prefixes: Table[CloudPrefixRow] | None
    cadence: Table[CadenceRow]
    operators: Table[OperatorRow]
    sectors: Table[SectorRow]
    profiles: Table[ProfileRow]
    hosting: Table[HostingRow]
    components: Table[ComponentRow]
    services: Table[ServiceRow] | None
    census: Table[ConcentrationRow]
    kinds: Table[KindRow] | None
    sharing: Table[SharingRow]
    parked: Table[ParkedRow]
    money_parameters: Table[MoneyParameterRow]
    economy: Table[EconomyRow]
    inventory: Inventory | None
    visit_values: Table[VisitRow] | None
    orders: Table[OrderRow] | None
    given: Table[GivenOrderRow] | None
    allowed: Table[PrefixRow] | None
    sessions: Table[SessionRow] | None
    pools: Table[PoolRow] | None
    stances: Table[StanceRow] | None
    responses: Table[ResponseRow] | None
    exempt: Table[PrefixRow] | None
    pressure_events: Table[PressureRow] | None
    withdrawals: Table[WithdrawalRow] | None
    use: Table[UseRow] | None
    rates: Table[RateRow] | None
    totals: Table[PublishedTotalRow] | None
    figures: Table[FigureRow] | None
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
        others = self.target_prefixes, self.orders, self.allowed, self.exempt, self.withdrawals
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


def _named(resolved: Resolved) -> list[str | tuple[str, ...]]:
    """Addresses that the strategy names: lists of them and names of files, in sequence."""
    strategy = resolved.scenario.strategy
    if isinstance(strategy, TimeWindow):
        return [strategy.addresses] if strategy.addresses is not None else []
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
    reader = TableReader(loaded, {} if known is None else vars(known))
    attributes: dict[str, Any] = dict.fromkeys(column.name for column in fields(Resolved))
    attributes |= {"lists": (), "code": (), **reader.read_all(), "loaded": loaded}
    resolved = Resolved(**attributes)
    names = dict.fromkeys(name for name in _named(resolved) if isinstance(name, str))
    code = dict.fromkeys(one.file for one in own_code(loaded.scenario))
    return replace(resolved, lists=reader.read_lists(names), code=reader.read_code(code))


def check_together(resolved: Resolved) -> list[Problem]:
    """Problems of tables that are valid one by one."""
    scenario = resolved.scenario
    places = places_of(resolved.cloud_prefixes, resolved.shared_prefixes)
    return [
        *(problem for table in resolved.tables for problem in table.contradictions),
        *check_operators(resolved.operators),
        *_check_groups(resolved),
        *_check_borrowed(resolved),
        *_check_rates(resolved),
        *check_sectors(resolved.sectors, resolved.profiles),
        *check_profiles(resolved.profiles),
        *check_places(resolved.hosting, resolved.cloud_prefixes, resolved.shared_prefixes),
        *check_shared(resolved.shared_prefixes, resolved.cloud_prefixes),
        *(
            check_own_places(resolved.hosting, resolved.shared_prefixes)
            if scenario.switching
            else ()
        ),
        *(
            check_sites(resolved.inventory, resolved.sectors, scenario)
            if resolved.inventory
            else ()
        ),
        *(
            check_visits(resolved.inventory, resolved.visit_values, resolved.sectors)
            if resolved.inventory and resolved.visit_values
            else ()
        ),
        *(check_services(resolved.services, places) if resolved.services else ()),
        *_check_sharing(resolved, places),
        *check_providers(places, resolved.pools, resolved.stances, resolved.withdrawals),
        *check_cadence(resolved.cadence, scenario.start),
        *check_money_parameters(resolved.money_parameters, resolved.sectors),
        *(check_orders(resolved.orders, scenario) if resolved.orders else ()),
        *(check_sessions(resolved.sessions) if resolved.sessions else ()),
        *(check_use(resolved.use) if resolved.use else ()),
        *(check_figures(resolved.figures, places) if resolved.figures else ()),
    ]


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
        yield Problem(place.file, message, place.line, place.column, "borrow")
    known = {*found, *(table.name for table in resolved.tables), *table_names()}
    for name in scenario.borrow:
        if name not in known:
            place = document.locate(("borrow",))
            message = f"expected the name of a table, got {name!r}{hint(name, known)}"
            yield Problem(place.file, message, place.line, place.column, "borrow")


def _check_rates(resolved: Resolved) -> Iterator[Problem]:
    """Refuse a currency without a known rate."""
    currency = resolved.scenario.money.currency
    if resolved.rates is not None and currency is not None and resolved.rate is None:
        known = ", ".join(sorted({row.currency for row in resolved.rates.rows} | {USD}))
        place = resolved.loaded.document.locate(("money", "currency"))
        message = f"expected one of {known}, got {currency!r}"
        yield Problem(place.file, message, place.line, place.column, "money.currency")


def _check_groups(resolved: Resolved) -> Iterator[Problem]:
    """Refuse orders for operators that the table does not have."""
    known = {row.operator for row in resolved.operators.rows}
    document, strategy = resolved.loaded.document, resolved.scenario.strategy

    def message(name: str) -> str:
        return f"expected an operator of {resolved.operators.name}, got {name!r}{hint(name, known)}"

    asked: list[tuple[tuple[str | int, ...], Sequence[str]]] = []
    asked.append((("strategy", "operators"), getattr(strategy, "operators", None) or ()))
    orders = strategy.orders if isinstance(strategy, Orders) else ()
    for number, order in enumerate(orders or ()):
        asked.append((("strategy", "orders", number, "operators"), order.operators or ()))
    for path, names in asked:
        place = document.locate(path)
        for name in names:
            if name not in known:
                key = format_path(path)
                yield Problem(place.file, message(name), place.line, place.column, key)
    tables: list[Table[Any]] = [one for one in (resolved.orders, resolved.given) if one]
    for table in tables:
        for number, row in enumerate(table.rows):
            for name in row.operators or ():
                if name not in known:
                    yield table.problem(number, "operators", message(name))


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


_OF_TABLES = ("provider", "region", "service", "asn")
"""Columns by which ``overblock exposure`` groups the hosts of a file."""


def list_warnings(resolved: Resolved) -> list[str]:
    """Warnings to check before trusting the result."""
    return [
        *_stand_ins(resolved),
        *_foreign_economy(resolved),
        *_late_orders(resolved),
        *_lists(resolved),
        *_sites(resolved),
    ]


def is_of_country(table: Table[Any], scenario: Scenario) -> bool:
    """Whether a table is of the scenario's country, or names no country.

    Where the scenario does not name its country, only tables that name none are taken for its own.
    """
    country = table.note.country if table.note else ""
    return country in ("", ANY, scenario.country)


def _stand_ins(resolved: Resolved) -> Iterator[str]:
    """One sentence that names the tables of another country or time, if there are any."""
    scenario = resolved.scenario
    found = stand_ins(scenario, resolved.tables, has_assumed=bool(resolved.assumed))
    if not found:
        return
    yield (
        f"tables of another country or time are used for {scenario.country} in {years(scenario)}: "
        if scenario.country
        else "the scenario names no country (key country), but these tables are of one, or of a "
        f"time other than {years(scenario)}: "
    ) + ", ".join(f"{name} ({described(note)})" for name, note in found.items())


def _foreign_economy(resolved: Resolved) -> Iterator[str]:
    scenario, economy = resolved.scenario, resolved.economy
    if not is_of_country(economy, scenario):
        assert economy.note is not None
        other = f"is of {scenario.country}" if scenario.country else "names no country"
        yield (
            f"losses by national methods are left out: {economy.name} is of {economy.note.country}"
            f", the scenario {other} (keys money.economy and country)"
        )


def _late_orders(resolved: Resolved) -> Iterator[str]:
    if resolved.orders is not None:
        late = sum(row.effective >= resolved.scenario.end for row in resolved.orders.rows)
        if late:
            yield f"{late} orders fall at or after the end of the run and are not placed"


def _lists(resolved: Resolved) -> Iterator[str]:
    """Notes of the reader on files of addresses."""
    for table in resolved.lists:
        if isinstance(table, ListTable):
            yield from (f"{table.name}: {note}" for note in table.notes)


def _sites(resolved: Resolved) -> Iterator[str]:
    """Warnings on data that a file of sites lacks, or has and a run ignores."""
    inventory = resolved.inventory
    if inventory is None:
        return
    if n_without := inventory.n_without_address:
        yield (
            f"{inventory.name}: {n_without} of {inventory.n_rows + n_without} rows have no address:"
            " what none of a site's rows places is drawn (column drawn of sites.csv); where "
            "another row does, the site has fewer addresses here than in truth"
        )
    if unused := [name for name in _OF_TABLES if name in inventory.columns]:
        yield (
            f"{inventory.name}: a run takes from its own tables, and not from the file: "
            f"{', '.join(unused)}"
        )
    yield from (f"{inventory.name}: {note}" for note in inventory.notes)
