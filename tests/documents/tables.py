"""What the documents' tables and sentences must say, from the folders that their own commands made.

In: the clone in which a page was run. Out: texts that have to stand on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from sim.report.page.head.headline import headline
from sim.results.read import open_run
from tests.documents.emergence import emergence
from tests.documents.rows import rows_of
from tests.published.test_april_2018_page import covered


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


def first_answer(clone: Path) -> Iterator[str]:
    head = headline(open_run(clone / "austria"))
    yield from (head.says, head.is_sure, head.hangs_on)
    for folder in ("austria", "austria-half"):
        (mean,) = (
            row["mean"]
            for row in rows_of(clone / folder / "summary.csv")
            if row["metric"] == "businesses_ever_impaired_share"
        )
        yield f"{float(mean):.6g} is {float(mean):.1%}".replace("%", " %")


SAID: dict[str, Callable[[Path], Iterator[str]]] = {
    "docs/explanation/names.md": names,
    "docs/explanation/emergence.md": emergence,
    "docs/how-to/april-2018-the-block-that-hurts-least.md": april,
    "docs/how-to/find-what-the-answer-hangs-on.md": hinges,
    "docs/how-to/compare-strategies.md": narrower,
    "docs/tutorial/first-answer.md": first_answer,
}
"""By page: what must stand on it once its commands have run."""
