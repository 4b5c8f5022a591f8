"""Other addresses of one's own sites: variants that differ in the inventory alone.

Orders, lags, other sites, businesses that are drawn, and chance are the same. Sites that leave a
provider without another address are drawn among the others, as any site without an address.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from sim.errors import DataError, UsageError
from sim.scenario.quantities import describe
from sim.scenario.refusal import hint
from sim.scenario.resolve import Resolved, checked
from sim.scenario.tables.inventory import (
    NOT_GIVEN,
    Inventory,
    check_sites,
    of_polled_family,
    read_inventory,
)
from sim.scenario.tables.roles import ROLES
from sim.scenario.tables.seeds import table_rows
from sim.scenario.variants import Variant, own_variant

AS_IS = "as-is"
"""Label of the scenario as it is, to which differences are taken."""
MOVE, WITHOUT = "move", "without_provider"
"""Keys of what if: a table of moves, or a provider that sites leave; neither as it is."""
_OF_SITE = ("sector", "country", "visits_per_h")
"""Columns that a table of moves may have as well, and that are taken from the inventory alone."""


def choose_what_ifs(
    resolved: Resolved, moves: Sequence[str | Path], providers: Sequence[str]
) -> tuple[Variant, ...]:
    """Return a scenario as it is, then with each table of moves, then without each provider.

    Raises
    ------
    UsageError
        If the scenario has no sites of one's own, or no such provider to leave.
    DataError
        With the mistakes in a table of moves.
    """
    own = own_variant(resolved)
    found = [what_if(replace(own, label=AS_IS), {})]
    for path in map(Path, moves):
        name = f"move:{path.name}"
        loaded = resolved.loaded.with_code({name: path}, ())
        found.append(what_if(Variant(name, replace(resolved, loaded=loaded)), {MOVE: name}))
    for provider in providers:
        name = _provider_named(resolved, provider)
        found.append(what_if(Variant(f"without:{name}", resolved), {WITHOUT: name}))
    labels = [one.label for one in found]
    if again := [label for label in labels if labels.count(label) > 1]:
        raise UsageError(
            f"expected each what-if once, and files of distinct names, got {again[0]} twice"
        )
    return tuple(found)


def what_if(variant: Variant, asked: Mapping[str, str]) -> Variant:
    """Return a variant with other addresses of its sites.

    Parameters
    ----------
    asked
        Name of a table among the scenario's copies by ``MOVE``, or of a provider by ``WITHOUT``.
    """
    resolved = variant.resolved
    if (inventory := resolved.inventory) is None:
        raise UsageError(
            "--move, --without-provider: expected a scenario with sites of yours "
            "(population.inventory), got none"
        )
    moves = None
    if name := asked.get(MOVE):
        moves = read_inventory(name, resolved.loaded.find_list(name), may_be_empty=True)
        moves = of_polled_family(moves, resolved.scenario, resolved.given, resolved.polled)
        DataError.raise_any([*check_sites(moves, resolved.sectors, resolved.scenario)])
        inventory = _move(inventory, moves)
        columns = [one for one in moves.columns if one in _OF_SITE or one.startswith("revenue_")]
        if ignored := ", ".join(columns):
            note = f"taken from {inventory.name}, not from this table: {ignored}"
            moves = replace(moves, notes=(*moves.notes, note))
    inventory = replace(inventory, away_from=asked.get(WITHOUT, ""))
    found = checked(replace(resolved, inventory=inventory, moves=moves))
    return replace(variant, resolved=found, what_if=dict(asked))


def _provider_named(resolved: Resolved, text: str) -> str:
    """Name of a provider as the tables have it, if sites can go to another one."""
    rows = (*resolved.cloud_prefixes.rows, *table_rows(resolved.shared_prefixes))
    names = list(dict.fromkeys(row.provider for row in rows))
    found = next((name for name in names if name.casefold() == text.strip().casefold()), None)
    if found is None:
        known = ", ".join(names)
        raise UsageError(
            f"--without-provider: expected one of {known}, got {text!r}{hint(text, names)}"
        )
    if not any(
        row.side == "foreign" and row.weight > 0 and row.provider != found
        for row in resolved.hosting.rows
    ):
        raise UsageError(
            f"--without-provider {found}: expected another foreign provider in "
            f"{resolved.hosting.name}, to which sites can go; got none"
        )
    return found


def _move(inventory: Inventory, moves: Inventory) -> Inventory:
    """An inventory with the components that a table of moves names at its addresses.

    Moved hosts have new draws after all others, so that those that stay keep theirs.
    """
    row_of = {site: row for row, site in enumerate(inventory.site)}
    message = "expected a site of the inventory, got "
    DataError.raise_any(
        [
            moves.problem_of(row, "site", f"{message}{describe(site)}{hint(site, row_of)}")
            for row, site in enumerate(moves.site)
            if site not in row_of
        ]
    )
    site = np.array([row_of[name] for name in moves.site], np.int64)
    n_roles = len(ROLES)
    key = inventory.component_site * n_roles + inventory.component_role
    new = site[moves.component_site] * n_roles + moves.component_role
    emptied = site[moves.emptied // n_roles] * n_roles + moves.emptied % n_roles
    of_host = key[inventory.host_component]
    stays = ~np.isin(of_host, np.append(new, emptied))
    of_moved = new[moves.host_component]
    component, host_component = np.unique(np.append(of_host[stays], of_moved), return_inverse=True)
    order = np.argsort(host_component, kind="stable")
    modes = dict(zip(key.tolist(), inventory.component_mode.tolist(), strict=True))
    given = zip(new.tolist(), moves.component_mode.tolist(), strict=True)
    modes |= {one: mode for one, mode in given if mode != NOT_GIVEN}
    mode = [modes.get(one, NOT_GIVEN) for one in component.tolist()]
    new_draws = inventory.host_draw.size + np.arange(moves.n_rows)
    draw = np.append(inventory.host_draw[stays], new_draws)

    is_ipv6, address4, numbers, n_names, host_line = (
        np.append(getattr(inventory, name)[stays], getattr(moves, name))[order]
        for name in ("is_ipv6", "address4", "numbers", "n_names", "host_line")
    )
    return replace(
        inventory,
        component_site=component // n_roles,
        component_role=component % n_roles,
        component_mode=np.array(mode, np.int64),
        host_component=host_component[order],
        is_ipv6=is_ipv6,
        address4=address4,
        address6=numbers[is_ipv6],
        n_names=n_names,
        host_line=host_line,
        host_draw=draw[order],
    )
