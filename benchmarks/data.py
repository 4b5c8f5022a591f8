"""Generated data of realistic shape, from a fixed seed.

In: sizes. Out: prefixes, host addresses and text. Lengths follow the shape of a default-free
routing table mixed with a blocklist: 46 % /24, 15 % /32, the rest between /8 and /31. Half of
the prefixes fall in 2,000 /16 pools, since blocklists cluster; half of the hosts lie near listed
space, the other half anywhere.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.addresses.sets.blocks import Numbers, masked
from sim.addresses.sets.intervals import IntervalSet

_32 = np.uint64(32)
N_POOLS = 2_000
# Weights of /8 … /32. Few short prefixes, a rise to /16, then to /24, a thin tail of
# more-specifics and a block of single addresses.
LENGTH = np.arange(8, 33)
WEIGHT = np.fromstring(
    "2e-5 2e-5 4e-5 1e-4 3e-4 6e-4 1e-3 2e-3 .013 .008 .014 .025 .043 .05 .11 .1 .46 "
    ".003 .003 .003 .004 .005 .005 .002 .15",
    sep=" ",
)


def prefixes(n: int, seed: int = 7) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Network addresses and lengths, shape (n,), in no order and with repeats."""
    rng = np.random.default_rng(seed)
    length = rng.choice(LENGTH, size=n, p=WEIGHT / WEIGHT.sum())
    pool = rng.integers(1, 224 << 8, size=N_POOLS)
    anywhere = rng.integers(1 << 24, 224 << 24, size=n)
    pooled = (rng.choice(pool, size=n) << 16) | rng.integers(0, 1 << 16, size=n)
    address = np.where(rng.random(n) < 0.5, pooled, anywhere)
    return address & -(1 << (32 - length)), length


def hosts(
    address: NDArray[np.int64], length: NDArray[np.int64], n: int, seed: int = 8
) -> NDArray[np.int64]:
    """Addresses to look up, shape (n,): half near a random prefix, half anywhere."""
    rng = np.random.default_rng(seed)
    row = rng.integers(0, address.size, size=n)
    size = 1 << (32 - length[row])
    near = address[row] + rng.integers(0, 1 << 62, size=n) % (2 * size)
    uniform = rng.integers(0, 1 << 32, size=n)
    return np.where(rng.random(n) < 0.5, near, uniform) & 0xFFFFFFFF


def as_set(address: NDArray[np.int64], length: NDArray[np.int64]) -> IntervalSet:
    """Return the union of prefixes."""
    return IntervalSet.from_bounds(address, address + (1 << (32 - length)))


def text(address: NDArray[np.int64], length: NDArray[np.int64]) -> bytes:
    """CIDR text, one prefix a line."""
    octets = [(address >> shift) & 255 for shift in (24, 16, 8, 0)]
    columns = [column.tolist() for column in (*octets, length)]
    return b"".join(b"%d.%d.%d.%d/%d\n" % row for row in zip(*columns, strict=True))


def prefixes6(n: int, seed: int = 9) -> tuple[Numbers, NDArray[np.int64]]:
    """IPv6 networks and lengths: mostly /32 to /48 under 60,000 allocations.

    One in two hundred is longer than /64, as in public tables.
    """
    rng = np.random.default_rng(seed)
    weight = np.array([0.01, 0.13, 0.05, 0.07, 0.07, 0.5, 0.08, 0.085, 0.005])
    length = rng.choice([29, 32, 36, 40, 44, 48, 56, 64, 128], size=n, p=weight)
    pool = rng.integers(2 << 60, (2 << 60) + (1 << 60), 60_000, np.uint64) >> _32 << _32
    high = rng.choice(pool, size=n) | rng.integers(0, 2**32, n, np.uint64)
    low = rng.integers(0, 2**64, n, np.uint64)
    return masked(_joined(high, low), length)[0], length


def hosts6(address: Numbers, n: int, seed: int = 10) -> Numbers:
    """IPv6 addresses to look up: half near a random prefix, half anywhere in 2000::/3."""
    rng = np.random.default_rng(seed)
    given = (address >> 64).astype(np.uint64)
    near = given[rng.integers(0, address.size, n)] ^ rng.integers(0, 2**18, n, np.uint64)
    anywhere = (np.uint64(1) << np.uint64(61)) | rng.integers(0, 2**61, n, np.uint64)
    high = np.where(rng.random(n) < 0.5, near, anywhere)
    return _joined(high, rng.integers(0, 2**64, n, np.uint64))


def _joined(high: NDArray[np.uint64], low: NDArray[np.uint64]) -> Numbers:
    """Addresses of two halves."""
    found: Numbers = (high.astype(object) << 64) + low.astype(object)
    return found
