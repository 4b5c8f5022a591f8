"""Attention: how much is talked about what the censor breaks, as a share of all there could be.

In: how many complaints there would be without it, and public events at their second. Out: one
number in [0, 1] at any second, and the complaints it makes louder. It does not know who acts on it.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from sim.engine.state.hotline import Hotline
from sim.scenario.reactions import Complaints

S_PER_D = 86_400
Complaining = Callable[[int, int], float]
"""Complaints there would be without attention in ``[from_s, to_s)``."""
NO_PULL = 1e-100
"""Pull that moves nothing, and whose products are too small for floats."""


def nobody_complains(from_s: int, to_s: int) -> float:
    """Complaints where there is nobody to complain."""
    return 0.0


class Attention:
    """Attention, which fades, and which complaints raise that it makes louder.

    Between two seconds that are noted, complaints count with their mean. From one to the next
    attention then follows a logistic law, which is solved exactly.

    Parameters
    ----------
    half_life_d
        Half-life in days; None where attention does not fade.
    per_complaint
        Share of what it lacks to 1 that a complaint adds.
    snowball
        What full attention adds to complaints, as a multiple of those without.
    complaining
        Tells how many complaints there would be without attention.
    line
        Where complaints wait for the hotline; None where they do not.

    Attributes
    ----------
    n_complaints
        Complaints until the second noted last.
    loud_d
        Days until then, each counted as many times as attention made complaints louder.
    """

    def __init__(
        self,
        half_life_d: float | None,
        per_complaint: float = 0.0,
        snowball: float = 0.0,
        complaining: Complaining = nobody_complains,
        line: Hotline | None = None,
    ) -> None:
        self.n_complaints = 0.0
        self.loud_d = 0.0
        self._complaining = complaining
        self._line = line
        self._value = 0.0
        self._fade_per_d = math.log(2.0) / half_life_d if half_life_d is not None else 0.0
        self._per_complaint = per_complaint
        self._snowball = snowball
        self._as_of_s: int | None = None
        # The second asked for last, and what it was: a decision asks several times.
        self._asked: tuple[int, float] | None = None

    @classmethod
    def of(
        cls, rules: Complaints | None, complaining: Complaining, line: Hotline | None = None
    ) -> Attention:
        """Attention as a scenario has it; without complaints it does not fade."""
        if rules is None:
            return cls(None)
        per_complaint, snowball = rules.attention_per_complaint, rules.snowball
        return cls(rules.half_life_d, per_complaint, snowball, complaining, line)

    def at(self, t_s: int) -> float:
        """Attention at a second that does not lie before the one noted last."""
        if self._as_of_s is None or t_s == self._as_of_s:
            return self._value
        if self._asked is None or self._asked[0] != t_s:
            self._asked = t_s, self._passed(t_s)[0]
        return self._asked[1]

    def note(self, t_s: int) -> None:
        """Let time pass until a second from which on complaints have another rate."""
        if self._as_of_s is not None and t_s != self._as_of_s:
            self._value, more, loud_d = self._passed(t_s)
            self.n_complaints += more
            self.loud_d += loud_d
            if self._line is not None:
                self._line.take((t_s - self._as_of_s) / S_PER_D, more)
        self._as_of_s, self._asked = t_s, None

    def rise(self, t_s: int, share: float) -> None:
        """Close a share of the distance to 1 at a second."""
        self.note(t_s)
        # A + (1 - A) * share is 1 - (1 - A) * (1 - share), and as exact where both are small.
        self._value += (1.0 - self._value) * share

    def next_above(self, limit: float, t_s: int) -> int | None:
        """First second after one at which attention exceeds a limit, if complaints go on as then.

        Returns
        -------
        None if it never does. Where complaints become fewer it is later than told here.
        """
        value = self.at(t_s)
        if value > limit:
            return t_s + 1
        pull = self._per_complaint * self._complaining(t_s, t_s + 1) * S_PER_D
        days = days_until(value, limit, pull, self._snowball, self._fade_per_d)
        return None if math.isinf(days) else t_s + max(1, math.ceil(days * S_PER_D))

    def _passed(self, t_s: int) -> tuple[float, float, float]:
        """Attention at a second, and complaints and loud days since the one noted last."""
        assert self._as_of_s is not None
        days = (t_s - self._as_of_s) / S_PER_D
        base = self._complaining(self._as_of_s, t_s)
        pull = self._per_complaint * base / days
        value, talked_d = solved(self._value, pull, self._snowball, self._fade_per_d, days)
        loud_d = days + self._snowball * talked_d
        return value, base / days * loud_d, loud_d


def solved(
    value: float, pull: float, snowball: float, fade: float, days: float
) -> tuple[float, float]:
    """Solve ``dA/dt = pull * (1 - A) * (1 + snowball * A) - fade * A`` exactly.

    Parameters
    ----------
    value
        A at the start, in [0, 1].
    pull, fade
        Per day, constant over the time.
    days
        How long.

    Returns
    -------
    value, integral
        A at the end, and its integral in days.

    Notes
    -----
    A Riccati equation with constant coefficients, the logistic one (Verhulst 1838) with a source.
    With q = pull * snowball, 2 p = q - pull - fade and D = sqrt(p^2 + q * pull) it tends to
    (D + p) / q, which is pull / (D - p), at the rate 2 D. Every sum below is of terms that are not
    negative, so nothing cancels.
    """
    if pull < NO_PULL:
        left = math.exp(-fade * days)
        return value * left, value * ((1.0 - left) / fade if fade * days > 1e-9 else days)
    q, up, down = _rates(pull, snowball, fade)
    left = math.exp(-(up + down) * days)
    gone = -math.expm1(-(up + down) * days)
    below = down + up * left + q * value * gone
    at_end = (value * (up + down * left) + pull * gone) / below
    rest = pull / down if down >= up else up / q
    w = (value - rest) * gone / (up + down)
    if abs(q * w) < 1e-9:
        bent = w * (1.0 - q * w / 2.0)
    elif q * w > -0.5:
        bent = math.log1p(q * w) / q
    else:
        bent = math.log(below / (up + down)) / q
    return min(at_end, 1.0), rest * days + bent


def days_until(value: float, limit: float, pull: float, snowball: float, fade: float) -> float:
    """Time until attention, below a limit at the start, reaches it; infinite if it never does."""
    if pull < NO_PULL:
        return math.inf
    q, up, down = _rates(pull, snowball, fade)
    # Attention at the end as in ``solved``, solved for what is left of exp(-2 D t).
    beyond = value * up + pull - limit * (down + q * value)
    if beyond <= 0.0:
        return math.inf
    return -math.log(beyond / (beyond + (limit - value) * (up + down))) / (up + down)


def _rates(pull: float, snowball: float, fade: float) -> tuple[float, float, float]:
    """q, D + p and D - p of ``solved``."""
    q = pull * snowball
    p = 0.5 * (q - pull - fade)
    further = math.hypot(p, math.sqrt(q) * math.sqrt(pull)) + abs(p)
    # (D + p) * (D - p) is q * pull: the lesser by this, as a difference it would lose its digits.
    nearer = q * (pull / further)
    return (q, further, nearer) if p > 0 else (q, nearer, further)
