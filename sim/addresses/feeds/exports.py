"""Inventories as clouds and tools export them: which key or column holds what.

A record is a machine, a reserved address or a row, and all of its public addresses are one host. A
machine without one is a host whose addresses are not known. Notes name private addresses, which are
no hosts, and public addresses that stand elsewhere in a record.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from io import BytesIO
from typing import Any

from sim.addresses.feeds.delimited import read_headed
from sim.addresses.feeds.feed import Feed
from sim.addresses.feeds.gather import NO_TEXT, Gathering
from sim.addresses.feeds.inputs import SAMPLE_BYTES, Sample
from sim.addresses.feeds.inventories import note_unplaced
from sim.addresses.feeds.json_tables import check_entries, decode_value, items, read_whole
from sim.addresses.sets.notation import shown
from sim.addresses.text.source import Readable

NETBOX, TERRAFORM = "netbox", "terraform"
# By the form of an export or the type of a resource, as the shipped tables of ranges name them.
_PROVIDERS = {
    "aws": "AWS", "google": "Google Cloud", "azure": "Microsoft", "azurerm": "Microsoft",
    "digitalocean": "DigitalOcean", "hcloud": "Hetzner", "linode": "Linode", "vultr": "Vultr",
    "scaleway": "Scaleway", "oci": "Oracle", "yandex": "Yandex",
}  # fmt: skip


@dataclass(frozen=True)
class Layout:
    """Where one kind of export has what; paths of keys, or columns, have blanks between them."""

    form: str
    """The form it belongs to, as ``--as`` takes it."""
    marks: str
    """Keys or columns by which it is recognised; ``|`` between alternatives."""
    address: str = ""
    """Where public addresses are."""
    name: str = ""
    """Where names are; the first that is filled counts."""
    region: str = ""
    """Where the region is, or a zone in it."""
    in_use: str = ""
    """What is filled, or has the value behind ``=``, where an address is in use. Records of such a
    layout are addresses, not machines."""
    is_csv: bool = False
    """Whether it is CSV and not JSON."""
    kind: str = ""
    """End of the type that records have, where they name one."""
    instead: str = ""
    """What it is, and the file to give in its place, where it has no addresses of hosts."""

    def fits(self, sample: Sample) -> bool:
        """Return whether a file begins as such an export, and the user gave no column a role."""
        found = {*(sample.header if self.is_csv else sample.keys)}
        is_own = self.is_csv and not found.isdisjoint(sample.roles.values())
        marks = (each.split() for each in self.marks.split("|"))
        return (
            sample.is_json is not self.is_csv and not is_own and any(map(found.issuperset, marks))
        )


_NIC = "NetworkInterfaces."
_AZ_LIST = "give the output of `az network public-ip list -o json`"
# Columns of NetBox's addresses, of which one pair or the other is in every export.
_BESIDE = (
    *("vrf status", "vrf dns_name", "status tenant", "status dns_name", "dns_name description"),
)
LAYOUTS: Sequence[Layout] = (
    Layout(
        "aws-hosts",
        "Reservations | InstanceId PublicIpAddress | InstanceId InstanceType Placement",
        f"PublicIpAddress Ipv6Address {_NIC}Association.PublicIp {_NIC}Association.CarrierIp"
        f" {_NIC}Ipv6Addresses.Ipv6Address {_NIC}PrivateIpAddresses.Association.PublicIp"
        f" {_NIC}PrivateIpAddresses.Association.CarrierIp",
        "Tags.Name InstanceId", "Placement.AvailabilityZone",
    ),
    Layout(
        "aws-hosts", "PublicIp AllocationId | PublicIp Domain",
        "PublicIp CarrierIp CustomerOwnedIp", "Tags.Name AllocationId",
        "NetworkBorderGroup", "AssociationId InstanceId",
    ),
    Layout(
        "aws-hosts",
        "instance_id public_ipv4_address | instance_id public_ipv4 | instance_id elastic_ip",
        "public_ipv4_address public_ipv4 elastic_ip ipv6_ips carrier_ip", "name instance_id",
        "availability_zone", is_csv=True,
    ),
    Layout(
        "aws-hosts", "allocated_ipv4_address allocation_id", "allocated_ipv4_address carrier_ip",
        "name allocation_id", "network_border_group", "association_id associated_instance_id",
        is_csv=True,
    ),
    Layout(
        "google-hosts", "networkInterfaces machineType | networkInterfaces networkIP",
        "networkInterfaces.accessConfigs.natIP networkInterfaces.accessConfigs.externalIpv6"
        " networkInterfaces.ipv6AccessConfigs.externalIpv6", "name", "zone",
    ),
    Layout("google-hosts", "address addressType", "address", "name", "region", "status=in_use"),
    Layout(
        "google-hosts", "name external_ip | name nat_ip", "external_ip nat_ip external_ipv6",
        "name", "zone", is_csv=True,
    ),
    Layout(
        "google-hosts", "name address address_type | name address_range", "address address_range",
        "name", "region", "status=in_use", is_csv=True,
    ),
    Layout(
        "azure-hosts", "virtualMachine publicIpAddresses",
        "virtualMachine.network.publicIpAddresses.ipAddress", "virtualMachine.name",
    ),
    Layout(
        "azure-hosts", "$schema contentVersion resources",
        instead=f"a template, which holds no state of what is deployed: {_AZ_LIST}",
    ),
    Layout(
        "azure-hosts", "ipPrefix prefixLength",
        instead=f"public IP prefixes, which are ranges and no hosts: {_AZ_LIST}",
    ),
    Layout(
        "azure-hosts", "publicIPAllocationMethod", "ipAddress properties.ipAddress", "name",
        "location", "ipConfiguration.id properties.ipConfiguration.id", kind="publicipaddresses",
    ),
    Layout(
        "azure-hosts", "count data ipAddress | count data properties_ipAddress",
        "ipAddress properties_ipAddress", "name", "location",
    ),
    Layout(
        "azure-hosts", "PublicIpAllocationMethod", "IpAddress", "Name", "Location",
        "IpConfiguration.Id",
    ),
    Layout("azure-hosts", "publicIps privateIps", "publicIps", "name", "location"),
    Layout(
        "azure-hosts", "hardwareProfile networkProfile storageProfile",
        instead="machines without their addresses: give the output of `az vm list -d -o json`",
    ),
    Layout(
        "azure-hosts", "name resource_group subscription ip_address associated_to", "ip_address",
        "name", "location", "associated_to", is_csv=True,
    ),
    Layout(
        "azure-hosts",
        "name resource_group subscription ip_address | name resource_group public_ip_address"
        " | name properties_ipaddress | name publicipallocationmethod ipaddress",
        "ip_address public_ip_address ipaddress properties_ipaddress", "name", "location",
        is_csv=True,
    ),
    Layout(
        "azure-hosts", "name type tenantid properties", is_csv=True,
        instead="a cell of JSON for each resource: give the output of `az graph query -o json`, or "
        "end the query with `| project name, location, properties.ipAddress`",
    ),
    Layout(TERRAFORM, "terraform_version", "*", "address", "zone"),
    Layout(
        NETBOX, "results address family status", "address", "dns_name", "",
        "status.value=active status.value=dhcp status.value=slaac",
    ),
    *(
        Layout(
            NETBOX, " | ".join(f"{column} {others}" for others in _BESIDE), column, "dns_name", "",
            "status=active status=dhcp status=slaac", is_csv=True,
        )
        for column in ("address", "ip_address")
    ),
)  # fmt: skip

# Types of Terraform's resources that visitors reach; those of addresses that a machine may have
# as well; and keys that hold public addresses in either.
_MACHINES = frozenset(re.findall(r"\w+", """
    aws_instance aws_spot_instance_request aws_lightsail_instance
    aws_globalaccelerator_accelerator google_compute_instance google_sql_database_instance
    google_compute_forwarding_rule google_compute_global_forwarding_rule
    azurerm_linux_virtual_machine azurerm_windows_virtual_machine azurerm_container_group
    digitalocean_droplet digitalocean_loadbalancer hcloud_server hcloud_load_balancer
    linode_instance vultr_instance scaleway_instance_server openstack_compute_instance_v2
    oci_core_instance yandex_compute_instance aws_lb aws_alb aws_elb aws_cloudfront_distribution
    azurerm_linux_web_app azurerm_windows_web_app
"""))  # fmt: skip
_RESERVED = frozenset(re.findall(r"\w+", """
    aws_eip aws_lightsail_static_ip google_compute_address google_compute_global_address
    azurerm_public_ip digitalocean_reserved_ip digitalocean_floating_ip hcloud_primary_ip
    hcloud_floating_ip scaleway_instance_ip openstack_networking_floatingip_v2 yandex_vpc_address
"""))  # fmt: skip
_AZURE_ID = "public_ip_address_id"
_HOLDING = frozenset(re.findall(r"\w+", """
    public_ip public_ips public_ip_address public_ip_addresses ipv4_address ipv6_address
    ipv6_addresses ip_address ip_addresses address nat_ip nat_ip_address external_ipv6 main_ip
    v6_main_ip access_ip_v4 access_ip_v6 ip ipv4 ipv6
"""))  # fmt: skip
# Keys of the names by which a load balancer or the like is reached, which state no address.
_DNS_NAMES = ("dns_name", "domain_name", "default_hostname")
_REGIONS = ("region", "availability_zone", "zone", "location")

_LISTS = ("Reservations", "Instances", "Addresses", "items", "value", "results", "data")
"""Keys under which records are listed."""
# A total is another page unless it is what the key count has.
_OTHER_PAGE = (
    *("NextToken", "nextPageToken", "nextLink", "skip_token", "$skipToken", "next", "previous"),
    *("total_records", "totalRecords"),
)
_BETWEEN = re.compile(r"[\s,;|]+")
_LIKE_ADDRESS = re.compile(r"(?:[\d.]{7,15}|[\da-fA-F]*:[\da-fA-F:.]+)(?:/\d+)?")
_BRACKETS = re.compile(r"^\[([\da-fA-F]*:[\da-fA-F:.]+)\]$")
_ZONE = re.compile(r"(?<=\d)(?:[a-z]|-[a-z].*)$")
_PRIVATE = [ipaddress.ip_network(text) for text in re.findall(r"\S+", """
    10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 100.64.0.0/10 169.254.0.0/16 fc00::/7 fe80::/10
""")]  # fmt: skip
# Keys that say in so many words that an address is internal, whatever its range.
_SCOPES = ("addressType", "address_type", "load_balancing_scheme", "ip_address_type")
# What Google documents of an address's purpose, and which of these are internal.
_INTERNAL = frozenset(re.findall(r"\w+", """
    DNS_RESOLVER VPC_PEERING IPSEC_INTERCONNECT SHARED_LOADBALANCER_VIP PRIVATE_SERVICE_CONNECT
    SERVERLESS
"""))  # fmt: skip
_PURPOSES = _INTERNAL | {"", "GCE_ENDPOINT", "NAT_AUTO"}
# Keys of the state of a machine, and states in which it serves nothing.
_STATES = ("State.Name", "instance_state", "State", "current_status", "status", "powerState")
_OFF = frozenset(re.findall(r"\w+", """
    stopping stopped terminated suspending suspended deallocating deallocated off shutoff
"""))  # fmt: skip
_NAMED = 3

Record = tuple[str, int, Any]
"""Place in a document or line, and the record."""
Leaf = tuple[str, str, str]
"""A text of a record: path without numbers of entries, place with them, text."""
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass
class Host:
    """A record: line, name, region, provider, identifier beside a name that several may have, and
    places of addresses by their texts."""

    line: int = 0
    name: str = ""
    region: str = ""
    provider: str = ""
    id: str = ""
    addresses: dict[str, str] = field(default_factory=dict)

    @property
    def called(self) -> str:
        """Its name, or its address where it has none."""
        return self.name or min(self.addresses, default="")


class Hosts:
    """Records of one file, and what is to be reported of them.

    Parameters
    ----------
    are_interfaces
        Addresses have the length of their network behind them.
    """

    def __init__(self, gathering: Gathering, *, are_interfaces: bool = False) -> None:
        self._gathering = gathering
        self._are_interfaces = are_interfaces
        self.found: list[Host] = []
        self.idle: list[Host] = []
        self.terminated: list[str] = []
        self.outgoing: dict[str, None] = {}
        """Addresses of NAT gateways, to which nobody connects."""
        self._private: dict[str, None] = {}
        self._elsewhere: dict[str, str] = {}

    def place(self, host: Host, text: str, key: str, *, is_internal: bool = False) -> None:
        """Take what stands where a record has its public addresses."""
        for part in filter(None, _BETWEEN.split(text)):
            address = _parse_address(part)
            if address is not None and (is_internal or _is_private(address)):
                self._private[str(address)] = None
            elif address is not None and (self._are_interfaces or "/" not in part):
                host.addresses.setdefault(str(address), key)
            else:
                host.addresses.setdefault(part, key)

    def meet(self, name: str, text: str, path: str) -> None:
        """Look at what stands elsewhere in a record."""
        parts = _BETWEEN.split(re.sub(r"/\d+", "", text) if self._are_interfaces else text)
        for part in parts if all(map(_LIKE_ADDRESS.fullmatch, parts)) else ():
            address = _parse_address(part)
            if address is not None and _is_private(address):
                self._private[part] = None
            # Netmasks, loopback and the like are no hosts.
            elif address is not None and address.packed[0] not in (0, 127, *range(224, 256)):
                found = part if "/" in part else str(address)
                self._elsewhere.setdefault(found, f"{name} {path.lstrip('.')}".strip())

    def without_repeated(self) -> None:
        """Drop records whose addresses are all of earlier ones."""
        held: set[str] = set()
        kept, again = list[Host](), list[Host]()
        for host in self.found:
            (again if host.addresses and held.issuperset(host.addresses) else kept).append(host)
            held.update(host.addresses)
        self.found = kept
        names = [one.called for one in again]
        self._note("records only repeat addresses of others: ignored", names)

    def finish(self, form: str, ignored: Iterable[str] = ()) -> Feed:
        """Return the feed, with notes on what is ignored and what is in no use."""
        gathering, gone = self._gathering, self.outgoing.keys()
        hosts, idle = (
            [one for one in some if not one.addresses or one.addresses.keys() - gone]
            for some in (self.found, self.idle)
        )
        self._note("addresses are of NAT gateways, which serve nobody: ignored", [*gone])
        self._note("instances are terminated, and never start again: ignored", self.terminated)
        check_entries(len(hosts), gathering, "")
        listed = [(text, at, host.line) for at, host in enumerate(hosts) for text in host.addresses]
        keys = [key for host in hosts for key in host.addresses.values()]
        gathering.add_named([host.name for host in hosts], listed, keys=keys)
        for label in ("region", "provider", "id"):
            gathering.add_labels(label, [getattr(host, label) for host in hosts])
        self._note("private addresses are no public hosts: ignored", [*self._private])
        held = {text for text, _, _ in listed}
        self._note(
            "public addresses stand where none of hosts are read: ignored. If they are yours, give "
            "them in a table with the columns name and address",
            [f"{text} in {at}" for text, at in self._elsewhere.items() if text not in held | gone],
        )
        names = [host.called for host in idle]
        self._note("addresses are in no use, as the file says: kept as hosts", names)
        if columns := ", ".join(ignored):
            gathering.note(f"columns ignored: {columns}")
        return note_unplaced(gathering.finish(form))

    def _note(self, what: str, found: Sequence[str]) -> None:
        if found:
            named = ", ".join(map(shown, found[:_NAMED])) + (", …" if found[_NAMED:] else "")
            self._gathering.note(f"{len(found):,} {what} ({named})")


def _parse_address(text: str) -> Address | None:
    """The address of a text, which may have a length behind it; None where it is none."""
    try:
        return ipaddress.ip_interface(text).ip
    except ValueError:
        return None


def _is_private(address: Address) -> bool:
    return any(address in network for network in _PRIVATE)


def fits_hosts(form: str, sample: Sample) -> bool:
    """Return whether a file begins as an export of a form."""
    return any(one.form == form and one.fits(sample) for one in LAYOUTS)


def read_hosts(form: str, source: Readable, gathering: Gathering) -> Feed:
    """Read an export of one of the forms of ``LAYOUTS``.

    Raises
    ------
    DataError
        If it has none of the form's layouts, or is one page of several.
    """
    data = read_whole(source, gathering)
    sample = Sample(data[:SAMPLE_BYTES])
    layout = next((one for one in LAYOUTS if one.form == form and one.fits(sample)), None)
    if layout is None:
        marks = " or ".join(one.marks.replace(" |", ", or") for one in LAYOUTS if one.form == form)
        raise gathering.wrong(f"expected a file with {marks}, got another")
    if layout.instead:
        raise gathering.wrong(f"expected addresses of hosts, got {layout.instead}")
    hosts = Hosts(gathering, are_interfaces=form == NETBOX)
    unread: dict[str, None] = {}
    if layout.is_csv:
        _add_records(hosts, layout, _rows(layout, BytesIO(data), gathering, unread), gathering)
        return hosts.finish(form, unread)
    document = decode_value(data, gathering)
    for key in _OTHER_PAGE if isinstance(document, dict) else ():
        if document.get(key) and document[key] != document.get("count"):
            message = "expected the whole inventory, got one page of it: ask for all of them"
            raise gathering.wrong(f"{message}, or take this key out", key=key)
    try:
        if form == TERRAFORM:
            _add_resources(hosts, layout, document, gathering)
        else:
            _add_records(hosts, layout, _records(document, ""), gathering)
    except RecursionError:
        raise gathering.wrong("expected JSON nested a few levels deep, got more") from None
    gathering.n_lines = len(hosts.found)
    if form != NETBOX:
        hosts.without_repeated()
    return hosts.finish(form)


def _rows(
    layout: Layout, source: Readable, gathering: Gathering, unread: dict[str, None]
) -> Iterator[Record]:
    """Yield the rows of a table; add columns that are not read."""
    paths = f"{layout.address} {layout.name} {layout.region} {layout.in_use}".split()
    read = {*(path.partition("=")[0] for path in paths), *_SCOPES, *_STATES, "purpose", "users"}
    ignored = gathering.columns.ignored
    for columns, line in read_headed(source, gathering):
        gathering.columns.met.update(ignored & columns.keys())
        unread |= dict.fromkeys(column for column in columns if column not in read)
        kept = {column: cells for column, cells in columns.items() if column not in ignored}
        for number, cells in zip(line.tolist(), zip(*kept.values(), strict=True), strict=True):
            yield "", number, dict(zip(kept, cells, strict=True))


def _add_records(
    hosts: Hosts, layout: Layout, records: Iterable[Record], gathering: Gathering
) -> None:
    known = {*f"{layout.address} {layout.name}".split()}
    for place, line, record in records:
        leaves = [*_leaves(record, "", place)] if isinstance(record, dict) else []
        kind = str(record.get("type", "")) if isinstance(record, dict) else ""
        if layout.kind and kind and not kind.lower().endswith(layout.kind):
            message = f"expected resources of the type {layout.kind} alone, got {shown(kind)}"
            gathering.refuse(message, line, place)
        elif known.isdisjoint(path for path, _, _ in leaves):
            got = ", ".join([*record][:8]) if isinstance(record, dict) else str(record)
            wanted = ", ".join(sorted({path.rpartition(".")[2] for path in known}))
            message = f"expected a record with one of {wanted}, got {shown(got)}"
            gathering.refuse(message, line, place)
        elif layout.form == "google-hosts" and (purpose := _purpose_of(leaves)) not in _PURPOSES:
            wanted = ", ".join(sorted(_PURPOSES - {""}))
            message = f"purpose: expected {wanted} or none, got {shown(purpose)}"
            gathering.refuse(message, line, place)
        else:
            _add_host(hosts, layout, leaves, line)


def _purpose_of(leaves: Sequence[Leaf]) -> str:
    """What Google states as the purpose of an address; empty where it states none."""
    return next((text.upper() for path, _, text in leaves if path.lstrip(".") == "purpose"), "")


def _add_host(hosts: Hosts, layout: Layout, leaves: Sequence[Leaf], line: int = 0) -> None:
    """Add a record, unless it is one of a private address."""
    filled: dict[str, str] = {}
    for path, _, text in leaves:
        filled.setdefault(path, text)
    name, *ids = [filled[path] for path in layout.name.split() if path in filled] or [""]
    region = _ZONE.sub("", filled.get(layout.region, "").rsplit("/", 1)[-1])
    provider = _PROVIDERS.get(layout.form.removesuffix("-hosts"), "")
    host = Host(line, name, region, provider, "".join(ids))
    paths = layout.address.split()
    purpose = _purpose_of(leaves)
    is_internal = purpose in _INTERNAL or any(
        path.rpartition(".")[2] in _SCOPES and text.upper().startswith(("INTERNAL", "PRIVATE"))
        for path, _, text in leaves
    )
    is_nat = purpose == "NAT_AUTO" or any(
        path.endswith("natGateway.id") or (path.lstrip(".") == "users" and "/routers/" in text)
        for path, _, text in leaves
    )
    uses = [use.partition("=")[::2] for use in layout.in_use.split()]
    is_used = {
        filled[path].lower() == value if value else path in filled
        for path, value in uses
        if path in filled or not value
    }
    states = [
        filled[key].lower() for path in _STATES for key in (path, f".{path}") if key in filled
    ]
    if host.provider == "AWS" and not {"terminated", "shutting-down"}.isdisjoint(states):
        hosts.terminated.append(host.called)
        return
    for path, place, text in leaves:
        if path in paths:
            hosts.place(host, text, place, is_internal=is_internal)
        else:
            hosts.meet(name, text, path)
    if not uses:
        is_used = {_OFF.isdisjoint(re.findall(r"\w+", state)) for state in states}
    if is_nat:
        hosts.outgoing |= dict.fromkeys(host.addresses)
    if host.addresses and is_used == {False}:
        hosts.idle.append(host)
    if host.addresses or not (uses and any(path in filled for path in paths)):
        hosts.found.append(host)


def _records(value: Any, place: str) -> Iterator[Record]:
    """Yield the records of a document with their places; lists in lists are one list."""
    above = f"{place}." if place else ""
    key = next((key for key in _LISTS if key in value), "") if isinstance(value, dict) else ""
    if isinstance(value, list):
        for at, each in enumerate(value):
            yield from _records(each, f"{above}{at}")
    elif key:
        yield from _records(value[key], f"{above}{key}")
    else:
        yield place, 0, value


def _leaves(value: Any, path: str, place: str) -> Iterator[Leaf]:
    """Yield the texts of a record that say something.

    A tag of Amazon's is a key, and what Google calls outgoing is below a key of its own: nobody
    connects to it. An address of Google's with a length beside it is a range.
    """
    if isinstance(value, dict) and value.keys() == {"Key", "Value"}:
        yield from _leaves(value["Value"], f"{path}.{value['Key']}", f"{place}.Value")
    elif isinstance(value, dict):
        end = ".outgoing" if value.get("type") == "OUTGOING" else ""
        length = value.get("prefixLength") or value.get("prefix_length")
        address = str(value.get("address", ""))
        if address and length and length != (128 if ":" in address else 32):
            value = value | {"address": f"{address}/{length}"}
        for key, each in value.items():
            yield from _leaves(each, f"{path}.{key}{end}", f"{place}.{key}")
    elif isinstance(value, list):
        for at, each in enumerate(value):
            yield from _leaves(each, path, f"{place}.{at}")
    elif isinstance(value, str) and value.strip().lower() not in {*NO_TEXT, "not assigned"}:
        text = value.encode("utf-8", "backslashreplace").decode().strip()
        yield path.lstrip("."), place.lstrip("."), _BRACKETS.sub(r"\1", text)


def _add_resources(hosts: Hosts, layout: Layout, document: Any, gathering: Gathering) -> None:
    """Add resources of a state of Terraform's that may hold public addresses, machines first."""
    if not isinstance(document, dict) or "planned_values" in document:
        message = "expected a state, got a plan, which knows no addresses: give the output of"
        raise gathering.wrong(f"{message} `terraform show -json` without a plan file")
    if document.get("version", 4) != 4:
        message = f"expected version 4, got {shown(str(document['version']))}: give the output of"
        raise gathering.wrong(f"{message} `terraform show -json`", key="version")
    reserved: list[tuple[Layout, Sequence[Leaf]]] = []
    of_nat = set[str]()
    n_ignored = Counter[str]()
    for place, resource, address, attributes in _resources(document, gathering):
        kind = str(resource.get("type"))
        leaves: Sequence[Leaf] = [*_leaves(attributes, "", place)]
        if resource.get("deposed") or resource.get("deposed_key"):
            n_ignored["deposed objects, which Terraform has replaced and has yet to destroy"] += 1
        elif resource.get("mode") == "data":
            n_ignored["data sources, which Terraform only reads"] += 1
        elif kind in _MACHINES or kind in _RESERVED:
            zone = next((text for path, _, text in leaves if path in _REGIONS), "")
            leaves = [
                ("*" if path.rpartition(".")[2] in _HOLDING else f".{path}", at, text)
                for path, at, text in leaves
            ]
            named = (text.lower() for path, _, text in leaves if path[1:] in _DNS_NAMES)
            leaves += [("address", place, next(named, address)), ("zone", place, zone)]
            of_kind = replace(layout, form=kind.partition("_")[0])
            if kind in _RESERVED:
                reserved.append((replace(of_kind, in_use="*"), leaves))
            else:
                _add_host(hosts, of_kind, leaves)
        elif kind.startswith(("aws_nat_gateway", "azurerm_nat_gateway")):
            texts = [text for path, _, text in leaves if path == "public_ip"]
            hosts.outgoing |= dict.fromkeys(texts)
            of_nat |= {text.lower() for path, _, text in leaves if path.startswith(_AZURE_ID)}
        else:
            # A range of a network, or of a rule of a firewall, is of no machine.
            for path, _, text in leaves:
                if "/" not in text:
                    hosts.meet(address, text, path)
    for of_kind, leaves in reserved:
        if any(path == ".id" and text.lower() in of_nat for path, _, text in leaves):
            hosts.outgoing |= dict.fromkeys(text for path, _, text in leaves if path == "*")
        _add_host(hosts, of_kind, leaves)
    for what, n in n_ignored.items():
        gathering.note(f"{n:,} {what}, are ignored")


def _resources(
    document: dict[str, Any], gathering: Gathering
) -> Iterator[tuple[str, dict[str, Any], str, Any]]:
    """Yield place, resource, address and attributes, from a state or from ``show -json``."""
    for above, resource in items(document, "resources", gathering):
        for place, one in items(resource, "instances", gathering, f"{above}."):
            parts = (resource.get(key) for key in ("module", "type", "name"))
            index = f"[{json.dumps(one['index_key'])}]" if "index_key" in one else ""
            address = f"{'.'.join(str(part) for part in parts if part)}{index}"
            yield f"{place}.attributes", resource | one, address, one.get("attributes")
    values = document.get("values")
    root = values.get("root_module") if isinstance(values, dict) else None
    modules = [("values.root_module", root)] if isinstance(root, dict) else []
    for above, module in modules:
        for place, one in items(module, "resources", gathering, f"{above}."):
            yield f"{place}.values", one, str(one.get("address")), one.get("values")
        modules += items(module, "child_modules", gathering, f"{above}.")
