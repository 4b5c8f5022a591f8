"""Checks a folder for consistency: what follows from its runs and its scenario is computed again.

In: a run folder and its plan. Out: differences in tables over replicates, in the data package, in
the manifest, and in the notes of tables. Nothing is simulated.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from sim.errors import OverblockError
from sim.experiment.findings import Derived, columns_of, derive, derived_manifest
from sim.experiment.outputs import PACKAGE, package_of
from sim.experiment.plan import Plan
from sim.files import parse_json
from sim.results.folder import COMPLETE, MANIFEST, RESOLVED, SCENARIO, RunFolder
from sim.results.integrity import changed_lines, changed_values, is_inside
from sim.results.manifest import input_copy
from sim.results.parquet import is_part_of, metadata_of, n_rows_of
from sim.results.schema import KEYS
from sim.scenario.library import shipped
from sim.scenario.tables.seeds import note_path
from sim.version import __version__

MOST_OF_A_FILE = 20
"""Most differences of one file that are listed."""
_NOT_DERIVED = ("tool", "python", "packages", "outputs")
"""Parts of the manifest that are compared elsewhere, or are notes."""
_CANNOT = (OverblockError, OSError, ValueError, KeyError, IndexError, TypeError)
"""Errors that falsified tables may cause when they are summarised."""


def changed_notes(run: RunFolder) -> Iterator[str]:
    """Notes that differ from those of the shipped table of which the folder has a copy."""
    for table in run.manifest["inputs"]:
        original = shipped("seeds") / f"{table['name']}.csv"
        copy = run.path / str(table["copy"])
        if not (is_inside(run, copy) and copy.is_file() and original.is_file()):
            continue
        if copy.read_bytes() != original.read_bytes():
            continue  # of another version, which may have another note
        ours, note = note_path(original), note_path(copy)
        if ours.is_file() and note.is_file() and ours.read_bytes() != note.read_bytes():
            yield (
                f"{note.relative_to(run.path)}: differs from the note of the shipped "
                f"table {table['name']}"
            )


def changed_tables(run: RunFolder, plan: Plan, scratch: Path) -> Iterator[str]:
    """What does not follow from the runs: tables over replicates, package, manifest.

    Parameters
    ----------
    scratch
        Folder for temporary files.
    """
    into = scratch / "derived"
    into.mkdir()
    try:
        derived = derive(run.path, into, plan, scratch)
    except _CANNOT as error:
        yield f"tables of the runs: cannot be added up: {error}"
        return
    for name, (again, _) in derived.outputs.items():
        yield from _changed_table(run, name, again)
    tables = columns_of(plan)
    yield from _changed_metadata(run, plan, tables)
    try:
        package = package_of(run.path, plan, tables, KEYS)
    except OSError as error:
        file = Path(str(error.filename)).name
        yield f"{PACKAGE}: cannot be held against {file}: {error.strerror}"
    else:
        yield from brief(PACKAGE, changed_values(_read_json(run.path / PACKAGE), package))
    manifest = _manifest_of(run, plan, derived)
    yield from brief(MANIFEST, changed_values(described(run.manifest), manifest))
    yield from _changed_listing(run, plan, derived)


def _changed_table(run: RunFolder, name: str, again: Path) -> Iterator[str]:
    file = run.path / name
    if not file.is_file():
        return
    if file.suffix == ".parquet":
        if not is_part_of(again, file, "true", ()):
            yield f"{name}: does not follow from the runs"
    elif file.read_bytes() != again.read_bytes():
        lines = changed_lines(file.read_bytes(), again.read_bytes())
        yield from brief(f"{name}: does not follow from the runs", lines)


def _changed_metadata(run: RunFolder, plan: Plan, tables: Iterable[str]) -> Iterator[str]:
    """Parquet files whose metadata names another result."""
    if run.manifest["tool"]["version"] != __version__:
        return
    for name in tables:
        file = run.path / name
        if file.suffix == ".parquet" and file.is_file():
            held = metadata_of(file).get("result_id")
            if held != plan.result_id:
                yield f"{name}: says that it is of the result {held}"


def described(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Parts of a manifest that are compared here."""
    return {key: value for key, value in manifest.items() if key not in _NOT_DERIVED}


def _manifest_of(run: RunFolder, plan: Plan, derived: Derived) -> dict[str, Any]:
    """The manifest that follows from the scenario, its tables and the runs."""
    held = run.manifest
    manifest = derived_manifest(
        plan,
        derived,
        {},
        status=str(held["status"]),
        failures=held.get("failures", ()),
    )
    is_whole = derived.is_whole(plan)
    if is_whole or held["status"] == COMPLETE:
        manifest["status"] = COMPLETE if is_whole else "partial or interrupted"
    if held["tool"]["version"] != __version__:
        # The version is part of the identity.
        manifest["result_id"] = held["result_id"]
    return {key: value for key, value in manifest.items() if key not in _NOT_DERIVED}


def _changed_listing(run: RunFolder, plan: Plan, derived: Derived) -> Iterator[str]:
    """Files that the manifest should list and does not, and wrong numbers of rows."""
    listed = {str(one["file"]): one for one in run.manifest["outputs"]}
    tables = columns_of(plan)
    expected: dict[str, int | None] = dict.fromkeys((SCENARIO, RESOLVED, PACKAGE))
    for scenario in plan.scenarios:
        for table in scenario.tables:
            expected[input_copy(table)] = table.n_rows
            if table.note is not None:
                expected[note_path(Path(input_copy(table))).as_posix()] = None
    for name in tables:
        file = run.path / name
        is_parquet = file.suffix == ".parquet" and file.is_file()
        expected[name] = n_rows_of(file) if is_parquet else derived.outputs[name][1]
    for name, n_rows in expected.items():
        if name not in listed:
            yield f"{name}: is not in the manifest, as it is in that of every such folder"
        elif listed[name].get("n_rows") != n_rows:
            held = listed[name].get("n_rows")
            yield f"{MANIFEST}: outputs: {name}: n_rows: is {held}, comes to {n_rows}"
    for name in listed:
        if name not in expected:
            yield f"{MANIFEST}: outputs: {name}: is no file of such a folder"


def brief(file: str, differences: Iterator[str]) -> Iterator[str]:
    """List the first of many differences, and how many more there are."""
    found = list(differences)
    for text in found[:MOST_OF_A_FILE]:
        yield f"{file}: {text}"
    if len(found) > MOST_OF_A_FILE:
        yield f"{file}: and {len(found) - MOST_OF_A_FILE} more differences"


def _read_json(file: Path) -> Any:
    try:
        return parse_json(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
