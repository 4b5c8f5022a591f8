"""Numbers of README, documents and a report, and the one command that says where each is from.

``python -m tests.traced [SEED]`` chooses twenty of them, of each kind of page and number, and
prints the commands. What a run has computed is none of them: its number hangs on every input, and
``overblock verify`` computes it again.
"""

from __future__ import annotations

import csv
import json
import random
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sim.scenario.load import load_scenario
from sim.scenario.resolve import resolve
from sim.scenario.tables.seeds import read_note
from tests.conftest import REPOSITORY

N_CHOSEN = 20
SCENARIO = "telegram-2018"
REPLAY = "telegram-2018-replay"
RANGE, OUTCOME = "end of a range", "published outcome"
_ELSEWHERE = {
    "ipv6": "ipv6={}", "tenancy": "tenancy={}", "switching": "spain-2025-26",
    "stances": "stances.events=off",
}  # fmt: skip
"""Sections, or keys of them, that the scenario lacks: what brings them, or a scenario with them."""
_ROW = re.compile(
    r"^- `(?P<key>[\w.]+)` \(.+; \*assumed\* (?P<value>[\d.]+) "
    r"\(range (?P<low>[\d.]+) to (?P<high>[\d.]+), ",
    re.M,
)
_TABLES = {
    "article-figures": SCENARIO,
    "hosting-concentration": SCENARIO,
    "spain-sessions-2025-26": "match-days",
    "telegram-2018-published-totals": REPLAY,
}
"""Tables with columns of numbers that are facts, and a scenario that takes each."""
_WITHOUT_RUNS = ("names-law", "national-method", "exposure")
"""Predictors of cases whose published outcome a command tells without simulating days."""
_SAID = re.compile(r"(?<![\d.,])(\d[\d.,]*\d) million|about (\d{3})\b")


@dataclass(frozen=True)
class Claim:
    """A number as it is printed.

    Attributes
    ----------
    where
        What prints it.
    kind
        What kind of number it is.
    said
        The number, as it stands there.
    command
        Arguments of ``overblock`` that trace it.
    key
        What it is a value of; empty where the command finds it by its value alone.
    row
        Which row of a table has it; empty where the key says enough.
    """

    where: str
    kind: str
    said: str
    command: tuple[str, ...]
    key: str = ""
    row: str = ""


def claims(run: Path | None = None) -> list[Claim]:
    """All numbers that are chosen from.

    Parameters
    ----------
    run
        A run folder whose report is among the pages; none when left out.
    """
    found = [
        *_of_readme(), *_of_keys(), *_of_validation(), *_of_money(),
        *_of_cells(),
    ]  # fmt: skip
    if run is not None:
        manifest = json.loads((run / "manifest.json").read_text(encoding="utf-8"))
        found += [
            Claim(
                "report",
                str(one["kind"]),
                str(one["value"]),
                _sources(str(run), one["key"]),
                one["key"],
                f"line {one['lines']}" if "lines" in one else "",
            )
            for one in manifest["sources"]
            if isinstance(one.get("value"), int | float)
        ]
    return found


def choose(found: Sequence[Claim], seed: int) -> list[Claim]:
    """Twenty of some claims: of each kind of number of each page as many, as far as there are."""
    luck = random.Random(seed)
    strata: dict[tuple[str, str], list[Claim]] = {}
    for one in found:
        strata.setdefault((one.where, one.kind), []).append(one)
    for stratum in strata.values():
        luck.shuffle(stratum)
    chosen: list[Claim] = []
    while len(chosen) < N_CHOSEN and any(strata.values()):
        for stratum in strata.values():
            chosen += [stratum.pop()] if stratum and len(chosen) < N_CHOSEN else []
    return chosen


def falsified(claim: Claim) -> Claim:
    """The same claim with another last digit: 0.5 as 0.6, 17.77 as 17.78."""
    mantissa, e, exponent = claim.said.partition("e")
    other = mantissa[:-1] + str((int(mantissa[-1]) + 1) % 10)
    return replace(claim, said=f"{other}{e}{exponent}")


def is_same(said: str, value: Any) -> bool:
    """Whether a value is the one that is said, at the digits that are said of it."""
    digits = said.replace(",", "")
    try:
        n_decimals = len(digits.partition(".")[2])
        scale = 1e6 if float(value) >= 1e6 and float(digits) < 1e4 else 1
        return round(float(value) / scale, n_decimals) == float(digits)
    except (TypeError, ValueError):
        return said == str(value)


def _of_readme() -> list[Claim]:
    """Published figures in the prose of README, found by their value."""
    text = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    # What a picture shows was computed.
    prose = re.sub(r"```.*?```|!\[[^]]*\]", "", text, flags=re.S)
    return [
        Claim("README", "published figure", said, ("sources", REPLAY, "--rows", "--json"))
        for found in _SAID.finditer(prose)
        if (said := found[1] or found[2])
    ]


def _of_keys() -> list[Claim]:
    """Defaults and ends of ranges on the page of keys, of those that a scenario takes."""
    text = (REPOSITORY / "docs/reference/scenario.md").read_text(encoding="utf-8")
    taken = {row.key for row in resolve(load_scenario(SCENARIO)).assumed}
    found = []
    for row in _ROW.finditer(text):
        if (key := row["key"]) in taken:
            command = _sources(SCENARIO, key)
            found.append(Claim("scenario.md", "default", row["value"], command, key))
            found += [
                Claim("scenario.md", RANGE, row[end], command, key) for end in ("low", "high")
            ]
    return found


def _of_validation() -> list[Claim]:
    """Published outcomes that are told without days being simulated."""
    folder = REPOSITORY / "docs/explanation"
    scores = json.loads((folder / "validation.json").read_text(encoding="utf-8"))["scores"]
    return [
        Claim(
            "validation.json",
            OUTCOME,
            f"{one['published']['value']:.15g}",
            ("backtest", one["id"], "-n", "1", "--json", "--quiet"),
            one["id"],
        )
        for one in scores
        if one["predictor"] in _WITHOUT_RUNS
    ]


def _of_money() -> list[Claim]:
    """Prices, and constants of national methods, in their tables."""
    found = []
    for one in _rows_of("money-parameters"):
        row = " / ".join(filter(None, (one["key"], one["sector"], one["spell_class"])))
        key, command = "money-parameters.value", _rows(SCENARIO, one["key"])
        found.append(Claim("seeds", "price", one["value"], command, key, row))
    for one in _rows_of("economy-russia-2018"):
        key, command = "economy-russia-2018.value", _rows(SCENARIO, one["key"])
        found.append(Claim("seeds", "constant", one["value"], command, key, one["key"]))
    return found


def _rows_of(table: str) -> list[dict[str, str]]:
    with (REPOSITORY / "seeds" / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _of_cells() -> list[Claim]:
    """Numbers in columns of facts of tables that a scenario takes, found by their line."""
    found = []
    for name, of in _TABLES.items():
        path = REPOSITORY / "seeds" / f"{name}.csv"
        note = read_note(path)
        assert note is not None
        rows = _rows_of(name)
        for column, about in note.columns.items():
            for number, row in enumerate(rows, start=2):
                is_name = column in note.keys  # a key names a row, and claims nothing
                if about.kind == "fact" and not is_name and re.fullmatch(r"[\d.]+", row[column]):
                    key = f"{name}.{column}"
                    command = _rows(of, f"{name}.{column}")
                    found.append(
                        Claim("seeds", "cell", row[column], command, key, f"line {number}")
                    )
    return found


def _rows(of: str, key: str) -> tuple[str, ...]:
    return "sources", of, "--rows", "--find", key, "--json"


def _sources(of: str, key: str) -> tuple[str, ...]:
    needed = _ELSEWHERE.get(key.partition(".")[0], "") if of == SCENARIO else ""
    if needed and "=" not in needed:
        of = needed
    more = ("--set", needed) if "=" in needed else ()
    return "sources", of, *more, "--find", key, "--json"


if __name__ == "__main__":
    for one in choose(claims(), int(sys.argv[1]) if len(sys.argv) > 1 else 0):
        sys.stdout.write(
            f"{one.where}, {one.kind}: {one.said}: overblock {' '.join(one.command)}\n"
        )
