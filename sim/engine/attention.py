"""Attention: how much is talked about what the censor breaks, as a share of all there could be.

In: complaints at ticks, public events at their second. Out: one number in [0, 1]. It does not know
who acts on it.
"""

from __future__ import annotations

S_PER_D = 86_400


class Attention:
    """Attention, which halves every half-life and is raised by a share of what it lacks to 1.

    Parameters
    ----------
    half_life_d
        Half-life in days; None where attention does not fade.

    Attributes
    ----------
    value
        Attention now, in [0, 1]; it holds from one change to the next.
    """

    def __init__(self, half_life_d: float | None) -> None:
        self.value = 0.0
        self._half_life_d = half_life_d
        self._as_of_s: int | None = None
        self._before = 0.0

    def before(self, t_s: int) -> float:
        """Attention as it was just before a second, which must not lie in the past."""
        return self._before if t_s == self._as_of_s else self.value

    def fade(self, t_s: int) -> None:
        """Decay for the time since the last change."""
        if t_s == self._as_of_s:
            return
        self._before = self.value
        if self._as_of_s is not None and self._half_life_d is not None:
            days = (t_s - self._as_of_s) / S_PER_D
            self.value *= 2.0 ** (-days / self._half_life_d)
        self._as_of_s = t_s

    def rise(self, t_s: int, share: float) -> None:
        """Close a share of the distance to 1 at a second, after what has faded until then."""
        self.fade(t_s)
        # A + (1 - A) * share is 1 - (1 - A) * (1 - share), and as exact where both are small.
        self.value += (1.0 - self.value) * share
