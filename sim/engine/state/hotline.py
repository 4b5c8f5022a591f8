"""The line of the hotline: complaints wait in it, and those that find it full are turned away.

In: complaints over times in which they come evenly. Out: how many wait, were taken down, were
turned away, and how long who joins now will wait. It does not know who complains, and of what.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from sim.scenario.reactions import Complaints

S_PER_D = 86_400


@dataclass
class Hotline:
    """A fluid queue with one server and room for so many.

    Attributes
    ----------
    per_d
        Complaints taken down a day while any waits.
    room
        Complaints that can wait; infinite where there is no limit.
    waiting, longest
        Complaints that wait now, and the most that did.
    n_taken, n_turned_away
        Complaints taken down, and those that found the line full.
    """

    per_d: float
    room: float
    waiting: float = 0.0
    longest: float = 0.0
    n_taken: float = 0.0
    n_turned_away: float = 0.0

    @classmethod
    def of(cls, rules: Complaints | None) -> Hotline | None:
        """Line of a scenario; None where complaints are taken down at once."""
        if rules is None or rules.hotline_calls_per_d is None:
            return None
        return cls(rules.hotline_calls_per_d, rules.hotline_room or math.inf)

    def take(self, days: float, n_complaints: float) -> None:
        """Let complaints come evenly over a time.

        Notes
        -----
        Those that wait change at a constant rate, arrivals less ``per_d``, until none or ``room``
        of them are left; from there on they stay (a fluid between two barriers).
        """
        then = self.waiting + n_complaints - self.per_d * days
        turned_away = max(0.0, then - self.room)
        left = min(max(then, 0.0), self.room)
        self.n_taken += self.waiting + n_complaints - turned_away - left
        self.n_turned_away += turned_away
        self.waiting, self.longest = left, max(self.longest, left)

    @property
    def wait_s(self) -> int:
        """How long one waits that joins now, in whole seconds."""
        return round(self.waiting / self.per_d * S_PER_D)

    @property
    def longest_wait_s(self) -> float:
        """The longest that anybody had to wait."""
        return self.longest / self.per_d * S_PER_D
