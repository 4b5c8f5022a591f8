"""Commands of RouterOS, cut apart.

In: a line of a script. Out: its commands without regard to what stands in quotes, and of each its
verb and what it names. It does not know what they mean.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_WORD = re.compile(r'([\w.-]+)=("(?:[^"\\]|\\.)*"|[^\s"}]*)|([^\s{}]+)')
_FOUND = re.compile(r'([\w.-]+)=("(?:[^"\\]|\\.)*"|[^\s"\]}]*)')
# A verb that changes entries, at the start of a command or of one in braces or brackets.
_CHANGE = re.compile(r"(?:^|[\s{\[])(remove|disable|enable|unset|set|edit)(?=\s|$)")
_ADD = re.compile(r"(?:^|[\s{])add\s(.*)", re.DOTALL)


class Change(NamedTuple):
    """A command that changes entries that are there.

    Attributes
    ----------
    verb
        ``remove``, ``disable``, ``enable``, ``set``, ``unset`` or ``edit``.
    where
        Properties that entries are found by; None where they are named in another way.
    given
        What is set.
    """

    verb: str
    where: Mapping[str, str] | None
    given: Mapping[str, str]


def split_commands(line: str) -> list[str]:
    """Cut a line at the semicolons that stand in no quotes."""
    blank = _QUOTED.sub(lambda quoted: "_" * len(quoted[0]), line)
    starts = [0, *(found.end() for found in re.finditer(";", blank))]
    ends = [*(start - 1 for start in starts[1:]), len(line)]
    return [
        text for start, end in zip(starts, ends, strict=True) if (text := line[start:end].strip())
    ]


def added(command: str) -> tuple[dict[str, str], set[str]] | None:
    """Properties and flags of what a command adds; None where it adds nothing."""
    found = _ADD.search(command)
    if found is None:
        return None
    words = _WORD.findall(found[1])
    return {key: _bare(value) for key, value, _ in words if key}, {
        flag for *_, flag in words if flag
    }


def changed(command: str) -> Change | None:
    """Return what a command changes; None where it changes nothing."""
    blank = _QUOTED.sub(lambda quoted: "_" * len(quoted[0]), command)
    found = _CHANGE.search(blank)
    if found is None:
        return None
    rest = command[found.end() :].strip()
    named = re.match(r"(numbers=)?\[\s*(?:[\w/ -]*\s)?find\b(?P<by>.*?)\]", rest, re.DOTALL)
    after = rest[named.end() :] if named else rest
    given = {key: _bare(value) for key, value in _FOUND.findall(after)}
    return Change(found[1], _where(named["by"]) if named else None, given)


def _where(by: str) -> dict[str, str] | None:
    """Properties that entries must have; None where they are found in another way."""
    text = by.strip().removeprefix("where").strip()
    left = _FOUND.sub("", text).replace("&&", "").replace(" and ", " ").strip()
    return None if left else {key: _bare(value) for key, value in _FOUND.findall(text)}


def _bare(value: str) -> str:
    return value.strip('"')
