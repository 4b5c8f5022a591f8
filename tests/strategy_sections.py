"""A section of a scenario for each strategy, with the least it needs."""

from __future__ import annotations

SECTIONS = {
    "none": "{id: none}",
    "replay": "{id: replay, orders: telegram-2018-orders}",
    "exact": "{id: exact}",
    "aggregate": "{id: aggregate, length: 20}",
    "covering-prefix": "{id: covering-prefix, purity: 0.99}",
    "provider-region": "{id: provider-region}",
    "provider": "{id: provider}",
    "escalate": "{id: escalate, lengths: [32, 24, 16], patience_h: 12, goal: 0.5}",
    "dns": "{id: dns, overmatch: 0.2}",
    "sni": "{id: sni, overmatch: 0.2}",
    "throttle": "{id: throttle, length: 16}",
    "time-window": (
        "{id: time-window, length: 24, "
        "windows: [['2018-04-16T12:00+03:00', '2018-04-17T12:00+03:00']]}"
    ),
    "rolling": "{id: rolling, ttl_h: 6, gap_h: 3, length: 24}",
    "allow-list": "{id: allow-list, allowed: allowed.csv}",
    "negotiate": "{id: negotiate, talks_h: 24, purity: 0.99}",
    "cover": "{id: cover, rules: 3}",
}
