"""Verdicts, orders and harm in words: the same sentences for every surface.

Counts are out of all simulations: one in which an order is not known is none that has it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.catalogue.choices import COLLATERAL, EFFECTS, EFFICACY, EVER_SHARE, LISTED, PRIVATE_LOSS
from sim.catalogue.curves import CURVES
from sim.catalogue.measures import MEASURES
from sim.measure.estimates import Contradiction, Estimate, Grade, estimate_over, read_estimates
from sim.measure.sites import read_sites
from sim.names.listed import LOWER_BOUND, rounded_names
from sim.report.words.heading import has_sites, is_of_evidence
from sim.report.words.languages import (
    Text,
    capitalised,
    day,
    joined,
    listing,
    say,
    say_n,
    say_name,
    sentences,
    unbroken,
)
from sim.report.words.numbers import (
    NOT_KNOWN,
    as_bound,
    at_most,
    counted,
    definition,
    hours_text,
    number,
    percent,
    quantity,
    range_text,
    span,
    two_digits,
    value_text,
    whole,
    with_mark,
)
from sim.report.words.record import is_record
from sim.report.words.sites import (
    count_unknown,
    find_least,
    find_partly,
    find_unplaced,
    inventory_of,
    read_known,
    sentence_of_unknown,
    split_by_list,
)
from sim.results.folder import RunFolder, input_rows, later
from sim.results.parquet import read_columns
from sim.results.tables import Row, read_rows, text
from sim.results.tables import number as cell
from sim.scenario.tables.money import lack_sales
from sim.scenario.tables.rows import OperatorRow

KINDS = {
    COLLATERAL: say("harm"),
    **dict.fromkeys(EFFECTS, say("effect")),
    PRIVATE_LOSS: say("cost"),
}
"""Kinds of the measures by which strategies are judged."""
ORDERS = {
    (COLLATERAL, "less"): say("{one} has less harm than {other}"),
    (COLLATERAL, "equal"): say("{one} has as much harm as {other}"),
    (COLLATERAL, "more"): say("{one} has more harm than {other}"),
    (EFFICACY, "less"): say("{one} has less effect than {other}"),
    (EFFICACY, "equal"): say("{one} has as much effect as {other}"),
    (EFFICACY, "more"): say("{one} has more effect than {other}"),
    (PRIVATE_LOSS, "less"): say("{one} has less cost than {other}"),
    (PRIVATE_LOSS, "equal"): say("{one} has as much cost as {other}"),
    (PRIVATE_LOSS, "more"): say("{one} has more cost than {other}"),
}
"""Two strategies in one measure."""
UNKNOWN = {
    COLLATERAL: say("{one} and {other}: harm is not known to differ in any simulation."),
    EFFICACY: say("{one} and {other}: effect is not known to differ in any simulation."),
    PRIVATE_LOSS: say("{one} and {other}: cost is not known to differ in any simulation."),
}
"""Verdicts where nothing is known in any simulation."""
PAIRS = {
    "less": say("{one} less than {other}"),
    "equal": say("{one} and {other} equal"),
    "more": say("{one} more than {other}"),
    "against": say("{one} against {other}"),
}
"""The same in few words."""


def verdict_sentence(row: Row, names: Mapping[str, str] | None = None) -> Text:
    """Say whether all simulations agree on two strategies in one measure.

    Parameters
    ----------
    row
        Of ``verdicts.csv``.
    names
        Names of strategies by label; the labels when None.
    """
    names = names or {}
    one, other = (names.get(text(row, key), text(row, key)) for key in ("strategy", "other"))
    metric = text(row, "metric")
    metric = EFFICACY if metric in EFFECTS else metric
    n_less, n_equal, n_more, n_unknown, n_needed = (
        int(cell(row, name)) for name in ("n_less", "n_equal", "n_more", "n_not_known", "n_needed")
    )
    n_known = n_less + n_equal + n_more
    n, verdict = n_known + n_unknown, text(row, "verdict")
    if not n_known:
        return capitalised(say(UNKNOWN[metric], one=one, other=other))
    most = max(n_less, n_equal, n_more)
    order = {n_equal: "equal", n_more: "more", n_less: "less"}[most]
    said = say(ORDERS[metric, order], one=one, other=other)
    unknown = say("; not known in {n}", n=str(n_unknown)) if n_unknown else ""
    if verdict == "differ":
        depends: str = ""
        if inputs := [key for n in (1, 2, 3) if (key := text(row, f"depends_on_{n}"))]:
            depends = say("; it depends most on {inputs}", inputs=listing(inputs))
        return say(
            "The simulations differ: {pair} in {most} of {n}{depends}{unknown}.",
            pair=said, most=str(most), n=str(n), depends=depends, unknown=unknown,
        )  # fmt: skip
    if verdict == "agree":
        if not n_unknown:
            return say("All {n} simulations agree: {pair}.", n=str(n), pair=said)
        return say(
            "{known} of {n} simulations agree: {pair}{unknown}.",
            known=str(n_known), n=str(n), pair=said, unknown=unknown,
        )  # fmt: skip
    if verdict == "not known":
        return say(
            "Not known in {unknown} of {n} simulations: in the others {pair}.",
            unknown=str(n_unknown), n=str(n), pair=said,
        )  # fmt: skip
    return say(
        "Too few simulations to say: {pair} in {known} of {n}; {needed} are needed{unknown}.",
        pair=said, known=str(n_known), n=str(n), needed=str(n_needed), unknown=unknown,
    )  # fmt: skip


@dataclass(frozen=True)
class Verdict:
    """Verdict on pairs of strategies in harm, effect or cost."""

    kind: str
    """``harm``, ``effect`` or ``cost``."""
    parts: tuple[tuple[str, str], ...]
    """Sentences; their first words are the verdict."""
    sentences: tuple[str, ...]
    """One for each pair."""
    n_needed: int
    """Simulations that certify all that more simulations can; 0 where these can certify none."""


def unpriced(run: RunFolder, loss: Estimate | None) -> str:
    """Say why no loss of businesses is computed; nothing where it is."""
    if lack_sales(inventory_of(run), run.scenario["population"].get("n_businesses")):
        return say("Not computed: no site gives its revenue, its visits or its sector.")
    if loss is None or not math.isnan(loss.whole):
        return ""
    return say(
        "Not computed: what businesses earn is assumed in dollars, and there is no exchange rate "
        "of {currency} (key money.rates). If no site gives its revenue, "
        "--set money.currency=USD computes dollars.",
        currency=loss.unit,
    )


def verdict_of(
    kind: str, rows: Sequence[Row], names: Mapping[str, str], idle: str = "", why: str = ""
) -> Verdict:
    """Write the verdict of one kind: agreements first, then differences, then too few.

    Parameters
    ----------
    idle
        Label of a strategy that blocks nothing: that others do more harm needs few words.
    why
        Why nothing is known, if that is so: it stands in place of the pairs.
    """
    needed = max(
        (
            int(cell(row, "n_needed"))
            for row in rows
            if text(row, "verdict") in ("agree", "too few")
        ),
        default=0,
    )
    heads = {
        "agree": say("The simulations agree:"),
        "differ": say("The simulations differ:"),
        "too few": say("Too few simulations to say, {n} are needed:", n=whole(needed)),
        "not known": say("Not known, as so few businesses could be cut off:"),
    }
    blocking = [row for row in rows if idle not in (text(row, "strategy"), text(row, "other"))]
    parts = []
    for verdict, head in heads.items():
        mine = [row for row in blocking or rows if text(row, "verdict") == verdict]
        told = _pairs(mine[:2], names)
        if n_more := len(mine[2:]):
            told.append(say_n("{n} more pair", "{n} more pairs", n_more, n=str(n_more)))
        if told:
            parts.append((head, joined("", (" ", joined("; ", told), "."))))
    sentences = tuple(verdict_sentence(row, names) for row in rows)
    return Verdict(kind, ((why, ""),) if why else tuple(parts), sentences, needed)


def _pairs(rows: Sequence[Row], names: Mapping[str, str]) -> list[Text]:
    """Pairs in a few words: ``every address alone and whole /24 networks less than the range``."""
    ones: dict[tuple[str, str, int, int], list[str]] = {}
    for row in rows:
        less, equal, more, unknown = (
            int(cell(row, f"n_{one}")) for one in ("less", "equal", "more", "not_known")
        )
        most, n = max(less, equal, more), less + equal + more + unknown
        orders = {less: "less", more: "more", equal: "equal"} if most else {0: "against"}
        order = orders[most]
        counted = 0 if not most or (text(row, "verdict") == "agree" and not unknown) else most
        key = (order, names[text(row, "other")], counted, n)
        ones.setdefault(key, []).append(names[text(row, "strategy")])
    said = []
    for (order, other, counted, n), those in ones.items():
        pair = say(PAIRS[order], one=listing(those), other=other)
        counts = {"most": whole(counted), "n": whole(n)}
        said.append(say("{pair} in {most} of {n}", pair=pair, **counts) if counted else pair)
    return said


LOSS_PARTS = tuple(
    (MEASURES[name].name, text)
    for name, text in (
        ("gross_loss_usd", say("Sales that failed")),
        ("recaptured_usd", say("minus what customers bought later")),
        ("churn_usd", say("plus customers who stayed away")),
        ("response_cost_usd", say("plus what businesses did about it")),
        ("private_loss_usd", say("What businesses lost: the sum to quote")),
        ("transfers_to_rivals_usd", say("of it, sales that went to rivals in the country")),
        ("net_social_loss_usd", say("of it, lost to the country")),
    )
)
"""Parts of the loss in the sequence in which they are added up."""

FILE = "expected_names.csv"


def names_by_strategy(run: RunFolder) -> dict[str, Row]:
    """Row of all providers together by strategy; none in a folder that has no such table."""
    if not (run.path / FILE).is_file():
        return {}
    return {text(row, "strategy"): row for row in read_rows(run, FILE) if not text(row, "provider")}


def is_nothing_listed(row: Row | None) -> bool:
    """Whether it is known that no address was ever listed."""
    return row is not None and cell(row, "n_listed") == 0 and cell(row, "n_networks6") == 0


def bound_of_zero(ever: Estimate | None, hours: float = 0.0) -> str:
    """Share of all below which harm is, where none of a sample was cut off: the rule of three.

    Empty where a zero is certain. Where no business of the sample could be hit, the rule says
    nothing: harm is not known.

    Parameters
    ----------
    ever
        Share of businesses that was ever cut off.
    hours
        Length of a run: the bound is of the hours that a business is cut off, in the mean.
    """
    if ever is None or ever.zero_at_most == 0:
        return ""
    if math.isnan(ever.zero_at_most):
        return NOT_KNOWN
    most = at_most(hours * ever.zero_at_most, "h") if hours else at_most(ever.zero_at_most)
    return say("at most {share}", share=most)


def read_bound(run: RunFolder, strategy: str, hours: float = 0.0) -> str:
    """Text for a share that is zero under a strategy; empty where the zero is certain."""
    return bound_of_zero(read_estimates(run).get((strategy, EVER_SHARE)), hours)


def names_words(row: Row | None, *, says_where: bool = True) -> Text:
    """How many names are expected, with the range: ``4.1 million names (0.13 to 22 million)``."""
    if row is None or text(row, "state") == "not known":
        return say("a number of names that is not known")
    is_bound = text(row, "state") == LOWER_BOUND
    n_known, n_listed = cell(row, "n_known"), cell(row, "n_listed")
    is_part = says_where and is_bound and n_known < n_listed
    median = rounded_names(cell(row, "hit"), is_bound=is_bound and not is_part)
    low, high = (rounded_names(cell(row, f"hit_{end}")) for end in ("low", "high"))
    told = {"n": number(median), "range": span(low, high)}
    if is_part:
        return say_n(
            "{n} name ({range}) on {known} of {listed} IPv4 addresses, whose provider is known",
            "{n} names ({range}) on {known} of {listed} IPv4 addresses, whose provider is known",
            median, **told, known=counted(n_known), listed=counted(n_listed),
        )  # fmt: skip
    if is_bound:
        return say_n("at least {n} name ({range})", "at least {n} names ({range})", median, **told)
    return say_n("{n} name ({range})", "{n} names ({range})", median, **told)


def read_losses(run: RunFolder, strategy: str = "") -> list[Row]:
    """Losses by method, those of a country too, of a run's only strategy or of one."""
    if not (run.path / "money.csv").is_file():
        return []
    rows = read_rows(run, "money.csv", ("method", "scope"))
    return [row for row in rows if not strategy or text(row, "strategy") == strategy]


CAUSES = {
    (True, True, False): say("To {purpose}, {country} ordered {what} blocked."),
    (True, True, True): say("To {purpose}, {country} ordered {what} slowed down."),
    (True, False, False): say("To {purpose}, simulated orders list {what} in {country}."),
    (True, False, True): say("To {purpose}, simulated orders slow {what} down in {country}."),
    (False, True, False): say("In {country}, orders list {what}."),
    (False, True, True): say("In {country}, orders slow {what} down."),
    (False, False, False): say("In {country}, simulated orders list {what}."),
    (False, False, True): say("In {country}, simulated orders slow {what} down."),
}
"""The orders: with a purpose, from the record, to be slowed down."""
SITES_CUT_OFF = {
    False: say(
        "In {times} of {of} simulations {whose} is cut off from over {limit} of customers, for {h} "
        "in all."
    ),
    True: say(
        "{k} of your {n} sites are cut off from over {limit} of customers, each in {times} of {of} "
        "simulations, for {h} in the median."
    ),
}
"""Sites ever cut off: if several."""
SITES_SEEN = {
    False: say("{whose} was seen blocked, first on {day}, for {h} in all."),
    True: say("{k} of your {n} sites were seen blocked, the first on {day}, for {h}."),
}
"""Sites in a record: if several."""


def read_cut_off(run: RunFolder, strategy: str) -> tuple[NDArray[np.bool_], Estimate, int]:
    """Whether each simulation cuts each site off, hours, and in how many they are a lower bound.

    The hours of a simulation are the median of the sites that it cuts off. Where those of fewer
    than half are a bound, the hours of all are none: 0.
    """
    runs = read_known(run, strategy)
    hours, last = runs.number["impaired_h"], runs.number["last_cut_off_s"]
    is_open = last >= run.horizon_s
    if is_record(run):
        partly = np.isin(runs.site, [*find_partly(run, strategy)])
        is_open |= (runs.number["first_cut_off_s"] == 0) | partly
    medians, n_least = [], 0
    for row, is_still in zip(hours, is_open, strict=True):
        if mine := np.sort(row[row > 0]).tolist():
            medians.append(np.median(mine))
            # A site that still is cut off, or was before, may pass any other.
            n_least += bool((is_still & (row > 0) & (row <= mine[len(mine) // 2])).any())
    found = estimate_over(np.array(medians), "h")
    n_least *= 2 * n_least >= len(medians)
    return hours > 0, as_bound(found) if n_least else found, n_least


def at_least(hours: Text, n_least: int) -> Text:
    """Mark hours that are a lower bound: in any simulations, as `read_cut_off` counts them."""
    return say("at least {h}", h=hours) if n_least else hours


def cut_off_in_part(run: RunFolder, strategy: str) -> Text | None:
    """Write which users were cut off where no business, or site of one's own, was; None if none."""
    own = has_sites(run)
    query = (
        "SELECT list(DISTINCT operator) AS operators FROM data WHERE strategy = ? AND "
        "impaired_h > 0 AND operator IS NOT NULL AND NOT list_contains(?, site) GROUP BY replicate"
        if own
        else 'SELECT list(DISTINCT "group") AS operators FROM data WHERE strategy = ? AND "by" = '
        f"'operator' AND metric = '{COLLATERAL}' AND value > 0 GROUP BY replicate"
    )
    table = "site_runs.parquet" if own else "hits.parquet"
    given = [strategy, find_unplaced(run, strategy)] if own else [strategy]
    found = read_columns(run.path / table, query, given)["operators"]
    groups = input_rows(run, "operators", "groups", OperatorRow)
    shares = {one.operator: one.share_users for one in groups}
    cut = [[shares[one] for one in operators] for operators in found]
    if not cut:
        return None
    return say(
        "In a simulation users of at most {n} of {of} operators ({share} of all) were cut off, but "
        "never more than {limit} of the customers of {whose}.",
        n=whole(max(map(len, cut))),
        of=whole(len(groups)),
        share=percent(max(map(sum, cut))),
        limit=definition(run.scenario["thresholds"]["impaired"]),
        whose=say("a site") if own else say("a modelled business"),
    )


def is_seen(run: RunFolder, strategy: str) -> bool:
    """Whether a record alone says which sites were cut off: no place or threshold decides."""
    if not is_record(run):
        return False
    runs = read_sites(run.path, strategy)
    is_cut = runs.number["impaired_h"] > 0
    of_operators = read_columns(
        run.path / "site_runs.parquet",
        "SELECT DISTINCT site FROM data WHERE strategy = ? AND operator IS NOT NULL AND "
        "affected_h > 0",
        [strategy],
    )["site"].tolist()
    whose = np.isin(runs.site, of_operators)
    return not runs.is_drawn.any() and bool((is_cut == whose).all())


def _sentence_of_record(run: RunFolder, strategy: str) -> tuple[Text, str]:
    """Write how many sites were seen blocked, from when on, and for how long."""
    runs, (is_cut, hours, n_least) = read_sites(run.path, strategy), read_cut_off(run, strategy)
    n, k = is_cut.shape[1], int(is_cut[0].sum())
    unknown = sentence_of_unknown(n_unknown := count_unknown(run, strategy), n)
    if n_unknown == n:
        return sentences(unknown), ""
    if not k:
        none = say("None of your {n} sites was seen blocked.", n=whole(n))
        return say("Your site was not seen blocked.") if n == 1 else sentences(unknown, none), ""
    first_s = int(np.fmin.reduce(runs.number["first_cut_off_s"], axis=None))
    at = day(later(run.start, first_s))
    h = hours_text(hours)
    if k == 2 and not hours.has_range:
        least, lasts = find_least(run, strategy), runs.number["impaired_h"]
        rows = np.argsort(-lasts[0])[:k].tolist()
        each = [(estimate_over(lasts[:, i], "h"), "≥" * (runs.site[i] in least)) for i in rows]
        h, n_least = listing([with_mark(*each[0]), hours_text(*each[1])]), 0
    elif k > 1:
        h = say("{h} in the median", h=h)
    said = say(
        SITES_SEEN[k > 1],
        whose=say("1 of your {n} sites", n=whole(n)) if n > 1 else say("Your site"),
        k=whole(k),
        n=whole(n),
        day=at if first_s else say("{day} or before", day=at),
        h=at_least(h, n_least),
    )
    range_ = range_text(hours)
    return sentences(unknown, said), unbroken(say("{n} h", n=range_)) if range_ else ""


def _one_of(n: int, *, is_listed: bool) -> Text:
    """Write the only site of one's own that is cut off."""
    if n == 1:
        return say("your site")
    of = say("one of your {n} sites", n=whole(n))
    return of if is_listed else say("{site}, none of whose addresses is listed,", site=of)


def sentence_of_sites(run: RunFolder, strategy: str) -> tuple[Text, str]:
    """Write how many sites were cut off, as often as the table of sites counts, and the hours."""
    if is_seen(run, strategy):
        return _sentence_of_record(run, strategy)
    is_cut, hours, n_least = read_cut_off(run, strategy)
    of, n = is_cut.shape
    times, n_unknown = is_cut.sum(axis=0), count_unknown(run, strategy)
    unknown = sentence_of_unknown(n_unknown, n)
    listed, others = split_by_list(run, times)
    if not (times := times[times > 0]).size:
        if n_unknown == n:
            return sentences(unknown), ""
        if said := cut_off_in_part(run, strategy):
            return sentences(unknown, said), ""
        if n_unknown:
            none = say_n(
                "The {n} other was not cut off in {of} simulations.",
                "The {n} others were not cut off in {of} simulations.",
                n - n_unknown, n=whole(n - n_unknown), of=whole(of),
            )  # fmt: skip
            return sentences(unknown, none), ""
        if n == 1:
            return say("Your site was not cut off in {of} simulations.", of=whole(of)), ""
        none = say(
            "None of your {n} sites was cut off in {of} simulations.", n=whole(n), of=whole(of)
        )
        return none, ""
    n_cut, k = times.size, whole(times.size)
    if listed.size and others.size:
        # Addresses of theirs are assumed, so that more simulations find more of them listed.
        times, k = listed, say_n(
            "{k} listed (and {m} other, in at most {t} of {of})",
            "{k} listed (and {m} others, in at most {t} of {of})",
            others.size, k=whole(listed.size), m=whole(others.size), t=whole(others.max()),
            of=whole(of),
        )  # fmt: skip
    said = say(
        SITES_CUT_OFF[n_cut > 1],
        whose=_one_of(n, is_listed=not others.size),
        k=k,
        n=whole(n),
        times=joined("\N{EN DASH}", map(whole, sorted({times.min(), times.max()}))),
        of=whole(of),
        h=at_least(hours_text(hours), n_least),
        limit=definition(run.scenario["thresholds"]["impaired"]),
    )
    range_ = range_text(hours)
    return sentences(unknown, said), unbroken(say("{n} h", n=range_)) if range_ else ""


LISTED_WORDS: dict[tuple[str, bool], Callable[[float], Text]] = {
    (LISTED[0], False): lambda n: say_n(
        "address ordered blocked at the peak", "addresses ordered blocked at the peak", n
    ),
    (LISTED[0], True): lambda n: say_n(
        "simulated address ordered blocked at the peak",
        "simulated addresses ordered blocked at the peak",
        n,
    ),
    (LISTED[1], False): lambda n: say_n(
        "IPv6 /64 network ordered blocked at the peak",
        "IPv6 /64 networks ordered blocked at the peak",
        n,
    ),
    (LISTED[1], True): lambda n: say_n(
        "simulated IPv6 /64 network ordered blocked at the peak",
        "simulated IPv6 /64 networks ordered blocked at the peak",
        n,
    ),
}
"""Addresses and networks listed, after their number, which orders give or which is simulated."""
_N_LISTED_WORDS: dict[tuple[str, bool], Callable[[float, str], Text]] = {
    (LISTED[0], False): lambda n, t: say_n("{n} address", "{n} addresses", n, n=t),
    (LISTED[0], True): lambda n, t: say_n(
        "{n} address of others", "{n} addresses of others", n, n=t
    ),
    (LISTED[1], False): lambda n, t: say_n("{n} IPv6 network", "{n} IPv6 networks", n, n=t),
    (LISTED[1], True): lambda n, t: say_n(
        "{n} IPv6 network of others", "{n} IPv6 networks of others", n, n=t
    ),
}


def n_listed(metric: str, found: Estimate, *, of_others: bool) -> Text:
    """How many addresses or networks were listed, with their number."""
    return _N_LISTED_WORDS[metric, of_others](two_digits(found.median), value_text(found))


def amount(value: float, unit: str) -> Text:
    """A number with its unit."""
    return say_n("{n} {unit}", "{n} {unit}", two_digits(value), n=number(value), unit=unit)


def reason_of(
    metric: str,
    run: RunFolder,
    refuted: Mapping[str, Contradiction],
    published: str = "",
    grade: Grade = Grade.NEVER_CHECKED,
) -> str:
    """Why a measure has its grade, in a few words."""
    if grade is Grade.GIVEN:
        observed = say("an input, the record of what was seen blocked")
        return observed if is_record(run) else say("an input, the table of orders")
    if metric in refuted:
        fact, median, against, n = refuted[metric]
        curve = CURVES[fact.curve]
        return say(
            "{curve} on {day}: {value} in the model ({against} of {n} simulations above), at most "
            "{most} by the record ({source})",
            curve=say_name(curve.full_label),
            day=day(fact.at),
            value=quantity(median, curve.unit),
            against=whole(against),
            n=whole(n),
            most=quantity(fact.at_most, curve.unit),
            source=fact.source,
        )
    if is_of_evidence(run, metric):
        return say("its published figures chose the simulations, so they check nothing")
    if has_sites(run):
        return say("no outage of yours was given to compare it with")
    if published:
        if metric == PRIVATE_LOSS and any(text(row, "published_note") for row in read_losses(run)):
            return say("the published {value} counts something else", value=published)
        return say("the makers of the model knew the published {value}", value=published)
    return say("no published figure is known")


def step_text(minutes: int) -> Text:
    """Time between two points of a line: ``1 hour``, ``6 hours``, ``10 minutes``."""
    if minutes % 60:
        return say_n("{n} minute", "{n} minutes", minutes, n=str(minutes))
    return say_n("{n} hour", "{n} hours", minutes // 60, n=str(minutes // 60))
