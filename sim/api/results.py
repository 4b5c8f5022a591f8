"""Results of a run or a comparison, as a notebook reads them.

In: a run folder. Out: columns, which pandas, polars, Arrow and DuckDB take as they are; figures,
the report, a short table. Whatever is asked for is read from the folder at that time. It is one
file, since it is one class: what a notebook offers after the dot.
"""

from __future__ import annotations

import html
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.api.columns import Columns, html_table, shortened, shown, text_table
from sim.api.curve import Every, curve_columns
from sim.api.picture import Picture, picture_of
from sim.api.wording import in_python_words
from sim.catalogue.choices import COLLATERAL, EFFECTS, KEY_FIGURES, label, measure_name
from sim.catalogue.curves import CURVES
from sim.errors import UsageError
from sim.report.page.bands import with_bands
from sim.report.page.head.headline import headline
from sim.report.page.head.withheld import withheld
from sim.report.page.key_figures import as_shares
from sim.report.words.expected_names import names_by_strategy, names_of_strategies
from sim.report.words.warnings import changes_in_words
from sim.results.place import new_folder
from sim.results.read import RunFolder, open_run
from sim.results.relations import Connection, connect_tables
from sim.results.tables import Row, read_rows, text

if TYPE_CHECKING:
    import pandas as pd

NOT_QUOTED = "not quoted"
"""In the cell of a measure that stands at no head of a result."""
SHOWN = (COLLATERAL, *EFFECTS, measure_name("private_loss_usd"))
"""Measures of a comparison that are shown first."""


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
    def headline(self) -> str:
        """What happened, how sure that is, on what it hangs, and what is not compared or quoted."""
        return " ".join(headline(self.run).sentences)

    def summary(self, *, all_measures: bool = False) -> Columns:
        """Key figures, or every measure, over replicates.

        Parameters
        ----------
        all_measures
            Every measure in place of the key figures.

        Returns
        -------
        columns
            ``strategy, metric, label, unit, mean, low, high`` (as given, and the range by luck),
            with draws ``all_median, all_low, all_high`` (with all that is not known),
            ``denominator`` (of ``mean``, ``low`` and ``high``: draws vary it). NaN where not known.
            ``all_high`` is infinite for harm for each user-hour denied where at least one draw in
            twenty denies the target's users less than a thousandth of their hours: harm over nearly
            nothing has no upper end that draws could tell. Drop it by ``math.isinf`` before you
            plot or average.

        Raises
        ------
        DataError
            If the folder's tables cannot be read.
        """
        rows = with_bands(self.run, read_rows(self.run, "summary.csv"))
        told = [
            {
                **row,
                "label": label(text(row, "metric")),
                "mean": row.get("given", row["mean"]),
                "all_median": row["mean"],
            }
            for row in (rows if all_measures else _key_rows(rows))
        ]
        wide = ("all_median", "all_low", "all_high") if self.run.n_draws else ()
        names = ("strategy", "metric", "label", "unit", "mean", "low", "high", *wide, "denominator")
        return Columns.of_rows(told, names)

    def curve(
        self,
        name: str,
        *,
        every: Every = None,
        by: str | None = None,
        strategy: str | None = None,
    ) -> Columns:
        """One curve: its mean over replicates, and a band.

        A curve holds each value until its next change, so that its value at a time is that of the
        last change before or at it: exact at every time that is asked for. A change between two
        times of a grid shows from the second one on.

        Parameters
        ----------
        name
            One of `curves`, such as ``"businesses_down"``.
        every
            Step of a grid from the start of the run on: ``"1h"``, ``"15 min"``, ``"1d"``, a
            ``timedelta``, or seconds; every change point of any replicate when None.
        by
            ``"provider"``, ``"sector"`` or ``"role"``: a curve for each of them. ``"operator"``:
            of addresses dropped, those that each operator drops, and the whole is their mean over
            users; of users and of operators that enforce, the part that each makes, and the whole
            is their sum. Of demand lost and of businesses the engine counts at every operator at
            all times, and keeps sums over time, the most at once and causes (``groups.csv``); their
            change points are not kept. Of ``telegram-2018`` they would add some 42,000 rows a
            replicate to the 211,000 of ``curves.parquet``.
        strategy
            Label of one strategy; all when None.

        Returns
        -------
        columns
            ``strategy``, the group if ``by`` names one, ``time`` (UTC), ``t_s`` (seconds from the
            start), ``mean``, ``low`` and ``high`` (90 % of replicates; NaN with one),
            ``denominator`` (what the values are out of), and with draws, over everybody,
            ``all_low``, ``all_median``, ``all_high`` (with all that is not known).

        Raises
        ------
        UsageError
            If there is no such curve, group, strategy or step, or none of the curve by operator.
        """
        labels = self.strategies if strategy is None else (self.run.strategy(strategy),)
        return curve_columns(self.run, name, labels, every, by)

    def plot(self, name: str, *, strategy: str | None = None, replicate: int = 0) -> Picture:
        """Draw one figure, which a notebook shows.

        Parameters
        ----------
        name
            One of those of ``overblock plot``, such as ``"outages"``.
        strategy
            Of a comparison: the strategy that is shown.
        replicate
            Which one the map shows.

        Raises
        ------
        UsageError
            If there is no such figure, or it does not apply.
        """
        with in_python_words():
            return picture_of(self.run, name, strategy, replicate)

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
        """Show the key figures, in less than 1,000 letters."""
        names, cells, why = self._shown()
        table = text_table(names, cells, len(cells))
        parts = (self._title(), table, why, self._names(), str(self.folder))
        return shortened("\n".join(filter(None, parts)))

    def _repr_html_(self) -> str:
        names, cells, why = self._shown()
        parts = (*headline(self.run).sentences, why, self._names())
        said = html.escape(" ".join(dict.fromkeys(filter(None, parts))))
        where = html.escape(str(self.folder))
        table = html_table(names, cells, len(cells))
        title = html.escape(self._title())
        return f"<p><strong>{title}</strong></p><p>{said}</p>{table}<p><code>{where}</code></p>"

    def _names(self) -> str:
        """Names expected behind what was ever listed."""
        return names_of_strategies(names_by_strategy(self.run))

    def _title(self) -> str:
        draws = f", {self.run.n_draws} draws of what is not known" if self.run.n_draws else ""
        title = shown(self.run.title) if len(self.run.title) > 120 else self.run.title
        changed = f". {said}" if (said := changes_in_words(self.run)) else ""
        return f"{title} ({self.run.n_replicates} replicates{draws}){changed}"

    def _shown(self) -> tuple[list[str], list[list[str]], str]:
        """Headings, cells, and what is not quoted; a row a measure, or a strategy of several."""
        rows = with_bands(self.run, read_rows(self.run, "summary.csv"))
        ends = ("all_low", "all_high") if self.run.n_draws else ("low", "high")
        if len(self.strategies) == 1:
            chosen = _key_rows(rows)
            heading = "with all that is not known" if self.run.n_draws else "by luck"
            middle = "median" if self.run.n_draws else "mean"
            apart = withheld(self.run, chosen, [text(row, "metric") for row in chosen])
            cells = [
                [
                    shown(label(text(row, "metric"))),
                    *(
                        (NOT_QUOTED, "")
                        if text(row, "metric") in apart.metrics
                        else (shown(row.get("mean")), _span(row, ends))
                    ),
                ]
                for row in chosen
            ]
            return ["measure", middle, heading], cells, apart.why
        by = {(text(row, "strategy"), text(row, "metric")): row for row in rows}
        metrics = [one for one in SHOWN if any(metric == one for _, metric in by)]
        apart = withheld(self.run, rows, metrics)
        cells = []
        for strategy in self.strategies:
            found = [by.get((strategy, metric), {}) for metric in metrics]
            said = [shown(row.get("mean")) if row else "" for row in found]
            said = [
                NOT_QUOTED if metric in apart.metrics else cell
                for metric, cell in zip(metrics, said, strict=True)
            ]
            cells.append([shown(strategy), *said])
        middle = "medians" if self.run.n_draws else "means"
        return [f"strategy ({middle})", *(label(metric) for metric in metrics)], cells, apart.why

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
        columns = Columns(replicate=replicate)
        for strategy in self.strategies:
            mine = rows & (measures.strategy == strategy)
            values = np.full(replicate.size, np.nan)
            values[np.searchsorted(replicate, measures.replicate[mine])] = measures.value[mine]
            columns[strategy] = values
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
        return Columns({name: _filled(column) for name, column in found.items()})

    def _drawn(self, name: str) -> Columns:
        if not (self.folder / name).is_file():
            needed = "a comparison with draws" if name.startswith("verdicts") else "draws"
            raise UsageError(f"{self.folder}: expected {needed} of what is not known (n_draws)")
        rows = read_rows(self.run, name)
        return Columns.of_rows(rows)

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


def _key_rows(rows: Sequence[Row]) -> list[Row]:
    """Rows of the key figures."""
    shown = as_shares(KEY_FIGURES, rows)
    return [row for row in rows if text(row, "metric") in shown]


def _span(row: Row, ends: tuple[str, str]) -> str:
    low, high = (row.get(name) for name in ends)
    return "" if low is None or low != low else f"{shown(low)} to {shown(high)}"


def open_results(folder: str | Path) -> Results:
    """Read a run folder that ``run``, ``compare`` or the command line wrote.

    Raises
    ------
    DataError
        If it is no run folder.
    """
    return Results(open_run(Path(folder)))
