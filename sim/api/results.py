"""Results of a run or a comparison in a notebook: columns, curves and figures.

Everything is read from the folder when it is asked for.
"""

from __future__ import annotations

import base64
import csv
import html
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sim.api.given import checked
from sim.catalogue.choices import is_key_figure, label
from sim.catalogue.curves import CURVES
from sim.errors import UsageError
from sim.measure.bands import Band, band_at, values_at
from sim.report.words.answer import answer
from sim.report.words.tables import Column, Table
from sim.results.folder import SPLITS, RunFolder, open_run
from sim.results.parquet import numbers, read_columns
from sim.results.schema import ALL_TABLES
from sim.results.tables import Connection, connect_tables, read_rows, text
from sim.scenario.document import hint

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

MOST_ROWS = 20
"""Rows that are shown; the others are counted."""
_CELL = 30
_WIDTH = 100
"""Letters of a line in plain text."""


class Columns(dict[str, NDArray[Any]]):
    """Columns of equal length by name.

    A mapping from name to array: ``pandas.DataFrame(columns)``, ``polars.DataFrame(columns)`` and
    ``pyarrow.table(columns)`` take it. Numbers that are not known are NaN, texts that are not known
    are empty.
    """

    @classmethod
    def of_rows(cls, rows: Sequence[Mapping[str, Any]], names: Iterable[str] = ()) -> Columns:
        """Return rows as columns; where a row lacks a name, it is not known."""
        chosen = list(names) or list(dict.fromkeys(name for row in rows for name in row))
        return cls({name: _array([row.get(name) for row in rows]) for name in chosen})

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return next((int(values.size) for values in self.values()), 0)

    def rows(self) -> list[dict[str, Any]]:
        """Rows as mappings from name to a plain value."""
        lists = [values.tolist() for values in self.values()]
        return [dict(zip(self, cells, strict=True)) for cells in zip(*lists, strict=True)]

    def __repr__(self) -> str:
        """Show the first rows."""
        columns = [Column(name, name, "number" if at else "text") for at, name in enumerate(self)]
        text = Table("", "", columns, self._cells()).to_text(_WIDTH) if columns else ""
        return text + f"\n… {self.n_rows:,} rows" * (self.n_rows > MOST_ROWS)

    def _repr_html_(self) -> str:
        rows = [("th", self), *(("td", row) for row in self._cells())]
        head, *body = (
            "<tr>" + "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in row) + "</tr>"
            for tag, row in rows
        )
        more = f"<p>{self.n_rows:,} rows</p>" * (self.n_rows > MOST_ROWS)
        return f"<table><thead>{head}</thead><tbody>{''.join(body)}</tbody></table>{more}"

    def _cells(self) -> list[list[str]]:
        first = [values[:MOST_ROWS].tolist() for values in self.values()]
        return [[shown(cell) for cell in cells] for cells in zip(*first, strict=True)]


def _array(values: Sequence[Any]) -> NDArray[Any]:
    """Array of numbers, truth values or texts; numbers where some are not known are NaN."""
    known = [value for value in values if value is not None]
    if known and all(isinstance(value, bool | np.bool_) for value in known):
        return np.array(values, object if len(known) < len(values) else bool)
    if known and all(isinstance(value, int | float | np.number) for value in known):
        return np.array([math.nan if value is None else value for value in values])
    return np.array(["" if value is None else value for value in values], object)


def shown(value: Any) -> str:
    """One cell, in few letters that a terminal can show."""
    if isinstance(value, float):
        if math.isnan(value):
            return ""
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    text = str(value)
    text = "".join(letter if letter.isprintable() else "\ufffd" for letter in text)
    return text if len(text) <= _CELL else f"{text[: _CELL - 1]}…"


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
        query = "SELECT metric FROM data GROUP BY metric ORDER BY min(file_row_number)"
        return tuple(read_columns(self.folder / "measures.parquet", query)["metric"].tolist())

    @property
    def curves(self) -> tuple[str, ...]:
        """Names of the curves that `curve` takes."""
        return tuple(name for name in CURVES if self.run.has_curve(name))

    @property
    def answer(self) -> str:
        """What happened, in one sentence with its range."""
        return answer(self.run).sentence

    @checked
    def summary(self, *, all_measures: bool = False) -> Columns:
        """Key figures, or every measure, over simulations.

        Parameters
        ----------
        all_measures
            Every measure in place of the key figures.

        Returns
        -------
        columns
            ``strategy, metric, label, unit, median, low, high, denominator, n_known,
            zero_at_most`` (what a zero shows, as in ``summary.csv``). NaN where not known.

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
        return Columns.of_rows(rows, (*names, "n_known", "zero_at_most"))

    @checked
    def curve(
        self, name: str, *, every: Every = None, by: str | None = None, strategy: str | None = None
    ) -> Columns:
        """One curve: its median over simulations, and a band.

        A curve holds each value until its next change, so that its value at a time is that of the
        last change before or at it. A change between two times of a grid shows from the second one
        on. An ensemble keeps its curves at even times and those of given orders, and replicates of
        the point values at every change.

        Parameters
        ----------
        name
            One of `curves`, such as ``"businesses_down"``.
        every
            Step of a grid from the start of the run on: ``"1h"``, ``"15 min"``, ``"1d"``, a
            ``timedelta``, or seconds; every change point of any simulation when None.
        by
            ``"provider"`` or ``"sector"``: a curve for each of them.
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
        run, labels = self.run, self.strategies
        if strategy is not None:
            labels = (self.run.strategy(strategy),)
        if not run.has_curve(name):
            names, close = ", ".join(self.curves), hint(str(name), self.curves)
            raise UsageError(f"name: expected one of the curves {names}, got {name!r}{close}")
        if by is not None and by not in SPLITS:
            raise UsageError(f"by: expected one of {', '.join(SPLITS)}, got {by!r}")
        grid = _grid(every, run.horizon_s)
        parts: list[tuple[str, str, Band]] = []
        for one in labels:
            if not run.has_curve(name, one):
                continue
            groups = run.curves_by(name, by, one) if by else {"": run.curve(name, one)}
            for group, points in groups.items():
                times = np.unique(points.t_s) if grid is None else grid
                parts.append((one, group, band_at(points, times)))
        sizes = [band.t_s.size for _, _, band in parts]
        t_s = np.concatenate([band.t_s for _, _, band in parts])
        start = np.datetime64(run.start.astimezone(UTC).replace(tzinfo=None), "s")
        columns = Columns(strategy=np.repeat(np.array([one for one, _, _ in parts], object), sizes))
        if by:
            columns[by] = np.repeat(np.array([group for _, group, _ in parts], object), sizes)
        columns |= {
            "time": start + t_s.astype("timedelta64[s]"),
            "t_s": t_s,
            **{
                end: np.concatenate([getattr(band, end) for _, _, band in parts])
                for end in ("median", "low", "high")
            },
            "denominator": np.repeat([band.denominator for _, _, band in parts], sizes),
        }
        return columns

    @checked
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
        from sim.report.figures.kinds import FORMATS, plot_run

        with TemporaryDirectory(prefix="overblock-") as folder:
            plot_run(self.run, Path(folder), [name], strategy, FORMATS)
            at = Path(folder) / name
            with at.with_suffix(".csv").open(encoding="utf-8", newline="") as file:
                records = csv.DictReader(file)
                rows = [{key: _cell(one) for key, one in row.items()} for row in records]
            alt = at.with_suffix(".alt.txt").read_text(encoding="utf-8").strip()
            png, svg, pdf = (at.with_suffix(f".{kind}").read_bytes() for kind in FORMATS)
            return Picture(name, alt, png, svg, pdf, Columns.of_rows(rows))

    @checked
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

        write_report(self.run, Path(path), choose_language(language))
        return Path(path)

    def __repr__(self) -> str:
        """Show what happened and the first figures."""
        return "\n".join((self.run.title, *answer(self.run).lines(), str(self.folder)))

    def _repr_html_(self) -> str:
        lines = "".join(f"<p>{html.escape(line)}</p>" for line in answer(self.run).lines())
        title, where = html.escape(self.run.title), html.escape(str(self.folder))
        return f"<p><strong>{title}</strong></p>{lines}<p><code>{where}</code></p>"

    @checked
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
        if metric not in self.metrics:
            known = ", ".join(self.metrics)
            raise UsageError(f"expected one of the metrics {known}, got {metric!r}")
        query = "SELECT strategy, replicate::BIGINT AS replicate, value FROM data WHERE metric = ?"
        found = read_columns(self.folder / "measures.parquet", query, [metric])
        replicate, row = np.unique(np.asarray(found["replicate"]), return_inverse=True)
        columns = Columns(replicate=replicate)
        for strategy in self.strategies:
            mine, values = found["strategy"] == strategy, np.full(replicate.size, np.nan)
            values[row[mine]] = numbers(found["value"])[mine]
            columns[strategy] = values
        return columns

    def to_duckdb(self) -> Connection:
        """Return a DuckDB connection in which every table of the folder is a view."""
        return connect_tables(self.folder)

    @checked
    def to_pandas(self, table: str = "measures") -> pd.DataFrame:
        """Return a table of the folder as a pandas frame; pandas has to be installed.

        Its ``attrs["units"]`` has the unit of each column.

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
            columns = next(of for file, of in ALL_TABLES.items() if Path(file).stem == table)
            frame.attrs["units"] = {one.name: one.unit for one in columns}
            return frame

    @checked
    def to_xarray(self, *, every: Every = "1h", strategy: str | None = None) -> xr.Dataset:
        """Return the curves as an xarray dataset; xarray has to be installed.

        Parameters
        ----------
        every
            As for `curve`.
        strategy
            Label of one strategy; that of a run when None.

        Returns
        -------
        dataset
            A variable for each curve, of dimensions ``simulation`` (its number) and ``time`` (UTC,
            and ``t_s``), with attributes ``units`` and ``long_name``; and what it is out of in each
            simulation, ``…_denominator``.

        Raises
        ------
        UsageError
            If there is no such strategy or step, or no xarray.
        """
        try:
            import xarray as xr
        except ImportError:
            message = "to_xarray needs xarray: pip install 'overblock[analysis]'"
            raise UsageError(message) from None
        run, label = self.run, self.run.strategy(strategy)
        points = {
            name: run.curves_by(name, "", label, is_rescaled=False)[""]
            for name in CURVES
            if run.has_curve(name, label)
        }
        t_s = _grid(every, run.horizon_s)
        if t_s is None:
            t_s = np.unique(np.concatenate([one.t_s for one in points.values()]))
        start = np.datetime64(run.start.astimezone(UTC).replace(tzinfo=None), "ns")
        variables: dict[str, Any] = {}
        for name, one in points.items():
            about = {"units": CURVES[name].unit, "long_name": CURVES[name].description}
            variables[name] = ("simulation", "time"), values_at(one, t_s), about
            first = np.diff(one.replicate, prepend=-1) != 0
            if not np.isnan(one.denominator).all():
                about = {"long_name": f"What {name} is out of"}
                variables[f"{name}_denominator"] = "simulation", one.denominator[first], about
        time = start + t_s.astype("timedelta64[s]")
        simulations = np.unique(next(iter(points.values())).replicate)
        seconds = ("time", t_s, {"units": "s", "long_name": "Seconds from the start of the run"})
        coordinates = {"simulation": simulations, "time": time, "t_s": seconds}
        facts = {"strategy": label, "result_id": str(run.manifest["result_id"])}
        return xr.Dataset(variables, coordinates, facts)


@checked
def open_results(folder: str | Path) -> Results:
    """Read a run folder that ``run``, ``compare`` or the command line wrote.

    Raises
    ------
    DataError
        If it is no run folder.
    """
    return Results(open_run(Path(folder)))


Every: TypeAlias = str | float | timedelta | None
"""Step of a grid: ``"1h"``, a ``timedelta``, seconds; None for change points."""
MOST_TIMES = 1_000_000
_STEP = re.compile(r"(\d+(?:\.\d+)?)\s*(s|min|h|d|w)")
_SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86_400, "w": 604_800}


def _grid(every: Every, horizon_s: int) -> NDArray[np.int64] | None:
    """Times from 0 to before the end; None for change points."""
    if every is None:
        return None
    if isinstance(every, timedelta):
        step_s = every.total_seconds()
    elif isinstance(every, str):
        match = _STEP.fullmatch(every.strip())
        if match is None:
            known = ", ".join(_SECONDS)
            raise UsageError(f"every: expected a number with {known}, such as '1h', got {every!r}")
        step_s = float(match[1]) * _SECONDS[match[2]]
    else:
        step_s = float(every)
    if not 1 <= step_s < math.inf or step_s != int(step_s):
        raise UsageError(f"every: expected whole seconds above 0, got {every!r}")
    if horizon_s / step_s > MOST_TIMES:
        raise UsageError(f"every: expected at most {MOST_TIMES:,} steps, got {every!r}")
    return np.arange(0, horizon_s, int(step_s), dtype=np.int64)


@dataclass(frozen=True, eq=False)
class Picture:
    """A figure.

    Attributes
    ----------
    name
        Of the figure.
    alt
        What it shows, in words.
    png, svg, pdf
        The picture; all are the same.
    table
        The numbers it shows.
    """

    name: str
    alt: str
    png: bytes = field(repr=False)
    svg: bytes = field(repr=False)
    pdf: bytes = field(repr=False)
    table: Columns = field(repr=False)

    def _repr_html_(self) -> str:
        held = base64.b64encode(self.png).decode("ascii")
        alt = html.escape(self.alt, quote=True)
        return f'<img alt="{alt}" style="max-width: 100%" src="data:image/png;base64,{held}">'


def _cell(text: str) -> str | float | None:
    """A number where it is one; nothing where it is empty."""
    try:
        return float(text) if text else None
    except ValueError:
        return text
