"""A backtest that nobody counts, contains or seals: what `api.run_backtest` comes to."""

from dataclasses import fields

from gpt_trader.backtest.api import run_backtest
from gpt_trader.backtest.asked import Scrutiny, Terms
from gpt_trader.backtest.given import routes_given
from gpt_trader.backtest.prepare import histories_of
from gpt_trader.backtest.route import DEFAULT_STYLE

OF_TERMS = {one.name for one in fields(Terms)}


def backtest(bars, strategy, *, style=DEFAULT_STYLE, sealing=None, **asked):
    """Run strategies on terms and under a scrutiny by the names of their fields."""
    terms = {name: value for name, value in asked.items() if name in OF_TERMS}
    scrutiny = {name: value for name, value in asked.items() if name not in OF_TERMS}
    histories = [one for _, one in histories_of(bars)]
    routes, _ = routes_given(strategy, style, histories)
    return run_backtest(histories, routes, Terms(**terms), Scrutiny(**scrutiny), sealing=sealing)
