"""What a language asks of a number in a sentence: an article, or millions instead of billions.

In: a number as the language writes it, or as English does. Out: the number with its words.
"""

from __future__ import annotations

import re
from decimal import Decimal

from sim.report.words.numbers import NBSP

_SPANISH = {"el": "", "del": "de ", "al": "a "}
_ITALIAN = {"il": "", "del": "di ", "al": "a ", "dal": "da ", "nel": "in "}
ARTICLES = {"es": _SPANISH, "it": _ITALIAN}
"""Articles and what is left of each before words, such as *less than 1 %*, by language."""
_VOWEL = re.compile(r"8|11?(?![\d.])|11\.")
"""Numbers that begin with a vowel in Italian: *otto*, *ottanta*, *undici*, *uno*."""
_ZERO = re.compile(r"0(?!\d)")
_BILLIONS = re.compile(rf"([\d.,]+)(?:[ {NBSP}]to[ {NBSP}]([\d.,]+))?{NBSP}billion")


def with_article(said: str, article: str, code: str) -> str:
    """A number behind an article or what one is part of: ``el 25 %``, ``nell'86 %``, ``dallo 0 %``.

    Parameters
    ----------
    said
        As the language writes it. Before a word no article stands: ``en menos de 1 %``.
    article
        One of ``ARTICLES``, in the form that stands before most numbers.
    code
        Of the language.
    """
    if not said[:1].isdigit():
        return f"{ARTICLES[code][article]}{said}"
    if code == "it":
        stem = article.removesuffix("l")
        if _VOWEL.match(said):
            return f"{'l' if article == 'il' else f'{stem}ll'}'{said}"
        if _ZERO.match(said):
            return f"{'lo' if article == 'il' else f'{stem}llo'} {said}"
    return f"{article} {said}"


def in_millions(text: str) -> str:
    """English numbers with billions as millions: ``24.8 billion`` is ``24,800 million``.

    Spanish has no word for a thousand million, and writes no decimals before *mil millones*.
    """

    def other(found: re.Match[str]) -> str:
        ends = (f"{Decimal(end.replace(',', '')) * 1000:,f}" for end in found.groups() if end)
        whole = (end.rstrip("0").rstrip(".") if "." in end else end for end in ends)
        return f"{f'{NBSP}to{NBSP}'.join(whole)}{NBSP}million"

    return _BILLIONS.sub(other, text)
