"""The catalogue says what runs measure, what readers see first, and what the page says."""

from dataclasses import replace
from datetime import timedelta
from importlib import import_module

import pytest

from sim.catalogue.choices import (
    COMPARED,
    EFFICACY,
    HEADLINES,
    KEY_FIGURES,
    PRICED,
    RATIOS,
    TARGET_LOST,
    UNPOLLED,
    label,
)
from sim.catalogue.curves import CURVES
from sim.catalogue.measures import MEASURES, Section
from sim.experiment.plan import metrics_of
from sim.experiment.simulation import Simulation, measure_outcome
from sim.measure.money.pricing import N_DRAWS
from sim.scenario.library import scenario_names
from sim.scenario.reactions import Complaints, Users
from sim.scenario.resolve import Resolved
from sim.scenario.schema import Population, Scenario, Target
from sim.streams import Streams
from tests.experiments import resolved_of, simulated
from tools.reference import with_tables


def brief(name: str) -> Resolved:
    """A shipped scenario with three businesses, for an hour."""
    resolved = resolved_of(name, ["population.n_businesses=3"])
    scenario = resolved.scenario
    short = scenario.model_copy(update={"end": scenario.start + timedelta(hours=1)})
    return replace(resolved, loaded=replace(resolved.loaded, scenario=short))


@pytest.mark.parametrize("name", scenario_names())
def test_a_run_has_exactly_the_measures_and_curves_that_the_catalogue_says(name):
    resolved, streams = brief(name), Streams(1, 0)
    world, outcome = simulated(resolved, streams)
    measures, _ = measure_outcome(resolved, streams, N_DRAWS, world=world, outcome=outcome)
    assert [measure.metric for measure in measures] == list(metrics_of(resolved))
    for measure in measures:
        entry = MEASURES[measure.metric]
        assert (measure.unit, measure.denominator_unit) == (entry.unit, entry.of)
        # Only where it is out of something has it a denominator.
        assert entry.of or measure.denominator != measure.denominator
    assert {series.metric for series in outcome.curves.series} == {
        curve.name
        for curve in CURVES.values()
        if (not curve.needs or resolved.scenario.has(curve.needs))
        and (world.places.line.has_ipv6 or not curve.is_of_ipv6)
    }


def test_the_shipped_scenarios_have_every_measure_between_them():
    found = {metric for name in scenario_names() for metric in metrics_of(brief(name))}
    # No shipped target keeps addresses that it is given.
    found |= set(metrics_of(resolved_of("austria-2022", ["target.addresses=[192.0.2.1]"])))
    # Nor is a shipped scenario one of the user's sites.
    assert found | {*UNPOLLED} == set(MEASURES)


def test_nothing_is_simulated_to_learn_names(monkeypatch):
    def refuse(*arguments: object) -> None:
        raise AssertionError("simulated")

    monkeypatch.setattr(Simulation, "begin", refuse)
    monkeypatch.setattr("sim.engine.run.simulate", refuse)
    assert len(metrics_of(brief("telegram-2018"))) > 40


@pytest.mark.parametrize("entry", [*MEASURES.values(), *CURVES.values()], ids=lambda one: one.name)
def test_an_entry_needs_a_section_of_a_scenario(entry):
    sections = {
        "users": Users,
        "complaints": Complaints,
        "target": Target,
        "population": Population,
    }
    for needed in entry.needs.split(" or "):
        section, _, key = needed.partition(".")
        assert not section or section in Scenario.model_fields
        assert not key or key in sections[section].model_fields


@pytest.mark.parametrize("name", MEASURES)
def test_a_formula_stands_where_the_catalogue_says(name):
    module, _, function = f"sim.measure.{MEASURES[name].formula}".rpartition(".")
    found = getattr(import_module(module), function)
    assert callable(found)
    assert found.__module__ == module


def test_every_measure_has_a_unit_and_a_meaning_and_no_name_stands_twice():
    for entry in MEASURES.values():
        assert entry.unit, entry.name
        assert entry.what, entry.name
    labels = [label(name) for name in MEASURES]
    assert len(labels) == len(set(labels))


def test_money_is_what_is_priced_and_ratios_divide_measures():
    assert [name for name in MEASURES if "usd" in name and name not in RATIOS] == list(PRICED)
    for name, ratio in RATIOS.items():
        assert ratio.section is Section.RATIOS
        assert {ratio.above, ratio.below} < set(MEASURES)
        # A ratio is there where both its parts are.
        assert {MEASURES[part].needs for part in (ratio.above, ratio.below)} <= {"", ratio.needs}
        assert ratio.per == (1e6 if "_per_million_" in name else 1)


def test_headlines_are_key_figures_and_compared():
    assert len(HEADLINES) == 6
    assert set(HEADLINES) < set(KEY_FIGURES)
    assert set(HEADLINES) < set(COMPARED)
    # What a reader is shown first is decided here and nowhere else.
    assert {*KEY_FIGURES} - {*HEADLINES} == {
        "demand_lost_share",
        "collateral_per_million_user_hours_denied",
        "names_hit_per_million_user_hours_denied",
        "private_loss_usd_per_user_hour_denied",
        "net_social_loss_usd",
    }
    assert {*COMPARED} - {*HEADLINES} == {
        "demand_lost_share",
        "target_addresses_lost_share",
    }
    # What was lost in all stands behind the part of it that was denied.
    at = KEY_FIGURES.index(EFFICACY)
    assert KEY_FIGURES[at + 1] == TARGET_LOST
    assert KEY_FIGURES[-1] == "net_social_loss_usd"


def test_a_label_is_said_aloud_and_any_other_name_is_read_out():
    assert label("business_hours_down") == "business-hours down"
    assert label("moves_proxy") == "moves behind a domestic proxy"
    assert label("provider_gain_usd") == "provider gain"
    assert CURVES["businesses_down"].full_label == "businesses down"
    assert CURVES["demand_lost_share"].full_label == label("demand_lost_share")


def test_the_page_of_measures_is_fresh(repository):
    """Remake it with ``python -m tools.reference``."""
    page = (repository / "docs/reference/measures.md").read_text(encoding="utf-8")
    assert page == with_tables(page)
    for name in (*MEASURES, *CURVES):
        assert f"\n- `{name}`" in page
    assert page.count("<!-- measures: ") == len(Section)
