"""The page of scores: how often predictions and publications agree, case by case.

In: the document of scores. Out: Markdown. All text of cases is escaped: a case file may be a
stranger's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sim.report.words.markdown import markdown_text
from sim.report.words.numbers import exact, interval, log_error, rounded

Document = Mapping[str, Any]

TITLE = "Validation: published outcomes against predictions"
COMMAND = (
    "overblock backtest --force --format markdown --save docs/explanation/validation.json "
    "--plot docs/figures/backtest.png > docs/explanation/validation.md"
)
RELATIONS = {"equal": "", "at_least": "at least ", "at_most": "at most "}
ROLE_HEADS = {
    "held-out": "Held out",
    "calibration": "Calibration",
}
ROLE_TEXTS = {
    "held-out": (
        "No parameter of what predicts was set by these figures. That does not make them blind: "
        "what was known of them stands with each case."
    ),
    "calibration": (
        "A parameter, or a table, was set by these figures. Agreement shows that the setting took "
        "hold, and no more."
    ),
}


def page(scores: Document, *, figure: str = "") -> str:
    """Write the page.

    Parameters
    ----------
    scores
        As from ``sim.backtest.document``.
    figure
        Path of the figure relative to the page; none is shown when empty.
    """
    parts = [f"# {TITLE}\n", _introduction(scores), _tallies(scores)]
    if figure:
        alt = "Predicted intervals over the published value of each case, on a logarithmic axis."
        parts.append(f"![{alt}]({figure})\n")
    for role in ROLE_HEADS:
        mine = [score for score in scores["scores"] if score["role"] == role]
        if mine:
            parts += [f"## {ROLE_HEADS[role]}\n", f"{ROLE_TEXTS[role]}\n", _table(mine)]
    parts += ["## Case by case\n", *(_details(score) for score in scores["scores"])]
    parts.append(_made_from(scores))
    return "\n".join(parts)


def _introduction(scores: Document) -> str:
    return (
        f"Written by `{COMMAND}` with overblock {scores['version']}, {scores['n_replicates']} "
        "replicates of each scenario. Nothing is tuned by it: it reads parameters and writes "
        "scores.\n\n"
        "A case is **inside** when the predicted 90 % interval and what the publication allows "
        "(its range, its rounding, its being a bound) have a number in common. The **log error** "
        "is log10 of predicted median over published value: 0.3 is a factor of 2, 1 a factor of "
        "10; where the publication is a bound and the median keeps it, there is none.\n\n"
        "Predicted intervals span luck alone, except where said: the scenarios' assumptions have "
        "ranges, and what those would change is not in the interval. So fewer than 90 % of "
        "held-out cases are to be expected inside, and a case outside says that luck does not "
        "explain the difference; an assumption may.\n"
    )


def _tallies(scores: Document) -> str:
    lines = [
        "| role | cases | computable | inside | of figures that are no mere bounds, inside | "
        "median absolute log error |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    by_role = {tally["role"]: tally for tally in scores["tallies"]}
    for role in ROLE_HEADS:
        tally = by_role[role]
        n_figures = tally["n_computable"] - tally["n_computable_bounds"]
        n_inside = tally["n_inside"] - tally["n_inside_bounds"]
        lines.append(
            f"| {role} | {tally['n_cases']} | {tally['n_computable']} | {tally['n_inside']} | "
            f"{n_inside} of {n_figures} | {_size(tally['median_abs_log10_error'])} "
            f"({tally['n_errors']} cases) |"
        )
    lines.append(
        "\nCases that are read off one scenario share its luck and its assumptions: they are not "
        "independent, and a count of them is not a success rate."
    )
    return "\n".join(lines) + "\n"


def _table(scores: Sequence[Document]) -> str:
    lines = [
        "| case | predicted median | 90 % interval | published | verdict | log error |",
        "| --- | ---: | ---: | ---: | --- | ---: |",
    ]
    for score in scores:
        predicted = score["predicted"]
        lines.append(
            f"| [{markdown_text(score['title'])}](#{score['id']}) | "
            f"{rounded(predicted['median']) if predicted else ''} | "
            f"{span(predicted) if predicted else ''} | "
            f"{published_text(score)} | {score['verdict']} | {log_error(score['log10_error'])} |"
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


def _details(score: Document) -> str:
    published, predicted = score["published"], score["predicted"]
    lines = [
        f'### <a id="{score["id"]}"></a>{markdown_text(score["title"])}\n',
        f"- **Case**: `{score['id']}`, {score['role']}. {markdown_text(score['why_role'])}",
        f"- **Given**: {markdown_text(score['given'])}",
    ]
    if predicted:
        lines.append(
            f"- **Predicted** by {markdown_text(score['subject'])}: "
            f"{rounded(predicted['median'])}, {span(predicted)}. The interval spans "
            f"{markdown_text(predicted['spans'])}; not in it: "
            f"{markdown_text(predicted['left_out'])}."
        )
    else:
        lines.append(f"- **Predicted**: not computable. {markdown_text(score['why_not'])}")
    lines += [
        f"- **Published** ({published['nature']}): {published_text(score)}. "
        f"{markdown_text(published['source'])} ({markdown_text(published['date'])}).",
        f"- **Verdict**: {score['verdict']}; log error "
        f"{log_error(score['log10_error']) or 'none'}.",
    ]
    if score["note"]:
        lines.append(f"- {markdown_text(score['note'])}")
    return "\n".join(lines) + "\n"


def _made_from(scores: Document) -> str:
    made = scores["made_from"]
    lines = ["## Made from\n"]
    lines += [f"- cases {markdown_text(each['file'])}, {_hash(each)}" for each in made["cases"]]
    for run in made["runs"]:
        overrides = "".join(f", --set {markdown_text(each)}" for each in run["overrides"])
        lines.append(
            f"- scenario {markdown_text(run['scenario'])}{overrides}, root seed "
            f"{run['root_seed']}, {run['n_assumptions']} assumptions with ranges, "
            f"{len(run['inputs'])} tables, sha256 {run['question_sha256'][:12]}"
        )
    lines += [f"- table `{each['name']}`, {_hash(each)}" for each in made["tables"]]
    return "\n".join(lines) + "\n"


def _hash(made: Document) -> str:
    return f"sha256 {made['sha256'][:12]}"


def _size(value: float | None) -> str:
    return "not known" if value is None else f"{value:.2f}"
