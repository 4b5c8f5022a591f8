"""The numbers that a text says, whatever its language: what must be the same in all of them.

In: a text, the code of its language. Out: numbers as English writes them, and how often each is
there.
"""

from __future__ import annotations

import re
from collections import Counter
from decimal import Decimal

IN_WORDS = (
    *("zero", "one", "two", "three", "four", "five", "six"),
    *("seven", "eight", "nine", "ten", "eleven", "twelve"),
)
_SPELT = re.compile(
    rf"\b(?:{'|'.join(IN_WORDS)})(?= (?:second|minute|hour|day|week|month|in \w+ of|in (?:one|two|"
    rf"three|four|five|six|eight|ten|\d+)))|(?<=\w in )(?:{'|'.join(IN_WORDS)})\b",
    re.IGNORECASE,
)
_BILLIONS = re.compile(
    r"(\d+(?:\.\d+)?)(?: (?:to|a|–) (\d+(?:\.\d+)?))?\s(?:billion|miliardi|млрд)\b"
)
"""Of a range, the unit behind it is that of both ends."""


def numbers_in(text: str, code: str) -> Counter[str]:
    """Numbers of a text as English writes them, without what stands between thousands.

    Billions are counted in millions, as Spanish says them.
    """
    # A key of an assumption stands where its meaning has no translation.
    text = re.sub(r"[a-z][\w-]*\.[a-z]\w*", "", text)
    if code == "en":
        # That range is a term, and a word in every language.
        text = text.replace("nine in ten draws", "")
        # Rough shares and durations are words in English alone: "three in five", "two weeks".
        text = _SPELT.sub(lambda found: str(IN_WORDS.index(found[0].lower())), text)
        text = text.replace(",", "")
    else:
        text = re.sub(r"(?<=\d)[\u00a0\u202f.](?=\d{3}(?!\d))", "", text)
        text = re.sub(r"(?<=\d),(?=\d)", ".", text)
    text = _BILLIONS.sub(_in_millions, text)
    return Counter(re.findall(r"\d+(?:\.\d+)?", text))


def _in_millions(found: re.Match[str]) -> str:
    ends = (Decimal(end) * 1000 for end in found.groups() if end)
    return " ".join(f"{end:f}".rstrip("0").rstrip(".") if end % 1 else f"{end:.0f}" for end in ends)
