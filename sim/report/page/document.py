"""The report: one HTML file that holds everything it shows and asks the network for nothing.

In: a run folder. Out: one file. Every text from the folder is text in the page, never markup, and
the page carries a policy that lets only its own script run.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from sim.catalogue.choices import label
from sim.errors import DataError, Problem, UsageError
from sim.files import new_file
from sim.measure.summary import LEVEL
from sim.report.figures.curves import offset_name
from sim.report.figures.map_frames import map_data
from sim.report.figures.tradeoff import first_harm
from sim.report.page import sources
from sim.report.page import tables as page_tables
from sim.report.page.bands import with_bands
from sim.report.page.charts import Bands, Drawn, as_if_utc_ms, chart_data, read_drawn, worst_moment
from sim.report.page.downloads import downloads, has_file
from sim.report.page.groups import cause_table, worst_table
from sim.report.page.key_figures import key_figures
from sim.report.page.known import known
from sim.report.page.money import money_table, provider_table
from sim.report.page.operators import operator_table
from sim.report.page.picture import LOST, bars_of_comparison, picture_of_run
from sim.report.page.repeat import is_comparison, repeat
from sim.report.page.said import said
from sim.report.page.scripts import own_scripts, own_text, policy, script_json
from sim.report.page.sessions import session_table
from sim.report.page.sites import site_table
from sim.report.page.verdicts import regret_table, verdict_table
from sim.report.page.why import chains, hit_by_provider, orders_in_words, summary_of
from sim.report.words.money import money_sentences
from sim.report.words.numbers import count, percent
from sim.results.contents import GENERATOR, is_report
from sim.results.folder import MANIFEST
from sim.results.read import RunFolder
from sim.results.tables import Row, read_rows, text
from sim.version import __version__


def write_report(run: RunFolder, path: Path) -> int:
    """Write the report of a run or comparison, and return its size in bytes.

    Raises
    ------
    DataError
        If the folder's files cannot be read.
    UsageError
        If the file cannot be written, or something else stands there.
    """
    refuse_other_file(path)
    page = render(run).encode("utf-8")
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


def render(run: RunFolder) -> str:
    """Return the report of a run or comparison as HTML."""
    check_manifest(run)
    drawn = read_drawn(run)
    tradeoff = read_rows(run, "tradeoff.csv") if has_file(run, "tradeoff.csv") else []
    map_ = map_data(run, drawn.listed)
    harmful, moment_s = worst_moment(run, drawn.bands)
    on_record = known(run, drawn.listed)
    data = {
        "start_ms": as_if_utc_ms(run.start),
        "horizon_s": run.horizon_s,
        "charts": chart_data(run, drawn),
        "most_harmful": harmful,
        "moment_s": moment_s,
        "bands": _bands_in_words(run),
        "tradeoff": [_plain(row) for row in first_harm(tradeoff)],
        "tradeoff_axes": _axes(tradeoff),
        "map": map_,
        "source": _source(run),
        "known": on_record,
    }
    script = own_scripts()
    environment = Environment(
        loader=PackageLoader("sim.report", "page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=False,
    )
    return environment.get_template("page.html.j2").render(
        policy=policy([script]),
        generator=f"{GENERATOR} {__version__}",
        style=Markup(own_text("page.css")),
        script=Markup(script),
        data=Markup(script_json(data)),
        map=map_,
        known=on_record,
        map_frame=_frame_of_peak(map_, harmful),
        map_shows=_shown_on(map_),
        **_words(run, tradeoff, harmful),
        **_first_picture(run, drawn.bands),
        **_tables(run, tradeoff),
        **_why(run, drawn, map_, harmful),
    )


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


def _bands_in_words(run: RunFolder) -> dict[str, str]:
    """What the bands of curves hold."""
    level = percent(LEVEL, 2)
    alone = "" if run.n_draws else ", luck alone: what the assumptions may change is in no band"
    return {
        "luck": f"by luck: {level} of {count(run.n_replicates, 'replicate')}{alone}",
        "all": f"with all that is not known: {level} of {count(run.n_draws, 'draw')}",
    }


def _words(run: RunFolder, tradeoff: Sequence[Row], harmful: str) -> dict[str, Any]:
    """Title, sentences and notices.

    Parameters
    ----------
    harmful
        The strategy of which it is said what its measures hang on.
    """
    manifest, scenario = run.manifest, run.scenario
    n = run.n_replicates
    limits = scenario["thresholds"]
    notices = [str(warning) for warning in manifest.get("warnings", [])]
    urgent: list[str] = []
    if manifest["status"] != "complete":
        asked = manifest.get("n_replicates_asked", n)
        failed = manifest.get("failures", [])
        which = f" {count(len(failed), 'run')} failed; the manifest names them." if failed else ""
        urgent.append(f"This result is {manifest['status']}: {n} of {asked} replicates.{which}")
    strategies = run.strategies
    several = is_comparison(run)
    words = said(run, tradeoff, harmful)
    contents = [
        ("answer", "Answer"),
        ("figures", "Strategies" if several else "Key figures"),
        ("why", "Why"),
        ("curves", "Over time"),
        ("map", "Map"),
        *([("money", "Money")] if has_file(run, "money.csv") else []),
        ("sources", "What it rests on"),
        ("repeat", "Repeat it"),
    ]
    return {
        "title": run.title,
        "kicker": "overblock: what a block does to others",
        "description": scenario.get("description", ""),
        "facts": [
            f"{_day(run.start)} to {_day(datetime.fromisoformat(scenario['end']))}",
            f"{len(strategies)} strategies" if several else f"strategy {strategies[0]}",
            count(n, "replicate"),
            f"{count(run.n_draws, 'draw')} of what is not known" if run.n_draws else "luck alone",
            f"root seed {manifest['root_seed']}",
            f"overblock {manifest['tool']['version']}",
            f"result {manifest['result_id'][:12]}",
        ],
        "urgent": urgent,
        "notices": notices,
        "contents": contents,
        "headline": words.headline,
        "answer": words.answer,
        "assumed": _assumed(run),
        "doubt": words.doubt,
        "hangs_on": words.hangs_on,
        "n_draws": run.n_draws,
        "is_comparison": several,
        "baseline": manifest.get("baseline", ""),
        "strategy_names": strategies,
        "n_replicates": count(n, "replicate"),
        "level": percent(LEVEL, 2),
        "offset": offset_name(run.start),
        "thresholds": {name: percent(float(limits[name])) for name in limits},
        "result_id": manifest["result_id"],
        "repeat": repeat(run),
    }


def _source(run: RunFolder) -> str:
    """Where a figure comes from, for one that leaves the page."""
    manifest = run.manifest
    return (
        f"Model: {run.title}; {count(run.n_replicates, 'replicate')}; overblock "
        f"{manifest['tool']['version']}, result {manifest['result_id'][:12]}."
    )


def _first_picture(run: RunFolder, bands: Bands) -> dict[str, Any]:
    """The picture under the headline."""
    if is_comparison(run):
        rows = with_bands(run, read_rows(run, "comparison.csv"))
        named = run.manifest["strategies"]
        return {
            "picture": None,
            "bars": bars_of_comparison(rows, named, str(run.manifest["baseline"])),
        }
    band = bands.get((run.strategies[0], LOST))
    if band is None:
        return {"picture": None, "bars": None}
    picture = picture_of_run(band, run.start, run.horizon_s, run.n_draws)
    return {"picture": picture, "bars": None}


def _assumed(run: RunFolder) -> str:
    """That the number of businesses is no count of real ones, and what being hit means."""
    n = int(run.scenario["population"]["n_businesses"])
    impaired = percent(float(run.scenario["thresholds"]["impaired"]))
    hit = f"A business is hit when more than {impaired} of what its domestic customers try fails."
    if n == 0:
        return hit
    beside = " beside the sites named" if run.scenario["population"].get("inventory") else ""
    return (
        f"{hit} That there are {n:,} of them{beside} is an assumption: quote shares, not numbers."
    )


def _tables(run: RunFolder, tradeoff: Sequence[Row]) -> dict[str, Any]:
    """All tables, and files to download."""
    tables: dict[str, Any] = {
        "assumptions": page_tables.assumption_table(run.manifest.get("assumptions", [])),
        "inputs": sources.input_table(run),
        "sources": sources.source_table(run),
        "published": sources.published_table(run),
        "money": None,
        "money_notes": [],
        "providers": None,
        "sites": site_table(run),
        "tradeoff": page_tables.tradeoff_table(tradeoff) if tradeoff else None,
        "downloads": downloads(run),
        "strategies": None,
        "figures": [],
        "verdicts": None,
        "regrets": None,
    }
    if has_file(run, "money.csv"):
        tables["money"] = money_table(read_rows(run, "money.csv"), run.strategies)
        tables["money_notes"] = money_sentences(run)
    if has_file(run, "providers.csv") and run.scenario.get("reactions"):
        tables["providers"] = provider_table(read_rows(run, "providers.csv"), run.strategies)
    if is_comparison(run):
        baseline = str(run.manifest["baseline"])
        rows = with_bands(run, read_rows(run, "comparison.csv"))
        summary = with_bands(run, read_rows(run, "summary.csv"))
        if run.n_draws:
            tables["verdicts"] = verdict_table(read_rows(run, "verdicts.csv"))
            tables["regrets"] = regret_table(read_rows(run, "regrets.csv"))
        tables["strategies"] = page_tables.strategy_table(summary, run.strategies, baseline)
        tables["measures"] = page_tables.difference_table(rows, baseline)
    else:
        rows = with_bands(run, read_rows(run, "summary.csv"))
        tables["figures"] = key_figures({text(row, "metric"): row for row in rows})
        tables["measures"] = page_tables.summary_table(rows)
    return tables


def _why(run: RunFolder, drawn: Drawn, map_: Mapping[str, Any], harmful: str) -> dict[str, Any]:
    """From orders to businesses: a chain for each cause, and tables by cause, operator, session.

    Parameters
    ----------
    harmful
        The strategy of which the chains are told.
    """
    groups = read_rows(run, "groups.csv") if has_file(run, "groups.csv") else []
    providers, puzzle = hit_by_provider(run, map_, harmful)
    summary = summary_of(read_rows(run, "summary.csv"), harmful)
    return {
        "harmful": harmful,
        "chains": chains(groups, harmful),
        "orders": orders_in_words(summary),
        "puzzle": puzzle.get(harmful, ""),
        "providers_hit": providers,
        "causes": cause_table(groups, run.strategies, harmful),
        "worst": worst_table(groups, run.strategies, harmful),
        "operators": operator_table(run, groups, harmful),
        "sessions": session_table(run, drawn.listed, harmful),
    }


def _frame_of_peak(map_: Mapping[str, Any], strategy: str) -> int:
    """Frame that the page opens on: the one on which most is listed."""
    frames = map_["strategies"][strategy]["frames"]
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


def _axes(tradeoff: Sequence[Row]) -> list[str]:
    if not tradeoff:
        return ["", ""]
    return [
        label(text(tradeoff[0], "efficacy_metric")),
        label(text(tradeoff[0], "collateral_metric")),
    ]


def _day(instant: datetime) -> str:
    return f"{instant.day} {instant:%B %Y}"
