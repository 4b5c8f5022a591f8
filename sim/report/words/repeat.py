"""How to repeat a result: the exact command, from the manifest alone.

The command line that was typed is not shown: it may hold paths of somebody's machine.
"""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sim.results.folder import RunFolder
from sim.scenario.library import scenario_names, shipped


def repeat_command(run: RunFolder) -> str:
    """One line for a shell that makes a folder again."""
    manifest = run.manifest
    is_comparison = manifest.get("kind") == "comparison"
    file = shipped_scenario(manifest["scenario"]) or "scenario.yaml"
    parts = ["overblock", "compare" if is_comparison else "run", file]
    if is_comparison:
        own = run.scenario.get("strategy", {})
        for strategy in manifest["strategies"]:
            parts += ["--strategy", strategy_text(strategy, own)]
        parts += ["--baseline", str(manifest["baseline"])]
    asked = manifest.get("n_replicates_asked", run.n_replicates)
    parts += ["-n", str(asked), "--seed", str(manifest["root_seed"])]
    if not run.is_ensemble:
        parts.append("--fixed")
    for override in manifest["scenario"].get("overrides", []):
        parts += ["--set", str(override)]
    return shlex.join(parts)


def shipped_scenario(scenario: Mapping[str, Any]) -> str | None:
    """Name of the shipped scenario that a run's file is, byte for byte; None if it is none."""
    name = Path(str(scenario.get("file", ""))).stem
    if name not in scenario_names():
        return None
    data = (shipped("scenarios") / f"{name}.yaml").read_bytes()
    return name if hashlib.sha256(data).hexdigest() == scenario.get("sha256") else None


def strategy_text(strategy: Mapping[str, Any], own: Mapping[str, Any]) -> str:
    """A strategy as the command line takes it: ``[LABEL=]ID[:param=value,…]``.

    Parameters
    ----------
    strategy
        Label, id and parameters, as a manifest has them.
    own
        The scenario's own strategy: its id alone stands for it.
    """
    label, name = str(strategy["label"]), str(strategy["id"])
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
