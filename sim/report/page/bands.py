"""The two bands of a number, said apart: by luck, and with all that is not known.

In: a run folder, and rows of its tables. Out: the same rows with both ranges, and what a number
hangs on, in words.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np

from sim.catalogue.choices import COLLATERAL, EFFICACY, RATIOS, TARGET_LOST, measure_name
from sim.measure.summary import LEVEL
from sim.report.figures.told import with_draws
from sim.report.words.languages import IN_ENGLISH, Language
from sim.report.words.numbers import (
    is_share,
    quantity,
    quantity_span,
)
from sim.results.parquet import numbers, read_columns
from sim.results.read import RunFolder
from sim.results.tables import Row, text
from sim.results.tables import number as cell
from sim.statistics.ensembles import weighted_quantiles

DOWN = measure_name("businesses_ever_down")
LEFT = measure_name("target_user_hours_left")
LEAST_DENIED = 0.001
"""Share of the users' hours below which harm for each of them is a number about nearly nothing."""
_SHARES = ("all_share_low", "all_share", "all_share_high")
_UNMOVED = "all_are_same"
_OF_DRAWS = ("mean", "all_low", "all_high", *_SHARES)
"""Values of a row that are of all draws, where there are any."""
_AS_GIVEN = ("median", "given", "low", "high", "mean_low", "mean_high")
"""Values of a row that are of the scenario as given."""


def with_bands(run: RunFolder, rows: Sequence[Row]) -> list[Row]:
    """Rows of a measure each, with both of its ranges.

    Where there are draws, ``mean`` becomes their median: the number that is said, which lies in the
    range that is said (decision 0064). ``given`` is then the mean of the scenario as given, ``low``
    and ``high`` its range by luck alone, of money too; ``all_low``, ``all_high`` and what
    ``uncertainty.csv`` says of shares are added, and whether it is the same in all draws. A ratio
    over nearly nothing is not known, and has no upper end where it is over nearly nothing in some
    of the draws that are told.
    """
    if not run.n_draws:
        return _without_empty_ratios(rows)
    shares, unmoved = _drawn_shares(run), _unmoved(run)
    told: list[Row] = []
    for row in with_draws(run, rows):
        key = text(row, "strategy"), text(row, "metric")
        share = dict(zip(_SHARES, shares[key], strict=True)) if key in shares else {}
        told.append({**row, **share, _UNMOVED: key in unmoved})
    return _without_limits(_without_empty_ratios(told))


def _without_empty_ratios(rows: Sequence[Row]) -> list[Row]:
    """Rows in which harm per effect is not known where the target's users were hardly denied."""
    effects = [
        row for row in rows if text(row, "metric") == EFFICACY and cell(row, "denominator") > 0
    ]
    # The scenario as given may deny what its draws do not, and the other way round.
    drawn, given = (
        {
            text(row, "strategy")
            for row in effects
            if cell(row, name if name in row else "mean") / cell(row, "denominator") < LEAST_DENIED
        }
        for name in ("mean", "given")
    )
    if not drawn | given:
        return list(rows)
    told: list[Row] = []
    for row in rows:
        ratio = RATIOS.get(text(row, "metric"))
        own, other = text(row, "strategy"), str(row.get("baseline") or "")
        is_empty = ratio is not None and ratio.below == EFFICACY
        unknown = [
            name
            for name, value in row.items()
            if isinstance(value, int | float)
            and (
                (own in drawn and name in _OF_DRAWS)
                or (own in given and name in _AS_GIVEN)
                or ({own, other} & given and name.startswith(("difference", "p_")))
            )
        ]
        told.append({**row, **dict.fromkeys(unknown, math.nan)} if is_empty else row)
    return told


def _without_limits(rows: Sequence[Row]) -> list[Row]:
    """Rows in which harm per effect has no upper end where some draws deny hardly anything."""
    unlimited = {
        text(row, "strategy")
        for row in rows
        if text(row, "metric") == EFFICACY
        and cell(row, "all_low") < LEAST_DENIED * cell(row, "denominator")
    }
    told = []
    for row in rows:
        ratio = RATIOS.get(text(row, "metric"))
        is_open = ratio is not None and ratio.below == EFFICACY and cell(row, "all_high") > 0
        has_no_limit = is_open and text(row, "strategy") in unlimited
        told.append({**row, "all_high": math.inf} if has_no_limit else row)
    return told


def lost_measure(rows: Iterable[Row]) -> str:
    """Measure by which it is told what the target lost: hours denied, where a folder of 0.3 has
    no other.
    """
    return TARGET_LOST if any(text(row, "metric") == TARGET_LOST for row in rows) else EFFICACY


def share_of(row: Row) -> float:
    """What is said of a measure as a share of what it is out of; NaN where there is nothing.

    What it is out of may be drawn as well, so that with draws it is the median of their shares.
    """
    if is_share(text(row, "unit") if "unit" in row else ""):
        return cell(row, "mean")
    of = cell(row, "denominator")
    if not of > 0:
        return math.nan
    return cell(row, "all_share") if "all_share" in row else cell(row, "mean") / of


def _is_one_value(row: Row) -> bool:
    """Whether a measure is the same in every draw, and as given in every replicate."""
    return row.get(_UNMOVED) is True and cell(row, "given") == cell(row, "all_low")


def beyond(row: Row, words: Language = IN_ENGLISH, *, is_short: bool = False) -> str:
    """That a number as given lies outside the range of the draws; empty where it lies inside.

    Parameters
    ----------
    is_short
        Whether it stands beside the number as given, which then needs no name.
    """
    given, low, high = (cell(row, name) for name in ("given", "all_low", "all_high"))
    if math.isnan(given) or math.isnan(low) or low <= given <= high:
        return ""
    if any(math.isclose(given, end, rel_tol=1e-9) for end in (low, high)):
        return ""  # a mean of equal numbers may differ from them in its last digit
    if is_short:
        return words.say(
            "below the range of nine in ten draws"
            if given < low
            else "above the range of nine in ten draws"
        )
    return words.say(
        "as given it lies below the range of nine in ten draws"
        if given < low
        else "as given it lies above the range of nine in ten draws"
    )


def all_text(row: Row, words: Language = IN_ENGLISH) -> str:
    """Range of a measure over all that is not known."""
    low, high, unit = cell(row, "all_low"), cell(row, "all_high"), text(row, "unit")
    if low == high:
        # What nine in ten have in common need not be so in the others.
        which = "always {n}" if _is_one_value(row) else "{n} in nine in ten draws"
        return words.say(which, n=words.digits(quantity(low, unit)))
    said = words.digits(quantity_span(low, high, unit))
    # Over nearly nothing harm has no upper end (see `with_bands`).
    why = "{range}, as some draws deny hardly anything"
    return words.say(why, range=said) if math.isinf(high) else said


def luck_text(row: Row, words: Language = IN_ENGLISH) -> str:
    """Range of a measure as given, over replicates."""
    low, high, unit = cell(row, "low"), cell(row, "high"), text(row, "unit")
    if low == high:
        middle = cell(row, "given" if "given" in row else "mean")
        which = "always {n}" if middle == low else "{n} in nine in ten replicates"
        return words.say(which, n=words.digits(quantity(low, unit)))
    return words.digits(quantity_span(low, high, unit))


def _drawn_shares(run: RunFolder) -> dict[tuple[str, str], list[float]]:
    """Weighted ranges and medians of some counts, in each draw out of what it is out of."""
    path = run.path / "draw_measures.parquet"
    if not path.is_file():
        return {}
    found = read_columns(
        path,
        "SELECT draw, strategy, metric, value / denominator AS share FROM data "
        "WHERE metric IN (?, ?, ?, ?) AND value IS NOT NULL AND denominator > 0",
        [COLLATERAL, EFFICACY, DOWN, LEFT],
    )
    weight_of = draw_weights(run)
    weight = np.array([weight_of.get(draw, 0.0) for draw in found["draw"].tolist()])
    keys = list(zip(found["strategy"].tolist(), found["metric"].tolist(), strict=True))
    share = numbers(found["share"])
    tail = (1 - LEVEL) / 2
    at = np.array([tail, 0.5, 1 - tail])
    found_of = {}
    for key in dict.fromkeys(keys):
        mine = np.array([one == key for one in keys])
        found_of[key] = weighted_quantiles(share[mine], weight[mine], at).tolist()
    return found_of


def _unmoved(run: RunFolder) -> set[tuple[str, str]]:
    """Strategy and measure of what is known in every draw, and is the same in all."""
    path = run.path / "draw_measures.parquet"
    if not path.is_file():
        return set()
    found = read_columns(
        path,
        "SELECT strategy, metric FROM data GROUP BY strategy, metric "
        "HAVING min(value) = max(value) AND count(value) = count(*)",
        [],
    )
    return set(zip(found["strategy"].tolist(), found["metric"].tolist(), strict=True))


def draw_weights(run: RunFolder) -> dict[int, float]:
    """Weight of each draw of a folder."""
    found = read_columns(
        run.path / "draw_values.parquet", "SELECT DISTINCT draw, weight FROM data", []
    )
    return dict(zip(found["draw"].tolist(), found["weight"].tolist(), strict=True))


def n_drawn(run: RunFolder) -> int:
    """How many numbers the draws of a folder vary: each part of an unknown is one."""
    path = run.path / "draw_values.parquet"
    if not run.n_draws or not path.is_file():
        return 0
    found = read_columns(
        path, "SELECT count(*) AS n FROM (SELECT DISTINCT unknown, part FROM data)", []
    )
    return int(found["n"][0])
