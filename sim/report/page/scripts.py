"""The page's own scripts, and what a browser may do with it.

In: files of ``page/`` and plain values. Out: texts that can stand in a page.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Sequence
from pathlib import Path

from sim.report.words.languages import ENGLISH, Language

_SCRIPTS = (
    "base.js",
    "axes.js",
    "lineplot.js",
    "pictures.js",
    "time.js",
    "curves.js",
    "known.js",
    "frontier.js",
    "addressmap.js",
    "tables.js",
)

_SAID = re.compile(r'\bsay\(\s*"([^"]+)"')


def policy(scripts: Sequence[str]) -> str:
    """Content security policy under which only these scripts run, and nothing is fetched."""
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(one.encode()).digest()).decode()}'"
        for one in scripts
    )
    # Rows of the page carry the lengths of their bars as styles; pictures are made in it.
    return (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'"
    )


def script_json(value: object) -> str:
    """JSON that cannot end the script element it stands in."""
    # All of ASCII, so that no line separator of Unicode is left; and nothing that opens a tag.
    plain = json.dumps(value, allow_nan=False, separators=(",", ":"), ensure_ascii=True)
    return plain.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def texts_of(script: str, words: Language) -> dict[str, str]:
    """Texts that a script says, each in the language; none for English, in which they stand there.

    Raises
    ------
    KeyError
        If the language has no such text.
    """
    if words.code == ENGLISH:
        return {}
    return {text: words.say(text) for text in _SAID.findall(script)}


def own_scripts() -> str:
    """Scripts of the page as one, in its own scope."""
    own = "\n".join(own_text(name) for name in _SCRIPTS)
    return f'"use strict";\n(() => {{\n{own}}})();\n'


def own_text(name: str) -> str:
    """Text of one of the page's own files."""
    return (Path(__file__).parent / name).read_text(encoding="utf-8")
