"""The first random numbers of a keyed generator, without making the generator; compiled.

Compliance takes a handful for each entry: to make a generator costs more than to draw them.

References
----------
NumPy ``SeedSequence`` after O'Neill, "Developing a seed_seq alternative" (2015), and ``PCG64``
after O'Neill, "PCG: a family of simple fast space-efficient statistically good algorithms for
random number generation" (2014). NumPy does not change either (NEP 19).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.addresses.machine_code import compiled
from sim.engine.state.parts import part

_U32, _U64 = np.uint32, np.uint64
_POOL_SIZE = 4
# Of the seed sequence: where hashes begin, and what they are multiplied by.
_INIT_A, _MULT_A = _U32(0x43B0D7E5), _U32(0x931E8875)
_INIT_B, _MULT_B = _U32(0x8B51F9DD), _U32(0x58F38DED)
_MIX_LEFT, _MIX_RIGHT, _HALF_WORD = _U32(0xCA01F9DD), _U32(0x4973F715), _U32(16)
# The multiplier of PCG64, in halves of 64 bits; shifts and masks as words of the same kind.
_PCG_HIGH, _PCG_LOW = _U64(2549297995355413924), _U64(4865540595714422341)
_0, _1, _11, _32, _58, _63, _64 = (_U64(bits) for bits in (0, 1, 11, 32, 58, 63, 64))
_LOW_WORD = _U64(0xFFFFFFFF)
_UNIT = 1.0 / 9007199254740992.0


@compiled
def write_first_numbers(words: NDArray[np.uint32], numbers: NDArray[np.float64]) -> None:
    """Write the first numbers, evenly in [0, 1), that the generator of a key would draw.

    Parameters
    ----------
    words
        Of the key; at least four.
    """
    state = _seed_state(words)
    add_high = (state[2] << _1) | (state[3] >> _63)
    add_low = (state[3] << _1) | _1
    high, low = _add(add_high, add_low, state[0], state[1])
    high, low = _step(high, low, add_high, add_low)
    for place in range(numbers.size):
        high, low = _step(high, low, add_high, add_low)
        folded, turn = high ^ low, high >> _58
        bits = (folded >> turn) | (folded << ((_64 - turn) & _63))
        numbers[place] = float(bits >> _11) * _UNIT


@part
def _seed_state(words: Any) -> Any:
    """Four words of 64 bits from the words of a key: start and increment, the high half first."""
    pool, factor = np.empty(_POOL_SIZE, np.uint32), _INIT_A
    for place in range(_POOL_SIZE):
        pool[place], factor = _hash(words[place], factor, _MULT_A)
    for source in range(words.size):
        for place in range(_POOL_SIZE):
            if source != place:
                word = pool[source] if source < _POOL_SIZE else words[source]
                hashed, factor = _hash(word, factor, _MULT_A)
                mixed = _U32(_U32(_MIX_LEFT * pool[place]) - _U32(_MIX_RIGHT * hashed))
                pool[place] = mixed ^ (mixed >> _HALF_WORD)
    state, factor = np.zeros(4, np.uint64), _INIT_B
    for place in range(8):
        word, factor = _hash(pool[place % _POOL_SIZE], factor, _MULT_B)
        state[place >> 1] |= _U64(word) << (_32 if place & 1 else _0)
    return state


@part
def _hash(word: Any, factor: Any, multiplier: Any) -> Any:
    """Hash one word; return the factor of the next one too."""
    following = _U32(factor * multiplier)
    hashed = _U32(_U32(word ^ factor) * following)
    return _U32(hashed ^ (hashed >> _HALF_WORD)), following


@part
def _add(high: Any, low: Any, more_high: Any, more_low: Any) -> Any:
    """Sum of two numbers of 128 bits."""
    total = low + more_low
    return high + more_high + (_1 if total < low else _0), total


@part
def _step(high: Any, low: Any, add_high: Any, add_low: Any) -> Any:
    """Multiply a number of 128 bits by the multiplier of PCG64, and add the increment."""
    a, b, c, d = low >> _32, low & _LOW_WORD, _PCG_LOW >> _32, _PCG_LOW & _LOW_WORD
    middle = (b * d >> _32) + (a * d & _LOW_WORD) + (b * c & _LOW_WORD)
    over = a * c + (a * d >> _32) + (b * c >> _32) + (middle >> _32)
    return _add(over + high * _PCG_LOW + low * _PCG_HIGH, low * _PCG_LOW, add_high, add_low)
