"""The report: one HTML file that holds everything it shows and asks the network for nothing.

In: a run folder, a language. Out: one file. Every text from the folder is text in the page, never
markup, and the page carries a policy that lets only its own script run. It is one long file, since
it is the list of what stands on the page.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from sim.catalogue.choices import label
from sim.errors import DataError, Problem, UsageError
from sim.files import new_file
from sim.report.figures.map_frames import map_data
from sim.report.figures.tradeoff import first_harm
from sim.report.page import sources
from sim.report.page import tables as page_tables
from sim.report.page.at_end import still_impaired, still_of_each
from sim.report.page.bands import n_drawn, with_bands
from sim.report.page.by_provider import (
    hit_by_provider,
    stand_ins_in_words,
    unlisted_in_words,
)
from sim.report.page.cells import PageTable, with_groups, with_names
from sim.report.page.cut_off import CutOff, cut_offs
from sim.report.page.downloads import downloads, has_file
from sim.report.page.error_rate import rate_table, rates_in_short, rates_of, told_of_rates
from sim.report.page.first_picture.bars import bars_of_comparison
from sim.report.page.first_picture.curve import LOST, picture_of_run
from sim.report.page.frame import bands_in_words, frame, source_line
from sim.report.page.groups import cause_table, nothing_by, worst_table
from sim.report.page.hangs_on import unknown_in_words
from sim.report.page.head.withheld import quotable
from sim.report.page.key_figures import key_figures
from sim.report.page.money import money_tables, provider_table
from sim.report.page.operators import has_named, has_numbered, operator_table
from sim.report.page.over_time.charts import Drawn, as_if_utc_ms, chart_data, read_drawn
from sim.report.page.over_time.known_days import is_listed_alike, known
from sim.report.page.over_time.panels import Bands
from sim.report.page.over_time.worst_moment import worst_moment
from sim.report.page.published import (
    beside_table,
    published_beside,
    published_table,
    references,
    references_in_words,
    weighing_table,
    weighs_in_words,
)
from sim.report.page.repeat_command import is_comparison
from sim.report.page.scripts import own_scripts, own_text, policy, script_json, texts_of
from sim.report.page.sectors import sector_and_provider_table, sector_table
from sim.report.page.sessions import session_values, sessions_of, windows
from sim.report.page.sites import site_table
from sim.report.page.verdicts import regret_table, verdict_table
from sim.report.page.why import (
    chains,
    drawn_parts,
    orders_in_words,
    summary_of,
    unprotected_in_words,
)
from sim.report.words.languages import ENGLISH, IN_ENGLISH, LANGUAGES, Language, language
from sim.report.words.money import PRIVATE, loss_sentences, money_sentences, rate_of
from sim.report.words.plain import quoted, strategies_of, strategy_names
from sim.results.contents import GENERATOR, is_report
from sim.results.folder import MANIFEST
from sim.results.read import RunFolder
from sim.results.tables import Row, read_rows, text
from sim.version import __version__

_CHOSEN_BY: Mapping[str, str] = MappingProxyType(
    {"verdicts": "Measure", "regrets": "Measure", "measures": "Measure", "tradeoff": "Harm"}
)
"""What the rows of a table are chosen by, where it is not the strategy."""


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
    page = render(run, words).encode("utf-8")
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


def render(run: RunFolder, words: Language = IN_ENGLISH) -> str:
    """Return the report of a run or comparison as HTML."""
    check_manifest(run)
    drawn = read_drawn(run, words)
    tradeoff = read_rows(run, "tradeoff.csv") if has_file(run, "tradeoff.csv") else []
    harmful, moment_s = worst_moment(run, drawn.bands)
    map_ = map_data(run, drawn.listed, moment_s)
    on_record = known(run, drawn.listed, words)
    dropped = cut_offs(run, harmful)
    script = own_scripts()
    rates = rates_of(run)
    names = strategy_names(strategies_of(run), words)
    # First, so that a table with a mistake is told by its line, and not as one that is unreadable.
    tables = _named(_tables(run, tradeoff, harmful, words), names, words)
    data = {
        "start_ms": as_if_utc_ms(run.start),
        "horizon_s": run.horizon_s,
        "charts": chart_data(run, drawn, words),
        "most_harmful": harmful,
        "names": names,
        "moment_s": moment_s,
        "bands": bands_in_words(run, words),
        "tradeoff": [_plain(row) for row in first_harm(tradeoff)],
        "tradeoff_axes": _axes(tradeoff, words),
        "map": map_,
        "source": source_line(run, words),
        "known": on_record,
        "windows": windows(run.horizon_s, sessions_of(drawn.listed[harmful], run.horizon_s)),
        "texts": texts_of(script, words),
    }
    return _template().render(
        say=_markup_sayer(words),
        digits=words.digits,
        policy=policy([script]),
        generator=f"{GENERATOR} {__version__}",
        style=Markup(own_text("page.css")),
        script=Markup(script),
        data=Markup(script_json(data)),
        map=map_,
        known=on_record,
        is_weighed=run.are_draws_weighed,
        rates=rates,
        rates_in_short=rates_in_short(rates, words),
        rates_of_what=told_of_rates(rates, run, words),
        error_rates=rate_table(rates, words),
        map_frame=_first_frame(map_, harmful, moment_s),
        is_listed_alike=is_listed_alike(run, drawn.listed),
        map_shows=_shown_on(map_),
        **frame(run, tradeoff, harmful, words, dropped),
        **_first_picture(run, drawn.bands, words),
        **tables,
        **_named(_why(run, drawn, map_, harmful, words, dropped), names, words),
        strategy_names=names,
        harmful=quoted(names[harmful], words),
        n_replicates_made=run.n_replicates,
        baseline=names.get(str(run.manifest.get("baseline", "")), ""),
        labels="; ".join(
            f"{label_}: {name}" for label_, name in names.items() if f"({label_})" not in name
        ),
    )


@cache
def _template() -> Template:
    """Compiled, which takes as long as to fill it in."""
    environment = Environment(
        loader=PackageLoader("sim.report", "page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=False,
    )
    return environment.get_template("page.html.j2")


def language_of(page: bytes) -> Language:
    """Return the language that a report is written in, English where none is told."""
    found = re.search(rb'<html lang="(\w+)">', page[:200])
    code = found[1].decode() if found else ENGLISH
    return language(code if code in LANGUAGES else ENGLISH)


def _markup_sayer(words: Language) -> Callable[..., Markup]:
    """What says a text in the template: the texts may hold markup, their values are text."""

    def say(text: str, **values: object) -> Markup:
        said = Markup(words.say(text))
        told = {
            name: words.value(value) if type(value) is str else value
            for name, value in values.items()
        }
        return said.format(**told) if values else said

    return say


def check_manifest(run: RunFolder) -> None:
    """Refuse a manifest in which something is missing that the page says.

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


def _first_picture(run: RunFolder, bands: Bands, words: Language) -> dict[str, Any]:
    """The picture under the headline."""
    if is_comparison(run):
        rows = quotable(run, with_bands(run, read_rows(run, "comparison.csv")))
        named = run.manifest["strategies"]
        baseline = str(run.manifest["baseline"])
        return {
            "picture": None,
            "bars": bars_of_comparison(rows, named, baseline, words, still_of_each(run)),
        }
    band = bands.get((run.strategies[0], LOST))
    if band is None:
        return {"picture": None, "bars": None}
    picture = picture_of_run(band, run.start, run.horizon_s, run.n_draws, words)
    return {"picture": picture, "bars": None}


def _tables(
    run: RunFolder, tradeoff: Sequence[Row], harmful: str, words: Language
) -> dict[str, Any]:
    """All tables, and files to download.

    Parameters
    ----------
    harmful
        The strategy on which every choice of one opens.
    """
    names = strategy_names(strategies_of(run), words)

    def called(key: str) -> str:
        return unknown_in_words(run, key, words)

    tables: dict[str, Any] = {
        "assumptions": sources.assumption_table(run.manifest.get("assumptions", []), words, called),
        "inputs": sources.input_table(run, words),
        "sources": sources.source_table(run, words),
        "counts": sources.counts_in_words(run, words),
        "drawn": words.digits(f"{n_drawn(run):,}"),
        "other_years": sources.other_years_in_words(run, words),
        "measured": {text(row, "metric") for row in read_rows(run, "summary.csv")},
        "published": published_table(run, words),
        "weighing": weighing_table(run, words),
        "references": references_in_words(references(run)),
        "money": None,
        "money_all": None,
        "loss": "",
        "money_notes": [],
        "providers": None,
        "sites": site_table(run, words, harmful),
        "tradeoff": None,
        "downloads": downloads(run, words),
        "strategies": None,
        "figures": [],
        "verdicts": None,
        "regrets": None,
    }
    both = with_bands(run, read_rows(run, "summary.csv"))
    if tradeoff:
        tables["tradeoff"] = page_tables.tradeoff_table(tradeoff, words, names, both)
    tables["beside"] = beside_table(run, both, harmful, words)
    tables["beside_weighs"] = weighs_in_words(tables["beside"], words)
    if has_file(run, "money.csv"):
        to_quote = [row for row in both if text(row, "metric") == PRIVATE and run.n_draws]
        tables["money"], tables["money_all"] = money_tables(
            read_rows(run, "money.csv"), run.strategies, words, harmful, to_quote
        )
        tables["loss"] = loss_sentences(run, both, words)
        tables["money_notes"] = money_sentences(run, words)
    if has_file(run, "providers.csv") and run.scenario.get("reactions"):
        tables["providers"] = provider_table(
            read_rows(run, "providers.csv"), run.strategies, words, harmful
        )
    if is_comparison(run):
        baseline = str(run.manifest["baseline"])
        rows = with_bands(run, read_rows(run, "comparison.csv"))
        if run.n_draws:
            tables["verdicts"] = verdict_table(read_rows(run, "verdicts.csv"), words)
            tables["regrets"] = regret_table(read_rows(run, "regrets.csv"), words)
        tables["strategies"] = page_tables.strategy_table(both, names, baseline, words)
        tables["measures"] = page_tables.difference_table(rows, baseline, words, names, called)
    else:
        by_metric = {text(row, "metric"): row for row in both}
        told = published_beside(run, words)
        tables["figures"] = key_figures(by_metric, words, rate_of(run), told, still_impaired(run))
        tables["measures"] = page_tables.summary_table(both, words, called)
    return tables


def _named(values: Mapping[str, Any], names: Mapping[str, str], words: Language) -> dict[str, Any]:
    """Values of the template, with strategies called as people do, also where all are shown."""
    return {
        key: with_groups(with_names(value, names), words.say(_CHOSEN_BY.get(key, "Strategy")))
        # Kinds of sources have a column of their own.
        if isinstance(value, PageTable) and key != "sources"
        else value
        for key, value in values.items()
    }


def _why(
    run: RunFolder,
    drawn: Drawn,
    map_: Mapping[str, Any],
    harmful: str,
    words: Language,
    dropped: Mapping[str, CutOff],
) -> dict[str, Any]:
    """From orders to businesses: a chain for each cause, and tables by cause, operator, session.

    Parameters
    ----------
    harmful
        The strategy of which the chains are told.
    """
    groups = read_rows(run, "groups.csv") if has_file(run, "groups.csv") else []
    providers, puzzles = hit_by_provider(run, map_, harmful, words)
    puzzle = puzzles.get(harmful, "")
    if puzzle and len(run.strategies) > 1:
        # The table beside it may show another strategy.
        name = quoted(strategy_names(strategies_of(run), words)[harmful], words)
        puzzle = f"{words.say('What follows is of {strategy}.', strategy=name)} {puzzle}"
    operators = operator_table(run, groups, harmful, words, dropped)
    rows = read_rows(run, "summary.csv")
    summary = summary_of(with_bands(run, rows), harmful)
    has_draws, several = run.n_draws > 0, run.n_replicates > 1
    told = chains(groups, harmful, words, drawn_parts(run, harmful))
    return {
        "chains": told,
        "nothing_by": nothing_by(groups, harmful, len(told), words),
        "orders": orders_in_words(summary, words, has_draws=has_draws, is_of_several=several),
        "puzzle": puzzle,
        "providers_hit": providers,
        "unlisted": unlisted_in_words(run, map_, words) if providers else "",
        "stand_ins": stand_ins_in_words(run, map_, words) if providers else "",
        "causes": cause_table(groups, run.strategies, harmful, words),
        "worst": worst_table(groups, run.strategies, harmful, words),
        "operators": operators,
        "are_numbered": operators is not None and has_numbered(run),
        "are_named": operators is not None and has_named(run),
        "sectors": sector_table(run, harmful, words),
        "sectors_and_providers": sector_and_provider_table(run, harmful, words),
        **session_values(run, drawn.listed, harmful, words),
        "unprotected": unprotected_in_words(summary, words),
    }


def _first_frame(map_: Mapping[str, Any], strategy: str, moment_s: int) -> int:
    """Frame that the page opens on: that of the moment of the charts.

    Where the replicate of the map has nothing listed then, the one on which most is.
    """
    frames = map_["strategies"][strategy]["frames"]
    at_moment = max((row for row, t_s in enumerate(map_["t"]) if t_s <= moment_s), default=0)
    if frames[at_moment]["n"]:
        return at_moment
    return max(range(len(frames)), key=lambda row: (frames[row]["n"], -row))


def _shown_on(map_: Mapping[str, Any]) -> dict[str, bool]:
    """Which kinds of marks a map has at any time, under any strategy."""
    found = map_["strategies"].values()
    return {
        "listed": any(frame["n"] for one in found for frame in one["frames"]),
        "owner": bool(map_["owner"]["pixel"]),
        "fronts": any(one["fronts"] for one in found),
    }


def _plain(row: Row) -> dict[str, Any]:
    return {
        name: None if isinstance(value, float) and math.isnan(value) else value
        for name, value in row.items()
    }


def _axes(tradeoff: Sequence[Row], words: Language) -> list[str]:
    if not tradeoff:
        return ["", ""]
    return [
        words.name(label(text(tradeoff[0], "efficacy_metric"))),
        words.name(label(text(tradeoff[0], "collateral_metric"))),
    ]
