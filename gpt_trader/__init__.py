"""GPT-Trader: a Coinbase Advanced Trade bot whose every decision explains itself.

The library: `import gpt_trader as gt`, then `gt.backtest(...)`; see docs/library.md.
"""

from importlib import import_module

__version__ = "0.1.0"

_OFFERED = {  # the module of each name, as `__init__.pyi` says to type checkers and editors
    "Bars": "gpt_trader.domain.bars",
    "Condition": "gpt_trader.domain.targets",
    "CostModel": "gpt_trader.domain.costs",
    "Market": "gpt_trader.domain.market",
    "Metrics": "gpt_trader.measure.measured",
    "OpenedSession": "gpt_trader.app.opened",
    "OrderStyle": "gpt_trader.domain.costs",
    "Result": "gpt_trader.backtest.result",
    "RiskPolicy": "gpt_trader.risk.policy",
    "Route": "gpt_trader.backtest.route",
    "Search": "gpt_trader.optimize.search",
    "Target": "gpt_trader.domain.targets",
    "Targets": "gpt_trader.domain.targets",
    "TraderError": "gpt_trader.errors",
    "Trials": "gpt_trader.measure.inference",
    "backtest": "gpt_trader.backtest",
    "compare": "gpt_trader.backtest.compared",
    "errors": "gpt_trader.errors",
    "indicators": "gpt_trader.indicators",
    "load_bars": "gpt_trader.data.files.bar_files",
    "open_session": "gpt_trader.app.opened",
    "optimize": "gpt_trader.optimize",
    "order_style": "gpt_trader.domain.costs",
    "run_paper": "gpt_trader.app.paper",
    "strategies": "gpt_trader.strategies",
    "synthetic_market": "gpt_trader.data.synthetic",
}

__all__ = [*_OFFERED]  # noqa: PLE0604


def __getattr__(name: str) -> object:
    """Import what the library offers only when it is asked for: starting stays fast."""
    if name not in _OFFERED:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module(_OFFERED[name])
    return vars(module).get(name, module)


def __dir__() -> list[str]:
    """List what is offered, imported or not, and nothing that it is made with."""
    return sorted([*_OFFERED, "__version__"])
