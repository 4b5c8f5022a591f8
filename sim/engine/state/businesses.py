"""The columns of ``Exposure``, ``Levels``, ``Ledger``, ``Tally`` and ``AtOperators`` as compiled
loops take them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.engine.state.ledger import SPELL_EDGES_S

if TYPE_CHECKING:  # Compiled loops depend on this file, and not on how columns are filled.
    from sim.engine.state.at_operators import AtOperators
    from sim.engine.state.exposure import Exposure
    from sim.engine.state.ledger import Ledger
    from sim.engine.state.levels import Levels, Patience
    from sim.engine.state.tally import Tally

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]
Numbers = NDArray[np.int32]
"""Rows again, where there are millions of them."""
N_SHARED = 1024
"""Pairs of a business and an operator whose losses are shared among causes at once."""
Pairs = NDArray[np.uint8]


class Columns(NamedTuple):
    """Columns that a turn reads and writes, named as in the classes that own them."""

    # Hosts by address, components, and who sits on them.
    address: Rows
    host_component: Numbers
    is_seated: NDArray[np.bool_]
    is_spread: NDArray[np.bool_]
    host_order: Numbers
    host_start: Numbers
    business_order: Numbers
    business_start: Numbers
    # Exposure.
    name_evasion: float
    overload_severity: Floats
    name_draw: Floats
    role_weight: Floats
    degree: Floats
    degree_at: NDArray[np.uint8]
    spread_start: Rows
    dual_start: Numbers
    first_ipv6: int
    degree_row: NDArray[np.uint8]
    component_row: Numbers
    overmatch: Floats
    is_overloaded: NDArray[np.bool_]
    told_overmatch: Floats
    told_is_overloaded: NDArray[np.bool_]
    is_touched_at: NDArray[np.bool_]
    by_operator: Floats
    # Levels.
    threshold: Floats
    level: NDArray[np.int8]
    role_level: NDArray[np.int8]
    next_look: Floats
    # Ledger.
    demand_booked: Rows
    until_hour: Rows
    by_hour: Rows
    before_start: Rows
    sector_row: Rows
    passed: Floats
    passed_since: Floats
    since_s: Rows
    lost_below: Floats
    lost_in_spell: Floats
    lost_by_spell: Floats
    time_s: Rows
    spell_start_s: Rows
    first_outage_s: Rows
    last_outage_s: Rows
    first_cut_off_s: Rows
    last_cut_off_s: Rows
    n_spells: Rows
    spell_edges_s: Rows
    share_users: Floats
    exposed: Floats
    exposed_since_s: Rows
    worst_share: Floats
    # Tally.
    value: Rows
    provider_group: Numbers
    first_sector_group: int
    lost_micro_usd_per_h: Floats
    total_value: float
    demand_lost_s: Floats
    booked_s: Rows
    n_at_level: Rows
    first_role_group: int
    # At operators, and by cause.
    role_cause: Pairs
    pair: Pairs
    n_at: Rows
    n_ever: Rows
    n_peak: Rows
    time_at_s: Rows
    counted_s: Rows
    lost_by_cause: Floats
    lost_at: Floats
    works: Floats
    # Sites of an inventory, the last businesses.
    first_site: int
    site_since_s: Rows
    site_time_s: Rows
    site_lost: Floats
    # Reactions.
    tolerance: NDArray[np.int8]
    impatient_since_s: Rows
    has_moved: NDArray[np.bool_]
    is_impaired: NDArray[np.bool_]
    # Notes of the turn itself: who is touched and how, and room for lists.
    is_turned: bool
    n_components: int
    n_businesses: int
    n_moved: int
    is_listed: NDArray[np.bool_]
    touched: NDArray[np.uint8]
    component_list: Numbers
    changed_list: Numbers
    degree_now: NDArray[np.uint8]
    business_list: Numbers
    moved_list: Numbers
    told_component_row: Numbers
    told_role_cause: Pairs
    share_business: Numbers
    share_seat: Numbers
    share_operator: Numbers
    share_passed: Floats
    starting_list: Rows
    beginning_list: Rows
    ending_list: Rows
    operator_list: Rows


def columns_of(
    exposure: Exposure,
    levels: Levels,
    ledger: Ledger,
    tally: Tally,
    at_operators: AtOperators,
    patience: Patience,
) -> Columns:
    """Columns of the classes that own them, each under the name that it has there.

    Names that mean something else in two of them are given here.
    """
    components, demand = exposure.components, ledger.demand
    (n, n_roles), n_components = exposure.component_row.shape, components.n_components
    owners = components, patience, at_operators, tally, ledger, levels, exposure
    named: dict[str, Any] = {name: value for owner in owners for name, value in vars(owner).items()}
    named |= {
        "host_component": components.component_row,
        "name_evasion": float(exposure.name_evasion),
        "until_hour": demand.until_hour,
        "by_hour": demand.weight,
        "before_start": demand.before_start,
        "time_s": ledger.time_s,
        "since_s": ledger.since_s,
        "spell_edges_s": np.array(SPELL_EDGES_S, np.int64),
        "first_sector_group": tally.sectors.start,
        "total_value": float(tally.value_micro_usd_per_h[0]),
        "first_role_group": tally.roles.start,
        "time_at_s": at_operators.time_s,
        "impatient_since_s": patience.since_s,
        "is_turned": False,
        "n_components": 0,
        "n_businesses": 0,
        "n_moved": 0,
        "is_listed": np.zeros(n_components, np.bool_),
        "touched": np.zeros(n, np.uint8),
        # Lists take memory as far as they are filled.
        "component_list": np.empty(n_components, np.int32),
        "changed_list": np.empty(n_components, np.int32),
        "degree_now": np.empty_like(exposure.degree_row[:, 0]),
        "business_list": np.empty(n, np.int32),
        "moved_list": np.empty(n, np.int32),
        "told_component_row": np.empty((n, n_roles), np.int32),
        "told_role_cause": np.empty((n, n_roles), np.uint8),
        "share_business": np.empty(N_SHARED, np.int32),
        "share_seat": np.empty(N_SHARED, np.int32),
        "share_operator": np.empty(N_SHARED, np.int32),
        "share_passed": np.empty(N_SHARED),
        "starting_list": np.empty(n, np.int64),
        "beginning_list": np.empty(n, np.int64),
        "ending_list": np.empty(n, np.int64),
        "operator_list": np.empty(exposure.is_touched_at.size, np.int64),
    }
    return Columns(**{name: named[name] for name in Columns._fields})
