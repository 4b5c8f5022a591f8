"""What studies print on a terminal: each number of their tables, and which ones it has room for."""

from __future__ import annotations

import io
import re
from contextlib import redirect_stdout
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from sim.cli.verbs import experiments, studies


class Terminal(io.StringIO):
    """What is printed on a terminal so many columns wide."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.is_wide = width > 100

    def isatty(self) -> bool:
        return True

    def rows(self) -> list[str]:
        """What stands in each line, blanks in a row as one."""
        plain = re.sub(r"\x1b\[[\d;]*m", "", self.getvalue())
        return [" ".join(line.split()) for line in plain.splitlines()]


@pytest.fixture(params=[80, 140])
def terminal(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.setattr("sim.cli.tables.width_of", lambda stream: request.param)
    return Terminal(request.param)


def sheet(*records: dict[str, Any]) -> SimpleNamespace:
    return SimpleNamespace(records=lambda: list(records))


def test_an_analysis_has_a_table_for_each_measure(terminal: Terminal) -> None:
    line = {"metric": "moves", "unit": "moves", "factor": "effects.a", "range": "0.1 to 0.4",
            "given": 5.0, "at_low": 3.0, "at_high": 9.0, "mu_star": np.nan,
            "mu_star_low": np.nan, "mu_star_high": np.nan}  # fmt: skip
    told = line | {"mu_star": 6.5, "mu_star_low": 6.0, "mu_star_high": 7.0}
    point = told | {"factor": "effects.b", "mu_star_low": 6.5, "mu_star_high": 6.5}
    other = line | {"metric": "spells_begun", "unit": "spells", "given": 64_900.0}
    sheets = {"sensitivity.csv": sheet(told, point, other)}
    study = SimpleNamespace(sheets=sheets, folder=Path("out"))
    with redirect_stdout(terminal):
        studies.print_sensitivity(study, 7, as_json=False, quiet=True)
    rows = terminal.rows()
    assert rows[0] == "moves: 5 moves at point values"
    wide = terminal.is_wide
    assert rows[1].startswith("assumption at low at high change")
    assert rows[2] == "effects.a 3 9 6.5" + " [6, 7] 0.1 to 0.4" * wide
    assert rows[3] == "effects.b 3 9 6.5" + " 0.1 to 0.4" * wide
    assert "spells begun: 64,900 spells at point values" in rows
    assert rows[-2:] == ["effects.a 3 9 not known" + " 0.1 to 0.4" * wide, "out"]


def test_a_sweep_has_a_row_for_each_point_and_strategy(terminal: Terminal) -> None:
    point = {"point": 0, "strategy": "replay", "a.b": 0.25, "c": "x", "median": 12.0,
             "low": 11.0, "high": 13.5}  # fmt: skip
    more = point | {"median": 3.0, "low": np.nan, "high": np.nan}
    other = point | {"point": 1, "strategy": "none", "a.b": 1 / 3}
    study = SimpleNamespace(
        sheets={"sweep.csv": sheet(point, more, other, other)}, folder=Path("out")
    )
    with redirect_stdout(terminal):
        studies.print_sweep(study, ["a.b", "c"], ["spells_begun", "moves"], as_json=False)
    rows = terminal.rows()
    assert rows[:2] == [
        "Medians over replicates, with 90 % of them",
        "point strategy a.b c spells begun moves",
    ]
    assert rows[2] == "0 replay 0.25 x 12 [11, 14] 3 [not known]"
    assert rows[3:] == ["1 none 0.333333 x 12 [11, 14] 12 [11, 14]", "out"]


def test_conditioning_tells_the_acceptance_and_two_tables(terminal: Terminal) -> None:
    evidence = {"evidence": "one", "n_read": 400, "n_met": 100, "n_others": 30, "n_all": 16}
    three = {"median": 5.0, "low": 1.0, "high": 9.0}
    rest = {"measure": "moves", "without": "one", "n": 30}
    none = rest | {"without": "two", "n": 0} | dict.fromkeys(three)
    found = {"n_agreeing": 16, "n_draws": 400, "n_kept": 15, "acceptance": 0.04,
             "acceptance_95": [0.02, 0.06]}  # fmt: skip
    made = SimpleNamespace(
        manifest={"conditioned": found}, folder=Path("out"),
        sheets={"evidence.csv": sheet(evidence), "rests_on.csv": sheet(rest | three, none),
                "inputs.csv": sheet()},
    )  # fmt: skip
    with redirect_stdout(terminal):
        experiments.print_conditioned(made, as_json=False)
    rows = terminal.rows()
    assert " ".join(rows).startswith(
        "16 of 400 draws agree with all evidence: 4.0% [2.0%, 6.0%]; 15 are kept"
    )
    assert "one 100 400 16 30" in rows
    assert "moves one 30 5 [1, 9]" in rows
    assert "moves two 0 not known [not known, not known]" in rows
    assert rows[-1] == "out"
