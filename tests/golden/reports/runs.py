"""Tiny runs that reports are made of, so that a report has something to say in each of its parts.

In: an empty place. Out: a run folder there, within seconds.

- ``single``: nine days of the chase, with fronts, reactions and complaints, by luck alone.
- ``compared``: three strategies, with draws of all that is not known.
- ``sites``: sites of an inventory through sessions, with draws.
- ``named``: five sites of which hours and money are worked out by hand (``tests/sites.py``), once.
- ``nothing``: the same, and nothing is blocked.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from sim.experiment.executors.serial import SerialExecutor
from sim.experiment.pipeline import carry_out
from sim.experiment.plan import Plan
from sim.experiment.runs import Runs
from sim.scenario.library import find_scenario
from sim.scenario.load import load_scenario
from sim.scenario.overrides import override_text
from sim.scenario.resolve import Resolved, resolve
from sim.scenario.variants import choose_variants
from tests.sites import overrides

ROOT_SEED = 20180416
N_REPLICATES = 2
N_DRAWS = 3
NINE_DAYS = ("population.n_businesses=60", "end=2018-04-25T00:00+03:00")
FOUR_DAYS = ("population.n_businesses=60", "end=2018-04-20T00:00+03:00", "fronts.n_fronts=3")
STRATEGIES = ("covering-prefix", "narrow=aggregate:length=24")
SESSIONS = ("population.n_businesses=40", "population.inventory=inventory.csv")
INVENTORY = (
    "site,address,role,sector,revenue_usd_per_h,visits_per_h,mode,country,n_names",
    "shop.example,104.16.1.1,frontend,,100,60,any,ES,12",
    "shop.example,188.114.97.3,payment,,,,,,",
    "own.example,198.51.100.7,frontend,,40,,,ES,1",
    "far.example,203.0.113.9,,,,,,,",
)


def make_single(folder: Path) -> None:
    """One run of the chase, luck alone."""
    chase = resolve(load_scenario("telegram-2018", NINE_DAYS))
    _carry_out(Plan.of_run(chase, ROOT_SEED, N_REPLICATES), folder)


def make_compared(folder: Path) -> None:
    """Three strategies in the same luck, with draws of all that is not known."""
    chase = resolve(load_scenario("telegram-2018", FOUR_DAYS))
    variants, baseline = choose_variants(chase, STRATEGIES)
    plan = Plan.of_comparison(chase, variants, baseline, (), ROOT_SEED, N_REPLICATES)
    _carry_out(plan.with_draws(N_DRAWS), folder)


def make_sites(folder: Path) -> None:
    """Sites of an inventory through the sessions of a week-end, with draws."""
    place = folder.parent
    (place / "inventory.csv").write_text("\n".join(INVENTORY) + "\n", encoding="utf-8")
    scenario = _copied("match-days", place)
    plan = Plan.of_run(resolve(load_scenario(scenario, SESSIONS)), ROOT_SEED, N_REPLICATES)
    _carry_out(plan.with_draws(N_DRAWS), folder)


def make_named(folder: Path) -> None:
    """Sites with hours and money as worked out by hand, in one replicate."""
    _carry_out(Plan.of_run(_named(folder.parent), ROOT_SEED, 1), folder)


def make_nothing(folder: Path) -> None:
    """The same sites, and a censor that lists nothing."""
    changes = {"strategy": {"id": "none"}, "strategy.orders": None}
    _carry_out(Plan.of_run(_named(folder.parent, **changes), ROOT_SEED, 1), folder)


def _named(place: Path, **changes: object) -> Resolved:
    # Names of tables, as they stand beside the scenario: the same in every place.
    asked = {
        key: Path(value).name if isinstance(value, str) and value.endswith(".csv") else value
        for key, value in overrides(place, **changes).items()
    }
    texts = [override_text(key, value) for key, value in asked.items()]
    return resolve(load_scenario(_copied("telegram-2018-replay", place), texts))


def _copied(name: str, place: Path) -> str:
    """A shipped scenario in a place of its own, where tables of the test stand beside it."""
    return str(shutil.copy(find_scenario(name), place))


def _carry_out(plan: Plan, folder: Path) -> None:
    carry_out(Runs(plan), folder=folder, executor=SerialExecutor())


RUNS: Mapping[str, Callable[[Path], None]] = MappingProxyType(
    {
        "single": make_single,
        "compared": make_compared,
        "sites": make_sites,
        "named": make_named,
        "nothing": make_nothing,
    }
)
"""What makes each run, by its name."""
