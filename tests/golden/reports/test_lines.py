"""The comparison of lines, and that what is told of a figure and a page sees a small change."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.report.figures import style
from tests.golden.reports.drawings import figure_lines
from tests.golden.reports.lines import hold_lines, is_same, series
from tests.golden.reports.pages import page_lines

PAGE = """<p>Of 60 businesses</p><table id="t"><tr><th>Name</th><td data-sort="0.5">50 %</td></tr>
</table><svg aria-label="strip"><rect class="ground" x="1" width="2"/></svg>
<script type="application/json" id="report-data">
{"charts": [{"t": [0, 5, 9], "unit": "h"}]}</script>"""


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("peak 898 (870)", "peak 898 (870)", True),
        ("peak 898 (870)", "peak 899 (870)", False),
        ("peak 898", "Peak 898", False),
        ("sum=1.2345678", "sum=1.2345679", True),
        ("sum=1.2345678", "sum=1.2346", False),
        ("beyond 2e+02", "beyond 200", False),
        ("of 0.5 %", "of 0.50 %", False),
        ("n=11864064", "n=11864065", False),
        ("sum=1.999999", "sum=2", True),
        ("place x 0.086 to 0.49", "place x 0.09 to 0.48", True),
        ("place x 0.086 to 0.49", "place x 0.12 to 0.49", False),
        ("x 0.086", "x 0.09", False),
    ],
)
def test_a_line_is_the_same_up_to_last_digits(old: str, new: str, same: bool) -> None:
    assert is_same(old, new) == same


def test_a_series_tells_its_sequence_and_what_is_not_known() -> None:
    assert series([1.0, 2.0]) == "[1 2]"
    many = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 9.0]
    assert series(many).startswith("[n=7 first=1 last=9 least=1 most=9 sum=30 ")
    swapped = [1.0, 3.0, 2.0, *many[3:]]
    assert series(swapped) != series(many)
    assert series([*many, float("nan")]).endswith(" unknown=1]")


@pytest.mark.parametrize("is_there", [True, False])
def test_only_an_update_writes_lines(tmp_path: Path, is_there: bool) -> None:
    path = tmp_path / "said" / "one.txt"
    if is_there:
        assert hold_lines(path, ["a 1", "b"], is_update=True) != []
    assert "+a 2" in hold_lines(path, ["a 2", "b"], is_update=False)
    assert path.exists() == is_there
    assert hold_lines(path, ["a 2", "b"], is_update=True) != []
    assert hold_lines(path, ["a 2", "b"], is_update=False) == []
    before = path.read_bytes()
    assert hold_lines(path, ["a 2.0000001", "b"], is_update=True) == []
    assert path.read_bytes() == before


def test_a_page_is_told_with_what_it_is_sorted_by_and_what_scripts_draw() -> None:
    assert page_lines(PAGE) == [
        "p: Of 60 businesses",
        "table[id=t]",
        "tr: Name | 50 % {0.5}",
        "svg[aria-label=strip]: 1 rect.ground x [1], width [2]",
        "charts/0: unit=h",
        "charts/0/t: [0 5 9]",
    ]


CHANGES = {
    "a label": lambda ax: ax.set_xlabel("hours"),
    "a limit": lambda ax: ax.set_ylim(0, 3),
    "a scale": lambda ax: ax.set_yscale("symlog"),
    "ticks": lambda ax: ax.set_xticks([0, 1]),
    "a width": lambda ax: ax.lines[0].set_linewidth(9),
    "a colour": lambda ax: ax.lines[0].set_color("red"),
    "a style": lambda ax: ax.lines[0].set_linestyle("--"),
    "what lies above": lambda ax: ax.lines[0].set_zorder(9),
    "a value": lambda ax: ax.lines[0].set_ydata([1, 2.01]),
    "an edge": lambda ax: ax.spines["top"].set_visible(True),
    "a grid": lambda ax: ax.grid(visible=False),
    "a word": lambda ax: ax.texts[0].set_text("c"),
    "how a word stands": lambda ax: ax.texts[0].set_va("top"),
    "a legend": lambda ax: ax.legend(["a"]),
    "whether it shows": lambda ax: ax.set_axis_off(),
    "a height of letters": lambda ax: ax.tick_params(labelsize=3),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_figure_is_told_so_that_a_change_is_seen(what: str) -> None:
    told = []
    for is_changed in (False, True):
        with style.house_style():
            figure = style.new_figure(4, 3)
            ax = figure.subplots()
            ax.plot([0, 2], [1, 2])
            ax.text(1, 1, "b")
            if is_changed:
                CHANGES[what](ax)
            style.fix_layout(figure)
            told.append(list(figure_lines(figure)))
    assert not all(map(is_same, *told)) or len(told[0]) != len(told[1])
