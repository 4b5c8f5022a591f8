"""Range files of cloud providers: Amazon, Google, Microsoft.

A prefix that a file lists several times, once for each service, is one record: sizes may be added.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from sim.addresses.feeds.feed import Feed, Origin
from sim.addresses.feeds.gather import Gathering
from sim.addresses.feeds.published.documents import (
    check_entries,
    check_keys,
    items,
    read_document,
    text_of,
)
from sim.addresses.feeds.samples import Sample
from sim.addresses.text.source import Limits, Source


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

    Both families stand in one list, and regional tags repeat what the global ones hold. Here a
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
