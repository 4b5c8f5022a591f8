"""Documents in other languages: sentences from one table, numbers and dates by locale.

In: an English sentence with names of values in braces, and the values. Out: the sentence in the
language. A sentence without a translation is an error, not English in the middle of Spanish.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files

ENGLISH = "en"
LANGUAGES = (ENGLISH, "es", "it", "ru")
NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
WORDS = ("trillion", "billion", "million", "to", "not known", "less than", "over", "no limit")
"""Words in numbers, as ``words.numbers`` writes them."""
_WORD = re.compile(rf"\b({'|'.join(WORDS)})\b")


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
        """Return a sentence with its values.

        Raises
        ------
        KeyError
            If the language has no such sentence.
        """
        said = text if self.code == ENGLISH else self.texts[text]
        return said.format(**values) if values else said

    def digits(self, text: str) -> str:
        """Write numbers and the words beside them, such as ``12.2 to 17.4 million``, by locale."""
        if self.code == ENGLISH:
            return text
        from babel.numbers import get_decimal_symbol, get_group_symbol

        def other(found: re.Match[str]) -> str:
            signs = {",": get_group_symbol(self.code), ".": get_decimal_symbol(self.code)}
            return "".join(signs.get(sign, sign) for sign in found[0])

        return _WORD.sub(lambda found: self.texts[found[0]], NUMBER.sub(other, text))

    def day(self, moment: str) -> str:
        """Write the day of a moment as ISO 8601 gives it, with its month as a word."""
        at = datetime.fromisoformat(moment)
        if self.code == ENGLISH:
            return f"{at.day} {at:%B} {at.year}"
        from babel.dates import format_date

        return format_date(at.date(), "long", locale=self.code)


@cache
def language(code: str) -> Language:
    """Return a language by its code."""
    if code == ENGLISH:
        return Language(code, {})
    table = (files("sim.report.words") / "texts.csv").read_text(encoding="utf-8")
    return Language(code, {row[ENGLISH]: row[code] for row in csv.DictReader(io.StringIO(table))})
