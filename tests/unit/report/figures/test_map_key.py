"""The key of the address map: who is named, and what of them is listed."""

from __future__ import annotations

from matplotlib.figure import Figure

from sim.report.figures.drawing import FigureTable
from sim.report.figures.map_key import MAX_PROVIDERS, _draw_bars
from sim.report.figures.scene import OWN
from sim.results.store import NOT_ATTRIBUTED


def said(names: list[str], addresses: list[float], listed: list[float]) -> list[str]:
    """Texts of the bars, from above, without the title."""
    ax = Figure().subplots()
    table = FigureTable.of(
        provider=names,
        addresses=addresses,
        addresses_listed=listed,
        share_listed=[some / every for some, every in zip(listed, addresses, strict=True)],
    )
    _draw_bars(ax, table, 0.7)
    title, *texts = [text.get_text() for text in ax.texts]
    assert title == "Listed, of all addresses here"
    return texts


def test_providers_are_named_with_what_is_listed_and_the_target_s_own_are_not() -> None:
    names = ["alpha", OWN, "beta", NOT_ATTRIBUTED]
    assert said(names, [400, 50, 200, 1000], [100, 50, 0, 10]) == [
        *("alpha", "100 (25%)", "beta", "0 (0%)"),
        *(NOT_ATTRIBUTED, "10 (1.0%)"),
    ]


def test_more_providers_than_there_is_room_for_are_summed_up() -> None:
    names = [f"p{number}" for number in range(MAX_PROVIDERS + 3)]
    listed = [0.0] * MAX_PROVIDERS + [10.0, 20.0, 60.0]
    found = said([*names, NOT_ATTRIBUTED], [100.0] * (len(names) + 1), [*listed, 0.0])
    # 10, 20 and 60 of 300 addresses.
    assert found[-4:] == ["3 more", "90 (30%)", NOT_ATTRIBUTED, "0 (0%)"]
    assert found[:-4:2] == names[:MAX_PROVIDERS]
