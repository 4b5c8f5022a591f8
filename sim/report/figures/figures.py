"""The figures of a run folder: which there are, which apply, and their files.

In: a run folder, names of figures. Out: pictures, tables and texts in a folder.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sim.errors import UsageError
from sim.files import check_all_free, new_files
from sim.measure.summary import LEVEL
from sim.report.figures import style
from sim.report.figures.address_map import draw_map
from sim.report.figures.addresses import draw_addresses
from sim.report.figures.animation import FILMS, Film, draw_film, save_film
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

PICTURES = ("png", "svg", "pdf")
_MARKUP = re.compile(r"[\\`*_\[\]<>#&|~$]")


def _applies(run: RunFolder) -> str:
    return ""


def _needs_target(run: RunFolder) -> str:
    absent = [metric for metric in (*TARGET, *BYSTANDERS) if not run.has_curve(metric)]
    return "the scenario has no users of the target" if absent else ""


def _needs_curves(run: RunFolder) -> str:
    reason = _needs_several(run)
    return reason or ("" if run.has_curve("businesses_impaired") else "no replicate was finished")


def _needs_several(run: RunFolder) -> str:
    return "" if len(run.strategies) > 1 else "it compares strategies, and the folder holds one"


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
    is_of_all
        Whether it shows all strategies of a comparison; else it shows one.
    is_film
        Whether it has frames; it is drawn only when it is asked for.
    """

    shows: str
    draw: Callable[[RunFolder, Choice], Drawing | Film]
    why_not: Callable[[RunFolder], str] = _applies
    is_of_all: bool = False
    is_film: bool = False


FIGURES: dict[str, Kind] = {
    "addresses": Kind("addresses listed and dropped, with published totals", draw_addresses),
    "outages": Kind("businesses affected, impaired and down", draw_outages),
    "outages-by-sector": Kind(
        "the same by sector, as shares",
        lambda run, choice: draw_outages_by(run, "sector", "Businesses cut off, by sector", choice),
    ),
    "outages-by-provider": Kind(
        "the same by provider of the front end, as shares",
        lambda run, choice: draw_outages_by(
            run, "provider", "Businesses cut off, by provider of the front end", choice
        ),
    ),
    "outages-by-role": Kind(
        "the same by the function that fails, as shares",
        lambda run, choice: draw_outages_by(
            run,
            "role",
            "Businesses that would be cut off if this function alone failed",
            choice,
            "A business can count under several functions: they do not add up to the total.",
        ),
    ),
    "layers-by-sector": Kind(
        "businesses impaired, stacked by sector",
        lambda run, choice: draw_layers(run, "sector", "Businesses impaired, by sector", choice),
    ),
    "layers-by-provider": Kind(
        "businesses impaired, stacked by provider of the front end",
        lambda run, choice: draw_layers(
            run, "provider", "Businesses impaired, by provider of the front end", choice
        ),
    ),
    "spells": Kind("demand lost by length of the outage", draw_spells),
    "recovery": Kind("share of the businesses hit that have recovered, over time", draw_recovery),
    "reach": Kind("what the target lost and what bystanders lost", draw_reach, _needs_target),
    "uptake": Kind("how much of the register each operator group drops", draw_uptake),
    "strategies": Kind(
        "businesses impaired under each strategy", draw_strategies, _needs_curves, is_of_all=True
    ),
    "tradeoff": Kind(
        "what each strategy achieves, what it costs, and the frontier",
        draw_tradeoff,
        lambda run: _needs_several(run) or _needs_file(run, "tradeoff.csv"),
        is_of_all=True,
    ),
    "differences": Kind(
        "differences to the baseline, with intervals",
        draw_differences,
        lambda run: _needs_several(run) or _needs_file(run, "comparison.csv"),
        is_of_all=True,
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
        if not reason and several and not kind.is_of_all and choice.strategy is None:
            labels = ", ".join(run.strategies)
            reason = f"it shows one strategy; give --strategy, one of: {labels}"
        if not names and (kind.is_film or (kind.is_of_all and choice.strategy is not None)):
            continue  # a film takes long; the comparison is another question than one strategy
        if not reason:
            chosen.append(name)
        elif names:
            refused.append(f"{name}: does not apply to {run.path}: {reason}")
    if refused:
        raise UsageError("\n".join(refused))
    return list(dict.fromkeys(chosen))


def plot_run(
    run: RunFolder,
    folder: Path,
    names: Sequence[str] = (),
    choice: Choice = DEFAULT,
    formats: Sequence[str] = (),
    *,
    force: bool = False,
) -> list[Path]:
    """Draw figures of a run into a folder: pictures, tables, alt texts.

    With all figures goes a ``README.md`` that shows them. They appear together when all are drawn.

    Parameters
    ----------
    names
        Which; all that apply when empty.
    formats
        Some of ``png``, ``svg``, ``pdf`` for pictures, of ``gif``, ``mp4`` for films; PNG and SVG,
        and GIF, where none of the kind is named.
    force
        Replace files of the same name that are not figures as they were drawn there.

    Raises
    ------
    DataError
        If the run cannot be read.
    UsageError
        If a figure does not apply, a file of the same name is there, or the folder cannot be
        written to.
    """
    chosen = choose(run, names, choice)
    check_all_free(folder, _files_of(chosen, formats, is_all=not names), force=force)
    with new_files(folder, force=force) as partial:
        written = _plot(run, partial, chosen, choice, formats, is_all=not names)
    return [folder / path.name for path in written]


def _formats_of(name: str, formats: Sequence[str]) -> list[str]:
    """Formats in which a figure is drawn, the first of which is shown."""
    if FIGURES[name].is_film:
        return [one for one in formats if one in FILMS] or ["gif"]
    return [one for one in formats if one in PICTURES] or ["png", "svg"]


def _files_of(names: Sequence[str], formats: Sequence[str], *, is_all: bool) -> list[str]:
    """Files that are going to be written."""
    suffixes = {name: (*_formats_of(name, formats), "alt.txt", "csv") for name in names}
    return [
        *(f"{name}.{suffix}" for name in names for suffix in suffixes[name]),
        *(["README.md"] if is_all else []),
    ]


def _plot(
    run: RunFolder,
    folder: Path,
    names: Sequence[str],
    choice: Choice,
    formats: Sequence[str],
    *,
    is_all: bool,
) -> list[Path]:
    written, alts = [], []
    with style.house_style():
        for name in names:
            drawn = FIGURES[name].draw(run, choice)
            drawing = drawn.drawing if isinstance(drawn, Film) else drawn
            style.add_caption(drawing.figure, caption(run, choice, drawing.spread))
            drawing.finish()
            suffixes = _formats_of(name, formats)
            if isinstance(drawn, Film):
                written += save_film(drawn, folder, name, suffixes)
            else:
                written += style.save_figure(drawing.figure, folder, name, suffixes)
            written += write_beside(drawing, folder, name)
            alt = markdown_text(drawing.alt)
            shown = f"{name}.{suffixes[0]}"
            alts.append(
                f"## {name}\n\n![{alt}]({shown})\n\n{alt} Numbers: [{name}.csv]({name}.csv).\n"
            )
    if not is_all:
        return written  # a list of some figures would look like the list of all
    readme = folder / "README.md"
    title = markdown_text(run.title)
    head = f"# Figures: {title}\n\n{markdown_text(caption(run, choice))}\n\n"
    readme.write_text(head + "\n".join(alts), encoding="utf-8")
    return [*written, readme]


def write_beside(drawing: Drawing, folder: Path, name: str) -> list[Path]:
    """Write what stands beside a picture: its words and its numbers."""
    alt, table = folder / f"{name}.alt.txt", folder / f"{name}.csv"
    alt.write_text(f"{drawing.alt}\n", encoding="utf-8")
    drawing.table.write(table)
    return [alt, table]


def markdown_text(text: str) -> str:
    """Escape what Markdown or HTML would take for markup: names and titles come from users."""
    return _MARKUP.sub(r"\\\g<0>", text)


def caption(run: RunFolder, choice: Choice = DEFAULT, spread: str = "") -> str:
    """Where the figure comes from, and what its marks say of spread.

    Parameters
    ----------
    spread
        As in ``Drawing``.
    """
    manifest = run.manifest
    n = run.n_replicates
    band = spread or (
        f"Lines: mean of {n} replicates; bands: {LEVEL:.0%} of them (luck only, assumptions held)."
        if n > 1
        else "One replicate: no band can be given."
    )
    status = "" if manifest["status"] == "complete" else f" Status: {manifest['status']}."
    labels = [choice.strategy] if choice.strategy else list(run.strategies)
    who = "strategy" if len(labels) == 1 else "strategies"
    return (
        f"{run.title}. Scenario {run.scenario['name']}, {who} {', '.join(labels)}, "
        f"root seed {manifest['root_seed']}, overblock {manifest['tool']['version']}, "
        f"result {manifest['result_id'][:12]}. {band}{status}"
    )
