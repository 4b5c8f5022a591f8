"""Whose ranges a provider's file holds: what it says of itself or what it is read as names them."""

import json
from pathlib import Path

import pytest

from sim.addresses.feeds.feed import Feed, special_note
from sim.addresses.sets.intervals import AddressSet
from tests.feeds import read as read_text
from tests.feeds import refused

FOUR, SIX = "198.51.100.0/24", "2001:db8::/32"
# Bing publishes its crawler's ranges with Google's keys.
BING = {"creationTime": "2026-01-02T03:04:05", "prefixes": [{"ipv4Prefix": FOUR}]}
UNNAMED = {
    "google": BING,
    "aws": {"prefixes": [{"ip_prefix": FOUR, "service": "CDN"}], "ipv6_prefixes": []},
    "azure": {"values": [{"name": "a", "properties": {"addressPrefixes": [FOUR]}}]},
    "fastly": {"addresses": [FOUR], "ipv6_addresses": []},
    "cloudflare": {"result": {"ipv4_cidrs": [FOUR], "ipv6_cidrs": []}, "success": True},
    "oracle": {"regions": [{"region": "r", "cidrs": [{"cidr": FOUR, "tags": ["x"]}]}]},
}
# What each maker's own file says, where it says anything.
NAMED = {
    "google": {"prefixes": [{"ipv4Prefix": FOUR, "service": "Google Cloud", "scope": "s"}]},
    "aws": {"prefixes": [{"ip_prefix": FOUR, "service": "AMAZON"}], "ipv6_prefixes": []},
    "azure": {
        "cloud": "Public",
        "values": [{"name": "a", "properties": {"platform": "Azure", "addressPrefixes": [FOUR]}}],
    },
    "oracle": {"regions": [{"region": "r", "cidrs": [{"cidr": FOUR, "tags": ["OCI"]}]}]},
}
PROVIDER = {
    "google": "Google", "aws": "AWS", "azure": "Azure", "fastly": "Fastly",
    "cloudflare": "Cloudflare", "oracle": "Oracle",
}  # fmt: skip


def read(document: object, folder: Path, form: str = "") -> Feed:
    return read_text(json.dumps(document), folder, form)


ITEM = {"ip_prefix": FOUR, "service": "AMAZON"}


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ({"prefixes": [ITEM | {"status": "removed"}], "ipv6_prefixes": []}, "prefixes.0.status"),
        ({"prefixes": [ITEM | {"service": "removed"}], "ipv6_prefixes": []}, "prefixes.0.service"),
        ({"prefixes": [ITEM | {"note": "safe"}], "ipv6_prefixes": []}, "prefixes.0.note"),
        ({"prefixes": [ITEM | {"deprecated": True}], "ipv6_prefixes": []}, "prefixes.0.deprecated"),
        ({"prefixes": [ITEM], "createDate": "x", "excluded_prefixes": [FOUR]}, "excluded_prefixes"),
        (
            {"values": [{"name": "a", "properties": {"addressPrefixes": [FOUR],
                                                     "removedPrefixes": [FOUR]}}]},
            "values.0.properties.removedPrefixes",
        ),
    ],
)  # fmt: skip
def test_ranges_that_are_taken_back_are_refused(document, told, tmp_path):
    text = json.dumps(document)
    assert refused(text, tmp_path)[0].startswith(f"given: {told}: ")
    for word, other in (
        ("removed", "kept"), ('"safe"', '"in use"'), (": true", ": false"), ("excluded_", "more_"),
    ):  # fmt: skip
        text = text.replace(word, other)
    assert read_text(text, tmp_path).to_set() == AddressSet.of(FOUR)


@pytest.mark.parametrize(
    ("document", "form"),
    [
        ({"prefixes": [{"ipv4Prefix": FOUR, "service": "Trust", "scope": "Pass"}]}, "google"),
        ({"prefixes": [ITEM | {"service": "Trust", "region": "safe"}]}, "aws"),
        (
            {"values": [{"name": "Clean", "id": "Clean", "properties": {
                "addressPrefixes": [FOUR], "systemService": "Trust"}}]},
            "azure",
        ),
    ],
)  # fmt: skip
def test_names_of_services_and_places_take_nothing_back(document, form, tmp_path):
    assert read(document, tmp_path, form).to_set() == AddressSet.of(FOUR)


@pytest.mark.parametrize("form", UNNAMED)
def test_a_file_with_a_providers_keys_alone_names_no_provider(form, tmp_path):
    feed = read(UNNAMED[form], tmp_path)
    assert "provider" not in feed.labels
    assert feed.origin.licence == ""
    assert feed.to_set() == AddressSet.of(FOUR)
    assert feed.notes[0] == (
        f"its keys are those of the form {form}, but it does not say whose addresses these are: no "
        f"provider is named; --as {form}, or --attribute NAME=given, names one"
    )


@pytest.mark.parametrize("form", UNNAMED)
def test_who_says_the_form_or_a_file_that_says_whose_it_is_names_the_provider(form, tmp_path):
    feeds = [read(UNNAMED[form], tmp_path, form)]
    feeds += [read(NAMED[form], tmp_path)] if form in NAMED else []
    for feed in feeds:
        assert feed.labels["provider"].names == [PROVIDER[form]]
        assert feed.origin.licence != ""


@pytest.mark.parametrize(
    ("form", "item"),
    [
        ("google", {"ipv4Prefix": FOUR, "ipv6Prefix": SIX, "service": "Google Cloud"}),
        ("google", {"ipv6Prefix": SIX, "ipv4Prefix": FOUR}),
        ("aws", {"ip_prefix": FOUR, "ipv6_prefix": SIX, "service": "AMAZON"}),
    ],
)
def test_an_entry_with_both_families_keeps_both(form, item, tmp_path):
    document = {"syncToken": "1", "prefixes": [item]}
    assert read(document, tmp_path, form).to_set() == AddressSet.of(FOUR, SIX)


@pytest.mark.parametrize(
    ("row", "is_told"),
    [
        *[(row, True) for row in ["10.0.0.1", "0.0.0.0/0", "192.0.2.7", "fe80::1", "::/0"]],
        *[
            (row, True)
            for row in ["4000::", "1fff:ffff:ffff:ffff::1", "2001:db8::5", "2001:db8:ffff::/48"]
        ],
        *[
            (row, False)
            for row in ["9.255.255.255", "11.0.0.0", "2001:db9::", "2001:db7:ffff::/48"]
        ],
        *[(row, False) for row in ["2000::/16", "3fff:ffff::/32", "2606:4700::1"]],
    ],
)
def test_rows_without_a_public_host_are_told_in_both_families(row, is_told, tmp_path):
    # RFC 6890 and RFC 3849; public IPv6 addresses are of 2000::/3 (RFC 4291).
    assert special_note(read_text(f"{row}\n", tmp_path)).startswith("1 rows") == is_told
