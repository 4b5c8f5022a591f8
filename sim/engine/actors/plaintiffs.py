"""Who complains, and how much: businesses that are impaired, users who are cut off.

In: the rates of a scenario. Out: columns of who complains, which the compiled loops bring up to
date. It does not know what complaints lead to.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.engine.state import pressure_kernel as kernel
from sim.engine.state.hotline import Hotline
from sim.engine.state.target import TargetState
from sim.scenario.reactions import Complaints, Users
from sim.world.build import World

S_PER_D = 86_400


class Plaintiffs:
    """All who complain, each at the rate of the scenario; nobody without rules.

    Between two changes fewer and fewer users of the target are cut off: who comes back is as tired
    as who does not. Where at an operator more are than before, those are fresh.

    Attributes
    ----------
    rates : shape (1,)
        How often each of them complains, a ``RATES``.
    impaired, people : shape (1,)
        Businesses that are impaired, and Internet users who miss what businesses offer, a ``HIT``
        each.
    is_impaired, due : shape (n_businesses,)
    next_due : shape (1,)
        As ``make_pressure`` says.
    """

    def __init__(self, rules: Complaints | None, world: World, target: TargetState) -> None:
        n, n_operators = world.businesses.n_businesses, world.operators.n_operators
        self._target = target
        self.rates = np.zeros(1, kernel.RATES)
        if rules is not None:
            half_life_d = rules.fatigue_half_life_d
            self.rates[0] = (
                rules.per_business_per_d,
                rules.per_million_users_per_d,
                rules.per_million_people_per_d or 0.0,
                0.0 if half_life_d is None else math.log(2.0) / half_life_d / S_PER_D,
                rules.named_per_d,
                _n_internet_users(world.users),
            )
        self.impaired, self.people = np.zeros(1, kernel.HIT), np.zeros(1, kernel.HIT)
        self.is_impaired, self._since_s = np.zeros(n, np.bool_), np.zeros(n, np.int64)
        self.due, self.next_due = np.zeros(n), np.full(1, math.inf)
        self._n_missing, self._fresh = np.zeros(n_operators), np.ones(n_operators)

    def pressure(self, attention: NDArray[np.void], line: Hotline) -> Any:
        """Attention, the hotline and who complains as the compiled loops take them."""
        return kernel.make_pressure(
            self._target.handle,
            attention,
            line.record,
            self.rates,
            self.impaired,
            self.people,
            self.is_impaired,
            self._since_s,
            self.due,
            self.next_due,
            self._n_missing,
            self._fresh,
        )


def _n_internet_users(users: Users | None) -> float:
    """Internet users, of whom the target's are a share; none where nobody uses it."""
    if users is None or users.share_target_users == 0:
        return 0.0
    return users.n_target_users / users.share_target_users
