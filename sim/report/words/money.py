"""Money in sentences: why methods differ, and how far a run is from what was published.

In: means of methods, published losses beside a run's, a language. Out: sentences. No figure is
corrected by another. What is said of published figures is English, as their notes are.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from sim.catalogue.choices import measure_name
from sim.measure.money.accounts import IN_PROPORTION, MODELLED, SHUTDOWN
from sim.measure.money.ceilings import Ceiling, Spread, ceilings
from sim.report.words.languages import ENGLISH, IN_ENGLISH, Language
from sim.report.words.numbers import MILLION, NOT_KNOWN, businesses, number, span
from sim.report.words.plain import quoted, strategies_of, strategy_names
from sim.results.inputs import input_rows
from sim.results.read import RunFolder
from sim.results.tables import Row, read_rows, text
from sim.results.tables import number as cell
from sim.scenario.countries import rate_at
from sim.scenario.tables.rows import FigureRow, RateRow

S_PER_D = 86_400
PRIVATE = measure_name("private_loss_usd")
GROSS, NET = measure_name("gross_loss_usd"), measure_name("net_social_loss_usd")


def difference_sentence(means: Iterable[tuple[str, float]], words: Language = IN_ENGLISH) -> str:
    """Say how far methods differ, and why.

    Parameters
    ----------
    means
        Scope and mean of each method; the first of the modelled businesses is the private loss.
    """
    known = list(means)
    national, whole = (
        [mean for scope, mean in known if scope == each] for each in (IN_PROPORTION, SHUTDOWN)
    )
    private = next((mean for scope, mean in known if scope == MODELLED), math.nan)
    if not national or not private > 0 or not min(national) > 0:
        return words.say("Nothing was lost that methods could differ about.")
    low, high = min(national), max(national)
    parts = [
        words.say(
            "Why they differ: for the same share of demand lost, country rows are {low} to {high} "
            "times the private loss as given ({n} USD), and {apart} times apart among themselves.",
            low=words.digits(times(low / private)),
            high=words.digits(times(high / private)),
            n=words.digits(number(private)),
            apart=words.digits(times(high / low)),
        )
    ]
    if whole:
        parts.append(
            words.say(
                "For a total shutdown they are {low} to {high} times it.",
                low=words.digits(times(min(whole) / private)),
                high=words.digits(times(max(whole) / private)),
            )
        )
    parts.append(
        words.say(
            "They price the value added of everybody, by share of GDP or by head, the same on "
            "every day; the private loss is the revenue of the businesses that were hosted where "
            "the block fell, customers that come back taken off."
        )
    )
    return " ".join(parts)


def currency_sentence(
    rate: RateRow | None, spread: Spread | None, words: Language = IN_ENGLISH
) -> str:
    """Say the private loss in the country's currency, with USD beside it; empty without a rate."""
    if rate is None or spread is None or math.isnan(spread.mean):
        return ""
    local, usd = (
        f"{words.digits(number(spread.mean * per_usd))} "
        f"[{words.digits(span(spread.low * per_usd, spread.high * per_usd))}]"
        for per_usd in (rate.per_usd, 1.0)
    )
    return words.say(
        "Private loss: {local} {currency} ({usd} USD), at {rate} {currency}/USD of {of} "
        "({source}; {low} to {high}). What is not said to be in {currency} is in USD.",
        local=local,
        usd=usd,
        **_said_of(rate, words),
    )


def amount_sentence(rate: RateRow | None, usd: Spread, words: Language = IN_ENGLISH) -> str:
    """Say an amount of USD in the country's currency, and by which rate; empty without one."""
    if rate is None or math.isnan(usd.mean):
        return ""
    return words.say(
        "In {currency}: {amount}, at {rate} {currency}/USD of {of} ({source}; {low} to {high}).",
        amount=_amount(rate, usd, words),
        **_said_of(rate, words),
    )


def amount_text(rate: RateRow | None, usd: Spread, words: Language = IN_ENGLISH) -> str:
    """Say the same without the rate."""
    if rate is None or math.isnan(usd.mean):
        return ""
    said = _amount(rate, usd, words)
    return words.say("In {currency}: {amount}", amount=said, currency=rate.currency)


def rate_sentence(rate: RateRow, words: Language = IN_ENGLISH) -> str:
    """Say by which rate amounts are given in the country's currency."""
    return words.say(
        "Amounts in {currency} are at {rate} {currency}/USD of {of} ({source}; {low} to {high}).",
        **_said_of(rate, words),
    )


def _amount(rate: RateRow, usd: Spread, words: Language) -> str:
    """An amount, with its range in brackets where it has one."""
    mean, low, high = (value * rate.per_usd for value in (usd.mean, usd.low, usd.high))
    range_ = "" if math.isnan(low) else f" ({words.digits(span(low, high))})"
    return f"{words.digits(number(mean))}{range_}"


def _said_of(rate: RateRow, words: Language) -> dict[str, str]:
    """What is said of a rate: an assumption where it has no source, and its range."""
    return {
        "currency": rate.currency,
        "rate": words.digits(f"{rate.per_usd:g}"),
        "of": str(rate.of),
        "source": f"{rate.source}, {rate.date}" if rate.source else words.say("an assumption"),
        "low": words.digits(f"{rate.low:g}"),
        "high": words.digits(f"{rate.high:g}"),
    }


def rate_of(run: RunFolder) -> RateRow | None:
    """What a dollar was worth in the currency of a folder's scenario; None where it has none.

    Raises
    ------
    DataError
        If the copy of the table cannot be read.
    """
    currency = (run.scenario.get("money") or {}).get("currency")
    rows = input_rows(run, "money", "rates", RateRow) if currency else ()
    return rate_at(rows, currency, int(str(run.scenario["start"])[:4]))


def ceiling_sentence(ceiling: Ceiling) -> str:
    """Say what a published loss is, and how far the run is from it."""
    name = ceiling.metric.removesuffix("_usd").replace("_", " ")
    words = f"Published beside {name}: {number(ceiling.published_usd)} {ceiling.unit}"
    per_business = ceiling.published_usd_per_business_d
    is_private = ceiling.metric == PRIVATE
    if is_private and not math.isnan(per_business):
        words += (
            f" for about {ceiling.published_n_businesses:,.0f} businesses over "
            f"{ceiling.published_duration_d:,.0f} days, {number(per_business)} USD per business "
            "and day"
        )
    words += f" ({ceiling.note})."
    if not ceiling.is_in_scenario:
        return f"{words} Such a loss is not in this scenario: no business may move."
    own_usd = ceiling.ratio_mean * ceiling.published_usd
    words += f" This run as given: {number(own_usd)} USD, {times(ceiling.ratio_mean)} times that"
    if not math.isnan(ceiling.ratio_low):
        words += f" ({times(ceiling.ratio_low)} to {times(ceiling.ratio_high)})"
    if is_private and not math.isnan(ceiling.usd_per_business_d):
        words += (
            f", {number(ceiling.usd_per_business_d)} USD per business and day "
            f"({businesses(ceiling.n_businesses)} affected at least once, "
            f"{ceiling.duration_d:,.0f} days)"
        )
    return f"{words}."


def money_sentences(run: RunFolder, words: Language = IN_ENGLISH) -> list[tuple[str, bool]]:
    """Sentences on the money of a folder; of a comparison, about the strategy that costs most.

    Returns
    -------
    sentences
        Each with whether it is in the language; those on published figures are in English.

    Raises
    ------
    DataError
        If a table cannot be read.
    """
    spreads: dict[str, dict[str, Spread]] = {}
    for row in read_rows(run, "summary.csv"):
        spread = Spread(*(cell(row, name) for name in ("mean", "low", "high")))
        spreads.setdefault(text(row, "strategy"), {})[text(row, "metric")] = spread
    strategy = max(run.strategies, key=lambda name: _private(spreads.get(name, {})))
    methods = [row for row in read_rows(run, "money.csv") if text(row, "strategy") == strategy]
    figures = input_rows(run, "published", "figures", FigureRow)
    means = [(text(row, "scope"), cell(row, "mean")) for row in methods]
    found = [(difference_sentence(means, words), True)]
    own = spreads.get(strategy, {}).get(PRIVATE)
    # With draws the loss to quote is their median, which is said with its currency elsewhere.
    if not run.n_draws and (said := currency_sentence(rate_of(run), own, words)):
        found.append((said, True))
    found += [
        (ceiling_sentence(each), words.code == ENGLISH)
        for each in ceilings(spreads.get(strategy, {}), figures, run.horizon_s / S_PER_D)
    ]
    name = strategy_names(strategies_of(run), words)[strategy]
    if len(run.strategies) > 1:
        found.insert(0, (_of_strategy(name, words), True))
    return found


def loss_sentences(run: RunFolder, rows: Sequence[Row], words: Language = IN_ENGLISH) -> str:
    """Say which loss is the one to quote, and why others that stand beside it differ.

    Parameters
    ----------
    rows
        Rows of ``summary.csv`` with both bands, in which the number that is said is ``mean``.
    """
    by = {(text(row, "strategy"), text(row, "metric")): row for row in rows}
    losses = {name: by[name, PRIVATE] for name in run.strategies if (name, PRIVATE) in by}
    known = {name: row for name, row in losses.items() if cell(row, "mean") > 0}
    if not known:
        return ""
    strategy = max(known, key=lambda name: cell(known[name], "mean"))
    private = known[strategy]
    ends = ("all_low", "all_high") if run.n_draws else ("low", "high")
    low, high = (cell(private, name) for name in ends)
    has_range = not (math.isnan(low) or math.isnan(high))

    def as_given(metric: str) -> str:
        row = by.get((strategy, metric), {})
        return words.digits(number(cell(row, "given" if run.n_draws else "mean")))

    said = words.say(
        "The loss to quote is the private loss: {n} USD{ranges}, the median over draws of all that "
        "is not known."
        if run.n_draws
        else "The loss to quote is the private loss: {n} USD{ranges}.",
        n=words.digits(number(cell(private, "mean"))),
        ranges=f" ({words.digits(span(low, high))})" if has_range else "",
    )
    if run.n_draws:
        usd = Spread(cell(private, "mean"), low, high)
        given = words.say(
            "As given it is {given} USD; what is said below of methods and of published figures "
            "is of that.",
            given=as_given(PRIVATE),
        )
        said = " ".join(filter(None, (said, amount_sentence(rate_of(run), usd, words), given)))
    if (strategy, GROSS) in by and (strategy, NET) in by:
        why = words.say(
            "Two others differ by what they count, as given: {gross} USD (gross loss) is before "
            "customers come back, {net} USD (net social loss) is less what rivals in the country "
            "sell instead.",
            gross=as_given(GROSS),
            net=as_given(NET),
        )
        said = f"{said} {why}"
    if len(run.strategies) == 1:
        return said
    name = strategy_names(strategies_of(run), words)[strategy]
    return f"{_of_strategy(name, words)} {said}"


def _of_strategy(name: str, words: Language) -> str:
    return words.say("What follows is of {strategy}.", strategy=quoted(name, words))


def _private(spreads: Mapping[str, Spread]) -> float:
    mean = spreads[PRIVATE].mean if PRIVATE in spreads else 0.0
    return 0.0 if math.isnan(mean) else mean


def times(ratio: float) -> str:
    """Write a ratio with two digits, and a large one with three at most."""
    return f"{ratio:.2g}" if ratio < 10 else f"{float(f'{ratio:.3g}'):,.0f}"


def millions(value: float) -> str:
    """Write an amount in millions: three digits of a small one, which is not nothing."""
    if math.isnan(value):
        return NOT_KNOWN
    amount = value / MILLION
    if 0 < abs(amount) < 1:
        return f"{amount:.{2 - math.floor(math.log10(abs(amount)))}f}"
    return f"{amount:.2f}" if 0 < abs(amount) < 10 else f"{amount:,.0f}"
