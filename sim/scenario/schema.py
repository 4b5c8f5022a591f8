"""The scenario language: which keys there are, their types and units."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, StringConstraints, ValidationInfo, field_validator
from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import DoubleQuotedScalarString, FoldedScalarString

from sim.errors import Problem
from sim.scenario.document import Document, hint
from sim.scenario.quantities import (
    CodeFile,
    CodeName,
    Instant,
    Model,
    Share,
    SitesFile,
    Table,
    beside,
    check_country,
    check_printable,
    check_time_zone,
    fields_at,
)
from sim.scenario.reactions import Censor, Complaints, Fronts, Reactions, Stances, Switching, Users
from sim.scenario.readings import MOST_EVIDENCE, Evidence
from sim.scenario.strategies import Strategy, TargetAddresses
from sim.scenario.tables.rows import CURRENCY
from sim.scenario.tables.seeds import (
    COUNTRY,
    Distribution,
    Nature,
    check_drawn,
    check_support,
    read_note,
)

Kind = Literal["fact", "derived", "assumption", "choice"]
KeyPath = Annotated[
    str, StringConstraints(pattern=r"^[a-z_][a-z0-9_]*(\.[a-z0-9_]+)*$", max_length=120)
]
Cell: TypeAlias = "str | int | float | bool | list[Any]"
Text = Annotated[str, StringConstraints(max_length=1000)]


class Provenance(Model):
    """What one value rests on."""

    kind: Kind
    """Published, computed from what was published, assumed, or what the scenario asks."""
    unit: Text = ""
    """Unit of the value and of its range."""
    source: Text = ""
    """Where it was published, or what it is computed from; required for fact and derived."""
    date: Text = ""
    """When it was published, or what time it is about; required for fact and derived."""
    formula: Text = ""
    """How it is computed; required for derived."""
    why: Text = ""
    """Why this value and this range; required for assumption and choice."""
    range: Annotated[tuple[float, float], Field(strict=False)] | None = None
    """Lowest and highest value held possible; for a list, of each of its numbers."""
    nature: Nature = "unknown"
    """Nature of an assumption: only unknowns are drawn."""
    distribution: Distribution | None = None
    """How it is drawn; by the width of its range by default (explanation/ensembles.md)."""

    def check_values(self) -> None:
        """Refuse a fact without source, a derivation without formula, a bare assumption."""
        check_support(self.kind, vars(self))
        if self.range is not None and self.range[0] > self.range[1]:
            raise ValueError(f"expected low, high, got {self.range[0]:g}, {self.range[1]:g}")
        check_drawn(self.nature, self.distribution, self.range[0] if self.range else None)


def leaves(tree: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Cell]]:
    """Key paths and values of a scenario's tree without its provenance and its evidence, which say
    themselves what they rest on; a list is one value."""
    for name, value in tree.items():
        path = f"{above}{name}"
        if path in ("provenance", "evidence"):
            continue
        if isinstance(value, dict):
            yield from leaves(value, f"{path}.")
        else:
            yield path, value


def numbers_of(value: object) -> list[float]:
    """Numbers of a value: itself, or those in a list."""
    if isinstance(value, list):
        return [number for item in value for number in numbers_of(item)]
    return [value] if isinstance(value, int | float) and not isinstance(value, bool) else []


def note_problems(
    notes: Mapping[str, Provenance], tree: Mapping[str, Any], document: Document
) -> Iterator[Problem]:
    """Refuse notes on what the scenario does not have, and values outside their own range.

    Parameters
    ----------
    tree
        The whole scenario, defaults among it.
    """
    values = dict(leaves(tree))
    for key, note in notes.items():
        if key not in values:
            message = (
                f"expected the key path of a value of this scenario, got {key!r}{hint(key, values)}"
            )
            yield document.key_place(("provenance", key)).problem(message, "provenance")
        elif note.range is not None:
            low, high = note.range
            for number in numbers_of(values[key]):
                if not low <= number <= high:
                    message = f"expected a value in its range, {low:g} to {high:g}, got {number:g}"
                    yield document.locate(tuple(key.split("."))).problem(message, key)


def without_stale_notes(
    notes: Mapping[str, Provenance], document: Document
) -> dict[str, Provenance]:
    """Notes but for those of the file on values that were set over the file's."""
    noted = {path[:2] for path in document.replaced}
    return {
        key: note
        for key, note in notes.items()
        if ("provenance", key) in noted or not document.is_replaced(tuple(key.split(".")))
    }


Days = Annotated[float, Field(ge=1, le=1e12)]


class Tenancy(Model):
    """How long tenants keep their addresses when nothing blocks them."""

    rented_stay_d: Days
    """Mean time a component keeps its addresses."""
    shared_stay_d: Days
    """The same in a range that many tenants share (`providers.shared`)."""


Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
Line = Annotated[
    str, StringConstraints(min_length=1, max_length=200), AfterValidator(check_printable)
]
USD = "USD"
"""Currency in which everything is computed."""
NONE = "none"
"""Value of a key for a table, where there is no table."""
TableName = Annotated[str, Field(min_length=1, max_length=200)]


class Target(Model):
    """The service to be blocked."""

    name: Line
    """Name shown to readers."""
    prefixes: Table | None = None
    """Table of the target's own prefixes, which are never collateral; none by default."""
    addresses: TargetAddresses | None = None
    """Addresses or names of the target, or a file of them: the censor knows all, and the target
    keeps them; in place of `fronts`."""
    names: Annotated[SitesFile | None, beside("addresses")] = None
    """File with the addresses of these names, in any form that `exposure --names` takes; names that
    it lacks are looked up in `population.inventory`."""


class Register(Model):
    """The list of orders in force, as published."""

    cadence: Table = "register-cadence-2018"
    """Table of how often a version is published."""


class Providers(Model):
    """Who rents addresses out."""

    prefixes: Table = "provider-prefixes-2018"
    """Table of provider, region and prefix."""
    shared: Table | None = None
    """Table of parts of these ranges that many tenants share, each a region of its own; of a table
    with a column `shared`, its rows with yes, as the region `shared`."""


class Operators(Model):
    """Internet providers of the country, in groups."""

    groups: Table = "operators-russia-2018"
    """Table of operator groups: share of users, poll interval, lags, compliance."""


class Effects(Model):
    """Effects of blocking mechanisms on attempts."""

    throttle_severity: Share
    """Share of attempts that fail at a throttled address."""
    name_evasion: Share
    """Share of users who get round the blocking of a name."""


class Ipv6(Model):
    """Users with IPv6 in addition to IPv4, and how their programs use it."""

    share_users: Share
    """Share of users who have IPv6 beside IPv4."""
    share_components: Share
    """Share of components with IPv6 beside IPv4, of those in places that have both."""


class Population(Model):
    """The businesses that may be hit."""

    n_businesses: Annotated[int, Field(ge=0, le=10_000_000)] = 0
    """Number of domestic businesses hosted in foreign clouds."""
    inventory: SitesFile | None = None
    """File of sites of one's own, in any form that `exposure` reads; none by default."""
    revenue_per_visit: Table | None = None
    """Table of what visits earn, for sites that give visits and no revenue; `none` for no use."""
    sectors: Table = "sectors-russia-2018"
    """Table of sectors: share, revenue, role weights, demand profile."""
    demand_profiles: Table = "demand-profiles"
    """Table of daily and weekly demand."""
    hosting: Table = "hosting-russia-2018"
    """Table of weights by provider region."""
    components: Table = "components-2018"
    """Table of how many addresses a component sits on, by role."""
    services: Table = "services-russia-2018"
    """Table of third-party services that many businesses share; `none` for none."""
    share_components_at_home: Share
    """Share of components, other than the front end, in the front end's region."""
    share_components_domestic: Share
    """Share of components, other than the front end, at a provider inside the country."""

    def check_values(self) -> None:
        """Refuse a population of nobody, and shares that leave less than nothing for the rest."""
        if self.n_businesses == 0 and self.inventory is None:
            raise ValueError("expected n_businesses of 1 or more, or an inventory; got neither")
        total = self.share_components_at_home + self.share_components_domestic
        if total > 1:
            raise ValueError(
                f"expected share_components_at_home + share_components_domestic <= 1, got {total:g}"
            )


class Thresholds(Model):
    """Shares of domestic demand above which a business is called affected, impaired, down.

    A share equal to a threshold is not above it, to 12 decimal places.
    """

    affected: Share
    """A business is affected when more than this share of its demand fails."""
    impaired: Share
    """A business is impaired when more than this share of its demand fails."""
    down: Share
    """A business is down when more than this share of its demand fails."""

    def check_values(self) -> None:
        """Refuse thresholds that do not rise."""
        if not self.affected < self.impaired < self.down:
            raise ValueError(
                "expected affected < impaired < down, "
                f"got {self.affected:g}, {self.impaired:g}, {self.down:g}"
            )


class Names(Model):
    """How many names share an address."""

    census: Table = "hosting-concentration"
    """Table of a census of names per address, to whose calibration rows the law is fitted."""
    loneliness: Share
    """How far businesses that earn more sit on addresses that fewer names share."""
    shared_min_names: Annotated[int, Field(ge=1, le=10_000_000)]
    """Least number of names on an address of a shared range (`providers.shared`)."""
    kinds: Table | None = None
    """Table of parameters by which names follow from kinds of use; from the census if left out."""
    sharing: Table = "sharing-2018"
    """Table of the kinds of use of the addresses of each provider region."""
    parked: Table = "parked-names"
    """Table of the share of names that are parked, by kind of use."""


class Money(Model):
    """Tables that price lost demand."""

    parameters: Table = "money-parameters"
    """Table of the parameters of the firm-level method, each with a range."""
    economy: Table = "economy-russia-2018"
    """Table of the country's economy and of the published national methods, or `none`."""
    currency: Annotated[str, StringConstraints(pattern=CURRENCY)] | None = None
    """Currency, three letters of ISO 4217, of amounts: by `rates`, or as sites give them."""
    rates: Table = "exchange-rates"
    """Table of what a dollar was worth."""


class Published(Model):
    """Published figures to set beside the results; never an input."""

    totals: Table | None = None
    """Table of published totals of addresses, drawn as marks on the address curve."""
    figures: Table | None = None
    """Table of published figures, shown beside the summary."""


class OwnMeasure(Model):
    """A measure in a Python file of your own."""

    file: CodeFile
    """Python file that has the function."""
    name: CodeName
    """Name of the function, and of the measure."""


class Scenario(Model):
    """A scenario: who is blocked, when, how, and in which world."""

    format: Literal["overblock/scenario/1"]
    """Version of the scenario language."""
    name: Slug
    """Short name, used in file names."""
    title: Line
    """One line for readers."""
    description: Annotated[str, StringConstraints(max_length=4000)] = ""
    """What the scenario shows."""
    ordered_by: Line | None = None
    """Authority that ordered the block, as it reads after "ordered by": `Spanish courts`."""
    purpose: Line | None = None
    """Purpose of the block, as it reads after "to": `block Telegram`."""
    country: (
        Annotated[str, StringConstraints(pattern=rf"^{COUNTRY}$"), AfterValidator(check_country)]
        | None
    ) = None
    """Country it is of, two letters of ISO 3166, or EU; its pack fills in what is left out."""
    borrow: Annotated[tuple[TableName, ...], Field(max_length=100, strict=False)] = ()
    """Tables of another country or time, used in place of its own; also `assumptions`."""
    time_zone: Annotated[str, Field(max_length=60), AfterValidator(check_time_zone)] | None = None
    """Time zone of times of day: Europe/Madrid; by default the country's, or that of `start`."""
    start: Instant
    """Start of the run; time zero of the clock."""
    end: Instant
    """End of the run, not included."""
    root_seed: Annotated[int, Field(ge=0, lt=2**63)] | None = None
    """Root of all random numbers; chosen and printed by default."""
    n_replicates: Annotated[int, Field(ge=1, le=1_000_000)] = 10
    """Number of replicates of the point values, with --fixed."""
    target: Target
    strategy: Strategy
    register_: Annotated[Register, Field(alias="register")] = Register()
    providers: Providers = Providers()
    operators: Operators = Operators()
    population: Population
    thresholds: Thresholds
    effects: Effects
    names: Names
    fronts: Fronts | None = None
    censor: Censor | None = None
    users: Users | None = None
    stances: Stances | None = None
    reactions: Reactions | None = None
    complaints: Complaints | None = None
    tenancy: Tenancy | None = None
    ipv6: Ipv6 | None = None
    switching: Switching | None = None
    money: Money = Money()
    published: Published = Published()
    measures: (
        Annotated[tuple[OwnMeasure, ...], Field(min_length=1, max_length=100, strict=False)] | None
    ) = None
    """Measures of your own, computed beside the others."""
    evidence: (
        Annotated[tuple[Evidence, ...], Field(min_length=1, max_length=MOST_EVIDENCE, strict=False)]
        | None
    ) = None
    """Figures of the record: only simulations that agree with all of them are kept."""
    provenance: dict[KeyPath, Provenance] = Field(default_factory=dict)
    """Sources of the values above, by key path."""

    @field_validator("end")
    @classmethod
    def check_window(cls, end: datetime, info: ValidationInfo) -> datetime:
        """Refuse a run that ends before it starts, or that lasts more than ten years."""
        if "start" not in info.data:
            return end  # refused itself
        horizon_s = (end - info.data["start"]).total_seconds()
        if not 0 < horizon_s <= 3660 * 86_400:
            raise ValueError(
                "expected an end after the start and within ten years, "
                f"got {horizon_s / 86_400:g} days"
            )
        return end

    def has(self, path: str) -> bool:
        """Whether a section, or a key of one as ``section.key``, is given or has a default.

        ``one or other`` asks for either.
        """
        return any(self._has(one) for one in path.split(" or "))

    def _has(self, path: str) -> bool:
        value: object = self
        for name in path.split("."):
            value = getattr(value, name) if value is not None else None
        return value is not None

    @property
    def zone(self) -> tzinfo:
        """Time zone of times of day."""
        if self.time_zone is not None:
            return ZoneInfo(self.time_zone)
        assert self.start.tzinfo is not None
        return self.start.tzinfo

    @property
    def horizon_s(self) -> int:
        """Length of the run in seconds."""
        return int((self.end - self.start).total_seconds())


def scenario_tree(scenario: Scenario) -> dict[str, Any]:
    """Return all keys with their values, as plain JSON types."""
    return scenario.model_dump(mode="json", by_alias=True, exclude_none=True)


def dump_scenario(scenario: Scenario) -> str:
    """Write a scenario as YAML with every value spelled out.

    Loading the text gives an equal scenario.
    """
    tree = scenario_tree(scenario)
    # An empty mapping carries no value; leaving it out says the same.
    tree = {key: value for key, value in tree.items() if value != {}}
    description = tree["description"]
    if not description.replace("\n", "").isprintable():
        # Tabs, carriage returns and the like survive only as escapes.
        tree["description"] = DoubleQuotedScalarString(description)
    elif "\n" in description.strip():
        tree["description"] = FoldedScalarString(description)
    return dump_tree(tree)


def dump_tree(tree: Mapping[str, Any]) -> str:
    """Write plain values as YAML, whatever they say."""
    yaml = YAML()
    yaml.width = 100
    stream = io.StringIO()
    yaml.dump(dict(tree), stream)
    return stream.getvalue()


def meaning_of(key: str, table: Path | None) -> str:
    """Meaning of a key, without a capital at its beginning.

    Parameters
    ----------
    key
        Full path of a scenario key, or table and column.
    table
        Where the table of the key lies, with its note next to it; None where it is no table's.

    Raises
    ------
    DataError
        If the note of the table cannot be read.
    """
    column = key.rpartition(".")[2]
    note = None if table is None else read_note(table)
    if note is None:
        found = fields_at(Scenario, key.split("."))
        said = next((one.description for one in found if one.description), "")
    else:
        said = note.columns[column].meaning if column in note.columns else ""
    for end in (". ", "; ", ": "):
        said = said.partition(end)[0]
    said = said.strip(" .")
    return said[:1].lower() + said[1:] if said else column.replace("_", " ")
