"""A notebook's results, what is handed on, and what is shown while it runs."""

from __future__ import annotations

import sys
from datetime import date, datetime, time
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import sim
from sim.api import given
from sim.api.given import in_python_words
from sim.api.results import Columns, Results, shown
from sim.errors import DataError, OverblockError, Problem, ScenarioError, UsageError


def test_a_table_of_a_folder_is_chosen_by_its_name(shipped_run):
    pytest.importorskip("pandas")
    single = sim.open_results(shipped_run)
    assert set(single.metrics) == set(single.to_pandas("summary")["metric"])
    with pytest.raises(UsageError, match=r"expected one of the tables .*summary.*, got 'no-such'"):
        single.to_pandas("no-such")


def test_runs_are_of_what_is_asked_for(tmp_path, monkeypatch):
    """Here they return what they would carry out."""
    monkeypatch.setattr("sim.api.runs._carry_out", lambda asked, *rest: (asked, *rest))
    brief = {"population.n_businesses": 20}
    given = {"n_simulations": 8, "kept": "none", "root_seed": 13, "set": brief}
    into = {"folder": tmp_path, "force": True, "n_workers": 2, "on_progress": print}
    run, *rest = sim.run("surgical", cluster="cluster", **given, **into)
    assert (run.root_seed, run.n_replicates, run.draws.n) == (13, 8, 8)
    assert run.resolved.scenario.population.n_businesses == 20
    assert rest == [tmp_path, True, 2, "cluster", print]
    plan, *rest = sim.compare(
        "surgical", ["exact", "wide=aggregate:length=20"], baseline="exact", metrics=["spells"],
        cluster="cluster", **given, **into,
    )  # fmt: skip
    assert (plan.labels, plan.baseline, plan.metrics) == (("exact", "wide"), "exact", ("spells",))
    assert (plan.root_seed, plan.n_replicates, plan.draws.n) == (13, 8, 8)
    assert rest == [tmp_path, True, 2, "cluster", print]
    for call in (sim.run, partial(sim.compare, strategies=["exact"])):
        with pytest.raises(OverblockError, match=r"none\.csv"):
            call("surgical", kept=tmp_path / "none.csv")


def test_notes_and_problems_name_arguments_too():
    refused = DataError([
        Problem("--replicates a.b=2..1", "expected --metric", key="a.b"),
        Problem("file.csv", "expected --metric", 3, 4),
    ])  # fmt: skip
    refused.add_note("see --simulations")
    with pytest.raises(DataError) as caught, in_python_words():
        raise refused
    assert str(caught.value).splitlines() == [
        "n_replicates a.b=2..1: a.b: expected metrics", "file.csv:3:4: expected metrics",
    ]  # fmt: skip
    assert caught.value.__notes__ == ["see n_simulations"]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (float("nan"), ""), (None, "None"), (999.94, "999.9"), (1000.0, "1,000"),
        (-1234.6, "-1,235"),
        (0.123456, "0.1235"), (True, "True"), ("a" * 30, "a" * 30), ("a" * 31, "a" * 29 + "…"),
        ("a\x1bb", "a\ufffdb"),
    ],
)  # fmt: skip
def test_a_cell_is_short_and_harmless(value, said):
    assert shown(value) == said


def test_a_table_says_how_many_rows_it_does_not_show():
    columns = Columns(n=np.arange(21), name=np.array(["<b>"] * 21, object))
    lines = repr(columns).splitlines()
    assert lines[0] == "n   name"
    assert lines[1] == "0    <b>"
    assert lines[-1] == "… 21 rows"
    assert len(lines) == 1 + 20 + 1
    assert columns._repr_html_().count("<tr>") == 1 + 20
    assert columns._repr_html_().endswith("<p>21 rows</p>")
    whole = Columns(n=np.arange(20))
    assert "rows" not in repr(whole)
    assert "rows" not in whole._repr_html_()
    assert (repr(Columns(a=np.array([]))), repr(Columns())) == ("a", "")
    assert Columns({"<": np.array(["&"], object)})._repr_html_() == (
        "<table><thead><tr><th>&lt;</th></tr></thead><tbody><tr><td>&amp;</td></tr></tbody></table>"
    )


def test_rows_become_columns_of_one_kind_each():
    found = Columns.of_rows([
        {"n": 1, "is": True, "some": None, "text": "a", "may": True},
        {"n": None, "is": False, "some": None, "text": None, "may": None},
    ])  # fmt: skip
    assert found["n"].tolist()[0] == 1
    assert np.isnan(found["n"][1])
    assert (found["is"].dtype, found["is"].tolist()) == (np.dtype(bool), [True, False])
    assert found["some"].tolist() == ["", ""]
    assert found["text"].tolist() == ["a", ""]
    assert found["may"].tolist() == [True, None]
    assert (found.n_rows, Columns().n_rows) == (2, 0)
    assert Columns(a=np.array([1, 2])).rows() == [{"a": 1}, {"a": 2}]
    assert list(Columns.of_rows([{"a": 1, "b": 2}], ["b"])) == ["b"]


def test_a_notebook_counts_now_and_then_below_its_cell(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock, shell = SimpleNamespace(now=100.0), SimpleNamespace(kernel=None)
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    monkeypatch.setattr(given, "monotonic", lambda: clock.now)
    with given.shown_progress(None) as update:
        update(1, 4)
        clock.now += 0.01
        update(2, 4)  # so soon after the one before, it is left out
        clock.now += 5.0
        update(3, 4)
        clock.now += 0.01
        update(4, 4)  # but the last one is shown
    assert capsys.readouterr().out == "\r1 of 4 runs\r3 of 4 runs\r4 of 4 runs\r"
    # Whoever gives a function gets the numbers.
    told: list[tuple[int, int]] = []
    with given.shown_progress(lambda done, total: told.append((done, total))) as update:
        update(1, 2)
    del shell.kernel
    with given.shown_progress(None) as update:
        update(1, 2)
    assert (told, capsys.readouterr().out) == ([(1, 2)], "")


def test_values_of_python_are_those_of_a_file(tmp_path):
    tables = given._Tables(tmp_path)
    plain = tables.plain_value(
        {
            "moment": datetime(2018, 4, 16, 11), "numpy": np.datetime64("2018-04-16T11:00"),
            "day": date(2018, 4, 16), "hour": time(9, 30), "path": Path("a/b"), "n": np.int64(3),
            "list": (np.float64(0.5), True), "array": np.array([1, 2]), "off": None,
        },
        (), given.NAME,
    )  # fmt: skip
    tables.check()
    assert plain.pop("moment").startswith("2018-04-16T11:00")
    assert plain.pop("numpy").startswith("2018-04-16T11:00")
    assert plain == {
        "day": "2018-04-16", "hour": "09:30", "path": "a/b", "n": 3,
        "list": [0.5, True], "array": [1, 2],
    }  # fmt: skip
    # In `set`, None switches a section off.
    assert tables.plain_value({"off": None}, ("a",), "set") == {"off": None}
    tables.plain_value({"a": [1, {2}]}, ("b",), "set")
    with pytest.raises(ScenarioError, match=r"^set: b\.a\.1: expected text, .*got set$"):
        tables.check()


def test_code_of_two_files_of_one_name_is_kept_apart(tmp_path, monkeypatch):
    texts = iter(["a = 1\n", "a = 2\n"])
    monkeypatch.setattr(given, "source_of", lambda thing: ("rule.py", next(texts)))
    tables = given._Tables(tmp_path)
    files = [tables.code(thing, "rule")["file"] for thing in (Columns, Results)]
    assert files == ["rule.py", "Results_rule.py"]
    assert [tables.copies[file].read_text() for file in files] == ["a = 1\n", "a = 2\n"]


def test_cells_of_a_frame_are_written_as_a_person_would():
    cells = [None, float("nan"), True, False, 3.0, 0.1, 1e15, "a", datetime(2018, 4, 16, 11)]
    assert [given._cell(one) for one in cells] == [
        "", "", "true", "false", "3", "0.1", "1000000000000000.0", "a", "2018-04-16T11:00",
    ]  # fmt: skip
    assert given._cell(datetime(2018, 4, 16, 11, 0, 5)) == "2018-04-16T11:00:05"


def test_a_cover_keeps_to_the_lengths_that_are_allowed():
    lengths = sim.cover(["192.0.2.1"], longest=24).cover.length4.tolist()
    assert lengths == [24]
    assert sim.cover(["192.0.2.0/25"], shortest=26, budget=2).cover.length4.tolist() == [26, 26]
    assert sim.cover(["2001:db8::1"], longest_v6=48).cover.length6.tolist() == [48]
    with pytest.raises(UsageError, match="129"):
        sim.cover(["2001:db8::1"], longest_v6=129)
    with pytest.raises(UsageError, match="33"):
        sim.cover(["192.0.2.1"], longest=33)
    # A rule over both would touch what is guarded.
    two = ["192.0.2.1", "192.0.2.3"]
    guarded = sim.cover(two, protect=["192.0.2.2"], budget=2).cover
    assert guarded.length4.tolist() == [32, 32]
    compared = sim.cover(two, against=["192.0.2.0/24"]).comparison
    assert compared is not None
    assert (compared.n_rules, compared.by_unit["addresses4"].collateral) == (1, 254)
