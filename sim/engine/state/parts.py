"""What compiled loops are made of: parts of them, objects of many columns, and columns that grow.

numba optimises a function, and all it calls, once more for each function that calls it. A part is
lowered once, and optimised in each loop that Python calls.
"""

from __future__ import annotations

import sys
from functools import partial
from typing import Any, TypeAlias, TypeVar, cast

import numpy as np
from numba import njit, types
from numba.core import cgutils, imputils
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler
from numba.core.extending import lower_builtin
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.experimental import structref
from numpy.typing import NDArray

from sim.addresses.machine_code import compiled

Function = TypeVar("Function")
Values: TypeAlias = NDArray[Any]
Flags: TypeAlias = NDArray[np.bool_]
Floats: TypeAlias = NDArray[np.float64]
Rows: TypeAlias = NDArray[np.int64]
Numbers: TypeAlias = NDArray[np.int32]
"""Rows again, where there are millions of them."""
Pairs: TypeAlias = NDArray[np.uint8]
# Not as literals, for each of which numba would compile a loop of its own.
ZERO, ONE, LESS = (cast("int", np.int64(number)) for number in (0, 1, -1))


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


def define_object(columns: type[tuple[Any, ...]]) -> Any:
    """Make a class of objects with some columns, and numba's type of it; return a loop to make one.

    A loop borrows a column: it does not count itself among its owners, which costs an atomic
    operation twice for each look, a fifth of a run. So a loop must not return a column or a part of
    one, but a copy, nor go on with one that was replaced meanwhile by a longer one.

    Parameters
    ----------
    columns
        Named tuple ``NAMEColumns``. Its module keeps the class as ``NAME`` and the type as
        ``_NAMEType``: kept code finds them there.
    """
    names, module = columns._fields, columns.__module__  # type: ignore[attr-defined]
    name = columns.__name__.removesuffix("Columns")
    kept = {"__module__": module, "__doc__": f"The object of ``{columns.__name__}``."}
    made: Any = type(name, (structref.StructRefProxy,), dict(kept))
    struct_type = structref.register(type(f"_{name}Type", (types.StructRef,), dict(kept)))
    # numba looks for both in the module before it is told of them.
    vars(sys.modules[module]).update({name: made, struct_type.__name__: struct_type})
    structref.define_boxing(struct_type, made)
    # numba asks each argument for its type: as a slot that takes no call of Python.
    made._numba_type_ = structref.StructRefProxy._type  # type: ignore[attr-defined]

    @infer_global(made)
    class Made(AbstractTemplate):  # type: ignore[misc, unused-ignore]
        key = made

        def generic(self, given: Any, _named: Any) -> Any:
            of = map(types.unliteral, given)
            return signature(struct_type(list(zip(names, of, strict=True))), *given)

    @lower_builtin(made, types.VarArg(types.Any))  # type: ignore[untyped-decorator, unused-ignore]
    def lower(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        kind = signature.return_type
        _, allocate = structref.new._defn(context.typing_context, types.TypeRef(kind))
        struct = allocate(context, builder, signature, given)
        room = structref._Utils(context, builder, kind).get_data_struct(struct)
        for column, of, value in zip(names, signature.args, given, strict=True):
            as_kept = context.cast(builder, value, of, types.unliteral(of))
            context.nrt.incref(builder, types.unliteral(of), as_kept)
            setattr(room, column, as_kept)
        return struct

    for column in names:
        imputils.lower_getattr(struct_type, column)(partial(_lend, column))

    def make(given: Any) -> Any:
        return made(*given)

    make.__module__, make.__qualname__ = module, f"make_{name.lower()}"
    return compiled(make)


def _lend(column: str, context: Any, builder: Any, kind: Any, struct: Any) -> Any:
    """Read a column; an array without its owner."""
    room = structref._Utils(context, builder, kind).get_data_struct(struct)
    value, of = getattr(room, column), kind.field_dict[column]
    if not isinstance(of, types.Array):
        return imputils.impl_ret_borrowed(context, builder, of, value)
    array = context.make_array(of)(context, builder, value)
    array.meminfo = cgutils.get_null_value(array.meminfo.type)
    return array._getvalue()


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
def longer(column: Values, room: int) -> Values:
    """A column with room for more; zero where there is nothing yet."""
    more = np.zeros((room,) + column.shape[1:], column.dtype)  # noqa: RUF005 - as numba has it
    write_row(more.ravel(), column.ravel())
    return more


@part
def double(room: int) -> int:
    """Room of columns that grow: twice as much, so that it is seldom done."""
    return 2 * room


def zeros(names: str, shape: int | tuple[int, ...], kind: Any = np.float64) -> dict[str, Any]:
    """Columns of zeros by name."""
    return {name: np.zeros(shape, kind) for name in names.split()}
