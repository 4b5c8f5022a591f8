"""Forecasts and scores as tables, CSV and a page.

They show what is listed next, and how often forecasts, predictions and publications agree.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from textwrap import wrap
from typing import Any

import numpy as np

from sim.forecast import scores
from sim.forecast.outlook import COUNTS, Outlook
from sim.forecast.pool import N_MEMBERS, S_PER_DAY
from sim.forecast.record import SessionRecord, instant
from sim.forecast.risk import Estimated, RiskRow
from sim.report.documents.markdown import render_markdown
from sim.report.words.numbers import exact, interval, number, rounded, score, width
from sim.report.words.tables import Column, Table, Value
from sim.results.csvtext import csv_text
from sim.scenario.starter.record import LEAST_LISTED
from sim.version import __version__

RISK_COLUMNS = (
    *("name", "addresses", "sessions_listed", "sessions", "last_listed"),
    *("p_next", "p_next_low", "p_next_high", "p_four_weeks", "p_four_weeks_low"),
    *("p_four_weeks_high", "hours_next", "hours_next_low", "hours_next_high"),
    *("hours_four_weeks", "hours_four_weeks_low", "hours_four_weeks_high"),
)
ROLLED_COLUMNS = ("session", "kind", "name", *scores.MODELS, "low", "high", "came")
MOST_ROWS = 20
NOT_KNOWN = "not known"
LIKELY = 0.5
MOST_NAMES = 3
FAR = 1.25
"""Ratio of what was expected and what came from which on the page warns."""
WELL = 0.1
"""Least distance of a forecast below the share of past sessions that the page explains."""
COUNT_NAMES = {
    "listed": "Addresses listed at a time, at most",
    "start": "Addresses listed at its start",
    "distinct": "Addresses listed at any time",
    "hours": "Length, hours",
}
NAMES = {"pool": "this forecast", "last": "as in the last session"}
NAMES |= {"frequency": "frequency so far", "forgetting": "recent frequency"}
SKILL = (
    "Lower scores are better. Skill: share of the best simple score that this forecast saves; of "
    "log scores the difference. Brier: mean squared distance of probabilities from what came; log: "
    "mean of -ln of the probability of what came; CRPS: mean distance of the forecast distribution "
    "from what came, in its unit. Inside: sessions within the forecast range of nine in ten."
)


def risk_rows(rows: Iterable[RiskRow], n_sessions: int) -> list[list[object]]:
    """Rows of a table of risks for CSV; unknown values are empty."""
    found = []
    for row in rows:
        last = instant(row.last) if row.last is not None else ""
        cells: list[object] = [row.name, " ".join(row.addresses), row.n_listed, n_sessions, last]
        if not row.addresses:
            cells[2] = ""
        for one in (row.p_next, row.p_any, row.hours_next, row.hours_any):
            cells += ["" if end is None else float(f"{end:.4g}") for end in one or (None,) * 3]
        found.append(cells)
    return found


def risk_table(key: str, head: str, rows: Sequence[RiskRow], record: SessionRecord) -> Table:
    """The risks of some sites, networks or providers, for people."""
    n_sessions = record.n_sessions
    cut = f"{MOST_ROWS} of {len(rows)} {key}, those with the highest risk."
    columns = [
        Column("name", head, "text"),
        Column("p_next", "next session"),
        Column("p_any", f"within {scores.WEEKS} weeks"),
        Column("hours_any", f"{'' if key == 'sites' else 'address-'}hours in {scores.WEEKS} weeks"),
        Column("n_listed", f"listed before, of {n_sessions} sessions"),
    ]
    cells: list[list[Value]] = [
        [
            row.name,
            share_text(row.p_next),
            share_text(row.p_any),
            hours_text(row.hours_any),
            _listed_text(row, record),
        ]
        for row in rows[:MOST_ROWS]
    ]
    return Table(key, "", columns, cells, (cut,) if len(rows) > MOST_ROWS else ())


def _listed_text(row: RiskRow, record: SessionRecord) -> str:
    """How many sessions of the record listed it, and the day of the last."""
    if not row.addresses:
        return NOT_KNOWN
    if row.last is None and not record.outside.isdisjoint(row.addresses):
        return "outside sessions"
    return "never" if row.last is None else f"{row.n_listed}, last {instant(row.last)[:10]}"


def share_text(one: Estimated | None) -> str:
    """A probability with its range."""
    if one is None:
        return NOT_KNOWN
    if one[2] < 0.0005:
        return "below 0.05 %"
    if one[0] >= 0.9995:
        return "above 99.9 %" if one[1] >= 0.9995 else f"above 99.9 % (at least {_percent(one[1])})"
    mean, low, high = (_percent(end) for end in one)
    return f"{mean} % ({low} to {high})"


def _percent(share: float) -> str:
    if share >= 0.9995:
        return "over 99.9"
    if share < 1e-5:
        return "below 0.001"
    return f"{100 * share:.2g}" if share < 0.995 else f"{100 * share:.1f}"


def hours_text(one: Estimated | None) -> str:
    """Hours with their range."""
    if one is None:
        return NOT_KNOWN
    mean, low, high = (f"{end:,.0f}" if end >= 10 or not end else f"{end:.1f}" for end in one)
    if one[0] < 0.05:
        return "below 0.05"
    return f"{mean} ({low} to {high})" if one[2] else f"{mean} (none in nine of ten)"


def counts_table(outlook: Outlook) -> Table:
    """Number of addresses and hours of the next session."""
    columns = [Column("of", "next session", "text"), Column("median", "median")]
    columns.append(Column("range", "nine in ten"))
    rows = []
    for name in COUNTS:
        form = "{:.1f}" if name == "hours" else "{:,.0f}"
        low, median, high = map(form.format, scores.quantiles_of(outlook.counts[name]))
        rows.append([COUNT_NAMES[name], median, f"{low} to {high}"])
    return Table("counts", "", columns, rows)


def score_table(rows: Sequence[scores.ScoreRow]) -> Table:
    """Scores of all models."""
    columns = [
        Column("quantity", "score", "text"),
        *(Column(model, NAMES[model]) for model in scores.MODELS),
        Column("skill", "skill"),
        Column("inside", "inside"),
    ]
    cells = [
        [
            f"{row.score}, {COUNT_NAMES.get(row.quantity, row.quantity).lower()}",
            *("" if math.isnan(one) else _score(one) for one in row.by_model),
            _skill(row),
            "" if row.inside is None else f"{row.inside} of {row.n_sessions}",
        ]
        for row in rows
    ]
    return Table("scores", "Scores of rolling forecasts", columns, cells, (SKILL,))


def _skill(row: scores.ScoreRow) -> str:
    if math.isnan(row.skill):
        return ""
    return f"{row.skill:+.2f}" if row.score == "log" else f"{row.skill:+.0%}"


def _score(value: float) -> str:
    return f"{value:.3f}" if value < 1 else f"{value:.1f}"


def reliability_table(rows: Sequence[scores.ReliabilityRow]) -> Table:
    """How often came what was forecast with a probability."""
    columns = [
        Column("bin", "forecast", "text"),
        Column("n", "forecasts"),
        Column("forecast", "mean forecast"),
        Column("listed", "were listed"),
    ]
    cells: list[list[Value]] = [
        [f"{one.low:.0%} to {one.high:.0%}", one.n, f"{one.forecast:.1%}", f"{one.listed:.1%}"]
        for one in rows
    ]
    return Table("reliability", "Addresses listed before, by their forecast", columns, cells)


def rolled_rows(rolled: Iterable[scores.SessionForecast]) -> list[list[object]]:
    """Each forecast of each session for CSV, with what came."""
    found: list[list[object]] = []
    for one in rolled:
        start = instant(one.start_s)
        for n, address in enumerate(one.addresses):
            p = [float(f"{each:.4f}") for each in one.p[:, n]]
            found.append([start, "address", address, *p, "", "", int(one.is_listed[n])])
            p_any = float(f"{one.p_any[n]:.4f}")
            found.append([start, "four weeks", address, p_any, *[""] * 5, int(one.is_any[n])])
        for name in COUNTS:
            low, median, high = one.counts[name]
            found.append([start, "count", name, median, "", "", "", low, high, one.came[name]])
    return found


def write_page(
    outlook: Outlook,
    sites: Sequence[RiskRow],
    providers: Sequence[RiskRow],
    rolled: Sequence[scores.SessionForecast],
    pictures: Mapping[str, tuple[str, str]],
    about: Mapping[str, Any],
) -> str:
    """Return the page in Markdown; ``about`` has what it says of times, seed and record.

    Pictures have their description and address: of the ``sites``, and of the ``past``.
    """
    record = outlook.record
    sites_table = risk_table("sites", "site", sites, record)
    notes = [*sites_table.notes]
    if any(not row.addresses for row in sites):
        notes.append(f"{NOT_KNOWN}: your file has no public IPv4 address of the site.")
    n = record.n_sessions
    if any(one.p_next and one.n_listed / n - one.p_next[0] > WELL for one in sites):
        days = (float(outlook.start_s[0]) - float(record.start_s[-1])) / S_PER_DAY
        notes.append(
            "Some forecasts lie well below the share of past sessions that listed the site. Any "
            "address may leave the list, however regular it was: the forecast uses one rate for "
            f"all, and the next session begins {days:,.1f} days after the last. Some sessions also "
            "list few addresses."
        )
    came, caution = calibration(rolled)
    notes += [caution] if caution else []
    notes.append(
        "Listed: blocked at one polled operator or more. Probabilities with the range that the "
        "record allows. Hours of a site's average address: mean, and nine in ten outcomes. "
        "Addresses of a site that came together so far are taken to do so again."
    )
    of_providers = (
        "Providers by ranges of 2025 and 2026, other: in none of these; risk that any of their "
        "addresses is listed, and hours summed over addresses. By /24 network: networks.csv.",
    )
    return render_markdown(
        "risk.md.j2",
        title=title_of(outlook),
        least=LEAST_LISTED,
        answer=answer(outlook, sites),
        n_sessions=n,
        days=f"{instant(record.start_s[0])[:10]} to {instant(record.end_s[-1])[:10]}",
        n_addresses=f"{len(record.addresses):,}",
        sites=replace(sites_table, notes=notes),
        counts=counts_table(outlook),
        providers=replace(
            risk_table("providers", "provider", providers, record), notes=of_providers
        ),
        scores=score_table(scores.mean_scores(rolled)) if rolled else None,
        scores_of=len(rolled),
        calibration=came,
        pictures=pictures,
        n_members=N_MEMBERS,
        version=__version__,
        **about,
    )


def calibration(rolled: Sequence[scores.SessionForecast]) -> tuple[str, str]:
    """Sums of past forecasts and what came of them, and a caution where they differ much."""
    if not rolled:
        return "", ""
    parts, cautions = [], []
    for when, pairs in (
        ("in the next session", [(one.p[0], one.is_listed) for one in rolled]),
        (f"within {scores.WEEKS} weeks", [(one.p_any, one.is_any) for one in rolled]),
    ):
        expected, came = (np.mean([one.sum() for one in each]) for each in zip(*pairs, strict=True))
        parts.append(f"{expected:,.0f} addresses {when}, and {came:,.0f} came")
        ratio = expected / max(came, 1.0)
        if not 1 / FAR <= ratio <= FAR:
            high = "high" if ratio > 1 else "low"
            cautions.append(
                f"Past forecasts of listings {when} were too {high}: {expected:,.0f} addresses "
                f"expected, {came:,.0f} came, on average."
            )
    text = f"On average they expected {parts[0]}; {parts[1]}, of those listed before."
    return f"{text} Sessions after the end of the record are not counted.", " ".join(cautions)


def title_of(outlook: Outlook) -> str:
    """Title of the page."""
    to = instant(outlook.record.last_s)[:10]
    return f"Will your sites be blocked next? Forecast from a record to {to}"


def answer(outlook: Outlook, sites: Sequence[RiskRow]) -> str:
    """Sentence with which the page begins."""
    known = [row for row in sites if row.p_next is not None]
    start, n_any = instant(outlook.start_s[0])[:16].replace("T", " "), len(outlook.start_s)
    head = (
        f"The next session of blocking is expected on {start} UTC, the first of {n_any} within "
        f"{scores.WEEKS} weeks."
    )
    if not known:
        return f"{head} None of your sites has a public IPv4 address in your file: not known."
    likely = [row.name for row in known if row.p_next is not None and row.p_next[0] >= LIKELY]
    expected = sum(row.p_next[0] for row in known if row.p_next is not None)
    outside = outlook.record.outside
    never = sum(not row.n_listed and outside.isdisjoint(row.addresses) for row in known)
    if len(known) == 1:
        text = f"It lists {known[0].name} with a probability of {share_text(known[0].p_next)}."
    else:
        n = number(expected) if expected >= 0.05 else "fewer than 0.05"
        text = f"It is expected to list {n} of your {len(known):,} sites with a public IPv4 address"
        text += f"; {len(likely):,} with a probability of 50 % or more"
        text += f" ({', '.join(likely)})." if 0 < len(likely) <= MOST_NAMES else "."
    of = "site was" if never == 1 else "sites were"
    return f"{head} {text}" + (f" {never:,} {of} never listed so far." if never else "")


Document = Mapping[str, Any]

ROLES = {
    "held-out": "seen by nobody who made the model",
    "known": "set no parameter; known to those who made the model",
    "evidence": "simulations are kept by it; checks nothing",
    "calibration": "set a parameter or a table; checks nothing",
}
"""Roles of published figures, with their meanings."""
RELATIONS = {"equal": "", "at_least": "at least ", "at_most": "at most ", "between": ""}
NAME_WIDTH = 34
"""Letters of the name of a case, and of its published figure."""
_FIRST = Column("predictor", "predicted by", "text")
CSV_COLUMNS = (
    *("id", "title", "subject", "role", "verdict", "log10_error", "predicted_median"),
    *("predicted_low", "predicted_high", "level", "band", "crps", "crps_guess", "log10_width"),
    *("probability", "brier", "brier_guess", "published", "published_low", "published_high"),
    *("rounding", "relation", "guess_low", "guess_high", "floor", "counts_as", "unit", "nature"),
    *("date", "source", "why_not"),
)


def score_tables(scores: Document) -> list[Table]:
    """Return what the scores come to: by role, of figures, of bounds."""
    made = [_roles(scores), _figures(scores)]
    if bounds := list(tallies_of(scores, "n_bounds")):
        columns = [
            _FIRST,
            Column("n", "bounds"),
            Column("probability", "mean probability"),
            Column("brier", "Brier score"),
            Column("guess", "of a guess"),
        ]
        rows = [
            [
                name,
                one["n_bounds"],
                f"{one['probability']:.2f}",
                score(one["brier"]),
                score(one["brier_guess"]),
            ]
            for name, one in bounds
        ]
        note = "A bound is scored by the predicted probability that it holds: Brier score."
        made.append(Table("bounds", "Bounds", columns, rows, (note,)))
    return made


def _roles(scores: Document) -> Table:
    by_role = {one["role"]: one for one in scores["tallies"] if not one["subject"]}
    rows: list[list[Value]] = []
    for role, meaning in ROLES.items():
        if (one := by_role.get(role)) is None:
            rows.append([role, meaning, 0, "", "", ""])
            continue
        n_figures = one["n_computable"] - one["n_computable_bounds"]
        n_inside = one["n_inside"] - one["n_inside_bounds"]
        cells = one["n_cases"], one["n_computable"], one["n_inside"]
        rows.append([role, meaning, *cells, f"{n_inside} of {n_figures}"])
    columns = [
        Column("role", "role", "text"),
        Column("meaning", "meaning", "text"),
        Column("n_cases", "cases"),
        Column("n_computable", "computable"),
        Column("n_inside", "inside"),
        Column("n_figures", "of these, more than bounds"),
    ]
    note = (
        "Predicted by kept simulations where a scenario has them. Inside: the predicted 90 % "
        "interval and the publication have a number in common. Cases of one scenario share its "
        "assumptions, so they are not independent trials."
    )
    return Table("roles", "Cases by role", columns, rows, (note,))


def tallies_of(scores: Document, counted: str) -> Iterator[tuple[str, Document]]:
    """Tallies that count something, with a name: ``known: scenario telegram-2018, kept``."""
    has_kept = {one["subject"] for one in scores["scores"] if one["band"] == "conditioned"}
    has_kept |= {""} if has_kept else set()
    kept = {(one["role"], one["subject"]): one for one in scores["tallies"]}
    for role in ROLES:
        for prior in (one for one in scores["tallies_prior"] if one["role"] == role):
            subject = prior["subject"]
            name = f"{role}: {subject or 'all'}"
            if prior[counted]:
                yield name, prior
            if subject in has_kept and kept[role, subject][counted]:
                yield f"{name}, kept", kept[role, subject]


def _figures(scores: Document) -> Table:
    rows = [
        [
            name,
            one["n_figures"],
            f"{one['coverage']:.0%}",
            width(one["log10_width"]),
            score(one["crps"]),
            score(one["crps_guess"]),
        ]
        for name, one in tallies_of(scores, "n_figures")
    ]
    columns = [
        _FIRST,
        Column("n_figures", "numbers"),
        Column("coverage", "inside"),
        Column("width", "width"),
        Column("crps", "CRPS"),
        Column("guess", "of a guess"),
    ]
    notes = (
        "Over all declared ranges; kept: over the kept simulations.",
        "CRPS: continuous ranked probability score of log10, less is better; 0.3 is a sure "
        "prediction that is wrong by a factor of 2. A guess is spread evenly on a logarithmic "
        "scale over the range that each case states, for shipped cases three decades around the "
        "figure. Cases that show one number count once. Width: upper over lower end of the "
        "interval, in the median.",
    )
    return Table("figures", "Figures", columns, rows, notes)


def case_tables(scores: Document) -> Iterator[Table]:
    """Yield the cases of each role: what was predicted, and below its name what was published."""
    columns = [
        Column("case", "case, and what was published", "text"),
        Column("predicted", "median"),
        Column("interval", "predicted, 90 %"),
        Column("verdict", "verdict", "text"),
        Column("score", "score"),
    ]
    for role in ROLES:
        mine = [each for each in scores["scores"] if each["role"] == role]
        whys = [f"{each['id']}: {each['why_not']}" for each in mine if each["why_not"]]
        if mine:
            rows = [row for each in mine for row in _case_rows(each)]
            yield Table(role, role, columns, rows, whys)


def _case_rows(each: Document) -> Iterator[list[str]]:
    predicted, published, quality = each["predicted"], each["published"], each["quality"]
    kept = score(quality["probability"])
    yield [
        each["id"],
        rounded(predicted["median"]).replace(" million", "M") if predicted else "",
        span(predicted).replace(" million", "M") if predicted else each["verdict"],
        each["verdict"] if predicted else "",
        score(quality["crps"]) or (f"p {float(kept):.2f}" if kept else ""),
    ]
    text = f"{RELATIONS[published['relation']]}{exact(published['value'])} {published['unit']}"
    for line in wrap(text, NAME_WIDTH - 2):
        yield [f"  {line}", "", "", "", ""]


def span(predicted: Document) -> str:
    """Write the interval of a prediction; a calculation without chance has none."""
    if predicted["low"] == predicted["high"] == predicted["median"]:
        return "a point"
    return interval(predicted["low"], predicted["high"])


def scores_csv(scores: Document) -> str:
    """Return one line per case; unknown values are empty."""
    rows = []
    for each in scores["scores"]:
        predicted, published = each["predicted"] or {}, each["published"]
        low, high = each["guess"] or (None, None)
        cells = {
            **each,
            **published,
            **each["quality"],
            "guess_low": low,
            "guess_high": high,
            "why_not": each["why_not"] or each["quality"]["why_not"],
            **{f"predicted_{name}": predicted.get(name) for name in ("median", "low", "high")},
            "level": predicted.get("level"),
            "published": published["value"],
            "published_low": published["allowed_low"],
            "published_high": published["allowed_high"],
        }
        rows.append([cells[name] for name in CSV_COLUMNS])
    return csv_text(CSV_COLUMNS, rows)
