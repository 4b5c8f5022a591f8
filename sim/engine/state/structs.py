"""How compiled loops make an object of many columns.

In: a class, numba's type of it, columns. Out: the class can be called in loops. numba's own way
compiles a function for each that hands all columns on, each with a look at what was there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numba import types
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
