"""Scores of a scenario without each of its mechanisms: ``python -m benchmarks.ablation``.

In: the shipped backtest cases that are read off the scenario, telegram-2018 unless another is
named. Out: a table of ``docs/explanation/mechanisms.md``, printed, or written there with
``--write``.
"""

from __future__ import annotations

import argparse
import csv
import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import page
from sim.backtest.document import tally
from sim.backtest.scores import N_MEMBERS, Score, backtest
from sim.experiment.executors import choose_executor
from sim.scenario.cases import PlacedCase, Predictor, RunPredictor, shipped_cases

REPOSITORY = Path(__file__).resolve().parent.parent
PAGE = REPOSITORY / "docs" / "explanation" / "mechanisms.md"
TELEGRAM, SPAIN = "telegram-2018", "spain-2025-26"
OPERATORS = "operators-russia-2018"
LADDER = "a ladder of rules"
COHORTS = ("n_operators", "cohorts", "over_dispersion")
"""Columns by which groups of operators are split; without them each is one operator."""
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
"""What switches each mechanism of telegram-2018 off, but those that are tables."""
OF_SESSIONS = {
    "growth within a session (`share_at_start` 1)": ["strategy.share_at_start=1"],
    "sessions that list a part (`share_in_session` 1)": [
        "strategy={share_in_session: 1, share_in_session_sd_logit: off, "
        "share_in_session_memory_d: off, front_sd_logit: off}"
    ],
    "sessions that differ (`share_in_session_sd_logit` left out)": [
        "strategy={share_in_session_sd_logit: off, share_in_session_memory_d: off}"
    ],
    "fronts that differ (`front_sd_logit` left out)": ["strategy.front_sd_logit=off"],
    "fronts that leave and return (`front_leave_per_d` left out)": [
        "strategy={front_leave_per_d: off, front_return_per_d: off}"
    ],
    "programs that leave the proxy": ["switching=off"],
}
"""What switches each mechanism of spain-2025-26 off."""
INPUTS = [
    "providers.prefixes=cloud-prefixes-2018",
    "population.hosting=hosting-choice-2018",
    "population.services=third-party-services-2018",
]
"""Tables of before: prefixes by which the case was read, and shares that nobody had measured."""


@dataclass(frozen=True)
class Ablation:
    """What is done without, and by which cases of a scenario that is scored.

    Attributes
    ----------
    part
        Part of the page.
    own
        Overrides that cases have: only those with just these are scored, so that all variants of
        a run are one run.
    variants
        Overrides of each variant beside these.
    """

    part: str
    own: Sequence[str]
    variants: Mapping[str, Sequence[str]]


def main() -> None:
    """Score with everything, without each mechanism, and without all of them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ablation", description=__doc__)
    parser.add_argument("scenario", nargs="?", choices=(TELEGRAM, SPAIN), default=TELEGRAM)
    parser.add_argument("-n", type=int, default=N_MEMBERS, help="simulations of each variant")
    parser.add_argument("-w", type=int, help="processes; one a processor when left out")
    parser.add_argument("--write", action="store_true", help=f"write into {PAGE.name}")
    parser.add_argument(
        "--only", action="append", help="a variant; others stay as the page has them; repeatable"
    )
    given = parser.parse_args()
    with TemporaryDirectory() as folder:
        asked = ablation(given.scenario, Path(folder))
        kept = _rows_of(asked.part) if given.only else {}
        rows = []
        for name, overrides in asked.variants.items():
            if given.only and name not in given.only:
                rows.append(kept[name])
                continue
            print(f"{name} …", file=sys.stderr, flush=True)
            found = score(given.scenario, asked.own, overrides, given.n, given.w)
            rows.append([name, *_row(found)])
    head = (
        "variant",
        "CRPS, calibration",
        "CRPS, known",
        "of the guess",
        "inside, known",
        "median width",
        "Brier, bounds",
    )
    of = "" if given.scenario == TELEGRAM else f"{given.scenario} "
    command = f"python -m benchmarks.ablation {of}-n {given.n} --write"
    said = (
        f"Written by `{command}`: {given.n} simulations of each variant over all declared "
        "ranges. CRPS is of log10 and lower where the model is better; the guess is spread evenly "
        "over the range that each case states. Figures that show one number count once.\n\n"
        + page.table(head, rows)
    )
    if given.write:
        write_part(asked.part, said)
    else:
        print(said)


def ablation(scenario: str, folder: Path) -> Ablation:
    """What is done without in a scenario; tables that are changed for it go to a folder."""
    variants: dict[str, Sequence[str]] = {"everything": []}
    if scenario == SPAIN:
        variants |= {f"without {name}": overrides for name, overrides in OF_SESSIONS.items()}
        return Ablation("ablation-spain", ("population.n_businesses=50",), variants)
    cohorts = {"operators in cohorts": [f"operators.groups={_unsplit(OPERATORS, folder)}"]}
    variants |= {f"without {name}": overrides for name, overrides in (MECHANISMS | cohorts).items()}
    variants["with the tables of before"] = INPUTS
    everything = [each for off in (MECHANISMS | cohorts).values() for each in off]
    variants["without all of them"] = everything
    variants["without all of them, with the tables of before"] = [*everything, *INPUTS]
    return Ablation("ablation", (), variants)


def _unsplit(name: str, folder: Path) -> Path:
    """Write a shipped table of operators in which each group is one of them."""
    path = folder / f"{name}.csv"
    with (REPOSITORY / "seeds" / path.name).open(encoding="utf-8", newline="") as shipped:
        table = csv.DictReader(shipped)
        kept = [column for column in table.fieldnames or () if column not in COHORTS]
        rows = list(table)
    with path.open("w", encoding="utf-8", newline="") as file:
        changed = csv.DictWriter(file, kept, extrasaction="ignore", lineterminator="\n")
        changed.writeheader()
        changed.writerows(rows)
    return path


def _rows_of(part: str) -> dict[str, list[str]]:
    """Rows of a table of the page, by their variant."""
    text = PAGE.read_text(encoding="utf-8").split(f"<!-- part: {part} -->\n")[1]
    lines = text.split("<!-- end of part -->")[0].splitlines()
    rows = [line.strip("| ").split(" | ") for line in lines if line.startswith("| ")]
    return {row[0]: row for row in rows}


def write_part(part: str, said: str) -> None:
    """Put what was found in its place on the page."""
    text = PAGE.read_text(encoding="utf-8")
    before, after = text.split(f"<!-- part: {part} -->\n")
    rest = after[after.index("<!-- end of part -->") :]
    PAGE.write_text(f"{before}<!-- part: {part} -->\n{said}\n{rest}", encoding="utf-8")


def score(
    scenario: str,
    own: Sequence[str],
    overrides: Sequence[str],
    n_members: int,
    n_workers: int | None = None,
) -> Sequence[Score]:
    """Scores of the scenario's cases with some overrides beside their own."""
    placed = [
        with_predictor(
            each, each.case.predictor.model_copy(update={"overrides": (*own, *overrides)})
        )
        for file in shipped_cases()
        for each in file.cases
        if isinstance(each.case.predictor, RunPredictor)
        and each.case.predictor.scenario == scenario
        and tuple(each.case.predictor.overrides) == tuple(own)
    ]
    found = backtest(placed, n_members, executor=choose_executor(n_workers))
    # Kept simulations are those of the scenario with everything: variants have none.
    return found.prior


def with_predictor(placed: PlacedCase, predictor: Predictor) -> PlacedCase:
    """Ask the same case of another predictor."""
    case = placed.case.model_copy(update={"predictor": predictor})
    return PlacedCase(case, placed.file, placed.number)


def _row(scores: Sequence[Score]) -> list[str]:
    calibration, known = (tally(role, "", scores) for role in ("calibration", "known"))
    return [
        f"{calibration['crps']:.3f}",
        f"{known['crps']:.3f}",
        f"{known['crps_guess']:.3f}",
        f"{known['coverage']:.0%} of {known['n_figures']}",
        f"×{10 ** known['log10_width']:.3g}",
        "" if math.isnan(known["brier"]) else f"{known['brier']:.3f}",
    ]


if __name__ == "__main__":
    main()
