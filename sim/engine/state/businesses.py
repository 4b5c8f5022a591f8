"""The columns of ``Exposure``, ``Levels``, ``Ledger``, ``Tally`` and ``AtOperators`` as compiled
loops take them.
"""

from __future__ import annotations

from collections import namedtuple
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.engine.state.ledger import SPELL_EDGES_S

if TYPE_CHECKING:  # Compiled loops depend on this file, and not on how columns are filled.
    from sim.engine.state.states import States

N_SHARED = 1024
"""Pairs of a business and an operator whose losses are shared among causes at once."""


Columns = namedtuple(
    "Columns",
    # Hosts by address, components, and who sits on them.
    "address host_component is_seated is_spread host_order host_start business_order "
    "business_start "
    # Exposure.
    "name_evasion overload_severity name_draw role_weight degree degree_at spread_start "
    "dual_start first_ipv6 degree_row component_row overmatch is_overloaded told_overmatch "
    "told_is_overloaded is_touched_at by_operator "
    # Levels.
    "threshold level next_look "
    # Ledger.
    "demand_booked until_hour by_hour before_start sector_row passed passed_since since_s "
    "lost_below lost_in_spell lost_by_spell time_s spell_start_s first_outage_s last_outage_s "
    "first_cut_off_s last_cut_off_s n_spells spell_edges_s share_users exposed exposed_since_s "
    "worst_share "
    # Tally.
    "value provider_group first_sector_group lost_micro_usd_per_h total_value demand_lost_s "
    "booked_s n_at_level "
    # At operators, and by cause.
    "role_cause pair n_at n_ever time_at_s counted_s lost_by_cause lost_at works "
    # Sites of an inventory, the last businesses.
    "first_site site_since_s site_time_s site_lost "
    # Reactions.
    "tolerance impatient_since_s has_moved is_impaired "
    # Notes of the turn itself: who is touched and how, and room for lists.
    "is_turned n_components n_businesses n_moved is_listed touched component_list changed_list "
    "degree_now business_list moved_list told_component_row told_role_cause share_business "
    "share_seat share_operator share_passed starting_list beginning_list ending_list "
    "operator_list",
)
"""Columns that a turn reads and writes, named as in the classes that own them."""


def columns_of(states: States) -> Columns:
    """Columns of the classes that own them, each under the name that it has there.

    Names that mean something else in two of them are given here.
    """
    exposure, ledger, tally, patience = (
        states.exposure,
        states.ledger,
        states.tally,
        states.patience,
    )
    components, demand, at_operators = exposure.components, ledger.demand, states.at_operators
    (n, n_roles), n_components = exposure.component_row.shape, components.n_components
    owners = components, patience, at_operators, tally, ledger, states.levels, exposure
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
