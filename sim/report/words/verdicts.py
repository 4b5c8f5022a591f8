"""Verdicts in words: the same sentence for ``compare``, ``assess``, page and notebook.

Counts are out of all simulations: one in which an order is not known is none that has it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sim.catalogue.choices import COLLATERAL, EFFICACY, PRIVATE_LOSS
from sim.report.words.languages import IN_ENGLISH, Language
from sim.report.words.numbers import capitalised
from sim.results.tables import Row, number, text

KINDS = {COLLATERAL: "harm", EFFICACY: "effect", PRIVATE_LOSS: "cost"}
"""What the measures by which strategies are judged stand for."""
MOST_PAIRS = 3
"""Pairs of strategies that are named for each kind of verdict."""


def verdict_sentence(row: Row, names: Mapping[str, str] | None = None) -> str:
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
    kind = KINDS[text(row, "metric")]
    n_less, n_equal, n_more, n_unknown, n_needed = (
        int(number(row, name))
        for name in ("n_less", "n_equal", "n_more", "n_not_known", "n_needed")
    )
    n_known = n_less + n_equal + n_more
    n, verdict = n_known + n_unknown, text(row, "verdict")
    if not n_known:
        return f"{capitalised(one)} and {other}: {kind} is not known to differ in any simulation."
    most = max(n_less, n_equal, n_more)
    order = {n_equal: "as much", n_more: "more", n_less: "less"}[most]
    than = "as" if order == "as much" else "than"
    said = f"{one} has {order} {kind} {than} {other}"
    unknown = f"; not known in {n_unknown}" if n_unknown else ""
    if verdict == "differ":
        region = text(row, "region")
        depends = ""
        if region:
            depends = f"; {text(row, 'region_order')} where {region}"
        return f"The simulations differ: {said} in {most} of {n}{depends}{unknown}."
    if verdict == "agree":
        which = f"All {n} simulations" if not n_unknown else f"{n_known} of {n} simulations"
        return f"{which} agree: {said}{unknown}."
    if verdict == "not known":
        return f"Not known in {n_unknown} of {n} simulations: in the others {said}."
    return (
        f"Too few simulations to say: {said} in {n_known} of {n}; {n_needed} are needed{unknown}."
    )


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
    words: Language = IN_ENGLISH,
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
        "agree": words.say("The simulations agree:"),
        "differ": words.say("They differ:"),
        "too few": words.say("Too few simulations to say, {n} are needed:", n=f"{needed:,}"),
        "not known": words.say("Not known, as so few businesses could be cut off:"),
    }
    blocking = [row for row in rows if idle not in (text(row, "strategy"), text(row, "other"))]
    parts = []
    for verdict, head in heads.items():
        mine = [row for row in blocking or rows if text(row, "verdict") == verdict]
        told = [_pair(row, names, words) for row in mine[:MOST_PAIRS]]
        if len(mine) > MOST_PAIRS:
            told.append(words.say("{n} more pairs", n=str(len(mine) - MOST_PAIRS)))
        if told:
            parts.append((head, f" {'; '.join(told)}."))
    sentences = tuple(verdict_sentence(row, names) for row in rows)
    return Verdict(kind, tuple(parts), sentences, needed)


def _pair(row: Row, names: Mapping[str, str], words: Language) -> str:
    """One pair in a few words: ``every address alone less than whole /24 networks``."""
    less, equal, more, unknown = (
        int(number(row, f"n_{one}")) for one in ("less", "equal", "more", "not_known")
    )
    one, other = (names[text(row, key)] for key in ("strategy", "other"))
    most, n = max(less, equal, more), less + equal + more + unknown
    if not most:
        return words.say("{one} against {other}", one=one, other=other)
    order = "as much as" if most == equal else "more than" if most == more else "less than"
    said = f"{one} {words.say(order)} {other}"
    if text(row, "verdict") == "agree" and not unknown:
        return said
    return words.say("{pair} in {most} of {n}", pair=said, most=f"{most:,}", n=f"{n:,}")
