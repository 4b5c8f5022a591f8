"""Archives of strangers: what is refused, before anything is unpacked."""

import platform
import stat
import struct
import zipfile
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from packaging.requirements import Requirement

from sim.bundle.bundle import (
    _below,
    _check_same_versions,
    _license,
    installed,
    is_plain,
    lock_text,
    unpack_archive,
    write_archive,
)
from sim.errors import DataError, OverblockError, UsageError
from sim.version import __version__

Hostile = Callable[[zipfile.ZipFile], None]
LIMIT = 1_000_000


def unpacked(path: Path, into: Path, limit: int = LIMIT) -> list[str]:
    into.mkdir()
    return unpack_archive(path, into, limit)


def test_a_wheel_has_no_hidden_files_and_nothing_that_is_made_from_the_rest(tmp_path):
    kept = {"a.py", "b/c.csv", "b/d.pyi"}
    for name in (*kept, "b/.cache/e.py", ".git", "__pycache__/a.txt", "b/f.pyc"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    assert {name for name, _ in _below(tmp_path, "sim")} == {f"sim/{name}" for name in kept}


def test_the_licence_of_an_installation_without_one_is_that_of_the_clone(repository):
    text = (repository / "LICENSE").read_bytes()
    nowhere = cast("metadata.Distribution", SimpleNamespace(read_text=lambda name: None))
    older = SimpleNamespace(read_text={"LICENSE": "older"}.get)
    assert _license(nowhere) == text
    assert _license(cast("metadata.Distribution", older)) == b"older"


def test_members_come_back_whatever_their_sequence(tmp_path):
    members: dict[str, bytes | Path] = {"b/c.txt": b"two", "a.sh": b"one"}
    write_archive(tmp_path / "first.zip", members)
    write_archive(tmp_path / "second.zip", dict(reversed(members.items())))
    assert (tmp_path / "first.zip").read_bytes() == (tmp_path / "second.zip").read_bytes()
    assert unpacked(tmp_path / "first.zip", tmp_path / "into") == ["a.sh", "b/c.txt"]
    assert (tmp_path / "into" / "b" / "c.txt").read_bytes() == b"two"


def test_a_full_disk_is_reported_with_the_file_that_did_not_fit(tmp_path):
    resource = pytest.importorskip("resource")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        with pytest.raises(OSError, match="File too large") as caught:
            write_archive(tmp_path / "first.zip", {"a": bytes(10_000)})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert caught.value.filename == tmp_path / "first.zip"


def test_who_unpacks_it_may_run_the_script_and_only_read_the_rest(tmp_path):
    write_archive(tmp_path / "a.zip", {"a.txt": b"one", "b/run.sh": b"two", "sh": b"three"})
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        members = archive.infolist()
    assert [(one.filename, stat.filemode(one.external_attr >> 16)) for one in members] == [
        ("a.txt", "-rw-r--r--"), ("b/run.sh", "-rwxr-xr-x"), ("sh", "-rw-r--r--"),
    ]  # fmt: skip
    # Modes are read where the archive was made on a Unix: 3 in section 4.4.2 of PKWARE's APPNOTE.
    assert {one.create_system for one in members} == {3}
    assert {one.date_time for one in members} == {(1980, 1, 1, 0, 0, 0)}
    assert {one.compress_type for one in members} == {zipfile.ZIP_STORED}


def test_an_archive_at_the_limit_is_taken_and_one_beyond_it_is_not(tmp_path):
    write_archive(tmp_path / "a.zip", {"a": b"a" * 100, "b": b"b" * 50})
    n_bytes = (tmp_path / "a.zip").stat().st_size
    assert unpacked(tmp_path / "a.zip", tmp_path / "into", n_bytes) == ["a", "b"]
    with pytest.raises(DataError, match=f"at most {n_bytes - 1:,} bytes, got more"):
        unpacked(tmp_path / "a.zip", tmp_path / "other", n_bytes - 1)
    with zipfile.ZipFile(tmp_path / "c.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", b"a" * 5_000)
        archive.writestr("b", b"b" * 5_000)
    assert unpacked(tmp_path / "c.zip", tmp_path / "third", 10_000) == ["a", "b"]
    with pytest.raises(DataError, match="at most 9,999 bytes unpacked, got 10,000"):
        unpacked(tmp_path / "c.zip", tmp_path / "fourth", 9_999)


def test_an_archive_that_cannot_be_opened_or_written_out_is_refused(tmp_path):
    with pytest.raises(DataError, match="readable file, got an error: No such file or directory"):
        unpack_archive(tmp_path / "none.zip", tmp_path, LIMIT)
    write_archive(tmp_path / "a.zip", {"a": b"a"})
    (tmp_path / "a").write_bytes(b"mine")
    with pytest.raises(DataError, match="readable file, got an error: File exists"):
        unpack_archive(tmp_path / "a.zip", tmp_path, LIMIT)
    assert (tmp_path / "a").read_bytes() == b"mine"


def test_an_encrypted_member_is_refused(tmp_path):
    write_archive(tmp_path / "a.zip", {"a": b"a"})
    data = bytearray((tmp_path / "a.zip").read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + offset] |= 1  # bit 0 of the general purpose flags
    (tmp_path / "a.zip").write_bytes(data)
    with pytest.raises(DataError, match="expected no encryption, got 'a' encrypted"):
        unpacked(tmp_path / "a.zip", tmp_path / "into")


def link(archive: zipfile.ZipFile) -> None:
    info = zipfile.ZipInfo("link")
    info.create_system = 3
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    archive.writestr(info, "/etc/passwd")


def twice(archive: zipfile.ZipFile) -> None:
    archive.writestr("a.txt", "one")
    archive.writestr("A.txt", "two")


def file_and_folder(archive: zipfile.ZipFile) -> None:
    archive.writestr("a", "one")
    archive.writestr("a/b", "two")


def bomb(archive: zipfile.ZipFile) -> None:
    archive.writestr("bomb", b"\0" * (2 * LIMIT), zipfile.ZIP_DEFLATED)


def many(archive: zipfile.ZipFile) -> None:
    for row in range(10_001):
        archive.writestr(f"{row}", "")


def named(name: str) -> Hostile:
    return lambda archive: archive.writestr(name, "x")


@pytest.mark.parametrize(
    ("hostile", "message"),
    [
        (named("../outside"), "names below the archive"),
        (named("a/../../outside"), "names below the archive"),
        (named("/outside"), "names below the archive"),
        (named("C:outside"), "names below the archive"),
        (named("a\\..\\outside"), "names below the archive"),
        (named("a//b"), "names below the archive"),
        (named("a/./b"), "names below the archive"),
        (named("a\nb"), "names below the archive"),
        (named("a" * 300), "names below the archive"),
        (named("folder/"), "names below the archive"),
        (link, "which is none"),
        (twice, "each name once"),
        (file_and_folder, "each name once"),
        (bomb, "bytes unpacked, got 2,000,00"),
        (many, "at most 10,000 files"),
        (lambda archive: archive.writestr("a", "a", zipfile.ZIP_BZIP2), "stored or deflated"),
    ],
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_nothing_of_it_is_unpacked(tmp_path, hostile, message):
    with zipfile.ZipFile(tmp_path / "hostile.zip", "w") as archive:
        archive.writestr("good.txt", "good")
        hostile(archive)
    with pytest.raises(DataError, match=message):
        unpacked(tmp_path / "hostile.zip", tmp_path / "into")
    assert list((tmp_path / "into").iterdir()) == []
    assert not (tmp_path / "outside").exists()


def test_a_member_longer_than_it_says_is_refused(tmp_path):
    """The stated size is made one in both headers: a bomb that hides its length."""
    path = tmp_path / "liar.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("liar", b"\0" * LIMIT)
    data = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = data.index(signature) + offset
        assert struct.unpack_from("<I", data, at)[0] == LIMIT
        struct.pack_into("<I", data, at, 1)
    path.write_bytes(data)
    with pytest.raises(DataError, match="expected a whole ZIP archive"):
        unpacked(path, tmp_path / "into", 2000)
    assert sum(file.stat().st_size for file in (tmp_path / "into").iterdir()) <= 1


@pytest.mark.parametrize("cut", [0, 10, -5])
def test_a_file_that_is_none_or_cut_short_is_refused(tmp_path, cut):
    write_archive(tmp_path / "a.zip", {"a": b"a" * 100})
    (tmp_path / "a.zip").write_bytes((tmp_path / "a.zip").read_bytes()[:cut])
    with pytest.raises(DataError, match="expected a whole ZIP archive"):
        unpacked(tmp_path / "a.zip", tmp_path / "into")


def test_a_plain_name_is_one_on_every_system():
    assert is_plain("run/inputs/article-figures-5b053f4d.source.yaml")
    assert is_plain("a" * 240)
    assert not is_plain("a" * 241)
    assert not is_plain("a/ b/c")
    assert not any(map(is_plain, ("", ".", "a/", "a ", "a.", "nul:", "a*", "..", "\x00")))


# Versions and metadata of a bundle, from values by hand.


def test_what_is_needed_and_not_installed_is_named():
    with pytest.raises(OverblockError, match=r"^no-such-thing: is needed and is not installed$"):
        installed({"packages": {"no-such-thing": "1.0"}})
    # What was absent when the run was made is not needed.
    assert "no-such-thing" not in installed({"packages": {"no-such-thing": "none"}})


def test_packages_that_need_each_other_are_asked_once(monkeypatch):
    needs = {"overblock": "numpy", "numpy": "scipy[extra]", "scipy": "numpy"}
    asked: list[tuple[str, frozenset[str]]] = []

    def requirements(name: str, extras: frozenset[str]) -> list[Requirement]:
        assert (name, extras) not in asked
        asked.append((name, extras))
        return [Requirement(needs[name])]

    monkeypatch.setattr("sim.bundle.bundle._requirements", requirements)
    assert installed({}) == {name: metadata.version(name) for name in ("numpy", "scipy")}


def test_versions_are_those_of_the_distributions_by_their_own_names():
    found = installed({})
    assert found["numba"] == metadata.version("numba")
    assert {"llvmlite", "numpy"} <= set(found)
    # An extra is not needed unless it is asked for.
    assert not {"pytest", "overblock"} & set(found)


def test_other_versions_are_named_and_the_same_are_not():
    same = {"tool": {"version": __version__}, "python": platform.python_version()}
    _check_same_versions(same)
    _check_same_versions(same | {"packages": {"numpy": metadata.version("numpy")}})
    with pytest.raises(UsageError) as refused:
        _check_same_versions({"tool": {"version": "0.0.1"}, "python": "2.7"})
    assert str(refused.value).splitlines() == [
        f"made with overblock 0.0.1, here is {__version__}: bundle it where it was made",
        f"made with python 2.7, here is {platform.python_version()}: bundle it where it was made",
    ]


def test_the_lock_has_one_version_a_line():
    head, *lines = lock_text({"Some_Thing": "3.4"}, "3.11.7").splitlines()
    assert "3.11.7" in head
    assert lines == ["Some_Thing==3.4"]
