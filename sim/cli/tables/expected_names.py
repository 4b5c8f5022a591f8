"""Names expected on listed addresses, as a section for people and as JSON.

In: an expectation. Out: a section, and plain values. It computes nothing.
"""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from sim.cli.tables.sections import Column, Section, Value

if TYPE_CHECKING:
    from sim.names.listed import Band, Expectation, ExpectedNames


def section(expectation: Expectation, top: int) -> Section:
    """Return names by provider, all of them first, cut at ``top`` providers."""
    columns = (
        Column("provider", "provider", "text"),
        Column("n_listed", "addresses"),
        Column("n_addresses", "of known use"),
        Column("share_known", "share", "share"),
        Column("state", "names are", "text"),
        Column("hit", "names hit", group="hit"),
        Column("hit_low", "90 % from", group="hit"),
        Column("hit_high", "to", group="hit"),
        Column("active", "active"),
        Column("wholly", "on no other address"),
    )
    rows = [_row("all", expectation.all)]
    rows += [_row(f"  {one.provider}", one) for one in expectation.providers[:top]]
    notes = [
        "medians of 20,000 draws of how providers use addresses, not looked up, and rounded to two "
        "figures, with the range of nine in ten of them (docs/explanation/names.md)",
        "a name is a domain name that resolves to the address, parked or not; active ones are not "
        "parked. How unevenly names lie over one provider's addresses is not known, and is taken "
        "from the world: of a few addresses listed one by one quote the range",
        "single addresses are assumed to have been found by a name in part, prefixes not: the same "
        "addresses listed as prefixes can have fewer names, so do not compare the two",
    ]
    if any(one.n_addresses and one.names is None for one in expectation.providers):
        notes.append(
            "not known: names at a provider with too few listed addresses. Most draws have no name "
            "on them, but one address can have millions"
        )
    if expectation.universe is not None:
        notes.append(f"counted are {expectation.universe:,} names of a study, of all there are")
    if expectation.n_not_known:
        notes.append(
            f"not known: names on {expectation.n_not_known:,} listed addresses of providers "
            "whose use of addresses no table tells; numbers beside them are of the others, and so "
            "a lower bound"
        )
    if expectation.n_not_known6:
        notes.append(f"not known: names on {expectation.n_not_known6:,} listed /64 of IPv6")
    return Section("expected_names", "Names expected on listed addresses", columns, rows, notes)


def document(expectation: Expectation) -> dict[str, Any]:
    """Return the same as plain values; None where names are not known."""
    return {
        **asdict(expectation),
        "all": _values(expectation.all),
        "providers": [_values(one) for one in expectation.providers],
    }


def _values(found: ExpectedNames) -> dict[str, Any]:
    return {**asdict(found), "share_known": found.share_known}


def _row(name: str, found: ExpectedNames) -> tuple[Value, ...]:
    from sim.names.listed import LOWER_BOUND

    hit, is_bound = found.hit, found.state == LOWER_BOUND
    return (
        name,
        found.n_listed,
        found.n_addresses,
        found.share_known,
        found.state,
        _median(hit, is_bound=is_bound),
        None if hit is None else _rounded(hit.low),
        None if hit is None else _rounded(hit.high),
        _median(found.active, is_bound=is_bound),
        _median(found.wholly, is_bound=is_bound),
    )


def _median(band: Band | None, *, is_bound: bool) -> int | None:
    return None if band is None else _rounded(band.median, is_bound=is_bound)


def _rounded(value: float, *, is_bound: bool = False) -> int:
    """Round to whole names, and to as many figures as another stream of luck gives as well."""
    from sim.names.listed import rounded_names

    # Rounded once: two figures of a small number are no whole one.
    figures = value if value < 10 else rounded_names(value, is_bound=is_bound)
    return math.floor(figures) if is_bound else round(figures)
