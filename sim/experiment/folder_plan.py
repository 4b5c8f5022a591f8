"""The plan of a folder, made again from its own copies of scenario and tables.

In: a folder of results, a folder for scratch. Out: its scenario, and the plan of a run or a
comparison. Tables of this installation are not read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from sim.experiment.kept import OTHER_MODEL
from sim.experiment.plan import Plan
from sim.results.folder import RESOLVED, SCENARIO, RunFolder
from sim.results.integrity import is_inside
from sim.scenario.load import load_scenario
from sim.scenario.overrides import is_column
from sim.scenario.resolve import Resolved, resolve
from sim.scenario.tables.seeds import note_path


def plan_of_folder(
    run: RunFolder, scratch: Path, *, is_resolved: bool = False, more: Sequence[str] = ()
) -> Plan:
    """The plan of a run or a comparison; parameters and errors as of `resolved_of_folder`.

    Parameters
    ----------
    more
        With such, no simulations are kept.
    """
    resolved = resolved_of_folder(run, scratch, is_resolved=is_resolved, more=more)
    manifest = run.manifest
    n_replicates = int(manifest["n_replicates_asked"])
    plan = Plan.as_described(resolved, manifest, int(manifest["root_seed"]), n_replicates)
    if more and manifest.get("ensemble", {}).get("is_conditioned"):
        # As of `run --set`: what agrees with the record is known of the folder's own values alone.
        return plan.with_members(range(n_replicates), plan.root_seed, why_not=OTHER_MODEL)
    return plan


def resolved_of_folder(
    run: RunFolder, scratch: Path, *, is_resolved: bool = False, more: Sequence[str] = ()
) -> Resolved:
    """The scenario of a folder, from its own copies of scenario and tables.

    Parameters
    ----------
    scratch
        Folder for copies of the tables under their old names.
    is_resolved
        Take the scenario with all defaults filled in; else the scenario as it was written, with its
        overrides.
    more
        Overrides beside those of the folder.

    Raises
    ------
    OverblockError
        If the scenario, or a table, is not one that this version reads.
    """
    described = run.manifest["scenario"]
    overrides = [str(override) for override in described["overrides"]]
    if is_resolved:
        # Its keys hold what was set; which columns were is said by the overrides alone.
        loaded = load_scenario(str(run.path / RESOLVED), [*filter(is_column, overrides)])
    else:
        loaded = load_scenario(str(run.path / SCENARIO), [*overrides, *more])
        document = loaded.document.renamed(str(described["file"]))
        loaded = replace(loaded, document=document)
    copies = {}
    for row, table in enumerate(run.manifest["inputs"]):
        copy = PurePosixPath(str(table["copy"]))
        stem, _, _ = copy.stem.rpartition("-")
        place = scratch / "inputs" / str(row)
        place.mkdir(parents=True, exist_ok=True)
        copies[str(table["name"])] = place / f"{stem}{copy.suffix}"
        for source, target in (
            (copy, copies[str(table["name"])]),
            (note_path(Path(copy)), note_path(copies[str(table["name"])])),
        ):
            file = run.path / source
            if is_inside(run, file) and file.is_file():
                target.write_bytes(file.read_bytes())
    return resolve(loaded.with_copies(copies))
