"""Names expected on listed addresses, as a section for people.

In: an expectation. Out: a section. It computes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.cli.tables.sections import Column, Section, Value

if TYPE_CHECKING:
    from sim.blocklists.expected_names import Expectation, ExpectedNames


def section(expectation: Expectation, top: int) -> Section:
    """Return names by provider, all of them first, cut at ``top`` providers."""
    columns = (
        Column("provider", "provider", "text"),
        Column("n_addresses", "addresses"),
        Column("hit", "names hit"),
        Column("hit_low", "90 % from"),
        Column("hit_high", "to"),
        Column("active", "active"),
        Column("wholly", "on no other address"),
    )
    rows = [_row("all", expectation.all)]
    rows += [_row(f"  {one.provider}", one) for one in expectation.providers[:top]]
    notes = [
        "expected from how providers use addresses, not looked up; the interval holds luck and "
        "all assumed ranges (docs/explanation/names.md)",
    ]
    if expectation.universe is not None:
        notes.append(f"counted are {expectation.universe:,} names of a study, of all there are")
    if expectation.n_not_known:
        notes.append(
            f"not known: names on {expectation.n_not_known:,} listed addresses of providers "
            "whose use of addresses no table tells"
        )
    if expectation.n_not_known6:
        notes.append(f"not known: names on {expectation.n_not_known6:,} listed /64 of IPv6")
    return Section("expected_names", "Names expected on listed addresses", columns, rows, notes)


def _row(name: str, found: ExpectedNames) -> tuple[Value, ...]:
    hit, active, wholly = found.hit, found.active, found.wholly
    numbers = (hit.mean, hit.low, hit.high, active.mean, wholly.mean)
    return (name, found.n_addresses, *map(round, numbers))
