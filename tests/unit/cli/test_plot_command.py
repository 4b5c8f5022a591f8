"""``overblock plot``: which figures, in which files, and every mistake at once."""

import shutil
from functools import partial
from pathlib import Path

import pytest

from tests import commands


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OVERBLOCK_QUIET", raising=False)


call, run = partial(commands.call, "plot"), partial(commands.run, "plot")


def test_figures_are_named_and_their_files_printed(shipped_run):
    result = run(str(shipped_run), "money", "sectors", "-o", "out", "--format", "svg,pdf")
    assert result.stdout.splitlines() == [
        f"out/{name}.{kind}"
        for name in ("money", "sectors")
        for kind in ("svg", "pdf", "alt.txt", "csv")
    ]
    assert sorted(path.name for path in Path("out").iterdir()) == sorted(
        [".overblock.json", *(Path(line).name for line in result.stdout.splitlines())]
    )
    assert result.stderr == "8 files\n"


def test_figures_are_drawn_anew_and_other_files_are_kept(shipped_run):
    command = [str(shipped_run), "money", "-o", "out", "--format", "svg"]
    Path("out").mkdir()
    Path("out/mine.svg").write_text("mine")
    assert [call(*command).exit_code for _ in range(2)] == [0, 0]
    drawn = Path("out/money.svg").read_bytes()
    Path("out/money.svg").write_text("worked on by hand")
    refused = run(*command, status=2)
    assert refused.stderr == "out/money.svg: exists; give --force to replace it\n"
    assert Path("out/money.svg").read_text() == "worked on by hand"
    run(*command, "--force")
    assert Path("out/money.svg").read_bytes() == drawn
    assert Path("out/mine.svg").read_text() == "mine"


def test_tables_are_the_values_without_pictures(shipped_run):
    assert call(str(shipped_run), "tables", "money", "-o", "out").stdout == "out/money.csv\n"


def test_a_changed_folder_is_named_on_the_figure_and_beside_it(shipped_run):
    shutil.copytree(shipped_run, "changed")
    table = Path("changed/groups.csv")
    table.write_text(table.read_text().replace("1", "2", 1))
    assert "groups.csv" in run("changed", "money", "--format", "svg").stderr
    file = Path("changed/manifest.json")
    file.write_text(file.read_text().replace('"status": "complete"', '"status": "interrupted"'))
    run("changed", "money", "--format", "svg", "--force")
    for suffix in ("svg", "alt.txt"):
        words = " ".join(Path(f"changed/figures/money.{suffix}").read_text().split())
        assert "Status: interrupted." in words
        assert "groups.csv" in words
        assert "Do not quote" in words


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--format", "png,bmp"], "--format: expected some of png, svg, pdf, got bmp"),
        (["--format", ","], "--format: expected some of png, svg, pdf, got nothing"),
        (["users"], "users: does not apply to "),
        (["strategies"], "it compares strategies, and the folder holds one"),
        (["pie"], "pie: unknown figure; known: outage, addresses,"),
        (["--strategy", "exact"], "expected one of the strategies replay, got 'exact'"),
        (["--width", "20"], "--width"),
    ],
)
def test_what_cannot_be_drawn_exits_with_2(shipped_run, arguments, message):
    result = run(shipped_run, *arguments, "-o", "out", status=2)
    assert (result.stdout, message in result.stderr) == ("", True)
    assert not Path("out").exists()


def test_the_list_says_what_each_shows_and_why_some_do_not_apply(shipped_run):
    shown = " ".join(call(str(shipped_run), "--list").stdout.split())
    assert "addresses listed" in shown
    assert "it compares strategies, and the folder holds one" in shown
    assert "the folder holds no tradeoff.csv" in shown
