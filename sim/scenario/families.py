"""The section ``ipv6``: who has which address family.

In: plain values. Out: a frozen section. Without it, families are not told apart.
"""

from __future__ import annotations

from sim.scenario.model import Model
from sim.scenario.quantities import Share


class Ipv6(Model):
    """Who has IPv6 beside IPv4: users, and what they meet."""

    share_users: Share
    """Share of users who have IPv6 beside IPv4."""
    share_components: Share
    """Share of components with IPv6 beside IPv4, of those in places that have both."""
