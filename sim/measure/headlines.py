"""Which measures are shown when nobody says.

In: the measures that runs have, and those asked for. Out: names. It computes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from sim.errors import UsageError
from sim.scenario.refusal import hint

HEADLINES = (
    "addresses_listed_peak",
    "businesses_ever_impaired",
    "business_hours_impaired",
    "target_user_hours_denied",
    "private_loss_usd",
)
"""What most readers ask for first."""

COLLATERAL = "business_hours_impaired"
"""What sensitivity is judged by when nobody says."""


def choose_metrics(
    known: Sequence[str], asked: Sequence[str], otherwise: Sequence[str] = HEADLINES
) -> list[str]:
    """Metrics asked for, or those of ``otherwise`` that there are.

    Raises
    ------
    UsageError
        With every name that is no measure of the runs.
    """
    unknown = [
        f"--metric {name}: expected a measure of these runs, got no such{hint(name, known)}"
        for name in asked
        if name not in known
    ]
    if unknown:
        raise UsageError("\n".join(unknown))
    return list(dict.fromkeys(asked)) or [name for name in otherwise if name in known]
