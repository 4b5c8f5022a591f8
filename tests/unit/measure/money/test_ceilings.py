"""Published losses beside a run's: ratios, and money per business and day."""

from __future__ import annotations

import math

import pytest

from sim.measure.money.ceilings import Spread, ceilings
from sim.report.words.money import ceiling_sentence, difference_sentence
from sim.scenario.tables.rows import FigureRow


def figure(id_: str, value: str, metric: str = "") -> FigureRow:
    return FigureRow(id=id_, value=value, unit="USD", metric=metric, source="s", note="a ceiling")


ARTICLE = [
    figure("enforcement_start", "2018-04-16"),
    figure("businesses_affected", "400", "businesses_ever_affected"),
    figure("loss", "1000000000", "private_loss_usd"),
    figure("providers", "hundreds", "provider_loss_usd"),
    figure("loss_horizon_end", "2018-12-31"),
]
RUN = {
    "private_loss_usd": Spread(5e8, 2e8, 2e9),
    "provider_loss_usd": Spread(1e6, math.nan, math.nan),
    "businesses_ever_affected": Spread(500, math.nan, math.nan),
}


def test_the_articles_billion_by_hand():
    (found,) = ceilings(RUN, ARTICLE, 100)
    assert found.published_duration_d == 260  # 16 April to 31 December, both whole
    # Facts on the economy of the episode: 9.6 thousand USD per business and day.
    assert found.published_usd_per_business_d == pytest.approx(1e9 / 400 / 260)
    assert round(found.published_usd_per_business_d, -2) == 9_600
    assert (found.ratio_mean, found.ratio_low, found.ratio_high) == (0.5, 0.2, 2)
    assert found.usd_per_business_d == pytest.approx(5e8 / 500 / 100)


def test_what_is_not_published_is_not_known():
    (found,) = ceilings({"private_loss_usd": RUN["private_loss_usd"]}, ARTICLE[2:3], 100)
    assert math.isnan(found.published_usd_per_business_d)
    assert math.isnan(found.usd_per_business_d)
    assert ceilings(RUN, [], 100) == ()
    assert ceilings({}, ARTICLE, 100) == ()


def test_nobody_affected_gives_no_money_per_business():
    run = {"private_loss_usd": Spread(0, 0, 0), "businesses_ever_affected": Spread(0, 0, 0)}
    (found,) = ceilings(run, ARTICLE, 100)
    assert found.ratio_mean == 0
    assert math.isnan(found.usd_per_business_d)
    assert "0 times that" in ceiling_sentence(found)


def test_the_sentence_says_whom_the_figure_is_about():
    (found,) = ceilings(RUN, ARTICLE, 100)
    text = ceiling_sentence(found)
    for part in (
        "1.00\N{NO-BREAK SPACE}billion USD",
        "about 400 businesses",
        "260 days",
        "a ceiling",
        "as given: 500\N{NO-BREAK SPACE}million USD, 0.5 times that (0.2 to 2)",
        "10,000 USD per business and day",
        "500 affected",
    ):
        assert part in text, part


def test_methods_are_apart_by_their_means():
    own, country = "modelled businesses", "country, same share of demand lost"
    text = difference_sentence([(own, 2e6), (own, 1e6), (country, 4e6), (country, 30e6)])
    assert "2 to 15 times the private loss as given (2.00\N{NO-BREAK SPACE}million USD)" in text
    assert "and 7.5 times apart" in text
    assert "total shutdown" not in text
    shut = [("country, total shutdown", mean) for mean in (58e6, 438e6)]
    text = difference_sentence([(own, 2e6), (country, 4e6), (country, 30e6), *shut])
    assert "For a total shutdown they are 29 to 219 times it." in text
    assert difference_sentence([(own, 0.0), (country, 0.0)]).startswith("Nothing was lost")
    assert difference_sentence([(own, 1.0)]).startswith("Nothing was lost")
