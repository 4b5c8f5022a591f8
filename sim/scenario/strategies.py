"""The strategies of the scenario language: their ids and parameters.

Each is declared by a class here that belongs to the union ``Strategy``, and carried out by one rule
in ``sim/engine/strategies/``. Ids are stable: a strategy whose meaning changes gets a new one.
It is long because it is the list of all of them.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Any, ClassVar, Literal, TypeVar, get_args

from pydantic import Field, ValidationInfo, field_validator, model_validator

from sim.scenario.calendars import CALENDARS, GivenOrder, Names, Window, check_beside
from sim.scenario.quantities import (
    CodeFile,
    CodeName,
    Hours,
    Instant,
    Many,
    Model,
    Share,
    Table,
    kinds_of,
)

Length = Annotated[int, Field(ge=0, le=32)]
NEARLY_ALL = 0.99
"""Purity of a prefix that is called nearly all of a provider's: a definition."""
SHORTEST = 8
"""Bits of the shortest prefix that one holder has: a definition."""
WidthRule = Literal["region-prefix", "provider-prefix", "region", "provider"]
"""What whois tells of an address."""
# A list in YAML stands for these, which strict validation would refuse.
Lengths = Annotated[tuple[Length, ...], Field(min_length=1, max_length=33, strict=False)]
WidthRules = Annotated[tuple[WidthRule, ...], Field(min_length=1, max_length=4, strict=False)]


T = TypeVar("T")
Named = Annotated[T, Field(description="Strategy.")]


class Declared(Model):
    """A strategy of the scenario language."""

    in_words: ClassVar[str]
    """The addresses it blocks, in words; ``{length}`` stands for its length."""


class Asked(Declared):
    """Keys of every strategy that places orders."""

    id: str
    """Strategy."""
    operators: Names | None = None
    """Groups of operators that its orders are for, by their names in the table; left out, all."""


class Chase(Asked):
    """A strategy that answers the fronts that are found, and does nothing without any."""


class NoBlocking(Declared):
    """Place no order: the baseline."""

    in_words = "no blocking"
    id: Named[Literal["none"]]


class Replay(Asked):
    """Place dated historical orders from a table."""

    in_words = "the orders as placed"
    id: Named[Literal["replay"]]
    orders: Table
    """Table of orders."""
    order_times: Literal["best", "drawn"] = "best"
    """Place each order at its best estimate, or draw its time from the window the sources allow."""
    last_order: Instant | None = None
    """Leave out orders later than this: what if nothing had been done since."""


class Exact(Chase):
    """Drop each discovered address alone."""

    in_words = "every address alone"
    id: Named[Literal["exact"]]


class Aggregate(Chase):
    """Drop the enclosing prefix of a given length."""

    in_words = "whole /{length} networks"
    id: Named[Literal["aggregate"]]
    length: Length
    """Length of the prefix."""


class CoveringPrefix(Chase):
    """Drop the largest prefix around the address that is nearly all the provider's."""

    in_words = "the provider's largest prefixes"
    id: Named[Literal["covering-prefix"]]
    purity: Share = NEARLY_ALL
    """Least share of the prefix's addresses that must be the provider's."""
    shortest: Length = SHORTEST
    """Shortest prefix considered."""


class ProviderRegion(Chase):
    """Drop everything the provider has in the region of the address."""

    in_words = "all of the provider's region"
    id: Named[Literal["provider-region"]]


class WholeProvider(Chase):
    """Drop everything the provider has."""

    in_words = "the provider's whole range"
    id: Named[Literal["provider"]]


class Escalate(Chase):
    """Start narrow and widen step by step while the target stays reached."""

    in_words = "wider and wider ranges"
    id: Named[Literal["escalate"]]
    lengths: Lengths | None = None
    """Prefix lengths from narrow to wide; either these or rules."""
    rules: WidthRules | None = None
    """Rules from narrow to wide: largest prefix in the region or of the provider, or all it has."""
    purity: Share | None = None
    """As for covering-prefix, of rules that ask for the largest prefix; 0.99 by default."""
    shortest: Length | None = None
    """Shortest prefix considered by them; 8 by default."""
    patience_h: Hours
    """Time a step is given before the next."""
    goal: Share
    """Share of the target's users reached below which the censor is content."""

    @model_validator(mode="after")
    def check_steps(self) -> Escalate:
        """Refuse lengths that do not widen, and two kinds of steps at once."""
        lengths, rules = self.lengths or (), self.rules or ()
        if bool(lengths) == bool(rules):
            raise ValueError("expected either lengths or rules")
        if any(later >= earlier for earlier, later in pairwise(lengths)):
            raise ValueError(f"expected lengths that fall, got {list(lengths)}")
        if len(set(rules)) < len(rules):
            raise ValueError(f"expected each rule once, got {list(rules)}")
        return self


class Dns(Asked):
    """Block the target's name in the operators' resolvers."""

    in_words = "the name in resolvers"
    id: Named[Literal["dns"]]
    overmatch: Share
    """Share of other names that the entry matches by accident."""


class Sni(Asked):
    """Block the target's name where it shows in the TLS handshake."""

    in_words = "the name in the TLS handshake"
    id: Named[Literal["sni"]]
    overmatch: Share
    """Share of other names that the pattern matches by accident."""


class Throttle(Chase):
    """Degrade the enclosing prefix of a given length instead of dropping it."""

    in_words = "whole /{length} networks, by slowing them"
    id: Named[Literal["throttle"]]
    length: Length
    """Length of the prefix."""


class TimeWindow(Chase):
    """Drop discovered addresses only during sessions."""

    in_words = "addresses at set times"
    id: Named[Literal["time-window"]]
    windows: Many[Window] | None = None
    """Start and end of each session, in sequence; or `sessions`."""
    sessions: Table | None = None
    """Table of sessions: start and end of each, in sequence."""
    share_at_start: Share | None = None
    """Share of a session's fronts that are ordered at its start, the others until its end; all by
    default."""
    share_in_session: Share | None = None
    """Share of known fronts that a session lists, its median over sessions; all by default."""
    share_in_session_sd_logit: Annotated[float, Field(ge=0, le=10)] | None = None
    """Standard deviation, between sessions, of the logit of that share; none by default."""
    length: Length = 32
    """Length of the prefix dropped around each address that is discovered."""

    @field_validator("share_in_session_sd_logit")
    @classmethod
    def check_shares(cls, value: object, info: ValidationInfo) -> object:
        """Refuse a spread of a share that is not given."""
        return check_beside(value, info, "share_in_session")

    @model_validator(mode="after")
    def check_calendar(self) -> TimeWindow:
        """Refuse no sessions, sessions in two places, and windows that do not follow each other."""
        given = [key for key in CALENDARS if getattr(self, key) is not None]
        if len(given) != 1:
            known, got = ", ".join(CALENDARS), " and ".join(given) or "none"
            raise ValueError(f"expected one of {known}, got {got}")
        edges = [edge for window in self.windows or () for edge in window]
        if any(later <= earlier for earlier, later in pairwise(edges)):
            raise ValueError("expected windows that end after they start and do not overlap")
        return self


class Orders(Asked):
    """Place the orders that are given, when they are given."""

    in_words = "the orders given"
    id: Named[Literal["orders"]]
    orders: Many[GivenOrder] | None = None
    """The orders; or `table`."""
    table: Table | None = None
    """Table of orders, with the keys of one as columns."""

    @model_validator(mode="after")
    def check_one_place(self) -> Orders:
        """Refuse orders in no place, or in two."""
        if (self.orders is None) == (self.table is None):
            raise ValueError("expected either orders or table")
        return self


class Rolling(Chase):
    """Release each entry after a time to live; place it again while the front is known."""

    in_words = "addresses by turns"
    id: Named[Literal["rolling"]]
    ttl_h: Annotated[float, Field(gt=0, le=100_000)]
    """Time an entry stays in force."""
    gap_h: Hours
    """Time before a released entry is placed again."""
    length: Length = 32
    """Length of the prefix dropped around each address."""


class AllowList(Asked):
    """Drop everything that is not listed."""

    in_words = "all that is not on a list"
    id: Named[Literal["allow-list"]]
    allowed: Table
    """Table of prefixes that pass."""


class Negotiate(Chase):
    """Press providers first; block, by covering prefix, only what refuses."""

    in_words = "providers that refuse"
    id: Named[Literal["negotiate"]]
    talks_h: Hours
    """Time a provider is given from the discovery of the first front there."""
    purity: Share = NEARLY_ALL
    """As for covering-prefix."""
    shortest: Length = SHORTEST
    """Shortest prefix considered."""


class Cover(Chase):
    """Drop the least-collateral cover of the known fronts under a rule budget."""

    in_words = "the cheapest cover of the addresses"
    id: Named[Literal["cover"]]
    rules: Annotated[int, Field(ge=1, le=100_000)]
    """Number of prefixes allowed."""


class Own(Asked):
    """Decide by a class in a Python file of your own."""

    in_words = "a rule of its own"
    id: Named[Literal["own"]]
    file: CodeFile
    """Python file that has the class."""
    rule: CodeName
    """Name of the class, which is an `overblock.rules.Strategy`."""
    values: dict[str, Any] = Field(default_factory=dict)
    """Values of its keys."""


Strategy = Annotated[
    NoBlocking
    | Replay
    | Exact
    | Aggregate
    | CoveringPrefix
    | ProviderRegion
    | WholeProvider
    | Escalate
    | Dns
    | Sni
    | Throttle
    | TimeWindow
    | Orders
    | Rolling
    | AllowList
    | Negotiate
    | Cover
    | Own,
    Field(discriminator="id"),
]


DECLARED: dict[str, type[Declared]] = {
    get_args(kind.model_fields["id"].annotation)[0]: kind
    for kind in kinds_of(Strategy)
    if issubclass(kind, Declared) and kind is not Own
}
"""The class of each shipped strategy by its id, in the sequence of the union."""
