"""The page: one HTML file that holds all it shows, asks the network for nothing and has no script.

In: a run folder, a language. Out: one file. Every text from the folder is text in the page, never
markup.
"""

from __future__ import annotations

import base64
import re
from datetime import datetime
from functools import cache
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined, Template, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from sim.catalogue import choices
from sim.errors import UsageError
from sim.files import new_file
from sim.measure import estimates
from sim.measure.estimates import Estimate, Grade, estimate_over, read_shares
from sim.report.figures.outage import picture, read_outage
from sim.report.page import appendix, detail, sites
from sim.report.page.detail import EVER, rounding_of
from sim.report.words import commands, heading, languages, numbers, record, sentences
from sim.report.words.answer import Answer, answer
from sim.report.words.heading import computed_on, has_sites, is_comparison, is_what_if
from sim.report.words.languages import (
    ENGLISH,
    IN_ENGLISH,
    LANGUAGES,
    Language,
    Text,
    day,
    language,
    say,
)
from sim.report.words.numbers import with_range
from sim.report.words.sentences import step_text
from sim.results.folder import RunFolder
from sim.results.integrity import GENERATOR, is_report
from sim.version import __version__

CSS = Path(__file__).parent / "page.css"
FONTS = (
    ("Source Sans 3", 400, "source-sans-3"),
    ("Source Sans 3", 600, "source-sans-3"),
    ("Source Serif 4", 600, "source-serif-4"),
)
"""Family, weight and file of the fonts of the page (Adobe, SIL Open Font License 1.1)."""
LETTERS = {
    "latin": (),
    "latin-ext": ("0100-0130", "0132-0151", "0154-017F", "0218-021B"),
    "cyrillic": ("0400-045F", "0490-0491", "2116"),
}
"""Letters that each file draws, all others where empty; a page brings what it has letters of."""
FEW_SITES = 3
"""Sites of one's own beside which the first screen has room for the picture."""
GRADES = {
    Grade.NEVER_CHECKED: ("never", "○", say("Never checked")),
    Grade.CONTRADICTED: ("contra", "✕", say("Contradicted by the record")),
    Grade.GIVEN: ("given", "□", say("Given")),
}
"""Class, sign and name of each grade."""
MODULES = (
    choices, estimates, commands, heading, languages, numbers, sites, sentences, detail, appendix,
    record,
)  # fmt: skip
"""Modules whose public names the templates use."""


def write_report(run: RunFolder, path: Path, words: Language = IN_ENGLISH) -> int:
    """Write the report of a run or comparison, and return its size in bytes.

    Raises
    ------
    UsageError
        If the file cannot be written, or something else stands there.
    """
    _refuse_other_file(path)
    page = render(run, words, computed_on(run)).encode("utf-8")
    with new_file(path, check=_refuse_other_file) as partial:
        partial.write_bytes(page)
    return len(page)


def _refuse_other_file(path: Path) -> None:
    """Refuse to write over anything but an earlier report."""
    if (path.exists() or path.is_symlink()) and not is_report(path):
        raise UsageError(f"{path}: exists and is not a report; choose another --output")


def language_of(page: bytes) -> Language:
    """Return the language that a report is written in, English where none is stated."""
    found = re.search(rb'<html lang="(\w+)">', page[:200])
    code = found[1].decode() if found else ENGLISH
    return language(code if code in LANGUAGES else ENGLISH)


def render(run: RunFolder, words: Language = IN_ENGLISH, computed: str = "") -> str:
    """Return the report of a run or comparison as HTML.

    Parameters
    ----------
    computed
        Day on which the run was computed; empty where it is not printed.
    """
    found = answer(run)
    # What if is shown beside the sites as they are, and has their detail.
    is_detailed = not is_comparison(run) or is_what_if(run)
    outage = read_outage(run, run.strategies[0]) if is_detailed else None
    step = rounding_of(outage) if outage is not None else 0
    rows = sites.rows_of_sites(run, step) if has_sites(run) and step else []
    pictures: list[Markup] = []
    has_room = not rows or (len(rows) <= FEW_SITES and heading.has_sites_alone(run))
    if outage is not None and has_room and not found.strategies:
        pictures = [Markup(picture(outage, narrow=narrow, words=words)) for narrow in (False, True)]
    page = _template().render(
        words=words,
        run=run,
        outage=outage,
        generator=f"{GENERATOR} {__version__}",
        style=Markup(CSS.read_text(encoding="utf-8")),
        answer=found,
        of_businesses=n_businesses(run),
        computed=day(datetime.fromisoformat(computed)) if computed else "",
        pictures=pictures,
        sites=rows,
        step=step_text(step),
        line_step=step_text(outage.step_s // 60) if outage is not None else "",
        rounding=step,
        grades=GRADES,
        tops=_tops(found),
        place_on_scale=_place_on_scale,
    )
    return page.replace("<style>", f"<style>{_fonts(page)}", 1)


def n_businesses(run: RunFolder) -> Text | str:
    """How many businesses the shares are of; empty where they are sites of one's own."""
    if not run.scenario["population"].get("n_businesses"):
        return ""
    _, whole, _ = read_shares(run, run.strategies[0], EVER)
    n = with_range(estimate_over(whole, "businesses"))
    return say("Shares are of all modelled businesses, each counted once: {n}, an assumption.", n=n)


def _tops(found: Answer) -> list[float]:
    """End of the scale of each column of a comparison; of a run each figure has its own."""
    rows = [row.figures for row in found.strategies] or [found.figures]
    known = (
        [one.found.high for one in column if one.found.is_known]
        for column in zip(*rows, strict=True)
    )
    ends = (max(column, default=0.0) for column in known)
    return [1.05 * end if end > 0 else 1.0 for end in ends]


def _place_on_scale(found: Estimate, top: float) -> tuple[str, str, str]:
    """Begin and width of a range, and place of its median, in percent of a scale."""
    low, median, high = (
        100 * min(max(end, 0.0) / top, 1.0) for end in (found.low, found.median, found.high)
    )
    return f"{low:.1f}", f"{max(high - low, 0.6):.1f}", f"{median:.1f}"


@cache
def _template() -> Template:
    """Compiled, which takes as long as to fill it in."""
    environment = Environment(
        loader=PackageLoader("sim.report", "page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_in_language,
    )
    for module in MODULES:
        names = {name: one for name, one in vars(module).items() if not name.startswith("_")}
        environment.globals.update(names)
    return environment.get_template("page.html.j2")


@pass_context
def _in_language(context: Context, value: object) -> object:
    """Write an expression of the template in the language of the page."""
    words: Language = context["words"]
    return words.write(value) if isinstance(value, Text) else value


def _fonts(page: str) -> str:
    """Fonts with which a page is drawn, as rules of the style sheet."""
    rules, fonts = [], Path(__file__).parent / "fonts"
    for letters, ranges in LETTERS.items():
        own = re.sub(r"[0-9A-F]{4}", lambda found: rf"\u{found[0]}", "".join(ranges))
        if own and not re.search(f"[{own}]", page):
            continue
        only = f"unicode-range:{','.join(f'U+{one}' for one in ranges)};" if own else ""
        for family, weight, name in FONTS:
            file = fonts / f"{name}-{letters}-{weight}-normal.woff2"
            data = base64.b64encode(file.read_bytes()).decode()
            rules.append(
                f'@font-face{{font-family:"{family}";font-weight:{weight};font-display:swap;{only}'
                f"src:url(data:font/woff2;base64,{data})}}\n"
            )
    return "".join(rules)
