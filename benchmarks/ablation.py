"""Scores of telegram-2018 without each of its mechanisms: ``python -m benchmarks.ablation``.

In: the shipped backtest cases that are read off the scenario. Out: the table of
``docs/explanation/mechanisms.md``, printed, or written there with ``--write``.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks import page
from sim.backtest.scores import N_REPLICATES, backtest
from sim.backtest.tallies import tally
from sim.backtest.verdicts import Score
from sim.experiment.executors import choose_executor
from sim.scenario.cases import PlacedCase, shipped_cases
from sim.scenario.predictors import Predictor, RunPredictor

SCENARIO = "telegram-2018"
PAGE = Path(__file__).resolve().parent.parent / "docs" / "explanation" / "mechanisms.md"
LADDER = "a ladder of rules"
MECHANISMS = {
    LADDER: ["strategy={id: covering-prefix, purity: 0.99, shortest: 8}"],
    "narrow orders under pressure": ["censor={under_pressure: silence, narrow_length: off}"],
    "reviews": ["censor={review_every_d: off, review_silent_d: off, review_addresses: off}"],
    "rentals that end": ["fronts.cancel_h=off"],
    "clients who know some fronts": ["fronts.n_known=off"],
    # Half a second is rounded to none; the curve of those who hop is then that of the cut off.
    "hops": ["users.hop_min=0.001"],
    "people's complaints": ["complaints.per_million_people_per_d=off"],
}
"""What switches each mechanism off."""
INPUTS = [
    "providers.prefixes=cloud-prefixes-2018",
    "population.hosting=hosting-choice-2018",
    "population.services=third-party-services-2018",
]
"""Tables of before: prefixes by which the case was read, and shares that nobody had measured."""


def main() -> None:
    """Score with everything, without each mechanism, and without all of them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ablation", description=__doc__)
    parser.add_argument("-n", type=int, default=N_REPLICATES, help="replicates of each variant")
    parser.add_argument("--write", action="store_true", help=f"write into {PAGE.name}")
    given = parser.parse_args()
    variants: dict[str, list[str]] = {"everything": []}
    variants |= {f"without {name}": overrides for name, overrides in MECHANISMS.items()}
    variants["with the tables of before"] = INPUTS
    everything = [each for off in MECHANISMS.values() for each in off]
    variants["without all of them"] = everything
    variants["without all of them, with the tables of before"] = [*everything, *INPUTS]
    rows = []
    for name, overrides in variants.items():
        print(f"{name} …", file=sys.stderr, flush=True)
        rows.append([name, *_row(score(overrides, given.n))])
    head = (
        "variant",
        "CRPS, calibration",
        "CRPS, held out",
        "of the guess",
        "inside, held out",
        "median width",
        "Brier, bounds",
    )
    command = f"python -m benchmarks.ablation -n {given.n} --write"
    said = (
        f"Written by `{command}`: {given.n} replicates of each variant, luck alone. CRPS is of "
        "log10 and lower where the model is better; the guess is spread evenly over the range that "
        "each case states. Figures that show one number count once.\n\n" + page.table(head, rows)
    )
    if given.write:
        write_part("ablation", said)
    else:
        print(said)


def write_part(part: str, said: str) -> None:
    """Put what was found in its place on the page."""
    text = PAGE.read_text(encoding="utf-8")
    before, after = text.split(f"<!-- part: {part} -->\n")
    rest = after[after.index("<!-- end of part -->") :]
    PAGE.write_text(f"{before}<!-- part: {part} -->\n{said}\n{rest}", encoding="utf-8")


def score(overrides: Sequence[str], n_replicates: int) -> Sequence[Score]:
    """Scores of the scenario's cases with some overrides."""
    placed = [
        with_predictor(each, each.case.predictor.model_copy(update={"overrides": tuple(overrides)}))
        for file in shipped_cases()
        for each in file.cases
        if isinstance(each.case.predictor, RunPredictor)
        and each.case.predictor.scenario == SCENARIO
        and not each.case.predictor.overrides
    ]
    return backtest(placed, n_replicates, executor=choose_executor(None)).scores


def with_predictor(placed: PlacedCase, predictor: Predictor) -> PlacedCase:
    """Ask the same case of another predictor."""
    case = placed.case.model_copy(update={"predictor": predictor})
    return PlacedCase(case, placed.file, placed.number)


def _row(scores: Sequence[Score]) -> list[str]:
    calibration, held_out = (tally(role, "", scores) for role in ("calibration", "held-out"))
    return [
        f"{calibration.crps:.3f}",
        f"{held_out.crps:.3f}",
        f"{held_out.crps_guess:.3f}",
        f"{held_out.coverage:.0%} of {held_out.n_figures}",
        f"×{10**held_out.log10_width:.3g}",
        f"{held_out.brier:.3f}",
    ]


if __name__ == "__main__":
    main()
