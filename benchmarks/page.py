"""The page of benchmarks: sections that are measured, each with its circumstances.

In: sections. Out: ``docs/reference/benchmarks.md``, in which a section stands until its part is
measured again.
"""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "benchmarks.md"
HEAD = """\
# Benchmarks

Written by `python -m benchmarks --write`; `python -m benchmarks PART …` measures some parts,
`--full` all sizes. Each section says when and where it was measured. Processor seconds are those of
all threads of a process. Ratios are taken within a round in which both sides run one after the
other, so that a slow spell of the machine meets both; seconds are not to be compared from section
to section where the machine was loaded. Compiled code is loaded from its cache before anything is
timed, unless compiling is part of what is timed."""
PACKAGES = ("numpy", "numba", "simpy", "scipy", "duckdb", "mesa")
_PART = re.compile(r"<!-- part: (\S+) -->\n(.*?)\n<!-- end of part -->", re.DOTALL)


@dataclass(frozen=True)
class Promise:
    """A figure that was asked for, what was found, and whether that holds."""

    figure: str
    asked: str
    found: str
    holds: bool


@dataclass(frozen=True)
class Section:
    """What a part found: text in Markdown, and promised figures."""

    text: str
    promises: tuple[Promise, ...] = ()


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Draw a table in Markdown, with numbers to the right from the second column on."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def processor() -> str:
    """Name of the processor, as far as the system tells."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    names = (line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or "unknown processor")


def circumstances(command: str, seconds: float, load_before: float) -> str:
    """One paragraph: when, where, with which versions, and how busy the machine was."""
    found = []
    for package in PACKAGES:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            found.append(f"{package} missing")
    n_processors = len(os.sched_getaffinity(0))
    kernel = ".".join(platform.release().split(".")[:2])
    state = "busy" if load_before > 0.5 else "idle"
    return (
        f"*{datetime.now(UTC):%Y-%m-%d}, `{command}`, {seconds / 60:.1f} minutes. {processor()}, "
        f"{n_processors} processors, {platform.system()} {kernel}, "
        f"CPython {platform.python_version()}, {', '.join(found)}. "
        f"Load before it {load_before:.1f}: {state}.*"
    )


def document(title: str, section: Section, said: str) -> str:
    """One section as it stands on the page."""
    parts = [f"## {title}", said]
    if section.promises:
        rows = [
            [one.figure, one.asked, one.found, "holds" if one.holds else "**missed**"]
            for one in section.promises
        ]
        parts.append(table(["figure", "asked", "found", ""], rows))
    return "\n\n".join([*parts, section.text])


def write(measured: Mapping[str, str], sequence: Sequence[str]) -> None:
    """Write sections into the page; those that were not measured now stay as they are."""
    kept = dict(_PART.findall(PAGE.read_text(encoding="utf-8"))) if PAGE.exists() else {}
    known = kept | dict(measured)
    parts = [
        f"<!-- part: {part} -->\n{known[part]}\n<!-- end of part -->"
        for part in sequence
        if part in known
    ]
    PAGE.write_text("\n\n".join([HEAD, *parts]) + "\n", encoding="utf-8")
