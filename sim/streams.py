"""Named streams of luck.

The strategy is no part of their key: so strategies have common random numbers.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray


class Stream(IntEnum):
    """Sources of luck. Append only: renumbering changes every published result."""

    BUSINESS_SECTOR = 0
    BUSINESS_HOME = 1
    BUSINESS_REVENUE = 2
    COMPONENT_PLACEMENT = 3
    COMPONENT_PLACE = 4
    COMPONENT_ADDRESS = 5
    OPERATOR_POLL_PHASE = 6
    OPERATOR_APPLY_LAG = 7
    OPERATOR_RELEASE_LAG = 8
    OPERATOR_COMPLIANCE = 9
    ORDER_TIME = 10
    MONEY_PARAMETERS = 11
    COMPONENT_SIZE = 12
    COMPONENT_MODE = 13
    COMPONENT_SERVICE = 14
    ADDRESS_NAMES = 15
    COMPONENT_MORE_ADDRESSES = 16
    FRONT_POOL = 17
    FRONT_ADDRESS = 18
    FRONT_DISCOVERY = 19
    BUSINESS_NAME = 20
    BUSINESS_PATIENCE = 21
    RESPONSE_KIND = 22
    RESPONSE_DURATION = 23
    RESPONSE_PLACE = 24
    RESPONSE_ADDRESS = 25
    COMPLAINT_BY_NAME = 26
    HOTLINE_SERVICE = 27
    HOTLINE_VERDICT = 28
    BOOTSTRAP = 30
    TENANCY_STAY = 32
    TENANCY_ADDRESS = 33
    COMPONENT_PARKED = 34
    BUSINESS_TOLERANCE = 35
    SESSION_SHARE = 36
    SESSION_FRONT = 37
    OPERATOR_RELUCTANCE = 38
    COHORT_MEMBER = 39
    OPERATOR_ADOPTION = 40
    DRAWS = 41
    SWITCHING_SHARE = 42
    SWITCHING_LOOK = 43
    SWITCHING_PLACE = 44
    SWITCHING_ADDRESS = 45
    OUTSIDE_WITHDRAWAL = 46
    COMPONENT_IPV6 = 47
    COMPONENT_IPV6_ADDRESS = 48
    RESPONSE_IPV6_ADDRESS = 49
    FORECAST_MEMBER = 52
    FORECAST_PATH = 53
    FRONT_PROPENSITY = 50
    FRONT_ARRIVAL = 51
    POOL_DRIFT = 54


@dataclass(frozen=True)
class Streams:
    """The luck of one replicate."""

    root_seed: int
    """Non-negative integer shared by all runs of an experiment."""
    replicate: int
    """Index of luck, from 0; the same for every strategy compared."""

    def generator(self, source: Stream, entry: tuple[int, ...] = ()) -> np.random.Generator:
        """Generator for one source of luck.

        Parameters
        ----------
        source
            Which column is drawn. One source per column, drawn for the whole population.
        entry
            Extra non-negative integers that name one register entry, so that its luck does not
            depend on how many entries were placed before it.

        References
        ----------
        NumPy ``SeedSequence``: a child is its parent's entropy with the child's number appended
        to ``spawn_key``. Writing the number down, instead of calling ``spawn``, keeps a stream
        in its place when another one is added.
        """
        key = (self.replicate, int(source), *entry)
        return np.random.default_rng(np.random.SeedSequence(self.root_seed, spawn_key=key))

    def key_words(self, source: Stream, entry: tuple[int, ...] = ()) -> NDArray[np.uint32]:
        """Words that NumPy seeds this generator with: the seed padded to four, then the key."""
        head = _head_of(self.root_seed, self.replicate, int(source))
        return np.array(head + _words_of(entry), np.uint32)


@lru_cache(maxsize=64)
def _head_of(root_seed: int, replicate: int, source: int) -> list[int]:
    """Words that the keys of all entries of a source begin with."""
    seed = _words_of((root_seed,))
    return seed + [0] * (4 - len(seed)) + _words_of((replicate, source))


def _words_of(numbers: Iterable[int]) -> list[int]:
    """Words of 32 bits of some numbers, the lowest of each first."""
    words = []
    for number in numbers:
        words.append(number & 0xFFFFFFFF)
        while number := number >> 32:
            words.append(number & 0xFFFFFFFF)
    return words
