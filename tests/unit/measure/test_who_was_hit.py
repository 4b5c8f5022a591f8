"""How many businesses were ever impaired, and for how long the middle one of them, by hand."""

import math

from sim.measure.impact import measure_impact
from tests.worlds import Actor, Dated, Firm, SmallWorld

HERE, THERE, FREE = "192.0.2.7", "198.51.100.7", "203.0.113.7"


def hit(*firms: Firm) -> dict[str, tuple[float, float]]:
    """The two measures, and what each is out of."""
    small = SmallWorld(
        orders=(
            Dated(100, "block", (f"{HERE}/32",)),
            Dated(200, "unblock", (f"{HERE}/32",)),
            Dated(300, "block", (f"{THERE}/32",)),
        ),
        actors=(Actor(0.5), Actor(0.25), Actor(0.25, compliance=0.0)),
        firms=firms,
        horizon_s=1000,
        thresholds=(0.01, 0.15, 0.9),
    )
    found = measure_impact(small.world(), small.run())
    return {each.metric: (each.value, each.denominator) for each in found}


def test_who_was_hit_and_for_how_long() -> None:
    found = hit(
        Firm((HERE,) * 5),  # 75 % of attempts fail from 100 to 200
        Firm((FREE, HERE, FREE, FREE, THERE), weights=(1.0, 0.5, 0.0, 0.0, 0.25)),  # and from 300
        Firm((FREE,) * 5),
        Firm((THERE,) * 5, weights=(0.125, 0.0, 0.0, 0.0, 0.0)),  # 9 %: not impaired
    )
    assert found["businesses_ever_impaired_share"] == (0.5, 4.0)
    assert found["hours_impaired_median"] == ((100 + 800) / 2 / 3600, 2.0)


def test_where_nobody_was_hit_how_long_is_not_known() -> None:
    found = hit(Firm((FREE,) * 5))
    assert found["businesses_ever_impaired_share"] == (0.0, 1.0)
    value, of = found["hours_impaired_median"]
    assert math.isnan(value)
    assert of == 0.0
