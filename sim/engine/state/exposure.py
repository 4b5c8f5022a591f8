"""Who is cut off from whom, kept up to date by difference.

In: addresses that an operator starts or stops dropping, throttling, exempting. Out: for the
businesses that changed, the share of attempts that fails at each operator. It does not know why a
prefix is blocked, what a failure costs, nor who is on a VPN.
"""

from __future__ import annotations

import numpy as np

from sim.world.build import World


class Exposure:
    """How far each component fails at each operator.

    Attributes
    ----------
    by_operator : shape (n_businesses, n_operators)
        Share of attempts that fails, as of the last turn.
    component_row : shape (n_businesses, n_roles)
        Component that serves each business and role now.
    overmatch, is_overloaded : shape (n_operators,)
        Share of names each operator matches, and whether it is over its rule capacity, now.
    told_component_row, told_overmatch, told_is_overloaded
        The same as of the last turn: what the failing shares were computed from.
    is_touched_at : shape (n_operators,)
        Operators at which anything may have changed since the last turn.
    fails : shape (n_components, n_operators)
        Degree to which each component fails.
    """

    def __init__(self, world: World) -> None:
        self.components = world.components
        self.overload_severity = world.operators.overload_severity
        self.throttle_severity = world.effects.throttle_severity
        self.name_evasion = world.effects.name_evasion
        n_operators, n_businesses = world.operators.n_operators, world.businesses.n_businesses
        n_components = world.components.n_components
        self.fails = np.zeros((n_components, n_operators))
        self.name_draw = world.businesses.name_draw
        self.role_weight = world.businesses.role_weight[world.businesses.sector_row]
        self.component_row = world.businesses.component_row.copy()
        self.overmatch = np.zeros(n_operators)
        self.is_overloaded = np.zeros(n_operators, np.bool_)
        self.told_component_row = self.component_row.copy()
        self.told_overmatch = self.overmatch.copy()
        self.told_is_overloaded = self.is_overloaded.copy()
        self.is_touched_at = np.zeros(n_operators, np.bool_)
        self.by_operator = np.zeros((n_businesses, n_operators))
