"""Reads a run folder: its manifest, its scenario, its curves and measures, its input tables."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from sim.catalogue.curves import BUSINESSES, CURVES
from sim.errors import DataError, OverblockError, Problem, UsageError
from sim.files import note_read, parse_json
from sim.results.parquet import numbers, read_columns
from sim.scenario.document import hint
from sim.scenario.tables.seeds import RowType, read_table

SCENARIO, RESOLVED = "scenario.yaml", "scenario.resolved.json"
"""The scenario as it was written, and with all defaults filled in."""
MANIFEST = "manifest.json"
MANIFEST_SCHEMA = "overblock/manifest/3"
COMPLETE, INTERRUPTED, PARTIAL = "complete", "interrupted", "partial"
"""Status of a run in its manifest; ``partial`` where runs failed."""


def later(start: datetime, seconds: float) -> datetime:
    """Return the time so many seconds after a start, on the clock of the start's time zone."""
    assert start.tzinfo is not None
    return (start.astimezone(UTC) + timedelta(seconds=float(seconds))).astimezone(start.tzinfo)


def is_run_folder(path: Path) -> bool:
    """Whether a folder holds a run."""
    try:
        return bool(read_manifest(path)["schema"] == MANIFEST_SCHEMA)
    except (OverblockError, KeyError):
        return False


def read_manifest(path: Path) -> dict[str, Any]:
    """Read the manifest of a run folder."""
    for file in path.glob("*.parquet"):
        note_read(file)
    return read_object(path / MANIFEST, "a run folder with a manifest")


def read_object(file: Path, wanted: str = "a readable file") -> dict[str, Any]:
    """Read a JSON object.

    Parameters
    ----------
    wanted
        What the message says was expected, if the file cannot be read.

    Raises
    ------
    DataError
        If there is none.
    """
    note_read(file)
    try:
        document = parse_json(file.read_text(encoding="utf-8"))
    except OSError as error:
        message = f"expected {wanted}, got an error: {error.strerror}"
        raise DataError([Problem(str(file), message)]) from None
    except ValueError as error:
        raise DataError([Problem(str(file), f"expected JSON, got an error: {error}")]) from None
    if not isinstance(document, dict):
        raise DataError([Problem(str(file), "expected a JSON object, got something else")])
    return document


def count_simulations(manifest: Mapping[str, Any]) -> tuple[int, int]:
    """Finished and asked simulations of each strategy."""
    n = int(manifest["n_replicates"])
    return n, int(manifest.get("n_replicates_asked", n))


def assumptions_of(manifest: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Entries of a manifest for values without a source."""
    return [one for one in manifest.get("sources", ()) if one["kind"] == "assumption"]


def title_of(scenario: Mapping[str, Any]) -> str:
    """Title of what was run: the scenario's own, and its overrides.

    Parameters
    ----------
    scenario
        As the manifest has it: with ``title`` and ``overrides``.
    """
    overrides = [str(override) for override in scenario.get("overrides", [])]
    changed = ", ".join(one for one in overrides if one.partition("=")[0].strip() != "title")
    return f"{scenario['title']} (with {changed})" if changed else str(scenario["title"])


SPLITS = ("provider", "sector")
"""Columns of ``curves.parquet`` that name a group; a curve of everybody has none."""
_MANIFEST_KEYS = (
    "result_id",
    "status",
    "tool",
    "scenario",
    "root_seed",
    "n_replicates",
    "inputs",
    "outputs",
)
_SCENARIO_KEYS = ("name", "title", "start", "end", "thresholds")


@dataclass(frozen=True, eq=False)
class CurvePoints:
    """Change points of one curve in all replicates, sorted by replicate and time."""

    replicate: NDArray[np.int64]
    t_s: NDArray[np.int64]
    value: NDArray[np.float64]
    """From ``t_s`` on, the replicate's value; shape (n_points,)."""
    denominator: NDArray[np.float64]
    """What each value is out of; NaN where there is nothing; shape (n_points,)."""


@dataclass(frozen=True)
class RunFolder:
    """A run on disk."""

    path: Path
    """The folder."""
    manifest: dict[str, Any]
    """What it was made from."""
    scenario: dict[str, Any]
    """The scenario with all defaults filled in, as plain values."""

    @property
    def title(self) -> str:
        """Title of what was run: the scenario's own, and its overrides."""
        return title_of(self.manifest["scenario"] | {"title": self.scenario["title"]})

    @property
    def start(self) -> datetime:
        """Start of the run in the scenario's time zone; in its own offset where that is another.

        Add seconds by `later`: clocks may change within a run.
        """
        start = datetime.fromisoformat(self.scenario["start"])
        if zone := self.scenario.get("time_zone"):
            local = start.astimezone(ZoneInfo(zone))
            return local if local.utcoffset() == start.utcoffset() else start
        return start

    @property
    def horizon_s(self) -> int:
        """Length of the run."""
        return int((datetime.fromisoformat(self.scenario["end"]) - self.start).total_seconds())

    @property
    def n_replicates(self) -> int:
        """Simulations in the folder that every strategy of `strategies` has."""
        return int(self.manifest["n_replicates"])

    @property
    def is_ensemble(self) -> bool:
        """Whether each simulation has its own draw of the uncertain inputs."""
        return "ensemble" in self.manifest

    @property
    def has_own_addresses(self) -> bool:
        """Whether the target has addresses of its own, which are not counted where it has."""
        return bool((self.scenario.get("target") or {}).get("prefixes"))

    @cached_property
    def strategies(self) -> tuple[str, ...]:
        """Labels of the strategies with a finished replicate; one, except in a comparison."""
        listed = self.manifest.get("strategies")
        if listed is None:
            return (str(self.manifest["strategy"]),)
        labels = tuple(str(strategy["label"]) for strategy in listed)
        if self.manifest.get("status", "complete") == "complete":
            return labels
        # The warnings of the manifest name the others.
        query = "SELECT DISTINCT strategy FROM data"
        finished = read_columns(self.path / "measures.parquet", query)["strategy"].tolist()
        return tuple(label for label in labels if label in finished)

    @property
    def idle_strategy(self) -> str:
        """Label of a comparison's strategy that blocks nothing, its baseline or not; or empty."""
        listed = self.manifest.get("strategies", ())
        return next((str(one["label"]) for one in listed if one["id"] == "none"), "")

    def strategy(self, label: str | None = None) -> str:
        """Return the label, or without one that of the only strategy.

        Raises
        ------
        UsageError
            If there is no such strategy, or several and none is named.
        """
        known = ", ".join(self.strategies)
        if label is None:
            if len(self.strategies) != 1:
                raise UsageError(f"{self.path}: expected the label of a strategy; known: {known}")
            return self.strategies[0]
        if label not in self.strategies:
            got = f"{label!r}{hint(label, self.strategies)}"
            raise UsageError(f"{self.path}: expected one of the strategies {known}, got {got}")
        return label

    def curve(self, metric: str, strategy: str | None = None) -> CurvePoints:
        """Return the curve of one measure over everybody; errors as of `curves_by`."""
        return self.curves_by(metric, "", strategy)[""]

    def curves_by(
        self, metric: str, split: str, strategy: str | None = None, *, is_rescaled: bool = True
    ) -> dict[str, CurvePoints]:
        """Curves of one measure by provider or sector, in the order of the file.

        Parameters
        ----------
        split
            One of ``SPLITS``; empty for everybody, whose curve has an empty name.
        is_rescaled
            Whether businesses of an ensemble are as of `rescaled`, or each simulation's own.

        Raises
        ------
        DataError
            If the file cannot be read, or has no such curve.
        """
        label, path = self.strategy(strategy), self.path / "curves.parquet"
        is_mine = [f"{one} IS {'NOT ' * (one == split)}NULL" for one in SPLITS]
        of = f"strategy = $label AND metric = $metric AND {' AND '.join(is_mine)}"
        asked: dict[str, Any] = {"label": label, "metric": metric}
        name, names = split or "''", [""]
        if split:
            query = f"SELECT {name} AS name FROM data WHERE {of} GROUP BY 1"
            found = read_columns(path, f"{query} ORDER BY min(file_row_number)", asked)
            names = found["name"].tolist()
        columns = read_columns(
            path,
            # Names are numbered in SQL: making millions of Python strings would take longer.
            f"SELECT list_position($names, {name})::INTEGER - 1 AS code, replicate::BIGINT AS "
            "replicate, t_s::BIGINT AS t_s, value::DOUBLE AS value, denominator::DOUBLE AS "
            f"denominator FROM data WHERE {of} ORDER BY file_row_number",
            asked | {"names": names},
            n_threads=None,
        )
        if not columns["code"].size:
            message = f"expected curves of {metric} for {label}, got none"
            raise DataError([Problem(str(path), message)])
        # 16-bit integers are sorted by their digits, in one pass over the rows.
        code = np.asarray(columns["code"], np.int16)
        order = np.argsort(code, kind="stable")
        edges = np.cumsum(np.bincount(code, minlength=len(names)))[:-1]
        curves = {}
        for of_group, rows in zip(names, np.split(order, edges), strict=True):
            points = CurvePoints(
                np.asarray(columns["replicate"][rows], np.int64),
                np.asarray(columns["t_s"][rows], np.int64),
                numbers(columns["value"][rows]),
                numbers(columns["denominator"][rows]),
            )
            curves[str(of_group)] = points
            if is_rescaled and self.is_ensemble:
                curves[str(of_group)] = rescaled(metric, points)
        return curves

    def has_curve(self, metric: str, strategy: str | None = None) -> bool:
        """Whether the folder holds a measure for everybody: of one strategy, or of any."""
        labels = self.strategies if strategy is None else (strategy,)
        return any((label, metric) in self._curves for label in labels)

    @cached_property
    def _curves(self) -> set[tuple[str, str]]:
        """Strategy and measure of each curve of everybody."""
        whole = " AND ".join(f"{one} IS NULL" for one in SPLITS)
        query = f"SELECT DISTINCT strategy, metric FROM data WHERE {whole}"
        columns = read_columns(self.path / "curves.parquet", query)
        return {*zip(columns["strategy"].tolist(), columns["metric"].tolist(), strict=True)}

    def input_path(self, name: str) -> Path | None:
        """Path of the copy of an input table, by the name the scenario gives it."""
        for table in self.manifest["inputs"]:
            if table["name"] == name:
                return self.path / str(table["copy"])
        return None


def rescaled(metric: str, points: CurvePoints) -> CurvePoints:
    """Counts of businesses as if every simulation had as many of them as the median simulation.

    How many there are is drawn for an ensemble: without this, a curve would show how many there may
    be, and hide how many of them are blocked. Replicates of the point values need it not.
    """
    first = np.diff(points.replicate, prepend=-1) != 0
    whole = points.denominator[first]
    if CURVES[metric].unit != BUSINESSES or not whole.size or np.ptp(whole) == 0:
        return points
    n = float(np.median(whole))
    share = np.divide(
        points.value,
        points.denominator,
        where=points.denominator > 0,
        out=np.zeros(points.value.shape),
    )
    return CurvePoints(points.replicate, points.t_s, share * n, np.full(share.shape, n))


RUN_KINDS = ("run", "comparison")


def open_run(path: Path, kinds: Collection[str] = RUN_KINDS) -> RunFolder:
    """Open a run folder.

    Parameters
    ----------
    kinds
        Kinds of folders that are read.

    Raises
    ------
    DataError
        If it is none, or its files cannot be read.
    """
    manifest = read_manifest(path)
    if (schema := manifest.get("schema")) != MANIFEST_SCHEMA:
        message = f"expected the schema {MANIFEST_SCHEMA}, got {schema!r}; run it again"
        raise DataError([Problem(str(path / MANIFEST), message, key="schema")])
    kind = manifest.get("kind", "run")
    if kind not in kinds:
        message = f"expected a run or a comparison, got a {kind}: its tables are read on their own"
        raise DataError([Problem(str(path / MANIFEST), message, key="kind")])
    # Draws that are kept have no baseline.
    who = {"run": ("strategy",), "comparison": ("strategies", "baseline")}.get(
        kind, ("strategies",)
    )
    # Draws that are kept have no typical simulation.
    needed = (*_MANIFEST_KEYS, *who, *(("typical",) if kind in RUN_KINDS else ()))
    check_keys(manifest, needed, path / MANIFEST)
    file = path / RESOLVED
    scenario = read_object(file, "a readable scenario")
    check_keys(scenario, _SCENARIO_KEYS, file)
    outputs = manifest["outputs"] if isinstance(manifest["outputs"], list) else []
    listed = [str(one.get("file", "")) for one in outputs if isinstance(one, dict)]
    for name in (MANIFEST, *listed):
        if "\0" not in name:
            note_read(path / name)
    return RunFolder(path, manifest, scenario)


def check_keys(document: Mapping[str, Any], keys: Sequence[str], file: Path) -> None:
    """Refuse a document that lacks a key that readers need.

    Raises
    ------
    DataError
        With every key that is absent.
    """
    message = "expected a value, got nothing"
    absent = [Problem(str(file), message, key=key) for key in keys if key not in document]
    DataError.raise_any(absent)


def input_rows(run: RunFolder, section: str, key: str, model: type[RowType]) -> tuple[RowType, ...]:
    """Rows of the table that a key of the scenario names."""
    name = (run.scenario.get(section) or {}).get(key)
    path = run.input_path(str(name)) if name else None
    return read_table(str(name), path, model).rows if path else ()
