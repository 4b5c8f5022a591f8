"""Keep the simulations of a scenario that agree with its evidence.

Draws come in blocks from the scenario's root seed. Each runs until the early evidence has been
read; those that agree run to the end. It is one file, since its tables are of these draws alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.backtest.predictions import problems_of, read_run, why_not_measured
from sim.catalogue.choices import KEY_FIGURES, RATIOS
from sim.catalogue.measures import MEASURES
from sim.errors import Problem, ScenarioError, UsageError
from sim.experiment.draws import (
    BLOCK,
    MOST_DRAWS,
    TABLE,
    Draws,
    evidence_hash,
    kept_rows,
    lay_draws,
    model_hash,
)
from sim.experiment.executors.task import Failure, Key
from sim.experiment.outputs import Sheet, Study, manifest_of, write_sheets
from sim.experiment.pipeline import Execution
from sim.experiment.plan import Plan, metrics_of
from sim.experiment.saved_plans import resolved_of_folder
from sim.measure.summary import LEVEL
from sim.results.folder import COMPLETE, PARTIAL, RunFolder
from sim.results.schema import Column
from sim.scenario.quantities import format_instant
from sim.scenario.readings import Evidence, RunReading
from sim.scenario.resolve import Resolved
from sim.scenario.variants import own_variant
from sim.statistics.designs import distance_by_chance

ENDS = (0.5, (1 - LEVEL) / 2, (1 + LEVEL) / 2)
NOTHING, EVERYTHING = "nothing", "all evidence"
"""Evidence that is ignored, where it is no single piece."""
KEPT = (
    Column("draw", "integer", "", "Number of the draw, and of its chance, from 0"),
    Column("root_seed", "integer", "", "Root of the sequence"),
    Column.text("model", "Hash of the uncertain inputs, the other values and the tables"),
    Column.text("evidence", "Hash of the evidence"),
)
EVIDENCE = (
    Column.text("evidence", "Name of the piece"),
    Column.text("kind", "fact, claim or assumption"),
    Column.text("unit", "Unit of value, low and high"),
    Column.measured("value", "The figure as published"),
    Column.measured("low", "Least with which a simulation agrees; missing without such"),
    Column.measured("high", "Most with which a simulation agrees; missing without such"),
    Column("n_read", "integer", "draws", "Draws in which it was read, whatever the others gave"),
    Column("n_met", "integer", "draws", "Those that agree with it"),
    Column("n_others", "integer", "draws",
           "Draws that agree with all other pieces, until the 64th of them that fails it"),
    Column("n_all", "integer", "draws", "Those that agree with it as well"),
)  # fmt: skip


def _three(which: str, over: str) -> tuple[Column, ...]:
    return tuple(
        Column(f"{which}{name}", "number", "as the row says", f"{meaning} over {over}")
        for name, meaning in (
            ("median", "Median"),
            ("low", "5th percentile"),
            ("high", "95th percentile"),
        )
    )


INPUTS = (
    Column.text("input", "Scenario key, or table and column"),
    Column("part", "integer", "", "Which of its amounts, from 0, where rows move separately"),
    Column.text("unit", "Unit of the assumption"),
    Column.text("scale", "value; times: factors on a column; position: -1 to 1"),
    *_three("before_", "all draws"),
    *_three("after_", "the kept ones"),
    Column("distance", "number", "share", "Kolmogorov distance of the two distributions"),
    Column("by_chance", "number", "share",
           "Distance that all inputs stay below in 95 % of cases where nothing was learnt"),
    Column.flag("is_moved", "Whether the distance is greater than by chance"),
)  # fmt: skip
RESTS_ON = (
    Column.text("measure", "Name of the measure"),
    Column.text("unit", "Its unit"),
    Column.text("without", "What is left out of the evidence: nothing, a piece, or all of it"),
    Column("n", "integer", "draws", "Draws that agree with the rest, counted as far as n_others"),
    *_three("", "these"),
)


@dataclass
class Judged:
    """Draws that were run, and what was read off them."""

    pieces: tuple[Evidence, ...]
    measures: tuple[str, ...]
    """What was read."""
    value: dict[int, dict[str, float]] = field(default_factory=dict)
    """Numbers by draw, then by evidence and measure; NaN where it was not read or is not known."""
    whole: set[int] = field(default_factory=set)
    """Draws that ran to the end."""
    failures: dict[Key, Failure] = field(default_factory=dict)
    """Draws without a result, which are not kept."""
    n: int = 0
    """Draws that were run, from 0."""

    def read(self, draw: int, name: str) -> float:
        """Return a number read off a draw; NaN where there is none."""
        return self.value.get(draw, {}).get(name, math.nan)

    def failed(self, draw: int, pieces: Sequence[Evidence]) -> list[str]:
        """Names of the evidence that a draw does not agree with."""
        return [
            one.id
            for one in pieces
            if not one.window[0] <= self.read(draw, one.id) <= one.window[1]
        ]

    @cached_property
    def failing(self) -> dict[int, tuple[str, ...]]:
        """Names of the evidence that each draw which ran to the end does not agree with."""
        return {draw: tuple(self.failed(draw, self.pieces)) for draw in sorted(self.whole)}

    @property
    def agreeing(self) -> list[int]:
        """Draws that agree with all evidence, ascending."""
        return [draw for draw, failed in self.failing.items() if not failed]

    def alone(self, name: str) -> list[int]:
        """Draws that fail one piece of evidence alone, ascending."""
        return [draw for draw, failed in self.failing.items() if failed == (name,)]


def _without(found: Judged, piece: str) -> list[int]:
    """Draws that agree with all other pieces, as far as all such draws ran to the end."""
    alone = found.alone(piece)
    limit = alone[N_ALONE - 1] + 1 if len(alone) >= N_ALONE else found.n
    return [one for one in sorted([*found.agreeing, *alone]) if one < limit]


def _evidence(found: Judged) -> Sheet:
    rows = []
    agreeing = set(found.agreeing)
    for piece in found.pieces:
        low, high = (end if np.isfinite(end) else None for end in piece.window)
        is_in_all = all(piece.id in one for one in found.value.values())
        of = range(found.n if is_in_all else min(N_PRIOR, found.n))
        read = [one for one in of if not np.isnan(found.read(one, piece.id))]
        met = [one for one in read if not found.failed(one, [piece])]
        others = _without(found, piece.id)
        rows.append(
            (piece.id, piece.kind, piece.unit, piece.value, low, high, len(read), len(met),
             len(others), len(agreeing.intersection(others)))
        )  # fmt: skip
    return Sheet("evidence.csv", EVIDENCE, tuple(rows), ("evidence",))


def _inputs(n: int, kept: Sequence[int], resolved: Resolved, root_seed: int) -> Sheet:
    """Each uncertain input over the first ``n`` draws, and over the kept ones."""
    from scipy.stats import ks_2samp  # slow to import, and only these tables need it

    laid = lay_draws([own_variant(resolved)], range(n), root_seed)
    n_dials = sum(factor.n_dials for factor in laid.unknowns)
    chance = distance_by_chance(len(kept), n_dials) if kept else np.nan
    rows: list[tuple[Any, ...]] = []
    for factor, amounts in zip(laid.unknowns, laid.amounts, strict=True):
        for part in range(factor.n_dials):
            before, after = amounts[:, part], amounts[list(kept), part]
            distance = math.nan
            if kept:
                distance = float(ks_2samp(after, before, method="asymp").statistic)
            rows.append(
                (factor.key, part, factor.unit, factor.scale, *_quantiles(before),
                 *_quantiles(after), distance, chance, distance > chance if kept else None)
            )  # fmt: skip
    if kept:
        rows.sort(key=lambda row: -float(row[-3]))
    return Sheet("inputs.csv", INPUTS, tuple(rows), ("input", "part"))


def _rests_on(found: Judged) -> Sheet:
    def ensembles() -> Iterator[tuple[str, list[int]]]:
        yield NOTHING, found.agreeing
        for piece in found.pieces:
            yield piece.id, _without(found, piece.id)
        yield EVERYTHING, [one for one in range(min(N_PRIOR, found.n)) if one in found.whole]

    rows = []
    for name in found.measures:
        for without, draws in ensembles():
            values = np.array([found.read(draw, name) for draw in draws])
            known = values[~np.isnan(values)]
            rows.append((name, MEASURES[name].unit, without, known.size, *_quantiles(known)))
    return Sheet("rests_on.csv", RESTS_ON, tuple(rows), ("measure", "without"))


def _quantiles(values: NDArray[np.float64]) -> list[float | None]:
    if not values.size:
        return [None] * len(ENDS)
    return [float(one) for one in np.quantile(values, ENDS)]


N_KEPT = 300
"""Simulations that are kept, by default."""
MOST = 20_000
"""Most draws that are run for them, by default."""
AT_ONCE = 4 * BLOCK
"""Draws that are all judged before others are run, so that the workers change nothing."""
N_PRIOR = 64
"""Draws, the first ones, that run to the end whatever they give: the prior."""
N_ALONE = 64
"""Most draws that fail one piece of evidence alone and run to the end, for each piece."""
EARLY, WHOLE = "early", "whole"


def share_ends(n: int, of: int, level: float = LEVEL) -> list[float]:
    """Ends of Wilson's score interval of a share; at 90 % each holds with 95 %."""
    from scipy.stats import binomtest  # slow to import, and only conditioning needs it

    return [float(end) for end in binomtest(n, of).proportion_ci(level, method="wilson")]


@dataclass(frozen=True)
class Trial:
    """Reading evidence and key measures off draws, as work that any process can do.

    A key is (draw, ``EARLY`` or ``WHOLE``).
    """

    resolved: Resolved
    root_seed: int
    early_end: datetime | None
    early: Mapping[str, RunReading]
    whole: Mapping[str, RunReading]

    def begin(self) -> Callable[[Key], dict[str, float]]:
        """Return what reads one draw."""
        variant = own_variant(self.resolved)
        laid: dict[int, Draws] = {}

        def work(key: Key) -> dict[str, float]:
            number = int(key[0])
            block, row = divmod(number, BLOCK)
            if block not in laid:
                laid.clear()
                numbers = range(block * BLOCK, (block + 1) * BLOCK)
                laid[block] = lay_draws([variant], numbers, self.root_seed)
            point = laid[block].point(row, variant.label)
            readings = self.whole
            if key[1] == EARLY:
                assert self.early_end is not None
                end = ("end", format_instant(self.early_end))
                point, readings = replace(point, keys=(*point.keys, end)), self.early
            return read_run(point.change(self.resolved), self.root_seed, number, readings)

        return work


@dataclass(frozen=True, eq=False)
class Conditioning:
    """Conditioning of a scenario on its evidence."""

    plan: Plan
    """What the result is made from."""
    n_keep: int
    n_most: int
    """How many simulations to keep, and how many draws to run for them at most."""
    pieces: tuple[Evidence, ...]
    """The evidence."""
    trial: Trial
    """How a draw is run and read."""

    @classmethod
    def of(
        cls, resolved: Resolved, root_seed: int, n_keep: int = N_KEPT, n_most: int = MOST
    ) -> Conditioning:
        """Plan to keep simulations.

        Raises
        ------
        UsageError
            If the scenario has no evidence, or the numbers cannot be.
        ScenarioError
            With every piece of evidence that no run of the scenario has.
        """
        pieces = resolved.scenario.evidence or ()
        if not pieces:
            raise UsageError(
                f"{resolved.scenario.name}: expected a section evidence, got none; a scenario "
                "without a record runs the prior"
            )
        if not 1 <= n_keep <= n_most <= MOST_DRAWS:
            raise UsageError(
                f"expected 1 <= keep <= most <= {MOST_DRAWS}, got {n_keep} and {n_most}"
            )
        problems = [
            one for row, each in enumerate(pieces) for one in _problems(row, each, resolved)
        ]
        ScenarioError.raise_any(problems)
        known = metrics_of(resolved)
        measures = [name for name in KEY_FIGURES if name in known and name not in RATIOS]
        early_end = early_until(pieces, resolved)
        early = {
            one.id: one
            for one in pieces
            if early_end and one.is_read_by and one.is_read_by <= early_end
        }
        whole = {one.id: one for one in pieces} | {
            name: RunReading(measure=name) for name in measures
        }
        trial = Trial(resolved, root_seed, early_end, early, whole)
        design = {
            "keep": n_keep,
            "most": n_most,
            "model": model_hash(resolved),
            "evidence": evidence_hash(resolved.scenario),
            "early_until": early_end and format_instant(early_end),
            "measures": measures,
        }
        asked = {"n_keep": n_keep, "n_most": n_most}
        plan = Plan("condition", resolved, root_seed, 1, points=(), design=design, asked=asked)
        return cls(plan, n_keep, n_most, pieces, trial)

    @classmethod
    def again(
        cls, resolved: Resolved, root_seed: int, n_replicates: int, *, n_keep: int, n_most: int
    ) -> Conditioning:
        """Plan the same again, to resume it."""
        return cls.of(resolved, root_seed, n_keep, n_most)

    @classmethod
    def of_folder(cls, run: RunFolder, scratch: Path) -> Conditioning:
        """Plan the same again, from a folder of kept simulations."""
        design, root_seed = run.manifest["design"], int(run.manifest["root_seed"])
        resolved = resolved_of_folder(run, scratch)
        return cls.of(resolved, root_seed, int(design["keep"]), int(design["most"]))

    def answer(self, ask: Execution) -> Judged:
        """Run block after block until so many are kept, or that cannot be reached."""
        judged = Judged(self.pieces, tuple(self.plan.design["measures"]))
        early = [one for one in self.pieces if one.id in self.trial.early]
        while not self._is_done(judged):
            block = range(judged.n, min(judged.n + AT_ONCE, self.n_most))
            if early:
                self._read(ask, judged, EARLY, block)
            room = {one.id for one in self.pieces if len(judged.alone(one.id)) < N_ALONE}
            chosen = [
                draw
                for draw in block
                if draw < N_PRIOR
                or not (failed := judged.failed(draw, early))
                or (len(failed) == 1 and failed[0] in room and draw in judged.value)
            ]
            self._read(ask, judged, WHOLE, chosen)
            judged.whole |= {draw for draw in chosen if (draw, WHOLE) not in judged.failures}
            judged.n = block.stop
            judged.__dict__.pop("failing", None)
        return judged

    def _read(self, ask: Execution, judged: Judged, stage: str, draws: Sequence[int]) -> None:
        digest = self.plan.result_id[:24]
        which = "0" if stage == EARLY else "1"
        names: dict[Key, str] = {(draw, stage): f"{digest}{which}-{draw:07d}" for draw in draws}
        n_done = ask.progress[0]
        n_all = max(self._expected(judged), n_done + len(names))
        found, failures = ask.read(self.trial, names, n_done, n_all)
        judged.failures |= failures
        for key, numbers in found.items():
            judged.value.setdefault(int(key[0]), {}).update(numbers)

    def _expected(self, judged: Judged) -> int:
        """Runs that it takes in all, by the acceptance so far; 0 where that is not known."""
        n_kept = len(judged.agreeing)
        if not n_kept:
            return 0
        n_draws = min(self.n_most, self.n_keep / n_kept * judged.n)
        n_early = n_draws if self.trial.early else 0
        return math.ceil(n_early + n_draws / judged.n * len(judged.whole)) + AT_ONCE

    def _is_done(self, judged: Judged) -> bool:
        n_kept = len(judged.agreeing)
        if n_kept >= self.n_keep or judged.n >= self.n_most:
            return True
        return judged.n > 0 and share_ends(n_kept, judged.n)[1] * self.n_most < self.n_keep

    def write(self, folder: Path, found: Judged) -> Study:
        """Write the tables."""
        plan = self.plan
        kept = found.agreeing[: self.n_keep]
        rows = tuple(tuple(row) for row in kept_rows(plan.resolved, plan.root_seed, kept))
        sheets = [
            Sheet(TABLE, KEPT, rows, ("draw",)),
            _evidence(found),
            _inputs(found.n, kept, plan.resolved, plan.root_seed),
            _rests_on(found),
        ]
        warnings = []
        if len(kept) < self.n_keep:
            high = share_ends(len(kept), found.n)[1]
            warnings.append(
                f"{len(kept)} of {found.n} draws agree with the evidence, where {self.n_keep} were "
                f"to be kept: at most {high:.2%} agree (95 % bound), so that of {self.n_most} "
                f"draws at most {math.floor(high * self.n_most)} would"
            )
        manifest = manifest_of(
            plan,
            write_sheets(folder, plan, sheets),
            n_replicates=1,
            status=PARTIAL if found.failures else COMPLETE,
            warnings=warnings,
            failures=[
                {"draw": key[0], "error": str(why)} for key, why in sorted(found.failures.items())
            ],
        )
        n_agreeing = len(found.agreeing)
        manifest["conditioned"] = {
            "n_draws": found.n,
            "n_agreeing": n_agreeing,
            "n_kept": len(kept),
            "acceptance": n_agreeing / found.n,
            "acceptance_95": share_ends(n_agreeing, found.n, 0.95),
            "n_whole": len(found.whole),
        }
        return Study(folder, plan, manifest, found.failures, {one.file: one for one in sheets})


def early_until(pieces: Sequence[Evidence], resolved: Resolved) -> datetime | None:
    """When the early evidence has been read: before the longest wait for the next, in proportion.

    None where each draw has to run to the end for its first piece, or nearly so.
    """
    start, end = resolved.scenario.start, resolved.scenario.end
    times = sorted({one.is_read_by or end for one in pieces} - {start} | {end})
    gaps = [(later - start) / (sooner - start) for sooner, later in pairwise(times)]
    if not gaps or max(gaps) < 2:
        return None
    return times[int(np.argmax(gaps))]


def _problems(row: int, piece: Evidence, resolved: Resolved) -> list[Problem]:
    """Find what a piece of evidence reads that no run of the scenario has, with its place."""

    def locate(key: str, message: str) -> Problem:
        return resolved.loaded.document.problem(("evidence", row, *key.split(".")), message)

    problems = problems_of(piece, resolved, locate)
    if why_not := why_not_measured(piece, resolved):
        key = "curve" if piece.curve else "measure"
        problems.append(locate(key, f"expected what the scenario has, got none: {why_not}"))
    return problems
