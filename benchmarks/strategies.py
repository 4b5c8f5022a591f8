"""Every strategy of the scenario language in `telegram-2018`: time, memory, growth.

In: numbers of businesses. Out: tables. Each case is a process of its own.
"""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.page import Promise, Section, table
from benchmarks.replicate import Cost, in_own_process
from benchmarks.timing import digits, exponent
from sim.scenario.strategies import DECLARED

NAME = "telegram-2018"
ASKED = {
    "replay": "{id: replay, orders: telegram-2018-orders}",
    "aggregate": "{id: aggregate, length: 24}",
    "covering-prefix": "{id: covering-prefix, purity: 0.99, shortest: 8}",
    "escalate": "{id: escalate, rules: off, lengths: [32, 24, 16], patience_h: 24, goal: 0.5}",
    "escalate, ladder": (
        "{id: escalate, rules: [region-prefix, provider-prefix], purity: 0.99, shortest: 8, "
        "patience_h: 26, goal: 0.5}"
    ),
    "dns": "{id: dns, overmatch: 0.001}",
    "sni": "{id: sni, overmatch: 0.001}",
    "throttle": "{id: throttle, length: 24}",
    "time-window": (
        "{id: time-window, windows: [['2018-04-18T00:00+03:00', '2018-07-01T00:00+03:00'], "
        "['2018-09-01T00:00+03:00', '2018-11-01T00:00+03:00']]}"
    ),
    "rolling": "{id: rolling, ttl_h: 48, gap_h: 24}",
    "allow-list": "{id: allow-list, allowed: allow-list-russia-2025}",
    "negotiate": "{id: negotiate, talks_h: 72, purity: 0.99, shortest: 8}",
    "cover": "{id: cover, rules: 100}",
    "orders": (
        "{id: orders, orders: [{addresses: [52.0.0.0/10, 35.192.0.0/12], every: [sat, sun], "
        "from: '21:00', to: '23:00'}]}"
    ),
}
"""What is asked of strategies with parameters; the ladder is the scenario's own."""
STRATEGIES = {name: f"{{id: {name}}}" for name in DECLARED} | ASKED
"""What is asked for by id, as the section ``strategy``."""
DAYS = 260
ROLLING_DAYS = 30
"""Horizon of ``rolling`` where the whole is not asked for: it places each known front again and
again, and fronts once known stay known."""
ENDS = {
    10: "2018-04-26T11:30+03:00",
    20: "2018-05-06T11:30+03:00",
    30: "2018-05-16T11:30+03:00",
    65: "2018-06-20T11:30+03:00",
    130: "2018-08-24T11:30+03:00",
    DAYS: "2019-01-01T00:00+03:00",
}
"""End of a horizon by its days."""
QUICK, FULL = (1_000,), (400, 1_000, 10_000, 100_000, 1_000_000)
OPERATORS_TIMES = (1, 2, 4)


def settings(strategy: str, n_businesses: int, days: int = DAYS) -> list[str]:
    """Keys of a case."""
    return [
        f"strategy={STRATEGIES[strategy]}",
        f"population.n_businesses={n_businesses}",
        f"end={ENDS[days]}",
        # The only list of what passes is of 2025.
        *(["borrow=[allow-list-russia-2025]"] if strategy == "allow-list" else []),
    ]


def measure(*, is_full: bool) -> Section:
    """Measure all strategies and the growth of some."""
    sizes = FULL if is_full else QUICK
    parts, at_1000 = [], {}
    for n_businesses in sizes:
        found = {}
        for strategy in STRATEGIES:
            days = DAYS
            if strategy == "rolling" and not (is_full and n_businesses == 1_000):
                days = ROLLING_DAYS
            n_rounds = 3 if n_businesses <= 1_000 and strategy != "rolling" else 1
            asked = settings(strategy, n_businesses, days)
            found[strategy] = days, in_own_process(NAME, asked, n_rounds)
        parts += [f"### {n_businesses:,} businesses", _table_of(found)]
        if n_businesses == 1_000:
            at_1000 = found
    growth, entries_exponent = _growth(is_full=is_full)
    slowest = max((cost.engine_s, name) for name, (days, cost) in at_1000.items() if days == DAYS)
    cheap = at_1000["covering-prefix"][1].engine_s
    n_whole = sum(days == DAYS for days, _ in at_1000.values())
    return Section(
        "\n\n".join([_SAID, *parts, "### Growth", growth]),
        (
            Promise(
                f"1,000 businesses, slowest of {n_whole} strategies over {DAYS} days",
                "≤ 1.0 s",
                f"{digits(slowest[0])} s (`{slowest[1]}`)",
                slowest[0] <= 1.0,
            ),
            Promise(
                "1,000 businesses, `covering-prefix`", "≤ 0.17 s", f"{digits(cheap)} s",
                cheap <= 0.17,
            ),
            Promise(
                "growth in entries, `exact`", "≤ 1.15", f"{entries_exponent:.2f}",
                entries_exponent <= 1.15,
            ),
        ),
    )  # fmt: skip


_SAID = f"""\
Processor seconds of one replicate of `{NAME}` with every actor, the median of three up to 1,000
businesses and one beyond; *build* makes the world, *engine* runs it. Peak memory is that of the
whole process. Milliseconds an order tell dear strategies from those that place many orders.
`rolling` runs over {ROLLING_DAYS} days where nothing else is said: it places the entries of all
known fronts again and again, and over {DAYS} days these are tens of thousands of orders."""


def _table_of(found: dict[str, tuple[int, Cost]]) -> str:
    rows = [
        [
            f"`{strategy}`" + ("" if days == DAYS else f" ({days} days)"),
            f"{cost.build_s:.2f}",
            f"{cost.engine_s:.2f}",
            f"{cost.n_orders:,}",
            digits(1e3 * cost.engine_s / cost.n_orders) if cost.n_orders else "–",
            f"{cost.n_events:,}",
            f"{cost.peak_mib:,.0f}",
        ]
        for strategy, (days, cost) in found.items()
    ]
    head = ["strategy", "build, s", "engine, s", "orders", "ms an order", "events", "peak, MiB"]
    return table(head, rows)


def _growth(*, is_full: bool) -> tuple[str, float]:
    """Rows of a table of exponents; and the exponent of ``exact`` in entries."""
    n_rounds = 3 if is_full else 1
    businesses = (1_000, 10_000, 100_000) if is_full else (1_000, 10_000)
    days = (65, 130, DAYS)
    rows = []
    for strategy in ("covering-prefix", "exact"):
        costs = [in_own_process(NAME, settings(strategy, n), n_rounds) for n in businesses]
        rows.append(_grown(strategy, "businesses", businesses, costs))
    horizons = {}
    for strategy in ("covering-prefix", "exact"):
        costs = [in_own_process(NAME, settings(strategy, 1_000, n), n_rounds) for n in days]
        rows.append(_grown(strategy, "days", days, costs))
        horizons[strategy] = costs
    exact = horizons["exact"]
    entries = [cost.n_entries for cost in exact]
    rows.append(_grown("exact", "entries (by days)", entries, exact))
    for strategy in ("covering-prefix", "exact"):
        costs = [
            in_own_process(NAME, settings(strategy, 1_000), n_rounds, times)
            for times in OPERATORS_TIMES
        ]
        rows.append(_grown(strategy, "operator groups (×)", OPERATORS_TIMES, costs))
    said = "Exponents are slopes in logarithms: 1 is in proportion, 0 is for nothing."
    head = ["strategy", "in", "sizes", "engine, s", "exponent", "build, s"]
    return f"{said}\n\n{table(head, rows)}", exponent(entries, [cost.engine_s for cost in exact])


def _grown(strategy: str, what: str, sizes: Sequence[float], costs: Sequence[Cost]) -> list[str]:
    engine_s = [cost.engine_s for cost in costs]
    return [
        f"`{strategy}`",
        what,
        "; ".join(f"{size:,}" for size in sizes),
        "; ".join(f"{one:.2f}" for one in engine_s),
        f"{exponent(sizes, engine_s):.2f}",
        "; ".join(f"{cost.build_s:.2f}" for cost in costs),
    ]
