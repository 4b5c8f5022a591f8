"""Files of tests that an expression of marks leaves out whole: to read them takes seconds.

In: what stands in a file, and the expression after ``-m``. It knows nothing of pytest: a file that
is named on the command line is read in any case.
"""

from __future__ import annotations

import re

_WHOLE = re.compile(r"^pytestmark = pytest\.mark\.(\w+)$", re.MULTILINE)
"""A mark of all tests of a file, if it is the only one."""


def is_left_out(text: str, expression: str) -> bool:
    """Whether no test of a file can be meant; where that is not plain, some may be."""
    terms = expression.split(" and ")
    if not all(re.fullmatch(r"(not )?\w+", term) for term in terms):
        return False
    asked = [term for term in terms if term.isidentifier()]
    if any(f"mark.{name}" not in text for name in asked):
        return True
    return any(f"not {name}" in terms for name in _WHOLE.findall(text))
