"""What strategies are called for people, from their ids and parameters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from sim.report.words.languages import say
from sim.results.folder import RunFolder
from sim.scenario.strategies import DECLARED


def strategy_words(strategy: Mapping[str, Any]) -> str:
    """What a strategy blocks, for people, from its id and parameters in a manifest."""
    name = str(strategy["id"])
    if name not in DECLARED:
        return str(strategy.get("parameters", {}).get("rule", name))
    told = DECLARED[name].in_words
    parameters = {key: str(value) for key, value in strategy.get("parameters", {}).items()}
    if "{length}" in told and "length" not in parameters:
        told = told.replace("/{length} ", "")
    return say(told, **parameters)


def strategies_of(run: RunFolder) -> list[Mapping[str, Any]]:
    """Label, id and parameters of each strategy of a folder, of a run's only one too."""
    listed = run.manifest.get("strategies")
    if listed:
        return list(listed)
    own = run.scenario.get("strategy") or {}
    parameters = {key: value for key, value in own.items() if key != "id"}
    return [
        {"label": label, "id": own.get("id", label), "parameters": parameters}
        for label in run.strategies
    ]


def strategy_names(strategies: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """What each strategy of a manifest is called for people, by its label: no two alike."""
    said = {str(one["label"]): strategy_words(one) for one in strategies}
    times = Counter(said.values())
    return {
        label: name if times[name] == 1 else say("{name} ({label})", name=name, label=label)
        for label, name in said.items()
    }
