"""Files that are there whole or not at all, and never in place of another's."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from sim.errors import UsageError
from sim.files import RECORD, check_free, new_file, new_files, write_whole, written_files


def write(path: Path, text: str = "ours", *, force: bool = False) -> None:
    with new_file(path, force=force) as partial:
        assert partial.suffix == path.suffix
        partial.write_text(text)


def write_all(folder: Path, *, force: bool = False, **texts: str) -> None:
    with new_files(folder, force=force) as partial:
        for name, text in texts.items():
            (partial / name).write_text(text)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_that_is_there_is_replaced_only_by_force(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("mine")
    with pytest.raises(UsageError, match=r"a\.txt: exists; give --force to replace it"):
        write(path)
    assert path.read_text() == "mine"
    write(path, force=True)
    assert path.read_text() == "ours"


@pytest.mark.parametrize("kind", ["folder", "broken link", "pipe"])
def test_what_is_no_file_is_replaced_by_nothing(tmp_path, kind):
    path = tmp_path / "a.txt"
    {
        "folder": path.mkdir,
        "broken link": lambda: path.symlink_to("nowhere"),
        "pipe": lambda: os.mkfifo(path),
    }[kind]()
    for force in (False, True):
        with pytest.raises(UsageError, match="exists and is no file"):
            check_free(path, force=force)
    assert names(tmp_path) == ["a.txt"]


@pytest.mark.parametrize("below", ["a.txt/x.json", "a.txt/deep/x.json"])
def test_where_no_file_can_be_made_is_told_before_anything_is(tmp_path, below):
    (tmp_path / "a.txt").write_text("mine")
    with pytest.raises(UsageError, match=r"x\.json: cannot write a file in .*a\.txt: "):
        check_free(tmp_path / below)
    assert names(tmp_path) == ["a.txt"]


@pytest.mark.parametrize("error", [OSError(28, "No space left"), KeyboardInterrupt(), ValueError()])
def test_after_an_error_all_is_as_it_was(tmp_path, error):
    path = tmp_path / "a.txt"
    path.write_text("mine")

    def fail(path: Path) -> None:
        with new_file(path, force=True) as partial:
            partial.write_text("half")
            raise error

    expected = UsageError if isinstance(error, OSError) else type(error)
    with pytest.raises(expected) as caught:
        fail(path)
    if expected is UsageError:
        assert str(caught.value) == f"{path}: cannot write this file: No space left"
    assert (names(tmp_path), path.read_text()) == (["a.txt"], "mine")
    with pytest.raises(expected):
        fail(tmp_path / "new" / "deep" / "a.txt")
    assert names(tmp_path) == ["a.txt"]


def test_a_file_that_comes_in_the_meantime_is_kept(tmp_path):
    path = tmp_path / "a.txt"

    def be_late() -> None:
        with new_file(path) as partial:
            partial.write_text("ours")
            path.write_text("mine")

    with pytest.raises(UsageError, match="exists; give --force"):
        be_late()
    assert (names(tmp_path), path.read_text()) == (["a.txt"], "mine")


def test_what_a_killed_process_left_of_a_file_goes_with_the_next(tmp_path):
    kept = [
        ".a.txt.partial-1.txt",  # another process is at it
        ".a.txt.partial-x.txt",
        ".b.txt.partial-999999999.txt",
        "a.txt.partial-999999999.txt",
    ]
    for name in (*kept, ".a.txt.partial-999999999.txt"):
        (tmp_path / name).write_text("left")
    write(tmp_path / "a.txt")
    assert names(tmp_path) == sorted([*kept, "a.txt"])


def test_a_whole_file_takes_the_place_of_an_older_one(tmp_path, monkeypatch):
    path = tmp_path / "a.json"
    write_whole(path, b"old")

    def fail(path: Path, data: bytes) -> int:
        with path.open("wb") as file:
            file.write(data[:1])
        raise OSError(28, "No space left")

    with monkeypatch.context() as full:
        full.setattr(Path, "write_bytes", fail)
        with pytest.raises(OSError, match="No space left"):
            write_whole(path, b"new")
    assert (names(tmp_path), path.read_bytes()) == (["a.json"], b"old")


def test_files_drawn_together_are_drawn_again_and_no_others_replaced(tmp_path):
    folder = tmp_path / "figures"
    write_all(folder, a="1", b="1")
    write_all(folder, a="2")
    assert (folder / "a").read_text() == "2"
    assert sorted(written_files(folder)) == ["a", "b"]
    (folder / "b").write_text("worked on")
    (folder / "c").write_text("mine")
    with pytest.raises(UsageError) as caught:
        write_all(folder, a="3", b="3", c="3")
    assert str(caught.value).splitlines() == [
        f"{folder / name}: exists; give --force to replace it" for name in "bc"
    ]
    assert [(folder / name).read_text() for name in "abc"] == ["2", "worked on", "mine"]
    assert names(folder) == [RECORD, "a", "b", "c"]
    assert sorted(written_files(folder)) == ["a"]
    write_all(folder, force=True, b="4")
    assert (folder / "b").read_text() == "4"


@pytest.mark.parametrize("error", [OSError(28, "No space left"), KeyboardInterrupt()])
def test_files_that_are_not_all_drawn_do_not_appear(tmp_path, error):
    def fail(folder: Path) -> None:
        with new_files(folder) as partial:
            (partial / "a").write_text("half")
            raise error

    expected = UsageError if isinstance(error, OSError) else type(error)
    with pytest.raises(expected):
        fail(tmp_path / "new" / "figures")
    assert names(tmp_path) == []
    left = tmp_path / "figures" / ".partial-999999999"
    left.mkdir(parents=True)
    (left / "a").write_text("left by a killed process")
    with pytest.raises(expected):
        fail(tmp_path / "figures")
    assert names(tmp_path / "figures") == []


def test_a_kill_between_two_files_leaves_both_the_programs(tmp_path, monkeypatch):
    write_all(tmp_path, a="1", b="1")
    real: Callable[[Path, Path], Path] = Path.replace

    def replace(path: Path, target: Path) -> Path:
        if target.name == "b":
            raise RuntimeError("killed")
        return real(path, target)

    with monkeypatch.context() as killed:
        killed.setattr(Path, "replace", replace)
        with pytest.raises(RuntimeError, match="killed"):
            write_all(tmp_path, a="2", b="2")
    assert [(tmp_path / name).read_text() for name in "ab"] == ["2", "1"]
    assert sorted(written_files(tmp_path)) == ["a", "b"]
    write_all(tmp_path, a="3", b="3")
    assert [(tmp_path / name).read_text() for name in "ab"] == ["3", "3"]


@pytest.mark.parametrize(
    "record",
    [
        "no JSON",
        "[]",
        '{"schema": "other", "sha256": {"a": ["x"]}}',
        '{"schema": "overblock/written/1"}',
        '{"schema": "overblock/written/1", "sha256": {"../a": ["x"], "b": 1}}',
    ],
)
def test_a_record_that_says_nothing_makes_no_file_ours(tmp_path, record):
    (tmp_path / RECORD).write_text(record)
    (tmp_path / "a").write_text("mine")
    assert written_files(tmp_path) == {}


def test_a_record_names_files_beside_it_alone(tmp_path):
    folder = tmp_path / "figures"
    write_all(folder, a="1")
    record = json.loads((folder / RECORD).read_text())
    (tmp_path / "a").write_text("1")
    record["sha256"]["../a"] = record["sha256"]["a"]
    (folder / "link").symlink_to(folder / "a")
    record["sha256"]["link"] = record["sha256"]["a"]
    (folder / RECORD).write_text(json.dumps(record))
    assert sorted(written_files(folder)) == ["a"]
