"""The three sentences: every number in them stands in the tables, and what is not known is said."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pytest

from sim.catalogue.choices import COLLATERAL, EFFICACY
from sim.catalogue.measures import OF_DEMAND, TABLE_DEMAND
from sim.report.page.head.answer import LOSS, answer_run, doubt
from sim.report.page.head.answer_comparison import _is_more_worth_it, answer_comparison
from sim.report.page.key_figures import key_figures
from sim.report.words.plain import Counted
from sim.results.tables import Cell, Row
from sim.scenario.tables.rows import RateRow

NBSP = "\N{NO-BREAK SPACE}"
NAN = math.nan


def summary_row(
    metric: str, mean: float, low: float = NAN, high: float = NAN, of: float = NAN
) -> dict[str, Cell]:
    return {
        "strategy": "s", "metric": metric, "unit": "u", "mean": mean, "median": mean, "low": low,
        "high": high, "level": 0.9, "n_replicates": 20.0, "denominator": of,
    }  # fmt: skip


def rows(*cells: dict[str, Cell]) -> Mapping[str, Mapping[str, Cell]]:
    return {str(row["metric"]): row for row in cells}


def plain(sentences: list[str]) -> list[str]:
    return [sentence.replace(NBSP, " ") for sentence in sentences]


def test_what_a_figure_is_out_of_tells_two_kinds_of_demand_apart() -> None:
    """Else one demand has two sizes on the same page."""
    losses = [
        summary_row(name, 0.1, of=1e6) | {"denominator_unit": unit}
        for name, unit in (("demand_lost_share", TABLE_DEMAND), ("private_loss_usd", OF_DEMAND))
    ]
    said = [figure.of for figure in key_figures(rows(*losses))]
    assert len(said) == 2
    assert said[0].endswith("USD of domestic demand, at table revenue")
    assert said[1].endswith("USD of domestic demand, at drawn revenue levels")


def test_a_run_is_answered_with_its_numbers_and_their_ranges() -> None:
    said = plain(
        answer_run(
            rows(
                summary_row("addresses_listed_peak", 18_350_080, 18_350_080, 18_350_080),
                summary_row("businesses_ever_impaired", 651, 623, 698.6, 1000),
                summary_row("business_hours_impaired", 2.14e6, 1.88e6, 2.57e6, 6.24e6),
                summary_row("private_loss_usd", 560e6, 186e6, 1.58e9, 6.7e9),
                summary_row("target_user_hours_denied", 25_144, 257, 66_369, 93.6e9),
            ),
            0.1,
        )
    )
    assert said == [
        "At its peak the register listed 18.4 million addresses, not counting the target's own "
        "(the same in every replicate); of 1,000 modelled businesses, 651 (623 to 699 in 90 % of "
        "replicates) had more than 10 % of their domestic customers' attempts fail at some time.",
        "Together they were impaired for 2.14 million business-hours (1.88 to 2.57 million in 90 % "
        "of replicates), 34.3 % of all business-hours; the modelled businesses lost 560 million "
        "USD (mean; 186 million to 1.58 billion USD in 90 % of draws).",
        "The target's users were denied 25,144 user-hours (257 to 66,369 in 90 % of replicates) of "
        "93.6 billion, less than 0.0001 %. What they would have lacked without a block is among "
        "these; a comparison with no blocking tells it apart.",
    ]


def test_a_loss_is_said_in_the_country_s_currency_too() -> None:
    rate = {"of": 2026, "per_usd": 0.5, "low": 0.4, "high": 0.8, "kind": "assumption", "why": "x"}
    loss = summary_row("private_loss_usd", 560e6, 186e6, 1.58e9, 6.7e9) | {"unit": "USD"}
    given = rows(summary_row("business_hours_impaired", 5.0, of=0.0), loss)
    _, cost, _ = plain(answer_run(given, 0.1, rate=RateRow(currency="EUR", **rate)))
    assert cost.endswith(
        "USD in 90 % of draws). In EUR: 280 million (93.0 to 790 million), at 0.5 EUR/USD of 2026 "
        "(an assumption; 0.4 to 0.8)."
    )
    # Over draws it is their range.
    given = rows(loss | {"all_low": 2e6, "all_high": 4e6, "given": 3e6})
    fact = rate | {"kind": "fact", "source": "a bank", "date": "May"}
    _, cost, _ = plain(answer_run(given, 0.1, rate=RateRow(currency="EUR", **fact)))
    assert (
        "In EUR: 280 million (1.00 to 2.00 million), at 0.5 EUR/USD of 2026 (a bank, May;" in cost
    )
    (figure,) = key_figures(given, rate=RateRow(currency="EUR", **fact))
    assert figure.local.replace(NBSP, " ") == "In EUR: 280 million (1.00 to 2.00 million)"
    (figure,) = key_figures(given)
    assert figure.local == ""


def test_of_businesses_whose_number_is_assumed_the_share_is_told() -> None:
    share = summary_row("businesses_ever_impaired_share", 0.65, 0.62, 0.7, 1000)
    share |= {"unit": "share of businesses", "all_low": 0.3, "all_high": 0.9, "given": 0.66}
    listed = summary_row("addresses_listed_peak", 5.0, 5.0, 5.0) | {"all_low": 5.0, "all_high": 5.0}
    listed |= {"given": 5.0}
    said = plain(
        answer_run(rows(listed, summary_row("businesses_ever_impaired", 650, of=1000), share), 0.1)
    )
    assert said[0] == (
        "At its peak the register listed 5 addresses, not counting the target's own (the same in "
        "every replicate and draw); of the modelled businesses, 65 % (30 to 90 % with "
        "all that is not known; as given 66 %, 62 to 70 % by luck) had more than 10 % of their "
        "domestic customers' attempts fail at some time."
    )


@pytest.mark.parametrize(
    ("counted", "hit", "lost"),
    [
        ("sites", "of the sites named, 50 % had", "the sites named lost 9 USD"),
        (
            "both",
            "of the sites named and businesses modelled, 50 % had",
            "the sites named and businesses modelled lost 9 USD",
        ),
        ("modelled", "of the modelled businesses, 50 % had", "the modelled businesses lost 9 USD"),
    ],
)
def test_sites_that_were_given_are_no_modelled_businesses(
    counted: Counted, hit: str, lost: str
) -> None:
    share = summary_row("businesses_ever_impaired_share", 0.5) | {"unit": "share of businesses"}
    given = rows(share, summary_row("businesses_ever_impaired", 5), summary_row(LOSS, 9.0))
    first, second, _ = plain(answer_run(given, 0.1, counted=counted))
    assert hit in first
    assert second == f"{lost[0].upper()}{lost[1:]}."


def test_networks_of_ipv6_are_said_beside_addresses() -> None:
    networks = summary_row("networks_listed_peak", 2.0, 2.0, 2.0)
    (first, *_) = plain(answer_run(rows(summary_row("addresses_listed_peak", 10.0), networks), 0.1))
    assert first.endswith("; of IPv6 it listed /64 networks: 2 (the same in every replicate).")
    (first, *_) = answer_run(rows(summary_row("networks_listed_peak", 0.0)), 0.1)
    assert "IPv6" not in first


def test_without_a_target_nothing_is_said_of_it_but_that_it_is_not_known() -> None:
    said = answer_run(rows(summary_row("businesses_ever_impaired", 3, of=9)), 0.1)
    assert "not known" in said[2]
    assert "0 user-hours" not in said[2]
    assert "How many addresses were listed is not known" in said[0]


def test_one_replicate_gives_no_range_and_says_so() -> None:
    said = answer_run(rows(summary_row("business_hours_impaired", 5.0, of=0.0)), 0.1)
    assert said[1] == "Together they were impaired for 5 business-hours."
    assert "One replicate" in doubt([], 1)


def test_a_measure_that_is_not_known_is_not_a_number() -> None:
    said = answer_run(rows(summary_row("business_hours_impaired", NAN)), 0.1)
    assert "a number of business-hours that is not known" in said[1]


def comparison_row(
    strategy: str, mean: float, low: float = NAN, high: float = NAN, p: float = NAN
) -> dict[str, Cell]:
    return {
        "strategy": strategy, "metric": "business_hours_impaired", "mean": mean, "mean_low": low,
        "mean_high": high, "p_holm": p, "n_replicates": 40.0,
    }  # fmt: skip


def point(strategy: str, effect: float, harm: float, by: str = "") -> dict[str, Cell]:
    return {
        "strategy": strategy, "efficacy": effect, "efficacy_low": effect * 0.9,
        "efficacy_high": effect * 1.1, "collateral": harm, "is_dominated": bool(by),
        "dominated_by": by,
    }  # fmt: skip


def test_a_comparison_names_most_and_least_harm_who_is_beaten_and_how_sure_it_is() -> None:
    said = plain(
        answer_comparison(
            [
                comparison_row("none", 0, 0, 0),
                comparison_row("wide", 2000, 1900, 2100, 0.001),
                comparison_row("exact", 100, 90, 110, 0.2),
            ],
            [point("none", 0, 0), point("wide", 50, 2000, "exact"), point("exact", 60, 100)],
            "none",
        )
    )
    assert said == [
        "Of 2 strategies, wide cost bystanders most, 2,000 business-hours impaired on average "
        "(95 % interval by luck 1,900 to 2,100); exact cost them least, 100 business-hours "
        "impaired on average (95 % interval by luck 90 to 110).",
        "As given, the strategy exact denied the target's users most, 60 user-hours (95 % interval "
        "by luck 54 to 66); as given, wide is "
        "beaten by exact, which denies no less and harms no more.",
        "In 40 replicates with the same luck, 1 of 2 differ from none in business-hours impaired "
        "by more than chance (at 5 %, corrected for how many are tested); what the assumptions "
        "would change is not in that.",
    ]


def test_who_is_beaten_is_not_said_from_luck_alone_where_there_are_draws() -> None:
    rows_ = [comparison_row("none", 0), comparison_row("wide", 2000), comparison_row("exact", 100)]
    points = [point("none", 0, 0), point("wide", 50, 2000, "exact"), point("exact", 60, 100)]
    # As given exact denies most, over the draws wide: the picture above tells the draws.
    medians = {"wide": 80, "exact": 70}
    effect = [comparison_row(name, n) | {"metric": EFFICACY} for name, n in medians.items()]
    drawn = answer_comparison([*rows_, *effect], points, "none", "Not settled over the draws.")
    assert drawn[1].startswith("The strategy wide denied the target's users most, 80 ")
    assert "beaten" not in drawn[1]
    assert drawn[2] == "Not settled over the draws."
    assert "beaten" in answer_comparison(rows_, points, "none")[1]


def test_a_comparison_of_one_replicate_does_not_speak_of_chance_as_known() -> None:
    said = answer_comparison(
        [{**comparison_row("none", 0), "n_replicates": 1.0}, comparison_row("a", 3)], [], "none"
    )
    assert said[0] == "The strategy a cost bystanders 3 business-hours impaired on average."
    assert "not known" in said[1]
    assert "not known" in said[2]


@pytest.mark.parametrize("effect", [0.0, NAN])
def test_no_effect_on_the_target_is_no_best_strategy(effect: float) -> None:
    said = answer_comparison([comparison_row("a", 3)], [point("a", effect, 3)], "none")
    assert "denied the target's users most" not in said[1]


def test_whether_more_harm_denies_more_is_said_from_verdicts() -> None:
    def row(name: str, mean: float, of: float | None = None) -> Row:
        return {"strategy": name, "mean": mean} | ({} if of is None else {"denominator": of})

    effect = {"none": row("none", 20.0, 100), "wide": row("wide", 40.0, 100)}
    effect["narrow"] = row("narrow", 30.0, 100)
    harm = {"wide": row("wide", 9.0), "narrow": row("narrow", 1.0), "none": row("none", 0.0)}
    open_ = {"metric": EFFICACY, "strategy": "wide", "other": "narrow", "verdict": "not settled"}
    assert plain(_is_more_worth_it(effect, harm, [open_], "none", "It lost much.")) == [
        "It lost much. With none they are denied 20 % already. That users are denied hours with "
        "none too, in some draws or replicates, is no effect of a list: fronts of the target close "
        "without one, as when their provider complies. Whether any other denies more than narrow, "
        "which harms least, is not settled."
    ]
    nothing = effect | {"none": row("none", 0.0, 100)}
    (said,) = _is_more_worth_it(nothing, harm, [open_], "none", "")
    assert "no effect of a list" not in said
    (said,) = _is_more_worth_it(
        nothing | {"none": row("none", 0.0, 100) | {"all_high": 2.0}}, harm, [open_], "none", ""
    )
    assert "denied 0" not in said
    assert "no effect of a list" in said
    for pair in (
        {"strategy": "wide", "other": "narrow", "verdict": "better"},
        {"strategy": "narrow", "other": "wide", "verdict": "worse"},
    ):
        (said,) = _is_more_worth_it(effect, harm, [open_ | pair], "none", "")
        assert said.endswith(
            "These deny more than narrow, which harms least, and that is settled: wide."
        )
    # Of harm, or the other way about, it says nothing.
    for pair in ({"metric": COLLATERAL, "verdict": "better"}, {"verdict": "worse"}):
        (said,) = _is_more_worth_it(effect, harm, [open_ | pair], "none", "")
        assert "Whether any other denies more than narrow" in said
    assert _is_more_worth_it({"wide": row("wide", 40.0, 0)}, harm, [], "none", "") == []


@pytest.mark.parametrize("verdict", ["not settled", "better"])
def test_no_strategy_is_said_to_deny_most_where_that_is_not_settled(verdict: str) -> None:
    rows_ = [comparison_row("none", 0), comparison_row("wide", 2000), comparison_row("exact", 100)]
    medians = {"wide": 80, "exact": 70}
    effect = [comparison_row(name, n) | {"metric": EFFICACY} for name, n in medians.items()]
    pair = {"metric": EFFICACY, "strategy": "wide", "other": "exact", "verdict": verdict}
    said = answer_comparison([*rows_, *effect], [], "none", "Over the draws.", verdicts=[pair])[1]
    assert ("wide" in said) == (verdict == "better")
    if verdict == "not settled":
        assert said == (
            "Which strategy denied the target's users most is not settled: in the median it was "
            "70 to 80 user-hours, by strategy."
        )


@pytest.mark.parametrize("left", [0.0, 30.0])
def test_users_who_left_are_not_passed_over(left: float) -> None:
    """Hours denied are of those who still try."""
    given = rows(
        summary_row("target_user_hours_denied", 20.0, of=100.0),
        summary_row("target_user_hours_left", left, of=100.0),
    )
    said = plain(answer_run(given, 0.1))[2]
    assert ("not among those: they would have had 30 user-hours, 30 % of all." in said) == (
        left > 0
    )


def test_of_a_target_without_ranges_none_are_left_out() -> None:
    """Where nothing is left out, saying so would be read as if there were something."""
    listed = rows(summary_row("addresses_listed_peak", 1500.0))
    own, without = (answer_run(listed, 0.1, has_own=has_own)[0] for has_own in (True, False))
    assert "not counting the target's own" in own
    assert "target" not in without
    assert without.startswith("At its peak the register listed 1,500 addresses")
