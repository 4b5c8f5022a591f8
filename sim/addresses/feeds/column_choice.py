"""Roles of columns that the user assigns by options, where names do not settle them.

Which columns a table has is not known here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from sim.addresses.feeds.feed import LABELS, NUMBERS
from sim.errors import UsageError

PERIODS = ("from", "until")
"""Roles of columns with the first and the last date of a row."""
OF_SITES = ("role", "mode", "visits_per_h")
"""Columns that sites which are simulated may have beside those of every inventory."""
OF_ORDERS = (*PERIODS, "operators")
"""Roles of columns that say when a row is in force, and at which operators."""
ROLES = ("address", "last", "mask", "wildcard", *OF_ORDERS, *LABELS, *NUMBERS, *OF_SITES)
"""What a column may hold."""


def plain_name(column: str) -> str:
    """Return a column's name without regard to capitals, blanks and marks: ``IP address`` too."""
    return "_".join(re.findall(r"\w+", column.lower()))


@dataclass(frozen=True)
class ColumnChoice:
    """Roles of columns as the user's options assign them.

    Attributes
    ----------
    roles
        Role of each column, by its plain name.
    ignored
        Plain names of columns that mean nothing here.
    zone
        Time zone of dates without a time; None where dates and operators of rows are not asked for.
    has_options
        Whether it comes from options, so that a message may name them.
    met
        Plain names of columns that some table had.
    """

    roles: Mapping[str, str] = field(default_factory=dict)
    ignored: frozenset[str] = frozenset()
    zone: ZoneInfo | None = None
    has_options: bool = False
    met: set[str] = field(default_factory=set, compare=False)

    @classmethod
    def of(
        cls, columns: Iterable[str], ignored: Iterable[str], zone: ZoneInfo | None = None
    ) -> ColumnChoice:
        """Read ``ROLE=NAME`` and names.

        Raises
        ------
        UsageError
            If there is no such role, or a column has two.
        """
        roles: dict[str, str] = {}
        for text in columns:
            role, _, name = text.partition("=")
            if role not in ROLES or not plain_name(name):
                raise UsageError(
                    f"--column: expected ROLE=NAME with a role of {', '.join(ROLES)}; got {text!r}"
                )
            if role in OF_ORDERS and zone is None:
                message = "only init reads dates and operators of rows"
                raise UsageError(f"--column: {message}, got {text!r}")
            if roles.setdefault(plain_name(name), role) != role:
                raise UsageError(f"--column: expected one role for each column, got {text!r} too")
        left = frozenset(map(plain_name, ignored))
        if both := sorted(left & roles.keys()):
            raise UsageError(f"--ignore-column: {both[0]} has a role by --column")
        return cls(roles, left, zone, has_options=True)

    def check_met(self) -> None:
        """Refuse columns that no table had.

        Raises
        ------
        UsageError
            With their names.
        """
        if unmet := sorted({*self.roles, *self.ignored} - self.met):
            raise UsageError(f"expected columns of a table that is read, got {', '.join(unmet)}")


AS_NAMED = ColumnChoice()
"""Columns are what their names say; there are no options to say otherwise."""
