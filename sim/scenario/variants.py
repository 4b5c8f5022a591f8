"""One scenario under several strategies: the same world, other orders."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from sim.errors import DataError, Problem, ProblemsError, ScenarioError
from sim.scenario.document import Place, Value, format_path
from sim.scenario.load import LoadedScenario, assume, validate
from sim.scenario.overrides import OFF, override_text, parse_parameters, set_value, take_pack
from sim.scenario.own import own_strategy
from sim.scenario.quantities import check_printable, fields_at, kinds_of
from sim.scenario.resolve import Resolved, checked, read_tables, resolve
from sim.scenario.schema import Scenario
from sim.scenario.strategies import Own
from sim.scenario.tables.column_changes import ColumnChange, with_columns
from sim.scenario.tables.seeds import Table


def change(
    resolved: Resolved, keys: Mapping[str, Value | None], columns: Sequence[ColumnChange] = ()
) -> Resolved:
    """Return the scenario with other values.

    Parameters
    ----------
    keys
        Values by full key path, as ``--set`` would give them; None for ``off``.
    columns
        Changes of table columns, each column once.

    Raises
    ------
    ScenarioError
        With everything that the scenario's keys may not be.
    DataError
        With everything that the tables may not hold, or not hold together.
    """
    if not columns:
        return resolve(_with_keys(resolved, keys), known=resolved) if keys else resolved
    changed = read_tables(_with_keys(resolved, keys), known=resolved) if keys else resolved
    by_table: dict[str, list[ColumnChange]] = {}
    for one in columns:
        by_table.setdefault(one.table, []).append(one)
    tables: dict[str, Any] = {
        column.name: with_columns(table, by_table[table.name])
        for column in fields(changed)
        if isinstance(table := getattr(changed, column.name), Table) and table.name in by_table
    }
    return checked(replace(changed, **tables))


@dataclass(frozen=True)
class Point:
    """How the scenario is changed at one point of a design.

    Attributes
    ----------
    keys
        Scenario keys by full path, with their values.
    columns
        Changes of table columns.
    """

    keys: tuple[tuple[str, Value], ...] = ()
    columns: tuple[ColumnChange, ...] = ()

    def change(self, resolved: Resolved) -> Resolved:
        """Return the scenario at this point.

        Raises
        ------
        ScenarioError, DataError
            With everything that makes it impossible.
        """
        return change(resolved, dict(self.keys), self.columns)

    def is_possible(self, resolved: Resolved) -> bool:
        """Whether the scenario is possible at this point."""
        try:
            self.change(resolved)
        except ProblemsError:
            return False
        return True


def is_whole(key: str) -> bool:
    """Whether a scenario key takes whole numbers only; False where there is no such key."""
    return any(int in kinds_of(field.annotation) for field in fields_at(Scenario, key.split(".")))


def _with_keys(resolved: Resolved, keys: Mapping[str, Value | None]) -> LoadedScenario:
    loaded = resolved.loaded
    document = loaded.document.copied()
    texts = [override_text(key, value) for key, value in keys.items()]
    for (key, value), text in zip(keys.items(), texts, strict=True):
        set_value(document, tuple(key.split(".")), OFF if value is None else value, Place(text))
    take_pack(document)
    assumed = assume(document)
    return replace(
        loaded,
        scenario=validate(document),
        document=document,
        overrides=(*loaded.overrides, *texts),
        assumed=assumed,
    )


MOST_LETTERS = 2_000
MOST_STRATEGIES = 100
_LABELLED = re.compile(r"([^=:]*)=(.*)", re.DOTALL)


@dataclass(frozen=True)
class Variant:
    """A scenario under one strategy.

    Attributes
    ----------
    label
        Names the strategy in tables.
    resolved
        The scenario with that strategy.
    """

    label: str
    resolved: Resolved

    @property
    def description(self) -> dict[str, object]:
        """Label, id and parameters of the strategy, as plain values."""
        tree = self.resolved.scenario.strategy.model_dump(mode="json", exclude_none=True)
        return {"label": self.label, "id": tree.pop("id"), "parameters": tree}


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
    return _Asked(label, Place(label), None if tree == own else dict(tree)).resolve(resolved)


def choose_variants(
    resolved: Resolved, texts: Sequence[str] = (), baseline: str | None = None
) -> tuple[tuple[Variant, ...], str]:
    """Return the strategies to compare, and the label of the baseline, which is one of them.

    Parameters
    ----------
    texts
        Strategies as ``[label=]id[:parameter=value,…]``. The id of the scenario's own strategy
        without parameters stands for that strategy.
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
    asked = [_Asked.of_text(resolved, text) for text in texts]
    baseline = "none" if baseline is None else baseline
    origin = Place(f"--baseline {baseline}")
    if baseline not in [one.label for one in asked]:
        against = _Asked.of_text(resolved, baseline, origin)
        baseline = against.label
        asked = [against, *asked]
    if len(asked) > MOST_STRATEGIES:
        message = f"expected at most {MOST_STRATEGIES} strategies, got {len(asked)}"
        raise ScenarioError([Problem(resolved.loaded.document.file, message)])
    problems = [*_same_labels(asked)]
    variants: list[Variant] = []
    data_problems: list[Problem] = []
    for one in asked:
        try:
            variants.append(one.resolve(resolved))
        except DataError as error:
            data_problems += error.problems
        except ProblemsError as error:
            problems += error.problems
    if problems:
        raise ScenarioError([*problems, *data_problems])
    if data_problems:
        raise DataError(data_problems)
    return tuple(variants), baseline


@dataclass(frozen=True, eq=False)
class _Asked:
    """A strategy as it was written.

    Attributes
    ----------
    tree
        Its id and parameters; None for the scenario's own.
    problems
        What was wrong with the writing.
    copies
        Where the Python file of a strategy of one's own is.
    """

    label: str
    place: Place
    tree: dict[str, Value] | None
    problems: tuple[Problem, ...] = ()
    copies: Mapping[str, Path] = field(default_factory=dict)

    @classmethod
    def of_text(cls, resolved: Resolved, text: str, place: Place | None = None) -> _Asked:
        """Read ``[label=]id[:parameter=value,…]``."""
        shown = text if len(text) <= 200 else f"{text[:200]}…"
        place = place or Place(f"--strategy {shown}")
        label, written = text.strip(), text.strip()
        if match := _LABELLED.fullmatch(written):
            label, written = match[1].strip(), match[2].strip()
        problems = list(_misfits(label, text, place))
        name, colon, rest = written.partition(":")
        name = name.strip()
        if name.endswith(".py"):
            return cls._of_code(label, place, name, rest, tuple(problems))
        if name == resolved.scenario.strategy.id and not colon:
            return cls(label, place, None, tuple(problems))
        values: dict[str, Value] = {}
        if colon and not problems:
            values, problems = parse_parameters(rest, place.file, "id")
        tree: dict[str, Value] = {"id": name, **values}
        return cls(label, place, tree, tuple(problems))

    @classmethod
    def _of_code(
        cls, label: str, place: Place, file: str, rest: str, problems: tuple[Problem, ...]
    ) -> _Asked:
        """Read ``CLASS[,parameter=value,…]`` of a Python file, which may then run."""
        tree, copies = own_strategy(f"{file}:{rest}", place.file)
        if label == f"{file}:{rest}".strip():
            label = rest.strip()
        return cls(label, place, tree, problems, copies)

    def resolve(self, resolved: Resolved) -> Variant:
        """Validate the strategy in its scenario, and read the tables it names."""
        if self.problems:
            raise ScenarioError(self.problems)
        if self.tree is None:
            return Variant(self.label, resolved)
        loaded, own = resolved.loaded, resolved.loaded.document
        places = {path: place for path, place in own.places.items() if path[:1] != ("strategy",)}
        places["strategy",] = self.place
        tree = {**own.tree, "strategy": self.tree}
        if isinstance(notes := own.tree.get("provenance"), dict):
            # What is said of the values of the scenario's own strategy is not said of these.
            others = {key: note for key, note in notes.items() if not key.startswith("strategy.")}
            tree["provenance"] = others
        document = replace(own, tree=tree, places=places)
        try:
            scenario = validate(document)
        except ScenarioError as error:
            # An unknown parameter stands where the strategy does.
            problems = [self.place.problem(one.message, one.key) for one in error.problems]
            raise ScenarioError(problems) from None
        copies = {**loaded.copies, **self.copies}
        variant = replace(loaded, scenario=scenario, document=document, copies=copies)
        return Variant(self.label, resolve(variant, known=resolved))


def _misfits(label: str, text: str, place: Place) -> Iterator[Problem]:
    """Labels that a table or a terminal cannot take."""
    if len(text) > MOST_LETTERS:
        message = f"expected at most {MOST_LETTERS} letters, got {len(text)}"
        yield place.problem(message)
        return
    try:
        check_printable(label)
        if not 0 < len(label) <= MOST_LETTERS:
            raise ValueError("expected a strategy, got nothing")
    except ValueError as error:
        yield place.problem(str(error))


def _same_labels(asked: Sequence[_Asked]) -> Iterator[Problem]:
    seen: set[str] = set()
    for one in asked:
        if one.label in seen:
            message = (
                f"expected each label once, got {format_path((one.label,))} again; name one of "
                "them: label=id"
            )
            yield one.place.problem(message)
        seen.add(one.label)
