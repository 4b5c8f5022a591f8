"""Commands that make a folder again, or compare other ways of blocking in it.

In: a run folder. Out: one line for a shell.
"""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from sim.experiment.draws import ALL_ASKED, PRIOR
from sim.report.words.heading import is_what_if, strategies_of
from sim.results.folder import RunFolder
from sim.scenario.library import scenario_names, shipped


def repeat_command(run: RunFolder, ways: Sequence[str] = ()) -> str:
    """One line for a shell that makes a folder again, or compares other ways of blocking in it.

    Where a file of the user's own belongs to it, it is to be given in the folder, which keeps it.
    """
    manifest = run.manifest
    ensemble = manifest.get("ensemble") or {}
    is_comparison = manifest.get("kind") == "comparison"
    own = [one for one in manifest["inputs"] if Path(one["name"]).suffix]
    code = [str(one["copy"]) for one in own if one["name"].endswith(".py")]
    trust = [part for copy in code for part in ("--trust", copy)]
    if not ways and (own or "list" in ensemble or is_what_if(run)):
        return shlex.join(["overblock", "compare" if is_comparison else "run", ".", *trust])
    file = "." if own else shipped_scenario(manifest["scenario"]) or "scenario.yaml"
    parts = ["overblock", "compare" if is_comparison or ways else "run", file]
    if is_comparison:
        parts += _options(_strategy_text(run, one) for one in manifest["strategies"])
        parts += ["--baseline", str(manifest["baseline"])]
    asked = manifest.get("n_replicates_asked", run.n_replicates)
    parts += ["-n", str(asked), "--seed", str(manifest["root_seed"])]
    if not run.is_ensemble:
        parts.append("--fixed")
    if ensemble.get("not_conditioned") == ALL_ASKED or "list" in ensemble:
        parts += ["--kept", ensemble.get("list", PRIOR)]
    if ensemble.get("is_paired") and not ways:
        parts.append("--pairs")
    for override in () if own else map(str, manifest["scenario"].get("overrides", [])):
        parts += ["--set", override]
    return shlex.join([*parts, *trust, *_options(ways)])


def _options(ways: Iterable[str]) -> list[str]:
    return [part for way in ways for part in ("--strategy", way)]


OTHER_WAYS = ("exact", "covering-prefix")
"""The two ends: every address alone, and the whole range of a provider."""


def compare_command(run: RunFolder) -> str:
    """One line for a shell that compares other ways of blocking on the simulations of a run."""
    own = [_strategy_text(run, one) for one in strategies_of(run)]
    return repeat_command(run, [*dict.fromkeys((*own, *OTHER_WAYS))])


def answering_command(run: RunFolder) -> str:
    """One line that compares ways of blocking the same target in a shipped scenario; or empty.

    Of several such scenarios the one with evidence from the record is taken.
    """
    target = run.scenario["target"]["name"]
    found = []
    for name in scenario_names():
        text = (shipped("scenarios") / f"{name}.yaml").read_text(encoding="utf-8")
        if f"\n  name: {target}\n" in text and "\nfronts:\n" in text:
            found.append(("\nevidence:\n" in text, name))
    ways = _options(OTHER_WAYS)
    return shlex.join(["overblock", "compare", max(found)[1], *ways]) if found else ""


def shipped_scenario(scenario: Mapping[str, Any]) -> str | None:
    """Name of the shipped scenario that a run's file is, byte for byte; None if it is none."""
    name = Path(str(scenario.get("file", ""))).stem
    if name not in scenario_names():
        return None
    data = (shipped("scenarios") / f"{name}.yaml").read_bytes()
    return name if hashlib.sha256(data).hexdigest() == scenario.get("sha256") else None


def _strategy_text(run: RunFolder, strategy: Mapping[str, Any]) -> str:
    """A strategy as the command line takes it: the id of the scenario's own stands for it."""
    own = run.scenario.get("strategy", {})
    label, name = str(strategy["label"]), str(strategy["id"])
    if name == "own":
        own = strategy["parameters"]
        copies = {one["name"]: one["copy"] for one in run.manifest["inputs"]}
        values = (f"{key}={json.dumps(value)}" for key, value in own["values"].items())
        text = ",".join((f"{copies.get(own['file'], own['file'])}:{own['rule']}", *values))
        return text if text.endswith(f".py:{label}") else f"{label}={text}"
    if ":" in label or "=" in label:
        return label  # only the text of a strategy can be such a label
    given = {key: value for key, value in strategy["parameters"].items() if value is not None}
    parameters = ",".join(
        f"{key}={value if isinstance(value, str) else json.dumps(value, separators=(',', ':'))}"
        for key, value in given.items()
    )
    is_own = {"id": name, **given} == {k: v for k, v in own.items() if v is not None}
    text = f"{name}:{parameters}" if parameters and not is_own else name
    return text if label == text else f"{label}={text}"
