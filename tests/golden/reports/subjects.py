"""Everything that a report says and draws of the tiny runs, each as lines of text.

In: folders of runs by name. Out: lines by the name of a golden file. It compares nothing.
"""

from __future__ import annotations

import csv
import json
import re
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import MappingProxyType

from sim.assess.assessment import assess
from sim.assess.court_facts import read_court_facts
from sim.backtest.error_rate import error_rates, scores_file, spans_of
from sim.files import hash_of
from sim.measure.bands import whole_band
from sim.report.documents.assessment import title_of, write_assessment
from sim.report.documents.blocks import to_html, to_markdown
from sim.report.documents.court_answers import Asked
from sim.report.documents.courts import write_court
from sim.report.figures import strategies, style
from sim.report.figures.animation import Film
from sim.report.figures.drawing import DEFAULT, Choice, Drawing
from sim.report.figures.figures import caption
from sim.report.figures.kinds import FIGURES
from sim.report.page.document import render
from sim.report.words.languages import ENGLISH, IN_ENGLISH, Language, language
from sim.report.words.plain import strategies_of, strategy_names
from sim.results.read import RunFolder, open_run
from sim.scenario.tables.courts import read_court_questions
from sim.version import __version__
from tests.golden.reports.drawings import drawing_lines, figure_lines, unsaved
from tests.golden.reports.pages import page_lines
from tests.golden.reports.studies import influences, least_collateral, scores

Told = Callable[[RunFolder], list[str]]
MANY_DRAWS = 64
COVERING = Choice(strategy="covering-prefix")
WORDS = ("p", "h1", "h2", "h3", "li", "dt", "dd", "caption", "figcaption", "label", "text")
"""Begin a line of what a page says outside of its tables."""


@cache
def page_of(folder: Path, code: str = ENGLISH) -> str:
    """Page of a run, made once for all that look at it."""
    return render(open_run(folder), language(code))


def export(folder: Path, name: str, choice: Choice = DEFAULT) -> Drawing | Film:
    """A figure of a run as it is exported; who looks at it may move what matplotlib lays out."""
    run = open_run(folder)
    with style.house_style():
        made = FIGURES[name].draw(run, choice)
        drawing = drawing_of(made)
        style.add_caption(drawing.figure, caption(run, choice, drawing.spread))
        drawing.finish()
        with unsaved():
            style.save_figure(drawing.figure, [Path("picture.png"), Path("picture.svg")])
    return made


@cache
def exported(folder: Path, name: str, choice: Choice = DEFAULT) -> Drawing | Film:
    """The same, drawn once for all that ask only for what stays as it is."""
    return export(folder, name, choice)


def drawing_of(made: Drawing | Film) -> Drawing:
    """The figure itself; of a film, as it stands at the frame it was last turned to."""
    return made.drawing if isinstance(made, Film) else made


def page(run: RunFolder, words: Language = IN_ENGLISH) -> list[str]:
    """Lines of the whole page."""
    return page_lines(page_of(run.path, words.code))


def sentences(run: RunFolder, words: Language) -> list[str]:
    """Lines of what the page says outside of its tables, and of what its charts find."""
    return [
        line
        for line in page(run, words)
        if re.split(r"\W", line, maxsplit=1)[0] in WORDS or "finding=" in line
    ]


def results(run: RunFolder) -> list[str]:
    """Lines of the page without its map and what it rests on."""
    lines = page(run)
    rests = next(row for row, line in enumerate(lines) if line.startswith("section[id=sources]"))
    data = next(row for row, line in enumerate(lines) if line.startswith("start_ms"))
    return [*lines[:rests], *(line for line in lines[data:] if not line.startswith("map"))]


def unfinished(run: RunFolder) -> list[str]:
    """Lines in which the page of an interrupted run differs from that of the whole one."""
    failure = {"strategy": run.strategies[0], "replicate": 2, "error": "ValueError"}
    changed = {"status": "interrupted", "n_replicates_asked": 3, "failures": [failure]}
    cut = replace(run, manifest={**run.manifest, **changed})
    whole = set(page(run))
    return [line for line in page_lines(render(cut)) if line not in whole]


def settled(run: RunFolder) -> list[str]:
    """Lines in which the page of a comparison differs where many draws settle what they can."""
    unknown = {"hangs_on_1": "censor.purity", "hangs_on_1_share": "0.5", "share_luck": "0.2"}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "run"
        shutil.copytree(run.path, folder)
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        draws = {**manifest["draws"], "n": MANY_DRAWS}
        changed = manifest | {"n_draws": MANY_DRAWS, "draws": draws}
        _rewrite(folder / "uncertainty.csv", lambda row: unknown)
        _rewrite(folder / "verdicts.csv", _verdict)
        changed["outputs"] = [
            {**one, "sha256": hash_of(folder / one["file"])} for one in manifest["outputs"]
        ]
        (folder / "manifest.json").write_text(json.dumps(changed), encoding="utf-8")
        whole = set(page(run))
        return [line for line in page_lines(render(open_run(folder))) if line not in whole]


def _verdict(row: Mapping[str, str]) -> dict[str, str]:
    """What more draws of the same kind would make of a line of ``verdicts.csv``."""
    n = {"n_draws": str(MANY_DRAWS)}
    for which in ("better", "worse"):
        if float(row[f"share_{which}_bound"]) > 0:
            return n | {"verdict": which, f"share_{which}_bound": "0.96"}
    region = {"region": "censor.purity <= 0.3", "region_says": "not less", "coverage": "0.7"}
    return n | region | {"density": "0.8"}


def _rewrite(path: Path, changes: Callable[[Mapping[str, str]], Mapping[str, str]]) -> None:
    with path.open(encoding="utf-8", newline="") as file:
        rows = [{**row, **changes(row)} for row in csv.DictReader(file)]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def side_by_side(run: RunFolder) -> list[str]:
    """Lines of the figure of strategies whose curves cross: a panel for each."""
    bands = {name: whole_band(run, strategies.METRIC, name) for name in run.strategies}
    looks = strategies.looks_of(run.strategies, strategies.baseline_of(run))
    with style.house_style():
        drawn = strategies.draw_apart(bands, strategy_names(strategies_of(run)), looks, run)
        style.fix_layout(drawn)
        return list(figure_lines(drawn))


def figure(name: str, choice: Choice = DEFAULT, frame: int | None = None) -> Told:
    """What tells a figure as it is exported, of a film one frame."""

    def told(run: RunFolder) -> list[str]:
        made = export(run.path, name, choice)
        with style.house_style():
            if isinstance(made, Film) and frame is not None:
                made.show(frame)
            return drawing_lines(name, drawing_of(made))

    return told


def assessment(run: RunFolder, words: Language = IN_ENGLISH, *, html: bool = False) -> list[str]:
    """Lines of the assessment of a comparison."""
    found = assess(run)
    blocks = write_assessment(found, words)
    if html:
        return page_lines(to_html(blocks, title_of(found, words), words.code))
    return to_markdown(blocks).splitlines()


def court(forum: str, words: Language = IN_ENGLISH) -> Told:
    """What tells the answers to the questions of a court."""

    def told(run: RunFolder) -> list[str]:
        found = assess(run)
        rates = error_rates(str(run.manifest["scenario"]["name"]), spans_of(run))
        rows = [row for row in read_court_questions().rows if row.forum == forum]
        return to_markdown(
            write_court(Asked(found, read_court_facts(found), rates, words), rows)
        ).splitlines()

    return told


SPANISH, RUSSIAN = language("es"), language("ru")
SUBJECTS: Mapping[str, tuple[str, Told]] = MappingProxyType(
    {
        "single/page": ("single", page),
        "single/page-unfinished": ("single", unfinished),
        "single/page-in-russian": ("single", lambda run: sentences(run, RUSSIAN)),
        **{
            f"single/{name}": ("single", figure(name))
            for name, kind in FIGURES.items()
            if not kind.shows_all_strategies and not kind.is_film
        },
        "single/animation": ("single", figure("animation", frame=5)),
        "compared/page": ("compared", page),
        "compared/page-settled": ("compared", settled),
        "compared/strategies-apart": ("compared", side_by_side),
        "compared/page-in-spanish": ("compared", lambda run: sentences(run, SPANISH)),
        **{
            f"compared/{name}": ("compared", figure(name))
            for name, kind in FIGURES.items()
            if kind.shows_all_strategies
        },
        **{
            f"compared/{name}": ("compared", figure(name, COVERING))
            for name in ("addresses", "outages", "layers-by-sector", "reach", "money")
        },
        "compared/assessment": ("compared", assessment),
        "compared/assessment-in-html": ("compared", lambda run: assessment(run, html=True)),
        "compared/assessment-in-spanish": ("compared", lambda run: assessment(run, SPANISH)),
        **{
            f"compared/court-{forum}": ("compared", court(forum))
            for forum in ("barcelona", "canada", "fadpa", "echr")
        },
        "sites/page": ("sites", page),
        **{
            f"sites/{name}": ("sites", figure(name))
            for name in ("addresses", "outages-by-role", "uptake")
        },
        "sites/map": (
            "sites",
            figure("map", Choice(at_s=100_000, replicate=1, zoom=(104 << 24, 8))),
        ),
        "named/page": ("named", results),
        "named/spells": ("named", figure("spells")),
        "named/outages": ("named", figure("outages")),
        "nothing/page": ("nothing", results),
        "nothing/recovery": ("nothing", figure("recovery")),
    }
)
"""What tells each golden file, by its name, with the run that it is told of."""


STUDIES: Mapping[str, Callable[[], list[str]]] = MappingProxyType(
    {
        "studies/influences": influences,
        "studies/least-collateral": least_collateral,
        "studies/scores": scores,
    }
)
"""What tells the golden files that are told of no run."""


def lines_of(name: str, folders: Callable[[str], Path]) -> list[str]:
    """Lines of a golden file, without what differs from version to version and place to place."""
    versions = dict.fromkeys((f" {version}" for version in _versions()), " (version)")
    if name in STUDIES:
        return [_masked(line, versions) for line in STUDIES[name]()]
    run_name, told = SUBJECTS[name]
    folder = folders(run_name)
    run = open_run(folder)
    known = {
        run.manifest["result_id"]: "(result)",
        run.manifest["result_id"][:12]: "(result)",
        f"{folder.parent}/": "",
        **versions,
    }
    return [_masked(line, known).rstrip() for line in told(run)]


def _masked(line: str, known: Mapping[str, str]) -> str:
    for text, instead in known.items():
        line = line.replace(text, instead)
    return line


@cache
def _versions() -> list[str]:
    """The program's version and that of the shipped scores, first what may hold the other."""
    scored = json.loads(scores_file().read_bytes())["version"]
    return sorted({__version__, scored}, key=len, reverse=True)
