"""The addresses listed in April and May 2018, against an independent union and published totals.

The union is computed here, from the order table alone, with the standard ``csv``, ``datetime`` and
``ipaddress``; nothing of the simulator takes part in it.
"""

from __future__ import annotations

import csv
import io
import re
from datetime import datetime
from ipaddress import IPv4Network, collapse_addresses
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from sim.cli.app import app
from tests.conftest import REPOSITORY

MSK = "+03:00"
START = datetime.fromisoformat(f"2018-04-16T00:00{MSK}")
TOTALS = [
    # (instant, distinct addresses from then on, without the target's own)
    ("2018-04-16T16:00", 655_360),
    ("2018-04-16T19:30", 1_835_008),
    ("2018-04-17T16:45", 18_350_080),
    ("2018-04-17T22:00", 16_252_928),
    ("2018-04-20T12:00", 17_771_008),
    ("2018-04-25T16:00", 17_931_776),
    ("2018-04-28T17:00", 14_589_440),
    ("2018-05-08T17:00", 10_845_696),
    ("2018-05-19T21:00", 10_870_272),
]


def seed_rows(repository: Path, name: str) -> list[dict[str, str]]:
    with (repository / "seeds" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def size_outside(networks: list[IPv4Network], own: list[IPv4Network]) -> int:
    """Distinct addresses of ``networks`` outside ``own``; two prefixes nest or are disjoint."""
    total = 0
    for network in collapse_addresses(networks):
        inside = [other for other in collapse_addresses(own) if other.subnet_of(network)]
        if not any(network.subnet_of(other) for other in own):
            total += network.num_addresses - sum(other.num_addresses for other in inside)
    return total


def union_over_time(repository: Path) -> list[tuple[int, int]]:
    """``(seconds since the start, distinct addresses)`` at each time at which the count changes."""
    own = [IPv4Network(row["prefix"]) for row in seed_rows(repository, "telegram-prefixes-2018")]
    rows = seed_rows(repository, "telegram-2018-orders")
    times = sorted({datetime.fromisoformat(row["effective"]) for row in rows})
    in_force: list[IPv4Network] = []
    curve = [(0, 0)]
    for time in times:
        for row in rows:
            if datetime.fromisoformat(row["effective"]) == time:
                network = IPv4Network(row["prefix"])
                if row["action"] == "block":
                    in_force.append(network)
                else:
                    in_force.remove(network)
        size = size_outside(in_force, own)
        if size != curve[-1][1]:
            curve.append((int((time - START).total_seconds()), size))
    return curve


def listed(run: Path, metric: str, replicate: int = 0) -> list[tuple[int, int]]:
    rows = duckdb.execute(
        f"SELECT t_s, value FROM '{run}/curves.parquet' WHERE metric = ? AND replicate = ? "
        "AND provider IS NULL AND sector IS NULL ORDER BY t_s",
        [metric, replicate],
    ).fetchall()
    return [(int(t_s), int(value)) for t_s, value in rows]


def value_at(curve: list[tuple[int, int]], t_s: int) -> int:
    return [value for time, value in curve if time <= t_s][-1]


@pytest.mark.parametrize(("instant", "addresses"), TOTALS)
def test_the_orders_add_up_to_the_totals_reconstructed_from_publications(
    repository: Path, instant: str, addresses: int
) -> None:
    t_s = int((datetime.fromisoformat(f"{instant}{MSK}") - START).total_seconds())
    curve = union_over_time(repository)
    assert value_at(curve, t_s) == addresses
    assert value_at(curve, t_s - 1) != addresses  # it is this order that makes the total


def test_the_peak_is_the_total_of_17_april(repository: Path) -> None:
    curve = union_over_time(repository)
    assert max(value for _, value in curve) == 18_350_080


def test_the_simulated_register_equals_the_union_at_every_change_point(
    shipped_single_run: Path, repository: Path
) -> None:
    expected = union_over_time(repository)
    assert len(expected) > 15
    assert listed(shipped_single_run, "addresses_listed") == expected


def test_luck_does_not_touch_the_register_when_times_are_best_estimates(
    shipped_run: Path,
) -> None:
    assert listed(shipped_run, "addresses_listed", 0) == listed(shipped_run, "addresses_listed", 1)


def test_exact_published_totals_are_met_to_the_address(
    shipped_single_run: Path, repository: Path
) -> None:
    """Totals published as exact sums: six prefixes on 16 April, 53 subnets on 20 April."""
    curve = listed(shipped_single_run, "addresses_listed")
    rows = {row["when"]: int(row["addresses"]) for row in seed_rows(
        repository, "telegram-2018-published-totals")}  # fmt: skip
    for when, published in [("2018-04-16T21:00+03:00", 1_835_008), ("2018-04-20", 17_771_008)]:
        assert rows[when] == published
        at = datetime.fromisoformat(when if "T" in when else f"{when}T23:59{MSK}")
        assert value_at(curve, int((at - START).total_seconds())) == published


# The worked example of April 2018 says what its commands print.


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
