"""Lists scenarios, measures and published outcomes.

In: nothing, or names of cases. Out: columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sim.api.columns import Columns
from sim.api.progress import OnProgress, shown_progress
from sim.api.wording import in_python_words
from sim.catalogue.choices import label
from sim.catalogue.measures import MEASURES


def scenarios() -> Columns:
    """Shipped scenarios: ``name`` and ``title``."""
    from sim.scenario.library import scenario_names
    from sim.scenario.load import load_scenario

    return Columns.of_rows(
        [{"name": name, "title": load_scenario(name).scenario.title} for name in scenario_names()],
        ("name", "title"),
    )


def measures() -> Columns:
    """All that is measured: ``name``, ``label``, ``unit`` and ``meaning``."""
    return Columns.of_rows(
        [
            {"name": name, "label": label(name), "unit": one.unit, "meaning": one.what}
            for name, one in MEASURES.items()
        ],
        ("name", "label", "unit", "meaning"),
    )


def backtest_scores(
    cases: Sequence[str] = (),
    *,
    files: Sequence[str | Path] = (),
    n_simulations: int | None = None,
    n_workers: int | None = 1,
    on_progress: OnProgress | None = None,
) -> Columns:
    """Hold published outcomes against simulated intervals, case by case; nothing is tuned.

    Parameters
    ----------
    cases
        Ids of cases; all when empty.
    files
        Case files in place of the shipped ones.
    n_simulations
        Of each scenario; as many as ``overblock backtest`` takes when None.
    n_workers, on_progress
        As for `run`.

    Returns
    -------
    columns
        ``id, title, role, verdict, unit``, ``predicted``, ``predicted_low``, ``predicted_high``,
        ``published``, ``relation``, ``log10_error``, ``why_not``; NaN or empty where there is none.

    Raises
    ------
    DataError
        With the mistakes in the cases.
    UsageError
        If there is no such case.
    """
    from sim.backtest.document import document
    from sim.backtest.scores import N_MEMBERS, backtest
    from sim.experiment.executors import choose_executor
    from sim.scenario.cases import choose, read_files, shipped_cases

    with in_python_words(), shown_progress(on_progress) as update:
        found = read_files([Path(one) for one in files]) if files else shipped_cases()
        placed = choose(found, list(cases))
        scored = backtest(
            placed,
            N_MEMBERS if n_simulations is None else n_simulations,
            update,
            choose_executor(n_workers),
        )
    rows = []
    for score in document(scored)["scores"]:
        predicted = score["predicted"] or {}
        rows.append(
            {
                **{name: score[name] for name in ("id", "title", "role", "verdict")},
                "unit": score["published"]["unit"],
                "predicted": predicted.get("median"),
                "predicted_low": predicted.get("low"),
                "predicted_high": predicted.get("high"),
                "published": score["published"]["value"],
                "relation": score["published"]["relation"],
                "log10_error": score["log10_error"],
                "why_not": score["why_not"],
            }
        )
    return Columns.of_rows(rows)
