"""Do the replays written for other simulators give the engine's counts, and one another's?"""

import functools
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import agents_simpy
from benchmarks.agents import Entry, Replay, Service
from benchmarks.replay import Case, Counts

pytestmark = pytest.mark.long

HORIZON_S = 40 * 3_600
WRITINGS = ("run", "run_events")
spans = st.tuples(st.integers(0, 30), st.integers(1, 12)).map(lambda one: (one[0], sum(one)))


def mesa_writing(name: str) -> Callable[[Replay], Counts]:
    """One of the two Mesa models; Mesa comes with the extras `bench` and `dev`."""
    pytest.importorskip("mesa")
    from benchmarks import agents_mesa

    return getattr(agents_mesa, name)


case = functools.cache(Case.of)


def test_one_process_a_business_gives_the_same_counts_at_every_hour():
    case(30).check(agents_simpy.run(case(30).replay))
    assert len(case(30).expected) == 1_200
    other = [*case(30).expected]
    other[700] = 0, 0, 0
    with pytest.raises(AssertionError, match="hour 700"):
        case(30).check(other)


@pytest.mark.parametrize("name", WRITINGS)
def test_mesa_agents_give_the_same_counts_at_every_hour(name):
    case(30).check(mesa_writing(name)(case(30).replay))


def tens_of_minutes(most: int, least: int = 0) -> st.SearchStrategy[int]:
    """Times in seconds, of which many are full hours."""
    return st.integers(least, most).map(lambda n: 600 * n)


operators = st.fixed_dictionaries(
    {
        "share_users": st.sampled_from((0.04, 0.3, 0.6)),
        "poll_interval_s": tens_of_minutes(30, least=1),
        "poll_phase_s": tens_of_minutes(12),
        "apply_lag_s": tens_of_minutes(30),
        "release_lag_s": tens_of_minutes(30),
    }
)
services = st.builds(
    Service,
    st.lists(st.integers(0, 40), min_size=1, max_size=3, unique=True).map(tuple),
    st.booleans(),
    st.sampled_from((0.1, 0.5, 1.0)),
)


@st.composite
def replays(draw: st.DrawFn) -> Replay:
    """Overlapping entries, lags shorter and longer than a listing lasts, shared addresses."""
    n_operators = draw(st.integers(1, 3))
    is_enforced_by = st.tuples(*[st.sampled_from((True, True, False))] * n_operators)
    entries = draw(
        st.lists(st.builds(Entry, st.tuples(spans), is_enforced_by), min_size=2, max_size=6)
    )
    starts_s = [draw(tens_of_minutes(100)) for _ in entries]
    stops_s = [start_s + draw(tens_of_minutes(100, least=1)) for start_s in starts_s]
    listed = list(enumerate(zip(starts_s, stops_s, strict=True)))
    return Replay(
        HORIZON_S,
        (0.01, 0.1, 0.9),
        tuple(entries),
        tuple(
            (t_s, frozenset(row for row, (start_s, stop_s) in listed if start_s <= t_s < stop_s))
            for t_s in sorted({*starts_s, *stops_s})
        ),
        tuple(draw(operators) for _ in range(n_operators)),
        tuple(
            draw(
                st.lists(
                    st.lists(services, min_size=1, max_size=3).map(tuple), min_size=4, max_size=6
                )
            )
        ),
    )


@given(replays())
def test_all_writings_agree_on_any_replay(replay):
    expected = agents_simpy.run(replay)
    assert [mesa_writing(name)(replay) == expected for name in WRITINGS] == [True, True]
