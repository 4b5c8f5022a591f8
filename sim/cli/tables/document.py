"""What a blocklist hits, as one JSON document.

In: an exposure. Out: plain values under stable keys. No model logic.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sim.blocklists.exposure import Exposure
    from sim.blocklists.inventory import InventoryHits

SCHEMA = "overblock/exposure/2"


def document(
    found: Exposure, blocklists: Sequence[str], at: str | None, top: int, told: Sequence[str]
) -> dict[str, Any]:
    """Return the JSON document; lists are cut at ``top`` and say how long they are.

    ``told`` is what to know of the files.
    """
    return {
        "schema": SCHEMA,
        "blocklists": list(blocklists),
        "at": at,
        "listed": {
            **asdict(found.listed),
            "n_addresses4_of": 2**32,
            "n_addresses6_of": 2**128,
        },
        "breakdowns": [
            {
                "by": breakdown.by,
                "is_list": breakdown.is_list,
                "n_groups": len(breakdown.groups),
                "n_groups_touched": sum(group.is_touched for group in breakdown.groups),
                "groups": [
                    {**asdict(group), "share4": group.share4, "share6": group.share6}
                    for group in breakdown.groups[:top]
                ],
            }
            for breakdown in found.breakdowns
        ],
        "inventory": None if found.inventory is None else _inventory_document(found.inventory, top),
        "changes": None if found.changes is None else asdict(found.changes),
        "notes": [*told, *found.notes],
    }


def _inventory_document(hits: InventoryHits, top: int) -> dict[str, Any]:
    tallies = ("hosts", "names", "businesses", "revenue_usd_per_h")
    return {
        **{
            name: None if getattr(hits, name) is None else asdict(getattr(hits, name))
            for name in tallies
        },
        "by": {
            name: {"n_groups": len(groups), "groups": [asdict(group) for group in groups[:top]]}
            for name, groups in hits.groups.items()
        },
        "ranked": [asdict(business) for business in hits.ranked],
        "rules": [asdict(rule) for rule in hits.rules],
        "explained": [asdict(host) for host in hits.explained],
        "notes": list(hits.notes),
    }
