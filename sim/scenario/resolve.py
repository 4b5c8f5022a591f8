"""A scenario and the tables it names: everything the run rests on, checked for meaning."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from functools import cached_property, partial
from itertools import chain
from pathlib import Path
from typing import Annotated, Any, get_args, get_type_hints

from sim.addresses.sets.line import Line
from sim.addresses.sets.notation import Prefix
from sim.catalogue.measures import MEASURES
from sim.errors import DataError, Mistakes, Problem, ScenarioError
from sim.scenario.document import hint
from sim.scenario.library import table_names
from sim.scenario.load import LoadedScenario
from sim.scenario.overrides import rate_at
from sim.scenario.own import own_code, read_code
from sim.scenario.quantities import read_prefix
from sim.scenario.schema import NONE, USD, Names, Scenario
from sim.scenario.strategies import GivenOrder, GivenOrderRow, Orders
from sim.scenario.tables import consistency, money
from sim.scenario.tables import rows as of
from sim.scenario.tables import sharing as use
from sim.scenario.tables.column_changes import TableType, with_settings
from sim.scenario.tables.inventory import Inventory, check_sites, of_polled_family, read_inventory
from sim.scenario.tables.lists import read_list, read_target, shared_part
from sim.scenario.tables.rows import read_assumptions
from sim.scenario.tables.seeds import ANY, Row, SourceNote, Table, read_table, table_rows

ASSUMPTIONS = "assumptions"
"""Name of the table of assumed values."""
VISIT_VALUES = "revenue-per-visit"
"""Table that is read where an inventory gives visits and no revenue, unless another is named."""


@dataclass(frozen=True)
class Resolved:
    """A scenario with its tables, each with the key of the scenario that names it.

    A table is None where the scenario names none, or does not use it.
    """

    loaded: LoadedScenario
    """The scenario file, its bytes and the overrides."""
    target_prefixes: Annotated[Table[of.TargetPrefixRow] | None, "target.prefixes"]
    cloud_prefixes: Annotated[Table[of.CloudPrefixRow], "providers.prefixes"]
    shared_prefixes: Annotated[Table[of.CloudPrefixRow] | None, "providers.shared"]
    cadence: Annotated[Table[of.CadenceRow], "register.cadence"]
    operators: Annotated[Table[of.OperatorRow], "operators.groups"]
    sectors: Annotated[Table[of.SectorRow], "population.sectors"]
    profiles: Annotated[Table[of.ProfileRow], "population.demand_profiles"]
    hosting: Annotated[Table[of.HostingRow], "population.hosting"]
    components: Annotated[Table[use.ComponentRow], "population.components"]
    services: Annotated[Table[use.ServiceRow] | None, "population.services"]
    census: Annotated[Table[use.ConcentrationRow], "names.census"]
    kinds: Annotated[Table[use.KindRow] | None, "names.kinds"]
    sharing: Annotated[Table[use.SharingRow], "names.sharing"]
    parked: Annotated[Table[use.ParkedRow], "names.parked"]
    money_parameters: Annotated[Table[money.MoneyParameterRow], "money.parameters"]
    economy: Annotated[Table[money.EconomyRow] | None, "money.economy"]
    inventory: Inventory | None
    """Sites with their own addresses."""
    visit_values: Annotated[Table[of.VisitRow] | None, "population.revenue_per_visit"]
    """Revenue of visits; None where no site gives visits alone."""
    orders: Annotated[Table[of.OrderRow] | None, "strategy.orders"]
    given: Annotated[Table[GivenOrderRow] | None, "strategy.table"]
    allowed: Annotated[Table[of.PrefixRow] | None, "strategy.allowed"]
    sessions: Annotated[Table[of.SessionRow] | None, "strategy.sessions"]
    polled: Annotated[Table[of.PolledRow] | None, "strategy.polled"]
    pools: Annotated[Table[of.PoolRow] | None, "fronts.pools"]
    stances: Annotated[Table[of.StanceRow] | None, "stances.events"]
    responses: Annotated[Table[of.ResponseRow] | None, "reactions.responses"]
    exempt: Annotated[Table[of.PrefixRow] | None, "censor.exempt"]
    pressure_events: Annotated[Table[of.PressureRow] | None, "censor.pressure_events"]
    rates: Annotated[Table[of.RateRow] | None, "money.rates"]
    totals: Annotated[Table[of.PublishedTotalRow] | None, "published.totals"]
    figures: Annotated[Table[of.FigureRow] | None, "published.figures"]
    lists: tuple[Table[of.PrefixRow], ...] = ()
    """Files of addresses that the strategy or the target names, by name."""
    target: tuple[Prefix, ...] = ()
    """Addresses of the target, those of its names too."""
    code: tuple[Table[Any], ...] = ()
    """Python files of strategy and measures of the user's own, which have no rows."""
    moves: Inventory | None = None
    """Other addresses of sites, which the inventory has; None where none are moved."""

    @property
    def scenario(self) -> Scenario:
        """The scenario itself."""
        return self.loaded.scenario

    @property
    def assumed(self) -> tuple[of.AssumptionRow, ...]:
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
            _prefixes_of(seated),
            [*_prefixes_of((*others, *self.lists)), *named, *self.target, *sites],
        )

    @property
    def rate(self) -> of.RateRow | None:
        """Exchange rate of the scenario's currency at its time; None without a currency."""
        scenario = self.scenario
        return rate_at(table_rows(self.rates), scenario.money.currency, scenario.start.year)

    @cached_property
    def amounts(self) -> money.Amounts:
        """How amounts of results are given; a response costs dollars."""
        return money.amounts_of(
            self.scenario, self.inventory, table_rows(self.rates), self.responses
        )

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
        # A file named at two keys is shown whole, as the first takes it.
        tables = [getattr(self, column.name) for column in reversed(fields(self))]
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
    """Addresses of the strategy: lists of them and names of files, in sequence."""
    named = (order.addresses for order in resolved.given_orders)
    return [one for one in named if one is not None]


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
    DataError.raise_any(check_together(resolved))
    try:
        _ = resolved.line
    except ValueError as error:
        path = str(resolved.cloud_prefixes.path)
        message = f"expected fewer or longer IPv6 prefixes, got {error}"
        raise DataError([Problem(path, message, key="prefix")]) from None
    return resolved


def read_tables(loaded: LoadedScenario, known: Resolved | None = None) -> Resolved:
    """Read the tables a scenario names; errors as for ``resolve``, but for what they mean."""
    scenario = loaded.scenario
    held = {} if known is None else vars(known)
    found: dict[str, Any] = dict.fromkeys(column.name for column in fields(Resolved))
    unknown, malformed = list[Problem](), Mistakes(DataError)

    def read(attribute: str, key: str, name: str, read: Callable[[str, Path], Table[Any]]) -> Any:
        path, table = loaded.find_table(name), held.get(attribute)
        if table is not None and table.name == name:
            return table
        if path.exists() or "." in name:
            with malformed.of_part():
                return _with_settings(loaded, key, read(name, path))
        else:
            message = f"expected the name of a seed table, got {name!r}{hint(name, table_names())}"
            unknown.append(loaded.document.problem(tuple(key.split(".")), message))
        return None

    inventory: Inventory | None = None
    if (name := scenario.population.inventory) is not None:
        inventory = read("inventory", "population.inventory", name, read_inventory)
    names = {key: name for key in ROWS_OF if (name := _name_at(scenario, key, inventory))}
    for key, name in names.items():
        attribute = _ATTRIBUTE_OF[key]
        found[attribute] = read(attribute, key, name, partial(read_table, model=ROWS_OF[key]))
    if found["shared_prefixes"] is not None:
        with malformed.of_part():
            found["shared_prefixes"] = shared_part(found["shared_prefixes"])
    for one in loaded.columns if known is None else ():
        if one.table not in names.values():
            close = hint(one.table, names.values())
            message = f"expected a table that the scenario names, got {one.table!r}{close}"
            malformed.append(Problem(one.origin, message, key=one.key))
    if unknown:
        raise ScenarioError([*unknown, *malformed])
    malformed.raise_any()
    found |= {"loaded": loaded, "inventory": inventory, "lists": (), "target": (), "code": ()}
    if inventory is not None:
        priced = money.in_dollars(inventory, scenario, table_rows(found["rates"]))
        found["inventory"] = of_polled_family(priced, scenario, found["given"], found["polled"])
    resolved = Resolved(**found)
    others = {one.name: one for one in (*known.lists, *known.code)} if known is not None else {}
    lists: list[Table[of.PrefixRow]] = []
    target, given = resolved.target, scenario.target
    files: Sequence[Table[of.PrefixRow]] = ()
    if known is not None and known.scenario.target == given:
        target = known.target
        files = [one for one in known.lists if one.name in (given.addresses, given.names)]
    elif given.addresses is not None:
        with malformed.of_part():
            sites = None if inventory is None else inventory.answers
            target, files = read_target(given.addresses, given.names, loaded.find_list, sites)
    for name in dict.fromkeys(name for name in _named(resolved) if isinstance(name, str)):
        with malformed.of_part():
            lists.append(others.get(name) or read_list(name, loaded.find_list(name)))
    malformed.raise_any()
    names_ = {one.name for one in lists}
    lists += [one for one in files if one.name not in names_]
    code = dict.fromkeys(one.file for one in own_code(scenario))
    return replace(
        resolved,
        lists=tuple(lists),
        target=target,
        code=tuple(others.get(name) or read_code(loaded, name) for name in code),
    )


def _with_settings(loaded: LoadedScenario, key: str, table: TableType) -> TableType:
    asked = [one for one in loaded.columns if one.table == table.name]
    if asked and key.startswith("money."):
        message = "expected another table: this one is drawn over its ranges in every run"
        raise DataError([Problem(one.origin, message, key=one.key) for one in asked])
    return with_settings(table, asked, {one.key for one in loaded.moved}) if asked else table


def _name_at(scenario: Scenario, key: str, inventory: Inventory | None) -> str | None:
    """Name of the table at a key; None where the key names none, or nothing rests on it."""
    section, last = key.split(".")
    part = scenario.register_ if section == "register" else getattr(scenario, section)
    name = getattr(part, last, None)
    currencies = {scenario.money.currency, inventory.currency if inventory else None}
    if key == "money.rates" and currencies <= {None, USD, ""}:
        return None
    if key == "population.revenue_per_visit":
        name = name or VISIT_VALUES
        if inventory is None or not inventory.is_by_visits.any():
            return None
    # The strategy `orders` has a key of that name, which holds no table.
    return name if isinstance(name, str) and name != NONE else None


def check_together(resolved: Resolved) -> list[Problem]:
    """Problems of tables that are valid one by one."""
    scenario, sectors, hosting = resolved.scenario, resolved.sectors, resolved.hosting
    shared, inventory = resolved.shared_prefixes, resolved.inventory
    checks: list[Iterable[Problem]] = [
        consistency.check_operators(resolved.operators),
        _check_names(resolved),
        _check_borrowed(resolved),
        consistency.check_weights(hosting, resolved.profiles, resolved.pools),
        consistency.check_sharing(resolved.sharing),
        consistency.check_cadence(resolved.cadence, scenario.start),
        money.check_money_parameters(resolved.money_parameters, sectors),
    ]
    if scenario.switching is not None:
        checks.append(consistency.check_own_places(hosting, shared))
    if shared is not None:
        checks.append(consistency.check_shared(shared, resolved.cloud_prefixes))
    if scenario.target.addresses is not None:
        place = resolved.loaded.document.locate(("target", "addresses"))
        checks.append(consistency.check_target(resolved.target, place))
        if scenario.strategy.lacks_rules(len({one.version for one in resolved.target})):
            message = "expected a rule for each family of target.addresses"
            checks.append([resolved.loaded.document.problem(("strategy", "rules"), message)])
    if inventory is not None:
        checks.append(check_sites(inventory, sectors, scenario))
        rates, document = table_rows(resolved.rates), resolved.loaded.document
        checks.append(money.check_revenue(inventory, scenario, rates, document))
    if inventory is not None and resolved.visit_values is not None:
        checks.append(consistency.check_visits(inventory, resolved.visit_values, sectors))
    if resolved.services is not None:
        checks.append(consistency.check_services(resolved.services))
    if resolved.orders is not None:
        checks.append(consistency.check_orders(resolved.orders, scenario))
    if resolved.sessions is not None:
        checks.append(consistency.check_sessions(resolved.sessions))
    return list(chain(*(table.contradictions for table in resolved.tables), *checks))


def _check_names(resolved: Resolved) -> Iterator[Problem]:
    """Refuse names of what no other table has."""
    pairs = consistency.places_in(resolved.cloud_prefixes) | consistency.places_in(
        resolved.shared_prefixes
    )
    places, owners = {*map(" ".join, pairs)}, {provider for provider, _ in pairs}
    operators = {row.operator for row in resolved.operators.rows}
    profiles = {row.profile for row in resolved.profiles.rows}
    # A scenario with prefixes of its own need not bring a table of kinds of use.
    is_default = resolved.sharing.name == Names.model_fields["sharing"].default
    seats = pairs | (consistency.places_in(resolved.sharing) if is_default else set())
    used = {*map(" ".join, seats), *(f"{provider} *" for provider, _ in seats)}
    place, owner = "a provider and region of the prefixes", "a provider of the prefixes"
    group = f"an operator of {resolved.operators.name}"
    profile = f"one of {', '.join(sorted(profiles))}"

    def place_of(row: Any) -> tuple[str]:
        return (f"{row.provider} {row.region}".strip(),)

    tables: Sequence[tuple[Table[Any] | None, str, Iterable[str], str, Any]] = (
        (resolved.sectors, "demand_profile", profiles, profile, None),
        (resolved.hosting, "region", places, place, place_of),
        (resolved.services, "region", places, place, place_of),
        # The region * stands for every region of the provider that has no row of its own.
        (resolved.sharing, "region", used, place, place_of),
        (resolved.pools, "region", places | owners, place, place_of),
        (resolved.stances, "provider", owners, owner, None),
        (resolved.figures, "metric", ("", *MEASURES), "the name of a measure", None),
        (resolved.figures, "providers", owners, owner, lambda row: row.provider_names),
        (resolved.orders, "operators", operators, group, lambda row: row.operators or ()),
        (resolved.polled, "operator", operators, group, None),
        (resolved.given, "operators", operators, group, lambda row: row.operators or ()),
    )
    for table, column, of_column, wanted, names_in in tables:
        known = set(of_column)
        for number, row in enumerate(table_rows(table)):
            for name in [getattr(row, column)] if names_in is None else names_in(row):
                if table is not None and name not in known:
                    message = f"expected {wanted}, got {name!r}{hint(name, known)}"
                    yield table.problem(number, column, message)
    strategy, document = resolved.scenario.strategy, resolved.loaded.document
    orders = strategy.orders if isinstance(strategy, Orders) else ()
    asked: dict[tuple[str | int, ...], Sequence[str] | None] = {
        ("strategy", "operators"): getattr(strategy, "operators", None),
        **{
            ("strategy", "orders", number, "operators"): order.operators
            for number, order in enumerate(orders or ())
        },
    }
    for path, names in asked.items():
        for name in names or ():
            if name not in operators:
                message = f"expected {group}, got {name!r}{hint(name, operators)}"
                yield document.problem(path, message)


def _check_borrowed(resolved: Resolved) -> Iterator[Problem]:
    """Refuse tables of another country or time that the scenario does not say it borrows."""
    scenario, document = resolved.scenario, resolved.loaded.document
    found = stand_ins(resolved)
    if names := undeclared(resolved):
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


def is_of_country(table: Table[Any] | None, scenario: Scenario) -> bool:
    """Whether a table is of the scenario's country, or names no country; False without a table.

    Where the scenario does not name its country, only tables that name none are taken for its own.
    """
    if table is None:
        return False
    country = table.note.country if table.note else ""
    return country in ("", ANY, scenario.country)


def stand_ins(resolved: Resolved) -> Mapping[str, SourceNote]:
    """Notes of the tables that are of another country or time, by name, in sequence."""
    scenario = resolved.scenario
    notes = {table.name: table.note for table in resolved.tables}
    if resolved.assumed:
        notes[ASSUMPTIONS] = read_assumptions().note
    return {
        name: note
        for name, note in sorted(notes.items())
        if note is not None
        and (note.country not in ("", ANY, scenario.country) or not _is_of_time(note, scenario))
    }


def undeclared(resolved: Resolved) -> list[str]:
    """Names of tables of another country or time that a scenario uses and does not borrow.

    A table of no country in particular may be of another time without a word; a scenario that does
    not name its country borrows nothing.
    """
    if resolved.scenario.country is None:
        return []
    return [
        name
        for name, note in stand_ins(resolved).items()
        if note.country not in ("", ANY) and name not in resolved.scenario.borrow
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
