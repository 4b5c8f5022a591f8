"""Causes to which the demand that fails is put down: names, labels, what each is.

``docs/explanation/model.md`` says how demand is shared among those that act at once.
"""

from __future__ import annotations

from typing import NamedTuple


class Cause(NamedTuple):
    """One cause."""

    name: str
    label: str
    """As in tables, and for people."""
    what: str
    """What is blocked, or fails."""


CAUSES = (
    Cause(
        "own_address",
        "own address",
        "an address of the front end, or of a component of one's own in the front end's place",
    ),
    Cause(
        "component_elsewhere",
        "component elsewhere",
        "an address of a component of one's own in another place than the front end's",
    ),
    Cause("bought_service", "bought service", "an address of a third-party service"),
    Cause("name", "name", "the name of the business"),
    Cause(
        "overloaded_operator",
        "overloaded operator",
        "an operator that is over its rule capacity fails attempts at everything",
    ),
)
"""All causes, in the sequence of their columns."""

OWN_ADDRESS, COMPONENT_ELSEWHERE, BOUGHT_SERVICE, NAME, OVERLOADED_OPERATOR = range(len(CAUSES))
"""Columns of the causes."""


def lost_by(cause: Cause) -> str:
    """Name of the measure of the demand that a cause lost."""
    return f"demand_lost_{cause.name}_share"
