"""Scores of the law of names without each of its parts: ``python -m benchmarks.ablation_names``.

In: the shipped backtest cases of names that no row of the law was fitted to. Out: a table of
``docs/explanation/mechanisms.md``, printed, or written there with ``--write``.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

from benchmarks import page
from benchmarks.ablation import with_predictor, write_part
from sim.backtest.predictions import NotComputable
from sim.backtest.scores import Score, backtest
from sim.report.words.numbers import number
from sim.scenario.cases import BOUNDS, NamesPredictor, PlacedCase, shipped_cases

PART = "ablation-names"
Changed = Callable[[NamesPredictor], NamesPredictor]


def _without_universe(given: NamesPredictor) -> NamesPredictor:
    return given.model_copy(update={"universe": None, "universe_of": "any"})


def _of_any_names(given: NamesPredictor) -> NamesPredictor:
    return given.model_copy(update={"universe_of": "any"})


def _of_kind(name: str) -> Changed:
    """Draw the same number of addresses of another kind."""
    return lambda given: given.model_copy(update={"address_kind": name})


VARIANTS: dict[str, dict[str, Changed]] = {
    "universe": {
        "without a universe: neighbours among all names": _without_universe,
        "a universe of any names, not the popular ones": _of_any_names,
    },
    "drawn": {
        "of another kind of place: web hosting": _of_kind("web_hosting"),
        "of another kind of place: rented": _of_kind("rented"),
    },
}
"""What is done without, by what a case must have for it."""


def main() -> None:
    """Score each case as it is, and without what it has."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.ablation_names", description=__doc__
    )
    parser.add_argument("--write", action="store_true", help="write into the page of mechanisms")
    given = parser.parse_args()
    said = scores_without_each()
    if given.write:
        write_part(PART, said)
    else:
        print(said)


def scores_without_each() -> str:
    """Table of the cases as they are, and without what each has."""
    rows = []
    for placed in known():
        predictor = placed.case.predictor
        assert isinstance(predictor, NamesPredictor)
        changes: dict[str, Changed] = {"as it is": lambda same: same}
        if predictor.universe is not None:
            changes |= VARIANTS["universe"]
        if predictor.address_kind is not None:
            changes |= VARIANTS["drawn"]
        for name, change in changes.items():
            (scored,) = backtest([with_predictor(placed, change(predictor))]).scores
            rows.append([f"{placed.case.title}: {name}", *_row(scored)])
    head = ("case", "predicted", "90 %", "published", "CRPS", "Brier")
    return (
        "Written by `python -m benchmarks.ablation_names --write`. A figure is scored by CRPS of "
        "log10, a bound by Brier's score; lower is better.\n\n" + page.table(head, rows)
    )


def known() -> list[PlacedCase]:
    """Shipped cases of the law of names to which nothing was fitted."""
    return [
        each
        for file in shipped_cases()
        for each in file.cases
        if isinstance(each.case.predictor, NamesPredictor) and each.case.role == "known"
    ]


def _row(scored: Score) -> list[str]:
    prediction, published = scored.prediction, scored.placed.case.published
    assert not isinstance(prediction, NotComputable)
    relation = {"at_least": "at least ", "at_most": "at most "}.get(published.relation, "")
    is_bound = published.relation in BOUNDS
    return [
        number(prediction.median),
        f"{number(prediction.low)} to {number(prediction.high)}",
        f"{relation}{number(published.value)}",
        "" if is_bound else f"{scored.quality.crps:.3f}",
        f"{scored.quality.brier:.3f}" if is_bound else "",
    ]


if __name__ == "__main__":
    main()
