"""Case files of backtests: what a test says of a case, and plain values for the rest."""

from pathlib import Path

from sim.scenario.cases import CaseFile, read_cases

NAMES_LAW = "{kind: names-law, quantity: mean_names}"
"""A predictor that needs no run and gives about 16 names."""


def case_file(folder: Path, *cases: dict[str, object], more: str = "") -> CaseFile:
    """Write cases into a file and read them; those without an id are c0, c1, …"""
    texts = [case_text(**({"id": f"c{n}"} | case)) for n, case in enumerate(cases)]
    path = folder / "cases.yaml"
    text = f"format: overblock/backtest/1\ncases:\n{''.join(texts)}{more}"
    path.write_text(text, encoding="utf-8")
    return read_cases(path)


def case_text(**given: object) -> str:
    """One case of a file."""
    case: dict[str, object] = {
        "id": given["id"], "title": "T", "given": "G", "role": "held-out", "why_role": "W",
        "predictor": "{kind: none, why: n}",
    }  # fmt: skip
    published: dict[str, object] = {
        "value": 1, "rounding": 0, "relation": "equal", "nature": "counted", "unit": "u",
        "source": f"s-{given['id']}", "date": 2018,
    }  # fmt: skip
    of_published = published.keys() | {"low", "high"}
    published |= {key: value for key, value in given.items() if key in of_published}
    case |= {key: value for key, value in given.items() if key not in of_published}
    told = ", ".join(f"{key}: {value}" for key, value in published.items())
    lines = [*(f"{key}: {value}" for key, value in case.items()), f"published: {{{told}}}"]
    return "  - " + "\n    ".join(lines) + "\n"
