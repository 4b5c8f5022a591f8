"""A setting of the page: a scenario, strategies, levers, numbers of replicates and draws.

In: JSON that a visitor sent. Out: frozen values within bounds, or every mistake in it. Of files
only the shipped scenarios and the one that was opened are read.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sim.errors import Problem, ScenarioError
from sim.experiment.plan import Plan, choose_root_seed, plan_comparison
from sim.scenario.load import load_scenario
from sim.scenario.resolve import Resolved, resolve

MOST_REPLICATES = 200
MOST_DRAWS = 1024
MOST_STRATEGIES = 12
MOST_SETTINGS = 64
MOST_LETTERS = 400
"""Letters of a strategy or of a value."""
_KEY = re.compile(r"[a-z][a-z0-9_-]*(\.[a-z][a-z0-9_]*)*")
"""A path of a key, or a table and its column."""


@dataclass(frozen=True)
class Source:
    """A scenario that is offered.

    Attributes
    ----------
    name
        Its path, or its name among the shipped ones, as it was given.
    overrides
        ``key.path=value`` that a run which was opened had, and that no lever can hold.
    """

    name: str
    overrides: tuple[str, ...] = ()


@dataclass(frozen=True)
class Setting:
    """One setting of the page.

    Attributes
    ----------
    scenario
        Name of a scenario that the page offers.
    strategies
        Strategies compared, as the command line writes them; the scenario's own alone when empty.
    overrides
        ``key.path=value`` or ``table.column=amount`` each, as of ``--set``.
    n_replicates, n_draws, root_seed
        As of a run.
    """

    scenario: str
    strategies: tuple[str, ...] = ()
    overrides: tuple[str, ...] = ()
    n_replicates: int = 4
    n_draws: int = 0
    root_seed: int | None = None

    @classmethod
    def of_json(cls, given: object, names: Sequence[str]) -> Setting:
        """Read what a page sends.

        Parameters
        ----------
        names
            Scenarios that are offered.

        Raises
        ------
        ScenarioError
            With every mistake.
        """
        reading = _Reading(given if isinstance(given, Mapping) else {})
        if not isinstance(given, Mapping):
            reading.refuse("", f"expected an object, got {type(given).__name__}")
        unknown = sorted(map(str, reading.given.keys() - _KEYS))[:5]
        for name in unknown:
            reading.refuse(name[:60], f"expected one of {', '.join(sorted(_KEYS))}, got this")
        setting = cls(
            reading.text("scenario"),
            reading.texts("strategies", MOST_STRATEGIES),
            tuple(reading.settings()),
            reading.whole("n_replicates", 1, MOST_REPLICATES, 4),
            reading.whole("n_draws", 0, MOST_DRAWS, 0),
            reading.whole("root_seed", 0, 2**63 - 1, 0) if reading.has("root_seed") else None,
        )
        if setting.scenario not in names:
            reading.refuse("scenario", "expected one of the scenarios of the page, got another")
        if reading.problems:
            raise ScenarioError(reading.problems)
        return setting

    def resolved(self, sources: Mapping[str, Source]) -> Resolved:
        """Load the scenario with its settings.

        Parameters
        ----------
        sources
            Each scenario that is offered, by the name that is shown.

        Raises
        ------
        ScenarioError, DataError
            With the mistakes in them.
        """
        source = sources[self.scenario]
        return resolve(load_scenario(source.name, (*source.overrides, *self.overrides)))

    def plan(self, sources: Mapping[str, Source]) -> Plan:
        """Plan what the command line would run for the same words.

        Raises
        ------
        ScenarioError, DataError
            With the mistakes in the scenario, its settings or the strategies.
        """
        resolved = self.resolved(sources)
        root_seed = choose_root_seed(resolved, self.root_seed)
        if self.strategies:
            plan = plan_comparison(
                resolved, self.strategies, None, (), root_seed, self.n_replicates
            )
        else:
            plan = Plan.of_run(resolved, root_seed, self.n_replicates)
        return plan.with_draws_from(None, self.n_draws)


def setting_of(override: str) -> str | None:
    """A ``key.path=number`` of a run as a setting of the page; None for what is no number."""
    key, _, value = override.partition("=")
    try:
        number = float(value)
    except ValueError:
        return None
    is_kept = _KEY.fullmatch(key.strip()) and math.isfinite(number)
    return f"{key.strip()}={int(number) if number.is_integer() else number!r}" if is_kept else None


_KEYS = {"scenario", "strategies", "settings", "n_replicates", "n_draws", "root_seed"}


@dataclass
class _Reading:
    """Parts of an object, each checked; what is wrong is noted."""

    given: Mapping[Any, Any]
    problems: list[Problem] = field(default_factory=list)

    def refuse(self, key: str, message: str) -> None:
        self.problems.append(Problem("page", message, key=key))

    def has(self, key: str) -> bool:
        return self.given.get(key) is not None

    def text(self, key: str) -> str:
        value = self.given.get(key)
        if isinstance(value, str) and _is_line(value):
            return value
        self.refuse(key, f"expected one line of at most {MOST_LETTERS} letters")
        return ""

    def texts(self, key: str, most: int) -> tuple[str, ...]:
        values = self.given.get(key, [])
        is_list = isinstance(values, list) and len(values) <= most
        if is_list and all(isinstance(one, str) and one and _is_line(one) for one in values):
            return tuple(values)
        self.refuse(key, f"expected at most {most} lines of text")
        return ()

    def whole(self, key: str, low: int, high: int, otherwise: int) -> int:
        value = self.given.get(key, otherwise)
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return value
        self.refuse(key, f"expected a whole number from {low} to {high}")
        return low

    def settings(self) -> list[str]:
        values = self.given.get("settings", {})
        if not isinstance(values, Mapping) or len(values) > MOST_SETTINGS:
            self.refuse("settings", f"expected at most {MOST_SETTINGS} values by key")
            return []
        found = []
        for key, value in values.items():
            if not isinstance(key, str) or len(key) > 100 or not _KEY.fullmatch(key):
                self.refuse("settings", "expected key paths such as censor.discovery_lag_h")
            elif isinstance(value, bool) or not isinstance(value, int | float):
                self.refuse(f"settings.{key}", "expected a number")
            elif not math.isfinite(value):
                self.refuse(f"settings.{key}", "expected a finite number")
            else:
                # 3.0 of a page is the 3 of a file: the same text, the same run.
                whole = isinstance(value, float) and value.is_integer()
                found.append(f"{key}={int(value) if whole else value!r}")
        return found


def _is_line(text: str) -> bool:
    return len(text) <= MOST_LETTERS and text.isprintable()
