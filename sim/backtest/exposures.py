"""Predictions that count what a list lists: addresses, prefixes of a table, hosts of an inventory.

In: a predictor of a case. Out: a number. Lists and tables are read; no world and no engine enters.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import isnan

import numpy as np

from sim.addresses.feeds.feed import Feed
from sim.addresses.feeds.inputs import Input
from sim.addresses.feeds.special import without_sinkholes
from sim.addresses.sets.families import AddressSet
from sim.addresses.text.source import Limits
from sim.backtest.prediction import NotComputable, Prediction, of_draws, of_number
from sim.blocklists.attribution import (
    BETWEEN,
    NOT_KNOWN,
    TOGETHER,
    Attributes,
    break_down,
    labels_of,
)
from sim.blocklists.blocklists import (
    find_input,
    own_addresses,
    own_tables,
    read_blocklists,
    table_names,
)
from sim.blocklists.expected_names import draw_names_of_lists, shipped_owners
from sim.blocklists.hosts import Tally, count_states, find_hits, group_hits
from sim.blocklists.listed import union
from sim.errors import ScenarioError, UsageError
from sim.scenario.cases import PlacedCase
from sim.scenario.predictors import ExposurePredictor
from sim.scenario.refusal import hint


def predict_exposure(
    placed: PlacedCase, predictor: ExposurePredictor
) -> Prediction | NotComputable:
    """Count what a list lists; not computable where nothing is known of what is counted.

    Raises
    ------
    OverblockError
        If a list, table or inventory cannot be read, or has no such group.
    """
    given = _input(placed, predictor.blocklist)
    feeds = _in_force(placed, predictor, [given])
    if predictor.of_names:
        return _predict_names(placed, predictor, feeds)
    return _count(placed, predictor, given, feeds)


def _in_force(
    placed: PlacedCase, predictor: ExposurePredictor, inputs: Sequence[Input]
) -> list[Feed]:
    read = read_blocklists(inputs, "", skip_bad=False, limits=Limits())
    if read.are_dated and predictor.at is None:
        message = "expected a time, as the list holds dated orders, got none"
        raise ScenarioError([placed.problem("predictor.at", message)])
    return read.in_force(predictor.at)


def _predict_names(
    placed: PlacedCase, predictor: ExposurePredictor, feeds: list[Feed]
) -> Prediction | NotComputable:
    """Names on listed addresses of all providers whose use is known, or of one."""
    owners = shipped_owners()
    if predictor.attribute:
        (owners,) = _in_force(placed, predictor, [_input(placed, predictor.attribute)])
    try:
        found = draw_names_of_lists(feeds, owners, predictor.universe)
    except UsageError as error:
        key = "attribute" if "column" in str(error) else "universe"
        message = str(error).partition(": ")[2]
        raise ScenarioError([placed.problem(f"predictor.{key}", message)]) from None
    draws, known, unknown, unknown6 = found.draws, found.known, found.unknown, found.unknown6
    values = getattr(draws, NAME_COUNTS[predictor.count])
    if name := predictor.provider:
        if name not in (named := {*known, *unknown, *unknown6}):
            raise _no_group(placed, predictor, "a provider with listed addresses", sorted(named))
        values = values[:, [draws.provider.index(name)] if name in known else []]
        known, unknown, unknown6 = ({name: of.get(name, 0)} for of in (known, unknown, unknown6))
    n_known, n_not_known = sum(known.values()), sum(unknown.values())
    missing = " and ".join(
        f"{n:,} {what}"
        for n, what in (
            (
                n_not_known,
                f"of {n_known + n_not_known:,} listed addresses, whose use no table tells",
            ),
            (sum(unknown6.values()), "listed IPv6 addresses"),
        )
        if n
    )
    if missing and not n_known:
        return NotComputable(f"names are not known on {missing}: on none that is listed")
    spans = f"{values.shape[0]:,} draws of chance and of the ranges of kinds of addresses"
    return of_draws(
        values.sum(axis=1),
        spans,
        COMPLETE,
        missing and f"a lower bound: names are not known on {missing}",
    )


COMPLETE = "whether the list is complete"
NAME_COUNTS = {
    "names": "names",
    "names_hit": "hit",
    "names_wholly": "wholly",
    "active_sites": "active",
}
"""What is drawn for each count of names."""


def _count(
    placed: PlacedCase, predictor: ExposurePredictor, given: Input, feeds: list[Feed]
) -> Prediction | NotComputable:
    if predictor.count == "summed":
        n_summed = sum(int(np.sum(feed.v4.stop - feed.v4.start)) for feed in feeds)
        return of_number(n_summed, COMPLETE)
    listed = union(feeds)
    if predictor.count in ("hosts", "businesses"):
        (inventory,) = _in_force(placed, predictor, [_input(placed, predictor.inventory)])
        return _count_hit(placed, predictor, without_sinkholes(inventory), listed)
    if predictor.count == "outside_target":
        own = own_addresses(_in_force(placed, predictor, own_tables([given])))
        if own is not None:
            listed = listed.difference(own)
    if predictor.attribute:
        (table,) = _in_force(placed, predictor, [_input(placed, predictor.attribute)])
        n = _count_attributed(placed, predictor, table, listed)
        return NotComputable("a share of no listed address") if isnan(n) else of_number(n, COMPLETE)
    return of_number(listed.v4.n_addresses, COMPLETE)


def _count_attributed(
    placed: PlacedCase, predictor: ExposurePredictor, table: Feed, listed: AddressSet
) -> float:
    """Addresses or prefixes of a table, of one group or of all."""
    column, wanted = _group(predictor)
    if labels_of(table, column) is None:
        raise _no_group(placed, predictor, f"a table with {column}", ())
    (breakdown,) = break_down(listed, Attributes.of(table), [column])
    groups = [group for group in breakdown.groups if group.has_prefixes]
    chosen = [group for group in groups if wanted in ("", group.name)]
    if not chosen:
        what = f"a {column} of the table"
        raise _no_group(placed, predictor, what, [group.name for group in groups])
    match predictor.count:
        case "prefixes_wholly":
            n = sum(group.n_prefixes4_wholly for group in chosen)
        case "prefixes_partly":
            n = sum(group.n_prefixes4_partly for group in chosen)
        case _:
            n = sum(group.n_addresses4 for group in chosen)
    if predictor.is_share_of_list:
        return n / listed.v4.n_addresses if listed.v4.n_addresses else float("nan")
    if not predictor.is_share:
        return float(n)
    if predictor.count.startswith("prefixes"):
        return n / sum(group.n_prefixes4_of for group in chosen)
    return n / sum(group.n_addresses4_of or 0 for group in chosen)


def _count_hit(
    placed: PlacedCase, predictor: ExposurePredictor, inventory: Feed, listed: AddressSet
) -> Prediction | NotComputable:
    """Hosts or businesses of an inventory, of one group or of all."""
    hits = find_hits(inventory, listed)
    if predictor.count == "businesses" and hits.business_state is None:
        raise ScenarioError(
            [placed.problem("predictor.inventory", "expected a column name, got none")]
        )
    column, wanted = _group(predictor)
    tally: Tally | None
    if wanted:
        labels = labels_of(inventory, column)
        if labels is None:
            raise _no_group(placed, predictor, f"an inventory with {column}", ())
        groups = {group.name: group for group in group_hits(inventory, hits, labels, NOT_KNOWN)}
        if wanted not in groups:
            raise _no_group(placed, predictor, f"a {column} of the inventory", groups)
        group = groups[wanted]
        tally = group.hosts if predictor.count == "hosts" else group.businesses
    elif predictor.count == "hosts":
        tally = count_states(hits.host_state)
    else:
        assert hits.business_state is not None
        tally = count_states(hits.business_state)
    assert tally is not None
    n = {
        "wholly": tally.n_wholly,
        "partly": tally.n_partly,
        "any": tally.n_wholly + tally.n_partly,
    }[predictor.state]
    unknown_part = ""
    if tally.n_not_known:
        of = f"{tally.n_not_known:,.0f} of {tally.n:,.0f} {predictor.count}"
        if tally.n_not_known == tally.n:
            return NotComputable(f"no address is known of {of}")
        unknown_part = f"a lower bound: no address is known of {of}"
    return of_number(n / tally.n if predictor.is_share else n, COMPLETE, unknown_part)


def _group(predictor: ExposurePredictor) -> tuple[str, str]:
    """Column of the group that counts, or several as one, and its value; empty for all."""
    given = predictor.group
    return TOGETHER.join(given) or "provider", BETWEEN.join(given.values())


def _no_group(
    placed: PlacedCase, predictor: ExposurePredictor, expected: str, known: Iterable[str]
) -> ScenarioError:
    _, wanted = _group(predictor)
    key = next(iter(predictor.group), "attribute")
    got = f"got {wanted!r}{hint(wanted, known)}" if wanted else "got none"
    return ScenarioError([placed.problem(f"predictor.{key}", f"expected {expected}, {got}")])


def _input(placed: PlacedCase, name: str) -> Input:
    """Shipped table, or a file beside the case file."""
    beside = placed.file.path.parent / name
    return find_input(name if name in table_names() else str(beside))
