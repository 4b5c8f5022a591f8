"""How compiled loops make an object of many columns, and read them.

A loop borrows a column: it does not count itself among its owners, which costs an atomic operation
twice for each look, a fifth of a run. So a loop must not return a column or a part of one, but a
copy, nor go on with one that was replaced meanwhile by a longer one.
"""

from __future__ import annotations

import sys
from functools import partial
from typing import Any

from numba import types
from numba.core import cgutils, imputils
from numba.core.extending import lower_builtin
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.experimental import structref


def define_object(module: str, name: str, columns: type[tuple[Any, ...]]) -> tuple[Any, Any]:
    """Make a class that loops call to make an object of columns, and numba's type of it.

    Parameters
    ----------
    module
        Name of the module that keeps both, the type as ``_NAMEType``: kept code finds it there.
    columns
        Named tuple of the columns, in the sequence in which they are given.

    Returns
    -------
    made, struct_type
    """
    names = columns._fields  # type: ignore[attr-defined]
    kept = {"__module__": module, "__doc__": f"The object of ``{columns.__name__}``."}
    made = type(name, (structref.StructRefProxy,), dict(kept))
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
    def make(context: Any, builder: Any, signature: Any, given: Any) -> Any:
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
    return made, struct_type


def _lend(column: str, context: Any, builder: Any, kind: Any, struct: Any) -> Any:
    """Read a column; an array without its owner."""
    room = structref._Utils(context, builder, kind).get_data_struct(struct)
    value, of = getattr(room, column), kind.field_dict[column]
    if not isinstance(of, types.Array):
        return imputils.impl_ret_borrowed(context, builder, of, value)
    array = context.make_array(of)(context, builder, value)
    array.meminfo = cgutils.get_null_value(array.meminfo.type)
    return array._getvalue()
