"""The rows of each kind of table, with their units, and tables that the program reads by itself."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field, StringConstraints

from sim.scenario.quantities import Instant, Prefix, Share
from sim.scenario.strategies import Groups
from sim.scenario.tables import seeds
from sim.scenario.tables.roles import ROLES

Positive = Annotated[float, Field(gt=0)]
NonNegative = Annotated[float, Field(ge=0)]
Year = Annotated[int, Field(ge=1900, le=2200)]
CURRENCY = r"^[A-Z]{3}$"
"""Three letters of ISO 4217."""

MAX_STOOD_FOR = 100_000
"""Operators that one row may stand for: one number is drawn for each."""


class OrderRow(seeds.Row):
    """One order: block or unblock one prefix."""

    effective: Instant
    earliest: Instant | None = None
    latest: Instant | None = None
    action: Literal["block", "unblock"]
    prefix: Prefix
    mechanism: Literal["drop", "throttle"] = "drop"
    operators: Groups = None
    owner: str = ""
    confidence: str = ""
    source: str = ""

    @property
    def key(self) -> tuple[str, Prefix, frozenset[str] | None]:
        """Values that a row that unblocks shares with the row that it withdraws."""
        groups = None if self.operators is None else frozenset(self.operators)
        return self.mechanism, self.prefix, groups

    def check_values(self) -> None:
        """Refuse a window that does not hold the best estimate."""
        earliest, latest = self.earliest or self.effective, self.latest or self.effective
        if not earliest <= self.effective <= latest:
            raise ValueError(
                "expected earliest <= effective <= latest, "
                f"got {earliest.isoformat()}, {self.effective.isoformat()}, {latest.isoformat()}"
            )


class PolledRow(seeds.Row):
    """Addresses of which an operator was polled, whether it blocked them or not."""

    operator: str
    """As in the table of operators."""
    addresses: Annotated[
        tuple[Prefix, ...], Field(min_length=1, strict=False), BeforeValidator(str.split)
    ]
    """Addresses."""


class SessionRow(seeds.Row):
    """One session of blocking, and what was observed of it, if it is of the past."""

    start: Instant
    end: Instant
    n_snapshots: Annotated[int, Field(ge=1)] | None = None
    n_at_start: Annotated[int, Field(ge=0)] | None = None
    n_peak: Annotated[int, Field(ge=0)] | None = None
    n_distinct: Annotated[int, Field(ge=0)] | None = None
    share_cloudflare: Share | None = None
    share_amazon: Share | None = None
    share_other: Share | None = None
    use: Literal["calibration", "known"] | None = None


class TargetPrefixRow(seeds.Row):
    """One range of the target's own."""

    prefix: Prefix
    confidence: str = ""
    source: str = ""


SHARED = "shared"
"""Region of a provider's shared ranges, where a table of all its ranges says which these are."""


class CloudPrefixRow(seeds.Row):
    """One range of a provider in a region."""

    names_row: ClassVar[tuple[str, ...]] = ("prefix",)
    provider: str
    region: str
    prefix: Prefix
    as_of: str = ""
    shared: Literal["", "yes", "no"] = ""
    """Whether many customers are at one address: yes, no, or empty (not known)."""
    kind: Literal["fact", "derived", "assumption"] = "assumption"
    source_id: str = ""


class CadenceRow(seeds.Row):
    """Time between two versions of the register, from a date on."""

    from_: Annotated[Instant, Field(alias="from")]
    every_min: Positive
    kind: Literal["fact", "derived", "assumption"] = "assumption"
    source: str = ""


class OperatorRow(seeds.Row):
    """One group of Internet providers."""

    names_row: ClassVar[tuple[str, ...]] = ("operator",)
    sums_to_one: ClassVar[str] = "share_users"
    parts_of_column: ClassVar[tuple[str, ...]] = ("share_users",)
    operator: str
    label: str
    stands_for: str = ""
    share_users: Share
    poll_interval_h: Positive
    apply_lag_median_h: NonNegative
    apply_lag_sigma: NonNegative
    release_lag_median_h: NonNegative
    release_lag_sigma: NonNegative
    compliance: Share
    rule_capacity: Annotated[int, Field(ge=0)] | None = None
    overload: Literal["stop", "degrade"] | None = None
    overload_severity: Share | None = None
    n_operators: Annotated[int, Field(ge=1, le=MAX_STOOD_FOR)] | None = None
    cohorts: Annotated[int, Field(ge=1)] | None = None
    over_dispersion: Share | None = None
    adoption_from: Instant | None = None
    adoption_median_d: NonNegative | None = None
    adoption_sigma: NonNegative | None = None

    @property
    def cohort_sizes(self) -> tuple[int, ...]:
        """Operators in each cohort, as equal as can be; one cohort where the group is not split."""
        n, cohorts = self.n_operators or 1, self.cohorts or 1
        return tuple((part + 1) * n // cohorts - part * n // cohorts for part in range(cohorts))

    @property
    def actors(self) -> tuple[str, ...]:
        """Names of the operators that a run knows: the group itself, or its cohorts."""
        if self.cohorts is None:
            return (self.operator,)
        return tuple(f"{self.operator}#{part + 1}" for part in range(self.cohorts))

    def check_values(self) -> None:
        """Refuse parts of cohorts, of an adoption and of an overload, and cohorts of nobody."""
        seeds.check_all_or_none(self, "cohorts", "over_dispersion")
        seeds.check_all_or_none(self, "adoption_from", "adoption_median_d", "adoption_sigma")
        seeds.check_all_or_none(self, "rule_capacity", "overload")
        if self.cohorts is not None and self.cohorts > (self.n_operators or 0):
            n = self.n_operators or "none"
            raise ValueError(f"expected n_operators of at least cohorts, {self.cohorts}, got {n}")
        if self.overload == "degrade" and self.overload_severity is None:
            raise ValueError("expected overload_severity with overload degrade, got none")


class SectorRow(seeds.Row):
    """One sector of businesses."""

    names_row: ClassVar[tuple[str, ...]] = ("sector",)
    sums_to_one: ClassVar[str] = "share_businesses"
    parts_of_column: ClassVar[tuple[str, ...]] = ("share_businesses",)
    sector: str
    label: str
    share_businesses: Share
    revenue_median_usd_per_h: Positive
    revenue_sigma: NonNegative
    share_domestic: Share
    demand_profile: str
    weight_frontend: Share
    weight_storage: Share
    weight_payment: Share
    weight_customer_service: Share
    weight_other: Share

    @property
    def role_weights(self) -> tuple[float, ...]:
        """Weights in the order of ``ROLES``."""
        return tuple(float(getattr(self, f"weight_{role}")) for role in ROLES)


class VisitRow(seeds.Row):
    """Revenue of a visit at sites of one sector, or of all sectors without a row."""

    names_row: ClassVar[tuple[str, ...]] = ("sector",)
    sector: str = ""
    usd_per_visit: Annotated[float, Field(gt=0, le=10_000)]
    sigma: Annotated[float, Field(ge=0, le=3)]
    why: str = ""


class ProfileRow(seeds.Row):
    """Relative demand of one hour of the day or one weekday."""

    parts_of_column: ClassVar[tuple[str, ...]] = ("weight",)
    profile: str
    period: Literal["hour", "weekday"]
    index: Annotated[int, Field(ge=0, le=23)]
    weight: Annotated[int, Field(ge=0, le=10_000)]


class HostingRow(seeds.Row):
    """Weight of one provider region as a place for businesses."""

    names_row: ClassVar[tuple[str, ...]] = ("provider", "region")
    parts_of_column: ClassVar[tuple[str, ...]] = ("weight",)
    provider: str
    region: str
    side: Literal["foreign", "domestic"]
    weight: NonNegative


class PublishedTotalRow(seeds.Row):
    """A published total of blocked addresses."""

    when: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}[+-]\d{2}:\d{2})?$")]
    addresses: Annotated[int, Field(ge=0)]
    source: str


class FigureRow(seeds.Row):
    """A published figure or stance."""

    id: str
    value: str
    unit: str
    metric: str = ""
    scenarios: str = ""
    stands_at: str = ""
    how: str = ""
    source: str
    note: str = ""
    providers: str = ""

    @property
    def provider_names(self) -> tuple[str, ...]:
        """Providers that the figure is about; none where it is about all."""
        return tuple(name.strip() for name in self.providers.split(";") if name.strip())


class PackRow(seeds.Row):
    """Value of one key in the pack of a country."""

    country: Annotated[str, Field(pattern=rf"^{seeds.COUNTRY}$")]
    of: Year
    key: Annotated[str, Field(pattern=r"^[a-z_]+(\.[a-z_]+)?$")]
    value: Annotated[str, Field(min_length=1)]


class RateRow(seeds.SupportedRow):
    """Exchange rate of a dollar in another currency."""

    names_row: ClassVar[tuple[str, ...]] = ("currency", "of")
    ranged: ClassVar[str] = "per_usd"
    currency: Annotated[str, Field(pattern=CURRENCY)]
    of: Year
    per_usd: Positive
    low: Positive
    high: Positive


class AssumptionRow(seeds.RangedRow):
    """The assumed value of one scenario key."""

    names_row: ClassVar[tuple[str, ...]] = ("key",)
    key: Annotated[str, Field(pattern=r"^[a-z0-9_]+\.[a-z0-9_]+$")]
    value: float
    unit: str
    low: float
    high: float
    nature: seeds.Nature = "unknown"
    distribution: seeds.Distribution | Literal[""] = ""
    why: str

    def check_values(self) -> None:
        """Refuse a distribution of what is not drawn."""
        super().check_values()
        seeds.check_drawn(self.nature, self.distribution, self.low)

    @property
    def number(self) -> int | float:
        """The value, as a whole number where it is one."""
        return int(self.value) if self.value.is_integer() else self.value


Hash = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class KeptRow(seeds.Row):
    """One simulation that agrees with the evidence of its scenario."""

    names_row: ClassVar[tuple[str, ...]] = ("draw",)
    draw: Annotated[int, Field(ge=0, lt=2**20)]
    root_seed: Annotated[int, Field(ge=0, lt=2**63)]
    model: Hash
    evidence: Hash


STANCES = ("hostile", "silent", "constructive", "compliant")
RESPONSES = ("wait", "same", "foreign", "domestic", "proxy")


class PoolRow(seeds.Row):
    """Addresses of a provider, or of one region of it, at which the target has fronts."""

    parts_of_column: ClassVar[tuple[str, ...]] = ("weight",)
    provider: str
    region: str = ""
    weight: NonNegative
    source: str = ""


class StanceRow(seeds.Row):
    """A provider's stance from a time on."""

    names_row: ClassVar[tuple[str, ...]] = ("at", "provider")
    at: Instant
    provider: str
    stance: Literal["hostile", "silent", "constructive", "compliant"]
    source: str = ""


class PressureRow(seeds.Row):
    """A public event and the share of what attention lacks to 1 that it adds."""

    at: Instant
    adds: Share
    what: str
    source: str = ""


class ResponseRow(seeds.Row):
    """Response of an impaired business: its share, time and cost."""

    names_row: ClassVar[tuple[str, ...]] = ("response",)
    sums_to_one: ClassVar[str] = "share"
    parts_of_column: ClassVar[tuple[str, ...]] = ("share",)
    response: Literal["wait", "same", "foreign", "domestic", "proxy"]
    share: Share
    time_median_h: NonNegative
    time_sigma: NonNegative
    cost_usd: NonNegative


class PrefixRow(seeds.Row):
    """A prefix, and why it is listed."""

    prefix: Prefix
    why: Annotated[str, Field(max_length=400)] = ""


def read_assumptions() -> seeds.Table[AssumptionRow]:
    """Read the assumed values."""
    return seeds.read_shipped("assumptions", AssumptionRow)


def assumed_by_key() -> dict[str, AssumptionRow]:
    """Rows by the key of the scenario that takes them."""
    return {row.key: row for row in read_assumptions().rows}


class CourtQuestionRow(seeds.Row):
    """One question of one court or law."""

    forum: str
    forum_title: str
    on: date
    id: str
    question: str
    source: str
    parts: str
    """Parts of an assessment that answer it."""


def read_court_questions() -> seeds.Table[CourtQuestionRow]:
    """Read the shipped questions."""
    return seeds.read_shipped("court-questions", CourtQuestionRow)


def forums() -> tuple[str, ...]:
    """Names of the forums, in the sequence of the table."""
    return tuple(dict.fromkeys(row.forum for row in read_court_questions().rows))


class FactRow(seeds.Row):
    """The most that a curve of a scenario was at a time, and measures that are wrong above it."""

    scenario: str
    at: Instant
    curve: str
    at_most: NonNegative
    metrics: str
    """Measures that a result has wrong where it contradicts the fact, with semicolons between."""
    source: str


def facts_of(scenario: str) -> tuple[FactRow, ...]:
    """Read the dated facts about the block that a shipped scenario models."""
    rows = seeds.read_shipped("dated-facts", FactRow).rows
    return tuple(row for row in rows if row.scenario == scenario)
