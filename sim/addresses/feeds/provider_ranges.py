"""Range files of providers: Amazon, Google, Microsoft, Fastly, Cloudflare, Oracle.

A prefix that a file lists several times, once for each service, is one record with the list of its
services, so that sizes can be added.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from sim.addresses.feeds.feed import Feed, Origin
from sim.addresses.feeds.gather import Gathering
from sim.addresses.feeds.inputs import Sample
from sim.addresses.feeds.json_tables import check_entries, check_keys, items, read_document, text_of
from sim.addresses.text.source import Limits, Source
from sim.errors import DataError, Problem


class Range(NamedTuple):
    """One mention of a prefix."""

    place: str
    prefix: str
    region: str
    services: tuple[str, ...]


def read_aws(source: BinaryIO | Source, name: str, *, skip_bad: bool, limits: Limits) -> Feed:
    """Read Amazon's ``ip-ranges.json``.

    ``AMAZON`` is the superset of all services and lists most prefixes a second time. Here a
    prefix in a region is one record, with the list of its services.

    References
    ----------
    AWS, "AWS IP address ranges", syntax of ip-ranges.json.
    """
    document = read_document(source, name, limits)
    check_keys(document, ("prefixes", "ipv6_prefixes"), name, "Amazon's ip-ranges.json")
    gathering = Gathering(name, skip_bad=skip_bad, limits=limits)
    keys = ("ip_prefix", "ipv6_prefix")
    ranges = [
        each
        for listed in ("prefixes", "ipv6_prefixes")
        for each in _prefixes(document, listed, keys, "region", name)
    ]
    n_ranges, n_records = add_ranges(gathering, "AWS", ranges)
    if n_ranges > n_records:
        gathering.note(
            f"{n_ranges - n_records:,} of {n_ranges:,} entries repeat a prefix under another "
            "service (AMAZON is the superset): kept once, with the list of services"
        )
    date = text_of(document, "createDate")
    return gathering.finish(Origin(name, "aws", date, "Amazon's public range file"))


def read_google(source: BinaryIO | Source, name: str, *, skip_bad: bool, limits: Limits) -> Feed:
    """Read Google's ``cloud.json`` or ``goog.json``.

    ``goog.json`` has neither service nor scope, and holds Google's own addresses together with
    those of its customers.
    """
    document = read_document(source, name, limits)
    check_keys(document, ("prefixes",), name, "Google's cloud.json or goog.json")
    gathering = Gathering(name, skip_bad=skip_bad, limits=limits)
    ranges = list(_prefixes(document, "prefixes", ("ipv4Prefix", "ipv6Prefix"), "scope", name))
    if not any(any(found.services) for found in ranges):
        gathering.note(
            "no entry names a service: if this is Google's goog.json, it holds all of Google's "
            "ranges; what customers rent is in cloud.json"
        )
    add_ranges(gathering, "Google", ranges)
    date = text_of(document, "creationTime")
    return gathering.finish(Origin(name, "google", date, "Google's public range file"))


def read_azure(source: BinaryIO | Source, name: str, *, skip_bad: bool, limits: Limits) -> Feed:
    """Read Microsoft's ``ServiceTags_*.json``.

    One list holds both families, and regional tags repeat what the global ones hold. Here a
    prefix is one record, with the list of its tags and the region of the regional ones.
    """
    document = read_document(source, name, limits)
    check_keys(document, ("values",), name, "Microsoft's ServiceTags_*.json")
    gathering = Gathering(name, skip_bad=skip_bad, limits=limits)
    ranges: list[Range] = []
    for path, item in items(document, "values", name):
        properties = item.get("properties")
        properties = properties if isinstance(properties, dict) else {}
        listed = properties.get("addressPrefixes")
        place = f"{path}.properties.addressPrefixes"
        if not isinstance(listed, list):
            gathering.refuse("expected a list of prefixes, got none", key=place)
            continue
        check_entries(len(ranges) + len(listed), name, place)
        region = text_of(properties, "region")
        tag = text_of(item, "name").partition(".")[0]
        for position, prefix in enumerate(listed):
            key = f"{place}.{position}"
            if not isinstance(prefix, str):
                gathering.refuse(f"expected a prefix, got {type(prefix).__name__}", key=key)
                continue
            ranges.append(Range(key, prefix, region, (tag,)))
    regional = {found.prefix for found in ranges if found.region}
    known = [found for found in ranges if found.region or found.prefix not in regional]
    tags: dict[str, list[str]] = {}
    for found in ranges:
        tags.setdefault(found.prefix, []).extend(found.services)
    merged = [found._replace(services=tuple(tags[found.prefix])) for found in known]
    _, n_records = add_ranges(gathering, "Azure", merged)
    gathering.n_lines = len(ranges)
    if len(ranges) > n_records:
        gathering.note(
            f"{len(ranges) - n_records:,} of {len(ranges):,} entries repeat a prefix under another "
            "tag (regional tags repeat the global ones): kept once, with the list of tags"
        )
    change = document.get("changeNumber")
    change = change if isinstance(change, int) else text_of(document, "changeNumber")
    gathering.note("the file's date is in its name only; its changeNumber is kept instead")
    return gathering.finish(
        Origin(name, "azure", f"changeNumber {change}", "Microsoft's public download")
    )


def _prefixes(
    document: dict[str, Any], listed: str, keys: Sequence[str], region: str, name: str
) -> Iterator[Range]:
    """Yield every prefix of every item of a list: an item may hold one of each family."""
    for path, item in items(document, listed, name):
        services = (text_of(item, "service"),)
        for key in [key for key in keys if key in item] or keys[:1]:
            yield Range(f"{path}.{key}", text_of(item, key), text_of(item, region), services)


def add_ranges(gathering: Gathering, provider: str, ranges: Iterable[Range]) -> tuple[int, int]:
    """Add one record for each prefix and region; return the numbers of mentions and records."""
    merged: dict[tuple[str, str], tuple[str, list[str]]] = {}
    n_ranges = 0
    for found in ranges:
        n_ranges += 1
        key = (found.prefix, found.region)
        merged.setdefault(key, (found.place, []))[1].extend(found.services)
    record = np.arange(gathering.add_records(len(merged)), gathering.n_records, dtype=np.int64)
    gathering.n_lines = n_ranges
    gathering.add_labels("provider", [provider] * len(merged))
    gathering.add_labels("region", [region for _, region in merged])
    listed = [tuple(services) for _, services in merged.values()]
    gathering.add_lists("service", listed, {each: each for each in listed})
    gathering.add_texts(
        [prefix for prefix, _ in merged],
        record,
        np.zeros(record.size, np.int64),
        keys=[place for place, _ in merged.values()],
    )
    return n_ranges, len(merged)


def fits_aws(sample: Sample) -> bool:
    """Return whether there are the keys of Amazon's file."""
    has_lists = sample.has_keys("prefixes", "ipv6_prefixes")
    return has_lists or sample.has_keys("createDate") or sample.has_keys("ip_prefix")


def fits_google(sample: Sample) -> bool:
    """Return whether there are the keys of Google's files, which others publish theirs with."""
    return any(map(sample.has_keys, ("ipv4Prefix", "ipv6Prefix", "creationTime")))


def fits_azure(sample: Sample) -> bool:
    """Return whether there are the keys of Microsoft's file."""
    return sample.has_keys("addressPrefixes") or sample.has_keys("changeNumber")


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
