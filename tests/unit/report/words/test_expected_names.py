"""Names expected behind what was listed have a range; not known is no zero."""

from __future__ import annotations

import math

from sim.report.words.sentences import names_words
from sim.results.tables import Row


def listed(state: str = "known") -> Row:
    ends = {"hit": 4_135_290.0, "hit_low": 131_362.0, "hit_high": 22_320_689.0}
    numbers = dict.fromkeys(ends, math.nan) if state == "not known" else ends
    return {"strategy": "mine", "n_listed": 16, "n_networks6": 0, "state": state, **numbers}


def plain(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ")


def test_names_have_their_range_in_two_digits() -> None:
    assert plain(names_words(listed())) == "4.1 million names (130,000 to 22 million)"
    assert plain(names_words(listed("lower bound"))).startswith("at least 4.1 million names (")
    # Not known is no zero.
    assert names_words(listed("not known")) == "a number of names that is not known"
    assert names_words(None) == "a number of names that is not known"
