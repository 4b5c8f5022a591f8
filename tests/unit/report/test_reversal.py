"""Which assumption turns the order of two strategies: draws written by hand."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from sim.report.page.bands import with_bands
from sim.report.page.document import render
from sim.report.page.head.how_sure import by_harm_of
from sim.report.page.head.reversal import what_reverses
from sim.report.words.languages import IN_ENGLISH, language
from sim.report.words.numbers import capitalised
from sim.report.words.plain import strategies_of, strategy_names
from sim.results.read import RunFolder, open_run
from sim.results.tables import read_rows

N = 40
KEY = "population.n_businesses"
HARM, LOST = "business_hours_impaired", "target_user_hours_denied"


@dataclass(frozen=True)
class Written:
    """A comparison with draws written by hand, and what its first and last strategy are called."""

    run: RunFolder
    least: str
    most: str


@pytest.fixture(scope="module")
def folder(drawn_comparison: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    into = tmp_path_factory.mktemp("reversal") / "out"
    shutil.copytree(drawn_comparison, into)
    return into


def written(folder: Path, harm: str, lost: str) -> Written:
    """Forty draws: with the first strategy every measure is 1, with the last what SQL says.

    The number of businesses is ten times the number of the draw.
    """
    run = open_run(folder)
    rows = with_bands(run, read_rows(run, "comparison.csv"))
    known = {str(row["strategy"]): row for row in rows if row["metric"] == HARM}
    ordered = by_harm_of({name: row for name, row in known.items() if name != "none"})
    draws = f"FROM range({N}) AS it(draw)"
    amounts = {KEY: "draw * 10.0", "effects.name_evasion": "(draw * 7 % 40) / 40.0"}
    values = [
        f"SELECT draw, 1.0 / {N} AS weight, '{key}' AS unknown, 0 AS part, {sql} AS amount {draws}"
        for key, sql in amounts.items()
    ]
    measures = [
        f"SELECT draw, '{name}' AS strategy, 0 AS replicate, '{metric}' AS metric, "
        f"({sql})::DOUBLE AS value, 1.0 AS denominator {draws}"
        for name, metric, sql in (
            (ordered[0], HARM, "1"), (ordered[0], LOST, "1"),
            (ordered[-1], HARM, harm), (ordered[-1], LOST, lost),
        )
    ]  # fmt: skip
    for name, parts in (("draw_values", values), ("draw_measures", measures)):
        query = " UNION ALL ".join(parts)
        duckdb.execute(f"COPY ({query}) TO '{folder / name}.parquet' (FORMAT parquet)")
    names = strategy_names(strategies_of(run), IN_ENGLISH)
    least, most = (names[ordered[place]] for place in (0, -1))
    return Written(run, least, most)


def test_the_side_on_which_the_order_turns_is_told_with_its_amount(folder: Path) -> None:
    # Below 120 businesses the last harms less; above 300 the first costs the target more.
    one = written(
        folder, "CASE WHEN draw < 12 THEN 0 ELSE 2 END", "CASE WHEN draw > 30 THEN 0 ELSE 2 END"
    )
    found = " ".join(what_reverses(one.run, IN_ENGLISH))
    assert found == (
        f"{capitalised(one.least)} harmed less than {one.most} in 28 of 40 draws. It is the other "
        "way in most where number of domestic businesses hosted in foreign clouds is below 115: "
        "12 of 12. "
        f"{capitalised(one.least)} cost the target less than {one.most} in 31 of 40 draws. It is "
        "the other way in most where number of domestic businesses hosted in foreign clouds is "
        "above 305: 9 of 9."
    )
    assert " 12 de 12." in " ".join(what_reverses(one.run, language("es")))
    assert found.partition(" It is")[0] in render(one.run).replace("&#39;", "'")


def test_an_order_that_no_draw_turns_and_one_that_none_explains(folder: Path) -> None:
    one = written(folder, "2", "CASE WHEN draw % 4 = 0 THEN 0 ELSE 2 END")
    assert what_reverses(one.run, IN_ENGLISH) == [
        f"{capitalised(one.least)} harmed less than {one.most} in 40 of 40 draws.",
        "In none is it the other way: no assumption is seen to turn it within its range.",
        f"{capitalised(one.least)} cost the target less than {one.most} in 30 of 40 draws.",
        "No single assumption tells where it is the other way; more draws may.",
    ]


def test_of_what_the_target_lost_the_order_of_most_draws_is_told(folder: Path) -> None:
    one = written(folder, "2", "CASE WHEN draw = 1 THEN 2 ELSE 0 END")
    assert what_reverses(one.run, IN_ENGLISH)[2] == (
        f"{capitalised(one.most)} cost the target less than {one.least} in 39 of 40 draws."
    )


def test_without_draws_that_are_kept_nothing_is_told(
    comparison_folder: Path, drawn_comparison: Path
) -> None:
    assert what_reverses(open_run(comparison_folder), IN_ENGLISH) == []
    assert what_reverses(open_run(drawn_comparison), IN_ENGLISH) == []
