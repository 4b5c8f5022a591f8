"""Whether a reader finds what a source names.

That is an address, a repository, a paper by authors, venue and year, a publisher with a title and a
date, or another table of ours, whose facts are held to the same.
"""

from __future__ import annotations

import re

from tests.conftest import REPOSITORY

SEEDS = REPOSITORY / "seeds"
TABLES = sorted(path.name.removesuffix(".source.yaml") for path in SEEDS.glob("*.source.yaml"))
FILES = r"csv|md|cidr|js|json|yaml|txt|xml"
FOLLOWED = (
    # A page: a domain, and a path or number behind it.
    rf"\b(?:[a-z0-9_-]+\.)+(?!(?:{FILES})\b)[a-z]{{2,}}(?:/[\w?=-]+| \d{{5,}}| \w+ \d{{5,}})",
    # A publisher by its domain, and a date.
    rf"\b(?:[a-z0-9_-]+\.)+(?!(?:{FILES})\b)[a-z]{{2,}}\b.*(?<!\d)(?:19|20)\d\d(?!\d)",
    r"github [\w-]+/[\w.-]+",
    r"et al\., [A-Z]+ (?:19|20)\d\d|arXiv \d{4}\.\d{4,5}|PyPI|npm package",
    # A publisher, a title and a date.
    r'"[^"]{12,}".*(?:19|20)\d\d|(?:19|20)\d\d, "[^"]{12,}"',
)


def can_be_followed(text: str, date: str = "") -> bool:
    """Whether a reader finds what a text names."""
    # A table of ours, by its file, or by its name with that of the row.
    tables = re.findall(r"seeds/([\w-]+)\.csv|\(([\w-]+), [a-z_]+\)", text)
    tables = [name for pair in tables for name in pair if name]
    if text in TABLES or (tables and all(name in TABLES for name in tables)):
        return True
    return any(re.search(form, f"{text}, {date}") for form in FOLLOWED)
