"""How compiled loops make an object of many columns, and read them.

In: a class, numba's type of it, columns. Out: the class can be called in loops. numba's own way
compiles a function for each that hands all columns on, each with a look at what was there.

A loop borrows a column: it does not count itself among its owners, which costs an atomic operation
twice for each look, a fifth of a run. So a loop must not return a column or a part of one, but a
copy, nor go on with one that was replaced meanwhile by a longer one.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from numba import types
from numba.core import cgutils, imputils
from numba.core.extending import lower_builtin
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.experimental import structref


def define(made: type, struct_type: type, columns: Sequence[str]) -> None:
    """Let loops make an object by calling its class, and Python hold it.

    Parameters
    ----------
    struct_type
        What was registered for it by ``structref.register``.
    columns
        In the sequence in which they are given.
    """
    structref.define_boxing(struct_type, made)
    # numba asks each argument for its type: as a slot that takes no call of Python.
    made._numba_type_ = structref.StructRefProxy._type  # type: ignore[attr-defined]

    @infer_global(made)
    class Made(AbstractTemplate):  # type: ignore[misc, unused-ignore]
        key = made

        def generic(self, given: Any, _named: Any) -> Any:
            of = map(types.unliteral, given)
            return signature(struct_type(list(zip(columns, of, strict=True))), *given)

    @lower_builtin(made, types.VarArg(types.Any))  # type: ignore[untyped-decorator, unused-ignore]
    def make(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        kind = signature.return_type
        _, allocate = structref.new._defn(context.typing_context, types.TypeRef(kind))
        struct = allocate(context, builder, signature, given)
        room = structref._Utils(context, builder, kind).get_data_struct(struct)
        for column, of, value in zip(columns, signature.args, given, strict=True):
            as_kept = context.cast(builder, value, of, types.unliteral(of))
            context.nrt.incref(builder, types.unliteral(of), as_kept)
            setattr(room, column, as_kept)
        return struct

    for column in columns:
        imputils.lower_getattr(struct_type, column)(partial(_lend, column))


def _lend(column: str, context: Any, builder: Any, kind: Any, struct: Any) -> Any:
    """Read a column; an array without its owner."""
    room = structref._Utils(context, builder, kind).get_data_struct(struct)
    value, of = getattr(room, column), kind.field_dict[column]
    if not isinstance(of, types.Array):
        return imputils.impl_ret_borrowed(context, builder, of, value)
    array = context.make_array(of)(context, builder, value)
    array.meminfo = cgutils.get_null_value(array.meminfo.type)
    return array._getvalue()
