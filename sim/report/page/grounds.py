"""Sections of the page on what its numbers rest on, and the sequence of all sections."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from sim.catalogue.choices import EVER_SHARE, PRIVATE_LOSS
from sim.measure.estimates import Grade, estimate_of, own_strategy, read_estimates
from sim.report.figures.outage import Outage
from sim.report.page.sections import (
    Bar,
    Cell,
    Section,
    Strong,
    cells_of,
    operators_of,
    orders_of,
    providers_of,
    rounding_of,
    severities_of,
    table_of,
    target_of,
)
from sim.report.page.sites import sites_of
from sim.report.words.answer import DEMAND_LOST, Answer, Figure
from sim.report.words.heading import (
    LOSS_PARTS,
    answering_command,
    compare_command,
    currency_name,
    evidence_of,
    has_sites,
    in_currency,
    input_name,
    is_comparison,
    is_replayed,
    last_moment,
    ordered_days,
    other_warnings,
    rate_of,
    read_mechanisms,
    repeat_command,
    source_line,
)
from sim.report.words.languages import Text, capitalised, day, listing, say, say_name, sentences
from sim.report.words.numbers import NOT_KNOWN, number, percent, percent_span, span, whole
from sim.report.words.sentences import note_of, read_losses
from sim.results.folder import RunFolder, input_rows
from sim.results.tables import text
from sim.scenario.tables.money import MoneyParameterRow
from sim.scenario.tables.rows import FigureRow, OrderRow
from sim.scenario.tables.seeds import read_note

HASH_DIGITS = 8
GRADES = {
    Grade.CHECKED: say("Checked"),
    Grade.NEVER_CHECKED: say("Never checked"),
    Grade.CONTRADICTED: say("Contradicted by the record"),
    Grade.GIVEN: say("Given"),
}
MOST_INPUTS = 2
METHODS = {
    "oecd_2011": say("OECD (2011)"),
    "cost_like": say("After COST (NetBlocks)"),
}
"""National methods by their authors."""
SAME_SHARE = "country, same share of demand lost"


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
        yield from orders_of(run, outage)
        yield from severities_of(run, strategy, outage)
        yield from _seen(run, strategy)
        yield from operators_of(run, strategy, outage)
        if has_sites(run):
            yield from sites_of(run, strategy, rounding_of(outage))
        else:
            yield from providers_of(run, strategy)
        yield target_of(run, strategy)
        yield _money(run, strategy)
        yield _surer(run, strategy)
        yield _other_ways(run)
    yield _basis(run)
    yield _missing(run, outage)
    yield _repeat(run)


def _quote(run: RunFolder, answer: Answer) -> Section:
    refuted = say("Not the measures that the record contradicts; see below.")
    yes = say("Yes, with the range and the words “in a simulation”.")
    no = say("No: read the notice at the top of the page first.")
    ranges = say("Ranges hold nine in ten simulations, not what the model ignores.")
    is_checked = any(one.found.grade is Grade.CHECKED for one in _figures(answer))
    unchecked = (
        "" if is_checked else say("None of these numbers was checked against an independent count.")
    )
    own = say("It measures no outage: your own logs do.")
    others = say(
        "Do not quote it for one named business, the number of businesses, or another country or "
        "time."
    )
    rows = [
        (
            Strong(one.value),
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
        table_of((), rows, is_narrow=bool(answer.figures)),
        (
            sentences(ranges, unchecked),
            own if has_sites(run) else others,
            *answer.withheld,
        ),
    )


def _figures(answer: Answer) -> tuple[Figure, ...]:
    """Figures of a run; of a comparison those of one row, as all rows have the same grades."""
    return answer.figures or (answer.strategies[-1].figures if answer.strategies else ())


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
    after = [say("Rows are medians and need not add up.")]
    currency = currency_name(rate)
    if rate is not None:
        after.append(
            say(
                "Computed in dollars, at {rate} {currency} to the dollar of {year} ({source}).",
                rate=Text(lambda words: words.digits(f"{rate.per_usd:g}")),
                currency=rate.currency,
                year=str(rate.of),
                source=rate.source or say("an assumption"),
            )
        )
    prices = input_rows(run, "money", "parameters", MoneyParameterRow)
    after.append(
        say(
            "Of the prices of lost demand, {n} of {of} are assumptions.",
            n=str(sum(row.kind == "assumption" for row in prices)),
            of=str(len(prices)),
        )
    )
    losses = read_losses(run, strategy)
    after += [
        say(
            "Published: {n} {note}. Source: {source}.",
            n=number(float(text(row, "published"))),
            note=note_of(row),
            source=_figure_source(run),
        )
        for row in losses
        if note_of(row)
    ]
    methods = [
        (METHODS[text(row, "method")], *cells_of(in_currency(estimate_of(row), rate)))
        for row in losses
        if text(row, "method") in METHODS and text(row, "scope") == SAME_SHARE
    ]
    heads = (say("In {currency}", currency=currency), say("Median"), say("Range"))
    nothing = say("Nothing was lost in any simulation.")
    if (strategy, PRIVATE_LOSS) in estimates and not estimates[strategy, PRIVATE_LOSS].is_known:
        nothing = say("No modelled business lost anything: what all of them lose is not known.")
    title = say("What did it cost, and how is that counted?")
    before = () if rows else (nothing,)
    tables = table_of(heads, rows, (1, 2))
    if has_sites(run):
        after.append(say("Published methods price a whole country, not single sites."))
    else:
        share = estimates.get((strategy, DEMAND_LOST))
        caption = say(
            "By published methods, if the whole country lost {share} of its demand",
            share=percent(share.median) if share else NOT_KNOWN,
        )
        tables += table_of((), methods, (1, 2), caption=caption)
    return Section(title, before, tables, (sentences(*after),))


def _figure_source(run: RunFolder) -> str:
    """Who published the loss that a folder's is compared with, when and where."""
    name = str((run.scenario.get("published") or {}).get("figures", ""))
    path = run.input_path(name)
    note = read_note(path) if path else None
    rows = input_rows(run, "published", "figures", FigureRow)
    source = next(row.source for row in rows if row.metric == PRIVATE_LOSS)
    said = note.references.get(source, source) if note else source
    return re.sub(r' "[^"]*",', "", said.partition("; ")[0])


def _surer(run: RunFolder, strategy: str) -> Section:
    """Inputs on which the main measures depend most."""
    estimates = read_estimates(run)
    found = estimates.get((strategy, PRIVATE_LOSS))
    rows: list[tuple[Cell, ...]] = [
        (capitalised(input_name(run, key)), Bar(share))
        for key, share in (found.depends_on[:MOST_INPUTS] if found is not None else ())
    ]
    if found is not None and not math.isnan(found.chance):
        rows.append((say("Chance, with the same inputs"), Bar(found.chance)))
    tables = table_of((), rows, caption=say("What businesses lost"))
    few = say("Too few simulations to distinguish the inputs from chance.")
    headline = estimates.get((strategy, EVER_SHARE))
    depends = ""
    if headline is not None and headline.depends_on:
        inputs = [
            say("{what} ({share} of its spread)", what=input_name(run, key), share=percent(share))
            for key, share in headline.depends_on[:MOST_INPUTS]
        ]
        depends = say(
            "The range of the share ever cut off depends most on {inputs}.", inputs=listing(inputs)
        )
    elif tables:
        depends = say("Too few simulations to tell what the share ever cut off depends on.")
    after = say(
        "Share of the spread that an input explains; the rest is chance, other inputs and "
        "combinations."
    )
    title = say("On what does it depend most?")
    before = tuple(one for one in (depends, "" if tables or depends else few) if one)
    return Section(title, before, tables, (after,) if tables else ())


def _other_ways(run: RunFolder) -> Section:
    """How to find out whether another way of blocking would do less harm."""
    title = say("Would another way of blocking do less harm?")
    if run.scenario.get("fronts"):
        before = say("This run does not tell. Compare other ways on the same simulations:")
        return Section(title, (before,), code=compare_command(run))
    if has_sites(run):
        narrow = say("Change the list of what is blocked, and run it again.")
        return Section(title, (narrow,))
    if command := answering_command(run):
        other = say("This scenario replays orders and cannot tell. One of the same target can:")
        return Section(title, (other,), code=command)
    none = say(
        "This scenario replays orders and cannot tell, nor can another one that is shipped. Change "
        "its orders, and run it again."
    )
    return Section(title, (none,))


SEEN = {
    "drop": say("A browser waits for a blocked address until it gives up; no page says why."),
    "throttle": say(
        "Some attempts at a blocked address fail, the others work: nothing is slow in the model."
    ),
    "name": say(
        "Attempts at a blocked name fail, except for users who get round it; no page says why."
    ),
}
"""What a user meets at what is blocked, by the mechanism of the entries."""


def _seen(run: RunFolder, strategy: str) -> Iterator[Section]:
    """What a user sees who meets the block."""
    said = [SEEN[one] for one in read_mechanisms(run, strategy) if one in SEEN]
    if said:
        yield Section(say("What does a user see?"), (sentences(*said),))


TIMES = {"sessions": "start", "orders": "effective", "table": "from"}
"""Column of the times of orders, by the key of a strategy that names their table."""


def _times(run: RunFolder) -> Iterator[str]:
    """Whether times and addresses of the orders were recorded, given, assumed or simulated."""
    own = run.scenario.get("strategy") or {}
    kinds = {str(one["key"]): str(one["kind"]) for one in run.manifest.get("sources", ())}
    key = next((key for key in TIMES if isinstance(own.get(key), str)), "")
    rows = input_rows(run, "strategy", key, OrderRow) if key == "orders" else ()
    name = str(own.get(key))
    if not is_replayed(run):
        yield say("Times of orders: simulated.")
    elif not ordered_days(run):
        yield say("The list has no times: it is blocked from the start, an assumption.")
    elif kinds.get(f"{name}.{TIMES.get(key)}") != "fact":
        yield say("Times of orders: as given, not checked.")
    elif hours := [
        (one.latest - one.earliest).total_seconds() / 3600
        for one in rows
        if one.earliest and one.latest
    ]:
        within = span(min(hours), max(hours))
        yield say("Times of orders: recorded, each to within {hours} hours.", hours=within)
    else:
        yield say("Times of orders: recorded.")
    if kinds.get(f"{name}.prefix") == "assumption":
        yield say("Their addresses are assumed.")
    if not run.scenario.get("ordered_by"):
        yield say("Who ordered it, and why: add ordered_by and purpose to the scenario.")


def _basis(run: RunFolder) -> Section:
    """What was observed, assumed and computed."""
    given = say("Observed or given: {titles}", titles=source_line(run, is_given=True))
    return Section(
        say("What was observed, assumed, computed?"),
        items=(
            sentences(given, *_times(run)),
            say(
                "Assumed: {n} settings (reasons: manifest.json), and the tables so marked in the "
                "appendix.",
                n=str(len(run.manifest["assumptions"])),
            ),
            say("Computed: when operators block, who is cut off, for how long, and what it costs."),
        ),
    )


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
                "Businesses that move (it would lower hours), what it costs, and gains and losses "
                "of hosting providers."
            )
        )
    if not scenario.get("users"):
        items.append(say("Customers who take a VPN."))
    if outage is not None and (still := _still(outage)):
        items.append(
            say(
                "Time after {day}: {share} of businesses are still cut off then, which "
                "would raise hours and losses.",
                day=day(last_moment(run)),
                share=still,
            )
        )
    if not has_sites(run):
        items.append(say("Named sites, businesses hosted at home, foreign sites and customers."))
    items.append(say("Losses of people: calls not made, news not read."))
    if is_comparison(run) and not own_strategy(run):
        items.append(say("The strategy that was used in fact: the scenario's own is not compared."))
    items.extend(other_warnings(run))
    if has_sites(run):
        items.append(
            say("Your own knowledge: correct your list of sites or operators, and run it again.")
        )
    return Section(say("What is not modelled?"), items=tuple(items))


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
        "overblock {version}, Python {python}. The same version, scenario (SHA-256 {hash}), tables "
        "and seed give the same result, {id}.",
        hash=str(run.manifest["scenario"].get("sha256", ""))[:HASH_DIGITS],
        version=str(run.manifest["tool"]["version"]),
        python=str(run.manifest.get("python", "")),
        id=str(run.manifest["result_id"])[:12],
    )
    return Section(say("How do I repeat it?"), after=(after,), code=repeat_command(run))
