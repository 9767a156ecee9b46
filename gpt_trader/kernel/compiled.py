"""How the functions of the trading path are compiled."""

from collections.abc import Callable
from typing import Any

from numba import njit
from numba.core.compiler_lock import global_compiler_lock

COMPILING = global_compiler_lock  # held by the thread that compiles, or reads what was compiled


def compiled[F: Callable[..., Any]](function: F) -> F:
    """Compile, cache on disk, and inline into every caller.

    Passing rows, specs and costs on by value, call after call, took longer than the work.
    """
    dispatcher: F = njit(cache=True, forceinline=True, nogil=True)(function)  # type: ignore[assignment]
    return dispatcher
