"""Time `sim.addresses` against other programs: ``python -m benchmarks.addresses``.

Writes a table in Markdown. Peers come with the ``bench`` extra and, for ``iprange``, from the
system; those that are missing are named in the table.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import time
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks import contests, peers
from benchmarks.timing import Contest

PACKAGES = (
    "numpy", "netaddr", "pytricia", "py-radix", "pysubnettree", "pyroaring", "polars",
    "duckdb",
)  # fmt: skip


def main() -> None:
    """Hold all contests and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=Path("benchmarks/RESULTS.md"))
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--patience", type=float, default=10.0, metavar="S",
                        help="wait so long for a quiet machine before each round")  # fmt: skip
    parser.add_argument("--processor-time", action="store_true",
                        help="count processor time, and only parsing and look-ups")  # fmt: skip
    parser.add_argument("--quick", action="store_true", help="a hundredth of the sizes")
    given = parser.parse_args()
    clock = time.process_time if given.processor_time else time.perf_counter
    scale = 100 if given.quick else 1
    begin = time.perf_counter()

    few = peers.Lists(100, 1_000_000 // scale)
    some = peers.Lists(10_000, 1_000_000 // scale)
    many = peers.Lists(1_000_000 // scale, 1_000_000 // scale)
    n_queries = many.queries.size

    held: dict[str, Contest] = {}

    def hold(key: str, contest: Contest) -> None:
        print(f"{time.perf_counter() - begin:6.0f} s  {contest.title}", file=sys.stderr)
        contest.hold(given.rounds, given.patience, clock)
        held[key] = contest

    hold("parse", contests.parse(many))
    hold("difference", contests.difference(many))
    hold("member few", contests.membership(few, n_queries))
    hold("member some", contests.membership(some, n_queries))
    hold("member many", contests.membership(many, n_queries))
    hold("match", contests.longest_match(many))
    if not given.processor_time:
        hold("file", contests.file_to_file(many))
        hold("union", contests.union(many))
        hold("union some", contests.union(some))
        hold("union few", contests.union(few))
        hold("member small", contests.membership(few, 1_000))
        hold("write", contests.write(many))
        hold("build", contests.build(many))
        for number, contest in enumerate(contests.ipv6(200_000 // scale, n_queries)):
            hold(f"ipv6 {number}", contest)

    command = " ".join(["python -m benchmarks.addresses", *sys.argv[1:]])
    text = "\n\n".join(
        [
            "# Address arithmetic against other programs",
            _circumstances(command, given.rounds, time.perf_counter() - begin),
            *([] if given.quick else [_targets(held)]),
            "## Tables",
            *(contest.to_markdown() for contest in held.values()),
        ]
    )
    given.output.write_text(text + "\n", encoding="utf-8")


def _circumstances(command: str, rounds: int, seconds: float) -> str:
    """Machine, versions, method."""
    found = []
    for package in PACKAGES:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            found.append(f"{package} missing")
    iprange = subprocess.run(
        ["sh", "-c", "dpkg-query -W -f '${Version}' iprange 2>/dev/null"],
        capture_output=True, text=True, check=False,
    ).stdout  # fmt: skip
    found.append(f"iprange {iprange or 'missing or of unknown version'}")
    model = "unknown"
    if Path("/proc/cpuinfo").exists():
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next((x.split(":")[1].strip() for x in lines if x.startswith("model name")), model)
    kernel = ".".join(platform.release().split(".")[:2])
    load = ", ".join(f"{number:.1f}" for number in os.getloadavg())
    return f"""\
Written by `{command}` on {datetime.now(UTC):%Y-%m-%d} in {seconds / 60:.0f} minutes, {rounds}
rounds. Machine: {model}, {len(os.sched_getaffinity(0))} processors, {platform.system()}
{kernel}, CPython {platform.python_version()}; load when done {load}.
Versions: {", ".join(found)}.

Read ratios, not milliseconds: in each round every program runs once, one after the other; the
ratio to ours is taken within the round, and the table gives its median (and its range over the
rounds). A first round is not counted. Answers are compared: the run stops where programs disagree.
Peers are called in the way that suits them best (bound methods through `map`, packed or text keys,
frozen trees). Data are generated from a fixed seed: prefixes of the lengths of a routing table and
a blocklist (46 % /24, 15 % /32), half of them in 2,000 /16 pools; of the addresses looked up half
lie near listed space. Ours uses as many threads as there are processors, so that on a busy
machine it suffers most. With
`--processor-time` the times of all threads are added up: the ratios are those of one processor."""


def _targets(held: dict[str, Contest]) -> str:
    """The ratios that must hold, and whether they did in this run."""
    rows = [
        ("parse against `ipaddress`", "parse", ("ipaddress.ip_network",), 40),
        ("file to file against `iprange`", "file", (), 1),
        ("difference against the best of pyroaring", "difference", (), None),
        ("membership, 100 prefixes, best per-item peer", "member few", peers.PER_ITEM, 4),
        ("membership, 10,000 prefixes, best per-item peer", "member some", peers.PER_ITEM, 4),
        ("membership, 1,000,000 prefixes, best per-item peer", "member many", peers.PER_ITEM, 4),
        ("longest-prefix match, best peer", "match", (), 40),
    ]
    lines = [
        "## Targets",
        "",
        "| what | lead | target |",
        "| --- | --- | --- |",
    ]
    for what, key, names, target in rows:
        if key not in held:
            continue
        lead, is_held = "not run", "–"
        if held[key].peers:
            ratio, peer = held[key].lead(contests.OURS, names)
            lead = f"{ratio:.3g}× ({peer})"
            if target is not None:
                is_held = f"≥ {target}× {'held' if ratio >= target else 'MISSED'}"
        lines.append(f"| {what} | {lead} | {is_held} |")
    lines += ["", *_no_lead(held)]
    if peers.MISSING:
        lines += ["", f"Not installed and left out: {', '.join(sorted(peers.MISSING))}."]
    return "\n".join(lines)


def _no_lead(held: dict[str, Contest]) -> list[str]:
    """Say where a peer is level or ahead."""
    found = []
    for contest in held.values():
        for one in contest.ours:
            behind = [
                (contest.lead(one.name, (peer.name,))[0], peer.name)
                for peer in contest.peers
                if not peer.name.startswith(contests.OURS)
            ]
            found += [
                f"- {contest.title}: {name} takes {ratio:.2g}× the time of `{one.name}`."
                for ratio, name in behind
                if ratio < 1.25
            ]
    head = "Where there is no lead (a peer takes less than 1.25× our time):"
    return [head, "", *(found or ["- nowhere in this run."])]


if __name__ == "__main__":
    main()
