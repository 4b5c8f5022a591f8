"""What is said of a finished setting: sentences, pictures, key figures, and how to repeat it.

In: a run folder. Out: plain values. All words are those of the report.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sim.catalogue.choices import COLLATERAL
from sim.explore.live_curves import beside, most_harm_first
from sim.explore.live_map import maps_of
from sim.measure.bands import Band
from sim.report.figures.lines import band_of_line
from sim.report.page.at_end import StillImpaired, still_of_each
from sim.report.page.bands import with_bands
from sim.report.page.document import render
from sim.report.page.first_picture.bars import NOBODY, bars_of_comparison
from sim.report.page.first_picture.curve import LOST, picture_of_run
from sim.report.page.head.opening import said
from sim.report.page.head.withheld import quotable
from sim.report.page.key_figures import key_figures
from sim.report.page.repeat_command import is_comparison, repeat, shipped_scenario
from sim.results.folder import MANIFEST, SCENARIO
from sim.results.read import RunFolder, open_run
from sim.results.tables import Row, read_rows, text


def answer_of(folder: Path) -> dict[str, Any]:
    """Return what the page says of a result.

    Raises
    ------
    DataError
        If the folder cannot be read.
    """
    run = open_run(folder)
    tradeoff = read_rows(run, "tradeoff.csv") if is_comparison(run) else []
    # What nothing is blocked under comes last where others do no harm either.
    labels = sorted(run.strategies, key=lambda one: one == run.manifest.get("baseline"))
    bands = {one: _band(run, one) for one in labels if run.has_curve(LOST, one)}
    shown = most_harm_first(bands)
    harmful = (shown or run.strategies)[0]
    pictures = [_picture(run, one, bands[one]) for one in shown]
    told = said(run, tradeoff, harmful)
    how = repeat(run)
    file = str(run.manifest["scenario"]["file"])
    is_shipped = shipped_scenario(run.manifest["scenario"]) is not None
    # The file as it was named when the page was opened: so the manifest has the same bytes.
    words = [
        file if one == SCENARIO and not is_shipped else one for one in shlex.split(how.command)
    ]
    return {
        "title": run.title,
        "headline": list(told.headline.sentences),
        "answer": list(told.answer),
        "hangs_on": list(told.hangs_on),
        "pictures": pictures,
        "maps": beside(maps_of(run), pictures),
        "figures": _figures(run),
        "verdict": _verdict(run, harmful),
        "command": shlex.join(words),
        "file": Path(file).name,
        "before": how.before,
        "result_id": run.manifest["result_id"],
        "n_replicates": run.n_replicates,
        "n_draws": run.n_draws,
    }


def report_of(folder: Path) -> str:
    """Return the report of a result as HTML."""
    return render(open_run(folder))


def file_of(folder: Path, name: str) -> Path | None:
    """Path of a file that the manifest of a result names, or of the manifest; None for others."""
    run = open_run(folder)
    names = {str(one["file"]) for one in run.manifest["outputs"]} | {MANIFEST}
    return folder / name if name in names else None


def _picture(run: RunFolder, strategy: str, band: Band) -> dict[str, Any]:
    picture = picture_of_run(band, run.start, run.horizon_s, run.n_draws)
    return {
        "strategy": strategy,
        "title": picture.title,
        "svg": str(picture.svg),
        "note": picture.note,
    }


def _band(run: RunFolder, strategy: str) -> Band:
    """The curve as the report has it."""
    wide = run.wide_band(LOST, strategy)
    return band_of_line(run.curve(LOST, strategy), run.horizon_s, wide)


def _figures(run: RunFolder) -> dict[str, Any]:
    """Headings and rows of the key figures, or of the trade-off of strategies."""
    is_compared = is_comparison(run)
    rows = with_bands(run, read_rows(run, "comparison.csv" if is_compared else "summary.csv"))
    strategies = run.manifest["strategies"] if is_compared else ()
    baseline = str(run.manifest["baseline"]) if is_compared else None
    rows = quotable(run, rows) if is_compared else rows
    return figures_of(rows, strategies, baseline, run.n_draws, still_of_each(run))


def figures_of(
    rows: Sequence[Row],
    strategies: Sequence[Mapping[str, Any]],
    baseline: str | None,
    n_draws: int,
    at_end: Mapping[str, StillImpaired] = NOBODY,
) -> dict[str, Any]:
    """Headings and rows of the key figures, or of the trade-off of strategies.

    Parameters
    ----------
    rows
        Of ``summary.csv``, or of ``comparison.csv``, with both bands.
    strategies, baseline
        Of a comparison as in its manifest; none of a run.
    at_end
        Who is still impaired when the run ends, by label of the strategy.
    """
    if not rows:
        return {"heads": [], "rows": []}
    if baseline is not None:
        bars = bars_of_comparison(rows, strategies, baseline, at_end=at_end)
        return {
            "heads": ["Blocking", *bars.heads],
            "rows": [
                [
                    words,
                    *(
                        "; ".join(
                            filter(
                                None,
                                (f"{one.value} {_in_brackets(one.range)}".rstrip(), one.more),
                            )
                        )
                        for one in own
                    ),
                ]
                for words, _, own in bars.rows
            ],
        }
    own = at_end.get(text(rows[0], "strategy"))
    found = key_figures({text(row, "metric"): row for row in rows}, at_end=own)
    return {
        "heads": ["Key figure", "Median" if n_draws else "Mean", "Range"],
        "rows": [[one.label, one.value, one.all or one.range] for one in found],
    }


def _in_brackets(text: str) -> str:
    return f"({text})" if text else ""


def _verdict(run: RunFolder, harmful: str) -> str:
    """The assumption that would change the verdict, or on which the answer hangs most."""
    if not run.n_draws:
        return "Ask for draws of what is not known (32 or more) to see what would change this."
    if is_comparison(run):
        told = _deciding(read_rows(run, "verdicts.csv"))
        if told:
            return told
    words = said(run, [], harmful) if not is_comparison(run) else None
    # At the head it is left out where it takes too many words.
    hung = (words.headline.hangs_on or words.hang_most_on) if words is not None else ""
    return hung or "No single assumption is told from the others as one that would change this."


def _deciding(rows: Sequence[Row]) -> str:
    """Of the verdicts on harm that are not settled, the first of which a region is told."""
    for row in rows:
        if text(row, "metric") == COLLATERAL and (region := text(row, "region")):
            less = "less" if text(row, "region_says") == "less" else "no less"
            says = f"{less} harm than {text(row, 'other')}"
            return f"Not settled: {text(row, 'strategy')} does {says} where {region}."
    return ""
