"""What a call is refused with."""

from collections.abc import Callable
from typing import Any

import pytest

from sim.errors import Problem, ProblemsError


def problems_of(
    kind: type[ProblemsError], call: Callable[..., object], *given: Any, **named: Any
) -> list[Problem]:
    with pytest.raises(kind) as caught:
        call(*given, **named)
    return list(caught.value.problems)
