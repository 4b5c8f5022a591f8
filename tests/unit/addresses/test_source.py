"""Bytes from hostile files: bounded, and refused with a reason."""

import bz2
import gzip
import io
import lzma
import subprocess
import sys

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sim.addresses.text import source as source_module
from sim.addresses.text.source import Source, read_blocks
from sim.errors import DataError
from tests import feeds


@pytest.mark.parametrize(
    ("name", "pack"),
    [
        ("list.txt", bytes),
        ("list.gz", gzip.compress),
        ("list.csv", lambda data: gzip.compress(data[:10]) + gzip.compress(data[10:])),
    ],
)
def test_content_is_told_by_its_first_bytes(tmp_path, name, pack):
    content = b"192.0.2.0/24\n" * 1_000
    with Source(feeds.given(tmp_path, pack(content), name).path) as source:
        assert source.read(10**9) == content


@pytest.mark.parametrize("damage", ["cut", "flipped"])
def test_damaged_compression_is_refused(tmp_path, damage):
    packed = gzip.compress(bytes(range(256)) * 400)
    middle = len(packed) // 2
    path = tmp_path / "list"
    flipped = bytes(255 - b for b in packed[middle : middle + 8]) + packed[middle + 8 :]
    path.write_bytes(packed[:middle] + (b"" if damage == "cut" else flipped))
    told = r"list: expected (whole compressed data|a readable file), got"
    with pytest.raises(DataError, match=told), Source(path) as source:
        source.read(10**9)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(DataError, match="nothing: expected a readable file, got No such file"):
        Source(tmp_path / "nothing")
    (tmp_path / "blocklist.csv").touch()
    with pytest.raises(DataError, match=r"directory; did you mean blocklist\.csv\?"):
        Source(tmp_path / "blocklist.txt")
    (tmp_path / "loop.txt").symlink_to("loop.txt")
    with pytest.raises(DataError, match=r"got Too many levels of symbolic links$"):
        Source(tmp_path / "loop.txt")
    with pytest.raises(DataError, match="expected a readable file, got Is a directory"):
        Source(tmp_path)


def test_content_beyond_the_limit_is_refused_after_reading_little_more(tmp_path):
    path = feeds.given(tmp_path, gzip.compress(bytes(50_000_000)), "bomb").path
    with Source(path, max_bytes=100_000) as source:
        got = b"".join(iter(lambda: source.read(4_096) if source._n_bytes < 98_000 else b"", b""))
        assert 0 < len(got) <= 100_000
        with pytest.raises(DataError, match="bomb: expected at most 100,000 bytes of content, got"):
            source.read(10**9)
        assert source._n_bytes < 200_000


def test_content_that_grows_as_no_list_does_is_refused_early(tmp_path, monkeypatch):
    monkeypatch.setattr(source_module, "LARGE_BYTES", 100_000)
    path = feeds.given(tmp_path, gzip.compress(bytes(50_000_000)), "bomb").path
    told = "bomb: expected content of at most 250 times its compressed size, got more; decompress"
    with Source(path) as source, pytest.raises(DataError, match=told):
        list(iter(lambda: source.read(2**16), b""))
    assert source._n_bytes < 250 * path.stat().st_size + 2**17
    monkeypatch.setattr(source_module, "LARGE_BYTES", 50_000_000)
    with Source(path) as source:
        assert len(source.read(10**9)) == 50_000_000


UNREAD = {
    ".xz": lzma.compress(b"192.0.2.1\n"), ".zip .if it is a work": b"PK\x03\x04\x14\0\0\0\x08\0",
    ".7z": b"7z\xbc\xaf\x27\x1c\0\x04", ".bz2": bz2.compress(b"192.0.2.1\n"),
    ".zst": b"\x28\xb5\x2f\xfd rest",
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("list.gz", b"192.0.2.0/24\n", r"expected \.gz compressed data, got b'192\.'"),
        ("list", bytes(101), "list: expected at most 100 bytes of content, got 101;"),
        *(("list", content, rf"list: expected plain or \.gz data, got \{kind}.*; decompress the f")
          for kind, content in UNREAD.items()),
    ],
)  # fmt: skip
def test_what_is_not_read_is_named_with_the_remedy(tmp_path, name, content, told):
    """A suffix is held to its promise, and what is beyond the limit is refused unread."""
    path = feeds.given(tmp_path, content, name).path
    with pytest.raises(DataError, match=told):
        Source(path, max_bytes=100)


def test_the_limit_itself_is_allowed(tmp_path):
    path = tmp_path / "list"
    for content in (bytes(100), gzip.compress(bytes(100))):
        path.write_bytes(content)
        with Source(path, max_bytes=100) as source:
            assert len(source.read(10**9)) == 100


def test_importing_the_text_readers_loads_no_optional_package():
    code = (
        "import sys, sim.addresses.text.reading, sim.addresses.sets.prefixes; "
        "print([m for m in ('numba', 'duckdb', 'netaddr') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert source_module.Limits().max_bytes == 2**30


# Blocks of whole lines.


def blocks(content, max_line_bytes):
    return list(read_blocks(io.BytesIO(content), max_line_bytes))


def test_only_the_first_byte_order_mark_is_dropped():
    found = blocks(b"\xef\xbb\xbf" * 2 + b"a\n\xef\xbb\xbfb\n", 16)
    assert b"".join(block.text for block in found) == b"\xef\xbb\xbfa\n\xef\xbb\xbfb\n"
    assert [block.text for block in blocks(b"\xef\xbb\xbfa", 16)] == [b"a\n"]
    assert [block.text for block in blocks(b"\xef\xbb\xbf", 16)] == []


@example(lines=[b"", b"x" * 9, b"y" * 8, b"z" * 40], ending=b"", limit=8)
@given(
    lines=st.lists(st.integers(0, 40).map(lambda n: b"x" * n), max_size=30),
    ending=st.sampled_from([b"", b"\n"]),
    limit=st.integers(4, 24),
)
def test_lines_longer_than_the_limit_are_left_out_and_no_other(lines, ending, limit):
    content = b"\n".join(lines) + ending
    found = blocks(content, limit)
    listed = content.split(b"\n")
    if not listed[-1]:
        listed.pop()
    kept = [b"" if len(line) > limit else line for line in listed]
    assert b"".join(block.text for block in found) == b"".join(line + b"\n" for line in kept)
    assert [line for block in found for line in block.overlong] == [
        at for at, line in enumerate(listed, 1) if len(line) > limit
    ]
    number = 1
    for block in found:
        assert (block.first_line, block.n_lines) == (number, block.text.count(b"\n"))
        number += block.n_lines
        assert len(block.text) <= 2 * limit


def test_one_endless_line_is_never_held():
    class Endless(io.RawIOBase):
        """Sixteen megabytes without a newline, that notes how much is asked for at once."""

        left, largest = 2**24, 0

        def read(self, size=-1):
            self.largest = max(self.largest, size)
            size = min(size, self.left)
            self.left -= size
            return b"1" * size

    stream = Endless()
    found = list(read_blocks(stream, 4_096))
    assert [(block.text, block.overlong) for block in found] == [(b"\n", (1,))]
    assert stream.largest == 4_096
