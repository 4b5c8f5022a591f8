"""Range files of providers: Amazon, Google, Microsoft, Fastly, Cloudflare, Oracle.

A prefix that a file lists several times, once for each service, is one record with the list of its
services, so that sizes can be added.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from sim.addresses.feeds.feed import Feed
from sim.addresses.feeds.gather import Gathering
from sim.addresses.feeds.json_tables import check_entries, check_keys, items, read_document, text_of
from sim.addresses.text.source import Readable


class Range(NamedTuple):
    """One mention of a prefix."""

    place: str
    prefix: str
    region: str = ""
    services: tuple[str, ...] = ("",)


Document = dict[str, Any]


def read_aws(source: Readable, gathering: Gathering) -> Feed:
    """Read Amazon's ``ip-ranges.json``.

    ``AMAZON`` is the superset of all services and lists most prefixes a second time. Here a
    prefix in a region is one record, with the list of its services.

    References
    ----------
    AWS, "AWS IP address ranges", syntax of ip-ranges.json.
    """
    lists = ("prefixes", "ipv6_prefixes")
    document = _document(source, gathering, "Amazon's ip-ranges.json", *lists)
    keys = ("ip_prefix", "ipv6_prefix")
    ranges = [
        each for listed in lists for each in _prefixes(document, listed, keys, "region", gathering)
    ]
    _add(gathering, "AWS", ranges, "service (AMAZON is the superset)", "services")
    return gathering.finish("aws", text_of(document, "createDate"), "Amazon's public range file")


def read_google(source: Readable, gathering: Gathering) -> Feed:
    """Read Google's ``cloud.json`` or ``goog.json``.

    ``goog.json`` has neither service nor scope, and holds Google's own addresses together with
    those of its customers.
    """
    document = _document(source, gathering, "Google's cloud.json or goog.json", "prefixes")
    keys = ("ipv4Prefix", "ipv6Prefix")
    ranges = list(_prefixes(document, "prefixes", keys, "scope", gathering))
    if not any(any(found.services) for found in ranges):
        gathering.note(
            "no entry names a service: if this is Google's goog.json, it holds all of Google's "
            "ranges; what customers rent is in cloud.json"
        )
    _add(gathering, "Google", ranges)
    date = text_of(document, "creationTime")
    return gathering.finish("google", date, "Google's public range file")


def read_azure(source: Readable, gathering: Gathering) -> Feed:
    """Read Microsoft's ``ServiceTags_*.json``.

    One list holds both families, and regional tags repeat what the global ones hold. Here a
    prefix is one record, with the list of its tags and the region of the regional ones.
    """
    document = _document(source, gathering, "Microsoft's ServiceTags_*.json", "values")
    ranges: list[Range] = []
    for path, item in items(document, "values", gathering.name):
        properties = item.get("properties")
        properties = properties if isinstance(properties, dict) else {}
        above, region = f"{path}.properties.", text_of(properties, "region")
        tag = text_of(item, "name").partition(".")[0]
        listed = {"addressPrefixes": None, **properties}
        ranges.extend(
            found._replace(region=region, services=(tag,))
            for found in _listed(listed, "addressPrefixes", gathering, above, len(ranges))
        )
    regional = {found.prefix for found in ranges if found.region}
    tags: dict[str, list[str]] = {}
    for found in ranges:
        tags.setdefault(found.prefix, []).extend(found.services)
    merged = [
        found._replace(services=tuple(tags[found.prefix]))
        for found in ranges
        if found.region or found.prefix not in regional
    ]
    which = "tag (regional tags repeat the global ones)"
    _add(gathering, "Azure", merged, which, "tags", n_ranges=len(ranges))
    change = document.get("changeNumber")
    change = change if isinstance(change, int) else text_of(document, "changeNumber")
    gathering.note("the file's date is in its name only; its changeNumber is kept instead")
    return gathering.finish("azure", f"changeNumber {change}", "Microsoft's public download")


def read_fastly(source: Readable, gathering: Gathering) -> Feed:
    """Read Fastly's ``{"addresses": […], "ipv6_addresses": […]}``."""
    keys = ("addresses", "ipv6_addresses")
    document = _document(source, gathering, "Fastly's public-ip-list", *keys)
    _add(gathering, "Fastly", [each for key in keys for each in _listed(document, key, gathering)])
    return gathering.finish("fastly", "", "Fastly's public list")


def read_cloudflare(source: Readable, gathering: Gathering) -> Feed:
    """Read Cloudflare's ``{"result": {"ipv4_cidrs": […], "ipv6_cidrs": […], "etag": …}}``.

    These are the addresses Cloudflare connects to origins from and answers clients at.
    """
    what = "Cloudflare's list of addresses"
    document = _document(source, gathering, what, "result")
    if document.get("success") is False:
        message = "expected an answer that succeeded, got false: the download failed"
        raise gathering.wrong(message, key="success")
    found = document["result"]
    found = found if isinstance(found, dict) else {}
    keys = ("ipv4_cidrs", "ipv6_cidrs")
    check_keys(found, keys, gathering.name, what)
    ranges = [each for key in keys for each in _listed(found, key, gathering, "result.")]
    if found.get("jdcloud_cidrs"):
        gathering.note("ranges of 'jdcloud_cidrs' are JD Cloud's, in China: left out")
    _add(gathering, "Cloudflare", ranges)
    return gathering.finish("cloudflare", text_of(found, "etag"), "Cloudflare's public list")


def read_oracle(source: Readable, gathering: Gathering) -> Feed:
    """Read Oracle's ``public_ip_ranges.json``: prefixes with tags, by region.

    References
    ----------
    Oracle Cloud Infrastructure Documentation, "IP Address Ranges".
    """
    document = _document(source, gathering, "Oracle's public_ip_ranges.json", "regions")
    ranges: list[Range] = []
    for path, region in items(document, "regions", gathering.name):
        for place, item in items(region, "cidrs", gathering.name, f"{path}."):
            check_entries(len(ranges) + 1, gathering.name, "regions")
            tags = item.get("tags")
            tags = tags if isinstance(tags, list) else []
            services = tuple(text_of({"tag": tag}, "tag") for tag in tags)
            where = text_of(region, "region")
            ranges.append(Range(f"{place}.cidr", text_of(item, "cidr"), where, services))
    _add(gathering, "Oracle", ranges)
    date = text_of(document, "last_updated_timestamp")
    return gathering.finish("oracle", date, "Oracle's public list")


def _document(source: Readable, gathering: Gathering, what: str, *keys: str) -> Document:
    document = read_document(source, gathering)
    check_keys(document, keys, gathering.name, what)
    return document


def _prefixes(
    document: Document, listed: str, keys: Sequence[str], region: str, gathering: Gathering
) -> Iterator[Range]:
    """Yield every prefix of every item of a list: an item may hold one of each family."""
    for path, item in items(document, listed, gathering.name):
        services = (text_of(item, "service"),)
        for key in [key for key in keys if key in item] or keys[:1]:
            yield Range(f"{path}.{key}", text_of(item, key), text_of(item, region), services)


def _listed(
    document: Document, key: str, gathering: Gathering, above: str = "", n_before: int = 0
) -> Iterator[Range]:
    """Yield the prefixes of a list of texts; what is no text is refused."""
    listed, path = document.get(key, []), f"{above}{key}"
    if not isinstance(listed, list):
        got = "none" if listed is None else type(listed).__name__
        gathering.refuse(f"expected a list of prefixes, got {got}", key=path)
        return
    check_entries(n_before + len(listed), gathering.name, path)
    for position, prefix in enumerate(listed):
        place = f"{path}.{position}"
        if isinstance(prefix, str):
            yield Range(place, prefix)
        else:
            gathering.refuse(f"expected a prefix, got {type(prefix).__name__}", key=place)


def _add(
    gathering: Gathering,
    provider: str,
    ranges: Sequence[Range],
    which: str = "service",
    these: str = "services",
    *,
    n_ranges: int = 0,
) -> None:
    """Add one record for each prefix and region, and tell how many mentions are repeated."""
    merged: dict[tuple[str, str], tuple[str, list[str]]] = {}
    for found in ranges:
        key = (found.prefix, found.region)
        merged.setdefault(key, (found.place, []))[1].extend(found.services)
    record = np.arange(gathering.add_records(len(merged)), gathering.n_records, dtype=np.int64)
    gathering.n_lines = n_ranges or len(ranges)
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
    if gathering.n_lines > len(merged):
        gathering.note(
            f"{gathering.n_lines - len(merged):,} of {gathering.n_lines:,} entries repeat a prefix "
            f"under another {which}: kept once, with the list of {these}"
        )
