"""Which value of a curve or a measure is shown: the draws' median where draws are kept, else the
mean.

In: bands and rows as they are kept. Out: the same with the value that is shown, and the words that
belong to a finding. Page and figures show the same value.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from sim.measure.bands import Band
from sim.report.words import findings
from sim.report.words.languages import IN_ENGLISH, Language
from sim.report.words.numbers import number, percent
from sim.results.read import RunFolder
from sim.results.tables import Row, read_rows, text
from sim.results.tables import number as cell

_Key = TypeVar("_Key")


def with_draws(run: RunFolder, rows: Sequence[Row]) -> list[Row]:
    """Rows of a measure each, in which ``mean`` is the value that is shown.

    With draws that is their median, if it is known. ``all_low`` and ``all_high`` are then the
    draws' range, ``given`` the mean as given, and ``low`` and ``high`` its range by luck alone.
    """
    if not run.n_draws:
        return list(rows)
    found = read_rows(run, "uncertainty.csv")
    drawn = {(text(row, "strategy"), text(row, "metric")): row for row in found}
    shown: list[Row] = []
    for row in rows:
        of_draws = drawn.get((text(row, "strategy"), text(row, "metric")), {})
        given, middle = cell(row, "mean"), cell(of_draws, "median")
        ends = {f"all_{name}": cell(of_draws, name) for name in ("low", "high")}
        luck = {name: cell(of_draws, f"luck_{name}") for name in ("low", "high")}
        others = {
            name: value for name, value in of_draws.items() if name.startswith(("share_", "hangs_"))
        }
        value = given if math.isnan(middle) else middle
        shown.append({**row, "given": given, "mean": value, **luck, **ends, **others})
    return shown


def median_of(band: Band) -> NDArray[np.float64] | None:
    """The draws' median over time; None where no draws are kept, or it is nothing throughout."""
    if band.wide is None or not (band.wide[1] > 0).any():
        return None
    return np.asarray(band.wide[1])


def are_of_draws(bands: Iterable[Band]) -> bool:
    """Whether lines of one picture are medians of draws.

    Where these are nothing at all times for all of them, lines of means show more.
    """
    return any(median_of(band) is not None for band in bands)


def line_of(band: Band, *, of_draws: bool = True) -> Band:
    """Band with the line that is told in the place of its mean.

    Parameters
    ----------
    of_draws
        Whether the lines of its picture are medians of draws.
    """
    return replace(band, mean=band.wide[1]) if of_draws and band.wide is not None else band


def lines_of(bands: Mapping[_Key, Band]) -> dict[_Key, Band]:
    """Bands of one picture, each with the line that is told in the place of its mean."""
    of_draws = are_of_draws(bands.values())
    return {key: line_of(band, of_draws=of_draws) for key, band in bands.items()}


@dataclass(frozen=True)
class Statistic:
    """What is said behind a finding: of which statistic it is, and the other one at its moment.

    Attributes
    ----------
    title
        The finding with it.
    name
        Of the line that the finding is about.
    row
        Which of the times of that line.
    """

    title: str
    name: str
    row: int


def with_statistic(
    found: str,
    bands: Mapping[str, Band],
    *,
    of_draws: bool,
    is_lowest: bool = False,
    is_share: bool = False,
    is_part: bool = False,
    words: Language = IN_ENGLISH,
) -> Statistic:
    """Say behind a finding whether it is of the draws or as given, with the other one's number.

    Parameters
    ----------
    bands
        Of the lines of which the finding names the highest, as they are kept, by name.
    of_draws
        Whether the lines are medians of draws.
    is_lowest
        Whether it names the lowest.
    is_share
        Whether values are shares.
    is_part
        Whether values are said as a share of what they are out of, where that is known.
    """
    sign = -1.0 if is_lowest else 1.0
    lines = {name: line_of(band, of_draws=of_draws).mean for name, band in bands.items()}
    tops = {name: np.where(np.isnan(line), -np.inf, sign * line) for name, line in lines.items()}
    name = max(tops, key=lambda one: float(tops[one].max()))
    band, row = bands[name], int(np.argmax(tops[name]))

    def said(value: float) -> str:
        of = band.denominator
        if is_part and not math.isnan(of):
            return words.digits(percent(value / of, 2))
        return words.digits(percent(value, 2) if is_share else number(value))

    if of_draws and band.wide is not None:
        title = findings.of_draws(found, said(float(band.mean[row])), words)
        return Statistic(title, name, row)
    middle = ""
    # In every title alike, also where the draws hold the line: the two can lie far apart there too.
    if band.wide is not None and not math.isnan(band.wide[1, row]):
        middle = said(float(band.wide[1, row]))
    return Statistic(findings.as_given(found, words, middle), name, row)
