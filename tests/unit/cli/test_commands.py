"""The command line: exit codes, messages, what goes to which stream, and what is left behind."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import Result

from sim.cli.options import check_stdin
from sim.errors import UsageError
from tests.commands import call, run
from tools.scenario_page import json_schema

SMALL = ["-n", "1", "--set", "population.n_businesses=10", "--set", "end=2018-04-18T00:00+03:00"]


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for name in ("SEED", "REPLICATES", "OUTPUT", "QUIET"):
        monkeypatch.delenv(f"OVERBLOCK_{name}", raising=False)
    return folder


def left_behind() -> list[str]:
    return sorted(path.name for path in Path.cwd().iterdir())


def refused(result: Result, code: int, message: str) -> None:
    """Exit code and message on stderr, nothing on stdout, no traceback, no folder."""
    assert result.exit_code == code, result.stderr
    assert message in result.stderr
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert left_behind() == []


def test_the_list_of_commands_cuts_no_summary():
    listed = call("--help").stdout.split("Commands:")[1]
    assert "  cover " in listed
    assert "..." not in listed


@pytest.mark.parametrize(
    ("change", "add", "message"),
    [
        ({"n_replicates: 2": "n_replicats: 2"}, "",
         ":7:1: n_replicats: unknown key; did you mean 'n_replicates'?"),
        ({}, "root_seed: 8\n", ":16:1: root_seed: expected each key once, got it again"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("command", ["run", "validate", "show"])
def test_a_mistake_in_the_scenario_exits_with_2(write_scenario, command, change, add, message):
    path = write_scenario(change, add)
    refused(call(command, str(path)), 2, f"{path}{message}")


@pytest.mark.parametrize("command", ["run", "validate"])
def test_a_mistake_in_a_table_exits_with_4(write_scenario, tmp_path, command):
    text = "effective,action,prefix\n2018-04-16T10:00+03:00,block,192.0.2.1/24\n"
    (tmp_path / "own.csv").write_text(text, encoding="utf-8")
    path = write_scenario({"orders: telegram-2018-orders": "orders: own.csv"})
    message = "own.csv:2: prefix: expected a prefix, got '192.0.2.1/24', which has host bits set"
    refused(call(command, str(path)), 4, message)


@pytest.mark.parametrize("command", ["run", "validate", "show"])
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nowhere.yaml", "nowhere.yaml: expected a readable scenario file"),
        ("nowhere", "nowhere: expected a file or one of the shipped scenarios"),
        ("telegram-2018-repaly", "got no such; did you mean 'telegram-2018-replay'"),
        ("..", "..: expected a readable scenario file, got an error: Is a directory without"),
        ("x" * 5000, "got no such"),
    ],
)
def test_what_is_no_scenario_exits_with_2(command, name, message):
    refused(call(command, name), 2, message)


@pytest.mark.parametrize(
    "arguments",
    [["-n", "0"], ["-n", "x"], ["--seed", "-1"], ["--set", "x"], ["--set", "nope=1"], ["--bogus"]],
)
def test_a_usage_error_exits_with_2(arguments):
    result = run("run", "telegram-2018-replay", *arguments, status=2)
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    assert left_behind() == []


def test_errors_are_one_json_document_on_stderr_when_json_is_asked_for(write_scenario):
    path = write_scenario({"n_replicates: 2": "n_replicats: 2", "name: small": "name: X"})
    result = call("run", str(path), "--json")
    assert (result.exit_code, result.stdout) == (2, "")
    document = json.loads(result.stderr)
    assert document["schema"] == "overblock/errors/1"
    assert [(e["line"], e["column"], e["key"]) for e in document["errors"]] == [
        (2, 7, "name"),
        (7, 1, "n_replicats"),
    ]
    assert all(set(e) == {"file", "line", "column", "key", "message"} for e in document["errors"])


def test_run_without_output_makes_a_stamped_folder_below_runs():
    folder = Path(call("run", "telegram-2018-replay", *SMALL).stdout.rstrip("\n"))
    assert folder.parent == Path("runs")
    assert folder.is_dir()
    stamp, rest = folder.name.split("-", 1)
    assert len(stamp) == len("20181231T235959Z")
    identity = json.loads((folder / "manifest.json").read_text())["result_id"]
    assert rest == f"telegram-2018-replay-{identity[:6]}"


def test_run_with_json_prints_exactly_one_documented_object(repository):
    result = call("run", "telegram-2018-replay", "-o", "out", "--json", *SMALL)
    document = json.loads(result.stdout)
    text = (repository / "docs" / "reference" / "cli.md").read_text(encoding="utf-8")
    table = text.split("## `overblock run --json`")[1].split("\n## ")[0]
    documented = [
        name.strip(" `")
        for line in table.splitlines()
        if line.startswith("| `")
        for name in line.split("|")[1].split(",")
    ]
    assert sorted(document) == sorted(documented)
    columns = table.split("one object per measure: `")[1].split("`")[0].split(", ")
    assert {key for line in document["summary"] for key in line} == set(columns)
    assert document["summary"][0]["low"] is None  # one simulation has no range
    assert document["folder"] == "out"


def test_quiet_says_nothing_on_stderr_and_still_prints_the_result(monkeypatch):
    monkeypatch.setattr("sim.cli.console.EVERY_S", 0.0)
    result = call("run", "telegram-2018-replay", "-o", "out", "--quiet", *SMALL)
    assert (result.stdout, result.stderr) == ("out\n", "")
    Path("list.txt").write_text("198.51.100.0/24\n198.51.100.9\n")
    Path("sixes.txt").write_text("2001:db8:9::/64\n2001:db8::/48\n")
    brief = "telegram-2018-replay -n 1 --set end=2018-04-17T00:00+03:00 --force -o study"
    for line in (
        "plot out outage --format svg",
        "report out",
        "bundle out -o out.zip --force",
        "import A=list.txt B=sixes.txt -o table.csv --date 2026-01-02 --force",
        "cover --targets list.txt --figure cover.svg --force",
        "exposure list.txt",
        "init case-N --country ES",
        f"sweep --over population.n_businesses=5,10 {brief}",
        f"sensitivity --only population.n_businesses {brief}",
    ):
        loud = call(*line.replace("case-N", "case-1").split())
        assert loud.stderr, line
        assert ("2 of 2 runs" in loud.stderr) == ("sweep" in line)
        quiet = call(*line.replace("case-N", "case-2").split(), "-q")
        assert (quiet.stdout, quiet.stderr) == (loud.stdout.replace("case-1", "case-2"), ""), line
        if "plot" in line:
            names = [Path(one).name for one in loud.stdout.splitlines()]
            assert names == ["outage.svg", "outage.alt.txt", "outage.csv"]
            assert loud.stderr == "3 files\n"


def test_a_seed_that_nobody_gave_is_chosen_printed_and_stored(write_scenario):
    path = write_scenario({"root_seed: 7\n": ""})
    result = call("run", str(path), "-o", "out", *SMALL)
    seed = json.loads(Path("out/manifest.json").read_text())["root_seed"]
    assert f"root seed: {seed} (chosen; give --seed {seed} to repeat this run)" in result.stderr
    call("run", str(path), "-o", "again", "--seed", str(seed), *SMALL)
    for name in ("curves.parquet", "businesses.parquet", "events.parquet", "summary.csv"):
        assert Path("out", name).read_bytes() == Path("again", name).read_bytes()


def test_flag_wins_over_environment_over_scenario(write_scenario):
    path = str(write_scenario())

    def seed_and_replicates(*arguments: str, env: dict[str, str]) -> tuple[int, int]:
        brief = "--set", "end=2018-04-17T00:00+03:00", "--fixed", "--force"
        result = call("run", path, *brief, *arguments, env={"OVERBLOCK_OUTPUT": "out"} | env)
        assert (result.exit_code, result.stdout) == (0, "out\n"), result.stderr
        manifest = json.loads(Path("out/manifest.json").read_text())
        return manifest["root_seed"], manifest["n_replicates"]

    env = {"OVERBLOCK_SEED": "5", "OVERBLOCK_SIMULATIONS": "1", "OVERBLOCK_QUIET": "1"}
    assert seed_and_replicates(env={}) == (7, 2)
    assert seed_and_replicates(env=env) == (5, 1)
    assert seed_and_replicates("--seed", "0", "-n", "3", env=env) == (0, 3)


def test_two_root_seeds_are_one_too_many():
    result = run("run", "telegram-2018-replay", "--seed", 1, "--set", "root_seed=2", status=2)
    assert result.stderr == "--seed: expected one root seed, got another by --set root_seed\n"


def test_a_scenario_is_read_from_standard_input(write_scenario):
    text = write_scenario().read_text()
    run("run", "-", "-o", "out", "-n", "1", text=text)
    assert Path("out/scenario.yaml").read_text() == text
    empty = call("run", "-", "-o", "out2", text="")
    assert (empty.exit_code, empty.stderr) == (2, "-: expected keys, got an empty file\n")
    assert left_behind() == ["out"]


def test_an_earlier_run_is_replaced_only_by_force():
    run("run", "telegram-2018-replay", "-o", "out", *SMALL)
    Path("out/figures").mkdir()
    before = Path("out/manifest.json").read_bytes()
    result = run("run", "telegram-2018-replay", "-o", "out", "--seed", "1", *SMALL, status=2)
    assert result.stderr == "out: holds an earlier run; give --force to replace it\n"
    assert Path("out/manifest.json").read_bytes() == before
    run("run", "telegram-2018-replay", "-o", "out", "--seed", "1", "--force", *SMALL)
    assert json.loads(Path("out/manifest.json").read_text())["root_seed"] == 1
    assert not Path("out/figures").exists()  # nothing of the earlier run is left
    assert left_behind() == ["out"]


@pytest.mark.laws
def test_a_run_that_fails_leaves_the_earlier_one_as_it_was(write_scenario, monkeypatch):
    call("run", "telegram-2018-replay", "-o", "out", *SMALL)
    before = Path("out/manifest.json").read_bytes()

    def fail(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr("sim.experiment.runs.lines_text", fail)
        again = "run", "telegram-2018-replay", "-o", "out", "--seed", "1", "--force", *SMALL
        result = run(*again, status=3)
    assert "out: cannot be written: [Errno 28] No space left on device\n" in result.stderr
    assert Path("out/manifest.json").read_bytes() == before
    # What was computed is not lost: it can be gone on with when there is room.
    (kept,) = [name for name in left_behind() if name != "out"]
    assert f"what is finished is kept in {kept}; --resume {kept} goes on" in result.stderr
    call("run", "--resume", kept, "-o", "resumed")
    call("run", "telegram-2018-replay", "-o", "anew", "--seed", "1", *SMALL)
    for name in ("summary.csv", "manifest.json", "curves.parquet"):
        assert Path("resumed", name).read_bytes() == Path("anew", name).read_bytes()
    assert left_behind() == ["anew", "out", "resumed"]
    # Before the first run is finished there is nothing to keep or resume.
    monkeypatch.setattr("sim.experiment.pipeline.write_question", fail)
    result = run("run", "telegram-2018-replay", "-o", "none", *SMALL, status=2)
    assert "none: cannot be written: [Errno 28] No space left on device\n" in result.stderr
    assert left_behind() == ["anew", "out", "resumed"]


@pytest.mark.parametrize("options", [[], ["--force"]])
def test_a_folder_that_is_no_run_is_never_touched(options):
    Path("mine").mkdir()
    Path("mine/manifest.json").write_text('{"schema": "something else"}')
    Path("file").write_text("x")
    Path("link").symlink_to("mine")
    taken, unnamed = "exists and is not a run's folder", "expected a folder with a name of its own"
    for name, said in (("mine", taken), ("file", taken), ("link", taken), (".", unnamed)):
        result = run("run", "telegram-2018-replay", "-o", name, *options, *SMALL, status=2)
        assert f"{name}: {said}; choose another" in result.stderr
    assert Path("file").read_text() == "x"
    assert [path.name for path in Path("mine").iterdir()] == ["manifest.json"]
    assert left_behind() == ["file", "link", "mine"]


def test_a_folder_that_cannot_be_made_is_a_message():
    Path("file").write_text("")
    result = run("run", "telegram-2018-replay", "-o", "file/out", *SMALL, status=2)
    assert "file/out: cannot make this folder" in result.stderr


def test_plot_refuses_what_is_no_run(tmp_path):
    refused(call("plot", str(tmp_path / "nowhere")), 4, "expected a run folder with a manifest")
    refused(call("plot", ".."), 4, "manifest.json: expected a run folder with a manifest")


@pytest.mark.parametrize(
    ("file", "data", "message"),
    [
        ("manifest.json", b"{", "manifest.json: expected JSON, got an error"),
        ("manifest.json", b"[]", "manifest.json: expected a JSON object"),
        ("manifest.json", b'{"schema": "overblock/manifest/3"}',
         "manifest.json: root_seed: expected a value, got nothing"),
        ("manifest.json", b'{"schema": "overblock/manifest/9"}',
         "manifest.json: schema: expected the schema overblock/manifest/3"),
        ("scenario.resolved.json", b"{}", "resolved.json: start: expected a value, got nothing"),
        ("scenario.resolved.json", b"[]", "resolved.json: expected a JSON object"),
        ("curves.parquet", b"garbage", "curves.parquet: expected a readable Parquet file"),
        ("curves.parquet", None, "curves.parquet: expected a readable Parquet file"),
    ],
)  # fmt: skip
def test_plot_refuses_a_damaged_run_with_4(shipped_run, tmp_path, file, data, message):
    damaged = tmp_path / "damaged"
    damaged.mkdir()
    for path in shipped_run.iterdir():
        if path.name != file:
            (damaged / path.name).symlink_to(path)
    if data is not None:
        (damaged / file).write_bytes(data)
    refused(call("plot", str(damaged), "-o", "figures"), 4, message)


def test_plot_refuses_a_folder_it_cannot_write_to(shipped_run):
    Path("taken").write_text("x")
    result = run("plot", shipped_run, "-o", "taken", status=2)
    assert result.stderr == "taken: exists and is no folder; choose another place\n"


def test_validate_says_yes_and_show_prints_the_file(write_scenario, minimal):
    path = write_scenario()
    assert call("validate", str(path)).stdout == f"{path}: valid\n"
    assert json.loads(call("validate", str(path), "--json").stdout)["is_valid"] is True
    assert call("show", str(path)).stdout == minimal


def test_what_show_resolved_prints_loads_to_itself(write_scenario, tmp_path):
    path = write_scenario()
    first = call("show", str(path), "--resolved").stdout
    assert "share_components_at_home: 0.7" in first
    (tmp_path / "again.yaml").write_text(first)
    assert call("show", str(tmp_path / "again.yaml"), "--resolved").stdout == first
    as_json = json.loads(call("show", str(path), "--json").stdout)
    assert as_json["population"]["n_businesses"] == 40


def test_samples_are_those_of_the_clone_and_replace_nothing(repository, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert call("samples").stdout == "samples\n"
    shipped = {path.name: path.read_bytes() for path in (repository / "samples").iterdir()}
    assert "blocklist.txt" in shipped
    assert {path.name: path.read_bytes() for path in Path("samples").iterdir()} == shipped
    assert "choose another --output" in run("samples", status=2).stderr
    run("samples", "-o", "others")


def test_list_names_every_shipped_scenario(repository):
    names = sorted(path.stem for path in (repository / "scenarios").glob("*.yaml"))
    heads, *lines = call("list").stdout.splitlines()
    assert heads.split() == ["scenario", "title"]
    assert [line.split()[0] for line in lines if not line.startswith(" ")] == names
    assert max(map(len, lines)) <= 80
    document = json.loads(call("list", "--json").stdout)
    assert [row["name"] for row in document["scenarios"]] == names


def test_the_schema_file_beside_the_scenarios_is_fresh(repository):
    """Remake it with ``python -m tools.reference``."""
    file = repository / "scenarios" / "scenario.schema.json"
    assert json.loads(file.read_text(encoding="utf-8")) == json_schema()


def test_a_list_on_standard_input_is_read_once_and_is_no_terminal(monkeypatch):
    refused(call("exposure", "-", "-", text="198.51.100.1\n"), 2, "can be read once only")
    run("exposure", "-", text="198.51.100.1\n")
    typed = SimpleNamespace(isatty=lambda: True)
    monkeypatch.setattr("sim.cli.options.sys", SimpleNamespace(stdin=typed))
    with pytest.raises(UsageError) as caught:
        check_stdin(["a.txt", "-"])
    assert str(caught.value) == "-: expected a list on standard input, got a terminal"
    check_stdin(["a.txt"])
