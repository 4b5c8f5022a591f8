"""Scenarios as mappings and objects, tables as frames, and errors in the words of Python."""

import json
from datetime import datetime, time, timedelta, timezone

import numpy as np
import pytest

import sim
from sim.api.given import python_words
from sim.api.results import Columns
from sim.engine.strategies.registry import Strategy
from sim.scenario.document import parse_document
from sim.scenario.load import load_scenario
from tests.commands import run
from tests.csv_rows import csv_rows
from tests.experiments import files_of

pd = pytest.importorskip("pandas")
pa = pytest.importorskip("pyarrow")
RESULTS = sim.Results(None)  # type: ignore[arg-type]
"""Without a folder, as arguments are checked before anything is read."""
BRIEF = {"population.n_businesses": 20, "end": "2018-04-16T20:00+03:00"}
MOSCOW = timezone(timedelta(hours=3))


def tree() -> dict[str, object]:
    """The keys and values of a shipped scenario, cut short."""
    source = load_scenario("telegram-2018-replay").source
    found: dict[str, object] = dict(parse_document(source, "file").tree)
    found["end"] = datetime(2018, 4, 16, 20, 0, tzinfo=MOSCOW)
    found["population"] = {"n_businesses": np.int64(20)}
    return found


def test_a_mapping_is_the_file_that_says_the_same(tmp_path):
    given = sim.run(tree(), n_simulations=1, fixed=True, folder=tmp_path / "given")
    (tmp_path / "same.yaml").write_bytes((tmp_path / "given" / "scenario.yaml").read_bytes())
    arguments = ["run", "same.yaml", "-n", "1", "--fixed", "-o", "read", "-q"]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        run(*arguments)
    read = files_of(tmp_path / "read")
    mine = files_of(given.folder)
    assert read.keys() == mine.keys()
    differ = {name for name in mine if mine[name] != read[name]}
    # The manifest names the file; nothing else knows where the scenario came from.
    assert differ <= {"manifest.json"}
    ids = [json.loads(files["manifest.json"])["result_id"] for files in (read, mine)]
    assert ids[0] == ids[1]


@pytest.mark.parametrize("library", ["pandas", "pyarrow", "columns", "records"])
def test_a_frame_stands_where_a_table_is_named(tmp_path, library):
    table = {"provider": ["AWS", "Vultr"], "weight": [0.25, 0.75], "source": ["a,b", 'say "x"']}
    records = [dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True)]
    forms = {"pandas": pd.DataFrame, "pyarrow": pa.table, "columns": dict}
    frame = forms.get(library, lambda _: records)(table)
    found = sim.run(
        "telegram-2018", n_simulations=1, fixed=True, set={**BRIEF, "fronts.pools": frame},
        folder=tmp_path / "out",
    )  # fmt: skip
    copy = found.run.input_path("fronts-pools.csv")
    assert copy is not None
    assert copy.read_text("utf-8") == (
        'provider,weight,source\nAWS,0.25,"a,b"\nVultr,0.75,"say ""x"""\n'
    )
    assert found.run.scenario["fronts"]["pools"] == "fronts-pools.csv"
    # Stances are dated of others as well.
    shown = {row[0] for row in found.to_duckdb().execute(
        "SELECT DISTINCT provider FROM events WHERE provider IS NOT NULL AND kind != 'stance'"
    ).fetchall()}  # fmt: skip
    assert shown <= {"AWS", "Vultr"}


def test_mistakes_of_a_frame_are_named_by_its_key_and_row():
    frame = pd.DataFrame({"provider": ["AWS", "Nobody"], "weight": [0.5, -1.0]})
    with pytest.raises(sim.DataError) as caught:
        sim.run("telegram-2018", set={**BRIEF, "fronts.pools": frame})
    assert str(caught.value).startswith("fronts.pools: row 1, weight: expected")
    assert "overblock-" not in str(caught.value)


def test_mistakes_are_named_by_the_paths_of_keys(tmp_path):
    broken = tree()
    broken["population"]["n_businesses"] = "many"  # type: ignore[index]
    broken["strategi"] = {"id": "none"}
    broken["end"] = datetime(2018, 4, 16, 20, 0)
    with pytest.raises(sim.ScenarioError) as caught:
        sim.run(broken, folder=tmp_path / "out")
    lines = str(caught.value).splitlines()
    assert any(line.startswith("scenario: population.n_businesses: expected") for line in lines)
    assert any(line.startswith("scenario: strategi: ") for line in lines)
    assert any(line.startswith("scenario: end: expected") for line in lines)
    assert not (tmp_path / "out").exists()
    with pytest.raises(sim.ScenarioError, match=r"^scenario: population\.n_businesses: .*got set"):
        sim.run({"population": {"n_businesses": {1}}})


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: sim.run(5), r"^scenario: expected text, a path, a mapping or Scenario, got int 5"),
        (lambda: sim.run("surgical", n=1, foo=2),
         r"^n: expected one of scenario, strategy, .*; did you mean 'n_simulations'\?\nfoo: "
         r"expected.*got no such argument$"),
        (lambda: sim.run("surgical", seed=1), r"^seed: .*; did you mean 'root_seed'\?$"),
        (lambda: sim.run("surgical", fixd=True), r"^fixd: .*; did you mean 'fixed'\?$"),
        (lambda: sim.run(), r"^run: missing a required argument: 'scenario'$"),
        (lambda: sim.run("surgical", set=["a=1"]), r"^set: expected a mapping .*, got list"),
        (lambda: sim.run("surgical", set={"population.inventory": {"site": ["a"], "address": []}}),
         r"^population.inventory: expected columns of one length, got site 1, address 0"),
        (lambda: sim.run("surgical", set={"population.n_busineses": 3}),
         r"^set population\.n_busineses=3: "),
        (lambda: sim.run("surgical", set={"population.n_businesses": "x"}),
         r"^set population\.n_businesses=.*: expected"),
        (lambda: sim.compare("surgical", ["exakt"]), r"^strategies exakt: "),
        (lambda: sim.compare("surgical", ["exact"], metrics=["spell"]), r"^metrics spell: "),
        (lambda: sim.compare("surgical", ["exact"], baseline="x"), r"^baseline x: "),
        (lambda: sim.run("surgical", set={"end": datetime(2018, 4, 20, 6, 0, 0, 9, tzinfo=MOSCOW)}),
         r"^set end=.*: expected a date and time"),
        (lambda: sim.run("match-days", set={"strategy": {"id": "orders", "orders": [
            {"addresses": ["192.0.2.1"], "every": ["sat"], "from": time(20, 30, 45)}]}}),
         r"^set strategy=.*: expected [^\n]*got '20:30:45'"),
        (lambda: sim.exposure(["192.0.2.1"], {
            "name": pd.Series(["a", "b"]), "address": pd.Series(["192.0.2.1", "192.0.2.2"], [1, 0])
         }), "^inventory: expected Series of one index, got another in address"),
        (lambda: sim.exposure(["192.0.2.1"], [{1: "a", "address": "192.0.2.1"}]),
         "^inventory:1: 1: expected a column"),
        (lambda: sim.cover(["x"]), "targets:1"),
        (lambda: sim.cover(["192.0.2.1"], weight="people"), "^expected one of the weights"),
    ],
)  # fmt: skip
def test_errors_speak_of_arguments(call, said):  # type: ignore[no-untyped-def]
    with pytest.raises(sim.OverblockError, match=said) as caught:
        call()
    assert "--" not in str(caught.value)


ONE = ["192.0.2.1"]


@pytest.mark.parametrize(
    ("name", "call", "wrong"),
    [
        *((name, lambda **given: sim.run("match-days", **given), wrong) for name, wrong in (
            ("strategy", ({"id": "none"}, ["none"], ("exact",), 5, True, [], {}, b"a", Strategy)),
            ("measures", (5, "x", [5], {"a": 1}, [len], None)),
            ("set", ("", 0, [], [("end", 1)])),
            ("folder", (5, ["out"], True, b"out")),
            ("kept", (5, ["none"], False)),
            ("cluster", (5, ["host:1"])),
            ("on_progress", (5, "yes", {})),
            *((name, ("2", 2.5, -1, True)) for name in ("n_simulations", "root_seed", "n_workers")),
            *((name, ("no", 1, None, np.int64(0))) for name in ("fixed", "pairs", "force")),
        )),
        *((name, lambda **given: sim.compare("match-days", **given), wrong) for name, wrong in (
            ("strategies", (5, ["none", 5], {"id": "none"}, None, [["none"]])),
            ("metrics", (5, ["a", 5], {"a": 1})),
            ("without_provider", (5, [None], {"AWS": 1})),
            ("baseline", (5, ["none"])),
        )),
        *((name, lambda **given: sim.exposure(ONE, **given), wrong) for name, wrong in (
            ("by", (5, ["provider", 5], {"provider": 1}, b"provider")),
            ("explain", ("no", 0)),
            ("top", (1.5, "3", None)),
            ("expect_names", ("no", None)),
        )),
        *((name, lambda **given: sim.cover(ONE, **given), wrong) for name, wrong in (
            ("weight", (5, ["names"])),
            *((name, ("2", 2.5, -1)) for name in ("budget", "frontier", "shortest")),
            ("longest", (True, None, 24.0)),
        )),
        ("folder", sim.open_results, (None, 5)),
        ("every", lambda every: RESULTS.curve("businesses_down", every=every), (True, [1], {})),
        ("strategy", lambda strategy: RESULTS.plot("outage", strategy=strategy), (5, ["none"])),
        ("all_measures", lambda **given: RESULTS.summary(**given), ("no", 1)),
        ("metric", lambda **given: RESULTS.frame(**given), (5, ["a"])),
        ("table", lambda **given: RESULTS.to_pandas(**given), (5, None)),
        ("every", lambda **given: RESULTS.to_xarray(**given), (True, [1])),
        ("language", lambda **given: RESULTS.report(**given), (5, None)),
    ],
)  # fmt: skip
def test_arguments_of_another_kind_are_refused(name, call, wrong):
    for value in wrong:
        with pytest.raises(
            sim.UsageError, match=rf"^{name}: expected .*, got {type(value).__name__} "
        ):
            call(**{name: value})


def test_arguments_of_the_kinds_of_numpy_and_one_text_are_taken():
    table = {"prefix": ONE, "provider": ["p"]}
    for by in ("provider", ["provider"], np.array(["provider"])):
        found = sim.exposure(ONE, None, table, by=by, top=np.int8(1), explain=np.bool_(True))
        assert [group.name for group in found.breakdowns[0].groups] == ["p"]
    for many in (5, "provider,colour"):
        with pytest.raises(sim.UsageError, match=r"^by: expected"):
            sim.exposure(ONE, None, table, by=many)


def test_what_readers_note_comes_with_the_answer():
    unknown = [*ONE, None]
    found = sim.cover(unknown, {"address": unknown}, protect=["192.0.2.9", ""], against=unknown)
    told = [note.partition(":")[0] for note in found.notes if "no usable address: " in note]
    assert told == ["targets", "inventory", "protect", "against"]
    (note,) = sim.exposure(["10.0.0.1"]).notes
    assert note.startswith("blocklist: 1 rows hold addresses that are private")


def test_options_become_arguments_but_the_one_that_python_lacks():
    text = python_words("x; give --force to replace it; --resume a/b goes on; a-b --n-steps")
    assert text == "x; give force=True to replace it; --resume a/b goes on; a-b n_steps"


def test_columns_are_handed_over_without_a_copy():
    columns = Columns(x=np.arange(5.0), n=np.arange(5), name=np.array(list("abcde"), object))
    arrow = pa.table(columns)
    held = np.frombuffer(arrow["x"].chunk(0).buffers()[1], np.float64)
    assert held.ctypes.data == columns["x"].ctypes.data
    assert pd.DataFrame(columns)["name"].tolist() == list("abcde")


def test_a_cover_of_two_targets_is_exact():
    found = sim.cover(["192.0.2.1", "192.0.2.3"], budget=1)
    # 192.0.2.0/30 is the shortest prefix over both; two of its four addresses are targets.
    assert found.cover.collateral == 2
    further = sim.cover(["192.0.2.1", "192.0.2.3"], budget=1, frontier=2)
    # Each as a rule of its own spares all others.
    assert further.frontier.collateral.tolist() == [2, 0]
    table = pd.DataFrame({"address": ["192.0.2.2", "198.51.100.1"], "n_names": [7, 9]})
    by_names = sim.cover(pd.Series(["192.0.2.1", "192.0.2.3"]), table, weight="names", budget=1)
    assert by_names.cover.collateral == 7
    hosts = dict(table) | {"address": np.ma.array([*table["address"]], mask=[True, False])}
    for inventory, states in ((table, [3, 1]), (hosts, [0, 1])):
        found = sim.exposure(pd.Series(["192.0.2.0/30", None]), inventory)
        assert found.inventory.host_state.tolist() == states
        assert found.notes[0].startswith("blocklist: 1 rows have no usable address")


def test_what_there_is_is_listed():
    assert "telegram-2018" in sim.scenarios()["name"].tolist()
    assert "business_hours_impaired" in sim.measures()["name"].tolist()
    assert all(sim.measures()["meaning"])


INVENTORY = {"site": ["a.example"], "address": ["198.51.100.7"]}


def sites_of(columns: dict[str, list[object]], *, index: str = "") -> "pd.DataFrame":
    frame = pd.DataFrame(columns)
    return frame.set_index(index) if index else frame


def shown_sites(folder) -> set[str]:
    return {row["site"] for row in csv_rows(folder / "sites.csv")}


def test_a_frame_that_is_set_stands_over_that_of_the_scenario(tmp_path):
    given = tree()
    given["population"] = {"n_businesses": 0, "inventory": sites_of(INVENTORY)}
    other = {"population.inventory": sites_of({**INVENTORY, "site": ["z.example"]})}
    n = np.int64(1)
    sim.run(given, n_simulations=n, fixed=True, set=other, folder=tmp_path / "out", root_seed=n)
    assert shown_sites(tmp_path / "out") == {"z.example"}


def test_columns_of_pandas_are_read_as_they_are_meant(tmp_path):
    columns = {
        "site": ["a.example", "a.example", "b.example"],
        "address": pd.array(["198.51.100.7", "198.51.100.8", None], dtype="string"),
        "revenue_usd_per_h": pd.array([40, 40, None], dtype="Int64"),
    }
    given = tree()
    given["population"] = {"n_businesses": 0, "inventory": sites_of(columns, index="site")}
    sim.run(given, n_simulations=1, fixed=True, folder=tmp_path / "out")
    with pytest.raises(sim.DataError, match="expected an index with a name"):
        sim.exposure(["198.51.100.7"], sites_of(columns, index="site").rename_axis(None))
    assert shown_sites(tmp_path / "out") == {"a.example", "b.example"}
    twice = pd.DataFrame([["a.example", "198.51.100.7", "198.51.100.8"]])
    twice.columns = ["site", "address", "address"]
    arrow = pa.table([["a.example"], ["198.51.100.7"], ["198.51.100.8"]], names=twice.columns)
    for frame in (twice, arrow):
        given["population"] = {"n_businesses": 0, "inventory": frame}
        with pytest.raises(sim.DataError, match="more than one address"):
            sim.run(given, n_simulations=1, fixed=True)
