"""Rules that block names over a list of names: by hand, at the edges, and with hostile files."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

import sim
from sim.addresses.feeds.inputs import Input
from sim.addresses.feeds.name_rules import NameKind, NameRule, rules_in
from sim.blocklists.rule_lists import (
    PatternError,
    Reading,
    check_expression,
    read_name_list,
    read_name_rules,
)
from sim.errors import DataError, UsageError
from sim.statistics.intervals import wilson

SUBDOMAINS, EXACT, WILDCARD = NameKind.SUBDOMAINS, NameKind.EXACT, NameKind.WILDCARD


@pytest.mark.parametrize(
    ("line", "kind", "text"),
    [
        ("Example.COM", EXACT, "example.com"),
        ("example.com.", EXACT, "example.com"),
        ("0.0.0.0 example.com", EXACT, "example.com"),
        ("https://example.com/page", EXACT, "example.com"),
        ("full:example.com", EXACT, "example.com"),
        ("example.com CNAME .", EXACT, "example.com"),
        ("||example.com^", SUBDOMAINS, "example.com"),
        ("||example.com^$third-party", SUBDOMAINS, "example.com"),
        (".example.com", SUBDOMAINS, "example.com"),
        ("+.example.com", SUBDOMAINS, "example.com"),
        ("address=/example.com/0.0.0.0", SUBDOMAINS, "example.com"),
        ("local=/example.com/", SUBDOMAINS, "example.com"),
        ('local-zone: "example.com" always_nxdomain', SUBDOMAINS, "example.com"),
        ("domain:example.com", SUBDOMAINS, "example.com"),
        ("*.example.com", WILDCARD, "example.com"),
        ("*.example.com CNAME .", WILDCARD, "example.com"),
        ("||ads.", NameKind.START, "ads."),
        ("||example.com", NameKind.START, "example.com"),
        ("*t.co*", NameKind.KEYWORD, "t.co"),
        ("keyword:casino", NameKind.KEYWORD, "casino"),
        ("ads*.example.com", NameKind.GLOB, "ads*.example.com"),
        ("address=/#/0.0.0.0", NameKind.GLOB, "*"),
        (r"/^ads?\d*\./", NameKind.EXPRESSION, r"^ads?\d*\."),
        (r"regexp:^ads\.", NameKind.EXPRESSION, r"^ads\."),
    ],
)
def test_the_forms_of_blocklists_say_what_they_match(line, kind, text):
    assert rules_in(line) == [NameRule(kind, text)]
    assert rules_in(f"@@{line}") in ([NameRule(kind, text, True)], None)


def test_a_plain_name_is_what_the_reader_says():
    assert rules_in("a.example", SUBDOMAINS) == [NameRule(SUBDOMAINS, "a.example")]
    # A web address and a line of a hosts file are of one name, whatever plain ones are.
    assert rules_in("https://a.example/", SUBDOMAINS) == [NameRule(EXACT, "a.example")]
    assert rules_in("0.0.0.0 a.example", SUBDOMAINS) == [NameRule(EXACT, "a.example")]
    found = sim.overmatch(["a.example"], ["b.a.example"], plain="subdomains")
    assert found.all.n_matched == 1
    with pytest.raises(UsageError, match="expected exact or subdomains, got 'all'"):
        sim.overmatch(["a.example"], ["b.a.example"], plain="all")


@pytest.mark.parametrize(
    "line",
    [
        *("two words", "/banner/ads.js", "a.example##.ad", "server=/x.y/9.9.9.9", "server=/x.y/#"),
        *("rebind-domain-ok=/x.y/", 'local-zone: "x.y" transparent', "DOMAIN-SUFFIX,x.y,DIRECT"),
        *("*.x.y CNAME rpz-passthru.", "24.0.2.0.192.rpz-ip CNAME .", "- DOMAIN,x.y"),
    ],
)
def test_what_blocks_no_whole_name_is_no_rule(line):
    assert not rules_in(line)


def test_exceptions_of_a_zone_and_of_dnsmasq_keep_their_meaning():
    assert rules_in("x.org CNAME rpz-passthru.") == [NameRule(EXACT, "x.org", True)]
    found = sim.overmatch(["*.x.org CNAME .", "a.x.org CNAME rpz-passthru."], ["a.x.org"])
    assert (found.all.n_matched, found.n_let_through) == (0, 1)
    for inside in ("server=/a.x.org/#", "server=/x.org/9.9.9.9"):
        for rules in (["local=/x.org/", inside], [inside, "address=/#/"]):
            with pytest.raises(DataError, match="expected names that are blocked, got some"):
                sim.overmatch(rules, ["x.org"])
    assert sim.overmatch(["local=/a.x.org/", "server=/x.org/#"], ["b.a.x.org"]).all.n_matched == 1


NAMES = ["t.co", "microsoft.com", "rt.com", "de.rt.com", "example.org", "ads1.example.org"]


def test_the_rule_on_t_co_of_march_2021_matches_names_that_contain_it():
    found = sim.overmatch(["*t.co*"], NAMES)
    assert (found.n_names, found.n_targets, found.all.n_matched) == (6, 1, 4)
    assert (found.all.overmatch.n, found.all.overmatch.of, found.all.overmatch.share) == (3, 5, 0.6)
    assert [one.name for one in found.collateral] != []
    assert {one.name for one in found.collateral} == {"microsoft.com", "rt.com", "de.rt.com"}
    assert (found.all.overmatch.low, found.all.overmatch.high) == (None, None)


def test_the_worst_rule_comes_first_and_a_name_counts_once():
    found = sim.overmatch(["||rt.com^", "*t.co*", "de.rt.com", "none.example"], NAMES)
    assert [(one.text, one.n_matched, one.overmatch.n) for one in found.rules] == [
        ("*t.co*", 4, 1),
        ("||rt.com^", 2, 0),
        ("de.rt.com", 1, 0),
    ]
    assert (found.all.n_matched, found.all.n_targets, found.all.overmatch.n) == (4, 3, 1)
    assert [(one.kind, one.n_rules) for one in found.kinds] == [
        ("exact", 2),
        ("subdomains", 1),
        ("keyword", 1),
    ]


def test_a_sample_of_a_universe_has_an_interval():
    names = [f"n{row}.example" for row in range(98)] + ["ads.example", "ads.other"]
    found = sim.overmatch(["||ads."], names, universe=1_000_000)
    share = found.all.overmatch
    assert (share.n, share.of) == (2, 100)
    # Wilson's interval by hand: z = 1.6449, z^2 = 2.7055.
    middle, half = (0.02 + 0.013528) / 1.027055, 1.6449 * (0.02 * 0.98 / 100 + 6.764e-5) ** 0.5
    assert share.low == pytest.approx(middle - half / 1.027055, abs=1e-5)
    assert share.high == pytest.approx(middle + half / 1.027055, abs=1e-5)
    middle, low, high = found.n_others_in_universe
    assert (middle, low, high) == pytest.approx((20_000, 1e6 * share.low, 1e6 * share.high))
    with pytest.raises(UsageError, match="universe: expected at least the 100 names of the list"):
        sim.overmatch(["||ads."], names, universe=99)


def test_wilson_holds_what_is_sampled_as_often_as_it_says():
    rng = np.random.default_rng(5)
    for share in (0.002, 0.05, 0.4):
        drawn = rng.binomial(1000, share, 4000)
        ends = {n: wilson(n, 1000, 0.9) for n in np.unique(drawn).tolist()}
        held = np.mean([ends[n][0] <= share <= ends[n][1] for n in drawn.tolist()])
        assert 0.86 < held < 0.95
        # An interval of 50 % does not pass for one of 90 %.
        narrow = {n: wilson(n, 1000, 0.5) for n in np.unique(drawn).tolist()}
        assert np.mean([narrow[n][0] <= share <= narrow[n][1] for n in drawn.tolist()]) < 0.86
    assert wilson(0, 0, 0.9) == (0, 1)
    with pytest.raises(ValueError, match="expected a number from 0 to 3, got 4"):
        wilson(4, 3, 0.9)


def write(folder: Path, data: bytes) -> Input:
    path = folder / "file.txt"
    path.write_bytes(data)
    return Input(path, "file.txt")


def test_lists_of_popular_sites_are_read_with_their_ranks(tmp_path):
    data = "rank,domain\n1,google.com\n2,YouTube.com\r\n3,google.com\n4,пример.рф\n"
    found = read_name_list(write(tmp_path, data.encode()), Reading())
    assert found.names == [b"google.com", b"youtube.com", b"xn--e1afmkfd.xn--p1ai"]
    assert found.n_repeated == 1
    assert found.notes == (
        "file.txt: line 1 is taken for a heading: 'rank,domain'",
        "file.txt: 1 entries repeat a name, which counts once",
    )


def test_names_that_come_again_in_another_chunk_count_once(monkeypatch):
    monkeypatch.setattr("sim.blocklists.rule_lists._CHUNK", 2)
    names = ["a.ab", "b.ab", "a.ab", "c.ab", "b.ab", "a.ab", "d.ab"]
    found = sim.overmatch(["*ab*"], names, ["c.ab"])
    assert (found.n_names, found.all.n_matched, found.all.overmatch.n) == (4, 4, 3)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"a.example\nb\x00.example\n", "file.txt:2: expected a rule that blocks names"),
        (b"a.example\n" + b"x" * 300_000 + b"\n", "file.txt:2: expected at most 262,144 bytes"),
        (b"\xff\xfe.example\n", "file.txt:1: expected UTF-8 text, got the byte 0xff"),
        (b"two words\n", "file.txt:1: expected a rule that blocks names, got 'two words'"),
        (b"# nothing\n", "expected a rule that blocks names, got none in 1 lines"),
        (b"||" + b"a." * 200 + b"example^\n", "expected a name of the Internet"),
    ],
)
def test_bad_rules_are_refused_by_line(tmp_path, data, message):
    with pytest.raises(DataError) as refusal:
        read_name_rules(write(tmp_path, data), EXACT, Reading())
    assert message in str(refusal.value)


def test_bad_lines_are_left_out_and_counted_when_asked(tmp_path):
    given = write(tmp_path, b"a.example\nnot a rule\nb.example##.ad\n||c.example^$third-party\n")
    with pytest.raises(DataError, match=r"file\.txt:2"):
        read_name_rules(given, EXACT, Reading())
    found = read_name_rules(given, EXACT, Reading(skip_bad=True))
    assert [one.line for one in found.rules] == [1, 4]
    assert [note.split(": ", 1)[1][:40] for note in found.notes] == [
        "1 rules of paths or elements of pages, o",
        "1 rules have conditions after $, which a",
        "1 bad lines, such as file.txt:2: expecte",
    ]


def test_names_that_are_none_are_refused_by_line(tmp_path):
    with pytest.raises(DataError, match=r"file\.txt:2: expected a name, got 'nothing here'"):
        read_name_list(write(tmp_path, b"a.example\nnothing here\n"), Reading())
    with pytest.raises(DataError, match="expected a name at least, got none in 0 lines"):
        read_name_list(write(tmp_path, b""), Reading())
    assert read_name_list(write(tmp_path, b""), Reading(allow_empty=True)).names == []
    # Its label is longer in ASCII than a label may be.
    long = "ёж" * 28 + ".рф"
    given = write(tmp_path, f"# popular\n\na.example\n{long}\nb.example\nno name\n".encode())
    with pytest.raises(DataError) as refusal:
        read_name_list(given, Reading())
    assert [str(one) for one in refusal.value.problems] == [
        f"file.txt:4: expected a name of the Internet, got '{long}'",
        "file.txt:6: expected a name, got 'no name'",
    ]
    found = read_name_list(given, Reading(skip_bad=True))
    assert found.names == [b"a.example", b"b.example"]
    assert found.notes == (
        f"file.txt: 2 bad lines left out, such as file.txt:4: expected a name of the Internet, "
        f"got '{long}'",
    )


def test_names_with_a_server_within_what_is_blocked_are_refused(tmp_path):
    """dnsmasq resolves them, whatever rule blocks a name above theirs."""
    apart = "local=/a.example/\nserver=/b.example/198.51.100.1\n"
    assert len(read_name_rules(write(tmp_path, apart.encode()), EXACT, Reading()).rules) == 1
    for rule in ("local=/a.example/", "address=/#/0.0.0.0"):
        within = f"{rule}\nserver=/b.a.example/198.51.100.1\n"
        with pytest.raises(DataError) as refusal:
            read_name_rules(write(tmp_path, within.encode()), EXACT, Reading())
        assert str(refusal.value) == (
            "file.txt:2: expected names that are blocked, got some that are not within them: "
            "'server=/b.a.example/198.51.100.1'"
        )


@pytest.mark.parametrize(
    "expression",
    ["(a+)+$", "(a|aa)+$", "(a|a?)+b$", "^(([a-z])+.)+[A-Z]([a-z])+$", "(.*a){12}b", "(a*)*(a*)*c"],
)
def test_an_expression_that_makes_others_wait_for_ever_is_quick(expression):
    names = ["a" * 63 + "." + "a" * 63 + "." + "a" * 60 + ".ax"] * 2 + ["b.ab"]
    began = time.process_time()
    sim.overmatch([f"/{expression}/"], names)
    assert time.process_time() - began < 10


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("a{6}{6}", "bad repetition operator"),
        ("((a{60}){60}){60}", "expected an expression that RE2 reads, got an error"),
        ("(" * 499 + "a" + ")" * 500, "unexpected \\)"),
        ("a" * 1001, "expected at most 1,000 letters, got 1,001"),
        (r"(a)\1", r"\\1 is not understood"),
        ("(?=a)b", "groups that look around"),
        ("(?i)a", "groups that look around, or have names or flags"),
        ("(a", "missing \\)"),
        ("a)", "unexpected \\)"),
        ("[a", "missing \\]"),
        ("[z-a]", "invalid character class range"),
        ("[[:digits:]]", "invalid character class range"),
        ("*a", "no argument for repetition operator"),
        ("a{2,1}", "invalid repetition size"),
        ("a{99999}", "expected a number of repeats"),
        ("a++", "bad repetition operator"),
        ("a{,5}", "expected a number of repeats"),
        ("привет", "expected printable ASCII letters"),
    ],
)
def test_an_expression_that_costs_too_much_or_is_not_understood_is_refused(expression, message):
    began = time.process_time()
    with pytest.raises(PatternError, match=message):
        check_expression(expression)
    assert time.process_time() - began < 20
    with pytest.raises(DataError, match="rules:2: "):
        sim.overmatch(["a.example", f"/{expression}/"], ["b.example"])


def test_classes_of_pihole_are_understood():
    found = sim.overmatch(
        [r"/^ad([sxv]?[0-9]*|system)[_.-]([^.[:space:]]+\.){1,}|[_.-]ad([sxv]?[0-9]*)[_.-]/"],
        ["ads12.example.org", "adsystem.example.org", "my-ad.example.org", "add.example.org"],
    )
    assert found.all.n_matched == 3


def test_too_many_patterns_are_refused(monkeypatch):
    monkeypatch.setattr("sim.blocklists.rule_lists.MOST_PATTERNS", 2)
    with pytest.raises(DataError, match="rules: expected at most 2 patterns, got more"):
        sim.overmatch(["*a*", "*b*", "*c*"], ["a.example"])
