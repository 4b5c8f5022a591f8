"""What studies print on a terminal: each number of their tables, and which ones it has room for."""

from __future__ import annotations

import io
import re
from contextlib import redirect_stdout
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from sim.cli.tables import sensitivity
from sim.cli.verbs import calibrate, sweep
from sim.uncertainty.influence import Line


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
    monkeypatch.setattr("sim.cli.terminal.tables.width_of", lambda stream: request.param)
    return Terminal(request.param)


def sheet(*records: dict[str, Any]) -> SimpleNamespace:
    return SimpleNamespace(records=lambda: list(records))


def test_an_analysis_has_a_table_for_each_measure(terminal: Terminal) -> None:
    line = Line("moves", "moves", "effects.a", "share", "0.1 to 0.4", 1, 5.0, 3.0, 9.0)
    told = replace(line, mu_star=6.5, mu_star_low=6.0, mu_star_high=7.0, total=0.456,
                   total_low=0.25, total_high=0.75)  # fmt: skip
    point = replace(told, factor="effects.b", mu_star_low=6.5, mu_star_high=6.5,
                    total_low=np.nan, total_high=np.nan)  # fmt: skip
    other = replace(line, metric="spells_begun", unit="spells", given=64_900.0)
    study = SimpleNamespace(lines=[told, point, other], folder=Path("out"))
    with redirect_stdout(terminal):
        sensitivity.print_result(study, 7, as_json=False, quiet=True)
    rows = terminal.rows()
    assert rows[0] == "moves: 5 moves as given"
    wide = terminal.is_wide
    assert rows[1].startswith("assumption at low at high change total")
    assert rows[2] == ("effects.a 3 9 6.5 [6, 7] 0.46 [0.25, 0.75] 0.1 to 0.4" if wide
                       else "effects.a 3 9 6.5 0.46")  # fmt: skip
    assert rows[3] == ("effects.b 3 9 6.5 0.46 0.1 to 0.4" if wide else "effects.b 3 9 6.5 0.46")
    assert "spells begun: 64,900 spells as given" in rows
    assert rows[-2:] == ["effects.a 3 9 not known" + " 0.1 to 0.4" * wide, "out"]


def test_a_sweep_has_a_row_for_each_point_and_strategy(terminal: Terminal) -> None:
    point = {"point": 0, "strategy": "replay", "a.b": 0.25, "c": "x", "mean": 12.0,
             "mean_low": 11.0, "mean_high": 13.5}  # fmt: skip
    more = point | {"mean": 3.0, "mean_low": np.nan, "mean_high": np.nan}
    other = point | {"point": 1, "strategy": "none", "a.b": 1 / 3}
    study = SimpleNamespace(
        sheets={"sweep.csv": sheet(point, more, other, other)}, folder=Path("out")
    )
    with redirect_stdout(terminal):
        sweep._print_result(study, ["a.b", "c"], ["spells_begun", "moves"], as_json=False)
    rows = terminal.rows()
    assert rows[:2] == [
        "Means over replicates, with their 95 % intervals",
        "point strategy a.b c spells begun moves",
    ]
    assert rows[2] == "0 replay 0.25 x 12 [11, 14] 3 [not known]"
    assert rows[3:] == ["1 none 0.333333 x 12 [11, 14] 12 [11, 14]", "out"]


def test_a_calibration_says_what_figures_and_assumptions_became(terminal: Terminal) -> None:
    spans = {
        "prior_median": 5.0, "prior_low": 1.0, "prior_high": 9.0,
        "posterior_median": 4.0, "posterior_low": 3.0, "posterior_high": 6.0,
    }  # fmt: skip
    figures = [
        spans | {"case": f"case-{at}", "published_low": low, "published_high": high,
                 "explained": 0.5, "n_ruled_out": at}
        for at, (low, high) in enumerate([(2, 2), (2, 3), (None, 3), (2, None), (None, None)])
    ]  # fmt: skip
    unknowns = [spans | {"unknown": "effects.a", "distance": 0.25, "by_chance": 0.125}]
    history = SimpleNamespace(
        weight=np.array([0.5, 0.25, 0.25, 0.0]), wave=np.array([1, 1, 2, 1]),
        is_ruled_out=np.array([False, False, True, True]), discrepancy=0.1,
    )  # fmt: skip
    made = SimpleNamespace(
        history=history, folder=Path("out"),
        sheets={"figures.csv": sheet(*figures), "unknowns.csv": sheet(*unknowns)},
    )  # fmt: skip
    with redirect_stdout(terminal):
        calibrate._print_result(made, as_json=False)
    rows = terminal.rows()
    assert " ".join(rows).startswith(
        "1 of 3 draws ruled out; 3 of 4 weigh something, as much as 2.7 of equal weight; "
        "discrepancy 0.1 in log10, assumed figure published all ranges weighted"
    )
    told = " 5 [1, 9] 4 [3, 6] "
    for row in (f"case-0 2{told}0.5 0", f"case-1 2 to 3{told}0.5 1", f"case-2 ≤ 3{told}0.5 2",
                f"case-3 ≥ 2{told}0.5 3", f"case-4{told}0.5 4",
                f"effects.a{told}0.25 0.125"):  # fmt: skip
        assert row in rows
    assert rows[-1] == "out"
