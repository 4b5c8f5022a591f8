"""Which names rules match, a second time and slowly, from ``docs/explanation/overmatch.md`` alone.

One name and one rule at a time, with the regular expressions of the standard library.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

Rule = tuple[str, str, bool]
"""Kind, text, and whether it lets names through."""


def line_of(rule: Rule) -> str:
    """How a blocklist writes a rule."""
    kind, text, is_exception = rule
    form = {
        "exact": "0.0.0.0 {}",
        "subdomains": "||{}^",
        "wildcard": "*.{}",
        "start": "||{}",
        "keyword": "*{}*",
        "glob": "{}",
        "expression": "/{}/",
    }[kind]
    return ("@@" if is_exception else "") + form.format(text)


def fits(rule: Rule, name: str) -> bool:
    kind, text, _ = rule
    match kind:
        case "exact":
            return name == text
        case "subdomains":
            return name == text or name.endswith("." + text)
        case "wildcard":
            return name.endswith("." + text)
        case "start":
            return any(
                name[at:].startswith(text)
                for at in range(len(name))
                if at == 0 or name[at - 1] == "."
            )
        case "keyword":
            return text in name
        case "glob":
            return re.fullmatch(".*".join(map(re.escape, text.split("*"))), name) is not None
    return re.search(text, name, re.IGNORECASE | re.ASCII) is not None


def matched(
    rules: Sequence[Rule], names: Sequence[str], targets: Sequence[Rule] | None
) -> dict[str, object]:
    """Counts of names: by rule, by kind, and of all."""
    distinct = list(dict.fromkeys(names))
    blocking = [rule for rule in rules if not rule[2]]

    def let_through(of: Sequence[Rule], name: str) -> bool:
        return any(fits(rule, name) for rule in of if rule[2])

    def is_meant(name: str) -> bool:
        if targets is None:
            return any(rule[1] == name for rule in blocking if rule[0] != "expression")
        return any(fits(rule, name) for rule in targets if not rule[2]) and not let_through(
            targets, name
        )

    meant = {name for name in distinct if is_meant(name)}
    open_names = [name for name in distinct if not let_through(rules, name)]

    def count(some: Sequence[Rule]) -> tuple[int, int]:
        hit = [name for name in open_names if any(fits(rule, name) for rule in some)]
        return sum(name not in meant for name in hit), sum(name in meant for name in hit)

    kinds = dict.fromkeys(rule[0] for rule in blocking)
    return {
        "n_names": len(distinct),
        "n_targets": len(meant),
        "n_let_through": sum(
            let_through(rules, name) and any(fits(rule, name) for rule in blocking)
            for name in distinct
        ),
        "all": count(blocking),
        "kinds": {kind: count([rule for rule in blocking if rule[0] == kind]) for kind in kinds},
        "rules": [count([rule]) for rule in rules if not rule[2]],
        "collateral": {
            name
            for name in open_names
            if name not in meant and any(fits(rule, name) for rule in blocking)
        },
    }
