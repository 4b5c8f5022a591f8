"""The strategies of the scenario language: their ids and parameters.

Each is declared by a class here that belongs to the union ``Strategy``, and carried out by one rule
in ``sim/engine/strategies/``. Ids are stable: a strategy whose meaning changes gets a new one.
It is long because it is the list of all of them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta, tzinfo
from itertools import pairwise
from typing import Annotated, Any, ClassVar, Literal, Protocol, TypeVar, get_args

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
    field_validator,
)

from sim.scenario.quantities import (
    INSTANT_PATTERN,
    TIME_OF_DAY_PATTERN,
    Checked,
    CodeFile,
    CodeName,
    Day,
    Hours,
    Instant,
    Many,
    Model,
    PerDay,
    Share,
    Table,
    beside,
    format_instant,
    kinds_of,
    parse_instant,
    parse_time_of_day,
    read_prefix,
)
from sim.scenario.tables.seeds import Row

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[str, ...] = get_args(Weekday)
"""From Monday on."""
CALENDARS = ("windows", "sessions")
"""Keys for the times of sessions; a strategy that acts in sessions gives one of them."""
LIST_FORMAT = "overblock-list"
"""Marks, in the JSON Schema, a list of prefixes or the path of a file of them."""
MOMENT_FORMAT = "overblock-moment"
"""Marks, in the JSON Schema, a time of day or a date and time."""
# A list in YAML stands for these, which strict validation would refuse.
Window = Annotated[tuple[Instant, Instant], Field(strict=False)]
Weekdays = Annotated[tuple[Weekday, ...], Field(min_length=1, max_length=7, strict=False)]
Days = Annotated[tuple[Day, ...], Field(max_length=1000, strict=False)]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Names = Many[Name]
NO_NAME = "-"
"""Stands in a cell of names for an address that is listed for none."""


def read_addresses(value: object) -> str | tuple[str, ...]:
    """Read prefixes and addresses, or the path of a file of them."""
    if isinstance(value, str):
        if value and not _is_prefix(value):
            return value
        raise ValueError(
            f"expected the path of a file, or a list such as [192.0.2.1], got {value!r}"
        )
    if not isinstance(value, list | tuple) or not value:
        raise ValueError(f"expected prefixes, or the path of a file of them, got {value!r}")
    for text in value:
        read_prefix(text)
    return tuple(value)


def is_name(value: object) -> bool:
    """Whether a value is a name and no address: some letter, no colon and no slash."""
    return isinstance(value, str) and re.fullmatch(r"(?=.*[^\W\d_])[^:/\s]+", value) is not None


def read_target(value: object) -> str | tuple[str, ...]:
    """Read what `read_addresses` does, with names among the addresses of a list."""
    if isinstance(value, list | tuple) and any(map(is_name, value)):
        for text in value:
            if not is_name(text):
                read_prefix(text)
        return tuple(value)
    return read_addresses(value)


def _is_prefix(text: str) -> bool:
    try:
        read_prefix(text)
    except ValueError:
        return False
    return True


def _read_moment(value: object) -> datetime | time:
    is_time = isinstance(value, str) and len(value) <= len("00:00")
    return parse_time_of_day(value) if is_time else parse_instant(value)


_LIST_SCHEMA = WithJsonSchema(
    {
        "format": LIST_FORMAT,
        "anyOf": [
            {"type": "string", "minLength": 1},
            {"type": "array", "items": {"type": "string"}, "minItems": 1},
        ],
    }
)
Addresses = Annotated[str | tuple[str, ...], BeforeValidator(read_addresses), _LIST_SCHEMA]
TargetAddresses = Annotated[str | tuple[str, ...], BeforeValidator(read_target), _LIST_SCHEMA]
Moment = Annotated[
    datetime | time,
    BeforeValidator(_read_moment),
    PlainSerializer(
        lambda at: at.isoformat("minutes") if isinstance(at, time) else format_instant(at),
        return_type=str,
    ),
    WithJsonSchema(
        {
            "type": "string",
            "format": MOMENT_FORMAT,
            "pattern": f"{TIME_OF_DAY_PATTERN}|{INSTANT_PATTERN}",
        }
    ),
]


class _Given(Checked):
    """Keys of one order, in a scenario or in a row of a table."""

    addresses: Addresses | None = None
    """Prefixes and addresses, or a file of them; left out for a name."""
    mechanism: Literal["drop", "throttle", "name"] = "drop"
    """What operators do to them."""
    overmatch: Share | None = None
    """Share of other names that an entry for a name matches by accident."""
    operators: Names | None = None
    """Groups of operators that it is for, by their names in the table; left out, all."""
    every: Weekdays | None = None
    """Weekdays on which it comes into force, in the scenario's time zone; once by default."""
    from_: Annotated[Moment | None, Field(alias="from")] = None
    """Time of day at which it does, or date and time; the start of the run by default."""
    to: Moment | None = None
    """Time of withdrawal: the next such time with `every`; never by default."""
    except_: Annotated[Days | None, beside("every"), Field(alias="except")] = None
    """Dates on which it does not come into force."""

    def check_values(self) -> None:
        """Refuse an order of nothing, a name without a pattern, and times that do not fit."""
        is_name = self.mechanism == "name"
        if is_name != (self.addresses is None):
            raise ValueError("expected addresses, or mechanism name without any")
        if is_name != (self.overmatch is not None):
            raise ValueError("expected overmatch with mechanism name, and there alone")
        edges = [edge for edge in (self.from_, self.to) if edge is not None]
        if self.every is not None:
            if len(edges) < 2 or not all(isinstance(edge, time) for edge in edges):
                raise ValueError("expected from and to as times of day with every")
            if self.from_ == self.to:
                raise ValueError("expected from and to that differ, got the same time of day")
        elif any(isinstance(edge, time) for edge in edges):
            raise ValueError("expected from and to as dates and times, or every with them")
        elif len(edges) == 2 and not edges[0] < edges[1]:  # type: ignore[operator]
            raise ValueError("expected a withdrawal after the order")


class GivenOrder(_Given, Model):
    """One order: what is blocked, when, how and by whom."""

    model_config = ConfigDict(serialize_by_alias=True)


def _split(value: object) -> object:
    """Parts of a cell, between spaces, commas or semicolons."""
    return tuple(filter(None, re.split(r"[\s,;]+", value))) if isinstance(value, str) else value


class GivenOrderRow(_Given, Row):
    """One order of a table, with the keys of a scenario; a cell holds several values."""

    names: Names | None = None
    """Name that each of the addresses is listed for, ``-`` for none: the page shows them."""

    @field_validator("every", "except_", "operators", "names", mode="before")
    @classmethod
    def check_parts(cls, value: object) -> object:
        """Take a cell apart."""
        return _split(value)

    @field_validator("addresses", mode="before")
    @classmethod
    def check_addresses(cls, value: object) -> object:
        """Take a cell of prefixes apart; the path of a file stays."""
        parts = _split(value)
        is_file = isinstance(parts, tuple) and len(parts) == 1 and not _is_prefix(parts[0])
        return value if is_file else parts

    def check_values(self) -> None:
        """Refuse names of which it is not clear whose they are, too."""
        super().check_values()
        n = len(self.addresses) if isinstance(self.addresses, tuple) else 0
        if self.names is not None and len(self.names) != n:
            raise ValueError(f"expected a name for each of {n} addresses, got {len(self.names)}")


Groups = Annotated[Names | None, BeforeValidator(_split)]
"""Groups of operators in a cell of a table."""


class HasTimes(Protocol):
    """What a scenario says of the clock of its run."""

    start: datetime
    end: datetime

    @property
    def zone(self) -> tzinfo:
        """Time zone of times of day."""


def windows_of_order(
    order: GivenOrder | GivenOrderRow, scenario: HasTimes
) -> Sequence[tuple[datetime, datetime]]:
    """When a given order is in force; until the end of the run where it is never withdrawn.

    Sessions that recur start on weekdays from the day before the run to its end.

    Notes
    -----
    Times of day are read from the clock of the run's time zone. A time of day that comes twice as
    clocks change is the first of them; one that does not exist is read by the offset before the
    change (RFC 5545, section 3.3.5). A session that would end before it starts by that rule does
    not take place.
    """
    start, end, zone = scenario.start, scenario.end, scenario.zone
    from_, to = order.from_, order.to
    if not (isinstance(from_, time) and isinstance(to, time)):
        first = from_ if isinstance(from_, datetime) else start
        return [(first, to if isinstance(to, datetime) else max(end, first + timedelta(seconds=1)))]
    overnight = timedelta(days=int(to < from_))
    first_day = start.astimezone(zone).date() - timedelta(days=1)
    n_days = (end.astimezone(zone).date() - first_day).days + 1
    days = (first_day + timedelta(days=number) for number in range(n_days))
    windows = [
        (
            datetime.combine(day, from_, zone).astimezone(UTC),
            datetime.combine(day + overnight, to, zone).astimezone(UTC),
        )
        for day in days
        if WEEKDAYS[day.weekday()] in (order.every or ()) and day not in (order.except_ or ())
    ]
    return [(first, last) for first, last in windows if first < last]


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

    def lacks_rules(self, n_families: int) -> bool:
        """Whether it may place too few rules for addresses of so many families."""
        return False


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

    def check_values(self) -> None:
        """Refuse lengths that do not widen, and two kinds of steps at once."""
        lengths, rules = self.lengths or (), self.rules or ()
        if bool(lengths) == bool(rules):
            raise ValueError("expected either lengths or rules")
        if any(later >= earlier for earlier, later in pairwise(lengths)):
            raise ValueError(f"expected lengths that fall, got {list(lengths)}")
        if len(set(rules)) < len(rules):
            raise ValueError(f"expected each rule once, got {list(rules)}")


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


Spread = Annotated[float, Field(ge=0, le=10)]
Memory = Annotated[float, Field(gt=0, le=10_000)]


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
    share_in_session_sd_logit: Annotated[Spread | None, beside("share_in_session")] = None
    """Standard deviation, between sessions, of the logit of that share; none by default."""
    share_in_session_memory_d: Annotated[Memory | None, beside("share_in_session_sd_logit")] = None
    """Time in which the correlation of that logit between sessions falls to 1/e; none is left by
    default."""
    front_sd_logit: Annotated[Spread | None, beside("share_in_session")] = None
    """Standard deviation of that logit between fronts that were listed before; none by default."""
    front_leave_per_d: PerDay | None = None
    """Rate at which a front becomes inactive and is not listed; fronts stay active by default."""
    front_return_per_d: Annotated[PerDay | None, beside("front_leave_per_d")] = None
    """Rate at which an inactive front becomes active again; never by default."""
    length: Length = 32
    """Length of the prefix dropped around each address that is discovered."""

    def check_values(self) -> None:
        """Refuse no sessions, sessions in two places, and windows that do not follow each other."""
        given = [key for key in CALENDARS if getattr(self, key) is not None]
        if len(given) != 1:
            known, got = ", ".join(CALENDARS), " and ".join(given) or "none"
            raise ValueError(f"expected one of {known}, got {got}")
        edges = [edge for window in self.windows or () for edge in window]
        if any(later <= earlier for earlier, later in pairwise(edges)):
            raise ValueError(
                "expected windows that end after they start, and start after the one before ends"
            )


class Orders(Asked):
    """Place the orders that are given, when they are given."""

    in_words = "the orders given"
    id: Named[Literal["orders"]]
    orders: Many[GivenOrder] | None = None
    """The orders; or `table`."""
    table: Table | None = None
    """Table of orders, with the keys of one as columns."""
    sessions: Table | None = None
    """Table of sessions for ``site_sessions.csv``; no order depends on it."""
    polled: Table | None = None
    """Table of which operator was polled for which addresses; other hours are not known."""

    def check_values(self) -> None:
        """Refuse orders in no place, or in two."""
        if (self.orders is None) == (self.table is None):
            raise ValueError("expected either orders or table")


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

    def lacks_rules(self, n_families: int) -> bool:
        """Whether fewer are allowed."""
        return self.rules < n_families


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
