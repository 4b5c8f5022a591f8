"""Files of a run folder inside the page.

In: a run folder. Out: each file as an address that holds it, or its name where it is too large.
"""

from __future__ import annotations

import base64
from urllib.parse import quote

from sim.report.words.languages import IN_ENGLISH, Language
from sim.results.read import RunFolder

MAX_EMBEDDED_BYTES = 512 * 1024
_PLAIN = "!$()*+,-./:;=@_~"
"""Marks that stand in an address as they are, beside letters and digits."""
_ABOUT = {
    "summary.csv": "every measure over replicates",
    "groups.csv": "who was hit, by sector, provider, region, operator and cause",
    "sites.csv": "what each site of the inventory met, and at which operator",
    "comparison.csv": "every measure of every strategy, with differences from the baseline",
    "tradeoff.csv": "effect, harm and which strategies are beaten",
    "uncertainty.csv": "both ranges of every measure, and what the wide one hangs on",
    "verdicts.csv": "which strategy is better over all that is not known",
    "regrets.csv": "how much worse each strategy is than the best, draw by draw",
    "money.csv": "what each money method says",
    "providers.csv": "what each provider lost and gained",
    "scenario.yaml": "the scenario as it was given",
    "manifest.json": "versions, hashes, seed, assumptions: what the result was made from",
}


def has_file(run: RunFolder, name: str) -> bool:
    """Whether a folder holds a file."""
    return (run.path / name).is_file()


def downloads(run: RunFolder, words: Language = IN_ENGLISH) -> list[dict[str, str]]:
    """Files of the folder inside the page; one that is too large is named, not held."""
    found = []
    for name, about in _ABOUT.items():
        if not has_file(run, name):
            continue
        size = (run.path / name).stat().st_size
        uri, note = "", ""
        if size <= MAX_EMBEDDED_BYTES:
            kind = "text/csv" if name.endswith(".csv") else "text/plain"
            uri = _address(kind, (run.path / name).read_bytes())
        else:
            n = words.digits(f"{size / 1e6:.1f}")
            note = "; " + words.say("{n} MB, in the run folder", n=n)
        found.append({"name": name, "uri": uri, "about": f"{words.say(about)}{note}"})
    return found


def _address(kind: str, content: bytes) -> str:
    """Address that holds a text, the shorter of two: most of a table can stand in it as it is."""
    plain = f"data:{kind};charset=utf-8,{quote(content, safe=_PLAIN)}"
    coded = f"data:{kind};charset=utf-8;base64,{base64.b64encode(content).decode('ascii')}"
    return min(plain, coded, key=len)
