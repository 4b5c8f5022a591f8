"""Whose numbers a record of errors is of: a result of another version is said to be of another."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from sim.backtest.error_rate import ErrorRate, ErrorRates
from sim.bundle.statement import _error_rates
from sim.report.page.error_rate import rates_answer, rates_of, told_of_rates
from sim.report.words.languages import IN_ENGLISH
from sim.results.read import RunFolder, open_run

TRIED = ErrorRate("businesses", 4, 3, 2, 0, 0, None)
RECORD = ErrorRates("9.9", 0.9, TRIED, (TRIED,), None)
OTHER = (
    "This result is of version {}, whose numbers have not been compared with what was published."
)


def of_version(run: RunFolder, version: str) -> RunFolder:
    return replace(run, manifest={**run.manifest, "tool": {"version": version}})


@pytest.mark.parametrize("version", ["9.9", "9.10.dev0"])
def test_a_record_of_another_version_is_said_to_be_so(version: str, shipped_run: Path) -> None:
    run = of_version(open_run(shipped_run), version)
    for said in (
        told_of_rates(RECORD, run),
        rates_answer(RECORD, run),
        "\n".join(_error_rates(RECORD, run, IN_ENGLISH)),
    ):
        assert "version 9.9" in said
        assert (OTHER.format(version) in said) == (version != "9.9")


def test_the_shipped_record_is_of_this_version_or_the_page_says_that_it_is_not(
    shipped_run: Path,
) -> None:
    run = open_run(shipped_run)
    own, record = run.manifest["tool"]["version"], rates_of(run)
    assert (OTHER.format(own) in told_of_rates(record, run)) == (record.version != own)
