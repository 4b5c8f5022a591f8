"""JSON documents of a bounded size and depth.

In: a stream. Out: plain values, or the reason why not. It does not know what they mean.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, BinaryIO

from sim.addresses.source import Limits, Source
from sim.errors import DataError, Problem

# The largest range file in use is a few MB; values take some twenty times their text.
MAX_DOCUMENT_BYTES = 2**26


def read_document(source: BinaryIO | Source, name: str, limits: Limits) -> dict[str, Any]:
    """Read one JSON object.

    Raises
    ------
    DataError
        If it is too large, nested too deeply, no JSON, or no object.
    """
    max_bytes = min(limits.max_bytes, MAX_DOCUMENT_BYTES)
    pieces, n_bytes = [], 0
    while piece := source.read(2**20):
        n_bytes += len(piece)
        if n_bytes > max_bytes:
            raise _refused(name, f"expected at most {max_bytes:,} bytes of JSON, got more")
        pieces.append(piece)
    try:
        value = json.loads(b"".join(pieces).decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise _refused(name, f"expected UTF-8 text, got an error: {error}") from None
    except json.JSONDecodeError as error:
        raise _refused(name, f"expected JSON, got an error: {error.msg}", error.lineno) from None
    except RecursionError:
        raise _refused(name, "expected JSON nested a few levels deep, got more") from None
    if not isinstance(value, dict):
        raise _refused(name, f"expected a JSON object, got {type(value).__name__}")
    return value


def items(document: dict[str, Any], key: str, name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the objects of a list in a document, each with its path; an absent list is empty.

    Raises
    ------
    DataError
        If the key holds anything but a list of objects.
    """
    listed = document.get(key, [])
    if not isinstance(listed, list):
        raise DataError([Problem(name, f"expected a list, got {type(listed).__name__}", key=key)])
    for position, item in enumerate(listed):
        path = f"{key}.{position}"
        if not isinstance(item, dict):
            message = f"expected an object, got {type(item).__name__}"
            raise DataError([Problem(name, message, key=path)])
        yield path, item


def text_of(item: dict[str, Any], key: str) -> str:
    """Return a text of an object; empty where it is absent or no text."""
    value = item.get(key, "")
    return value if isinstance(value, str) else ""


def _refused(name: str, message: str, line: int = 0) -> DataError:
    return DataError([Problem(name, message, line)])
