"""Sections of the page: detail, a reader's question each, and appendix."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from sim.catalogue.choices import (
    COLLATERAL,
    EFFICACY,
    PRIVATE_LOSS,
    label,
    measure_name,
)
from sim.measure.bands import share_points, step_values, values_at, whole_band
from sim.measure.estimates import (
    SHARE,
    Estimate,
    Grade,
    estimate_over,
    own_strategy,
    read_estimates,
    read_group_shares,
    read_share,
)
from sim.report.figures.outage import CUT_OFF, NETWORKS, Outage
from sim.report.words.answer import DEMAND_LOST, Answer, Figure
from sim.report.words.heading import (
    LOSS_PARTS,
    currency_name,
    evidence_of,
    has_sites,
    in_currency,
    is_comparison,
    last_moment,
    other_warnings,
    rate_of,
    repeat_command,
)
from sim.report.words.languages import (
    NBSP,
    Text,
    capitalised,
    day,
    joined,
    listing,
    moment,
    say,
    say_name,
    sentences,
    short_weekday,
)
from sim.report.words.numbers import (
    number,
    percent,
    percent_span,
    range_text,
    value_text,
    whole,
)
from sim.report.words.sentences import read_bound
from sim.results.folder import RunFolder, input_rows, later
from sim.results.tables import connect_tables
from sim.scenario.schema import meaning_of
from sim.scenario.tables.rows import OperatorRow, TargetPrefixRow


@dataclass(frozen=True)
class Bar:
    """A share that is drawn as a bar with its number."""

    share: float

    @property
    def text(self) -> str:
        """The number."""
        return percent(self.share)


@dataclass(frozen=True)
class Strong:
    """A text that stands out."""

    text: str


Cell: TypeAlias = "str | Bar | Strong"


@dataclass(frozen=True)
class Table:
    """A table of texts.

    Attributes
    ----------
    heads
        Names of the columns; none for a table that needs none.
    rows
        Cells by row; the first one names it.
    numbers
        Columns that are set flush right, from 0.
    caption
        What the table is of, where its section does not say so.
    hidden
        Columns that a phone has no room for.
    """

    heads: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    numbers: tuple[int, ...] = ()
    caption: str = ""
    hidden: tuple[int, ...] = ()


@dataclass(frozen=True)
class Section:
    """One question with its answer.

    Attributes
    ----------
    title
        The question.
    before, after
        Sentences before the tables, and smaller ones after them.
    quote, code
        Text to quote; text to type.
    items
        Points of a list.
    """

    title: str
    before: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    after: tuple[str, ...] = ()
    quote: str = ""
    code: str = ""
    items: tuple[str, ...] = ()


def cells_of(found: Estimate) -> tuple[Strong, str]:
    """Median and range of an estimate as two cells."""
    return Strong(value_text(found)), range_text(found)


def table_of(
    heads: Sequence[str],
    rows: Sequence[tuple[Cell, ...]],
    numbers: Sequence[int] = (),
    **more: object,
) -> tuple[Table, ...]:
    """A table; none without rows."""
    if not rows:
        return ()
    return (Table(tuple(heads), tuple(rows), tuple(numbers), **more),)  # type: ignore[arg-type]


EVER = measure_name("businesses_ever_impaired")
GRADES = {
    Grade.CHECKED: say("Checked"),
    Grade.NEVER_CHECKED: say("Never checked"),
    Grade.CONTRADICTED: say("Contradicted by the record"),
}
MOST_ROWS = 12
"""Rows of a table of the detail."""
SEVERITIES = tuple(
    (threshold, measure_name(f"businesses_{threshold}_peak"), name)
    for threshold, name in (
        ("affected", say("Affected: more than {share} of what customers try fails")),
        ("impaired", say("Cut off: more than {share}")),
        ("down", say("Down: more than {share}")),
    )
)
"""Thresholds of the scenario, their measures and words."""
AFTER_H = 36
"""Hours after an order in which its harm is read, unless the next one comes before."""


def sections_of(run: RunFolder, answer: Answer, outage: Outage | None) -> Iterator[Section]:
    """Sections of a folder, in the sequence of the page.

    Parameters
    ----------
    outage
        What the picture of a run shows; None of a comparison.
    """
    yield _quote(run, answer)
    if outage is None:
        yield _pairs(answer)
        yield _settled(run, answer)
    else:
        strategy = run.strategies[0]
        yield from _orders(run, outage)
        yield from _severities(run, strategy, outage)
        yield from _operators(run, strategy)
        yield from _providers(run, strategy)
        yield _money(run, strategy)
        yield _surer(run, strategy)
    yield _missing(run, outage)
    yield _repeat(run)


def _quote(run: RunFolder, answer: Answer) -> Section:
    refuted = say("Not the measures that the record contradicts; see below.")
    yes = say("Yes, with the range, and with the words “in a model”.")
    no = say("No: read the notice at the top of the page first.")
    rows = [
        (
            Strong(joined(" ", (one.value, one.what))),
            say("{grade}: {reason}.", grade=GRADES[one.found.grade], reason=one.reason),
        )
        for one in _figures(answer)
    ]
    evidence = evidence_of(run)
    own_list = (run.manifest.get("ensemble") or {}).get("list")
    kept = (
        say(
            "The list of simulations is the user's own ({file}). It claims that every simulation "
            "agrees with the {n} figures of the record that the scenario names as evidence. The "
            "command overblock verify checks this claim.",
            file=say_name(str(own_list)),
            n=whole(len(evidence)),
        )
        if own_list
        else say(
            "Every simulation agrees with the {n} figures of the record that the scenario names as "
            "evidence; others were thrown away.",
            n=whole(len(evidence)),
        )
    )
    return Section(
        say("Can I quote this?"),
        (
            no if answer.notices else yes,
            *([refuted] if answer.withheld else []),
            *([kept] if evidence else []),
        ),
        table_of((), rows),
        (
            say(
                "Ranges hold nine in ten simulations; none includes effects that the model ignores."
            ),
            *answer.withheld,
        ),
        quote=say("In a model: {answer} ({cite}.)", answer=answer.whole, cite=answer.cite),
    )


def _figures(answer: Answer) -> tuple[Figure, ...]:
    """Figures of a run; of a comparison those of one row, as all rows have the same grades."""
    return answer.figures or (answer.strategies[-1].figures if answer.strategies else ())


def _moment(outage: Outage, at_s: float) -> Text:
    at = later(outage.start, at_s)
    return joined(f",{NBSP}", (short_weekday(at), moment(at)))


def _orders(run: RunFolder, outage: Outage) -> Iterator[Section]:
    """Effect of each order or session, read off the picture's own lines."""
    if outage.sessions:
        tables, after = _by_session(run, outage)
    else:
        tables, after = _by_order(run, outage)
    if tables:
        when, which = say("When were they cut off?"), say("Which orders did the harm?")
        ordered = [run.scenario.get("provenance", {}).get(key) for key in ("ordered_by", "purpose")]
        sources = dict.fromkeys(one["source"] for one in ordered if one and one["source"])
        by = (
            say("Who ordered it, and why: see {sources}.", sources="; ".join(sources))
            if sources
            else ""
        )
        yield Section(when if has_sites(run) else which, (), tables, (sentences(after, by),))


def _cut_off_at(outage: Outage, at_s: float) -> tuple[str, str]:
    """Share that is cut off at a time, and its range."""
    band = outage.cut_off
    median, low, high = (
        float(step_values(band.t_s, line, np.array([int(at_s)]))[0])
        for line in (band.median, band.low, band.high)
    )
    return percent(median), "" if np.isnan(low) else percent_span(low, high)


def _by_session(run: RunFolder, outage: Outage) -> tuple[tuple[Table, ...], str]:
    curve, rows = share_points(run.curve(CUT_OFF, run.strategies[0])), []
    ends_s = [*(from_s for from_s, _ in outage.sessions[1:]), outage.horizon_s]
    for (from_s, to_s), until_s in list(zip(outage.sessions, ends_s, strict=True))[:MOST_ROWS]:
        t_s = outage.cut_off.t_s
        t_s = np.append(from_s, t_s[(t_s > from_s) & (t_s < until_s)])
        most = values_at(curve, t_s).max(axis=1)
        ends = [later(outage.start, at_s) for at_s in (from_s, to_s)]
        is_day = ends[0].date() == ends[1].date()
        end = f"{ends[1]:%H:%M}" if is_day else _moment(outage, to_s)
        session = say("{begin} to\N{NO-BREAK SPACE}{end}", begin=_moment(outage, from_s), end=end)
        rows.append((session, *cells_of(estimate_over(most, SHARE))))
    after = sentences(
        say("Share cut off, the most from the beginning of a session to that of the next."),
        say("Later sessions: bands.parquet.") if len(outage.sessions) > MOST_ROWS else "",
    )
    return table_of((say("Session"), say("Cut off"), say("Range")), rows, (1, 2)), after


def _by_order(run: RunFolder, outage: Outage) -> tuple[tuple[Table, ...], str]:
    rows = []
    for row, order in enumerate(outage.orders):
        until = [one.at_s - 3600 for one in outage.orders[row + 1 : row + 2]]
        end = min([order.at_s + AFTER_H * 3600, run.horizon_s - 1, *until])
        sign = "+" if order.change > 0 else "\N{MINUS SIGN}"
        # What begins with the run has nothing before it.
        before, _ = _cut_off_at(outage, max(order.at_s - 3600, 0)) if order.at_s else ("", "")
        then, range_ = _cut_off_at(outage, end)
        change = joined("", (sign, number(abs(order.change))))
        when = _moment(outage, order.at_s)
        rows.append((when, order.whose(), change, before, Strong(then), range_))
    own = str((run.scenario.get("strategy") or {}).get("orders", ""))
    copies = {str(one["name"]): str(one.get("copy", "")) for one in run.manifest["inputs"]}
    after = say(
        "A row is all that was ordered and withdrawn on a day, at the time when half of it was "
        "done. Share cut off before, and up to {n} hours after, but before the next row. Each "
        "order: {file}.",
        n=str(AFTER_H),
        file=copies.get(own) or "events.parquet",
    )
    if outage.is_addresses and run.has_curve(NETWORKS, run.strategies[0]):
        networks = np.nanmax(whole_band(run, NETWORKS, run.strategies[0]).high)
        after = sentences(after, say("Orders of IPv6: events.parquet.") if networks > 0 else "")
    listed = say("Addresses") if outage.is_addresses else say("IPv6 networks")
    heads = (say("When"), say("Whose"), listed, say("Before"), say("After"), say("Range"))
    return table_of(heads, rows, (2, 3, 4, 5), hidden=(3,)), after


def _severities(run: RunFolder, strategy: str, outage: Outage) -> Iterator[Section]:
    """Shares of businesses that were affected, cut off and down, each at its own peak."""
    rows: list[tuple[Cell, ...]] = []
    for threshold, peak, name in SEVERITIES:
        share = percent(float(run.scenario["thresholds"][threshold]))
        rows.append((say(name, share=share), *cells_of(read_share(run, strategy, peak))))
    if np.nanmax([outage.cut_off.median, outage.cut_off.high]) > 0:
        heads = (say("Share of businesses, at the peak"), say("Median"), say("Range"))
        after = say("Each row includes those below it.")
        yield Section(say("How many were down?"), (), table_of(heads, rows, (1, 2)), (after,))


def _operators(run: RunFolder, strategy: str) -> Iterator[Section]:
    """When each operator first blocked anything but the target's own, and its harm."""
    first = _first_blocks(run, strategy)
    harm = read_group_shares(run, strategy, "operator", COLLATERAL)
    bound = "" if any(one.high > 0 for one in harm.values()) else read_bound(run, strategy)
    rows: list[tuple[Cell, ...]] = []
    groups = sorted(
        input_rows(run, "operators", "groups", OperatorRow), key=lambda one: -one.share_users
    )
    for group in groups[:MOST_ROWS]:
        at = first.get(group.operator)
        when = say("never")
        if at is not None and at.is_known:
            when = moment(later(run.start, at.median))
        found = harm.get(group.operator)
        cells: tuple[Cell, ...] = ("", "")
        if found is not None:
            cells = (Strong(bound), "") if bound else cells_of(found)
        rows.append((say_name(group.label), percent(group.share_users), when, *cells))
    blocked = (say("First block"), say("Time cut off"), say("Range"))
    heads = (say("Operator"), say("Its users"), *blocked)
    after = say(
        "First block of addresses that are not the target's own: median of the simulations in "
        "which there is one. Time cut off: share of "
        "businesses' time, over the whole period, in which its users cannot reach them."
    )
    tables = table_of(heads, rows, (1, 2, 3, 4), hidden=(4,))
    if tables:
        yield Section(say("When, and at which operators?"), (), tables, (after,))


def _first_blocks(run: RunFolder, strategy: str) -> dict[str, Estimate]:
    """When each operator first blocks anything but the target's own addresses, in seconds."""
    own = [
        row.prefix
        for row in input_rows(run, "target", "prefixes", TargetPrefixRow)
        if row.prefix.version == 4
    ]
    parts = [f"TRY_CAST(split_part(address, '.', {n}) AS BIGINT)" for n in (1, 2, 3, 4)]
    number_ = f"((({parts[0]} * 256 + {parts[1]}) * 256 + {parts[2]}) * 256 + {parts[3]})"
    ours = " OR ".join(
        f"(length >= {one.length} AND number BETWEEN {one.address} "
        f"AND {one.address + (1 << (32 - one.length)) - 1})"
        for one in own
    )
    with connect_tables(run.path, "events", "entries") as tables:
        found = tables.execute(
            "WITH halves AS (SELECT strategy, replicate, entry, split_part(prefix, '/', 1) AS "
            "address, CAST(split_part(prefix, '/', 2) AS BIGINT) AS length FROM entries "
            "WHERE strategy = ? AND mechanism <> 'exempt'), others AS "
            f"(SELECT *, {number_} AS number FROM halves) "
            "SELECT regexp_replace(operator, '#[0-9]+$', '') AS name, min(t_s) FROM events "
            "JOIN others USING (strategy, replicate, entry) WHERE kind = 'enforced' "
            f"AND NOT coalesce({ours or 'false'}, false) GROUP BY name, replicate",
            [strategy],
        ).fetchall()
    times: dict[str, list[float]] = {}
    for name, at_s in found:
        times.setdefault(name, []).append(float(at_s))
    return {name: estimate_over(np.array(one), "s") for name, one in times.items()}


def _providers(run: RunFolder, strategy: str) -> Iterator[Section]:
    """Share of the businesses at each provider that were ever cut off."""
    shares = read_group_shares(run, strategy, "provider", EVER)
    most = sorted(
        (item for item in shares.items() if item[1].high > 0),
        key=lambda item: (-item[1].median, item[0]),
    )
    rows = [(name, Bar(found.median), range_text(found)) for name, found in most[:MOST_ROWS]]
    heads = (say("Provider"), say("Ever cut off"), say("Range"))
    tables = table_of(heads, rows, (2,))
    zero = sorted(name for name, found in shares.items() if found.high == 0)
    after = [
        say("Of {names}, none in nine of ten simulations.", names=listing(zero)) if zero else "",
        say("Other providers: hits.parquet.") if len(most) > MOST_ROWS else "",
    ]
    if tables and not has_sites(run):
        yield Section(say("Whose customers were cut off?"), (), tables, (sentences(*after),))


def _money(run: RunFolder, strategy: str) -> Section:
    """The loss of businesses, part by part, in the country's currency."""
    estimates, rate = read_estimates(run), rate_of(run)
    rows: list[tuple[Cell, ...]] = []
    for metric, name in LOSS_PARTS:
        found = estimates.get((strategy, metric))
        if found is None or not found.is_known or found.high == found.low == 0:
            continue
        cells = cells_of(in_currency(found, rate))
        rows.append((Strong(name) if metric == PRIVATE_LOSS else name, *cells))
    after = [say("Each row is a median of its own, so rows need not add up.")]
    currency = currency_name(rate)
    if rate is not None:
        after.append(
            say(
                "{rate} {currency} to the dollar of {year}.",
                rate=Text(lambda words: words.digits(f"{rate.per_usd:g}")),
                currency=rate.currency,
                year=str(rate.of),
            )
        )
    if run.scenario["population"].get("n_businesses"):
        after.append(
            say(
                "How many businesses there are is assumed: quote the sum with its whole range, or "
                "a share. National methods: money.csv."
            )
        )
    heads = (say("In {currency}", currency=currency), say("Median"), say("Range"))
    nothing = say("Nothing was lost in any simulation.")
    if read_bound(run, strategy) and not has_sites(run):
        nothing = say("No modelled business lost anything: what all of them lose is not known.")
    title = say("What did it cost, and how is that counted?")
    before = () if rows else (nothing,)
    return Section(title, before, table_of(heads, rows, (1, 2)), (sentences(*after),))


def input_name(run: RunFolder, key: str) -> Text:
    """Meaning of an uncertain input, from the documentation of its key or column."""
    return say_name(meaning_of(key, run.input_path(key.rpartition(".")[0])))


def _surer(run: RunFolder, strategy: str) -> Section:
    """Inputs on which the main measures depend most."""
    estimates = read_estimates(run)
    tables: list[Table] = []
    for metric in (DEMAND_LOST, COLLATERAL, PRIVATE_LOSS):
        found = estimates.get((strategy, metric))
        rows: list[tuple[Cell, ...]] = [
            (capitalised(input_name(run, key)), Bar(share))
            for key, share in (found.depends_on if found is not None else ())
        ]
        if found is not None and not math.isnan(found.chance):
            rows.append((say("Chance, with the same inputs"), Bar(found.chance)))
        tables += table_of((), rows, caption=capitalised(say_name(label(metric))))
    few = say("Too few simulations to distinguish the inputs from chance.")
    after = say(
        "Share of the spread between simulations that each input explains; the rest is chance, "
        "other inputs, and inputs acting together."
    )
    title = say("What would make it surer?")
    return Section(title, () if tables else (few,), tuple(tables), (after,) if tables else ())


def _pairs(answer: Answer) -> Section:
    """Every verdict of a comparison."""
    rows = [
        (capitalised(verdict.kind), sentence)
        for verdict in answer.verdicts
        for sentence in verdict.sentences
    ]
    heads = (say("By"), say("Verdict"))
    after = say(
        "Every strategy is simulated with the same inputs and chance. Harm: business-hours cut "
        "off. Effect: user-hours denied. Cost: what businesses lose."
    )
    return Section(
        say("Is the difference real, pair by pair?"), (), table_of(heads, rows), (after,)
    )


def _settled(run: RunFolder, answer: Answer) -> Section:
    """State whether more simulations would settle the verdicts."""
    needed = max((one.n_needed for one in answer.verdicts), default=0)
    values = {"n": whole(run.n_replicates), "needed": whole(needed)}
    said = []
    if needed > run.n_replicates:
        said.append(
            say(
                "{needed} simulations can certify these verdicts; this folder has {n}: "
                "use -n {digits}.",
                digits=str(needed),
                **values,
            )
        )
    elif needed:
        said.append(
            say("{n} simulations are enough: {needed} that agree certify these verdicts.", **values)
        )
    differ = say(
        "Where simulations differ, more of them change nothing: only better knowledge of the "
        "inputs does."
    )
    return Section(say("What would settle it?"), (*said, differ))


def _missing(run: RunFolder, outage: Outage | None) -> Section:
    """What is not in the numbers."""
    scenario = run.scenario
    items: list[str] = []
    if not scenario.get("reactions"):
        items.append(
            say(
                "No business moves its site here: hours cut off are an upper bound, and costs of "
                "moving, losses of hosting providers and gains of domestic ones are not counted."
            )
        )
    if not scenario.get("users"):
        items.append(say("No customer takes a VPN here."))
    if outage is not None and (still := _still(outage)):
        items.append(
            say(
                "Time after {day}. {share} of businesses are still cut off then, so durations are "
                "at least what is printed.",
                day=day(last_moment(run)),
                share=still,
            )
        )
    if not is_comparison(run):
        items.append(
            say("Other ways of blocking: overblock compare simulates several on the same worlds.")
        )
        reached = read_estimates(run).get((run.strategies[0], EFFICACY))
        if reached is None or not reached.is_known:
            items.append(say("Whether the block stopped its target."))
    items.append(say("Losses of people: calls not made, news not read."))
    if is_comparison(run) and not own_strategy(run):
        items.append(say("The strategy that was used in fact: the scenario's own is not compared."))
    items.extend(other_warnings(run))
    if has_sites(run):
        items.append(
            say("Your own knowledge: correct your list of sites or operators, and run it again.")
        )
    return Section(say("What is not in it?"), items=tuple(items))


def _still(outage: Outage) -> str:
    """Share of businesses that are cut off when a run ends; empty if none."""
    band = outage.cut_off
    share = float(band.median[-1])
    if not share > 0:
        return ""
    ends = percent_span(band.low[-1], band.high[-1])
    return say("{value} ({range})", value=percent(share), range=ends)


def _repeat(run: RunFolder) -> Section:
    after = say(
        "{n} simulations, seed {seed}, overblock {version}, Python {python}. The same version, "
        "scenario, tables and seed give the same result, {id}.",
        n=whole(run.n_replicates),
        seed=str(run.manifest["root_seed"]),
        version=str(run.manifest["tool"]["version"]),
        python=str(run.manifest.get("python", "")),
        id=str(run.manifest["result_id"])[:12],
    )
    return Section(say("How do I repeat it?"), after=(after,), code=repeat_command(run))
