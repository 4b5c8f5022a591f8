"""What is said of a result in words, before any table: headline, answer, what it hangs on.

In: a run folder. Out: sentences, the same for the page and for whatever hands a result over.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from sim.catalogue.choices import COLLATERAL, EFFECTS, measure_name
from sim.report.figures.tradeoff import first_harm
from sim.report.page.at_end import still_impaired, still_impaired_in_words
from sim.report.page.bands import DOWN, n_drawn, share_of, with_bands
from sim.report.page.course import are_orders_given, nobody_reacts
from sim.report.page.hangs_on import hang_most_on, hangs_on
from sim.report.page.head import answer
from sim.report.page.head.answer_comparison import answer_comparison, least_harmful
from sim.report.page.head.headline import Headline, headline
from sim.report.page.head.how_sure import FEWEST_DRAWS
from sim.report.page.repeat_command import is_comparison
from sim.report.page.target_lost import how_often_half, is_enough, outside_in_words
from sim.report.page.verdicts import how_often_less, verdict_sentence
from sim.report.words.expected_names import (
    names_by_strategy,
    names_of_strategies,
    names_sentence,
)
from sim.report.words.languages import IN_ENGLISH, Language
from sim.report.words.money import rate_of
from sim.report.words.numbers import percent, percent_span
from sim.report.words.plain import (
    counted_as_businesses,
    quoted,
    strategies_of,
    strategy_names,
    with_names,
)
from sim.results.read import RunFolder
from sim.results.tables import Row, number, read_rows, text

HUNG = (
    measure_name("businesses_ever_impaired_share"),
    COLLATERAL,
    *EFFECTS,
    measure_name("private_loss_usd"),
)
"""Numbers of which it is said at the head on what they hang most."""


@dataclass(frozen=True)
class Said:
    """Sentences about a result.

    Attributes
    ----------
    headline
        What happened, how sure that is, on what it hangs.
    answer
        The same with numbers and both ranges.
    doubt
        What the ranges span.
    hangs_on
        For harm and effect, what each hangs on; empty without draws.
    hang_most_on
        The one unknown on which each number of the head hangs most; empty where none is told.
    down
        The share of businesses that were ever down, and its range in brackets; None of several
        strategies, or where it is not known.
    """

    headline: Headline
    answer: tuple[str, ...]
    doubt: str
    hangs_on: tuple[str, ...]
    hang_most_on: str = ""
    down: tuple[str, str] | None = None


def said(
    run: RunFolder, tradeoff: Sequence[Row], harmful: str, words: Language = IN_ENGLISH
) -> Said:
    """Say it.

    Parameters
    ----------
    tradeoff
        Rows of ``tradeoff.csv``; none of a run.
    harmful
        Label of the strategy of which it is said what its measures hang on.
    """
    several, listed = is_comparison(run), names_by_strategy(run)
    names = {
        label: quoted(name, words)
        for label, name in strategy_names(strategies_of(run), words).items()
    }
    if several:
        rows = with_bands(run, read_rows(run, "comparison.csv"))
        baseline = names[str(run.manifest["baseline"])]
        idle = names.get(run.idle_strategy, "")
        named = with_names(rows, names)
        verdicts = with_names(read_rows(run, "verdicts.csv"), names) if run.n_draws else []
        settled = enough = ""
        if run.n_draws:
            parts = (
                verdict_sentence(verdicts, run.n_draws, words),
                how_often_less(verdicts, least_harmful(named, idle), idle, words),
            )
            settled = " ".join(filter(None, parts))
            often = {names[label]: share for label, share in how_often_half(run).items()}
            enough = is_enough(named, verdicts, often, idle, words)
        sentences = answer_comparison(
            named,
            with_names(first_harm(tradeoff), names),
            baseline,
            settled,
            words,
            verdicts,
            enough,
            idle=idle,
        )
        by_name = {names[label]: row for label, row in listed.items()}
        sentences.append(names_of_strategies(by_name, words))
    else:
        rows = with_bands(run, read_rows(run, "summary.csv"))
        by_metric = {text(row, "metric"): row for row in rows}
        impaired = float(run.scenario["thresholds"]["impaired"])
        sentences = answer.answer_run(
            by_metric,
            impaired,
            words,
            rate_of(run),
            are_orders_given=are_orders_given(run),
            has_own=run.has_own_addresses,
            counted=counted_as_businesses(run.scenario["population"]),
        )
        sentences.insert(1, names_sentence(listed.get(run.strategies[0]), words) if listed else "")
        # Behind how long they were impaired.
        sentences.insert(3, still_impaired_in_words(still_impaired(run), words))
    has_harm = any(number(row, "mean") > 0 for row in rows if text(row, "metric") == COLLATERAL)
    if run.n_draws >= FEWEST_DRAWS:
        sentences.append(outside_in_words(rows, run.idle_strategy, words))
    sentences = [*filter(None, sentences), *(nobody_reacts(run, words) if has_harm else ())]
    hung = [
        hangs_on(run, row, names[harmful] if several else "", words)
        for metric in (COLLATERAL, *EFFECTS)
        for row in rows
        if (text(row, "metric"), text(row, "strategy")) == (metric, harmful) and run.n_draws
    ]
    doubt = answer.doubt(
        rows,
        run.n_replicates,
        run.n_draws,
        words,
        is_weighed=run.are_draws_weighed,
        n_picked=int((run.manifest.get("draws") or {}).get("n") or 0),
        n_drawn=n_drawn(run),
    )
    mine = [row for row in rows if text(row, "strategy") == harmful]
    who = names[harmful] if several else ""
    most = hang_most_on(run, mine, HUNG, who, words) if run.n_draws else ""
    counted: Row = next((row for row in mine if text(row, "metric") == DOWN), {})
    down = None if several else _down(counted, words)
    return Said(headline(run, words), tuple(sentences), doubt, tuple(hung), most, down)


def _down(row: Row, words: Language) -> tuple[str, str] | None:
    share = share_of(row)
    if math.isnan(share):
        return None
    low, high = (number(row, f"all_share_{end}") for end in ("low", "high"))
    ranges = ""
    if not (math.isnan(low) or low == high):
        # The chart beside it is of the scenario as given.
        given = number(row, "given") / number(row, "denominator")
        said_ = words.say(
            "the median of the draws, of which nine in ten have {range}; as given {given}",
            range=words.digits(percent_span(low, high, 2)),
            given=words.digits(percent(given, 2)),
        )
        ranges = f" ({said_})"
    return words.digits(percent(share, 2)), ranges
