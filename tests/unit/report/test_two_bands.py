"""Luck, and all that is not known, said apart on the page: in figures, tables, curves, verdicts."""

from __future__ import annotations

import math
import re
import shutil
from pathlib import Path

import duckdb
import numpy as np
import pytest

from sim.catalogue.choices import EFFICACY, RATIOS
from sim.experiment.pipeline import carry_out
from sim.experiment.plan import Plan
from sim.experiment.runs import Runs
from sim.measure.bands import step_values
from sim.report.figures.drawing import DEFAULT, Drawing
from sim.report.figures.figures import caption
from sim.report.figures.kinds import FIGURES
from sim.report.page.bands import (
    _without_empty_ratios,
    _without_limits,
    all_text,
    beyond,
    luck_text,
    share_of,
    with_bands,
)
from sim.report.page.document import render
from sim.report.page.frame import bands_in_words, frame
from sim.report.page.hangs_on import hang_most_on, hangs_on, hangs_on_text
from sim.report.page.head.answer import _value
from sim.report.page.key_figures import confidence_of, key_figures
from sim.report.page.over_time.charts import chart_data, read_drawn
from sim.report.page.repeat_command import repeat
from sim.report.page.tables import (
    _given_cell,
    _mean_cell,
    difference_table,
    strategy_table,
    summary_table,
)
from sim.report.page.verdicts import regret_table, verdict_sentence, verdict_table
from sim.report.words.languages import IN_ENGLISH
from sim.results.read import open_run
from sim.results.tables import Row, read_rows, text
from sim.scenario.load import load_scenario
from sim.scenario.resolve import resolve
from tests.drawn_folders import FIRST, N_DRAWS

NBSP = "\N{NO-BREAK SPACE}"
LOST_USD = "private_loss_usd"
HARM = "business_hours_impaired"


def said(html: str) -> str:
    """Text of a page without markup, scripts and line ends."""
    body = re.sub(r"<(script|style).*?</\1>", "", html, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", body).replace(NBSP, " ").split())


@pytest.fixture(scope="module")
def summary(drawn_run: Path) -> list[Row]:
    run = open_run(drawn_run)
    return with_bands(run, read_rows(run, "summary.csv"))


def test_both_ranges_of_a_row_are_those_of_the_table_of_uncertainty(summary: list[Row]) -> None:
    for row in summary:
        ends = [row[name] for name in ("low", "high", "all_low", "all_high")]
        mean = row["given"]
        assert isinstance(mean, float)
        assert ends == pytest.approx([0.9 * mean, 1.1 * mean, mean / 2, 2 * mean]), row["metric"]


def test_the_number_that_is_said_is_the_median_of_the_draws(drawn_run: Path) -> None:
    """It lies in the range that is said with it; what is given may lie outside."""
    run = open_run(drawn_run)
    given = {text(row, "metric"): row["mean"] for row in read_rows(run, "summary.csv")}
    medians = {text(row, "metric"): row["median"] for row in read_rows(run, "uncertainty.csv")}
    found = with_bands(run, read_rows(run, "summary.csv"))
    assert len(found) > 10
    for row in found:
        metric = text(row, "metric")
        assert row["given"] == given[metric]
        if metric in medians:
            assert row["mean"] == medians[metric]


def test_a_share_is_the_median_of_the_shares_of_the_draws(tmp_path: Path) -> None:
    """How many businesses and users there are is drawn: the median is no share of those given."""
    resolved = resolve(load_scenario("telegram-2018", ["end=2018-04-18T00:00+03:00"]))
    folder = carry_out(
        Runs(Plan.of_run(resolved, 7, 1).with_draws(5)), folder=tmp_path / "o"
    ).folder
    rows = with_bands(open_run(folder), read_rows(open_run(folder), "summary.csv"))
    (row,) = (one for one in rows if text(one, "metric") == HARM)
    drawn = duckdb.execute(
        "SELECT value, denominator FROM read_parquet(?) WHERE metric = ?",
        [str(folder / "draw_measures.parquet"), HARM],
    ).fetchall()
    assert len({of for _, of in drawn}) == 5
    assert share_of(row) == pytest.approx(sorted(value / of for value, of in drawn)[2])
    assert row["mean"] == sorted(value for value, _ in drawn)[2]
    given = {name: cell for name, cell in row.items() if name != "all_share"}
    assert share_of(given) == pytest.approx(
        float(str(row["mean"])) / float(str(row["denominator"]))
    )
    assert share_of(given) != share_of(row)


def test_key_figures_say_luck_and_all_that_is_not_known_apart(
    summary: list[Row], shipped_run: Path
) -> None:
    for figure in key_figures({text(row, "metric"): row for row in summary}):
        assert figure.range.startswith("As given ")
        assert ", by luck " in figure.range
        assert figure.all.startswith("With all that is not known: ")
        assert figure.range.partition("luck ")[2] != figure.all.partition(": ")[2]
    without = read_rows(open_run(shipped_run), "summary.csv")
    assert all(not one.all for one in key_figures({text(row, "metric"): row for row in without}))


def test_tables_have_a_column_for_each_range(
    summary: list[Row], drawn_comparison: Path, shipped_run: Path
) -> None:
    run = open_run(drawn_comparison)
    compared = difference_table(with_bands(run, read_rows(run, "comparison.csv")), "none")
    for table in (summary_table(summary), compared):
        titles = [column.title for column in table.columns]
        first = titles.index("Range with all that is not known")
        assert titles[first + 1] == "Hangs on"
        assert "Range by luck" in titles
        for line in (row for row in table.rows if not row.is_rest):
            assert len(line.cells) == len(titles)
            assert line.cells[first + 1].text.startswith(f"luck 12{NBSP}%; {FIRST} 50{NBSP}%")
    names = {name: name for name in run.strategies}
    cells = strategy_table(with_bands(run, read_rows(run, "summary.csv")), names, "none")
    ranges = [(cell.range, cell.all) for line in cells.rows for cell in line.cells[1:]]
    assert any(luck for _, luck in ranges)
    assert all(luck.startswith("as given ") for _, luck in ranges if luck)
    # The caption says, once, which of the ranges each line is.
    assert "its range over the draws, then the mean as given" in cells.caption
    assert all(wide and "not known" not in wide for wide, _ in ranges)
    without = summary_table(read_rows(open_run(shipped_run), "summary.csv"))
    assert "Range" in [column.title for column in without.columns]


def test_what_a_number_hangs_on_is_said_in_words_and_of_which_number(drawn_run: Path) -> None:
    run = open_run(drawn_run)
    rows = with_bands(run, read_rows(run, "summary.csv"))
    row = next(row for row in rows if row["metric"] == HARM)
    said = hangs_on(run, row)
    assert said.replace(NBSP, " ") == (
        f"Business-hours impaired: how far {N_DRAWS} draws lie apart is due to luck for 12 %, how "
        "much of the register operators enforce for 50 % and number of domestic businesses hosted "
        "in foreign clouds for 25 %. What would narrow this number most is to know one "
        "unknown alone: how much of the register operators enforce."
    )
    # The keys stand in the table of assumptions, below what they mean.
    assert FIRST not in said
    called = {FIRST: "this"}
    assert "this 50" in hangs_on_text(row, called=lambda key: called.get(key, key))
    page = render(run)
    assert f'<span class="range">{FIRST}</span>' in page
    table = page[page.index('<table id="measures"') :].partition("</table>")[0]
    assert FIRST not in table
    assert "how much of the register operators enforce" in table
    assert hang_most_on(run, rows, (HARM, "no_such_measure")) == (
        "What each number hangs on most: how much of the register operators enforce "
        "(business-hours impaired)."
    )
    untold = [{**row, **dict.fromkeys(("hangs_on_1", "hangs_on_2", "hangs_on_3"), "")}]
    assert hang_most_on(run, untold, (HARM,)) == ""
    # Of the first number it is said that it cannot be told.
    other = {**row, "metric": LOST_USD}
    assert hang_most_on(run, [*untold, other], (HARM, LOST_USD)) == (
        "What each number hangs on most: business-hours impaired: not told in so few; how much of "
        "the register operators enforce (private loss)."
    )


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (1.9, "as given it lies below the range of nine in ten draws"),
        (2.0, ""),
        (8.0, ""),
        (8.1, "as given it lies above the range of nine in ten draws"),
        (float("nan"), ""),
    ],
)
def test_a_number_as_given_that_the_draws_do_not_hold_is_said_to_be_one(
    given: float, said: str
) -> None:
    row = {"unit": "businesses", "mean": 4.0, "given": given, "all_low": 2.0, "all_high": 8.0}
    row |= {"low": 1.0, "high": 9.0, "level": 0.9}
    assert beyond(row) == said
    assert _value(row, IN_ENGLISH)["ranges"].endswith(f"; {said})") is bool(said)
    brief = said.removeprefix("as given it lies ")
    assert _mean_cell(row, IN_ENGLISH).all.endswith(f"; {brief}") is bool(said)
    assert _given_cell(row, IN_ENGLISH).all == brief


def test_nine_draws_in_ten_that_agree_are_not_called_all() -> None:
    row = {"unit": "businesses", "given": 0.0, "all_low": 0.0, "all_high": 0.0}
    assert all_text({**row, "all_are_same": True}) == "always 0"
    assert all_text({**row, "all_are_same": False}) == "0 in nine in ten draws"
    # The draws agree, and the scenario as given does not.
    assert all_text({**row, "all_are_same": True, "given": 0.1}) == "0 in nine in ten draws"
    luck = {"unit": "businesses", "low": 0.0, "high": 0.0}
    assert luck_text({**luck, "mean": 0.0}) == "always 0"
    assert luck_text({**luck, "mean": 0.02}) == "0 in nine in ten replicates"


def test_what_cannot_be_told_is_said(drawn_run: Path) -> None:
    run = open_run(drawn_run)
    row = next(
        row for row in with_bands(run, read_rows(run, "summary.csv")) if row["metric"] == HARM
    )
    untold = {**row, "hangs_on_1": "", "hangs_on_2": ""}
    assert "which of the unknowns make the rest cannot be told" in hangs_on(run, untold)
    assert "the same in all 64 draws" in hangs_on(run, {**row, "share_luck": float("nan")})


def test_curves_carry_the_wide_band_of_the_folder(drawn_run: Path) -> None:
    run = open_run(drawn_run)
    charts = {chart["id"]: chart for chart in chart_data(run, read_drawn(run))}
    for chart in ("businesses", "addresses"):
        (line, *_) = charts[chart]["panels"][0]["lines"]
        metric = {"businesses": "businesses_affected", "addresses": "addresses_listed"}[chart]
        wide = run.wide_band(metric)
        assert wide is not None
        for drawn, exact in zip(line["all"], wide.ends, strict=True):
            kept = step_values(np.array(line["t"]), np.array(drawn, float), wide.t_s)
            assert np.abs(kept - exact).max() <= 0.01 * wide.ends.max()
    assert all(line["all"] is None for p in charts["who"]["panels"] for line in p["lines"])


def test_a_page_without_draws_says_that_its_ranges_are_luck_alone(
    shipped_run: Path, drawn_run: Path
) -> None:
    alone, both = (said(render(open_run(folder))) for folder in (shipped_run, drawn_run))
    assert "Ranges of counts span luck alone" in alone
    assert "lie apart is due to" not in alone
    assert "With all that is not known" not in alone
    assert "Ranges of counts span luck alone" not in both
    assert "A number is the median of" in both
    assert "luck alone: what the assumptions may change is in no band" in render(
        open_run(shipped_run)
    )


def test_the_head_of_a_page_says_over_what_it_is_the_range(
    shipped_run: Path, drawn_run: Path
) -> None:
    alone, both = (
        frame(run, [], run.strategies[0], IN_ENGLISH)["facts"][2:4]
        for run in map(open_run, (shipped_run, drawn_run))
    )
    assert alone == ["2 replicates", "luck alone"]
    assert both == ["2 replicates", f"{N_DRAWS} draws of what is not known"]


def test_the_head_of_a_page_names_the_last_day_of_a_run_that_ends_at_midnight(
    shipped_run: Path,
) -> None:
    run = open_run(shipped_run)
    assert run.scenario["end"] == "2018-06-05T00:00+03:00"
    assert frame(run, [], run.strategies[0], IN_ENGLISH)["facts"][0] == (
        "16 April 2018 to 4 June 2018"
    )


def test_confidence_is_what_the_rows_say() -> None:
    assert confidence_of([{}, {"confidence": math.nan}, {"confidence": 0.9}]) == f"90{NBSP}%"
    assert confidence_of([{"strategy": "a"}]) == "95 %"


def test_verdicts_name_the_region_that_decides_them_and_regrets_who_does_nothing(
    drawn_comparison: Path,
) -> None:
    run = open_run(drawn_comparison)
    verdicts, regrets = (read_rows(run, name) for name in ("verdicts.csv", "regrets.csv"))
    line = verdict_table(verdicts).rows[0].cells
    assert [cell.text.replace(NBSP, " ") for cell in line[2:6]] == [
        "not settled", "75 %", "0 %", "25 %",
    ]  # fmt: skip
    assert line[2].range.replace(NBSP, " ") == "better in at least 64 %, worse in at least 16 %"
    assert line[7].text == f"not less where {FIRST} <= 0.3"
    assert "80 % of the draws there (density), which are 70 %" in line[7].range.replace(NBSP, " ")
    regret = regret_table(regrets).rows[0].cells
    assert (regret[1].range, regret[2].range) == ("least of all", "")
    assert regret[3].text.replace(NBSP, " ") == "in most draws: 60 %"
    page = said(render(run))
    assert "no strategy is settled to be better or worse than another" in page
    assert "differ from none in" not in page  # what luck alone would settle


def test_what_is_settled_is_said_of_harm() -> None:
    rows = [
        {"metric": HARM, "strategy": "a", "other": "b", "verdict": "better"},
        {"metric": HARM, "strategy": "a", "other": "c", "verdict": "not settled"},
        {"metric": HARM, "strategy": "b", "other": "c", "verdict": "alike"},
        {"metric": "names_hit", "strategy": "a", "other": "b", "verdict": "worse"},
    ]
    assert verdict_sentence(rows, 100) == (
        "Over 100 draws of all that is not known, by business-hours impaired, a is better than b "
        "and b and c are alike; 1 of 3 pairs are not settled."
    )
    assert verdict_sentence(rows[1:2], 40).endswith("that takes 59 draws at least.")


def test_the_command_to_repeat_it_asks_for_the_same_draws(
    drawn_run: Path, shipped_run: Path
) -> None:
    assert f"--draws {N_DRAWS}" in repeat(open_run(drawn_run)).command
    assert "--draws 0" in repeat(open_run(shipped_run)).command


@pytest.mark.parametrize(
    ("name", "but"),
    [("outages", " but how many businesses there are"), ("addresses", "")],
)
def test_figures_draw_both_bands_and_say_which_is_which(
    drawn_run: Path, shipped_run: Path, name: str, but: str
) -> None:
    both, alone = (
        FIGURES[name].draw(open_run(folder), DEFAULT) for folder in (drawn_run, shipped_run)
    )
    assert isinstance(both, Drawing)
    assert isinstance(alone, Drawing)
    (legend,) = both.figure.legends
    assert [text.get_text() for text in legend.get_texts()] == [
        "mean as given", "by luck", f"with all that is not known{but}",
    ]  # fmt: skip
    assert alone.figure.legends == []
    n_fills = [sum(len(ax.collections) for ax in one.figure.axes) for one in (both, alone)]
    n_lines = 3 if name == "outages" else 4
    assert n_fills == [2 * n_lines, n_lines]
    assert " by luck)" in both.alt
    assert f"Medians of {N_DRAWS} draws of all that is not known" in both.alt
    assert "in all" not in alone.alt
    wide = open_run(drawn_run).wide_band("businesses_affected")
    assert wide is not None
    if name == "outages":
        table = both.table.where("state", "affected")
        at = np.searchsorted(table.numbers("t_s"), wide.t_s)
        for column, exact in zip(("all_low", "all_median", "all_high"), wide.ends, strict=True):
            np.testing.assert_array_equal(table.numbers(column)[at], exact)
    assert np.isnan(alone.table.numbers("all_low")).all()


def test_the_caption_of_a_figure_says_what_both_bands_hold(
    drawn_run: Path, shipped_run: Path
) -> None:
    said_ = caption(open_run(drawn_run))
    assert f"light bands: median of {N_DRAWS} draws of all that is not known" in said_
    assert "mean of 2 replicates at the values as given" in said_
    assert "(luck only, assumptions held)" in caption(open_run(shipped_run))


@pytest.mark.parametrize(("denied", "is_told"), [(0.0009, False), (0.0011, True)])
def test_a_ratio_over_nearly_nothing_is_no_number(denied: float, is_told: bool) -> None:
    ratio = next(iter(RATIOS))
    rows = [
        {"strategy": "s", "metric": EFFICACY, "mean": 1000 * denied, "denominator": 1000.0},
        {
            "strategy": "s",
            "metric": ratio,
            "mean": 5.0,
            "low": 4.0,
            "high": 6.0,
            "denominator": 7.0,
        },
        {"strategy": "t", "metric": EFFICACY, "mean": 300.0, "denominator": 1000.0},
        {"strategy": "t", "metric": ratio, "mean": 5.0, "baseline": "s", "difference": 1.0},
    ]
    told = _without_empty_ratios(rows)
    assert [told[0], told[2]] == [rows[0], rows[2]]
    values = [told[1][name] for name in ("mean", "low", "high")] + [told[3]["difference"]]
    assert all(math.isnan(float(value or 0)) != is_told for value in values)
    assert told[1]["denominator"] == 7.0
    assert told[3]["mean"] == 5.0


@pytest.mark.parametrize(
    ("given", "drawn", "known"),
    [(300.0, 0.1, ["given", "low", "difference"]), (0.1, 300.0, ["mean", "all_low"])],
)
def test_a_ratio_is_known_as_given_where_that_denies_anybody(
    given: float, drawn: float, known: list[str]
) -> None:
    """The draws may deny nearly nothing where the scenario as given does not, and otherwise."""
    names = ("mean", "given", "low", "all_low", "difference")
    rows = [
        {
            "strategy": "s", "metric": EFFICACY, "mean": drawn, "given": given,
            "denominator": 1000.0,
        },
        {"strategy": "s", "metric": next(iter(RATIOS)), **dict.fromkeys(names, 5.0)},
    ]  # fmt: skip
    told = _without_empty_ratios(rows)[1]
    assert [name for name in names if not math.isnan(float(told[name] or 0))] == known


@pytest.mark.parametrize(("denied", "high"), [(0.9, math.inf), (1.1, 9.0)])
def test_harm_per_effect_has_no_upper_end_where_some_draws_deny_hardly_anything(
    denied: float, high: float
) -> None:
    name = next(one for one, ratio in RATIOS.items() if ratio.below == EFFICACY)
    rows = [
        {"strategy": "s", "metric": EFFICACY, "all_low": denied, "denominator": 1000.0},
        {"strategy": "s", "metric": name, "all_low": 2.0, "all_high": 9.0},
        {"strategy": "t", "metric": EFFICACY, "all_low": 300.0, "denominator": 1000.0},
        {"strategy": "t", "metric": name, "all_low": 2.0, "all_high": 9.0},
    ]
    told = _without_limits(rows)
    assert told[1] == rows[1] | {"all_high": high}
    assert [told[0], *told[2:]] == [rows[0], *rows[2:]]
    said = all_text({"unit": "names", **told[1]})
    assert said == (
        "2 and more, as some draws deny hardly anything" if math.isinf(high) else "2 to 9"
    )


def test_a_verdict_says_in_how_many_draws_the_order_is_not_known() -> None:
    pair = {
        "metric": HARM, "unit": "business-hours", "strategy": "a", "other": "b", "share_less": 0.66,
        "verdict": "not settled", "share_equal": 0.0, "share_more": 0.0, "share_better_bound": 0.5,
        "share_worse_bound": 0.0, "difference": 1.0, "difference_low": 0.0, "difference_high": 2.0,
        "region": "",
    }  # fmt: skip
    table = verdict_table([pair])
    titles = [column.title for column in table.columns]
    left = table.rows[0].cells[titles.index("Not known in")].text
    assert left.replace(NBSP, " ") == "34 %"
    # A column in which each row would say that nothing is told is left out, and so is one of zeros.
    assert "What decides it" not in titles
    whole = verdict_table([pair | {"share_equal": 0.34, "region": "x > 1", "region_says": "less"}])
    titles = [column.title for column in whole.columns]
    assert "Not known in" not in titles
    assert titles[-1] == "What decides it"


def test_a_line_that_no_draw_moves_has_no_wide_band_and_says_so(
    drawn_run: Path, tmp_path: Path
) -> None:
    shutil.copytree(drawn_run, tmp_path / "run")
    path, once = tmp_path / "run" / "bands.parquet", tmp_path / "once.parquet"
    same = ", ".join(
        f"CASE metric WHEN 'addresses_listed' THEN mean ELSE {name} END AS {name}"
        for name in ("all_low", "all_median", "all_high")
    )
    duckdb.execute(f"COPY (SELECT * REPLACE ({same}) FROM '{path}') TO '{once}'")
    once.replace(path)
    panels = {}
    for name, folder in (("moved", drawn_run), ("same", tmp_path / "run")):
        run = open_run(folder)
        (found,) = (one for one in chart_data(run, read_drawn(run)) if one["id"] == "addresses")
        panels[name] = found["panels"][0]
    line = panels["same"]["lines"][0]
    # Between the times at which draws are kept as well.
    assert line["all"] == [line["mean"]] * 3
    assert panels["same"]["note"] == " The line “listed” is the same in every draw."
    assert panels["moved"]["lines"][0]["all"][2] != line["mean"]
    assert "nine in ten draws lie from" in panels["moved"]["note"]


def test_wide_bands_of_businesses_leave_out_how_many_there_are(drawn_run: Path) -> None:
    said = bands_in_words(open_run(drawn_run), IN_ENGLISH)
    assert "but how many businesses there are: 90" in said["all_of_businesses"]
    assert "businesses" not in said["all"]
