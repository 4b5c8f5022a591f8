"""The rows of the tables on what addresses, services and components share."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, TypeAlias, get_args

from pydantic import Field

from sim.scenario.quantities import Share
from sim.scenario.tables.roles import ROLES
from sim.scenario.tables.rows import AssumptionRow, NonNegative, Positive
from sim.scenario.tables.seeds import SHARE_TOLERANCE, RangedRow, Row

Role = Literal["frontend", "storage", "payment", "customer_service", "other"]
Mode = Literal["any", "spread"]
Kind = Literal["rented", "web_hosting", "proxy", "parking"]
LawQuantity: TypeAlias = Literal[
    "n_names",
    "n_addresses",
    "share_single",
    "share_top",
    "mean_names",
    "max_names",
    "share_sites_crowded",
    "share_sites_alone",
]
"""Quantities that the law of names per address predicts."""
N_ADDRESSES = (1, 2, 4, 8)
"""Numbers of addresses a component may have; each is a column of the component table."""


class ConcentrationRow(Row):
    """One published quantity about how many names share an address."""

    study: str
    quantity: Literal[LawQuantity, "share_parked", "share_parked_popular"]
    n_addresses: Annotated[int, Field(ge=1)] | None = None
    relation: Literal["equal", "fewer", "at_least", "at_most"]
    value: Positive
    rounding: NonNegative
    unit: str
    role: Literal["calibration", "comparison"]
    source: str
    date: str
    note: str = ""

    def check_values(self) -> None:
        """Refuse a top share without a number of addresses, and a share above 1."""
        if (self.quantity == "share_top") != (self.n_addresses is not None):
            raise ValueError(
                f"expected n_addresses for share_top and only there, got {self.n_addresses} "
                f"for {self.quantity}"
            )
        if self.quantity.startswith("share_") and self.value > 1:
            raise ValueError(f"expected a share in [0, 1], got {self.value:g}")


class SharingRow(RangedRow):
    """Share of a place's addresses that carry names in one kind of use."""

    names_row: ClassVar[tuple[str, ...]] = ("provider", "region", "kind")
    ranged: ClassVar[str] = "share_addresses"
    provider: str
    region: str
    kind: Kind
    share_addresses: Share
    low: Share
    high: Share
    why: str = ""


KIND_PARAMETERS = (
    "rented.share_single",
    "rented.max_names",
    "web_hosting.share_single",
    "web_hosting.min_names",
    "web_hosting.max_names",
    "proxy.min_names",
    "parking.min_names",
)
"""Parameters by which names follow from the kind of use; others of the table are of lists."""


class KindRow(AssumptionRow):
    """One parameter of the kinds of use of addresses, and its range."""

    complete: ClassVar[tuple[str, tuple[str, ...]]] = ("key", KIND_PARAMETERS)

    def check_values(self) -> None:
        """Refuse a value that no law of a kind can have."""
        super().check_values()
        if self.key.endswith(".share_single") and not 0 <= self.value < 1:
            raise ValueError(f"expected a share from 0 to below 1, got {self.value:g}")
        if self.key.endswith((".min_names", ".max_names")) and self.value < 1:
            raise ValueError(f"expected names of at least 1, got {self.value:g}")


class ParkedRow(RangedRow):
    """Share of the names on addresses of one kind of use that are parked."""

    names_row: ClassVar[tuple[str, ...]] = ("kind",)
    complete: ClassVar[tuple[str, tuple[str, ...]]] = ("kind", get_args(Kind))
    ranged: ClassVar[str] = "share_parked"
    kind: Kind
    share_parked: Share
    low: Share
    high: Share
    why: str = ""


class ServiceRow(RangedRow):
    """One shared service in one role."""

    parts_of_column: ClassVar[tuple[str, ...]] = ("popularity",)
    names_row: ClassVar[tuple[str, ...]] = ("service", "role")
    ranged: ClassVar[str] = "popularity"
    service: str
    label: str = ""
    role: Role
    provider: str
    region: str
    n_addresses: Annotated[int, Field(ge=1)] = 1
    mode: Mode = "any"
    popularity: NonNegative = 1.0
    low: NonNegative | None = None
    high: NonNegative | None = None
    measured: str = ""
    """Rows of a table of measured shares that the popularity comes from, for readers and tests."""
    evidence: Literal["", "reported", "assumed"] = ""
    source: str = ""
    why: str = ""

    @property
    def seat(self) -> tuple[str, str, int, str]:
        """What is one for all roles of a service: place, addresses and mode."""
        return self.provider, self.region, self.n_addresses, self.mode

    def check_values(self) -> None:
        """Refuse a service that is reported without a source, or assumed without a reason."""
        super().check_values()
        if self.evidence == "assumed" and not self.why:
            raise ValueError("expected why for an assumed service, got none")
        if self.evidence == "reported" and not self.source:
            raise ValueError("expected a source for a reported service, got none")


class ComponentRow(Row):
    """How the components of one role are built."""

    names_row: ClassVar[tuple[str, ...]] = ("role",)
    complete: ClassVar[tuple[str, tuple[str, ...]]] = ("role", ROLES)
    parts_of_row: ClassVar[tuple[str, ...]] = (
        "share_1_address",
        "share_2_addresses",
        "share_4_addresses",
        "share_8_addresses",
    )
    role: Role
    share_1_address: Share
    share_2_addresses: Share
    share_4_addresses: Share
    share_8_addresses: Share
    share_spread: Share
    share_third_party: Share

    def check_values(self) -> None:
        """Refuse shares of address numbers that do not sum to 1."""
        total = sum(self.address_shares)
        if abs(total - 1) > SHARE_TOLERANCE:
            raise ValueError(f"expected address shares that sum to 1, got {total:g}")

    @property
    def address_shares(self) -> tuple[float, ...]:
        """Shares of components with 1, 2, 4 and 8 addresses, in the order of ``N_ADDRESSES``."""
        return tuple(float(getattr(self, name)) for name in self.parts_of_row)
