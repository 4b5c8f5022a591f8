"""The currency in which losses are printed: the country's own."""

from __future__ import annotations

from sim.catalogue.choices import measure_name
from sim.measure.estimates import Estimate
from sim.report.words.languages import Text, say
from sim.results.folder import RunFolder, input_rows
from sim.scenario.overrides import rate_at
from sim.scenario.tables.rows import RateRow

LOSS_PARTS = tuple(
    (measure_name(name), text)
    for name, text in (
        ("gross_loss_usd", say("Sales that failed")),
        ("recaptured_usd", say("minus what customers bought later")),
        ("churn_usd", say("plus customers who stayed away")),
        ("response_cost_usd", say("plus what businesses did about it")),
        ("private_loss_usd", say("What businesses lost: the sum to quote")),
        ("transfers_to_rivals_usd", say("of it, sales that went to rivals in the country")),
        ("net_social_loss_usd", say("What the country lost")),
    )
)
"""Parts of the loss in the sequence in which they are added up."""

MANY = 1_000_000


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


def in_currency(found: Estimate, rate: RateRow | None) -> Estimate:
    """A sum of dollars in the country's currency; as it is without a rate."""
    return found if rate is None else found.times(rate.per_usd, rate.currency)


def currency_name(rate: RateRow | None, count: float = MANY) -> Text:
    """Name of that currency as it reads after a number: ``euros``."""
    from babel.numbers import get_currency_name

    code = "USD" if rate is None else rate.currency
    return Text(lambda words: str(get_currency_name(code, count, locale=words.code)))
