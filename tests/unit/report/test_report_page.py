"""The report as a file: nothing from outside, no markup from users, the same bytes each time."""

from __future__ import annotations

import base64
import csv
import hashlib
import json
import re
import shlex
import shutil
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote_to_bytes

import duckdb
import pytest
from typer.testing import CliRunner

from benchmarks.comparisons import EIGHT, Made, write_comparison
from sim.cli.app import app
from sim.errors import DataError, UsageError
from sim.report.page.document import render, write_report
from sim.report.page.money import provider_table
from sim.report.page.repeat_command import repeat, strategy_text
from sim.report.page.scripts import script_json
from sim.results.read import RunFolder, open_run
from sim.results.tables import read_rows
from sim.scenario.load import load_scenario
from sim.scenario.resolve import resolve
from tests.experiments import run_experiment

WriteScenario = Callable[..., Path]
EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\u2028{{ 7 * 7 }}<!--\"'&amp;"
MAX_BYTES = 2_000_000


class Page(HTMLParser):
    """Tags with their attributes, texts, and the contents of scripts."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.texts: list[str] = []
        self._open = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._open = tag
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        self._open = ""

    def handle_data(self, data: str) -> None:
        if self._open == "script":
            self.scripts[-1] += data
        else:
            self.texts.append(data)

    @property
    def data(self) -> dict[str, object]:
        return json.loads(self.scripts[0])

    def attributes(self, name: str) -> list[str]:
        return [str(attrs[name]) for _, attrs in self.tags if name in attrs]


@pytest.fixture(scope="module")
def run_page(shipped_run: Path) -> str:
    return render(open_run(shipped_run))


@pytest.fixture(scope="module")
def comparison_page(comparison_folder: Path) -> str:
    return render(open_run(comparison_folder))


@pytest.mark.parametrize("kind", ["run_page", "comparison_page"])
def test_the_page_points_nowhere_outside(kind: str, request: pytest.FixtureRequest) -> None:
    page = Page(request.getfixturevalue(kind))
    assert len(page.scripts) == 2
    links = page.attributes("href") + page.attributes("src")
    assert len(links) > 8
    assert [link for link in links if not re.match(r"(#[a-z-]+|data:.*)$", link, re.DOTALL)] == []
    assert page.attributes("srcset") == []
    own_style = "".join(page.texts)
    assert "url(" not in own_style
    assert "@import" not in own_style


def test_only_the_pages_own_scripts_may_run(run_page: str) -> None:
    page = Page(run_page)
    (policy,) = (
        str(attrs["content"]) for tag, attrs in page.tags
        if tag == "meta" and attrs.get("http-equiv") == "Content-Security-Policy"
    )  # fmt: skip
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    hashes = [
        f"'sha256-{base64.b64encode(hashlib.sha256(one.encode()).digest()).decode()}'"
        for one in page.scripts[1:]
    ]
    assert rules["script-src"].split() == hashes
    assert "connect-src" not in rules  # default-src forbids it


@pytest.mark.parametrize("kind", ["run_page", "comparison_page"])
def test_a_report_can_be_mailed(kind: str, request: pytest.FixtureRequest) -> None:
    assert len(request.getfixturevalue(kind).encode()) < MAX_BYTES


def test_the_same_run_gives_the_same_file(shipped_run: Path, run_page: str) -> None:
    assert render(open_run(shipped_run)) == run_page


@pytest.fixture(scope="module")
def evil_pages(tmp_path_factory: pytest.TempPathFactory, shipped_run: Path) -> list[str]:
    """A run and a comparison in which every text that users write is markup."""
    folder = tmp_path_factory.mktemp("evil")
    shutil.copytree(shipped_run, folder / "run")
    for name in ("scenario.resolved.json", "manifest.json"):
        path = folder / "run" / name
        document = json.loads(path.read_text(encoding="utf-8"))
        if name == "manifest.json":
            document["warnings"] = [EVIL]
            document["assumptions"][0] |= {"key": EVIL, "why": EVIL, "unit": EVIL}
            document["inputs"][0]["title"] = EVIL
            document["scenario"] |= {"file": f"{EVIL}.yaml", "overrides": [f"title={EVIL}"]}
        else:
            document |= {"title": EVIL, "description": EVIL}
        path.write_text(json.dumps(document), encoding="utf-8")
    evil = [Made(EVIL, EVIL, 0.4), *EIGHT[-2:]]
    compared = write_comparison(folder / "run", folder / "comparison", evil, 2)
    return [render(open_run(folder / "run")), render(open_run(compared))]


@pytest.mark.parametrize("row", [0, 1])
def test_markup_from_users_is_text(evil_pages: list[str], row: int) -> None:
    page = Page(evil_pages[row])
    assert len(page.scripts) == 2
    assert [tag for tag, _ in page.tags if tag in ("img", "iframe", "object", "embed")] == []
    assert [name for _, attrs in page.tags for name in attrs if name.startswith("on")] == []
    text = "".join(page.texts)
    assert text.count(EVIL) >= 4  # whole, as it was written
    assert "49" not in text.split("{{")[0][-5:]
    assert "{{ 7 * 7 }}" in text


def test_labels_with_markup_are_text_in_the_data_too(evil_pages: list[str]) -> None:
    page = Page(evil_pages[1])
    map_ = page.data["map"]
    assert isinstance(map_, dict)
    assert EVIL in map_["strategies"]
    assert "<" not in page.scripts[0]
    assert "\u2028" not in page.scripts[0]


def test_json_in_a_script_is_the_same_value_and_opens_no_tag() -> None:
    value = {"a": [EVIL, "\u2029", None, 1.5]}
    text = script_json(value)
    assert json.loads(text) == value
    assert not re.search(r"[<>&\u2028\u2029]", text)
    with pytest.raises(ValueError, match="JSON compliant"):
        script_json(float("nan"))


def test_every_table_and_file_is_in_the_page(shipped_run: Path, run_page: str) -> None:
    page = Page(run_page)
    files = {
        str(attrs["download"]): str(attrs["href"]) for _, attrs in page.tags if "download" in attrs
    }
    tables = {"summary.csv", "groups.csv", "money.csv", "providers.csv"}
    assert set(files) == {*tables, "scenario.yaml", "manifest.json"}
    for name, uri in files.items():
        head, _, text = uri.partition(",")
        held = base64.b64decode(text) if head.endswith(";base64") else unquote_to_bytes(text)
        assert held == (shipped_run / name).read_bytes(), name
        # Numbers and words stand as they are; coded in six bits a letter, all take a third more.
        assert len(uri) < (1.25 if name in tables else 1.4) * len(held), name


def test_every_provider_stands_in_the_page_with_what_was_published(
    chase_run: Path, run_page: str
) -> None:
    run = open_run(chase_run)
    table = provider_table(read_rows(run, "providers.csv"), run.strategies)
    cells = [line.cells for line in table.rows]
    assert ("AWS", "foreign") in {(str(row[0].text), str(row[1].text)) for row in cells}
    expected = [row[0].text for row in cells if row[4].text]
    assert expected == ["Microsoft", "Rostelecom", "Mail.Ru Group", "Yandex"]
    said = "What each provider lost and gained"
    assert said in "".join(Page(render(run)).texts)
    # Nobody may move in the replay: no provider could lose or gain.
    assert said not in "".join(Page(run_page).texts)


def test_assumptions_and_sources_are_on_the_page(shipped_run: Path, run_page: str) -> None:
    text = " ".join("".join(Page(run_page).texts).split())
    manifest = json.loads((shipped_run / "manifest.json").read_text())
    for assumption in manifest["assumptions"]:
        assert assumption["key"] in text
        assert " ".join(assumption["why"].split()) in text
    for table in manifest["inputs"]:
        assert table["title"] in text
        assert table["sha256"][:16] in text
    assert "AC&M via Reuters, 1 September 2015" in text  # the source of a column


def test_the_answer_holds_the_numbers_of_the_summary(shipped_run: Path, run_page: str) -> None:
    with (shipped_run / "summary.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["metric"]: row for row in csv.DictReader(file)}
    text = "".join(Page(run_page).texts)
    row = rows["businesses_ever_impaired_share"]
    told = re.search(r"of the modelled businesses, ([\d.]+).% \(([\d.]+) to ([\d.]+).% in 90", text)
    assert told is not None
    exact = [100 * float(row[name]) for name in ("mean", "low", "high")]
    assert [float(one) for one in told.groups()] == pytest.approx(exact, rel=0.005)
    loss = float(rows["private_loss_usd"]["mean"]) / 1e6
    assert f"businesses lost {loss:.3g}\N{NO-BREAK SPACE}million USD (mean;" in text


def test_an_interrupted_run_says_so_before_anything_else(shipped_run: Path, tmp_path: Path) -> None:
    run = open_run(shipped_run)
    cut = run.manifest | {"status": "interrupted", "n_replicates_asked": 10}
    text = "".join(Page(render(RunFolder(run.path, cut, run.scenario))).texts)
    notice = text.index("This result is interrupted: 2 of 10 simulations.")
    assert notice < text.index("At its peak the register listed")


def test_a_page_names_tables_that_differ_from_the_manifest(
    shipped_run: Path, run_page: str, tmp_path: Path
) -> None:
    folder = shutil.copytree(shipped_run, tmp_path / "run")
    summary = folder / "summary.csv"
    summary.write_text(summary.read_text().replace("0", "1"))
    (folder / "money.csv").unlink()
    text = "".join(Page(render(open_run(folder))).texts)
    said = "Files that changed after the run or are missing: money.csv, summary.csv."
    assert said in text
    assert text.index(said) < text.index("At its peak the register listed")
    assert "Files that changed" not in "".join(Page(run_page).texts)


def test_a_run_without_money_or_published_figures_has_a_report(
    write_scenario: WriteScenario, tmp_path: Path
) -> None:
    run_experiment(
        resolve(load_scenario(str(write_scenario()))),
        root_seed=7, n_replicates=1, folder=tmp_path / "run",
    )  # fmt: skip
    (tmp_path / "run" / "money.csv").unlink()
    page = Page(render(open_run(tmp_path / "run")))
    assert "money" not in page.attributes("id")
    assert "One replicate" in "".join(page.texts)


def test_a_manifest_without_what_the_page_says_is_refused(shipped_run: Path) -> None:
    run = open_run(shipped_run)
    cut = {key: value for key, value in run.manifest.items() if key != "scenario"}
    with pytest.raises(DataError, match=r"manifest\.json: scenario: expected a value, got nothing"):
        render(RunFolder(run.path, cut, run.scenario))


def test_a_folder_without_the_curve_of_the_map_is_refused(
    shipped_run: Path, tmp_path: Path
) -> None:
    shutil.copytree(shipped_run, tmp_path / "run")
    duckdb.execute(
        f"COPY (FROM '{shipped_run}/curves.parquet' WHERE metric <> 'addresses_listed') "
        f"TO '{tmp_path}/run/curves.parquet' (FORMAT parquet)"
    )
    with pytest.raises(DataError, match="expected curves of addresses_listed for replay, got none"):
        render(open_run(tmp_path / "run"))


def test_a_table_with_a_mistake_is_refused(shipped_run: Path, tmp_path: Path) -> None:
    shutil.copytree(shipped_run, tmp_path / "run")
    (tmp_path / "run" / "summary.csv").write_text("strategy,metric,mean\na,b,many\n")
    with pytest.raises(DataError, match=r"summary\.csv:2: mean: expected a number, got 'many'"):
        render(open_run(tmp_path / "run"))


def test_the_command_on_the_page_makes_the_same_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    title = "A 'title' with $(date) and \"quotes\""
    first = CliRunner().invoke(
        app,
        ["run", "telegram-2018-replay", "-o", "first", "-n", "2", "--seed", "5",
         "--set", "population.n_businesses=20", "--set", f"title={json.dumps(title)}"],
    )  # fmt: skip
    assert first.exit_code == 0, first.output
    how = repeat(open_run(Path("first")))
    command = shlex.split(how.command)
    assert command[:3] == ["overblock", "run", "telegram-2018-replay"]
    assert CliRunner().invoke(app, command[1:]).exit_code == 0
    again = json.loads(Path("again/manifest.json").read_text())
    assert again["result_id"] in how.after
    assert Path("again/summary.csv").read_bytes() == Path("first/summary.csv").read_bytes()


@pytest.mark.laws
@pytest.mark.parametrize("source", ["", pytest.param("none", marks=pytest.mark.long)])
def test_the_command_on_the_page_takes_the_same_draws(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    monkeypatch.chdir(tmp_path)
    asked = ["--set", "end=2018-04-16T18:00+03:00", "-n", "1", "--draws", "2", "--seed", "5"]
    asked += ["--draws-from", source] if source else []
    first = CliRunner().invoke(app, ["run", "telegram-2018", "-o", "first", *asked])
    assert first.exit_code == 0, first.output
    how = repeat(open_run(Path("first")))
    # Tables that are not shipped lie in the folder.
    monkeypatch.chdir("first")
    assert CliRunner().invoke(app, shlex.split(how.command)[1:]).exit_code == 0
    again = json.loads(Path("again/manifest.json").read_text())
    assert again["result_id"] in how.after
    assert ("--draws-from" in how.command) is bool(source)


def test_a_scenario_of_ones_own_is_named_as_a_file(
    write_scenario: WriteScenario, tmp_path: Path
) -> None:
    run_experiment(
        resolve(load_scenario(str(write_scenario()))),
        root_seed=7, n_replicates=1, folder=tmp_path / "run",
    )  # fmt: skip
    how = repeat(open_run(tmp_path / "run"))
    assert how.command == "overblock run scenario.yaml -n 1 --seed 7 --draws 0 -o again"
    assert "inputs" in how.before


def test_a_comparison_is_repeated_with_every_strategy_and_the_baseline(
    comparison_folder: Path,
) -> None:
    words = shlex.split(repeat(open_run(comparison_folder)).command)
    given = [words[row + 1] for row, word in enumerate(words) if word == "--strategy"]
    assert given[:3] == ["exact", "aggregate:length=24", "aggregate:length=16"]
    assert words[words.index("--baseline") + 1] == "none"


@pytest.mark.long
@pytest.mark.laws
def test_the_command_of_a_comparison_makes_the_same_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    first = CliRunner().invoke(
        app,
        ["compare", "telegram-2018-replay", "-o", "first", "-n", "2", "--seed", "5",
         "--strategy", "wide=covering-prefix:purity=0.9,shortest=12", "--strategy", "replay",
         "--strategy", "exact", "--baseline", "exact", "--workers", "1", "-q",
         "--set", "fronts={pools: front-pools-2018}", "--set", "censor={}",
         "--set", "population.n_businesses=20", "--set", "end=2018-04-20T00:00+03:00"],
    )  # fmt: skip
    assert first.exit_code == 0, first.output
    how = repeat(open_run(Path("first")))
    again = CliRunner().invoke(app, [*shlex.split(how.command)[1:], "--workers", "1", "-q"])
    assert again.exit_code == 0, again.output
    assert json.loads(Path("again/manifest.json").read_text())["result_id"] in how.after
    for name in ("comparison.csv", "summary.csv"):
        assert Path("again", name).read_bytes() == Path("first", name).read_bytes()
    text = "".join(Page(render(open_run(Path("first")))).texts)
    assert "“the orders as placed” cost bystanders most" in text


def test_a_label_of_ones_own_is_part_of_the_strategy() -> None:
    def said(label: str, name: str, **parameters: object) -> str:
        one = {"label": label, "id": name, "parameters": parameters}
        return strategy_text(one, {"id": "replay", "orders": "o", "last": None})

    assert said("wide", "aggregate", length=16) == "wide=aggregate:length=16"
    assert said("aggregate:length=16", "aggregate", length=16, more=1) == "aggregate:length=16"
    assert said("exact", "exact", hold=None) == "exact"
    assert said("rolling", "rolling", days=[1, 2], on=True) == "rolling=rolling:days=[1,2],on=true"
    assert said("replay", "replay", orders="o", last=None) == "replay"
    assert said("old", "replay", orders="o") == "old=replay"


def test_an_earlier_report_is_replaced_and_nothing_else(shipped_run: Path, tmp_path: Path) -> None:
    run = open_run(shipped_run)
    path = tmp_path / "new" / "report.html"
    n_bytes = write_report(run, path)
    assert path.stat().st_size == n_bytes
    write_report(run, path)
    path.write_text("my notes")
    with pytest.raises(UsageError, match="exists and is not a report"):
        write_report(run, path)
    assert path.read_text() == "my notes"
    assert [one.name for one in path.parent.iterdir()] == ["report.html"]


def test_the_command_writes_into_the_run_folder(shipped_run: Path, tmp_path: Path) -> None:
    shutil.copytree(shipped_run, tmp_path / "run")
    done = CliRunner().invoke(app, ["report", str(tmp_path / "run"), "--json"])
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    assert document["schema"] == "overblock/report/1"
    path = Path(document["file"])
    assert path == tmp_path / "run" / "report.html"
    assert path.stat().st_size == document["n_bytes"]


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["report", str(tmp_path)])
    assert done.exit_code == 4
    assert "expected a run folder with a manifest" in done.stderr
    assert "Traceback" not in done.stderr
