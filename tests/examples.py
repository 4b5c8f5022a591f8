"""How many random examples a law gets: some for every change, twenty times as many in a long run.

``pytest --hypothesis-profile=long`` makes it a long run. A law that says nothing gets thirty, or
six hundred.
"""

from hypothesis import settings

DAILY, LONG = "daily", "long"


def register() -> None:
    """Make the profiles known. Laws are no races: the time of an example decides nothing."""
    # The same cases each time: who changes a sentence must not meet another one's fault by chance.
    settings.register_profile(DAILY, deadline=None, max_examples=30, derandomize=True)
    settings.register_profile(LONG, deadline=None, max_examples=600)
    settings.load_profile(DAILY)


def n_examples(n_daily: int) -> int:
    """Return how many examples a law gets that has so many in the daily run."""
    return n_daily * settings().max_examples // 30
