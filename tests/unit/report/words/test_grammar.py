"""What a number asks of a sentence in Spanish and Italian, and words that say something else there.

Grammars and style books are the second source: RAE and Fundéu for Spanish, Treccani for Italian.
"""

from __future__ import annotations

import csv
import re

import pytest

from sim.report.words.languages import LANGUAGES, Language, language
from sim.report.words.numbers import NBSP, span
from tests.conftest import REPOSITORY

TABLES = REPOSITORY / "sim" / "report" / "words" / "texts"
MISLEADING = {
    "es": {
        r"\bpor azar\b": "by accident: luck is *el azar*",
        r"\b(?:resuelt[oa]s?|sin resolver|veredictos?)\b": "what a court did: *establecido*",
        r"\bfrentes?\b(?! a\b)": "a front of war: *punto de acceso*",
        r"\bmil millones\b": "a unit with decimals before it: *1.890 millones*",
        r"\balcanzad[oa]s?\b": "reached, as the target is: *afectado*, more than 1 % fails",
    },
    "it": {
        r"\bper caso\b": "by accident: *per effetto del caso*",
        r"\bcompromess[aeio]\b": "hacked: *con disservizi*",
        r"\bfront[ei]\b(?! end)": "a front of war: *punto di accesso*",
        r"\baziend[ae]\b": "one word for a business: *impresa*",
        r"\bverdett[oi]\b": "what a court did: *conclusione*",
    },
    "ru": {
        r"\bпо случаю\b": "on the occasion of: *за счёт случайности*",
        r"(?<!повторные )(?<!повторных )(?<!повторным )\b[Вв]ыбор(?:ка|ки|ке|ку|ок|кам|ках)\b": (
            "a sample of data: a draw is *розыгрыш*, a resample *повторная выборка*"
        ),
        r"\bвыбранн\w+ выручк\w+": "revenue that somebody chose: *разыгранная*",
        r"\bмодельн\w+": "exemplary: *предприятия модели*",
        r"пользователь-час": "no compound of Russian: *пользователе-час*, as *человеко-час*",
        r"\bпокупн\w+": "goods to be bought: *сторонний сервис*",
    },
}
"""Words that stood in the tables and say something else, and what is said instead."""


@pytest.mark.parametrize("code", MISLEADING)
def test_no_sentence_has_a_word_that_misleads(code):
    said = []
    for table in sorted(TABLES.glob("*.csv")):
        with table.open(encoding="utf-8", newline="") as file:
            said += [row[code] for row in csv.DictReader(file)]
    assert len(said) > 1000
    found = {
        why: [text for text in said if re.search(word, text, re.IGNORECASE)]
        for word, why in MISLEADING[code].items()
    }
    assert {why: texts for why, texts in found.items() if texts} == {}


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (
            "439 million",
            ["439 million USD", "439 millones de USD", "439 milioni di USD", "439 млн USD"],
        ),
        ("96,500", ["96,500 USD", "96.500 USD", "96.500 USD", "96 500 USD"]),
        (
            "1.58 billion",
            ["1.58 billion USD", "1.580 millones de USD", "1,58 miliardi di USD", "1,58 млрд USD"],
        ),
    ],
)
def test_money_has_its_preposition_where_a_word_stands_before_it(said, expected):
    told = []
    for code in LANGUAGES:
        words = language(code)
        told.append(words.say("{n} USD", n=words.digits(said.replace(" ", NBSP))))
        assert told[-1] == words.amount(words.digits(said.replace(" ", NBSP)), "USD")
    assert [" ".join(one.split()) for one in told] == expected


def test_spanish_has_no_decimals_before_thousands_of_millions():
    """Fundéu: not "2,5 mil millones" but "2500 millones"."""
    words = language("es")
    said = [
        words.digits(span(*ends)) for ends in ((3.37e9, 118e9), (8.19e8, 1.1e9), (2.5e12, 3e12))
    ]
    assert [" ".join(one.split()) for one in said] == [
        "3.400 a 120.000 millones", "820 millones a 1.100 millones", "2,5 a 3 billones"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "article", "said", "expected"),
    [
        ("es", "el", "25 %", "el 25 %"), ("es", "del", "25 %", "del 25 %"),
        ("es", "el", "menos de 1 %", "menos de 1 %"), ("es", "al", "casi 0 %", "a casi 0 %"),
        ("it", "il", "25 %", "il 25 %"), ("it", "nel", "18 %", "nel 18 %"),
        ("it", "nel", "86 %", "nell'86 %"), ("it", "il", "8,1 %", "l'8,1 %"),
        ("it", "del", "11 %", "dell'11 %"), ("it", "il", "11.500", "l'11.500"),
        ("it", "il", "1,5 %", "l'1,5 %"), ("it", "il", "1.500", "il 1.500"),
        ("it", "il", "100 %", "il 100 %"), ("it", "il", "110", "il 110"),
        ("it", "al", "800", "all'800"),
        ("it", "il", "0,60 %", "lo 0,60 %"), ("it", "dal", "0 %", "dallo 0 %"),
        ("it", "nel", "meno di 1 %", "in meno di 1 %"), ("it", "il", "11 gennaio", "l'11 gennaio"),
        ("it", "il", "1 gennaio", "l'1 gennaio"), ("it", "il", "10 gennaio", "il 10 gennaio"),
    ],
)  # fmt: skip
def test_an_article_agrees_with_the_number_behind_it(code, article, said, expected):
    words = Language(code, {"so": f"{{n:{article}}}"})
    assert words.say("so", n=said) == expected
