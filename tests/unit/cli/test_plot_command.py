"""``overblock plot``: which figures, in which files, and every mistake at once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from sim.cli.app import app
from sim.cli.verbs.plot import _default_folder
from sim.results.read import open_run


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OVERBLOCK_QUIET", raising=False)


def call(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["plot", *arguments])


def test_figures_are_named_and_their_files_printed(shipped_run: Path) -> None:
    result = call(str(shipped_run), "spells", "recovery", "-o", "out", "--format", "svg,pdf")
    assert result.exit_code == 0, result.stderr
    assert result.stdout.splitlines() == [
        f"out/{name}.{kind}"
        for name in ("spells", "recovery")
        for kind in ("svg", "pdf", "alt.txt", "csv")
    ]
    assert sorted(path.name for path in Path("out").iterdir()) == sorted(
        [".overblock.json", *(Path(line).name for line in result.stdout.splitlines())]
    )
    assert result.stderr == "8 files\n"


def test_figures_are_drawn_anew_and_other_files_are_kept(
    shipped_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = [str(shipped_run), "spells", "-o", "out", "--format", "svg"]
    Path("out").mkdir()
    Path("out/mine.svg").write_text("mine")
    assert [call(*command).exit_code for _ in range(2)] == [0, 0]
    drawn = Path("out/spells.svg").read_bytes()
    Path("out/spells.svg").write_text("worked on by hand")
    Path("out/spells.csv").unlink()
    Path("out/spells.csv").mkdir()
    with monkeypatch.context() as patched:
        patched.setattr("sim.report.figures.figures._plot", None)
        refused = call(*command)
        forced = call(*command, "--force")
    folder = "out/spells.csv: exists and is no file; choose another place\n"
    assert (refused.exit_code, refused.stderr) == (
        2, f"out/spells.svg: exists; give --force to replace it\n{folder}",
    )  # fmt: skip
    assert (forced.exit_code, forced.stderr) == (2, folder)
    assert Path("out/spells.svg").read_text() == "worked on by hand"
    Path("out/spells.csv").rmdir()
    assert call(*command, "--force").exit_code == 0
    assert Path("out/spells.svg").read_bytes() == drawn
    assert Path("out/mine.svg").read_text() == "mine"


def test_the_list_of_all_figures_replaces_nobodys_readme(shipped_run: Path) -> None:
    Path("README.md").write_text("mine")
    result = call(str(shipped_run), "-o", ".", "--format", "svg")
    assert result.exit_code == 2
    assert result.stderr == "README.md: exists; give --force to replace it\n"
    assert [path.name for path in Path.cwd().iterdir()] == ["README.md"]


def test_the_map_takes_a_time_and_a_part(shipped_run: Path) -> None:
    result = call(
        str(shipped_run), "map", "-o", "out", "--format", "svg", "--zoom", "52.0.0.0/12",
        "--at", "2018-04-18T12:00+03:00", "--replicate", "1", "--json",
    )  # fmt: skip
    assert json.loads(result.stdout)["files"] == ["out/map.svg", "out/map.alt.txt", "out/map.csv"]
    words = Path("out/map.alt.txt").read_text(encoding="utf-8")
    assert "in 52.0.0.0/12" in words
    assert "2018-04-18T12:00:00+03:00" in words


def test_every_mistake_is_told_at_once(shipped_run: Path) -> None:
    result = call(
        str(shipped_run), "map", "--at", "2019-01-01T00:00+03:00", "--zoom", "52.1.0.0/8",
        "--replicate", "2", "--strategy", "exact",
    )  # fmt: skip
    assert result.exit_code == 2
    assert result.stderr.splitlines() == [
        "--at: expected a time from 2018-04-16T00:00+03:00 to before 2018-06-05T00:00+03:00, "
        "got 2019-01-01T00:00+03:00",
        "--zoom: expected a prefix, got '52.1.0.0/8', which has host bits set; did you mean "
        "52.0.0.0/8?",
        f"{shipped_run}: expected a replicate from 0 to 1, got 2",
        f"{shipped_run}: unknown strategy 'exact'; known: replay",
    ]
    assert not (shipped_run / "figures").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--format", "png,bmp"], "--format: expected some of png, svg, pdf, gif, mp4, got bmp"),
        (["--format", ","], "--format: expected some of png, svg, pdf, gif, mp4, got nothing"),
        (["reach"], "reach: does not apply to "),
        (["strategies"], "it compares strategies, and the folder holds one"),
        (["pie"], "pie: unknown figure; known: addresses, outages,"),
        (["map", "--at", "yesterday"], "--at: expected a date and time with offset such as"),
        (["map", "--zoom", "2001:db8::/32"], "--zoom: expected an IPv4 prefix"),
    ],
)
def test_what_cannot_be_drawn_exits_with_2(
    shipped_run: Path, arguments: list[str], message: str
) -> None:
    result = call(str(shipped_run), *arguments, "-o", "out")
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr
    assert "Traceback" not in result.stderr
    assert not Path("out").exists()


def test_the_list_says_what_applies_within_the_window(
    shipped_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    lines = call(str(shipped_run), "--list").stdout.splitlines()
    assert max(map(len, lines)) <= 80
    kinds = [line.split()[0] for line in lines if not line.startswith(" ")]
    assert kinds[0] == "addresses"
    told = " ".join(" ".join(lines).split())
    assert "(does not apply: the scenario has no users of the target) uptake " in told
    rows = json.loads(call(str(shipped_run), "--list", "--json").stdout)["figures"]
    assert [row["name"] for row in rows] == kinds
    assert rows[0]["does_not_apply"] is None


def test_one_strategy_of_a_comparison_has_a_folder_of_its_own(
    shipped_run: Path, comparison_run: Path
) -> None:
    assert _default_folder(open_run(shipped_run), "replay") == shipped_run / "figures"
    run = open_run(comparison_run)
    assert _default_folder(run, None) == comparison_run / "figures"
    assert _default_folder(run, "narrow, odd") == comparison_run / "figures" / "narrow-odd"
    refused = call(str(comparison_run), "map", "-o", "out")
    assert refused.exit_code == 2
    assert "give --strategy, one of: wide, narrow, odd, none" in refused.stderr
    done = call(str(comparison_run), "map", "-o", "out", "--strategy", "wide", "--format", "svg")
    assert done.exit_code == 0, done.stderr
