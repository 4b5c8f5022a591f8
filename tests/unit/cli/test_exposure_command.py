"""``overblock exposure`` as people and programs use it."""

import csv
import io
import ipaddress
import json
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests import commands
from tests.commands import call
from tests.conftest import REPOSITORY

APRIL_20 = "2018-04-20T12:00+03:00"

BLOCKLIST = "198.51.100.0/25\n198.51.100.0/24\n2001:db8::/48\n"
INVENTORY = (
    "name,address,sector,n_names,revenue_usd_per_h\n"
    "shop,198.51.100.7,retail,3,100\n"
    "shop,203.0.113.7,retail,2,100\n"
    "bank,198.51.100.200,finance,1,9\n"
    "paper,,media,,\n"
    "six,2001:db8::1,media,1,\n"
)
TABLE = "prefix,provider\n198.51.100.0/23,P\n203.0.113.0/24,Q\n2001:db8::/32,P\n"


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "blocklist.txt").write_text(BLOCKLIST)
    (tmp_path / "before.txt").write_text("198.51.100.0/25\n192.0.2.0/24\n")
    (tmp_path / "hosts.csv").write_text(INVENTORY)
    (tmp_path / "table.csv").write_text(TABLE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


run = partial(commands.run, "exposure")
document = partial(commands.document, "exposure")


def test_the_orders_of_april_2018_list_17_771_008_addresses_and_the_targets_own_9_216():
    result = run(
        *("telegram-2018-orders", "--at", APRIL_20),
        *("--attribute", "cloud-prefixes-2018", "--by", "provider"),
    )
    lines = {line.strip().split("  ")[0]: line for line in result.stdout.splitlines()}
    assert "17,771,008" in lines["outside the target's own ranges"]
    assert "9,216" in lines["the target's own"]
    assert "17,780,224" in lines["IPv4 addresses, distinct"]
    assert "the target's own ranges: telegram-prefixes-2018" in result.stderr
    (listed, prefixes) = (
        line.split() for line in result.stdout.splitlines() if line.startswith("AWS ")
    )
    assert listed[2] == "30,922,456"
    assert len(prefixes) == 4  # the name once more, and for which there was no room beside it


def test_expected_names_are_those_of_providers_of_2018_where_no_table_is_given(files):
    asked = ("telegram-2018-orders", "--at", APRIL_20, "--expect-names")
    found = document(*asked)["expected_names"]
    assert found == document(*asked, "--attribute", "cloud-prefixes-2018")["expected_names"]
    assert found != document(*asked, "--attribute", "table.csv")["expected_names"]
    assert document(*asked[:-1])["expected_names"] is None


def test_names_of_addresses_that_no_table_tells_of_are_not_known_anywhere(files):
    (files / "one.txt").write_text("8.8.8.0/24\n")
    (files / "other.txt").write_text("8.8.9.0/24\n8.8.8.9\n")
    both = document("one.txt", "other.txt")["listed"]
    assert both["n_addresses4"] == 512
    assert [(one["n_entries"], one["n_without_address"]) for one in both["lists"]] == [
        (1, 0),
        (2, 0),
    ]
    asked = ("one.txt", "--expect-names")
    found = document(*asked)["expected_names"]["all"]
    assert {found[count] for count in ("names", "hit", "wholly", "active")} == {None}
    assert (found["n_listed"], found["share_known"], found["state"]) == (256, 0, "not known")
    rows = csv.DictReader(io.StringIO(run(*asked, "--format", "csv").stdout))
    assert {row["measure"]: row["value"] for row in rows if row["item"] == "all"} == {
        "n_listed": "256", "n_addresses": "0", "share_known": "0.0", "state": "not known",
        **dict.fromkeys(("hit", "hit_low", "hit_high", "active", "wholly"), ""),
    }  # fmt: skip
    lines = [line for line in run(*asked).stdout.splitlines() if line.startswith("all ")]
    assert {line.split("  ")[0] for line in lines} == {"all"}
    assert sum(line.count("not known") for line in lines) == 6


def test_a_row_says_what_share_of_its_addresses_stands_behind_its_names(files):
    (files / "two.txt").write_text("8.8.8.0/24\n88.198.0.0/24\n2001:db8::/62\n")
    found = document("two.txt", "--expect-names")["expected_names"]
    assert found["all"]["state"] == "lower bound"
    assert (found["all"]["n_addresses"], found["all"]["share_known"]) == (256, 0.5)
    first, other = found["providers"]
    assert (first["provider"], first["state"], first["share_known"]) == ("Hetzner", "known", 1)
    assert first["hit"] == found["all"]["hit"]
    assert (other["state"], other["hit"]) == ("not known", None)
    text = " ".join(run("two.txt", "--expect-names").stdout.split())
    assert "lower bound" in text
    assert "not known: names on 256 listed addresses of providers whose use" in text
    assert "not known: names on 4 listed /64 of IPv6" in text


def test_hosts_names_businesses_and_revenue_are_counted_in_three_states(files):
    found = document("blocklist.txt", "--inventory", "hosts.csv")["inventory"]

    def states(name: str) -> list[float]:
        keys = ("n_wholly", "n_partly", "n_not_listed", "n_not_known", "n")
        return [found[name][key] for key in keys]

    assert states("hosts") == [3, 0, 1, 1, 5]
    assert states("names") == [5, 0, 2, 0, 7]
    assert states("businesses") == [2, 1, 0, 1, 4]
    assert states("revenue_usd_per_h") == [9, 100, 0, 0, 109]
    assert [business["name"] for business in found["ranked"]] == ["bank", "six", "shop"]


def test_explain_names_the_rule_and_where_it_stands(files):
    found = document("blocklist.txt", "--inventory", "hosts.csv", "--explain")["inventory"]
    told = {host["address"]: (host["rule"], host["place"]) for host in found["explained"]}
    assert told == {
        "198.51.100.7": ("198.51.100.0/25", "blocklist.txt:1"),
        "198.51.100.200": ("198.51.100.0/24", "blocklist.txt:2"),
        "2001:db8::1": ("2001:db8::/48", "blocklist.txt:3"),
    }
    assert [rule["n_hosts"] for rule in found["rules"]] == [1, 1, 1]
    asked = ("blocklist.txt", "--inventory", "hosts.csv")
    printed = run(*asked, "--explain", "--top", "2").stdout.splitlines()
    begin = printed.index("Hosts hit, and by which rule (2 of 3)")
    assert printed[begin + 2].split() == [
        *("198.51.100.7", "shop", "wholly", "198.51.100.0/25", "blocklist.txt:1"),
    ]
    assert "Hosts hit" not in run(*asked).stdout


def test_explain_tells_hosts_of_one_name_by_the_identifiers_of_an_export(files):
    rows = ("web,i-0a,198.51.100.7", "web,i-0b,198.51.100.8", ",i-0c,198.51.100.9")
    (files / "ec2.csv").write_text("\n".join(("Name,Instance ID,Public IPv4 address", *rows, "")))
    asked = ("blocklist.txt", "--inventory", "ec2.csv")
    found = document(*asked, "--explain")["inventory"]["explained"]
    named = [(host["name"], host["id"]) for host in found]
    assert named == [("web", "i-0a"), ("web", "i-0b"), ("i-0c", "")]
    assert "198.51.100.8  web   i-0b" in run(*asked, "--explain").stdout
    # Rows of one address stay one host, whatever identifiers they have.
    again = ("--inventory", "ec2.csv", "--inventory", "more.csv")
    (files / "more.csv").write_text((files / "ec2.csv").read_text().replace("i-0b", "i-0d"))
    assert document(*asked[:1], *again)["inventory"]["hosts"]["n"] == 3


def test_of_several_addresses_one_that_is_listed_is_shown(files):
    answers = [{"type": "A", "answer": f"{net}.7"} for net in ("203.0.113", "198.51.100")]
    line = {"name": "a.example", "results": {"A": {"data": {"answers": answers}}}}
    (files / "zdns.jsonl").write_text(json.dumps(line) + "\n")
    found = document("blocklist.txt", "--inventory", "zdns.jsonl", "--explain")["inventory"]
    assert [host["address"] for host in found["explained"]] == ["198.51.100.7"]
    assert found["hosts"]["n_partly"] == 1


def test_a_table_attributes_addresses_and_hosts(files):
    found = document(
        *("blocklist.txt", "--inventory", "hosts.csv"),
        *("--attribute", "table.csv", "--by", "provider,sector"),
    )
    groups = {group["name"]: group for group in found["breakdowns"][0]["groups"]}
    assert (groups["P"]["n_addresses4"], groups["P"]["n_addresses4_of"]) == (256, 512)
    assert groups["P"]["share4"] == 0.5
    of = {version: f"n_prefixes{version}" for version in (4, 6)}
    assert [groups["P"][f"{name}_partly"] for name in of.values()] == [1, 1]
    assert [groups["P"][f"{name}_of"] for name in of.values()] == [1, 1]
    assert groups["Q"]["n_addresses4"] == 0
    hosts = found["inventory"]["by"]["provider"]["groups"]
    assert {group["name"]: group["hosts"]["n_wholly"] for group in hosts} == {
        "P": 3,
        "Q": 0,
        "(not known)": 0,
    }
    sectors = {group["name"] for group in found["inventory"]["by"]["sector"]["groups"]}
    assert sectors == {"retail", "finance", "media"}


RANGES = (
    "prefix,provider,service\n"
    "198.51.100.0-198.51.100.130,BRASIL TECPAR | AMIGO | AVATO,web|mail\n"
    "198.51.100.192/26,BRASIL TECPAR | AMIGO | AVATO,a;b\n"
    "198.51.100.192/26,Other,\n"
    "2001:db8::-2001:db8::5,BRASIL TECPAR | AMIGO | AVATO,web|mail\n"
)


def test_a_table_and_the_table_imported_from_it_say_the_same(files):
    """Three prefixes and one make the ranges of IPv4, two those of IPv6; names stay whole."""
    (files / "ranges.csv").write_text(RANGES)
    commands.run("import", "ranges.csv", "-o", "ranges.parquet")
    asked = ("--by", "provider,service,provider+service")
    raw, table = (
        document("blocklist.txt", "--attribute", name, *asked)["breakdowns"]
        for name in ("ranges.csv", "ranges.parquet")
    )
    assert raw == table
    (group,) = (group for group in raw[0]["groups"] if group["name"].startswith("BRASIL"))
    assert group["name"] == "BRASIL TECPAR | AMIGO | AVATO"
    assert (group["n_addresses4"], group["n_addresses4_of"]) == (131 + 64, 131 + 64)
    assert [group[f"n_prefixes{each}"] for each in ("4_wholly", "4_of", "6_wholly", "6_of")] == [
        *(4, 4),
        *(2, 2),
    ]
    services = {group["name"]: group["n_addresses4"] for group in raw[1]["groups"]}
    assert services == {"web|mail": 131, "a;b": 64, "(in no prefix of the table)": 256 - 195}
    asked = ("--by", "provider", "--format", "csv")
    told = run("blocklist.txt", "--attribute", "ranges.csv", *asked).stdout
    assert ",BRASIL TECPAR | AMIGO | AVATO," in told
    told = run("blocklist.txt", *asked, "--attribute", "ranges.csv", "--inventory", "hosts.csv")
    assert "inventory_by_provider,BRASIL TECPAR | AMIGO | AVATO,hosts_wholly,3\n" in told.stdout


def test_two_lists_are_compared(files):
    asked = ("blocklist.txt", "--against", "before.txt", "--inventory", "hosts.csv")
    rows = list(csv.DictReader(io.StringIO(run(*asked, "--format", "csv").stdout)))
    told = {(row["section"], row["item"], row["measure"]): row["value"] for row in rows}
    assert {key[1:]: value for key, value in told.items() if key[0] == "changes"} == {
        ("IPv4 addresses", "added"): "128", ("IPv4 addresses", "removed"): "256",
        ("IPv4 prefixes", "added"): "1", ("IPv4 prefixes", "removed"): "1",
        ("IPv6 addresses", "added"): f"{2**80}", ("IPv6 addresses", "removed"): "0",
        ("IPv6 prefixes", "added"): "1", ("IPv6 prefixes", "removed"): "0",
        ("hosts hit", "added"): "2", ("hosts hit", "removed"): "0",
        ("businesses hit", "added"): "2", ("businesses hit", "removed"): "0",
    }  # fmt: skip
    assert float(told["newly_hit", "bank", "revenue_usd_per_h"]) == 9
    assert "Businesses newly hit (2 of 2)" in run(*asked).stdout


def test_two_dates_are_compared():
    changes = document(
        *("telegram-2018-orders", "--at", "2018-04-29T12:00+03:00"),
        *("--since", "2018-04-25T23:59+03:00"),
    )["changes"]
    assert changes["removed"]["n_addresses4"] - changes["added"]["n_addresses4"] == (
        17_931_776 - 14_589_440
    )


def test_markdown_has_a_heading_for_each_table(files):
    asked = ("--against", "before.txt", "--format", "markdown")
    lines = run("blocklist.txt", *asked).stdout.splitlines()
    assert [line for line in lines if line.startswith("#")] == [
        "### What is listed",
        "### What changed",
    ]
    assert "| IPv4 addresses | 128 | 256 |" in lines


def test_control_characters_of_a_file_do_not_reach_the_terminal(files):
    (files / "hosts.csv").write_text("name,address\nred\x1b[31m,198.51.100.1\n")
    assert "\x1b" not in run("blocklist.txt", "--inventory", "hosts.csv").stdout


def test_not_known_is_said_and_is_no_zero(files):
    result = run("blocklist.txt", "--inventory", "hosts.csv")
    row = next(line for line in result.stdout.splitlines() if line.startswith("six"))
    assert row.split() == ["six", "wholly", "1", "0", "1", "1", "not", "known", "media"]
    assert "1 rows have no usable address" in result.stderr


def test_bad_lines_are_refused_all_at_once_with_status_4(files):
    (files / "bad.txt").write_text("198.51.100.300\n198.51.100.1\n198.51.100.7/24\n")
    result = run("bad.txt", "blocklist.txt", status=4)
    assert result.stdout == ""
    assert [line.split(": ")[0] for line in result.stderr.splitlines()] == [
        "bad.txt:1",
        "bad.txt:3",
    ]
    result = run("bad.txt", "--skip-bad")
    assert "2 bad lines ignored" in result.stderr


def test_a_form_that_is_said_is_not_asked_about(files):
    Path("given").write_text("198.51.100.1;203.0.113.1\n")
    assert "comments ignored: '203.0.113.1' (line 1)" in run("given", "--as", "list").stderr
    Path("given").write_text('{"syncToken":"1","prefixes":[],"ipv6_prefixes":[]}')
    assert "0 records" in run("given", "--allow-empty").stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("blocklist.txt", "--since", APRIL_20), "--since: none of the blocklists compared"),
        (("telegram-2018-orders", "--at", "2018-04-20T12:00"), "the offset is missing"),
        (("blocklist.txt", "--by", "colour"), "got 'colour'"),
        (("blocklist.txt", "--as", "amazon"), "--as: expected one of"),
        (("-", "--inventory", "-"), "standard input can be read once only"),
    ],
)
def test_what_makes_no_sense_is_refused_with_status_2(arguments, told, files):
    assert told in run(*arguments, status=2).stderr


def test_a_day_is_its_beginning_in_utc_and_is_said():
    asked, told = ("telegram-2018-orders", "--json"), "the day is read as its beginning in UTC, "
    days = run(*asked, "--at", "2018-04-20", "--since", "2018-04-17")
    times = run(*asked, "--at", "2018-04-20T03:00+03:00", "--since", "2018-04-17T00:00Z")
    listed, other = (json.loads(one.stdout)["listed"] for one in (days, times))
    assert listed == other
    assert f"--at: {told}2018-04-20T00:00+00:00\n" in days.stderr
    assert f"--since: {told}2018-04-17T00:00+00:00\n" in days.stderr
    assert told not in times.stderr + run(*asked, "--at", "2018-04-20", "-q").stderr
    refused = run("telegram-2018-orders", "--at", "2018-02-30", status=2).stderr
    assert "--at: expected a date that exists" in refused


def test_a_name_close_to_a_shipped_table_is_suggested():
    result = run("telegram-2018-order", "--at", APRIL_20, status=4)
    assert "did you mean the shipped table 'telegram-2018-orders'?" in result.stderr


@pytest.mark.parametrize("skip_bad", [(), ("--skip-bad",)])
@pytest.mark.parametrize("text", ["", "# nothing\n", "deny 198.51.100.1;\ndeny 198.51.100.2;\n"])
def test_a_list_or_table_that_gives_no_address_is_an_error_and_no_zero(files, text, skip_bad):
    (files / "none").write_text(text)
    for arguments in (
        ("none",),
        ("blocklist.txt", "--attribute", "none", "--by", "provider"),
        ("blocklist.txt", "--against", "none"),
        ("blocklist.txt", "--inventory", "none"),
        ("blocklist.txt", "--target", "none"),
    ):
        result = run(*arguments, *skip_bad, status=4)
        assert result.stdout == ""
        assert result.stderr.startswith("none: expected ")
    if skip_bad or "deny" not in text:
        listed = document("none", *skip_bad, "--allow-empty")["listed"]
        assert (listed["n_addresses4"], listed["n_rules4"]) == (0, 0)


def test_what_files_left_out_is_told_by_json_too_and_of_lists_compared_with(files):
    (files / "bad.txt").write_text("198.51.100.1\n198.51.100.300\n")
    (files / "orders.csv").write_text(
        "effective,action,prefix\n2018-04-16T11:00+03:00,block,198.51.100.0/24\n"
        "2018-04-16T11:00+03:00,block,198.51.100.1/24\n"
    )
    for arguments in (
        ("bad.txt",),
        ("blocklist.txt", "--against", "bad.txt"),
        ("orders.csv", "--at", APRIL_20),
        ("blocklist.txt", "--target", "bad.txt"),
    ):
        (note,) = [
            note
            for note in document(*arguments, "--skip-bad")["notes"]
            if "bad lines ignored" in note
        ]
        assert "1 bad lines ignored, such as " in note
        assert note in run(*arguments, "--skip-bad").stderr


SITES = "name,sector\nshop.example,retail\nbank.example,bank\nlost.example,bank\n"
ANSWERS = (
    "name,address\nshop.example,198.51.100.1\nshop.example,192.0.2.1\nbank.example,2001:db8::1\n"
)


def test_names_are_joined_with_their_addresses_and_the_share_known_is_said(tmp_path):
    for name, text in {
        "list.txt": "198.51.100.0/24\n2001:db8::/32\n",
        "sites.csv": SITES,
        "answers.txt": ANSWERS,
    }.items():
        (tmp_path / name).write_text(text)
    files = [str(tmp_path / name) for name in ("list.txt", "sites.csv", "answers.txt")]
    result = run(files[0], "--inventory", files[1], "--names", files[2], "--json")
    found = json.loads(result.stdout)
    (names,) = found["names"]
    assert (names["n_names"], names["n_known"], names["n_joined"]) == (3, 2, 2)
    assert names["share_known"] == pytest.approx(2 / 3)
    hosts = found["inventory"]["hosts"]
    states = ("n_wholly", "n_partly", "n_not_listed", "n_not_known", "n")
    assert [hosts[state] for state in states] == [1, 1, 0, 1, 3]
    assert "an address is known of 2 of 3 names (66.7 %)" in result.stderr


def test_a_list_of_names_is_assessed_where_its_names_resolve_to(tmp_path):
    (tmp_path / "names.txt").write_text("shop.example\nother.example\n")
    (tmp_path / "answers.txt").write_text(ANSWERS)
    (tmp_path / "lost.txt").write_text("lost.example\nother.example\n")
    answers = ["--names", str(tmp_path / "answers.txt"), "--json"]
    result = call("exposure", str(tmp_path / "names.txt"), *answers)
    assert json.loads(result.stdout)["listed"]["n_addresses4"] == 2
    refused = run(tmp_path / "lost.txt", *answers, status=4)
    assert "got none in the file and none by --names" in refused.stdout + refused.stderr


@pytest.mark.parametrize(
    ("own", "n_own", "n_outside", "n_names", "n_known"),
    [
        # Of shop.example, one of two addresses is listed, and of bank.example the only one.
        ("shop.example\nBank.example.\n198.51.100.77\n", (2, 1), (254, 2**96 - 1), 2, 2),
        ("name,address\nshop.example,\nlost.example,\n,198.51.100.77\n", (2, 0), (254, 2**96),
         2, 1),
        # What a file itself says of a name stands over the answers.
        ("name,address\nshop.example,203.0.113.9\nbank.example,\n", (0, 1), (256, 2**96 - 1), 2, 2),
    ],
)  # fmt: skip
def test_names_of_the_target_are_its_addresses_by_the_answers(
    files, own, n_own, n_outside, n_names, n_known
):
    listed, answers = "198.51.100.0/24\n2001:db8::/32\n", ("--names", "answers.txt")
    texts = {"list.txt": listed, "own": own, "answers.txt": ANSWERS, "lost": "lost.example\n"}
    for name, text in texts.items():
        Path(name).write_text(text)
    found = document("list.txt", "--target", "own", *answers)
    counts = found["listed"]
    assert (counts["n_own4"], counts["n_own6"]) == n_own
    assert (counts["n_outside4"], counts["n_outside6"]) == n_outside
    (names,) = found["names"]
    assert (names["file"], names["n_names"], names["n_known"]) == ("own", n_names, n_known)
    is_noted = any("own: 1 rows have no usable address" in note for note in found["notes"])
    assert is_noted == (n_known < n_names)
    # Answers that know none of the names leave the target without an address.
    refused = run("list.txt", "--target", "lost", *answers, status=4)
    assert "lost: expected at least one address, got none in the file" in refused.stderr
    assert "lost: expected at least one address, got none in 1 lines" in (
        run("list.txt", "--target", "lost", status=4).stderr
    )


def test_a_provider_is_named_for_a_list_that_names_none(tmp_path):
    (tmp_path / "list.txt").write_text("198.51.100.0/25\n203.0.113.0/24\n")
    (tmp_path / "ips").write_text("198.51.100.0/24\n")
    (tmp_path / "a=b").write_text("203.0.113.0/24\n")
    options = ["--attribute", f"Cloudflare={tmp_path / 'ips'}", "--by", "provider", "--json"]
    result = call("exposure", str(tmp_path / "list.txt"), *options)
    groups = json.loads(result.stdout)["breakdowns"][0]["groups"]
    listed = {group["name"]: (group["n_addresses4"], group["n_addresses4_of"]) for group in groups}
    assert listed == {"Cloudflare": (128, 256), "(in no prefix of the table)": (256, None)}
    # A row of addresses in no prefix is no provider.
    told = run(tmp_path / "list.txt", *options[:-1]).stdout
    assert "Addresses by provider (1 of 1 with a listed address; 0 without)" in told
    plain = ["--attribute", str(tmp_path / "a=b"), "--json"]
    run(tmp_path / "list.txt", *plain)


def test_what_a_list_says_of_its_entries_breaks_it_down(tmp_path):
    text = "198.51.100.0\t24\t64496\n203.0.113.0\t25\t64497\n192.0.2.0\t24\t64496\n"
    (tmp_path / "list.tsv").write_text(text)
    result = run(str(tmp_path / "list.tsv"), "--by", "asn", "--json")
    (breakdown,) = json.loads(result.stdout)["breakdowns"]
    listed = {group["name"]: group["n_addresses4"] for group in breakdown["groups"]}
    assert (breakdown["by"], listed) == ("asn", {"64496": 512, "64497": 128})
    assert "asn is what the list itself says" in result.stderr


def test_every_number_of_the_tables_is_the_one_counted_by_hand(tmp_path, monkeypatch):
    """Of 256 addresses of a region 128 are listed, of a /32 a /48; of three hosts one is."""
    monkeypatch.chdir(tmp_path)
    Path("list.txt").write_text("198.51.100.0/25\n198.51.100.0/26\n2001:db8::/48\n")
    Path("hosts.csv").write_text(
        "address,revenue_usd_per_h\n198.51.100.7,100\n198.51.100.200,9\n203.0.113.1,\n"
    )
    Path("regions.csv").write_text("prefix,region\n198.51.100.0/24,north\n2001:db8::/32,six\n")
    asked = ("--inventory", "hosts.csv", "--attribute", "regions.csv", "--by", "region")
    lines = csv.reader(io.StringIO(run("list.txt", *asked, "--format", "csv").stdout))
    told = {tuple(line[:3]): line[3] for line in lines}
    listed4, listed6 = 2**7, 2**80
    expected: dict[tuple[str, str, str], float] = {}
    for item, value, of in (
        ("IPv4 addresses, distinct", listed4, 2**32),
        ("IPv6 addresses, distinct", listed6, 2**128),
        ("IPv6 /64 networks touched", 2**16, 2**64),
    ):
        expected |= {("listed", item, "value"): value, ("listed", item, "of"): of}
        if "distinct" in item:
            expected["listed", item, "share"] = value / of
    for item, value in (
        ("IPv4 addresses, summed over rules", 2**7 + 2**6), ("IPv4 rules as listed", 2),
        ("IPv4 prefixes after aggregation", 1), ("IPv6 addresses, summed over rules", listed6),
        ("IPv6 rules as listed", 1), ("IPv6 prefixes after aggregation", 1),
    ):  # fmt: skip
        expected["listed", item, "value"] = value
    for region, numbers in {
        "north": (listed4, 2**8, 0, 1, 1, 0, 0, 0, 0, 0),
        "six": (0, 0, 0, 0, 0, listed6, 2**96, 0, 1, 1),
    }.items():
        names = [f"n_{what}{family}{of}" for family in (4, 6) for what, of in (
            ("addresses", ""), ("addresses", "_of"), ("prefixes", "_wholly"),
            ("prefixes", "_partly"), ("prefixes", "_of"))]  # fmt: skip
        for name, value in zip(names, numbers, strict=True):
            expected["addresses_by_region", region, name] = value
    expected["addresses_by_region", "north", "share4"] = 0.5
    expected["addresses_by_region", "six", "share6"] = 2.0**-16
    states = ("wholly", "partly", "not_listed", "not_known", "of", "without")
    for item, values in (
        ("hosts", (1, 0, 2, 0, 3, 0)), ("revenue, USD per hour", (100, 0, 9, 0, 109, 1)),
    ):  # fmt: skip
        for state, value in zip(states, values, strict=True):
            expected["inventory", item, state] = value
    for region, values in (("north", (1, 0, 1, 0, 2)), ("(in no prefix of the table)",
                                                        (0, 0, 1, 0, 1))):  # fmt: skip
        for state, value in zip(states, values, strict=False):
            expected["inventory_by_region", region, f"hosts_{state}"] = value
    header = told.pop(("section", "item", "measure"))
    assert header == "value"
    assert {key: float(value) for key, value in told.items() if value} == pytest.approx(expected)


def test_a_table_without_providers_expects_no_names_and_what_it_lacks_is_left_out(files):
    (files / "regions.csv").write_text("prefix,region\n198.51.100.0/24,north\n")
    asked = ("blocklist.txt", "--attribute", "regions.csv")
    refused = run(*asked, "--expect-names", status=2)
    assert refused.stderr.endswith("regions.csv: expected a column provider, got none\n")
    told = run("blocklist.txt", "--attribute", "table.csv", "--inventory", "hosts.csv",
               "--by", "region")  # fmt: skip
    assert "neither the attribute table nor the inventory has region: left out" in told.stderr
    (special,) = document(*asked, "--by", "region")["notes"]
    rows = "198.51.100.0/24,south\n2001:db8::/32,north\n2001:db8::/32,south\n"
    (files / "regions.csv").write_text(f"prefix,region\n198.51.100.0/24,north\n{rows}")
    assert document(*asked, "--by", "region,sector")["notes"] == [
        special,
        "2 prefixes of the attribute table come more than once: the first row counts",
        "neither the attribute table nor the inventory has sector: left out",
    ]


FLEET = REPOSITORY / "samples" / "ec2-instances.csv"


def as_described(rows: list[dict[str, str]]) -> str:
    """Those instances as ``aws ec2 describe-instances`` prints them."""
    found: list[dict[str, Any]] = []
    for row in rows:
        one = {"InstanceId": row["Instance ID"], "Tags": [{"Key": "Name", "Value": row["Name"]}]}
        given = {"PublicIpAddress": row["Public IPv4 address"], "Ipv6Address": row["IPv6 IPs"]}
        found.append(one | {key: value for key, value in given.items() if value})
    return json.dumps({"Reservations": [{"Instances": found}]})


def as_of_netbox(rows: list[dict[str, str]]) -> str:
    cells = [
        f"{address}/{length},Active,{row['Name']}"
        for row in rows
        for address, length in ((row["Public IPv4 address"], 24), (row["IPv6 IPs"], 64))
        if address
    ]
    return "\n".join(["IP Address,Status,DNS Name", *cells, ""])


def as_of_terraform(rows: list[dict[str, str]]) -> str:
    resources = [
        {
            "mode": "managed", "type": "aws_instance", "name": row["Name"].split(".")[0],
            "provider": 'provider["registry.terraform.io/hashicorp/aws"]',
            "instances": [{"attributes": {
                "id": row["Instance ID"], "public_ip": row["Public IPv4 address"],
                "ipv6_addresses": [row["IPv6 IPs"]] if row["IPv6 IPs"] else [],
            }}],
        }
        for row in rows
    ]  # fmt: skip
    return json.dumps({"version": 4, "terraform_version": "1.9.0", "resources": resources})


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("hosts.json", as_described),
        ("netbox.csv", as_of_netbox),
        ("terraform.tfstate", as_of_terraform),
        ("ec2-instances.csv", None),
    ],
)
def test_twelve_of_300_hosts_are_listed_in_whichever_form_they_are_exported(name, write, tmp_path):
    listed = [
        *map(ipaddress.ip_network, ("198.51.100.0/24", "203.0.113.9", "2001:db8:1::/48")),
        ipaddress.ip_network("192.0.2.0/26"),
    ]
    text = FLEET.read_text()
    rows = list(csv.DictReader(text.splitlines()))
    counts = Counter[str]()
    for row in rows:
        addresses = [row[key] for key in ("Public IPv4 address", "IPv6 IPs") if row[key]]
        n = sum(any(ipaddress.ip_address(one) in net for net in listed) for one in addresses)
        whole = "wholly" if n == len(addresses) else "partly"
        counts[whole if n else "not_listed" if addresses else "not_known"] += 1
    assert counts == {"wholly": 10, "partly": 2, "not_listed": 280, "not_known": 8}
    path = tmp_path / name
    path.write_text(write(rows) if write else text)
    found = document(REPOSITORY / "samples" / "blocklist.txt", "--inventory", path)
    hit = found["inventory"]["businesses"]
    if write is as_of_netbox:  # It has addresses alone, so that no host without one is in it.
        counts["not_known"] = 0
    assert {key: hit[f"n_{key}"] for key in counts} == counts
