"""Sweeps, sensitivity analyses and conditioning from Python.

In: a scenario and what is varied. Out: tables as columns, and the folder that the command line
would have written.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sim.api.columns import Columns, shortened
from sim.api.given import Given, resolved_of
from sim.api.progress import OnProgress, shown_progress
from sim.api.wording import in_python_words
from sim.backtest.conditioning import MOST, N_KEPT, Conditioned, Conditioning
from sim.errors import UsageError
from sim.experiment.executors import choose_executor
from sim.experiment.outputs import Study
from sim.experiment.pipeline import Experiment, carry_out, default_folder
from sim.experiment.plan import choose_n_replicates, choose_root_seed
from sim.uncertainty.sensitivity import Method, Sensitivity
from sim.uncertainty.sweep import Design, Sweep


@dataclass(frozen=True, eq=False)
class StudyResults:
    """Tables of a study of many points.

    Attributes
    ----------
    folder
        Where they lie.
    status
        ``complete``, or ``partial`` where the scenario is not possible at a point or a run failed.
    tables
        By name: ``sweep`` or ``sensitivity``, and ``points``; or ``kept`` and the others of
        conditioning.
    """

    folder: Path
    status: str
    tables: Mapping[str, Columns]

    def table(self, name: str) -> Columns:
        """Return one of the tables.

        Raises
        ------
        UsageError
            If there is no such table.
        """
        if name not in self.tables:
            raise UsageError(f"name: expected one of {', '.join(self.tables)}, got {name!r}")
        return self.tables[name]

    def __repr__(self) -> str:
        """Show the first table, in less than 1,000 letters."""
        name, first = next(iter(self.tables.items()))
        others = ", ".join(self.tables)
        return shortened(f"{name} ({self.status}; tables: {others}) in {self.folder}\n{first!r}")

    def _repr_html_(self) -> str:
        name, first = next(iter(self.tables.items()))
        others = ", ".join(self.tables)
        said = html.escape(f"{name} ({self.status}; tables: {others}) in {self.folder}")
        return f"<p><strong>{said}</strong></p>{first._repr_html_()}"


def sweep(
    scenario: Given,
    over: Mapping[str, str | Sequence[object]],
    *,
    design: Design = "grid",
    n_points: int | None = None,
    strategies: Sequence[str] = (),
    metrics: Sequence[str] = (),
    n_replicates: int | None = None,
    root_seed: int | None = None,
    set: Mapping[str, object] | None = None,
    folder: str | Path | None = None,
    force: bool = False,
    n_workers: int | None = 1,
    on_progress: OnProgress | None = None,
) -> StudyResults:
    """Run a scenario at many values of its keys, with the same replicates at each point.

    Parameters
    ----------
    over
        For each key its values, or a range as text: ``{"censor.discovery_lag_h": [2, 12, 48]}``,
        ``{"censor.discovery_lag_h": "log:2..48:5"}``.
    design
        ``grid`` for all combinations, ``lhs`` for a Latin hypercube, ``sobol`` for a Sobol'
        sequence; the last two need ``n_points``.
    n_points
        Number of points, unless a grid.
    strategies
        Run at each point; the scenario's own when empty.
    metrics
        Measures of the table; the headlines when empty.
    n_replicates
        Replicates at each point; as many as the scenario says when None.
    scenario, root_seed, set, folder, force, n_workers, on_progress
        As for `run`.

    Raises
    ------
    ScenarioError, DataError, UsageError, PartialError
        As for `run`, with the mistakes in what is varied.
    """
    with in_python_words(), resolved_of(scenario, set) as resolved:
        asked = Sweep.of(
            resolved,
            choose_root_seed(resolved, root_seed),
            choose_n_replicates(resolved, n_replicates),
            over=[f"{key}={_axis(values)}" for key, values in over.items()],
            design=design,
            n_points=n_points,
            strategies=strategies,
            metrics=metrics,
        )
        return _study(asked, folder, force, n_workers, on_progress)


def sensitivity(
    scenario: Given,
    *,
    method: Method = "both",
    metrics: Sequence[str] = (),
    only: Sequence[str] = (),
    ranges: Mapping[str, tuple[float, float]] | None = None,
    trajectories: int = 10,
    samples: int = 64,
    keep: int = 5,
    strategy: str | None = None,
    n_replicates: int = 2,
    root_seed: int | None = None,
    set: Mapping[str, object] | None = None,
    folder: str | Path | None = None,
    force: bool = False,
    n_workers: int | None = 1,
    on_progress: OnProgress | None = None,
) -> StudyResults:
    """Vary assumptions through their ranges, and say which ones the answer depends on.

    Parameters
    ----------
    method
        ``ends``, ``morris``, ``sobol`` or ``both``, as for ``overblock sensitivity``.
    metrics
        The answers; harm in business-hours when empty.
    only
        Assumptions to vary; all that have a range when empty.
    ranges
        Other ranges, low and high by key.
    trajectories, samples, keep
        Trajectories of ``morris``, base points of ``sobol``, and how many assumptions ``both``
        hands from the one to the other.
    strategy
        Another one than the scenario's own.
    scenario, n_replicates, root_seed, set, folder, force, n_workers, on_progress
        As for `run`.

    Raises
    ------
    ScenarioError, DataError, UsageError, PartialError
        As for `run`, with the mistakes in what is varied.
    """
    with in_python_words(), resolved_of(scenario, set) as resolved:
        asked = Sensitivity.of(
            resolved,
            choose_root_seed(resolved, root_seed),
            choose_n_replicates(resolved, n_replicates),
            method=method,
            metrics=metrics,
            only=only,
            ranges=[f"{key}={low}..{high}" for key, (low, high) in (ranges or {}).items()],
            trajectories=trajectories,
            samples=samples,
            keep=keep,
            strategies=[strategy] if strategy else [],
        )
        return _study(asked, folder, force, n_workers, on_progress)


def condition(
    scenario: Given,
    *,
    n_keep: int = N_KEPT,
    n_most: int = MOST,
    root_seed: int | None = None,
    set: Mapping[str, object] | None = None,
    folder: str | Path | None = None,
    force: bool = False,
    n_workers: int | None = 1,
    on_progress: OnProgress | None = None,
) -> StudyResults:
    """Keep the simulations of a scenario that agree with its evidence.

    Parameters
    ----------
    scenario
        As for `run`.
    n_keep, n_most
        How many simulations to keep, and how many draws to run for them at most.
    root_seed, set, folder, force, n_workers, on_progress
        As for `run`.

    Returns
    -------
    results
        Its table ``kept``, in the file ``kept.csv`` of the folder, is what ``overblock run
        --kept`` takes.

    Raises
    ------
    ScenarioError, DataError, UsageError, PartialError
        As for `run`, with the mistakes in the evidence.
    """
    with in_python_words(), resolved_of(scenario, set) as resolved:
        seed = choose_root_seed(resolved, root_seed)
        asked = Conditioning.of(resolved, seed, n_keep, n_most)
        return _study(asked, folder, force, n_workers, on_progress)


def _axis(values: str | Sequence[object]) -> str:
    if isinstance(values, str):
        return values
    return ",".join(str(value) for value in values)


def _study(
    asked: Experiment[Any, Study | Conditioned],
    folder: str | Path | None,
    force: bool,
    n_workers: int | None,
    on_progress: OnProgress | None,
) -> StudyResults:
    with shown_progress(on_progress) as update:
        study = carry_out(
            asked,
            folder=Path(folder) if folder is not None else default_folder(asked.plan),
            force=force,
            executor=choose_executor(n_workers),
            on_progress=update,
        )
    tables = {
        name.removesuffix(".csv"): Columns.of_rows(
            sheet.records(), [column.name for column in sheet.columns]
        )
        for name, sheet in study.sheets.items()
    }
    return StudyResults(study.folder, study.status, tables)
