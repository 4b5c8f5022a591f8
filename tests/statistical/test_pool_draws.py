"""Fronts that arrive, and pools that drift, against their laws and against the record of Spain."""

from itertools import pairwise

import numpy as np
import pytest

from sim.engine.actors.target import S_PER_WEEK, arrivals_s
from sim.engine.eventlog import Kind
from sim.scenario.library import shipped
from sim.streams import Streams
from tests.csv_rows import csv_rows
from tests.experiments import resolved_of, simulated
from tests.sections import Fronts

N_WEEKS = 4000


@pytest.mark.parametrize("shape", [1.3, None])
def test_arrivals_of_a_week_are_negative_binomial_or_poisson(shape):
    rules = Fronts(pools="x", arrivals_per_week=20.0, arrivals_shape=shape)
    found = np.array(arrivals_s(rules, N_WEEKS * S_PER_WEEK, Streams(3, 0))) - 1
    n = np.bincount(found // S_PER_WEEK, minlength=N_WEEKS)
    variance = 20 + (20**2 / shape if shape else 0)
    assert abs(n.mean() - 20) < 4 * np.sqrt(variance / N_WEEKS)
    assert abs(n.var() / variance - 1) < 0.15
    part = found % S_PER_WEEK / S_PER_WEEK
    assert abs(part.mean() - 0.5) < 4 / np.sqrt(12 * part.size)
    # A longer run only adds.
    earlier = arrivals_s(rules, 3 * S_PER_WEEK // 2, Streams(3, 0))
    assert earlier == [t_s + 1 for t_s in found.tolist() if t_s + 1 < 3 * S_PER_WEEK // 2]


SMALL = ["population.n_businesses=20", "end=2025-12-20T00:00+01:00", "fronts.n_fronts=20"]


def test_lost_fronts_are_not_replaced_and_the_heaviest_pool_drifts():
    shares = []
    for sd in (0, 3):
        case = resolved_of("spain-2025-26", [*SMALL, f"fronts.drift_sd_logit={sd}"])
        late = []
        for replicate in range(12):
            streams = Streams(5, replicate)
            world, outcome = simulated(case, streams)
            log = outcome.events
            at_s = log.t_s[log.kind == Kind.RENTED]
            rules, horizon_s = case.scenario.fronts, case.scenario.horizon_s
            assert at_s.tolist() == [0] * 20 + arrivals_s(rules, horizon_s, streams)
            proxy = world.places.provider.index("Cloudflare")
            holds = world.places.provider_addresses(proxy).contains(outcome.front_address)
            late.append(holds[at_s >= 2 * S_PER_WEEK].mean())
        shares.append(late)
    # 848 of 1,000 without a drift; with one that is wide there are nearly all or few.
    assert min(shares[0]) > 0.6
    assert min(shares[1]) < 0.5
    assert np.std(shares[1]) > 2 * np.std(shares[0])


def sessions_listed(listed: list[set[str]]) -> tuple[float, float]:
    """How many addresses were listed, and the share of them that one session alone listed."""
    n = [sum(one in them for them in listed) for one in set().union(*listed)]
    return len(n), n.count(1) / len(n)


def overlaps(listed: list[set[str]], week: list[int]) -> list[float]:
    """Share of the addresses of a week of sessions that the next such week lists again."""
    of = {
        one: set().union(*(s for s, w in zip(listed, week, strict=True) if w == one))
        for one in week
    }
    return [len(a & b) / len(a) for a, b in pairwise(of.values())]


@pytest.mark.long
def test_sixty_four_simulations_have_the_sessions_of_the_record_to_31_january():
    """What is not in the interval is a limit of the model, and stands in the scenario."""
    case = resolved_of(
        "spain-2025-26", ["population.n_businesses=20", "end=2026-01-31T00:00+01:00"]
    )
    assert case.sessions is not None
    rows = [row for row in case.sessions.rows if row.use == "calibration"]
    week = [row.start.isocalendar().week for row in rows[:18]]
    record: list[set[str]] = [set() for _ in rows]
    for spell in csv_rows(shipped("seeds") / "spain-record-2025-26.csv"):
        for them, row in zip(record, rows, strict=True):
            start, end = row.start.isoformat(), row.end.isoformat()
            if spell["from"] <= end and (spell["to"] or "9") > start:
                them.update(spell["addresses"].split())
    assert [len(them) for them in record] == [row.n_distinct for row in rows]
    simulations = []
    for replicate in range(64):
        outcome = simulated(case, Streams(20251129, replicate))[1]
        log = outcome.events
        at = np.flatnonzero(log.kind == Kind.BLOCK)
        session = np.searchsorted(
            [(row.end - case.scenario.start).total_seconds() for row in rows],
            log.t_s[at],
            side="right",
        )
        listed: list[set[int]] = [set() for _ in rows]
        for k, entry in zip(session.tolist(), log.entry_row[at].tolist(), strict=True):
            listed[k].add(int(outcome.entry_addresses[entry].start[0]))
        simulations.append(listed)
    n = np.array([[len(them) for them in listed] for listed in simulations])
    low, high = np.quantile(n, [0.05, 0.95], axis=0)
    published = np.array([row.n_distinct for row in rows])
    assert ((low <= published) & (published <= high)).sum() >= 17
    n_ever, once = np.median([sessions_listed(one) for one in simulations], axis=0)
    assert n_ever == pytest.approx(sessions_listed(record)[0], rel=0.15)
    assert 1 / 1.5 < once / sessions_listed(record)[1] < 1.5
    again = np.median([overlaps(one[:18], week) for one in simulations], axis=0)
    # All but one week of the six, over the two weeks without matches at the end of the year.
    assert (np.abs(again - overlaps(record[:18], week)) < 0.12).sum() >= 5
