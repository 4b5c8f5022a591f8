"""How the outcome of a backtest case is predicted: by a run, a national method, a law, an exposure.

In: the part of a case that says how. Out: frozen models, one for each kind. It predicts nothing.
It is long because it is the list of these kinds, to be read beside each other.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field, StringConstraints, model_validator

from sim.scenario.quantities import Instant, Model, Share, check_between
from sim.scenario.readings import Amount, Date, Named, RunReading, Text


class RunPredictor(RunReading):
    """A number read off a simulated scenario, in each replicate."""

    kind: Literal["run"]
    scenario: Annotated[str, StringConstraints(min_length=1, max_length=1000)]
    """Shipped scenario, or a file relative to the case file."""
    overrides: Annotated[list[Text], Field(max_length=50, default_factory=list)]
    """``key.path=value`` each, as for --set."""


class Constant(Model):
    """A number that a national method takes."""

    value: Amount
    low: Amount
    high: Amount
    source: Text
    date: Date

    @model_validator(mode="after")
    def check_range(self) -> Constant:
        """Refuse a value outside its range."""
        check_between(self.low, self.value, self.high)
        return self


class NationalPredictor(Model):
    """A published method for a whole country, over draws of its constants."""

    kind: Literal["national-method"]
    method: Named
    """Identifier of the method, as in money.csv."""
    duration_d: Amount
    """Days."""
    share_affected: Share = 1.0
    """Share of users or demand cut off."""
    economy: Annotated[str, StringConstraints(max_length=1000)] = ""
    """Table of constants; none when left out."""
    constants: Annotated[dict[str, Constant], Field(max_length=50, default_factory=dict)]
    """Constants of this case, in place of the table's."""


class ShareRange(Model):
    """A share and how far it may lie; triangular over the range, a point without one."""

    value: Share
    """The share that is most likely."""
    low: Share | None = None
    """Least; the value when left out."""
    high: Share | None = None
    """Most; the value when left out."""

    @model_validator(mode="after")
    def check_range(self) -> ShareRange:
        """Refuse a value outside its range."""
        low, value, high = self.ends
        check_between(low, value, high)
        return self

    @property
    def ends(self) -> tuple[float, float, float]:
        """Least, most likely and most."""
        low = self.value if self.low is None else self.low
        return low, self.value, self.value if self.high is None else self.high


AddressKindName: TypeAlias = Literal["rented", "web_hosting", "proxy", "parking"]


class NameDraw(Model):
    """Distinct addresses of one kind."""

    address_kind: AddressKindName
    """Kind of the addresses."""
    n_addresses: Annotated[int, Field(ge=1, le=100_000)]
    """How many."""
    share_by_names: Annotated[ShareRange, Field(default_factory=lambda: ShareRange(value=0))]
    """Share of them that is drawn by its names, as one who looks for a site meets them."""


class NamesPredictor(Model):
    """The law of names per address."""

    kind: Literal["names-law"]
    quantity: Literal[
        "n_names",
        "n_addresses",
        "share_single",
        "share_top",
        "mean_names",
        "max_names",
        "share_sites_crowded",
        "share_sites_alone",
        "names_on_addresses",
    ]
    """Which quantity of the law; ``names_on_addresses`` draws addresses of one kind."""
    n_addresses: Annotated[int, Field(ge=1, le=100_000_000)] | None = None
    """How many addresses, for share_top and names_on_addresses."""
    address_kind: AddressKindName | None = None
    """Kind of the addresses drawn, for names_on_addresses."""
    draws: Annotated[list[NameDraw], Field(max_length=20, default_factory=list)]
    """Addresses of several kinds, summed, in place of n_addresses and address_kind."""
    universe: ShareRange | None = None
    """Share of all names that the study counts; all when left out."""
    universe_of: Literal["any", "popular"] = "any"
    """Whether these are a random part of all names, or the most popular ones."""

    @model_validator(mode="after")
    def check_addresses(self) -> NamesPredictor:
        """Refuse a number or kind of addresses where there is no use for it, and its absence."""
        is_drawn = self.quantity == "names_on_addresses"
        if not is_drawn and self.draws:
            raise ValueError("expected draws with names_on_addresses only")
        if self.universe is not None and self.universe.ends[0] <= 0:
            raise ValueError("expected a universe above 0")
        if self.universe_of == "popular" and (self.universe is None or self.universe.ends[2] >= 1):
            raise ValueError("expected a universe below 1 beside universe_of: popular")
        if self.draws and (self.n_addresses is not None or self.address_kind is not None):
            raise ValueError("expected draws, or n_addresses and address_kind, got both")
        wants_number = (is_drawn and not self.draws) or self.quantity == "share_top"
        if wants_number != (self.n_addresses is not None):
            raise ValueError("expected n_addresses with share_top and names_on_addresses only")
        if (is_drawn and not self.draws) != (self.address_kind is not None):
            raise ValueError("expected address_kind with names_on_addresses only")
        if is_drawn and sum(draw.n_addresses for draw in self.drawn) > 100_000:
            raise ValueError("expected at most 100000 addresses to draw, got more")
        return self

    @property
    def drawn(self) -> list[NameDraw]:
        """Addresses that are drawn, kind by kind."""
        if self.address_kind is None:
            return self.draws
        n = min(self.n_addresses or 0, 100_001)
        return [NameDraw.model_construct(address_kind=self.address_kind, n_addresses=n)]


class ExposurePredictor(Model):
    """A count of what blocklists list, without a simulation."""

    kind: Literal["exposure"]
    blocklist: Annotated[str, StringConstraints(min_length=1, max_length=1000)]
    """Shipped table, or a file relative to the case file."""
    at: Instant | None = None
    """When dated orders are in force."""
    count: Literal[
        "distinct",
        "summed",
        "outside_target",
        "prefixes_wholly",
        "prefixes_partly",
        "hosts",
        "businesses",
        "names",
        "names_hit",
        "names_wholly",
        "active_sites",
    ] = "distinct"
    """Distinct IPv4 addresses, the sum over rules, or distinct ones outside the target's own;
    prefixes of the attribute table listed wholly or in part; hosts, businesses of the inventory;
    names expected on listed addresses, distinct ones hit or hit wholly, and those not parked."""
    attribute: Annotated[str, StringConstraints(max_length=1000)] = ""
    """Table that says whose prefixes are, for prefixes and for groups of addresses."""
    inventory: Annotated[str, StringConstraints(max_length=1000)] = ""
    """Hosts, for hosts and businesses."""
    universe: Annotated[int, Field(ge=1, le=10_000_000_000)] | None = None
    """Number of names that the study counts, beside names; all of them when left out."""
    state: Literal["wholly", "partly", "any"] = "any"
    """Which hosts or businesses count: those listed wholly, in part, or either."""
    provider: Annotated[str, StringConstraints(max_length=200)] = ""
    """Count this provider alone."""
    region: Annotated[str, StringConstraints(max_length=200)] = ""
    """Count this region alone; beside a provider, this region of it."""
    country: Annotated[str, StringConstraints(max_length=200)] = ""
    """Count this country alone."""
    asn: Annotated[str, StringConstraints(max_length=200)] = ""
    """Count this network alone."""
    sector: Annotated[str, StringConstraints(max_length=200)] = ""
    """Count this sector of the inventory alone."""
    is_share: bool = False
    """Divide by all of what is counted."""
    is_share_of_list: bool = False
    """Divide addresses of a group by all that the list lists."""

    @model_validator(mode="after")
    def check_tables(self) -> ExposurePredictor:
        """Refuse a group or a count without its table, and a table without use."""
        of_hosts = self.count in ("hosts", "businesses")
        of_prefixes = self.count.startswith("prefixes")
        if of_hosts != bool(self.inventory):
            raise ValueError("expected inventory with hosts and businesses only")
        if self.state != "any" and not of_hosts:
            raise ValueError("expected state with hosts and businesses only")
        if self.sector and not of_hosts:
            raise ValueError("expected sector with hosts and businesses only")
        if self.universe is not None and not self.of_names:
            raise ValueError("expected universe with names only")
        if self.of_names:
            if self.is_share or self.is_share_of_list or set(self.group) - {"provider"}:
                raise ValueError("expected no group but a provider with names, and no share")
            return self
        wants_table = not of_hosts and (of_prefixes or bool(self.group))
        if wants_table != bool(self.attribute):
            raise ValueError(
                "expected attribute and provider together, or another group, or prefixes, got one "
                "of them"
            )
        if self.is_share and not (of_hosts or wants_table):
            raise ValueError("expected is_share with hosts, businesses, prefixes or a group only")
        is_of_a_group = bool(self.group) and self.count in ("distinct", "outside_target")
        if self.is_share_of_list and (self.is_share or not is_of_a_group):
            raise ValueError("expected is_share_of_list with addresses of a group, and no is_share")
        if self.group and self.count == "summed":
            raise ValueError("expected no group with the sum over rules, got one")
        return self

    @property
    def of_names(self) -> bool:
        """Whether names are counted."""
        return self.count.startswith(("names", "active"))

    @property
    def group(self) -> dict[str, str]:
        """Columns and values of the group that counts; empty for all."""
        columns = ("provider", "region", "country", "asn", "sector")
        return {column: getattr(self, column) for column in columns if getattr(self, column)}


class OvermatchPredictor(Model):
    """Names of a list that rules match, without a simulation."""

    kind: Literal["overmatch"]
    rules: Annotated[str, StringConstraints(min_length=1, max_length=1000)]
    """File of rules that block names, relative to the case file."""
    names: Annotated[str, StringConstraints(min_length=1, max_length=1000)]
    """File of the names they are held against."""
    targets: Annotated[str, StringConstraints(max_length=1000)] = ""
    """File of names that were meant, as rules; names equal to a rule's own when left out."""
    plain: Literal["exact", "subdomains"] = "exact"
    """What a name alone on its line matches."""
    count: Literal["matched", "not_meant"] = "not_meant"
    """Names matched, or those of them that were not meant."""
    universe: Annotated[int, Field(ge=1, le=10_000_000_000)] | None = None
    """Names there are in all, of which the list is a random sample; it is all when left out."""
    is_share: bool = False
    """Divide by all names, or by all that were not meant."""


class NoPredictor(Model):
    """Nothing in the model predicts it."""

    kind: Literal["none"]
    why: Text
    """What is missing."""


Predictor: TypeAlias = Annotated[
    RunPredictor
    | NationalPredictor
    | NamesPredictor
    | ExposurePredictor
    | OvermatchPredictor
    | NoPredictor,
    Field(discriminator="kind"),
]
