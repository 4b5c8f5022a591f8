"""Calibrates all unknowns of a scenario at once, by its calibration figures.

In: a scenario, case files and a number of draws. Out: a plan, and the draws that were run with what
the figures leave of them. Only cases of the role calibration are read: a held-out figure moves no
weight. It is one file, since what is asked, what is run and the hashes by which it is known again
belong together.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.backtest.calibration_tables import sheets_of
from sim.backtest.runs import OVER_DRAWS, Reading, RunGroup, group_runs, same_scenario
from sim.errors import UsageError
from sim.experiment.draws import MOST_DRAWS, Draws, lay_draws, unknowns_of
from sim.experiment.execution import Execution
from sim.experiment.executors.task import Failure, Key
from sim.experiment.outputs import Outputs, describe, manifest_of
from sim.experiment.pipeline import Result
from sim.experiment.plan import Plan
from sim.experiment.study import Sheet
from sim.experiment.weighted_draws import unknowns_hash
from sim.results.csvtext import csv_text
from sim.results.folder import COMPLETE, PARTIAL
from sim.results.manifest import canonical_json, scenario_hash
from sim.scenario.cases import CaseFile, PlacedCase, read_files
from sim.scenario.library import scenario_names
from sim.scenario.load import load_scenario
from sim.scenario.predictors import RunPredictor
from sim.scenario.resolve import Resolved, resolve
from sim.scenario.variants import own_variant
from sim.uncertainty.history import (
    DISCREPANCY,
    LOOKED_AT,
    SHARE_IN_COMMON,
    Figure,
    History,
    match_history,
)

N_DRAWS = 320
"""Draws of both waves, unless said otherwise."""
NEEDS_EXTRA = "calibrate needs the extra 'analysis': pip install 'overblock[analysis]'"
SHARE_FIRST = 0.6
"""Share of the draws that are run in the first wave."""
FEWEST_DRAWS = 64
"""Fewest draws: of fewer in the first wave no emulator tells which unknowns matter."""
WHEN_READ = {"at", "since", "until", "take", "overrides"}
"""What of a case says when and how it is read, not of what it is a figure."""
FEW_EFFECTIVE = 32
"""Effective draws below which the weights are said to rest on few."""


@dataclass(frozen=True)
class DrawsResult(Result):
    """Result of a calibration of draws, and its folder.

    Attributes
    ----------
    history
        What was run, and what is left of it.
    sheets
        Tables, by file name.
    """

    history: History
    sheets: dict[str, Sheet]

    @property
    def is_unfinished(self) -> bool:
        """Whether resuming may finish more draws: what failed is run again."""
        return self.status != COMPLETE


@dataclass(frozen=True, eq=False)
class DrawCalibration:
    """A calibration of all unknowns of a scenario.

    Attributes
    ----------
    plan
        What the result is made from; its points are not those of a design, but draws.
    groups
        The scenario with the overrides of its cases, and the cases.
    figures
        What is compared, in the sequence of the cases of the groups.
    left_out
        Cases that cannot be compared, and why.
    draws
        Draws from the declared ranges: those of the first wave, then those among which the second
        is looked for.
    n_first, n_second
        Draws of each wave.
    discrepancy
        Of the model, in log10.
    """

    plan: Plan
    groups: tuple[RunGroup, ...]
    figures: tuple[Figure, ...]
    left_out: tuple[str, ...]
    draws: Draws
    n_first: int
    n_second: int
    discrepancy: float

    @classmethod
    def of(
        cls,
        scenario: str,
        overrides: Sequence[str],
        files: Sequence[CaseFile],
        n_draws: int = N_DRAWS,
        discrepancy: float = DISCREPANCY,
    ) -> DrawCalibration:
        """Plan a calibration of draws.

        Parameters
        ----------
        scenario
            A shipped scenario's name, or a file.
        files
            Case files: of these, the calibration cases that run this scenario.
        n_draws
            Draws of both waves.

        Raises
        ------
        UsageError
            If there is no such case, too few draws are asked for, or scikit-learn is missing.
        ScenarioError, DataError
            With all mistakes in the scenario, its tables or the cases.
        """
        if find_spec("sklearn") is None:
            raise UsageError(NEEDS_EXTRA)
        most = MOST_DRAWS // LOOKED_AT
        if not FEWEST_DRAWS <= n_draws <= most:
            raise UsageError(f"expected {FEWEST_DRAWS} to {most} draws to calibrate, got {n_draws}")
        if not (np.isfinite(discrepancy) and discrepancy >= 0):
            raise UsageError(f"expected a discrepancy of 0 or more, got {discrepancy:g}")
        resolved = resolve(load_scenario(scenario, overrides))
        placed = [
            each
            for file in files
            for each in file.cases
            if each.case.role == "calibration"
            and isinstance(each.case.predictor, RunPredictor)
            and same_scenario(each, scenario)
        ]
        groups = group_runs(placed, overrides)
        compared, figures, left_out = _figures(groups)
        if not figures:
            raise UsageError(
                f"{scenario}: expected calibration figures of this scenario, got none; give a "
                "case file by --cases"
            )
        n_first = round(SHARE_FIRST * n_draws)
        n_second = n_draws - n_first
        root_seed = resolved.scenario.root_seed or 0
        draws = lay_draws([own_variant(resolved)], n_first + LOOKED_AT * n_second, root_seed)
        design = {
            "n_first": n_first,
            "n_second": n_second,
            "discrepancy_log10": discrepancy,
            "share_in_common": SHARE_IN_COMMON,
            "unknowns": unknowns_hash(draws.unknowns),
            "cases": [{"file": file.path.name, "sha256": file.sha256} for file in files],
            "figures": [
                {"case": one.name, "log10": one.observed, "tolerance": one.tolerance}
                for one in figures
            ],
            "runs": [_run_hash(group) for group in compared],
        }
        is_shipped = scenario in scenario_names()
        asked = {
            "scenario": scenario if is_shipped else str(Path(scenario).resolve()),
            "overrides": list(overrides),
            "cases": [str(file.path.resolve()) for file in files],
            "n_draws": n_draws,
            "discrepancy": discrepancy,
        }
        plan = Plan("calibration", resolved, root_seed, 1, points=(), design=design, asked=asked)
        return cls(plan, compared, figures, left_out, draws, n_first, n_second, discrepancy)

    @classmethod
    def again(
        cls,
        resolved: Resolved,
        root_seed: int,
        n_replicates: int,
        *,
        scenario: str,
        overrides: Sequence[str],
        cases: Sequence[str],
        n_draws: int,
        discrepancy: float,
    ) -> DrawCalibration:
        """Plan a calibration again, to resume it.

        Cases run the scenario under overrides of their own, so it is read where it was, and not
        from the copy beside the finished runs (``resolved``). Whoever resumes compares the identity
        of the result: what says something else now is refused there.
        """
        files = read_files([Path(path) for path in cases])
        return cls.of(scenario, overrides, files, n_draws, discrepancy)

    def answer(self, ask: Execution) -> _Found:
        """Run both waves; after an interrupt what is finished stays among the checkpoints."""
        base = set(unknowns_of([own_variant(self.plan.resolved)])[1].popitem()[1])
        own = []
        for group in self.groups:
            ((label, keys),) = unknowns_of([own_variant(group.resolved)])[1].items()
            own.append(replace(self.draws, own={label: keys & base}))
        job = Reading(self.groups, tuple(own))
        failures: dict[Key, Failure] = {}
        n_done, n_groups = 0, len(self.groups)
        n_all = (self.n_first + self.n_second) * n_groups
        digests = [self._digest(group) for group in self.groups]
        column = {figure.name: row for row, figure in enumerate(self.figures)}

        def run(rows: NDArray[np.int64]) -> NDArray[np.float64]:
            nonlocal n_done
            values = np.full((len(self.draws.weight), len(self.figures)), np.nan)
            names: dict[Key, str] = {
                (group, draw, OVER_DRAWS): f"{digests[group]}-{draw:07d}"
                for draw in rows.tolist()
                for group in range(n_groups)
            }
            found = ask.read(self.plan, job, names, n_done, n_all)
            n_done += len(names)
            failures.update({(key[1],): why for key, why in found.failures.items()})
            for key, result in found.numbers.items():
                for name, numbers in result.items():
                    values[int(key[1]), column[name]] = numbers[0]
            return values[rows]

        history = match_history(
            self.draws.dials, run, self.figures, self.n_first, self.n_second, self.discrepancy
        )
        return _Found(history, dict(sorted(failures.items())))

    def _digest(self, group: RunGroup) -> str:
        """Hash of what a draw of a group is, whatever the number of draws."""
        plan = self.plan
        differs = [_run_hash(group), plan.root_seed, plan.design["unknowns"]]
        return hashlib.sha256(canonical_json(differs).encode()).hexdigest()[:24]

    def write(self, folder: Path, found: _Found) -> DrawsResult:
        """Write the tables of the calibration."""
        history, plan = found.history, self.plan
        sheets = sheets_of(history, self.draws, plan.root_seed, self._cases())
        outputs: Outputs = {}
        for sheet in sheets:
            text = csv_text((column.name for column in sheet.columns), sheet.rows)
            (folder / sheet.file).write_text(text, encoding="utf-8", newline="")
            outputs[sheet.file] = folder / sheet.file, len(sheet.rows)
        columns = {sheet.file: sheet.columns for sheet in sheets}
        outputs |= describe(folder, plan, columns, {sheet.file: sheet.key for sheet in sheets})
        manifest = manifest_of(
            plan,
            outputs,
            labels=[plan.resolved.scenario.strategy.id],
            n_replicates=1,
            status=PARTIAL if found.failures else COMPLETE,
            warnings=self._warnings(history),
            failures=[{"draw": key[0], "error": str(why)} for key, why in found.failures.items()],
        )
        by_file = {sheet.file: sheet for sheet in sheets}
        return DrawsResult(folder, plan, manifest, found.failures, history, by_file)

    def _cases(self) -> dict[str, PlacedCase]:
        return {each.case.id: each for group in self.groups for each in group.cases}

    def _warnings(self, history: History) -> list[str]:
        said = [f"left out: {why}" for why in self.left_out]
        n_second = int((history.wave == 2).sum())
        if history.weight.sum() == 0:
            return [*said, "the figures rule out every draw; no weights are left"]
        if n_second < self.n_second:
            said.append(
                f"of {history.n_looked_at} draws that were looked at, {n_second} are not ruled "
                f"out, where {self.n_second} were asked for"
            )
        n_effective = 1 / float(np.square(history.weight).sum())
        if n_effective < FEW_EFFECTIVE:
            said.append(f"the weights say as much as {n_effective:.0f} draws of equal weight")
        return said


def _run_hash(group: RunGroup) -> str:
    """Hash of a scenario with its tables, and of what is read off it.

    Without exchange rates and the economy, by which amounts are shown and methods for whole
    countries computed: no figure is read off either.
    """
    resolved = group.resolved
    ignored = (resolved.rates, resolved.economy)
    made_from = [
        scenario_hash(resolved),
        [
            [table.name, table.sha256]
            for table in resolved.tables
            if all(table is not one for one in ignored)
        ],
        [[each.case.id, _as_read(each)] for each in group.cases],
    ]
    return hashlib.sha256(canonical_json(made_from).encode()).hexdigest()


LATER = (("level", None), ("listed.is_share_of_list", False), ("operators.count", "enforcing"))
"""Keys of a run predictor that came after weights were shipped, and what they are when left out:
they make no table stale then."""


def _as_read(placed: PlacedCase) -> dict[str, Any]:
    """What a case reads, without keys of `LATER` that are left out."""
    found = placed.case.predictor.model_dump(mode="json")
    for path, left_out in LATER:
        *sections, key = path.split(".")
        of = found[sections[0]] if sections else found
        if of is not None and of[key] == left_out:
            del of[key]
    return found


@dataclass(frozen=True, eq=False)
class _Found:
    history: History
    failures: dict[Key, Failure]


def _figures(
    groups: Sequence[RunGroup],
) -> tuple[tuple[RunGroup, ...], tuple[Figure, ...], tuple[str, ...]]:
    """Groups with the cases that can be compared, their figures, and what is left out."""
    kept, figures, left_out = [], [], []
    for group in groups:
        mine = []
        for each in group.cases:
            case, published = each.case, each.case.published
            if published.relation == "rank":
                left_out.append(f"{case.id}: a rank")
                continue
            if case.times is not None:
                left_out.append(f"{case.id}: calibration knows no factor (times)")
                continue
            try:
                quantity = _quantity_of(each)
                figure = Figure.of(
                    case.id, *published.interval, case.floor, case.counts_as, quantity
                )
            except ValueError as error:
                left_out.append(f"{case.id}: {error}")
                continue
            mine.append(each)
            figures.append(figure)
        if mine:
            kept.append(replace(group, cases=tuple(mine)))
    return tuple(kept), tuple(figures), tuple(left_out)


def _quantity_of(placed: PlacedCase) -> str:
    """What a case is a figure of, whenever it is read."""
    read = placed.case.predictor.model_dump(mode="json", exclude=WHEN_READ)
    return canonical_json(read)


def made_from(asked: DrawCalibration) -> dict[str, Any]:
    """What weights rest on, by hash: the question, its tables, its cases and its unknowns."""
    from sim.backtest.document import made_from as of_scores

    files = {id(each.file): each.file for group in asked.groups for each in group.cases}
    found = of_scores(list(files.values()), asked.groups)
    return {
        "cases": found["cases"],
        "runs": found["runs"],
        "unknowns": asked.plan.design["unknowns"],
    }
