"""The built-in strategies: `strategies.SmaCross(fast=20, slow=50)`; see docs/strategies.md."""

from gpt_trader.strategy.accumulate import Accumulate
from gpt_trader.strategy.base import BarStrategy, Strategy
from gpt_trader.strategy.baselines import BuyAndHold, Hold
from gpt_trader.strategy.breakout import Breakout
from gpt_trader.strategy.ema_trend import EmaTrend
from gpt_trader.strategy.ensemble import Ensemble
from gpt_trader.strategy.grid import Grid
from gpt_trader.strategy.mean_reversion import MeanReversion
from gpt_trader.strategy.momentum import Momentum
from gpt_trader.strategy.of_function import from_function
from gpt_trader.strategy.pair_reversion import PairReversion
from gpt_trader.strategy.rank_momentum import RankMomentum
from gpt_trader.strategy.rebalance import Rebalance
from gpt_trader.strategy.regime_trend import RegimeTrend
from gpt_trader.strategy.risk_parity import RiskParity
from gpt_trader.strategy.sma_cross import SmaCross

__all__ = [
    "Accumulate",
    "BarStrategy",
    "Breakout",
    "BuyAndHold",
    "EmaTrend",
    "Ensemble",
    "Grid",
    "Hold",
    "MeanReversion",
    "Momentum",
    "PairReversion",
    "RankMomentum",
    "Rebalance",
    "RegimeTrend",
    "RiskParity",
    "SmaCross",
    "Strategy",
    "from_function",
]
