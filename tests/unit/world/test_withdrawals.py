"""Decisions from outside as a world has them: dated and drawn, in one sequence."""

from __future__ import annotations

from pathlib import Path

from sim.scenario.load import load_scenario
from sim.scenario.resolve import resolve
from sim.streams import Stream, Streams
from sim.world.build import World, build_world
from sim.world.withdrawals import drawn_times_s

STREAMS = Streams(3, 1)


def world(*overrides: str) -> World:
    few = ("population.n_businesses=5", "end=2018-06-01T00:00+03:00")
    return build_world(resolve(load_scenario("telegram-2018", [*few, *overrides])), STREAMS)


def test_a_scenario_without_them_has_none() -> None:
    off = ("censor.outside_withdrawals_per_d=off", "censor.outside_withdrawal_share=off")
    assert world(*off).outside_withdrawals == ()
    assert {one.share for one in world().outside_withdrawals} == {0.4}


def test_the_rule_by_which_entries_end_holds_from_its_second_or_from_the_start() -> None:
    life = "censor.entry_life_d=5"
    assert [world().life_from_s, world(life).life_from_s] == [0, 0]
    # The run starts at 11:30 in Moscow.
    since = "censor.entry_life_from=2018-04-17T09:30+01:00"
    assert world(life, since).life_from_s == 86_400
    assert world(life, "censor.entry_life_from=2018-04-15T11:30+03:00").life_from_s == -86_400


def test_dated_and_drawn_ones_are_in_one_sequence(tmp_path: Path) -> None:
    table = tmp_path / "decisions.csv"
    table.write_text(
        "at,provider,prefix,share\n"
        "2018-04-20T11:30+03:00,,18.184.0.0/15,0.25\n"
        "2018-04-17T11:30+03:00,Google Cloud,,\n"
        "2018-04-16T11:29+03:00,,,1\n"
    )
    found = world(
        f"censor.outside_withdrawals={table}",
        "censor.outside_withdrawals_per_d=0.5",
        "censor.outside_withdrawal_share=0.125",
    )
    drawn = drawn_times_s(
        0.5, found.horizon_s, STREAMS.generator(Stream.OUTSIDE_WITHDRAWAL)
    ).tolist()
    assert len(drawn) > 5
    # What was decided before the start found nothing.
    expected = sorted([(86_400, 1.0), (4 * 86_400, 0.25), *((t_s, 0.125) for t_s in drawn)])
    assert [(one.t_s, one.share) for one in found.outside_withdrawals] == expected
    by_share = {one.share: one.within for one in found.outside_withdrawals}
    assert by_share[0.125] is None
    assert by_share[0.25] is not None
    assert by_share[0.25].n_addresses == 2**17
    google = found.places.provider_addresses(found.places.provider.index("Google Cloud"))
    assert by_share[1.0] == google
