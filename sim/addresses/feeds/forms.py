"""The forms of files that are read, each declared once.

In: nothing. Out: a row for each form: its name, what file it is, what it becomes, how it is told
by its content, its reader, and where the form was seen. Telling, reading, ``doctor``, the help of
``--as`` and the page of imports come from these rows. It is one long file, since it is one list.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from sim.addresses.feeds import inventories, lists, orders, registers, routes
from sim.addresses.feeds.attributed import fits_as_list, read_as_list
from sim.addresses.feeds.binary import mmdb, mrt, updates
from sim.addresses.feeds.feed import Feed
from sim.addresses.feeds.geofeeds import fits_geofeed, read_geofeed
from sim.addresses.feeds.published import clouds, objects, polls, rangefiles
from sim.addresses.feeds.registries import fits_delegated, read_delegated
from sim.addresses.feeds.resolutions import fits_massdns, fits_zdns, read_massdns, read_zdns
from sim.addresses.feeds.rules import ipset, names, nft_sets
from sim.addresses.feeds.samples import Fits
from sim.addresses.text.source import Limits, Source


class Reader(Protocol):
    """Reads one form from a stream."""

    def __call__(
        self, source: BinaryIO | Source, name: str, *, skip_bad: bool, limits: Limits
    ) -> Feed:
        """Return what the stream holds."""


class DatedReader(Protocol):
    """Reads dated orders from a stream."""

    def __call__(
        self, source: BinaryIO | Source, name: str, *, skip_bad: bool, limits: Limits
    ) -> orders.Orders:
        """Return the orders that the stream holds."""


class PathReader(Protocol):
    """Reads one form from the path of a file that is not compressed."""

    def __call__(self, path: Path, name: str, *, skip_bad: bool, limits: Limits) -> Feed:
        """Return what the file holds."""


class DatedPathReader(Protocol):
    """Reads dated orders from the path of a file that is not compressed."""

    def __call__(self, path: Path, name: str, *, skip_bad: bool, limits: Limits) -> orders.Orders:
        """Return the orders that the file holds."""


@dataclass(frozen=True)
class Form:
    """One form of files.

    Attributes
    ----------
    name
        As ``--as`` takes it.
    file
        What files have it.
    becomes
        What is kept of them.
    seen
        Where the form was seen: a document of its maker, or a public repository and path.
    fits
        Tells by the first bytes whether a file has it; None where the user has to say so.
    read
        Reads it from a stream; None for those that are read from a path.
    read_path
        Reads it from a path; None for those that are read from a stream.
    read_dated, read_dated_path
        Reads its times, too, where it holds dated orders.
    is_json
        Whether it is JSON.
    package
        Module without which it is not read; empty for none.
    has_columns
        Whether it is a table whose columns are told by name, so that its reader takes `columns`.
    named_by
        Expression found in a file of a provider's that says whose it is; None for other forms.
        Keys do not: others publish their ranges with the same ones.
    """

    name: str
    file: str
    becomes: str
    seen: str
    fits: Fits | None = None
    read: Reader | None = None
    read_path: PathReader | None = None
    read_dated: DatedReader | None = None
    read_dated_path: DatedPathReader | None = None
    is_json: bool = False
    package: str = ""
    has_columns: bool = False
    named_by: str | None = None


# In the sequence in which they are tried: the special ones before those that ask for less.
FORMS: Sequence[Form] = (
    Form(
        "parquet",
        "Parquet with named columns; normal tables",
        "the columns",
        "this program's own; any that names its columns so",
        inventories.fits_parquet,
        read_path=inventories.read_parquet,
        has_columns=True,
    ),
    Form(
        "mmdb",
        "MaxMind, IPinfo, DB-IP databases",
        "origin, provider, country, region",
        "MaxMind DB file format specification, version 2.0",
        mmdb.fits_mmdb,
        read_path=mmdb.read_mmdb,
        package="maxminddb",
    ),
    Form(
        "mrt",
        "RouteViews or RIS routing table",
        "origins",
        "RFC 6396, sections 4.2 and 4.3",
        mrt.fits_mrt,
        read_path=mrt.read_mrt,
        package="pybgpkit_parser",
    ),
    Form(
        "bgp-updates",
        "RouteViews or RIS updates",
        "dated orders by network: prefixes announced as BLACKHOLE",
        "RFC 6396, section 4.4; RFC 7999",
        updates.fits_updates,
        read_path=updates.read_updates_feed,
        read_dated_path=updates.read_updates,
        package="pybgpkit_parser",
    ),
    Form(
        "azure",
        "Microsoft `ServiceTags_*.json`",
        "provider, region, tags",
        "Microsoft's download 56519, which documents it",
        clouds.fits_azure,
        clouds.read_azure,
        is_json=True,
        named_by=r'"platform"\s*:\s*"Azure"|"AzureCloud',
    ),
    Form(
        "aws",
        "Amazon `ip-ranges.json`",
        "provider, region, services",
        "AWS documentation, syntax of ip-ranges.json",
        clouds.fits_aws,
        clouds.read_aws,
        is_json=True,
        named_by=r'"service"\s*:\s*"(AMAZON|EC2|CLOUDFRONT|ROUTE53)',
    ),
    Form(
        "google",
        "Google `cloud.json`, `goog.json`",
        "provider, region (scope), service",
        "the files themselves; Google documents no syntax",
        clouds.fits_google,
        clouds.read_google,
        is_json=True,
        named_by=r'"service"\s*:\s*"Google',
    ),
    Form(
        "zdns",
        "ZDNS and massdns (`-o J`), JSON lines",
        "name, addresses",
        "`zmap/zdns`, `README.md`; `blechschmidt/massdns`, `src/main.c`",
        fits_zdns,
        read_zdns,
        is_json=True,
    ),
    Form(
        "polls",
        "polls of which address is blocked at which Spanish provider (hayahora.futbol)",
        "dated orders by operator",
        "hayahora.futbol, `estado/data.json`; the test of its feed in `jcastro/stopliga`",
        polls.fits_polls,
        polls.read_polls_feed,
        read_dated=polls.read_polls,
        is_json=True,
    ),
    Form(
        "fastly",
        "Fastly `public-ip-list`",
        "provider",
        "`SecOps-Institute/FastlyIPLists`; Fastly's documentation of the list",
        rangefiles.fits_fastly,
        rangefiles.read_fastly,
        is_json=True,
        named_by="fastly",
    ),
    Form(
        "cloudflare",
        "Cloudflare `client/v4/ips`",
        "provider",
        'Cloudflare API reference, "IPs" (developers.cloudflare.com/api/resources/ips)',
        rangefiles.fits_cloudflare,
        rangefiles.read_cloudflare,
        is_json=True,
        named_by="cloudflare",
    ),
    Form(
        "github",
        "GitHub `meta`",
        "provider, services",
        'GitHub REST API, "Get GitHub meta information"',
        rangefiles.fits_github,
        rangefiles.read_github,
        is_json=True,
        named_by="github",
    ),
    Form(
        "oracle",
        "Oracle `public_ip_ranges.json`",
        "provider, region, tags",
        'Oracle, "IP Address Ranges" '
        "(docs.oracle.com/iaas/Content/General/Concepts/addressranges.htm)",
        rangefiles.fits_oracle,
        rangefiles.read_oracle,
        is_json=True,
        named_by=r'"(OCI|OSN)"',
    ),
    Form(
        "zscaler",
        "Zscaler `cenr` and hub prefixes",
        "provider, region (city), cloud",
        "`xterns/ftac`, `ftac-analytics/networks.tfvars`; config.zscaler.com",
        rangefiles.fits_zscaler,
        rangefiles.read_zscaler,
        is_json=True,
        named_by=r"zscaler|zscloud",
    ),
    Form(
        "json-list",
        "a JSON array of addresses, or of objects with an address",
        "the columns that keys name",
        "any",
        objects.fits_json_list,
        objects.read_json_list,
        is_json=True,
        has_columns=True,
    ),
    Form(
        "json-lines",
        "JSON lines with an address in each (Spamhaus DROP)",
        "the columns that keys name",
        "Spamhaus, `drop_v4.json`, `drop_v6.json`",
        objects.fits_json_lines,
        objects.read_json_lines,
        is_json=True,
        has_columns=True,
    ),
    Form(
        "z-i",
        "the Russian register as z-i publishes it",
        "name, addresses ordered to be blocked",
        "`zapret-info/z-i`, `dump.csv`",
        registers.fits_register,
        registers.read_register,
    ),
    Form(
        "z-i-all",
        "the same, when asked for",
        "name, all addresses that are given",
        "the same",
        None,
        registers.read_whole_register,
    ),
    Form(
        "rir-delegated",
        "delegated and delegated-extended",
        "country of registration",
        'NRO, "RIR statistics exchange format"',
        fits_delegated,
        read_delegated,
    ),
    Form(
        "nftables",
        "sets of nftables, as `nft list set` writes them",
        "addresses of all sets",
        "nft(8); `jmakovicka/nfblock2`, `README.md`",
        nft_sets.fits_nft_sets,
        nft_sets.read_nft_sets,
    ),
    Form(
        "ipset",
        "`ipset save`, `ipset list`",
        "addresses of all sets",
        "`sashablue/ipset`, `ipset.conf`; `litnimax/nginx-access-analizer`, `ipset.save`; "
        "`ipset list`: ipset(8) as remembered, not seen",
        ipset.fits_ipset,
        ipset.read_ipset,
    ),
    Form(
        "dnsmasq",
        "dnsmasq configurations",
        "names without addresses; addresses of faked answers",
        "`felixonmars/dnsmasq-china-list`, `accelerated-domains.china.conf`, "
        "`bogus-nxdomain.china.conf`; other directives: dnsmasq(8) as remembered, not seen",
        names.fits_dnsmasq,
        names.read_dnsmasq,
    ),
    Form(
        "orders",
        "dated orders, CSV",
        "addresses in force at a time",
        "this program's own",
        orders.fits_orders,
        orders.read_orders_feed,
        read_dated=orders.read_orders,
        has_columns=True,
    ),
    Form(
        "inventory",
        "CSV with named columns",
        "the columns",
        "this program's own; any that names its columns so",
        inventories.fits_inventory,
        inventories.read_inventory,
        has_columns=True,
    ),
    Form(
        "firehol",
        "FireHOL `.ipset`, `.netset`",
        "addresses",
        "`firehol/blocklist-ipsets`, `asprox_c2.ipset`, `bbcan177_ms3.netset`",
        lists.fits_firehol,
        lists.read_firehol,
    ),
    Form(
        "iptoasn",
        "iptoasn.com TSV",
        "origin, country, provider",
        "iptoasn.com",
        routes.fits_iptoasn,
        routes.read_iptoasn,
    ),
    Form(
        "pfx2as",
        "CAIDA RouteViews prefix-to-AS",
        "origins",
        "CAIDA's description of the dataset",
        routes.fits_pfx2as,
        routes.read_pfx2as,
    ),
    Form(
        "ip-location-db",
        "ip-location-db CSV, text or numeric",
        "origin and provider, or country",
        "`sapics/ip-location-db`, `README.md`",
        routes.fits_location_db,
        routes.read_location_db,
    ),
    Form(
        "geofeed",
        "RFC 8805 CSV",
        "country, region",
        "RFC 8805",
        fits_geofeed,
        read_geofeed,
    ),
    Form(
        "as-list",
        "lists of addresses with the AS of each",
        "origin, provider",
        'fields: Team Cymru, "IP to ASN Mapping Service" (team-cymru.com/ip-asn-mapping); '
        "lines: answers that tests of programs asking whois.cymru.com hold",
        fits_as_list,
        read_as_list,
    ),
    Form(
        "massdns",
        "massdns, text (`-o S`)",
        "name, addresses",
        "`blechschmidt/massdns`, `src/main.c`; `haxxinen/dockero-infosec`, `massdns/entrypoint.sh`",
        fits_massdns,
        read_massdns,
    ),
    Form(
        "names",
        "lists of names: plain, with ranks (Tranco), hosts files, for browsers",
        "names without addresses, to be resolved",
        "`StevenBlack/hosts`, `hosts`; `easylist/easylist`, `easylist/easylist_adservers.txt`; "
        "zones of unbound and RPZ: their documentation as remembered, not seen",
        names.fits_names,
        names.read_names,
    ),
    Form(
        "list",
        "any list of addresses",
        "addresses",
        "any",
        None,
        lists.read_list,
    ),
)

FORM: Mapping[str, Form] = {form.name: form for form in FORMS}
FORMATS = tuple(FORM)
DATED = tuple(form.name for form in FORMS if form.read_dated or form.read_dated_path)
"""Names of all forms, and of those that hold dated orders."""
