"""Loops that loops alone call: lowered once, and optimised as part of each loop that Python calls.

numba optimises a function, and all it calls, once more for each function that calls it.
"""

from __future__ import annotations

from typing import Any, TypeAlias, TypeVar

import numpy as np
from numba import njit
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler
from numpy.typing import NDArray

Function = TypeVar("Function")
Values: TypeAlias = NDArray[Any]
Flags: TypeAlias = NDArray[np.bool_]
Floats: TypeAlias = NDArray[np.float64]
Rows: TypeAlias = NDArray[np.int64]
Numbers: TypeAlias = NDArray[np.int32]
"""Rows again, where there are millions of them."""
Pairs: TypeAlias = NDArray[np.uint8]


def part(function: Function) -> Function:
    """Have a function compiled into each loop that calls it; Python cannot call it."""
    # numba's types do not know all of its options.
    make: Any = njit
    loop: Function = make(nogil=True, no_cfunc_wrapper=True, pipeline_class=_PartCompiler)(function)
    return loop


class _PartCompiler(Compiler):  # type: ignore[misc, unused-ignore]
    """numba's compiler, but for what becomes of the code."""

    def compile_extra(self, function: Any) -> Any:
        make: Any = _Part
        self.state.library = make(self.state.targetctx.codegen(), function.__qualname__)
        return super().compile_extra(function)  # type: ignore[no-untyped-call, unused-ignore]

    def define_pipelines(self) -> Any:
        """Leave out what Python calls it by."""
        # numba compiles what it brings along once more where this is an option of the function.
        self.state.flags = self.state.flags.copy()
        self.state.flags.no_cpython_wrapper = True
        return super().define_pipelines()  # type: ignore[no-untyped-call, unused-ignore]


class _Part(JITCodeLibrary):  # type: ignore[misc, unused-ignore]
    """Code that others take in as it was lowered, and that never runs by itself."""

    @property
    def codegen(self) -> Any:
        """Return the object that receives Python's objects that the code refers to."""
        return self

    def set_env(self, name: str, env: Any) -> None:
        """Forget them: they are for calls from Python."""

    def get_pointer_to_function(self, name: str) -> int:
        """Nowhere, and what is to be linked is there."""
        self._ensure_finalized()  # type: ignore[no-untyped-call, unused-ignore]
        return 0

    def _optimize_final_module(self) -> None:
        """Leave that to whoever takes it in."""

    def _finalize_final_module(self) -> None:
        """Neither translate nor load it."""
        self._finalized = True


# numba's own assignment of arrays takes some seconds to compile.
@part
def write_row(place: Values, row: Values) -> None:
    """Write a row of values into the first places of another."""
    for column in range(row.size):
        place[column] = row[column]


@part
def write_table(place: Values, table: Values) -> None:
    """Write rows of values into the first rows of another table, as wide or wider."""
    for row in range(table.shape[0]):
        for column in range(table.shape[1]):
            place[row, column] = table[row, column]


@part
def double(room: int) -> int:
    """Room of columns that grow: twice as much, so that it is seldom done."""
    return 2 * room
