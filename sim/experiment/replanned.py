"""The plan of a run folder, made from its own copies of scenario and tables.

In: a run folder. Out: the plan of which it is the result, under the names that files had where it
was made.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path, PurePosixPath

from sim.experiment.plan import Plan
from sim.results.accounted import is_inside
from sim.results.read import RunFolder
from sim.scenario.load import LoadedScenario, load_scenario
from sim.scenario.resolve import resolve
from sim.scenario.tables.seeds import note_path

SCENARIO, RESOLVED = "scenario.yaml", "scenario.resolved.json"


def asked_plan(run: RunFolder, scratch: Path) -> Plan:
    """Return the plan that the scenario gives, with what was set.

    Parameters
    ----------
    scratch
        Where copies of the tables may lie.

    Raises
    ------
    OverblockError
        If the scenario, or a table, is not one that this version reads.
    """
    described = run.manifest["scenario"]
    overrides = [str(override) for override in described["overrides"]]
    loaded = load_scenario(str(run.path / SCENARIO), overrides)
    document = loaded.document.renamed(str(described["file"]))
    return _plan_of(run, replace(loaded, document=document), scratch)


def resolved_plan(run: RunFolder, scratch: Path) -> Plan:
    """Return the plan of the scenario with all defaults filled in, as the folder has it.

    Parameters
    ----------
    scratch
        Where copies of the tables may lie.

    Raises
    ------
    OverblockError
        If the scenario, or a table, is not one that this version reads.
    """
    return _plan_of(run, load_scenario(str(run.path / RESOLVED)), scratch)


def _plan_of(run: RunFolder, loaded: LoadedScenario, scratch: Path) -> Plan:
    """The plan of a scenario with the tables of the folder, under the names they had."""
    manifest = run.manifest
    copies = {}
    for row, table in enumerate(manifest["inputs"]):
        copy = PurePosixPath(str(table["copy"]))
        stem, _, _ = copy.stem.rpartition("-")
        place = scratch / "inputs" / str(row)
        place.mkdir(parents=True, exist_ok=True)
        copies[str(table["name"])] = place / f"{stem}.csv"
        for source, target in (
            (copy, copies[str(table["name"])]),
            (note_path(Path(copy)), note_path(copies[str(table["name"])])),
        ):
            file = run.path / source
            if is_inside(run, file) and file.is_file():
                target.write_bytes(file.read_bytes())
    resolved = resolve(replace(loaded, copies=copies))
    n_replicates = int(manifest["n_replicates_asked"])
    return Plan.as_described(resolved, manifest, int(manifest["root_seed"]), n_replicates)
