"""Functions for notebooks: runs, comparisons, exposure, covers, lists of scenarios and measures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from sim.addresses.cover.tree import LengthLimits
from sim.addresses.feeds.feed import Feed, special_note, without_sinkholes
from sim.addresses.feeds.frames import feed_of_addresses, feed_of_columns
from sim.addresses.sets.intervals import AddressSet
from sim.api.given import Given, OnProgress, checked, resolved_of, shown_progress, texts_of
from sim.api.results import Columns, Results, open_results
from sim.blocklists.covers import Answer, Question, answer
from sim.blocklists.exposure import DEFAULT_TOP, Exposure, assess, shipped_owners
from sim.catalogue.choices import label
from sim.catalogue.measures import MEASURES
from sim.engine.strategies.registry import Strategy
from sim.errors import UsageError
from sim.experiment.executors import choose_executor
from sim.experiment.executors.task import Watch
from sim.experiment.pipeline import carry_out, default_folder
from sim.experiment.plan import Plan, choose_root_seed, plan_comparison
from sim.experiment.runs import Runs
from sim.measure.measures import OwnMeasure


@checked
def run(
    scenario: Given,
    *,
    strategy: Strategy | str | None = None,
    measures: Sequence[OwnMeasure] = (),
    n_simulations: int | None = None,
    kept: str | Path | None = None,
    fixed: bool = False,
    pairs: bool = False,
    root_seed: int | None = None,
    set: Mapping[str, object] | None = None,
    folder: str | Path | None = None,
    force: bool = False,
    n_workers: int | None = 1,
    cluster: str | None = None,
    on_progress: OnProgress | None = None,
) -> Results:
    """Simulate a scenario under one strategy, and write a run folder.

    Parameters
    ----------
    scenario
        The name of a shipped scenario, the path of a file, a mapping of its keys, or a
        ``Scenario``. Where the name of a table is expected, columns by name, records, a frame of
        pandas or polars or a table of Arrow may stand; dates, numbers and paths are taken as they
        are.
    strategy
        A strategy of your own (``overblock.rules.Strategy``), or one as on the command line; that
        of the scenario when None. Its source is kept in the folder: where it is defined in a cell
        of a notebook, the cell imports what it needs.
    measures
        Measures of your own (``overblock.rules.measure``), computed beside the others.
    n_simulations
        Members of the ensemble; 64 when None, 128 for a comparison.
    kept
        A table of kept simulations, or the folder of ``overblock condition``; what is shipped with
        the scenario when None; ``"none"`` for simulations of all declared ranges.
    fixed
        Simulate replicates of the point values in place of an ensemble: as many as the scenario
        says when ``n_simulations`` is None.
    pairs
        Simulate each draw of the uncertain inputs twice, each time with its own chance; the summary
        then has the share of the spread that is chance.
    root_seed
        That of the scenario when None; one is chosen where it has none either.
    set
        Values by key path, such as ``{"population.n_businesses": 600}``; a mapping is merged into
        the section there, and None switches off an optional section.
    folder
        Run folder to write; ``runs/<utc-stamp>-<scenario>-<hash6>`` when None.
    force
        Replace an earlier run there.
    n_workers
        1 for this process, more for as many others, None for one for each processor. A script that
        starts others must guard its entry point (``if __name__ == "__main__":``).
    cluster
        Address of the scheduler of a dask cluster to use instead.
    on_progress
        Called with the number of finished runs, and of all; a count in a notebook when None.

    Raises
    ------
    ScenarioError, DataError
        With the mistakes in the scenario and in its tables, each by the path of its key.
    UsageError
        If the folder is taken or cannot be made.
    PartialError
        If every run failed.
    """
    with resolved_of(scenario, set, strategy, measures) as resolved:
        seed = choose_root_seed(resolved, root_seed)
        plan = Plan.of_run(resolved, seed, resolved.scenario.n_replicates)
        plan = plan.of_size(n_simulations, fixed=fixed, source=kept, pairs=pairs)
        return _carry_out(plan, folder, force, n_workers, cluster, on_progress)


@checked
def compare(
    scenario: Given,
    strategies: Strategy | str | Sequence[Strategy | str] = (),
    *,
    baseline: str | None = None,
    metrics: str | Sequence[str] = (),
    move: Any = (),
    without_provider: str | Sequence[str] = (),
    measures: Sequence[OwnMeasure] = (),
    n_simulations: int | None = None,
    kept: str | Path | None = None,
    fixed: bool = False,
    root_seed: int | None = None,
    set: Mapping[str, object] | None = None,
    folder: str | Path | None = None,
    force: bool = False,
    n_workers: int | None = 1,
    cluster: str | None = None,
    on_progress: OnProgress | None = None,
) -> Results:
    """Compare strategies with the same inputs and the same random numbers, and write a run folder.

    Parameters
    ----------
    strategies
        Each as ``[label=]id[:parameter=value,…]``, or one of your own as for `run`.
    baseline
        Label of the strategy that differences are taken to; ``none`` when None, and added if it is
        not among the strategies.
    metrics
        Metrics compared; all when empty.
    move, without_provider
        In place of strategies: one or more tables with columns ``site`` and ``address`` of your
        sites at other addresses, as files, frames, columns or records, and providers that your
        sites leave for others that are drawn.
    scenario, measures, n_simulations, kept, fixed, root_seed, set
        As for `run`.
    folder, force, n_workers, cluster, on_progress
        As for `run`.

    Raises
    ------
    ScenarioError, DataError, UsageError, PartialError
        As for `run`, with the mistakes in all strategies and metrics.
    """
    with (
        resolved_of(scenario, set, measures=measures) as resolved,
        texts_of(strategies, move) as (texts, moves),
    ):
        seed = choose_root_seed(resolved, root_seed)
        without = [without_provider] if isinstance(without_provider, str) else [*without_provider]
        metrics = [metrics] if isinstance(metrics, str) else metrics
        plan = plan_comparison(
            resolved, texts, baseline, metrics, seed, moves=moves, without=without
        )
        plan = plan.of_size(n_simulations, fixed=fixed, source=kept)
        return _carry_out(plan, folder, force, n_workers, cluster, on_progress)


def _carry_out(
    plan: Plan,
    folder: str | Path | None,
    force: bool,
    n_workers: int | None,
    cluster: str | None,
    on_progress: OnProgress | None,
) -> Results:
    if n_workers == 0:
        raise UsageError("n_workers: expected at least one, got 0")
    with shown_progress(on_progress) as update:
        result = carry_out(
            Runs(plan),
            folder=Path(folder) if folder is not None else default_folder(plan),
            force=force,
            executor=choose_executor(n_workers, cluster),
            watch=Watch(update),
        )
    return open_results(result.folder)


@checked
def exposure(
    blocklist: Any,
    inventory: Any = None,
    attribute: Any = None,
    *,
    by: str | Sequence[str] = (),
    against: Any = None,
    own: Any = None,
    explain: bool = False,
    top: int = DEFAULT_TOP,
    expect_names: bool = False,
) -> Exposure:
    """Return what a blocklist hits, from columns.

    Parameters
    ----------
    blocklist : shape (n_rules,)
        Prefixes, addresses or ``first-last`` ranges as text, or IPv4 addresses as integers; a frame
        or records with such a column, too.
    inventory
        Columns of equal length by name, a frame of pandas or polars, a table of Arrow, a relation
        of DuckDB, or records: ``address`` (or ``prefix``) as for ``blocklist``, and any of ``name,
        provider, region, service, country, sector, asn, n_names, revenue_usd_per_h``.
        Empty text and NaN are not known.
    attribute
        Columns of equal length: ``prefix``, and any of ``provider, region, service, country,
        asn``.
    by
        Columns to break down by; ``provider+region`` for combinations.
    against : shape (n_rules_before,)
        A blocklist to compare with.
    own : shape (n,)
        The target's own addresses.
    explain
        Find the rule that hits each host.
    top
        How many businesses, hosts and rules to name.
    expect_names
        Expect names on the listed addresses of the providers of ``attribute``, or of the shipped
        table where there is none.

    Raises
    ------
    DataError
        With every value that cannot be read, row by row.
    UsageError
        If ``by`` names no column.

    Examples
    --------
    >>> import overblock
    >>> found = overblock.exposure(["198.51.100.0/24"], {"address": ["198.51.100.7", "192.0.2.1"]})
    >>> found.listed.n_addresses4, found.inventory.host_state.tolist()
    (256, [3, 1])
    """
    owners = None if attribute is None else feed_of_columns(attribute, "attribute")
    hosts = None
    if inventory is not None:
        hosts = without_sinkholes(feed_of_columns(inventory, "inventory"))
    listed = feed_of_addresses(blocklist, "blocklist")
    then = None if against is None else feed_of_addresses(against, "against")
    mine = None if own is None else feed_of_addresses(own, "own")
    found = assess(
        [listed],
        hosts,
        owners,
        by=[by] if isinstance(by, str) else by,
        before=None if then is None else ("against", then.to_set()),
        own=None if mine is None else mine.to_set(),
        explain=explain,
        top=top,
        names_at=(shipped_owners() if owners is None else owners) if expect_names else None,
    )
    notes = _notes_of(blocklist=listed, inventory=hosts, attribute=owners, against=then, own=mine)
    if special := special_note(listed):
        notes.append(f"blocklist: {special}")
    return replace(found, notes=(*found.notes, *notes))


@checked
def cover(
    targets: Any,
    inventory: Any = None,
    *,
    weight: str = "addresses",
    budget: int | None = None,
    frontier: int | None = None,
    protect: Any = None,
    against: Any = None,
    shortest: int = 0,
    longest: int = 32,
    shortest_v6: int = 0,
    longest_v6: int = 128,
) -> Answer:
    """Find the prefixes that block targets at the least collateral; exact for every budget.

    Parameters
    ----------
    targets : shape (n_targets,)
        Prefixes, addresses or ``first-last`` ranges as text, or IPv4 addresses as integers.
    inventory
        Who else is there, as for `exposure`; a frame or columns by name.
    weight
        What collateral is counted in: ``addresses, names, businesses, demand`` or ``usd``.
    budget
        Most rules; those of the order compared with when None, or one for each target prefix, at
        most 1,000.
    frontier
        Most rules of the frontier; the budget when None or less.
    protect : shape (n_protected,)
        Addresses that no rule may touch.
    against : shape (n_rules,)
        A real order to compare with the best covers of as many rules.
    shortest, longest, shortest_v6, longest_v6
        Bits of the prefixes allowed.

    Raises
    ------
    DataError
        With every value that cannot be read, row by row.
    UsageError
        If the unit is not known or the targets cannot be covered so.

    Examples
    --------
    >>> import overblock
    >>> found = overblock.cover(["192.0.2.1", "192.0.2.3"], budget=1)
    >>> int(found.cover.collateral)
    2
    """
    guards = None if protect is None else feed_of_addresses(protect, "protect")
    wanted = feed_of_addresses(targets, "targets")
    hosts = None if inventory is None else feed_of_columns(inventory, "inventory")
    hosts = None if hosts is None else without_sinkholes(hosts)
    order = None if against is None else feed_of_addresses(against, "against")
    limits = LengthLimits(shortest, longest), LengthLimits(shortest_v6, longest_v6)
    guarded = AddressSet.empty() if guards is None else guards.to_set()
    question = Question(weight, guarded, *limits, budget=budget, frontier_to=frontier)
    found = answer(question, wanted, hosts, [] if order is None else [order])
    notes = _notes_of(targets=wanted, inventory=hosts, protect=guards, against=order)
    return replace(found, notes=(*found.notes, *notes))


def _notes_of(**feeds: Feed | None) -> list[str]:
    """Notes of the readers, each with the name of its argument."""
    return [f"{name}: {note}" for name, feed in feeds.items() if feed for note in feed.notes]


def scenarios() -> Columns:
    """Shipped scenarios: ``name`` and ``title``."""
    from sim.scenario.library import scenario_names
    from sim.scenario.load import load_scenario

    return Columns.of_rows(
        [{"name": name, "title": load_scenario(name).scenario.title} for name in scenario_names()],
        ("name", "title"),
    )


def measures() -> Columns:
    """All that is measured: ``name``, ``label``, ``unit`` and ``meaning``."""
    return Columns.of_rows(
        [
            {"name": name, "label": label(name), "unit": one.unit, "meaning": one.what}
            for name, one in MEASURES.items()
        ],
        ("name", "label", "unit", "meaning"),
    )
