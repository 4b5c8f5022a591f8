"""Scores as tables, CSV and a page: how often predictions and publications agree, and the misses.

All text of cases is escaped on the page, since anybody may have written the case file.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from textwrap import wrap
from typing import Any

from markupsafe import Markup

from sim.report.documents.markdown import render_markdown
from sim.report.figures.scores import ROLES
from sim.report.words.numbers import exact, interval, rounded, score, width
from sim.report.words.tables import Column, Table, Value
from sim.results.csvtext import csv_text
from sim.scenario.cases import CHECKS

Document = Mapping[str, Any]

COMMAND = (
    "overblock backtest --force --format markdown --save docs/explanation/validation.json "
    "--plot docs/figures/backtest.png > docs/explanation/validation.md"
)
RELATIONS = {"equal": "", "at_least": "at least ", "at_most": "at most ", "between": ""}
AIM_INSIDE = 0.8
"""Share of figures inside intervals that are meant to hold nine of ten."""
AIM_WIDTH = 10.0
"""Upper over lower end of an interval, in the median."""
NO_REASON = "No reason is given."
"""Printed where a file gives none; a test names shipped ones."""
NAME_WIDTH = 34
"""Letters of the name of a case, and of its published figure."""
_FIRST = Column("predictor", "predicted by", "text")
CSV_COLUMNS = (
    *("id", "title", "subject", "role", "verdict", "log10_error", "predicted_median"),
    *("predicted_low", "predicted_high", "level", "band", "crps", "crps_guess", "log10_width"),
    *("probability", "brier", "brier_guess", "published", "published_low", "published_high"),
    *("rounding", "relation", "guess_low", "guess_high", "floor", "counts_as", "unit", "nature"),
    *("date", "source", "why_not"),
)


def page(scores: Document, *, figure: str = "") -> str:
    """Write the page of scores in Markdown; all text of cases is escaped.

    Parameters
    ----------
    scores
        As from ``sim.backtest.document``.
    figure
        Path of the figure relative to the page; none is shown when empty.
    """
    used = (score_tables, short_of, missed, predicted_text, published_text, first_sentence, why_of)
    return render_markdown(
        "scores.md.j2",
        **{one.__name__: one for one in used},
        scores=scores,
        figure=figure,
        COMMAND=COMMAND,
        AIM_INSIDE=AIM_INSIDE,
        AIM_WIDTH=AIM_WIDTH,
        NO_REASON=NO_REASON,
    )


def score_tables(scores: Document) -> list[Table]:
    """Return what the scores come to: by role, of figures, of bounds."""
    made = [_roles(scores), _figures(scores)]
    if bounds := list(tallies_of(scores, "n_bounds")):
        columns = [
            _FIRST,
            Column("n", "bounds"),
            Column("probability", "mean probability"),
            Column("brier", "Brier score"),
            Column("guess", "of a guess"),
        ]
        rows = [
            [
                name,
                one["n_bounds"],
                f"{one['probability']:.2f}",
                score(one["brier"]),
                score(one["brier_guess"]),
            ]
            for name, one in bounds
        ]
        note = "A bound is scored by the predicted probability that it holds: Brier score."
        made.append(Table("bounds", "Bounds", columns, rows, (note,)))
    return made


def _roles(scores: Document) -> Table:
    by_role = {one["role"]: one for one in scores["tallies"] if not one["subject"]}
    rows: list[list[Value]] = []
    for role, meaning in ROLES.items():
        if (one := by_role.get(role)) is None:
            rows.append([role, meaning, 0, "", "", ""])
            continue
        n_figures = one["n_computable"] - one["n_computable_bounds"]
        n_inside = one["n_inside"] - one["n_inside_bounds"]
        cells = one["n_cases"], one["n_computable"], one["n_inside"]
        rows.append([role, meaning, *cells, f"{n_inside} of {n_figures}"])
    columns = [
        Column("role", "role", "text"),
        Column("meaning", "meaning", "text"),
        Column("n_cases", "cases"),
        Column("n_computable", "computable"),
        Column("n_inside", "inside"),
        Column("n_figures", "of these, more than bounds"),
    ]
    note = (
        "Predicted by kept simulations where a scenario has them. Inside: the predicted 90 % "
        "interval and the publication have a number in common. Cases of one scenario share its "
        "assumptions, so they are not independent trials."
    )
    return Table("roles", "Cases by role", columns, rows, (note,))


def tallies_of(scores: Document, counted: str) -> Iterator[tuple[str, Document]]:
    """Tallies that count something, with a name: ``known: scenario telegram-2018, kept``."""
    has_kept = {one["subject"] for one in scores["scores"] if one["band"] == "conditioned"}
    has_kept |= {""} if has_kept else set()
    kept = {(one["role"], one["subject"]): one for one in scores["tallies"]}
    for role in ROLES:
        for prior in (one for one in scores["tallies_prior"] if one["role"] == role):
            subject = prior["subject"]
            name = f"{role}: {subject or 'all'}"
            if prior[counted]:
                yield name, prior
            if subject in has_kept and kept[role, subject][counted]:
                yield f"{name}, kept", kept[role, subject]


def _figures(scores: Document) -> Table:
    rows = [
        [
            name,
            one["n_figures"],
            f"{one['coverage']:.0%}",
            width(one["log10_width"]),
            score(one["crps"]),
            score(one["crps_guess"]),
        ]
        for name, one in tallies_of(scores, "n_figures")
    ]
    columns = [
        _FIRST,
        Column("n_figures", "numbers"),
        Column("coverage", "inside"),
        Column("width", "width"),
        Column("crps", "CRPS"),
        Column("guess", "of a guess"),
    ]
    notes = (
        "Over all declared ranges; kept: over the kept simulations.",
        "CRPS: continuous ranked probability score of log10, less is better; 0.3 is a sure "
        "prediction that is wrong by a factor of 2. A guess is spread evenly on a logarithmic "
        "scale over the range that each case states, for shipped cases three decades around the "
        "figure. Cases that show one number count once. Width: upper over lower end of the "
        "interval, in the median.",
    )
    return Table("figures", "Figures", columns, rows, notes)


def case_tables(scores: Document) -> Iterator[Table]:
    """Yield the cases of each role: what was predicted, and below its name what was published."""
    columns = [
        Column("case", "case, and what was published", "text"),
        Column("predicted", "median"),
        Column("interval", "predicted, 90 %"),
        Column("verdict", "verdict", "text"),
        Column("score", "score"),
    ]
    for role in ROLES:
        mine = [each for each in scores["scores"] if each["role"] == role]
        whys = [f"{each['id']}: {each['why_not']}" for each in mine if each["why_not"]]
        if mine:
            rows = [row for each in mine for row in _case_rows(each)]
            yield Table(role, role, columns, rows, whys)


def _case_rows(each: Document) -> Iterator[list[str]]:
    predicted, published, quality = each["predicted"], each["published"], each["quality"]
    kept = score(quality["probability"])
    yield [
        each["id"],
        rounded(predicted["median"]).replace(" million", "M") if predicted else "",
        span(predicted).replace(" million", "M") if predicted else each["verdict"],
        each["verdict"] if predicted else "",
        score(quality["crps"]) or (f"p {float(kept):.2f}" if kept else ""),
    ]
    text = f"{RELATIONS[published['relation']]}{exact(published['value'])} {published['unit']}"
    for line in wrap(text, NAME_WIDTH - 2):
        yield [f"  {line}", "", "", "", ""]


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


def predicted_text(each: Document) -> Markup:
    """Write a prediction with its interval."""
    return Markup(f"{rounded(each['predicted']['median'])} {span(each['predicted'])}")


def why_of(each: Document) -> str:
    """Return the reason why a case is missed, or not computable."""
    return str(each["why_not"] or each["why_missed"])


def span(predicted: Document) -> str:
    """Write the interval of a prediction; a calculation without chance has none."""
    if predicted["low"] == predicted["high"] == predicted["median"]:
        return "a point"
    return interval(predicted["low"], predicted["high"])


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


def scores_csv(scores: Document) -> str:
    """Return one line per case; unknown values are empty."""
    rows = []
    for each in scores["scores"]:
        predicted, published = each["predicted"] or {}, each["published"]
        low, high = each["guess"] or (None, None)
        cells = {
            **each,
            **published,
            **each["quality"],
            "guess_low": low,
            "guess_high": high,
            "why_not": each["why_not"] or each["quality"]["why_not"],
            **{f"predicted_{name}": predicted.get(name) for name in ("median", "low", "high")},
            "level": predicted.get("level"),
            "published": published["value"],
            "published_low": published["allowed_low"],
            "published_high": published["allowed_high"],
        }
        rows.append([cells[name] for name in CSV_COLUMNS])
    return csv_text(CSV_COLUMNS, rows)
