"""How many names a rule matches that it was not meant for, over a list of names.

Whether somebody blocks what is matched, it does not know.
"""

from __future__ import annotations

import heapq
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sim.addresses.feeds.name_rules import NameKind
from sim.blocklists.patterns import match_patterns
from sim.blocklists.rule_lists import NameList, NameRules, PlacedRule
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
    if universe is not None and universe < names.n_names:
        raise UsageError(
            f"--universe: expected at least the {names.n_names:,} names of the list, "
            f"got {universe:,}"
        )
    matcher = Matcher(rules.rules)
    meant = None if targets is None else Matcher(targets.rules)
    own = {
        one.rule.text.encode()
        for one in rules.rules
        if not one.rule.is_exception and one.rule.kind != NameKind.EXPRESSION
    }
    tally = _Tally(len(rules.rules))
    kind_row = np.array([list(NameKind).index(one.rule.kind) for one in rules.rules], np.int64)
    smallest: list[tuple[int, bytes, int]] = []
    for chunk, of_chunk in zip(names.chunks, names.split(), strict=True):
        is_target = (
            np.fromiter((name in own for name in of_chunk), np.bool_, len(of_chunk))
            if meant is None
            else meant.is_matched(chunk, of_chunk)
        )
        row, rule = matcher.pairs(chunk, of_chunk)
        let_through = matcher.let_through(chunk, of_chunk)
        row, rule = tally.add(row, rule, kind_row, is_target, let_through)
        first = np.append(True, row[1:] != row[:-1]) if row.size else np.zeros(0, np.bool_)
        for at in np.flatnonzero(first & ~is_target[row]).tolist():
            name = of_chunk[row[at]]
            heapq.heappush(smallest, (-zlib.crc32(name), name, int(rule[at])))
            if len(smallest) > top:
                heapq.heappop(smallest)
    sampled = [(name.decode(), rules.rules[rule]) for _, name, rule in sorted(smallest)[::-1]]
    collateral = tuple(Collateral(name, one.text, one.location) for name, one in sampled)
    return _answer(rules, names, tally, collateral, universe, top, targets)


def _answer(
    rules: NameRules,
    names: NameList,
    tally: _Tally,
    collateral: tuple[Collateral, ...],
    universe: int | None,
    top: int,
    targets: NameRules | None,
) -> Overmatch:
    n_others = names.n_names - tally.n_targets

    def matched(text: str, kind: str, place: str, n_rules: int, n: NDArray[np.int64]) -> Matched:
        n_other, n_meant = n.tolist()
        ends = (None, None) if universe is None else wilson(n_other, n_others, LEVEL)
        share = Share(n_other, n_others, *ends)
        return Matched(text, kind, place, n_rules, n_other + n_meant, n_meant, share)

    blocking = [one for one in rules.rules if not one.rule.is_exception]
    kinds = [
        matched(kind.value, kind.value, "", n_rules, tally.by_kind[:, row])
        for row, kind in enumerate(NameKind)
        if (n_rules := sum(one.rule.kind == kind for one in blocking))
    ]
    worst = np.lexsort((np.arange(len(rules.rules)), -tally.by_rule[1], -tally.by_rule[0]))
    told = []
    for row in worst[:top].tolist():
        one = rules.rules[row]
        if tally.by_rule[:, row].any():
            told.append(
                matched(one.text, one.rule.kind.value, one.location, 1, tally.by_rule[:, row])
            )
    scaled = None
    if universe is not None:
        low, high = wilson(int(tally.all[0]), names.n_names, LEVEL)
        share = int(tally.all[0]) / names.n_names if names.n_names else 0.0
        scaled = universe * share, universe * low, universe * high
    return Overmatch(
        names.n_names,
        tally.n_targets,
        tally.n_let_through,
        matched("all", "", "", len(blocking), tally.all),
        tuple(kinds),
        tuple(told),
        collateral,
        universe,
        scaled,
        (*rules.notes, *(() if targets is None else targets.notes), *names.notes),
    )


class _Tally:
    """Counts by rule and by kind, chunk by chunk."""

    def __init__(self, n_rules: int) -> None:
        n_kinds = len(NameKind)
        self.by_rule = np.zeros((2, n_rules), np.int64)
        self.by_kind = np.zeros((2, n_kinds), np.int64)
        self.all = np.zeros(2, np.int64)
        self.n_targets = 0
        self.n_let_through = 0

    def add(
        self,
        row: NDArray[np.int64],
        rule: NDArray[np.int64],
        kind_row: NDArray[np.int64],
        is_target: NDArray[np.bool_],
        let_through: NDArray[np.bool_],
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Count pairs of a name and a rule, and return those that are not let through."""
        self.n_targets += int(is_target.sum())
        self.n_let_through += np.unique(row[let_through[row]]).size
        kept = ~let_through[row]
        row, rule = row[kept], rule[kept]
        order = np.lexsort((rule, row))
        row, rule = row[order], rule[order]
        for of, meant in enumerate((False, True)):
            mine = is_target[row] == meant
            self.by_rule[of] += np.bincount(rule[mine], minlength=self.by_rule.shape[1])
            n_kinds = self.by_kind.shape[1]
            pairs = np.unique(row[mine] * n_kinds + kind_row[rule[mine]])
            self.by_kind[of] += np.bincount(pairs % n_kinds, minlength=n_kinds)
            self.all[of] += np.unique(row[mine]).size
        return row, rule
