"""Documents in other languages: sentences from tables, numbers and dates by locale.

In: an English sentence with names of values in braces, and the values; ``{n:business}`` is a number
with its noun, which agrees with it, ``{n:el}`` and ``{n:nel}`` in Spanish and Italian one with its
article. Out: the sentence in the language. A sentence without a translation is an error, not
English in the middle of Spanish. The tables of ``texts/`` hold one sentence a row, a file for each
kind of document.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files

from sim.errors import UsageError
from sim.report.words.grammar import ARTICLES, in_millions, with_article
from sim.report.words.numbers import NBSP, NOUN_OF, count, listing, plural
from sim.scenario.refusal import hint

ENGLISH = "en"
LANGUAGES = (ENGLISH, "es", "it", "ru")
NUMBER = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")
_BETWEEN = re.compile(r",(?=[ \N{NO-BREAK SPACE}]-?\d)")
"""A comma between the ends of an interval."""
WORDS = (
    "trillion",
    "billion",
    "million",
    "to",
    "not known",
    "less than",
    "nearly",
    "over",
    "no limit",
    "and more",
)
"""Words in numbers, as ``words.numbers`` writes them."""
_FORMS = ("one", "few", "many", "other")
"""Plural forms of the languages, as Unicode names them."""
_WORD = re.compile(rf"\b({'|'.join(WORDS)})\b")


_ONE_IN = re.compile(
    r"(?<!to )(?<!and )\b(one in (?:(?! to | and |[;.]|,(?!\d)).)*? )(were|are|have)\b",
    re.IGNORECASE,
)
_COUNTED = ("business", "draw", "pair", "replicate", "simulation", "strategy")
_SINGULAR = {"were": "was", "are": "is", "have": "has"} | {plural(one): one for one in _COUNTED}
_ONE = re.compile(rf"(?<![\d.,])(1[ {NBSP}](?:weighted )?)({'|'.join(map(plural, _COUNTED))})\b")


def _agreeing(said: str) -> str:
    """English with one of something in the singular: ``1 draw``, ``one in 30 was hit``."""
    for pattern in (_ONE_IN, _ONE):
        said = pattern.sub(lambda found: f"{found[1]}{_SINGULAR[found[2].lower()]}", said)
    return said


@dataclass(frozen=True)
class Language:
    """A language that documents are written in.

    Attributes
    ----------
    code
        One of ``LANGUAGES``.
    texts
        Sentence by English sentence; empty for English.
    """

    code: str
    texts: Mapping[str, str]

    def say(self, text: str, **values: str) -> str:
        """Return a sentence with its values; in English where the language has none.

        Raises
        ------
        KeyError
            If the language has no such sentence.
        """
        said = self.texts.get(text, text)
        told = {name: self.value(value) for name, value in values.items()}
        return said.format(**told) if values else said

    def value(self, said: str) -> str:
        """Return a value of a sentence, to be written with a noun or an article behind a colon."""
        return _Value(said, self)

    def name(self, text: str) -> str:
        """Return a label or a unit; as it is where it comes from a folder and no table has it."""
        return self.texts.get(text, text)

    def has(self, text: str) -> bool:
        """Whether the language has a text; English has all."""
        return self.code == ENGLISH or text in self.texts

    def count(self, n: int | str, noun: str) -> str:
        """Say how many of something: ``1 replicate``, ``200 replicates``.

        Parameters
        ----------
        n
            A number, or one as the language writes it.
        noun
            In English, in the singular. The tables have a row for each plural form of the
            languages, ``{n} replicates [few]``.
        """
        if self.code == ENGLISH:
            return count(n, noun)
        said = n if isinstance(n, str) else self.digits(f"{n:,}")
        return self.say(f"{{n}} {plural(noun)} [{self._plural_form(said)}]", n=said)

    def forms(self, noun: str) -> dict[str, str]:
        """How so many of something is said, by plural form, for what counts elsewhere.

        Returns
        -------
        forms
            ``{"one": "{n} address", "many": "{n} addresses", …}``.
        """
        if self.code == ENGLISH:
            return {form: f"{{n}} {noun if form == 'one' else plural(noun)}" for form in _FORMS}
        return {form: self.say(f"{{n}} {plural(noun)} [{form}]") for form in _FORMS}

    def amount(self, said: str, unit: str) -> str:
        """Say a number, as the language writes it, with its unit: ``1 business``."""
        if unit in NOUN_OF:
            return self.count(said, NOUN_OF[unit])
        if self.has(f"{{n}} {unit}"):
            return self.say(f"{{n}} {unit}", n=said)
        return self.say("{n} {unit}", n=said, unit=self.name(unit))

    def _plural_form(self, said: str) -> str:
        """Form of the noun behind a number, or a number and its interval.

        It is that of many where a word such as million stands between, and that of the upper end
        of a range.
        """
        from babel import Locale
        from babel.numbers import NumberFormatError, parse_decimal

        first = self.digits("0.5") if said == "<1" else said.partition(" [")[0].rpartition(" ")[2]
        if said[-1:].isalpha():
            return "many"
        try:
            n = parse_decimal(first, locale=self.code)
        except NumberFormatError:
            return "many"
        return str(Locale.parse(self.code).plural_form(n))

    def listing(self, names: Sequence[str]) -> str:
        """Say ``a``, ``a and b``, ``a, b and c``."""
        if self.code == ENGLISH or len(names) < 2:
            return listing(names)
        return self.say("{most} and {last}", most=", ".join(names[:-1]), last=names[-1])

    def digits(self, text: str) -> str:
        """Write numbers and the words beside them, such as ``12.2 to 17.4 million``, by locale."""
        if self.code == ENGLISH:
            return text
        from babel.numbers import get_decimal_symbol, get_group_symbol

        def other(found: re.Match[str]) -> str:
            signs = {",": get_group_symbol(self.code), ".": get_decimal_symbol(self.code)}
            return "".join(signs.get(sign, sign) for sign in found[0])

        # Where decimals have a comma, the ends of an interval have a semicolon between them.
        in_words = in_millions(text) if self.code == "es" else text
        told = NUMBER.sub(other, _BETWEEN.sub(";", in_words))
        return _WORD.sub(lambda found: self.texts[found[0]], told)

    def day(self, moment: str) -> str:
        """Write the day of a moment as ISO 8601 gives it, with its month as a word."""
        return self.date(datetime.fromisoformat(moment))

    def date(self, at: datetime) -> str:
        """Write the day of a moment, with its month as a word."""
        if self.code == ENGLISH:
            return f"{at.day} {at:%B} {at.year}"
        from babel.dates import format_date

        said = format_date(at.date(), "long", locale=self.code)
        # As one reads it: a sentence that ends with a date would have two full stops.
        return re.sub(r"\sг\.$", f"{NBSP}года", said)

    def moment(self, moment: str) -> str:
        """Write a moment as ISO 8601 gives it; in other languages than English in their form."""
        if self.code == ENGLISH:
            return moment
        at = datetime.fromisoformat(moment)
        zone = f"{at:%z}"
        offset = f" (UTC{zone[:3]}:{zone[3:5]})" if zone else ""
        return f"{self.date(at)}, {at:%H:%M}{offset}"

    def short_day(self, at: datetime) -> str:
        """Write the day of a moment, with its month in few letters and no year."""
        if self.code == ENGLISH:
            return f"{at.day} {at:%b}"
        from babel.dates import format_skeleton

        return format_skeleton("MMMd", at, locale=self.code)

    def length(self, n: int, unit: str) -> str:
        """Write a number of seconds, minutes, hours, days, weeks or months, by locale.

        Parameters
        ----------
        unit
            In English, in the singular.
        """
        from babel.units import format_unit

        return format_unit(n, f"duration-{unit}", locale=self.code)


class _Value(str):
    """A value of a sentence; with a noun or an article behind a colon, with that."""

    __slots__ = ("words",)
    words: Language

    def __new__(cls, said: str, words: Language) -> _Value:
        value = super().__new__(cls, said)
        value.words = words
        return value

    def __format__(self, word: str) -> str:
        code = self.words.code
        if word in ARTICLES.get(code, ()):
            return with_article(str(self), word, code)
        return self.words.count(str(self), word) if word else str(self)


IN_ENGLISH = Language(ENGLISH, {})
"""The language in which texts stand in the code."""


@cache
def language(code: str) -> Language:
    """Return a language by its code."""
    if code == ENGLISH:
        return IN_ENGLISH
    texts: dict[str, str] = {}
    for table in sorted((files("sim.report.words") / "texts").iterdir(), key=lambda one: one.name):
        if table.name.endswith(".csv"):
            rows = csv.DictReader(io.StringIO(table.read_text(encoding="utf-8")))
            texts.update((row[ENGLISH], row[code]) for row in rows)
    return Language(code, texts)


def choose_language(code: str) -> Language:
    """Return the language that somebody asked for by its code.

    Raises
    ------
    UsageError
        If there is none of it.
    """
    if code not in LANGUAGES:
        known = ", ".join(LANGUAGES)
        raise UsageError(
            f"--language: expected one of {known}, got {code!r}{hint(code, LANGUAGES)}"
        )
    return language(code)
