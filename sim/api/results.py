"""Results of a run or a comparison, as a notebook reads them.

Columns are taken by pandas, polars, Arrow and DuckDB as they are. Everything is read from the
folder when it is asked for.
"""

from __future__ import annotations

import html
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.api.columns import Columns, shortened
from sim.api.curve import Every, curve_columns
from sim.api.picture import Picture, picture_of
from sim.api.wording import in_python_words
from sim.catalogue.choices import is_key_figure, label
from sim.catalogue.curves import CURVES
from sim.errors import UsageError
from sim.report.words.answer import answer
from sim.results.folder import RunFolder, open_run
from sim.results.output import new_folder
from sim.results.tables import Connection, connect_tables, read_rows, text

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Results:
    """Results in a run folder. A notebook shows what happened, and the key figures.

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

    @property
    def curves(self) -> tuple[str, ...]:
        """Names of the curves that `curve` takes."""
        return tuple(name for name in CURVES if self.run.has_curve(name))

    @property
    def answer(self) -> str:
        """What happened, in one sentence with its range."""
        return answer(self.run).sentence

    def summary(self, *, all_measures: bool = False) -> Columns:
        """Key figures, or every measure, over simulations.

        Parameters
        ----------
        all_measures
            Every measure in place of the key figures.

        Returns
        -------
        columns
            ``strategy, metric, label, unit, median, low, high, denominator, n_known``. NaN where
            not known.

        Raises
        ------
        DataError
            If the folder's tables cannot be read.
        """
        rows = [
            {**row, "label": label(text(row, "metric"))}
            for row in read_rows(self.run, "summary.csv")
            if all_measures or is_key_figure(text(row, "metric"))
        ]
        names = ("strategy", "metric", "label", "unit", "median", "low", "high", "denominator")
        return Columns.of_rows(rows, (*names, "n_known"))

    def curve(
        self,
        name: str,
        *,
        every: Every = None,
        by: str | None = None,
        strategy: str | None = None,
    ) -> Columns:
        """One curve: its median over simulations, and a band.

        A curve holds each value until its next change, so that its value at a time is that of the
        last change before or at it. A change between two times of a grid shows from the second one
        on. An ensemble keeps its curves at the even times of ``bands.parquet``, and replicates of
        the point values at every change.

        Parameters
        ----------
        name
            One of `curves`, such as ``"businesses_down"``.
        every
            Step of a grid from the start of the run on: ``"1h"``, ``"15 min"``, ``"1d"``, a
            ``timedelta``, or seconds; every change point of any simulation when None.
        by
            ``"provider"``, ``"sector"`` or ``"role"``: a curve for each of them.
        strategy
            Label of one strategy; all when None.

        Returns
        -------
        columns
            ``strategy``, the group if ``by`` names one, ``time`` (UTC), ``t_s`` (seconds from the
            start), ``median``, ``low`` and ``high`` (90 % of simulations; NaN with one), and
            ``denominator`` (what the values are out of).

        Raises
        ------
        UsageError
            If there is no such curve, group, strategy or step.
        """
        labels = self.strategies if strategy is None else (self.run.strategy(strategy),)
        return curve_columns(self.run, name, labels, every, by)

    def plot(self, name: str, *, strategy: str | None = None) -> Picture:
        """Draw one figure, which a notebook shows.

        Parameters
        ----------
        name
            One of those of ``overblock plot``, such as ``"outage"``.
        strategy
            Of a comparison: the strategy that is shown.

        Raises
        ------
        UsageError
            If there is no such figure, or it does not apply.
        """
        with in_python_words():
            return picture_of(self.run, name, strategy)

    def report(self, path: str | Path = "report.html", *, language: str = "en") -> Path:
        """Write the report, one HTML file that holds everything it shows, and return its path.

        Parameters
        ----------
        language
            ``en``, ``es``, ``it`` or ``ru``.

        Raises
        ------
        UsageError
            If something that is not a report stands there, or there is no such language.
        """
        from sim.report.page.document import write_report
        from sim.report.words.languages import choose_language

        with in_python_words():
            write_report(self.run, Path(path), choose_language(language))
        return Path(path)

    def save(self, folder: str | Path, *, force: bool = False) -> Results:
        """Copy the folder of the results to where it is kept, and return the results there.

        Parameters
        ----------
        force
            Replace an earlier run there.

        Raises
        ------
        UsageError
            If the folder is taken.
        """
        with in_python_words(), new_folder(Path(folder), force=force) as partial:
            shutil.copytree(self.folder, partial, dirs_exist_ok=True)
        return open_results(folder)

    def __repr__(self) -> str:
        """Show what happened and the first figures, in less than 1,000 letters."""
        return shortened("\n".join((self.run.title, *answer(self.run).lines(), str(self.folder))))

    def _repr_html_(self) -> str:
        lines = "".join(f"<p>{html.escape(line)}</p>" for line in answer(self.run).lines())
        title, where = html.escape(self.run.title), html.escape(str(self.folder))
        return f"<p><strong>{title}</strong></p>{lines}<p><code>{where}</code></p>"

    def frame(self, metric: str) -> Columns:
        """One metric under every strategy; the values of a row are of one simulation.

        Returns
        -------
        columns
            ``replicate`` (the number of the simulation), and the metric's values by label of the
            strategy; NaN where not known, or where a run is not finished. Pass it to
            ``pandas.DataFrame``.

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
        columns = Columns(replicate=replicate)
        for strategy in self.strategies:
            mine = rows & (measures.strategy == strategy)
            values = np.full(replicate.size, np.nan)
            values[np.searchsorted(replicate, measures.replicate[mine])] = measures.value[mine]
            columns[strategy] = values
        return columns

    def verdicts(self) -> Columns:
        """Whether all simulations agree, for each pair of strategies in harm, effect and cost.

        Returns
        -------
        columns
            Those of ``verdicts.csv``; NaN where not known.

        Raises
        ------
        UsageError
            If nothing was compared.
        """
        if not (self.folder / "verdicts.csv").is_file():
            raise UsageError(f"{self.folder}: expected a comparison, got a run")
        return Columns.of_rows(read_rows(self.run, "verdicts.csv"))

    def sites(self) -> Columns:
        """Outages of each site of an inventory under every strategy, and at each operator.

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
        return Columns({name: _filled(column) for name, column in found.items()})

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
