"""Strategies and measures of a user's own file: the same as shipped ones, and safe to receive."""

import csv
import hashlib
import json
import linecache
import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

import overblock
from sim.api.given import texts_of
from sim.cli.app import app
from sim.report.words.commands import compare_command, repeat_command
from sim.results.folder import open_run
from sim.scenario import own
from tests.conftest import MINIMAL
from tests.csv_rows import csv_rows

RULE = '''\
import sys
from dataclasses import replace

from overblock.rules import *


class Around(Strategy):
    """Drop the prefix around each front, as the strategy aggregate does."""

    length: int = 32

    def decide(self, seen):
        return Decision(block_around(seen, open_fronts(seen), enclosing_front(seen, self.length)))


@measure(unit="fronts")
def fronts_rented(world, outcome):
    return outcome.front_address.size


@measure(unit="orders")
def spells(world, outcome):
    return 1.0


def undeclared(world, outcome):
    return 1.0


class Broken(Strategy):
    def decide(self, seen):
        return 1 / 0


class Silent(Strategy):
    def decide(self, seen):
        return []


@measure(unit="hosts")
def failing(world, outcome):
    return world.no_such


@measure(unit="hosts")
def endless(world, outcome):
    return float("inf")


@measure(unit="hosts")
def leaving(world, outcome):
    sys.exit()


class Wrong(Strategy):
    how: str

    def decide(self, seen):
        around = block_around(seen, open_fronts(seen), enclosing_front(seen, 24))
        if self.how == "exit":
            sys.exit(0)
        if self.how == "past":
            return Decision(around, next_look_s=seen.t_s)
        if self.how == "texts":
            return Decision(("198.51.100.7",))
        key, value = self.how.split("=")
        value = {
            "()": frozenset(),
            "nobody": frozenset(["nobody"]),
            "NAME": Mechanism.NAME,
            "NONE": Order("block").addresses,
        }.get(value, value)
        return Decision(tuple(replace(one, **{key: value}) for one in around))
'''
SMALL = ("--set", "population.n_businesses=40", "-n", "2", "-q")
CASE = "rolling-blackouts"
Call = Callable[..., "tuple[int, str]"]


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    """Run a command where the file is, in a process that trusts nothing yet."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rule.py").write_text(RULE, encoding="utf-8")

    def run(*words: str) -> tuple[int, str]:
        own._TRUSTED.clear()
        done = CliRunner().invoke(app, words)
        return done.exit_code, done.stderr

    return run


def medians(folder: str) -> dict[str, list[str]]:
    with Path(folder, "summary.csv").open(encoding="utf-8", newline="") as file:
        return {
            row["metric"]: [row["unit"], row["median"], row["low"], row["high"]]
            for row in csv.DictReader(file)
        }


def test_a_file_beside_the_rule_is_no_package(call, tmp_path, monkeypatch):
    (tmp_path / "helper.py").write_text("K = 1\n")
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "__init__.py").write_text("K = 1\n")
    # As of `python -m sim`, where it would be found.
    monkeypatch.syspath_prepend("")
    for line in ("from helper import K", "import parts.more"):
        (tmp_path / "rule.py").write_text(f"import numpy\n{line}\n{RULE}", encoding="utf-8")
        status, told = call("run", CASE, *SMALL, "--measure", "rule.py:spells", "-o", "out")
        assert status == 2
        assert "rule.py:2: expected installed packages alone, got an import of your own" in told


@pytest.mark.laws
def test_a_rule_of_ones_own_has_the_numbers_of_the_shipped_one_it_repeats(call, monkeypatch):
    assert call(
        "run", CASE, *SMALL, "--strategy", "rule.py:Around", "--set", "length=24",
        "--measure", "rule.py:fronts_rented", "-w", "2", "-o", "own",
    ) == (0, "")  # fmt: skip
    assert call(
        "run", CASE, *SMALL, "--strategy", "aggregate:length=24", "-w", "1", "-o", "shipped"
    ) == (0, "")  # fmt: skip
    found, shipped = medians("own"), medians("shipped")
    unit, *numbers = found.pop("fronts_rented")
    assert found == shipped
    assert unit == "fronts"
    assert all(float(one) > 1 for one in numbers)
    words = shlex.split(repeat_command(open_run(Path("own"))))
    assert shlex.split(compare_command(open_run(Path("own")))).count("--strategy") == 3
    # Its files are named as the folder keeps them.
    monkeypatch.chdir("own")
    assert call(*words[1:], "-q", "-w", "1", "-o", "../again") == (0, "")
    monkeypatch.chdir("..")
    assert medians("again") == medians("own")
    # The hash is in the manifest, and what the folder brings runs only where it is named.
    entry = {
        one["name"]: one for one in json.loads(Path("own/manifest.json").read_text())["inputs"]
    }
    assert entry["rule.py"]["sha256"] == hashlib.sha256(RULE.encode()).hexdigest()
    code, said = call("verify", "own")
    assert (code, entry["rule.py"]["sha256"] in said) == (2, True)
    assert call("verify", "own", "-q", "--trust", "rule.py") == (0, "")
    Path("other.py").write_text(RULE + "\n")
    assert call("verify", "own", "-q", "--trust", "other.py")[0] == 2
    copy = Path("own", entry["rule.py"]["copy"])
    copy.write_text(RULE.replace("size", "size + 1"))
    assert call("verify", "own", "-q", "--trust", str(copy))[0] == 1


@pytest.mark.parametrize(
    "line",
    [
        *("", "SIZE += [2]", "fill()", "SIZE = list('2')", "if 1: SIZE = 2", "add(Cfg, '_k', 2)"),
        *("if 1:\n  def fill(): return 2", "fill.__defaults__ = tuple([2])"),
    ],
)
def test_a_constant_that_a_line_has_changed_which_is_left_out_is_refused(line):
    cell = f"""\
class Cfg: _k = 1
SIZE = [1]
others = []
def fill(k=1): SIZE.append(2)
def rule(): return SIZE, Cfg._k, fill
add = setattr
others.append(len(SIZE))
{line}
"""
    linecache.cache["<cell 2>"] = (len(cell), None, cell.splitlines(keepends=True), "<cell 2>")
    exec(compile(cell, "<cell 2>", "exec"), names := {})
    if line:
        with pytest.raises(overblock.UsageError, match=r"rule: expected \w+ to be what"):
            own.source_of(names["rule"])
    else:
        assert "append(len" not in own.source_of(names["rule"])[1]


@pytest.mark.laws
def test_from_python_and_in_a_comparison(tmp_path, monkeypatch, call):
    # As in a cell of a notebook: its source is in no file, and it calls what runs it.
    cell = f"{RULE}\nresult = overblock.run(CASE, strategy=Around(length=24), **MORE)\n"
    linecache.cache["<cell 1>"] = (len(cell), None, cell.splitlines(keepends=True), "<cell 1>")
    more = {"n_simulations": 2, "set": {"population.n_businesses": 40}, "folder": "cell"}
    names = {"overblock": overblock, "CASE": CASE, "MORE": more, "__name__": "__main__"}
    exec(compile(cell, "<cell 1>", "exec"), names)
    around, rented = names["Around"], names["fronts_rented"]
    assert "overblock.run" not in next(Path("cell", "inputs").glob("Around-*.py")).read_text()
    overblock.compare(
        CASE, [around(length=24), "aggregate:length=24"], measures=[rented],
        **(more | {"folder": "compared"}),
    )  # fmt: skip
    with texts_of(around(), ()) as (texts, _):
        assert texts[0].endswith(":Around"), "defaults are not written"
    rows = csv_rows(Path("compared", "comparison.csv"))
    by = {
        label: [row["median"] for row in rows if row["strategy"] == label]
        for label in ("Around,length=24", "aggregate:length=24")
    }
    assert by["Around,length=24"] == by["aggregate:length=24"]
    assert {row["unit"] for row in rows if row["metric"] == "fronts_rented"} == {"fronts"}
    words = repeat_command(open_run(Path("compared")))
    assert re.fullmatch(r"overblock compare \.( --trust inputs/\w+-\w+\.py)+", words)
    monkeypatch.chdir("compared")
    assert call(*shlex.split(words)[1:], "-q", "-w", "1", "-o", "../anew") == (0, "")
    monkeypatch.chdir("..")
    ids = {open_run(Path(name)).manifest["result_id"] for name in ("compared", "anew")}
    assert len(ids) == 1
    words = compare_command(open_run(Path("compared")))
    assert re.search(r"--strategy inputs/Around-\w+\.py:Around,length=24 ", words)
    assert call("report", "compared")[0] == 0
    assert "ronts rented" in Path("compared", "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--strategy", "rule.py:Aruond"], "rule.py: expected a definition of Aruond, got none; "),
        (["--strategy", "rule.py"], "expected FILE.py:NAME, got 'rule.py'"),
        (["--strategy", "no.py:A"], "no.py: expected a Python file, got an error: No such file"),
        (["--strategy", "rule.py:fronts_rented"], "fronts_rented to be a subclass of overblock."),
        (["--strategy", "rule.py:Around", "--set", "length=x"], "Around.length: expected a whole"),
        (["--strategy", "rule.py:Around", "--set", "k=1"], "Around.k: unknown key (known: length)"),
        (["--strategy", "rule.py:Broken"], "rule.py:32: ZeroDivisionError: division by zero"),
        (["--strategy", "rule.py:Silent"], "Silent.decide to return a Decision, got []"),
        (["--set", "strategy={id: own, file: rule.py, rule: 1x}"], "strategy.rule: expected text"),
        (["--strategy", "bad.py:A"], "bad.py:2: SyntaxError: "),
        (["--measure", "rule.py:spells"], "another name than that of any"),
        (["--measure", "rule.py:undeclared"], "expected @overblock.rules.measure(unit=...) above"),
        (["--measure", "rule.py:failing"], "rule.py:42: AttributeError: 'World' object has no"),
        (["--strategy", "rule.py:Wrong", "--set", "how=exit"], ": SystemExit: 0"),
        (["--strategy", "rule.py:Wrong", "--set", "how=past"], "expected next_look_s of whole"),
        (["--strategy", "rule.py:Wrong", "--set", "how=texts"], "expected a tuple of orders, got"),
        (["--strategy", "rule.py:Wrong", "--set", "how=action=Block"], "or unblock, got 'Block'"),
        (["--strategy", "rule.py:Wrong", "--set", "how=mechanism=drop"], "a Mechanism, got 'drop'"),
        (["--strategy", "rule.py:Wrong", "--set", "how=operators=()"],
         "expected operators None, or"),
        (["--strategy", "rule.py:Wrong", "--set", "how=operators=nobody"],
         "got frozenset({'nobody'"),
        (["--strategy", "rule.py:Wrong", "--set", "how=mechanism=NAME"], "none for a name, got"),
        (["--strategy", "rule.py:Wrong", "--set", "how=overmatch=x"], "overmatch from 0 to 1, got"),
        (["--strategy", "rule.py:Wrong", "--set", "how=addresses=NONE"], "none for a name, got"),
        (["--measure", "rule.py:spells", "--measure", "b/rule.py:spells"],
         "of distinct names, got"),
        (["--measure", "rule.py:fronts_rented"] * 2, "another name than that of any other measure"),
        (["--measure", "rule.py:leaving"], "rule.py:52: SystemExit:"),
        (["--measure", "rule.py:endless"], "ValueError: expected a number, or nan where it is not"),
    ],
)  # fmt: skip
def test_a_mistake_is_reported_with_its_line(words, said, call):
    Path("bad.py").write_text("import sys\nclass A(\n", encoding="utf-8")
    Path("b").mkdir()
    Path("b/rule.py").touch()
    code, shown = call("run", CASE, *SMALL, "-w", "1", *words, "-o", "out")
    assert code == 2
    assert said in shown
    assert "Traceback" not in shown


def test_a_scenario_runs_no_code_that_it_brings(call, tmp_path):
    """Nor when it is only looked at: the file would leave a trace."""
    (tmp_path / "rule.py").write_text(f"open('trace', 'w').close()\n{RULE}", encoding="utf-8")
    for words in (["validate", CASE], ["sources", CASE], ["run", CASE, *SMALL, "-o", "out"]):
        call(*words, "--set", "strategy={id: own, file: rule.py, rule: Around}")
    case = MINIMAL.replace("id: replay", "id: own").replace(
        "orders: telegram-2018-orders", "file: rule.py\n  rule: Around"
    )
    (tmp_path / "case.yaml").write_text(case, encoding="utf-8")
    code, said = call("run", "case.yaml", *SMALL, "-w", "1", "-o", "out")
    assert (code, "read it, then name it with --trust FILE" in said) == (2, True), said
    assert not (tmp_path / "trace").exists()
    assert call("run", "case.yaml", *SMALL, "-w", "1", "-o", "out", "--trust", "rule.py")[0] == 0
    assert (tmp_path / "trace").exists()
    # A file stands for no other of its name, which the scenario or another option means.
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "rule.py").write_text(RULE, encoding="utf-8")
    x, y = "--strategy=x=rule.py:Around", "--strategy=y=b/rule.py:Around"
    for words in (
        *(["compare", CASE, x, "--measure=b/rule.py:spells"], ["compare", CASE, x, y]),
        ["run", "case.yaml", "--measure=b/rule.py:spells"],
    ):
        code, said = call(*words, *SMALL, "-o", "more")
        assert (code, "Python files of distinct names, got" in said) == (2, True), said
