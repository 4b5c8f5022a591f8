"""One quantity has one number: the mean, in every table, sentence and figure."""

from __future__ import annotations

import csv
import json
import re
import shutil
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

import sim
from sim.assess.assessment import assess
from sim.catalogue.choices import RATIOS
from sim.cli.app import app
from sim.report.documents.assessment import write_assessment
from sim.report.documents.blocks import to_markdown
from sim.report.figures.figures import plot_run
from sim.report.page.document import render
from sim.report.words.numbers import number
from sim.results.read import open_run

SETTINGS = {"population.n_businesses": 40, "end": "2018-04-18T00:00+03:00"}
MARK = 777_123_456.0
"""Stands in the place of every median of money; said as 777 million."""


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("one") / "compared"
    sim.compare(
        "telegram-2018", ["aggregate:length=16"], n_replicates=3, n_draws=2, set=SETTINGS,
        folder=folder, n_workers=1,
    )  # fmt: skip
    return folder


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_tables_agree_on_the_mean_of_every_metric(compared: Path) -> None:
    summary = {(r["strategy"], r["metric"]): r["mean"] for r in rows_of(compared / "summary.csv")}
    listed = {(r["strategy"], r["metric"]): r["mean"] for r in rows_of(compared / "comparison.csv")}
    assert summary.keys() == listed.keys()
    assert {"private_loss_usd", "named_providers_loss_usd"} < {metric for _, metric in summary}
    values = duckdb.sql(
        "SELECT strategy, metric, avg(value), count(value) = count(*) "
        f"FROM '{compared}/measures.parquet' GROUP BY ALL"
    ).fetchall()
    assert len(values) == len(summary)
    for strategy, metric, mean, is_known in values:
        said = [float(table[strategy, metric] or "nan") for table in (summary, listed)]
        assert said[0] == pytest.approx(said[1], rel=1e-9, nan_ok=True), metric
        if metric not in RATIOS and is_known:
            assert said[0] == pytest.approx(mean, rel=1e-9), metric
    for row in rows_of(compared / "tradeoff.csv"):
        mean = float(summary[row["strategy"], row["collateral_metric"]])
        assert float(row["collateral"]) == pytest.approx(mean, rel=1e-9)


def test_methods_providers_and_summary_agree_on_what_was_lost(compared: Path) -> None:
    summary = {(r["strategy"], r["metric"]): r for r in rows_of(compared / "summary.csv")}
    methods = [r for r in rows_of(compared / "money.csv") if r["method"].startswith("overblock_")]
    assert len(methods) == 4
    for row in methods:
        line = summary[row["strategy"], row["method"].removeprefix("overblock_") + "_usd"]
        for name in ("mean", "median", "low", "high"):
            assert float(row[name]) == float(line[name])
    for strategy in {strategy for strategy, _ in summary}:
        named = [
            float(row["mean"])
            for row in rows_of(compared / "providers.csv")
            if (row["strategy"], row["metric"]) == (strategy, "provider_loss_usd")
            and row["provider"] in ("AWS", "Google Cloud")
        ]
        line = summary[strategy, "named_providers_loss_usd"]
        assert float(line["mean"]) == pytest.approx(sum(named), rel=1e-9)


def marked(folder: Path, copy: Path) -> Path:
    """Copy a folder with a mark in the place of every median of money."""
    shutil.copytree(folder, copy)
    for name in ("summary.csv", "money.csv", "providers.csv"):
        rows = rows_of(copy / name)
        for row in rows:
            if row["unit"].startswith("USD"):
                row["median"] = str(MARK)
        with (copy / name).open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, rows[0], lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    return copy


def words_of_page(page: str) -> str:
    """What a reader sees: without scripts and the files that are held for download."""
    page = re.sub(r"<script.*?</script>|data:text[^\"]*", "", page, flags=re.DOTALL)
    return page.replace("\N{NO-BREAK SPACE}", " ")


def test_no_document_of_a_comparison_says_the_median_of_money(
    compared: Path, tmp_path: Path
) -> None:
    run = open_run(marked(compared, tmp_path / "compared"))
    page = words_of_page(render(run))
    wide = to_markdown(write_assessment(assess(run, "aggregate:length=16")))
    loss = next(
        float(row["mean"])
        for row in rows_of(run.path / "summary.csv")
        if (row["strategy"], row["metric"]) == ("aggregate:length=16", "private_loss_usd")
    )
    assert number(loss).replace("\N{NO-BREAK SPACE}", " ") in page
    assert "777 million" not in page
    assert "777,000,000" not in wide
    assert "777,123,456" not in wide


def test_no_document_of_a_run_says_the_median_of_money_but_its_column(
    chase_run: Path, tmp_path: Path
) -> None:
    run = open_run(marked(chase_run, tmp_path / "run"))
    money = [row for row in rows_of(run.path / "summary.csv") if row["unit"].startswith("USD")]
    page = words_of_page(render(run))
    assert page.count("777 million") == len(money)
    mean = next(float(row["mean"]) for row in money if row["metric"] == "private_loss_usd")
    assert f"lost {number(mean)} USD (mean;".replace("\N{NO-BREAK SPACE}", " ") in page
    plot_run(run, tmp_path / "figures", ["money"])
    assert "777" not in (tmp_path / "figures" / "money.alt.txt").read_text(encoding="utf-8")


def test_the_terminal_says_the_mean_of_money(tmp_path: Path) -> None:
    options = "-n 2 -q --json --set population.n_businesses=20 --set end=2018-04-18T00:00+03:00"
    arguments = ["run", "telegram-2018", "-o", str(tmp_path / "out"), *options.split()]
    said = json.loads(CliRunner().invoke(app, arguments).stdout)
    means = {line["metric"]: line["mean"] for line in said["summary"]}
    (private, _) = said["money_published"]
    assert private["ratio_mean"] == pytest.approx(means["private_loss_usd"] / 1e9)
    # Said from files, and said from memory: the same words.
    from sim.report.words.money import difference_sentence, money_sentences

    of = [(line["scope"], line["mean"]) for line in said["money"]]
    assert money_sentences(open_run(tmp_path / "out"))[0] == (difference_sentence(of), True)


def test_a_title_says_what_was_changed(compared: Path) -> None:
    run = open_run(compared)
    changed = "(with population.n_businesses=40, end=2018-04-18T00:00+03:00)"
    assert run.title == f"{run.scenario['title']} {changed}"
    # The page says the days in its title, and the rest below it.
    title = f"{run.scenario['title']} (here to 17 April 2018)"
    page = render(run)
    assert f"<h1>{title}</h1>" in page
    assert "number of domestic businesses hosted in foreign clouds = 40" in page
    assert (
        to_markdown(write_assessment(assess(run)))
        .partition("\n")[0]
        .endswith(r"(with population.n\_businesses=40, end=2018-04-18T00:00+03:00)")
    )
