"""Tables of networks by others: ranges of providers, origins of routes, the Russian register.

A prefix that a file lists several times, once for each service, is one record with the list of its
services, so that sizes can be added.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from sim.addresses.feeds.delimited import read_rows
from sim.addresses.feeds.feed import Feed
from sim.addresses.feeds.gather import Gathering, count_lines, decode_lines
from sim.addresses.feeds.inputs import Sample, cut_lines, is_address
from sim.addresses.feeds.inventories import Table
from sim.addresses.feeds.json_tables import check_entries, check_keys, items, read_document, text_of
from sim.addresses.sets.notation import shown
from sim.addresses.text.source import Readable, hidden_end, may_hide, read_blocks
from sim.errors import Problem

_AZURE_DAY = re.compile(r"ServiceTags_\w+?_(\d{4})(\d\d)(\d\d)\b")
_GITHUB = (
    *("hooks", "web", "api", "git", "github_enterprise_importer", "packages", "pages", "importer"),
    "copilot",
)


class Range(NamedTuple):
    """One mention of a prefix."""

    place: str
    prefix: str
    region: str = ""
    services: tuple[str, ...] = ("",)


def read_aws(source: Readable, gathering: Gathering) -> Feed:
    """Read Amazon's ``ip-ranges.json``.

    ``AMAZON`` is the superset of all services and lists most prefixes a second time. Here a
    prefix in a region is one record, with the list of its services.

    References
    ----------
    AWS, "AWS IP address ranges", syntax of ip-ranges.json.
    """
    lists = ("prefixes", "ipv6_prefixes")
    document = read_document(source, gathering, "Amazon's ip-ranges.json", *lists)
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
    document = read_document(source, gathering, "Google's cloud.json or goog.json", "prefixes")
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
    document = read_document(source, gathering, "Microsoft's ServiceTags_*.json", "values")
    ranges: list[Range] = []
    for path, item in items(document, "values", gathering):
        properties = item.get("properties")
        properties = properties if isinstance(properties, dict) else {}
        above, region = f"{path}.properties.", text_of(properties, "region")
        name = text_of(item, "name")
        tag = name.rpartition(".")[0] if region and "." in name else name
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
    day = _AZURE_DAY.search(gathering.name)
    dated = f"{'-'.join(day.groups())}, " if day else ""
    gathering.note(
        "the date is that of the file's name, beside its changeNumber"
        if day
        else "the file's date is in its name only; its changeNumber is kept instead"
    )
    return gathering.finish("azure", f"{dated}changeNumber {change}", "Microsoft's public download")


def read_fastly(source: Readable, gathering: Gathering) -> Feed:
    """Read Fastly's ``{"addresses": […], "ipv6_addresses": […]}``."""
    keys = ("addresses", "ipv6_addresses")
    document = read_document(source, gathering, "Fastly's public-ip-list", *keys)
    _add(gathering, "Fastly", [each for key in keys for each in _listed(document, key, gathering)])
    return gathering.finish("fastly", "", "Fastly's public list")


def read_cloudflare(source: Readable, gathering: Gathering) -> Feed:
    """Read Cloudflare's ``{"result": {"ipv4_cidrs": […], "ipv6_cidrs": […], "etag": …}}``.

    These are the addresses Cloudflare connects to origins from and answers clients at.
    """
    what = "Cloudflare's list of addresses"
    document = read_document(source, gathering, what, "result")
    if document.get("success") is False:
        message = "expected an answer that succeeded, got false: the download failed"
        raise gathering.wrong(message, key="success")
    found = document["result"]
    found = found if isinstance(found, dict) else {}
    keys = ("ipv4_cidrs", "ipv6_cidrs")
    check_keys(found, keys, gathering, what)
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
    document = read_document(source, gathering, "Oracle's public_ip_ranges.json", "regions")
    ranges: list[Range] = []
    for path, region in items(document, "regions", gathering):
        for place, item in items(region, "cidrs", gathering, f"{path}."):
            check_entries(len(ranges) + 1, gathering, "regions")
            tags = item.get("tags")
            tags = tags if isinstance(tags, list) else []
            services = tuple(text_of({"tag": tag}, "tag") for tag in tags)
            where = text_of(region, "region")
            ranges.append(Range(f"{place}.cidr", text_of(item, "cidr"), where, services))
    _add(gathering, "Oracle", ranges)
    date = text_of(document, "last_updated_timestamp")
    return gathering.finish("oracle", date, "Oracle's public list")


def read_github(source: Readable, gathering: Gathering) -> Feed:
    """Read GitHub's ``meta``: a list of prefixes for each service.

    Its runners sit in clouds of others: ``actions``, ``codespaces`` and the like are excluded.
    """
    document = read_document(source, gathering, "GitHub's meta", "pages")
    listed = [key for key in _GITHUB if key in document]
    ranges = [
        found._replace(services=(key,))
        for key in listed
        for found in _listed(document, key, gathering)
    ]
    others = [
        key for key, value in document.items() if isinstance(value, list) and key not in _GITHUB
    ]
    if others := [key for key in others if key != "ssh_keys"]:
        gathering.note(
            f"lists of services that sit in clouds of others are excluded: {', '.join(others)}"
        )
    _add(gathering, "GitHub", ranges)
    return gathering.finish("github", "", "GitHub's public list")


def read_vultr(source: Readable, gathering: Gathering) -> Feed:
    """Read Vultr's geofeed as JSON: ``{"updated": …, "subnets": [{"ip_prefix": …}, …]}``."""
    document = read_document(source, gathering, "Vultr's geofeed", "subnets")
    ranges = list(_prefixes(document, "subnets", ("ip_prefix",), "region", gathering))
    _add(gathering, "Vultr", ranges)
    return gathering.finish("vultr", text_of(document, "updated"), "Vultr's public list")


def read_ripestat(source: Readable, gathering: Gathering) -> Feed:
    """Read what a network announces, ``announced-prefixes`` of RIPEstat.

    The file lists whatever was announced in a time; kept is what was at its end.
    """
    found = read_document(source, gathering, "RIPEstat's announced-prefixes", "data")["data"]
    found = found if isinstance(found, dict) else {}
    check_keys(found, ("prefixes",), gathering, "RIPEstat's announced-prefixes")
    end, ranges, n_over = text_of(found, "query_endtime"), list[Range](), 0
    for path, item in items(found, "prefixes", gathering, "data."):
        times = [one for _, one in items(item, "timelines", gathering, f"{path}.")]
        if any(text_of(one, "endtime") >= end for one in times):
            ranges.append(Range(f"{path}.prefix", text_of(item, "prefix")))
        else:
            n_over += 1
    if n_over:
        gathering.note(f"{n_over:,} prefixes were no longer announced at {end}: excluded")
    _add(gathering, "", ranges)
    return gathering.finish("ripestat", end, "RIPE NCC's terms of RIPEstat")


def read_geofeed(source: Readable, gathering: Gathering) -> Feed:
    """Read a geofeed, ``prefix,country,region,city,postal code``; it does not say whose it is.

    References
    ----------
    RFC 8805, section 2.1.
    """
    table = Table(gathering)
    odd, answers = "", set[str]()
    for block in read_blocks(source, gathering.limits.max_line_bytes, gathering.name):
        count_lines(block, gathering)
        numbers, rows = list[int](), list[list[str]]()
        for number, text in decode_lines(block, gathering):
            if text.strip() and not text.startswith("#"):
                cells = [*map(str.strip, (cut_lines([text], ",") or [[text]])[0]), *[""] * 4]
                _, country, region, *places = cells
                if any(cells[5:]):
                    gathering.refuse(f"expected at most 5 cells, got {shown(text)}", number)
                    continue
                if region and not region.upper().startswith(f"{country.upper()}-"):
                    odd = odd or shown(region)
                answers.add("" if region or any(places) else country.lower())
                numbers.append(number)
                rows.append(cells[:5])
        if rows:
            names = ("prefix", "country", "region", "city", "postal")
            columns = dict(zip(names, zip(*rows, strict=True), strict=True))
            table.add(columns, np.array(numbers, np.int64))
    if answers <= {"si", "no", "ne"}:
        odd = " and ".join(sorted(answers))
    message = (
        f"expected a geofeed, with countries and regions such as NL and NL-NH, got {odd}: name the "
        "columns in the first line, or say --as geofeed"
    )
    questions = (Problem(gathering.name, message),) if odd else ()
    return replace(table.finish("geofeed"), questions=questions)


def fits_geofeed(sample: Sample) -> bool:
    """Return whether the first and most lines have a prefix, and a country or more, by commas."""
    form = r"[\da-f.:]+(/\d+)?,([a-z]{2}(,.*)?|,.*)"
    first = sample.lines[0].strip() if sample.lines else ""
    return re.fullmatch(form, first, re.I) is not None and sample.most_lines(form, "#")


def _prefixes(
    document: dict[str, Any], listed: str, keys: Sequence[str], region: str, gathering: Gathering
) -> Iterator[Range]:
    """Yield every prefix of every item of a list: an item may hold one of each family."""
    for path, item in items(document, listed, gathering):
        services = (text_of(item, "service"),)
        for key in [key for key in keys if key in item] or keys[:1]:
            yield Range(f"{path}.{key}", text_of(item, key), text_of(item, region), services)


def _listed(
    document: dict[str, Any], key: str, gathering: Gathering, above: str = "", n_before: int = 0
) -> Iterator[Range]:
    """Yield the prefixes of a list of texts; what is no text is refused."""
    listed, path = document.get(key, []), f"{above}{key}"
    if not isinstance(listed, list):
        got = "none" if listed is None else type(listed).__name__
        gathering.refuse(f"expected a list of prefixes, got {got}", key=path)
        return
    check_entries(n_before + len(listed), gathering, path)
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
    record = gathering.add_records(len(merged))
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


def read_pfx2as(source: Readable, gathering: Gathering) -> Feed:
    """Read CAIDA's ``network<TAB>length<TAB>origins``.

    ``_`` joins the origins of a prefix that several networks announce (MOAS), ``,`` the members
    of an AS set. Both stay lists.

    References
    ----------
    CAIDA, "RouteViews Prefix to AS mappings Dataset for IPv4 and IPv6".
    """
    licence = "if it is CAIDA's: its terms of use; cite it"
    feed = _read_origins(source, gathering, "address", "mask", "asn").finish("pfx2as", "", licence)
    message = (
        "expected the network that announces each prefix in the third cell, got 0 and 1 alone: "
        "name the columns in the first line, or say --as pfx2as"
    )
    is_odd = "asn" in feed.labels and {*feed.labels["asn"].texts} <= {"", "1"}
    return replace(feed, questions=(Problem(gathering.name, message),) if is_odd else ())


def read_iptoasn(source: Readable, gathering: Gathering) -> Feed:
    """Read iptoasn's ``first<TAB>last<TAB>asn<TAB>country<TAB>description``.

    ASN 0 means that nobody announces the range: its addresses are listed, of no known origin or
    provider. ``None`` is a country that is not known. Ranges need not be prefixes.
    """
    licence = "if it is iptoasn.com's: PDDL 1.0"
    names = ("start_ip", "end_ip", "asn", "country", "provider")
    return _read_origins(source, gathering, *names).finish("iptoasn", "", licence)


def _read_origins(source: Readable, gathering: Gathering, *names: str) -> Table:
    """Read a table as one with names of columns is read."""
    table = Table(gathering)
    blocks = read_blocks(source, gathering.limits.max_line_bytes, gathering.name)
    for given, line in read_rows(blocks, gathering, "\t", len(names), is_quoted=False):
        columns = dict(zip(names, given, strict=True))
        known = [number != "0" for number in columns["asn"]]
        read = {
            column: [cell if is_known else "" for cell, is_known in zip(cells, known, strict=True)]
            for column, cells in columns.items()
            if column in ("asn", "provider")
        }
        if "country" in columns:
            read["country"] = ["" if cell == "None" else cell for cell in columns["country"]]
        table.add(columns, line, read)
    return table


def fits_iptoasn(sample: Sample) -> bool:
    """Return whether all lines have five cells, the third a number."""
    rows = [line.split("\t") for line in sample.lines]
    return bool(rows) and all(len(row) == 5 and row[2].isdigit() for row in rows)


def fits_pfx2as(sample: Sample) -> bool:
    """Return whether all lines have three cells, the second a number."""
    rows = [line.split("\t") for line in sample.lines]
    return bool(rows) and all(
        len(row) == 3 and row[1].isdigit() and not is_address(row[1]) for row in rows
    )


_FIRST_LINE = "Updated:"


def read_register(source: Readable, gathering: Gathering) -> Feed:
    """Read ``ips;domain;url;organ;document;date`` after a line ``Updated: …``.

    An entry with a URL blocks that URL, one with a domain and no URL blocks the name, and one with
    neither blocks its addresses, joined by `` | ``. Addresses beside a URL or a name say where it
    stood when it was entered; they are not ordered to be blocked, and not listed here: such
    entries are records whose addresses are not known.

    References
    ----------
    Federal law 149-FZ, article 15.1, part 2: the register holds domain names, page addresses and
    network addresses.
    """
    date, n_beside, n_replaced = "", 0, 0
    for block in read_blocks(source, gathering.limits.max_line_bytes, gathering.name):
        count_lines(block, gathering)
        # Not quoted, and a web address may hold the delimiter.
        text = block.text.decode("windows-1251", "replace")
        n_replaced += text.count("\ufffd")
        is_odd = may_hide(block.text)
        names: list[str] = []
        listed: list[tuple[str, int, int]] = []
        for number, entry in enumerate(text.split("\n")[:-1], block.first_line):
            cells = [cell.strip() for cell in entry.split(";", 3)]
            if is_odd and (wrong := hidden_end(entry)):
                gathering.refuse(wrong, number)
            elif "\0" in entry:
                gathering.refuse("expected text, got a NUL byte", number)
            elif number == 1 and entry.startswith(_FIRST_LINE):
                date = entry.removeprefix(_FIRST_LINE).strip()
            elif len(cells) >= 3:
                addresses = [part.strip() for part in cells[0].split("|") if part.strip()]
                n_beside += bool(addresses and (cells[1] or cells[2]))
                if not (cells[1] or cells[2]):
                    listed += [(address, len(names), number) for address in addresses]
                names.append(cells[1])
            elif entry.strip():
                message = f"expected at least 3 cells, got {len(cells)}: {shown(entry)}"
                gathering.refuse(message, number)
        gathering.add_named(names, listed, "ips")
    gathering.note("all entries are counted, whatever the dates of their decisions")
    if n_beside:
        gathering.note(
            f"warning: addresses of {n_beside:,} entries that block a name or a URL are not "
            "counted as listed; operators that block by address may drop them"
        )
    if n_replaced:
        gathering.note(f"{n_replaced:,} bytes are not windows-1251: replaced in names")
    return gathering.finish("z-i", date, "the register's text is official; z-i adds no terms")
