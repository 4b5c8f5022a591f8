"""Sections of the page on what its numbers rest on, and the sequence of all sections."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from sim.catalogue.choices import EVER_SHARE, PRIVATE_LOSS
from sim.measure.estimates import (
    Grade,
    estimate_of,
    own_strategy,
    read_estimates,
)
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
    severities_of,
    table_of,
    target_of,
)
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
    last_moment,
    other_warnings,
    rate_of,
    repeat_command,
    source_line,
)
from sim.report.words.languages import (
    Text,
    capitalised,
    day,
    listing,
    say,
    say_name,
    sentences,
)
from sim.report.words.numbers import (
    NOT_KNOWN,
    number,
    percent,
    percent_span,
    whole,
)
from sim.report.words.sentences import note_of, read_losses
from sim.results.folder import RunFolder, input_rows
from sim.results.tables import text
from sim.scenario.tables.money import MoneyParameterRow
from sim.scenario.tables.rows import FigureRow
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
        yield from operators_of(run, strategy, outage)
        yield from providers_of(run, strategy)
        yield target_of(run, strategy)
        yield _money(run, strategy, outage)
        yield _surer(run, strategy)
        yield _other_ways(run)
    yield _basis(run)
    yield _missing(run, outage)
    yield _repeat(run)


def _quote(run: RunFolder, answer: Answer) -> Section:
    refuted = say("Not the measures that the record contradicts; see below.")
    yes = say("Yes, with the range, and with the words “in a model”.")
    no = say("No: read the notice at the top of the page first.")
    ranges = say(
        "Ranges hold nine in ten simulations; none includes effects that the model ignores."
    )
    is_checked = any(one.found.grade is Grade.CHECKED for one in _figures(answer))
    unchecked = (
        "" if is_checked else say("None of these numbers was checked against an independent count.")
    )
    own = say("It measures no outage: your own logs do.")
    others = say(
        "Do not quote it for one named business, for how many businesses there are, or for another "
        "country or time."
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


def _money(run: RunFolder, strategy: str, outage: Outage) -> Section:
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
    if _still(outage):
        after.append(say("Losses after {day} are not in it.", day=day(last_moment(run))))
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
            "Sales: “{sales}”. Prices: “{title}”, of which {n} of {of} are assumptions.",
            sales=say_name(_title_of(run, "population", "sectors")),
            title=say_name(_title_of(run, "money", "parameters")),
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


def _title_of(run: RunFolder, section: str, key: str) -> str:
    """Title of the table that a key of the scenario names."""
    name = str((run.scenario.get(section) or {}).get(key, ""))
    titles = {str(one["name"]): str(one["title"]) for one in run.manifest["inputs"]}
    return titles.get(name) or name


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
        depends = say(
            "Too few simulations to tell which inputs the range of the share ever cut off depends "
            "on."
        )
    after = say(
        "Share of the spread between simulations that each input explains; the rest is chance, "
        "other inputs and combinations."
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
        other = say(
            "This scenario replays orders and cannot tell. One of the same target can, whose "
            "orders answer it:"
        )
        return Section(title, (other,), code=command)
    none = say(
        "This scenario replays orders and cannot tell, nor can another one that is shipped. Change "
        "its orders, and run it again."
    )
    return Section(title, (none,))


def _basis(run: RunFolder) -> Section:
    """What was observed, assumed and computed."""
    return Section(
        say("What was observed, assumed, computed?"),
        items=(
            say("Observed or given: {titles}", titles=source_line(run, is_given=True)),
            say(
                "Assumed: {n} settings, each with its reason in manifest.json, and those values of "
                "tables that overblock sources calls assumptions.",
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
                "No business moves its site: hours cut off are an upper bound; costs of moving, "
                "losses and gains of hosting providers are not counted."
            )
        )
    if not scenario.get("users"):
        items.append(say("No customer takes a VPN here."))
    if outage is not None and (still := _still(outage)):
        items.append(
            say(
                "Time after {day}. {share} of businesses are still cut off then, so hours and "
                "losses are at least what is printed.",
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
        "overblock {version}, Python {python}. The same version, scenario (SHA-256 {hash}), tables "
        "and seed give the same result, {id}.",
        hash=str(run.manifest["scenario"].get("sha256", ""))[:HASH_DIGITS],
        version=str(run.manifest["tool"]["version"]),
        python=str(run.manifest.get("python", "")),
        id=str(run.manifest["result_id"])[:12],
    )
    return Section(say("How do I repeat it?"), after=(after,), code=repeat_command(run))
