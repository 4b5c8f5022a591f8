"""Every curve of ``curves.parquet``: what it counts, and in what."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Curve:
    """A measure at every moment of a run."""

    name: str
    unit: str
    description: str
    """As in ``curves.parquet`` and its description."""
    noun: str
    label: str
    """For people: what it counts, and which of these; no noun where the label says all."""
    needs: str = ""
    """Section of the scenario without which there is none; empty where there always is."""
    is_of_ipv6: bool = False
    """Whether there is one only where the tables of the scenario hold IPv6."""

    @property
    def full_label(self) -> str:
        """Noun and label."""
        return f"{self.noun} {self.label}".strip()


_ADDRESSES = "IPv4 addresses"
BUSINESSES = "businesses"
"""Unit of the curves that count businesses."""
USERS_OR_ADDRESSES = "users or target.addresses"
"""Keys that let the program compute who reaches the target; either is enough."""
_OF_DEMAND, _OF_USERS = "share of domestic demand", "share of the target's users"

_ENTRIES = (
    Curve(
        "addresses_listed", _ADDRESSES,
        "Distinct addresses in the register, without the target's own ranges", "addresses",
        "listed",
    ),
    Curve(
        "addresses_dropped", _ADDRESSES,
        "Distinct addresses dropped, averaged over users, without the target's own ranges",
        "addresses", "dropped, mean over users",
    ),
    *(
        Curve(
            f"networks_{name}",
            "IPv6 /64 networks",
            f"Distinct /64 networks with at least one address that is {what}, without the target's "
            "own ranges",
            "/64 networks",
            label,
            is_of_ipv6=True,
        )
        for name, what, label in (
            ("listed", "in the register", "listed"),
            ("dropped", "dropped, averaged over users", "dropped, mean over users"),
        )
    ),
    *(
        Curve(
            f"businesses_{state}",
            BUSINESSES,
            f"Businesses of whose domestic demand more fails than the threshold '{state}'",
            "businesses",
            label,
        )
        for state, label in (
            ("affected", "affected"),
            ("impaired", "cut off from some customers"),
            ("down", "down"),
        )
    ),
    Curve(
        "demand_lost_share", _OF_DEMAND,
        "Share of the domestic demand of all businesses that fails, weighted by mean revenue", "",
        "share of what customers tried that failed",
    ),
    Curve(
        "target_addresses_lost_share", "share of attempts at the target's addresses",
        "Attempts that fail at an address of the target's, averaged over users",
        "share of attempts at the target's addresses", "failed", "target.addresses",
    ),
    Curve(
        "target_reached_share", _OF_USERS,
        "Users who reach the target, by VPN or without, at this moment; it moves between rows",
        "users who", "reach the target", USERS_OR_ADDRESSES,
    ),
    Curve(
        "target_degraded_share", _OF_USERS,
        "Users who are cut off or on the way to another front, mean over the tick that begins",
        "users who", "are cut off or changing fronts", "users.hop_min",
    ),
    Curve("vpn_share", _OF_USERS, "Users on a VPN, of all", "users", "on a VPN", "users"),
    Curve(
        "target_left_share", _OF_USERS, "Users who have left", "users who", "have left the target",
        "users",
    ),
)  # fmt: skip

CURVES = {curve.name: curve for curve in _ENTRIES}
"""Curves by name."""
