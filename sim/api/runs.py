"""Runs, comparisons and studies from Python; the command line writes the same folders."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sim.api.given import (
    Given,
    OnProgress,
    in_python_words,
    resolved_of,
    shown_progress,
    strategy_texts,
)
from sim.api.results import Results, open_results
from sim.api.tables import Columns, shortened
from sim.engine.strategies.registry import Strategy
from sim.errors import UsageError
from sim.experiment.executors import choose_executor
from sim.experiment.executors.cluster import Cluster
from sim.experiment.outputs import Study
from sim.experiment.pipeline import Experiment, carry_out, default_folder
from sim.experiment.plan import Plan, choose_n_replicates, choose_root_seed, plan_comparison
from sim.experiment.runs import Runs
from sim.measure.own import OwnMeasure
from sim.uncertainty.sensitivity import Sensitivity
from sim.uncertainty.sweep import Sweep


def run(
    scenario: Given,
    *,
    strategy: Strategy | str | None = None,
    measures: Sequence[OwnMeasure] = (),
    n_simulations: int | None = None,
    kept: str | Path | None = None,
    fixed: bool = False,
    pairs: bool = False,
    root_seed: int | None = None,
    set: Mapping[str, object] | None = None,
    folder: str | Path | None = None,
    force: bool = False,
    n_workers: int | None = 1,
    cluster: Cluster | None = None,
    on_progress: OnProgress | None = None,
) -> Results:
    """Simulate a scenario under one strategy, and write a run folder.

    Parameters
    ----------
    scenario
        The name of a shipped scenario, the path of a file, a mapping of its keys, or a
        ``Scenario``. Where the name of a table is expected, a frame of pandas or polars or a table
        of Arrow may stand; dates, numbers and paths are taken as they are.
    strategy
        A strategy of your own (``overblock.rules.Strategy``), or one as on the command line; that
        of the scenario when None. Its source is kept in the folder: where it is defined in a cell
        of a notebook, the cell imports what it needs.
    measures
        Measures of your own (``overblock.rules.measure``), computed beside the others.
    n_simulations
        Members of the ensemble; 64 when None, 128 for a comparison.
    kept
        A table of kept simulations, or the folder of ``overblock condition``; what is shipped with
        the scenario when None; ``"none"`` for simulations of all declared ranges.
    fixed
        Simulate replicates of the point values in place of an ensemble: as many as the scenario
        says when ``n_simulations`` is None.
    pairs
        Simulate each draw of the uncertain inputs twice, each time with its own chance; the summary
        then has the share of the spread that is chance.
    root_seed
        That of the scenario when None; one is chosen where it has none either.
    set
        Values by key path, such as ``{"population.n_businesses": 600}``; a mapping is merged into
        the section there, and None switches off an optional section.
    folder
        Run folder to write; ``runs/<utc-stamp>-<scenario>-<hash6>`` when None.
    force
        Replace an earlier run there.
    n_workers
        1 for this process, more for as many others, None for one for each processor. A script that
        starts others must guard its entry point (``if __name__ == "__main__":``).
    cluster
        A dask cluster to use instead.
    on_progress
        Called with the number of finished runs, and of all; a count in a notebook when None.

    Raises
    ------
    ScenarioError, DataError
        With the mistakes in the scenario and in its tables, each by the path of its key.
    UsageError
        If the folder is taken or cannot be made.
    PartialError
        If every run failed.
    """
    with in_python_words(), resolved_of(scenario, set, strategy, measures) as resolved:
        seed = choose_root_seed(resolved, root_seed)
        plan = Plan.of_run(resolved, seed, resolved.scenario.n_replicates)
        plan = plan.of_size(n_simulations, fixed=fixed, source=kept, pairs=pairs)
        return _carry_out(plan, folder, force, n_workers, cluster, on_progress)


def compare(
    scenario: Given,
    strategies: Sequence[Strategy | str] = (),
    *,
    baseline: str | None = None,
    metrics: Sequence[str] = (),
    measures: Sequence[OwnMeasure] = (),
    n_simulations: int | None = None,
    kept: str | Path | None = None,
    fixed: bool = False,
    root_seed: int | None = None,
    set: Mapping[str, object] | None = None,
    folder: str | Path | None = None,
    force: bool = False,
    n_workers: int | None = 1,
    cluster: Cluster | None = None,
    on_progress: OnProgress | None = None,
) -> Results:
    """Compare strategies with the same inputs and the same chance, and write a run folder.

    Parameters
    ----------
    strategies
        Each as ``[label=]id[:parameter=value,…]``, or one of your own as for `run`.
    baseline
        Label of the strategy that differences are taken to; ``none`` when None, and added if it is
        not among the strategies.
    metrics
        Metrics compared; all when empty.
    scenario, measures, n_simulations, kept, fixed, root_seed, set
        As for `run`.
    folder, force, n_workers, cluster, on_progress
        As for `run`.

    Raises
    ------
    ScenarioError, DataError, UsageError, PartialError
        As for `run`, with the mistakes in all strategies and metrics.
    """
    with (
        in_python_words(),
        resolved_of(scenario, set, measures=measures) as resolved,
        strategy_texts(strategies) as texts,
    ):
        seed = choose_root_seed(resolved, root_seed)
        plan = plan_comparison(resolved, texts, baseline, metrics, seed)
        plan = plan.of_size(n_simulations, fixed=fixed, source=kept)
        return _carry_out(plan, folder, force, n_workers, cluster, on_progress)


def _carry_out(
    plan: Plan,
    folder: str | Path | None,
    force: bool,
    n_workers: int | None,
    cluster: Cluster | None,
    on_progress: OnProgress | None,
) -> Results:
    with shown_progress(on_progress) as update:
        result = carry_out(
            Runs(plan),
            folder=Path(folder) if folder is not None else default_folder(plan),
            force=force,
            executor=choose_executor(n_workers, cluster),
            on_progress=update,
        )
    return open_results(result.folder)


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
        By name: ``sweep`` or ``sensitivity``, and ``points``.
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
            strategies=strategies,
            metrics=metrics,
        )
        return _study(asked, folder, force, n_workers, on_progress)


def sensitivity(
    scenario: Given,
    *,
    metrics: Sequence[str] = (),
    only: Sequence[str] = (),
    ranges: Mapping[str, tuple[float, float]] | None = None,
    trajectories: int = 10,
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
    metrics
        The answers; harm in business-hours when empty.
    only
        Assumptions to vary; all that have a range when empty.
    ranges
        Other ranges, low and high by key.
    trajectories
        Trajectories through all ranges (Morris); none for both ends of each assumption alone.
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
            metrics=metrics,
            only=only,
            ranges=[f"{key}={low}..{high}" for key, (low, high) in (ranges or {}).items()],
            trajectories=trajectories,
            strategies=[strategy] if strategy else [],
        )
        return _study(asked, folder, force, n_workers, on_progress)


def _axis(values: str | Sequence[object]) -> str:
    if isinstance(values, str):
        return values
    return ",".join(str(value) for value in values)


def _study(
    asked: Experiment[Any, Study],
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
