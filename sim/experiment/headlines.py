"""Which measures are shown when nobody says which."""

from __future__ import annotations

from collections.abc import Sequence

from sim.experiment.metrics import check_metrics

HEADLINES = (
    "addresses_listed_peak",
    "businesses_ever_impaired",
    "business_hours_impaired",
    "target_user_hours_denied",
    "private_loss_usd",
)
"""What most readers ask for first."""

COLLATERAL = ("business_hours_impaired",)
"""What sensitivity is judged by when nobody says."""


def choose_metrics(
    known: Sequence[str], asked: Sequence[str], otherwise: Sequence[str] = HEADLINES
) -> list[str]:
    """Metrics asked for, each once, or else those of ``otherwise`` that there are.

    Raises
    ------
    ScenarioError
        With every name that is no metric of the scenario.
    """
    check_metrics(known, asked, (), (), ())
    return list(dict.fromkeys(asked)) or [name for name in otherwise if name in known]
