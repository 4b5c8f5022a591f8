"""Differences that other strategies, or other addresses, make for sites of one's own, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from sim.measure.estimates import Estimate, count_over, estimate_of, estimate_over
from sim.report.words.heading import in_currency
from sim.report.words.languages import Text, capitalised, joined, say
from sim.report.words.numbers import NOT_KNOWN, hours_text, range_text, whole, with_mark
from sim.report.words.record import NOT_POLLED, is_record, may_be_unpolled
from sim.report.words.sites import find_least, find_unknown, read_known
from sim.results.folder import RunFolder
from sim.results.tables import Row, read_rows, text
from sim.results.tables import number as cell
from sim.scenario.tables.rows import RateRow

FILE = "site_differences.csv"
MOST_NAMED = 2
"""What-ifs in the first sentence."""
DIFFER = {
    ("less", False): say(
        "In {less} of {n} simulations {sites} are cut off for less time than now, in {more} for "
        "more: median {h} less in all."
    ),
    ("less", True): say("{sites} are cut off for less time than now: median {h} less in all."),
    ("more", False): say(
        "In {more} of {n} simulations {sites} are cut off for more time than now, in {less} for "
        "less: median {h} more in all."
    ),
    ("more", True): say("{sites} are cut off for more time than now: median {h} more in all."),
    ("none", True): say("None of {sites} would have been cut off: median {h} less in all."),
}
"""Hours of all sites together: less, more or none, and if so in every simulation."""


class Change(NamedTuple):
    """Hours for which a site is cut off under the baseline, and then; and what that changes.

    Differences are taken within simulations; ``counts`` says in how many hours are less and more.
    """

    name: str
    site: str
    before: Text
    after: Text
    hours: Text
    counts: Text
    loss: Text

    @property
    def line(self) -> Text:
        """The change in one line."""
        return say(
            "{site}, {name}: hours cut off {before} before, {after} then; difference {hours}",
            **self._asdict(),
        )


def read_what_if(
    run: RunFolder, strategy: str, unit: str
) -> tuple[tuple[Estimate, Text], tuple[Estimate, Text], Estimate, bool]:
    """Read sites cut off and hours, in words of which sites; losses; whether they are bounds."""
    runs = {one: read_known(run, one, unit) for one in run.strategies}
    # Under any of the strategies: columns have one head.
    some = ~np.all([np.isnan(one.number["impaired_h"][0]) for one in runs.values()], axis=0)
    n, n_unknown = int(some.sum()), int((~some).sum())
    some |= not n
    hours, loss = (runs[strategy].number[name][:, some] for name in ("impaired_h", "loss_usd"))
    whose = say("of your {n} sites cut off", n=whole(n))
    of_all = say("hours cut off, all your sites together")
    if n_unknown:
        k = whole(n_unknown)
        whose = say("of your {n} sites cut off; {k} more not known", n=whole(n), k=k)
        of_all = say("hours cut off, all known sites together")
    n_cut = count_over(np.sign(hours).sum(axis=1), "sites")
    lasts, lost = estimate_over(hours.sum(axis=1), "h"), estimate_over(loss.sum(axis=1), unit)
    return (n_cut, whose), (lasts, of_all), lost, bool(find_least(run, strategy))


def _differences(run: RunFolder) -> list[tuple[Row, Row]]:
    """Rows of hours cut off, each with that of losses; none in a folder without them."""
    if not (run.path / FILE).is_file():
        return []
    of: dict[str, list[Row]] = {}
    for row in read_rows(run, FILE, ("site", "metric")):
        of.setdefault(text(row, "metric"), []).append(row)
    return list(zip(*(of.get(metric, []) for metric in ("impaired_h", "loss_usd")), strict=True))


def _counts(row: Row) -> tuple[int, int]:
    """In how many simulations a site has less than under the baseline, and more."""
    n = cell(row, "n_simulations")
    less, more = np.nan_to_num([cell(row, "share_less"), cell(row, "share_more")]).tolist()
    return round(n * less), round(n * more)


def _mark(row: Row, least: Mapping[str, set[str]], baseline: str) -> str:
    """Mark of a difference that is a bound, since hours under one of two strategies are."""
    then, now = least[text(row, "strategy")], least[baseline]
    more, less = (_holds(sites, text(row, "site")) for sites in (then - now, now - then))
    return "" if more == less else "≥" if more else "≤"


def _holds(sites: set[str], site: str) -> bool:
    return site in sites if site else bool(sites)


def changes_of(run: RunFolder, names: Mapping[str, str], rate: RateRow | None) -> Iterator[Change]:
    """Sites under each strategy but the baseline: all together, then those that change most.

    Parameters
    ----------
    names
        Names of strategies by label.
    rate
        Exchange rate of the country's currency.
    """

    def most(both: tuple[Row, Row]) -> tuple[bool, float, float]:
        row = both[0]
        gap = abs(np.nan_to_num(cell(row, "difference")))
        return bool(text(row, "site")), -gap, -sum(_counts(row))

    found = sorted(_differences(run), key=most)
    without = {
        text(row, "strategy")
        for row, _ in found
        if np.isnan([cell(row, "at_baseline"), cell(row, "median")]).all()
    }
    least = {label: find_least(run, label) for label in run.strategies if found}

    def hours(row: Row, label: str, column: str) -> Text:
        h, then, gap = cell(row, column), estimate_of(row), estimate_of(row, "difference")
        is_least = h > 0 and _holds(least[label], text(row, "site"))
        n = 0 if then.has_range or gap.has_range else then.n_known
        return with_mark(Estimate(h, h, h, "h", n_known=n), "≥" * is_least)

    for row, loss in found:
        is_all = text(row, "strategy") not in without
        every = say("all your sites") if is_all else say("all your known sites")
        less, more = map(whole, _counts(row))
        mark = _mark(row, least, run.manifest["baseline"])
        yield Change(
            names[text(row, "strategy")],
            text(row, "site") or every,
            hours(row, run.manifest["baseline"], "at_baseline"),
            hours(row, text(row, "strategy"), "median"),
            with_mark(estimate_of(row, "difference"), mark),
            joined(" / ", (less, more)) if cell(row, "n_known") else NOT_KNOWN,
            with_mark(in_currency(estimate_of(loss, "difference"), rate), mark),
        )


def sentence_of_what_if(run: RunFolder, names: Mapping[str, str]) -> tuple[Text, str]:
    """Write in how many simulations all sites together are cut off for less time, and by how much.

    The range is that of the last of several what-ifs.
    """
    rows = [row for row, _ in _differences(run) if not text(row, "site")][:MOST_NAMED]
    if not rows:
        return say("The harm of none of the strategies compared is known."), ""
    least = {one: find_least(run, one) for one in run.strategies}
    found = []
    for row in rows:
        is_none = cell(row, "high") == 0 and not find_unknown(run, text(row, "strategy"))
        mark = _mark(row, least, run.manifest["baseline"])
        found.append(_sentence(row, names, mark, is_none=is_none, is_last=row is rows[-1]))
    if is_record(run) and not all(cell(row, "n_known") for row in rows):
        why = say(
            "The record has nothing of addresses drawn or not polled; give real ones by --move."
        )
        found.append((why, found[-1][1]))
    elif may_be_unpolled(run):
        found.append((NOT_POLLED, found[-1][1]))
    return joined(" ", (one for one, _ in found)), found[-1][1]


def _sentence(
    row: Row, names: Mapping[str, str], mark: str, *, is_none: bool, is_last: bool
) -> tuple[Text, str]:
    """Write the difference that one what-if makes for all sites together, and its range.

    The range is in the sentence unless it is the last one. ``is_none``: none is cut off then.
    """
    if not cell(row, "n_known"):
        name = names[text(row, "strategy")]
        return say("It is not known how long {sites} are cut off.", sites=name), ""
    n_less, n_more = _counts(row)
    values = {"sites": names[text(row, "strategy")], "n": whole(int(cell(row, "n_simulations")))}
    if not n_less + n_more:
        return say("In {n} simulations {sites} are cut off for as long as now.", **values), ""
    found, is_more = estimate_of(row, "difference"), n_more > n_less
    if not is_more:
        found = replace(found, median=-found.median, low=-found.high, high=-found.low)
        mark = {"≥": "≤", "≤": "≥"}.get(mark, "")
    hours, range_ = hours_text(found, mark), range_text(found)
    if range_ and not is_last:
        hours = joined("", (hours, " (", range_, ")"))
    values |= {"less": whole(n_less), "more": whole(n_more), "h": hours}
    is_every = is_none or max(n_less, n_more) == cell(row, "n_simulations")
    how = "none" if is_none else "more" if is_more else "less"
    return capitalised(say(DIFFER[how, is_every], **values)), range_
