"""The worked example of April 2018 says what its commands print."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from sim.cli.app import app
from tests.conftest import REPOSITORY

PAGE = REPOSITORY / "docs/how-to/april-2018-the-block-that-hurts-least.md"
RUNNER = CliRunner()


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str, str], float]:
    """What the page's two commands print for replicate 0."""
    folder = tmp_path_factory.mktemp("april")
    run = (
        "run telegram-2018 --set strategy={id:␣exact} --set end=2018-05-01T00:00+03:00 "
        "-n 1 --fixed -q -o"
    )
    words = [word.replace("␣", " ") for word in run.split()]
    assert RUNNER.invoke(app, [*words, str(folder / "chase")]).exit_code == 0
    return covered(folder / "chase", 0, folder / "fronts.txt")


def covered(run: Path, replicate: int, fronts: Path) -> dict[tuple[str, str, str], float]:
    """What the page's cover says of one replicate of a run, by section, item and measure."""
    rows = duckdb.sql(
        f"SELECT DISTINCT prefix FROM '{run / 'entries.parquet'}' WHERE replicate = {replicate} "
        "ORDER BY prefix"
    ).fetchall()
    fronts.write_text("".join(f"{prefix}\n" for (prefix,) in rows), encoding="utf-8")
    cover = (
        f"cover --targets {fronts} --budget 60 --frontier 600 --against telegram-2018-orders "
        "--at 2018-04-20T12:00+03:00 -q --format csv"
    )
    result = RUNNER.invoke(app, cover.split())
    assert result.exit_code == 0, result.output
    lines = csv.DictReader(io.StringIO(result.stdout))
    return {
        (line["section"], line["item"], line["measure"]): float(line["value"])
        for line in lines
        if line["section"] != "prefixes"
    }


def text_of_page() -> str:
    return re.sub(r"\s+", " ", PAGE.read_text(encoding="utf-8"))


def test_the_commands_of_the_page_are_those_run_here():
    page = PAGE.read_text(encoding="utf-8")
    assert "--set 'strategy={id: exact}' --set end=2018-05-01T00:00+03:00" in page
    assert "--budget 60 --frontier 600" in page
    assert "--against telegram-2018-orders --at 2018-04-20T12:00+03:00" in page


def test_the_page_says_what_replicate_0_gives(found):
    unit = "IPv4 addresses"
    n, held = (
        found["same_targets", unit, "n_targets"],
        found["same_targets", unit, "n_targets_covered"],
    )
    hit, least, regret = (
        found["same_targets", unit, measure] for measure in ("collateral", "best", "regret")
    )
    page = text_of_page()
    for sentence in (
        f"In replicate 0 the target used {n:.0f} fronts.",
        f"held {held:.0f} of them with its 59 prefixes and hit {hit:,.0f} addresses beside",
        f"The best 59 prefixes for the same {held:.0f} fronts hit {least:,.0f}",
        f"the order's regret is {regret:,.0f} addresses",
        f"less than {found['frontier', '60', 'collateral']:,.0f} addresses",
        f"| share of them that the order of 20 April holds | {held / n:.0%} |".replace("%", " %"),
    ):
        assert sentence in page, sentence
    assert hit - (9216 - held) == 17_771_008  # the published count leaves the target's ranges out
    assert found["frontier", f"{n:.0f}", "collateral"] == 0
    assert n < 600
