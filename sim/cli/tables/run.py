"""What a run came to, for people: its measures, and its money by method with what was published.

In: lines of a result. Out: text on stdout. It computes nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sim.catalogue.choices import label
from sim.cli.terminal.console import say_out
from sim.cli.terminal.tables import interval, new_table, number, open_console, print_beside

if TYPE_CHECKING:
    from sim.experiment.ensemble import UncertaintyLine
    from sim.measure.money.accounts import MethodLine
    from sim.measure.money.ceilings import Ceiling
    from sim.measure.money.providers import ProviderLine
    from sim.measure.summary import SummaryLine


def print_summary(
    lines: Sequence[SummaryLine],
    title: str,
    beside: Sequence[str] = (),
    uncertainty: Sequence[UncertaintyLine] = (),
) -> None:
    """Print summary lines as a table on stdout: 80 columns, with units where there is room.

    Parameters
    ----------
    beside
        Lines of text to stand beside the table where there is room, else below it.
    uncertainty
        The same measures over draws of all that is not known; none without draws.
    """
    console = open_console()
    has_room = console.width >= 112
    wide = {line.metric: line for line in uncertainty}
    level = f"{lines[0].level:.0%}"
    as_given = ["mean", f"{level} by luck"]
    headings = ["median", f"{level} in all", f"{level} by luck"] if wide else as_given
    # Draws vary what a count is out of as well: a median over them has no one denominator.
    headings += ["out of"] if not wide else []
    headings += ["published"] if has_room or not wide else []
    columns = [("measure", False), *((heading, True) for heading in headings)]
    table = new_table(title, [*columns, ("unit", False)] if has_room else columns)
    for line in lines:
        table.add_row(
            label(line.metric),
            *(_in_all(wide.get(line.metric)) if wide else [number(line.mean)]),
            interval(line.low, line.high),
            *([_out_of(line)] if not wide else []),
            *([_published(line)] if has_room or not wide else []),
            *([line.unit] if has_room else []),
        )
    print_beside(console, table, beside)


def _in_all(line: UncertaintyLine | None) -> list[str]:
    """Median and range over draws of all that is not known."""
    return ["", ""] if line is None else [number(line.median), interval(line.low, line.high)]


def _out_of(line: SummaryLine) -> str:
    return "" if math.isnan(line.denominator) else number(line.denominator)


def _published(line: SummaryLine) -> str:
    return f"{int(line.published):,}" if line.published.isdecimal() else line.published


def said_of_intervals(uncertainty: Sequence[UncertaintyLine]) -> str:
    """What the intervals of a summary span, in a sentence."""
    if not uncertainty:
        return "except for money, the interval spans luck alone: --draws N adds what is not known."
    n = uncertainty[0].n_draws
    return (
        f"median and 'in all' are over {n} joint draws of all that is not known, 'by luck' is "
        "chance alone at the values as given; what each hangs on: uncertainty.csv."
    )


def print_money(
    lines: Sequence[MethodLine],
    ceilings: Sequence[Ceiling] = (),
    providers: Sequence[ProviderLine] = (),
    in_currency: str = "",
) -> None:
    """Print each method's range in million USD, why they differ, and what was published.

    Parameters
    ----------
    in_currency
        What the private loss is in the country's currency, in a sentence.
    """
    from sim.report.words.money import ceiling_sentence, difference_sentence, millions

    level = f"{lines[0].level:.0%} of draws"
    columns = [("method", False), ("whose", False), ("mean", True), (level, True)]
    table = new_table("Loss by method, million USD", [*columns, ("published", True)])
    for line in lines:
        if line.share_affected == 1:
            continue  # a total shutdown: in the file, too far from any block to head a summary
        is_known = not math.isnan(line.low)
        table.add_row(
            line.method.replace("_", " "),
            line.scope,
            millions(line.mean),
            f"[{millions(line.low)}, {millions(line.high)}]" if is_known else "not known",
            millions(float(line.published)) if line.published else "",
        )
    open_console().print(table)
    if in_currency:
        say_out(in_currency)
    say_out(money_sentence(lines, has_published=not ceilings))
    say_out(
        f"{difference_sentence((line.scope, line.mean) for line in lines)} What each method "
        "prices: --json, and docs/explanation/money.md."
    )
    for ceiling in ceilings:
        say_out(ceiling_sentence(ceiling))
    if any(line.mean > 0 for line in providers):
        say_out(provider_sentence(providers))


def money_sentence(lines: Sequence[MethodLine], *, has_published: bool = True) -> str:
    """Say what the figures are, and what was published beside them."""
    from sim.report.words.money import millions

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
            text += f" Published, {millions(float(line.published))} million: {note}."
    return text


def provider_sentence(lines: Sequence[ProviderLine]) -> str:
    """Say which providers lose and which gain most in hosting spending."""
    from sim.measure.money.providers import GAIN, LOSS
    from sim.report.words.money import millions

    def most(metric: str) -> str:
        of = [line for line in lines if line.metric == metric and line.mean > 0]
        of.sort(key=lambda line: -line.mean)
        return (
            "; ".join(
                f"{line.provider} {millions(line.mean)} [{millions(line.low)}, "
                f"{millions(line.high)}]"
                for line in of[:3]
            )
            or "nobody"
        )

    return (
        f"Hosting spending, million USD: most is lost by {most(LOSS)}; most is "
        f"gained by {most(GAIN)}. Every provider: providers.csv."
    )
