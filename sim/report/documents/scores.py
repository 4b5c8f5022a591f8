"""Scores as tables and CSV: how often predictions and publications agree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from textwrap import wrap
from typing import Any

from sim.report.words.numbers import exact, interval, rounded, score, width
from sim.report.words.tables import Column, Table, Value
from sim.results.csvtext import csv_text

Document = Mapping[str, Any]

ROLES = {
    "held-out": "seen by nobody who made the model",
    "known": "set no parameter; known to those who made the model",
    "evidence": "simulations are kept by it; checks nothing",
    "calibration": "set a parameter or a table; checks nothing",
}
"""Roles of published figures, with their meanings."""
RELATIONS = {"equal": "", "at_least": "at least ", "at_most": "at most ", "between": ""}
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


def span(predicted: Document) -> str:
    """Write the interval of a prediction; a calculation without chance has none."""
    if predicted["low"] == predicted["high"] == predicted["median"]:
        return "a point"
    return interval(predicted["low"], predicted["high"])


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
