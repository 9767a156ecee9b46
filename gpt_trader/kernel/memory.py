"""What the simulator's loop says about memory; interpreted, both do nothing.

`borrowed` spares counting references: every view of a row counted up and down, atomically, which
was two fifths of a simulation. `soon` asks for a bar before it is needed: while a product is
flat only its weights are read, so the prices of the bar that wakes it are in no cache.
"""

from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.core import cgutils, config
from numba.extending import intrinsic

from gpt_trader.kernel.compiled import compiled

READ, KEEP, DATA = 0, 3, 1  # LLVM's prefetch: for reading, into every cache, not code


@intrinsic
def _borrow(_: Any, array: Any) -> Any:  # noqa: ANN401
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ANN401
        view = context.make_array(signature.args[0])(context, builder, arguments[0])
        for owner in ("meminfo", "parent"):
            kind = getattr(view, owner).type
            setattr(view, owner, ir.Constant(kind, None))
        return view._getvalue()  # noqa: SLF001 - the accessor numba's own code uses

    return array(array), generate


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

    def borrowed(array: Any) -> Any:  # noqa: ANN401
        """Return the array."""
        return array

    def soon(column: Any, i: int, j: int) -> None:  # noqa: ANN401
        """There is nothing to ask for."""

else:

    @compiled
    def borrowed(array: Any) -> Any:  # noqa: ANN401
        """Return the same array without its reference count: its owner must outlive the use."""
        return _borrow(array)  # type: ignore[call-arg]  # numba hands over the first

    @compiled
    def soon(column: Any, i: int, j: int) -> None:  # noqa: ANN401
        """Ask for column[i, j], to be read soon; nothing is read, so any row will do."""
        _ask(column, i, j)  # type: ignore[call-arg]
