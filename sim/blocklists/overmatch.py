"""How many names a rule matches that it was not meant for, over a list of names.

Whether somebody blocks what is matched, it does not know.
"""

from __future__ import annotations

import heapq
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sim.addresses.feeds.name_rules import NameKind
from sim.blocklists.rule_lists import NameList, NameRules, PlacedRule, match_patterns
from sim.errors import UsageError
from sim.statistics.intervals import wilson


class Matcher:
    """Finds which rules match which names."""

    def __init__(self, rules: Sequence[PlacedRule]) -> None:
        self._own: dict[bytes, list[int]] = {}
        self._below: dict[bytes, list[int]] = {}
        self._words: list[tuple[bytes, int]] = []
        self._patterns: list[tuple[str, int]] = []
        self._exceptions: Matcher | None = None
        excepted = [one for one in rules if one.rule.is_exception]
        for row, one in enumerate(rules):
            if not one.rule.is_exception:
                self._add(row, one)
        if excepted:
            # What they match is let through: for themselves they are rules like others.
            self._exceptions = Matcher(
                [replace(one, rule=replace(one.rule, is_exception=False)) for one in excepted]
            )

    def _add(self, row: int, one: PlacedRule) -> None:
        text = one.rule.text.encode()
        match one.rule.kind:
            case NameKind.EXACT:
                self._own.setdefault(text, []).append(row)
            case NameKind.SUBDOMAINS:
                self._own.setdefault(text, []).append(row)
                self._below.setdefault(text, []).append(row)
            case NameKind.WILDCARD:
                self._below.setdefault(text, []).append(row)
            case NameKind.KEYWORD:
                self._words.append((text, row))
            case NameKind.START:
                # A label begins a name, or comes after a dot.
                self._words += [(b"\n" + text, row), (b"." + text, row)]
            case _:
                self._patterns.append((one.pattern, row))

    def is_matched(self, chunk: bytes, names: list[bytes]) -> NDArray[np.bool_]:
        """Whether each name is matched by a rule, and let through by none."""
        found = np.zeros(len(names), np.bool_)
        found[self.pairs(chunk, names)[0]] = True
        return found & ~self.let_through(chunk, names)

    def let_through(self, chunk: bytes, names: list[bytes]) -> NDArray[np.bool_]:
        """Whether an exception matches each name."""
        found = np.zeros(len(names), np.bool_)
        if self._exceptions is not None:
            found[self._exceptions.pairs(chunk, names)[0]] = True
        return found

    def pairs(
        self, chunk: bytes, names: list[bytes]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Rows of names and of rules that match them, each pair once."""
        looked_up, by_rules = self._looked_up(names)
        length = np.fromiter(map(len, names), np.int64, len(names))
        start = np.cumsum(length + 1) - length - 1
        found = [(np.array(looked_up, np.int64), np.array(by_rules, np.int64))]
        # The first name comes after the end of a line, too.
        text = b"\n" + chunk
        for word, rule in self._words:
            hit = _rows_with(text, word, start)
            found.append((hit, np.full(hit.size, rule)))
        patterns = [pattern for pattern, _ in self._patterns]
        matched = match_patterns(patterns, chunk.decode("ascii"))
        for (_, rule), is_matched in zip(self._patterns, matched, strict=True):
            hit = np.flatnonzero(is_matched)
            found.append((hit, np.full(hit.size, rule)))
        all_rows = np.concatenate([each for each, _ in found])
        all_rules = np.concatenate([each for _, each in found])
        n_rules = int(all_rules.max(initial=0)) + 1
        pair = np.unique(all_rows * n_rules + all_rules)
        return pair // n_rules, pair % n_rules

    def _looked_up(self, names: list[bytes]) -> tuple[list[int], list[int]]:
        rows: list[int] = []
        rules: list[int] = []
        own, below = self._own, self._below
        if not own and not below:
            return rows, rules
        for row, name in enumerate(names):
            if name in own:
                rows += [row] * len(own[name])
                rules += own[name]
            at = name.find(b".") if below else -1
            while at >= 0:
                parent = name[at + 1 :]
                if parent in below:
                    rows += [row] * len(below[parent])
                    rules += below[parent]
                at = name.find(b".", at + 1)
        return rows, rules


def _rows_with(text: bytes, word: bytes, start: NDArray[np.int64]) -> NDArray[np.int64]:
    """Rows of names in which a word stands; the text begins with an end of line."""
    places = []
    at = text.find(word)
    while at >= 0:
        places.append(at)
        # One place in each name is enough.
        at = text.find(word, max(text.find(b"\n", at + 1), at + 1))
    # A word that begins with the end of the line before belongs to the name after it.
    place = np.array(places, np.int64) - (0 if word.startswith(b"\n") else 1)
    return np.unique(np.searchsorted(start, place, "right") - 1)


DEFAULT_TOP = 20
LEVEL = 0.9


@dataclass(frozen=True)
class Share:
    """A part of a number of names, with the interval of a sample.

    Attributes
    ----------
    n, of
        Names of the list that it is of, and out of how many.
    low, high
        Ends of the interval that holds the share among all names with 90 %, where the list is a
        sample of them; None where the list is all there are.
    """

    n: int
    of: int
    low: float | None = None
    high: float | None = None

    @property
    def share(self) -> float | None:
        """The one over the other; None out of nothing."""
        return self.n / self.of if self.of else None


@dataclass(frozen=True)
class Matched:
    """Names that one rule, or all rules of one kind, match.

    Attributes
    ----------
    text
        The rule as it is written, or the kind.
    kind
        Kind of rule, from `NameKind`.
    place
        File and line; empty for a kind.
    n_rules
        How many rules it is of.
    n_matched
        Distinct names.
    n_targets
        Of these, names that were meant.
    overmatch
        Names matched that were not meant, out of all that were not.
    """

    text: str
    kind: str
    place: str
    n_rules: int
    n_matched: int
    n_targets: int
    overmatch: Share


@dataclass(frozen=True)
class Collateral:
    """A name that was matched and not meant, and the first rule that did."""

    name: str
    rule: str
    place: str


@dataclass(frozen=True)
class Overmatch:
    """Names of a list that rules match.

    Attributes
    ----------
    n_names
        Names of the list.
    n_targets
        Names of the list that were meant.
    n_let_through
        Names that a rule matches and an exception lets through; they count as not matched.
    all
        All rules together.
    kinds
        By kind of rule, in the sequence of `NameKind`; a name that rules of two kinds match counts
        for each.
    rules
        Rules that match the most names not meant.
    collateral
        Sampled names matched and not meant: by a hash of the name, so that the same names come up
        wherever they stand.
    universe
        Number of all names if the list is a sample; None where the list is complete.
    n_others_in_universe
        With a universe: names not meant that would be matched in it, and the ends of the interval.
    notes
        What to know before trusting the numbers.
    """

    n_names: int
    n_targets: int
    n_let_through: int
    all: Matched
    kinds: tuple[Matched, ...]
    rules: tuple[Matched, ...]
    collateral: tuple[Collateral, ...]
    universe: int | None
    n_others_in_universe: tuple[float, float, float] | None
    notes: tuple[str, ...]


def plain_kind(text: str) -> NameKind:
    """Return what a plain name is to be taken for.

    Raises
    ------
    UsageError
        If it is neither ``exact`` nor ``subdomains``.
    """
    known = (NameKind.EXACT, NameKind.SUBDOMAINS)
    if text not in known:
        raise UsageError(f"--plain: expected {' or '.join(known)}, got {text!r}")
    return NameKind(text)


def hold(
    rules: NameRules,
    names: NameList,
    targets: NameRules | None,
    *,
    universe: int | None = None,
    top: int = DEFAULT_TOP,
) -> Overmatch:
    """Hold rules against a list of names.

    Parameters
    ----------
    targets
        Rules that match the names that are meant; None where names equal to a rule's own are.
    universe
        Number of all names if the list is a random sample; None where it is complete.
    top
        How many rules and names to return.

    Raises
    ------
    UsageError
        If the universe is smaller than the list.
    """
    if universe is not None and universe < len(names.names):
        raise UsageError(
            f"--universe: expected at least the {len(names.names):,} names of the list, "
            f"got {universe:,}"
        )
    matcher = Matcher(rules.rules)
    meant = None if targets is None else Matcher(targets.rules)
    own = {
        one.rule.text.encode()
        for one in rules.rules
        if not one.rule.is_exception and one.rule.kind != NameKind.EXPRESSION
    }
    n_names, n_let_through = 0, 0
    rows, matching, targeted = [np.empty(0, np.int64)], [np.empty(0, np.int64)], []
    for of_chunk in names.chunks():
        chunk = b"\n".join([*of_chunk, b""])
        targeted.append(
            np.array([name in own for name in of_chunk], np.bool_)
            if meant is None
            else meant.is_matched(chunk, of_chunk)
        )
        row, rule = matcher.pairs(chunk, of_chunk)
        is_through = matcher.let_through(chunk, of_chunk)[row]
        n_let_through += np.unique(row[is_through]).size
        rows.append(row[~is_through] + n_names)
        matching.append(rule[~is_through])
        n_names += len(of_chunk)
    pairs = _Pairs(
        np.concatenate(rows),
        np.concatenate(matching),
        np.concatenate([np.empty(0, np.bool_), *targeted]),
    )
    kinds = np.array([list(NameKind).index(one.rule.kind) for one in rules.rules], np.int64)
    of_all = pairs.count(np.zeros_like(pairs.rule), 1)[:, 0]
    by_kind = pairs.count(kinds[pairs.rule], len(NameKind))
    by_rule = pairs.count(pairs.rule, len(rules.rules))
    n_targets = int(pairs.is_target.sum())
    n_others = n_names - n_targets

    def matched(text: str, kind: str, place: str, n_rules: int, n: NDArray[np.int64]) -> Matched:
        n_other, n_meant = n.tolist()
        ends = (None, None) if universe is None else wilson(n_other, n_others, LEVEL)
        share = Share(n_other, n_others, *ends)
        return Matched(text, kind, place, n_rules, n_other + n_meant, n_meant, share)

    blocking = [one for one in rules.rules if not one.rule.is_exception]
    worst = np.lexsort((np.arange(len(rules.rules)), -by_rule[1], -by_rule[0]))[:top]
    told = [(rules.rules[row], by_rule[:, row]) for row in worst.tolist() if by_rule[:, row].any()]
    scaled = None
    if universe is not None:
        low, high = wilson(int(of_all[0]), n_names, LEVEL)
        share = int(of_all[0]) / n_names if n_names else 0.0
        scaled = universe * share, universe * low, universe * high
    return Overmatch(
        n_names,
        n_targets,
        n_let_through,
        matched("all", "", "", len(blocking), of_all),
        tuple(
            matched(kind.value, kind.value, "", n_rules, by_kind[:, row])
            for row, kind in enumerate(NameKind)
            if (n_rules := sum(one.rule.kind == kind for one in blocking))
        ),
        tuple(
            matched(one.text, one.rule.kind.value, one.location, 1, counted)
            for one, counted in told
        ),
        tuple(pairs.sampled(names, rules, top)),
        universe,
        scaled,
        (*rules.notes, *(() if targets is None else targets.notes), *names.notes),
    )


@dataclass(frozen=True)
class _Pairs:
    """Names and rules that match them, sorted by both, and which of all names are meant."""

    row: NDArray[np.int64]
    rule: NDArray[np.int64]
    is_target: NDArray[np.bool_]

    def count(self, group: NDArray[np.int64], n_groups: int) -> NDArray[np.int64]:
        """Names not meant, and names meant, of each group of pairs: each name once in each."""
        n_names = max(self.is_target.size, 1)
        pair = np.unique(group * n_names + self.row)
        of, is_target = pair // n_names, self.is_target[pair % n_names]
        counts = [np.bincount(of[is_target == meant], minlength=n_groups) for meant in (0, 1)]
        return np.array(counts)

    def sampled(self, names: NameList, rules: NameRules, top: int) -> Iterator[Collateral]:
        """Yield names that are not meant, by a hash, each with the first rule that matches it."""
        row, first = np.unique(self.row, return_index=True)
        others = np.flatnonzero(~self.is_target[row])
        held = ((names.names[row[at]], int(self.rule[first[at]])) for at in others.tolist())
        for name, rule in heapq.nsmallest(top, held, key=lambda each: zlib.crc32(each[0])):
            yield Collateral(name.decode(), rules.rules[rule].text, rules.rules[rule].location)
