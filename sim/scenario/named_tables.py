"""The tables that a scenario names: their keys, their rows, and how all of them are read."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import repeat
from pathlib import Path
from typing import Any, TypeVar

from sim.addresses.feeds.feed import Feed
from sim.addresses.feeds.formats import read_feed
from sim.addresses.feeds.forms import DATED
from sim.addresses.feeds.inputs import Input
from sim.addresses.sets.line import clip_prefix
from sim.addresses.sets.notation import Prefix
from sim.errors import DataError, Problem, ProblemsError, ScenarioError
from sim.scenario.calendars import GivenOrderRow
from sim.scenario.library import table_names
from sim.scenario.load import LoadedScenario
from sim.scenario.own import read_code
from sim.scenario.refusal import hint
from sim.scenario.schema import NONE, Scenario
from sim.scenario.tables.column_changes import ColumnSetting, with_settings
from sim.scenario.tables.inventory import Inventory, read_inventory
from sim.scenario.tables.money import EconomyRow, MoneyParameterRow
from sim.scenario.tables.rows import (
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
from sim.scenario.tables.seeds import Row, RowType, Table, read_bytes, read_note, read_table
from sim.scenario.tables.sharing import (
    ComponentRow,
    ConcentrationRow,
    KindRow,
    ParkedRow,
    ServiceRow,
    SharingRow,
)


@dataclass(frozen=True)
class ListTable(Table[PrefixRow]):
    """A list of prefixes; its bytes are of whatever format it was read from.

    Attributes
    ----------
    notes
        What the reader says of the file, such as columns that it ignored.
    """

    notes: tuple[str, ...] = field(default=(), kw_only=True)


def read_list(name: str, path: Path) -> ListTable:
    """Read a list of prefixes, addresses and ranges.

    Parameters
    ----------
    name
        As the scenario names it.
    path
        Where it is.

    Returns
    -------
    table
        A row for each prefix, with its line in the file; a range may take several.

    Raises
    ------
    DataError
        If it cannot be read, holds mistakes or dated orders, or IPv6 without an address of
        2000::/3.
    """
    data = read_bytes(path)
    feed = read_feed(Input(path, str(path)))
    if feed.origin.format in DATED:
        message = (
            "expected a list without times, got dated orders: `overblock import FILE -o orders.csv`"
            " writes them as the strategy replay reads them"
        )
        raise DataError([Problem(str(path), message)])
    listed = list_prefixes(feed, str(path))
    return ListTable(
        name,
        path,
        data,
        hashlib.sha256(data).hexdigest(),
        # Checked as they were read.
        tuple(PrefixRow.model_construct(prefix=prefix) for _, _, prefix in listed),
        tuple(line for _, line, _ in listed),
        read_note(path),
        notes=feed.notes,
    )


def list_prefixes(feed: Feed, file: str) -> list[tuple[int, int, Prefix]]:
    """Return the prefixes of a list, each with its record and its line, IPv4 first.

    Raises
    ------
    DataError
        If IPv6 has no address of 2000::/3.
    """
    row4, address4, length4 = feed.v4.to_prefixes()
    row6, address6, length6 = feed.v6.to_prefixes()
    listed = [
        *map(Prefix, repeat(4), address4.tolist(), length4.tolist()),
        *map(Prefix, repeat(6), address6.to_ints(), length6.tolist()),
    ]
    lines = [*feed.v4.line[row4].tolist(), *feed.v6.line[row6].tolist()]
    records = [*feed.record4[row4].tolist(), *feed.record6[row6].tolist()]
    found, problems = [], []
    for record, line, prefix in zip(records, lines, listed, strict=True):
        try:
            found.append((record, line, clip_prefix(prefix)))
        except ValueError as error:
            problems.append(Problem(file, str(error), line))
    if problems:
        raise DataError(problems)
    return found


TableType = TypeVar("TableType", bound=Table[Any])
USD = "USD"
"""Currency in which everything is computed."""
VISIT_VALUES = "revenue-per-visit"
"""Table that is read where an inventory gives visits and no revenue, unless another is named."""
ROWS_OF: Mapping[str, type[Row]] = {
    "target.prefixes": TargetPrefixRow,
    "providers.prefixes": CloudPrefixRow,
    "providers.shared": CloudPrefixRow,
    "register.cadence": CadenceRow,
    "operators.groups": OperatorRow,
    "population.sectors": SectorRow,
    "population.revenue_per_visit": VisitRow,
    "population.demand_profiles": ProfileRow,
    "population.hosting": HostingRow,
    "population.components": ComponentRow,
    "population.services": ServiceRow,
    "names.census": ConcentrationRow,
    "names.kinds": KindRow,
    "names.sharing": SharingRow,
    "names.parked": ParkedRow,
    "money.parameters": MoneyParameterRow,
    "money.economy": EconomyRow,
    "money.rates": RateRow,
    "strategy.orders": OrderRow,
    "strategy.table": GivenOrderRow,
    "strategy.allowed": PrefixRow,
    "strategy.sessions": SessionRow,
    "fronts.pools": PoolRow,
    "stances.events": StanceRow,
    "reactions.responses": ResponseRow,
    "censor.exempt": PrefixRow,
    "censor.pressure_events": PressureRow,
    "censor.outside_withdrawals": WithdrawalRow,
    "users.use": UseRow,
    "published.totals": PublishedTotalRow,
    "published.figures": FigureRow,
}
"""Rows of the table that each key of a scenario names."""


_COLUMN_OF = {
    "providers.prefixes": "cloud_prefixes",
    "providers.shared": "shared_prefixes",
    "target.prefixes": "target_prefixes",
    "operators.groups": "operators",
    "population.demand_profiles": "profiles",
    "population.revenue_per_visit": "visit_values",
    "money.parameters": "money_parameters",
    "strategy.table": "given",
    "stances.events": "stances",
    "censor.outside_withdrawals": "withdrawals",
}
"""Attribute of ``Resolved`` that holds a table, where it is not named as the key is."""


def _named(
    scenario: Scenario, inventory: Inventory | None
) -> Iterator[tuple[str, str, str | None, type[Any]]]:
    """Tables that may be named: attribute, key, name (None where it names none), and rows."""
    for key, model in ROWS_OF.items():
        section, last = key.split(".")
        part = scenario.register_ if section == "register" else getattr(scenario, section)
        name = getattr(part, last, None)
        # The strategy `orders` has a key of that name, which holds no table.
        is_named = isinstance(name, str) and name != NONE
        if key == "money.rates" and scenario.money.currency in (None, USD):
            is_named = False
        if key == "population.revenue_per_visit":
            # Without a site that needs it, nothing is asked of it and nothing rests on it.
            name = name or VISIT_VALUES
            is_named = name != NONE and inventory is not None and inventory.has_visits_alone
        yield _COLUMN_OF.get(key, last), key, name if is_named else None, model


class TableReader:
    """Reads the tables of a scenario and gathers the problems of all of them.

    Parameters
    ----------
    held
        Tables that are there already, by attribute of ``Resolved``: those of the same name are
        taken, not read again.
    """

    def __init__(self, loaded: LoadedScenario, held: Mapping[str, Any]) -> None:
        self._loaded = loaded
        self._held = held
        self._unknown: list[Problem] = []
        self._malformed: list[Problem] = []
        self._columns: dict[str, list[ColumnSetting]] = {}
        for one in loaded.columns:
            self._columns.setdefault(one.table, []).append(one)

    def read_all(self) -> dict[str, Any]:
        """Read all tables that are named, by attribute of ``Resolved``.

        Raises
        ------
        ScenarioError, DataError
            With what is wrong with any of them.
        """
        tables: dict[str, Any] = {}
        inventory = None
        if (name := self._loaded.scenario.population.inventory) is not None:
            key = "population.inventory"
            inventory = self._read("inventory", key, name, read_inventory)
            tables["inventory"] = inventory
        named = list(_named(self._loaded.scenario, inventory))
        tables |= {
            column: self._read(column, key, name, partial(_read_rows, model))
            for column, key, name, model in named
            if name is not None
        }
        if not self._held:
            self._check_settings([one for _, _, one, _ in named if one is not None])
        self._stop_if_any()
        return tables

    def _check_settings(self, names: Sequence[str]) -> None:
        """Refuse columns of tables that the scenario does not name."""
        for one in self._loaded.columns:
            if one.table not in names:
                close = hint(one.table, names)
                message = f"expected a table that the scenario names, got {one.table!r}{close}"
                self._malformed.append(Problem(one.origin, message, key=one.key))

    def read_lists(self, names: Iterable[str]) -> tuple[Table[PrefixRow], ...]:
        """Read files of addresses.

        Raises
        ------
        DataError
            With what is wrong with any of them.
        """
        lists = [self._read_list(name) for name in names]
        self._stop_if_any()
        return tuple(one for one in lists if one is not None)

    def read_code(self, names: Iterable[str]) -> tuple[Table[Any], ...]:
        """Read Python files; nothing of them runs.

        Raises
        ------
        ScenarioError
            If one cannot be read.
        """
        held = {table.name: table for table in self._held.get("code", ())}
        return tuple(held.get(name) or read_code(self._loaded, name) for name in names)

    def _read(
        self, column: str, key: str, name: str, read: Callable[[str, Path], TableType]
    ) -> TableType | None:
        held: TableType | None = self._held.get(column)
        if held is not None and held.name == name:
            return held
        path = self._loaded.find_table(name)
        if not path.exists() and not name.endswith(".csv"):
            place = self._loaded.document.locate(tuple(key.split(".")))
            message = f"expected the name of a seed table, got {name!r}{hint(name, table_names())}"
            self._unknown.append(Problem(place.file, message, place.line, place.column, key))
            return None
        try:
            return self._with_settings(key, read(name, path))
        except ProblemsError as error:
            self._malformed += error.problems
            return None

    def _with_settings(self, key: str, table: TableType) -> TableType:
        asked = self._columns.get(table.name, [])
        if not asked:
            return table
        if key.startswith("money."):
            message = "expected another table: this one is drawn over its ranges in every run"
            raise DataError([Problem(one.origin, message, key=one.key) for one in asked])
        return with_settings(table, asked, is_moved=self._loaded.are_columns_moved)

    def _read_list(self, name: str) -> Table[PrefixRow] | None:
        """Read a file of addresses, or take note of what is wrong with it."""
        lists: tuple[Table[PrefixRow], ...] = self._held.get("lists", ())
        for held in lists:
            if held.name == name:
                return held
        try:
            return read_list(name, self._loaded.find_list(name))
        except ProblemsError as error:
            self._malformed += error.problems
            return None

    def _stop_if_any(self) -> None:
        if self._unknown:
            raise ScenarioError([*self._unknown, *self._malformed])
        if self._malformed:
            raise DataError(self._malformed)


def _read_rows(model: type[RowType], name: str, path: Path) -> Table[RowType]:
    return read_table(name, path, model)
