"""The scores that ``backtest`` prints: tables for people, or one CSV line for each case."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import wrap
from typing import Any

from sim.cli.tables.sections import Column, Section, print_tables
from sim.cli.terminal.console import say_out
from sim.report.documents.validation import (
    BANDS,
    RELATIONS,
    ROLES,
    by_band,
    mean,
    span,
)
from sim.report.words.numbers import exact, rounded, score, width
from sim.results.tables import csv_text
from sim.scenario.cases import CHECKS

NAME_WIDTH = 34
"""Columns that the name of a case and what was published have."""
COLUMNS = (
    "id",
    "title",
    "subject",
    "role",
    "verdict",
    "log10_error",
    "predicted_median",
    "predicted_low",
    "predicted_high",
    "level",
    "band",
    "crps",
    "crps_guess",
    "log10_width",
    "probability",
    "brier",
    "brier_guess",
    "published",
    "published_low",
    "published_high",
    "rounding",
    "relation",
    "guess_low",
    "guess_high",
    "floor",
    "counts_as",
    "unit",
    "nature",
    "date",
    "source",
    "why_not",
)


def scores_csv(found: Mapping[str, Any]) -> str:
    """One line per case; what is not known is empty."""
    rows = []
    for each in found["scores"]:
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
        rows.append([cells[name] for name in COLUMNS])
    return csv_text(COLUMNS, rows)


def _brief(text: str) -> str:
    return text.replace(" million", "M")


def print_scores(found: Mapping[str, Any]) -> None:
    """Print scores as a table by role, and their means."""
    columns = [
        Column("case", "case, and what was published", "text"),
        Column("predicted", "median"),
        Column("interval", "predicted, 90 %"),
        Column("verdict", "verdict", "text"),
        Column("score", "score"),
    ]
    sections = []
    for role in ROLES:
        mine = [each for each in found["scores"] if each["role"] == role]
        notes = [f"{each['id']}: {each['why_not']}" for each in mine if each["why_not"]]
        if mine:
            rows = [row for each in mine for row in _rows(each)]
            sections.append(Section(role, role, columns, rows, notes))
    print_tables(sections)
    print()
    say_out("Score: CRPS of log10, of which less is better; after p the probability of a bound.")
    n = found["n_members"]
    say_out(f"Intervals over {n} simulations, except of calculations:")
    for tally in (each for each in found["tallies"] if not each["subject"]):
        _print_tally(tally)
    print_tables([_both_ensembles(found)])


def _rows(each: Mapping[str, Any]) -> list[list[str]]:
    """Rows of a case: what was predicted, and below its name what was published."""
    predicted, published, quality = each["predicted"], each["published"], each["quality"]
    kept = score(quality["probability"])
    says = f"{RELATIONS[published['relation']]}{exact(published['value'])} {published['unit']}"
    return [
        [
            each["id"],
            _brief(rounded(predicted["median"])) if predicted else "",
            _brief(span(predicted)) if predicted else each["verdict"],
            each["verdict"] if predicted else "",
            score(quality["crps"]) or (f"p {float(kept):.2f}" if kept else ""),
        ],
        *([f"  {line}", "", "", "", ""] for line in wrap(says, NAME_WIDTH - 2)),
    ]


def _both_ensembles(found: Mapping[str, Any]) -> Section:
    """Scores of numbers that set nothing, over all declared ranges and over kept simulations."""
    names = ("inside", "width", "CRPS")
    columns = [
        Column("subject", "predicted by, over", "text"),
        *(Column(name, name) for name in names),
    ]
    rows: list[list[str]] = []
    subject = None
    for role, of, over, tally in by_band(found, "n_figures"):
        if role in CHECKS:
            rows += [] if of == subject else [[of or "all", *[""] * len(names)]]
            share, wide = f"{tally['coverage']:.0%}", width(tally["log10_width"])
            rows.append([f"  {BANDS[over]}", share, wide, mean(tally, "crps")])
            subject = of
    return Section("ensembles", "Numbers that set nothing, by ensemble", columns, rows)


def _print_tally(tally: Mapping[str, Any]) -> None:
    error = tally["median_abs_log10_error"]
    text = "" if error is None else f"; median absolute log error {error:.2f}"
    say_out(
        f"{tally['role']}: {tally['n_inside']} of {tally['n_computable']} computable cases "
        f"inside ({tally['n_cases']} in all; {tally['n_computable_bounds']} computable "
        f"ones are mere bounds, {tally['n_inside_bounds']} of these inside){text}"
    )
    if tally["n_figures"]:
        say_out(
            f"  {tally['n_figures']} numbers, each once: CRPS of log10 {mean(tally, 'crps')}, "
            f"of an even guess {mean(tally, 'crps_guess') or 'not known'}; "
            f"{tally['coverage']:.0%} inside, median width {width(tally['log10_width'])}"
        )
    if tally["n_bounds"]:
        say_out(
            f"  {tally['n_bounds']} bounds: kept with probability {tally['probability']:.2f}, "
            f"Brier score {mean(tally, 'brier')}, of an even guess "
            f"{mean(tally, 'brier_guess') or 'not known'}"
        )
