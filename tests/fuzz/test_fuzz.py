"""Every target: the same few inputs each day, others by ``--hypothesis-profile=long``."""

import contextlib
import time

import pytest
from hypothesis import HealthCheck, given, settings

from sim.errors import OverblockError
from tests.examples import n_examples
from tests.fuzz.targets import TARGETS

# Of the processor, whatever else runs. A reading takes some milliseconds of it.
SLOW_S = 5

every_target = pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)


@every_target
def test_samples_are_read_or_refused_as_they_are_named(target):
    good, bad = target.samples("good"), target.samples("bad")
    assert good
    assert bad
    assert sorted([*good, *bad]) == target.samples()
    for path in good:
        target.read(path.read_bytes())
    for path in bad:
        with pytest.raises(OverblockError, match="expected"):
            target.read(path.read_bytes())


@every_target
def test_any_input_is_read_or_refused_and_soon(target):
    n = n_examples(40)

    @given(target.inputs())
    @settings(max_examples=n, derandomize=n == 40, suppress_health_check=list(HealthCheck))
    def read(data: bytes) -> None:
        start = time.process_time()
        with contextlib.suppress(OverblockError):
            target.read(data)
        assert time.process_time() - start < SLOW_S

    read()
