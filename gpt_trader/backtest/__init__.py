"""History through the same decisions: fast, replay, results.

The package is also the function that it is named for: `from gpt_trader import backtest`, then
`backtest(bars, strategy)`; see `api.backtest` for its arguments. It counts what is tried, as the
command does: see `counted.backtest_and_count`.
"""

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gpt_trader.backtest.result import Result


class _Callable(ModuleType):
    """A module that runs `counted.backtest_and_count` when it is called."""

    def __call__(self, *args: Any, **options: Any) -> "Result":  # noqa: ANN401
        from gpt_trader.backtest.counted import backtest_and_count  # noqa: PLC0415

        return backtest_and_count(*args, **options)


sys.modules[__name__].__class__ = _Callable
