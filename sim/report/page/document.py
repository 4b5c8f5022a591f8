"""The page: one HTML file that holds all it shows, asks the network for nothing and has no script.

In: a run folder, a language. Out: one file. Every text from the folder is text in the page, never
markup.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined, Template, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from sim.errors import DataError, Problem, UsageError
from sim.files import new_file
from sim.measure.estimates import Estimate, Grade, estimate_over
from sim.measure.sites import read_sites
from sim.report.figures.outage import picture, read_outage
from sim.report.page.appendix import appendix_of
from sim.report.page.grounds import GRADES as GRADE_WORDS
from sim.report.page.grounds import sections_of
from sim.report.page.sections import (
    EVER,
    Bar,
    Strong,
    are_named,
    rounding_of,
    step_before,
    step_text,
)
from sim.report.words.answer import Answer, answer
from sim.report.words.heading import computed_on, has_sites, is_comparison
from sim.report.words.languages import (
    ENGLISH,
    IN_ENGLISH,
    LANGUAGES,
    Language,
    Text,
    capitalised,
    day,
    joined,
    language,
    moment,
    say,
    say_n,
    say_name,
)
from sim.report.words.numbers import (
    as_lower_bound,
    percent,
    range_text,
    value_text,
    whole,
    with_range,
)
from sim.results.folder import MANIFEST, RunFolder, input_rows, later
from sim.results.integrity import GENERATOR, is_report
from sim.results.parquet import numbers, read_columns
from sim.scenario.tables.roles import FRONTEND, ROLES
from sim.scenario.tables.rows import OperatorRow
from sim.version import __version__

POLICY = "default-src 'none'; style-src 'unsafe-inline'; font-src data:; base-uri 'none'"
"""Content security policy: nothing runs and nothing is fetched."""
FONTS = (
    ("Source Sans 3", 400, "source-sans-3", "latin"),
    ("Source Sans 3", 600, "source-sans-3", "latin"),
    ("Source Serif 4", 600, "source-serif-4", "latin"),
    ("Source Sans 3", 400, "source-sans-3", "cyrillic"),
    ("Source Sans 3", 600, "source-sans-3", "cyrillic"),
    ("Source Serif 4", 600, "source-serif-4", "cyrillic"),
)
"""Family, weight, file and letters of the fonts of the page (Adobe, SIL Open Font License 1.1)."""
CYRILLIC = frozenset(("ru",))
"""Languages that are written in it."""
LONG_TITLE, LONG_SENTENCE = 60, 175
"""Letters from which on a title or a sentence is set smaller."""
FEW_SITES = 3
"""Sites of one's own beside which the first screen has room for the picture."""
GRADES = {
    Grade.CHECKED: ("checked", "✓"),
    Grade.NEVER_CHECKED: ("never", "○"),
    Grade.CONTRADICTED: ("contra", "✕"),
    Grade.GIVEN: ("given", "□"),
}
"""Class and sign of each grade."""


def write_report(run: RunFolder, path: Path, words: Language = IN_ENGLISH) -> int:
    """Write the report of a run or comparison, and return its size in bytes.

    Raises
    ------
    DataError
        If the folder's files cannot be read.
    UsageError
        If the file cannot be written, or something else stands there.
    """
    refuse_other_file(path)
    page = render(run, words, computed_on(run)).encode("utf-8")
    with new_file(path, check=refuse_other_file) as partial:
        partial.write_bytes(page)
    return len(page)


def refuse_other_file(path: Path) -> None:
    """Refuse to write over anything but an earlier report.

    Raises
    ------
    UsageError
        If there is something else.
    """
    if (path.exists() or path.is_symlink()) and not is_report(path):
        raise UsageError(f"{path}: exists and is not a report; choose another --output")


def language_of(page: bytes) -> Language:
    """Return the language that a report is written in, English where none is stated."""
    found = re.search(rb'<html lang="(\w+)">', page[:200])
    code = found[1].decode() if found else ENGLISH
    return language(code if code in LANGUAGES else ENGLISH)


def check_manifest(run: RunFolder) -> None:
    """Refuse a manifest that lacks what the page prints.

    Raises
    ------
    DataError
        With every such key.
    """
    needed = ("scenario", *(("baseline",) if is_comparison(run) else ()))
    problems = [
        Problem(str(run.path / MANIFEST), "expected a value, got nothing", key=key)
        for key in needed
        if key not in run.manifest
    ]
    if problems:
        raise DataError(problems)


def render(run: RunFolder, words: Language = IN_ENGLISH, computed: str = "") -> str:
    """Return the report of a run or comparison as HTML.

    Parameters
    ----------
    computed
        Day on which the run was computed; empty where it is not printed.

    Raises
    ------
    DataError
        If the folder's files cannot be read.
    """
    check_manifest(run)
    found = answer(run)
    outage = None if is_comparison(run) else read_outage(run)
    step = rounding_of(outage) if outage is not None else 0
    sites = site_matrix(run, step) if has_sites(run) and step else None
    pictures: tuple[str, ...] = ()
    is_room = sites is None or (len(sites.rows) <= FEW_SITES and sites.are_all)
    if outage is not None and is_room:
        pictures = tuple(picture(run, narrow=narrow, words=words) for narrow in (False, True))
    return _template().render(
        say=say,
        say_n=say_n,
        words=words,
        policy=POLICY,
        generator=f"{GENERATOR} {__version__}",
        style=Markup(_fonts(words.code in CYRILLIC) + _own_text("page.css")),
        answer=found,
        is_long_title=len(words.write(found.title)) > LONG_TITLE,
        is_long=len(words.write(found.whole)) > LONG_SENTENCE,
        cut_off=percent(float(run.scenario["thresholds"]["impaired"])),
        n=whole(run.n_replicates),
        of_businesses=n_businesses(run),
        computed=day(datetime.fromisoformat(computed)) if computed else "",
        is_ensemble=run.is_ensemble,
        idle_row=[*run.strategies, run.idle_strategy].index(run.idle_strategy),
        pictures=[Markup(one) for one in pictures],
        picture_note=outage.note if outage is not None else "",
        sites=sites,
        step=step_text(step),
        percent=percent,
        capitalised=capitalised,
        grades={grade: (*look, GRADE_WORDS[grade]) for grade, look in GRADES.items()},
        tops=_tops(found),
        place_on_scale=_place_on_scale,
        is_bar=lambda cell: isinstance(cell, Bar),
        is_strong=lambda cell: isinstance(cell, Strong),
        detail=list(sections_of(run, found, outage)),
        appendix=list(appendix_of(run)),
    )


def n_businesses(run: RunFolder) -> Text | str:
    """How many businesses the shares are of; empty where they are sites of one's own."""
    found, strategy = run.measures(), run.strategies[0]
    mine = (found.strategy == strategy) & (found.metric == EVER)
    if not run.scenario["population"].get("n_businesses") or not mine.any():
        return ""
    n = with_range(estimate_over(found.denominator[mine], "businesses"))
    return say("Shares are of {n} businesses, an assumption.", n=n)


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
    return environment.get_template("page.html.j2")


@pass_context
def _in_language(context: Context, value: object) -> object:
    """Write an expression of the template in the language of the page."""
    words: Language = context["words"]
    return words.write(value) if isinstance(value, Text) else value


@cache
def _fonts(is_cyrillic: bool) -> str:
    """Fonts as rules of the style sheet."""
    rules = []
    for family, weight, name, letters in FONTS:
        if letters == "cyrillic" and not is_cyrillic:
            continue
        file = Path(__file__).parent / "fonts" / f"{name}-{letters}-{weight}-normal.woff2"
        data = base64.b64encode(file.read_bytes()).decode()
        range_ = "unicode-range:U+0400-045F,U+0490-0491,U+2116;" if letters == "cyrillic" else ""
        rules.append(
            f'@font-face{{font-family:"{family}";font-weight:{weight};font-display:swap;{range_}'
            f"src:url(data:font/woff2;base64,{data})}}\n"
        )
    return "".join(rules)


def _own_text(name: str) -> str:
    """Text of one of the page's own files."""
    return (Path(__file__).parent / name).read_text(encoding="utf-8")


MOST_SITES, MOST_OPERATORS = 12, 9
LEVELS = ((1.0, 4), (0.5, 3), (0.0, 2))
"""Share of simulations from which on a cell has which shade; above nothing the last one."""


@dataclass(frozen=True)
class SiteRow:
    """A site of one's own.

    Attributes
    ----------
    name
        Its name, or its address.
    first
        When it is first cut off, the median of the simulations in which it is; or that it never is.
    n_cut
        Simulations in which it is cut off from some of its customers.
    hours
        For how long, over all simulations.
    is_still
        Whether half of those in which it is cut off end before it is not.
    shares
        Share of simulations in which the users of each operator are cut off from it.
    is_drawn
        Whether the place of its front end is drawn, for want of an address.
    """

    name: str
    first: str
    n_cut: int
    hours: Estimate
    is_still: bool
    shares: tuple[float, ...]
    is_drawn: bool = False

    @property
    def lasts(self) -> Text:
        """Hours, at least so many where the run ends first."""
        return joined("", ("≥" if self.is_still else "", value_text(self._shown)))

    @property
    def range(self) -> str:
        """Range of the hours."""
        return range_text(self._shown)

    @property
    def _shown(self) -> Estimate:
        return as_lower_bound(self.hours) if self.is_still else self.hours

    @property
    def shades(self) -> tuple[int, ...]:
        """Shade of each operator's cell, from 0 to 4."""
        return tuple(
            next((shade for least, shade in LEVELS if share >= least and share > 0), 0)
            for share in self.shares
        )


@dataclass(frozen=True)
class SiteMatrix:
    """The sites that are cut off longest, by operator.

    Attributes
    ----------
    operators
        Names and shares of users of the largest operators.
    rows
        Sites, the longest cut off first.
    n_sites, n_simulations
        All sites, and all simulations.
    n_more
        Sites that are cut off as well and not shown.
    are_all
        Whether there are no other businesses in the simulations.
    are_named
        Whether the table of operators names any of them.
    """

    operators: tuple[tuple[str, float], ...]
    rows: tuple[SiteRow, ...]
    n_sites: int
    n_simulations: int
    n_more: int
    are_all: bool
    are_named: bool


def site_matrix(run: RunFolder, step: int) -> SiteMatrix:
    """Read which sites are cut off at which operators.

    Parameters
    ----------
    step
        Minutes to which times are rounded down.

    Raises
    ------
    DataError
        If the tables of sites cannot be read.
    """
    strategy = run.strategies[0]
    runs = read_sites(run.path, strategy)
    hours, first, last = (
        runs.number[name] for name in ("impaired_h", "first_cut_off_s", "last_cut_off_s")
    )
    n_cut = (hours > 0).sum(axis=0)
    order = sorted(range(len(n_cut)), key=lambda at: (-np.median(hours[:, at]), -n_cut[at]))
    groups = sorted(
        input_rows(run, "operators", "groups", OperatorRow), key=lambda one: -one.share_users
    )[:MOST_OPERATORS]
    cells = _cells(run, strategy)
    rows = []
    for at in order[:MOST_SITES]:
        is_cut = hours[:, at] > 0
        still = is_cut.any() and (last[is_cut, at] >= run.horizon_s).mean() >= 0.5
        begins = np.median(first[is_cut, at]) if is_cut.any() else np.nan
        rows.append(
            SiteRow(
                runs.site[at],
                say("never")
                if np.isnan(begins)
                else moment(step_before(later(run.start, begins), step)),
                int(n_cut[at]),
                estimate_over(hours[:, at], "h"),
                bool(still),
                tuple(cells.get((runs.site[at], one.operator), 0.0) for one in groups),
                ROLES[FRONTEND] in str(runs.text["drawn"][0, at]).split(),
            )
        )
    operators = tuple((say_name(one.label), one.share_users) for one in groups)
    return SiteMatrix(
        operators,
        tuple(rows),
        len(runs.site),
        len(hours),
        int((n_cut > 0).sum()) - int((n_cut[order[:MOST_SITES]] > 0).sum()),
        are_all=not run.scenario["population"].get("n_businesses"),
        are_named=are_named(groups),
    )


def _cells(run: RunFolder, strategy: str) -> dict[tuple[str, str], float]:
    """Share of simulations in which a site is cut off for the users of an operator.

    There is no row where it is not affected.
    """
    found = read_columns(
        run.path / "site_runs.parquet",
        "SELECT site, operator, count(*) / ? AS share FROM data "
        "WHERE strategy = ? AND operator IS NOT NULL AND impaired_h > 0 GROUP BY site, operator",
        [run.n_replicates, strategy],
    )
    pairs = zip(found["site"].tolist(), found["operator"].tolist(), strict=True)
    return dict(zip(pairs, numbers(found["share"]).tolist(), strict=True))
