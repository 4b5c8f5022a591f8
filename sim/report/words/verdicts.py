"""Verdicts in words: the same sentence for ``compare``, ``assess``, page and notebook.

Counts are out of all simulations: one in which an order is not known is none that has it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sim.catalogue.choices import COLLATERAL, EFFICACY, PRIVATE_LOSS
from sim.report.words.languages import Text, capitalised, joined, listing, say, say_n
from sim.report.words.numbers import whole
from sim.results.tables import Row, number, text

KINDS = {COLLATERAL: say("harm"), EFFICACY: say("effect"), PRIVATE_LOSS: say("cost")}
"""What the measures by which strategies are judged stand for."""
ORDERS = {
    (COLLATERAL, "less"): say("{one} has less harm than {other}"),
    (COLLATERAL, "equal"): say("{one} has as much harm as {other}"),
    (COLLATERAL, "more"): say("{one} has more harm than {other}"),
    (EFFICACY, "less"): say("{one} has less effect than {other}"),
    (EFFICACY, "equal"): say("{one} has as much effect as {other}"),
    (EFFICACY, "more"): say("{one} has more effect than {other}"),
    (PRIVATE_LOSS, "less"): say("{one} has less cost than {other}"),
    (PRIVATE_LOSS, "equal"): say("{one} has as much cost as {other}"),
    (PRIVATE_LOSS, "more"): say("{one} has more cost than {other}"),
}
"""Two strategies in one measure."""
UNKNOWN = {
    COLLATERAL: say("{one} and {other}: harm is not known to differ in any simulation."),
    EFFICACY: say("{one} and {other}: effect is not known to differ in any simulation."),
    PRIVATE_LOSS: say("{one} and {other}: cost is not known to differ in any simulation."),
}
"""Of which nothing is known in any simulation."""
PAIRS = {
    "less": say("{one} less than {other}"),
    "equal": say("{one} as much as {other}"),
    "more": say("{one} more than {other}"),
}
"""The same in few words."""
MOST_PAIRS = 3
"""Pairs of strategies that are named for each kind of verdict."""


def verdict_sentence(row: Row, names: Mapping[str, str] | None = None) -> Text:
    """Say whether all simulations agree on two strategies in one measure.

    Parameters
    ----------
    row
        Of ``verdicts.csv``.
    names
        Names of strategies by label; the labels when None.
    """
    names = names or {}
    one, other = (names.get(text(row, key), text(row, key)) for key in ("strategy", "other"))
    metric = text(row, "metric")
    n_less, n_equal, n_more, n_unknown, n_needed = (
        int(number(row, name))
        for name in ("n_less", "n_equal", "n_more", "n_not_known", "n_needed")
    )
    n_known = n_less + n_equal + n_more
    n, verdict = n_known + n_unknown, text(row, "verdict")
    if not n_known:
        return capitalised(say(UNKNOWN[metric], one=one, other=other))
    most = max(n_less, n_equal, n_more)
    order = {n_equal: "equal", n_more: "more", n_less: "less"}[most]
    said = say(ORDERS[metric, order], one=one, other=other)
    unknown = say("; not known in {n}", n=str(n_unknown)) if n_unknown else ""
    if verdict == "differ":
        depends: str = ""
        if inputs := [key for n in (1, 2, 3) if (key := text(row, f"depends_on_{n}"))]:
            depends = say("; it depends most on {inputs}", inputs=listing(inputs))
        return say(
            "The simulations differ: {pair} in {most} of {n}{depends}{unknown}.",
            pair=said, most=str(most), n=str(n), depends=depends, unknown=unknown,
        )  # fmt: skip
    if verdict == "agree":
        if not n_unknown:
            return say("All {n} simulations agree: {pair}.", n=str(n), pair=said)
        return say(
            "{known} of {n} simulations agree: {pair}{unknown}.",
            known=str(n_known), n=str(n), pair=said, unknown=unknown,
        )  # fmt: skip
    if verdict == "not known":
        return say(
            "Not known in {unknown} of {n} simulations: in the others {pair}.",
            unknown=str(n_unknown), n=str(n), pair=said,
        )  # fmt: skip
    return say(
        "Too few simulations to say: {pair} in {known} of {n}; {needed} are needed{unknown}.",
        pair=said, known=str(n_known), n=str(n), needed=str(n_needed), unknown=unknown,
    )  # fmt: skip


@dataclass(frozen=True)
class Verdict:
    """What the simulations say of pairs of strategies in harm, effect or cost.

    Attributes
    ----------
    kind
        ``harm``, ``effect`` or ``cost``.
    parts
        Sentences, of which the first words are the verdict.
    sentences
        One for each pair.
    n_needed
        Simulations that certify all that more simulations can; 0 where these can certify none.
    """

    kind: str
    parts: tuple[tuple[str, str], ...]
    sentences: tuple[str, ...]
    n_needed: int


def verdict_of(
    kind: str,
    rows: Sequence[Row],
    names: Mapping[str, str],
    idle: str = "",
) -> Verdict:
    """What the simulations say of one kind: agreements first, then differences, then too few.

    Parameters
    ----------
    idle
        Label of a strategy that blocks nothing: that others do more harm needs few words.
    """
    needed = max(
        (
            int(number(row, "n_needed"))
            for row in rows
            if text(row, "verdict") in ("agree", "too few")
        ),
        default=0,
    )
    heads = {
        "agree": say("The simulations agree:"),
        "differ": say("They differ:"),
        "too few": say("Too few simulations to say, {n} are needed:", n=whole(needed)),
        "not known": say("Not known, as so few businesses could be cut off:"),
    }
    blocking = [row for row in rows if idle not in (text(row, "strategy"), text(row, "other"))]
    parts = []
    for verdict, head in heads.items():
        mine = [row for row in blocking or rows if text(row, "verdict") == verdict]
        told = [_pair(row, names) for row in mine[:MOST_PAIRS]]
        if (n_more := len(mine) - MOST_PAIRS) > 0:
            told.append(say_n("{n} more pair", "{n} more pairs", n_more, n=str(n_more)))
        if told:
            parts.append((head, joined("", (" ", joined("; ", told), "."))))
    sentences = tuple(verdict_sentence(row, names) for row in rows)
    return Verdict(kind, tuple(parts), sentences, needed)


def _pair(row: Row, names: Mapping[str, str]) -> Text:
    """One pair in a few words: ``every address alone less than whole /24 networks``."""
    less, equal, more, unknown = (
        int(number(row, f"n_{one}")) for one in ("less", "equal", "more", "not_known")
    )
    one, other = (names[text(row, key)] for key in ("strategy", "other"))
    most, n = max(less, equal, more), less + equal + more + unknown
    if not most:
        return say("{one} against {other}", one=one, other=other)
    order = "equal" if most == equal else "more" if most == more else "less"
    said = say(PAIRS[order], one=one, other=other)
    if text(row, "verdict") == "agree" and not unknown:
        return said
    return say("{pair} in {most} of {n}", pair=said, most=whole(most), n=whole(n))
