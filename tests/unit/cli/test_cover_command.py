"""``overblock cover`` from files to exit code."""

import csv
import io
import json
from pathlib import Path

import pytest

from sim.report.figures import look
from sim.report.page.document import render
from sim.report.words.answer import answer as answer_of
from sim.results.folder import open_run
from tests.commands import call
from tests.csv_rows import csv_rows

HOSTS = """\
address,name,n_names,revenue_usd_per_h
198.51.100.8,shop,1,120
198.51.100.10,bank,,400
203.0.113.4,shop,1,120
203.0.113.7,blogs,250,15
203.0.113.200,forum,3,
,lost,1,1
"""
TARGETS = "198.51.100.7\n198.51.100.9\n203.0.113.5\n203.0.113.6\n203.0.113.6\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, text in {
        "targets.txt": TARGETS,
        "hosts.csv": HOSTS,
        "order.txt": "198.51.100.0/24\n203.0.113.0/29\n203.0.113.0/29\n",
        "protect.txt": "203.0.113.7\n",
        "both.txt": "198.51.100.7\n2001:db8::1\n",
        "wide.txt": "198.51.100.0/24\n198.51.101.0/24\n2001:db8::/32\n",
        "six.txt": "2001:db8::/32\n",
    }.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def run(*arguments: str) -> tuple[int, str, str]:
    result = call("cover", *arguments)
    return result.exit_code, result.stdout, result.stderr


def answer(*arguments: str) -> dict:
    code, out, err = run("--targets", "targets.txt", *arguments, "--json", "-q")
    assert code == 0, err
    return json.loads(out)


@pytest.mark.usefixtures("folder")
class TestCover:
    def test_prefixes_are_the_answer_for_the_budget(self):
        found = answer("--budget", "2")
        assert found["prefixes"] == ["198.51.100.0/28", "203.0.113.4/30"]
        assert found["collateral"] == {"addresses4": 14 + 2}
        assert [row["n_rules"] for row in found["frontier"]] == [1, 2]
        assert found["frontier"][1]["saved_by_next"] == 14

    def test_the_frontier_may_go_beyond_the_budget(self):
        found = answer("--budget", "2", "--frontier", "9")
        assert len(found["prefixes"]) == 2
        assert [row["collateral"] for row in found["frontier"]] == [268435452, 16, 2, 0]

    def test_one_rule_for_each_target_prefix_when_no_budget_is_given(self):
        found = answer()
        assert found["budget"] == len(found["prefixes"]) == 4
        assert found["collateral"] == {"addresses4": 0}

    def test_collateral_is_given_in_every_unit(self):
        """A row without ``n_names`` is one name; a shop with two hosts is two halves."""
        found = answer("--inventory", "hosts.csv", "--weight", "names", "--budget", "3")
        assert found["prefixes"] == ["198.51.100.0/28", "203.0.113.5/32", "203.0.113.6/32"]
        assert found["collateral"] == {
            "addresses4": 14,
            "names": 1 + 1,
            "businesses": 1.5,
            "usd": 60 + 400,
            "demand": pytest.approx(460 / 535),
        }

    def test_the_unit_decides_which_rules_are_spent_where(self):
        by_usd = answer("--inventory", "hosts.csv", "--weight", "usd", "--budget", "3")
        assert "203.0.113.4/30" in by_usd["prefixes"]
        assert by_usd["collateral"]["usd"] == 60 + 15

    def test_what_is_not_known_is_said(self):
        _, _, err = run("--targets", "targets.txt", "--inventory", "hosts.csv")
        assert "1 of 6 inventory rows have no usable address" in err
        assert "1 inventory rows have no revenue" in err

    def test_an_order_is_compared_with_as_many_rules(self):
        found = answer("--inventory", "hosts.csv", "--against", "order.txt", "--weight", "names")
        against = found["against"]
        assert found["budget"] == against["n_rules"] == 2
        assert against["same_targets"]["addresses4"]["collateral"] == 254 + 6
        assert against["same_targets"]["addresses4"]["regret"] == 260 - 16
        assert against["same_targets"]["names"]["regret"] == 0
        assert (against["n_targets_covered"], against["n_targets"]) == (4, 4)

    def test_an_order_that_covers_a_part_is_compared_on_that_part(self, folder):
        (folder / "narrow.txt").write_text("203.0.113.0/28\n")
        against = answer("--against", "narrow.txt")["against"]
        assert against["n_targets_covered"] == 2
        assert against["same_targets"]["addresses4"] == {
            "collateral": 14, "best": 2, "regret": 12, "n_rules": 1,
            "prefixes": ["203.0.113.4/30"], "reason": None,
        }  # fmt: skip
        told = run("--targets", "targets.txt", "--against", "narrow.txt", "--format", "csv", "-q")
        rows = csv.DictReader(io.StringIO(told[1]))
        same = [(row["measure"], row["value"]) for row in rows if row["section"] == "same_targets"]
        assert same == [
            ("collateral", "14"),
            ("best", "2"),
            ("regret", "12"),
            ("n_targets_covered", "2"),
            ("n_targets", "4"),
        ]

    def test_protection_changes_the_cover(self):
        found = answer("--protect", "protect.txt", "--budget", "3")
        assert found["prefixes"] == ["198.51.100.0/28", "203.0.113.5/32", "203.0.113.6/32"]

    def test_csv_holds_the_whole_frontier(self):
        _, out, _ = run("--targets", "targets.txt", "--format", "csv", "-q")
        rows = list(csv.DictReader(io.StringIO(out)))
        frontier = {
            row["item"]: row["value"]
            for row in rows
            if row["section"] == "frontier" and row["measure"] == "collateral"
        }
        assert frontier == {"1": "268435452", "2": "16", "3": "2", "4": "0"}
        prefixes = [row["value"] for row in rows if row["section"] == "prefixes"]
        assert prefixes == answer()["prefixes"]

    def test_a_figure_replaces_no_file_unforced(self, folder, monkeypatch):
        (folder / "mine.png").write_text("mine")
        command = ["--targets", "targets.txt", "--against", "order.txt", "--figure", "mine.png"]
        with monkeypatch.context() as patched:
            patched.setattr("sim.blocklists.covers.answer", None)
            code, out, err = run(*command)
        assert (code, out, err) == (2, "", "mine.png: exists; give --force to replace it\n")
        assert (folder / "mine.png").read_text() == "mine"
        assert run(*command, "--force")[0] == 0
        assert (folder / "mine.png").read_bytes().startswith(b"\x89PNG")
        # Its axis begins at the fewest rules.
        ends, save = [], look.save_figure

        def spied(drawn, *rest):
            ends.extend(drawn.axes[0].get_xticks())
            save(drawn, *rest)

        monkeypatch.setattr("sim.report.figures.look.save_figure", spied)
        assert run(*command, "--force")[0] == 0
        assert ends[0] == 1

    @pytest.mark.parametrize(
        ("family", "prefix", "n_rules", "beside"),
        [
            ("4", "198.51.100.7/32", 2, {"addresses4": 511}),
            ("6", "2001:db8::1/128", 1, {"addresses6": 2**96 - 1}),
        ],
    )
    def test_a_family_can_be_left_aside(self, family, prefix, n_rules, beside):
        asked = ("--family", family, "--against", "wide.txt", "--json", "-q")
        code, out, _ = run("--targets", "both.txt", *asked)
        assert code == 0
        found = json.loads(out)
        assert found["prefixes"] == [prefix]
        against = found["against"]
        assert (found["budget"], against["n_rules"]) == (n_rules, n_rules)
        same = against["same_targets"]
        assert {unit: each["collateral"] for unit, each in same.items()} == beside

    @pytest.mark.parametrize(
        ("arguments", "told"),
        [
            (("--protect", "targets.txt"), "198.51.100.7/32 is protected"),
            (("--weight", "names"), "expected an inventory to weigh names"),
            (("--budget", "1", "--protect", "protect.txt"), "at least 3 rules"),
            (("--shortest", "25", "--longest", "24"), "shortest 25 and longest 24"),
            (("--family", "5"), "--family: expected 4 or 6"),
            (("--family", "6"), "expected at least one target, got none"),
            (("--family", "4", "--against", "six.txt"),
             "expected an order with at least one rule, got none"),
            (("--figure", "f.pdf"), "f.pdf: expected a file that ends in .png or .svg"),
            (("--targets", "both.txt"), "by --family 4 or --family 6, or another weight"),
        ],
    )  # fmt: skip
    def test_what_cannot_be_done_is_refused_with_2(self, arguments, told):
        code, out, err = run("--targets", "targets.txt", *arguments)
        assert (code, out) == (2, "")
        assert told in err

    def test_unreadable_data_is_refused_with_4(self, folder):
        (folder / "bad.txt").write_text("198.51.100.7/24\nnonsense\n")
        code, _, err = run("--targets", "bad.txt")
        assert code == 4
        assert "bad.txt:1" in err
        assert run("--targets", "absent.txt")[0] == 4


@pytest.mark.parametrize(
    ("more", "told"),
    [(("--weight", "names"), True), ((), False), (("--weight", "names", "--shortest", "8"), False)],
)
def test_rules_wider_than_what_is_announced_are_named(more, told, folder):
    budget = ("--budget", "1" if "8" not in more else "2")
    code, _, stderr = run("--targets", "targets.txt", "--inventory", "hosts.csv", *more, *budget)
    assert code == 0, stderr
    assert ("1 of 1 rules are wider than a /8" in stderr) == told


def test_a_cover_that_was_found_is_compared_as_a_list(folder):
    asked = ("--targets", "targets.txt", "--inventory", "hosts.csv", "--weight", "names")
    assert run(*asked, "--budget", "2", "-o", "best.txt")[0] == 0
    assert Path("best.txt").read_text() == "198.51.100.0/28\n203.0.113.4/30\n"
    assert "best.txt" in run(*asked, "-o", "best.txt")[2]
    days = ("--from", "2026-01-01", "--to", "2026-01-04")
    own = ("--blocklist", "targets.txt", "--inventory", "hosts.csv", "--country", "ES")
    assert call("init", "case", *own, *days).exit_code == 0
    Path("best.txt").rename("case/best.txt")
    ways = ("2 rules=cover:rules=2", "fewest names=orders:best.txt", "exact")
    options = [part for way in ways for part in ("--strategy", way)]
    target = ("--set", "target.addresses=blocklist.txt", "-n", "2", "-o", "ways")
    found = call("compare", "case/scenario.yaml", *options, *target)
    assert found.exit_code == 0, found.stderr
    # Here the cover of fewest addresses has the same prefixes: all of its numbers are the same.
    rows = csv_rows(Path("ways/summary.csv"))
    cover, played = (
        [row | {"strategy": ""} for row in rows if row["strategy"] == label]
        for label in ("2 rules", "fewest names")
    )
    assert len(cover) > 20
    assert cover == played
    # A label that the user gave names its strategy; one without has words.
    told = "\n".join(answer_of(open_run(Path("ways"))).lines())
    assert all(f"\n{one}: " in told for one in ("2 rules", "Fewest names", "Every address alone"))
    page = render(open_run(Path("ways")))
    for label, rule in (("2 rules", "the cheapest cover of the addresses"),
                        ("fewest names", "the orders given")):  # fmt: skip
        assert f"{label}: {rule}; at most 2 rules at a time." in page
    assert page.count("Rules in force, peak") == 4
    # The same number of names under two strategies is printed once.
    assert "ever listed (2 rules; fewest names" in page
