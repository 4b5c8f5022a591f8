"""Blocks of whole lines."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.addresses.text.source import read_blocks


def blocks(content, max_line_bytes):
    return list(read_blocks(io.BytesIO(content), max_line_bytes))


def test_blocks_hold_whole_lines_and_number_them():
    found = blocks(b"\xef\xbb\xbf" + b"one\ntwo\nthree\nfour", 8)
    assert b"".join(block.text for block in found) == b"one\ntwo\nthree\nfour\n"
    line = 1
    for block in found:
        assert block.text.endswith(b"\n")
        assert (block.first_line, block.n_lines) == (line, block.text.count(b"\n"))
        line += block.n_lines


def test_only_the_first_byte_order_mark_is_dropped():
    found = blocks(b"\xef\xbb\xbf" * 2 + b"a\n\xef\xbb\xbfb\n", 16)
    assert b"".join(block.text for block in found) == b"\xef\xbb\xbfa\n\xef\xbb\xbfb\n"
    assert [block.text for block in blocks(b"\xef\xbb\xbfa", 16)] == [b"a\n"]
    assert [block.text for block in blocks(b"\xef\xbb\xbf", 16)] == []


@pytest.mark.parametrize("size", [8, 9, 15, 16, 17, 64])
def test_a_line_that_is_too_long_is_left_out_and_numbered(size):
    content = b"a\n" + b"x" * (size + 1) + b"\nb\n" + b"y" * size + b"\n" + b"z" * 10 * size
    found = blocks(content, size)
    text = b"".join(block.text for block in found)
    assert text == b"a\n\nb\n" + b"y" * size + b"\n\n"
    assert [line for block in found for line in block.overlong] == [2, 5]


def test_a_last_line_without_a_newline_is_held_to_the_limit():
    for n_bytes, text, overlong in ((64, b"x" * 64 + b"\n", ()), (65, b"\n", (3,))):
        found = blocks(b"a\nb\n" + b"x" * n_bytes, 64)
        assert b"".join(block.text for block in found) == b"a\nb\n" + text
        assert [(block.n_lines, block.overlong) for block in found] == [(2, ()), (1, overlong)]


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
