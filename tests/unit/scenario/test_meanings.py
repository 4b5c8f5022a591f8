"""Keys in words: from the note of a table, from the schema, else from the key itself."""

import pytest

from sim.scenario.library import shipped
from sim.scenario.schema import meaning_of


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("population.n_businesses", "number of domestic businesses hosted in foreign clouds"),
        ("fronts.n_fronts", "fronts at the start"),
        ("operators-russia-2018.compliance", "share of the register that an operator enforces"),
        ("money-parameters.revenue_level", "revenue level"),
        ("no.such_key", "such key"),
        # A parameter of a strategy is found among all of them.
        ("strategy.purity", "least share of the prefix's addresses that must be the provider's"),
    ],
)
def test_a_key_is_said_in_words(key, said):
    path = shipped("seeds") / f"{key.rpartition('.')[0]}.csv"
    assert meaning_of(key, path if path.exists() else None) == said
