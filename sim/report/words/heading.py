"""Facts of a folder in words: orders, settings, sources, warnings, names of strategies, money.

In: a run folder. Out: words. They come from the scenario, the manifest and the notes of tables.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from babel import Locale

from sim.catalogue.curves import CURVES
from sim.catalogue.measures import MEASURES, USD
from sim.errors import DataError
from sim.measure.bands import band_at, peak_row, whole_band
from sim.measure.estimates import Estimate, read_group_shares, strategy_of_scenario
from sim.report.words.languages import (
    ENGLISH,
    IN_ENGLISH,
    Language,
    Text,
    capitalised,
    day,
    joined,
    listing,
    period,
    say,
    say_n,
    say_name,
)
from sim.report.words.numbers import percent, whole
from sim.report.words.record import column_source, is_record, names_operators
from sim.results.folder import (
    COMPLETE,
    INTERRUPTED,
    PARTIAL,
    RunFolder,
    count_simulations,
    input_rows,
    later,
    read_object,
)
from sim.results.integrity import TIMING, changed_tables
from sim.results.parquet import read_columns
from sim.scenario.document import parse_document
from sim.scenario.library import shipped
from sim.scenario.overrides import rate_at
from sim.scenario.schema import meaning_of
from sim.scenario.strategies import DECLARED, GivenOrder, GivenOrderRow
from sim.scenario.tables.rows import RateRow, SessionRow
from sim.scenario.variants import MOVE, WITHOUT

WITH_ARTICLE = frozenset(
    ("AE", "BS", "CD", "CF", "DO", "EU", "GB", "GM", "KM", "MH", "MV", "NL", "PH", "SB", "SC", "US")
)
"""Countries that have an article in a sentence."""
STATUS = {INTERRUPTED: say("interrupted"), PARTIAL: say("partial")}
MOST_MODELLED = 0.9
"""Share of listed addresses from which on it needs no words that businesses are modelled there."""
MOST_SETTINGS = 3
"""Settings of a run that are named on the first screen."""


def is_comparison(run: RunFolder) -> bool:
    """Whether a folder holds several strategies."""
    return run.manifest.get("kind") == "comparison"


def is_what_if(run: RunFolder) -> bool:
    """Whether a comparison is one of other addresses of one's own sites."""
    return any("what_if" in one for one in run.manifest.get("strategies", ()))


def has_sites(run: RunFolder) -> bool:
    """Whether a folder holds sites of one's own."""
    return bool(run.scenario["population"].get("inventory"))


def has_sites_alone(run: RunFolder) -> bool:
    """Whether all businesses of a folder are sites of one's own, and none is drawn."""
    return has_sites(run) and not run.scenario["population"].get("n_businesses")


def last_moment(run: RunFolder) -> datetime:
    """Return the last second of a run: of one that ends at midnight, on the day before."""
    return later(run.start, max(run.horizon_s - 1, 0))


def country_name(run: RunFolder) -> Text | None:
    """Name of a run's country as it reads in a sentence; None where it has none."""
    code = str(run.scenario.get("country") or "")
    return Text(lambda words: _country(code, words)) if _country(code, IN_ENGLISH) else None


def _country(code: str, words: Language) -> str:
    said = str(Locale.parse(words.code).territories.get(code, ""))
    return f"the {said}" if words.code == ENGLISH and code in WITH_ARTICLE and said else said


def ordered_days(run: RunFolder) -> Text | None:
    """Days of the orders or sessions that a run was given; None where none has a day."""
    if not is_replayed(run):
        return None
    if sessions := sessions_of(run):
        first, last = sessions[0].start, sessions[-1].end
        days = period(*(at.astimezone(run.start.tzinfo) for at in (first, last)))
        return say("sessions of {days}", days=days)
    found = read_columns(
        run.path / "events.parquet",
        "SELECT min(t_s) AS first, max(t_s) AS last FROM data "
        "WHERE strategy = ? AND kind IN ('block', 'unblock')",
        [strategy_of_scenario(run)],
    )
    first_s, last_s = (int(np.ma.filled(found[end], 0)[0]) for end in ("first", "last"))
    early = _early_orders(run)
    # A list without dates is blocked from the start, which is no day of an order.
    if not last_s and not early:
        return None
    first, last = (later(run.start, at_s) for at_s in (first_s, last_s))
    days = period(min(early, default=first), last if last_s else max(early))
    return say("orders of {days}", days=days)


def _given_orders(run: RunFolder) -> Sequence[GivenOrder | GivenOrderRow]:
    asked = run.scenario.get("strategy") or {}
    # A comparison may leave the scenario's own strategy out.
    if asked.get("id") != "orders" or not strategy_of_scenario(run):
        return []
    rows = [GivenOrder(**one) for one in asked.get("orders") or ()]
    return rows or input_rows(run, "strategy", "table", GivenOrderRow)


def open_line(run: RunFolder) -> Text | str:
    """Write until when orders without an end are in force; empty where all have one."""
    if is_record(run) or all(one.to is not None for one in _given_orders(run)):
        return ""
    return say("Orders without an end are taken to last until {day}.", day=day(last_moment(run)))


def _early_orders(run: RunFolder) -> list[datetime]:
    """When orders were given that are in force as the run starts."""
    return [
        one.from_.astimezone(run.start.tzinfo)
        for one in _given_orders(run)
        if isinstance(one.from_, datetime)
        and one.from_ <= run.start
        and not (isinstance(one.to, datetime) and one.to <= run.start)
    ]


def order_line(run: RunFolder) -> Text:
    """Write who ordered the block, when, and where; of sites also why."""
    country = country_name(run)
    by, purpose = (say_name(str(run.scenario.get(key) or "")) for key in ("ordered_by", "purpose"))
    is_asked = is_replayed(run) or has_sites(run)
    ordered = say("Who ordered it: not stated") if is_asked else ""
    if by:
        disputed = say("Disputed who ordered it: {who}", who=by)
        ordered = disputed if is_disputed(run) else say("Ordered by {who}", who=by)
    why = say("why: to {purpose}", purpose=purpose) if purpose else say("why: not stated")
    where = say("Internet operators in {country}")
    if is_record(run) and not names_operators(run):
        where = say("Internet operators in {country}, which the record does not name")
    parts = (
        ordered,
        # The sentence of other runs begins with it.
        why if has_sites(run) else "",
        ordered_days(run) or "",
        say(where, country=country) if country else "",
    )
    return joined(" · ", parts)


def simulated_line(run: RunFolder) -> Text:
    """Write what time is simulated, or of the record, and by which clock."""
    days = period(run.start, last_moment(run))
    # A list in a case of one's own has no note that says who polled, nor when polls end.
    if is_record(run) and (source := column_source(run, key="table")):
        values = {"source": source, "days": days, "zone": clock_of(run)}
        return say("record by {source} of {days}, {zone}", **values)
    return say("simulated {days}, {zone}", days=days, zone=clock_of(run))


def is_disputed(run: RunFolder) -> bool:
    """Whether a scenario states who ordered the block as an assumption, not as a fact."""
    note = run.scenario.get("provenance", {}).get("ordered_by") or {}
    return note.get("kind") == "assumption"


def clock_of(run: RunFolder) -> str:
    """The offset of a run's times, or the zone where clocks change in it: at most twice a year."""
    weeks = range(0, run.horizon_s, 28 * 86400)
    offsets = {later(run.start, at_s).isoformat()[-6:] for at_s in (*weeks, run.horizon_s)}
    return str(run.start.tzinfo) if len(offsets) > 1 else f"UTC{offsets.pop()}"


def read_mechanisms(run: RunFolder, strategy: str) -> list[str]:
    """How operators enforce the entries of a strategy, exemptions left out."""
    found = read_columns(
        run.path / "events.parquet",
        # A name has no row among the entries.
        "SELECT DISTINCT coalesce(mechanism, 'name') AS mechanism FROM data LEFT JOIN (SELECT "
        "DISTINCT strategy, replicate, entry, mechanism FROM entries) AS listed USING (strategy, "
        "replicate, entry) WHERE strategy = ? AND kind = 'block' ORDER BY 1",
        [strategy],
        others={"entries": run.path / "entries.parquet"},
    )
    return [str(one) for one in found["mechanism"].tolist() if one != "exempt"]


OF_SITES = ("population.inventory", "population.n_businesses")


def settings_line(run: RunFolder) -> str:
    """Settings of the run on the command line; empty where there are none."""
    overrides = map(str, run.manifest["scenario"].get("overrides", ()))
    # Of a key that is set twice the last setting counts.
    asked = {
        key.strip(): value.strip() for key, _, value in (one.partition("=") for one in overrides)
    }
    if asked.keys() >= {*OF_SITES}:  # as --sites sets them, which the page says
        asked = {key: asked[key] for key in asked if key not in OF_SITES}
    if len(asked) > MOST_SETTINGS:
        return say("{n} keys were set for this run; manifest.json names them.", n=str(len(asked)))
    told = "; ".join(f"{key} = {value}" for key, value in asked.items())
    return say("Set for this run: {settings}.", settings=told) if told else ""


@cache
def read_citation() -> Mapping[str, Any]:
    """How the program is to be cited: ``CITATION.cff``."""
    path = shipped("CITATION.cff")
    return parse_document(path.read_bytes(), str(path)).tree


def cite(run: RunFolder) -> str:
    """How to cite a result: who made the program, version, result."""
    return say(
        "{authors}: overblock {version}, result {id}",
        authors=str(", ".join(one["name"] for one in read_citation()["authors"])),
        version=str(run.manifest["tool"]["version"]),
        id=str(run.manifest["result_id"])[:12],
    )


def computed_on(run: RunFolder) -> str:
    """Day on which a folder was computed, as ``2018-04-16``, in UTC; empty where not known."""
    try:
        started = str(read_object(run.path / TIMING).get("started_utc", ""))
        return datetime.fromisoformat(started).date().isoformat()
    except (DataError, ValueError):
        return ""


def tables_of(run: RunFolder) -> list[tuple[str, Text, str]]:
    """Name, title and SHA-256 of each table; what has none is in the manifest, value by value."""
    listed = [
        (str(one["name"]), say_name(str(one["title"] or one["name"])), str(one["sha256"]))
        for one in run.manifest["inputs"]
    ]
    others = {"assumptions": say("Assumed values of scenario keys")}
    others |= {name: say_name(name) for name in stand_ins(run) if name not in others}
    known = {name for name, *_ in listed}
    return listed + [(name, title, "") for name, title in others.items() if name not in known]


def sessions_of(run: RunFolder) -> list[SessionRow]:
    """Sessions of blocking that a run has a part of."""
    end = later(run.start, run.horizon_s)
    rows = input_rows(run, "strategy", "sessions", SessionRow)
    return [row for row in rows if row.start < end and row.end > run.start]


def source_line(run: RunFolder) -> Text:
    """Titles of the tables of what was ordered, of sites, and of what was counted."""
    titles = {
        str(one["name"]): str(one["title"]) or Path(str(one["name"])).name
        for one in run.manifest["inputs"]
    }
    own = dict(run.scenario.get("strategy") or {}) if strategy_of_scenario(run) else {}
    given = own.pop("orders", None)
    # Orders of a scenario's own lines name a table each.
    names = [one.get("addresses") for one in given] if isinstance(given, list) else [given]
    names += own.values()
    orders = [titles[name] for name in names if isinstance(name, str) and name in titles]
    groups = str((run.scenario.get("operators") or {}).get("groups"))
    titles[groups] = Path(groups).name
    known = {str(one["key"]) for one in run.manifest.get("sources", ()) if one["kind"] == "fact"}
    others = (
        run.scenario["population"].get("inventory"),
        groups if Path(groups).suffix and f"{groups}.share_users" in known else "",
        (run.scenario.get("published") or {}).get("totals"),
    )
    told = [say_name(one) for one in orders]
    told += [say_name(titles[name]) for name in others if name in titles]
    if not orders:
        told.insert(0, say("Orders of the scenario") if given else say("Simulated orders"))
    return joined("", (joined("; ", told), "."))


def notices(run: RunFolder) -> Iterator[str]:
    """Warnings before anything is quoted."""
    if changed := changes_in_words(run):
        yield changed
    if (status := str(run.manifest["status"])) != COMPLETE:
        done, asked = count_simulations(run.manifest)
        yield say(
            "This result is {status}: {n} of {asked} simulations.",
            status=STATUS.get(status, status),
            n=whole(done),
            asked=whole(asked),
        )
        names = strategy_names(strategies_of(run))
        if without := [names[label] for label in names if label not in run.strategies]:
            yield say(
                "No simulation is finished under these strategies, so they are not compared: "
                "{strategies}.",
                strategies=listing(without),
            )
        if not done:
            yield say(
                "No simulation is common to all strategies: each number is of its strategy's own."
            )
    if why := (run.manifest.get("ensemble") or {}).get("not_conditioned"):
        yield say("These simulations are not conditioned on the record: {why}.", why=say(str(why)))
    if not run.is_ensemble:
        yield say(
            "Point values: every assumption but prices has one value here, and ranges show chance. "
            "Quote an ensemble instead."
        )
    given = strategy_of_scenario(run) if is_comparison(run) else run.strategies[0]
    if given and not has_sites_alone(run) and not is_simulated(run):
        name = strategy_names(strategies_of(run)).get(given, "")
        for said in _places_without_businesses(run, given):
            yield joined(": ", (capitalised(name), said)) if is_comparison(run) else said


def _places_without_businesses(run: RunFolder, strategy: str) -> Iterator[Text]:
    """How little of a list is at providers with modelled businesses, when most of it is listed."""
    metric = CURVES["addresses_listed"].name
    listed = whole_band(run, metric, strategy)
    if not (most := np.nanmax(listed.median)):
        return
    curves, at = run.curves_by(metric, "provider", strategy), listed.t_s[[peak_row(listed)]]
    ever = MEASURES["businesses_ever_impaired"].name
    names = curves.keys() & read_group_shares(run, strategy, "provider", ever)
    share = sum(band_at(curves[name], at).median.item() for name in names) / most
    if share < MOST_MODELLED:
        yield say_n(
            "The model has businesses at {n} provider, which holds {share} of the IPv4 "
            "addresses listed at the peak. Who else is hit is not known.",
            "The model has businesses at {n} providers, which hold {share} of the IPv4 "
            "addresses listed at the peak. Who else is hit is not known.",
            len(names),
            n=whole(len(names)),
            share=percent(share),
        )


def evidence_of(run: RunFolder) -> list[Mapping[str, object]]:
    """Figures of the record that the simulations agree with, as only those that do were kept."""
    is_conditioned = (run.manifest.get("ensemble") or {}).get("is_conditioned", False)
    return list(run.scenario.get("evidence") or ()) if is_conditioned else []


def is_of_evidence(run: RunFolder, metric: str) -> bool:
    """Whether evidence that chose the simulations is read off what a measure measures."""
    starts: list[str] = []
    for one in evidence_of(run):
        starts += [str(one[key]) for key in ("curve", "measure") if one.get(key)]
        starts += ["businesses"] if one.get("businesses") or one.get("first_outage") else []
        starts += ["addresses_listed"] if one.get("listed") else []
    return metric.startswith(tuple(starts))


def is_replayed(run: RunFolder) -> bool:
    """Whether orders or sessions come from a table, so that they are the record's."""
    own = run.scenario.get("strategy") or {}
    return not {"orders", "sessions", "table"}.isdisjoint(own) and bool(strategy_of_scenario(run))


def is_simulated(run: RunFolder) -> bool:
    """Whether the number of addresses is the model's; times of sessions may be the record's."""
    own = run.scenario.get("strategy") or {}
    return {"orders", "table"}.isdisjoint(own) or not is_replayed(run)


_STAND_IN = re.compile(
    # Folders of earlier versions have the second form.
    r"(?:tables of another country or time (?:are used|stand in) for \S+ in [\d to]+"
    r"|the scenario names no country .+ a time other than [\d to]+): (?P<tables>.+)"
)
_NO_HIT = re.compile(
    "hits no modelled business: no customer of one needed an address or a name while it was blocked"
    "(; they are a sample: .*)?"
)
_OWN_TABLES = re.compile(
    r"(?P<file>.+): a run takes from its own tables, and not from the file: (?P<columns>.+)"
)
_NOT_CONDITIONED = "not conditioned on the record"
_TABLE = re.compile(r"(?P<name>\S+) \((?P<of>[^)]*)\)(?:, |$)")


def other_warnings(run: RunFolder) -> list[str]:
    """Warnings of a run that the page does not print elsewhere, each a sentence."""
    names = strategy_names(strategies_of(run))
    told: list[str] = []
    for one in map(str, run.manifest.get("warnings", [])):
        if _STAND_IN.fullmatch(one) or _NOT_CONDITIONED in one:
            continue
        label, _, rest = one.partition(" ")
        # Only a comparison names the strategy, and one may be called as a warning begins.
        if label not in names or not is_comparison(run):
            told.append(_in_words(one))
        elif _NO_HIT.fullmatch(rest):
            told.append(joined(": ", (capitalised(names[label]), _in_words(rest))))
        else:
            told.append(joined("", ("“", names[label], "” ", rest.removesuffix("."), ".")))
    return told


def _in_words(warning: str) -> str:
    """A warning as a sentence of the page, if it is one; else as it is."""
    if _NO_HIT.fullmatch(warning):
        return say(
            "No modelled business was hit: no customer of one needed an address or a name while it "
            "was blocked."
        )
    if found := _OWN_TABLES.fullmatch(warning):
        return say(
            "The run takes {columns} from its own tables, not from {file}.", **found.groupdict()
        )
    if found := re.fullmatch(r"(\S+): (\w+): the comma is read as the decimal mark", warning):
        return say("{file}: a comma in {column} is a decimal mark.", file=found[1], column=found[2])
    return f"{capitalised(warning).removesuffix('.')}."


def changes_in_words(run: RunFolder) -> str:
    """Name the tables that differ from the manifest or are missing; empty where none does."""
    if not (changed := changed_tables(run)):
        return ""
    return say(
        "Files that changed after the run or are missing: {files}. Do not quote this result.",
        files=", ".join(name for name, _ in changed),
    )


def stand_ins(run: RunFolder) -> dict[str, str]:
    """Tables that a warning says to be borrowed, by name, with country and time of each."""
    found = (_STAND_IN.fullmatch(str(one)) for one in run.manifest.get("warnings", []))
    return {
        table["name"]: table["of"]
        for one in found
        if one
        for table in _TABLE.finditer(one["tables"])
    }


def place_and_time(of: str) -> Text:
    """Country and time of a table: ``RU, 2018`` as ``Russia, 2018``."""
    return joined(", ", map(_place_or_time, of.split(", ")))


def _place_or_time(part: str) -> Text:
    if years := re.fullmatch(r"(\d+) to (\d+)", part):
        return say("{first} to {last}", first=years[1], last=years[2])
    return Text(lambda words: str(Locale.parse(words.code).territories.get(part, part)))


def strategy_words(strategy: Mapping[str, Any]) -> str:
    """Describe a strategy from its id and parameters in a manifest, or what if."""
    if (what_if := strategy.get("what_if")) is not None:
        if file := what_if.get(MOVE):
            return say("your sites moved as in {file}", file=str(file).removeprefix(f"{MOVE}:"))
        if provider := what_if.get(WITHOUT):
            return say("your sites without {provider}", provider=str(provider))
        return say("your sites as they are")
    name = str(strategy["id"])
    if name not in DECLARED:
        return str(strategy.get("parameters", {}).get("rule", name))
    told = DECLARED[name].in_words
    parameters = {key: str(value) for key, value in strategy.get("parameters", {}).items()}
    if "{length}" in told and "length" not in parameters:
        told = told.replace("/{length} ", "")
    return say(told, **parameters)


def strategies_of(run: RunFolder) -> list[Mapping[str, Any]]:
    """Label, id and parameters of each strategy of a folder, of a run's only one too."""
    listed = run.manifest.get("strategies")
    if listed:
        return list(listed)
    own = run.scenario.get("strategy") or {}
    parameters = {key: value for key, value in own.items() if key != "id"}
    return [
        {"label": label, "id": own.get("id", label), "parameters": parameters}
        for label in run.strategies
    ]


def is_labelled(strategy: Mapping[str, Any]) -> bool:
    """Whether a user gave the label of a strategy; what one is called else may have these marks."""
    label, given = str(strategy["label"]), strategy.get("parameters", {})
    others = strategy["id"], given.get("rule")
    return "what_if" not in strategy and not {":", "="} & {*label} and label not in others


def strategy_names(strategies: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Names of the strategies of a manifest, by label, which is one if a user gave it."""
    said = {
        str(one["label"]): say_name(one["label"]) if is_labelled(one) else strategy_words(one)
        for one in strategies
    }
    times = Counter(said.values())
    return {
        label: name if times[name] == 1 else say("{name} ({label})", name=name, label=label)
        for label, name in said.items()
    }


MANY = 1_000_000


def input_name(run: RunFolder, key: str) -> Text:
    """Meaning of an uncertain input, from the documentation of its key or column."""
    return say_name(meaning_of(key, run.input_path(key.rpartition(".")[0])))


def rate_of(run: RunFolder) -> RateRow | None:
    """Exchange rate of the dollar in the currency of a folder's scenario, if it has one."""
    currency = (run.scenario.get("money") or {}).get("currency")
    rows = input_rows(run, "money", "rates", RateRow) if currency else ()
    return rate_at(rows, currency, int(str(run.scenario["start"])[:4]))


def in_currency(found: Estimate, rate: RateRow | None) -> Estimate:
    """A sum of dollars in the country's currency; as it is without a rate, or in it already."""
    return found if rate is None or found.unit != USD else found.times(rate.per_usd, rate.currency)


def currency_name(code: str, count: float = MANY) -> Text:
    """Name of a currency as it reads after a number: ``euros``."""
    from babel.numbers import get_currency_name

    return Text(lambda words: str(get_currency_name(code, count, locale=words.code)))
