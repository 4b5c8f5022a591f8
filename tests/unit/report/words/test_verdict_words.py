"""Verdicts in words: what is not known is said, and counts are out of all simulations."""

import math
from pathlib import Path

import numpy as np
import pytest

from sim.catalogue.choices import LISTED, PRIVATE_LOSS
from sim.measure.estimates import Estimate, Grade, count_over, estimate_over
from sim.report.words.heading import other_warnings
from sim.report.words.languages import language
from sim.report.words.numbers import with_range
from sim.report.words.sentences import (
    LISTED_WORDS,
    n_listed,
    names_words,
    reason_of,
    verdict_of,
    verdict_sentence,
)
from sim.results.folder import RunFolder
from sim.results.tables import Row

NAMES = {"a": "alone", "b": "broad"}


def row(verdict: str, less: int, more: int, not_known: int, needed: int = 93) -> Row:
    return {
        "metric": "business_hours_impaired", "strategy": "a", "other": "b", "verdict": verdict,
        "n_less": less, "n_equal": 0, "n_more": more, "n_not_known": not_known,
        "n_needed": needed, "depends_on_1": "", "depends_on_2": "", "depends_on_3": "",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("found", "sentence", "part"),
    [
        (row("agree", 107, 0, 0), "All 107 simulations agree: a has less harm than b.",
         "The simulations agree: alone less than broad."),
        (row("agree", 149, 0, 1),
         "149 of 150 simulations agree: a has less harm than b; not known in 1.",
         "The simulations agree: alone less than broad in 149 of 150."),
        (
            row("too few", 0, 91, 1),
            "Too few simulations to say: a has more harm than b in 91 of 92; 93 are needed; not "
            "known in 1.",
            "Too few simulations to say, 93 are needed: alone more than broad in 91 of 92.",
        ),
        (
            row("not known", 107, 0, 893, 18_850),
            "Not known in 893 of 1000 simulations: in the others a has less harm than b.",
            "Not known, as so few businesses could be cut off: alone less than broad in 107 of "
            "1,000.",
        ),
        (row("not known", 0, 0, 80), "A and b: harm is not known to differ in any simulation.",
         "Not known, as so few businesses could be cut off: alone against broad."),
        (row("differ", 60, 4, 36),
         "The simulations differ: a has less harm than b in 60 of 100; not known in 36.",
         "The simulations differ: alone less than broad in 60 of 100."),
        (row("differ", 20, 10, 0) | {"n_equal": 34},
         "The simulations differ: a has as much harm as b in 34 of 64.",
         "The simulations differ: alone and broad equal in 34 of 64."),
    ],
)  # fmt: skip
def test_a_verdict_counts_all_simulations(found, sentence, part):
    assert verdict_sentence(found) == sentence
    told = verdict_of("harm", [found], NAMES)
    assert ["".join(one) for one in told.parts] == [part]
    can_be_certified = found["verdict"] in ("agree", "too few")
    assert told.n_needed == (93 if can_be_certified else 0)


def test_pairs_with_one_other_and_one_count_share_a_sentence():
    names = {**NAMES, "c": "close"}
    rows = [row("agree", 107, 0, 0), row("agree", 107, 0, 0) | {"strategy": "c"}]
    assert ["".join(one) for one in verdict_of("harm", rows, names).parts] == [
        "The simulations agree: alone and close less than broad."
    ]
    rows = [row("differ", 60, 4, 36), row("differ", 61, 3, 36) | {"strategy": "c"}]
    assert ["".join(one) for one in verdict_of("harm", rows, names).parts] == [
        "The simulations differ: alone less than broad in 60 of 100; close less than broad in 61 "
        "of 100."
    ]


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ([0.0] * 11 + [0.821, 0.819] * 26 + [0.82], "82% (0% in 11 of 64)"),
        ([0.0] * 11 + [0.82] * 5 + [math.nan] * 2, "0% (82% in 5 of 16)"),
        # A third outcome, as many of both, few simulations, one outcome in one of twenty.
        ([0.0] * 11 + [0.82] * 50 + [0.5] * 3, "82% (0 to 82%)"),
        ([0.0] * 8 + [0.82] * 8, "0% (82% in 8 of 16)"),
        ([0.0, 0.82, 0.82], "82% (8.2 to 82%)"),
        ([0.0] * 2 + [0.82] * 62, "82%"),
    ],
)
def test_two_outcomes_are_counted_and_no_range(values, told):
    said = str(with_range(estimate_over(np.array(values), "share")))
    assert said.replace("\N{NO-BREAK SPACE}", " ") == told


# Warnings of a run as sentences of the page, in its language.


MISSED = (
    "hits no modelled business: no customer of one needed an address or a name while it was "
    "blocked; they are a sample: names expected behind what was listed are in expected_names.csv"
)
OWN = "hosts.csv: a run takes from its own tables, and not from the file: provider, asn"


def test_frequent_warnings_are_in_the_language_of_the_page():
    comma = "hosts.csv: revenue_per_h: the comma is read as the decimal mark"
    manifest = {"warnings": [MISSED, OWN, "odd thing", comma], "strategy": "orders"}
    found = other_warnings(RunFolder(Path(), manifest, {"strategy": {"id": "orders"}}))
    assert found[2] == "Odd thing."
    assert found[0].startswith("No modelled business was hit: no customer of one needed")
    assert found[1] == "The run takes provider, asn from its own tables, not from hosts.csv."
    spanish = [language("es").write(one) for one in found]
    assert spanish[0].startswith("Ninguna empresa del modelo")
    assert spanish[3] == "hosts.csv: una coma en revenue_per_h separa los decimales."
    assert spanish[1] == "La simulación toma provider, asn de sus propias tablas, no de hosts.csv."


def test_a_warning_that_begins_like_the_label_of_a_strategy_is_whole():
    warning = "orders nothing: no given order comes into force between start and end"
    orders = {"id": "orders", "label": "orders", "parameters": {}}
    own = {"strategy": {"id": "orders"}}
    run = RunFolder(Path(), {"warnings": [warning], "strategy": "orders"}, own)
    assert other_warnings(run) == [f"O{warning[1:]}."]
    compared = {"kind": "comparison", "strategies": [orders], "warnings": [f"orders {warning}"]}
    assert other_warnings(RunFolder(Path(), compared, own)) == [f"“the orders given” {warning}."]


# Names expected behind what was listed have a range; not known is no zero.


def listed(state: str = "known") -> Row:
    ends = {"hit": 4_135_290.0, "hit_low": 131_362.0, "hit_high": 22_320_689.0}
    numbers = dict.fromkeys(ends, math.nan) if state == "not known" else ends
    return {
        "strategy": "mine",
        "n_listed": 16,
        "n_known": 16,
        "n_networks6": 0,
        "state": state,
        **numbers,
    }


def plain(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ")


def test_names_have_their_range_in_two_digits():
    assert plain(names_words(listed())) == "4.1 million names (130,000 to 22 million)"
    assert plain(names_words(listed("lower bound"))).startswith("at least 4.1 million names (")
    part = listed("lower bound") | {"n_known": 1, "hit": 0.9999, "hit_low": 0.0, "hit_high": 794.9}
    part["n_listed"] = 296
    said = "1 name (0 to 790) on 1 of 296 IPv4 addresses, whose provider is known"
    assert plain(names_words(part)) == said
    assert plain(names_words(part, says_where=False)) == "at least 0.99 names (0 to 790)"
    # Not known is no zero.
    assert names_words(listed("not known")) == "a number of names that is not known"
    assert names_words(None) == "a number of names that is not known"


def test_networks_of_ipv6_are_named_as_addresses_are() -> None:
    of_ipv6 = "IPv6 /64 networks ordered blocked at the peak"
    assert LISTED_WORDS[LISTED[1], False](3) == of_ipv6
    assert LISTED_WORDS[LISTED[1], True](3) == f"simulated {of_ipv6}"
    one, many = Estimate(1, 1, 1, ""), Estimate(2100, 2100, 2100, "")
    assert n_listed(LISTED[1], one, of_others=True) == "1 IPv6 network of others"
    assert n_listed(LISTED[1], many, of_others=False) == "2,100 IPv6 networks"


def test_counts_have_whole_medians_and_ends():
    counts = np.array([6.0, 7, 8, 9])
    found = count_over(counts, "sites")
    assert (found.low, found.median, found.high) == (6, 7, 9)
    plain = estimate_over(counts, "sites")
    assert plain.low % 1
    assert plain.median % 1


@pytest.mark.parametrize(
    ("metric", "known", "told"),
    [
        ("moves", "given is_record", "an input, the record of what was seen blocked"),
        ("moves", "given", "an input, the table of orders"),
        ("moves", "is_of_evidence has_sites", "its published figures chose the simulations"),
        ("moves", "has_sites published", "no outage of yours was given"),
        ("moves", "published note", "the makers of the model knew the published 7"),
        (PRIVATE_LOSS, "published note", "the published 7 counts something else"),
        (PRIVATE_LOSS, "published", "the makers of the model knew the published 7"),
        (PRIVATE_LOSS, "note", "no published figure is known"),
    ],
)
def test_a_grade_has_its_reason(monkeypatch, metric, known, told):
    words = known.split()
    for name in ("is_record", "is_of_evidence", "has_sites"):
        answer = name in words
        monkeypatch.setattr(f"sim.report.words.sentences.{name}", lambda *_, so=answer: so)
    rows = [{"published_note": ""}, {"published_note": "of a year" if "note" in words else ""}]
    monkeypatch.setattr("sim.report.words.sentences.read_losses", lambda run: rows)
    grade = Grade.GIVEN if "given" in words else Grade.NEVER_CHECKED
    run = RunFolder(Path(), {}, {})
    assert reason_of(metric, run, {}, "7" * ("published" in words), grade).startswith(told)
