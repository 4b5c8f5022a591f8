"""JSON documents of a bounded size and depth."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, BinaryIO

from sim.addresses.feeds.rows.meaning import NAMES, lets_through
from sim.addresses.sets.notation import shown
from sim.addresses.text.source import Limits, Source
from sim.errors import DataError, Problem
from sim.files import RepeatedKeyError
from sim.files import parse_json as parse_json_text

# The largest range file in use is a few MB; values take up to thirty times their text.
MAX_DOCUMENT_BYTES = 2**25
# Microsoft's file holds some 100,000; each takes a few hundred bytes beside its text.
MAX_ENTRIES = 500_000
_TAKES_BACK = re.compile(
    r"(?i)(?:^|_)(?:removed|deleted|excluded?|except|exceptions?|deprecated|withdrawn|revoked|expired"
    r"|inactive|disabled|unlisted|retired|decommissioned)(?:$|_|(?-i:[A-Z])|prefix|range|address|ip)"
)
# Keys that say what an entry is called, or where it is.
_CALLED = NAMES.union(
    ("name", "id", "service", "systemservice", "provider", "platform", "region", "scope")
)


def read_document(source: BinaryIO | Source, name: str, limits: Limits) -> dict[str, Any]:
    """Read one JSON object.

    Raises
    ------
    DataError
        If it is too large, nested too deeply, no JSON, or no object.
    """
    value = _read_value(source, name, limits)
    if not isinstance(value, dict):
        raise _refused(name, f"expected a JSON object, got {type(value).__name__}")
    return value


def read_array(source: BinaryIO | Source, name: str, limits: Limits) -> list[Any]:
    """Read one JSON array.

    Raises
    ------
    DataError
        As for `read_document`, or if it holds too many entries.
    """
    value = _read_value(source, name, limits)
    if not isinstance(value, list):
        raise _refused(name, f"expected a JSON array, got {type(value).__name__}")
    check_entries(len(value), name, "")
    return value


def _read_value(source: BinaryIO | Source, name: str, limits: Limits) -> Any:
    """Read one JSON value of a bounded size."""
    max_bytes = min(limits.max_bytes, MAX_DOCUMENT_BYTES)
    pieces, n_bytes = [], 0
    while piece := source.read(2**20):
        n_bytes += len(piece)
        if n_bytes > max_bytes:
            raise _refused(name, f"expected at most {max_bytes:,} bytes of JSON, got more")
        pieces.append(piece)
    try:
        return parse_json(b"".join(pieces))
    except json.JSONDecodeError as error:
        raise _refused(name, f"expected JSON, got an error: {error.msg}", error.lineno) from None
    except ValueError as error:
        raise _refused(name, str(error)) from None


def parse_json(text: bytes) -> Any:
    """Return the value of a JSON text.

    Raises
    ------
    json.JSONDecodeError
        If it is no JSON.
    ValueError
        ``expected …, got …``, for a key that stands twice in an object, and for what the standard
        library cannot take: bytes that are not UTF-8, numbers of thousands of digits, values nested
        too deeply.
    """
    try:
        decoded = text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        byte = text[error.start]
        raise ValueError(f"expected UTF-8 text, got the byte 0x{byte:02x}") from None
    try:
        return parse_json_text(decoded)
    except (json.JSONDecodeError, RepeatedKeyError):
        raise
    except RecursionError:
        raise ValueError("expected JSON nested a few levels deep, got more") from None
    except ValueError:
        # Python converts no text of more than sys.get_int_max_str_digits() digits.
        raise ValueError("expected numbers of a few digits, got one of thousands") from None


def check_keys(document: dict[str, Any], keys: Sequence[str], name: str, what: str) -> None:
    """Refuse a document that has none of the keys its kind is known by, or that takes some back.

    Raises
    ------
    DataError
        With the keys it has, or with the one that says what is no longer there.
    """
    if taken_back := _taken_back(document, ""):
        message = "expected ranges that are all in use, got some that are removed or left out"
        raise DataError([Problem(name, f"{message}: take them out", key=taken_back)])
    if not any(key in document for key in keys):
        got = ", ".join(map(shown, list(document)[:8])) or "none"
        raise _refused(name, f"expected {what} with the key {' or '.join(keys)}, got keys {got}")


def _taken_back(value: Any, path: str) -> str:
    """Path of the first key that takes back what it stands beside, or empty."""
    pairs: Iterable[tuple[Any, Any]] = value.items() if isinstance(value, dict) else ()
    if isinstance(value, list):
        pairs = ((str(at), each) for at, each in enumerate(value) if not isinstance(each, str))
    for key, each in pairs:
        place = f"{path}.{key}" if path else str(key)
        if each and _TAKES_BACK.search(str(key)):
            return place
        is_name = re.sub(r"\W|_", "", str(key).lower()) in _CALLED
        if isinstance(each, str) and lets_through(each, is_name=is_name):
            return place
        if found := _taken_back(each, place):
            return found
    return ""


def items(
    document: dict[str, Any], key: str, name: str, above: str = ""
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the objects of a list in a document, each with its path; an absent list is empty.

    ``above`` is the path of the document itself, with its dot.

    Raises
    ------
    DataError
        If the key holds anything but a list of objects, or too many of them.
    """
    listed, key = document.get(key, []), f"{above}{key}"
    if not isinstance(listed, list):
        raise DataError([Problem(name, f"expected a list, got {type(listed).__name__}", key=key)])
    check_entries(len(listed), name, key)
    for position, item in enumerate(listed):
        path = f"{key}.{position}"
        if not isinstance(item, dict):
            message = f"expected an object, got {type(item).__name__}"
            raise DataError([Problem(name, message, key=path)])
        yield path, item


def check_entries(n_entries: int, name: str, key: str) -> None:
    """Refuse lists of more entries than a document may hold.

    Raises
    ------
    DataError
        If there are more.
    """
    if n_entries > MAX_ENTRIES:
        message = f"expected at most {MAX_ENTRIES:,} entries, got {n_entries:,}"
        raise DataError([Problem(name, message, key=key)])


def text_of(item: dict[str, Any], key: str) -> str:
    """Return a text of an object; empty where it is absent or no text.

    Half a character, as JSON can spell it, is no text of any encoding: it stays spelled.
    """
    value = item.get(key, "")
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else ""


def _refused(name: str, message: str, line: int = 0) -> DataError:
    return DataError([Problem(name, message, line)])
