"""Sentences on money, made from the tables of a run folder."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pytest

from sim.errors import DataError
from sim.measure.money.ceilings import Spread
from sim.report.page.bands import with_bands
from sim.report.words.languages import LANGUAGES, language
from sim.report.words.money import (
    GROSS,
    NET,
    PRIVATE,
    currency_sentence,
    loss_sentences,
    millions,
    money_sentences,
    times,
)
from sim.report.words.numbers import number
from sim.results.read import open_run
from sim.results.tables import read_rows
from sim.scenario.tables.rows import RateRow
from tests.numbers_said import numbers_in


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_sentences_of_a_run_say_how_far_it_is_from_what_was_published(shipped_run: Path) -> None:
    told = money_sentences(open_run(shipped_run))
    differ, currency, private, provider = (said for said, _ in told)
    assert " RUB (" in currency
    summary = {row["metric"]: row for row in rows_of(shipped_run / "summary.csv")}
    loss = float(summary["private_loss_usd"]["mean"])
    affected = float(summary["businesses_ever_affected"]["mean"])
    assert f"This run as given: {number(loss)} USD, {loss / 1e9:.2g} times that (" in private
    assert f"{number(loss / affected / 50)} USD per business and day" in private
    assert f"({affected:,.0f} affected at least once, 50 days)" in private
    assert "9,620 USD per business and day" in private
    assert "most pessimistic case" in private
    assert provider.endswith("Such a loss is not in this scenario: no business may move.")
    methods = rows_of(shipped_run / "money.csv")
    national = [float(row["mean"]) for row in methods if "same share" in row["scope"]]
    assert len(national) == 7
    assert f"{min(national) / loss:.2g} to {max(national) / loss:,.0f} times" in differ
    shut = [float(row["mean"]) / loss for row in methods if "shutdown" in row["scope"]]
    assert f"shutdown they are {min(shut):.2g} to {max(shut):,.0f} times" in differ


@pytest.mark.parametrize("code", LANGUAGES[1:])
def test_what_is_said_of_money_has_the_same_numbers_in_every_language(
    code: str, shipped_run: Path
) -> None:
    run = open_run(shipped_run)
    english, other = money_sentences(run), money_sentences(run, language(code))
    assert [is_said for _, is_said in other] == [True, True, False, False]
    for (one, _), (same, is_said) in zip(english, other, strict=True):
        assert (one == same) is not is_said
        if is_said:
            assert numbers_in(one, "en") == numbers_in(same, code)


@pytest.mark.parametrize("code", LANGUAGES)
def test_one_loss_is_the_one_to_quote_and_the_others_are_said_beside_it(
    code: str, shipped_run: Path, drawn_run: Path
) -> None:
    words = language(code)
    for folder in (shipped_run, drawn_run):
        run = open_run(folder)
        rows = with_bands(run, read_rows(run, "summary.csv"))
        said = loss_sentences(run, rows, words)
        as_given = {row["metric"]: float(row["mean"]) for row in rows_of(folder / "summary.csv")}
        told = [words.digits(number(as_given[name])) for name in (GROSS, NET)]
        assert all(words.amount(one, "USD") in said for one in told), said
        # It is the number of the key figures, and that of the table is said to be as given.
        (quoted,) = (float(row["mean"]) for row in rows if row["metric"] == PRIVATE)
        assert f": {words.amount(words.digits(number(quoted)), 'USD')} (" in said
        given = f"{words.amount(words.digits(number(as_given[PRIVATE])), 'USD')};"
        assert (given in said) is (run.n_draws > 0)
        # The amount in the currency follows the one that it is of.
        assert not run.n_draws or said.index("RUB: ") < said.index(given)
        assert (quoted == as_given[PRIVATE]) is (run.n_draws == 0)


def test_an_amount_in_the_country_s_currency_is_that_of_the_loss_to_quote(drawn_run: Path) -> None:
    run = open_run(drawn_run)
    assert "Private loss: " not in " ".join(said for said, _ in money_sentences(run))
    said = loss_sentences(run, with_bands(run, read_rows(run, "summary.csv")))
    assert "In RUB: " in said


@pytest.mark.parametrize("name", ["summary.csv", "money.csv"])
def test_a_table_that_is_not_there_is_named(shipped_run: Path, tmp_path: Path, name: str) -> None:

    copy = tmp_path / "run"
    shutil.copytree(shipped_run, copy)
    (copy / name).unlink()
    with pytest.raises(DataError, match=name):
        money_sentences(open_run(copy))


@pytest.mark.parametrize(
    ("usd", "said"),
    [
        (0.0, "0"),
        (533.2, "0.000533"),
        (9_999.0, "0.01000"),
        (10_600.0, "0.0106"),
        (125_400.0, "0.125"),
        (2.5e6, "2.50"),
    ],
)
def test_a_small_amount_is_not_said_to_be_nothing(usd: float, said: str) -> None:
    assert float(millions(usd)) == pytest.approx(float(said), rel=0.005)
    assert (float(millions(usd)) == 0) == (usd == 0)


def test_an_amount_of_some_thousands_is_said_in_units() -> None:
    """It was "0.01 [0.01, 0.01] million EUR"."""
    rate = RateRow(
        currency="EUR",
        of=2026,
        per_usd=0.9,
        low=0.8,
        high=1.0,
        kind="fact",
        source="s",
        date="2026",
    )
    said = currency_sentence(rate, Spread(11_778.0, 10_000.0, 14_000.0)).replace("\xa0", " ")
    assert "Private loss: 10,600 [9,000 to 12,600] EUR (11,778 [10,000 to 14,000] USD), at" in said
    said = currency_sentence(rate, Spread(2e9, 1e9, 3e9)).replace("\xa0", " ")
    assert "Private loss: 1.80 billion [900 million to 2.70 billion] EUR" in said


@pytest.mark.parametrize(
    ("ratio", "said"),
    [(0.434, "0.43"), (9.96, "10"), (38.6, "39"), (219.4, "219"), (3589, "3,590")],
)
def test_how_many_times_has_no_more_digits_than_it_bears(ratio: float, said: str) -> None:
    assert times(ratio) == said
