"""The figures of a run folder as files.

In: a run folder, names of figures. Out: pictures, tables and texts in a folder.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sim.files import check_all_free, new_files
from sim.measure.summary import LEVEL
from sim.report.figures import style
from sim.report.figures.animation import FILMS, Film, save_film
from sim.report.figures.drawing import DEFAULT, Choice, Drawing
from sim.report.figures.kinds import FIGURES, choose
from sim.report.words.markdown import markdown_text
from sim.report.words.numbers import count
from sim.report.words.plain import quoted, strategies_of, strategy_names
from sim.results.integrity import changed_tables
from sim.results.read import RunFolder

PICTURES = ("png", "svg", "pdf")


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
    changed = ""
    if names_changed := ", ".join(name for name, _ in changed_tables(run)):
        changed = f" Files changed after the run or missing: {names_changed}."
    with style.house_style():
        for name in names:
            drawn = FIGURES[name].draw(run, choice)
            drawing = drawn.drawing if isinstance(drawn, Film) else drawn
            style.add_caption(drawing.figure, caption(run, choice, drawing.spread) + changed)
            drawing.finish()
            suffixes = _formats_of(name, formats)
            if isinstance(drawn, Film):
                written += save_film(drawn, folder, name, suffixes)
            else:
                paths = [folder / f"{name}.{suffix}" for suffix in suffixes]
                written += style.save_figure(drawing.figure, paths)
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
    head = f"# Figures: {title}\n\n{markdown_text(caption(run, choice) + changed)}\n\n"
    readme.write_text(head + "\n".join(alts), encoding="utf-8")
    return [*written, readme]


def write_beside(drawing: Drawing, folder: Path, name: str) -> list[Path]:
    """Write what stands beside a picture: its words and its numbers."""
    alt, table = folder / f"{name}.alt.txt", folder / f"{name}.csv"
    alt.write_text(f"{drawing.alt}\n", encoding="utf-8")
    drawing.table.write(table)
    return [alt, table]


def caption(run: RunFolder, choice: Choice = DEFAULT, spread: str = "") -> str:
    """Where the figure comes from, and what its marks say of spread.

    Parameters
    ----------
    spread
        As in ``Drawing``.
    """
    manifest = run.manifest
    n = run.n_replicates
    band = spread or _bands_in_words(n, run.n_draws)
    status = "" if manifest["status"] == "complete" else f" Status: {manifest['status']}."
    labels = [choice.strategy] if choice.strategy else list(run.strategies)
    names = strategy_names(strategies_of(run))
    # Figures call strategies as people do: here stand the labels beside.
    told = ", ".join(
        label if label in names[label] else f"{quoted(names[label])} ({label})" for label in labels
    )
    who = "strategy" if len(labels) == 1 else "strategies"
    return (
        f"{run.title}. Scenario {run.scenario['name']}, {who} {told}, "
        f"root seed {manifest['root_seed']}, overblock {manifest['tool']['version']}, "
        f"result {manifest['result_id'][:12]}. {band}{status}"
    )


def _bands_in_words(n_replicates: int, n_draws: int) -> str:
    """What lines and bands are, where a figure says nothing else of its marks."""
    lines = f"Lines: mean of {n_replicates} replicates"
    if not n_draws:
        if n_replicates < 2:
            return "One replicate: no band can be given."
        return f"{lines}; bands: {LEVEL:.0%} of them (luck only, assumptions held)."
    luck = f", with dark bands: {LEVEL:.0%} of them, by luck" if n_replicates > 1 else ""
    draws = f"{count(n_draws, 'draw')} of all that is not known"
    given = f"mean of {n_replicates} replicates" if n_replicates > 1 else "one replicate"
    return (
        f"Lines in light bands: median of {draws}, and these bands {LEVEL:.0%} of them; dashed "
        f"lines and all others: {given} at the values as given{luck}."
    )
