"""An assessment against the tables of its comparison, and its words against hostile text."""

from __future__ import annotations

import csv
import json
import math
import re
import shutil
from dataclasses import replace
from functools import cache
from pathlib import Path

import duckdb
import numpy as np
import pytest
from ruamel.yaml import YAML
from scipy import stats
from typer.testing import CliRunner

from sim.assess.assessment import Alternative, Assessment, assess
from sim.assess.court_facts import CourtFacts, read_court_facts
from sim.assess.estimates import Estimate
from sim.assess.safeguards import Wait
from sim.assess.verdicts import OF_LUCK, Verdict, judge
from sim.backtest.error_rate import ErrorRate, ErrorRates
from sim.cli.app import app
from sim.errors import UsageError
from sim.experiment.executors.serial import SerialExecutor
from sim.experiment.pipeline import carry_out
from sim.experiment.plan import Plan
from sim.experiment.runs import Runs
from sim.report.documents.assessment import title_of, write_assessment
from sim.report.documents.assessment_answers import describe_strategy, verdict
from sim.report.documents.blocks import Heading, Items, Paragraph, Table, to_html, to_markdown
from sim.report.documents.court_answers import ANSWERS, Asked
from sim.report.documents.courts import write_court
from sim.report.words.languages import LANGUAGES, Language, language
from sim.report.words.numbers import (
    estimate,
    exact,
    in_percent,
    number,
    percent_estimate,
    rounded,
    whole,
)
from sim.results.burdens import read_burdens, read_entries, read_waits
from sim.results.draws import DrawnMeasures
from sim.results.read import open_run
from sim.scenario.load import load_scenario
from sim.scenario.resolve import resolve
from sim.scenario.strategies import DECLARED
from sim.scenario.tables.courts import forums, read_court_questions
from sim.scenario.variants import choose_variants
from sim.statistics.paired import PairedDifference
from tests.drawn_folders import add_draws
from tests.numbers_said import numbers_in

HOSTILE = "<script>alert(1)</script> | [x](y) **b**"
SMALL = ["population.n_businesses=60", "end=2018-04-24T00:00+03:00", "fronts.n_fronts=3"]
N = 3


def compared(folder: Path, *strategies: str, title: str = "") -> Path:
    overrides = [*SMALL, *([f'title="{title}"'] if title else [])]
    resolved = resolve(load_scenario("telegram-2018", overrides))
    variants, baseline = choose_variants(resolved, strategies)
    plan = Plan.of_comparison(resolved, variants, baseline, (), 7, N)
    carry_out(Runs(plan), folder=folder, executor=SerialExecutor())
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("assessment") / "run"
    return compared(path, "covering-prefix", "exact", "wide=provider", title=HOSTILE)


@pytest.fixture(scope="module")
def found(folder: Path) -> Assessment:
    return assess(open_run(folder))


def measured(folder: Path, strategy: str, metric: str) -> np.ndarray:
    rows = duckdb.execute(
        f"SELECT value FROM '{folder}/measures.parquet' WHERE strategy = ? AND metric = ? "
        "ORDER BY replicate",
        [strategy, metric],
    ).fetchall()
    return np.array([row[0] for row in rows])


def test_money_is_the_mean_and_the_range_of_the_summary(folder, found):
    with (folder / "summary.csv").open(encoding="utf-8", newline="") as file:
        rows = {
            row["metric"]: row for row in csv.DictReader(file) if row["strategy"] == found.label
        }
    assert found.money
    for metric, one in found.money.items():
        said = [float(rows[metric][column]) for column in ("mean", "low", "high")]
        assert [one.mean, one.low, one.high] == said
        assert one.low < one.mean < one.high


def test_an_assessment_names_tables_that_differ_from_the_manifest(folder, found, tmp_path):
    copy = shutil.copytree(folder, tmp_path / "run")
    (copy / "money.csv").write_text((copy / "money.csv").read_text().replace("0", "1"))
    said = "Files that changed after the run or are missing: money.csv."
    assert said in to_markdown(write_assessment(assess(open_run(copy))))
    assert "Files that changed" not in to_markdown(write_assessment(found))
    done = CliRunner().invoke(app, ["assess", str(copy), "-q"])
    assert f"warning: {copy}/money.csv: differs from its hash" in done.stderr


def test_money_is_said_in_the_currency_of_the_country_too(folder, found):
    text = to_markdown(write_assessment(found)).replace("\N{NO-BREAK SPACE}", " ")
    text = text.replace("\\[", "[").replace("\\]", "]")
    loss = found.money["private_loss_usd"]
    # At 62.5 RUB to the dollar, which is an assumption with a range.
    local = estimate(*(62.5 * amount for amount in (loss.mean, loss.low, loss.high)))
    assert local.replace("\N{NO-BREAK SPACE}", " ") in text
    assert "| in RUB |" in text
    assert "RUB are at 62.5 RUB/USD of 2018 (an assumption; 60 to 67)." in text
    assert f"In RUB: {number(62.5 * loss.mean)} (".replace("\N{NO-BREAK SPACE}", " ") in text


def test_effect_and_collateral_are_means_over_replicates(folder, found):
    assert (found.label, found.baseline) == ("covering-prefix", "none")
    assert [one.label for one in found.alternatives] == ["exact", "wide"]
    effect = measured(folder, "covering-prefix", "target_user_hours_denied")
    harm = measured(folder, "covering-prefix", "business_hours_impaired")
    assert effect.size == N
    assert found.efficacy.mean == pytest.approx(effect.mean())
    assert found.collateral.mean == pytest.approx(harm.mean())
    assert found.collateral_per_million.mean == pytest.approx(harm.mean() / effect.mean() * 1e6)
    assert found.efficacy.low <= found.efficacy.mean <= found.efficacy.high
    assert found.efficacy_difference.mean == pytest.approx(effect.mean())  # 'none' denies nothing
    by_vpn, without = (
        measured(folder, name, "target_user_hours_by_vpn") for name in ("covering-prefix", "none")
    )
    assert found.by_vpn_difference.mean == pytest.approx((by_vpn - without).mean())
    assert (by_vpn - without).mean() != 0


def test_alternatives_are_held_against_it_replicate_by_replicate(folder, found):
    own = [measured(folder, "covering-prefix", metric)
           for metric in ("target_user_hours_denied", "business_hours_impaired")]  # fmt: skip
    for one in found.alternatives:
        its = [measured(folder, one.label, metric)
               for metric in ("target_user_hours_denied", "business_hours_impaired")]  # fmt: skip
        assert one.efficacy_difference.mean == pytest.approx((its[0] - own[0]).mean())
        # A sample that could hardly be hit is no zero.
        is_unknown = one.label == "exact" and not its[1].any()
        difference = np.nan if is_unknown else (its[1] - own[1]).mean()
        assert one.collateral_difference.mean == pytest.approx(difference, nan_ok=True)
        if is_unknown:
            assert np.isnan(one.collateral_ratio.mean)
            assert np.isnan(one.share_both)
            continue
        assert one.efficacy_ratio.mean == pytest.approx(its[0].mean() / own[0].mean())
        assert one.n_replicates_both == ((its[0] >= own[0]) & (its[1] < own[1])).sum()
        # All 27 resamples of three replicates, each as likely: what the draws approach.
        rows = np.indices((N,) * N).reshape(N, -1).T
        no_less = its[0][rows].mean(axis=1) >= own[0][rows].mean(axis=1)
        less = its[1][rows].mean(axis=1) < own[1][rows].mean(axis=1)
        assert one.share_both == pytest.approx((no_less & less).mean(), abs=0.02)
        assert one.share_no_less_effect == pytest.approx(no_less.mean(), abs=0.02)
        assert one.share_less_collateral == pytest.approx(less.mean(), abs=0.02)


def test_burdens_add_up_to_the_measure(folder, found):
    for split in ("sector", "provider"):
        burdens = found.burdens[split]
        total = sum(burden.impaired_h for burden in burdens)
        assert total == pytest.approx(
            measured(folder, "covering-prefix", "business_hours_impaired")
        )
        assert sum(burden.n_businesses for burden in burdens) == pytest.approx([60] * N)
        means = [burden.impaired_h.mean() for burden in burdens]
        assert means == sorted(means, reverse=True)
    assert read_burdens(open_run(folder), "none", "sector")[0].impaired_h.sum() == 0


def events(folder: Path, strategy: str) -> list[dict[str, object]]:
    result = duckdb.execute(
        f"SELECT replicate, t_s, kind, entry, business FROM '{folder}/events.parquet' "
        "WHERE strategy = ? ORDER BY replicate, t_s",
        [strategy],
    )
    names = [column[0] for column in result.description]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def exempt_entries(folder: Path, strategy: str) -> set[tuple[int, int]]:
    rows = duckdb.execute(
        f"SELECT DISTINCT replicate, entry FROM '{folder}/entries.parquet' "
        "WHERE strategy = ? AND mechanism = 'exempt'",
        [strategy],
    ).fetchall()
    return {(int(row[0]), int(row[1])) for row in rows}


def test_waits_are_those_of_the_events_and_leave_exemptions_out(folder, found):
    run = open_run(folder)
    mine = events(folder, "covering-prefix")
    exempt = exempt_entries(folder, "covering-prefix")
    assert exempt
    appealed = {
        (e["replicate"], e["business"]): e["t_s"] for e in mine if e["kind"] == "complained"
    }
    expected = sorted(
        (e["t_s"] - appealed[e["replicate"], e["business"]]) / 3600
        for e in mine if e["kind"] == "exempted"
    )  # fmt: skip
    waits, n_open = read_waits(run, "covering-prefix", "complained", "exempted", "business")
    assert waits.tolist() == pytest.approx(expected)
    assert n_open == len(appealed) - len(expected)
    placed = [e for e in mine
              if e["kind"] == "block" and (e["replicate"], e["entry"]) not in exempt]  # fmt: skip
    assert read_entries(run, "covering-prefix").n_placed.sum() == len(placed)
    assert found.safeguards.n_placed == pytest.approx(len(placed) / N)
    assert len(placed) < sum(e["kind"] == "block" for e in mine)


def test_lags_are_those_of_the_operators_that_enforce_something(found):
    assert found.safeguards.apply_h == (1.5, 24)
    assert found.safeguards.release_h == (6, 72)
    assert found.safeguards.exempt_lag_h == 72


def pair(mean: float) -> PairedDifference:
    return PairedDifference(mean, mean - 1, mean + 1, math.nan, math.nan, 0.01, 20)


def alternative(judged: Verdict, both: float = 1.0) -> Alternative:
    some = Estimate(1, 0, 2)
    return Alternative("b", some, some, pair(5), pair(-7), some, some, both, both, both, 3, judged)


def drawn(effect: list[float], harm: list[float]) -> DrawnMeasures:
    """Draws of equal weight in which a has 1 of both, and b so much."""
    n, one = len(effect), np.ones(len(effect))
    value = {
        ("a", "e"): one,
        ("a", "h"): one,
        ("b", "e"): np.array(effect),
        ("b", "h"): np.array(harm),
    }
    return DrawnMeasures(np.full(n, 1 / n), value, np.ones(n, bool))


def judged(n_better: int, n_worse: int, n_unknown: int = 0) -> Verdict:
    """Verdict on b, which has as much effect, and less harm in some draws and as much in others."""
    harm = [0.0] * n_better + [1.0] * n_worse + [math.nan] * n_unknown
    return judge(drawn([1.0] * len(harm), harm), "a", "b", "e", "h")


@pytest.mark.parametrize(
    ("n_better", "n_worse", "n_unknown", "verdict"),
    [
        (59, 0, 0, "settled better"),
        (58, 0, 0, "not settled"),
        (196, 4, 0, "settled better"),
        (195, 5, 0, "not settled"),
        (0, 59, 0, "settled worse"),
        (0, 0, 60, "not settled"),
        (30, 30, 0, "not settled"),
        (195, 0, 5, "not settled"),
    ],
)
def test_as_much_for_less_is_settled_by_the_bound_of_its_share(
    n_better, n_worse, n_unknown, verdict
):
    found = judged(n_better, n_worse, n_unknown)
    n = n_better + n_worse + n_unknown
    assert (found.verdict, found.n_draws) == (verdict, n)
    assert found.share_better == pytest.approx(n_better / n)
    if n_better:
        # Clopper and Pearson, from the binomial tail itself: at the bound, so many or more held
        # in 5 % of samples.
        assert stats.binom.sf(n_better - 1, n, found.bound_better) == pytest.approx(0.05, abs=1e-6)


def test_less_effect_is_no_as_much_for_less_however_little_it_harms():
    found = judge(drawn([0.9] * 100, [0.0] * 100), "a", "b", "e", "h")
    assert found.verdict == "settled worse"
    assert (found.share_less_effect, found.share_no_less_collateral) == (pytest.approx(1), 0)


def test_draws_that_are_not_finished_weigh_nothing():
    draws = drawn([1.0] * 100, [0.0] * 90 + [1.0] * 10)
    first = np.arange(100) < 90
    found = judge(replace(draws, is_finished=first), "a", "b", "e", "h")
    assert (found.verdict, found.n_draws) == ("settled better", 90)
    assert judge(draws, "a", "b", "e", "h").verdict == "not settled"


@pytest.mark.parametrize(
    ("verdict_of", "both", "start"),
    [
        (judged(100, 0), 1.0, "b: settled better. No less effect and less collateral in 100 % of "
         "100 weighted draws (at least 97 % by the lower 95 % bound)"),
        (judged(0, 100), 1.0, "b: settled worse. Less effect or no less collateral in 100 %"),
        (judged(60, 40), 1.0, "b: not settled. No less effect and less collateral in 60 %"),
        (OF_LUCK, 1.0, "b: not settled: luck alone was simulated. Over luck, no less effect and "
         "less collateral: in 100 % of bootstrap resamples ("),
        (OF_LUCK, 0.0, "b: not settled: luck alone was simulated. Over luck, no less effect and "
         "less collateral: in 0 % of bootstrap resamples ("),
        (OF_LUCK, math.nan, "b: not settled: luck alone was simulated. Over luck, no less effect "
         "and less collateral: not known;"),
    ],
)  # fmt: skip
def test_a_verdict_says_whether_it_is_settled_and_how_sure_it_is(verdict_of, both, start):
    text = verdict(alternative(verdict_of, both), "a").replace("\N{NO-BREAK SPACE}", " ")
    assert text.startswith(start), text
    assert "effect +5 [4, 6], collateral -7 [-8, -6], against a" in text


def test_without_draws_nothing_is_answered_yes_or_no(found):
    text = to_markdown(write_assessment(found))
    assert not re.search(r"\b(yes|no)\b[.,]", text)
    assert all(one.verdict is OF_LUCK for one in found.alternatives)
    assert "is not settled: luck alone was simulated" in text


@pytest.fixture(scope="module")
def drawn_folder(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with 64 draws in which exact has as much effect for less, and wide never."""
    metrics = ("target_user_hours_denied", "business_hours_impaired")
    into = add_draws(folder, tmp_path_factory.mktemp("drawn") / "run", metrics)
    harm = {"none": 0, "covering-prefix": 5, "exact": 1, "wide": 9}
    lines = [
        f"({draw}, '{label}', 0, '{metric}', {value})"
        for draw in range(64)
        for label, least in harm.items()
        for metric, value in zip(metrics, (7, least), strict=True)
    ]
    # Businesses are impaired in all draws, and demand fails in 60 of 64.
    lines += [
        f"({draw}, 'covering-prefix', 0, '{metric}', {value})"
        for draw in range(64)
        for metric, value in (
            ("businesses_ever_impaired", 4), ("demand_lost_share", 0.2 * (draw >= 4)),
        )
    ]  # fmt: skip
    duckdb.execute(
        f"COPY (SELECT * FROM (VALUES {', '.join(lines)}) AS t(draw, strategy, replicate, metric, "
        f"value)) TO '{into}/draw_measures.parquet'"
    )
    duckdb.execute(
        f"COPY (SELECT range AS draw, 1 / 64 AS weight FROM range(64)) "
        f"TO '{into}/draw_values.parquet'"
    )
    return into


def test_draws_of_a_folder_settle_what_they_settle(drawn_folder):
    found = assess(open_run(drawn_folder))
    exact, wide = (one.verdict for one in found.alternatives)
    assert (exact.verdict, wide.verdict) == ("settled better", "settled worse")
    assert (exact.n_draws, found.n_draws) == (64, 64)
    assert [region.metric for region in exact.regions] == [
        "target_user_hours_denied", "business_hours_impaired",
    ]  # fmt: skip
    text = to_markdown(write_assessment(found)).replace("\N{NO-BREAK SPACE}", " ")
    assert (
        "A narrower measure does as much for less, settled over all that is not known: exact"
        in text
    )
    assert "| settled better | 100 % (95.4 %) |" in text
    assert "with all that is not known, in 90 % of draws" in text
    code, printed, _ = call(str(drawn_folder), "--json")
    document = json.loads(printed)
    assert (code, document["n_draws"]) == (0, 64)
    assert document["alternatives"][0]["verdict"]["verdict"] == "settled better"


def test_numbers_are_written_in_one_scale_and_the_unknown_is_said():
    def plain(text: str) -> str:
        return text.replace("\N{NO-BREAK SPACE}", " ")

    shares = (0, 1, 0.5, 0.9997, 0.999999, 1.82, 1e-7, math.nan)
    assert [plain(in_percent(share)) for share in shares] == [
        "0 %", "100 %", "50 %", "99.97 %", "over 99.99 %", "182 %", "1.0e-05 %", "not known",
    ]  # fmt: skip
    assert plain(percent_estimate(0.535, 0.394, 0.666)) == "53.5 [39.4, 66.6] %"
    assert plain(estimate(8.909e8, 7.594e8, 9.858e8, "h")) == "890.9 [759.4, 985.8] million h"
    assert plain(estimate(-5, -6.25, 0)) == "-5 [-6.25, 0]"
    assert plain(estimate(3, math.nan, math.nan)) == "3"
    assert estimate(math.nan, 0, 0) == rounded(math.nan) == whole(math.nan) == "not known"
    assert [rounded(value) for value in (0, 17_040_123, 2.1e9, 792.4, 1234.5, 0.437, 1.8e-5)] == [
        "0", "17.04 million", "2,100 million", "792.4", "1,234", "0.437", "1.8e-05",
    ]  # fmt: skip
    assert [exact(value) for value in (17_771_008.0, 0.437, None)] == [
        "17,771,008", "0.437", "not known",
    ]  # fmt: skip


def test_every_strategy_of_the_language_is_described():
    assert len(DECLARED) > 10
    assert all(describe_strategy(each) != "not described." for each in DECLARED)
    assert describe_strategy("no-such") == "not described."
    assert describe_strategy("exact") == "drop each discovered address alone."


def test_the_questions_of_courts_come_in_their_sequence(found):
    text = to_markdown(write_assessment(found))
    heads = re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert [head.split(".")[0].split(":")[0] for head in heads] == [
        "In short", "1", "2", "3", "4", "5", "6", "Appendix",
    ]  # fmt: skip
    assert "Held against: exact, wide" in text
    assert found.by_vpn.mean > 0
    assert "| user-hours in which it was reached by VPN |" in text
    assert not re.search(r"\bnan\b", text)


def test_text_of_users_is_text(found):
    blocks = write_assessment(found)
    html = to_html(blocks, title_of(found))
    assert "<script" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "default-src 'none'" in html
    assert not re.search(r"(src|href)=", html)
    markdown = to_markdown(blocks)
    assert "\\<script\\>" in markdown
    assert "\\[x\\](y)" in markdown
    assert "\\*\\*b\\*\\*" in markdown


@pytest.mark.parametrize(
    "block",
    [
        Heading(HOSTILE),
        Paragraph(HOSTILE),
        Paragraph("x", lead=HOSTILE),
        Items([HOSTILE]),
        Table([HOSTILE], [["x"]]),
        Table(["x"], [[HOSTILE]]),
    ],
    ids=lambda block: type(block).__name__,
)
def test_no_block_lets_text_become_markup(block):
    html = to_html([block], "x")
    assert "<script" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    markdown = to_markdown([block])
    assert "\\<script\\>alert(1)\\</script\\> \\| \\[x\\](y) \\*\\*b\\*\\*" in markdown
    assert to_markdown([Paragraph("a\n\n# b")]) == "a \\# b\n"


def test_operators_that_enforce_nothing_have_no_say_in_lags(folder, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    (table,) = (copy / "inputs").glob("operators-*.csv")
    text = table.read_text(encoding="utf-8")
    line = next(line for line in text.splitlines() if line.startswith("holdouts-fixed"))
    assert ",12,24,0.7,72,0.7,0," in line
    slow = line.replace("12,24,0.7,72,0.7,0", "12,999,0.7,999,0.7,0")
    table.write_text(text.replace(line, slow), encoding="utf-8")
    safeguards = assess(open_run(copy)).safeguards
    assert (safeguards.apply_h, safeguards.release_h) == ((1.5, 24), (6, 72))


def test_what_cannot_be_assessed_is_refused(folder, shipped_single_run):
    run = open_run(folder)
    with pytest.raises(UsageError, match="holds no comparison"):
        assess(open_run(shipped_single_run))
    with pytest.raises(UsageError, match="got 'exat'; did you mean 'exact'"):
        assess(run, "exat")
    with pytest.raises(UsageError, match="expected a strategy other than the baseline"):
        assess(run, "none")
    with pytest.raises(UsageError, match="expected one of the metrics"):
        assess(run, collateral="business_hour_impaired")


def test_a_baseline_that_blocks_is_an_alternative(folder):
    run = open_run(folder)
    assert [one.label for one in assess(run).alternatives] == ["exact", "wide"]
    against = replace(run, manifest={**run.manifest, "baseline": "wide"})
    found = assess(against, "exact")
    assert "wide" in [one.label for one in found.alternatives]


def call(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["assess", *arguments])
    assert "Traceback" not in result.stderr
    return result.exit_code, result.stdout, result.stderr


def test_the_command_assesses_a_folder_in_each_format(folder, tmp_path):
    code, text, _ = call(str(folder), "--strategy", "exact", "--versus", "covering-prefix")
    assert code == 0
    assert text.startswith("# Assessment of exact:")
    code, text, _ = call(str(folder), "--json")
    found = json.loads(text)
    assert (found["schema"], found["strategy"]) == ("overblock/assessment/1", "covering-prefix")
    assert found["alternatives"][0]["label"] == "exact"
    for suffix, start in ((".html", "<!doctype html>"), (".md", "# Assessment"), (".json", "{")):
        path = tmp_path / "new" / f"a{suffix}"
        code, text, _ = call(str(folder), "-o", str(path))
        assert (code, text) == (0, f"{path}\n")
        assert path.read_text(encoding="utf-8").startswith(start)


def test_the_command_compares_a_scenario_first(tmp_path):
    sets = [part for value in SMALL for part in ("--set", value)]
    run = tmp_path / "run"
    code, text, _ = call(
        "telegram-2018", "--strategy", "aggregate:length=24", "--versus", "exact", "-n", "2",
        "--draws", "2", "--run", str(run), "-w", "1", *sets,
    )  # fmt: skip
    assert code == 0
    assert text.startswith("# Assessment of aggregate:length=24:")
    assert open_run(run).strategies == ("none", "aggregate:length=24", "exact")
    assert open_run(run).n_draws == 2
    assert "% of 2 weighted draws" in text.replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["telegram-2018"], 2, "expected --versus STRATEGY"),
        (["{run}", "-n", "3"], 2, "is a comparison; give no -n"),
        (["{run}", "--draws", "3"], 2, "is a comparison; give no -n, --draws"),
        (["{run}", "-o", "a.pdf"], 2, "expected a file that ends in .md, .html or .json"),
        (["telegram-2018", "--versus", "exat"], 2, "did you mean 'exact'"),
        (["{tmp}"], 4, "expected a run folder with a manifest"),
    ],
)
def test_mistakes_exit_without_a_traceback(folder, tmp_path, arguments, code, message):
    given = [argument.format(run=folder, tmp=tmp_path) for argument in arguments]
    found, text, talk = call(*given)
    assert (found, text) == (code, "")
    assert message in talk


RATES = ErrorRates(
    "9.9", 0.9, ErrorRate("all of them", 28, 20, 12, 0, 0, 2.0),
    (ErrorRate("businesses", 3, 1, 2, 5, 4, 7.5), ErrorRate("USD", 0, 0, 0, 2, 2, None)), None,
)  # fmt: skip


@cache
def facts_of(folder: Path) -> tuple[Assessment, CourtFacts]:
    """What courts are answered from, worked out once for all that ask of a folder."""
    found = assess(open_run(folder))
    return found, read_court_facts(found)


def courts_of(folder: Path, forum: str, code: str = "en") -> str:
    asked = Asked(*facts_of(folder), RATES, language(code))
    rows = [row for row in read_court_questions().rows if row.forum == forum]
    return to_markdown(write_court(asked, rows))


def test_every_question_of_a_court_has_an_answer_and_no_answer_is_idle():
    rows = read_court_questions().rows
    assert {row.id for row in rows} == set(ANSWERS)
    assert forums() == ("barcelona", "canada", "fadpa", "echr")


@pytest.mark.parametrize("forum", ["barcelona", "canada", "fadpa", "echr"])
def test_a_court_s_questions_stand_in_its_sequence(folder, forum):
    text = courts_of(folder, forum)
    asked = [row.question for row in read_court_questions().rows if row.forum == forum]
    headings = re.findall(r"^## (.*)$", text, re.M)
    assert headings[:-1] == asked
    assert "<script>" not in text


def test_luck_alone_settles_no_question_of_a_court(folder):
    for forum in ("barcelona", "fadpa"):
        by_luck = courts_of(folder, forum)
        assert "luck alone was simulated" in by_luck
        assert "not simulated" in by_luck
        assert ": settled" not in by_luck


def test_a_claim_is_settled_by_the_bound_of_its_share_and_not_by_the_share(drawn_folder):
    above = read_court_facts(assess(open_run(drawn_folder))).above
    impaired, demand = above["businesses_ever_impaired"], above["demand_lost_share"]
    # One-sided bound of 64 of 64: 0.05 to the power of 1/64.
    assert (impaired.n_draws, impaired.share) == (64, 1.0)
    assert impaired.bound == pytest.approx(0.05 ** (1 / 64))
    assert demand.share == pytest.approx(60 / 64)
    assert demand.bound == pytest.approx(stats.beta.ppf(0.05, 60, 5))
    assert (impaired.is_settled, demand.is_settled) == (True, False)
    text = courts_of(drawn_folder, "fadpa")
    assert "“access to lawful services is interfered with”: settled over all" in text
    assert "“people are kept from other things they ask for”: not settled; so in 93.8" in text


def test_waits_that_the_end_cuts_are_named(folder):
    found, _ = facts_of(folder)
    safeguards = replace(found.safeguards, release=Wait(4.0, 1.0, 9.0, 3, 2))
    text = to_markdown(write_assessment(replace(found, safeguards=safeguards)))
    told = "of releases by operators before the simulation's end the median came 4 h after"
    assert told in text


@pytest.mark.parametrize(
    ("strategy", "said"),
    [
        ("id: exact", "End: the strategy sets no end to an entry."),
        ("id: orders, parameters: {orders: [{to: x}]}", "End: each order given has its own, or"),
        ("id: orders, parameters: {table: orders.csv}", "End: each order given has its own, or"),
        ("id: replay, parameters: {orders: replay}", "End: each order given has its own, or"),
        (
            "id: exact, parameters: {when: {every: [mon, tue], from: '21:00', to: '23:30'}}",
            "End: the strategy ends blocks by itself (every mon tue).",
        ),
        ("id: rolling, parameters: {ttl_h: 3}", "End: the strategy ends blocks by itself (ttl_h 3"),
    ],
)
def test_the_end_of_an_entry_is_the_one_that_its_strategy_sets(folder, tmp_path, strategy, said):
    copy = shutil.copytree(folder, tmp_path / "run")
    manifest = json.loads((copy / "manifest.json").read_text())
    own = {"label": assess(open_run(folder)).label} | YAML(typ="safe").load(f"{{{strategy}}}")
    manifest["strategies"] = [
        own if one["label"] == own["label"] else one for one in manifest["strategies"]
    ]
    (copy / "manifest.json").write_text(json.dumps(manifest))
    found, facts = facts_of(copy)
    assert f"- {said}" in to_markdown(write_assessment(found)).replace("\\", "")
    asked = Asked(found, facts, RATES, language("en"))
    told = to_markdown(list(ANSWERS["safeguards"].write(asked))).replace("\\", "")
    assert f"- {said.partition(' (')[0]}" in told


def test_durations_that_the_end_cuts_are_said_to_be_cut(folder):
    found, _ = facts_of(folder)
    (n,) = duckdb.execute(
        "SELECT avg(n) FROM (SELECT count(*) FILTER (is_affected_at_end) AS n FROM "
        f"'{folder}/businesses.parquet' WHERE strategy = ? GROUP BY replicate)",
        [found.label],
    ).fetchone()
    assert n > 0
    cut = "still impaired: its end is chosen, and how long they were impaired is at least"
    assert cut in to_markdown(write_assessment(found))
    for forum in forums():
        assert cut in courts_of(folder, forum)


def test_few_draws_settle_no_claim(folder, tmp_path):
    few = add_draws(folder, tmp_path / "few", ("business_hours_impaired",))
    values = ", ".join(
        f"({draw}, 'covering-prefix', 0, 'businesses_ever_impaired', 4)" for draw in range(20)
    )
    duckdb.execute(
        f"COPY (SELECT * FROM (VALUES {values}) AS t(draw, strategy, replicate, metric, value)) "
        f"TO '{few}/draw_measures.parquet'"
    )
    duckdb.execute(
        f"COPY (SELECT range AS draw, 1 / 20 AS weight FROM range(20)) "
        f"TO '{few}/draw_values.parquet'"
    )
    manifest = json.loads((few / "manifest.json").read_text(encoding="utf-8"))
    manifest |= {"n_draws": 20, "draws": {"n": 20, "per_draw": 1}}
    (few / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    above = read_court_facts(assess(open_run(few))).above["businesses_ever_impaired"]
    assert (above.n_draws, above.share, above.is_settled) == (20, 1.0, False)


def test_numbers_of_a_court_are_those_of_the_tables(folder):
    text = courts_of(folder, "barcelona")
    harm = measured(folder, "covering-prefix", "businesses_ever_impaired")
    row = next(line for line in text.splitlines() if "businesses impaired at least once |" in line)
    # As a share: draws vary how many businesses there are, and beside it stand those of a sector.
    n_businesses = int(SMALL[0].partition("=")[2])
    assert f"| {100 * harm.mean() / n_businesses:.1f} % |" in row
    error_rate = "businesses: 1 of 3 inside; 2 distinct; in the median off by ×7.5; 4 of 5 bounds"
    assert error_rate in row
    # The record above is of version 9.9.
    assert "whose numbers have not been compared with what was published." in text
    hours = next(line for line in text.splitlines() if "business-hours impaired |" in line)
    assert hours.endswith("| no such figure was published |")
    lost = next(line for line in text.splitlines() if "USD |" in line)
    assert "USD: no number was published; 2 of 2 bounds and estimates agree" in lost


def test_a_court_reads_title_and_units_in_its_language(folder):
    found = facts_of(folder)
    words = Language("es", {**language("es").texts, found[0].run.title: "Un título"})
    asked = Asked(*found, RATES, words)
    rows = [row for row in read_court_questions().rows if row.forum == "barcelona"]
    text = to_markdown(write_court(asked, rows))
    assert "\nUn título\n" in text
    assert "| empresas: 1 de 3 dentro" in text
    assert "businesses" not in text


def test_operators_stand_by_what_their_users_met(folder):
    facts = read_court_facts(assess(open_run(folder)))
    hours = duckdb.execute(
        f"SELECT \"group\", mean FROM read_csv('{folder}/groups.csv') WHERE strategy = "
        "'covering-prefix' AND \"by\" = 'operator' AND metric = 'business_hours_impaired'"
    ).fetchall()
    assert {one.operator: one.impaired_h for one in facts.operators} == pytest.approx(dict(hours))
    assert facts.operators[0].impaired_h == max(value for _, value in hours)
    assert (facts.n_sites, facts.n_sites_hit) == (0, 0)
    assert "no inventory was given" in courts_of(folder, "barcelona")


def test_named_sites_that_were_hit_are_counted_over_all_operators(folder, tmp_path):
    shutil.copytree(folder, tmp_path / "named")
    (tmp_path / "named" / "sites.csv").write_text(
        "strategy,site,operator,impaired_h\n"
        "covering-prefix,a,,2.5\ncovering-prefix,b,,0\ncovering-prefix,c,,0\n"
        "covering-prefix,b,Operator,7\nwide,b,,7\n"
    )
    facts = read_court_facts(assess(open_run(tmp_path / "named")))
    assert (facts.n_sites, facts.n_sites_hit) == (3, 1)


def test_a_forum_that_is_not_known_is_refused_before_anything_runs(folder):
    for arguments, message in (
        (["--along", "barcelna"], "did you mean 'barcelona'?"),
        (["--along", "barcelona", "--json"], "expected Markdown or HTML, got JSON"),
        (["--along", "barcelona", "--language", "de"], "expected one of en, es, it, ru"),
        (["--language", "esp"], "expected one of en, es, it, ru"),
        (["--language", "es", "--json"], "--language: expected Markdown or HTML, got JSON"),
    ):
        found = CliRunner().invoke(app, ["assess", str(folder), *arguments])
        assert found.exit_code == 2
        assert message in found.output
    found = CliRunner().invoke(app, ["assess", str(folder), "--along", "echr"])
    assert found.exit_code == 0
    assert "Would less intrusive means do?" in found.output


@pytest.mark.parametrize("code", ["es", "it", "ru"])
def test_a_court_s_answers_are_had_in_its_language(folder, drawn_folder, code, tmp_path):
    for forum in forums():
        for where in (folder, drawn_folder):
            english, other = courts_of(where, forum), courts_of(where, forum, code)
            # The same blocks, none of them with a sentence left in English.
            assert english.count("\n") == other.count("\n")
            sentences = set(re.findall(r"[A-Z][^.|\n]{40,}\\.?", english))
            assert not [one for one in sentences if one in other]
    page = tmp_path / "page.html"
    call = ["assess", str(folder), "--along", "echr", "--language", code, "-o", str(page)]
    assert CliRunner().invoke(app, call).exit_code == 0
    assert f'<html lang="{code}">' in page.read_text(encoding="utf-8")


def texts_of(block: Heading | Paragraph | Items | Table) -> list[str]:
    """Texts of a block that the language of the document is asked for."""
    match block:
        case Heading(text):
            return [text]
        case Paragraph(text, lead, is_english):
            return [lead] if is_english else [text]
        case Items(texts):
            return list(texts)
        case Table(header, rows, _, english):
            cells = (cell for row in rows for place, cell in enumerate(row) if place not in english)
            return [*header, *cells]


@pytest.mark.parametrize("code", LANGUAGES[1:])
def test_an_assessment_is_had_in_other_languages_with_the_same_numbers(folder, drawn_folder, code):
    for where in (folder, drawn_folder):
        found = assess(open_run(where))
        english, other = write_assessment(found), write_assessment(found, language(code))
        # One more: that some of it is in English.
        assert isinstance(other.pop(1), Paragraph)
        assert [type(block) for block in english] == [type(block) for block in other]
        names = {found.label, *(one.label for one in found.alternatives), "", HOSTILE}
        names |= {burden.name for group in found.burdens.values() for burden in group}
        n_sentences = 0
        for one, same in zip(english, other, strict=True):
            # Moments are ISO 8601 in English; the rule and the names of keys stay as they are.
            for text, its in zip(texts_of(one), texts_of(same), strict=True):
                if "BCa" not in text and text not in names:
                    assert numbers_in(text, "en") == numbers_in(its, code), (text, its)
                if re.search(r"[a-z]{3}", text) and text not in names:
                    n_sentences += 1
                    assert text != its or language(code).texts.get(text) == text
        assert n_sentences > 50


def test_what_stays_english_in_an_assessment_is_marked(folder, tmp_path):
    for code in LANGUAGES:
        page = tmp_path / f"{code}.html"
        call = ["assess", str(folder), "--language", code, "-o", str(page), "-q"]
        assert CliRunner().invoke(app, call).exit_code == 0
        text = page.read_text(encoding="utf-8")
        assert f'<html lang="{code}">' in text
        marked = re.findall(r'lang="en">([^<]*)<', text)
        keys = [one["key"] for one in open_run(folder).manifest["assumptions"] if "value" in one]
        assert (set(keys) <= set(marked)) is (code != "en")
        assert 'class="appendix"' in text
