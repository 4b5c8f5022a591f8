"""How sure an assessment is, and every assumption that it rests on.

In: an assessment, a language. Out: blocks of text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sim.assess.assessment import Assessment
from sim.report.documents.blocks import Block, Heading, Paragraph, Table
from sim.report.words.languages import Language
from sim.report.words.numbers import rounded
from sim.report.words.provenance import plain
from sim.report.words.warnings import changes_in_words


def uncertainty_blocks(found: Assessment, words: Language) -> Iterator[Block]:
    """Say how sure the answers are."""
    manifest = found.run.manifest
    assumptions = manifest.get("assumptions", [])
    text = (
        "Intervals say what other luck might have shown in {n} replicates. They do not say what "
        "other assumptions would show: What these would show is in the {draws} draws that verdicts "
        'and ranges "with all that is not known" rest on, and nowhere else. {assumptions} numbers '
        "or columns rest on assumptions with ranges, all in manifest.json; those with a value of "
        "their own stand in the appendix. How often predictions and publications agree: "
        "docs/explanation/validation.md; what is not modelled: docs/explanation/limitations.md."
        if found.n_draws
        else "Intervals say what other luck might have shown in {n} replicates. They do not say "
        "what other assumptions would show: no draw of them was made, so that no verdict is "
        "settled. {assumptions} numbers or columns rest on assumptions with ranges, all in "
        "manifest.json; those with a value of their own stand in the appendix. How often "
        "predictions and publications agree: docs/explanation/validation.md; what is not modelled: "
        "docs/explanation/limitations.md."
    )
    yield Paragraph(
        words.say(
            text,
            n=str(found.n_replicates),
            draws=words.digits(f"{found.n_draws:,}"),
            assumptions=str(len(assumptions)),
        )
    )
    if changed := changes_in_words(found.run, words):
        yield Paragraph(changed, lead=words.say("Warning:"))
    for warning in manifest.get("warnings", []):
        yield Paragraph(str(warning), lead=words.say("Warning:"), is_english=True)


def appendix_blocks(found: Assessment, words: Language) -> Iterator[Block]:
    """List every assumption, with its value and range."""
    keys = [one for one in found.run.manifest.get("assumptions", []) if "value" in one]
    if keys:
        yield Heading(
            words.say("Appendix: assumptions with a value of their own"), is_appendix=True
        )
        yield Table(
            [words.say("assumption"), *map(words.say, ("value", "range", "unit"))],
            [
                [
                    str(one["key"]),
                    _given(one["value"], words),
                    _stated_range(one.get("range", {}), words),
                    str(one.get("unit", "")),
                ]
                for one in keys
            ],
            (1, 2),
            english=(0, 3),
        )


def _given(value: object, words: Language) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return words.digits(rounded(float(value)))
    return ", ".join(map(plain, value)) if isinstance(value, list) else plain(value)


def _stated_range(given: object, words: Language) -> str:
    if isinstance(given, dict):
        for ends in given.values():
            if isinstance(ends, Sequence) and len(ends) == 2:
                low, high = ends
                if isinstance(low, int | float) and isinstance(high, int | float):
                    return words.say(
                        "{low} to {high}",
                        low=words.digits(rounded(float(low))),
                        high=words.digits(rounded(float(high))),
                    )
    return words.say("not stated")
