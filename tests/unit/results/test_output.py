"""Where a run's folder goes: nothing finished lost, nothing foreign touched."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sim.errors import PartialError, UsageError
from sim.files import new_files
from sim.results import output
from sim.results.integrity import Checkpoints, foreign_files, remove_parts
from sim.results.output import check_free, new_folder
from tests.experiments import locked

REPORT = '<html><head><meta name="generator" content="overblock report 1.0">'


def write_run(folder: Path, text: str = "x") -> Path:
    """A run's folder with all that may stand in one."""
    names = ("summary.csv", "inputs/table-01234567.csv", "figures/tornado-x.png")
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    digest = hashlib.sha256(text.encode()).hexdigest()
    manifest = {
        "schema": "overblock/manifest/3",
        "status": "interrupted",
        "outputs": [{"file": name, "sha256": digest} for name in names],
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))
    (folder / "timing.json").write_text("{}")
    (folder / "report.html").write_text(REPORT)
    for name in (
        "experiment.json",
        "scenario.yaml",
        "000-0000001.json",
        "0123456789abcdef01234567-0000001.json",
        "curves/000-0000001.parquet",
        "inputs/0123456789ab/table.csv",
        "scratch/tmp1234",
        ".000-0000002.json.partial-17.json",
    ):
        path = folder / "parts" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    for figures in ("figures", "figures/exact"):
        with new_files(folder / figures) as partial:
            (partial / "map.png").write_text("x")
    return folder


def texts_below(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): path.read_text()
        for path in folder.rglob("*")
        if path.is_file()
    }


def make(path: Path, text: str, *, force: bool = False) -> None:
    with new_folder(path, force=force, is_worth=lambda partial: True) as partial:
        write_run(partial, text)


def test_what_the_program_makes_is_replaced_by_force(tmp_path):
    folder = write_run(tmp_path / "out")
    (folder / "parts/scratch/tmp1234").unlink()  # an empty folder of the program's
    for left in (".report.html.partial-7.html", "figures/exact/.partial-7/map.png"):
        (folder / left).parent.mkdir(exist_ok=True)
        (folder / left).write_text("of a process that was killed")
    assert foreign_files(folder) == []
    with pytest.raises(UsageError, match="holds an earlier run; give --force to replace it"):
        make(folder, "y")
    make(folder, "y", force=True)
    assert (folder / "summary.csv").read_text() == "y"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


FOREIGN = [
    "notes.md", "code.py", "summary.xlsx", "inputs/mine.csv", "figures/mine.png",
    "figures/exact/mine.png", "parts/notes.txt", "parts/curves/mine.csv", "deep/er/file", ".hidden",
    ".inner.partial-12/parts/000-0000001.json",
]  # fmt: skip


@pytest.mark.parametrize("name", FOREIGN)
def test_what_is_not_the_programs_is_named_and_kept(tmp_path, name):
    folder = write_run(tmp_path / "out")
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("mine")
    before = texts_below(tmp_path)
    assert foreign_files(folder) == [name]
    with pytest.raises(UsageError, match=f"out: holds {name}, which is not this program's"):
        make(folder, "y", force=True)
    assert texts_below(tmp_path) == before


@pytest.mark.parametrize("name", ["summary.csv", "figures/map.png", "report.html"])
def test_what_was_changed_is_kept(tmp_path, name):
    folder = write_run(tmp_path / "out")
    (folder / name).write_text("worked on by hand")
    with pytest.raises(UsageError, match=f"holds {name}, which .*, or was changed; move it away"):
        make(folder, "y", force=True)
    assert (folder / name).read_text() == "worked on by hand"


def test_links_and_empty_folders_of_others_are_named(tmp_path):
    folder = write_run(tmp_path / "out")
    (tmp_path / "data").mkdir()
    (folder / "link").symlink_to(tmp_path / "data")
    (folder / "summary2.csv").symlink_to(folder / "summary.csv")
    (folder / "empty").mkdir()
    assert foreign_files(folder) == ["empty/", "link", "summary2.csv"]


def test_a_copied_manifest_makes_no_folder_the_programs(tmp_path):
    run, folder = write_run(tmp_path / "run"), tmp_path / "work"
    folder.mkdir()
    (folder / "manifest.json").write_bytes((run / "manifest.json").read_bytes())
    for name in ("code.py", "summary.csv"):
        (folder / name).write_text("mine")
        with pytest.raises(UsageError, match=f"work: holds {name}, which is not"):
            check_free(folder, force=True)
        (folder / name).unlink()
    check_free(folder, force=True)


@pytest.mark.parametrize("force", [False, True])
def test_a_place_taken_in_the_meantime_costs_nothing(tmp_path, force):
    path = tmp_path / "out"

    def make_while_taken() -> None:
        with new_folder(path, force=force, is_worth=lambda partial: True) as partial:
            (partial / "finished").write_text("x")
            path.mkdir()
            (path / "mine").write_text("mine")

    with pytest.raises(PartialError) as caught:
        make_while_taken()
    (kept,) = [other for other in tmp_path.iterdir() if other != path]
    assert str(caught.value) == (
        f"{path}: exists and is not a run's folder; choose another --output\n"
        f"what is finished is kept in {kept}; --resume {kept} -o OTHER puts it elsewhere"
    )
    assert texts_below(tmp_path) == {f"{kept.name}/finished": "x", "out/mine": "mine"}


def test_two_cannot_be_at_one_place(tmp_path):
    path = tmp_path / "out"
    with new_folder(path, force=False) as partial:
        for check in (lambda: check_free(path, force=True), lambda: make(path, "other")):
            with pytest.raises(UsageError, match=f"process {os.getpid()} is still at it"):
                check()
        (partial / "mine").write_text("first")
        check_free(tmp_path / "other", force=False)
    assert texts_below(path) == {"mine": "first"}
    assert [other.name for other in tmp_path.iterdir()] == ["out"]


def test_of_two_that_come_at_once_the_later_sees_the_earlier(tmp_path, monkeypatch):
    """Both have looked before either had its folder."""
    elsewhere, other = tmp_path / "elsewhere", tmp_path / ".out.partial-1"
    real = output._beside

    def come_between(path: Path, kind: str) -> Path:
        elsewhere.rename(other)
        return real(path, kind)

    monkeypatch.setattr(output, "_beside", come_between)
    elsewhere.mkdir()
    with (
        locked(elsewhere),
        pytest.raises(UsageError, match="process 1 is still at it"),
        new_folder(tmp_path / "out", force=False),
    ):
        pytest.fail("it has begun")
    assert [one.name for one in tmp_path.iterdir()] == [".out.partial-1"]


KILLED_BETWEEN = """\
import os, signal, sys
from pathlib import Path
from sim.results import output
from tests.unit.results.test_output import make

real, n_renamed = Path.rename, 0

def rename(self, other):
    global n_renamed
    n_renamed += 1
    if n_renamed == int(before):
        os.kill(os.getpid(), signal.SIGKILL)
    return real(self, other)

Path.rename = rename
output.shutil.rmtree = lambda folder: os.kill(os.getpid(), signal.SIGKILL)
for before, path in enumerate(sys.argv[1:], 1):
    if os.fork() == 0:
        make(Path(path), "new", force=True)
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.wait()[1]))
"""
"""Ends a process before the first rename, one before the second, and one before the removal."""


@pytest.mark.laws
def test_a_kill_while_an_earlier_run_is_replaced_loses_neither(tmp_path, repository):
    paths = []
    for name in ("first", "second", "removal"):
        (tmp_path / name).mkdir()
        paths.append(write_run(tmp_path / name / "out", "old"))
    done = subprocess.run(
        [sys.executable, "-c", KILLED_BETWEEN, *map(str, paths)],
        cwd=repository, capture_output=True, text=True,
    )  # fmt: skip
    assert done.stdout.split() == ["-9"] * 3, done.stderr
    for path, stands in zip(paths, ("old", "old", "new"), strict=True):
        # The next that comes to this place finds it as it was, or as it was to be.
        with pytest.raises(UsageError, match="holds an earlier run; give --force"):
            make(path, "newer")
        assert (path / "summary.csv").read_text() == stands
        left = [other for other in path.parent.iterdir() if other != path]
        if stands == "old":
            assert [(one / "summary.csv").read_text() for one in left] == ["new"]
        else:
            assert left == []


def test_parts_are_removed_and_what_others_put_there_is_not(tmp_path):
    folder = write_run(tmp_path / "out")
    (folder / "parts" / "notes.txt").write_text("mine")
    remove_parts(folder)
    assert [path.name for path in (folder / "parts").rglob("*")] == ["notes.txt"]
    (folder / "parts" / "notes.txt").unlink()
    remove_parts(folder)
    assert not (folder / "parts").exists()


def test_a_part_under_the_name_of_another_run_is_not_whole(tmp_path):
    parts = Checkpoints(tmp_path, ["curves"])
    for name in ("a-0000000", "a-0000001"):
        parts.keep(name, {"curves": name.encode()}, {"n": 1})
        assert parts.is_whole(name)
    (tmp_path / "a-0000000.json").rename(tmp_path / "a-0000001.json")
    (tmp_path / "curves/a-0000000.parquet").rename(tmp_path / "curves/a-0000001.parquet")
    assert not parts.is_whole("a-0000001")
