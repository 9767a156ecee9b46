"""Searching a strategy's parameters, and paying for the search: sweep, walk-forward, overfit.

The package is also the function that it is named for: `from gpt_trader import optimize`, then
`optimize(bars, Strategy, {"fast": (5, 10), "slow": (20, 50)})`; see `search.optimize`.
It counts each point as a trial: see `counted.optimize_and_count`.
"""

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gpt_trader.optimize.search import Search


class _Callable(ModuleType):
    """A module that runs `counted.optimize_and_count` when it is called."""

    def __call__(self, *args: Any, **options: Any) -> "Search":  # noqa: ANN401
        from gpt_trader.optimize.counted import optimize_and_count  # noqa: PLC0415

        return optimize_and_count(*args, **options)


sys.modules[__name__].__class__ = _Callable
