"""The plan of a run folder, made again from its own copies of scenario and tables.

In: a run folder, a folder for scratch. Out: a plan. Tables of this installation are not read.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path, PurePosixPath

from sim.experiment.plan import Plan
from sim.experiment.weighted_draws import with_table
from sim.results.folder import RESOLVED, SCENARIO
from sim.results.integrity import is_inside
from sim.results.read import RunFolder
from sim.scenario.load import load_scenario
from sim.scenario.overrides import is_column
from sim.scenario.resolve import resolve
from sim.scenario.tables.seeds import note_path


def plan_of_folder(run: RunFolder, scratch: Path, *, is_resolved: bool = False) -> Plan:
    """The plan of a folder, from its own copies of scenario and tables.

    Parameters
    ----------
    scratch
        Folder for copies of the tables under their old names.
    is_resolved
        Take the scenario with all defaults filled in; else the scenario as it was written, with its
        overrides.

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
        loaded = load_scenario(str(run.path / SCENARIO), overrides)
        document = loaded.document.renamed(str(described["file"]))
        loaded = replace(loaded, document=document)
    manifest = run.manifest
    copies = {}
    for row, table in enumerate(manifest["inputs"]):
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
    resolved = resolve(loaded.with_copies(copies))
    n_replicates = int(manifest["n_replicates_asked"])
    asked = with_table(manifest, run.path)
    return Plan.as_described(resolved, asked, int(manifest["root_seed"]), n_replicates)
