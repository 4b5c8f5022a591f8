"""The line of the hotline: complaints wait in it, and those that find it full are turned away.

In: complaints over times in which they come evenly. Out: how many wait, were taken down, were
turned away, and how long who joins now will wait. It does not know who complains, and of what.
"""

from __future__ import annotations

import math

import numpy as np

from sim.engine.state import pressure_kernel as kernel
from sim.scenario.reactions import Complaints

S_PER_D = 86_400


class Hotline:
    """A fluid queue with one server and room for so many.

    Parameters
    ----------
    per_d
        Complaints taken down a day while any waits.
    room
        Complaints that can wait; infinite where there is no limit.

    Attributes
    ----------
    record : shape (1,)
        All of it as the compiled loops take it, a ``LINE``.
    """

    def __init__(self, per_d: float, room: float) -> None:
        self.record = np.zeros(1, kernel.LINE)
        self.record["per_d"], self.record["room"] = per_d, room

    @classmethod
    def of(cls, rules: Complaints | None) -> Hotline | None:
        """Line of a scenario; None where complaints are taken down at once."""
        if rules is None or rules.hotline_calls_per_d is None:
            return None
        return cls(rules.hotline_calls_per_d, rules.hotline_room or math.inf)

    @classmethod
    def none(cls) -> Hotline:
        """A line in which nobody waits, as complaints are taken down at once."""
        return cls(0.0, math.inf)

    def take(self, days: float, n_complaints: float) -> None:
        """Let complaints come evenly over a time."""
        kernel.take(self.record, days, n_complaints)

    @property
    def waiting(self) -> float:
        """Complaints that wait now."""
        return float(self.record["waiting"][0])

    @property
    def longest(self) -> float:
        """The most complaints that waited at once."""
        return float(self.record["longest"][0])

    @property
    def n_taken(self) -> float:
        """Complaints taken down."""
        return float(self.record["n_taken"][0])

    @property
    def n_turned_away(self) -> float:
        """Complaints that found the line full."""
        return float(self.record["n_turned_away"][0])

    @property
    def wait_s(self) -> int:
        """How long one waits that joins now, in whole seconds."""
        return round(self.waiting / self._per_d * S_PER_D)

    @property
    def longest_wait_s(self) -> float:
        """The longest that anybody had to wait."""
        return self.longest / self._per_d * S_PER_D

    @property
    def _per_d(self) -> float:
        return float(self.record["per_d"][0])
