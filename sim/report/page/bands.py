"""The two bands of a number, said apart: by luck, and with all that is not known.

In: a run folder, and rows of its tables. Out: the same rows with both ranges, and what a number
hangs on, in words.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from sim.catalogue.choices import label
from sim.report.words.numbers import NBSP, capitalised, listing, percent
from sim.results.read import RunFolder
from sim.results.tables import Row, read_rows, text
from sim.results.tables import number as cell
from sim.scenario.meanings import meaning_of

LEAST_TOLD = 32
"""Fewest draws in which one unknown is told from another."""


def with_bands(run: RunFolder, rows: Sequence[Row]) -> list[Row]:
    """Rows of a measure each, with both of its ranges.

    Where there are draws, ``low`` and ``high`` become the range by luck alone, of money too, and
    ``all_low``, ``all_median``, ``all_high`` and what ``uncertainty.csv`` says of shares are added.
    """
    if not run.n_draws:
        return list(rows)
    found = read_rows(run, "uncertainty.csv")
    by = {(text(row, "strategy"), text(row, "metric")): row for row in found}
    return [
        {**row, **_bands(by.get((text(row, "strategy"), text(row, "metric")), {}))} for row in rows
    ]


def _bands(row: Row) -> Row:
    ends = {f"all_{name}": cell(row, name) for name in ("low", "median", "high")}
    others = {name: value for name, value in row.items() if name.startswith(("share_", "hangs_"))}
    return {"low": cell(row, "luck_low"), "high": cell(row, "luck_high"), **ends, **others}


def shares_of(row: Row) -> list[tuple[str, float]]:
    """Unknowns that a measure is told to hang on, and their shares, the largest first."""
    named = [(text(row, f"hangs_on_{place}"), f"hangs_on_{place}_share") for place in (1, 2, 3)]
    return [(key, cell(row, share)) for key, share in named if key]


def hangs_on_text(row: Row) -> str:
    """What a measure hangs on, in a cell: ``luck 12 %; compliance 45 %``."""
    luck = cell(row, "share_luck")
    parts = [] if math.isnan(luck) else [("luck", luck)]
    return "; ".join(f"{key} {_rough(share)}" for key, share in [*parts, *shares_of(row)])


def hangs_on(run: RunFolder, row: Row, who: str = "") -> str:
    """A sentence or two on what a measure hangs on, and what it would help most to know.

    Parameters
    ----------
    row
        With both bands.
    who
        Label of the strategy, where there are several.
    """
    luck, unknowns = cell(row, "share_luck"), shares_of(row)
    lead = capitalised(label(text(row, "metric"))) + (f" under {who}" if who else "")
    if math.isnan(luck):
        return f"{lead}: the same in all {run.n_draws:,} draws, or not known."
    parts = [f"luck for {_rough(luck)}"]
    parts += [
        f"{meaning_of(key, run.input_path(key.rpartition('.')[0]))} ({key}) for {_rough(share)}"
        for key, share in unknowns
    ]
    of = f"of the variance of its rank among {run.n_draws:,} draws"
    if not unknowns:
        n = f"fewer than {LEAST_TOLD} draws" if run.n_draws < LEAST_TOLD else "so few"
        return f"{lead}: it hangs on {parts[0]} {of}; on which unknowns, cannot be told in {n}."
    return (
        f"{lead}: it hangs on {listing(parts)} {of}. "
        f"To know {unknowns[0][0]} alone would narrow the answer most."
    )


def _rough(share: float) -> str:
    return percent(share, 2) if share >= 0.01 else f"less than 1{NBSP}%"
