"""The forms of files that are read, each declared once.

Telling, reading, ``doctor``, the help of ``--as`` and the page of imports come from these rows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sim.addresses.feeds import (
    exports,
    frames,
    gather,
    inventories,
    json_tables,
    name_lists,
    network_tables,
    orders,
)
from sim.addresses.feeds.feed import Feed
from sim.addresses.feeds.gather import Gathering
from sim.addresses.feeds.inputs import Fits
from sim.addresses.text.source import Source


@dataclass(frozen=True)
class Form:
    """One form of files."""

    name: str
    """As ``--as`` takes it."""
    file: str
    """What files have it."""
    becomes: str
    """What is kept of them."""
    fits: Fits | None = None
    """Tells by the first bytes whether a file has it; None where the user has to say so."""
    read: Callable[[Source, Gathering], Feed | orders.Orders] | None = None
    """Reads it from a stream; None where `read_path` reads it."""
    read_path: Callable[[Path, Gathering], Feed] | None = None
    """Reads it from the path of a file that is not compressed."""
    named_by: str | None = None
    """Expression found in a file of a provider's that says whose it is; None for other forms. Keys
    do not: others publish their ranges with the same ones."""


def _has(*alternatives: str) -> Fits:
    """Tell JSON by its keys: all of some alternative, which has blanks between them."""
    return lambda sample: any({*keys.split()} <= sample.keys.keys() for keys in alternatives)


EXPORTS: Sequence[Form] = tuple(
    Form(
        name,
        file,
        "hosts with name, public addresses, region, provider",
        partial(exports.fits_hosts, name),
        partial(exports.read_hosts, name),
    )
    for name, file in (
        ("aws-hosts", "`aws ec2 describe-instances`, `describe-addresses`; CSV of the console"),
        ("google-hosts", "`gcloud compute instances list`, `addresses list`, JSON and CSV"),
        (
            "azure-hosts",
            "`az vm list-ip-addresses`, `az network public-ip list`, `az vm list -d`, "
            "`az graph query`; CSV of the portal; PowerShell",
        ),
        ("terraform", "`terraform.tfstate` of version 4, `terraform show -json`"),
        ("netbox", "addresses of NetBox, CSV and JSON"),
    )
)
"""Inventories as others export them. Their texts may hold anything, firewall rules too."""

# In the sequence in which they are tried: the special ones before those that ask for less.
JSON_FORMS: Sequence[Form] = (
    *EXPORTS,
    Form(
        "azure", "Microsoft `ServiceTags_*.json`", "provider, region, tags",
        _has("addressPrefixes", "changeNumber"), network_tables.read_azure,
        named_by=r'"platform"\s*:\s*"Azure"|"AzureCloud',
    ),
    Form(
        "vultr", "Vultr's geofeed as JSON", "provider, region", _has("subnets ip_prefix"),
        network_tables.read_vultr, named_by="vultr",
    ),
    Form(
        "aws", "Amazon `ip-ranges.json`", "provider, region, services",
        _has("prefixes ipv6_prefixes", "createDate", "ip_prefix"), network_tables.read_aws,
        named_by=r'"service"\s*:\s*"(AMAZON|EC2|CLOUDFRONT|ROUTE53)',
    ),
    Form(
        "google", "Google `cloud.json`, `goog.json`", "provider, region (scope), service",
        _has("ipv4Prefix", "ipv6Prefix", "creationTime"), network_tables.read_google,
        named_by=r'"service"\s*:\s*"Google',
    ),
    Form(
        "zdns", "ZDNS and massdns (`-o J`), JSON lines", "name, addresses",
        _has("name data", "name results"), name_lists.read_zdns,
    ),
    Form(
        "polls", "polls of blocked addresses by Spanish provider (hayahora.futbol)",
        "dated orders by operator", _has("data stateChanges"), orders.read_polls,
    ),
    Form(
        "fastly", "Fastly `public-ip-list`", "provider",
        lambda sample: {*sample.keys} == {"addresses", "ipv6_addresses"},
        network_tables.read_fastly, named_by="fastly",
    ),
    Form(
        "cloudflare", "Cloudflare `client/v4/ips`", "provider", _has("result ipv4_cidrs"),
        network_tables.read_cloudflare, named_by="cloudflare",
    ),
    Form(
        "oracle", "Oracle `public_ip_ranges.json`", "provider, region, tags",
        _has("regions cidrs", "last_updated_timestamp regions"), network_tables.read_oracle,
        named_by=r'"(OCI|OSN)"',
    ),
    Form(
        "github", "GitHub `meta`", "provider, services",
        _has("verifiable_password_authentication pages"), network_tables.read_github,
    ),
    Form(
        "ripestat", "RIPEstat `announced-prefixes`", "addresses announced at its end",
        _has("prefixes timelines query_endtime", "prefixes timelines data_call_name"),
        network_tables.read_ripestat,
    ),
    Form(
        "json-list", "a JSON array of addresses, or of objects with an address",
        "the columns that keys name", json_tables.fits_json_list, json_tables.read_json_list,
    ),
    Form(
        "json-lines", "JSON lines with an address in each (Spamhaus DROP)",
        "the columns that keys name", json_tables.fits_json_lines, json_tables.read_json_lines,
    ),
)  # fmt: skip
FORMS: Sequence[Form] = (
    Form(
        "parquet", "Parquet with named columns; normal tables", "the columns",
        lambda sample: sample.data.startswith(b"PAR1"), read_path=frames.read_parquet,
    ),
    *JSON_FORMS,
    Form(
        "z-i", "the Russian register as z-i publishes it", "name, addresses ordered to be blocked",
        lambda sample: re.match(r"Updated:.*\n[^;]{0,4095};", sample.text) is not None,
        network_tables.read_register,
    ),
    Form(
        "zone", "zones of the DNS as text (Cloudflare's export, BIND)",
        "names with addresses; proxied names to be resolved", name_lists.fits_zone,
        name_lists.read_zone,
    ),
    Form(
        "orders", "dated orders, CSV", "addresses in force at a time",
        lambda sample: {*orders.NEEDED} <= {*sample.header}, orders.read_orders,
    ),
    Form(
        "case-orders", "orders of a scenario, as `init` writes them", "addresses of all orders",
        lambda sample: "addresses" in sample.header and {*sample.header} <= orders.CASE_COLUMNS,
        orders.read_case_orders,
    ),
    Form(
        "inventory", "CSV with named columns", "the columns", inventories.fits_inventory,
        inventories.read_inventory,
    ),
    Form(
        "iptoasn", "iptoasn.com TSV", "origin, country, provider", network_tables.fits_iptoasn,
        network_tables.read_iptoasn,
    ),
    Form(
        "pfx2as", "CAIDA RouteViews prefix-to-AS", "origins", network_tables.fits_pfx2as,
        network_tables.read_pfx2as,
    ),
    Form(
        "geofeed", "geofeeds (RFC 8805)", "country, region", network_tables.fits_geofeed,
        network_tables.read_geofeed,
    ),
    Form(
        "names", "lists of names: plain, web addresses, hosts files",
        "names without addresses, to be resolved", name_lists.fits_names, name_lists.read_names,
    ),
    Form(
        "list", "any list of addresses", "addresses", None, gather.read_list,
    ),
)  # fmt: skip

FORM: Mapping[str, Form] = {form.name: form for form in FORMS}
FORMATS = tuple(FORM)
RANGES = (
    *("aws", "azure", "cloudflare", "fastly", "geofeed", "github", "google", "json-list", "list"),
    *("oracle", "ripestat", "vultr"),
)
"""The forms in which providers publish their ranges."""
DATED = ("polls", "orders")
"""The forms that hold dated orders."""
