"""History through the same decisions: fast, replay, results.

The package is also the function that it is named for, `front.backtest`.
"""

from gpt_trader.called import make_callable

make_callable(__name__)
