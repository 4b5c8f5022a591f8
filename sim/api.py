"""Runs and comparisons from Python, for notebooks.

In: a scenario, strategies, a number of replicates. Out: results as columns, which pandas, polars
and DuckDB take as they are. The command line does the same and writes the same folder.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.errors import UsageError
from sim.experiment.execution import carry_out, default_folder
from sim.experiment.executors import choose_executor
from sim.experiment.executors.cluster import Cluster
from sim.experiment.metrics import check_metrics, metrics_of
from sim.experiment.plan import Plan, choose_n_replicates, choose_root_seed, plan_comparison
from sim.experiment.runs import Runs
from sim.results.read import RunFolder, open_run
from sim.results.relations import Connection, connect_tables
from sim.results.tables import read_rows
from sim.scenario.load import load_scenario
from sim.scenario.overrides import override_text
from sim.scenario.resolve import Resolved, resolve

if TYPE_CHECKING:
    import pandas as pd

Columns = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Results:
    """Results in a run folder.

    Attributes
    ----------
    run
        The folder with its manifest, scenario and curves.
    """

    run: RunFolder

    @property
    def folder(self) -> Path:
        """Path of the folder."""
        return self.run.path

    @property
    def strategies(self) -> tuple[str, ...]:
        """Labels of the strategies."""
        return self.run.strategies

    @property
    def metrics(self) -> tuple[str, ...]:
        """Names of the metrics, in the order of the tables."""
        return tuple(dict.fromkeys(self.run.measures().metric.tolist()))

    def frame(self, metric: str) -> Columns:
        """One metric under every strategy; the values of a row share their luck.

        Returns
        -------
        columns
            ``replicate``, and the metric's values by label of the strategy; NaN where not known, or
            where a run is not finished. Pass it to ``pandas.DataFrame``.

        Raises
        ------
        UsageError
            If there is no such metric.
        """
        measures = self.run.measures()
        rows = measures.metric == metric
        if not rows.any():
            known = ", ".join(dict.fromkeys(measures.metric.tolist()))
            raise UsageError(f"expected one of the metrics {known}, got {metric!r}")
        replicate = np.unique(measures.replicate)
        columns: Columns = {"replicate": replicate}
        for label in self.strategies:
            mine = rows & (measures.strategy == label)
            values = np.full(replicate.size, np.nan)
            values[np.searchsorted(replicate, measures.replicate[mine])] = measures.value[mine]
            columns[label] = values
        return columns

    def uncertainty(self) -> Columns:
        """Both bands of every measure under every strategy, and what the wide one hangs on.

        Returns
        -------
        columns
            Those of ``uncertainty.csv``; NaN where not known.

        Raises
        ------
        UsageError
            If no draws of what is not known were made.
        """
        return self._drawn("uncertainty.csv")

    def verdicts(self) -> Columns:
        """Which strategy is better over all that is not known, pair by pair.

        Returns
        -------
        columns
            Those of ``verdicts.csv``; NaN where not known.

        Raises
        ------
        UsageError
            If no draws of what is not known were made, or nothing was compared.
        """
        return self._drawn("verdicts.csv")

    def sites(self) -> Columns:
        """What each site of an inventory met under every strategy, and at each operator.

        Returns
        -------
        columns
            Those of ``sites.csv``; NaN where not known. ``operator`` is empty in the row of a site
            over all users.

        Raises
        ------
        UsageError
            If the scenario has no inventory.
        """
        if not (self.folder / "sites.csv").is_file():
            message = "expected a scenario with an inventory (population.inventory)"
            raise UsageError(f"{self.folder}: {message}")
        with connect_tables(self.folder) as connection:
            found = connection.execute("SELECT * FROM sites").fetchnumpy()
        return {name: _filled(column) for name, column in found.items()}

    def _drawn(self, name: str) -> Columns:
        if not (self.folder / name).is_file():
            needed = "a comparison with draws" if name.startswith("verdicts") else "draws"
            raise UsageError(f"{self.folder}: expected {needed} of what is not known (n_draws)")
        rows = read_rows(self.run, name)
        return {key: np.array([row[key] for row in rows]) for key in (rows[0] if rows else ())}

    def to_duckdb(self) -> Connection:
        """Return a DuckDB connection in which every table of the folder is a view."""
        return connect_tables(self.folder)

    def to_pandas(self, table: str = "measures") -> pd.DataFrame:
        """Return a table of the folder as a pandas frame; pandas has to be installed.

        Raises
        ------
        UsageError
            If there is no such table, or no pandas.
        """
        try:
            import pandas  # noqa: F401 - only whether it is there
        except ImportError:
            message = "to_pandas needs pandas: pip install 'overblock[analysis]'"
            raise UsageError(message) from None
        with self.to_duckdb() as connection:
            known = [row[0] for row in connection.execute("SHOW TABLES").fetchall()]
            if table not in known:
                raise UsageError(f"expected one of the tables {', '.join(known)}, got {table!r}")
            frame: pd.DataFrame = connection.execute(f'SELECT * FROM "{table}"').df()
            return frame


def _filled(column: NDArray[Any]) -> NDArray[Any]:
    """Column with NaN, or an empty text, for what is missing."""
    is_number = np.issubdtype(column.dtype, np.floating)
    return np.asarray(np.ma.filled(column, np.nan if is_number else ""))


def open_results(folder: str | Path) -> Results:
    """Read a run folder that ``run``, ``compare`` or the command line wrote.

    Raises
    ------
    DataError
        If it is no run folder.
    """
    return Results(open_run(Path(folder)))


def run(
    scenario: str | Path,
    *,
    n_replicates: int | None = None,
    n_draws: int | None = None,
    root_seed: int | None = None,
    overrides: Mapping[str, object] | None = None,
    folder: str | Path | None = None,
    force: bool = False,
    n_workers: int | None = 1,
    cluster: Cluster | None = None,
    on_progress: Callable[[int, int], None] = lambda n_done, n_total: None,
) -> Results:
    """Simulate a scenario under its own strategy, and write a run folder.

    Parameters
    ----------
    scenario
        Path of a scenario file, or the name of a shipped one.
    n_replicates, n_draws, root_seed
        Those of the scenario when None; a seed is chosen where it has none either. Draws are joint
        draws of all that is not known, each with its own luck, beside the scenario as given; 0 for
        luck alone.
    overrides
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
        Called with the number of finished runs, and of all.

    Raises
    ------
    ScenarioError, DataError
        With the mistakes in the scenario and in its tables.
    UsageError
        If the folder is taken or cannot be made.
    PartialError
        If every run failed.
    """
    resolved = _resolved(scenario, overrides)
    n = choose_n_replicates(resolved, n_replicates)
    plan = Plan.of_run(resolved, choose_root_seed(resolved, root_seed), n)
    plan = plan.with_draws(resolved.scenario.n_draws if n_draws is None else n_draws)
    return _carry_out(plan, folder, force, n_workers, cluster, on_progress)


def compare(
    scenario: str | Path,
    strategies: Sequence[str] = (),
    *,
    baseline: str | None = None,
    metrics: Sequence[str] = (),
    n_replicates: int | None = None,
    n_draws: int | None = None,
    root_seed: int | None = None,
    overrides: Mapping[str, object] | None = None,
    folder: str | Path | None = None,
    force: bool = False,
    n_workers: int | None = 1,
    cluster: Cluster | None = None,
    on_progress: Callable[[int, int], None] = lambda n_done, n_total: None,
) -> Results:
    """Compare strategies in the same worlds with the same luck, and write a run folder.

    Parameters
    ----------
    strategies
        Each as ``[label=]id[:parameter=value,…]``; those of the scenario's experiment when empty.
    baseline
        Label of the strategy that differences are taken to; ``none`` when None, and added if it is
        not among the strategies.
    metrics
        Metrics compared; all when empty.
    scenario, n_replicates, n_draws, root_seed, overrides
        As for `run`.
    folder, force, n_workers, cluster, on_progress
        As for `run`.

    Raises
    ------
    ScenarioError, DataError, UsageError, PartialError
        As for `run`, with the mistakes in all strategies and metrics.
    """
    resolved = _resolved(scenario, overrides)
    seed = choose_root_seed(resolved, root_seed)
    plan = plan_comparison(resolved, strategies, baseline, metrics, seed, n_replicates)
    plan = plan.with_draws(resolved.scenario.n_draws if n_draws is None else n_draws)
    check_metrics(metrics_of(resolved), plan.metrics)
    return _carry_out(plan, folder, force, n_workers, cluster, on_progress)


def _resolved(scenario: str | Path, overrides: Mapping[str, object] | None) -> Resolved:
    texts = [override_text(key, value) for key, value in (overrides or {}).items()]
    return resolve(load_scenario(str(scenario), texts))


def _carry_out(
    plan: Plan,
    folder: str | Path | None,
    force: bool,
    n_workers: int | None,
    cluster: Cluster | None,
    on_progress: Callable[[int, int], None],
) -> Results:
    result = carry_out(
        Runs(plan),
        folder=Path(folder) if folder is not None else default_folder(plan),
        force=force,
        executor=choose_executor(n_workers, cluster),
        on_progress=on_progress,
    )
    return open_results(result.folder)
