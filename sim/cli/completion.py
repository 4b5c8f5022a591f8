"""What the shell completes: measures, scenarios, strategies and figures that begin so."""

from __future__ import annotations

from sim.catalogue.choices import label
from sim.catalogue.measures import MEASURES


def complete_metric(incomplete: str) -> list[tuple[str, str]]:
    """Measures of the catalogue that begin so, with their labels, for the shell."""
    return [(name, label(name)) for name in MEASURES if name.startswith(incomplete)]


def complete_scenario(incomplete: str) -> list[tuple[str, str]]:
    """Shipped scenarios that begin so; files are completed by the shell itself."""
    from sim.scenario.library import scenario_names

    return [(name, "shipped scenario") for name in scenario_names() if name.startswith(incomplete)]


def complete_strategy(incomplete: str) -> list[tuple[str, str]]:
    """Ids of strategies that begin so, after a label if there is one."""
    from sim.scenario.strategies import DECLARED

    label, equals, begun = incomplete.rpartition("=")
    return [
        (f"{label}{equals}{name}", (kind.__doc__ or "").partition("\n")[0])
        for name, kind in DECLARED.items()
        if ":" not in incomplete and name.startswith(begun)
    ]


def complete_figure(incomplete: str) -> list[tuple[str, str]]:
    """Figures that begin so, with what they show."""
    from sim.report.figures.kinds import FIGURES

    return [(name, kind.shows) for name, kind in FIGURES.items() if name.startswith(incomplete)]
