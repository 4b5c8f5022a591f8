"""What is fuzzed: one target for each format that is read, and what must hold of each reading.

To add a target: put small samples into ``corpus/NAME`` (``good-…`` is read, ``bad-…`` refused) and
add a `Target` to ``TARGETS`` whose ``read`` raises `OverblockError` for what it refuses, and
`AssertionError` where what it read cannot be.
"""

import contextlib
import io
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from itertools import chain
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from hypothesis import strategies as st

from sim.addresses.feeds import delimited, gather
from sim.addresses.feeds.feed import Feed
from sim.addresses.feeds.formats import read_feed
from sim.addresses.feeds.forms import FORMATS
from sim.addresses.feeds.inputs import Input
from sim.addresses.text import source
from sim.addresses.text.source import Limits
from sim.errors import DataError, ProblemsError
from sim.scenario.library import shipped, table_names
from sim.scenario.load import load_scenario
from sim.scenario.resolve import Resolved, resolve
from sim.scenario.schema import Scenario, dump_scenario
from sim.scenario.sources import list_sources, list_warnings

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


CORPUS = Path(__file__).parent / "corpus"
LIMITS = Limits(max_bytes=2**20, max_line_bytes=2**16, max_problems=20)


@dataclass(frozen=True)
class Target:
    """A reader under test."""

    name: str
    read: Callable[[bytes], None]
    tokens: tuple[bytes, ...] = ()
    takes_all: bool = False
    shipped: tuple[Path, ...] = ()

    def samples(self, kind: str = "") -> list[Path]:
        """Files of its corpus, those whose name starts with a word."""
        return sorted((CORPUS / self.name).glob(f"{kind}*"))

    def inputs(self) -> st.SearchStrategy[bytes]:
        """Bytes to read."""
        paths = sorted(CORPUS.glob("*/*")) if self.takes_all else self.samples()
        # Mostly what is read: what is refused already has little left to break.
        paths += 4 * [path for path in paths if path.name.startswith("good")]
        return inputs([path.read_bytes() for path in (*paths, *self.shipped)], self.tokens)


@contextlib.contextmanager
def on_disk(data: bytes) -> Iterator[Input]:
    """Bytes as a file to read."""
    with tempfile.NamedTemporaryFile(prefix="overblock-fuzz-") as file:
        file.write(data)
        file.flush()
        yield Input(Path(file.name), "file")


def read_as(format_name: str, data: bytes) -> None:
    """Read as one format, or as the one the bytes tell: leniently, strictly and in small pieces."""
    with on_disk(data) as given:
        kept = _read(given, format_name, skip_bad=True)
        check(kept)
        with small_pieces():
            assert told(_read(given, format_name, skip_bad=True)) == told(kept)
        try:
            whole = _read(given, format_name, skip_bad=False)
        except DataError:
            assert kept.n_bad, "refused as a whole, and nothing of it when mistakes are left out"
            raise
    assert kept.n_bad == 0
    assert told(whole) == told(kept)


def _read(given: Input, format_name: str, *, skip_bad: bool) -> Feed:
    return read_feed(given, format_name, skip_bad=skip_bad, limits=LIMITS, allow_empty=True)


class _Sips:
    """A stream of which each read brings a few bytes of what one of the whole would bring."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._left = io.BytesIO()

    def read(self, size: int) -> bytes:
        if sip := self._left.read(min(size, 61)):
            return sip
        self._left = io.BytesIO(self._stream.read(size))
        return self._left.read(min(size, 61))


@contextlib.contextmanager
def small_pieces() -> Iterator[None]:
    """Read a few bytes at a time where large files are read in large pieces."""

    def read_blocks(stream: Any, max_line_bytes: int, name: str = "") -> Iterator[source.Block]:
        # Cells are read as one list in memory, which is one block however long.
        sips = stream if isinstance(stream, io.BytesIO) else _Sips(stream)
        return source.read_blocks(sips, max_line_bytes, name)

    with contextlib.ExitStack() as patches:
        for module in (delimited, gather):
            patches.enter_context(mock.patch.object(module, "read_blocks", read_blocks))
        yield


def told(feed: Feed) -> list[Any]:
    """All that a feed says, to compare."""
    return [
        (feed.n_records, feed.n_lines, feed.n_bad, feed.origin, feed.notes),
        sorted(map(str, feed.problems)) if feed.n_bad < LIMITS.max_problems else None,
        (feed.v4.start.tolist(), feed.v4.stop.tolist(), feed.v4.line.tolist()),
        (feed.v6.start.tolist(), feed.v6.stop.tolist(), feed.v6.line.tolist()),
        (feed.record4.tolist(), feed.record6.tolist()),
        {
            column: [labels.names[code] if code >= 0 else None for code in labels.code.tolist()]
            for column, labels in feed.labels.items()
        },
        {column: list(map(repr, values.tolist())) for column, values in feed.numbers.items()},
    ]


def check(feed: Feed) -> None:
    """Assert that a feed's counts add up and that its addresses are some."""
    assert len(feed.problems) <= min(feed.n_bad, LIMITS.max_problems)
    assert all(str(problem) for problem in feed.problems)
    assert feed.problems or not feed.n_bad
    for record, rows in ((feed.record4, feed.v4), (feed.record6, feed.v6)):
        assert record.size == len(rows)
        assert record.size == 0 or 0 <= record.min() <= record.max() < feed.n_records
        assert rows.line.size == 0 or 0 <= rows.line.min() <= rows.line.max() <= feed.n_lines
    assert np.all((feed.v4.start >= 0) & (feed.v4.start < feed.v4.stop))
    assert np.all(feed.v4.stop <= 2**32)
    assert np.all((feed.v6.start >= 0) & (feed.v6.start < feed.v6.stop))
    placed = np.union1d(feed.record4, feed.record6)
    assert feed.n_records - feed.n_unplaced == placed.size
    for labels in feed.labels.values():
        assert labels.code.size == feed.n_records
        assert labels.code.size == 0 or -1 <= labels.code.min() <= labels.code.max()
        assert labels.code.max(initial=-1) < len(labels.names)
        assert "" not in labels.names
    for values in feed.numbers.values():
        assert np.all(np.isnan(values) | ((values >= 0) & np.isfinite(values)))
    found = feed.to_set()
    assert found.v4.n_addresses <= int((feed.v4.stop - feed.v4.start).sum())
    assert bool(found.v4.n_addresses or found.v6.n_addresses) == bool(placed.size)


@cache
def _tables() -> Resolved:
    """Tables of a shipped scenario, read once."""
    return resolve(load_scenario("telegram-2018"))


def read_scenario(data: bytes) -> None:
    """Load and resolve a scenario; what is valid can be written out and read again."""
    with tempfile.NamedTemporaryFile(prefix="overblock-fuzz-", suffix=".yaml") as file:
        file.write(data)
        file.flush()
        try:
            loaded = load_scenario(file.name)
            resolved = resolve(loaded, known=_tables())
        except ProblemsError as error:
            for problem in error.problems:
                # A problem of the file as a whole has no key.
                assert problem.file
                assert problem.line or not problem.key or problem.file != file.name
                assert "Input should" not in problem.message
                assert "validation" not in problem.message
            raise
        assert list_sources(resolved)
        assert all(list_warnings(resolved))
        file.seek(0)
        file.truncate()
        file.write(dump_scenario(loaded.scenario).encode())
        file.flush()
        assert load_scenario(file.name).scenario == loaded.scenario


_ADDRESSES = (
    *b"198.51.100.0/24 203.0.113.7 0.0.0.0/0 .1.2.3 1.2.3.4.5 256.1.1.1 01.2.3.4 NA".split(),
    *b"198.51.100.7/24 198.51.100.0/255.255.255.0 198.51.100.9-198.51.100.1 AS64496".split(),
    *b"2001:db8::/32 :: ::/0 ::ffff:1.2.3.4 fe80::1%eth0 2001:db8::1-2001:db8::9".split(),
    b"198.51.100.1 - 198.51.100.9",
)
_WORDS: Mapping[str, tuple[bytes, ...]] = {
    "aws": (b'"prefixes"', b'"ip_prefix"', b'"ipv6_prefixes"', b'"createDate"'),
    "google": (b'"prefixes"', b'"ipv4Prefix"', b'"ipv6Prefix"', b'"creationTime"'),
    "azure": (b'"values"', b'"properties"', b'"addressPrefixes"', b'"changeNumber"'),
    "zdns": (b'"name"', b'"data"', b'"results"', b'"answers"', b'"type":"A"'),
    "z-i": (b"Updated:", b" | ", b";;;"),
    "orders": (b"effective", b"action", b"prefix", b"block", b"unblock", b"2018-04-16T11:00+03:00"),
    "inventory": (
        b"address",
        b"Address",
        b"revenue_usd_per_h",
        b"n_names",
        b"1,5",
        b"1.234,5",
        *(b"mask", b"255.255.255.0", b"action", b"allow", b"blocked", b"no", b";", b"1_000"),
    ),
    "polls": (b'"stateChanges"', b'"timestamp"', b'"state":true', b'"isp"', b'"2026-01-03 09:00Z"'),
    "fastly": (b'"addresses"', b'"ipv6_addresses"'),
    "cloudflare": (b'"success":false', b'"result"', b'"ipv4_cidrs"', b'"ipv6_cidrs"'),
    "oracle": (b'"regions"', b'"cidrs"', b'"cidr"', b'"tags"'),
    "json-list": (b'"ip"', b'"asn"', b"[[", b"[{"),
    "json-lines": (b'"cidr"', b'"type":"metadata"', b'"records":3'),
    "names": (b"a.b", b"||a.b^", b"0.0.0.0 a.b", b"https://a.b/"),
    "parquet": (b"PAR1",),
}
_SCENARIO = (
    *b"off {} [] ~ null yes .inf .nan 0x10 1_000 -1 1e9 0.5 40 !!str &a *a %YAML | > ?".split(),
    *b"exact none dns provider any RU 12:30 2018-04-16T00:00+03:00 [1,0] {id: id: kind:".split(),
    *(f"{key}: ".encode() for key in Scenario.model_fields),
    *(name.encode() for name in table_names()),
    *(b"\n  ", b"\n", b"  ", b"- ", b": ", b"mine.csv", b"a" * 5_000, b"[" * 25, b"x: {" * 25),
)
TARGETS: Mapping[str, Target] = {
    target.name: target
    for target in (
        *(
            Target(name, partial(read_as, name), (*_ADDRESSES, *_WORDS.get(name, ())))
            for name in FORMATS
        ),
        Target(
            "any",
            partial(read_as, ""),
            (*_ADDRESSES, *chain.from_iterable(_WORDS.values())),
            takes_all=True,
        ),
        Target(
            "scenario",
            read_scenario,
            _SCENARIO,
            shipped=tuple(sorted(shipped("scenarios").glob("*.yaml"))),
        ),
    )
}
