"""Strategies as users write them: every mistake at once, before anything runs."""

import pytest

from sim.errors import DataError, ScenarioError
from sim.scenario.sources import list_sources
from sim.scenario.variants import choose_variants, variant_of
from tests.experiments import resolved_of


def test_strategies_are_read_with_their_parameters(chase):
    variants, baseline = choose_variants(
        chase,
        [
            "exact",
            "aggregate:length=16",
            "steps = escalate : lengths=[32, 24,16], patience_h=1.5, goal=0.2",
            "time-window:windows=[[2018-04-16T00:00+03:00,2018-04-17T00:00+03:00]]",
        ],
    )
    assert baseline == "none"
    assert [variant.label for variant in variants] == [
        "none", "exact", "aggregate:length=16", "steps",
        "time-window:windows=[[2018-04-16T00:00+03:00,2018-04-17T00:00+03:00]]",
    ]  # fmt: skip
    assert variants[3].description == {
        "label": "steps",
        "id": "escalate",
        "parameters": {"lengths": [32, 24, 16], "patience_h": 1.5, "goal": 0.2},
    }
    # Tables are read once, and nothing but the strategy differs.
    for variant in variants:
        assert variant.resolved.cloud_prefixes is chase.cloud_prefixes
        own = {"strategy": chase.scenario.strategy, "provenance": {}}
        assert variant.resolved.scenario.model_copy(update=own) == chase.scenario.model_copy(
            update=own
        )


def test_a_note_on_the_scenarios_own_strategy_is_not_one_on_another():
    (_, other, own), _ = choose_variants(
        resolved_of("netblocks"), ["other=covering-prefix:purity=0.5", "covering-prefix"]
    )
    kinds = {
        variant.label: {
            source.key: source.is_range_stated for source in list_sources(variant.resolved)
        }["strategy.purity"]
        for variant in (other, own)
    }
    assert kinds == {"other": False, "covering-prefix": True}


def test_the_scenarios_own_strategy_is_named_by_its_id():
    resolved = resolved_of("netblocks")
    variants, baseline = choose_variants(
        resolved, ["covering-prefix", "pure=covering-prefix:purity=1"], "covering-prefix"
    )
    assert baseline == "covering-prefix"
    assert [v.resolved.scenario.strategy.purity for v in variants] == [0.99, 1.0]
    assert variants[0].resolved is resolved


def test_a_baseline_that_is_not_compared_is_added_first(chase):
    variants, baseline = choose_variants(chase, ["exact"], "wide=aggregate:length=8")
    assert [variant.label for variant in variants] == ["wide", "exact"]
    assert baseline == "wide"
    variants, baseline = choose_variants(chase, ["exact", "none"])
    assert [variant.label for variant in variants] == ["exact", "none"]


def test_every_mistake_is_found_at_once(chase):
    with pytest.raises(ScenarioError) as refused:
        choose_variants(
            chase,
            ["exakt", "aggregate:length=99", "aggregate", "exact:length=3", "dns:overmatch=0.1,x",
             "escalate:lengths=[24,32],patience_h=1,goal=0.5", "throttle:length=*a", ""],
            "aggregat:length=8",
        )  # fmt: skip
    said = [str(problem) for problem in refused.value.problems]
    for expected in (
        "--baseline aggregat:length=8: strategy.id: expected one of",
        "--strategy exakt: strategy.id: expected one of",
        "did you mean 'exact'?",
        "--strategy aggregate:length=99: strategy.length: expected a number <= 32, got 99",
        "--strategy aggregate: strategy.length: expected a value, got nothing",
        "--strategy exact:length=3: strategy.length: unknown key",
        "--strategy dns:overmatch=0.1,x: expected parameter=value once for each, got 'x'",
        "expected lengths that fall, got [24, 32]",
        "--strategy throttle:length=*a: length: ",
        "--strategy : expected a strategy, got nothing",
    ):
        assert any(expected in line for line in said), (expected, said)
    assert len(said) == 9


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["exact", "exact"], "expected each label once, got exact again; name one of them: label="),
        (["a=exact", "a=none"], "expected each label once, got a again"),
        (["none=exact"], "expected each label once, got none again"),
        (["a\tb=exact"], "expected one line of printable text"),
        (["exact:" + "x" * 2000], "expected at most 2000 letters, got 2006"),
        ([f"l{n}=exact" for n in range(101)], "expected at most 100 strategies, got 102"),
        ([], "expected strategies to compare, got none; name them with --strategy"),
    ],
)
def test_labels_are_one_each_and_printable(chase, texts, message):
    with pytest.raises(ScenarioError, match=message.replace("[", r"\[")):
        choose_variants(chase, texts)


def test_a_table_that_is_missing_is_named_with_its_strategy(chase):
    with pytest.raises(
        ScenarioError, match=r"--strategy replay:orders=nothing: strategy\.orders: "
    ):
        choose_variants(chase, ["replay:orders=nothing"])
    with pytest.raises(DataError, match="expected a readable table, got an error"):
        choose_variants(chase, ["replay:orders=no-such.csv", "exact"])


def test_a_variant_is_made_again_from_its_description(chase):
    for text in ("escalate:lengths=[32,24],patience_h=1.5,goal=0.2", "covering-prefix", "exact"):
        (_, variant), _ = choose_variants(chase, [text])
        tree = {"id": variant.description["id"], **variant.description["parameters"]}
        again = variant_of(chase, text, tree)
        assert again.resolved.scenario == variant.resolved.scenario
        assert again.label == text
