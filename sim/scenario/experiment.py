"""The section `experiment`: which strategies are compared, with which baseline and metrics."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from sim.scenario.model import Model
from sim.scenario.quantities import check_printable
from sim.scenario.strategies import Strategy

MOST_STRATEGIES = 100

Label = Annotated[
    str, StringConstraints(min_length=1, max_length=120), AfterValidator(check_printable)
]
Metric = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]+$", max_length=80)]


class Contender(Model):
    """One strategy of a comparison."""

    label: Label | None = None
    """Name in tables and figures; made of the strategy's id and parameters when left out."""
    strategy: Strategy
    """The strategy, as under the key strategy."""


class Experiment(Model):
    """What `overblock compare` compares when the command does not say otherwise."""

    strategies: Annotated[
        tuple[Contender, ...], Field(min_length=1, max_length=MOST_STRATEGIES, strict=False)
    ]
    """Strategies to compare: each a key `strategy`, and a `label` if wanted."""
    baseline: Label = "none"
    """Label of the strategy that differences are taken to; `none` is added if it is not listed."""
    metrics: Annotated[tuple[Metric, ...], Field(max_length=200, strict=False)] = ()
    """Metrics compared; all when left out. Tests are corrected for as many as are compared."""
    n_replicates: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    """Number of replicates; that of the scenario when left out."""
