"""The kinds of figures of a run folder: what each shows, and whether it applies.

In: a run folder, names of figures. Out: the names of those to draw, and what draws them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sim.errors import UsageError
from sim.report.figures.address_map import draw_map
from sim.report.figures.addresses import draw_addresses
from sim.report.figures.animation import Film, draw_film
from sim.report.figures.differences import draw_differences
from sim.report.figures.drawing import DEFAULT, Choice, Drawing
from sim.report.figures.durations import draw_recovery, draw_spells
from sim.report.figures.layers import draw_layers
from sim.report.figures.outages import draw_outages, draw_outages_by
from sim.report.figures.reach import BYSTANDERS, TARGET, draw_reach
from sim.report.figures.strategies import draw_strategies
from sim.report.figures.tradeoff import draw_tradeoff
from sim.report.figures.uptake import draw_uptake
from sim.report.figures.waterfall import draw_money
from sim.results.read import RunFolder
from sim.results.tables import number, read_rows

_NO_USERS = "the scenario has no users of the target"


def _applies(run: RunFolder) -> str:
    return ""


def _needs_target(run: RunFolder) -> str:
    absent = [metric for metric in (*TARGET, *BYSTANDERS) if not run.has_curve(metric)]
    return _NO_USERS if absent else ""


def _needs_curves(run: RunFolder) -> str:
    reason = _needs_several(run)
    return reason or ("" if run.has_curve("businesses_impaired") else "no replicate was finished")


def _needs_several(run: RunFolder) -> str:
    return "" if len(run.strategies) > 1 else "it compares strategies, and the folder holds one"


def _needs_tradeoff(run: RunFolder) -> str:
    reason = _needs_several(run) or _needs_file(run, "tradeoff.csv")
    if reason or any(number(row, "efficacy") >= 0 for row in read_rows(run, "tradeoff.csv")):
        return reason
    return _NO_USERS


def _needs_file(run: RunFolder, name: str) -> str:
    return "" if (run.path / name).is_file() else f"the folder holds no {name}"


@dataclass(frozen=True)
class Kind:
    """One kind of figure.

    Attributes
    ----------
    shows
        What it shows, in a line.
    draw
        Draws it.
    why_not
        Why it does not apply to a run; empty where it does.
    shows_all_strategies
        Whether it shows all strategies of a comparison; else it shows one.
    is_film
        Whether it has frames; it is drawn only when it is asked for.
    """

    shows: str
    draw: Callable[[RunFolder, Choice], Drawing | Film]
    why_not: Callable[[RunFolder], str] = _applies
    shows_all_strategies: bool = False
    is_film: bool = False


FIGURES: dict[str, Kind] = {
    "addresses": Kind("addresses listed and dropped, with published totals", draw_addresses),
    "outages": Kind("businesses affected, impaired and down", draw_outages),
    "outages-by-sector": Kind(
        "the same by sector, as shares",
        lambda run, choice: draw_outages_by(run, "sector", "By sector", choice),
    ),
    "outages-by-provider": Kind(
        "the same by provider of the front end, as shares",
        lambda run, choice: draw_outages_by(
            run, "provider", "By provider of the front end", choice
        ),
    ),
    "outages-by-role": Kind(
        "the same by the function that fails, as shares",
        lambda run, choice: draw_outages_by(
            run,
            "role",
            "By role of the component, each as if it alone failed",
            choice,
            "A business can count under several functions: they do not add up to the total.",
        ),
    ),
    "layers-by-sector": Kind(
        "businesses impaired, stacked by sector",
        lambda run, choice: draw_layers(run, "sector", "By sector", choice),
    ),
    "layers-by-provider": Kind(
        "businesses impaired, stacked by provider of the front end",
        lambda run, choice: draw_layers(run, "provider", "By provider of the front end", choice),
    ),
    "spells": Kind("demand lost by length of the outage", draw_spells),
    "recovery": Kind("share of the businesses hit that have recovered, over time", draw_recovery),
    "reach": Kind("what the target lost and what bystanders lost", draw_reach, _needs_target),
    "uptake": Kind("how much of the register each operator group drops", draw_uptake),
    "strategies": Kind(
        "businesses impaired under each strategy",
        draw_strategies,
        _needs_curves,
        shows_all_strategies=True,
    ),
    "tradeoff": Kind(
        "what each strategy achieves, what it costs, and the frontier",
        draw_tradeoff,
        _needs_tradeoff,
        shows_all_strategies=True,
    ),
    "differences": Kind(
        "differences to the baseline, with intervals",
        draw_differences,
        lambda run: _needs_several(run) or _needs_file(run, "comparison.csv"),
        shows_all_strategies=True,
    ),
    "map": Kind("the address space: what is listed, whose it is, where the fronts are", draw_map),
    "animation": Kind("the map as the register changes", draw_film, is_film=True),
    "money": Kind(
        "from gross to net loss, with ranges",
        draw_money,
        lambda run: _needs_file(run, "summary.csv"),
    ),
}
"""Figures by name, which is also the name of their files."""


def choose(run: RunFolder, names: Sequence[str], choice: Choice = DEFAULT) -> list[str]:
    """Names of the figures to draw: the ones asked for, or all that apply.

    Raises
    ------
    UsageError
        With every name that is unknown or does not apply, and why.
    """
    several = len(run.strategies) > 1
    if choice.strategy is not None:
        run.strategy(choice.strategy)
    refused, chosen = [], []
    for name in names or FIGURES:
        kind = FIGURES.get(name)
        if kind is None:
            refused.append(f"{name}: unknown figure; known: {', '.join(FIGURES)}")
            continue
        reason = kind.why_not(run)
        if not reason and several and not kind.shows_all_strategies and choice.strategy is None:
            labels = ", ".join(run.strategies)
            reason = f"it shows one strategy; give --strategy, one of: {labels}"
        if not names and (
            kind.is_film or (kind.shows_all_strategies and choice.strategy is not None)
        ):
            continue  # a film takes long; the comparison is another question than one strategy
        if not reason:
            chosen.append(name)
        elif names:
            refused.append(f"{name}: does not apply to {run.path}: {reason}")
    if refused:
        raise UsageError("\n".join(refused))
    return list(dict.fromkeys(chosen))
