"""A million hosts of an inventory under ten thousand orders: ``python -m benchmarks.inventory``.

In: nothing. Out: processor time and memory to read the inventory and the orders, to build the world
with its sites, and to replay the orders in it; all in one process of its own. Orders are dated, or
with ``--given`` a list of prefixes under ``orders`` that recurs every day. The promise is under a
minute and 3 GB.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from sim.engine.run import simulate
from sim.engine.strategies import build_strategy
from sim.engine.warm_up import warm_up
from sim.scenario.load import load_scenario
from sim.scenario.resolve import Resolved, resolve
from sim.streams import Streams
from sim.world.build import build_world

SCENARIO, SEED = "telegram-2018-replay", 1
N_HOSTS, N_PER_SITE, N_ORDERS = 1_000_000, 2, 10_000
MOST_S, MOST_GB = 60.0, 3.0


def write_tables(folder: Path, resolved: Resolved) -> None:
    """Write an inventory spread evenly over providers' addresses, and orders that meet it."""
    rng = np.random.default_rng(SEED)
    prefixes = [row.prefix for row in resolved.cloud_prefixes.rows if row.prefix.version == 4]
    _, network, length = np.array(prefixes, np.int64).T
    size = 1 << (32 - length)
    row = rng.choice(size.size, N_HOSTS, p=size / size.sum())
    address = network[row] + np.floor(rng.random(N_HOSTS) * size[row]).astype(np.int64)
    with (folder / "hosts.csv").open("w", encoding="ascii") as file:
        file.write("site,address\n")
        for number, text in enumerate(map(_dotted, address.tolist())):
            file.write(f"site-{number // N_PER_SITE}.example,{text}\n")
    some = rng.permutation(np.unique(address >> 8))[:N_ORDERS]
    with (folder / "orders.csv").open("w", encoding="ascii") as file:
        file.write("effective,action,prefix\n")
        for number, block in enumerate(some.tolist()):
            at = f"2018-04-16T{8 + number % 12:02d}:{number // 12 % 60:02d}+03:00"
            file.write(f"{at},block,{_dotted(block << 8)}/24\n")
    with (folder / "list.txt").open("w", encoding="ascii") as file:
        file.writelines(f"{_dotted(block << 8)}/24\n" for block in some.tolist())


def _dotted(address: int) -> str:
    return ".".join(str(address >> shift & 255) for shift in (24, 16, 8, 0))


def _asked(folder: Path, *, is_given: bool) -> tuple[str, ...]:
    """What is set over the scenario: three days of it, and the orders in one of two ways."""
    always = f"population.inventory={folder / 'hosts.csv'}", "end=2018-04-19T00:00+03:00"
    if not is_given:
        return (*always, f"strategy.orders={folder / 'orders.csv'}")
    order = f"addresses: {folder / 'list.txt'}, every: [mon, tue, wed], from: '21:00', to: '23:00'"
    return (*always, f"strategy={{id: orders, orders: [{{{order}}}]}}")


def main() -> None:
    """Measure, print, and end with 1 where the promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--given", action="store_true", help="a list under orders, every day")
    is_given = parser.parse_args().given
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_tables(folder, resolve(load_scenario(SCENARIO)))
        warm_up(lambda: None)
        begin_s = time.process_time()
        asked = _asked(folder, is_given=is_given)
        resolved, streams = resolve(load_scenario(SCENARIO, asked)), Streams(SEED, 0)
        _say("read", begin_s)
        world = build_world(resolved, streams)
        _say(f"built, {world.businesses.n_sites:,} sites", begin_s)
        outcome = simulate(world, build_strategy(resolved, streams), streams)
        n_hit = int((outcome.ledger.affected_s > 0).sum())
        took_s, held_gb = _say(f"replayed, {n_hit:,} sites affected", begin_s)
    if took_s > MOST_S or held_gb > MOST_GB:
        sys.exit(f"expected at most {MOST_S:g} s and {MOST_GB:g} GB")


def _say(what: str, begin_s: float) -> tuple[float, float]:
    took_s = time.process_time() - begin_s
    held_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{what}: {took_s:.1f} s of processor time, at most {held_gb:.2f} GB", flush=True)
    return took_s, held_gb


if __name__ == "__main__":
    main()
