"""How the kernel's functions are compiled."""

from collections.abc import Callable
from typing import Any, Literal

import numba
from numba.core.compiler_lock import global_compiler_lock

from gpt_trader.errors import StorageError
from gpt_trader.kernel import CACHE_DIR

COMPILING = global_compiler_lock  # held by the thread that compiles, or reads what was compiled


def njit[F: Callable[..., Any]](
    *,
    cache: Literal[True],
    **options: Any,  # noqa: ANN401
) -> Callable[[F], F]:
    """Compile as `numba.njit` does, cached in the kernel's own folder; other threads run meanwhile.

    Numba takes the folder from its settings where a function is decorated: they are the kernel's
    for that long, whoever imported numba before, and those of all other functions stay theirs.
    """

    def decorate(function: F) -> F:
        settings: Any = numba.config
        theirs, settings.CACHE_DIR = settings.CACHE_DIR, str(CACHE_DIR)
        try:
            dispatcher: F = numba.njit(cache=cache, nogil=True, **options)(function)
        except RuntimeError as error:  # neither there nor beside the source can be written
            raise StorageError(
                f"what is compiled cannot be kept in {CACHE_DIR}",
                hint="set GPT_TRADER_CACHE_DIR to a folder that can be written",
            ) from error
        finally:
            settings.CACHE_DIR = theirs
        return dispatcher

    return decorate


def compiled[F: Callable[..., Any]](function: F) -> F:
    """Compile, cache on disk, and inline into every caller.

    Passing rows, specs and costs on by value, call after call, took longer than the work. What
    interpreted code calls returns no NamedTuple: numba makes one by running Python, and a Ctrl-C
    just then ends the process.
    """
    dispatcher: F = njit(cache=True, forceinline=True)(function)
    return dispatcher
