"""The page of scores, ``docs/explanation/validation.md``, and its figure, from stored scores.

``python -m tools.validation_page`` writes both from ``validation.json``, which ``overblock backtest
--save`` wrote. All text of cases is escaped, since anybody may have written the case file.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.report.documents.forecasts import RELATIONS, ROLES, score_tables, span
from sim.report.words.numbers import exact, rounded, score, width
from sim.report.words.tables import markdown_text
from sim.scenario.cases import CHECKS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Document = Mapping[str, Any]

PAGE = Path(__file__).parents[1] / "docs" / "explanation" / "validation.md"
FIGURE = "../figures/backtest.png"
COMMAND = (
    "overblock backtest --force --save docs/explanation/validation.json && "
    "python -m tools.validation_page"
)
AIM_INSIDE = 0.8
"""Share of figures inside intervals that are meant to hold nine of ten."""
AIM_WIDTH = 10.0
"""Upper over lower end of an interval, in the median."""
NO_REASON = "No reason is given."
"""Printed where a file gives none; a test names shipped ones."""
SMALLEST, LARGEST = 1e-2, 1e2
"""Ends of the axis."""
COLOURS = {"inside": "C0", "outside": "C1"}
MARKERS = {"inside": "o", "outside": "D"}
SIGNS = {"equal": "", "at_least": "≥ ", "at_most": "≤ ", "between": "about "}
MAX_LETTERS = 76


def main() -> None:
    """Write the page and its figure."""
    scores = json.loads(PAGE.with_suffix(".json").read_text(encoding="utf-8"))
    draw_backtest(scores, PAGE.parent / FIGURE)
    PAGE.write_text(page(scores), encoding="utf-8")


def page(scores: Document) -> str:
    """Write the page of scores in Markdown."""
    n, version = scores["n_members"], scores["version"]
    parts = [
        "# Validation: predictions compared with published outcomes",
        f"Written by `{COMMAND}` with overblock {markdown_text(version)}: {n} simulations of each "
        "scenario over all declared ranges ([how](ensembles.md)) and, where simulations are kept "
        "by the record, as many of those ([how](conditioning.md)). No parameter is set by it. "
        "[validation.json](validation.json) has each case: inputs, prediction, publication, "
        "sources, notes.",
    ]
    for table in score_tables(scores):
        parts += [f"## {table.title}", table.to_markdown(), *table.notes]
    if short := short_of(scores):
        parts += [
            "## Where scores fall short",
            f"The aim, for figures that set nothing: {AIM_INSIDE:.0%} inside, a CRPS below that of "
            f"a guess, a width of at most ×{AIM_WIDTH:g}. No range is moved, and no figure "
            "excluded, to reach it.",
            "\n".join(
                f"- {markdown_text(subject)}: {'; '.join(how)}." for subject, how in short.items()
            ),
        ]
    for head, cases in missed(scores):
        parts += [f"## {head}", "\n".join(map(_case_line, cases))]
    what = "Predicted intervals over the published value of each case, on a logarithmic axis."
    parts.append(f"![{what}]({FIGURE})")
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _case_line(each: Document) -> str:
    """Line of a case outside the interval, or not computable."""
    prior = each["prior"] or each
    found = f"{predicted_text(prior)}, " if prior["predicted"] else ""
    if each["prior"] and each["predicted"]:
        found += f"{predicted_text(each)} by kept simulations, "
    published, why = published_text(each), first_sentence(why_of(each)) or NO_REASON
    return (
        f"- `{each['id']}` ({each['role']}), {markdown_text(each['title'])}: {found}published "
        f"{markdown_text(published)}. {markdown_text(why)}"
    )


def short_of(scores: Document) -> dict[str, list[str]]:
    """In which ways figures that set nothing fall short, by what predicts them."""
    found: dict[str, list[str]] = {}
    for name, key in (("prior", "tallies_prior"), ("conditioned", "tallies")):
        for tally in scores[key]:
            if tally["role"] in CHECKS and tally["subject"] and tally["n_figures"]:
                for how in _ways(tally):
                    ways = found.setdefault(tally["subject"], [])
                    # Where no simulations are kept both are the same.
                    ways += [] if how in ways else [how if name == "prior" else f"kept: {how}"]
    return found


def _ways(tally: Document) -> Iterator[str]:
    if tally["coverage"] < AIM_INSIDE:
        yield f"{tally['coverage']:.0%} inside"
    if tally["crps_guess"] is not None and tally["crps"] >= tally["crps_guess"]:
        yield f"CRPS {score(tally['crps'])}, of a guess {score(tally['crps_guess'])}"
    if tally["log10_width"] > math.log10(AIM_WIDTH):
        yield f"width {width(tally['log10_width'])}"


def missed(scores: Document) -> Iterator[tuple[str, list[Document]]]:
    """Cases outside the interval of an ensemble, and those not computable."""
    for verdict, head in (("outside", "Missed"), ("not computable", "Not computable")):
        mine = [
            each
            for each in scores["scores"]
            if verdict in (each["verdict"], (each["prior"] or each)["verdict"])
        ]
        if mine:
            yield head, mine


def predicted_text(each: Document) -> str:
    """Write a prediction with its interval."""
    return f"{rounded(each['predicted']['median'])} {span(each['predicted'])}"


def why_of(each: Document) -> str:
    """Return the reason why a case is missed, or not computable."""
    return str(each["why_not"] or each["why_missed"])


def published_text(each: Document) -> str:
    """Write a published figure with its relation, range, rounding and unit."""
    published = each["published"]
    text = RELATIONS[published["relation"]] + exact(published["value"])
    if published["low"] is not None or published["high"] is not None:
        ends = (published[end] for end in ("low", "high"))
        low, high = (exact(published["value"] if end is None else end) for end in ends)
        text += f" ({low} to {high})"
    if published["rounding"]:
        text += f" ± {exact(published['rounding'])}"
    return f"{text} {published['unit']}"


def first_sentence(why: str) -> str:
    """The first sentence of a reason, which the document has whole."""
    first, _, rest = why.partition(". ")
    return f"{first}." if rest else why


def ratios(scores: Document) -> list[dict[str, Any]]:
    """Return the rows of the figure: all numbers of a case over its published value.

    Returns
    -------
    rows
        ``id, title, role, verdict, median, low, high, allowed_low, allowed_high``; ends that do
        not exist are None. A case whose published value is not above zero has no ratio and
        no row.
    """
    rows = []
    for each in scores["scores"]:
        predicted, published = each["predicted"], each["published"]
        if predicted is None or published["value"] <= 0:
            continue
        ends = {
            name: source[name] and source[name] / published["value"]
            for source, names in (
                (predicted, ("median", "low", "high")),
                (published, ("allowed_low", "allowed_high")),
            )
            for name in names
        }
        rows.append({key: each[key] for key in ("id", "title", "role", "verdict")} | ends)
        rows[-1]["text"] = (
            f"{rounded(predicted['median'])} / {SIGNS[published['relation']]}"
            f"{exact(published['value'])}"
        )
    return rows


def draw_backtest(scores: Document, path: Path) -> list[dict[str, Any]]:
    """Draw predicted intervals over published values, a row per case, and return the rows.

    A ratio of 1 is agreement. The axis is logarithmic; an arrow with its number stands for a value
    beyond it. The suffix of the file is the format.
    """
    from sim.report.figures import look

    rows = ratios(scores)
    groups = [
        (f"{role.capitalize()}: {meaning}", [row for row in rows if row["role"] == role])
        for role, meaning in ROLES.items()
    ]
    groups = [(head, members) for head, members in groups if members]
    with look.users_style():
        sizes = [len(members) + 1 for _, members in groups] or [1]
        figure = look.new_figure(10, 0.7 + 0.225 * sum(sizes))
        axes = figure.subplots(len(sizes), 1, height_ratios=sizes, squeeze=False, sharex=True)
        names = [_cut(row["title"]) for row in rows]
        numbers = [row["text"] for row in rows]
        left, right = (look.width_of(figure, texts, fontsize=7.5) for texts in (names, numbers))
        look.leave_room(figure, left + 2, right + 2, 2, 3.5, 2)
        for ax, (head, members) in zip(axes[:, 0], groups, strict=False):
            plot_rows(ax, members)
            ax.set_title(head)
        axes[-1, 0].set_xlabel("predicted / published (logarithmic)")
        look.add_words(figure, "Predictions over published values", caption(scores))
        look.save_figure(figure, [path], dpi=110)
    return rows


def plot_rows(ax: Axes, rows: Sequence[Document]) -> Axes:
    """Draw one row per case: the published range in grey, the prediction over it."""
    from matplotlib.ticker import FixedLocator, NullLocator

    from sim.report.figures import look

    ax.set_xscale("log")
    ax.set_xlim(SMALLEST, LARGEST)
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.axvline(1, color=look.rc("axes.edgecolor"), linewidth=0.8, zorder=1)
    small: dict[str, Any] = {"textcoords": "offset points", "va": "center", "fontsize": 7.5}
    for height, row in enumerate(rows):
        colour = COLOURS[row["verdict"]]
        ends = [_clipped(row["allowed_low"], SMALLEST), _clipped(row["allowed_high"], LARGEST)]
        ax.plot(ends, [height] * 2, color="#c9c9c9", linewidth=6, solid_capstyle="butt", zorder=2)
        if row["low"] is not None and row["high"] is not None:
            ends = [_clipped(row["low"], SMALLEST), _clipped(row["high"], LARGEST)]
            ax.plot(ends, [height] * 2, color=colour, linewidth=1.8, zorder=3)
        median = row["median"]
        if SMALLEST <= median <= LARGEST:
            marker = MARKERS[row["verdict"]]
            ax.plot(median, height, marker, color=colour, markersize=5, zorder=4)
        else:
            edge, marker = (SMALLEST, "<") if median < SMALLEST else (LARGEST, ">")
            ax.plot(edge, height, marker, color=colour, markersize=6, clip_on=False, zorder=4)
            side = (6, "left") if median < SMALLEST else (-6, "right")
            text = f"{float(f'{median:.1g}'):,.10g}"
            ax.annotate(
                text, (edge, height), xytext=(side[0], 0), ha=side[1], color=colour, **small
            )
        frame = ("axes fraction", "data")
        ax.annotate(
            row["text"], (1, height), xycoords=frame, xytext=(6, 0), annotation_clip=False, **small
        )
    ax.yaxis.set_major_locator(FixedLocator(range(len(rows))))
    ax.set_yticklabels([_cut(row["title"]) for row in rows], fontsize=7.2)
    ax.tick_params(axis="y", length=0, pad=9)
    ax.grid(visible=False, axis="y")
    ax.grid(visible=True, axis="x")
    ax.xaxis.set_major_locator(FixedLocator([0.01, 0.1, 0.5, 1, 2, 10, 100]))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter("{x:g}×")
    return ax


def _clipped(value: float | None, end: float) -> float:
    return end if value is None else min(max(value, SMALLEST), LARGEST)


def _cut(title: str) -> str:
    return title if len(title) <= MAX_LETTERS else f"{title[: MAX_LETTERS - 1]}…"


def caption(scores: Document) -> str:
    """Describe the marks of the figure, and its sources."""
    return (
        "Points and bars: median and 90 % interval of the prediction over the published value; "
        "circles: inside what the publication allows (grey; to the edge where it is a bound), "
        "diamonds: outside; arrows: beyond the axis. Right: predicted median / published. "
        f"Intervals span chance and all assumptions, in {scores['n_members']} simulations, or "
        f"draws of a method's constants. overblock {scores['version']}. "
        "Sources: docs/explanation/validation.json."
    )


if __name__ == "__main__":
    main()
