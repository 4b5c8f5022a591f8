"""The answer of a folder: one sentence, three figures with their grades, verdicts, source.

In: a run folder. Out: what page, terminal, notebook and bundle print first. Nothing here is written
for one scenario: names come from the scenario and the catalogue, numbers from the tables. A measure
that the record contradicts is in neither the sentence nor the figures.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np

from sim.catalogue.choices import (
    ADDRESSES_LOST,
    COLLATERAL,
    EFFICACY,
    EVER_SHARE,
    EXPECTED,
    LISTED,
    PRIVATE_LOSS,
    effect_in,
    label,
)
from sim.catalogue.curves import CURVES
from sim.catalogue.measures import MEASURES, USD
from sim.measure.estimates import (
    SHARE,
    Estimate,
    Grade,
    contradictions,
    count_over,
    read_estimates,
    read_share,
    read_shares,
)
from sim.measure.sites import read_sites
from sim.measure.summary import TOO_FEW
from sim.report.words.heading import (
    cite,
    country_name,
    currency_name,
    has_sites,
    has_sites_alone,
    in_currency,
    is_comparison,
    is_disputed,
    is_simulated,
    is_what_if,
    notices,
    rate_of,
    read_mechanisms,
    sessions_of,
    strategies_of,
    strategy_names,
)
from sim.report.words.languages import (
    Text,
    beside,
    capitalised,
    either,
    joined,
    listing,
    say,
    say_n,
    say_name,
    sentences,
)
from sim.report.words.numbers import (
    NOT_KNOWN,
    is_share,
    outcomes_text,
    range_text,
    spoken,
    two_digits,
    value_text,
    whole,
    with_mark,
)
from sim.report.words.record import column_source, may_be_unpolled
from sim.report.words.sentences import (
    CAUSES,
    KINDS,
    LISTED_WORDS,
    Verdict,
    amount,
    bound_of_zero,
    cut_off_in_part,
    is_seen,
    n_listed,
    names_by_strategy,
    names_words,
    read_cut_off,
    reason_of,
    sentence_of_sites,
    unpriced,
    verdict_of,
)
from sim.report.words.sites import assumed_sales, count_unknown, find_unknown, sentence_of_list
from sim.report.words.what_if import Change, changes_of, read_what_if, sentence_of_what_if
from sim.results.folder import RunFolder
from sim.results.tables import read_rows, text

IMPAIRED = CURVES["businesses_impaired"].name
PEAK = MEASURES["businesses_impaired_peak"].name
DEMAND_LOST = MEASURES["demand_lost_share"].name
ORDERS = MEASURES["orders_placed"].name
SEEN = "seen blocked"
"""Stands for a measure of sites that a record has."""
MOST_CHANGES = 5
"""Sites of a comparison that the terminal names."""


@dataclass(frozen=True)
class Figure:
    """One number with what it is of."""

    found: Estimate
    """Its estimate, in the unit that is printed."""
    what: str
    """Quantity and unit, as they read after the number."""
    reason: str = ""
    """Why it has its grade, in a few words."""
    bound: str = ""
    """Text for a zero of a sample that was unlikely to be cut off."""

    @property
    def value(self) -> Text:
        """The median in two digits, or the bound."""
        return beside(self.what, self.bound or value_text(self.found))

    @property
    def range(self) -> str:
        """Its range; empty where it has none that two digits show."""
        return "" if self.bound else outcomes_text(self.found)

    @property
    def line(self) -> str:
        """The number with its range and what it is of, in one line."""
        is_number = self.found.is_known and self.bound != NOT_KNOWN
        if not is_number or (self.bound and not is_share(self.found.unit)):
            return f"{self.what}: {self.value}"
        return f"{self.value} {self.what}" + (f" ({self.range})" if self.range else "")


@dataclass(frozen=True)
class Strategy:
    """A row of a comparison: a strategy with its harm, effect and cost, in this sequence."""

    name: str
    figures: tuple[Figure, ...]


@dataclass(frozen=True)
class Answer:
    """The first screen."""

    sentence: str
    range: str
    """The answer, and the one range in it."""
    figures: tuple[Figure, ...]
    """Three figures of a run; none of a comparison."""
    strategies: tuple[Strategy, ...]
    verdicts: tuple[Verdict, ...]
    """Rows and verdicts of a comparison."""
    changes: tuple[Change, ...]
    """Sites of one's own in a comparison, the most changed first."""
    withheld: tuple[str, ...]
    """Why measures are not printed here: the record contradicts them."""
    notices: tuple[str, ...]
    """Warnings before anything is quoted."""
    cite: str
    """How to cite the result."""

    @property
    def start(self) -> Text:
        """The sentence without its full stop."""
        return _without_stop(self.sentence)

    @property
    def whole(self) -> Text:
        """The sentence with its range."""
        return _with_range(self.sentence, self.range)

    def lines(self) -> tuple[str, ...]:
        """The answer for a terminal: at most 15 lines for a run."""
        return (
            *self.notices,
            self.whole,
            *(f"{one.line}: {one.found.grade}" for one in self.figures),
            *(
                f"{capitalised(row.name)}: " + "; ".join(one.line for one in row.figures)
                for row in self.strategies
            ),
            *(one.line for one in self.changes[:MOST_CHANGES]),
            *(
                f"{capitalised(one.kind)}: {' '.join(''.join(part) for part in one.parts)}"
                for one in self.verdicts
            ),
            *self.withheld,
            self.cite,
        )


def _without_stop(sentence: str) -> Text:
    return Text(lambda words: words.inside(sentence).removesuffix("."))


def _with_range(sentence: str, range_: str) -> Text:
    """Write a sentence with its range in brackets, if it has one."""
    ends = joined("", ("(", range_, ")")) if range_ else ""
    return joined("", (joined(" ", (_without_stop(sentence), ends)), "."))


def answer(run: RunFolder) -> Answer:
    """Return the answer of a folder."""
    facts = _Facts(run)
    figures: tuple[Figure, ...] = ()
    if is_what_if(run):
        then, range_ = sentence_of_what_if(run, facts.names)
        sentence: str = sentences(_with_range(*sentence_of_sites(run, facts.strategy)), then)
    elif is_comparison(run):
        sentence, range_ = facts.sentence_of_comparison()
    else:
        known = (one for one in facts.figures() if one.found.grade is not Grade.CONTRADICTED)
        figures = tuple(islice(known, 3))
        sentence, range_ = (
            sentence_of_sites(run, facts.strategy) if facts.has_sites else facts.sentence_of_run()
        )
        if facts.has_sites and (before := facts.no_order() or sentence_of_list(run)):
            sentence = joined(" ", (before, sentence))
    return Answer(
        sentence,
        beside(sentence, range_) if run.is_ensemble and range_ else "",
        figures,
        facts.strategies,
        facts.verdicts() if is_comparison(run) and not is_what_if(run) else (),
        tuple(changes_of(run, facts.names, facts.rate)) if is_comparison(run) else (),
        tuple(facts.withheld()),
        tuple(notices(run)),
        cite(run),
    )


def _least(figure: Figure, *, is_least: bool) -> Figure:
    """The same as not known, or as a lower bound with its range, where it is one."""
    if figure.found.is_known and not (is_least and figure.found.high > 0):
        return figure
    known = figure.found.is_known
    return replace(figure, bound=with_mark(figure.found, "≥") if known else NOT_KNOWN)


class _Facts:
    """Numbers of a folder, read once."""

    def __init__(self, run: RunFolder) -> None:
        self.run = run
        self.rows = {
            (text(row, "strategy"), text(row, "metric")): row
            for row in read_rows(run, "summary.csv", ("metric",))
        }
        self.estimates = read_estimates(run)
        self.refuted = contradictions(run)
        self.rate = rate_of(run)
        self.names = strategy_names(strategies_of(run))
        self.is_simulated = is_simulated(run)
        self.strategy = run.strategies[0]
        self.has_sites = has_sites(run)
        self.assumed = assumed_sales(run) or []
        self.names_listed = names_by_strategy(run)
        self.country = country_name(run)
        self.strategies = tuple(self._strategies()) if is_comparison(run) else ()

    def figure(self, metric: str, found: Estimate, what: str) -> Figure:
        published = self._published(metric)
        is_given = (metric in LISTED and not self.is_simulated) or metric == SEEN
        grade = Grade.GIVEN if is_given else Grade.NEVER_CHECKED
        grade = Grade.CONTRADICTED if metric in self.refuted else grade
        reason = reason_of(metric, self.run, self.refuted, published, grade)
        return Figure(replace(found, grade=grade), what, reason)

    def _published(self, metric: str) -> str:
        """The figure that was published of a measure, in its unit; empty where there is none."""
        seen = [row.n_distinct for row in sessions_of(self.run) if row.n_distinct]
        if metric == LISTED[0] and seen:
            most = amount(max(seen), say_name("addresses"))
            return say("{most} ({who})", most=most, who=column_source(self.run, "n_distinct"))
        row = self.rows.get((self.strategy, metric), {})
        published = text(row, "published")
        try:
            value = float(published)
        except ValueError:
            return published
        unit = text(row, "unit")
        if unit == USD and self.rate is not None:
            value *= self.rate.per_usd
            return amount(value, currency_name(self.rate.currency, two_digits(value)))
        return amount(value, say_name(unit))

    def money(self, strategy: str) -> Figure | None:
        """The private loss in the country's currency."""
        found = self.estimates.get((strategy, PRIVATE_LOSS))
        if found is None:
            return None
        found = in_currency(found, self.rate)
        what = self.lost(found, of_sites=has_sites_alone(self.run))
        figure = self.figure(PRIVATE_LOSS, found, what)
        return _least(figure, is_least=self.has_sites and bool(find_unknown(self.run, strategy)))

    def lost(self, found: Estimate, *, of_sites: bool) -> Text:
        n = two_digits(found.median)
        named = {"currency": currency_name(found.unit, n)}
        if of_sites:
            lost = say_n(
                "{currency} lost by your sites", "{currency} lost by your sites", n, **named
            )
            k, of = len(self.assumed), whole(len(read_sites(self.run.path, self.strategy).site))
            sales = say("sales of {k} of {n} sites assumed", k=whole(k), n=of) if k else ""
            return joined("; ", (lost, sales))
        return say_n(
            "{currency} lost by these businesses", "{currency} lost by these businesses", n, **named
        )

    def bounded(self, figure: Figure, strategy: str) -> Figure:
        """The same with a bound in place of a zero."""
        is_zero = not figure.found.high > 0
        return replace(figure, bound=self.bound_of(strategy)) if is_zero else figure

    # -- a run --------------------------------------------------------------------------------

    def peak(self) -> Estimate:
        return read_share(self.run, self.strategy, PEAK)

    def listed(self) -> Iterator[tuple[str, Estimate]]:
        """Addresses and networks that were listed at the peak, each if there are any."""
        for metric in LISTED:
            found = self.estimates.get((self.strategy, metric))
            if found is not None and found.median > 0:
                yield metric, found

    def whose(self) -> Text:
        """Whose harm it is."""
        if has_sites_alone(self.run):
            return say("your sites")
        if has_sites(self.run):
            return say("the modelled businesses, with your sites")
        if self.country is None:
            return say("the country's businesses in foreign clouds")
        return say("{country}'s businesses in foreign clouds", country=self.country)

    def figures(self) -> Iterator[Figure]:
        """Measures of a run that are known, the most telling first."""
        if self.has_sites:
            yield from self._of_sites()
        else:
            for metric, most in self.listed():
                what = LISTED_WORDS[metric, self.is_simulated](two_digits(most.median))
                yield self.figure(metric, most, what)
            of = say(
                "of {whose} cut off from some of their customers at the peak", whose=self.whose()
            )
            figure = self.bounded(self.figure(PEAK, self.peak(), of), self.strategy)
            yield figure
            if figure.bound:
                # A phone's first screen has no room for on how many addresses they rest.
                names = names_words(self.names_listed.get(self.strategy), says_where=False)
                behind = say("expected on the addresses ever listed")
                yield replace(self.figure(EXPECTED, figure.found, behind), bound=names)
        if money := self.money(self.strategy):
            yield money
        if found := self.estimates.get((self.strategy, DEMAND_LOST)):
            yield self.figure(DEMAND_LOST, found, say("of what customers tried failed"))

    def no_order(self) -> Text | None:
        """Write that nothing is ordered in any simulation; None where something is."""
        orders = self.estimates.get((self.strategy, ORDERS))
        is_none = orders is not None and not orders.high > 0 and not any(self.listed())
        return say("No block is ordered.") if is_none else None

    def cause(self) -> Text:
        """Write the orders as a sentence."""
        if said := self.no_order():
            return said
        run, listed = self.run, self.listed()
        each = [
            n_listed(metric, found, of_others=run.has_own_addresses) for metric, found in listed
        ]
        what: str = listing(each) if each else self.names[self.strategy]
        is_throttle = read_mechanisms(run, self.strategy) == ["throttle"]
        how, country = (not self.is_simulated, is_throttle), self.country or say("the country")
        said = capitalised(say(CAUSES[False, *how], country=country, what=what))
        if purpose := str(run.scenario.get("purpose") or ""):
            cause = CAUSES[True, *how]
            if is_disputed(run) and how == (True, False):
                cause = say("To {purpose}, {what} were listed in {country}.")
            told = say(cause, purpose=say(purpose), country=country, what=what)
            return either(capitalised(told), said)
        return said

    def sentence_of_run(self) -> tuple[Text, str]:
        cause, peak = self.cause(), self.peak()
        if self.refuted.keys() & {IMPAIRED, PEAK}:
            text_ = say("The record contradicts what the model computes of businesses.")
            return joined(" ", (cause, text_)), ""
        if not peak.high > 0:
            return joined(" ", (cause, self._none_cut_off())), ""
        if peak.median > 0:
            text_ = say(
                "In simulations, {share} of its businesses in foreign clouds are cut off from some "
                "customers at peak.",
                share=spoken(peak.median),
            )
            return joined(" ", (cause, text_)), range_text(peak)
        values, _, _ = read_shares(self.run, self.strategy, PEAK)
        # Values of simulations, so that these end no lower than all.
        n_cut, others = int((values > 0).sum()), count_over(values[values > 0], SHARE)
        text_ = say(
            "In {n} of {of} simulations none of its businesses in foreign clouds is cut off from "
            "customers. In the others, {share} of them are at the peak.",
            n=whole(values.size - n_cut),
            of=whole(values.size),
            share=spoken(others.median),
        )
        return joined(" ", (cause, text_)), range_text(others)

    def bound_of(self, strategy: str) -> str:
        """Text for a share that is zero; empty where the zero is certain."""
        return bound_of_zero(self.estimates.get((strategy, EVER_SHARE)))

    def _none_cut_off(self) -> str:
        """That none of the sample was cut off, with what this shows."""
        if said := cut_off_in_part(self.run, self.strategy):
            return said
        bound = self.bound_of(self.strategy)
        expected = self.estimates.get((self.strategy, EXPECTED))
        if not bound or expected is None:
            return say("None of the modelled businesses was cut off.")
        n = whole(int(expected.whole))
        if expected.high == 0:
            return say(
                "None of the {n} modelled businesses could be cut off by address: what was listed "
                "contains none of their hosts' ranges.",
                n=n,
            )
        if expected.median < TOO_FEW:
            return say(
                "None of the {n} modelled businesses was cut off, too few to tell: {bound} of all.",
                n=n,
                bound=bound,
            )
        return say(
            "None of the {n} modelled businesses was cut off: {bound} of all.", n=n, bound=bound
        )

    # -- sites --------------------------------------------------------------------------------

    def _of_sites(self) -> Iterator[Figure]:
        is_cut, hours, n_least = read_cut_off(self.run, self.strategy)
        n, is_observed = is_cut.shape[1], is_seen(self.run, self.strategy)
        # Of what was seen the record is the input.
        metric = SEEN if is_observed else ""
        of = say("of your {n} sites cut off in the median simulation", n=whole(n))
        if is_observed:
            of = say("of your {n} sites seen blocked", n=whole(n))
        elif n == 1:
            of = say("site of yours cut off in the median simulation")
        if n_unknown := count_unknown(self.run, self.strategy):
            of = joined("; ", (of, say("{n} not known", n=whole(n_unknown))))
        yield self.figure(metric, count_over(is_cut.sum(axis=1).astype(np.float64), "sites"), of)
        if hours.is_known:
            h = two_digits(hours.median)
            cut = say_n("hour cut off", "hours cut off", h)
            if n_least:
                cut = say_n("hour or more cut off", "hours or more cut off", h)
            over = say("in simulations with any")
            if n > 1:
                over = say("median of the sites cut off, in simulations with any")
            if is_observed:
                over = say("median of the sites seen blocked")
            of = cut if n == 1 and is_observed else joined(", ", (cut, over))
            yield self.figure(metric, hours, of)

    # -- a comparison -------------------------------------------------------------------------

    def _strategies(self) -> Iterator[Strategy]:
        effect = effect_in({metric for _, metric in self.estimates})
        whats = {
            COLLATERAL: say("of businesses' time cut off"),
            EFFICACY: say("of the target's use denied"),
            ADDRESSES_LOST: say("of attempts at the target's addresses failed"),
        }
        for strategy in self.run.strategies:
            if is_what_if(self.run):
                yield Strategy(self.names[strategy], tuple(self._of_what_if(strategy)))
                continue
            figures = []
            for metric in (COLLATERAL, effect):
                what = whats[metric]
                if metric == ADDRESSES_LOST and (strategy, metric) in self.estimates:
                    found = replace(self.estimates[strategy, metric], unit=SHARE)
                elif (strategy, metric) in self.estimates:
                    found = read_share(self.run, strategy, metric)
                else:
                    found = Estimate(math.nan, math.nan, math.nan, SHARE)
                one = self.figure(metric, found, what)
                if metric == COLLATERAL:
                    is_least = self.has_sites and bool(find_unknown(self.run, strategy))
                    one = _least(self.bounded(one, strategy), is_least=is_least)
                figures.append(one)
            money = self.money(strategy)
            figures += [money] if money else []
            shown = (
                replace(one, bound=say("not printed"))
                if one.found.grade is Grade.CONTRADICTED
                else one
                for one in figures
            )
            yield Strategy(self.names[strategy], tuple(shown))

    def sentence_of_comparison(self) -> tuple[str, str]:
        """Where harm is most and least, of the strategies that block something."""
        rows = [
            (one.figures[0].found.median, one)
            for label_, one in zip(self.run.strategies, self.strategies, strict=True)
            if label_ != self.run.idle_strategy
            and one.figures[0].found.is_known
            and one.figures[0].bound != NOT_KNOWN
        ]
        if not rows:
            return say("The harm of none of the strategies compared is known."), ""
        if COLLATERAL in self.refuted:
            return say("The record contradicts what the model computes of businesses."), ""
        (_, worst), (_, best) = (pick(rows, key=lambda one: one[0]) for pick in (max, min))
        range_ = worst.figures[0].range if self.run.is_ensemble else ""
        share: Text = worst.figures[0].value
        if range_:
            share = say("{value} ({range})", value=share, range=range_)
        values = {"worst": worst.name, "whose": self.whose(), "share": share}
        if worst is best:
            said = say(
                "In simulations, {worst} would cut {whose} off from some customers for {share} of "
                "the time.",
                **values,
            )
        else:
            said = say(
                "In simulations, {worst} would cut {whose} off from some customers for {share} of "
                "the time; {best} for {less}.",
                **values,
                best=best.name,
                less=best.figures[0].value,
            )
        return said, ""

    def _of_what_if(self, strategy: str) -> Iterator[Figure]:
        unit = self.estimates[strategy, PRIVATE_LOSS].unit
        (n_cut, whose), (hours, of_all), loss, is_least = read_what_if(self.run, strategy, unit)
        # Of what was seen the record is the input; of a move only where it says who was polled.
        metric = SEEN if is_seen(self.run, strategy) and not may_be_unpolled(self.run) else ""
        yield self.figure(metric, n_cut, whose)
        yield _least(self.figure(metric, hours, of_all), is_least=is_least)
        lost = in_currency(loss, self.rate)
        yield _least(self.figure("", lost, self.lost(lost, of_sites=True)), is_least=is_least)

    def verdicts(self) -> tuple[Verdict, ...]:
        """Verdicts by kind, in the sequence of the columns."""
        rows = read_rows(self.run, "verdicts.csv", ("verdict",))
        loss = self.estimates.get((self.strategy, PRIVATE_LOSS))
        return tuple(
            verdict_of(
                kind,
                [row for row in rows if text(row, "metric") == metric],
                self.names,
                self.run.idle_strategy,
                unpriced(self.run, loss) if metric == PRIVATE_LOSS else "",
            )
            for metric, kind in KINDS.items()
            if any(text(row, "metric") == metric for row in rows)
        )

    def withheld(self) -> Iterator[str]:
        for found in dict.fromkeys(self.refuted.values()):
            named = [metric for metric, one in self.refuted.items() if one == found]
            yield say(
                "Not printed here, since the record contradicts it: {measures}. {why}.",
                measures=listing([say_name(label(one)) for one in named]),
                why=capitalised(reason_of(named[0], self.run, {named[0]: found}, "")),
            )
