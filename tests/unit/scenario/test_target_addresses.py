"""A list with a purpose: the addresses of a target in a case of one's own."""

import csv
from html import unescape
from pathlib import Path

import pytest

from sim.errors import DataError, ScenarioError
from sim.experiment.plan import metrics_of
from sim.report.words.answer import answer
from sim.results.folder import open_run
from sim.scenario.load import load_scenario
from sim.scenario.resolve import Resolved, read_tables, resolve
from tests.commands import run

NAME = "  prefixes: telegram-prefixes-2018\n"
STRATEGIES = ["exact", "aggregate:length=24", "cover:rules=1", "cover:rules=10", "orders"]


def resolved(path: Path, *overrides: str) -> Resolved:
    return resolve(load_scenario(str(path), overrides))


def test_addresses_are_a_list_or_a_file_of_any_form(write_scenario, tmp_path):
    (tmp_path / "own.csv").write_text("name,ip\none.example,192.0.2.7\n,192.0.2.8\n")
    for value in ("own.csv", "[192.0.2.7, 192.0.2.8/32]"):
        found = resolved(write_scenario({NAME: f"{NAME}  addresses: {value}\n"}))
        assert [str(one) for one in found.target] == ["192.0.2.7/32", "192.0.2.8/32"]
    # A share of users needs no number of them, and no censor to find what is given.
    known = metrics_of(found)
    assert {"target_user_hours_lost_share", "target_addresses_lost_share"} <= set(known)
    assert "target_user_hours_denied" not in known


FILES = {
    "mixed.txt": "198.51.100.7\n198.51.100.8\n# ours\nshop.example\n",
    "plain.txt": "198.51.100.7\n",
    "part.csv": "name,address\nfarm.example,\nclinic.example,192.0.2.9\n",
    "answers.csv": "name,address,comment\nShop.example,203.0.113.5,\n"
    "shop.example.,2001:db8:7::1,x\n",
    # As `dig +noall +answer` prints them.
    "dig.txt": "shop.example.\t300\tIN\tCNAME\tfarm.example.\n"
    "farm.example.\t60\tIN\tA\t192.0.2.77\n",
    "zdns.jsonl": '{"name": "farm.example", "results": {"A": {"data": {"answers": '
    '[{"answer": "192.0.2.78", "type": "A"}]}}}}\n',
    "private.csv": "name,address\nfarm.example,10.0.0.7\n",
    "sites.csv": "site,role,address\nfarm.example,frontend,198.51.100.77\n"
    "farm.example,storage,198.51.100.78\nweb-1,frontend,198.51.100.79\n"
    "six.example,frontend,2001:db8:7::9\n",
    "bad.txt": "shop.example\n192.0.2.300\n",
}


@pytest.fixture
def named(write_scenario, tmp_path):
    """Addresses and names of a target, with a file of names, as a scenario with sites or not."""
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)

    def of(addresses: str, names: str, *, has_sites: bool = False) -> Resolved:
        keys = {"addresses": addresses, "names": names}
        lines = "".join(f"  {key}: {value}\n" for key, value in keys.items() if value)
        path = write_scenario({NAME: f"{NAME}{lines}"})
        return resolved(path, *(["population.inventory=sites.csv"] if has_sites else []))

    return of


@pytest.mark.parametrize(
    ("addresses", "names", "has_sites", "expected"),
    [
        ("[shop.example, 192.0.2.7]", "answers.csv", False,
         ["192.0.2.7/32", "203.0.113.5/32", "2001:db8:7::1/128"]),
        ("mixed.txt", "dig.txt", False, ["198.51.100.7/32", "198.51.100.8/32", "192.0.2.77/32"]),
        ("part.csv", "zdns.jsonl", False, ["192.0.2.9/32", "192.0.2.78/32"]),
        ("part.csv", "", True, ["192.0.2.9/32", "198.51.100.77/32"]),
        ("part.csv", "zdns.jsonl", True, ["192.0.2.9/32", "192.0.2.78/32"]),
        ("[farm.example, web-1, shop.example]", "answers.csv", True,
         ["203.0.113.5/32", "198.51.100.77/32", "198.51.100.79/32", "2001:db8:7::1/128"]),
        ("[six.example, 192.0.2.7]", "", True, ["192.0.2.7/32", "2001:db8:7::9/128"]),
    ],
)  # fmt: skip
def test_names_have_the_addresses_of_a_file_then_of_the_users_sites(
    named, addresses, names, has_sites, expected
):
    found = named(addresses, names, has_sites=has_sites)
    assert [str(one) for one in found.target] == expected
    # What was read is copied into the folder of a run.
    files = {one for one in (addresses, names) if one and not one.startswith("[")}
    read = {table.name: table for table in found.lists}
    assert files == read.keys()
    for table in read.values():
        assert [str(row.prefix) for row in table.rows] == expected
        # Its names were placed; what else the reader reports stays.
        assert not any("no usable address" in note for note in table.notes)
        if table.name == "answers.csv":
            assert any("comment" in note for note in table.notes)


def test_a_target_that_is_changed_is_read_again(named):
    first = named("part.csv", "zdns.jsonl")
    path = first.loaded.document.file
    for addresses, expected in (("plain.txt", "198.51.100.7/32"), ("[192.0.2.1]", "192.0.2.1/32")):
        changed = load_scenario(path, [f"target.addresses={addresses}"])
        assert [str(one) for one in read_tables(changed, first).target] == [expected]
    same = read_tables(load_scenario(path, ["n_replicates=3"]), first)
    assert same.target == first.target
    assert [table.name for table in same.lists] == ["part.csv", "zdns.jsonl"]
    # A file that is ordered, too, is copied into a run once.
    orders = "strategy={id: orders, orders: [{addresses: plain.txt}]}"
    both = resolved(Path(path), "target.addresses=plain.txt", orders)
    assert [table.name for table in both.lists].count("plain.txt") == 1


@pytest.mark.parametrize(
    ("addresses", "names", "told"),
    [
        (str([f"n{row}.example" for row in range(12)]), "answers.csv",
         "got none for 12 of them: 'n0.example', .*'n9.example' and 2 more; nothing is looked up"),
        ("part.csv", "", "part.csv: .* as target.names, a CSV .* name,address .*`dig"),
        ("[farm.example]", "private.csv", "for 1 of them: 'farm.example'"),
        ("part.csv", "plain.txt", "plain.txt: expected names with their addresses"),
        ("[farm.example, farm.example]", "answers.csv", "for 1 of them: 'farm.example'"),
        ("[shop.example, 192.0.2.300]", "",
         r":11:14: target\.addresses: expected numbers from 0 to 255, got '192\.0\.2\.300'"),
        ("bad.txt", "", "expected numbers from 0 to 255"),
        ("", "answers.csv", "target.names: expected it with addresses"),
    ],
)  # fmt: skip
def test_a_name_without_an_address_is_an_error(named, addresses, names, told):
    with pytest.raises((DataError, ScenarioError), match=told):
        named(addresses, names)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("[10.0.0.0/8]", "expected 1 to 10,000 addresses, got 16,777,216"),
        ("['2001:db8::/64']", "expected single addresses of IPv6, got the network 2001:db8::/64"),
        ("none.txt", "none.txt"),
    ],
)
def test_what_is_no_list_of_addresses_is_refused_where_it_stands(write_scenario, value, expected):
    path = write_scenario({NAME: f"{NAME}  addresses: {value}\n"})
    with pytest.raises(DataError, match=expected) as caught:
        resolved(path)
    if value.startswith("["):
        assert str(caught.value).startswith(f"{path}:11:14: target.addresses: ")


def test_a_cover_needs_a_rule_for_each_family(write_scenario):
    path = write_scenario({NAME: f"{NAME}  addresses: [192.0.2.7, '2001:db8::7']\n"})
    strategy = "strategy={{id: cover, rules: {}}}"
    with pytest.raises(DataError, match="expected a rule for each family"):
        resolved(path, strategy.format(1))
    assert resolved(path, strategy.format(2)).line.has_ipv6


def test_addresses_that_are_given_are_not_rented_too(write_scenario):
    more = "fronts: {pools: front-pools-2018}\ncensor: {}\n"
    path = write_scenario({NAME: f"{NAME}  addresses: [192.0.2.7]\n"}, add=more)
    with pytest.raises(ScenarioError, match="addresses: expected no section fronts with it"):
        load_scenario(str(path))


@pytest.mark.laws
def test_strategies_are_compared_on_a_case_of_ones_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("list.txt").write_text("198.51.100.7\n203.0.113.0/28\n")
    sites = "site,address\nnear.example,198.51.100.77\nhit.example,198.51.100.7\n"
    Path("sites.csv").write_text(sites)
    Path("ops.csv").write_text("operator,share_users,compliance\nnorth,0.75,1\nsouth,0.25,0\n")
    run("init", "case", "--country", "ES", "--from", "2026-03-01", "--to", "2026-03-04",
        "--blocklist", "list.txt", "--inventory", "sites.csv",
        "--operators", "ops.csv")  # fmt: skip
    # One name is a site of the user's, with the first address of the list.
    Path("case/target.txt").write_text("hit.example\nother.example\n")
    Path("case/answers.csv").write_text("name,address\nother.example,198.51.100.200\n")
    target = ["--set", "target.addresses=target.txt", "--set", "target.names=answers.csv"]
    ways = [word for name in STRATEGIES for word in ("--strategy", name)]
    run("compare", "case/scenario.yaml", *target, "--fixed",
        "-n", "2", "-w", "1", *ways, "-o", "out")  # fmt: skip
    with Path("out/summary.csv").open() as file:
        rows = {(one["strategy"], one["metric"]): one for one in csv.DictReader(file)}

    def median(metric: str) -> list[float]:
        return [float(rows[name, metric]["median"]) for name in STRATEGIES]

    assert median("addresses_listed_peak") == [2, 256, 256, 2, 17]
    exact, *others, orders = median("target_user_hours_lost_share")
    # Three quarters of users, but for the hours until the operator acts.
    assert 0.7 < exact <= 0.75
    assert others == pytest.approx([exact] * 3)
    assert orders == 0
    assert median("target_addresses_lost_share")[-1] == pytest.approx(exact / 2, abs=1e-3)
    with Path("out/verdicts.csv").open() as file:
        judged = {one["metric"] for one in csv.DictReader(file)}
    dropped = "target_addresses_lost_share"
    assert judged == {"business_hours_impaired", dropped, "private_loss_usd"}
    with Path("out/tradeoff.csv").open() as file:
        effects = {one["efficacy_metric"] for one in csv.DictReader(file)}
    # A list with half of the addresses blocks half of them, though users reach the others.
    assert effects == {dropped}
    run("report", "out")
    assert "Effect: attempts at the target" in Path("out/report.html").read_text()
    # Of sites that are not known the harm of all is a bound.
    of_some = answer(open_run(Path("out"))).strategies[1].figures[0]
    with monkeypatch.context() as patched:
        patched.setattr("sim.report.words.answer.find_unknown", lambda *_: {("x.example", "")})
        least = answer(open_run(Path("out"))).strategies[1].figures[0]
    assert (of_some.bound, least.bound[:1]) == ("", "≥")
    said = run("assess", "out", "--strategy", "cover:rules=10").stdout
    assert "reached none of the target's addresses: 7" in said
    assert "| the orders given |" in said
    run("run", "case/scenario.yaml", *target, "-n", "1", "-w", "1", "-o", "one")
    run("report", "one")
    assert "No: one simulation has no range." in Path("one/report.html").read_text()
    run("run", "case/scenario.yaml", *target, "--fixed", "-n", "2", "-w", "1", "-o", "own")
    run("report", "own")
    assert "users.svg" in run("plot", "own", "users").stdout
    page = unescape(Path("own/report.html").read_text())
    assert "none of the target's addresses could be reached; on average 3" in page
    assert "overblock compare . -n 2 --seed 1 --fixed --strategy orders --strategy exact" in page
