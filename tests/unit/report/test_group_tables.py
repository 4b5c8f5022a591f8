"""Tables of the page by cause."""

from __future__ import annotations

from sim.catalogue.causes import CAUSES
from sim.report.page.groups import cause_table
from sim.results.tables import Row

EVER = ("businesses_ever_affected", "businesses_ever_impaired", "businesses_ever_down")


def row(
    by: str, group: str, metric: str, mean: float, low: float, high: float
) -> dict[str, object]:
    unit = "share of domestic demand" if metric == "demand_lost_share" else "businesses"
    return {
        "strategy": "exact",
        "by": by,
        "group": group,
        "metric": metric,
        "unit": unit,
        "mean": mean,
        "low": low,
        "high": high,
    }


def rows() -> list[Row]:
    found = []
    for place, cause in enumerate(CAUSES):
        found += [row("cause", cause.name, metric, 10.0 * place, 5.0, 50.0) for metric in EVER]
        found.append(row("cause", cause.name, "demand_lost_share", place / 100, 0.0, 0.1))
    return found


def test_each_cause_has_a_row_with_its_label_its_counts_and_its_share() -> None:
    table = cause_table(rows(), ("exact",))
    assert table is not None
    assert [line.cells[0].text for line in table.rows] == [cause.label for cause in CAUSES]
    service = [cell.text for cell in table.rows[2].cells[2:]]
    assert service == ["20", "20", "20", "2\N{NO-BREAK SPACE}%"]
    assert table.rows[2].cells[2].range == "5 to 50"


def test_a_folder_of_an_earlier_version_has_no_such_table() -> None:
    old = [row("operator", "big", "businesses_ever_hit", 3.0, 3.0, 3.0)]
    assert cause_table(old, ("exact",)) is None
