"""How the functions of the trading path are compiled."""

from collections.abc import Callable
from typing import Any

from numba import njit


def compiled[F: Callable[..., Any]](function: F) -> F:
    """Compile, cache on disk, and inline into every caller.

    Passing rows, specs and costs on by value, call after call, took longer than the work.
    """
    dispatcher: F = njit(cache=True, forceinline=True, nogil=True)(function)  # type: ignore[assignment]
    return dispatcher
