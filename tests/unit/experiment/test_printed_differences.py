"""Each printed difference is that of the values it is printed for, wherever it is printed.

Strategies of one comparison may differ in what they measure: a list of both families makes a world
with IPv6, and no blocking one without.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest
from typer.testing import CliRunner

from sim.cli.app import app
from sim.cli.tables.comparison import sections
from sim.cli.tables.sections import print_markdown
from sim.experiment.comparison import Measured, compare_strategies
from sim.experiment.metrics import check_metrics
from sim.experiment.pipeline import carry_out
from sim.experiment.plan import Plan
from sim.experiment.runs import Runs, RunsResult
from sim.measure.measures import Measure
from sim.report.page.bands import with_bands
from sim.report.page.tables import difference_table
from sim.results.read import open_run
from sim.results.tables import read_rows
from sim.scenario.load import load_scenario
from sim.scenario.resolve import resolve
from sim.scenario.variants import choose_variants
from tests.experiments import Scripted

NETWORKS = "networks_listed_peak"
BOTH_FAMILIES = "198.51.100.0/24\n203.0.113.7\n2001:67c:4e8::/48\n"
SCALES = {"M": 1e6, "million": 1e6, "billion": 1e9, "%": 0.01}
NUMBER = re.compile(r"([-+]?[\d,]+(?:\.\d+)?(?:e[-+]?\d+)?)\s?(M|million|billion|%)?")


class Said(NamedTuple):
    """A value that is printed for a strategy in a metric, and its printed difference."""

    metric: str
    strategy: str
    value: str
    difference: str


def compared(path: str, strategies: list[str], baseline: str, folder: Path, **more) -> RunsResult:
    """Compare three replicates of a few businesses."""
    overrides = ["population.n_businesses=30", *more.pop("overrides", ())]
    resolved = resolve(load_scenario(path, overrides))
    variants, against = choose_variants(resolved, strategies, baseline)
    plan = Plan.of_comparison(resolved, variants, against, (), 1, 3)
    if n_draws := more.pop("n_draws", 0):
        plan = plan.with_draws(n_draws)
    return carry_out(Runs(plan), folder=folder, **more)


@pytest.fixture(scope="module")
def listed(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A list of both families, as `init` takes it."""
    folder = tmp_path_factory.mktemp("listed")
    (folder / "list.txt").write_text(BOTH_FAMILIES)
    case = folder / "case"
    days = ("--from", "2026-03-01", "--to", "2026-03-03")
    given = ("--country", "AT", *days, "--blocklist", str(folder / "list.txt"), "-q")
    assert CliRunner().invoke(app, ["init", str(case), *given]).exit_code == 0
    return str(case / "scenario.yaml")


CHASE = ["exact", "aggregate:length=16"]
SHORT = {"overrides": ["end=2018-04-17T12:00+03:00"]}


@pytest.fixture(scope="module")
def results(listed: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, RunsResult]:
    """Comparisons with a list of both families, of other strategies with draws, and cut short."""
    at = tmp_path_factory.mktemp("compared")
    cut = Scripted(interrupt_after=7)
    return {
        "to the list": compared(listed, ["none"], "orders", at / "a"),
        "to nothing": compared(listed, ["orders"], "none", at / "b"),
        "chase": compared("telegram-2018", CHASE, "exact", at / "c", n_draws=2, **SHORT),
        "cut short": compared("telegram-2018", CHASE, "none", at / "d", executor=cut, **SHORT),
    }


def in_csv(result: RunsResult) -> Iterator[Said]:
    for row in read_rows(open_run(result.folder), "comparison.csv"):
        yield Said(*(str(row[name]) for name in ("metric", "strategy", "mean", "difference")))


def in_terminal(result: RunsResult) -> Iterator[Said]:
    for section in sections(result):
        for row in section.rows:
            if len(section.columns) == 3 and section.columns[2].heading.startswith("minus "):
                yield Said(section.key, str(row[0]), str(row[1]), str(row[2]))


def in_markdown(result: RunsResult) -> Iterator[Said]:
    with redirect_stdout(io.StringIO()) as printed:
        print_markdown(sections(result))
    metric, has_differences = "", False
    for line in printed.getvalue().replace("\\", "").splitlines():
        if line.startswith("### "):
            metric = line.removeprefix("### ")
        cells = [cell.strip() for cell in line.split("|")[1:-1]]
        if cells[:1] == ["strategy"]:
            has_differences = len(cells) == 3 and cells[2].startswith("minus ")
        elif cells and has_differences and not cells[1].startswith("---"):
            yield Said(metric, cells[0], cells[1], cells[2])


def in_page(result: RunsResult) -> Iterator[Said]:
    run = open_run(result.folder)
    rows = with_bands(run, read_rows(run, "comparison.csv"))
    for line in difference_table(rows, run.manifest["baseline"]).rows:
        cells = [cell.text for cell in line.cells]
        yield Said(line.group, cells[0], cells[1], cells[-1])


SURFACES: dict[str, Callable[[RunsResult], Iterator[Said]]] = {
    "csv": in_csv, "terminal": in_terminal, "markdown": in_markdown, "page": in_page,
}  # fmt: skip


def read(text: str, *, is_exact: bool) -> tuple[float, float]:
    """The first number of a text, and what rounding may have taken from it; NaN without one."""
    found = NUMBER.match(text)
    if found is None:
        return math.nan, 0.0
    value = float(found[1].replace(",", ""))
    scale = SCALES.get(found[2] or "", 1.0)
    if is_exact or not value:
        return value, abs(value) * 1e-12
    # Three digits, but never less than is shown of a whole number.
    last = max(10.0 ** (math.floor(math.log10(abs(value))) - 2), 1.0 if abs(value) >= 10 else 0.0)
    return value * scale, last * scale * 0.5


def broken(said: list[Said], baseline: str, *, is_exact: bool) -> list[Said]:
    """Printed differences that are not those of the values they are printed for."""
    value = {(one.metric, one.strategy): read(one.value, is_exact=is_exact) for one in said}
    found = []
    for one in said:
        if one.strategy == baseline:
            continue
        mine = value[one.metric, one.strategy]
        base = value.get((one.metric, baseline), (math.nan, 0.0))
        expected, (got, slack) = mine[0] - base[0], read(one.difference, is_exact=is_exact)
        slack = 1.001 * (slack + mine[1] + base[1]) + 1e-12
        if math.isnan(expected) != math.isnan(got) or abs(got - expected) > slack:
            found.append(one)
    return found


@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize("name", ["to the list", "to nothing", "chase", "cut short"])
def test_each_printed_difference_is_that_of_the_values_it_is_printed_for(
    results, name: str, surface: str
) -> None:
    result = results[name]
    said = list(SURFACES[surface](result))
    baseline = result.manifest["baseline"]
    others = [one for one in said if one.strategy != baseline]
    assert sum(not math.isnan(read(one.difference, is_exact=False)[0]) for one in others) > 4
    assert broken(said, baseline, is_exact=surface == "csv") == []
    # The law is no law unless it finds a difference that is printed for another measure.
    row = next(row for row, one in enumerate(said) if re.match(r"[-+]?[1-9]", one.difference))
    wrong = said[row]._replace(difference="-7777")
    assert broken([*said[:row], wrong, *said[row + 1 :]], baseline, is_exact=False) == [wrong]


def test_it_is_said_that_differences_are_taken_before_rounding(results) -> None:
    """27,051 and 15,822 differ by 11,229 as printed, and by 11,228 before they were rounded."""
    for result in results.values():
        with redirect_stdout(io.StringIO()) as printed:
            print_markdown(sections(result))
        assert printed.getvalue().count("differences are taken before values are rounded") == 1
        run = open_run(result.folder)
        rows = with_bands(run, read_rows(run, "comparison.csv"))
        caption = difference_table(rows, run.manifest["baseline"]).caption
        assert caption.endswith("; differences are taken before rounding")


def test_a_list_of_both_families_and_no_blocking_have_the_same_measures(results) -> None:
    for name in ("to the list", "to nothing"):
        said = {(one.strategy, one.metric): one for one in in_csv(results[name])}
        measured = [
            {metric for label, metric in said if label == one} for one in ("orders", "none")
        ]
        assert measured[0] == measured[1]
        # 65,536 networks of a /48, by hand; none without blocking.
        assert float(said["orders", NETWORKS].value) == 2**16
        assert float(said["none", NETWORKS].value) == 0
        sign = 1 if name == "to nothing" else -1
        label = "orders" if name == "to nothing" else "none"
        assert float(said[label, NETWORKS].difference) == sign * 2**16
        assert float(said[label, "orders_placed"].difference) == sign * 3


def test_a_comparison_that_was_cut_short_compares_what_all_have(results) -> None:
    result = results["cut short"]
    assert result.manifest["status"] == "interrupted"
    lines = result.comparison
    assert {line.n_replicates for line in lines} == {
        2
    }  # seven runs of nine, replicate by replicate


def test_measures_are_matched_by_name_whatever_their_sequence() -> None:
    def measured(**values: float) -> Measured:
        return Measured.of({r: [Measure(k, "u", v + r) for k, v in values.items()] for r in (0, 1)})

    parts = {"base": measured(c=5, a=1), "other": measured(a=11, b=100, c=25)}
    lines = compare_strategies(parts, "base", (), 1)
    assert [(line.metric, line.difference) for line in lines if line.strategy == "other"] == [
        ("a", 10), ("b", pytest.approx(math.nan, nan_ok=True)), ("c", 20)
    ]  # fmt: skip
    _, (width,) = check_metrics(("a", "b", "c"), (), [], [], ["difference:c=1"])
    assert width.excess(parts, "base", 1) == 0  # the same in both replicates: no width at all
    # Replicate 1 of the baseline and 0 of the other, which is now called 1, are all that is shared.
    uneven = {**parts, "other": replace(parts["other"], replicate=parts["other"].replicate + 1)}
    (_, line) = compare_strategies(uneven, "base", ("a",), 1)
    assert (line.n_replicates, line.mean, line.difference) == (1, 11, 9)
    assert width.excess(uneven, "base", 1) == 0
    apart = {**parts, "other": replace(parts["other"], replicate=parts["other"].replicate + 2)}
    assert compare_strategies(apart, "base", (), 1) == ()
