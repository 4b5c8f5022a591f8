"""The money of a run for people: every method as a range, and the sentence that says what it is.

In: method lines. Out: text on stdout. No model logic.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sim.measure.accounts import MethodLine
    from sim.measure.ceilings import Ceiling

MILLION = 1_000_000


def print_money(lines: Sequence[MethodLine], ceilings: Sequence[Ceiling] = ()) -> None:
    """Print each method's range in million USD, why they differ, and what was published."""
    from rich.console import Console
    from rich.table import Table

    first = lines[0]
    table = Table(title="Loss by method, million USD", title_justify="left", box=None)
    table.pad_edge = False
    table.add_column("method")
    table.add_column("whose")
    table.add_column("median", justify="right")
    table.add_column(f"{first.level:.0%} of draws", justify="right")
    table.add_column("published", justify="right")
    for line in lines:
        if line.share_affected == 1:
            continue  # a total shutdown: in the file, too far from any block to head a summary
        is_known = not math.isnan(line.low)
        table.add_row(
            line.method.replace("_", " "),
            line.scope,
            _millions(line.median),
            f"[{_millions(line.low)}, {_millions(line.high)}]" if is_known else "not known",
            _millions(float(line.published)) if line.published else "",
        )
    Console(width=None if sys.stdout.isatty() else 120, markup=False).print(table)
    print(money_sentence(lines, has_published=not ceilings))
    print(difference_sentence(lines))
    for ceiling in ceilings:
        print(ceiling_sentence(ceiling))


def money_sentence(lines: Sequence[MethodLine], *, has_published: bool = True) -> str:
    """Say what the figures are, and what was published beside them."""
    first = lines[0]
    text = (
        f"Revenue, not profit, over {first.duration_d:g} days; ranges span {first.n_draws} draws "
        f"of assumed revenue levels, sensitivities and shares in each of {first.n_replicates} "
        "replicates, not the number of businesses. The country rows are published methods for a "
        "shutdown of the whole Internet, scaled to the share of demand that the modelled "
        "businesses lost; they stand beside, never mixed in. Formulas and the rows of a total "
        "shutdown: money.csv."
    )
    for line in lines if has_published else ():
        if line.published:
            note = line.published_note
            text += f" Published, {_millions(float(line.published))} million: {note}."
    return text


def difference_sentence(lines: Sequence[MethodLine]) -> str:
    """Say how far methods differ, and why."""
    from sim.measure.accounts import IN_PROPORTION, MODELLED

    national = [line.median for line in lines if line.scope == IN_PROPORTION]
    private = next(line.median for line in lines if line.scope == MODELLED)
    if not national or not private > 0 or not min(national) > 0:
        return "Nothing was lost that methods could differ about."
    low, high = min(national), max(national)
    return (
        f"Why they differ: the country rows are {_times(low / private)} to "
        f"{_times(high / private)} times the private loss, and {_times(high / low)} times apart "
        "among themselves (medians). They price the value added of everybody, by share of GDP or "
        "by head, the same on every day; the private loss is the revenue of the businesses that "
        "were hosted where the block fell, customers that come back taken off. What each method "
        "prices: --json, and docs/explanation/money.md."
    )


def ceiling_sentence(ceiling: Ceiling) -> str:
    """Say what a published loss is, and how far the run is from it."""
    name = ceiling.metric.removesuffix("_usd").replace("_", " ")
    text = f"Published beside {name}: {_millions(ceiling.published_usd)} million {ceiling.unit}"
    per_business = ceiling.published_usd_per_business_d
    is_private = ceiling.metric == "private_loss_usd"
    if is_private and not math.isnan(per_business):
        text += (
            f" for about {ceiling.published_n_businesses:,.0f} businesses over "
            f"{ceiling.published_duration_d:,.0f} days, {per_business:,.0f} USD per business and "
            "day"
        )
    text += f" ({ceiling.note}). This run: {_times(ceiling.ratio_median)} times that"
    if not math.isnan(ceiling.ratio_low):
        text += f" [{_times(ceiling.ratio_low)}, {_times(ceiling.ratio_high)}]"
    if is_private and not math.isnan(ceiling.usd_per_business_d):
        text += (
            f", {ceiling.usd_per_business_d:,.0f} USD per business and day "
            f"({ceiling.n_businesses:,.0f} affected at least once, {ceiling.duration_d:,.0f} days)"
        )
    return f"{text}."


def _times(ratio: float) -> str:
    return f"{ratio:.2g}" if ratio < 10 else f"{ratio:,.0f}"


def _millions(value: float) -> str:
    if math.isnan(value):
        return "not known"
    millions = value / MILLION
    return f"{millions:.2f}" if 0 < abs(millions) < 10 else f"{millions:,.0f}"
