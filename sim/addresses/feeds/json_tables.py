"""JSON of a bounded size and depth, and the addresses in arrays and lines of JSON.

Read are ``["198.51.100.0/24", …]``, ``[{"ip": …}, …]``, and one object a line as Spamhaus writes
DROP. Keys name columns, as in an inventory. Entries of an array are counted from 1 as lines are.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any

import numpy as np

from sim.addresses.feeds.feed import Feed
from sim.addresses.feeds.gather import Gathering, read_numbered
from sim.addresses.feeds.inputs import Sample, plain_name
from sim.addresses.feeds.inventories import ADDRESS_COLUMNS, Table
from sim.addresses.feeds.verdicts import NAMES, lets_through
from sim.addresses.sets.notation import shown
from sim.addresses.text.source import Readable
from sim.files import RepeatedKeyError, not_utf8
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


def read_document(source: Readable, gathering: Gathering, what: str, *keys: str) -> dict[str, Any]:
    """Read one JSON object that has one of the keys its kind is known by, as `check_keys`.

    Raises
    ------
    DataError
        If it is too large, nested too deeply, no JSON, no object, or another one.
    """
    value = decode_value(read_whole(source, gathering), gathering)
    if not isinstance(value, dict):
        raise gathering.wrong(f"expected a JSON object, got {type(value).__name__}")
    check_keys(value, keys, gathering, what)
    return value


def read_whole(source: Readable, gathering: Gathering) -> bytes:
    """Read a file of the size that a JSON document may have.

    Raises
    ------
    DataError
        If it is larger.
    """
    max_bytes = min(gathering.limits.max_bytes, MAX_DOCUMENT_BYTES)
    pieces, n_bytes = [], 0
    while piece := source.read(2**20):
        n_bytes += len(piece)
        if n_bytes > max_bytes:
            raise gathering.wrong(f"expected at most {max_bytes:,} bytes of JSON, got more")
        pieces.append(piece)
    return b"".join(pieces)


def decode_value(data: bytes, gathering: Gathering) -> Any:
    """Return the value of a JSON document.

    Raises
    ------
    DataError
        If it is no JSON, or nested too deeply.
    """
    try:
        return parse_json(data)
    except json.JSONDecodeError as error:
        way = "; `jq -s .` joins several documents" if error.msg == "Extra data" else ""
        raise gathering.wrong(
            f"expected JSON, got an error: {error.msg}{way}", error.lineno
        ) from None
    except ValueError as error:
        raise gathering.wrong(str(error)) from None


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
        raise ValueError(not_utf8(text, f"the byte 0x{error.object[error.start]:02x}")) from None
    try:
        return parse_json_text(decoded)
    except (json.JSONDecodeError, RepeatedKeyError):
        raise
    except RecursionError:
        raise ValueError("expected JSON nested a few levels deep, got more") from None
    except ValueError:
        # Python converts no text of more than sys.get_int_max_str_digits() digits.
        raise ValueError("expected numbers of a few digits, got one of thousands") from None


def check_keys(
    document: dict[str, Any], keys: Sequence[str], gathering: Gathering, what: str
) -> None:
    """Refuse a document that has none of the keys its kind is known by, or that takes some back.

    Raises
    ------
    DataError
        With the keys it has, or with the one that says what is no longer there.
    """
    if taken_back := _taken_back(document, ""):
        message = "expected ranges that are all in use, got some that are removed or left out"
        raise gathering.wrong(f"{message}: take them out", key=taken_back)
    if not any(key in document for key in keys):
        got = ", ".join(map(shown, list(document)[:8])) or "none"
        wanted = f"expected {what} with the key {' or '.join(keys)}"
        raise gathering.wrong(f"{wanted}, got keys {got}")


def _taken_back(value: Any, path: str) -> str:
    """Path of the first key that withdraws its neighbours; empty if there is none."""
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
    document: dict[str, Any], key: str, gathering: Gathering, above: str = ""
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
        raise gathering.wrong(f"expected a list, got {type(listed).__name__}", key=key)
    check_entries(len(listed), gathering, key)
    for position, item in enumerate(listed):
        path = f"{key}.{position}"
        if not isinstance(item, dict):
            raise gathering.wrong(f"expected an object, got {type(item).__name__}", key=path)
        yield path, item


def check_entries(n_entries: int, gathering: Gathering, key: str) -> None:
    """Refuse lists of more entries than a document may hold.

    Raises
    ------
    DataError
        If there are more.
    """
    if n_entries > MAX_ENTRIES:
        message = f"expected at most {MAX_ENTRIES:,} entries, got {n_entries:,}"
        raise gathering.wrong(message, key=key)


def text_of(item: dict[str, Any], key: str) -> str:
    """Return a text of an object; empty where it is absent or no text.

    Half a character, as JSON can spell it, is no text of any encoding: it stays spelled.
    """
    value = item.get(key, "")
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else ""


# Objects turned into columns at a time.
_BATCH = 10_000


def read_json_list(source: Readable, gathering: Gathering) -> Feed:
    """Read one JSON array of texts, each an address, or of objects with an address in each.

    Raises
    ------
    DataError
        If no key of the first objects names addresses, or several do.
    """
    entries = decode_value(read_whole(source, gathering), gathering)
    if not isinstance(entries, list):
        raise gathering.wrong(f"expected a JSON array, got {type(entries).__name__}")
    check_entries(len(entries), gathering, "")
    gathering.n_lines = len(entries)
    kind: type = str
    what = "an address"
    if any(isinstance(entry, dict) for entry in entries):
        kind, what = dict, "an object"
    for number, entry in enumerate(entries, 1):
        if not isinstance(entry, kind):
            gathering.refuse(f"expected {what}, got {shown(str(entry))}", number)
    good = [each for each in enumerate(entries, 1) if isinstance(each[1], kind)]
    if kind is dict:
        table = Table(gathering, needs_address=True)
        _add_objects(table, gathering, good)
        return table.finish("json-list")
    texts = [text_of({"": entry}, "") for _, entry in good]
    line = np.array([number for number, _ in good], np.int64)
    gathering.add_texts(texts, gathering.add_records(len(texts)), line)
    return gathering.finish("json-list")


def read_json_lines(source: Readable, gathering: Gathering) -> Feed:
    """Read one JSON object a line, with an address in each.

    A line of ``"type": "metadata"``, as Spamhaus ends its lists with, gives the date, the terms and
    the number of records before it.

    Raises
    ------
    DataError
        As for `read_json_list`.
    """
    table = Table(gathering, needs_address=True)
    dates: dict[str, None] = {}
    terms = [""]

    def objects() -> Iterator[tuple[int, dict[str, Any]]]:
        n_objects = 0
        for number, line in chain.from_iterable(read_numbered(source, gathering)):
            entry = parse_object(line, number, gathering)
            if entry and entry.get("type") == "metadata" and not _address_keys(entry):
                dates[str(entry.get("timestamp", ""))] = None
                terms.append(text_of(entry, "terms") or terms[-1])
                n_stated = str(entry.get("records", n_objects))
                if n_stated != str(n_objects):
                    message = f"expected {n_stated:.20} records before this line, got {n_objects:,}"
                    gathering.refuse(f"{message}: the file was cut or changed", number, "records")
                n_objects = 0
            else:
                n_objects += 1
                if entry is not None:
                    yield number, entry
        if n_objects and dates:
            message = f"expected a line of metadata behind the last {n_objects:,} records"
            gathering.refuse(f"{message}, got none: the file was cut", gathering.n_lines)

    _add_objects(table, gathering, objects())
    if "sblid" in table.others.unread and not dates:
        gathering.note("no line of metadata says how many records there are: some may be missing")
    return table.finish("json-lines", ", ".join(dates), terms[-1])


def parse_object(line: str, number: int, gathering: Gathering) -> dict[str, Any] | None:
    """Return the object of one line; None, and refused, where there is none."""
    try:
        found = parse_json(line.encode())
        if isinstance(found, dict):
            return found
        message = f"expected a JSON object, got {type(found).__name__}"
    except json.JSONDecodeError as error:
        message = f"expected a JSON object, got an error: {error.msg}"
    except ValueError as error:
        message = str(error)
    gathering.refuse(message, number)
    return None


def _add_objects(
    table: Table, gathering: Gathering, objects: Iterable[tuple[int, dict[str, Any]]]
) -> None:
    """Add objects, each with its number, as rows of a table."""
    waiting = iter(objects)
    while entries := list(islice(waiting, _BATCH)):
        keys = {key: key for key in table.chosen.values()}
        keys |= {text_of({"": key}, ""): key for _, entry in entries for key in entry}
        values = {text: [entry.get(key) for _, entry in entries] for text, key in keys.items()}
        table.add_values(values, np.array([number for number, _ in entries], np.int64))
        for number, entry in entries if "address_2" not in table.chosen else ():
            given = entry.get(keys[table.chosen["address"]], "")
            if given is None or (isinstance(given, str) and not given.strip()):
                message = f"expected an address, got an object with keys {', '.join(entry)[:200]}"
                gathering.refuse(message, number, table.chosen["address"])


def _address_keys(entry: Mapping[str, Any]) -> Sequence[str]:
    return [key for key in entry if plain_name(key) in ADDRESS_COLUMNS]


def fits_json_list(sample: Sample) -> bool:
    """Return whether it is an array of texts, or of objects that name addresses."""
    return sample.is_array and (not sample.keys or bool(_address_keys(sample.keys)))


def fits_json_lines(sample: Sample) -> bool:
    """Return whether the first line is an object that names addresses."""
    if not sample.is_json or sample.is_array or not sample.lines:
        return False
    try:
        found = parse_json(sample.lines[0].encode())
    except RepeatedKeyError:
        # Read as what it begins as, and refused there with its line.
        return bool(_address_keys(sample.keys))
    except ValueError:
        return False
    return bool(_address_keys({sample.roles.get(plain_name(key), key): None for key in found}))
