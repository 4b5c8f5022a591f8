"""The page of scores, case by case: what was predicted, published and scored.

In: the score of a case. Out: Markdown, its text escaped: a case file may be a stranger's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sim.report.words.markdown import markdown_text
from sim.report.words.numbers import exact, interval, log_error, rounded, score

Document = Mapping[str, Any]

OUTSIDE = "outside"
NOT_SAID = "Nothing is said of it."
"""Stands where a stranger's file has no sentence; of shipped ones a test names those."""

RELATIONS = {
    "equal": "",
    "at_least": "at least ",
    "at_most": "at most ",
    "between": "",
    "rank": "rank ",
}


def case_tables(scores: Sequence[Document]) -> list[str]:
    """Figures, then bounds; ranks stand with their rankings."""
    by_kind = {
        kind: [each for each in scores if each["published"]["relation"] in relations]
        for kind, relations in (
            ("figures", ("equal", "rank")),
            ("bounds", ("at_least", "at_most", "between")),
        )
    }
    return [_table(kind, mine) for kind, mine in by_kind.items() if mine]


SCORED = {
    "figures": (("log error", "log10_error"), ("CRPS", "crps"), ("of a guess", "crps_guess")),
    "bounds": (
        ("probability", "probability"),
        ("Brier score", "brier"),
        ("of a guess", "brier_guess"),
    ),
}
"""Columns of scores by kind of case."""


def _table(kind: str, scores: Sequence[Document]) -> str:
    heads = "".join(f" {head} |" for head, _ in SCORED[kind])
    lines = [
        f"| case | predicted median | 90 % interval | published | verdict |{heads}",
        "| --- | ---: | ---: | ---: | --- | ---: | ---: | ---: |",
    ]
    for each in scores:
        predicted, verdict = each["predicted"], each["verdict"]
        if verdict == OUTSIDE:
            verdict += f" ([why](#{each['id']}))"
        cells = [
            log_error(each[name]) if name in each else score(each["quality"][name])
            for _, name in SCORED[kind]
        ]
        lines.append(
            f"| [{markdown_text(each['title'])}](#{each['id']}) | "
            f"{rounded(predicted['median']) if predicted else ''} | "
            f"{span(predicted) if predicted else ''} | "
            f"{published_text(each)} | {verdict} | {' | '.join(cells)} |"
        )
    return "\n".join(lines) + "\n"


def span(predicted: Document) -> str:
    """Interval of a prediction; a calculation without luck has none."""
    if predicted["low"] == predicted["high"] == predicted["median"]:
        return "a point"
    return interval(predicted["low"], predicted["high"])


def published_text(score: Document) -> str:
    """What was published, with its relation, range and rounding, and its unit."""
    published = score["published"]
    text = RELATIONS[published["relation"]] + exact(published["value"])
    if published["low"] is not None or published["high"] is not None:
        low, high = (
            published["value"] if published[end] is None else published[end]
            for end in ("low", "high")
        )
        text += f" ({exact(low)} to {exact(high)})"
    if published["rounding"]:
        text += f" ± {exact(published['rounding'])}"
    return markdown_text(f"{text} {published['unit']}")


def details(case: Document) -> str:
    """Everything that is known of one case, as a list."""
    published, predicted = case["published"], case["predicted"]
    lines = [
        f'### <a id="{case["id"]}"></a>{markdown_text(case["title"])}\n',
        f"- **Case**: `{case['id']}`, {case['role']}. {markdown_text(case['why_role'])}",
        f"- **Given**: {markdown_text(case['given'])}",
    ]
    if predicted:
        lines.append(
            f"- **Predicted** by {markdown_text(case['subject'])}: "
            f"{rounded(predicted['median'])}, {span(predicted)}. The interval spans "
            f"{markdown_text(predicted['spans'])}; not in it: "
            f"{markdown_text(predicted['left_out'])}."
        )
        if unknown_part := predicted.get("unknown_part"):
            lines.append(f"- **Known in part**: {markdown_text(unknown_part)}.")
    else:
        lines.append(f"- **Predicted**: not computable. {markdown_text(case['why_not'])}")
    lines += [
        f"- **Published** ({published['nature']}): {published_text(case)}. "
        f"{markdown_text(published['source'])} ({markdown_text(published['date'])}).",
        f"- **Verdict**: {case['verdict']}; log error "
        f"{log_error(case['log10_error']) or 'none'}.{_quality_text(case)}",
    ]
    if case["note"]:
        lines.append(f"- {markdown_text(case['note'])}")
    if case["verdict"] == OUTSIDE:
        lines.append(f"- **Why it is missed**: {markdown_text(case['why_missed']) or NOT_SAID}")
    return "\n".join(lines) + "\n"


def _quality_text(case: Document) -> str:
    """What the scores of one case rest on, as sentences; nothing where there are none."""
    quality, text = case["quality"], ""
    if quality["crps"] is not None:
        kinds = (("spread", "spread"), ("over", "too high"), ("under", "too low"))
        shares = ", ".join(
            f"{word} {score(quality[f'crps_{name}'])}"
            for name, word in kinds
            if name == "spread" or quality[f"crps_{name}"]
        )
        text = f" CRPS {score(quality['crps'])} ({shares})"
    elif quality["probability"] is not None:
        text = f" Probability that the bound is kept {quality['probability']:.2f}"
    elif quality["why_not"]:
        text = f" No CRPS: {quality['why_not']}"
    if case["guess"] is not None and text:
        of_guess = quality["crps_guess"]
        of_guess = quality["brier_guess"] if of_guess is None else of_guess
        low, high = case["guess"]
        text += f"; a guess from {exact(low)} to {exact(high)} scores {score(of_guess)}"
    if quality["crps_persistence"] is not None:
        text += f"; persistence of `{case['before']}` {score(quality['crps_persistence'])}"
    if case["floor"] is not None:
        text += f"; below {exact(case['floor'])} counts as that"
    text += "." if text else ""
    return text + (f" Counts as `{case['counts_as']}`." if case["counts_as"] else "")
