"""Files of providers, written after their makers' documentation, as a table for a scenario."""

import csv
import json
from pathlib import Path

import pytest

from sim.scenario.load import load_scenario
from sim.scenario.resolve import resolve
from sim.scenario.tables.seeds import read_note
from sim.world.providers import build_places
from tests.commands import document, run

# docs.aws.amazon.com, "Syntax for AWS IP address range JSON".
AWS = {
    "syncToken": "1792971064",
    "createDate": "2026-10-26-00-11-04",
    "prefixes": [
        {"ip_prefix": prefix, "region": region, "network_border_group": region, "service": service}
        for prefix, region, service in (
            ("203.0.112.0/20", "eu-west-1", "AMAZON"),
            ("203.0.113.0/24", "GLOBAL", "AMAZON"),
            ("203.0.113.0/24", "GLOBAL", "CLOUDFRONT"),
            ("203.0.114.0/24", "eu-west-1", "EC2"),
            ("192.0.2.0/25", "eu-central-1", "EC2"),
            ("192.0.2.128/25", "us-east-1", "EC2"),
        )
    ],
    "ipv6_prefixes": [
        {"ipv6_prefix": prefix, "region": "eu-west-1", "network_border_group": "eu-west-1",
         "service": "AMAZON"}
        for prefix in ("2001:db8:1234::/48", "2001:db8:4321:5::1/128")
    ],
}  # fmt: skip
# cloud.json as Google publishes it; goog.json has neither service nor scope.
CLOUD = {
    "syncToken": "1",
    "creationTime": "2026-10-25T19:46:07.22222",
    "prefixes": [
        {"ipv4Prefix": "198.18.8.0/24", "service": "Google Cloud", "scope": "europe-west1"},
        {"ipv6Prefix": "2001:db8:a000::/44", "service": "Google Cloud", "scope": "global"},
    ],
}
GOOG = {
    "syncToken": "1",
    "creationTime": "2026-10-24T19:46:07.22222",
    "prefixes": [{"ipv4Prefix": f"198.18.8.{part}"} for part in ("0/23", "0/24", "128/25")],
}
AZURE = {
    "changeNumber": 403,
    "cloud": "Public",
    "values": [
        {"name": name, "id": name, "properties": {
            "changeNumber": 1, "region": region, "regionId": 0, "platform": "Azure",
            "systemService": "", "addressPrefixes": prefixes, "networkFeatures": ["API", "NSG"],
        }}
        for name, region, prefixes in (
            ("AzureCloud", "", ["198.18.16.0/20"]),
            ("AzureCloud.westeurope", "westeurope", ["198.18.16.0/20"]),
            ("AzureFrontDoor.Frontend", "", ["198.18.17.0/24"]),
            ("AzureFrontDoor.Backend", "", ["198.18.18.0/24"]),
        )
    ],
}  # fmt: skip
# docs.oracle.com, "IP Address Ranges".
ORACLE = {
    "last_updated_timestamp": "2026-10-22T18:01:33.204985",
    "regions": [{"region": "us-phoenix-1", "cidrs": [{"cidr": "198.18.32.0/21", "tags": ["OCI"]}]}],
}
# An answer of stat.ripe.net of 24 October 2026, with other prefixes, of which one has gone.
RIPESTAT = {
    "messages": [["info", "Results exclude routes with very low visibility."]],
    "see_also": [], "version": "1.2", "data_call_name": "announced-prefixes",
    "data_call_status": "supported", "cached": False, "status": "ok", "status_code": 200,
    "time": "2026-10-24T11:48:49.285964",
    "data": {
        "prefixes": [
            {"prefix": prefix, "timelines": [{"starttime": "2026-10-10T08:00:00", "endtime": end}]}
            for prefix, end in (
                ("198.18.40.0/22", "2026-10-24T08:00:00"),
                ("198.18.44.0/22", "2026-10-20T16:00:00"),
            )
        ],
        "query_starttime": "2026-10-10T08:00:00", "query_endtime": "2026-10-24T08:00:00",
        "resource": "24940", "latest_time": "2026-10-24T08:00:00",
        "earliest_time": "2000-08-01T00:00:00",
    },
}  # fmt: skip
# docs.github.com, "Get GitHub meta information".
GITHUB = {
    "verifiable_password_authentication": False, "ssh_keys": ["ssh-ed25519 ABC"],
    "hooks": ["198.18.48.0/24"], "pages": ["198.18.49.0/24"], "actions": ["198.18.16.0/28"],
    "domains": {"website": ["*.github.example"]},
}  # fmt: skip
VULTR = {
    "description": "Vultr.com Geofeed",
    "asn": 20473,
    "updated": "2026-10-21 00:00:02",
    "subnets": [{"ip_prefix": "198.18.52.0/24", "alpha2code": "NL", "region": "NL-NH",
                 "city": "Amsterdam", "postal_code": "1098"}],
}  # fmt: skip
FASTLY = {"addresses": ["198.18.56.0/24"], "ipv6_addresses": ["2001:db8:f000::/36"]}
CLOUDFLARE = {
    "result": {"ipv4_cidrs": ["198.18.60.0/22"], "ipv6_cidrs": ["2001:db8:c000::/36"], "etag": "a"},
    "success": True,
    "errors": [],
    "messages": [],
}
FILES = {
    "ip-ranges.json": AWS, "goog.json": GOOG, "cloud.json": CLOUD,
    "ServiceTags_Public_20261019.json": AZURE, "public_ip_ranges.json": ORACLE,
    "ripestat.json": RIPESTAT, "github.json": GITHUB, "vultr.json": VULTR, "fastly.json": FASTLY,
    "ips.json": CLOUDFLARE,
}  # fmt: skip
NAMED = {
    "goog.json": "Google", "ripestat.json": "Hetzner", "fastly.json": "Fastly",
    "ips.json": "Cloudflare", "google.csv": "DigitalOcean",
}  # fmt: skip
DAY = ("--date", "2026-10-27")


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """Arguments of ``import``: all of the files, with names of providers where they have none."""
    texts = {name: json.dumps(content) for name, content in FILES.items()}
    texts["google.csv"] = (
        "# geofeed\n198.18.64.0/22,NL,NL-NH,Amsterdam,\n2001:db8:d000::/48,US,,,\n"
    )
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    return [
        f"{NAMED[name]}={tmp_path / name}" if name in NAMED else f"{tmp_path / name}"
        for name in texts
    ]


EXPECTED = """\
AWS,eu-central-1,192.0.2.0/25,2026-10-26,
AWS,us-east-1,192.0.2.128/25,2026-10-26,
AWS,eu-west-1,203.0.112.0/24,2026-10-26,
AWS,eu-west-1,203.0.114.0/23,2026-10-26,
AWS,eu-west-1,203.0.116.0/22,2026-10-26,
AWS,eu-west-1,203.0.120.0/21,2026-10-26,
AWS,eu-west-1,2001:db8:1234::/48,2026-10-26,
AWS,GLOBAL,203.0.113.0/24,2026-10-26,yes
Google Cloud,global,198.18.8.0/24,2026-10-25,
Google Cloud,global,2001:db8:a000::/44,2026-10-25,
Google,global,198.18.9.0/24,2026-10-24,
Microsoft,global,198.18.16.0/24,2026-10-19,
Microsoft,global,198.18.17.0/24,2026-10-19,yes
Microsoft,global,198.18.18.0/23,2026-10-19,
Microsoft,global,198.18.20.0/22,2026-10-19,
Microsoft,global,198.18.24.0/21,2026-10-19,
Oracle,global,198.18.32.0/21,2026-10-22,
Hetzner,global,198.18.40.0/22,2026-10-24,
GitHub,global,198.18.48.0/24,2026-10-27,no
GitHub,global,198.18.49.0/24,2026-10-27,yes
Vultr,global,198.18.52.0/24,2026-10-21,
Fastly,global,198.18.56.0/24,2026-10-27,yes
Fastly,global,2001:db8:f000::/36,2026-10-27,yes
Cloudflare,global,198.18.60.0/22,2026-10-27,yes
Cloudflare,global,2001:db8:c000::/36,2026-10-27,yes
DigitalOcean,global,198.18.64.0/22,2026-10-27,
DigitalOcean,global,2001:db8:d000::/48,2026-10-27,
"""


def test_files_of_providers_become_one_table_of_ranges(files, tmp_path):
    table = tmp_path / "ranges.csv"
    found = document("import", *files, *DAY, "-o", table)
    assert len(found["files"]) == len(files)
    assert "2026-10-19, changeNumber 403" in {each["date"] for each in found["files"]}
    told = run("import", *files, *DAY, "-o", table, "--force").stderr
    assert "note: 1 ranges of IPv6 are /64 or narrower: excluded" in told
    notes = [note for each in found["files"] for note in each["notes"]]
    assert any(note.startswith("1 prefixes were no longer announced") for note in notes)
    assert any(note.endswith("excluded: actions") for note in notes)
    with table.open() as file:
        rows = list(csv.DictReader(file))
    columns = ("provider", "region", "prefix", "as_of", "shared")
    written = {",".join(row[column] for column in columns) for row in rows}
    assert written == {*EXPECTED.splitlines()}
    assert len(rows) == len(written)
    note = read_note(table)
    assert note is not None
    assert {row["source_id"] for row in rows} == {*note.references}
    assert note.time == "2026-10"


@pytest.mark.parametrize(
    ("arguments", "told", "status"),
    [
        (("Fastly=fastly.json",), "fastly.json: expected a date such as 2018-04-16, got ''", 2),
        (("fastly.json", *DAY), "fastly.json: provider: expected whose ranges these are", 4),
        (("names.txt", *DAY), "names.txt: expected dated orders, or ranges of a provider", 4),
        (("orders.csv", "ip-ranges.json", *DAY), "none of them dated orders", 2),
        (("OVH=ip-ranges.json",), "names AWS: give it without OVH=", 2),
        (("fastly=fastly.json", *DAY), "fastly=: expected Fastly, as the shipped tables", 2),
        (("Fastly=fastly.json", "OVH=fastly.json", *DAY), "OVH: expected a range that no", 2),
    ],
)
def test_what_names_no_provider_or_day_makes_no_table(
    arguments, told, status, files, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    Path("names.txt").write_text("one.example\ntwo.example\n")
    Path("orders.csv").write_text(
        "effective,action,prefix\n2026-01-03T20:30Z,block,203.0.113.0/24\n"
    )
    extra = ("--allow-empty",) if "names.txt" in arguments else ()
    assert told in run("import", *arguments, *extra, "-o", "ranges.csv", status=status).stderr
    assert not Path("ranges.csv").exists()


def test_a_case_takes_ranges_of_its_own_and_those_of_today_for_others(files, tmp_path):
    table, case = tmp_path / "ranges.csv", tmp_path / "case"
    # Without a proxy of its own, in which the shared range of the country's pack lies.
    mine = [one for one in files if not one.startswith("Cloudflare=")]
    run("import", *mine, *DAY, "-o", table)
    days = ("--from", "2026-03-01", "--to", "2026-03-03")
    run("init", case, "--country", "ES", *days, "--ranges", table)
    scenario = case / "scenario.yaml"
    assert "providers:\n  prefixes: ranges.csv\n" in scenario.read_text()
    assert (
        "Ranges of providers that yours lack, from provider-prefixes-2026: "
        in (case / "README.md").read_text()
    )
    resolved = resolve(load_scenario(str(scenario)))
    places = build_places(resolved)
    # Hosting of the pack is at providers of both tables, and at the addresses of the first.
    assert {row.as_of for row in resolved.cloud_prefixes.rows if row.provider == "OVH"} == {
        "2025-03-26"
    }
    row = places.row_of["AWS", "eu-west-1"]
    assert {*places.seats[row].start.tolist()} == {0xCB007000, 0xCB007200}
    assert resolved.cloud_prefixes.note is not None
    assert "ip-ranges.json" in resolved.cloud_prefixes.note.references
    assert "libloc-2025-03-26" in resolved.cloud_prefixes.note.references


def test_ranges_that_a_table_marks_are_the_shared_region_of_their_provider(tmp_path):
    case = tmp_path / "case"
    run("init", case, "--country", "ES", "--from", "2026-03-01", "--to", "2026-03-02")
    scenario, table = str(case / "scenario.yaml"), "provider-prefixes-2026"
    named = [f"providers.prefixes={table}", f"providers.shared={table}"]
    resolved = resolve(load_scenario(scenario, named))
    places = build_places(resolved)
    # All of Cloudflare is shared, so that both of its names stand for the same addresses.
    shared = places.row_of["Cloudflare", "shared"]
    assert places.row_of["Cloudflare", "global"] == shared
    assert places.seats[shared].n == 1_524_736
    # Of Amazon's global region a part is.
    ours = places.row_of["AWS", "GLOBAL"], places.row_of["AWS", "shared"]
    assert ours[0] != ours[1]
    assert not places.addresses[ours[0]].intersection(places.addresses[ours[1]])
    assert len(resolved.tables) == len({one.name for one in resolved.tables})
    # Shown whole, and used in part.
    (whole,) = (one for one in resolved.tables if one.name == table)
    assert whole.n_rows > len(resolved.shared_prefixes.rows)
    (case / "hosting.csv").write_text(
        "provider,region,side,weight\nAWS,GLOBAL,foreign,1\nOVH,global,domestic,1\n"
    )
    sets = ("--set", "providers.shared=off", "--set", "population.hosting=hosting.csv")
    alone = run("validate", scenario, *sets).stderr
    assert f"{table} says which ranges many customers share" in alone
    (case / "none.csv").write_text(
        "provider,region,prefix,shared\nCloudflare,global,104.16.0.0/13,no\n"
    )
    refused = run("validate", scenario, "--set", "providers.shared=none.csv", status=4).stderr
    assert "none.csv: shared: expected a row with yes" in refused
