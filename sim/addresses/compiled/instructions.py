"""Single instructions of the processor, for the compiled loops; needs numba.

In: arrays and numbers within a kernel. Out: what one instruction (or a few) gives, which a loop
over arrays has no words for. It does not know what the kernels look for. Numbers of bytes in memory
are taken for lowest first, as on every processor that numba compiles for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

# What is made of these is called from kernels with one argument less than it is written with, which
# no type can say.
instruction = cast("Callable[[Callable[..., Any]], Any]", intrinsic)
any_types: Any = types

# Bytes that are compared at a time.
N_BYTES = 32
# How near the processor keeps what is asked for, as LLVM counts: 3 nearest, 0 not at all. The
# nearest cache has room for two dozen requests under way, and a loop that asks for more waits;
# the one behind it takes twice as many.
_NEAR = 2


def pointer(context: Any, builder: Any, signature: Any, arguments: Any, kind: ir.Type) -> Any:
    """Address of an element of an array as a pointer to a type."""
    data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
    return builder.bitcast(builder.gep(data, [arguments[1]]), kind.as_pointer())


@instruction
def ask(_: Any, column: Any, at: Any) -> Any:
    """Ask for an element of an array before it is needed."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        place = pointer(context, builder, signature, arguments, ir.IntType(8))
        number = ir.IntType(32)
        prefetch = builder.module.declare_intrinsic(
            "llvm.prefetch",
            [place.type],
            ir.FunctionType(ir.VoidType(), [place.type, number, number, number]),
        )
        # To be read, not written; data, not code.
        told = (ir.Constant(number, each) for each in (0, _NEAR, 1))
        builder.call(prefetch, [place, *told])
        return context.get_dummy_value()

    return any_types.void(column, any_types.uint64), generate


@instruction
def n_set(_: Any, bits: Any) -> Any:
    """Bits that are set."""

    def generate(_: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return any_types.uint64(any_types.uint64), generate


def _comparing(relation: str, meaning: str) -> Any:
    """Make the instruction that compares 32 bytes with a number at once."""
    kind = ir.VectorType(ir.IntType(8), N_BYTES)
    place = ir.IntType(32)

    @instruction
    def compare(_: Any, column: Any, at: Any, other: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            byte = builder.load(pointer(context, builder, signature, arguments, kind), align=1)
            unset = ir.Constant(kind, ir.Undefined)
            one = builder.trunc(arguments[2], ir.IntType(8))
            first = builder.insert_element(unset, one, ir.Constant(place, 0))
            every = ir.Constant(ir.VectorType(place, N_BYTES), [0] * N_BYTES)
            truth = builder.icmp_unsigned(
                relation, byte, builder.shuffle_vector(first, unset, every)
            )
            return builder.zext(builder.bitcast(truth, ir.IntType(N_BYTES)), ir.IntType(64))

        number = any_types.uint64
        return number(column, number, number), generate

    compare.__doc__ = f"Which of the 32 bytes from an element on {meaning}, the first lowest."
    return compare


not_above = _comparing("<=", "are at most a number")
equal_to = _comparing("==", "are a number")
