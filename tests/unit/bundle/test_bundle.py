"""A bundle is the same bytes each time, holds what it lists, and says what was changed in it."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from sim import __version__
from sim.bundle.bundle import (
    SUMS,
    WHEEL,
    _check_same_versions,
    _rerun_script,
    changed_members,
    notes_on,
    write_archive,
    write_bundle,
    write_wheel,
)
from sim.errors import DataError, UsageError
from sim.names import listed
from sim.results.folder import open_run
from tests.commands import run

pytestmark = pytest.mark.laws

Members = dict[str, bytes]


@pytest.fixture(scope="module")
def case(shipped_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundle of a run; do not write to it."""
    path = tmp_path_factory.mktemp("bundled") / "case.zip"
    write_bundle(open_run(shipped_run), path)
    return path


def members_of(path: Path) -> Members:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def mend(members: Members) -> None:
    """Write every hash of the list as the file is now."""
    names = sorted(set(members) - {SUMS})
    lines = [f"{hashlib.sha256(members[name]).hexdigest()}  {name}\n" for name in names]
    members[SUMS] = "".join(lines).encode()


def test_the_same_folder_gives_the_same_bytes(case, shipped_run, tmp_path, monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    write_bundle(open_run(shipped_run), tmp_path / "again.zip")
    assert (tmp_path / "again.zip").read_bytes() == case.read_bytes()


def test_it_holds_what_a_court_asks_for_and_no_typed_command(case, shipped_run):
    members = members_of(case)
    listed = json.loads((shipped_run / "manifest.json").read_text())["outputs"]
    assert {f"run/{one['file']}" for one in listed} < set(members)
    assert {"rerun.sh", "README.md", "run/report.html", "run/manifest.json"} < set(members)
    assert "run/timing.json" not in members
    assert not any(str(shipped_run).encode() in data for data in members.values())
    page = members["README.md"].decode()
    assert [line for line in page.splitlines() if line.startswith("## ")] == [
        "## Question", "## Answer", "## What is here", "## Check it, and make it again",
    ]  # fmt: skip
    # What the page of contents links to is there.
    links = re.findall(r"\]\((.*?)\):", page)
    assert links
    for link in links:
        assert any(name.startswith(link) for name in members), link


def test_sha256sum_accepts_the_list_and_finds_a_changed_byte(case, tmp_path):
    with zipfile.ZipFile(case) as archive:
        archive.extractall(tmp_path)
        assert len(archive.namelist()) == len((tmp_path / SUMS).read_text().splitlines()) + 1
    check = ["sha256sum", "--check", "--strict", "--quiet", SUMS]
    assert subprocess.run(check, cwd=tmp_path).returncode == 0
    (tmp_path / "rerun.sh").write_bytes(b"x" + (tmp_path / "rerun.sh").read_bytes()[1:])
    changed = subprocess.run(check, cwd=tmp_path, capture_output=True, text=True)
    assert changed.returncode == 1
    assert changed.stdout.splitlines() == ["rerun.sh: FAILED"]


def test_a_list_that_is_none_is_refused_by_line(tmp_path):
    one = f"{'0' * 64}  a\n"
    for text, line in (("abc\n", 1), (f"{one}{one}", 2), (f"{one}{'0' * 64} b\n", 2)):
        (tmp_path / SUMS).write_text(text, "utf-8")
        with pytest.raises(DataError, match=f"SUMS:{line}: expected a hash, two blanks and a new"):
            changed_members(tmp_path, [SUMS])
    with pytest.raises(DataError, match="expected the list of hashes of a bundle"):
        changed_members(tmp_path / "none", [])


def test_a_bundle_is_verified(case):
    result = run("verify", str(case), "--sample", "1", "-q")
    assert "files are as the bundle lists them" in result.stdout
    unchecked = f"not checked: environment/{WHEEL}, environment/requirements.lock\n"
    assert unchecked in result.stdout


def changed_byte(members: Members) -> str:
    data = members["run/summary.csv"]
    members["run/summary.csv"] = data[:-2] + (b"1" if data[-2:-1] != b"1" else b"2") + data[-1:]
    return "run/summary.csv: differs from its hash in SHA256SUMS"


def dropped_file(members: Members) -> str:
    del members["environment/requirements.lock"]
    return "environment/requirements.lock: is not there"


def added_file(members: Members) -> str:
    members["run/inputs/note.txt"] = b"read me"
    return "run/inputs/note.txt: is not in SHA256SUMS"


def mended_answer(members: Members) -> str:
    members["README.md"] = members["README.md"].replace(b"## Answer\n", b"## Answer\n\nNobody.\n")
    mend(members)
    return "README.md: is not what this program makes of the run"


def mended_script(members: Members) -> str:
    members["rerun.sh"] = b"#!/bin/sh\necho all files are the same, byte for byte\n"
    mend(members)
    return "rerun.sh: is not what this program makes of the run"


def mended_table(members: Members) -> str:
    members["run/summary.csv"] = members["run/summary.csv"].replace(b"0.9", b"0.8", 1)
    mend(members)
    return "summary.csv: differs from its hash in the manifest"


def dropped_report(members: Members) -> str:
    del members["run/report.html"]
    mend(members)
    return "run/report.html: is not there"


def more_in_the_environment(members: Members) -> str:
    members["environment/other-1.0-py3-none-any.whl"] = b"x"
    mend(members)
    return f"not checked: environment/other-1.0-py3-none-any.whl, environment/{WHEEL}"


@pytest.mark.parametrize(
    "changes",
    [
        (changed_byte, dropped_file, added_file),
        (mended_answer, mended_script, mended_table, dropped_report, more_in_the_environment),
    ],
    ids=["against the list", "with the list mended"],
)
def test_what_was_changed_is_named_all_at_once(case, tmp_path, changes):
    members = members_of(case)
    messages = [change(members) for change in changes]
    write_archive(tmp_path / "changed.zip", members)
    result = run("verify", str(tmp_path / "changed.zip"), "--sample", "1", "-q", status=1)
    said = result.stdout.splitlines()
    assert [one for one in messages if not any(one in line for line in said)] == []


def test_a_bundle_of_another_version_is_explained_by_its_wheel(tmp_path):
    (tmp_path / "environment").mkdir()
    (tmp_path / "environment" / "overblock-0.1-py3-none-any.whl").touch()
    (note,) = notes_on(tmp_path)
    assert note.endswith(": overblock-0.1-py3-none-any.whl")
    (tmp_path / "environment" / WHEEL).touch()
    assert list(notes_on(tmp_path)) == []


def test_a_changed_folder_is_not_bundled(shipped_run, tmp_path):
    folder = shutil.copytree(shipped_run, tmp_path / "copy")
    (folder / "summary.csv").write_text("strategy\n")
    (folder / "note.txt").write_text("mine")
    with pytest.raises(DataError, match=r"summary\.csv: differs from its hash") as refused:
        write_bundle(open_run(folder), tmp_path / "case.zip")
    assert "note.txt: is not in the manifest" in str(refused.value)
    assert not (tmp_path / "case.zip").exists()


def test_an_unfinished_result_is_not_bundled(shipped_run, tmp_path):
    folder = shutil.copytree(shipped_run, tmp_path / "copy")
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(manifest | {"status": "interrupted"}))
    with pytest.raises(UsageError, match="expected a complete result, got one that is interrupted"):
        write_bundle(open_run(folder), tmp_path / "case.zip")


def test_a_run_of_other_versions_is_refused_with_all_of_them(shipped_run):
    manifest = json.loads((shipped_run / "manifest.json").read_text())
    _check_same_versions(manifest)
    manifest["packages"] |= {"numpy": "1.0", "duckdb": "0.1", "scikit-learn": "none"}
    with pytest.raises(UsageError, match=r"numpy 1\.0, here is") as refused:
        _check_same_versions(manifest)
    assert str(refused.value).count("\n") == 1
    assert "duckdb 0.1" in str(refused.value)


def test_the_wheel_holds_the_running_program(tmp_path, repository, monkeypatch):
    """Unpacked before the clone on the path it is the whole program, with all it ships."""
    write_wheel(tmp_path / "own.whl")
    with zipfile.ZipFile(tmp_path / "own.whl") as archive:
        archive.extractall(tmp_path / "installed")
        names = archive.namelist()
    assert not any("__pycache__" in name for name in names)
    (about,) = (tmp_path / "installed").glob("*.dist-info")
    assert f"\nVersion: {__version__}\n" in (about / "METADATA").read_text(encoding="utf-8")
    with monkeypatch.context() as patched:
        patched.setattr("sim.bundle.bundle.package_version", lambda _: "0.1")
        with pytest.raises(UsageError, match=r"to be installed, got 0\.1: install it"):
            write_wheel(tmp_path / "other.whl")
    # The page of a run is made again there, too, and says how it is cited.
    assert "sim/shipped/CITATION.cff" in names
    inside = tmp_path / "installed" / "sim" / "engine" / "run.py"
    assert inside.read_bytes() == (repository / "sim" / "engine" / "run.py").read_bytes()
    code = (
        "import sim; from sim.scenario.library import shipped\n"
        f"assert sim.__file__.startswith({str(tmp_path)!r})\n"
        f"assert str(shipped('seeds')).startswith({str(tmp_path)!r})\n"
        "from sim.cli.app import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "validate", "telegram-2018"],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(tmp_path / "installed")},
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_the_script_is_read_by_a_plain_shell(tmp_path):
    script = tmp_path / "rerun.sh"
    script.write_text(_rerun_script("3.11.7"))
    assert "@" not in script.read_text().replace("$@", "")
    subprocess.run(["sh", "-n", str(script)], check=True)
    (tmp_path / "again").mkdir()
    done = subprocess.run(["sh", str(script)], capture_output=True, text=True)
    assert done.returncode == 2
    assert "again: exists" in done.stderr


def test_the_script_compares_files_with_blanks_in_their_names(tmp_path):
    """The part of the script after the run was made, with two files of which one differs."""
    _, part, end = _rerun_script("3.11.7").partition("n=0\n")
    for folder, text in (("run", "same"), ("again/run", "same")):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "my höst's.csv").write_text(text)
        (tmp_path / folder / "b.csv").write_text(folder)
    done = subprocess.run(
        ["sh", "-euc", f"again=again\n{part}{end}"], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.stdout.splitlines() == ["./b.csv: differs", "1 of 2 files differ"]
    assert done.returncode == 1


@pytest.mark.long
@pytest.mark.parametrize("strategies", [[], ["--strategy", "exact", "--strategy", "none"]])
def test_the_script_makes_the_same_bytes_elsewhere(strategies, tmp_path, monkeypatch):
    """In another folder, locale and time zone, with the locked versions; needs the network."""
    # As many as in the process that makes it again.
    monkeypatch.setattr(listed, "N_DRAWS", 20_000)
    monkeypatch.setattr(listed, "N_LAWS", 100)
    path, there = tmp_path / "case.zip", tmp_path / "somewhere else"
    asked = (
        "compare" if strategies else "run", "telegram-2018", *strategies, "-n", "2",
        "--set", "population.n_businesses=60", "--set", "end=2018-04-20T00:00+03:00", "-q",
    )  # fmt: skip
    run(*asked, "-o", str(tmp_path / "made"))
    write_bundle(open_run(tmp_path / "made"), path)
    with zipfile.ZipFile(path) as archive:
        archive.extractall(there)
    n_files = sum(one.is_file() for one in (there / "run").rglob("*"))
    changed = []
    if strategies:
        # Negative control: what was changed is the one file that differs.
        table = there / "run" / "comparison.csv"
        table.write_text(table.read_text(encoding="utf-8").replace("0", "1", 1), encoding="utf-8")
        changed = ["./comparison.csv: differs", f"1 of {n_files} files differ"]
    done = subprocess.run(
        ["sh", "rerun.sh"], cwd=there, capture_output=True, text=True,
        env={**os.environ, "LC_ALL": "tr_TR.UTF-8", "TZ": "Pacific/Auckland"},
    )  # fmt: skip
    said = changed or [f"all {n_files} files are the same, byte for byte"]
    assert done.stdout.splitlines()[-len(said) :] == said, done.stderr
    assert done.returncode == len(changed[:1])
