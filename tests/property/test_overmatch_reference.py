"""Names that rules match, against a second implementation that loops and asks ``re``."""

from __future__ import annotations

import re

from hypothesis import example, given, settings
from hypothesis import strategies as st

import sim
from sim.blocklists.rule_lists import check_expression, glob_pattern, match_patterns
from tests.reference_names import fits, line_of, matched

LETTERS = "ab-7"
LABEL = st.text(LETTERS, min_size=1, max_size=4)
NAME = st.builds(
    lambda labels, end: ".".join([*labels, end]),
    st.lists(LABEL, min_size=1, max_size=3),
    st.sampled_from(["ab", "ba", "aab"]),
)
WORD = st.text(LETTERS + ".", min_size=1, max_size=3)
STARRED = st.tuples(WORD, WORD).map("*".join)


def repeated(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    counts = st.sampled_from(["*", "+", "?", "{2}", "{1,2}", "{0,1}", "{1,}", "*?", "+?"])
    choices = st.lists(inner, min_size=1, max_size=3).map(lambda parts: f"(?:{'|'.join(parts)})")
    return st.one_of(
        st.tuples(choices, counts).map("".join),
        st.lists(inner, min_size=2, max_size=4).map("".join),
        choices,
    )


ATOM = st.sampled_from(
    [*"abB.-^$", r"\.", "[ab]", "[^a]", "[a-b7]", r"[\d.]", r"\d", r"\w", r"\D"]
)  # fmt: skip
EXPRESSION = st.recursive(ATOM, repeated, max_leaves=6)
RULE = st.one_of(
    st.tuples(st.sampled_from(["exact", "subdomains", "wildcard"]), NAME, st.booleans()),
    st.tuples(st.sampled_from(["start"]), st.one_of(NAME, LABEL), st.booleans()),
    st.tuples(st.just("keyword"), WORD, st.booleans()),
    st.tuples(st.just("glob"), STARRED, st.booleans()),
    st.tuples(st.just("expression"), EXPRESSION, st.booleans()),
)
RULES = st.lists(RULE, min_size=1, max_size=5)


def check(rules, names, targets):
    found = sim.overmatch(
        [line_of(rule) for rule in rules],
        names,
        None if targets is None else [line_of(rule) for rule in targets],
        top=100,
    )
    expected = matched(rules, names, targets)
    assert (found.n_names, found.n_targets) == (expected["n_names"], expected["n_targets"])
    assert found.n_let_through == expected["n_let_through"]
    assert (found.all.overmatch.n, found.all.n_targets) == expected["all"]
    assert found.all.overmatch.of == found.n_names - found.n_targets
    of_kind = {one.kind: (one.overmatch.n, one.n_targets) for one in found.kinds}
    assert of_kind == expected["kinds"]
    # Rules stand by place; those that match nothing are not named.
    by_place = {one.place: (one.overmatch.n, one.n_targets) for one in found.rules}
    blocking = [row for row, rule in enumerate(rules, 1) if not rule[2]]
    by_rule = {f"rules:{row}": n for row, n in zip(blocking, expected["rules"], strict=True)}
    assert by_place == {place: n for place, n in by_rule.items() if any(n)}
    assert {one.name for one in found.collateral} == expected["collateral"]
    for one in found.collateral:
        row = int(one.place.removeprefix("rules:")) - 1
        assert one.rule == line_of(rules[row])
        assert fits(rules[row], one.name)


@settings(max_examples=150, deadline=None)
@given(RULES, st.lists(NAME, min_size=1, max_size=25), st.none() | RULES)
@example([("keyword", "t.co", False)], ["t.co", "microsoft.com", "rt.com", "a.org"], None)
@example([("expression", "^a", False)], ["ba.ab", "ab.ab"], None)
@example([("expression", "b$|^7", False)], ["ab.ab", "7.ba", "a7.ba"], None)
@example([("start", "a.b", False)], ["xa.ba", "a.ba", "b.a.ba"], None)
@example([("start", "a", False)], ["b.ba", "a.ab", "b.aab"], None)
@example([("exact", "a.ab", True), ("glob", "a*b", False)], ["a.ab", "a.ab", "a.aab"], None)
def test_rules_match_what_a_slow_second_implementation_says(rules, names, targets):
    check(rules, names, targets)


def names_that_fit(pattern, names):
    (fits_of,) = match_patterns([pattern], "".join(f"{name}\n" for name in names))
    return [name for name, is_fit in zip(names, fits_of.tolist(), strict=True) if is_fit]


@settings(max_examples=400, deadline=None)
@given(EXPRESSION, st.lists(NAME, min_size=1, max_size=20))
@example("^a{1,2}b", ["aaab.ab", "aab.ab", "ab.ab", "b.ab"])
@example("^(?:ab){2}$|-{2,}", ["abab.ab", "a--b.ab", "a-b.ab"])
@example("(?:a|b)+?7$", ["ab.ab7", "7.ab"])
def test_an_expression_fits_the_names_that_re_finds_it_in(expression, names):
    expected = [name for name in names if re.search(expression, name, re.IGNORECASE | re.ASCII)]
    assert names_that_fit(check_expression(expression), names) == expected


@settings(max_examples=200, deadline=None)
@given(st.lists(WORD, min_size=2, max_size=4).map("*".join), st.lists(NAME, min_size=1))
def test_a_name_with_stars_fits_whole_names(starred, names):
    expected = [name for name in names if fits(("glob", starred, False), name)]
    assert names_that_fit(glob_pattern(starred), names) == expected
