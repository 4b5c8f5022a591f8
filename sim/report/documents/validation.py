"""The page of scores, as Markdown: how often predictions and publications agree, and the misses.

All text of cases is escaped, since anybody may have written the case file.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sim.report.words.markdown import markdown_text
from sim.report.words.numbers import exact, interval, rounded, score, width
from sim.scenario.cases import CHECKS

Document = Mapping[str, Any]

TITLE = "Validation: predictions compared with published outcomes"
COMMAND = (
    "overblock backtest --force --format markdown --save docs/explanation/validation.json "
    "--plot docs/figures/backtest.png > docs/explanation/validation.md"
)
ROLES = {
    "held-out": "seen by nobody who made the model",
    "known": "set no parameter; known to those who made the model",
    "evidence": "simulations are kept by it; checks nothing",
    "calibration": "set a parameter or a table; checks nothing",
}
"""Roles of figures, and what they mean."""
BANDS = {"prior": "all declared ranges", "conditioned": "kept simulations"}
"""Names of the ensembles."""
RELATIONS = {
    "equal": "",
    "at_least": "at least ",
    "at_most": "at most ",
    "between": "",
}
AIM_INSIDE = 0.8
"""Share of figures inside intervals that are meant to hold nine of ten."""
AIM_WIDTH = 10.0
"""Upper over lower end of an interval, in the median."""
NO_REASON = "No reason is given."
"""Stands where a file gives none; a test names shipped ones."""


def page(scores: Document, *, figure: str = "") -> str:
    """Write the page.

    Parameters
    ----------
    scores
        As from ``sim.backtest.document``.
    figure
        Path of the figure relative to the page; none is shown when empty.
    """
    parts = [f"# {TITLE}\n", _introduction(scores), _roles(scores), *_figures(scores)]
    parts += [*_bounds(scores), *_shortfalls(scores)]
    parts += _missed(scores)
    if figure:
        alt = "Predicted intervals over the published value of each case, on a logarithmic axis."
        parts.append(f"![{alt}]({figure})\n")
    return "\n".join(parts)


def _introduction(scores: Document) -> str:
    return (
        f"Written by `{COMMAND}` with overblock {scores['version']}: {scores['n_members']} "
        "simulations of each scenario over all declared ranges ([how](ensembles.md)) and, where "
        "simulations are kept by the record, as many of those ([how](conditioning.md)). Nothing is "
        "set by it. [validation.json](validation.json) has each case: what was given, predicted "
        "and published, sources, notes.\n"
    )


def _roles(scores: Document) -> str:
    lines = [
        "| role | meaning | cases | computable | inside | of these, more than bounds |",
        "| --- | --- | ---: | ---: | ---: | ---: |",
    ]
    by_role = {one["role"]: one for one in scores["tallies"] if not one["subject"]}
    for role, meaning in ROLES.items():
        one = by_role.get(role)
        if one is None:
            lines.append(f"| {role} | {meaning} | 0 |  |  |  |")
            continue
        n_figures = one["n_computable"] - one["n_computable_bounds"]
        lines.append(
            f"| {role} | {meaning} | {one['n_cases']} | {one['n_computable']} | {one['n_inside']} |"
            f" {one['n_inside'] - one['n_inside_bounds']} of {n_figures} |"
        )
    lines.append(
        "\nPredicted by kept simulations where a scenario has them. **Inside**: the predicted 90 % "
        "interval and what the publication allows have a number in common. Cases of one scenario "
        "share its assumptions, so that their number is no number of independent trials.\n"
    )
    return "\n".join(lines)


def by_band(scores: Document, counted: str) -> Iterator[tuple[str, str, str, Document]]:
    """Tallies that count something, with their role, subject and ensemble."""
    has_kept = {one["subject"] for one in scores["scores"] if one["band"] == "conditioned"}
    has_kept |= {""} if has_kept else set()
    kept = {(one["role"], one["subject"]): one for one in scores["tallies"]}
    for role in ROLES:
        for prior in (one for one in scores["tallies_prior"] if one["role"] == role):
            subject = prior["subject"]
            bands = {"prior": prior}
            if subject in has_kept:
                bands["conditioned"] = kept[role, subject]
            for name, tally in bands.items():
                if tally[counted]:
                    yield role, subject, name, tally


def _row(role: str, subject: str, band: str, *cells: object) -> str:
    first = role, markdown_text(subject) or "**all**", BANDS[band]
    return f"| {' | '.join(map(str, (*first, *cells)))} |"


def _figures(scores: Document) -> Iterator[str]:
    yield (
        "## Figures\n\n"
        "**CRPS**: continuous ranked probability score of log10, less is better; 0.3 is a sure "
        "prediction that is wrong by a factor of 2. A **guess** is spread evenly on a logarithmic "
        "scale over the range that each case states, for shipped cases three decades around the "
        "figure. Cases that show one number count once. In brackets: 95 % interval over numbers "
        "(BCa). **Width**: upper over lower end of the interval, in the median.\n"
    )
    lines = [
        "| role | predicted by | over | numbers | inside | width | CRPS | of a guess |",
        "| --- | --- | --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for role, subject, band, one in by_band(scores, "n_figures"):
        cells = one["n_figures"], f"{one['coverage']:.0%}", width(one["log10_width"])
        scored = mean(one, "crps"), score(one["crps_guess"])
        lines.append(_row(role, subject, band, *cells, *scored))
    yield "\n".join(lines) + "\n"


def _bounds(scores: Document) -> Iterator[str]:
    rows = [
        _row(
            *(role, subject, band, one["n_bounds"], f"{one['probability']:.2f}"),
            *(mean(one, "brier"), score(one["brier_guess"])),
        )
        for role, subject, band, one in by_band(scores, "n_bounds")
    ]
    if rows:
        yield (
            "## Bounds\n\nA bound is scored by the probability that the prediction gives to its "
            "being kept: Brier score, its squared shortfall.\n"
        )
        head = (
            "| role | predicted by | over | bounds | mean probability | Brier score | of a guess |"
        )
        yield "\n".join([head, "| --- | --- | --- | ---: | ---: | ---: | ---: |", *rows]) + "\n"


def mean(tally: Document, name: str) -> str:
    """A mean score, and the ends of its interval where it has one."""
    ends = tally["intervals"].get(name)
    text = score(tally[name])
    return f"{text} [{score(ends[0])}, {score(ends[1])}]" if ends and text else text


def _shortfalls(scores: Document) -> Iterator[str]:
    """Name each subject whose scores fall short of the aim, and by how much."""
    short = short_of(scores)
    if short:
        yield (
            "## Where scores fall short\n\n"
            f"The aim, for figures that set nothing: {AIM_INSIDE:.0%} inside, a CRPS below "
            f"that of a guess, a width of at most ×{AIM_WIDTH:g}. No range is moved, and no figure "
            "left out, to reach it.\n"
        )
        yield _listed(
            f"{markdown_text(subject)}: {'; '.join(how)}." for subject, how in short.items()
        )


def short_of(scores: Document) -> dict[str, list[str]]:
    """In which ways figures that set nothing fall short, by what predicts them."""
    found: dict[str, list[str]] = {}
    for name, key in (("prior", "tallies_prior"), ("conditioned", "tallies")):
        for tally in scores[key]:
            if tally["role"] in CHECKS and tally["subject"] and tally["n_figures"]:
                for how in _ways(tally):
                    ways = found.setdefault(tally["subject"], [])
                    # Where no simulations are kept both are the same.
                    ways += [] if how in ways else [how if name == "prior" else f"kept: {how}"]
    return found


def _ways(tally: Document) -> Iterator[str]:
    if tally["coverage"] < AIM_INSIDE:
        yield f"{tally['coverage']:.0%} inside"
    if tally["crps_guess"] is not None and tally["crps"] >= tally["crps_guess"]:
        yield f"CRPS {score(tally['crps'])}, of a guess {score(tally['crps_guess'])}"
    if tally["log10_width"] > math.log10(AIM_WIDTH):
        yield f"width {width(tally['log10_width'])}"


def _missed(scores: Document) -> Iterator[str]:
    """Cases outside the interval of an ensemble, and those not computable, a line each."""
    for verdict, head in (("outside", "Missed"), ("not computable", "Not computable")):
        mine = [each for each in scores["scores"] if verdict in verdicts_of(each)]
        if mine:
            yield f"## {head}\n"
            yield _listed(f"{_named(each)} {_reason(why_of(each))}" for each in mine)


def _named(each: Document) -> str:
    """A case by its id, title and role, with what was predicted and published."""
    said = "".join(
        f"{rounded(predicted['median'])} {span(predicted)}{of}, "
        for predicted, of in (
            ((each["prior"] or each)["predicted"], ""),
            (each["predicted"] if each["prior"] else None, " by kept simulations"),
        )
        if predicted
    )
    title = markdown_text(each["title"])
    return f"`{each['id']}` ({each['role']}), {title}: {said}published {published_text(each)}."


def verdicts_of(each: Document) -> set[str]:
    """Verdicts of a case by every ensemble that predicts it."""
    return {each["verdict"], (each["prior"] or each)["verdict"]}


def why_of(each: Document) -> str:
    """Why a case is missed, or not computable."""
    return str(each["why_not"] or each["why_missed"])


def span(predicted: Document) -> str:
    """Interval of a prediction; a calculation without chance has none."""
    if predicted["low"] == predicted["high"] == predicted["median"]:
        return "a point"
    return interval(predicted["low"], predicted["high"])


def published_text(each: Document) -> str:
    """What was published, with its relation, range and rounding, and its unit."""
    published = each["published"]
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


def _reason(why: str) -> str:
    """The first sentence of a reason, which the document has whole."""
    first, _, rest = why.partition(". ")
    return markdown_text(f"{first}." if rest else why) or NO_REASON


def _listed(lines: Iterable[str]) -> str:
    return "".join(f"- {line}\n" for line in lines)
