"""What each form of a rule over names matches."""

import pytest

from sim.addresses.feeds.name_lists import NameKind, NameRule, rules_in

SUBDOMAINS, EXACT, PATTERN = NameKind.SUBDOMAINS, NameKind.EXACT, NameKind.PATTERN


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
        ("*.example.com", PATTERN, "example.com"),
        ("*.example.com CNAME .", PATTERN, "example.com"),
        ("||ads.", PATTERN, "ads"),
        ("||example.com", PATTERN, "example.com"),
        ("*t.co*", PATTERN, "*t.co*"),
        ("keyword:casino", PATTERN, "*casino*"),
        ("ads*.example.com", PATTERN, "ads*.example.com"),
        ("address=/#/0.0.0.0", PATTERN, "*"),
        (r"/^ads?\d*\./", NameKind.EXPRESSION, r"^ads?\d*\."),
        (r"regexp:^ads\.", NameKind.EXPRESSION, r"^ads\."),
    ],
)
def test_the_forms_of_blocklists_say_what_they_match(line, kind, text):
    assert rules_in(line) == [NameRule(kind, text)]
    assert rules_in(f"@@{line}") in ([NameRule(kind, text, True)], None)


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


def test_an_exception_of_a_zone_is_of_one_name():
    assert rules_in("x.org CNAME rpz-passthru.") == [NameRule(EXACT, "x.org", True)]
