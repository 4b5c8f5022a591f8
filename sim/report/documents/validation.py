"""The page of scores: how often predictions and publications agree.

In: the document of scores. Out: Markdown. All text of cases is escaped: a case file may be a
stranger's.
"""

from __future__ import annotations

from collections.abc import Sequence

from sim.report.documents.shortfalls import shortfalls
from sim.report.documents.validation_cases import Document, case_tables, details
from sim.report.words.markdown import markdown_text
from sim.report.words.numbers import interval, rounded, score, width

TITLE = "Validation: published outcomes against predictions"
COMMAND = (
    "overblock backtest --force --format markdown --save docs/explanation/validation.json "
    "--plot docs/figures/backtest.png > docs/explanation/validation.md"
)
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
    parts = [f"# {TITLE}\n", _introduction(scores), _tallies(scores), _subjects(scores)]
    parts += _side_by_side(scores)
    parts += shortfalls(scores)
    if figure:
        alt = "Predicted intervals over the published value of each case, on a logarithmic axis."
        parts.append(f"![{alt}]({figure})\n")
    for role in ROLE_HEADS:
        mine = [score for score in scores["scores"] if score["role"] == role]
        if mine:
            parts += [f"## {ROLE_HEADS[role]}\n", f"{ROLE_TEXTS[role]}\n", *case_tables(mine)]
    if scores["rankings"]:
        parts += ["## Rankings\n", _rankings(scores["rankings"])]
    parts += ["## Case by case\n", *(details(score) for score in scores["scores"])]
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
        "The **CRPS** is the continuous ranked probability score of log10 of the prediction, which "
        "counts distance and width together: 0 is a sure prediction that is right, 0.3 a sure one "
        "that is wrong by a factor of 2. It has three parts that sum to it: **spread**, what it "
        "would be had the median come out, and the rest, which is **too high** where the median "
        "lies above the figure and **too low** where below (Bosse et al. 2022). Cases that show "
        "one number (`counts_as`) count together as one in every mean. **Bounds** have no place in "
        "a mean of CRPS: scored is the **probability** that the prediction gives to the bound "
        "being kept, by the Brier score, its squared shortfall.\n\n"
        "Two predictions without a model are scored beside. A **guess** is spread evenly on a "
        "logarithmic scale over the range that the case states; a model that does no better knows "
        "nothing of the case. Ranges of the cases shipped span three decades, of which the middle "
        "one holds the figure (the two below 1 for a share), so that the guess knows the order of "
        "size. **Persistence** predicts the figure of the same quantity before (`before` of the "
        "case), where there is one. Its band is what figures of that quantity moved from one to "
        "the next until then: with figures v0, …, vk before, log10 vk - d and log10 vk + d, "
        "equally likely, for each move d between neighbours of them; with one figure before it "
        "is that point (the baseline of Cramer et al. 2022, on a logarithmic scale). It knows "
        "what the model is not told: the figure before.\n\n"
        "**Ends in brackets** after a mean are its 95 % interval over cases: numbers are "
        "resampled, each whole with all cases that show it (BCa, 9,999 resamples); fewer than "
        "three have none. It spans which figures happened to be published. It does not span what "
        "all figures of one scenario have in common, its luck and its assumptions, so that it is "
        "too narrow for what the model does in another scenario.\n\n"
        f"{_said_of_intervals(scores)}\n"
    )


def _said_of_intervals(scores: Document) -> str:
    if not scores["n_draws"]:
        return (
            "Predicted intervals span luck alone, except where said: the scenarios' assumptions "
            "have ranges, and what those would change is not in the interval. So fewer than 90 % "
            "of held-out cases are to be expected inside, and a case outside says that luck does "
            "not explain the difference; an assumption may."
        )
    said = (
        "Intervals of what is read off scenarios span luck and all that is not known: "
        f"{scores['n_draws']} joint draws of every assumption from its declared range, each with "
        "its own luck, none weighed by any figure ([how](bands.md)). A figure outside says that "
        "the model is wrong there, or a range too narrow. The same by luck alone stands "
        "beside; intervals of calculations span what is said with them."
    )
    taken = [one for one in scores["weighted"] if one.get("is_taken", True)]
    beside = [markdown_text(one["scenario"]) for one in scores["weighted"] if one not in taken]
    if taken:
        of = ", ".join(
            f"{markdown_text(one['scenario'])} ({one['n_draws']} draws that say as much as "
            f"{one['n_effective']:.0f} of equal weight, sha256 {one['sha256'][:12]})"
            for one in taken
        )
        said += (
            " Where a scenario has draws that its calibration figures weighed, its intervals "
            f"here are over these, with their weights: {of}."
        )
    if beside:
        said += (
            f" Weighted draws of {', '.join(beside)} stand [side by side](#side-by-side) alone: no "
            "run takes them unasked ([why](bands.md#weighed-by-published-figures))."
        )
    return said


BANDS = {
    "luck": "luck",
    "ranges": "all ranges",
    "calibrated": "calibrated draws",
}
"""What each band is called."""


def _side_by_side(scores: Document) -> list[str]:
    """Scores of all bands, of the cases that each of them has; none where there is one band."""
    bands = scores["side_by_side"]
    if len(bands) < 2:
        return []
    said = "by luck at the values as given, and over all ranges as declared"
    if "calibrated" in bands:
        said = (
            "by luck at the values as given, over all ranges as declared, and over the draws "
            "that calibration figures weighed, of the scenarios that have some"
        )
    parts = ["## Side by side\n", f"The same numbers {said}. Widths are of 90 % intervals.\n"]
    for role in ROLE_HEADS:
        rows = [
            _band_row(BANDS[name], tally)
            for subject in dict.fromkeys(one["subject"] for one in bands["luck"])
            for name, tallies in bands.items()
            for tally in tallies
            if (tally["role"], tally["subject"]) == (role, subject) and tally["n_figures"]
        ]
        if rows:
            text = "Held out:\n" if role == "held-out" else CALIBRATED_TEXT
            parts.append("\n".join([text, *BAND_HEAD, *rows]) + "\n")
    return parts


CALIBRATED_TEXT = (
    "Calibration: parameters were set, and draws weighed, by these figures. That they agree shows "
    "that the setting took hold, and scores nothing:\n"
)
BAND_HEAD = (
    "| predicted by | over | numbers | inside | median width | CRPS | spread | too high | "
    "too low |",
    "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
)


def _band_row(band: str, tally: Document) -> str:
    parts = (score(tally[f"crps_{name}"]) for name in ("spread", "over", "under"))
    return (
        f"| {markdown_text(tally['subject']) or '**all**'} | {band} | {tally['n_figures']} | "
        f"{tally['coverage']:.0%} | {width(tally['log10_width'])} | {mean(tally, 'crps')} | "
        f"{' | '.join(parts)} |"
    )


def mean(tally: Document, name: str) -> str:
    """A mean score, and the ends of its interval where it has one."""
    ends = tally["intervals"].get(name)
    text = score(tally[name])
    return f"{text} [{score(ends[0])}, {score(ends[1])}]" if ends and text else text


def _tallies(scores: Document) -> str:
    lines = [
        "| role | cases | computable | inside | of figures that are no mere bounds, inside | "
        "median absolute log error |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    by_role = {tally["role"]: tally for tally in scores["tallies"] if not tally["subject"]}
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


def _subjects(scores: Document) -> str:
    """Scores beside those of the guess, by role and by what predicts."""
    figures = [
        "| role | predicted by | numbers | CRPS | of a guess | inside | median width |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    before = [
        "| role | predicted by | numbers | CRPS | of persistence |",
        "| --- | --- | ---: | ---: | ---: |",
    ]
    n_before = len(before)
    bounds = [
        "| role | predicted by | bounds | mean probability | Brier score | of a guess |",
        "| --- | --- | ---: | ---: | ---: | ---: |",
    ]
    for role in ROLE_HEADS:
        for tally in (each for each in scores["tallies"] if each["role"] == role):
            head = f"| {role} | {markdown_text(tally['subject']) or '**all**'} |"
            if tally["n_figures"]:
                figures.append(
                    f"{head} {tally['n_figures']} | {mean(tally, 'crps')} | "
                    f"{mean(tally, 'crps_guess')} | {tally['coverage']:.0%} | "
                    f"{width(tally['log10_width'])} |"
                )
            if tally["n_before"]:
                before.append(
                    f"{head} {tally['n_before']} | {mean(tally, 'crps_before')} | "
                    f"{mean(tally, 'crps_persistence')} |"
                )
            if tally["n_bounds"]:
                bounds.append(
                    f"{head} {tally['n_bounds']} | {tally['probability']:.2f} | "
                    f"{mean(tally, 'brier')} | {mean(tally, 'brier_guess')} |"
                )
    parts = ["Figures, each number once; the lower score is the better one:\n", *figures]
    if len(before) > n_before:
        parts += ["\nFigures of which one before is known, against persistence:\n", *before]
    parts += ["\nBounds, apart:\n", *bounds]
    return "\n".join(parts) + "\n"


def _rankings(rankings: Sequence[Document]) -> str:
    lines = [
        "Spearman's rank correlation of predicted medians and what was published: 1 is the same "
        "sequence, 0 a random one.\n",
        "| ranking | role | cases | computable | correlation | 90 % interval |",
        "| --- | --- | ---: | ---: | ---: | ---: |",
    ]
    lines += [
        f"| {markdown_text(each['title'])} | {each['role']} | {len(each['cases'])} | "
        f"{each['n_computable']} | {rounded(each['rho'])} | "
        f"{interval(each['low'], each['high'])} |"
        for each in rankings
    ]
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
