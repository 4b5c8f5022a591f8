"""Sentences in words that plain English has better ones for, with their number in 10,000 words.

``python -m tools.english [PATH ...]`` lists them; ``tests/documents/test_english.py``
bounds their number.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

PATHS = ("README.md", "CONTRIBUTING.md", "ARCHITECTURE.md", "docs", "scenarios", "seeds", "sim")
BETTER = {
    r"(?:what|all that) is not known|\ban unknown\b": "uncertain input, assumption",
    r"\bas given\b": "point value, default",
    r"\bluck\b": "chance",
    r"\b(?:hang|hangs|hung) on\b": "depends on",
    r"\b(?:is|are|was|were) (?:said|told)\b|\b(?:says|tells) of\b": "reports, prints",
    r"\btold apart\b": "distinguished",
    r"\b(?:made|makes?) (?:\w+ )?anew\b": "regenerates, recomputes",
    r"\bheld against\b": "compared with",
    r"\bleft (?:aside|out)\b": "ignored, excluded",
    r"\bst(?:and|ands|ood) (?:beside|in)\b|\bbeside (?:it|them|this|that|each|every)\b": "next to",
    r"\bcounts as\b": "is treated as",
    r"\bgoes on with\b": "resumes, continues",
    r"\b(?:stranger|newcomer)s?\b": "a new user",
    r"\bof (?:which|whom)\b|\bthat who\b": "two sentences",
    r"(?:^|[.!?] )(?:What|Whose|Who|Of|Beside) [a-z]+ [^.?!]{20,}\.": "subject, verb, object",
}
"""What plain English says for each of them."""
_ANY = re.compile("|".join(f"(?P<w{n}>{one})" for n, one in enumerate(BETTER)), re.M)
_CODE = re.compile(r"```[\s\S]*?```|`[^`]*`|^\|?[ -|]+$")


def read_texts(path: Path) -> Iterator[tuple[int, str]]:
    """Texts that people read in a file, each with its line."""
    if path.suffix == ".py":
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield (node.lineno, node.value) if node.value.count(" ") > 2 else (0, "")
    elif path.suffix == ".md":
        yield 1, _CODE.sub(lambda code: "\n" * code[0].count("\n"), path.read_text("utf-8"))
    elif path.suffix in (".yaml", ".j2") or path.name == "assumptions.csv":
        yield 1, path.read_text("utf-8")


def find_dialect(roots: list[Path]) -> tuple[list[str], float]:
    """Return each sentence to rewrite, and their number in 10,000 words."""
    found, words = [], 0
    for path in (one for root in roots for one in ([root] if root.is_file() else root.rglob("*"))):
        for line, text in read_texts(path):
            words += len(text.split())
            for hit in _ANY.finditer(text):
                better = list(BETTER.values())[int((hit.lastgroup or "w0")[1:])]
                at, said = line + text.count("\n", 0, hit.start()), " ".join(hit[0].split())
                found.append(f"{path}:{at}: {said[:80]!r}: {better}")
    return sorted(found), 1e4 * len(found) / max(words, 1)


if __name__ == "__main__":
    listed, rate = find_dialect([Path(one) for one in sys.argv[1:] or PATHS])
    print("\n".join([*listed, f"{rate:.1f} in 10,000 words"]))
