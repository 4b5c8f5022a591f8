"""Rows of numbers: what is drawn is what the tables of the folder hold, recomputed here."""

from datetime import UTC, datetime
from types import SimpleNamespace

import duckdb
import numpy as np
import pytest

from sim.catalogue.choices import EFFICACY
from sim.measure.bands import Band
from sim.measure.estimates import Estimate, Grade
from sim.report.figures import look
from sim.report.figures.kinds import LEFT, Curves, draw_curves, read_users
from sim.report.figures.rows import (
    Line,
    Panel,
    Point,
    Rows,
    TradeOff,
    draw_rows,
    draw_tradeoff,
    read_dependence,
    read_groups,
    read_money,
    read_strategies,
    read_tradeoff,
)
from sim.results.folder import RunFolder
from tests.csv_rows import csv_rows
from tests.experiments import percentiles

ENDS = (0.5, 0.05, 0.95)
START = datetime(2018, 4, 16, tzinfo=UTC)


def _table(run: RunFolder, name: str) -> list[dict[str, str]]:
    return csv_rows(run.path / name)


def _ends(found: Estimate) -> tuple[float, float, float]:
    return found.median, found.low, found.high


def _drawn(shown: Rows, width_in: float = 7) -> list[list[tuple[float, float, float]]]:
    """Dot and ends of the bar of each row, panel by panel."""
    with look.users_style():
        figure = draw_rows(shown, width_in)
    return [
        [
            (float(line.get_xdata()[0]), bar.get_x(), bar.get_x() + bar.get_width())
            for line, bar in zip(ax.lines, ax.patches, strict=True)
        ]
        for ax in figure.axes
    ]


@pytest.mark.parametrize("width_in", [4, 7])
def test_dots_and_bars_are_medians_and_ranges(width_in):
    lines = tuple(
        Line(name, Estimate(*ends, "USD", n_simulations=8))
        for name, ends in (("a", (3.0, 1.0, 4.0)), ("b", (-1.0, -2.0, 5.0)))
    )
    shown = Rows("Title", (Panel("One", lines), Panel("Two", lines[:1])), "")
    first, second = _drawn(shown, width_in)
    assert first == [(3.0, 1.0, 4.0), (-1.0, -2.0, 5.0)]
    assert second == [(3.0, 1.0, 4.0)]
    names, rows = shown.rows()
    assert [dict(zip(names, row, strict=True))["high"] for row in rows] == [4.0, 5.0, 4.0]


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (Estimate(0.7, 0.3, 0.9, "share", grade=Grade.CONTRADICTED), "contradicted"),
        (Estimate(np.nan, np.nan, np.nan, "share"), "not known"),
    ],
)
def test_a_number_that_the_record_contradicts_or_that_is_not_known_says_so(found, said):
    with look.users_style():
        (ax,) = draw_rows(Rows("T", (Panel("P", (Line("a", found),)),), ""), 7).axes
    assert said in ax.texts[-1].get_text()


def test_money_is_the_summary_in_the_country_s_currency(ensemble):
    (path,) = (ensemble.path / "inputs").glob("exchange-rates-*.csv")
    rates = _table(ensemble, f"inputs/{path.name}")
    of = next(row for row in rates if (row["currency"], row["of"]) == ("EUR", "2022"))
    rate = float(of["per_usd"])
    rows = {row["metric"]: row for row in _table(ensemble, "summary.csv")}
    expected = {
        "Sales that failed": "gross_loss_usd",
        "What businesses lost: the sum to quote": "private_loss_usd",
        "of it, lost to the country": "net_social_loss_usd",
    }
    shown = read_money(ensemble, None)
    (panel,) = shown.panels
    found = {line.name: _ends(line.found) for line in panel.lines}
    for name, metric in expected.items():
        ends = [rate * float(rows[metric][end]) for end in ("median", "low", "high")]
        assert found[name] == pytest.approx(ends)
    assert panel.title == "Euros"
    drawn = np.array(_drawn(shown)[0])
    assert drawn == pytest.approx(np.array([_ends(line.found) for line in panel.lines]))


def test_money_is_a_lower_bound_where_sites_are_not_known(ensemble, monkeypatch):
    monkeypatch.setattr("sim.report.words.heading.has_sites", lambda _: True)
    monkeypatch.setattr("sim.report.figures.rows.find_unknown", lambda *_: {("a", "")})
    (panel,) = read_money(ensemble, None).panels
    assert all(str(line.text).startswith("≥") for line in panel.lines if line.found.median > 0)


def test_shares_of_groups_are_quantiles_over_simulations(ensemble):
    hits = duckdb.sql(
        f"""SELECT "group", list(value / denominator) FROM '{ensemble.path}/hits.parquet'
        WHERE "by" = 'operator' AND metric = 'businesses_ever_impaired' GROUP BY "group" """
    ).fetchall()
    expected = sorted(tuple(np.round(percentiles(shares), 12)) for _, shares in hits)
    (panel,) = read_groups(ensemble, None, "operator").panels
    assert sorted(tuple(np.round(_ends(line.found), 12)) for line in panel.lines) == expected
    medians = [line.found.median for line in panel.lines]
    assert medians == sorted(medians, reverse=True)


def test_strategies_have_the_shares_of_their_simulations(compared):
    harm, effect, cost = read_strategies(compared, None).panels
    for panel, metric in ((harm, "business_hours_impaired"), (effect, "target_user_hours_denied")):
        for label, line in zip(compared.strategies, panel.lines, strict=True):
            (shares,) = duckdb.sql(
                f"SELECT list(value / denominator) FROM '{compared.path}/measures.parquet' "
                f"WHERE strategy = '{label}' AND metric = '{metric}'"
            ).fetchall()[0]
            assert _ends(line.found) == pytest.approx(np.quantile(shares, ENDS))
    assert harm.title == "Share of businesses' time cut off"
    assert len(cost.lines) == len(compared.strategies)


def test_inputs_are_those_of_the_summary(ensemble):
    expected = {
        float(row["depends_on_1_share"])
        for row in _table(ensemble, "summary.csv")
        if row["depends_on_1"]
    }
    found = {panel.lines[0].found.median for panel in read_dependence(ensemble, None).panels}
    assert found <= expected


def test_curves_and_points_that_the_record_contradicts_say_so(compared, monkeypatch):
    label = compared.strategies[-1]
    notes = (read_users(compared, label).note, read_tradeoff(compared, None).note)
    assert not any("Contradicted" in note for note in notes)
    refuted = {EFFICACY: SimpleNamespace(fact=SimpleNamespace(curve=LEFT))}
    monkeypatch.setattr("sim.report.figures.outage.contradictions", lambda run: refuted)
    notes = (read_users(compared, label).note, read_tradeoff(compared, None).note)
    assert all(note.endswith("Contradicted by the record: do not quote.") for note in notes)


def test_points_of_a_tradeoff_have_their_ranges_either_way():
    ends = ((3.0, 1.0, 4.0), (60.0, 20.0, 70.0)), ((2.0, 2.0, 5.0), (50.0, 40.0, 90.0))
    points = [
        Point(name, *(Estimate(*each, "h") for each in two), on_frontier)
        for name, two, on_frontier in zip("ab", ends, (0.5, 0.49), strict=True)
    ]
    with look.users_style():
        (ax,) = draw_tradeoff(TradeOff("Effect", "Harm", tuple(points)), 7).axes
    drawn = [line.get_xydata().tolist() for line in ax.lines]
    assert drawn == [
        [[1, 60], [4, 60]], [[3, 20], [3, 70]], [[3, 60]],
        [[2, 50], [5, 50]], [[2, 40], [2, 90]], [[2, 50]],
    ]  # fmt: skip
    assert [line.get_markerfacecolor() == "C0" for line in ax.lines[2::3]] == [True, False]
    assert ax.get_xlim()[1] >= 5
    assert ax.get_ylim()[1] >= 90


def test_a_zero_of_a_sample_that_was_hardly_hit_is_no_zero(compared):
    harm, _, cost = read_strategies(compared, "exact").panels
    at = compared.strategies.index("exact")
    # The rule of three: three of sixty.
    assert [str(panel.lines[at].text) for panel in (harm, cost)] == ["at most 5%", "not known"]
    names, rows = Rows("", (harm,), "").rows()
    row = dict(zip(names, rows[at], strict=True))
    assert np.isnan([row["median"], row["low"], row["high"]]).all()
    assert row["bound"] == "at most 5%"
    with look.users_style():
        ax = draw_rows(Rows("", (Panel("Harm", (harm.lines[at],)),), ""), 7).axes[0]
    assert not ax.lines
    assert ax.texts[-1].get_text() == "at most 5%"
    for by, expected in (("sector", "not known"), ("operator", "at most 5%")):
        (panel,) = read_groups(compared, "exact", by).panels
        assert {str(line.text) for line in panel.lines} <= {expected}
        assert panel.lines
    (panel,) = read_money(compared, "exact").panels
    assert {str(line.text) for line in panel.lines} == {"not known"}


@pytest.mark.parametrize("published", [(), ((3600, 7e6),)])
def test_every_curve_and_published_count_lies_inside_the_axes(published):
    t_s = np.array([0, 3600])
    bands = {
        name: Band(t_s, *(np.array([0.0, part * most]) for part in (0.5, 0.2, 1.0)), 1.0, 8)
        for name, most in (("few", 2e4), ("most", 3e6))
    }
    shown = Curves("title", "subject", START, 7200, bands, "addresses", published)
    with look.users_style():
        (ax,) = draw_curves(shown, 7).axes
    # In millions, as most are.
    assert 1 < max([3e6, *(n for _, n in published)]) / 1e6 * 1.05 < ax.get_ylim()[1]
    assert ax.get_title("left") == "subject, millions"
