"""GPT-Trader: a Coinbase Advanced Trade bot whose every decision explains itself.

The library: `from gpt_trader import backtest, load_bars`; see docs/backtest.md.
"""

from importlib import import_module

__version__ = "0.1.0"

_OFFERED = {
    "load_bars": "gpt_trader.data.files.bar_files",
    "synthetic_market": "gpt_trader.data.synthetic",
    "Route": "gpt_trader.backtest.api",
    "CostModel": "gpt_trader.domain.costs",
    "RiskPolicy": "gpt_trader.risk.policy",
}


def __getattr__(name: str) -> object:
    """Import what the library offers only when it is asked for: starting stays fast."""
    if name not in _OFFERED:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return vars(import_module(_OFFERED[name]))[name]
