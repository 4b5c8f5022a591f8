"""Which assumption would turn the order of two strategies: on which side of which amount.

In: the draws of a comparison. Out: sentences on who harms less and who costs the target more, each
with the one assumption that tells where it is the other way, if one does.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sim.catalogue.choices import COLLATERAL
from sim.report.page.bands import lost_measure, with_bands
from sim.report.page.hangs_on import unknown_in_words
from sim.report.page.head.how_sure import FEWEST_DRAWS, by_harm_of
from sim.report.words.languages import Language
from sim.report.words.numbers import capitalised, number
from sim.report.words.plain import strategies_of, strategy_names
from sim.results.parquet import numbers, read_columns
from sim.results.read import RunFolder
from sim.results.tables import Row, read_rows, text
from sim.statistics.half_lines import telling_half_line

RISK = 0.05
"""How often chance alone may name an assumption, in all that is said."""
Values = NDArray[np.float64]


def what_reverses(run: RunFolder, words: Language) -> list[str]:
    """Of the strategies that harm least and most: in how many draws, and where not.

    Nothing without enough draws, or without two strategies that block.
    """
    kept = (run.path / f"draw_{name}.parquet" for name in ("measures", "values"))
    if run.n_draws < FEWEST_DRAWS or not all(file.is_file() for file in kept):
        return []
    rows = with_bands(run, read_rows(run, "comparison.csv"))
    ordered = by_harm_of(
        {
            text(row, "strategy"): row
            for row in rows
            if text(row, "metric") == COLLATERAL and text(row, "strategy") != run.idle_strategy
        }
    )
    if len(ordered) < 2:
        return []
    told = (
        (COLLATERAL, "{first} harmed less than {second} in {n} of {of} draws."),
        (lost_measure(rows), "{second} cost the target less than {first} in {n} of {of} draws."),
    )
    said: list[str] = []
    for metric, sentence in told:
        said += _order(run, rows, metric, (ordered[0], ordered[-1]), sentence, words)
    return said


def _order(
    run: RunFolder,
    rows: Sequence[Row],
    metric: str,
    pair: tuple[str, str],
    sentence: str,
    words: Language,
) -> list[str]:
    """In how many draws a measure is lower with one of two, and which assumption turns that."""
    draws, first, second = _measured(run, metric, pair)
    if not draws:
        return []
    names = strategy_names(strategies_of(run), words)
    called = [names[one] for one in pair]
    is_less, is_more = first < second, first > second
    if metric != COLLATERAL:
        # Told is the order that more draws have.
        is_less, is_more = is_more, is_less
        if is_more.sum() > is_less.sum():
            is_less, is_more, called = is_more, is_less, called[::-1]
    n, n_other = int(is_less.sum()), int(is_more.sum())
    said = capitalised(
        words.say(
            sentence,
            first=called[0],
            second=called[1],
            n=words.digits(f"{n:,}"),
            of=words.digits(f"{len(draws):,}"),
        )
    )
    if not n_other:
        return [
            said,
            words.say(
                "In none is it the other way: no assumption is seen to turn it within its range."
            ),
        ]
    keys, inputs = _drawn(run, draws)
    found = telling_half_line(inputs, is_more, RISK / 2)
    if found is None:
        return [
            said,
            words.say("No single assumption tells where it is the other way; more draws may."),
        ]
    where = (
        "It is the other way in most where {unknown} is below {amount}: {n} of {of}."
        if found.is_below
        else "It is the other way in most where {unknown} is above {amount}: {n} of {of}."
    )
    return [
        said,
        words.say(
            where,
            unknown=unknown_in_words(run, keys[found.column], words),
            amount=words.digits(number(found.amount)),
            n=words.digits(f"{found.n_yes:,}"),
            of=words.digits(f"{found.n:,}"),
        ),
    ]


def _measured(
    run: RunFolder, metric: str, pair: tuple[str, str]
) -> tuple[list[int], Values, Values]:
    """Draws in which a measure is known of both, ascending, and what it is with each."""
    found = read_columns(
        run.path / "draw_measures.parquet",
        "SELECT one.draw, one.value AS first, other.value AS second FROM "
        "(SELECT draw, avg(value) AS value FROM data WHERE metric = ? AND strategy = ? "
        "GROUP BY draw) AS one JOIN "
        "(SELECT draw, avg(value) AS value FROM data WHERE metric = ? AND strategy = ? "
        "GROUP BY draw) AS other USING (draw) "
        "WHERE isfinite(one.value) AND isfinite(other.value) ORDER BY draw",
        [metric, pair[0], metric, pair[1]],
    )
    return found["draw"].tolist(), numbers(found["first"]), numbers(found["second"])


def _drawn(run: RunFolder, draws: Sequence[int]) -> tuple[list[str], Values]:
    """Names of what was drawn, each part of a column, and the amounts of some draws."""
    found = read_columns(
        run.path / "draw_values.parquet",
        "SELECT draw, unknown, part, amount FROM data ORDER BY unknown, part, draw",
        [],
    )
    columns = list(
        dict.fromkeys(zip(found["unknown"].tolist(), found["part"].tolist(), strict=True))
    )
    every = np.unique(np.asarray(found["draw"], np.int64))
    amounts = numbers(found["amount"]).reshape(len(columns), every.size).T
    return [key for key, _ in columns], amounts[np.isin(every, draws)]
