"""One scenario under several strategies, or with its sites elsewhere: all else is the same."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from sim.errors import DataError, Mistakes, Problem, ScenarioError, UsageError
from sim.scenario.document import Place, Value, format_path, hint
from sim.scenario.load import LoadedScenario, complete, validate
from sim.scenario.overrides import OFF, override_text, parse_parameters, put_value, set_value
from sim.scenario.own import own_strategy
from sim.scenario.quantities import check_printable, describe, fields_at, kinds_of
from sim.scenario.resolve import Resolved, checked, read_tables, resolve
from sim.scenario.schema import Scenario
from sim.scenario.strategies import Own
from sim.scenario.tables.column_changes import ColumnChange, with_columns
from sim.scenario.tables.inventory import (
    NOT_GIVEN,
    OF_SITE,
    Inventory,
    check_sites,
    of_polled_family,
    read_inventory,
)
from sim.scenario.tables.roles import ROLES
from sim.scenario.tables.seeds import Table, table_rows


@dataclass(frozen=True)
class Point:
    """How the scenario is changed at one point of a design."""

    keys: tuple[tuple[str, Value | None], ...] = ()
    """Scenario keys by full path, with values as ``--set`` would give them; None for ``off``."""
    columns: tuple[ColumnChange, ...] = ()
    """Changes of table columns, each column once."""

    def change(self, resolved: Resolved) -> Resolved:
        """Return the scenario at this point.

        Raises
        ------
        ScenarioError
            With everything that the scenario's keys may not be.
        DataError
            With everything that the tables may not hold, or not hold together.
        """
        if self.keys:
            loaded = _with_keys(resolved.loaded, self.keys)
            resolved = (read_tables if self.columns else resolve)(loaded, known=resolved)
        if not self.columns:
            return resolved
        tables: dict[str, Any] = {
            column.name: with_columns(table, changes)
            for column in fields(resolved)
            if isinstance(table := getattr(resolved, column.name), Table)
            and (changes := [one for one in self.columns if one.table == table.name])
        }
        return checked(replace(resolved, **tables))


def is_whole(key: str) -> bool:
    """Whether a scenario key takes whole numbers only; False where there is no such key."""
    return any(int in kinds_of(field.annotation) for field in fields_at(Scenario, key.split(".")))


def _with_keys(loaded: LoadedScenario, keys: Sequence[tuple[str, Value | None]]) -> LoadedScenario:
    document = loaded.document.copied()
    texts = [override_text(key, value) for key, value in keys]
    for (key, value), text in zip(keys, texts, strict=True):
        set_value(document, tuple(key.split(".")), OFF if value is None else value, Place(text))
    scenario, assumed = complete(document)
    return replace(
        loaded,
        scenario=scenario,
        document=document,
        overrides=(*loaded.overrides, *texts),
        assumed=assumed,
    )


MOST_LETTERS = 2_000
MOST_STRATEGIES = 100
_LABELLED = re.compile(r"([^=:]*)=(.*)", re.DOTALL)


@dataclass(frozen=True)
class Variant:
    """A scenario under one strategy."""

    label: str
    """Names the strategy in tables."""
    resolved: Resolved
    """The scenario with that strategy."""
    what_if: Mapping[str, str] | None = None
    """Changes to the scenario, as for `what_if`; None where strategies are compared."""

    @property
    def description(self) -> dict[str, object]:
        """Label, id and parameters of the strategy, and what if, as plain values."""
        tree = self.resolved.scenario.strategy.model_dump(mode="json", exclude_none=True)
        asked = {} if self.what_if is None else {"what_if": dict(self.what_if)}
        return {"label": self.label, "id": tree.pop("id"), "parameters": tree, **asked}


def own_variant(resolved: Resolved) -> Variant:
    """Return a scenario under its own strategy, labelled with its id, or its class."""
    strategy = resolved.scenario.strategy
    return Variant(strategy.rule if isinstance(strategy, Own) else strategy.id, resolved)


def variant_of(resolved: Resolved, label: str, tree: Mapping[str, Value]) -> Variant:
    """Return a scenario under a strategy that is given as plain values: its id and parameters.

    Raises
    ------
    ScenarioError, DataError
        If there is no such strategy, or a table it names is missing or malformed.
    """
    own = resolved.scenario.strategy.model_dump(mode="json", exclude_none=True)
    if tree == own:
        return Variant(label, resolved)
    return _variant_of(resolved, label, Place(label), tree, {})


def choose_variants(
    resolved: Resolved, texts: Sequence[str] = (), baseline: str | None = None
) -> tuple[tuple[Variant, ...], str]:
    """Return the strategies to compare, and the label of the baseline, which is one of them.

    Parameters
    ----------
    texts
        Strategies as ``[label=]id[:parameter=value,…]``. The id of the scenario's own strategy
        without parameters stands for that strategy, and ``orders:FILE`` for a list in force.
    baseline
        Label of one of them, or another strategy in the same form, which is then put first;
        ``none`` when None.

    Raises
    ------
    ScenarioError
        With the mistakes in all of them.
    DataError
        If a table that one of them names is missing or malformed.
    """
    if not texts:
        message = "expected strategies to compare, got none; name them with --strategy"
        raise ScenarioError([Problem(resolved.loaded.document.file, message)])
    asked = [(*split_label(text), Place(f"--strategy {_shown(text)}")) for text in texts]
    # By default it is the world without blocking, not another strategy that is called so.
    labels = [label for label, text, _ in asked if baseline is not None or text == "none"]
    baseline = "none" if baseline is None else baseline
    if baseline not in labels:
        asked.insert(0, (*split_label(baseline), Place(f"--baseline {baseline}")))
        baseline = asked[0][0]
    if len(asked) > MOST_STRATEGIES:
        message = f"expected at most {MOST_STRATEGIES} strategies, got {len(asked)}"
        raise ScenarioError([Problem(resolved.loaded.document.file, message)])
    mistakes = Mistakes(DataError)
    variants: dict[str, Variant] = {}
    for label, written, place in asked:
        with mistakes.of_part():
            if label in variants:
                again = format_path((label,))
                message = f"expected each label once, got {again} again; name one of them: label=id"
                raise ScenarioError([place.problem(message)])
        with mistakes.of_part():
            variants[label] = _read_variant(resolved, label, written, place)
    mistakes.raise_any()
    files: dict[str, str] = {}
    for table in (table for one in variants.values() for table in one.resolved.code):
        if files.setdefault(table.name, table.sha256) != table.sha256:
            message = f"expected Python files of distinct names, got {table.name} twice"
            raise ScenarioError([Problem("--strategy", message)])
    return tuple(variants.values()), baseline


def _shown(text: str) -> str:
    return text if len(text) <= 200 else f"{text[:200]}…"


def split_label(text: str) -> tuple[str, str]:
    """Label and strategy of ``[label=]id[:parameter=value,…]``; a class labels itself."""
    text = text.strip()
    if match := _LABELLED.fullmatch(text):
        return match[1].strip(), match[2].strip()
    return (text.partition(".py:")[2].strip() or text), text


def _read_variant(resolved: Resolved, label: str, written: str, place: Place) -> Variant:
    """Read ``id[:parameter=value,…]``, or the class of a Python file, which may then run."""
    if (n := max(len(label), len(written))) > MOST_LETTERS:
        raise ScenarioError([place.problem(f"expected at most {MOST_LETTERS} letters, got {n}")])
    try:
        check_printable(label)
    except ValueError as error:
        raise ScenarioError([place.problem(str(error))]) from None
    if not label:
        raise ScenarioError([place.problem("expected a strategy, got nothing")])
    name, colon, rest = (part.strip() for part in written.partition(":"))
    if name.endswith(".py"):
        tree, copies = own_strategy(written, place.file)
        return _variant_of(resolved, label, place, tree, copies)
    if name == resolved.scenario.strategy.id and not colon:
        return Variant(label, resolved)
    if name == "orders" and rest and "=" not in rest:
        return _variant_of(
            resolved, label, place, {"id": name, "orders": [{"addresses": rest}]}, {}
        )
    values = parse_parameters(rest, place.file, "id") if colon else {}
    return _variant_of(resolved, label, place, {"id": name, **values}, {})


def _variant_of(
    resolved: Resolved,
    label: str,
    place: Place,
    strategy: Mapping[str, Value],
    copies: Mapping[str, Path],
) -> Variant:
    """Validate a strategy in its scenario, and read the tables it names; its file is in a copy."""
    loaded, document = resolved.loaded, resolved.loaded.document.copied()
    put_value(document, ("strategy",), dict(strategy), place)
    # What the scenario notes on the values of its own strategy is no note on these.
    document.replaced.add(("strategy",))
    try:
        scenario = validate(document)
    except ScenarioError as error:
        # An unknown parameter stands where the strategy does.
        problems = [place.problem(one.message, one.key) for one in error.problems]
        raise ScenarioError(problems) from None
    loaded = loaded.with_code(copies, [one.file for one in scenario.measures or ()])
    variant = replace(loaded, scenario=scenario, document=document)
    return Variant(label, resolve(variant, known=resolved))


AS_IS = "as-is"
"""Label of the scenario as it is, to which differences are taken."""
MOVE, WITHOUT = "move", "without_provider"
"""Keys of what if: a table of moves, or a provider that sites leave; neither as it is."""


def choose_what_ifs(
    resolved: Resolved, moves: Sequence[str | Path], providers: Sequence[str]
) -> tuple[Variant, ...]:
    """Return a scenario as it is, then with each table of moves, then without each provider.

    They differ in the inventory alone. Sites that leave a provider without another address are
    drawn among the others, as any site without an address.

    Raises
    ------
    UsageError
        If the scenario has no sites of one's own, or no such provider to leave.
    DataError
        With the mistakes in a table of moves.
    """
    found = [what_if(replace(own_variant(resolved), label=AS_IS), {})]
    for path in map(Path, moves):
        name = f"move:{path.name}"
        loaded = resolved.loaded.with_code({name: path}, ())
        found.append(what_if(Variant(name, replace(resolved, loaded=loaded)), {MOVE: name}))
    for provider in providers:
        name = _provider_named(resolved, provider)
        found.append(what_if(Variant(f"without:{name}", resolved), {WITHOUT: name}))
    labels = [one.label for one in found]
    if again := [label for label in labels if labels.count(label) > 1]:
        raise UsageError(
            f"expected each what-if once, and files of distinct names, got {again[0]} twice"
        )
    return tuple(found)


def what_if(variant: Variant, asked: Mapping[str, str]) -> Variant:
    """Return a variant with other addresses of its sites.

    Parameters
    ----------
    asked
        Name of a table among the scenario's copies by ``MOVE``, or of a provider by ``WITHOUT``.
    """
    resolved = variant.resolved
    if (inventory := resolved.inventory) is None:
        raise UsageError(
            "--move, --without-provider: expected a scenario with sites of yours "
            "(population.inventory), got none"
        )
    moves = None
    if name := asked.get(MOVE):
        moves = read_inventory(name, resolved.loaded.find_list(name), may_be_empty=True)
        moves = of_polled_family(moves, resolved.scenario, resolved.given, resolved.polled)
        DataError.raise_any([*check_sites(moves, resolved.sectors, resolved.scenario)])
        inventory = _move(inventory, moves)
        # A table of moves may have these as well; they are taken from the inventory alone.
        columns = [one for one in moves.columns if one in OF_SITE or one.startswith("revenue_")]
        if ignored := ", ".join(columns):
            note = f"taken from {inventory.name}, not from this table: {ignored}"
            moves = replace(moves, notes=(*moves.notes, note))
    inventory = replace(inventory, away_from=asked.get(WITHOUT, ""))
    found = checked(replace(resolved, inventory=inventory, moves=moves))
    return replace(variant, resolved=found, what_if=dict(asked))


def _provider_named(resolved: Resolved, text: str) -> str:
    """Name of a provider as the tables have it, if sites can go to another one."""
    rows = (*resolved.cloud_prefixes.rows, *table_rows(resolved.shared_prefixes))
    names = list(dict.fromkeys(row.provider for row in rows))
    found = next((name for name in names if name.casefold() == text.strip().casefold()), None)
    if found is None:
        known = ", ".join(names)
        raise UsageError(
            f"--without-provider: expected one of {known}, got {text!r}{hint(text, names)}"
        )
    if not any(
        row.side == "foreign" and row.weight > 0 and row.provider != found
        for row in resolved.hosting.rows
    ):
        raise UsageError(
            f"--without-provider {found}: expected another foreign provider in "
            f"{resolved.hosting.name}, to which sites can go; got none"
        )
    return found


def _move(inventory: Inventory, moves: Inventory) -> Inventory:
    """An inventory with the components that a table of moves names at its addresses.

    Moved hosts have new draws after all others, so that those that stay keep theirs.
    """
    row_of = {site: row for row, site in enumerate(inventory.site)}
    message = "expected a site of the inventory, got "
    DataError.raise_any(
        [
            moves.problem_of(row, "site", f"{message}{describe(site)}{hint(site, row_of)}")
            for row, site in enumerate(moves.site)
            if site not in row_of
        ]
    )
    site = np.array([row_of[name] for name in moves.site], np.int64)
    n_roles = len(ROLES)
    key = inventory.component_site * n_roles + inventory.component_role
    new = site[moves.component_site] * n_roles + moves.component_role
    emptied = site[moves.emptied // n_roles] * n_roles + moves.emptied % n_roles
    of_host = key[inventory.host_component]
    stays = ~np.isin(of_host, np.append(new, emptied))
    of_moved = new[moves.host_component]
    component, host_component = np.unique(np.append(of_host[stays], of_moved), return_inverse=True)
    order = np.argsort(host_component, kind="stable")
    modes = dict(zip(key.tolist(), inventory.component_mode.tolist(), strict=True))
    given = zip(new.tolist(), moves.component_mode.tolist(), strict=True)
    modes |= {one: mode for one, mode in given if mode != NOT_GIVEN}
    mode = [modes.get(one, NOT_GIVEN) for one in component.tolist()]
    new_draws = inventory.host_draw.size + np.arange(moves.n_rows)
    draw = np.append(inventory.host_draw[stays], new_draws)

    is_ipv6, address4, numbers, n_names, host_line = (
        np.append(getattr(inventory, name)[stays], getattr(moves, name))[order]
        for name in ("is_ipv6", "address4", "numbers", "n_names", "host_line")
    )
    return replace(
        inventory,
        component_site=component // n_roles,
        component_role=component % n_roles,
        component_mode=np.array(mode, np.int64),
        host_component=host_component[order],
        is_ipv6=is_ipv6,
        address4=address4,
        address6=numbers[is_ipv6],
        n_names=n_names,
        host_line=host_line,
        host_draw=draw[order],
    )
