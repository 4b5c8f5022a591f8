"""Inventories as clouds and tools export them, written after the vendors' documentation.

Expected names and addresses are copied from the files by hand.
"""

import json
from pathlib import Path

import pytest

from sim.addresses.feeds.formats import read_feed
from sim.addresses.feeds.forms import EXPORTS
from sim.addresses.feeds.inputs import ColumnChoice, Input
from sim.errors import DataError
from sim.scenario.tables.inventory import read_inventory, write_sites
from tests.csv_rows import csv_rows
from tests.feeds import hosts_of, read, refused

FOLDER = Path(__file__).parents[3] / "fuzz" / "corpus"
SEVEN = ["198.51.100.7"]
NINE = ["203.0.113.9"]
READ = {
    "aws-hosts/good-instances.json": [
        ("shop", [*SEVEN, "198.51.100.8", "2001:db8:7::1"]),
        ("batch", []),
        ("shop", NINE),
    ],
    "aws-hosts/good-queried.json": [("i-0aaa", SEVEN), ("i-0bbb", [])],
    "aws-hosts/good-addresses.json": [("shop", SEVEN), ("eipalloc-02", NINE)],
    "aws-hosts/good-console.csv": [
        ("shop", [*SEVEN, "2001:db8:7::1", "2001:db8:7::2"]),
        ("batch, old", []),
        ("i-0ccc", NINE),
    ],
    "aws-hosts/good-elastic-ips.csv": [("shop", SEVEN), ("eipalloc-02", NINE)],
    "google-hosts/good-instances.json": [("shop", [*SEVEN, "2001:db8:7::"]), ("batch", [])],
    "google-hosts/good-instances.csv": [
        ("shop", SEVEN),
        ("two", ["198.51.100.8", "203.0.113.8"]),
        ("batch", []),
    ],
    "google-hosts/good-nat.csv": [("shop", SEVEN), ("batch", [])],
    "google-hosts/good-addresses.json": [
        ("shop-ip", SEVEN),
        ("spare", NINE),
        ("lb", ["2001:db8:9::"]),
    ],
    "google-hosts/good-addresses.csv": [("shop-ip", SEVEN), ("spare", NINE)],
    "azure-hosts/good-vms.json": [("shop", SEVEN), ("batch", []), ("shop", NINE)],
    "azure-hosts/good-public-ips.json": [
        ("shop-ip", SEVEN),
        ("spare-ip", ["2001:db8:8::1"]),
        ("batch-ip", []),
    ],
    "azure-hosts/good-vm-details.json": [("shop", [*SEVEN, "2001:db8:8::1"]), ("batch", [])],
    "azure-hosts/good-graph.json": [
        ("shop-ip", SEVEN),
        ("spare-ip", ["2001:db8:8::1"]),
        ("batch-ip", []),
    ],
    "azure-hosts/good-graph-projected.json": [("", SEVEN), ("", NINE)],
    "azure-hosts/good-graph.csv": [("shop-ip", SEVEN), ("b-ip", NINE)],
    "azure-hosts/good-portal.csv": [("shop-ip", SEVEN), ("batch-ip", []), ("spare-ip", NINE)],
    "azure-hosts/good-portal-vms.csv": [("shop", SEVEN), ("batch", [])],
    "azure-hosts/good-powershell.csv": [("shop-ip", SEVEN), ("batch-ip", [])],
    "azure-hosts/good-powershell.json": [("shop-ip", SEVEN), ("spare-ip", NINE)],
    "terraform/good-state.tfstate": [
        ("module.web.aws_instance.shop[0]", [*SEVEN, "2001:db8:7::1"]),
        ("module.web.aws_instance.shop[1]", []),
        ("web-1.eu-west-1.elb.amazonaws.example", []),
        ('google_compute_instance.db["eu"]', NINE),
    ],
    "terraform/good-show.json": [
        ("openstack_compute_instance_v2.vm", ["2001:db8:8::1"]),
        ("google_sql_database_instance.db", ["203.0.113.8"]),
        ("module.eu.hcloud_server.web[0]", [*NINE, "2001:db8:9::1"]),
        ('module.eu.module.deep.digitalocean_droplet.d["a"]', ["192.0.2.80"]),
        ("azurerm_public_ip.shop", SEVEN),
    ],
    "netbox/good-export.csv": [
        ("shop.example", SEVEN),
        ("shop.example", ["2001:db8:7::1"]),
        ("old.example", NINE),
        ("", ["203.0.113.80"]),
    ],
    "netbox/good-import.csv": [("shop.example", SEVEN), ("", NINE)],
    "netbox/good-view.csv": [("shop.example", SEVEN)],
    "netbox/good-api.json": [("shop.example", SEVEN), ("", NINE)],
    "netbox/good-semicolons.csv": [("shop.example", SEVEN)],
    "zone/good-direct.txt": [
        ("direct.shop.example", [*SEVEN, "2001:db8:7::1"]),
        ("mail.shop.example", ["203.0.113.25"]),
        ("www.shop.example", [*SEVEN, "2001:db8:7::1"]),
        ("cdn.shop.example", []),
    ],
    "zone/good-bind.txt": [
        ("shop.example", [*SEVEN, "198.51.100.8"]),
        ("www.shop.example", [*SEVEN, "198.51.100.8"]),
        ("m.shop.example", [*SEVEN, "198.51.100.8"]),
        ("*.shop.example", NINE),
        ("ns1.shop.example", []),
    ],
    "inventory/good-names.csv": [
        ("shop.example", SEVEN),
        ("shop.example", ["2001:db8:7::1"]),
        ("blog.example", []),
    ],
    "inventory/good-names-semicolons.csv": [("shop.example", SEVEN), ("blog.example", NINE)],
}
# What a refusal has to name: what is wrong, and what helps.
REFUSED = {
    "zone/bad-include.txt": [":2: expected a record of a zone, got '$INCLUDE b.zone'"],
    "aws-hosts/bad-page.json": ["NextToken", "one page of it"],
    "google-hosts/bad-table.txt": ["--format=json"],
    "azure-hosts/bad-table.txt": ["-o json"],
    "azure-hosts/bad-text.tsv": ["-o json"],
    "azure-hosts/bad-page.json": ["skip_token", "one page of it"],
    "azure-hosts/bad-part.json": ["total_records", "one page of it"],
    "azure-hosts/bad-other-types.json": [
        "data.0: expected resources of the type publicipaddresses"
    ],
    "azure-hosts/bad-vms.json": ["`az vm list -d -o json`"],
    "azure-hosts/bad-prefixes.json": ["no hosts", "`az network public-ip list -o json`"],
    "azure-hosts/bad-template.json": ["a template", "`az network public-ip list -o json`"],
    "azure-hosts/bad-graph-cells.csv": ["`az graph query -o json`", "properties.ipAddress"],
    "terraform/bad-plan.json": ["terraform show -json"],
    "terraform/bad-old.tfstate": ["version", "terraform show -json"],
    "terraform/bad-show.txt": ["terraform show -json"],
    "netbox/bad-page.json": ["next", "one page of it"],
    "netbox/bad-last-page.json": ["previous: expected the whole inventory"],
    "netbox/bad-prefixes.csv": ["--ignore-column status"],
    "zone/good-proxied.txt": [
        ":18:",
        "direct.shop.example, www.shop.example",
        "--names answers.jsonl",
    ],
    "inventory/bad-names-tabs.tsv": ["--column address=NAME"],
    "inventory/bad-names-bare.csv": ["put the line name,address above"],
    "inventory/bad-names-blanks.txt": ["put the line name,address above"],
    "inventory/bad-names-hosts.txt": ["a hosts file", "the columns address and name"],
}
NOTED = {
    "aws-hosts/good-instances.json": [
        "3 private addresses",
        "'10.0.0.9'",
        "'2001:db8:7:1::/80 in shop NetworkInterfaces.Ipv6Prefixes.Ipv",
        "1 rows have no usable address",
        "1 instances are terminated, and never start again: ignored ('i-0ddd')",
    ],
    "aws-hosts/good-addresses.json": ["1 private", "1 addresses are in no use", "'eipalloc-02'"],
    "aws-hosts/good-elastic-ips.csv": [
        "1 addresses are in no use",
        "columns ignored: type, reverse_dns_record",
    ],
    "google-hosts/good-instances.csv": ["4 private addresses"],
    "google-hosts/good-addresses.json": [
        "2 private addresses",
        "in no use, as the file says",
        "'spare'",
    ],
    "azure-hosts/good-public-ips.json": ["1 addresses are in no use", "'spare-ip'"],
    "azure-hosts/good-graph.json": ["1 addresses are in no use", "'spare-ip'"],
    "azure-hosts/good-portal.csv": ["1 addresses are in no use", "'spare-ip'", "columns ignored: "],
    "azure-hosts/good-powershell.json": ["1 addresses are in no use", "'spare-ip'"],
    "netbox/good-export.csv": [
        "1 private",
        "2 addresses are in no use",
        "'old.example', '203.0.113.80'",
    ],
    "netbox/good-view.csv": ["1 private", "'203.0.113.9 in db.example nat_outside'"],
    "terraform/good-state.tfstate": [
        "1 records only repeat addresses of others: ignored ('aws_eip.shop')",
        "1 public addresses stand where",
        "'203.0.113.25 in dnsimple_zone_record.mail value'",
        "1 data sources",
    ],
    "terraform/good-show.json": ["'203.0.113.88 in google_sql_database_instance.db"],
    "zone/good-direct.txt": ["ignored: 1 SOA, 1 NS, 1 MX, 1 TXT", "1 rows have no usable address"],
    "zone/good-bind.txt": ["ignored: 1 SOA, 1 NS, 1 HTTPS", "'10.0.0.53'"],
}


FORMS = {name.partition("/")[0] for name in (*READ, *REFUSED)} - {"inventory"}


def test_every_sample_is_read_or_refused():
    found = {f"{form}/{path.name}" for form in FORMS for path in (FOLDER / form).iterdir()}
    assert found == {name for name in (*READ, *REFUSED) if not name.startswith("inventory/")}


@pytest.mark.parametrize("name", READ)
def test_an_export_gives_its_hosts_to_exposure_and_to_a_run(name, tmp_path):
    feed = read_feed(Input(FOLDER / name, name))
    assert hosts_of(feed) == READ[name]
    notes = "\n".join(feed.notes)
    assert all(text in notes for text in NOTED.get(name, []))
    # A run has a site for each name, and one for each address without a name.
    sites: dict[str, set[str]] = {}
    for called, addresses in READ[name]:
        sites.setdefault(called or addresses[0], set()).update(addresses)
    table = tmp_path / "hosts.csv"
    table.write_bytes(write_sites(FOLDER / name, ColumnChoice()))
    # The hosts of the table are those of the export.
    assert hosts_of(read_feed(Input(table, name))) == READ[name]
    for path in (FOLDER / name, table):
        found = read_inventory(name, path)
        assert [*found.site] == [*sites]
        assert found.n_rows == sum(map(len, sites.values()))
        assert found.n_without_address == sum(not addresses for _, addresses in READ[name])


@pytest.mark.parametrize(
    ("name", "regions", "providers"),
    [
        # Of a Wavelength Zone and of a Local Zone: both are in us-east-1.
        ("aws-hosts/good-instances.json", {"eu-west-1", "us-east-1"}, {"AWS"}),
        ("aws-hosts/good-console.csv", {"eu-west-1", "us-east-1"}, {"AWS"}),
        ("aws-hosts/good-addresses.json", {"eu-west-1", "us-east-1"}, {"AWS"}),
        ("google-hosts/good-instances.json", {"europe-west1", "us-east1"}, {"Google Cloud"}),
        ("azure-hosts/good-public-ips.json", {"westeurope", "eastus2"}, {"Microsoft"}),
        ("terraform/good-state.tfstate", {"eu-west-1", "", "europe-west1"},
         {"AWS", "Google Cloud"}),
        ("terraform/good-show.json", {"westeurope", "", "fsn1", "ams3"},
         {"Microsoft", "", "Google Cloud", "Hetzner", "DigitalOcean"}),
    ],
)  # fmt: skip
def test_hosts_have_a_region_and_a_provider_as_in_tables_of_ranges(
    name, regions, providers, repository
):
    labels = read_feed(Input(FOLDER / name, name)).labels
    assert {*labels["region"].texts} == regions
    assert {*labels["provider"].texts} == providers
    rows = csv_rows(repository / "seeds/provider-prefixes-2026.csv")
    assert providers - {""} <= {row["provider"] for row in rows}


@pytest.mark.parametrize("name", REFUSED)
def test_an_export_that_cannot_be_read_is_refused_with_what_helps(name):
    with pytest.raises(DataError) as error:
        read_feed(Input(FOLDER / name, name, ColumnChoice(has_options=True)))
    told = "\n".join(map(str, error.value.problems))
    assert all(text in told for text in REFUSED[name])


def test_names_that_are_proxied_are_read_where_they_are_resolved_afterwards(tmp_path):
    text = (FOLDER / "zone/good-proxied.txt").read_text()
    for options in ({"allow_empty": True}, {"form": "zone"}):
        feed = read(text, tmp_path, **options)
        assert hosts_of(feed)[:2] == [
            ("direct.shop.example", []),
            ("mail.shop.example", ["203.0.113.25"]),
        ]
        assert "2 names are proxied by Cloudflare" in "\n".join(feed.notes)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ('{"Addresses": [{"AllocationId": "e", "PublicIp": "198.51.100.07"}]}',
         "Addresses.0.PublicIp: expected"),
        ('{"Reservations": [{"Instances": [7]}]}',
         "Reservations.0.Instances.0: expected a record with one of"),
        ('{"terraform_version": "1", "version": 4, "resources": [7]}',
         "resources.0: expected an object, got int"),
        ("a.example. 60 IN A 198.51.100.7\nb.example. 60 IN A\nc.example. 60 IN A 198.51.100.8\n",
         "given:2: expected a record of a zone"),
        ('[{"name": "a", "address": "198.51.100.7", "addressType": "EXTERNAL", "purpose": "NEW"}]',
         "purpose: expected DNS_RESOLVER, GCE_ENDPOINT"),
        ('"Instance ID","Public IPv4 address"\n"i-0aaa","198.51.100.999"\n',
         "given:2: public_ipv4_address: expected"),
    ],
)  # fmt: skip
def test_a_mistake_in_an_export_is_placed(content, told, tmp_path):
    assert any(told in each for each in refused(content, tmp_path))


def _state(**attributes: dict[str, str]) -> str:
    """A state of Terraform's with a resource of each type."""
    resources = [
        {"type": kind, "name": "a", "instances": [{"attributes": one}]}
        for kind, one in attributes.items()
    ]
    return json.dumps({"terraform_version": "1", "version": 4, "resources": resources})


_VM = {"PublicIpAddress": "198.51.100.7", "InstanceId": "i-1"}
_EIP = {"public_ip": "198.51.100.7", "association_id": "x"}
_AZURE_NAT = {
    "publicIPAllocationMethod": "Static", "ipAddress": "198.51.100.7", "natGateway": {"id": "x"}
}  # fmt: skip
_GOOGLE = {"name": "a", "address": "198.51.100.7", "addressType": "EXTERNAL", "status": "IN_USE"}
_NAT = {"public_ip": "198.51.100.7", "private_ip": "10.0.0.1"}


@pytest.mark.parametrize(
    ("content", "n_hosts", "told"),
    [
        *(
            (json.dumps([[_VM | {"State": {"Name": state}}]]), 1, told)
            for state, told in (("running", ""), ("stopped", "in no use"))
        ),
        (json.dumps([[_VM | {"State": {"Name": "shutting-down"}}]]), 0, "1 instances are termin"),
        (json.dumps([[_VM | {"State": "stopped"}]]), 1, "in no use"),
        (_state(aws_instance=_EIP | {"instance_state": "terminated"}), 0, "1 instances are termin"),
        ('[{"name": "a", "machineType": "x", "status": "TERMINATED", "networkInterfaces": '
         '[{"accessConfigs": [{"natIP": "198.51.100.7"}]}]}]', 1, "in no use"),
        ("name,external_ip,status\na,198.51.100.7,TERMINATED\n", 1, "in no use"),
        ('[{"name": "a", "publicIps": "198.51.100.7", "privateIps": "10.0.0.1", "powerState": '
         '"VM deallocated"}]', 1, "in no use"),
        (_state(hcloud_server={"ipv4_address": "198.51.100.7", "status": "off"}), 1, "in no use"),
        (_state(aws_eip=_EIP), 1, ""),
        # What a rented address is attached to may be off; the address is still the user's.
        (_state(hcloud_primary_ip={"ip_address": "198.51.100.7", "status": "off"}), 1, ""),
        # As the state has it, and as `show -json` has it.
        (_state(aws_instance=_EIP).replace('"attributes"', '"deposed": "ab", "attributes"'), 0,
         "1 deposed objects"),
        (json.dumps({"terraform_version": "1", "values": {"root_module": {"resources": [
            {"type": "aws_instance", "name": "a", "values": _EIP, "deposed_key": "ab"}]}}}), 0,
         "1 deposed objects"),
        (_state(aws_eip=_EIP, aws_nat_gateway=_NAT), 0, "1 addresses are of NAT gateways"),
        (_state(azurerm_public_ip={"id": "/s/N", "ip_address": "198.51.100.7"},
                azurerm_nat_gateway_public_ip_association={"public_ip_address_id": "/s/n"}), 0,
         "1 addresses are of NAT gateways"),
        *(
            (content, 0, "1 addresses are of NAT gateways")
            for content in (
                json.dumps([{"name": "a"} | _AZURE_NAT]),
                json.dumps({"data": [{"name": "a", "properties": _AZURE_NAT}]}),
                json.dumps([_GOOGLE | {"purpose": "NAT_AUTO"}]),
                json.dumps([_GOOGLE | {"users": ["projects/x/regions/y/routers/z"]}]),
                "name,address,address_type,purpose,status\na,198.51.100.7,EXTERNAL,NAT_AUTO,IN_USE\n",
                _state(google_compute_address={"address": "198.51.100.7", "purpose": "NAT_AUTO"}),
            )
        ),
        # As documented by Google; ranges of others that are used privately have the type as well.
        (json.dumps([_GOOGLE | {"purpose": "GCE_ENDPOINT"}]), 1, ""),
        *(
            (json.dumps([_GOOGLE | {"purpose": purpose}]), 0, "1 private addresses")
            for purpose in ("DNS_RESOLVER", "VPC_PEERING", "IPSEC_INTERCONNECT",
                            "SHARED_LOADBALANCER_VIP", "PRIVATE_SERVICE_CONNECT", "SERVERLESS")
        ),
    ],
)  # fmt: skip
def test_what_serves_nobody_is_named_and_a_nat_gateway_is_no_host(content, n_hosts, told, tmp_path):
    feed = read(content, tmp_path, allow_empty=True)
    notes = "\n".join(feed.notes)
    assert len(hosts_of(feed)) == n_hosts
    assert (told in notes) if told else ("in no use" not in notes)


@pytest.mark.parametrize(
    ("address", "length", "n"),
    [("198.51.100.8", 29, 8), ("198.51.100.8", 32, 1), ("198.51.100.8", 0, 1),
     ("2001:db8::", 96, 2**32), ("2001:db8::", 128, 1)],
)  # fmt: skip
def test_a_range_that_google_reserves_is_a_host_with_many_addresses(address, length, n, tmp_path):
    content = json.dumps([_GOOGLE | {"address": address, "prefixLength": length}])
    found = read(content, tmp_path).to_set()
    assert found.v4.n_addresses + found.v6.n_addresses == n
    path = tmp_path / "given.json"
    path.write_text(content)
    if n == 1:
        assert read_inventory("sites", path).n_rows == 1
        return
    with pytest.raises(DataError, match=r"of 'a', got a prefix .* give each address that visitors"):
        read_inventory("sites", path)


def test_a_column_that_the_user_names_makes_it_a_table_of_columns(tmp_path):
    path = tmp_path / "given.csv"
    path.write_text("name,external_ip,owner\nshop,198.51.100.7,Alpha\n")
    choice = ColumnChoice.of(["address=external_ip", "provider=owner"], [])
    feed = read_feed(Input(path, "given.csv", choice))
    assert feed.origin.format == "inventory"
    assert feed.labels["provider"].texts == ["Alpha"]
    choice = ColumnChoice.of([], ["owner"])
    assert read_feed(Input(path, "given.csv", choice)).origin.format == "google-hosts"
    choice.check_met()


def test_scripts_in_an_export_are_no_firewall_rules(tmp_path):
    text = (FOLDER / "google-hosts/good-instances.json").read_text()
    text = text.replace('"kind":', '"script": "a && iptables -A INPUT -j DROP", "kind":', 1)
    assert hosts_of(read(text, tmp_path)) == READ["google-hosts/good-instances.json"]
    assert {form.name for form in EXPORTS} >= {"aws-hosts", "terraform", "netbox"}


def test_a_site_may_have_a_column_for_each_of_its_addresses(tmp_path):
    path = tmp_path / "sites.csv"
    path.write_text("site;v4;v6;revenue_usd_per_h\nshop;198.51.100.7;2001:db8:7::1;0,5\n")
    choice = ColumnChoice.of(["address=v4", "address=v6"], [])
    found = read_inventory("sites", path, choice)
    assert (found.n_sites, found.n_rows, found.is_dual.tolist()) == (1, 2, [True])
    assert write_sites(path, choice).decode() == (
        "site,address,revenue_usd_per_h\nshop,198.51.100.7;2001:db8:7::1,0.5\n"
    )
