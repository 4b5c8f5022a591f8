"""The page: every number recomputed from the tables by other code, and what it must not hold."""

import csv
import hashlib
import html
import itertools
import json
import math
import re
import shlex
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from ipaddress import ip_address, ip_network
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import duckdb
import numpy as np
import pytest
from jinja2 import meta, nodes

from sim.api.results import Results
from sim.catalogue.choices import EVER_SHARE, PRIVATE_LOSS
from sim.catalogue.choices import label as label_of
from sim.errors import DataError, ScenarioError, UsageError
from sim.experiment.draws import ALL_ASKED
from sim.experiment.pipeline import carry_out
from sim.experiment.plan import Plan
from sim.experiment.runs import Runs
from sim.measure.bands import Band
from sim.measure.estimates import (
    Estimate,
    Grade,
    contradictions,
    estimate_over,
    own_strategy,
    read_first_blocks,
)
from sim.measure.sites import BY_CAUSE, SiteRuns
from sim.report.figures.outage import Order, Outage, read_outage
from sim.report.page import document
from sim.report.page.appendix import _makers, borrowed_from, makers_of_tables
from sim.report.page.detail import (
    HOURS,
    count_undated,
    course_of,
    effects_of_orders,
    effects_of_sessions,
    figure_source,
    has_networks_too,
    is_cut,
    operators_of,
    read_peaks,
    rounding_of,
    step_before,
    times_of_orders,
)
from sim.report.page.document import _template, language_of, n_businesses, render, write_report
from sim.report.page.sites import _first_moment, rows_of_sites, times_of
from sim.report.words.answer import _Facts, answer
from sim.report.words.commands import answering_command, compare_command, repeat_command
from sim.report.words.heading import (
    computed_on,
    is_replayed,
    is_simulated,
    open_line,
    order_line,
    read_mechanisms,
    settings_line,
    simulated_line,
    source_line,
)
from sim.report.words.languages import IN_ENGLISH, NBSP, capitalised, language, moment, say_name
from sim.report.words.numbers import as_bound, number, with_mark
from sim.report.words.sites import split_by_list
from sim.results.folder import CurvePoints, RunFolder, later, open_run
from sim.results.parquet import Coded, write_part
from sim.results.tables import Row, read_rows
from sim.scenario.tables import rows as shipped_tables
from sim.scenario.tables.rows import FactRow
from sim.scenario.variants import choose_variants
from tests import sites
from tests.commands import run as verb
from tests.csv_rows import csv_rows
from tests.experiments import percentiles, resolved_of, write_ensemble, write_sites


@pytest.fixture(autouse=True)
def _without_pictures(monkeypatch):
    """Half of the time of a page goes into its pictures, which have tests of their own."""
    monkeypatch.setattr("sim.report.page.document.picture", lambda *_, **__: "<svg></svg>")


def two(value: float) -> str:
    """Two significant digits, by other code than the program's."""
    if value == 0:
        return "0"
    rounded = float(f"{value * (1 + 1e-12):.1e}")
    for size, word in ((1e9, " billion"), (1e6, " million")):
        if rounded >= size:
            return f"{rounded / size:g}{word}"
    return f"{rounded:,.0f}" if rounded >= 10 else f"{rounded:g}"


def share(value: float) -> str:
    return f"{float(f'{100 * value * (1 + 1e-12):.1e}'):g}%"


def between(low: str, high: str) -> str:
    unit = high.partition(" ")[2]
    low = low.removesuffix("%") if high.endswith("%") else low
    return f"{low.removesuffix(f' {unit}') if unit else low} to {high}"


def words_of(page: str) -> str:
    """Text of a page, each cell and line apart."""
    body = page[page.index("<main") :].replace("<wbr>", "")
    body = re.sub(r"<svg.*?</svg>", " ", body, flags=re.DOTALL)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", body))).replace(NBSP, " ")


def summary(folder: Path) -> dict[tuple[str, str], dict[str, str]]:
    return {(row["strategy"], row["metric"]): row for row in csv_rows(folder / "summary.csv")}


def ask(folder: Path, query: str) -> list[tuple[float, ...]]:
    return duckdb.sql(query.replace("FOLDER", str(folder))).fetchall()


@cache
def page_of(folder: Path, code: str = "en") -> str:
    """The page of a folder in which nobody writes."""
    return render(open_run(folder), language(code))


@pytest.fixture(scope="module")
def page(ensemble_run: Path) -> str:
    return page_of(ensemble_run)


def numbers_of_run(folder: Path) -> Iterator[str]:
    """What the page of a run has to hold, number and range beside each other."""
    rates = next((folder / "inputs").glob("exchange-rates*.csv"))
    ((rate,),) = ask(folder, f"SELECT per_usd FROM '{rates}' WHERE currency = 'EUR' AND of = 2022")
    table = summary(folder)
    for metric, name in (
        ("gross_loss_usd", "Sales that failed"),
        ("recaptured_usd", "minus what customers bought later"),
        ("churn_usd", "plus customers who stayed away"),
        ("private_loss_usd", "What businesses lost: the sum to quote"),
        ("net_social_loss_usd", "of it, lost to the country"),
    ):
        row = table["replay", metric]
        median, low, high = (rate * float(row[key]) for key in ("median", "low", "high"))
        yield f"{name} {two(median)} {between(two(low), two(high))}"
    listed = float(table["replay", "addresses_listed_peak"]["median"])
    yield f"{two(listed)} addresses ordered blocked at the peak"
    # The highest median of the share that is cut off, simulation by simulation.
    times = [int(at) for (at,) in ask(folder, f"SELECT DISTINCT t_s {CUT_OFF} ORDER BY 1")]
    lines = [
        ask(folder, f"SELECT max_by(value / denominator, t_s) {CUT_OFF} AND t_s <= {at} "
            "GROUP BY replicate ORDER BY replicate")
        for at in times
    ]  # fmt: skip
    bands = [percentiles([float(one) for (one,) in line]) for line in lines]
    median, low, high = max(bands, key=lambda one: one[0])
    yield (
        f"{share(median)} of Austria's businesses in foreign clouds cut off from some of their "
        f"customers at the peak {between(share(low), share(high))}"
    )
    yield f"about {share(median)} of its businesses in foreign clouds are cut off from some"
    for metric, label in (
        ("orders_placed", "Orders placed or withdrawn"),
        ("rules_in_force_peak", "Rules in force, peak"),
        ("businesses_ever_impaired", "Businesses ever cut off"),
        ("business_hours_impaired", "Business-hours cut off"),
        ("spells", "Spells"),
        ("names_hit", "Names on modelled businesses' blocked addresses"),
        ("active_sites_hit", "Active sites on modelled businesses' blocked addresses"),
        ("businesses_ever_affected", "Businesses ever affected"),
    ):
        row = table["replay", metric]
        median, low, high = (float(row[key]) for key in ("median", "low", "high"))
        yield f"{label} {two(median)}" + (f" {two(low)} {two(high)}" if low < high else "")
    for metric in ("demand_lost_share", "businesses_ever_impaired_share", "names_hit_share"):
        row = table["replay", metric]
        yield " ".join(share(float(row[key])) for key in ("median", "low", "high"))


CUT_OFF = (
    "FROM 'FOLDER/curves.parquet' WHERE metric = 'businesses_impaired' AND provider IS NULL "
    "AND sector IS NULL"
)


def test_every_number_of_a_run_is_that_of_its_tables(ensemble_run, page):
    text = words_of(page)
    expected = list(numbers_of_run(ensemble_run))
    assert len(re.findall(r"[\d.]+", " ".join(expected))) >= 50
    assert not [one for one in expected if one not in text]
    # A table is replayed, and its curves are kept at even times alone.
    assert "What did the largest orders do?" in text
    assert "When: half listed, at steps of 1 hour." in text


def test_hours_by_session_are_under_a_heading_of_sessions(site_folder, monkeypatch):
    run = open_run(site_folder)
    shown = replace(read_outage(run), sessions=(), orders=(Order(0, 9, 5.0, ("A",)),))
    monkeypatch.setattr("sim.report.page.document.read_outage", lambda *_: shown)
    hours = (["a"], [(say_name("Monday"), [(Estimate(1, 1, 1, "h"), False)])])
    monkeypatch.setitem(_template().globals, "hours_by_session", lambda _: hours)
    assert "What did the sessions do? Hours cut off a Monday 1" in words_of(render(run))


QUANTILES = ", ".join(f"quantile_cont(most, {at})" for at in (0.5, 0.05, 0.95))


def peak(folder: Path, metric: str) -> tuple[float, ...]:
    """Median and range of a measure; of a share of what it is out of if it is out of something."""
    table = f"'FOLDER/measures.parquet' WHERE metric = '{metric}_peak'"
    return percentiles(
        one for (one,) in ask(folder, f"SELECT value / coalesce(denominator, 1) FROM {table}")
    )


def most_cut_off(folder: Path, from_s: int, to_s: int) -> tuple[float, ...]:
    """Median and range of the largest share cut off in each simulation between two seconds."""
    ((*found,),) = ask(
        folder,
        f"WITH rows AS (SELECT replicate, t_s, value / denominator AS value {CUT_OFF}), before AS "
        f"(SELECT replicate, max_by(value, t_s) AS value FROM rows WHERE t_s <= {from_s} GROUP BY "
        f"ALL), inside AS (SELECT replicate, value FROM rows WHERE t_s > {from_s} AND t_s < {to_s} "
        "UNION ALL FROM before), peaks AS (SELECT max(value) AS most FROM inside GROUP BY "
        f"replicate) SELECT {QUANTILES} FROM peaks",
    )
    return tuple(found)


def written(found: tuple[float, ...], write: Callable[[float], str]) -> str:
    median, low, high = map(write, found)
    return f"{median} {between(low, high)}" if low != high else median


def test_addresses_of_sessions_are_simulated_and_the_number_is_the_peak(session_folder):
    run = open_run(session_folder)
    text = words_of(page_of(session_folder))
    most = peak(session_folder, "addresses_listed")
    assert f"{written(most, two)} ○ Never checked" in text.replace(
        "simulated addresses ordered blocked at the peak ", ""
    )
    assert f"simulated orders list {two(most[0])} addresses in Spain. In simulations, " in text
    said = f"Addresses listed: {two(most[0])} at the peak"
    assert said in read_outage(run).alt.replace(NBSP, " ")
    # The public list had 210, 202, 214 and 185 addresses in these sessions.
    assert "Never checked : the makers of the model knew the published 210 addr" in text
    assert len(re.split("[ \n]", answer(run).whole)) <= 30


def test_a_session_has_the_most_of_each_simulation_until_the_next_begins(session_folder):
    run = open_run(session_folder)
    outage = read_outage(run)
    rows = list(effects_of_sessions(run, outage))
    ends_s = [*(from_s for from_s, _ in outage.sessions[1:]), outage.horizon_s]
    assert len(rows) == len(ends_s) == 4
    text = words_of(page_of(session_folder))
    for (from_s, _), until_s, (session, found) in zip(outage.sessions, ends_s, rows, strict=True):
        most = most_cut_off(session_folder, from_s, until_s)
        assert (found.median, found.low, found.high) == pytest.approx(most)
        assert f"{session} {written(most, share)}".replace(NBSP, " ") in text
    assert "from the start of a session to the start of the next" in text


def test_what_orders_state_is_given_and_what_is_simulated_was_never_checked(
    ensemble_run, session_folder, page
):
    grades = [one.found.grade for one in answer(open_run(ensemble_run)).figures]
    assert grades == [Grade.GIVEN, Grade.NEVER_CHECKED, Grade.NEVER_CHECKED]
    assert answer(open_run(session_folder)).figures[0].found.grade is Grade.NEVER_CHECKED
    assert "ordered blocked at the peak □ Given : an input, the table of orders" in words_of(page)


def test_who_ordered_a_block_is_disputed_where_it_is_no_fact(ensemble_run):
    run = open_run(ensemble_run)
    assert "Disputed who ordered it: an Austrian court, or lawyers" in order_line(run)
    assert (
        "music sites, 11 addresses were listed in Austria. In simulations, " in answer(run).sentence
    )
    fact = {"ordered_by": {"kind": "fact", "source": "a book"}}
    sure = RunFolder(run.path, run.manifest, run.scenario | {"provenance": fact})
    assert "Ordered by an Austrian court, or lawyers" in order_line(sure)
    assert (
        "music sites, Austria ordered 11 addresses blocked. In simulations, "
        in answer(sure).sentence
    )


def test_a_published_loss_is_in_the_currency_of_the_figure(ensemble_run):
    facts = _Facts(open_run(ensemble_run))
    row = {"published": "1000000000", "unit": "USD"}
    facts.rows["replay", "private_loss_usd"] = row
    # 0.95 euros to the dollar.
    assert facts._published("private_loss_usd").replace(NBSP, " ") == "950 million euros"


def test_national_methods_are_in_currency_by_author_and_of_the_same_share(ensemble_run, page):
    rows = {(row["method"], row["scope"]): row for row in csv_rows(ensemble_run / "money.csv")}
    row = rows["oecd_2011", "country, same share of demand lost"]
    median, low, high = (0.95 * float(row[key]) for key in ("median", "low", "high"))
    assert f"OECD (2011) {two(median)} {between(two(low), two(high))}" in words_of(page)
    assert "oecd" not in page


SHARES = np.array(
    [
        [0, 0.1, 0.4, 0.2, 0, 0],
        [0, 0, 0.1, 0.2, 0.1, 0],
        [0, 0.1, 0.1, 0.1, 0.3, 0.3],
        [0, 0, 0, 0, 0, 0],
    ]
)
"""Share cut off at 0:00, 10:00, 12:00, 13:00, 20:00 and 22:00; the median begins at 10:00."""


@pytest.mark.parametrize(
    ("shares", "peak", "said"),
    [
        # The middle line has 0.05, 0.1, 0.15, 0.05 from 10:00 to 20:00.
        (SHARES, 0.15, {"first": "10:00", "peak": "13:00", "end": "22:00"}),
        # The peaks, but of what cuts nobody off, are at 12:00, 13:00 and 20:00.
        (SHARES, 0.25, {"first": "10:00", "peak": "13:00", "low": "12:00", "high": "20:00",
                        "end": "22:00"}),
        (SHARES[2:3], 0.3, {"first": "10:00", "peak": "20:00"}),
        (SHARES[3:], 0.0, {}),
    ],
)  # fmt: skip
def test_times_of_begin_peak_and_end(shares, peak, said):
    t_s = np.array([0, 10, 12, 13, 20, 22]) * 3600
    line = np.median(shares, axis=0)
    outage = SimpleNamespace(
        start=datetime(2026, 1, 10, tzinfo=UTC),
        cut_off=Band(t_s, line, line, line, 1.0, len(shares)),
        is_peak_of_line=peak == pytest.approx(line.max()),
        step_s=600,
        horizon_s=400 * 86_400,
    )
    found = {key: str(text) for key, text in course_of(cast("Outage", outage), shares).items()}
    # Two changes are never nearer than an hour; the line was looked at every ten minutes.
    assert found.pop("step", "") == ("10 minutes" if said else "")
    assert found == {key: f"Sat,{NBSP}10 Jan 2026, {time}" for key, time in said.items()}


@pytest.mark.parametrize(("text", "n"), [("Kraj é", 3), ("Diğer", 6), ("Мир", 6), ("ł Мир", 9)])
def test_a_page_brings_the_fonts_of_its_letters_alone(text, n):
    assert document._fonts(text).count("@font-face") == n


def test_numbers_with_ranges_are_in_the_language_of_the_page(ensemble_run):
    text = words_of(page_of(ensemble_run, "es"))
    row = summary(ensemble_run)["replay", "demand_lost_own_address_share"]
    median, low, high = (share(float(row[key])) for key in ("median", "low", "high"))
    said = f"{median} (de {low[:-1]} a {high})".replace(".", ",").replace("%", " %")
    assert f"falló: {said} por una dirección propia de la empresa" in text


def test_ratios_compare_strategies_and_are_on_no_page_of_a_run(session_folder):
    assert any(metric.endswith("_per_million_user_hours_denied") for _, metric in
               summary(session_folder))  # fmt: skip
    text = words_of(page_of(session_folder))
    assert "user-hours denied" in text
    assert "per million user-hours denied" not in text


def test_the_target_has_a_sentence(session_folder, page):
    row = summary(session_folder)["time-window", "target_user_hours_lost_share"]
    median, low, high = (share(float(row[key])) for key in ("median", "low", "high"))
    text = words_of(page_of(session_folder))
    low = low if float(row["low"]) > 1e-6 else "nearly 0"
    assert f"The target's users lost {median} ({between(low, high)}) of the hours" in text
    assert "Not computed: its users are not modelled." in words_of(page)


def test_a_run_is_repeated_on_the_same_simulations(ensemble_run):
    run = open_run(ensemble_run)

    def told(
        ensemble: dict[str, object], command: Callable[[RunFolder], str], *, own: bool = False
    ) -> str:
        mine = [{"name": "my.py", "copy": "inputs/my-1.py"}] * own
        changed = {"ensemble": ensemble, "inputs": [*run.manifest["inputs"], *mine]}
        return command(replace(run, manifest={**run.manifest, **changed}))

    every = {"not_conditioned": ALL_ASKED, "is_paired": True}
    mine = {"is_conditioned": True, "list": "my.csv"}
    other = {"not_conditioned": "they are of other evidence"}
    assert " --kept none --pairs" in told(every, repeat_command)
    assert " --kept none --trust" in told(every, compare_command, own=True)
    assert "--kept" not in told(other, repeat_command) + told(other, compare_command)
    # A folder repeats itself.
    assert told(mine, repeat_command) == "overblock run ."
    assert told(every, repeat_command, own=True) == "overblock run . --trust inputs/my-1.py"
    assert " --kept my.csv" in told(mine, compare_command)


def test_other_ways_of_blocking_can_be_compared_as_the_page_says(ensemble_run, session_folder):
    told = compare_command(open_run(session_folder))
    assert told.startswith("overblock compare match-days -n 4 --seed ")
    replay = open_run(ensemble_run)
    of_telegram = replay.scenario | {"target": {"name": "Telegram"}}
    other = answering_command(RunFolder(replay.path, replay.manifest, of_telegram))
    assert other.startswith("overblock compare telegram-2018 --strategy exact")
    for command in (told, other):
        words = shlex.split(command)
        ways = [way for before, way in itertools.pairwise(words) if before == "--strategy"]
        variants, _ = choose_variants(resolved_of(words[2]), ways)
        assert [one.label for one in variants if one.label in ways] == ways
    # What replays orders has nothing that another strategy could answer.
    with pytest.raises(ScenarioError, match="expected a section fronts"):
        choose_variants(resolved_of("austria-2022"), ["exact"])
    assert answering_command(replay) == ""
    text = words_of(page_of(ensemble_run))
    assert "nor can another one that is shipped" in text
    assert "overblock compare" not in text


def test_settings_that_are_assumed_are_counted_without_tables(ensemble_run, page):
    manifest = json.loads((ensemble_run / "manifest.json").read_text("utf-8"))
    tables = {one["name"] for one in manifest["inputs"]}
    keys = [one["key"] for one in manifest["sources"] if one["kind"] == "assumption"]
    mine = [key for key in keys if key.rsplit(".", 1)[0] not in tables]
    assert 0 < len(mine) < len(keys)
    assert f"Assumed: all other tables, and {len(mine)} settings" in words_of(page)
    # Numbers come first, before names of tables.
    assert (
        "Settings assumed (each simulation may draw its own): population.n_businesses "
        in words_of(page)
    )
    assert f"; +{len(mine) - 5}: manifest.json." in words_of(page)


def test_a_user_s_own_files_have_their_hashes(site_folder, page):
    run = open_run(site_folder)
    mine = {one["name"]: one["sha256"][:8] for one in run.manifest["inputs"] if not one["title"]}
    text = words_of(render(run))
    assert len(mine) >= 2
    assert all(f"{name} (SHA-256 {digest})" in text for name, digest in mine.items())
    assert words_of(page).count("(SHA-256") == 1


def test_the_scenario_has_its_hash(page):
    text = (Path(__file__).parents[3] / "scenarios" / "austria-2022.yaml").read_bytes()
    begin = hashlib.sha256(text).hexdigest()[:8]
    assert f"scenario (SHA-256 {begin})" in words_of(page)


def test_a_spared_site_has_a_row_and_one_drawn_is_not_known(site_folder, monkeypatch):
    hours = np.array([[0.0, 0.0, 6.0], [0.0, 0.0, 0.0], [0.0, 0.0, 6.0], [0.0, 0.0, 0.0]])
    # The middle one of two times is one of them, not a time between.
    when = np.where(hours > 0, [[216_000.0], [0.0], [3600.0], [0.0]], np.nan)
    number = {"impaired_h": hours, "first_cut_off_s": when, "last_cut_off_s": when}
    number |= {"affected_h": hours, "loss_usd": hours}
    number |= {name: np.zeros(hours.shape) for name in BY_CAUSE}
    drawn = {"drawn": np.array([["sector", "sector frontend", "frontend storage"]] * 4, object)}
    found = SiteRuns(("spared", "placed", "cut"), np.arange(4), number, drawn)
    monkeypatch.setattr("sim.report.words.sites.read_sites", lambda *_: found)
    unknown = {("placed", "")}
    for module in ("page", "words"):
        monkeypatch.setattr(f"sim.report.{module}.sites.find_unknown", lambda *_: unknown)
    rows = rows_of_sites(open_run(site_folder), 60)
    assert [(row.name, row.n_cut, row.first, row.is_drawn) for row in rows] == [
        ("cut", 2, f"16{NBSP}Apr, 01:00", True),
        ("spared", 0, "never", False),
        ("placed", 0, "not known", True),
    ]
    assert (rows[1].hours.median, rows[1].hours.high, rows[1].is_still) == (0, 0, False)
    # Hours are of the simulations that the first moment is of.
    assert (rows[0].hours.low, rows[0].hours.median) == (6, 6)
    # Who is affected, though never cut off, comes before who is not.
    number["affected_h"] = hours + np.array([0.0, 5.0, 0.0])
    assert [row.name for row in rows_of_sites(open_run(site_folder), 60)] == [
        *("cut", "placed", "spared")
    ]
    assert rows_of_sites(open_run(site_folder), 60)[2].first == "never"
    number["affected_h"] = hours + np.array([[0.0], [5.0], [0.0], [0.0]])
    assert rows_of_sites(open_run(site_folder), 60)[1].first == "affected in 1"
    # Who is listed, though nothing affects it, comes before all; part of it is named. Who is not,
    # and cut off, has a reason.
    monkeypatch.setattr("sim.report.page.sites.count_listed", lambda _: {"spared": (1, 2)})
    number["lost_demand_h_bought_service"] = hours
    told = rows_of_sites(open_run(site_folder), 60)
    assert [(row.name, row.n_listed, row.why) for row in told] == [
        *(("spared", 1, ""), ("cut", 0, "a service that it is assumed to use is listed")),
        *(("placed", 0, ""),),
    ]
    number["affected_h"] = hours
    assert [*rows[1].shares, *map(np.isnan, rows[2].shares)] == [0, 0, True, True]
    # A begin is rounded down, an end up, unless it is on a full hour.
    spells = dict(zip(found.site, hours.T, strict=True))
    monkeypatch.setattr("sim.report.page.sites.read_spells", lambda *_: spells)
    for second, rounded in ((3600.0, "01:00"), (3601.0, "02:00"), (7200.0, "02:00")):
        number["last_cut_off_s"] = np.full(hours.shape, second)
        rows = times_of(open_run(site_folder), 60)
        assert [str(row[2])[-5:] for row in rows] == ["never", rounded, "known"]
    number["last_cut_off_s"] = np.full(hours.shape, 1e9)
    rows = list(times_of(open_run(site_folder), 60))
    assert [str(row[3]) for row in rows] == ["0", "≥6", "not known"]
    assert [str(row[1]) for row in rows] == ["0", "2", "not known"]
    assert [row[5].is_known for row in rows] == [True, True, False]


def test_how_many_were_down_is_the_peak_of_each_simulation(ensemble_run, page):
    text = words_of(page)
    for metric, words in (
        ("businesses_affected", "Affected: more than 1% of what customers try fails"),
        ("businesses_impaired", "Cut off: more than 10%"),
        ("businesses_down", "Down: more than 90%"),
    ):
        assert f"{words} {written(peak(ensemble_run, metric), share)}" in text


def test_shares_name_their_denominator(page, tmp_path):
    told = "Shares are of all modelled businesses, each counted once: {}, an assumption."
    assert told.format("400") in words_of(page)
    columns = {
        "strategy": Coded.of(["mine"] * 3),
        "metric": Coded.of(["businesses_ever_impaired"] * 3),
        "value": np.zeros(3),
        "denominator": np.array([100.0, 200.0, 300.0]),
        "denominator_unit": Coded.of(["businesses"] * 3),
    }
    write_part(tmp_path / "measures.parquet", columns)
    drawn = {"population": {"n_businesses": 200}}
    run = SimpleNamespace(path=tmp_path, strategies=("mine",), scenario=drawn)
    # A twentieth of the way from 100 to 200, and from 300.
    said = n_businesses(cast("RunFolder", run)).replace(NBSP, " ")
    assert said == told.format("200 (110 to 290)")
    run.scenario = {"population": {"inventory": "hosts.csv"}}
    assert n_businesses(cast("RunFolder", run)) == ""


def test_times_that_are_simulated_are_rounded_down_to_the_step_of_the_line():
    at = datetime.fromisoformat("2018-04-30T23:59:59+03:00")
    found = [step_before(at, minutes) for minutes in (1, 10, 60, 360)]
    assert [f"{one:%d %H:%M}" for one in found] == ["30 23:59", "30 23:50", "30 23:00", "30 18:00"]
    assert step_before(found[1], 10) == found[1]
    for step_s, minutes in ((600, 10), (60, 1), (3600, 60), (86_400, 60)):
        assert rounding_of(cast("Outage", SimpleNamespace(step_s=step_s))) == minutes


def test_no_operator_blocks_after_what_it_cuts_off(session_folder):
    """Both clocks of the page have one step."""
    run = open_run(session_folder)
    outage = read_outage(run)
    firsts = [str(first) for _, _, first, _ in operators_of(run, outage, 5)]
    exact = ask(
        session_folder,
        "WITH firsts AS (SELECT operator, replicate, min(enforced_s) AS t_s "
        "FROM 'FOLDER/enforcement.parquet' GROUP BY ALL) "
        "SELECT quantile_disc(t_s, 0.5) FROM firsts WHERE operator LIKE 'provider-1%'",
    )
    at = later(run.start, float(exact[0][0]))
    step = rounding_of(outage)
    assert step < 60
    assert firsts[0].endswith(f"{at.hour:02d}:{at.minute // step * step:02d}")
    assert "The table of operators names none of them." in words_of(page_of(session_folder))


def test_what_was_cut_off_before_an_order_has_no_harm_of_its_day():
    line = np.array([0.0, 0.2, 0.5, 0.6])
    band = Band(np.array([0, 10, 14, 40]) * 3600, line, line, line, 1.0, 2)
    # Orders of 10:00 and 14:00 of the first day, and of 16:00 of the second.
    orders = (
        Order(10 * 3600, 14 * 3600, 5.0, ("A",)), Order(40 * 3600, 40 * 3600, 5.0, ("B",)),
    )  # fmt: skip
    outage = SimpleNamespace(
        start=datetime(2026, 1, 10, tzinfo=UTC), orders=orders, cut_off=band, horizon_s=90 * 3600,
        is_bounded=False,
    )  # fmt: skip
    run = SimpleNamespace(horizon_s=90 * 3600)
    rows = effects_of_orders(cast("RunFolder", run), cast("Outage", outage))
    rows = [*rows]
    assert [(before, then) for _, _, _, before, then, _ in rows] == [("0%", "50%"), ("50%", "60%")]
    # The time is that by which half is listed, as in the picture.
    assert [str(row[0])[-5:] for row in rows] == ["14:00", "16:00"]
    # What is over before the next row was there; a withdrawal has its least.
    outage.cut_off = replace(band, median=line[[0, 2, 1, 3]], low=line, high=line)
    outage.orders = (orders[0], replace(orders[1], change=-5.0))
    after = [row[4] for row in effects_of_orders(cast("RunFolder", run), cast("Outage", outage))]
    assert after == ["20%", "60%"]
    outage.orders = (replace(orders[0], at_s=10 * 3600), *orders[1:])
    after = [row[4] for row in effects_of_orders(cast("RunFolder", run), cast("Outage", outage))]
    assert after == ["50%", "60%"]


def test_days_of_orders_are_those_of_the_record(session_folder, ensemble_run):
    # The last of these sessions ends after midnight in Spain, before midnight in UTC.
    assert "sessions of 10 to 13 January 2026" in order_line(open_run(session_folder))
    replay = open_run(ensemble_run)
    assert "orders of 28 to 29 August 2022" in order_line(replay)
    simulated = replay.scenario | {"strategy": {"id": "exact"}}
    assert "orders of" not in order_line(RunFolder(replay.path, replay.manifest, simulated))
    early = {"addresses": ["192.0.2.0/24"], "from": "2022-08-20T00:00+02:00"}
    over = {
        "addresses": ["192.0.2.0/24"],
        "from": "2022-07-01T00:00+02:00",
        "to": "2022-07-02T00:00+02:00",
    }
    for given in ([early, over], [over]):
        asked = replay.scenario | {"strategy": {"id": "orders", "orders": given}}
        days = "20 to 29 August 2022" if early in given else "28 to 29 August 2022"
        assert f"orders of {days}" in order_line(RunFolder(replay.path, replay.manifest, asked))


def test_each_table_is_counted_and_borrowed_ones_come_first(ensemble_run, page):
    run = open_run(ensemble_run)
    text = words_of(page)
    n = len(run.manifest["inputs"]) + 1  # and the assumed values, which are in the manifest
    assumed = int(re.search(rf"Of {n} tables, assumed: (\d+); borrowed: 7\.", text)[1])
    rows = re.findall(r"<td>([^<]*(?:<a[^>]*>[^<]*</a>[^<]*)?)</td><td>[0-9a-f]{8}</td></tr>", page)
    # The assumed values are in the manifest, and have no hash.
    assert len(rows) == n - 1
    assert assumed == 1 + sum(one == "assumed" or one.endswith("*") for one in rows)
    tables = text[text.index(f"Tables it rests on: {n} Table Borrowed from") :]
    (borrowed,) = re.findall(r"^.* Assumed values of scenario keys Russia, 2018 assumed m", tables)
    begins = re.findall(r" ([0-9a-f]{8})(?= )", tables)
    assert sorted(begins) == sorted(one["sha256"][:8] for one in run.manifest["inputs"])
    assert len(re.findall(r" [0-9a-f]{8}\b", borrowed)) == 6


def test_each_table_has_its_maker_and_the_address_of_its_facts(ensemble_run, page, monkeypatch):
    link = '<a href="https://blog.cloudflare.com/consequences-of-ip-blocking" rel="noreferrer">'
    assert f"{link}blog.cloudflare.com/…</a> +1</td>" in page
    text = words_of(page)
    # Of the ranges of providers each row names its source; the first has the most.
    assert "free of the orders Russia, 2018-02 to 2018-04 MaxMind +" in text
    assert "How the components of a business are built, 2018 Russia, 2018 assumed" in text
    run = open_run(ensemble_run)
    sources = [
        {"key": "a.x", "kind": "fact", "n_values": 1, "source": "A list, of 2018"},
        {"key": "a.y", "kind": "assumption", "n_values": 2},
        {"key": "b.x", "kind": "fact", "n_values": 1, "source": 'me <b>; www.e.org/"x, y'},
        {"key": "c.x", "kind": "fact", "n_values": 3, "source": "note of github o/list@1a2 file"},
        {"key": "c.x", "kind": "fact", "n_values": 2, "source": "two.example"},
    ]
    inputs = [{"name": one, "title": one if one != "d" else "", "sha256": ""} for one in "abcd"]
    listed = run.manifest | {"sources": sources, "inputs": inputs}
    expected = {
        "a": "A list*",
        "b": '<a href="https://e.org/" rel="noreferrer">e.org/</a>',
        "c": '<a href="https://github.com/o/list" rel="noreferrer">github.com/o/list</a> +1',
        "d": "your file",
    }
    assert _makers(RunFolder(run.path, listed, run.scenario)) == expected
    # Of a table of rates the row of one currency is used, if the table is one of the run's.
    for rates, source, made in (
        ("c", "A bank, 2018", {"c": "A bank"}), ("c", "", {"c": "assumed*"}), ("e", "A bank", {}),
    ):  # fmt: skip
        rate = SimpleNamespace(source=source)
        monkeypatch.setattr("sim.report.words.heading.rate_of", lambda run, rate=rate: rate)
        paid = run.scenario | {"money": {"rates": rates}}
        assert _makers(RunFolder(run.path, listed, paid)) == expected | made


def test_measures_that_are_zero_are_named(ensemble_run, page):
    zero = {
        "IPv6 networks" if metric.startswith("networks_") else label_of(metric)
        for (_, metric), row in summary(ensemble_run).items()
        if row["low"] and float(row["low"]) == float(row["high"]) == 0
        and not float(row["zero_at_most"] or 0)
    }  # fmt: skip
    (said,) = re.findall(r"Zero in nine of ten simulations: (.*?)\.", words_of(page))
    named = said.split("; ")
    assert len(named) == len(set(named))
    assert {"IPv6 networks"} <= set(named) <= zero


@pytest.mark.parametrize(
    ("strategy", "kinds", "days", "said"),
    [
        ({"id": "exact"}, {}, "", ("simulated", [], False)),
        ({"id": "orders", "table": "my.csv"}, {}, "", ("none", [], False)),
        ({"id": "orders", "orders": [{"addresses": "a.txt"}]}, {}, "", ("none", [], False)),
        # In force at no time of the run, or from its start on.
        ({"id": "orders", "orders": [{"addresses": "a.txt", "every": ["mon"]}]}, {}, "",
         ("given", [], False)),
        ({"id": "orders", "table": "my.csv"}, {"my.csv.from": "assumption"}, "some",
         ("given", [], False)),
        ({"id": "w", "sessions": "s"}, {"s.start": "fact"}, "some", ("recorded", [], False)),
        ({"id": "replay", "orders": "o"}, {"o.effective": "fact", "o.prefix": "assumption"}, "some",
         ("recorded", [24, 2, 0.5], True)),
        ({"id": "replay", "orders": "o"}, {"o.effective": "assumption", "o.prefix": "assumption"},
         "some", ("given", [24, 2, 0.5], False)),
    ],
)  # fmt: skip
def test_times_of_orders_are_recorded_given_assumed_or_simulated(
    strategy, kinds, days, said, monkeypatch
):
    at = datetime(2018, 4, 16, tzinfo=UTC)
    rows = [
        SimpleNamespace(earliest=at, latest=at + timedelta(hours=hours)) for hours in (24, 2, 0.5)
    ]
    monkeypatch.setattr("sim.report.page.detail.input_rows", lambda *_: rows)
    monkeypatch.setattr("sim.report.page.detail.ordered_days", lambda _: days)
    mine = {"id": strategy["id"], "label": "mine", "parameters": {}}
    sources = [{"key": key, "kind": kind, "n_values": 1} for key, kind in kinds.items()]
    manifest = {"scenario": {}, "strategies": [mine], "sources": sources}
    run = RunFolder(Path(), manifest, {"strategy": strategy, "ordered_by": "a court"})
    assert times_of_orders(run) == said


@pytest.mark.parametrize(("dated", "n"), [((1, 0, 0), 2), ((0, 0), 0), ((1, 1), 0)])
def test_orders_without_a_time_among_others_are_counted(dated, n, monkeypatch, ensemble_run):
    run = open_run(ensemble_run)
    with monkeypatch.context() as patch:
        patch.setitem(_template().globals, "count_undated", lambda _: 2)
        assert "2 orders have no time: they hold from the start." in words_of(render(run))
    rows = [SimpleNamespace(from_="", to="2018-04-16" * one, every=()) for one in dated]
    monkeypatch.setattr("sim.report.page.detail.input_rows", lambda *_: rows)
    lines = [{"addresses": "a", **({"to": "2018-04-16"} if one else {})} for one in dated]
    for strategy in ({"id": "orders", "table": "my.csv"}, {"id": "orders", "orders": lines}):
        assert count_undated(RunFolder(Path(), {}, {"strategy": strategy})) == n


@pytest.mark.parametrize(
    ("times", "said"),
    [
        (("simulated", [], False), "Times of orders: simulated."),
        (("none", [], False), "The list has no times: it is blocked from the start, an assum"),
        (("given", [], False), "Times of orders: as given, not checked."),
        (("recorded", [], False), "Times of orders: recorded."),
        (("recorded", [24, 2, 0.5], True), "Their times are recorded to within 0.5 to 24 hours."),
    ],
)  # fmt: skip
def test_the_page_says_how_times_of_orders_are_known(times, said, ensemble_run, monkeypatch):
    monkeypatch.setitem(_template().globals, "times_of_orders", lambda _: times)
    text = words_of(render(open_run(ensemble_run)))
    assert said in text
    assert ("How many addresses is recorded; which they are is assumed." in text) is times[2]


def test_one_simulation_that_lists_ipv6_beside_ipv4_is_seen(monkeypatch):
    none = np.full(2, np.nan)
    band = Band(np.array([0, 9]), np.array([0.0, 1.0]), none, none, np.nan, 1)
    monkeypatch.setattr("sim.report.figures.outage.whole_band", lambda *_: band)
    run = SimpleNamespace(strategies=("a",), strategy=str, has_curve=lambda *_: True)
    assert has_networks_too(run, SimpleNamespace(is_addresses=True))
    assert not has_networks_too(run, SimpleNamespace(is_addresses=False))


def test_who_ordered_a_list_of_one_s_own_and_why_is_stated_or_not(site_folder):
    run = open_run(site_folder)

    def told(**keys: str | None) -> str:
        return order_line(RunFolder(run.path, run.manifest, run.scenario | keys))

    days = "orders of 16 to 17 April 2018"
    stated = told(ordered_by="a court", purpose="stop a copy")
    assert stated.startswith(f"Ordered by a court · why: to stop a copy · {days} · Internet")
    nobody = told(ordered_by=None, purpose=None)
    assert nobody.startswith(f"Who ordered it: not stated · why: not stated · {days} · Internet")
    silent = RunFolder(run.path, run.manifest, run.scenario | {"ordered_by": None})
    text = words_of(render(silent))
    assert "Who ordered it, and why: add ordered_by and purpose to the scenario." in text
    assert "add ordered_by" not in words_of(render(run))


def test_a_user_sees_what_the_mechanism_does(ensemble_run, page, monkeypatch):
    said = "Simulated operators drop packets (no DNS, no NAT); the browser waits until it gives up"
    assert f"What does a user see? {said}; no page says why; elsewhere" in words_of(page)
    monkeypatch.setitem(_template().globals, "read_mechanisms", lambda *_: ["name", "throttle"])
    text = words_of(render(open_run(ensemble_run)))
    assert (
        "user see? Attempts at a blocked name fail, except for users who get round it; no" in text
    )
    assert "Some attempts at a blocked address fail, the others work" in text


def test_hours_at_an_operator_are_the_mean_of_all_businesses(ensemble_run, page):
    rows = ask(
        ensemble_run,
        "SELECT \"group\", median(120 * value / denominator) FROM 'FOLDER/hits.parquet' WHERE "
        "\"by\" = 'operator' AND metric = 'business_hours_impaired' GROUP BY ALL ORDER BY 1",
    )
    assert len(rows) == 5
    text = words_of(page)
    for operator, hours in (row for row in rows if row[0] != "liwest"):
        name = {"a1": "A1", "magenta": "Magenta", "drei": "Drei", "liwest": "Liwest"}.get(
            str(operator), "other operators"
        )
        assert re.search(rf" {name} \d+% 2\d Aug, \d\d:00 {re.escape(two(float(hours)))} ", text)


def test_a_phone_shows_every_column_of_the_detail(page, session_folder, site_folder):
    pages = (page, page_of(session_folder), page_of(site_folder))
    for one in pages:
        detail = one[one.index('<section id="detail"') : one.index('<section id="appendix"')]
        assert not re.findall(r'class="[^"]*\bopt\b', detail)
    assert re.findall(r'class="[^"]*\bopt\b', page)


@pytest.mark.parametrize(
    ("start", "end", "clock"),
    [
        ("2026-03-01T00:00+01:00", "2026-03-29T00:00+01:00", "UTC+01:00"),
        ("2026-03-01T00:00+01:00", "2026-03-30T00:00+02:00", "Europe/Madrid"),
        ("2025-09-01T00:00+02:00", "2026-09-01T00:00+02:00", "Europe/Madrid"),
        ("2026-03-01T00:00+00:00", "2026-03-03T00:00+00:00", "UTC+00:00"),
    ],
)
def test_a_zone_is_named_where_its_clocks_change(start, end, clock):
    scenario = {"start": start, "end": end, "time_zone": "Europe/Madrid"}
    assert str(simulated_line(RunFolder(Path(), {}, scenario))).endswith(f", {clock}")


def test_the_page_has_the_day_of_its_run_and_who_ordered_it(ensemble_run, page, tmp_path):
    run = open_run(ensemble_run)
    assert "computed on" not in words_of(page)  # as in a bundle, which has no timing
    write_report(run, tmp_path / "report.html")
    started = json.loads((ensemble_run / "timing.json").read_text("utf-8"))["started_utc"]
    day = datetime.fromisoformat(started)
    text = words_of((tmp_path / "report.html").read_text("utf-8"))
    assert f"computed on {day.day} {day:%B} {day.year} ." in text
    assert "orders of 28 to 29 August 2022" in text
    assert "simulated 26 to 30 August 2022, UTC+02:00" in text
    assert "The overblock authors: overblock" in text
    assert run.scenario["provenance"]["ordered_by"]["source"].removeprefix("an") in text
    copy = next(one["copy"] for one in run.manifest["inputs"] if "orders" in one["name"])
    assert f"Each order: {copy}." in text


def test_the_source_of_orders_in_a_scenario_is_the_table_that_they_name():
    inputs = [{"name": one, "title": ""} for one in ("blocklist.txt", "hosts.csv", "other.csv")]
    orders = [{"addresses": "blocklist.txt", "mechanism": "drop"}, {"names": "a.example"}]
    scenario = {
        "strategy": {"id": "orders", "orders": orders},
        "population": {"inventory": "hosts.csv"},
    }
    manifest = {"inputs": inputs, "strategies": [{"id": "orders", "label": "orders"}]}
    run = RunFolder(Path("out"), manifest, scenario)
    assert source_line(run) == "blocklist.txt; hosts.csv."
    # A table of operators whose shares were given, and of none that is assumed.
    for kind, told in (("fact", "hosts.csv; shares.csv."), ("assumption", "hosts.csv.")):
        more = {
            "inputs": [*inputs, {"name": "shares.csv", "title": "Operators of this case"}],
            "sources": [{"key": "shares.csv.share_users", "kind": kind}],
        }
        in_case = scenario | {"operators": {"groups": "shares.csv"}}
        shared = RunFolder(Path("out"), manifest | more, in_case)
        assert source_line(shared) == f"blocklist.txt; {told}"
    # A comparison may leave the scenario's own strategy out.
    others = RunFolder(Path("out"), manifest | {"strategies": [{"id": "exact"}]}, scenario)
    assert source_line(others) == "Simulated orders; hosts.csv."
    assert open_line(others) == ""
    listed = scenario | {"strategy": {"id": "orders", "orders": [{"addresses": ["192.0.2.1"]}]}}
    own = RunFolder(Path("out"), manifest, listed)
    assert source_line(own) == "Orders of the scenario; hosts.csv."
    simulated = scenario | {"strategy": {"id": "exact"}}
    run = RunFolder(Path("out"), {"inputs": inputs, "strategies": []}, simulated)
    assert source_line(run) == "Simulated orders; hosts.csv."
    nobody = RunFolder(Path("out"), run.manifest, simulated | {"population": {}})
    assert source_line(nobody) == "Simulated orders."


def test_of_a_key_that_is_set_twice_the_page_has_the_last():
    asked = ["population.n_businesses=3", "end = 2018-05-01", "population.n_businesses=4"]
    run = RunFolder(Path("out"), {"scenario": {"overrides": asked}}, {})
    assert settings_line(run) == (
        "Set for this run: population.n_businesses = 4; end = 2018-05-01."
    )
    many = RunFolder(Path("out"), {"scenario": {"overrides": [f"k{n}=1" for n in range(4)]}}, {})
    assert settings_line(many).startswith("4 keys were set for this run; ")
    assert settings_line(RunFolder(Path("out"), {"scenario": {}}, {})) == ""


def test_a_folder_without_a_day_has_a_page(ensemble_run, tmp_path):
    folder = shutil.copytree(ensemble_run, tmp_path / "run")
    for timing in ('{"cut', '{"started_utc": "soon"}', "{}"):
        (folder / "timing.json").write_text(timing, "utf-8")
        assert computed_on(open_run(folder)) == ""


def test_a_name_in_a_template_means_one_thing(ensemble_run, monkeypatch):
    environment, given = _template().environment, {"range"}
    monkeypatch.setattr(
        document,
        "_template",
        lambda: SimpleNamespace(render=lambda **values: given.update(values) or ""),
    )
    render(open_run(ensemble_run))
    folder = Path(document.__file__).parent
    trees = {path.name: environment.parse(path.read_text("utf-8")) for path in folder.glob("*.j2")}
    names = [one for tree in trees.values() for one in tree.find_all(nodes.Name)]
    given |= {one.name for one in names if one.ctx == "store"}
    for file, tree in trees.items():
        for name in meta.find_undeclared_variables(tree):
            found = [vars(one)[name] for one in document.MODULES if name in vars(one)]
            assert found or name in given, f"{file}: {name} is defined nowhere"
            assert all(one is found[0] for one in found), name


def test_every_provider_is_in_the_table_or_named_below(ensemble_run, page, monkeypatch):
    zero = Estimate(0, 0, 0, "share")
    shares = {"Few": Estimate(0.5, 0.1, 1, "share", whole=2), "None": zero, "Off": zero}
    monkeypatch.setattr("sim.report.page.detail.read_group_shares", lambda *_: shares)
    # Of those that are cut off in no simulation, the ones on the list are named; so are others.
    counts = {"(not attributed)": 9, "None": 4, "Off": 0, "Unused": 7}
    peaks = {name: Estimate(n, n, n, "") for name, n in counts.items()}
    monkeypatch.setitem(_template().globals, "read_peaks", lambda _: peaks)
    text = words_of(render(open_run(ensemble_run)))
    assert "Few 50% 10 to 100% 0 Of None, none in nine of ten simulations." in text
    assert " Also listed: Unused 7, None 4, in no table 9." in text


def test_addresses_of_a_provider_are_the_most_of_each_simulation(session_folder):
    run = open_run(session_folder)
    rows = ask(
        session_folder,
        "SELECT provider, replicate, max(value) FROM 'FOLDER/curves.parquet' "
        "WHERE metric = 'addresses_listed' AND provider IS NOT NULL GROUP BY ALL",
    )
    most = {one: [0.0] * run.n_replicates for one, _, _ in rows}
    for one, replicate, value in rows:
        most[one][replicate] = value
    found = {name: (one.median, one.low, one.high) for name, one in read_peaks(run).items()}
    assert found == {name: pytest.approx(percentiles(values)) for name, values in most.items()}
    median = number(found["Cloudflare"][0])
    assert re.search(rf"Cloudflare \S+ \S+ to \S+ {median} \(", words_of(render(run)))
    # A simulation that lists none of them has no line, and counts as zero.
    one = CurvePoints(np.array([0, 0, 2]), np.array([0, 9, 0]), np.array([7.0, 3, 5]), np.ones(3))
    few = SimpleNamespace(n_replicates=4, strategies=("a",), curves_by=lambda *_: {"A": one})
    assert read_peaks(cast("RunFolder", few))["A"].median == 2.5


def test_shares_of_users_are_called_assumed_where_they_are(session_folder, ensemble_run):
    run = open_run(session_folder)
    assert "Operator Its users, assumed First block" in words_of(render(run))
    sources = [one for one in run.manifest["sources"] if "share_users" not in one["key"]]
    known = RunFolder(run.path, {**run.manifest, "sources": sources}, run.scenario)
    assert "Operator Its users First block" in words_of(render(known))


def test_what_is_still_listed_at_the_end_is_stated(ensemble_run, monkeypatch):
    left = Estimate(1234, 1234, 1234, "IPv4 addresses", n_known=2)
    found = {("replay", "addresses_listed_at_end"): left}
    run = open_run(ensemble_run)
    assert "are still listed" not in words_of(render(run))
    monkeypatch.setitem(_template().globals, "read_estimates", lambda _: found)
    assert "2022, UTC+02:00, when 1,234 addresses are still listed" in words_of(render(run))
    found["replay", "networks_listed_peak"] = left
    assert "when 1,234 IPv4 addresses are still listed" in words_of(render(run))
    found["replay", "addresses_listed_at_end"] = replace(left, n_known=1)
    assert "when 1,200 IPv4 addresses" in words_of(render(run))


def test_the_appendix_describes_what_was_ordered(session_folder, ensemble_run):
    text = words_of(render(open_run(session_folder)))
    assert "The record: Derived from a public list that polls every 10 to 40 minutes" in text
    assert "Licence: Derived from hayahora.futbol, in a copy under MIT." in text
    # Whole sentences alone: the second one of these orders would pass the limit.
    text = words_of(render(open_run(ensemble_run)))
    assert "about noon of 29 August 2022. Licence: Facts restated" in text
    assert "Number and days are facts" not in text


def test_bars_are_as_long_as_their_shares(ensemble_run, monkeypatch):
    shares = {f"P{part}": Estimate(part, 0, 1, "share") for part in (1.0, 0.7, 0.5, 0.1)}
    monkeypatch.setattr("sim.report.page.detail.read_group_shares", lambda *_: shares)
    page = render(open_run(ensemble_run))
    bars = re.findall(r'class="hb" style="width:([\d.]+)%"></span><span class="hn">(\d+)%', page)
    # The number stands beside the bar, which has the rest of the cell.
    assert bars == [("62.0", "100"), ("43.4", "70"), ("31.0", "50"), ("6.2", "10")]


def test_a_comparison_prints_its_tables_and_counts(comparison_folder):
    text = words_of(page_of(comparison_folder))
    table = summary(comparison_folder)
    for strategy, name in (("exact", "Every address"), ("covering-prefix", "The provider's")):
        found = ask(
            comparison_folder,
            "SELECT value / denominator FROM 'FOLDER/measures.parquet' WHERE "
            f"strategy = '{strategy}' AND metric = 'target_user_hours_denied'",
        )
        median, low, high = percentiles([float(one) for (one,) in found])
        assert f"{name}" in text
        assert f"{share(median)} {between(share(low), share(high))}" in text
        row = table[strategy, "private_loss_usd"]
        # Of every address, none of the sixty was cut off: the loss is not known.
        assert (row["median"] == "") == (strategy == "exact")
        if row["median"]:
            median, low, high = (62.5 * float(row[key]) for key in ("median", "low", "high"))
            assert f"{two(median)} {between(two(low), two(high))}" in text
    rows = csv_rows(comparison_folder / "verdicts.csv")
    needed = {row["n_needed"] for row in rows}
    assert any(f"{one} simulations can certify" in text for one in needed)
    # A zero of a sample that could not be cut off is a bound: three of sixty.
    assert "at most 5%" in text
    tables = text[text.index("Measures compared") :]
    assert ("Do not compare these numbers" in tables) == (tables.count("Expected on all") > 1)
    assert "Expected on all" in tables
    assert "Businesses ever cut off at most 3 " in tables
    most = 0.05 * float(table["exact", "business_hours_impaired"]["denominator"])
    assert f"Business-hours cut off at most {two(most)}" in tables
    assert "Private loss not known" in tables


def cells(*percent: int) -> str:
    return " ".join(f"{one}%" for one in percent)


def test_own_sites_lead_with_hours_as_worked_out_by_hand(site_folder, monkeypatch):
    run = open_run(site_folder)
    text = words_of(render(run))
    # The front end from 10:00 to 15:00, the payment from 6:00 to 7:00 of the next day: 6 hours.
    assert f"shop.example 16 Apr, 10:00 4 of 4 6 {cells(100, 100)}" in text
    # Of an address in nobody's table, b is too slow for half an hour.
    assert f"far.example 16 Apr, 20:00 4 of 4 0.5 {cells(100, 0)}" in text
    said = (
        "5 of your 5 sites are cut off from over 10% of customers, each in 4 of 4 simulations, for"
    )
    ours, orders = sites.TABLES["population.inventory"][1:], sites.TABLES["strategy.orders"][1:]
    listed = [ip_network(row.split(",")[2]) for row in orders]
    n = sum(any(ip_address(row.split(",")[1]) in one for one in listed) for row in ours)
    on_list = f"{n} of your {len(ours)} hosts, in 5 of 5 sites, are on the list."
    assert answer(run).whole.startswith(f"{on_list} {said}")
    # A site that is cut off, though none of its addresses is listed, is counted apart: how many
    # such sites are found depends on how many simulations look.
    mine = {f"{name}.example": (1, 1) for name in ("two", "far", "six", "both")}
    for module in ("words.sites", "page.sites"):
        monkeypatch.setattr(f"sim.report.{module}.count_listed", lambda _: mine)
    apart = " 4 listed (and 1 other, in at most 4 of 4) of your 5 sites are cut off"
    assert apart in answer(run).whole
    listed, others = split_by_list(run, np.array([1, 2, 0, 4, 3]))
    assert (listed.tolist(), others.tolist()) == ([2, 4, 3], [1])
    text_of_one = words_of(render(run))
    assert "shop.example not listed ; an assumed address of it is listed 16 Apr" in text_of_one
    monkeypatch.setattr(SiteRuns, "is_drawn", np.ones(5, np.bool_))
    assert "not listed ;" not in words_of(render(run))
    assert "keys were set for this run; manifest.json names them" in text
    assert "It measures no outage: your own logs do." in text
    assert "First (the earlier of two medians, rounded down to" in text
    assert "Operators have no names" not in text
    assert "one named business" not in text
    assert "Published methods price a whole country, not single sites." in text
    assert "OECD" not in text
    assert "other operator" not in text
    monkeypatch.setitem(_template().globals, "MOST_OPERATORS", 1)
    assert words_of(render(run)).count("1 other operator: site_runs.parquet.") == 2


def test_nothing_is_over_where_a_site_is_cut_off_at_the_end(site_folder, monkeypatch):
    run = open_run(site_folder)
    rows = rows_of_sites(run, 60)
    # Where sites are all there is, their table has the times.
    assert "it is over by" not in words_of(render(run))
    monkeypatch.setattr("sim.report.figures.outage.has_sites_alone", lambda _: False)
    assert "In half of the simulations it is over by" in words_of(render(run))
    still = [replace(rows[0], is_still=True, is_drawn=True), *rows[1:]]
    monkeypatch.setattr("sim.report.page.sites.rows_of_sites", lambda *_: still)
    text = words_of(render(run))
    assert "it is over by" not in text
    assert "It is not over at the end." in text
    assert "shop.example no address of its website: placed by chance" in text


def test_each_site_has_addresses_entries_last_hour_spells_and_loss(site_folder, monkeypatch):
    text = words_of(page_of(site_folder))
    (head,) = re.findall("What happened to each site.*?Entry: listed", text)
    # Front end and payment; one of three addresses is blocked; one in a range; one of IPv6.
    for row in (
        "shop.example 198.18.0.1, 198.18.1.7 198.18.0.1/32, 198.18.1.7/32 alpha",
        "two.example 198.18.0.1, 198.18.0.9, +1 198.18.0.1/32 alpha",
        "far.example 8.8.8.8 8.8.8.0/24 in no table",
        "six.example 2001:db8:0:5::1 2001:db8:0:5::/64 alpha",
    ):
        assert row in head
    losses = {
        row["site"]: float(row["loss_in_currency"])
        for row in csv_rows(site_folder / "sites.csv")
        if not row["operator"]
    }
    # The payment is unblocked at 7:00; the address of nobody's table, at 20:30, as a drops at once.
    for site, row in (
        ("shop.example", "17 Apr, 07:00 6 2"),
        ("far.example", "16 Apr, 20:30 0.5 1"),
        ("both.example", "17 Apr, 00:00 5 2"),
    ):
        assert re.search(
            rf"{site} 4 16 Apr, \d\d:00 to {row} {re.escape(two(losses[site]))} ", head
        )
    # The first screen has fewer sites than are listed or cut off, the tables below all of them.
    for name, most, n in (("MOST_SITES", 1, 5), ("MOST_DETAILED", 2, 2)):
        monkeypatch.setattr(f"sim.report.page.sites.{name}", most)
        assert len([*times_of(open_run(site_folder), 60)]) == n
    # A phone's first screen has fewer still.
    monkeypatch.setitem(_template().globals, "MOST_ON_PHONE", 3)
    page = render(open_run(site_folder))
    assert page.count('<tr class="ph">') == 2
    assert "The first 3 sites; the others are in the detail." in words_of(page)


def test_what_is_of_all_businesses_is_not_called_the_sites(site_folder):
    run = open_run(site_folder)
    text = words_of(render(run))
    assert "Of all that customers of your sites tried in the time simulated" in text
    population = run.scenario["population"] | {"n_businesses": 10}
    text = words_of(
        render(RunFolder(run.path, run.manifest, {**run.scenario, "population": population}))
    )
    assert "Of what customers of all modelled businesses tried, by sales, failed: " in text
    assert "customers of your sites tried" not in text
    assert "ever cut off in simulations, with your sites: 5." in text
    assert "none by its name" not in text


def test_sales_that_were_given_are_counted(site_folder, monkeypatch):
    run = open_run(site_folder)
    for given, head, said in (
        ([100.0] * 5, "", "Sales by the hour: yours of every site, not printed here."),
        (
            [100.0] * 4 + [np.nan],
            "; sales of 1 of 5 sites assumed",
            "Sales assumed, as your table gives no revenue: e.",
        ),
        # The same in every simulation is not given.
        (
            [np.nan] * 5,
            "; sales of 5 of 5 sites assumed",
            "Sales assumed, as your table gives no revenue: a, b, c, d, e.",
        ),
    ):
        columns = dict.fromkeys(("revenue_usd_per_h", "revenue_per_h"), np.array(given))
        found = SimpleNamespace(**columns, visits_per_h=np.ones(5), site="abcde")
        monkeypatch.setattr("sim.report.words.sites.read_inventory", lambda *_, one=found: one)
        text = words_of(render(run))
        assert said in text
        assert f"lost by your sites{head} ○" in text.replace(NBSP, " ")


def test_drawn_sectors_are_counted_beside_the_loss(site_folder, monkeypatch):
    run = open_run(site_folder)
    assert "a column sector in your table" not in words_of(render(run))
    drawn = {"drawn": np.array([["sector other", "sector", "other", "", "storage"]], object)}
    found = SimpleNamespace(text=drawn)
    monkeypatch.setattr("sim.report.page.detail.read_sites", lambda *_: found)
    said = "The sector of 2 of 5 sites is drawn, and with it the share of sales that fails"
    assert said in words_of(render(run))


def test_a_site_without_an_entry_or_an_address_says_so(site_folder, monkeypatch):
    monkeypatch.setattr("sim.report.page.sites.read_addresses", lambda _: {"six.example": ["::9"]})
    text = words_of(render(open_run(site_folder)))
    assert "six.example ::9 none alpha" in text
    assert "far.example not given not known in no table" in text
    monkeypatch.setattr("sim.report.page.sites.read_mechanisms", lambda *_: ["drop", "name"])
    assert "six.example ::9 none by address alpha" in words_of(render(open_run(site_folder)))


def test_money_of_drawn_businesses_is_not_lost_by_the_sites_beside_them(tmp_path):
    (tables := tmp_path / "tables").mkdir()
    both = sites.resolved(tables, **{"population.n_businesses": 20})
    write_ensemble(tmp_path / "run", both, 4)
    assert answer(open_run(tmp_path / "run")).figures[-1].what.endswith("lost by these businesses")


def test_hours_at_an_operator_are_the_mean_of_the_sites(site_folder):
    text = words_of(page_of(site_folder))
    rows = ask(
        site_folder,
        "WITH runs AS (SELECT operator, replicate, sum(impaired_h) / 5 AS h FROM "
        "'FOLDER/site_runs.parquet' WHERE operator IS NOT NULL GROUP BY ALL) "
        "SELECT upper(operator), median(h) FROM runs GROUP BY operator ORDER BY operator",
    )
    assert len(rows) == 2
    for operator, hours in rows:
        assert re.search(rf" {operator} \d+% 16 Apr, \d\d:00 {two(float(hours))} ", text), operator


def test_a_published_loss_is_printed_with_its_author_and_address(shipped_run):
    source = figure_source(open_run(shipped_run))
    assert source.startswith("The Moscow Times, 26 April 2018, www.themoscowtimes.com/2018/04/26/")
    assert '"' not in source


@pytest.mark.laws
def test_a_site_is_cut_off_when_more_than_a_tenth_of_its_users_are(tmp_path, monkeypatch):
    """An operator of one in twenty users blocks from 00:00 to the end, the other for four hours."""
    head, *groups = sites.TABLES["operators.groups"]
    few = (groups[0].replace("0.75", "0.95"), "b,B,0.05,0.0002,0,0,0,0,1")
    monkeypatch.setitem(sites.TABLES, "operators.groups", (head, *few))
    orders = (
        "effective,action,prefix,operators",
        "2018-04-16T00:00Z,block,198.18.0.1/32,b",
        "2018-04-16T10:00Z,block,198.18.0.1/32,a",
        "2018-04-16T14:00Z,unblock,198.18.0.1/32,a",
    )
    monkeypatch.setitem(sites.TABLES, "strategy.orders", orders)
    # A host with two addresses, one of them listed.
    ours = "\n".join(sites.TABLES["population.inventory"]).replace(
        "198.18.0.1,frontend,shops,,,spread,,\ntwo.example,198.18.0.9,frontend,,,,,,",
        "198.18.0.1;198.18.0.9,frontend,shops,,,spread,,",
    )
    monkeypatch.setitem(sites.TABLES, "population.inventory", tuple(ours.split("\n")))
    write_sites(tmp_path / "run")
    run = open_run(tmp_path / "run")
    assert answer(run).whole.startswith("2 of your 8 hosts, in 2 of 5 sites, are on the list. ")
    row = f"shop.example 1 of 2 addresses listed 16 Apr, 10:00 4 of 4 4 {cells(100, 100)}"
    assert row in words_of(render(run))
    assert "simulations, for 4 hours in the median" in answer(run).whole


ORDERS = (
    "effective,action,prefix",
    "2018-04-16T00:00Z,block,2001:db8:0:5::/64",
    "2018-04-17T00:00Z,unblock,2001:db8:0:5::/64",
)


@pytest.mark.laws
def test_orders_of_ipv6_alone_are_in_the_table_of_orders(tmp_path, monkeypatch):
    monkeypatch.setitem(sites.TABLES, "strategy.orders", ORDERS)
    write_sites(tmp_path / "run")
    run = open_run(tmp_path / "run")
    assert {row[0] for row in read_outage(run).rows()[1]} == {"networks_listed", "cut_off_share"}
    text = words_of(render(run))
    # One of five sites is on IPv6 alone. Nothing is before the order with which the run begins.
    assert (
        "When Owner IPv6 networks Cut off before After Range Mon, 16 Apr, 00:00 +1 20% 20% "
        "Tue, 17 Apr, 00:00 −1 20% 0% 0% Largest daily net changes"
    ) in text
    assert "Orders of IPv6" not in text
    # The order is withdrawn: networks were listed, and none is at the end.
    (zero,) = re.findall(r"Zero in nine of ten simulations: (.*?)\.", text)
    assert "IPv6 /64 networks listed at the end" in zero.split("; ")
    assert "IPv6 networks" not in zero.split("; ")


def test_orders_for_names_are_named_beside_sessions_too(session_folder, monkeypatch):
    run = open_run(session_folder)
    assert "Orders for names" not in words_of(render(run))
    monkeypatch.setitem(_template().globals, "read_mechanisms", lambda *_: ["drop", "name"])
    assert "Orders for names: events.parquet; their harm counts above." in words_of(render(run))


@pytest.mark.laws
def test_orders_of_ipv6_beside_others_are_named(tmp_path, monkeypatch):
    beside = (*ORDERS, "2018-04-16T06:00Z,block,198.18.0.0/25")
    monkeypatch.setitem(sites.TABLES, "strategy.orders", beside)
    write_sites(tmp_path / "run")
    text = words_of(render(open_run(tmp_path / "run")))
    assert "Owner Addresses Cut off before After Range Mon, 16 Apr, 06:00 alpha +130 20%" in text
    assert ". Orders of IPv6: events.parquet." in text


@pytest.mark.parametrize(
    ("strategy", "is_record"),
    [
        ({"id": "orders", "orders": [{"addresses": "a.txt"}]}, True),
        ({"id": "orders", "table": "orders.csv"}, True),
        ({"id": "exact"}, False),
    ],
)
def test_orders_of_a_table_of_the_user_are_the_record_s(strategy, is_record):
    mine = {"id": strategy["id"], "label": "mine", "parameters": {}}
    manifest = {"scenario": {}, "strategies": [mine]}
    run = RunFolder(Path(), manifest, {"strategy": strategy})
    assert is_replayed(run) is is_record
    # Their addresses are the user's, not the model's.
    assert is_simulated(run) is not is_record


def test_a_compared_strategy_is_the_scenario_s_own_in_whatever_sequence_its_keys_are():
    own = {"id": "orders", "orders": [{"addresses": ["192.0.2.1"], "to": "x", "from": "y"}]}
    parameters = {"orders": [{"from": "y", "to": "x", "addresses": ["192.0.2.1"]}]}
    compared = {"id": "orders", "label": "orders", "parameters": parameters}
    manifest = {"scenario": {}, "strategies": [compared]}
    assert own_strategy(RunFolder(Path(), manifest, {"strategy": own})) == "orders"
    compared["parameters"] = {"orders": [{"addresses": ["192.0.2.2"]}]}
    assert own_strategy(RunFolder(Path(), manifest, {"strategy": own})) == ""


@pytest.mark.parametrize(
    ("hours", "said"),
    [
        ([[6], [6]],
         "In 2 of 2 simulations your site is cut off from over 10% of customers, "
         "for 6 hours in all."),
        ([[1], [0]],
         "In 1 of 2 simulations your site is cut off from over 10% of customers, "
         "for 1 hour in all."),
        ([[0], [0]], "Your site was not cut off in 2 simulations."),
        ([[0, 0], [0, 0]], "None of your 2 sites was cut off in 2 simulations."),
        ([[6], [0], [6], [6]],
         "In 3 of 4 simulations your site is cut off from over 10% of customers, "
         "for 6 hours in all."),
        (
            [[0, 0], [0, 0], [0, 0], [0, 4]],
            "In 1 of 4 simulations one of your 2 sites is cut off from over 10% of customers, for "
            "4 hours in all.",
        ),
        # Each site has a row with its own count; the hours are those of who was cut off.
        (
            [[6, 0, 0], [6, 2, 0], [0, 2, 0], [0, 2, 0]],
            "2 of your 3 sites are cut off from over 10% of customers, each in 2\N{EN DASH}3 of 4 "
            "simulations, for 3 hours in the median (2 to 5.7 h).",
        ),
        ([[math.nan], [math.nan]], "It is not known whether your site was blocked."),
        (
            [[0, math.nan, math.nan], [0, math.nan, math.nan]],
            "It is not known whether 2 of your 3 sites were blocked. The 1 other was not cut off "
            "in 2 simulations.",
        ),
    ],
)  # fmt: skip
def test_the_headline_counts_the_simulations_that_cut_sites_off(
    hours, said, site_folder, monkeypatch
):
    found = np.array(hours, np.float64)
    number = {"impaired_h": found, "last_cut_off_s": np.zeros_like(found)}
    found_sites = SimpleNamespace(site=["a", "b", "c"][: found.shape[1]], number=number)
    for reader in ("read_known", "read_sites"):
        monkeypatch.setattr(f"sim.report.words.sentences.{reader}", lambda *_: found_sites)
    none = np.empty(0)
    monkeypatch.setattr("sim.report.words.sentences.split_by_list", lambda *_: [none, none])
    monkeypatch.setattr("sim.report.words.sentences.find_unplaced", lambda *_: [])
    n_unknown = int(np.isnan(found[0]).sum())
    monkeypatch.setattr("sim.report.words.sentences.count_unknown", lambda *_: n_unknown)
    nowhere = {"operators": np.array([])}
    monkeypatch.setattr("sim.report.words.sentences.read_columns", lambda *_: nowhere)
    whole = " ".join(answer(open_run(site_folder)).whole.split())
    assert whole.partition("on the list. ")[2] == said


def test_sites_hear_first_that_nothing_was_ordered(site_folder, tmp_path):
    folder = shutil.copytree(site_folder, tmp_path / "idle")
    assert not answer(open_run(folder)).whole.startswith("No block")
    rows = csv_rows(folder / "summary.csv")
    for row in rows:
        if row["metric"] in {"orders_placed", "addresses_listed_peak", "networks_listed_peak"}:
            row |= dict.fromkeys(("median", "low", "high"), "0.0")
    with (folder / "summary.csv").open("w", newline="") as file:
        table = csv.DictWriter(file, rows[0])
        table.writeheader()
        table.writerows(rows)
    assert answer(open_run(folder)).whole.startswith("No block is ordered. ")


def test_a_site_cut_off_at_small_operators_alone_is_seen(site_folder, monkeypatch):
    run, none = open_run(site_folder), np.zeros((2, 2))
    names = "impaired_h", "affected_h", "first_cut_off_s", "last_cut_off_s"
    runs = cast("SiteRuns", SimpleNamespace(site=["a", "b"], number=dict.fromkeys(names, none)))
    for is_of_record, never in ((True, "not seen"), (False, "never")):
        monkeypatch.setattr("sim.report.page.sites.is_record", lambda _, told=is_of_record: told)
        firsts = [_first_moment(run, runs, at, 10, (), [("a", "one")]) for at in range(2)]
        assert firsts == ["in part", never]
    # A bound from above is no earlier than the time it is of: 20 minutes past a full hour.
    cut = {**runs.number, "impaired_h": none + 1, "first_cut_off_s": none + 1200}
    runs = cast("SiteRuns", SimpleNamespace(site=["a", "b"], number=cut))
    monkeypatch.setattr("sim.report.page.sites._hours_of", lambda *_: (None, False, True))
    at = step_before(run.start + timedelta(hours=1), 60)
    assert _first_moment(run, runs, 0, 60, (), ()).endswith(moment(at, run.horizon_s))


def test_an_outage_at_small_operators_alone_is_not_called_none(site_folder, monkeypatch):
    run = open_run(site_folder)
    nothing = np.zeros((2, 2))
    number = {"impaired_h": nothing, "last_cut_off_s": nothing}
    found_sites = SimpleNamespace(site=["a", "b"], number=number)
    shares = {"north": 0.9, "east": 0.1, "west": 0.04}
    groups = [SimpleNamespace(operator=one, share_users=share) for one, share in shares.items()]
    for reader in ("read_known", "read_sites"):
        monkeypatch.setattr(f"sim.report.words.sentences.{reader}", lambda *_: found_sites)
    none = np.empty(0)
    monkeypatch.setattr("sim.report.words.sentences.split_by_list", lambda *_: [none, none])
    monkeypatch.setattr("sim.report.words.sentences.find_unplaced", lambda *_: [])
    monkeypatch.setattr("sim.report.words.sentences.input_rows", lambda *_: groups)
    # In two simulations; the table of hits counts modelled businesses too.
    at = {"site_runs.parquet": [["east"], ["west"]], "hits.parquet": [["north", "east"]]}
    monkeypatch.setattr(
        "sim.report.words.sentences.read_columns", lambda path, *_: {"operators": at[path.name]}
    )
    run.scenario["thresholds"]["impaired"] = 0.125
    assert answer(run).whole.endswith(
        " In a simulation users of at most 1 of 3 operators (10% of all) were cut off, but never "
        "more than 12.5% of the customers of a site."
    )
    # What is cut off is cut off from more than that.
    number["impaired_h"] = nothing + 1
    assert "2 of your 2 sites are cut off from over 12.5% of customers" in answer(run).whole


def test_a_bound_from_below_lies_within_its_range():
    found = as_bound(Estimate(335.78, 335.43, 335.92, "h"))
    assert (found.low, found.median, found.high) == (335, 335, 335)
    assert lasts(as_bound(Estimate(335.78, 0, 335.92, "h"))) == "≥335 0 to 335"
    assert lasts(as_bound(Estimate(1199.5, 1188, 1200, "h"))) == "≥1,190 1,180 to 1,200"
    assert as_bound(Estimate(0.146, 0.146, 0.146, "share")).median == 0.14
    # A saving is a bound from above, to which negative numbers are rounded up.
    saved = Estimate(-335.78, -1199.5, 44.71, "h")
    assert [with_mark(saved, mark).replace(NBSP, " ") for mark in ("≤", "≥", "")] == [
        "≤-335 (-1,190 to 44.8)", "≥-336 (-1,200 to 44.7)", "-340 (-1,200 to 45)",
    ]  # fmt: skip
    assert lasts(Estimate(0, 0, 99, "h")) == "0 0 to 99"
    # As of sums elsewhere on the page: 45 is no lower bound of 44.78.
    assert lasts(Estimate(44.78, 26.9, 82.6, "USD"), "estimate") == "≥44.7 26.9 to 82.6"


def lasts(found: Estimate, name: str = "lasts") -> str:
    """Hours of a site that still is cut off at the end, as a part of the page writes them."""
    parts = _template().environment.get_template("parts.html.j2")
    write = getattr(parts.make_module({"words": IN_ENGLISH}), name)
    return " ".join(words_of(f"<main>{write(found, True)}").split())


@pytest.mark.parametrize(
    ("hours", "still", "said"),
    [
        # Two sites, 24 hours and 96 or more: the median is 60 or more.
        (
            [[24, 96]],
            [[0, 1]],
            "2 of your 2 sites are cut off from over 10% of customers, each in 1 of 1 "
            "simulations, for at least 60 hours in the median",
        ),
        # The middle one of three is known; not where one of few hours still goes on.
        ([[24, 24, 96]], [[0, 0, 1]],
         "1 of 1 simulations, for 24 hours in the median"),
        ([[2, 24, 96]], [[1, 0, 0]],
         "1 of 1 simulations, for at least 24 hours in the median."),
        ([[24, 96], [24, 24], [24, 24]], [[0, 1], [0, 0], [0, 0]],
         "simulations, for 24 hours in the median"),
        ([[0, 96], [0, 90]], [[0, 1], [0, 0]],
         "from over 10% of customers, for at least 93 hours in all (90.3 to 95.7 h)."),
    ],
)  # fmt: skip
def test_a_median_that_the_end_of_the_run_may_have_cut_is_a_bound(
    hours, still, said, site_folder, monkeypatch
):
    run, found = open_run(site_folder), np.array(hours, np.float64)
    last = np.where(np.array(still) > 0, run.horizon_s, np.where(found > 0, 3600.0, np.nan))
    number = {"impaired_h": found, "last_cut_off_s": last}
    found_sites = SimpleNamespace(site=["a", "b", "c"][: found.shape[1]], number=number)
    for reader in ("read_known", "read_sites"):
        monkeypatch.setattr(f"sim.report.words.sentences.{reader}", lambda *_: found_sites)
    none = np.empty(0)
    monkeypatch.setattr("sim.report.words.sentences.split_by_list", lambda *_: [none, none])
    monkeypatch.setattr("sim.report.words.sentences.find_unplaced", lambda *_: [])
    whole = " ".join(answer(run).whole.split())
    assert said in whole


def test_the_page_is_one_file_that_runs_and_fetches_nothing(page):
    assert page.startswith("<!doctype html>\n<html lang=")
    assert "<script" not in page
    assert "default-src 'none'" in html.unescape(page)
    assert not re.findall(r'src="|href="(?!#|https://)', page)
    assert len(re.findall('href="https://', page)) == len(re.findall('<a href="https://', page))
    assert len(page.encode()) < 700_000
    assert language_of(page.encode()).code == "en"


@pytest.mark.parametrize(("ever", "most"), [(0.8, True), (1.0, True), (0.2, True), (0.0, False)])
@pytest.mark.parametrize("last", [5, 0])
def test_hours_that_the_end_cuts_are_at_least(ever, most, last, monkeypatch):
    class Folder:
        horizon_s, scenario = 10, {"population": {"inventory": None}}

        def curve(self, metric: str, strategy: str) -> CurvePoints:
            t_s, value = np.array([0, 5, 0, 5]), np.array([0.0, last, 0.0, last])
            return CurvePoints(np.array([0, 0, 1, 1]), t_s, value, np.full(4, 10.0))

    found = {("mine", "businesses_ever_impaired_share"): Estimate(ever, ever, ever, "share")}
    monkeypatch.setattr("sim.report.page.detail.read_estimates", lambda _: found)
    # Half of the businesses are cut off at the end, or none.
    is_least = most and last > 0
    run = cast("RunFolder", Folder())
    assert is_cut(run, "mine") is is_least
    # Sites have times of their own, also after the last time of the line.
    run.scenario["population"]["inventory"] = "hosts.csv"
    monkeypatch.setattr("sim.report.page.detail.read_cut_off", lambda *_: ((), found, not most))
    assert is_cut(run, "mine") is (not most)


@pytest.mark.parametrize(
    ("is_least", "said"),
    [
        (True, "at least 335 (99.9 to 412); half or more are still cut off at the end."),
        (False, "340 (100 to 410)."),
    ],
)
def test_hours_of_businesses_are_a_bound_where_most_still_are_cut_off(
    is_least, said, ensemble_run, monkeypatch
):
    run = open_run(ensemble_run)
    found = {(run.strategies[0], HOURS): Estimate(335.8, 99.9, 412, "h")}
    monkeypatch.setitem(_template().globals, "read_estimates", lambda _: found)
    monkeypatch.setitem(_template().globals, "is_cut", lambda *_: is_least)
    head = "Their median hours cut off: "
    assert head + said in words_of(render(run))
    found.clear()
    assert head not in words_of(render(run))


@pytest.mark.parametrize("code", ["en", "es"])
def test_each_part_is_short(code, ensemble_run, session_folder, site_folder):
    limits = {ensemble_run: 300, session_folder: 300, site_folder: 500}
    for folder, most in limits.items():
        page = page_of(folder, code)
        parts = re.split(r'<section id="(?:detail|appendix)"', page.replace(NBSP, "_"))
        texts = [words_of(f"<main {part}") for part in [parts[0].split("<main")[1], *parts[1:]]]
        counts = [len(text.split()) for text in texts]
        assert all(n <= of for n, of in zip(counts, (most, 900, 800), strict=True)), counts


def test_the_sentence_has_thirty_words_and_one_range(ensemble_run, comparison_folder):
    for folder in (ensemble_run, comparison_folder):
        said = answer(open_run(folder)).whole
        assert len(re.split("[ \n]", said)) <= 30, said
        assert len(re.findall(r"\([^)]* to[^)]*\)".replace(" ", NBSP), said)) <= 1
    facts = _Facts(open_run(comparison_folder))
    facts.refuted = {"business_hours_impaired": None}
    said = IN_ENGLISH.write(facts.sentence_of_comparison()[0])
    assert said == "The record contradicts what the model computes of businesses."
    facts.run = SimpleNamespace(strategies=facts.run.strategies, idle_strategy="")
    unknown = SimpleNamespace(found=SimpleNamespace(is_known=False))
    facts.strategies = [SimpleNamespace(figures=[unknown])] * len(facts.strategies)
    said = IN_ENGLISH.write(facts.sentence_of_comparison()[0])
    assert said == "The harm of none of the strategies compared is known."


def test_texts_of_a_folder_are_no_markup(ensemble_run, tmp_path):
    run = open_run(ensemble_run)
    hostile = run.scenario | {"title": "<b>x</b><script>1</script>", "ordered_by": "<i>me</i>"}
    found = render(RunFolder(run.path, run.manifest, hostile))
    assert "<b>x</b>" not in found
    assert "<i>me</i>" not in found
    assert "&lt;i&gt;me" in found


def test_changed_tables_are_named_on_the_page(ensemble_run, tmp_path):
    folder = shutil.copytree(ensemble_run, tmp_path / "run")
    path = folder / "groups.csv"
    path.write_text(path.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert "Files that changed after the run or are missing: groups.csv" in render(open_run(folder))
    (folder / "summary.csv").unlink()
    with pytest.raises(DataError, match=r"summary\.csv"):
        render(open_run(folder))


def test_point_values_say_so_and_have_no_range_in_the_sentence(ensemble_run):
    run = open_run(ensemble_run)
    manifest = {key: value for key, value in run.manifest.items() if key != "ensemble"}
    found = answer(RunFolder(run.path, manifest, run.scenario))
    assert found.range == ""
    assert any(one.startswith("Point values:") for one in found.notices)


@pytest.mark.parametrize(
    ("rows", "share"),
    [
        ("198.41.128.0/25 51.79.89.0/24,,", "33%"),
        # Of the list at its peak: what was withdrawn before does not count.
        ("198.41.128.0/24,,2025-12-02T00:00Z\n51.79.88.0/22,2025-12-03T00:00Z,", "0%"),
        ("198.41.128.0/24 51.79.89.7,,", ""),
    ],
)
def test_a_list_with_few_addresses_where_businesses_are_modelled_says_so(rows, share, tmp_path):
    (tmp_path / "list.csv").write_text(f"addresses,from,to\n{rows}\n")
    verb("init", tmp_path / "case", "--country", "UY", "--from", "2025-12-01", "--to", "2025-12-05",
         "--blocklist", tmp_path / "list.csv")  # fmt: skip
    asked = Plan.of_run(resolved_of(str(tmp_path / "case" / "scenario.yaml")), 5, 2)
    carry_out(Runs(asked), folder=tmp_path / "run")
    (n,) = duckdb.sql(
        f"SELECT count(DISTINCT provider) FROM '{tmp_path}/run/businesses.parquet'"
    ).fetchall()[0]
    said = (
        f"The model has businesses at {n} providers, which hold {share} of the IPv4 addresses "
        "listed at the peak. Who else is hit is not known."
    )
    found = [one for one in answer(open_run(tmp_path / "run")).lines() if "The model" in one]
    assert found == [said] * bool(share)
    if share == "0%":
        compared = tmp_path / "compared"
        verb("compare", tmp_path / "case" / "scenario.yaml", "--strategy", "orders", "-n", "2",
             "--seed", "5", "-o", compared)  # fmt: skip
        lines = answer(open_run(compared)).lines()
        assert [one for one in lines if "The model" in one] == [f"The orders given: {said}"]
        assert "Times of orders: as given, not checked." in words_of(page_of(compared))


def test_figures_that_chose_the_simulations_check_nothing(ensemble_run):
    run = open_run(ensemble_run)
    kept = {**run.manifest, "ensemble": {"n_members": 8, "is_conditioned": True}}
    scenario = run.scenario | {"evidence": [{"curve": "businesses_impaired"}]}
    figures = answer(RunFolder(run.path, kept, scenario)).figures
    assert "chose the simulations" in figures[1].reason
    assert "chose the simulations" not in figures[2].reason
    for piece, row in (({"measure": "private_loss_usd"}, 2), ({"first_outage": True}, 1)):
        told = answer(RunFolder(run.path, kept, scenario | {"evidence": [piece]})).figures
        assert [n for n, one in enumerate(told) if "chose the simulations" in one.reason] == [row]
    assert "with 1 figure of" in words_of(render(RunFolder(run.path, kept, scenario)))
    why = {"n_members": 8, "is_conditioned": False, "not_conditioned": "an input was set"}
    loose = answer(RunFolder(run.path, {**run.manifest, "ensemble": why}, scenario))
    assert any("are not conditioned on the record" in one for one in loose.notices)
    assert "chose the simulations" not in loose.figures[1].reason


def test_a_headline_counts_the_simulations_that_spare_all(ensemble_run, monkeypatch):
    shares = np.array([0.0, 1.0, 0.0, 0.5, 0.0])
    split = Estimate(0.0, 0.0, 0.9, "share", n_simulations=5, n_known=5)
    monkeypatch.setattr("sim.report.words.answer.read_share", lambda *_: split)
    monkeypatch.setattr("sim.report.words.answer.read_shares", lambda *_: (shares, shares, ""))
    found = answer(open_run(ensemble_run)).whole.replace(NBSP, " ")
    assert "In 3 of 5 simulations none of its businesses in foreign clouds is cut off" in found
    assert "In the others, half of them are at the peak (50 to 100%)." in found
    # Those that are hit end no lower than all do.
    shares = np.array([0.0] * 11 + [0.000186, 0.000214, 0.000276, 0.000376, 0.001905])
    assert estimate_over(shares, "share").high == shares[-1]
    found = answer(open_run(ensemble_run)).whole.replace(NBSP, " ")
    assert "(0.019 to 0.19%)" in found


def test_an_exemption_is_no_first_block(ensemble_run, tmp_path):
    folder = shutil.copytree(ensemble_run, tmp_path / "run")
    assert read_first_blocks(open_run(folder), "replay")
    entries = folder / "entries.parquet"
    rows = f"SELECT * REPLACE ('exempt' AS mechanism) FROM '{ensemble_run / entries.name}'"
    duckdb.sql(f"COPY ({rows}) TO '{entries}' (FORMAT parquet)")
    assert not read_first_blocks(open_run(folder), "replay")
    assert read_mechanisms(open_run(folder), "replay") == []


def test_a_block_of_the_targets_own_networks_is_no_first_block(tmp_path):
    for name, rows in {
        "entries": "(1, '2001:db8:f:1::/64', 'drop'), (2, '198.51.100.7/32', 'drop'), "
        "(3, '192.0.2.0/25', 'drop')) AS t(entry, prefix, mechanism)",
        "enforcement": "(1, 'n', [5, 5, 5]), (2, 'n', [9, 3, 9]), (3, 'n', [7, 7, 7]), "
        "(2, 'm#1', [4, 12, 12])) AS t(entry, operator, times_s)",
    }.items():
        each = ", unnest(times_s) AS enforced_s" if name == "enforcement" else ""
        query = (
            f"SELECT *, 's' AS strategy, unnest(range(3)) AS replicate{each} FROM (VALUES {rows}"
        )
        duckdb.sql(f"COPY ({query}) TO '{tmp_path / name}.parquet' (FORMAT parquet)")
    (tmp_path / "own.csv").write_text("prefix\n2001:db8:f::/48\n192.0.2.0/24\n")
    inputs = [{"name": "own.csv", "copy": "own.csv"}]
    run = RunFolder(tmp_path, {"inputs": inputs}, {"target": {"prefixes": "own.csv"}})
    # Medians of three simulations; of nobody, the first of both operators in each.
    assert read_first_blocks(run, "s") == {"n": 9, "m": 12, "": 4}


def test_what_is_ordered_blocked_and_has_no_address_is_a_name(site_folder, tmp_path):
    assert read_mechanisms(open_run(site_folder), "replay") == ["drop"]
    said = "A site may first be cut off earlier than this"
    assert said in words_of(page_of(site_folder))
    folder = shutil.copytree(site_folder, tmp_path / "run")
    rows = f"SELECT * FROM '{site_folder}/entries.parquet' WHERE entry > 0"
    duckdb.sql(f"COPY ({rows}) TO '{folder}/entries.parquet' (FORMAT parquet)")
    assert read_mechanisms(open_run(folder), "replay") == ["drop", "name"]
    # A first block is of an address; a name may be blocked before it.
    assert said not in words_of(render(open_run(folder)))


def test_a_zero_of_a_small_sample_is_a_bound(tmp_path):
    write_ensemble(tmp_path / "run", resolved_of("austria-2022", ["population.n_businesses=4"]), 2)
    found = answer(open_run(tmp_path / "run"))
    # The rule of three: three of four.
    assert found.sentence.endswith(
        "None of the 4 modelled businesses was cut off, too few to tell: at most 75% of all."
    )
    assert [one.value for one in found.figures[1:]] == [
        "at most 75%",
        "a number of names that is not known",
    ]
    assert "0%" not in found.whole
    text = words_of(render(open_run(tmp_path / "run")))
    # The measures have a number of names all the same.
    assert "names of modelled businesses are drawn, on addresses of unknown use" in text.lower()
    assert "Nothing was lost" not in text
    # So are the shares of an order, before and after.
    assert re.search(r"28 Aug, \d\d:00 \S+ \+11 at most 75% at most 75% ", text)
    assert "the country lost not known" not in text
    assert "No modelled business lost anything: what all of them lose is not known." in text
    operators = text[
        text.index("First block (simulated) Hours per business") : text.index(
            "First block: of any address"
        )
    ]
    # Three in four businesses, for all of the five days.
    assert operators.count("at most 90 ") == 4
    measures = text[text.index("All measures") :]
    assert "Share of businesses ever cut off at most 75%" in measures
    assert "Private loss not known" in measures
    assert not re.search(r"\b0%", operators)


@pytest.mark.laws
def test_a_zero_of_a_sample_that_could_not_be_hit_is_known_nowhere(tmp_path, monkeypatch):
    monkeypatch.setattr("sim.measure.impact.expected_businesses", lambda *_: 0.0)
    resolved = resolved_of("austria-2022", ["population.n_businesses=4"])
    variants, baseline = choose_variants(resolved, ("replay",))
    plan = Plan.of_comparison(resolved, variants, baseline, (), 5, 2).of_size(2, fixed=False)
    carry_out(Runs(plan), folder=tmp_path / "compared")
    write_ensemble(tmp_path / "run", resolved, 2)
    run = open_run(tmp_path / "run")
    found = answer(run)
    assert found.sentence.endswith(
        "None of the 4 modelled businesses could be cut off by address: what was listed contains "
        "none of their hosts' ranges."
    )
    assert found.figures[1].value == "not known"
    assert any(one.endswith("at the peak: not known: never checked") for one in found.lines())
    text = words_of(render(run))
    assert "at most 75%" not in text
    measures = text[text.index("All measures") :]
    # The tables, and so notebook and JSON, say what the page says.
    harms = {"businesses_ever_affected", "business_hours_impaired", "private_loss_usd", "spells"}
    for one in (_rows_of(tmp_path / "run"), _rows_of(tmp_path / "compared", "comparison.csv")):
        rows = {str(row["metric"]): row for row in one if row["strategy"] != "none"}
        for metric in harms & rows.keys():
            assert [
                str(rows[metric][name]) for name in ("median", "low", "high", "zero_at_most")
            ] == ["nan"] * 4
            assert (rows[metric]["n_simulations"], rows[metric]["n_known"]) == (2, 0)
    for metric in harms:
        assert f"{capitalised(label_of(metric))} not known" in measures
    assert all(np.isnan(row["median"]) for row in _rows_of(tmp_path / "run", "groups.csv"))
    # Where nothing is ordered, a zero is one.
    idle = [row for row in _rows_of(tmp_path / "compared") if row["strategy"] == "none"]
    assert {row["median"] for row in idle if row["metric"] in harms} == {0.0}
    table = Results(run).summary(all_measures=True)
    mine = np.isin(table["metric"], sorted(harms))
    assert np.isnan(table["median"][mine]).all()
    assert np.isnan(table["zero_at_most"][mine]).all()


def _rows_of(folder: Path, name: str = "summary.csv") -> list[Row]:
    return read_rows(open_run(folder), name)


def test_a_contradicted_measure_is_printed_nowhere_first(ensemble_run, monkeypatch):
    run = open_run(ensemble_run)
    fact = FactRow(
        scenario="austria-2022",
        at="2022-08-29T06:00+02:00",
        curve="businesses_impaired",
        at_most=0,
        metrics="private_loss_usd;businesses_impaired",
        source="a count of nobody",
    )
    assert all(one.found.grade is Grade.NEVER_CHECKED for one in answer(run).figures[1:])
    monkeypatch.setattr("sim.measure.estimates.facts_of", lambda name: (fact,))
    assert set(contradictions(run)) == {"private_loss_usd", "businesses_impaired"}
    found = answer(run)
    assert not any("lost by these businesses" in one.what for one in found.figures)
    assert "a count of nobody" in " ".join(found.withheld)
    assert "cut off from some" not in found.sentence
    # Another fact is about the second of three measures: one sentence for each fact.
    other = fact.model_copy(update={"metrics": "businesses_impaired", "source": "a poll"})
    wide = fact.model_copy(update={"metrics": f"{fact.metrics};businesses_down"})
    monkeypatch.setattr("sim.measure.estimates.facts_of", lambda name: (wide, other))
    assert [" and " in one for one in answer(run).withheld] == [True, False]
    # A fact that one simulation in twenty may break is not contradicted by fewer.
    loose = fact.model_copy(update={"at_most": 1e9})
    monkeypatch.setattr("sim.measure.estimates.facts_of", lambda name: (loose,))
    assert contradictions(run) == {}
    assert shipped_tables.facts_of("austria-2022") == ()


def test_a_report_replaces_no_other_file(ensemble_run, tmp_path):
    path = tmp_path / "page.html"
    path.write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError, match="is not a report"):
        write_report(open_run(ensemble_run), path)
    path.unlink()
    assert write_report(open_run(ensemble_run), path) == path.stat().st_size
    first = path.read_bytes()
    write_report(open_run(ensemble_run), path)
    assert path.read_bytes() == first
    assert (
        json.loads((ensemble_run / "manifest.json").read_text())["result_id"][:12] in first.decode()
    )


LEFT_OUT = ("Businesses that move", "Customers who take a VPN", "The strategy that was used in",
            "Time after")  # fmt: skip


def test_a_page_names_what_its_numbers_leave_out(
    ensemble_run, session_folder, comparison_folder, site_folder, monkeypatch
):
    def items(folder: Path) -> list[str]:
        page = render(open_run(folder))
        section = page[page.index("What can it not tell?") :].partition("</article>")[0]
        return [words_of(f"<main>{one}") for one in re.findall("<li>.*?</li>", section)]

    def left_out(folder: Path) -> list[bool]:
        found = [one.strip() for one in items(folder)]
        is_said = any("People, visits and hours of customers" in one for one in found)
        assert is_said == (folder in (site_folder, comparison_folder))
        assert not any("user-hours" in one for one in found)
        return [any(one.startswith(named) for one in found) for named in LEFT_OUT]

    assert left_out(ensemble_run) == [True, True, False, False]
    assert left_out(session_folder) == [True, False, False, False]
    assert left_out(site_folder) == [True, True, False, False]
    assert left_out(comparison_folder) == [False, False, True, False]
    monkeypatch.setitem(_template().globals, "own_strategy", lambda _: "exact")
    assert not any(left_out(comparison_folder))
    outage = read_outage(open_run(ensemble_run))
    still = replace(outage.cut_off, **{end: np.append(getattr(outage.cut_off, end)[:-1], share)
            for end, share in (("median", 0.05), ("low", 0.02), ("high", 0.1))})  # fmt: skip
    monkeypatch.setattr(
        "sim.report.page.document.read_outage", lambda *_: replace(outage, cut_off=still)
    )
    assert left_out(ensemble_run)[-1]
    (said,) = (one for one in items(ensemble_run) if "Time after" in one)
    assert "shortly before, 5% (2 to 10%) of businesses are cut off." in said


# What a page says of its grounds: the inputs on which its measures depend.


INPUTS = {"effects.name_evasion": 0.45, "effects.throttle_severity": 0.1}
MEANINGS = (
    "Share of users who get round the blocking of a name",
    "Share of attempts that fail at a throttled address",
)


def test_inputs_are_named_with_their_shares_of_the_spread(ensemble_run, monkeypatch):
    run = open_run(ensemble_run)
    (strategy,) = run.strategies
    named = Estimate(0.1, 0.0, 0.2, "share", depends_on=tuple(INPUTS.items()), chance=0.2)
    unnamed = Estimate(1.0, 0.0, 2.0, "USD")
    found = {PRIVATE_LOSS: named, EVER_SHARE: named}

    def shown() -> tuple[str, list[tuple[str, str]]]:
        of_strategy = {(strategy, metric): one for metric, one in found.items()}
        monkeypatch.setitem(_template().globals, "read_estimates", lambda _: of_strategy)
        page = html.unescape(render(run)).replace(NBSP, " ")
        section = page[page.index("On what does it depend most?") :].partition("</article>")[0]
        rows = re.findall(r'<th scope="row">(.*?)</th>.*?class="hn">(.*?)</span>', section)
        return re.findall("<p>(.*?)</p>", section)[0], rows

    text, rows = shown()
    assert rows == [
        (MEANINGS[0], "45%"), (MEANINGS[1], "10%"), ("Chance, with the same inputs", "20%")
    ]  # fmt: skip
    of_spread = "(45% of its spread)", "(10% of its spread)"
    listed = " and ".join(
        f"{one[0].lower()}{one[1:]} {share}" for one, share in zip(MEANINGS, of_spread, strict=True)
    )
    assert text == f"The range of the share ever cut off depends most on {listed}."
    found[EVER_SHARE] = unnamed
    assert shown()[0].startswith("Share ever cut off: too few simulations to tell.")
    found[PRIVATE_LOSS] = unnamed
    assert shown() == ("Too few simulations to distinguish the inputs from chance.", [])


@pytest.mark.parametrize(
    ("warning", "expected"),
    [
        (
            "tables of another country or time are used for KE in 2026: ours (KE, 2024), mine "
            "(EU), other (RU, 2018), sectors-europe (EU, 2018 to 2020), shared-proxy-2024 (2024)",
            [("European Union", "mine, sectors"), ("Russia", "other")],
        ),
        (
            "the scenario names no country (key country), but these tables are of one, or of a "
            "time other than 2018: economy-russia-2018 (RU, 2018)",
            [("Russia", "economy")],
        ),
        ("another warning", []),
    ],
)
def test_tables_of_other_countries_are_named_by_country(warning, expected):
    tables = {"population": {"sectors": "sectors-europe"}}
    tables["money"] = {"economy": "economy-russia-2018"}
    scenario = tables if "names no country" in warning else tables | {"country": "KE"}
    run = SimpleNamespace(manifest={"warnings": [warning]}, scenario=scenario)
    assert borrowed_from(cast("RunFolder", run)) == expected


def test_the_first_lines_name_what_is_borrowed(ensemble_run):
    run = open_run(ensemble_run)
    page = re.sub("<[^>]+>", "", render(run).partition('<p class="say')[0])
    assert "Borrowed from other countries: Russia (assumed settings, components, " in page
    # A table of the case's own country is of another time alone.
    of_own = RunFolder(run.path, run.manifest, run.scenario | {"country": "RU"})
    places, others = ({str(of) for _, of, *_ in makers_of_tables(one)} for one in (of_own, run))
    assert {"2018", "2018-02 to 2018-04"} <= places
    assert {"Russia, 2018", "Russia, 2018-02 to 2018-04"} <= others
    assert not {one for one in places if "Russia" in one}
    nowhere = RunFolder(run.path, run.manifest, run.scenario | {"country": None})
    assert "No country is named; taken from: Russia" in re.sub("<[^>]+>", "", render(nowhere))
