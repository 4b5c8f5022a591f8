"""Texts in other languages: each is written whole in a language, or whole in English.

In: English sentences with names of values in braces, numbers, dates. Out: a ``Text``, which is its
English as it stands, and which ``Language.write`` writes in another language by the catalogue
``locale/CODE/LC_MESSAGES/overblock.po``. A sentence that a catalogue lacks stays English with all
of its values.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cache
from gettext import c2py
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import TypeAlias

from sim.errors import UsageError

ENGLISH = "en"
LANGUAGES = (ENGLISH, "es", "it", "ru")
NBSP = "\N{NO-BREAK SPACE}"
_FRACTION = 2
"""Number whose plural form numbers with decimals take: English, Spanish and Italian have a plural,
Russian the form of two."""


class _MissingError(LookupError):
    """A catalogue has no such sentence."""


class Text(str):
    """A text that is English as it stands, and that a language can write."""

    __slots__ = ("put",)
    put: Writer

    def __new__(cls, put: Writer) -> Text:
        """A text from what writes it."""
        text = super().__new__(cls, put(IN_ENGLISH))
        text.put = put
        return text


@dataclass(frozen=True)
class Language:
    """A language that the page is written in."""

    code: str
    """One of ``LANGUAGES``."""
    texts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Forms of each English sentence, by the sentence; empty for English."""
    form_of: Callable[[int], int] = bool
    """Which form belongs to a number."""

    def write(self, text: str) -> str:
        """Write a text, in English where the catalogue lacks it or a part of it."""
        try:
            return self.inside(text)
        except _MissingError:
            return str(text)

    def inside(self, text: str) -> str:
        """Write a text that is a part of another one, which is in English where this one is."""
        return text.put(self) if isinstance(text, Text) else text

    def has(self, text: str) -> bool:
        """Whether the catalogue has a sentence; that of English has all."""
        return self.code == ENGLISH or text in self.texts

    def form(self, one: str, many: str = "", n: int = 1) -> str:
        """A sentence; of one that counts, its form for a number."""
        if self.code == ENGLISH:
            return many if many and n != 1 else one
        if not self.has(one):
            raise _MissingError
        return self.texts[one][self.form_of(n) if many else 0]

    def digits(self, text: str) -> str:
        """Write digits, which have a point before decimals and nothing else, by locale."""
        if self.code == ENGLISH:
            return f"{Decimal(text):,f}"
        from babel.numbers import format_decimal

        return str(format_decimal(Decimal(text), locale=self.code, decimal_quantization=False))

    def percent(self, text: str) -> str:
        """Write digits as a percentage."""
        if self.code == ENGLISH:
            return f"{text}%"
        from babel.numbers import format_percent

        share = Decimal(text).scaleb(-2)
        return str(format_percent(share, locale=self.code, decimal_quantization=False))


Writer: TypeAlias = Callable[[Language], str]
IN_ENGLISH = Language(ENGLISH)
"""The language of texts in the code."""


def say(text: str, /, **values: str) -> Text:
    """A sentence, with its values in place of names in braces.

    Extraction finds it where it is one literal.
    """
    return Text(lambda words: _filled(words.form(text), values, words))


def say_n(one: str, many: str, count: float, /, **values: str) -> Text:
    """A sentence whose words agree with a number, which has to be among its values too."""
    n = int(count) if float(count).is_integer() else _FRACTION
    return Text(lambda words: _filled(words.form(one, many, n), values, words))


def _filled(text: str, values: Mapping[str, str], words: Language) -> str:
    if not values:
        return text
    return text.format(**{name: words.inside(value) for name, value in values.items()})


def say_name(text: str) -> Text:
    """A name from a folder: as it is where the catalogue has no other."""
    return Text(lambda words: words.form(text) if words.has(text) else text)


def joined(between: str, parts: Iterable[str]) -> Text:
    """Join parts of one text with something between them, without empty ones."""
    kept = [part for part in parts if part]
    return Text(lambda words: between.join(map(words.inside, kept)))


def sentences(*parts: str) -> Text:
    """Sentences behind each other, each in the language or in English."""
    return Text(lambda words: " ".join(words.write(part) for part in parts if part))


def beside(text: str, other: str) -> Text:
    """The other text, in English where the first one is."""

    def write(words: Language) -> str:
        words.inside(text)
        return words.inside(other)

    return Text(write)


def either(text: str, other: str) -> Text:
    """A text, or another one where the catalogue lacks the first."""

    def write(words: Language) -> str:
        try:
            return words.inside(text)
        except _MissingError:
            return words.inside(other)

    return Text(write)


def listing(names: Sequence[str]) -> Text:
    """``a``, ``a and b``, ``a, b and c``."""
    if len(names) < 2:
        return joined("", names)
    return say("{most} and {last}", most=joined(", ", names[:-1]), last=names[-1])


def capitalised(text: str) -> Text:
    """A text with a capital at its beginning."""

    def write(words: Language) -> str:
        said = words.inside(text)
        return said[:1].upper() + said[1:]

    return Text(write)


def unbroken(text: str) -> Text:
    """A text that no line parts."""
    return Text(lambda words: words.inside(text).replace(" ", NBSP))


@cache
def language(code: str) -> Language:
    """Return a language by its code."""
    if code == ENGLISH:
        return IN_ENGLISH
    from babel.messages.pofile import read_po

    with catalogue_path(code).open("rb") as file:
        catalogue = read_po(file, locale=code)
    texts: dict[str, tuple[str, ...]] = {}
    for one in catalogue:
        forms = (one.string,) if isinstance(one.string, str) else tuple(one.string or ())
        if one.id and forms and all(forms) and not one.fuzzy:
            texts[one.id if isinstance(one.id, str) else one.id[0]] = forms
    return Language(code, texts, c2py(catalogue.plural_expr))


def catalogue_path(code: str) -> Traversable:
    """File of a language's sentences, in the form of gettext."""
    return files("sim.report.words") / "locale" / code / "LC_MESSAGES" / "overblock.po"


def choose_language(code: str) -> Language:
    """Return the language that somebody asked for by its code.

    Raises
    ------
    UsageError
        If there is none of it.
    """
    if code not in LANGUAGES:
        known = ", ".join(LANGUAGES)
        raise UsageError(f"--language: expected one of {known}, got {code!r}")
    return language(code)


_WEEKDAY = "ccc"
"""Day of the week in the form that CLDR has for it alone."""


def day(at: datetime) -> Text:
    """A day with its year: ``16 April 2018``."""
    return Text(lambda words: _format(at, f"{at.day} {at:%B} {at.year}", "yMMMMd", words))


YEAR_S = 365 * 86_400
"""Seconds of a run from which on its days have a year."""


def day_in_year(at: datetime, run_s: int = 0) -> Text:
    """A day without its year, unless a run is longer than one: ``16 April``."""
    if run_s > YEAR_S:
        return day(at)
    return Text(lambda words: _format(at, f"{at.day} {at:%B}", "MMMMd", words))


def short_day(at: datetime, run_s: int = 0) -> Text:
    """A day in few letters, with its year where a run is longer than one: ``16 Apr``."""
    if run_s > YEAR_S:
        return Text(lambda words: _format(at, f"{at.day} {at:%b} {at.year}", "yMMMd", words))
    return Text(lambda words: _format(at, f"{at.day} {at:%b}", "MMMd", words))


def short_weekday(at: datetime) -> Text:
    """A day of the week in few letters: ``Mon``."""
    return Text(lambda words: _format(at, f"{at:%a}", _WEEKDAY, words))


def moment(at: datetime, run_s: int) -> Text:
    """A day of a run with its time; a line may part the two: ``16 Apr, 20:00``."""
    return joined(", ", (unbroken(short_day(at, run_s)), f"{at:%H:%M}"))


def period(start: datetime, end: datetime) -> Text:
    """First and last day: ``16 April to 4 June 2018``."""
    if start.date() == end.date():
        return day(end)
    first: str = day(start)
    if (start.year, start.month) == (end.year, end.month):
        first = str(start.day)
    elif start.year == end.year:
        first = day_in_year(start)
    return say("{first} to {last}", first=first, last=day(end))


def _format(at: datetime, in_english: str, skeleton: str, words: Language) -> str:
    if words.code == ENGLISH:
        return in_english
    from babel.dates import format_date, format_skeleton

    if skeleton == _WEEKDAY:
        return format_date(at, skeleton, locale=words.code)
    told = format_skeleton(skeleton, at, locale=words.code)
    # As one reads it: a sentence that ends with a date would have two full stops.
    return re.sub(r"\sг\.$", f"{NBSP}года", told)
