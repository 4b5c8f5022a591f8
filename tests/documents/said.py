"""What the documents' tables and sentences must say, from the folders that their own commands made.

In: the clone in which a page was run. Out: texts that have to stand on it.
"""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta, timezone
from ipaddress import ip_address, ip_network
from pathlib import Path

import duckdb
import numpy as np
from numpy.typing import NDArray

from sim.report.words.answer import answer
from sim.results.folder import open_run
from tests.commands import call
from tests.csv_rows import csv_rows


def covered(run: Path, replicate: int, fronts: Path) -> dict[tuple[str, str, str], float]:
    """What the page's cover says of one replicate of a run, by section, item and measure."""
    rows = duckdb.sql(
        f"SELECT DISTINCT prefix FROM '{run / 'entries.parquet'}' WHERE replicate = {replicate} "
        "ORDER BY prefix"
    ).fetchall()
    fronts.write_text("".join(f"{prefix}\n" for (prefix,) in rows), encoding="utf-8")
    cover = (
        f"cover --targets {fronts} --budget 60 --frontier 600 --against telegram-2018-orders "
        "--at 2018-04-20T12:00+03:00 -q --format csv"
    )
    result = call(*cover.split())
    assert result.exit_code == 0, result.output
    return {
        (line["section"], line["item"], line["measure"]): float(line["value"])
        for line in csv.DictReader(io.StringIO(result.stdout))
        if line["section"] != "prefixes"
    }


def april(clone: Path) -> Iterator[str]:
    found = [covered(clone / "chase", replicate, clone / "fronts.txt") for replicate in range(10)]
    same = [
        {k[2]: v for k, v in each.items() if k[:2] == ("same_targets", "IPv4 addresses")}
        for each in found
    ]
    n = [each["n_targets"] for each in same]
    held = [each["n_targets_covered"] / each["n_targets"] for each in same]
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
        ("best 60 rules for all fronts", sixty, False),
        ("best 600 rules for all fronts", all_, False),
    ):
        said = [
            f"{value:.0%}".replace("%", " %") if is_share else f"{value:,.0f}"
            for value in (values[0], min(values), max(values))
        ]
        yield f"| {words} | {' | '.join(said)} |"


def first_answer(clone: Path) -> Iterator[str]:
    yield f"> {answer(open_run(clone / 'austria')).whole}"


# What `docs/explanation/emergence.md` must say, from the folders that its own commands made.


MOSCOW = timezone(timedelta(hours=3))
START = datetime(2018, 4, 16, 11, 30, tzinfo=MOSCOW)
"""Of `telegram-2018`."""
N = 50
"""Replicates of the page."""
PUBLISHED = 17_771_008
"""Addresses of the list of 20 April 2018: `seeds/telegram-2018-published-totals.csv`."""
WIDE = 2
"""By how many million an assumption moves the addresses that the page names."""


def in_april(day: int, hour: int = 12) -> datetime:
    return datetime(2018, 4, day, hour, tzinfo=MOSCOW)


TEN_MAY = datetime(2018, 5, 10, 12, tzinfo=MOSCOW)


def curve(
    folder: Path,
    instants: Sequence[datetime],
    n: int = N,
    metric: str = "addresses_listed",
    provider: str | None = None,
) -> NDArray[np.float64]:
    """A curve in the first replicates, 0 where it has no row yet; shape (n, n_instants)."""
    found = duckdb.execute(
        "SELECT i.place, c.replicate, arg_max(c.value, c.t_s) "
        "FROM (SELECT unnest($then_s) AS then_s, unnest(range(len($then_s))) AS place) AS i "
        f"JOIN '{folder}/curves.parquet' AS c ON c.t_s <= i.then_s "
        "WHERE c.metric = $metric AND c.replicate < $n "
        "AND c.provider IS NOT DISTINCT FROM $provider AND c.sector IS NULL "
        "GROUP BY ALL",
        {
            "then_s": [int((one - START).total_seconds()) for one in instants],
            "metric": metric, "n": n, "provider": provider,
        },
    ).fetchall()  # fmt: skip
    assert found
    values = np.zeros((n, len(instants)))
    for place, replicate, value in found:
        values[replicate, place] = value
    return values


def addresses(emerged: Path) -> Iterator[str]:
    instants = [in_april(17), in_april(18, 0), *map(in_april, (18, 19, 20)), TEN_MAY]
    listed = curve(emerged, instants)
    for instant, values in zip(instants, listed.T, strict=True):
        median, low, high = np.percentile(values / 1e6, [50, 5, 95])
        yield f"| {instant.day} {instant:%B, %H:%M} | {median:.1f} | {low:.1f} to {high:.1f} |"
    on_20_april = listed[:, instants.index(in_april(20))]
    yield f"{(on_20_april >= PUBLISHED).sum() or 'none'} of the {N} replicates reaches 17.8 million"
    yield f"{(on_20_april < 6e6).sum()} of them stay below 6 million"
    # Those that were as low before, when the censor of the others had gone over to providers.
    by_midnight = listed[:, instants.index(in_april(18, 0))]
    yield f"in {((by_midnight < 6e6) & (on_20_april < 6e6)).sum()} of these pressure came before"


def widest_swings(hangs: Path) -> Iterator[str]:
    for row in csv_rows(hangs / "sensitivity.csv"):
        given, low, high = (float(row[name]) / 1e6 for name in ("given", "at_low", "at_high"))
        if max(given, low, high) - min(given, low, high) >= WIDE:
            yield f"| `{row['factor']}` | {row['range']} | {low:.1f} | {high:.1f} |"
    yield f"{given:.1f} million at the point values"


def emergence(clone: Path) -> Iterator[str]:
    yield from addresses(clone / "emerged")
    yield from widest_swings(clone / "hangs")


def fleet(clone: Path) -> Iterator[str]:
    """The page of the report must say what the how-to page says it does."""
    page = (clone / "fleet" / "answer" / "report.html").read_text(encoding="utf-8")
    assert "12 of your 300 hosts are on the list" in " ".join(page.split())
    (hours,) = (
        row
        for row in csv_rows(clone / "fleet" / "moved" / "site_differences.csv")
        if (row["site"], row["metric"]) == ("api-013.example", "impaired_h")
    )
    # At most the fortnight of the run.
    assert float(hours["median"]) == 0 < float(hours["at_baseline"]) <= 14 * 24
    yield f"spared its {float(hours['at_baseline']):.2g} hours".replace("3.4e+02", "340")


def own_case(clone: Path) -> Iterator[str]:
    page = (clone / "our-case" / "answer" / "report.html").read_text(encoding="utf-8")
    begins = "2 of your 3 sites are cut off from over 10% of customers"
    assert begins in page
    yield f"begins: *{begins}*"
    assert "198.51.100.7/32 (betting.example)" in page.replace("<wbr>", "")
    # Evenings of two hours, on the Saturdays and Sundays of the fortnight.
    first = datetime(2026, 6, 20, tzinfo=UTC)
    days = [first + timedelta(days=day) for day in range(14)]
    yield f"four such evenings, of {2 * sum(day.weekday() >= 5 for day in days)} hours"


def budget(clone: Path) -> Iterator[str]:
    """Who is cut off must be who lies in the rules, by the addresses of both files."""
    targets = [*map(ip_address, (clone / "samples" / "targets.txt").read_text().split())]
    near = [
        (ip_address(row["address"]), row["name"], int(row["n_names"] or 1))
        for row in csv_rows(clone / "samples" / "neighbours.csv")
    ]
    rules = [ip_network("198.51.100.0/28"), ip_network("203.0.113.4/30")]
    assert all(any(target in rule for rule in rules) for target in targets)
    n_others = sum(rule.num_addresses for rule in rules) - len(targets)
    hit = [row for row in near if any(row[0] in rule for rule in rules)]
    yield f"hit {n_others} other addresses, with all {sum(n for *_, n in hit)} names"
    assert {name for _, name, _ in hit} == {"shop", "bank", "blogs"}
    # Of the second prefix alone, which hits fewest addresses where there are three rules.
    spared = {"2 rules": set(), "3 rules": {"bank"}, "4 rules": {"shop", "bank", "blogs"}}
    for row in csv_rows(clone / "router" / "ways" / "site_differences.csv"):
        if row["metric"] == "affected_h" and row["site"] in spared["4 rules"]:
            is_spared = row["site"] in spared[row["strategy"]]
            assert (float(row["difference_high"]) == 0) == is_spared, row


SAID: dict[str, Callable[[Path], Iterator[str]]] = {
    "docs/explanation/emergence.md": emergence,
    "docs/how-to/april-2018-the-block-that-hurts-least.md": april,
    "docs/how-to/find-the-block-that-hurts-least.md": budget,
    "docs/how-to/which-of-my-hosts-are-blocked.md": fleet,
    "docs/how-to/your-own-case.md": own_case,
    "docs/tutorial/first-answer.md": first_answer,
}
"""By page: what must stand on it once its commands have run."""
