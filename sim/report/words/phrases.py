"""Sentences of the answer that come in several forms: of a number, of a record, of one or many.

Each form is a literal, so that catalogues have it whole.
"""

from __future__ import annotations

from sim.report.words.languages import Text, say, say_n
from sim.report.words.numbers import number, two_digits

CAUSES = {
    (True, True, False): say("To {purpose}, {country} ordered {what} blocked."),
    (True, True, True): say("To {purpose}, {country} ordered {what} slowed down."),
    (True, False, False): say("To {purpose}, {country} would order {what} blocked."),
    (True, False, True): say("To {purpose}, {country} would order {what} slowed down."),
    (False, True, False): say("In {country}, {what} were ordered blocked."),
    (False, True, True): say("In {country}, {what} were ordered slowed down."),
    (False, False, False): say("In {country}, {what} would be ordered blocked."),
    (False, False, True): say("In {country}, {what} would be ordered slowed down."),
}
"""What was ordered: with a purpose, as the record has it, to be slowed down."""
SITES_CUT_OFF = {
    ("only", True): say(
        "Your site was cut off from some of its customers, for at least {h} hours, when the "
        "simulation ends."
    ),
    ("only", False): say("Your site was cut off from some of its customers, for {h} hours in all."),
    ("one", True): say(
        "One of your {n} sites was cut off from some of its customers, for at least {h} hours, "
        "when the simulation ends."
    ),
    ("one", False): say(
        "One of your {n} sites was cut off from some of its customers, for {h} hours in all."
    ),
    ("several", True): say(
        "{k} of your {n} sites were cut off from some of their customers, the middle one for at "
        "least {h} hours, when the simulation ends."
    ),
    ("several", False): say(
        "{k} of your {n} sites were cut off from some of their customers, the middle one for {h} "
        "hours in all."
    ),
}
"""How many sites were cut off, for how long: the only one, one of several, still at the end."""


def addresses(n: float) -> Text:
    """Addresses ordered blocked at the peak, after their number."""
    return say_n("address ordered blocked at the peak", "addresses ordered blocked at the peak", n)


def networks(n: float) -> Text:
    """The same of networks of IPv6."""
    return say_n(
        "IPv6 /64 network ordered blocked at the peak",
        "IPv6 /64 networks ordered blocked at the peak",
        n,
    )


def n_addresses(median: float, *, of_others: bool) -> Text:
    """So many addresses."""
    n, text_ = two_digits(median), number(median)
    if of_others:
        return say_n("{n} address of others", "{n} addresses of others", n, n=text_)
    return say_n("{n} address", "{n} addresses", n, n=text_)


def n_networks(median: float, *, of_others: bool) -> Text:
    """So many networks of IPv6."""
    n, text_ = two_digits(median), number(median)
    if of_others:
        return say_n("{n} IPv6 network of others", "{n} IPv6 networks of others", n, n=text_)
    return say_n("{n} IPv6 network", "{n} IPv6 networks", n, n=text_)


def amount(value: float, unit: str) -> Text:
    """A number with its unit."""
    return say_n("{n} {unit}", "{n} {unit}", two_digits(value), n=number(value), unit=unit)


def hours(n: float) -> Text:
    """Hours cut off, after their number."""
    return say_n("hour cut off, the middle site", "hours cut off, the middle site", n)


def hours_or_more(n: float) -> Text:
    """The same of sites that still are at the end."""
    return say_n(
        "hour or more cut off, the middle site", "hours or more cut off, the middle site", n
    )


def lost(n: float, currency: str) -> Text:
    """What businesses lost, after its number."""
    return say_n(
        "{currency} lost by businesses", "{currency} lost by businesses", n, currency=currency
    )


def lost_by_sites(n: float, currency: str) -> Text:
    """What sites of one's own lost, after its number."""
    return say_n(
        "{currency} lost by your sites", "{currency} lost by your sites", n, currency=currency
    )
