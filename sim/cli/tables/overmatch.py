"""Names that rules match, as sections for people and as one JSON document.

In: what was matched. Out: sections, and plain values under stable keys. It computes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from sim.cli.tables.sections import Column, Section, Value

if TYPE_CHECKING:
    from sim.blocklists.overmatch import Matched, Overmatch

SCHEMA = "overblock/overmatch/1"


def sections(found: Overmatch, *, is_told: bool) -> list[Section]:
    """Return what was matched by kind, by rule, and some names; nothing of what is empty.

    Parameters
    ----------
    is_told
        Whether the user said which names were meant.
    """
    counted = [
        Column("n_matched", "names matched"),
        Column("n_targets", "of these meant"),
        Column("n", "not meant", group="overmatch"),
        Column("of", "out of", group="overmatch"),
        Column("share", "overmatch", "share", "overmatch"),
    ]
    ends = [
        Column("low", "90 % from", "share", "overmatch"),
        Column("high", "to", "share", "overmatch"),
    ]
    if found.universe is not None:
        counted += ends
    n_columns = len(counted)
    kinds = Section(
        "matched",
        f"Names matched, of {found.n_names:,} in the list",
        [Column("kind", "kind", "text"), Column("n_rules", "rules"), *counted],
        [
            (name, one.n_rules, *_numbers(one, n_columns))
            for name, one in (
                ("all", found.all),
                *((f"  {one.kind}", one) for one in found.kinds),
            )
        ],
        _notes(found, is_told=is_told),
    )
    made = [kinds]
    if found.rules:
        columns = [
            Column("rule", "rule", "text"),
            Column("place", "stands in", "text"),
            Column("kind", "kind", "text"),
            *counted,
        ]
        rows = [(one.text, one.place, one.kind, *_numbers(one, n_columns)) for one in found.rules]
        title = f"Rules by names not meant ({len(rows)} of {found.all.n_rules:,})"
        made.append(Section("rules", title, columns, rows))
    if found.collateral:
        columns = [
            Column("name", "name", "text"),
            Column("rule", "by rule", "text"),
            Column("place", "stands in", "text"),
        ]
        named = [(one.name, one.rule, one.place) for one in found.collateral]
        title = f"Names matched and not meant ({len(named)} of {found.all.overmatch.n:,})"
        made.append(Section("collateral", title, columns, named))
    return made


def _numbers(one: Matched, n_columns: int) -> tuple[Value, ...]:
    share = one.overmatch
    values = (one.n_matched, one.n_targets, share.n, share.of, share.share, share.low, share.high)
    return values[:n_columns]


def _notes(found: Overmatch, *, is_told: bool) -> list[str]:
    how = "those that --targets matches" if is_told else "equal to a rule's own"
    notes = [
        f"meant are {found.n_targets:,} names, {how}; overmatch: names matched and not meant, out "
        "of all that were not meant"
    ]
    if found.n_let_through:
        notes.append(
            f"let through by exceptions: {found.n_let_through:,} of the names that rules match"
        )
    if found.n_others_in_universe is not None and found.universe is not None:
        middle, low, high = (f"{round(each):,}" for each in found.n_others_in_universe)
        notes.append(
            f"of {found.universe:,} names: {middle} not meant would be matched [{low}, {high}], if "
            "the list is a random sample of them; one of popular names is none"
        )
    return notes


def document(
    found: Overmatch, rules: Sequence[str], names: str, targets: Sequence[str]
) -> dict[str, Any]:
    """Return the JSON document; what is not known is None."""
    return {
        "schema": SCHEMA,
        "rules_of": list(rules),
        "names_of": names,
        "targets_of": list(targets),
        **asdict(found),
        "all": _matched(found.all),
        "kinds": [_matched(one) for one in found.kinds],
        "rules": [_matched(one) for one in found.rules],
    }


def _matched(one: Matched) -> dict[str, Any]:
    values = asdict(one)
    return {**values, "overmatch": {**values["overmatch"], "share": one.overmatch.share}}
