"""A scenario looked at in many places, from the question to a whole folder.

In: a question, how it is answered, and how the answers are read. Out: a folder with the runs'
measures, the tables made of them, and a manifest. What is finished outlives an interrupt.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np

from sim import __version__
from sim.errors import PartialError
from sim.experiment.answers import Answers
from sim.experiment.interrupts import ends_as_interrupts, without_interrupts
from sim.experiment.kept import Kept
from sim.experiment.points import Question
from sim.experiment.question import Begun
from sim.experiment.sheets import POINT, Sheet, write_sheet
from sim.files import hash_of
from sim.results.checkpoints import PARTS, has_runs, remove_parts
from sim.results.columns import KEYS, MEASURES
from sim.results.contents import TIMING
from sim.results.folder import MANIFEST
from sim.results.manifest import (
    build_manifest,
    canonical_json,
    scenario_hash,
    write_inputs,
)
from sim.results.package import build_package
from sim.results.parquet import Coded, PartWriter, merge_parts
from sim.results.place import new_folder
from sim.results.store import write_json
from sim.scenario.dump import scenario_tree


@dataclass(frozen=True)
class Study:
    """What was found and where it lies.

    Attributes
    ----------
    folder
        The study's folder.
    status
        ``complete``, ``partial`` (something failed) or ``interrupted``.
    manifest
        Its manifest.
    sheets
        Its tables, by file name.
    answers
        Measures of all runs.
    """

    folder: Path
    status: str
    manifest: dict[str, Any]
    sheets: Mapping[str, Sheet]
    answers: Answers


@dataclass(frozen=True)
class StudyPlan:
    """What is studied, before anything is run.

    Attributes
    ----------
    kind
        ``sweep``, ``sensitivity`` or ``calibration``.
    question
        The scenario, points, strategies and luck.
    design
        How the points were chosen, for the manifest: plain values.
    asked
        From what the design was made: what it takes to go on, as plain values.
    warnings
        What to know before trusting the result.
    """

    kind: str
    question: Question
    design: Mapping[str, Any]
    asked: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = field(default=())

    @property
    def identity(self) -> str:
        """The same for the same question, luck and version."""
        resolved = self.question.resolved
        made_from = {
            "kind": self.kind,
            "scenario": scenario_hash(resolved),
            "inputs": [[table.name, table.sha256] for table in resolved.tables],
            "design": self.design,
            "strategies": self.question.strategies,
            "root_seed": self.question.root_seed,
            "n_replicates": self.question.n_replicates,
            "version": __version__,
        }
        return hashlib.sha256(canonical_json(made_from).encode()).hexdigest()

    @property
    def begun(self) -> Begun:
        """What it takes to go on with it."""
        question = self.question
        return Begun(
            self.kind,
            self.identity,
            question.resolved,
            self.asked,
            question.root_seed,
            question.n_replicates,
        )


def default_folder(plan: StudyPlan) -> Path:
    """``runs/<utc-stamp>-<scenario>-<kind>-<hash6>`` below the current folder."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    name = plan.question.resolved.scenario.name
    return Path("runs") / f"{stamp}-{name}-{plan.kind}-{plan.identity[:6]}"


def carry_out(
    plan: StudyPlan,
    answer: Callable[[Kept], Answers],
    analyse: Callable[[Answers], Sequence[Sheet]],
    *,
    folder: Path,
    force: bool = False,
    argv: Sequence[str] = (),
    earlier: Path | None = None,
    illustrate: Callable[[Study], Sequence[Path]] = lambda study: (),
) -> Study:
    """Get the answers, make tables of them, and write the folder.

    Parameters
    ----------
    answer
        Runs the model, but for the runs that are kept already; after an interrupt it returns what
        is finished.
    analyse
        Makes the tables.
    folder
        Where the study goes; it appears when it is whole.
    force
        Replace an earlier one there.
    argv
        The command, for ``timing.json``.
    earlier
        Parts of an earlier attempt at the same study, whose runs are taken and not run again.
    illustrate
        Draws into the study's folder, before it is moved into place, and returns the files.

    Raises
    ------
    UsageError
        If the folder is taken or cannot be made.
    PartialError
        If no run has a result, or the folder could not be written; what is finished is then kept
        in a folder that the message names.
    """
    started, clock = datetime.now(UTC), time.perf_counter()
    with ExitStack() as until_moved:
        with new_folder(folder, force=force, is_worth=has_runs) as partial:
            try:
                kept = Kept(partial / PARTS, plan.begun)
                if earlier is not None:
                    kept.take_over(earlier)
                with ends_as_interrupts():
                    answers = answer(kept)
                until_moved.enter_context(without_interrupts())
                sheets = analyse(answers)
                manifest = _write(partial, plan, answers, sheets)
                by_file = {sheet.file: sheet for sheet in sheets}
                study = Study(partial, answers.status, manifest, by_file, answers)
                manifest["outputs"] += [
                    {"file": path.relative_to(partial).as_posix(), "sha256": hash_of(path)}
                    for path in illustrate(study)
                ]
                manifest["outputs"].sort(key=itemgetter("file"))
                timing = {
                    "run_id": folder.name,
                    "argv": list(argv),
                    "started_utc": started.isoformat(timespec="seconds"),
                    "wall_s": round(time.perf_counter() - clock, 3),
                }
                write_json(partial / TIMING, timing)
                write_json(partial / MANIFEST, manifest)
            except OSError as error:
                raise PartialError(f"{folder}: cannot be written: {error}") from None
        if not answers.is_unfinished:
            # Not before: until the folder is in its place, they are what can be gone on with.
            remove_parts(folder)
    return replace(study, folder=folder)


def _write(
    folder: Path, plan: StudyPlan, answers: Answers, sheets: Sequence[Sheet]
) -> dict[str, Any]:
    """Write everything but figures, timing and manifest, and return what is to stand in this."""
    resolved = plan.question.resolved
    outputs: dict[str, tuple[Path, int | None]] = {}
    for sheet in sheets:
        write_sheet(sheet, folder / sheet.file)
        outputs[sheet.file] = folder / sheet.file, len(sheet.rows)
    path = folder / "measures.parquet"
    outputs[path.name] = path, _write_measures(path, plan, answers)
    (folder / "scenario.yaml").write_bytes(resolved.loaded.source)
    resolved_text = canonical_json(scenario_tree(resolved.scenario))
    (folder / "scenario.resolved.json").write_text(resolved_text, encoding="utf-8")
    name = f"{resolved.scenario.name}-{plan.kind}-{plan.identity[:6]}"
    columns = {sheet.file: sheet.columns for sheet in sheets}
    columns["measures.parquet"] = (POINT, *MEASURES)
    keys = {sheet.file: sheet.key for sheet in sheets}
    keys["measures.parquet"] = (POINT.name, *KEYS["measures.parquet"])
    package = build_package(name, resolved.scenario.title, columns, keys, folder)
    write_json(folder / "datapackage.json", package)
    for file in ("scenario.yaml", "scenario.resolved.json", "datapackage.json"):
        outputs[file] = folder / file, None
    outputs |= write_inputs(folder, resolved.tables)
    asked = plan.question.n_replicates
    return build_manifest(
        [resolved],
        identity=plan.identity,
        kind=plan.kind,
        comparison={
            "strategies": [{"label": label} for label in answers.labels],
            "design": dict(plan.design),
        },
        root_seed=plan.question.root_seed,
        n_replicates_asked=asked,
        n_replicates=asked,
        status=answers.status,
        warnings=plan.warnings,
        failures=_failures(answers),
        outputs=outputs,
    )


def _failures(answers: Answers) -> list[dict[str, Any]]:
    names = ("point", "strategy", "replicate")
    return [
        {**dict(zip(names, key, strict=False)), "error": message}
        for key, message in answers.failures.items()
    ]


def _write_measures(path: Path, plan: StudyPlan, answers: Answers) -> int:
    """Write every measure of every run that has a result; return the number of rows."""
    is_run = ~np.isnan(answers.value).all(axis=-1)
    point, strategy, replicate = np.nonzero(is_run)
    n = len(answers.measures)
    value = answers.value[point, strategy, replicate].ravel()
    denominator = answers.denominator[point, strategy, replicate].ravel()
    row = np.tile(np.arange(n), point.size)
    texts = {
        name: [getattr(measure, name) for measure in answers.measures]
        for name in ("metric", "unit", "denominator_unit")
    }
    part = path.with_suffix(".part")
    writer = PartWriter()
    writer.write(
        part,
        {
            "point": np.repeat(point, n),
            "strategy": Coded(np.repeat(strategy, n), answers.labels),
            "replicate": np.repeat(replicate, n),
            "metric": Coded(row, texts["metric"]),
            "unit": Coded(row, texts["unit"]),
            "value": value,
            "denominator": denominator,
            "denominator_unit": Coded(row, texts["denominator_unit"]),
        },
    )
    writer.close()
    n_rows = merge_parts([part], path, {"result_id": plan.identity})
    part.unlink()
    return n_rows
