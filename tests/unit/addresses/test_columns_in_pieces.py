"""Blocks of whole lines."""

import io

from hypothesis import example, given
from hypothesis import strategies as st

from sim.addresses.text.source import read_blocks


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
