"""Inputs for a target: its samples with parts changed, its tokens in any order, and any bytes."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

# What breaks readers of many kinds: ends of lines, NUL, marks of byte order, numbers beyond what
# fits, digits that are none, quotes that do not close, brackets without end.
TOKENS = (
    *rb""", ; | # " ' - / . : = 0 -1 00 1e400 NaN null true {} [] { [ } ] \u0000 \ud800""".split(),
    *(b"", b"\n", b"\r", b"\r\n", b"\0", b" ", b"\t", b"\0" * 4, b"\x7f\xff\xff\xff", b"\xff" * 4),
    *(b"\xef\xbb\xbf", b"\xff\xfe", b"\xff", b"\xc3\xa9", b"\xc2\xb2", b"\xd9\xa1", b"\xed\xa0"),
    *(b"2147483648", b"4294967295", b"4294967296", b"18446744073709551616", b"9" * 5_000),
    *(b"[" * 3_000, b'{"a":' * 3_000, b"x" * 300),
)


def _edited(sample: bytes, edits: Sequence[tuple[str, int, int, bytes]]) -> bytes:
    """A sample with parts changed; places are shares of 2**16 of its length."""
    data = bytearray(sample)
    for kind, place, length, token in edits:
        at = place * (len(data) + 1) >> 16
        part = bytes(data[at : at + length])
        match kind:
            case "put in":
                data[at:at] = token
            case "put over":
                data[at : at + len(token)] = token
            case "put for":
                data[at : at + length] = token
            case "take out":
                del data[at : at + length]
            case "double":
                data[at:at] = part
            case "flip":
                data[at : at + 1] = bytes(byte ^ 1 << length % 8 for byte in part[:1])
            case "repeat":
                data[at:at] = part * (1 + len(token))
            case "cut":
                del data[at:]
            case "put value":
                # What follows a key in its line.
                begin = data.find(b": ", data.rfind(b"\n", 0, at) + 1) + 2
                if begin > 1:
                    data[begin : (data + b"\n").find(b"\n", begin)] = token
            case "swap lines":
                lines = data.split(b"\n")
                row = at % len(lines)
                lines[row], lines[-1] = lines[-1], lines[row]
                data = bytearray(b"\n").join(lines)
    return bytes(data[: 2**17])


KINDS = (
    *("put in", "put over", "put for", "take out", "double", "flip", "repeat", "cut"),
    *("swap lines", "put value"),
)


def inputs(samples: Sequence[bytes], tokens: Sequence[bytes]) -> st.SearchStrategy[bytes]:
    """Bytes for a target."""
    token = st.sampled_from([*TOKENS, *tokens])
    edit = st.tuples(st.sampled_from(KINDS), st.integers(0, 2**16 - 1), st.integers(0, 40), token)
    # Few changes leave most of a sample readable, and are found where many would hide each other.
    few, many = (
        st.builds(_edited, st.sampled_from(samples), st.lists(edit, max_size=most))
        for most in (1, 5)
    )
    soup = st.lists(token, max_size=30).map(b"".join)
    return st.one_of(few, few, many, many, soup, st.binary(max_size=300))
