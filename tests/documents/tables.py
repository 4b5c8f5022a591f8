"""What the documents' tables and sentences must say, from the folders that their own commands made.

In: the clone in which a page was run. Out: texts that have to stand on it.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path

import duckdb
import numpy as np
from numpy.typing import NDArray

from sim.report.page.headline import headline
from sim.results.read import open_run
from tests.published.test_april_2018_page import covered


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def three(value: str) -> str:
    """Three digits, the rest zeros: 163,700 is 164,000."""
    return f"{float(f'{float(value):.3g}'):,.0f}"


def names(clone: Path) -> Iterator[str]:
    rows = {row["metric"]: row for row in rows_of(clone / "named" / "summary.csv")}
    for metric, noun in (
        ("names_hit", " names"),
        ("names_hit_share", ""),
        ("active_sites_hit", " active sites"),
        ("active_sites_hit_share", ""),
        ("businesses_ever_affected", " businesses"),
    ):
        row = rows[metric]
        digits = ",.0f" if noun else ".3f"
        mean, median, low, high = (
            f"{float(row[name]):{digits}}" for name in ("mean", "median", "low", "high")
        )
        whole = f" {float(row['denominator']):,.0f}{noun}" if noun else ""
        yield f"| `{metric}` | {mean}{noun} | {median} | {low} to {high} |{whole} |"


def hinges(clone: Path) -> Iterator[str]:
    rows = rows_of(clone / "hinges" / "sensitivity.csv")
    kept = [row for row in rows if row["total"]]
    assert len(kept) == 4
    for row in sorted(kept, key=lambda row: -float(row["mu_star"])):
        size, low, high = (three(row[f"mu_star{end}"]) for end in ("", "_low", "_high"))
        total = " ".join(
            (f"{float(row['total']):.2f}",
             f"[{float(row['total_low']):.2f}, {float(row['total_high']):.2f}]")
        )  # fmt: skip
        yield f"| `{row['factor']}` | {size} [{low}, {high}] | {total} |"
    yield f"(business-hours, out of {float(rows[0]['given']):,.0f} as given; the command above.)"
    yield f"Here {len(rows_of(clone / 'hinges' / 'points.csv'))} runs."


def narrower(clone: Path) -> Iterator[str]:
    rows = {(r["strategy"], r["metric"]): r for r in rows_of(clone / "narrower" / "comparison.csv")}

    def mean(strategy: str, metric: str, unit: float = 1) -> str:
        return f"{float(rows[strategy, metric]['mean']) / unit:,.0f}"

    hours, denied, peak = (
        "business_hours_impaired",
        "target_user_hours_denied",
        "addresses_listed_peak",
    )
    alone = rows["alone", hours]
    yield (
        f"each front alone costs {float(alone['mean']):,.0f} [{float(alone['mean_low']):,.0f}, "
        f"{float(alone['mean_high']):,.0f}] impaired business-hours, the best cover by sixty "
        f"prefixes {three(rows['best of 60', hours]['mean'])} and what was done "
        f"{three(rows['as in 2018', hours]['mean'])}; the target's users lose "
        f"{mean('alone', denied, 1e6)}, {mean('best of 60', denied, 1e6)} and "
        f"{mean('as in 2018', denied, 1e6)} million hours (means of 20 replicates)."
    )
    beaten = {
        row["strategy"]: row["dominated_by"]
        for row in rows_of(clone / "narrower" / "tradeoff.csv")
        if row["collateral_metric"] == hours and row["is_dominated"] == "true"
    }
    assert beaten == {"as in 2018": "best of 60"}
    yield "What was done is dominated by the sixty prefixes."
    yield (
        f"{mean('best of 60', peak, 1e6)} million at the peak against "
        f"{mean('as in 2018', peak, 1e6)} million"
    )


def april(clone: Path) -> Iterator[str]:
    found = [covered(clone / "chase", replicate, clone / "fronts.txt") for replicate in range(10)]
    same = [{k[2]: v for k, v in each.items() if k[0] == "same_collateral"} for each in found]
    n = [each["n_targets"] for each in same]
    held = [each["n_targets_covered"] / each["n_targets"] for each in same]
    could = [each["n_targets_covered_best"] / each["n_targets"] for each in same]
    order, best, regret = (
        [each["same_targets", "IPv4 addresses", name] for each in found]
        for name in ("collateral", "best", "regret")
    )
    sixty = [each["frontier", "60", "collateral"] for each in found]
    # One rule for each front and no more: with further ones nothing is left to save.
    all_ = [
        each["frontier", f"{len_:.0f}", "collateral"] for each, len_ in zip(found, n, strict=True)
    ]
    assert max(n) <= 600
    for words, values, is_share in (
        ("fronts", n, False),
        ("share of them that the order of 20 April holds", held, True),
        ("collateral of the order, addresses", order, False),
        ("best for the same fronts with 59 rules", best, False),
        ("regret of the order", regret, False),
        ("share that could be held with the order's rules and collateral", could, True),
        ("best 60 rules for all fronts", sixty, False),
        ("best 600 rules for all fronts", all_, False),
    ):
        said = [
            f"{value:.0%}".replace("%", " %") if is_share else f"{value:,.0f}"
            for value in (values[0], min(values), max(values))
        ]
        yield f"| {words} | {' | '.join(said)} |"


MOSCOW = timezone(timedelta(hours=3))
START = datetime(2018, 4, 16, 11, 30, tzinfo=MOSCOW)
"""Of `telegram-2018`."""


def at_moscow(folder: Path, instants: Sequence[datetime], n: int) -> NDArray[np.float64]:
    """Million addresses listed in the first replicates; shape (n, n_instants)."""
    found = duckdb.execute(
        "SELECT i.then_s, c.replicate, arg_max(c.value, c.t_s) / 1e6 "
        f"FROM unnest($then_s) AS i(then_s) "
        f"JOIN '{folder}/curves.parquet' AS c ON c.t_s <= i.then_s "
        "WHERE c.metric = 'addresses_listed' AND c.replicate < $n "
        "AND c.provider IS NULL AND c.sector IS NULL AND c.role IS NULL GROUP BY ALL ORDER BY ALL",
        {"then_s": [int((one - START).total_seconds()) for one in instants], "n": n},
    ).fetchall()
    return np.array([value for _, _, value in found]).reshape(len(instants), n).T


def day_of(instant: datetime) -> str:
    return f"{instant.day} {instant:%B}"


def again_from(folder: Path, n: int) -> str:
    """From the first to the last replicate: its first block after 19 April."""
    found = duckdb.execute(
        f"SELECT min(e.t_s) FROM '{folder}/events.parquet' AS e "
        f"JOIN '{folder}/entries.parquet' AS b USING (replicate, entry) "
        "WHERE e.kind = 'block' AND b.mechanism <> 'exempt' AND e.t_s >= $after "
        "AND e.replicate < $n GROUP BY e.replicate",
        {"after": int((datetime(2018, 4, 20, tzinfo=MOSCOW) - START).total_seconds()), "n": n},
    ).fetchall()
    if not found:
        return "never"
    assert len(found) == n
    first, last = (START + timedelta(seconds=end(found)[0]) for end in (min, max))
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day} to {day_of(last)}"
    return f"{day_of(first)} to {day_of(last)}"


def emergence(clone: Path) -> Iterator[str]:
    instants = [
        datetime(2018, month, day, hour, tzinfo=MOSCOW)
        for month, day, hour in (
            (4, 17, 12), (4, 18, 0), (4, 18, 12), (4, 19, 12), (4, 20, 12), (5, 10, 12)
        )
    ]  # fmt: skip
    listed = at_moscow(clone / "emerged", instants, 200)
    bands = np.percentile(listed, [50, 5, 95], axis=0).T
    for instant, (median, low, high) in zip(instants, bands, strict=True):
        at = f"{day_of(instant)}, {instant:%H:%M}"
        yield f"| {at} | {median:.1f} | {low:.1f} to {high:.1f} |"
    rows = {row["metric"]: row for row in rows_of(clone / "emerged" / "summary.csv")}
    ever, impaired, named = (
        f"{float(row['mean']):,.0f} [{float(row['low']):,.0f}, {float(row['high']):,.0f}]"
        for row in (
            rows["businesses_ever_affected"],
            rows["businesses_ever_impaired"],
            rows["affected_at_named_providers"],
        )
    )
    yield f"Of 1,000 businesses {ever} are ever affected and {impaired} impaired"
    yield f"places there {named} are affected"
    until = [*instants[-2:], datetime(2018, 12, 31, 12, tzinfo=MOSCOW)]
    for words, name in (("none", "emerged"), *((f"{d} d", f"tired-{d}") for d in (30, 7, 1))):
        medians = np.median(at_moscow(clone / name, until, 20), axis=0)
        cells = " | ".join(f"{median:.1f}" for median in medians)
        yield f"| {words} | {cells} | {again_from(clone / name, 20)} |"


def first_answer(clone: Path) -> Iterator[str]:
    head = headline(open_run(clone / "austria"))
    yield from (head.says, head.is_sure, head.hangs_on)
    shares = [
        next(
            100 * float(row["mean"])
            for row in rows_of(clone / folder / "summary.csv")
            if row["metric"] == "businesses_ever_impaired_share"
        )
        for folder in ("austria", "austria-half")
    ]
    yield f"({shares[0]:.1f} % and {shares[1]:.1f} %, `businesses_ever_impaired_share`"


SAID: dict[str, Callable[[Path], Iterator[str]]] = {
    "docs/explanation/names.md": names,
    "docs/explanation/emergence.md": emergence,
    "docs/how-to/april-2018-the-block-that-hurts-least.md": april,
    "docs/how-to/find-what-the-answer-hangs-on.md": hinges,
    "docs/how-to/compare-strategies.md": narrower,
    "docs/tutorial/first-answer.md": first_answer,
}
"""By page: what must stand on it once its commands have run."""
