"""How to make a result again: the exact command, from the manifest alone.

In: a run folder. Out: the command and what to compare. The command line that was really typed is
not shown: it may hold paths of somebody's machine.
"""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sim.experiment.weighted_draws import UNWEIGHTED, copy_of, is_taken, shipped_table
from sim.report.words.languages import IN_ENGLISH, Language
from sim.results.read import RunFolder
from sim.scenario.library import scenario_names, shipped


@dataclass(frozen=True)
class Repeat:
    """What to do, and what comes before and after.

    Attributes
    ----------
    before, after
        What is needed, and what must come out.
    command
        One line for a shell.
    made_of
        How many runs that is, and what weighs the draws.
    """

    before: str
    command: str
    after: str
    made_of: str


def repeat(
    run: RunFolder,
    words: Language = IN_ENGLISH,
    *,
    n_draws: int | None = None,
    others: Sequence[str] = (),
) -> Repeat:
    """Say how a run or comparison is made again.

    Parameters
    ----------
    n_draws
        How many draws; as many as there are when None.
    others
        Strategies that a comparison takes besides, as its command line takes them.
    """
    manifest = run.manifest
    name = shipped_scenario(manifest["scenario"])
    file = name or "scenario.yaml"
    where = (
        words.say("The scenario is shipped with overblock as {name}.", name=name)
        if name
        else words.say(
            "The scenario is the file scenario.yaml of the run folder, downloaded below; the "
            "tables it names are in the folder's inputs: put them where it looks for them."
        )
    )
    parts = ["overblock", "compare" if is_comparison(run) else "run", file]
    if is_comparison(run):
        own = run.scenario.get("strategy", {})
        for strategy in manifest["strategies"]:
            parts += ["--strategy", strategy_text(strategy, own)]
        for strategy_ in others:
            parts += ["--strategy", strategy_]
        parts += ["--baseline", str(manifest["baseline"])]
    asked = manifest.get("n_replicates_asked", run.n_replicates)
    parts += ["-n", str(asked), "--seed", str(manifest["root_seed"])]
    draws = manifest.get("draws") or {"n": 0, "per_draw": 1}
    n = draws["n"] if n_draws is None else n_draws
    parts += ["--draws", str(n), *(_draws_from(draws, name) if n else ())]
    if draws["per_draw"] != 1:
        parts += ["--per-draw", str(draws["per_draw"])]
    for override in manifest["scenario"].get("overrides", []):
        parts += ["--set", str(override)]
    parts += ["-o", "again"]
    version = f"overblock {manifest['tool']['version']}"
    return Repeat(
        before=f"{words.say('With {version}.', version=version)} {where}",
        command=shlex.join(parts),
        after=words.say(
            "The same version, scenario, tables and seed give the same bytes: the manifest.json of "
            "the new folder must name the result {id}.",
            id=manifest["result_id"],
        ),
        made_of=_made_of(run, name, words),
    )


def _made_of(run: RunFolder, name: str | None, words: Language) -> str:
    """How many runs a result holds, and where the weights of its draws come from."""
    draws = run.manifest.get("draws") or {"n": 0, "per_draw": 1}
    per_draw, n_strategies = int(draws["per_draw"]), len(run.strategies)
    n_each = run.n_replicates + run.n_draws * per_draw
    drawn = f"{run.n_draws:,}" + (f" × {per_draw}" if per_draw > 1 else "")
    formula = f"{run.n_replicates:,} + {drawn}" if run.n_draws else f"{run.n_replicates:,}"
    if n_strategies > 1:
        formula = f"{n_strategies} × ({formula})" if run.n_draws else f"{n_strategies} × {formula}"
    text = (
        "This page is made of {n:run}, {formula}: replicates of the scenario as given, and draws."
        if run.n_draws
        else "This page is made of {n:run}: replicates of the scenario as given."
    )
    if n_strategies > 1:
        text = (
            "This page is made of {n:run}, {formula}: under each strategy replicates of the "
            "scenario as given, and draws."
            if run.n_draws
            else "This page is made of {n:run}, {formula}: under each strategy replicates of the "
            "scenario as given."
        )
    n = words.digits(f"{n_strategies * n_each:,}")
    said = words.say(text, n=n, formula=words.digits(formula))
    if not run.n_draws or "from" not in draws:
        return said
    is_shipped = name is not None and not _draws_from(draws, name)
    weights = words.say(
        "What published figures make of each draw, its weight, stands in {file} of the run folder, "
        "a table that is shipped with overblock and taken unasked."
        if is_shipped
        else "What published figures make of each draw, its weight, stands in {file} of the run "
        "folder.",
        file=copy_of(draws["from"]),
    )
    if draws["n"] > run.n_draws:
        picked = words.say(
            "Of its draws {picked} were picked by weight, {draws} different ones.",
            picked=words.digits(f"{draws['n']:,}"),
            draws=words.digits(f"{run.n_draws:,}"),
        )
        weights = f"{weights} {picked}"
    return f"{said} {weights}"


def _draws_from(draws: Mapping[str, Any], name: str | None) -> tuple[str, ...]:
    """Where draws came from, if a run of the scenario would not take them from there unasked."""
    table = shipped_table(name) if name else None
    is_there = table is not None and table.is_file() and is_taken(table)
    unasked = table.read_bytes() if table is not None and is_there else None
    if "from" not in draws:
        return () if unasked is None else ("--draws-from", UNWEIGHTED)
    if unasked is not None and hashlib.sha256(unasked).hexdigest() == draws["from"]:
        return ()
    return ("--draws-from", copy_of(draws["from"]))


def is_comparison(run: RunFolder) -> bool:
    """Whether a folder holds several strategies."""
    return run.manifest.get("kind") == "comparison"


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
