"""Range files of further providers: Fastly, Cloudflare, Oracle.

A prefix that a file lists several times is one record, as in
`sim.addresses.feeds.published.clouds`.
"""

from __future__ import annotations

from typing import Any, BinaryIO

from sim.addresses.feeds.feed import Feed, Origin
from sim.addresses.feeds.gather import Gathering
from sim.addresses.feeds.published.clouds import Range, add_ranges
from sim.addresses.feeds.published.documents import (
    check_entries,
    check_keys,
    items,
    read_document,
    text_of,
)
from sim.addresses.feeds.samples import Sample
from sim.addresses.text.source import Limits, Source
from sim.errors import DataError, Problem


def read_fastly(source: BinaryIO | Source, name: str, *, skip_bad: bool, limits: Limits) -> Feed:
    """Read Fastly's ``{"addresses": […], "ipv6_addresses": […]}``."""
    document = read_document(source, name, limits)
    keys = ("addresses", "ipv6_addresses")
    check_keys(document, keys, name, "Fastly's public-ip-list")
    gathering = Gathering(name, skip_bad=skip_bad, limits=limits)
    ranges = [each for key in keys for each in _listed(document, key, "", "", gathering)]
    return _finish(gathering, "Fastly", ranges, Origin(name, "fastly", "", "Fastly's public list"))


def read_cloudflare(
    source: BinaryIO | Source, name: str, *, skip_bad: bool, limits: Limits
) -> Feed:
    """Read Cloudflare's ``{"result": {"ipv4_cidrs": […], "ipv6_cidrs": […], "etag": …}}``.

    These are the addresses Cloudflare connects to origins from and answers clients at.
    """
    document = read_document(source, name, limits)
    check_keys(document, ("result",), name, "Cloudflare's list of addresses")
    if document.get("success") is False:
        message = "expected an answer that succeeded, got false: the download failed"
        raise DataError([Problem(name, message, key="success")])
    found = document["result"]
    found = found if isinstance(found, dict) else {}
    keys = ("ipv4_cidrs", "ipv6_cidrs")
    check_keys(found, keys, name, "Cloudflare's list of addresses")
    gathering = Gathering(name, skip_bad=skip_bad, limits=limits)
    ranges = [each for key in keys for each in _listed(found, key, "", "", gathering, "result.")]
    if found.get("jdcloud_cidrs"):
        gathering.note("ranges of 'jdcloud_cidrs' are JD Cloud's, in China: left out")
    origin = Origin(name, "cloudflare", text_of(found, "etag"), "Cloudflare's public list")
    return _finish(gathering, "Cloudflare", ranges, origin)


def read_oracle(source: BinaryIO | Source, name: str, *, skip_bad: bool, limits: Limits) -> Feed:
    """Read Oracle's ``public_ip_ranges.json``: prefixes with tags, by region.

    References
    ----------
    Oracle Cloud Infrastructure Documentation, "IP Address Ranges".
    """
    document = read_document(source, name, limits)
    check_keys(document, ("regions",), name, "Oracle's public_ip_ranges.json")
    gathering = Gathering(name, skip_bad=skip_bad, limits=limits)
    ranges: list[Range] = []
    for path, region in items(document, "regions", name):
        for place, item in items(region, "cidrs", name, f"{path}."):
            check_entries(len(ranges) + 1, name, "regions")
            tags = item.get("tags")
            tags = tags if isinstance(tags, list) else []
            services = tuple(text_of({"tag": tag}, "tag") for tag in tags)
            where = text_of(region, "region")
            ranges.append(Range(f"{place}.cidr", text_of(item, "cidr"), where, services))
    date = text_of(document, "last_updated_timestamp")
    origin = Origin(name, "oracle", date, "Oracle's public list")
    return _finish(gathering, "Oracle", ranges, origin)


def _listed(
    document: dict[str, Any],
    key: str,
    region: str,
    service: str,
    gathering: Gathering,
    above: str = "",
) -> list[Range]:
    """Ranges of a list of texts; what is no text is refused."""
    listed = document.get(key, [])
    path = f"{above}{key}"
    if not isinstance(listed, list):
        gathering.refuse(f"expected a list of prefixes, got {type(listed).__name__}", key=path)
        return []
    check_entries(len(listed), gathering.name, path)
    ranges = []
    for position, prefix in enumerate(listed):
        if isinstance(prefix, str):
            ranges.append(Range(f"{path}.{position}", prefix, region, (service,)))
        else:
            message = f"expected a prefix, got {type(prefix).__name__}"
            gathering.refuse(message, key=f"{path}.{position}")
    return ranges


def _finish(gathering: Gathering, provider: str, ranges: list[Range], origin: Origin) -> Feed:
    n_ranges, n_records = add_ranges(gathering, provider, ranges)
    if n_ranges > n_records:
        gathering.note(
            f"{n_ranges - n_records:,} of {n_ranges:,} entries repeat a prefix under another "
            "service: kept once, with the list of services"
        )
    return gathering.finish(origin)


def fits_fastly(sample: Sample) -> bool:
    """Return whether both of Fastly's keys are there and nothing else is."""
    return set(sample.keys) == {"addresses", "ipv6_addresses"}


def fits_cloudflare(sample: Sample) -> bool:
    """Return whether there are Cloudflare's keys."""
    return sample.has_keys("result", "ipv4_cidrs")


def fits_oracle(sample: Sample) -> bool:
    """Return whether there are the keys of Oracle's file."""
    return sample.has_keys("regions", "cidrs") or sample.has_keys(
        "last_updated_timestamp", "regions"
    )
