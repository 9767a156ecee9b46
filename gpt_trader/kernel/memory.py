"""What the simulator's loop says about memory; interpreted, both do nothing.

`borrowed` spares counting references: an array is counted up and down, atomically, whenever it is
taken out of its group, which would be most of a simulation. `soon` asks for a bar before it is
needed: while a product is flat only its weights are read, so the prices of the bar that wakes it
are in no cache.
"""

from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.core import cgutils, config
from numba.extending import intrinsic

from gpt_trader.kernel.compiled import compiled

READ, KEEP, DATA = 0, 3, 1  # LLVM's prefetch: for reading, into every cache, not code


@intrinsic
def _borrow(_: Any, group: Any) -> Any:  # noqa: ANN401
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ANN401
        return _stripped(context, builder, signature.args[0], arguments[0])

    return group(group), generate


def _stripped(context: Any, builder: Any, kind: Any, value: Any) -> Any:  # noqa: ANN401
    """Return an array, or a tuple of them and of numbers, without what counts references."""
    if isinstance(kind, types.BaseTuple):
        for place, inner in enumerate(kind):  # type: ignore[var-annotated, arg-type]
            part = _stripped(context, builder, inner, builder.extract_value(value, place))
            value = builder.insert_value(value, part, place)
        return value
    if not isinstance(kind, types.Array):
        return value
    view = context.make_array(kind)(context, builder, value)
    for owner in ("meminfo", "parent"):
        setattr(view, owner, ir.Constant(getattr(view, owner).type, None))
    return view._getvalue()  # noqa: SLF001 - the accessor numba's own code uses


@intrinsic
def _ask(_: Any, column: Any, i: Any, j: Any) -> Any:  # noqa: ANN401, ARG001
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ANN401
        kind = signature.args[0]
        array = context.make_array(kind)(context, builder, arguments[0])
        row = list(arguments[1:])
        address = cgutils.get_item_pointer(  # type: ignore[no-untyped-call]
            context, builder, kind, array, row
        )
        byte, number = ir.IntType(8).as_pointer(), ir.IntType(32)
        form = ir.FunctionType(ir.VoidType(), [byte, number, number, number])
        prefetch = builder.module.declare_intrinsic("llvm.prefetch", [byte], form)
        how = [number(READ), number(KEEP), number(DATA)]
        builder.call(prefetch, [builder.bitcast(address, byte), *how])
        return context.get_dummy_value()

    return types.void(column, types.intp, types.intp), generate


if config.DISABLE_JIT:  # type: ignore[attr-defined]

    def borrowed[T](group: T) -> T:
        """Return the same."""
        return group

    def soon(column: Any, i: int, j: int) -> None:  # noqa: ANN401
        """There is nothing to ask for."""

else:

    @compiled
    def borrowed[T](group: T) -> T:
        """Return an array, or a tuple with arrays, without reference counts: owners outlive it."""
        return _borrow(group)  # type: ignore[call-arg]  # numba hands over the first

    @compiled
    def soon(column: Any, i: int, j: int) -> None:  # noqa: ANN401
        """Ask for column[i, j], to be read soon; nothing is read, so any row will do."""
        _ask(column, i, j)  # type: ignore[call-arg]
