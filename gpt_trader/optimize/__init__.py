"""Searching a strategy's parameters, and paying for the search: sweep, walk-forward, overfit.

The package is also the function that it is named for, `front.optimize`.
"""

from gpt_trader.called import make_callable

make_callable(__name__)
